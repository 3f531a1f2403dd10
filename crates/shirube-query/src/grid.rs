//! The answer as a table with margins.
//!
//! The answer of a grouped query has no margins, but a second query would get
//! them, so every cell is protected as if all margins were printed.

use std::collections::BTreeSet;

use shirube_gate::table::{Dimension, Measure, Quantity, Table};
use shirube_model::refusal::Refusal;

use crate::group::Group;
use crate::kind::Key;
use crate::number::Number;
use crate::parallel;
use crate::sql::Checked;
use crate::tally::{Tally, UNITS};

/// Most group columns of one query.
const GROUPS_MAX: usize = 6;

/// One group column: its values and the total over them.
pub(crate) struct Axis {
    pub(crate) codes: Vec<Key>,
    /// Whether the filter leaves one value only.
    pub(crate) pinned: bool,
    dimension: Dimension,
}

impl Axis {
    /// Whether there is a total apart from the values.
    pub(crate) fn has_total(&self) -> bool {
        self.codes.len() > 1
    }
}

/// Every position of the answer, margins included.
pub(crate) struct Grid {
    pub(crate) axes: Vec<Axis>,
    /// By grid number.
    pub(crate) groups: Vec<Group>,
    shape: Table,
}

/// Id of the total among the codes.
const TOTAL: &str = "total";

impl Grid {
    /// `people` is how many persons there are at all.
    pub(crate) fn new(
        checked: &Checked,
        tally: &Tally,
        cells_max: usize,
        people: usize,
    ) -> Result<Self, Refusal> {
        if checked.groups.len() > GROUPS_MAX {
            return Err(Refusal::new("query.group.too_many").arg("max", GROUPS_MAX));
        }
        let mut axes = Vec::new();
        for (at, column) in checked.groups.iter().enumerate() {
            let codes: BTreeSet<&Key> =
                tally.groups.keys().filter_map(|head| head.get(at)).collect();
            let codes: Vec<Key> = codes.into_iter().cloned().collect();
            axes.push(Axis {
                dimension: dimension(at, codes.len())?,
                codes,
                pinned: column.pinned,
            });
        }
        let size = axes
            .iter()
            .try_fold(1_usize, |n, axis| n.checked_mul(axis.dimension.len()))
            .filter(|n| *n <= cells_max);
        if size.is_none() {
            return Err(Refusal::new("query.cells.too_many").arg("max", cells_max));
        }
        let mut dimensions: Vec<Dimension> = axes.iter().map(|a| a.dimension.clone()).collect();
        if dimensions.is_empty() {
            dimensions.push(dimension(0, 1)?);
        }
        let shape = Table::new("answer", dimensions, Measure::count())?;
        let mut grid = Self { axes, groups: Vec::new(), shape };
        let mut parts: Vec<Vec<&Group>> = vec![Vec::new(); grid.shape.len()];
        for (head, group) in &tally.groups {
            for number in grid.over(head) {
                if let Some(place) = parts.get_mut(number) {
                    place.push(group);
                }
            }
        }
        let groups = parallel::each(parts.len(), |at| match parts.get(at).map(Vec::as_slice) {
            None | Some([]) => Ok(Group::empty(checked.arguments)),
            Some(parts) => Group::plus(parts, people),
        });
        grid.groups = groups.into_iter().collect::<Result<_, _>>()?;
        Ok(grid)
    }

    /// The position of a head and of every margin over it.
    fn over(&self, head: &[Key]) -> Vec<usize> {
        let Some(leaf) = self.address(head) else { return Vec::new() };
        let totals: Vec<Option<u32>> =
            self.axes.iter().map(|axis| axis.dimension.position(TOTAL)).collect();
        let at = |margin: usize| {
            let wanted: Option<Vec<u32>> =
                leaf.iter()
                    .enumerate()
                    .map(|(at, code)| {
                        if margin >> at & 1 == 0 { Some(*code) } else { totals.get(at).copied()? }
                    })
                    .collect();
            self.shape.number(&wanted?)
        };
        (0..1_usize << self.axes.len()).filter_map(at).collect()
    }

    fn address(&self, head: &[Key]) -> Option<Vec<u32>> {
        if self.axes.is_empty() {
            return Some(vec![0]);
        }
        head.iter()
            .zip(&self.axes)
            .map(|(key, axis)| {
                let at = axis.codes.binary_search(key).ok()?;
                axis.dimension.position(&at.to_string())
            })
            .collect()
    }

