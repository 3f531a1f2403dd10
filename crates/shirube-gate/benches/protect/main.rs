//! Protection of tables: cells, suppressed cells and value, time, and the
//! attacker's verdict on the output, side by side with other ways.
//!
//! `cargo bench -p shirube-gate` runs all; a word limits it to the tasks whose
//! name contains it. `--tables DIR` adds tables from files, `--acro PYTHON`
//! names a Python that can import ACRO. The other tables are made up from a
//! fixed seed.

#![allow(clippy::print_stdout, reason = "a benchmark prints its table")]
#![allow(
    clippy::indexing_slicing,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "a benchmark over tables it makes itself"
)]

mod files;
mod peers;
mod tables;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Instant;

use shirube_gate::attack::{Attack, Knowledge, Options, System, Verdict, attack};
use shirube_gate::policy::{Contributions, Policy, Zeros};
use shirube_gate::protect::{Effort, Task, Weight, linear, primaries, protect};
use shirube_gate::table::{Cell, CellRef, Table, TableSet};

fn fail(text: &dyn std::fmt::Display) -> ! {
    println!("{text}");
    std::process::exit(1)
}

/// Tables above this size are not attacked for the other ways.
const PEERS_MAX: usize = 15_000;

/// How often each task runs; the median time is shown.
const RUNS: usize = 3;

struct Arguments {
    words: Vec<String>,
    tables: Option<PathBuf>,
    acro: Option<String>,
}

fn arguments() -> Arguments {
    let mut out = Arguments { words: Vec::new(), tables: None, acro: None };
    let mut given = std::env::args().skip(1);
    while let Some(argument) = given.next() {
        match argument.as_str() {
            "--tables" => out.tables = given.next().map(PathBuf::from),
            "--acro" => out.acro = given.next(),
            _ if argument.starts_with("--") => {}
            _ => out.words.push(argument),
        }
    }
    out
}

fn judged(attack: &Attack) -> String {
    format!(
        "{} exact, {} weak, {} open of {}",
        attack.count(Verdict::Recoverable),
        attack.count(Verdict::Weak),
        attack.count(Verdict::Undecided),
        attack.cells.len(),
    )
}

/// The attacker's verdict when exactly some cells are masked. The true numbers
/// help it to show that a cell is safe; they narrow no bound.
fn judge(set: &TableSet, policy: &Policy, hidden: &[CellRef]) -> Attack {
    let mut masked = set.clone();
    for cell in hidden {
        if let Some(table) = masked.tables.get_mut(cell.table as usize) {
            let mask = policy.mask(table.measure.quantity, policy.threshold, true);
            table.put(cell.cell as usize, Cell::Hidden(mask));
        }
    }
    let system = System::of(&masked);
    let value = |cell: CellRef| set.tables[cell.table as usize].cell(cell.cell as usize);
    let truth: Vec<i64> =
        system.unknowns().iter().map(|u| value(u.cell).published().unwrap_or(0)).collect();
    let options = Options { programmes_max: 0, ..Options::deciding(policy.width) };
    attack(&system, &options, Some(Knowledge { truth: &truth, moves: &[] }))
}

struct Row<'a> {
    name: &'a str,
    set: &'a TableSet,
    policy: &'a Policy,
}

impl Row<'_> {
    fn print(&self, way: &str, secondary: &str, value: &str, seconds: Option<f64>, judged: &str) {
        let cells: usize = self.set.tables.iter().map(Table::len).sum();
        let zeros = match self.policy.zeros {
            Zeros::Shown => "shown",
            Zeros::Hidden => "hidden",
            Zeros::Candidate => "may go",
        };
        let seconds = seconds.map_or_else(|| "-".to_owned(), |s| format!("{s:.3}"));
        println!(
            "| {} | {cells} | {zeros} | {} | {way} | {secondary} | {value} | {seconds} | {judged} |",
            self.name, self.policy.width,
        );
    }
}

