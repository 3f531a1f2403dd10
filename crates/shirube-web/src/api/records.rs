//! Records over the API.

use axum::body::Bytes;
use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use shirube_access::{Action, Resource, record_resource};
use shirube_model::ident::RecordId;
use shirube_model::record::{Body, RecordVersion, Standing};
use shirube_model::refusal::Refusal;
use shirube_model::registers;
use shirube_model::schema::KindSchema;
use shirube_store::{
    Change, Draft, Event, ListQuery, NewRecord, OnExisting, SearchQuery, SourceKey, Step,
};
use utoipa::ToSchema;

use super::answer::{Answer, ApiCtx, ApiResult, Both, Problem, ProblemBody};
use super::kinds::find;
use crate::request::Audience;
use crate::show::open_body;

/// Records of one answer at most.
const RECORDS_MAX: u64 = 500;

/// A record as it stands or stood.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RecordBody {
    #[schema(example = "CTR-4F0G9Z1K7M2Q")]
    pub id: String,
    pub kind: String,
    pub version: u32,
    pub state: String,
    #[schema(example = "active")]
    pub standing: &'static str,
    pub duplicate_of: Option<String>,
    /// Field values the caller may see; see the schema of the kind.
    #[schema(value_type = Object)]
    pub body: Value,
    /// Ledger position of the version.
    pub seq: u64,
    pub recorded_at: DateTime<Utc>,
}

impl RecordBody {
    fn new(record: &RecordVersion, audience: Audience) -> Self {
        Self {
            id: record.id.to_string(),
            kind: record.kind.clone(),
            version: record.version,
            state: record.state.clone(),
            standing: record.standing.code(),
            duplicate_of: record.duplicate_of.as_ref().map(ToString::to_string),
            body: open(&record.kind, &record.body, audience),
            seq: record.seq,
            recorded_at: record.recorded_at,
        }
    }
}

/// A record as something to decide about.
fn resource(record: &RecordVersion) -> Resource {
    let at = (record.state.as_str(), record.standing);
    match registers::kind(&record.kind) {
        Some(schema) => record_resource(schema, record.id.as_str(), at, &record.body),
        None => Resource::Site,
    }
}

fn audience_of(ctx: &ApiCtx, record: &RecordVersion) -> Audience {
    ctx.audience_of(&resource(record))
}

fn open(kind: &str, body: &Body, audience: Audience) -> Value {
    registers::kind(kind)
        .map_or(Value::Null, |schema| Value::Object(open_body(schema, body, audience)))
}

/// Records of a kind.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RecordsBody {
    pub records: Vec<RecordBody>,
    /// Records that match, on all pages.
    pub total: u64,
    /// Value of `after` for the next page.
    pub next: Option<String>,
}

/// One entry of a record's history.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EventBody {
    pub seq: u64,
    pub recorded_at: DateTime<Utc>,
    pub version: u32,
    #[schema(example = "correct")]
    pub action: String,
    pub state: String,
    pub standing: &'static str,
    pub duplicate_of: Option<String>,
    pub actor: String,
    pub reason: String,
    /// Field values after the event that the caller may see.
    #[schema(value_type = Object)]
    pub body: Value,
    pub prev_hash: String,
    pub hash: String,
}

/// The history of a record, oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HistoryBody {
    pub events: Vec<EventBody>,
}

/// Records that were found.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SearchBody {
    pub hits: Vec<HitBody>,
    pub total: u64,
    /// Ledger position the index has read up to.
    pub indexed_seq: u64,
}

/// A record that was found.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HitBody {
    pub id: String,
    pub kind: String,
    pub title: Both,
    pub state: String,
    pub standing: &'static str,
    /// Where the words stand.
    pub snippet: Option<String>,
}

/// A record to enter.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewBody {
    /// Field values by the schema of the kind.
    #[schema(value_type = Object)]
    body: Body,
    /// Why.
    reason: String,
    /// System and key the record comes from; the same key is the same record.
    source: Option<SourceBody>,
}

/// Where a record comes from.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SourceBody {
    system: String,
    key: String,
}

