//! Every kind of page in both languages: accessible, whole, and answered with
//! the status it should have.

use anyhow::{Context, Result, ensure};
use shirube_model::lang::Lang;

use crate::browser::Page;
use crate::journeys::sign_in;
use crate::{http, product, sound};

/// Pages at addresses that hold for every store.
const FIXED: [(&str, u16); 35] = [
    ("/", 200),
    ("/?status=behind&owner=%E5%81%A5", 200),
    ("/?view=table", 200),
    ("/?as_of=2026-03-31", 200),
    ("/indicators/OI-02", 200),
    ("/indicators/OI-02?reading=unit%3Dtrial", 200),
    ("/indicators/OI-02?class=repeats", 200),
    ("/indicators/OI-02?as_of=2027-04-01", 200),
    ("/indicators/OI-22", 200),
    ("/indicators/OG-1", 200),
    ("/plan", 200),
    ("/plan/governance", 200),
    ("/plan/source-notes", 200),
    ("/plan/ministries", 200),
    ("/registers", 200),
    ("/registers/phase_transition", 200),
    ("/search?q=antibodies", 200),
    ("/search?q=%E6%8A%97%E4%BD%93", 200),
    ("/search?q=zzzzzz", 200),
    ("/pack", 200),
    ("/about", 200),
    ("/gate/audit", 200),
    ("/health-data", 200),
    ("/health-data/made-up-claims", 200),
    ("/health-data/nothing", 404),
    ("/follow-up", 200),
    ("/follow-up/2027", 200),
    ("/follow-up/2027/%E5%8E%9A", 200),
    ("/follow-up/1999", 404),
    ("/sign-in", 200),
    ("/recover?link=x", 200),
    ("/accounts", 404),
    ("/nowhere", 404),
    ("/indicators/OI-99", 404),
    ("/?as_of=banana", 400),
];

/// Pages reached over a link on another one: that page and the link.
const LINKED: [(&str, &str); 5] = [
    ("/?status=no_evidence", "h4.card-name a"),
    ("/plan", "a[href*='/plan/measures/']"),
    ("/indicators/OI-02", "section[aria-labelledby^='question-'] tbody tr:nth-child(2) a"),
    ("/indicators/OI-02", "#records-0 + .scroll tbody a[href$='version=2']"),
    ("/pack", "a[href*='/pack/vocabularies/']"),
];

/// Pages about one record, after its address.
const OF_A_RECORD: [&str; 4] = ["", "?version=1", "/history", "/diff?a=1&b=2"];

async fn judge(page: &Page, lang: Lang, path: &str, status: u16) -> Result<()> {
    let url = format!("{}{path}", product::shared()?.url);
    let answer = http::get(&url)?.status;
    ensure!(answer == status, "{path} answers {answer} instead of {status}");
    page.visit(path).await?;
    sound::check_as(page, lang, status).await?;
    page.check_accessibility().await
}

/// Judges every kind of page and tells all that is wrong at once.
async fn judge_all(lang: Lang) -> Result<()> {
    let page = Page::open().await?;
    let tag = lang.tag();
    let mut paths: Vec<(String, u16)> =
        FIXED.iter().map(|(path, status)| (format!("/{tag}{path}"), *status)).collect();
    for (from, link) in LINKED {
        page.visit(&format!("/{tag}{from}")).await?;
        let href = page.attribute(link, "href").await?.context("a link without address")?;
        if let Some(record) = href.strip_suffix("?version=2") {
            paths.extend(OF_A_RECORD.map(|rest| (format!("{record}{rest}"), 200)));
        } else {
            paths.push((href, 200));
        }
    }
    let mut faults = Vec::new();
    for (path, status) in &paths {
        if let Err(error) = judge(&page, lang, path, *status).await {
            faults.push(format!("{error:#}"));
        }
    }
    ensure!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
    Ok(())
}

#[tokio::test]
async fn every_page_is_sound_and_accessible_in_japanese() -> Result<()> {
    judge_all(Lang::Ja).await
}

#[tokio::test]
async fn every_page_is_sound_and_accessible_in_english() -> Result<()> {
    judge_all(Lang::En).await
}

