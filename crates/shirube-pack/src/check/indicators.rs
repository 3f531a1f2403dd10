//! Checks of definitions and decisions.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use shirube_model::filter::Filter;
use shirube_model::indicator::{Evidence, Indicator, Kind, Question, Role, Spec, merge};
use shirube_model::refusal::Refusal;
use shirube_model::registers;
use shirube_model::schema::{FieldType, KindSchema};

use super::{Checker, is_kebab};
use crate::files::{DECISIONS, Place, place_of};

pub(super) fn indicators(checker: &mut Checker<'_>) {
    let mut first: BTreeMap<&str, &str> = BTreeMap::new();
    for (at, indicator) in checker.pack.indicators.iter().enumerate() {
        let file = checker.indicator_file(at);
        if let Some(earlier) = first.insert(&indicator.id, file) {
            let fault = Refusal::new("pack.indicator.repeated")
                .arg("id", &indicator.id)
                .arg("file", earlier);
            checker.key(fault, file, "id");
        }
        if place_of(file) != Some(Place::Indicator(&indicator.id)) {
            let fault = Refusal::new("pack.indicator.file-name").arg("id", &indicator.id);
            checker.key(fault, file, "id");
        }
        if indicator.version == 0 {
            checker.key(Refusal::new("pack.indicator.version"), file, "version");
        }
        references(checker, file, indicator);
        questions(checker, file, indicator);
        specs(checker, file, indicator);
        disaggregations(checker, file, indicator);
    }
}

fn references(checker: &mut Checker<'_>, file: &str, indicator: &Indicator) {
    let pack = checker.pack;
    let codes = [
        ("ministries", Some(&indicator.owner), "owner"),
        ("units", Some(&indicator.unit), "unit"),
        ("indicator_groups", indicator.group.as_ref(), "group"),
    ];
    for (vocabulary, code, path) in codes {
        if let Some(fault) = code.and_then(|code| checker.code_fault(vocabulary, code)) {
            checker.key(fault, file, path);
        }
    }
    type Known<'a> = &'a dyn Fn(&str) -> bool;
    let lists: [(&[String], &str, &'static str, Known<'_>); 3] = [
        (&indicator.goals, "goals", "pack.goal.unknown", &|id| pack.goal(id).is_some()),
        (&indicator.sections, "sections", "pack.heading.unknown", &|id| pack.heading(id).is_some()),
        (&indicator.measures, "measures", "pack.measure.unknown", &|id| pack.measure(id).is_some()),
    ];
    for (ids, path, code, known) in lists {
        for (at, id) in ids.iter().enumerate().filter(|(_, id)| !known(id)) {
            checker.key(Refusal::new(code).arg("id", id), file, &format!("{path}[{at}]"));
        }
    }
    activation(checker, file, indicator);
}

/// A milestone and the indicator it brings into being name each other.
fn activation(checker: &mut Checker<'_>, file: &str, indicator: &Indicator) {
    let pack = checker.pack;
    if let Some(id) = &indicator.activated_by {
        match pack.indicator(id) {
            None => {
                let fault = Refusal::new("pack.indicator.unknown").arg("id", id);
                checker.key(fault, file, "activated_by");
            }
            Some(milestone) if creates(milestone) != Some(&indicator.id) => {
                let fault = Refusal::new("pack.indicator.activated-by")
                    .arg("id", &indicator.id)
                    .arg("milestone", id);
                checker.key(fault, file, "activated_by");
            }
            Some(_) => {}
        }
    } else if indicator.role == Role::Child {
        let fault = Refusal::new("pack.indicator.child").arg("id", &indicator.id);
        checker.key(fault, file, "role");
    }
    if let Some(id) = creates(indicator) {
        match pack.indicator(id) {
            None => {
                let fault = Refusal::new("pack.indicator.unknown").arg("id", id);
                checker.key(fault, file, "spec.creates");
            }
            Some(child) if child.activated_by.as_ref() != Some(&indicator.id) => {
                let fault = Refusal::new("pack.indicator.creates")
                    .arg("id", id)
                    .arg("milestone", &indicator.id);
                checker.key(fault, file, "spec.creates");
            }
            Some(_) => {}
        }
    }
}

fn creates(indicator: &Indicator) -> Option<&str> {
    indicator.spec.get("creates").and_then(Value::as_str)
}

fn questions(checker: &mut Checker<'_>, file: &str, indicator: &Indicator) {
    let ids: Vec<&str> = indicator.questions.iter().map(|q| q.id.as_str()).collect();
    ids_of(checker, file, &ids, "question");
    for (q, question) in indicator.questions.iter().enumerate() {
        let path = format!("question[{q}]");
        let ids: Vec<&str> = question.readings.iter().map(|r| r.id.as_str()).collect();
        ids_of(checker, file, &ids, &format!("{path}.reading"));
        if question.readings.len() < 2 {
            let fault = Refusal::new("pack.question.few-readings").arg("question", &question.id);
            checker.key(fault, file, &path);
        }
        readings(checker, file, question, &path);
    }
    let ids: Vec<&str> = indicator.disaggregations.iter().map(|d| d.id.as_str()).collect();
    ids_of(checker, file, &ids, "disaggregation");
}

