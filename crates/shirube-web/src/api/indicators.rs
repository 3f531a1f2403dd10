//! Indicators over the API.

use axum::extract::Path;
use chrono::NaiveDate;
use serde::Serialize;
use shirube_model::refusal::Refusal;
use utoipa::ToSchema;

use super::answer::{Answer, ApiCtx, ApiResult, Both, Problem, ProblemBody};
use super::values::{IndicatorBody, ProofRowsBody};
use crate::pages::indicator::read_reading;
use crate::pages::proof::read_class;

/// Rows of one answer at most.
const ROWS_MAX: u64 = 500;

/// All indicators on a day.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BoardBody {
    pub as_of: NaiveDate,
    /// Ledger position evaluated.
    pub ledger_seq: u64,
    pub indicators: Vec<BoardRow>,
}

/// One indicator of the board.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BoardRow {
    #[schema(example = "OI-02")]
    pub id: String,
    pub name: Both,
    #[schema(example = "on_pace")]
    pub status: &'static str,
    pub value: Option<String>,
    pub target: Option<String>,
    pub unit: String,
    /// Questions without a decision.
    pub undecided: Vec<String>,
    pub digest: String,
}

/// Definitions of the pack.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DefinitionsBody {
    /// Definitions as the pack writes them.
    #[schema(value_type = Vec<Object>)]
    pub indicators: Vec<serde_json::Value>,
}

/// The value and status of every indicator on a day.
#[utoipa::path(get, path = "/api/v1/board", tag = "indicators",
    params(("as_of" = Option<String>, Query, description = "Day, `2027-04-01`")),
    responses((status = 200, body = Answer<BoardBody>), (status = 400, body = ProblemBody)))]
pub(crate) async fn board(ctx: ApiCtx) -> ApiResult<BoardBody> {
    let board =
        ctx.state.engine().board(ctx.as_of.day).await.map_err(|refusal| ctx.problem(refusal))?;
    let pack = ctx.state.pack();
    let row = |result: &shirube_indicators::board::IndicatorResult| {
        let indicator = pack.indicator(&result.id)?;
        Some(BoardRow {
            id: result.id.clone(),
            name: Both::from(&indicator.name),
            status: result.status.code(),
            value: result.headline.value.map(|value| value.normalize().to_string()),
            target: result.headline.target.map(|value| value.normalize().to_string()),
            unit: indicator.unit.clone(),
            undecided: result.undecided.clone(),
            digest: result.headline.digest.clone(),
        })
    };
    Ok(ctx.answer(BoardBody {
        as_of: board.as_of,
        ledger_seq: board.ledger_seq,
        indicators: board.results.iter().filter_map(row).collect(),
    }))
}

/// Every definition of the pack with its readings.
#[utoipa::path(get, path = "/api/v1/indicators", tag = "indicators",
    responses((status = 200, body = Answer<DefinitionsBody>)))]
pub(crate) async fn list(ctx: ApiCtx) -> ApiResult<DefinitionsBody> {
    let indicators = ctx
        .state
        .pack()
        .indicators
        .iter()
        .filter_map(|indicator| serde_json::to_value(indicator).ok())
        .collect();
    Ok(ctx.answer(DefinitionsBody { indicators }))
}

fn missing(ctx: &ApiCtx, id: &str) -> Problem {
    ctx.problem(Refusal::new("web.not-found.indicator").arg("id", id))
}

/// One indicator on a day with every reading and the tally of its proof.
#[utoipa::path(get, path = "/api/v1/indicators/{id}", tag = "indicators",
    params(("id" = String, Path, example = "OI-02"),
        ("as_of" = Option<String>, Query, description = "Day, `2027-04-01`")),
    responses((status = 200, body = Answer<IndicatorBody>), (status = 404, body = ProblemBody)))]
pub(crate) async fn one(ctx: ApiCtx, Path(id): Path<String>) -> ApiResult<IndicatorBody> {
    let pack = ctx.state.pack();
    let indicator = pack.indicator(&id).ok_or_else(|| missing(&ctx, &id))?;
    let board =
        ctx.state.engine().board(ctx.as_of.day).await.map_err(|refusal| ctx.problem(refusal))?;
    let result = board.result(&id).ok_or_else(|| missing(&ctx, &id))?;
    Ok(ctx.answer(IndicatorBody::new(indicator, result)))
}

/// Records of a proof, all of them or those of one class.
#[utoipa::path(get, path = "/api/v1/indicators/{id}/proof", tag = "indicators",
    params(("id" = String, Path, example = "OI-02"),
        ("as_of" = Option<String>, Query, description = "Day, `2027-04-01`"),
        ("reading" = Option<String>, Query, description = "`question=reading`; the headline without it"),
        ("evidence" = Option<u64>, Query, description = "0, or 1 for the second register of a comparison"),
        ("class" = Option<String>, Query, description = "Such as `counted` or `fails-part-0`"),
        ("offset" = Option<u64>, Query), ("limit" = Option<u64>, Query, description = "At most 500")),
    responses((status = 200, body = Answer<ProofRowsBody>), (status = 400, body = ProblemBody),
        (status = 404, body = ProblemBody)))]
pub(crate) async fn proof(ctx: ApiCtx, Path(id): Path<String>) -> ApiResult<ProofRowsBody> {
    if ctx.state.pack().indicator(&id).is_none() {
        return Err(missing(&ctx, &id));
    }
    let refuse = |refusal: Refusal| ctx.problem(refusal);
    let reading = ctx.query.get("reading").map(read_reading).transpose().map_err(refuse)?;
    let class = ctx.query.get("class").map(read_class).transpose().map_err(refuse)?;
    let number = |name, default| ctx.query.number(name, default).map_err(refuse);
    let size = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    let page = ctx
        .state
        .engine()
        .proof_page(
            &id,
            reading.as_ref(),
            ctx.as_of.day,
            size(number("evidence", 0)?),
            class,
            size(number("offset", 0)?),
            size(number("limit", 100)?.min(ROWS_MAX)),
        )
        .await
        .map_err(refuse)?;
    Ok(ctx.answer(ProofRowsBody::from(&page)))
}