/// New field values of a record.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CorrectBody {
    /// All field values; a field left out becomes empty.
    #[schema(value_type = Object)]
    body: Body,
    reason: String,
}

/// A step to take.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StepRequest {
    /// `withdraw`, `restore`, `mark_duplicate`, or a step of the kind.
    step: String,
    /// For `mark_duplicate`: the record that counts instead.
    original: Option<String>,
    /// Values of the fields that the step needs; others are left as they are.
    #[schema(value_type = Option<Object>)]
    fields: Option<Body>,
    reason: String,
}

/// Reads a JSON body in our own words for what is wrong with it.
fn read<T: for<'a> Deserialize<'a>>(
    ctx: &ApiCtx,
    headers: &HeaderMap,
    bytes: &Bytes,
) -> Result<T, Problem> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if kind.is_none_or(|kind| kind.split(';').next() != Some("application/json")) {
        return Err(ctx
            .problem(Refusal::new("web.body.not-json"))
            .status(StatusCode::UNSUPPORTED_MEDIA_TYPE));
    }
    serde_json::from_slice(bytes).map_err(|error| {
        let refusal = Refusal::new("web.body.unreadable")
            .line(u64::try_from(error.line()).unwrap_or_default());
        ctx.problem(refusal)
    })
}

fn record_id(ctx: &ApiCtx, text: &str) -> Result<(RecordId, &'static KindSchema), Problem> {
    let missing = || ctx.problem(Refusal::new("web.not-found.record").arg("id", text));
    let id: RecordId = text.parse().map_err(|_| missing())?;
    let schema = registers::kind_by_prefix(id.prefix())
        .filter(|schema| ctx.state.knows_register(&ctx.who, schema))
        .ok_or_else(missing)?;
    Ok((id, schema))
}

fn missing(ctx: &ApiCtx, id: &RecordId) -> Problem {
    ctx.problem(Refusal::new("web.not-found.record").arg("id", id))
}

/// Records of a kind, last changed first.
#[utoipa::path(get, path = "/api/v1/kinds/{kind}/records", tag = "registers",
    params(("kind" = String, Path, example = "contract"),
        ("state" = Option<String>, Query), ("standing" = Option<String>, Query),
        ("as_of" = Option<String>, Query, description = "Day, `2027-04-01`"),
        ("after" = Option<String>, Query, description = "`next` of the page before"),
        ("limit" = Option<u64>, Query, description = "At most 500")),
    responses((status = 200, body = Answer<RecordsBody>), (status = 400, body = ProblemBody),
        (status = 404, body = ProblemBody)))]
pub(crate) async fn list(ctx: ApiCtx, Path(kind): Path<String>) -> ApiResult<RecordsBody> {
    let schema = find(&ctx, &kind)?;
    let refuse = |refusal: Refusal| ctx.problem(refusal);
    if !ctx.state.knows_register(&ctx.who, schema) {
        return Err(refuse(Refusal::new("web.not-found.kind").arg("kind", kind)));
    }
    let state = ctx.query.one_of("state", schema.states.iter().copied()).map_err(refuse)?;
    let standing = ctx
        .query
        .one_of("standing", ["active", "withdrawn", "duplicate"])
        .map_err(refuse)?
        .and_then(Standing::from_code);
    let limit = ctx.query.number("limit", 100).map_err(refuse)?.clamp(1, RECORDS_MAX);
    let query = ListQuery {
        states: state.map(str::to_owned).into_iter().collect(),
        standings: standing.into_iter().collect(),
        limit: usize::try_from(limit).unwrap_or(100),
        after: ctx.query.get("after").map(str::to_owned),
        ..ListQuery::default()
    };
    let page = ctx
        .state
        .store()
        .list(schema.kind, ctx.as_of.ledger(), &query)
        .await
        .map_err(|error| ctx.store_problem(&error))?;
    Ok(ctx.answer(RecordsBody {
        records: page.records.iter().map(|r| RecordBody::new(r, audience_of(&ctx, r))).collect(),
        total: page.total,
        next: page.next,
    }))
}

