//! A Consent to choices.

use chrono::{DateTime, NaiveDate};
use serde_json::{Map, Value, json};
use shirube_model::calendar::japan_day;
use shirube_model::record::Body;
use shirube_model::refusal::Refusal;

use super::{Numbers, PURPOSES, RELATIONS, ReadChoice, STATES, refuse, systems};

/// Elements of a Consent that are read or that may be ignored.
const ELEMENTS: [&str; 20] = [
    "resourceType",
    "id",
    "meta",
    "language",
    "text",
    "contained",
    "extension",
    "identifier",
    "status",
    "scope",
    "category",
    "patient",
    "dateTime",
    "performer",
    "organization",
    "sourceAttachment",
    "sourceReference",
    "policy",
    "policyRule",
    "provision",
];
/// Elements of a provision that are read.
const PROVISION: [&str; 7] = ["id", "extension", "type", "period", "actor", "purpose", "provision"];

type Object = Map<String, Value>;

/// Reads the choices that a Consent states: the base rule, then its exceptions.
///
/// # Errors
/// `import.consent.*` for anything that is not understood, with the element;
/// never with a value.
pub fn read_consent(consent: &Value, numbers: &Numbers<'_>) -> Result<Vec<ReadChoice>, Refusal> {
    let consent = consent.as_object().ok_or_else(|| refuse("import.consent.unreadable"))?;
    only(consent, &ELEMENTS, "verification")?;
    scope(consent)?;
    let status = text(consent, "status").unwrap_or_default();
    let (state, _) = *STATES
        .iter()
        .find(|(_, code)| *code == status)
        .ok_or_else(|| refuse("import.consent.status").field("status"))?;
    let mut common = Body::new();
    let mut put = |name: &str, value: Value| drop(common.insert(name.to_owned(), value));
    put("data_set", json!(numbers.data_set));
    put("person", json!(person(consent.get("patient"), numbers)?.to_string()));
    put("made_by", json!(maker(consent)?));
    put("made_on", json!(made_on(consent)?.to_string()));
    put("channel", json!(extension(consent, systems::CHANNEL, "valueCode")?.unwrap_or("system")));
    match (withdrawal(consent)?, state) {
        (Some((on, by)), "withdrawn") => {
            put("withdrawn_on", json!(on));
            put("withdrawn_by", json!(by));
        }
        (None, state) if state != "withdrawn" => {}
        // Who took it back, and when, is not guessed.
        _ => return Err(refuse("import.consent.withdrawal").field("extension")),
    }
    let erasure = match extension_value(consent, systems::ERASURE, "valueBoolean")? {
        None => None,
        Some(value) => Some(
            value
                .as_bool()
                .ok_or_else(|| refuse("import.consent.element").arg("element", "extension"))?,
        ),
    };
    let document = document(consent, numbers)?;
    let rules = rules(consent)?;
    if erasure == Some(true) && rules.iter().all(|rule| rule.permits) {
        return Err(refuse("import.consent.provision").field("extension"));
    }
    let choices = rules.into_iter().enumerate().map(|(index, rule)| {
        let mut body = common.clone();
        rule.fill(&mut body);
        if let Some(erasure) = erasure.filter(|_| !rule.permits || erasure == Some(false)) {
            body.insert("erasure_requested".into(), json!(erasure));
        }
        ReadChoice { key: format!("{document}/{index}"), state, body }
    });
    Ok(choices.collect())
}

/// One rule of a Consent.
#[derive(Debug, Clone, Default)]
struct Rule {
    permits: bool,
    from: Option<String>,
    to: Option<String>,
    purposes: Vec<String>,
    recipients: Vec<String>,
}

impl Rule {
    fn fill(&self, body: &mut Body) {
        let mut put = |name: &str, value: Value| drop(body.insert(name.to_owned(), value));
        put("decision", json!(if self.permits { "permit" } else { "refuse" }));
        if let Some(from) = &self.from {
            put("effective_on", json!(from));
        }
        if let Some(to) = &self.to {
            put("ends_on", json!(to));
        }
        if !self.purposes.is_empty() {
            put("purposes", json!(self.purposes));
        }
        if !self.recipients.is_empty() {
            put("recipients", json!(self.recipients));
        }
    }
}

