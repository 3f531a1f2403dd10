//! The one writer: gathers waiting requests, decides them in memory and commits
//! them in one transaction. It runs as a task of its own, so that a caller who
//! goes away never leaves a transaction half done.

use std::sync::Arc;

use chrono::NaiveDate;
use shirube_model::ident::RecordId;
use sqlx::AssertSqlSafe;
use tokio::sync::{mpsc, oneshot};

use crate::clock::Clock;
use crate::decide::{Decision, Desk, Prepared, Request, records_touched};
use crate::engine::WriteConnection;
use crate::event::{Draft, Event};
use crate::fault::{AppendError, StoreError};
use crate::meta::Meta;
use crate::read::Position;
use crate::rows::sql_int;
use crate::session::{Arg, Session};
use crate::values::{StoredValue, insert_value};
use crate::{rows, sql};

/// Requests that may wait for the writer.
pub(crate) const QUEUE: usize = 256;
/// Drafts after which no further request joins a transaction.
const GROUP_DRAFTS_MAX: usize = 4_096;

/// What became of one draft of a bulk request.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// An event was recorded.
    Recorded {
        /// Ledger position.
        seq: u64,
        /// Record.
        record: RecordId,
        /// Version the event made; 1 for a new record.
        version: u32,
    },
    /// The record already stands as asked.
    Unchanged {
        /// Record.
        record: RecordId,
        /// Its version.
        version: u32,
    },
    /// The draft breaks rules; the others were recorded without it.
    Refused(AppendError),
}

/// What became of a bulk request, draft by draft.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct BulkReport {
    /// One outcome per draft, in order.
    pub outcomes: Vec<Outcome>,
}

impl BulkReport {
    /// Events recorded.
    #[must_use]
    pub fn recorded(&self) -> usize {
        self.outcomes.iter().filter(|o| matches!(o, Outcome::Recorded { .. })).count()
    }

    /// Drafts that changed nothing.
    #[must_use]
    pub fn unchanged(&self) -> usize {
        self.outcomes.iter().filter(|o| matches!(o, Outcome::Unchanged { .. })).count()
    }

    /// Drafts refused, with their place in the request.
    pub fn refused(&self) -> impl Iterator<Item = (usize, &AppendError)> {
        self.outcomes.iter().enumerate().filter_map(|(index, outcome)| match outcome {
            Outcome::Refused(error) => Some((index, error)),
            _ => None,
        })
    }
}

/// How a request ends: as a whole, or draft by draft.
#[derive(Debug)]
pub(crate) enum Reply {
    Whole(oneshot::Sender<Result<Vec<Event>, AppendError>>),
    Each(oneshot::Sender<Result<BulkReport, AppendError>>),
}

/// Drafts that one caller wants recorded.
#[derive(Debug)]
pub(crate) struct AppendJob {
    pub(crate) drafts: Vec<Draft>,
    pub(crate) actor: String,
    pub(crate) reason: String,
    pub(crate) reply: Reply,
}

/// An indicator value to keep.
#[derive(Debug)]
pub(crate) struct ValueJob {
    pub(crate) indicator: String,
    pub(crate) reading: String,
    pub(crate) as_of: NaiveDate,
    pub(crate) json: String,
    pub(crate) reply: oneshot::Sender<Result<u64, StoreError>>,
}

/// Work for the writer.
#[derive(Debug)]
pub(crate) enum Job {
    Append(AppendJob),
    Value(ValueJob),
    Replay(oneshot::Sender<Result<u64, StoreError>>),
    Close(oneshot::Sender<()>),
}

/// The writer's own state.
#[derive(Debug)]
pub(crate) struct Writer {
    /// Holds the lock as long as this instance may write.
    pub(crate) connection: WriteConnection,
    pub(crate) meta: Meta,
    pub(crate) clock: Arc<dyn Clock>,
}

/// How a request was decided, before it is on disk.
enum Decided {
    Whole(Result<Vec<Arc<Event>>, AppendError>),
    Each(Result<BulkReport, AppendError>),
}

impl Writer {
    /// Serves jobs until every handle of the store is gone or it is closed.
    pub(crate) async fn run(mut self, mut jobs: mpsc::Receiver<Job>) {
        let mut held_over = None;
        loop {
            let job = match held_over.take() {
                Some(job) => job,
                None => match jobs.recv().await {
                    Some(job) => job,
                    None => break,
                },
            };
            match job {
                Job::Append(first) => {
                    // Lets callers that were just answered get in line, so that
                    // they share the next commit.
                    tokio::task::yield_now().await;
                    let group;
                    (group, held_over) = gather(first, &mut jobs);
                    self.append(group).await;
                }
                Job::Value(job) => {
                    let ValueJob { indicator, reading, as_of, json, reply } = job;
                    let result = self.save_value(indicator, reading, as_of, json).await;
                    self.answer(reply, result).await;
                }
                Job::Replay(reply) => {
                    let result = self.replay().await;
                    self.answer(reply, result).await;
                }
                Job::Close(done) => {
                    self.finish().await;
                    // The caller may have stopped waiting.
                    let _ = done.send(());
                    return;
                }
            }
        }
        self.finish().await;
    }

