//! Reading one value from a cell.

use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeZone, Utc};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde_json::{Value, json};
use shirube_model::calendar::{ERAS, jst, parse_date};
use shirube_model::ident::RecordId;
use shirube_model::refusal::Refusal;
use shirube_model::registers;
use shirube_model::schema::{Cardinality, FieldSpec, FieldType};
use unicode_normalization::UnicodeNormalization;

use crate::cells::{SEPARATOR, split_list};
use crate::codes::Codes;
use crate::mapping::{DateForm, Spec};

/// Fiscal years that can be written.
const YEARS: std::ops::RangeInclusive<i64> = 1000..=9999;

/// What reading a value needs beside the cell.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a> {
    pub(crate) codes: &'a Codes,
    /// System of keys that name none.
    pub(crate) system: Option<&'a str>,
}

/// Reads the cell of a table: a whole list where the field has many values.
pub(crate) fn read_cell(
    field: &FieldSpec,
    spec: &Spec,
    cell: &str,
    context: Context<'_>,
) -> Result<Option<Value>, Refusal> {
    if cell.trim().is_empty() {
        return Ok(None);
    }
    if field.card != Cardinality::Many {
        return read_one(field.ty, spec, cell, context).map(Some);
    }
    let values = split_list(cell, spec.split.unwrap_or(SEPARATOR));
    let values: Result<Vec<Value>, Refusal> =
        values.iter().map(|value| read_one(field.ty, spec, value, context)).collect();
    values.map(|values| Some(Value::Array(values)))
}

/// Reads a JSON value. Texts and numbers are read as in a table; values of
/// another shape are left to the field check, which names the shape it wants.
pub(crate) fn read_json(
    field: &FieldSpec,
    spec: &Spec,
    value: &Value,
    context: Context<'_>,
) -> Result<Option<Value>, Refusal> {
    match value {
        Value::Null => Ok(None),
        Value::Array(items) if field.card == Cardinality::Many => {
            let values: Result<Vec<Value>, Refusal> =
                items.iter().map(|item| json_one(field.ty, spec, item, context)).collect();
            values.map(|values| Some(Value::Array(values)))
        }
        // Without a separator it is not known whether the text is a list.
        Value::String(text) if field.card == Cardinality::Many && spec.split.is_some() => {
            read_cell(field, spec, text, context)
        }
        _ if field.card == Cardinality::Many => Err(Refusal::new("registers.field.not-a-list")),
        Value::String(text) if text.trim().is_empty() => Ok(None),
        other => json_one(field.ty, spec, other, context).map(Some),
    }
}

fn json_one(
    ty: FieldType,
    spec: &Spec,
    value: &Value,
    context: Context<'_>,
) -> Result<Value, Refusal> {
    match (ty, value) {
        (FieldType::YearAmount, Value::Object(parts)) => {
            let year = parts.get("fiscal_year").and_then(Value::as_i64);
            // Another year would not be read back from a table.
            if year.is_some_and(|year| !YEARS.contains(&year)) {
                return Err(Refusal::new("import.year-amount.unreadable").arg("value", value));
            }
            Ok(value.clone())
        }
        (_, Value::String(text)) => read_one(ty, spec, text, context),
        (FieldType::Int | FieldType::Yen | FieldType::Decimal | FieldType::Bool, number)
            if number.is_number() =>
        {
            let text = number.to_string();
            // A number that JSON readers hold only approximately may have been
            // changed already.
            if number.is_f64() && text.bytes().filter(u8::is_ascii_digit).count() > 15 {
                return Err(Refusal::new("import.json.inexact-number").arg("value", text));
            }
            read_one(ty, spec, &text, context)
        }
        _ => Ok(value.clone()),
    }
}

fn read_one(
    ty: FieldType,
    spec: &Spec,
    text: &str,
    context: Context<'_>,
) -> Result<Value, Refusal> {
    let mapped = spec.codes.get(text.trim());
    let text = mapped.map_or(text, String::as_str);
    match ty {
        // Free text is kept to the last space.
        FieldType::Text | FieldType::LocalText => Ok(json!(text)),
        FieldType::Code(vocabulary) => context.codes.read(vocabulary, text).map(Value::String),
        FieldType::Date => read_date(text, spec.date).map(|date| json!(date.to_string())),
        FieldType::Int | FieldType::Yen => read_whole(text, spec.times).map(|n| json!(n)),
        FieldType::Decimal => {
            let number = read_number(text, spec.times)?;
            // A product may carry more zeros than a stored decimal may.
            let number = if spec.times.is_some() { number.normalize() } else { number };
            Ok(json!(number.to_string()))
        }
        FieldType::Bool => read_bool(text).map(Value::Bool),
        FieldType::Ref(kind) => {
            let system = spec.system.as_deref();
            read_reference(kind, text, system, context.system).map(|id| json!(id))
        }
        FieldType::Id(_) | FieldType::Url => Ok(json!(text.trim())),
        FieldType::YearAmount => read_year_amount(text, spec.times),
    }
}

