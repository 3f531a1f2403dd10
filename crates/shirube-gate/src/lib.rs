//! Exit control for tables: what may leave, what must be hidden, and whether
//! what was hidden stays hidden.
//!
//! * [`table`]: tables with dimensions, roll-ups (totals and subtotals), hidden
//!   cells, rounding, and links between tables.
//! * [`policy`]: disclosure rules as data, and the primary rules.
//! * [`attack`]: what an outsider can compute about every hidden cell, with proof.
//! * [`protect`]: complementary suppression, controlled rounding and cell-key
//!   perturbation, each checked by the attacker before it is handed out.
//! * [`read`]: tables from workbooks and CSV files.
//! * [`audit`]: whole releases, findings and reports.
//!
//! Terms follow the Glossary on Statistical Disclosure Control and Hundepool et
//! al., *Statistical Disclosure Control* (Wiley 2012), chapters 4 and 5.

pub mod attack;
pub mod audit;
pub mod policy;
pub mod protect;
pub mod read;
pub mod table;
