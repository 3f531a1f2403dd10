//! Worked cases from the literature on disclosure control. Figures are facts of
//! the cited works or computed by hand here; no text is taken over.

use shirube_gate::attack::{Options, Verdict, attack_tables};
use shirube_gate::policy::{
    CellKeyRule, Contributions, Dominance, EMBEDDED, Margins, Policy, Reason, Zeros,
};
use shirube_gate::protect::{
    Effort, NoiseTable, RecordKey, Task, Weight, perturb, primaries, protect, round,
};
use shirube_gate::table::{Cell, CellRef, Dimension, Interval, Measure, Quantity, Table, TableSet};

use crate::sample;

fn grid(rows: &[&[Option<i64>]]) -> TableSet {
    // First row and column are the totals.
    let names = |n: usize| (1..n).map(|i| i.to_string()).collect::<Vec<_>>();
    let a = Dimension::flat("row", "T", names(rows.len())).unwrap();
    let b = Dimension::flat("column", "T", names(rows[0].len())).unwrap();
    let mut table = Table::new("t", vec![a, b], Measure::count()).unwrap();
    for (n, cell) in rows.iter().flat_map(|row| row.iter()).enumerate() {
        table.put(n, cell.map_or(Cell::Hidden(Interval::NON_NEGATIVE), Cell::Published));
    }
    TableSet::single(table)
}

/// The feasibility interval of a 2 x 2 pattern in a two-way table: with row
/// sums r1, r2 of the hidden cells and column sums c1, c2, the first cell lies
/// in [max(0, r1 - c2), min(r1, c1)], the bounds of Fréchet (1940) and
/// Bonferroni; see Dobra and Fienberg (2000), PNAS 97, equation 1.
#[test]
fn frechet_bounds() {
    let set = grid(&[
        &[Some(100), Some(30), Some(40), Some(30)],
        &[Some(45), None, None, Some(25)],
        &[Some(30), None, None, Some(2)],
        &[Some(25), Some(9), Some(13), Some(3)],
    ]);
    // Hidden sums: rows 20 and 28, columns 21 and 27.
    let found = attack_tables(&set, &Options::exact(3));
    let bounds: Vec<Interval> = found.cells.iter().map(|c| c.bounds).collect();
    let i = Interval::new;
    assert_eq!(bounds, [i(0, 20), i(0, 20), i(1, 21), i(7, 27)]);
    assert!(found.cells.iter().all(|c| c.exact()));
}

/// Suppressed cells that each stand alone in a cycle of rows and columns but
/// are told by adding equations: rows {1, 2} less columns {1, 2} leave one cell
/// (the pattern of Willenborg and de Waal 2001, section 6.2: no row or column
/// has one suppression, and the table is still unsafe).
#[test]
fn a_pattern_without_single_suppressions_that_tells_a_cell() {
    let hide = |v: i64, hidden: bool| if hidden { None } else { Some(v) };
    let values = [[3, 17, 20, 31], [14, 5, 6, 22], [23, 18, 9, 4], [26, 33, 8, 7]];
    let hidden = [
        [true, true, false, false],
        [true, true, true, false],
        [false, false, true, true],
        [false, false, true, true],
    ];
    let mut rows: Vec<Vec<Option<i64>>> = Vec::new();
    let column = |c: usize| values.iter().map(|r| r[c]).sum::<i64>();
    let total: i64 = (0..4).map(column).sum();
    rows.push(std::iter::once(total).chain((0..4).map(column)).map(Some).collect());
    for (r, line) in values.iter().enumerate() {
        let mut out = vec![Some(line.iter().sum::<i64>())];
        out.extend(line.iter().enumerate().map(|(c, v)| hide(*v, hidden[r][c])));
        rows.push(out);
    }
    let rows: Vec<&[Option<i64>]> = rows.iter().map(Vec::as_slice).collect();
    let found = attack_tables(&grid(&rows), &Options::exact(3));
    let told: Vec<Interval> = found
        .findings
        .iter()
        .filter(|f| f.verdict == Verdict::Recoverable)
        .map(|f| f.bounds)
        .collect();
    assert_eq!(told, [Interval::point(6)], "row 2, column 3");
}

