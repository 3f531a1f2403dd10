//! How values are written in the cells of a table, and read back.
//!
//! *Formulas.* A spreadsheet runs a cell that starts with `=`, `+`, `-`, `@`, a
//! tab or a line end (or the full-width forms of the signs). Such a text is
//! written with an apostrophe before it. So that nothing is lost, a text whose
//! leading apostrophes are followed by such a start gets one more, and reading
//! takes exactly one away again; every other apostrophe stays. Numbers are never
//! marked: a spreadsheet shall read them as numbers.
//!
//! *Lists.* Values are joined by `;`. In a value, `;` is written `\;` and `\` is
//! written `\\`; white space at its start or end is written with `\` before it,
//! because white space around a separator does not count. A `\` before any other
//! character is itself. The formula rule holds for each value as well, as some
//! spreadsheets split at `;`.
//!
//! *Money by year.* `2025:1000000` is one million yen in fiscal year 2025.

use std::borrow::Cow;

/// Separator of the values of a list.
pub(crate) const SEPARATOR: char = ';';

/// Whether a spreadsheet may run the text, white space before it aside.
fn runs(text: &str) -> bool {
    match text.chars().next() {
        Some('\t' | '\r' | '\n') => true,
        _ => text.trim_start().starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']),
    }
}

fn runs_after_apostrophes(text: &str) -> bool {
    runs(text.trim_start_matches('\''))
}

/// The text as a cell that no spreadsheet runs.
pub(crate) fn protect(text: &str) -> Cow<'_, str> {
    if runs_after_apostrophes(text) { Cow::Owned(format!("'{text}")) } else { Cow::Borrowed(text) }
}

/// The text that [`protect`] wrote.
pub(crate) fn unprotect(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if runs_after_apostrophes(rest) => rest,
        _ => cell,
    }
}

/// The values as one cell.
pub(crate) fn join_list<'a>(values: impl Iterator<Item = &'a str>) -> String {
    let mut out = String::new();
    for (index, value) in values.enumerate() {
        if index > 0 {
            out.push(SEPARATOR);
        }
        push_escaped(&mut out, &protect(value));
    }
    out
}

fn push_escaped(out: &mut String, value: &str) {
    let inner = value.trim();
    let start = value.len() - value.trim_start().len();
    let end = start + inner.len();
    for (at, c) in value.char_indices() {
        let edge = (at < start || at >= end) && c.is_whitespace();
        if edge || c == SEPARATOR || c == '\\' {
            out.push('\\');
        }
        out.push(c);
    }
}

/// The values of a cell; empty ones are left out.
pub(crate) fn split_list(cell: &str, separator: char) -> Vec<String> {
    let mut values = Vec::new();
    let mut value = Piece::default();
    let mut chars = cell.chars().peekable();
    while let Some(c) = chars.next() {
        if c == separator {
            std::mem::take(&mut value).finish(&mut values);
            continue;
        }
        let escaped = c == '\\'
            && chars
                .peek()
                .is_some_and(|&next| next == separator || next == '\\' || next.is_whitespace());
        if escaped {
            if let Some(next) = chars.next() {
                value.push_kept(next);
            }
        } else {
            value.push(c);
        }
    }
    value.finish(&mut values);
    values
}

/// One value of a list while it is read.
#[derive(Default)]
struct Piece {
    text: String,
    /// Bytes up to the last character that is not white space to be cut off.
    kept: usize,
}

impl Piece {
    fn push(&mut self, c: char) {
        if c.is_whitespace() {
            // White space at the start does not count.
            if self.kept > 0 {
                self.text.push(c);
            }
        } else {
            self.push_kept(c);
        }
    }

    fn push_kept(&mut self, c: char) {
        self.text.push(c);
        self.kept = self.text.len();
    }

    fn finish(mut self, values: &mut Vec<String>) {
        self.text.truncate(self.kept);
        if !self.text.is_empty() {
            values.push(unprotect(&self.text).to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn cells_that_spreadsheets_run_are_marked() {
        let cases = [
            ("=1+1", "'=1+1"),
            ("+81", "'+81"),
            ("-x", "'-x"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\tx", "'\tx"),
            ("\rx", "'\rx"),
            (" =1", "' =1"),
            ("＝1", "'＝1"),
            ("'=1", "''=1"),
            ("''@", "'''@"),
            ("'quoted'", "'quoted'"),
            ("a=1", "a=1"),
            ("", ""),
            ("'", "'"),
        ];
        for (text, cell) in cases {
            assert_eq!(protect(text), cell);
            assert_eq!(unprotect(cell), text);
        }
        // Written by hand: a mark that no rule asks for stays.
        assert_eq!(unprotect("'abc"), "'abc");
    }

    #[test]
    fn lists_are_read_as_offices_write_them() {
        let cases: [(&str, &[&str]); 8] = [
            ("a;b", &["a", "b"]),
            (" a ; b ;", &["a", "b"]),
            (";;", &[]),
            ("", &[]),
            (r"a\;b;c", &["a;b", "c"]),
            (r"C:\temp", &[r"C:\temp"]),
            (r"\ a\ ;b", &[" a ", "b"]),
            ("a b;c", &["a b", "c"]),
        ];
        for (cell, values) in cases {
            assert_eq!(split_list(cell, SEPARATOR), values, "{cell:?}");
        }
        assert_eq!(split_list("a、b;c", '、'), ["a", "b;c"]);
    }

    proptest! {
        #[test]
        fn marked_texts_read_back(text in r"[=+\-@' \ta]{0,6}|\PC{0,12}|(?s).{0,8}") {
            let cell = protect(&text).into_owned();
            prop_assert_eq!(unprotect(&cell), &text);
            prop_assert!(!runs(&cell));
        }

        #[test]
        fn lists_read_back(values in proptest::collection::vec(r"[;\\ '=a\u{3000}\n]{1,6}|\PC{1,8}", 0..5)) {
            let cell = join_list(values.iter().map(String::as_str));
            prop_assert_eq!(split_list(&cell, SEPARATOR), values.clone());
            let whole = protect(&cell).into_owned();
            prop_assert_eq!(split_list(unprotect(&whole), SEPARATOR), values);
        }
    }
}
