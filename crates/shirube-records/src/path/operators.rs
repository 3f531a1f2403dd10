//! Operators of two sides.

use std::borrow::Cow;
use std::cmp::Ordering;

use rust_decimal::Decimal;

use super::expr::{Expr, Operator};
use super::functions;
use super::item::{Item, order, plain};
use super::run::{Over, Run, Sink};

/// Runs `left operator right` and pushes the result.
pub(crate) fn run<'a>(
    over: &Over<'a>,
    operator: Operator,
    left: &'a Expr,
    right: &'a Expr,
    this: &Item<'a>,
    sink: Sink<'_, 'a>,
) -> Run<bool> {
    let truth = match operator {
        Operator::And | Operator::Or | Operator::Xor | Operator::Implies => {
            logic(over, operator, left, right, this)?
        }
        Operator::Equal => over.same(left, right, this)?,
        Operator::NotEqual => over.same(left, right, this)?.map(|same| !same),
        Operator::Alike | Operator::NotAlike => {
            let alike = alike(over, left, right, this)?;
            Some(alike == (operator == Operator::Alike))
        }
        Operator::Less | Operator::LessOrEqual | Operator::Greater | Operator::GreaterOrEqual => {
            match (over.one(left, this)?, over.one(right, this)?) {
                (Some(a), Some(b)) => order(&a, &b).map(|order| holds(operator, order)),
                _ => None,
            }
        }
        Operator::In => member(over, left, right, this)?,
        Operator::Contains => member(over, right, left, this)?,
        Operator::Union => {
            let mut all = over.all(left, this)?;
            all.extend(over.all(right, this)?);
            for item in functions::distinct(over.tape, &all)? {
                if !sink(item)? {
                    return Ok(false);
                }
            }
            return Ok(true);
        }
        Operator::Join => {
            let text = |item: Option<Item<'a>>| item.and_then(Item::into_text).unwrap_or_default();
            let joined = text(over.one(left, this)?) + text(over.one(right, this)?);
            return sink(Item::Text(joined));
        }
        _ => {
            let (Some(a), Some(b)) = (over.one(left, this)?, over.one(right, this)?) else {
                return Ok(true);
            };
            return match arithmetic(operator, &a, &b) {
                Some(item) => sink(item),
                None => Ok(true),
            };
        }
    };
    truth.map_or(Ok(true), |truth| sink(Item::Bool(truth)))
}

fn holds(operator: Operator, order: Ordering) -> bool {
    match operator {
        Operator::Less => order.is_lt(),
        Operator::LessOrEqual => order.is_le(),
        Operator::Greater => order.is_gt(),
        _ => order.is_ge(),
    }
}

/// Three-valued logic: empty stands for unknown.
fn logic<'a>(
    over: &Over<'a>,
    operator: Operator,
    left: &'a Expr,
    right: &'a Expr,
    this: &Item<'a>,
) -> Run<Option<bool>> {
    let a = over.truth(left, this)?;
    match (operator, a) {
        (Operator::And | Operator::Implies, Some(false)) => {
            return Ok(Some(operator == Operator::Implies));
        }
        (Operator::Or, Some(true)) => return Ok(a),
        _ => {}
    }
    let b = over.truth(right, this)?;
    Ok(match operator {
        Operator::And => match (a, b) {
            (_, Some(false)) => Some(false),
            (Some(true), b) => b,
            _ => None,
        },
        Operator::Or => match (a, b) {
            (_, Some(true)) => Some(true),
            (Some(false), b) => b,
            _ => None,
        },
        Operator::Xor => a.zip(b).map(|(a, b)| a != b),
        _ => match (a, b) {
            (_, Some(true)) => Some(true),
            (Some(true), b) => b,
            _ => None,
        },
    })
}

/// Equivalence: empty is like empty, case and order do not count.
fn alike<'a>(over: &Over<'a>, left: &'a Expr, right: &'a Expr, this: &Item<'a>) -> Run<bool> {
    let fold = |items: Vec<Item<'a>>| -> Vec<Cow<'a, str>> {
        let mut texts: Vec<_> = items
            .iter()
            .filter_map(|item| match plain(over.tape, item)? {
                Item::Decimal(d) => Some(Cow::Owned(d.normalize().to_string())),
                other => Some(Cow::Owned(other.into_text()?.trim().to_lowercase())),
            })
            .collect();
        texts.sort();
        texts
    };
    Ok(fold(over.all(left, this)?) == fold(over.all(right, this)?))
}

fn member<'a>(
    over: &Over<'a>,
    item: &'a Expr,
    list: &'a Expr,
    this: &Item<'a>,
) -> Run<Option<bool>> {
    let Some(wanted) = over.one(item, this)? else { return Ok(None) };
    for candidate in over.all(list, this)? {
        if over.pair(&candidate, &wanted)? == Some(true) {
            return Ok(Some(true));
        }
    }
    Ok(Some(false))
}

/// The result, or nothing on overflow, division by zero or other types.
fn arithmetic<'a>(operator: Operator, a: &Item<'a>, b: &Item<'a>) -> Option<Item<'a>> {
    if let (Operator::Plus, Item::Text(a), Item::Text(b)) = (operator, a, b) {
        return Some(Item::Text(Cow::Owned(format!("{a}{b}"))));
    }
    if let (Item::Int(a), Item::Int(b)) = (a, b) {
        let whole = match operator {
            Operator::Plus => a.checked_add(*b),
            Operator::Minus => a.checked_sub(*b),
            Operator::Times => a.checked_mul(*b),
            Operator::WholeDivide => a.checked_div(*b),
            Operator::Remainder => a.checked_rem(*b),
            _ => return divide(Decimal::from(*a), Decimal::from(*b)),
        };
        return whole.map(Item::Int);
    }
    let (a, b) = (a.decimal()?, b.decimal()?);
    let decimal = match operator {
        Operator::Plus => a.checked_add(b),
        Operator::Minus => a.checked_sub(b),
        Operator::Times => a.checked_mul(b),
        Operator::WholeDivide => return whole_divide(a, b),
        Operator::Remainder => a.checked_rem(b),
        _ => return divide(a, b),
    };
    decimal.map(Item::Decimal)
}

fn divide<'a>(a: Decimal, b: Decimal) -> Option<Item<'a>> {
    a.checked_div(b).map(Item::Decimal)
}

fn whole_divide<'a>(a: Decimal, b: Decimal) -> Option<Item<'a>> {
    let whole = a.checked_div(b)?.trunc();
    whole.to_string().split('.').next()?.parse().ok().map(Item::Int)
}

/// The number with its sign turned.
pub(crate) fn negate<'a>(item: &Item<'a>) -> Option<Item<'a>> {
    match item {
        Item::Int(whole) => whole.checked_neg().map(Item::Int),
        Item::Decimal(decimal) => Some(Item::Decimal(-*decimal)),
        _ => None,
    }
}
