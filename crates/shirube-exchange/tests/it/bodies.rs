//! Made-up bodies of any kind.

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use shirube_model::ident::{IdScheme, RecordId};
use shirube_model::registers::{canonical, kind};
use shirube_model::schema::{Cardinality, FieldType, KindSchema};

/// Texts that spreadsheets, lists and CSV have trouble with.
fn text() -> BoxedStrategy<String> {
    prop_oneof![
        r#"[=+\-@'";,|\\ \t\r\n:/#a]{1,8}"#,
        r"[ 　;\\]{0,2}[^\x00]{1,10}",
        "[ぁ-ん一-龠]{1,6}",
        Just("\u{feff}題".to_owned()),
    ]
    .prop_filter("blank or with U+0000", |text| !text.trim().is_empty() && !text.contains('\0'))
    .boxed()
}

fn code() -> BoxedStrategy<Value> {
    prop_oneof!["alpha", "beta", "gamma-3"].prop_map(|code| json!(code)).boxed()
}

fn identifier(scheme: IdScheme) -> BoxedStrategy<Value> {
    match scheme {
        IdScheme::CorporateNumber => Just(json!("7000012050002")).boxed(),
        IdScheme::Jrct => "jRCTs[0-9]{9}".prop_map(Value::from).boxed(),
        IdScheme::Nct => "NCT[0-9]{8}".prop_map(Value::from).boxed(),
        IdScheme::Doi => r#"10\.[0-9]{4}/[=@a;"',]{1,6}"#.prop_map(Value::from).boxed(),
        IdScheme::Ctn => "20[0-9]{2}-[0-9]{4}".prop_map(Value::from).boxed(),
    }
}

fn value(ty: FieldType) -> BoxedStrategy<Value> {
    match ty {
        FieldType::Text => text().prop_map(Value::from).boxed(),
        FieldType::LocalText => {
            (text(), text()).prop_map(|(ja, en)| json!({ "ja": ja, "en": en })).boxed()
        }
        FieldType::Code(_) => code(),
        FieldType::Date => (0u32..3000)
            .prop_map(|days| {
                let start = chrono::NaiveDate::from_ymd_opt(2022, 1, 1).unwrap();
                json!((start + chrono::Days::new(days.into())).to_string())
            })
            .boxed(),
        FieldType::Int => (-3i64..3000).prop_map(|n| json!(n)).boxed(),
        FieldType::Yen => any::<i64>().prop_map(|n| json!(n)).boxed(),
        FieldType::Decimal => {
            (0i64..1_000_000, 0u32..7).prop_map(|(n, scale)| json!(rust_decimal(n, scale))).boxed()
        }
        FieldType::Bool => any::<bool>().prop_map(|b| json!(b)).boxed(),
        FieldType::Ref(target) => "[a-z]{3}"
            .prop_map(move |key| json!(RecordId::derive(kind(target).unwrap().prefix, "src", &key)))
            .boxed(),
        FieldType::Id(scheme) => identifier(scheme),
        FieldType::Url => r#"https://[a-z]{1,5}/[=;,"a'\\]{0,5}"#.prop_map(Value::from).boxed(),
        FieldType::YearAmount => (2020..2035, any::<i32>())
            .prop_map(|(year, yen)| json!({ "fiscal_year": year, "amount_yen": yen }))
            .boxed(),
    }
}

/// A value of a field whose name says more than its type does.
fn value_of(name: &str, ty: FieldType) -> BoxedStrategy<Value> {
    match ty {
        FieldType::Text if name.ends_with("_hash") || name.ends_with("_digest") => {
            "[0-9a-f]{64}".prop_map(Value::from).boxed()
        }
        FieldType::Text if name == "person" => "[1-9][0-9]{0,17}".prop_map(Value::from).boxed(),
        FieldType::Int if name == "fiscal_year" => (2020..2035).prop_map(|n| json!(n)).boxed(),
        _ => value(ty),
    }
}

/// A decimal in its stored form.
fn rust_decimal(number: i64, scale: u32) -> String {
    let digits = format!("{number:0>width$}", width = scale as usize + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale as usize);
    if fraction.is_empty() { whole.to_owned() } else { format!("{whole}.{fraction}") }
}

/// Bodies that pass the check of the kind; optional fields that break a rule
/// between fields are dropped.
pub fn body(schema: &'static KindSchema) -> BoxedStrategy<Map<String, Value>> {
    let mut all = Just(Map::new()).boxed();
    for field in schema.fields {
        let filled = match field.card {
            Cardinality::Many => {
                proptest::collection::vec(value(field.ty), 0..4).prop_map(Value::Array).boxed()
            }
            Cardinality::Required => value_of(field.name, field.ty),
            Cardinality::Optional => {
                prop_oneof![Just(Value::Null).boxed(), value_of(field.name, field.ty)].boxed()
            }
        };
        all = (all, filled)
            .prop_map(|(mut body, value)| {
                body.insert(field.name.to_owned(), value);
                body
            })
            .boxed();
    }
    all.prop_filter_map("breaks a rule", |body| {
        let full = canonical(body);
        if (schema.check)(&full).is_ok() {
            return Some(full);
        }
        let mut bare = full;
        bare.retain(|name, _| schema.field(name).unwrap().card != Cardinality::Optional);
        (schema.check)(&bare).is_ok().then_some(bare)
    })
    .boxed()
}
