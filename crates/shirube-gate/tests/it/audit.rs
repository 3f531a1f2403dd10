//! Audits of small tables worked by hand.

use shirube_gate::audit::{
    AuditOptions, AuditReport, LeakKind, Nature, Outcome, Reveal, audit, audit_bytes, html,
};
use shirube_model::lang::Lang;

use crate::book::{TestSheet, area, prefecture, sex_age, workbook};

const SUBJECT: &str = "J 処置　外来";

fn run(sheets: &[TestSheet]) -> AuditReport {
    let options = AuditOptions::ndb_open_data().unwrap();
    audit_bytes("t.xlsx", workbook(sheets), &options, Reveal::Show)
}

/// Address, kind, nature and range of every finding.
fn found(report: &AuditReport) -> Vec<(String, LeakKind, Nature, String)> {
    let mut list: Vec<_> = report
        .findings
        .iter()
        .map(|f| {
            let (lo, hi) = f.range.clone().unwrap();
            (f.at.cell.clone(), f.kind, f.nature.unwrap(), format!("{lo}-{hi}"))
        })
        .collect();
    list.sort();
    list
}

#[test]
fn what_total_and_rule_give_away_is_found() {
    let rows = [
        // Nothing masked.
        ("100", 360, [10, 20, 30, 40, 50, 60, 70, 80]),
        // Two masked cells make 2: but where all are one a companion is masked,
        // so this row would not be printed; 3 is one and two.
        ("101", 363, [-1, -1, 30, 40, 50, 60, 80, 100]),
        // Two nines, since ten is printed and would have been the companion.
        ("102", 388, [-1, -1, 10, 40, 50, 60, 110, 100]),
        // Wide: fourteen shared by two.
        ("103", 374, [-1, -1, 30, 40, 50, 60, 80, 100]),
    ];
    let report = run(&[sex_age("外来", SUBJECT, &rows)]);
    assert_eq!(report.totals.broken, 0);
    assert_eq!(
        found(&report),
        [
            ("D6".to_owned(), LeakKind::ByRule, Nature::Range, "1-2".to_owned()),
            ("D7".to_owned(), LeakKind::ByRule, Nature::Small, "9-9".to_owned()),
            ("E6".to_owned(), LeakKind::ByRule, Nature::Range, "1-2".to_owned()),
            ("E7".to_owned(), LeakKind::ByRule, Nature::Small, "9-9".to_owned()),
        ]
    );
    assert_eq!(report.outcome(), Outcome::Leaks);
}

#[test]
fn a_lone_residual_is_the_total_less_the_rest() {
    let rows = [("100", 107, [10, 20, 30, 0, 40, 0, -1]), ("101", 100, [10, 20, 30, 0, 40, 0, 0])];
    let report = run(&[area("外来", SUBJECT, &rows)]);
    assert_eq!(
        found(&report),
        [("J7".to_owned(), LeakKind::Lone, Nature::Small, "7-7".to_owned())]
    );
    assert_eq!((report.totals.rows_small, report.totals.mask_also), (1, 1));
}

#[test]
fn a_prefecture_is_given_away_by_its_areas() {
    // Aomori has 4 and Hokkaido is its companion of 30; but Hokkaido's areas are
    // printed, so 100 - 66 - 30 = 4.
    let folder = tempfile::tempdir().unwrap();
    for (file, sheet) in [
        ("a.xlsx", prefecture("外来", SUBJECT, &[("100", 100, [-1, -1, 66])])),
        ("b.xlsx", area("外来", SUBJECT, &[("100", 100, [10, 20, -1, -1, 33, 33, 0])])),
    ] {
        std::fs::write(folder.path().join(file), workbook(&[sheet])).unwrap();
    }
    let options = AuditOptions::ndb_open_data().unwrap();
    let paths = [folder.path().to_owned()];
    let report = audit(&paths, &options, Reveal::Show, &|_, _, _| {}).unwrap();
    let list = found(&report);
    let small = ("E5".to_owned(), LeakKind::Linked, Nature::Small, "4-4".to_owned());
    assert!(list.contains(&small), "{list:?}");
    let companion = ("D5".to_owned(), LeakKind::Linked, Nature::Companion, "30-30".to_owned());
    assert!(list.contains(&companion), "{list:?}");
    assert!(report.totals.mask_also > 0 && report.totals.not_repaired == 0);
}

