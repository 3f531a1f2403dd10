//! Reading a schema and policies, with every fault at its line.

use std::collections::BTreeSet;
use std::str::FromStr;

use cedar_policy::{Policy, PolicyId, PolicySet, Schema, ValidationMode, Validator};
use miette::Diagnostic;
use shirube_model::refusal::Refusal;
use shirube_model::registers::KINDS;

use crate::authority::entity::Action;

/// Name of the schema in a pack.
pub const SCHEMA_FILE: &str = "authority/schema.cedarschema";
/// Name of the policies in a pack.
pub const POLICIES_FILE: &str = "authority/policies.cedar";

/// Largest schema or policies, in bytes.
const BYTES_MAX: usize = 256 * 1024;

/// Every reason to refuse a schema and policies; empty when they hold.
#[must_use]
pub fn check(schema: &str, policies: &str) -> Vec<Refusal> {
    read(schema, policies).err().unwrap_or_default()
}

pub(super) fn read(schema: &str, policies: &str) -> Result<(Schema, PolicySet), Vec<Refusal>> {
    for (file, text) in [(SCHEMA_FILE, schema), (POLICIES_FILE, policies)] {
        if text.len() > BYTES_MAX {
            let refusal = Refusal::new("access.authority.too-large").arg("most", BYTES_MAX);
            return Err(vec![refusal.file(file)]);
        }
    }
    let (parsed, warnings) = Schema::from_cedarschema_str(schema).map_err(|error| {
        vec![at(schema_fault("access.authority.schema", &error), schema, &error)]
    })?;
    let mut faults: Vec<Refusal> = warnings
        .map(|warning| at(schema_fault("access.authority.schema", &warning), schema, &warning))
        .collect();
    faults.extend(missing_actions(&parsed));
    let set = read_policies(policies, &mut faults);
    let Some(set) = set else { return Err(faults) };
    if faults.is_empty() {
        faults.extend(validate(&parsed, &set, policies));
    }
    if faults.is_empty() { Ok((parsed, set)) } else { Err(faults) }
}

/// A fault of the schema file without its line.
pub(super) fn schema_fault(code: &'static str, error: &dyn std::fmt::Display) -> Refusal {
    Refusal::new(code).arg("detail", one_line(&error.to_string())).file(SCHEMA_FILE)
}

fn policy_fault(code: &'static str, error: &dyn std::fmt::Display) -> Refusal {
    Refusal::new(code).arg("detail", one_line(&error.to_string())).file(POLICIES_FILE)
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Adds the line that a diagnostic points at.
fn at(refusal: Refusal, source: &str, error: &dyn Diagnostic) -> Refusal {
    let place = error.labels().into_iter().flatten().map(|label| label.offset()).min();
    match place {
        Some(offset) => refusal.line(line_of(source, offset)),
        None => refusal,
    }
}

fn line_of(source: &str, offset: usize) -> u64 {
    let before = source.as_bytes().get(..offset).unwrap_or(source.as_bytes());
    1 + before.iter().filter(|byte| **byte == b'\n').count() as u64
}

/// Actions the product asks about and the schema does not declare.
fn missing_actions(schema: &Schema) -> Vec<Refusal> {
    let declared: BTreeSet<String> =
        schema.actions().map(|action| action.id().unescaped().to_owned()).collect();
    let plain = Action::PLAIN.iter().map(|action| action.code());
    let steps =
        KINDS.iter().flat_map(|kind| kind.transitions).map(|step| Action::Step(step.name).code());
    let wanted: BTreeSet<String> = plain.chain(steps).collect();
    wanted
        .difference(&declared)
        .map(|action| {
            Refusal::new("access.authority.action-missing").arg("action", action).file(SCHEMA_FILE)
        })
        .collect()
}

/// Policies under the ids that their annotation gives them.
fn read_policies(text: &str, faults: &mut Vec<Refusal>) -> Option<PolicySet> {
    let parsed = match PolicySet::from_str(text) {
        Ok(parsed) => parsed,
        Err(errors) => {
            faults.extend(
                errors
                    .iter()
                    .map(|error| at(policy_fault("access.authority.policy", error), text, error)),
            );
            return None;
        }
    };
    if parsed.templates().next().is_some() {
        faults.push(Refusal::new("access.authority.template").file(POLICIES_FILE));
        return None;
    }
    let mut named = PolicySet::new();
    for policy in parsed.policies() {
        match name(policy).map(|policy| named.add(policy).is_ok()) {
            Some(true) => {}
            Some(false) => {
                let id = policy.annotation("id").unwrap_or_default();
                let refusal = Refusal::new("access.authority.id-twice").arg("id", id);
                faults.push(refusal.file(POLICIES_FILE));
            }
            None => faults.push(Refusal::new("access.authority.id-missing").file(POLICIES_FILE)),
        }
    }
    faults.is_empty().then_some(named)
}

fn name(policy: &Policy) -> Option<Policy> {
    let id = policy.annotation("id").filter(|id| !id.is_empty())?;
    Some(policy.new_id(PolicyId::new(id)))
}

fn validate(schema: &Schema, policies: &PolicySet, text: &str) -> Vec<Refusal> {
    let result = Validator::new(schema.clone()).validate(policies, ValidationMode::Strict);
    let errors = result
        .validation_errors()
        .map(|error| at(policy_fault("access.authority.policy", error), text, error));
    // A warning names a policy that can never speak: in a file that decides who
    // may do what, that is a fault.
    let warnings = result
        .validation_warnings()
        .map(|warning| at(policy_fault("access.authority.policy", warning), text, warning));
    errors.chain(warnings).collect()
}