/// The dominance and p % rules on one cell: contributions 50, 30, 15, 5.
/// (1, 70) and (2, 85) pass, (2, 75) fails; with p = 40 the rest, 20, equals
/// 40 % of 50 and passes, with p = 41 it fails (Hundepool et al. 2012, 4.2.2).
#[test]
fn concentration_rules() {
    let behind = Contributions { largest: vec![50, 30, 15, 5], ..Contributions::default() };
    let base = Policy { threshold: 0, ..Policy::embedded("custom").unwrap() };
    let case = |dominance: Option<(usize, u32)>, p: Option<u32>| {
        let dominance =
            dominance.map(|(contributors, percent)| Dominance { contributors, percent });
        Policy { dominance, p_percent: p, ..base.clone() }.sensitive(
            100,
            Quantity::Magnitude,
            1,
            None,
            Some(&behind),
        )
    };
    for (dominance, p, expected) in [
        (Some((1, 70)), None, None),
        (Some((2, 85)), None, None),
        (Some((2, 75)), None, Some(Reason::Dominance)),
        (Some((1, 49)), None, Some(Reason::Dominance)),
        (None, Some(40), None),
        (None, Some(41), Some(Reason::PPercent)),
    ] {
        assert_eq!(case(dominance, p), expected, "{dominance:?} {p:?}");
    }
    let few = Contributions { institutions: Some(2), ..Contributions::default() };
    let rule = Policy { institutions_min: Some(3), ..base };
    assert_eq!(
        rule.sensitive(500, Quantity::Count, 1, None, Some(&few)),
        Some(Reason::Institutions)
    );
}

#[test]
fn thresholds_by_measure_and_zeros() {
    let policy = Policy::embedded("ndb-open-data").unwrap();
    let reason = |value, measure| policy.sensitive(value, Quantity::Count, 1, measure, None);
    for (value, measure, expected) in [
        (0, None, false),
        (1, None, true),
        (9, None, true),
        (10, None, false),
        (999, Some("drug_oral"), true),
        (1000, Some("drug_oral"), false),
        (399, Some("drug_injection"), true),
        (400, Some("drug_injection"), false),
        (99, Some("rehabilitation_unit"), true),
    ] {
        assert_eq!(reason(value, measure).is_some(), expected, "{value} {measure:?}");
    }
    let hidden = Policy { zeros: Zeros::Hidden, ..policy };
    assert_eq!(hidden.sensitive(0, Quantity::Count, 1, None, None), Some(Reason::Threshold));
}

#[test]
fn embedded_policies_read_and_round_trip() {
    for (id, _) in EMBEDDED {
        let policy = Policy::embedded(id).unwrap();
        assert_eq!(policy.id, *id);
        let text = toml::to_string(&policy).unwrap();
        assert_eq!(Policy::read("again", &text).unwrap(), policy);
    }
    assert_eq!(Policy::embedded("none").unwrap_err().code, "gate.policy.unknown");
    for (text, code) in [("id = 3", "gate.policy.unreadable"), ("", "gate.policy.unreadable")] {
        assert_eq!(Policy::read("x.toml", text).unwrap_err().code, code);
    }
    let custom = toml::to_string(&Policy::embedded("custom").unwrap()).unwrap();
    for (from, to) in [("width = 1", "width = 0"), ("threshold = 10", "threshold = -1")] {
        let refusal = Policy::read("x.toml", &custom.replace(from, to)).unwrap_err();
        assert_eq!(refusal.code, "gate.policy.value", "{to}");
    }
}

/// Zero-restricted controlled rounding exists for every two-way table (Cox
/// 1987) and keeps totals.
#[test]
fn controlled_rounding_of_a_two_way_table() {
    let dimensions = vec![sample::dimension("a", 3, false), sample::dimension("b", 4, false)];
    let set = TableSet::single(sample::table(
        "t",
        dimensions,
        &[20, 50, 10, 15, 8, 10, 10, 12, 17, 5, 1, 7],
    ));
    for base in [3, 5, 10] {
        let rounded = round(&set, base).unwrap();
        assert!(rounded.zero_restricted && rounded.distance_max < base, "base {base}");
        let found = attack_tables(&rounded.set, &Options::default());
        assert!(found.broken.is_empty());
        for (a, b) in set.tables[0].cells().iter().zip(rounded.set.tables[0].cells()) {
            let (a, b) = (a.published().unwrap(), b.published().unwrap());
            assert!(b % base == 0 && (a - b).abs() < base && (a % base != 0 || a == b));
        }
    }
    assert_eq!(round(&set, 1).unwrap_err().code, "gate.protect.rounding_base");
}

