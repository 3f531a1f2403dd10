//! A query through the gate in the browser: a researcher opens a data set, is
//! told where a query is wrong, runs a good one, sees what is masked and takes
//! the table along; an auditor finds it in the ledger and repeats it.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use shirube_model::lang::Lang;
use shirube_model::refusal::text;

use crate::browser::Page;
use crate::every_page::too_wide;
use crate::journeys::sign_in_as;
use crate::product::{self, Product};
use crate::sound::{self, LANGUAGES};

const CLAIMS: &str = "/health-data/made-up-claims";
const REGISTRY: &str = "/health-data/made-up-registry";
const BAD: &str = "SELECT condition_source_value,\n       MAX(condition_start_date)\n\
    FROM condition_occurrence\nGROUP BY condition_source_value";
const GOOD: &str = "SELECT condition_source_value AS icd10,\n       \
    COUNT(DISTINCT person_id) AS persons\nFROM condition_occurrence\nGROUP BY icd10";

struct Journey<'a> {
    product: &'a Product,
    lang: Lang,
    set: &'static str,
}

impl Journey<'_> {
    fn path(&self, rest: &str) -> String {
        format!("/{}{}{rest}", self.lang.tag(), self.set)
    }

    /// A window of somebody who has signed in.
    async fn as_somebody(&self, name: &str) -> Result<Page> {
        let page = Page::on(&self.product.url).await?;
        sign_in_as(&page, self.product, name, &format!("/{}/account", self.lang.tag())).await?;
        Ok(page)
    }

    /// The page is as it should be, also on a telephone; a picture of the whole
    /// of it is kept.
    async fn sound(&self, page: &Page, name: &str, status: u16) -> Result<()> {
        sound::check_as(page, self.lang, status).await.with_context(|| name.to_owned())?;
        page.check_accessibility().await.with_context(|| name.to_owned())?;
        const HEIGHT: &str = "return Math.min(document.documentElement.scrollHeight, 5000);";
        let height = page.execute(HEIGHT, Vec::new()).await?.as_u64().unwrap_or(900);
        page.resize(1280, u32::try_from(height)?)?;
        page.keep_screenshot(&format!("health-{name}-{}", self.lang.tag())).await?;
        page.resize(360, 740)?;
        let wide = too_wide(page).await?;
        page.restore_size()?;
        ensure!(wide.is_none(), "{name}: {}", wide.unwrap_or_default());
        Ok(())
    }

    async fn send(&self, page: &Page, sql: &str, deed: &str) -> Result<()> {
        page.fill("#sql", sql).await?;
        page.follow(&format!("main form button[value='{deed}']")).await
    }

    /// Opens the data set and writes a query that is wrong.
    async fn told_where_it_is_wrong(&self, page: &Page) -> Result<()> {
        page.visit(&format!("/{}/health-data", self.lang.tag())).await?;
        self.sound(page, "list", 200).await?;
        page.follow(&format!(".data-set h2 a[href$='{CLAIMS}']")).await?;
        self.sound(page, "data-set", 200).await?;
        ensure!(page.count("#intake").await? == 0, "a researcher sees what was not taken in");
        page.follow("#ask").await?;
        self.sound(page, "ask", 200).await?;
        self.send(page, BAD, "check").await?;
        self.sound(page, "refused", 400).await?;
        let told = page.text("#fault").await?;
        for part in ["query.aggregate.refused", "MAX(condition_start_date)", "^"] {
            ensure!(told.contains(part), "{part} is not in: {told}");
        }
        let shown = "return document.querySelector('#fault pre').textContent;";
        let place = page.execute(shown, Vec::new()).await?;
        let place = place.as_str().unwrap_or_default().to_owned();
        let line = place.lines().next().unwrap_or_default();
        let mark = place.lines().nth(1).unwrap_or_default();
        ensure!(line.find("MAX") == mark.find('^'), "the mark is elsewhere:\n{place}");
        Ok(())
    }

    /// Runs a good query; the address of its answer.
    async fn answered(&self, page: &Page) -> Result<String> {
        self.send(page, GOOD, "check").await?;
        ensure!(page.count("#checked li").await? == 2, "two columns");
        page.follow("main form button[value='run']").await?;
        page.wait_for_path("the answer", |path| path.contains("/answers/")).await?;
        self.sound(page, "answer", 200).await?;
        ensure!(page.count("#answer td.masked").await? > 0, "nothing is masked");
        ensure!(page.count("#answer td:not(.masked)").await? > 0, "everything is masked");
        let masked = text(self.lang, "web.health.masked-cell");
        let words = "return document.querySelector('#answer td.masked').textContent;";
        let told = page.execute(words, Vec::new()).await?;
        ensure!(told.as_str().is_some_and(|t| t.contains(&masked)), "{told}");
        let mark = text(self.lang, "web.demo.mark");
        ensure!(page.text("#answer caption").await?.contains(&mark), "no mark of the demo");
        page.path().await
    }

    /// Takes the table along as CSV.
    async fn taken_along(&self, page: &Page) -> Result<()> {
        let href = page.attribute(".file[href$='.csv']", "href").await?.context("no CSV")?;
        let get = format!(
            "const r = new XMLHttpRequest(); r.open('GET', '{href}', false); r.send(); \
             return [r.status, r.getResponseHeader('content-disposition'), r.responseText];"
        );
        let got = page.execute(&get, Vec::new()).await?;
        let (status, name, csv): (u16, String, String) = serde_json::from_value(got)?;
        ensure!(status == 200 && name.contains("demo-made-up-claims-entry-"), "{status} {name}");
        let masked = csv.lines().filter(|line| line.ends_with(",*")).count();
        let shown = page.count("#answer td.masked").await?;
        ensure!(masked == shown + 1, "{masked} masked lines, the legend included, and {shown}");
        for part in ["# evidence,demo", "# permit,DEMO-1", "# result_sha256,"] {
            ensure!(csv.contains(part), "{part} is not in:\n{csv}");
        }
        Ok(())
    }

    /// An auditor finds the entry and repeats it.
    async fn audited(&self, answer: &str) -> Result<()> {
        let page = self.as_somebody("auditor").await?;
        page.visit(&self.path("")).await?;
        self.sound(&page, "data-set-staff", 200).await?;
        self.quality_checked(&page).await.context("the quality report")?;
        page.visit(&self.path("")).await?;
        page.follow("#ledger").await?;
        self.sound(&page, "ledger", 200).await?;
        let number = answer.rsplit('/').next().unwrap_or_default();
        page.follow(&format!("table.entries a[href$='/ledger/{number}']")).await?;
        ensure!(page.count("#criteria ~ .scroll tbody tr").await? > 2, "no criteria");
        page.follow("#again").await?;
        self.sound(&page, "entry", 200).await?;
        ensure!(page.count("#same").await? == 1, "another result came out");
        Ok(())
    }

    /// Staff have the quality of the snapshot checked and read the report.
    async fn quality_checked(&self, page: &Page) -> Result<()> {
        page.follow("#quality").await?;
        page.follow("#check").await?;
        for _ in 0..300 {
            if page.count("#running").await? == 0 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
            page.visit(&self.path("/quality")).await?;
        }
        ensure!(page.count("#report table").await? > 1, "no report");
        self.sound(page, "quality", 200).await
    }

    /// A reviewer judges what waits; whether a verdict can be read after it.
    async fn judged(&self, name: &str, entry: &str) -> Result<bool> {
        let page = self.as_somebody(name).await?;
        page.visit(&self.path("")).await?;
        page.follow("#reviews").await?;
        self.sound(&page, &format!("queue-{name}"), 200).await?;
        page.follow(&format!("table.entries a[href$='/reviews/{entry}']")).await?;
        ensure!(page.count("#verdicts").await? == 0, "a verdict can be read before both are given");
        self.sound(&page, &format!("to-review-{name}"), 200).await?;
        page.fill("#reason", "journey").await?;
        page.follow("main form button[value='approve']").await?;
        self.sound(&page, &format!("reviewed-{name}"), 200).await?;
        ensure!(page.count("#judge").await? == 0, "one reviewer answers twice");
        Ok(page.count("#verdicts").await? == 1)
    }
}

