//! Everything that was released, in order, for good.
//!
//! A folder with `ledger.jsonl`, one entry a line, each with the hash of the one
//! before; `cells/N.bin` with the contributions behind entry `N`; and
//! `results/N.json` with what was handed out. The contributions are person-level
//! data: the folder belongs where the snapshots are.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use shirube_model::refusal::Refusal;

use crate::close::{Page, Piece, Role};
use crate::error::QueryError;
use crate::protect::Criterion;
use crate::released::Released;
use crate::vector::Vector;

/// Hash before the first entry.
const FIRST: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// What became of a query.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Released; digest of columns and rows.
    Released(String),
    /// Refused, with its code.
    Refused(String),
}

/// One query in the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Number, from 1.
    pub number: u64,
    /// Hash of the entry before.
    pub previous: String,
    /// Data set.
    pub data_set: String,
    /// Snapshot.
    pub snapshot: String,
    /// Digest of the excluded persons.
    pub exclusions: String,
    /// Permit under which it was asked.
    pub permit: String,
    /// The query in the parser's writing.
    pub sql: String,
    /// Hash of its plan.
    pub plan_hash: String,
    /// Policy.
    pub policy: String,
    /// Its version.
    pub policy_version: u32,
    /// What became of it.
    pub outcome: Outcome,
    /// Cells masked by each rule that was applied.
    pub criteria: BTreeMap<Criterion, u64>,
    /// Cells masked for earlier answers' sake, by their place in the answer.
    pub masked_for_others: Vec<usize>,
    /// SHA-256 of the contributions' file; empty when nothing was released.
    pub cells_sha256: String,
    /// SHA-256 of the result's file; empty when nothing was released.
    pub result_sha256: String,
    /// SHA-256 of the entry with this field empty.
    pub hash: String,
}

impl Entry {
    fn own_hash(&self) -> String {
        let bare = Self { hash: String::new(), ..self.clone() };
        hex::encode(Sha256::digest(serde_json::to_vec(&bare).unwrap_or_default()))
    }
}

/// What identifies a question: asked again, it gets the same answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Question<'q> {
    pub(crate) plan_hash: &'q str,
    pub(crate) snapshot: &'q str,
    pub(crate) exclusions: &'q str,
    pub(crate) policy: &'q str,
    pub(crate) policy_version: u32,
}

/// A ledger in a folder.
#[derive(Debug)]
pub struct Ledger {
    folder: PathBuf,
}

/// The ledger while nobody else writes to it.
pub(crate) struct Held<'l> {
    ledger: &'l Ledger,
    entries: Vec<Entry>,
    /// Released on drop.
    _lock: File,
}