/// The noise has mean zero and stays in its range; ones and twos never appear;
/// equal keys give equal noise (Fraser and Wooton 2005).
#[test]
fn cell_keys() {
    let rule = Policy::embedded("census-cell-key").unwrap().cell_key.unwrap();
    let noise = NoiseTable::new(&rule);
    for count in 1..40 {
        let row = noise.noises(count);
        let mean: f64 = row.iter().map(|(d, p)| *d as f64 * p).sum();
        let total: f64 = row.iter().map(|(_, p)| p).sum();
        assert!(mean.abs() < 1e-6 && (total - 1.0).abs() < 1e-9, "{count}: {row:?}");
        for (d, p) in row {
            assert!(*p < 1e-9 || count + d == 0 || count + d >= 3, "{count} {d} {p}");
        }
    }
    let variance: f64 = noise.noises(30).iter().map(|(d, p)| (d * d) as f64 * p).sum();
    assert!((variance - rule.variance).abs() < 1e-6, "{variance}");
    let key = RecordKey::derive(b"secret", b"record");
    assert_eq!(key, RecordKey::derive(b"secret", b"record"));
    assert_ne!(key, RecordKey::derive(b"secret2", b"record"));
    assert_eq!(RecordKey::sum([RecordKey(u32::MAX), RecordKey(3)]), RecordKey(2));

    let dimensions = vec![sample::dimension("a", 3, true), sample::dimension("b", 4, false)];
    let set = TableSet::single(sample::table("t", dimensions, &[1, 2, 0, 15, 8, 4]));
    let key = |cell: CellRef| RecordKey(cell.cell.wrapping_mul(2_654_435_761));
    let own = perturb(&set, &rule, key).unwrap();
    assert!(own.tables[0].cells().iter().all(|c| !matches!(c.published(), Some(1 | 2))));
    let summed = CellKeyRule { margins: Margins::Summed, ..rule };
    let additive = perturb(&set, &summed, key).unwrap();
    assert!(attack_tables(&additive, &Options::default()).broken.is_empty());
    assert_eq!(own, perturb(&set, &rule, key).unwrap());
}

/// Sums in a business table: the dominated cell needs more than not being
/// told exactly; its range must cover p % of the largest contribution.
#[test]
fn sums_get_the_range_of_the_p_percent_rule() {
    let a = sample::dimension("a", 3, false);
    let b = sample::dimension("b", 3, false);
    let mut next = [900, 400, 380, 510, 620, 470, 350, 440, 530].into_iter();
    let table = Table::from_leaves("sales", vec![a, b], Measure::magnitude("千円", 0), |_| {
        next.next().unwrap()
    })
    .unwrap();
    let set = TableSet::single(table);
    let policy =
        Policy { threshold: 0, p_percent: Some(10), ..Policy::embedded("custom").unwrap() };
    let first = set.tables[0].number_of(&["a0", "b0"]).unwrap();
    let behind = |cell: CellRef| {
        (cell.cell as usize == first)
            .then(|| Contributions { largest: vec![800, 60], ..Contributions::default() })
    };
    let primary = primaries(&set, &policy, None, behind);
    assert_eq!(primary.len(), 1);
    assert_eq!(primary[0].width, 81);
    let task = Task {
        set: &set,
        policy: &policy,
        primary: &primary,
        forced: &[],
        weight: Weight::Value,
        effort: Effort::default(),
    };
    let safe = protect(&task).unwrap();
    let cell = safe.attack.cells.iter().find(|c| c.cell.cell as usize == first).unwrap();
    assert!(cell.bounds.at_least_wide(81), "{cell:?}");
    assert_eq!(safe.secondary.len(), 3);
}
