//! Checking the whole ledger: every hash, every link, and that the current
//! records are what the events say.

use serde::Serialize;
use shirube_model::refusal::Refusal;
use sqlx::Row;

use crate::canonical::body_text;
use crate::fault::StoreError;
use crate::ledger::Store;
use crate::read::{Position, event_rows_after};
use crate::rows;

/// Events checked at a time.
const EVENTS: usize = 2_000;

/// What is wrong with the first bad event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BreakKind {
    /// A position has no event.
    Missing,
    /// The event cannot be read.
    Unreadable,
    /// The event does not name the hash of the event before it.
    PreviousHash,
    /// The event's content does not give its hash.
    Content,
    /// The event was recorded before the one before it.
    Time,
}

impl BreakKind {
    /// The code used in messages.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Unreadable => "unreadable",
            Self::PreviousHash => "previous_hash",
            Self::Content => "content",
            Self::Time => "time",
        }
    }
}

/// The first place where the chain does not hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChainBreak {
    /// Ledger position.
    pub seq: u64,
    /// What is wrong there.
    pub what: BreakKind,
}

/// What a check of the ledger found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChainReport {
    /// Events that hold, from the first on.
    pub events: u64,
    /// The last position that holds.
    pub head: Position,
    /// The first place where the chain does not hold.
    pub broken: Option<ChainBreak>,
    /// The first current record, by id, that differs from the ledger. Not looked
    /// for where the chain itself is broken.
    pub differing_record: Option<String>,
}

impl ChainReport {
    /// Whether everything holds.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.broken.is_none() && self.differing_record.is_none()
    }

    /// What is wrong and what to do: `store.chain-broken` or
    /// `store.projection-differs`; `None` when everything holds.
    #[must_use]
    pub fn refusal(&self) -> Option<Refusal> {
        if let Some(broken) = &self.broken {
            return Some(
                Refusal::new("store.chain-broken")
                    .arg("seq", broken.seq)
                    .arg("what", broken.what.code()),
            );
        }
        let record = self.differing_record.as_ref()?;
        Some(Refusal::new("store.projection-differs").arg("record", record))
    }
}

impl Store {
    /// Reads every event, recomputes every hash, and compares the current
    /// records with the ledger.
    ///
    /// # Errors
    /// A fault of disk or file. A broken chain is no error but the finding.
    pub async fn verify_chain(&self) -> Result<ChainReport, StoreError> {
        let mut reading = self.reading().await?;
        let mut good = self.meta().origin();
        let mut broken = None;
        'events: loop {
            let found = event_rows_after(&mut reading, good.seq, EVENTS).await?;
            if found.is_empty() {
                break;
            }
            for row in &found {
                match check(row, &good)? {
                    Ok(next) => good = next,
                    Err(at) => {
                        broken = Some(at);
                        break 'events;
                    }
                }
            }
        }
        drop(reading);
        let differing_record = match broken {
            Some(_) => None,
            None => self.projection_difference().await?,
        };
        Ok(ChainReport { events: good.seq, head: good, broken, differing_record })
    }
}

/// The position after the event in `row`, or what is wrong with it.
fn check(
    row: &sqlx::sqlite::SqliteRow,
    before: &Position,
) -> Result<Result<Position, ChainBreak>, StoreError> {
    let seq = row.try_get::<i64, _>(0)?.unsigned_abs();
    let broken = |seq, what| Ok(Err(ChainBreak { seq, what }));
    if seq != before.seq + 1 {
        return broken(before.seq + 1, BreakKind::Missing);
    }
    let Ok((event, text)) = rows::event_and_text(row) else {
        return broken(seq, BreakKind::Unreadable);
    };
    if event.prev_hash != before.hash {
        return broken(seq, BreakKind::PreviousHash);
    }
    // The stored text itself must be the canonical one, or a change that reads
    // back the same would go unseen.
    if body_text(&event.body) != text || event.hash_with(&text) != event.hash {
        return broken(seq, BreakKind::Content);
    }
    if event.recorded_at < before.recorded_at {
        return broken(seq, BreakKind::Time);
    }
    Ok(Ok(Position { seq, hash: event.hash, recorded_at: event.recorded_at }))
}
