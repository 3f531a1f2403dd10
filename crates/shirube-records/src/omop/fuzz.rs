//! Readers under attack: whatever the bytes are, they refuse or accept, and what
//! they accept keeps its promises.
//!
//! Files are what is read, so the bytes stand in one for as long as it takes.

// A promise that is broken has to be heard.
#![allow(clippy::panic)]

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::de::IgnoredAny;
use serde_json::{Value as Json, json};

use super::cdm::{CdmTable, table};
use super::csv_unit::Encoding;
use super::rows::{Identity, Rows};
use super::table_unit::RowSink;
use super::{csv_unit, parquet_unit};
use crate::error::RecordsError;
use crate::input::{Batch, Limits, Opened, Shape, Splitter};
use crate::view::{Columns, Holds, Views};

/// Small limits, so that small inputs meet them.
const RECORD_BYTES: usize = 4_096;
const TABLES: [&str; 4] = ["person", "measurement", "cost", "concept"];

/// A file of the input that goes when it is let go of.
struct Held(PathBuf);

impl Held {
    fn new(input: &[u8]) -> Option<Self> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("shirube-fuzz-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, input).ok()?;
        Some(Self(path))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Counts what a table takes and what it refuses.
struct Tally<'t> {
    rows: Rows<'t>,
    table: &'static CdmTable,
    encoding: Encoding,
    taken: usize,
    line: u64,
}

impl RowSink for Tally<'_> {
    fn table(&self) -> &'static CdmTable {
        self.table
    }

    fn record_bytes(&self) -> usize {
        RECORD_BYTES
    }

    fn encoding(&self) -> Encoding {
        self.encoding
    }

    fn push(&mut self, _: usize, line: u64, texts: &[Cow<'_, str>]) -> Result<(), RecordsError> {
        self.place(line);
        let fits = self.rows.check(texts).is_ok();
        let pushed = self.rows.push(texts).is_ok();
        assert_eq!(fits, pushed, "a row is looked at and taken by different rules");
        self.taken += usize::from(pushed);
        Ok(())
    }

    fn refuse(&mut self, _: usize, line: u64, _: &'static str) {
        self.place(line);
    }
}

impl Tally<'_> {
    fn place(&mut self, line: u64) {
        assert!(line >= self.line, "places go back");
        self.line = line;
    }
}

fn omop(input: &[u8], read: fn(&Path, usize, &mut dyn RowSink) -> Result<(), RecordsError>) {
    let Some(held) = Held::new(input) else { return };
    let encodings = [Encoding::Utf8, Encoding::Cp932];
    let tables = TABLES.into_iter().filter_map(table);
    for (table, encoding) in tables.flat_map(|table| encodings.map(|encoding| (table, encoding))) {
        let rows = Rows::new(table, &Identity::AsGiven, false);
        let mut tally = Tally { rows, table, encoding, taken: 0, line: 0 };
        // A refusal is an answer too; what came before it still has to fit.
        let _ = read(&held.0, 0, &mut tally);
        match tally.rows.take() {
            Ok(batch) => assert_eq!(batch.num_rows(), tally.taken),
            Err(error) => panic!("columns do not fit each other: {error}"),
        }
    }
}

/// A CSV file as several tables.
pub fn fuzz_omop_csv(input: &[u8]) {
    omop(input, csv_unit::read);
}

/// A Parquet file as several tables.
pub fn fuzz_omop_parquet(input: &[u8]) {
    omop(input, parquet_unit::read);
}

fn sample_views() -> &'static Views {
    static VIEWS: OnceLock<Views> = OnceLock::new();
    VIEWS.get_or_init(|| {
        let views = json!([
            {"resource": "Patient", "name": "person", "select": [
                {"column": [
                    {"name": "id", "path": "getResourceKey()"},
                    {"name": "day", "path": "birthDate.lowBoundary()"}
                ]},
                {"forEachOrNull": "name", "column": [{"name": "names", "path": "given", "collection": true}]}
            ]},
            {"resource": "Observation", "name": "measurement", "where": [{"path": "status = 'final'"}],
             "select": [{"column": [
                {"name": "id", "path": "'Observation/' & getResourceKey()"},
                {"name": "patient", "path": "subject.getReferenceKey(Patient)"},
                {"name": "time", "path": "(effective.ofType(dateTime) | issued).first().lowBoundary()"},
                {"name": "value", "path": "value.ofType(Quantity).value", "type": "decimal"}
             ]}]}
        ]);
        let views = views.as_array().map(|views| Views::read(views));
        views.and_then(Result::ok).unwrap_or_else(|| panic!("the views of the target are refused"))
    })
}

/// NDJSON and bundles through views.
pub fn fuzz_fhir(input: &[u8]) {
    let Some(held) = Held::new(input) else { return };
    for shape in [Shape::Ndjson, Shape::Bundle] {
        let Ok(opened) = Opened::open(&held.0) else { continue };
        let limits = Limits { record_bytes: RECORD_BYTES, batch_bytes: 512 };
        let mut splitter = Splitter::new(opened, shape, limits);
        while let Ok(Some(batch)) = splitter.next_batch() {
            records(&batch);
        }
    }
}

fn records(batch: &Batch) {
    let views = sample_views();
    let mut runner = views.runner(batch.holds());
    for (_, text) in batch.records() {
        let Ok(text) = text else { continue };
        let mut columns: Vec<Columns> = views.views().iter().map(Columns::new).collect();
        let run = runner.rows(text, &mut |view, row| {
            // A value of another type is refused with its column.
            columns.get_mut(view).map_or(Ok(()), |columns| columns.push(row))
        });
        let whole = serde_json::from_str::<IgnoredAny>(text).is_ok();
        assert!(run.is_err() || whole, "taken though it is no JSON");
        for columns in &mut columns {
            let rows = columns.rows();
            match columns.take() {
                Ok(batch) => assert_eq!(batch.num_rows(), rows),
                Err(error) => panic!("columns do not fit each other: {error}"),
            }
        }
    }
}

/// A resource with a bit of everything that paths ask for.
const SAMPLE: &str = r#"{"resourceType":"Patient","id":"p","active":true,"birthDate":"1970-02",
"name":[{"use":"official","given":["A","B"],"family":"C"},{"given":["D"]}],"multipleBirthInteger":2,
"contact":[{"name":{"family":"E"},"telecom":[{"value":"1"}]}],"deceasedDateTime":"2020-01-01T10:00:00+09:00",
"managingOrganization":{"reference":"Organization/o"},"extension":[{"url":"u","valueDecimal":1.50}]}"#;

/// A ViewDefinition, or the path of one column.
pub fn fuzz_view(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let given = serde_json::from_str::<Json>(&text).ok().filter(Json::is_object);
    let view = given.unwrap_or_else(|| {
        json!({"resource": "Patient", "name": "v", "select": [{"column": [{"name": "c", "path": text}]}]})
    });
    let Ok(views) = Views::read(std::slice::from_ref(&view)) else { return };
    let Some(view) = views.views().first() else { return };
    let width = view.columns().len();
    let mut counts = [0usize; 2];
    for count in &mut counts {
        let mut rows = 0;
        let run = views.runner(Holds::Resource).rows(SAMPLE, &mut |_, row| {
            assert_eq!(row.len(), width, "a row without all its columns");
            rows += 1;
            Ok(())
        });
        *count = if run.is_ok() { rows } else { usize::MAX };
    }
    let [first, again] = counts;
    assert_eq!(first, again, "the same view gives other rows the second time");
}
