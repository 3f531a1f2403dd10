//! Randomness that depends on its seed alone.

/// SplitMix64: small, fast, and the same on every machine.
#[derive(Debug, Clone)]
pub(crate) struct Rng(u64);

const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

impl Rng {
    /// The stream that belongs to one thing: a seed, a label and a number.
    pub(crate) fn of(seed: u64, label: u64, number: u64) -> Self {
        Self(
            mix(mix(seed.wrapping_add(STEP)) ^ mix(label.wrapping_mul(STEP)).rotate_left(17))
                .wrapping_add(mix(number.wrapping_add(1).wrapping_mul(STEP))),
        )
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(STEP);
        mix(self.0)
    }

    /// A number below `end`; 0 when `end` is 0.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        // The high half of a product: no division, and a bias below 2⁻³² for
        // the small ranges used here.
        let wide = u128::from(self.next()) * u128::from(end);
        u64::try_from(wide >> 64).unwrap_or(0)
    }

    /// A number from `low` to `high`, both included.
    pub(crate) fn between(&mut self, low: i64, high: i64) -> i64 {
        let span = u64::try_from(high.saturating_sub(low)).unwrap_or(0);
        low + i64::try_from(self.below(span + 1)).unwrap_or(0)
    }

    /// True in `per_mille` of a thousand cases.
    pub(crate) fn chance(&mut self, per_mille: u64) -> bool {
        self.below(1000) < per_mille
    }

    /// One of several codes.
    pub(crate) fn code(&mut self, from: &[&'static str]) -> &'static str {
        self.one(from).copied().unwrap_or_default()
    }

    /// One of several things; `None` when there are none.
    pub(crate) fn one<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        from.get(usize::try_from(self.below(from.len() as u64)).unwrap_or(0))
    }

    /// One of several codes, the first of each pair being its weight.
    pub(crate) fn weighted(&mut self, from: &[(u64, &'static str)]) -> &'static str {
        let mut left = self.below(from.iter().map(|(weight, _)| weight).sum());
        for (weight, code) in from {
            if left < *weight {
                return code;
            }
            left -= weight;
        }
        ""
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_fixed_and_apart() {
        // First outputs of SplitMix64 for seed 0, as published with the algorithm.
        let mut plain = Rng(0);
        assert_eq!(plain.next(), 0xe220_a839_7b1d_cdaf);
        assert_eq!(plain.next(), 0x6e78_9e6a_a1b9_65f4);
        let first = |seed, label, number| Rng::of(seed, label, number).next();
        assert_eq!(first(1, 2, 3), first(1, 2, 3));
        assert_ne!(first(1, 2, 3), first(1, 3, 2));
        assert_ne!(first(1, 2, 3), first(2, 2, 3));
    }

    #[test]
    fn draws_stay_in_their_range_and_reach_its_ends() {
        let mut rng = Rng::of(1, 1, 1);
        let draws: Vec<i64> = (0..1000).map(|_| rng.between(-2, 2)).collect();
        assert_eq!(draws.iter().min(), Some(&-2));
        assert_eq!(draws.iter().max(), Some(&2));
        assert_eq!((rng.below(0), rng.code(&[])), (0, ""));
        let heavy = (0..1000).filter(|_| rng.weighted(&[(9, "a"), (1, "b")]) == "a").count();
        assert!((850..950).contains(&heavy), "{heavy}");
    }
}
