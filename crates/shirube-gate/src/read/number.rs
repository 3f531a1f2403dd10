//! What a value cell says: a number, a mask mark, nothing, or something else.

use unicode_normalization::UnicodeNormalization;

use super::grid::GridCell;

/// What a value cell says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// A number in the measure's smallest unit.
    Value(i64),
    /// A mask mark.
    Masked,
    /// No number, by a mark or a blank.
    Absent,
    /// A count with digits after the point, more digits than the measure has,
    /// or too large to handle.
    Inexact,
    /// A number below zero where none can be.
    Negative(i64),
    /// A cell formatted as a date: what was typed is lost.
    Date,
    /// Anything else.
    Unreadable,
}

/// Numbers beyond this lose whole units as 64-bit floating point.
const EXACT_MAX: f64 = 9_007_199_254_740_992.0;

/// Reads a value cell. `decimals` digits after the point are kept.
#[must_use]
pub(super) fn read(cell: &GridCell, decimals: u32, signed: bool, marks: &[String]) -> Reading {
    let reading = match cell {
        GridCell::Blank => Reading::Absent,
        GridCell::Number(number) => from_float(*number, decimals),
        GridCell::Text(text) => from_text(text, decimals, marks),
        GridCell::Date => Reading::Date,
        GridCell::Truth(_) | GridCell::Fault => Reading::Unreadable,
    };
    match reading {
        Reading::Value(value) if value < 0 && !signed => Reading::Negative(value),
        other => other,
    }
}

fn from_float(number: f64, decimals: u32) -> Reading {
    let scaled = number * 10_f64.powi(i32::try_from(decimals).unwrap_or(0));
    if !scaled.is_finite() || scaled.abs() > EXACT_MAX {
        return Reading::Inexact;
    }
    let whole = scaled.round();
    // The stored number is the nearest to the printed one: what is left is noise
    // of the last bits unless digits were cut.
    if (scaled - whole).abs() > 1e-9 * scaled.abs().max(1.0) + 1e-6 {
        return Reading::Inexact;
    }
    Reading::Value(whole as i64)
}

fn from_text(text: &str, decimals: u32, marks: &[String]) -> Reading {
    let trimmed = text.trim_matches(|c: char| c.is_whitespace() || c == '\u{3000}');
    if trimmed.is_empty() {
        return Reading::Absent;
    }
    if marks.iter().any(|mark| mark == trimmed) {
        return Reading::Masked;
    }
    let plain: String = trimmed.nfkc().filter(|c| !c.is_whitespace()).collect();
    if marks.contains(&plain) {
        return Reading::Masked;
    }
    decimal(&plain, decimals)
}

/// A decimal number with optional thousands separators and Japanese minus signs.
fn decimal(text: &str, decimals: u32) -> Reading {
    let (negative, digits) = match text.strip_prefix(['-', '\u{2212}', '△', '▲']) {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let Some(whole) = without_separators(whole) else { return Reading::Unreadable };
    if !fraction.chars().all(|c| c.is_ascii_digit())
        || (fraction.is_empty() && digits.ends_with('.'))
    {
        return Reading::Unreadable;
    }
    let kept = fraction.trim_end_matches('0');
    let decimals = decimals as usize;
    if kept.len() > decimals {
        return Reading::Inexact;
    }
    let all = format!("{whole}{kept}{}", "0".repeat(decimals - kept.len()));
    match all.parse::<i64>() {
        Ok(value) if value.unsigned_abs() <= EXACT_MAX as u64 => {
            Reading::Value(if negative { -value } else { value })
        }
        _ => Reading::Inexact,
    }
}

/// Digits, with commas after every third from the right or none at all.
fn without_separators(text: &str) -> Option<String> {
    let mut groups = text.split(',');
    let first = groups.next()?;
    let rest: Vec<&str> = groups.collect();
    let digits = |t: &str| !t.is_empty() && t.chars().all(|c| c.is_ascii_digit());
    let grouped = rest.is_empty() || first.len() <= 3;
    if !digits(first) || !grouped || !rest.iter().all(|g| g.len() == 3 && digits(g)) {
        return None;
    }
    Some(text.chars().filter(|c| *c != ',').collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str, decimals: u32) -> Reading {
        read(&GridCell::Text(text.into()), decimals, true, &["-".into(), "‐".into(), "*".into()])
    }

    #[test]
    fn texts_are_read() {
        let cases: &[(&str, u32, Reading)] = &[
            ("12", 0, Reading::Value(12)),
            ("１，２３４", 0, Reading::Value(1234)),
            ("1,234,567", 0, Reading::Value(1_234_567)),
            (" 3.50 ", 1, Reading::Value(35)),
            ("△5", 0, Reading::Value(-5)),
            ("-", 0, Reading::Masked),
            ("‐", 0, Reading::Masked),
            ("－", 0, Reading::Masked),
            ("＊", 0, Reading::Masked),
            ("\u{3000}", 0, Reading::Absent),
            ("3.5", 0, Reading::Inexact),
            ("99999999999999999999", 0, Reading::Inexact),
            ("12,34", 0, Reading::Unreadable),
            ("1234,567", 0, Reading::Unreadable),
            ("5.", 0, Reading::Unreadable),
            ("a", 0, Reading::Unreadable),
            ("--5", 0, Reading::Unreadable),
        ];
        for (given, decimals, expected) in cases {
            assert_eq!(text(given, *decimals), *expected, "{given}");
        }
    }

    #[test]
    fn numbers_are_read_in_the_smallest_unit() {
        let float = |n: f64, d: u32| read(&GridCell::Number(n), d, false, &[]);
        assert_eq!(float(146_138_275.315, 5), Reading::Value(14_613_827_531_500));
        assert_eq!(float(10.0, 0), Reading::Value(10));
        assert_eq!(float(2.5, 0), Reading::Inexact);
        assert_eq!(float(-1.0, 0), Reading::Negative(-1));
        assert_eq!(float(1e300, 0), Reading::Inexact);
        assert_eq!(read(&GridCell::Date, 0, false, &[]), Reading::Date);
    }
}
