//! From drafts to events: every rule of the ledger, decided in memory from the
//! last event of each record concerned. No I/O.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use shirube_model::ident::RecordId;
use shirube_model::record::{Body, Standing};
use shirube_model::refusal::Refusal;
use shirube_model::registers;
use shirube_model::schema::KindSchema;

use crate::canonical::body_text;
use crate::clock::monotone;
use crate::event::{Action, Ask, Change, Draft, Event, NewRecord, OnExisting, SourceKey, Step};
use crate::fault::{AppendError, StaleEdit};
use crate::meta::{Meta, StoreClass};
use crate::read::Position;

/// Source systems that only the ledger itself uses.
const OWN_SYSTEM: &str = "shirube:";

/// An event ready to be written.
#[derive(Debug, Clone)]
pub(crate) struct Prepared {
    pub(crate) event: Arc<Event>,
    /// The event's body as text.
    pub(crate) body: String,
}

/// What became of one draft.
#[derive(Debug, Clone)]
pub(crate) enum Decision {
    Recorded(Arc<Event>),
    /// The record already stands as asked.
    Unchanged {
        record: RecordId,
        version: u32,
    },
}

/// Who asks, why, and when.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Request<'a> {
    pub(crate) actor: &'a str,
    pub(crate) reason: &'a str,
    pub(crate) now: DateTime<Utc>,
}

impl Request<'_> {
    /// Who and why must be said.
    pub(crate) fn check(&self) -> Result<(), Refusal> {
        if self.actor.trim().is_empty() {
            return Err(Refusal::new("store.actor-blank"));
        }
        if self.reason.trim().is_empty() {
            return Err(Refusal::new("store.reason-blank"));
        }
        check_text([self.actor, self.reason])
    }
}

/// The records that `drafts` touch, as far as they can be known before.
pub(crate) fn records_touched<'a>(
    drafts: impl Iterator<Item = &'a Draft>,
) -> impl Iterator<Item = RecordId> {
    drafts
        .flat_map(|draft| match &draft.ask {
            Ask::New(new) => [id_of_source(new), None],
            Ask::Change(change) => {
                let original = match &change.step {
                    Step::MarkDuplicate(original) => Some(original.clone()),
                    _ => None,
                };
                [Some(change.record.clone()), original]
            }
        })
        .flatten()
}

fn id_of_source(new: &NewRecord) -> Option<RecordId> {
    let schema = registers::kind(&new.kind)?;
    let source = new.source.as_ref()?;
    Some(RecordId::derive(schema.prefix, &source.system, &source.key))
}

/// What the next event is decided against: the end of the ledger and the last
/// event of every record concerned.
#[derive(Debug)]
pub(crate) struct Desk<'a> {
    meta: &'a Meta,
    head: Position,
    last: HashMap<RecordId, Arc<Event>>,
    prepared: Vec<Prepared>,
    /// What `last` held before the events since the last mark.
    undo: Vec<(RecordId, Option<Arc<Event>>)>,
}

/// A point to return to when a later draft of the same request is refused.
#[derive(Debug)]
pub(crate) struct Mark {
    head: Position,
    prepared: usize,
}

/// An event still without place, time and hash.
struct Proposal<'a> {
    schema: &'static KindSchema,
    record: RecordId,
    before: Option<&'a Event>,
    action: Action,
    state: &'a str,
    standing: Standing,
    duplicate_of: Option<RecordId>,
    source: Option<SourceKey>,
    body: Body,
}

impl<'a> Desk<'a> {
    pub(crate) fn new(meta: &'a Meta, head: Position, last: Vec<Event>) -> Self {
        let last = last.into_iter().map(|e| (e.record.clone(), Arc::new(e))).collect();
        Self { meta, head, last, prepared: Vec::new(), undo: Vec::new() }
    }

    /// Starts a request that is kept or dropped as a whole.
    pub(crate) fn mark(&mut self) -> Mark {
        self.undo.clear();
        Mark { head: self.head, prepared: self.prepared.len() }
    }

    /// Drops everything decided since `mark`.
    pub(crate) fn back_to(&mut self, mark: Mark) {
        self.head = mark.head;
        self.prepared.truncate(mark.prepared);
        for (record, before) in self.undo.drain(..).rev() {
            match before {
                Some(event) => self.last.insert(record, event),
                None => self.last.remove(&record),
            };
        }
    }

    /// The events decided, and the last one of each record they concern.
    pub(crate) fn finish(self) -> (Vec<Prepared>, Vec<usize>) {
        let mut latest: HashMap<&RecordId, usize> = HashMap::new();
        for (index, prepared) in self.prepared.iter().enumerate() {
            latest.insert(&prepared.event.record, index);
        }
        let mut latest: Vec<usize> = latest.into_values().collect();
        latest.sort_unstable();
        (self.prepared, latest)
    }

