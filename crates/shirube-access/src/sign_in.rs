//! Signing in with a name and a password, how often that may fail, and what is
//! remembered of it.

use chrono::{DateTime, Utc};
use serde::Serialize;
use shirube_model::refusal::Refusal;
use sqlx::sqlite::SqliteConnection;
use sqlx::{Row, sqlite::SqliteRow};

use crate::account::{Accounts, By, Ends, end_all, fold_name, instant, keep_password, note};
use crate::fault::{AccessError, Result};
use crate::password::{self, Match};
use crate::secret::hash;
use crate::session::{Opened, Origin, open};

/// Failures of one name before sign-in with it has to wait.
pub const FREE_BY_NAME: i64 = 5;
/// Failures from one address before sign-in from it has to wait; higher, because
/// an office may share an address.
pub const FREE_BY_ADDRESS: i64 = 30;
/// Longest wait, in seconds.
pub const WAIT_SECONDS_MAX: i64 = 15 * 60;
/// Seconds after which failures are forgotten.
const FORGET_SECONDS: i64 = 24 * 60 * 60;

/// Seconds to wait after so many failures, of which `free` cost nothing:
/// doubling from one second.
#[must_use]
pub fn wait_seconds(failures: i64, free: i64) -> i64 {
    match failures - free {
        ..0 => 0,
        over @ 0..10 => 1_i64 << over,
        _ => WAIT_SECONDS_MAX,
    }
}

/// How a sign-in was tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Name and password.
    Password,
    /// An identity provider.
    Provider,
    /// A one-time link.
    Recovery,
}

impl Method {
    /// The code used in storage.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Provider => "provider",
            Self::Recovery => "recovery",
        }
    }
}

/// One line of the history of sign-ins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SignInLine {
    /// When.
    pub at: DateTime<Utc>,
    /// Account; none for a name nobody has. The name itself is not kept: it may
    /// be a password typed into the wrong field.
    pub account: Option<String>,
    /// `password`, `provider` or `recovery`.
    pub method: String,
    /// `opened`, `wrong`, `waiting` or `shut`.
    pub outcome: String,
    /// Address.
    pub address: String,
    /// What the browser calls itself.
    pub agent: String,
}

impl Accounts {
    /// Opens a session for a name and a password. A name that nobody has, a
    /// wrong password and an account that is shut give the same answer after
    /// about the same time.
    ///
    /// # Errors
    /// `access.sign-in.wrong`, `access.sign-in.wait`.
    pub async fn sign_in(
        &self,
        name: &str,
        password: &str,
        origin: Origin<'_>,
        now: DateTime<Utc>,
    ) -> Result<Opened> {
        let name = fold_name(name);
        let known = self.known(&name).await?;
        let known_id = known.as_ref().map(|(id, _)| id.as_str());
        self.take_turn(&name, known_id, origin, now).await?;
        let kept = known.as_ref().and_then(|(_, kept)| kept.as_deref());
        let found = password::compare(password, kept).await?;
        let account = match &known {
            Some((id, _)) if found != Match::Wrong => self.find("id", id).await?,
            _ => None,
        };
        let Some(account) = account.filter(|account| account.live(now)) else {
            let outcome = if found == Match::Wrong { "wrong" } else { "shut" };
            let mut work = self.write().await?;
            record(&mut work, known_id, (Method::Password, outcome), origin, now).await?;
            work.commit().await?;
            return AccessError::refused("access.sign-in.wrong");
        };
        let renewed = match found {
            Match::RightButOld => Some(password::hash(password).await?),
            _ => None,
        };
        let mut work = self.write().await?;
        if let Some(kept) = renewed {
            keep_password(&mut work, &account.id, &kept).await?;
        }
        forgive(&mut work, &name, origin).await?;
        record(&mut work, Some(&account.id), (Method::Password, "opened"), origin, now).await?;
        let secret = open(&mut work, &account.id, origin, now).await?;
        work.commit().await?;
        Ok(Opened { secret, account })
    }

