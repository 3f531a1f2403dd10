//! `shirube gate query`: SQL over a snapshot of person-level records, through
//! the gate; and `shirube gate ledger`: what was released before.

use std::path::Path;
use std::process::ExitCode;

use chrono::Utc;
use shirube_model::refusal::Refusal;
use shirube_query::{
    Asking, Decision, Exclusions, Field, Gate, Grant, Ledger, Outcome, QueryPolicy, Released,
    Reproduced, Setup, Standing,
};
use shirube_records::Snapshot;

use crate::cli::{GateLedgerArgs, GateQueryArgs, GuardArgs};
use crate::output::{Failure, Out};

/// Stands where a number is not shown.
const MASKED: &str = "*";

pub(crate) async fn query(args: &GateQueryArgs, out: &Out) -> Result<ExitCode, Failure> {
    let sql = match (&args.sql, &args.file) {
        (Some(sql), None) => sql.clone(),
        (None, Some(file)) => std::fs::read_to_string(file)?,
        _ => return Err(Refusal::new("cli.query.one-sql").into()),
    };
    let snapshot = Snapshot::open(&args.records, &args.snapshot)?;
    let asker = args.asker.clone().unwrap_or_else(login);
    let by = Asking { permit: &args.permit, asker: &asker, at: Utc::now() };
    match gate(&snapshot, &args.guard)?.ask(&by, &sql).await? {
        Decision::Released(released) => show(&released, args.json, out)?,
        Decision::Queued(entry) if args.json => {
            out.line(serde_json::json!({ "queued": entry }).to_string());
        }
        Decision::Queued(entry) => {
            out.say("cli.query.queued", &[("entry", entry.to_string())]);
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The name under which somebody is logged in; empty where there is none.
fn login() -> String {
    let names = ["USER", "LOGNAME", "USERNAME"];
    names.iter().find_map(|name| std::env::var(name).ok()).unwrap_or_default()
}

/// The gate over a snapshot, by the rules of a call.
fn gate(snapshot: &Snapshot, guard: &GuardArgs) -> Result<Gate, Failure> {
    let policy = policy(&guard.policy)?;
    let exclusions = exclusions(guard.opt_out.as_deref())?;
    let secret = secret(guard.secret.as_deref(), &policy)?;
    let setup = Setup {
        snapshot,
        grant: &Grant::all(),
        exclusions: &exclusions,
        policy: &policy,
        ledger: &guard.ledger,
        secret: &secret,
    };
    Ok(Gate::open(&setup)?)
}

fn policy(name: &str) -> Result<QueryPolicy, Failure> {
    if Path::new(name).is_file() {
        let text = std::fs::read_to_string(name)?;
        return Ok(QueryPolicy::read(name, &text)?);
    }
    Ok(QueryPolicy::embedded(name)?)
}

/// Persons who opted out, one number a line; blank lines do not count.
pub(crate) fn exclusions(file: Option<&Path>) -> Result<Exclusions, Failure> {
    let Some(file) = file else { return Ok(Exclusions::of([])) };
    let text = std::fs::read_to_string(file)?;
    let mut persons = Vec::new();
    for (line, number) in text.lines().zip(1..) {
        if line.trim().is_empty() {
            continue;
        }
        let wrong = || {
            let refusal = Refusal::new("cli.query.opt-out");
            refusal.file(file.display().to_string()).line(number)
        };
        persons.push(line.trim().parse::<i64>().map_err(|_| wrong())?);
    }
    Ok(Exclusions::of(persons))
}

/// The secret of the data set, which a policy with cell keys needs.
fn secret(file: Option<&Path>, policy: &QueryPolicy) -> Result<Vec<u8>, Failure> {
    match file {
        Some(file) => Ok(std::fs::read(file)?),
        None if policy.rules.cell_key.is_some() => {
            Err(Refusal::new("cli.query.secret").arg("policy", &policy.id).into())
        }
        None => Ok(Vec::new()),
    }
}

pub(crate) fn show(released: &Released, json: bool, out: &Out) -> Result<(), Failure> {
    if json {
        out.line(serde_json::to_string_pretty(released).map_err(std::io::Error::from)?);
        return Ok(());
    }
    let text = |field: &Field| match field {
        Field::Head(key) => key.to_string(),
        Field::Count(count) => count.to_string(),
        Field::Number(digits) => digits.clone(),
        Field::Nothing => String::new(),
        Field::Masked => MASKED.to_owned(),
    };
    out.line(released.columns.join("\t"));
    for row in &released.rows {
        out.line(row.iter().map(text).collect::<Vec<_>>().join("\t"));
    }
    let masked = released.rows.iter().flatten().filter(|field| **field == Field::Masked).count();
    out.note(out.with(
        "cli.query.released",
        &[
            ("entry", released.entry.to_string()),
            ("policy", released.policy.clone()),
            ("masked", masked.to_string()),
        ],
    ));
    Ok(())
}

/// Lists what is in a ledger, after checking that it is as it was written; with
/// a snapshot, runs every released query again and compares.
pub(crate) async fn ledger(args: &GateLedgerArgs, out: &Out) -> Result<ExitCode, Failure> {
    let ledger = Ledger::open(&args.guard.ledger)?;
    let count = ledger.verify()?;
    for entry in ledger.entries()? {
        let outcome = match &entry.outcome {
            Outcome::Released(digest) => digest.get(..16).unwrap_or(digest).to_owned(),
            Outcome::Refused(code) => code.clone(),
            Outcome::Queued(_) | Outcome::Costly(_) => {
                out.text(match ledger.standing(entry.number)? {
                    Standing::Waiting => "cli.query.waiting",
                    Standing::Refused(_) => "cli.query.rejected",
                    Standing::Released(_) | Standing::MayRun => "cli.query.approved",
                })
            }
        };
        out.line(format!("{:>6}  {}  {outcome}  {}", entry.number, entry.permit, entry.sql));
    }
    out.say("cli.query.verified", &[("entries", count.to_string())]);
    let (Some(records), Some(id)) = (&args.records, &args.snapshot) else {
        return Ok(ExitCode::SUCCESS);
    };
    let snapshot = Snapshot::open(records, id)?;
    let gate = gate(&snapshot, &args.guard)?;
    let mut different = 0_u64;
    let mut same = 0_u64;
    for entry in gate.ledger().entries()? {
        if entry.outcome.digest().is_none() || entry.snapshot != snapshot.id {
            continue;
        }
        match gate.reproduce(&entry).await? {
            Reproduced::Same => same += 1,
            Reproduced::Different => {
                different += 1;
                out.say("cli.query.different", &[("entry", entry.number.to_string())]);
            }
        }
    }
    let numbers = [("same", same.to_string()), ("different", different.to_string())];
    out.say("cli.query.reproduced", &numbers);
    Ok(if different == 0 { ExitCode::SUCCESS } else { ExitCode::from(1) })
}
