//! Answers that wait for two reviewers, blind to each other until both answered.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect};
use shirube_access::Action;
use shirube_query::{Pending, QueryError, Verdict};

use super::ask::{in_brief, no_entry};
use super::ledger::verdicts;
use super::{answer, below, data, failed, find, made_up, number, set_path, words};
use crate::health::DataSet;
use crate::health::access::{self, Part};
use crate::pages::edit;
use crate::request::{Ctx, Page, PageError, status_of};
use crate::view::frame::{FaultLine, Labelled, Tab};
use crate::view::health::{PendingRow, QueuePage, ReviewForm, ReviewPage, VerdictRow};

async fn pending(ctx: &Ctx, set: &DataSet) -> Result<Vec<Pending>, PageError> {
    let of = set.clone();
    let found = data(ctx)?.load(move |data| data.ledger(&of)?.queue()).await;
    found.map_err(|error| failed(ctx, &error))
}

async fn reviewed(ctx: &Ctx, id: String) -> Result<DataSet, PageError> {
    let set = find(ctx, id).await?;
    ctx.require(Action::Review, &access::resource(&set, &ctx.who))?;
    Ok(set)
}

const fn part_key(part: Part) -> &'static str {
    match part {
        Part::May => "web.health.part-may",
        Part::Asked => "web.health.part-asked",
        Part::Answered => "web.health.part-answered",
    }
}

/// Lists what waits, oldest first.
pub(crate) async fn queue(ctx: Ctx, Path((_, id)): Path<(String, String)>) -> Page {
    let set = reviewed(&ctx, id).await?;
    let t = ctx.t;
    let pending = pending(&ctx, &set).await?;
    let row = |one: &Pending| PendingRow {
        number: Labelled::new(
            one.entry.number.to_string(),
            below(&ctx, &set, &format!("/reviews/{}", one.entry.number)),
        ),
        permit: one.entry.permit.clone(),
        sql: in_brief(&one.entry.sql),
        why: words::outcome(t, &one.entry).0,
        answered: t.with("web.health.answered-of", "answered", one.reviewers.len()),
        part: t.get(part_key(Part::of(&ctx.who, one))),
    };
    let page = QueuePage {
        c: ctx
            .chrome(Tab::Health, t.get("web.health.reviews"))
            .crumb(t.get("web.nav.health"), ctx.to("/health-data"))
            .crumb(t.side(&set.title), ctx.to(&set_path(&set))),
        rows: pending.iter().map(row).collect(),
    };
    ctx.page(&page)
}

/// Shows what waits with the form of a verdict, or what was decided.
pub(crate) async fn show(ctx: Ctx, Path((_, id, text)): Path<(String, String, String)>) -> Page {
    let set = reviewed(&ctx, id).await?;
    let wanted = number(&ctx, &text)?;
    page(&ctx, &set, wanted, None).await
}

/// Takes a verdict.
pub(crate) async fn take(
    ctx: Ctx,
    Path((_, id, text)): Path<(String, String, String)>,
    body: String,
) -> Page {
    let form = edit::read(&ctx, &body)?;
    let set = reviewed(&ctx, id).await?;
    let wanted = number(&ctx, &text)?;
    let deed = form.one_of("do", ["approve", "reject"]).map_err(|refusal| ctx.refuse(refusal))?;
    // A form without a deed lets nothing pass.
    let verdict = if deed == Some("approve") { Verdict::Approve } else { Verdict::Reject };
    let reason = form.get("reason").unwrap_or_default().replace("\r\n", "\n");
    let waiting = pending(&ctx, &set).await?;
    let Some(found) = waiting.iter().find(|one| one.entry.number == wanted) else {
        return page(&ctx, &set, wanted, None).await;
    };
    let own = Part::of(&ctx.who, found) == Part::Asked;
    ctx.require_as(Action::Review, &access::resource(&set, &ctx.who), own)?;
    let me = access::name(&ctx.who);
    match data(&ctx)?.review(&set, &found.entry, me, (verdict, &reason)).await {
        Ok(_) => {
            let link = below(&ctx, &set, &format!("/reviews/{wanted}"));
            Ok(Redirect::to(&link).into_response())
        }
        Err(error) => page(&ctx, &set, wanted, Some((&error, &reason))).await,
    }
}

async fn page(ctx: &Ctx, set: &DataSet, wanted: u64, refused: Option<(&QueryError, &str)>) -> Page {
    let t = ctx.t;
    let waiting = pending(ctx, set).await?;
    let found = waiting.into_iter().find(|one| one.entry.number == wanted);
    let verdicts = match found {
        Some(_) => Vec::new(),
        None => decided(ctx, set, wanted).await?,
    };
    let part = found.as_ref().map(|one| Part::of(&ctx.who, one));
    let (mut faults, mut status, mut reason) = (Vec::new(), StatusCode::OK, String::new());
    if let Some((error, typed)) = refused {
        access::log(error);
        faults.push(FaultLine::new(t.0, error.refusal()));
        status = status_of(error.code());
        typed.clone_into(&mut reason);
    }
    let result = found.as_ref().and_then(|one| one.result.as_ref());
    let page = ReviewPage {
        c: ctx
            .chrome(Tab::Health, t.with("web.health.review-title", "entry", wanted))
            .crumb(t.get("web.nav.health"), ctx.to("/health-data"))
            .crumb(t.side(&set.title), ctx.to(&set_path(set)))
            .crumb(t.get("web.health.reviews"), below(ctx, set, "/reviews")),
        made_up: made_up(ctx, set),
        sql: found.as_ref().map_or_else(String::new, |one| one.entry.sql.clone()),
        said: t.get(part.map_or("web.health.part-decided", part_key)),
        costly: found.as_ref().filter(|one| one.result.is_none()).map(|one| {
            t.with("web.health.rows-estimate", "rows", t.count(one.entry.rows_estimate))
        }),
        columns: result.map_or_else(Vec::new, |one| one.columns.clone()),
        rows: result.map_or_else(Vec::new, |one| answer::cells(ctx, one)),
        criteria: found.as_ref().map_or_else(Vec::new, |one| words::criteria(t, &one.entry)),
        facts: found.as_ref().map_or_else(Vec::new, |one| answer::facts(ctx, set, &one.entry)),
        form: (part == Some(Part::May)).then(|| ReviewForm {
            csrf: ctx.form_token(),
            actor: access::name(&ctx.who).to_owned(),
            reason,
        }),
        verdicts,
        faults,
    };
    ctx.page_with(status, &page)
}

/// The verdicts on an entry that was decided.
async fn decided(ctx: &Ctx, set: &DataSet, wanted: u64) -> Result<Vec<VerdictRow>, PageError> {
    let of = set.clone();
    let entries = data(ctx)?.load(move |data| data.entries(&of)).await;
    let entries = entries.map_err(|error| failed(ctx, &error))?;
    if !entries.iter().any(|entry| entry.number == wanted) {
        return Err(no_entry(ctx, wanted));
    }
    let opened = verdicts(ctx, set, wanted).await?;
    // What needed no review is nothing for reviewers.
    if opened.is_empty() {
        return Err(no_entry(ctx, wanted));
    }
    Ok(opened.iter().map(|one| words::verdict(ctx.t, one)).collect())
}
