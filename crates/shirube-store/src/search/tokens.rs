//! How text is cut for searching: Japanese into pairs of neighbouring
//! characters, everything else into words. The same cut is used for records,
//! queries and snippets.

use tantivy::tokenizer::{Token, TokenStream, Tokenizer};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Longest word kept, in characters; the rest of a longer one is dropped.
const WORD_CHARS_MAX: usize = 64;

/// A character as it is compared, with its place in the original text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Letter {
    pub(crate) c: char,
    /// First byte of the original.
    pub(crate) from: usize,
    /// Byte after the original.
    pub(crate) to: usize,
}

/// Letters that belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Run {
    /// A word, lower case and without its plural ending.
    Word {
        /// The word as it is compared.
        text: String,
        /// First byte of the original.
        from: usize,
        /// Byte after the original.
        to: usize,
    },
    /// Characters written without spaces between words.
    Dense(Vec<Letter>),
}

fn is_dense(c: char) -> bool {
    matches!(u32::from(c),
        0x3005..=0x3007          // 々〆〇
        | 0x3041..=0x30fa        // kana
        | 0x30fc..=0x30ff        // ー and others, without the middle dot
        | 0x3105..=0x318f
        | 0x31f0..=0x31ff
        | 0x3400..=0x4dbf        // kanji
        | 0x4e00..=0x9fff
        | 0xac00..=0xd7af
        | 0xf900..=0xfaff
        | 0x2_0000..=0x3_ffff)
}

/// A mark that is written after the character it changes, including the two
/// half-width sound marks.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{ff9e}' | '\u{ff9f}') || is_combining_mark(c)
}

/// Text as it is compared: NFKC and lower case, so that full-width and
/// half-width forms meet, with every character's place in the original.
pub(crate) fn letters(text: &str) -> Vec<Letter> {
    let mut out = Vec::with_capacity(text.len());
    let mut chars = text.char_indices().peekable();
    while let Some((from, c)) = chars.next() {
        let mut to = from + c.len_utf8();
        while let Some((_, mark)) = chars.next_if(|(_, next)| is_mark(*next)) {
            to += mark.len_utf8();
        }
        if c.is_ascii() && to == from + 1 {
            out.push(Letter { c: c.to_ascii_lowercase(), from, to });
            continue;
        }
        let cluster = text.get(from..to).unwrap_or_default();
        for c in cluster.nfkc().flat_map(char::to_lowercase) {
            out.push(Letter { c, from, to });
        }
    }
    out
}

/// The runs of a text, in order.
pub(crate) fn runs(text: &str) -> Vec<Run> {
    let mut out = Vec::new();
    let mut dense: Vec<Letter> = Vec::new();
    let mut word: Vec<Letter> = Vec::new();
    for letter in letters(text) {
        let (is_dense, is_word) = (is_dense(letter.c), letter.c.is_alphanumeric());
        if !is_dense {
            flush_dense(&mut out, &mut dense);
        }
        if is_dense || !is_word {
            flush_word(&mut out, &mut word);
        }
        if is_dense {
            dense.push(letter);
        } else if is_word {
            word.push(letter);
        }
    }
    flush_dense(&mut out, &mut dense);
    flush_word(&mut out, &mut word);
    out
}

fn flush_dense(out: &mut Vec<Run>, dense: &mut Vec<Letter>) {
    if !dense.is_empty() {
        out.push(Run::Dense(std::mem::take(dense)));
    }
}

fn flush_word(out: &mut Vec<Run>, word: &mut Vec<Letter>) {
    let (Some(first), Some(last)) = (word.first(), word.last()) else { return };
    let (from, to) = (first.from, last.to);
    let text: String = word.iter().take(WORD_CHARS_MAX).map(|letter| letter.c).collect();
    out.push(Run::Word { text: without_plural(text), from, to });
    word.clear();
}

/// Takes the plural ending off an English word, by the rules of Harman's
/// "S" stemmer (How effective is suffixing?, 1991).
fn without_plural(mut word: String) -> String {
    let ends = |endings: &[&str]| endings.iter().any(|ending| word.ends_with(ending));
    if word.len() < 4 || !word.bytes().all(|b| b.is_ascii_lowercase()) {
        return word;
    }
    if ends(&["ies"]) {
        if !ends(&["eies", "aies"]) {
            word.truncate(word.len() - 3);
            word.push('y');
        }
    } else if ends(&["es"]) {
        if !ends(&["aes", "ees", "oes"]) {
            word.pop();
        }
    } else if ends(&["s"]) && !ends(&["us", "ss"]) {
        word.pop();
    }
    word
}

