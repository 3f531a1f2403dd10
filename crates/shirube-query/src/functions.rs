//! The functions a query may use.
//!
//! Each is defined for every value: what cannot be computed is NULL, never an
//! error, so that no function can tell a value by failing.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, Date32Array, Int64Array, StringArray, TimestampMicrosecondArray,
};
use arrow::datatypes::DataType;
use chrono::{Datelike, NaiveDate};
use datafusion::common::{DataFusionError, Result as EngineResult};
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use crate::kind::Kind;

mod kernels;

/// A listed function: name, kinds of its arguments, kind of its result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Listed {
    /// Name in SQL.
    pub name: &'static str,
    /// Kinds of the arguments; `Date` also takes moments.
    pub arguments: &'static [Kind],
    /// Kind of the result.
    pub result: Kind,
}

const fn listed(name: &'static str, arguments: &'static [Kind], result: Kind) -> Listed {
    Listed { name, arguments, result }
}

/// Every function, sorted by name.
pub const FUNCTIONS: &[Listed] = &[
    listed("age_years", &[Kind::Date, Kind::Date], Kind::Int),
    listed("band", &[Kind::Int, Kind::Int], Kind::Int),
    listed("date_of", &[Kind::Date], Kind::Date),
    listed("days_between", &[Kind::Date, Kind::Date], Kind::Int),
    listed("fiscal_year", &[Kind::Date], Kind::Int),
    listed("left", &[Kind::Text, Kind::Int], Kind::Text),
    listed("length", &[Kind::Text], Kind::Int),
    listed("lower", &[Kind::Text], Kind::Text),
    listed("month", &[Kind::Date], Kind::Int),
    listed("month_start", &[Kind::Date], Kind::Date),
    listed("quarter", &[Kind::Date], Kind::Int),
    listed("substr", &[Kind::Text, Kind::Int, Kind::Int], Kind::Text),
    listed("trim", &[Kind::Text], Kind::Text),
    listed("upper", &[Kind::Text], Kind::Text),
    listed("year", &[Kind::Date], Kind::Int),
    listed("year_start", &[Kind::Date], Kind::Date),
    listed("years_since", &[Kind::Int, Kind::Date], Kind::Int),
];

/// The function of a name, in any case.
#[must_use]
pub fn function(name: &str) -> Option<&'static Listed> {
    FUNCTIONS.iter().find(|function| function.name.eq_ignore_ascii_case(name))
}

/// A value of an argument or a result.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Item {
    Int(i64),
    Day(NaiveDate),
    Text(String),
}

/// A listed function as the engine sees it.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Total {
    listed: Listed,
    signature: Signature,
}

/// The engine's form of a listed function.
#[must_use]
pub(crate) fn udf(listed: &Listed) -> ScalarUDF {
    let signature = Signature::any(listed.arguments.len(), Volatility::Immutable);
    ScalarUDF::new_from_impl(Total { listed: *listed, signature })
}

