//! One report at work: what it shows, and the forms of those who contribute,
//! compile, submit, judge and lock it.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect};
use rust_decimal::Decimal;
use shirube_access::{Action, Resource, follow_up_resource, record_resource};
use shirube_cycle::{CycleError, Desk, FollowUp, Judgement, Texts, Typed};
use shirube_model::record::{Body, Standing};
use shirube_model::refusal::Refusal;
use shirube_model::registers;
use shirube_model::registers::allocation::BudgetRequest;
use shirube_model::registers::follow_up::{MeasureContribution, MeasureReport};
use shirube_report::IndicatorValue;

use super::{
    action_row, by, day_or_dash, failed, fiscal_year, new_href, record_href, steps, year_link,
    year_words,
};
use crate::link::Link;
use crate::pages::edit::{actor, base_version, own_work, read};
use crate::query::Query;
use crate::request::{Ctx, Page, PageError};
use crate::view::dashboard::Choice;
use crate::view::follow_up::{
    AnsweredView, BudgetRow, CompileForm, ContributeForm, ContributionView, ReportPage, RequestRow,
    TextFields, ValueRow,
};
use crate::view::frame::{FaultLine, Labelled, StatusView, Tab};

/// What a form of the page can ask for.
const DEEDS: [&str; 8] =
    ["keep", "hand_in", "take_back", "compile", "submit", "return", "approve", "lock"];

type Address = Path<(String, String, String, String)>;

/// The report an address names, for whoever may read it.
struct Place {
    year: i32,
    ministry: String,
    measure: String,
}

impl Place {
    fn read(ctx: &Ctx, Path((_, year, ministry, measure)): Address) -> Result<Self, PageError> {
        Ok(Self { year: fiscal_year(ctx, &year)?, ministry, measure })
    }

    fn link(&self, ctx: &Ctx) -> Link {
        year_link(ctx, self.year).segment(&self.ministry).segment(&self.measure)
    }

    async fn report(&self, ctx: &Ctx) -> Result<Typed<MeasureReport>, PageError> {
        let office = ctx.state.follow_up();
        let report = office.report_on(self.year, &self.ministry, &self.measure).await;
        let report = report.map_err(|error| failed(ctx, &error))?;
        ctx.require(Action::Read, &pack_of(&report))?;
        Ok(report)
    }

    async fn desk(&self, ctx: &Ctx) -> Result<Desk, PageError> {
        let report = self.report(ctx).await?;
        ctx.state.follow_up().desk(report).await.map_err(|error| failed(ctx, &error))
    }
}

fn pack_of(report: &Typed<MeasureReport>) -> Resource {
    let record = &report.record;
    follow_up_resource(record.id.as_str(), &record.state, &record.body)
}

/// What whoever looks may do with a report.
struct May {
    /// Ministries they may contribute for.
    contribute: Vec<String>,
    compile: bool,
    submit: bool,
    give_back: bool,
    approve: bool,
    lock: bool,
    /// They could judge it, had they not submitted it.
    own_work: bool,
}

impl May {
    fn find(ctx: &Ctx, report: &Typed<MeasureReport>) -> Self {
        let nothing = Self {
            contribute: Vec::new(),
            compile: false,
            submit: false,
            give_back: false,
            approve: false,
            lock: false,
            own_work: false,
        };
        if ctx.who.account().is_none() {
            return nothing;
        }
        let (of, state) = (pack_of(report), report.record.state.as_str());
        let own = own_work(&ctx.who, &report.record);
        let may = |action: Action<'_>| ctx.state.allows_as(&ctx.who, action, &of, own);
        let compiling = matches!(state, "drafting" | "contributed" | "compiled" | "returned");
        let compile = compiling && may(Action::Submit);
        let contribute = if compiling && may(Action::Contribute) {
            let asked = report.body.participants.iter().chain([&report.body.ministry]);
            asked.filter(|abbr| contributes(ctx, report, abbr, compile)).cloned().collect()
        } else {
            Vec::new()
        };
        Self {
            contribute,
            compile,
            submit: compile && state == "compiled",
            give_back: may(Action::Return),
            approve: may(Action::Approve),
            lock: may(Action::Lock),
            own_work: own && ctx.state.allows(&ctx.who, Action::Approve, &of),
        }
    }
}