/// Protects one set of tables in every way there is.
fn run(
    row: &Row<'_>,
    weight: Weight<'_>,
    acro: Option<&str>,
    behind: impl Fn(CellRef) -> Option<Contributions>,
) {
    let (set, policy) = (row.set, row.policy);
    let cells: usize = set.tables.iter().map(Table::len).sum();
    let primary = primaries(set, policy, None, behind);
    let task =
        Task { set, policy, primary: &primary, forced: &[], weight, effort: Effort::default() };
    let value = |cells: &[CellRef]| -> i64 {
        let one = |c: &CellRef| set.tables[c.table as usize].cell(c.cell as usize).published();
        cells.iter().filter_map(one).sum()
    };
    let alone = peers::primary_alone(&primary);
    if cells <= PEERS_MAX {
        let found = judge(set, policy, &alone);
        row.print("primary alone", "0", "0", None, &judged(&found));
        if let Some((masked, seconds)) = acro.and_then(|python| peers::acro(python, set)) {
            let sensitive: BTreeSet<CellRef> = alone.iter().copied().collect();
            let more: Vec<CellRef> =
                masked.iter().filter(|c| !sensitive.contains(c)).copied().collect();
            let found = judge(set, policy, &masked);
            row.print(
                "ACRO",
                &more.len().to_string(),
                &value(&more).to_string(),
                Some(seconds),
                &judged(&found),
            );
        }
        let large =
            Effort { entries_max: 4_000_000, operations_max: 400_000_000, ..Effort::default() };
        let started = Instant::now();
        if let Some(more) = linear(&Task { effort: large, ..task }) {
            let seconds = started.elapsed().as_secs_f64();
            let hidden: Vec<CellRef> = alone.iter().chain(&more).copied().collect();
            let found = judge(set, policy, &hidden);
            row.print(
                "elimination alone",
                &more.len().to_string(),
                &value(&more).to_string(),
                Some(seconds),
                &judged(&found),
            );
        }
    }
    let mut times = Vec::new();
    let mut outcome = None;
    for _ in 0..if cells <= PEERS_MAX { RUNS } else { 1 } {
        let started = Instant::now();
        outcome = Some(protect(&task));
        times.push(started.elapsed().as_secs_f64());
    }
    times.sort_by(f64::total_cmp);
    let seconds = times.get(times.len() / 2).copied();
    match outcome {
        Some(Ok(safe)) => row.print(
            "protect",
            &safe.secondary.len().to_string(),
            &safe.secondary_value.to_string(),
            seconds,
            &judged(&safe.attack),
        ),
        Some(Err(refusal)) => row.print("protect", "-", "-", seconds, refusal.code),
        None => {}
    }
}

fn policy(width: i64, zeros: Zeros) -> Policy {
    match Policy::embedded("ndb-open-data") {
        Ok(policy) => Policy { width, zeros, ..policy },
        Err(refusal) => fail(&refusal),
    }
}

fn main() {
    let arguments = arguments();
    let wanted = |name: &str| {
        arguments.words.is_empty() || arguments.words.iter().any(|w| name.contains(w.as_str()))
    };
    let acro = arguments.acro.as_deref();
    println!("| table | cells | zeros | width | way | secondary | value | seconds | attacker |");
    println!("|---|---|---|---|---|---|---|---|---|");
    let counts = |name: &str, set: &TableSet, policy: &Policy, weight: Weight<'_>| {
        run(&Row { name, set, policy }, weight, acro, |_| None);
    };
    for (name, skew) in
        [("claims concentrated", CONCENTRATED), ("claims skewed", 2.0), ("claims even", 0.6)]
    {
        if !wanted(name) {
            continue;
        }
        let set = tables::claims(20_000, skew);
        for width in [1, 3] {
            for zeros in [Zeros::Candidate, Zeros::Shown] {
                counts(name, &set, &policy(width, zeros), Weight::One);
            }
        }
    }
    let folder = arguments.tables.as_deref();
    for (name, set) in folder.map(files::counts).unwrap_or_default() {
        if wanted(&name) {
            counts(&name, &set, &policy(1, Zeros::Candidate), Weight::One);
        }
    }
    if let Some((set, behind)) = folder.and_then(files::turnover)
        && wanted("turnover")
    {
        let rule = Policy { threshold: 3, p_percent: Some(10), ..policy(1, Zeros::Shown) };
        let row = Row { name: "turnover", set: &set, policy: &rule };
        run(&row, Weight::LogValue, None, |cell| behind.get(cell.cell as usize).cloned());
    }
    for (name, parts) in [
        ("spread 10^2", &[9, 9][..]),
        ("spread 10^3", &[9, 9, 9][..]),
        ("spread 10^4", &[24, 19, 19][..]),
        ("spread 10^5", &[47, 20, 9, 9][..]),
        ("spread 10^6", &[99, 99, 9, 9][..]),
    ] {
        if wanted(name) {
            let set = tables::spread(parts, 4.0);
            counts(name, &set, &policy(3, Zeros::Shown), Weight::LogValue);
        }
    }
    for (name, parts) in [
        ("linked 10^3", [9, 4, 9, 9]),
        ("linked 10^4", [24, 9, 19, 19]),
        ("linked 10^5", [47, 20, 49, 49]),
        ("linked 10^6", [99, 49, 99, 99]),
    ] {
        if wanted(name) {
            let set = tables::linked(parts, 4.0);
            counts(name, &set, &policy(3, Zeros::Shown), Weight::LogValue);
        }
    }
}

/// Concentration at which the threshold of ten makes some 560 of the 12,096
/// cells sensitive.
const CONCENTRATED: f64 = 4.3;
