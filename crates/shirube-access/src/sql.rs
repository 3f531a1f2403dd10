//! The database of accounts: its tables and how it is opened.
//!
//! All texts run on SQLite and on PostgreSQL 15; what only SQLite understands is
//! marked. Times are seconds since 1970-01-01 UTC, days ISO 8601, secrets
//! hashes only.

use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{ConnectOptions, Row};

use crate::fault::{AccessError, Result};

/// Format of the database that this version writes and reads.
const FORMAT: i64 = 1;
/// Connections at one time.
const CONNECTIONS: u32 = 4;
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// Tables and indexes, in the order they are made.
const SCHEMA: &[&str] = &[
    "CREATE TABLE IF NOT EXISTS format (version BIGINT PRIMARY KEY NOT NULL)",
    "CREATE TABLE IF NOT EXISTS account (
        id TEXT PRIMARY KEY NOT NULL,
        name TEXT NOT NULL UNIQUE,
        display_ja TEXT NOT NULL,
        display_en TEXT NOT NULL,
        email TEXT,
        password TEXT,
        valid_from TEXT,
        valid_to TEXT,
        disabled BIGINT NOT NULL,
        demo BIGINT NOT NULL,
        made_at BIGINT NOT NULL
    )",
    // `source` is empty for roles given here, and the issuer for roles that an
    // identity provider's claims gave at the last sign-in.
    "CREATE TABLE IF NOT EXISTS account_role (
        account TEXT NOT NULL,
        role TEXT NOT NULL,
        organisation TEXT NOT NULL,
        register TEXT NOT NULL,
        source TEXT NOT NULL,
        PRIMARY KEY (account, role, organisation, register, source)
    )",
    "CREATE TABLE IF NOT EXISTS identity (
        issuer TEXT NOT NULL,
        subject TEXT NOT NULL,
        account TEXT NOT NULL,
        linked_at BIGINT NOT NULL,
        PRIMARY KEY (issuer, subject)
    )",
    "CREATE TABLE IF NOT EXISTS session (
        hash TEXT PRIMARY KEY NOT NULL,
        id TEXT NOT NULL UNIQUE,
        account TEXT NOT NULL,
        opened_at BIGINT NOT NULL,
        seen_at BIGINT NOT NULL,
        address TEXT NOT NULL,
        agent TEXT NOT NULL
    )",
    "CREATE INDEX IF NOT EXISTS session_by_account ON session (account, opened_at)",
    "CREATE TABLE IF NOT EXISTS api_token (
        hash TEXT PRIMARY KEY NOT NULL,
        id TEXT NOT NULL UNIQUE,
        account TEXT NOT NULL,
        title TEXT NOT NULL,
        reach TEXT NOT NULL,
        made_at BIGINT NOT NULL,
        expires_at BIGINT NOT NULL,
        used_at BIGINT
    )",
    "CREATE INDEX IF NOT EXISTS api_token_by_account ON api_token (account, made_at)",
    "CREATE TABLE IF NOT EXISTS recovery (
        hash TEXT PRIMARY KEY NOT NULL,
        account TEXT NOT NULL,
        made_at BIGINT NOT NULL,
        expires_at BIGINT NOT NULL
    )",
    "CREATE TABLE IF NOT EXISTS provider_flow (
        hash TEXT PRIMARY KEY NOT NULL,
        nonce TEXT NOT NULL,
        verifier TEXT NOT NULL,
        next TEXT NOT NULL,
        expires_at BIGINT NOT NULL
    )",
    "CREATE TABLE IF NOT EXISTS attempt (
        subject TEXT PRIMARY KEY NOT NULL,
        failures BIGINT NOT NULL,
        last_at BIGINT NOT NULL,
        wait_until BIGINT NOT NULL
    )",
    "CREATE TABLE IF NOT EXISTS sign_in (
        seq BIGINT PRIMARY KEY NOT NULL,
        at BIGINT NOT NULL,
        account TEXT,
        method TEXT NOT NULL,
        outcome TEXT NOT NULL,
        address TEXT NOT NULL,
        agent TEXT NOT NULL
    )",
    "CREATE INDEX IF NOT EXISTS sign_in_by_account ON sign_in (account, seq)",
    "CREATE TABLE IF NOT EXISTS account_change (
        seq BIGINT PRIMARY KEY NOT NULL,
        at BIGINT NOT NULL,
        account TEXT NOT NULL,
        actor TEXT NOT NULL,
        what TEXT NOT NULL,
        reason TEXT NOT NULL
    )",
    "CREATE INDEX IF NOT EXISTS account_change_by_account ON account_change (account, seq)",
];

/// SQLite only: the tables of history refuse every change of what they hold.
const APPEND_ONLY: &[&str] = &[
    "CREATE TRIGGER IF NOT EXISTS sign_in_kept BEFORE UPDATE ON sign_in
        BEGIN SELECT RAISE(ABORT, 'append only'); END",
    "CREATE TRIGGER IF NOT EXISTS sign_in_stays BEFORE DELETE ON sign_in
        BEGIN SELECT RAISE(ABORT, 'append only'); END",
    "CREATE TRIGGER IF NOT EXISTS account_change_kept BEFORE UPDATE ON account_change
        BEGIN SELECT RAISE(ABORT, 'append only'); END",
    "CREATE TRIGGER IF NOT EXISTS account_change_stays BEFORE DELETE ON account_change
        BEGIN SELECT RAISE(ABORT, 'append only'); END",
];

/// Opens the database at `path`, making it where there is none. On Unix nobody
/// but its owner may read it.
pub(crate) async fn open(path: &Path) -> Result<SqlitePool> {
    close_to_others(path)?;
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(BUSY_TIMEOUT)
        // What is deleted, such as the hash of a session, is overwritten.
        .pragma("secure_delete", "ON")
        .disable_statement_logging();
    let pool = SqlitePoolOptions::new().max_connections(CONNECTIONS).connect_with(options).await?;
    for text in SCHEMA.iter().chain(APPEND_ONLY) {
        sqlx::query(*text).execute(&pool).await?;
    }
    sqlx::query("INSERT INTO format (version) SELECT $1 WHERE NOT EXISTS (SELECT 1 FROM format)")
        .bind(FORMAT)
        .execute(&pool)
        .await?;
    let found: i64 =
        sqlx::query("SELECT version FROM format").fetch_one(&pool).await?.try_get(0)?;
    if found != FORMAT {
        let refusal = shirube_model::refusal::Refusal::new("access.store.format");
        return Err(refusal.arg("format", found).arg("known", FORMAT).into());
    }
    Ok(pool)
}

/// Makes the file with the rights of its owner alone, before SQLite makes it
/// with those of everybody; its journals take the rights of the file.
#[cfg(unix)]
fn close_to_others(path: &Path) -> Result<()> {
    use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
    let fault = |error: std::io::Error| {
        let AccessError::Fault { refusal, cause } = AccessError::fault("access.store.fault", error)
        else {
            return AccessError::fault("access.store.fault", "");
        };
        let refusal = Box::new(refusal.file(path.display().to_string()));
        AccessError::Fault { refusal, cause }
    };
    std::fs::OpenOptions::new().create(true).append(true).mode(0o600).open(path).map_err(fault)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).map_err(fault)
}

#[cfg(not(unix))]
fn close_to_others(_: &Path) -> Result<()> {
    Ok(())
}
