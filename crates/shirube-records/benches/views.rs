//! Speed of views: megabytes of FHIR per second to columns.
//!
//! Runs on generated Observations as NDJSON, and on every folder of bundles or
//! NDJSON named in `SHIRUBE_BENCH_FHIR` (separated by colons). With
//! `SHIRUBE_BENCH_ONCE="PATH THREADS"`, once over one folder or file, so that
//! runs can alternate with those of `by_hand.py`; a file that is not there is
//! generated.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    missing_docs
)]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde_json::{Value, json};
use shirube_records::input::{Batch, Opened, Shape, Splitter, in_order};
use shirube_records::{Columns, Limits, RecordsError, Views};

const OBSERVATIONS: usize = 400_000;

fn view() -> Value {
    json!({
        "name": "observation", "resource": "Observation",
        "where": [{"path": "status = 'final'"}],
        "select": [{"column": [
            {"name": "id", "path": "getResourceKey()"},
            {"name": "patient", "path": "subject.getReferenceKey(Patient)"},
            {"name": "encounter", "path": "encounter.getReferenceKey(Encounter)"},
            {"name": "code", "path": "code.coding.where(system = 'http://loinc.org').code.first()"},
            {"name": "display", "path": "code.text"},
            {"name": "effective", "path": "effective.ofType(dateTime)", "type": "dateTime"},
            {"name": "value", "path": "value.ofType(Quantity).value", "type": "decimal"},
            {"name": "unit", "path": "value.ofType(Quantity).unit"}
        ]}]
    })
}

fn observations(path: &Path) {
    let mut out = std::io::BufWriter::new(std::fs::File::create(path).unwrap());
    for n in 0..OBSERVATIONS {
        let resource = json!({
            "resourceType": "Observation", "id": format!("o{n}"),
            "meta": {"profile": ["http://hl7.org/fhir/StructureDefinition/vitalsigns"]},
            "status": if n % 50 == 0 { "preliminary" } else { "final" },
            "category": [{"coding": [{
                "system": "http://terminology.hl7.org/CodeSystem/observation-category",
                "code": "vital-signs", "display": "vital-signs"
            }]}],
            "code": {"coding": [{
                "system": "http://loinc.org", "code": format!("{}-{}", 8000 + n % 900, n % 10),
                "display": "Body height"
            }], "text": "Body height"},
            "subject": {"reference": format!("Patient/p{}", n % 9973)},
            "encounter": {"reference": format!("Encounter/e{}", n / 7)},
            "effectiveDateTime": format!("20{:02}-{:02}-{:02}T09:30:00+09:00", n % 25, 1 + n % 12, 1 + n % 28),
            "issued": "2024-02-29T09:30:00.000+09:00",
            "valueQuantity": {
                "value": f64::from(u32::try_from(n % 20_000).unwrap()) / 100.0,
                "unit": "cm", "system": "http://unitsofmeasure.org", "code": "cm"
            }
        });
        writeln!(out, "{resource}").unwrap();
    }
}

fn megabytes(files: &[PathBuf]) -> f64 {
    let bytes: u64 = files.iter().map(|f| f.metadata().unwrap().len()).sum();
    bytes as f64 / 1e6
}

/// Seconds and rows of one run over the files.
fn run(files: &[PathBuf], threads: usize) -> (f64, usize) {
    let views = Views::read(&[view()]).unwrap();
    let start = Instant::now();
    let mut left = files.iter();
    let mut open: Option<Splitter> = None;
    let next = || loop {
        if let Some(splitter) = &mut open
            && let Some(batch) = splitter.next_batch()?
        {
            return Ok(Some(batch));
        }
        let Some(path) = left.next() else { return Ok(None) };
        let bundle = path.extension().is_some_and(|e| e == "json");
        let shape = if bundle { Shape::Bundle } else { Shape::Ndjson };
        open = Some(Splitter::new(Opened::open(path)?, shape, Limits::default()));
    };
    let work = |batch: Batch| {
        let mut columns = Columns::new(&views.views()[0]);
        let mut runner = views.runner(batch.holds());
        for (_, text) in batch.records() {
            runner.rows(text.unwrap(), &mut |_, row| columns.push(row)).unwrap();
        }
        Ok::<_, RecordsError>(columns.take().unwrap())
    };
    let mut rows = 0;
    in_order(threads, next, work, |batch| {
        rows += batch.num_rows();
        Ok(())
    })
    .unwrap();
    (start.elapsed().as_secs_f64(), rows)
}

fn report(name: &str, files: &[PathBuf]) {
    for threads in [1, 2] {
        // The first run warms the page cache; the best of three counts.
        let best = (0..3).map(|_| run(files, threads)).min_by(|a, b| a.0.total_cmp(&b.0)).unwrap();
        let megabytes = megabytes(files);
        println!(
            "{name}, {threads} threads: {megabytes:.0} MB, {} rows, {:.2} s, {:.0} MB/s",
            best.1,
            best.0,
            megabytes / best.0
        );
    }
    println!("  {}", peak());
}

fn peak() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or("peak unknown");
    peak.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn once(path: &Path, threads: usize) {
    if !path.exists() {
        observations(path);
    }
    let mut files = vec![path.to_owned()];
    if path.is_dir() {
        files = std::fs::read_dir(path).unwrap().map(|e| e.unwrap().path()).collect();
        files.sort();
    }
    let (seconds, rows) = run(&files, threads);
    let megabytes = megabytes(&files);
    println!(
        "views, {threads} threads: {megabytes:.0} MB, {rows} rows, {seconds:.2} s, {:.0} MB/s, {}",
        megabytes / seconds,
        peak()
    );
}

fn main() {
    // `cargo test` runs benches too, only to see that they start.
    if !std::env::args().any(|arg| arg == "--bench") {
        return;
    }
    if let Ok(words) = std::env::var("SHIRUBE_BENCH_ONCE") {
        let (path, threads) = words.rsplit_once(' ').unwrap();
        return once(Path::new(path), threads.parse().unwrap());
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("Observation.ndjson");
    observations(&path);
    report("observations", &[path]);
    for folder in std::env::var("SHIRUBE_BENCH_FHIR").unwrap_or_default().split(':') {
        let Ok(entries) = std::fs::read_dir(folder) else { continue };
        let mut files: Vec<PathBuf> = entries.map(|e| e.unwrap().path()).collect();
        files.sort();
        report(folder, &files);
    }
}
