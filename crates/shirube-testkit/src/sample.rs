//! Import files as offices write them: era dates, full-width digits, blanks.

use std::io::{Error, ErrorKind, Result, Write};

use chrono::NaiveDate;
use serde_json::Value;
use shirube_model::calendar::era_date;
use shirube_model::registers;
use shirube_model::schema::{Cardinality, FieldSpec, FieldType};

use crate::evidence::{Evidence, Op, events_for};

/// System that the keys of sample files belong to.
pub const SAMPLE_SYSTEM: &str = "demo-sample";

/// Writes a CSV file of up to `rows` records of `kind`, with a header named
/// after the fields and the key in `source_key`. The same value is written
/// differently from row to row: 2025-04-01, 令和7年4月1日, R7.4.1,
/// ２０２５年４月１日; 1,200,000 and １２０００００; はい, ○ and true.
///
/// # Errors
/// An unknown kind, or a fault of the writer.
pub fn write_sample_csv(out: &mut impl Write, kind: &str, rows: usize) -> Result<()> {
    let schema = registers::kind(kind)
        .ok_or_else(|| Error::new(ErrorKind::InvalidInput, format!("no register `{kind}`")))?;
    let mut header = vec!["source_key".to_owned()];
    for field in schema.fields {
        if field.ty == FieldType::LocalText {
            header.extend(["ja", "en"].map(|side| format!("{}.{side}", field.name)));
        } else {
            header.push(field.name.to_owned());
        }
    }
    line(out, &header)?;
    let made = Evidence::new(1, events_for(kind, rows))
        .filter(|event| event.kind == kind && event.op == Op::Create);
    for (row, event) in made.take(rows).enumerate() {
        let mut cells = vec![format!("{kind}-{:06}", row + 1)];
        for (place, field) in schema.fields.iter().enumerate() {
            cells.extend(field_cells(field, event.body.get(field.name), row + place));
        }
        line(out, &cells)?;
    }
    Ok(())
}

fn line(out: &mut impl Write, cells: &[String]) -> Result<()> {
    let quoted: Vec<String> = cells
        .iter()
        .map(|cell| {
            let plain = !cell.contains([',', '"', '\n', '\r']);
            if plain { cell.clone() } else { format!("\"{}\"", cell.replace('"', "\"\"")) }
        })
        .collect();
    out.write_all(quoted.join(",").as_bytes())?;
    out.write_all(b"\r\n")
}

fn field_cells(field: &FieldSpec, value: Option<&Value>, style: usize) -> Vec<String> {
    if field.ty == FieldType::LocalText {
        let side = |side| value.and_then(|v| v.get(side)).and_then(Value::as_str).unwrap_or("");
        return vec![side("ja").to_owned(), side("en").to_owned()];
    }
    let cell = match (field.card, value) {
        (_, None) => String::new(),
        (Cardinality::Many, Some(Value::Array(items))) => {
            items.iter().map(|item| cell(field.ty, item, style)).collect::<Vec<_>>().join(";")
        }
        (_, Some(value)) => cell(field.ty, value, style),
    };
    vec![cell]
}

fn cell(ty: FieldType, value: &Value, style: usize) -> String {
    match (ty, value) {
        (FieldType::Date, Value::String(text)) => {
            text.parse().map_or_else(|_| text.clone(), |day| date(day, style))
        }
        (FieldType::Int | FieldType::Yen, Value::Number(number)) => {
            number.as_i64().map_or_else(|| number.to_string(), |n| whole(n, style))
        }
        (FieldType::Decimal, Value::String(text)) if style % 2 == 1 => full_width(text),
        (FieldType::Bool, Value::Bool(truth)) => {
            let (yes, no) = match style % 3 {
                0 => ("true", "false"),
                1 => ("はい", "いいえ"),
                _ => ("○", "×"),
            };
            (if *truth { yes } else { no }).to_owned()
        }
        (FieldType::YearAmount, Value::Object(amount)) => {
            let part = |name| amount.get(name).and_then(Value::as_i64).unwrap_or(0);
            format!("{}年度:{}", part("fiscal_year"), part("amount_yen"))
        }
        (_, Value::String(text)) => text.clone(),
        (_, other) => other.to_string(),
    }
}

/// A day in one of the ways offices write it.
fn date(day: NaiveDate, style: usize) -> String {
    let era = era_date(day);
    match style % 6 {
        0 => day.to_string(),
        1 => era,
        2 => day.format("%Y/%-m/%-d").to_string(),
        3 => full_width(&era),
        4 => full_width(&day.format("%Y年%-m月%-d日").to_string()),
        _ => letter(&era).unwrap_or_else(|| day.format("%Y%m%d").to_string()),
    }
}

/// 令和7年4月1日 as R7.4.1.
fn letter(era: &str) -> Option<String> {
    let rest = era.strip_prefix("令和")?.replace('元', "1");
    Some(format!("R{}", rest.replace(['年', '月'], ".").replace('日', "")))
}

fn whole(number: i64, style: usize) -> String {
    match style % 3 {
        0 => number.to_string(),
        1 => full_width(&number.to_string()),
        _ => grouped(number),
    }
}

/// 1234567 as 1,234,567.
fn grouped(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut out = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if number < 0 { format!("-{out}") } else { out }
}

fn full_width(text: &str) -> String {
    text.chars()
        .map(|c| match c.to_digit(10).and_then(|digit| char::from_u32(0xff10 + digit)) {
            Some(wide) => wide,
            None => c,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use shirube_model::calendar::parse_date;
    use shirube_model::registers::KINDS;

    #[test]
    fn every_style_of_date_reads_back() {
        for day in ["2025-04-01", "2019-05-01", "2019-04-30", "2028-02-29", "2030-03-31"] {
            let day: NaiveDate = day.parse().unwrap();
            for style in 0..6 {
                assert_eq!(parse_date(&date(day, style)), Ok(day), "{}", date(day, style));
            }
        }
        assert_eq!(date("2025-04-01".parse().unwrap(), 5), "R7.4.1");
    }

    #[test]
    fn numbers_are_grouped() {
        let cases = [(0, "0"), (999, "999"), (1_000, "1,000"), (-1_234_567, "-1,234,567")];
        for (number, text) in cases {
            assert_eq!(grouped(number), text);
        }
    }

    #[test]
    fn every_kind_has_a_sample_with_the_same_number_of_cells_in_each_row() {
        for schema in KINDS {
            let mut out = Vec::new();
            write_sample_csv(&mut out, schema.kind, 5).unwrap();
            let text = String::from_utf8(out).unwrap();
            assert!(text.lines().count() >= 2, "{}", schema.kind);
        }
        let mut out = Vec::new();
        write_sample_csv(&mut out, "contract", 60).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text.lines().count(), 61);
        assert!(
            ["令和", ",R", "令和７年", "２０２５年", "/"].iter().all(|style| text.contains(style))
        );
        assert!(write_sample_csv(&mut Vec::new(), "nothing", 1).is_err());
    }
}
