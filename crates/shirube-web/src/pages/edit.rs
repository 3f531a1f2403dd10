//! Changing records: the form, and what happens when two people edit at once.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect};
use shirube_access::{Action, Resource, record_resource};
use shirube_model::record::{Body, RecordVersion, Standing};
use shirube_model::refusal::Refusal;
use shirube_model::schema::KindSchema;
use shirube_store::{AppendError, AsOf, Draft, Event, StaleEdit};

use crate::form;
use crate::link::Link;
use crate::pages::record::{Known, events, known};
use crate::pages::registers::find;
use crate::pages::sign_in::honest;
use crate::query::Query;
use crate::request::{Ctx, Page, PageError, log_append_error};
use crate::session::Who;
use crate::show::Shower;
use crate::view::dashboard::Choice;
use crate::view::edit::{Conflict, ConflictRow, EditPage};
use crate::view::frame::{FaultLine, Tab};

/// A record as something to decide about.
pub(crate) fn resource(record: &RecordVersion, schema: &KindSchema) -> Resource {
    let at = (record.state.as_str(), record.standing);
    record_resource(schema, record.id.as_str(), at, &record.body)
}

/// Whether whoever asks handed in what is to be judged.
pub(crate) fn own_work(who: &Who, record: &RecordVersion) -> bool {
    let by = record.body.get("submitted_by").and_then(serde_json::Value::as_str);
    by.is_some() && by == who.account().map(|account| account.name.as_str())
}

/// A record of a kind as it is about to become: of the organisations that its
/// fields name, so that nobody makes or moves one out of their own reach.
fn draft_resource(schema: &KindSchema, id: &str, body: &Body) -> Resource {
    record_resource(schema, id, (schema.initial_state(), Standing::Active), body)
}

/// A record of some organisation of whoever asks, before its fields are known.
pub(crate) fn own_draft(ctx: &Ctx, schema: &KindSchema) -> Resource {
    Resource::Record(shirube_access::RecordResource {
        kind: schema.kind.to_owned(),
        state: schema.initial_state().to_owned(),
        standing: Standing::Active.code().to_owned(),
        organisations: ctx.who.principal.organisations(),
        closed: schema.closed,
        ..shirube_access::RecordResource::default()
    })
}

/// Who the ledger names: the account, by its sign-in name.
pub(crate) fn actor(ctx: &Ctx) -> String {
    ctx.who.account().map_or_else(String::new, |account| account.name.clone())
}

/// What a form is about.
struct Subject<'a> {
    schema: &'static KindSchema,
    /// The record, unless it is a new one.
    record: Option<&'a RecordVersion>,
}

/// A form to show.
struct Filled<'a> {
    form: &'a Query,
    refusals: &'a [Refusal],
    conflict: Option<Conflict>,
    base_version: u32,
}

fn show_form(ctx: &Ctx, status: StatusCode, subject: &Subject<'_>, filled: Filled<'_>) -> Page {
    let (t, schema) = (ctx.t, subject.schema);
    let tag = t.0.tag();
    let (rest, title, lead) = match subject.record {
        Some(record) => (format!("/records/{}", record.id), "web.edit.title", "web.edit.lead"),
        None => (format!("/registers/{}", schema.kind), "web.edit.new", "web.edit.new-lead"),
    };
    let own_field = |refusal: &&Refusal| {
        refusal.place.field.as_deref().is_none_or(|name| schema.field(name).is_none())
    };
    let said = |name: &str| filled.form.get(name).unwrap_or_default().to_owned();
    let end = if subject.record.is_some() { "edit" } else { "new" };
    let page = EditPage {
        c: ctx
            .chrome(Tab::Registers, t.get(title))
            .crumb(t.get("web.nav.registers"), ctx.to("/registers"))
            .crumb(ctx.labels().kind(schema.kind), ctx.to(&format!("/registers/{}", schema.kind))),
        id: subject.record.map_or_else(String::new, |record| record.id.to_string()),
        lead: t.with(lead, "register", ctx.labels().kind(schema.kind)),
        action: format!("/{tag}{rest}/{end}"),
        csrf: ctx.form_token(),
        base_version: filled.base_version,
        hidden: Vec::new(),
        faults: filled
            .refusals
            .iter()
            .filter(own_field)
            .map(|refusal| FaultLine::new(t.0, refusal))
            .collect(),
        conflict: filled.conflict,
        fields: form::fields(ctx, schema, filled.form, filled.refusals),
        actor: actor(ctx),
        reason: said("reason"),
        steps: subject.record.map_or_else(Vec::new, |record| steps(ctx, schema, record)),
        step_action: format!("/{tag}{rest}/step"),
        send: t.get("web.edit.save"),
        cancel: format!("/{tag}{rest}"),
    };
    ctx.page_with(status, &page)
}

