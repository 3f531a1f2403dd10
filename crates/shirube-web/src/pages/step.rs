//! Steps of a record: the form that asks for what a step needs, and taking it.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde_json::Value;
use shirube_access::Action;
use shirube_model::record::{Body, RecordVersion};
use shirube_model::refusal::Refusal;
use shirube_model::schema::{FieldSpec, FieldType};
use shirube_store::{AppendError, AsOf, Draft};

use crate::form;
use crate::pages::edit::{actor, base_version, current, own_work, read, resource, to_record};
use crate::pages::record::{Known, known};
use crate::query::Query;
use crate::request::{Ctx, Page};
use crate::steps::{self, Asked};
use crate::view::edit::EditPage;
use crate::view::frame::{FaultLine, Tab};

/// What every kind has, beside the steps of its own.
fn action_of(step: &str) -> Action<'_> {
    match step {
        "withdraw" => Action::Withdraw,
        "restore" => Action::Restore,
        "mark_duplicate" => Action::MarkDuplicate,
        name => Action::Step(name),
    }
}

/// Shows the form of one step.
pub(crate) async fn show(ctx: Ctx, Path((_, id)): Path<(String, String)>) -> Page {
    let known = known(&ctx, &id)?;
    let record = current(&ctx, &known).await?;
    let step = ctx.query.get("step").unwrap_or_default().to_owned();
    if !known.schema.transitions.iter().any(|one| one.name == step) {
        let refusal = Refusal::new("web.query.unknown-value").arg("name", "step");
        return Err(ctx.refuse(refusal.arg("value", step)));
    }
    let asked = action_of(&step);
    ctx.require_as(asked, &resource(&record, known.schema), own_work(&ctx.who, &record))?;
    let form = filled(&ctx, &known, &record, &step);
    page(&ctx, StatusCode::OK, &known, (&step, record.version), (&form, &[]))
}

/// What the form of a step begins with: what the record says, and for what it
/// leaves open the day of today and whoever asks.
fn filled(ctx: &Ctx, known: &Known, record: &RecordVersion, step: &str) -> Query {
    let mut body = record.body.clone();
    for field in steps::asks(known.schema, step) {
        if body.contains_key(field.name) {
            continue;
        }
        if let Some(value) = proposed(ctx, field) {
            body.insert(field.name.to_owned(), value);
        }
    }
    form::filled(known.schema, &body)
}

fn proposed(ctx: &Ctx, field: &FieldSpec) -> Option<Value> {
    match field.ty {
        FieldType::Date if field.name.ends_with("_on") && !field.name.ends_with("due_on") => {
            Some(Value::String(ctx.state.engine().latest_day().to_string()))
        }
        FieldType::Text if field.name.ends_with("_by") => Some(Value::String(actor(ctx))),
        _ => None,
    }
}

fn page(
    ctx: &Ctx,
    status: StatusCode,
    known: &Known,
    (step, version): (&str, u32),
    (form, refusals): (&Query, &[Refusal]),
) -> Page {
    let (t, schema) = (ctx.t, known.schema);
    let asks = steps::asks(schema, step);
    let names: Vec<&str> = asks.iter().map(|field| field.name).collect();
    let mut fields = form::fields(ctx, schema, form, refusals);
    fields.retain(|field| names.contains(&field.code));
    for field in &mut fields {
        field.required = field.code != "contributions_due_on";
    }
    let at_field = |refusal: &&Refusal| {
        refusal.place.field.as_deref().is_none_or(|name| !names.contains(&name))
    };
    let kind = ctx.labels().kind(schema.kind);
    let own = format!("/{}/records/{}", t.0.tag(), known.id);
    let page = EditPage {
        c: ctx
            .chrome(Tab::Registers, ctx.labels().step(schema.kind, step))
            .crumb(t.get("web.nav.registers"), ctx.to("/registers"))
            .crumb(kind.clone(), ctx.to(&format!("/registers/{}", schema.kind)))
            .crumb(known.id.to_string(), ctx.to(&format!("/records/{}", known.id))),
        id: known.id.to_string(),
        lead: t.with("web.step.lead", "register", kind),
        action: format!("{own}/step"),
        csrf: ctx.form_token(),
        base_version: version,
        hidden: vec![("step", step.to_owned())],
        faults: refusals.iter().filter(at_field).map(|one| FaultLine::new(t.0, one)).collect(),
        conflict: None,
        fields,
        actor: actor(ctx),
        reason: form.get("reason").unwrap_or_default().to_owned(),
        steps: Vec::new(),
        step_action: String::new(),
        send: ctx.labels().step(schema.kind, step),
        cancel: own,
    };
    ctx.page_with(status, &page)
}

