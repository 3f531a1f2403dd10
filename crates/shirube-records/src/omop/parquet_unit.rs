//! One Parquet file of an OMOP export, by the same rules for rows as CSV.

use std::borrow::Cow;
use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{
    DataType, Field, Int8Type, Int16Type, Int32Type, Int64Type, Schema, TimeUnit,
    TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType,
};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use chrono::{DateTime, Utc};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use parquet::basic::Compression;
use parquet::file::metadata::ParquetMetaData;
use shirube_model::refusal::Refusal;

use super::csv_unit::{Layout, layout};
use super::table_unit::RowSink;
use crate::error::RecordsError;
use crate::input::{FREE_BYTES, RATIO_MAX};

/// Rows held at a time. Texts of a dictionary are shared between them.
const BATCH_ROWS: usize = 4_096;

/// Reads one file into the table's part.
pub(crate) fn read(path: &Path, file: usize, out: &mut dyn RowSink) -> Result<(), RecordsError> {
    let fault = |error: std::io::Error| RecordsError::io(path, &error);
    let opened = File::open(path).map_err(fault)?;
    let packed = opened.metadata().map_err(fault)?.len();
    let metadata = caught(path, || views(&opened))?;
    codecs(metadata.metadata(), path)?;
    let fields = metadata.schema().fields();
    let names: Vec<String> = fields.iter().map(|f| f.name().trim().to_lowercase()).collect();
    let layout = wanted(layout(out.table(), &names, path)?, metadata.schema(), path)?;
    let mask = ProjectionMask::roots(metadata.parquet_schema(), layout.roots.iter().copied());
    let mut reader = caught(path, || {
        ParquetRecordBatchReaderBuilder::new_with_metadata(opened, metadata)
            .with_projection(mask)
            .with_batch_size(BATCH_ROWS)
            .build()
    })?;
    let (mut line, mut unpacked) = (0, 0u64);
    loop {
        let next = caught(path, || reader.next().transpose())?;
        let Some(batch) = next else { return Ok(()) };
        let cells = Cells::of(&batch, path)?;
        for row in 0..batch.num_rows() {
            line += 1;
            // A row counts even where it holds nothing: a few bytes can stand for
            // any number of them.
            unpacked += 1;
            match cells.texts(&layout, row, out.record_bytes()) {
                Ok((texts, bytes)) => {
                    unpacked += bytes as u64;
                    out.push(file, line, &texts)?;
                }
                Err(code) => out.refuse(file, line, code),
            }
        }
        if unpacked > FREE_BYTES && unpacked > packed.saturating_mul(RATIO_MAX) {
            let name = path.display().to_string();
            return Err(Refusal::new("records.input.bomb")
                .arg("ratio", RATIO_MAX)
                .file(name)
                .into());
        }
    }
}

/// Runs the reader of the format. What it cannot make sense of is a broken
/// file, even where it gives up altogether instead of saying so.
fn caught<T, E>(path: &Path, run: impl FnOnce() -> Result<T, E>) -> Result<T, RecordsError> {
    match catch_unwind(AssertUnwindSafe(run)) {
        Ok(Ok(value)) => Ok(value),
        _ => Err(refuse("records.input.parquet", path)),
    }
}

fn refuse(code: &'static str, path: &Path) -> RecordsError {
    Refusal::new(code).file(path.display().to_string()).into()
}

/// The file's own description, with texts as views: values of a dictionary are
/// then shared instead of copied into every row.
fn views(file: &File) -> Result<ArrowReaderMetadata, parquet::errors::ParquetError> {
    let plain = ArrowReaderMetadata::load(file, ArrowReaderOptions::new())?;
    let view = |field: &Arc<Field>| {
        let data_type = match field.data_type() {
            DataType::Utf8 | DataType::LargeUtf8 => DataType::Utf8View,
            DataType::Binary | DataType::LargeBinary => DataType::BinaryView,
            DataType::Dictionary(_, value) => match **value {
                DataType::Utf8 | DataType::LargeUtf8 => DataType::Utf8View,
                _ => field.data_type().clone(),
            },
            other => other.clone(),
        };
        field.as_ref().clone().with_data_type(data_type)
    };
    let fields: Vec<Field> = plain.schema().fields().iter().map(view).collect();
    let options = ArrowReaderOptions::new().with_schema(Arc::new(Schema::new(fields)));
    ArrowReaderMetadata::try_new(Arc::clone(plain.metadata()), options)
}

/// Refuses columns packed in a way which is not read.
fn codecs(metadata: &ParquetMetaData, path: &Path) -> Result<(), RecordsError> {
    let chunks = metadata.row_groups().iter().flat_map(|group| group.columns());
    for chunk in chunks {
        let name = match chunk.compression() {
            Compression::UNCOMPRESSED
            | Compression::ZSTD(_)
            | Compression::SNAPPY
            | Compression::GZIP(_)
            | Compression::LZ4
            | Compression::LZ4_RAW => continue,
            Compression::BROTLI(_) => "Brotli",
            Compression::LZO => "LZO",
        };
        let refusal = Refusal::new("records.input.parquet-packing").arg("codec", name);
        return Err(refusal.file(path.display().to_string()).into());
    }
    Ok(())
}

/// Which of the file's columns are read, and where each column of the table
/// stands among them.
struct Wanted {
    roots: Vec<usize>,
    places: Vec<Option<usize>>,
    zero: Vec<bool>,
}

