//! Indicator values as they were when somebody kept them. The store does not
//! read them; it only never changes them.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use tokio::sync::oneshot;

use crate::decide::check_text;
use crate::fault::StoreError;
use crate::ledger::{Store, closed};
use crate::rows;
use crate::session::{Arg, Row, Session};
use crate::sql;
use crate::writer::{Job, ValueJob};

/// An indicator value with its proof, as it was kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StoredValue {
    /// Number of the value, from 1.
    pub id: u64,
    /// Indicator.
    pub indicator: String,
    /// Reading of the indicator.
    pub reading: String,
    /// Day the value is as of.
    pub as_of: NaiveDate,
    /// The value and its proof.
    pub json: String,
    /// When it was kept.
    pub created_at: DateTime<Utc>,
}

impl Store {
    /// Keeps a value; gives its number.
    ///
    /// # Errors
    /// `store.read-only`, `store.text-unstorable`, or a fault, after which nothing
    /// was kept unless it is `store.outcome-unknown`.
    pub async fn save_value(
        &self,
        indicator: &str,
        reading: &str,
        as_of: NaiveDate,
        json: &str,
    ) -> Result<u64, StoreError> {
        check_text([indicator, reading, json])?;
        let (reply, result) = oneshot::channel();
        self.send(Job::Value(ValueJob {
            indicator: indicator.to_owned(),
            reading: reading.to_owned(),
            as_of,
            json: json.to_owned(),
            reply,
        }))
        .await?;
        result.await.map_err(|_| closed())?
    }

    /// The value with number `id`.
    ///
    /// # Errors
    /// A fault of the ledger file.
    pub async fn value(&self, id: u64) -> Result<Option<StoredValue>, StoreError> {
        let mut connection = self.reader().await?;
        let row = connection.row(sql::VALUE, &[rows::sql_int(id).into()]).await?;
        row.as_ref().map(stored_value).transpose()
    }

    /// Every value kept of an indicator, oldest first.
    ///
    /// # Errors
    /// A fault of the ledger file.
    pub async fn values_of(&self, indicator: &str) -> Result<Vec<StoredValue>, StoreError> {
        let mut connection = self.reader().await?;
        let found = connection.rows(sql::VALUES_OF, &[indicator.into()]).await?;
        found.iter().map(stored_value).collect()
    }
}

pub(crate) fn stored_value(row: &Row) -> Result<StoredValue, StoreError> {
    let id: i64 = row.try_get(0)?;
    let as_of: String = row.try_get(3)?;
    Ok(StoredValue {
        id: id.unsigned_abs(),
        indicator: row.try_get(1)?,
        reading: row.try_get(2)?,
        as_of: as_of.parse().map_err(|error| StoreError::damaged(id, error))?,
        json: row.try_get(4)?,
        created_at: rows::time(row.try_get(5)?)?,
    })
}

/// Writes a value as it is.
pub(crate) async fn insert_value(
    session: &mut Session<'_>,
    value: &StoredValue,
) -> Result<(), StoreError> {
    let as_of = value.as_of.to_string();
    let args: [Arg<'_>; 6] = [
        rows::sql_int(value.id).into(),
        value.indicator.as_str().into(),
        value.reading.as_str().into(),
        as_of.as_str().into(),
        value.json.as_str().into(),
        value.created_at.timestamp_micros().into(),
    ];
    session.run(sql::VALUE_INSERT, &args).await
}
