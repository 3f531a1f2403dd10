//! Checks of the two languages: Japanese is written in Japanese, English holds
//! no Japanese letters.

use shirube_model::lang::LocalText;
use shirube_model::refusal::Refusal;

use super::{Checker, vocabulary_file};
use crate::files::{
    GOALS, GOVERNANCE, HEADINGS, INFO, LABELS, MEASURES, MINISTRIES, ORGANISATIONS, OTHER_HEADINGS,
    SOURCE_NOTES, VOCABULARY_INDEX,
};

/// Words from which a text without Japanese letters counts as a sentence.
/// Names such as `Web of Science` stand in both languages alike.
const SENTENCE_WORDS_MIN: usize = 5;

/// What a text is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Text {
    /// A name or label, which may be the same in both languages.
    Name,
    /// Prose, which is Japanese in Japanese.
    Prose,
}

/// Hiragana, katakana, Chinese characters and the marks that go with them.
pub(crate) fn is_japanese_letter(c: char) -> bool {
    matches!(c,
        '\u{3005}'..='\u{3007}'
        | '\u{3041}'..='\u{309f}'
        | '\u{30a1}'..='\u{30fa}'
        | '\u{30fc}'..='\u{30ff}'
        | '\u{3400}'..='\u{4dbf}'
        | '\u{4e00}'..='\u{9fff}'
        | '\u{f900}'..='\u{faff}'
        | '\u{ff66}'..='\u{ff9f}'
        | '\u{20000}'..='\u{3ffff}')
}

fn faults(text: &LocalText, what: Text) -> Vec<(&'static str, Refusal)> {
    let mut out = Vec::new();
    let japanese = text.ja.chars().any(is_japanese_letter);
    let words = text.ja.split_whitespace().filter(|w| w.chars().any(char::is_alphabetic)).count();
    if !japanese && (what == Text::Prose || words >= SENTENCE_WORDS_MIN) {
        out.push(("ja", Refusal::new("pack.language.japanese")));
    }
    let letter = text.en.chars().find(|c| is_japanese_letter(*c));
    if let Some(letter) = letter {
        out.push(("en", Refusal::new("pack.language.english").arg("letter", letter)));
    }
    out
}

pub(super) fn languages(checker: &mut Checker<'_>) {
    info(checker);
    tables(checker);
    vocabularies(checker);
    indicators(checker);
    for at in 0..checker.pack.decisions.len() {
        let reason = checker.pack.decisions.get(at).and_then(|d| d.reason.as_ref());
        if let Some(reason) = reason {
            key(
                checker,
                reason,
                Text::Prose,
                crate::files::DECISIONS,
                &format!("decision[{at}].reason"),
            );
        }
    }
}

fn key(checker: &mut Checker<'_>, text: &LocalText, what: Text, file: &str, path: &str) {
    for (side, fault) in faults(text, what) {
        checker.key(fault, file, &format!("{path}.{side}"));
    }
}

/// Checks a column pair; `columns` are the Japanese and the English one.
fn column<'a>(
    checker: &mut Checker<'_>,
    texts: impl Iterator<Item = Option<&'a LocalText>>,
    what: Text,
    file: &str,
    columns: [&str; 2],
) {
    let [ja, en] = columns;
    for (row, text) in texts.enumerate() {
        for (side, fault) in text.map(|text| faults(text, what)).unwrap_or_default() {
            checker.row(fault, file, row, if side == "ja" { ja } else { en });
        }
    }
}

fn info(checker: &mut Checker<'_>) {
    let info = &checker.pack.info;
    key(checker, &info.title, Text::Prose, INFO, "title");
    key(checker, &info.legal_basis, Text::Prose, INFO, "legal_basis");
    key(checker, &info.source, Text::Prose, INFO, "source");
}

