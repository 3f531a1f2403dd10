//! The audit of the 9th release of NDB Open Data, when it is at hand.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use shirube_gate::audit::{AuditOptions, AuditReport, LeakKind, Nature, Reveal, audit};

/// The workbooks, beside the repository.
fn files(names: &[&str]) -> Option<Vec<PathBuf>> {
    let folder =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/ndb-open-data-09");
    if !folder.is_dir() {
        #[allow(clippy::print_stderr)]
        {
            eprintln!("skipped: {} is not there", folder.display());
        }
        return None;
    }
    Some(names.iter().map(|name| folder.join(format!("{name}.xlsx"))).collect())
}

fn run(files: &[PathBuf]) -> AuditReport {
    let options = AuditOptions { remedies: false, ..AuditOptions::ndb_open_data().unwrap() };
    audit(files, &options, Reveal::Show, &|_, _, _| {}).unwrap()
}

/// Medical-area workbooks with rows whose only mask is what could not be placed.
const LONE: &[&str] = &["001258321", "001258325", "001258344"];

#[test]
fn masks_that_stand_alone_are_found() {
    let Some(files) = files(LONE) else { return };
    let report = run(&files);
    let lone: Vec<_> = report.findings.iter().filter(|f| f.kind == LeakKind::Lone).collect();
    assert!(lone.len() >= 5, "{} found", lone.len());
    for finding in &lone {
        assert_eq!(finding.nature, Some(Nature::Small));
        assert!(finding.at.heads.contains("判別不可"), "{:?}", finding.at);
        // Total less the sum of what is printed, from the sheet itself.
        let why = &finding.why[0];
        let number = |text: &str| text.parse::<i64>().unwrap();
        let left = number(why.total_printed.as_deref().unwrap()) - number(&why.printed_sum);
        assert_eq!(finding.range, Some((left.to_string(), left.to_string())));
        assert_eq!(why.masked.len(), 1);
    }
}

#[test]
fn rows_with_a_total_of_zero_are_found() {
    let Some(files) = files(&["001258368"]) else { return };
    let report = run(&files);
    let rows: BTreeSet<String> = report
        .findings
        .iter()
        .filter(|f| f.nature == Some(Nature::Zero) && f.at.sheet == "入院")
        .map(|f| f.at.cell.trim_start_matches(|c: char| c.is_ascii_uppercase()).to_owned())
        .collect();
    assert!(rows.len() >= 36, "{} rows", rows.len());
}
