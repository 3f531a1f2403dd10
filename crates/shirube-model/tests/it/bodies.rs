//! Sample bodies of every register kind.

use serde_json::{Map, Value, json};
use shirube_model::ident::{IdScheme, RecordId};
use shirube_model::registers::{KINDS, kind};
use shirube_model::schema::{Cardinality, FieldSpec, FieldType, KindSchema};

/// A record id of the named kind.
pub fn id_of(kind_name: &str, key: &str) -> String {
    RecordId::derive(kind(kind_name).unwrap().prefix, "sample", key).to_string()
}

fn name(text: &str) -> Value {
    json!({ "ja": "見本", "en": text })
}

/// The smallest body of a kind that is accepted, written by hand.
pub fn minimal(kind_name: &str) -> Map<String, Value> {
    let org = id_of("organisation", "a");
    let programme = id_of("programme", "a");
    let training = id_of("training_programme", "a");
    let body = match kind_name {
        "programme" => json!({ "name": name("programme"), "funder": "amed" }),
        "call" => json!({
            "title": name("call"), "programme": programme, "opened_on": "2025-04-01",
        }),
        "project" => {
            json!({ "title": name("project"), "funder": "amed", "started_on": "2025-04-01" })
        }
        "phase_transition" => json!({
            "project": id_of("project", "a"), "to_phase": "clinical", "occurred_on": "2025-04-01",
        }),
        "continuation" => json!({
            "from_project": id_of("project", "a"), "to_project": id_of("project", "b"),
            "route": "pairing", "decided_on": "2025-04-01",
        }),
        "support_record" => json!({
            "seed": "seed 1", "institution": org, "aim": "fih", "supported_on": "2025-04-01",
        }),
        "contract" => json!({
            "title": "contract 1", "contract_type": "licence", "effective_on": "2025-04-01",
        }),
        "publication" => json!({
            "title": "paper 1", "published_on": "2025-04-01", "field": "immunology",
            "field_scheme": "esi22",
        }),
        "organisation" => json!({
            "name": name("organisation"), "organisation_type": "hospital", "country": "JP",
        }),
        "organisation_role" => json!({
            "organisation": org, "role": "core_hospital", "valid_from": "2025-04-01",
        }),
        "site_capability" => json!({
            "site_name": name("site"), "organisation": org, "capability": "fih_built",
        }),
        "consortium_membership" => json!({
            "organisation": org, "consortium": "hub_1", "valid_from": "2025-04-01",
        }),
        "commitment" => json!({
            "name": name("hub"), "firm": org, "foreign_capital": true, "commitment_type": "hub",
            "valid_from": "2025-04-01",
        }),
        "certification" => json!({
            "holder_name": "firm 1", "scheme": "health_management", "valid_from": "2025-04-01",
            "valid_to": "2026-03-31",
        }),
        "trial" => json!({
            "public_title": name("trial"), "study_type": "interventional",
            "first_in_human": false, "international": false,
        }),
        "consultation" => json!({
            "desk": "one_stop", "topic_text": "question", "topic": "international_trial",
            "requester_type": "firm", "requester_country": "US", "first_contact_on": "2025-04-01",
        }),
        "support_case" => json!({
            "firm": org, "product": "test kit", "scheme": "who_pq", "started_on": "2025-04-01",
        }),
        "training_programme" => json!({ "name": name("training"), "subject": "trial_staff" }),
        "enrolment" => json!({
            "person_key": "p1", "programme": training, "subject": "biomanufacturing",
            "enrolled_on": "2025-04-01",
        }),
        "certificate" => json!({
            "person_key": "p1", "programme": training, "subject": "trial_staff",
            "issued_on": "2025-04-01",
        }),
        _ => minimal_of_regulation(kind_name),
    };
    body.as_object().unwrap().clone()
}

fn minimal_of_regulation(kind_name: &str) -> Value {
    let org = id_of("organisation", "a");
    match kind_name {
        "reference_list" => json!({
            "list": "drug_loss", "version": "2023-03", "name": name("list"),
            "valid_from": "2023-03-01",
        }),
        "list_entry" => json!({
            "list": "drug_loss", "item_code": "1", "name": name("item"), "valid_from": "2023-03-01",
        }),
        "regulatory_event" => json!({
            "event_type": "approval", "name": name("product"), "occurred_on": "2025-04-01",
        }),
        "valuation" => json!({
            "company": org, "sector": "drug", "valued_on": "2025-04-01",
            "valuation_yen": 10_000_000_000_i64, "basis": "round", "source": "press release",
        }),
        "investment_round" => json!({
            "company": org, "sector": "drug", "round": "a", "private": true,
            "amount_yen": 1_500_000_000, "currency": "JPY", "closed_on": "2025-04-01",
            "source": "press release",
        }),
        "venture_adoption" => json!({
            "company": org, "scheme": "ecosystem", "decided_on": "2025-04-01",
        }),
        "business_move" => json!({
            "description": name("founding"), "move_type": "founding", "occurred_on": "2025-04-01",
        }),
        "data_use" => json!({
            "title": "research 1", "database": "ndb", "legal_basis": "act",
            "research_key": "r1", "approved_on": "2025-04-01",
        }),
        "cooperation" => json!({
            "name": name("cooperation"), "scheme": "grant_aid", "country": "KE",
            "income_group": "lower_middle", "reported_on": "2025-04-01",
        }),
        "exercise" => {
            json!({ "name": name("drill"), "scope": "national", "held_on": "2025-04-01" })
        }
        "decision" => json!({
            "title": name("decision"), "subject": "single_irb", "decided_on": "2025-04-01",
            "decided_by": "mhlw", "document_url": "https://example.jp/decision.pdf",
        }),
        "observation" => json!({
            "series": "drug_sales", "period_from": "2024-04-01", "period_to": "2025-03-31",
            "value": "12.5", "method_version": "1", "source": "statistics office",
            "retrieved_on": "2025-06-01",
        }),
        "budget_programme" => json!({
            "name": "事業", "ministry_printed": "厚生労働省", "published_year": 2023,
            "sheet_number": "2023-厚労-22-0001",
        }),
        "budget_payment" => json!({
            "payee": "法人", "programme": id_of("budget_programme", "a"),
            "sheet_number": "2023-厚労-22-0001", "fiscal_year": 2022, "amount_yen": 1_000_000,
        }),
        "measure_link" => {
            json!({ "programme": id_of("budget_programme", "a"), "measure": "4.1.1-m1" })
        }
        "strategy_statement" => json!({
            "statement": name("statement"), "qualifier": "exact", "section": "2.1",
        }),
        other => minimal_of_follow_up(other),
    }
}

