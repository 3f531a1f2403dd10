//! What several test files need.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use shirube_access::{Account, AccountText, Accounts, By, Grant, Origin};
use shirube_model::lang::LocalText;

pub const PASSWORD: &str = "correct horse battery";
pub const BY: By<'static> = By { actor: "test", reason: "a test" };
pub const HERE: Origin<'static> = Origin { address: "192.0.2.7", agent: "test" };

/// Noon in Japan on the first day of a fiscal year.
pub fn noon() -> DateTime<Utc> {
    "2026-04-01T03:00:00Z".parse().unwrap()
}

pub fn after(seconds: i64) -> DateTime<Utc> {
    noon() + TimeDelta::seconds(seconds)
}

pub struct Fixture {
    pub accounts: Accounts,
    pub dir: tempfile::TempDir,
}

pub async fn fixture() -> Fixture {
    let dir = tempfile::tempdir().unwrap();
    let accounts = Accounts::open(&dir.path().join(shirube_access::FILE)).await.unwrap();
    Fixture { accounts, dir }
}

pub fn text(name: &str, grants: &[&str]) -> AccountText {
    AccountText {
        name: name.to_owned(),
        display: LocalText::new("試験", "Test"),
        grants: grants.iter().map(|grant| Grant::parse(grant).unwrap()).collect::<BTreeSet<_>>(),
        ..AccountText::default()
    }
}

pub async fn add(fixture: &Fixture, name: &str, grants: &[&str]) -> Account {
    fixture.accounts.add(text(name, grants), Some(PASSWORD), BY, noon()).await.unwrap()
}
