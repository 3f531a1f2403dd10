//! Choices into the register.

use shirube_model::ident::RecordId;
use shirube_model::record::{Body, RecordVersion};
use shirube_model::refusal::Refusal;
use shirube_model::registers::consent::UseChoice;
use shirube_model::registers::{Register, canonical};
use shirube_model::schema::{Cardinality, FieldType, KindSchema};
use shirube_store::{AsOf, Draft, SourceKey, Store};

use super::{ReadChoice, refuse};
use crate::codes::Codes;
use crate::error::ExchangeError;

/// What entering a choice did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entered {
    /// A new record.
    Created,
    /// A new version of a record.
    Changed,
    /// On record as it is.
    Unchanged,
}

/// Enters the choices of one Consent, all or none, and brings each to its state.
/// Entering them again changes nothing.
///
/// # Errors
/// The refusals of a choice that breaks the rules of the register,
/// `import.consent.backwards` for one that is further on record, or a fault of
/// the store.
pub async fn enter_choices(
    store: &Store,
    choices: &[ReadChoice],
    data_set: &str,
    codes: &Codes,
    (actor, reason): (&str, &str),
) -> Result<Vec<Entered>, ExchangeError> {
    let system = format!("fhir-consent:{data_set}");
    let schema = UseChoice::SCHEMA;
    let mut drafts = Vec::new();
    let mut done = Vec::new();
    for choice in choices {
        check_codes(schema, &choice.body, codes)?;
        let source = SourceKey::new(&system, &choice.key);
        let id = RecordId::derive(schema.prefix, &source.system, &source.key);
        let body = canonical(choice.body.clone());
        match store.get(&id, AsOf::Now).await? {
            None => {
                drafts.push(Draft::new_record(schema.kind, Some(source), body));
                if let Some(step) = step_to(schema.initial_state(), choice.state)? {
                    drafts.push(Draft::transition(id, 1, step, None));
                }
                done.push(Entered::Created);
            }
            Some(record) => done.push(change(&record, body, choice.state, &mut drafts)?),
        }
    }
    if !drafts.is_empty() {
        store.append(drafts, actor, reason).await?;
    }
    Ok(done)
}

fn change(
    record: &RecordVersion,
    body: Body,
    state: &str,
    drafts: &mut Vec<Draft>,
) -> Result<Entered, Refusal> {
    let step = step_to(&record.state, state)?;
    let (id, version) = (record.id.clone(), record.version);
    match step {
        None if record.body == body => return Ok(Entered::Unchanged),
        None => drafts.push(Draft::correct(id, version, body)),
        Some(step) => drafts.push(Draft::transition(id, version, step, Some(body))),
    }
    Ok(Entered::Changed)
}

/// The step from one state to another; none where they are the same.
fn step_to(from: &str, to: &str) -> Result<Option<&'static str>, Refusal> {
    if from == to {
        return Ok(None);
    }
    let steps = UseChoice::SCHEMA.transitions.iter();
    steps
        .filter(|step| step.from.contains(&from) && step.to == to)
        .map(|step| Some(step.name))
        .next()
        .ok_or_else(|| refuse("import.consent.backwards").field("status"))
}

/// Codes must be those of the pack; the value stays out of the message.
pub(super) fn check_codes(schema: &KindSchema, body: &Body, codes: &Codes) -> Result<(), Refusal> {
    for field in schema.fields {
        let FieldType::Code(vocabulary) = field.ty else { continue };
        let Some(value) = body.get(field.name) else { continue };
        let known = match (field.card, value.as_array()) {
            (Cardinality::Many, Some(items)) => {
                items.iter().all(|item| item.as_str().is_some_and(|c| codes.knows(vocabulary, c)))
            }
            _ => value.as_str().is_some_and(|code| codes.knows(vocabulary, code)),
        };
        if !known {
            return Err(refuse("import.consent.code").field(field.name));
        }
    }
    Ok(())
}
