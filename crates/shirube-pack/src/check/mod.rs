//! What must fit together in a pack that reads well.

mod evidence;
mod indicators;
mod plan;
mod vocabularies;
mod words;

pub(crate) use vocabularies::{label_keys, needed_vocabularies};

use std::collections::BTreeMap;

use shirube_model::refusal::Refusal;

use crate::fault::sorted;
use crate::files;
use crate::pack::Pack;
use crate::places::Places;
use crate::read::repeated;

/// What [`check()`] looks at beside the pack.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CheckOptions {
    /// Name of the directory the pack was read from; when given, it must be the
    /// id of the pack.
    pub directory: Option<String>,
}

/// Checks references, vocabularies, labels, languages, definitions, decisions
/// and counts. Empty means the pack holds together. Faults are in the order of
/// files and lines.
#[must_use]
pub fn check(pack: &Pack, options: &CheckOptions) -> Vec<Refusal> {
    let mut checker = Checker { pack, places: &pack.places, faults: Vec::new() };
    plan::info(&mut checker, options);
    plan::headings(&mut checker);
    plan::measures(&mut checker);
    plan::rest(&mut checker);
    plan::counts(&mut checker);
    vocabularies::terms(&mut checker);
    vocabularies::needed(&mut checker);
    vocabularies::labels(&mut checker);
    indicators::indicators(&mut checker);
    indicators::decisions(&mut checker);
    evidence::evidence(&mut checker);
    evidence::judgements(&mut checker);
    words::languages(&mut checker);
    authority(&mut checker);
    sorted(checker.faults)
}

/// Schema and policies come together: one without the other decides nothing.
fn authority(checker: &mut Checker<'_>) {
    let given = &checker.pack.authority;
    let file = match (&given.schema, &given.policies) {
        (Some(_), None) => files::AUTHORITY_SCHEMA,
        (None, Some(_)) => files::AUTHORITY_POLICIES,
        _ => return,
    };
    checker.faults.push(Refusal::new("access.authority.half").file(file));
}

pub(crate) struct Checker<'a> {
    pack: &'a Pack,
    places: &'a Places,
    faults: Vec<Refusal>,
}

impl<'a> Checker<'a> {
    fn row(&mut self, fault: Refusal, file: &str, row: usize, field: &str) {
        self.faults.push(self.places.at_row(fault, file, row, field));
    }

    fn key(&mut self, fault: Refusal, file: &str, path: &str) {
        self.faults.push(self.places.at_key(fault, file, path));
    }

    /// Refuses ids that stand twice in one table.
    fn unique(&mut self, ids: impl Iterator<Item = &'a str>, file: &str, field: &str) {
        let mut first: BTreeMap<&str, usize> = BTreeMap::new();
        for (row, id) in ids.enumerate() {
            if let Some(earlier) = first.get(id) {
                let line = self.places.rows.get(file).and_then(|lines| lines.get(*earlier));
                let fault = repeated(id, line.copied().unwrap_or_default());
                self.row(fault, file, row, field);
            } else {
                first.insert(id, row);
            }
        }
    }

    /// Why `code` is no code of `vocabulary`, if it is not. A vocabulary that
    /// the pack lacks has its own fault.
    fn code_fault(&self, vocabulary: &str, code: &str) -> Option<Refusal> {
        let terms = self.pack.vocabulary(vocabulary)?;
        if terms.term(code).is_some() {
            return None;
        }
        Some(Refusal::new("pack.term.unknown").arg("code", code).arg("vocabulary", vocabulary))
    }

    /// File of the indicator at `index`.
    fn indicator_file(&self, index: usize) -> &'a str {
        self.places.indicators.get(index).map_or("", String::as_str)
    }
}

/// Whether an id is lower-case words joined by hyphens.
pub(crate) fn is_kebab(id: &str) -> bool {
    id.split('-').all(|word| {
        !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
    })
}

/// File of the terms of a vocabulary.
pub(crate) fn vocabulary_file(id: &str) -> String {
    match id {
        "ministries" => files::MINISTRIES.to_owned(),
        "organisations" => files::ORGANISATIONS.to_owned(),
        "measures" => files::MEASURES.to_owned(),
        "indicators" => "indicators/".to_owned(),
        other => format!("vocabularies/{other}.csv"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kebab() {
        for good in ["a", "counting-unit", "x1-2"] {
            assert!(is_kebab(good), "{good}");
        }
        for bad in ["", "-a", "a-", "a--b", "A", "a_b", "あ", "a b"] {
            assert!(!is_kebab(bad), "{bad}");
        }
    }
}
