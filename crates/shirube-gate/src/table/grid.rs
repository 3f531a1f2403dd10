//! One table: the grid over its dimensions.

use serde::Serialize;
use shirube_model::refusal::Refusal;

use super::{Cell, Dimension, Measure};

/// Most cells of one table, missing ones included.
pub const CELLS_MAX: usize = 50_000_000;

/// A table: every combination of the codes of its dimensions, the last
/// dimension running fastest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Table {
    /// Name: sheet and title, or what the caller calls it.
    pub name: String,
    /// What the numbers measure.
    pub measure: Measure,
    dimensions: Vec<Dimension>,
    #[serde(skip)]
    strides: Vec<usize>,
    cells: Vec<Cell>,
}

impl Table {
    /// A table of missing cells.
    ///
    /// # Errors
    /// `gate.table.no_dimension`, `gate.table.too_many_cells`.
    pub fn new(
        name: impl Into<String>,
        dimensions: Vec<Dimension>,
        measure: Measure,
    ) -> Result<Self, Refusal> {
        let name = name.into();
        if dimensions.is_empty() {
            return Err(Refusal::new("gate.table.no_dimension"));
        }
        let mut strides = vec![1_usize; dimensions.len()];
        let mut size = 1_usize;
        for (stride, dimension) in strides.iter_mut().zip(&dimensions).rev() {
            *stride = size;
            size =
                size.checked_mul(dimension.len()).filter(|n| *n <= CELLS_MAX).ok_or_else(|| {
                    Refusal::new("gate.table.too_many_cells")
                        .arg("table", &name)
                        .arg("max", CELLS_MAX)
                })?;
        }
        Ok(Self { name, measure, dimensions, strides, cells: vec![Cell::Missing; size] })
    }

    /// A table whose leaf cells come from `value` (by address) and whose totals
    /// and subtotals are their sums.
    ///
    /// # Errors
    /// As for [`Table::new`], and `gate.table.value_range`.
    pub fn from_leaves(
        name: impl Into<String>,
        dimensions: Vec<Dimension>,
        measure: Measure,
        mut value: impl FnMut(&[u32]) -> i64,
    ) -> Result<Self, Refusal> {
        let mut table = Self::new(name, dimensions, measure)?;
        let mut sums = vec![0_i64; table.len()];
        let leaves: Vec<Vec<bool>> = table
            .dimensions
            .iter()
            .map(|d| {
                let leaves = d.leaves();
                (0..d.len()).map(|c| leaves.iter().any(|leaf| *leaf as usize == c)).collect()
            })
            .collect();
        for (number, sum) in sums.iter_mut().enumerate() {
            let address = table.address(number);
            let inner = address
                .iter()
                .zip(&leaves)
                .all(|(code, leaves)| leaves.get(*code as usize).copied().unwrap_or(false));
            if inner {
                *sum = value(&address);
            }
        }
        for (axis, dimension) in table.dimensions.iter().enumerate() {
            let sets = dimension.leaf_sets();
            let stride = table.stride(axis);
            for number in 0..sums.len() {
                let code = (number / stride) % dimension.len();
                let Some(set) = sets.get(code).filter(|set| !set.contains(&narrow(code))) else {
                    continue;
                };
                let base = number - code * stride;
                let mut total = 0_i64;
                for leaf in set {
                    let part = sums.get(base + *leaf as usize * stride).copied().unwrap_or(0);
                    total = total
                        .checked_add(part)
                        .ok_or_else(|| Refusal::new("gate.table.value_range"))?;
                }
                if let Some(sum) = sums.get_mut(number) {
                    *sum = total;
                }
            }
        }
        table.cells = sums.into_iter().map(Cell::Published).collect();
        Ok(table)
    }

    /// The dimensions.
    #[must_use]
    pub fn dimensions(&self) -> &[Dimension] {
        &self.dimensions
    }

