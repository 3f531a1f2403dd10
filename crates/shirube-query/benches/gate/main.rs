//! What the gate costs: typical questions through it, beside the same SQL on
//! the bare engine and on DuckDB, over the same files, taking turns.

#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]

mod peers;
mod queries;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use chrono::Utc;
use shirube_query::{Asking, Decision, Exclusions, Gate, Grant, QueryPolicy, Setup};
use shirube_records::population::Population;
use shirube_records::{Identity, ImportOptions, Snapshot, Source, import};

use crate::peers::Peers;
use crate::queries::QUESTIONS;

/// Threads every engine may use.
const THREADS: usize = 2;

struct Options {
    persons: u64,
    repeats: usize,
    folder: Option<PathBuf>,
    python: Option<PathBuf>,
}

const USAGE: &str = "options: --persons N (1,700,000 have 20 million visits), --repeats N, \
--folder DIR (keep the snapshot there, or use the one that is there), --python PATH (a Python with \
the packages `duckdb` and `datafusion`)";

fn options() -> Result<Options> {
    let mut out = Options { persons: 1_700_000, repeats: 5, folder: None, python: None };
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        let mut value = || args.next().with_context(|| format!("{arg} takes a value. {USAGE}"));
        match arg.as_str() {
            "--persons" => out.persons = value()?.parse()?,
            "--repeats" => out.repeats = value()?.parse::<usize>()?.max(1),
            "--folder" => out.folder = Some(value()?.into()),
            "--python" => out.python = Some(value()?.into()),
            // Cargo says so to every benchmark it runs.
            "--bench" => {}
            _ => bail!("`{arg}` is not an option. {USAGE}"),
        }
    }
    Ok(out)
}

#[tokio::main]
async fn main() -> Result<()> {
    let options = options()?;
    let scratch = tempfile::tempdir()?;
    let folder = options.folder.as_deref().unwrap_or(scratch.path());
    let snapshot = snapshot(folder, &options)?;
    for (table, rows) in snapshot.manifest.rows.iter().filter(|(_, rows)| **rows > 0) {
        println!("{rows:>12}  {table}");
    }
    let mut peers = match &options.python {
        Some(python) => Some(Peers::start(python, &snapshot, scratch.path(), THREADS)?),
        None => None,
    };
    let ledger = scratch.path().join("ledger");
    let gate = open(&snapshot, &ledger, &Exclusions::default())?;
    println!(
        "\n{:<36}{:>9}{:>9}{:>9}{:>9}{:>10}{:>8}{:>8}",
        "median of turns, seconds",
        "gate",
        "counted",
        "bare",
        "DuckDB",
        "c ÷ bare",
        "÷ bare",
        "÷ Duck"
    );
    let mut ratios: [Vec<f64>; 3] = Default::default();
    for question in &QUESTIONS {
        let mut times: [Vec<Duration>; 4] = Default::default();
        for _ in 0..options.repeats {
            let [whole, counted, bare, duck] = &mut times;
            whole.push(asked(&gate, &ledger, question.gate).await?);
            let begun = Instant::now();
            let checked = gate.check(question.gate).map_err(|r| anyhow::anyhow!("{r:?}"))?;
            drop(gate.run(&checked).await?);
            counted.push(begun.elapsed());
            if let Some(peers) = &mut peers {
                bare.push(peers.run("datafusion", question.others)?);
                duck.push(peers.run("duckdb", question.others)?);
            }
        }
        let [whole, counted, bare, duck] = times.map(|list| median(&list));
        let own = [counted / bare, whole / bare, whole / duck];
        let [c, b, d] = own;
        println!(
            "{:<36}{whole:>9.3}{counted:>9.3}{bare:>9.3}{duck:>9.3}{c:>10.2}{b:>8.2}{d:>8.2}",
            question.name,
        );
        for (list, ratio) in ratios.iter_mut().zip(own) {
            list.push(ratio);
        }
    }
    let [c, b, d] = ratios.map(|mut list| middle(&mut list));
    println!("{:<72}{c:>10.2}{b:>8.2}{d:>8.2}", "median ratio");
    opt_outs(&snapshot, &options, scratch.path()).await?;
    println!("\npeak memory of this process: {} MB", peak_memory_mb());
    Ok(())
}

