//! Functions of single values.

use std::borrow::Cow;

use rust_decimal::Decimal;

use super::expr::{Expr, TextFunction};
use super::item::{Item, equal, number, plain};
use super::moment::MomentKind;
use super::run::{Over, Run, refuse};
use crate::json::Token;

/// The key of the resource a reference names: `Patient/p1`, an absolute URL
/// ending so, or `urn:uuid:…`. Fragments and searches name no resource.
pub(crate) fn reference_key<'a>(text: Cow<'a, str>, of: Option<&str>) -> Option<Cow<'a, str>> {
    let keep = |text: &Cow<'a, str>, from: usize, to: usize| -> Option<Cow<'a, str>> {
        Some(match text {
            Cow::Borrowed(text) => Cow::Borrowed(text.get(from..to)?),
            Cow::Owned(text) => Cow::Owned(text.get(from..to)?.to_owned()),
        })
    };
    for scheme in ["urn:uuid:", "urn:oid:"] {
        if text.starts_with(scheme) {
            // Nothing says what type such a resource has.
            return keep(&text, scheme.len(), text.len());
        }
    }
    let (key_at, end) = last_part(&text)?;
    if let Some(of) = of {
        let before = text.get(..key_at.checked_sub(1)?)?.strip_suffix(of)?;
        if !before.is_empty() && !before.ends_with('/') {
            return None;
        }
    }
    (key_at < end).then(|| keep(&text, key_at, end))?
}

/// Start and end of what stands behind the last slash, a version left out.
fn last_part(text: &str) -> Option<(usize, usize)> {
    let (mut start, mut end) = (0, text.len());
    let bytes = text.as_bytes();
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'?' => return None,
            b'#' if at == 0 => return None,
            b'/' if at < end => {
                let versions = bytes.get(at..).is_some_and(|b| b.starts_with(b"/_history/"));
                if versions { end = at } else { start = at + 1 }
            }
            _ => {}
        }
    }
    Some((start, end))
}

/// The lowest or highest value the written one can mean.
pub(crate) fn boundary<'a>(
    item: &Item<'a>,
    written: Option<&str>,
    low: bool,
    kind: Option<MomentKind>,
) -> Option<Item<'a>> {
    if let Some(value) = item.decimal() {
        // Half a unit of the last written place, e.g. 1.0 may mean 0.95 to 1.05.
        let places = match written {
            Some(text) => text.split_once('.').map_or(0, |(_, after)| after.len()),
            None => value.scale() as usize,
        };
        let half = Decimal::try_new(5, u32::try_from(places + 1).ok()?).ok()?;
        let found = if low { value.checked_sub(half) } else { value.checked_add(half) };
        return found.map(Item::Decimal);
    }
    let moment = item.moment()?;
    let kind = match (moment.kind, kind) {
        (MomentKind::Time, _) => MomentKind::Time,
        (own, None | Some(MomentKind::Time)) => own,
        (_, Some(kind)) => kind,
    };
    let found = if low { moment.low(kind) } else { moment.high(kind) };
    Some(Item::Moment(Cow::Owned(found)))
}

