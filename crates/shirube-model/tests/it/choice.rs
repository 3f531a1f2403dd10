//! Decisions on the use of a person's records: cases, and the rules against a
//! reading of them in the order of time.

use chrono::{Days, NaiveDate};
use proptest::prelude::*;
use shirube_model::choice::{
    Choices, Dossier, Life, Question, Span, Stated, Verdict, decide, person_number,
};
use shirube_model::registers::consent::{DataSetTerms, OptOutNotice, UseChoice};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn terms(basis: &str) -> DataSetTerms {
    DataSetTerms {
        data_set: "D".into(),
        basis: basis.into(),
        legal_reference: None,
        waiting_days: None,
        notice_versions: Vec::new(),
        usable_without_notice: None,
        own_choice_age_years: None,
        valid_from: day("2020-01-01"),
        valid_to: None,
    }
}

fn notice(given: &str) -> OptOutNotice {
    OptOutNotice {
        data_set: "D".into(),
        person: "1".into(),
        text_version: "1".into(),
        method: "paper".into(),
        given_on: day(given),
        recipient: "self".into(),
        waiting_until: None,
        superseded_on: None,
    }
}

fn choice(decision: &str, made_on: &str) -> UseChoice {
    UseChoice {
        data_set: "D".into(),
        person: "1".into(),
        decision: decision.into(),
        made_by: "self".into(),
        channel: None,
        made_on: day(made_on),
        effective_on: None,
        ends_on: None,
        purposes: Vec::new(),
        recipients: Vec::new(),
        erasure_requested: None,
        withdrawn_on: None,
        withdrawn_by: None,
    }
}

fn list(codes: &[&str]) -> Vec<String> {
    codes.iter().map(|code| (*code).to_owned()).collect()
}

fn stated<T>(state: &str, entry: T) -> Stated<T> {
    Stated { state: state.into(), entry }
}

fn in_effect(choice: UseChoice) -> Stated<UseChoice> {
    stated("in_effect", choice)
}

/// Research at a university, on 1 June 2025.
fn question() -> Question {
    Question {
        purpose: Some("research".into()),
        recipient: Some("academia".into()),
        on: day("2025-06-01"),
    }
}

const ADULT: &str = "1970-01-01";

fn life(born: &str) -> Life {
    Life { born: Some(Span::day(day(born))), died: None }
}

fn by_notices(terms: &DataSetTerms, born: &str, notices: Vec<OptOutNotice>) -> Verdict {
    let notices = notices.into_iter().map(|n| stated("given", n)).collect();
    let dossier = Dossier { notices, choices: Vec::new() };
    decide(Some(terms), &dossier, life(born), &question())
}