/// The made-up population as a snapshot, made once in a folder.
fn snapshot(folder: &Path, options: &Options) -> Result<Snapshot> {
    let name = format!("made-up-{}", options.persons);
    for id in Snapshot::list(folder)? {
        let snapshot = Snapshot::open(folder, &id)?;
        if snapshot.manifest.data_set == name {
            return Ok(snapshot);
        }
    }
    let input = folder.join("input");
    let until = chrono::NaiveDate::from_ymd_opt(2025, 3, 31).context("a day")?;
    let begun = Instant::now();
    Population { seed: 2025, persons: options.persons, until }.write_omop(&input)?;
    println!("population written in {:.1} s", begun.elapsed().as_secs_f64());
    let begun = Instant::now();
    let mut import_options = ImportOptions::new(&name, Identity::AsGiven);
    import_options.threads = THREADS;
    let snapshot = import(folder, &Source::Omop(input.clone()), &import_options)?;
    println!("imported in {:.1} s", begun.elapsed().as_secs_f64());
    fs::remove_dir_all(&input)?;
    Ok(snapshot)
}

fn open(snapshot: &Snapshot, ledger: &Path, exclusions: &Exclusions) -> Result<Gate> {
    let policy = QueryPolicy::embedded("ndb-publication")?;
    let grant = Grant::all();
    Ok(Gate::open(&Setup {
        snapshot,
        grant: &grant,
        exclusions,
        policy: &policy,
        ledger,
        secret: b"",
    })?)
}

/// Asks a question as the first of its ledger.
async fn asked(gate: &Gate, ledger: &Path, sql: &str) -> Result<Duration> {
    match fs::remove_file(ledger.join("ledger.jsonl")) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
        _ => {}
    }
    let begun = Instant::now();
    let asking = Asking { permit: "bench", asker: "bench", at: Utc::now() };
    match gate.ask(&asking, sql).await? {
        Decision::Released(_) => Ok(begun.elapsed()),
        Decision::Queued(_) => bail!("a policy without review queued"),
    }
}

/// The second question with nobody, one in a thousand and one in ten opted out.
async fn opt_outs(snapshot: &Snapshot, options: &Options, scratch: &Path) -> Result<()> {
    let ledger = scratch.join("opt-out");
    let mut gates = Vec::new();
    for (name, every) in [("nobody", 0), ("one in 1,000", 1_000), ("one in 10", 10)] {
        let persons = (1..=options.persons.cast_signed()).filter(|p| every > 0 && p % every == 0);
        gates.push((name, open(snapshot, &ledger, &Exclusions::of(persons))?, Vec::new()));
    }
    let Some(question) = QUESTIONS.get(1) else { return Ok(()) };
    for _ in 0..options.repeats {
        for (_, gate, times) in &mut gates {
            times.push(asked(gate, &ledger, question.gate).await?);
        }
    }
    println!("\nopted out, {}", question.name);
    let none = gates.first().map_or(0.0, |(.., times)| median(times));
    for (name, _, times) in &gates {
        println!("{name:<36}{:>9.3}{:>8.2}", median(times), median(times) / none);
    }
    Ok(())
}

fn median(times: &[Duration]) -> f64 {
    middle(&mut times.iter().map(Duration::as_secs_f64).collect::<Vec<_>>())
}

fn middle(list: &mut [f64]) -> f64 {
    list.sort_by(f64::total_cmp);
    let (low, high) = (list.len().saturating_sub(1) / 2, list.len() / 2);
    let at = |n: usize| list.get(n).copied().unwrap_or(f64::NAN);
    f64::midpoint(at(low), at(high))
}

fn peak_memory_mb() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let digits = line.and_then(|rest| rest.split_whitespace().next()).unwrap_or("0");
    digits.parse::<u64>().unwrap_or(0) / 1024
}
