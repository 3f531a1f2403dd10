//! The attacker against enumeration of every possible table.

use std::collections::BTreeMap;

use proptest::prelude::*;
use shirube_gate::attack::{Options, Proof, System, Verdict, attack, attack_tables};
use shirube_gate::table::{Cell, CellRef, Dimension, Interval, Measure, Relation, Table, TableSet};

use crate::sample;

/// Least and greatest value of every unknown over all whole solutions, by
/// trying everything. `None` when there are too many.
fn enumerate(system: &System) -> Option<Vec<Interval>> {
    let unknowns = system.unknowns();
    let mut last = vec![Vec::new(); unknowns.len()];
    for equation in 0..system.equations() {
        if let Some(v) = system.terms(equation).iter().map(|t| t.0).max() {
            last[v as usize].push(equation);
        }
    }
    let mut found: Vec<Option<Interval>> = vec![None; unknowns.len()];
    let mut values = vec![0_i64; unknowns.len()];
    let mut steps = 0_u64;
    descend(system, &last, 0, &mut values, &mut found, &mut steps);
    if steps > 400_000 {
        return None;
    }
    found.into_iter().collect()
}

fn descend(
    system: &System,
    last: &[Vec<usize>],
    at: usize,
    values: &mut Vec<i64>,
    found: &mut [Option<Interval>],
    steps: &mut u64,
) {
    *steps += 1;
    if *steps > 400_000 {
        return;
    }
    if at == values.len() {
        for (found, value) in found.iter_mut().zip(values.iter()) {
            *found = Some(match found {
                None => Interval::point(*value),
                Some(i) => Interval::new(i.lo.min(*value), i.hi.max(*value)),
            });
        }
        return;
    }
    let bounds = system.unknowns()[at].bounds;
    'value: for value in bounds.lo..=bounds.hi {
        values[at] = value;
        for equation in &last[at] {
            let sum: i64 =
                system.terms(*equation).iter().map(|(v, c)| values[*v as usize] * c).sum();
            if !system.sum(*equation).contains(sum) {
                continue 'value;
            }
        }
        descend(system, last, at + 1, values, found, steps);
    }
}

fn agrees(set: &TableSet) -> Result<(), TestCaseError> {
    let system = System::of(set);
    if system.unknowns().len() > 14 {
        return Ok(());
    }
    let Some(truth) = enumerate(&system) else { return Ok(()) };
    let found = attack(&system, &Options::exact(2), None);
    prop_assert!(found.infeasible.is_empty() && found.broken.is_empty());
    let by_cell: BTreeMap<CellRef, Interval> =
        system.unknowns().iter().zip(&truth).map(|(u, i)| (u.cell, *i)).collect();
    for cell in &found.cells {
        prop_assert_eq!(cell.bounds, by_cell[&cell.cell], "{:?}", cell);
        prop_assert!(cell.exact(), "{:?}", cell);
    }
    // Deciding comes to the same verdicts.
    let decided = attack(&system, &Options::deciding(2), None);
    for (a, b) in found.cells.iter().zip(&decided.cells) {
        prop_assert_eq!(a.verdict, b.verdict);
    }
    prop_assert_eq!(found.findings.len(), found.cells.len() - found.count(Verdict::Safe));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn bounds_are_those_of_all_possible_tables(
        table in sample::any_table(1..=3, 5),
        bits in prop::collection::vec(prop::bool::weighted(0.25), 60),
        low in 0_i64..=1,
    ) {
        // A mask that excludes the true zero would be a false statement.
        let low = if table.cells().contains(&Cell::Published(0)) { 0 } else { low };
        let set = sample::hide(&TableSet::single(table), &bits, Interval::new(low, 6));
        prop_assume!(has_solution(&set));
        agrees(&set)?;
    }

    #[test]
    fn bounds_of_linked_tables(
        set in sample::any_linked(4),
        bits in prop::collection::vec(prop::bool::weighted(0.3), 40),
    ) {
        let set = sample::hide(&set, &bits, Interval::new(0, 40));
        agrees(&set)?;
    }

    #[test]
    fn the_truth_is_always_possible(
        table in sample::any_table(2..=4, 30),
        bits in prop::collection::vec(prop::bool::weighted(0.5), 97),
    ) {
        let set = TableSet::single(table.clone());
        let hidden = sample::hide(&set, &bits, Interval::NON_NEGATIVE);
        let found = attack_tables(&hidden, &Options::exact(3));
        for cell in &found.cells {
            let value = table.cell(cell.cell.cell as usize).published().unwrap();
            prop_assert!(cell.bounds.contains(value), "{:?} {}", cell, value);
            if let Some(reached) = cell.reached {
                prop_assert!(cell.bounds.lo <= reached.lo && reached.hi <= cell.bounds.hi);
            }
        }
        prop_assert_eq!(&found, &attack_tables(&hidden, &Options::exact(3)));
    }

    #[test]
    fn rounded_numbers_bound_the_truth(
        table in sample::any_table(2..=3, 60),
        bits in prop::collection::vec(prop::bool::weighted(0.2), 53),
    ) {
        let mut rounded = table.clone();
        rounded.measure = Measure::count().rounded(5);
        for n in 0..rounded.len() {
            let value = table.cell(n).published().unwrap();
            rounded.put(n, Cell::Published((value + 2) / 5 * 5));
        }
        let hidden = sample::hide(&TableSet::single(rounded), &bits, Interval::NON_NEGATIVE);
        let found = attack_tables(&hidden, &Options::exact(3));
        prop_assert!(found.broken.is_empty() && found.infeasible.is_empty());
        for cell in &found.cells {
            let value = table.cell(cell.cell.cell as usize).published().unwrap();
            prop_assert!(cell.bounds.contains(value));
        }
    }
}

