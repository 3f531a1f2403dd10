//! Answers that wait for two reviewers, and queries that wait for leave to run.

use std::fs;

use shirube_query::{
    Decided, Decision, Field, Gate, Ledger, Outcome, QueryPolicy, Reproduced, Review, ReviewState,
    ReviewWhen, Standing, TooCostly, Verdict,
};

use crate::bed::{asking, at, bed, decide, fresh, fresh_with, open, policy, single};

const ALL: &str = "SELECT COUNT(*) FROM person";
const SEX: &str = "SELECT gender_source_value, COUNT(*) FROM person GROUP BY gender_source_value";

fn reviewed() -> QueryPolicy {
    QueryPolicy { review: ReviewWhen::Always, ..policy("ndb-publication") }
}

fn queued(gate: &Gate, asker: &str, sql: &str) -> u64 {
    match decide(gate, &asking(asker), sql).unwrap() {
        Decision::Queued(entry) => entry,
        Decision::Released(released) => panic!("released: {released:?}"),
    }
}

fn by(reviewer: &str, verdict: Verdict) -> Review<'_> {
    Review { reviewer, verdict, reason: "looked at every cell", at: at(5) }
}

fn say(
    gate: &Gate,
    entry: u64,
    reviewer: &str,
    verdict: Verdict,
) -> Result<ReviewState, &'static str> {
    gate.review(entry, &by(reviewer, verdict)).map_err(|e| e.code())
}

use Verdict::{Approve, Reject};

#[test]
fn two_verdicts_decide() {
    for (first, second, wanted) in [
        (Approve, Approve, Decided::Approved),
        (Approve, Reject, Decided::Rejected),
        (Reject, Approve, Decided::Rejected),
        (Reject, Reject, Decided::Rejected),
    ] {
        let fresh = fresh_with(&reviewed());
        let gate = &fresh.gate;
        let entry = queued(gate, "asker", ALL);
        assert_eq!(gate.answer(entry).unwrap(), Standing::Waiting);
        let one = say(gate, entry, "r1", first);
        assert_eq!(one, Ok(ReviewState::Waiting { answered: 1 }));
        assert_eq!(gate.answer(entry).unwrap(), Standing::Waiting, "whatever the first says");
        assert_eq!(gate.ledger().verdicts(entry).unwrap(), [], "nobody reads the first alone");
        assert_eq!(say(gate, entry, "r2", second), Ok(ReviewState::Decided(wanted)));
        let standing = gate.answer(entry).unwrap();
        let again = decide(gate, &asking("asker"), ALL);
        if wanted == Decided::Approved {
            let Standing::Released(released) = standing else { panic!("{standing:?}") };
            assert_eq!(single(&released), Some(1_500));
            assert_eq!(again, Ok(Decision::Released(released)));
        } else {
            let Standing::Refused(refusal) = standing else { panic!("{standing:?}") };
            assert_eq!(refusal.code, "query.review.rejected");
            assert_eq!(again.unwrap_err().code(), "query.review.rejected");
        }
        let opened = gate.ledger().verdicts(entry).unwrap();
        let read: Vec<_> = opened.iter().map(|o| (o.reviewer.as_str(), o.verdict)).collect();
        assert_eq!(read, [("r1", first), ("r2", second)]);
        assert_eq!(gate.ledger().verify().unwrap(), 1);
        assert!(gate.queue().unwrap().is_empty());
    }
}

