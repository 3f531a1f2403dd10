//! The bulk: monthly imports whose numbers grow with the size asked for.
//!
//! Nothing about a record is kept between its events: its whole life follows
//! from the seed, its kind and its number. So the evidence streams, whatever
//! its size.

mod body;
mod kinds;

use std::sync::Arc;

use chrono::{DateTime, Duration, Months, NaiveDate, NaiveTime, Utc};
use shirube_model::ident::RecordId;
use shirube_model::record::Standing;
use shirube_model::registers;
use shirube_model::schema::KindSchema;
use shirube_store::SourceKey;

use super::cast::Cast;
use super::{DemoEvent, Op, day};
use crate::rng::Rng;
use kinds::{Act, Kind, RUNS, Step};

/// Months of import, April 2024 to May 2030.
pub(super) const MONTHS: usize = 74;

/// First day of import month `month`.
pub(super) fn month_start(month: usize) -> NaiveDate {
    let months = Months::new(u32::try_from(month).unwrap_or(0));
    day(2024, 4, 1).checked_add_months(months).unwrap_or(NaiveDate::MAX)
}

/// How many records of a kind there are, and by when.
#[derive(Debug, Clone)]
struct Timetable {
    /// Records made before each month; the last entry is their number.
    before: Vec<u64>,
}

impl Timetable {
    fn of(kind: &Kind, records: u64) -> Self {
        let weights: Vec<u64> = (0..MONTHS).map(kind.weight).collect();
        let whole: u128 = weights.iter().map(|&w| u128::from(w)).sum::<u128>().max(1);
        let mut sum = 0u128;
        let mut before = vec![0];
        for weight in weights {
            sum += u128::from(weight);
            before.push(u64::try_from(u128::from(records) * sum / whole).unwrap_or(0));
        }
        Self { before }
    }

    fn by(&self, month: usize) -> u64 {
        self.before.get(month).copied().unwrap_or(0)
    }

    fn month_of(&self, number: u64) -> usize {
        self.before.partition_point(|&before| before <= number).saturating_sub(1).min(MONTHS - 1)
    }
}

/// What records of the bulk know of each other.
#[derive(Debug)]
pub(super) struct World {
    pub(super) seed: u64,
    pub(super) cast: Cast,
    timetables: Vec<Timetable>,
    schemas: Vec<&'static KindSchema>,
}

impl World {
    /// Number of records of a run's kind made before a month.
    pub(super) fn made(&self, run: usize, month: usize) -> u64 {
        self.timetables.get(run).map_or(0, |timetable| timetable.by(month))
    }

    /// Id of a record of the bulk.
    pub(super) fn id(&self, run: usize, number: u64) -> RecordId {
        let (Some(kind), Some(schema)) = (RUNS.get(run), self.schemas.get(run)) else {
            return RecordId::derive("XXX", "", "");
        };
        RecordId::derive(schema.prefix, kind.system, &key(number))
    }

    /// A random stream of a record, apart from the one that made its body.
    pub(super) fn rng(&self, run: usize, number: u64) -> Rng {
        Rng::of(self.seed, run as u64 + 1, number)
    }

    /// Import month of each event of a record, its making first.
    fn months(&self, run: usize, number: u64, steps: &[Step]) -> Vec<usize> {
        let mut month = self.timetables.get(run).map_or(0, |timetable| timetable.month_of(number));
        let mut months = vec![month];
        for step in steps {
            let extra = usize::try_from((number / 7) % 3).unwrap_or(0);
            month = (month + step.months + extra).min(MONTHS - 1);
            months.push(month);
        }
        months
    }
}

/// Share of a kind in the events of the bulk, in a thousand.
pub(super) fn share(kind: &str) -> Option<usize> {
    let row = RUNS.iter().find(|row| row.kind == kind)?;
    usize::try_from(row.share).ok().filter(|share| *share > 0)
}

fn key(number: u64) -> String {
    format!("{number:09}")
}

/// Day on which a kind is imported in a month. Kinds that others refer to come
/// first.
pub(super) fn import_day(run: usize, month: usize) -> NaiveDate {
    month_start(month) + Duration::days(2 + i64::try_from(run).unwrap_or(0))
}

/// An event that waits for its month.
#[derive(Debug, Clone, Copy)]
struct Waiting {
    number: u64,
    stage: u8,
}

/// The events of the bulk in the order of their import.
#[derive(Debug)]
pub(super) struct Bulk {
    world: World,
    month: usize,
    run: usize,
    /// Next record to be made in this run.
    number: u64,
    /// Next waiting event of this run.
    place: usize,
    /// Events given in this run.
    row: i64,
    /// Waiting events by run and month.
    waiting: Vec<Vec<Vec<Waiting>>>,
    reason: Arc<str>,
}

impl Bulk {
    pub(super) fn new(seed: u64, cast: Cast, events: u64) -> Self {
        let counts = counts(events);
        let timetables =
            RUNS.iter().zip(counts).map(|(kind, count)| Timetable::of(kind, count)).collect();
        let schemas = RUNS.iter().filter_map(|kind| registers::kind(kind.kind)).collect();
        let world = World { seed, cast, timetables, schemas };
        let waiting = RUNS.iter().map(|_| vec![Vec::new(); MONTHS]).collect();
        let mut bulk = Self {
            world,
            month: 0,
            run: 0,
            number: 0,
            place: 0,
            row: 0,
            waiting,
            reason: "".into(),
        };
        bulk.begin();
        bulk
    }

    /// Sets out on the run of this month.
    fn begin(&mut self) {
        self.number = self.world.made(self.run, self.month);
        self.place = 0;
        self.row = 0;
        let month = month_start(self.month).format("%Y-%m");
        self.reason = Arc::from(format!("月次取込み {month}（実証データ）"));
    }

