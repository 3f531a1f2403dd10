//! The evidence is the same every time, complete, and valid.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;
use sha2::{Digest, Sha256};
use shirube_model::ident::RecordId;
use shirube_model::record::{RecordVersion, Standing};
use shirube_model::registers::{self, KINDS};
use shirube_model::schema::{FieldType, KindSchema};
use shirube_pack::Pack;
use shirube_testkit::evidence::{core_len, faults, in_memory, traps, versions};
use shirube_testkit::{DemoEvent, Evidence, Op};

/// The core alone, some bulk, much bulk.
pub const SIZES: [usize; 3] = [2_000, 3_000, 20_000];

pub fn pack() -> Pack {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packs/japan-2025");
    Pack::read(&dir).unwrap()
}

fn digest(seed: u64, events: usize) -> String {
    let mut hasher = Sha256::new();
    for event in Evidence::new(seed, events) {
        hasher.update(format!("{event:?}\n"));
    }
    hex::encode(hasher.finalize())
}

#[test]
fn the_same_seed_and_size_give_the_same_events() {
    for events in SIZES {
        assert_eq!(digest(7, events), digest(7, events));
        assert_ne!(digest(7, events), digest(8, events));
    }
}

#[test]
fn there_are_as_many_events_as_asked_for() {
    for events in [core_len(1), 3_001, 7_777, 20_000] {
        let evidence = Evidence::new(1, events);
        assert_eq!(evidence.len(), events);
        assert_eq!(evidence.count(), events);
    }
    for events in [0, 2_000] {
        assert_eq!(Evidence::new(1, events).count(), core_len(1));
    }
    assert!((2_300..3_000).contains(&core_len(1)), "{}", core_len(1));
}

#[test]
fn the_registers_accept_every_step_of_the_core() {
    for seed in 0..5 {
        assert_eq!(faults(seed), Vec::<String>::new());
    }
}

#[test]
fn events_are_in_order_and_versions_follow_each_other() {
    for events in SIZES {
        let mut last = None;
        let mut latest: BTreeMap<RecordId, DemoEvent> = BTreeMap::new();
        for event in Evidence::new(3, events) {
            assert!(last <= Some(event.recorded_at));
            last = Some(event.recorded_at);
            let schema = registers::kind(event.kind).unwrap();
            let derived = RecordId::derive(schema.prefix, &event.source.system, &event.source.key);
            assert_eq!(event.id, derived);
            let before = latest.get(&event.id);
            assert_eq!(event.version, before.map_or(0, |before| before.version) + 1);
            assert_eq!(before.is_none(), event.op == Op::Create);
            if let (Op::Correct, Some(before)) = (&event.op, before) {
                assert_ne!(before.body, event.body, "{} {:?}", event.kind, event.source);
            }
            latest.insert(event.id.clone(), event);
        }
        let (first, end) = ("2024-04-01", "2030-06-01");
        let all = Evidence::new(3, events);
        for at in all.map(|event| event.recorded_at.to_rfc3339()) {
            assert!((first..end).contains(&at.as_str()), "{at}");
        }
    }
}

#[test]
fn every_kind_and_every_body_is_valid() {
    for events in SIZES {
        let mut kinds = BTreeSet::new();
        for version in versions(5, events) {
            let schema = registers::kind(&version.kind).unwrap();
            assert_eq!(
                (schema.check)(&version.body),
                Ok(()),
                "{} {:?}",
                version.kind,
                version.body
            );
            assert_eq!(registers::canonical(version.body.clone()), version.body);
            kinds.insert(version.kind);
        }
        assert_eq!(kinds.len(), KINDS.len());
    }
}

/// The values of the fields of a body, with the type of their field.
fn values<'a>(
    schema: &'static KindSchema,
    version: &'a RecordVersion,
) -> impl Iterator<Item = (&'static str, FieldType, &'a str)> {
    schema.fields.iter().flat_map(|field| {
        let found: Vec<&str> = match version.body.get(field.name) {
            Some(Value::String(text)) => vec![text],
            Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).collect(),
            _ => vec![],
        };
        found.into_iter().map(|value| (field.name, field.ty, value))
    })
}

#[test]
fn every_code_is_in_its_vocabulary() {
    let pack = pack();
    for version in versions(5, 20_000) {
        let schema = registers::kind(&version.kind).unwrap();
        for (name, ty, value) in values(schema, &version) {
            if let FieldType::Code(vocabulary) = ty {
                let term = pack.term(vocabulary, value);
                assert!(term.is_some(), "{} {name} {vocabulary}: {value}", version.kind);
            }
        }
    }
}

#[test]
fn references_point_to_records_made_before_except_in_traps() {
    let trapped: BTreeSet<RecordId> = traps().into_iter().map(|trap| trap.record).collect();
    for (seed, events) in [(1, 0), (2, 0), (3, 0), (4, 3_000), (5, 20_000)] {
        let mut made = BTreeSet::new();
        let mut missing = BTreeSet::new();
        for version in versions(seed, events) {
            let schema = registers::kind(&version.kind).unwrap();
            for (name, ty, value) in values(schema, &version) {
                if matches!(ty, FieldType::Ref(_)) && !made.contains(value) {
                    assert!(trapped.contains(&version.id), "{} {name}", version.kind);
                    missing.insert(version.id.clone());
                }
            }
            made.insert(version.id.to_string());
        }
        assert_eq!(missing.len(), 1);
    }
}

#[test]
fn identifiers_are_shared_only_where_meant() {
    let mut numbers = BTreeMap::new();
    for version in versions(5, 20_000).filter(|v| v.version == 1 && v.kind == "organisation") {
        if let Some(number) = version.body.get("corporate_number") {
            let before = numbers.insert(number.as_str().unwrap().to_owned(), version.id.clone());
            assert_eq!(before, None, "{number}");
        }
    }
    assert!(numbers.len() > 150);
}

#[test]
fn the_list_of_traps_is_complete() {
    let traps = traps();
    let found: BTreeSet<&str> = traps.iter().map(|trap| trap.id).collect();
    let wanted = [
        "baseline-day",
        "boundary-day",
        "dated-ahead",
        "duplicate",
        "duplicate-unmarked",
        "first-before-window",
        "foreign",
        "japan-midnight",
        "late-record",
        "left-out",
        "link-to-withdrawn",
        "listed-later",
        "missing-link",
        "moved-in",
        "moved-out",
        "moved-year",
        "no-counterpart",
        "no-date",
        "other-funder",
        "person-next-year",
        "person-twice",
        "prefecture",
        "put-back",
        "restored",
        "revoked",
        "several-core-hospitals",
        "several-projects",
        "superseded",
        "two-routes",
        "undecided",
        "withdrawn",
    ];
    assert_eq!(found, BTreeSet::from(wanted));
    let latest: BTreeMap<RecordId, RecordVersion> =
        in_memory(0, 1).into_iter().map(|version| (version.id.clone(), version)).collect();
    for trap in &traps {
        let record = &latest[&trap.record];
        assert_eq!(record.kind, trap.kind);
        let standing = match trap.id {
            "duplicate" => Standing::Duplicate,
            "withdrawn" => Standing::Withdrawn,
            _ => Standing::Active,
        };
        assert_eq!(record.standing, standing, "{}", trap.id);
        assert!(!trap.expect.is_empty());
    }
}
