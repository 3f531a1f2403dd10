//! One table of an OMOP export: its files in turn, CSV or Parquet, into one part.

use std::borrow::Cow;
use std::path::Path;

use super::cdm::CdmTable;
use super::csv_unit::Encoding;
use super::import::{Desk, Task, UnitDone};
use super::part::{PartWriter, Seen, counts_once};
use super::rows::Rows;
use super::{csv_unit, parquet_unit};
use crate::error::RecordsError;
use crate::input::plain_name;

/// Rows after which columns are handed to the file.
const BATCH_ROWS: usize = 8_192;

/// Takes the rows of a table, whatever kind of file they come from.
pub(crate) trait RowSink {
    /// The table.
    fn table(&self) -> &'static CdmTable;
    /// Longest row, in bytes.
    fn record_bytes(&self) -> usize;
    /// Encoding of files that do not tell theirs.
    fn encoding(&self) -> Encoding;
    /// Adds a row, one text for each column of the table, or puts it into the
    /// quarantine.
    fn push(&mut self, file: usize, line: u64, texts: &[Cow<'_, str>]) -> Result<(), RecordsError>;
    /// Puts a row into the quarantine that could not be taken apart.
    fn refuse(&mut self, file: usize, line: u64, code: &'static str);
}

/// Takes the rows of a table into its part of the snapshot.
struct TableOut<'d> {
    table: &'static CdmTable,
    desk: &'d Desk<'d>,
    task: &'d Task,
    rows: Rows<'d>,
    part: Option<PartWriter>,
    seen: Option<Seen>,
    done: UnitDone,
}

/// Reads the files of one table into one part.
pub(crate) fn run(desk: &Desk<'_>, task: &Task) -> Result<UnitDone, RecordsError> {
    let Some(table) = task.table else { return Ok(UnitDone::new(task)) };
    let mut out = TableOut {
        table,
        desk,
        task,
        rows: Rows::new(table, &desk.options.identity, false),
        part: None,
        seen: counts_once(table).then(Seen::default),
        done: UnitDone::new(task),
    };
    for number in &task.files {
        let Some(path) = desk.files.get(*number) else { continue };
        if plain_name(path).ends_with(".parquet") {
            parquet_unit::read(path, *number, &mut out)?;
        } else {
            csv_unit::read(path, *number, &mut out)?;
        }
        out.write(path)?;
    }
    let TableOut { mut rows, part, mut done, .. } = out;
    done.add_unmapped(table, std::mem::take(&mut rows.unmapped));
    done.rows.insert(table.name.clone(), 0);
    if let Some(part) = part {
        done.add_part(part)?;
    }
    Ok(done)
}

impl RowSink for TableOut<'_> {
    fn table(&self) -> &'static CdmTable {
        self.table
    }

    fn record_bytes(&self) -> usize {
        self.desk.options.limits.record_bytes
    }

    fn encoding(&self) -> Encoding {
        self.desk.options.encoding
    }

    fn push(&mut self, file: usize, line: u64, texts: &[Cow<'_, str>]) -> Result<(), RecordsError> {
        self.done.records_read += 1;
        if let Err((field, code)) = self.rows.push(texts) {
            self.done.quarantine(file, line, field, code);
        }
        if self.rows.rows >= BATCH_ROWS {
            let path = self.desk.files.get(file).map_or(Path::new(""), |path| path.as_path());
            self.write(path)?;
        }
        Ok(())
    }

    fn refuse(&mut self, file: usize, line: u64, code: &'static str) {
        self.done.records_read += 1;
        self.done.quarantine(file, line, "", code);
    }
}

impl TableOut<'_> {
    fn write(&mut self, path: &Path) -> Result<(), RecordsError> {
        self.desk.watch()?;
        if self.rows.rows == 0 {
            return Ok(());
        }
        let batch = self.rows.take().map_err(|e| RecordsError::columns(path, &e))?;
        let part = match &mut self.part {
            Some(part) => part,
            None => self.part.insert(self.desk.part(self.table, &self.task.name)?),
        };
        part.write(&batch, self.seen.as_mut())
    }
}