fn read_date(text: &str, form: DateForm) -> Result<NaiveDate, Refusal> {
    let folded: String = text.trim().nfkc().collect();
    let fits = match form {
        DateForm::Any => true,
        DateForm::Era => ERAS.iter().any(|era| {
            folded.starts_with(era.ja)
                || folded.chars().next().is_some_and(|c| c.to_ascii_uppercase() == era.letter)
        }),
        DateForm::Iso => folded.len() == 10 && folded.as_bytes().get(4) == Some(&b'-'),
    };
    if fits {
        parse_date(text)
    } else {
        let form = if form == DateForm::Era { "era" } else { "iso" };
        Err(Refusal::new("import.date.form").arg("value", text.trim()).arg("form", form))
    }
}

/// Reads a moment: RFC 3339, or a day with or without a time of day in Japan.
pub(crate) fn read_time(text: &str) -> Result<DateTime<Utc>, Refusal> {
    let folded: String = text.trim().nfkc().collect();
    if let Ok(time) = DateTime::parse_from_rfc3339(&folded) {
        return Ok(time.with_timezone(&Utc));
    }
    let forms = ["%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M"];
    let local = forms
        .iter()
        .find_map(|form| NaiveDateTime::parse_from_str(&folded, form).ok())
        .or_else(|| parse_date(&folded).ok().and_then(|day| day.and_hms_opt(0, 0, 0)));
    local
        .and_then(|local| jst().from_local_datetime(&local).single())
        .map(|time| time.with_timezone(&Utc))
        .ok_or_else(|| Refusal::new("import.time.unreadable").arg("value", text.trim()))
}

/// The plain form of a number as offices write it: full-width digits, separators
/// of thousands, `△` for minus, `円` after it.
fn plain_number(text: &str) -> Option<String> {
    let folded: String = text.trim().nfkc().collect();
    let folded = folded.trim_end_matches('円').trim_start_matches('¥').trim();
    let (sign, digits) = match folded.strip_prefix(['-', '−', '△', '▲']) {
        Some(rest) => ("-", rest),
        None => ("", folded.strip_prefix('+').unwrap_or(folded)),
    };
    let (whole, fraction) = match digits.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (digits, None),
    };
    let mut groups = whole.split(',');
    let first = groups.next()?;
    let grouped = whole.contains(',');
    if grouped && !(1..=3).contains(&first.len()) {
        return None;
    }
    if groups.clone().any(|group| group.len() != 3) {
        return None;
    }
    let whole: String = std::iter::once(first).chain(groups).collect();
    let number = format!(
        "{sign}{whole}{}{}",
        if fraction.is_some() { "." } else { "" },
        fraction.unwrap_or("")
    );
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let filled = !whole.is_empty() && fraction.is_none_or(|fraction| !fraction.is_empty());
    (filled && digits(&whole) && digits(fraction.unwrap_or(""))).then_some(number)
}

fn read_number(text: &str, times: Option<Decimal>) -> Result<Decimal, Refusal> {
    let value = || text.trim().to_owned();
    let plain = plain_number(text)
        .ok_or_else(|| Refusal::new("import.number.unreadable").arg("value", value()))?;
    let number = Decimal::from_str_exact(&plain).ok();
    let number = match times {
        None => number,
        Some(times) => number.and_then(|number| number.checked_mul(times)),
    };
    let number =
        number.ok_or_else(|| Refusal::new("import.number.too-large").arg("value", value()))?;
    // There is one zero.
    Ok(if number.is_zero() && number.is_sign_negative() { -number } else { number })
}

fn read_whole(text: &str, times: Option<Decimal>) -> Result<i64, Refusal> {
    let number = read_number(text, times)?;
    let value = || text.trim().to_owned();
    if !number.fract().is_zero() {
        return Err(Refusal::new("import.number.fraction").arg("value", value()));
    }
    number.to_i64().ok_or_else(|| Refusal::new("import.number.too-large").arg("value", value()))
}

const TRUE: [&str; 9] = ["true", "1", "yes", "y", "はい", "有", "○", "〇", "◯"];
const FALSE: [&str; 10] = ["false", "0", "no", "n", "いいえ", "無", "×", "✕", "✗", "x"];

