//! Specs of all kinds over the generated registers.

use chrono::NaiveDate;
use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};
use shirube_model::filter::Ty;
use shirube_model::indicator::{Disaggregation, Kind, Spec};
use shirube_model::lang::LocalText;
use shirube_model::schema::{FieldType, KindSchema};

use super::{KINDS, WORDS, arb_day, fields_of, schema, type_of};

/// A spec of any kind that [`Spec::compile`] accepts.
pub fn arb_spec() -> impl Strategy<Value = Value> {
    select(Kind::ALL.to_vec()).prop_flat_map(arb_spec_of)
}

/// A spec of one kind that [`Spec::compile`] accepts.
pub fn arb_spec_of(kind: Kind) -> impl Strategy<Value = Value> {
    let needs = Needs::of(kind);
    let fitting: Vec<&'static str> =
        KINDS.iter().copied().filter(|name| needs.fits(schema(name))).collect();
    select(fitting)
        .prop_flat_map(move |register| spec_over(kind, needs, schema(register)))
        .prop_filter("the spec compiles", |spec| Spec::compile(spec).is_ok())
}

/// Breakdowns over coded fields of a register, singly and by list.
pub fn arb_breakdowns(register: &str) -> impl Strategy<Value = Vec<Disaggregation>> + use<> {
    let coded: Vec<&'static str> = schema(register)
        .fields
        .iter()
        .filter(|field| matches!(field.ty, FieldType::Code(_)))
        .map(|field| field.name)
        .collect();
    let most = coded.len().min(2);
    proptest::sample::subsequence(coded, 0..=most).prop_map(|fields| {
        fields
            .into_iter()
            .map(|field| Disaggregation {
                id: format!("by-{field}"),
                label: LocalText { ja: field.to_owned(), en: field.to_owned() },
                field: field.to_owned(),
            })
            .collect()
    })
}

/// What the kind of indicator asks of its register.
#[derive(Debug, Clone, Copy)]
struct Needs {
    sum: bool,
    distinct: bool,
    list: bool,
}

impl Needs {
    fn of(kind: Kind) -> Self {
        Self {
            sum: matches!(kind, Kind::DeltaComparison | Kind::Trend),
            distinct: kind == Kind::ShareOfSet,
            list: kind == Kind::ListCompletion,
        }
    }

    fn fits(self, schema: &'static KindSchema) -> bool {
        let dates = fields_of(schema, &[Ty::Date]).len();
        let numbers = fields_of(schema, &[Ty::Int, Ty::Decimal]).len();
        dates > 0 && (!self.sum || numbers > 0) && (!self.list || dates > 1)
    }
}

fn spec_over(kind: Kind, needs: Needs, schema: &'static KindSchema) -> BoxedStrategy<Value> {
    let texts = fields_of(schema, &[Ty::Text]);
    let dates = fields_of(schema, &[Ty::Date]);
    let text = || {
        let mut texts = texts.clone();
        texts.push("state");
        select(texts)
    };
    // Half of the comparisons look at the same register, as real ones do.
    let compare = (any::<bool>(), select(KINDS.to_vec())).prop_flat_map(move |(same, other)| {
        let other = super::schema(other);
        evidence(if same || !needs.fits(other) { schema } else { other }, needs)
    });
    let parts = (
        evidence(schema, needs),
        compare,
        (arb_day(), arb_day()),
        weighted(0.8, target()),
        weighted(0.7, baseline()),
        (filter(schema), select(dates), text(), text()),
        proptest::sample::subsequence(WORDS.to_vec(), 0..=3),
        (any::<bool>(), any::<bool>(), any::<bool>()),
    );
    parts
        .prop_map(move |(evidence, compare, window, target, baseline, fields, elements, flags)| {
            let (inner, done, left_out, group_by) = fields;
            let (calendar, grouped, falling) = flags;
            let (from, to) = (window.0.min(window.1), window.0.max(window.1));
            let mut spec = Map::new();
            let mut put = |key: &str, value: Value| spec.insert(key.to_owned(), value);
            put("kind", json!(kind.code()));
            put("evidence", evidence);
            put("window", json!({ "from": from, "to": to }));
            put("year_basis", json!(if calendar { "calendar" } else { "fiscal" }));
            if let Some(target) = target.or_else(|| needs_target(kind).then(|| plain_target(to))) {
                put("target", with_value(target, kind));
            }
            if let Some(baseline) = baseline.or_else(|| needs_baseline(kind).then(plain_baseline)) {
                put("baseline", baseline);
            }
            if kind == Kind::ShareOfSet {
                put("inner", json!(inner));
            }
            if kind == Kind::ListCompletion {
                put("done", json!(done));
                put("left_out", json!(left_out));
            }
            let grouped = grouped || kind == Kind::DeltaComparison;
            let groups = matches!(
                kind,
                Kind::DeltaComparison | Kind::Trend | Kind::Milestone | Kind::MilestoneCreates
            );
            if groups && grouped {
                put("group_by", json!(group_by));
                put("elements", json!(elements));
            }
            if kind == Kind::DeltaComparison {
                put("compare", compare);
            }
            if kind == Kind::MilestoneCreates {
                put("creates", json!("OI-XX"));
            }
            if kind == Kind::Trend {
                put("falling", json!(falling));
            }
            Value::Object(spec)
        })
        .boxed()
}

