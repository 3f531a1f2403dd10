//! The audit of a table that a visitor sends: read in memory, reported, forgotten.

use std::sync::Arc;

use axum::extract::Multipart;
use axum::extract::multipart::Field;
use axum::http::StatusCode;
use shirube_gate::audit::{AuditOptions, AuditReport, Reveal, audit_bytes, html_sections};
use shirube_gate::policy::{EMBEDDED, Policy};
use shirube_gate::read::{Layouts, Limits};
use shirube_model::refusal::Refusal;

use crate::request::{Ctx, Page};
use crate::view::dashboard::Choice;
use crate::view::frame::{FaultLine, Tab};
use crate::view::gate::AuditPage;

/// Largest file taken over the web, in bytes. Larger ones are for the command
/// line, whose limits are those of the reader.
pub(crate) const FILE_BYTES_MAX: usize = 32 << 20;
/// Longest name of a file that is repeated.
const NAME_CHARS_MAX: usize = 200;
const FIRST_POLICY: &str = "ndb-open-data";

/// What a visitor sent.
#[derive(Debug, Default)]
struct Sent {
    name: String,
    bytes: Vec<u8>,
    layout: String,
    policy: String,
}

/// Shows the form.
pub(crate) async fn show(ctx: Ctx) -> Page {
    page(&ctx, StatusCode::OK, FIRST_POLICY, None, &[])
}

/// Audits the table sent.
pub(crate) async fn audit(ctx: Ctx, form: Multipart) -> Page {
    let sent = match read(form).await {
        Ok(sent) => sent,
        Err(refusal) => return refused(&ctx, FIRST_POLICY, refusal),
    };
    let Some(turn) = ctx.state.audit_turn() else {
        return refused(&ctx, &sent.policy, Refusal::new("web.gate.busy"));
    };
    let policy = sent.policy.clone();
    // An audit is work for a processor; pages go on being served beside it. It
    // keeps its turn until it is through, also when nobody waits any more.
    let report = tokio::task::spawn_blocking(move || {
        let report = report(sent);
        drop(turn);
        report
    });
    match report.await {
        Ok(Ok(report)) => page(&ctx, StatusCode::OK, &policy, Some(&report), &[]),
        Ok(Err(refusal)) => refused(&ctx, &policy, refusal),
        Err(_) => refused(&ctx, &policy, Refusal::new("web.gate.stopped")),
    }
}

fn report(sent: Sent) -> Result<Arc<AuditReport>, Refusal> {
    let policy = Policy::embedded(&sent.policy)?;
    let layouts = match sent.layout.trim() {
        "" => Layouts::ndb_open_data()?,
        text => Layouts::parse("layout", text)?,
    };
    let limits = Limits {
        file_bytes: FILE_BYTES_MAX as u64,
        unpacked_bytes: 16 * FILE_BYTES_MAX as u64,
        cells: 2_000_000,
        ..Limits::default()
    };
    let options = AuditOptions { policy, layouts, limits, threads: 1, remedies: true };
    Ok(Arc::new(audit_bytes(&sent.name, sent.bytes, &options, Reveal::Hide)))
}

async fn read(mut form: Multipart) -> Result<Sent, Refusal> {
    let unreadable = |_| Refusal::new("web.gate.unreadable").arg("limit", FILE_BYTES_MAX >> 20);
    let mut sent = Sent { policy: FIRST_POLICY.to_owned(), ..Sent::default() };
    while let Some(part) = form.next_field().await.map_err(unreadable)? {
        match part.name() {
            Some("table") => {
                sent.name = name(&part);
                sent.bytes = part.bytes().await.map_err(unreadable)?.to_vec();
            }
            Some("layout") => sent.layout = part.text().await.map_err(unreadable)?,
            Some("policy") => sent.policy = part.text().await.map_err(unreadable)?,
            _ => {}
        }
    }
    if sent.bytes.is_empty() {
        return Err(Refusal::new("web.gate.no-file"));
    }
    Ok(sent)
}

/// The last part of the name the browser gives; the reader looks at its ending.
fn name(part: &Field<'_>) -> String {
    let given = part.file_name().unwrap_or_default();
    let last = given.rsplit(['/', '\\']).next().unwrap_or_default();
    let kept: String = last.chars().filter(|c| !c.is_control()).take(NAME_CHARS_MAX).collect();
    if kept.is_empty() { "table".to_owned() } else { kept }
}

fn refused(ctx: &Ctx, policy: &str, refusal: Refusal) -> Page {
    let status = match refusal.code {
        "web.gate.busy" => StatusCode::SERVICE_UNAVAILABLE,
        "web.gate.stopped" => StatusCode::INTERNAL_SERVER_ERROR,
        _ => StatusCode::BAD_REQUEST,
    };
    page(ctx, status, policy, None, &[refusal])
}

fn page(
    ctx: &Ctx,
    status: StatusCode,
    chosen: &str,
    report: Option<&AuditReport>,
    refusals: &[Refusal],
) -> Page {
    let t = ctx.t;
    let policies = EMBEDDED.iter().filter_map(|(id, _)| {
        let policy = Policy::embedded(id).ok()?;
        let label = t.side(&policy.title);
        Some(Choice { value: (*id).to_owned(), label, selected: *id == chosen })
    });
    let page = AuditPage {
        c: ctx.chrome(Tab::Gate, t.get("web.gate.title")),
        policies: policies.collect(),
        limit: t.with("web.gate.limit", "limit", FILE_BYTES_MAX >> 20),
        report: report.map(|report| html_sections(report, t.0)),
        faults: refusals.iter().map(|refusal| FaultLine::new(t.0, refusal)).collect(),
    };
    ctx.page_with(status, &page)
}
