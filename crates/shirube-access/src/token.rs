//! Tokens for the API and one-time links: secrets that are shown once.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use shirube_model::refusal::Refusal;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use crate::account::{Account, Accounts, By, instant, note};
use crate::fault::{AccessError, Result};
use crate::secret::{Secret, hash, random_id};

/// Longest life of a token, in days.
pub const TOKEN_DAYS_MAX: i64 = 366;
/// Tokens of one account.
const TOKENS_MAX: i64 = 50;
/// Life of a one-time link, in hours.
pub const RECOVERY_HOURS: i64 = 24;
/// Seconds between two notes of when a token was last used.
const USED_SECONDS: i64 = 60;
/// Longest title of a token, in characters.
const TITLE_CHARS_MAX: usize = 100;

/// What a token may be used for, within what its account may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// Reading only.
    Read,
    /// Reading and changing.
    Write,
}

impl Reach {
    /// The code used in storage and forms.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
        }
    }

    /// Reads a code.
    ///
    /// # Errors
    /// `access.token.reach`.
    pub fn from_code(code: &str) -> std::result::Result<Self, Refusal> {
        match code {
            "read" => Ok(Self::Read),
            "write" => Ok(Self::Write),
            other => Err(Refusal::new("access.token.reach").arg("value", other)),
        }
    }
}

/// A token as a request brings it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bearer {
    /// Account, live at the moment of the request.
    pub account: Account,
    /// What the token may be used for.
    pub reach: Reach,
}

/// A token as its owner sees it in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TokenLine {
    /// Id, which is no secret.
    pub id: String,
    /// What its owner calls it.
    pub title: String,
    /// What it may be used for.
    pub reach: Reach,
    /// When it was made.
    pub made_at: DateTime<Utc>,
    /// When it ends.
    pub expires_at: DateTime<Utc>,
    /// When it was last used, to the minute.
    pub used_at: Option<DateTime<Utc>>,
}

