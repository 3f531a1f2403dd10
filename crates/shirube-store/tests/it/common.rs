//! Records and stores for the tests.

use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use shirube_model::ident::RecordId;
use shirube_model::record::Body;
use shirube_store::{
    Draft, OpenOptions, SourceKey, SteppingClock, Store, StoreAddress, StoreClass,
};
use sqlx::{ConnectOptions, Connection};
use tempfile::TempDir;

use crate::cluster::{self, Cluster};

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

pub async fn open(at: impl Into<StoreAddress>) -> Store {
    Store::open(at, demo()).await.unwrap()
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

/// The engines every test runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

/// Makes one test of `$name` for each engine: `name::sqlite`, `name::postgres`.
macro_rules! on_both_engines {
    ($($name:ident),+ $(,)?) => {
        $(mod $name {
            use crate::common::Engine;

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                super::$name(Engine::Sqlite).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                if crate::cluster::shared().is_some() {
                    super::$name(Engine::Postgres).await;
                }
            }
        })+
    };
}
pub(crate) use on_both_engines;

/// Room for one store, removed when it is dropped.
pub struct Place {
    pub dir: TempDir,
    database: Option<(&'static Cluster, String)>,
}

impl Engine {
    pub fn place(self) -> Place {
        let database = match self {
            Self::Sqlite => None,
            Self::Postgres => cluster::shared().map(|cluster| (cluster, cluster.database())),
        };
        assert_eq!(database.is_some(), self == Self::Postgres);
        Place { dir: tempfile::tempdir().unwrap(), database }
    }

    pub fn other(self) -> Self {
        match self {
            Self::Sqlite => Self::Postgres,
            Self::Postgres => Self::Sqlite,
        }
    }
}

impl Place {
    /// The address as a user writes it.
    pub fn text(&self) -> String {
        match &self.database {
            None => self.dir.path().join("store").display().to_string(),
            Some((cluster, name)) => url(cluster.port, name, self.dir.path()),
        }
    }

    pub fn address(&self) -> StoreAddress {
        self.text().parse().unwrap()
    }

    /// Name of the database on the shared server.
    pub fn database(&self) -> &str {
        &self.database.as_ref().unwrap().1
    }

    /// Runs a statement past the store; gives the number of rows it changed.
    pub async fn tamper(&self, statement: &str) -> u64 {
        let statement = sqlx::AssertSqlSafe(statement);
        match &self.database {
            None => {
                let mut connection = self.file().connect().await.unwrap();
                sqlx::query(statement).execute(&mut connection).await.unwrap().rows_affected()
            }
            Some((cluster, name)) => {
                let url = url(cluster.port, name, Path::new(""));
                let url = url.split('?').next().unwrap();
                let mut connection = sqlx::PgConnection::connect(url).await.unwrap();
                sqlx::query(statement).execute(&mut connection).await.unwrap().rows_affected()
            }
        }
    }
}

impl Place {
    /// The first column of a query past the store.
    pub async fn ask(&self, query: &str) -> Vec<String> {
        match &self.database {
            None => {
                let mut connection = self.file().connect().await.unwrap();
                sqlx::query_scalar(sqlx::AssertSqlSafe(query))
                    .fetch_all(&mut connection)
                    .await
                    .unwrap()
            }
            Some((cluster, name)) => {
                let text = cluster.psql(name, query).unwrap();
                text.lines().map(str::to_owned).collect()
            }
        }
    }

    fn file(&self) -> sqlx::sqlite::SqliteConnectOptions {
        let dir = self.dir.path().join("store");
        std::fs::create_dir_all(&dir).unwrap();
        sqlx::sqlite::SqliteConnectOptions::new()
            .filename(dir.join("ledger.sqlite"))
            .create_if_missing(true)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some((cluster, name)) = &self.database {
            cluster.drop_database(name);
        }
    }
}

impl From<&Place> for StoreAddress {
    fn from(place: &Place) -> Self {
        place.address()
    }
}

pub fn url(port: u16, database: &str, dir: &Path) -> String {
    format!("postgres://postgres@127.0.0.1:{port}/{database}?dir={}", dir.display())
}
