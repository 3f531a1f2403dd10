//! What every page reads from its request, and what every page shows around its
//! own content.

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use chrono::NaiveDate;
use shirube_access::{AccessError, Action, Resource, Session};
use shirube_model::calendar::{end_of_japan_day, parse_date};
use shirube_model::lang::Lang;
use shirube_model::refusal::Refusal;
use shirube_store::{AppendError, AsOf, StoreError};

use crate::labels::Labels;
use crate::link::Link;
use crate::query::Query;
use crate::session::{FLOW_COOKIE, Who, cookie};
use crate::state::AppState;
use crate::text::Tr;
use crate::view::frame::{AsOfLine, Chrome, ErrorPage, FaultLine, Labelled, Tab};

/// Who looks at a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Audience {
    /// Everybody.
    Public,
    /// Whoever may read internal fields there.
    Staff,
}

/// The day a page is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct AsOfDay {
    /// The day.
    pub day: NaiveDate,
    /// Whether the request named it.
    pub given: bool,
}

impl AsOfDay {
    /// The ledger as it stood at the end of the day asked for, or as it stands.
    pub(crate) fn ledger(self) -> AsOf {
        if self.given { AsOf::At(end_of_japan_day(self.day)) } else { AsOf::Now }
    }

    /// The day where the request named it, for links.
    pub(crate) fn iso_if_given(self) -> String {
        if self.given { self.day.to_string() } else { String::new() }
    }
}

/// Where an identity provider sends browsers back to.
const CALLBACK: &str = "/sign-in/callback";

/// A page request, read.
#[derive(Debug, Clone)]
pub(crate) struct Ctx {
    /// Store, pack and engine.
    pub state: AppState,
    /// Language.
    pub t: Tr,
    /// Path after the language, from `/`, as sent.
    pub rest: String,
    /// Query as sent.
    pub raw_query: String,
    /// Query read.
    pub query: Query,
    /// Day asked for.
    pub as_of: AsOfDay,
    /// Who asks.
    pub who: Who,
    /// Address of the client.
    pub address: String,
    /// What the client calls itself.
    pub agent: String,
    /// Cookie of a sign-in at an identity provider.
    pub flow: String,
}

/// A page that could not be made, as the answer to send.
#[derive(Debug)]
pub(crate) struct PageError(Box<Response>);

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        *self.0
    }
}

/// A page, or the page that says why not.
pub(crate) type Page = Result<Response, PageError>;

/// The language a path starts with, and the rest of the path.
pub(crate) fn split_lang(path: &str) -> Option<(Lang, &str)> {
    let rest = path.strip_prefix('/')?;
    let (tag, tail) = rest
        .split_once('/')
        .map_or((rest, ""), |(tag, _)| (tag, rest.get(tag.len()..).unwrap_or_default()));
    Some((Lang::from_tag(tag)?, tail))
}

/// The language a browser prefers; Japanese where it names neither.
pub(crate) fn preferred(headers: &HeaderMap) -> Lang {
    let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    let mut best = (Lang::Ja, 0.0_f32);
    for part in accepted.unwrap_or_default().split(',') {
        let (tag, weight) = part.split_once(";q=").unwrap_or((part, "1"));
        let primary = tag.trim().split('-').next().unwrap_or_default();
        let weight = weight.trim().parse().unwrap_or(0.0);
        if let Some(lang) = Lang::from_tag(&primary.to_ascii_lowercase())
            && weight > best.1
        {
            best = (lang, weight);
        }
    }
    best.0
}

fn header_text(headers: &HeaderMap, name: header::HeaderName) -> String {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
}

/// The address of the client: of the connection, or the last one that the proxy
/// named, which it saw itself; earlier ones may be made up.
fn address(state: &AppState, parts: &Parts) -> String {
    if state.options().behind_proxy {
        let named = parts.headers.get("x-forwarded-for").and_then(|value| value.to_str().ok());
        if let Some(last) = named.and_then(|value| value.rsplit(',').next()) {
            return last.trim().to_owned();
        }
    }
    let connection = parts.extensions.get::<ConnectInfo<SocketAddr>>();
    connection.map_or_else(String::new, |ConnectInfo(address)| address.ip().to_string())
}

