//! Bodies survive the typed structs unchanged.

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use shirube_model::refusal::Refusal;
use shirube_model::registers::allocation::*;
use shirube_model::registers::budget::*;
use shirube_model::registers::consent::*;
use shirube_model::registers::follow_up::*;
use shirube_model::registers::organisations::*;
use shirube_model::registers::portfolio::*;
use shirube_model::registers::regulation::*;
use shirube_model::registers::trials::*;
use shirube_model::registers::{KINDS, Register, canonical, check_fields, kind, read_body};
use shirube_model::schema::{Cardinality, FieldSpec, FieldType};

use crate::bodies::{full, minimal, sample};

fn rewrite<R: Register>(body: &Map<String, Value>) -> Result<Map<String, Value>, Refusal> {
    let typed: R = read_body(body)?;
    let written = serde_json::to_value(&typed).unwrap();
    Ok(canonical(written.as_object().unwrap().clone()))
}

type Rewrite = fn(&Map<String, Value>) -> Result<Map<String, Value>, Refusal>;

fn rewriters() -> Vec<(&'static str, Rewrite)> {
    macro_rules! each {
        ($($name:ident),* $(,)?) => {
            vec![$(($name::SCHEMA.kind, rewrite::<$name> as Rewrite)),*]
        };
    }
    each![
        Programme,
        Call,
        Project,
        PhaseTransition,
        Continuation,
        SupportRecord,
        Contract,
        Publication,
        Organisation,
        OrganisationRole,
        SiteCapability,
        Membership,
        Commitment,
        Certification,
        Trial,
        Consultation,
        SupportCase,
        TrainingProgramme,
        Enrolment,
        Certificate,
        ReferenceList,
        ListEntry,
        RegulatoryEvent,
        Valuation,
        InvestmentRound,
        Adoption,
        BusinessMove,
        DataUse,
        Cooperation,
        Exercise,
        Decision,
        Observation,
        BudgetProgramme,
        BudgetPayment,
        MeasureLink,
        StrategyStatement,
        FollowUpCycle,
        MeasureReport,
        MeasureContribution,
        PanelAdvice,
        PublicNeed,
        FollowUpAction,
        AllocationPolicy,
        BudgetRequest,
        AdjustmentFund,
        PlanRevision,
        DataSetTerms,
        OptOutNotice,
        UseChoice,
    ]
}

#[test]
fn every_kind_reads_and_writes_back() {
    let kinds: Vec<_> = rewriters().iter().map(|(kind, _)| *kind).collect();
    let listed: Vec<_> = KINDS.iter().map(|schema| schema.kind).collect();
    assert_eq!(kinds, listed);
    for (kind_name, rewrite) in rewriters() {
        let schema = kind(kind_name).unwrap();
        for body in [minimal(kind_name), full(schema)] {
            assert_eq!(check_fields(schema, &body), [], "{kind_name}");
            assert_eq!(rewrite(&body), Ok(canonical(body)), "{kind_name}");
        }
    }
}

#[test]
fn absent_null_and_empty_are_the_same() {
    for (kind_name, rewrite) in rewriters() {
        let schema = kind(kind_name).unwrap();
        let mut body = minimal(kind_name);
        for field in schema.fields {
            match field.card {
                Cardinality::Required => {}
                Cardinality::Optional => drop(body.insert(field.name.to_owned(), Value::Null)),
                Cardinality::Many => drop(body.insert(field.name.to_owned(), json!([]))),
            }
        }
        assert_eq!((schema.check)(&body), Ok(()), "{kind_name}");
        assert_eq!(rewrite(&body), Ok(minimal(kind_name)), "{kind_name}");
        for field in schema.fields.iter().filter(|field| field.card == Cardinality::Many) {
            body.insert(field.name.to_owned(), Value::Null);
        }
        assert_eq!((schema.check)(&body), Ok(()), "{kind_name}");
        assert_eq!(rewrite(&body), Ok(minimal(kind_name)), "{kind_name}");
    }
}

