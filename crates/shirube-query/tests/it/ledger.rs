//! The ledger: chain, files, repetition, budget.

use std::fs;

use shirube_query::{Ledger, Outcome, QueryPolicy, Reproduced};

use crate::bed::{ask, bed, code, fresh, fresh_with, open, policy};

const SEX: &str = "SELECT gender_source_value, COUNT(*) FROM person GROUP BY gender_source_value";

#[test]
fn a_question_gets_one_answer_and_one_entry() {
    let fresh = fresh("ndb-publication");
    let first = ask(&fresh.gate, SEX).unwrap();
    let again = open(&bed().snapshot, &policy("ndb-publication"), &[], fresh.ledger.path());
    assert_eq!(ask(&again, &SEX.to_lowercase()).unwrap(), first);
    assert_eq!(ask(&fresh.gate, SEX).unwrap(), first);
    let entries = again.ledger().entries().unwrap();
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0].outcome, Outcome::Released(first.digest()));
    assert_eq!((entries[0].number, first.entry), (1, 1));
    assert_eq!(entries[0].snapshot, bed().snapshot.id);
    assert_eq!(again.ledger().verify().unwrap(), 1);
}

#[test]
fn an_entry_can_be_repeated() {
    let fresh = fresh("ndb-publication");
    ask(&fresh.gate, SEX).unwrap();
    ask(&fresh.gate, "SELECT location_id, COUNT(*) FROM person GROUP BY location_id").unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    for mut entry in fresh.gate.ledger().entries().unwrap() {
        let same = runtime.block_on(fresh.gate.reproduce(&entry)).unwrap();
        assert_eq!(same, Reproduced::Same);
        entry.outcome = Outcome::Released("0".repeat(64));
        let other = runtime.block_on(fresh.gate.reproduce(&entry)).unwrap();
        assert_eq!(other, Reproduced::Different);
        let elsewhere =
            open(&bed().snapshot, &policy("ndb-publication"), &[1], fresh.ledger.path());
        let refused = runtime.block_on(elsewhere.reproduce(&entry)).unwrap_err();
        assert_eq!(refused.code(), "query.reproduce.other");
    }
}

#[test]
fn a_change_anywhere_is_noticed_and_stops_everything() {
    let texts = ["ledger.jsonl", "cells/1.bin", "results/1.json"];
    for name in texts {
        let fresh = fresh("ndb-publication");
        ask(&fresh.gate, SEX).unwrap();
        ask(&fresh.gate, "SELECT COUNT(*) FROM visit_occurrence").unwrap();
        assert_eq!(fresh.gate.ledger().verify().unwrap(), 2);
        let path = fresh.ledger.path().join(name);
        let mut bytes = fs::read(&path).unwrap();
        let middle = bytes.len() / 3;
        bytes[middle] ^= 1;
        fs::write(&path, &bytes).unwrap();
        let error = fresh.gate.ledger().verify().unwrap_err();
        assert_eq!(error.code(), "query.ledger.broken", "{name}");
        if name != "results/1.json" {
            let next = "SELECT COUNT(*) FROM drug_exposure";
            assert_eq!(code(&fresh.gate, next), "query.ledger.broken", "{name}");
        }
        fs::remove_file(&path).unwrap();
        if name != "ledger.jsonl" {
            assert_eq!(fresh.gate.ledger().verify().unwrap_err().code(), "query.ledger.broken");
        }
    }
}

#[test]
fn a_dropped_entry_breaks_the_chain_and_a_torn_line_does_not() {
    let fresh = fresh("ndb-publication");
    ask(&fresh.gate, SEX).unwrap();
    ask(&fresh.gate, "SELECT COUNT(*) FROM visit_occurrence").unwrap();
    let path = fresh.ledger.path().join("ledger.jsonl");
    let text = fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    fs::write(&path, format!("{}\n", lines[1])).unwrap();
    assert_eq!(fresh.gate.ledger().verify().unwrap_err().code(), "query.ledger.broken");
    // A crash in the middle of the third line.
    fs::write(&path, format!("{text}{}", &lines[0][..40])).unwrap();
    assert_eq!(fresh.gate.ledger().verify().unwrap(), 2);
    ask(&fresh.gate, "SELECT COUNT(*) FROM drug_exposure").unwrap();
    assert_eq!(Ledger::open(fresh.ledger.path()).unwrap().verify().unwrap(), 3);
}

#[test]
fn a_permit_has_a_budget_and_refusals_count() {
    let rules = QueryPolicy { queries_max: 2, ..policy("ndb-publication") };
    let fresh = fresh_with(&rules);
    let all = "SELECT COUNT(*) FROM person";
    assert_eq!(code(&fresh.gate, all), "");
    let close = "SELECT COUNT(*) FROM person WHERE year_of_birth > 1924";
    let second = code(&fresh.gate, close);
    assert_eq!(code(&fresh.gate, SEX), "query.budget.spent");
    // What was asked before stays answered, and refused.
    assert_eq!((code(&fresh.gate, all), code(&fresh.gate, close)), ("", second));
    assert_eq!(fresh.gate.ledger().entries().unwrap().len(), 2);
}

#[test]
fn masking_instead_of_refusing() {
    let rules =
        QueryPolicy { too_close: shirube_query::TooClose::Mask, ..policy("ndb-publication") };
    let fresh = fresh_with(&rules);
    ask(&fresh.gate, "SELECT COUNT(*) FROM person").unwrap();
    let few = crate::bed::number_of(&bed().people, |p| {
        use chrono::Datelike;
        (p.born.year(), p.prefecture) == (1950, 13)
    });
    assert!((1..10).contains(&few), "{few}");
    let but = "SELECT COUNT(*) FROM person WHERE NOT (year_of_birth = 1950 AND location_id = 13)";
    assert_eq!(ask(&fresh.gate, but).unwrap().rows[0][0], shirube_query::Field::Masked);
    let entry = fresh.gate.ledger().entries().unwrap().pop().unwrap();
    assert_eq!(entry.masked_for_others, [0]);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let same = runtime.block_on(fresh.gate.reproduce(&entry)).unwrap();
    assert_eq!(same, Reproduced::Same);
}
