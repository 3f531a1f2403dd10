//! What a store says about itself.

use std::collections::BTreeMap;

use chrono::{DateTime, SubsecRound, Utc};
use serde::Serialize;
use shirube_model::refusal::Refusal;

use crate::event::Encoder;
use crate::fault::StoreError;
use crate::read::Position;
use crate::session::Session;
use crate::{rows, schema, sql};

/// Version of the hash encoding. It does not change with the tables, or the
/// chain of a store would not outlive an upgrade.
const CHAIN_FORMAT: u32 = 1;

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
    /// Version of the tables. Grows when newer software upgrades the store; no
    /// hash depends on it.
    pub format: u32,
}

impl Meta {
    pub(crate) fn new(class: StoreClass, pack: &str, created_at: DateTime<Utc>) -> Self {
        let created_at = created_at.trunc_subsecs(6);
        Self { class, pack: pack.to_owned(), created_at, format: schema::LAYOUT }
    }

    /// The position before the first event. Its hash binds the chain to this
    /// store, so that a demo ledger cannot be relabelled as a live one.
    #[must_use]
    pub fn origin(&self) -> Position {
        let mut encoder = Encoder::new(b"shirube.ledger.v1");
        encoder.part(self.class.code().as_bytes());
        encoder.part(self.pack.as_bytes());
        encoder.part(&self.created_at.timestamp_micros().to_be_bytes());
        encoder.part(&CHAIN_FORMAT.to_be_bytes());
        Position { seq: 0, hash: encoder.finish(), recorded_at: self.created_at }
    }

    /// Writes `self` into the empty table.
    pub(crate) async fn write(&self, session: &mut Session<'_>) -> Result<(), StoreError> {
        let created_at = self.created_at.timestamp_micros().to_string();
        let format = self.format.to_string();
        let entries = [
            ("class", self.class.code()),
            ("pack", &self.pack),
            ("created_at", &created_at),
            ("format", &format),
        ];
        for (key, value) in entries {
            session.run(sql::META_INSERT, &[key.into(), value.into()]).await?;
        }
        Ok(())
    }

    /// What the store says, or nothing when it has not been written yet.
    pub(crate) async fn read(session: &mut Session<'_>) -> Result<Option<Self>, StoreError> {
        let mut entries = BTreeMap::new();
        for row in session.rows(sql::META_ALL, &[]).await? {
            entries.insert(row.try_get::<String>(0)?, row.try_get::<String>(1)?);
        }
        if entries.is_empty() {
            return Ok(None);
        }
        let damaged = || StoreError::fault("store.damaged", "meta table");
        let entry = |key: &str| entries.get(key).ok_or_else(damaged);
        let format: u32 = entry("format")?.parse().map_err(|_| damaged())?;
        if format > schema::LAYOUT {
            return Err(Refusal::new("store.format-newer")
                .arg("format", format)
                .arg("known", schema::LAYOUT)
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
