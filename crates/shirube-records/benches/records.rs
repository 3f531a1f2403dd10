//! Time and memory of whole steps, one process each, so that the peak is that of
//! the step: `SHIRUBE_BENCH_STEP="population 1000000 DIR"`, `"omop DIR STORE"`,
//! `"fhir DIR STORE VIEWS"`, `"quality STORE"`.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    missing_docs
)]

use std::path::Path;
use std::time::Instant;

use shirube_records::population::Population;
use shirube_records::quality::{Thresholds, quality};
use shirube_records::{
    Identity, ImportOptions, Mapping, PseudonymKey, Pseudonyms, Snapshot, Source, import,
};

fn day() -> chrono::NaiveDate {
    chrono::NaiveDate::from_ymd_opt(2025, 3, 31).unwrap()
}

fn step(words: &[&str]) -> String {
    match words {
        ["population", persons, dir] => {
            let persons = persons.parse().unwrap();
            Population { seed: 2025, persons, until: day() }.write_omop(Path::new(dir)).unwrap();
            format!("{persons} persons")
        }
        ["omop", dir, store] => {
            let options = ImportOptions::new("bench", Identity::AsGiven);
            let snapshot = import(Path::new(store), &Source::Omop(dir.into()), &options).unwrap();
            described(&snapshot)
        }
        ["fhir", dir, store, views] => {
            let store = Path::new(store);
            std::fs::create_dir_all(store).unwrap();
            let key = store.join("key");
            let key = match key.exists() {
                true => PseudonymKey::open(&key),
                false => PseudonymKey::create(&key),
            };
            let identity = Pseudonyms::new(&key.unwrap(), "bench", "bench", 30).unwrap();
            let options = ImportOptions::new("bench", Identity::Pseudonyms(Box::new(identity)));
            let mapping = Mapping::read(Path::new(views)).unwrap();
            let source = Source::Fhir(dir.into(), Box::new(mapping));
            described(&import(store, &source, &options).unwrap())
        }
        ["quality", store] => {
            let store = Path::new(store);
            let id = Snapshot::list(store).unwrap().pop().unwrap();
            let report = quality(&Snapshot::open(store, &id).unwrap(), &Thresholds::own(day()));
            let report = report.unwrap();
            format!("{} checks, {} failed", report.checks.len(), report.failed())
        }
        other => panic!("no such step: {other:?}"),
    }
}

fn described(snapshot: &Snapshot) -> String {
    let manifest = &snapshot.manifest;
    let bytes: u64 = manifest.sources.iter().map(|s| s.bytes).sum();
    format!(
        "{} MB in, {} records, rows {:?}, quarantined {:?}, unmapped {:?}",
        bytes / 1_000_000,
        manifest.records_read,
        manifest.rows,
        manifest.quarantined,
        manifest.unmapped
    )
}

fn main() {
    let Ok(words) = std::env::var("SHIRUBE_BENCH_STEP") else { return };
    let words: Vec<&str> = words.split(' ').collect();
    let start = Instant::now();
    let said = step(&words);
    let seconds = start.elapsed().as_secs_f64();
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or("peak unknown");
    println!("{words:?}: {seconds:.1} s, {peak}\n  {said}");
}