    /// Id and kept password of the account called `name`.
    async fn known(&self, name: &str) -> Result<Option<(String, Option<String>)>> {
        let row = sqlx::query("SELECT id, password FROM account WHERE name = $1")
            .bind(name)
            .fetch_optional(&self.pool)
            .await?;
        row.map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).transpose()
    }

    /// Counts this try as failed until it is known to be right, so that many
    /// tries at one moment cannot pass the limit together.
    async fn take_turn(
        &self,
        name: &str,
        account: Option<&str>,
        origin: Origin<'_>,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let mut work = self.write().await?;
        let mut wait = 0;
        for (subject, _) in subjects(name, origin) {
            wait = wait.max(wait_of(&mut work, &subject, now).await?);
        }
        if wait > 0 {
            record(&mut work, account, (Method::Password, "waiting"), origin, now).await?;
            work.commit().await?;
            return Err(Refusal::new("access.sign-in.wait").arg("seconds", wait).into());
        }
        for (subject, free) in subjects(name, origin) {
            count_failure(&mut work, &subject, free, now).await?;
        }
        sqlx::query("DELETE FROM attempt WHERE last_at < $1")
            .bind(now.timestamp() - FORGET_SECONDS)
            .execute(&mut *work)
            .await?;
        work.commit().await?;
        Ok(())
    }

    /// Changes one's own password, which needs the old one. Ends the account's
    /// other sessions and its one-time links.
    ///
    /// # Errors
    /// `access.sign-in.wrong`, `access.sign-in.wait`, `access.password.*`.
    pub async fn change_password(
        &self,
        (account, session): (&str, &str),
        (old, new): (&str, &str),
        origin: Origin<'_>,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let account = self.get(account).await?;
        password::check(new, &account.name)?;
        let known = self.known(&account.name).await?;
        let kept = known.as_ref().and_then(|(_, kept)| kept.as_deref());
        self.take_turn(&account.name, Some(&account.id), origin, now).await?;
        if password::compare(old, kept).await? == Match::Wrong {
            return AccessError::refused("access.password.old-wrong");
        }
        let kept = password::hash(new).await?;
        let mut work = self.write().await?;
        forgive(&mut work, &account.name, origin).await?;
        keep_password(&mut work, &account.id, &kept).await?;
        sqlx::query("DELETE FROM session WHERE account = $1 AND id <> $2")
            .bind(&account.id)
            .bind(session)
            .execute(&mut *work)
            .await?;
        sqlx::query("DELETE FROM recovery WHERE account = $1")
            .bind(&account.id)
            .execute(&mut *work)
            .await?;
        let by = By { actor: &account.id, reason: "own" };
        note(&mut work, &account.id, "password", by, now).await?;
        work.commit().await?;
        Ok(())
    }

    /// Sets a password through a one-time link, which is then used up.
    ///
    /// # Errors
    /// `access.recovery.unknown`, `access.password.*`.
    pub async fn recover(
        &self,
        secret: &str,
        password: &str,
        origin: Origin<'_>,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let key = hash("recovery", secret);
        let row = sqlx::query("SELECT account FROM recovery WHERE hash = $1 AND expires_at > $2")
            .bind(&key)
            .bind(now.timestamp())
            .fetch_optional(&self.pool)
            .await?;
        let Some(row) = row else { return AccessError::refused("access.recovery.unknown") };
        let account = self.get(row.try_get(0)?).await?;
        if !account.live(now) {
            return AccessError::refused("access.recovery.unknown");
        }
        password::check(password, &account.name)?;
        let kept = password::hash(password).await?;
        let mut work = self.write().await?;
        let used = sqlx::query("DELETE FROM recovery WHERE hash = $1")
            .bind(&key)
            .execute(&mut *work)
            .await?;
        if used.rows_affected() == 0 {
            return AccessError::refused("access.recovery.unknown");
        }
        end_all(&mut work, &account.id, Ends::Sessions).await?;
        keep_password(&mut work, &account.id, &kept).await?;
        forgive(&mut work, &account.name, origin).await?;
        record(&mut work, Some(&account.id), (Method::Recovery, "opened"), origin, now).await?;
        let by = By { actor: &account.id, reason: "recovery" };
        note(&mut work, &account.id, "password", by, now).await?;
        work.commit().await?;
        Ok(())
    }

    /// Sign-ins of an account, newest first; of everybody for `None`.
    ///
    /// # Errors
    /// Faults of the database.
    pub async fn sign_ins(&self, account: Option<&str>, limit: u32) -> Result<Vec<SignInLine>> {
        let rows = sqlx::query(
            "SELECT at, account, method, outcome, address, agent FROM sign_in \
             WHERE $1 IS NULL OR account = $1 ORDER BY seq DESC LIMIT $2",
        )
        .bind(account)
        .bind(i64::from(limit))
        .fetch_all(&self.pool)
        .await?;
        let line = |row: &SqliteRow| {
            Ok(SignInLine {
                at: instant(row.try_get(0)?),
                account: row.try_get(1)?,
                method: row.try_get(2)?,
                outcome: row.try_get(3)?,
                address: row.try_get(4)?,
                agent: row.try_get(5)?,
            })
        };
        rows.iter().map(line).collect()
    }
}

