//! Whose records a question may not use, by the registers of notices and choices.
//!
//! The persons come from the snapshot itself: where a data set rests on consent,
//! everybody without a permit is left out, also persons of whom no register
//! knows anything.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use arrow::array::{Array, Date32Array};
use arrow::record_batch::RecordBatch;
use chrono::{Days, NaiveDate};
use shirube_model::choice::{Choices, Life, Question, Span, Verdict};
use shirube_records::Snapshot;

use crate::error::QueryError;
use crate::source::{Exclusions, damaged, reader, whole};

/// Who is left out of a snapshot for a question, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct ByChoices {
    /// Those left out.
    pub exclusions: Exclusions,
    /// Persons of the snapshot by verdict.
    pub persons: BTreeMap<Verdict, u64>,
    /// Persons with a notice or choice who are not in the snapshot.
    pub unmatched: u64,
}

impl Exclusions {
    /// Decides for every person of a snapshot whether the question may use them,
    /// by the notices and choices of its data set.
    ///
    /// # Errors
    /// When a file is missing or damaged.
    pub fn by_choices(
        snapshot: &Snapshot,
        choices: &Choices,
        question: &Question,
    ) -> Result<ByChoices, QueryError> {
        let mut out = Vec::new();
        let mut persons: BTreeMap<Verdict, u64> = BTreeMap::new();
        let mut unmatched: BTreeSet<i64> = choices.persons().collect();
        each_life(snapshot, |person, life| {
            let verdict = choices.decide(person, life, question);
            *persons.entry(verdict).or_default() += 1;
            if !verdict.may_use() {
                out.push(person);
            }
            unmatched.remove(&person);
        })?;
        let unmatched = u64::try_from(unmatched.len()).unwrap_or(u64::MAX);
        Ok(ByChoices { exclusions: Self::of(out), persons, unmatched })
    }
}

/// What a snapshot says of the birth and death of one person; nothing when the
/// person is not in it.
///
/// # Errors
/// When a file is missing or damaged.
pub fn life_of(snapshot: &Snapshot, person: i64) -> Result<Option<Life>, QueryError> {
    let mut found = None;
    each_life(snapshot, |one, life| {
        if one == person {
            found = Some(life);
        }
    })?;
    Ok(found)
}

/// Goes through the persons of a snapshot.
fn each_life(snapshot: &Snapshot, mut each: impl FnMut(i64, Life)) -> Result<(), QueryError> {
    // Where dates were shifted, a day is known within the shift only.
    let shift = Days::new(snapshot.manifest.shift_days_max.into());
    let deaths = deaths(snapshot)?;
    for path in snapshot.table("person")? {
        let columns = ["person_id", "year_of_birth", "month_of_birth", "day_of_birth"];
        for batch in reader(&path, &columns).map_err(|_| damaged())? {
            let batch = batch.map_err(|_| damaged())?;
            let column = |name: &str| whole(&batch, name).ok_or_else(damaged);
            let [persons, years, months, days] = [
                column("person_id")?,
                column("year_of_birth")?,
                column("month_of_birth")?,
                column("day_of_birth")?,
            ];
            let rows = persons.iter().zip(years.iter()).zip(months.iter()).zip(days.iter());
            for (((person, year), month), day) in rows {
                let Some(person) = person else { return Err(damaged()) };
                let died = deaths.get(&person).copied().map(Span::day);
                let born = born(year, month, day);
                let life = Life { born: wider(born, shift), died: wider(died, shift) };
                each(person, life);
            }
        }
    }
    Ok(())
}

fn wider(span: Option<Span>, by: Days) -> Option<Span> {
    let span = span?;
    Some(Span {
        earliest: span.earliest.checked_sub_days(by)?,
        latest: span.latest.checked_add_days(by)?,
    })
}

/// Days on which somebody may have been born.
fn born(year: Option<i64>, month: Option<i64>, day: Option<i64>) -> Option<Span> {
    let year = i32::try_from(year?).ok()?;
    let part = |value: Option<i64>| value.and_then(|value| u32::try_from(value).ok());
    let date = |month, day| NaiveDate::from_ymd_opt(year, month, day);
    match (part(month), part(day)) {
        (Some(month), Some(day)) => date(month, day).map(Span::day),
        (Some(month), None) => {
            let earliest = date(month, 1)?;
            let next = earliest.checked_add_months(chrono::Months::new(1))?;
            Some(Span { earliest, latest: next.pred_opt()? })
        }
        (None, _) => Some(Span { earliest: date(1, 1)?, latest: date(12, 31)? }),
    }
}

fn deaths(snapshot: &Snapshot) -> Result<HashMap<i64, NaiveDate>, QueryError> {
    let mut out = HashMap::new();
    for path in snapshot.table("death")? {
        for batch in reader(&path, &["person_id", "death_date"]).map_err(|_| damaged())? {
            let batch = batch.map_err(|_| damaged())?;
            let persons = whole(&batch, "person_id").ok_or_else(damaged)?;
            let dates = dates(&batch, "death_date").ok_or_else(damaged)?;
            for (row, person) in persons.iter().enumerate() {
                let day = if dates.is_valid(row) { dates.value_as_date(row) } else { None };
                if let (Some(person), Some(day)) = (person, day) {
                    out.insert(person, day);
                }
            }
        }
    }
    Ok(out)
}

fn dates<'a>(batch: &'a RecordBatch, name: &str) -> Option<&'a Date32Array> {
    batch.column_by_name(name)?.as_any().downcast_ref()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn births_are_known_as_far_as_they_are_written() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        for (year, month, date, wanted) in [
            (Some(2000), Some(2), Some(29), Some(("2000-02-29", "2000-02-29"))),
            (Some(2000), Some(2), None, Some(("2000-02-01", "2000-02-29"))),
            (Some(2000), Some(12), None, Some(("2000-12-01", "2000-12-31"))),
            (Some(2000), None, Some(5), Some(("2000-01-01", "2000-12-31"))),
            (Some(2001), Some(2), Some(29), None),
            (None, Some(2), Some(2), None),
        ] {
            let wanted = wanted.map(|(from, to)| Span { earliest: day(from), latest: day(to) });
            assert_eq!(born(year, month, date), wanted);
        }
        let wide = wider(Some(Span::day(day("2000-01-10"))), Days::new(10)).unwrap();
        assert_eq!((wide.earliest, wide.latest), (day("1999-12-31"), day("2000-01-20")));
    }
}
