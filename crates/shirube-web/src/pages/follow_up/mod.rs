//! The yearly follow-up: cycles, one year, one ministry, and the check of what
//! was approved. What is worked on is shown as it stands now, whatever day the
//! rest of the site is asked for.

mod file;
mod report;

use std::collections::BTreeMap;

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect};
use chrono::NaiveDate;
use serde_json::Value;
use shirube_access::{Action, Resource, follow_up_resource, record_resource};
use shirube_cycle::{By, CycleError, OpenCycle, Typed, Year};
use shirube_model::calendar::{FiscalYear, parse_date};
use shirube_model::record::{Body, RecordVersion, Standing};
use shirube_model::refusal::Refusal;
use shirube_model::registers::follow_up::{FollowUpAction, FollowUpCycle, MeasureReport};
use shirube_model::registers::{self, KINDS};
use shirube_model::schema::KindSchema;
use shirube_store::AsOf;

pub(crate) use file::file;
pub(crate) use report::{change, report};

use crate::link::Link;
use crate::pages::edit::{actor, own_draft, own_work, read, resource};
use crate::query::Query;
use crate::request::{Ctx, Page, PageError};
use crate::view::follow_up::{
    ActionRow, CycleRow, ListPage, MeasureRow, MinistryPage, MinistryRow, OpenForm, RegisterRow,
    SectionView, VerifyPage, VerifyRow, WaitingRow, YearPage,
};
use crate::view::frame::{FaultLine, Labelled, Tab};

/// Domain of the registers of the cycle.
const DOMAIN: &str = "follow_up";
/// Longest text that a link carries into a form.
const CARRIED_CHARS_MAX: usize = 200;

pub(crate) fn failed(ctx: &Ctx, error: &CycleError) -> PageError {
    ctx.refuse_all(crate::request::status_of(error.code()), &error.0)
}

fn fiscal_year(ctx: &Ctx, text: &str) -> Result<i32, PageError> {
    let digits = text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit());
    let year = text.parse().ok().filter(|_| digits);
    year.ok_or_else(|| ctx.not_found())
}

async fn known_year(ctx: &Ctx, text: &str) -> Result<(i32, Year), PageError> {
    let year = fiscal_year(ctx, text)?;
    let found = ctx.state.follow_up().year(year).await.map_err(|error| failed(ctx, &error))?;
    Ok((year, found))
}

fn year_words(ctx: &Ctx, year: i64) -> String {
    ctx.t.year(shirube_model::indicator::YearBasis::Fiscal, i32::try_from(year).unwrap_or_default())
}

fn day_or_dash(ctx: &Ctx, day: Option<NaiveDate>) -> String {
    day.map_or_else(|| ctx.t.dash(), |day| ctx.t.short_day(day))
}

pub(crate) fn year_link(ctx: &Ctx, year: i32) -> Link {
    Link::to(format!("/{}/follow-up/{year}", ctx.t.0.tag()))
}

/// A record as it stands now: what is worked on may be younger than the day the
/// rest of the site is asked for.
fn record_href(ctx: &Ctx, id: &str) -> String {
    format!("/{}/records/{id}", ctx.t.0.tag())
}

/// Who does something today, and why.
fn by(ctx: &Ctx, form: &Query) -> By {
    By {
        actor: actor(ctx),
        reason: form.get("reason").unwrap_or_default().to_owned(),
        on: ctx.state.engine().latest_day(),
    }
}

/// Links to the steps of a record that whoever looks may take.
fn steps(ctx: &Ctx, record: &RecordVersion) -> Vec<Labelled> {
    let Some(schema) = registers::kind(&record.kind) else { return Vec::new() };
    if ctx.who.account().is_none() || record.standing != Standing::Active {
        return Vec::new();
    }
    let (of, own) = (resource(record, schema), own_work(&ctx.who, record));
    let from_here = schema.transitions.iter().filter(|one| {
        one.from.contains(&record.state.as_str())
            && ctx.state.allows_as(&ctx.who, Action::Step(one.name), &of, own)
    });
    from_here
        .map(|one| {
            let page = Link::to(format!("/{}/records/{}/step", ctx.t.0.tag(), record.id));
            Labelled::new(ctx.labels().step(schema.kind, one.name), page.set("step", one.name))
        })
        .collect()
}

