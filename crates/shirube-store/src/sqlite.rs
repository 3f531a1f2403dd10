//! What only SQLite understands: connection settings and how a writing
//! transaction begins. Everything else is in [`crate::sql`].

use std::path::Path;
use std::time::Duration;

use sqlx::ConnectOptions;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions,
    SqliteSynchronous,
};

use crate::fault::StoreError;

/// Whether the tables of a store are there.
pub(crate) const HAS_TABLES: &str =
    "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = 'meta'";

/// Takes the write lock at once, so that a transaction never fails half-way
/// because another one wrote first.
pub(crate) const BEGIN_WRITE: &str = "BEGIN IMMEDIATE";

/// Connections that read beside the writer.
const READERS: u32 = 4;
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// Page cache of one connection, in KiB (negative means KiB, not pages).
const CACHE_KIB: &str = "-32768";

fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .busy_timeout(BUSY_TIMEOUT)
        .pragma("cache_size", CACHE_KIB)
        .disable_statement_logging()
}

/// The connection that writes. An acknowledged commit is on disk: WAL with
/// `synchronous=FULL` syncs the log at every commit. `pages_max` bounds the
/// size of the file, in pages of 4,096 bytes.
pub(crate) async fn open_writer(
    path: &Path,
    pages_max: Option<u32>,
) -> Result<SqliteConnection, StoreError> {
    let mut options = options(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full);
    if let Some(pages) = pages_max {
        options = options.pragma("max_page_count", pages.to_string());
    }
    options.connect().await.map_err(|error| StoreError::from(error).file(path))
}

/// Connections that can only read.
pub(crate) async fn open_readers(path: &Path) -> Result<SqlitePool, StoreError> {
    let options = options(path).create_if_missing(false).pragma("query_only", "ON");
    SqlitePoolOptions::new()
        .max_connections(READERS)
        .connect_with(options)
        .await
        .map_err(|error| StoreError::from(error).file(path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use sqlx::Row;

    #[tokio::test]
    async fn commits_are_synced_and_readers_cannot_write() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("ledger.sqlite");
        let mut writer = open_writer(&path, None).await.unwrap();
        for (pragma, expected) in [("PRAGMA synchronous", "2"), ("PRAGMA journal_mode", "wal")] {
            let row = sqlx::query(pragma).fetch_one(&mut writer).await.unwrap();
            let value = row
                .try_get::<String, _>(0)
                .or_else(|_| row.try_get::<i64, _>(0).map(|n| n.to_string()))
                .unwrap();
            assert_eq!(value, expected, "{pragma}");
        }
        let readers = open_readers(&path).await.unwrap();
        assert!(sqlx::query("CREATE TABLE t (a TEXT)").execute(&readers).await.is_err());
    }
}