#[tokio::test]
async fn an_editors_pages_are_sound_and_accessible() -> Result<()> {
    let product = product::shared()?;
    for lang in sound::LANGUAGES {
        let page = Page::open().await?;
        let tag = lang.tag();
        page.visit(&format!("/{tag}/registers/project?standing=active")).await?;
        let link = page.attribute("main tbody th a", "href").await?.context("no project")?;
        let record = link.split('?').next().unwrap_or_default();
        sign_in(&page, product, &format!("{record}/edit")).await?;
        sound::check(&page, lang).await?;
        page.check_accessibility().await?;
        for path in ["/registers/project/new", "/registers/project", "/account", "/sign-in"] {
            page.visit(&format!("/{tag}{path}")).await?;
            sound::check(&page, lang).await?;
            page.check_accessibility().await?;
        }
        ensure!(
            page.count("#password").await? == 0,
            "who is signed in is asked for the password again"
        );
        page.follow("main form button").await?;
        page.visit(&format!("{record}/edit")).await?;
        ensure!(page.path().await?.contains("/sign-in"), "signing out does not end the session");
        page.fill("#name", "registrar").await?;
        page.fill("#password", "not the password").await?;
        page.follow("main form button").await?;
        sound::check_as(&page, lang, 401).await?;
        page.check_accessibility().await?;
        ensure!(page.count("main [role='alert']").await? == 1, "the wrong password is not told");
    }
    Ok(())
}

#[tokio::test]
async fn a_search_in_either_language_finds_records() -> Result<()> {
    let page = Page::open().await?;
    for (lang, query) in [(Lang::Ja, "抗体"), (Lang::En, "antibodies")] {
        page.visit(&format!("/{}/", lang.tag())).await?;
        page.fill("#site-search", query).await?;
        page.follow("form[role='search'] button").await?;
        page.wait_for_path("the query", |path| path.contains("/search?q=")).await?;
        sound::check(&page, lang).await?;
        let hits = page.count("main li.panel").await?;
        ensure!(hits > 0, "nothing is found for {query}");
        ensure!(page.text("main li.panel").await?.contains(query), "{query} is not in the first");
        page.follow("main li.panel a").await?;
        sound::check(&page, lang).await?;
        ensure!(page.text("main").await?.contains(query), "{query} is not in the first record");
    }
    Ok(())
}

/// What is wrong with the page shown at the width of a telephone.
pub async fn too_wide(page: &Page) -> Result<Option<String>> {
    const WIDER: &str = "const all = document.documentElement; \
        const wide = [...document.querySelectorAll('body *')].filter((element) => \
          element.getBoundingClientRect().right > innerWidth && !element.closest('.scroll')); \
        return [all.scrollWidth, innerWidth, \
          wide.slice(0, 5).map((element) => element.outerHTML.slice(0, 120)).join('\\n')];";
    let found = page.execute(WIDER, Vec::new()).await?;
    let (width, room, wide): (u32, u32, String) = serde_json::from_value(found)?;
    ensure!(room == 360, "the window is {room} pixels wide");
    Ok((width > room).then(|| format!("{width} pixels wide:\n{wide}")))
}

#[tokio::test]
async fn nothing_is_wider_than_a_telephone() -> Result<()> {
    let page = Page::open().await?;
    page.resize(360, 740)?;
    let mut faults = Vec::new();
    for lang in sound::LANGUAGES {
        for (path, status) in FIXED {
            if status == 200 {
                page.visit(&format!("/{}{path}", lang.tag())).await?;
                faults.extend(too_wide(&page).await?.map(|fault| format!("{path}: {fault}")));
            }
        }
    }
    ensure!(faults.is_empty(), "{}", faults.join("\n"));
    Ok(())
}

#[tokio::test]
async fn records_and_their_forms_fit_a_telephone() -> Result<()> {
    let product = product::shared()?;
    let mut faults = Vec::new();
    for lang in sound::LANGUAGES {
        let page = Page::open().await?;
        page.resize(360, 740)?;
        let tag = lang.tag();
        page.visit(&format!("/{tag}/registers/project?standing=active")).await?;
        let link = page.attribute("main tbody th a", "href").await?.context("no project")?;
        let record = link.split('?').next().unwrap_or_default().to_owned();
        sign_in(&page, product, &format!("{record}/edit")).await?;
        let new = format!("/{tag}/registers/project/new");
        for path in [format!("{record}/edit"), record.clone(), format!("{record}/history"), new] {
            page.visit(&path).await?;
            faults.extend(too_wide(&page).await?.map(|fault| format!("{path}: {fault}")));
            page.check_accessibility().await.with_context(|| path.clone())?;
        }
    }
    ensure!(faults.is_empty(), "{}", faults.join("\n"));
    Ok(())
}