/// Whether somebody may contribute for a ministry: who compiles the report
/// writes it there, and nobody writes for a ministry they have no role at.
fn contributes(ctx: &Ctx, report: &Typed<MeasureReport>, abbr: &str, compiles: bool) -> bool {
    if compiles && *abbr == report.body.ministry {
        return false;
    }
    let Some(schema) = registers::kind("measure_contribution") else { return false };
    let mut body = Body::new();
    body.insert("ministry".to_owned(), abbr.into());
    let of = record_resource(schema, "", (schema.initial_state(), Standing::Active), &body);
    ctx.who.principal.organisations().contains(abbr)
        && ctx.state.allows(&ctx.who, Action::Create, &of)
}

/// Shows a report.
pub(crate) async fn report(ctx: Ctx, address: Address) -> Page {
    let place = Place::read(&ctx, address)?;
    let desk = place.desk(&ctx).await?;
    let done = ctx.query.one_of("done", DEEDS).map_err(|refusal| ctx.refuse(refusal))?;
    let said =
        done.map(|done| ctx.t.get(&format!("web.follow-up.done-{}", done.replace('_', "-"))));
    page(&ctx, StatusCode::OK, &place, &desk, Shown { said, ..Shown::default() })
}

/// Does what a form of the page asks for.
pub(crate) async fn change(ctx: Ctx, address: Address, text: String) -> Page {
    let form = read(&ctx, &text)?;
    let place = Place::read(&ctx, address)?;
    let deed = form.one_of("do", DEEDS).map_err(|refusal| ctx.refuse(refusal))?;
    let deed = deed.unwrap_or_default().to_owned();
    let report = place.report(&ctx).await?;
    let (of, own) = (pack_of(&report), own_work(&ctx.who, &report.record));
    let action = match deed.as_str() {
        "keep" | "hand_in" | "take_back" => Action::Contribute,
        "compile" | "submit" => Action::Submit,
        "return" => Action::Return,
        "approve" => Action::Approve,
        _ => Action::Lock,
    };
    ctx.require_as(action, &of, own)?;
    match act(&ctx, &report, &deed, &form).await? {
        Ok(()) => {
            let link = place.link(&ctx).set("done", &deed);
            Ok(Redirect::to(&link.to_string()).into_response())
        }
        Err(error) => {
            // What was typed stays in the form; the rest is shown as it stands now.
            let desk = place.desk(&ctx).await?;
            let shown = Shown { typed: Some((&deed, &form)), refusals: &error.0, said: None };
            page(&ctx, crate::request::status_of(error.code()), &place, &desk, shown)
        }
    }
}

async fn act(
    ctx: &Ctx,
    report: &Typed<MeasureReport>,
    deed: &str,
    form: &Query,
) -> Result<Result<(), CycleError>, PageError> {
    let office = ctx.state.follow_up();
    let (by, version) = (by(ctx, form), base_version(ctx, form)?);
    let said = |name: &str| form.get(name).unwrap_or_default().replace("\r\n", "\n");
    let texts =
        Texts { progress: said("progress"), gaps: said("gaps"), promises: said("promises") };
    let ministry = said("ministry");
    if matches!(deed, "keep" | "hand_in" | "take_back")
        && !May::find(ctx, report).contribute.contains(&ministry)
    {
        return Err(ctx.refuse(Refusal::new("access.denied")));
    }
    let id = &report.record.id;
    Ok(match deed {
        "keep" => office.write_contribution(id, &ministry, texts, version, &by).await.map(drop),
        "hand_in" => match office.write_contribution(id, &ministry, texts, version, &by).await {
            Ok(_) => office.hand_in(id, &ministry, true, &by).await,
            Err(error) => Err(error),
        },
        "take_back" => office.hand_in(id, &ministry, false, &by).await,
        "compile" => office.compile(id, texts, &said("assessment"), version, &by).await,
        "submit" => office.submit(id, version, &by).await,
        "return" => {
            let judgement = Judgement::Return(said("return_reason"));
            office.judge_seen(id, version, &judgement, &by).await
        }
        "approve" => office.judge_seen(id, version, &Judgement::Approve, &by).await,
        _ => office.lock_report(id, &by).await,
    })
}