fn needs_target(kind: Kind) -> bool {
    kind != Kind::Monitor
}

fn needs_baseline(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::RatioToBaseYear
            | Kind::RatioToCumulative
            | Kind::ThresholdBaseMean
            | Kind::DeltaComparison
    )
}

fn plain_target(by: NaiveDate) -> Value {
    json!({ "value": "3", "by": by })
}

fn plain_baseline() -> Value {
    json!({ "state": "computed", "from_year": 2024 })
}

/// Kinds that ask for a value get one.
fn with_value(mut target: Value, kind: Kind) -> Value {
    let asked = matches!(
        kind,
        Kind::Cumulative
            | Kind::Annual
            | Kind::Stock
            | Kind::RatioToBaseYear
            | Kind::RatioToCumulative
            | Kind::ShareOfSet
    );
    if let Some(target) = target
        .as_object_mut()
        .filter(|target| asked && target.get("value").is_none_or(Value::is_null))
    {
        target.insert("value".to_owned(), json!("2"));
    }
    target
}

fn target() -> BoxedStrategy<Value> {
    let value = weighted(0.8, select(vec!["0", "0.5", "1", "2", "10"]));
    let comparison = select(vec!["at_least", "more_than"]);
    (value, arb_day(), comparison, any::<bool>(), weighted(0.2, select(vec!["1", "0.5"])))
        .prop_map(|(value, by, comparison, each_year, pace)| {
            json!({
                "value": value, "by": by, "comparison": comparison,
                "each_year": each_year, "annual_pace": pace,
            })
        })
        .boxed()
}

fn baseline() -> BoxedStrategy<Value> {
    let state = select(vec!["value", "computed", "computed", "unpublished"]);
    (state, select(vec!["1", "2.5", "7"]), 2023i32..2028, weighted(0.4, 0i32..3), any::<bool>())
        .prop_map(|(state, value, from, more, included)| {
            let mut baseline = json!({ "state": state, "from_year": from, "included": included });
            if let Some(map) = baseline.as_object_mut() {
                if state == "value" {
                    map.insert("value".to_owned(), json!(value));
                }
                if let Some(more) = more {
                    map.insert("to_year".to_owned(), json!(from + more));
                }
            }
            baseline
        })
        .boxed()
}

fn evidence(schema: &'static KindSchema, needs: Needs) -> BoxedStrategy<Value> {
    let dates = fields_of(schema, &[Ty::Date]);
    (
        filter(schema),
        select(dates.clone()),
        weighted(0.6, select(dates)),
        measure(schema, needs),
        vec(link(schema), 0..3),
    )
        .prop_map(move |(filter, date, to, measure, links)| {
            json!({
                "register": schema.kind, "filter": filter, "date": date, "to": to,
                "measure": measure, "link": links,
            })
        })
        .boxed()
}

fn measure(schema: &'static KindSchema, needs: Needs) -> BoxedStrategy<Value> {
    let mut keys = fields_of(schema, &[Ty::Text, Ty::TextList]);
    keys.push("state");
    let numbers = fields_of(schema, &[Ty::Int, Ty::Decimal]);
    let once = weighted(0.8, select(vec!["window", "year", "ever"]));
    let distinct = (select(keys), once).prop_map(|(key, once)| match once {
        Some(once) => json!({ "distinct": key, "once": once }),
        None => json!({ "distinct": key }),
    });
    if needs.distinct {
        return distinct.boxed();
    }
    if numbers.is_empty() {
        return prop_oneof![Just(json!({})), distinct].boxed();
    }
    let sum = select(numbers).prop_map(|number| json!({ "sum": number }));
    if needs.sum {
        return sum.boxed();
    }
    prop_oneof![Just(json!({})), distinct, sum].boxed()
}

/// A link over a reference, or from any key to any text field of another kind.
fn link(schema: &'static KindSchema) -> BoxedStrategy<Value> {
    let keys = fields_of(schema, &[Ty::Text, Ty::TextList]);
    let references: Vec<(&'static str, &'static str)> = schema
        .fields
        .iter()
        .filter_map(|field| match (field.ty, type_of(field)) {
            (FieldType::Ref(kind), Some(_)) if KINDS.contains(&kind) => Some((field.name, kind)),
            _ => None,
        })
        .collect();
    let free = (select(keys.clone()), select(KINDS.to_vec())).prop_flat_map(|(field, kind)| {
        let on = fields_of(super::schema(kind), &[Ty::Text]);
        link_end(field, kind, weighted(0.9, select(on)).boxed())
    });
    if references.is_empty() {
        return free.boxed();
    }
    let by_id =
        select(references).prop_flat_map(|(field, kind)| link_end(field, kind, Just(None).boxed()));
    prop_oneof![2 => by_id, 1 => free].boxed()
}

