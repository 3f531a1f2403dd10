//! The persons of a ledger, numbered from zero.
//!
//! A person's number in a data set is a keyed pseudonym of 63 bits, so a set of
//! persons is a list of as many long numbers. The ledger gives every person a
//! short number for good, in the order in which snapshots name them: sets of
//! persons become bitmaps, and rows that stand in the order of the person table
//! are counted in one walk.
//!
//! One file for each snapshot in `persons/`, with the numbers that are new.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use foldhash::fast::RandomState;
use sha2::{Digest, Sha256};
use shirube_model::refusal::Refusal;
use shirube_records::{CdmTable, Snapshot, tables};

use crate::error::QueryError;
use crate::ledger::{sync_folder_of, write_synced};
use crate::runs::NOBODY;
use crate::source::{damaged, reader, whole};

/// Persons in the order of their short numbers.
#[derive(Default)]
pub(crate) struct People {
    numbers: Vec<i64>,
    index: HashMap<i64, u32, RandomState>,
    /// Digests of the files so far, after each of them.
    digests: Vec<String>,
}

impl std::fmt::Debug for People {
    /// How many, and not who.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("People").field("persons", &self.numbers.len()).finish_non_exhaustive()
    }
}

impl People {
    /// Everybody a snapshot names, kept nowhere.
    ///
    /// # Errors
    /// When a file of the snapshot is missing or damaged.
    pub(crate) fn of(snapshot: &Snapshot) -> Result<Self, QueryError> {
        let mut people = Self::default();
        people.name(snapshot)?;
        Ok(people)
    }

    /// Reads what a ledger's folder has, without adding to it.
    ///
    /// # Errors
    /// `query.ledger.failed`; `query.ledger.broken` for a file that is no list.
    pub(crate) fn read(folder: &Path) -> Result<Self, QueryError> {
        Self::listed(&files(folder)?)
    }

    fn listed(files: &[PathBuf]) -> Result<Self, QueryError> {
        let mut people = Self::default();
        for path in files {
            let bytes = fs::read(path).map_err(|e| QueryError::ledger_file(path, &e))?;
            people.take(&bytes)?;
        }
        Ok(people)
    }

    /// Reads what a ledger's folder has and adds whom a snapshot names. The
    /// caller holds the ledger's lock.
    ///
    /// # Errors
    /// As for [`Self::read`] and [`Self::of`].
    pub(crate) fn open(folder: &Path, snapshot: &Snapshot) -> Result<Self, QueryError> {
        let known = files(folder)?;
        let mut people = Self::listed(&known)?;
        let ending = format!("-{}.bin", snapshot.id);
        if known.iter().any(|path| path.to_string_lossy().ends_with(&ending)) {
            return Ok(people);
        }
        let before = people.numbers.len();
        people.name(snapshot)?;
        let new = people.numbers.get(before..).unwrap_or_default();
        let bytes: Vec<u8> = new.iter().flat_map(|n| n.to_le_bytes()).collect();
        people.digest(&bytes);
        let place = persons(folder);
        write_whole(&place.join(format!("{:06}{ending}", known.len() + 1)), &bytes)?;
        Ok(people)
    }

    /// Adds the persons of a snapshot, those of the person table first.
    fn name(&mut self, snapshot: &Snapshot) -> Result<(), QueryError> {
        let with_person = || tables().iter().filter_map(|t| Some((t, t.person()?)));
        let first = with_person().filter(|(t, _)| t.name == "person");
        let others = with_person().filter(|(t, _)| t.name != "person");
        for (table, column) in first.chain(others) {
            self.name_in(snapshot, table, column)?;
        }
        Ok(())
    }

    fn name_in(
        &mut self,
        snapshot: &Snapshot,
        table: &CdmTable,
        column: usize,
    ) -> Result<(), QueryError> {
        let Some(name) = table.columns.get(column).map(|c| c.name.as_str()) else { return Ok(()) };
        for path in snapshot.table(&table.name)? {
            let mut last = None;
            for batch in reader(&path, &[name]).map_err(|_| damaged())? {
                let batch = batch.map_err(|_| damaged())?;
                for number in whole(&batch, name).ok_or_else(damaged)?.iter().flatten() {
                    // Rows of a person mostly follow each other.
                    if last != Some(number) {
                        self.add(number)?;
                        last = Some(number);
                    }
                }
            }
        }
        Ok(())
    }

    fn add(&mut self, number: i64) -> Result<(), QueryError> {
        let next = u32::try_from(self.numbers.len())
            .ok()
            .filter(|next| *next < NOBODY)
            .ok_or_else(|| Refusal::new("query.value.range"))?;
        if let std::collections::hash_map::Entry::Vacant(place) = self.index.entry(number) {
            place.insert(next);
            self.numbers.push(number);
        }
        Ok(())
    }

    fn take(&mut self, bytes: &[u8]) -> Result<(), QueryError> {
        let (numbers, rest) = bytes.as_chunks::<8>();
        let before = self.numbers.len();
        for number in numbers {
            self.add(i64::from_le_bytes(*number))?;
        }
        if !rest.is_empty() || self.numbers.len() - before != numbers.len() {
            return Err(Refusal::new("query.ledger.broken").arg("number", 0).into());
        }
        self.digest(bytes);
        Ok(())
    }

    fn digest(&mut self, bytes: &[u8]) {
        let mut hash = Sha256::new();
        hash.update(self.digests.last().map_or("", String::as_str));
        hash.update(Sha256::digest(bytes));
        self.digests.push(hex::encode(hash.finalize()));
    }

    /// Digest over all persons, which an entry of the ledger names.
    pub(crate) fn seal(&self) -> &str {
        self.digests.last().map_or("", String::as_str)
    }

    /// Whether an entry names these persons, or the first of them.
    pub(crate) fn sealed(&self, digest: &str) -> bool {
        self.digests.iter().any(|d| d == digest)
    }

    /// Short number of a person.
    pub(crate) fn index(&self, number: i64) -> Option<u32> {
        self.index.get(&number).copied()
    }

    /// Number in the data set of a person.
    pub(crate) fn number(&self, index: u32) -> Option<i64> {
        self.numbers.get(index as usize).copied()
    }

    pub(crate) fn len(&self) -> usize {
        self.numbers.len()
    }
}

fn persons(folder: &Path) -> PathBuf {
    folder.join("persons")
}

/// The lists in the order in which they were written.
fn files(folder: &Path) -> Result<Vec<PathBuf>, QueryError> {
    let place = persons(folder);
    let fault = |e: std::io::Error| QueryError::ledger_file(&place, &e);
    fs::create_dir_all(&place).map_err(fault)?;
    let mut out = Vec::new();
    for entry in fs::read_dir(&place).map_err(fault)? {
        let path = entry.map_err(fault)?.path();
        if path.extension().is_some_and(|e| e == "bin") {
            out.push(path);
        }
    }
    out.sort();
    Ok(out)
}

/// Writes a file so that it is there whole or not at all.
fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), QueryError> {
    let beside = path.with_extension("new");
    write_synced(&beside, bytes)?;
    fs::rename(&beside, path).map_err(|e| QueryError::ledger_file(path, &e))?;
    sync_folder_of(path)
}
