//! Sessions of browsers: opening, reading, ending.

use chrono::{DateTime, Utc};
use serde::Serialize;
use shirube_model::refusal::Refusal;
use sqlx::sqlite::SqliteConnection;
use sqlx::{Row, sqlite::SqliteRow};

use crate::account::{Account, Accounts, instant};
use crate::fault::{AccessError, Result};
use crate::secret::{Secret, form_token, hash, random_id};

/// Seconds without a request after which a session ends.
pub const IDLE_SECONDS_MAX: i64 = 60 * 60;
/// Seconds after which a session ends in any case.
pub const SESSION_SECONDS_MAX: i64 = 12 * 60 * 60;
/// Seconds between two notes of when a session was last seen.
const SEEN_SECONDS: i64 = 60;
/// Sessions of one account; the oldest ends when another opens.
const SESSIONS_MAX: i64 = 20;
/// Characters kept of a client's address or name.
const CLIENT_CHARS_MAX: usize = 200;

/// Where a request comes from.
#[derive(Debug, Clone, Copy, Default)]
pub struct Origin<'a> {
    /// Network address.
    pub address: &'a str,
    /// What the client calls itself.
    pub agent: &'a str,
}

impl Origin<'_> {
    pub(crate) fn address(&self) -> String {
        line(self.address)
    }

    pub(crate) fn agent(&self) -> String {
        line(self.agent)
    }
}

fn line(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(CLIENT_CHARS_MAX).collect()
}

/// A session just opened: what the browser keeps, and whose it is.
#[derive(Debug, Clone)]
pub struct Opened {
    /// Value of the cookie.
    pub secret: Secret,
    /// Account that signed in.
    pub account: Account,
}

/// A session as a request brings it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Id, which is no secret.
    pub id: String,
    /// Account, live at the moment of the request.
    pub account: Account,
    /// Token that every form of the session carries.
    pub form_token: String,
}

/// A session as its owner sees it in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SessionLine {
    /// Id, which is no secret.
    pub id: String,
    /// When it was opened.
    pub opened_at: DateTime<Utc>,
    /// When it was last seen, to the minute.
    pub seen_at: DateTime<Utc>,
    /// Address it was opened from.
    pub address: String,
    /// What the browser calls itself.
    pub agent: String,
}

pub(crate) async fn open(
    work: &mut SqliteConnection,
    account: &str,
    origin: Origin<'_>,
    now: DateTime<Utc>,
) -> Result<Secret> {
    let secret = Secret::random()?;
    sqlx::query(
        "INSERT INTO session (hash, id, account, opened_at, seen_at, address, agent) \
         VALUES ($1, $2, $3, $4, $4, $5, $6)",
    )
    .bind(hash("session", secret.expose()))
    .bind(random_id()?)
    .bind(account)
    .bind(now.timestamp())
    .bind(origin.address())
    .bind(origin.agent())
    .execute(&mut *work)
    .await?;
    sqlx::query("DELETE FROM session WHERE opened_at < $1 OR seen_at < $2")
        .bind(now.timestamp() - SESSION_SECONDS_MAX)
        .bind(now.timestamp() - IDLE_SECONDS_MAX)
        .execute(&mut *work)
        .await?;
    sqlx::query(
        "DELETE FROM session WHERE account = $1 AND id NOT IN \
         (SELECT id FROM session WHERE account = $1 ORDER BY opened_at DESC, id LIMIT $2)",
    )
    .bind(account)
    .bind(SESSIONS_MAX)
    .execute(work)
    .await?;
    Ok(secret)
}

impl Accounts {
    /// The session whose cookie holds `secret`; nothing when it is over, was
    /// ended, or its account may not be used any more.
    ///
    /// # Errors
    /// Faults of the database.
    pub async fn session(&self, secret: &str, now: DateTime<Utc>) -> Result<Option<Session>> {
        let key = hash("session", secret);
        let row =
            sqlx::query("SELECT id, account, opened_at, seen_at FROM session WHERE hash = $1")
                .bind(&key)
                .fetch_optional(&self.pool)
                .await?;
        let Some(row) = row else { return Ok(None) };
        let (opened, seen): (i64, i64) = (row.try_get(2)?, row.try_get(3)?);
        let second = now.timestamp();
        let over = second - opened > SESSION_SECONDS_MAX || second - seen > IDLE_SECONDS_MAX;
        let account = self.find("id", row.try_get(1)?).await?.filter(|found| found.live(now));
        let (false, Some(account)) = (over, account) else { return Ok(None) };
        if second - seen >= SEEN_SECONDS {
            sqlx::query("UPDATE session SET seen_at = $2 WHERE hash = $1 AND seen_at < $2")
                .bind(&key)
                .bind(second)
                .execute(&self.pool)
                .await?;
        }
        Ok(Some(Session { id: row.try_get(0)?, account, form_token: form_token(secret) }))
    }

    /// Open sessions of an account, newest first.
    ///
    /// # Errors
    /// Faults of the database.
    pub async fn sessions(&self, account: &str, now: DateTime<Utc>) -> Result<Vec<SessionLine>> {
        let rows = sqlx::query(
            "SELECT id, opened_at, seen_at, address, agent FROM session WHERE account = $1 \
             AND opened_at >= $2 AND seen_at >= $3 ORDER BY opened_at DESC, id",
        )
        .bind(account)
        .bind(now.timestamp() - SESSION_SECONDS_MAX)
        .bind(now.timestamp() - IDLE_SECONDS_MAX)
        .fetch_all(&self.pool)
        .await?;
        let line = |row: &SqliteRow| {
            Ok(SessionLine {
                id: row.try_get(0)?,
                opened_at: instant(row.try_get(1)?),
                seen_at: instant(row.try_get(2)?),
                address: row.try_get(3)?,
                agent: row.try_get(4)?,
            })
        };
        rows.iter().map(line).collect()
    }

    /// Ends one session of the account, and of no other.
    ///
    /// # Errors
    /// `access.session.unknown`.
    pub async fn end_session(&self, account: &str, id: &str) -> Result<()> {
        let done = sqlx::query("DELETE FROM session WHERE account = $1 AND id = $2")
            .bind(account)
            .bind(id)
            .execute(&self.pool)
            .await?;
        if done.rows_affected() == 0 {
            return AccessError::refused("access.session.unknown");
        }
        Ok(())
    }

    /// Ends every session of the account but the one with id `keep`.
    ///
    /// # Errors
    /// Faults of the database.
    pub async fn end_other_sessions(&self, account: &str, keep: &str) -> Result<u64> {
        let done = sqlx::query("DELETE FROM session WHERE account = $1 AND id <> $2")
            .bind(account)
            .bind(keep)
            .execute(&self.pool)
            .await?;
        Ok(done.rows_affected())
    }
}

/// Refuses a form that was not made for this session.
///
/// # Errors
/// `access.form.forged`.
pub fn check_form(session: &Session, token: &str) -> std::result::Result<(), Refusal> {
    if crate::secret::same(token, &session.form_token) {
        Ok(())
    } else {
        Err(Refusal::new("access.form.forged"))
    }
}
