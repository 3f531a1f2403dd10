//! Kinds of values, and values that stand in the head of a result row.

use std::fmt;

use arrow::array::{Array, ArrayRef, BooleanArray, Date32Array, Int64Array, StringArray};
use arrow::datatypes::{DataType, TimeUnit};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// Kind of an expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Whole number, codes included.
    Int,
    /// Number.
    Float,
    /// Text.
    Text,
    /// Day.
    Date,
    /// Day and time.
    Moment,
    /// Truth value.
    Bool,
    /// Number of a person.
    Person,
    /// Number of a record, such as a visit.
    Record,
    /// The bare NULL.
    Null,
}

impl Kind {
    /// The engine's type.
    #[must_use]
    pub fn data_type(self) -> DataType {
        match self {
            Self::Int | Self::Person | Self::Record => DataType::Int64,
            Self::Float => DataType::Float64,
            Self::Text => DataType::Utf8,
            Self::Date => DataType::Date32,
            Self::Moment => DataType::Timestamp(TimeUnit::Microsecond, None),
            Self::Bool => DataType::Boolean,
            Self::Null => DataType::Null,
        }
    }

    /// Whether values name a person or a record: such columns join and count,
    /// and do nothing else.
    #[must_use]
    pub fn is_key(self) -> bool {
        matches!(self, Self::Person | Self::Record)
    }
}

/// Value in the head of a result row.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Key {
    /// No value.
    Null,
    /// Truth value.
    Bool(bool),
    /// Whole number.
    Int(i64),
    /// Day.
    Date(NaiveDate),
    /// Text.
    Text(String),
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => Ok(()),
            Self::Bool(b) => write!(f, "{b}"),
            Self::Int(n) => write!(f, "{n}"),
            Self::Date(d) => write!(f, "{d}"),
            Self::Text(t) => f.write_str(t),
        }
    }
}

/// The value of a group column in a row; `None` for a type that is none.
pub(crate) fn key(array: &ArrayRef, row: usize) -> Option<Key> {
    if array.is_null(row) {
        return Some(Key::Null);
    }
    let any = array.as_any();
    if let Some(list) = any.downcast_ref::<Int64Array>() {
        return Some(Key::Int(list.value(row)));
    }
    if let Some(list) = any.downcast_ref::<StringArray>() {
        return Some(Key::Text(list.value(row).to_owned()));
    }
    if let Some(list) = any.downcast_ref::<BooleanArray>() {
        return Some(Key::Bool(list.value(row)));
    }
    let list = any.downcast_ref::<Date32Array>()?;
    crate::functions::day(i64::from(list.value(row))).map(Key::Date)
}
