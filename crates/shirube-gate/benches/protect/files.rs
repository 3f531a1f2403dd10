//! Tables of other disclosure control tools, from a folder the caller names.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use shirube_gate::policy::Contributions;
use shirube_gate::table::{Dimension, Measure, Table, TableSet};

use crate::fail;

/// A dimension of a file: its column, and the column of the groups its codes
/// belong to.
type Column = (&'static str, Option<&'static str>);

/// File, columns, and column of the counts.
const FILES: &[(&str, &[Column], &str)] = &[
    ("SSBtools_z1", &[("region", None), ("hovedint", None)], "ant"),
    ("SSBtools_z2", &[("region", Some("fylke")), ("hovedint", None)], "ant"),
    ("SSBtools_z3", &[("region", Some("fylke")), ("hovedint", None), ("mnd", Some("mnd2"))], "ant"),
    (
        "SSBtools_sosialFiktiv",
        &[("region", Some("fylke")), ("hovedint", None), ("mnd", Some("mnd2"))],
        "ant",
    ),
];

struct Lines {
    names: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Lines {
    fn read(path: &Path) -> Option<Self> {
        let text = std::fs::read_to_string(path).ok()?;
        let mut lines = text.lines().map(|l| l.split(',').map(str::to_owned).collect());
        Some(Self { names: lines.next()?, rows: lines.collect() })
    }

    fn column(&self, name: &str) -> usize {
        self.names.iter().position(|n| n == name).unwrap_or_else(|| fail(&name))
    }
}

/// A dimension of the codes found in a file, with their groups, if any.
fn dimension(lines: &Lines, column: Column) -> Dimension {
    let own = lines.column(column.0);
    let Some(group) = column.1.map(|name| lines.column(name)) else {
        let codes: BTreeSet<&String> = lines.rows.iter().map(|r| &r[own]).collect();
        return Dimension::flat(column.0, "total", codes.into_iter().cloned())
            .unwrap_or_else(|r| fail(&r));
    };
    let mut groups: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for row in &lines.rows {
        groups.entry(format!("group {}", row[group])).or_default().insert(row[own].clone());
    }
    nested(column.0, &groups)
}

/// Codes in groups; a group of one is that code itself.
fn nested(name: &str, groups: &BTreeMap<String, BTreeSet<String>>) -> Dimension {
    let mut codes = vec![("total".to_owned(), "total".to_owned())];
    let mut top = Vec::new();
    for (group, members) in groups {
        if members.len() > 1 {
            codes.push((group.clone(), group.clone()));
            top.push(group.clone());
        } else {
            top.extend(members.iter().cloned());
        }
        codes.extend(members.iter().map(|m| (m.clone(), m.clone())));
    }
    let mut dimension = Dimension::new(name, codes).unwrap_or_else(|r| fail(&r));
    dimension.add_rollup("total", top).unwrap_or_else(|r| fail(&r));
    for (group, members) in groups.iter().filter(|(_, m)| m.len() > 1) {
        dimension.add_rollup(group, members.iter().cloned()).unwrap_or_else(|r| fail(&r));
    }
    dimension
}

/// Count tables: name and table.
pub fn counts(folder: &Path) -> Vec<(String, TableSet)> {
    let mut out = Vec::new();
    for (file, columns, value) in FILES {
        let Some(lines) = Lines::read(&folder.join(format!("{file}.csv"))) else { continue };
        let dimensions: Vec<Dimension> = columns.iter().map(|c| dimension(&lines, *c)).collect();
        let places: Vec<usize> = columns.iter().map(|c| lines.column(c.0)).collect();
        let value = lines.column(value);
        let mut sums: BTreeMap<Vec<&str>, i64> = BTreeMap::new();
        for row in &lines.rows {
            let key = places.iter().map(|p| row[*p].as_str()).collect();
            *sums.entry(key).or_default() += row[value].parse::<f64>().unwrap_or(0.0) as i64;
        }
        out.push(((*file).to_owned(), TableSet::single(fill(file, dimensions, &sums))));
    }
    out
}

fn fill(name: &str, dimensions: Vec<Dimension>, sums: &BTreeMap<Vec<&str>, i64>) -> Table {
    fill_as(name, dimensions, sums, Measure::count())
}

fn fill_as(
    name: &str,
    dimensions: Vec<Dimension>,
    sums: &BTreeMap<Vec<&str>, i64>,
    measure: Measure,
) -> Table {
    let ids: Vec<Vec<String>> =
        dimensions.iter().map(|d| d.codes().iter().map(|c| c.id.clone()).collect()).collect();
    Table::from_leaves(name, dimensions, measure, |address| {
        let key: Vec<&str> =
            address.iter().zip(&ids).map(|(code, ids)| ids[*code as usize].as_str()).collect();
        sums.get(&key).copied().unwrap_or(0)
    })
    .unwrap_or_else(|r| fail(&r))
}

/// Turnover by activity, region and size, with the number of firms and the
/// largest firm of each inner cell carried up to the totals.
pub fn turnover(folder: &Path) -> Option<(TableSet, Vec<Contributions>)> {
    let file = "rtauargus_turnover_act_nuts_size";
    let lines = Lines::read(&folder.join(format!("{file}.csv")))?;
    let [a, n, s] = ["ACTIVITY", "NUTS", "SIZE"].map(|name| lines.column(name));
    let [firms, total, largest] = ["N_OBS", "TOT", "MAX"].map(|name| lines.column(name));
    let inner = |row: &&Vec<String>| {
        row[a].len() == 2
            && row[a].starts_with(|c: char| c.is_ascii_digit())
            && row[n].len() == 5
            && row[s].starts_with("tr")
    };
    let rows: Vec<&Vec<String>> = lines.rows.iter().filter(inner).collect();
    let mut regions: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for row in &rows {
        regions.entry(row[n][..4].to_owned()).or_default().insert(row[n].clone());
    }
    let codes = |at: usize| rows.iter().map(|r| r[at].clone()).collect::<BTreeSet<_>>();
    let flat = |name: &str, at: usize| {
        Dimension::flat(name, "total", codes(at)).unwrap_or_else(|r| fail(&r))
    };
    let dimensions = vec![flat("activity", a), nested("region", &regions), flat("size", s)];
    let number = |text: &str| text.parse::<f64>().unwrap_or(0.0).round() as i64;
    let sums_of = |at: usize| -> BTreeMap<Vec<&str>, i64> {
        rows.iter()
            .map(|r| (vec![r[a].as_str(), r[n].as_str(), r[s].as_str()], number(&r[at])))
            .collect()
    };
    let persons = fill(file, dimensions.clone(), &sums_of(firms));
    let amounts =
        fill_as(file, dimensions, &sums_of(total), Measure::magnitude("thousand euro", 0));
    let top = maxima(&amounts, &sums_of(largest));
    let behind = (0..amounts.len())
        .map(|cell| Contributions {
            persons: persons.cell(cell).published().and_then(|n| u64::try_from(n).ok()),
            institutions: None,
            largest: vec![top[cell]],
        })
        .collect();
    Some((TableSet::single(amounts), behind))
}

/// Largest contribution to every cell, from those to the inner cells.
fn maxima(table: &Table, inner: &BTreeMap<Vec<&str>, i64>) -> Vec<i64> {
    let mut out = vec![0_i64; table.len()];
    let sets: Vec<Vec<BTreeSet<u32>>> =
        table.dimensions().iter().map(Dimension::leaf_sets).collect();
    for (cell, top) in out.iter_mut().enumerate() {
        let address = table.address(cell);
        let under = |axis: usize| &sets[axis][address[axis] as usize];
        for x in under(0) {
            for y in under(1) {
                for z in under(2) {
                    let id = |axis: usize, code: &u32| {
                        table.dimensions()[axis].code(*code).map_or("", |c| c.id.as_str())
                    };
                    let key = vec![id(0, x), id(1, y), id(2, z)];
                    *top = (*top).max(inner.get(&key).copied().unwrap_or(0));
                }
            }
        }
    }
    out
}