    /// Decides one draft. On refusal nothing has changed.
    pub(crate) fn decide(
        &mut self,
        draft: Draft,
        request: Request<'_>,
    ) -> Result<Decision, AppendError> {
        let now = match (draft.recorded_at, self.meta.class) {
            (None, _) => request.now,
            (Some(given), StoreClass::Demo) => given,
            (Some(_), StoreClass::Live) => return Err(Refusal::new("store.time-given").into()),
        };
        let request = Request { now, ..request };
        match draft.ask {
            Ask::New(new) => self.decide_new(new, request),
            Ask::Change(change) => self.decide_change(change, request),
        }
    }

    fn decide_new(
        &mut self,
        new: NewRecord,
        request: Request<'_>,
    ) -> Result<Decision, AppendError> {
        let schema = registers::kind(&new.kind)
            .ok_or_else(|| Refusal::new("store.kind-unknown").arg("kind", &new.kind))?;
        if let Some(source) = &new.source {
            check_source(source)?;
        }
        let record = id_of_source(&new).unwrap_or_else(|| self.next_own_id(schema));
        let body = registers::canonical(new.body);
        let Some(before) = self.last.get(&record).cloned() else {
            (schema.check)(&body)?;
            let proposal = Proposal {
                schema,
                record,
                before: None,
                action: Action::Create,
                state: schema.initial_state(),
                standing: Standing::Active,
                duplicate_of: None,
                source: new.source,
                body,
            };
            return Ok(self.record(proposal, request));
        };
        if before.source != new.source {
            return Err(Refusal::new("store.id-collision").arg("record", &record).into());
        }
        if before.body != body && new.on_existing == OnExisting::Refuse {
            return Err(Refusal::new("store.source-known").arg("record", &record).into());
        }
        self.correct(schema, &before, body, request)
    }

    fn decide_change(
        &mut self,
        change: Change,
        request: Request<'_>,
    ) -> Result<Decision, AppendError> {
        let Some(before) = self.last.get(&change.record).cloned() else {
            return Err(Refusal::new("store.record-unknown").arg("record", &change.record).into());
        };
        let schema = registers::kind(&before.kind)
            .ok_or_else(|| Refusal::new("store.kind-unknown").arg("kind", &before.kind))?;
        check_version(&change, &before)?;
        let (action, body) = match change.step {
            Step::Correct(body) => {
                return self.correct(schema, &before, registers::canonical(body), request);
            }
            Step::Transition { name, body } => {
                let body = body.map(registers::canonical);
                if let Some(body) = &body {
                    (schema.check)(body)?;
                }
                let body = body.unwrap_or_else(|| before.body.clone());
                schema.check_frozen(&before.state, Some(&name), &before.body, &body)?;
                (Action::Transition(name), body)
            }
            Step::Withdraw => (Action::Withdraw, before.body.clone()),
            Step::Restore => (Action::Restore, before.body.clone()),
            Step::MarkDuplicate(original) => {
                self.check_original(&before, &original)?;
                let (standing, of) = (Standing::Duplicate, Some(original));
                check_standing(&Action::MarkDuplicate, before.standing)?;
                let body = before.body.clone();
                let proposal = Proposal {
                    standing,
                    duplicate_of: of,
                    ..Proposal::after(schema, &before, Action::MarkDuplicate, body)
                };
                return Ok(self.record(proposal, request));
            }
        };
        let (state, standing) = match &action {
            Action::Transition(name) => {
                (schema.step(name, &before.state, before.standing, &body)?, before.standing)
            }
            _ => (before.state.as_str(), check_standing(&action, before.standing)?),
        };
        // Neither withdrawal nor restoration leaves a record a duplicate.
        let duplicate_of = None;
        let after = Proposal::after(schema, &before, action, body);
        Ok(self.record(Proposal { state, standing, duplicate_of, ..after }, request))
    }

    fn correct(
        &mut self,
        schema: &'static KindSchema,
        before: &Event,
        body: Body,
        request: Request<'_>,
    ) -> Result<Decision, AppendError> {
        if before.body == body {
            let (record, version) = (before.record.clone(), before.version);
            return Ok(Decision::Unchanged { record, version });
        }
        (schema.check)(&body)?;
        schema.check_frozen(&before.state, None, &before.body, &body)?;
        check_state_still_holds(schema, &before.state, &body)?;
        Ok(self.record(Proposal::after(schema, before, Action::Correct, body), request))
    }

    /// A duplicate points at an active record of its kind, never at itself;
    /// so no chain of marks can close into a ring.
    fn check_original(&self, before: &Event, original: &RecordId) -> Result<(), Refusal> {
        let refuse = |code| Err(Refusal::new(code).arg("original", original));
        match self.last.get(original) {
            _ if *original == before.record => refuse("store.duplicate-of-itself"),
            None => Err(Refusal::new("store.record-unknown").arg("record", original)),
            Some(event) if event.kind != before.kind => refuse("store.duplicate-of-other-kind"),
            Some(event) if event.standing != Standing::Active => {
                refuse("store.duplicate-of-inactive")
            }
            Some(_) => Ok(()),
        }
    }