    /// Number of positions, missing cells included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.cells.len()
    }

    /// Never true: every dimension has a code.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// All cells in grid order.
    #[must_use]
    pub fn cells(&self) -> &[Cell] {
        &self.cells
    }

    /// The cell at a grid number; missing beyond the grid.
    #[must_use]
    pub fn cell(&self, number: usize) -> Cell {
        self.cells.get(number).copied().unwrap_or_default()
    }

    /// Sets the cell at a grid number; false when there is no such position.
    pub fn put(&mut self, number: usize, cell: Cell) -> bool {
        match self.cells.get_mut(number) {
            Some(place) => {
                *place = cell;
                true
            }
            None => false,
        }
    }

    /// Grid number of an address (one code position per dimension).
    #[must_use]
    pub fn number(&self, address: &[u32]) -> Option<usize> {
        if address.len() != self.dimensions.len() {
            return None;
        }
        let mut number = 0;
        for ((code, dimension), stride) in address.iter().zip(&self.dimensions).zip(&self.strides) {
            if *code as usize >= dimension.len() {
                return None;
            }
            number += *code as usize * stride;
        }
        Some(number)
    }

    /// Address of a grid number, one code position per dimension.
    #[must_use]
    pub fn address(&self, number: usize) -> Vec<u32> {
        self.dimensions
            .iter()
            .zip(&self.strides)
            .map(|(dimension, stride)| {
                u32::try_from((number / stride) % dimension.len()).unwrap_or(u32::MAX)
            })
            .collect()
    }

    /// The cell at an address by code ids.
    ///
    /// # Errors
    /// `gate.table.code_unknown`, `gate.table.address`.
    pub fn at(&self, ids: &[&str]) -> Result<Cell, Refusal> {
        Ok(self.cell(self.number_of(ids)?))
    }

    /// Sets the cell at an address by code ids.
    ///
    /// # Errors
    /// As for [`Table::at`].
    pub fn set(&mut self, ids: &[&str], cell: Cell) -> Result<(), Refusal> {
        let number = self.number_of(ids)?;
        self.put(number, cell);
        Ok(())
    }

    /// Grid number of an address by code ids.
    ///
    /// # Errors
    /// As for [`Table::at`].
    pub fn number_of(&self, ids: &[&str]) -> Result<usize, Refusal> {
        let missing = || Refusal::new("gate.table.address").arg("table", &self.name);
        if ids.len() != self.dimensions.len() {
            return Err(missing());
        }
        let mut address = Vec::with_capacity(ids.len());
        for (id, dimension) in ids.iter().zip(&self.dimensions) {
            address.push(dimension.position(id).ok_or_else(|| {
                Refusal::new("gate.table.code_unknown")
                    .arg("dimension", &dimension.name)
                    .arg("code", id)
            })?);
        }
        self.number(&address).ok_or_else(missing)
    }

    /// Code ids of a grid number, joined with ` × `: how reports name a cell.
    #[must_use]
    pub fn caption(&self, number: usize) -> String {
        let address = self.address(number);
        let parts: Vec<&str> = address
            .iter()
            .zip(&self.dimensions)
            .map(|(code, dimension)| dimension.code(*code).map_or("?", |c| c.id.as_str()))
            .collect();
        parts.join(" × ")
    }

    /// Step of grid numbers along a dimension.
    #[must_use]
    pub(crate) fn stride(&self, dimension: usize) -> usize {
        self.strides.get(dimension).copied().unwrap_or(0)
    }

    /// Every additive relation of the grid as `(dimension, roll-up, total,
    /// parts)` in grid numbers, in a fixed order.
    pub(crate) fn each_relation(&self, mut visit: impl FnMut(usize, usize, usize, &[usize])) {
        let mut parts = Vec::new();
        for (axis, dimension) in self.dimensions.iter().enumerate() {
            let stride = self.stride(axis);
            let block = stride * dimension.len();
            if block == 0 {
                continue;
            }
            for outer in (0..self.cells.len()).step_by(block) {
                for inner in 0..stride {
                    let base = outer + inner;
                    for (which, rollup) in dimension.rollups().iter().enumerate() {
                        parts.clear();
                        parts.extend(rollup.parts.iter().map(|p| base + *p as usize * stride));
                        visit(axis, which, base + rollup.total as usize * stride, &parts);
                    }
                }
            }
        }
    }
}

fn narrow(code: usize) -> u32 {
    u32::try_from(code).unwrap_or(u32::MAX)
}
