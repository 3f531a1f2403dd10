//! Cells, and what their numbers measure.

use serde::Serialize;

use super::Interval;

/// What is known of one position of a table. Values are in the measure's
/// smallest unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Default)]
#[serde(rename_all = "snake_case", tag = "state", content = "value")]
pub enum Cell {
    /// A number is printed.
    Published(i64),
    /// A range is printed; the cell is not under protection.
    Range(Interval),
    /// A mask mark is printed. The interval is what the mark itself tells, such
    /// as 1 to 9 for "below ten, zero is shown", or zero and above.
    Hidden(Interval),
    /// Nothing is printed at this position.
    #[default]
    Missing,
}

impl Cell {
    /// Whether the cell carries a mask mark.
    #[must_use]
    pub fn is_hidden(self) -> bool {
        matches!(self, Self::Hidden(_))
    }

    /// The printed number.
    #[must_use]
    pub fn published(self) -> Option<i64> {
        match self {
            Self::Published(value) => Some(value),
            _ => None,
        }
    }
}

/// What kind of quantity a table holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Quantity {
    /// Whole numbers of persons, claims or other units: bounds are whole numbers.
    #[default]
    Count,
    /// Amounts: any real number is possible between two bounds.
    Magnitude,
}

/// Quantity, unit and rounding of a table's numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Default)]
pub struct Measure {
    /// Count or magnitude.
    pub quantity: Quantity,
    /// Unit as printed, such as `人` or `千円`; empty when none is.
    pub unit: String,
    /// Digits after the decimal point: a value `v` stands for `v / 10^decimals`.
    pub decimals: u32,
    /// Rounding base in the smallest unit, when printed numbers were rounded:
    /// the true number lies within half a base of the printed one.
    pub rounding: Option<i64>,
    /// Whether numbers below zero can occur.
    pub signed: bool,
}

impl Measure {
    /// Counts, exact as printed.
    #[must_use]
    pub fn count() -> Self {
        Self::default()
    }

    /// Amounts with `decimals` printed digits after the point, exact as printed.
    #[must_use]
    pub fn magnitude(unit: impl Into<String>, decimals: u32) -> Self {
        Self { quantity: Quantity::Magnitude, unit: unit.into(), decimals, ..Self::default() }
    }

    /// The same measure with numbers rounded to multiples of `base`.
    #[must_use]
    pub fn rounded(mut self, base: i64) -> Self {
        self.rounding = (base > 1).then_some(base);
        self
    }

    /// All that is known of a number before anything is printed.
    #[must_use]
    pub fn possible(&self) -> Interval {
        if self.signed { Interval::ALL } else { Interval::NON_NEGATIVE }
    }

    /// What a printed number says about the true one. Half a base is rounded
    /// outward for counts of an odd base, so the true number always fits.
    #[must_use]
    pub fn behind(&self, printed: i64) -> Interval {
        match self.rounding {
            None => Interval::point(printed),
            Some(base) => {
                let half = base / 2;
                let range =
                    Interval::new(printed.saturating_sub(half), printed.saturating_add(half));
                range.meet(self.possible())
            }
        }
    }
}
