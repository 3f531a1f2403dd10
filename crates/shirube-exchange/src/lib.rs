//! Bulk import and export of register records.
//!
//! Budget review sheets, papers and the records a pack brings along have
//! importers of their own; see [`import_review_sheets`], [`census`] and
//! [`enter_evidence`].
//!
//! FHIR Consent resources become choices of the register `use_choice` and back;
//! see [`read_consent`].
//!
//! Import reads CSV (UTF-8 or CP932) and NDJSON into a store; see [`import`] and
//! [`Mapping`]. Export writes CSV, NDJSON or Parquet; see [`export`]. The crate
//! stands apart from the store so that the store does not carry Parquet.

mod bind;
mod cells;
mod codes;
mod consent;
mod decode;
mod error;
mod evidence;
mod export;
mod fuzz;
mod import;
mod input;
mod judge;
mod limits;
mod links;
mod mapping;
mod openalex;
mod options;
mod private;
mod progress;
mod proposal;
mod quarantine;
mod report;
mod review;
mod rows;
mod seen;
mod values;
mod view;

pub use codes::Codes;
pub use consent::{
    Entered, Found, Numbers, ReadChoice, ReadNotice, choices_of, enter_choices, enter_notices,
    for_each_consent, read_consent, read_notices, records_of, write_consent,
};
pub use decode::Encoding;
pub use error::ExchangeError;
pub use evidence::{EvidenceReport, enter_evidence, pack_system};
pub use export::{ExportFormat, ExportOptions, ExportReport, Fields, export, export_columns};
pub use fuzz::{fuzz_csv, fuzz_mapping, fuzz_ndjson};
pub use import::import;
pub use input::{Input, InputFacts};
pub use limits::Limits;
pub use links::{
    LINK_METHOD, LINK_SYSTEM, LinkQuality, LinkRanker, ProgrammeText, SCORE_MIN, SuggestReport,
    Suggestion, decided_body, link_quality, record_suggestions,
};
pub use mapping::{Mapping, is_delimiter};
pub use openalex::{
    Census, Counting, FIELDS, Level, PaperCell, Passed, Publication, Work, census, read_works,
};
pub use options::{ImportOptions, Mode};
pub use progress::{Bar, Progress, Silent, progress};
pub use report::{Counts, Report, SAMPLES};
pub use review::{
    Payment, REVIEW_SYSTEM, RefusedSheet, ReviewOptions, ReviewReport, Rule, Sheet, Sheets,
    import_review_sheets, ministry_of, read_sheets,
};
pub use rows::Format;