fn read_bool(text: &str) -> Result<bool, Refusal> {
    let folded = text.trim().nfkc().collect::<String>().to_lowercase();
    if TRUE.contains(&folded.as_str()) {
        Ok(true)
    } else if FALSE.contains(&folded.as_str()) {
        Ok(false)
    } else {
        Err(Refusal::new("import.bool.unreadable").arg("value", text.trim()))
    }
}

/// Reads a record id, a source key of the reader's own system, or `system:key`.
/// What stands before the first colon is a system only when it looks like the
/// name of one; a `system` of the mapping takes the whole text as the key.
pub(crate) fn read_reference(
    kind: &str,
    text: &str,
    given: Option<&str>,
    own: Option<&str>,
) -> Result<RecordId, Refusal> {
    let text = text.trim();
    let unreadable = || Refusal::new("import.reference.unreadable").arg("value", text);
    let target = registers::kind(kind).ok_or_else(unreadable)?;
    if let Ok(id) = text.parse::<RecordId>() {
        return if id.prefix() == target.prefix {
            Ok(id)
        } else {
            Err(Refusal::new("registers.ref.wrong-kind")
                .arg("value", text)
                .arg("kind", kind)
                .arg("prefix", target.prefix))
        };
    }
    let named = text.split_once(':').filter(|(system, key)| {
        system.starts_with(|c: char| c.is_ascii_lowercase())
            && system
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_.".contains(&b))
            && !key.trim().is_empty()
    });
    match (given, named, own) {
        (Some(system), _, _) => Ok(RecordId::derive(target.prefix, system, text)),
        (None, Some((system, key)), _) => Ok(RecordId::derive(target.prefix, system, key.trim())),
        (None, None, Some(system)) if !text.is_empty() => {
            Ok(RecordId::derive(target.prefix, system, text))
        }
        _ => Err(unreadable()),
    }
}

/// Reads a fiscal year: `2025`, `FY2025`, `2025年度`, `令和7年度` or `R7`.
fn read_fiscal_year(text: &str) -> Option<i32> {
    let folded: String = text.trim().nfkc().collect();
    let bare = folded.trim_start_matches("FY").trim_end_matches("年度").trim_end_matches('年');
    if bare.len() == 4
        && let Ok(year) = bare.parse::<i32>()
    {
        return (year >= 1000).then_some(year);
    }
    // A fiscal year belongs to the era that most of it falls in; the last year
    // of an era is also written for the whole of it.
    ["12.1", "4.1"].iter().find_map(|day| {
        let date = match bare.chars().next()? {
            letter if letter.is_ascii_alphabetic() => parse_date(&format!("{bare}.{day}")),
            _ => parse_date(&format!("{bare}年{}日", day.replace('.', "月"))),
        };
        date.ok().map(|date| chrono::Datelike::year(&date))
    })
}

fn read_year_amount(text: &str, times: Option<Decimal>) -> Result<Value, Refusal> {
    let folded: String = text.trim().nfkc().collect();
    let unreadable = || Refusal::new("import.year-amount.unreadable").arg("value", text.trim());
    let (year, amount) = folded.split_once(':').ok_or_else(unreadable)?;
    let year = read_fiscal_year(year).ok_or_else(unreadable)?;
    year_amount(year, amount, times)
}

