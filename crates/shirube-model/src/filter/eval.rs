//! Evaluation of a filter over one record, in plain Rust.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde_json::Value as Json;

use super::{Cmp, Cond, Field, Lit, Scalar, Ty};
use crate::calendar::FiscalYear;
use crate::record::Body;

/// SQL's three truth values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Truth {
    /// True.
    True,
    /// False.
    False,
    /// Cannot be decided, because a field is empty.
    Unknown,
}

impl Truth {
    fn of(truth: bool) -> Self {
        if truth { Self::True } else { Self::False }
    }

    fn not(self) -> Self {
        match self {
            Self::True => Self::False,
            Self::False => Self::True,
            Self::Unknown => Self::Unknown,
        }
    }
}

/// A value read from a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Text.
    Text(String),
    /// A day.
    Date(NaiveDate),
    /// A number; whole numbers and decimals compare as one.
    Number(Decimal),
    /// True or false.
    Bool(bool),
}

/// A record as a filter sees it.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    /// State of the record.
    pub state: &'a str,
    /// Field values.
    pub body: &'a Body,
}

impl Row<'_> {
    /// The value of a field, `None` when it is empty.
    #[must_use]
    pub fn value(&self, field: Field) -> Option<Value> {
        if field.name == "state" {
            return Some(Value::Text(self.state.to_owned()));
        }
        let json = self.body.get(field.name)?;
        match field.ty {
            Ty::Text => json.as_str().map(|s| Value::Text(s.to_owned())),
            Ty::Date => json.as_str().and_then(|s| s.parse().ok()).map(Value::Date),
            Ty::Int => json.as_i64().map(|n| Value::Number(n.into())),
            Ty::Decimal => json.as_str().and_then(|s| s.parse().ok()).map(Value::Number),
            Ty::Bool => json.as_bool().map(Value::Bool),
            Ty::TextList => None,
        }
    }

    /// The items of a list field.
    #[must_use]
    pub fn list(&self, field: &str) -> Vec<&str> {
        match self.body.get(field) {
            Some(Json::Array(items)) => items.iter().filter_map(Json::as_str).collect(),
            _ => Vec::new(),
        }
    }

    fn scalar(&self, scalar: &Scalar) -> Option<Value> {
        match scalar {
            Scalar::Field(field) => self.value(*field),
            Scalar::Lit(lit) => Some(constant(lit)),
            Scalar::FiscalYear(inner) => match self.scalar(inner)? {
                Value::Date(date) => Some(Value::Number(FiscalYear::of(date).0.into())),
                _ => None,
            },
            Scalar::Count(field) => Some(Value::Number(self.list(field.name).len().into())),
        }
    }

    /// Decides a condition for this record.
    #[must_use]
    pub fn decide(&self, cond: &Cond) -> Truth {
        match cond {
            Cond::Const(truth) => Truth::of(*truth),
            Cond::Bool(field) => match self.value(*field) {
                Some(Value::Bool(truth)) => Truth::of(truth),
                _ => Truth::Unknown,
            },
            Cond::Compare(cmp, left, right) => match (self.scalar(left), self.scalar(right)) {
                (Some(left), Some(right)) => compare(*cmp, &left, &right),
                _ => Truth::Unknown,
            },
            Cond::In(value, list) => match self.scalar(value) {
                None => Truth::Unknown,
                Some(value) => Truth::of(list.iter().any(|lit| constant(lit) == value)),
            },
            Cond::Has(field, texts) => Truth::of(
                self.list(field.name).iter().any(|item| texts.iter().any(|text| text == item)),
            ),
            Cond::IsNull(field) => Truth::of(match field.ty {
                Ty::TextList => self.list(field.name).is_empty(),
                _ => self.value(*field).is_none(),
            }),
            Cond::And(all) => self.fold(all, Truth::False, Truth::True),
            Cond::Or(any) => self.fold(any, Truth::True, Truth::False),
            Cond::Not(inner) => self.decide(inner).not(),
        }
    }

    /// Kleene fold: `settles` as soon as one condition has it, otherwise
    /// unknown if any is unknown, otherwise `rest`.
    fn fold(&self, conds: &[Cond], settles: Truth, rest: Truth) -> Truth {
        let mut out = rest;
        for cond in conds {
            match self.decide(cond) {
                truth if truth == settles => return settles,
                Truth::Unknown => out = Truth::Unknown,
                _ => {}
            }
        }
        out
    }
}

fn constant(lit: &Lit) -> Value {
    match lit {
        Lit::Text(text) => Value::Text(text.clone()),
        Lit::Date(date) => Value::Date(*date),
        Lit::Int(number) => Value::Number((*number).into()),
        Lit::Decimal(number) => Value::Number(*number),
        Lit::Bool(truth) => Value::Bool(*truth),
    }
}

fn compare(cmp: Cmp, left: &Value, right: &Value) -> Truth {
    let order = match (left, right) {
        (Value::Text(a), Value::Text(b)) => a.cmp(b),
        (Value::Date(a), Value::Date(b)) => a.cmp(b),
        (Value::Number(a), Value::Number(b)) => a.cmp(b),
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        _ => return Truth::Unknown,
    };
    Truth::of(match cmp {
        Cmp::Eq => order.is_eq(),
        Cmp::Ne => order.is_ne(),
        Cmp::Lt => order.is_lt(),
        Cmp::Le => order.is_le(),
        Cmp::Gt => order.is_gt(),
        Cmp::Ge => order.is_ge(),
    })
}
