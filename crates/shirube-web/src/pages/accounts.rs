//! Accounts of others, for administrators, and the histories, for auditors.

use std::collections::BTreeSet;

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect};
use chrono::{NaiveDate, Utc};
use shirube_access::{
    AccessError, Account, AccountText, Action, By, Grant, Principal, Resource, Role,
};
use shirube_model::calendar::parse_date;
use shirube_model::lang::LocalText;
use shirube_model::refusal::Refusal;

use crate::pages::account::{HISTORY_LINES, Names, change_row, facts, roles, sign_in_row};
use crate::pages::sign_in::{accounts, honest, lines};
use crate::query::Query;
use crate::request::{Ctx, Page, PageError, log_access_error, status_of};
use crate::view::account::{AccountFormPage, AccountRow, AccountsPage, AuditPage};
use crate::view::frame::Tab;

/// Lines of a history for auditors.
const AUDIT_LINES: u32 = 500;

fn resource(account: &Account) -> Resource {
    Resource::Account(Principal::of(account, Utc::now()))
}

/// Lists the accounts that whoever looks may know of.
pub(crate) async fn list(ctx: Ctx) -> Page {
    let (t, now) = (ctx.t, Utc::now());
    let all = accounts(&ctx)?.list().await.map_err(|error| ctx.access_error(&error))?;
    let known =
        all.iter().filter(|account| ctx.state.allows(&ctx.who, Action::Know, &resource(account)));
    let tag = t.0.tag();
    let rows = known.map(|account| AccountRow {
        name: account.name.clone(),
        display: t.side(&account.display),
        href: format!("/{tag}/accounts/{}", account.id),
        roles: roles(t, account),
        usable: t.get(if account.live(now) { "cli.account.live" } else { "cli.account.dead" }),
        demo: account.demo,
    });
    let may_make = ctx.state.allows(&ctx.who, Action::Administer, &Resource::Site);
    let page = AccountsPage {
        c: ctx.chrome(Tab::None, t.get("access.page.accounts")),
        rows: rows.collect(),
        new_href: may_make.then(|| format!("/{tag}/accounts/new")),
    };
    ctx.page(&page)
}

/// What the form holds, as typed.
struct Typed<'a> {
    form: &'a Query,
    refusals: &'a [Refusal],
    link: String,
    /// The account; none for a new one.
    account: Option<&'a Account>,
}

async fn show_form(ctx: &Ctx, status: StatusCode, typed: Typed<'_>) -> Page {
    let t = ctx.t;
    let tag = t.0.tag();
    let said = |name: &str| typed.form.get(name).unwrap_or_default().to_owned();
    let tail = typed.account.map_or("new", |account| account.id.as_str());
    let history = match typed.account {
        Some(account) => {
            let changes = accounts(ctx)?.changes(Some(&account.id), HISTORY_LINES).await;
            changes.map_err(|error| ctx.access_error(&error))?
        }
        None => Vec::new(),
    };
    let names = Names::read(ctx).await?;
    // Auditors look, and nobody changes their own account here.
    let may_change = typed
        .account
        .is_none_or(|account| ctx.state.allows(&ctx.who, Action::Administer, &resource(account)));
    let title = typed
        .account
        .map_or_else(|| t.get("access.page.account-new"), |account| t.side(&account.display));
    let page = AccountFormPage {
        c: ctx
            .chrome(Tab::None, title)
            .crumb(t.get("access.page.accounts"), format!("/{tag}/accounts")),
        action: format!("/{tag}/accounts/{tail}"),
        csrf: ctx.form_token(),
        faults: lines(ctx, typed.refusals),
        name: said("name"),
        display_ja: said("display_ja"),
        display_en: said("display_en"),
        email: said("email"),
        roles: said("roles"),
        known_roles: Role::ALL
            .map(|role| {
                (role.code().to_owned(), t.get(&format!("access.role.name-{}", role.code())))
            })
            .to_vec(),
        valid_from: said("valid_from"),
        valid_to: said("valid_to"),
        disabled: typed.form.get("disabled").is_some(),
        reason: said("reason"),
        is_new: typed.account.is_none(),
        facts: typed.account.map_or_else(Vec::new, |account| facts(t, account)),
        may_change,
        link: typed.link,
        history: history.iter().map(|line| change_row(t, &names, line)).collect(),
    };
    ctx.page_with(status, &page)
}

