//! The strategies give what their users rely on.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use shirube_model::calendar::end_of_japan_day;
use shirube_model::indicator::{Kind, Spec};
use shirube_model::record::Standing;
use shirube_model::registers;
use shirube_testkit::arbitrary::{
    arb_case, arb_day, arb_spec, arb_spec_of, arb_versions, registers_on,
};

proptest! {
    #[test]
    fn specs_compile(spec in arb_spec()) {
        prop_assert!(Spec::compile(&spec).is_ok(), "{spec:#}");
    }

    #[test]
    fn versions_are_in_ledger_order_and_well_formed(versions in arb_versions()) {
        let mut last = None;
        for (index, version) in versions.iter().enumerate() {
            prop_assert_eq!(version.seq, index as u64 + 1);
            prop_assert!(last <= Some(version.recorded_at));
            last = Some(version.recorded_at);
            let schema = registers::kind(&version.kind).unwrap();
            prop_assert_eq!(schema.prefix, version.id.prefix());
            prop_assert_eq!(registers::check_fields(schema, &version.body), vec![]);
            prop_assert!(schema.state(&version.state).is_some());
            let duplicate = version.standing == Standing::Duplicate;
            prop_assert_eq!(version.duplicate_of.is_some(), duplicate);
            let earlier = versions[..index].iter().filter(|v| v.id == version.id).count();
            prop_assert_eq!(version.version as usize, earlier + 1);
        }
    }

    #[test]
    fn registers_hold_the_latest_version_known_on_the_day(
        versions in arb_versions(),
        day in arb_day(),
    ) {
        let registers = registers_on(&versions, day);
        let known: Vec<_> =
            versions.iter().filter(|v| v.recorded_at <= end_of_japan_day(day)).collect();
        let ids: BTreeSet<_> = known.iter().map(|v| &v.id).collect();
        prop_assert_eq!(registers.values().map(Vec::len).sum::<usize>(), ids.len());
        for record in registers.values().flatten() {
            let latest = known.iter().rfind(|v| v.id == record.id).unwrap();
            prop_assert_eq!(record, *latest);
        }
    }
}

#[test]
fn every_kind_of_indicator_is_drawn() {
    let mut runner = TestRunner::deterministic();
    for kind in Kind::ALL {
        for _ in 0..20 {
            let spec = arb_spec_of(kind).new_tree(&mut runner).unwrap().current();
            assert_eq!(Spec::compile(&spec).unwrap().kind, kind);
        }
    }
}

/// The draws would test little if hardly any spec had links, filters, distinct
/// keys or records that meet it.
#[test]
fn draws_are_rich() {
    let mut runner = TestRunner::deterministic();
    let (mut linked, mut filtered, mut distinct, mut records, mut valid) = (0, 0, 0, 0, 0);
    for _ in 0..200 {
        let case = arb_case().new_tree(&mut runner).unwrap().current();
        let spec = Spec::compile(&case.spec).unwrap();
        linked += usize::from(!spec.evidence.links.is_empty());
        valid += usize::from(spec.evidence.links.iter().any(|link| link.valid.is_some()));
        filtered += usize::from(!spec.evidence.filter.parts.is_empty());
        distinct += usize::from(case.spec["evidence"]["measure"]["distinct"].is_string());
        let register = spec.evidence.register.kind;
        records += case.versions.iter().filter(|v| v.kind == register).count();
    }
    let found = [linked, filtered, distinct, valid, records / 10];
    assert!(found.iter().all(|&n| n >= 25), "{found:?}");
}