/// The day a query asks for.
///
/// # Errors
/// `core.date.*`.
pub(crate) fn as_of(state: &AppState, query: &Query) -> Result<AsOfDay, Refusal> {
    match query.get("as_of") {
        None => Ok(AsOfDay { day: state.engine().latest_day(), given: false }),
        Some(text) => {
            let day = parse_date(text).map_err(|refusal| refusal.field("as_of"))?;
            Ok(AsOfDay { day, given: true })
        }
    }
}

impl FromRequestParts<AppState> for Ctx {
    type Rejection = PageError;

    async fn from_request_parts(
        parts: &mut Parts,
        state: &AppState,
    ) -> Result<Self, Self::Rejection> {
        let path = parts.uri.path().to_owned();
        let (lang, rest) = match split_lang(&path) {
            Some((lang, rest)) => (lang, rest.to_owned()),
            None => (preferred(&parts.headers), "/".to_owned()),
        };
        let mut ctx = Self {
            state: state.clone(),
            t: Tr(lang),
            rest,
            raw_query: parts.uri.query().unwrap_or_default().to_owned(),
            query: Query::default(),
            as_of: AsOfDay { day: state.engine().latest_day(), given: false },
            who: parts.extensions.get::<Who>().cloned().unwrap_or_else(Who::public),
            address: address(state, parts),
            agent: header_text(&parts.headers, header::USER_AGENT),
            flow: cookie(&parts.headers, FLOW_COOKIE).unwrap_or_default().to_owned(),
        };
        // The provider sends browsers back to an address without a language.
        if split_lang(&path).is_none() && path != CALLBACK {
            return Err(ctx.not_found());
        }
        ctx.query = Query::read(&ctx.raw_query).map_err(|refusal| ctx.refuse(refusal))?;
        ctx.as_of = as_of(state, &ctx.query).map_err(|refusal| ctx.refuse(refusal))?;
        Ok(ctx)
    }
}

impl Ctx {
    /// The browser's session.
    pub(crate) fn session(&self) -> Option<&Session> {
        self.who.session.as_ref()
    }

    /// Token for the forms of a page; empty where nobody is signed in.
    pub(crate) fn form_token(&self) -> String {
        self.session().map_or_else(String::new, |session| session.form_token.clone())
    }

