//! The two engines side by side: how each is opened for writing and reading.
//! What only one of them understands is in [`crate::sqlite`] and
//! [`crate::postgres`]; everything else is in [`crate::sql`].

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use shirube_model::refusal::Refusal;
use sqlx::Connection;
use sqlx::postgres::{PgConnection, PgPool};
use sqlx::sqlite::{SqliteConnection, SqlitePool};

use crate::address::{PostgresAddress, StoreAddress};
use crate::fault::StoreError;
use crate::session::Session;
use crate::{postgres, sqlite};

const LEDGER: &str = "ledger.sqlite";
const LOCK: &str = "lock";

/// The ledger file of a store kept in SQLite.
pub(crate) fn ledger_file(dir: &Path) -> PathBuf {
    dir.join(LEDGER)
}

/// Connections that only read.
#[derive(Debug)]
pub(crate) enum Readers {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

impl Readers {
    pub(crate) async fn open(address: &StoreAddress) -> Result<Self, StoreError> {
        match address {
            StoreAddress::Sqlite(dir) => {
                Ok(Self::Sqlite(sqlite::open_readers(&ledger_file(dir)).await?))
            }
            StoreAddress::Postgres(database) => {
                let pool = postgres::open_readers(database).await;
                Ok(Self::Postgres(pool.map_err(|error| error.at(address))?))
            }
        }
    }

    /// A connection on which each query sees the newest state.
    pub(crate) async fn session(&self) -> Result<Session<'static>, StoreError> {
        match self {
            Self::Sqlite(pool) => Ok(Session::SqlitePooled(pool.acquire().await?)),
            Self::Postgres(pool) => Ok(Session::PostgresPooled(pool.acquire().await?)),
        }
    }

    /// A transaction in which every query sees the same state.
    pub(crate) async fn snapshot(&self) -> Result<Session<'static>, StoreError> {
        match self {
            Self::Sqlite(pool) => Ok(Session::SqliteTransaction(pool.begin().await?)),
            Self::Postgres(pool) => {
                Ok(Session::PostgresTransaction(pool.begin_with(postgres::BEGIN_SNAPSHOT).await?))
            }
        }
    }

    pub(crate) async fn close(&self) {
        match self {
            Self::Sqlite(pool) => pool.close().await,
            Self::Postgres(pool) => pool.close().await,
        }
    }
}

/// The one connection that writes, with the lock that keeps it the only one.
#[derive(Debug)]
pub(crate) enum WriteConnection {
    Sqlite {
        connection: SqliteConnection,
        path: PathBuf,
        pages_max: Option<u32>,
        /// Ends with the process, however the process ends.
        lock: File,
    },
    Postgres {
        /// Holds the lock itself, so that a connection that is lost can neither
        /// write nor keep others from writing. Absent after it was lost.
        connection: Option<PgConnection>,
        address: PostgresAddress,
    },
}

impl WriteConnection {
    /// Takes the lock and connects. A directory that does not exist is made.
    pub(crate) async fn open(
        address: &StoreAddress,
        pages_max: Option<u32>,
    ) -> Result<Self, StoreError> {
        match address {
            StoreAddress::Sqlite(dir) => {
                let lock = take_lock(dir).map_err(|error| error.at(address))?;
                let path = ledger_file(dir);
                let connection = sqlite::open_writer(&path, pages_max).await?;
                Ok(Self::Sqlite { connection, path, pages_max, lock })
            }
            StoreAddress::Postgres(database) => {
                let connection = postgres::open_writer(database).await;
                let connection = Some(connection.map_err(|error| error.at(address))?);
                Ok(Self::Postgres { connection, address: database.clone() })
            }
        }
    }

    /// Begins a transaction that writes; connects anew where the connection was
    /// lost.
    pub(crate) async fn begin(&mut self) -> Result<Session<'_>, StoreError> {
        match self {
            Self::Sqlite { connection, .. } => {
                let transaction = connection.begin_with(sqlite::BEGIN_WRITE).await?;
                Ok(Session::SqliteTransaction(transaction))
            }
            Self::Postgres { connection, address } => {
                let connection = match connection {
                    Some(connection) => connection,
                    None => connection.insert(postgres::open_writer(address).await?),
                };
                Ok(Session::PostgresTransaction(connection.begin().await?))
            }
        }
    }

    /// Connects anew after a fault, because nothing is known about the state the
    /// connection was left in. Once this succeeds, whatever the connection before
    /// was doing has ended: on PostgreSQL because the lock could be taken again.
    pub(crate) async fn reconnect(&mut self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite { connection, path, pages_max, .. } => {
                *connection = sqlite::open_writer(path, *pages_max).await?;
            }
            Self::Postgres { connection, address } => {
                if let Some(lost) = connection.take() {
                    // Where this cannot be sent, the server finds out by itself.
                    let _ = lost.close_hard().await;
                }
                *connection = Some(postgres::open_writer(address).await?);
            }
        }
        Ok(())
    }

    /// Closes the connection before the lock goes. Every acknowledged commit is
    /// already safe, so that a fault here loses nothing.
    pub(crate) async fn close(self) {
        match self {
            Self::Sqlite { connection, lock, .. } => {
                let _ = connection.close().await;
                // Letting go of the file is not enough: a process that is just
                // being started elsewhere in this program has it open as well.
                let _ = lock.unlock();
            }
            Self::Postgres { connection, .. } => {
                if let Some(connection) = connection {
                    let _ = connection.close().await;
                }
            }
        }
    }
}

fn take_lock(dir: &Path) -> Result<File, StoreError> {
    std::fs::create_dir_all(dir)?;
    let path = dir.join(LOCK);
    let file = File::options().create(true).append(true).open(path)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Refusal::new("store.locked").into()),
        Err(TryLockError::Error(error)) => Err(error.into()),
    }
}