/// The index terms of a run of dense characters: pairs of neighbours, or the
/// character itself when it stands alone.
pub(crate) fn pairs(letters: &[Letter]) -> Vec<(String, usize, usize)> {
    match letters {
        [one] => vec![(one.c.to_string(), one.from, one.to)],
        more => more
            .windows(2)
            .filter_map(|pair| match pair {
                [a, b] => Some(([a.c, b.c].iter().collect(), a.from, b.to)),
                _ => None,
            })
            .collect(),
    }
}

/// Cuts the text of a field for the index.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Cutter;

/// The terms of one text.
#[derive(Debug)]
pub(crate) struct Terms {
    rest: std::vec::IntoIter<Token>,
    token: Token,
}

impl Tokenizer for Cutter {
    type TokenStream<'a> = Terms;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> Terms {
        let mut tokens = Vec::with_capacity(text.len() / 3);
        let mut position = 0;
        let mut push = |text, offset_from, offset_to, position| {
            let position_length = 1;
            tokens.push(Token { offset_from, offset_to, position, text, position_length });
        };
        for run in runs(text) {
            match run {
                Run::Word { text, from, to } => {
                    push(text, from, to, position);
                    position += 1;
                }
                Run::Dense(letters) => {
                    for (text, from, to) in pairs(&letters) {
                        push(text, from, to, position);
                        position += 1;
                    }
                    // A gap, so that a phrase never spans two runs.
                    position += 1;
                }
            }
        }
        Terms { rest: tokens.into_iter(), token: Token::default() }
    }
}

impl TokenStream for Terms {
    fn advance(&mut self) -> bool {
        match self.rest.next() {
            Some(token) => {
                self.token = token;
                true
            }
            None => false,
        }
    }

    fn token(&self) -> &Token {
        &self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.token
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn terms(text: &str) -> Vec<String> {
        let mut cutter = Cutter;
        let mut stream = cutter.token_stream(text);
        let mut out = Vec::new();
        while stream.advance() {
            out.push(stream.token().text.clone());
        }
        out
    }

    #[test]
    fn text_is_cut_into_pairs_and_words() {
        let cases: [(&str, &[&str]); 11] = [
            ("臨床研究", &["臨床", "床研", "研究"]),
            ("ｹﾞﾉﾑ", &["ゲノ", "ノム"]),
            ("ゲノム", &["ゲノ", "ノム"]),
            ("癌", &["癌"]),
            ("iPS細胞の研究", &["ips", "細胞", "胞の", "の研", "研究"]),
            ("ＡＭＥＤ　２０２５", &["amed", "2025"]),
            ("Clinical Trials, therapies", &["clinical", "trial", "therapy"]),
            ("jRCT2031230581", &["jrct2031230581"]),
            ("京都・大阪", &["京都", "大阪"]),
            ("㈱シルベ", &["株", "シル", "ルベ"]),
            (" 、。!", &[]),
        ];
        for (text, expected) in cases {
            assert_eq!(terms(text), expected, "{text}");
        }
    }

    #[test]
    fn plural_endings_go_and_other_words_stay() {
        let cases = [
            ("studies", "study"),
            ("devices", "device"),
            ("trials", "trial"),
            ("virus", "virus"),
            ("access", "access"),
            ("gas", "gas"),
            ("2025s", "2025s"),
        ];
        for (word, expected) in cases {
            assert_eq!(without_plural(word.to_owned()), expected);
        }
    }

    #[test]
    fn places_point_into_the_original() {
        let text = "ﾊﾟﾝﾃﾞﾐｯｸ対策";
        let letters = letters(text);
        let folded: String = letters.iter().map(|l| l.c).collect();
        assert_eq!(folded, "パンデミック対策");
        assert_eq!(letters.first().map(|l| &text[l.from..l.to]), Some("ﾊﾟ"));
    }

    proptest! {
        #[test]
        fn any_text_is_cut_with_true_places(text in "\\PC{0,40}") {
            for run in runs(&text) {
                match run {
                    Run::Word { text: word, from, to } => {
                        prop_assert!(from < to && text.get(from..to).is_some());
                        prop_assert!(!word.is_empty());
                    }
                    Run::Dense(letters) => for letter in letters {
                        prop_assert!(text.get(letter.from..letter.to).is_some());
                    }
                }
            }
        }

        #[test]
        fn folding_is_that_of_whole_text(text in "[ｱ-ﾟA-zＡ-ｚ一-龠ア-ン０-９ ]{0,30}") {
            let ours: String = letters(&text).iter().map(|l| l.c).collect();
            let whole: String = text.nfkc().flat_map(char::to_lowercase).collect();
            prop_assert_eq!(ours, whole);
        }
    }
}
