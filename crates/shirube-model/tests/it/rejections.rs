//! Rejected input of every register kind: missing, unknown and ill-typed
//! fields. The rows come from the schemas, so that no field is forgotten; what
//! each type rejects is written by hand.

use serde_json::{Map, Value, json};
use shirube_model::ident::IdScheme;
use shirube_model::lang::Lang;
use shirube_model::refusal::Refusal;
use shirube_model::registers::{
    DECIMAL_SCALE_MAX, KINDS, LIST_VALUES_MAX, TEXT_CHARS_MAX, check_fields,
};
use shirube_model::schema::{Cardinality, FieldType, KindSchema, Visibility};

use crate::bodies::{full, id_of, minimal, sample};

const WRONG_TYPE: &str = "registers.field.wrong-type";

/// Code and field of every refusal, in order.
pub fn refused(schema: &KindSchema, body: &Map<String, Value>) -> Vec<(String, String)> {
    let refusals = (schema.check)(body).err().unwrap_or_default();
    refusals.iter().for_each(assert_readable);
    refusals
        .into_iter()
        .map(|refusal| (refusal.code.to_owned(), refusal.place.field.unwrap_or_default()))
        .collect()
}

/// Both texts exist and name every value they promise.
fn assert_readable(refusal: &Refusal) {
    for lang in Lang::ALL {
        for text in [refusal.message(lang), refusal.remedy(lang)] {
            assert!(!text.is_empty(), "{} has no text in {lang:?}", refusal.code);
            assert!(!text.contains("{$") && !text.starts_with('['), "{}: {text}", refusal.code);
        }
    }
}

fn one(code: &str, field: &str) -> Vec<(String, String)> {
    vec![(code.to_owned(), field.to_owned())]
}

