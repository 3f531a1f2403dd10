//! What a store says about itself.

use std::collections::BTreeMap;

use chrono::{DateTime, SubsecRound, Utc};
use serde::Serialize;
use shirube_model::refusal::Refusal;
use sqlx::sqlite::SqliteConnection;
use sqlx::{Connection, Row};

use crate::engine::BEGIN_WRITE;
use crate::event::Encoder;
use crate::fault::StoreError;
use crate::read::Position;
use crate::{rows, sql};

/// Version of the table layout and of the hash encoding.
const FORMAT: u32 = 1;

/// Whether a store holds real evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StoreClass {
    /// Made-up evidence with made-up times; everything shown from it says so.
    Demo,
    /// Real evidence, recorded at the machine's time.
    Live,
}

impl StoreClass {
    /// The code used in storage and messages.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Demo => "demo",
            Self::Live => "live",
        }
    }

    /// Reads a code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        match code {
            "demo" => Some(Self::Demo),
            "live" => Some(Self::Live),
            _ => None,
        }
    }
}

/// What a store says about itself; fixed when it is made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Meta {
    /// Real or made-up evidence.
    pub class: StoreClass,
    /// Id of the pack whose indicators the records feed.
    pub pack: String,
    /// When the store was made.
    pub created_at: DateTime<Utc>,
    /// Version of the storage format.
    pub format: u32,
}

impl Meta {
    pub(crate) fn new(class: StoreClass, pack: &str, created_at: DateTime<Utc>) -> Self {
        let created_at = created_at.trunc_subsecs(6);
        Self { class, pack: pack.to_owned(), created_at, format: FORMAT }
    }

    /// The position before the first event. Its hash binds the chain to this
    /// store, so that a demo ledger cannot be relabelled as a live one.
    #[must_use]
    pub fn origin(&self) -> Position {
        let mut encoder = Encoder::new(b"shirube.ledger.v1");
        encoder.part(self.class.code().as_bytes());
        encoder.part(self.pack.as_bytes());
        encoder.part(&self.created_at.timestamp_micros().to_be_bytes());
        encoder.part(&self.format.to_be_bytes());
        Position { seq: 0, hash: encoder.finish(), recorded_at: self.created_at }
    }

    /// Makes the tables and writes `self` where there is no store yet; the
    /// store's own words where there is one.
    pub(crate) async fn write_or_read(
        &self,
        connection: &mut SqliteConnection,
    ) -> Result<Self, StoreError> {
        let mut transaction = connection.begin_with(BEGIN_WRITE).await?;
        for (index, text) in sql::SCHEMA.iter().enumerate() {
            sqlx::query(*text).execute(&mut *transaction).await?;
            // The meta table comes first: a store that has it is complete, and
            // one of a newer format is left as it is.
            if index == 0
                && let Some(found) = Self::read(&mut transaction).await?
            {
                return Ok(found);
            }
        }
        let entries = [
            ("class", self.class.code().to_owned()),
            ("pack", self.pack.clone()),
            ("created_at", self.created_at.timestamp_micros().to_string()),
            ("format", self.format.to_string()),
        ];
        for (key, value) in entries {
            sqlx::query(sql::META_INSERT).bind(key).bind(value).execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        Ok(self.clone())
    }

    /// What the store says, or nothing when it has not been written yet.
    pub(crate) async fn read(
        connection: &mut SqliteConnection,
    ) -> Result<Option<Self>, StoreError> {
        let mut entries = BTreeMap::new();
        for row in sqlx::query(sql::META_ALL).fetch_all(connection).await? {
            entries.insert(row.try_get::<String, _>(0)?, row.try_get::<String, _>(1)?);
        }
        if entries.is_empty() {
            return Ok(None);
        }
        let damaged = || StoreError::fault("store.damaged", "meta table");
        let entry = |key: &str| entries.get(key).ok_or_else(damaged);
        let format: u32 = entry("format")?.parse().map_err(|_| damaged())?;
        if format > FORMAT {
            return Err(Refusal::new("store.format-newer")
                .arg("format", format)
                .arg("known", FORMAT)
                .into());
        }
        Ok(Some(Self {
            class: StoreClass::from_code(entry("class")?).ok_or_else(damaged)?,
            pack: entry("pack")?.clone(),
            created_at: rows::time(entry("created_at")?.parse().map_err(|_| damaged())?)?,
            format,
        }))
    }
}
