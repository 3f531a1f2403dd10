//! Notices given, from a list that names persons as the source does.

use std::path::Path;

use serde_json::{Value, json};
use shirube_model::record::Body;
use shirube_model::refusal::{Place, Refusal};
use shirube_model::registers::Register;
use shirube_model::registers::consent::OptOutNotice;
use shirube_store::{Draft, Outcome, SourceKey, Store};

use super::enter::check_codes;
use super::{Entered, Numbers, refuse};
use crate::codes::Codes;
use crate::error::ExchangeError;

/// Column that names the person as the source does.
const ID: &str = "id";
/// Other columns; the last may be left out or empty.
const COLUMNS: [&str; 5] = ["text_version", "method", "given_on", "recipient", "waiting_until"];
/// Notices of one request.
const DRAFTS_MAX: usize = 1_000;

/// A notice of a list, or why it is none, with its row.
pub type ReadNotice = (Place, Result<(String, Body), Refusal>);

/// Reads a CSV file in UTF-8 with the columns `id`, `text_version`, `method`,
/// `given_on`, `recipient` and, where wanted, `waiting_until`. The id becomes
/// the number of the person and is not kept.
///
/// # Errors
/// `import.io`, and `import.consent.columns` for other columns.
pub fn read_notices(path: &Path, numbers: &Numbers<'_>) -> Result<Vec<ReadNotice>, ExchangeError> {
    let bytes = std::fs::read(path).map_err(|e| ExchangeError::io("import.io", path, &e))?;
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    let name = path.display().to_string();
    let columns = || refuse("import.consent.columns").file(&name);
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text);
    let head = reader.headers().map_err(|_| columns())?.clone();
    let known = |c: &str| c == ID || COLUMNS.contains(&c);
    let needed = COLUMNS.iter().take(4).chain([&ID]);
    if !head.iter().all(known) || !needed.clone().all(|c| head.iter().any(|h| h == *c)) {
        return Err(columns().into());
    }
    let mut out = Vec::new();
    for (row, record) in (1_u64..).zip(reader.records()) {
        let place = refuse("").file(&name).row(row).place;
        let notice = record
            .map_err(|_| refuse("import.consent.row"))
            .and_then(|record| notice(&head, &record, numbers));
        out.push((place, notice));
    }
    Ok(out)
}

fn notice(
    head: &csv::StringRecord,
    record: &csv::StringRecord,
    numbers: &Numbers<'_>,
) -> Result<(String, Body), Refusal> {
    let mut body = Body::new();
    body.insert("data_set".to_owned(), json!(numbers.data_set));
    let mut key = String::new();
    for (column, cell) in head.iter().zip(record).filter(|(_, cell)| !cell.is_empty()) {
        if column == ID {
            let person = (numbers.person)(&format!("Patient/{cell}"));
            let person = person.ok_or_else(|| refuse("import.consent.patient").field(ID))?;
            key = person.to_string();
            body.insert("person".to_owned(), json!(key));
        } else {
            body.insert(column.to_owned(), json!(cell));
        }
    }
    if key.is_empty() {
        return Err(refuse("import.consent.patient").field(ID));
    }
    for part in ["text_version", "given_on"] {
        let part = body.get(part).and_then(Value::as_str).unwrap_or_default();
        key = format!("{key}/{part}");
    }
    (OptOutNotice::SCHEMA.check)(&body).map_err(|refusals| {
        refusals.into_iter().next().unwrap_or_else(|| refuse("import.consent.row"))
    })?;
    Ok((key, body))
}

/// Enters notices; the same notice once.
///
/// # Errors
/// A fault of the store. A notice that is refused is told with its outcome.
pub async fn enter_notices(
    store: &Store,
    notices: Vec<(String, Body)>,
    data_set: &str,
    codes: &Codes,
    (actor, reason): (&str, &str),
) -> Result<Vec<Result<Entered, Vec<Refusal>>>, ExchangeError> {
    let (schema, system) = (OptOutNotice::SCHEMA, format!("notices:{data_set}"));
    let mut done = Vec::with_capacity(notices.len());
    for part in notices.chunks(DRAFTS_MAX) {
        let mut drafts = Vec::new();
        let mut waiting = Vec::new();
        for (key, body) in part {
            if let Err(refusal) = check_codes(schema, body, codes) {
                done.push(Err(vec![refusal]));
                continue;
            }
            let source = SourceKey::new(&system, key);
            drafts.push(Draft::new_record(schema.kind, Some(source), body.clone()));
            waiting.push(done.len());
            done.push(Ok(Entered::Unchanged));
        }
        let outcomes = store.append_bulk(drafts, actor, reason).await?.outcomes;
        for (at, outcome) in waiting.into_iter().zip(outcomes) {
            let Some(place) = done.get_mut(at) else { continue };
            *place = match outcome {
                Outcome::Recorded { version: 1, .. } => Ok(Entered::Created),
                Outcome::Recorded { .. } => Ok(Entered::Changed),
                Outcome::Unchanged { .. } => Ok(Entered::Unchanged),
                Outcome::Refused(error) => match ExchangeError::from(error) {
                    fault @ ExchangeError::Fault { .. } => return Err(fault),
                    ExchangeError::Refused(refusals) => Err(refusals),
                },
            };
        }
    }
    Ok(done)
}
