//! Which data sets of health records a server offers, as data.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use chrono::NaiveDate;
use serde::Deserialize;
use shirube_model::lang::LocalText;
use shirube_model::refusal::Refusal;
use shirube_query::Grant;

/// File of the data sets in a folder of health records.
pub const FILE: &str = "data_sets.toml";

/// Longest id of a data set or permit, in characters.
const ID_CHARS_MAX: usize = 64;
/// Largest file, in bytes.
pub(crate) const BYTES_MAX: u64 = 1 << 20;

/// A data set.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DataSet {
    /// Stable id, as in addresses; also the name under which snapshots of it
    /// were imported.
    pub id: String,
    pub title: LocalText,
    #[serde(default)]
    pub about: LocalText,
    /// Policy of the product by id, or a file of the folder.
    pub policy: String,
    /// The snapshot that is asked today.
    pub snapshot: String,
    /// Nobody in it is real.
    #[serde(default)]
    pub made_up: bool,
    /// File of the secret for cell keys, of the folder.
    #[serde(default)]
    pub secret_file: Option<PathBuf>,
    /// File of the persons who opted out, one number a line, of the folder.
    #[serde(default)]
    pub opt_out_file: Option<PathBuf>,
    /// Whether the registers of terms, notices and choices say whose records may
    /// be used, by a permit's purpose and recipient.
    #[serde(default)]
    pub choices: bool,
    /// Tables and columns that are offered; every one that identifies nobody
    /// where none is named.
    #[serde(default)]
    pub tables: BTreeMap<String, Vec<String>>,
    #[serde(default, rename = "permit")]
    pub permits: Vec<Permit>,
}

/// Who may ask a data set.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Permit {
    pub id: String,
    /// Sign-in names.
    pub accounts: Vec<String>,
    #[serde(default)]
    pub from: Option<NaiveDate>,
    /// The last day.
    #[serde(default)]
    pub until: Option<NaiveDate>,
    /// What the records are used for, as consent names it.
    #[serde(default)]
    pub purpose: String,
    /// Class of who uses them, as consent names it.
    #[serde(default)]
    pub recipient: String,
}

impl DataSet {
    /// The columns that may be asked for.
    pub(crate) fn grant(&self) -> Grant {
        if self.tables.is_empty() {
            return Grant::all();
        }
        self.tables.iter().fold(Grant::none(), |grant, (table, columns)| {
            grant.table(table, columns.iter().map(String::as_str))
        })
    }

    pub(crate) fn permit(&self, id: &str) -> Option<&Permit> {
        self.permits.iter().find(|permit| permit.id == id)
    }

    /// Permits that an account holds on a day.
    pub(crate) fn permits_of(&self, account: &str, day: NaiveDate) -> Vec<&Permit> {
        self.permits.iter().filter(|permit| permit.holds(account, day)).collect()
    }
}

impl Permit {
    fn holds(&self, account: &str, day: NaiveDate) -> bool {
        self.accounts.iter().any(|name| name == account)
            && self.from.is_none_or(|from| from <= day)
            && self.until.is_none_or(|until| day <= until)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    data_set: Vec<DataSet>,
}

/// Reads the text of the file.
///
/// # Errors
/// `health.config.*` with the line or the data set concerned.
pub(crate) fn read(text: &str) -> Result<Vec<DataSet>, Refusal> {
    let file: File = toml::from_str(text).map_err(|error| {
        let start = error.span().map_or(0, |span| span.start);
        let line = text.get(..start).map_or(1, |head| head.matches('\n').count() + 1);
        Refusal::new("health.config.unreadable").file(FILE).line(line as u64)
    })?;
    let mut seen = BTreeSet::new();
    for set in &file.data_set {
        let wrong = |code, id: &str| Err(Refusal::new(code).arg("id", id).file(FILE));
        if !is_id(&set.id) {
            return wrong("health.config.id", &set.id);
        }
        if !seen.insert(&set.id) {
            return wrong("health.config.twice", &set.id);
        }
        if set.snapshot.len() != 64 || !set.snapshot.bytes().all(|b| b.is_ascii_hexdigit()) {
            return wrong("health.config.snapshot", &set.id);
        }
        let mut permits = BTreeSet::new();
        for permit in &set.permits {
            if !is_id(&permit.id) || !permits.insert(&permit.id) {
                return wrong("health.config.permit", &set.id);
            }
        }
    }
    Ok(file.data_set)
}

/// Ids go into addresses and names of folders.
fn is_id(text: &str) -> bool {
    let letter = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    !text.is_empty() && text.len() <= ID_CHARS_MAX && text.bytes().all(letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "[[data_set]]\nid = \"claims\"\ntitle = { ja = \"請求\", en = \"Claims\" }\n\
        policy = \"ndb-publication\"\n\
        snapshot = \"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\"\n";

    #[test]
    fn a_permit_holds_for_its_accounts_on_its_days() {
        let text = format!(
            "{GOOD}[[data_set.permit]]\nid = \"P-1\"\naccounts = [\"a\", \"b\"]\n\
             from = \"2026-04-01\"\nuntil = \"2027-03-31\"\n"
        );
        let sets = read(&text).unwrap();
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        for (account, on, holds) in [
            ("a", "2026-04-01", true),
            ("b", "2027-03-31", true),
            ("c", "2026-05-01", false),
            ("a", "2026-03-31", false),
            ("a", "2027-04-01", false),
        ] {
            assert_eq!(!sets[0].permits_of(account, day(on)).is_empty(), holds, "{account} {on}");
        }
    }

    #[test]
    fn faults_are_told_with_their_place() {
        let cases = [
            ("]".to_owned(), "health.config.unreadable"),
            (format!("{GOOD}colour = \"red\"\n"), "health.config.unreadable"),
            (GOOD.replace("\"claims\"", "\"../claims\""), "health.config.id"),
            (GOOD.replace("\"claims\"", "\"\""), "health.config.id"),
            (format!("{GOOD}{GOOD}"), "health.config.twice"),
            (GOOD.replace("0123", "../."), "health.config.snapshot"),
            (
                format!("{GOOD}[[data_set.permit]]\nid = \"P 1\"\naccounts = []\n"),
                "health.config.permit",
            ),
        ];
        for (text, code) in cases {
            assert_eq!(read(&text).unwrap_err().code, code, "{text}");
        }
        let line = read(&format!("{GOOD}colour = \"red\"\n")).unwrap_err().place.line;
        assert_eq!(line, Some(6));
    }
}
