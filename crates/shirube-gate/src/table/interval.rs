//! Closed intervals of whole numbers, open to either side.

use serde::ser::{Serialize, SerializeTuple, Serializer};

/// A closed interval of whole numbers. `lo == i64::MIN` means no lower bound,
/// `hi == i64::MAX` no upper bound. Serialised as `[lo, hi]` with `null` for
/// an open side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Interval {
    /// Least value, `i64::MIN` when there is none.
    pub lo: i64,
    /// Greatest value, `i64::MAX` when there is none.
    pub hi: i64,
}

impl Interval {
    /// Zero and everything above: all that is known of an unmarked count.
    pub const NON_NEGATIVE: Self = Self { lo: 0, hi: i64::MAX };
    /// Nothing known.
    pub const ALL: Self = Self { lo: i64::MIN, hi: i64::MAX };

    /// From `lo` to `hi`, both included.
    #[must_use]
    pub const fn new(lo: i64, hi: i64) -> Self {
        Self { lo, hi }
    }

    /// The single value `value`.
    #[must_use]
    pub const fn point(value: i64) -> Self {
        Self { lo: value, hi: value }
    }

    /// `lo` and everything above.
    #[must_use]
    pub const fn at_least(lo: i64) -> Self {
        Self { lo, hi: i64::MAX }
    }

    /// Whether there is a lower bound.
    #[must_use]
    pub const fn has_lo(self) -> bool {
        self.lo != i64::MIN
    }

    /// Whether there is an upper bound.
    #[must_use]
    pub const fn has_hi(self) -> bool {
        self.hi != i64::MAX
    }

    /// `hi - lo`, or `None` when a side is open. Negative when nothing fits.
    #[must_use]
    pub fn width(self) -> Option<i64> {
        (self.has_lo() && self.has_hi()).then(|| self.hi.saturating_sub(self.lo))
    }

    /// Whether both ends are the same value.
    #[must_use]
    pub fn is_point(self) -> bool {
        self.lo == self.hi
    }

    /// Whether no value fits.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.lo > self.hi
    }

    /// Whether `value` fits.
    #[must_use]
    pub fn contains(self, value: i64) -> bool {
        self.lo <= value && value <= self.hi
    }

    /// What fits both.
    #[must_use]
    pub fn meet(self, other: Self) -> Self {
        Self { lo: self.lo.max(other.lo), hi: self.hi.min(other.hi) }
    }

    /// Whether the interval is at least `width` wide.
    #[must_use]
    pub fn at_least_wide(self, width: i64) -> bool {
        self.width().is_none_or(|own| own >= width)
    }
}

impl Serialize for Interval {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut pair = serializer.serialize_tuple(2)?;
        pair.serialize_element(&self.has_lo().then_some(self.lo))?;
        pair.serialize_element(&self.has_hi().then_some(self.hi))?;
        pair.end()
    }
}