#[test]
fn notices_count_when_given_in_time_and_to_whom_they_must() {
    use Verdict::{NoNotice, NoticeGiven, NoticeLapsed, NoticeNotNeeded, Waiting};
    let plain = terms("opt_out_notice");
    let versions = DataSetTerms { notice_versions: list(&["2", "3"]), ..plain.clone() };
    let short = DataSetTerms { waiting_days: Some(0), ..plain.clone() };
    let free = DataSetTerms { usable_without_notice: Some(true), ..plain.clone() };
    let text =
        |given: &str, version: &str| OptOutNotice { text_version: version.into(), ..notice(given) };
    let to = |given: &str, recipient: &str| OptOutNotice {
        recipient: recipient.into(),
        ..notice(given)
    };
    let until = |given: &str, until: &str| OptOutNotice {
        waiting_until: Some(day(until)),
        ..notice(given)
    };
    let gone = OptOutNotice { superseded_on: Some(day("2025-06-01")), ..notice("2025-01-01") };
    let going = OptOutNotice { superseded_on: Some(day("2025-06-02")), ..notice("2025-01-01") };
    for (line, terms, born, notices, wanted) in [
        (line!(), &plain, ADULT, vec![], NoNotice),
        (line!(), &free, ADULT, vec![], NoticeNotNeeded),
        (line!(), &plain, ADULT, vec![notice("2025-06-02")], NoNotice),
        (line!(), &plain, ADULT, vec![notice("2025-05-02")], Waiting),
        (line!(), &plain, ADULT, vec![notice("2025-05-01")], NoticeGiven),
        (line!(), &short, ADULT, vec![notice("2025-06-01")], Waiting),
        (line!(), &short, ADULT, vec![notice("2025-05-31")], NoticeGiven),
        // A sooner day has no effect, a later one has.
        (line!(), &plain, ADULT, vec![until("2025-05-20", "2025-05-21")], Waiting),
        (line!(), &plain, ADULT, vec![until("2025-01-01", "2025-06-01")], Waiting),
        (line!(), &plain, ADULT, vec![until("2025-01-01", "2025-05-31")], NoticeGiven),
        (line!(), &versions, ADULT, vec![notice("2025-01-01")], NoticeLapsed),
        (line!(), &versions, ADULT, vec![text("2025-01-01", "3")], NoticeGiven),
        (line!(), &versions, ADULT, vec![notice("2025-01-01"), text("2025-05-30", "2")], Waiting),
        (line!(), &plain, ADULT, vec![gone], NoticeLapsed),
        (line!(), &plain, ADULT, vec![going], NoticeGiven),
        // Fifteen at the notice, and now.
        (line!(), &plain, "2009-06-02", vec![to("2025-01-01", "self")], NoticeLapsed),
        (line!(), &plain, "2009-06-02", vec![to("2025-01-01", "guardian")], NoticeGiven),
        // Sixteen on the day asked about.
        (line!(), &plain, "2009-06-01", vec![to("2025-01-01", "guardian")], NoticeLapsed),
        (
            line!(),
            &plain,
            "2009-01-01",
            vec![to("2020-01-01", "guardian"), to("2025-02-01", "self")],
            NoticeGiven,
        ),
    ] {
        assert_eq!(by_notices(terms, born, notices), wanted, "line {line}");
    }
    let dossier =
        Dossier { notices: vec![stated("given", notice("2025-01-01"))], ..Default::default() };
    let unknown = decide(Some(&plain), &dossier, Life::default(), &question());
    assert_eq!(unknown, NoticeLapsed, "without a birth nobody is known to be of age");
}

fn by_choices(basis: &str, life: Life, choices: Vec<Stated<UseChoice>>) -> Verdict {
    let dossier = Dossier { notices: Vec::new(), choices };
    decide(Some(&terms(basis)), &dossier, life, &question())
}

