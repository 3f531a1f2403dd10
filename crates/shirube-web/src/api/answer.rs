//! What every answer of the API carries, and what its requests bring.

use axum::Json;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Value, json};
use shirube_access::{Action, Resource};
use shirube_model::lang::{Lang, LocalText};
use shirube_model::refusal::Refusal;
use shirube_store::{AppendError, StoreError};
use utoipa::ToSchema;

use crate::query::Query;
use crate::request::{AsOfDay, Audience, as_of, log_store_error, status_of};
use crate::session::Who;
use crate::state::AppState;

/// An answer: its content, and whether it comes from made-up evidence.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Answer<T: ToSchema> {
    /// `demo` for made-up evidence, `live` for real evidence.
    #[schema(example = "demo")]
    pub evidence: &'static str,
    #[serde(flatten)]
    pub content: T,
}

/// A text in both languages.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Both {
    pub ja: String,
    pub en: String,
}

impl From<&LocalText> for Both {
    fn from(text: &LocalText) -> Self {
        Self { ja: text.ja.clone(), en: text.en.clone() }
    }
}

impl Both {
    pub(crate) fn message(refusal: &Refusal) -> Self {
        Self { ja: refusal.message(Lang::Ja), en: refusal.message(Lang::En) }
    }

    pub(crate) fn remedy(refusal: &Refusal) -> Self {
        Self { ja: refusal.remedy(Lang::Ja), en: refusal.remedy(Lang::En) }
    }
}

/// One thing that was not accepted.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct ProblemPart {
    /// Stable code.
    #[schema(example = "core.date.unreadable")]
    pub code: &'static str,
    /// What was not accepted.
    pub message: Both,
    /// What to do next.
    pub remedy: Both,
    /// Field concerned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}

impl From<&Refusal> for ProblemPart {
    fn from(refusal: &Refusal) -> Self {
        Self {
            code: refusal.code,
            message: Both::message(refusal),
            remedy: Both::remedy(refusal),
            field: refusal.place.field.clone(),
        }
    }
}

/// Why there is no answer (RFC 9457, `application/problem+json`).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct ProblemBody {
    /// Names the kind of problem by its code.
    #[serde(rename = "type")]
    #[schema(example = "urn:shirube:problem:core.date.unreadable")]
    pub kind: String,
    /// What was not accepted, in English.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// Stable code of the first thing not accepted.
    pub code: &'static str,
    /// What was not accepted.
    pub message: Both,
    /// What to do next.
    pub remedy: Both,
    /// Everything that was not accepted.
    pub errors: Vec<ProblemPart>,
    /// For a stale edit: the version the caller started from, what the caller
    /// sent, and the record as it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub conflict: Option<Value>,
    /// `demo` or `live`.
    pub evidence: &'static str,
}

/// A problem on its way to the caller.
#[derive(Debug)]
pub(crate) struct Problem(Box<ProblemBody>);

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status =
            StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let text = serde_json::to_string(&self.0).unwrap_or_default();
        (status, [(header::CONTENT_TYPE, "application/problem+json")], text).into_response()
    }
}

impl Problem {
    /// A problem with the status its first code asks for.
    pub(crate) fn new(state: &AppState, refusals: &[Refusal]) -> Self {
        let first = refusals.first().cloned().unwrap_or_else(|| Refusal::new("web.not-found.page"));
        let evidence = state.evidence();
        Self::of(status_of(first.code), evidence, &first, refusals)
    }

    fn of(
        status: StatusCode,
        evidence: &'static str,
        first: &Refusal,
        refusals: &[Refusal],
    ) -> Self {
        Self(Box::new(ProblemBody {
            kind: format!("urn:shirube:problem:{}", first.code),
            title: first.message(Lang::En),
            status: status.as_u16(),
            code: first.code,
            message: Both::message(first),
            remedy: Both::remedy(first),
            errors: refusals.iter().map(ProblemPart::from).collect(),
            conflict: None,
            evidence,
        }))
    }

    pub(crate) fn status(mut self, status: StatusCode) -> Self {
        self.0.status = status.as_u16();
        self
    }
}

/// A problem for a request that reached no handler.
pub(crate) fn plain_problem(status: StatusCode, evidence: &'static str) -> Response {
    let code = match status {
        StatusCode::METHOD_NOT_ALLOWED => "web.method",
        StatusCode::PAYLOAD_TOO_LARGE => "web.body.too-large",
        StatusCode::URI_TOO_LONG => "web.address-too-long",
        StatusCode::UNSUPPORTED_MEDIA_TYPE => "web.body.not-json",
        StatusCode::GATEWAY_TIMEOUT => "web.slow",
        StatusCode::NOT_FOUND => "web.not-found.page",
        _ if status.is_server_error() => "web.fault",
        _ => "web.body.unreadable",
    };
    let refusal = Refusal::new(code);
    Problem::of(status, evidence, &refusal, std::slice::from_ref(&refusal)).into_response()
}

