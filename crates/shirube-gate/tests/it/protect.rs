//! The protector, judged by the attacker.

use proptest::prelude::*;
use shirube_gate::attack::{Options, Verdict, attack_tables};
use shirube_gate::policy::{Policy, Zeros};
use shirube_gate::protect::{
    Approach, Effort, Primary, Protected, Task, Weight, cheapest, primaries, protect,
    protect_counts,
};
use shirube_gate::table::{Cell, CellRef, TableSet};

use crate::sample;

fn policy(width: i64, zeros: Zeros) -> Policy {
    Policy { threshold: 4, width, zeros, ..Policy::embedded("custom").unwrap() }
}

/// Whether the tables agree with the true ones except for masks, every
/// sensitive cell is masked, and the attacker finds nothing.
fn holds(set: &TableSet, policy: &Policy, safe: &Protected) -> Result<(), TestCaseError> {
    for (table, masked) in set.tables.iter().zip(&safe.set.tables) {
        for number in 0..table.len() {
            match masked.cell(number) {
                Cell::Hidden(mask) => {
                    prop_assert!(mask.contains(table.cell(number).published().unwrap()));
                }
                cell => prop_assert_eq!(cell, table.cell(number)),
            }
        }
    }
    for primary in primaries(set, policy, None, |_| None) {
        let table = &safe.set.tables[primary.cell.table as usize];
        prop_assert!(table.cell(primary.cell.cell as usize).is_hidden());
    }
    let found = attack_tables(&safe.set, &Options::deciding(policy.width));
    prop_assert_eq!(found.count(Verdict::Safe), found.cells.len(), "{:?}", found.findings);
    Ok(())
}

fn attempt(set: &TableSet, policy: &Policy, effort: Effort) -> Result<bool, TestCaseError> {
    let primary = primaries(set, policy, None, |_| None);
    let task = Task { set, policy, primary: &primary, forced: &[], weight: Weight::One, effort };
    match protect(&task) {
        Ok(safe) => {
            holds(set, policy, &safe)?;
            let again = protect(&task).unwrap();
            prop_assert_eq!(&safe.set, &again.set);
            prop_assert_eq!(&safe.attack, &again.attack);
            Ok(true)
        }
        Err(refusal) => {
            // With nothing forced, a leaf below a sensitive cell can always rise
            // together with all its totals.
            prop_assert!(false, "{}", refusal.code);
            Ok(false)
        }
    }
}

const CIRCUITS: Effort = Effort {
    entries_max: 0,
    operations_max: 0,
    orders_max: 0,
    boxes_max: 4_000,
    improve_max: 20_000,
};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn the_attacker_never_beats_the_protector(
        table in sample::any_table(2..=4, 14),
        width in 1_i64..=4,
        zeros in prop::sample::select(vec![Zeros::Shown, Zeros::Hidden, Zeros::Candidate]),
        circuits in any::<bool>(),
    ) {
        let effort = if circuits { CIRCUITS } else { Effort::default() };
        attempt(&TableSet::single(table), &policy(width, zeros), effort)?;
    }

    #[test]
    fn nor_over_linked_tables(
        set in sample::any_linked(5),
        width in 1_i64..=3,
        circuits in any::<bool>(),
    ) {
        let effort = if circuits { CIRCUITS } else { Effort::default() };
        attempt(&set, &policy(width, Zeros::Candidate), effort)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn cost_is_near_the_least_possible(values in prop::collection::vec(1_i64..14, 9)) {
        let dimensions =
            vec![sample::dimension("a", 3, false), sample::dimension("b", 3, false)];
        let set = TableSet::single(sample::table("t", dimensions, &values));
        let policy = policy(1, Zeros::Shown);
        let primary = primaries(&set, &policy, None, |_| None);
        let task = Task {
            set: &set,
            policy: &policy,
            primary: &primary,
            forced: &[],
            weight: Weight::One,
            effort: Effort::default(),
        };
        if let Some((least, _)) = cheapest(&task) {
            let own = protect(&task).unwrap().secondary.len() as u64;
            prop_assert!(own >= least || primary.is_empty(), "{own} < {least}");
            prop_assert!(own <= least + 3, "{own} > {least} + 3");
        }
    }
}

#[test]
fn one_small_cell_in_a_two_way_table_needs_three_others() {
    let dimensions = vec![sample::dimension("a", 3, false), sample::dimension("b", 3, false)];
    let set =
        TableSet::single(sample::table("t", dimensions, &[2, 20, 30, 25, 40, 35, 28, 33, 50]));
    for effort in [Effort::default(), CIRCUITS] {
        let policy = policy(3, Zeros::Shown);
        let primary = primaries(&set, &policy, None, |_| None);
        assert_eq!(primary.len(), 1);
        for weight in [Weight::One, Weight::Value, Weight::LogValue] {
            let task =
                Task { set: &set, policy: &policy, primary: &primary, forced: &[], weight, effort };
            let safe = protect(&task).unwrap();
            assert_eq!(safe.secondary.len(), 3, "{:?} {:?}", safe.approach, safe.secondary);
            let (least, _) = cheapest(&task).unwrap_or((0, Vec::new()));
            if matches!(weight, Weight::Value) && effort != CIRCUITS {
                assert_eq!(least, safe.secondary_value.unsigned_abs());
            }
        }
    }
}

#[test]
fn nothing_sensitive_nothing_hidden() {
    let dimensions = vec![sample::dimension("a", 3, false)];
    let set = TableSet::single(sample::table("t", dimensions, &[12, 20, 30]));
    let safe = protect_counts(&set, &policy(3, Zeros::Shown)).unwrap();
    assert_eq!((safe.approach, safe.set), (Approach::Nothing, set));
}

#[test]
fn a_table_that_cannot_be_protected_is_refused() {
    let dimensions = vec![sample::dimension("a", 2, false)];
    let set = TableSet::single(sample::table("t", dimensions, &[2, 20]));
    let policy = policy(3, Zeros::Shown);
    let primary = primaries(&set, &policy, None, |_| None);
    let forced = [CellRef::new(0, 0), CellRef::new(0, 2)];
    let task = Task {
        set: &set,
        policy: &policy,
        primary: &primary,
        forced: &forced,
        weight: Weight::One,
        effort: Effort::default(),
    };
    assert_eq!(protect(&task).unwrap_err().code, "gate.protect.impossible");
    let missing = [Primary { cell: CellRef::new(0, 99), width: 1, threshold: 0 }];
    let task = Task { primary: &missing, ..task };
    assert_eq!(protect(&task).unwrap_err().code, "gate.protect.not_published");
}