    /// The next record to be made or waiting event of this run.
    fn due(&mut self) -> Option<Waiting> {
        if self.number < self.world.made(self.run, self.month + 1) {
            self.number += 1;
            return Some(Waiting { number: self.number - 1, stage: 0 });
        }
        let due = self.waiting.get(self.run)?.get(self.month)?.get(self.place).copied();
        self.place += usize::from(due.is_some());
        due
    }

    /// Goes on to the next run; false at the end.
    fn advance(&mut self) -> bool {
        if let Some(done) =
            self.waiting.get_mut(self.run).and_then(|months| months.get_mut(self.month))
        {
            *done = Vec::new();
        }
        self.run += 1;
        if self.run == RUNS.len() {
            self.run = 0;
            self.month += 1;
        }
        if self.month >= MONTHS {
            return false;
        }
        self.begin();
        true
    }

    fn event(&mut self, due: Waiting) -> Option<DemoEvent> {
        let kind = RUNS.get(self.run)?;
        let schema = *self.world.schemas.get(self.run)?;
        let steps = (kind.steps)(due.number);
        let months = self.world.months(self.run, due.number, steps);
        let stage = usize::from(due.stage);
        if let Some(&next) = months.get(stage + 1) {
            let later = Waiting { number: due.number, stage: due.stage + 1 };
            self.waiting.get_mut(self.run)?.get_mut(next)?.push(later);
        }
        let taken = steps.get(..stage).unwrap_or(steps);
        let (state, standing) = stands(schema, taken);
        let op = match taken.last().map(|step| step.act) {
            None => Op::Create,
            Some(Act::Correct) => Op::Correct,
            Some(Act::Withdraw) => Op::Withdraw,
            Some(Act::Step(name)) => Op::Transition { name },
        };
        let days: Vec<NaiveDate> =
            months.iter().take(stage + 1).map(|&month| import_day(self.run, month)).collect();
        let record = body::Record {
            world: &self.world,
            run: self.run,
            number: due.number,
            month: months.first().copied().unwrap_or(0),
            days: &days,
            taken,
        };
        let body = (kind.body)(&record).done();
        self.row += 1;
        Some(DemoEvent {
            recorded_at: at(import_day(self.run, self.month), self.row),
            actor: kind.actor,
            reason: Arc::clone(&self.reason),
            kind: kind.kind,
            id: self.world.id(self.run, due.number),
            source: SourceKey::new(kind.system, key(due.number)),
            op,
            version: u32::from(due.stage) + 1,
            state,
            standing,
            duplicate_of: None,
            body,
        })
    }

    pub(super) fn next(&mut self) -> Option<DemoEvent> {
        if self.month >= MONTHS {
            return None;
        }
        loop {
            if let Some(due) = self.due() {
                return self.event(due);
            }
            if !self.advance() {
                return None;
            }
        }
    }
}

/// One in the morning UTC, ten in Japan, a millisecond per row.
fn at(day: NaiveDate, row: i64) -> DateTime<Utc> {
    day.and_time(NaiveTime::MIN).and_utc() + Duration::hours(1) + Duration::milliseconds(row)
}

/// State and standing after steps.
fn stands(schema: &'static KindSchema, taken: &[Step]) -> (&'static str, Standing) {
    let mut state = schema.initial_state();
    let mut standing = Standing::Active;
    for step in taken {
        match step.act {
            Act::Correct => {}
            Act::Withdraw => standing = Standing::Withdrawn,
            Act::Step(name) => {
                let found = schema.transitions.iter().find(|transition| transition.name == name);
                state = found.map_or(state, |transition| transition.to);
            }
        }
    }
    (state, standing)
}

/// Records of each kind such that the events of all kinds together are exactly
/// `events`. Organisations, which have one event each, take what is left over.
fn counts(events: u64) -> Vec<u64> {
    let mut left = events;
    let mut counts: Vec<u64> = RUNS
        .iter()
        .map(|kind| {
            let share = events * kind.share / 1000;
            let (records, used) = records_for(kind, share);
            left -= used;
            records
        })
        .collect();
    if let Some(first) = counts.first_mut() {
        *first += left;
    }
    counts
}

/// Largest number of records whose events are at most `events`, and those events.
fn records_for(kind: &Kind, events: u64) -> (u64, u64) {
    let length = |number: u64| 1 + (kind.steps)(number).len() as u64;
    let cycle: u64 = (0..kinds::CYCLE).map(length).sum();
    let mut records = events / cycle * kinds::CYCLE;
    let mut used = events / cycle * cycle;
    while used + length(records) <= events {
        used += length(records);
        records += 1;
    }
    (records, used)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lives_repeat_with_the_cycle_and_events_add_up() {
        for kind in RUNS {
            for number in 0..kinds::CYCLE {
                let again = (kind.steps)(number + 7 * kinds::CYCLE);
                assert_eq!((kind.steps)(number).len(), again.len(), "{}", kind.kind);
            }
        }
        assert!((kinds::RUNS[0].steps)(3).is_empty());
        for events in [0, 1, 999, 12_345, 98_765] {
            let counted: u64 = RUNS
                .iter()
                .zip(counts(events))
                .map(|(kind, n)| (0..n).map(|i| 1 + (kind.steps)(i).len() as u64).sum::<u64>())
                .sum();
            assert_eq!(counted, events);
        }
    }

    #[test]
    fn shares_are_of_a_thousand() {
        assert!(RUNS.iter().map(|kind| kind.share).sum::<u64>() <= 1000);
    }
}