impl Ledger {
    /// Opens a ledger, or begins one.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn open(folder: &Path) -> Result<Self, QueryError> {
        for place in [folder.to_owned(), folder.join("cells"), folder.join("results")] {
            fs::create_dir_all(&place).map_err(|e| QueryError::ledger_file(&place, &e))?;
        }
        Ok(Self { folder: folder.to_owned() })
    }

    /// Takes the ledger for one decision: what is compared is what is there when
    /// the entry is written.
    pub(crate) fn hold(&self) -> Result<Held<'_>, QueryError> {
        let path = self.folder.join("lock");
        let fault = |e: std::io::Error| QueryError::ledger_file(&path, &e);
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(fault)?;
        lock.lock().map_err(fault)?;
        let entries = self.entries()?;
        Ok(Held { ledger: self, entries, _lock: lock })
    }

    /// Every entry, the chain checked.
    ///
    /// # Errors
    /// `query.ledger.broken` with the number of the first entry that is not as
    /// it was written.
    pub fn entries(&self) -> Result<Vec<Entry>, QueryError> {
        let path = self.list();
        let mut text = String::new();
        match File::open(&path) {
            Ok(mut file) => {
                file.read_to_string(&mut text).map_err(|e| QueryError::ledger_file(&path, &e))?;
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(QueryError::ledger_file(&path, &error)),
        }
        // A line without its end was never acknowledged.
        let whole = text.rfind('\n').and_then(|end| text.get(..end)).unwrap_or_default();
        let mut entries: Vec<Entry> = Vec::new();
        for (number, line) in (1_u64..).zip(whole.lines()) {
            let previous = entries.last().map_or(FIRST, |entry: &Entry| &entry.hash);
            let entry = serde_json::from_str::<Entry>(line)
                .ok()
                .filter(|e| e.number == number && e.previous == previous && e.own_hash() == e.hash)
                .ok_or_else(|| broken(number))?;
            entries.push(entry);
        }
        Ok(entries)
    }

    /// Checks the chain and every file behind it; gives the number of entries.
    ///
    /// # Errors
    /// As for [`Self::entries`].
    pub fn verify(&self) -> Result<u64, QueryError> {
        let entries = self.entries()?;
        for entry in &entries {
            if matches!(entry.outcome, Outcome::Released(_)) {
                self.page(entry)?;
                self.result(entry)?;
            }
        }
        Ok(u64::try_from(entries.len()).unwrap_or(u64::MAX))
    }

    fn list(&self) -> PathBuf {
        self.folder.join("ledger.jsonl")
    }

    fn cells(&self, number: u64) -> PathBuf {
        self.folder.join("cells").join(format!("{number}.bin"))
    }

    fn results(&self, number: u64) -> PathBuf {
        self.folder.join("results").join(format!("{number}.json"))
    }

    /// What was handed out under an entry, once more.
    ///
    /// # Errors
    /// `query.reproduce.other` for an entry that released nothing,
    /// `query.ledger.broken` for a file that is not as it was written.
    pub fn released(&self, entry: &Entry) -> Result<Released, QueryError> {
        match entry.outcome {
            Outcome::Released(_) => self.result(entry),
            Outcome::Refused(_) => Err(Refusal::new("query.reproduce.other").into()),
        }
    }

    /// What was handed out under an entry.
    pub(crate) fn result(&self, entry: &Entry) -> Result<Released, QueryError> {
        let bytes = checked(&self.results(entry.number), &entry.result_sha256, entry.number)?;
        let released: Released =
            serde_json::from_slice(&bytes).map_err(|_| broken(entry.number))?;
        match &entry.outcome {
            Outcome::Released(digest) if *digest == released.digest() => Ok(released),
            _ => Err(broken(entry.number)),
        }
    }

    fn page(&self, entry: &Entry) -> Result<Page, QueryError> {
        let bytes = checked(&self.cells(entry.number), &entry.cells_sha256, entry.number)?;
        read_page(&mut bytes.as_slice()).map_err(|_| broken(entry.number))
    }
}

fn broken(number: u64) -> QueryError {
    Refusal::new("query.ledger.broken").arg("number", number).into()
}

fn checked(path: &Path, sha256: &str, number: u64) -> Result<Vec<u8>, QueryError> {
    let bytes = fs::read(path).map_err(|e| match e.kind() {
        std::io::ErrorKind::NotFound => broken(number),
        _ => QueryError::ledger_file(path, &e),
    })?;
    if hex::encode(Sha256::digest(&bytes)) == sha256 { Ok(bytes) } else { Err(broken(number)) }
}

/// Writes a file so that it is on the disk before the entry that names it.
fn write_synced(path: &Path, bytes: &[u8]) -> Result<String, QueryError> {
    let fault = |e: std::io::Error| QueryError::ledger_file(path, &e);
    let mut file = File::create(path).map_err(fault)?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(fault)?;
    if let Some(folder) = path.parent() {
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(fault)?;
    }
    Ok(hex::encode(Sha256::digest(bytes)))
}

