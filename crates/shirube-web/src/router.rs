//! Every route of the web application, in one list.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware;
use axum::routing::{MethodRouter, get, post};

use crate::pages::{
    about, account, accounts, dashboard, edit, follow_up, gate as audit, health, home, indicator,
    pack, plan, record, registers, sign_in, step,
};
use crate::state::AppState;
use crate::{api, assets, gate, security};

/// Methods of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Methods {
    /// Only read.
    Get,
    /// Only sent, by a form on another page.
    Post,
    /// A form that is shown and sent at one address.
    GetPost,
}

/// Makes the list of pages and the router from the same lines.
macro_rules! pages {
    ($( $methods:ident $path:literal => $handler:expr; )*) => {
        /// Every page: its methods and its address, in which `{lang}` is `ja`
        /// or `en`.
        pub const PAGES: &[(Methods, &str)] = &[ $( (Methods::$methods, $path) ),* ];

        fn pages() -> Router<AppState> {
            let mut router = Router::new();
            $( router = router.route($path, $handler); )*
            router
        }
    };
}

fn form<G, P, T, U>(show: G, take: P) -> MethodRouter<AppState>
where
    G: axum::handler::Handler<T, AppState>,
    P: axum::handler::Handler<U, AppState>,
    T: 'static,
    U: 'static,
{
    get(show).post(take)
}

pages! {
    Get "/" => get(home::redirect);
    Get "/healthz" => get(home::health);
    Get "/assets/{*name}" => get(assets::serve);
    Get "/{lang}" => get(home::add_slash);
    Get "/{lang}/" => get(dashboard::show);
    Get "/{lang}/indicators/{name}" => get(indicator::show);
    Get "/{lang}/plan" => get(plan::tree);
    Get "/{lang}/plan/measures/{id}" => get(plan::measure);
    Get "/{lang}/plan/governance" => get(plan::governance);
    Get "/{lang}/plan/source-notes" => get(plan::source_notes);
    Get "/{lang}/plan/ministries" => get(plan::ministries);
    Get "/{lang}/registers" => get(registers::overview);
    Get "/{lang}/registers/{kind}" => get(registers::list);
    GetPost "/{lang}/registers/{kind}/new" => form(edit::show_new, edit::create);
    Get "/{lang}/search" => get(registers::search);
    Get "/{lang}/records/{id}" => get(record::show);
    Get "/{lang}/records/{id}/history" => get(record::history);
    Get "/{lang}/records/{id}/diff" => get(record::diff);
    GetPost "/{lang}/records/{id}/edit" => form(edit::show, edit::save);
    GetPost "/{lang}/records/{id}/step" => form(step::show, step::take);
    GetPost "/{lang}/follow-up" => form(follow_up::list, follow_up::open);
    Get "/{lang}/follow-up/{year}" => get(follow_up::year);
    Get "/{lang}/follow-up/{year}/verify" => get(follow_up::verify);
    Get "/{lang}/follow-up/{year}/{ministry}" => get(follow_up::ministry);
    Get "/{lang}/follow-up/{year}/{ministry}/file" => get(follow_up::file);
    GetPost "/{lang}/follow-up/{year}/{ministry}/{measure}" =>
        form(follow_up::report, follow_up::change);
    Get "/{lang}/pack" => get(pack::show);
    Get "/{lang}/pack/vocabularies/{id}" => get(pack::vocabulary);
    Get "/{lang}/about" => get(about::show);
    GetPost "/{lang}/sign-in" => form(sign_in::show, sign_in::enter);
    Get "/{lang}/sign-in/provider" => get(sign_in::to_provider);
    Get "/sign-in/callback" => get(sign_in::from_provider);
    GetPost "/{lang}/recover" => form(sign_in::show_recovery, sign_in::recover);
    Post "/{lang}/sign-out" => post(sign_in::leave);
    Get "/{lang}/account" => get(account::show);
    Post "/{lang}/account/password" => post(account::password);
    Post "/{lang}/account/sessions" => post(account::end_sessions);
    Post "/{lang}/account/tokens" => post(account::make_token);
    Post "/{lang}/account/tokens/end" => post(account::end_token);
    Get "/{lang}/accounts" => get(accounts::list);
    GetPost "/{lang}/accounts/new" => form(accounts::show_new, accounts::create);
    GetPost "/{lang}/accounts/{id}" => form(accounts::show, accounts::save);
    Post "/{lang}/accounts/{id}/recovery" => post(accounts::recovery);
    Get "/{lang}/audit" => get(accounts::audit);
    Get "/{lang}/health-data" => get(health::list);
    Get "/{lang}/health-data/{id}" => get(health::data_set);
    Post "/{lang}/health-data/{id}/verify" => post(health::verify);
    GetPost "/{lang}/health-data/{id}/quality" => form(health::quality, health::check_quality);
    GetPost "/{lang}/health-data/{id}/ask" => form(health::show, health::ask);
    Get "/{lang}/health-data/{id}/answers/{name}" => get(health::answer);
    Get "/{lang}/health-data/{id}/reviews" => get(health::queue);
    GetPost "/{lang}/health-data/{id}/reviews/{entry}" =>
        form(health::show_review, health::take_review);
    Get "/{lang}/health-data/{id}/ledger" => get(health::ledger);
    GetPost "/{lang}/health-data/{id}/ledger/{entry}" =>
        form(health::entry, health::reproduce);
    GetPost "/{lang}/gate/audit" => form(audit::show, audit::audit)
        .layer(DefaultBodyLimit::max(audit::FILE_BYTES_MAX + 64 * 1024));
}

/// Addresses of the API with their methods, in the order of the OpenAPI
/// document that describes them.
#[must_use]
pub fn api_routes() -> Vec<(String, Vec<String>)> {
    let document = serde_json::to_value(api::router().into_openapi()).unwrap_or_default();
    let paths = document.get("paths").and_then(|paths| paths.as_object());
    paths
        .into_iter()
        .flatten()
        .map(|(path, item)| {
            let methods = item.as_object().into_iter().flat_map(|item| item.keys().cloned());
            (path.clone(), methods.collect())
        })
        .collect()
}

/// The web application.
pub fn app(state: AppState) -> Router {
    let (api, _) = api::router().split_for_parts();
    let router = pages()
        .merge(api)
        .route("/api/{*rest}", axum::routing::any(api::nowhere))
        .fallback(home::nowhere)
        .layer(middleware::from_fn_with_state(state.clone(), gate::gate))
        .with_state(state.clone());
    security::protect(router, state)
}
