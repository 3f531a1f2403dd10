//! The measured steps of the engine.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use chrono::NaiveDate;
use shirube_indicators::evaluate::{Evaluator, Request};
use shirube_indicators::{Columns, naive as plain};
use shirube_model::calendar::{end_of_japan_day, japan_day};
use shirube_model::indicator::Outcome;
use shirube_model::record::RecordVersion;

use crate::options::Options;
use crate::report::{Report, ratio, timed};
use crate::specs::Specs;

/// A past day: the first of FY2027, when a year has just become complete.
const PAST: (i32, u32, u32) = (2027, 4, 1);
/// Times the columns are built; one build of a million events takes seconds.
const BUILDS_MAX: usize = 3;

/// The evidence: what the ledger holds, and what is appended to it later.
pub(crate) struct Ledger {
    versions: Vec<RecordVersion>,
    /// Events held at first; the rest are appended in steps.
    first: usize,
    /// Day on which the last event was recorded.
    pub(crate) latest: NaiveDate,
    /// Past day asked for.
    pub(crate) past: NaiveDate,
}

impl Ledger {
    pub(crate) fn of(options: &Options) -> Self {
        let (year, month, day) = PAST;
        let past = NaiveDate::from_ymd_opt(year, month, day).unwrap_or_default();
        let (versions, time) = timed(|| {
            let wanted = options.events + options.append * options.repeats;
            shirube_testkit::in_memory(wanted, options.seed)
        });
        println!("{} versions made in {:.1} s", versions.len(), time.as_secs_f64());
        let first = options.events.min(versions.len());
        let latest = versions.last().map_or(past, |version| japan_day(version.recorded_at));
        Self { versions, first, latest, past }
    }

    /// The first events, those of every measurement but growth.
    pub(crate) fn held(&self) -> &[RecordVersion] {
        self.versions.get(..self.first).unwrap_or_default()
    }

    /// Ledger position at the end of a day.
    fn position(&self, day: NaiveDate) -> u64 {
        let end = end_of_japan_day(day);
        let held = self.held();
        let known = held.partition_point(|version| version.recorded_at <= end);
        known.checked_sub(1).and_then(|last| held.get(last)).map_or(0, |version| version.seq)
    }

    /// Latest version of every record by kind, in the order records first
    /// entered the ledger, as known at the end of a day.
    pub(crate) fn current(&self, day: NaiveDate) -> BTreeMap<&str, Vec<&RecordVersion>> {
        let position = self.position(day);
        let mut place = HashMap::new();
        let mut out: BTreeMap<&str, Vec<&RecordVersion>> = BTreeMap::new();
        for version in self.held().iter().take_while(|version| version.seq <= position) {
            let register = out.entry(version.kind.as_str()).or_default();
            let index = *place.entry(version.id.as_str()).or_insert(register.len());
            match register.get_mut(index) {
                Some(slot) => *slot = version,
                None => register.push(version),
            }
        }
        out
    }
}

fn evaluate(
    evaluator: &mut Evaluator,
    columns: &Columns,
    position: u64,
    day: NaiveDate,
    requests: &[Request],
) -> Result<Vec<Arc<Outcome>>> {
    let view = columns.view(position, day);
    Ok(evaluator.evaluate(columns, &view, requests)?)
}

/// Columns from record versions; gives them back with a new evaluator.
pub(crate) fn columns(
    ledger: &Ledger,
    options: &Options,
    report: &mut Report,
) -> (Evaluator, Columns) {
    let mut times = Vec::new();
    let mut columns = Columns::new();
    for _ in 0..options.repeats.min(BUILDS_MAX) {
        let (built, time) = timed(|| {
            let mut columns = Columns::new();
            for version in ledger.held() {
                columns.push(version);
            }
            columns
        });
        columns = built;
        times.push(time);
    }
    let least = times.iter().min().copied().unwrap_or_default();
    let rate = ledger.held().len() as f64 / least.as_secs_f64().max(f64::EPSILON);
    report.add("a columns from versions", &times, format!("{rate:.0} events/s at best"));
    (Evaluator::new(), columns)
}

/// Every series and reading on the latest day, with an evaluator that has seen
/// nothing; then again with one that has.
pub(crate) fn full(
    columns: &Columns,
    ledger: &Ledger,
    specs: &Specs,
    options: &Options,
    report: &mut Report,
) -> Result<()> {
    let requests = specs.requests();
    let position = ledger.position(ledger.latest);
    let (mut cold, mut warm) = (Vec::new(), Vec::new());
    for _ in 0..options.repeats {
        let mut evaluator = Evaluator::new();
        let run = |evaluator: &mut Evaluator| {
            timed(|| evaluate(evaluator, columns, position, ledger.latest, &requests))
        };
        let (outcomes, time) = run(&mut evaluator);
        outcomes?;
        cold.push(time);
        let (outcomes, time) = run(&mut evaluator);
        outcomes?;
        warm.push(time);
    }
    let whole = report.add("b full run, latest day", &cold, "");
    // What the DuckDB script computes, with proof and without readings.
    let bases: Vec<Request> =
        specs.bases().map(|(_, spec)| Request::plain(spec.as_ref().clone())).collect();
    let mut times = Vec::new();
    for _ in 0..options.repeats {
        let mut evaluator = Evaluator::new();
        let (outcomes, time) =
            timed(|| evaluate(&mut evaluator, columns, position, ledger.latest, &bases));
        outcomes?;
        times.push(time);
    }
    let note = format!("{:.2} of b", ratio(crate::report::median(&times), whole));
    report.add("b1 the headlines alone, with proof, cold", &times, note);
    let note = format!("{:.2} of b", ratio(crate::report::median(&warm), whole));
    report.add("b2 the same again, warm evaluator", &warm, note);
    Ok(())
}

