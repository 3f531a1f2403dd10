//! Codes of the pack's vocabularies, found by code or by label.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};

use shirube_model::plan::Vocabulary;
use shirube_model::refusal::Refusal;
use unicode_normalization::UnicodeNormalization;

/// Codes named in a refusal.
const NEAREST: usize = 3;
/// Characters of a value that are compared with codes and labels.
const COMPARED: usize = 40;
/// Refused values whose nearest codes are remembered.
const REMEMBERED: usize = 1_000;

/// The vocabularies that imported codes are checked against.
#[derive(Debug)]
pub struct Codes {
    /// `None` where any text passes as a code.
    vocabularies: Option<HashMap<String, Index>>,
    nearest: Mutex<HashMap<(String, String), String>>,
}

#[derive(Debug, Default)]
struct Index {
    codes: BTreeSet<String>,
    /// Codes by label, white space and width of letters aside.
    by_label: BTreeMap<String, BTreeSet<String>>,
}

/// The label as it is compared: full-width letters equal half-width ones.
fn folded(text: &str) -> String {
    text.trim().nfkc().collect()
}

impl Codes {
    /// Takes the vocabularies of a pack.
    #[must_use]
    pub fn of(vocabularies: &BTreeMap<String, Vocabulary>) -> Self {
        let mut all = HashMap::new();
        for (id, vocabulary) in vocabularies {
            let mut index = Index::default();
            for term in &vocabulary.terms {
                index.codes.insert(term.code.clone());
                for label in [&term.label.ja, &term.label.en] {
                    index.by_label.entry(folded(label)).or_default().insert(term.code.clone());
                }
            }
            all.insert(id.clone(), index);
        }
        Self { vocabularies: Some(all), nearest: Mutex::default() }
    }

    /// Accepts any text as a code, where there is no pack to check against.
    #[must_use]
    pub fn unchecked() -> Self {
        Self { vocabularies: None, nearest: Mutex::default() }
    }

    /// Whether codes of `vocabulary` can be checked and `code` is one of them.
    pub(crate) fn knows(&self, vocabulary: &str, code: &str) -> bool {
        match &self.vocabularies {
            None => true,
            Some(all) => all.get(vocabulary).is_some_and(|index| index.codes.contains(code)),
        }
    }

    /// The code that `text` is or is the label of.
    ///
    /// # Errors
    /// `import.code.no-vocabulary`, `import.code.unknown`, `import.code.ambiguous`.
    pub(crate) fn read(&self, vocabulary: &str, text: &str) -> Result<String, Refusal> {
        let text = text.trim();
        let Some(all) = &self.vocabularies else { return Ok(text.to_owned()) };
        let Some(index) = all.get(vocabulary) else {
            return Err(Refusal::new("import.code.no-vocabulary").arg("vocabulary", vocabulary));
        };
        if index.codes.contains(text) {
            return Ok(text.to_owned());
        }
        let folded = folded(text);
        if index.codes.contains(&folded) {
            return Ok(folded);
        }
        let found = index.by_label.get(&folded);
        let mut codes = found.into_iter().flatten();
        match (codes.next(), codes.next()) {
            (Some(code), None) => Ok(code.clone()),
            (Some(_), Some(_)) => Err(Refusal::new("import.code.ambiguous")
                .arg("value", text)
                .arg("codes", join(found.into_iter().flatten().map(String::as_str)))),
            (None, _) => Err(Refusal::new("import.code.unknown")
                .arg("value", text)
                .arg("vocabulary", vocabulary)
                .arg("nearest", self.nearest(vocabulary, &folded, index))),
        }
    }

    fn nearest(&self, vocabulary: &str, text: &str, index: &Index) -> String {
        let key = (vocabulary.to_owned(), text.chars().take(COMPARED).collect::<String>());
        let mut known = self.nearest.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(codes) = known.get(&key) {
            return codes.clone();
        }
        let words = index.codes.iter().map(|code| (code.as_str(), code.as_str())).chain(
            index.by_label.iter().flat_map(|(label, codes)| {
                codes.iter().map(|code| (label.as_str(), code.as_str()))
            }),
        );
        let mut ranked: Vec<(usize, &str)> =
            words.map(|(word, code)| (distance(&key.1, word), code)).collect();
        ranked.sort_unstable();
        let mut codes: Vec<&str> = Vec::new();
        for (_, code) in ranked {
            if codes.len() < NEAREST && !codes.contains(&code) {
                codes.push(code);
            }
        }
        let codes = join(codes.into_iter());
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(key, codes.clone());
        codes
    }
}

