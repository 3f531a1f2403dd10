//! The records that rows are about, as they stand and as the rows before leave
//! them.

use std::collections::{HashMap, HashSet};

use shirube_model::ident::RecordId;
use shirube_model::record::RecordVersion;
use shirube_store::{Action, AsOf, Event, ListQuery, Order, Store, StoreError};

use crate::proposal::Proposal;

/// Records remembered in a dry run of events, before they are forgotten.
const REMEMBERED: usize = 200_000;

/// Records by id; `None` where there is none.
#[derive(Debug, Default)]
pub(crate) struct View {
    known: HashMap<RecordId, Option<RecordVersion>>,
    /// Events of records that this very input has changed in an earlier run.
    earlier: HashMap<RecordId, Vec<Event>>,
    /// Version up to which a record's events belong to rows already passed.
    passed: HashMap<RecordId, u32>,
    /// Ledger position up to which all events belong to rows already passed.
    pub(crate) passed_seq: u64,
}

/// How a row stands to what an earlier run of the same input recorded.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Earlier {
    /// The earlier run has not come to this row, as far as the record tells.
    Nothing,
    /// The row's event is there.
    Recorded,
    /// The event of a later row is there: the row made none. This is how the
    /// record stood when it was the row's turn.
    Overtaken(Option<Box<RecordVersion>>),
}

impl View {
    pub(crate) fn get(&self, id: &RecordId) -> Option<&RecordVersion> {
        self.known.get(id).and_then(Option::as_ref)
    }

    /// Reads the records that are not known yet.
    pub(crate) async fn load(
        &mut self,
        store: &Store,
        ids: impl Iterator<Item = &RecordId>,
    ) -> Result<(), StoreError> {
        for id in ids {
            if !self.known.contains_key(id) {
                let record = store.get(id, AsOf::Now).await?;
                self.known.insert(id.clone(), record);
            }
        }
        Ok(())
    }

    /// Reads the histories of records that this input has changed before: an
    /// event of such a run has a reason that ends with `mark`.
    pub(crate) async fn load_earlier(
        &mut self,
        store: &Store,
        ids: impl Iterator<Item = &RecordId>,
        mark: &str,
    ) -> Result<(), StoreError> {
        for id in ids {
            let Some(record) = self.get(id) else { continue };
            if record.seq <= self.passed_seq || self.earlier.contains_key(id) {
                continue;
            }
            let mut events = store.history(id).await?;
            if !events.iter().any(|event| event.reason.ends_with(mark)) {
                events.clear();
            }
            self.earlier.insert(id.clone(), events);
        }
        Ok(())
    }

    /// What an earlier run of the input recorded for this row. Rows of a record
    /// and their events are in the same order, so a row is held against the next
    /// event only.
    pub(crate) fn earlier(&mut self, proposal: &Proposal, mark: &str) -> Earlier {
        let passed = self.passed.get(&proposal.record).copied().unwrap_or(0);
        let events = self.earlier.get(&proposal.record).map(Vec::as_slice).unwrap_or_default();
        let next = events.iter().position(|event| {
            event.version > passed && event.seq > self.passed_seq && event.reason.ends_with(mark)
        });
        let Some(at) = next else { return Earlier::Nothing };
        let Some(event) = events.get(at) else { return Earlier::Nothing };
        let same_action = match &proposal.action {
            Some(action) => event.action == *action,
            None => matches!(event.action, Action::Create | Action::Correct),
        };
        if same_action && fits(proposal, event) {
            self.passed.insert(proposal.record.clone(), event.version);
            return Earlier::Recorded;
        }
        let before = at.checked_sub(1).and_then(|at| events.get(at));
        Earlier::Overtaken(before.map(|event| Box::new(event.record_version())))
    }

    /// Notes how a row leaves its record.
    pub(crate) fn set(&mut self, after: RecordVersion) {
        self.passed.insert(after.id.clone(), after.version);
        self.known.insert(after.id.clone(), Some(after));
    }

    /// Forgets records, which were written meanwhile or never will be.
    pub(crate) fn forget(&mut self) {
        self.known.clear();
        self.earlier.clear();
    }

    /// Whether there is too much to remember.
    pub(crate) fn is_full(&self) -> bool {
        self.known.len() > REMEMBERED
    }
}

/// Whether the event's field values are what the row asks for. A step without
/// values leaves the fields as they are.
fn fits(proposal: &Proposal, event: &Event) -> bool {
    let values = matches!(proposal.action, None | Some(Action::Create | Action::Correct));
    (!values && !proposal.fills()) || proposal.body(Some(&event.body)) == event.body
}

/// References of an import to other records, each record once.
#[derive(Debug, Default)]
pub(crate) struct References {
    by_kind: HashMap<&'static str, HashMap<RecordId, &'static str>>,
    count: usize,
    pub(crate) incomplete: bool,
}

/// References looked at; more are not remembered.
const REFERENCES: usize = 200_000;
/// Records read at a time.
const PAGE: usize = 5_000;
/// How many records of a kind are read rather than one record asked for.
const SCAN_RATIO: u64 = 20;

impl References {
    pub(crate) fn add(&mut self, kind: &'static str, field: &'static str, id: RecordId) {
        let ids = self.by_kind.entry(kind).or_default();
        if ids.contains_key(&id) {
            return;
        }
        if self.count >= REFERENCES {
            self.incomplete = true;
            return;
        }
        self.count += 1;
        ids.insert(id, field);
    }

    /// The references, by field, to records that are neither in the store nor
    /// among `made`.
    pub(crate) async fn dangling(
        mut self,
        store: &Store,
        made: &HashSet<RecordId>,
    ) -> Result<Vec<&'static str>, StoreError> {
        let mut fields = Vec::new();
        for (kind, ids) in &mut self.by_kind {
            ids.retain(|id, _| !made.contains(id));
            let count = ListQuery { limit: 0, ..ListQuery::default() };
            let total = store.list(kind, AsOf::Now, &count).await?.total;
            if total > 0 && total / SCAN_RATIO < ids.len() as u64 {
                remove_existing(store, kind, ids).await?;
            } else if total > 0 {
                let mut absent = HashMap::new();
                for (id, field) in ids.drain() {
                    if store.get(&id, AsOf::Now).await?.is_none() {
                        absent.insert(id, field);
                    }
                }
                *ids = absent;
            }
            fields.extend(ids.values().copied());
        }
        Ok(fields)
    }
}

async fn remove_existing(
    store: &Store,
    kind: &str,
    ids: &mut HashMap<RecordId, &'static str>,
) -> Result<(), StoreError> {
    let mut query = ListQuery { order: Order::ById, limit: PAGE, ..ListQuery::default() };
    loop {
        let page = store.list(kind, AsOf::Now, &query).await?;
        for record in &page.records {
            ids.remove(&record.id);
        }
        match page.next {
            Some(next) => query.after = Some(next),
            None => return Ok(()),
        }
    }
}
