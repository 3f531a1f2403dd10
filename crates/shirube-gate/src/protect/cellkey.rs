//! Perturbation by cell keys.
//!
//! Every record has a random key; a cell's key is the sum of the keys of its
//! records modulo 2^32, so the same group of persons gets the same noise in
//! every table, and repeating a query averages nothing out (Fraser and Wooton
//! 2005; Marley and Leaver 2011). The noise has mean zero, is bounded, keeps
//! zeros, never leaves a small count visible, and otherwise has the largest
//! entropy for its variance (Giessing 2016).

use sha2::{Digest, Sha256};
use shirube_model::refusal::Refusal;

use crate::policy::{CellKeyRule, Margins};
use crate::table::{Cell, CellRef, Dimension, Quantity, Table, TableSet};

/// A record's key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RecordKey(pub u32);

impl RecordKey {
    /// The key of a record under a secret.
    #[must_use]
    pub fn derive(secret: &[u8], record: &[u8]) -> Self {
        let mut hash = Sha256::new();
        hash.update(u64::try_from(secret.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(secret);
        hash.update(record);
        let digest = hash.finalize();
        let mut bytes = [0_u8; 4];
        for (to, from) in bytes.iter_mut().zip(digest.iter()) {
            *to = *from;
        }
        Self(u32::from_be_bytes(bytes))
    }

    /// The key of a cell: the sum of its records' keys modulo 2^32.
    #[must_use]
    pub fn sum(keys: impl IntoIterator<Item = Self>) -> Self {
        Self(keys.into_iter().fold(0, |sum, key| sum.wrapping_add(key.0)))
    }
}

/// Noise by count and key.
#[derive(Debug, Clone, PartialEq)]
pub struct NoiseTable {
    /// For each count up to the last, `(noise, probability)` by ascending noise;
    /// larger counts use the last entry.
    rows: Vec<Vec<(i64, f64)>>,
}

impl NoiseTable {
    /// The noise of a rule.
    #[must_use]
    pub fn new(rule: &CellKeyRule) -> Self {
        let last = rule.noise_max.saturating_add(rule.smallest_shown).max(1);
        let rows = (0..=last).map(|count| row(rule, i64::from(count))).collect();
        Self { rows }
    }

    /// Possible noises of a count, with their probabilities.
    #[must_use]
    pub fn noises(&self, count: i64) -> &[(i64, f64)] {
        let at = usize::try_from(count.max(0)).unwrap_or(usize::MAX).min(self.rows.len() - 1);
        self.rows.get(at).map_or(&[], Vec::as_slice)
    }

    /// The noise of a count with a key.
    #[must_use]
    pub fn noise(&self, count: i64, key: RecordKey) -> i64 {
        let share = f64::from(key.0) / 4_294_967_296.0;
        let mut sum = 0.0;
        let row = self.noises(count);
        for (noise, probability) in row {
            sum += probability;
            if share < sum {
                return *noise;
            }
        }
        row.last().map_or(0, |(noise, _)| *noise)
    }
}

/// Noise of one count: the exponential family over the allowed noises whose
/// mean is zero and whose variance is the rule's, or as near as can be.
fn row(rule: &CellKeyRule, count: i64) -> Vec<(i64, f64)> {
    if count == 0 {
        return vec![(0, 1.0)];
    }
    let reach = i64::from(rule.noise_max);
    let allowed: Vec<i64> = (-reach..=reach)
        .filter(|noise| {
            let shown = count + noise;
            shown == 0 || shown >= i64::from(rule.smallest_shown).max(1)
        })
        .collect();
    let reachable = |positive: bool| allowed.iter().any(|d| (*d > 0) == positive && *d != 0);
    if !reachable(true) || !reachable(false) {
        // No mean of zero: stay where allowed, else the nearest value.
        let nearest = allowed.iter().min_by_key(|d| (d.abs(), **d)).copied().unwrap_or(0);
        return vec![(nearest, 1.0)];
    }
    // The variance falls as the curvature grows; the mean rises with the slope.
    let (mut low, mut high) = (-8.0_f64, 8.0_f64);
    for _ in 0..80 {
        let middle = f64::midpoint(low, high);
        let weights = centred(&allowed, middle);
        let variance: f64 = allowed.iter().zip(&weights).map(|(d, p)| p * square(*d)).sum();
        if variance > rule.variance {
            low = middle;
        } else {
            high = middle;
        }
    }
    allowed.iter().copied().zip(centred(&allowed, f64::midpoint(low, high))).collect()
}

/// Probabilities proportional to `exp(slope d - curvature d^2)` with mean zero.
fn centred(allowed: &[i64], curvature: f64) -> Vec<f64> {
    let weights = |slope: f64| -> Vec<f64> {
        let raw: Vec<f64> =
            allowed.iter().map(|d| slope * real(*d) - curvature * square(*d)).collect();
        let top = raw.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let sum: f64 = raw.iter().map(|w| (w - top).exp()).sum();
        raw.iter().map(|w| (w - top).exp() / sum).collect()
    };
    let (mut low, mut high) = (-200.0_f64, 200.0_f64);
    for _ in 0..120 {
        let middle = f64::midpoint(low, high);
        let mean: f64 = allowed.iter().zip(weights(middle)).map(|(d, p)| real(*d) * p).sum();
        if mean < 0.0 {
            low = middle;
        } else {
            high = middle;
        }
    }
    weights(f64::midpoint(low, high))
}

fn real(value: i64) -> f64 {
    i32::try_from(value).map_or(0.0, f64::from)
}

fn square(value: i64) -> f64 {
    real(value) * real(value)
}

/// Perturbs every count of a set; `key` gives the key of each cell.
///
/// # Errors
/// `gate.protect.cell_key_counts` when a table does not hold counts.
pub fn perturb(
    set: &TableSet,
    rule: &CellKeyRule,
    key: impl Fn(CellRef) -> RecordKey,
) -> Result<TableSet, Refusal> {
    let noise = NoiseTable::new(rule);
    let mut out = set.clone();
    for (at, table) in out.tables.iter_mut().enumerate() {
        if table.measure.quantity != Quantity::Count {
            return Err(Refusal::new("gate.protect.cell_key_counts").arg("table", &table.name));
        }
        for number in 0..table.len() {
            if let Cell::Published(count) = table.cell(number) {
                let by = noise.noise(count, key(CellRef::new(at, number)));
                table.put(number, Cell::Published(count + by));
            }
        }
        if rule.margins == Margins::Summed {
            *table = summed(table)?;
        }
    }
    Ok(out)
}

/// The table with its totals as sums of its leaves.
fn summed(table: &Table) -> Result<Table, Refusal> {
    let dimensions: Vec<Dimension> = table.dimensions().to_vec();
    let mut sums =
        Table::from_leaves(table.name.clone(), dimensions, table.measure.clone(), |address| {
            table.number(address).and_then(|n| table.cell(n).published()).unwrap_or(0)
        })?;
    for number in 0..table.len() {
        if table.cell(number).published().is_none() {
            sums.put(number, table.cell(number));
        }
    }
    Ok(sums)
}