/// Money of one fiscal year.
pub(crate) fn year_amount(
    year: i32,
    amount: &str,
    times: Option<Decimal>,
) -> Result<Value, Refusal> {
    read_whole(amount, times).map(|yen| json!({ "fiscal_year": year, "amount_yen": yen }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_offices_write_them() {
        let cases = [
            ("1234567", 1_234_567),
            ("1,234,567", 1_234_567),
            ("１，２３４円", 1_234),
            ("¥500", 500),
            ("￥500", 500),
            ("△1,000", -1_000),
            ("▲5", -5),
            ("−5", -5),
            ("+5", 5),
            ("-0", 0),
            ("2025.00", 2025),
            ("007", 7),
        ];
        for (text, number) in cases {
            assert_eq!(read_whole(text, None), Ok(number), "{text}");
        }
        assert_eq!(read_whole("1.5", Some(1000.into())), Ok(1500));
        assert_eq!(read_number("12.50", None).unwrap().to_string(), "12.50");
        for (text, code) in [
            ("", "import.number.unreadable"),
            ("-", "import.number.unreadable"),
            ("1,23", "import.number.unreadable"),
            ("1234,567", "import.number.unreadable"),
            (",123", "import.number.unreadable"),
            ("1.", "import.number.unreadable"),
            (".5", "import.number.unreadable"),
            ("1.2.3", "import.number.unreadable"),
            ("1e5", "import.number.unreadable"),
            ("1_000", "import.number.unreadable"),
            ("約100", "import.number.unreadable"),
            ("12%", "import.number.unreadable"),
            ("1.5", "import.number.fraction"),
            ("9223372036854775808", "import.number.too-large"),
            ("99999999999999999999999999999999", "import.number.too-large"),
        ] {
            assert_eq!(read_whole(text, None).unwrap_err().code, code, "{text}");
        }
    }

    #[test]
    fn booleans_are_read_in_both_languages() {
        for text in ["true", "TRUE", "1", "１", "はい", "○", "〇", "yes"] {
            assert_eq!(read_bool(text), Ok(true), "{text}");
        }
        for text in ["false", "0", "いいえ", "×", "No", "✕"] {
            assert_eq!(read_bool(text), Ok(false), "{text}");
        }
        for text in ["", "2", "△", "多分"] {
            assert_eq!(read_bool(text).unwrap_err().code, "import.bool.unreadable", "{text}");
        }
    }

    #[test]
    fn references_are_ids_or_source_keys() {
        let id = |system: &str, key: &str| RecordId::derive("PRJ", system, key);
        let read = |text: &str, given, own| read_reference("project", text, given, own);
        let known = id("amed", "25-1");
        assert_eq!(read(known.as_str(), None, None), Ok(known.clone()));
        assert_eq!(read("25-1", None, Some("amed")), Ok(known.clone()));
        assert_eq!(read("amed:25-1", None, Some("other")), Ok(known));
        assert_eq!(read("10.1/x:y", None, Some("doi")), Ok(id("doi", "10.1/x:y")));
        assert_eq!(read("a:b", Some("s"), None), Ok(id("s", "a:b")));
        assert_eq!(read("Ab:c", None, None).unwrap_err().code, "import.reference.unreadable");
        assert_eq!(read("x", None, None).unwrap_err().code, "import.reference.unreadable");
        let other = RecordId::derive("CTR", "amed", "1");
        assert_eq!(read(other.as_str(), None, None).unwrap_err().code, "registers.ref.wrong-kind");
    }

    #[test]
    fn money_by_year_is_read() {
        let cases = [
            ("2025:1000000", 2025, 1_000_000),
            ("FY2025：1,000", 2025, 1_000),
            ("令和7年度:5", 2025, 5),
            ("R7:5", 2025, 5),
            ("令和元年度:5", 2019, 5),
            ("平成31年度:5", 2019, 5),
            ("２０２６年度:△5", 2026, -5),
        ];
        for (text, year, yen) in cases {
            let expected = json!({ "fiscal_year": year, "amount_yen": yen });
            assert_eq!(read_year_amount(text, None), Ok(expected), "{text}");
        }
        for (text, code) in [
            ("2025", "import.year-amount.unreadable"),
            ("25:1", "import.year-amount.unreadable"),
            ("令和0年度:1", "import.year-amount.unreadable"),
            ("2025:x", "import.number.unreadable"),
        ] {
            assert_eq!(read_year_amount(text, None).unwrap_err().code, code, "{text}");
        }
    }

    #[test]
    fn days_keep_to_the_form_that_is_asked_for() {
        let read = |text, form| read_date(text, form).map_err(|refusal| refusal.code);
        let day = NaiveDate::from_ymd_opt(2025, 4, 1).unwrap();
        assert_eq!(read("令和７年４月１日", DateForm::Era), Ok(day));
        assert_eq!(read("R7.4.1", DateForm::Era), Ok(day));
        assert_eq!(read("2025-04-01", DateForm::Iso), Ok(day));
        assert_eq!(read("2025/4/1", DateForm::Any), Ok(day));
        assert_eq!(read("2025-04-01", DateForm::Era), Err("import.date.form"));
        assert_eq!(read("R7.4.1", DateForm::Iso), Err("import.date.form"));
        assert_eq!(read("2025-02-30", DateForm::Any), Err("core.date.unreadable"));
    }

    #[test]
    fn moments_are_read_in_japan_time() {
        let expected = "2025-03-31T15:30:00Z".parse::<DateTime<Utc>>().unwrap();
        for text in ["2025-04-01T00:30:00+09:00", "2025-04-01 00:30", "2025/04/01 00:30:00"] {
            assert_eq!(read_time(text), Ok(expected), "{text}");
        }
        let midnight = "2025-03-31T15:00:00Z".parse::<DateTime<Utc>>().unwrap();
        assert_eq!(read_time("令和7年4月1日"), Ok(midnight));
        assert_eq!(read_time("soon").unwrap_err().code, "import.time.unreadable");
    }
}