/// What failures are counted for, and how many cost nothing. Names are hashed:
/// what was typed may be a password.
fn subjects(name: &str, origin: Origin<'_>) -> [(String, i64); 2] {
    [
        (format!("name:{}", hash("attempt", name)), FREE_BY_NAME),
        (format!("address:{}", origin.address()), FREE_BY_ADDRESS),
    ]
}

async fn wait_of(work: &mut SqliteConnection, subject: &str, now: DateTime<Utc>) -> Result<i64> {
    let row = sqlx::query("SELECT wait_until FROM attempt WHERE subject = $1")
        .bind(subject)
        .fetch_optional(work)
        .await?;
    let until: i64 = row.map(|row| row.try_get(0)).transpose()?.unwrap_or_default();
    // A clock set back must not shut anybody out for longer than the longest wait.
    Ok((until - now.timestamp()).clamp(0, WAIT_SECONDS_MAX))
}

async fn count_failure(
    work: &mut SqliteConnection,
    subject: &str,
    free: i64,
    now: DateTime<Utc>,
) -> Result<()> {
    let row = sqlx::query("SELECT failures FROM attempt WHERE subject = $1 AND last_at >= $2")
        .bind(subject)
        .bind(now.timestamp() - FORGET_SECONDS)
        .fetch_optional(&mut *work)
        .await?;
    let before: i64 = row.map(|row| row.try_get(0)).transpose()?.unwrap_or_default();
    let failures = before + 1;
    sqlx::query(
        "INSERT INTO attempt (subject, failures, last_at, wait_until) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (subject) DO UPDATE SET failures = excluded.failures, \
         last_at = excluded.last_at, wait_until = excluded.wait_until",
    )
    .bind(subject)
    .bind(failures)
    .bind(now.timestamp())
    .bind(now.timestamp() + wait_seconds(failures, free))
    .execute(work)
    .await?;
    Ok(())
}

/// Forgets the failures of a name, and for the address the one that this try was
/// counted as: a right password must not wash away guesses at other names.
async fn forgive(work: &mut SqliteConnection, name: &str, origin: Origin<'_>) -> Result<()> {
    let [(name, _), (address, free)] = subjects(name, origin);
    sqlx::query("DELETE FROM attempt WHERE subject = $1").bind(name).execute(&mut *work).await?;
    sqlx::query(
        "UPDATE attempt SET failures = failures - 1, \
         wait_until = CASE WHEN failures - 1 < $2 THEN 0 ELSE wait_until END WHERE subject = $1",
    )
    .bind(address)
    .bind(free)
    .execute(work)
    .await?;
    Ok(())
}

/// Writes a line of the history of sign-ins.
pub(crate) async fn record(
    work: &mut SqliteConnection,
    account: Option<&str>,
    (method, outcome): (Method, &'static str),
    origin: Origin<'_>,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query(
        "INSERT INTO sign_in (seq, at, account, method, outcome, address, agent) \
         SELECT COALESCE(MAX(seq), 0) + 1, $1, $2, $3, $4, $5, $6 FROM sign_in",
    )
    .bind(now.timestamp())
    .bind(account)
    .bind(method.code())
    .bind(outcome)
    .bind(origin.address())
    .bind(origin.agent())
    .execute(work)
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_grows_to_its_limit() {
        let waits: Vec<i64> = (0..18).map(|failures| wait_seconds(failures, 5)).collect();
        let expected = [0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900];
        assert_eq!(waits, expected);
        assert_eq!(wait_seconds(i64::MAX, 5), WAIT_SECONDS_MAX);
    }
}
