//! `shirube register import` and `export`.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use shirube_exchange::{
    Codes, ExportFormat, ExportOptions, Fields, ImportOptions, Input, Mapping, Mode, progress,
};
use shirube_indicators::engine::software;
use shirube_model::calendar::end_of_japan_day;
use shirube_model::refusal::Refusal;
use shirube_store::{Access, AsOf, StoreClass};

use crate::cli::{ExportArgs, Format, ImportArgs};
use crate::output::{Failure, Out};
use crate::packs;

pub(crate) async fn import(args: ImportArgs, out: &Out) -> Result<ExitCode, Failure> {
    let opened = packs::open(&args.at, Access::Write).await?;
    let reason = args.reason.unwrap_or_else(|| args.file.display().to_string());
    let mut options = ImportOptions::new(args.actor, reason);
    options.kind = args.kind;
    options.source = args.source;
    options.lang = out.lang;
    options.mode = match (args.dry_run, args.resume) {
        (true, _) => Mode::DryRun,
        (false, true) => Mode::Resume,
        (false, false) => Mode::Write,
    };
    if let Some(path) = &args.mapping {
        let text = packs::read_text(path)?;
        options.mapping = Some(Mapping::parse(&path.display().to_string(), &text)?);
    }
    let input = if args.file == Path::new("-") { Input::stdin() } else { Input::Path(args.file) };
    let codes = Codes::of(&opened.pack.vocabularies);
    let mut shown = progress(out.lang);
    let report =
        shirube_exchange::import(&opened.store, input, &codes, &options, shown.as_mut()).await?;
    for line in report.lines(out.lang) {
        out.line(line);
    }
    let clean = report.counts.quarantined == 0;
    Ok(if clean { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

pub(crate) async fn export(args: ExportArgs, out: &Out) -> Result<ExitCode, Failure> {
    let opened = packs::open(&args.at, Access::Read).await?;
    let path = demo_name(&args.output, opened.store.meta().class);
    let options = ExportOptions {
        kind: super::register::find(&args.kind)?.kind.to_owned(),
        as_of: args.as_of.map_or(AsOf::Now, |day| AsOf::At(end_of_japan_day(day))),
        format: match args.format {
            Format::Csv => ExportFormat::Csv { byte_order_mark: true },
            Format::Ndjson => ExportFormat::Ndjson,
            Format::Parquet => ExportFormat::Parquet,
        },
        fields: if args.internal { Fields::All } else { Fields::Public },
        pack_hash: opened.pack.hash.clone(),
        software: software(),
    };
    let file = File::create_new(&path).map_err(|error| {
        Refusal::new("cli.io").arg("detail", error).file(path.display().to_string())
    })?;
    let mut file = BufWriter::new(file);
    let report = shirube_exchange::export(&opened.store, &options, &mut file).await?;
    file.flush()?;
    out.say(
        "cli.export.written",
        &[("records", report.records.to_string()), ("file", path.display().to_string())],
    );
    Ok(ExitCode::SUCCESS)
}

/// The file name, marked when the evidence is made up.
fn demo_name(path: &Path, class: StoreClass) -> PathBuf {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
    match (class, name) {
        (StoreClass::Demo, Some(name)) if !name.starts_with("demo-") => {
            path.with_file_name(format!("demo-{name}"))
        }
        _ => path.to_owned(),
    }
}