    /// Where the request comes from.
    pub(crate) fn origin(&self) -> shirube_access::Origin<'_> {
        shirube_access::Origin { address: &self.address, agent: &self.agent }
    }

    /// Who looks at records of all registers.
    pub(crate) fn audience(&self) -> Audience {
        self.audience_of(&Resource::register(shirube_access::ANY))
    }

    /// Who looks at one register or record.
    pub(crate) fn audience_of(&self, resource: &Resource) -> Audience {
        audience(&self.state, &self.who, resource)
    }

    /// Lets on only whoever may do this.
    ///
    /// # Errors
    /// The page that says why not.
    pub(crate) fn require(&self, action: Action<'_>, resource: &Resource) -> Result<(), PageError> {
        self.require_as(action, resource, false)
    }

    /// The same where whoever asks may have made what is to be judged.
    ///
    /// # Errors
    /// The page that says why not.
    pub(crate) fn require_as(
        &self,
        action: Action<'_>,
        resource: &Resource,
        own_work: bool,
    ) -> Result<(), PageError> {
        crate::gate::require_as(&self.state, &self.who, action, resource, own_work)
            .map_err(|refusal| self.refuse(refusal))
    }

    /// The page for a refusal or a fault about accounts.
    pub(crate) fn access_error(&self, error: &AccessError) -> PageError {
        log_access_error(error);
        self.refuse(error.refusal().clone())
    }

    /// The ledger as the page shows it. The ledger of a demo runs on beyond the
    /// day it shows by default.
    pub(crate) fn ledger(&self) -> AsOf {
        if self.state.demo() {
            AsOf::At(end_of_japan_day(self.as_of.day))
        } else {
            self.as_of.ledger()
        }
    }

    /// Labels of the pack in the page's language.
    pub(crate) fn labels(&self) -> Labels<'_> {
        Labels::new(self.state.pack(), self.t)
    }

    /// A link to a page of the same language that keeps the day asked for.
    pub(crate) fn to(&self, path: &str) -> Link {
        Link::to(format!("/{}{path}", self.t.0.tag())).set("as_of", &self.as_of.iso_if_given())
    }

    /// The query that keeps the day asked for, where a link has no other.
    pub(crate) fn carry(&self) -> String {
        if self.as_of.given { format!("?as_of={}", self.as_of.day) } else { String::new() }
    }

    /// The frame of a page.
    pub(crate) fn chrome(&self, tab: Tab, title: impl Into<String>) -> Chrome {
        let lang = self.t.0;
        let query =
            if self.raw_query.is_empty() { String::new() } else { format!("?{}", self.raw_query) };
        let iso = self.as_of.day.to_string();
        let pack = self.state.pack();
        Chrome {
            t: self.t,
            lang: lang.tag(),
            other_lang: lang.other().tag(),
            other_name: Tr(lang.other()).get("web.language.name"),
            here: format!("/{}{}{query}", lang.tag(), self.rest),
            other_href: format!("/{}{}{query}", lang.other().tag(), self.rest),
            title: title.into(),
            tab,
            plan_title: self.t.side(&pack.info.title),
            pack_line: format!("{} {}", pack.info.id, pack.info.version),
            software: software().to_owned(),
            demo: self.state.demo(),
            carry: self.carry(),
            as_of: AsOfLine { iso, given: self.as_of.given },
            signed_in: self.session().is_some(),
            signed_in_as: self
                .session()
                .map_or_else(String::new, |session| self.t.side(&session.account.display)),
            administers: self.state.allows(&self.who, Action::Administer, &Resource::Site),
            audits: self.state.allows(&self.who, Action::Audit, &Resource::Site),
            beside: self.beside(),
            crumbs: Vec::new(),
        }
    }

    /// The dashboard or indicator page over the store beside this one.
    fn beside(&self) -> Option<Labelled> {
        let beside = self.state.other()?;
        let key = if beside.state.demo() { "web.beside.see-demo" } else { "web.beside.see-real" };
        let rest = if self.rest.starts_with("/indicators/") { &self.rest } else { "/" };
        let href = format!("{}/{}{rest}", beside.address, self.t.0.tag());
        Some(Labelled::new(self.t.get(key), href))
    }

    /// Renders a page.
    pub(crate) fn page(&self, template: &impl askama::Template) -> Page {
        self.page_with(StatusCode::OK, template)
    }

    /// Renders a page with a status.
    pub(crate) fn page_with(&self, status: StatusCode, template: &impl askama::Template) -> Page {
        match template.render() {
            Ok(text) => Ok((status, Html(text)).into_response()),
            Err(error) => {
                tracing::error!(%error, "a page could not be rendered");
                Err(PageError(Box::new(crate::security::broken_page())))
            }
        }
    }

    /// The page that shows refusals.
    pub(crate) fn refuse_all(&self, status: StatusCode, refusals: &[Refusal]) -> PageError {
        let key = match status {
            StatusCode::NOT_FOUND => "web.error.not-found",
            StatusCode::FORBIDDEN | StatusCode::UNAUTHORIZED => "web.error.forbidden",
            _ if status.is_server_error() => "web.error.fault",
            _ => "web.error.bad-request",
        };
        let faults = refusals.iter().map(|refusal| FaultLine::new(self.t.0, refusal)).collect();
        let page = ErrorPage { c: self.chrome(Tab::None, self.t.get(key)), faults };
        match self.page_with(status, &page) {
            Ok(response) => PageError(Box::new(response)),
            Err(error) => error,
        }
    }

    /// The page that shows one refusal, with the status its code asks for.
    pub(crate) fn refuse(&self, refusal: Refusal) -> PageError {
        self.refuse_all(status_of(refusal.code), &[refusal])
    }

    /// The page for an address that leads nowhere.
    pub(crate) fn not_found(&self) -> PageError {
        self.refuse(Refusal::new("web.not-found.page"))
    }

    /// The page for a failed read of the store; its cause goes to the log only.
    pub(crate) fn store_error(&self, error: &StoreError) -> PageError {
        log_store_error(error);
        self.refuse(error.refusal().clone())
    }
}