    /// Grid number of a head.
    pub(crate) fn number(&self, head: &[Key]) -> Option<usize> {
        self.shape.number(&self.address(head)?)
    }

    /// Grid numbers without a total, with their heads, in order of the heads.
    pub(crate) fn leaves(&self) -> Vec<(usize, Vec<Key>)> {
        let mut heads: Vec<Vec<Key>> = vec![Vec::new()];
        for axis in &self.axes {
            heads = heads
                .into_iter()
                .flat_map(|head| {
                    axis.codes.iter().map(move |code| {
                        let mut longer = head.clone();
                        longer.push(code.clone());
                        longer
                    })
                })
                .collect();
        }
        heads.into_iter().filter_map(|head| Some((self.number(&head)?, head))).collect()
    }

    /// The value of each axis at a position; none at its total.
    pub(crate) fn head(&self, number: usize) -> Vec<Option<Key>> {
        let address = self.shape.address(number);
        let value = |axis: &Axis, code: u32| {
            let id = &axis.dimension.code(code)?.id;
            axis.codes.get(id.parse::<usize>().ok()?).cloned()
        };
        self.axes.iter().zip(address).map(|(axis, code)| value(axis, code)).collect()
    }

    /// The parent of a position along an axis; `None` at a total, or where the
    /// axis has no total of its own.
    pub(crate) fn parent(&self, number: usize, axis: usize) -> Option<usize> {
        let mut address = self.shape.address(number);
        let total = self.axes.get(axis)?.dimension.position(TOTAL)?;
        let place = address.get_mut(axis)?;
        if *place == total {
            return None;
        }
        *place = total;
        self.shape.number(&address)
    }

    /// Whether every parent of a position has so many persons. A single value has
    /// itself for a parent.
    pub(crate) fn parents_reach(&self, number: usize, persons: u64) -> bool {
        (0..self.axes.len())
            .all(|axis| self.persons(self.parent(number, axis).unwrap_or(number)) >= persons)
    }

    /// Positions at a total of some axis.
    pub(crate) fn margins(&self) -> Vec<usize> {
        let leaves: BTreeSet<usize> = self.leaves().into_iter().map(|(n, _)| n).collect();
        (0..self.groups.len()).filter(|n| !leaves.contains(n)).collect()
    }

    /// How many persons stand at a position.
    pub(crate) fn persons(&self, number: usize) -> u64 {
        self.groups.get(number).map_or(0, Group::len)
    }

    /// The table of numbers of one kind, in true numbers; totals are the sums of
    /// their parts, even where a person stands in several parts: that gives the
    /// attacker more than he can ask for.
    /// Cells beyond what a table holds are told apart, and stand in it with the
    /// largest number it holds: a refusal would tell of them.
    pub(crate) fn table(&self, number: &Number) -> Result<(Table, BTreeSet<usize>), Refusal> {
        let values: Vec<i128> = number.cells.iter().map(|cell| cell.total).collect();
        let signed = number.cells.iter().any(|cell| cell.signed);
        let quantity = number.what.quantity();
        let whole = values.iter().all(|v| v % UNITS == 0);
        let divide = if quantity == Quantity::Magnitude && whole { UNITS } else { 1 };
        let decimals = if quantity == Quantity::Magnitude && !whole { 6 } else { 0 };
        let measure = Measure { quantity, decimals, signed, ..Measure::default() };
        // Far enough from the largest number that the totals fit too.
        let bound = i64::MAX / 4 / i64::try_from(values.len().max(1)).unwrap_or(i64::MAX);
        let of = |number: usize| values.get(number).map_or(0, |value| value / divide);
        let beyond = (0..values.len())
            .filter(|number| of(*number).unsigned_abs() > u128::from(bound.unsigned_abs()))
            .collect();
        let dimensions = self.shape.dimensions().to_vec();
        let table = Table::from_leaves("answer", dimensions, measure, |address| {
            let value = self.shape.number(address).map_or(0, of);
            i64::try_from(value).unwrap_or(i64::MAX).clamp(-bound, bound)
        })?;
        Ok((table, beyond))
    }
}

fn dimension(at: usize, codes: usize) -> Result<Dimension, Refusal> {
    let ids: Vec<String> = (0..codes.max(1)).map(|n| n.to_string()).collect();
    let name = format!("g{at}");
    if codes > 1 {
        return Dimension::flat(name, TOTAL, ids);
    }
    Dimension::new(name, ids.into_iter().map(|id| (id.clone(), id)))
}
