//! The common functions over whole columns. What they give is what
//! [`super::value`] gives row by row; they are only faster.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use arrow::array::{
    Array, ArrayRef, AsArray, Date32Array, Int64Array, PrimitiveArray, StringArray, StringBuilder,
};
use arrow::datatypes::{ArrowPrimitiveType, Date32Type, Int64Type, TimestampMicrosecondType};
use chrono::NaiveDate;

use super::{Item, Listed, day, value};
use crate::kind::Kind;

/// Microseconds of a day.
const DAY: i64 = 86_400_000_000;

/// Days for which results are kept: the years 1850 to 2149.
const FIRST_DAY: i64 = -43_829;
const LAST_DAY: i64 = 65_743;

/// The column of a function, where there is a way faster than row by row.
pub(super) fn column(listed: &Listed, arguments: &[ArrayRef]) -> Option<ArrayRef> {
    match (listed.arguments, arguments) {
        ([Kind::Date], [days]) => of_day(listed, &Days::of(days)?),
        ([Kind::Int, Kind::Int], [numbers, widths]) => {
            let numbers = numbers.as_primitive_opt::<Int64Type>()?;
            let widths = widths.as_primitive_opt::<Int64Type>()?;
            let pairs = numbers.iter().zip(widths.iter());
            Some(Arc::new(
                pairs.map(|(n, width)| whole(listed, &[n, width])).collect::<Int64Array>(),
            ))
        }
        ([Kind::Text, Kind::Int], [texts, sizes]) => {
            left(listed, texts.as_string_opt::<i32>()?, sizes.as_primitive_opt::<Int64Type>()?)
        }
        _ => None,
    }
}

/// A function of whole numbers.
fn whole(listed: &Listed, items: &[Option<i64>]) -> Option<i64> {
    let items: Option<Vec<Item>> = items.iter().map(|n| n.map(Item::Int)).collect();
    match value(listed.name, &items?)? {
        Item::Int(n) => Some(n),
        _ => None,
    }
}

