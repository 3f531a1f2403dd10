//! Signing in with a name and a password or through an identity provider, and
//! signing out.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use chrono::Utc;
use shirube_access::{AccessError, Accounts, Opened, Returned, check_form};
use shirube_model::refusal::Refusal;

use crate::link::Link;
use crate::query::Query;
use crate::request::{Ctx, Page, PageError, log_access_error, split_lang, status_of};
use crate::session::{set_cookie, set_flow_cookie};
use crate::view::account::{DemoSignIn, RecoverPage, SignInPage};
use crate::view::frame::{FaultLine, Tab};

/// Shows the form.
pub(crate) async fn show(ctx: Ctx) -> Page {
    let next = own_page(ctx.query.get("next"));
    page(&ctx, StatusCode::OK, next, &[])
}

/// A page of this site, from a parameter that a stranger may have written.
fn own_page(next: Option<&str>) -> String {
    let own = next.filter(|next| {
        split_lang(next).is_some() && !next.contains(['\\', '\r', '\n']) && !next.starts_with("//")
    });
    own.unwrap_or_default().to_owned()
}

fn page(ctx: &Ctx, status: StatusCode, next: String, refusals: &[Refusal]) -> Page {
    let tag = ctx.t.0.tag();
    let provider = ctx.state.provider().map(|provider| {
        let link = Link::to(format!("/{tag}/sign-in/provider")).set("next", &next);
        (ctx.t.side(&provider.config().label()), String::from(link))
    });
    let demo = ctx.state.options().demo_accounts.as_ref();
    let page = SignInPage {
        c: ctx.chrome(Tab::None, ctx.t.get("access.page.sign-in")),
        possible: ctx.state.accounts().is_some(),
        next,
        faults: lines(ctx, refusals),
        csrf: ctx.form_token(),
        provider,
        demo: demo.map(|(names, password)| DemoSignIn {
            names: names.clone(),
            password: password.clone(),
        }),
    };
    ctx.page_with(status, &page)
}

pub(crate) fn lines(ctx: &Ctx, refusals: &[Refusal]) -> Vec<FaultLine> {
    refusals.iter().map(|refusal| FaultLine::new(ctx.t.0, refusal)).collect()
}

fn with_cookie(mut response: Response, cookie: &str) -> Response {
    if let Ok(value) = HeaderValue::from_str(cookie) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    response
}

/// The accounts of this server.
///
/// # Errors
/// The page of `web.sign-in.none`.
pub(crate) fn accounts(ctx: &Ctx) -> Result<&Accounts, PageError> {
    ctx.state.accounts().ok_or_else(|| ctx.refuse(Refusal::new("web.sign-in.none")))
}

fn welcome(ctx: &Ctx, opened: &Opened, next: &str) -> Response {
    let home = format!("/{}/account", ctx.t.0.tag());
    let to = if next.is_empty() { home } else { next.to_owned() };
    let cookie = set_cookie(Some(opened.secret.expose()), ctx.state.secure_cookies());
    with_cookie(Redirect::to(&to).into_response(), &cookie)
}

/// Takes a name and a password.
pub(crate) async fn enter(ctx: Ctx, body: String) -> Page {
    let form = Query::read_form(&body).map_err(|refusal| ctx.refuse(refusal))?;
    let next = own_page(form.get("next"));
    let said = |name: &str| form.get(name).unwrap_or_default();
    let opened =
        accounts(&ctx)?.sign_in(said("name"), said("password"), ctx.origin(), Utc::now()).await;
    match opened {
        Ok(opened) => Ok(welcome(&ctx, &opened, &next)),
        Err(error) => refused(&ctx, next, &error),
    }
}

fn refused(ctx: &Ctx, next: String, error: &AccessError) -> Page {
    log_access_error(error);
    let refusal = error.refusal().clone();
    page(ctx, status_of(refusal.code), next, &[refusal])
}

/// Sends the browser to the identity provider.
pub(crate) async fn to_provider(ctx: Ctx) -> Page {
    let next = own_page(ctx.query.get("next"));
    let next = if next.is_empty() { format!("/{}/account", ctx.t.0.tag()) } else { next };
    let Some(provider) = ctx.state.provider() else {
        return Err(ctx.refuse(Refusal::new("access.oidc.none")));
    };
    match provider.begin(accounts(&ctx)?, &next, Utc::now()).await {
        Ok(begun) => {
            let cookie = set_flow_cookie(Some(&begun.state), ctx.state.secure_cookies());
            Ok(with_cookie(Redirect::to(&begun.address).into_response(), &cookie))
        }
        Err(error) => refused(&ctx, next, &error),
    }
}

