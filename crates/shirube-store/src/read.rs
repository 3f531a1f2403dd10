//! Reading records, histories and events, now or as of any past moment.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use shirube_model::ident::RecordId;
use shirube_model::record::{RecordVersion, Standing};
use shirube_model::refusal::Refusal;
use sqlx::AssertSqlSafe;

use crate::event::Event;
use crate::fault::StoreError;
use crate::ledger::Store;
use crate::rows::sql_int;
use crate::session::{Arg, Row, Session};
use crate::writer::head;
use crate::{rows, sql};

/// A place in the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub struct Position {
    /// Number of events up to here; 0 before the first.
    pub seq: u64,
    /// Hash of the event at `seq`, which stands for everything before it.
    #[serde(serialize_with = "as_hex")]
    pub hash: [u8; 32],
    /// When that event was recorded.
    pub recorded_at: DateTime<Utc>,
}

fn as_hex<S: serde::Serializer>(hash: &[u8; 32], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&hex::encode(hash))
}

/// The moment a question is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum AsOf {
    /// Everything recorded so far.
    #[default]
    Now,
    /// Everything recorded up to and including an instant.
    At(DateTime<Utc>),
    /// Everything up to and including a ledger position.
    Seq(u64),
}

/// Order of a list. Every order is total.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// Last changed first.
    #[default]
    NewestFirst,
    /// Last changed last.
    OldestFirst,
    /// By record id.
    ById,
}

/// Which records of a kind to list.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ListQuery {
    /// States wanted; all when empty.
    pub states: Vec<String>,
    /// Standings wanted; all when empty.
    pub standings: Vec<Standing>,
    /// Fields with the value wanted. A field with many values matches when one
    /// of them is equal.
    pub fields: Vec<(String, Value)>,
    /// Order.
    pub order: Order,
    /// Records wanted at most; 0 for the count alone.
    pub limit: usize,
    /// Where to go on: [`ListPage::next`] of the page before.
    pub after: Option<String>,
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ListPage {
    /// Records in order.
    pub records: Vec<RecordVersion>,
    /// Records that match, on all pages.
    pub total: u64,
    /// Where the next page goes on; `None` on the last page.
    pub next: Option<String>,
}

/// Number of records of one kind in one state and standing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct KindCount {
    /// Register kind.
    pub kind: String,
    /// State.
    pub state: String,
    /// Standing.
    pub standing: Standing,
    /// Records.
    pub records: u64,
}

/// Rows read at a time where fields are compared here and not in the database.
const SCAN_ROWS: usize = 2_000;

/// A query text with its arguments.
struct Built<'v> {
    text: String,
    args: Vec<Arg<'v>>,
}

impl<'v> Built<'v> {
    fn new(text: &str) -> Self {
        Self { text: text.to_owned(), args: Vec::new() }
    }

    /// Adds an argument; gives its number.
    fn arg(&mut self, value: impl Into<Arg<'v>>) -> usize {
        self.args.push(value.into());
        self.args.len()
    }

    /// `AND column IN (…)`, or nothing where no value is asked for.
    fn and_in(&mut self, column: &str, values: impl ExactSizeIterator<Item = &'v str>) {
        if values.len() == 0 {
            return;
        }
        let list = sql::list_text(self.args.len() + 1, values.len());
        self.text.push_str(&format!(" AND {column} IN ({list})"));
        for value in values {
            self.arg(value);
        }
    }

    async fn fetch(self, session: &mut Session<'_>) -> Result<Vec<Row>, StoreError> {
        session.rows(AssertSqlSafe(self.text), &self.args).await
    }
}

/// The last record of a page, as far as the order needs it.
enum Cursor {
    Seq(u64),
    Id(RecordId),
}

impl Cursor {
    fn of(record: &RecordVersion, order: Order) -> Self {
        match order {
            Order::NewestFirst | Order::OldestFirst => Self::Seq(record.seq),
            Order::ById => Self::Id(record.id.clone()),
        }
    }

    fn read(text: &str, order: Order) -> Result<Self, Refusal> {
        let unreadable = || Refusal::new("store.cursor-unreadable").arg("value", text);
        match order {
            Order::NewestFirst | Order::OldestFirst => {
                text.parse().map(Self::Seq).map_err(|_| unreadable())
            }
            Order::ById => text.parse().map(Self::Id).map_err(|_| unreadable()),
        }
    }