/// The base rule and its exceptions.
fn rules(consent: &Object) -> Result<Vec<Rule>, Refusal> {
    let wrong = || refuse("import.consent.provision").field("provision");
    let by_policy = policy_rule(consent)?;
    let root = match consent.get("provision") {
        None => None,
        Some(Value::Object(root)) => Some(root),
        Some(_) => return Err(wrong()),
    };
    let Some(root) = root else {
        let permits = by_policy.ok_or_else(wrong)?;
        return Ok(vec![Rule { permits, ..Rule::default() }]);
    };
    let by_type = decision(root)?;
    if by_type.is_some() && by_policy.is_some() && by_type != by_policy {
        return Err(wrong());
    }
    let base = rule(root)?;
    let mut rules = Vec::new();
    if let Some(permits) = by_type.or(by_policy) {
        rules.push(Rule { permits, ..base.clone() });
    }
    for nested in array(root, "provision")? {
        let nested = nested.as_object().ok_or_else(wrong)?;
        if nested.contains_key("provision") {
            return Err(wrong());
        }
        let permits = decision(nested)?.ok_or_else(wrong)?;
        let own = rule(nested)?;
        rules.push(Rule { permits, ..within(&base, own).ok_or_else(wrong)? });
    }
    if rules.is_empty() { Err(wrong()) } else { Ok(rules) }
}

/// A rule within its base: what it does not say is as in the base, and it may
/// not reach beyond.
fn within(base: &Rule, own: Rule) -> Option<Rule> {
    let list = |base: &[String], own: Vec<String>| match (base, own) {
        (base, own) if own.is_empty() => Some(base.to_vec()),
        (base, own) if base.is_empty() || own.iter().all(|code| base.contains(code)) => Some(own),
        _ => None,
    };
    let inside = |day: &Option<String>| {
        let Some(day) = day else { return true };
        base.from.as_ref().is_none_or(|from| from <= day)
            && base.to.as_ref().is_none_or(|to| day <= to)
    };
    if !inside(&own.from) || !inside(&own.to) {
        return None;
    }
    Some(Rule {
        permits: own.permits,
        from: own.from.or_else(|| base.from.clone()),
        to: own.to.or_else(|| base.to.clone()),
        purposes: list(&base.purposes, own.purposes)?,
        recipients: list(&base.recipients, own.recipients)?,
    })
}

fn rule(provision: &Object) -> Result<Rule, Refusal> {
    only(provision, &PROVISION, "")?;
    let mut rule = Rule::default();
    if let Some(period) = provision.get("period") {
        let wrong = || refuse("import.consent.day").field("provision.period");
        let period = period.as_object().ok_or_else(wrong)?;
        only(period, &["start", "end"], "")?;
        for (name, day) in [("start", &mut rule.from), ("end", &mut rule.to)] {
            if let Some(value) = period.get(name) {
                *day = Some(value.as_str().and_then(day_of).ok_or_else(wrong)?.to_string());
            }
        }
    }
    for coding in array(provision, "purpose")? {
        rule.purposes.push(purpose(coding)?);
    }
    for actor in array(provision, "actor")? {
        rule.recipients.push(recipient(actor)?);
    }
    Ok(rule)
}

fn decision(provision: &Object) -> Result<Option<bool>, Refusal> {
    match provision.get("type") {
        None => Ok(None),
        Some(Value::String(code)) if code == "permit" => Ok(Some(true)),
        Some(Value::String(code)) if code == "deny" => Ok(Some(false)),
        Some(_) => Err(refuse("import.consent.provision").field("provision.type")),
    }
}

fn policy_rule(consent: &Object) -> Result<Option<bool>, Refusal> {
    let Some(rule) = consent.get("policyRule") else { return Ok(None) };
    let codes = codes_of(rule, systems::ACT_CODE);
    match (codes.contains(&"OPTIN"), codes.contains(&"OPTOUT")) {
        (true, false) => Ok(Some(true)),
        (false, true) => Ok(Some(false)),
        (true, true) => Err(refuse("import.consent.provision").field("policyRule")),
        // Another policy: the provisions say what is permitted.
        (false, false) => Ok(None),
    }
}

