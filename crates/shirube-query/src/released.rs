//! What leaves the gate.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::kind::Key;

/// A field of a result row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is", content = "value")]
pub enum Field {
    /// Head of the row.
    Head(Key),
    /// A count.
    Count(i64),
    /// A sum or an average, in decimal digits; averages have six places.
    Number(String),
    /// No value: an average over nothing.
    Nothing,
    /// Not shown.
    Masked,
}

/// A result that passed the gate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Released {
    /// Names of the columns.
    pub columns: Vec<String>,
    /// Rows in order of their heads.
    pub rows: Vec<Vec<Field>>,
    /// Number of the ledger's entry.
    pub entry: u64,
    /// Snapshot.
    pub snapshot: String,
    /// Policy.
    pub policy: String,
    /// Its version.
    pub policy_version: u32,
}

impl Released {
    /// SHA-256 over columns and rows, in hexadecimal.
    #[must_use]
    pub fn digest(&self) -> String {
        let text = serde_json::to_vec(&(&self.columns, &self.rows)).unwrap_or_default();
        hex::encode(Sha256::digest(text))
    }
}

/// Millionths as decimal digits without trailing zeros.
pub(crate) fn decimal(millionths: i128) -> String {
    let sign = if millionths < 0 { "-" } else { "" };
    let size = millionths.unsigned_abs();
    let (whole, part) = (size / 1_000_000, size % 1_000_000);
    if part == 0 {
        return format!("{sign}{whole}");
    }
    let part = format!("{part:06}");
    format!("{sign}{whole}.{}", part.trim_end_matches('0'))
}

/// The quotient in millionths, half away from zero.
pub(crate) fn quotient(sum: i128, count: i128) -> Option<i128> {
    let twice = sum.checked_mul(2)?;
    let half = if sum < 0 { -count } else { count };
    twice.checked_add(half)?.checked_div(count.checked_mul(2)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_and_quotients() {
        for (value, text) in [(0, "0"), (-1, "-0.000001"), (1_500_000, "1.5"), (-2_000_000, "-2")] {
            assert_eq!(decimal(value), text);
        }
        for (sum, count, wanted) in
            [(7, 2, Some(4)), (-7, 2, Some(-4)), (6, 3, Some(2)), (1, 3, Some(0)), (1, 0, None)]
        {
            assert_eq!(quotient(sum, count), wanted, "{sum}/{count}");
        }
    }
}