    async fn finish(self) {
        self.connection.close().await;
    }

    /// Sends a result; after a fault the connection is made anew, because
    /// nothing is known about the state it was left in.
    async fn answer<T>(
        &mut self,
        reply: oneshot::Sender<Result<T, StoreError>>,
        result: Result<T, StoreError>,
    ) {
        if matches!(result, Err(StoreError::Fault(_))) {
            self.reconnect().await;
        }
        // The caller may have stopped waiting.
        let _ = reply.send(result);
    }

    async fn reconnect(&mut self) {
        // Where that cannot be done now, the next request tries again or reports
        // the fault.
        let _ = self.connection.reconnect().await;
    }

    async fn append(&mut self, mut group: Vec<AppendJob>) {
        let result = self.append_group(&mut group).await;
        if matches!(result, Err(StoreError::Fault(_))) {
            self.reconnect().await;
        }
        let mut decided = match result {
            Ok(decided) => decided.into_iter().map(Ok).collect::<Vec<_>>(),
            Err(error) => group.iter().map(|_| Err(AppendError::from(error.clone()))).collect(),
        };
        for (job, decided) in group.into_iter().zip(decided.drain(..)) {
            // The callers may have stopped waiting.
            match (job.reply, decided) {
                (Reply::Whole(reply), Ok(Decided::Whole(result))) => {
                    let _ = reply.send(result.map(owned));
                }
                (Reply::Each(reply), Ok(Decided::Each(result))) => {
                    let _ = reply.send(result);
                }
                (Reply::Whole(reply), Err(error)) => {
                    let _ = reply.send(Err(error));
                }
                (Reply::Each(reply), Err(error)) => {
                    let _ = reply.send(Err(error));
                }
                // A request is decided in the way it asks to be answered.
                (Reply::Whole(_), Ok(Decided::Each(_)))
                | (Reply::Each(_), Ok(Decided::Whole(_))) => {}
            }
        }
    }

    /// Decides a group of requests and commits their events in one transaction.
    async fn append_group(&mut self, group: &mut [AppendJob]) -> Result<Vec<Decided>, StoreError> {
        let mut transaction = self.connection.begin().await?;
        let head = head(&mut transaction, &self.meta).await?;
        let mut touched: Vec<RecordId> =
            records_touched(group.iter().flat_map(|job| &job.drafts)).collect();
        touched.sort_unstable();
        touched.dedup();
        let last = last_events(&mut transaction, touched).await?;
        let mut desk = Desk::new(&self.meta, head, last);
        let mut decided = Vec::with_capacity(group.len());
        for job in group {
            decided.push(decide(&mut desk, job, self.clock.as_ref()));
        }
        let (prepared, latest) = desk.finish();
        if prepared.is_empty() {
            transaction.rollback().await?;
            return Ok(decided);
        }
        insert_events(&mut transaction, &prepared).await?;
        upsert_current(&mut transaction, &prepared, &latest).await?;
        let end = prepared.last().map(|last| (last.event.seq, last.event.hash));
        match (transaction.commit().await, end) {
            (Ok(()), _) => Ok(decided),
            (Err(error), Some((seq, hash))) => {
                self.settle(seq, hash, error).await.map(|()| decided)
            }
            (Err(error), None) => Err(error),
        }
    }

