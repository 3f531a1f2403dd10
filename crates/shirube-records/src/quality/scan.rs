//! Columns of a snapshot's tables, some thousand rows at a time.

use std::collections::BTreeMap;
use std::fs::File;
use std::hash::{DefaultHasher, Hasher};
use std::path::PathBuf;

use arrow::array::{
    Array, AsArray, Date32Array, Float64Array, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray,
};
use arrow::datatypes::{
    DataType, Date32Type, Float64Type, Int64Type, TimeUnit, TimestampMicrosecondType,
};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::error::RecordsError;
use crate::omop::{CdmColumn, CdmTable, tables};
use crate::snapshot::Snapshot;

const BATCH_ROWS: usize = 8_192;
const DAY_MICROS: i64 = 86_400_000_000;

/// The tables of one snapshot, whose files have been held against their hashes.
pub(super) struct Reader<'s> {
    snapshot: &'s Snapshot,
    files: BTreeMap<String, Vec<PathBuf>>,
}

/// Columns of some rows.
pub(super) struct Batch<'b> {
    columns: Vec<Column<'b>>,
    pub(super) rows: usize,
}

/// One column; `Absent` where the table has none of that name.
pub(super) enum Column<'b> {
    Int(&'b Int64Array),
    Day(&'b Date32Array),
    Moment(&'b TimestampMicrosecondArray),
    Float(&'b Float64Array),
    Text(&'b StringArray),
    Absent,
}

/// The table of a name.
pub(super) fn table(name: &str) -> Option<&'static CdmTable> {
    tables().iter().find(|table| table.name == name)
}

/// A column of a table, by their names.
pub(super) fn column(table_name: &str, name: &str) -> Option<&'static CdmColumn> {
    table(table_name)?.columns.iter().find(|column| column.name == name)
}

impl<'s> Reader<'s> {
    /// Checks every file of the snapshot's tables once.
    pub(super) fn new(snapshot: &'s Snapshot) -> Result<Self, RecordsError> {
        let mut files = BTreeMap::new();
        for table in tables() {
            let parts = snapshot.table(&table.name)?;
            if !parts.is_empty() || snapshot.manifest.rows.contains_key(&table.name) {
                files.insert(table.name.clone(), parts);
            }
        }
        Ok(Self { snapshot, files })
    }

    pub(super) fn snapshot(&self) -> &Snapshot {
        self.snapshot
    }

    /// Rows of a table; nothing when the snapshot does not have it.
    pub(super) fn rows(&self, table: &str) -> Option<u64> {
        self.files.get(table)?;
        Some(self.snapshot.manifest.rows.get(table).copied().unwrap_or(0))
    }

    /// Gives the named columns of a table, batch by batch, in their order.
    pub(super) fn scan(
        &self,
        table: &str,
        columns: &[&str],
        visit: &mut dyn FnMut(&Batch<'_>),
    ) -> Result<(), RecordsError> {
        for path in self.files.get(table).into_iter().flatten() {
            let fault = |error: &dyn std::fmt::Display| RecordsError::columns(path, error);
            let file = File::open(path).map_err(|error| RecordsError::io(path, &error))?;
            let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|e| fault(&e))?;
            let schema = builder.schema();
            let places = columns.iter().filter_map(|name| schema.index_of(name).ok());
            let mask = ProjectionMask::roots(builder.parquet_schema(), places);
            let reader = builder.with_projection(mask).with_batch_size(BATCH_ROWS).build();
            for batch in reader.map_err(|e| fault(&e))? {
                let batch = batch.map_err(|e| fault(&e))?;
                visit(&Batch::of(&batch, columns));
            }
        }
        Ok(())
    }
}

impl<'b> Batch<'b> {
    fn of(batch: &'b RecordBatch, columns: &[&str]) -> Self {
        let column = |name: &&str| batch.column_by_name(name).map_or(Column::Absent, Column::of);
        Self { columns: columns.iter().map(column).collect(), rows: batch.num_rows() }
    }

    /// The column at a place of the list that was asked for.
    pub(super) fn column(&self, place: usize) -> &Column<'b> {
        self.columns.get(place).unwrap_or(&Column::Absent)
    }
}

impl<'b> Column<'b> {
    fn of(array: &'b std::sync::Arc<dyn Array>) -> Self {
        match array.data_type() {
            DataType::Int64 => Self::Int(array.as_primitive::<Int64Type>()),
            DataType::Date32 => Self::Day(array.as_primitive::<Date32Type>()),
            DataType::Timestamp(TimeUnit::Microsecond, _) => {
                Self::Moment(array.as_primitive::<TimestampMicrosecondType>())
            }
            DataType::Float64 => Self::Float(array.as_primitive::<Float64Type>()),
            DataType::Utf8 => Self::Text(array.as_string::<i32>()),
            _ => Self::Absent,
        }
    }

    fn array(&self) -> Option<&dyn Array> {
        match self {
            Self::Int(array) => Some(*array),
            Self::Day(array) => Some(*array),
            Self::Moment(array) => Some(*array),
            Self::Float(array) => Some(*array),
            Self::Text(array) => Some(*array),
            Self::Absent => None,
        }
    }

    pub(super) fn nulls(&self, rows: usize) -> u64 {
        self.array().map_or(rows, Array::null_count) as u64
    }

    fn there(&self, row: usize) -> bool {
        self.array().is_some_and(|array| array.is_valid(row))
    }

    /// A whole number.
    pub(super) fn int(&self, row: usize) -> Option<i64> {
        match self {
            Self::Int(array) if array.is_valid(row) => Some(array.value(row)),
            _ => None,
        }
    }

    /// A number of either type.
    pub(super) fn number(&self, row: usize) -> Option<f64> {
        match self {
            Self::Float(array) if array.is_valid(row) => Some(array.value(row)),
            // Bounds are far below 2^53, where both types agree.
            #[allow(clippy::cast_precision_loss)]
            Self::Int(array) if array.is_valid(row) => Some(array.value(row) as f64),
            _ => None,
        }
    }

    /// A day since 1970, also of a moment.
    pub(super) fn day(&self, row: usize) -> Option<i32> {
        match self {
            Self::Day(array) if array.is_valid(row) => Some(array.value(row)),
            _ => self.micros(row).and_then(|t| i32::try_from(t.div_euclid(DAY_MICROS)).ok()),
        }
    }

    /// A moment since 1970 in microseconds; of a day, its beginning.
    pub(super) fn micros(&self, row: usize) -> Option<i64> {
        match self {
            Self::Moment(array) if array.is_valid(row) => Some(array.value(row)),
            Self::Day(array) if array.is_valid(row) => {
                Some(i64::from(array.value(row)) * DAY_MICROS)
            }
            _ => None,
        }
    }

    pub(super) fn text(&self, row: usize) -> Option<&'b str> {
        match self {
            Self::Text(array) if array.is_valid(row) => Some(array.value(row)),
            _ => None,
        }
    }

    /// A key: a number as it is, a text by its hash.
    pub(super) fn key(&self, row: usize) -> Option<i64> {
        if !self.there(row) {
            return None;
        }
        self.int(row).or_else(|| self.text(row).map(hashed))
    }
}

/// A hash that is the same in every run.
pub(super) fn hashed(text: &str) -> i64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(text.as_bytes());
    hasher.finish().cast_signed()
}
