//! Dates, dates with times, and times of FHIR, with the precision as written.

use std::cmp::Ordering;

use chrono::{Datelike, Days, NaiveDate};

/// What kind of moment a text is read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MomentKind {
    /// `date`: year, month, day.
    Date,
    /// `dateTime` and `instant`.
    DateTime,
    /// `time`.
    Time,
}

/// A moment: year, month, day, hour, minute, second, millisecond, of which the
/// first `known` are written. A time starts at the hour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    /// What it is.
    pub kind: MomentKind,
    parts: [i32; 7],
    known: usize,
    /// Offset from UTC in minutes, when written.
    zone_minutes: Option<i32>,
}

const MONTH: usize = 2;
const DAY: usize = 3;
const HOUR: usize = 4;
const SECOND: usize = 6;
const MILLI: usize = 7;

/// Reads two (or four) digits off the front of `text`.
fn number(text: &str, digits: usize) -> Option<(i32, &str)> {
    let (head, rest) = (text.get(..digits)?, text.get(digits..)?);
    if !head.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    Some((head.parse().ok()?, rest))
}

impl Moment {
    /// Reads a date, a date with time, or (after `T`, or as `hh:mm…`) a time.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        if let Some(time) = text.strip_prefix('T') {
            return Self::time(time);
        }
        if text.as_bytes().get(2) == Some(&b':') {
            return Self::time(text);
        }
        let (date, time) = match text.split_once('T') {
            Some((date, time)) => (date, Some(time)),
            None => (text, None),
        };
        let mut moment =
            Self { kind: MomentKind::Date, parts: [0; 7], known: 0, zone_minutes: None };
        let (year, mut rest) = number(date, 4)?;
        moment.push(year);
        while let Some(next) = rest.strip_prefix('-') {
            let (part, after) = number(next, 2)?;
            moment.push(part);
            rest = after;
        }
        if !rest.is_empty() || moment.known > DAY || !moment.day_exists() {
            return None;
        }
        let Some(time) = time else { return Some(moment) };
        moment.kind = MomentKind::DateTime;
        if time.is_empty() {
            return Some(moment);
        }
        if moment.known < DAY {
            return None;
        }
        let zone_at = time.find(['Z', '+', '-']).unwrap_or(time.len());
        moment.zone_minutes = read_zone(time.get(zone_at..)?)?;
        moment.clock(time.get(..zone_at)?)?;
        Some(moment)
    }

    fn time(text: &str) -> Option<Self> {
        let mut moment =
            Self { kind: MomentKind::Time, parts: [0; 7], known: DAY, zone_minutes: None };
        moment.clock(text)?;
        Some(moment)
    }

    fn clock(&mut self, text: &str) -> Option<()> {
        let (whole, fraction) = match text.split_once('.') {
            Some((whole, fraction)) => (whole, Some(fraction)),
            None => (text, None),
        };
        for part in whole.split(':') {
            let (part, rest) = number(part, 2)?;
            if !rest.is_empty() || self.known >= SECOND {
                return None;
            }
            self.push(part);
        }
        if let Some(fraction) = fraction {
            if self.known != SECOND || !fraction.bytes().all(|b| b.is_ascii_digit()) {
                return None;
            }
            // Three digits are kept, as in FHIRPath's own type.
            let digits: String = fraction.chars().chain("000".chars()).take(3).collect();
            self.push(digits.parse().ok()?);
        }
        let [_, _, _, hour, minute, second, _] = self.parts;
        (hour < 24 && minute < 60 && second <= 60).then_some(())
    }

    fn push(&mut self, part: i32) {
        if let Some(slot) = self.parts.get_mut(self.known) {
            *slot = part;
            self.known += 1;
        }
    }

    fn day_exists(&self) -> bool {
        let [year, month, day, ..] = self.parts;
        let month = if self.known < MONTH { 1 } else { month };
        let day = if self.known < DAY { 1 } else { day };
        to_date(year, month, day).is_some()
    }

    /// Earlier, equal or later; `None` when the written precision does not
    /// tell, or the kinds cannot be compared.
    #[must_use]
    pub fn compare(&self, other: &Self) -> Option<Ordering> {
        if (self.kind == MomentKind::Time) != (other.kind == MomentKind::Time) {
            return None;
        }
        let (left, right) = match (self.zone_minutes, other.zone_minutes) {
            (Some(_), Some(_)) => (self.in_utc()?, other.in_utc()?),
            _ => (self.clone(), other.clone()),
        };
        let both = left.known.min(right.known);
        for (a, b) in left.parts.iter().zip(right.parts.iter()).take(both.min(SECOND - 1)) {
            if a != b {
                return Some(a.cmp(b));
            }
        }
        if both >= SECOND {
            // Seconds and milliseconds are one part in FHIRPath.
            return Some(left.milli_of_minute().cmp(&right.milli_of_minute()));
        }
        (left.known == right.known).then_some(Ordering::Equal)
    }

    fn milli_of_minute(&self) -> i32 {
        let [.., second, milli] = self.parts;
        second * 1000 + if self.known >= MILLI { milli } else { 0 }
    }

    fn in_utc(&self) -> Option<Self> {
        let Some(zone) = self.zone_minutes.filter(|_| self.known > HOUR) else {
            return Some(self.clone());
        };
        let [year, month, day, hour, minute, second, milli] = self.parts;
        let date = to_date(year, month, day)?;
        let total = hour * 60 + minute - zone;
        let shift = total.div_euclid(24 * 60);
        let days = Days::new(u64::from(shift.unsigned_abs()));
        let date =
            if shift < 0 { date.checked_sub_days(days) } else { date.checked_add_days(days) }?;
        let total = total.rem_euclid(24 * 60);
        let parts = [
            date.year(),
            i32::try_from(date.month()).ok()?,
            i32::try_from(date.day()).ok()?,
            total / 60,
            total % 60,
            second,
            milli,
        ];
        Some(Self { kind: self.kind, parts, known: self.known, zone_minutes: Some(0) })
    }

    /// The earliest moment that the written text can mean.
    #[must_use]
    pub fn low(&self, kind: MomentKind) -> Self {
        self.filled(kind, [0, 1, 1, 0, 0, 0, 0], 14 * 60)
    }

    /// The latest moment that the written text can mean.
    #[must_use]
    pub fn high(&self, kind: MomentKind) -> Self {
        let [year, month, ..] = self.parts;
        let month = if self.known < MONTH { 12 } else { month };
        let day = (28..=31).rev().find(|day| to_date(year, month, *day).is_some()).unwrap_or(28);
        self.filled(kind, [0, 12, day, 23, 59, 59, 999], -12 * 60)
    }

    fn filled(&self, kind: MomentKind, fill: [i32; 7], zone: i32) -> Self {
        let mut parts = self.parts;
        for (slot, fill) in parts.iter_mut().zip(fill).skip(self.known) {
            *slot = fill;
        }
        let known = if kind == MomentKind::Date { DAY } else { MILLI };
        let zone_minutes = match kind {
            MomentKind::DateTime => Some(self.zone_minutes.unwrap_or(zone)),
            _ => None,
        };
        Self { kind, parts, known, zone_minutes }
    }
}

