//! The rules between fields: what each refuses, and the honest data it lets by.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};
use shirube_model::registers::follow_up::values_digest;
use shirube_model::registers::{RULE_CODES, kind};
use shirube_model::schema::FieldType;

use crate::bodies::{id_of, minimal};
use crate::rejections::refused;

/// The minimal body of a kind with some fields set.
fn with(kind_name: &str, fields: &Value) -> Map<String, Value> {
    let mut body = minimal(kind_name);
    body.extend(fields.as_object().unwrap().clone());
    body
}

/// (kind, fields set over the minimal body, rule, field blamed)
type Row = (&'static str, Value, &'static str, &'static str);

fn refused_rows() -> Vec<Row> {
    let mut rows = portfolio_rows();
    rows.extend(organisation_rows());
    rows.extend(trial_rows());
    rows.extend(regulation_rows());
    rows.extend(budget_rows());
    rows.extend(follow_up_rows());
    rows.extend(allocation_rows());
    rows.extend(consent_rows());
    rows
}

fn follow_up_rows() -> Vec<Row> {
    let cycle = |fields: Value, rule, field| ("follow_up_cycle", fields, rule, field);
    let report = |fields: Value, rule, field| ("measure_report", fields, rule, field);
    let values = |lines: &[&str]| {
        let lines: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
        json!({ "approved_values": lines, "approved_digest": values_digest(&lines) })
    };
    vec![
        cycle(json!({ "fiscal_year": 7 }), "year-implausible", "fiscal_year"),
        cycle(json!({ "fiscal_year": 9_000_000_000_i64 }), "year-implausible", "fiscal_year"),
        cycle(json!({ "pack_hash": "abc" }), "hash-shape", "pack_hash"),
        cycle(json!({ "pack_hash": "A".repeat(64) }), "hash-shape", "pack_hash"),
        cycle(
            json!({ "contributions_due_on": "2026-06-30", "submissions_due_on": "2026-06-29" }),
            "due-before-contributions",
            "submissions_due_on",
        ),
        cycle(
            json!({ "opened_on": "2026-07-01", "submissions_due_on": "2026-06-30" }),
            "due-before-opening",
            "opened_on",
        ),
        cycle(
            json!({ "reported_on": "2026-07-01", "locked_on": "2026-06-30" }),
            "days-out-of-order",
            "closed_on",
        ),
        report(json!({ "participants": ["厚", "健"] }), "lead-takes-part", "participants"),
        report(json!({ "participants": ["厚", "厚"] }), "listed-twice", "indicators"),
        report(json!({ "indicators": ["OI-01", "OI-01"] }), "listed-twice", "indicators"),
        report(json!({ "submitted_by": "甲", "approved_by": "甲" }), "own-approval", "approved_by"),
        report(
            json!({ "submitted_on": "2026-07-01", "approved_on": "2026-06-30" }),
            "days-out-of-order",
            "approved_on",
        ),
        report(values(&["[1]"]), "values-unreadable", "approved_values"),
        report(values(&["{}\n"]), "values-unreadable", "approved_values"),
        report(json!({ "approved_values": ["{}"] }), "digest-differs", "approved_digest"),
        report(json!({ "approved_digest": "0".repeat(64) }), "digest-differs", "approved_digest"),
        (
            "panel_advice",
            json!({ "answered_on": "2025-03-31" }),
            "answered-before-given",
            "answered_on",
        ),
        ("panel_advice", json!({ "due_on": "2025-03-31" }), "answered-before-given", "answered_on"),
        (
            "public_need",
            json!({ "answered_on": "2025-03-31" }),
            "answered-before-arrival",
            "answered_on",
        ),
        (
            "follow_up_action",
            json!({ "started_on": "2026-05-02", "done_on": "2026-05-01" }),
            "done-before-start",
            "done_on",
        ),
        (
            "follow_up_action",
            json!({ "done_on": "2026-05-01", "dropped_on": "2026-05-01" }),
            "done-and-dropped",
            "dropped_on",
        ),
    ]
}

fn consent_rows() -> Vec<Row> {
    let terms = |fields: Value, rule, field| ("data_set_terms", fields, rule, field);
    let notice = |fields: Value, rule, field| ("opt_out_notice", fields, rule, field);
    let choice = |fields: Value, rule, field| ("use_choice", fields, rule, field);
    let early = "2025-03-31";
    let mut rows = vec![
        terms(json!({ "waiting_days": -1 }), "waiting-range", "waiting_days"),
        terms(json!({ "waiting_days": 3_654 }), "waiting-range", "waiting_days"),
        terms(json!({ "own_choice_age_years": 26 }), "age-range", "own_choice_age_years"),
        terms(json!({ "own_choice_age_years": -1 }), "age-range", "own_choice_age_years"),
        terms(json!({ "valid_to": early }), "ends-before-start", "valid_to"),
        notice(json!({ "waiting_until": early }), "waiting-before-notice", "waiting_until"),
        notice(json!({ "superseded_on": early }), "superseded-before-notice", "superseded_on"),
        choice(json!({ "effective_on": early }), "effective-before-choice", "effective_on"),
        choice(json!({ "ends_on": early }), "ends-before-start", "ends_on"),
        choice(
            json!({ "effective_on": "2025-05-01", "ends_on": "2025-04-30" }),
            "ends-before-start",
            "ends_on",
        ),
        choice(
            json!({ "withdrawn_on": early, "withdrawn_by": "self" }),
            "withdrawn-before-choice",
            "withdrawn_on",
        ),
        choice(json!({ "withdrawn_on": "2025-05-01" }), "withdrawal-incomplete", "withdrawn_by"),
        choice(json!({ "withdrawn_by": "self" }), "withdrawal-incomplete", "withdrawn_by"),
        choice(json!({ "purposes": ["a", "b", "a"] }), "listed-twice", "purposes"),
        choice(json!({ "recipients": ["a", "a"] }), "listed-twice", "purposes"),
        choice(
            json!({ "decision": "permit", "erasure_requested": true }),
            "erasure-with-permit",
            "erasure_requested",
        ),
    ];
    for person in ["0", "-4", "+4", "04", "4 ", "甲野太郎", "9223372036854775808", "1e3"] {
        rows.push(notice(json!({ "person": person }), "person-shape", "person"));
        rows.push(choice(json!({ "person": person }), "person-shape", "person"));
    }
    rows
}

fn allocation_rows() -> Vec<Row> {
    let request = |fields: Value, rule, field| ("budget_request", fields, rule, field);
    let fund = |fields: Value, rule, field| ("adjustment_fund", fields, rule, field);
    let revision = |fields: Value, rule, field| ("plan_revision", fields, rule, field);
    vec![
        ("allocation_policy", json!({ "fiscal_year": 27 }), "year-implausible", "fiscal_year"),
        request(json!({ "fiscal_year": 2101 }), "year-implausible", "fiscal_year"),
        request(json!({ "requested_yen": -1 }), "negative-amount", "requested_yen"),
        request(json!({ "decided_yen": -1 }), "negative-amount", "requested_yen"),
        request(json!({ "adjusted_yen": 0 }), "adjusted-without-reason", "adjustment_reason"),
        request(
            json!({ "filed_on": "2026-08-31", "decided_on": "2026-08-30" }),
            "days-out-of-order",
            "filed_on",
        ),
        fund(json!({ "fiscal_year": 0 }), "year-implausible", "fiscal_year"),
        fund(json!({ "amount_yen": -1 }), "negative-amount", "amount_yen"),
        fund(json!({ "round": 0 }), "round-range", "round"),
        fund(
            json!({ "decided_on": "2026-06-01", "effect_reported_on": "2026-05-31" }),
            "reported-before-decision",
            "effect_reported_on",
        ),
        revision(json!({ "diff_digest": "x" }), "hash-shape", "new_hash"),
        revision(json!({ "base_hash": "x" }), "hash-shape", "new_hash"),
        revision(json!({ "new_hash": "0".repeat(64) }), "nothing-new", "new_hash"),
        revision(json!({ "differences": -1 }), "negative-differences", "differences"),
        revision(
            json!({ "approved_on": "2027-04-01", "effective_on": "2027-03-31" }),
            "effective-before-approval",
            "effective_on",
        ),
    ]
}

fn budget_rows() -> Vec<Row> {
    let money = |year: i32| json!({ "fiscal_year": year, "amount_yen": -1 });
    vec![
        (
            "budget_programme",
            json!({ "started_year": 2021, "ends_year": 2020 }),
            "ends-before-start",
            "ends_year",
        ),
        (
            "budget_programme",
            json!({ "sheet_numbers": ["2022-厚労-21-0001"] }),
            "number-not-listed",
            "sheet_numbers",
        ),
        (
            "budget_programme",
            json!({ "executed": [money(2021), money(2021)] }),
            "year-twice",
            "executed",
        ),
        (
            "budget_programme",
            json!({ "requested": [money(1946)] }),
            "year-implausible",
            "requested",
        ),
        (
            "budget_payment",
            json!({ "corporate_number": "7000012050002", "corporate_number_printed": "不明" }),
            "two-numbers",
            "corporate_number_printed",
        ),
        ("measure_link", json!({ "rank": 0 }), "rank-range", "rank"),
        ("measure_link", json!({ "decided_on": "2026-04-01" }), "decision-half", "decided_by"),
        ("measure_link", json!({ "decided_by": "担当" }), "decision-half", "decided_by"),
        (
            "strategy_statement",
            json!({ "period_from": "2022-04-01", "as_of": "2022-03-31" }),
            "ends-before-start",
            "as_of",
        ),
        ("strategy_statement", json!({ "source_line": 0 }), "line-range", "source_line"),
    ]
}

fn portfolio_rows() -> Vec<Row> {
    let money = |year: i32, yen: i64| json!({ "fiscal_year": year, "amount_yen": yen });
    vec![
        (
            "programme",
            json!({ "started_on": "2025-04-01", "ended_on": "2025-03-31" }),
            "ends-before-start",
            "ended_on",
        ),
        ("call", json!({ "closes_on": "2025-03-31" }), "closes-before-opening", "closes_on"),
        ("call", json!({ "decided_on": "2025-03-31" }), "decided-before-opening", "decided_on"),
        ("call", json!({ "proposals": -1 }), "negative-proposals", "proposals"),
        ("project", json!({ "ended_on": "2025-03-31" }), "ends-before-start", "ended_on"),
        (
            "project",
            json!({ "money": [money(2025, 1), money(2026, 1), money(2025, 1)] }),
            "money-year-twice",
            "money",
        ),
        ("project", json!({ "money": [money(25, 1)] }), "money-year-implausible", "money"),
        ("project", json!({ "money": [money(7, 1)] }), "money-year-implausible", "money"),
        ("project", json!({ "money": [money(20_255, 1)] }), "money-year-implausible", "money"),
        ("project", json!({ "money": [money(1946, 1)] }), "money-year-implausible", "money"),
        ("project", json!({ "money": [money(2101, 1)] }), "money-year-implausible", "money"),
        ("project", json!({ "money": [money(2025, -1)] }), "negative-money", "money"),
        (
            "project",
            json!({ "uses_database": false, "database_use_started_on": "2025-05-01" }),
            "database-day-without-use",
            "database_use_started_on",
        ),
        (
            "project",
            json!({ "ended_on": "2026-03-31", "database_use_started_on": "2026-04-01" }),
            "database-use-after-end",
            "database_use_started_on",
        ),
        ("phase_transition", json!({ "from_phase": "clinical" }), "same-phase", "to_phase"),
        ("continuation", json!({ "to_project": id_of("project", "a") }), "to-itself", "to_project"),
        (
            "continuation",
            json!({
                "route": "same_programme",
                "from_programme": id_of("programme", "a"), "to_programme": id_of("programme", "b"),
            }),
            "programmes-differ",
            "route",
        ),
        (
            "contract",
            json!({ "holder": id_of("organisation", "a"), "taker": id_of("organisation", "a") }),
            "with-itself",
            "taker",
        ),
        ("publication", ranked("-0.1"), "percentile-range", "citation_percentile"),
        ("publication", ranked("100.000001"), "percentile-range", "citation_percentile"),
        ("publication", json!({ "fraction_japan": "1.1" }), "fraction-range", "fraction_japan"),
        ("publication", json!({ "fraction_japan": "-0.1" }), "fraction-range", "fraction_japan"),
        ("publication", json!({ "pmid": 0 }), "pmid-range", "pmid"),
        (
            "publication",
            json!({ "citation_percentile": "1", "census_on": "2025-12-31" }),
            "rank-without-source",
            "rank_source",
        ),
        (
            "publication",
            json!({ "citation_percentile": "1", "rank_source": "wos" }),
            "rank-without-census",
            "census_on",
        ),
    ]
}

fn ranked(percentile: &str) -> Value {
    json!({
        "citation_percentile": percentile, "rank_source": "wos", "census_on": "2025-12-31",
    })
}

fn organisation_rows() -> Vec<Row> {
    let mut rows = vec![
        (
            "organisation",
            json!({ "established_on": "2025-04-01", "dissolved_on": "2025-03-31" }),
            "dissolved-before-established",
            "dissolved_on",
        ),
        (
            "organisation",
            json!({ "country": "US", "prefecture": "13" }),
            "prefecture-abroad",
            "prefecture",
        ),
        (
            "site_capability",
            json!({ "available_from": "2025-04-01", "available_to": "2025-03-31" }),
            "ends-before-start",
            "available_to",
        ),
        (
            "site_capability",
            json!({ "decided_on": "2025-04-01", "available_to": "2025-03-31" }),
            "closed-before-decision",
            "available_to",
        ),
    ];
    for kind_name in ["organisation_role", "consortium_membership", "commitment", "certification"] {
        let fields = json!({ "valid_to": "2025-03-31" });
        rows.push((kind_name, fields, "ends-before-start", "valid_to"));
    }
    rows
}

fn trial_rows() -> Vec<Row> {
    let mut rows = vec![
        (
            "trial",
            json!({ "started_on": "2025-04-02", "completed_on": "2025-04-01" }),
            "ends-before-start",
            "completed_on",
        ),
        (
            "trial",
            json!({ "first_enrolment_on": "2025-04-02", "completed_on": "2025-04-01" }),
            "enrolment-after-end",
            "first_enrolment_on",
        ),
        (
            "trial",
            json!({ "started_on": "2025-04-02", "results_posted_on": "2025-04-01" }),
            "results-before-start",
            "results_posted_on",
        ),
        ("trial", json!({ "target_size": -1 }), "negative-target", "target_size"),
        ("trial", json!({ "final_size": -1 }), "negative-size", "final_size"),
        (
            "trial",
            json!({ "first_in_human": true, "study_type": "observational" }),
            "first-in-human-study-type",
            "study_type",
        ),
        (
            "trial",
            json!({ "first_in_human": true, "study_type": "expanded_access" }),
            "first-in-human-study-type",
            "study_type",
        ),
        (
            "trial",
            json!({ "international": true, "countries": ["JP"] }),
            "international-one-country",
            "countries",
        ),
        (
            "trial",
            json!({ "international": true, "countries": ["JP", "JP"] }),
            "international-one-country",
            "countries",
        ),
        (
            "consultation",
            json!({ "closed_on": "2025-03-31" }),
            "closed-before-contact",
            "closed_on",
        ),
        (
            "support_case",
            json!({ "outcome": "listed", "outcome_on": "2025-03-31" }),
            "outcome-before-start",
            "outcome_on",
        ),
        ("support_case", json!({ "outcome_on": "2025-05-01" }), "day-without-outcome", "outcome"),
        (
            "training_programme",
            json!({ "started_on": "2025-04-01", "ended_on": "2025-03-31" }),
            "ends-before-start",
            "ended_on",
        ),
        (
            "enrolment",
            json!({ "finished_on": "2025-03-31" }),
            "finished-before-enrolled",
            "finished_on",
        ),
    ];
    for phase in ["phase_2", "phase_2_3", "phase_3", "phase_3_4", "phase_4"] {
        let fields = json!({ "first_in_human": true, "phase": phase });
        rows.push(("trial", fields, "first-in-human-phase", "phase"));
    }
    rows
}

fn regulation_rows() -> Vec<Row> {
    let observed = |series: &str, value: &str| json!({ "series": series, "value": value });
    vec![
        ("reference_list", json!({ "valid_to": "2023-02-28" }), "ends-before-start", "valid_to"),
        ("list_entry", json!({ "valid_to": "2023-02-28" }), "ends-before-start", "valid_to"),
        (
            "list_entry",
            json!({
                "done_on": "2025-04-01", "exclusion_reason": "withdrawn",
                "excluded_on": "2025-04-01",
            }),
            "done-and-excluded",
            "done_on",
        ),
        (
            "list_entry",
            json!({ "excluded_on": "2025-04-01" }),
            "exclusion-without-reason",
            "exclusion_reason",
        ),
        (
            "list_entry",
            json!({ "exclusion_reason": "withdrawn" }),
            "exclusion-without-day",
            "excluded_on",
        ),
        ("list_entry", json!({ "judged_on": "2025-04-01" }), "day-without-judgement", "necessity"),
        (
            "regulatory_event",
            json!({ "revoked_on": "2025-03-31" }),
            "revoked-before-act",
            "revoked_on",
        ),
        (
            "regulatory_event",
            json!({ "product_type": "vaccine", "device_class": "III" }),
            "device-class-of-medicine",
            "device_class",
        ),
        ("valuation", json!({ "valuation_yen": -1 }), "negative-value", "valuation_yen"),
        ("investment_round", json!({ "amount_yen": -1 }), "negative-yen", "amount_yen"),
        (
            "investment_round",
            json!({ "currency": "USD", "amount": "-0.01" }),
            "negative-amount",
            "amount",
        ),
        ("investment_round", json!({ "amount": "1500000000.5" }), "yen-differ", "amount"),
        (
            "cooperation",
            json!({ "direct_beneficiaries": -1 }),
            "negative-beneficiaries",
            "direct_beneficiaries",
        ),
        ("cooperation", json!({ "trainees": -1 }), "negative-trainees", "trainees"),
        ("cooperation", json!({ "country": "JP" }), "not-abroad", "country"),
        ("exercise", json!({ "report_on": "2025-03-31" }), "report-before-exercise", "report_on"),
        ("exercise", json!({ "participants": -1 }), "negative-participants", "participants"),
        ("exercise", json!({ "hours_to_candidate": -1 }), "negative-hours", "hours_to_candidate"),
        ("exercise", json!({ "hours_to_trial": -1 }), "negative-hours", "hours_to_trial"),
        (
            "exercise",
            json!({ "hours_to_candidate": 100, "hours_to_trial": 99 }),
            "trial-before-candidate",
            "hours_to_trial",
        ),
        (
            "observation",
            json!({ "period_from": "2025-04-01", "period_to": "2025-03-31" }),
            "period-reversed",
            "period_to",
        ),
        (
            "observation",
            json!({ "retrieved_on": "2024-03-31" }),
            "retrieved-before-period",
            "retrieved_on",
        ),
        ("observation", observed("healthy_life_expectancy", "725.7"), "value-range", "value"),
        ("observation", observed("life_expectancy", "-1"), "value-range", "value"),
        ("observation", observed("care_years", "151"), "value-range", "value"),
        ("observation", observed("biosimilar_share", "100.1"), "value-range", "value"),
        ("observation", observed("biosimilar_share", "-0.1"), "value-range", "value"),
        ("observation", observed("new_drug_loss_count", "-1"), "value-range", "value"),
        ("observation", observed("jrct_accesses", "-1"), "value-range", "value"),
        ("observation", observed("drug_loss_new_products", "-1"), "value-range", "value"),
        ("observation", observed("device_export_yen", "-1"), "value-range", "value"),
        ("observation", observed("healthcare_market_yen", "-1"), "value-range", "value"),
        ("observation", observed("drug_sales_yen", "-1"), "value-range", "value"),
        ("observation", json!({ "series": "deaths_female", "sex": "male" }), "sex-differs", "sex"),
        ("observation", json!({ "series": "deaths_male", "sex": "female" }), "sex-differs", "sex"),
    ]
}

/// Honest records at the edge of a rule: equal days, unknown sides, unknown codes.
fn accepted_rows() -> Vec<(&'static str, Value)> {
    let first = "2025-04-01";
    let mut rows = vec![
        ("programme", json!({ "ended_on": first })),
        ("programme", json!({ "started_on": first, "ended_on": first })),
        ("call", json!({ "closes_on": first, "decided_on": first, "proposals": 0 })),
        ("call", json!({ "closes_on": "2025-06-30", "decided_on": "2025-05-01" })),
        ("project", json!({ "ended_on": first, "database_use_started_on": "2019-04-01" })),
        ("project", json!({ "uses_database": true })),
        (
            "project",
            json!({ "ended_on": "2025-09-30", "money": [
            { "fiscal_year": 1947, "amount_yen": 0 }, { "fiscal_year": 2100, "amount_yen": 1 },
        ] }),
        ),
        ("phase_transition", json!({ "from_phase": "preclinical" })),
        (
            "continuation",
            json!({
                "route": "same_programme",
                "from_programme": id_of("programme", "a"), "to_programme": id_of("programme", "a"),
            }),
        ),
        (
            "continuation",
            json!({
                "route": "same_programme", "from_programme": id_of("programme", "a"),
            }),
        ),
        (
            "continuation",
            json!({
                "route": "matching",
                "from_programme": id_of("programme", "a"), "to_programme": id_of("programme", "b"),
            }),
        ),
        ("contract", json!({ "holder": id_of("organisation", "a") })),
        ("contract", json!({ "taker_country": "US", "seeds": ["s1", "s1"] })),
        ("publication", ranked("0")),
        ("publication", ranked("100")),
        ("publication", json!({ "rank_source": "wos", "census_on": "2025-01-01" })),
        ("publication", json!({ "fraction_japan": "0", "pmid": 1 })),
        ("publication", json!({ "fraction_japan": "1.000000" })),
        ("organisation", json!({ "prefecture": "13", "parent_country": "US" })),
        ("organisation", json!({ "country": "JPN", "prefecture": "13" })),
        ("organisation", json!({ "country": "US", "corporate_number": "7000012050002" })),
        ("organisation", json!({ "established_on": first, "dissolved_on": first })),
        ("organisation", json!({ "established_on": "1724-11-01" })),
        ("organisation_role", json!({ "valid_to": first })),
        ("site_capability", json!({ "available_to": first })),
        ("site_capability", json!({ "decided_on": first, "available_from": "2020-01-01" })),
        ("consortium_membership", json!({ "valid_to": first })),
        ("commitment", json!({ "valid_to": first, "foreign_capital": false })),
        ("certification", json!({ "valid_to": first })),
    ];
    rows.extend(accepted_trial_rows());
    rows.extend(accepted_regulation_rows());
    rows.extend(accepted_follow_up_rows());
    rows.extend(accepted_consent_rows());
    rows
}

fn accepted_consent_rows() -> Vec<(&'static str, Value)> {
    let first = "2025-04-01";
    vec![
        ("data_set_terms", json!({ "waiting_days": 0, "valid_to": first })),
        ("data_set_terms", json!({ "own_choice_age_years": 0, "notice_versions": ["1", "2"] })),
        ("opt_out_notice", json!({ "waiting_until": first, "superseded_on": first })),
        ("opt_out_notice", json!({ "person": "9223372036854775807" })),
        ("use_choice", json!({ "effective_on": first, "ends_on": first })),
        ("use_choice", json!({ "withdrawn_on": first, "withdrawn_by": "guardian" })),
        ("use_choice", json!({ "decision": "permit", "erasure_requested": false })),
        ("use_choice", json!({ "erasure_requested": true, "purposes": ["a", "b"] })),
    ]
}

fn accepted_follow_up_rows() -> Vec<(&'static str, Value)> {
    let first = "2025-04-01";
    let lines = ["{\"value\":\"1\"}".to_owned(), "{}".to_owned()];
    vec![
        ("follow_up_cycle", json!({ "opened_on": first, "submissions_due_on": first })),
        ("follow_up_cycle", json!({ "closed_on": first, "locked_on": first })),
        ("measure_report", json!({ "participants": ["厚"], "submitted_by": "甲" })),
        ("measure_report", json!({ "submitted_by": "甲", "approved_by": "乙" })),
        ("measure_report", json!({ "approved_digest": values_digest(&[]) })),
        (
            "measure_report",
            json!({ "approved_values": lines, "approved_digest": values_digest(&lines) }),
        ),
        ("panel_advice", json!({ "answered_on": first, "due_on": first })),
        ("public_need", json!({ "answered_on": first })),
        ("follow_up_action", json!({ "due_on": "2020-01-01", "done_on": first })),
        ("budget_request", json!({ "requested_yen": 0, "adjusted_on": first })),
        ("budget_request", json!({ "adjusted_yen": 0, "adjustment_reason": "廃止" })),
        ("adjustment_fund", json!({ "decided_on": first, "effect_reported_on": first })),
        ("plan_revision", json!({ "new_hash": "1".repeat(64), "differences": 0 })),
        ("plan_revision", json!({ "approved_on": first, "effective_on": first })),
    ]
}

fn accepted_trial_rows() -> Vec<(&'static str, Value)> {
    let first = "2025-04-01";
    let fih = |phase: &str| json!({ "first_in_human": true, "phase": phase });
    vec![
        (
            "trial",
            json!({
                "started_on": first, "first_enrolment_on": first, "completed_on": first,
                "results_posted_on": first,
            }),
        ),
        ("trial", json!({ "started_on": first, "registered_on": "2026-04-01" })),
        ("trial", json!({ "started_on": first, "notified_on": "2026-04-01" })),
        ("trial", json!({ "started_on": first, "first_enrolment_on": "2025-03-01" })),
        ("trial", json!({ "completed_on": first })),
        ("trial", json!({ "target_size": 10, "final_size": 12 })),
        ("trial", json!({ "target_size": 0, "final_size": 0 })),
        ("trial", fih("phase_0")),
        ("trial", fih("phase_1")),
        ("trial", fih("phase_1_2")),
        ("trial", fih("phase_na")),
        ("trial", fih("early_feasibility")),
        ("trial", json!({ "first_in_human": true })),
        ("trial", json!({ "phase": "phase_3", "study_type": "observational" })),
        ("trial", json!({ "international": true })),
        ("trial", json!({ "international": true, "countries": ["JP", "US"] })),
        ("trial", json!({ "international": true, "countries": ["US", "KR"] })),
        ("trial", json!({ "international": false, "countries": ["JP", "US"] })),
        ("consultation", json!({ "closed_on": first })),
        ("consultation", json!({ "outcome": "advised" })),
        ("support_case", json!({ "outcome": "listed", "outcome_on": first })),
        ("support_case", json!({ "outcome": "listed" })),
        ("training_programme", json!({ "ended_on": first })),
        ("enrolment", json!({ "finished_on": first, "employer_confirmed_on": "2026-04-01" })),
        ("certificate", json!({ "employer_now": id_of("organisation", "b") })),
    ]
}

fn accepted_regulation_rows() -> Vec<(&'static str, Value)> {
    let first = "2025-04-01";
    let observed = |series: &str, value: &str| json!({ "series": series, "value": value });
    vec![
        ("reference_list", json!({ "valid_to": "2023-03-01" })),
        ("list_entry", json!({ "valid_to": "2023-03-01", "done_on": "2022-01-01" })),
        ("list_entry", json!({ "exclusion_reason": "withdrawn", "excluded_on": first })),
        ("list_entry", json!({ "necessity": "necessary" })),
        ("list_entry", json!({ "necessity": "necessary", "judged_on": first })),
        ("regulatory_event", json!({ "revoked_on": first })),
        ("regulatory_event", json!({ "product_type": "drug", "approval_class": "ordinary" })),
        ("regulatory_event", json!({ "product_type": "diagnostic", "device_class": "III" })),
        ("regulatory_event", json!({ "product_type": "combination", "device_class": "III" })),
        ("regulatory_event", json!({ "device_class": "IV" })),
        ("valuation", json!({ "valuation_yen": 0 })),
        ("investment_round", json!({ "amount_yen": 0, "amount": "0" })),
        ("investment_round", json!({ "amount": "1500000000.00" })),
        ("investment_round", json!({ "currency": "USD", "amount": "10000000" })),
        ("data_use", json!({ "started_on": "2024-04-01" })),
        ("cooperation", json!({ "direct_beneficiaries": 0, "trainees": 0 })),
        ("exercise", json!({ "report_on": first, "participants": 0 })),
        ("exercise", json!({ "hours_to_candidate": 100, "hours_to_trial": 100 })),
        ("exercise", json!({ "hours_to_trial": 0 })),
        ("decision", json!({ "target_value": "-0.5" })),
        ("observation", json!({ "period_to": "2024-04-01", "retrieved_on": "2024-04-01" })),
        ("observation", observed("healthy_life_expectancy", "72.57")),
        ("observation", observed("biosimilar_share", "0.8")),
        ("observation", observed("biosimilar_share", "100")),
        ("observation", observed("trade_balance_yen", "-5")),
        ("observation", observed("new_drug_loss_count", "0")),
        ("observation", json!({ "series": "deaths_female", "sex": "female" })),
        ("observation", json!({ "series": "deaths_female" })),
        ("observation", json!({ "series": "female", "sex": "male" })),
    ]
}

#[test]
fn rules_refuse_what_cannot_be_true() {
    for (kind_name, fields, rule, field) in refused_rows() {
        let schema = kind(kind_name).unwrap();
        let found = refused(schema, &with(kind_name, &fields));
        let expected = (format!("registers.{kind_name}.{rule}"), field.to_owned());
        assert_eq!(found, [expected], "{fields}");
    }
}

#[test]
fn rules_let_honest_data_by() {
    for (kind_name, fields) in accepted_rows() {
        let schema = kind(kind_name).unwrap();
        assert_eq!((schema.check)(&with(kind_name, &fields)), Ok(()), "{kind_name} {fields}");
    }
}

#[test]
fn several_broken_rules_are_told_at_once() {
    let fields = json!({ "proposals": -1, "closes_on": "2025-03-31", "decided_on": "2025-03-31" });
    let found = refused(kind("call").unwrap(), &with("call", &fields));
    let codes: Vec<_> = found.iter().map(|(code, _)| code.as_str()).collect();
    assert_eq!(
        codes,
        [
            "registers.call.closes-before-opening",
            "registers.call.decided-before-opening",
            "registers.call.negative-proposals",
        ]
    );
}

#[test]
fn every_rule_in_the_source_has_a_row() {
    let rows: BTreeSet<_> = refused_rows()
        .into_iter()
        .map(|(kind_name, _, rule, _)| format!("registers.{kind_name}.{rule}"))
        .collect();
    let generic = ["field", "body", "ref", "transition", "state"];
    let source: BTreeSet<_> = crate::messages::codes_in_sources()
        .into_iter()
        .filter(|code| {
            code.strip_prefix("registers.")
                .and_then(|rest| rest.split('.').next())
                .is_some_and(|area| !generic.contains(&area))
        })
        .collect();
    assert_eq!(rows, source);
}

#[test]
fn rule_codes_name_vocabularies_of_fields() {
    let used: BTreeSet<_> = shirube_model::registers::KINDS
        .iter()
        .flat_map(|schema| schema.fields)
        .filter_map(|field| match field.ty {
            FieldType::Code(vocabulary) => Some(vocabulary),
            _ => None,
        })
        .collect();
    for (vocabulary, code) in RULE_CODES {
        assert!(used.contains(vocabulary), "{vocabulary} {code}");
    }
}