fn minimal_of_follow_up(kind_name: &str) -> Value {
    match kind_name {
        "follow_up_cycle" => json!({ "name": name("cycle"), "fiscal_year": 2025 }),
        "measure_report" => json!({
            "measure": "4.1.1-m1", "cycle": id_of("follow_up_cycle", "a"), "ministry": "健",
        }),
        "measure_contribution" => {
            json!({ "report": id_of("measure_report", "a"), "ministry": "厚" })
        }
        "panel_advice" => json!({
            "subject": "件名", "body": "expert_panel", "given_on": "2025-04-01", "advice": "助言",
        }),
        "public_need" => json!({
            "subject": "件名", "submitter": "patients", "received_on": "2025-04-01",
            "need": "ニーズ",
        }),
        "follow_up_action" => json!({
            "task": "対応", "finding": "課題", "cycle": id_of("follow_up_cycle", "a"),
            "owner": "厚", "due_on": "2026-08-31",
        }),
        "allocation_policy" => json!({ "title": name("policy"), "fiscal_year": 2027 }),
        "budget_request" => json!({
            "title": "事業", "ministry": "厚", "fiscal_year": 2027, "requested_yen": 1_000_000,
        }),
        "adjustment_fund" => json!({
            "purpose": "目的", "funder": "amed", "fiscal_year": 2026, "amount_yen": 1_000_000,
        }),
        "plan_revision" => json!({
            "title": name("revision"), "grounds": "理由", "base_version": "1",
            "base_hash": "0".repeat(64),
        }),
        "data_set_terms" => json!({
            "data_set": "synthetic", "basis": "opt_out_notice", "valid_from": "2025-04-01",
        }),
        "opt_out_notice" => json!({
            "data_set": "synthetic", "person": "4711", "text_version": "1", "method": "paper",
            "given_on": "2025-04-01", "recipient": "self",
        }),
        "use_choice" => json!({
            "data_set": "synthetic", "person": "4711", "decision": "refuse", "made_by": "self",
            "made_on": "2025-04-01",
        }),
        other => panic!("no minimal body of `{other}`"),
    }
}

/// A well-formed value of a field.
pub fn sample(field: &FieldSpec) -> Value {
    match field.ty {
        FieldType::Text => json!("text\n本文"),
        FieldType::LocalText => json!({ "ja": "日本語", "en": "English" }),
        FieldType::Code(_) => json!("code"),
        FieldType::Date => json!("2025-04-01"),
        FieldType::Int | FieldType::Yen => json!(7),
        FieldType::Decimal => json!("0.50"),
        FieldType::Bool => json!(true),
        FieldType::Ref(kind_name) => json!(id_of(kind_name, field.name)),
        FieldType::Id(IdScheme::CorporateNumber) => json!("7000012050002"),
        FieldType::Id(IdScheme::Jrct) => json!("jRCT2031230581"),
        FieldType::Id(IdScheme::Nct) => json!("NCT01234567"),
        FieldType::Id(IdScheme::Doi) => json!("10.1000/182"),
        FieldType::Id(IdScheme::Ctn) => json!("2025-1234"),
        FieldType::Url => json!("https://example.jp/"),
        FieldType::YearAmount => json!({ "fiscal_year": 2025, "amount_yen": 1_000 }),
    }
}

/// A body with every field filled; lists hold one value. The rules between
/// fields may refuse it.
pub fn full(schema: &KindSchema) -> Map<String, Value> {
    let value = |field: &FieldSpec| match field.card {
        Cardinality::Many => json!([sample(field)]),
        Cardinality::Required | Cardinality::Optional => sample(field),
    };
    schema.fields.iter().map(|field| (field.name.to_owned(), value(field))).collect()
}

#[test]
fn minimal_bodies_are_accepted_and_hold_the_required_fields_only() {
    for schema in KINDS {
        let body = minimal(schema.kind);
        assert_eq!((schema.check)(&body), Ok(()), "{}", schema.kind);
        let mut required: Vec<_> = schema
            .fields
            .iter()
            .filter(|field| field.card == Cardinality::Required)
            .map(|field| field.name)
            .collect();
        required.sort_unstable();
        let mut keys: Vec<_> = body.keys().map(String::as_str).collect();
        keys.sort_unstable();
        assert_eq!(keys, required, "{}", schema.kind);
    }
}
