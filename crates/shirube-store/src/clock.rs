//! Where the ledger's time comes from.

use std::fmt::Debug;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};

/// Gives the time an event is recorded at.
pub trait Clock: Debug + Send + Sync {
    /// The present moment.
    fn now(&self) -> DateTime<Utc>;

    /// Whether the time is made up. A live store refuses such a clock.
    fn is_simulated(&self) -> bool {
        true
    }
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }

    fn is_simulated(&self) -> bool {
        false
    }
}

/// A clock that stands still until it is set.
#[derive(Debug)]
pub struct FixedClock(Mutex<DateTime<Utc>>);

impl FixedClock {
    /// Stands at `time`.
    #[must_use]
    pub fn new(time: DateTime<Utc>) -> Self {
        Self(Mutex::new(time))
    }

    /// Moves to `time`, forwards or backwards.
    pub fn set(&self, time: DateTime<Utc>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = time;
    }
}

impl Clock for FixedClock {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A clock that moves on by the same step each time it is read.
#[derive(Debug)]
pub struct SteppingClock {
    next: Mutex<DateTime<Utc>>,
    step: TimeDelta,
}

impl SteppingClock {
    /// Gives `start` first, then `start + step`, and so on.
    #[must_use]
    pub fn new(start: DateTime<Utc>, step: TimeDelta) -> Self {
        Self { next: Mutex::new(start), step }
    }

    /// Makes `time` the next reading.
    pub fn set(&self, time: DateTime<Utc>) {
        *self.next.lock().unwrap_or_else(PoisonError::into_inner) = time;
    }
}

impl Clock for SteppingClock {
    fn now(&self) -> DateTime<Utc> {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let now = *next;
        *next = now + self.step;
        now
    }
}

/// The time as the ledger keeps it: whole microseconds, never before the
/// previous event. A clock that goes backwards therefore repeats the previous
/// time instead of breaking the order.
pub(crate) fn monotone(previous: DateTime<Utc>, now: DateTime<Utc>) -> DateTime<Utc> {
    now.trunc_subsecs(6).max(previous)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_never_goes_backwards() {
        let early = DateTime::from_timestamp(1_000, 123_456_789).unwrap();
        let late = DateTime::from_timestamp(2_000, 0).unwrap();
        assert_eq!(monotone(late, early), late);
        assert_eq!(monotone(early.trunc_subsecs(6), late), late);
        assert_eq!(monotone(DateTime::UNIX_EPOCH, early).timestamp_subsec_nanos(), 123_456_000);
    }

    #[test]
    fn a_stepping_clock_moves_by_its_step() {
        let clock = SteppingClock::new(DateTime::UNIX_EPOCH, TimeDelta::seconds(5));
        assert_eq!(clock.now(), DateTime::UNIX_EPOCH);
        assert_eq!(clock.now(), DateTime::from_timestamp(5, 0).unwrap());
    }
}