#[test]
fn who_may_review() {
    let fresh = fresh_with(&reviewed());
    let gate = &fresh.gate;
    let entry = queued(gate, "asker", ALL);
    assert_eq!(queued(gate, "asker", ALL), entry, "asked again");
    assert_eq!(queued(gate, "other", ALL), entry, "asked by somebody else");
    let refused = |entry, reviewer: &str| say(gate, entry, reviewer, Approve).unwrap_err();
    for (number, reviewer, wanted) in [
        (entry + 7, "r1", "query.review.unknown"),
        (entry, "asker", "query.review.asker"),
        (entry, " Asker ", "query.review.asker"),
        (entry, "other", "query.review.asker"),
        (entry, "  ", "query.review.nobody"),
    ] {
        assert_eq!(refused(number, reviewer), wanted, "{reviewer}");
    }
    let silent = Review { reason: " ", ..by("r1", Approve) };
    assert_eq!(gate.review(entry, &silent).unwrap_err().code(), "query.review.reason");
    say(gate, entry, "r1", Approve).unwrap();
    assert_eq!(refused(entry, "R1"), "query.review.twice");
    let pending = gate.queue().unwrap();
    assert_eq!(pending.len(), 1);
    assert_eq!(pending[0].askers, ["asker", "other"]);
    assert_eq!(pending[0].reviewers, ["r1"]);
    assert_eq!(single(pending[0].result.as_ref().unwrap()), Some(1_500));
    assert!(!pending[0].entry.criteria.is_empty());
    say(gate, entry, "r2", Approve).unwrap();
    assert_eq!(refused(entry, "r3"), "query.review.closed");
    let nobody = decide(gate, &asking(" "), SEX).unwrap_err();
    assert_eq!(nobody.code(), "query.review.no_asker");
}

#[test]
fn only_masked_answers_are_queued_where_the_policy_says_so() {
    let rules = QueryPolicy { review: ReviewWhen::Masked, ..policy("ndb-publication") };
    let fresh = fresh_with(&rules);
    let open = decide(&fresh.gate, &asking("asker"), ALL).unwrap();
    assert!(matches!(open, Decision::Released(_)));
    let few = "SELECT location_id, COUNT(*) FROM person GROUP BY location_id";
    let entry = queued(&fresh.gate, "asker", few);
    let pending = fresh.gate.queue().unwrap();
    let rows = &pending[0].result.as_ref().unwrap().rows;
    assert!(rows.iter().any(|row| row[1] == Field::Masked), "protected before anybody sees it");
    assert_eq!(pending[0].entry.number, entry);
}

#[test]
fn a_queued_answer_counts_and_a_rejected_one_does_not() {
    let close = "SELECT COUNT(*) FROM person WHERE NOT (year_of_birth = 1950 AND location_id = 13)";
    let fresh = fresh_with(&reviewed());
    let entry = queued(&fresh.gate, "asker", ALL);
    let refused = decide(&fresh.gate, &asking("asker"), close).unwrap_err();
    assert_eq!(refused.code(), "query.ledger.close");
    say(&fresh.gate, entry, "r1", Reject).unwrap();
    say(&fresh.gate, entry, "r2", Reject).unwrap();
    // In other words, since the question itself has its answer.
    let again = close.replace("= 13", "IN (13)");
    queued(&fresh.gate, "asker", &again);
}

#[test]
fn the_first_verdict_is_nowhere_in_the_chain() {
    let mut lines = Vec::new();
    for verdict in [Approve, Reject] {
        let fresh = fresh_with(&reviewed());
        let entry = queued(&fresh.gate, "asker", ALL);
        say(&fresh.gate, entry, "r1", verdict).unwrap();
        let text = fs::read_to_string(fresh.ledger.path().join("ledger.jsonl")).unwrap();
        let last = text.lines().last().unwrap().to_owned();
        assert!(!last.contains("approve") && !last.contains("reject"), "{last}");
        assert!(!last.contains("looked"));
        lines.push(last.len());
    }
    assert_eq!(lines[0], lines[1], "nor in its length");
}

