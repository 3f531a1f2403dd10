//! Records and stores for the tests.

use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use shirube_model::ident::RecordId;
use shirube_model::record::Body;
use shirube_store::{Draft, OpenOptions, SourceKey, SteppingClock, Store, StoreClass};

pub const PACK: &str = "japan-2025";

pub fn start() -> DateTime<Utc> {
    "2025-04-01T00:00:00Z".parse().unwrap()
}

/// A demo store whose clock moves one second per request.
pub fn demo() -> OpenOptions {
    let clock = SteppingClock::new(start(), TimeDelta::seconds(1));
    OpenOptions::new(StoreClass::Demo, PACK).create().clock(Arc::new(clock))
}

pub fn live() -> OpenOptions {
    OpenOptions::new(StoreClass::Live, PACK).create()
}

pub async fn open(dir: &Path) -> Store {
    Store::open(dir, demo()).await.unwrap()
}

pub fn body(value: Value) -> Body {
    value.as_object().unwrap().clone()
}

pub fn programme_id() -> RecordId {
    RecordId::derive("PGM", "test", "P")
}

/// A call for proposals with the number `n` in its title.
pub fn call_body(n: i64) -> Body {
    body(json!({
        "title": {"ja": format!("公募{n}"), "en": format!("Call {n}")},
        "programme": programme_id(),
        "opened_on": "2025-04-01",
        "proposals": n,
    }))
}

pub fn call_id(key: &str) -> RecordId {
    RecordId::derive("CAL", "test", key)
}

pub fn new_call(key: &str, n: i64) -> Draft {
    Draft::new_record("call", Some(SourceKey::new("test", key)), call_body(n))
}

pub fn with(mut body: Body, field: &str, value: Value) -> Body {
    body.insert(field.to_owned(), value);
    body
}

/// A connection that goes past the store.
pub async fn raw(dir: &Path) -> sqlx::SqliteConnection {
    use sqlx::ConnectOptions;
    sqlx::sqlite::SqliteConnectOptions::new()
        .filename(dir.join("ledger.sqlite"))
        .connect()
        .await
        .unwrap()
}
