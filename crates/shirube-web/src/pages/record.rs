//! A record, its history, and two versions side by side.

use std::collections::BTreeMap;

use axum::extract::Path;
use serde_json::Value;
use shirube_access::Resource;
use shirube_model::calendar::japan_day;
use shirube_model::ident::RecordId;
use shirube_model::lang::LocalText;
use shirube_model::record::{RecordVersion, Standing};
use shirube_model::refusal::Refusal;
use shirube_model::registers;
use shirube_model::schema::{FieldSpec, FieldType, KindSchema};
use shirube_store::{Action, AsOf, Event};

use crate::link::Link;
use crate::pages::dashboard::indicator_link;
use crate::pages::edit::resource;
use crate::pages::proof::{record_link, titles};
use crate::pages::registers::standing_word;
use crate::request::{Ctx, Page, PageError};
use crate::show::{Shower, visible};
use crate::view::frame::{AsOfPicker, Labelled, Tab};
use crate::view::record::{DiffPage, DiffRow, EventRow, FieldRow, HistoryPage, RecordPage};

/// A record with its kind.
pub(crate) struct Known {
    pub id: RecordId,
    pub schema: &'static KindSchema,
}

/// Reads the id of an address.
pub(crate) fn known(ctx: &Ctx, text: &str) -> Result<Known, PageError> {
    let missing = || ctx.refuse(Refusal::new("web.not-found.record").arg("id", text));
    let id: RecordId = text.parse().map_err(|_| missing())?;
    let schema = registers::kind_by_prefix(id.prefix())
        .filter(|schema| ctx.state.knows_register(&ctx.who, schema))
        .ok_or_else(missing)?;
    Ok(Known { id, schema })
}

/// Every event of a record; none is the page that there is no such record.
pub(crate) async fn events(ctx: &Ctx, id: &RecordId) -> Result<Vec<Event>, PageError> {
    let events = ctx.state.store().history(id).await.map_err(|error| ctx.store_error(&error))?;
    if events.is_empty() {
        return Err(ctx.refuse(Refusal::new("web.not-found.record").arg("id", id)));
    }
    Ok(events)
}

/// What a record is called on its own page.
async fn name(ctx: &Ctx, known: &Known) -> Result<String, PageError> {
    let names = titles(ctx, std::iter::once(&known.id)).await?;
    let title = names.get(&known.id).map(|text| ctx.t.side(text));
    let title = title.filter(|title| title != known.id.as_str());
    Ok(title.unwrap_or_else(|| format!("{} {}", ctx.labels().kind(known.schema.kind), known.id)))
}

/// The version a page shows, and the one that stands on its day.
struct Chosen {
    shown: RecordVersion,
    /// `None` when the record came after the day.
    standing: Option<RecordVersion>,
}

/// Shows a record as it stands, stood on a day, or stood in a version.
pub(crate) async fn show(ctx: Ctx, Path((_, id)): Path<(String, String)>) -> Page {
    let known = known(&ctx, &id)?;
    let version = ctx.query.number("version", 0).map_err(|refusal| ctx.refuse(refusal))?;
    let standing = find(&ctx, &known.id, ctx.ledger()).await?;
    let shown = match &standing {
        _ if version > 0 => one_version(&ctx, &known, version).await?,
        Some(record) => record.clone(),
        None => latest(&ctx, &known).await?,
    };
    let page = record_page(&ctx, &known, &Chosen { shown, standing }).await?;
    ctx.page(&page)
}

async fn one_version(ctx: &Ctx, known: &Known, version: u64) -> Result<RecordVersion, PageError> {
    let events = events(ctx, &known.id).await?;
    let event = events.iter().find(|event| u64::from(event.version) == version);
    let missing =
        || Refusal::new("web.not-found.version").arg("id", &known.id).arg("version", version);
    Ok(event.ok_or_else(|| ctx.refuse(missing()))?.record_version())
}

/// The record as it stands now, unless the reader asked for a day before it.
async fn latest(ctx: &Ctx, known: &Known) -> Result<RecordVersion, PageError> {
    let found = find(ctx, &known.id, AsOf::Now).await?;
    match found {
        Some(_) if ctx.as_of.given => Err(ctx.refuse(
            Refusal::new("web.not-found.record-on-day")
                .arg("id", &known.id)
                .arg("day", ctx.t.day(ctx.as_of.day)),
        )),
        Some(record) => Ok(record),
        None => Err(ctx.refuse(Refusal::new("web.not-found.record").arg("id", &known.id))),
    }
}