#[test]
fn a_verdict_cannot_be_changed() {
    for name in ["verdicts/2.json", "ledger.jsonl", "sealed/1.json", "cells/1.bin"] {
        let fresh = fresh_with(&reviewed());
        let entry = queued(&fresh.gate, "asker", ALL);
        say(&fresh.gate, entry, "r1", Reject).unwrap();
        let path = fresh.ledger.path().join(name);
        let text = fs::read(&path).unwrap();
        let mut changed = text.clone();
        let middle = text.len() / 2;
        changed[middle] ^= 1;
        fs::write(&path, &changed).unwrap();
        assert_eq!(
            fresh.gate.ledger().verify().unwrap_err().code(),
            "query.ledger.broken",
            "{name}"
        );
        if name != "sealed/1.json" {
            assert_eq!(
                say(&fresh.gate, entry, "r2", Approve).err(),
                (name != "cells/1.bin").then_some("query.ledger.broken"),
                "{name}"
            );
        }
        fs::write(&path, &text).unwrap();
    }
}

#[test]
fn a_person_who_opts_out_meanwhile_is_not_released() {
    let fresh = fresh_with(&reviewed());
    let entry = queued(&fresh.gate, "asker", ALL);
    say(&fresh.gate, entry, "r1", Approve).unwrap();
    let later = open(&bed().snapshot, &reviewed(), &[7], fresh.ledger.path());
    let state = later.review(entry, &by("r2", Approve)).unwrap();
    assert_eq!(state, ReviewState::Decided(Decided::OptedOut));
    let Standing::Refused(refusal) = later.answer(entry).unwrap() else { panic!("shown") };
    assert_eq!(refusal.code, "query.review.opted_out");
    // It never went out, so the answer without them may.
    queued(&later, "asker", ALL);
    // Somebody who is not in the answer changes nothing.
    let women = "SELECT COUNT(*) FROM person WHERE gender_source_value = 'F'";
    let fresh = fresh_with(&reviewed());
    let entry = queued(&fresh.gate, "asker", women);
    say(&fresh.gate, entry, "r1", Approve).unwrap();
    let man = bed().people.iter().find(|p| !p.female).unwrap();
    let man = i64::try_from(man.id).unwrap();
    let later = open(&bed().snapshot, &reviewed(), &[man], fresh.ledger.path());
    let state = later.review(entry, &by("r2", Approve)).unwrap();
    assert_eq!(state, ReviewState::Decided(Decided::Approved));
}

#[test]
fn a_queued_entry_can_be_repeated_and_read_by_machine() {
    let fresh = fresh_with(&reviewed());
    queued(&fresh.gate, "asker", SEX);
    let entry = fresh.gate.ledger().entries().unwrap().remove(0);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    assert_eq!(runtime.block_on(fresh.gate.reproduce(&entry)).unwrap(), Reproduced::Same);
    assert_eq!((entry.asker.as_str(), entry.at), ("asker", Some(at(0))));
    assert_eq!(entry.rows_estimate, 1_500);
    let read = serde_json::to_value(&entry).unwrap();
    for criterion in ["primary", "contributors", "difference", "ledger", "complementary"] {
        assert!(read["criteria"][criterion].is_u64(), "{criterion}: {read}");
    }
}

#[test]
fn costly_queries_are_refused_or_wait_for_leave() {
    let triple = "SELECT COUNT(*) FROM visit_occurrence a JOIN visit_occurrence b ON a.person_id = b.person_id \
                  JOIN visit_occurrence c ON c.person_id = a.person_id";
    let rules = QueryPolicy { rows_max: Some(20_000), ..policy("ndb-publication") };
    let strict = fresh_with(&rules);
    let refused = decide(&strict.gate, &asking("asker"), triple).unwrap_err();
    assert_eq!(refused.code(), "query.cost.too_high");
    assert!(strict.gate.ledger().entries().unwrap().is_empty(), "a refusal by cost is no query");
    let checked = strict.gate.check(triple).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let run = runtime.block_on(strict.gate.run(&checked));
    assert_eq!(run.err().map(|e| e.code()), Some("query.cost.too_high"));

    let rules = QueryPolicy { too_costly: TooCostly::Queue, ..rules };
    let fresh = fresh_with(&rules);
    let gate = &fresh.gate;
    let entry = queued(gate, "asker", triple);
    assert_eq!(queued(gate, "asker", triple), entry);
    let pending = gate.queue().unwrap().remove(0);
    assert_eq!(pending.result, None);
    assert!(matches!(pending.entry.outcome, Outcome::Costly(rows) if rows > 20_000));
    say(gate, entry, "r1", Approve).unwrap();
    say(gate, entry, "r2", Approve).unwrap();
    assert_eq!(gate.answer(entry).unwrap(), Standing::MayRun);
    let Decision::Released(released) = decide(gate, &asking("asker"), triple).unwrap() else {
        panic!("queued")
    };
    assert!(released.entry > entry);
    assert_eq!(decide(gate, &asking("asker"), triple), Ok(Decision::Released(released)));
    assert_eq!(gate.ledger().verify().unwrap(), 2);
}

