//! A deterministic set of made-up evidence that fills every register and moves
//! every indicator.
//!
//! The *core* is told record by record: small series, lists, decisions,
//! statistics, and traps for careless counting. It is the same at every size.
//! The *bulk* fills the rest: monthly imports of publications, certifications,
//! projects, trials and so on, in numbers that grow with the size asked for.

mod bulk;
mod cast;
mod core;
mod fields;
mod names;
mod story;

use std::collections::VecDeque;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use shirube_model::ident::RecordId;
use shirube_model::record::{Body, RecordVersion, Standing};
use shirube_store::SourceKey;

use bulk::Bulk;
pub use story::CORE_SYSTEM;

/// Number of events of the demonstration.
pub const DEFAULT_EVENTS: usize = 100_000;

/// What an event does to its record.
#[derive(Debug, Clone, PartialEq)]
pub enum Op {
    /// First version.
    Create,
    /// New field values.
    Correct,
    /// Taken back.
    Withdraw,
    /// In force again.
    Restore,
    /// Found to describe the same thing as another record.
    MarkDuplicate {
        /// That record.
        of: RecordId,
    },
    /// A step of the kind's state machine.
    Transition {
        /// Its name.
        name: &'static str,
    },
}

/// One event, with the whole record after it.
#[derive(Debug, Clone, PartialEq)]
pub struct DemoEvent {
    /// When it was recorded; never before the event before it.
    pub recorded_at: DateTime<Utc>,
    /// Who recorded it.
    pub actor: &'static str,
    /// Why.
    pub reason: Arc<str>,
    /// Register kind.
    pub kind: &'static str,
    /// Record.
    pub id: RecordId,
    /// Where the record comes from; its id derives from it.
    pub source: SourceKey,
    /// What happened.
    pub op: Op,
    /// Version the event makes, from 1.
    pub version: u32,
    /// State after the event.
    pub state: &'static str,
    /// Standing after the event.
    pub standing: Standing,
    /// The record this one duplicates.
    pub duplicate_of: Option<RecordId>,
    /// Field values after the event.
    pub body: Body,
}

impl DemoEvent {
    /// The record after the event, at ledger position `seq`.
    #[must_use]
    pub fn into_version(self, seq: u64) -> RecordVersion {
        RecordVersion {
            kind: self.kind.to_owned(),
            id: self.id,
            version: self.version,
            state: self.state.to_owned(),
            standing: self.standing,
            duplicate_of: self.duplicate_of,
            body: self.body,
            seq,
            recorded_at: self.recorded_at,
        }
    }
}

/// A record that a careless count gets wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trap {
    /// Name of the trap; several records may share it.
    pub id: &'static str,
    /// Register kind.
    pub kind: &'static str,
    /// Where the record comes from.
    pub source: SourceKey,
    /// The record.
    pub record: RecordId,
    /// What must happen, in words.
    pub expect: &'static str,
}

/// The events in ledger order.
#[derive(Debug)]
pub struct Evidence {
    core: VecDeque<DemoEvent>,
    bulk: Bulk,
    /// The next event of the bulk.
    ahead: Option<DemoEvent>,
    left: usize,
}

impl Evidence {
    /// Evidence of `events` events drawn from `seed`. The core is always there,
    /// so a size below [`core_len`] gives the core alone.
    #[must_use]
    pub fn new(seed: u64, events: usize) -> Self {
        let (core, cast, _) = core::tell(seed);
        let left = events.max(core.len());
        let mut bulk = Bulk::new(seed, cast, (left - core.len()) as u64);
        let ahead = bulk.next();
        Self { core: core.into(), bulk, ahead, left }
    }
}

impl Iterator for Evidence {
    type Item = DemoEvent;

    fn next(&mut self) -> Option<DemoEvent> {
        let told = self.core.front().map(|event| event.recorded_at);
        let imported = self.ahead.as_ref().map(|event| event.recorded_at);
        let event = match (told, imported) {
            (Some(told), Some(imported)) if told > imported => self.ahead.take(),
            (Some(_), _) => self.core.pop_front(),
            (None, _) => self.ahead.take(),
        };
        if self.ahead.is_none() {
            self.ahead = self.bulk.next();
        }
        self.left -= usize::from(event.is_some());
        event
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for Evidence {}

/// Record versions in ledger order, with ledger positions from 1.
pub fn versions(seed: u64, events: usize) -> impl Iterator<Item = RecordVersion> {
    Evidence::new(seed, events).zip(1u64..).map(|(event, seq)| event.into_version(seq))
}

/// Record versions in ledger order, all at once; about 1.5 kB each.
#[must_use]
pub fn in_memory(events: usize, seed: u64) -> Vec<RecordVersion> {
    versions(seed, events).collect()
}

/// Number of events among which about `rows` records of `kind` are made.
pub(crate) fn events_for(kind: &str, rows: usize) -> usize {
    match bulk::share(kind) {
        Some(share) => rows * 4 * 1_000 / share + DEFAULT_EVENTS / 10,
        None => 0,
    }
}

/// Number of events of the core drawn from `seed`, about 2,500.
#[must_use]
pub fn core_len(seed: u64) -> usize {
    core::tell(seed).0.len()
}

/// The traps of the core; the same for every seed and size.
#[must_use]
pub fn traps() -> Vec<Trap> {
    core::tell(0).2
}

/// Steps of the core that the registers would refuse; empty, as a test holds.
#[must_use]
pub fn faults(seed: u64) -> Vec<String> {
    core::faults(seed)
}

/// A day that exists; only used with constants.
pub(crate) fn day(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).unwrap_or(NaiveDate::MIN)
}
