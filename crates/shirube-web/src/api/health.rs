//! Health records over the API.

use std::collections::BTreeMap;

use axum::body::Bytes;
use axum::extract::Path;
use serde::{Deserialize, Serialize};
use shirube_access::Action;
use shirube_model::refusal::Refusal;
use shirube_query::{
    Decided, Decision, Entry, Field, Pending, QueryError, Released, ReviewState, Standing, Verdict,
};
use std::sync::Arc;
use utoipa::ToSchema;

use super::answer::{Answer, ApiCtx, ApiResult, Both, Problem, ProblemBody};
use crate::health::access::{self, Detail, Part};
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
        result_sha256: entry.outcome.digest().unwrap_or_default().to_owned(),
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
fn told<T: ToSchema>(ctx: &ApiCtx, set: &DataSet, content: T) -> axum::Json<Answer<T>> {
    let evidence = if set.made_up { "demo" } else { ctx.state.evidence() };
    axum::Json(Answer { evidence, content })
}

/// What became of a question.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OutcomeBody {
    /// Number of the ledger's entry.
    pub entry: u64,
    /// `released`, `waiting` for two reviewers, or `may_run` when asked again.
    #[schema(example = "released")]
    pub state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<AnswerBody>,
}

/// Where an entry stands, for whoever may know of it.
async fn standing(ctx: &ApiCtx, set: &DataSet, number: u64) -> Result<(Entry, Standing), Problem> {
    let missing = || ctx.problem(Refusal::new("web.not-found.entry").arg("entry", number));
    let of = set.clone();
    let found = data(ctx)?
        .load(move |data| {
            let entry = data.entries(&of)?.into_iter().find(|entry| entry.number == number);
            let Some(entry) = entry else { return Ok(None) };
            Ok(Some((entry, data.ledger(&of)?.standing(number)?)))
        })
        .await
        .map_err(|error| failed(ctx, &error))?;
    let found = found.filter(|(entry, _)| access::may_read(&ctx.state, &ctx.who, set, entry));
    found.ok_or_else(missing)
}

/// Puts a query to the gate.
#[utoipa::path(post, path = "/api/v1/health-data/{id}/ask", tag = "health records",
    params(("id" = String, Path)), request_body = QueryBody, security(("token" = [])),
    responses((status = 200, body = Answer<OutcomeBody>), (status = 400, body = ProblemBody),
        (status = 403, body = ProblemBody), (status = 409, body = ProblemBody),
        (status = 503, body = ProblemBody)))]
pub(crate) async fn ask(
    ctx: ApiCtx,
    Path(id): Path<String>,
    bytes: Bytes,
) -> ApiResult<OutcomeBody> {
    let query = read(&ctx, &bytes)?;
    let set = find(&ctx, id).await?;
    ctx.require(Action::Ask, &access::resource(&set, &ctx.who))?;
    let permit = access::permit(&set, &ctx.who, query.permit.as_deref());
    let permit = permit.map_err(|refusal| ctx.problem(refusal))?;
    let asked = data(&ctx)?.ask(&set, permit, (access::name(&ctx.who), &query.sql)).await;
    let content = match asked.map_err(|error| failed(&ctx, &error))? {
        Decision::Queued(entry) => OutcomeBody { entry, state: "waiting", answer: None },
        Decision::Released(out) => {
            let (entry, out) = released_to(&ctx, &set, (&permit.id, &query.sql), out).await?;
            let answer = Some(answer_body(&set, &entry, &out));
            OutcomeBody { entry: entry.number, state: "released", answer }
        }
    };
    Ok(told(&ctx, &set, content))
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

/// Where an earlier question stands, with its answer once that is out.
#[utoipa::path(get, path = "/api/v1/health-data/{id}/answers/{entry}", tag = "health records",
    params(("id" = String, Path), ("entry" = u64, Path)), security(("token" = [])),
    responses((status = 200, body = Answer<OutcomeBody>), (status = 404, body = ProblemBody)))]
pub(crate) async fn answer(
    ctx: ApiCtx,
    Path((id, entry)): Path<(String, String)>,
) -> ApiResult<OutcomeBody> {
    let set = find(&ctx, id).await?;
    ctx.require(Action::Read, &access::resource(&set, &ctx.who))?;
    let missing = || ctx.problem(Refusal::new("web.not-found.entry").arg("entry", &entry));
    let number = entry.parse().map_err(|_| missing())?;
    let (entry, standing) = standing(&ctx, &set, number).await?;
    let (state, answer) = match standing {
        Standing::Released(out) => ("released", Some(answer_body(&set, &entry, &out))),
        Standing::Waiting => ("waiting", None),
        Standing::MayRun => ("may_run", None),
        Standing::Refused(refusal) => return Err(ctx.problem(*refusal)),
    };
    Ok(told(&ctx, &set, OutcomeBody { entry: number, state, answer }))
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

/// What waits for two reviewers.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct QueueBody {
    pub waiting: Vec<PendingBody>,
}

