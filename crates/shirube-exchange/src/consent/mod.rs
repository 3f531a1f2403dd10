//! FHIR R4 Consent and the register `use_choice`.
//!
//! A Consent says in a base rule and exceptions what a person permits and
//! refuses; each of them is one choice. What is not understood is refused as a
//! whole, because leaving out a condition changes what somebody said. Only
//! elements that FHIR lets a reader ignore, such as the narrative, are ignored.
//!
//! The patient becomes the number of the person in the data set: this module
//! does not know how and asks [`Numbers`].

mod enter;
mod notices;
mod read;
mod stand;
mod write;

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use serde_json::Value;
use shirube_model::record::Body;
use shirube_model::refusal::Refusal;

use crate::error::ExchangeError;

pub use enter::{Entered, enter_choices};
pub use notices::{ReadNotice, enter_notices, read_notices};
pub use read::read_consent;
pub use stand::{choices_of, records_of};
pub use write::write_consent;

/// Longest line or file of one resource, in bytes.
const RESOURCE_BYTES_MAX: u64 = 4 * 1024 * 1024;
/// Largest bundle, in bytes.
const BUNDLE_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// Code systems of FHIR and HL7 that are understood.
mod systems {
    pub(super) const SCOPE: &str = "http://terminology.hl7.org/CodeSystem/consentscope";
    pub(super) const LOINC: &str = "http://loinc.org";
    pub(super) const ACT_CODE: &str = "http://terminology.hl7.org/CodeSystem/v3-ActCode";
    pub(super) const ACT_REASON: &str = "http://terminology.hl7.org/CodeSystem/v3-ActReason";
    pub(super) const ROLE_CODE: &str = "http://terminology.hl7.org/CodeSystem/v3-RoleCode";
    pub(super) const PARTICIPATION: &str =
        "http://terminology.hl7.org/CodeSystem/v3-ParticipationType";
    /// Number of a person in the data set that `assigner.display` names.
    pub(super) const PERSON: &str = "urn:shirube:person";
    /// Purposes without a code of HL7, by the register's own codes.
    pub(super) const PURPOSE: &str = "urn:shirube:use-purpose";
    /// Classes of recipients.
    pub(super) const RECIPIENT: &str = "urn:shirube:recipient-class";
    /// Extension: withdrawal, with `on` and `by`.
    pub(super) const WITHDRAWAL: &str = "urn:shirube:withdrawal";
    /// Extension: the records held so far are to be erased.
    pub(super) const ERASURE: &str = "urn:shirube:erasure-requested";
    /// Extension: how the choice arrived.
    pub(super) const CHANNEL: &str = "urn:shirube:channel";
}

/// Purposes and their codes in v3-ActReason.
const PURPOSES: [(&str, &str); 3] =
    [("research", "HRESCH"), ("public_health", "PUBHLTH"), ("education", "TRAIN")];

/// Who chooses, and the code of their relationship in v3-RoleCode.
const RELATIONS: [(&str, &str); 2] = [("guardian", "GUARD"), ("bereaved_family", "FAMMEMB")];

/// States of a choice and status of a Consent.
const STATES: [(&str, &str); 3] =
    [("recorded", "proposed"), ("in_effect", "active"), ("withdrawn", "inactive")];

/// How things outside become numbers of a data set.
pub struct Numbers<'a> {
    /// Name of the data set.
    pub data_set: &'a str,
    /// Number of the person that a reference names, such as `Patient/p1`;
    /// nothing when it names nobody.
    pub person: &'a dyn Fn(&str) -> Option<i64>,
    /// Number of a document by its id, which may tell about the person.
    pub document: &'a dyn Fn(&str) -> i64,
}

impl std::fmt::Debug for Numbers<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Numbers").field("data_set", &self.data_set).finish_non_exhaustive()
    }
}

/// A choice that a Consent states.
#[derive(Debug, Clone, PartialEq)]
pub struct ReadChoice {
    /// Key of the choice: number of the document, and place in it from 0.
    pub key: String,
    /// State to bring the record to.
    pub state: &'static str,
    /// Body of the register `use_choice`.
    pub body: Body,
}

/// A resource of a file, or why there is none.
#[derive(Debug)]
pub struct Found {
    /// File, line or place in a bundle.
    pub place: shirube_model::refusal::Place,
    /// The Consent; other resources are passed over.
    pub consent: Result<Value, Refusal>,
}