#[test]
fn choices_count_by_time_scope_and_maker() {
    use Verdict::{ByLaw, Erasure, NoPermit, Permitted, Refused};
    let permit = |on: &str| choice("permit", on);
    let refuse = |on: &str| choice("refuse", on);
    let research = |c: UseChoice| UseChoice { purposes: list(&["research", "education"]), ..c };
    let product = |c: UseChoice| UseChoice { purposes: list(&["product_development"]), ..c };
    let company = |c: UseChoice| UseChoice { recipients: list(&["company"]), ..c };
    let adult = life(ADULT);
    let rows = [
        (line!(), "consent", vec![], NoPermit),
        (line!(), "law", vec![], ByLaw),
        (line!(), "law", vec![in_effect(refuse("2025-01-01"))], Refused),
        (line!(), "consent", vec![in_effect(permit("2025-01-01"))], Permitted),
        // A refusal counts when it is there, a permit when it was checked.
        (line!(), "consent", vec![stated("recorded", permit("2025-01-01"))], NoPermit),
        (line!(), "law", vec![stated("recorded", refuse("2025-01-01"))], Refused),
        (line!(), "consent", vec![in_effect(permit("2025-06-02"))], NoPermit),
        (line!(), "consent", vec![in_effect(research(permit("2025-01-01")))], Permitted),
        (line!(), "consent", vec![in_effect(product(permit("2025-01-01")))], NoPermit),
        (line!(), "consent", vec![in_effect(company(permit("2025-01-01")))], NoPermit),
        (line!(), "law", vec![in_effect(product(refuse("2025-01-01")))], ByLaw),
        // The later one, and on one day the refusal.
        (
            line!(),
            "law",
            vec![in_effect(refuse("2025-01-01")), in_effect(permit("2025-02-01"))],
            Permitted,
        ),
        (
            line!(),
            "law",
            vec![in_effect(refuse("2025-02-01")), in_effect(permit("2025-02-01"))],
            Refused,
        ),
        (
            line!(),
            "law",
            vec![in_effect(refuse("2025-02-01")), in_effect(research(permit("2025-02-01")))],
            Permitted,
        ),
        (
            line!(),
            "law",
            vec![in_effect(research(refuse("2025-02-01"))), in_effect(permit("2025-02-01"))],
            Refused,
        ),
        (
            line!(),
            "law",
            vec![in_effect(permit("2025-01-01")), in_effect(refuse("2025-02-01"))],
            Refused,
        ),
        // A general permit does not lift what was refused in particular.
        (
            line!(),
            "law",
            vec![in_effect(research(refuse("2025-01-01"))), in_effect(permit("2025-02-01"))],
            Refused,
        ),
        (
            line!(),
            "law",
            vec![in_effect(refuse("2025-01-01")), in_effect(research(permit("2025-02-01")))],
            Permitted,
        ),
        (
            line!(),
            "law",
            vec![in_effect(UseChoice {
                erasure_requested: Some(true),
                ..product(refuse("2025-01-01"))
            })],
            Erasure,
        ),
        (line!(), "law", vec![in_effect(choice("perhaps", "2025-01-01"))], Refused),
        (line!(), "unheard of", vec![in_effect(permit("2025-01-01"))], Verdict::NoTerms),
    ];
    for (line, basis, choices, wanted) in rows {
        assert_eq!(by_choices(basis, adult, choices), wanted, "line {line}");
    }
}

#[test]
fn a_choice_counts_from_its_first_day_to_its_last_and_until_it_is_withdrawn() {
    use Verdict::{ByLaw, Refused};
    let on = |text: &str| Some(day(text));
    for (line, effective_on, ends_on, withdrawn_on, wanted) in [
        (line!(), None, None, None, Refused),
        (line!(), on("2025-06-01"), None, None, Refused),
        (line!(), on("2025-06-02"), None, None, ByLaw),
        (line!(), None, on("2025-06-01"), None, Refused),
        (line!(), None, on("2025-05-31"), None, ByLaw),
        (line!(), None, None, on("2025-06-02"), Refused),
        (line!(), None, None, on("2025-06-01"), ByLaw),
    ] {
        let state = if withdrawn_on.is_some() { "withdrawn" } else { "in_effect" };
        let one =
            UseChoice { effective_on, ends_on, withdrawn_on, ..choice("refuse", "2025-01-01") };
        assert_eq!(by_choices("law", life(ADULT), vec![stated(state, one)]), wanted, "line {line}");
    }
}

