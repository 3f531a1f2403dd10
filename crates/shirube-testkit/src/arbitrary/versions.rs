//! Record versions: creations, corrections, withdrawals, duplicates.

use std::collections::BTreeMap;

use chrono::{DateTime, Duration, NaiveDate, TimeZone, Utc};
use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};
use shirube_model::calendar::end_of_japan_day;
use shirube_model::ident::{IdScheme, RecordId};
use shirube_model::record::{Body, RecordVersion, Standing};
use shirube_model::registers;
use shirube_model::schema::{Cardinality, FieldSpec, FieldType, KindSchema};

use super::{KEYS, KINDS, SOURCE, WORDS, arb_day, schema};

/// What one step does to the record of its key.
#[derive(Debug, Clone)]
enum Act {
    /// Creates the record or replaces its body.
    Write(Body),
    Withdraw,
    /// Marks it as a duplicate of the record of another key.
    Duplicate(usize),
    /// Puts it back in force.
    Restore,
}

#[derive(Debug, Clone)]
struct Step {
    kind: &'static str,
    key: usize,
    state: usize,
    act: Act,
    /// Time since the step before.
    wait: Wait,
}

#[derive(Debug, Clone)]
enum Wait {
    None,
    Seconds(i64),
    Days(i64),
    /// To the last microsecond of the day in Japan, or just past it.
    Midnight {
        past: bool,
    },
}

/// Versions of a few kinds in ledger order, with sequence numbers from 1.
pub fn arb_versions() -> impl Strategy<Value = Vec<RecordVersion>> {
    arb_versions_of(KINDS.to_vec())
}

/// Versions of the given kinds, the first most often.
pub fn arb_versions_of(kinds: Vec<&'static str>) -> impl Strategy<Value = Vec<RecordVersion>> {
    let mut weighted_kinds = kinds.clone();
    weighted_kinds.extend(kinds.first().copied());
    vec(select(weighted_kinds).prop_flat_map(arb_step), 0..60).prop_map(|steps| replay(&steps))
}

fn arb_step(kind: &'static str) -> BoxedStrategy<Step> {
    let schema = schema(kind);
    let act = prop_oneof![
        12 => arb_body(schema).prop_map(Act::Write),
        1 => Just(Act::Withdraw),
        1 => (0..KEYS.len()).prop_map(Act::Duplicate),
        1 => Just(Act::Restore),
    ];
    let wait = prop_oneof![
        3 => Just(Wait::None),
        2 => (1i64..100_000).prop_map(Wait::Seconds),
        4 => (1i64..200).prop_map(Wait::Days),
        1 => any::<bool>().prop_map(|past| Wait::Midnight { past }),
    ];
    (0..KEYS.len(), 0..schema.states.len(), act, wait)
        .prop_map(move |(key, state, act, wait)| Step { kind, key, state, act, wait })
        .boxed()
}

/// A body whose values have the right types; optional fields may be absent and
/// lists empty. The rules between fields may refuse it: an evaluator must not
/// rely on them.
fn arb_body(schema: &'static KindSchema) -> BoxedStrategy<Body> {
    let fields: Vec<_> = schema.fields.iter().map(arb_field).collect();
    fields
        .prop_map(|values| {
            let named = schema.fields.iter().zip(values);
            named.filter_map(|(field, value)| Some((field.name.to_owned(), value?))).collect()
        })
        .boxed()
}

fn arb_field(field: &'static FieldSpec) -> BoxedStrategy<Option<Value>> {
    let value = arb_value(field.ty);
    match field.card {
        Cardinality::Required => value.prop_map(Some).boxed(),
        Cardinality::Optional => weighted(0.75, value).boxed(),
        Cardinality::Many => vec(value, 0..4)
            .prop_map(|items| (!items.is_empty()).then_some(Value::Array(items)))
            .boxed(),
    }
}

fn arb_value(ty: FieldType) -> BoxedStrategy<Value> {
    match ty {
        FieldType::Text | FieldType::Code(_) => select(&WORDS[..]).prop_map(Value::from).boxed(),
        FieldType::LocalText => Just(json!({ "ja": "例", "en": "example" })).boxed(),
        FieldType::Date => arb_day().prop_map(|day| day.to_string().into()).boxed(),
        FieldType::Int | FieldType::Yen => {
            prop_oneof![4 => -2i64..6, 1 => any::<i32>().prop_map(i64::from)]
                .prop_map(Value::from)
                .boxed()
        }
        FieldType::Decimal => {
            let fixed = ["0", "0.5", "1", "1.50", "-3.25", "12.000001", "99999.999999"];
            select(fixed.to_vec()).prop_map(Value::from).boxed()
        }
        FieldType::Bool => any::<bool>().prop_map(Value::from).boxed(),
        FieldType::Ref(kind) => {
            let ids: Vec<Value> =
                KEYS.iter().map(|key| record_id(kind, key).to_string().into()).collect();
            select(ids).boxed()
        }
        FieldType::Id(scheme) => Just(example(scheme)).boxed(),
        FieldType::Url => Just(json!("https://example.jp/")).boxed(),
        FieldType::YearAmount => (2023i32..2031, 0i64..5)
            .prop_map(|(year, amount)| json!({ "fiscal_year": year, "amount_yen": amount }))
            .boxed(),
    }
}

