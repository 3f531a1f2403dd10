//! What users do, how long it takes, and what must be true at the end.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use reqwest::{Client, StatusCode, header};
use serde_json::{Value, json};

use crate::server::Site;

/// Pages that users look at between edits.
const PAGES: [&str; 5] = [
    "/ja/",
    "/en/registers/call",
    "/ja/indicators/OI-01",
    "/en/search?q=call",
    "/api/v1/kinds/call/records?limit=20",
];

/// What was measured.
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// Time of every request by what it was.
    times: BTreeMap<&'static str, Vec<Duration>>,
    /// Edits refused because somebody was quicker.
    stale: u64,
    /// Edits acknowledged.
    edits: u64,
    /// Answers that no user should see.
    bad: Vec<String>,
}

impl Report {
    fn take(&mut self, other: Self) {
        for (what, times) in other.times {
            self.times.entry(what).or_default().extend(times);
        }
        self.stale += other.stale;
        self.edits += other.edits;
        self.bad.extend(other.bad);
    }

    /// One line for each kind of request.
    pub(crate) fn lines(&self) -> Vec<String> {
        let mut lines = vec![format!(
            "{} edits acknowledged, {} refused as stale and tried again, {} bad answers",
            self.edits,
            self.stale,
            self.bad.len()
        )];
        for (what, times) in &self.times {
            let mut times = times.clone();
            times.sort_unstable();
            let at = |share: usize| {
                let place = (times.len().saturating_sub(1)) * share / 1000;
                times.get(place).map_or(0.0, |time| time.as_secs_f64() * 1e3)
            };
            lines.push(format!(
                "{what:<12} {:>7} requests   p50 {:>8.1} ms   p99 {:>8.1} ms   longest {:>8.1} ms",
                times.len(),
                at(500),
                at(990),
                at(1000)
            ));
        }
        lines
    }

    /// # Errors
    /// The first answers that no user should have seen.
    pub(crate) fn check(&self) -> Result<()> {
        ensure!(self.edits > 0, "nothing was edited");
        if let Some(first) = self.bad.first() {
            bail!("{} bad answers, the first: {first}", self.bad.len());
        }
        Ok(())
    }
}

struct User {
    client: Client,
    url: String,
    token: String,
    report: Report,
}

impl User {
    async fn timed(
        &mut self,
        what: &'static str,
        request: reqwest::RequestBuilder,
    ) -> Result<(StatusCode, String)> {
        let start = Instant::now();
        let answer = request.bearer_auth(&self.token).send().await?;
        let status = answer.status();
        let text = answer.text().await?;
        self.report.times.entry(what).or_default().push(start.elapsed());
        if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
            self.report.bad.push(format!("{what}: {status} {text}"));
        }
        Ok((status, text))
    }

    /// Adds one to the number of a record, under the version read; tries again
    /// when somebody was quicker.
    async fn edit(&mut self, record: &str, acknowledged: &AtomicU64) -> Result<()> {
        let address = format!("{}/api/v1/records/{record}", self.url);
        for _ in 0..200 {
            let (status, text) = self.timed("read", self.client.get(&address)).await?;
            if status != StatusCode::OK {
                self.report.bad.push(format!("read: {status} {text}"));
                return Ok(());
            }
            let found: Value = serde_json::from_str(&text)?;
            let mut body = found.get("body").cloned().context("a record without a body")?;
            let number = body.get("proposals").and_then(Value::as_u64).context("no number")?;
            if let Some(fields) = body.as_object_mut() {
                fields.insert("proposals".to_owned(), json!(number + 1));
            }
            let version = found.get("version").cloned().unwrap_or_default();
            let change = json!({ "body": body, "reason": "one more" });
            let request = self
                .client
                .put(&address)
                .header(header::CONTENT_TYPE, "application/json")
                .header(header::IF_MATCH, format!("\"{version}\""))
                .body(change.to_string());
            let (status, text) = self.timed("edit", request).await?;
            match status {
                StatusCode::OK => {
                    acknowledged.fetch_add(1, Ordering::Relaxed);
                    self.report.edits += 1;
                    return Ok(());
                }
                StatusCode::PRECONDITION_FAILED => self.report.stale += 1,
                _ => {
                    self.report.bad.push(format!("edit: {status} {text}"));
                    return Ok(());
                }
            }
        }
        self.report.bad.push(format!("{record}: never got its turn"));
        Ok(())
    }
}

/// Lets every user work for a time, then looks at every record.
pub(crate) async fn run(url: &str, site: &Site, time: Duration) -> Result<Report> {
    let acknowledged: Arc<Vec<AtomicU64>> =
        Arc::new(site.records.iter().map(|_| AtomicU64::new(0)).collect());
    let end = Instant::now() + time;
    let mut work = Vec::new();
    for (number, token) in site.tokens.iter().enumerate() {
        let acknowledged = acknowledged.clone();
        let records: Vec<String> = site.records.iter().map(ToString::to_string).collect();
        let mut user = User {
            client: Client::new(),
            url: url.to_owned(),
            token: token.clone(),
            report: Report::default(),
        };
        work.push(tokio::spawn(async move {
            let mut turn = number;
            while Instant::now() < end {
                // Neighbours meet at the same record again and again.
                let place = turn * 7 % records.len();
                if let (Some(record), Some(count)) = (records.get(place), acknowledged.get(place)) {
                    user.edit(record, count).await?;
                }
                if let Some(page) = PAGES.get(turn % (PAGES.len() * 2)) {
                    let (status, text) =
                        user.timed("page", user.client.get(format!("{}{page}", user.url))).await?;
                    if status != StatusCode::OK {
                        user.report.bad.push(format!("{page}: {status} {text}"));
                    }
                }
                turn += 1;
            }
            anyhow::Ok(user.report)
        }));
    }
    let mut report = Report::default();
    for user in work {
        report.take(user.await??);
    }
    compare(url, site, &acknowledged, &mut report).await?;
    Ok(report)
}

/// Every number must be what was acknowledged, and every version one more.
async fn compare(
    url: &str,
    site: &Site,
    acknowledged: &[AtomicU64],
    report: &mut Report,
) -> Result<()> {
    let client = Client::new();
    for (record, count) in site.records.iter().zip(acknowledged) {
        let count = count.load(Ordering::Relaxed);
        let answer = client.get(format!("{url}/api/v1/records/{record}")).send().await?;
        let found: Value = serde_json::from_str(&answer.text().await?)?;
        let number = found.pointer("/body/proposals").and_then(Value::as_u64);
        let version = found.get("version").and_then(Value::as_u64);
        if number != Some(count) || version != Some(count + 1) {
            let text = format!(
                "{record}: {count} edits acknowledged, the number says {number:?}, version {version:?}"
            );
            report.bad.push(text);
        }
    }
    Ok(())
}
