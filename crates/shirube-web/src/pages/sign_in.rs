//! Signing in and out with the edit key.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use shirube_model::refusal::Refusal;

use crate::query::Query;
use crate::request::{Ctx, Page, PageError, now_seconds, split_lang, status_of};
use crate::session::{same, set_cookie};
use crate::view::edit::SignInPage;
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
    let page = SignInPage {
        c: ctx.chrome(Tab::None, ctx.t.get("web.sign-in.title")),
        possible: ctx.state.edit_key().is_some(),
        next,
        faults: refusals.iter().map(|refusal| FaultLine::new(ctx.t.0, refusal)).collect(),
        csrf: ctx.session.as_ref().map_or_else(String::new, |session| session.csrf.clone()),
    };
    ctx.page_with(status, &page)
}

fn with_cookie(mut response: Response, cookie: &str) -> Response {
    if let Ok(value) = HeaderValue::from_str(cookie) {
        response.headers_mut().insert(header::SET_COOKIE, value);
    }
    response
}

/// Takes the edit key.
pub(crate) async fn enter(ctx: Ctx, body: String) -> Page {
    let form = Query::read_form(&body).map_err(|refusal| ctx.refuse(refusal))?;
    let next = own_page(form.get("next"));
    let Some(key) = ctx.state.edit_key() else {
        return Err(ctx.refuse(Refusal::new("web.sign-in.none")));
    };
    if let Err(refusal) = key.check(form.get("key").unwrap_or_default()) {
        return page(&ctx, status_of(refusal.code), next, &[refusal]);
    }
    let to = if next.is_empty() { format!("/{}/registers", ctx.t.0.tag()) } else { next };
    let cookie = set_cookie(Some(&key.open(now_seconds())), ctx.state.secure_cookies());
    Ok(with_cookie(Redirect::to(&to).into_response(), &cookie))
}

/// Ends the session.
pub(crate) async fn leave(ctx: Ctx, body: String) -> Page {
    let form = Query::read_form(&body).map_err(|refusal| ctx.refuse(refusal))?;
    honest(&ctx, &form)?;
    let response = Redirect::to(&format!("/{}/", ctx.t.0.tag())).into_response();
    Ok(with_cookie(response, &set_cookie(None, ctx.state.secure_cookies())))
}

/// Checks that a form was sent from a page of this session.
///
/// # Errors
/// The page of `web.sign-in.needed` or `web.form.forged`.
pub(crate) fn honest(ctx: &Ctx, form: &Query) -> Result<(), PageError> {
    let Some(session) = &ctx.session else {
        return Err(ctx.refuse(Refusal::new("web.sign-in.needed")));
    };
    let token = form.get("token").unwrap_or_default();
    if same(token.as_bytes(), session.csrf.as_bytes()) {
        Ok(())
    } else {
        Err(ctx.refuse(Refusal::new("web.form.forged")))
    }
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
