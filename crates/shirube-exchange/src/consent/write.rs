//! A choice to a Consent.

use serde_json::{Value, json};
use shirube_model::record::RecordVersion;
use shirube_model::refusal::Refusal;
use shirube_model::registers::consent::UseChoice;
use shirube_model::registers::read_body;

use super::{PURPOSES, RELATIONS, STATES, refuse, systems};

/// Writes a record of the register `use_choice` as a FHIR R4 Consent. The person
/// is named by the number in the data set, not by a patient.
///
/// # Errors
/// `registers.body.unreadable`, and `import.consent.code` for a code that FHIR
/// has no place for.
pub fn write_consent(record: &RecordVersion) -> Result<Value, Refusal> {
    let choice: UseChoice = read_body(&record.body)?;
    let strange = |field: &str| refuse("import.consent.code").field(field);
    let (_, status) =
        STATES.iter().find(|(state, _)| *state == record.state).ok_or_else(|| strange("state"))?;
    let permits = match choice.decision.as_str() {
        "permit" => true,
        "refuse" => false,
        _ => return Err(strange("decision")),
    };
    let patient = json!({ "identifier": {
        "system": systems::PERSON, "value": choice.person,
        "assigner": { "display": choice.data_set },
    } });
    let mut out = json!({
        "resourceType": "Consent",
        "id": record.id.as_str(),
        "status": status,
        "scope": concept(systems::SCOPE, "patient-privacy"),
        "category": [concept(systems::LOINC, "59284-0")],
        "patient": patient,
        "dateTime": choice.made_on.to_string(),
        "policyRule": concept(systems::ACT_CODE, if permits { "OPTIN" } else { "OPTOUT" }),
        "provision": provision(&choice, permits),
    });
    let Some(map) = out.as_object_mut() else { return Ok(out) };
    if choice.made_by == "self" {
        map.insert("performer".into(), json!([patient]));
    } else {
        let relation = RELATIONS.iter().find(|(maker, _)| *maker == choice.made_by);
        let (_, code) = relation.ok_or_else(|| strange("made_by"))?;
        map.insert("performer".into(), json!([{ "reference": "#maker" }]));
        let related = json!([{
            "resourceType": "RelatedPerson", "id": "maker", "patient": patient,
            "relationship": [concept(systems::ROLE_CODE, code)],
        }]);
        map.insert("contained".into(), related);
    }
    let extensions = extensions(&choice);
    if !extensions.is_empty() {
        map.insert("extension".into(), Value::Array(extensions));
    }
    Ok(out)
}

fn concept(system: &str, code: &str) -> Value {
    json!({ "coding": [{ "system": system, "code": code }] })
}

fn provision(choice: &UseChoice, permits: bool) -> Value {
    let mut out = serde_json::Map::new();
    out.insert("type".into(), json!(if permits { "permit" } else { "deny" }));
    let mut period = serde_json::Map::new();
    for (name, day) in [("start", choice.effective_on), ("end", choice.ends_on)] {
        if let Some(day) = day {
            period.insert(name.into(), json!(day.to_string()));
        }
    }
    if !period.is_empty() {
        out.insert("period".into(), Value::Object(period));
    }
    let actors: Vec<Value> = choice
        .recipients
        .iter()
        .map(|code| {
            json!({
                "role": concept(systems::PARTICIPATION, "IRCP"),
                "reference": { "identifier": { "system": systems::RECIPIENT, "value": code } },
            })
        })
        .collect();
    if !actors.is_empty() {
        out.insert("actor".into(), Value::Array(actors));
    }
    let purposes: Vec<Value> = choice
        .purposes
        .iter()
        .map(|code| match PURPOSES.iter().find(|(own, _)| own == code) {
            Some((_, theirs)) => json!({ "system": systems::ACT_REASON, "code": theirs }),
            None => json!({ "system": systems::PURPOSE, "code": code }),
        })
        .collect();
    if !purposes.is_empty() {
        out.insert("purpose".into(), Value::Array(purposes));
    }
    Value::Object(out)
}

fn extensions(choice: &UseChoice) -> Vec<Value> {
    let mut out = Vec::new();
    if let (Some(on), Some(by)) = (choice.withdrawn_on, &choice.withdrawn_by) {
        out.push(json!({ "url": systems::WITHDRAWAL, "extension": [
            { "url": "on", "valueDate": on.to_string() },
            { "url": "by", "valueCode": by },
        ] }));
    }
    if let Some(erasure) = choice.erasure_requested {
        out.push(json!({ "url": systems::ERASURE, "valueBoolean": erasure }));
    }
    if let Some(channel) = &choice.channel {
        out.push(json!({ "url": systems::CHANNEL, "valueCode": channel }));
    }
    out
}
