//! The things a path yields.

use std::borrow::Cow;
use std::cmp::Ordering;

use rust_decimal::Decimal;

use super::expr::Literal;
use super::moment::Moment;
use crate::json::{Token, unescape};

/// One thing of a collection.
#[derive(Debug, Clone)]
pub(crate) enum Item<'a> {
    /// A value of the resource, by its place on the tape.
    Node(u32),
    /// A text, from the resource or computed.
    Text(Cow<'a, str>),
    Bool(bool),
    Int(i64),
    Decimal(Decimal),
    Moment(Cow<'a, Moment>),
}

impl<'a> From<&'a Literal> for Item<'a> {
    fn from(literal: &'a Literal) -> Self {
        match literal {
            Literal::Text(text) => Self::Text(Cow::Borrowed(text)),
            Literal::Bool(bool) => Self::Bool(*bool),
            Literal::Int(int) => Self::Int(*int),
            Literal::Decimal(decimal) => Self::Decimal(*decimal),
            Literal::Moment(moment) => Self::Moment(Cow::Borrowed(moment)),
        }
    }
}

/// A primitive value; `None` for objects and `null`.
pub(crate) fn plain<'a>(tape: &[Token<'a>], item: &Item<'a>) -> Option<Item<'a>> {
    let Item::Node(at) = item else { return Some(item.clone()) };
    Some(match tape.get(*at as usize)? {
        Token::Text(text) => Item::Text(Cow::Borrowed(text)),
        Token::Escaped(raw) => Item::Text(unescape(raw)),
        Token::Bool(bool) => Item::Bool(*bool),
        Token::Number(text) => number(text)?,
        _ => return None,
    })
}

/// A JSON number: whole without point and exponent, decimal otherwise.
pub(crate) fn number<'a>(text: &str) -> Option<Item<'a>> {
    if let Ok(whole) = text.parse::<i64>() {
        return Some(Item::Int(whole));
    }
    let exact = Decimal::from_str_exact(text).ok();
    exact.or_else(|| Decimal::from_scientific(text).ok()).map(Item::Decimal)
}

impl<'a> Item<'a> {
    pub(crate) fn decimal(&self) -> Option<Decimal> {
        match self {
            Self::Int(whole) => Some(Decimal::from(*whole)),
            Self::Decimal(decimal) => Some(*decimal),
            _ => None,
        }
    }

    pub(crate) fn moment(&self) -> Option<Cow<'a, Moment>> {
        match self {
            Self::Moment(moment) => Some(moment.clone()),
            Self::Text(text) => Moment::read(text).map(Cow::Owned),
            _ => None,
        }
    }

    /// The value as text, as FHIRPath's `toString` writes it.
    pub(crate) fn into_text(self) -> Option<Cow<'a, str>> {
        Some(match self {
            Self::Text(text) => text,
            Self::Bool(true) => Cow::Borrowed("true"),
            Self::Bool(false) => Cow::Borrowed("false"),
            Self::Int(whole) => Cow::Owned(whole.to_string()),
            Self::Decimal(decimal) => Cow::Owned(decimal.to_string()),
            Self::Moment(moment) => Cow::Owned(moment.to_string()),
            Self::Node(_) => return None,
        })
    }
}

/// The order of two primitive values; `None` when they have none, or when the
/// precision of a moment does not tell.
pub(crate) fn order(left: &Item<'_>, right: &Item<'_>) -> Option<Ordering> {
    match (left, right) {
        (Item::Moment(_), _) | (_, Item::Moment(_)) => left.moment()?.compare(&*right.moment()?),
        (Item::Text(a), Item::Text(b)) => match (Moment::read(a), Moment::read(b)) {
            (Some(a), Some(b)) => a.compare(&b),
            _ => Some(a.cmp(b)),
        },
        _ => Some(left.decimal()?.cmp(&right.decimal()?)),
    }
}

/// Whether two primitive values are equal; `None` when that is not known.
pub(crate) fn equal(left: &Item<'_>, right: &Item<'_>) -> Option<bool> {
    match (left, right) {
        (Item::Text(a), Item::Text(b)) => Some(a == b),
        (Item::Bool(a), Item::Bool(b)) => Some(a == b),
        (Item::Moment(_), Item::Text(_))
        | (Item::Text(_), Item::Moment(_))
        | (Item::Moment(_), Item::Moment(_)) => match (left.moment(), right.moment()) {
            (Some(a), Some(b)) => a.compare(&b).map(Ordering::is_eq),
            _ => Some(false),
        },
        _ => match (left.decimal(), right.decimal()) {
            (Some(a), Some(b)) => Some(a == b),
            _ => Some(false),
        },
    }
}