    /// Whether `record` comes after the cursor.
    fn is_before(&self, record: &RecordVersion, order: Order) -> bool {
        match self {
            Self::Seq(seq) if order == Order::NewestFirst => record.seq < *seq,
            Self::Seq(seq) => record.seq > *seq,
            Self::Id(id) => record.id > *id,
        }
    }
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Seq(seq) => seq.fmt(f),
            Self::Id(id) => id.fmt(f),
        }
    }
}

/// Where a list is read: the projection, or the ledger up to a position.
struct Source {
    seq: i64,
    current: bool,
}

impl Store {
    /// The end of the ledger.
    ///
    /// # Errors
    /// A fault of the ledger file.
    pub async fn head(&self) -> Result<Position, StoreError> {
        let mut connection = self.reader().await?;
        head(&mut connection, self.meta()).await
    }

    /// The last position recorded at or before `instant`; the origin when there
    /// is none.
    ///
    /// # Errors
    /// A fault of the ledger file.
    pub async fn position_at(&self, instant: DateTime<Utc>) -> Result<Position, StoreError> {
        let mut connection = self.reader().await?;
        self.position_at_on(&mut connection, instant).await
    }

    async fn position_at_on(
        &self,
        connection: &mut Session<'_>,
        instant: DateTime<Utc>,
    ) -> Result<Position, StoreError> {
        let micros = instant.timestamp_micros();
        let row = connection.row(sql::POSITION_AT, &[micros.into()]).await?;
        row.as_ref().map_or_else(|| Ok(self.meta().origin()), rows::position)
    }

    /// The position at `seq`.
    ///
    /// # Errors
    /// `store.position-unknown` when the ledger does not reach so far, or a fault.
    pub async fn position(&self, seq: u64) -> Result<Position, StoreError> {
        if seq == 0 {
            return Ok(self.meta().origin());
        }
        let mut connection = self.reader().await?;
        let row = connection.row(sql::POSITION_OF, &[sql_int(seq).into()]).await?;
        row.as_ref().map_or_else(|| Err(position_unknown(seq)), rows::position)
    }

    /// The position that `as_of` means.
    ///
    /// # Errors
    /// `store.position-unknown` when the ledger does not reach so far, or a fault.
    pub async fn resolve(&self, as_of: AsOf) -> Result<Position, StoreError> {
        match as_of {
            AsOf::Now => self.head().await,
            AsOf::At(instant) => self.position_at(instant).await,
            AsOf::Seq(seq) => self.position(seq).await,
        }
    }

    async fn source(
        &self,
        connection: &mut Session<'_>,
        as_of: AsOf,
    ) -> Result<Source, StoreError> {
        let head = head(connection, self.meta()).await?;
        let seq = match as_of {
            AsOf::Now => head.seq,
            AsOf::At(instant) => self.position_at_on(connection, instant).await?.seq,
            AsOf::Seq(seq) if seq > head.seq => return Err(position_unknown(seq)),
            AsOf::Seq(seq) => seq,
        };
        Ok(Source { seq: sql_int(seq), current: seq == head.seq })
    }

    /// The record as it stands or stood; `None` when there is or was none.
    ///
    /// # Errors
    /// `store.position-unknown`, or a fault of the ledger file.
    pub async fn get(
        &self,
        id: &RecordId,
        as_of: AsOf,
    ) -> Result<Option<RecordVersion>, StoreError> {
        let mut reading = self.reading().await?;
        let source = self.source(&mut reading, as_of).await?;
        let row = if source.current {
            reading.row(sql::RECORD_NOW, &[id.as_str().into()]).await?
        } else {
            reading.row(sql::RECORD_AT, &[id.as_str().into(), source.seq.into()]).await?
        };
        row.as_ref().map(rows::record).transpose()
    }

    /// Every event of a record, oldest first; empty when there is no record.
    ///
    /// # Errors
    /// A fault of the ledger file.
    pub async fn history(&self, id: &RecordId) -> Result<Vec<Event>, StoreError> {
        let mut connection = self.reader().await?;
        let found = connection.rows(sql::HISTORY, &[id.as_str().into()]).await?;
        found.iter().map(rows::event).collect()
    }