/// The same on a past day, cold and warm.
pub(crate) fn past(
    columns: &Columns,
    ledger: &Ledger,
    specs: &Specs,
    options: &Options,
    warm: &mut Evaluator,
    report: &mut Report,
) -> Result<()> {
    let requests = specs.requests();
    let position = ledger.position(ledger.past);
    evaluate(warm, columns, ledger.position(ledger.latest), ledger.latest, &requests)?;
    let (mut cold_times, mut warm_times) = (Vec::new(), Vec::new());
    for _ in 0..options.repeats {
        let mut cold = Evaluator::new();
        for (evaluator, times) in [(&mut cold, &mut cold_times), (&mut *warm, &mut warm_times)] {
            let (outcomes, time) =
                timed(|| evaluate(evaluator, columns, position, ledger.past, &requests));
            outcomes?;
            times.push(time);
        }
    }
    let whole = report.median_of("b ");
    for (step, times) in
        [("c as of a past day, cold", &cold_times), ("d as of a past day, warm", &warm_times)]
    {
        let part = ratio(crate::report::median(times), whole);
        report.add(step, times, format!("{part:.2} of b, goal at most 1.5"));
    }
    Ok(())
}

/// Appends events in steps and recomputes after each.
pub(crate) fn growth(
    mut columns: Columns,
    ledger: &Ledger,
    specs: &Specs,
    options: &Options,
    report: &mut Report,
) -> Result<()> {
    let requests = specs.requests();
    let mut evaluator = Evaluator::new();
    let view = columns.view(columns.last_seq(), ledger.latest);
    // Pages hold on to what they were told, so the copies are part of the price.
    let mut told = evaluator.follow(&columns, &view, &requests)?;
    let rest = ledger.versions.get(ledger.first..).unwrap_or_default();
    let mut times: Vec<Duration> = Vec::new();
    for added in rest.chunks_exact(options.append.max(1)) {
        let (outcomes, time) = timed(|| {
            for version in added {
                columns.push(version);
            }
            evaluator.advance(&columns, columns.last_seq())
        });
        told = outcomes?.unwrap_or_default();
        times.push(time);
    }
    let view = columns.view(columns.last_seq(), ledger.latest);
    let anew = Evaluator::new().evaluate(&columns, &view, &requests)?;
    anyhow::ensure!(anew == told, "following the ledger gave other outcomes than starting anew");
    let part = ratio(crate::report::median(&times), report.median_of("b ")) * 100.0;
    let step = format!("e append {} events and recompute", options.append);
    report.add(step, &times, format!("{part:.1} % of b, goal under 5 %"));
    Ok(())
}

/// The naive evaluator on a small ledger, each outcome held against the engine's.
/// Gives the number that differ.
pub(crate) fn naive(specs: &Specs, options: &Options, report: &mut Report) -> Result<usize> {
    if options.naive == 0 {
        return Ok(0);
    }
    let small = Options { events: options.naive, repeats: 0, ..Options::like(options) };
    let ledger = Ledger::of(&small);
    let mut columns = Columns::new();
    for version in ledger.held() {
        columns.push(version);
    }
    let requests = specs.requests();
    let mut faults = 0;
    for day in [ledger.past, ledger.latest] {
        let registers: plain::Registers = ledger
            .current(day)
            .into_iter()
            .map(|(kind, rows)| (kind.to_owned(), rows.into_iter().cloned().collect()))
            .collect();
        let (theirs, time) = timed(|| {
            let one = |request: &Request| {
                plain::evaluate(&registers, &request.spec, &request.breakdowns, day)
            };
            requests.iter().map(one).collect::<Vec<Outcome>>()
        });
        let position = ledger.position(day);
        let (ours, quick) =
            timed(|| evaluate(&mut Evaluator::new(), &columns, position, day, &requests));
        let ours = ours?;
        let wrong = ours.iter().zip(&theirs).filter(|(a, b)| ***a != **b).count();
        faults += wrong;
        let note = format!(
            "{} outcomes, {wrong} differ; the engine {:.0} times quicker",
            ours.len(),
            ratio(time, quick)
        );
        report.add(format!("f naive, {} events, {day}", options.naive), &[time], note);
    }
    Ok(faults)
}

/// Outcome of every series under its base spec, by id.
pub(crate) fn headlines(
    columns: &Columns,
    ledger: &Ledger,
    specs: &Specs,
    day: NaiveDate,
) -> Result<Vec<(String, Arc<Outcome>)>> {
    let requests: Vec<Request> =
        specs.bases().map(|(_, spec)| Request::plain(spec.as_ref().clone())).collect();
    let outcomes = evaluate(&mut Evaluator::new(), columns, ledger.position(day), day, &requests)?;
    Ok(specs.bases().map(|(id, _)| id.to_owned()).zip(outcomes).collect())
}