/// The form of an account as it is.
fn filled(account: &Account) -> Query {
    let day = |day: Option<NaiveDate>| day.map_or_else(String::new, |day| day.to_string());
    let roles: Vec<String> = account.grants.iter().map(Grant::to_string).collect();
    let mut pairs = vec![
        ("name".to_owned(), account.name.clone()),
        ("display_ja".to_owned(), account.display.ja.clone()),
        ("display_en".to_owned(), account.display.en.clone()),
        ("email".to_owned(), account.email.clone().unwrap_or_default()),
        ("roles".to_owned(), roles.join("\n")),
        ("valid_from".to_owned(), day(account.valid_from)),
        ("valid_to".to_owned(), day(account.valid_to)),
    ];
    if account.disabled {
        pairs.push(("disabled".to_owned(), "yes".to_owned()));
    }
    Query::of(pairs)
}

/// Reads a form into an account.
fn read(form: &Query, demo: bool) -> Result<AccountText, Refusal> {
    let said = |name: &str| form.get(name).unwrap_or_default().trim();
    let day = |name: &'static str| -> Result<Option<NaiveDate>, Refusal> {
        let text = said(name);
        if text.is_empty() {
            return Ok(None);
        }
        parse_date(text).map(Some).map_err(|refusal| refusal.field(name))
    };
    let grants = said("roles").lines().map(str::trim).filter(|line| !line.is_empty());
    Ok(AccountText {
        name: said("name").to_owned(),
        display: LocalText::new(said("display_ja"), said("display_en")),
        email: Some(said("email").to_owned()).filter(|text| !text.is_empty()),
        grants: grants.map(Grant::parse).collect::<Result<BTreeSet<_>, _>>()?,
        valid_from: day("valid_from")?,
        valid_to: day("valid_to")?,
        disabled: form.get("disabled").is_some(),
        demo,
    })
}

/// Refuses roles that an administrator may not give: each role that is new or
/// taken away must lie within what the administrator's own role covers.
fn may_give(ctx: &Ctx, before: &BTreeSet<Grant>, after: &BTreeSet<Grant>) -> Result<(), Refusal> {
    let differs = before.symmetric_difference(after);
    for grant in differs {
        if !ctx.who.principal.may_grant(grant) {
            return Err(Refusal::new("access.grant.beyond").arg("role", grant).field("roles"));
        }
    }
    Ok(())
}

/// Shows the form of a new account.
pub(crate) async fn show_new(ctx: Ctx) -> Page {
    ctx.require(Action::Administer, &Resource::Site)?;
    let form = Query::default();
    let typed = Typed { form: &form, refusals: &[], link: String::new(), account: None };
    show_form(&ctx, StatusCode::OK, typed).await
}

fn by<'a>(ctx: &'a Ctx, form: &'a Query) -> By<'a> {
    let actor = ctx.who.account().map_or("", |account| account.id.as_str());
    By { actor, reason: form.get("reason").unwrap_or_default() }
}

fn sent(ctx: &Ctx, body: &str) -> Result<Query, PageError> {
    let form = Query::read_form(body).map_err(|refusal| ctx.refuse(refusal))?;
    honest(ctx, &form)?;
    Ok(form)
}

/// Makes an account and shows the one-time link for its password.
pub(crate) async fn create(ctx: Ctx, body: String) -> Page {
    ctx.require(Action::Administer, &Resource::Site)?;
    let form = sent(&ctx, &body)?;
    let kept = accounts(&ctx)?;
    let now = Utc::now();
    let made = async {
        let text = read(&form, ctx.state.demo())?;
        may_give(&ctx, &BTreeSet::new(), &text.grants)?;
        let account = kept.add(text, None, by(&ctx, &form), now).await?;
        let link = kept.recovery(&account.id, by(&ctx, &form), now).await?;
        Ok::<_, AccessError>((account, link))
    };
    match made.await {
        Ok((account, link)) => {
            let form = filled(&account);
            let link = recovery_path(&ctx, link.expose());
            let typed = Typed { form: &form, refusals: &[], link, account: Some(&account) };
            show_form(&ctx, StatusCode::CREATED, typed).await
        }
        Err(error) => refused(&ctx, &form, None, &error).await,
    }
}