/// Address of the form of a new record with some fields filled in, for whoever
/// may enter such a record.
fn new_href(ctx: &Ctx, kind: &str, fields: &Body) -> Option<String> {
    let schema = registers::kind(kind)?;
    ctx.who.account()?;
    let at = (schema.initial_state(), Standing::Active);
    let of = record_resource(schema, "", at, fields);
    if !ctx.state.allows(&ctx.who, Action::Create, &of) {
        return None;
    }
    let mut link = Link::to(format!("/{}/registers/{kind}/new", ctx.t.0.tag()));
    for (name, value) in fields {
        let text = match value {
            Value::Array(items) => {
                items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("\n")
            }
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        if text.chars().count() <= CARRIED_CHARS_MAX {
            link = link.set(&format!("f.{name}"), &text);
        }
    }
    Some(link.into())
}

fn action_row(ctx: &Ctx, action: &Typed<FollowUpAction>) -> ActionRow {
    let body = &action.body;
    let open = !matches!(action.record.state.as_str(), "done" | "dropped");
    let today = ctx.state.engine().latest_day();
    let mut fields = Body::new();
    fields.insert("ministry".to_owned(), Value::from(body.owner.clone()));
    fields.insert("title".to_owned(), Value::from(body.task.clone()));
    fields.insert("fiscal_year".to_owned(), Value::from(FiscalYear::of(today).0 + 1));
    fields.insert("actions".to_owned(), Value::from(vec![action.id().to_owned()]));
    fields.insert("measures".to_owned(), Value::from(body.measures.clone()));
    ActionRow {
        task: Labelled::new(&body.task, record_href(ctx, action.id())),
        finding: body.finding.clone(),
        owner: ctx.labels().ministry(&body.owner),
        due: ctx.t.short_day(body.due_on),
        late: open && body.due_on < today,
        state: ctx.labels().state("follow_up_action", &action.record.state),
        steps: steps(ctx, &action.record),
        request_href: new_href(ctx, "budget_request", &fields).filter(|_| open),
    }
}

/// Shows every cycle and what waits for somebody.
pub(crate) async fn list(ctx: Ctx) -> Page {
    list_page(&ctx, StatusCode::OK, &Query::default(), &[]).await
}

/// Opens the cycle of a year.
pub(crate) async fn open(ctx: Ctx, text: String) -> Page {
    let form = read(&ctx, &text)?;
    ctx.require(Action::OpenCycle, &Resource::Site)?;
    let ask = match ask(&form) {
        Ok(ask) => ask,
        Err(refusal) => return list_page(&ctx, StatusCode::BAD_REQUEST, &form, &[refusal]).await,
    };
    match ctx.state.follow_up().open_cycle(&ask, &by(&ctx, &form)).await {
        Ok(_) => Ok(Redirect::to(&year_link(&ctx, ask.fiscal_year).to_string()).into_response()),
        Err(error) => {
            list_page(&ctx, crate::request::status_of(error.code()), &form, &error.0).await
        }
    }
}

fn ask(form: &Query) -> Result<OpenCycle, Refusal> {
    let day = |name: &'static str| {
        form.get(name)
            .map(|text| parse_date(text).map_err(|refusal| refusal.field(name)))
            .transpose()
    };
    let missing = |name: &str| Refusal::new("web.follow-up.day-missing").field(name);
    let year = form.get("fiscal_year").unwrap_or_default();
    let year: Option<i32> = year.parse().ok().filter(|year| (2000..=2100).contains(year));
    Ok(OpenCycle {
        fiscal_year: year.ok_or_else(|| Refusal::new("web.follow-up.year").field("fiscal_year"))?,
        values_as_of: day("values_as_of")?.ok_or_else(|| missing("values_as_of"))?,
        contributions_due_on: day("contributions_due")?,
        submissions_due_on: day("submissions_due")?.ok_or_else(|| missing("submissions_due"))?,
    })
}