fn readings(checker: &mut Checker<'_>, file: &str, question: &Question, path: &str) {
    let working = question.readings.iter().filter(|reading| reading.working).count();
    if working != 1 {
        let fault = Refusal::new("pack.question.working")
            .arg("question", &question.id)
            .arg("found", working);
        // Which reading should be the empty one is not known then.
        return checker.key(fault, file, path);
    }
    for (r, reading) in question.readings.iter().enumerate() {
        let empty = match &reading.spec {
            Value::Object(map) => map.is_empty(),
            other => other.is_null(),
        };
        let (wrong, code, key) = if reading.working {
            (!empty, "pack.reading.working-spec", "spec")
        } else {
            (empty, "pack.reading.empty", "id")
        };
        if wrong {
            let fault = Refusal::new(code).arg("reading", &reading.id);
            checker.key(fault, file, &format!("{path}.reading[{r}].{key}"));
        }
    }
}

/// Ids within one definition: kebab case, each once.
fn ids_of(checker: &mut Checker<'_>, file: &str, ids: &[&str], path: &str) {
    let mut first: BTreeMap<&str, u64> = BTreeMap::new();
    for (at, id) in ids.iter().enumerate() {
        let place = format!("{path}[{at}].id");
        if !is_kebab(id) {
            checker.key(Refusal::new("pack.id.not-kebab").arg("id", id), file, &place);
        }
        let line = checker.places.at_key(Refusal::new(""), file, &place).place.line;
        if let Some(earlier) = first.get(id) {
            checker.key(crate::read::repeated(id, *earlier), file, &place);
        } else {
            first.insert(id, line.unwrap_or_default());
        }
    }
}

fn disaggregations(checker: &mut Checker<'_>, file: &str, indicator: &Indicator) {
    let register = indicator
        .spec
        .pointer("/evidence/register")
        .and_then(Value::as_str)
        .and_then(registers::kind);
    let Some(register) = register else { return };
    for (at, breakdown) in indicator.disaggregations.iter().enumerate() {
        let place = format!("disaggregation[{at}].field");
        let code = match register.field(&breakdown.field) {
            Some(field) if matches!(field.ty, FieldType::Code(_)) => continue,
            Some(_) => "pack.field.not-a-code",
            None => "pack.field.unknown",
        };
        let fault =
            Refusal::new(code).arg("field", &breakdown.field).arg("register", register.kind);
        checker.key(fault, file, &place);
    }
}

/// Compiles the base spec and every reading, and checks the codes and states
/// they name. What a reading inherits from the base is reported once, there.
fn specs(checker: &mut Checker<'_>, file: &str, indicator: &Indicator) {
    let base = vec!["spec".to_owned()];
    let mut known = BTreeSet::new();
    for fault in spec_faults(checker, &indicator.spec) {
        known.insert((fault.code, fault.args.clone(), fault.place.field.clone()));
        place_spec_fault(checker, file, &base, fault);
    }
    for (q, question) in indicator.questions.iter().enumerate() {
        for (r, reading) in question.readings.iter().enumerate() {
            let prefixes = [format!("question[{q}].reading[{r}].spec"), "spec".to_owned()];
            for fault in spec_faults(checker, &merge(&indicator.spec, &reading.spec)) {
                let seen = (fault.code, fault.args.clone(), fault.place.field.clone());
                if !known.contains(&seen) {
                    place_spec_fault(checker, file, &prefixes, fault);
                }
            }
        }
    }
}

fn place_spec_fault(checker: &mut Checker<'_>, file: &str, prefixes: &[String], fault: Refusal) {
    let (mut fault, key) = in_own_words(fault);
    if fault.code == "indicator.spec.unknown-register" {
        // The model names the evidence rather than the key inside it.
        let field = fault.place.field.take().unwrap_or_default();
        let whole = if field.ends_with("register") { field } else { format!("{field}.register") };
        fault = fault.field(whole);
    }
    let fault = match key {
        Some(key) => fault.field(key),
        None => fault,
    };
    let path = match &fault.place.field {
        Some(_) => checker.places.spec_path(file, prefixes, &fault),
        None => prefixes.first().cloned().unwrap_or_default(),
    };
    checker.key(fault, file, &path);
}

/// The deserialiser of the model names unknown and missing keys in backticks;
/// both have a message of their own here.
fn in_own_words(fault: Refusal) -> (Refusal, Option<String>) {
    let detail = match fault.args.get("detail") {
        Some(detail) if fault.code == "indicator.spec.unreadable" => detail.clone(),
        _ => return (fault, None),
    };
    let mut names = detail.split('`').skip(1).step_by(2).map(str::to_owned);
    let Some(key) = names.next() else { return (fault, None) };
    if detail.starts_with("unknown field") {
        let known: Vec<String> = names.collect();
        let fault =
            Refusal::new("pack.toml.unknown-key").arg("key", &key).arg("known", known.join(", "));
        (fault, Some(key))
    } else if detail.starts_with("missing field") {
        (Refusal::new("pack.toml.missing-key").arg("key", &key), None)
    } else {
        (fault, None)
    }
}

