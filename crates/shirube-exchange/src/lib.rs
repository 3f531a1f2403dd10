//! Bulk import and export of register records.
//!
//! Import reads CSV (UTF-8 or CP932) and NDJSON into a store; see [`import`] and
//! [`Mapping`]. Export writes CSV, NDJSON or Parquet; see [`export`]. The crate
//! stands apart from the store so that the store does not carry Parquet.

mod bind;
mod cells;
mod codes;
mod decode;
mod error;
mod export;
mod fuzz;
mod import;
mod input;
mod judge;
mod limits;
mod mapping;
mod options;
mod private;
mod progress;
mod proposal;
mod quarantine;
mod report;
mod rows;
mod seen;
mod values;
mod view;

pub use codes::Codes;
pub use decode::Encoding;
pub use error::ExchangeError;
pub use export::{ExportFormat, ExportOptions, ExportReport, Fields, export, export_columns};
pub use fuzz::{fuzz_csv, fuzz_mapping, fuzz_ndjson};
pub use import::import;
pub use input::{Input, InputFacts};
pub use limits::Limits;
pub use mapping::{Mapping, is_delimiter};
pub use options::{ImportOptions, Mode};
pub use progress::{Bar, Progress, Silent, progress};
pub use report::{Counts, Report, SAMPLES};
pub use rows::Format;
