//! `shirube cycle`: the yearly follow-up from opening to verifying.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;

use serde_json::Value;
use shirube_cycle::{By, FollowUp, Judgement, OpenCycle, revision_fields};
use shirube_model::ident::RecordId;
use shirube_model::lang::LocalText;
use shirube_model::record::Body;
use shirube_model::refusal::Refusal;
use shirube_model::registers;
use shirube_model::schema::{Cardinality, FieldType, KindSchema};
use shirube_report::{Publisher, Report, Stage};
use shirube_store::{Access, AsOf, Draft, StoreClass};

use crate::cli::{ByArgs, CycleArgs, CycleCommand};
use crate::output::{Failure, Out};
use crate::packs::{self, Opened};

pub(crate) async fn run(args: CycleArgs, out: &Out) -> Result<ExitCode, Failure> {
    let access = match args.command {
        CycleCommand::Status { .. }
        | CycleCommand::Pack { .. }
        | CycleCommand::Report { .. }
        | CycleCommand::Verify { .. } => Access::Read,
        _ => Access::Write,
    };
    let opened = packs::open(&args.at, access).await?;
    let desk = FollowUp::new(opened.store.clone(), opened.pack.clone(), opened.engine.clone());
    if opened.store.meta().class == StoreClass::Demo {
        out.note(out.text("cli.demo.banner"));
    }
    match args.command {
        CycleCommand::Pack { fiscal_year, ministry, directory } => {
            let what = Files { fiscal_year, ministry, directory: &directory, publisher: None };
            files(&opened, &desk, &what, Stage::Draft, out).await
        }
        CycleCommand::Report { fiscal_year, ministry, directory, publisher } => {
            let what = Files { fiscal_year, ministry, directory: &directory, publisher };
            files(&opened, &desk, &what, Stage::Approved, out).await
        }
        CycleCommand::Status { fiscal_year } => status(&desk, fiscal_year, out).await,
        CycleCommand::Verify { fiscal_year } => verify(&desk, fiscal_year, out).await,
        command => change(&opened, &desk, command, out).await,
    }
}

/// The commands that write.
async fn change(
    opened: &Opened,
    desk: &FollowUp,
    command: CycleCommand,
    out: &Out,
) -> Result<ExitCode, Failure> {
    match command {
        CycleCommand::Open {
            fiscal_year,
            values_as_of,
            contributions_due,
            submissions_due,
            by,
        } => {
            let ask = OpenCycle {
                fiscal_year,
                values_as_of,
                contributions_due_on: contributions_due,
                submissions_due_on: submissions_due,
            };
            open(desk, &ask, &by_whom(opened, by, "open"), out).await
        }
        CycleCommand::Step { record, step, fields, by } => {
            let by = by_whom(opened, by, &step);
            take_step(opened, &record, &step, &fields, &by, out).await
        }
        CycleCommand::Approve { record, by } => {
            let by = by_whom(opened, by, "approve");
            desk.judge(&id(&record)?, &Judgement::Approve, &by).await?;
            done(&record, "approve", out)
        }
        CycleCommand::Return { record, because, by } => {
            let by = by_whom(opened, by, "return");
            desk.judge(&id(&record)?, &Judgement::Return(because), &by).await?;
            done(&record, "return", out)
        }
        CycleCommand::Lock { fiscal_year, by } => {
            let by = by_whom(opened, by, "lock");
            let locked = desk.lock_cycle(fiscal_year, &by).await?;
            let reports = locked.reports.to_string();
            out.say("cli.cycle.locked", &[("year", fiscal_year.to_string()), ("reports", reports)]);
            Ok(ExitCode::SUCCESS)
        }
        CycleCommand::Revise { record, new_pack, by } => {
            revise(opened, &record, &new_pack, &by_whom(opened, by, "compare"), out).await
        }
        CycleCommand::Status { .. }
        | CycleCommand::Pack { .. }
        | CycleCommand::Report { .. }
        | CycleCommand::Verify { .. } => Ok(ExitCode::SUCCESS),
    }
}

fn by_whom(opened: &Opened, by: ByArgs, command: &str) -> By {
    By {
        actor: by.actor,
        reason: by.reason.unwrap_or_else(|| command.to_owned()),
        on: by.on.unwrap_or_else(|| opened.engine.latest_day()),
    }
}

fn id(text: &str) -> Result<RecordId, Refusal> {
    text.parse()
}

