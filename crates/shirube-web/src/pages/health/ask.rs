//! Writing a query, checking it, and putting it to the gate.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect};
use shirube_access::Action;
use shirube_model::refusal::Refusal;
use shirube_query::{
    Aggregate, Checked, Decision, Entry, FUNCTIONS, Kind, Output, QueryError, Standing,
};

use super::words::{self, EXAMPLES};
use super::{answer, below, data, described, failed, find, made_up, set_path};
use crate::health::DataSet;
use crate::health::access;
use crate::pages::edit;
use crate::query::Query;
use crate::request::{Ctx, Page, PageError, status_of};
use crate::text::Tr;
use crate::view::dashboard::Choice;
use crate::view::frame::{Labelled, Tab};
use crate::view::health::{AskPage, EntryRow, Fact, SqlFault};

/// What the forms can ask for.
const DEEDS: [&str; 4] = ["check", "run", "csv", "json"];
/// Earlier questions shown.
const EARLIER_MAX: usize = 20;
/// Characters of a query that a list shows.
const SQL_SHOWN: usize = 160;

/// What is in the form.
#[derive(Default)]
struct Form<'f> {
    sql: String,
    permit: Option<&'f str>,
    faults: Vec<SqlFault>,
    checked: Option<Vec<Fact>>,
}

/// Shows the form, empty or with an example or an earlier question.
pub(crate) async fn show(ctx: Ctx, Path((_, id)): Path<(String, String)>) -> Page {
    let set = find(&ctx, id).await?;
    ctx.require(Action::Ask, &access::resource(&set, &ctx.who))?;
    let example = ctx.query.number("example", 0).map_err(|refusal| ctx.refuse(refusal))?;
    let entry = ctx.query.number("entry", 0).map_err(|refusal| ctx.refuse(refusal))?;
    let own = own_entries(&ctx, &set).await?;
    let sql = match (example, entry) {
        (0, 0) => String::new(),
        (0, number) => {
            own.iter().find(|e| e.number == number).map(|e| e.sql.clone()).unwrap_or_default()
        }
        (number, _) => {
            let at = usize::try_from(number).unwrap_or(usize::MAX);
            EXAMPLES.get(at.saturating_sub(1)).map_or("", |(_, sql)| sql).to_owned()
        }
    };
    page(&ctx, StatusCode::OK, &set, &own, Form { sql, ..Form::default() }).await
}

/// Checks a query, or puts it to the gate; what is released is shown or sent as
/// a file.
pub(crate) async fn ask(ctx: Ctx, Path((_, id)): Path<(String, String)>, text: String) -> Page {
    let form = edit::read(&ctx, &text)?;
    let set = find(&ctx, id).await?;
    ctx.require(Action::Ask, &access::resource(&set, &ctx.who))?;
    let deed = form.one_of("do", DEEDS).map_err(|refusal| ctx.refuse(refusal))?;
    let sql = sql_of(&form);
    let named = form.get("permit");
    let permit = access::permit(&set, &ctx.who, named).map_err(|refusal| ctx.refuse(refusal))?;
    let data = data(&ctx)?;
    let outcome = if deed == Some("check") {
        data.check(&set, permit, &sql).await.map(|checked| Done::Checked(Box::new(checked)))
    } else {
        let asked = data.ask(&set, permit, (access::name(&ctx.who), &sql)).await;
        asked.map(|decision| Done::Decided(Box::new(decision)))
    };
    match outcome {
        Ok(Done::Decided(decision)) => {
            let given = Given { decision: *decision, permit: &permit.id, sql: &sql };
            to_answer(&ctx, &set, given, deed.unwrap_or("run")).await
        }
        Ok(Done::Checked(checked)) => {
            let columns = Some(columns(ctx.t, &checked));
            let form = Form { sql, permit: named, checked: columns, ..Form::default() };
            let own = own_entries(&ctx, &set).await?;
            page(&ctx, StatusCode::OK, &set, &own, form).await
        }
        Err(error) => refused(&ctx, &set, &error, sql, named).await,
    }
}

