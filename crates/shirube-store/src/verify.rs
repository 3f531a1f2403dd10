//! Checking the whole ledger: every hash, every link, and that the current
//! records are what the events say.

use serde::Serialize;
use shirube_model::refusal::Refusal;

use crate::canonical::body_text;
use crate::event::Event;
use crate::fault::StoreError;
use crate::ledger::Store;
use crate::meta::Meta;
use crate::projection;
use crate::read::{Position, event_rows_after};
use crate::rows;
use crate::session::{Row, Session};

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

impl ChainBreak {
    pub(crate) fn refusal(&self) -> Refusal {
        Refusal::new("store.chain-broken").arg("seq", self.seq).arg("what", self.what.code())
    }
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
            return Some(broken.refusal());
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
        verify(&mut self.reading().await?, self.meta()).await
    }
}

/// [`Store::verify_chain`] on a session that sees one state throughout.
pub(crate) async fn verify(
    reading: &mut Session<'_>,
    meta: &Meta,
) -> Result<ChainReport, StoreError> {
    let mut good = meta.origin();
    let mut broken = None;
    'events: loop {
        let found = event_rows_after(reading, good.seq, EVENTS).await?;
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
    let differing_record = match broken {
        Some(_) => None,
        None => projection::difference(reading, meta).await?,
    };
    Ok(ChainReport { events: good.seq, head: good, broken, differing_record })
}

/// The position after the event in `row`, or what is wrong with it.
fn check(row: &Row, before: &Position) -> Result<Result<Position, ChainBreak>, StoreError> {
    let seq = row.try_get::<i64>(0)?.unsigned_abs();
    if seq != before.seq + 1 {
        return Ok(Err(ChainBreak { seq: before.seq + 1, what: BreakKind::Missing }));
    }
    let Ok((event, text)) = rows::event_and_text(row) else {
        return Ok(Err(ChainBreak { seq, what: BreakKind::Unreadable }));
    };
    Ok(follow(&event, &text, before))
}

/// The position after `event`, whose body is stored as `text`, or what is wrong
/// with it.
pub(crate) fn follow(event: &Event, text: &str, before: &Position) -> Result<Position, ChainBreak> {
    let broken = |seq, what| Err(ChainBreak { seq, what });
    if event.seq != before.seq + 1 {
        return broken(before.seq + 1, BreakKind::Missing);
    }
    if event.prev_hash != before.hash {
        return broken(event.seq, BreakKind::PreviousHash);
    }
    // The stored text itself must be the canonical one, or a change that reads
    // back the same would go unseen.
    if body_text(&event.body) != text || event.hash_with(text) != event.hash {
        return broken(event.seq, BreakKind::Content);
    }
    if event.recorded_at < before.recorded_at {
        return broken(event.seq, BreakKind::Time);
    }
    Ok(Position { seq: event.seq, hash: event.hash, recorded_at: event.recorded_at })
}
