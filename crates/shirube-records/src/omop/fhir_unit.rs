//! FHIR files through ViewDefinitions into the tables of the model.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;

use arrow::array::RecordBatch;
use sha2::{Digest, Sha256};
use shirube_model::refusal::Refusal;

use super::cdm::{CdmTable, CdmType, table};
use super::import::{Desk, Task, UnitDone};
use super::part::{PartWriter, Seen, counts_once};
use super::rows::{Rows, Unmapped};
use crate::error::RecordsError;
use crate::input::{Batch, Opened, Shape, Splitter, in_order, plain_name};
use crate::view::{Value, Views};

/// Views that make rows of the model's tables.
///
/// A view's `name` is the table, with more after two underscores where several
/// views fill one table: `measurement__vital`. Its columns are columns of the
/// table; a required concept that it does not give is 0, "no matching concept".
#[derive(Debug, Clone)]
pub struct Mapping {
    views: Views,
    targets: Vec<Target>,
    digest: String,
}

#[derive(Debug, Clone)]
struct Target {
    table: &'static CdmTable,
    /// For each column of the table, the view's column.
    places: Vec<Option<usize>>,
    zero: Vec<bool>,
}

impl Mapping {
    /// Reads every `*.json` of a folder as a ViewDefinition, by name.
    ///
    /// # Errors
    /// What [`Views::read`] refuses, and views that do not fit their table.
    pub fn read(folder: &Path) -> Result<Self, RecordsError> {
        let mut definitions = Vec::new();
        for path in crate::snapshot::files_below(folder)? {
            if path.extension().is_none_or(|e| e != "json") {
                continue;
            }
            let bytes = std::fs::read(&path).map_err(|error| RecordsError::io(&path, &error))?;
            let name = path.display().to_string();
            let definition: serde_json::Value = serde_json::from_slice(&bytes)
                .map_err(|_| Refusal::new("records.json.syntax").arg("at", 1).file(&name))?;
            Self::of(std::slice::from_ref(&definition)).map_err(|mut error| {
                if let RecordsError::Refused(refusal) = &mut error {
                    refusal.place.file = Some(name);
                }
                error
            })?;
            definitions.push(definition);
        }
        Self::of(&definitions)
    }

    /// A mapping of definitions at hand.
    ///
    /// # Errors
    /// As [`Mapping::read`].
    pub fn of(definitions: &[serde_json::Value]) -> Result<Self, RecordsError> {
        let views = Views::read(definitions)?;
        let targets = views.views().iter().map(|view| {
            let refuse = |code, what: &str| {
                RecordsError::from(Refusal::new(code).arg("what", what).arg("view", &view.name))
            };
            let name = view.name.split("__").next().unwrap_or_default();
            let Some(table) = table(name) else {
                return Err(refuse("records.mapping.table", name));
            };
            let mut places = vec![None; table.columns.len()];
            for (place, column) in view.columns().iter().enumerate() {
                let slot = table.column(&column.name).and_then(|at| places.get_mut(at));
                let Some(slot) = slot.filter(|_| !column.collection) else {
                    return Err(refuse("records.mapping.column", &column.name));
                };
                *slot = Some(place);
            }
            let mut zero = vec![false; table.columns.len()];
            for ((column, place), zero) in table.columns.iter().zip(&places).zip(&mut zero) {
                *zero = place.is_none()
                    && column.required
                    && column.cdm_type == CdmType::Integer
                    && column.name.ends_with("_concept_id");
                if place.is_none() && !*zero && !column.nullable() {
                    return Err(refuse("records.mapping.missing", &column.name));
                }
            }
            Ok(Target { table, places, zero })
        });
        let targets = targets.collect::<Result<Vec<_>, _>>()?;
        let mut sha = Sha256::new();
        views.views().iter().for_each(|view| sha.update(view.digest()));
        Ok(Self { targets, digest: hex::encode(sha.finalize()), views })
    }

    /// SHA-256 over the definitions in hexadecimal.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.digest
    }
}

