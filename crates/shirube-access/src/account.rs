//! Accounts: who may sign in, as what, and on which days.

use std::collections::BTreeSet;
use std::path::Path;

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use shirube_model::calendar::japan_day;
use shirube_model::lang::LocalText;
use shirube_model::refusal::Refusal;
use sqlx::sqlite::{SqliteConnection, SqlitePool, SqliteRow};
use sqlx::{Row, Sqlite, Transaction};
use unicode_normalization::UnicodeNormalization;

use crate::fault::{AccessError, Result};
use crate::password;
use crate::role::{Grant, Role};
use crate::secret::random_id;
use crate::sql;

/// Name of the database beside the store.
pub const FILE: &str = "access.db";
/// Longest sign-in name, display name, e-mail address or reason, in characters.
const TEXT_CHARS_MAX: usize = 200;
/// Most roles of one account.
const GRANTS_MAX: usize = 200;

/// An account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Account {
    /// Id, which never changes.
    pub id: String,
    /// Name typed to sign in, in lower case.
    pub name: String,
    /// Name shown.
    pub display: LocalText,
    /// Address for mail.
    pub email: Option<String>,
    /// Roles given here or by an identity provider's claims.
    pub grants: BTreeSet<Grant>,
    /// First day of use.
    pub valid_from: Option<NaiveDate>,
    /// Last day of use.
    pub valid_to: Option<NaiveDate>,
    /// Shut by an administrator.
    pub disabled: bool,
    /// Part of a demonstration.
    pub demo: bool,
    /// Whether it has a local password.
    pub has_password: bool,
    /// When it was made.
    pub made_at: DateTime<Utc>,
}

impl Account {
    /// Whether the account may be used at `now`: not shut, and within its days.
    #[must_use]
    pub fn live(&self, now: DateTime<Utc>) -> bool {
        let day = japan_day(now);
        !self.disabled
            && self.valid_from.is_none_or(|first| first <= day)
            && self.valid_to.is_none_or(|last| day <= last)
    }

    /// Organisations the account has a role at, without `*`.
    #[must_use]
    pub fn organisations(&self) -> BTreeSet<&str> {
        let codes = self.grants.iter().map(|grant| grant.organisation.as_str());
        codes.filter(|code| *code != crate::role::ANY).collect()
    }
}

/// What an account is made of or changed to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AccountText {
    /// Name typed to sign in.
    pub name: String,
    /// Name shown.
    pub display: LocalText,
    /// Address for mail.
    pub email: Option<String>,
    /// Roles.
    pub grants: BTreeSet<Grant>,
    /// First day of use.
    pub valid_from: Option<NaiveDate>,
    /// Last day of use.
    pub valid_to: Option<NaiveDate>,
    /// Shut.
    pub disabled: bool,
    /// Part of a demonstration.
    pub demo: bool,
}

impl AccountText {
    /// Puts texts into their one form.
    fn tidy(mut self) -> Self {
        self.name = fold_name(&self.name);
        self.display.ja = self.display.ja.trim().to_owned();
        self.display.en = self.display.en.trim().to_owned();
        self.email = self.email.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        self
    }

    /// Every reason to refuse it.
    ///
    /// # Errors
    /// `access.account.*`, `access.grant.*`.
    fn check(&self) -> std::result::Result<(), Refusal> {
        check_name(&self.name)?;
        for (field, text) in [("display_ja", &self.display.ja), ("display_en", &self.display.en)] {
            if text.is_empty() {
                return Err(Refusal::new("access.account.display-missing").field(field));
            }
            if !is_line(text) {
                return Err(Refusal::new("access.account.text").field(field));
            }
        }
        if let Some(email) = &self.email
            && (!is_line(email) || !email.contains('@') || email.contains(char::is_whitespace))
        {
            return Err(Refusal::new("access.account.email").field("email"));
        }
        if let (Some(first), Some(last)) = (self.valid_from, self.valid_to)
            && last < first
        {
            return Err(Refusal::new("access.account.days").field("valid_to"));
        }
        if self.grants.len() > GRANTS_MAX {
            return Err(Refusal::new("access.account.too-many-roles").arg("most", GRANTS_MAX));
        }
        self.grants.iter().try_for_each(Grant::check)
    }
}

/// One form of a name for all ways of typing it: NFKC, lower case, no blanks
/// around it.
pub(crate) fn fold_name(name: &str) -> String {
    name.trim().nfkc().collect::<String>().to_lowercase()
}

fn is_line(text: &str) -> bool {
    text.chars().count() <= TEXT_CHARS_MAX && !text.chars().any(char::is_control)
}

fn check_name(name: &str) -> std::result::Result<(), Refusal> {
    let chars = name.chars().count();
    let known = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '@' | '+');
    if (2..=64).contains(&chars) && name.chars().all(known) {
        Ok(())
    } else {
        Err(Refusal::new("access.account.name").field("name"))
    }
}

