//! What only PostgreSQL understands: connection settings, the lock of the one
//! writer, and what the server is asked about itself.

use std::time::Duration;

use shirube_model::refusal::Refusal;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions};
use sqlx::{ConnectOptions, Connection, Executor, Row};

use crate::address::PostgresAddress;
use crate::fault::StoreError;

/// A transaction in which every query sees the same state.
pub(crate) const BEGIN_SNAPSHOT: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY";
/// Whether the tables of a store are there.
pub(crate) const HAS_TABLES: &str = "SELECT COUNT(*) FROM information_schema.tables \
     WHERE table_schema = current_schema() AND table_name = 'meta'";

/// Held by the connection that writes until it ends. One database may keep one
/// store in each schema.
const TRY_LOCK: &str =
    "SELECT pg_try_advisory_lock(hashtextextended('shirube.store ' || current_schema(), 0))";
const ENCODING: &str = "SELECT current_setting('server_encoding')";
/// A commit must be on disk when it is acknowledged, whatever the server's
/// default. Settings that promise more are left as they are.
const SYNC_COMMITS: &str = "SELECT set_config('synchronous_commit', 'on', false) \
     WHERE current_setting('synchronous_commit') = 'off'";

/// How long the lock of an instance that has just ended may linger: the server
/// notices only when it next looks at the connection.
const LOCK_WAIT: Duration = Duration::from_secs(2);
const LOCK_PAUSE: Duration = Duration::from_millis(50);
/// Connections that read beside the writer.
const READERS: u32 = 4;
const READER_WAIT: Duration = Duration::from_secs(10);
const CONNECT_WAIT: Duration = Duration::from_secs(10);

/// The server gives up a connection whose other end is gone, and its lock with
/// it, after about 25 seconds.
const SETTINGS: [(&str, &str); 6] = [
    ("tcp_keepalives_idle", "10"),
    ("tcp_keepalives_interval", "5"),
    ("tcp_keepalives_count", "3"),
    ("statement_timeout", "0"),
    ("lock_timeout", "10s"),
    ("client_min_messages", "warning"),
];

fn options(address: &PostgresAddress) -> Result<PgConnectOptions, StoreError> {
    let options = address.options()?.application_name("shirube").options(SETTINGS);
    Ok(options.disable_statement_logging())
}

async fn connect(options: &PgConnectOptions) -> Result<PgConnection, StoreError> {
    match tokio::time::timeout(CONNECT_WAIT, options.connect()).await {
        Ok(connected) => Ok(connected?),
        Err(late) => Err(StoreError::fault("store.server-unreachable", late)),
    }
}

/// The connection that writes, with the lock.
pub(crate) async fn open_writer(address: &PostgresAddress) -> Result<PgConnection, StoreError> {
    let mut connection = connect(&options(address)?).await?;
    check_encoding(&mut connection).await?;
    let deadline = tokio::time::Instant::now() + LOCK_WAIT;
    loop {
        let row = connection.fetch_one(TRY_LOCK).await?;
        match row.try_get::<Option<bool>, _>(0)? {
            Some(true) => break,
            Some(false) if tokio::time::Instant::now() < deadline => {
                tokio::time::sleep(LOCK_PAUSE).await;
            }
            Some(false) => return Err(Refusal::new("store.locked").into()),
            // No schema to put tables into.
            None => return Err(StoreError::fault("store.no-permission", "no current schema")),
        }
    }
    connection.execute(SYNC_COMMITS).await?;
    Ok(connection)
}

async fn check_encoding(connection: &mut PgConnection) -> Result<(), StoreError> {
    let encoding: String = connection.fetch_one(ENCODING).await?.try_get(0)?;
    if encoding == "UTF8" {
        return Ok(());
    }
    Err(Refusal::new("store.encoding-not-utf8").arg("found", encoding).into())
}

/// Connections that can only read.
pub(crate) async fn open_readers(address: &PostgresAddress) -> Result<PgPool, StoreError> {
    let options = options(address)?.options([("default_transaction_read_only", "on")]);
    // The pool waits for a server that is not there; this says so at once.
    let mut first = connect(&options).await?;
    check_encoding(&mut first).await?;
    // Closing only spares the server the trouble to notice.
    let _ = first.close().await;
    let pool = PgPoolOptions::new().max_connections(READERS).acquire_timeout(READER_WAIT);
    Ok(pool.connect_with(options).await?)
}
