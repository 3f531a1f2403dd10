//! Protection of generated tables: cells, suppressed cells and value, time, and
//! the attacker's verdict on the output.
//!
//! `cargo bench -p shirube-gate` runs all; a word limits it to the tasks whose
//! name contains it. The tables are made up from a fixed seed.

#![allow(clippy::print_stdout, reason = "a benchmark prints its table")]
#![allow(clippy::indexing_slicing, reason = "a benchmark over tables it makes itself")]

use std::time::Instant;

use shirube_gate::attack::{Attack, Options, Verdict, attack_tables};
use shirube_gate::policy::{Policy, Zeros};
use shirube_gate::protect::{Effort, Task, Weight, primaries, protect};
use shirube_gate::table::{Cell, Dimension, Measure, Table, TableSet};

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
    Dimension::flat(name, "total", parts).unwrap_or_else(|r| fail(&r.to_string()))
}

fn fail(text: &str) -> ! {
    println!("{text}");
    std::process::exit(1)
}

/// Counts with a log-normal spread.
fn spread(name: &str, parts: &[usize], centre: f64) -> TableSet {
    let mut random = Random(7);
    let dimensions = parts
        .iter()
        .enumerate()
        .map(|(n, parts)| dimension(["a", "b", "c", "d", "e"].get(n).unwrap_or(&"x"), *parts))
        .collect();
    let table = Table::from_leaves(name, dimensions, Measure::count(), |_| {
        (centre + 1.2 * random.normal()).exp() as i64
    });
    TableSet::single(table.unwrap_or_else(|r| fail(&r.to_string())))
}

/// Two tables that share their first two dimensions.
fn linked(parts: [usize; 4], centre: f64) -> TableSet {
    let mut random = Random(11);
    let d = |n: usize| dimension(["a", "b", "c", "d"][n], parts[n]);
    let dimensions = vec![d(0), d(1), d(2)];
    let left = Table::from_leaves("abc", dimensions, Measure::count(), |_| {
        (centre + 1.2 * random.normal()).exp() as i64
    })
    .unwrap_or_else(|r| fail(&r.to_string()));
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
                let part = if n + 1 == weights.len() {
                    rest
                } else {
                    ((total as f64 * w / sum) as i64).min(rest)
                };
                rest -= part;
                right.push(part);
            }
        }
    }
    let mut next = right.into_iter();
    let dimensions = vec![d(0), d(1), d(3)];
    let right =
        Table::from_leaves("abd", dimensions, Measure::count(), |_| next.next().unwrap_or(0))
            .unwrap_or_else(|r| fail(&r.to_string()));
    TableSet::linked(vec![left, right])
}

/// Claims over prefecture × age × sex × year; prefectures weigh `1 / rank^skew`.
fn claims(count: usize, skew: f64) -> TableSet {
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
    TableSet::single(table.unwrap_or_else(|r| fail(&r.to_string())))
}

fn judged(attack: &Attack) -> String {
    format!(
        "{} exact, {} weak, {} open",
        attack.count(Verdict::Recoverable),
        attack.count(Verdict::Weak),
        attack.count(Verdict::Undecided)
    )
}

/// Primary suppression alone, as the attacker sees it.
fn primary_only(set: &TableSet, policy: &Policy) -> Attack {
    let mut masked = set.clone();
    for primary in primaries(set, policy, None, |_| None) {
        if let Some(table) = masked.tables.get_mut(primary.cell.table as usize) {
            let mask = policy.mask(table.measure.quantity, policy.threshold, true);
            table.put(primary.cell.cell as usize, Cell::Hidden(mask));
        }
    }
    attack_tables(&masked, &Options { programmes_max: 0, ..Options::deciding(policy.width) })
}

fn run(name: &str, set: &TableSet, policy: &Policy, weight: Weight<'_>, before: bool) {
    let cells: usize = set.tables.iter().map(Table::len).sum();
    let primary = primaries(set, policy, None, |_| None);
    let alone = if before { judged(&primary_only(set, policy)) } else { "-".to_owned() };
    let started = Instant::now();
    let task =
        Task { set, policy, primary: &primary, forced: &[], weight, effort: Effort::default() };
    let outcome = protect(&task);
    let seconds = started.elapsed().as_secs_f64();
    match outcome {
        Ok(safe) => println!(
            "| {name} | {cells} | {} | {} | {} | {} | {seconds:.3} | {:?} | {alone} | {} |",
            policy.width,
            primary.len(),
            safe.secondary.len(),
            safe.secondary_value,
            safe.approach,
            judged(&safe.attack),
        ),
        Err(refusal) => println!(
            "| {name} | {cells} | {} | {} | {refusal} | {seconds:.3} |",
            policy.width,
            primary.len()
        ),
    }
}

fn policy(width: i64, zeros: Zeros) -> Policy {
    match Policy::embedded("ndb-open-data") {
        Ok(policy) => Policy { width, zeros, ..policy },
        Err(refusal) => fail(&refusal.to_string()),
    }
}

fn main() {
    let only: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with("--")).collect();
    let wanted = |name: &str| only.is_empty() || only.iter().any(|w| name.contains(w.as_str()));
    println!(
        "| table | cells | width | primary | secondary | value | seconds | approach | primary alone | attacker |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|");
    for width in [1, 3] {
        for (name, skew) in
            [("claims few prefectures", 3.5), ("claims skewed", 2.0), ("claims even", 0.6)]
        {
            if wanted(name) {
                let set = claims(20_000, skew);
                run(name, &set, &policy(width, Zeros::Shown), Weight::One, true);
                run(
                    &format!("{name}, zeros may go"),
                    &set,
                    &policy(width, Zeros::Candidate),
                    Weight::One,
                    true,
                );
            }
        }
    }
    for (name, parts) in [
        ("spread 10^2", &[9, 9][..]),
        ("spread 10^3", &[9, 9, 9][..]),
        ("spread 10^4", &[24, 19, 19][..]),
        ("spread 10^5", &[47, 20, 9, 9][..]),
        ("spread 10^6", &[99, 99, 9, 9][..]),
    ] {
        if wanted(name) {
            run(name, &spread(name, parts, 4.0), &policy(3, Zeros::Shown), Weight::LogValue, false);
        }
    }
    for (name, parts) in [
        ("linked 10^3", [9, 4, 9, 9]),
        ("linked 10^4", [24, 9, 19, 19]),
        ("linked 10^5", [47, 20, 49, 49]),
        ("linked 10^6", [99, 49, 99, 99]),
    ] {
        if wanted(name) {
            run(name, &linked(parts, 4.0), &policy(3, Zeros::Shown), Weight::LogValue, false);
        }
    }
}