fn tables(checker: &mut Checker<'_>) {
    let pack = checker.pack;
    let name = ["ja", "en"];
    let summary = ["summary_ja", "summary_en"];
    for (file, headings) in [(HEADINGS, &pack.headings), (OTHER_HEADINGS, &pack.other_headings)] {
        column(checker, headings.iter().map(|h| Some(&h.title)), Text::Name, file, name);
    }
    let texts = pack.measures.iter().map(|m| Some(&m.summary));
    column(checker, texts, Text::Prose, MEASURES, summary);
    let texts = pack.ministries.iter().map(|m| Some(&m.name));
    column(checker, texts, Text::Name, MINISTRIES, name);
    let texts = pack.governance.iter().map(|d| Some(&d.summary));
    column(checker, texts, Text::Prose, GOVERNANCE, summary);
    let note = ["note_ja", "note_en"];
    let texts = pack.source_notes.iter().map(|n| Some(&n.note));
    column(checker, texts, Text::Prose, SOURCE_NOTES, note);
    column(checker, pack.goals.iter().map(|g| Some(&g.name)), Text::Prose, GOALS, name);
    let reading = ["reading_ja", "reading_en"];
    column(checker, pack.goals.iter().map(|g| Some(&g.reading)), Text::Prose, GOALS, reading);
    let texts = pack.organisations.iter().map(|o| Some(&o.name));
    column(checker, texts, Text::Name, ORGANISATIONS, name);
    let texts = pack.organisations.iter().map(|o| o.note.as_ref());
    column(checker, texts, Text::Prose, ORGANISATIONS, note);
}

fn vocabularies(checker: &mut Checker<'_>) {
    let pack = checker.pack;
    for (id, line) in &checker.places.index {
        let Some(vocabulary) = pack.vocabulary(id) else { continue };
        let texts = [
            (&vocabulary.title, Text::Name, ["ja", "en"]),
            (&vocabulary.source, Text::Name, ["source_ja", "source_en"]),
        ];
        for (text, what, [ja, en]) in texts {
            for (side, fault) in faults(text, what) {
                let field = if side == "ja" { ja } else { en };
                checker.faults.push(fault.file(VOCABULARY_INDEX).line(*line).field(field));
            }
        }
    }
    let own = |id: &&String| !crate::pack::DERIVED_VOCABULARIES.contains(&id.as_str());
    for id in pack.vocabularies.keys().filter(own) {
        let terms = pack.vocabulary(id).map(|v| v.terms.as_slice()).unwrap_or_default();
        let texts = terms.iter().map(|t| Some(&t.label));
        column(checker, texts, Text::Name, &vocabulary_file(id), ["ja", "en"]);
    }
    for (label_key, label) in &pack.labels {
        for (side, fault) in faults(label, Text::Name) {
            let line = checker.places.labels.get(label_key).copied().unwrap_or(1);
            checker.faults.push(fault.file(LABELS).line(line).field(side));
        }
    }
}

fn indicators(checker: &mut Checker<'_>) {
    for (at, indicator) in checker.pack.indicators.iter().enumerate() {
        let file = checker.indicator_file(at);
        key(checker, &indicator.name, Text::Name, file, "name");
        for (text, path) in [(&indicator.note, "note"), (&indicator.context, "context")] {
            if let Some(text) = text {
                key(checker, text, Text::Prose, file, path);
            }
        }
        for (q, question) in indicator.questions.iter().enumerate() {
            key(checker, &question.text, Text::Prose, file, &format!("question[{q}].text"));
            for (r, reading) in question.readings.iter().enumerate() {
                let path = format!("question[{q}].reading[{r}].label");
                key(checker, &reading.label, Text::Prose, file, &path);
            }
        }
        for (d, breakdown) in indicator.disaggregations.iter().enumerate() {
            let path = format!("disaggregation[{d}].label");
            key(checker, &breakdown.label, Text::Name, file, &path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_of_a_text() {
        let cases = [
            ("件数", "count", Text::Prose, ""),
            ("AMED", "AMED", Text::Name, ""),
            ("Web of Science", "Web of Science", Text::Name, ""),
            ("AMED", "AMED", Text::Prose, "ja"),
            ("Contracts that hand seeds to industry", "x", Text::Name, "ja"),
            ("ドラッグ・ロス", "drug loss (ロス)", Text::Name, "en"),
            ("々", "a・b「c」①", Text::Prose, ""),
            ("x", "語", Text::Prose, "jaen"),
        ];
        for (ja, en, what, expected) in cases {
            let found: String =
                faults(&LocalText::new(ja, en), what).into_iter().map(|(side, _)| side).collect();
            assert_eq!(found, expected, "{ja} / {en}");
        }
    }
}
