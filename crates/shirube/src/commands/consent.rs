//! `shirube consent`: choices of persons in and out, whom a use leaves out, and
//! what a person's records were used for.

use std::fs::OpenOptions;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::ExitCode;

use serde_json::json;
use shirube_exchange::{
    Codes, Entered, ExchangeError, Numbers, choices_of, enter_choices, enter_notices,
    for_each_consent, read_consent, read_notices, records_of, write_consent,
};
use shirube_model::choice::{Question, Verdict};
use shirube_model::refusal::{Place, Refusal};
use shirube_model::registers::Register;
use shirube_model::registers::consent::UseChoice;
use shirube_query::{ByChoices, Exclusions};
use shirube_records::{PseudonymKey, Pseudonyms, Snapshot, patient_key};
use shirube_store::Access;

use crate::cli::StoreArgs;
use crate::cli::consent::{
    ChoiceArgs, ConsentArgs, ConsentCommand, ConsentExportArgs, ConsentImportArgs, ExclusionsArgs,
    NoticesArgs, UseArgs,
};
use crate::output::{Failure, Out};
use crate::packs;

pub(crate) async fn run(args: ConsentArgs, out: &Out) -> Result<ExitCode, Failure> {
    match args.command {
        ConsentCommand::Import(args) => import(&args, out).await,
        ConsentCommand::Notices(args) => notices(&args, out).await,
        ConsentCommand::Export(args) => export(&args, out).await,
        ConsentCommand::Exclusions(args) => exclusions(&args, out).await,
        ConsentCommand::Statement(args) => super::statement::run(&args, out).await,
    }
}

/// The pseudonyms of a data set and purpose. Numbers are the same whatever the
/// shift of dates.
pub(crate) fn pseudonyms(key: &Path, data_set: &str, purpose: &str) -> Result<Pseudonyms, Failure> {
    Ok(Pseudonyms::new(&PseudonymKey::open(key)?, data_set, purpose, 0)?)
}

/// What became of entries, and where one was refused.
#[derive(Default)]
struct Tally {
    created: u64,
    changed: u64,
    unchanged: u64,
    refused: u64,
}

impl Tally {
    fn done(&mut self, entered: Entered) {
        match entered {
            Entered::Created => self.created += 1,
            Entered::Changed => self.changed += 1,
            Entered::Unchanged => self.unchanged += 1,
        }
    }

    fn refused(&mut self, place: &Place, refusals: Vec<Refusal>, out: &Out) {
        self.refused += 1;
        for mut refusal in refusals {
            let field = refusal.place.field.take();
            refusal.place = Place { field, ..place.clone() };
            out.line(refusal.line_text(out.lang));
        }
    }

    fn end(&self, key: &str, others: u64, out: &Out) -> ExitCode {
        let counts = [
            ("created", self.created),
            ("changed", self.changed),
            ("unchanged", self.unchanged),
            ("refused", self.refused),
            ("others", others),
        ];
        out.say(key, &counts.map(|(name, n)| (name, n.to_string())));
        if self.refused == 0 { ExitCode::SUCCESS } else { ExitCode::from(1) }
    }
}

async fn import(args: &ConsentImportArgs, out: &Out) -> Result<ExitCode, Failure> {
    let desk = &args.desk;
    let opened = packs::open(&desk.at, Access::Write).await?;
    let codes = Codes::of(&opened.pack.vocabularies);
    let pseudonyms = pseudonyms(&desk.key, &desk.data_set, &desk.purpose)?;
    let person =
        |reference: &str| patient_key(reference).map(|key| pseudonyms.number("person", &key));
    let document = |id: &str| pseudonyms.number("consent", id);
    let numbers = Numbers { data_set: &desk.data_set, person: &person, document: &document };
    let mut read = Vec::new();
    let others = for_each_consent(&args.fhir, &mut |found| {
        let choices = found.consent.and_then(|consent| read_consent(&consent, &numbers));
        read.push((found.place, choices));
    })?;
    let mut tally = Tally::default();
    let by = (desk.actor.as_str(), desk.reason.as_str());
    for (place, choices) in read {
        let done = match choices {
            Ok(choices) => enter_choices(&opened.store, &choices, &desk.data_set, &codes, by).await,
            Err(refusal) => Err(refusal.into()),
        };
        match done {
            Ok(done) => done.into_iter().for_each(|one| tally.done(one)),
            Err(ExchangeError::Refused(refusals)) => tally.refused(&place, refusals, out),
            Err(fault) => return Err(fault.into()),
        }
    }
    Ok(tally.end("cli.consent.imported", others, out))
}

