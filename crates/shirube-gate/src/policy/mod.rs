//! Disclosure rules as data, and the primary rules.
//!
//! A [`Policy`] is a TOML text: thresholds, dominance and concentration rules,
//! how masked cells are marked, the width that protects. [`sensitive`] applies
//! the primary rules to the cells of a table.

mod primary;
mod rule;

pub use primary::{Contributions, Reason, sensitive, sensitive_set};
pub use rule::{CellKeyRule, Dominance, EMBEDDED, Margins, Marks, MeasureRule, Policy, Zeros};
