//! Database rows as values.

use chrono::{DateTime, Utc};
use shirube_model::ident::RecordId;
use shirube_model::record::{Body, RecordVersion, Standing};

use crate::event::{Action, Event, SourceKey};
use crate::fault::StoreError;
use crate::read::Position;
use crate::session::Row;

/// A ledger number as SQL stores it. Positions beyond `i64` do not occur.
pub(crate) fn sql_int(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(crate) fn time(micros: i64) -> Result<DateTime<Utc>, StoreError> {
    DateTime::from_timestamp_micros(micros)
        .ok_or_else(|| StoreError::damaged("-", "time out of range"))
}

pub(crate) fn hash(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(text, &mut bytes).ok()?;
    // Only one text per hash, so that equal hashes are equal rows.
    (!text.bytes().any(|b| b.is_ascii_uppercase())).then_some(bytes)
}

fn count(number: i64) -> Result<u64, StoreError> {
    u64::try_from(number).map_err(|error| StoreError::damaged(number, error))
}

/// Columns of `event_columns!`.
pub(crate) fn event(row: &Row) -> Result<Event, StoreError> {
    event_and_text(row).map(|(event, _)| event)
}

/// The event with the body as it is stored.
pub(crate) fn event_and_text(row: &Row) -> Result<(Event, String), StoreError> {
    let seq: i64 = row.try_get(0)?;
    let bad = |what: &str| StoreError::damaged(seq, what);
    let text: String = row.try_get(13)?;
    let system: Option<String> = row.try_get(11)?;
    let key: Option<String> = row.try_get(12)?;
    let source = match (system, key) {
        (Some(system), Some(key)) => Some(SourceKey { system, key }),
        (None, None) => None,
        _ => return Err(bad("half a source key")),
    };
    let event = Event {
        seq: count(seq)?,
        recorded_at: time(row.try_get(1)?)?,
        kind: row.try_get(2)?,
        record: record_id(row.try_get(3)?, seq)?,
        version: u32::try_from(row.try_get::<i64>(4)?).map_err(|_| bad("version"))?,
        action: Action::from_code(row.try_get(5)?).ok_or_else(|| bad("action"))?,
        state: row.try_get(6)?,
        standing: Standing::from_code(row.try_get(7)?).ok_or_else(|| bad("standing"))?,
        duplicate_of: optional_id(row.try_get(8)?, seq)?,
        actor: row.try_get(9)?,
        reason: row.try_get(10)?,
        source,
        body: body(&text, seq)?,
        prev_hash: hash(row.try_get(14)?).ok_or_else(|| bad("previous hash"))?,
        hash: hash(row.try_get(15)?).ok_or_else(|| bad("hash"))?,
    };
    Ok((event, text))
}

/// Columns of `record_columns!`.
pub(crate) fn record(row: &Row) -> Result<RecordVersion, StoreError> {
    let seq: i64 = row.try_get(7)?;
    let bad = |what: &str| StoreError::damaged(seq, what);
    Ok(RecordVersion {
        kind: row.try_get(0)?,
        id: record_id(row.try_get(1)?, seq)?,
        version: u32::try_from(row.try_get::<i64>(2)?).map_err(|_| bad("version"))?,
        state: row.try_get(3)?,
        standing: Standing::from_code(row.try_get(4)?).ok_or_else(|| bad("standing"))?,
        duplicate_of: optional_id(row.try_get(5)?, seq)?,
        body: body(row.try_get(6)?, seq)?,
        seq: count(seq)?,
        recorded_at: time(row.try_get(8)?)?,
    })
}

/// `seq, hash, recorded_at`.
pub(crate) fn position(row: &Row) -> Result<Position, StoreError> {
    let seq: i64 = row.try_get(0)?;
    Ok(Position {
        seq: count(seq)?,
        hash: hash(row.try_get(1)?).ok_or_else(|| StoreError::damaged(seq, "hash"))?,
        recorded_at: time(row.try_get(2)?)?,
    })
}

fn record_id(text: &str, seq: i64) -> Result<RecordId, StoreError> {
    text.parse().map_err(|error| StoreError::damaged(seq, error))
}

fn optional_id(text: Option<&str>, seq: i64) -> Result<Option<RecordId>, StoreError> {
    text.map(|text| record_id(text, seq)).transpose()
}

fn body(text: &str, seq: i64) -> Result<Body, StoreError> {
    serde_json::from_str(text).map_err(|error| StoreError::damaged(seq, error))
}
