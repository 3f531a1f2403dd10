//! The evidence moves every indicator of the reference pack, in every reading.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use shirube_model::filter::{Field, Filter, Row, Truth, Value};
use shirube_model::indicator::{Evidence, Link, ReadingId, Spec};
use shirube_model::record::{RecordVersion, Standing};
use shirube_testkit::evidence::versions;

use crate::evidence::{SIZES, pack};

type Latest = BTreeMap<String, Vec<RecordVersion>>;

/// The last version of every active record, by kind.
fn latest(events: usize) -> Latest {
    let mut last = BTreeMap::new();
    for version in versions(1, events) {
        last.insert(version.id.clone(), version);
    }
    let mut out = Latest::new();
    for version in last.into_values().filter(|v| v.standing == Standing::Active) {
        out.entry(version.kind.clone()).or_default().push(version);
    }
    out
}

fn passes(filter: &Filter, record: &RecordVersion) -> bool {
    let row = Row { state: &record.state, body: &record.body };
    filter.parts.iter().all(|part| row.decide(&part.cond) == Truth::True)
}

fn texts(record: &RecordVersion, field: Field) -> Vec<String> {
    let row = Row { state: &record.state, body: &record.body };
    match row.value(field) {
        Some(Value::Text(text)) => vec![text],
        _ => row.list(field.name).into_iter().map(str::to_owned).collect(),
    }
}

fn targets(link: &Link, latest: &Latest) -> BTreeSet<String> {
    let records = latest.get(link.register.kind).into_iter().flatten();
    records
        .filter(|record| passes(&link.filter, record))
        .flat_map(|record| match link.on {
            None => vec![record.id.to_string()],
            Some(field) => texts(record, field),
        })
        .collect()
}

/// Days of the records that pass the filter and whose links find something.
fn days(evidence: &Evidence, latest: &Latest) -> Vec<NaiveDate> {
    let links: Vec<_> = evidence.links.iter().map(|l| (l.field, targets(l, latest))).collect();
    let records = latest.get(evidence.register.kind).into_iter().flatten();
    records
        .filter(|record| passes(&evidence.filter, record))
        .filter(|record| {
            links
                .iter()
                .all(|(field, found)| texts(record, *field).iter().any(|key| found.contains(key)))
        })
        .filter_map(|record| {
            let row = Row { state: &record.state, body: &record.body };
            match row.value(evidence.date) {
                Some(Value::Date(day)) => Some(day),
                _ => None,
            }
        })
        .collect()
}

fn moved(spec: &Spec, latest: &Latest) -> bool {
    spec.evidences().all(|evidence| {
        // A stock counts what began before the window, too.
        days(evidence, latest)
            .iter()
            .any(|&day| day <= spec.window.to && (evidence.to.is_some() || day >= spec.window.from))
    })
}

/// Readings that nothing in the evidence speaks to, on purpose.
const SILENT: [(&str, &str, &str); 1] = [("OI-11b", "year", "in-2033")];

#[test]
fn every_reading_of_every_indicator_finds_evidence() {
    let pack = pack();
    assert!(pack.indicators.len() >= 47);
    for events in SIZES {
        let latest = latest(events);
        let mut silent = Vec::new();
        for indicator in &pack.indicators {
            let base = Spec::compile(&indicator.spec).unwrap();
            assert!(moved(&base, &latest), "{} at {events}", indicator.id);
            for (question, reading) in indicator.readings() {
                let id = ReadingId { question: question.id.clone(), reading: reading.id.clone() };
                if !moved(&indicator.reading_spec(&id).unwrap(), &latest) {
                    silent.push((indicator.id.clone(), id.question, id.reading));
                }
            }
        }
        let silent: Vec<_> =
            silent.iter().map(|(i, q, r)| (i.as_str(), q.as_str(), r.as_str())).collect();
        assert_eq!(silent, SILENT, "at {events}");
    }
}
