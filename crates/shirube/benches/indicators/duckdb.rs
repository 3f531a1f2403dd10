//! The same headline values from plain SQL in DuckDB, in a process of its own.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use chrono::NaiveDate;
use rust_decimal::{Decimal, RoundingStrategy};
use serde::Deserialize;
use std::sync::Arc;

use shirube_model::indicator::Outcome;

use crate::options::Options;
use crate::report::{Report, ratio, timed};
use crate::runs::Ledger;
use crate::tables;

/// Directory of the queries and of the script that runs them.
const DIR: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/duckdb");
/// Threads DuckDB may use: as many as the engine does.
const THREADS: &str = "2";
/// Digits compared.
const DIGITS: u32 = 6;
/// Queries named as the slowest.
const SLOWEST: usize = 3;

/// What `run.py` prints.
#[derive(Deserialize)]
struct Answer {
    version: String,
    load_seconds: f64,
    run_seconds: Vec<f64>,
    queries: BTreeMap<String, Query>,
}

#[derive(Deserialize)]
struct Query {
    /// `None` where the query gives NULL.
    value: Option<Decimal>,
    median_seconds: f64,
}

/// Runs the queries over the registers of a day and holds each value against
/// ours; gives the number that differ.
pub(crate) fn compare(
    ledger: &Ledger,
    day: NaiveDate,
    ours: &[(String, Arc<Outcome>)],
    options: &Options,
    report: &mut Report,
) -> Result<usize> {
    let Some(python) = &options.python else {
        println!("g DuckDB left out: no --python given");
        return Ok(0);
    };
    let scratch = tempfile::tempdir()?;
    let dir = options.keep.as_deref().unwrap_or(scratch.path()).join(day.to_string());
    let (rows, wrote) = timed(|| tables::write(ledger, day, &dir));
    println!("{} rows as Parquet in {:.1} s", rows?, wrote.as_secs_f64());
    let answer = run(python, &dir, day, options.repeats)?;
    let times: Vec<Duration> =
        answer.run_seconds.iter().copied().map(Duration::from_secs_f64).collect();
    let of = |step: &str| ratio(report.median_of(step), crate::report::median(&times));
    let note = format!(
        "DuckDB {}; b1 takes {:.2} of it, b with every reading {:.2}",
        answer.version,
        of("b1"),
        of("b ")
    );
    report.add(format!("g DuckDB, {} values, {day}", answer.queries.len()), &times, note);
    let load = [Duration::from_secs_f64(answer.load_seconds)];
    report.add(format!("g DuckDB, loading, {day}"), &load, "Parquet to memory");
    name_slowest(&answer);
    Ok(differences(&answer, ours, day))
}

fn run(python: &Path, dir: &Path, day: NaiveDate, repeats: usize) -> Result<Answer> {
    let output = Command::new(python)
        .arg(Path::new(DIR).join("run.py"))
        .arg(Path::new(DIR).join("headlines.sql"))
        .arg(dir)
        .arg(day.to_string())
        .args(["--repeats", &repeats.to_string(), "--threads", THREADS])
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("cannot run {}", python.display()))?;
    if !output.status.success() {
        bail!("run.py failed: {}", output.status);
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

fn name_slowest(answer: &Answer) {
    let mut slowest: Vec<_> = answer.queries.iter().collect();
    slowest.sort_by(|(_, a), (_, b)| b.median_seconds.total_cmp(&a.median_seconds));
    for (id, query) in slowest.into_iter().take(SLOWEST) {
        println!("    {id}: {:.2} ms", query.median_seconds * 1e3);
    }
}

/// The number SQL is held against: the value, or the numerator where the value
/// waits for a baseline that is not published.
fn comparable(outcome: &Outcome) -> Option<Decimal> {
    let waits = outcome.value.is_none()
        && outcome.status == shirube_model::indicator::Status::BaselineUnpublished;
    if waits { Some(outcome.numerator) } else { outcome.value }
}

fn differences(answer: &Answer, ours: &[(String, Arc<Outcome>)], day: NaiveDate) -> usize {
    let round = |value: Decimal| {
        value.round_dp_with_strategy(DIGITS, RoundingStrategy::MidpointNearestEven).normalize()
    };
    let mut wrong = 0;
    for (id, outcome) in ours {
        let mine = comparable(outcome).map(round);
        let theirs = answer.queries.get(id).map(|query| query.value.map(round));
        if theirs != Some(mine) {
            println!("    {id} on {day}: ours {mine:?}, DuckDB {theirs:?}");
            wrong += 1;
        }
    }
    println!("    {} of {} values equal on {day}", ours.len() - wrong, ours.len());
    wrong
}