/// The items without repetitions, in the order of their first appearance.
pub(crate) fn distinct<'a>(tape: &[Token<'a>], all: &[Item<'a>]) -> Run<Vec<Item<'a>>> {
    let mut out: Vec<Item<'a>> = Vec::new();
    for item in all {
        let Some(value) = plain(tape, item) else { return refuse("records.path.not-primitive") };
        if !out.iter().any(|seen| equal(seen, &value) == Some(true)) {
            out.push(value);
        }
    }
    Ok(out)
}

/// Applies a function of texts to one item; empty stays empty.
pub(crate) fn text<'a>(
    over: &Over<'a>,
    function: &'a TextFunction,
    item: &Item<'a>,
) -> Run<Option<Item<'a>>> {
    let Some(value) = plain(over.tape, item) else { return refuse("records.path.not-primitive") };
    match function {
        TextFunction::ToText => return Ok(value.into_text().map(Item::Text)),
        TextFunction::ToInteger => return Ok(to_integer(&value)),
        TextFunction::ToDecimal => return Ok(to_decimal(&value)),
        TextFunction::ToBoolean => return Ok(to_boolean(&value)),
        _ => {}
    }
    let Item::Text(text) = value else { return refuse("records.path.not-text") };
    // Arguments are seen from the item, as FHIRPath has it for `$this`.
    let argument = |expr: &'a Expr| -> Run<Option<Cow<'a, str>>> {
        match over.one(expr, item)? {
            Some(Item::Text(text)) => Ok(Some(text)),
            Some(_) => refuse("records.path.not-text"),
            None => Ok(None),
        }
    };
    let whole = |expr: &'a Expr| -> Run<Option<i64>> {
        match over.one(expr, item)? {
            Some(Item::Int(number)) => Ok(Some(number)),
            Some(_) => refuse("records.path.index"),
            None => Ok(None),
        }
    };
    Ok(match function {
        TextFunction::StartsWith(a) => argument(a)?.map(|a| Item::Bool(text.starts_with(&*a))),
        TextFunction::EndsWith(a) => argument(a)?.map(|a| Item::Bool(text.ends_with(&*a))),
        TextFunction::Contains(a) => argument(a)?.map(|a| Item::Bool(text.contains(&*a))),
        TextFunction::IndexOf(a) => argument(a)?.map(|a| Item::Int(index_of(&text, &a))),
        TextFunction::Substring(from, length) => {
            let length = match length {
                Some(length) => whole(length)?,
                None => Some(i64::MAX),
            };
            match (whole(from)?, length) {
                (Some(from), Some(length)) => substring(&text, from, length),
                _ => None,
            }
        }
        TextFunction::Replace(a, b) => match (argument(a)?, argument(b)?) {
            (Some(a), Some(b)) => Some(Item::Text(text.replace(&*a, &b).into())),
            _ => None,
        },
        TextFunction::Upper => Some(Item::Text(text.to_uppercase().into())),
        TextFunction::Lower => Some(Item::Text(text.to_lowercase().into())),
        TextFunction::Trim => Some(Item::Text(text.trim().to_owned().into())),
        _ => Some(Item::Int(i64::try_from(text.chars().count()).unwrap_or(i64::MAX))),
    })
}

fn index_of(text: &str, wanted: &str) -> i64 {
    let before = text.find(wanted).and_then(|at| text.get(..at));
    before.and_then(|b| i64::try_from(b.chars().count()).ok()).unwrap_or(-1)
}

fn substring<'a>(text: &str, from: i64, length: i64) -> Option<Item<'a>> {
    let from = usize::try_from(from).ok()?;
    let length = usize::try_from(length.max(0)).ok()?;
    if from >= text.chars().count() {
        return None;
    }
    let part: String = text.chars().skip(from).take(length).collect();
    Some(Item::Text(part.into()))
}

fn to_integer<'a>(value: &Item<'a>) -> Option<Item<'a>> {
    match value {
        Item::Int(number) => Some(Item::Int(*number)),
        Item::Bool(value) => Some(Item::Int(i64::from(*value))),
        Item::Text(text) => text.parse().ok().map(Item::Int),
        _ => None,
    }
}

fn to_decimal<'a>(value: &Item<'a>) -> Option<Item<'a>> {
    match value {
        Item::Text(text) => number(text),
        other => other.decimal().map(Item::Decimal),
    }
}

fn to_boolean<'a>(value: &Item<'a>) -> Option<Item<'a>> {
    match value {
        Item::Bool(value) => Some(Item::Bool(*value)),
        Item::Text(text) => match text.to_lowercase().as_str() {
            "true" | "t" | "yes" | "y" | "1" => Some(Item::Bool(true)),
            "false" | "f" | "no" | "n" | "0" => Some(Item::Bool(false)),
            _ => None,
        },
        Item::Int(0) => Some(Item::Bool(false)),
        Item::Int(1) => Some(Item::Bool(true)),
        _ => None,
    }
}
