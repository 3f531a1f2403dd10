//! One's own account: password, sessions, tokens, history.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect};
use chrono::Utc;
use shirube_access::{AccessError, Account, AccountChange, Reach, Session, SignInLine};
use shirube_model::refusal::Refusal;

use crate::pages::sign_in::{accounts, honest, lines};
use crate::query::Query;
use crate::request::{Ctx, Page, PageError, log_access_error, status_of};
use crate::text::Tr;
use crate::view::account::{AccountPage, ChangeRow, SessionRow, SignInRow, TokenRow};
use crate::view::frame::Tab;

/// Lines of a history on a page.
pub(crate) const HISTORY_LINES: u32 = 50;

/// Sign-in names by account id. Histories keep ids, which stay when a name changes.
pub(crate) struct Names(BTreeMap<String, String>);

impl Names {
    /// The names that accounts have now.
    ///
    /// # Errors
    /// The page of a fault.
    pub(crate) async fn read(ctx: &Ctx) -> Result<Self, PageError> {
        let all = accounts(ctx)?.list().await.map_err(|error| ctx.access_error(&error))?;
        Ok(Self(all.into_iter().map(|account| (account.id, account.name)).collect()))
    }

    /// The name behind an id; what is no account, such as the command line, stays as it is.
    fn of(&self, id: &str) -> String {
        self.0.get(id).map_or_else(|| id.to_owned(), Clone::clone)
    }
}

/// What a page says beside the account itself.
#[derive(Default)]
struct Said {
    refusals: Vec<Refusal>,
    done: &'static str,
    secret: String,
}

fn session(ctx: &Ctx) -> Result<&Session, PageError> {
    ctx.session().ok_or_else(|| ctx.refuse(Refusal::new("access.sign-in.needed")))
}

/// Shows one's own account.
pub(crate) async fn show(ctx: Ctx) -> Page {
    page(&ctx, StatusCode::OK, Said::default()).await
}

async fn page(ctx: &Ctx, status: StatusCode, said: Said) -> Page {
    let (t, now) = (ctx.t, Utc::now());
    let session = session(ctx)?;
    let account = &session.account;
    let kept = accounts(ctx)?;
    let fault = |error: AccessError| ctx.access_error(&error);
    let sessions = kept.sessions(&account.id, now).await.map_err(fault)?;
    let tokens = kept.tokens(&account.id, now).await.map_err(fault)?;
    let history = kept.sign_ins(Some(&account.id), HISTORY_LINES).await.map_err(fault)?;
    let own = (account.id.clone(), account.name.clone());
    let names = Names(BTreeMap::from([own]));
    let page = AccountPage {
        c: ctx.chrome(Tab::None, t.get("access.page.account")),
        facts: facts(t, account),
        csrf: ctx.form_token(),
        faults: lines(ctx, &said.refusals),
        done: if said.done.is_empty() { String::new() } else { t.get(said.done) },
        secret: said.secret,
        has_password: account.has_password,
        password_hint: t.with("access.page.password-hint", "least", shirube_access::CHARS_MIN),
        sessions: sessions
            .into_iter()
            .map(|line| SessionRow {
                own: line.id == session.id,
                opened: t.time(line.opened_at),
                seen: t.time(line.seen_at),
                id: line.id,
                address: line.address,
                agent: line.agent,
            })
            .collect(),
        tokens: tokens
            .into_iter()
            .map(|line| TokenRow {
                id: line.id,
                title: line.title,
                reach: t.get(&format!("access.page.reach-{}", line.reach.code())),
                expires: t.time(line.expires_at),
                used: line.used_at.map_or_else(|| t.dash(), |at| t.time(at)),
            })
            .collect(),
        history: history.iter().map(|line| sign_in_row(t, &names, line)).collect(),
    };
    ctx.page_with(status, &page)
}

/// What an account is, line by line.
pub(crate) fn facts(t: Tr, account: &Account) -> Vec<(String, String)> {
    let day = |day: Option<chrono::NaiveDate>| day.map_or_else(|| t.dash(), |day| t.day(day));
    vec![
        (t.get("access.page.name"), account.name.clone()),
        (t.get("access.page.display"), t.side(&account.display)),
        (t.get("access.page.email"), account.email.clone().unwrap_or_else(|| t.dash())),
        (t.get("access.page.roles"), roles(t, account)),
        (t.get("access.page.valid-from"), day(account.valid_from)),
        (t.get("access.page.valid-to"), day(account.valid_to)),
    ]
}

/// The roles of an account in words.
pub(crate) fn roles(t: Tr, account: &Account) -> String {
    let word = |grant: &shirube_access::Grant| {
        let role = t.get(&format!("access.role.name-{}", grant.role.code()));
        match (grant.organisation.as_str(), grant.register.as_str()) {
            ("*", "*") => role,
            (organisation, "*") => format!("{role} @ {organisation}"),
            (organisation, register) => format!("{role} @ {organisation} / {register}"),
        }
    };
    let words: Vec<String> = account.grants.iter().map(word).collect();
    if words.is_empty() { t.dash() } else { t.list(&words) }
}

