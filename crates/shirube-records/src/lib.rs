//! Person-level records: FHIR resources to tables, OMOP CDM files to snapshots,
//! pseudonyms, and a made-up population.
//!
//! [`Views`] runs SQL-on-FHIR v2 ViewDefinitions over resources. [`import`]
//! makes an immutable [`Snapshot`] in the OMOP CDM 5.4 from OMOP CSV and Parquet
//! files or FHIR R4 files, and [`quality`](mod@quality) checks it. Nothing here carries a value of a record into a message:
//! refusals name the rule and the place.

mod error;
pub mod input;
pub mod json;
mod omop;
mod path;
pub mod population;
mod pseudonym;
pub mod quality;
mod snapshot;
mod view;

pub use error::RecordsError;
pub use input::Limits;
pub use omop::{
    CdmColumn, CdmTable, CdmType, Identity, ImportOptions, Mapping, Source, StopAt, import, tables,
};
#[doc(hidden)]
pub use omop::{fuzz_fhir, fuzz_omop_csv, fuzz_omop_parquet, fuzz_view};
pub use pseudonym::{PseudonymKey, Pseudonyms};
pub use snapshot::{Manifest, Part, Snapshot, SourceFile, UnmappedCode};
pub use view::{Columns, Holds, Value, View, ViewColumn, Views};