/// Values that a type rejects, with the code.
fn rejected_values(ty: FieldType) -> Vec<(Value, &'static str)> {
    let long = "字".repeat(TEXT_CHARS_MAX + 1);
    match ty {
        FieldType::Text | FieldType::Code(_) => vec![
            (json!(1), WRONG_TYPE),
            (json!(true), WRONG_TYPE),
            (json!({}), WRONG_TYPE),
            (json!(["a"]), WRONG_TYPE),
            (json!(""), "registers.field.blank"),
            (json!(" \u{3000}\t"), "registers.field.blank"),
            (json!("a\u{0}b"), "registers.field.nul-character"),
            (json!(long), "registers.field.too-long"),
        ],
        FieldType::LocalText => vec![
            (json!("text"), WRONG_TYPE),
            (json!({ "ja": 1, "en": "a" }), WRONG_TYPE),
            (json!({ "ja": "あ", "en": "a", "fr": "a" }), WRONG_TYPE),
            (json!({}), "registers.field.both-languages"),
            (json!({ "ja": "あ" }), "registers.field.both-languages"),
            (json!({ "ja": "あ", "en": null }), "registers.field.both-languages"),
            (json!({ "ja": "\u{3000}", "en": "a" }), "registers.field.both-languages"),
            (json!({ "ja": "あ", "en": "a\u{0}" }), "registers.field.nul-character"),
            (json!({ "ja": long, "en": "a" }), "registers.field.too-long"),
        ],
        FieldType::Date => vec![
            (json!(20_250_401), WRONG_TYPE),
            (json!(["2025-04-01"]), WRONG_TYPE),
            (json!(""), "core.date.unreadable"),
            (json!("2025-4-1"), "core.date.unreadable"),
            (json!("2025-02-29"), "core.date.unreadable"),
            (json!("2025-04-31"), "core.date.unreadable"),
            (json!("2025-04-01T00:00:00"), "core.date.unreadable"),
            (json!(" 2025-04-01"), "core.date.unreadable"),
            (json!("令和7年4月1日"), "core.date.unreadable"),
            (json!("0025-04-01"), "core.date.unreadable"),
            (json!("+12025-04-01"), "core.date.unreadable"),
        ],
        FieldType::Int | FieldType::Yen => vec![
            (json!("7"), WRONG_TYPE),
            (json!(7.5), WRONG_TYPE),
            (json!(7.0), WRONG_TYPE),
            (json!(u64::MAX), WRONG_TYPE),
            (json!(true), WRONG_TYPE),
        ],
        FieldType::Decimal => vec![
            (json!(0.5), WRONG_TYPE),
            (json!(7), WRONG_TYPE),
            (json!(""), "core.decimal.unreadable"),
            (json!("1,000"), "core.decimal.unreadable"),
            (json!("1_000"), "core.decimal.unreadable"),
            (json!("+5"), "core.decimal.unreadable"),
            (json!(".5"), "core.decimal.unreadable"),
            (json!("5."), "core.decimal.unreadable"),
            (json!("007"), "core.decimal.unreadable"),
            (json!("1e3"), "core.decimal.unreadable"),
            (json!("NaN"), "core.decimal.unreadable"),
            (json!("９"), "core.decimal.unreadable"),
            (json!("80%"), "core.decimal.unreadable"),
            (json!("9".repeat(40)), "core.decimal.unreadable"),
            (
                json!(format!("0.{}", "1".repeat(DECIMAL_SCALE_MAX as usize + 1))),
                "registers.field.too-precise",
            ),
        ],
        FieldType::Bool => {
            vec![(json!("true"), WRONG_TYPE), (json!(1), WRONG_TYPE), (json!(["true"]), WRONG_TYPE)]
        }
        FieldType::Ref(kind) => {
            let other = if kind == "programme" { "project" } else { "programme" };
            vec![
                (json!(1), WRONG_TYPE),
                (json!(""), "core.record-id.shape"),
                (json!(id_of(kind, "a").to_lowercase()), "core.record-id.shape"),
                (json!(format!("{} ", id_of(kind, "a"))), "core.record-id.shape"),
                (json!(id_of(other, "a")), "registers.ref.wrong-kind"),
            ]
        }
        FieldType::Id(IdScheme::CorporateNumber) => vec![
            (json!(7_000_012_050_002_i64), WRONG_TYPE),
            (json!("700001205000"), "core.corporate-number.shape"),
            (json!("8000012050002"), "core.corporate-number.check"),
        ],
        FieldType::Id(_) => vec![
            (json!(1), WRONG_TYPE),
            (json!(""), "core.identifier.shape"),
            (json!("7000012050002"), "core.identifier.shape"),
        ],
        FieldType::Url => vec![
            (json!(1), WRONG_TYPE),
            (json!("example.jp"), WRONG_TYPE),
            (json!("javascript:alert(1)"), WRONG_TYPE),
            (json!("https://"), WRONG_TYPE),
            (json!("https:///path"), WRONG_TYPE),
            (json!("https://example.jp/a b"), WRONG_TYPE),
            (json!(""), "registers.field.blank"),
        ],
        FieldType::YearAmount => vec![
            (json!(1), WRONG_TYPE),
            (json!({}), WRONG_TYPE),
            (json!({ "fiscal_year": 2025 }), WRONG_TYPE),
            (json!({ "fiscal_year": "2025", "amount_yen": 1 }), WRONG_TYPE),
            (json!({ "fiscal_year": 2025, "amount_yen": 0.5 }), WRONG_TYPE),
            (json!({ "fiscal_year": 2025, "amount_yen": 1, "note": "a" }), WRONG_TYPE),
        ],
    }
}

#[test]
fn every_required_field_is_missed_when_absent_or_null() {
    for schema in KINDS {
        for field in schema.fields {
            let expected = match field.card {
                Cardinality::Required => one("registers.field.missing", field.name),
                Cardinality::Optional | Cardinality::Many => Vec::new(),
            };
            let mut body = minimal(schema.kind);
            body.remove(field.name);
            assert_eq!(refused(schema, &body), expected, "{} {}", schema.kind, field.name);
            body.insert(field.name.to_owned(), Value::Null);
            assert_eq!(refused(schema, &body), expected, "{} {}", schema.kind, field.name);
        }
    }
}

#[test]
fn every_field_refuses_what_its_type_refuses() {
    let mut rows = 0;
    for schema in KINDS {
        for field in schema.fields {
            for (value, code) in rejected_values(field.ty) {
                let mut body = minimal(schema.kind);
                let mut expected = one(code, field.name);
                let value = match field.card {
                    // A bad value among good ones is found, and each bad one is told.
                    Cardinality::Many => {
                        expected.extend(one(code, field.name));
                        json!([sample(field), value, value])
                    }
                    Cardinality::Required | Cardinality::Optional => value,
                };
                let shown: String = value.to_string().chars().take(60).collect();
                body.insert(field.name.to_owned(), value);
                assert_eq!(refused(schema, &body), expected, "{} {shown}", schema.kind);
                rows += 1;
            }
        }
    }
    assert!(rows > 1_000, "{rows}");
}

