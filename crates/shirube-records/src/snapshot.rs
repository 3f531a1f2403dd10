//! Snapshots: immutable folders of Parquet files with a manifest.
//!
//! The folder is named by the SHA-256 of its manifest, and the manifest holds
//! the SHA-256 of every file. A snapshot is there as a whole or not at all: it
//! is built elsewhere and moved into place when all of it is on the disk.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use shirube_model::refusal::Refusal;

use crate::error::RecordsError;
use crate::input::Opened;

/// File of the manifest in a snapshot.
pub(crate) const MANIFEST: &str = "manifest.json";

/// One file of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Table.
    pub table: String,
    /// Path inside the snapshot.
    pub file: String,
    /// Rows.
    pub rows: u64,
    /// Size.
    pub bytes: u64,
    /// SHA-256 in hexadecimal.
    pub sha256: String,
}

/// One input file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceFile {
    /// Name; left out where identities are pseudonyms, since file names of
    /// patient data carry patients' names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Size.
    pub bytes: u64,
    /// SHA-256 in hexadecimal.
    pub sha256: String,
}

/// How often a code without a standard concept occurs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnmappedCode {
    /// Table.
    pub table: String,
    /// Column of the source value.
    pub column: String,
    /// The code; empty for codes beyond those listed by name.
    pub code: String,
    /// Rows.
    pub rows: u64,
}

/// What a snapshot holds and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Format of the manifest.
    pub format: u32,
    /// Version of the Common Data Model.
    pub cdm_version: String,
    /// Data set.
    pub data_set: String,
    /// Fingerprint of the pseudonym key; absent when identifiers stay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_fingerprint: Option<String>,
    /// Largest shift of dates in days.
    pub shift_days_max: u32,
    /// SHA-256 of the mapping; absent for OMOP sources.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mapping_sha256: Option<String>,
    /// Input files in the order of reading.
    pub sources: Vec<SourceFile>,
    /// Input files that belong to no table of the model, by their number from 1.
    pub left_out: Vec<usize>,
    /// Input records or rows read.
    pub records_read: u64,
    /// Rows by table, tables without rows included.
    pub rows: BTreeMap<String, u64>,
    /// Files.
    pub parts: Vec<Part>,
    /// Rows of `quarantine.csv` by code.
    pub quarantined: BTreeMap<String, u64>,
    /// Rows left out because their key was there before, by table.
    pub repeated: BTreeMap<String, u64>,
    /// Codes without a standard concept, by table and column.
    pub unmapped: BTreeMap<String, u64>,
    /// SHA-256 of the other files by path.
    pub other_files: BTreeMap<String, String>,
}

/// A snapshot in place.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// SHA-256 of the manifest; the folder's name.
    pub id: String,
    /// Its folder.
    pub folder: PathBuf,
    /// Its manifest.
    pub manifest: Manifest,
}

impl Snapshot {
    /// Opens a snapshot and checks its manifest against its name.
    ///
    /// # Errors
    /// When it is not there, or the manifest was changed.
    pub fn open(store: &Path, id: &str) -> Result<Self, RecordsError> {
        let damaged = |file: &Path| {
            RecordsError::from(
                Refusal::new("records.snapshot.damaged").file(file.display().to_string()),
            )
        };
        let folder = store.join("snapshots").join(id);
        let path = folder.join(MANIFEST);
        let bytes = fs::read(&path).map_err(|error| RecordsError::io(&path, &error))?;
        if hex::encode(Sha256::digest(&bytes)) != id {
            return Err(damaged(&path));
        }
        let manifest = serde_json::from_slice(&bytes).map_err(|_| damaged(&path))?;
        Ok(Self { id: id.to_owned(), folder, manifest })
    }

    /// Every snapshot in a store, by name.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn list(store: &Path) -> Result<Vec<String>, RecordsError> {
        let folder = store.join("snapshots");
        if !folder.exists() {
            return Ok(Vec::new());
        }
        let mut names = Vec::new();
        for entry in fs::read_dir(&folder).map_err(|error| RecordsError::io(&folder, &error))? {
            let entry = entry.map_err(|error| RecordsError::io(&folder, &error))?;
            names.extend(entry.file_name().to_str().map(str::to_owned));
        }
        names.sort();
        Ok(names)
    }

    /// The files of one table, each checked against its hash before it is
    /// handed out.
    ///
    /// # Errors
    /// When a file is missing or is not the one that was written.
    pub fn table(&self, table: &str) -> Result<Vec<PathBuf>, RecordsError> {
        let parts = self.manifest.parts.iter().filter(|part| part.table == table);
        parts.map(|part| self.checked(&part.file, &part.sha256)).collect()
    }

    /// Checks every file, and that no file is there that the manifest does not name.
    ///
    /// # Errors
    /// The first file that is missing, changed or too many.
    pub fn verify(&self) -> Result<(), RecordsError> {
        let parts = self.manifest.parts.iter().map(|part| (&part.file, &part.sha256));
        let mut known: BTreeSet<String> = BTreeSet::from([MANIFEST.to_owned()]);
        for (file, sha256) in parts.chain(&self.manifest.other_files) {
            self.checked(file, sha256)?;
            known.insert(file.clone());
        }
        for file in files_below(&self.folder)? {
            let relative = file.strip_prefix(&self.folder).unwrap_or(&file);
            if !known.contains(&relative.to_string_lossy().into_owned()) {
                let place = file.display().to_string();
                return Err(Refusal::new("records.snapshot.strange-file").file(place).into());
            }
        }
        Ok(())
    }

    fn checked(&self, file: &str, sha256: &str) -> Result<PathBuf, RecordsError> {
        let path = self.folder.join(file);
        let (_, found) = Opened::digest(&path)?;
        if found != sha256 {
            let place = path.display().to_string();
            return Err(Refusal::new("records.snapshot.damaged").file(place).into());
        }
        Ok(path)
    }
}

/// Every file below a folder, sorted.
pub(crate) fn files_below(folder: &Path) -> Result<Vec<PathBuf>, RecordsError> {
    let mut out = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).map_err(|error| RecordsError::io(&folder, &error))? {
            let entry = entry.map_err(|error| RecordsError::io(&folder, &error))?;
            let kind = entry.file_type().map_err(|error| RecordsError::io(&folder, &error))?;
            if kind.is_dir() {
                folders.push(entry.path());
            } else {
                out.push(entry.path());
            }
        }
    }
    out.sort();
    Ok(out)
}

/// Writes a small file so that it is there whole or not at all.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), RecordsError> {
    let fault = |error: std::io::Error| RecordsError::io(path, &error);
    let beside = path.with_extension("new");
    let mut file = File::create(&beside).map_err(fault)?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(fault)?;
    fs::rename(&beside, path).map_err(fault)?;
    sync_folder(path.parent().unwrap_or(path))
}

/// Waits until a folder's list of files is on the disk.
pub(crate) fn sync_folder(folder: &Path) -> Result<(), RecordsError> {
    let synced = File::open(folder).and_then(|folder| folder.sync_all());
    synced.map_err(|error| RecordsError::io(folder, &error))
}
