//! Tables: dimensions with roll-ups, cells, links between tables.
//!
//! A [`Table`] is the full grid of the codes of its [`Dimension`]s, totals and
//! subtotals included as codes; a position without a cell is
//! [`Cell::Missing`]. Values are whole numbers of the measure's smallest unit
//! ([`Measure::decimals`]), so arithmetic on published numbers is exact. Several
//! tables that share cells form a [`TableSet`].

mod cell;
mod dimension;
mod grid;
mod interval;
mod set;

pub use cell::{Cell, Measure, Quantity};
pub use dimension::{Code, Dimension, Rollup};
pub use grid::{CELLS_MAX, Table};
pub use interval::Interval;
pub(crate) use set::Variables;
pub use set::{CellRef, Relation, Sharing, TableSet};