fn example(scheme: IdScheme) -> Value {
    json!(match scheme {
        IdScheme::CorporateNumber => "7000012050002",
        IdScheme::Jrct => "jRCT2031230581",
        IdScheme::Nct => "NCT01234567",
        IdScheme::Doi => "10.1000/182",
        IdScheme::Ctn => "2025-1234",
    })
}

fn record_id(kind: &str, key: &str) -> RecordId {
    let prefix = registers::kind(kind).map_or("XXX", |kind| kind.prefix);
    RecordId::derive(prefix, SOURCE, key)
}

fn replay(steps: &[Step]) -> Vec<RecordVersion> {
    let mut now = Utc.with_ymd_and_hms(2024, 1, 31, 0, 0, 0).single().unwrap_or_default();
    let mut latest: BTreeMap<(&str, usize), RecordVersion> = BTreeMap::new();
    let mut out = Vec::with_capacity(steps.len());
    for step in steps {
        now = after(now, &step.wait);
        let before = latest.get(&(step.kind, step.key));
        let Some(mut version) = next(step, before) else { continue };
        version.seq = out.len() as u64 + 1;
        version.recorded_at = now;
        latest.insert((step.kind, step.key), version.clone());
        out.push(version);
    }
    out
}

/// The version a step makes; `None` where there is no record to act on.
fn next(step: &Step, before: Option<&RecordVersion>) -> Option<RecordVersion> {
    let key = KEYS.get(step.key)?;
    let state = schema(step.kind).states.get(step.state)?;
    let mut version = match (&step.act, before) {
        (Act::Write(body), before) => RecordVersion {
            kind: step.kind.to_owned(),
            id: record_id(step.kind, key),
            version: before.map_or(0, |before| before.version),
            state: (*state).to_owned(),
            standing: before.map_or(Standing::Active, |before| before.standing),
            duplicate_of: before.and_then(|before| before.duplicate_of.clone()),
            body: body.clone(),
            seq: 0,
            recorded_at: DateTime::UNIX_EPOCH,
        },
        (_, before) => before?.clone(),
    };
    version.version += 1;
    match &step.act {
        Act::Write(_) => {}
        Act::Withdraw => {
            version.standing = Standing::Withdrawn;
            version.duplicate_of = None;
        }
        Act::Duplicate(other) => {
            version.standing = Standing::Duplicate;
            version.duplicate_of = Some(record_id(step.kind, KEYS.get(*other)?));
        }
        Act::Restore => {
            version.standing = Standing::Active;
            version.duplicate_of = None;
        }
    }
    Some(version)
}

fn after(now: DateTime<Utc>, wait: &Wait) -> DateTime<Utc> {
    match wait {
        Wait::None => now,
        Wait::Seconds(seconds) => now + Duration::seconds(*seconds),
        Wait::Days(days) => now + Duration::days(*days),
        Wait::Midnight { past } => {
            let end = end_of_japan_day(shirube_model::calendar::japan_day(now));
            end + Duration::microseconds(i64::from(*past))
        }
    }
}

/// The registers as known at the end of a day in Japan: by kind, the latest
/// version of every record, in the order records first entered the ledger.
#[must_use]
pub fn registers_on(
    versions: &[RecordVersion],
    day: NaiveDate,
) -> BTreeMap<String, Vec<RecordVersion>> {
    let end = end_of_japan_day(day);
    let mut place: BTreeMap<RecordId, usize> = BTreeMap::new();
    let mut out: BTreeMap<String, Vec<RecordVersion>> = BTreeMap::new();
    for version in versions.iter().take_while(|version| version.recorded_at <= end) {
        let register = out.entry(version.kind.clone()).or_default();
        let index = *place.entry(version.id.clone()).or_insert(register.len());
        match register.get_mut(index) {
            Some(slot) => *slot = version.clone(),
            None => register.push(version.clone()),
        }
    }
    out
}