#[tokio::test]
async fn a_query_goes_through_the_gate() -> Result<()> {
    let product = product::shared()?;
    for lang in LANGUAGES {
        let journey = Journey { product, lang, set: CLAIMS };
        let page = journey.as_somebody("researcher").await?;
        journey.told_where_it_is_wrong(&page).await.context("a wrong query")?;
        let answer = journey.answered(&page).await.context("a good query")?;
        journey.taken_along(&page).await.context("the file")?;
        page.visit(&journey.path("/ask")).await?;
        ensure!(page.count("#earlier ~ .scroll tbody tr").await? > 0, "no earlier question");
        journey.sound(&page, "earlier", 200).await?;
        journey.audited(&answer).await.context("the auditor")?;
    }
    Ok(())
}

#[tokio::test]
async fn an_answer_waits_for_two_reviewers() -> Result<()> {
    let product = product::shared()?;
    for (lang, born) in LANGUAGES.into_iter().zip(["1950", "1970"]) {
        let journey = Journey { product, lang, set: REGISTRY };
        let page = journey.as_somebody("researcher").await?;
        page.visit(&journey.path("/ask")).await?;
        let sql = format!(
            "SELECT gender_source_value AS sex, COUNT(DISTINCT person_id) AS persons\n\
             FROM person WHERE year_of_birth < {born} GROUP BY sex"
        );
        journey.send(&page, &sql, "run").await?;
        let answer = page.wait_for_path("the answer", |path| path.contains("/answers/")).await?;
        journey.sound(&page, "waiting", 200).await?;
        ensure!(page.count("#answer").await? == 0, "the answer is out before its review");
        let entry = answer.rsplit('/').next().unwrap_or_default();
        ensure!(!journey.judged("reviewer", entry).await?, "one verdict is shown alone");
        page.visit(&answer).await?;
        ensure!(page.count("#answer").await? == 0, "one reviewer is enough");
        ensure!(journey.judged("reviewer-2", entry).await?, "the verdicts are not shown");
        page.visit(&answer).await?;
        ensure!(page.count("#answer tbody tr").await? > 0, "the answer is not out");
        journey.sound(&page, "reviewed", 200).await?;
    }
    Ok(())
}
