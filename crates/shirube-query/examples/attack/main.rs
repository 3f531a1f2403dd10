//! The attack report: every known attack on our gate under each policy, on two
//! simple gates and on ACRO, with what protection costs.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command-line tool prints")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a report that cannot be made has to be seen"
)]

mod suite;

use std::path::PathBuf;
use std::time::Instant;

use serde_json::{Value, json};

use suite::gates::{Kind, Lab, World};
use suite::utility::{Cost, cost};
use suite::{Effort, Outcome, all};

struct Args {
    trials: usize,
    many: usize,
    out: PathBuf,
    acro: Option<PathBuf>,
    only: Option<String>,
}

fn args() -> Args {
    let mut args =
        Args { trials: 20, many: 150, out: PathBuf::from("target/attack"), acro: None, only: None };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut value = || words.next().expect("a value after the option");
        match word.as_str() {
            "--trials" => args.trials = value().parse().expect("a number of trials"),
            "--many" => args.many = value().parse().expect("a number of questions"),
            "--out" => args.out = value().into(),
            "--acro" => args.acro = Some(value().into()),
            "--only" => args.only = Some(value()),
            other => panic!("no such option: {other}"),
        }
    }
    args
}

fn main() {
    let args = args();
    let world = World::new();
    let mut kinds = vec![
        Kind::Ours("ndb-publication"),
        Kind::Ours("small-registry"),
        Kind::Ours("census-cell-key"),
        Kind::Threshold,
        Kind::Rounded,
    ];
    kinds.extend(args.acro.clone().map(Kind::Acro));
    let labs: Vec<Lab<'_>> = kinds.into_iter().map(|kind| Lab::new(&world, kind)).collect();
    let effort = Effort { trials: args.trials, many: args.many };
    let mut results = Vec::new();
    let wanted = |id: &str| args.only.as_deref().is_none_or(|only| id.contains(only));
    for attack in all().into_iter().filter(|a| wanted(a.id)) {
        let start = Instant::now();
        let row: Vec<Outcome> = labs.iter().map(|lab| (attack.run)(lab, effort)).collect();
        let words: Vec<String> = row.iter().map(word).collect();
        println!("{:<26} {}  {:.0?}", attack.id, words.join("  "), start.elapsed());
        results.push((attack, row));
    }
    let costs: Vec<Cost> = labs.iter().map(cost).collect();
    let names: Vec<String> = labs.iter().map(|lab| lab.kind.name()).collect();
    std::fs::create_dir_all(&args.out).unwrap();
    std::fs::write(args.out.join("attack.md"), markdown(&names, &results, &costs, effort)).unwrap();
    let text = serde_json::to_string_pretty(&machine(&names, &results, &costs, effort)).unwrap();
    std::fs::write(args.out.join("attack.json"), text).unwrap();
    println!("report: {}", args.out.join("attack.md").display());
    let broken = results.iter().any(|(_, row)| {
        labs.iter().zip(row).any(|(lab, outcome)| {
            lab.ours() && matches!(outcome, Outcome::Score { successes, .. } if *successes > 0)
        })
    });
    if broken {
        eprintln!("an attack on our gate succeeds");
        std::process::exit(1);
    }
}

fn word(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Score { trials, successes } => format!("{successes}/{trials}"),
        Outcome::NotApplicable => "–".into(),
    }
}

type Row<'a> = (&'a suite::Attack, Vec<Outcome>);

fn markdown(names: &[String], results: &[Row<'_>], costs: &[Cost], effort: Effort) -> String {
    let mut out = format!(
        "# Attacks on gates\n\nSuccesses of trials; – where the attack cannot be expressed there. \
         Up to {} trials an attack, up to {} questions a trial, {} made-up persons.\n\n",
        effort.trials,
        effort.many,
        suite::gates::PERSONS
    );
    out += &format!("| attack | {} |\n|---|{}\n", names.join(" | "), "---|".repeat(names.len()));
    for (attack, row) in results {
        let words: Vec<String> = row.iter().map(word).collect();
        out += &format!("| {} | {} |\n", attack.id, words.join(" | "));
    }
    out += "\n## What each attack is\n\n| attack | knows | tries | success |\n|---|---|---|---|\n";
    for (attack, _) in results {
        out += &format!(
            "| {} | {} | {} | {} |\n",
            attack.id, attack.knows, attack.tries, attack.success
        );
    }
    out += "\n## What protection costs\n\nOrdinary questions, one after the other at one gate.\n\n\
            | gate | groups | not shown | of these in refused questions | mean error of shown numbers |\n|---|---|---|---|---|\n";
    for (name, cost) in names.iter().zip(costs) {
        #[expect(clippy::cast_precision_loss, reason = "numbers of cells")]
        let share = 100.0 * cost.suppressed as f64 / cost.cells.max(1) as f64;
        out += &format!(
            "| {name} | {} | {share:.1} % | {} | {:.2} |\n",
            cost.cells, cost.refused, cost.error
        );
    }
    out
}

fn machine(names: &[String], results: &[Row<'_>], costs: &[Cost], effort: Effort) -> Value {
    let outcome = |outcome: &Outcome| match outcome {
        Outcome::Score { trials, successes } => json!({ "trials": trials, "successes": successes }),
        Outcome::NotApplicable => Value::Null,
    };
    let attacks: Vec<Value> = results
        .iter()
        .map(|(attack, row)| {
            json!({
                "id": attack.id,
                "knows": attack.knows,
                "tries": attack.tries,
                "success": attack.success,
                "outcomes": row.iter().map(outcome).collect::<Vec<_>>(),
            })
        })
        .collect();
    let costs: Vec<Value> = costs
        .iter()
        .map(|c| {
            json!({ "cells": c.cells, "suppressed": c.suppressed, "refused": c.refused, "mean_error": c.error })
        })
        .collect();
    json!({
        "gates": names,
        "trials": effort.trials,
        "questions": effort.many,
        "attacks": attacks,
        "costs": costs,
    })
}