#[test]
fn guardians_and_families_choose_for_those_who_cannot() {
    use Verdict::{ByLaw, NoPermit, Permitted, Refused};
    let by = |maker: &str, decision: &str, on: &str| {
        in_effect(UseChoice { made_by: maker.into(), ..choice(decision, on) })
    };
    let guardian = |decision: &str| by("guardian", decision, "2020-01-01");
    let own = |decision: &str, on: &str| by("self", decision, on);
    // Sixteen on 1 April 2025.
    let young = life("2009-04-01");
    let dead = |on: &str| Life { died: Some(Span::day(day(on))), ..life(ADULT) };
    for (line, basis, life, choices, wanted) in [
        (line!(), "law", young, vec![guardian("refuse")], Refused),
        (line!(), "consent", young, vec![guardian("permit")], Permitted),
        // An own choice of a child stands beside the guardian's.
        (line!(), "law", young, vec![guardian("refuse"), own("permit", "2025-03-31")], Refused),
        (line!(), "consent", young, vec![guardian("permit"), own("refuse", "2025-03-31")], Refused),
        // Of age, it takes its place.
        (
            line!(),
            "law",
            young,
            vec![
                guardian("refuse"),
                in_effect(UseChoice {
                    purposes: list(&["education"]),
                    ..choice("refuse", "2025-04-01")
                }),
            ],
            ByLaw,
        ),
        (
            line!(),
            "consent",
            young,
            vec![
                guardian("permit"),
                in_effect(UseChoice {
                    purposes: list(&["education"]),
                    ..choice("permit", "2025-04-01")
                }),
            ],
            NoPermit,
        ),
        (
            line!(),
            "law",
            Life::default(),
            vec![
                guardian("refuse"),
                in_effect(UseChoice {
                    purposes: list(&["education"]),
                    ..choice("refuse", "2025-04-01")
                }),
            ],
            Refused,
        ),
        // A guardian's later permit does not lift an own refusal.
        (line!(), "law", young, vec![own("refuse", "2019-01-01"), guardian("permit")], Refused),
        (
            line!(),
            "law",
            dead("2025-01-01"),
            vec![by("bereaved_family", "refuse", "2025-02-01")],
            Refused,
        ),
        (
            line!(),
            "law",
            dead("2025-06-02"),
            vec![by("bereaved_family", "refuse", "2025-02-01")],
            ByLaw,
        ),
        (line!(), "law", life(ADULT), vec![by("bereaved_family", "refuse", "2025-02-01")], Refused),
        (
            line!(),
            "consent",
            life(ADULT),
            vec![by("bereaved_family", "permit", "2025-02-01")],
            NoPermit,
        ),
        (
            line!(),
            "consent",
            dead("2025-01-01"),
            vec![by("bereaved_family", "permit", "2025-02-01")],
            Permitted,
        ),
        (
            line!(),
            "law",
            dead("2025-01-01"),
            vec![own("refuse", "2024-01-01"), by("bereaved_family", "permit", "2025-02-01")],
            Refused,
        ),
        (line!(), "consent", young, vec![by("neighbour", "permit", "2025-02-01")], NoPermit),
        (line!(), "law", young, vec![by("neighbour", "refuse", "2025-02-01")], Refused),
    ] {
        assert_eq!(by_choices(basis, life, choices), wanted, "line {line}");
    }
}

#[test]
fn an_unknown_purpose_is_any_that_was_refused_and_none_that_was_permitted() {
    let unknown = Question { purpose: None, recipient: None, on: day("2025-06-01") };
    for (decision, basis, wanted) in
        [("refuse", "law", Verdict::Refused), ("permit", "consent", Verdict::NoPermit)]
    {
        let one = UseChoice { purposes: list(&["research"]), ..choice(decision, "2025-01-01") };
        let dossier = Dossier { choices: vec![in_effect(one)], ..Dossier::default() };
        let found = decide(Some(&terms(basis)), &dossier, life(ADULT), &unknown);
        assert_eq!(found, wanted, "{decision}");
    }
}

#[test]
fn the_terms_of_the_day_are_those_that_began_last() {
    let from = |basis: &str, from: &str| DataSetTerms { valid_from: day(from), ..terms(basis) };
    let ended = DataSetTerms { valid_to: Some(day("2025-05-31")), ..from("consent", "2025-05-01") };
    let other = DataSetTerms { data_set: "E".into(), ..terms("consent") };
    let all = [
        stated("in_force", from("law", "2024-01-01")),
        stated("superseded", ended),
        stated("drafted", from("consent", "2025-05-15")),
        stated("in_force", from("opt_out_notice", "2025-06-02")),
        stated("in_force", from("consent", "2025-06-02")),
        stated("in_force", other),
    ];
    let choices = Choices::of("D", all, [], []);
    for (on, wanted) in [
        ("2023-12-31", None),
        ("2024-01-01", Some("law")),
        ("2025-05-20", Some("consent")),
        ("2025-06-01", Some("law")),
        ("2025-06-02", Some("consent")),
    ] {
        let found = choices.terms_on(day(on)).map(|terms| terms.basis.as_str());
        assert_eq!(found, wanted, "{on}");
    }
}

