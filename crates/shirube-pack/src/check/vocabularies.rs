//! Checks of vocabularies and labels.

use std::collections::{BTreeMap, BTreeSet};

use shirube_model::refusal::Refusal;
use shirube_model::registers::KINDS;
use shirube_model::schema::{FieldType, KindSchema};

use super::{Checker, vocabulary_file};
use crate::files::{LABELS, VOCABULARY_INDEX};

/// Vocabularies that the plan and the definitions draw codes from.
pub(crate) const PLAN_VOCABULARIES: [&str; 6] = [
    "attribution_bases",
    "governance_actors",
    "heading_kinds",
    "indicator_groups",
    "indicator_kinds",
    "units",
];

/// Vocabularies a pack must have, each with what asks for it.
pub(crate) fn needed_vocabularies() -> BTreeMap<&'static str, String> {
    let mut needed: BTreeMap<&'static str, String> =
        PLAN_VOCABULARIES.into_iter().map(|id| (id, "plan".to_owned())).collect();
    for kind in KINDS {
        for field in kind.fields {
            if let FieldType::Code(id) = field.ty {
                needed.entry(id).or_insert_with(|| format!("{}.{}", kind.kind, field.name));
            }
        }
    }
    needed
}

pub(super) fn needed(checker: &mut Checker<'_>) {
    for (id, asked_by) in needed_vocabularies() {
        if checker.pack.vocabulary(id).is_none() {
            let fault =
                Refusal::new("pack.vocabulary.missing").arg("id", id).arg("asked_by", asked_by);
            checker.faults.push(fault.file(VOCABULARY_INDEX).line(1));
        }
    }
}

pub(super) fn terms(checker: &mut Checker<'_>) {
    let pack = checker.pack;
    for vocabulary in pack.vocabularies.values() {
        let file = vocabulary_file(&vocabulary.id);
        if matches!(vocabulary.id.as_str(), "measures" | "indicators") {
            // Ids that stand twice are found where they stand.
            continue;
        }
        let code_column = if vocabulary.id == "ministries" { "abbr" } else { "code" };
        checker.unique(vocabulary.terms.iter().map(|t| t.code.as_str()), &file, code_column);
        for (row, term) in vocabulary.terms.iter().enumerate() {
            if let (Some(from), Some(to)) = (term.valid_from, term.valid_to)
                && from > to
            {
                let fault = Refusal::new("pack.period.reversed").arg("from", from).arg("to", to);
                checker.row(fault, &file, row, "valid_to");
            }
            for successor in &term.successors {
                if vocabulary.term(successor).is_none() || *successor == term.code {
                    let fault = Refusal::new("pack.term.successor")
                        .arg("code", &term.code)
                        .arg("successor", successor);
                    let column =
                        if vocabulary.id == "organisations" { "successors" } else { "successor" };
                    checker.row(fault, &file, row, column);
                }
            }
        }
    }
}

/// Keys of the labels of one register kind, with its domain.
pub(crate) fn label_keys(kind: &KindSchema) -> Vec<String> {
    let name = kind.kind;
    let mut keys = vec![format!("domain.{}", kind.domain), name.to_owned()];
    keys.extend(kind.fields.iter().map(|field| format!("{name}.{}", field.name)));
    keys.extend(kind.states.iter().map(|state| format!("{name}.state.{state}")));
    keys.extend(kind.transitions.iter().map(|step| format!("{name}.step.{}", step.name)));
    keys
}

pub(super) fn labels(checker: &mut Checker<'_>) {
    let needed: BTreeSet<String> = KINDS.iter().flat_map(|kind| label_keys(kind)).collect();
    for key in &needed {
        if checker.pack.label(key).is_none() {
            let fault = Refusal::new("pack.label.missing").arg("key", key);
            checker.faults.push(fault.file(LABELS).line(1));
        }
    }
    for key in checker.pack.labels.keys().filter(|key| !needed.contains(*key)) {
        let line = checker.places.labels.get(key).copied().unwrap_or(1);
        let fault = Refusal::new("pack.label.unknown").arg("key", key);
        checker.faults.push(fault.file(LABELS).line(line).field("key"));
    }
}
