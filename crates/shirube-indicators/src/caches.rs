//! What does not depend on the day and grows with the ledger: filter results by
//! row, and which rows hold a key.

use std::collections::HashMap;

use shirube_model::filter::Filter;

use crate::columns::{Columns, Table, Texts};
use crate::error::EvalError;
use crate::filters::FilterCache;
use crate::keys::KeyIndex;
use crate::threads::in_two_parts;

/// Caches of one register.
#[derive(Debug, Default)]
struct TableCache {
    filters: FilterCache,
    keys: HashMap<&'static str, KeyIndex>,
}

impl TableCache {
    /// About how much there is to fill.
    fn cost(&self, table: &Table) -> usize {
        table.len() * (self.filters.len() + 2 * self.keys.len())
    }

    fn fill(&mut self, table: &Table, texts: &Texts) -> Result<(), EvalError> {
        self.filters.fill(table, texts)?;
        for (name, index) in &mut self.keys {
            if let Some(column) = table.column(name) {
                index.fill(table, column);
            }
        }
        Ok(())
    }
}

/// Caches of all registers.
#[derive(Debug, Default)]
pub(crate) struct Caches {
    tables: Vec<TableCache>,
}

impl Caches {
    fn table(&mut self, table: usize) -> Option<&mut TableCache> {
        if self.tables.len() <= table {
            self.tables.resize_with(table + 1, TableCache::default);
        }
        self.tables.get_mut(table)
    }

    /// Number of a filter of a register; its results are there after
    /// [`Caches::fill`].
    pub(crate) fn filter(&mut self, table: usize, filter: &Filter) -> usize {
        self.table(table).map_or(usize::MAX, |cache| cache.filters.number(filter))
    }

    /// Asks for an index of a field; it is there after [`Caches::fill`].
    pub(crate) fn want_keys(&mut self, table: usize, field: &'static str) {
        if let Some(cache) = self.table(table) {
            cache.keys.entry(field).or_default();
        }
    }

    /// Brings everything asked for up to the last row.
    pub(crate) fn fill(&mut self, columns: &Columns) -> Result<(), EvalError> {
        let jobs: Vec<(&mut TableCache, &Table)> =
            self.tables.iter_mut().zip(&columns.tables).collect();
        in_two_parts(
            jobs,
            |(cache, table)| cache.cost(table),
            |(cache, table)| cache.fill(table, &columns.texts),
        )
    }

    /// Class by row under a filter.
    pub(crate) fn classes(&self, table: usize, filter: usize) -> &[u16] {
        self.tables.get(table).map_or(&[], |cache| cache.filters.classes(filter))
    }

    /// Index of a field.
    pub(crate) fn keys(&self, table: usize, field: &str) -> Option<&KeyIndex> {
        self.tables.get(table)?.keys.get(field)
    }
}