    /// After a commit that was not confirmed: whether the event at `seq` with
    /// `hash` is in the ledger all the same. A connection can be lost after the
    /// commit was done and before its answer arrived.
    async fn settle(
        &mut self,
        seq: u64,
        hash: [u8; 32],
        error: StoreError,
    ) -> Result<(), StoreError> {
        match self.is_recorded(seq, hash).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(error),
            Err(later) => {
                let cause = format!("{}; then {}", error.cause(), later.cause());
                Err(StoreError::fault("store.outcome-unknown", cause))
            }
        }
    }

    async fn is_recorded(&mut self, seq: u64, hash: [u8; 32]) -> Result<bool, StoreError> {
        self.connection.reconnect().await?;
        let mut transaction = self.connection.begin().await?;
        let row = transaction.row(sql::POSITION_OF, &[sql_int(seq).into()]).await?;
        let found = row.as_ref().map(rows::position).transpose()?;
        transaction.rollback().await?;
        Ok(found.is_some_and(|position| position.hash == hash))
    }

    async fn save_value(
        &mut self,
        indicator: String,
        reading: String,
        as_of: NaiveDate,
        json: String,
    ) -> Result<u64, StoreError> {
        let created_at = self.clock.now();
        let mut transaction = self.connection.begin().await?;
        let id = transaction.number(sql::VALUE_NEXT, &[]).await?;
        let id = u64::try_from(id).map_err(|error| StoreError::damaged(id, error))?;
        let value = StoredValue { id, indicator, reading, as_of, json, created_at };
        insert_value(&mut transaction, &value).await?;
        commit_once(transaction).await?;
        Ok(id)
    }

    /// Makes the current records anew from the ledger; gives their number.
    async fn replay(&mut self) -> Result<u64, StoreError> {
        let mut transaction = self.connection.begin().await?;
        let count = make_current(&mut transaction).await?;
        // Making them twice does no harm.
        transaction.commit().await?;
        u64::try_from(count).map_err(|error| StoreError::damaged(count, error))
    }
}

/// Commits what cannot be recognised afterwards.
async fn commit_once(transaction: Session<'_>) -> Result<(), StoreError> {
    transaction.commit().await.map_err(|error| match error.code() {
        "store.server-unreachable" => StoreError::fault("store.outcome-unknown", error.cause()),
        _ => error,
    })
}

/// Makes the current records from the ledger; gives their number.
pub(crate) async fn make_current(transaction: &mut Session<'_>) -> Result<i64, StoreError> {
    transaction.run(sql::CURRENT_CLEAR, &[]).await?;
    transaction.run(sql::CURRENT_REPLAY, &[i64::MAX.into()]).await?;
    transaction.number(sql::CURRENT_COUNT, &[]).await
}

/// The first request and those that already wait behind it, and the first job
/// that does not join them.
fn gather(first: AppendJob, jobs: &mut mpsc::Receiver<Job>) -> (Vec<AppendJob>, Option<Job>) {
    let mut drafts = first.drafts.len();
    let mut group = vec![first];
    while drafts < GROUP_DRAFTS_MAX {
        match jobs.try_recv() {
            Ok(Job::Append(next)) => {
                drafts += next.drafts.len();
                group.push(next);
            }
            Ok(other) => return (group, Some(other)),
            Err(_) => break,
        }
    }
    (group, None)
}

fn owned(events: Vec<Arc<Event>>) -> Vec<Event> {
    events.into_iter().map(Arc::unwrap_or_clone).collect()
}

/// Decides one request on the desk.
fn decide(desk: &mut Desk<'_>, job: &mut AppendJob, clock: &dyn Clock) -> Decided {
    let drafts = std::mem::take(&mut job.drafts);
    let request = Request { actor: &job.actor, reason: &job.reason, now: clock.now() };
    let checked = request.check().map_err(AppendError::from);
    match &job.reply {
        Reply::Whole(_) => {
            Decided::Whole(checked.and_then(|()| decide_whole(desk, drafts, request)))
        }
        Reply::Each(_) => Decided::Each(checked.map(|()| decide_each(desk, drafts, request))),
    }
}

fn decide_whole(
    desk: &mut Desk<'_>,
    drafts: Vec<Draft>,
    request: Request<'_>,
) -> Result<Vec<Arc<Event>>, AppendError> {
    let mark = desk.mark();
    let mut events = Vec::with_capacity(drafts.len());
    for (index, draft) in drafts.into_iter().enumerate() {
        match desk.decide(draft, request) {
            Ok(Decision::Recorded(event)) => events.push(event),
            Ok(Decision::Unchanged { .. }) => {}
            Err(error) => {
                desk.back_to(mark);
                return Err(error.at(index));
            }
        }
    }
    Ok(events)
}

fn decide_each(desk: &mut Desk<'_>, drafts: Vec<Draft>, request: Request<'_>) -> BulkReport {
    let mut outcomes = Vec::with_capacity(drafts.len());
    for (index, draft) in drafts.into_iter().enumerate() {
        // Forgets how to undo the drafts before: each stands by itself.
        desk.mark();
        outcomes.push(match desk.decide(draft, request) {
            Ok(Decision::Recorded(event)) => Outcome::Recorded {
                seq: event.seq,
                record: event.record.clone(),
                version: event.version,
            },
            Ok(Decision::Unchanged { record, version }) => Outcome::Unchanged { record, version },
            Err(error) => Outcome::Refused(error.at(index)),
        });
    }
    BulkReport { outcomes }
}

