//! `shirube indicators`: list, explain, keep, values, verify, compare.

use std::collections::BTreeMap;
use std::process::ExitCode;

use chrono::NaiveDate;
use rust_decimal::Decimal;
use shirube_indicators::board::IndicatorResult;
use shirube_indicators::naive::{self, Registers};
use shirube_model::calendar::end_of_japan_day;
use shirube_model::indicator::{Class, EvidenceProof, Outcome, ReadingId};
use shirube_model::record::RecordVersion;
use shirube_model::refusal::Refusal;
use shirube_store::{Access, AsOf};

use crate::cli::{IndicatorArgs, IndicatorCommand, StoreArgs};
use crate::output::{Failure, Out};
use crate::packs::{self, Opened};

pub(crate) async fn run(args: IndicatorArgs, out: &Out) -> Result<ExitCode, Failure> {
    match args.command {
        IndicatorCommand::List { at, as_of, json } => list(&at, as_of, json, out).await,
        IndicatorCommand::Explain { at, indicator, as_of, reading, rows, json } => {
            let opened = packs::open(&at.into(), Access::Read).await?;
            let reading = reading.as_deref().map(parse_reading).transpose()?;
            let ask = Ask { indicator, as_of, reading, rows };
            explain(&opened, &ask, json, out).await
        }
        IndicatorCommand::Keep { at, indicator, as_of } => {
            let opened = packs::open(&at, Access::Write).await?;
            let day = as_of.unwrap_or_else(|| opened.engine.latest_day());
            let ids: Vec<String> = match indicator {
                Some(id) => vec![id],
                None => opened.pack.indicators.iter().map(|i| i.id.clone()).collect(),
            };
            for id in ids {
                let value = opened.engine.keep(&id, day).await?;
                out.say(
                    "cli.indicators.kept",
                    &[("id", id), ("value", value.to_string()), ("day", day.to_string())],
                );
            }
            Ok(ExitCode::SUCCESS)
        }
        IndicatorCommand::Values { at, indicator } => {
            let opened = packs::open(&at, Access::Read).await?;
            for value in opened.store.values_of(&indicator).await? {
                let kept = value.created_at.to_rfc3339();
                out.line(format!("{}\t{}\t{}\t{kept}", value.id, value.indicator, value.as_of));
            }
            Ok(ExitCode::SUCCESS)
        }
        IndicatorCommand::Verify { at, indicator, value } => {
            verify(&at, indicator, value, out).await
        }
        IndicatorCommand::Compare { at, as_of } => compare(&at, as_of, out).await,
    }
}

fn parse_reading(text: &str) -> Result<ReadingId, Refusal> {
    let (question, reading) = text.split_once('=').ok_or_else(|| {
        Refusal::new("indicator.reading.unknown").arg("indicator", "").arg("reading", text)
    })?;
    Ok(ReadingId { question: question.to_owned(), reading: reading.to_owned() })
}

fn number(value: Option<Decimal>) -> String {
    value.map_or_else(|| "—".to_owned(), |value| value.to_string())
}

async fn list(
    at: &StoreArgs,
    as_of: Option<NaiveDate>,
    json: bool,
    out: &Out,
) -> Result<ExitCode, Failure> {
    let opened = packs::open(at, Access::Read).await?;
    let day = as_of.unwrap_or_else(|| opened.engine.latest_day());
    let board = opened.engine.board(day).await?;
    if json {
        let evidence = opened.store.meta().class.code();
        let body = serde_json::json!({ "evidence": evidence, "board": &*board });
        out.line(body.to_string());
        return Ok(ExitCode::SUCCESS);
    }
    banner(&opened, out);
    for result in &board.results {
        let name = opened
            .pack
            .indicator(&result.id)
            .map_or_else(String::new, |i| i.name.get(out.lang).to_owned());
        out.line(format!(
            "{:12} {:>14} / {:<12} {}  {name}",
            result.id,
            number(result.headline.value),
            number(result.headline.target),
            out.text(&format!("status.{}", result.status.code())),
        ));
    }
    Ok(ExitCode::SUCCESS)
}

/// Says when the evidence is made up.
fn banner(opened: &Opened, out: &Out) {
    if opened.store.meta().class == shirube_store::StoreClass::Demo {
        out.line(out.text("cli.demo.banner"));
    }
}

struct Ask {
    indicator: String,
    as_of: Option<NaiveDate>,
    reading: Option<ReadingId>,
    rows: usize,
}

