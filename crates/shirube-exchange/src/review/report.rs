//! What an import of budget review sheets did.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;

use serde::Serialize;
use serde_json::json;
use shirube_model::lang::Lang;
use shirube_model::refusal::{Refusal, text_with};
use shirube_store::Store;

use super::sheet::Sheet;
use super::{RefusedSheet, ReviewOptions, Sheets};
use crate::error::ExchangeError;
use crate::private;

/// Counts of one import. `created + versions + unchanged + quarantined` is the
/// number of sheets.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct ReviewReport {
    /// Sheets of the input.
    pub sheets: u64,
    /// Sheets that began a programme.
    pub created: u64,
    /// Sheets that made a further version of a programme.
    pub versions: u64,
    /// Sheets that were on record as they are.
    pub unchanged: u64,
    /// Sheets that were refused.
    pub quarantined: u64,
    /// Refused sheets by code.
    pub refusals: BTreeMap<String, u64>,
    /// New sheets by the rule that found their programme.
    pub matched: BTreeMap<&'static str, u64>,
    /// Payments recorded.
    pub payments_recorded: u64,
    /// Payments that were on record.
    pub payments_unchanged: u64,
    /// Payments refused, by code.
    pub payments_refused: BTreeMap<String, u64>,
    /// Payments with a valid 法人番号, without one, and with one that is none.
    pub corporate_numbers: [u64; 3],
    /// Where the refused sheets are.
    pub quarantine: Option<PathBuf>,
}

impl ReviewReport {
    pub(super) fn begin(sheets: &Sheets) -> Self {
        let count = sheets.read.len() + sheets.refused.len();
        Self { sheets: count as u64, ..Self::default() }
    }

    pub(super) fn sheet_notes(&mut self, sheet: &Sheet) {
        let [valid, missing, invalid] = &mut self.corporate_numbers;
        for payment in &sheet.payments {
            match (&payment.corporate_number, &payment.corporate_number_printed) {
                (Some(_), _) => *valid += 1,
                (None, None) => *missing += 1,
                (None, Some(_)) => *invalid += 1,
            }
        }
    }

    pub(super) fn payment_refused(&mut self, refusals: &[Refusal]) {
        for refusal in refusals.iter().take(1) {
            *self.payments_refused.entry(refusal.code.to_owned()).or_default() += 1;
        }
    }

    /// Writes the quarantine and closes the counts.
    pub(super) fn close(
        mut self,
        mut refused: Vec<RefusedSheet>,
        store: &Store,
        options: &ReviewOptions,
    ) -> Result<Self, ExchangeError> {
        refused.sort_by(|a, b| a.path.cmp(&b.path));
        self.quarantined = refused.len() as u64;
        for sheet in &refused {
            for refusal in sheet.refusals.iter().take(1) {
                *self.refusals.entry(refusal.code.to_owned()).or_default() += 1;
            }
        }
        if refused.is_empty() {
            return Ok(self);
        }
        let root = options.quarantine.clone().unwrap_or_else(|| store.dir().join("quarantine"));
        let time = chrono::Utc::now().format("%Y%m%dT%H%M%S%.6fZ");
        let directory = root.join(format!("{time}-review-sheets"));
        let write = || -> std::io::Result<()> {
            private::create_dir(&directory)?;
            let mut file = private::open_or_create(&directory.join("sheets.ndjson"))?;
            for sheet in &refused {
                file.write_all(format!("{}\n", entry(sheet)).as_bytes())?;
            }
            file.sync_data()
        };
        write().map_err(|error| {
            ExchangeError::io("import.quarantine.unwritable", &directory, &error)
        })?;
        self.quarantine = Some(directory);
        Ok(self)
    }

    /// The report for people.
    #[must_use]
    pub fn lines(&self, lang: Lang) -> Vec<String> {
        let say = |key: &'static str, n: u64| text_with(lang, key, &[("n", n.to_string())]);
        let mut lines = vec![
            say("import.report.review-sheets", self.sheets),
            say("import.report.review-created", self.created),
            say("import.report.review-versions", self.versions),
            say("import.report.review-unchanged", self.unchanged),
            say("import.report.review-quarantined", self.quarantined),
        ];
        lines.extend(self.refusals.iter().map(|(code, n)| format!("  {code}: {n}")));
        lines.push(say("import.report.review-payments", self.payments_recorded));
        let [valid, missing, invalid] = self.corporate_numbers;
        lines.push(text_with(
            lang,
            "import.report.review-numbers",
            &[
                ("valid", valid.to_string()),
                ("missing", missing.to_string()),
                ("invalid", invalid.to_string()),
            ],
        ));
        if let Some(directory) = &self.quarantine {
            let directory = directory.display().to_string();
            lines.push(text_with(lang, "import.report.quarantine", &[("directory", directory)]));
        }
        lines
    }
}

/// A refused sheet with its reasons in both languages.
fn entry(sheet: &RefusedSheet) -> serde_json::Value {
    let reasons: Vec<_> = sheet
        .refusals
        .iter()
        .map(|refusal| {
            let both = |text: &dyn Fn(Lang) -> String| {
                json!({ "ja": text(Lang::Ja), "en": text(Lang::En) })
            };
            json!({
                "code": refusal.code,
                "field": refusal.place.field,
                "message": both(&|lang| refusal.message(lang)),
                "remedy": both(&|lang| refusal.remedy(lang)),
            })
        })
        .collect();
    json!({ "path": sheet.path, "refusals": reasons, "raw": sheet.text })
}
