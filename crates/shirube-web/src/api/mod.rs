//! The JSON API.

mod answer;
mod health;
mod indicators;
mod kinds;
mod packs;
mod records;
mod values;

pub(crate) use answer::{Answer, Problem, plain_problem};
pub(crate) use health::answer_body;
pub(crate) use values::IndicatorBody;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use utoipa::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

/// Head of the OpenAPI document.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Shirube",
        description = "Registers, indicators and their proof. Every answer says in `evidence` \
            and in the header `Shirube-Evidence` whether it comes from made-up evidence. \
            Errors are problem details (RFC 9457) with a stable code and texts in Japanese and \
            English.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    tags(
        (name = "indicators", description = "Values with proof, on any day"),
        (name = "registers", description = "Records, their history, search and changes"),
        (name = "health records", description = "Queries to health records, through the gate"),
        (name = "pack", description = "The strategy as data")
    )
)]
struct Head;

/// Every route of the API with its part of the OpenAPI document.
pub(crate) fn router() -> OpenApiRouter<AppState> {
    let mut document = Head::openapi();
    let bearer = SecurityScheme::Http(
        HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("A token made under `My account`"))
            .build(),
    );
    document
        .components
        .get_or_insert_default()
        .security_schemes
        .insert("token".to_owned(), bearer.into());
    OpenApiRouter::with_openapi(document)
        .routes(routes!(indicators::board))
        .routes(routes!(indicators::list))
        .routes(routes!(indicators::one))
        .routes(routes!(indicators::proof))
        .routes(routes!(kinds::list))
        .routes(routes!(kinds::one))
        .routes(routes!(kinds::schema))
        .routes(routes!(records::list, records::create))
        .routes(routes!(records::one, records::correct))
        .routes(routes!(records::history))
        .routes(routes!(records::step))
        .routes(routes!(records::search))
        .routes(routes!(packs::info))
        .routes(routes!(packs::measures))
        .routes(routes!(packs::vocabularies))
        .routes(routes!(packs::vocabulary))
        .routes(routes!(health::list))
        .routes(routes!(health::one))
        .routes(routes!(health::check))
        .routes(routes!(health::ask))
        .routes(routes!(health::answer))
        .routes(routes!(health::ledger))
        .routes(routes!(health::queue))
        .routes(routes!(health::review))
        .routes(routes!(openapi))
}

/// The OpenAPI document of this API.
#[utoipa::path(get, path = "/api/v1/openapi.json", tag = "pack",
    responses((status = 200, description = "The document", body = Object)))]
async fn openapi(State(state): State<AppState>) -> Response {
    let document = router().into_openapi();
    match serde_json::to_value(&document) {
        Ok(Value::Object(mut object)) => {
            // The document may only be extended by names that start with `x-`.
            object.insert("x-evidence".to_owned(), Value::from(state.evidence()));
            Json(Value::Object(object)).into_response()
        }
        _ => plain_problem(StatusCode::INTERNAL_SERVER_ERROR, state.evidence()),
    }
}

/// Answers an address of the API that leads nowhere.
pub(crate) async fn nowhere(State(state): State<AppState>) -> Response {
    plain_problem(StatusCode::NOT_FOUND, state.evidence())
}
