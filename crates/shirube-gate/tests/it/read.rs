//! Files of every kind of trouble are read with a notice or refused with a code.

use shirube_gate::read::{
    Layouts, Limits, Printed, Role, SheetOutcome, fuzz_csv, fuzz_layout, fuzz_xlsx, open_bytes,
    recognise,
};

use crate::book::{C, TestSheet, archive, area, parts, prefecture, sex_age, workbook};

fn outcome(sheet: TestSheet) -> SheetOutcome {
    let book = open_bytes("t.xlsx", workbook(&[sheet]), &Limits::default()).unwrap();
    recognise("t.xlsx", &book.sheets[0], &Layouts::ndb_open_data().unwrap())
}

fn code(bytes: Vec<u8>, limits: &Limits) -> &'static str {
    open_bytes("t.xlsx", bytes, limits).unwrap_err().code
}

#[test]
fn the_layouts_of_the_release_are_recognised() {
    let rows = [("111", 100, [10, 20, 30, 0, 40, 0, -1, -1])];
    let SheetOutcome::Table(table) = outcome(sex_age("外来", "J 処置　外来", &rows)) else {
        panic!("not a table")
    };
    assert_eq!((table.axis.as_str(), table.measure_head.as_str()), ("sex-age", "算定回数"));
    assert_eq!(table.title, "診療年月：2022年04月～2023年03月 J 処置 外来");
    assert_eq!(table.rule.map(|r| r.threshold_min), Some(10));
    assert_eq!(table.columns[5].path, ["女", "0～4歳"]);
    assert_eq!(table.sums[0].parts.len(), 8);
    assert_eq!(table.row(0)[7], Printed::MASKED);
    assert_eq!(table.address(0, 7), "J5");

    let rows = [("111", 60, [10, 20, 30, 0, 0, 0, 0])];
    let SheetOutcome::Table(table) = outcome(area("外来", "J 処置　外来", &rows)) else {
        panic!("not a table")
    };
    assert_eq!(table.axis, "area");
    assert_eq!(table.columns.last().unwrap().role, Role::Residual);
    assert_eq!(table.columns.last().unwrap().path, ["二次医療圏判別不可"]);

    let rows = [("111", 60, [10, 20, 30])];
    let SheetOutcome::Table(table) = outcome(prefecture("外来", "J 処置　外来", &rows))
    else {
        panic!("not a table")
    };
    assert_eq!(
        (table.axis.as_str(), table.columns[1].path.concat()),
        ("prefecture", "01北海道".into())
    );
}

#[test]
fn doubtful_cells_are_noted_and_left_out() {
    let rows = [("111", 100, [10, 20, 30, 0, 40, 0, 0, 0])];
    let cases: [(C, &str, Option<i64>); 6] = [
        (C::D(44_927.0), "gate.read.note.date", None),
        (C::N(2.5), "gate.read.note.inexact", None),
        (C::N(-3.0), "gate.read.note.negative", Some(-3)),
        (C::T("不明"), "gate.read.note.unreadable", None),
        (C::F("D5+1", 11.0), "gate.read.note.formulas", Some(11)),
        (C::T("１，２３４"), "", Some(1234)),
    ];
    for (cell, notice, value) in cases {
        let mut sheet = sex_age("外来", "J 処置　外来", &rows);
        sheet.rows[4][3] = cell.clone();
        let SheetOutcome::Table(table) = outcome(sheet) else { panic!("{cell:?}") };
        assert_eq!(table.row(0)[1].number(), value, "{cell:?}");
        let codes: Vec<_> = table.notices.iter().map(|n| n.code).collect();
        assert_eq!(codes, if notice.is_empty() { vec![] } else { vec![notice] }, "{cell:?}");
    }
}

#[test]
fn hidden_sheets_are_read_and_noted() {
    let rows = [("111", 100, [10, 20, 30, 0, 40, 0, 0, 0])];
    let mut sheet = sex_age("控え", "J 処置　外来", &rows);
    sheet.hidden = true;
    let SheetOutcome::Table(table) = outcome(sheet) else { panic!("not a table") };
    assert_eq!(table.notices[0].code, "gate.read.note.hidden-sheet");
}