/// The end of the ledger.
pub(crate) async fn head(session: &mut Session<'_>, meta: &Meta) -> Result<Position, StoreError> {
    match session.row(sql::HEAD, &[]).await? {
        Some(row) => rows::position(&row),
        None => Ok(meta.origin()),
    }
}

/// The last event of each of `ids` that exists.
async fn last_events(
    session: &mut Session<'_>,
    ids: Vec<RecordId>,
) -> Result<Vec<Event>, StoreError> {
    let mut events = Vec::new();
    for chunk in ids.chunks(sql::LOOKUP_MANY) {
        let text = AssertSqlSafe(sql::latest_events(chunk.len()));
        let args: Vec<Arg<'_>> = chunk.iter().map(|id| id.as_str().into()).collect();
        for row in session.rows(text, &args).await? {
            events.push(rows::event(&row)?);
        }
    }
    Ok(events)
}

/// Writes events in statements of many rows, the rest one by one.
pub(crate) async fn insert_events(
    session: &mut Session<'_>,
    prepared: &[Prepared],
) -> Result<(), StoreError> {
    let mut chunks = prepared.chunks_exact(sql::ROWS_MANY);
    let rest = chunks.remainder();
    for chunk in chunks.by_ref() {
        run(session, sql::event_insert(true), chunk, bind_event).await?;
    }
    for one in rest.chunks(1) {
        run(session, sql::event_insert(false), one, bind_event).await?;
    }
    Ok(())
}

/// Writes the state of each record after the last of its events.
async fn upsert_current(
    session: &mut Session<'_>,
    prepared: &[Prepared],
    latest: &[usize],
) -> Result<(), StoreError> {
    let latest: Vec<Prepared> =
        latest.iter().filter_map(|index| prepared.get(*index).cloned()).collect();
    let mut chunks = latest.chunks_exact(sql::ROWS_MANY);
    let rest = chunks.remainder();
    for chunk in chunks.by_ref() {
        run(session, sql::current_upsert(true), chunk, bind_current).await?;
    }
    for one in rest.chunks(1) {
        run(session, sql::current_upsert(false), one, bind_current).await?;
    }
    Ok(())
}

/// Texts of an event that have to be made before they can be bound.
struct Made {
    action: String,
    prev_hash: String,
    hash: String,
}

impl Made {
    fn of(prepared: &Prepared) -> Self {
        let event = &prepared.event;
        Self {
            action: event.action.code(),
            prev_hash: hex::encode(event.prev_hash),
            hash: hex::encode(event.hash),
        }
    }
}

type Bind = for<'a> fn(&mut Vec<Arg<'a>>, &'a Prepared, &'a Made);

async fn run(
    session: &mut Session<'_>,
    text: Arc<str>,
    rows: &[Prepared],
    bind: Bind,
) -> Result<(), StoreError> {
    let made: Vec<Made> = rows.iter().map(Made::of).collect();
    let mut args = Vec::new();
    for (row, made) in rows.iter().zip(&made) {
        bind(&mut args, row, made);
    }
    session.run(AssertSqlSafe(text), &args).await
}

/// Values in the order of the columns of `event_columns!`.
fn bind_event<'a>(args: &mut Vec<Arg<'a>>, prepared: &'a Prepared, made: &'a Made) {
    let event = &prepared.event;
    let values: [Arg<'a>; 16] = [
        sql_int(event.seq).into(),
        event.recorded_at.timestamp_micros().into(),
        event.kind.as_str().into(),
        event.record.as_str().into(),
        i64::from(event.version).into(),
        made.action.as_str().into(),
        event.state.as_str().into(),
        event.standing.code().into(),
        event.duplicate_of.as_ref().map(RecordId::as_str).into(),
        event.actor.as_str().into(),
        event.reason.as_str().into(),
        event.source.as_ref().map(|s| s.system.as_str()).into(),
        event.source.as_ref().map(|s| s.key.as_str()).into(),
        prepared.body.as_str().into(),
        made.prev_hash.as_str().into(),
        made.hash.as_str().into(),
    ];
    args.extend(values);
}

/// Values in the order of the columns of [`sql::current_upsert`].
fn bind_current<'a>(args: &mut Vec<Arg<'a>>, prepared: &'a Prepared, _: &'a Made) {
    let event = &prepared.event;
    let values: [Arg<'a>; 9] = [
        event.record.as_str().into(),
        event.kind.as_str().into(),
        i64::from(event.version).into(),
        event.state.as_str().into(),
        event.standing.code().into(),
        event.duplicate_of.as_ref().map(RecordId::as_str).into(),
        prepared.body.as_str().into(),
        sql_int(event.seq).into(),
        event.recorded_at.timestamp_micros().into(),
    ];
    args.extend(values);
}