async fn notices(args: &NoticesArgs, out: &Out) -> Result<ExitCode, Failure> {
    let desk = &args.desk;
    let opened = packs::open(&desk.at, Access::Write).await?;
    let codes = Codes::of(&opened.pack.vocabularies);
    let pseudonyms = pseudonyms(&desk.key, &desk.data_set, &desk.purpose)?;
    let person =
        |reference: &str| patient_key(reference).map(|key| pseudonyms.number("person", &key));
    let document = |id: &str| pseudonyms.number("notice", id);
    let numbers = Numbers { data_set: &desk.data_set, person: &person, document: &document };
    let mut tally = Tally::default();
    let (mut places, mut good) = (Vec::new(), Vec::new());
    for (place, notice) in read_notices(&args.file, &numbers)? {
        match notice {
            Ok(notice) => {
                places.push(place);
                good.push(notice);
            }
            Err(refusal) => tally.refused(&place, vec![refusal], out),
        }
    }
    let by = (desk.actor.as_str(), desk.reason.as_str());
    let done = enter_notices(&opened.store, good, &desk.data_set, &codes, by).await?;
    for (place, one) in places.iter().zip(done) {
        match one {
            Ok(entered) => tally.done(entered),
            Err(refusals) => tally.refused(place, refusals, out),
        }
    }
    Ok(tally.end("cli.consent.noticed", 0, out))
}

/// Decides for every person of a snapshot.
async fn decided(
    at: &StoreArgs,
    snapshot: &Snapshot,
    for_use: &UseArgs,
) -> Result<(ByChoices, Question), Failure> {
    let opened = packs::open(at, Access::Read).await?;
    let codes =
        [("use_purposes", &for_use.use_purpose), ("recipient_classes", &for_use.recipients)];
    for (vocabulary, code) in codes {
        let Some(code) = code else { continue };
        let terms = opened.pack.vocabularies.get(vocabulary).map(|v| v.terms.as_slice());
        if !terms.unwrap_or_default().iter().any(|term| term.code == *code) {
            let refusal = Refusal::new("cli.consent.code").arg("code", code);
            return Err(refusal.arg("vocabulary", vocabulary).into());
        }
    }
    let question = Question {
        purpose: for_use.use_purpose.clone(),
        recipient: for_use.recipients.clone(),
        on: for_use.use_day.unwrap_or_else(|| opened.engine.latest_day()),
    };
    let choices = choices_of(&opened.store, &snapshot.manifest.data_set).await?;
    Ok((Exclusions::by_choices(snapshot, &choices, &question)?, question))
}

/// Whom a query leaves out by the registers; nobody where none are named.
pub(crate) async fn excluded(
    args: &ChoiceArgs,
    snapshot: &Snapshot,
) -> Result<Exclusions, Failure> {
    let Some(store) = &args.choices else {
        let used = &args.for_use;
        if used.use_purpose.is_some() || used.recipients.is_some() || used.use_day.is_some() {
            return Err(Refusal::new("cli.consent.no-registers").into());
        }
        return Ok(Exclusions::default());
    };
    let at = StoreArgs { store: store.clone(), pack: None };
    Ok(decided(&at, snapshot, &args.for_use).await?.0.exclusions)
}

async fn exclusions(args: &ExclusionsArgs, out: &Out) -> Result<ExitCode, Failure> {
    let snapshot = Snapshot::open(&args.records, &args.snapshot)?;
    let (decided, question) = decided(&args.at, &snapshot, &args.for_use).await?;
    if let Some(path) = &args.reveal_to {
        let mut file = BufWriter::new(private(path)?);
        for person in decided.exclusions.persons() {
            writeln!(file, "{person}")?;
        }
        file.flush()?;
    }
    let count = |verdict: Verdict| decided.persons.get(&verdict).copied().unwrap_or(0);
    if args.json {
        let persons: serde_json::Map<_, _> = Verdict::ALL
            .into_iter()
            .map(|verdict| (verdict.code().to_owned(), json!(count(verdict))))
            .collect();
        let text = json!({
            "data_set": snapshot.manifest.data_set, "snapshot": snapshot.id,
            "use_purpose": question.purpose, "recipients": question.recipient, "on": question.on,
            "excluded": decided.exclusions.len(), "persons": persons,
            "not_in_snapshot": decided.unmatched, "digest": decided.exclusions.digest(),
        });
        out.line(serde_json::to_string_pretty(&text).map_err(std::io::Error::from)?);
        return Ok(ExitCode::SUCCESS);
    }
    for verdict in Verdict::ALL.into_iter().filter(|verdict| count(*verdict) > 0) {
        let word = out.with(&format!("cli.consent.verdict.{}", verdict.code()), &[]);
        out.line(format!("{:>10}  {word}", count(verdict)));
    }
    let numbers = [
        ("excluded", decided.exclusions.len().to_string()),
        ("day", question.on.to_string()),
        ("unmatched", decided.unmatched.to_string()),
    ];
    out.say("cli.consent.excluded", &numbers);
    Ok(ExitCode::SUCCESS)
}

async fn export(args: &ConsentExportArgs, out: &Out) -> Result<ExitCode, Failure> {
    let opened = packs::open(&args.at, Access::Read).await?;
    let choices = records_of(&opened.store, UseChoice::SCHEMA.kind, &args.data_set).await?;
    let mut file = BufWriter::new(private(&args.output)?);
    for choice in &choices {
        let consent = write_consent(choice)?;
        writeln!(file, "{consent}")?;
    }
    file.flush()?;
    let written =
        [("records", choices.len().to_string()), ("file", args.output.display().to_string())];
    out.say("cli.export.written", &written);
    Ok(ExitCode::SUCCESS)
}

/// A new file that its owner alone can read.
fn private(path: &Path) -> Result<std::fs::File, Failure> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(|error| {
        Refusal::new("cli.io").arg("detail", error).file(path.display().to_string()).into()
    })
}
