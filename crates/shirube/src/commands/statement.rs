//! `shirube consent statement`: what a person's records were used for, for the
//! person to read.

use std::process::ExitCode;

use serde_json::{Value, json};
use shirube_exchange::records_of;
use shirube_model::choice::person_number;
use shirube_model::record::RecordVersion;
use shirube_model::refusal::Refusal;
use shirube_pack::Pack;
use shirube_query::{Ledger, Shown, Use};
use shirube_store::Access;

use super::consent::pseudonyms;
use crate::cli::consent::StatementArgs;
use crate::output::{Failure, Out};
use crate::packs;

pub(crate) async fn run(args: &StatementArgs, out: &Out) -> Result<ExitCode, Failure> {
    let person = match (&args.person, &args.source_id, &args.key) {
        (Some(person), None, _) => {
            person_number(person).ok_or_else(|| Refusal::new("cli.consent.person"))?
        }
        (None, Some(id), Some(key)) => {
            pseudonyms(key, &args.data_set, &args.purpose)?.number("person", id.trim())
        }
        _ => return Err(Refusal::new("cli.consent.one-person").into()),
    };
    // A ledger is begun where there is none; a wrong folder must not look like
    // one in which nothing was used.
    if !args.ledger.is_dir() {
        let place = args.ledger.display().to_string();
        return Err(Refusal::new("cli.consent.no-ledger").file(place).into());
    }
    let opened = packs::open(&args.at, Access::Read).await?;
    let uses = Ledger::open(&args.ledger)?.uses_of(&args.data_set, person)?;
    let terms = records_of(&opened.store, "data_set_terms", &args.data_set).await?;
    let own = async |kind| {
        let number = person.to_string();
        let all = records_of(&opened.store, kind, &args.data_set).await?;
        let own = |r: &RecordVersion| {
            r.body.get("person").and_then(Value::as_str) == Some(number.as_str())
        };
        Ok::<_, Failure>(all.into_iter().filter(own).collect::<Vec<_>>())
    };
    let statement = Statement {
        data_set: &args.data_set,
        person,
        terms,
        notices: own("opt_out_notice").await?,
        choices: own("use_choice").await?,
        uses,
    };
    if args.json {
        out.line(serde_json::to_string_pretty(&statement.json()).map_err(std::io::Error::from)?);
    } else {
        statement.show(&opened.pack, out);
    }
    Ok(ExitCode::SUCCESS)
}

struct Statement<'a> {
    data_set: &'a str,
    person: i64,
    terms: Vec<RecordVersion>,
    notices: Vec<RecordVersion>,
    choices: Vec<RecordVersion>,
    uses: Vec<Use>,
}

impl Statement<'_> {
    fn json(&self) -> Value {
        let list = |records: &[RecordVersion]| -> Vec<Value> {
            records
                .iter()
                .map(|r| json!({ "id": r.id, "state": r.state, "fields": r.body }))
                .collect()
        };
        json!({
            "data_set": self.data_set,
            "person": self.person.to_string(),
            "terms": list(&self.terms),
            "notices": list(&self.notices),
            "choices": list(&self.choices),
            "uses": self.uses,
        })
    }

    fn show(&self, pack: &Pack, out: &Out) {
        let title = [("data_set", self.data_set.to_owned()), ("person", self.person.to_string())];
        out.say("cli.statement.title", &title);
        for (head, records) in [
            ("cli.statement.terms", &self.terms),
            ("cli.statement.notices", &self.notices),
            ("cli.statement.choices", &self.choices),
        ] {
            out.line("");
            out.say(head, &[]);
            if records.is_empty() {
                out.say("cli.statement.none", &[]);
            }
            for record in records {
                show_record(record, pack, out);
            }
        }
        out.line("");
        out.say("cli.statement.uses", &[]);
        if self.uses.is_empty() {
            out.say("cli.statement.no-use", &[]);
        }
        for one in &self.uses {
            let shown = match one.shown {
                Shown::Printed => "cli.statement.printed",
                Shown::Masked => "cli.statement.masked",
            };
            let shown = out.with(shown, &[]);
            let about = [
                ("entry", one.entry.to_string()),
                ("permit", one.permit.clone()),
                ("shown", shown),
                ("sql", one.sql.clone()),
            ];
            out.say("cli.statement.use", &about);
        }
        out.line("");
        out.say("cli.statement.foot", &[]);
    }
}

/// A record as lines of a label and its value; data set and person stand above.
fn show_record(record: &RecordVersion, pack: &Pack, out: &Out) {
    let label = |key: &str| pack.label(key).map_or(key, |label| label.get(out.lang)).to_owned();
    let Some(schema) = shirube_model::registers::kind(&record.kind) else { return };
    out.line(format!("  [{}]", label(&format!("{}.state.{}", record.kind, record.state))));
    for field in schema.fields.iter().filter(|f| !matches!(f.name, "data_set" | "person")) {
        let Some(value) = record.body.get(field.name) else { continue };
        let values: Vec<String> = match value {
            Value::Array(items) => {
                items.iter().map(|item| word(field.ty, item, pack, out)).collect()
            }
            one => vec![word(field.ty, one, pack, out)],
        };
        let name = label(&format!("{}.{}", record.kind, field.name));
        out.line(format!("    {name}: {}", values.join(", ")));
    }
}

/// A value in words.
fn word(ty: shirube_model::schema::FieldType, value: &Value, pack: &Pack, out: &Out) -> String {
    use shirube_model::schema::FieldType;
    let plain = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match (ty, value) {
        (FieldType::Code(vocabulary), _) => pack
            .vocabularies
            .get(vocabulary)
            .and_then(|v| v.terms.iter().find(|term| term.code == plain))
            .map_or(plain, |term| term.label.get(out.lang).to_owned()),
        (FieldType::Bool, Value::Bool(true)) => out.with("cli.statement.yes", &[]),
        (FieldType::Bool, Value::Bool(false)) => out.with("cli.statement.no", &[]),
        _ => plain,
    }
}