impl Accounts {
    /// Makes a token; its secret is shown this once.
    ///
    /// # Errors
    /// `access.token.title`, `access.token.days`, `access.token.too-many`.
    pub async fn make_token(
        &self,
        account: &str,
        title: &str,
        reach: Reach,
        days: i64,
        now: DateTime<Utc>,
    ) -> Result<Secret> {
        let title = title.trim();
        if title.is_empty()
            || title.chars().count() > TITLE_CHARS_MAX
            || title.chars().any(char::is_control)
        {
            let refusal = Refusal::new("access.token.title").arg("most", TITLE_CHARS_MAX);
            return Err(refusal.field("title").into());
        }
        if !(1..=TOKEN_DAYS_MAX).contains(&days) {
            return Err(Refusal::new("access.token.days").arg("most", TOKEN_DAYS_MAX).into());
        }
        let secret = Secret::random()?;
        let mut work = self.write().await?;
        sqlx::query("DELETE FROM api_token WHERE expires_at <= $1")
            .bind(now.timestamp())
            .execute(&mut *work)
            .await?;
        let held: i64 = sqlx::query("SELECT COUNT(*) FROM api_token WHERE account = $1")
            .bind(account)
            .fetch_one(&mut *work)
            .await?
            .try_get(0)?;
        if held >= TOKENS_MAX {
            return Err(Refusal::new("access.token.too-many").arg("most", TOKENS_MAX).into());
        }
        let id = random_id()?;
        sqlx::query(
            "INSERT INTO api_token (hash, id, account, title, reach, made_at, expires_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(hash("token", secret.expose()))
        .bind(&id)
        .bind(account)
        .bind(title)
        .bind(reach.code())
        .bind(now.timestamp())
        .bind((now + TimeDelta::days(days)).timestamp())
        .execute(&mut *work)
        .await?;
        note(&mut work, account, "token-made", By { actor: account, reason: title }, now).await?;
        work.commit().await?;
        Ok(secret)
    }

    /// The account a token stands for; nothing when the token is unknown or
    /// over, or the account may not be used any more.
    ///
    /// # Errors
    /// Faults of the database.
    pub async fn bearer(&self, secret: &str, now: DateTime<Utc>) -> Result<Option<Bearer>> {
        let key = hash("token", secret);
        let row = sqlx::query(
            "SELECT account, reach, used_at FROM api_token WHERE hash = $1 AND expires_at > $2",
        )
        .bind(&key)
        .bind(now.timestamp())
        .fetch_optional(&self.pool)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let Ok(reach) = Reach::from_code(row.try_get(1)?) else { return Ok(None) };
        let account = self.find("id", row.try_get(0)?).await?.filter(|found| found.live(now));
        let Some(account) = account else { return Ok(None) };
        let used: Option<i64> = row.try_get(2)?;
        if used.is_none_or(|used| now.timestamp() - used >= USED_SECONDS) {
            sqlx::query("UPDATE api_token SET used_at = $2 WHERE hash = $1")
                .bind(&key)
                .bind(now.timestamp())
                .execute(&self.pool)
                .await?;
        }
        Ok(Some(Bearer { account, reach }))
    }

    /// Tokens of an account that are not over, newest first.
    ///
    /// # Errors
    /// Faults of the database.
    pub async fn tokens(&self, account: &str, now: DateTime<Utc>) -> Result<Vec<TokenLine>> {
        let rows = sqlx::query(
            "SELECT id, title, reach, made_at, expires_at, used_at FROM api_token \
             WHERE account = $1 AND expires_at > $2 ORDER BY made_at DESC, id",
        )
        .bind(account)
        .bind(now.timestamp())
        .fetch_all(&self.pool)
        .await?;
        let line = |row: &SqliteRow| {
            Ok(TokenLine {
                id: row.try_get(0)?,
                title: row.try_get(1)?,
                reach: Reach::from_code(row.try_get(2)?)?,
                made_at: instant(row.try_get(3)?),
                expires_at: instant(row.try_get(4)?),
                used_at: row.try_get::<Option<i64>, _>(5)?.map(instant),
            })
        };
        rows.iter().map(line).collect()
    }

    /// Takes back one token of the account, and of no other.
    ///
    /// # Errors
    /// `access.token.unknown`.
    pub async fn end_token(&self, account: &str, id: &str, now: DateTime<Utc>) -> Result<()> {
        let mut work = self.write().await?;
        let ended =
            sqlx::query("DELETE FROM api_token WHERE account = $1 AND id = $2 RETURNING title")
                .bind(account)
                .bind(id)
                .fetch_optional(&mut *work)
                .await?;
        let Some(ended) = ended else {
            return AccessError::refused("access.token.unknown");
        };
        let title: String = ended.try_get(0)?;
        note(&mut work, account, "token-ended", By { actor: account, reason: &title }, now).await?;
        work.commit().await?;
        Ok(())
    }

    /// Makes a one-time link by which the holder of an account sets a new
    /// password; an earlier link of the account ends.
    ///
    /// # Errors
    /// `access.account.unknown`, `access.reason.missing`.
    pub async fn recovery(&self, account: &str, by: By<'_>, now: DateTime<Utc>) -> Result<Secret> {
        let account = self.get(account).await?;
        if by.reason.trim().is_empty() {
            return Err(Refusal::new("access.reason.missing").field("reason").into());
        }
        let secret = Secret::random()?;
        let mut work = self.write().await?;
        sqlx::query("DELETE FROM recovery WHERE account = $1 OR expires_at <= $2")
            .bind(&account.id)
            .bind(now.timestamp())
            .execute(&mut *work)
            .await?;
        sqlx::query(
            "INSERT INTO recovery (hash, account, made_at, expires_at) VALUES ($1, $2, $3, $4)",
        )
        .bind(hash("recovery", secret.expose()))
        .bind(&account.id)
        .bind(now.timestamp())
        .bind((now + TimeDelta::hours(RECOVERY_HOURS)).timestamp())
        .execute(&mut *work)
        .await?;
        note(&mut work, &account.id, "recovery", by, now).await?;
        work.commit().await?;
        Ok(secret)
    }
}
