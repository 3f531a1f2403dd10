//! What people do with the product: a newcomer follows a number to its records,
//! a reader goes back in time, an editor corrects a record and meets another.

use anyhow::{Context, Result, ensure};
use fantoccini::Locator;
use shirube_model::lang::Lang;
use shirube_model::refusal::text;

use crate::browser::Page;
use crate::product::{self, Product};
use crate::sound::{self, LANGUAGES};

/// The link to an indicator in the list of series.
const CARD: &str = "h4.card-name a[href*='/indicators/OI-02']";
/// The value in the headline of an indicator.
const VALUE: &str = ".headline > div:nth-of-type(2) dd";

/// The part of a path before its query and fragment.
fn bare(path: &str) -> &str {
    path.split(['?', '#']).next().unwrap_or(path)
}

#[tokio::test]
async fn real_evidence_stands_beside_the_demo() -> Result<()> {
    let page = Page::open().await?;
    for lang in LANGUAGES {
        let tag = lang.tag();
        page.visit(&format!("/{tag}/indicators/OG-1#beside")).await?;
        sound::check(&page, lang).await?;
        ensure!(page.count("#beside tbody tr").await? == 2, "two rows");
        page.keep_screenshot(&format!("beside-demo-{tag}")).await?;
        page.follow("#beside tbody a").await?;
        ensure!(page.count(".demo-banner").await? == 0, "real evidence is marked as a demo");
        let banner = page.text(".live-banner").await?;
        ensure!(banner.starts_with(&text(lang, "web.beside.live-banner")), "{banner}");
        page.check_accessibility().await.context("the page of real evidence")?;
        page.keep_screenshot(&format!("beside-real-{tag}")).await?;
        page.follow("#beside tbody a").await?;
        ensure!(page.count(".demo-banner").await? == 1, "back at the demo");
        page.visit(&format!("/{tag}/gate/audit")).await?;
        page.keep_screenshot(&format!("gate-audit-{tag}")).await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_newcomer_follows_a_number_to_its_records_and_back() -> Result<()> {
    let page = Page::open().await?;
    for lang in LANGUAGES {
        let tag = lang.tag();
        page.visit(&format!("/{tag}/")).await?;
        sound::check(&page, lang).await?;
        let banner = page.text(".demo-banner").await?;
        ensure!(banner.starts_with(&text(lang, "web.demo.banner")), "{banner}");
        let dashboard = narrow_down(&page).await.context(tag)?;
        page.follow(CARD).await?;
        sound::check(&page, lang).await?;
        read_indicator(&page).await.context(tag)?;
        let steps = follow_to_a_record(&page, lang).await.context(tag)?;

        let mut left = steps + 1;
        while left > 0 {
            page.back().await?;
            left -= 1;
        }
        let back = page.wait_for_path("the dashboard", |path| path == dashboard).await?;
        assert_eq!(back, dashboard, "the filters are kept");
        page.wait().for_element(Locator::Css(CARD)).await?;
        assert_eq!(page.complaints()?, Vec::<String>::new(), "{tag}");
    }
    Ok(())
}

/// Filters the dashboard by status and ministry, which the page does at once.
async fn narrow_down(page: &Page) -> Result<String> {
    let all = page.count("h4.card-name").await?;
    page.choose("#filter-status", "behind").await?;
    page.wait_for_path("the status", |path| path.contains("status=behind")).await?;
    page.wait().for_element(Locator::Css(".tally a[aria-current='true']")).await?;
    let behind = page.count("h4.card-name").await?;
    assert_eq!(
        page.count("h3 ~ .cards .status.behind").await?,
        page.count("h3 ~ .cards h4").await?
    );
    ensure!(0 < behind && behind < all, "{behind} of {all} series are behind");

    page.choose("#filter-owner", "健").await?;
    let path = page.wait_for_path("the ministry", |path| path.contains("owner=")).await?;
    let owned = page.count("h4.card-name").await?;
    ensure!(0 < owned && owned < behind, "{owned} of {behind} series belong to one ministry");
    ensure!(path.contains("status=behind"), "the first filter is lost: {path}");
    Ok(path)
}

/// Value, target and every reading beside the others.
async fn read_indicator(page: &Page) -> Result<()> {
    let facts = page.find_all(Locator::Css(".headline > div")).await?;
    ensure!(facts.len() >= 3, "status, value and target are not all there");
    for fact in facts {
        ensure!(!fact.find(Locator::Css("dd")).await?.text().await?.is_empty(), "an empty fact");
    }
    ensure!(page.text(VALUE).await?.contains(|c: char| c.is_ascii_digit()), "no value");
    let target = page.text(".headline > div:nth-of-type(3) dd").await?;
    ensure!(target.contains("300"), "the target is `{target}`");
    let questions = page.count("section[aria-labelledby^='question-']").await?;
    let readings = page.count("section[aria-labelledby^='question-'] tbody tr").await?;
    let links = page.count("section[aria-labelledby^='question-'] tbody th a").await?;
    ensure!(
        questions > 0 && readings >= 2 * questions,
        "{readings} readings, {questions} questions"
    );
    ensure!(links == readings, "{links} of {readings} readings can be opened");
    Ok(())
}

/// From the proof to a record, its history and what a version changed; gives
/// the number of pages opened on the way.
async fn follow_to_a_record(page: &Page, lang: Lang) -> Result<usize> {
    page.click("a[href='#proof']").await?;
    page.follow("a[href*='class=repeats']").await?;
    sound::check(page, lang).await?;
    page.follow("a[href*='class=counted']").await?;
    sound::check(page, lang).await?;
    let rows = page.count("#records-0 + .scroll tbody tr").await?;
    let counted = page.text("a[href*='class=counted']").await?;
    ensure!(rows > 0, "no record listed for `{counted}`");
    ensure!(
        page.text(VALUE).await?.starts_with(&rows.to_string()),
        "{rows} counted records do not make the value {}",
        page.text(VALUE).await?
    );
    let link = "#records-0 + .scroll tbody a[href$='version=2']";
    let name = page.text(link).await?;
    page.follow(link).await?;
    sound::check(page, lang).await?;
    assert_eq!(page.text("h1").await?, name);
    ensure!(page.count(".facts tbody tr").await? > 0, "the record has no fields");
    ensure!(page.count("a[href*='/indicators/OI-02']").await? > 0, "no way back to the number");
    page.follow("a[href*='/history']").await?;
    sound::check(page, lang).await?;
    ensure!(page.count("main tbody tr").await? >= 2, "the history is too short");
    page.follow("a[href*='/diff?']").await?;
    sound::check(page, lang).await?;
    ensure!(page.count("main tbody tr").await? > 0, "the versions are not compared");
    // `#proof` is an entry of its own in the browser's history.
    Ok(6)
}

#[tokio::test]
async fn a_reader_goes_back_to_a_day_and_changes_the_language() -> Result<()> {
    let page = Page::open().await?;
    for lang in LANGUAGES {
        let (tag, other) = (lang.tag(), lang.other());
        page.visit(&format!("/{tag}/indicators/OI-02")).await?;
        let latest = page.text(VALUE).await?;
        page.fill("#as-of", "2027-04-01").await?;
        page.follow(".as-of button").await?;
        let path = page.wait_for_path("the day", |path| path.contains("as_of=2027-04-01")).await?;
        sound::check(&page, lang).await?;
        let then = page.text(VALUE).await?;
        assert_ne!(then, latest, "{tag}: the value of that day");
        assert_eq!(page.attribute("#as-of", "value").await?.as_deref(), Some("2027-04-01"));

        page.follow("#other-language").await?;
        let moved = page.path().await?;
        assert_eq!(moved, path.replace(&format!("/{tag}/"), &format!("/{}/", other.tag())));
        sound::check(&page, other).await?;
        let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
        assert_eq!(digits(&page.text(VALUE).await?), digits(&then), "{tag}: in both languages");

        page.follow("a.brand").await?;
        let home = page.path().await?;
        assert_eq!(home, format!("/{}/?as_of=2027-04-01", other.tag()), "the day is kept");
        let card = page.find(Locator::XPath(
            "//h4[a[contains(@href, '/indicators/OI-02?')]]/following-sibling::p//strong",
        ));
        assert_eq!(card.await?.text().await?, digits(&then), "{tag}: dashboard and page agree");
        sound::check(&page, other).await?;
    }
    Ok(())
}

#[tokio::test]
async fn filters_and_days_work_without_script() -> Result<()> {
    let page = Page::open().await?;
    page.forbid_script()?;
    for lang in LANGUAGES {
        let tag = lang.tag();
        page.visit(&format!("/{tag}/")).await?;
        let state = page.execute("return history.state", Vec::new()).await?;
        ensure!(state.is_null(), "the page's own script ran: {state}");
        page.choose("#filter-status", "behind").await?;
        page.choose("#filter-view", "table").await?;
        assert_eq!(page.path().await?, format!("/{tag}/"), "nothing happens before the button");
        page.follow(".filters button").await?;
        let path = page.wait_for_path("the filter", |path| path.contains("status=behind")).await?;
        ensure!(path.contains("view=table"), "{path}");
        sound::check(&page, lang).await?;
        let rows = page.count("#results tbody tr").await?;
        ensure!(rows > 0 && rows == page.count("#results tbody .status.behind").await?, "{rows}");

        page.fill("#as-of", "2027-04-01").await?;
        page.follow(".as-of button").await?;
        let path = page.wait_for_path("the day", |path| path.contains("as_of=2027-04-01")).await?;
        ensure!(path.contains("status=behind") && path.contains("view=table"), "lost: {path}");
        sound::check(&page, lang).await?;
    }
    Ok(())
}

/// Signs in as the registrar on the way to `next`, which only an editor may see.
pub async fn sign_in(page: &Page, product: &Product, next: &str) -> Result<()> {
    sign_in_as(page, product, "registrar", next).await
}

/// Signs in as an account of the demo on the way to `next`, which asks for it.
pub async fn sign_in_as(page: &Page, product: &Product, name: &str, next: &str) -> Result<()> {
    page.visit(next).await?;
    ensure!(page.path().await?.contains("/sign-in?next="), "{next} is open to everybody");
    page.fill("#name", name).await?;
    page.fill("#password", &product.password).await?;
    page.follow("main form button").await?;
    page.wait_for_path("the form", |path| path == next).await?;
    Ok(())
}

/// Fills in the form of a project and sends it.
async fn correct(page: &Page, title: &str, reason: &str) -> Result<()> {
    let lang = page.attribute("html", "lang").await?.context("a page without language")?;
    page.fill(&format!("input[name='f.title.{lang}']"), title).await?;
    page.fill("#reason", reason).await?;
    page.follow("form.form-wide button").await
}

#[tokio::test]
async fn an_editor_corrects_a_record_and_a_stale_form_shows_both_versions() -> Result<()> {
    let product = product::start()?;
    for lang in LANGUAGES {
        let (first, second) = (Page::on(&product.url).await?, Page::on(&product.url).await?);
        let tag = lang.tag();
        first.visit(&format!("/{tag}/registers/project?standing=active")).await?;
        let link = first.attribute("main tbody th a", "href").await?.context("no project")?;
        let record = bare(&link).to_owned();
        let (edit, history) = (format!("{record}/edit"), format!("{record}/history"));
        first.visit(&history).await?;
        let versions = first.count("main tbody tr").await?;

        sign_in(&first, &product, &edit).await?;
        sound::check(&first, lang).await?;
        sign_in(&second, &product, &edit).await?;

        let told = format!("Title set first, {tag}");
        correct(&first, &told, "a slip of the pen").await?;
        first.wait_for_path("the record", |path| bare(path) == record).await?;
        sound::check(&first, lang).await?;
        ensure!(first.text("main").await?.contains(&told), "the record does not show the change");
        first.visit(&history).await?;
        assert_eq!(first.count("main tbody tr").await?, versions + 1, "{tag}");
        let shown = first.text("main tbody").await?;
        ensure!(shown.contains("registrar") && shown.contains("a slip of the pen"), "{shown}");

        let mine = format!("Title set second, {tag}");
        correct(&second, &mine, "another opinion").await?;
        second.wait().for_element(Locator::Css("tr.changed")).await?;
        sound::check_as(&second, lang, 409).await?;
        second.check_accessibility().await?;
        let clash = second.text("tr.changed").await?;
        ensure!(clash.contains(&told) && clash.contains(&mine), "both versions: {clash}");
        ensure!(second.text("main .notice.bad").await?.contains(&text(lang, "web.conflict.title")));
        second.follow("form.form-wide button").await?;
        second.wait_for_path("the record", |path| bare(path) == record).await?;
        ensure!(second.text("main").await?.contains(&mine), "the second editor's title");
        second.visit(&history).await?;
        assert_eq!(second.count("main tbody tr").await?, versions + 2, "nothing is lost");
        sound::check(&second, lang).await?;
    }
    Ok(())
}