#[test]
fn a_body_of_another_shape_is_unreadable() {
    for (kind_name, rewrite) in rewriters() {
        let mut body = minimal(kind_name);
        body.insert("nothing".to_owned(), json!(1));
        assert_eq!(rewrite(&body).unwrap_err().code, "registers.body.unreadable", "{kind_name}");
        assert_eq!(rewrite(&Map::new()).unwrap_err().code, "registers.body.unreadable");
    }
}

/// Values of a field, most of them well formed.
fn values(field: &'static FieldSpec) -> BoxedStrategy<Value> {
    let good = match field.ty {
        FieldType::Text | FieldType::Code(_) => "\\PC{1,12}".prop_map(Value::from).boxed(),
        FieldType::LocalText => {
            ("\\PC{0,6}", "\\PC{0,6}").prop_map(|(ja, en)| json!({ "ja": ja, "en": en })).boxed()
        }
        FieldType::Date => (1000..=9999_i32, 1..=12_u32, 1..=31_u32)
            .prop_map(|(y, m, d)| json!(format!("{y:04}-{m:02}-{d:02}")))
            .boxed(),
        FieldType::Int | FieldType::Yen => any::<i64>().prop_map(Value::from).boxed(),
        FieldType::Decimal => (any::<i64>(), 0..8_u32)
            .prop_map(|(digits, scale)| {
                json!(rust_decimal::Decimal::new(digits, scale).to_string())
            })
            .boxed(),
        FieldType::Bool => any::<bool>().prop_map(Value::from).boxed(),
        FieldType::YearAmount => (any::<i32>(), any::<i64>())
            .prop_map(|(year, yen)| json!({ "fiscal_year": year, "amount_yen": yen }))
            .boxed(),
        FieldType::Ref(_) | FieldType::Id(_) | FieldType::Url => Just(sample(field)).boxed(),
    };
    prop_oneof![40 => good, 1 => any_value()].boxed()
}

/// Values of no type in particular. Whole numbers written with a point are left
/// out: to JSON Schema they are integers, to the check they are not.
fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_filter("whole", |x| x.fract() != 0.0).prop_map(Value::from),
        "[-+0-9.eE_:/T ]{0,12}".prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
        Just(json!([])),
        Just(json!(["a", null])),
        Just(json!({ "ja": "あ", "en": "a" })),
    ]
}

/// Bodies of any kind, with the position of the kind.
pub fn bodies() -> impl Strategy<Value = (usize, Map<String, Value>)> {
    (0..KINDS.len()).prop_flat_map(|at| {
        let fields: Vec<_> = KINDS[at]
            .fields
            .iter()
            .map(|field| {
                let value = match field.card {
                    Cardinality::Many => prop_oneof![
                        12 => prop::collection::vec(values(field), 0..3).prop_map(Value::from),
                        1 => any_value(),
                    ]
                    .boxed(),
                    Cardinality::Required | Cardinality::Optional => values(field),
                };
                let present = if field.card == Cardinality::Required { 0.99 } else { 0.3 };
                (Just(field.name), prop::option::weighted(present, value))
            })
            .collect();
        (Just(at), fields).prop_map(|(at, fields)| {
            let body = fields
                .into_iter()
                .filter_map(|(name, value)| value.map(|value| (name.to_owned(), value)))
                .collect();
            (at, body)
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn what_the_field_check_accepts_reads_and_writes_back((at, body) in bodies()) {
        let schema = KINDS[at];
        let (_, rewrite) = rewriters()[at];
        if check_fields(schema, &body).is_empty() {
            prop_assert_eq!(rewrite(&body), Ok(canonical(body.clone())));
            let refusals = (schema.check)(&body).err().unwrap_or_default();
            let own = format!("registers.{}.", schema.kind);
            prop_assert!(refusals.iter().all(|refusal| refusal.code.starts_with(&own)));
        } else {
            prop_assert!((schema.check)(&body).is_err());
        }
    }
}
