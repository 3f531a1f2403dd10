//! The one writer: gathers waiting requests, decides them in memory and commits
//! them in one transaction. It runs as a task of its own, so that a caller who
//! goes away never leaves a transaction half done.

use std::path::PathBuf;
use std::sync::Arc;

use chrono::NaiveDate;
use shirube_model::ident::RecordId;
use sqlx::Connection;
use sqlx::sqlite::{SqliteArguments, SqliteConnection};
use sqlx::{Arguments, AssertSqlSafe, Row};
use tokio::sync::{mpsc, oneshot};

use crate::clock::Clock;
use crate::decide::{Decision, Desk, Prepared, Request, records_touched};
use crate::engine::{self, BEGIN_WRITE};
use crate::event::{Draft, Event};
use crate::fault::{AppendError, StoreError};
use crate::meta::Meta;
use crate::read::Position;
use crate::rows::sql_int;
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
    pub(crate) connection: SqliteConnection,
    pub(crate) path: PathBuf,
    pub(crate) pages_max: Option<u32>,
    pub(crate) meta: Meta,
    pub(crate) clock: Arc<dyn Clock>,
    /// Held as long as this instance may write.
    pub(crate) lock: std::fs::File,
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

    /// Closes the ledger file before the lock goes.
    async fn finish(self) {
        // Every acknowledged commit is already on disk; closing only tidies up
        // the write-ahead log, which the next opening does as well.
        let _ = self.connection.close().await;
        drop(self.lock);
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
        // Where the file cannot be opened now, the old connection reports the
        // fault again at the next request.
        if let Ok(connection) = engine::open_writer(&self.path, self.pages_max).await {
            self.connection = connection;
        }
    }

    async fn append(&mut self, mut group: Vec<AppendJob>) {
        let result = self.append_group(&mut group).await;
        if result.is_err() {
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
        let mut transaction = self.connection.begin_with(BEGIN_WRITE).await?;
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
        transaction.commit().await?;
        Ok(decided)
    }

    async fn save_value(
        &mut self,
        indicator: String,
        reading: String,
        as_of: NaiveDate,
        json: String,
    ) -> Result<u64, StoreError> {
        let now = self.clock.now().timestamp_micros();
        let mut transaction = self.connection.begin_with(BEGIN_WRITE).await?;
        let id: i64 =
            sqlx::query(sql::VALUE_NEXT).fetch_one(&mut *transaction).await?.try_get(0)?;
        sqlx::query(sql::VALUE_INSERT)
            .bind(id)
            .bind(indicator)
            .bind(reading)
            .bind(as_of.to_string())
            .bind(json)
            .bind(now)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        u64::try_from(id).map_err(|error| StoreError::damaged(id, error))
    }

    /// Makes the current records anew from the ledger; gives their number.
    async fn replay(&mut self) -> Result<u64, StoreError> {
        let mut transaction = self.connection.begin_with(BEGIN_WRITE).await?;
        sqlx::query(sql::CURRENT_CLEAR).execute(&mut *transaction).await?;
        sqlx::query(sql::CURRENT_REPLAY).bind(i64::MAX).execute(&mut *transaction).await?;
        let count: i64 =
            sqlx::query(sql::CURRENT_COUNT).fetch_one(&mut *transaction).await?.try_get(0)?;
        transaction.commit().await?;
        u64::try_from(count).map_err(|error| StoreError::damaged(count, error))
    }
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
pub(crate) async fn head(
    connection: &mut SqliteConnection,
    meta: &Meta,
) -> Result<Position, StoreError> {
    match sqlx::query(sql::HEAD).fetch_optional(connection).await? {
        Some(row) => rows::position(&row),
        None => Ok(meta.origin()),
    }
}

/// The last event of each of `ids` that exists.
async fn last_events(
    connection: &mut SqliteConnection,
    ids: Vec<RecordId>,
) -> Result<Vec<Event>, StoreError> {
    let mut events = Vec::new();
    for chunk in ids.chunks(sql::LOOKUP_MANY) {
        let text = sql::latest_events(chunk.len());
        let mut query = sqlx::query(AssertSqlSafe(text));
        for id in chunk {
            query = query.bind(id.as_str());
        }
        for row in query.fetch_all(&mut *connection).await? {
            events.push(rows::event(&row)?);
        }
    }
    Ok(events)
}

/// Writes events in statements of many rows, the rest one by one.
async fn insert_events(
    connection: &mut SqliteConnection,
    prepared: &[Prepared],
) -> Result<(), StoreError> {
    let mut chunks = prepared.chunks_exact(sql::ROWS_MANY);
    let rest = chunks.remainder();
    for chunk in chunks.by_ref() {
        run(connection, sql::event_insert(true), chunk, bind_event).await?;
    }
    for one in rest.chunks(1) {
        run(connection, sql::event_insert(false), one, bind_event).await?;
    }
    Ok(())
}

/// Writes the state of each record after the last of its events.
async fn upsert_current(
    connection: &mut SqliteConnection,
    prepared: &[Prepared],
    latest: &[usize],
) -> Result<(), StoreError> {
    let latest: Vec<Prepared> =
        latest.iter().filter_map(|index| prepared.get(*index).cloned()).collect();
    let mut chunks = latest.chunks_exact(sql::ROWS_MANY);
    let rest = chunks.remainder();
    for chunk in chunks.by_ref() {
        run(connection, sql::current_upsert(true), chunk, bind_current).await?;
    }
    for one in rest.chunks(1) {
        run(connection, sql::current_upsert(false), one, bind_current).await?;
    }
    Ok(())
}

type Bind = fn(&mut SqliteArguments, &Prepared) -> Result<(), sqlx::error::BoxDynError>;

async fn run(
    connection: &mut SqliteConnection,
    text: Arc<str>,
    rows: &[Prepared],
    bind: Bind,
) -> Result<(), StoreError> {
    let mut arguments = SqliteArguments::default();
    for row in rows {
        bind(&mut arguments, row).map_err(sqlx::Error::Encode)?;
    }
    sqlx::query_with(AssertSqlSafe(text), arguments).execute(connection).await?;
    Ok(())
}

/// Values in the order of the columns of `event_columns!`.
fn bind_event(
    arguments: &mut SqliteArguments,
    prepared: &Prepared,
) -> Result<(), sqlx::error::BoxDynError> {
    let event = &prepared.event;
    arguments.add(sql_int(event.seq))?;
    arguments.add(event.recorded_at.timestamp_micros())?;
    arguments.add(event.kind.as_str())?;
    arguments.add(event.record.as_str())?;
    arguments.add(i64::from(event.version))?;
    arguments.add(event.action.code())?;
    arguments.add(event.state.as_str())?;
    arguments.add(event.standing.code())?;
    arguments.add(event.duplicate_of.as_ref().map(RecordId::as_str))?;
    arguments.add(event.actor.as_str())?;
    arguments.add(event.reason.as_str())?;
    arguments.add(event.source.as_ref().map(|s| s.system.as_str()))?;
    arguments.add(event.source.as_ref().map(|s| s.key.as_str()))?;
    arguments.add(prepared.body.as_str())?;
    arguments.add(hex::encode(event.prev_hash))?;
    arguments.add(hex::encode(event.hash))
}

/// Values in the order of the columns of [`sql::current_upsert`].
fn bind_current(
    arguments: &mut SqliteArguments,
    prepared: &Prepared,
) -> Result<(), sqlx::error::BoxDynError> {
    let event = &prepared.event;
    arguments.add(event.record.as_str())?;
    arguments.add(event.kind.as_str())?;
    arguments.add(i64::from(event.version))?;
    arguments.add(event.state.as_str())?;
    arguments.add(event.standing.code())?;
    arguments.add(event.duplicate_of.as_ref().map(RecordId::as_str))?;
    arguments.add(prepared.body.as_str())?;
    arguments.add(sql_int(event.seq))?;
    arguments.add(event.recorded_at.timestamp_micros())
}
