//! The policy text.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use shirube_model::lang::LocalText;
use shirube_model::refusal::Refusal;

use crate::table::{Interval, Quantity};

/// Policies that come with the product: id and text.
pub const EMBEDDED: &[(&str, &str)] = &[
    ("ndb-open-data", include_str!("../../policies/ndb-open-data.toml")),
    ("ndb-publication", include_str!("../../policies/ndb-publication.toml")),
    ("census-cell-key", include_str!("../../policies/census-cell-key.toml")),
    ("small-registry", include_str!("../../policies/small-registry.toml")),
    ("custom", include_str!("../../policies/custom.toml")),
];

/// Whether counts of zero are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Zeros {
    /// Always printed: a masked count is at least one, and everybody knows.
    #[default]
    Shown,
    /// Masked like other small counts.
    Hidden,
    /// Printed, but may be masked to protect another cell.
    Candidate,
}

/// Whether masks tell primary from complementary suppression.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Marks {
    /// One mark for both.
    #[default]
    Same,
    /// Two marks: a primary mark tells that the count is below the threshold.
    Distinct,
}

/// The `(n, k)` rule: a sum is sensitive when its `contributors` largest
/// contributors make up more than `percent` of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dominance {
    /// n.
    pub contributors: usize,
    /// k, in per cent.
    pub percent: u32,
}

/// A threshold that one measure has of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MeasureRule {
    /// Values from one (in the unit as printed) to below this are sensitive.
    pub threshold: i64,
}

/// How totals of a perturbed table come about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Margins {
    /// Each total by its own key: accurate, but parts need not add up.
    #[default]
    Independent,
    /// Sums of perturbed inner cells: additive, but less accurate.
    Summed,
}

/// Parameters of the cell-key method.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CellKeyRule {
    /// Largest noise in either direction.
    pub noise_max: u32,
    /// Variance of the noise, where the range leaves room for it.
    pub variance: f64,
    /// Smallest count above zero that may appear.
    pub smallest_shown: u32,
    /// How totals come about.
    pub margins: Margins,
}

/// A disclosure policy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Stable id.
    pub id: String,
    /// Name for readers.
    pub title: LocalText,
    /// Where the rules come from.
    pub source: LocalText,
    /// Counts from one to below this are sensitive; zero switches the rule off.
    pub threshold: i64,
    /// Whether zeros are printed.
    #[serde(default)]
    pub zeros: Zeros,
    /// Whether masks tell primary from complementary.
    #[serde(default)]
    pub marks: Marks,
    /// Narrowest width (greatest less least possible value) that protects.
    pub width: i64,
    /// Fewest institutions behind a printed number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub institutions_min: Option<u64>,
    /// The p % rule for sums, with the second largest contributor as attacker.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p_percent: Option<u32>,
    /// Base of controlled rounding, where the policy rounds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rounding: Option<i64>,
    /// The (n, k) rule for sums.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dominance: Option<Dominance>,
    /// Thresholds by measure id.
    #[serde(default)]
    pub measures: BTreeMap<String, MeasureRule>,
    /// The cell-key method, where the policy perturbs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cell_key: Option<CellKeyRule>,
}

impl Policy {
    /// Reads a policy text; `file` names it in a refusal.
    ///
    /// # Errors
    /// `gate.policy.unreadable`, `gate.policy.value`.
    pub fn read(file: &str, text: &str) -> Result<Self, Refusal> {
        let policy: Self = toml::from_str(text).map_err(|error| {
            let line = error.span().map_or(0, |span| {
                text.get(..span.start).map_or(0, |head| head.lines().count().max(1))
            });
            Refusal::new("gate.policy.unreadable")
                .arg("detail", error.message())
                .file(file)
                .line(u64::try_from(line).unwrap_or(0))
        })?;
        policy.check().map_err(|refusal| refusal.file(file))?;
        Ok(policy)
    }

    /// A policy that comes with the product.
    ///
    /// # Errors
    /// `gate.policy.unknown`.
    pub fn embedded(id: &str) -> Result<Self, Refusal> {
        let (name, text) = EMBEDDED.iter().find(|(name, _)| *name == id).ok_or_else(|| {
            let known: Vec<&str> = EMBEDDED.iter().map(|(name, _)| *name).collect();
            Refusal::new("gate.policy.unknown").arg("policy", id).arg("known", known.join(", "))
        })?;
        Self::read(name, text)
    }

    fn check(&self) -> Result<(), Refusal> {
        let bad = |field: &str| Err(Refusal::new("gate.policy.value").field(field));
        if self.threshold < 0 {
            return bad("threshold");
        }
        if self.width < 1 {
            return bad("width");
        }
        if self.p_percent.is_some_and(|p| p == 0 || p > 1000) {
            return bad("p_percent");
        }
        if self.rounding.is_some_and(|base| base < 2) {
            return bad("rounding");
        }
        if self.dominance.is_some_and(|d| d.contributors == 0 || d.percent == 0 || d.percent > 100)
        {
            return bad("dominance");
        }
        if let Some((id, _)) = self.measures.iter().find(|(_, rule)| rule.threshold < 0) {
            return bad(&format!("measures.{id}"));
        }
        match self.cell_key {
            Some(rule)
                if rule.noise_max == 0
                    || rule.noise_max > 100
                    || rule.variance.is_nan()
                    || rule.variance <= 0.0
                    || rule.smallest_shown > rule.noise_max + 1 =>
            {
                bad("cell_key")
            }
            _ => Ok(()),
        }
    }

    /// Threshold for a measure, in the unit as printed.
    #[must_use]
    pub fn threshold_for(&self, measure: Option<&str>) -> i64 {
        measure.and_then(|id| self.measures.get(id)).map_or(self.threshold, |rule| rule.threshold)
    }

    /// What a mask tells of a number that cannot be negative. `threshold` is in
    /// the smallest unit.
    #[must_use]
    pub fn mask(&self, quantity: Quantity, threshold: i64, primary: bool) -> Interval {
        let least = i64::from(self.zeros == Zeros::Shown && quantity == Quantity::Count);
        match self.marks {
            Marks::Distinct if primary && threshold > 0 => {
                Interval::new(least, threshold.saturating_sub(1))
            }
            _ => Interval::at_least(least),
        }
    }
}