/// Enters a record.
#[utoipa::path(post, path = "/api/v1/kinds/{kind}/records", tag = "registers",
    params(("kind" = String, Path, example = "contract")), request_body = NewBody,
    responses((status = 201, body = Answer<RecordBody>),
        (status = 200, description = "Known already with the same values", body = Answer<RecordBody>),
        (status = 400, body = ProblemBody), (status = 401, body = ProblemBody)),
    security(("token" = [])))]
pub(crate) async fn create(
    ctx: ApiCtx,
    Path(kind): Path<String>,
    headers: HeaderMap,
    bytes: Bytes,
) -> Result<Response, Problem> {
    let schema = find(&ctx, &kind)?;
    let new: NewBody = read(&ctx, &headers, &bytes)?;
    let at = (schema.initial_state(), Standing::Active);
    ctx.require(Action::Create, &record_resource(schema, "", at, &new.body))?;
    check_codes(&ctx, schema, &new.body)?;
    let source = new.source.map(|source| SourceKey::new(source.system, source.key));
    let known =
        source.as_ref().map(|source| RecordId::derive(schema.prefix, &source.system, &source.key));
    let draft = NewRecord {
        kind: schema.kind.to_owned(),
        source,
        body: new.body,
        on_existing: OnExisting::Refuse,
    };
    let event = append(&ctx, draft.into(), &new.reason).await?;
    match (event, known) {
        (Some(event), _) => Ok(recorded(&ctx, &event.record_version(), StatusCode::CREATED)),
        (None, Some(id)) => current(&ctx, &id).await,
        (None, None) => Err(ctx.problem(Refusal::new("web.body.unreadable"))),
    }
}

fn check_codes(ctx: &ApiCtx, schema: &KindSchema, body: &Body) -> Result<(), Problem> {
    let refusals = crate::codes::check(ctx.state.pack(), schema, body);
    if refusals.is_empty() { Ok(()) } else { Err(Problem::new(&ctx.state, &refusals)) }
}

async fn append(ctx: &ApiCtx, draft: Draft, reason: &str) -> Result<Option<Event>, Problem> {
    let events = ctx
        .state
        .store()
        .append(vec![draft], &ctx.actor(), reason)
        .await
        .map_err(|error| ctx.append_problem(&error))?;
    Ok(events.into_iter().next())
}

fn recorded(ctx: &ApiCtx, record: &RecordVersion, status: StatusCode) -> Response {
    let headers = [
        (header::ETAG, format!("\"{}\"", record.version)),
        (header::LOCATION, format!("/api/v1/records/{}", record.id)),
    ];
    (status, headers, ctx.answer(RecordBody::new(record, audience_of(ctx, record)))).into_response()
}

async fn current(ctx: &ApiCtx, id: &RecordId) -> Result<Response, Problem> {
    let found = ctx
        .state
        .store()
        .get(id, ctx.as_of.ledger())
        .await
        .map_err(|error| ctx.store_problem(&error))?;
    let record = found.ok_or_else(|| missing(ctx, id))?;
    Ok(recorded(ctx, &record, StatusCode::OK))
}

/// A record as it stands, or stood at the end of a day.
#[utoipa::path(get, path = "/api/v1/records/{id}", tag = "registers",
    params(("id" = String, Path, example = "CTR-4F0G9Z1K7M2Q"),
        ("as_of" = Option<String>, Query, description = "Day, `2027-04-01`")),
    responses((status = 200, body = Answer<RecordBody>), (status = 404, body = ProblemBody)))]
pub(crate) async fn one(ctx: ApiCtx, Path(id): Path<String>) -> Result<Response, Problem> {
    let (id, _) = record_id(&ctx, &id)?;
    current(&ctx, &id).await
}

