//! Dates as Japanese administration writes them: fiscal years from April to
//! March, eras, and days in Japan time.

use std::fmt;

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, TimeZone, Utc};
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

use crate::refusal::Refusal;

/// A fiscal year, named by the calendar year it starts in. FY2025 runs from
/// 1 April 2025 to 31 March 2026, both days included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FiscalYear(pub i32);

impl FiscalYear {
    /// The fiscal year a day falls in.
    #[must_use]
    pub fn of(date: NaiveDate) -> Self {
        if date.month() >= 4 { Self(date.year()) } else { Self(date.year() - 1) }
    }

    /// First day, 1 April.
    #[must_use]
    pub fn first_day(self) -> NaiveDate {
        NaiveDate::from_ymd_opt(self.0, 4, 1).unwrap_or(NaiveDate::MAX)
    }

    /// Last day, 31 March of the following calendar year.
    #[must_use]
    pub fn last_day(self) -> NaiveDate {
        NaiveDate::from_ymd_opt(self.0 + 1, 3, 31).unwrap_or(NaiveDate::MAX)
    }
}

impl fmt::Display for FiscalYear {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FY{}", self.0)
    }
}

/// Japan Standard Time, UTC+9 without daylight saving.
#[must_use]
pub fn jst() -> FixedOffset {
    FixedOffset::east_opt(9 * 3600).unwrap_or_else(|| Utc.fix_offset())
}

/// Gives `Utc` as a fixed offset; only a fallback for [`jst`].
trait FixOffset {
    fn fix_offset(&self) -> FixedOffset;
}

impl FixOffset for Utc {
    fn fix_offset(&self) -> FixedOffset {
        use chrono::Offset;
        Self.fix()
    }
}

/// The day in Japan at an instant.
#[must_use]
pub fn japan_day(instant: DateTime<Utc>) -> NaiveDate {
    instant.with_timezone(&jst()).date_naive()
}

/// The last instant of a day in Japan: everything recorded up to and including
/// it was known on that day.
#[must_use]
pub fn end_of_japan_day(day: NaiveDate) -> DateTime<Utc> {
    let next = day.succ_opt().unwrap_or(day);
    next.and_hms_opt(0, 0, 0)
        .and_then(|midnight| jst().from_local_datetime(&midnight).single())
        .map_or(DateTime::<Utc>::MAX_UTC, |t| {
            t.with_timezone(&Utc) - chrono::Duration::microseconds(1)
        })
}

/// An era of the Japanese calendar since 1868.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Era {
    /// Name in kanji, such as 令和.
    pub ja: &'static str,
    /// Romanised name.
    pub en: &'static str,
    /// Letter used in forms, such as R.
    pub letter: char,
    /// First day of the era (year, month, day).
    first: (i32, u32, u32),
    /// Western year minus era year.
    offset: i32,
}

/// Eras, newest first. The boundary days 30 July 1912 and 25 December 1926
/// belong to both eras on paper, so both readings are accepted.
pub const ERAS: [Era; 5] = [
    Era { ja: "令和", en: "Reiwa", letter: 'R', first: (2019, 5, 1), offset: 2018 },
    Era { ja: "平成", en: "Heisei", letter: 'H', first: (1989, 1, 8), offset: 1988 },
    Era { ja: "昭和", en: "Showa", letter: 'S', first: (1926, 12, 25), offset: 1925 },
    Era { ja: "大正", en: "Taisho", letter: 'T', first: (1912, 7, 30), offset: 1911 },
    Era { ja: "明治", en: "Meiji", letter: 'M', first: (1868, 1, 25), offset: 1867 },
];

impl Era {
    /// First day of the era.
    #[must_use]
    pub fn first_day(&self) -> NaiveDate {
        let (year, month, day) = self.first;
        NaiveDate::from_ymd_opt(year, month, day).unwrap_or(NaiveDate::MIN)
    }

    /// Last day on which paper records use the era.
    fn last_day(&self) -> NaiveDate {
        let next = ERAS.iter().rev().find(|era| era.first_day() > self.first_day());
        match next {
            None => NaiveDate::MAX,
            // 令和 and 平成 began the day after; the older changes share a day.
            Some(next) if next.offset >= 1988 => {
                next.first_day().pred_opt().unwrap_or(NaiveDate::MIN)
            }
            Some(next) => next.first_day(),
        }
    }
}

/// Writes a day with its era, such as 令和7年4月1日; the first year is 元年.
#[must_use]
pub fn era_date(date: NaiveDate) -> String {
    for era in &ERAS {
        if date >= era.first_day() {
            let year = date.year() - era.offset;
            let year = if year == 1 { "元".to_owned() } else { year.to_string() };
            return format!("{}{year}年{}月{}日", era.ja, date.month(), date.day());
        }
    }
    date.to_string()
}