#[test]
fn sheets_that_fit_no_layout_say_why() {
    let text = |rows: Vec<Vec<C>>| TestSheet { name: "表", rows, ..TestSheet::default() };
    let rows = [("111", 100, [10, 20, 30, 0, 40, 0, 0, 0])];
    let mut twice = sex_age("外来", "J 処置　外来", &rows);
    twice.rows.push(twice.rows[4].clone());
    let mut unnamed = sex_age("外来", "J 処置　外来", &rows);
    unnamed.rows[2][2] = C::T("総計");
    let cases = [
        (text(vec![vec![C::T("a"), C::T("b")], vec![C::N(1.0), C::N(2.0)]]), "heads"),
        (twice, "keys-repeat"),
        (unnamed, "measure"),
    ];
    for (sheet, why) in cases {
        match outcome(sheet) {
            SheetOutcome::NotUnderstood(refusal) => assert_eq!(refusal.args["why"], why),
            other => panic!("{why}: {other:?}"),
        }
    }
    let mut empty = sex_age("外来", "J 処置　外来", &rows);
    empty.rows.truncate(4);
    assert_eq!(outcome(empty), SheetOutcome::Empty);
}

#[test]
fn broken_and_hostile_files_are_refused() {
    let rows = [("111", 100, [10, 20, 30, 0, 40, 0, 0, 0])];
    let sheet = sex_age("外来", "J 処置　外来", &rows);
    let good = workbook(std::slice::from_ref(&sheet));
    let limits = Limits::default();
    let compound = [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1];
    let mut protected = compound.to_vec();
    protected.extend("EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes));
    assert_eq!(code(Vec::new(), &limits), "gate.read.empty");
    assert_eq!(code(compound.to_vec(), &limits), "gate.read.old-binary");
    assert_eq!(code(protected, &limits), "gate.read.password");
    assert_eq!(code(good[..good.len() / 2].to_vec(), &limits), "gate.read.damaged");
    assert_eq!(code(archive(&[("a.txt".into(), "x".into())]), &limits), "gate.read.no-workbook");
    let small = Limits { file_bytes: 100, ..limits };
    assert_eq!(code(good.clone(), &small), "gate.read.file-too-large");
    let few = Limits { cells: 20, ..limits };
    assert_eq!(code(good.clone(), &few), "gate.read.too-many-cells");
    let sheets = Limits { sheets: 0, ..limits };
    assert_eq!(code(good, &sheets), "gate.read.too-many-cells");
}

#[test]
fn archives_made_to_exhaust_memory_are_not_unpacked() {
    let rows = [("111", 100, [10, 20, 30, 0, 40, 0, 0, 0])];
    let mut bomb = parts(&[sex_age("外来", "J 処置　外来", &rows)]);
    bomb.push(("xl/media/image1.bin".into(), "0".repeat(8 << 20)));
    assert_eq!(code(archive(&bomb), &Limits::default()), "gate.read.unpacked-too-large");
    let total = Limits { unpacked_bytes: 1 << 20, ratio: u64::MAX, ..Limits::default() };
    assert_eq!(code(archive(&bomb), &total), "gate.read.unpacked-too-large");
    let many = Limits { parts: 3, ..Limits::default() };
    assert_eq!(code(archive(&bomb), &many), "gate.read.unpacked-too-large");
}

#[test]
fn two_far_corners_cost_no_rectangle() {
    let mut list = parts(&[TestSheet { name: "表", ..TestSheet::default() }]);
    let (_, xml) = list.iter_mut().find(|(name, _)| name.ends_with("sheet1.xml")).unwrap();
    *xml = xml.replace(
        "<sheetData></sheetData>",
        "<sheetData><row r=\"1\"><c r=\"A1\"><v>1</v></c></row><row r=\"1048576\"><c r=\"XFD1048576\"><v>1</v></c></row></sheetData>",
    );
    let book = open_bytes("t.xlsx", archive(&list), &Limits::default()).unwrap();
    assert_eq!(book.sheets[0].filled(), 2);
    let few = Limits { cells: 100_000, ..Limits::default() };
    assert_eq!(code(archive(&list), &few), "gate.read.too-many-cells");
}

#[test]
fn the_fuzz_targets_hold_on_good_and_cut_files() {
    let rows = [("111", 100, [10, 20, 30, 0, 40, 0, -1, -1])];
    let good = workbook(&[sex_age("外来", "J 処置　外来", &rows)]);
    for cut in (0..good.len()).step_by(97) {
        fuzz_xlsx(&good[..cut]);
        let mut bent = good.clone();
        bent[cut] ^= 0x5a;
        fuzz_xlsx(&bent);
    }
    fuzz_csv("診療行為コード,総計(算定回数),男,\n,,0,1\n1,10,-,-\n".as_bytes());
    fuzz_layout(include_bytes!("../../layouts/ndb-open-data.toml"));
}
