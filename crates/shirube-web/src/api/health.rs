//! Health records over the API.

use std::collections::BTreeMap;

use axum::body::Bytes;
use axum::extract::Path;
use serde::{Deserialize, Serialize};
use shirube_access::Action;
use shirube_model::refusal::Refusal;
use shirube_query::{Entry, Field, Outcome, QueryError, Released};
use std::sync::Arc;
use utoipa::ToSchema;

use super::answer::{Answer, ApiCtx, ApiResult, Both, Problem, ProblemBody};
use crate::health::access::{self, Detail};
use crate::health::{DataSet, HealthData};

/// Entries of one answer at most.
const ENTRIES_MAX: u64 = 500;

/// The data sets of the server.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DataSetsBody {
    pub data_sets: Vec<DataSetBody>,
}

/// A data set.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DataSetBody {
    pub id: String,
    pub title: Both,
    pub about: Both,
    /// Whether nobody in it is real.
    pub made_up: bool,
    #[schema(example = "ndb-publication")]
    pub policy: String,
    pub policy_version: u32,
    pub cdm_version: String,
    /// Whether whoever calls may ask it today.
    pub may_ask: bool,
    /// Tables and the columns that are offered.
    pub tables: BTreeMap<String, Vec<String>>,
    /// For those who may ask and for staff.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub snapshot: Option<String>,
    /// Rows by table, for staff.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows: Option<BTreeMap<String, u64>>,
    /// Rows not taken in by code, for staff.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quarantined: Option<BTreeMap<String, u64>>,
}

/// A query.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct QueryBody {
    #[schema(example = "SELECT gender_source_value AS sex, COUNT(DISTINCT person_id) AS persons \
        FROM person GROUP BY sex")]
    pub sql: String,
    /// The permit to ask under, for whoever holds several.
    #[serde(default)]
    pub permit: Option<String>,
}

/// A query that was found good.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CheckedBody {
    pub columns: Vec<String>,
    /// The query as the ledger would keep it.
    pub sql: String,
    /// SHA-256 of its plan.
    pub plan_hash: String,
}

/// An answer that passed the gate.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AnswerBody {
    pub data_set: String,
    pub snapshot: String,
    pub policy: String,
    pub policy_version: u32,
    pub permit: String,
    /// Number of the ledger's entry.
    pub entry: u64,
    /// Hash of the ledger's entry.
    pub entry_sha256: String,
    /// SHA-256 over columns and rows.
    pub result_sha256: String,
    pub sql: String,
    pub columns: Vec<String>,
    /// Fields of each row: `is` says what it is, `masked` for a number that is
    /// not shown.
    #[schema(value_type = Vec<Vec<Object>>)]
    pub rows: Vec<Vec<Field>>,
    /// Every rule that was applied, with the cells it masked.
    pub criteria: BTreeMap<String, u64>,
}

/// Entries of a ledger.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LedgerBody {
    /// From the one after `after`; the chain was checked as a whole.
    #[schema(value_type = Vec<Object>)]
    pub entries: Vec<Entry>,
    pub total: u64,
    /// Value of `after` for the next answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<u64>,
}

fn criteria(entry: &Entry) -> BTreeMap<String, u64> {
    let code = |criterion| serde_json::to_value(criterion).ok()?.as_str().map(str::to_owned);
    entry.criteria.iter().filter_map(|(c, cells)| Some((code(c)?, *cells))).collect()
}

/// An answer as the API and JSON files give it.
pub(crate) fn answer_body(set: &DataSet, entry: &Entry, released: &Released) -> AnswerBody {
    AnswerBody {
        data_set: set.id.clone(),
        snapshot: entry.snapshot.clone(),
        policy: entry.policy.clone(),
        policy_version: entry.policy_version,
        permit: entry.permit.clone(),
        entry: entry.number,
        entry_sha256: entry.hash.clone(),
        result_sha256: match &entry.outcome {
            Outcome::Released(digest) => digest.clone(),
            Outcome::Refused(_) => String::new(),
        },
        sql: entry.sql.clone(),
        columns: released.columns.clone(),
        rows: released.rows.clone(),
        criteria: criteria(entry),
    }
}

fn data(ctx: &ApiCtx) -> Result<&Arc<HealthData>, Problem> {
    let none = || ctx.problem(Refusal::new("web.not-found.page"));
    ctx.state.health().ok_or_else(none)
}

fn failed(ctx: &ApiCtx, error: &QueryError) -> Problem {
    access::log(error);
    ctx.problem(error.refusal().clone())
}

async fn find(ctx: &ApiCtx, id: String) -> Result<DataSet, Problem> {
    let found = data(ctx)?.load(move |data| Ok(data.set(&id)?)).await;
    found.map_err(|error| failed(ctx, &error))
}

