//! One CSV file of an OMOP export.

use std::borrow::Cow;
use std::io::{self, Read};
use std::path::Path;

use encoding_rs::SHIFT_JIS;
use shirube_model::refusal::Refusal;

use super::cdm::{ADDED, CdmTable, RENAMED};
use super::table_unit::RowSink;
use crate::error::RecordsError;
use crate::input::Opened;

const BUFFER_BYTES: usize = 1 << 18;

/// Encoding of CSV files. Parquet and FHIR say themselves that they are UTF-8.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Encoding {
    /// UTF-8, with or without a byte order mark.
    #[default]
    Utf8,
    /// CP932 (Windows-31J), which offices call Shift_JIS. A file with the byte
    /// order mark of UTF-8 is UTF-8 nevertheless.
    Cp932,
}

impl Encoding {
    /// The bytes as text, or the code of the refusal. No character of CP932 has
    /// a comma, quote or line end among its bytes, so a row is taken apart first.
    fn text(self, bytes: &[u8]) -> Result<Cow<'_, str>, &'static str> {
        if self == Self::Utf8 || bytes.is_ascii() {
            let text = std::str::from_utf8(bytes).map_err(|_| "records.input.encoding");
            return text.map(Cow::Borrowed);
        }
        let text = SHIFT_JIS.decode_without_bom_handling_and_without_replacement(bytes);
        text.ok_or("records.input.cp932")
    }
}

const MARK: &[u8] = b"\xef\xbb\xbf";

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
    /// Whether the file starts with the byte order mark of UTF-8, which the CSV
    /// reader takes away; `None` before the first bytes, of which there are four
    /// at least in a file that has as many.
    marked: Option<bool>,
}

impl Read for Measured {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read(buffer)?;
        let bytes = buffer.get(..read).unwrap_or_default();
        self.marked.get_or_insert_with(|| bytes.starts_with(MARK));
        self.since = self.since.saturating_add(read);
        self.long = self.since > self.limit;
        if self.long { Err(io::Error::other("the row does not end")) } else { Ok(read) }
    }
}

/// Reads one file into the table's part.
pub(crate) fn read(path: &Path, file: usize, out: &mut dyn RowSink) -> Result<(), RecordsError> {
    let limit = out.record_bytes().saturating_add(BUFFER_BYTES * 2);
    let source =
        Measured { source: Opened::open(path)?, since: 0, limit, long: false, marked: None };
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .has_headers(false)
        .buffer_capacity(BUFFER_BYTES)
        .from_reader(source);
    let mut record = csv::ByteRecord::new();
    if !reader.read_byte_record(&mut record).map_err(|e| fault(&reader, path, &e))? {
        record.clear();
    }
    let marked = reader.get_ref().marked == Some(true);
    let encoding = if marked { Encoding::Utf8 } else { out.encoding() };
    let layout = layout(out.table(), &names(&record, encoding, path)?, path)?;
    loop {
        reader.get_mut().since = 0;
        if !reader.read_byte_record(&mut record).map_err(|e| fault(&reader, path, &e))? {
            return Ok(());
        }
        let line = record.position().map_or(0, csv::Position::line);
        match texts(&layout, encoding, &record) {
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

/// The names of the columns. A header in another encoding belongs to a file in
/// that encoding, and none of its rows could be read.
fn names(
    header: &csv::ByteRecord,
    encoding: Encoding,
    path: &Path,
) -> Result<Vec<String>, RecordsError> {
    let name = |bytes: &[u8]| {
        let name = encoding.text(bytes.strip_prefix(MARK).unwrap_or(bytes))?;
        Ok(name.trim().to_lowercase())
    };
    header.iter().map(name).collect::<Result<_, _>>().map_err(|code: &'static str| {
        Refusal::new(code).file(path.display().to_string()).line(1).into()
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
    encoding: Encoding,
    record: &'r csv::ByteRecord,
) -> Result<Vec<Cow<'r, str>>, &'static str> {
    if record.len() != layout.width {
        return Err("records.row.width");
    }
    let mut texts: Vec<Cow<'r, str>> = Vec::with_capacity(layout.places.len());
    for (place, zero) in layout.places.iter().zip(&layout.zero) {
        let bytes = place.and_then(|place| record.get(place)).unwrap_or_default();
        let text = encoding.text(bytes)?;
        texts.push(if *zero { Cow::Borrowed("0") } else { text });
    }
    Ok(texts)
}