fn refuse(code: &'static str) -> Refusal {
    Refusal::new(code)
}

/// Goes through the Consents of a file (`.json` with one resource or a bundle,
/// `.ndjson`) or of all such files of a folder, in order of their names. Gives
/// how many other resources were passed over.
///
/// # Errors
/// `import.io` when a file cannot be read. A line that is no resource
/// is handed to `each` with its refusal.
pub fn for_each_consent(path: &Path, each: &mut dyn FnMut(Found)) -> Result<u64, ExchangeError> {
    let mut others = 0;
    for (number, file) in (1_u64..).zip(files(path)?) {
        // File names of patient data carry patients' names.
        let name = if path.is_dir() { format!("#{number}") } else { path.display().to_string() };
        let lines = file.extension().is_some_and(|ending| ending == "ndjson");
        others += if lines { ndjson(&file, &name, each)? } else { document(&file, &name, each)? };
    }
    Ok(others)
}

fn files(path: &Path) -> Result<Vec<PathBuf>, ExchangeError> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let fault = |error: std::io::Error| ExchangeError::io("import.io", path, &error);
    let mut files = Vec::new();
    for entry in fs::read_dir(path).map_err(fault)? {
        let file = entry.map_err(fault)?.path();
        let ending = file.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        if matches!(ending, "json" | "ndjson") {
            files.push(file);
        }
    }
    files.sort();
    Ok(files)
}

fn ndjson(file: &Path, name: &str, each: &mut dyn FnMut(Found)) -> Result<u64, ExchangeError> {
    let fault = |error: std::io::Error| ExchangeError::io("import.io", file, &error);
    let mut input = BufReader::new(fs::File::open(file).map_err(fault)?);
    let mut others = 0;
    for number in 1_u64.. {
        let mut line = Vec::new();
        let read = (&mut input).take(RESOURCE_BYTES_MAX + 1).read_until(b'\n', &mut line);
        if read.map_err(fault)? == 0 {
            break;
        }
        let long = line.len() as u64 > RESOURCE_BYTES_MAX;
        if long && line.last() != Some(&b'\n') {
            input.skip_until(b'\n').map_err(fault)?;
        }
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let place = Refusal::new("").file(name).line(number).place;
        let consent = match (long, serde_json::from_slice::<Value>(&line)) {
            (false, Ok(value)) if is_consent(&value) => Ok(value),
            (false, Ok(value)) if value.get("resourceType").is_some() => {
                others += 1;
                continue;
            }
            _ => Err(refuse("import.consent.unreadable")),
        };
        each(Found { place, consent });
    }
    Ok(others)
}

fn document(file: &Path, name: &str, each: &mut dyn FnMut(Found)) -> Result<u64, ExchangeError> {
    let fault = |error: std::io::Error| ExchangeError::io("import.io", file, &error);
    let mut bytes = Vec::new();
    let input = fs::File::open(file).map_err(fault)?;
    input.take(BUNDLE_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(fault)?;
    let at = |row: Option<u64>| {
        let place = Refusal::new("").file(name);
        row.map_or_else(|| place.clone(), |row| place.clone().row(row)).place
    };
    let unreadable = || Err(refuse("import.consent.unreadable"));
    let found = if bytes.len() as u64 > BUNDLE_BYTES_MAX { None } else { Some(&bytes) };
    let value = found.and_then(|bytes| serde_json::from_slice::<Value>(bytes).ok());
    let Some(value) = value else {
        each(Found { place: at(None), consent: unreadable() });
        return Ok(0);
    };
    if value.get("resourceType").and_then(Value::as_str) != Some("Bundle") {
        let consent = if is_consent(&value) { Ok(value) } else { unreadable() };
        each(Found { place: at(None), consent });
        return Ok(0);
    }
    let Value::Object(mut bundle) = value else { return Ok(0) };
    let entries = match bundle.remove("entry") {
        Some(Value::Array(entries)) => entries,
        _ => Vec::new(),
    };
    let mut others = 0;
    for (row, mut entry) in (1_u64..).zip(entries) {
        let resource = entry.get_mut("resource").map(Value::take).unwrap_or_default();
        if is_consent(&resource) {
            each(Found { place: at(Some(row)), consent: Ok(resource) });
        } else {
            others += 1;
        }
    }
    Ok(others)
}

fn is_consent(value: &Value) -> bool {
    value.get("resourceType").and_then(Value::as_str) == Some("Consent")
}