impl Held<'_> {
    /// The earlier entry of the same question.
    pub(crate) fn answered(&self, question: &Question<'_>) -> Option<&Entry> {
        self.entries.iter().find(|e| {
            e.plan_hash == question.plan_hash
                && e.snapshot == question.snapshot
                && e.exclusions == question.exclusions
                && e.policy == question.policy
                && e.policy_version == question.policy_version
        })
    }

    /// Queries under a permit so far, refused ones included.
    pub(crate) fn asked(&self, permit: &str) -> u64 {
        let count = self.entries.iter().filter(|e| e.permit == permit).count();
        u64::try_from(count).unwrap_or(u64::MAX)
    }

    /// Number of the next entry.
    pub(crate) fn next(&self) -> u64 {
        u64::try_from(self.entries.len()).unwrap_or(u64::MAX).saturating_add(1)
    }

    /// Every released answer from a data set, of whatever snapshot.
    pub(crate) fn pages(&self, data_set: &str) -> Result<Vec<Page>, QueryError> {
        self.entries
            .iter()
            .filter(|e| e.data_set == data_set && matches!(e.outcome, Outcome::Released(_)))
            .map(|entry| self.ledger.page(entry))
            .collect()
    }

    /// Adds an entry; it is on the disk when this returns.
    pub(crate) fn add(
        self,
        mut entry: Entry,
        released: Option<(&Released, &Page)>,
    ) -> Result<Entry, QueryError> {
        entry.number = self.next();
        if let Some((released, page)) = released {
            let mut bytes = Vec::new();
            let path = self.ledger.cells(entry.number);
            write_page(page, &mut bytes).map_err(|e| QueryError::ledger_file(&path, &e))?;
            entry.cells_sha256 = write_synced(&path, &bytes)?;
            let text = serde_json::to_vec(released).unwrap_or_default();
            entry.result_sha256 = write_synced(&self.ledger.results(entry.number), &text)?;
        }
        entry.previous = self.entries.last().map_or(FIRST, |e| &e.hash).to_owned();
        entry.hash = entry.own_hash();
        self.append(&entry)?;
        Ok(entry)
    }

    fn append(&self, entry: &Entry) -> Result<(), QueryError> {
        let path = self.ledger.list();
        let fault = |e: std::io::Error| QueryError::ledger_file(&path, &e);
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(&path)
            .map_err(fault)?;
        // What a crash left behind the last whole line goes.
        let mut text = Vec::new();
        file.read_to_end(&mut text).map_err(fault)?;
        let end = text.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
        let end = u64::try_from(end).unwrap_or(u64::MAX);
        file.set_len(end).map_err(fault)?;
        std::io::Seek::seek(&mut file, std::io::SeekFrom::Start(end)).map_err(fault)?;
        let mut line = serde_json::to_vec(entry).unwrap_or_default();
        line.push(b'\n');
        file.write_all(&line).and_then(|()| file.sync_all()).map_err(fault)?;
        File::open(&self.ledger.folder).and_then(|f| f.sync_all()).map_err(fault)
    }
}

fn write_page(page: &Page, to: &mut Vec<u8>) -> std::io::Result<()> {
    let size = |n: usize| u64::try_from(n).unwrap_or(u64::MAX).to_le_bytes();
    to.write_all(&size(page.numbers.len()))?;
    for pieces in &page.numbers {
        to.write_all(&size(pieces.len()))?;
        for piece in pieces {
            to.write_all(&size(piece.cell))?;
            to.write_all(&[piece.role.letter()])?;
            to.write_all(&size(piece.describes.len()))?;
            to.write_all(piece.describes.as_bytes())?;
            piece.vector.write(to)?;
        }
    }
    Ok(())
}

fn read_page(from: &mut &[u8]) -> std::io::Result<Page> {
    fn size(from: &mut &[u8]) -> std::io::Result<usize> {
        let mut bytes = [0_u8; 8];
        from.read_exact(&mut bytes)?;
        usize::try_from(u64::from_le_bytes(bytes))
            .map_err(|_| std::io::ErrorKind::InvalidData.into())
    }
    let mut page = Page::default();
    for _ in 0..size(from)? {
        let mut pieces = Vec::new();
        for _ in 0..size(from)? {
            let cell = size(from)?;
            let mut letter = [0_u8; 1];
            from.read_exact(&mut letter)?;
            let invalid = || std::io::Error::from(std::io::ErrorKind::InvalidData);
            let role = Role::of(letter).ok_or_else(invalid)?;
            let length = size(from)?;
            let (text, rest) = from.split_at_checked(length).ok_or_else(invalid)?;
            let describes = String::from_utf8(text.to_vec()).map_err(|_| invalid())?;
            *from = rest;
            let vector = Vector::read(from)?;
            pieces.push(Piece { cell, role, describes, vector });
        }
        page.numbers.push(pieces);
    }
    if from.is_empty() { Ok(page) } else { Err(std::io::ErrorKind::InvalidData.into()) }
}
