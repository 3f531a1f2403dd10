//! Everything that was released, in order, for good.
//!
//! A folder with `ledger.jsonl`, one line an entry or a mark on an earlier one,
//! each with the hash of the one before; `cells/N.bin` with the contributions
//! behind entry `N`; `results/N.json` with what was handed out, `sealed/N.json`
//! with what waits or waited for reviewers; `verdicts/N.json` with the words of
//! mark `N`. The contributions are person-level data: the folder belongs where
//! the snapshots are.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use shirube_model::refusal::Refusal;
use shirube_records::Snapshot;

use crate::close::{Page, Piece, Role};
use crate::error::QueryError;
use crate::parallel;
use crate::people::People;
use crate::protect::Criterion;
use crate::released::Released;
use crate::review::{Asking, Decided, Review, Sealed};
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
    /// Sealed until two reviewers have answered; digest of columns and rows.
    Queued(String),
    /// Not run: two reviewers decide whether it may. Rows it may come to.
    Costly(u64),
}

impl Outcome {
    /// Digest of columns and rows of what went out or waits.
    #[must_use]
    pub fn digest(&self) -> Option<&str> {
        match self {
            Self::Released(digest) | Self::Queued(digest) => Some(digest),
            Self::Refused(_) | Self::Costly(_) => None,
        }
    }
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
    /// Account of the person who asked; empty in entries from before it was kept.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub asker: String,
    /// The moment; none in entries from before it was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<DateTime<Utc>>,
    /// The query in the parser's writing.
    pub sql: String,
    /// Hash of its plan.
    pub plan_hash: String,
    /// Policy.
    pub policy: String,
    /// Its version.
    pub policy_version: u32,
    /// Digest of the list that gives persons their short numbers.
    pub people: String,
    /// Rows the plan was estimated to come to before it ran.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub rows_estimate: u64,
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

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
fn is_zero(n: &u64) -> bool {
    *n == 0
}

impl Entry {
    fn own_hash(&self) -> String {
        let bare = Self { hash: String::new(), ..self.clone() };
        hex::encode(Sha256::digest(serde_json::to_vec(&bare).unwrap_or_default()))
    }
}

/// A line about an earlier entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Mark {
    /// Number in the chain.
    pub(crate) number: u64,
    /// Hash of the line before.
    pub(crate) previous: String,
    /// The entry it is about.
    pub(crate) entry: u64,
    /// Account.
    pub(crate) by: String,
    /// The moment.
    pub(crate) at: DateTime<Utc>,
    pub(crate) what: What,
    /// SHA-256 of the mark with this field empty.
    pub(crate) hash: String,
}

/// What a mark says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum What {
    /// Somebody else asked the same question while it waited.
    AskedToo {
        /// Permit.
        permit: String,
    },
    /// A reviewer answered.
    Verdict {
        /// SHA-256 of the file with the words.
        sha256: String,
        /// What both verdicts decide; with the second one only.
        decided: Option<Decided>,
    },
}

impl Mark {
    fn own_hash(&self) -> String {
        let bare = Self { hash: String::new(), ..self.clone() };
        hex::encode(Sha256::digest(serde_json::to_vec(&bare).unwrap_or_default()))
    }
}

/// Every line of a ledger, checked.
#[derive(Debug, Default)]
pub(crate) struct Chain {
    pub(crate) entries: Vec<Entry>,
    pub(crate) marks: Vec<Mark>,
    /// Lines so far.
    length: u64,
    /// Hash of the last line.
    last: String,
}

impl Chain {
    /// Takes the next line; `None` where it is not as it was written.
    fn take(&mut self, line: &str) -> Option<()> {
        let number = self.length.saturating_add(1);
        let fits = |n: u64, previous: &str, own: &str, hash: &str| {
            n == number && previous == self.last && own == hash
        };
        // A mark lacks what every entry has, and the other way round.
        let hash = if let Ok(entry) = serde_json::from_str::<Entry>(line) {
            if !fits(entry.number, &entry.previous, &entry.own_hash(), &entry.hash) {
                return None;
            }
            let hash = entry.hash.clone();
            self.entries.push(entry);
            hash
        } else {
            let mark = serde_json::from_str::<Mark>(line).ok()?;
            if !fits(mark.number, &mark.previous, &mark.own_hash(), &mark.hash) {
                return None;
            }
            let hash = mark.hash.clone();
            self.marks.push(mark);
            hash
        };
        self.length = number;
        self.last = hash;
        Some(())
    }

    /// Marks on an entry, oldest first.
    pub(crate) fn marks_of(&self, entry: u64) -> impl Iterator<Item = &Mark> {
        self.marks.iter().filter(move |m| m.entry == entry)
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
    chain: Chain,
    /// Released on drop.
    _lock: File,
}

impl Ledger {
    /// Opens a ledger, or begins one.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn open(folder: &Path) -> Result<Self, QueryError> {
        let parts = ["cells", "results", "sealed", "verdicts"].map(|name| folder.join(name));
        for place in std::iter::once(folder.to_owned()).chain(parts) {
            fs::create_dir_all(&place).map_err(|e| QueryError::ledger_file(&place, &e))?;
        }
        Ok(Self { folder: folder.to_owned() })
    }