/// Steps a record may take from where it stands.
fn steps(ctx: &Ctx, schema: &KindSchema, record: &RecordVersion) -> Vec<Choice> {
    let choice =
        |value: &str, label: String| Choice { value: value.to_owned(), label, selected: false };
    let plain = |code: &str| choice(code, ctx.t.get(&format!("web.action.{code}")));
    let of = resource(record, schema);
    let may = |action: Action<'_>| {
        let own_work = own_work(&ctx.who, record);
        ctx.state.allows_as(&ctx.who, action, &of, own_work)
    };
    if record.standing != Standing::Active {
        return if may(Action::Restore) { vec![plain("restore")] } else { Vec::new() };
    }
    let own = schema
        .transitions
        .iter()
        .filter(|step| step.from.contains(&record.state.as_str()))
        .filter(|step| may(Action::Step(step.name)))
        .map(|step| choice(step.name, ctx.labels().step(schema.kind, step.name)));
    let general = [(Action::Withdraw, "withdraw"), (Action::MarkDuplicate, "mark_duplicate")];
    let general = general.into_iter().filter(|(action, _)| may(*action));
    own.chain(general.map(|(_, code)| plain(code))).collect()
}

pub(crate) async fn current(ctx: &Ctx, known: &Known) -> Result<RecordVersion, PageError> {
    let found = ctx.state.store().get(&known.id, AsOf::Now).await;
    found
        .map_err(|error| ctx.store_error(&error))?
        .ok_or_else(|| ctx.refuse(Refusal::new("web.not-found.record").arg("id", &known.id)))
}

/// Shows the form of a record.
pub(crate) async fn show(ctx: Ctx, Path((_, id)): Path<(String, String)>) -> Page {
    let known = known(&ctx, &id)?;
    let record = current(&ctx, &known).await?;
    ctx.require(Action::Edit, &resource(&record, known.schema))?;
    let filled = Filled {
        form: &form::filled(known.schema, &record.body),
        refusals: &[],
        conflict: None,
        base_version: record.version,
    };
    let subject = Subject { schema: known.schema, record: Some(&record) };
    show_form(&ctx, StatusCode::OK, &subject, filled)
}

/// Shows the form of a new record.
pub(crate) async fn show_new(ctx: Ctx, Path((_, kind)): Path<(String, String)>) -> Page {
    let schema = find(&ctx, &kind)?;
    ctx.require(Action::Create, &own_draft(&ctx, schema))?;
    // A link from another page may fill in what it knows.
    let filled = Filled { form: &ctx.query, refusals: &[], conflict: None, base_version: 0 };
    show_form(&ctx, StatusCode::OK, &Subject { schema, record: None }, filled)
}

pub(crate) fn read(ctx: &Ctx, body: &str) -> Result<Query, PageError> {
    let form = Query::read_form(body).map_err(|refusal| ctx.refuse(refusal))?;
    honest(ctx, &form)?;
    Ok(form)
}

/// Rules of the kind and codes of the pack, which the store does not know.
fn refusals_of(ctx: &Ctx, schema: &KindSchema, body: &Body) -> Vec<Refusal> {
    let mut refusals = (schema.check)(body).err().unwrap_or_default();
    refusals.extend(crate::codes::check(ctx.state.pack(), schema, body));
    refusals
}

pub(crate) fn base_version(ctx: &Ctx, form: &Query) -> Result<u32, PageError> {
    let number = form.number("base_version", 0).map_err(|refusal| ctx.refuse(refusal))?;
    Ok(u32::try_from(number).unwrap_or_default())
}

/// Corrects a record.
pub(crate) async fn save(ctx: Ctx, Path((_, id)): Path<(String, String)>, text: String) -> Page {
    let known = known(&ctx, &id)?;
    let form = read(&ctx, &text)?;
    let base_version = base_version(&ctx, &form)?;
    let record = current(&ctx, &known).await?;
    let subject = Subject { schema: known.schema, record: Some(&record) };
    let body = form::body(known.schema, &form);
    ctx.require(Action::Edit, &resource(&record, known.schema))?;
    ctx.require(Action::Edit, &draft_resource(known.schema, known.id.as_str(), &body))?;
    let refusals = refusals_of(&ctx, known.schema, &body);
    if !refusals.is_empty() {
        let filled = Filled { form: &form, refusals: &refusals, conflict: None, base_version };
        return show_form(&ctx, StatusCode::BAD_REQUEST, &subject, filled);
    }
    let draft = Draft::correct(known.id.clone(), base_version, body);
    match append(&ctx, draft, &form).await {
        Ok(event) => {
            let version = event.map(|event| event.version);
            Ok(to_record(&ctx, &known, version).into_response())
        }
        Err(AppendError::Stale(stale)) => {
            let filled = Filled {
                form: &form,
                refusals: &[],
                conflict: Some(conflict(&ctx, &known, &stale).await?),
                base_version: stale.current.version,
            };
            let subject = Subject { schema: known.schema, record: Some(&stale.current) };
            show_form(&ctx, StatusCode::CONFLICT, &subject, filled)
        }
        Err(error) => failed(&ctx, &subject, &form, base_version, &error),
    }
}

