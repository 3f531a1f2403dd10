//! An answer: as a page, and as files that say where it comes from.

use axum::extract::Path;
use axum::http::header;
use axum::response::IntoResponse;
use shirube_access::Action;
use shirube_query::{Entry, Field, Key, Released, Standing};

use super::ask::no_entry;
use super::{ask_href, below, data, failed, find, made_up, number, set_path, words};
use crate::api::{Answer, answer_body};
use crate::health::DataSet;
use crate::health::access;
use crate::pages::download::{quoted, text_cell};
use crate::request::{Ctx, Page};
use crate::view::frame::{FaultLine, Labelled, Tab};
use crate::view::health::{AnswerPage, CellView, Fact, SendForm, StandingPage};

/// Stands where a number is not shown, on pages and in files.
const MASKED: &str = "*";

/// Shows an answer, or sends it as a file where its number ends with `.csv` or
/// `.json`.
pub(crate) async fn answer(ctx: Ctx, Path((_, id, name)): Path<(String, String, String)>) -> Page {
    let set = find(&ctx, id).await?;
    ctx.require(Action::Read, &access::resource(&set, &ctx.who))?;
    let (text, form) = match name.rsplit_once('.') {
        Some((number, form @ ("csv" | "json"))) => (number, Some(form)),
        _ => (name.as_str(), None),
    };
    let wanted = number(&ctx, text)?;
    let of = set.clone();
    let found = data(&ctx)?
        .load(move |data| {
            let entry = data.entries(&of)?.into_iter().find(|entry| entry.number == wanted);
            let Some(entry) = entry else { return Ok(None) };
            Ok(Some((data.ledger(&of)?.standing(wanted)?, entry)))
        })
        .await
        .map_err(|error| failed(&ctx, &error))?;
    let found = found.filter(|(_, entry)| access::may_read(&ctx.state, &ctx.who, &set, entry));
    let (standing, entry) = found.ok_or_else(|| no_entry(&ctx, wanted))?;
    let released = match standing {
        Standing::Released(released) => released,
        other => return waiting(&ctx, &set, &entry, &other),
    };
    match form {
        Some(form) => file(&ctx, &set, &entry, &released, form),
        None => page(&ctx, &set, &entry, &released, Files::Linked),
    }
}

/// What an answer comes from.
pub(super) fn provenance(
    set: &DataSet,
    entry: &Entry,
    evidence: &str,
) -> [(&'static str, String); 9] {
    let digest = entry.outcome.digest().unwrap_or_default().to_owned();
    [
        ("evidence", evidence.to_owned()),
        ("data_set", set.id.clone()),
        ("snapshot", entry.snapshot.clone()),
        ("policy", format!("{} {}", entry.policy, entry.policy_version)),
        ("permit", entry.permit.clone()),
        ("entry", entry.number.to_string()),
        ("entry_sha256", entry.hash.clone()),
        ("result_sha256", digest),
        ("sql", entry.sql.split_whitespace().collect::<Vec<_>>().join(" ")),
    ]
}

pub(super) fn evidence(made_up: bool) -> &'static str {
    if made_up { "demo" } else { "live" }
}

/// An answer in CSV: lines of provenance that begin with `#`, the names of the
/// columns, the rows.
fn csv(set: &DataSet, entry: &Entry, released: &Released, made_up: bool) -> String {
    // The mark tells spreadsheet programs that the file is UTF-8.
    let mut out = String::from('\u{feff}');
    let mut line = |cells: Vec<String>| {
        let cells: Vec<String> = cells.iter().map(|cell| quoted(cell)).collect();
        out.push_str(&cells.join(","));
        out.push_str("\r\n");
    };
    for (name, value) in provenance(set, entry, evidence(made_up)) {
        line(vec![format!("# {name}"), text_cell(&value)]);
    }
    line(vec!["# masked".to_owned(), MASKED.to_owned()]);
    line(released.columns.iter().map(|name| text_cell(name)).collect());
    for row in &released.rows {
        line(row.iter().map(cell).collect());
    }
    out
}

/// A field in a file.
fn cell(field: &Field) -> String {
    match field {
        Field::Head(Key::Text(text)) => text_cell(text),
        Field::Head(key) => key.to_string(),
        Field::Count(count) => count.to_string(),
        Field::Number(digits) => digits.clone(),
        Field::Nothing => String::new(),
        Field::Masked => MASKED.to_owned(),
    }
}

pub(super) fn file(
    ctx: &Ctx,
    set: &DataSet,
    entry: &Entry,
    released: &Released,
    form: &str,
) -> Page {
    let made_up = made_up(ctx, set);
    let (kind, text) = match form {
        "csv" => ("text/csv; charset=utf-8", csv(set, entry, released, made_up)),
        _ => {
            let content = answer_body(set, entry, released);
            let body = Answer { evidence: evidence(made_up), content };
            ("application/json", serde_json::to_string_pretty(&body).unwrap_or_default())
        }
    };
    let mark = if made_up { "demo-" } else { "" };
    let name = format!("{mark}{}-entry-{}.{form}", set.id, entry.number);
    let headers = [
        (header::CONTENT_TYPE, kind.to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ];
    Ok((headers, text).into_response())
}

/// A field on the page.
fn shown(ctx: &Ctx, field: &Field) -> CellView {
    let t = ctx.t;
    let view = |text: String| CellView { text, head: false, masked: false };
    match field {
        Field::Head(Key::Null) => CellView { head: true, ..view(t.get("web.health.no-value")) },
        Field::Head(key) => CellView { head: true, ..view(key.to_string()) },
        Field::Count(count) => {
            view(u64::try_from(*count).map_or_else(|_| count.to_string(), |n| t.count(n)))
        }
        Field::Number(digits) => view(match digits.parse() {
            Ok(number) => t.number(number),
            Err(_) => digits.clone(),
        }),
        Field::Nothing => view(t.dash()),
        Field::Masked => CellView { masked: true, ..view(MASKED.to_owned()) },
    }
}

/// The rows of an answer as pages show them.
pub(super) fn cells(ctx: &Ctx, released: &Released) -> Vec<Vec<CellView>> {
    let row = |row: &Vec<Field>| row.iter().map(|field| shown(ctx, field)).collect();
    released.rows.iter().map(row).collect()
}

/// How the files of an answer are got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Files {
    /// From addresses of their own.
    Linked,
    /// By asking again, which costs nothing.
    Sent,
}