/// Reads a day written as `2025-04-01`, `2025/4/1`, `20250401`, `2025年4月1日`,
/// `令和7年4月1日` or `R7.4.1`, with full-width digits allowed.
///
/// # Errors
/// `core.date.unreadable` when the text is no such date;
/// `core.date.outside-era` when the day is not in the named era.
pub fn parse_date(text: &str) -> Result<NaiveDate, Refusal> {
    let unreadable = || Refusal::new("core.date.unreadable").arg("value", text);
    let folded: String = text.trim().nfkc().collect();
    let era = ERAS.iter().find_map(|era| {
        let rest = folded.strip_prefix(era.ja).or_else(|| {
            folded
                .strip_prefix(era.letter)
                .or_else(|| folded.strip_prefix(era.letter.to_ascii_lowercase()))
        })?;
        Some((era, rest.replace('元', "1")))
    });
    let numbers = era.as_ref().map_or(folded.as_str(), |(_, rest)| rest.as_str());
    let parts = date_parts(numbers).ok_or_else(unreadable)?;
    let (year, month, day) = parts;
    let Some((era, _)) = era else {
        if !(1000..=9999).contains(&year) {
            return Err(unreadable());
        }
        return NaiveDate::from_ymd_opt(year, month, day).ok_or_else(unreadable);
    };
    let outside = || Refusal::new("core.date.outside-era").arg("value", text);
    if year < 1 {
        return Err(outside());
    }
    let date = NaiveDate::from_ymd_opt(era.offset + year, month, day).ok_or_else(unreadable)?;
    if date < era.first_day() || date > era.last_day() {
        return Err(outside());
    }
    Ok(date)
}

/// Year, month and day from digits with separators, or eight digits.
fn date_parts(text: &str) -> Option<(i32, u32, u32)> {
    let body = text.strip_suffix('日').unwrap_or(text);
    if body.len() == 8 && body.bytes().all(|b| b.is_ascii_digit()) {
        return Some((
            body.get(0..4)?.parse().ok()?,
            body.get(4..6)?.parse().ok()?,
            body.get(6..8)?.parse().ok()?,
        ));
    }
    let mut parts = body.split(['-', '/', '.', '年', '月']);
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let digits = |s: &str, most: usize| {
        (!s.is_empty() && s.len() <= most && s.bytes().all(|b| b.is_ascii_digit())).then_some(())
    };
    digits(year, 4)?;
    digits(month, 2)?;
    digits(day, 2)?;
    Some((year.parse().ok()?, month.parse().ok()?, day.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(y: i32, m: u32, d: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(y, m, d).unwrap()
    }

    #[test]
    fn fiscal_year_turns_on_the_first_of_april() {
        let cases = [
            (day(2025, 3, 31), 2024),
            (day(2025, 4, 1), 2025),
            (day(2026, 3, 31), 2025),
            (day(2030, 3, 31), 2029),
            (day(2030, 4, 1), 2030),
            (day(2024, 2, 29), 2023),
        ];
        for (date, year) in cases {
            assert_eq!(FiscalYear::of(date), FiscalYear(year), "{date}");
        }
        assert_eq!(FiscalYear(2029).last_day(), day(2030, 3, 31));
    }

    #[test]
    fn a_day_in_japan_ends_at_fifteen_utc() {
        let end = end_of_japan_day(day(2027, 3, 31));
        assert_eq!(end.to_rfc3339(), "2027-03-31T14:59:59.999999+00:00");
        assert_eq!(japan_day(end), day(2027, 3, 31));
        assert_eq!(japan_day(end + chrono::Duration::microseconds(1)), day(2027, 4, 1));
    }

    #[test]
    fn dates_are_read_in_the_ways_offices_write_them() {
        let cases = [
            ("2025-04-01", day(2025, 4, 1)),
            ("2025/4/1", day(2025, 4, 1)),
            ("20250401", day(2025, 4, 1)),
            ("2025年4月1日", day(2025, 4, 1)),
            ("令和7年4月1日", day(2025, 4, 1)),
            ("令和元年5月1日", day(2019, 5, 1)),
            ("R7.4.1", day(2025, 4, 1)),
            ("２０２５年４月１日", day(2025, 4, 1)),
            ("平成31年4月30日", day(2019, 4, 30)),
            ("昭和64年1月7日", day(1989, 1, 7)),
            ("大正15年12月25日", day(1926, 12, 25)),
            ("昭和元年12月25日", day(1926, 12, 25)),
        ];
        for (text, date) in cases {
            assert_eq!(parse_date(text), Ok(date), "{text}");
        }
    }

    #[test]
    fn dates_that_do_not_exist_are_refused_by_code() {
        let cases = [
            ("2025-02-29", "core.date.unreadable"),
            ("2025-13-01", "core.date.unreadable"),
            ("25-04-01", "core.date.unreadable"),
            ("2025-04", "core.date.unreadable"),
            ("", "core.date.unreadable"),
            ("令和0年4月1日", "core.date.outside-era"),
            ("令和元年4月30日", "core.date.outside-era"),
            ("平成32年1月1日", "core.date.outside-era"),
            ("2025-04-01-01", "core.date.unreadable"),
        ];
        for (text, code) in cases {
            assert_eq!(parse_date(text).unwrap_err().code, code, "{text}");
        }
    }

    proptest! {
        #[test]
        fn era_dates_read_back(days in 0i64..60_000) {
            let date = day(1873, 1, 1) + chrono::Duration::days(days);
            prop_assert_eq!(parse_date(&era_date(date)).unwrap(), date);
            prop_assert_eq!(parse_date(&date.to_string()).unwrap(), date);
        }
    }
}