    /// Records of one kind, as they stand or stood.
    ///
    /// # Errors
    /// `store.cursor-unreadable`, `store.position-unknown`, or a fault.
    pub async fn list(
        &self,
        kind: &str,
        as_of: AsOf,
        query: &ListQuery,
    ) -> Result<ListPage, StoreError> {
        // One transaction, so that count and records belong together.
        let mut reading = self.reading().await?;
        let source = self.source(&mut reading, as_of).await?;
        let after = query.after.as_deref().map(|text| Cursor::read(text, query.order));
        let after = after.transpose()?;
        if query.fields.is_empty() {
            let mut count = built(&source, kind, query, true).fetch(&mut reading).await?;
            let total: i64 = count.pop().map_or(Ok(0), |row| row.try_get(0))?;
            let mut page =
                ListPage { records: Vec::new(), total: total.unsigned_abs(), next: None };
            if query.limit > 0 {
                let wanted = query.limit.saturating_add(1);
                page.records =
                    page_rows(&mut reading, &source, kind, query, after.as_ref(), wanted).await?;
            }
            cut(&mut page, query);
            return Ok(page);
        }
        scan(&mut reading, &source, kind, query, after.as_ref()).await
    }

    /// Numbers of records by kind, state and standing.
    ///
    /// # Errors
    /// `store.position-unknown`, or a fault of the ledger file.
    pub async fn counts(&self, as_of: AsOf) -> Result<Vec<KindCount>, StoreError> {
        let mut reading = self.reading().await?;
        let source = self.source(&mut reading, as_of).await?;
        let found = if source.current {
            reading.rows(sql::COUNTS_NOW, &[]).await?
        } else {
            reading.rows(sql::COUNTS_AT, &[source.seq.into()]).await?
        };
        found.iter().map(kind_count).collect()
    }

    /// Up to `limit` events after position `seq`, in order.
    ///
    /// # Errors
    /// A fault of the ledger file.
    pub async fn events_after(&self, seq: u64, limit: usize) -> Result<Vec<Event>, StoreError> {
        let mut connection = self.reader().await?;
        let found = event_rows_after(&mut connection, seq, limit).await?;
        found.iter().map(rows::event).collect()
    }

    /// The event at position `seq`.
    ///
    /// # Errors
    /// `store.position-unknown` when there is none, or a fault.
    pub async fn event(&self, seq: u64) -> Result<Event, StoreError> {
        let mut connection = self.reader().await?;
        let row = connection.row(sql::EVENT, &[sql_int(seq).into()]).await?;
        row.as_ref().map_or_else(|| Err(position_unknown(seq)), rows::event)
    }

    /// The events at `seqs`, in order of position; positions without an event
    /// are left out.
    ///
    /// # Errors
    /// A fault of the ledger file.
    pub async fn events_by_seqs(&self, seqs: &[u64]) -> Result<Vec<Event>, StoreError> {
        let mut sorted = seqs.to_vec();
        sorted.sort_unstable();
        sorted.dedup();
        let mut connection = self.reader().await?;
        let mut events = Vec::with_capacity(sorted.len());
        for chunk in sorted.chunks(sql::LOOKUP_MANY) {
            let text = AssertSqlSafe(sql::events_at(chunk.len()));
            let args: Vec<Arg<'_>> = chunk.iter().map(|seq| sql_int(*seq).into()).collect();
            for row in connection.rows(text, &args).await? {
                events.push(rows::event(&row)?);
            }
        }
        Ok(events)
    }

    /// The current state of each of `ids` that exists, in no particular order.
    pub(crate) async fn current_of(
        &self,
        ids: &[RecordId],
    ) -> Result<Vec<RecordVersion>, StoreError> {
        let mut connection = self.reader().await?;
        let mut records = Vec::with_capacity(ids.len());
        for chunk in ids.chunks(sql::LOOKUP_MANY) {
            let text = AssertSqlSafe(sql::records_now(chunk.len()));
            let args: Vec<Arg<'_>> = chunk.iter().map(|id| id.as_str().into()).collect();
            for row in connection.rows(text, &args).await? {
                records.push(rows::record(&row)?);
            }
        }
        Ok(records)
    }
}

