//! Health records: which there are, queries to them, and what was asked before.

mod answer;
mod ask;
mod ledger;
mod quality;
mod review;
pub(crate) mod words;

pub(crate) use answer::answer;
pub(crate) use ask::{ask, show};
pub(crate) use ledger::{entry, ledger, reproduce};
pub(crate) use quality::{check as check_quality, quality};
pub(crate) use review::{queue, show as show_review, take as take_review};

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::Path;
use axum::http::StatusCode;
use shirube_access::Action;
use shirube_model::refusal::Refusal;
use shirube_query::QueryError;
use shirube_records::Manifest;

use crate::health::access::{self, Detail};
use crate::health::{DataSet, Described, HealthData};
use crate::pages::edit;
use crate::request::{Ctx, Page, PageError, status_of};
use crate::view::frame::{FaultLine, Labelled, Tab};
use crate::view::health::{
    CoverageRow, Fact, ListPage, SetCard, SetPage, SourceRow, StaffPart, TableRow,
};

/// The health records of the server.
fn data(ctx: &Ctx) -> Result<&Arc<HealthData>, PageError> {
    ctx.state.health().ok_or_else(|| ctx.not_found())
}

fn failed(ctx: &Ctx, error: &QueryError) -> PageError {
    access::log(error);
    ctx.refuse(error.refusal().clone())
}

/// A data set by its id.
async fn find(ctx: &Ctx, id: String) -> Result<DataSet, PageError> {
    let found = data(ctx)?.load(move |data| Ok(data.set(&id)?)).await;
    found.map_err(|error| failed(ctx, &error))
}

async fn described(ctx: &Ctx, set: &DataSet) -> Result<Described, PageError> {
    let set = set.clone();
    let found = data(ctx)?.load(move |data| data.describe(&set)).await;
    found.map_err(|error| failed(ctx, &error))
}

fn set_path(set: &DataSet) -> String {
    format!("/health-data/{}", set.id)
}

/// An address below a data set's page.
fn below(ctx: &Ctx, set: &DataSet, rest: &str) -> String {
    ctx.to(&format!("{}{rest}", set_path(set))).into()
}

fn made_up(ctx: &Ctx, set: &DataSet) -> bool {
    set.made_up || ctx.state.demo()
}

/// The address of the page to ask, for whoever may.
fn ask_href(ctx: &Ctx, set: &DataSet) -> Option<String> {
    access::may_ask(&ctx.state, &ctx.who, set).then(|| below(ctx, set, "/ask"))
}

/// Lists the data sets.
pub(crate) async fn list(ctx: Ctx) -> Page {
    let mut sets = Vec::new();
    if let Some(data) = ctx.state.health() {
        let found = data.load(|data| Ok(data.sets()?)).await.map_err(|e| failed(&ctx, &e))?;
        for set in found.iter() {
            let resource = access::resource(set, &ctx.who);
            if ctx.state.allows(&ctx.who, Action::Read, &resource) {
                sets.push(card(&ctx, data, set).await);
            }
        }
    }
    let c = ctx.chrome(Tab::Health, ctx.t.get("web.health.title"));
    ctx.page(&ListPage { c, sets })
}

async fn card(ctx: &Ctx, data: &Arc<HealthData>, set: &DataSet) -> SetCard {
    let wanted = set.clone();
    let described = data.load(move |data| data.describe(&wanted)).await;
    let (facts, fault) = match described {
        Ok(described) => (public_facts(ctx, &described), None),
        Err(error) => {
            access::log(&error);
            (Vec::new(), Some(FaultLine::new(ctx.t.0, error.refusal())))
        }
    };
    SetCard {
        title: Labelled::new(ctx.t.side(&set.title), ctx.to(&set_path(set))),
        about: ctx.t.side(&set.about),
        made_up: made_up(ctx, set),
        facts,
        fault,
        ask: ask_href(ctx, set),
    }
}

/// What everybody may know: no number tells of one person more or less.
fn public_facts(ctx: &Ctx, described: &Described) -> Vec<Fact> {
    let t = ctx.t;
    let manifest = &described.snapshot.manifest;
    let persons = manifest.rows.get("person").copied().unwrap_or_default();
    let from = if manifest.mapping_sha256.is_some() {
        "web.health.from-fhir"
    } else {
        "web.health.from-omop"
    };
    [
        ("web.health.persons", words::band(t, persons)),
        ("web.health.source", t.get(from)),
        ("web.health.model", format!("OMOP CDM {}", manifest.cdm_version)),
        ("web.health.policy", t.side(&described.policy.rules.title)),
    ]
    .map(|(key, value)| (t.get(key), value))
    .into()
}

/// What is shown beside the data set itself.
#[derive(Default)]
struct Told {
    verified: Option<String>,
    faults: Vec<FaultLine>,
}

/// Shows one data set.
pub(crate) async fn data_set(ctx: Ctx, Path((_, id)): Path<(String, String)>) -> Page {
    let set = find(&ctx, id).await?;
    ctx.require(Action::Read, &access::resource(&set, &ctx.who))?;
    set_page(&ctx, StatusCode::OK, &set, Told::default()).await
}

/// Checks every file of the data set's snapshot and ledger.
pub(crate) async fn verify(ctx: Ctx, Path((_, id)): Path<(String, String)>, text: String) -> Page {
    edit::read(&ctx, &text)?;
    let set = find(&ctx, id).await?;
    ctx.require(Action::ReadInternal, &access::resource(&set, &ctx.who))?;
    match data(&ctx)?.verify(&set).await {
        Ok(entries) => {
            let said = ctx.t.with("web.health.verified", "entries", ctx.t.count(entries));
            let told = Told { verified: Some(said), ..Told::default() };
            set_page(&ctx, StatusCode::OK, &set, told).await
        }
        Err(error) => {
            access::log(&error);
            let faults = vec![FaultLine::new(ctx.t.0, error.refusal())];
            let told = Told { faults, ..Told::default() };
            set_page(&ctx, status_of(error.code()), &set, told).await
        }
    }
}