fn recovery_path(ctx: &Ctx, secret: &str) -> String {
    format!("/{}/recover?link={secret}", ctx.t.0.tag())
}

async fn refused(ctx: &Ctx, form: &Query, account: Option<&Account>, error: &AccessError) -> Page {
    log_access_error(error);
    let refusals = [error.refusal().clone()];
    let status = status_of(error.code());
    let typed = Typed { form, refusals: &refusals, link: String::new(), account };
    show_form(ctx, status, typed).await
}

/// The account with an id, for whoever may know of it.
async fn known(ctx: &Ctx, id: &str) -> Result<Account, PageError> {
    let found = accounts(ctx)?.get(id).await.map_err(|error| ctx.access_error(&error))?;
    if ctx.state.allows(&ctx.who, Action::Know, &resource(&found)) {
        Ok(found)
    } else {
        // The same answer as for an id that nobody has.
        Err(ctx.refuse(Refusal::new("access.account.unknown")))
    }
}

/// Shows the form of an account.
pub(crate) async fn show(ctx: Ctx, Path((_, id)): Path<(String, String)>) -> Page {
    let account = known(&ctx, &id).await?;
    let form = filled(&account);
    let typed = Typed { form: &form, refusals: &[], link: String::new(), account: Some(&account) };
    show_form(&ctx, StatusCode::OK, typed).await
}

/// Changes an account.
pub(crate) async fn save(ctx: Ctx, Path((_, id)): Path<(String, String)>, body: String) -> Page {
    let account = known(&ctx, &id).await?;
    ctx.require(Action::Administer, &resource(&account))?;
    let form = sent(&ctx, &body)?;
    let kept = accounts(&ctx)?;
    let saved = async {
        let text = read(&form, account.demo)?;
        may_give(&ctx, &account.grants, &text.grants)?;
        kept.change(&account.id, text, by(&ctx, &form), Utc::now()).await
    };
    match saved.await {
        Ok(_) => Ok(Redirect::to(&format!("/{}/accounts/{id}", ctx.t.0.tag())).into_response()),
        Err(error) => refused(&ctx, &form, Some(&account), &error).await,
    }
}

/// Makes a one-time link for somebody who forgot a password.
pub(crate) async fn recovery(
    ctx: Ctx,
    Path((_, id)): Path<(String, String)>,
    body: String,
) -> Page {
    let account = known(&ctx, &id).await?;
    ctx.require(Action::Administer, &resource(&account))?;
    let form = sent(&ctx, &body)?;
    match accounts(&ctx)?.recovery(&account.id, by(&ctx, &form), Utc::now()).await {
        Ok(link) => {
            let form = filled(&account);
            let link = recovery_path(&ctx, link.expose());
            let typed = Typed { form: &form, refusals: &[], link, account: Some(&account) };
            show_form(&ctx, StatusCode::OK, typed).await
        }
        Err(error) => refused(&ctx, &filled(&account), Some(&account), &error).await,
    }
}

/// Shows who signed in and who changed which account.
pub(crate) async fn audit(ctx: Ctx) -> Page {
    ctx.require(Action::Audit, &Resource::Site)?;
    let kept = accounts(&ctx)?;
    let fault = |error: AccessError| ctx.access_error(&error);
    let sign_ins = kept.sign_ins(None, AUDIT_LINES).await.map_err(fault)?;
    let changes = kept.changes(None, AUDIT_LINES).await.map_err(fault)?;
    let names = Names::read(&ctx).await?;
    let page = AuditPage {
        c: ctx.chrome(Tab::None, ctx.t.get("access.page.audit")),
        sign_ins: sign_ins.iter().map(|line| sign_in_row(ctx.t, &names, line)).collect(),
        changes: changes.iter().map(|line| change_row(ctx.t, &names, line)).collect(),
    };
    ctx.page(&page)
}
