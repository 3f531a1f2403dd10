//! Choices of persons against data from which they were taken out by hand.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};
use proptest::prelude::*;
use shirube_model::choice::{Choices, Life, Question, Span, Stated, Verdict};
use shirube_model::registers::consent::{DataSetTerms, OptOutNotice, UseChoice};
use shirube_query::{Exclusions, Shown};
use shirube_records::population::MadeUpPerson;

use crate::bed::{ask, bed, day, imported, open, single};
use crate::naive::{Filter, Head, alone, filters, heads, sql};

const DATA_SET: &str = "made up";
const ON: &str = "2025-03-01";

/// Numbers that follow from a seed and a place.
fn drawn(seed: u64, person: u64, what: u64, below: u64) -> u64 {
    let mut x = seed
        ^ person.wrapping_mul(0x9e37_79b9_7f4a_7c15)
        ^ what.wrapping_mul(0xbf58_476d_1ce4_e5b9);
    for _ in 0..3 {
        x = (x ^ (x >> 30)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^= x >> 31;
    }
    x % below
}

fn one_of(codes: &[&str], at: u64) -> Vec<String> {
    let at = usize::try_from(at).unwrap();
    codes.get(at).map(|code| (*code).to_owned()).into_iter().collect()
}

fn terms(basis: &str) -> Stated<DataSetTerms> {
    let entry = DataSetTerms {
        data_set: DATA_SET.into(),
        basis: basis.into(),
        legal_reference: None,
        waiting_days: None,
        notice_versions: Vec::new(),
        usable_without_notice: None,
        own_choice_age_years: None,
        valid_from: day("2024-01-01"),
        valid_to: None,
    };
    Stated { state: "in_force".into(), entry }
}

fn choice(person: u64, decision: &str, made_on: NaiveDate) -> UseChoice {
    UseChoice {
        data_set: DATA_SET.into(),
        person: person.to_string(),
        decision: decision.into(),
        made_by: "self".into(),
        channel: None,
        made_on,
        effective_on: None,
        ends_on: None,
        purposes: Vec::new(),
        recipients: Vec::new(),
        erasure_requested: None,
        withdrawn_on: None,
        withdrawn_by: None,
    }
}

fn in_effect(entry: UseChoice) -> Stated<UseChoice> {
    Stated { state: "in_effect".into(), entry }
}

/// Notices and choices of everybody, half of them of nobody in particular.
fn made_up(seed: u64, basis: &str, persons: u64) -> Choices {
    let start = day("2025-01-01");
    let mut notices = Vec::new();
    let mut choices = Vec::new();
    for person in 1..=persons {
        let draw = |what, below| drawn(seed, person, what, below);
        if draw(0, 10) < 8 {
            let entry = OptOutNotice {
                data_set: DATA_SET.into(),
                person: person.to_string(),
                text_version: "1".into(),
                method: "paper".into(),
                given_on: start + Days::new(draw(1, 60)),
                recipient: ["self", "guardian"][usize::from(draw(2, 3) == 0)].into(),
                waiting_until: None,
                superseded_on: None,
            };
            notices.push(Stated { state: "given".into(), entry });
        }
        for number in 0..draw(3, 4) {
            let draw = |what, below| drawn(seed, person, 100 * (number + 1) + what, below);
            let decision = if draw(0, 3) == 0 { "refuse" } else { "permit" };
            let made = start + Days::new(draw(1, 70));
            choices.push(in_effect(UseChoice {
                made_by: ["self", "guardian", "bereaved_family"]
                    [usize::try_from(draw(2, 3)).unwrap()]
                .into(),
                purposes: one_of(&["research", "education"], draw(3, 4)),
                recipients: one_of(&["academia", "company"], draw(4, 6)),
                ..choice(person, decision, made)
            }));
        }
    }
    Choices::of(DATA_SET, [terms(basis)], notices, choices)
}

fn question() -> Question {
    Question { purpose: Some("research".into()), recipient: Some("academia".into()), on: day(ON) }
}

fn life(person: &MadeUpPerson) -> Life {
    Life { born: Some(Span::day(person.born)), died: person.died.map(Span::day) }
}

fn number(person: &MadeUpPerson) -> i64 {
    i64::try_from(person.id).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, max_shrink_iters: 0, ..ProptestConfig::default() })]

    #[test]
    fn choices_are_as_if_the_others_had_never_been_there(
        seed: u64,
        basis in proptest::sample::select(vec!["law", "consent", "opt_out_notice"]),
        asked in proptest::collection::vec((filters(), heads()), 4),
    ) {
        let bed = bed();
        let choices = made_up(seed, basis, bed.people.len() as u64);
        // Decided from the population, not from the snapshot.
        let may_not = |p: &&MadeUpPerson| !choices.decide(number(p), life(p), &question()).may_use();
        let out: Vec<i64> = bed.people.iter().filter(may_not).map(number).collect();
        prop_assert!(!out.is_empty() && out.len() < bed.people.len());
        let decided = Exclusions::by_choices(&bed.snapshot, &choices, &question()).unwrap();
        prop_assert_eq!(decided.exclusions.digest(), Exclusions::of(out.clone()).digest());
        let counted: u64 = decided.persons.values().sum();
        prop_assert_eq!(counted, bed.people.len() as u64);
        prop_assert_eq!(decided.unmatched, 0);

        let folder = tempfile::tempdir().unwrap();
        let without = imported(folder.path(), &out);
        for (filters, heads) in asked {
            let text = sql(&filters, &heads);
            let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
            let excluded = ask(&open(&bed.snapshot, &alone(), &out, one.path()), &text);
            let removed = ask(&open(&without, &alone(), &[], other.path()), &text);
            match (excluded, removed) {
                (Ok(excluded), Ok(removed)) => prop_assert_eq!(excluded.rows, removed.rows, "{}", text),
                (Err(excluded), Err(removed)) => prop_assert_eq!(excluded.code(), removed.code()),
                (excluded, removed) => {
                    prop_assert!(false, "{} {:?} {:?}", text, excluded.is_ok(), removed.is_ok());
                }
            }
        }
    }
}

