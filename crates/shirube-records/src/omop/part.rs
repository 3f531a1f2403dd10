//! Writing the Parquet files of a snapshot.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use arrow::array::{AsArray, BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use arrow::datatypes::Int64Type;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use sha2::{Digest, Sha256};

use super::cdm::CdmTable;
use crate::error::RecordsError;
use crate::snapshot::Part;

/// Rows of a row group: many enough to compress, few enough to hold in memory.
const GROUP_ROWS: usize = 122_880;

/// Tables of which the same row arrives again and again, such as the hospital
/// in every bundle. The first one counts.
const ONCE: [&str; 4] = ["person", "provider", "care_site", "location"];

/// Passes bytes on and keeps their hash.
struct Hashing {
    file: BufWriter<File>,
    sha: Sha256,
    bytes: u64,
    failed: Failed,
}

/// Why the file could not be written; the writer of columns does not say.
#[derive(Clone, Default)]
struct Failed(Arc<OnceLock<io::ErrorKind>>);

impl Failed {
    fn fault(&self, path: &Path, error: &dyn std::fmt::Display) -> RecordsError {
        match self.0.get() {
            Some(kind) => RecordsError::io(path, &io::Error::new(*kind, error.to_string())),
            None => RecordsError::columns(path, error),
        }
    }
}

impl Write for Hashing {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let written = match self.file.write(buffer) {
            Ok(written) => written,
            Err(error) => {
                let _ = self.failed.0.set(error.kind());
                return Err(error);
            }
        };
        self.sha.update(buffer.get(..written).unwrap_or_default());
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// The keys already written of tables whose rows count once.
#[derive(Debug, Default)]
pub(crate) struct Seen(HashSet<i64>);

/// Whether rows of a table count once, by their key in the first column.
pub(crate) fn counts_once(table: &CdmTable) -> bool {
    ONCE.contains(&table.name.as_str())
}

impl Seen {
    /// Takes in the keys of a part that an earlier run wrote.
    pub(crate) fn add_part(&mut self, path: &Path) -> Result<(), RecordsError> {
        let file = File::open(path).map_err(|error| RecordsError::io(path, &error))?;
        let fault = |error: &dyn std::fmt::Display| RecordsError::columns(path, error);
        let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|e| fault(&e))?;
        for batch in builder.build().map_err(|e| fault(&e))? {
            let batch = batch.map_err(|e| fault(&e))?;
            if let Some(keys) = batch.columns().first() {
                self.0.extend(keys.as_primitive::<Int64Type>().values());
            }
        }
        Ok(())
    }

    /// The rows whose key was not there before.
    fn fresh(&mut self, batch: &RecordBatch) -> Result<RecordBatch, arrow::error::ArrowError> {
        let Some(keys) = batch.columns().first() else { return Ok(batch.clone()) };
        let keys = keys.as_primitive::<Int64Type>();
        let keep: BooleanArray =
            keys.values().iter().map(|key| Some(self.0.insert(*key))).collect();
        filter_record_batch(batch, &keep)
    }
}

/// Writes one part of one table.
pub(crate) struct PartWriter {
    path: PathBuf,
    name: String,
    table: &'static CdmTable,
    writer: ArrowWriter<Hashing>,
    failed: Failed,
    rows: u64,
    pub(crate) repeated: u64,
}

impl PartWriter {
    /// Starts a part at `folder`/`name`, replacing what an earlier run left.
    pub(crate) fn create(
        folder: &Path,
        name: String,
        table: &'static CdmTable,
        packed: bool,
    ) -> Result<Self, RecordsError> {
        let path = folder.join(&name);
        let fault = |error: io::Error| RecordsError::io(&path, &error);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(fault)?;
        }
        let file = BufWriter::new(File::create(&path).map_err(fault)?);
        let compression = match packed {
            true => Compression::ZSTD(ZstdLevel::default()),
            false => Compression::UNCOMPRESSED,
        };
        let properties = WriterProperties::builder()
            .set_compression(compression)
            .set_max_row_group_row_count(Some(GROUP_ROWS))
            .set_created_by("shirube".to_owned())
            .build();
        let failed = Failed::default();
        let hashing = Hashing { file, sha: Sha256::new(), bytes: 0, failed: failed.clone() };
        let writer = ArrowWriter::try_new(hashing, table.schema(), Some(properties))
            .map_err(|error| RecordsError::columns(&path, &error))?;
        Ok(Self { path, name, table, writer, failed, rows: 0, repeated: 0 })
    }

    /// Adds rows; with `seen`, only those whose key is new.
    pub(crate) fn write(
        &mut self,
        batch: &RecordBatch,
        seen: Option<&mut Seen>,
    ) -> Result<(), RecordsError> {
        let fault = |error: &dyn std::fmt::Display| RecordsError::columns(&self.path, error);
        let fresh = match seen {
            Some(seen) => &seen.fresh(batch).map_err(|e| fault(&e))?,
            None => batch,
        };
        self.repeated += (batch.num_rows() - fresh.num_rows()) as u64;
        self.rows += fresh.num_rows() as u64;
        let written = self.writer.write(fresh);
        written.map_err(|error| self.failed.fault(&self.path, &error))
    }

    /// Ends the file and waits until it is on the disk.
    pub(crate) fn finish(self) -> Result<Part, RecordsError> {
        let path = self.path;
        let fault = |error: io::Error| RecordsError::io(&path, &error);
        let written = self.writer.into_inner();
        let mut hashing = written.map_err(|error| self.failed.fault(&path, &error))?;
        hashing.flush().map_err(fault)?;
        let Hashing { file, sha, bytes, .. } = hashing;
        let file = file.into_inner().map_err(|error| fault(error.into_error()))?;
        file.sync_all().map_err(fault)?;
        Ok(Part {
            table: self.table.name.clone(),
            file: self.name,
            rows: self.rows,
            bytes,
            sha256: hex::encode(sha.finalize()),
        })
    }
}
