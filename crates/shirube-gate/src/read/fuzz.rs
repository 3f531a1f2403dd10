//! Entry points for fuzzing: whatever the bytes are, they are read or refused.

use std::io::{Cursor, Write};

use super::layout::Layouts;
use super::limits::Limits;
use super::published::SheetOutcome;
use super::{open_bytes, recognise};

/// Small limits, so that short inputs meet them.
const SMALL: Limits = Limits {
    file_bytes: 1 << 20,
    unpacked_bytes: 4 << 20,
    ratio: 200,
    parts: 100,
    sheets: 20,
    rows: 2_000,
    columns: 400,
    cells: 20_000,
};

/// Tries the workbook reader and the recognition of what it reads. The bytes are
/// an archive, or else the XML of a sheet, which is put into one: mutated
/// archives rarely get past their checksums.
pub fn fuzz_xlsx(bytes: &[u8]) {
    if bytes.starts_with(b"PK") {
        read_all("fuzz.xlsx", bytes.to_vec());
    } else if let Ok(file) = archive_around(bytes) {
        read_all("fuzz.xlsx", file);
    }
}

/// The parts of a workbook that are not the sheet.
const PARTS: &[(&str, &str)] = &[
    (
        "_rels/.rels",
        r#"<Relationships><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#,
    ),
    (
        "xl/workbook.xml",
        r#"<workbook xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="1" sheetId="1" r:id="rId1"/></sheets></workbook>"#,
    ),
    (
        "xl/_rels/workbook.xml.rels",
        r#"<Relationships><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>"#,
    ),
];

fn archive_around(sheet: &[u8]) -> zip::result::ZipResult<Vec<u8>> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let stored =
        zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (name, text) in PARTS {
        writer.start_file(*name, stored)?;
        writer.write_all(text.as_bytes())?;
    }
    writer.start_file("xl/worksheets/sheet1.xml", stored)?;
    writer.write_all(sheet)?;
    Ok(writer.finish()?.into_inner())
}

/// Tries the CSV reader and the recognition of what it reads.
pub fn fuzz_csv(bytes: &[u8]) {
    read_all("fuzz.csv", bytes.to_vec());
}

/// Tries the layout reader, and what it accepts on a small sheet.
pub fn fuzz_layout(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let Ok(layouts) = Layouts::parse("fuzz.toml", &text) else { return };
    let sheet = "表\n診療行為コード,総計(算定回数),男,,女,\n,,0,1,0,1\n1,10,-,-,3,4\n";
    if let Ok(book) = open_bytes("fuzz.csv", sheet.as_bytes().to_vec(), &SMALL) {
        for sheet in &book.sheets {
            check(&recognise("fuzz.csv", sheet, &layouts));
        }
    }
}

fn read_all(name: &str, file: Vec<u8>) {
    let Ok(layouts) = Layouts::ndb_open_data() else { return };
    let Ok(book) = open_bytes(name, file, &SMALL) else { return };
    for sheet in &book.sheets {
        check(&recognise(name, sheet, &layouts));
    }
}

/// What recognition promises of a table.
fn check(outcome: &SheetOutcome) {
    let SheetOutcome::Table(table) = outcome else { return };
    assert!(!table.rows.is_empty() && !table.columns.is_empty());
    for row in 0..table.rows.len() {
        assert_eq!(table.row(row).len(), table.columns.len());
    }
    for sum in &table.sums {
        assert!(sum.parts.iter().all(|p| (*p as usize) < table.columns.len() && *p != sum.total));
    }
}