/// What a page shows beside the report.
#[derive(Default)]
struct Shown<'a> {
    /// What was typed into the form of a deed that was refused.
    typed: Option<(&'a str, &'a Query)>,
    refusals: &'a [Refusal],
    /// What was just done.
    said: Option<String>,
}

impl Shown<'_> {
    /// The texts of one form: as typed, or as the record has them.
    fn texts(&self, deeds: &[&str], ministry: Option<&str>, kept: TextFields) -> TextFields {
        let Some((deed, form)) = self.typed else { return kept };
        if !deeds.contains(&deed) || ministry.is_some_and(|abbr| form.get("ministry") != Some(abbr))
        {
            return kept;
        }
        let said = |name: &str| form.get(name).unwrap_or_default().to_owned();
        TextFields { progress: said("progress"), gaps: said("gaps"), promises: said("promises") }
    }

    fn said(&self, name: &str) -> String {
        self.typed.and_then(|(_, form)| form.get(name)).unwrap_or_default().to_owned()
    }
}

fn page(ctx: &Ctx, status: StatusCode, place: &Place, desk: &Desk, shown: Shown<'_>) -> Page {
    let (t, labels) = (ctx.t, ctx.labels());
    let (record, body) = (&desk.report.record, &desk.report.body);
    let may = May::find(ctx, &desk.report);
    let key = if desk.report.approved() {
        "web.follow-up.values-frozen"
    } else {
        "web.follow-up.values-now"
    };
    let as_of = day_or_dash(ctx, desk.cycle.body.values_as_of);
    let name = labels.ministry(&place.ministry);
    let new_action = new_href(ctx, "follow_up_action", &FollowUp::action_fields(desk));
    let page = ReportPage {
        c: ctx
            .chrome(
                Tab::FollowUp,
                t.args(
                    "web.follow-up.report-title",
                    &[("ministry", name.clone()), ("measure", place.measure.clone())],
                ),
            )
            .crumb(t.get("web.nav.follow-up"), ctx.to("/follow-up"))
            .crumb(year_words(ctx, i64::from(place.year)), year_link(ctx, place.year))
            .crumb(name, year_link(ctx, place.year).segment(&place.ministry)),
        record: Labelled::new(record.id.as_str(), record_href(ctx, record.id.as_str())),
        measure_href: ctx.to("/plan/measures").segment(&place.measure).into(),
        summary: t.side(&desk.shown.summary),
        faults: shown.refusals.iter().map(|refusal| FaultLine::new(t.0, refusal)).collect(),
        facts: facts(ctx, desk),
        texts: texts(ctx, desk),
        values: desk.shown.values.iter().map(|value| value_row(ctx, value)).collect(),
        values_note: t.with(key, "day", as_of),
        budget: budget(ctx, desk),
        requests: desk.requests.iter().map(|request| request_row(ctx, request)).collect(),
        contributions: desk.contributions.iter().map(|one| contribution(ctx, one)).collect(),
        answered: answered(ctx, desk),
        actions: desk.actions.iter().map(|action| action_row(ctx, action)).collect(),
        new_action,
        csrf: ctx.form_token(),
        actor: actor(ctx),
        version: record.version,
        contribute: may
            .contribute
            .iter()
            .zip(1..)
            .map(|(abbr, at)| contribute(ctx, desk, (abbr, at), &shown))
            .collect(),
        compile: may.compile.then(|| {
            let kept = TextFields {
                progress: body.progress.clone().unwrap_or_default(),
                gaps: body.gaps.clone().unwrap_or_default(),
                promises: body.promises.clone().unwrap_or_default(),
            };
            CompileForm {
                texts: shown.texts(&["compile"], None, kept),
                assessments: assessments(ctx, body.assessment.as_deref(), &shown),
            }
        }),
        may_submit: may.submit,
        may_return: may.give_back,
        may_approve: may.approve,
        may_lock: may.lock,
        return_reason: shown.said("return_reason"),
        reason: shown.said("reason"),
        own_work: may.own_work,
        said: shown.said,
    };
    ctx.page_with(status, &page)
}

