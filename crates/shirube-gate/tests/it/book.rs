//! Small workbooks written byte by byte, so that a test can also write what no
//! spreadsheet program would.

use std::io::{Cursor, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// A cell of a test workbook.
#[derive(Debug, Clone)]
pub enum C {
    /// Text.
    T(&'static str),
    /// Text made by the test.
    S(String),
    /// Number.
    N(f64),
    /// Number formatted as a date.
    D(f64),
    /// Formula with its last value.
    F(&'static str, f64),
    /// Nothing.
    B,
}

/// A sheet of a test workbook.
#[derive(Debug, Clone, Default)]
pub struct TestSheet {
    pub name: &'static str,
    pub hidden: bool,
    pub rows: Vec<Vec<C>>,
    pub merges: Vec<&'static str>,
}

/// Parts of a workbook with these sheets.
pub fn parts(sheets: &[TestSheet]) -> Vec<(String, String)> {
    let mut list = String::new();
    let mut rels = String::new();
    let mut types = String::new();
    let mut parts = Vec::new();
    for (at, sheet) in sheets.iter().enumerate() {
        let n = at + 1;
        let state = if sheet.hidden { " state=\"hidden\"" } else { "" };
        list += &format!("<sheet name=\"{}\" sheetId=\"{n}\"{state} r:id=\"rId{n}\"/>", sheet.name);
        rels += &format!(
            "<Relationship Id=\"rId{n}\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet\" Target=\"worksheets/sheet{n}.xml\"/>"
        );
        types += &format!(
            "<Override PartName=\"/xl/worksheets/sheet{n}.xml\" ContentType=\"application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml\"/>"
        );
        parts.push((format!("xl/worksheets/sheet{n}.xml"), sheet_xml(sheet)));
    }
    let head = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>";
    let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    let office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let package = "http://schemas.openxmlformats.org/package/2006";
    parts.push((
        "[Content_Types].xml".into(),
        format!("{head}<Types xmlns=\"{package}/content-types\"><Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/><Override PartName=\"/xl/workbook.xml\" ContentType=\"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml\"/>{types}</Types>"),
    ));
    parts.push((
        "_rels/.rels".into(),
        format!("{head}<Relationships xmlns=\"{package}/relationships\"><Relationship Id=\"rId1\" Type=\"{office}/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"),
    ));
    parts.push((
        "xl/workbook.xml".into(),
        format!("{head}<workbook xmlns=\"{main}\" xmlns:r=\"{office}\"><sheets>{list}</sheets></workbook>"),
    ));
    parts.push((
        "xl/_rels/workbook.xml.rels".into(),
        format!("{head}<Relationships xmlns=\"{package}/relationships\">{rels}<Relationship Id=\"rIdS\" Type=\"{office}/styles\" Target=\"styles.xml\"/></Relationships>"),
    ));
    parts.push((
        "xl/styles.xml".into(),
        format!("{head}<styleSheet xmlns=\"{main}\"><cellXfs count=\"2\"><xf numFmtId=\"0\"/><xf numFmtId=\"14\" applyNumberFormat=\"1\"/></cellXfs></styleSheet>"),
    ));
    parts
}

fn letters(mut column: usize) -> String {
    let mut out = String::new();
    column += 1;
    while column > 0 {
        out.insert(0, char::from(b'A' + ((column - 1) % 26) as u8));
        column = (column - 1) / 26;
    }
    out
}

fn sheet_xml(sheet: &TestSheet) -> String {
    let mut xml = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><worksheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"><sheetData>",
    );
    for (r, row) in sheet.rows.iter().enumerate() {
        xml += &format!("<row r=\"{}\">", r + 1);
        for (c, cell) in row.iter().enumerate() {
            let at = format!("{}{}", letters(c), r + 1);
            let text = |t: &str| {
                let t = t.replace('&', "&amp;").replace('<', "&lt;");
                format!("<c r=\"{at}\" t=\"inlineStr\"><is><t>{t}</t></is></c>")
            };
            xml += &match cell {
                C::T(t) => text(t),
                C::S(t) => text(t),
                C::N(n) => format!("<c r=\"{at}\"><v>{n}</v></c>"),
                C::D(n) => format!("<c r=\"{at}\" s=\"1\"><v>{n}</v></c>"),
                C::F(f, n) => format!("<c r=\"{at}\"><f>{f}</f><v>{n}</v></c>"),
                C::B => String::new(),
            };
        }
        xml += "</row>";
    }
    xml += "</sheetData>";
    if !sheet.merges.is_empty() {
        xml += &format!("<mergeCells count=\"{}\">", sheet.merges.len());
        for merge in &sheet.merges {
            xml += &format!("<mergeCell ref=\"{merge}\"/>");
        }
        xml += "</mergeCells>";
    }
    xml + "</worksheet>"
}

/// An archive of the parts.
pub fn archive(parts: &[(String, String)]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    for (name, text) in parts {
        writer.start_file(name.as_str(), options).unwrap();
        writer.write_all(text.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// A workbook.
pub fn workbook(sheets: &[TestSheet]) -> Vec<u8> {
    archive(&parts(sheets))
}

/// A title in the manner of the release, with its rule.
pub fn title(subject: &str) -> C {
    C::S(format!(
        "診療年月：2022年04月～2023年03月　{subject}　※集計結果が10未満の場合は「‐」で表示（10未満の箇所が1箇所の場合は10以上の最小値を全て「‐」で表示）"
    ))
}

/// A number, or a mask where it is negative.
pub fn cell(value: i64) -> C {
    if value < 0 { C::T("-") } else { C::N(value as f64) }
}

/// A sheet by sex and four age bands; each row is code, total, eight parts.
pub fn sex_age(
    name: &'static str,
    subject: &str,
    rows: &[(&'static str, i64, [i64; 8])],
) -> TestSheet {
    let mut grid = vec![vec![title(subject)], vec![]];
    let mut top = vec![C::T("診療行為\nコード"), C::T("診療行為"), C::T("総計\n(算定回数)")];
    let mut low = vec![C::B, C::B, C::B];
    for sex in ["男", "女"] {
        for (at, age) in ["0～4歳", "5～9歳", "10～14歳", "15歳以上"].into_iter().enumerate()
        {
            top.push(if at == 0 { C::T(sex) } else { C::B });
            low.push(C::T(age));
        }
    }
    grid.extend([top, low]);
    for (code, total, parts) in rows {
        let mut row = vec![C::T(code), C::T("処置"), cell(*total)];
        row.extend(parts.iter().map(|p| cell(*p)));
        grid.push(row);
    }
    TestSheet { name, rows: grid, merges: vec!["A3:A4", "C3:C4"], hidden: false }
}

/// A sheet by prefecture: three of them.
pub fn prefecture(
    name: &'static str,
    subject: &str,
    rows: &[(&'static str, i64, [i64; 3])],
) -> TestSheet {
    let mut grid = vec![
        vec![title(subject)],
        vec![],
        vec![
            C::T("診療行為\nコード"),
            C::T("診療行為"),
            C::T("総計\n(算定回数)"),
            C::T("01"),
            C::T("02"),
            C::T("03"),
        ],
        vec![C::B, C::B, C::B, C::T("北海道"), C::T("青森県"), C::T("岩手県")],
    ];
    for (code, total, parts) in rows {
        let mut row = vec![C::T(code), C::T("処置"), cell(*total)];
        row.extend(parts.iter().map(|p| cell(*p)));
        grid.push(row);
    }
    TestSheet { name, rows: grid, merges: Vec::new(), hidden: false }
}

/// A sheet by medical area: two areas in each of three prefectures, and what
/// could not be placed.
pub fn area(
    name: &'static str,
    subject: &str,
    rows: &[(&'static str, i64, [i64; 7])],
) -> TestSheet {
    let mut heads: [Vec<C>; 3] = [
        vec![C::T("診療行為\nコード"), C::T("診療行為"), C::T("総計\n(算定回数)")],
        vec![C::B, C::B, C::B],
        vec![C::B, C::B, C::B],
    ];
    for (prefecture, areas) in [
        ("01 北海道", [("0101", "南渡島"), ("0102", "南檜山")]),
        ("02 青森県", [("0201", "津軽"), ("0202", "八戸")]),
        ("03 岩手県", [("0301", "盛岡"), ("0302", "中部")]),
    ] {
        for (at, (code, area)) in areas.into_iter().enumerate() {
            heads[0].push(if at == 0 { C::T(prefecture) } else { C::B });
            heads[1].push(C::T(code));
            heads[2].push(C::T(area));
        }
    }
    heads[0].push(C::T("二次医療圏\n判別不可"));
    let mut grid = vec![vec![title(subject)], vec![C::T("（※）注")], vec![]];
    grid.extend(heads);
    for (code, total, parts) in rows {
        let mut row = vec![C::T(code), C::T("処置"), cell(*total)];
        row.extend(parts.iter().map(|p| cell(*p)));
        grid.push(row);
    }
    TestSheet { name, rows: grid, merges: Vec::new(), hidden: false }
}
