//! `shirube pack`: check, diff, new.

use std::path::Path;
use std::process::ExitCode;

use shirube_access::check_authority;
use shirube_model::lang::LocalText;
use shirube_model::refusal::Refusal;
use shirube_pack::{CheckOptions, NewPack, Pack, PackFaults, check, diff, new_pack};

use crate::cli::{PackArgs, PackCommand};
use crate::output::{Failure, Out};
use crate::packs;

pub(crate) fn run(args: PackArgs, out: &Out) -> Result<ExitCode, Failure> {
    match args.command {
        PackCommand::Check { dir, json } => check_pack(dir.as_deref(), json, out),
        PackCommand::Diff { before, after, json } => {
            let changes = diff(&Pack::read(&before)?, &Pack::read(&after)?);
            if json {
                out.line(changes.json().to_string());
            } else {
                out.line(changes.text(out.lang));
            }
            Ok(if changes.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(1) })
        }
        PackCommand::New { dir, id, title_ja, title_en, from, to } => {
            let new = NewPack {
                id,
                title: LocalText::new(title_ja, title_en),
                period_start: from,
                period_end: to,
            };
            let files = new_pack(&dir, &new)?;
            out.say(
                "cli.pack.written",
                &[("files", files.len().to_string()), ("dir", dir.display().to_string())],
            );
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn check_pack(dir: Option<&Path>, json: bool, out: &Out) -> Result<ExitCode, Failure> {
    let read = match dir {
        Some(dir) => Pack::read(dir),
        None => Ok(packs::read(None)?),
    };
    let directory = dir
        .and_then(|dir| dir.canonicalize().ok())
        .and_then(|dir| dir.file_name().map(|name| name.to_string_lossy().into_owned()));
    let (pack, faults) = match read {
        Ok(pack) => {
            let mut faults = check(&pack, &CheckOptions { directory });
            if let (Some(schema), Some(policies)) =
                (&pack.authority.schema, &pack.authority.policies)
            {
                faults.extend(check_authority(schema, policies));
            }
            (Some(pack), faults)
        }
        Err(PackFaults(faults)) => (None, faults),
    };
    if json {
        out.line(json_faults(&faults, out));
    } else {
        out.refusals(&faults);
        if let Some(pack) = &pack {
            summary(pack, &faults, out);
        }
    }
    Ok(if faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

fn json_faults(faults: &[Refusal], out: &Out) -> String {
    let list: Vec<_> = faults
        .iter()
        .map(|fault| {
            serde_json::json!({
                "code": fault.code,
                "place": fault.place,
                "message": fault.message(out.lang),
                "remedy": fault.remedy(out.lang),
            })
        })
        .collect();
    serde_json::Value::Array(list).to_string()
}

fn summary(pack: &Pack, faults: &[Refusal], out: &Out) {
    let readings: usize = pack.indicators.iter().map(|i| i.readings().count()).sum();
    let series =
        pack.indicators.iter().filter(|i| i.role == shirube_model::indicator::Role::Series).count();
    let questions: usize = pack.indicators.iter().map(|i| i.questions.len()).sum();
    let terms: usize = pack.vocabularies.values().map(|v| v.terms.len()).sum();
    out.say(
        "cli.pack.summary",
        &[
            ("id", pack.info.id.clone()),
            ("headings", pack.headings.len().to_string()),
            ("measures", pack.measures.len().to_string()),
            ("ministries", pack.ministries.len().to_string()),
            ("duties", pack.governance.len().to_string()),
            ("notes", pack.source_notes.len().to_string()),
            ("goals", pack.goals.len().to_string()),
            ("series", series.to_string()),
            ("questions", questions.to_string()),
            ("readings", readings.to_string()),
            ("vocabularies", pack.vocabularies.len().to_string()),
            ("terms", terms.to_string()),
            ("hash", pack.hash.clone()),
            ("faults", faults.len().to_string()),
        ],
    );
}