/// What one batch of records gave.
struct Made {
    number: usize,
    tables: BTreeMap<&'static str, (RecordBatch, Unmapped)>,
    refused: Vec<(u64, String, &'static str)>,
    records: u64,
}

/// Reads the files of one unit into a part for each table.
pub(crate) fn run(
    desk: &Desk<'_>,
    task: &Task,
    mapping: &Mapping,
    seen: &mut BTreeMap<&'static str, Seen>,
) -> Result<UnitDone, RecordsError> {
    let mut done = UnitDone::new(task);
    let mut parts: BTreeMap<&'static str, PartWriter> = BTreeMap::new();
    let mut files = task.files.iter().copied();
    let mut open: Option<(usize, Splitter)> = None;
    let next = || loop {
        if let Some((number, splitter)) = &mut open {
            if let Some(batch) = splitter.next_batch()? {
                return Ok(Some((*number, batch)));
            }
            open = None;
        }
        let Some(number) = files.next() else { return Ok(None) };
        let Some(path) = desk.files.get(number) else { return Ok(None) };
        let splitter = Splitter::new(Opened::open(path)?, shape(path), desk.options.limits);
        open = Some((number, splitter));
    };
    let work = |(number, batch): (usize, Batch)| work(desk, mapping, number, &batch);
    in_order(desk.options.threads, next, work, |made: Made| {
        desk.watch()?;
        done.records_read += made.records;
        for (line, field, code) in made.refused {
            done.quarantine(made.number, line, &field, code);
        }
        for (name, (batch, unmapped)) in made.tables {
            let Some(table) = table(name) else { continue };
            done.add_unmapped(table, unmapped);
            let part = match parts.entry(name) {
                std::collections::btree_map::Entry::Occupied(entry) => entry.into_mut(),
                std::collections::btree_map::Entry::Vacant(entry) => {
                    entry.insert(desk.part(table, &task.name)?)
                }
            };
            let seen = counts_once(table).then(|| seen.entry(name).or_default());
            part.write(&batch, seen)?;
        }
        Ok(())
    })?;
    for part in parts.into_values() {
        done.add_part(part)?;
    }
    Ok(done)
}

fn shape(path: &Path) -> Shape {
    if plain_name(path).ends_with(".json") { Shape::Bundle } else { Shape::Ndjson }
}

/// Runs every view over every record of a batch. A record is taken whole or
/// not at all: when one of its rows is refused, none of them stays.
fn work(
    desk: &Desk<'_>,
    mapping: &Mapping,
    number: usize,
    batch: &Batch,
) -> Result<Made, RecordsError> {
    let mut rows: BTreeMap<&'static str, Rows<'_>> = BTreeMap::new();
    let mut made = Made { number, tables: BTreeMap::new(), refused: Vec::new(), records: 0 };
    for (line, code) in &batch.strays {
        made.records += 1;
        made.refused.push((*line, String::new(), code));
    }
    let mut runner = mapping.views.runner(batch.holds());
    let mut pending: Vec<(usize, Vec<Cow<'static, str>>)> = Vec::new();
    for (line, text) in batch.records() {
        made.records += 1;
        pending.clear();
        let run = match text {
            Err(code) => Err((String::new(), code)),
            Ok(text) => runner
                .rows(text, &mut |view, values| {
                    if let Some(target) = mapping.targets.get(view) {
                        pending.push((view, texts(target, values)));
                    }
                    Ok(())
                })
                .map_err(|refusal| (refusal.place.field.unwrap_or_default(), refusal.code)),
        };
        let pushed = run.and_then(|()| push(desk, mapping, &pending, &mut rows));
        if let Err((field, code)) = pushed {
            made.refused.push((line, field, code));
        }
    }
    for (name, mut rows) in rows {
        let unmapped = std::mem::take(&mut rows.unmapped);
        let batch = rows.take().map_err(|e| RecordsError::columns(Path::new(name), &e))?;
        made.tables.insert(name, (batch, unmapped));
    }
    Ok(made)
}

/// Adds the rows of one record, all or none.
fn push<'d>(
    desk: &'d Desk<'_>,
    mapping: &Mapping,
    pending: &[(usize, Vec<Cow<'static, str>>)],
    rows: &mut BTreeMap<&'static str, Rows<'d>>,
) -> Result<(), (String, &'static str)> {
    // One row is taken or refused as it is; several are looked at beforehand.
    let passes = if pending.len() > 1 { [true, false].as_slice() } else { [false].as_slice() };
    for only_look in passes {
        for (view, texts) in pending {
            let Some(target) = mapping.targets.get(*view) else { continue };
            let identity = &desk.options.identity;
            let rows = rows
                .entry(&target.table.name)
                .or_insert_with(|| Rows::new(target.table, identity, true));
            let pushed = if *only_look { rows.check(texts) } else { rows.push(texts) };
            pushed.map_err(|(field, code)| (format!("{}.{field}", target.table.name), code))?;
        }
    }
    Ok(())
}

fn texts(target: &Target, values: &[Value<'_>]) -> Vec<Cow<'static, str>> {
    let cells = target.places.iter().zip(&target.zero).map(|(place, zero)| {
        let Some(value) = place.and_then(|place| values.get(place)) else {
            return Cow::Borrowed(if *zero { "0" } else { "" });
        };
        match value {
            Value::Null | Value::List(_) => Cow::Borrowed(""),
            Value::Bool(true) => Cow::Borrowed("true"),
            Value::Bool(false) => Cow::Borrowed("false"),
            Value::Int(value) => Cow::Owned(value.to_string()),
            Value::Number(text) => Cow::Owned((*text).to_owned()),
            Value::Decimal(value) => Cow::Owned(value.to_string()),
            Value::Text(text) => Cow::Owned(text.clone().into_owned()),
        }
    });
    cells.collect()
}