/// Takes the browser back from the identity provider.
pub(crate) async fn from_provider(ctx: Ctx) -> Page {
    let Some(provider) = ctx.state.provider() else {
        return Err(ctx.refuse(Refusal::new("access.oidc.none")));
    };
    let accounts = accounts(&ctx)?;
    let returned = Returned {
        state: ctx.query.get("state").unwrap_or_default(),
        cookie: &ctx.flow,
        code: ctx.query.get("code"),
        issuer: ctx.query.get("iss"),
    };
    let now = Utc::now();
    let done = match provider.finish(accounts, returned, now).await {
        Ok((identity, next)) => accounts
            .sign_in_as(&identity, provider.provision(), ctx.origin(), now)
            .await
            .map(|opened| (opened, own_page(Some(&next)))),
        Err(error) => Err(error),
    };
    let response = match done {
        Ok((opened, next)) => welcome(&ctx, &opened, &next),
        Err(error) => refused(&ctx, String::new(), &error)?,
    };
    Ok(with_cookie(response, &set_flow_cookie(None, ctx.state.secure_cookies())))
}

/// Shows the page of a one-time link. It is used up by sending the form, so that
/// a mail scanner that follows the link does no harm.
pub(crate) async fn show_recovery(ctx: Ctx) -> Page {
    let link = ctx.query.get("link").unwrap_or_default().to_owned();
    recovery_page(&ctx, StatusCode::OK, link, &[])
}

fn recovery_page(ctx: &Ctx, status: StatusCode, link: String, refusals: &[Refusal]) -> Page {
    let page = RecoverPage {
        c: ctx.chrome(Tab::None, ctx.t.get("access.page.recover")),
        hint: ctx.t.with("access.page.password-hint", "least", shirube_access::CHARS_MIN),
        link,
        faults: lines(ctx, refusals),
    };
    ctx.page_with(status, &page)
}

/// Sets a password through a one-time link.
pub(crate) async fn recover(ctx: Ctx, body: String) -> Page {
    let form = Query::read_form(&body).map_err(|refusal| ctx.refuse(refusal))?;
    let said = |name: &str| form.get(name).unwrap_or_default();
    let (link, password) = (said("link"), said("password"));
    match accounts(&ctx)?.recover(link, password, ctx.origin(), Utc::now()).await {
        Ok(()) => Ok(Redirect::to(&format!("/{}/sign-in", ctx.t.0.tag())).into_response()),
        Err(error) => {
            log_access_error(&error);
            let refusal = error.refusal().clone();
            recovery_page(&ctx, status_of(refusal.code), link.to_owned(), &[refusal])
        }
    }
}

/// Ends the session.
pub(crate) async fn leave(ctx: Ctx, body: String) -> Page {
    let form = Query::read_form(&body).map_err(|refusal| ctx.refuse(refusal))?;
    honest(&ctx, &form)?;
    if let Some(session) = ctx.session() {
        let ended = accounts(&ctx)?.end_session(&session.account.id, &session.id).await;
        ended.map_err(|error| ctx.access_error(&error))?;
    }
    let response = Redirect::to(&format!("/{}/", ctx.t.0.tag())).into_response();
    Ok(with_cookie(response, &set_cookie(None, ctx.state.secure_cookies())))
}

/// Checks that a form was sent from a page of this session.
///
/// # Errors
/// The page of `access.sign-in.needed` or `access.form.forged`.
pub(crate) fn honest(ctx: &Ctx, form: &Query) -> Result<(), PageError> {
    let Some(session) = ctx.session() else {
        return Err(ctx.refuse(Refusal::new("access.sign-in.needed")));
    };
    let token = form.get("token").unwrap_or_default();
    check_form(session, token).map_err(|refusal| ctx.refuse(refusal))
}

#[cfg(test)]
mod tests {
    use super::own_page;

    #[test]
    fn sign_in_leads_back_to_this_site_only() {
        assert_eq!(own_page(Some("/ja/records/x/edit")), "/ja/records/x/edit");
        for stranger in ["https://example.jp/", "//example.jp/ja/", "/ja/\r\nx: y", "/\\example.jp"]
        {
            assert_eq!(own_page(Some(stranger)), "", "{stranger}");
        }
        assert_eq!(own_page(None), "");
    }
}