/// Whether the masks leave any possible table: a hidden total above the mask's
/// end contradicts it.
fn has_solution(set: &TableSet) -> bool {
    let system = System::of(set);
    system.unknowns().len() <= 14 && enumerate(&system).is_some()
}

fn flat_row(values: &[Option<i64>], total: Option<i64>, mask: Interval) -> TableSet {
    let names: Vec<String> = (0..values.len()).map(|n| format!("c{n}")).collect();
    let dimension = Dimension::flat("d", "T", names).unwrap();
    let mut table = Table::new("row", vec![dimension], Measure::count()).unwrap();
    let cell = |v: Option<i64>| v.map_or(Cell::Hidden(mask), Cell::Published);
    table.put(0, cell(total));
    for (n, value) in values.iter().enumerate() {
        table.put(n + 1, cell(*value));
    }
    TableSet::single(table)
}

#[test]
fn one_masked_cell_beside_its_total_is_told() {
    let set = flat_row(&[Some(31), None, Some(12)], Some(45), Interval::new(1, 9));
    let found = attack_tables(&set, &Options::deciding(3));
    assert_eq!(found.findings.len(), 1);
    let finding = &found.findings[0];
    assert_eq!((finding.bounds, finding.verdict), (Interval::point(2), Verdict::Recoverable));
    let Proof::Chain { steps, cut: false } = &finding.proof else { panic!("{finding:?}") };
    assert!(!steps.is_empty());
}

#[test]
fn a_total_of_zero_tells_its_masked_parts() {
    let set = flat_row(&[Some(0), None, None], Some(0), Interval::NON_NEGATIVE);
    let found = attack_tables(&set, &Options::deciding(3));
    assert_eq!(found.count(Verdict::Recoverable), 2);
    assert!(found.findings.iter().all(|f| f.bounds == Interval::point(0)));
}

#[test]
fn two_masks_of_at_least_one_that_sum_to_two() {
    let set = flat_row(&[None, None], Some(2), Interval::new(1, 9));
    let found = attack_tables(&set, &Options::deciding(3));
    assert!(found.findings.iter().all(|f| f.bounds == Interval::point(1)), "{found:?}");
    let weak = flat_row(&[None, None], Some(3), Interval::new(1, 9));
    let found = attack_tables(&weak, &Options::deciding(3));
    assert_eq!(found.count(Verdict::Weak), 2);
}