fn facts(ctx: &Ctx, desk: &Desk) -> Vec<(String, String)> {
    let (t, labels, body) = (ctx.t, ctx.labels(), &desk.report.body);
    let others: Vec<String> = body.participants.iter().map(|one| labels.ministry(one)).collect();
    let mut facts = vec![
        ("web.col.state", labels.state("measure_report", &desk.report.record.state)),
        ("web.follow-up.lead-ministry", labels.ministry(&body.ministry)),
        ("web.follow-up.participants", if others.is_empty() { t.dash() } else { t.list(&others) }),
        ("web.follow-up.submissions-due", day_or_dash(ctx, desk.cycle.body.submissions_due_on)),
    ];
    let days = [
        ("web.follow-up.submitted-on", body.submitted_on),
        ("web.follow-up.approved-on", body.approved_on),
        ("web.follow-up.locked-on", body.locked_on),
    ];
    facts.extend(days.into_iter().filter_map(|(key, day)| Some((key, t.day(day?)))));
    if let Some(digest) = &body.approved_digest {
        facts.push(("web.follow-up.approved-digest", digest.clone()));
    }
    facts.into_iter().map(|(key, value)| (t.get(key), value)).collect()
}

fn texts(ctx: &Ctx, desk: &Desk) -> Vec<(String, String)> {
    let (t, shown, body) = (ctx.t, &desk.shown, &desk.report.body);
    let returned = body.return_reason.clone().filter(|_| desk.report.record.state == "returned");
    let assessment = shown.assessment.as_ref().map(|one| t.side(one));
    [
        ("web.follow-up.return-reason", returned),
        ("web.follow-up.last-promises", shown.last_promises.clone()),
        ("web.follow-up.assessment", assessment),
        ("web.follow-up.progress", shown.progress.clone()),
        ("web.follow-up.gaps", shown.gaps.clone()),
        ("web.follow-up.promises", shown.promises.clone()),
    ]
    .into_iter()
    .filter_map(|(key, text)| Some((t.get(key), text?)))
    .collect()
}

fn value_row(ctx: &Ctx, value: &IndicatorValue) -> ValueRow {
    let t = ctx.t;
    let unit = t.side(&value.unit_name);
    let number = |found: Option<Decimal>| {
        found.map_or_else(|| t.dash(), |found| format!("{} {unit}", t.number(found)))
    };
    ValueRow {
        indicator: Labelled::new(
            format!("{} {}", value.indicator, t.side(&value.name)),
            Link::to(format!("/{}/indicators", t.0.tag()))
                .segment(&value.indicator)
                .set("as_of", &value.as_of.to_string()),
        ),
        value: number(value.value),
        target: number(value.target),
        by: day_or_dash(ctx, value.target_by),
        status: StatusView::new(t, value.status),
        digest: value.digest.chars().take(16).collect(),
    }
}

fn yen(ctx: &Ctx, amount: Option<i64>) -> String {
    amount.map_or_else(|| ctx.t.dash(), |yen| ctx.t.number(Decimal::from(yen)))
}

