//! Where the records of one person were used.

use serde::Serialize;

use crate::close::Role;
use crate::error::QueryError;
use crate::ledger::Ledger;

/// How a person's records stand in an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Shown {
    /// In masked cells or in totals alone, which nobody was given.
    Masked,
    /// In a number that was handed out.
    Printed,
}

/// An answer that used the records of a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Use {
    /// Number of the entry.
    pub entry: u64,
    /// Data set.
    pub data_set: String,
    /// Snapshot.
    pub snapshot: String,
    /// Permit.
    pub permit: String,
    /// The query.
    pub sql: String,
    /// How they stand in the answer.
    pub shown: Shown,
}

impl Ledger {
    /// Every answer from a data set to which records of a person contributed, in
    /// order. Answers that were refused, or wait for reviewers, are none: nothing
    /// went out.
    ///
    /// # Errors
    /// As for [`Self::entries`], and when a file behind an entry is damaged.
    pub fn uses_of(&self, data_set: &str, person: i64) -> Result<Vec<Use>, QueryError> {
        let Some(person) = self.everybody()?.index(person) else { return Ok(Vec::new()) };
        let chain = self.chain()?;
        let mut uses = Vec::new();
        for entry in chain.entries.iter().filter(|entry| entry.data_set == data_set) {
            if !chain.is_out(entry) {
                continue;
            }
            let page = self.page(entry)?;
            let pieces = page.numbers.iter().flatten();
            let with = pieces.filter(|piece| piece.vector.persons().binary_search(&person).is_ok());
            let shown = with
                .map(|piece| match piece.role {
                    Role::Printed => Shown::Printed,
                    Role::Hidden | Role::Margin => Shown::Masked,
                })
                .max();
            if let Some(shown) = shown {
                uses.push(Use {
                    entry: entry.number,
                    data_set: entry.data_set.clone(),
                    snapshot: entry.snapshot.clone(),
                    permit: entry.permit.clone(),
                    sql: entry.sql.clone(),
                    shown,
                });
            }
        }
        Ok(uses)
    }
}
