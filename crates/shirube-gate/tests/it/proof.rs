//! Proofs by combination, added up again from what is printed.

use std::collections::BTreeMap;

use proptest::prelude::*;
use shirube_gate::attack::{
    Attack, Finding, Options, Origin, Proof, ProofEnd, Verdict, attack_tables,
};
use shirube_gate::table::{Cell, CellRef, Interval, Table, TableSet};

use crate::sample;

/// A printed equation: its terms, which add up to zero.
fn equation(table: &Table, origin: Origin) -> Vec<(usize, i64)> {
    let Origin::Rollup { dimension, rollup, total, .. } = origin else {
        panic!("a single table has roll-ups only: {origin:?}");
    };
    let rollup = &table.dimensions()[dimension as usize].rollups()[rollup as usize];
    let mut address = table.address(total as usize);
    assert_eq!(address[dimension as usize], rollup.total);
    let mut terms = vec![(total as usize, -1)];
    for part in &rollup.parts {
        address[dimension as usize] = *part;
        terms.push((table.number(&address).unwrap(), 1));
    }
    terms
}

/// The end of the cell's range that the combination proves, given what is
/// known of the other hidden cells: multiplies the equations out, keeps the
/// cell on one side and everything else on the other.
fn proven(table: &Table, found: &Attack, cell: CellRef, end: &ProofEnd) -> i64 {
    let mut weights: BTreeMap<usize, i64> = BTreeMap::new();
    for (origin, multiplier) in &end.terms {
        for (number, coefficient) in equation(table, *origin) {
            *weights.entry(number).or_default() += multiplier * coefficient;
        }
    }
    let known = |number: usize| -> Interval {
        match table.cell(number) {
            Cell::Published(value) => Interval::point(value),
            _ => found.cells.iter().find(|c| c.cell == CellRef::new(0, number)).unwrap().bounds,
        }
    };
    let own = weights.remove(&(cell.cell as usize)).unwrap();
    assert_ne!(own, 0);
    // own x cell = -(the rest): the greatest of it for an upper end.
    let mut sum = 0_i64;
    for (number, weight) in weights.into_iter().filter(|(_, w)| *w != 0) {
        let bounds = known(number);
        let part = -weight * own.signum();
        let side = if (part > 0) == end.upper { bounds.hi } else { bounds.lo };
        assert!(side != i64::MAX && side != i64::MIN, "an open end proves nothing");
        sum += part * side;
    }
    let size = own.abs();
    if end.upper { sum.div_euclid(size) } else { -(-sum).div_euclid(size) }
}

/// Adds every combination up; the number of ends looked at.
fn verify(truth: &Table, masked: &Table, found: &Attack) -> usize {
    let mut count = 0;
    for finding in &found.findings {
        let Finding { cell, bounds, verdict, proof } = finding;
        let value = truth.cell(cell.cell as usize).published().unwrap();
        assert!(bounds.contains(value));
        let Proof::Combination { ends, .. } = proof else { continue };
        for end in ends {
            count += 1;
            let stated = if end.upper { bounds.hi } else { bounds.lo };
            let own = proven(masked, found, *cell, end);
            // What is known of the others in the end may say even more.
            let holds = if end.upper {
                value <= own && own <= stated
            } else {
                stated <= own && own <= value
            };
            assert!(holds, "{finding:?}: {own}, true {value}");
            if *verdict == Verdict::Recoverable {
                assert_eq!(own, value, "the combination gives the number itself");
            }
        }
    }
    count
}

#[test]
fn a_number_told_by_two_rows_and_two_columns() {
    let dimensions = vec![sample::dimension("a", 4, false), sample::dimension("b", 4, false)];
    let values = [20, 30, 10, 10, 25, 40, 10, 10, 15, 10, 22, 33, 10, 10, 31, 27];
    let truth = sample::table("t", dimensions, &values);
    let mut masked = truth.clone();
    // Two blocks of four, and one cell that joins them: the sums of columns b0
    // and b1 less those of rows a0 and a1 leave that cell alone.
    for ids in ["a0 b0", "a0 b1", "a1 b0", "a1 b1", "a2 b0", "a2 b2", "a2 b3", "a3 b2", "a3 b3"] {
        let ids: Vec<&str> = ids.split(' ').collect();
        masked.set(&ids, Cell::Hidden(Interval::NON_NEGATIVE)).unwrap();
    }
    let found = attack_tables(&TableSet::single(masked.clone()), &Options::exact(1));
    assert_eq!(found.findings.len(), 1, "{:?}", found.findings);
    let cell = masked.number_of(&["a2", "b0"]).unwrap();
    assert_eq!(found.findings[0].cell, CellRef::new(0, cell));
    assert_eq!(found.findings[0].bounds, Interval::point(15));
    let Proof::Combination { ends, .. } = &found.findings[0].proof else {
        panic!("{:?}", found.findings[0].proof);
    };
    assert!(!ends.is_empty());
    assert_eq!(verify(&truth, &masked, &found), ends.len());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(120))]

    #[test]
    fn every_combination_adds_up_to_its_bound(
        truth in sample::any_table(2..=3, 12),
        bits in prop::collection::vec(any::<bool>(), 40),
    ) {
        let set = TableSet::single(truth.clone());
        let masked = sample::hide(&set, &bits, Interval::NON_NEGATIVE);
        let found = attack_tables(&masked, &Options::exact(3));
        verify(&truth, &masked.tables[0], &found);
    }
}