async fn body(ctx: &ApiCtx, set: &DataSet) -> Result<DataSetBody, Problem> {
    let wanted = set.clone();
    let described = data(ctx)?.load(move |data| data.describe(&wanted)).await;
    let described = described.map_err(|error| failed(ctx, &error))?;
    let detail = Detail::of(&ctx.state, &ctx.who, set);
    let manifest = described.snapshot.manifest;
    let grant = set.grant();
    let tables =
        grant.tables().filter(|(name, _)| manifest.rows.get(*name).is_some_and(|n| *n > 0));
    Ok(DataSetBody {
        id: set.id.clone(),
        title: Both::from(&set.title),
        about: Both::from(&set.about),
        made_up: set.made_up || ctx.state.demo(),
        policy: described.policy.id,
        policy_version: described.policy.version,
        cdm_version: manifest.cdm_version,
        may_ask: access::may_ask(&ctx.state, &ctx.who, set),
        tables: tables
            .map(|(name, columns)| {
                (name.to_owned(), columns.into_iter().map(str::to_owned).collect())
            })
            .collect(),
        snapshot: (detail > Detail::Public).then_some(described.snapshot.id),
        rows: (detail == Detail::Staff).then_some(manifest.rows),
        quarantined: (detail == Detail::Staff).then_some(manifest.quarantined),
    })
}

/// Every data set.
#[utoipa::path(get, path = "/api/v1/health-data", tag = "health records",
    responses((status = 200, body = Answer<DataSetsBody>)))]
pub(crate) async fn list(ctx: ApiCtx) -> ApiResult<DataSetsBody> {
    let mut data_sets = Vec::new();
    if let Some(data) = ctx.state.health() {
        let sets = data.load(|data| Ok(data.sets()?)).await.map_err(|e| failed(&ctx, &e))?;
        for set in sets.iter() {
            let resource = access::resource(set, &ctx.who);
            if ctx.state.allows(&ctx.who, Action::Read, &resource) {
                data_sets.push(body(&ctx, set).await?);
            }
        }
    }
    Ok(ctx.answer(DataSetsBody { data_sets }))
}

/// One data set; how much of it depends on who asks.
#[utoipa::path(get, path = "/api/v1/health-data/{id}", tag = "health records",
    params(("id" = String, Path)),
    responses((status = 200, body = Answer<DataSetBody>), (status = 404, body = ProblemBody)))]
pub(crate) async fn one(ctx: ApiCtx, Path(id): Path<String>) -> ApiResult<DataSetBody> {
    let set = find(&ctx, id).await?;
    ctx.require(Action::Read, &access::resource(&set, &ctx.who))?;
    let body = body(&ctx, &set).await?;
    Ok(ctx.answer(body))
}

fn read(ctx: &ApiCtx, bytes: &Bytes) -> Result<QueryBody, Problem> {
    serde_json::from_slice(bytes).map_err(|_| ctx.problem(Refusal::new("web.body.unreadable")))
}

/// Checks a query without running it. The place of a fault is in `field`, as
/// line and column.
#[utoipa::path(post, path = "/api/v1/health-data/{id}/check", tag = "health records",
    params(("id" = String, Path)), request_body = QueryBody, security(("token" = [])),
    responses((status = 200, body = Answer<CheckedBody>), (status = 400, body = ProblemBody),
        (status = 403, body = ProblemBody), (status = 503, body = ProblemBody)))]
pub(crate) async fn check(
    ctx: ApiCtx,
    Path(id): Path<String>,
    bytes: Bytes,
) -> ApiResult<CheckedBody> {
    let query = read(&ctx, &bytes)?;
    let set = find(&ctx, id).await?;
    ctx.require(Action::Ask, &access::resource(&set, &ctx.who))?;
    let permit = access::permit(&set, &ctx.who, query.permit.as_deref());
    let permit = permit.map_err(|refusal| ctx.problem(refusal))?;
    let checked = data(&ctx)?.check(&set, permit, &query.sql).await;
    let checked = checked.map_err(|error| failed(&ctx, &error))?;
    Ok(ctx.answer(CheckedBody {
        columns: checked.columns().iter().map(|(name, _)| name.clone()).collect(),
        sql: checked.sql.clone(),
        plan_hash: checked.plan_hash.clone(),
    }))
}

/// An answer with whether it comes from made-up records.
fn told(ctx: &ApiCtx, set: &DataSet, content: AnswerBody) -> axum::Json<Answer<AnswerBody>> {
    let evidence = if set.made_up { "demo" } else { ctx.state.evidence() };
    axum::Json(Answer { evidence, content })
}