/// Replaces the field values of a record. `If-Match` names the version read.
#[utoipa::path(put, path = "/api/v1/records/{id}", tag = "registers",
    params(("id" = String, Path, example = "CTR-4F0G9Z1K7M2Q"),
        ("If-Match" = String, Header, description = "Version read, `\"3\"`")),
    request_body = CorrectBody,
    responses((status = 200, body = Answer<RecordBody>), (status = 400, body = ProblemBody),
        (status = 401, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 412, description = "Changed meanwhile; `conflict` shows both", body = ProblemBody),
        (status = 428, description = "`If-Match` is missing", body = ProblemBody)),
    security(("token" = [])))]
pub(crate) async fn correct(
    ctx: ApiCtx,
    Path(id): Path<String>,
    headers: HeaderMap,
    bytes: Bytes,
) -> Result<Response, Problem> {
    let (id, schema) = record_id(&ctx, &id)?;
    let base_version = ctx.base_version()?;
    let new: CorrectBody = read(&ctx, &headers, &bytes)?;
    let record = asked_of(&ctx, &id, Action::Edit).await?;
    // Nor may a correction hand the record to whom one may not write for.
    let at = (record.state.as_str(), record.standing);
    ctx.require(Action::Edit, &record_resource(schema, id.as_str(), at, &new.body))?;
    check_codes(&ctx, schema, &new.body)?;
    let change = Change { record: id.clone(), base_version, step: Step::Correct(new.body) };
    write(&ctx, &id, change, &new.reason).await
}

async fn write(
    ctx: &ApiCtx,
    id: &RecordId,
    change: Change,
    reason: &str,
) -> Result<Response, Problem> {
    match append(ctx, change.into(), reason).await? {
        Some(event) => Ok(recorded(ctx, &event.record_version(), StatusCode::OK)),
        None => current(ctx, id).await,
    }
}

/// The record as it stands, for whoever may do this to it.
async fn asked_of(
    ctx: &ApiCtx,
    id: &RecordId,
    action: Action<'_>,
) -> Result<RecordVersion, Problem> {
    let now = ctx
        .state
        .store()
        .get(id, shirube_store::AsOf::Now)
        .await
        .map_err(|error| ctx.store_problem(&error))?;
    let record = now.ok_or_else(|| missing(ctx, id))?;
    let own = crate::pages::edit::own_work(&ctx.who, &record);
    ctx.require_as(action, &resource(&record), own)?;
    Ok(record)
}

/// Takes a step: withdraw, restore, mark as a duplicate, or a step of the kind.
#[utoipa::path(post, path = "/api/v1/records/{id}/steps", tag = "registers",
    params(("id" = String, Path, example = "CTR-4F0G9Z1K7M2Q"),
        ("If-Match" = String, Header, description = "Version read, `\"3\"`")),
    request_body = StepRequest,
    responses((status = 200, body = Answer<RecordBody>), (status = 400, body = ProblemBody),
        (status = 401, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 412, body = ProblemBody), (status = 428, body = ProblemBody)),
    security(("token" = [])))]
pub(crate) async fn step(
    ctx: ApiCtx,
    Path(id): Path<String>,
    headers: HeaderMap,
    bytes: Bytes,
) -> Result<Response, Problem> {
    let (id, schema) = record_id(&ctx, &id)?;
    let base_version = ctx.base_version()?;
    let asked: StepRequest = read(&ctx, &headers, &bytes)?;
    let step = match asked.step.as_str() {
        "withdraw" => {
            asked_of(&ctx, &id, Action::Withdraw).await?;
            Step::Withdraw
        }
        "restore" => {
            asked_of(&ctx, &id, Action::Restore).await?;
            Step::Restore
        }
        "mark_duplicate" => {
            asked_of(&ctx, &id, Action::MarkDuplicate).await?;
            let original = asked.original.as_deref().unwrap_or_default();
            Step::MarkDuplicate(record_id(&ctx, original)?.0)
        }
        _ => return own_step(&ctx, (&id, schema), base_version, asked).await,
    };
    let change = Change { record: id.clone(), base_version, step };
    write(&ctx, &id, change, &asked.reason).await
}

