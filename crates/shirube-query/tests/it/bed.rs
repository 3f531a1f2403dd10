//! Made-up records behind a gate.

use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use chrono::{DateTime, NaiveDate, Utc};
use shirube_query::{
    Asking, Decision, Exclusions, Field, Gate, Grant, Key, QueryError, QueryPolicy, Released, Setup,
};
use shirube_records::population::{MadeUpPerson, Population};
use shirube_records::{Identity, ImportOptions, Snapshot, Source, import};
use tempfile::TempDir;

pub const PERSONS: u64 = 1_500;

pub fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

pub struct Bed {
    pub folder: TempDir,
    pub snapshot: Snapshot,
    pub people: Vec<MadeUpPerson>,
}

fn population() -> Population {
    Population { seed: 11, persons: PERSONS, until: day("2025-03-31") }
}

/// The records, imported once for all tests.
pub fn bed() -> &'static Bed {
    static BED: OnceLock<Bed> = OnceLock::new();
    BED.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let snapshot = imported(folder.path(), &[]);
        let people = (1..=PERSONS).map(|id| population().person(id)).collect();
        Bed { folder, snapshot, people }
    })
}

/// Imports the population without some persons.
pub fn imported(folder: &Path, without: &[i64]) -> Snapshot {
    imported_as(folder, |table, text| kept(table, text, without))
}

/// The same records with the rows of every file in another order.
pub fn shuffled(folder: &Path, seed: u64) -> Snapshot {
    imported_as(folder, |table, text| {
        let text = kept(table, text, &[]);
        let mut lines: Vec<&str> = text.lines().collect();
        let rows = &mut lines[1..];
        let mut state = seed;
        for at in (1..rows.len()).rev() {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let below = usize::try_from(state >> 33).unwrap() % (at + 1);
            rows.swap(at, below);
        }
        lines.join("\n") + "\n"
    })
}

fn imported_as(folder: &Path, change: impl Fn(&str, &str) -> String) -> Snapshot {
    let input = folder.join("in");
    population().write_omop(&input).unwrap();
    for entry in fs::read_dir(&input).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, change(&name, &text)).unwrap();
    }
    let options = ImportOptions::new("made up", Identity::AsGiven);
    import(folder, &Source::Omop(input), &options).unwrap()
}

/// The institution of a visit.
pub fn site(person: i64, visit: i64) -> i64 {
    person % 9 * 10 + visit % 2
}

/// The lines of a table without some persons, visits with an institution.
fn kept(table: &str, text: &str, without: &[i64]) -> String {
    let mut out = String::new();
    for (number, line) in text.lines().enumerate() {
        let cell = |at: usize| line.split(',').nth(at).unwrap().parse::<i64>().unwrap_or(0);
        let (person, visit) = match table {
            "person" | "death" => (cell(0), 0),
            "cost" => (cell(1) / 1_000, 0),
            _ => (cell(1), cell(0)),
        };
        if number > 0 && without.contains(&person) {
            continue;
        }
        out.push_str(line);
        if table == "visit_occurrence" {
            let own =
                if number == 0 { "care_site_id".into() } else { site(person, visit).to_string() };
            out.push(',');
            out.push_str(&own);
        }
        out.push('\n');
    }
    out
}

pub fn open(snapshot: &Snapshot, policy: &QueryPolicy, out: &[i64], ledger: &Path) -> Gate {
    Gate::open(&Setup {
        snapshot,
        grant: &Grant::all(),
        exclusions: &Exclusions::of(out.iter().copied()),
        policy,
        ledger,
        secret: b"a secret of the tests",
    })
    .unwrap()
}

pub fn policy(id: &str) -> QueryPolicy {
    QueryPolicy::embedded(id).unwrap()
}

/// A gate with a ledger of its own.
pub struct Fresh {
    pub gate: Gate,
    pub ledger: TempDir,
}

pub fn fresh(id: &str) -> Fresh {
    fresh_with(&policy(id))
}

pub fn fresh_with(policy: &QueryPolicy) -> Fresh {
    let ledger = tempfile::tempdir().unwrap();
    Fresh { gate: open(&bed().snapshot, policy, &[], ledger.path()), ledger }
}

/// A moment after the first of a year.
pub fn at(minutes: i64) -> DateTime<Utc> {
    day("2026-01-01").and_hms_opt(0, 0, 0).unwrap().and_utc() + chrono::TimeDelta::minutes(minutes)
}

pub fn asking(asker: &str) -> Asking<'_> {
    Asking { permit: "permit", asker, at: at(0) }
}

pub fn decide(gate: &Gate, by: &Asking<'_>, sql: &str) -> Result<Decision, QueryError> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(gate.ask(by, sql))
}

pub fn ask(gate: &Gate, sql: &str) -> Result<Released, QueryError> {
    match decide(gate, &asking("asker"), sql)? {
        Decision::Released(released) => Ok(released),
        Decision::Queued(entry) => panic!("queued as {entry}"),
    }
}

pub fn code(gate: &Gate, sql: &str) -> &'static str {
    match ask(gate, sql) {
        Ok(_) => "",
        Err(error) => error.code(),
    }
}

/// The number of a row by its heads; nothing when it is masked.
pub fn number(released: &Released, heads: &[Key]) -> Option<i64> {
    let row = released.rows.iter().find(|row| {
        heads.iter().zip(row.iter()).all(|(head, field)| *field == Field::Head(head.clone()))
    })?;
    count(&row[heads.len()])
}

pub fn count(field: &Field) -> Option<i64> {
    match field {
        Field::Count(n) => Some(*n),
        Field::Number(text) => text.parse().ok(),
        _ => None,
    }
}

/// The only number of a result without groups.
pub fn single(released: &Released) -> Option<i64> {
    assert_eq!(released.rows.len(), 1);
    count(&released.rows[0][0])
}

pub fn has(person: &MadeUpPerson, icd10: &str) -> bool {
    person.visits.iter().any(|v| v.icd10 == icd10)
}

pub fn number_of(people: &[MadeUpPerson], test: impl Fn(&MadeUpPerson) -> bool) -> i64 {
    i64::try_from(people.iter().filter(|p| test(p)).count()).unwrap()
}
