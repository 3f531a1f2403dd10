//! One CSV file of an OMOP export.

use std::borrow::Cow;
use std::io::{self, Read};
use std::path::Path;

use shirube_model::refusal::Refusal;

use super::cdm::{ADDED, CdmTable, RENAMED};
use super::table_unit::RowSink;
use crate::error::RecordsError;
use crate::input::Opened;

const BUFFER_BYTES: usize = 1 << 18;

/// Where each column of the table stands in the file.
pub(crate) struct Layout {
    pub(crate) places: Vec<Option<usize>>,
    pub(crate) width: usize,
    pub(crate) zero: Vec<bool>,
}

/// A file of which no row may grow without end, as behind a quote that never
/// closes.
struct Measured {
    source: Opened,
    /// Bytes handed on since the last row ended.
    since: usize,
    limit: usize,
    long: bool,
}

impl Read for Measured {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read(buffer)?;
        self.since = self.since.saturating_add(read);
        self.long = self.since > self.limit;
        if self.long { Err(io::Error::other("the row does not end")) } else { Ok(read) }
    }
}

/// Reads one file into the table's part.
pub(crate) fn read(path: &Path, file: usize, out: &mut dyn RowSink) -> Result<(), RecordsError> {
    let limit = out.record_bytes().saturating_add(BUFFER_BYTES * 2);
    let source = Measured { source: Opened::open(path)?, since: 0, limit, long: false };
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .has_headers(false)
        .buffer_capacity(BUFFER_BYTES)
        .from_reader(source);
    let mut record = csv::ByteRecord::new();
    if !reader.read_byte_record(&mut record).map_err(|e| fault(&reader, path, &e))? {
        record.clear();
    }
    let layout = layout(out.table(), &names(&record, path)?, path)?;
    loop {
        reader.get_mut().since = 0;
        if !reader.read_byte_record(&mut record).map_err(|e| fault(&reader, path, &e))? {
            return Ok(());
        }
        let line = record.position().map_or(0, csv::Position::line);
        match texts(&layout, &record) {
            Ok(texts) => out.push(file, line, &texts)?,
            Err(code) => out.refuse(file, line, code),
        }
    }
}

fn fault(reader: &csv::Reader<Measured>, path: &Path, error: &csv::Error) -> RecordsError {
    let source = reader.get_ref();
    let refuse = |code| {
        let line = reader.position().line();
        Refusal::new(code).file(path.display().to_string()).line(line).into()
    };
    match error.kind() {
        _ if source.long => refuse("records.input.long"),
        csv::ErrorKind::Io(error) => source.source.fault(error),
        _ => refuse("records.input.csv"),
    }
}

/// The names of the columns. A header that is not UTF-8 belongs to a file that
/// is not, and none of its rows could be read.
fn names(header: &csv::ByteRecord, path: &Path) -> Result<Vec<String>, RecordsError> {
    let name = |bytes: &[u8]| {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let name = std::str::from_utf8(bytes).ok()?;
        Some(name.trim().to_lowercase())
    };
    header.iter().map(name).collect::<Option<_>>().ok_or_else(|| {
        Refusal::new("records.input.encoding").file(path.display().to_string()).line(1).into()
    })
}

/// The file's columns by name, in any case; names of version 5.3 count.
pub(crate) fn layout(
    table: &CdmTable,
    names: &[String],
    path: &Path,
) -> Result<Layout, RecordsError> {
    let refuse = |code, field: &str| {
        RecordsError::from(Refusal::new(code).file(path.display().to_string()).field(field))
    };
    let mut places = vec![None; table.columns.len()];
    for (place, name) in names.iter().enumerate() {
        let renamed = RENAMED.iter().find(|(t, old, _)| *t == table.name && old == name);
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
    Ok(Layout { places, width: names.len(), zero })
}

fn texts<'r>(
    layout: &Layout,
    record: &'r csv::ByteRecord,
) -> Result<Vec<Cow<'r, str>>, &'static str> {
    if record.len() != layout.width {
        return Err("records.row.width");
    }
    let mut texts: Vec<Cow<'r, str>> = Vec::with_capacity(layout.places.len());
    for (place, zero) in layout.places.iter().zip(&layout.zero) {
        let bytes = place.and_then(|place| record.get(place)).unwrap_or_default();
        let Ok(text) = std::str::from_utf8(bytes) else {
            return Err("records.input.encoding");
        };
        texts.push(Cow::Borrowed(if *zero { "0" } else { text }));
    }
    Ok(texts)
}
