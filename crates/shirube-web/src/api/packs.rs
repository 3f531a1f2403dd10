//! The pack over the API.

use axum::extract::Path;
use serde::Serialize;
use serde_json::Value;
use shirube_model::refusal::Refusal;
use utoipa::ToSchema;

use super::answer::{Answer, ApiCtx, ApiResult, Both, ProblemBody};

/// What the pack says of itself.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PackBody {
    pub id: String,
    pub version: String,
    pub title: Both,
    pub period_start: chrono::NaiveDate,
    pub period_end: chrono::NaiveDate,
    pub legal_basis: Both,
    pub source: Both,
    /// SHA-256 of the pack.
    pub hash: String,
    pub headings: usize,
    pub measures: usize,
    pub ministries: usize,
    pub goals: usize,
    pub indicators: usize,
    pub vocabularies: usize,
}

/// The pack the server runs on.
#[utoipa::path(get, path = "/api/v1/pack", tag = "pack",
    responses((status = 200, body = Answer<PackBody>)))]
pub(crate) async fn info(ctx: ApiCtx) -> ApiResult<PackBody> {
    let pack = ctx.state.pack();
    let info = &pack.info;
    Ok(ctx.answer(PackBody {
        id: info.id.clone(),
        version: info.version.clone(),
        title: Both::from(&info.title),
        period_start: info.period_start,
        period_end: info.period_end,
        legal_basis: Both::from(&info.legal_basis),
        source: Both::from(&info.source),
        hash: pack.hash.clone(),
        headings: pack.headings.len(),
        measures: pack.measures.len(),
        ministries: pack.ministries.len(),
        goals: pack.goals.len(),
        indicators: pack.indicators.len(),
        vocabularies: pack.vocabularies.len(),
    }))
}

/// The plan: headings and measures as the pack writes them.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PlanBody {
    #[schema(value_type = Vec<Object>)]
    pub headings: Vec<Value>,
    #[schema(value_type = Vec<Object>)]
    pub measures: Vec<Value>,
}

fn values<T: Serialize>(items: &[T]) -> Vec<Value> {
    items.iter().filter_map(|item| serde_json::to_value(item).ok()).collect()
}

/// Headings and measures with their ministries.
#[utoipa::path(get, path = "/api/v1/pack/measures", tag = "pack",
    responses((status = 200, body = Answer<PlanBody>)))]
pub(crate) async fn measures(ctx: ApiCtx) -> ApiResult<PlanBody> {
    let pack = ctx.state.pack();
    Ok(ctx.answer(PlanBody { headings: values(&pack.headings), measures: values(&pack.measures) }))
}

/// Ids and titles of the vocabularies.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct VocabulariesBody {
    pub vocabularies: Vec<VocabularyRow>,
}

/// One vocabulary of the list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct VocabularyRow {
    pub id: String,
    pub title: Both,
    pub terms: usize,
}

/// Every vocabulary of the pack.
#[utoipa::path(get, path = "/api/v1/pack/vocabularies", tag = "pack",
    responses((status = 200, body = Answer<VocabulariesBody>)))]
pub(crate) async fn vocabularies(ctx: ApiCtx) -> ApiResult<VocabulariesBody> {
    let row = |vocabulary: &shirube_model::plan::Vocabulary| VocabularyRow {
        id: vocabulary.id.clone(),
        title: Both::from(&vocabulary.title),
        terms: vocabulary.terms.len(),
    };
    let vocabularies = ctx.state.pack().vocabularies.values().map(row).collect();
    Ok(ctx.answer(VocabulariesBody { vocabularies }))
}

/// The codes of a vocabulary.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct VocabularyBody {
    pub id: String,
    pub title: Both,
    #[schema(value_type = Vec<Object>)]
    pub terms: Vec<Value>,
}

/// One vocabulary with its codes.
#[utoipa::path(get, path = "/api/v1/pack/vocabularies/{id}", tag = "pack",
    params(("id" = String, Path, example = "contract_types")),
    responses((status = 200, body = Answer<VocabularyBody>), (status = 404, body = ProblemBody)))]
pub(crate) async fn vocabulary(ctx: ApiCtx, Path(id): Path<String>) -> ApiResult<VocabularyBody> {
    let missing = || ctx.problem(Refusal::new("web.not-found.vocabulary").arg("id", &id));
    let vocabulary = ctx.state.pack().vocabulary(&id).ok_or_else(missing)?;
    Ok(ctx.answer(VocabularyBody {
        id: vocabulary.id.clone(),
        title: Both::from(&vocabulary.title),
        terms: values(&vocabulary.terms),
    }))
}
