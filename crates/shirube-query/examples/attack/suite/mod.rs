//! Attacks on a gate, defined once: the report runs them at length, the tests in
//! a shorter form.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "an attack that cannot be carried out has to be seen"
)]

pub mod attacks;
pub mod channels;
pub mod gates;
pub mod question;
pub mod solve;
pub mod utility;

use gates::Lab;

/// What an attack came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// So many of so many trials told more than the policy allows.
    Score { trials: usize, successes: usize },
    /// It cannot be carried out against this gate.
    NotApplicable,
}

/// How far a run goes.
#[derive(Debug, Clone, Copy)]
pub struct Effort {
    /// Trials of an attack.
    pub trials: usize,
    /// Most questions of an attack that needs many.
    pub many: usize,
}

/// A known attack.
pub struct Attack {
    pub id: &'static str,
    pub knows: &'static str,
    pub tries: &'static str,
    pub success: &'static str,
    pub run: fn(&Lab<'_>, Effort) -> Outcome,
}

/// Every attack, those by numbers first.
pub fn all() -> Vec<&'static Attack> {
    attacks::ATTACKS.iter().chain(channels::ATTACKS).collect()
}

pub(crate) fn score(results: impl IntoIterator<Item = bool>) -> Outcome {
    let results: Vec<bool> = results.into_iter().collect();
    if results.is_empty() {
        return Outcome::NotApplicable;
    }
    let successes = results.iter().filter(|told| **told).count();
    Outcome::Score { trials: results.len(), successes }
}

/// Randomness that is the same in every run: SplitMix64.
pub struct Draw(pub u64);

impl Draw {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(n.max(1)).unwrap()).unwrap()
    }

    pub fn half<T: Clone>(&mut self, of: &[T]) -> Vec<T> {
        of.iter().filter(|_| self.next().is_multiple_of(2)).cloned().collect()
    }
}
