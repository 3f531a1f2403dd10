//! One CSV file of an OMOP export.

use std::borrow::Cow;

use shirube_model::refusal::Refusal;

use super::cdm::{ADDED, CdmTable, RENAMED};
use super::import::{Desk, Task, UnitDone};
use super::part::{PartWriter, Seen, counts_once};
use super::rows::Rows;
use crate::error::RecordsError;
use crate::input::Opened;

/// Rows after which columns are handed to the file.
const BATCH_ROWS: usize = 8_192;

/// Where each column of the table stands in the file.
struct Layout {
    places: Vec<Option<usize>>,
    width: usize,
    zero: Vec<bool>,
}

/// Reads one file into one part.
pub(crate) fn run(desk: &Desk<'_>, task: &Task) -> Result<UnitDone, RecordsError> {
    let mut done = UnitDone::new(task);
    let (Some(number), Some(table)) = (task.files.first().copied(), task.table) else {
        return Ok(done);
    };
    let Some(path) = desk.files.get(number) else { return Ok(done) };
    let source = Opened::open(path)?;
    let mut reader =
        csv::ReaderBuilder::new().flexible(true).buffer_capacity(1 << 18).from_reader(source);
    let fault = |error: &csv::Error| csv_fault(path, error);
    let layout = layout(table, reader.byte_headers().map_err(|e| fault(&e))?, path)?;

    let mut rows = Rows::new(table, &desk.options.identity, false);
    let mut part: Option<PartWriter> = None;
    let mut seen = counts_once(table).then(Seen::default);
    let mut record = csv::ByteRecord::new();
    loop {
        let more = reader.read_byte_record(&mut record).map_err(|e| fault(&e))?;
        if more {
            done.records_read += 1;
            let line = record.position().map_or(0, csv::Position::line);
            if let Err((field, code)) = push(&layout, &record, &mut rows) {
                done.quarantine(number, line, field, code);
            }
        }
        if rows.rows >= BATCH_ROWS || (!more && rows.rows > 0) {
            desk.watch()?;
            let batch = rows.take().map_err(|e| RecordsError::columns(path, &e))?;
            let writer = match &mut part {
                Some(part) => part,
                None => part.insert(desk.part(table, &task.name)?),
            };
            writer.write(&batch, seen.as_mut())?;
        }
        if !more {
            break;
        }
    }
    done.add_unmapped(table, std::mem::take(&mut rows.unmapped));
    done.rows.insert(table.name.clone(), 0);
    if let Some(part) = part {
        done.add_part(part)?;
    }
    Ok(done)
}

fn csv_fault(path: &std::path::Path, error: &csv::Error) -> RecordsError {
    match error.kind() {
        csv::ErrorKind::Io(error) => RecordsError::io(path, error),
        _ => Refusal::new("records.input.csv").file(path.display().to_string()).into(),
    }
}

/// The file's columns by name, in any case; names of version 5.3 count.
fn layout(
    table: &CdmTable,
    headers: &csv::ByteRecord,
    path: &std::path::Path,
) -> Result<Layout, RecordsError> {
    let refuse = |code, field: &str| {
        RecordsError::from(Refusal::new(code).file(path.display().to_string()).field(field))
    };
    let mut places = vec![None; table.columns.len()];
    for (place, header) in headers.iter().enumerate() {
        let header = header.strip_prefix(b"\xef\xbb\xbf").unwrap_or(header);
        let name = String::from_utf8_lossy(header).trim().to_lowercase();
        let renamed = RENAMED.iter().find(|(t, old, _)| *t == table.name && *old == name);
        let name = renamed.map_or(name.as_str(), |(_, _, new)| new);
        let Some(at) = table.column(name) else { continue };
        match places.get_mut(at) {
            Some(slot @ None) => *slot = Some(place),
            _ => return Err(refuse("records.input.column-repeated", name)),
        }
    }
    let mut zero = vec![false; table.columns.len()];
    for ((column, place), zero) in table.columns.iter().zip(&places).zip(&mut zero) {
        *zero = place.is_none() && ADDED.contains(&(&table.name, &column.name));
        if place.is_none() && !*zero && !column.nullable() {
            return Err(refuse("records.input.column-missing", &column.name));
        }
    }
    Ok(Layout { places, width: headers.len(), zero })
}

fn push<'t>(
    layout: &Layout,
    record: &csv::ByteRecord,
    rows: &mut Rows<'t>,
) -> Result<(), (&'t str, &'static str)> {
    if record.len() != layout.width {
        return Err(("", "records.row.width"));
    }
    let mut texts: Vec<Cow<'_, str>> = Vec::with_capacity(layout.places.len());
    for (place, zero) in layout.places.iter().zip(&layout.zero) {
        let bytes = place.and_then(|place| record.get(place)).unwrap_or_default();
        let Ok(text) = std::str::from_utf8(bytes) else {
            return Err(("", "records.input.encoding"));
        };
        texts.push(Cow::Borrowed(if *zero { "0" } else { text }));
    }
    rows.push(&texts)
}