async fn list_page(ctx: &Ctx, status: StatusCode, form: &Query, refusals: &[Refusal]) -> Page {
    let desk = ctx.state.follow_up();
    let fault = |error: CycleError| failed(ctx, &error);
    let cycles = desk.cycles().await.map_err(fault)?;
    let waiting = desk.waiting().await.map_err(fault)?;
    let counts = ctx.state.store().counts(AsOf::Now).await;
    let counts = counts.map_err(|error| ctx.store_error(&error))?;
    let t = ctx.t;
    let advice = waiting.advice.iter().map(|one| {
        let (from, body) = (ctx.labels().term("advisory_bodies", &one.body.body), &one.body);
        let answer = (body.answered_by.as_deref(), body.due_on);
        waiting_row(ctx, &one.record, (&body.subject, from, body.given_on), answer)
    });
    let needs = waiting.needs.iter().map(|one| {
        let (from, body) = (ctx.labels().term("need_submitters", &one.body.submitter), &one.body);
        let answer = (body.answered_by.as_deref(), body.due_on);
        waiting_row(ctx, &one.record, (&body.subject, from, body.received_on), answer)
    });
    let register = |schema: &'static KindSchema| {
        let active = counts
            .iter()
            .filter(|count| count.kind == schema.kind && count.standing == Standing::Active);
        let draft = own_draft(ctx, schema);
        RegisterRow {
            name: Labelled::new(
                ctx.labels().kind(schema.kind),
                ctx.to(&format!("/registers/{}", schema.kind)),
            ),
            count: t.count(active.map(|count| count.records).sum()),
            new_href: (ctx.who.account().is_some()
                && ctx.state.allows(&ctx.who, Action::Create, &draft))
            .then(|| format!("/{}/registers/{}/new", t.0.tag(), schema.kind)),
        }
    };
    let page = ListPage {
        c: ctx.chrome(Tab::FollowUp, t.get("web.follow-up.title")),
        faults: refusals.iter().map(|refusal| FaultLine::new(t.0, refusal)).collect(),
        open: open_form(ctx, form, &cycles),
        cycles: cycles.iter().map(|cycle| cycle_row(ctx, cycle)).collect(),
        waiting: advice.chain(needs).collect(),
        actions: waiting.actions.iter().map(|one| action_row(ctx, one)).collect(),
        registers: KINDS
            .iter()
            .filter(|one| one.domain == DOMAIN)
            .map(|one| register(one))
            .collect(),
    };
    ctx.page_with(status, &page)
}

/// Advice or a need, with who is to answer it and by when.
fn waiting_row(
    ctx: &Ctx,
    record: &RecordVersion,
    (subject, from, on): (&str, String, NaiveDate),
    (answered_by, due): (Option<&str>, Option<NaiveDate>),
) -> WaitingRow {
    WaitingRow {
        subject: Labelled::new(subject, record_href(ctx, record.id.as_str())),
        from,
        on: ctx.t.short_day(on),
        state: ctx.labels().state(&record.kind, &record.state),
        answered_by: answered_by.map_or_else(|| ctx.t.dash(), |abbr| ctx.labels().ministry(abbr)),
        due: day_or_dash(ctx, due),
        steps: steps(ctx, record),
    }
}

fn cycle_row(ctx: &Ctx, cycle: &Typed<FollowUpCycle>) -> CycleRow {
    let body = &cycle.body;
    let year = i32::try_from(body.fiscal_year).unwrap_or_default();
    CycleRow {
        year: year_words(ctx, body.fiscal_year),
        name: Labelled::new(ctx.t.side(&body.name), year_link(ctx, year)),
        state: ctx.labels().state("follow_up_cycle", &cycle.record.state),
        as_of: day_or_dash(ctx, body.values_as_of),
        due: day_or_dash(ctx, body.submissions_due_on),
    }
}

/// The form that opens a year, with the values of the last day of the year.
fn open_form(ctx: &Ctx, form: &Query, cycles: &[Typed<FollowUpCycle>]) -> Option<OpenForm> {
    ctx.who.account()?;
    if !ctx.state.allows(&ctx.who, Action::OpenCycle, &Resource::Site) {
        return None;
    }
    let planned = cycles.iter().rfind(|cycle| cycle.record.state == "planned");
    let last = FiscalYear(FiscalYear::of(ctx.state.engine().latest_day()).0 - 1);
    let year = planned
        .map_or(last, |cycle| FiscalYear(i32::try_from(cycle.body.fiscal_year).unwrap_or(last.0)));
    let ask = OpenCycle::proposed(year, ctx.state.engine().latest_day());
    let day = |day: Option<NaiveDate>| day.map_or_else(String::new, |day| day.to_string());
    let said = |name: &str, otherwise: String| form.get(name).map_or(otherwise, str::to_owned);
    Some(OpenForm {
        csrf: ctx.form_token(),
        actor: actor(ctx),
        fiscal_year: said("fiscal_year", ask.fiscal_year.to_string()),
        values_as_of: said("values_as_of", ask.values_as_of.to_string()),
        contributions_due: said("contributions_due", day(ask.contributions_due_on)),
        submissions_due: said("submissions_due", ask.submissions_due_on.to_string()),
        reason: said("reason", String::new()),
    })
}