/// Who changes accounts, and why.
#[derive(Debug, Clone, Copy)]
pub struct By<'a> {
    /// Id of the account that acts, or the name of the command.
    pub actor: &'a str,
    /// Why.
    pub reason: &'a str,
}

/// One line of an account's history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AccountChange {
    /// When.
    pub at: DateTime<Utc>,
    /// Account that was changed.
    pub account: String,
    /// Who did it.
    pub actor: String,
    /// What was done, a code such as `made` or `password`.
    pub what: String,
    /// Why.
    pub reason: String,
}

/// The accounts of one store.
#[derive(Debug, Clone)]
pub struct Accounts {
    pub(crate) pool: SqlitePool,
}

impl Accounts {
    /// Opens the database at `path`, making it where there is none.
    ///
    /// # Errors
    /// `access.store.fault`, `access.store.format`.
    pub async fn open(path: &Path) -> Result<Self> {
        Ok(Self { pool: sql::open(path).await? })
    }

    /// A transaction that takes the write lock at once (SQLite only), so that it
    /// never fails half-way because another one wrote first.
    pub(crate) async fn write(&self) -> Result<Transaction<'static, Sqlite>> {
        Ok(self.pool.begin_with("BEGIN IMMEDIATE").await?)
    }

    /// Closes every connection.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    /// How many accounts there are.
    ///
    /// # Errors
    /// Faults of the database.
    pub async fn count(&self) -> Result<u64> {
        let row = sqlx::query("SELECT COUNT(*) FROM account").fetch_one(&self.pool).await?;
        Ok(u64::try_from(row.try_get::<i64, _>(0)?).unwrap_or_default())
    }

    /// Makes an account, with a password or without.
    ///
    /// # Errors
    /// `access.account.*`, `access.password.*`, `access.account.name-taken`.
    pub async fn add(
        &self,
        text: AccountText,
        password: Option<&str>,
        by: By<'_>,
        now: DateTime<Utc>,
    ) -> Result<Account> {
        let text = text.tidy();
        text.check()?;
        check_reason(by)?;
        let kept = match password {
            Some(password) => {
                password::check(password, &text.name)?;
                Some(password::hash(password).await?)
            }
            None => None,
        };
        let id = format!("acc-{}", random_id()?);
        let mut work = self.write().await?;
        insert(&mut work, &id, &text, kept.as_deref(), now).await?;
        write_grants(&mut work, &id, "", &text.grants).await?;
        note(&mut work, &id, "made", by, now).await?;
        work.commit().await?;
        self.get(&id).await
    }

    /// Changes everything but the password. Roles that an identity provider
    /// gave stay until the next sign-in with it. An account that is shut loses
    /// its sessions and tokens.
    ///
    /// # Errors
    /// `access.account.*`.
    pub async fn change(
        &self,
        id: &str,
        text: AccountText,
        by: By<'_>,
        now: DateTime<Utc>,
    ) -> Result<Account> {
        let text = text.tidy();
        text.check()?;
        check_reason(by)?;
        let mut work = self.write().await?;
        let done = sqlx::query(
            "UPDATE account SET name = $2, display_ja = $3, display_en = $4, email = $5, \
             valid_from = $6, valid_to = $7, disabled = $8 WHERE id = $1",
        )
        .bind(id)
        .bind(&text.name)
        .bind(&text.display.ja)
        .bind(&text.display.en)
        .bind(&text.email)
        .bind(text.valid_from.map(|day| day.to_string()))
        .bind(text.valid_to.map(|day| day.to_string()))
        .bind(i64::from(text.disabled))
        .execute(&mut *work)
        .await
        .map_err(taken)?;
        if done.rows_affected() == 0 {
            return AccessError::refused("access.account.unknown");
        }
        // A role that only a provider's claims give stays theirs to give and take.
        let claimed = claimed_only(&mut work, id).await?;
        let given = text.grants.difference(&claimed).cloned().collect();
        write_grants(&mut work, id, "", &given).await?;
        if text.disabled {
            end_all(&mut work, id, Ends::SessionsAndTokens).await?;
        }
        note(&mut work, id, if text.disabled { "shut" } else { "changed" }, by, now).await?;
        work.commit().await?;
        self.get(id).await
    }

    /// The account with `id`.
    ///
    /// # Errors
    /// `access.account.unknown`.
    pub async fn get(&self, id: &str) -> Result<Account> {
        self.find("id", id).await?.ok_or_else(|| Refusal::new("access.account.unknown").into())
    }

    /// The account that signs in as `name`.
    ///
    /// # Errors
    /// `access.account.unknown`.
    pub async fn by_name(&self, name: &str) -> Result<Account> {
        let found = self.find("name", &fold_name(name)).await?;
        found.ok_or_else(|| Refusal::new("access.account.unknown").into())
    }

    pub(crate) async fn find(&self, column: &'static str, value: &str) -> Result<Option<Account>> {
        let text = match column {
            "name" => BY_NAME,
            _ => BY_ID,
        };
        let row = sqlx::query(text).bind(value).fetch_optional(&self.pool).await?;
        let Some(row) = row else { return Ok(None) };
        let mut account = read(&row)?;
        let rows = sqlx::query(
            "SELECT DISTINCT role, organisation, register FROM account_role WHERE account = $1",
        )
        .bind(&account.id)
        .fetch_all(&self.pool)
        .await?;
        for row in &rows {
            account.grants.extend(read_grant(row, 0)?);
        }
        Ok(Some(account))
    }

    /// All accounts, by name.
    ///
    /// # Errors
    /// Faults of the database.
    pub async fn list(&self) -> Result<Vec<Account>> {
        let text = "SELECT id, name, display_ja, display_en, email, password IS NOT NULL, \
             valid_from, valid_to, disabled, demo, made_at FROM account ORDER BY name";
        let rows = sqlx::query(text).fetch_all(&self.pool).await?;
        let mut accounts = rows.iter().map(read).collect::<Result<Vec<_>>>()?;
        let rows =
            sqlx::query("SELECT DISTINCT account, role, organisation, register FROM account_role")
                .fetch_all(&self.pool)
                .await?;
        for row in &rows {
            let id: String = row.try_get(0)?;
            if let Some(account) = accounts.iter_mut().find(|account| account.id == id) {
                account.grants.extend(read_grant(row, 1)?);
            }
        }
        Ok(accounts)
    }

    /// What was done to an account, newest first; to any for `None`.
    ///
    /// # Errors
    /// Faults of the database.
    pub async fn changes(&self, account: Option<&str>, limit: u32) -> Result<Vec<AccountChange>> {
        let rows = sqlx::query(
            "SELECT at, account, actor, what, reason FROM account_change \
             WHERE account = COALESCE($1, account) ORDER BY seq DESC LIMIT $2",
        )
        .bind(account)
        .bind(i64::from(limit))
        .fetch_all(&self.pool)
        .await?;
        let line = |row: &SqliteRow| {
            Ok(AccountChange {
                at: instant(row.try_get(0)?),
                account: row.try_get(1)?,
                actor: row.try_get(2)?,
                what: row.try_get(3)?,
                reason: row.try_get(4)?,
            })
        };
        rows.iter().map(line).collect()
    }

    /// Sets a password without asking for the old one: for administrators and
    /// the command line. Ends the account's sessions.
    ///
    /// # Errors
    /// `access.password.*`, `access.account.unknown`.
    pub async fn set_password(
        &self,
        id: &str,
        password: &str,
        by: By<'_>,
        now: DateTime<Utc>,
    ) -> Result<()> {
        check_reason(by)?;
        let account = self.get(id).await?;
        password::check(password, &account.name)?;
        let kept = password::hash(password).await?;
        let mut work = self.write().await?;
        keep_password(&mut work, id, &kept).await?;
        end_all(&mut work, id, Ends::Sessions).await?;
        note(&mut work, id, "password", by, now).await?;
        work.commit().await?;
        Ok(())
    }
}