/// A column of days, or of moments of which the day counts.
enum Days<'a> {
    Dates(&'a Date32Array),
    Moments(&'a PrimitiveArray<TimestampMicrosecondType>),
}

impl<'a> Days<'a> {
    fn of(array: &'a ArrayRef) -> Option<Self> {
        if let Some(list) = array.as_primitive_opt::<Date32Type>() {
            return Some(Self::Dates(list));
        }
        array.as_primitive_opt::<TimestampMicrosecondType>().map(Self::Moments)
    }

    fn len(&self) -> usize {
        match self {
            Self::Dates(list) => list.len(),
            Self::Moments(list) => list.len(),
        }
    }

    /// The day of a row by its number from 1970.
    fn day(&self, row: usize) -> Option<i64> {
        match self {
            Self::Dates(list) => list.is_valid(row).then(|| i64::from(list.value(row))),
            Self::Moments(list) => list.is_valid(row).then(|| list.value(row).div_euclid(DAY)),
        }
    }
}

/// A function of a day: few days, many rows.
fn of_day(listed: &Listed, days: &Days<'_>) -> Option<ArrayRef> {
    let known = known_days(listed)?;
    match listed.result {
        Kind::Int => Some(by_day::<Int64Type>(listed, days, &known, Some)),
        Kind::Date => {
            Some(by_day::<Date32Type>(listed, days, &known, |day| i32::try_from(day).ok()))
        }
        _ => None,
    }
}

/// What functions give for the days of [`FIRST_DAY`] to [`LAST_DAY`].
type KnownDays = Arc<[Option<i64>]>;

/// Worked out once for each function.
static KNOWN: Mutex<BTreeMap<&'static str, KnownDays>> = Mutex::new(BTreeMap::new());

fn known_days(listed: &Listed) -> Option<KnownDays> {
    let mut all = KNOWN.lock().ok()?;
    let days = || (FIRST_DAY..=LAST_DAY).map(|number| by_number(listed, number)).collect();
    Some(Arc::clone(all.entry(listed.name).or_insert_with(days)))
}

/// What a function gives for a day by its number from 1970; days as numbers too.
fn by_number(listed: &Listed, number: i64) -> Option<i64> {
    let day: NaiveDate = day(number)?;
    match value(listed.name, &[Item::Day(day)])? {
        Item::Int(n) => Some(n),
        Item::Day(day) => Some(i64::from(day.to_epoch_days())),
        _ => None,
    }
}

fn by_day<T: ArrowPrimitiveType>(
    listed: &Listed,
    days: &Days<'_>,
    known: &[Option<i64>],
    native: impl Fn(i64) -> Option<T::Native>,
) -> ArrayRef {
    let of = |number: i64| -> Option<T::Native> {
        let place = usize::try_from(number.checked_sub(FIRST_DAY)?).ok();
        match place.and_then(|place| known.get(place)) {
            Some(result) => native((*result)?),
            None => native(by_number(listed, number)?),
        }
    };
    let column: PrimitiveArray<T> = (0..days.len()).map(|row| of(days.day(row)?)).collect();
    Arc::new(column)
}

/// The beginnings of texts.
fn left(listed: &Listed, texts: &StringArray, sizes: &Int64Array) -> Option<ArrayRef> {
    if listed.name != "left" {
        return None;
    }
    let mut out = StringBuilder::with_capacity(texts.len(), texts.len() * 4);
    for (text, size) in texts.iter().zip(sizes.iter()) {
        out.append_option(text.zip(size).map(|(text, size)| {
            let end = text.char_indices().nth(super::size(size)).map_or(text.len(), |(at, _)| at);
            text.get(..end).unwrap_or_default()
        }));
    }
    Some(Arc::new(out.finish()))
}

#[cfg(test)]
mod tests {
    use arrow::array::TimestampMicrosecondArray;

    use super::*;
    use crate::functions::{FUNCTIONS, column as by_row, item};

    fn arrays(kinds: &[Kind]) -> Vec<Vec<ArrayRef>> {
        let days =
            [Some(0), Some(-1), None, Some(19_000), Some(19_365), Some(18_000), Some(18_322)];
        let whole = [Some(0), Some(7), None, Some(-3), Some(i64::MIN), Some(i64::MAX), Some(2)];
        let texts =
            [Some(""), Some("E11.9"), None, Some("健康診断"), Some("aé"), Some("I10"), Some(" x ")];
        let dates: ArrayRef = Arc::new(Date32Array::from_iter(days));
        let far: ArrayRef = Arc::new(Date32Array::from(vec![Some(i32::MIN), Some(i32::MAX), None]));
        let moments: ArrayRef = Arc::new(TimestampMicrosecondArray::from_iter(
            days.map(|d| d.map(|d| i64::from(d) * DAY + 5)),
        ));
        let nothing: ArrayRef = Arc::new(Date32Array::new_null(3));
        let whole: ArrayRef = Arc::new(Int64Array::from_iter(whole));
        let texts: ArrayRef = Arc::new(StringArray::from_iter(texts));
        match kinds {
            [Kind::Date] => [dates, far, moments, nothing].map(|a| vec![a]).to_vec(),
            [Kind::Int, Kind::Int] => {
                let turned: ArrayRef = Arc::new(
                    whole.as_primitive::<Int64Type>().iter().rev().collect::<Int64Array>(),
                );
                vec![vec![Arc::clone(&whole), turned], vec![Arc::clone(&whole), whole]]
            }
            [Kind::Text, Kind::Int] => vec![vec![texts, whole]],
            _ => Vec::new(),
        }
    }

    #[test]
    fn columns_are_what_rows_are() {
        let mut compared = 0;
        for listed in FUNCTIONS {
            for arguments in arrays(listed.arguments) {
                let Some(fast) = column(listed, &arguments) else { continue };
                let rows = arguments.first().map_or(0, |a| a.len());
                let of = |row| {
                    let items: Option<Vec<Item>> = arguments.iter().map(|a| item(a, row)).collect();
                    items.and_then(|items| value(listed.name, &items))
                };
                let slow = by_row(listed.result, (0..rows).map(of).collect()).unwrap();
                assert_eq!(&fast, &slow, "{}", listed.name);
                compared += 1;
            }
        }
        assert!(compared >= 20, "{compared}");
    }
}
