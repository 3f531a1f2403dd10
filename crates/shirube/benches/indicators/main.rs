//! Benchmark of the indicator engine: every series with every reading, its
//! breakdowns, its proof and its digest, over made-up evidence of any size; and
//! beside it the same headline values from plain SQL in DuckDB, without proof.
//!
//! It prints figures and never fails on a time. It fails when two ways of
//! computing one value disagree.
#![allow(clippy::print_stdout, reason = "a benchmark prints its figures")]

mod duckdb;
mod options;
mod report;
mod runs;
mod specs;
mod tables;

use std::path::Path;

use anyhow::{Context, Result, bail};
use shirube_pack::Pack;

use crate::options::Options;
use crate::report::Report;
use crate::runs::Ledger;
use crate::specs::Specs;

/// The pack whose series are evaluated.
const PACK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../packs/japan-2025");

fn main() -> Result<()> {
    let options = Options::from_args(std::env::args().skip(1))?;
    let pack = Pack::read(Path::new(PACK)).ok().context("the pack does not read")?;
    let specs = Specs::of(&pack)?;
    let mut report = Report::new();
    println!(
        "{} series, {} readings, {} breakdowns; {} events, seed {}, {} repeats",
        specs.series(),
        specs.readings(),
        specs.breakdowns(),
        options.events,
        options.seed,
        options.repeats,
    );
    let ledger = Ledger::of(&options);
    let (mut warm, columns) = runs::columns(&ledger, &options, &mut report);
    runs::full(&columns, &ledger, &specs, &options, &mut report)?;
    runs::past(&columns, &ledger, &specs, &options, &mut warm, &mut report)?;
    let days = [ledger.past, ledger.latest];
    let ours = days.map(|day| runs::headlines(&columns, &ledger, &specs, day));
    runs::growth(columns, &ledger, &specs, &options, &mut report)?;
    let mut faults = runs::naive(&specs, &options, &mut report)?;
    for (day, ours) in days.into_iter().zip(ours) {
        faults += duckdb::compare(&ledger, day, &ours?, &options, &mut report)?;
    }
    report.print();
    if faults > 0 {
        bail!("{faults} values differ");
    }
    Ok(())
}