/// What to say when the version shown is not the one that stands on the day.
fn other_version(ctx: &Ctx, chosen: &Chosen) -> Option<String> {
    let shown = ("version", chosen.shown.version.to_string());
    match &chosen.standing {
        None => Some(ctx.t.args("web.record.later", &[shown, ("day", ctx.t.day(ctx.as_of.day))])),
        Some(standing) if standing.version != chosen.shown.version => {
            let current = ("current", standing.version.to_string());
            Some(ctx.t.args("web.record.older", &[shown, current]))
        }
        Some(_) => None,
    }
}

/// Way to the day on which a version was recorded, when it is later than the
/// day shown: what counts is seen there.
fn on_its_day(ctx: &Ctx, rest: &str, record: &RecordVersion) -> Option<Labelled> {
    let day = japan_day(record.recorded_at);
    if day <= ctx.as_of.day {
        return None;
    }
    let link = Link::to(format!("/{}{rest}", ctx.t.0.tag())).set("as_of", &day.to_string());
    Some(Labelled::new(ctx.t.with("web.record.on-its-day", "day", ctx.t.day(day)), link))
}

async fn find(ctx: &Ctx, id: &RecordId, as_of: AsOf) -> Result<Option<RecordVersion>, PageError> {
    ctx.state.store().get(id, as_of).await.map_err(|error| ctx.store_error(&error))
}

async fn record_page(ctx: &Ctx, known: &Known, chosen: &Chosen) -> Result<RecordPage, PageError> {
    let record = &chosen.shown;
    let (t, labels, schema) = (ctx.t, ctx.labels(), known.schema);
    let counted = ctx
        .state
        .engine()
        .counted_by(&known.id, ctx.as_of.day)
        .await
        .map_err(|refusal| ctx.refuse(refusal))?;
    let pack = ctx.state.pack();
    let counted_by = counted.iter().filter_map(|id| {
        let indicator = pack.indicator(id)?;
        let label = format!("{id} {}", t.side(&indicator.name));
        Some(Labelled::new(label, indicator_link(ctx, id).at("proof")))
    });
    let rest = format!("/records/{}", known.id);
    let first = events(ctx, &known.id).await?;
    let first = first.first().map(|event| japan_day(event.recorded_at));
    let own = |tail: &str| ctx.to(&format!("{rest}{tail}"));
    let before = record.version.checked_sub(1).filter(|version| *version > 0);
    let standing = match record.standing {
        Standing::Active => None,
        other => Some(t.get(&format!("web.record.is-{}", other.code()))),
    };
    Ok(RecordPage {
        c: ctx
            .chrome(Tab::Registers, name(ctx, known).await?)
            .crumb(t.get("web.nav.registers"), ctx.to("/registers"))
            .crumb(labels.kind(schema.kind), ctx.to(&format!("/registers/{}", schema.kind))),
        id: known.id.to_string(),
        kind: labels.kind(schema.kind),
        kind_href: ctx.to(&format!("/registers/{}", schema.kind)).into(),
        picker: AsOfPicker::since(ctx, &rest, &[], first),
        older: other_version(ctx, chosen),
        on_its_day: on_its_day(ctx, &rest, record),
        standing_notice: standing,
        instead: record
            .duplicate_of
            .as_ref()
            .map(|other| Labelled::new(other.as_str(), record_link(ctx, other))),
        facts: facts(ctx, schema, record),
        fields: fields(ctx, schema, record).await?,
        counted_by: counted_by.collect(),
        count_day: t.with("web.record.count-day", "day", t.day(ctx.as_of.day)),
        history_href: own("/history").into(),
        diff_href: before.map(|a| {
            let link = own("/diff").set("a", &a.to_string());
            String::from(link.set("b", &record.version.to_string()))
        }),
        edit_href: may_edit(ctx, &resource(record, schema)).then(|| {
            let page = Link::to(format!("/{}{rest}/edit", t.0.tag()));
            String::from(page)
        }),
        json_href: Link::to(format!("/api/v1{rest}"))
            .set("as_of", &ctx.as_of.iso_if_given())
            .into(),
    })
}

