//! The masking rule that a table prints about itself.

use serde::Serialize;
use unicode_normalization::UnicodeNormalization;

/// Thresholds as printed, such as "fewer than 10 are shown as a dash".
///
/// The rule of NDB Open Data goes on: where one cell alone is below the
/// threshold, every cell with the smallest number at or above it is hidden, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct PrintedRule {
    /// Least threshold named; numbers at or above it are printed.
    pub threshold_min: i64,
    /// Greatest threshold named, where rows have different ones.
    pub threshold_max: i64,
    /// Whether the rule hides the smallest other number beside a lone cell.
    pub hides_smallest_beside_lone: bool,
}

impl PrintedRule {
    /// Finds the rule in the title and notes of a sheet; `None` when none is
    /// printed.
    #[must_use]
    pub fn find(text: &str) -> Option<Self> {
        let plain: String = text.nfkc().filter(|c| !c.is_whitespace()).collect();
        let start = plain.find("集計結果が")?;
        let note = plain.get(start..)?;
        let end = note.find("表示").unwrap_or(note.len());
        let thresholds = numbers_before(note.get(..end)?, "未満");
        Some(Self {
            threshold_min: thresholds.iter().copied().min()?,
            threshold_max: thresholds.iter().copied().max()?,
            hides_smallest_beside_lone: note.contains("1箇所") && note.contains("最小値"),
        })
    }
}

/// The whole numbers directly before each `word`.
fn numbers_before(text: &str, word: &str) -> Vec<i64> {
    let mut numbers = Vec::new();
    for (at, _) in text.match_indices(word) {
        let before = text.get(..at).unwrap_or_default();
        let reversed: String =
            before.chars().rev().take_while(|c| c.is_ascii_digit() || *c == ',').collect();
        let digits: String = reversed.chars().rev().filter(char::is_ascii_digit).collect();
        if let Ok(number) = digits.parse() {
            numbers.push(number);
        }
    }
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printed_rules_are_found() {
        let lone = "（10未満の箇所が1箇所の場合は10以上の最小値を全て「‐」で表示）";
        let cases = [
            (format!("外来　※集計結果が10未満の場合は「‐」で表示{lone}"), Some((10, 10, true))),
            ("※集計結果が１，０００未満の場合は「‐」で表示".to_owned(), Some((1000, 1000, false))),
            (
                "※集計結果が100未満（単位数を集計）または10未満（算定回数を集計）の場合は「‐」で表示"
                    .to_owned(),
                Some((10, 100, false)),
            ),
            ("特定健診 平均値：2021年度".to_owned(), None),
            ("集計結果が未満".to_owned(), None),
        ];
        for (text, expected) in cases {
            let found = PrintedRule::find(&text)
                .map(|r| (r.threshold_min, r.threshold_max, r.hides_smallest_beside_lone));
            assert_eq!(found, expected, "{text}");
        }
    }
}
