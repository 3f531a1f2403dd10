//! The quality of a snapshot: the 27 kinds of check of the OHDSI Data Quality
//! Dashboard, with thresholds of our own or from the dashboard's CSV files.
//!
//! Tables are read in batches, column by column. What has to be looked up, such
//! as the persons that rows belong to, is held for a part of all keys at a time,
//! so that memory does not grow with the snapshot.

mod checks;
mod html;
mod joins;
mod keys;
mod plain;
mod report;
mod run;
mod scan;
mod thresholds;

pub use checks::{Category, CheckName, Context, Level};
pub use html::{quality_html, quality_page};
pub use report::{CheckResult, QualityReport, Reason, Status, Total};
pub use run::{quality, quality_within};
pub use thresholds::{Bound, CheckSpec, Rule, Thresholds};
