//! `shirube records`: person-level records to snapshots, and what is in them.

use std::path::Path;
use std::process::ExitCode;

use chrono::Utc;
use shirube_model::calendar::japan_day;
use shirube_model::refusal::Refusal;
use shirube_records::population::Population;
use shirube_records::quality::{Status, Thresholds, quality, quality_page};
use shirube_records::{
    Encoding, Identity, ImportOptions, Mapping, PseudonymKey, Pseudonyms, Snapshot, Source, import,
};

use crate::cli::{
    CsvEncoding, PopulationArgs, RecordsArgs, RecordsCommand, RecordsImportArgs, RecordsQualityArgs,
};
use crate::output::{Failure, Out};
use crate::packs;

pub(crate) fn run(args: RecordsArgs, out: &Out) -> Result<ExitCode, Failure> {
    match args.command {
        RecordsCommand::Import(args) => import_folder(&args, out),
        RecordsCommand::List { records } => {
            for id in Snapshot::list(&records)? {
                let snapshot = Snapshot::open(&records, &id)?;
                let rows: u64 = snapshot.manifest.rows.values().sum();
                out.line(format!("{id}  {}  {rows}", snapshot.manifest.data_set));
            }
            Ok(ExitCode::SUCCESS)
        }
        RecordsCommand::Show { records, snapshot, json } => show(&records, &snapshot, json, out),
        RecordsCommand::Verify { records, snapshot } => {
            Snapshot::open(&records, &snapshot)?.verify()?;
            out.say("cli.records.verified", &[("id", snapshot)]);
            Ok(ExitCode::SUCCESS)
        }
        RecordsCommand::Quality(args) => check_quality(&args, out),
        RecordsCommand::Key { file } => {
            let key = PseudonymKey::create(&file)?;
            out.say("cli.records.key-made", &[("fingerprint", key.fingerprint())]);
            Ok(ExitCode::SUCCESS)
        }
        RecordsCommand::Population(args) => population(&args, out),
    }
}

fn import_folder(args: &RecordsImportArgs, out: &Out) -> Result<ExitCode, Failure> {
    let source = match (&args.omop, &args.fhir) {
        (Some(folder), None) => Source::Omop(folder.clone()),
        (None, Some(folder)) => {
            let mapping = match &args.views {
                Some(folder) => Mapping::read(folder)?,
                None => Mapping::of(&packs::record_views())?,
            };
            Source::Fhir(folder.clone(), Box::new(mapping))
        }
        _ => return Err(Refusal::new("cli.records.one-source").into()),
    };
    // Identifiers stay only where somebody says that the data hold no person.
    let identity = match (&args.key, args.keep_identifiers) {
        (Some(key), false) => Identity::Pseudonyms(Box::new(Pseudonyms::new(
            &PseudonymKey::open(key)?,
            &args.data_set,
            &args.purpose,
            args.shift_days,
        )?)),
        (None, true) => Identity::AsGiven,
        _ => return Err(Refusal::new("cli.records.identity").into()),
    };
    let mut options = ImportOptions::new(&args.data_set, identity);
    options.threads = args.threads.max(1);
    options.encoding = match args.encoding {
        CsvEncoding::Utf8 => Encoding::Utf8,
        CsvEncoding::Cp932 => Encoding::Cp932,
    };
    let snapshot = import(&args.records, &source, &options)?;
    out.say(
        "cli.records.imported",
        &[
            ("id", snapshot.id.clone()),
            ("read", snapshot.manifest.records_read.to_string()),
            ("rows", snapshot.manifest.rows.values().sum::<u64>().to_string()),
        ],
    );
    let refused: u64 = snapshot.manifest.quarantined.values().sum();
    for (code, rows) in &snapshot.manifest.quarantined {
        out.line(format!("    {rows:>10}  {code}"));
    }
    if refused > 0 {
        let file = snapshot.folder.join("quarantine.csv").display().to_string();
        out.say("cli.records.quarantined", &[("rows", refused.to_string()), ("file", file)]);
        return Ok(ExitCode::from(1));
    }
    Ok(ExitCode::SUCCESS)
}

fn show(records: &Path, id: &str, json: bool, out: &Out) -> Result<ExitCode, Failure> {
    let snapshot = Snapshot::open(records, id)?;
    let manifest = &snapshot.manifest;
    if json {
        let text = serde_json::to_string_pretty(manifest).map_err(std::io::Error::from)?;
        out.line(text);
        return Ok(ExitCode::SUCCESS);
    }
    out.line(format!("{}  OMOP CDM {}", manifest.data_set, manifest.cdm_version));
    for (table, rows) in manifest.rows.iter().filter(|(_, rows)| **rows > 0) {
        out.line(format!("    {rows:>12}  {table}"));
    }
    for (key, counts) in [
        ("cli.records.refused", &manifest.quarantined),
        ("cli.records.repeated", &manifest.repeated),
        ("cli.records.unmapped", &manifest.unmapped),
    ] {
        let sum: u64 = counts.values().sum();
        out.say(key, &[("rows", sum.to_string())]);
        for (what, rows) in counts {
            out.line(format!("    {rows:>12}  {what}"));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Checks a snapshot; the exit code says whether a check is above its threshold.
fn check_quality(args: &RecordsQualityArgs, out: &Out) -> Result<ExitCode, Failure> {
    let day = args.on.unwrap_or_else(|| japan_day(Utc::now()));
    let thresholds = match &args.thresholds {
        Some(folder) => Thresholds::read(folder, day)?,
        None => Thresholds::own(day),
    };
    let snapshot = Snapshot::open(&args.records, &args.snapshot)?;
    let report = quality(&snapshot, &thresholds)?;
    if let Some(path) = &args.report {
        std::fs::write(path, quality_page(&report, out.lang))?;
    }
    let code = ExitCode::from(u8::from(report.failed() > 0));
    if args.json {
        let text = serde_json::to_string_pretty(&report).map_err(std::io::Error::from)?;
        out.line(text);
        return Ok(code);
    }
    for check in report.checks.iter().filter(|check| check.status == Status::Failed) {
        let field = check.field.as_deref().unwrap_or_default();
        out.line(format!(
            "    {:>10} / {:<10}  {}  {}.{field}",
            check.rows_violated,
            check.rows_looked_at,
            check.name.text(),
            check.table
        ));
    }
    out.say(
        "quality.summary",
        &[("checks", report.checks.len().to_string()), ("failed", report.failed().to_string())],
    );
    Ok(code)
}

fn population(args: &PopulationArgs, out: &Out) -> Result<ExitCode, Failure> {
    let population = Population { seed: args.seed, persons: args.persons, until: args.until };
    population.write_omop(&args.dir)?;
    out.say(
        "cli.records.population",
        &[("persons", args.persons.to_string()), ("dir", args.dir.display().to_string())],
    );
    Ok(ExitCode::SUCCESS)
}