#[test]
fn lists_are_lists_within_a_limit() {
    for schema in KINDS {
        for field in schema.fields.iter().filter(|field| field.card == Cardinality::Many) {
            let mut body = minimal(schema.kind);
            for not_a_list in [sample(field), json!("a;b"), json!({}), json!(1)] {
                body.insert(field.name.to_owned(), not_a_list);
                let expected = one("registers.field.not-a-list", field.name);
                assert_eq!(refused(schema, &body), expected, "{} {}", schema.kind, field.name);
            }
            body.insert(field.name.to_owned(), json!([null]));
            let expected = one(
                match field.ty {
                    FieldType::LocalText => unreachable!("no list of texts in both languages"),
                    _ => WRONG_TYPE,
                },
                field.name,
            );
            assert_eq!(refused(schema, &body), expected, "{} {}", schema.kind, field.name);
            body.insert(field.name.to_owned(), json!(vec![sample(field); LIST_VALUES_MAX + 1]));
            let expected = one("registers.field.too-many", field.name);
            assert_eq!(refused(schema, &body), expected, "{} {}", schema.kind, field.name);
            body.insert(field.name.to_owned(), json!([]));
            assert_eq!(refused(schema, &body), [], "{} {}", schema.kind, field.name);
        }
    }
}

#[test]
fn unknown_fields_are_refused_by_name() {
    for schema in KINDS {
        for name in ["", "titel", "TITLE", "state", "id", "kind"] {
            assert!(schema.field(name).is_none(), "{} {name}", schema.kind);
            for value in [Value::Null, json!("a")] {
                let mut body = minimal(schema.kind);
                body.insert(name.to_owned(), value);
                let expected = one("registers.field.unknown", name);
                assert_eq!(refused(schema, &body), expected, "{} {name}", schema.kind);
            }
        }
    }
}

#[test]
fn every_fault_of_a_body_is_told_at_once() {
    for schema in KINDS {
        let required = schema.fields.iter().filter(|field| field.card == Cardinality::Required);
        let mut expected = one("registers.field.unknown", "nothing");
        expected.extend(required.flat_map(|field| one("registers.field.missing", field.name)));
        let body = json!({ "nothing": 1 }).as_object().unwrap().clone();
        assert_eq!(refused(schema, &body), expected, "{}", schema.kind);
    }
}

#[test]
fn values_of_internal_fields_stay_out_of_refusals() {
    let mut internal = 0;
    for schema in KINDS {
        for field in schema.fields.iter().filter(|field| field.visibility == Visibility::Internal) {
            let secret = "himitsu-4711";
            for value in [json!(secret), json!([secret]), json!({ "ja": secret }), json!(4711)] {
                let mut body = full(schema);
                body.insert(field.name.to_owned(), value);
                for refusal in check_fields(schema, &body) {
                    let text = format!("{refusal:?} {refusal}");
                    assert!(!text.contains("4711"), "{} {text}", schema.kind);
                }
            }
            internal += 1;
        }
    }
    assert!(internal > 5, "{internal}");
}

#[test]
fn public_values_are_named_in_refusals() {
    let schema = KINDS[0];
    let mut body = minimal(schema.kind);
    body.insert("started_on".to_owned(), json!("2025-13-01"));
    let refusals = check_fields(schema, &body);
    assert!(refusals[0].message(Lang::En).contains("`2025-13-01`"), "{}", refusals[0]);
}

#[test]
fn a_wrong_type_is_named_in_both_languages() {
    let schema = KINDS[0];
    let mut body = minimal(schema.kind);
    body.insert("started_on".to_owned(), json!(20_250_401));
    let refusals = check_fields(schema, &body);
    assert_eq!(refusals[0].message(Lang::En), "the field takes a date, not a number");
    assert_eq!(refusals[0].message(Lang::Ja), "日付の形で書く項目ですが、数が書かれています");
}
