//! Random tables for the property tests.

use proptest::prelude::*;
use shirube_gate::table::{Cell, Dimension, Interval, Measure, Table, TableSet};

/// A dimension of `parts` codes under a total; with `nested`, the first two are
/// also summed in a subtotal of their own.
pub fn dimension(name: &str, parts: usize, nested: bool) -> Dimension {
    let codes: Vec<String> = (0..parts).map(|n| format!("{name}{n}")).collect();
    if !nested || parts < 3 {
        return Dimension::flat(name, "T", codes).unwrap();
    }
    let mut all = vec![("T".to_owned(), "T".to_owned()), ("S".to_owned(), "S".to_owned())];
    all.extend(codes.iter().map(|c| (c.clone(), c.clone())));
    let mut dimension = Dimension::new(name, all).unwrap();
    dimension.add_rollup("S", &codes[..2]).unwrap();
    let mut rest = vec!["S".to_owned()];
    rest.extend_from_slice(&codes[2..]);
    dimension.add_rollup("T", rest).unwrap();
    dimension
}

/// A table of counts with totals; values run through the leaves in grid order.
pub fn table(name: &str, dimensions: Vec<Dimension>, values: &[i64]) -> Table {
    let mut next = 0;
    Table::from_leaves(name, dimensions, Measure::count(), |_| {
        next += 1;
        values[(next - 1) % values.len()]
    })
    .unwrap()
}

/// Shapes of the random tables: codes per dimension and whether nested.
pub fn shape(dims: std::ops::RangeInclusive<usize>) -> impl Strategy<Value = Vec<(usize, bool)>> {
    prop::collection::vec((2_usize..=4, any::<bool>()), dims)
}

/// A random table with values below `top`.
pub fn any_table(dims: std::ops::RangeInclusive<usize>, top: i64) -> impl Strategy<Value = Table> {
    (shape(dims), prop::collection::vec(0..top, 64)).prop_map(|(mut shape, values)| {
        if shape.len() == 4 {
            // Keeps enumeration and exact bounds quick.
            shape.iter_mut().skip(1).for_each(|part| *part = (2, false));
        }
        let dimensions = shape
            .iter()
            .enumerate()
            .map(|(n, (parts, nested))| dimension(["a", "b", "c", "d"][n], *parts, *nested))
            .collect();
        table("t", dimensions, &values)
    })
}

/// Two linked tables that share their first dimension.
pub fn any_linked(top: i64) -> impl Strategy<Value = TableSet> {
    (shape(3..=3), prop::collection::vec(0..top, 64)).prop_map(|(shape, values)| {
        let d = |n: usize| dimension(["a", "b", "c"][n], shape[n].0, shape[n].1);
        let full = table("abc", vec![d(0), d(1), d(2)], &values);
        let project = |name: &str, keep: [usize; 2]| {
            let mut out = Table::new(name, vec![d(keep[0]), d(keep[1])], Measure::count()).unwrap();
            for number in 0..out.len() {
                let at = out.address(number);
                let mut address = vec![0; 3];
                address[keep[0]] = at[0];
                address[keep[1]] = at[1];
                let cell = full.cell(full.number(&address).unwrap());
                out.put(number, cell);
            }
            out
        };
        TableSet::linked(vec![project("ab", [0, 1]), project("ac", [0, 2])])
    })
}

/// Hides the cells whose bit is set, with a mask of zero to `top`.
pub fn hide(set: &TableSet, bits: &[bool], mask: Interval) -> TableSet {
    let mut out = set.clone();
    let mut next = 0;
    for table in &mut out.tables {
        for number in 0..table.len() {
            if bits[next % bits.len()] {
                table.put(number, Cell::Hidden(mask));
            }
            next += 1;
        }
    }
    out
}
