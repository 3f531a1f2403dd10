//! Register kinds over the API.

use axum::Json;
use axum::extract::Path;
use serde::Serialize;
use serde_json::Value;
use shirube_model::lang::Lang;
use shirube_model::refusal::Refusal;
use shirube_model::registers::{self, KINDS};
use shirube_model::schema::{Cardinality, KindSchema, Visibility};
use utoipa::ToSchema;

use super::answer::{Answer, ApiCtx, ApiResult, Both, Problem, ProblemBody};
use crate::labels::Labels;
use crate::text::Tr;

/// Every register kind.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct KindsBody {
    pub kinds: Vec<KindBody>,
}

/// A register kind.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct KindBody {
    #[schema(example = "contract")]
    pub kind: String,
    pub label: Both,
    /// First letters of record ids.
    #[schema(example = "CTR")]
    pub prefix: String,
    pub domain: String,
    pub states: Vec<String>,
    pub steps: Vec<StepBody>,
    pub fields: Vec<FieldBody>,
}

/// A step of the state machine.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StepBody {
    pub name: String,
    pub from: Vec<String>,
    pub to: String,
    /// Fields that must be filled.
    pub needs: Vec<String>,
}

/// A field.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FieldBody {
    pub name: String,
    pub label: Both,
    /// Type of each value, with the vocabulary or register it draws on.
    #[schema(value_type = Object)]
    #[serde(rename = "type")]
    pub ty: Value,
    pub required: bool,
    pub many: bool,
    /// Whether everybody may see it.
    pub public: bool,
}

fn both(ctx: &ApiCtx, of: impl Fn(Labels<'_>) -> String) -> Both {
    let side = |lang| of(Labels::new(ctx.state.pack(), Tr(lang)));
    Both { ja: side(Lang::Ja), en: side(Lang::En) }
}

fn body(ctx: &ApiCtx, schema: &KindSchema) -> KindBody {
    let owned = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect();
    KindBody {
        kind: schema.kind.to_owned(),
        label: both(ctx, |labels| labels.kind(schema.kind)),
        prefix: schema.prefix.to_owned(),
        domain: schema.domain.to_owned(),
        states: owned(schema.states),
        steps: schema
            .transitions
            .iter()
            .map(|step| StepBody {
                name: step.name.to_owned(),
                from: owned(step.from),
                to: step.to.to_owned(),
                needs: owned(step.needs),
            })
            .collect(),
        fields: schema
            .fields
            .iter()
            .map(|field| FieldBody {
                name: field.name.to_owned(),
                label: both(ctx, |labels| labels.field(schema.kind, field.name)),
                ty: serde_json::to_value(field.ty).unwrap_or_default(),
                required: field.card == Cardinality::Required,
                many: field.card == Cardinality::Many,
                public: field.visibility == Visibility::Public,
            })
            .collect(),
    }
}

/// The kind called `name`, or the problem that there is none.
pub(super) fn find(ctx: &ApiCtx, name: &str) -> Result<&'static KindSchema, Problem> {
    registers::kind(name)
        .ok_or_else(|| ctx.problem(Refusal::new("web.not-found.kind").arg("kind", name)))
}

/// Every register kind with fields and steps.
#[utoipa::path(get, path = "/api/v1/kinds", tag = "registers",
    responses((status = 200, body = Answer<KindsBody>)))]
pub(crate) async fn list(ctx: ApiCtx) -> ApiResult<KindsBody> {
    let kinds = KINDS.iter().map(|schema| body(&ctx, schema)).collect();
    Ok(ctx.answer(KindsBody { kinds }))
}

/// One register kind.
#[utoipa::path(get, path = "/api/v1/kinds/{kind}", tag = "registers",
    params(("kind" = String, Path, example = "contract")),
    responses((status = 200, body = Answer<KindBody>), (status = 404, body = ProblemBody)))]
pub(crate) async fn one(ctx: ApiCtx, Path(kind): Path<String>) -> ApiResult<KindBody> {
    let schema = find(&ctx, &kind)?;
    Ok(ctx.answer(body(&ctx, schema)))
}

/// JSON Schema (2020-12) of the bodies of a kind.
#[utoipa::path(get, path = "/api/v1/kinds/{kind}/schema", tag = "registers",
    params(("kind" = String, Path, example = "contract")),
    responses((status = 200, description = "The schema", body = Object),
        (status = 404, body = ProblemBody)))]
pub(crate) async fn schema(ctx: ApiCtx, Path(kind): Path<String>) -> Result<Json<Value>, Problem> {
    let mut schema = find(&ctx, &kind)?.json_schema();
    if let Some(object) = schema.as_object_mut() {
        // JSON Schema ignores words it does not know.
        object.insert("evidence".to_owned(), Value::from(ctx.state.evidence()));
    }
    Ok(Json(schema))
}
