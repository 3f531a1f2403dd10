//! A year of the follow-up in the browser: the secretariat opens it, a
//! participant contributes, the lead ministry compiles and submits, the
//! secretariat returns, approves and locks; a finding becomes an action and
//! stands against the next budget; an auditor verifies the numbers of the year.

use anyhow::{Context, Result, ensure};
use fantoccini::Locator;
use shirube_model::lang::Lang;
use shirube_model::refusal::text;

use crate::browser::Page;
use crate::journeys::sign_in_as;
use crate::product::{self, Product};
use crate::sound::{self, LANGUAGES};

/// Measure that is followed, its lead ministry and one that takes part, as the
/// plan has them.
const MEASURE: &str = "4.4.1-m2";
const LEAD: &str = "%E5%8E%9A";
const PARTICIPANT: &str = "文";
const INDICATOR: &str = "OI-16";

/// One language's year.
struct Year<'a> {
    product: &'a Product,
    lang: Lang,
    fiscal_year: u16,
}

impl Year<'_> {
    fn path(&self) -> String {
        format!("/{}/follow-up/{}", self.lang.tag(), self.fiscal_year)
    }

    fn desk(&self) -> String {
        format!("{}/{LEAD}/{MEASURE}", self.path())
    }

    /// A window of somebody who has signed in.
    async fn as_somebody(&self, name: &str) -> Result<Page> {
        let page = Page::on(&self.product.url).await?;
        sign_in_as(&page, self.product, name, &format!("/{}/account", self.lang.tag())).await?;
        Ok(page)
    }

    /// The page is as it should be; a picture of the whole of it is kept.
    async fn sound(&self, page: &Page, name: &str) -> Result<()> {
        sound::check(page, self.lang).await?;
        page.check_accessibility().await.with_context(|| name.to_owned())?;
        const HEIGHT: &str = "return Math.min(document.documentElement.scrollHeight, 5000);";
        let height = page.execute(HEIGHT, Vec::new()).await?.as_u64().unwrap_or(900);
        page.resize(1280, u32::try_from(height)?)?;
        page.keep_screenshot(&format!("follow-up-{name}-{}", self.lang.tag())).await?;
        page.restore_size()
    }

    /// Sends a form of the report and sees that it was done.
    async fn send(&self, page: &Page, form: &str, deed: &str) -> Result<()> {
        page.fill(&format!("form.{form} textarea[name='reason']"), "journey").await?;
        let button = page.count(&format!("form.{form} button[value='{deed}']")).await?;
        ensure!(button == 1, "no button `{deed}`");
        page.follow(&format!("form.{form} button[value='{deed}']")).await?;
        page.wait_for_path("the report", |path| path.ends_with(&format!("done={deed}"))).await?;
        let done = text(self.lang, &format!("web.follow-up.done-{}", deed.replace('_', "-")));
        ensure!(page.text("main [role='status']").await?.contains(&done), "{deed} is not told");
        Ok(())
    }

    async fn opened(&self, page: &Page) -> Result<()> {
        page.visit(&format!("/{}/follow-up", self.lang.tag())).await?;
        self.sound(page, "list").await?;
        page.fill("#fiscal_year", &self.fiscal_year.to_string()).await?;
        let values_as_of = format!("{}-03-31", self.fiscal_year + 1);
        page.fill("#values_as_of", &values_as_of).await?;
        page.fill("#reason", "journey").await?;
        page.follow("form[action$='/follow-up'] button").await?;
        page.wait_for_path("the year", |path| path == self.path()).await?;
        self.sound(page, "year").await?;
        ensure!(page.count("#ministries tbody tr").await? > 5, "too few ministries");
        Ok(())
    }

    async fn contributed(&self) -> Result<()> {
        let page = self.as_somebody("participant").await?;
        page.visit(&self.path()).await?;
        page.follow(&format!("#ministries a[href$='/{LEAD}']")).await?;
        sound::check(&page, self.lang).await?;
        page.follow(&format!("a[href$='/{LEAD}/{MEASURE}']")).await?;
        ensure!(page.count("form.compile, form.judge").await? == 0, "a participant judges");
        let form = format!("form.contribute:has(input[value='{PARTICIPANT}'])");
        page.fill(&format!("{form} textarea[name='progress']"), "大学病院で始めた。").await?;
        self.send(&page, "contribute", "hand_in").await?;
        let shown = page.text("#contributions ~ section").await?;
        ensure!(shown.contains("大学病院で始めた。"), "{shown}");
        ensure!(page.count("form.contribute button").await? == 1, "only to take it back");
        self.sound(&page, "contributed").await
    }

    async fn submitted(&self) -> Result<()> {
        let page = self.as_somebody("lead").await?;
        page.visit(&self.desk()).await?;
        ensure!(page.text("main").await?.contains("大学病院で始めた。"), "no contribution");
        page.fill("#r-progress", "全国に広げた。").await?;
        page.fill("#r-gaps", "人手が足りない。").await?;
        page.fill("#r-promises", "研修を倍にする。").await?;
        page.choose("#assessment", "on_track").await?;
        self.send(&page, "compile", "compile").await?;
        self.send(&page, "submit", "submit").await?;
        ensure!(page.count("form.judge, form.compile").await? == 0, "who submits does not judge");
        self.sound(&page, "submitted").await
    }

    async fn returned(&self, page: &Page) -> Result<()> {
        page.visit(&self.desk()).await?;
        page.fill("#return_reason", "数を説明すること。").await?;
        self.send(page, "judge", "return").await?;
        let lead = self.as_somebody("lead").await?;
        lead.visit(&self.desk()).await?;
        ensure!(lead.text("main").await?.contains("数を説明すること。"), "the reason is not shown");
        lead.fill("#r-gaps", "人手が足りない。数は研修の記録による。").await?;
        self.send(&lead, "compile", "compile").await?;
        self.send(&lead, "submit", "submit").await
    }

    /// The value of the indicator in the report.
    async fn value(&self, page: &Page) -> Result<String> {
        let cell = format!("//tr[th/a[contains(@href, '/indicators/{INDICATOR}')]]/td[1]");
        Ok(page.find(Locator::XPath(&cell)).await?.text().await?)
    }

    async fn locked(&self, page: &Page) -> Result<String> {
        page.visit(&self.desk()).await?;
        let value = self.value(page).await?;
        self.sound(page, "to-judge").await?;
        self.send(page, "judge", "approve").await?;
        assert_eq!(self.value(page).await?, value, "approved is what was shown");
        let public = Page::on(&self.product.url).await?;
        public.visit(&self.desk()).await?;
        sound::check_as(&public, self.lang, 404).await?;
        self.send(page, "lock", "lock").await?;
        self.sound(page, "locked").await?;
        public.visit(&self.desk()).await?;
        sound::check(&public, self.lang).await?;
        assert_eq!(self.value(&public).await?, value, "the public reads the same");
        ensure!(public.text("main").await?.contains("全国に広げた。"), "nor its words");
        ensure!(public.count("main form").await? == 0, "the public has no forms");
        Ok(value)
    }

    /// A finding becomes an action of the lead ministry.
    async fn action(&self, page: &Page) -> Result<()> {
        page.visit(&self.desk()).await?;
        page.follow("#new-action").await?;
        sound::check(page, self.lang).await?;
        page.check_accessibility().await?;
        let found = page.execute("return document.querySelector('#f-finding').value", vec![]);
        ensure!(found.await?.as_str().is_some_and(|text| text.contains("人手")), "no finding");
        page.fill("#f-task", "研修の席を増やす").await?;
        page.fill("#f-due_on", "2031-03-31").await?;
        page.fill("#reason", "journey").await?;
        page.follow("form.form-wide button").await?;
        page.wait_for_path("the action", |path| path.contains("/records/FUA-")).await?;
        sound::check(page, self.lang).await
    }

    /// The owner begins it and asks for money in the next budget.
    async fn requested(&self) -> Result<()> {
        let page = self.as_somebody("lead").await?;
        page.visit(&self.desk()).await?;
        ensure!(
            page.text("table.actions-of-cycle").await?.contains("研修の席を増やす"),
            "no action"
        );
        page.follow("table.actions-of-cycle a[href*='step=start']").await?;
        sound::check(&page, self.lang).await?;
        page.check_accessibility().await.context("the form of a step")?;
        page.fill("#reason", "journey").await?;
        page.follow("form.form-wide button").await?;
        page.wait_for_path("the action", |path| path.contains("/records/FUA-")).await?;
        page.visit(&self.desk()).await?;
        page.follow("a.request").await?;
        sound::check(&page, self.lang).await?;
        page.fill("#f-requested_yen", "120000000").await?;
        page.fill("#reason", "journey").await?;
        page.follow("form.form-wide button").await?;
        page.wait_for_path("the request", |path| path.contains("/records/BRQ-")).await?;
        page.visit(&self.desk()).await?;
        page.follow("#requests ~ .scroll a[href*='step=file']").await?;
        page.fill("#reason", "journey").await?;
        page.follow("form.form-wide button").await?;
        page.wait_for_path("the request", |path| path.contains("/records/BRQ-")).await?;
        page.visit(&self.desk()).await?;
        let row = page.text("#requests ~ .scroll tbody tr").await?;
        ensure!(row.contains("120,000,000"), "{row}");
        self.sound(&page, "requested").await
    }

    async fn verified(&self) -> Result<()> {
        let page = self.as_somebody("auditor").await?;
        page.visit(&self.path()).await?;
        page.follow("#verify").await?;
        page.wait_for_path("the check", |path| path.ends_with("/verify")).await?;
        self.sound(&page, "verified").await?;
        let rows = page.text("#verified tbody").await?;
        ensure!(rows.contains(INDICATOR), "{rows}");
        ensure!(rows.contains(&text(self.lang, "web.follow-up.same")), "{rows}");
        ensure!(page.count("#verified tr.changed").await? == 0, "{rows}");
        Ok(())
    }
}

#[tokio::test]
async fn a_year_goes_from_contribution_to_budget_and_its_numbers_are_verified() -> Result<()> {
    let product = product::start()?;
    for (lang, fiscal_year) in LANGUAGES.into_iter().zip([2026, 2027]) {
        let year = Year { product: &product, lang, fiscal_year };
        let secretariat = year.as_somebody("secretariat").await?;
        year.opened(&secretariat).await.context("opening")?;
        year.contributed().await.context("contributing")?;
        year.submitted().await.context("submitting")?;
        year.returned(&secretariat).await.context("returning")?;
        let value = year.locked(&secretariat).await.context("approving and locking")?;
        ensure!(value.chars().any(|c| c.is_ascii_digit()), "no number in `{value}`");
        year.action(&secretariat).await.context("an action")?;
        year.requested().await.context("a request")?;
        year.verified().await.context("verifying")?;
    }
    // In the second year, what was promised in the first stands in the report.
    let page = Page::on(&product.url).await?;
    page.visit(&format!("/en/follow-up/2027/{LEAD}/{MEASURE}")).await?;
    ensure!(page.text("main").await?.contains("研修を倍にする。"), "the promise is forgotten");
    Ok(())
}