pub(crate) fn sign_in_row(t: Tr, names: &Names, line: &SignInLine) -> SignInRow {
    SignInRow {
        at: t.time(line.at),
        account: line.account.as_deref().map_or_else(|| t.dash(), |id| names.of(id)),
        method: t.get(&format!("access.page.method-{}", line.method)),
        outcome: t.get(&format!("access.page.outcome-{}", line.outcome)),
        address: line.address.clone(),
        agent: line.agent.clone(),
    }
}

pub(crate) fn change_row(t: Tr, names: &Names, line: &AccountChange) -> ChangeRow {
    // What somebody does to their own account has a code in place of a reason.
    let reason = match line.reason.as_str() {
        code @ ("own" | "recovery") => t.get(&format!("access.page.reason-{code}")),
        reason => reason.to_owned(),
    };
    ChangeRow {
        at: t.time(line.at),
        account: names.of(&line.account),
        by: match line.actor.as_str() {
            code @ ("provider" | "demo" | "command line") => {
                t.get(&format!("access.page.actor-{}", code.replace(' ', "-")))
            }
            id => names.of(id),
        },
        what: t.get(&format!("access.page.change-{}", line.what)),
        reason,
    }
}

fn form(ctx: &Ctx, body: &str) -> Result<Query, PageError> {
    let form = Query::read_form(body).map_err(|refusal| ctx.refuse(refusal))?;
    honest(ctx, &form)?;
    Ok(form)
}

async fn refused(ctx: &Ctx, error: &AccessError) -> Page {
    log_access_error(error);
    let refusal = error.refusal().clone();
    let status = status_of(refusal.code);
    page(ctx, status, Said { refusals: vec![refusal], ..Said::default() }).await
}

/// Changes one's own password.
pub(crate) async fn password(ctx: Ctx, body: String) -> Page {
    let form = form(&ctx, &body)?;
    let said = |name: &str| form.get(name).unwrap_or_default();
    let session = session(&ctx)?;
    let who = (session.account.id.as_str(), session.id.as_str());
    let words = (said("old"), said("new"));
    match accounts(&ctx)?.change_password(who, words, ctx.origin(), Utc::now()).await {
        Ok(()) => {
            let said = Said { done: "access.page.password-changed", ..Said::default() };
            page(&ctx, StatusCode::OK, said).await
        }
        Err(error) => refused(&ctx, &error).await,
    }
}

/// Ends one session, or all others.
pub(crate) async fn end_sessions(ctx: Ctx, body: String) -> Page {
    let form = form(&ctx, &body)?;
    let session = session(&ctx)?;
    let account = &session.account.id;
    let kept = accounts(&ctx)?;
    let done = match form.get("session") {
        Some(id) => kept.end_session(account, id).await,
        None => kept.end_other_sessions(account, &session.id).await.map(|_| ()),
    };
    match done {
        Ok(()) => Ok(to_own(&ctx)),
        Err(error) => refused(&ctx, &error).await,
    }
}

fn to_own(ctx: &Ctx) -> axum::response::Response {
    Redirect::to(&format!("/{}/account", ctx.t.0.tag())).into_response()
}

/// Makes a token, whose secret this one page shows.
pub(crate) async fn make_token(ctx: Ctx, body: String) -> Page {
    let form = form(&ctx, &body)?;
    let session = session(&ctx)?;
    let days = form.number("days", 90).map_err(|refusal| ctx.refuse(refusal))?;
    let days = i64::try_from(days).unwrap_or(i64::MAX);
    let reach = Reach::from_code(form.get("reach").unwrap_or("read"));
    let reach = reach.map_err(|refusal| ctx.refuse(refusal))?;
    let title = form.get("title").unwrap_or_default();
    let made =
        accounts(&ctx)?.make_token(&session.account.id, title, reach, days, Utc::now()).await;
    match made {
        Ok(secret) => {
            let secret = secret.expose().to_owned();
            let said = Said { done: "access.page.token-made", secret, ..Said::default() };
            page(&ctx, StatusCode::OK, said).await
        }
        Err(error) => refused(&ctx, &error).await,
    }
}

/// Takes a token back.
pub(crate) async fn end_token(ctx: Ctx, body: String) -> Page {
    let form = form(&ctx, &body)?;
    let session = session(&ctx)?;
    let id = form.get("id").unwrap_or_default();
    match accounts(&ctx)?.end_token(&session.account.id, id, Utc::now()).await {
        Ok(()) => Ok(to_own(&ctx)),
        Err(error) => refused(&ctx, &error).await,
    }
}