fn to_date(year: i32, month: i32, day: i32) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(year, u32::try_from(month).ok()?, u32::try_from(day).ok()?)
}

/// The zone after a time: nothing, `Z`, or `+hh:mm`.
fn read_zone(text: &str) -> Option<Option<i32>> {
    let Some(sign) = text.chars().next() else { return Some(None) };
    if text == "Z" {
        return Some(Some(0));
    }
    let (hours, rest) = number(text.get(1..)?, 2)?;
    let (minutes, rest) = number(rest.strip_prefix(':')?, 2)?;
    let total = hours * 60 + minutes;
    (rest.is_empty() && hours <= 14 && minutes < 60).then_some(Some(if sign == '-' {
        -total
    } else {
        total
    }))
}

impl std::fmt::Display for Moment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let marks = ["", "-", "-", "T", ":", ":", "."];
        let from = if self.kind == MomentKind::Time { DAY } else { 0 };
        let parts = self.parts.iter().zip(marks).enumerate().take(self.known).skip(from);
        for (place, (part, mark)) in parts {
            let mark = if place == from { "" } else { mark };
            match place {
                0 => write!(f, "{part:04}")?,
                6 => write!(f, "{mark}{part:03}")?,
                _ => write!(f, "{mark}{part:02}")?,
            }
        }
        if let Some(zone) = self.zone_minutes.filter(|_| self.known > DAY) {
            let sign = if zone < 0 { '-' } else { '+' };
            if zone == 0 {
                return f.write_str("Z");
            }
            write!(f, "{sign}{:02}:{:02}", zone.abs() / 60, zone.abs() % 60)?;
        }
        Ok(())
    }
}