/// What came of a form.
enum Done {
    Checked(Box<Checked>),
    Decided(Box<Decision>),
}

/// The query of a form, with the line ends of the text it was typed as.
fn sql_of(form: &Query) -> String {
    form.all("sql").next().unwrap_or_default().replace("\r\n", "\n").trim_end().to_owned()
}

/// What the gate decided now.
struct Given<'g> {
    decision: Decision,
    permit: &'g str,
    sql: &'g str,
}

/// Leads to the page of an answer. An answer that another permit got before has
/// its page there; it is shown here instead, without saying whose it was.
async fn to_answer(ctx: &Ctx, set: &DataSet, given: Given<'_>, deed: &str) -> Page {
    let number = match &given.decision {
        Decision::Released(released) => released.entry,
        Decision::Queued(number) => *number,
    };
    let wanted = set.clone();
    let entries = data(ctx)?.load(move |data| data.entries(&wanted)).await;
    let entries = entries.map_err(|error| failed(ctx, &error))?;
    let entry = entries.into_iter().find(|entry| entry.number == number);
    let mut entry = entry.ok_or_else(|| no_entry(ctx, number))?;
    let own = access::may_read(&ctx.state, &ctx.who, set, &entry);
    if !own {
        given.permit.clone_into(&mut entry.permit);
        given.sql.clone_into(&mut entry.sql);
    }
    match given.decision {
        Decision::Released(released) if matches!(deed, "csv" | "json") => {
            answer::file(ctx, set, &entry, &released, deed)
        }
        _ if own => {
            Ok(Redirect::to(&below(ctx, set, &format!("/answers/{number}"))).into_response())
        }
        Decision::Released(released) => {
            answer::page(ctx, set, &entry, &released, answer::Files::Sent)
        }
        Decision::Queued(_) => answer::waiting(ctx, set, &entry, &Standing::Waiting),
    }
}

async fn refused(
    ctx: &Ctx,
    set: &DataSet,
    error: &QueryError,
    sql: String,
    permit: Option<&str>,
) -> Page {
    access::log(error);
    let faults = vec![words::sql_fault(ctx.t, error.refusal(), &sql)];
    let form = Form { sql, permit, faults, checked: None };
    // Where the ledger itself cannot be read, the page shows that instead.
    let own = own_entries(ctx, set).await?;
    page(ctx, status_of(error.code()), set, &own, form).await
}

/// Columns that a query gives, and what they hold.
fn columns(t: Tr, checked: &Checked) -> Vec<Fact> {
    let column =
        |(name, output): &(String, Output)| (name.clone(), output_words(t, *output, checked));
    checked.columns().iter().map(column).collect()
}

fn output_words(t: Tr, output: Output, checked: &Checked) -> String {
    let key = match output {
        Output::Group(_) => "web.health.column-group",
        Output::Measure(at) => match checked.measures().get(at) {
            Some(Aggregate::Persons(_)) => "web.health.column-persons",
            Some(measure) if measure.is_count() => "web.health.column-count",
            _ => "web.health.column-number",
        },
    };
    t.get(key)
}

/// Entries of the permits that whoever asks holds, the newest first.
async fn own_entries(ctx: &Ctx, set: &DataSet) -> Result<Vec<Entry>, PageError> {
    let wanted = set.clone();
    let entries = data(ctx)?.load(move |data| data.entries(&wanted)).await;
    let mut entries = entries.map_err(|error| failed(ctx, &error))?;
    let held = access::permits(set, &ctx.who);
    entries.retain(|entry| held.iter().any(|permit| permit.id == entry.permit));
    entries.reverse();
    Ok(entries)
}