fn join<'a>(codes: impl Iterator<Item = &'a str>) -> String {
    codes.collect::<Vec<_>>().join(", ")
}

/// The name in `known` that is nearest to `name`, for a suggestion.
pub(crate) fn nearest_name<'a>(
    name: &str,
    known: impl Iterator<Item = &'a str>,
) -> Option<&'a str> {
    known.min_by_key(|other| (distance(name, other), *other))
}

/// Edits (insert, delete, replace) that make one text of the other, letters in
/// any case; only the first characters of long texts are compared.
fn distance(a: &str, b: &str) -> usize {
    let letters = |text: &str| -> Vec<char> {
        text.chars().flat_map(char::to_lowercase).take(COMPARED).collect()
    };
    let (a, b) = (letters(a), letters(b));
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut corner = i;
        let mut left = i + 1;
        let mut next = vec![left];
        for (y, above) in b.iter().zip(row.iter().skip(1)) {
            let change = corner + usize::from(x != y);
            left = change.min(left + 1).min(above + 1);
            next.push(left);
            corner = *above;
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use shirube_model::lang::LocalText;
    use shirube_model::plan::Term;

    fn codes() -> Codes {
        let term = |code: &str, ja: &str, en: &str| Term {
            code: code.to_owned(),
            label: LocalText::new(ja, en),
            valid_from: None,
            valid_to: None,
            successors: Vec::new(),
            note: None,
        };
        let vocabulary = Vocabulary {
            id: "contract_types".to_owned(),
            title: LocalText::new("契約の種類", "Contract types"),
            source: LocalText::new("例", "Example"),
            terms: vec![
                term("assignment", "譲渡", "Assignment"),
                term("licence", "実施許諾(ライセンス)", "Licence"),
                term("joint_rd", "共同研究", "Joint R&D"),
                term("joint_other", "共同研究", "Joint, other"),
            ],
        };
        Codes::of(&BTreeMap::from([("contract_types".to_owned(), vocabulary)]))
    }

    #[test]
    fn codes_are_found_by_code_or_label() {
        let codes = codes();
        for (text, code) in [
            ("assignment", "assignment"),
            (" 譲渡　", "assignment"),
            ("Licence", "licence"),
            ("実施許諾（ライセンス）", "licence"),
            ("ｌｉｃｅｎｃｅ", "licence"),
        ] {
            assert_eq!(codes.read("contract_types", text).unwrap(), code, "{text}");
        }
        assert_eq!(Codes::unchecked().read("anything", " x ").unwrap(), "x");
    }

    #[test]
    fn unknown_codes_come_back_with_the_nearest() {
        let codes = codes();
        for _ in 0..2 {
            let refusal = codes.read("contract_types", "Licens").unwrap_err();
            assert_eq!(refusal.code, "import.code.unknown");
            assert!(refusal.args["nearest"].starts_with("licence, "), "{refusal:?}");
        }
        let refusal = codes.read("contract_types", "共同研究").unwrap_err();
        assert_eq!(refusal.code, "import.code.ambiguous");
        assert_eq!(refusal.args["codes"], "joint_other, joint_rd");
        assert_eq!(codes.read("nothing", "x").unwrap_err().code, "import.code.no-vocabulary");
    }

    #[test]
    fn distances_count_edits() {
        for (a, b, edits) in [
            ("", "", 0),
            ("a", "", 1),
            ("", "abc", 3),
            ("kitten", "sitting", 3),
            ("譲渡", "譲与", 1),
        ] {
            assert_eq!(distance(a, b), edits, "{a} {b}");
            assert_eq!(distance(b, a), edits, "{b} {a}");
        }
        assert_eq!(nearest_name("titel", ["kind", "title"].into_iter()), Some("title"));
    }
}