fn done(record: &str, step: &str, out: &Out) -> Result<ExitCode, Failure> {
    out.say("cli.cycle.stepped", &[("record", record.to_owned()), ("step", step.to_owned())]);
    Ok(ExitCode::SUCCESS)
}

async fn open(desk: &FollowUp, ask: &OpenCycle, by: &By, out: &Out) -> Result<ExitCode, Failure> {
    let opened = desk.open_cycle(ask, by).await?;
    out.say(
        "cli.cycle.opened",
        &[
            ("cycle", opened.cycle.to_string()),
            ("made", opened.made.to_string()),
            ("kept", opened.kept.to_string()),
        ],
    );
    if !opened.unled.is_empty() {
        let count = opened.unled.len().to_string();
        let list = opened.unled.join(", ");
        out.say("cli.cycle.unled", &[("count", count), ("measures", list)]);
    }
    Ok(ExitCode::SUCCESS)
}

/// Reports by ministry and state.
async fn status(desk: &FollowUp, fiscal_year: i32, out: &Out) -> Result<ExitCode, Failure> {
    for ministry in desk.reporting(fiscal_year).await? {
        let report = desk.report(fiscal_year, &ministry.code).await?;
        let mut states: BTreeMap<&str, usize> = BTreeMap::new();
        for measure in &report.measures {
            *states.entry(measure.state.get(out.lang)).or_default() += 1;
        }
        out.line(format!("{}  {}", ministry.code, ministry.name.get(out.lang)));
        for (state, count) in states {
            out.line(format!("    {count:>4}  {state}"));
        }
        for measure in &report.measures {
            out.line(format!(
                "    {}  {}  {}",
                measure.record,
                measure.measure,
                measure.state.get(out.lang)
            ));
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn verify(desk: &FollowUp, fiscal_year: i32, out: &Out) -> Result<ExitCode, Failure> {
    let found = desk.verify_cycle(fiscal_year).await?;
    let differing = found.iter().filter(|one| !one.same).count();
    for one in found.iter().filter(|one| !one.same) {
        out.line(format!("{}  {}  {}", one.report, one.measure, one.indicator));
        for (what, approved, now) in &one.differences {
            out.line(format!("    {what}: {approved} | {now}"));
        }
    }
    out.say(
        "cli.cycle.verified",
        &[("values", found.len().to_string()), ("differing", differing.to_string())],
    );
    Ok(if differing == 0 { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// What to write, and where.
struct Files<'a> {
    fiscal_year: i32,
    ministry: Option<String>,
    directory: &'a Path,
    publisher: Option<String>,
}

async fn files(
    opened: &Opened,
    desk: &FollowUp,
    what: &Files<'_>,
    stage: Stage,
    out: &Out,
) -> Result<ExitCode, Failure> {
    let ministries = match &what.ministry {
        Some(code) => vec![code.clone()],
        None => desk.reporting(what.fiscal_year).await?.into_iter().map(|one| one.code).collect(),
    };
    std::fs::create_dir_all(what.directory)?;
    for ministry in ministries {
        let report = desk.report(what.fiscal_year, &ministry).await?;
        // A pack may be of any stage; a report is of approved values alone.
        if stage == Stage::Approved && report.stage != Stage::Approved {
            let refusal = Refusal::new("cycle.report-unapproved").arg("ministry", &ministry);
            return Err(refusal.into());
        }
        let mut made: Vec<(&str, Vec<u8>)> = vec![
            ("html", shirube_report::html(&report, out.lang).into_bytes()),
            ("xlsx", shirube_report::xlsx(&report, out.lang)?),
            ("json", serde_json::to_vec_pretty(&report).map_err(std::io::Error::from)?),
        ];
        if stage == Stage::Approved {
            made.extend(print(&report, out)?);
            if let Some(reference) = &what.publisher {
                let publisher = publisher(reference, &report);
                made.push(("xml", shirube_report::iati(&report, &publisher)?.into_bytes()));
            }
        }
        let mark = if opened.store.meta().class == StoreClass::Demo { "demo-" } else { "" };
        let language = out.lang.tag();
        for (ending, bytes) in made {
            let name =
                format!("{mark}follow-up-FY{}-{ministry}.{language}.{ending}", what.fiscal_year);
            let path = what.directory.join(name);
            std::fs::write(&path, bytes)?;
            out.line(path.display().to_string());
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn publisher(reference: &str, report: &Report) -> Publisher {
    let name: &LocalText = &report.ministry.name;
    Publisher { reference: reference.to_owned(), name: name.clone() }
}

#[cfg(feature = "pdf")]
fn print(report: &Report, out: &Out) -> Result<Option<(&'static str, Vec<u8>)>, Refusal> {
    let font = shirube_report::pdf::Font::find()?;
    Ok(Some(("pdf", shirube_report::pdf(report, out.lang, &font)?)))
}

/// A binary built without the typesetter says so instead of leaving PDF out.
#[cfg(not(feature = "pdf"))]
fn print(_: &Report, out: &Out) -> Result<Option<(&'static str, Vec<u8>)>, Refusal> {
    out.note(out.text("cli.cycle.no-pdf"));
    Ok(None)
}

async fn take_step(
    opened: &Opened,
    record: &str,
    step: &str,
    given: &[String],
    by: &By,
    out: &Out,
) -> Result<ExitCode, Failure> {
    let record_id = id(record)?;
    let unknown = || Refusal::new("store.record-unknown").arg("record", record);
    let current = opened.store.get(&record_id, AsOf::Now).await?.ok_or_else(unknown)?;
    let schema = registers::kind(&current.kind).ok_or_else(unknown)?;
    let mut body = current.body.clone();
    for (name, value) in read_fields(schema, given)? {
        body.insert(name, value);
    }
    let draft = Draft::transition(record_id, current.version, step, Some(body));
    opened.store.append(vec![draft], &by.actor, &by.reason).await?;
    done(record, step, out)
}

/// Reads `name=value` pairs; a field with many values may be given many times.
fn read_fields(schema: &KindSchema, given: &[String]) -> Result<Body, Refusal> {
    let mut body = Body::new();
    for pair in given {
        let (name, text) = pair
            .split_once('=')
            .ok_or_else(|| Refusal::new("cli.cycle.field").arg("value", pair))?;
        let field = schema.field(name).ok_or_else(|| {
            Refusal::new("registers.field.unknown").arg("name", name).arg("kind", schema.kind)
        })?;
        let unreadable = || Refusal::new("cli.cycle.field").arg("value", pair).field(name);
        let value = match field.ty {
            FieldType::Int | FieldType::Yen | FieldType::Bool => {
                serde_json::from_str(text).map_err(|_| unreadable())?
            }
            FieldType::LocalText | FieldType::YearAmount => {
                serde_json::from_str(text).map_err(|_| unreadable())?
            }
            _ => Value::String(text.to_owned()),
        };
        match field.card {
            Cardinality::Many => {
                let entry = body.entry(name).or_insert_with(|| Value::Array(Vec::new()));
                if let Value::Array(items) = entry {
                    items.push(value);
                }
            }
            Cardinality::Required | Cardinality::Optional => {
                body.insert(name.to_owned(), value);
            }
        }
    }
    Ok(body)
}

async fn revise(
    opened: &Opened,
    record: &str,
    new_pack: &Path,
    by: &By,
    out: &Out,
) -> Result<ExitCode, Failure> {
    let new = packs::read(Some(new_pack))?;
    let record_id = id(record)?;
    let unknown = || Refusal::new("store.record-unknown").arg("record", record);
    let current = opened.store.get(&record_id, AsOf::Now).await?.ok_or_else(unknown)?;
    let base = current.body.get("base_hash").and_then(Value::as_str).unwrap_or_default();
    if base != opened.pack.hash {
        let refusal = Refusal::new("cycle.other-plan").arg("opened", base);
        return Err(refusal.arg("given", &opened.pack.hash).into());
    }
    let mut body = current.body.clone();
    body.extend(revision_fields(&opened.pack, &new));
    let draft = Draft::transition(record_id, current.version, "compare", Some(body));
    opened.store.append(vec![draft], &by.actor, &by.reason).await?;
    done(record, "compare", out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn fields_are_read_by_their_type() {
        let schema = registers::kind("budget_request").unwrap();
        let read = |given: &[&str]| {
            let given: Vec<String> = given.iter().map(|text| (*text).to_owned()).collect();
            read_fields(schema, &given)
        };
        let body = read(&["requested_yen=5", "measures=4.1.1-m1", "measures=a=b", "title=1"]);
        let wanted = json!({ "requested_yen": 5, "measures": ["4.1.1-m1", "a=b"], "title": "1" });
        assert_eq!(Value::Object(body.unwrap()), wanted);
        for (bad, code) in [
            ("requested_yen", "cli.cycle.field"),
            ("requested_yen=five", "cli.cycle.field"),
            ("nothing=1", "registers.field.unknown"),
        ] {
            assert_eq!(read(&[bad]).unwrap_err().code, code, "{bad}");
        }
    }
}
