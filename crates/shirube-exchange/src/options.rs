//! How an import is asked for.

use std::path::PathBuf;

use sha2::{Digest, Sha256};
use shirube_model::lang::Lang;
use shirube_model::refusal::Refusal;
use shirube_model::registers;
use shirube_model::schema::KindSchema;

use crate::bind::Binding;
use crate::codes::nearest_name;
use crate::decode::Encoding;
use crate::input::InputFacts;
use crate::limits::Limits;
use crate::mapping::Mapping;
use crate::rows::Format;

/// Rows written in one transaction.
const BATCH_ROWS: usize = 2_000;

/// Whether an import writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// Write, from the first row on. Rows written before change nothing again.
    #[default]
    Write,
    /// Write, and go on where an interrupted run of the same input stopped; from
    /// the first row on where there is no such run. Rows of the batch that was
    /// cut off count as unchanged where they had been written already.
    Resume,
    /// Check everything and write nothing, to the store or to its quarantine.
    DryRun,
}

/// How to import.
#[derive(Debug, Clone)]
pub struct ImportOptions {
    /// Register kind; may be left to the mapping.
    pub kind: Option<String>,
    /// System that the source keys belong to; goes before the mapping's.
    pub source: Option<String>,
    /// Which column feeds which field; without it columns are named like fields.
    pub mapping: Option<Mapping>,
    /// Outer form; found from the first character where not given.
    pub format: Option<Format>,
    /// Encoding; found from the bytes where not given.
    pub encoding: Option<Encoding>,
    /// Separator of columns, `,` where neither this nor the mapping names one.
    pub delimiter: Option<u8>,
    /// Who imports.
    pub actor: String,
    /// Why, for rows that give no reason of their own.
    pub reason: String,
    /// Whether to write.
    pub mode: Mode,
    /// Language of the reasons in the file to be mended.
    pub lang: Lang,
    /// Rows written in one transaction.
    pub batch_rows: usize,
    /// Limits of the input.
    pub limits: Limits,
    /// Directory that holds the quarantines; `quarantine` in the store where not
    /// given.
    pub quarantine: Option<PathBuf>,
}

impl ImportOptions {
    /// Imports as `actor`, for `reason`. Kind and source are left to the mapping.
    pub fn new(actor: impl Into<String>, reason: impl Into<String>) -> Self {
        Self {
            kind: None,
            source: None,
            mapping: None,
            format: None,
            encoding: None,
            delimiter: None,
            actor: actor.into(),
            reason: reason.into(),
            mode: Mode::Write,
            lang: Lang::Ja,
            batch_rows: BATCH_ROWS,
            limits: Limits::default(),
            quarantine: None,
        }
    }

    pub(crate) fn schema(&self) -> Result<&'static KindSchema, Refusal> {
        let named = self.mapping.as_ref().and_then(|mapping| mapping.kind.as_ref());
        let Some(name) = self.kind.as_ref().or(named) else {
            return Err(Refusal::new("import.kind.missing"));
        };
        registers::kind(name).ok_or_else(|| {
            let kinds = registers::KINDS.iter().map(|schema| schema.kind);
            Refusal::new("import.kind.unknown")
                .arg("kind", name)
                .arg("nearest", nearest_name(name, kinds).unwrap_or_default())
        })
    }

    pub(crate) fn delimiter(&self) -> u8 {
        let mapped = self.mapping.as_ref().and_then(|mapping| mapping.delimiter);
        self.delimiter.or(mapped).unwrap_or(b',')
    }

    /// The ledger refuses these at every row; once is enough.
    pub(crate) fn check_who_and_why(&self) -> Result<(), Refusal> {
        if self.actor.trim().is_empty() {
            return Err(Refusal::new("store.actor-blank"));
        }
        if self.reason.trim().is_empty() {
            return Err(Refusal::new("store.reason-blank"));
        }
        Ok(())
    }
}

/// Stands for what is imported and how it is read: the input, the mapping, the
/// kind and the system.
pub(crate) fn digest_of(binding: &Binding, options: &ImportOptions, facts: &InputFacts) -> String {
    let mut hasher = Sha256::new();
    let mapping = options.mapping.as_ref().map_or("", |mapping| mapping.digest.as_str());
    let system = binding.system.as_deref().unwrap_or_default();
    let form = [facts.encoding.label(), if facts.format == Format::Csv { "csv" } else { "json" }];
    let delimiter = [options.delimiter()];
    for part in [binding.schema.kind, system, mapping, &facts.sha256, form[0], form[1]] {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.update(delimiter);
    hex::encode(hasher.finalize()).chars().take(12).collect()
}