fn budget(ctx: &Ctx, desk: &Desk) -> Vec<BudgetRow> {
    let row = |line: &shirube_report::Budget| BudgetRow {
        programme: Labelled::new(&line.name, record_href(ctx, &line.programme)),
        year: year_words(ctx, i64::from(line.fiscal_year)),
        initial: yen(ctx, line.initial_yen),
        executed: yen(ctx, line.executed_yen),
        requested: yen(ctx, line.requested_yen),
    };
    desk.shown.budget.iter().map(row).collect()
}

fn request_row(ctx: &Ctx, request: &Typed<BudgetRequest>) -> RequestRow {
    let body = &request.body;
    RequestRow {
        title: Labelled::new(&body.title, record_href(ctx, request.id())),
        year: year_words(ctx, body.fiscal_year),
        requested: yen(ctx, Some(body.requested_yen)),
        adjusted: yen(ctx, body.adjusted_yen),
        decided: yen(ctx, body.decided_yen),
        state: ctx.labels().state("budget_request", &request.record.state),
        steps: steps(ctx, &request.record),
    }
}

fn contribution(ctx: &Ctx, one: &Typed<MeasureContribution>) -> ContributionView {
    let t = ctx.t;
    let texts = [
        ("web.follow-up.progress", &one.body.progress),
        ("web.follow-up.gaps", &one.body.gaps),
        ("web.follow-up.promises", &one.body.promises),
    ];
    ContributionView {
        ministry: Labelled::new(
            ctx.labels().ministry(&one.body.ministry),
            record_href(ctx, one.id()),
        ),
        state: ctx.labels().state("measure_contribution", &one.record.state),
        texts: texts
            .into_iter()
            .filter_map(|(key, text)| Some((t.get(key), text.clone()?)))
            .collect(),
    }
}

fn contribute(
    ctx: &Ctx,
    desk: &Desk,
    (abbr, at): (&str, u32),
    shown: &Shown<'_>,
) -> ContributeForm {
    let there = desk.contributions.iter().find(|one| one.body.ministry == abbr);
    let kept = there.map_or_else(TextFields::default, |one| TextFields {
        progress: one.body.progress.clone().unwrap_or_default(),
        gaps: one.body.gaps.clone().unwrap_or_default(),
        promises: one.body.promises.clone().unwrap_or_default(),
    });
    ContributeForm {
        id: format!("c{at}"),
        ministry: abbr.to_owned(),
        name: ctx.labels().ministry(abbr),
        version: there.map_or(0, |one| one.record.version),
        closed: there.is_some_and(|one| one.record.state == "contributed"),
        texts: shown.texts(&["keep", "hand_in"], Some(abbr), kept),
    }
}

fn answered(ctx: &Ctx, desk: &Desk) -> Vec<AnsweredView> {
    let t = ctx.t;
    let view = |one: &shirube_report::Answered| AnsweredView {
        from: t.side(&one.from),
        on: t.short_day(one.on),
        subject: one.subject.clone(),
        text: one.text.clone(),
        answer: one.answer.clone().unwrap_or_else(|| t.get("web.follow-up.no-answer")),
    };
    desk.shown.answered.iter().map(view).collect()
}

fn assessments(ctx: &Ctx, kept: Option<&str>, shown: &Shown<'_>) -> Vec<Choice> {
    let typed = shown.typed.filter(|(deed, _)| *deed == "compile");
    let chosen = typed.map_or(kept, |(_, form)| form.get("assessment"));
    let vocabulary = ctx.state.pack().vocabulary("progress_assessments");
    let terms = vocabulary.map(|known| known.terms.iter()).into_iter().flatten();
    terms
        .map(|term| Choice {
            value: term.code.clone(),
            label: ctx.t.side(&term.label),
            selected: chosen == Some(term.code.as_str()),
        })
        .collect()
}