    /// Takes the ledger for one decision: what is compared is what is there when
    /// the entry is written.
    pub(crate) fn hold(&self) -> Result<Held<'_>, QueryError> {
        let lock = self.lock()?;
        let chain = self.chain()?;
        Ok(Held { ledger: self, chain, _lock: lock })
    }

    /// The persons of the ledger, those of a snapshot among them.
    pub(crate) fn people(&self, snapshot: &Snapshot) -> Result<People, QueryError> {
        let _lock = self.lock()?;
        People::open(&self.folder, snapshot)
    }

    /// The persons of the ledger.
    pub(crate) fn everybody(&self) -> Result<People, QueryError> {
        People::read(&self.folder)
    }

    fn lock(&self) -> Result<File, QueryError> {
        let path = self.folder.join("lock");
        let fault = |e: std::io::Error| QueryError::ledger_file(&path, &e);
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(fault)?;
        lock.lock().map_err(fault)?;
        Ok(lock)
    }

    /// Every entry, the chain checked.
    ///
    /// # Errors
    /// `query.ledger.broken` with the number of the first line that is not as it
    /// was written.
    pub fn entries(&self) -> Result<Vec<Entry>, QueryError> {
        Ok(self.chain()?.entries)
    }

    /// Every line, checked.
    pub(crate) fn chain(&self) -> Result<Chain, QueryError> {
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
        let mut chain = Chain { last: FIRST.to_owned(), ..Chain::default() };
        for (number, line) in (1_u64..).zip(whole.lines()) {
            chain.take(line).ok_or_else(|| broken(number))?;
        }
        Ok(chain)
    }

    /// Checks the chain and every file behind it; gives the number of entries.
    ///
    /// # Errors
    /// As for [`Self::entries`].
    pub fn verify(&self) -> Result<u64, QueryError> {
        let chain = self.chain()?;
        let people = self.everybody()?;
        if let Some(entry) = chain.entries.iter().find(|e| !people.sealed(&e.people)) {
            return Err(broken(entry.number));
        }
        for entry in chain.entries.iter().filter(|e| e.outcome.digest().is_some()) {
            self.page(entry)?;
            self.result(entry)?;
        }
        for mark in &chain.marks {
            if matches!(mark.what, What::Verdict { .. }) {
                self.sealed(mark)?;
            }
        }
        Ok(u64::try_from(chain.entries.len()).unwrap_or(u64::MAX))
    }

    fn list(&self) -> PathBuf {
        self.folder.join("ledger.jsonl")
    }

    fn cells(&self, number: u64) -> PathBuf {
        self.folder.join("cells").join(format!("{number}.bin"))
    }

    /// Where the answer of an entry lies.
    fn answer(&self, entry: &Entry) -> PathBuf {
        let folder = match entry.outcome {
            Outcome::Queued(_) => "sealed",
            _ => "results",
        };
        self.folder.join(folder).join(format!("{}.json", entry.number))
    }

    fn words(&self, number: u64) -> PathBuf {
        self.folder.join("verdicts").join(format!("{number}.json"))
    }

    /// The protected answer of an entry, whoever may see it.
    pub(crate) fn result(&self, entry: &Entry) -> Result<Released, QueryError> {
        let bytes = checked(&self.answer(entry), &entry.result_sha256, entry.number)?;
        let released: Released =
            serde_json::from_slice(&bytes).map_err(|_| broken(entry.number))?;
        match entry.outcome.digest() {
            Some(digest) if digest == released.digest() => Ok(released),
            _ => Err(broken(entry.number)),
        }
    }

    /// The words of a verdict, whoever may see them.
    pub(crate) fn sealed(&self, mark: &Mark) -> Result<Sealed, QueryError> {
        let What::Verdict { sha256, .. } = &mark.what else { return Err(broken(mark.number)) };
        let bytes = checked(&self.words(mark.number), sha256, mark.number)?;
        serde_json::from_slice(&bytes).map_err(|_| broken(mark.number))
    }

    pub(crate) fn page(&self, entry: &Entry) -> Result<Page, QueryError> {
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
pub(crate) fn write_synced(path: &Path, bytes: &[u8]) -> Result<String, QueryError> {
    let fault = |e: std::io::Error| QueryError::ledger_file(path, &e);
    let mut file = File::create(path).map_err(fault)?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(fault)?;
    sync_folder_of(path)?;
    Ok(hex::encode(Sha256::digest(bytes)))
}

/// Waits until the list of files around a file is on the disk.
pub(crate) fn sync_folder_of(path: &Path) -> Result<(), QueryError> {
    let Some(folder) = path.parent() else { return Ok(()) };
    let synced = File::open(folder).and_then(|folder| folder.sync_all());
    synced.map_err(|e| QueryError::ledger_file(path, &e))
}

impl Held<'_> {
    pub(crate) fn chain(&self) -> &Chain {
        &self.chain
    }

    /// The last entry of the same question.
    pub(crate) fn answered(&self, question: &Question<'_>) -> Option<&Entry> {
        self.chain.entries.iter().rev().find(|e| {
            e.plan_hash == question.plan_hash
                && e.snapshot == question.snapshot
                && e.exclusions == question.exclusions
                && e.policy == question.policy
                && e.policy_version == question.policy_version
        })
    }

    /// Queries under a permit so far, refused ones included.
    pub(crate) fn asked(&self, permit: &str) -> u64 {
        let count = self.chain.entries.iter().filter(|e| e.permit == permit).count();
        u64::try_from(count).unwrap_or(u64::MAX)
    }

    /// Number of the next line.
    pub(crate) fn next(&self) -> u64 {
        self.chain.length.saturating_add(1)
    }

    /// Every answer from a data set that went out or may, of whatever snapshot.
    pub(crate) fn pages(&self, data_set: &str) -> Result<Vec<Page>, QueryError> {
        let entries = self.chain.entries.iter();
        entries
            .filter(|e| e.data_set == data_set && self.chain.counts(e))
            .map(|entry| self.ledger.page(entry))
            .collect()
    }

    /// Adds an entry; it is on the disk when this returns.
    pub(crate) fn add(
        self,
        mut entry: Entry,
        answer: Option<(&Released, &Page)>,
    ) -> Result<Entry, QueryError> {
        entry.number = self.next();
        if let Some((released, page)) = answer {
            let mut bytes = Vec::new();
            let path = self.ledger.cells(entry.number);
            write_page(page, &mut bytes).map_err(|e| QueryError::ledger_file(&path, &e))?;
            entry.cells_sha256 = write_synced(&path, &bytes)?;
            let text = serde_json::to_vec(released).unwrap_or_default();
            entry.result_sha256 = write_synced(&self.ledger.answer(&entry), &text)?;
        }
        entry.previous.clone_from(&self.chain.last);
        entry.hash = entry.own_hash();
        self.append(&entry)?;
        Ok(entry)
    }

    /// Adds a reviewer's verdict on an entry, and what it decides.
    pub(crate) fn verdict(
        self,
        entry: u64,
        review: &Review<'_>,
        decided: Option<Decided>,
    ) -> Result<(), QueryError> {
        let mut salt = [0_u8; 16];
        getrandom::fill(&mut salt).map_err(|_| QueryError::engine("random"))?;
        let sealed = Sealed {
            verdict: review.verdict,
            reason: review.reason.trim().to_owned(),
            salt: hex::encode(salt),
        };
        let text = serde_json::to_vec(&sealed).unwrap_or_default();
        let sha256 = write_synced(&self.ledger.words(self.next()), &text)?;
        let what = What::Verdict { sha256, decided };
        self.mark(entry, review.reviewer.trim(), review.at, what)
    }

    /// Notes that somebody else asked a question that waits.
    pub(crate) fn asked_too(self, entry: u64, by: &Asking<'_>) -> Result<(), QueryError> {
        let what = What::AskedToo { permit: by.permit.to_owned() };
        self.mark(entry, by.asker.trim(), by.at, what)
    }

    fn mark(self, entry: u64, by: &str, at: DateTime<Utc>, what: What) -> Result<(), QueryError> {
        let mut mark = Mark {
            number: self.next(),
            previous: self.chain.last.clone(),
            entry,
            by: by.to_owned(),
            at,
            what,
            hash: String::new(),
        };
        mark.hash = mark.own_hash();
        self.append(&mark)
    }

    fn append(&self, line: &impl Serialize) -> Result<(), QueryError> {
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
        let mut line = serde_json::to_vec(line).unwrap_or_default();
        line.push(b'\n');
        file.write_all(&line).and_then(|()| file.sync_all()).map_err(fault)?;
        File::open(&self.ledger.folder).and_then(|f| f.sync_all()).map_err(fault)
    }
}

fn write_page(page: &Page, to: &mut Vec<u8>) -> std::io::Result<()> {
    let size = |n: usize| u64::try_from(n).unwrap_or(u64::MAX).to_le_bytes();
    let pieces: Vec<&Piece> = page.numbers.iter().flatten().collect();
    let mut vectors = parallel::each(pieces.len(), |at| {
        let mut bytes = Vec::new();
        let written = pieces.get(at).map_or(Ok(()), |piece| piece.vector.write(&mut bytes));
        written.map(|()| bytes)
    })
    .into_iter();
    to.write_all(&size(page.numbers.len()))?;
    for pieces in &page.numbers {
        to.write_all(&size(pieces.len()))?;
        for (piece, vector) in pieces.iter().zip(&mut vectors) {
            to.write_all(&size(piece.cell))?;
            to.write_all(&[piece.role.letter()])?;
            to.write_all(&size(piece.describes.len()))?;
            to.write_all(piece.describes.as_bytes())?;
            to.write_all(&vector?)?;
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
