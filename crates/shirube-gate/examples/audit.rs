//! Audits files or folders and prints the totals; for development.
//!
//! Arguments: files or folders, `--json FILE`, `--html FILE`, `--ja`, `--hide`.
#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use shirube_gate::audit::{AuditOptions, Reveal, Stage, audit, html};
use shirube_model::lang::Lang;

fn main() -> ExitCode {
    let mut paths = Vec::new();
    let (mut json, mut page, mut lang, mut reveal) = (None, None, Lang::En, Reveal::Show);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--json" => json = arguments.next(),
            "--html" => page = arguments.next(),
            "--ja" => lang = Lang::Ja,
            "--hide" => reveal = Reveal::Hide,
            path => paths.push(PathBuf::from(path)),
        }
    }
    let started = Instant::now();
    let Ok(options) = AuditOptions::ndb_open_data() else { return ExitCode::from(2) };
    let heard = |stage: Stage, done: usize, of: usize| {
        if done.is_multiple_of(50) || done == of {
            eprintln!("{stage:?} {done}/{of} {:.1} s", started.elapsed().as_secs_f64());
        }
    };
    let report = match audit(&paths, &options, reveal, &heard) {
        Ok(report) => report,
        Err(refusal) => {
            eprintln!("{refusal}");
            return ExitCode::from(2);
        }
    };
    println!("{}", serde_json::to_string_pretty(&report.totals).unwrap_or_default());
    for kind in &report.kinds {
        println!("{}", serde_json::to_string(kind).unwrap_or_default());
    }
    for check in &report.sums {
        println!("{}", serde_json::to_string(check).unwrap_or_default());
    }
    for refusal in report.refused.iter().chain(&report.notices) {
        println!("{refusal}");
    }
    let written = json.map_or(Ok(()), |path| std::fs::write(path, report.json()));
    let written = written
        .and_then(|()| page.map_or(Ok(()), |path| std::fs::write(path, html(&report, lang))));
    if written.is_err() { ExitCode::from(2) } else { ExitCode::SUCCESS }
}
