//! OMOP CDM 5.4: tables as data, rows to columns, files to snapshots.

mod cdm;
mod csv_unit;
mod fhir_unit;
mod fuzz;
mod import;
mod parquet_unit;
mod part;
mod rows;
mod table_unit;

pub use cdm::{CdmColumn, CdmTable, CdmType, tables};
pub use csv_unit::Encoding;
pub use fhir_unit::Mapping;
pub use fuzz::{fuzz_fhir, fuzz_omop_csv, fuzz_omop_parquet, fuzz_view};
pub use import::{ImportOptions, Source, StopAt, import};
pub use rows::Identity;