fn purpose(coding: &Value) -> Result<String, Refusal> {
    let wrong = || refuse("import.consent.purpose").field("provision.purpose");
    let member = |name: &str| coding.get(name).and_then(Value::as_str);
    let code = member("code").ok_or_else(wrong)?;
    match member("system") {
        Some(systems::PURPOSE) => Ok(code.to_owned()),
        Some(systems::ACT_REASON) => PURPOSES
            .iter()
            .find(|(_, theirs)| *theirs == code)
            .map(|(own, _)| (*own).to_owned())
            .ok_or_else(wrong),
        _ => Err(wrong()),
    }
}

/// The class of a recipient: an actor in the role of information recipient.
fn recipient(actor: &Value) -> Result<String, Refusal> {
    let wrong = || refuse("import.consent.actor").field("provision.actor");
    let actor = actor.as_object().ok_or_else(wrong)?;
    only(actor, &["role", "reference"], "id")?;
    let role = actor.get("role").ok_or_else(wrong)?;
    if codes_of(role, systems::PARTICIPATION) != ["IRCP"] {
        return Err(wrong());
    }
    let identifier = actor.get("reference").and_then(|r| r.get("identifier")).ok_or_else(wrong)?;
    let member = |name: &str| identifier.get(name).and_then(Value::as_str);
    match (member("system"), member("value")) {
        (Some(systems::RECIPIENT), Some(code)) => Ok(code.to_owned()),
        _ => Err(wrong()),
    }
}

fn scope(consent: &Object) -> Result<(), Refusal> {
    let scope = consent.get("scope").map(|s| codes_of(s, systems::SCOPE)).unwrap_or_default();
    // A consent to take part in one research project is not one on the use of
    // records in general.
    if scope != ["patient-privacy"] {
        return Err(refuse("import.consent.scope").field("scope"));
    }
    let known = array(consent, "category")?.iter().any(|category| {
        codes_of(category, systems::LOINC).contains(&"59284-0")
            || codes_of(category, systems::ACT_CODE).contains(&"IDSCL")
    });
    if known { Ok(()) } else { Err(refuse("import.consent.category").field("category")) }
}

/// The person: a number of the data set as we write it, or a patient.
fn person(patient: Option<&Value>, numbers: &Numbers<'_>) -> Result<i64, Refusal> {
    let wrong = || refuse("import.consent.patient").field("patient");
    let patient = patient.and_then(Value::as_object).ok_or_else(wrong)?;
    if let Some(reference) = patient.get("reference") {
        return reference.as_str().and_then(numbers.person).ok_or_else(wrong);
    }
    let identifier = patient.get("identifier").ok_or_else(wrong)?;
    let member = |name: &str| identifier.get(name).and_then(Value::as_str);
    let of = identifier.get("assigner").and_then(|a| a.get("display")).and_then(Value::as_str);
    if member("system") != Some(systems::PERSON) || of != Some(numbers.data_set) {
        return Err(wrong());
    }
    member("value").and_then(shirube_model::choice::person_number).ok_or_else(wrong)
}

/// Who chose: the patient, or a contained related person whose relationship is
/// understood.
fn maker(consent: &Object) -> Result<String, Refusal> {
    let wrong = || refuse("import.consent.performer").field("performer");
    let [performer] = array(consent, "performer")? else { return Err(wrong()) };
    if Some(performer) == consent.get("patient") {
        return Ok("self".to_owned());
    }
    let reference = |of: &Value| of.get("reference").and_then(Value::as_str).map(str::to_owned);
    let theirs = reference(performer).ok_or_else(wrong)?;
    if consent.get("patient").and_then(reference).as_ref() == Some(&theirs) {
        return Ok("self".to_owned());
    }
    let id = theirs.strip_prefix('#').ok_or_else(wrong)?;
    let contained = array(consent, "contained")?;
    let related = contained
        .iter()
        .find(|one| one.get("id").and_then(Value::as_str) == Some(id))
        .filter(|one| one.get("resourceType").and_then(Value::as_str) == Some("RelatedPerson"))
        .ok_or_else(wrong)?;
    let empty = Vec::new();
    let relations = related.get("relationship").and_then(Value::as_array).unwrap_or(&empty);
    let codes: Vec<&str> =
        relations.iter().flat_map(|one| codes_of(one, systems::ROLE_CODE)).collect();
    let [code] = codes.as_slice() else { return Err(wrong()) };
    let maker = RELATIONS.iter().find(|(_, theirs)| theirs == code).ok_or_else(wrong)?;
    Ok(maker.0.to_owned())
}