impl ScalarUDFImpl for Total {
    fn name(&self) -> &str {
        self.listed.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> EngineResult<DataType> {
        Ok(self.listed.result.data_type())
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> EngineResult<ColumnarValue> {
        let rows = args.number_rows;
        let arrays = args
            .args
            .iter()
            .map(|value| value.to_array(rows))
            .collect::<EngineResult<Vec<ArrayRef>>>()?;
        if let Some(column) = kernels::column(&self.listed, &arrays) {
            return Ok(ColumnarValue::Array(column));
        }
        let mut out = Vec::with_capacity(rows);
        for row in 0..rows {
            let items: Option<Vec<Item>> = arrays.iter().map(|array| item(array, row)).collect();
            out.push(items.and_then(|items| value(self.listed.name, &items)));
        }
        Ok(ColumnarValue::Array(column(self.listed.result, out)?))
    }
}

fn item(array: &ArrayRef, row: usize) -> Option<Item> {
    if array.is_null(row) {
        return None;
    }
    let any = array.as_any();
    if let Some(list) = any.downcast_ref::<Int64Array>() {
        return Some(Item::Int(list.value(row)));
    }
    if let Some(list) = any.downcast_ref::<StringArray>() {
        return Some(Item::Text(list.value(row).to_owned()));
    }
    if let Some(list) = any.downcast_ref::<Date32Array>() {
        return day(i64::from(list.value(row))).map(Item::Day);
    }
    let list = any.downcast_ref::<TimestampMicrosecondArray>()?;
    day(list.value(row).div_euclid(86_400_000_000)).map(Item::Day)
}

/// A day by its number from 1970.
pub(crate) fn day(days: i64) -> Option<NaiveDate> {
    NaiveDate::from_epoch_days(i32::try_from(days).ok()?)
}

fn column(kind: Kind, items: Vec<Option<Item>>) -> EngineResult<ArrayRef> {
    Ok(match kind {
        Kind::Int => Arc::new(Int64Array::from_iter(items.into_iter().map(|item| match item {
            Some(Item::Int(n)) => Some(n),
            _ => None,
        }))),
        Kind::Date => Arc::new(Date32Array::from_iter(items.into_iter().map(|item| match item {
            Some(Item::Day(d)) => Some(d.to_epoch_days()),
            _ => None,
        }))),
        Kind::Text => Arc::new(StringArray::from_iter(items.into_iter().map(|item| match item {
            Some(Item::Text(t)) => Some(t),
            _ => None,
        }))),
        _ => return Err(DataFusionError::Internal("kind of a listed function".into())),
    })
}

/// The value of a function; `None` is NULL.
fn value(name: &str, items: &[Item]) -> Option<Item> {
    use Item::{Day, Int, Text};
    Some(match (name, items) {
        ("age_years", [Day(born), Day(at)]) => {
            let before = (at.month(), at.day()) < (born.month(), born.day());
            Int(i64::from(at.year()) - i64::from(born.year()) - i64::from(before))
        }
        ("band", [Int(n), Int(width)]) if *width > 0 => {
            Int(n.checked_sub(n.checked_rem_euclid(*width)?)?)
        }
        ("date_of", [Day(d)]) => Day(*d),
        ("days_between", [Day(a), Day(b)]) => Int((*b - *a).num_days()),
        ("fiscal_year", [Day(d)]) => Int(i64::from(d.year()) - i64::from(d.month() < 4)),
        ("left", [Text(t), Int(n)]) => Text(t.chars().take(size(*n)).collect()),
        ("length", [Text(t)]) => Int(i64::try_from(t.chars().count()).ok()?),
        ("lower", [Text(t)]) => Text(t.to_lowercase()),
        ("month", [Day(d)]) => Int(i64::from(d.month())),
        ("month_start", [Day(d)]) => Day(d.with_day(1)?),
        ("quarter", [Day(d)]) => Int(i64::from((d.month() - 1) / 3 + 1)),
        ("substr", [Text(t), Int(from), Int(n)]) => {
            // Position 1 is the first; positions before it take up length.
            let end = from.saturating_add((*n).max(0)).saturating_sub(1);
            let skip = size(from.saturating_sub(1));
            Text(t.chars().take(size(end)).skip(skip).collect())
        }
        ("trim", [Text(t)]) => Text(t.trim().to_owned()),
        ("upper", [Text(t)]) => Text(t.to_uppercase()),
        ("year", [Day(d)]) => Int(i64::from(d.year())),
        ("year_start", [Day(d)]) => Day(NaiveDate::from_ymd_opt(d.year(), 1, 1)?),
        ("years_since", [Int(year), Day(d)]) => Int(i64::from(d.year()).checked_sub(*year)?),
        _ => return None,
    })
}

fn size(n: i64) -> usize {
    usize::try_from(n.max(0)).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> Item {
        Item::Day(text.parse().unwrap_or_default())
    }

    fn text(text: &str) -> Item {
        Item::Text(text.into())
    }

    #[test]
    fn functions_are_sorted_and_total() {
        assert!(FUNCTIONS.is_sorted_by_key(|f| f.name));
        for (name, items, wanted) in [
            ("age_years", vec![date("2000-03-02"), date("2020-03-01")], Some(Item::Int(19))),
            ("age_years", vec![date("2000-03-01"), date("2020-03-01")], Some(Item::Int(20))),
            ("band", vec![Item::Int(17), Item::Int(5)], Some(Item::Int(15))),
            ("band", vec![Item::Int(-1), Item::Int(5)], Some(Item::Int(-5))),
            ("band", vec![Item::Int(i64::MIN), Item::Int(7)], None),
            ("band", vec![Item::Int(17), Item::Int(0)], None),
            ("days_between", vec![date("2020-02-28"), date("2020-03-01")], Some(Item::Int(2))),
            ("fiscal_year", vec![date("2020-03-31")], Some(Item::Int(2019))),
            ("fiscal_year", vec![date("2020-04-01")], Some(Item::Int(2020))),
            ("left", vec![text("健康診断"), Item::Int(2)], Some(text("健康"))),
            ("left", vec![text("a"), Item::Int(-2)], Some(text(""))),
            ("substr", vec![text("E11.9"), Item::Int(2), Item::Int(2)], Some(text("11"))),
            ("substr", vec![text("E11.9"), Item::Int(0), Item::Int(2)], Some(text("E"))),
            ("substr", vec![text("E"), Item::Int(i64::MAX), Item::Int(i64::MAX)], Some(text(""))),
            ("years_since", vec![Item::Int(i64::MIN), date("2020-01-01")], None),
            ("month_start", vec![date("2020-02-28")], Some(date("2020-02-01"))),
            ("quarter", vec![date("2020-04-28")], Some(Item::Int(2))),
        ] {
            assert_eq!(value(name, &items), wanted, "{name} {items:?}");
        }
    }
}
