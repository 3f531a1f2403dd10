//! Tables made up from a fixed seed.

use shirube_gate::table::{Dimension, Measure, Table, TableSet};

use crate::fail;

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn share(&mut self) -> f64 {
        f64::from(u32::try_from(self.next() >> 32).unwrap_or(0)) / 4_294_967_296.0
    }

    /// Normal with mean zero and variance one (sum of twelve).
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.share()).sum::<f64>() - 6.0
    }

    fn pick(&mut self, weights: &[f64]) -> usize {
        let mut left = self.share() * weights.iter().sum::<f64>();
        for (at, weight) in weights.iter().enumerate() {
            left -= weight;
            if left < 0.0 {
                return at;
            }
        }
        weights.len() - 1
    }
}

fn dimension(name: &str, parts: usize) -> Dimension {
    let parts: Vec<String> = (1..=parts).map(|n| format!("{name}{n}")).collect();
    Dimension::flat(name, "total", parts).unwrap_or_else(|r| fail(&r))
}

/// Counts with a log-normal spread.
pub fn spread(parts: &[usize], centre: f64) -> TableSet {
    let mut random = Random(7);
    let names = ["a", "b", "c", "d", "e"];
    let dimensions = parts.iter().zip(names).map(|(n, name)| dimension(name, *n)).collect();
    let table = Table::from_leaves("spread", dimensions, Measure::count(), |_| {
        (centre + 1.2 * random.normal()).exp() as i64
    });
    TableSet::single(table.unwrap_or_else(|r| fail(&r)))
}

/// Two tables that share their first two dimensions.
pub fn linked(parts: [usize; 4], centre: f64) -> TableSet {
    let mut random = Random(11);
    let d = |n: usize| dimension(["a", "b", "c", "d"][n], parts[n]);
    let dimensions = vec![d(0), d(1), d(2)];
    let left = Table::from_leaves("abc", dimensions, Measure::count(), |_| {
        (centre + 1.2 * random.normal()).exp() as i64
    })
    .unwrap_or_else(|r| fail(&r));
    // The second table splits each a × b total over d.
    let mut right = Vec::new();
    for a in 1..=parts[0] {
        for b in 1..=parts[1] {
            let number = left.number(&[a as u32, b as u32, 0]).unwrap_or(0);
            let total = left.cell(number).published().unwrap_or(0);
            let weights: Vec<f64> = (0..parts[3]).map(|_| random.normal().exp()).collect();
            let sum: f64 = weights.iter().sum();
            let mut rest = total;
            for (n, w) in weights.iter().enumerate() {
                let last = n + 1 == weights.len();
                let part = if last { rest } else { ((total as f64 * w / sum) as i64).min(rest) };
                rest -= part;
                right.push(part);
            }
        }
    }
    let mut next = right.into_iter();
    let dimensions = vec![d(0), d(1), d(3)];
    let right =
        Table::from_leaves("abd", dimensions, Measure::count(), |_| next.next().unwrap_or(0))
            .unwrap_or_else(|r| fail(&r));
    TableSet::linked(vec![left, right])
}

/// Claims over prefecture × age × sex × year; prefectures weigh `1 / rank^skew`.
pub fn claims(count: usize, skew: f64) -> TableSet {
    let mut random = Random(3);
    let prefectures: Vec<f64> = (1..=47).map(|n| f64::from(n).powf(-skew)).collect();
    let ages: Vec<f64> = (0..20).map(|n| 1.0 + f64::from(n).min(14.0) / 5.0).collect();
    let mut counts = vec![0_i64; 47 * 20 * 2 * 3];
    for _ in 0..count {
        let (p, a) = (random.pick(&prefectures), random.pick(&ages));
        let (s, y) = (random.pick(&[1.0, 1.1]), random.pick(&[1.0, 1.0, 1.0]));
        counts[((p * 20 + a) * 2 + s) * 3 + y] += 1;
    }
    let mut next = counts.into_iter();
    let dimensions = vec![
        dimension("prefecture", 47),
        dimension("age", 20),
        dimension("sex", 2),
        dimension("year", 3),
    ];
    let table =
        Table::from_leaves("claims", dimensions, Measure::count(), |_| next.next().unwrap_or(0));
    TableSet::single(table.unwrap_or_else(|r| fail(&r)))
}