/// Takes a step of the kind, withdraws, restores or marks as a duplicate.
pub(crate) async fn take(ctx: Ctx, Path((_, id)): Path<(String, String)>, text: String) -> Page {
    let known = known(&ctx, &id)?;
    let form = read(&ctx, &text)?;
    let base_version = base_version(&ctx, &form)?;
    let record = current(&ctx, &known).await?;
    let name = form.get("step").unwrap_or_default();
    let asked = action_of(name);
    ctx.require_as(asked, &resource(&record, known.schema), own_work(&ctx.who, &record))?;
    let done = match asked {
        Action::Step(name) => {
            let asks = steps::asks(known.schema, name);
            let given = form::body(known.schema, &form);
            let open = |field: &&FieldSpec| {
                !form.has(&format!("f.{}", field.name)) && !record.body.contains_key(field.name)
            };
            // Chosen on the page of the record, which does not ask for them.
            if asks.iter().any(open) {
                let mut begun = filled(&ctx, &known, &record, name);
                begun.push("reason", form.get("reason").unwrap_or_default().to_owned());
                let seen = (name, base_version);
                return page(&ctx, StatusCode::OK, &known, seen, (&begun, &[]));
            }
            let fields: Body = given
                .into_iter()
                .filter(|(name, _)| asks.iter().any(|field| field.name == name))
                .collect();
            let wrong = crate::codes::check(ctx.state.pack(), known.schema, &fields);
            if !wrong.is_empty() {
                let seen = (name, base_version);
                return page(&ctx, StatusCode::BAD_REQUEST, &known, seen, (&form, &wrong));
            }
            let (actor, reason) = (actor(&ctx), form.get("reason").unwrap_or_default());
            let schema = known.schema;
            let record = &record;
            let step =
                Asked { schema, record, base_version, step: name, fields, actor: &actor, reason };
            steps::take(&ctx.state, step).await
        }
        _ => general(&ctx, &known, name, base_version, &form).await?,
    };
    match done {
        Ok(()) => {
            let now = ctx.state.store().get(&known.id, AsOf::Now).await;
            let now = now.map_err(|error| ctx.store_error(&error))?;
            Ok(to_record(&ctx, &known, now.map(|record| record.version)).into_response())
        }
        Err(AppendError::Refused { refusals, .. }) if matches!(asked, Action::Step(_)) => {
            page(&ctx, StatusCode::BAD_REQUEST, &known, (name, base_version), (&form, &refusals))
        }
        Err(error) => {
            crate::request::log_append_error(&error);
            let refusals = error.refusals();
            let code = refusals.first().map_or("", |refusal| refusal.code);
            Err(ctx.refuse_all(crate::request::status_of(code), &refusals))
        }
    }
}

/// Steps that every kind has.
async fn general(
    ctx: &Ctx,
    known: &Known,
    name: &str,
    base_version: u32,
    form: &Query,
) -> Result<Result<(), AppendError>, crate::request::PageError> {
    let id = known.id.clone();
    let draft = match name {
        "withdraw" => Draft::withdraw(id, base_version),
        "restore" => Draft::restore(id, base_version),
        _ => {
            let original = form.get("original").unwrap_or_default();
            let original = original.parse().map_err(|refusal| ctx.refuse(refusal))?;
            Draft::mark_duplicate(id, base_version, original)
        }
    };
    let reason = form.get("reason").unwrap_or_default();
    Ok(ctx.state.store().append(vec![draft], &actor(ctx), reason).await.map(drop))
}