/// Whether to offer the form: to whoever may use it, and to those who may after
/// signing in.
fn may_edit(ctx: &Ctx, of: &Resource) -> bool {
    let unknown = ctx.who.account().is_none() && ctx.state.accounts().is_some();
    unknown || ctx.state.allows(&ctx.who, shirube_access::Action::Edit, of)
}

fn facts(ctx: &Ctx, schema: &KindSchema, record: &RecordVersion) -> Vec<(String, String)> {
    let t = ctx.t;
    [
        ("web.col.state", ctx.labels().state(schema.kind, &record.state)),
        ("web.col.standing", standing_word(ctx, record.standing)),
        ("web.col.version", record.version.to_string()),
        ("web.col.recorded", t.time(record.recorded_at)),
        ("web.history.position", t.count(record.seq)),
    ]
    .into_iter()
    .map(|(key, value)| (t.get(key), value))
    .collect()
}

/// Ids of the records that fields of a record name.
pub(crate) fn named<'f>(
    fields: impl Iterator<Item = &'f FieldSpec>,
    record: &RecordVersion,
) -> Vec<RecordId> {
    let mut ids = Vec::new();
    for field in fields.filter(|field| matches!(field.ty, FieldType::Ref(_))) {
        let mut push = |value: &Value| ids.extend(value.as_str().and_then(|id| id.parse().ok()));
        match record.body.get(field.name) {
            Some(Value::Array(items)) => items.iter().for_each(&mut push),
            Some(value) => push(value),
            None => {}
        }
    }
    ids
}

async fn fields(
    ctx: &Ctx,
    schema: &KindSchema,
    record: &RecordVersion,
) -> Result<Vec<FieldRow>, PageError> {
    let ids = named(schema.fields.iter(), record);
    let names = titles(ctx, ids.iter()).await?;
    let carry = ctx.carry();
    let shower = Shower { t: ctx.t, labels: ctx.labels(), carry: &carry, brief: false };
    let audience = ctx.audience_of(&resource(record, schema));
    let row = |field: &'static FieldSpec| {
        let hidden = !visible(field, audience);
        let mut values =
            if hidden { Vec::new() } else { shower.values(field, record.body.get(field.name)) };
        for value in &mut values {
            name_reference(ctx, value, &names);
        }
        FieldRow {
            name: field.name,
            label: ctx.labels().field(schema.kind, field.name),
            values,
            hidden,
        }
    };
    Ok(schema.fields.iter().map(row).collect())
}

/// Shows a reference by the name of the record, with its id beside it.
pub(crate) fn name_reference(
    ctx: &Ctx,
    value: &mut crate::show::Shown,
    names: &BTreeMap<RecordId, LocalText>,
) {
    let Ok(id) = value.text.parse::<RecordId>() else { return };
    if let Some(name) = names.get(&id).filter(|name| name.ja != id.as_str()) {
        value.code.clone_from(&value.text);
        value.text = ctx.t.side(name);
    }
}

/// Word for what an event did.
fn action_word(ctx: &Ctx, kind: &str, action: &Action) -> String {
    match action {
        Action::Transition(step) => ctx.labels().step(kind, step),
        other => ctx.t.get(&format!("web.action.{}", other.code())),
    }
}

/// Shows every event of a record.
pub(crate) async fn history(ctx: Ctx, Path((_, id)): Path<(String, String)>) -> Page {
    let known = known(&ctx, &id)?;
    let events = events(&ctx, &known.id).await?;
    let (t, labels, kind) = (ctx.t, ctx.labels(), known.schema.kind);
    let rest = format!("/records/{}", known.id);
    let base = ctx.to(&rest);
    let row = |event: &Event| EventRow {
        version: event.version,
        version_href: Link::to(format!("/{}{rest}", t.0.tag()))
            .set("version", &event.version.to_string())
            .into(),
        time: t.time(event.recorded_at),
        action: action_word(&ctx, kind, &event.action),
        state: labels.state(kind, &event.state),
        standing: standing_word(&ctx, event.standing),
        actor: event.actor.clone(),
        reason: event.reason.clone(),
        seq: t.count(event.seq),
        hash: hex::encode(event.hash),
        prev_hash: hex::encode(event.prev_hash),
        diff_href: (event.version > 1).then(|| {
            let link = ctx.to(&format!("{rest}/diff"));
            let link = link.set("a", &(event.version - 1).to_string());
            String::from(link.set("b", &event.version.to_string()))
        }),
    };
    let source = events.first().and_then(|event| event.source.as_ref()).map(|source| {
        t.args(
            "web.history.source",
            &[("system", source.system.clone()), ("key", source.key.clone())],
        )
    });
    let page = HistoryPage {
        c: ctx
            .chrome(Tab::Registers, t.get("web.history.title"))
            .crumb(t.get("web.nav.registers"), ctx.to("/registers"))
            .crumb(labels.kind(kind), ctx.to(&format!("/registers/{kind}")))
            .crumb(name(&ctx, &known).await?, base),
        id: known.id.to_string(),
        source,
        diff_action: format!("/{}{rest}/diff", t.0.tag()),
        versions: events.iter().map(|event| event.version).collect(),
        last: events.last().map_or(0, |event| event.version),
        events: events.iter().map(row).collect(),
    };
    ctx.page(&page)
}

