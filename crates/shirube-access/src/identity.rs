//! Accounts linked with an identity provider, by issuer and subject. An e-mail
//! address links nothing: a provider may let people write it themselves.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use shirube_model::lang::LocalText;
use shirube_model::refusal::Refusal;
use sqlx::Row;

use crate::account::{AccountText, Accounts, By, fold_name, insert, note, write_grants};
use crate::fault::{AccessError, Result};
use crate::role::Grant;
use crate::secret::random_id;
use crate::session::{Opened, Origin, open};
use crate::sign_in::{Method, record};

/// Somebody as an identity provider names them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Issuer, as in its discovery document.
    pub issuer: String,
    /// Subject, unique at the issuer and never given again.
    pub subject: String,
    /// Name the provider suggests for signing in.
    pub name: Option<String>,
    /// Name shown.
    pub display: Option<String>,
    /// E-mail address, for information.
    pub email: Option<String>,
    /// Roles that the claims give.
    pub grants: BTreeSet<Grant>,
}

/// What happens when somebody comes whom no account is linked with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Provision {
    /// They are refused; an administrator has to link an account first.
    LinkedOnly,
    /// An account is made for them, with the roles that their claims give.
    Make,
}

impl Accounts {
    /// Links an account with a subject of an issuer.
    ///
    /// # Errors
    /// `access.account.unknown`, `access.identity.taken`.
    pub async fn link(
        &self,
        account: &str,
        (issuer, subject): (&str, &str),
        by: By<'_>,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let account = self.get(account).await?;
        let mut work = self.write().await?;
        let done = sqlx::query(
            "INSERT INTO identity (issuer, subject, account, linked_at) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (issuer, subject) DO NOTHING",
        )
        .bind(issuer)
        .bind(subject)
        .bind(&account.id)
        .bind(now.timestamp())
        .execute(&mut *work)
        .await?;
        if done.rows_affected() == 0 {
            return AccessError::refused("access.identity.taken");
        }
        note(&mut work, &account.id, "linked", by, now).await?;
        work.commit().await?;
        Ok(())
    }

    /// Opens a session for somebody an identity provider vouched for. Roles that
    /// came from the provider earlier are replaced by those of the claims;
    /// roles given here stay.
    ///
    /// # Errors
    /// `access.identity.unknown`, `access.identity.shut`.
    pub async fn sign_in_as(
        &self,
        identity: &Identity,
        provision: Provision,
        origin: Origin<'_>,
        now: DateTime<Utc>,
    ) -> Result<Opened> {
        let linked = sqlx::query("SELECT account FROM identity WHERE issuer = $1 AND subject = $2")
            .bind(&identity.issuer)
            .bind(&identity.subject)
            .fetch_optional(&self.pool)
            .await?;
        let id = match (linked, provision) {
            (Some(row), _) => row.try_get(0)?,
            (None, Provision::Make) => self.make_for(identity, now).await?,
            (None, Provision::LinkedOnly) => {
                let mut work = self.write().await?;
                record(&mut work, None, (Method::Provider, "unknown"), origin, now).await?;
                work.commit().await?;
                return AccessError::refused("access.identity.unknown");
            }
        };
        let mut work = self.write().await?;
        write_grants(&mut work, &id, &identity.issuer, &identity.grants).await?;
        work.commit().await?;
        let account = self.get(&id).await?;
        let mut work = self.write().await?;
        if !account.live(now) {
            record(&mut work, Some(&id), (Method::Provider, "shut"), origin, now).await?;
            work.commit().await?;
            return AccessError::refused("access.identity.shut");
        }
        record(&mut work, Some(&id), (Method::Provider, "opened"), origin, now).await?;
        let secret = open(&mut work, &id, origin, now).await?;
        work.commit().await?;
        Ok(Opened { secret, account })
    }

    async fn make_for(&self, identity: &Identity, now: DateTime<Utc>) -> Result<String> {
        let id = format!("acc-{}", random_id()?);
        let name = self.free_name(identity).await?;
        let shown = identity.display.as_deref().map(str::trim).filter(|text| !text.is_empty());
        let shown: String = shown.unwrap_or(&name).chars().take(100).collect();
        let text = AccountText {
            name,
            display: LocalText::new(shown.clone(), shown),
            email: identity.email.clone(),
            ..AccountText::default()
        };
        let mut work = self.write().await?;
        insert(&mut work, &id, &text, None, now).await?;
        sqlx::query(
            "INSERT INTO identity (issuer, subject, account, linked_at) VALUES ($1, $2, $3, $4)",
        )
        .bind(&identity.issuer)
        .bind(&identity.subject)
        .bind(&id)
        .bind(now.timestamp())
        .execute(&mut *work)
        .await?;
        let by = By { actor: "provider", reason: &identity.issuer };
        note(&mut work, &id, "made", by, now).await?;
        work.commit().await?;
        Ok(id)
    }

    /// The name the provider suggests where it is free here, otherwise one of
    /// our own: a suggested name must not look like somebody else's.
    async fn free_name(&self, identity: &Identity) -> Result<String> {
        let suggested = identity.name.as_deref().map(fold_name).filter(|name| {
            let known = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '@');
            (2..=64).contains(&name.chars().count()) && name.chars().all(known)
        });
        if let Some(name) = suggested
            && self.find("name", &name).await?.is_none()
        {
            return Ok(name);
        }
        Ok(format!("user-{}", random_id()?))
    }

    /// Remembers a sign-in at a provider until the browser comes back.
    pub(crate) async fn keep_flow(
        &self,
        key: &str,
        (nonce, verifier, next): (&str, &str, &str),
        expires_at: i64,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let mut work = self.write().await?;
        sqlx::query("DELETE FROM provider_flow WHERE expires_at <= $1")
            .bind(now.timestamp())
            .execute(&mut *work)
            .await?;
        let begun: i64 = sqlx::query("SELECT COUNT(*) FROM provider_flow")
            .fetch_one(&mut *work)
            .await?
            .try_get(0)?;
        if begun >= FLOWS_MAX {
            return Err(Refusal::new("access.oidc.too-many").into());
        }
        sqlx::query(
            "INSERT INTO provider_flow (hash, nonce, verifier, next, expires_at) \
             VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(key)
        .bind(nonce)
        .bind(verifier)
        .bind(next)
        .bind(expires_at)
        .execute(&mut *work)
        .await?;
        work.commit().await?;
        Ok(())
    }

    /// Takes what was remembered, once.
    pub(crate) async fn take_flow(
        &self,
        key: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<(String, String, String)>> {
        let row = sqlx::query(
            "DELETE FROM provider_flow WHERE hash = $1 RETURNING nonce, verifier, next, expires_at",
        )
        .bind(key)
        .fetch_optional(&self.pool)
        .await?;
        let Some(row) = row else { return Ok(None) };
        if row.try_get::<i64, _>(3)? <= now.timestamp() {
            return Ok(None);
        }
        Ok(Some((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?)))
    }
}

/// Sign-ins at a provider begun and not ended.
const FLOWS_MAX: i64 = 10_000;
