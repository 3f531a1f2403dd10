//! Entry points for fuzzing: the readers and checks, without a store.
//!
//! Whatever the bytes are, a reader accepts or refuses; and a body it accepts
//! passes the check of its kind and is read back from what an export would
//! write of it.

use std::io::Read;

use shirube_model::record::Body;
use shirube_model::registers::KINDS;
use shirube_model::schema::KindSchema;

use crate::bind::Binding;
use crate::codes::Codes;
use crate::decode::Encoding;
use crate::input::{InputFacts, read_header, shape_of, survey};
use crate::limits::Limits;
use crate::mapping::Mapping;
use crate::proposal::RowReader;
use crate::rows::{Format, Rows, read_cells};
use crate::values::Context;

/// Tries the CSV reader: the first byte chooses the kind and the encoding, the
/// rest is the file.
pub fn fuzz_csv(bytes: &[u8]) {
    fuzz(bytes, Format::Csv);
}

/// Tries the NDJSON reader: the first byte chooses the kind, the rest is the file.
pub fn fuzz_ndjson(bytes: &[u8]) {
    fuzz(bytes, Format::Ndjson);
}

/// Tries the reader of mapping files, and binds what it accepts to a header.
pub fn fuzz_mapping(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let Ok(mapping) = Mapping::parse("mapping", &text) else { return };
    let header: Vec<String> = ["番号", "件名", "title", "a", "b"].map(str::to_owned).to_vec();
    for schema in KINDS {
        // Refusals are what is expected of most kinds.
        let _ = Binding::new(schema, Some(&mapping), None, Some(&header), &Codes::unchecked());
    }
}

fn fuzz(bytes: &[u8], format: Format) {
    let Some((choice, file)) = bytes.split_first() else { return };
    let Some(schema) = KINDS.get(usize::from(*choice) % KINDS.len()) else { return };
    let encoding = (*choice >= 128).then_some(Encoding::Cp932);
    let Ok(facts) = survey("fuzz", file, Some(format), encoding) else { return };
    // Small limits, so that short inputs meet them.
    let limits = Limits { row_bytes: 400, cell_bytes: 100, columns: 40, ..Limits::default() };
    for (body, _) in read_all(schema, file, &facts, limits) {
        if (schema.check)(&body).is_ok() {
            let written = crate::export::fuzz_cells(schema, &body);
            let facts =
                InputFacts { format: Format::Csv, encoding: Encoding::Utf8, ..facts.clone() };
            let back = read_all(schema, written.as_slice(), &facts, Limits::default());
            assert_eq!(
                back.first().map(|(body, _)| body),
                Some(&body),
                "{body:?} does not read back"
            );
        }
    }
}

/// Every body that the rows of a file ask for, with the row's number.
fn read_all(
    schema: &'static KindSchema,
    file: impl Read,
    facts: &InputFacts,
    limits: Limits,
) -> Vec<(Body, u64)> {
    let shape = shape_of(facts, b',', limits);
    let mut bodies = Vec::new();
    let Ok(mut rows) = Rows::new(file, shape) else { return bodies };
    let header = match facts.format {
        Format::Ndjson => None,
        Format::Csv => match read_header("fuzz", &mut rows, &shape) {
            Ok(header) => Some(header),
            Err(_) => return bodies,
        },
    };
    let codes = Codes::unchecked();
    let Ok(binding) = Binding::new(schema, None, Some("fuzz"), header.as_deref(), &codes) else {
        return bodies;
    };
    let context = Context { codes: &codes, system: Some("fuzz") };
    let reader = RowReader { binding: &binding, context, limits };
    while let Ok(Some(row)) = rows.next_row() {
        let Ok(cells) = read_cells(&row, &shape) else { continue };
        let Ok(identity) = reader.identity(&cells) else { continue };
        if let Ok(proposal) = reader.read(&cells, identity) {
            bodies.push((proposal.body(None), row.number));
        }
    }
    bodies
}