const BY_ID: &str = "SELECT id, name, display_ja, display_en, email, password IS NOT NULL, valid_from, valid_to, \
     disabled, demo, made_at FROM account WHERE id = $1";

const BY_NAME: &str = "SELECT id, name, display_ja, display_en, email, password IS NOT NULL, valid_from, valid_to, \
     disabled, demo, made_at FROM account WHERE name = $1";

/// Makes a unique sign-in name a refusal and leaves other errors faults.
fn taken(error: sqlx::Error) -> AccessError {
    let unique = matches!(&error, sqlx::Error::Database(e) if e.is_unique_violation());
    if unique {
        Refusal::new("access.account.name-taken").field("name").into()
    } else {
        error.into()
    }
}

fn check_reason(by: By<'_>) -> std::result::Result<(), Refusal> {
    if by.reason.trim().is_empty() {
        return Err(Refusal::new("access.reason.missing").field("reason"));
    }
    if !is_line(by.reason) || !is_line(by.actor) {
        return Err(Refusal::new("access.account.text").field("reason"));
    }
    Ok(())
}

pub(crate) async fn insert(
    work: &mut SqliteConnection,
    id: &str,
    text: &AccountText,
    kept: Option<&str>,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query(
        "INSERT INTO account (id, name, display_ja, display_en, email, password, valid_from, \
         valid_to, disabled, demo, made_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
    )
    .bind(id)
    .bind(&text.name)
    .bind(&text.display.ja)
    .bind(&text.display.en)
    .bind(&text.email)
    .bind(kept)
    .bind(text.valid_from.map(|day| day.to_string()))
    .bind(text.valid_to.map(|day| day.to_string()))
    .bind(i64::from(text.disabled))
    .bind(i64::from(text.demo))
    .bind(now.timestamp())
    .execute(work)
    .await
    .map_err(taken)?;
    Ok(())
}