async fn explain(opened: &Opened, ask: &Ask, json: bool, out: &Out) -> Result<ExitCode, Failure> {
    let day = ask.as_of.unwrap_or_else(|| opened.engine.latest_day());
    let board = opened.engine.board(day).await?;
    let unknown = || Refusal::new("indicator.unknown").arg("id", &ask.indicator);
    let result = board.result(&ask.indicator).ok_or_else(unknown)?;
    let definition = opened.pack.indicator(&ask.indicator).ok_or_else(unknown)?;
    let outcome = match &ask.reading {
        None => &result.headline,
        Some(id) => result
            .readings
            .iter()
            .find(|(other, _)| other == id)
            .map(|(_, outcome)| outcome)
            .ok_or_else(|| {
                Refusal::new("indicator.reading.unknown")
                    .arg("indicator", &ask.indicator)
                    .arg("reading", format!("{}={}", id.question, id.reading))
            })?,
    };
    if json {
        let evidence = opened.store.meta().class.code();
        out.line(serde_json::json!({ "evidence": evidence, "result": result }).to_string());
        return Ok(ExitCode::SUCCESS);
    }
    banner(opened, out);
    out.line(format!("{}  {}", definition.id, definition.name.get(out.lang)));
    headline(result, outcome, day, out);
    years(outcome, out);
    readings(definition, result, out);
    for (index, proof) in outcome.proofs.iter().enumerate() {
        evidence(opened, ask, day, index, proof, out).await?;
    }
    stamp(result, outcome, out);
    Ok(ExitCode::SUCCESS)
}

fn headline(result: &IndicatorResult, outcome: &Outcome, day: NaiveDate, out: &Out) {
    out.say(
        "cli.explain.headline",
        &[
            ("day", day.to_string()),
            ("value", number(outcome.value)),
            ("target", number(outcome.target)),
            ("numerator", outcome.numerator.to_string()),
            ("denominator", number(outcome.denominator)),
            ("expected", number(outcome.expected)),
            ("projection", number(outcome.projection)),
            ("status", out.text(&format!("status.{}", result.status.code()))),
        ],
    );
}

fn years(outcome: &Outcome, out: &Out) {
    for point in &outcome.years {
        let mark = if point.complete { "" } else { " *" };
        out.line(format!(
            "  {}{mark}\t{}\t{}\t{}",
            point.year,
            point.level,
            number(point.value),
            number(point.path),
        ));
    }
}

fn readings(definition: &shirube_model::indicator::Indicator, result: &IndicatorResult, out: &Out) {
    for question in &definition.questions {
        out.line(format!("? {}", question.text.get(out.lang)));
        for reading in &question.readings {
            let found = result
                .readings
                .iter()
                .find(|(id, _)| id.question == question.id && id.reading == reading.id);
            let Some((_, outcome)) = found else { continue };
            out.line(format!(
                "  {}={}\t{}\t{}\t{}",
                question.id,
                reading.id,
                number(outcome.value),
                out.text(&format!("status.{}", outcome.status.code())),
                reading.label.get(out.lang),
            ));
        }
    }
}

async fn evidence(
    opened: &Opened,
    ask: &Ask,
    day: NaiveDate,
    index: usize,
    proof: &EvidenceProof,
    out: &Out,
) -> Result<(), Failure> {
    let label = opened
        .pack
        .label(&proof.register)
        .map_or_else(|| proof.register.clone(), |label| label.get(out.lang).to_owned());
    out.say(
        "cli.explain.register",
        &[("register", label), ("records", proof.records().to_string())],
    );
    for (class, count) in proof.tally() {
        let page = opened
            .engine
            .proof_page(&ask.indicator, ask.reading.as_ref(), day, index, Some(class), 0, ask.rows)
            .await?;
        let condition = page.rows.first().and_then(|row| row.condition.clone());
        let condition = condition.map_or_else(String::new, |text| format!(": {text}"));
        out.line(format!("  {count:>8}  {}{condition}", class_text(class, out)));
        for row in &page.rows {
            let date = row.date.map_or_else(String::new, |date| date.to_string());
            let instead =
                row.instead.as_ref().map_or_else(String::new, |other| format!(" → {other}"));
            let shared = row.shared.map_or_else(String::new, |n| format!(" ×{n}"));
            out.line(format!(
                "            {} v{} #{} {date}{instead}{shared}",
                row.record, row.version, row.seq
            ));
        }
    }
    let shared = proof.shared_pairs().count();
    if shared > 0 {
        out.say("cli.explain.shared", &[("count", shared.to_string())]);
    }
    Ok(())
}