/// What an API handler gives.
pub(crate) type ApiResult<T> = Result<Json<Answer<T>>, Problem>;

/// An API request, read.
#[derive(Debug, Clone)]
pub(crate) struct ApiCtx {
    pub state: AppState,
    pub query: Query,
    pub as_of: AsOfDay,
    pub who: Who,
    /// Value of `If-Match`.
    pub if_match: Option<String>,
}

impl FromRequestParts<AppState> for ApiCtx {
    type Rejection = Problem;

    async fn from_request_parts(
        parts: &mut Parts,
        state: &AppState,
    ) -> Result<Self, Self::Rejection> {
        let problem = |refusal: Refusal| Problem::new(state, &[refusal]);
        let query = Query::read(parts.uri.query().unwrap_or_default()).map_err(problem)?;
        let as_of = as_of(state, &query).map_err(problem)?;
        let who = parts.extensions.get::<Who>().cloned().unwrap_or_else(Who::public);
        let if_match = parts
            .headers
            .get(header::IF_MATCH)
            .and_then(|value| value.to_str().ok())
            .map(|value| value.trim().trim_start_matches("W/").trim_matches('"').to_owned());
        Ok(Self { state: state.clone(), query, as_of, who, if_match })
    }
}

impl ApiCtx {
    /// Wraps the content of an answer.
    pub(crate) fn answer<T: ToSchema>(&self, content: T) -> Json<Answer<T>> {
        Json(Answer { evidence: self.state.evidence(), content })
    }

    /// A problem from one refusal.
    pub(crate) fn problem(&self, refusal: Refusal) -> Problem {
        Problem::new(&self.state, &[refusal])
    }

    /// A problem from a failed read.
    pub(crate) fn store_problem(&self, error: &StoreError) -> Problem {
        log_store_error(error);
        self.problem(error.refusal().clone())
    }

    /// A problem from a refused write; a stale edit shows both versions.
    pub(crate) fn append_problem(&self, error: &AppendError) -> Problem {
        crate::request::log_append_error(error);
        let mut problem = Problem::new(&self.state, &error.refusals());
        if let AppendError::Stale(stale) = error {
            problem.0.conflict = Some(json!({
                "base_version": stale.base_version,
                "mine": stale.mine,
                "current": stale.current,
            }));
            problem = problem.status(StatusCode::PRECONDITION_FAILED);
        }
        problem
    }

    /// Who looks at records of all registers.
    pub(crate) fn audience(&self) -> Audience {
        self.audience_of(&Resource::register(shirube_access::ANY))
    }

    /// Who looks at one register or record.
    pub(crate) fn audience_of(&self, resource: &Resource) -> Audience {
        crate::request::audience(&self.state, &self.who, resource)
    }

    /// Lets on only whoever may do this.
    ///
    /// # Errors
    /// `access.sign-in.needed`, `access.denied`, `web.not-found.page`.
    pub(crate) fn require(&self, action: Action<'_>, resource: &Resource) -> Result<(), Problem> {
        self.require_as(action, resource, false)
    }

    /// The same where whoever asks may have made what is to be judged.
    ///
    /// # Errors
    /// As [`Self::require`].
    pub(crate) fn require_as(
        &self,
        action: Action<'_>,
        resource: &Resource,
        own_work: bool,
    ) -> Result<(), Problem> {
        crate::gate::require_as(&self.state, &self.who, action, resource, own_work)
            .map_err(|refusal| self.problem(refusal))
    }

    /// Who the ledger names: the account, by its sign-in name.
    pub(crate) fn actor(&self) -> String {
        self.who.account().map_or_else(String::new, |account| account.name.clone())
    }

    /// The version `If-Match` names.
    ///
    /// # Errors
    /// `web.precondition.missing`, `web.precondition.unreadable`.
    pub(crate) fn base_version(&self) -> Result<u32, Problem> {
        let Some(text) = &self.if_match else {
            return Err(self.problem(Refusal::new("web.precondition.missing")));
        };
        text.parse().map_err(|_| {
            self.problem(Refusal::new("web.precondition.unreadable").arg("value", text))
        })
    }
}
