//! One connection of either engine. The rest of the store sees only this: a
//! text with `$1` parameters goes in, rows of numbers and texts come out.

use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgArguments, PgConnection, PgRow};
use sqlx::sqlite::{SqliteArguments, SqliteConnection, SqliteRow};
use sqlx::{Arguments, Decode, Postgres, Row as _, SqlSafeStr, SqlStr, Sqlite, Transaction, Type};

use crate::fault::StoreError;

/// A value of a parameter. The store needs no other types.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Arg<'a> {
    Int(i64),
    Text(&'a str),
    OptionalText(Option<&'a str>),
}

impl From<i64> for Arg<'_> {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl<'a> From<&'a str> for Arg<'a> {
    fn from(value: &'a str) -> Self {
        Self::Text(value)
    }
}

impl<'a> From<Option<&'a str>> for Arg<'a> {
    fn from(value: Option<&'a str>) -> Self {
        Self::OptionalText(value)
    }
}

/// A row of either engine.
#[derive(Debug)]
pub(crate) enum Row {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

impl Row {
    /// The value in column `index`, from 0.
    pub(crate) fn try_get<'r, T>(&'r self, index: usize) -> Result<T, sqlx::Error>
    where
        T: Decode<'r, Sqlite> + Type<Sqlite> + Decode<'r, Postgres> + Type<Postgres>,
    {
        match self {
            Self::Sqlite(row) => row.try_get(index),
            Self::Postgres(row) => row.try_get(index),
        }
    }
}

/// A connection that is in use, with or without a transaction. One in a
/// transaction that is dropped undoes it.
#[derive(Debug)]
pub(crate) enum Session<'c> {
    SqlitePooled(PoolConnection<Sqlite>),
    SqliteTransaction(Transaction<'c, Sqlite>),
    PostgresPooled(PoolConnection<Postgres>),
    PostgresTransaction(Transaction<'c, Postgres>),
}

enum Raw<'s> {
    Sqlite(&'s mut SqliteConnection),
    Postgres(&'s mut PgConnection),
}

impl Session<'_> {
    fn raw(&mut self) -> Raw<'_> {
        match self {
            Self::SqlitePooled(connection) => Raw::Sqlite(connection),
            Self::SqliteTransaction(transaction) => Raw::Sqlite(transaction),
            Self::PostgresPooled(connection) => Raw::Postgres(connection),
            Self::PostgresTransaction(transaction) => Raw::Postgres(transaction),
        }
    }

    /// Whether the engine is PostgreSQL.
    pub(crate) fn is_postgres(&self) -> bool {
        matches!(self, Self::PostgresPooled(_) | Self::PostgresTransaction(_))
    }

    /// Every row a query gives.
    pub(crate) async fn rows(
        &mut self,
        text: impl SqlSafeStr,
        args: &[Arg<'_>],
    ) -> Result<Vec<Row>, StoreError> {
        let text: SqlStr = text.into_sql_str();
        match self.raw() {
            Raw::Sqlite(connection) => {
                let query = sqlx::query_with(text, sqlite_arguments(args)?);
                let found = query.fetch_all(connection).await?;
                Ok(found.into_iter().map(Row::Sqlite).collect())
            }
            Raw::Postgres(connection) => {
                let query = sqlx::query_with(text, postgres_arguments(args)?);
                let found = query.fetch_all(connection).await?;
                Ok(found.into_iter().map(Row::Postgres).collect())
            }
        }
    }

    /// The one row a query gives, or nothing.
    pub(crate) async fn row(
        &mut self,
        text: impl SqlSafeStr,
        args: &[Arg<'_>],
    ) -> Result<Option<Row>, StoreError> {
        Ok(self.rows(text, args).await?.into_iter().next())
    }

    /// The number a query gives.
    pub(crate) async fn number(
        &mut self,
        text: impl SqlSafeStr,
        args: &[Arg<'_>],
    ) -> Result<i64, StoreError> {
        match self.row(text, args).await? {
            Some(row) => Ok(row.try_get(0)?),
            None => Err(sqlx::Error::RowNotFound.into()),
        }
    }

    /// Runs a statement that gives no rows.
    pub(crate) async fn run(
        &mut self,
        text: impl SqlSafeStr,
        args: &[Arg<'_>],
    ) -> Result<(), StoreError> {
        let text: SqlStr = text.into_sql_str();
        match self.raw() {
            Raw::Sqlite(connection) => {
                sqlx::query_with(text, sqlite_arguments(args)?).execute(connection).await?;
            }
            Raw::Postgres(connection) => {
                sqlx::query_with(text, postgres_arguments(args)?).execute(connection).await?;
            }
        }
        Ok(())
    }

    /// Makes what was done last. Without a transaction it already is.
    pub(crate) async fn commit(self) -> Result<(), StoreError> {
        match self {
            Self::SqliteTransaction(transaction) => Ok(transaction.commit().await?),
            Self::PostgresTransaction(transaction) => Ok(transaction.commit().await?),
            Self::SqlitePooled(_) | Self::PostgresPooled(_) => Ok(()),
        }
    }

    /// Undoes what was done in the transaction.
    pub(crate) async fn rollback(self) -> Result<(), StoreError> {
        match self {
            Self::SqliteTransaction(transaction) => Ok(transaction.rollback().await?),
            Self::PostgresTransaction(transaction) => Ok(transaction.rollback().await?),
            Self::SqlitePooled(_) | Self::PostgresPooled(_) => Ok(()),
        }
    }
}

fn sqlite_arguments(args: &[Arg<'_>]) -> Result<SqliteArguments, sqlx::Error> {
    let mut arguments = SqliteArguments::default();
    for arg in args {
        match *arg {
            Arg::Int(value) => arguments.add(value),
            Arg::Text(value) => arguments.add(value),
            Arg::OptionalText(value) => arguments.add(value),
        }
        .map_err(sqlx::Error::Encode)?;
    }
    Ok(arguments)
}

fn postgres_arguments(args: &[Arg<'_>]) -> Result<PgArguments, sqlx::Error> {
    let mut arguments = PgArguments::default();
    for arg in args {
        match *arg {
            Arg::Int(value) => arguments.add(value),
            Arg::Text(value) => arguments.add(value),
            Arg::OptionalText(value) => arguments.add(value),
        }
        .map_err(sqlx::Error::Encode)?;
    }
    Ok(arguments)
}