/// Shows one year: ministries and the states of their reports.
pub(crate) async fn year(ctx: Ctx, Path((_, text)): Path<(String, String)>) -> Page {
    let (year, found) = known_year(&ctx, &text).await?;
    let t = ctx.t;
    let states = report_states();
    let mut by_ministry: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
    let mut totals = vec![0; states.len()];
    for report in &found.reports {
        let at = states.iter().position(|state| *state == report.record.state).unwrap_or_default();
        let counts =
            by_ministry.entry(&report.body.ministry).or_insert_with(|| vec![0; states.len()]);
        for (counter, place) in counts.iter_mut().zip(0..).chain(totals.iter_mut().zip(0..)) {
            *counter += u64::from(place == at);
        }
    }
    let count = |number: &u64| if *number == 0 { t.dash() } else { t.count(*number) };
    // Ministries in the order of the pack, then whatever else a record names.
    let pack = ctx.state.pack();
    let place = |abbr: &str| pack.ministries.iter().position(|one| one.abbr == abbr);
    let mut rows: Vec<(&str, Vec<u64>)> = by_ministry.into_iter().collect();
    rows.sort_by_key(|(abbr, _)| place(abbr).unwrap_or(usize::MAX));
    let rows = rows.iter().map(|(abbr, counts)| MinistryRow {
        ministry: Labelled::new(ctx.labels().ministry(abbr), year_link(&ctx, year).segment(abbr)),
        abbr: (*abbr).to_owned(),
        counts: counts.iter().map(count).collect(),
        all: t.count(counts.iter().sum()),
    });
    let all = found.reports.len();
    let approved = found.reports.iter().filter(|one| one.approved()).count();
    let measure = |id: &String| Labelled::new(id, ctx.to("/plan/measures").segment(id));
    let page = YearPage {
        c: ctx
            .chrome(Tab::FollowUp, t.side(&found.cycle.body.name))
            .crumb(t.get("web.nav.follow-up"), ctx.to("/follow-up")),
        record: Labelled::new(found.cycle.id(), record_href(&ctx, found.cycle.id())),
        facts: year_facts(&ctx, &found.cycle),
        states: states.iter().map(|state| ctx.labels().state("measure_report", state)).collect(),
        rows: rows.collect(),
        totals: totals.iter().chain([&(all as u64)]).map(count).collect(),
        unled: found.unled.iter().map(measure).collect(),
        steps: steps(&ctx, &found.cycle.record),
        verify_href: ctx
            .state
            .allows(&ctx.who, Action::Audit, &Resource::Site)
            .then(|| format!("/{}/follow-up/{year}/verify", t.0.tag())),
        approved,
        all,
        approved_words: t.args(
            "web.follow-up.approved-of",
            &[("approved", t.count(approved as u64)), ("all", t.count(all as u64))],
        ),
    };
    ctx.page(&page)
}

fn report_states() -> &'static [&'static str] {
    registers::kind("measure_report").map_or(&[], |schema| schema.states)
}

fn year_facts(ctx: &Ctx, cycle: &Typed<FollowUpCycle>) -> Vec<(String, String)> {
    let body = &cycle.body;
    let t = ctx.t;
    [
        ("web.col.state", ctx.labels().state("follow_up_cycle", &cycle.record.state)),
        ("web.follow-up.values-as-of", day_or_dash(ctx, body.values_as_of)),
        ("web.follow-up.contributions-due", day_or_dash(ctx, body.contributions_due_on)),
        ("web.follow-up.submissions-due", day_or_dash(ctx, body.submissions_due_on)),
        ("web.stamp.pack-hash", body.pack_hash.clone().unwrap_or_else(|| t.dash())),
    ]
    .map(|(key, value)| (t.get(key), value))
    .into()
}

/// Whether whoever looks may read a report.
fn may_read(ctx: &Ctx, report: &Typed<MeasureReport>) -> bool {
    let record = &report.record;
    let of = follow_up_resource(record.id.as_str(), &record.state, &record.body);
    ctx.state.allows(&ctx.who, Action::Read, &of)
}

