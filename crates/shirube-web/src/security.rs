//! What every answer carries and no request may exceed.

use std::any::Any;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::header::{self, HeaderName, HeaderValue};
use axum::http::{Response as HttpResponse, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::timeout::TimeoutLayer;

use crate::api::plain_problem;
use crate::state::AppState;

/// Largest body of a request, in bytes.
const BODY_BYTES_MAX: usize = 1024 * 1024;
/// Largest body of any request: a table sent for an audit.
const UPLOAD_BYTES_MAX: usize = 33 << 20;
/// Longest address, in bytes.
const ADDRESS_BYTES_MAX: usize = 8 * 1024;
/// Longest time for one answer.
const ANSWER_SECONDS_MAX: u64 = 60;

/// Header that says whether an answer comes from made-up evidence.
const EVIDENCE: HeaderName = HeaderName::from_static("shirube-evidence");

const FIXED: [(HeaderName, &str); 7] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; \
         frame-ancestors 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "same-origin"),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    ),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// Puts limits, headers, compression and the panic page around all routes.
pub(crate) fn protect(router: Router, state: AppState) -> Router {
    let seconds = Duration::from_secs(ANSWER_SECONDS_MAX);
    router
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(RequestBodyLimitLayer::new(UPLOAD_BYTES_MAX))
        .layer(TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, seconds))
        .layer(CompressionLayer::new())
        .layer(CatchPanicLayer::custom(panicked))
        .layer(middleware::from_fn_with_state(state, headers))
}

async fn headers(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let long = request.uri().to_string().len() > ADDRESS_BYTES_MAX;
    let api = request.uri().path().starts_with("/api/");
    let mut response =
        if long { StatusCode::URI_TOO_LONG.into_response() } else { next.run(request).await };
    let status = response.status();
    let failed = status.is_client_error() || status.is_server_error();
    if failed && !is_ours(&response) {
        response = if api { plain_problem(status, state.evidence()) } else { plain_page(status) };
    }
    let headers = response.headers_mut();
    for (name, value) in &FIXED {
        headers.insert(name, HeaderValue::from_static(value));
    }
    // A page shows what its reader may see; nobody else's cache may keep it.
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("private, no-cache"));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding, cookie"));
    headers.insert(EVIDENCE, HeaderValue::from_static(state.evidence()));
    response
}

/// Whether a failed answer is one of our own pages or problems, and not the
/// plain text of a layer.
fn is_ours(response: &Response) -> bool {
    let kind = response.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    kind.is_some_and(|kind| kind.starts_with("text/html") || kind.contains("json"))
}

fn panicked(_: Box<dyn Any + Send + 'static>) -> HttpResponse<Body> {
    tracing::error!("a request ended in a panic");
    broken_page()
}

/// The page for a defect of the product, in both languages, without its cause.
pub(crate) fn broken_page() -> Response {
    plain_page(StatusCode::INTERNAL_SERVER_ERROR)
}

/// A page in both languages for a request that reached no page.
fn plain_page(status: StatusCode) -> Response {
    use shirube_model::lang::Lang;
    use shirube_model::refusal::text;
    let key = if status.is_server_error() { "web.plain.fault" } else { "web.plain.bad-request" };
    let section = |lang: Lang| {
        format!(
            "<section lang=\"{}\"><h1>{}</h1><p>{}</p></section>",
            lang.tag(),
            text(lang, key),
            text(lang, &format!("{key}-remedy"))
        )
    };
    let page = format!(
        "<!doctype html><html lang=\"ja\"><head><meta charset=\"utf-8\">\
         <title>{} | Shirube</title></head><body><main>{}{}</main></body></html>",
        status.as_u16(),
        section(Lang::Ja),
        section(Lang::En)
    );
    (status, axum::response::Html(page)).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tower::ServiceExt;

    async fn broken() -> &'static str {
        panic!("a cause that nobody shall read")
    }

    #[tokio::test]
    async fn a_panic_gives_a_plain_page_in_both_languages() {
        let router: Router = Router::new()
            .route("/", axum::routing::get(broken))
            .layer(CatchPanicLayer::custom(panicked));
        let request = Request::get("/").body(Body::empty()).unwrap();
        let response = router.oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let body = axum::body::to_bytes(response.into_body(), 100_000).await.unwrap();
        let text = String::from_utf8(body.to_vec()).unwrap();
        assert!(text.contains("lang=\"ja\"") && text.contains("lang=\"en\""), "{text}");
        assert!(!text.contains("nobody shall read") && !text.contains("[web."), "{text}");
    }
}