/// Shows two versions side by side.
pub(crate) async fn diff(ctx: Ctx, Path((_, id)): Path<(String, String)>) -> Page {
    let known = known(&ctx, &id)?;
    let events = events(&ctx, &known.id).await?;
    let last = events.last().map_or(1, |event| u64::from(event.version));
    let version = |name, default| {
        let number = ctx.query.number(name, default).map_err(|refusal| ctx.refuse(refusal))?;
        events.iter().find(|event| u64::from(event.version) == number).ok_or_else(|| {
            ctx.refuse(
                Refusal::new("web.not-found.version").arg("id", &known.id).arg("version", number),
            )
        })
    };
    let left = version("a", last.saturating_sub(1).max(1))?;
    let right = version("b", last)?;
    let (t, labels, kind) = (ctx.t, ctx.labels(), known.schema.kind);
    let rows = diff_rows(&ctx, known.schema, &left.record_version(), &right.record_version());
    let changed = rows.iter().filter(|row| row.changed).count();
    let heading = |event: &Event| {
        t.args(
            "web.diff.version",
            &[("version", event.version.to_string()), ("time", t.time(event.recorded_at))],
        )
    };
    let base = format!("/records/{}", known.id);
    let page = DiffPage {
        c: ctx
            .chrome(Tab::Registers, t.get("web.diff.title"))
            .crumb(t.get("web.nav.registers"), ctx.to("/registers"))
            .crumb(labels.kind(kind), ctx.to(&format!("/registers/{kind}")))
            .crumb(name(&ctx, &known).await?, ctx.to(&base)),
        id: known.id.to_string(),
        left: heading(left),
        right: heading(right),
        changed: t.with("web.diff.count", "count", changed),
        rows,
        history_href: ctx.to(&format!("{base}/history")).into(),
    };
    ctx.page(&page)
}

/// State, standing and every field of two versions.
pub(crate) fn diff_rows(
    ctx: &Ctx,
    schema: &KindSchema,
    left: &RecordVersion,
    right: &RecordVersion,
) -> Vec<DiffRow> {
    let labels = ctx.labels();
    let shower = Shower { t: ctx.t, labels, carry: "", brief: false };
    let plain = |key: &str, left: String, right: String| DiffRow {
        label: ctx.t.get(key),
        changed: left != right,
        left,
        right,
        hidden: false,
    };
    let mut rows = vec![
        plain(
            "web.col.state",
            labels.state(schema.kind, &left.state),
            labels.state(schema.kind, &right.state),
        ),
        plain(
            "web.col.standing",
            standing_word(ctx, left.standing),
            standing_word(ctx, right.standing),
        ),
    ];
    // Whoever may read both versions; an organisation may have handed it over.
    let audiences = [left, right].map(|record| ctx.audience_of(&resource(record, schema)));
    rows.extend(schema.fields.iter().map(|field| {
        let hidden = audiences.iter().any(|audience| !visible(field, *audience));
        let (a, b) = (left.body.get(field.name), right.body.get(field.name));
        let line = |value| if hidden { String::new() } else { shower.full_line(field, value) };
        DiffRow {
            label: labels.field(schema.kind, field.name),
            left: line(a),
            right: line(b),
            // Whether a field that is not public changed is not public either.
            changed: !hidden && a != b,
            hidden,
        }
    }));
    rows
}