#[test]
fn persons_are_numbers() {
    for (text, wanted) in [
        ("1", Some(1)),
        ("9223372036854775807", Some(i64::MAX)),
        ("0", None),
        ("01", None),
        ("-1", None),
        ("１", None),
        ("", None),
    ] {
        assert_eq!(person_number(text), wanted, "{text}");
    }
}

const PURPOSES: [&str; 2] = ["research", "product_development"];
const RECIPIENTS: [&str; 2] = ["academia", "company"];

fn start() -> NaiveDate {
    day("2025-01-01")
}

fn after(days: u64) -> NaiveDate {
    start() + Days::new(days)
}

fn maybe_day() -> impl Strategy<Value = Option<NaiveDate>> {
    proptest::option::weighted(0.3, (0_u64..12).prop_map(after))
}

fn choices() -> impl Strategy<Value = Vec<Stated<UseChoice>>> {
    let some = |all: &'static [&'static str]| {
        proptest::sample::subsequence(all, 0..=1).prop_map(|codes| list(&codes))
    };
    let one = (
        proptest::sample::select(vec!["permit", "refuse"]),
        proptest::sample::select(vec!["self", "self", "guardian", "bereaved_family"]),
        (0_u64..12, maybe_day(), maybe_day(), maybe_day()),
        (some(&PURPOSES), some(&RECIPIENTS)),
        proptest::sample::select(vec!["recorded", "in_effect", "in_effect"]),
        proptest::bool::weighted(0.1),
    );
    let one = one.prop_map(|(decision, by, (made, since, ends, gone), scope, state, erasure)| {
        let made_on = after(made);
        let entry = UseChoice {
            made_by: by.into(),
            made_on,
            effective_on: since.filter(|since| *since >= made_on),
            ends_on: ends.filter(|ends| *ends >= made_on),
            withdrawn_on: gone.filter(|gone| *gone >= made_on),
            purposes: scope.0,
            recipients: scope.1,
            erasure_requested: (erasure && decision == "refuse").then_some(true),
            ..choice(decision, "2025-01-01")
        };
        let state = if entry.withdrawn_on.is_some() { "withdrawn" } else { state };
        stated(state, entry)
    });
    proptest::collection::vec(one, 0..6)
}

