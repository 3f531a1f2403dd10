//! Checks of the records and judgements a pack brings along.

use std::collections::BTreeMap;

use shirube_model::plan::EvidenceRow;
use shirube_model::refusal::Refusal;
use shirube_model::registers::kind;
use shirube_model::schema::{FieldType, KindSchema};

use super::Checker;
use crate::evidence_text::KEY;
use crate::files::{JUDGEMENTS, WORDINGS};

pub(super) fn evidence(checker: &mut Checker<'_>) {
    let pack = checker.pack;
    let mut by_kind: BTreeMap<&str, Vec<&EvidenceRow>> = BTreeMap::new();
    for row in &pack.evidence {
        by_kind.entry(&row.kind).or_default().push(row);
    }
    for (name, rows) in by_kind {
        let Some(schema) = kind(name) else { continue };
        let file = format!("evidence/{name}.csv");
        checker.unique(rows.iter().map(|row| row.key.as_str()), &file, KEY);
        for (at, row) in rows.into_iter().enumerate() {
            one(checker, schema, &file, at, row);
        }
    }
}

fn one(
    checker: &mut Checker<'_>,
    schema: &'static KindSchema,
    file: &str,
    at: usize,
    row: &EvidenceRow,
) {
    for fault in (schema.check)(&row.body).err().unwrap_or_default() {
        let field = fault.place.field.clone().unwrap_or_default();
        checker.row(fault, file, at, &field);
    }
    for field in schema.fields {
        let FieldType::Code(vocabulary) = field.ty else { continue };
        let value = row.body.get(field.name);
        let list = value.and_then(serde_json::Value::as_array).map_or(&[][..], Vec::as_slice);
        for code in value.into_iter().chain(list).filter_map(serde_json::Value::as_str) {
            if let Some(fault) = checker.code_fault(vocabulary, code) {
                checker.row(fault, file, at, field.name);
            }
        }
    }
    let section = row.body.get("section").and_then(serde_json::Value::as_str);
    if let Some(section) = section
        && row.kind == "strategy_statement"
        && checker.pack.heading(section).is_none()
    {
        let fault = Refusal::new("pack.heading.unknown").arg("id", section);
        checker.row(fault, file, at, "section");
    }
}

/// Judgements and wordings of links.
pub(super) fn judgements(checker: &mut Checker<'_>) {
    let pack = checker.pack;
    checker.unique(pack.wordings.iter().map(|w| w.word.as_str()), WORDINGS, "word");
    checker.unique(pack.judgements.iter().map(|j| j.sheet.as_str()), JUDGEMENTS, "sheet");
    for (at, judgement) in pack.judgements.iter().enumerate() {
        for id in judgement.measures.iter().filter(|id| pack.measure(id).is_none()) {
            let fault = Refusal::new("pack.measure.unknown").arg("id", id);
            checker.row(fault, JUDGEMENTS, at, "measures");
        }
        if judgement.judged_on.is_none() {
            checker.row(Refusal::new("pack.value.blank"), JUDGEMENTS, at, "judged_on");
        }
    }
}