    /// The id of a record that nobody else has a key for.
    fn next_own_id(&self, schema: &KindSchema) -> RecordId {
        let system = format!("{OWN_SYSTEM}{}", self.meta.created_at.timestamp_micros());
        RecordId::derive(schema.prefix, &system, &(self.head.seq + 1).to_string())
    }

    /// Gives the proposal its place in the chain.
    fn record(&mut self, proposal: Proposal<'_>, request: Request<'_>) -> Decision {
        let mut event = Event {
            seq: self.head.seq + 1,
            recorded_at: monotone(self.head.recorded_at, request.now),
            kind: proposal.schema.kind.to_owned(),
            record: proposal.record,
            version: proposal.before.map_or(1, |before| before.version + 1),
            action: proposal.action,
            state: proposal.state.to_owned(),
            standing: proposal.standing,
            duplicate_of: proposal.duplicate_of,
            actor: request.actor.to_owned(),
            reason: request.reason.to_owned(),
            source: proposal.source,
            body: proposal.body,
            prev_hash: self.head.hash,
            hash: [0; 32],
        };
        let body = body_text(&event.body);
        event.hash = event.hash_with(&body);
        self.head = Position { seq: event.seq, hash: event.hash, recorded_at: event.recorded_at };
        let event = Arc::new(event);
        let before = self.last.insert(event.record.clone(), Arc::clone(&event));
        self.undo.push((event.record.clone(), before));
        self.prepared.push(Prepared { event: Arc::clone(&event), body });
        Decision::Recorded(event)
    }
}

impl<'a> Proposal<'a> {
    /// `before` with another body.
    fn after(schema: &'static KindSchema, before: &'a Event, action: Action, body: Body) -> Self {
        Self {
            schema,
            record: before.record.clone(),
            before: Some(before),
            action,
            state: &before.state,
            standing: before.standing,
            duplicate_of: before.duplicate_of.clone(),
            source: before.source.clone(),
            body,
        }
    }
}

/// PostgreSQL keeps no text with a null character. Refused on every engine, so
/// that a store can always go from one to the other; bodies have it escaped.
pub(crate) fn check_text<const N: usize>(texts: [&str; N]) -> Result<(), Refusal> {
    if texts.iter().any(|text| text.contains('\0')) {
        return Err(Refusal::new("store.text-unstorable"));
    }
    Ok(())
}

fn check_source(source: &SourceKey) -> Result<(), Refusal> {
    if source.system.trim().is_empty() || source.key.trim().is_empty() {
        return Err(Refusal::new("store.source-blank"));
    }
    if source.system.starts_with(OWN_SYSTEM) {
        return Err(Refusal::new("store.source-reserved").arg("system", &source.system));
    }
    check_text([source.system.as_str(), source.key.as_str()])
}

fn check_version(change: &Change, before: &Arc<Event>) -> Result<(), AppendError> {
    if change.base_version == before.version {
        return Ok(());
    }
    if change.base_version == 0 || change.base_version > before.version {
        return Err(Refusal::new("store.version-unknown")
            .arg("record", &change.record)
            .arg("version", change.base_version)
            .arg("current", before.version)
            .into());
    }
    let mine = match &change.step {
        Step::Correct(body) | Step::Transition { body: Some(body), .. } => Some(body.clone()),
        _ => None,
    };
    Err(AppendError::Stale(Box::new(StaleEdit {
        record: change.record.clone(),
        base_version: change.base_version,
        mine,
        current: before.record_version(),
    })))
}

/// The standing after `action`, from the table of what may follow what.
fn check_standing(action: &Action, standing: Standing) -> Result<Standing, Refusal> {
    match (action, standing) {
        (Action::Withdraw, Standing::Active | Standing::Duplicate) => Ok(Standing::Withdrawn),
        (Action::Restore, Standing::Withdrawn | Standing::Duplicate) => Ok(Standing::Active),
        (Action::MarkDuplicate, Standing::Active) => Ok(Standing::Duplicate),
        _ => Err(Refusal::new("store.standing-not-from-here")
            .arg("action", action.code())
            .arg("standing", standing.code())),
    }
}

/// A correction may not remove what the record's state was reached with.
fn check_state_still_holds(schema: &KindSchema, state: &str, body: &Body) -> Result<(), Refusal> {
    if state == schema.initial_state() {
        return Ok(());
    }
    let mut first_lack = None;
    for step in schema.transitions.iter().filter(|step| step.to == state) {
        let lack = step.needs.iter().find(|need| body.get(**need).is_none_or(|v| v.is_null()));
        match lack {
            None => return Ok(()),
            Some(need) => {
                first_lack.get_or_insert((step.name, *need));
            }
        }
    }
    match first_lack {
        None => Ok(()),
        Some((_, need)) => {
            Err(Refusal::new("store.state-needs-field").arg("state", state).field(need))
        }
    }
}
