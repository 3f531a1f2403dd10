//! The quality of a data set's snapshot, for staff: small counts stand in it as
//! they are.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect};
use chrono::Utc;
use shirube_access::Action;
use shirube_model::calendar::japan_day;
use shirube_records::quality::quality_html;

use super::{below, data, find, made_up, set_path};
use crate::health::DataSet;
use crate::health::access;
use crate::health::quality::{Check, Quality};
use crate::pages::edit;
use crate::request::{Ctx, Page, PageError, status_of};
use crate::view::frame::{FaultLine, Tab};
use crate::view::health::QualityPage;

async fn inside(ctx: &Ctx, id: String) -> Result<DataSet, PageError> {
    let set = find(ctx, id).await?;
    ctx.require(Action::ReadInternal, &access::resource(&set, &ctx.who))?;
    Ok(set)
}

/// Shows the last report.
pub(crate) async fn quality(ctx: Ctx, Path((_, id)): Path<(String, String)>) -> Page {
    let set = inside(&ctx, id).await?;
    page(&ctx, StatusCode::OK, &set, Vec::new()).await
}

/// Begins to check the snapshot.
pub(crate) async fn check(ctx: Ctx, Path((_, id)): Path<(String, String)>, text: String) -> Page {
    edit::read(&ctx, &text)?;
    let set = inside(&ctx, id).await?;
    // Made-up records end with the demo's own day.
    let demo = ctx.state.demo();
    let day = if demo { ctx.state.engine().latest_day() } else { japan_day(Utc::now()) };
    match data(&ctx)?.check_quality(&set, day) {
        Ok(()) => Ok(Redirect::to(&below(&ctx, &set, "/quality")).into_response()),
        Err(error) => {
            let faults = vec![FaultLine::new(ctx.t.0, error.refusal())];
            page(&ctx, status_of(error.code()), &set, faults).await
        }
    }
}

async fn page(ctx: &Ctx, status: StatusCode, set: &DataSet, mut faults: Vec<FaultLine>) -> Page {
    let t = ctx.t;
    let wanted = set.clone();
    let known = data(ctx)?.load(move |data| data.quality(&wanted)).await;
    // Checking again mends a report that cannot be read.
    let known = known.unwrap_or_else(|error| {
        access::log(&error);
        faults.push(FaultLine::new(t.0, error.refusal()));
        Quality::default()
    });
    let mut running = None;
    match &known.check {
        Some(Check::Running(since)) => {
            running = Some(t.with("web.health.quality-running", "since", t.time(*since)));
        }
        Some(Check::Failed(refusal)) => faults.push(FaultLine::new(t.0, refusal)),
        None => {}
    }
    let page = QualityPage {
        c: ctx
            .chrome(Tab::Health, t.get("quality.title"))
            .crumb(t.get("web.nav.health"), ctx.to("/health-data"))
            .crumb(t.side(&set.title), ctx.to(&set_path(set))),
        made_up: made_up(ctx, set),
        faults,
        csrf: (running.is_none() && ctx.session().is_some()).then(|| ctx.form_token()),
        again: below(ctx, set, "/quality"),
        checked_before: known.report.is_some(),
        running,
        report: known.report.map(|report| quality_html(&report, t.0)),
    };
    ctx.page_with(status, &page)
}
