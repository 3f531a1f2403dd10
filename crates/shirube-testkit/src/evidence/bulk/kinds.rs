//! The kinds of the bulk: how many, how spread over time, with what lives.

use super::body::{self, Record};
use crate::evidence::fields::Fields;

/// Lives of a kind repeat after this many records.
pub(super) const CYCLE: u64 = 200;

/// What a later event does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Act {
    Correct,
    Withdraw,
    Step(&'static str),
}

/// A later event: at least so many months after the one before it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step {
    pub(super) months: usize,
    pub(super) act: Act,
}

/// A kind of the bulk.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kind {
    pub(super) kind: &'static str,
    /// System the records come from.
    pub(super) system: &'static str,
    pub(super) actor: &'static str,
    /// Share of the events, in a thousand.
    pub(super) share: u64,
    /// Weight of each import month.
    pub(super) weight: fn(usize) -> u64,
    /// Later events of a record.
    pub(super) steps: fn(u64) -> &'static [Step],
    pub(super) body: fn(&Record<'_>) -> Fields,
}

/// Places of the kinds that others refer to.
pub(super) const ORGANISATION: usize = 0;
pub(super) const PROJECT: usize = 1;
pub(super) const TRIAL: usize = 2;

macro_rules! kind {
    ($kind:literal, $system:literal, $share:literal, $weight:expr, $steps:expr, $body:path) => {
        Kind {
            kind: $kind,
            system: $system,
            actor: concat!("import:", $system),
            share: $share,
            weight: $weight,
            steps: $steps,
            body: $body,
        }
    };
}

/// The kinds in the order they are imported within a month.
pub(super) const RUNS: [Kind; 14] = [
    kind!("organisation", "demo-org", 9, |m| steady(m, 12, 0), |_| &[], body::organisation),
    kind!("project", "demo-amed", 72, |m| steady(m, 30, 20), project_steps, body::project),
    kind!("trial", "demo-jrct", 82, |m| steady(m, 4, 15), trial_steps, body::trial),
    kind!("phase_transition", "demo-phase", 12, |m| steady(m, 0, 10), confirmed, body::transition),
    kind!(
        "continuation",
        "demo-handover",
        13,
        |m| steady(m, 0, 10),
        carried_out,
        body::continuation
    ),
    kind!("support_record", "demo-bridge", 13, |m| steady(m, 30, 8), |_| &[], body::support),
    kind!("contract", "demo-tlo", 12, |m| steady(m, 0, 15), contract_steps, body::contract),
    kind!("publication", "demo-papers", 194, |m| steady(m, 0, 20), paper_steps, body::publication),
    kind!("consultation", "demo-desk", 30, |m| steady(m, 0, 40), answered, body::consultation),
    kind!("enrolment", "demo-training", 38, |m| steady(m, 0, 40), enrolment_steps, body::enrolment),
    kind!(
        "certificate",
        "demo-exams",
        94,
        |m| steady(m, 0, 45),
        certificate_steps,
        body::certificate
    ),
    kind!("data_use", "demo-data", 14, |m| steady(m, 48, 60), data_steps, body::data_use),
    kind!("investment_round", "demo-rounds", 6, |m| steady(m, 12, 0), round_steps, body::round),
    kind!("certification", "demo-kenko", 411, certified, certification_steps, body::certification),
];

/// About the same number every month, growing by `growth` per cent until the
/// last; the first import also brings `history` months of the past.
fn steady(month: usize, history: u64, growth: u64) -> u64 {
    let grown = 7_300 + growth * month as u64;
    if month == 0 { grown + history * 7_300 } else { grown }
}

/// Certifications are announced in March; the first import brings those of 2024.
fn certified(month: usize) -> u64 {
    match month {
        0 => 175,
        11 => 48,
        23 => 46,
        35 => 44,
        47 => 42,
        59 => 36,
        71 => 30,
        _ => 0,
    }
}

const fn step(months: usize, name: &'static str) -> Step {
    Step { months, act: Act::Step(name) }
}

const CORRECT: Step = Step { months: 4, act: Act::Correct };
const WITHDRAW: Step = Step { months: 5, act: Act::Withdraw };

fn project_steps(number: u64) -> &'static [Step] {
    match number % 20 {
        0..11 => &[const { step(1, "start") }, const { step(26, "complete") }],
        11..17 => &[const { step(1, "start") }],
        17 => &[const { step(2, "start") }, CORRECT],
        18 => &[const { step(2, "start") }, const { step(14, "stop") }],
        _ => &[],
    }
}

fn trial_steps(number: u64) -> &'static [Step] {
    match number % 20 {
        0..8 => &[const { step(1, "recruit") }],
        8..12 => &[const { step(1, "recruit") }, const { step(18, "complete") }],
        12 => &[
            const { step(1, "recruit") },
            const { step(10, "close_recruitment") },
            const { step(8, "complete") },
        ],
        13 => &[const { step(6, "terminate") }],
        14 => &[CORRECT],
        _ => &[],
    }
}

fn confirmed(number: u64) -> &'static [Step] {
    if number % 20 < 7 { &[const { step(2, "confirm") }] } else { &[] }
}

fn carried_out(number: u64) -> &'static [Step] {
    if number.is_multiple_of(2) { &[const { step(3, "carry_out") }] } else { &[] }
}

fn contract_steps(number: u64) -> &'static [Step] {
    match number % 40 {
        7 => &[const { step(20, "end") }],
        19 => &[CORRECT],
        31 => &[WITHDRAW],
        _ => &[],
    }
}

fn paper_steps(number: u64) -> &'static [Step] {
    match number % 200 {
        199 => &[WITHDRAW],
        n if n % 25 == 3 => &[const { Step { months: 12, act: Act::Correct } }],
        _ => &[],
    }
}

fn answered(number: u64) -> &'static [Step] {
    match number % 5 {
        0 | 1 => &[const { step(1, "answer") }, const { step(1, "close") }],
        2 => &[const { step(1, "answer") }],
        3 => &[const { step(3, "close") }],
        _ => &[],
    }
}

fn enrolment_steps(number: u64) -> &'static [Step] {
    match number % 20 {
        0..13 => &[const { step(3, "finish") }],
        13 | 14 => &[const { step(2, "drop_out") }],
        _ => &[],
    }
}

fn certificate_steps(number: u64) -> &'static [Step] {
    if number % 100 == 42 { &[const { step(9, "revoke") }] } else { &[] }
}

fn data_steps(number: u64) -> &'static [Step] {
    match number % 20 {
        0..13 => &[const { step(2, "start") }],
        13..17 => &[const { step(2, "start") }, const { step(24, "end") }],
        _ => &[],
    }
}

fn round_steps(number: u64) -> &'static [Step] {
    if number.is_multiple_of(2) { &[const { step(2, "confirm") }] } else { &[] }
}

fn certification_steps(number: u64) -> &'static [Step] {
    match number % 200 {
        7 => &[const { step(8, "revoke") }],
        107 => &[CORRECT],
        _ => &[],
    }
}
