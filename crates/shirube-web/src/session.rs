//! Who asks: the account behind a cookie or a token, and the cookies themselves.

use axum::http::{HeaderMap, header};
use chrono::Utc;
use shirube_access::{AccessError, Account, Bearer, Circumstance, Principal, Reach, Session};
use shirube_model::refusal::Refusal;

use crate::state::AppState;

/// Name of the cookie of a session.
pub(crate) const COOKIE: &str = "shirube_session";
/// Name of the cookie that ties a sign-in at a provider to its browser.
pub(crate) const FLOW_COOKIE: &str = "shirube_flow";
/// How long a browser waits for the provider, in seconds.
const FLOW_SECONDS: i64 = 600;

/// Who asks.
#[derive(Debug, Clone)]
pub(crate) struct Who {
    /// The session of a browser.
    pub session: Option<Session>,
    /// The token of an API client.
    pub bearer: Option<Bearer>,
    /// The account behind either, or everybody.
    pub principal: Principal,
}

impl Who {
    /// Everybody.
    pub(crate) fn public() -> Self {
        Self { session: None, bearer: None, principal: Principal::public() }
    }

    /// The account, of somebody signed in.
    pub(crate) fn account(&self) -> Option<&Account> {
        let of_session = self.session.as_ref().map(|session| &session.account);
        of_session.or_else(|| self.bearer.as_ref().map(|bearer| &bearer.account))
    }

    /// What is true of the request for every decision.
    pub(crate) fn circumstance(&self) -> Circumstance {
        let read_only = self.bearer.as_ref().is_some_and(|bearer| bearer.reach == Reach::Read);
        Circumstance { read_only, own_work: false }
    }

    /// The browser behind a request for a page. Tokens do not count here.
    ///
    /// # Errors
    /// Faults of the database of accounts.
    pub(crate) async fn of_browser(
        state: &AppState,
        headers: &HeaderMap,
    ) -> Result<Self, AccessError> {
        let (Some(accounts), Some(secret)) = (state.accounts(), cookie(headers, COOKIE)) else {
            return Ok(Self::public());
        };
        let now = Utc::now();
        let Some(session) = accounts.session(secret, now).await? else {
            return Ok(Self::public());
        };
        let principal = Principal::of(&session.account, now);
        Ok(Self { session: Some(session), bearer: None, principal })
    }

    /// The client behind a request to the API. Cookies do not count here, so
    /// that no other site can act for a signed-in browser.
    ///
    /// # Errors
    /// `access.bearer.unknown`, faults of the database of accounts.
    pub(crate) async fn of_client(
        state: &AppState,
        headers: &HeaderMap,
    ) -> Result<Self, AccessError> {
        let Some(value) = headers.get(header::AUTHORIZATION) else { return Ok(Self::public()) };
        let unknown = || AccessError::from(Refusal::new("access.bearer.unknown"));
        let given = value.to_str().ok().and_then(|text| text.strip_prefix("Bearer "));
        let (Some(accounts), Some(secret)) = (state.accounts(), given) else {
            return Err(unknown());
        };
        let now = Utc::now();
        let bearer = accounts.bearer(secret.trim(), now).await?.ok_or_else(unknown)?;
        let principal = Principal::of(&bearer.account, now);
        Ok(Self { session: None, bearer: Some(bearer), principal })
    }
}

/// The value of a cookie.
pub(crate) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(found, _)| *found == name)
        .map(|(_, value)| value)
}

/// The `Set-Cookie` value of a session, or of its end. `Lax`, because an
/// identity provider sends the browser back from another site; every form has a
/// token of its own.
pub(crate) fn set_cookie(value: Option<&str>, secure: bool) -> String {
    let age = value.map_or(0, |_| shirube_access::SESSION_SECONDS_MAX);
    one_cookie(COOKIE, value.unwrap_or_default(), age, secure)
}

/// The `Set-Cookie` value of a sign-in at a provider, or of its end.
pub(crate) fn set_flow_cookie(value: Option<&str>, secure: bool) -> String {
    let age = value.map_or(0, |_| FLOW_SECONDS);
    one_cookie(FLOW_COOKIE, value.unwrap_or_default(), age, secure)
}

fn one_cookie(name: &str, value: &str, age: i64, secure: bool) -> String {
    let secure = if secure { "; Secure" } else { "" };
    format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={age}{secure}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_are_closed_to_script_and_end() {
        let cookie = set_cookie(Some("x"), true);
        for part in ["HttpOnly", "SameSite=Lax", "Path=/", "Secure"] {
            assert!(cookie.contains(part), "{cookie}");
        }
        assert!(set_cookie(None, false).contains("Max-Age=0"));
        assert!(set_flow_cookie(Some("x"), false).contains("Max-Age=600"));
    }

    #[test]
    fn a_cookie_is_found_among_others_by_its_whole_name() {
        let mut headers = HeaderMap::new();
        let text = "a=1; xshirube_session=2; shirube_session=3; shirube_session=4";
        headers.insert(header::COOKIE, text.parse().unwrap());
        assert_eq!(cookie(&headers, COOKIE), Some("3"));
        assert_eq!(cookie(&headers, FLOW_COOKIE), None);
    }
}