/// An answer that waits; verdicts stay hidden until both are given.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PendingBody {
    #[schema(value_type = Object)]
    pub entry: Entry,
    /// Accounts that asked; they cannot review.
    pub askers: Vec<String>,
    /// Verdicts given so far.
    pub answered: usize,
    /// What would go out; none for a query that has not run.
    #[schema(value_type = Option<Object>)]
    pub result: Option<Released>,
}

impl From<Pending> for PendingBody {
    fn from(pending: Pending) -> Self {
        Self {
            entry: pending.entry,
            askers: pending.askers,
            answered: pending.reviewers.len(),
            result: pending.result,
        }
    }
}

/// A verdict.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct VerdictBody {
    pub approve: bool,
    pub reason: String,
}

/// Where the review of an entry stands.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReviewedBody {
    pub entry: u64,
    /// `waiting` for the other reviewer, `approved`, `rejected` or `opted_out`.
    #[schema(example = "waiting")]
    pub state: &'static str,
}

/// What waits for two reviewers, oldest first.
#[utoipa::path(get, path = "/api/v1/health-data/{id}/reviews", tag = "health records",
    params(("id" = String, Path)), security(("token" = [])),
    responses((status = 200, body = Answer<QueueBody>), (status = 403, body = ProblemBody)))]
pub(crate) async fn queue(ctx: ApiCtx, Path(id): Path<String>) -> ApiResult<QueueBody> {
    let set = find(&ctx, id).await?;
    ctx.require(Action::Review, &access::resource(&set, &ctx.who))?;
    let waiting = pending(&ctx, &set).await?;
    let waiting = waiting.into_iter().map(PendingBody::from).collect();
    Ok(told(&ctx, &set, QueueBody { waiting }))
}

async fn pending(ctx: &ApiCtx, set: &DataSet) -> Result<Vec<Pending>, Problem> {
    let of = set.clone();
    let found = data(ctx)?.load(move |data| data.ledger(&of)?.queue()).await;
    found.map_err(|error| failed(ctx, &error))
}

/// Takes a verdict; the second one decides.
#[utoipa::path(post, path = "/api/v1/health-data/{id}/reviews/{entry}", tag = "health records",
    params(("id" = String, Path), ("entry" = u64, Path)), request_body = VerdictBody,
    security(("token" = [])),
    responses((status = 200, body = Answer<ReviewedBody>), (status = 403, body = ProblemBody),
        (status = 409, body = ProblemBody)))]
pub(crate) async fn review(
    ctx: ApiCtx,
    Path((id, entry)): Path<(String, String)>,
    bytes: Bytes,
) -> ApiResult<ReviewedBody> {
    let unreadable = |_| ctx.problem(Refusal::new("web.body.unreadable"));
    let body: VerdictBody = serde_json::from_slice(&bytes).map_err(unreadable)?;
    let set = find(&ctx, id).await?;
    let resource = access::resource(&set, &ctx.who);
    ctx.require(Action::Review, &resource)?;
    let waiting = pending(&ctx, &set).await?;
    let found = waiting.iter().find(|one| one.entry.number.to_string() == entry);
    let closed = || ctx.problem(Refusal::new("query.review.closed").arg("entry", &entry));
    let found = found.ok_or_else(closed)?;
    let own = Part::of(&ctx.who, found) == Part::Asked;
    ctx.require_as(Action::Review, &resource, own)?;
    let verdict = if body.approve { Verdict::Approve } else { Verdict::Reject };
    let me = access::name(&ctx.who);
    let state = data(&ctx)?.review(&set, &found.entry, me, (verdict, &body.reason)).await;
    let state = match state.map_err(|error| failed(&ctx, &error))? {
        ReviewState::Waiting { .. } => "waiting",
        ReviewState::Decided(Decided::Approved) => "approved",
        ReviewState::Decided(Decided::Rejected) => "rejected",
        ReviewState::Decided(Decided::OptedOut) => "opted_out",
    };
    Ok(told(&ctx, &set, ReviewedBody { entry: found.entry.number, state }))
}