async fn set_page(ctx: &Ctx, status: StatusCode, set: &DataSet, told: Told) -> Page {
    let described = described(ctx, set).await?;
    let t = ctx.t;
    let detail = Detail::of(&ctx.state, &ctx.who, set);
    let manifest = &described.snapshot.manifest;
    let mut facts = public_facts(ctx, &described);
    if detail >= Detail::Asking {
        let open = data(ctx)?.is_open(set);
        let key = if open { "web.health.checked-yes" } else { "web.health.checked-no" };
        facts.push((t.get("web.health.snapshot"), described.snapshot.id.clone()));
        facts.push((t.get("web.health.checked"), t.get(key)));
        facts.push((t.get("web.health.shift"), shift(ctx, manifest.shift_days_max)));
    }
    if detail == Detail::Staff {
        let key = manifest.key_fingerprint.clone();
        facts.push((t.get("web.health.key"), key.unwrap_or_else(|| t.get("web.health.key-none"))));
    }
    let rows_note = match detail {
        Detail::Public => "web.health.rows-public",
        Detail::Asking => "web.health.rows-asking",
        Detail::Staff => "web.health.rows-staff",
    };
    let quality = (detail == Detail::Staff).then(|| below(ctx, set, "/quality"));
    let audits = ctx.state.allows(&ctx.who, Action::Audit, &access::resource(set, &ctx.who));
    let reviews = ctx.state.allows(&ctx.who, Action::Review, &access::resource(set, &ctx.who));
    let verify = (detail == Detail::Staff && ctx.session().is_some())
        .then(|| (ctx.form_token(), below(ctx, set, "/verify")));
    let page = SetPage {
        c: ctx
            .chrome(Tab::Health, t.side(&set.title))
            .crumb(t.get("web.nav.health"), ctx.to("/health-data")),
        about: t.side(&set.about),
        made_up: made_up(ctx, set),
        facts,
        ask: ask_href(ctx, set),
        ledger: audits.then(|| below(ctx, set, "/ledger")),
        reviews: reviews.then(|| below(ctx, set, "/reviews")),
        quality,
        verify,
        verified: told.verified,
        faults: told.faults,
        policy: words::policy(t, &described.policy),
        rows_shown: detail > Detail::Public,
        rows_note: t.get(rows_note),
        tables: tables(ctx, set, manifest, detail),
        coverage: (detail > Detail::Public).then(|| coverage(ctx, manifest, detail)),
        staff: (detail == Detail::Staff).then(|| staff(ctx, manifest)),
    };
    ctx.page_with(status, &page)
}

fn shift(ctx: &Ctx, days: u32) -> String {
    match days {
        0 => ctx.t.get("web.health.shift-none"),
        days => ctx.t.with("web.health.shift-days", "days", days),
    }
}

/// A count as far as somebody may know it.
fn counted(ctx: &Ctx, count: u64, detail: Detail) -> String {
    if detail == Detail::Staff { ctx.t.count(count) } else { words::band(ctx.t, count) }
}

fn tables(ctx: &Ctx, set: &DataSet, manifest: &Manifest, detail: Detail) -> Vec<TableRow> {
    let grant = set.grant();
    let offered = grant.tables().filter(|(name, _)| manifest.rows.contains_key(*name));
    let row = |(name, columns): (&str, Vec<&str>)| {
        let rows = manifest.rows.get(name).copied().unwrap_or_default();
        // A table without rows is of no use to anybody.
        (rows > 0).then(|| TableRow {
            name: name.to_owned(),
            rows: counted(ctx, rows, detail),
            columns: columns.into_iter().map(str::to_owned).collect(),
        })
    };
    offered.filter_map(row).collect()
}

fn coverage(ctx: &Ctx, manifest: &Manifest, detail: Detail) -> Vec<CoverageRow> {
    let row = |(column, unmapped): (&String, &u64)| {
        let table = column.split_once('.').map_or(column.as_str(), |(table, _)| table);
        let rows = manifest.rows.get(table).copied().unwrap_or_default().max(1);
        let percent = u128::from(*unmapped) * 100 / u128::from(rows);
        CoverageRow {
            column: column.clone(),
            unmapped: counted(ctx, *unmapped, detail),
            share: ctx.t.with("web.health.percent", "percent", percent),
        }
    };
    manifest.unmapped.iter().map(row).collect()
}

fn staff(ctx: &Ctx, manifest: &Manifest) -> StaffPart {
    let counts = |counts: &BTreeMap<String, u64>| {
        counts.iter().map(|(what, rows)| (what.clone(), ctx.t.count(*rows))).collect()
    };
    let source = |(number, file): (usize, &shirube_records::SourceFile)| SourceRow {
        number,
        name: file.name.clone().unwrap_or_else(|| ctx.t.dash()),
        bytes: ctx.t.count(file.bytes),
        sha256: file.sha256.clone(),
    };
    StaffPart {
        quarantined: counts(&manifest.quarantined),
        repeated: counts(&manifest.repeated),
        sources: (1..).zip(&manifest.sources).map(source).collect(),
    }
}

/// The number of an entry in an address.
fn number(ctx: &Ctx, text: &str) -> Result<u64, PageError> {
    let known = text.parse().ok();
    known.ok_or_else(|| ctx.refuse(Refusal::new("web.not-found.entry").arg("entry", text)))
}
