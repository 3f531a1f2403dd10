//! What an import did, in numbers and in words.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use shirube_model::lang::Lang;
use shirube_model::refusal::{Refusal, text_with};

use crate::input::InputFacts;

/// Refused rows that a report shows; the others are in the quarantine.
pub const SAMPLES: usize = 20;

/// Numbers of an import. `rows` is the sum of the numbers of rows after it,
/// `blank` apart.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counts {
    /// Rows read, blank ones aside.
    pub rows: u64,
    /// Rows that made a new record.
    pub created: u64,
    /// Rows that changed field values.
    pub corrected: u64,
    /// Rows that withdrew, restored or marked a record, or took a step of its
    /// state machine.
    pub stepped: u64,
    /// Rows whose record already stood as asked.
    pub unchanged: u64,
    /// Rows equal to an earlier row of the file.
    pub repeated: u64,
    /// Rows in the quarantine.
    pub quarantined: u64,
    /// Rows without any value, passed over.
    pub blank: u64,
    /// Rows in the quarantine by code; a row may have several.
    pub refusals: BTreeMap<String, u64>,
    /// New records whose exported state or standing was not the one a new record
    /// starts with; it was not carried over.
    pub state_not_carried: u64,
}

/// What an import did, or in a dry run would do.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// Name of the run, which is its directory in the quarantine; none in a dry
    /// run.
    pub run: Option<String>,
    /// That directory.
    #[serde(skip)]
    pub quarantine: Option<PathBuf>,
    /// Register kind.
    pub kind: &'static str,
    /// The input.
    pub input: InputFacts,
    /// SHA-256 of the mapping file, hex.
    pub mapping_sha256: Option<String>,
    /// Whether nothing was written.
    pub dry_run: bool,
    /// The row after which an interrupted run was taken up again.
    pub resumed_after_row: Option<u64>,
    /// Numbers.
    #[serde(flatten)]
    pub counts: Counts,
    /// Columns that fed no field, in the order of the header.
    pub unmapped: Vec<String>,
    /// Required fields that no column feeds.
    pub unfed: Vec<String>,
    /// References to records that do not exist, by field; each record once.
    pub dangling: BTreeMap<String, u64>,
    /// Whether there were too many references to look at all of them.
    pub dangling_incomplete: bool,
    /// The first rows in the quarantine.
    #[serde(skip)]
    pub samples: Vec<Vec<Refusal>>,
}

impl Counts {
    pub(crate) fn quarantine(&mut self, refusals: &[Refusal]) {
        self.quarantined += 1;
        let mut codes: Vec<&str> = refusals.iter().map(|refusal| refusal.code).collect();
        codes.sort_unstable();
        codes.dedup();
        for code in codes {
            *self.refusals.entry(code.to_owned()).or_default() += 1;
        }
    }
}

impl Report {
    /// The report in words, for a terminal or a page.
    #[must_use]
    pub fn lines(&self, lang: Lang) -> Vec<String> {
        let say = |key: &str, args: &[(&'static str, String)]| text_with(lang, key, args);
        let number = |n: u64| ("count", n.to_string());
        let counts = &self.counts;
        let mut lines = Vec::new();
        if self.dry_run {
            lines.push(say("import.report.dry-run", &[]));
        }
        if let Some(row) = self.resumed_after_row {
            lines.push(say("import.report.resumed", &[("row", row.to_string())]));
        }
        for (key, n, always) in [
            ("import.report.rows", counts.rows, true),
            ("import.report.created", counts.created, true),
            ("import.report.corrected", counts.corrected, true),
            ("import.report.stepped", counts.stepped, false),
            ("import.report.unchanged", counts.unchanged, true),
            ("import.report.repeated", counts.repeated, false),
            ("import.report.quarantined", counts.quarantined, true),
            ("import.report.blank", counts.blank, false),
        ] {
            if always || n > 0 {
                lines.push(say(key, &[number(n)]));
            }
        }
        for (code, n) in &counts.refusals {
            lines.push(format!("  {code}: {n}"));
        }
        if !self.unmapped.is_empty() {
            lines.push(say("import.report.unmapped", &[("columns", self.unmapped.join(", "))]));
        }
        if !self.unfed.is_empty() {
            lines.push(say("import.report.unfed", &[("fields", self.unfed.join(", "))]));
        }
        for (field, n) in &self.dangling {
            lines.push(say("import.report.dangling", &[number(*n), ("field", field.clone())]));
        }
        if self.dangling_incomplete {
            lines.push(say("import.report.dangling-incomplete", &[]));
        }
        if counts.state_not_carried > 0 {
            lines.push(say("import.report.state-not-carried", &[number(counts.state_not_carried)]));
        }
        for refusal in self.samples.iter().flatten() {
            lines.push(format!("  {}", refusal.line_text(lang)));
        }
        if let (Some(directory), true) = (&self.quarantine, counts.quarantined > 0) {
            let directory = directory.display().to_string();
            lines.push(say("import.report.quarantine", &[("directory", directory)]));
        }
        lines
    }
}