pub(crate) async fn event_rows_after(
    connection: &mut Session<'_>,
    seq: u64,
    limit: usize,
) -> Result<Vec<Row>, StoreError> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    connection.rows(sql::EVENTS_AFTER, &[sql_int(seq).into(), limit.into()]).await
}

fn position_unknown(seq: u64) -> StoreError {
    Refusal::new("store.position-unknown").arg("seq", seq).into()
}

fn kind_count(row: &Row) -> Result<KindCount, StoreError> {
    let standing: String = row.try_get(2)?;
    let records: i64 = row.try_get(3)?;
    Ok(KindCount {
        kind: row.try_get(0)?,
        state: row.try_get(1)?,
        standing: Standing::from_code(&standing)
            .ok_or_else(|| StoreError::damaged("-", "standing"))?,
        records: records.unsigned_abs(),
    })
}

/// The conditions of a list, for its count or for its records.
fn built<'v>(source: &Source, kind: &'v str, query: &'v ListQuery, count: bool) -> Built<'v> {
    let mut built = Built::new(match (count, source.current) {
        (true, true) => sql::COUNT_NOW,
        (true, false) => sql::COUNT_AT,
        (false, true) => sql::LIST_NOW,
        (false, false) => sql::LIST_AT,
    });
    built.arg(source.seq);
    built.arg(kind);
    built.and_in("r.state", query.states.iter().map(String::as_str));
    built.and_in("r.standing", query.standings.iter().map(|s| s.code()));
    built
}

async fn page_rows(
    connection: &mut Session<'_>,
    source: &Source,
    kind: &str,
    query: &ListQuery,
    after: Option<&Cursor>,
    limit: usize,
) -> Result<Vec<RecordVersion>, StoreError> {
    let mut built = built(source, kind, query, false);
    let (column, direction, than) = match query.order {
        Order::NewestFirst => ("r.seq", "DESC", "<"),
        Order::OldestFirst => ("r.seq", "ASC", ">"),
        Order::ById => ("r.record", "ASC", ">"),
    };
    if let Some(after) = after {
        let number = match after {
            Cursor::Seq(seq) => built.arg(sql_int(*seq)),
            Cursor::Id(id) => built.arg(id.as_str()),
        };
        built.text.push_str(&format!(" AND {column} {than} ${number}"));
    }
    let limit = built.arg(i64::try_from(limit).unwrap_or(i64::MAX));
    built.text.push_str(&format!(" ORDER BY {column} {direction} LIMIT ${limit}"));
    built.fetch(connection).await?.iter().map(rows::record).collect()
}

/// Takes off the one record too many that shows whether there is a next page.
fn cut(page: &mut ListPage, query: &ListQuery) {
    if page.records.len() > query.limit {
        page.records.truncate(query.limit);
        page.next = page.records.last().map(|record| Cursor::of(record, query.order).to_string());
    }
}

/// A list with conditions on fields, which are compared here so that the SQL
/// stays the same on every database.
async fn scan(
    connection: &mut Session<'_>,
    source: &Source,
    kind: &str,
    query: &ListQuery,
    after: Option<&Cursor>,
) -> Result<ListPage, StoreError> {
    let mut page = ListPage { records: Vec::new(), total: 0, next: None };
    let mut place = None;
    loop {
        let found = page_rows(connection, source, kind, query, place.as_ref(), SCAN_ROWS).await?;
        let Some(last) = found.last() else { break };
        place = Some(Cursor::of(last, query.order));
        for record in found.into_iter().filter(|r| matches_fields(r, &query.fields)) {
            page.total += 1;
            // Records of earlier pages count but are not shown again.
            let shown = after.is_none_or(|after| after.is_before(&record, query.order));
            if shown && page.records.len() <= query.limit {
                page.records.push(record);
            }
        }
    }
    cut(&mut page, query);
    Ok(page)
}

fn matches_fields(record: &RecordVersion, fields: &[(String, Value)]) -> bool {
    fields.iter().all(|(name, wanted)| match record.body.get(name) {
        None => wanted.is_null(),
        Some(value) if value == wanted => true,
        Some(Value::Array(values)) => values.contains(wanted),
        Some(_) => false,
    })
}
