//! Worked examples: values computed by hand from the definition.

use chrono::{NaiveDate, TimeZone, Utc};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use shirube_indicators::evaluate::{Evaluator, Request};
use shirube_indicators::{Columns, naive};
use shirube_model::ident::RecordId;
use shirube_model::indicator::{Class, Outcome, Spec, Status};
use shirube_model::record::{RecordVersion, Standing};
use shirube_model::registers;

/// Records entered one after another.
#[derive(Default)]
struct Ledger {
    versions: Vec<RecordVersion>,
}

impl Ledger {
    fn add(&mut self, kind: &str, key: &str, body: Value) -> RecordId {
        let schema = registers::kind(kind).unwrap();
        let id = RecordId::derive(schema.prefix, "test", key);
        let seq = self.versions.len() as u64 + 1;
        let version = self.versions.iter().filter(|v| v.id == id).count() as u32 + 1;
        self.versions.push(RecordVersion {
            kind: kind.to_owned(),
            id: id.clone(),
            version,
            state: schema.initial_state().to_owned(),
            standing: Standing::Active,
            duplicate_of: None,
            body: body.as_object().unwrap().clone(),
            seq,
            recorded_at: Utc.timestamp_opt(1_700_000_000 + seq as i64, 0).unwrap(),
        });
        id
    }

    fn last(&mut self) -> &mut RecordVersion {
        self.versions.last_mut().unwrap()
    }

    /// Evaluates with both evaluators, which must agree.
    fn evaluate(&self, spec: &Value, as_of: &str) -> Outcome {
        let spec = Spec::compile(spec).unwrap();
        let as_of: NaiveDate = as_of.parse().unwrap();
        let mut columns = Columns::new();
        let mut registers = naive::Registers::new();
        for version in &self.versions {
            columns.push(version);
            let list = registers.entry(version.kind.clone()).or_default();
            match list.iter_mut().find(|other| other.id == version.id) {
                Some(slot) => *slot = version.clone(),
                None => list.push(version.clone()),
            }
        }
        let view = columns.view(columns.last_seq(), as_of);
        let request = Request::plain(spec.clone());
        let fast = Evaluator::new()
            .evaluate(&columns, &view, &[request])
            .unwrap()
            .remove(0)
            .as_ref()
            .clone();
        let plain = naive::evaluate(&registers, &spec, &[], as_of);
        assert_eq!(plain, fast);
        fast
    }
}