/// Enters a new record.
pub(crate) async fn create(
    ctx: Ctx,
    Path((_, kind)): Path<(String, String)>,
    text: String,
) -> Page {
    let schema = find(&ctx, &kind)?;
    let form = read(&ctx, &text)?;
    let subject = Subject { schema, record: None };
    let body = form::body(schema, &form);
    ctx.require(Action::Create, &draft_resource(schema, "", &body))?;
    let refusals = refusals_of(&ctx, schema, &body);
    if !refusals.is_empty() {
        let filled = Filled { form: &form, refusals: &refusals, conflict: None, base_version: 0 };
        return show_form(&ctx, StatusCode::BAD_REQUEST, &subject, filled);
    }
    let said = |name: &str| form.get(name).unwrap_or_default().to_owned();
    let draft = Draft::new_record(schema.kind, None, body);
    let done = ctx.state.store().append(vec![draft], &actor(&ctx), &said("reason")).await;
    match done {
        Ok(events) => {
            let id = events.first().map(|event| event.record.to_string()).unwrap_or_default();
            Ok(Redirect::to(&format!("/{}/records/{id}", ctx.t.0.tag())).into_response())
        }
        Err(error) => failed(&ctx, &subject, &form, 0, &error),
    }
}

async fn append(ctx: &Ctx, draft: Draft, form: &Query) -> Result<Option<Event>, AppendError> {
    let said = |name: &str| form.get(name).unwrap_or_default();
    let events = ctx.state.store().append(vec![draft], &actor(ctx), said("reason")).await?;
    Ok(events.into_iter().next())
}

fn failed(
    ctx: &Ctx,
    subject: &Subject<'_>,
    form: &Query,
    base_version: u32,
    error: &AppendError,
) -> Page {
    log_append_error(error);
    if let AppendError::Fault(fault) = error {
        return Err(ctx.refuse(fault.refusal.clone()));
    }
    let refusals = error.refusals();
    let filled = Filled { form, refusals: &refusals, conflict: None, base_version };
    show_form(ctx, StatusCode::BAD_REQUEST, subject, filled)
}

/// Leads to what was written, which in a demo may lie after the day shown.
pub(crate) fn to_record(ctx: &Ctx, known: &Known, version: Option<u32>) -> Redirect {
    let page = Link::to(format!("/{}/records/{}", ctx.t.0.tag(), known.id));
    let version = version.filter(|_| ctx.state.demo()).map(|version| version.to_string());
    Redirect::to(&String::from(page.set("version", version.as_deref().unwrap_or_default())))
}

/// The version the editor began with, the record as it stands, and what the
/// editor wants, field by field.
async fn conflict(ctx: &Ctx, known: &Known, stale: &StaleEdit) -> Result<Conflict, PageError> {
    let events = events(ctx, &known.id).await?;
    let empty = Body::new();
    let base = events.iter().find(|event| event.version == stale.base_version);
    let base = base.map_or(&empty, |event| &event.body);
    let mine = stale.mine.as_ref().unwrap_or(&empty);
    let (t, labels) = (ctx.t, ctx.labels());
    let shower = Shower { t, labels, carry: "", brief: false };
    let rows = known.schema.fields.iter().map(|field| {
        let (a, b, c) =
            (base.get(field.name), stale.current.body.get(field.name), mine.get(field.name));
        let (theirs, ours) = (a != b, a != c);
        let clash = theirs && ours && b != c;
        let remark = match (theirs, ours) {
            (false, false) => "web.conflict.unchanged",
            (true, false) => "web.conflict.theirs",
            (false, true) => "web.conflict.yours",
            (true, true) if clash => "web.conflict.both",
            (true, true) => "web.conflict.same",
        };
        ConflictRow {
            label: labels.field(known.schema.kind, field.name),
            base: shower.full_line(field, a),
            current: shower.full_line(field, b),
            mine: shower.full_line(field, c),
            remark: t.get(remark),
            // What the other side changed would be undone by saving mine as it is.
            clash: theirs && b != c,
        }
    });
    Ok(Conflict {
        base: t.with("web.conflict.base", "version", stale.base_version),
        current: t.with("web.conflict.current", "version", stale.current.version),
        rows: rows.collect(),
    })
}
