//! Tables published together, and the cells they share.

use std::collections::BTreeMap;

use serde::Serialize;
use shirube_model::refusal::Refusal;

use super::{Interval, Table};

/// One cell of one table of a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct CellRef {
    /// Position of the table in the set.
    pub table: u32,
    /// Grid number of the cell.
    pub cell: u32,
}

impl CellRef {
    /// A cell of a table.
    #[must_use]
    pub fn new(table: usize, cell: usize) -> Self {
        Self {
            table: u32::try_from(table).unwrap_or(u32::MAX),
            cell: u32::try_from(cell).unwrap_or(u32::MAX),
        }
    }
}

/// An equation beyond the roll-ups: the weighted sum lies in `sum`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Relation {
    /// What the equation says, for reports.
    pub note: String,
    /// Cells with their coefficients.
    pub terms: Vec<(CellRef, i64)>,
    /// Value or range of the weighted sum, in the smallest unit.
    pub sum: Interval,
}

/// Which cells of different tables are one and the same number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Sharing {
    /// None, except where a [`Relation`] says so.
    #[default]
    None,
    /// Cells whose codes agree in every dimension both tables have, and which
    /// stand at the grand total of every dimension only one of them has. For
    /// tables of one population and one measure.
    ByCode,
}

/// Tables that are published together.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct TableSet {
    /// The tables.
    pub tables: Vec<Table>,
    /// Which cells are one number.
    pub sharing: Sharing,
    /// Further equations.
    pub relations: Vec<Relation>,
}

impl TableSet {
    /// A set of one table.
    #[must_use]
    pub fn single(table: Table) -> Self {
        Self { tables: vec![table], ..Self::default() }
    }

    /// Tables of one population and measure, linked over equal codes.
    #[must_use]
    pub fn linked(tables: Vec<Table>) -> Self {
        Self { tables, sharing: Sharing::ByCode, relations: Vec::new() }
    }

    /// Checks that the extra relations name cells of the set.
    ///
    /// # Errors
    /// `gate.table.relation`.
    pub fn check(&self) -> Result<(), Refusal> {
        for (number, relation) in self.relations.iter().enumerate() {
            let known = |cell: &CellRef| {
                self.tables.get(cell.table as usize).is_some_and(|t| (cell.cell as usize) < t.len())
            };
            if !relation.terms.iter().all(|(cell, _)| known(cell)) {
                return Err(Refusal::new("gate.table.relation").arg("number", number + 1));
            }
        }
        Ok(())
    }

    /// For every table, the number of the variable each cell stands for: cells
    /// that are one number share it. Variables are numbered in table and grid
    /// order of their first cell, which `firsts` lists.
    pub(crate) fn variables(&self) -> Variables {
        let mut of_cell = Vec::with_capacity(self.tables.len());
        let mut firsts = Vec::new();
        let mut by_key: BTreeMap<Vec<(&str, &str)>, u32> = BTreeMap::new();
        let share = self.sharing == Sharing::ByCode && self.tables.len() > 1;
        for (at, table) in self.tables.iter().enumerate() {
            let tops: Vec<Option<u32>> =
                table.dimensions().iter().map(super::Dimension::grand_total).collect();
            let linkable = share.then(|| self.shared_dimensions(at));
            let mut list = Vec::with_capacity(table.len());
            for cell in 0..table.len() {
                let next = u32::try_from(firsts.len()).unwrap_or(u32::MAX);
                let key = linkable.as_ref().and_then(|l| shared_key(table, cell, &tops, l));
                let variable = match key {
                    None => next,
                    Some(key) => *by_key.entry(key).or_insert(next),
                };
                if variable == next {
                    firsts.push(CellRef::new(at, cell));
                }
                list.push(variable);
            }
            of_cell.push(list);
        }
        Variables { of_cell, firsts }
    }

    /// For each dimension of a table, whether another table has it too.
    fn shared_dimensions(&self, at: usize) -> Vec<bool> {
        let Some(table) = self.tables.get(at) else { return Vec::new() };
        table
            .dimensions()
            .iter()
            .map(|dimension| {
                self.tables.iter().enumerate().any(|(other, t)| {
                    other != at && t.dimensions().iter().any(|d| d.name == dimension.name)
                })
            })
            .collect()
    }
}

/// The numbering of a set's variables.
#[derive(Debug, Clone)]
pub(crate) struct Variables {
    /// By table, then grid number.
    pub(crate) of_cell: Vec<Vec<u32>>,
    /// First cell of each variable.
    pub(crate) firsts: Vec<CellRef>,
}

impl Variables {
    /// Variable of a cell.
    pub(crate) fn of(&self, cell: CellRef) -> Option<u32> {
        self.of_cell.get(cell.table as usize)?.get(cell.cell as usize).copied()
    }
}

/// Codes of a cell outside the grand totals, by dimension name; `None` when the
/// cell lies inside a dimension that no other table has.
fn shared_key<'a>(
    table: &'a Table,
    cell: usize,
    tops: &[Option<u32>],
    shared: &[bool],
) -> Option<Vec<(&'a str, &'a str)>> {
    let address = table.address(cell);
    let mut key = Vec::with_capacity(address.len());
    for (((code, dimension), top), shared) in
        address.iter().zip(table.dimensions()).zip(tops).zip(shared)
    {
        if Some(*code) == *top {
            continue;
        }
        if !shared {
            return None;
        }
        key.push((dimension.name.as_str(), dimension.code(*code)?.id.as_str()));
    }
    key.sort_unstable();
    Some(key)
}
