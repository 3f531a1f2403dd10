//! Property-test strategies: small register sets and specs that compile.
//!
//! Values come from small pools, so that keys repeat, links meet and dates fall
//! on the same day or on either side of a year's end. Everything shrinks.

mod spec;
mod versions;

pub use spec::{arb_breakdowns, arb_spec, arb_spec_of};
pub use versions::{arb_versions, arb_versions_of, registers_on};

use chrono::{Duration, NaiveDate};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::Value;
use shirube_model::filter::Ty;
use shirube_model::indicator::{Disaggregation, Kind};
use shirube_model::record::RecordVersion;
use shirube_model::registers;
use shirube_model::schema::{FieldSpec, KindSchema};

/// Kinds the strategies use: between them every type, lists, periods and links.
pub const KINDS: [&str; 8] = [
    "contract",
    "project",
    "trial",
    "certificate",
    "organisation_role",
    "list_entry",
    "cooperation",
    "observation",
];

/// Codes, keys and short texts of every generated field.
pub(crate) const WORDS: [&str; 4] = ["x", "y", "z", "JP"];

/// Source key of generated records; references point to the same keys.
pub(crate) const KEYS: [&str; 6] = ["k0", "k1", "k2", "k3", "k4", "k5"];

/// Source name of generated records.
pub const SOURCE: &str = "arbitrary";

/// Days at which something turns: ends of fiscal and calendar years, leap day.
const TURNS: [(i32, u32, u32); 16] = [
    (2023, 4, 1),
    (2024, 2, 29),
    (2024, 3, 31),
    (2024, 4, 1),
    (2024, 12, 31),
    (2025, 1, 1),
    (2025, 3, 31),
    (2025, 4, 1),
    (2025, 12, 31),
    (2026, 1, 1),
    (2026, 3, 31),
    (2026, 4, 1),
    (2027, 3, 31),
    (2027, 4, 1),
    (2028, 2, 29),
    (2030, 3, 31),
];

fn turns() -> Vec<NaiveDate> {
    TURNS.iter().filter_map(|&(y, m, d)| NaiveDate::from_ymd_opt(y, m, d)).collect()
}

/// A day from 2023 to 2030, most often one at which a year turns.
pub fn arb_day() -> impl Strategy<Value = NaiveDate> + Clone {
    let first = NaiveDate::from_ymd_opt(2023, 1, 1).unwrap_or_default();
    prop_oneof![
        3 => select(turns()),
        2 => (0i64..2_900).prop_map(move |days| first + Duration::days(days)),
    ]
}

/// A spec, breakdowns of its register, and versions of the kinds it reads.
#[derive(Debug, Clone)]
pub struct Case {
    /// Spec as a pack would write it; it compiles.
    pub spec: Value,
    /// Breakdowns of the headline.
    pub breakdowns: Vec<Disaggregation>,
    /// Versions in ledger order.
    pub versions: Vec<RecordVersion>,
    /// Day asked for.
    pub as_of: NaiveDate,
}

/// A spec together with versions of the kinds it reads, so that more of its
/// records meet than in two independent draws.
pub fn arb_case() -> impl Strategy<Value = Case> {
    arb_spec().prop_flat_map(|spec| {
        let kinds = kinds_read(&spec);
        let register = kinds.first().copied().unwrap_or("contract");
        (Just(spec), arb_breakdowns(register), arb_versions_of(kinds), arb_day()).prop_map(
            |(spec, breakdowns, versions, as_of)| Case { spec, breakdowns, versions, as_of },
        )
    })
}

/// A case of one kind of indicator.
pub fn arb_case_of(kind: Kind) -> impl Strategy<Value = Case> {
    arb_spec_of(kind).prop_flat_map(|spec| {
        let kinds = kinds_read(&spec);
        let register = kinds.first().copied().unwrap_or("contract");
        (Just(spec), arb_breakdowns(register), arb_versions_of(kinds), arb_day()).prop_map(
            |(spec, breakdowns, versions, as_of)| Case { spec, breakdowns, versions, as_of },
        )
    })
}

/// Registers of the evidence, of the compared evidence and of their links; the
/// main one first.
fn kinds_read(spec: &Value) -> Vec<&'static str> {
    let mut out: Vec<&'static str> = Vec::new();
    let mut add = |name: Option<&Value>| {
        let kind = name.and_then(Value::as_str).and_then(registers::kind);
        if let Some(kind) = kind.map(|k| k.kind).filter(|kind| !out.contains(kind)) {
            out.push(kind);
        }
    };
    for key in ["evidence", "compare"] {
        let Some(evidence) = spec.get(key) else { continue };
        add(evidence.get("register"));
        for link in evidence.get("link").and_then(Value::as_array).into_iter().flatten() {
            add(link.get("register"));
        }
    }
    out
}

fn schema(kind: &str) -> &'static KindSchema {
    static FALLBACK: &KindSchema = <registers::portfolio::Contract as registers::Register>::SCHEMA;
    registers::kind(kind).unwrap_or(FALLBACK)
}

/// Names of the fields of a kind that filters read as one of `types`.
pub(crate) fn fields_of(schema: &'static KindSchema, types: &[Ty]) -> Vec<&'static str> {
    schema
        .fields
        .iter()
        .filter(|field| type_of(field).is_some_and(|ty| types.contains(&ty)))
        .map(|field| field.name)
        .collect()
}

pub(crate) fn type_of(field: &FieldSpec) -> Option<Ty> {
    Ty::of_field(field.ty, field.card)
}