#[test]
fn totals_that_do_not_add_up_are_reported_and_the_rest_goes_on() {
    let mut rows = vec![("100", 360, [10, 20, 30, 40, 50, 60, 70, 80])];
    rows.push(("101", 999, [10, 20, 30, 40, 50, 60, 70, 80]));
    let report = run(&[sex_age("外来", SUBJECT, &rows)]);
    let row = report.sums.iter().find(|s| s.kind == "row").unwrap();
    assert_eq!((row.holds, row.fails, row.used), (1, 1, false));
    assert_eq!(report.outcome(), Outcome::Clean);
}

#[test]
fn numbers_stay_out_unless_asked_for() {
    let rows = [("100", 107, [10, 20, 30, 0, 40, 0, -1])];
    let options = AuditOptions::ndb_open_data().unwrap();
    let bytes = workbook(&[area("外来", SUBJECT, &rows)]);
    let report = audit_bytes("t.xlsx", bytes, &options, Reveal::Hide);
    assert!(report.findings.iter().all(|f| f.range.is_none() && f.nature.is_none()));
    assert!(!report.json().contains("\"range\""));
    for lang in Lang::ALL {
        let page = html(&report, lang);
        assert!(page.starts_with("<!doctype html>") && page.ends_with("</html>\n"));
        assert!(!page.contains("[gate."), "a text is missing");
        assert!(!page.contains("<script") && !page.contains("http"));
    }
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let rows = [("100", 107, [10, 20, 30, 0, 40, 0, -1]), ("101", 60, [-1, -1, 30, 0, 20, 0, 0])];
    for n in 0..6 {
        let sheet = area("外来", &format!("J 処置{n}　外来"), &rows);
        std::fs::write(folder.path().join(format!("{n}.xlsx")), workbook(&[sheet])).unwrap();
    }
    std::fs::write(folder.path().join("broken.xlsx"), b"PK\x03\x04").unwrap();
    let report = |threads| {
        let options = AuditOptions { threads, ..AuditOptions::ndb_open_data().unwrap() };
        let paths = [folder.path().to_owned()];
        audit(&paths, &options, Reveal::Show, &|_, _, _| {}).unwrap()
    };
    let one = report(1);
    assert_eq!(one.json(), report(4).json());
    assert_eq!((one.totals.files, one.totals.files_refused), (7, 1));
    assert_eq!(one.refused[0].code, "gate.read.damaged");
}

#[test]
fn a_table_is_protected_before_publication() {
    use shirube_gate::audit::protect_file;
    use shirube_gate::policy::Policy;
    use shirube_gate::read::{Layouts, Limits};

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("t.xlsx");
    let rows = [("100", 364, [4, 30, 30, 40, 50, 60, 70, 80])];
    std::fs::write(&file, workbook(&[sex_age("外来", SUBJECT, &rows)])).unwrap();
    let policy = Policy::embedded("ndb-open-data").unwrap();
    let layouts = Layouts::ndb_open_data().unwrap();
    let safe = protect_file(&file, &policy, &layouts, &Limits::default()).unwrap();
    assert_eq!((safe.primary, safe.secondary, safe.checked), (1, 1, 2));
    let line = safe.csv.lines().nth(1).unwrap();
    assert_eq!(line.matches(",-").count(), 2, "{line}");
    assert!(!line.contains(",4,"), "{line}");
    // A table with masks has nothing left to protect.
    let rows = [("100", 364, [-1, -1, 30, 40, 50, 60, 70, 80])];
    std::fs::write(&file, workbook(&[sex_age("外来", SUBJECT, &rows)])).unwrap();
    let refusal = protect_file(&file, &policy, &layouts, &Limits::default()).unwrap_err();
    assert_eq!(refusal.code, "gate.audit.protect-table");
}