fn made_on(consent: &Object) -> Result<NaiveDate, Refusal> {
    text(consent, "dateTime")
        .and_then(day_of)
        .ok_or_else(|| refuse("import.consent.day").field("dateTime"))
}

/// A FHIR dateTime as a day in Japan; a year or a month alone is none.
fn day_of(text: &str) -> Option<NaiveDate> {
    if text.len() == 10 {
        return text.parse().ok();
    }
    DateTime::parse_from_rfc3339(text).ok().map(|time| japan_day(time.to_utc()))
}

fn document(consent: &Object, numbers: &Numbers<'_>) -> Result<i64, Refusal> {
    let wrong = || refuse("import.consent.id").field("id");
    if let Some(id) = text(consent, "id") {
        return Ok((numbers.document)(id));
    }
    let [identifier] = array(consent, "identifier")? else { return Err(wrong()) };
    let member = |name: &str| identifier.get(name).and_then(Value::as_str);
    let (Some(system), Some(value)) = (member("system"), member("value")) else {
        return Err(wrong());
    };
    Ok((numbers.document)(&format!("{system}|{value}")))
}

fn withdrawal(consent: &Object) -> Result<Option<(String, String)>, Refusal> {
    let wrong = || refuse("import.consent.withdrawal").field("extension");
    let Some(found) = extension_value(consent, systems::WITHDRAWAL, "extension")? else {
        return Ok(None);
    };
    let parts = found.as_array().ok_or_else(wrong)?;
    let part = |url: &str, value: &str| {
        let one = parts.iter().find(|p| p.get("url").and_then(Value::as_str) == Some(url))?;
        one.get(value).and_then(Value::as_str)
    };
    let on = part("on", "valueDate").and_then(day_of).ok_or_else(wrong)?;
    let by = part("by", "valueCode").ok_or_else(wrong)?;
    Ok(Some((on.to_string(), by.to_owned())))
}

/// A member of the extension with an address; two of one kind are refused.
fn extension_value<'c>(
    consent: &'c Object,
    url: &str,
    member: &str,
) -> Result<Option<&'c Value>, Refusal> {
    let wrong = || refuse("import.consent.element").arg("element", "extension");
    let mut found = array(consent, "extension")?
        .iter()
        .filter(|one| one.get("url").and_then(Value::as_str) == Some(url));
    match (found.next(), found.next()) {
        (None, _) => Ok(None),
        (Some(one), None) => one.get(member).map(Some).ok_or_else(wrong),
        _ => Err(wrong()),
    }
}

fn extension<'c>(consent: &'c Object, url: &str, member: &str) -> Result<Option<&'c str>, Refusal> {
    let wrong = || refuse("import.consent.element").arg("element", "extension");
    extension_value(consent, url, member)?.map(|v| v.as_str().ok_or_else(wrong)).transpose()
}

/// Codes of a system in a CodeableConcept.
fn codes_of<'v>(concept: &'v Value, system: &str) -> Vec<&'v str> {
    let codings = concept.get("coding").and_then(Value::as_array);
    codings
        .into_iter()
        .flatten()
        .filter(|coding| coding.get("system").and_then(Value::as_str) == Some(system))
        .filter_map(|coding| coding.get("code").and_then(Value::as_str))
        .collect()
}

fn text<'o>(object: &'o Object, name: &str) -> Option<&'o str> {
    object.get(name).and_then(Value::as_str)
}

fn array<'o>(object: &'o Object, name: &str) -> Result<&'o [Value], Refusal> {
    match object.get(name) {
        None => Ok(&[]),
        Some(Value::Array(items)) => Ok(items),
        Some(_) => Err(refuse("import.consent.element").arg("element", name)),
    }
}

/// Refuses an element that is not known: it may change what was said.
fn only(object: &Object, known: &[&str], also: &str) -> Result<(), Refusal> {
    let strange = object.keys().find(|name| {
        !known.contains(&name.as_str()) && name.as_str() != also && !name.starts_with('_')
    });
    let Some(name) = strange else { return Ok(()) };
    // Names of elements are FHIR's; anything else could be a value.
    let plain = name.len() <= 40 && name.bytes().all(|b| b.is_ascii_alphabetic());
    let shown = if plain { name.as_str() } else { "…" };
    Err(refuse("import.consent.element").arg("element", shown))
}
