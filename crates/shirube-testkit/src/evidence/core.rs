//! The core: records told one by one, in fixed numbers.

mod budget;
mod consent;
mod follow_up;
mod infection;
mod international;
mod lists;
mod portfolio;
mod regulation;
mod statistics;
mod trials;
mod tricks;
mod ventures;

use chrono::{Duration, NaiveDate};

use super::cast::Cast;
use super::story::Story;
use super::{DemoEvent, Trap, day};

/// Events in ledger order, the cast, and the traps.
pub(crate) fn tell(seed: u64) -> (Vec<DemoEvent>, Cast, Vec<Trap>) {
    let (mut story, cast) = told(seed);
    let events = story.finish();
    (events, cast, story.traps)
}

/// What the registers would refuse.
pub(crate) fn faults(seed: u64) -> Vec<String> {
    told(seed).0.faults
}

fn told(seed: u64) -> (Story, Cast) {
    let mut story = Story::new(seed);
    let cast = Cast::tell(&mut story);
    portfolio::tell(&mut story, &cast);
    lists::tell(&mut story, &cast);
    regulation::tell(&mut story, &cast);
    ventures::tell(&mut story, &cast);
    trials::tell(&mut story, &cast);
    infection::tell(&mut story, &cast);
    statistics::tell(&mut story);
    international::tell(&mut story, &cast);
    tricks::tell(&mut story, &cast);
    budget::tell(&mut story);
    follow_up::tell(&mut story);
    consent::tell(&mut story);
    (story, cast)
}

/// The `index`th of `count` days spread evenly from `from` to `to`, moved by a
/// few days so that they do not fall in step.
pub(crate) fn spread(
    story: &mut Story,
    from: NaiveDate,
    to: NaiveDate,
    index: u64,
    count: u64,
) -> NaiveDate {
    let span = (to - from).num_days();
    let step = span / i64::try_from(count.max(1)).unwrap_or(1);
    let jitter = story.rng.between(0, step.max(1) - 1);
    let place = i64::try_from(index).unwrap_or(0) * span / i64::try_from(count.max(1)).unwrap_or(1);
    from + Duration::days(place + jitter)
}

/// First day of the plan.
pub(crate) fn plan_from() -> NaiveDate {
    day(2025, 4, 1)
}

/// Last day of the plan.
pub(crate) fn plan_to() -> NaiveDate {
    day(2030, 3, 31)
}
