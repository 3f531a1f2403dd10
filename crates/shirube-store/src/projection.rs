//! The current records as a projection of the ledger: making them anew, and
//! showing that they are what the ledger says.

use serde::Serialize;
use tokio::sync::oneshot;

use crate::event::Encoder;
use crate::fault::StoreError;
use crate::ledger::{Store, closed};
use crate::meta::Meta;
use crate::session::{Row, Session};
use crate::writer::{Job, head};
use crate::{rows, sql};

/// Rows compared at a time.
const DUMP_ROWS: i64 = 2_000;

/// What [`Store::rebuild`] made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Rebuilt {
    /// Current records.
    pub records: u64,
    /// Records in the search index.
    pub searchable: u64,
}

/// Which side a dump is read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    /// The maintained table.
    Current,
    /// The ledger up to a position.
    Ledger(i64),
}

/// A record as it is stored, read without judging it.
#[derive(Debug, PartialEq, Eq)]
struct Stored {
    kind: String,
    id: String,
    version: i64,
    state: String,
    standing: String,
    duplicate_of: Option<String>,
    body: String,
    seq: i64,
    recorded_at: i64,
}

impl Stored {
    /// Columns of `record_columns!`.
    fn read(row: &Row) -> Result<Self, sqlx::Error> {
        Ok(Self {
            kind: row.try_get(0)?,
            id: row.try_get(1)?,
            version: row.try_get(2)?,
            state: row.try_get(3)?,
            standing: row.try_get(4)?,
            duplicate_of: row.try_get(5)?,
            body: row.try_get(6)?,
            seq: row.try_get(7)?,
            recorded_at: row.try_get(8)?,
        })
    }

    /// Feeds everything the record says to a hash.
    fn encode(&self, encoder: &mut Encoder) {
        encoder.part(self.id.as_bytes());
        encoder.part(self.kind.as_bytes());
        encoder.part(&self.version.to_be_bytes());
        encoder.part(self.state.as_bytes());
        encoder.part(self.standing.as_bytes());
        encoder.optional(self.duplicate_of.as_deref().map(str::as_bytes));
        encoder.part(self.body.as_bytes());
        encoder.part(&self.seq.to_be_bytes());
        encoder.part(&self.recorded_at.to_be_bytes());
    }
}

/// Records in order of id, page by page.
struct Dump {
    side: Side,
    after: String,
}

impl Dump {
    fn new(side: Side) -> Self {
        Self { side, after: String::new() }
    }

    async fn next(&mut self, session: &mut Session<'_>) -> Result<Vec<Stored>, StoreError> {
        let after = self.after.as_str().into();
        let found = match self.side {
            Side::Current => session.rows(sql::CURRENT_DUMP, &[after, DUMP_ROWS.into()]).await?,
            Side::Ledger(seq) => {
                let args = [seq.into(), after, DUMP_ROWS.into()];
                session.rows(sql::REPLAY_DUMP, &args).await?
            }
        };
        let records: Vec<Stored> = found.iter().map(Stored::read).collect::<Result<_, _>>()?;
        if let Some(last) = records.last() {
            self.after.clone_from(&last.id);
        }
        Ok(records)
    }
}

impl Store {
    /// Makes the current records and the search index anew from the ledger.
    ///
    /// # Errors
    /// `store.read-only`, or a fault, after which the old records still stand.
    pub async fn rebuild(&self) -> Result<Rebuilt, StoreError> {
        let (reply, result) = oneshot::channel();
        self.send(Job::Replay(reply)).await?;
        let records = result.await.map_err(|_| closed())??;
        self.rebuild_search().await?;
        Ok(Rebuilt { records, searchable: self.searchable().await? })
    }

    /// SHA-256 over every current record in order of id. Two stores with the
    /// same digest hold the same records, bit for bit.
    ///
    /// # Errors
    /// A fault of the ledger file.
    pub async fn projection_digest(&self) -> Result<[u8; 32], StoreError> {
        self.digest(Side::Current).await
    }

    /// [`Store::projection_digest`] computed from the ledger up to position
    /// `seq` alone.
    ///
    /// # Errors
    /// `store.position-unknown`, or a fault of the ledger file.
    pub async fn replay_digest(&self, seq: u64) -> Result<[u8; 32], StoreError> {
        let seq = self.position(seq).await?.seq;
        self.digest(Side::Ledger(rows::sql_int(seq))).await
    }

    async fn digest(&self, side: Side) -> Result<[u8; 32], StoreError> {
        let mut reading = self.reading().await?;
        let mut dump = Dump::new(side);
        let mut encoder = Encoder::new(b"shirube.records.v1");
        loop {
            let records = dump.next(&mut reading).await?;
            if records.is_empty() {
                return Ok(encoder.finish());
            }
            for record in &records {
                record.encode(&mut encoder);
            }
        }
    }
}

/// The first current record, by id, that differs from the ledger.
pub(crate) async fn difference(
    reading: &mut Session<'_>,
    meta: &Meta,
) -> Result<Option<String>, StoreError> {
    let seq = rows::sql_int(head(reading, meta).await?.seq);
    let (mut kept, mut replayed) = (Dump::new(Side::Current), Dump::new(Side::Ledger(seq)));
    loop {
        let (left, right) = (kept.next(reading).await?, replayed.next(reading).await?);
        if let Some((a, b)) = left.iter().zip(&right).find(|(a, b)| a != b) {
            return Ok(Some(a.id.as_str().min(b.id.as_str()).to_owned()));
        }
        if left.len() != right.len() {
            let common = left.len().min(right.len());
            let extra = left.get(common).or_else(|| right.get(common));
            return Ok(extra.map(|record| record.id.clone()));
        }
        if left.is_empty() {
            return Ok(None);
        }
    }
}
