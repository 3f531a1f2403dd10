//! Accounts in the browser: a newcomer who signs in through an identity
//! provider, an administrator who makes an account, an auditor who looks.

use std::net::TcpListener;

use anyhow::{Context, Result, ensure};
use fantoccini::Locator;
use shirube_model::lang::Lang;
use shirube_model::refusal::text;

use crate::browser::Page;
use crate::journeys::sign_in_as;
use crate::product::{self, Product};
use crate::provider;
use crate::sound::{self, LANGUAGES};

/// The lines of the table with a caption.
fn lines_of(lang: Lang, caption: &str) -> String {
    format!("//table[caption[normalize-space()='{}']]/tbody/tr", text(lang, caption))
}

/// A page that is as it should be, with its picture.
async fn sound_and_kept(page: &Page, lang: Lang, name: &str) -> Result<()> {
    sound::check(page, lang).await?;
    page.check_accessibility().await.with_context(|| name.to_owned())?;
    // The whole page, down to its end.
    const HEIGHT: &str = "return Math.min(document.documentElement.scrollHeight, 4000);";
    let height = page.execute(HEIGHT, Vec::new()).await?.as_u64().unwrap_or(900);
    page.resize(1280, u32::try_from(height)?)?;
    page.keep_screenshot(&format!("{name}-{}", lang.tag())).await?;
    page.restore_size()
}

/// A product with a provider that knows it. The port must be chosen first: each
/// of the two is told the other's address when it starts.
fn with_provider() -> Result<(provider::Provider, Product)> {
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let redirect = format!("http://127.0.0.1:{port}/sign-in/callback");
    let provider = provider::start(&redirect)?;
    let product = product::start_with_provider(&provider.issuer, &redirect, port)?;
    Ok((provider, product))
}

/// Goes through the provider's own pages, name and consent, until it sends the
/// browser back.
async fn pass_the_provider(page: &Page, provider: &str, login: &str) -> Result<()> {
    let url = page.current_url().await?;
    ensure!(url.as_str().starts_with(provider), "the browser is at {url}, not at the provider");
    page.fill("input[name='login']", login).await?;
    page.fill("input[name='password']", "anything").await?;
    page.follow("button[type='submit']").await?;
    page.wait().for_element(Locator::Css("input[name='prompt'][value='consent']")).await?;
    page.follow("button[type='submit']").await?;
    page.wait_for_path("one's own page", |path| !path.contains("interaction")).await?;
    // What the provider's pages complain about is not ours.
    page.complaints()?;
    Ok(())
}

#[tokio::test]
async fn a_new_user_signs_in_through_an_identity_provider() -> Result<()> {
    let (provider, product) = with_provider()?;
    for (lang, visits) in LANGUAGES.into_iter().zip(1..) {
        let tag = lang.tag();
        let page = Page::on(&product.url).await?;
        page.visit(&format!("/{tag}/account")).await?;
        ensure!(page.path().await?.starts_with(&format!("/{tag}/sign-in?next=")), "no sign-in");
        sound_and_kept(&page, lang, "sign-in").await?;
        page.follow("#provider").await?;
        pass_the_provider(&page, &provider.issuer, "lead").await.context(tag)?;

        let url = page.current_url().await?;
        assert_eq!(url.as_str(), format!("{}/{tag}/account", product.url), "where it began");
        sound_and_kept(&page, lang, "account-of-provider").await?;
        ensure!(page.text("#account").await?.contains("主担当 花子"), "the head has no name");
        let facts = page.text("table.facts").await?;
        ensure!(facts.contains("hanako") && facts.contains("厚"), "{facts}");
        ensure!(facts.contains(&text(lang, "access.role.name-lead")), "{facts}");
        ensure!(page.count("#old").await? == 0, "there is no password to change");
        // The second visit is the same person: one account, two lines.
        let history = lines_of(lang, "access.page.history");
        let lines = page.find_all(Locator::XPath(&history)).await?;
        assert_eq!(lines.len(), visits, "{tag}: lines of the history");
        for line in lines {
            let line = line.text().await?;
            for key in ["access.page.method-provider", "access.page.outcome-opened"] {
                ensure!(line.contains(&text(lang, key)), "{line}");
            }
            ensure!(line.contains("127.0.0.1"), "{line}");
        }

        // The role of the claim reaches its organisation, and the form says whose
        // name the ledger will keep.
        page.visit(&format!("/{tag}/registers/project/new")).await?;
        sound::check(&page, lang).await?;
        ensure!(page.text("form.form-wide").await?.contains("hanako"), "no name on the form");

        page.visit(&format!("/{tag}/account")).await?;
        page.follow("form[action$='/sign-out'] button").await?;
        assert_eq!(page.path().await?, format!("/{tag}/"));
        sound::check(&page, lang).await?;
        page.visit(&format!("/{tag}/account")).await?;
        ensure!(page.path().await?.contains("/sign-in?next="), "signing out ends nothing");
    }
    // Somebody without a group has an account and no role.
    let page = Page::on(&product.url).await?;
    page.visit("/en/sign-in").await?;
    page.follow("#provider").await?;
    pass_the_provider(&page, &provider.issuer, "plain").await?;
    ensure!(page.path().await? == "/en/account", "{}", page.path().await?);
    page.visit("/en/registers/project/new").await?;
    sound::check_as(&page, Lang::En, 403).await?;
    page.check_accessibility().await
}