#[test]
fn estimates_follow_row_counts_and_joins() {
    let fresh = fresh("ndb-publication");
    let rows = |table: &str| bed().snapshot.manifest.rows[table];
    let (persons, visits) = (rows("person"), rows("visit_occurrence"));
    let conditions = rows("condition_occurrence");
    for (sql, wanted) in [
        (ALL, persons),
        ("SELECT COUNT(*) FROM person p JOIN visit_occurrence v USING (person_id)", visits),
        (
            "SELECT COUNT(*) FROM visit_occurrence v LEFT JOIN person p ON p.person_id = v.person_id",
            visits,
        ),
        (
            "SELECT COUNT(*) FROM visit_occurrence v JOIN condition_occurrence c ON c.person_id = v.person_id",
            (visits * conditions).div_ceil(persons),
        ),
        (
            "SELECT COUNT(*) FROM visit_occurrence v JOIN condition_occurrence c \
             ON c.person_id = v.person_id AND c.visit_occurrence_id = v.visit_occurrence_id",
            conditions,
        ),
        // One row a person joins like the person.
        (
            "SELECT COUNT(*) FROM (SELECT v.person_id AS who, COUNT(*) AS n FROM visit_occurrence v GROUP BY v.person_id) q \
             JOIN condition_occurrence c ON c.person_id = q.who",
            visits.max(conditions),
        ),
        (
            "SELECT COUNT(*) FROM visit_occurrence a JOIN visit_occurrence b \
             ON a.visit_concept_id = b.visit_concept_id WHERE a.person_id = b.person_id",
            visits * visits,
        ),
    ] {
        let checked = fresh.gate.check(sql).unwrap();
        assert_eq!(fresh.gate.estimate(&checked), wanted, "{sql}");
    }
}

#[test]
fn ledgers_from_before_reviews_are_read() {
    let fresh = fresh("ndb-publication");
    decide(&fresh.gate, &asking("asker"), ALL).unwrap();
    // An entry without who and when, in the writing of before.
    let path = fresh.ledger.path().join("ledger.jsonl");
    let mut entry = fresh.gate.ledger().entries().unwrap().remove(0);
    (entry.asker, entry.at, entry.rows_estimate) = (String::new(), None, 0);
    entry.hash = String::new();
    let bare = serde_json::to_string(&entry).unwrap();
    assert!(!bare.contains("asker") && !bare.contains("\"at\"") && !bare.contains("estimate"));
    let hash = {
        use sha2::Digest;
        hex::encode(sha2::Sha256::digest(&bare))
    };
    fs::write(
        &path,
        format!("{}\n", bare.replace("\"hash\":\"\"", &format!("\"hash\":\"{hash}\""))),
    )
    .unwrap();
    let ledger = Ledger::open(fresh.ledger.path()).unwrap();
    assert_eq!(ledger.verify().unwrap(), 1);
    assert!(matches!(ledger.standing(1).unwrap(), Standing::Released(_)));
}