fn dec(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn classes(outcome: &Outcome) -> Vec<Class> {
    outcome.proofs[0].classes().map(|n| Class::from_number(n).unwrap()).collect()
}

fn contract(on: &str, kind: &str) -> Value {
    json!({ "title": "x", "contract_type": kind, "effective_on": on })
}

fn contracts_spec() -> Value {
    json!({
        "kind": "cumulative",
        "window": { "from": "2025-04-01", "to": "2030-03-31" },
        "target": { "value": "10", "by": "2030-03-31" },
        "evidence": {
            "register": "contract",
            "filter": "contract_type IN ('assignment', 'licence')",
            "date": "effective_on",
        },
    })
}

#[test]
fn boundary_days_of_the_window_and_the_fiscal_years() {
    let mut ledger = Ledger::default();
    for (key, day) in [
        ("a", "2025-03-31"),
        ("b", "2025-04-01"),
        ("c", "2026-03-31"),
        ("d", "2026-04-01"),
        ("e", "2028-02-29"),
        ("f", "2030-03-31"),
        ("g", "2030-04-01"),
    ] {
        ledger.add("contract", key, contract(day, "licence"));
    }
    let outcome = ledger.evaluate(&contracts_spec(), "2031-01-01");
    assert_eq!(outcome.value, Some(dec("5")));
    assert_eq!(
        classes(&outcome),
        [
            Class::BeforeWindow,
            Class::Counted,
            Class::Counted,
            Class::Counted,
            Class::Counted,
            Class::Counted,
            Class::AfterWindow,
        ]
    );
    let levels: Vec<_> = outcome.years.iter().map(|p| (p.year, p.level)).collect();
    assert_eq!(
        levels,
        [(2025, dec("2")), (2026, dec("1")), (2027, dec("1")), (2028, dec("0")), (2029, dec("1"))]
    );
    assert_eq!(outcome.status, Status::Missed);
    let day_before = ledger.evaluate(&contracts_spec(), "2026-03-31");
    assert_eq!(day_before.value, Some(dec("2")));
    assert_eq!(day_before.years.len(), 1);
    assert!(day_before.years[0].complete);
    let earlier = ledger.evaluate(&contracts_spec(), "2026-03-30");
    assert_eq!(earlier.value, Some(dec("1")));
    assert!(!earlier.years[0].complete);
}

#[test]
fn every_reason_a_record_is_left_out() {
    let mut ledger = Ledger::default();
    ledger.add("contract", "counted", contract("2025-05-01", "licence"));
    ledger.add("contract", "other type", contract("2025-05-01", "option"));
    ledger.add("contract", "withdrawn", contract("2025-05-01", "licence"));
    ledger.last().standing = Standing::Withdrawn;
    ledger.add("contract", "duplicate", contract("2025-05-01", "licence"));
    ledger.last().standing = Standing::Duplicate;
    ledger.add("contract", "future", contract("2027-05-01", "licence"));
    let outcome = ledger.evaluate(&contracts_spec(), "2026-01-01");
    assert_eq!(
        classes(&outcome),
        [Class::Counted, Class::FailsPart(0), Class::Withdrawn, Class::Duplicate, Class::AfterAsOf,]
    );
    assert_eq!(outcome.value, Some(dec("1")));
}

#[test]
fn a_contract_for_two_projects_counts_once_and_is_told() {
    let mut ledger = Ledger::default();
    let project = |funder: &str| json!({ "title": { "ja": "題", "en": "t" }, "funder": funder, "started_on": "2020-04-01" });
    let one = ledger.add("project", "1", project("amed"));
    let two = ledger.add("project", "2", project("amed"));
    let three = ledger.add("project", "3", project("jst"));
    let mut both = contract("2025-05-01", "licence");
    both["projects"] = json!([one, two, three]);
    ledger.add("contract", "both", both);
    let mut other = contract("2025-05-01", "licence");
    other["projects"] = json!([three]);
    ledger.add("contract", "other", other);
    ledger.add("contract", "none", contract("2025-05-01", "licence"));
    let mut spec = contracts_spec();
    spec["evidence"]["link"] =
        json!([{ "field": "projects", "register": "project", "filter": "funder = 'amed'" }]);
    let outcome = ledger.evaluate(&spec, "2026-01-01");
    assert_eq!(outcome.value, Some(dec("1")));
    assert_eq!(classes(&outcome), [Class::Counted, Class::MissingLink(0), Class::MissingLink(0)]);
    assert_eq!(outcome.proofs[0].shared(0), Some(2));
    spec["evidence"]["measure"] = json!({ "distinct": "projects" });
    let seeds = ledger.evaluate(&spec, "2026-01-01");
    assert_eq!(seeds.value, Some(dec("3")));
}

#[test]
fn a_person_with_two_certificates_counts_once_a_year() {
    let mut ledger = Ledger::default();
    let programme = RecordId::derive("TRP", "test", "p");
    let certificate = |person: &str, on: &str| {
        json!({
            "person_key": person, "programme": programme, "subject": "trial_staff",
            "issued_on": on,
        })
    };
    ledger.add("certificate", "1", certificate("p1", "2026-06-01"));
    ledger.add("certificate", "2", certificate("p1", "2026-05-01"));
    ledger.add("certificate", "3", certificate("p1", "2027-05-01"));
    ledger.add("certificate", "4", certificate("p2", "2026-05-01"));
    let spec = json!({
        "kind": "annual",
        "window": { "from": "2025-04-01", "to": "2030-03-31" },
        "target": { "value": "3", "by": "2029-03-31" },
        "evidence": {
            "register": "certificate", "date": "issued_on",
            "measure": { "distinct": "person_key", "once": "year" },
        },
    });
    let outcome = ledger.evaluate(&spec, "2027-06-01");
    assert_eq!(outcome.headline_year, Some(2026));
    assert_eq!(outcome.value, Some(dec("2")));
    assert_eq!(
        classes(&outcome),
        [Class::Repeats, Class::Counted, Class::AfterWindow, Class::Counted]
    );
    assert_eq!(outcome.proofs[0].instead(0), Some(1));
}

#[test]
fn a_stock_counts_what_is_in_force_on_the_day() {
    let mut ledger = Ledger::default();
    let firm = RecordId::derive("ORG", "test", "firm");
    let hub = |from: &str, to: Option<&str>| {
        let mut body = json!({
            "name": { "ja": "拠点", "en": "hub" }, "firm": firm, "foreign_capital": true,
            "commitment_type": "innovation_hub", "valid_from": from,
        });
        if let Some(to) = to {
            body["valid_to"] = json!(to);
        }
        body
    };
    ledger.add("commitment", "1", hub("2025-04-01", Some("2026-03-31")));
    ledger.add("commitment", "2", hub("2025-04-02", None));
    let spec = json!({
        "kind": "stock",
        "window": { "from": "2025-04-01", "to": "2030-03-31" },
        "target": { "value": "2", "by": "2030-03-31" },
        "evidence": { "register": "commitment", "date": "valid_from", "to": "valid_to" },
    });
    assert_eq!(ledger.evaluate(&spec, "2025-04-01").value, Some(dec("1")));
    assert_eq!(ledger.evaluate(&spec, "2026-03-31").value, Some(dec("2")));
    assert_eq!(ledger.evaluate(&spec, "2026-04-01").value, Some(dec("1")));
}

#[test]
fn an_unpublished_baseline_is_never_guessed() {
    let mut ledger = Ledger::default();
    let company = RecordId::derive("ORG", "test", "c");
    let round = |on: &str, yen: i64| {
        json!({
            "company": company, "sector": "drug_discovery", "round": "a", "private": true,
            "amount_yen": yen, "currency": "JPY", "closed_on": on, "source": "s",
        })
    };
    ledger.add("investment_round", "1", round("2023-06-01", 200));
    ledger.add("investment_round", "2", round("2025-06-01", 500));
    let mut spec = json!({
        "kind": "ratio_to_base_year",
        "window": { "from": "2025-04-01", "to": "2030-03-31" },
        "target": { "value": "2", "by": "2030-03-31" },
        "baseline": { "state": "unpublished", "from_year": 2023 },
        "evidence": {
            "register": "investment_round", "date": "closed_on",
            "measure": { "sum": "amount_yen" },
        },
    });
    let unpublished = ledger.evaluate(&spec, "2026-06-01");
    assert_eq!((unpublished.value, unpublished.status), (None, Status::BaselineUnpublished));
    assert_eq!(unpublished.numerator, dec("500"));
    spec["baseline"]["state"] = json!("computed");
    let computed = ledger.evaluate(&spec, "2026-06-01");
    assert_eq!((computed.value, computed.status), (Some(dec("2.5")), Status::Achieved));
    assert_eq!(computed.denominator, Some(dec("200")));
}

#[test]
fn healthy_life_expectancy_must_rise_more_than_life_expectancy_for_both_sexes() {
    let mut ledger = Ledger::default();
    let observe = |series: &str, sex: &str, year: i32, value: &str| {
        json!({
            "series": series, "sex": sex, "value": value,
            "period_from": format!("{year}-01-01"), "period_to": format!("{year}-12-31"),
            "method_version": "1", "source": "official", "retrieved_on": "2025-01-01",
        })
    };
    // Published figures for 2010 and 2022.
    let rows = [
        ("healthy_life_expectancy", "male", 2010, "70.42"),
        ("healthy_life_expectancy", "female", 2010, "73.62"),
        ("healthy_life_expectancy", "male", 2022, "72.57"),
        ("healthy_life_expectancy", "female", 2022, "75.45"),
        ("life_expectancy", "male", 2010, "79.55"),
        ("life_expectancy", "female", 2010, "86.30"),
        ("life_expectancy", "male", 2022, "81.05"),
        ("life_expectancy", "female", 2022, "87.09"),
    ];
    for (index, (series, sex, year, value)) in rows.iter().enumerate() {
        ledger.add("observation", &index.to_string(), observe(series, sex, *year, value));
    }
    let side = |series: &str| {
        json!({
            "register": "observation", "date": "period_to",
            "filter": format!("series = '{series}'"), "measure": { "sum": "value" },
        })
    };
    let spec = json!({
        "kind": "delta_comparison",
        "year_basis": "calendar",
        "window": { "from": "2010-01-01", "to": "2029-12-31" },
        "target": { "value": "0", "by": "2030-03-31", "comparison": "more_than" },
        "baseline": { "state": "computed", "from_year": 2010 },
        "group_by": "sex",
        "evidence": side("healthy_life_expectancy"),
        "compare": side("life_expectancy"),
    });
    let outcome = ledger.evaluate(&spec, "2026-01-01");
    // Men +2.15 against +1.50, women +1.83 against +0.79.
    let rows: Vec<_> =
        outcome.groups[0].rows.iter().map(|row| (row.code.as_str(), row.value)).collect();
    assert_eq!(rows, [("female", dec("1.04")), ("male", dec("0.65"))]);
    assert_eq!(outcome.value, Some(dec("0.65")));
    assert_eq!(outcome.status, Status::Achieved);
}

#[test]
fn a_share_takes_the_latest_record_of_each_item() {
    let mut ledger = Ledger::default();
    let share = |item: &str, on: &str, value: &str| {
        json!({
            "series": "biosimilar_share", "item": item, "value": value,
            "period_from": "2026-04-01", "period_to": on,
            "method_version": "1", "source": "s", "retrieved_on": "2027-06-01",
        })
    };
    ledger.add("observation", "1", share("a", "2026-09-30", "85"));
    ledger.add("observation", "2", share("a", "2027-03-31", "79.999999"));
    ledger.add("observation", "3", share("b", "2027-03-31", "80"));
    ledger.add("observation", "4", share("c", "2027-03-31", "10"));
    let spec = json!({
        "kind": "share_of_set",
        "window": { "from": "2025-04-01", "to": "2030-03-31" },
        "target": { "value": "0.6", "by": "2030-03-31" },
        "inner": "value >= 80",
        "evidence": {
            "register": "observation", "date": "period_to",
            "filter": "series = 'biosimilar_share'",
            "measure": { "distinct": "item", "once": "year" },
        },
    });
    let outcome = ledger.evaluate(&spec, "2027-06-01");
    assert_eq!(outcome.value, Some(dec("0.333333")));
    assert_eq!(
        classes(&outcome),
        [Class::Superseded, Class::Counted, Class::CountedInNumerator, Class::Counted]
    );
}

#[test]
fn a_list_counts_what_is_done_among_what_is_not_left_out() {
    let mut ledger = Ledger::default();
    let entry = |code: &str, extra: Value| {
        let mut body = json!({
            "list": "drug-loss-86", "item_code": code, "name": { "ja": "品", "en": "p" },
            "valid_from": "2023-03-31", "necessity": "needed",
        });
        body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        body
    };
    ledger.add("list_entry", "1", entry("1", json!({ "done_on": "2026-05-01" })));
    ledger.add("list_entry", "2", entry("2", json!({ "done_on": "2027-04-01" })));
    ledger.add("list_entry", "3", entry("3", json!({})));
    ledger.add(
        "list_entry",
        "4",
        entry("4", json!({ "exclusion_reason": "withdrawn_abroad", "excluded_on": "2025-01-01" })),
    );
    ledger.add("list_entry", "5", entry("5", json!({ "necessity": "not_needed" })));
    let spec = json!({
        "kind": "list_completion",
        "window": { "from": "2025-04-01", "to": "2027-03-31" },
        "target": { "by": "2027-03-31" },
        "done": "done_on",
        "left_out": "exclusion_reason",
        "evidence": {
            "register": "list_entry", "date": "valid_from", "filter": "necessity = 'needed'",
        },
    });
    let outcome = ledger.evaluate(&spec, "2027-03-31");
    assert_eq!((outcome.numerator, outcome.denominator), (dec("1"), Some(dec("3"))));
    assert_eq!(outcome.value, Some(dec("0.333333")));
    assert_eq!(
        classes(&outcome),
        [
            Class::CountedInNumerator,
            Class::Counted,
            Class::Counted,
            Class::LeftOut,
            Class::FailsPart(0),
        ]
    );
}

#[test]
fn a_key_seen_before_the_window_never_counts_in_it() {
    let mut ledger = Ledger::default();
    let company = |n: &str| RecordId::derive("ORG", "test", n);
    let value = |n: &str, on: &str, yen: i64| {
        json!({
            "company": company(n), "sector": "drug_discovery", "valued_on": on,
            "valuation_yen": yen, "basis": "round", "source": "s",
        })
    };
    ledger.add("valuation", "1", value("a", "2024-01-01", 10_000_000_000));
    ledger.add("valuation", "2", value("a", "2026-01-01", 12_000_000_000));
    ledger.add("valuation", "3", value("b", "2024-01-01", 9_999_999_999));
    ledger.add("valuation", "4", value("b", "2026-01-01", 10_000_000_000));
    let spec = json!({
        "kind": "cumulative",
        "window": { "from": "2025-04-01", "to": "2030-03-31" },
        "target": { "value": "10", "by": "2030-03-31" },
        "evidence": {
            "register": "valuation", "date": "valued_on",
            "filter": "valuation_yen >= 10000000000",
            "measure": { "distinct": "company", "once": "ever" },
        },
    });
    let outcome = ledger.evaluate(&spec, "2027-01-01");
    assert_eq!(outcome.value, Some(dec("1")));
    assert_eq!(
        classes(&outcome),
        [Class::BeforeWindow, Class::Repeats, Class::FailsPart(0), Class::Counted]
    );
}