pub(super) fn page(
    ctx: &Ctx,
    set: &DataSet,
    entry: &Entry,
    released: &Released,
    files: Files,
) -> Page {
    let t = ctx.t;
    let masked = released.rows.iter().flatten().filter(|field| **field == Field::Masked).count();
    let mut noted = Vec::new();
    if released.rows.is_empty() {
        noted.push(t.get("web.health.no-rows"));
    }
    if entry.criteria.contains_key(&shirube_query::Criterion::CellKey) {
        noted.push(t.get("web.health.noisy"));
    }
    if entry.criteria.contains_key(&shirube_query::Criterion::Rounding) {
        noted.push(t.get("web.health.rounded"));
    }
    let file = |form: &str, key: &str| {
        let href = ctx.to(&format!("{}/answers/{}.{form}", set_path(set), entry.number));
        Labelled::new(t.get(key), href)
    };
    let audits = ctx.state.allows(&ctx.who, Action::Audit, &access::resource(set, &ctx.who));
    let crumbs = ctx
        .chrome(Tab::Health, t.with("web.health.answer", "entry", entry.number))
        .crumb(t.get("web.nav.health"), ctx.to("/health-data"))
        .crumb(t.side(&set.title), ctx.to(&set_path(set)));
    let c = match ask_href(ctx, set) {
        Some(href) => crumbs.crumb(t.get("web.health.ask"), href),
        None if audits => crumbs.crumb(t.get("web.health.ledger"), below(ctx, set, "/ledger")),
        None => crumbs,
    };
    let again = ctx.to(&format!("{}/ask", set_path(set))).set("entry", &entry.number.to_string());
    let page = AnswerPage {
        c,
        made_up: made_up(ctx, set),
        sql: entry.sql.clone(),
        columns: released.columns.clone(),
        rows: cells(ctx, released),
        masked: (masked > 0)
            .then(|| t.with("web.health.masked-note", "cells", t.count(masked as u64))),
        noted,
        facts: facts(ctx, set, entry),
        criteria: words::criteria(t, entry),
        files: match files {
            Files::Linked => {
                vec![file("csv", "web.health.file-csv"), file("json", "web.health.file-json")]
            }
            Files::Sent => Vec::new(),
        },
        send: (files == Files::Sent).then(|| SendForm {
            csrf: ctx.form_token(),
            action: below(ctx, set, "/ask"),
            permit: entry.permit.clone(),
        }),
        again: (files == Files::Linked && access::may_ask(&ctx.state, &ctx.who, set))
            .then(|| again.into()),
    };
    ctx.page(&page)
}

/// Shows where an answer stands that has not gone out.
pub(super) fn waiting(ctx: &Ctx, set: &DataSet, entry: &Entry, standing: &Standing) -> Page {
    let t = ctx.t;
    let again = ctx.to(&format!("{}/ask", set_path(set))).set("entry", &entry.number.to_string());
    let (said, fault) = match standing {
        Standing::Refused(refusal) => (String::new(), Some(FaultLine::new(t.0, refusal))),
        Standing::MayRun => (t.get("web.health.may-run"), None),
        Standing::Waiting | Standing::Released(_) => (t.get("web.health.waiting"), None),
    };
    let own = access::may_read(&ctx.state, &ctx.who, set, entry);
    let page = StandingPage {
        c: ctx
            .chrome(Tab::Health, t.with("web.health.answer", "entry", entry.number))
            .crumb(t.get("web.nav.health"), ctx.to("/health-data"))
            .crumb(t.side(&set.title), ctx.to(&set_path(set))),
        made_up: made_up(ctx, set),
        sql: entry.sql.clone(),
        said,
        fault,
        again: (own && access::may_ask(&ctx.state, &ctx.who, set)).then(|| again.into()),
    };
    ctx.page(&page)
}

/// What an entry says of itself.
pub(super) fn facts(ctx: &Ctx, set: &DataSet, entry: &Entry) -> Vec<Fact> {
    let t = ctx.t;
    let (outcome, _) = words::outcome(t, entry);
    let [_, _, snapshot, policy, permit, number, hash, digest, _] = provenance(set, entry, "");
    let moment = entry.at.map_or_else(String::new, |at| t.time(at));
    [
        ("web.health.data-set", t.side(&set.title)),
        ("web.health.moment", moment),
        ("web.health.entry", number.1),
        ("web.health.outcome", outcome),
        ("web.health.permit-word", permit.1),
        ("web.health.policy", policy.1),
        ("web.health.snapshot", snapshot.1),
        ("web.health.digest", digest.1),
        ("web.health.entry-hash", hash.1),
    ]
    .into_iter()
    .filter(|(_, value)| !value.is_empty())
    .map(|(key, value)| (t.get(key), value))
    .collect()
}