/// A query in one line of a list.
pub(super) fn in_brief(sql: &str) -> String {
    let line = sql.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= SQL_SHOWN {
        return line;
    }
    line.chars().take(SQL_SHOWN).chain(['…']).collect()
}

/// An entry in a list; `href` leads to its page.
pub(super) fn entry_row(ctx: &Ctx, entry: &Entry, href: Option<String>) -> EntryRow {
    let (outcome, released) = words::outcome(ctx.t, entry);
    EntryRow {
        number: Labelled::new(entry.number.to_string(), href.unwrap_or_default()),
        permit: entry.permit.clone(),
        sql: in_brief(&entry.sql),
        outcome,
        released,
        masked: ctx.t.count(entry.criteria.values().sum()),
    }
}

async fn page(ctx: &Ctx, status: StatusCode, set: &DataSet, own: &[Entry], form: Form<'_>) -> Page {
    let t = ctx.t;
    let described = described(ctx, set).await?;
    let held = access::permits(set, &ctx.who);
    let budget = |permit: &&crate::health::Permit| {
        let asked = own.iter().filter(|entry| entry.permit == permit.id).count() as u64;
        let left = described.policy.queries_max.saturating_sub(asked);
        let args = [
            ("permit", permit.id.clone()),
            ("left", t.count(left)),
            ("max", t.count(described.policy.queries_max)),
        ];
        t.args("web.health.budget", &args)
    };
    let choice = |permit: &&crate::health::Permit| Choice {
        value: permit.id.clone(),
        label: permit.id.clone(),
        selected: form.permit == Some(permit.id.as_str()),
    };
    let example = |(number, (key, _)): (u64, &(&str, &str))| {
        let link = ctx.to(&format!("{}/ask", set_path(set))).set("example", &number.to_string());
        Labelled::new(t.get(key), link.at("sql"))
    };
    let earlier = own.iter().take(EARLIER_MAX).map(|entry| {
        let released = entry.outcome.digest().is_some();
        let rest = if released { format!("/answers/{}", entry.number) } else { "/ask".to_owned() };
        let link = ctx.to(&format!("{}{rest}", set_path(set)));
        let link = if released { link } else { link.set("entry", &entry.number.to_string()) };
        entry_row(ctx, entry, Some(link.into()))
    });
    let page = AskPage {
        c: ctx
            .chrome(Tab::Health, t.get("web.health.ask"))
            .crumb(t.get("web.nav.health"), ctx.to("/health-data"))
            .crumb(t.side(&set.title), ctx.to(&set_path(set))),
        made_up: made_up(ctx, set),
        csrf: ctx.form_token(),
        action: below(ctx, set, "/ask"),
        permits: if held.len() > 1 { held.iter().map(choice).collect() } else { Vec::new() },
        permit: held.first().map_or_else(String::new, |permit| permit.id.clone()),
        sql: form.sql,
        faults: form.faults,
        checked: form.checked,
        examples: (1..).zip(&EXAMPLES).map(example).collect(),
        policy: words::policy(t, &described.policy),
        functions: FUNCTIONS.iter().map(function).collect(),
        budgets: held.iter().map(budget).collect(),
        earlier: earlier.collect(),
        set_href: below(ctx, set, ""),
    };
    ctx.page_with(status, &page)
}

/// A function as it is called.
fn function(listed: &shirube_query::Listed) -> String {
    let kind = |kind: &Kind| match kind {
        Kind::Int => "integer",
        Kind::Date => "date",
        Kind::Moment => "timestamp",
        Kind::Float => "number",
        _ => "text",
    };
    let arguments: Vec<&str> = listed.arguments.iter().map(kind).collect();
    format!("{}({})", listed.name, arguments.join(", "))
}

/// Refuses an entry that is not there or not for whoever asks, in the same words.
pub(super) fn no_entry(ctx: &Ctx, number: impl ToString) -> PageError {
    ctx.refuse(Refusal::new("web.not-found.entry").arg("entry", number))
}