fn wanted(layout: Layout, schema: &Schema, path: &Path) -> Result<Wanted, RecordsError> {
    let mut roots: Vec<usize> = layout.places.iter().flatten().copied().collect();
    roots.sort_unstable();
    for root in &roots {
        let Some(field) = schema.fields().get(*root) else { continue };
        if field.data_type().is_nested() {
            let refusal = Refusal::new("records.input.column-type").field(field.name());
            return Err(refusal.file(path.display().to_string()).into());
        }
    }
    let place = |place: &Option<usize>| place.and_then(|p| roots.binary_search(&p).ok());
    let places = layout.places.iter().map(place).collect();
    Ok(Wanted { roots, places, zero: layout.zero })
}

/// The columns of a batch, ready to be read as texts.
struct Cells<'b> {
    columns: Vec<Cell<'b>>,
}

enum Cell<'b> {
    Text(&'b arrow::array::StringViewArray),
    Bytes(&'b arrow::array::BinaryViewArray),
    Whole(&'b dyn Array, fn(&dyn Array, usize) -> i64),
    Moment(&'b dyn Array, fn(&dyn Array, usize) -> Option<DateTime<Utc>>),
    Other(ArrayFormatter<'b>),
}

impl<'b> Cells<'b> {
    fn of(batch: &'b RecordBatch, path: &Path) -> Result<Self, RecordsError> {
        let columns = batch.columns().iter().map(|array| cell(array.as_ref()));
        let columns = columns.collect::<Option<Vec<_>>>();
        Ok(Self { columns: columns.ok_or_else(|| refuse("records.input.parquet", path))? })
    }

    /// The texts of one row in the order of the table, and how many bytes they
    /// take.
    fn texts(
        &self,
        wanted: &Wanted,
        row: usize,
        bytes_max: usize,
    ) -> Result<(Vec<Cow<'_, str>>, usize), &'static str> {
        let mut texts = Vec::with_capacity(wanted.places.len());
        let mut bytes = 0;
        for (place, zero) in wanted.places.iter().zip(&wanted.zero) {
            let text = match place.and_then(|place| self.columns.get(place)) {
                None => Cow::Borrowed(if *zero { "0" } else { "" }),
                Some(cell) => text(cell, row)?,
            };
            bytes += text.len();
            if bytes > bytes_max {
                return Err("records.input.long");
            }
            texts.push(text);
        }
        Ok((texts, bytes))
    }
}

fn cell(array: &dyn Array) -> Option<Cell<'_>> {
    macro_rules! whole {
        ($t:ty) => {
            Cell::Whole(array, |array, row| i64::from(array.as_primitive::<$t>().value(row)))
        };
    }
    // A zone is left out: what is stored is the moment in UTC.
    Some(match array.data_type() {
        DataType::Utf8View => Cell::Text(array.as_string_view()),
        DataType::BinaryView => Cell::Bytes(array.as_binary_view()),
        DataType::Int8 => whole!(Int8Type),
        DataType::Int16 => whole!(Int16Type),
        DataType::Int32 => whole!(Int32Type),
        DataType::Int64 => whole!(Int64Type),
        DataType::Timestamp(TimeUnit::Second, _) => Cell::Moment(array, |array, row| {
            DateTime::from_timestamp(array.as_primitive::<TimestampSecondType>().value(row), 0)
        }),
        DataType::Timestamp(TimeUnit::Millisecond, _) => Cell::Moment(array, |array, row| {
            let value = array.as_primitive::<TimestampMillisecondType>().value(row);
            DateTime::from_timestamp_millis(value)
        }),
        DataType::Timestamp(TimeUnit::Microsecond, _) => Cell::Moment(array, |array, row| {
            let value = array.as_primitive::<TimestampMicrosecondType>().value(row);
            DateTime::from_timestamp_micros(value)
        }),
        DataType::Timestamp(TimeUnit::Nanosecond, _) => Cell::Moment(array, |array, row| {
            let value = array.as_primitive::<TimestampNanosecondType>().value(row);
            Some(DateTime::from_timestamp_nanos(value))
        }),
        _ => Cell::Other(ArrayFormatter::try_new(array, &FORMAT).ok()?),
    })
}

const FORMAT: FormatOptions<'static> = FormatOptions::new();

fn text<'c>(cell: &'c Cell<'_>, row: usize) -> Result<Cow<'c, str>, &'static str> {
    const NONE: Cow<'static, str> = Cow::Borrowed("");
    Ok(match cell {
        Cell::Text(array) if array.is_valid(row) => Cow::Borrowed(array.value(row)),
        Cell::Bytes(array) if array.is_valid(row) => {
            let text = std::str::from_utf8(array.value(row));
            Cow::Borrowed(text.map_err(|_| "records.input.encoding")?)
        }
        Cell::Whole(array, read) if array.is_valid(row) => {
            Cow::Owned(read(*array, row).to_string())
        }
        Cell::Moment(array, read) if array.is_valid(row) => match read(*array, row) {
            Some(moment) => {
                Cow::Owned(moment.naive_utc().format("%Y-%m-%dT%H:%M:%S%.f").to_string())
            }
            // So far off that no calendar has it; refused as a date is.
            None => Cow::Borrowed("?"),
        },
        Cell::Other(format) => {
            let text = format.value(row).try_to_string();
            Cow::Owned(text.unwrap_or_else(|_| "?".to_owned()))
        }
        _ => NONE,
    })
}