fn class_text(class: Class, out: &Out) -> String {
    out.text(class.key())
}

fn stamp(result: &IndicatorResult, outcome: &Outcome, out: &Out) {
    let stamp = &result.stamp;
    out.say(
        "cli.explain.stamp",
        &[
            ("version", stamp.definition_version.to_string()),
            ("definition", stamp.definition_hash.clone()),
            ("pack", stamp.pack_hash.clone()),
            ("seq", stamp.ledger_seq.to_string()),
            ("ledger", stamp.ledger_hash.clone()),
            ("software", stamp.software.clone()),
            ("digest", outcome.digest.clone()),
        ],
    );
}

async fn verify(
    at: &StoreArgs,
    indicator: Option<String>,
    value: Option<u64>,
    out: &Out,
) -> Result<ExitCode, Failure> {
    let opened = packs::open(at, Access::Read).await?;
    let mut wanted = Vec::new();
    if let Some(value) = value {
        wanted.push(value);
    } else {
        let ids: Vec<String> = match indicator {
            Some(id) => vec![id],
            None => opened.pack.indicators.iter().map(|i| i.id.clone()).collect(),
        };
        for id in ids {
            wanted.extend(opened.store.values_of(&id).await?.iter().map(|value| value.id));
        }
    }
    if wanted.is_empty() {
        out.line(out.text("cli.verify.nothing"));
    }
    let mut all_same = true;
    for id in wanted {
        let found = opened.engine.verify(id).await?;
        all_same &= found.same;
        let key = if found.same { "cli.verify.same" } else { "cli.verify.different" };
        out.say(key, &[("value", id.to_string())]);
        for (what, stored, computed) in &found.differences {
            out.say(
                "cli.verify.difference",
                &[
                    ("what", what.clone()),
                    ("stored", stored.clone()),
                    ("computed", computed.clone()),
                ],
            );
        }
    }
    Ok(if all_same { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// Runs the naive evaluator beside the columnar one on the whole store.
async fn compare(at: &StoreArgs, as_of: Option<NaiveDate>, out: &Out) -> Result<ExitCode, Failure> {
    let opened = packs::open(at, Access::Read).await?;
    let day = as_of.unwrap_or_else(|| opened.engine.latest_day());
    let board = opened.engine.board(day).await?;
    let registers = registers(&opened, day).await?;
    let (mut compared, mut differing) = (0u64, 0u64);
    for definition in &opened.pack.indicators {
        let Some(result) = board.result(&definition.id) else { continue };
        if definition.activated_by.is_some() {
            continue;
        }
        let headline = definition.headline_spec(opened.engine.decisions(), day)?;
        let mut pairs = vec![("headline".to_owned(), headline, &result.headline)];
        for (id, outcome) in &result.readings {
            let name = format!("{}={}", id.question, id.reading);
            pairs.push((name, definition.reading_spec(id)?, outcome));
        }
        for (name, spec, columnar) in pairs {
            let plain = naive::evaluate(&registers, &spec, &definition.disaggregations, day);
            compared += 1;
            if plain != **columnar {
                differing += 1;
                out.line(format!(
                    "{} {name}: {} ≠ {}",
                    definition.id, plain.digest, columnar.digest
                ));
            }
        }
    }
    out.say(
        "cli.compare.result",
        &[("compared", compared.to_string()), ("differing", differing.to_string())],
    );
    Ok(if differing == 0 { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// The registers of a store on a day, as the naive evaluator reads them.
async fn registers(opened: &Opened, day: NaiveDate) -> Result<Registers, Failure> {
    let position = opened.store.resolve(AsOf::At(end_of_japan_day(day))).await?;
    let mut order: BTreeMap<String, Vec<RecordVersion>> = BTreeMap::new();
    let mut place: BTreeMap<String, usize> = BTreeMap::new();
    let mut after = 0;
    loop {
        let events = opened.store.events_after(after, 20_000).await?;
        let Some(last) = events.last() else { break };
        after = last.seq;
        for event in events.iter().filter(|event| event.seq <= position.seq) {
            let version = event.record_version();
            let list = order.entry(version.kind.clone()).or_default();
            match place.get(version.id.as_str()).and_then(|&at| list.get_mut(at)) {
                Some(slot) => *slot = version,
                None => {
                    place.insert(version.id.to_string(), list.len());
                    list.push(version);
                }
            }
        }
    }
    Ok(order)
}
