//! The first address, health, and addresses that lead nowhere.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Redirect, Response};

use crate::request::{Ctx, PageError, preferred};
use crate::state::AppState;

/// Sends a browser to the dashboard in the language it prefers.
pub(crate) async fn redirect(headers: HeaderMap) -> Response {
    let mut response =
        Redirect::temporary(&format!("/{}/", preferred(&headers).tag())).into_response();
    response.headers_mut().insert(header::CONTENT_LANGUAGE, HeaderValue::from_static("ja, en"));
    response
}

/// `/ja` means `/ja/`.
pub(crate) async fn add_slash(ctx: Ctx) -> Redirect {
    Redirect::permanent(&format!("/{}/", ctx.t.0.tag()))
}

/// Whether the store can be read.
pub(crate) async fn health(State(state): State<AppState>) -> Response {
    use axum::http::StatusCode;
    match state.store().head().await {
        Ok(head) => {
            let body = serde_json::json!({
                "status": "ok",
                "ledger_seq": head.seq,
                "evidence": state.evidence(),
                "software": crate::request::software(),
            });
            axum::Json(body).into_response()
        }
        Err(error) => {
            crate::request::log_store_error(&error);
            let body = serde_json::json!({
                "status": "fault",
                "code": error.code(),
                "evidence": state.evidence(),
            });
            (StatusCode::SERVICE_UNAVAILABLE, axum::Json(body)).into_response()
        }
    }
}

/// The page for an address that leads nowhere.
pub(crate) async fn nowhere(ctx: Ctx) -> PageError {
    ctx.not_found()
}
