//! What is asked of the benchmark.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};

/// Sizes and switches.
#[derive(Debug)]
pub(crate) struct Options {
    /// Events in the ledger.
    pub(crate) events: usize,
    /// Seed of the evidence.
    pub(crate) seed: u64,
    /// Times each step is measured; the median is reported.
    pub(crate) repeats: usize,
    /// Events of the ledger on which the naive evaluator runs, 0 for none.
    pub(crate) naive: usize,
    /// Events appended before each recomputation.
    pub(crate) append: usize,
    /// Python with the `duckdb` package; without it DuckDB is left out.
    pub(crate) python: Option<PathBuf>,
    /// Directory in which the Parquet tables are kept.
    pub(crate) keep: Option<PathBuf>,
}

const USAGE: &str = "options: --events N, --repeats N, --seed N, --naive N (events for the naive \
evaluator, 0 for none), --append N, --python PATH (a Python with the package `duckdb`), --keep DIR \
(keep the Parquet tables), --quick";

impl Options {
    /// A copy, for a measurement of another size.
    pub(crate) fn like(other: &Self) -> Self {
        Self { python: other.python.clone(), keep: other.keep.clone(), ..*other }
    }

    pub(crate) fn from_args(args: impl Iterator<Item = String>) -> Result<Self> {
        let mut out = Self {
            events: 1_000_000,
            seed: 2025,
            repeats: 7,
            naive: 20_000,
            append: 1_000,
            python: std::env::var_os("SHIRUBE_BENCH_PYTHON").map(PathBuf::from),
            keep: None,
        };
        let mut args = args;
        while let Some(arg) = args.next() {
            let mut value = || args.next().with_context(|| format!("{arg} takes a value. {USAGE}"));
            match arg.as_str() {
                "--events" => out.events = value()?.parse()?,
                "--repeats" => out.repeats = value()?.parse::<usize>()?.max(1),
                "--seed" => out.seed = value()?.parse()?,
                "--naive" => out.naive = value()?.parse()?,
                "--append" => out.append = value()?.parse()?,
                "--python" => out.python = Some(value()?.into()),
                "--keep" => out.keep = Some(value()?.into()),
                "--quick" => (out.events, out.repeats, out.naive) = (20_000, 2, 5_000),
                // Cargo says so to every benchmark it runs.
                "--bench" => {}
                _ => bail!("`{arg}` is not an option. {USAGE}"),
            }
        }
        Ok(out)
    }
}
