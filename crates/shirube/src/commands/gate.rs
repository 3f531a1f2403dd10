//! `shirube gate`: audit published tables, protect a table before publication.

use std::path::Path;
use std::process::ExitCode;

use indicatif::{ProgressBar, ProgressStyle};
use shirube_gate::audit::{
    AuditOptions, AuditReport, Outcome, Reveal, Stage, audit, html, protect_file,
};
use shirube_gate::policy::Policy;
use shirube_gate::read::{Layouts, Limits};
use shirube_model::refusal::Refusal;

use crate::cli::{GateArgs, GateAuditArgs, GateCommand, GateProtectArgs};
use crate::commands::{query, review};
use crate::output::{Failure, Out};

pub(crate) async fn run(args: GateArgs, out: &Out) -> Result<ExitCode, Failure> {
    match args.command {
        GateCommand::Query(args) => query::query(&args, out).await,
        GateCommand::Queue(args) => review::queue(&args, out),
        GateCommand::Review(args) => review::review(&args, out),
        GateCommand::Show(args) => review::show(&args, out),
        GateCommand::Ledger(args) => query::ledger(&args, out).await,
        GateCommand::Audit(args) => audit_files(&args, out),
        GateCommand::Protect(args) => protect_table(&args, out),
    }
}

fn audit_files(args: &GateAuditArgs, out: &Out) -> Result<ExitCode, Failure> {
    let options = AuditOptions {
        policy: policy(&args.policy)?,
        layouts: layouts(args.layout.as_deref())?,
        limits: Limits::default(),
        threads: args.threads,
        remedies: true,
    };
    let bar = bar();
    let heard = |stage: Stage, done: usize, of: usize| {
        let key = match stage {
            Stage::Reading => "gate.audit.progress-reading",
            Stage::Attacking => "gate.audit.progress-attacking",
        };
        if done <= 1 {
            bar.set_message(out.text(key));
        }
        bar.set_length(of as u64);
        bar.set_position(done as u64);
    };
    let reveal = if args.reveal { Reveal::Show } else { Reveal::Hide };
    let report = audit(&args.paths, &options, reveal, &heard)?;
    bar.finish_and_clear();
    if let Some(path) = &args.report {
        std::fs::write(path, html(&report, out.lang))?;
    }
    if let Some(path) = &args.json {
        std::fs::write(path, report.json())?;
    }
    say(&report, out);
    Ok(match report.outcome() {
        Outcome::Clean => ExitCode::SUCCESS,
        Outcome::Leaks => ExitCode::from(1),
        Outcome::Unread => ExitCode::from(2),
    })
}

/// The totals, one a line, and what was not read.
fn say(report: &AuditReport, out: &Out) {
    let t = &report.totals;
    let scope = [
        ("files", t.files.to_string()),
        ("tables", t.tables.to_string()),
        ("cells", t.cells.to_string()),
        ("masked", t.masked.to_string()),
        ("policy", report.policy.clone()),
    ];
    out.say("gate.audit.scope", &scope);
    for (key, number) in [
        ("small", t.recoverable_small),
        ("rows-small", t.rows_small),
        ("companion", t.recoverable_companion),
        ("zero", t.recoverable_zero),
        ("weak", t.weak),
        ("undecided", t.undecided),
        ("mask-also", t.mask_also),
    ] {
        out.line(format!("{number:>10}  {}", out.text(&format!("gate.audit.count-{key}"))));
    }
    out.refusals(&report.refused);
}

fn protect_table(args: &GateProtectArgs, out: &Out) -> Result<ExitCode, Failure> {
    let policy = policy(&args.policy)?;
    let layouts = layouts(args.layout.as_deref())?;
    let safe = protect_file(&args.table, &policy, &layouts, &Limits::default())?;
    match &args.output {
        Some(path) => std::fs::write(path, &safe.csv)?,
        None => out.line(safe.csv.trim_end()),
    }
    out.note(out.with(
        "gate.audit.protected",
        &[
            ("primary", safe.primary.to_string()),
            ("secondary", safe.secondary.to_string()),
            ("checked", safe.checked.to_string()),
        ],
    ));
    Ok(ExitCode::SUCCESS)
}

/// A policy of the product by id, or a file by path.
fn policy(name: &str) -> Result<Policy, Failure> {
    if !name.ends_with(".toml") {
        return Ok(Policy::embedded(name)?);
    }
    let text = std::fs::read_to_string(name)
        .map_err(|_| Refusal::new("gate.read.cannot-open").file(name))?;
    Ok(Policy::read(name, &text)?)
}

fn layouts(path: Option<&Path>) -> Result<Layouts, Failure> {
    let Some(path) = path else { return Ok(Layouts::ndb_open_data()?) };
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path)
        .map_err(|_| Refusal::new("gate.read.cannot-open").file(&name))?;
    Ok(Layouts::parse(&name, &text)?)
}

/// A bar on the terminal; hidden by itself where there is none.
fn bar() -> ProgressBar {
    let bar = ProgressBar::new(0);
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {percent:>3}% {pos}/{len} {msg}") {
        bar.set_style(style);
    }
    bar
}