/// Writes the cause of a fault to the operator's log.
pub(crate) fn log_store_error(error: &StoreError) {
    if let StoreError::Fault(fault) = error {
        tracing::error!(code = fault.refusal.code, cause = %fault.cause, "store fault");
    }
}

/// Writes the cause of a failed write to the operator's log.
pub(crate) fn log_append_error(error: &AppendError) {
    if let AppendError::Fault(fault) = error {
        tracing::error!(code = fault.refusal.code, cause = %fault.cause, "store fault");
    }
}

/// Writes the cause of a fault about accounts to the operator's log.
pub(crate) fn log_access_error(error: &AccessError) {
    if let AccessError::Fault { refusal, cause } = error {
        tracing::error!(code = refusal.code, %cause, "access fault");
    }
}

/// Who looks at a register or record.
pub(crate) fn audience(state: &AppState, who: &Who, resource: &Resource) -> Audience {
    if state.allows(who, Action::ReadInternal, resource) {
        Audience::Staff
    } else {
        Audience::Public
    }
}

/// The HTTP status a refusal answers with.
pub(crate) fn status_of(code: &str) -> StatusCode {
    if let Some(status) = crate::gate::status_of_access(code) {
        return status;
    }
    match code {
        "web.sign-in.none" => StatusCode::FORBIDDEN,
        "web.precondition.missing" => StatusCode::PRECONDITION_REQUIRED,
        "store.stale-edit"
        | "cycle.report-moved-on"
        | "cycle.contribution-closed"
        | "cycle.not-open"
        | "cycle.other-plan"
        | "cycle.reports-pending" => StatusCode::CONFLICT,
        "cycle.year-unknown" | "cycle.report-unknown" | "cycle.ministry-without-report" => {
            StatusCode::NOT_FOUND
        }
        "query.ledger.close" | "query.review.closed" | "query.review.twice" => StatusCode::CONFLICT,
        "query.review.asker" => StatusCode::FORBIDDEN,
        "query.budget.spent" => StatusCode::FORBIDDEN,
        "web.health.slow" => StatusCode::GATEWAY_TIMEOUT,
        "web.health.stopped"
        | "query.engine.failed"
        | "query.ledger.failed"
        | "query.ledger.broken"
        | "query.policy.unreadable"
        | "query.policy.unknown"
        | "query.table.unsuited"
        | "health.opt-out"
        | "health.secret" => StatusCode::INTERNAL_SERVER_ERROR,
        "store.disk-full" => StatusCode::INSUFFICIENT_STORAGE,
        "store.busy" | "store.closed" | "web.follow-up.busy" | "web.health.busy" => {
            StatusCode::SERVICE_UNAVAILABLE
        }
        "indicator.reading.unknown" => StatusCode::NOT_FOUND,
        "store.io"
        | "store.damaged"
        | "store.no-permission"
        | "store.row-damaged"
        | "store.search-damaged" => StatusCode::INTERNAL_SERVER_ERROR,
        _ if code.starts_with("web.not-found.") => StatusCode::NOT_FOUND,
        _ if ["engine.", "health.config.", "records."]
            .iter()
            .any(|area| code.starts_with(area)) =>
        {
            StatusCode::INTERNAL_SERVER_ERROR
        }
        _ => StatusCode::BAD_REQUEST,
    }
}

/// Name and version of the software.
pub(crate) const fn software() -> &'static str {
    concat!("shirube ", env!("CARGO_PKG_VERSION"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_stands_first_in_the_path() {
        assert_eq!(split_lang("/ja"), Some((Lang::Ja, "")));
        assert_eq!(split_lang("/en/plan/x"), Some((Lang::En, "/plan/x")));
        assert_eq!(split_lang("/english"), None);
        assert_eq!(split_lang("/"), None);
    }

    #[test]
    fn the_browser_chooses_the_language_of_the_first_page() {
        let cases = [
            ("", Lang::Ja),
            ("en-GB,en;q=0.8", Lang::En),
            ("fr,de;q=0.5", Lang::Ja),
            ("fr, en;q=0.3, ja;q=0.2", Lang::En),
            ("ja;q=0.9,en;q=0.9", Lang::Ja),
        ];
        for (accepted, lang) in cases {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_LANGUAGE, accepted.parse().unwrap());
            assert_eq!(preferred(&headers), lang, "{accepted}");
        }
    }
}