#[test]
fn without_a_permit_nobody_is_used_and_without_terms_neither() {
    let bed = bed();
    let all = bed.people.len() as u64;
    let permits: Vec<_> =
        (1..=300).map(|person| in_effect(choice(person, "permit", day("2025-01-05")))).collect();
    let stranger = in_effect(choice(999_999, "permit", day("2025-01-05")));
    let consent =
        Choices::of(DATA_SET, [terms("consent")], [], permits.into_iter().chain([stranger]));
    let decided = Exclusions::by_choices(&bed.snapshot, &consent, &question()).unwrap();
    let counts = BTreeMap::from([(Verdict::Permitted, 300), (Verdict::NoPermit, all - 300)]);
    assert_eq!((decided.persons, decided.unmatched), (counts, 1));
    let none = Choices::of(DATA_SET, [], [], []);
    let decided = Exclusions::by_choices(&bed.snapshot, &none, &question()).unwrap();
    assert_eq!(decided.persons, BTreeMap::from([(Verdict::NoTerms, all)]));
    assert_eq!(decided.exclusions.len(), all);
}

#[test]
fn a_refusal_holds_for_every_later_query_and_earlier_answers_are_listed() {
    let bed = bed();
    let ledger = tempfile::tempdir().unwrap();
    let gate = open(&bed.snapshot, &alone(), &[], ledger.path());
    let women = sql(&[Filter::Female(true)], &[]);
    let by_region = sql(&[], &[Head::Region]);
    let first = ask(&gate, &women).unwrap();
    ask(&gate, &by_region).unwrap();
    let woman = bed.people.iter().find(|p| p.female && !p.visits.is_empty()).unwrap();
    let man = bed.people.iter().find(|p| !p.female && !p.visits.is_empty()).unwrap();
    let uses = |person: &MadeUpPerson| gate.ledger().uses_of(DATA_SET, number(person)).unwrap();
    let entries =
        |person| uses(person).iter().map(|one| (one.entry, one.shown)).collect::<Vec<_>>();
    assert_eq!(entries(woman)[0], (1, Shown::Printed));
    assert_eq!(entries(woman).len(), 2);
    assert_eq!(entries(man).len(), 1, "the second answer alone");
    assert_eq!(uses(man)[0].permit, "permit");
    assert!(gate.ledger().uses_of("another", number(man)).unwrap().is_empty());
    // She and enough others refuse: the old question is answered without them.
    let refusing: Vec<u64> =
        bed.people.iter().filter(|p| p.female && p.id % 3 == woman.id % 3).map(|p| p.id).collect();
    let refusals = refusing.iter().map(|id| in_effect(choice(*id, "refuse", day(ON))));
    let choices = Choices::of(DATA_SET, [terms("law")], [], refusals);
    let decided = Exclusions::by_choices(&bed.snapshot, &choices, &question()).unwrap();
    assert_eq!(decided.exclusions.len(), refusing.len() as u64);
    let out: Vec<i64> = refusing.iter().map(|id| i64::try_from(*id).unwrap()).collect();
    let gate = open(&bed.snapshot, &alone(), &out, ledger.path());
    let second = ask(&gate, &women).unwrap();
    assert!(second.entry > first.entry);
    let entries = gate.ledger().uses_of(DATA_SET, number(woman)).unwrap();
    assert!(entries.iter().all(|one| one.entry < second.entry), "{entries:?}");
    assert!(single(&first) > single(&second));
    // A damaged file is told, not passed over.
    std::fs::write(ledger.path().join("cells/1.bin"), b"x").unwrap();
    let broken = gate.ledger().uses_of(DATA_SET, number(woman)).unwrap_err();
    assert_eq!(broken.code(), "query.ledger.broken");
}
