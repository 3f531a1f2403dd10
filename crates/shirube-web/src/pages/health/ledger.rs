//! The ledger of a data set, for auditors.

use axum::extract::Path;
use axum::http::StatusCode;
use shirube_access::Action;
use shirube_query::{Entry, Opened, Reproduced};

use super::ask::{entry_row, no_entry};
use super::{answer, below, data, failed, find, made_up, number, set_path, words};
use crate::health::DataSet;
use crate::health::access;
use crate::pages::edit;
use crate::request::{Ctx, Page, PageError, status_of};
use crate::view::frame::{FaultLine, Tab};
use crate::view::health::{EntryPage, LedgerPage};

/// Entries on one page.
const ENTRIES_PER_PAGE: usize = 50;

async fn entries(ctx: &Ctx, set: &DataSet) -> Result<Vec<Entry>, PageError> {
    let wanted = set.clone();
    let entries = data(ctx)?.load(move |data| data.entries(&wanted)).await;
    entries.map_err(|error| failed(ctx, &error))
}

async fn audited(ctx: &Ctx, id: String) -> Result<DataSet, PageError> {
    let set = find(ctx, id).await?;
    ctx.require(Action::Audit, &access::resource(&set, &ctx.who))?;
    Ok(set)
}

/// Shows the entries, the newest first.
pub(crate) async fn ledger(ctx: Ctx, Path((_, id)): Path<(String, String)>) -> Page {
    let set = audited(&ctx, id).await?;
    let page = ctx.query.number("page", 1).map_err(|refusal| ctx.refuse(refusal))?.max(1);
    let entries = entries(&ctx, &set).await?;
    let t = ctx.t;
    let at = usize::try_from(page - 1).unwrap_or(usize::MAX);
    let shown = entries.iter().rev().skip(at.saturating_mul(ENTRIES_PER_PAGE));
    let rows = shown.take(ENTRIES_PER_PAGE).map(|entry| {
        entry_row(&ctx, entry, Some(below(&ctx, &set, &format!("/ledger/{}", entry.number))))
    });
    let pages = entries.len().div_ceil(ENTRIES_PER_PAGE).max(1) as u64;
    let link = |page: u64| {
        let link = ctx.to(&format!("{}/ledger", set_path(&set)));
        Some(link.set("page", &page.to_string()).into())
    };
    let args = [("page", t.count(page)), ("pages", t.count(pages))];
    let shown = LedgerPage {
        c: ctx
            .chrome(Tab::Health, t.get("web.health.ledger"))
            .crumb(t.get("web.nav.health"), ctx.to("/health-data"))
            .crumb(t.side(&set.title), ctx.to(&set_path(&set))),
        verified: t.with("web.health.chain", "entries", t.count(entries.len() as u64)),
        rows: rows.collect(),
        pages: t.args("web.health.pages", &args),
        newer: if page > 1 { link(page - 1) } else { None },
        older: if page < pages { link(page + 1) } else { None },
    };
    ctx.page(&shown)
}

async fn find_entry(ctx: &Ctx, set: &DataSet, text: &str) -> Result<Entry, PageError> {
    let wanted = number(ctx, text)?;
    let found = entries(ctx, set).await?.into_iter().find(|entry| entry.number == wanted);
    found.ok_or_else(|| no_entry(ctx, text))
}

/// Shows one entry with every rule that was applied to it.
pub(crate) async fn entry(ctx: Ctx, Path((_, id, text)): Path<(String, String, String)>) -> Page {
    let set = audited(&ctx, id).await?;
    let entry = find_entry(&ctx, &set, &text).await?;
    page(&ctx, StatusCode::OK, &set, &entry, Told::default()).await
}

/// Runs an entry again and tells whether the same comes out.
pub(crate) async fn reproduce(
    ctx: Ctx,
    Path((_, id, number)): Path<(String, String, String)>,
    text: String,
) -> Page {
    edit::read(&ctx, &text)?;
    let set = audited(&ctx, id).await?;
    let entry = find_entry(&ctx, &set, &number).await?;
    match data(&ctx)?.reproduce(&set, &entry).await {
        Ok(found) => {
            let told = Told { same: Some(found == Reproduced::Same), faults: Vec::new() };
            page(&ctx, StatusCode::OK, &set, &entry, told).await
        }
        Err(error) => {
            access::log(&error);
            let faults = vec![FaultLine::new(ctx.t.0, error.refusal())];
            page(&ctx, status_of(error.code()), &set, &entry, Told { same: None, faults }).await
        }
    }
}

/// What came of repeating an entry.
#[derive(Default)]
struct Told {
    same: Option<bool>,
    faults: Vec<FaultLine>,
}

/// The verdicts on an entry; none before both are given.
pub(super) async fn verdicts(
    ctx: &Ctx,
    set: &DataSet,
    number: u64,
) -> Result<Vec<Opened>, PageError> {
    let of = set.clone();
    let found = data(ctx)?.load(move |data| data.ledger(&of)?.verdicts(number)).await;
    found.map_err(|error| failed(ctx, &error))
}

async fn page(ctx: &Ctx, status: StatusCode, set: &DataSet, entry: &Entry, told: Told) -> Page {
    let t = ctx.t;
    let runs = entry.outcome.digest().is_some();
    let mut facts = answer::facts(ctx, set, entry);
    if !entry.asker.is_empty() {
        facts.push((t.get("web.health.asker"), entry.asker.clone()));
    }
    let opened = verdicts(ctx, set, entry.number).await?;
    let page = EntryPage {
        c: ctx
            .chrome(Tab::Health, t.with("web.health.entry-title", "entry", entry.number))
            .crumb(t.get("web.nav.health"), ctx.to("/health-data"))
            .crumb(t.side(&set.title), ctx.to(&set_path(set)))
            .crumb(t.get("web.health.ledger"), below(ctx, set, "/ledger")),
        made_up: made_up(ctx, set),
        sql: entry.sql.clone(),
        facts,
        criteria: words::criteria(t, entry),
        answer: runs.then(|| below(ctx, set, &format!("/answers/{}", entry.number))),
        csrf: runs.then(|| ctx.form_token()),
        verdicts: opened.iter().map(|one| words::verdict(t, one)).collect(),
        same: told.same,
        faults: told.faults,
    };
    ctx.page_with(status, &page)
}