#[tokio::test]
async fn an_account_is_made_handed_over_and_seen_by_the_auditor() -> Result<()> {
    let product = product::shared()?;
    for lang in LANGUAGES {
        let tag = lang.tag();
        let name = format!("newcomer-{tag}");
        let link = make_account(product, lang, &name).await.context(tag)?;

        let page = Page::open().await?;
        page.visit(&link).await?;
        sound_and_kept(&page, lang, "recover").await?;
        page.fill("#password", "a password of my own").await?;
        page.follow("main form button").await?;
        page.wait_for_path("the sign-in", |path| path == format!("/{tag}/sign-in")).await?;
        page.fill("#name", &name).await?;
        page.fill("#password", "a password of my own").await?;
        page.follow("main form button").await?;
        page.wait_for_path("the account", |path| path == format!("/{tag}/account")).await?;
        page.fill("#title", "spreadsheet").await?;
        page.follow("form[action$='/account/tokens'] button").await?;
        let token = page.text("#secret").await?;
        assert_eq!(token.len(), 64, "{tag}: the token is shown");
        sound_and_kept(&page, lang, "account").await?;
        page.visit(&format!("/{tag}/account")).await?;
        ensure!(!page.source().await?.contains(&token), "the token is shown a second time");
        page.visit(&link).await?;
        page.fill("#password", "a password of a thief").await?;
        page.follow("main form button").await?;
        sound::check_as(&page, lang, 400).await?;

        let page = Page::open().await?;
        sign_in_as(&page, product, "auditor", &format!("/{tag}/account")).await?;
        page.follow(&format!("a[href='/{tag}/audit']")).await?;
        sound_and_kept(&page, lang, "audit").await?;
        let changes = lines_of(lang, "access.page.changes");
        let mut seen = String::new();
        for line in page.find_all(Locator::XPath(&changes)).await? {
            seen += &format!("{}\n", line.text().await?);
        }
        for code in ["made", "recovery", "password", "token-made"] {
            let what = text(lang, &format!("access.page.change-{code}"));
            let told = seen.lines().any(|line| line.contains(&name) && line.contains(&what));
            ensure!(told, "{name} / {what} is not in:\n{seen}");
        }
    }
    Ok(())
}

/// Makes an account as the administrator; the address of its one-time link.
async fn make_account(product: &Product, lang: Lang, name: &str) -> Result<String> {
    let tag = lang.tag();
    let page = Page::open().await?;
    sign_in_as(&page, product, "admin", &format!("/{tag}/account")).await?;
    page.follow(&format!("a[href='/{tag}/accounts']")).await?;
    sound_and_kept(&page, lang, "accounts").await?;
    page.follow(&format!("a[href='/{tag}/accounts/new']")).await?;
    sound::check(&page, lang).await?;
    page.check_accessibility().await?;
    page.fill("#name", name).await?;
    page.fill("#display_ja", "新任 太郎").await?;
    page.fill("#display_en", "Taro Shinnin").await?;
    page.fill("#roles", "no-such-role").await?;
    page.fill("#reason", "joins the office").await?;
    page.follow("main form button").await?;
    sound::check_as(&page, lang, 400).await?;
    page.check_accessibility().await?;
    assert_eq!(page.count("main [role='alert']").await?, 1, "the role is not refused");
    page.fill("#roles", "lead@厚").await?;
    page.follow("main form button").await?;
    sound_and_kept(&page, lang, "account-made").await?;
    page.text("#link").await
}
