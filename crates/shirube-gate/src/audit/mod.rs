//! Audits of whole releases, and their reports.
//!
//! Files are read and their sheets recognised; tables of one subject are joined
//! into systems of equations, one per code or per class and region; each system
//! is attacked; what the attack finds is written up. A relation between numbers
//! is relied upon only where the printed numbers themselves bear it out:
//! [`SumCheck`] says how often each one holds.

mod family;
mod html;
mod leak;
mod mask;
mod nest_check;
mod protect_file;
mod remedy;
mod report;
mod run;
mod unit;

use std::path::PathBuf;

use shirube_model::refusal::Refusal;

pub use family::SumCheck;
pub use html::{html, html_sections};
pub use leak::{Leak, LeakKind, Nature};
pub use protect_file::{SafeTable, protect_file};
pub use report::{
    AuditReport, CellAt, Disagreement, FileReport, FindingReport, KindCount, MaskAlso, Outcome,
    Reveal, Totals, Why,
};
pub use run::{AuditOptions, Heard, Stage, files_below};
pub use unit::EquationKind;

use run::FileRead;

/// Audits files.
///
/// # Errors
/// `gate.audit.no-files`, `gate.read.cannot-open`: there is nothing to read. A
/// file that cannot be read is named in the report, and the audit goes on.
pub fn audit(
    paths: &[PathBuf],
    options: &AuditOptions,
    reveal: Reveal,
    heard: Heard<'_>,
) -> Result<AuditReport, Refusal> {
    let files = files_below(paths)?;
    let read = run::read_files(&files, options, heard);
    Ok(report::report(run::attack_files(read, options, heard), options, reveal))
}

/// Audits one file that is in memory; nothing is written anywhere.
#[must_use]
pub fn audit_bytes(
    name: &str,
    bytes: Vec<u8>,
    options: &AuditOptions,
    reveal: Reveal,
) -> AuditReport {
    let outcome = crate::read::open_bytes(name, bytes, &options.limits)
        .map(|book| run::sheets_of(&book, &options.layouts));
    let read = vec![FileRead { name: name.to_owned(), outcome }];
    report::report(run::attack_files(read, options, &|_, _, _| {}), options, reveal)
}