/// The rules told in the order of time: permits take refusals off a pile.
fn in_order(
    choices: &[Stated<UseChoice>],
    life: Life,
    of_age: NaiveDate,
    q: &Question,
) -> Option<bool> {
    let own_word = choices.iter().any(|c| {
        c.entry.made_by == "self"
            && !(c.entry.decision == "permit" && c.state == "recorded")
            && c.entry.effective_on.unwrap_or(c.entry.made_on) <= q.on
            && c.entry.made_on >= of_age
    });
    let mut told: Vec<&Stated<UseChoice>> = choices
        .iter()
        .filter(|c| {
            let e = &c.entry;
            let refuses = e.decision == "refuse";
            let days = e.effective_on.unwrap_or(e.made_on)..=e.ends_on.unwrap_or(NaiveDate::MAX);
            let gone = e.withdrawn_on.is_some_and(|gone| gone <= q.on);
            let scope = (e.purposes.is_empty() || e.purposes.contains(q.purpose.as_ref().unwrap()))
                && (e.recipients.is_empty()
                    || e.recipients.contains(q.recipient.as_ref().unwrap()))
                || e.erasure_requested == Some(true);
            let speaks = match e.made_by.as_str() {
                "guardian" => !own_word,
                "bereaved_family" => life.died.map_or(refuses, |died| died.earliest <= q.on),
                _ => true,
            };
            days.contains(&q.on) && !gone && scope && speaks && (refuses || c.state != "recorded")
        })
        .collect();
    let takes_back = |permit: &UseChoice, refusal: &UseChoice| {
        refusal.made_by == permit.made_by
            && (refusal.purposes.is_empty() || !permit.purposes.is_empty())
            && (refusal.recipients.is_empty() || !permit.recipients.is_empty())
    };
    let words =
        |c: &UseChoice| usize::from(!c.purposes.is_empty()) + usize::from(!c.recipients.is_empty());
    told.sort_by_key(|c| c.entry.made_on);
    let mut pile: Vec<&UseChoice> = Vec::new();
    for of_day in told.chunk_by(|a, b| a.entry.made_on == b.entry.made_on) {
        let (refusals, permits): (Vec<&UseChoice>, Vec<&UseChoice>) =
            of_day.iter().map(|c| &c.entry).partition(|e| e.decision == "refuse");
        pile.retain(|refusal| !permits.iter().any(|permit| takes_back(permit, refusal)));
        pile.extend(refusals.into_iter().filter(|refusal| {
            refusal.erasure_requested == Some(true)
                || !permits.iter().any(|p| takes_back(p, refusal) && words(p) > words(refusal))
        }));
    }
    let permitted = told.iter().any(|c| c.entry.decision == "permit");
    match (pile.is_empty(), permitted) {
        (false, _) => Some(false),
        (true, true) => Some(true),
        (true, false) => None,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn decisions_are_those_of_the_order_of_time(
        choices in choices(),
        on in 0_u64..13,
        purpose in proptest::sample::select(&PURPOSES[..]),
        recipient in proptest::sample::select(&RECIPIENTS[..]),
        died in maybe_day(),
        of_age in 0_u64..13,
        basis in proptest::sample::select(vec!["law", "consent", "opt_out_notice"]),
    ) {
        let of_age = after(of_age);
        let born = of_age - chrono::Months::new(16 * 12);
        let life = Life { born: Some(Span::day(born)), died: died.map(Span::day) };
        let question = Question {
            purpose: Some(purpose.into()),
            recipient: Some(recipient.into()),
            on: after(on),
        };
        let dossier = Dossier { notices: Vec::new(), choices };
        let found = decide(Some(&terms(basis)), &dossier, life, &question);
        let wanted = in_order(&dossier.choices, life, of_age, &question);
        let by_choice = match found {
            Verdict::Permitted => Some(true),
            Verdict::Refused | Verdict::Erasure => Some(false),
            _ => None,
        };
        prop_assert_eq!(by_choice, wanted);
        if wanted.is_none() {
            let by_basis = match basis {
                "law" => Verdict::ByLaw,
                "consent" => Verdict::NoPermit,
                _ => Verdict::NoNotice,
            };
            prop_assert_eq!(found, by_basis);
        }
        prop_assert_eq!(found.may_use(), found.code() == "permitted" || found.code() == "by_law");
    }

    #[test]
    fn one_more_refusal_never_opens_anything(choices in choices(), more in choices(), on in 0_u64..13) {
        let more: Vec<_> = more
            .into_iter()
            // An own refusal of age ends what a guardian refused.
            .filter(|c| c.entry.decision == "refuse" && c.entry.made_by != "self")
            .collect();
        let question = Question { on: after(on), ..question() };
        let ask = |choices: Vec<Stated<UseChoice>>| {
            let dossier = Dossier { notices: Vec::new(), choices };
            decide(Some(&terms("law")), &dossier, life(ADULT), &question).may_use()
        };
        let before = ask(choices.clone());
        prop_assert!(before || !ask([choices, more].concat()));
    }
}