/// Shows the measures of one ministry in one year.
pub(crate) async fn ministry(
    ctx: Ctx,
    Path((_, text, abbr)): Path<(String, String, String)>,
) -> Page {
    let (year, found) = known_year(&ctx, &text).await?;
    let reports: Vec<&Typed<MeasureReport>> =
        found.reports.iter().filter(|one| one.body.ministry == abbr).collect();
    if reports.is_empty() {
        let refusal = Refusal::new("cycle.ministry-without-report");
        return Err(ctx.refuse(refusal.arg("ministry", &abbr).arg("year", year)));
    }
    let opened = found.cycle.body.values_as_of.is_some();
    let pack = ctx.state.pack();
    let mut sections: Vec<SectionView> = Vec::new();
    for report in &reports {
        let id = &report.body.measure;
        let measure = pack.measure(id);
        let section = measure.map_or("", |measure| measure.section.as_str());
        let handed = found
            .contributions
            .iter()
            .filter(|one| one.body.report == report.record.id && one.record.state == "contributed");
        let row = MeasureRow {
            id: id.clone(),
            summary: measure.map_or_else(String::new, |measure| ctx.t.side(&measure.summary)),
            href: (opened && may_read(&ctx, report))
                .then(|| year_link(&ctx, year).segment(&abbr).segment(id).into()),
            state: ctx.labels().state("measure_report", &report.record.state),
            code: report.record.state.clone(),
            participants: format!("{} / {}", handed.count(), report.body.participants.len()),
        };
        match sections.last_mut().filter(|last| last.id == section) {
            Some(last) => last.rows.push(row),
            None => sections.push(SectionView {
                id: section.to_owned(),
                title: ctx.labels().heading(section),
                rows: vec![row],
            }),
        }
    }
    let readable = opened && reports.iter().all(|report| may_read(&ctx, report));
    let approved = reports.iter().all(|report| report.approved());
    let files = if readable { file::links(&ctx, year, &abbr) } else { Vec::new() };
    let name = ctx.labels().ministry(&abbr);
    let key = if approved { "web.follow-up.of-approved" } else { "web.follow-up.of-draft" };
    let page = MinistryPage {
        c: ctx
            .chrome(Tab::FollowUp, name)
            .crumb(ctx.t.get("web.nav.follow-up"), ctx.to("/follow-up"))
            .crumb(year_words(&ctx, i64::from(year)), year_link(&ctx, year)),
        lead: ctx.t.with(key, "count", ctx.t.count(reports.len() as u64)),
        files,
        iati: (readable && approved)
            .then(|| year_link(&ctx, year).segment(&abbr).segment("file").into()),
        sections,
    };
    ctx.page(&page)
}

/// Computes what was approved in a year again.
pub(crate) async fn verify(ctx: Ctx, Path((_, text)): Path<(String, String)>) -> Page {
    let (year, found) = known_year(&ctx, &text).await?;
    let busy = || ctx.refuse(Refusal::new("web.follow-up.busy"));
    let turn = ctx.state.heavy_turn().ok_or_else(busy)?;
    let verified = ctx.state.follow_up().verify_cycle(year).await;
    drop(turn);
    let verified = verified.map_err(|error| failed(&ctx, &error))?;
    let t = ctx.t;
    let differing = verified.iter().filter(|one| !one.same).count();
    let rows = verified.iter().map(|one| {
        let report = found.reports.iter().find(|report| report.record.id == one.report);
        let ministry = report.map_or("", |report| report.body.ministry.as_str());
        let page = year_link(&ctx, year).segment(ministry).segment(&one.measure);
        VerifyRow {
            report: Labelled::new(format!("{ministry} {}", one.measure), page),
            indicator: Labelled::new(&one.indicator, ctx.to("/indicators").segment(&one.indicator)),
            kept: one.kept.map_or_else(|| t.dash(), |number| number.to_string()),
            same: one.same,
            differences: one
                .differences
                .iter()
                .map(|(what, approved, now)| format!("{what}: {approved} | {now}"))
                .collect(),
        }
    });
    let args =
        [("values", t.count(verified.len() as u64)), ("differing", t.count(differing as u64))];
    let page = VerifyPage {
        c: ctx
            .chrome(Tab::FollowUp, t.get("web.follow-up.verify"))
            .crumb(t.get("web.nav.follow-up"), ctx.to("/follow-up"))
            .crumb(year_words(&ctx, i64::from(year)), year_link(&ctx, year)),
        said: t.args("web.follow-up.verified", &args),
        all_same: differing == 0,
        rows: rows.collect(),
    };
    ctx.page(&page)
}