fn link_end(
    field: &'static str,
    kind: &'static str,
    on: BoxedStrategy<Option<&'static str>>,
) -> BoxedStrategy<Value> {
    let target = schema(kind);
    let dates = fields_of(target, &[Ty::Date]);
    let valid = weighted(0.3, (select(dates.clone()), select(dates)));
    (on, filter(target), valid)
        .prop_map(move |(on, filter, valid)| {
            json!({ "field": field, "register": kind, "on": on, "filter": filter, "valid": valid })
        })
        .boxed()
}

/// A filter of up to three parts; blank lets every record pass.
fn filter(schema: &'static KindSchema) -> BoxedStrategy<String> {
    let leaf = condition(schema);
    let nested = prop_oneof![
        4 => leaf.clone(),
        1 => (leaf.clone(), leaf.clone()).prop_map(|(a, b)| format!("({a} OR {b})")),
        1 => (leaf.clone(), leaf.clone()).prop_map(|(a, b)| format!("NOT ({a} AND {b})")),
        1 => leaf.prop_map(|a| format!("NOT ({a})")),
    ];
    vec(nested, 0..3).prop_map(|parts| parts.join(" AND ")).boxed()
}

fn condition(schema: &'static KindSchema) -> BoxedStrategy<String> {
    let fields: Vec<(&'static str, Ty)> =
        schema.fields.iter().filter_map(|field| Some((field.name, type_of(field)?))).collect();
    let dates = fields_of(schema, &[Ty::Date]);
    let states = schema.states.to_vec();
    prop_oneof![
        12 => select(fields).prop_flat_map(move |(name, ty)| on_field(name, ty, dates.clone())),
        1 => select(states).prop_map(|state| format!("state = '{state}'")),
        1 => select(vec!["TRUE", "FALSE"]).prop_map(str::to_owned),
    ]
    .boxed()
}

fn on_field(name: &'static str, ty: Ty, dates: Vec<&'static str>) -> BoxedStrategy<String> {
    let word = || select(WORDS.to_vec());
    let null =
        select(vec!["IS NULL", "IS NOT NULL"]).prop_map(move |test| format!("{name} {test}"));
    let ordered = || select(vec!["=", "<>", "<", "<=", ">", ">="]);
    match ty {
        Ty::Text => prop_oneof![
            3 => (word(), select(vec!["=", "<>"])).prop_map(move |(w, op)| format!("{name} {op} '{w}'")),
            2 => (word(), word(), select(vec!["IN", "NOT IN"]))
                .prop_map(move |(a, b, op)| format!("{name} {op} ('{a}', '{b}')")),
            1 => null,
        ]
        .boxed(),
        Ty::TextList => prop_oneof![
            2 => (word(), word()).prop_map(move |(a, b)| format!("has({name}, '{a}', '{b}')")),
            1 => (0i64..3, ordered()).prop_map(move |(n, op)| format!("count({name}) {op} {n}")),
            1 => null,
        ]
        .boxed(),
        Ty::Date => prop_oneof![
            2 => (arb_day(), ordered()).prop_map(move |(day, op)| format!("{name} {op} DATE '{day}'")),
            1 => (arb_day(), arb_day())
                .prop_map(move |(a, b)| format!("{name} BETWEEN DATE '{a}' AND DATE '{b}'")),
            1 => (2023i32..2030, ordered())
                .prop_map(move |(year, op)| format!("fiscal_year({name}) {op} {year}")),
            1 => (select(dates), ordered()).prop_map(move |(other, op)| format!("{name} {op} {other}")),
            1 => null,
        ]
        .boxed(),
        Ty::Int | Ty::Decimal => prop_oneof![
            2 => (select(vec!["-1", "0", "0.5", "1", "1.5", "3"]), ordered())
                .prop_map(move |(n, op)| format!("{name} {op} {n}")),
            1 => (0i64..3, 0i64..6).prop_map(move |(a, b)| format!("{name} BETWEEN {a} AND {b}")),
            1 => (0i64..3, 0i64..6).prop_map(move |(a, b)| format!("{name} IN ({a}, {b}, 1.5)")),
            1 => null,
        ]
        .boxed(),
        Ty::Bool => prop_oneof![
            2 => Just(name.to_owned()),
            2 => Just(format!("NOT {name}")),
            1 => any::<bool>().prop_map(move |truth| format!("{name} = {truth}")),
            1 => null,
        ]
        .boxed(),
    }
}
