//! Which rows of a register hold a key.
//!
//! The texts of a field are numbered densely, and the rows that hold one form a
//! chain from the newest back. Rows are only ever appended, so an index is
//! filled on and never rebuilt; whether a row is current is for the view to say.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use crate::columns::{Column, NO_TEXT, Table};

/// No key, and the end of a chain.
const NONE: u32 = u32::MAX;

/// Index of one text or text-list field.
#[derive(Debug, Default)]
pub(crate) struct KeyIndex {
    numbers: HashMap<u32, u32, RandomState>,
    /// Text number of each key.
    texts: Vec<u32>,
    /// Key of each item: one per row, or one per list item.
    keys: Vec<u32>,
    /// Row of each item of a list field.
    rows: Vec<u32>,
    /// Newest item of each key.
    newest: Vec<u32>,
    /// Item before each item, of the same key.
    before: Vec<u32>,
    /// Rows seen.
    seen: usize,
}

impl KeyIndex {
    /// Takes in the rows not seen yet.
    pub(crate) fn fill(&mut self, table: &Table, column: &Column) {
        match column {
            Column::Text(rows) => {
                for &text in rows.get(self.seen..).unwrap_or_default() {
                    self.push(text);
                }
            }
            Column::TextList { .. } => {
                for row in self.seen..table.len() {
                    for &text in column.texts(row) {
                        self.push(text);
                        self.rows.push(u32::try_from(row).unwrap_or(NONE));
                    }
                }
            }
            _ => {}
        }
        self.seen = table.len();
    }

    fn push(&mut self, text: u32) {
        let item = u32::try_from(self.keys.len()).unwrap_or(NONE);
        if text == NO_TEXT {
            self.keys.push(NONE);
            self.before.push(NONE);
            return;
        }
        let next = u32::try_from(self.texts.len()).unwrap_or(NONE);
        let key = *self.numbers.entry(text).or_insert(next);
        if key == next {
            self.texts.push(text);
            self.newest.push(NONE);
        }
        self.keys.push(key);
        let newest = self.newest.get_mut(key as usize);
        self.before.push(newest.map_or(NONE, |newest| std::mem::replace(newest, item)));
    }

    /// Number of keys.
    pub(crate) fn count(&self) -> usize {
        self.texts.len()
    }

    /// Key with a text number.
    pub(crate) fn number(&self, text: u32) -> Option<u32> {
        self.numbers.get(&text).copied()
    }

    /// Text number of a key.
    pub(crate) fn text(&self, key: usize) -> u32 {
        self.texts.get(key).copied().unwrap_or(NO_TEXT)
    }

    /// Items of a row: keys, among them [`NONE`] and repeats.
    fn items(&self, column: &Column, row: usize) -> &[u32] {
        let items = match column {
            Column::TextList { .. } => column.items(row),
            _ => row..row.saturating_add(1),
        };
        self.keys.get(items).unwrap_or_default()
    }

    /// Calls `each` with the keys of a row; a key written twice comes once.
    #[inline]
    pub(crate) fn each_of_row(&self, column: &Column, row: usize, mut each: impl FnMut(u32)) {
        match self.items(column, row) {
            [] | [NONE] => {}
            [key] => each(*key),
            keys => {
                for (i, &key) in keys.iter().enumerate() {
                    let again = keys.get(..i).is_some_and(|before| before.contains(&key));
                    if key != NONE && !again {
                        each(key);
                    }
                }
            }
        }
    }

    /// Rows that hold a key, newest first; a row that holds it twice may come
    /// twice.
    pub(crate) fn rows_of(&self, key: u32) -> impl Iterator<Item = u32> {
        let mut item = self.newest.get(key as usize).copied().unwrap_or(NONE);
        std::iter::from_fn(move || {
            let now = item;
            if now == NONE {
                return None;
            }
            item = self.before.get(now as usize).copied().unwrap_or(NONE);
            Some(self.rows.get(now as usize).copied().unwrap_or(now))
        })
    }
}
