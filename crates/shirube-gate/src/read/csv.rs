//! Tables in CSV, UTF-8 or CP932, separated by commas or tabs.

use encoding_rs::SHIFT_JIS;
use shirube_model::refusal::Refusal;

use super::grid::{GridCell, Sheet, Visibility, Workbook};
use super::limits::Limits;

pub(super) fn read(name: &str, bytes: &[u8], limits: &Limits) -> Result<Workbook, Refusal> {
    let text = decode(bytes).ok_or_else(|| Refusal::new("gate.read.encoding").file(name))?;
    // A table has no control characters; a picture or a PDF has.
    let foreign = |c: char| c.is_control() && !matches!(c, '\t' | '\r' | '\n');
    if text.contains(foreign) {
        return Err(Refusal::new("gate.read.not-a-table").file(name));
    }
    let first = text.lines().next().unwrap_or_default();
    let delimiter =
        if first.matches('\t').count() > first.matches(',').count() { b'\t' } else { b',' };
    let mut reader = ::csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .from_reader(text.as_bytes());
    let refused = |what: &str, max: u64| {
        Refusal::new("gate.read.too-many-cells").arg("what", what).arg("max", max).file(name)
    };
    let mut rows = Vec::new();
    let mut cells_left = limits.cells;
    for (at, record) in reader.records().enumerate() {
        let record =
            record.map_err(|_| Refusal::new("gate.read.damaged").file(name).line(at as u64 + 1))?;
        if record.len() as u64 > u64::from(limits.columns) {
            return Err(refused("columns", u64::from(limits.columns)));
        }
        if at as u64 >= u64::from(limits.rows) {
            return Err(refused("rows", u64::from(limits.rows)));
        }
        cells_left = cells_left
            .checked_sub(record.len() as u64 + 1)
            .ok_or_else(|| refused("cells", limits.cells))?;
        rows.push(record.iter().map(cell).collect());
    }
    let sheet = Sheet {
        name: name.to_owned(),
        visibility: Visibility::Shown,
        rows,
        merges: Vec::new(),
        formulas: 0,
    };
    Ok(Workbook { name: name.to_owned(), sheets: vec![sheet] })
}

fn cell(text: &str) -> GridCell {
    if text.trim().is_empty() { GridCell::Blank } else { GridCell::Text(text.into()) }
}

/// UTF-8 with or without a byte order mark, else CP932.
fn decode(bytes: &[u8]) -> Option<String> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Some(text.to_owned());
    }
    SHIFT_JIS
        .decode_without_bom_handling_and_without_replacement(bytes)
        .map(std::borrow::Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_encodings_and_both_separators_are_read() {
        let sjis = |text: &str| SHIFT_JIS.encode(text).0.into_owned();
        let cases: &[(&[u8], &str)] = &[
            ("区分,総計\nＡ,１２\n".as_bytes(), "１２"),
            (b"\xef\xbb\xbfa,b\nx,12\n", "12"),
            (&sjis("区分,総計\n表,－\n"), "－"),
            (b"a\tb\nx\t1,234\n", "1,234"),
            (b"a,b\n\"x\ny\",\"1,234\"\n", "1,234"),
        ];
        for (bytes, expected) in cases {
            let book = read("t.csv", bytes, &Limits::default()).unwrap();
            assert_eq!(book.sheets[0].at(1, 1).label(), *expected);
        }
    }

    #[test]
    fn what_is_no_table_is_refused() {
        let small = Limits { columns: 2, rows: 2, ..Limits::default() };
        let cases: &[(&[u8], &str)] = &[
            (b"\x81", "gate.read.encoding"),
            (b"%PDF-1.4\n\x00\x01", "gate.read.not-a-table"),
            (b"a,b,c\n", "gate.read.too-many-cells"),
            (b"a\nb\nc\n", "gate.read.too-many-cells"),
        ];
        for (bytes, code) in cases {
            assert_eq!(read("t.csv", bytes, &small).unwrap_err().code, *code);
        }
    }
}
