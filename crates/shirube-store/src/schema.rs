//! The tables of a store: made in one go for a new store, and upgraded step by
//! step for one that older software made. Both ways lead to the same tables.

use chrono::{DateTime, Utc};
use sqlx::AssertSqlSafe;

use crate::fault::StoreError;
use crate::meta::Meta;
use crate::session::Session;
use crate::{postgres, sql, sqlite};

/// Version of the tables that this software makes and upgrades to.
pub(crate) const LAYOUT: u32 = 2;

/// The text for the session's engine. PostgreSQL orders text by the rules of a
/// language unless told otherwise; every order of the store is by bytes.
fn dialect(session: &Session<'_>, text: &str) -> AssertSqlSafe<String> {
    AssertSqlSafe(if session.is_postgres() {
        text.replace(" TEXT", " TEXT COLLATE \"C\"")
    } else {
        text.to_owned()
    })
}

/// What the store says about itself, or nothing where there is no store.
pub(crate) async fn found(session: &mut Session<'_>) -> Result<Option<Meta>, StoreError> {
    let text = if session.is_postgres() { postgres::HAS_TABLES } else { sqlite::HAS_TABLES };
    if session.number(text, &[]).await? == 0 {
        return Ok(None);
    }
    Meta::read(session).await
}

/// Makes every table and writes what the store is.
pub(crate) async fn create(session: &mut Session<'_>, meta: &Meta) -> Result<(), StoreError> {
    for text in sql::SCHEMA {
        let text = dialect(session, text);
        session.run(text, &[]).await?;
    }
    meta.write(session).await?;
    note(session, meta.format, meta.created_at).await
}

/// Brings the tables from `meta`'s layout to [`LAYOUT`]; gives what the store
/// says of itself from now on.
pub(crate) async fn upgrade(
    session: &mut Session<'_>,
    mut meta: Meta,
    now: DateTime<Utc>,
) -> Result<Meta, StoreError> {
    let from = meta.format;
    for (layout, texts) in sql::UPGRADES.iter().filter(|(layout, _)| *layout > from) {
        for text in *texts {
            let text = dialect(session, text);
            session.run(text, &[]).await?;
        }
        note(session, *layout, now).await?;
        meta.format = *layout;
        let format = layout.to_string();
        session.run(sql::META_UPDATE, &["format".into(), format.as_str().into()]).await?;
    }
    Ok(meta)
}

async fn note(session: &mut Session<'_>, layout: u32, at: DateTime<Utc>) -> Result<(), StoreError> {
    let args = [i64::from(layout).into(), at.timestamp_micros().into()];
    session.run(sql::LAYOUT_INSERT, &args).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn upgrades_lead_to_the_layout_without_gaps() {
        let layouts: Vec<u32> = sql::UPGRADES.iter().map(|(layout, _)| *layout).collect();
        assert_eq!(layouts, (2..=LAYOUT).collect::<Vec<_>>());
    }
}
