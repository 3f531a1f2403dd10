//! The report as a workbook: one sheet of facts and texts, and one for every
//! kind of table, with the measure in its first column.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use rust_xlsxwriter::{
    DocProperties, ExcelDateTime, Format, FormatAlign, Workbook, Worksheet, XlsxError,
};
use shirube_model::lang::Lang;
use shirube_model::refusal::{Refusal, text};

use crate::report::Report;
use crate::sheet::{Cell, Sheet, sheet};

/// Characters that a sheet's name may have.
const NAME_CHARS_MAX: usize = 31;

/// The report as the bytes of an XLSX file. Its only day is that of the report,
/// so the same report gives the same bytes.
///
/// # Errors
/// `report.xlsx.failed`, such as for a text longer than a cell may be.
pub fn xlsx(report: &Report, lang: Lang) -> Result<Vec<u8>, Refusal> {
    let sheet = sheet(report, lang);
    write(report, &sheet, lang)
        .map_err(|error| Refusal::new("report.xlsx.failed").arg("detail", error))
}

struct Formats {
    title: Format,
    head: Format,
    wrap: Format,
    notice: Format,
}

fn write(report: &Report, sheet: &Sheet, lang: Lang) -> Result<Vec<u8>, XlsxError> {
    let top = Format::new().set_align(FormatAlign::Top);
    let formats = Formats {
        title: Format::new().set_bold().set_font_size(14),
        head: Format::new().set_bold().set_text_wrap(),
        wrap: top.set_text_wrap(),
        notice: Format::new().set_bold().set_font_color("#CE0000"),
    };
    let mut book = Workbook::new();
    book.set_properties(&properties(report, sheet)?);
    overview(book.add_worksheet(), sheet, lang, &formats)?;
    let keys = sheet.measures.first().map(|part| part.tables.iter().map(|table| table.key));
    for (place, _) in keys.into_iter().flatten().enumerate() {
        tables(book.add_worksheet(), sheet, place, lang, &formats)?;
    }
    book.save_to_buffer()
}

fn properties(report: &Report, sheet: &Sheet) -> Result<DocProperties, XlsxError> {
    let day = ExcelDateTime::parse_from_str(&report.made_on.to_string())?;
    Ok(DocProperties::new()
        .set_title(format!("{} {}", sheet.title, sheet.subtitle))
        .set_author(&sheet.subtitle)
        .set_comment(sheet.notices.join("\n"))
        .set_creation_datetime(&day))
}

fn overview(
    to: &mut Worksheet,
    sheet: &Sheet,
    lang: Lang,
    formats: &Formats,
) -> Result<(), XlsxError> {
    to.set_name(name(&text(lang, "report.sheet.overview")))?;
    to.set_column_width(0, 28)?.set_column_width(1, 90)?;
    to.write_string_with_format(0, 0, clean(&sheet.title), &formats.title)?;
    to.write_string(0, 1, clean(&sheet.subtitle))?;
    let mut row = 1;
    for notice in &sheet.notices {
        to.write_string_with_format(row, 0, clean(notice), &formats.notice)?;
        row += 1;
    }
    for fact in &sheet.facts {
        to.write_string_with_format(row, 0, clean(&fact.label), &formats.head)?;
        to.write_string_with_format(row, 1, clean(&fact.text), &formats.wrap)?;
        row += 1;
    }
    for part in &sheet.measures {
        row += 1;
        to.write_string_with_format(row, 0, clean(&part.heading), &formats.title)?;
        row += 1;
        for fact in part.facts.iter().chain(&part.texts) {
            to.write_string_with_format(row, 0, clean(&fact.label), &formats.head)?;
            to.write_string_with_format(row, 1, clean(&fact.text), &formats.wrap)?;
            row += 1;
        }
    }
    Ok(())
}

/// The tables that stand at one place in every measure, as one sheet.
fn tables(
    to: &mut Worksheet,
    sheet: &Sheet,
    place: usize,
    lang: Lang,
    formats: &Formats,
) -> Result<(), XlsxError> {
    let found =
        || sheet.measures.iter().filter_map(|part| Some((&part.id, part.tables.get(place)?)));
    let Some((_, first)) = found().next() else { return Ok(()) };
    to.set_name(name(&first.caption))?;
    let notice = sheet.notices.join(" ");
    let mut row = 0;
    if !notice.is_empty() {
        to.write_string_with_format(0, 0, clean(&notice), &formats.notice)?;
        row = 1;
    }
    to.write_string_with_format(row, 0, text(lang, "report.column.measure"), &formats.head)?;
    for (column, head) in (1_u16..).zip(&first.head) {
        to.write_string_with_format(row, column, clean(head), &formats.head)?;
        to.set_column_width(column, 18)?;
    }
    to.set_column_width(0, 14)?.set_freeze_panes(row + 1, 1)?;
    for (id, table) in found() {
        for cells in &table.rows {
            row += 1;
            to.write_string(row, 0, clean(id))?;
            for (column, cell) in (1_u16..).zip(cells) {
                write_cell(to, row, column, cell, formats)?;
            }
        }
    }
    Ok(())
}

/// A number goes in as a number only where the cell keeps it exactly.
fn write_cell(
    to: &mut Worksheet,
    row: u32,
    column: u16,
    cell: &Cell,
    formats: &Formats,
) -> Result<(), XlsxError> {
    match cell {
        Cell::Nothing => {}
        Cell::Number(number) => match exact(*number) {
            Some(float) => {
                to.write_number(row, column, float)?;
            }
            None => {
                to.write_string(row, column, number.normalize().to_string())?;
            }
        },
        Cell::Text(text) => {
            to.write_string_with_format(row, column, clean(text), &formats.wrap)?;
        }
    }
    Ok(())
}

/// The number as a double, if reading it back gives the same number.
fn exact(number: Decimal) -> Option<f64> {
    let float = number.to_f64()?;
    let back: Decimal = float.to_string().parse().ok()?;
    (back == number && number.normalize().mantissa().unsigned_abs() < 10_u128.pow(15))
        .then_some(float)
}

/// Control characters, which a sheet cannot hold, as U+FFFD.
fn clean(text: &str) -> String {
    let keep = |c: char| if c.is_control() && c != '\n' && c != '\t' { '\u{fffd}' } else { c };
    text.chars().filter(|c| *c != '\r').map(keep).collect()
}

fn name(text: &str) -> String {
    text.chars()
        .filter(|c| !matches!(c, '[' | ']' | ':' | '*' | '?' | '/' | '\\'))
        .take(NAME_CHARS_MAX)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_a_number_only_where_it_stays_the_same() {
        for (number, float) in [
            ("0", Some(0.0)),
            ("0.1", Some(0.1)),
            ("-1234567.89", Some(-1_234_567.89)),
            ("999999999999999", Some(999_999_999_999_999.0)),
            ("1000000000000001", None),
            ("0.3333333333333333333333333333", None),
        ] {
            assert_eq!(exact(number.parse().unwrap()), float, "{number}");
        }
    }
}