/// Replaces the roles that came from `source`.
pub(crate) async fn write_grants(
    work: &mut SqliteConnection,
    id: &str,
    source: &str,
    grants: &BTreeSet<Grant>,
) -> Result<()> {
    sqlx::query("DELETE FROM account_role WHERE account = $1 AND source = $2")
        .bind(id)
        .bind(source)
        .execute(&mut *work)
        .await?;
    for grant in grants {
        sqlx::query(
            "INSERT INTO account_role (account, role, organisation, register, source) \
             VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(id)
        .bind(grant.role.code())
        .bind(&grant.organisation)
        .bind(&grant.register)
        .bind(source)
        .execute(&mut *work)
        .await?;
    }
    Ok(())
}

/// Roles of an account that came from a provider and were not given here too.
async fn claimed_only(work: &mut SqliteConnection, id: &str) -> Result<BTreeSet<Grant>> {
    let rows = sqlx::query(
        "SELECT role, organisation, register FROM account_role WHERE account = $1 \
         GROUP BY role, organisation, register HAVING MIN(source) <> ''",
    )
    .bind(id)
    .fetch_all(work)
    .await?;
    let mut claimed = BTreeSet::new();
    for row in &rows {
        claimed.extend(read_grant(row, 0)?);
    }
    Ok(claimed)
}

pub(crate) async fn keep_password(work: &mut SqliteConnection, id: &str, kept: &str) -> Result<()> {
    sqlx::query("UPDATE account SET password = $2 WHERE id = $1")
        .bind(id)
        .bind(kept)
        .execute(work)
        .await?;
    Ok(())
}

/// What ends with a change of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ends {
    Sessions,
    SessionsAndTokens,
}

pub(crate) async fn end_all(work: &mut SqliteConnection, id: &str, ends: Ends) -> Result<()> {
    let texts: &[&'static str] = match ends {
        Ends::Sessions => {
            &["DELETE FROM session WHERE account = $1", "DELETE FROM recovery WHERE account = $1"]
        }
        Ends::SessionsAndTokens => &[
            "DELETE FROM session WHERE account = $1",
            "DELETE FROM recovery WHERE account = $1",
            "DELETE FROM api_token WHERE account = $1",
        ],
    };
    for text in texts {
        sqlx::query(*text).bind(id).execute(&mut *work).await?;
    }
    Ok(())
}

/// Writes a line of an account's history.
pub(crate) async fn note(
    work: &mut SqliteConnection,
    id: &str,
    what: &str,
    by: By<'_>,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query(
        "INSERT INTO account_change (seq, at, account, actor, what, reason) \
         SELECT COALESCE(MAX(seq), 0) + 1, $1, $2, $3, $4, $5 FROM account_change",
    )
    .bind(now.timestamp())
    .bind(id)
    .bind(by.actor)
    .bind(what)
    .bind(by.reason)
    .execute(work)
    .await?;
    Ok(())
}

pub(crate) fn instant(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 0).unwrap_or_default()
}

fn read(row: &SqliteRow) -> Result<Account> {
    let day = |at: usize| -> Result<Option<NaiveDate>> {
        let text: Option<String> = row.try_get(at)?;
        text.map(|text| {
            text.parse().map_err(|error| AccessError::fault("access.store.fault", error))
        })
        .transpose()
    };
    Ok(Account {
        id: row.try_get(0)?,
        name: row.try_get(1)?,
        display: LocalText::new(row.try_get::<String, _>(2)?, row.try_get::<String, _>(3)?),
        email: row.try_get(4)?,
        grants: BTreeSet::new(),
        has_password: row.try_get::<i64, _>(5)? != 0,
        valid_from: day(6)?,
        valid_to: day(7)?,
        disabled: row.try_get::<i64, _>(8)? != 0,
        demo: row.try_get::<i64, _>(9)? != 0,
        made_at: instant(row.try_get(10)?),
    })
}

/// A role of a row from column `at` on. A role this version does not know
/// gives nothing.
fn read_grant(row: &SqliteRow, at: usize) -> Result<Option<Grant>> {
    let Ok(role) = Role::from_code(row.try_get(at)?) else { return Ok(None) };
    let grant = Grant { role, organisation: row.try_get(at + 1)?, register: row.try_get(at + 2)? };
    Ok(grant.check().is_ok().then_some(grant))
}