/// An entry with what was released under it.
async fn released(ctx: &ApiCtx, set: &DataSet, number: u64) -> Result<(Entry, Released), Problem> {
    let missing = || ctx.problem(Refusal::new("web.not-found.entry").arg("entry", number));
    let of = set.clone();
    let found = data(ctx)?
        .load(move |data| {
            let entry = data.entries(&of)?.into_iter().find(|entry| entry.number == number);
            let Some(entry) = entry else { return Ok(None) };
            let released = data.ledger(&of)?.released(&entry);
            Ok(Some((entry, released)))
        })
        .await
        .map_err(|error| failed(ctx, &error))?;
    let found = found.filter(|(entry, _)| access::may_read(&ctx.state, &ctx.who, set, entry));
    let (entry, released) = found.ok_or_else(missing)?;
    Ok((entry, released.map_err(|error| failed(ctx, &error))?))
}

/// Puts a query to the gate.
#[utoipa::path(post, path = "/api/v1/health-data/{id}/ask", tag = "health records",
    params(("id" = String, Path)), request_body = QueryBody, security(("token" = [])),
    responses((status = 200, body = Answer<AnswerBody>), (status = 400, body = ProblemBody),
        (status = 403, body = ProblemBody), (status = 409, body = ProblemBody),
        (status = 503, body = ProblemBody)))]
pub(crate) async fn ask(
    ctx: ApiCtx,
    Path(id): Path<String>,
    bytes: Bytes,
) -> ApiResult<AnswerBody> {
    let query = read(&ctx, &bytes)?;
    let set = find(&ctx, id).await?;
    ctx.require(Action::Ask, &access::resource(&set, &ctx.who))?;
    let permit = access::permit(&set, &ctx.who, query.permit.as_deref());
    let permit = permit.map_err(|refusal| ctx.problem(refusal))?;
    let out = data(&ctx)?.ask(&set, permit, &query.sql).await;
    let out = out.map_err(|error| failed(&ctx, &error))?;
    let (entry, released) = released_to(&ctx, &set, (&permit.id, &query.sql), out).await?;
    Ok(told(&ctx, &set, answer_body(&set, &entry, &released)))
}

/// The entry of an answer that was just given. A question that another permit
/// asked before gets the answer given then, without saying whose it was.
async fn released_to(
    ctx: &ApiCtx,
    set: &DataSet,
    (permit, sql): (&str, &str),
    out: Released,
) -> Result<(Entry, Released), Problem> {
    let (of, number) = (set.clone(), out.entry);
    let entries = data(ctx)?.load(move |data| data.entries(&of)).await;
    let entries = entries.map_err(|error| failed(ctx, &error))?;
    let entry = entries.into_iter().find(|entry| entry.number == number);
    let missing = || ctx.problem(Refusal::new("web.not-found.entry").arg("entry", number));
    let mut entry = entry.ok_or_else(missing)?;
    if !access::may_read(&ctx.state, &ctx.who, set, &entry) {
        permit.clone_into(&mut entry.permit);
        sql.clone_into(&mut entry.sql);
    }
    Ok((entry, out))
}

/// An answer that was given before.
#[utoipa::path(get, path = "/api/v1/health-data/{id}/answers/{entry}", tag = "health records",
    params(("id" = String, Path), ("entry" = u64, Path)), security(("token" = [])),
    responses((status = 200, body = Answer<AnswerBody>), (status = 404, body = ProblemBody)))]
pub(crate) async fn answer(
    ctx: ApiCtx,
    Path((id, entry)): Path<(String, String)>,
) -> ApiResult<AnswerBody> {
    let set = find(&ctx, id).await?;
    ctx.require(Action::Read, &access::resource(&set, &ctx.who))?;
    let missing = || ctx.problem(Refusal::new("web.not-found.entry").arg("entry", &entry));
    let number = entry.parse().map_err(|_| missing())?;
    let (entry, released) = released(&ctx, &set, number).await?;
    Ok(told(&ctx, &set, answer_body(&set, &entry, &released)))
}

/// The ledger of a data set, for auditors: every question with the rules that
/// were applied.
#[utoipa::path(get, path = "/api/v1/health-data/{id}/ledger", tag = "health records",
    params(("id" = String, Path), ("after" = Option<u64>, Query)), security(("token" = [])),
    responses((status = 200, body = Answer<LedgerBody>), (status = 403, body = ProblemBody)))]
pub(crate) async fn ledger(ctx: ApiCtx, Path(id): Path<String>) -> ApiResult<LedgerBody> {
    let set = find(&ctx, id).await?;
    ctx.require(Action::Audit, &access::resource(&set, &ctx.who))?;
    let after = ctx.query.number("after", 0).map_err(|refusal| ctx.problem(refusal))?;
    let entries = data(&ctx)?.load(move |data| data.entries(&set)).await;
    let entries = entries.map_err(|error| failed(&ctx, &error))?;
    let total = entries.len() as u64;
    let last = after.saturating_add(ENTRIES_MAX);
    let entries = entries.into_iter().filter(|e| e.number > after && e.number <= last).collect();
    let next = (total > last).then_some(last);
    Ok(ctx.answer(LedgerBody { entries, total, next }))
}