/// Takes a step of the kind.
async fn own_step(
    ctx: &ApiCtx,
    (id, schema): (&RecordId, &'static KindSchema),
    base_version: u32,
    asked: StepRequest,
) -> Result<Response, Problem> {
    let record = asked_of(ctx, id, Action::Step(&asked.step)).await?;
    let needed = crate::steps::asks(schema, &asked.step);
    let given = asked.fields.unwrap_or_default().into_iter();
    let fields: Body =
        given.filter(|(name, _)| needed.iter().any(|field| field.name == name)).collect();
    check_codes(ctx, schema, &fields)?;
    let actor = ctx.actor();
    let step = crate::steps::Asked {
        schema,
        record: &record,
        base_version,
        step: &asked.step,
        fields,
        actor: &actor,
        reason: &asked.reason,
    };
    let done = crate::steps::take(&ctx.state, step).await;
    done.map_err(|error| ctx.append_problem(&error))?;
    current(ctx, id).await
}

/// Every event of a record, oldest first, with its place in the hash chain.
#[utoipa::path(get, path = "/api/v1/records/{id}/history", tag = "registers",
    params(("id" = String, Path, example = "CTR-4F0G9Z1K7M2Q")),
    responses((status = 200, body = Answer<HistoryBody>), (status = 404, body = ProblemBody)))]
pub(crate) async fn history(ctx: ApiCtx, Path(id): Path<String>) -> ApiResult<HistoryBody> {
    let (id, _) = record_id(&ctx, &id)?;
    let events = ctx.state.store().history(&id).await.map_err(|error| ctx.store_problem(&error))?;
    if events.is_empty() {
        return Err(missing(&ctx, &id));
    }
    let body = |event: &Event| EventBody {
        seq: event.seq,
        recorded_at: event.recorded_at,
        version: event.version,
        action: event.action.code(),
        state: event.state.clone(),
        standing: event.standing.code(),
        duplicate_of: event.duplicate_of.as_ref().map(ToString::to_string),
        actor: event.actor.clone(),
        reason: event.reason.clone(),
        body: open(&event.kind, &event.body, audience_of(&ctx, &event.record_version())),
        prev_hash: hex::encode(event.prev_hash),
        hash: hex::encode(event.hash),
    };
    Ok(ctx.answer(HistoryBody { events: events.iter().map(body).collect() }))
}

/// Searches all registers, in Japanese and English.
#[utoipa::path(get, path = "/api/v1/search", tag = "registers",
    params(("q" = String, Query, description = "Words; a record must have all of them"),
        ("kind" = Option<String>, Query), ("offset" = Option<u64>, Query),
        ("limit" = Option<u64>, Query, description = "At most 500")),
    responses((status = 200, body = Answer<SearchBody>), (status = 400, body = ProblemBody)))]
pub(crate) async fn search(ctx: ApiCtx) -> ApiResult<SearchBody> {
    let refuse = |refusal: Refusal| ctx.problem(refusal);
    let known = ctx.state.known_registers(&ctx.who);
    let kind = ctx.query.one_of("kind", known.iter().map(|schema| schema.kind)).map_err(refuse)?;
    let number = |name, default| ctx.query.number(name, default).map_err(refuse);
    let query = SearchQuery {
        text: ctx.query.get("q").unwrap_or_default().to_owned(),
        kinds: ctx.state.searched_kinds(&ctx.who, kind),
        include_internal: ctx.audience() == Audience::Staff,
        offset: usize::try_from(number("offset", 0)?).unwrap_or(usize::MAX),
        limit: usize::try_from(number("limit", 50)?.min(RECORDS_MAX)).unwrap_or(50),
    };
    let page = ctx.state.store().search(&query).await.map_err(|error| ctx.store_problem(&error))?;
    let hit = |hit: &shirube_store::SearchHit| HitBody {
        id: hit.id.to_string(),
        kind: hit.kind.clone(),
        title: Both::from(&hit.title),
        state: hit.state.clone(),
        standing: hit.standing.code(),
        snippet: hit.snippet.as_ref().map(|snippet| snippet.text.clone()),
    };
    Ok(ctx.answer(SearchBody {
        hits: page.hits.iter().map(hit).collect(),
        total: page.total,
        indexed_seq: page.indexed_seq,
    }))
}
