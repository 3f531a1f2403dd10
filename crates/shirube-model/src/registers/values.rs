//! The check of one value against the type of its field.

use chrono::{Datelike, NaiveDate};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::ident::RecordId;
use crate::refusal::Refusal;
use crate::schema::FieldType;

/// Digits after the decimal point that a stored decimal may have.
pub const DECIMAL_SCALE_MAX: u32 = 6;

/// Characters that one text may have.
pub const TEXT_CHARS_MAX: usize = 20_000;

/// Values that one list may have.
pub const LIST_VALUES_MAX: usize = 10_000;

/// Money of one fiscal year.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct YearAmount {
    /// Fiscal year, named by the calendar year it starts in.
    pub fiscal_year: i32,
    /// Whole yen.
    pub amount_yen: i64,
}

/// Checks one value against its type. Codes of vocabularies are checked where
/// the pack is known, not here.
pub(super) fn check_value(ty: FieldType, value: &Value) -> Result<(), Refusal> {
    let wrong = |expected: &str| wrong_type(expected, value);
    match ty {
        FieldType::Text | FieldType::Code(_) => {
            check_text(value.as_str().ok_or_else(|| wrong("text"))?)
        }
        FieldType::LocalText => check_local_text(value),
        FieldType::Date => check_date(value.as_str().ok_or_else(|| wrong("date"))?),
        FieldType::Int | FieldType::Yen => {
            if value.is_i64() {
                Ok(())
            } else {
                Err(wrong("whole-number"))
            }
        }
        FieldType::Decimal => check_decimal(value.as_str().ok_or_else(|| wrong("decimal"))?),
        FieldType::Bool => value.as_bool().map(|_| ()).ok_or_else(|| wrong("true-or-false")),
        FieldType::Ref(kind) => {
            check_reference(kind, value.as_str().ok_or_else(|| wrong("record-id"))?)
        }
        FieldType::Id(scheme) => scheme.check(value.as_str().ok_or_else(|| wrong("text"))?),
        FieldType::Url => {
            let text = value.as_str().ok_or_else(|| wrong("web-address"))?;
            check_text(text)?;
            if is_web_address(text) { Ok(()) } else { Err(wrong("web-address")) }
        }
        FieldType::YearAmount => {
            YearAmount::deserialize(value).map(|_| ()).map_err(|_| wrong("year-amount"))
        }
    }
}

/// Whether a text shows nothing: white space or byte order marks.
fn is_blank(text: &str) -> bool {
    text.chars().all(|c| c.is_whitespace() || c == '\u{feff}')
}

/// `expected` and `found` are words that the catalogues translate.
fn wrong_type(expected: &str, value: &Value) -> Refusal {
    let found = match value {
        Value::Null => "nothing",
        Value::Bool(_) => "true-or-false",
        Value::Number(_) => "number",
        Value::String(_) => "text",
        Value::Array(_) => "list",
        Value::Object(_) => "object",
    };
    Refusal::new("registers.field.wrong-type").arg("expected", expected).arg("found", found)
}

fn check_text(text: &str) -> Result<(), Refusal> {
    if is_blank(text) {
        return Err(Refusal::new("registers.field.blank"));
    }
    // PostgreSQL stores no U+0000, so no store may.
    if text.contains('\0') {
        return Err(Refusal::new("registers.field.nul-character"));
    }
    if text.len() > TEXT_CHARS_MAX && text.chars().count() > TEXT_CHARS_MAX {
        return Err(Refusal::new("registers.field.too-long").arg("limit", TEXT_CHARS_MAX));
    }
    Ok(())
}

fn check_local_text(value: &Value) -> Result<(), Refusal> {
    let wrong = || wrong_type("both-languages", value);
    let sides = value.as_object().ok_or_else(wrong)?;
    if sides.keys().any(|key| key != "ja" && key != "en") {
        return Err(wrong());
    }
    for lang in ["ja", "en"] {
        let side = sides.get(lang).filter(|side| !side.is_null());
        let Some(side) = side else {
            return Err(Refusal::new("registers.field.both-languages"));
        };
        let text = side.as_str().ok_or_else(wrong)?;
        if is_blank(text) {
            return Err(Refusal::new("registers.field.both-languages"));
        }
        check_text(text)?;
    }
    Ok(())
}

/// Only `YYYY-MM-DD` is stored; other ways to write a day are read on import.
fn check_date(text: &str) -> Result<(), Refusal> {
    match text.parse::<NaiveDate>() {
        Ok(date) if (1000..=9999).contains(&date.year()) && date.to_string() == text => Ok(()),
        _ => Err(Refusal::new("core.date.unreadable").arg("value", text)),
    }
}

/// Only the plain form is stored, so that equal numbers written by two sources
/// differ at most in trailing zeros.
fn check_decimal(text: &str) -> Result<(), Refusal> {
    match text.parse::<Decimal>() {
        Ok(number) if number.to_string() == text => {
            if number.scale() <= DECIMAL_SCALE_MAX {
                Ok(())
            } else {
                Err(Refusal::new("registers.field.too-precise")
                    .arg("value", text)
                    .arg("digits", DECIMAL_SCALE_MAX))
            }
        }
        _ => Err(Refusal::new("core.decimal.unreadable").arg("value", text)),
    }
}

fn check_reference(kind: &str, text: &str) -> Result<(), Refusal> {
    let id: RecordId = text.parse()?;
    match super::kind(kind) {
        Some(target) if target.prefix != id.prefix() => {
            Err(Refusal::new("registers.ref.wrong-kind")
                .arg("value", text)
                .arg("kind", kind)
                .arg("prefix", target.prefix))
        }
        _ => Ok(()),
    }
}

fn is_web_address(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    rest.is_some_and(|rest| {
        !rest.is_empty() && !rest.starts_with('/') && !rest.contains(char::is_whitespace)
    })
}