/// Faults of a merged spec, with fields as the model names them.
fn spec_faults(checker: &Checker<'_>, merged: &Value) -> Vec<Refusal> {
    match Spec::compile(merged) {
        Ok(spec) => code_faults(checker, &spec),
        Err(faults) => faults,
    }
}

fn code_faults(checker: &Checker<'_>, spec: &Spec) -> Vec<Refusal> {
    let mut faults = Vec::new();
    for (evidence, key) in spec.evidences().zip(["evidence", "compare"]) {
        filter_faults(
            checker,
            evidence.register,
            &evidence.filter,
            &format!("{key}.filter"),
            &mut faults,
        );
        for link in &evidence.links {
            let field = format!("{key}.link.filter");
            filter_faults(checker, link.register, &link.filter, &field, &mut faults);
        }
    }
    if let Some(inner) = &spec.inner {
        filter_faults(checker, spec.evidence.register, inner, "inner", &mut faults);
    }
    faults.extend(element_faults(checker, spec, &spec.evidence));
    let kind = checker.code_fault("indicator_kinds", spec.kind.code());
    faults.extend(kind.map(|fault| fault.field("kind")));
    if spec.creates.is_some() && spec.kind != Kind::MilestoneCreates {
        let fault = Refusal::new("pack.indicator.creates-kind").arg("kind", spec.kind.code());
        faults.push(fault.field("creates"));
    }
    faults
}

fn filter_faults(
    checker: &Checker<'_>,
    register: &KindSchema,
    filter: &Filter,
    field: &str,
    faults: &mut Vec<Refusal>,
) {
    for used in filter.codes(register) {
        if let Some(fault) = checker.code_fault(used.vocabulary, &used.code) {
            faults.push(fault.arg("text", format!("'{}'", used.code)).field(field));
        }
    }
    for state in filter.states() {
        if register.state(&state).is_none() {
            let fault = Refusal::new("pack.state.unknown")
                .arg("state", &state)
                .arg("register", register.kind)
                .arg("known", register.states.join(", "))
                .arg("text", format!("'{state}'"));
            faults.push(fault.field(field));
        }
    }
}

/// Groups that must be there are codes when the grouping field is coded.
fn element_faults(checker: &Checker<'_>, spec: &Spec, evidence: &Evidence) -> Vec<Refusal> {
    let field = spec.group_by.and_then(|group| evidence.register.field(group.name));
    let Some(FieldType::Code(vocabulary)) = field.map(|field| field.ty) else {
        return Vec::new();
    };
    let faults = spec.elements.iter().filter_map(|code| checker.code_fault(vocabulary, code));
    faults.map(|fault| fault.field("elements")).collect()
}

pub(super) fn decisions(checker: &mut Checker<'_>) {
    let pack = checker.pack;
    let mut days: BTreeMap<_, usize> = BTreeMap::new();
    for (at, decision) in pack.decisions.iter().enumerate() {
        let path = |key: &str| format!("decision[{at}].{key}");
        let Some(indicator) = pack.indicator(&decision.indicator) else {
            let fault = Refusal::new("pack.indicator.unknown").arg("id", &decision.indicator);
            checker.key(fault, DECISIONS, &path("indicator"));
            continue;
        };
        let Some(question) = indicator.question(&decision.question) else {
            let fault = Refusal::new("pack.question.unknown")
                .arg("question", &decision.question)
                .arg("indicator", &indicator.id);
            checker.key(fault, DECISIONS, &path("question"));
            continue;
        };
        if !question.readings.iter().any(|reading| reading.id == decision.reading) {
            let fault = Refusal::new("pack.reading.unknown")
                .arg("reading", &decision.reading)
                .arg("question", &question.id);
            checker.key(fault, DECISIONS, &path("reading"));
            continue;
        }
        let day =
            (&decision.indicator, &decision.question, decision.effective_from, decision.decided_on);
        if days.insert(day, at).is_some() {
            let fault = Refusal::new("pack.decision.conflict")
                .arg("question", &decision.question)
                .arg("indicator", &decision.indicator);
            checker.key(fault, DECISIONS, &path("effective_from"));
        }
        settled(checker, indicator, decision.effective_from, &path("reading"));
    }
}

/// Several decided readings together must still make a spec. Faults that the
/// base or one reading has by itself are reported there.
fn settled(checker: &mut Checker<'_>, indicator: &Indicator, day: chrono::NaiveDate, path: &str) {
    let alone = std::iter::once(indicator.spec.clone())
        .chain(indicator.readings().map(|(_, reading)| merge(&indicator.spec, &reading.spec)));
    for spec in alone {
        if Spec::compile(&spec).is_err() {
            return;
        }
    }
    for fault in indicator.headline_spec(&checker.pack.decisions, day).err().unwrap_or_default() {
        checker.key(fault, DECISIONS, path);
    }
}
