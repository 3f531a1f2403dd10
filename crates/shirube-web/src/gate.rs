//! What stands before every route: who asks, and whether they may call it.
//!
//! A route that nobody entered in the table of routes is refused. What a
//! handler does to a record or an account is decided there once more.

use axum::extract::{FromRequestParts, MatchedPath, Request, State};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use shirube_access::{AccessError, Action, Circumstance, Outcome, Resource};
use shirube_model::refusal::Refusal;

use crate::api::Problem;
use crate::link::Link;
use crate::request::{Ctx, log_access_error, split_lang};
use crate::session::Who;
use crate::state::AppState;

/// Finds out who asks and lets on whoever may.
pub(crate) async fn gate(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let path = parts.uri.path();
    let api = path.starts_with("/api/");
    // Style sheets and the health check need no database.
    if path.starts_with("/assets/") || path == "/healthz" {
        return next.run(Request::from_parts(parts, body)).await;
    }
    let who = if api {
        Who::of_client(&state, &parts.headers).await
    } else {
        Who::of_browser(&state, &parts.headers).await
    };
    let who = match who {
        Ok(who) => who,
        Err(error) => return failed(&state, &mut parts, api, &error).await,
    };
    parts.extensions.insert(who.clone());
    if !api && from_elsewhere(&state, &parts) {
        return page(&state, &mut parts, Refusal::new("access.form.elsewhere")).await;
    }
    if let Some(refused) = decide(&state, &who, &mut parts, api).await {
        return refused;
    }
    next.run(Request::from_parts(parts, body)).await
}

/// Whether a browser says that another site made it send this. Forms of a
/// session carry a token besides; signing in has no session yet to bind one to.
fn from_elsewhere(state: &AppState, parts: &Parts) -> bool {
    if parts.method == Method::GET || parts.method == Method::HEAD {
        return false;
    }
    let said = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
    match said("sec-fetch-site") {
        Some(site) => !matches!(site, "same-origin" | "none"),
        // Behind a proxy `Host` may name this machine; browsers on TLS send the
        // header above.
        None if state.options().behind_proxy => false,
        // Browsers on plain HTTP.
        None => match (said("origin"), said("host")) {
            (Some(origin), Some(host)) => {
                origin.split_once("://").is_none_or(|(_, found)| found != host)
            }
            _ => false,
        },
    }
}

async fn decide(state: &AppState, who: &Who, parts: &mut Parts, api: bool) -> Option<Response> {
    let matched = parts.extensions.get::<MatchedPath>()?.as_str().to_owned();
    // Addresses of the API that lead nowhere have their own answer.
    if matched == "/api/{*rest}" {
        return None;
    }
    let outcome = match shirube_access::route(parts.method.as_str(), &matched) {
        Some(route) => {
            let circumstance = who.circumstance();
            let resource = route.resource();
            state
                .authority()
                .decide(&who.principal, route.action(), &resource, circumstance)
                .outcome
        }
        // A method the table lacks is refused here, not left to the router.
        None if !methods(&matched).is_empty() => return Some(wrong_method(&matched)),
        None => Outcome::Hidden,
    };
    let refusal = refusal_of(outcome, who)?;
    if api {
        return Some(Problem::new(state, &[refusal]).into_response());
    }
    let shows = parts.method == Method::GET || parts.method == Method::HEAD;
    if refusal.code == "access.sign-in.needed" && shows {
        return Some(to_sign_in(parts).into_response());
    }
    Some(page(state, parts, refusal).await)
}

fn methods(matched: &str) -> Vec<&'static str> {
    let routes = shirube_access::ROUTES.iter().filter(|route| route.path == matched);
    routes.map(|route| route.method.as_str()).collect()
}

fn wrong_method(matched: &str) -> Response {
    let allowed = methods(matched).join(", ");
    (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, allowed)]).into_response()
}

/// What a decision means for somebody; nothing when it is allowed.
pub(crate) fn refusal_of(outcome: Outcome, who: &Who) -> Option<Refusal> {
    match outcome {
        Outcome::Allow => None,
        Outcome::Hidden => Some(Refusal::new("web.not-found.page")),
        Outcome::Deny if who.account().is_none() => Some(Refusal::new("access.sign-in.needed")),
        Outcome::Deny => Some(Refusal::new("access.denied")),
    }
}

/// Decides about a thing a handler found, which whoever asks may have made.
///
/// # Errors
/// `access.sign-in.needed`, `access.denied`, `web.not-found.page`.
pub(crate) fn require_as(
    state: &AppState,
    who: &Who,
    action: Action<'_>,
    resource: &Resource,
    own_work: bool,
) -> Result<(), Refusal> {
    let circumstance = Circumstance { own_work, ..who.circumstance() };
    let decision = state.authority().decide(&who.principal, action, resource, circumstance);
    refusal_of(decision.outcome, who).map_or(Ok(()), Err)
}

fn to_sign_in(parts: &Parts) -> Redirect {
    let path = parts.uri.path();
    let tag = split_lang(path).map_or("ja", |(lang, _)| lang.tag());
    let link = Link::to(format!("/{tag}/sign-in")).set("next", path);
    Redirect::to(&String::from(link))
}

async fn failed(state: &AppState, parts: &mut Parts, api: bool, error: &AccessError) -> Response {
    log_access_error(error);
    let refusal = error.refusal().clone();
    if api {
        return Problem::new(state, &[refusal]).into_response();
    }
    parts.extensions.insert(Who::public());
    page(state, parts, refusal).await
}

/// The page of a refusal before any handler ran.
async fn page(state: &AppState, parts: &mut Parts, refusal: Refusal) -> Response {
    match Ctx::from_request_parts(parts, state).await {
        Ok(ctx) => ctx.refuse(refusal).into_response(),
        Err(error) => error.into_response(),
    }
}

/// The status of a refusal about accounts; none for other refusals.
pub(crate) fn status_of_access(code: &str) -> Option<StatusCode> {
    Some(match code {
        "access.sign-in.wait" | "access.oidc.too-many" => StatusCode::TOO_MANY_REQUESTS,
        "access.sign-in.wrong" | "access.sign-in.needed" | "access.bearer.unknown" => {
            StatusCode::UNAUTHORIZED
        }
        "access.denied"
        | "access.form.forged"
        | "access.form.elsewhere"
        | "access.oidc.none"
        | "access.identity.unknown"
        | "access.identity.shut" => StatusCode::FORBIDDEN,
        "access.account.unknown" | "access.session.unknown" | "access.token.unknown" => {
            StatusCode::NOT_FOUND
        }
        "access.store.busy" => StatusCode::SERVICE_UNAVAILABLE,
        "access.store.fault" | "access.no-randomness" => StatusCode::INTERNAL_SERVER_ERROR,
        "access.oidc.unreachable" => StatusCode::BAD_GATEWAY,
        _ => return None,
    })
}
