//! The passage of a record that shows why it was found.

use std::collections::BTreeSet;

use serde::Serialize;

use super::tokens::{Run, pairs, runs};

/// Characters shown before the first match.
const BEFORE: usize = 30;
/// Characters shown in all.
const WIDTH: usize = 120;

/// A passage of text with the places that match.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Snippet {
    /// The passage, as written in the record; `…` where text was left out.
    pub text: String,
    /// First byte and the byte after the last of each match, in order.
    pub marks: Vec<(usize, usize)>,
}

/// What to mark.
#[derive(Debug, Default)]
pub(crate) struct Needles {
    terms: BTreeSet<String>,
    /// Single characters, which match wherever they stand.
    letters: BTreeSet<char>,
}

impl Needles {
    /// The terms of a query.
    pub(crate) fn of(query: &str) -> Self {
        let mut needles = Self::default();
        for run in runs(query) {
            match run {
                Run::Word { text, .. } => {
                    needles.terms.insert(text);
                }
                Run::Dense(letters) => match letters.as_slice() {
                    [one] => {
                        needles.letters.insert(one.c);
                    }
                    letters => {
                        needles.terms.extend(pairs(letters).into_iter().map(|(text, ..)| text));
                    }
                },
            }
        }
        needles
    }

    /// Places that match, overlapping ones joined, and how many different terms
    /// they cover.
    fn places(&self, text: &str) -> (Vec<(usize, usize)>, usize) {
        let mut places: Vec<(usize, usize)> = Vec::new();
        let mut seen = BTreeSet::new();
        let mut push = |from: usize, to: usize| match places.last_mut() {
            Some(last) if last.1 >= from => last.1 = last.1.max(to),
            _ => places.push((from, to)),
        };
        for run in runs(text) {
            match run {
                Run::Word { text, from, to } if self.terms.contains(&text) => {
                    push(from, to);
                    seen.insert(text);
                }
                Run::Word { .. } => {}
                Run::Dense(letters) => {
                    let single = letters
                        .iter()
                        .filter(|letter| self.letters.contains(&letter.c))
                        .map(|letter| (letter.c.to_string(), letter.from, letter.to));
                    let pairs =
                        pairs(&letters).into_iter().filter(|(t, ..)| self.terms.contains(t));
                    let mut found: Vec<_> = single.chain(pairs).collect();
                    found.sort_unstable_by_key(|(_, from, to)| (*from, *to));
                    for (text, from, to) in found {
                        push(from, to);
                        seen.insert(text);
                    }
                }
            }
        }
        (places, seen.len())
    }
}

/// Where the words of a query stand in a text: byte ranges in order, overlapping
/// ones joined.
#[must_use]
pub fn marks(query: &str, text: &str) -> Vec<(usize, usize)> {
    Needles::of(query).places(text).0
}

/// The passage of the text that covers most terms; the first among equals.
pub(crate) fn best(texts: &[String], needles: &Needles) -> Option<Snippet> {
    let mut best = None;
    let mut most = 0;
    for text in texts {
        let (places, covered) = needles.places(text);
        if covered > most {
            most = covered;
            best = Some(cut(text, &places));
        }
    }
    best
}

fn cut(text: &str, places: &[(usize, usize)]) -> Snippet {
    let first = places.first().map_or(0, |place| place.0);
    let starts: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
    let first_char = starts.partition_point(|at| *at < first);
    let from_char = first_char.saturating_sub(BEFORE);
    let at = |index: usize| starts.get(index).copied().unwrap_or(text.len());
    let (from, to) = (at(from_char), at(from_char + WIDTH));
    let lead = if from > 0 { "…" } else { "" };
    let tail = if to < text.len() { "…" } else { "" };
    let passage = text.get(from..to).unwrap_or_default();
    let marks = places
        .iter()
        .filter(|(start, end)| *start >= from && *end <= to)
        .map(|(start, end)| (start - from + lead.len(), end - from + lead.len()))
        .collect();
    Snippet { text: format!("{lead}{passage}{tail}"), marks }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn marked(texts: &[&str], query: &str) -> Option<(String, Vec<String>)> {
        let texts: Vec<String> = texts.iter().map(|t| (*t).to_owned()).collect();
        let snippet = best(&texts, &Needles::of(query))?;
        let marks = snippet.marks.iter().map(|(a, b)| snippet.text[*a..*b].to_owned()).collect();
        Some((snippet.text, marks))
    }

    #[test]
    fn the_passage_shows_the_match_as_written() {
        let long = format!("{}ｹﾞﾉﾑ医療の実装{}", "前".repeat(80), "後".repeat(200));
        let (text, marks) = marked(&["無関係", &long], "ゲノム医療").unwrap();
        assert_eq!(marks, ["ｹﾞﾉﾑ医療"]);
        assert!(text.starts_with('…') && text.ends_with('…'));
        assert_eq!(text.chars().count(), WIDTH + 2);
        assert_eq!(
            marked(&["a trial", "two trials of a device"], "device trial").unwrap().1,
            ["trials", "device"]
        );
        assert_eq!(marked(&["肺癌の治療"], "癌").unwrap().1, ["癌"]);
        assert_eq!(marked(&["nothing"], "癌"), None);
    }

    #[test]
    fn words_are_marked_in_a_title() {
        let cases: [(&str, &str, &[&str]); 4] = [
            ("治験", "多国籍治験の治験", &["治験", "治験"]),
            ("Antibody", "An antibody trial", &["antibody"]),
            ("治", "治験", &["治"]),
            ("zzz", "治験", &[]),
        ];
        for (query, text, expected) in cases {
            let found: Vec<&str> =
                marks(query, text).into_iter().map(|(from, to)| &text[from..to]).collect();
            assert_eq!(found, expected, "{query}");
        }
    }

    proptest! {
        #[test]
        fn marks_are_places_of_the_passage(text in "[ｱ-ﾟa-z一-二 ]{0,200}", query in "[ｱ-ﾟa-z一-二]{1,3}") {
            if let Some(snippet) = best(&[text], &Needles::of(&query)) {
                for (from, to) in snippet.marks {
                    prop_assert!(snippet.text.get(from..to).is_some_and(|s| !s.is_empty()));
                }
            }
        }
    }
}
