//! Texts, days, times and numbers as a page of one language writes them.

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use rust_decimal::Decimal;
use shirube_model::calendar::{era_date, jst};
use shirube_model::indicator::YearBasis;
use shirube_model::lang::{Lang, LocalText};
use shirube_model::refusal;

/// The language of a page, with everything that depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tr(pub Lang);

/// English month names.
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// Digits after the decimal point that pages show; files and the API give all.
const SHOWN_DIGITS: u32 = 3;

impl Tr {
    /// The text of a key.
    pub(crate) fn get(self, key: &str) -> String {
        refusal::text(self.0, key)
    }

    /// The text of a key with one value in it.
    pub(crate) fn with(self, key: &str, name: &'static str, value: impl ToString) -> String {
        refusal::text_with(self.0, key, &[(name, value.to_string())])
    }

    /// The text of a key with several values in it.
    pub(crate) fn args(self, key: &str, args: &[(&'static str, String)]) -> String {
        refusal::text_with(self.0, key, args)
    }

    /// One side of a text in both languages.
    pub(crate) fn side(self, text: &LocalText) -> String {
        text.get(self.0).to_owned()
    }

    /// A day in words; in Japanese with its era.
    pub(crate) fn day(self, day: NaiveDate) -> String {
        match self.0 {
            Lang::Ja => {
                let era = era_date(day);
                let era = era.split_once('年').map_or(era.as_str(), |(year, _)| year);
                format!("{}年（{era}年）{}月{}日", day.year(), day.month(), day.day())
            }
            Lang::En => format!("{} {} {}", day.day(), month(day), day.year()),
        }
    }

    /// A day in few characters.
    pub(crate) fn short_day(self, day: NaiveDate) -> String {
        match self.0 {
            Lang::Ja => format!("{}年{}月{}日", day.year(), day.month(), day.day()),
            Lang::En => {
                let month: String = month(day).chars().take(3).collect();
                format!("{} {month} {}", day.day(), day.year())
            }
        }
    }

    /// An instant, in Japan time to the second.
    pub(crate) fn time(self, instant: DateTime<Utc>) -> String {
        let local = instant.with_timezone(&jst());
        format!("{} {} JST", self.short_day(local.date_naive()), local.format("%H:%M:%S"))
    }

    /// A year of a series.
    pub(crate) fn year(self, basis: YearBasis, year: i32) -> String {
        match (self.0, basis) {
            (Lang::Ja, YearBasis::Fiscal) => format!("{year}年度"),
            (Lang::Ja, YearBasis::Calendar) => format!("{year}年"),
            (Lang::En, YearBasis::Fiscal) => format!("FY{year}"),
            (Lang::En, YearBasis::Calendar) => year.to_string(),
        }
    }

    /// A number with thousands separated, at most three digits after the point.
    pub(crate) fn number(self, value: Decimal) -> String {
        grouped(&value.round_dp(SHOWN_DIGITS).normalize().to_string())
    }

    /// An estimate, such as where a path stands: as many digits as make sense.
    pub(crate) fn estimate(self, value: Decimal) -> String {
        let size = value.abs();
        let digits = if size >= Decimal::ONE_THOUSAND {
            0
        } else if size >= Decimal::TEN {
            1
        } else {
            2
        };
        self.number(value.round_dp(digits))
    }

    /// A whole number with thousands separated.
    pub(crate) fn count(self, value: u64) -> String {
        grouped(&value.to_string())
    }

    /// A difference, with its sign.
    pub(crate) fn signed(self, value: Decimal) -> String {
        let sign = if value.is_zero() {
            "±"
        } else if value.is_sign_positive() {
            "+"
        } else {
            "−"
        };
        format!("{sign}{}", self.number(value.abs()))
    }

    /// What stands where there is no value.
    pub(crate) fn dash(self) -> String {
        "—".to_owned()
    }

    /// Words of a list joined as the language does.
    pub(crate) fn list(self, items: &[String]) -> String {
        items.join(match self.0 {
            Lang::Ja => "、",
            Lang::En => ", ",
        })
    }
}

fn month(day: NaiveDate) -> &'static str {
    MONTHS.get(day.month0() as usize).copied().unwrap_or_default()
}

fn grouped(plain: &str) -> String {
    let (sign, rest) = plain.strip_prefix('-').map_or(("", plain), |rest| ("−", rest));
    let (whole, fraction) =
        rest.split_once('.').map_or((rest, None), |(whole, part)| (whole, Some(part)));
    let mut out = String::from(sign);
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if let Some(fraction) = fraction {
        out.push('.');
        out.push_str(fraction);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(y: i32, m: u32, d: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(y, m, d).unwrap()
    }

    #[test]
    fn numbers_are_grouped_and_cut() {
        let cases = [
            ("0", "0"),
            ("999", "999"),
            ("1000", "1,000"),
            ("-1234567.50", "−1,234,567.5"),
            ("0.12345", "0.123"),
            ("1200000", "1,200,000"),
        ];
        for (plain, shown) in cases {
            assert_eq!(Tr(Lang::En).number(plain.parse().unwrap()), shown, "{plain}");
        }
        for (plain, shown) in [("455.641", "455.6"), ("1.2345", "1.23"), ("1234.5", "1,234")] {
            assert_eq!(Tr(Lang::En).estimate(plain.parse().unwrap()), shown, "{plain}");
        }
        assert_eq!(Tr(Lang::En).signed("-3".parse().unwrap()), "−3");
        assert_eq!(Tr(Lang::En).signed("3".parse().unwrap()), "+3");
        assert_eq!(Tr(Lang::En).signed("0".parse().unwrap()), "±0");
    }

    #[test]
    fn days_are_written_as_each_language_does() {
        assert_eq!(Tr(Lang::Ja).day(day(2027, 4, 1)), "2027年（令和9年）4月1日");
        assert_eq!(Tr(Lang::Ja).day(day(2019, 5, 1)), "2019年（令和元年）5月1日");
        assert_eq!(Tr(Lang::En).day(day(2027, 4, 1)), "1 April 2027");
        assert_eq!(Tr(Lang::En).short_day(day(2027, 12, 31)), "31 Dec 2027");
    }

    #[test]
    fn times_are_japan_time() {
        let instant = DateTime::from_timestamp(1_743_433_199, 0).unwrap();
        assert_eq!(Tr(Lang::En).time(instant), "31 Mar 2025 23:59:59 JST");
    }
}
