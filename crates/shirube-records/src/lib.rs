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
mod scan;
mod snapshot;
mod view;

pub use error::RecordsError;
pub use input::Limits;
pub use omop::{
    CdmColumn, CdmTable, CdmType, Encoding, Identity, ImportOptions, Mapping, Source, StopAt,
    import, tables,
};
#[doc(hidden)]
pub use omop::{fuzz_fhir, fuzz_omop_csv, fuzz_omop_parquet, fuzz_view};
pub use pseudonym::{PseudonymKey, Pseudonyms};
pub use snapshot::{Manifest, Part, Snapshot, SourceFile, UnmappedCode};
pub use view::{Columns, Holds, Runner, Value, View, ViewColumn, Views};

/// The key under which records name the patient of a reference, such as `p1` for
/// `Patient/p1`; the person's pseudonym is made of it. Other references have none.
#[must_use]
pub fn patient_key(reference: &str) -> Option<String> {
    let key = path::reference_key(reference.into(), Some("Patient"))?;
    Some(key.into_owned())
}

#[cfg(test)]
mod tests {
    #[test]
    fn patients_are_named_as_the_records_name_them() {
        for (reference, wanted) in [
            ("Patient/p1", Some("p1")),
            ("https://example.jp/fhir/Patient/p1/_history/2", Some("p1")),
            ("urn:uuid:2f1c", Some("2f1c")),
            ("Group/p1", None),
            ("p1", None),
            ("#p1", None),
            ("Patient?identifier=1", None),
        ] {
            assert_eq!(super::patient_key(reference).as_deref(), wanted, "{reference}");
        }
    }
}