#[test]
fn numbers_that_do_not_add_up_are_reported_and_set_aside() {
    let set = flat_row(&[Some(3), Some(4)], Some(8), Interval::NON_NEGATIVE);
    let found = attack_tables(&set, &Options::deciding(3));
    assert_eq!(found.broken.len(), 1);
    assert_eq!(found.broken[0].gap.map(i64::abs), Some(1));
    let set = flat_row(&[Some(30), None], Some(8), Interval::new(1, 9));
    let found = attack_tables(&set, &Options::deciding(3));
    assert_eq!(found.broken.len(), 1);
    assert_eq!(found.cells[0].bounds, Interval::new(1, 9));
}

#[test]
fn a_cell_printed_in_a_linked_table_is_told() {
    let d = |name: &str| Dimension::flat(name, "T", ["x", "y"]).unwrap();
    let a = sample::table("a", vec![d("p"), d("q")], &[4, 6, 8, 10]);
    let b = {
        let mut t = Table::new("b", vec![d("p")], Measure::count()).unwrap();
        for (code, value) in [("T", 28), ("x", 10), ("y", 18)] {
            t.set(&[code], Cell::Published(value)).unwrap();
        }
        t
    };
    let mut a = a;
    a.set(&["x", "T"], Cell::Hidden(Interval::NON_NEGATIVE)).unwrap();
    a.set(&["y", "T"], Cell::Hidden(Interval::NON_NEGATIVE)).unwrap();
    a.set(&["x", "x"], Cell::Hidden(Interval::NON_NEGATIVE)).unwrap();
    a.set(&["y", "x"], Cell::Hidden(Interval::NON_NEGATIVE)).unwrap();
    let alone = attack_tables(&TableSet::single(a.clone()), &Options::deciding(2));
    assert_eq!(alone.findings.len(), 0, "{alone:?}");
    let linked = attack_tables(&TableSet::linked(vec![a, b]), &Options::deciding(2));
    assert_eq!(linked.count(Verdict::Recoverable), 4);
    assert!(linked.findings.iter().any(|f| matches!(f.proof, Proof::Printed { .. })));
}

#[test]
fn an_extra_relation_counts() {
    let mut set = flat_row(&[None, None, Some(5)], Some(20), Interval::NON_NEGATIVE);
    assert!(attack_tables(&set, &Options::deciding(2)).safe());
    set.relations.push(Relation {
        note: "the first is twice the second".to_owned(),
        terms: vec![(CellRef::new(0, 1), 1), (CellRef::new(0, 2), -2)],
        sum: Interval::point(0),
    });
    let found = attack_tables(&set, &Options::deciding(2));
    let values: Vec<i64> = found.findings.iter().map(|f| f.bounds.lo).collect();
    assert_eq!(values, [10, 5]);
    assert!(!matches!(found.findings[0].proof, Proof::Mark));
    set.relations[0].terms.push((CellRef::new(4, 0), 1));
    assert_eq!(set.check().unwrap_err().code, "gate.table.relation");
}

#[test]
fn a_missing_total_leaves_an_inequality() {
    let d = |name: &str| Dimension::flat(name, "T", ["x", "y"]).unwrap();
    let mut t = sample::table("t", vec![d("p"), d("q")], &[4, 6, 8, 10]);
    t.set(&["x", "T"], Cell::Missing).unwrap();
    t.set(&["x", "x"], Cell::Hidden(Interval::NON_NEGATIVE)).unwrap();
    t.set(&["y", "x"], Cell::Hidden(Interval::NON_NEGATIVE)).unwrap();
    let found = attack_tables(&TableSet::single(t.clone()), &Options::exact(2));
    // The row total of y is printed, so y×x = 18 - 10, and x×x follows.
    assert_eq!(found.count(Verdict::Recoverable), 2);
    t.set(&["y", "T"], Cell::Missing).unwrap();
    let found = attack_tables(&TableSet::single(t), &Options::exact(2));
    assert!(found.safe());
    assert_eq!(found.cells[0].bounds, Interval::new(0, 12));
}
