//! The JSON Schema of every kind against the check of the kind.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use jsonschema::Validator;
use proptest::prelude::*;
use serde_json::{Map, json};
use shirube_model::registers::{KINDS, check_fields};
use shirube_model::schema::Cardinality;

use crate::bodies::{full, minimal};
use crate::round_trips::bodies;

fn validators() -> Vec<Validator> {
    KINDS.iter().map(|kind| jsonschema::draft202012::new(&kind.json_schema()).unwrap()).collect()
}

#[test]
fn schemas_are_well_formed_and_describe_every_field() {
    for kind in KINDS {
        let schema = kind.json_schema();
        assert!(jsonschema::meta::is_valid(&schema), "{}", kind.kind);
        let properties: BTreeSet<_> =
            schema["properties"].as_object().unwrap().keys().map(String::as_str).collect();
        let fields: BTreeSet<_> = kind.fields.iter().map(|field| field.name).collect();
        assert_eq!(properties, fields, "{}", kind.kind);
    }
}

#[test]
fn schemas_accept_minimal_and_full_bodies() {
    for (kind, validator) in KINDS.iter().zip(validators()) {
        for body in [minimal(kind.kind), full(kind)] {
            let errors: Vec<_> = validator
                .iter_errors(&json!(body))
                .map(|error| format!("{}: {error}", error.instance_path()))
                .collect();
            assert_eq!(errors, Vec::<String>::new(), "{}", kind.kind);
        }
    }
}

#[test]
fn schemas_refuse_missing_and_unknown_fields() {
    for (kind, validator) in KINDS.iter().zip(validators()) {
        for field in kind.fields {
            let mut body = minimal(kind.kind);
            body.remove(field.name);
            let optional = field.card != Cardinality::Required;
            assert_eq!(validator.is_valid(&json!(body)), optional, "{} {}", kind.kind, field.name);
        }
        let mut body = minimal(kind.kind);
        body.insert("nothing".to_owned(), json!("a"));
        assert!(!validator.is_valid(&json!(body)), "{}", kind.kind);
    }
}

/// Faults that JSON Schema does not express here: days that do not exist, check
/// digits, limits, and numbers beyond the range of storage.
const BEYOND_SCHEMA: [&str; 6] = [
    "core.date.unreadable",
    "core.decimal.unreadable",
    "core.identifier.shape",
    "core.corporate-number.check",
    "core.corporate-number.shape",
    "registers.field.nul-character",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn schema_and_check_agree((at, body) in bodies()) {
        static VALIDATORS: LazyLock<Vec<Validator>> = LazyLock::new(validators);
        // A null is an absent field to the check; stored bodies have none.
        let body: Map<_, _> = body.into_iter().filter(|(_, value)| !value.is_null()).collect();
        let faults = check_fields(KINDS[at], &body);
        let valid = VALIDATORS[at].is_valid(&json!(body));
        if faults.is_empty() {
            prop_assert!(valid, "{} accepts what its schema refuses", KINDS[at].kind);
        } else if valid {
            let known = |code: &str| BEYOND_SCHEMA.contains(&code);
            prop_assert!(faults.iter().all(|fault| known(fault.code)), "{faults:?}");
        }
    }
}
