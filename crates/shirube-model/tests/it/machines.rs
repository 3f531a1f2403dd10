//! The state machines: every pair of state and step.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use shirube_model::lang::Lang;
use shirube_model::record::Standing;
use shirube_model::registers::{KINDS, kind};
use shirube_model::schema::state_diagram;

use crate::bodies::full;

/// What a decision on a link must say.
const DECIDED: &[&str] = &["grounds", "decided_on", "decided_by"];

/// (kind, state, step, new state, fields the step needs). Any other pair of
/// state and step is refused.
const ALLOWED: &[(&str, &str, &str, &str, &[&str])] = &[
    ("programme", "running", "close", "closed", &["ended_on"]),
    ("programme", "closed", "reopen", "running", &[]),
    ("call", "open", "close", "closed", &["closes_on"]),
    ("call", "open", "decide", "decided", &["decided_on"]),
    ("call", "closed", "decide", "decided", &["decided_on"]),
    ("project", "adopted", "start", "active", &[]),
    ("project", "active", "complete", "completed", &["ended_on"]),
    ("project", "adopted", "stop", "stopped", &["ended_on"]),
    ("project", "active", "stop", "stopped", &["ended_on"]),
    ("phase_transition", "reported", "confirm", "confirmed", &[]),
    ("continuation", "decided", "carry_out", "carried_out", &[]),
    ("support_record", "running", "end", "ended", &[]),
    ("contract", "signed", "end", "ended", &[]),
    ("organisation", "existing", "dissolve", "dissolved", &["dissolved_on"]),
    ("organisation_role", "granted", "end", "ended", &["valid_to"]),
    ("site_capability", "planned", "open", "in_service", &["available_from"]),
    ("site_capability", "in_service", "close", "closed", &["available_to"]),
    ("consortium_membership", "member", "leave", "left", &["valid_to"]),
    ("commitment", "active", "end", "ended", &["valid_to"]),
    ("certification", "certified", "revoke", "revoked", &[]),
    ("trial", "planned", "recruit", "recruiting", &["started_on"]),
    ("trial", "recruiting", "close_recruitment", "closed_to_recruitment", &[]),
    ("trial", "recruiting", "complete", "completed", &["completed_on"]),
    ("trial", "closed_to_recruitment", "complete", "completed", &["completed_on"]),
    ("trial", "planned", "terminate", "terminated", &["completed_on"]),
    ("trial", "recruiting", "terminate", "terminated", &["completed_on"]),
    ("trial", "closed_to_recruitment", "terminate", "terminated", &["completed_on"]),
    ("consultation", "open", "answer", "answered", &[]),
    ("consultation", "open", "close", "closed", &["closed_on"]),
    ("consultation", "answered", "close", "closed", &["closed_on"]),
    ("support_case", "supporting", "end", "ended", &[]),
    ("training_programme", "running", "close", "closed", &["ended_on"]),
    ("enrolment", "enrolled", "finish", "finished", &["finished_on"]),
    ("enrolment", "enrolled", "drop_out", "dropped_out", &[]),
    ("certificate", "issued", "revoke", "revoked", &[]),
    ("reference_list", "in_force", "supersede", "superseded", &["valid_to"]),
    ("list_entry", "listed", "begin", "in_progress", &[]),
    ("list_entry", "listed", "finish", "done", &["done_on"]),
    ("list_entry", "in_progress", "finish", "done", &["done_on"]),
    ("list_entry", "listed", "exclude", "excluded", &["exclusion_reason", "excluded_on"]),
    ("list_entry", "in_progress", "exclude", "excluded", &["exclusion_reason", "excluded_on"]),
    ("list_entry", "excluded", "restore", "listed", &[]),
    ("regulatory_event", "in_force", "revoke", "revoked", &["revoked_on"]),
    ("valuation", "reported", "confirm", "confirmed", &[]),
    ("investment_round", "reported", "confirm", "confirmed", &[]),
    ("venture_adoption", "adopted", "end", "ended", &[]),
    ("business_move", "reported", "confirm", "confirmed", &[]),
    ("data_use", "approved", "start", "started", &["started_on"]),
    ("data_use", "approved", "end", "ended", &[]),
    ("data_use", "started", "end", "ended", &[]),
    ("cooperation", "reported", "verify", "verified", &[]),
    ("exercise", "planned", "hold", "held", &[]),
    ("exercise", "held", "report", "reported", &["report_on"]),
    ("decision", "decided", "supersede", "superseded", &[]),
    ("observation", "provisional", "finalise", "final", &[]),
    ("budget_programme", "current", "end", "ended", &["ends_year"]),
    ("budget_programme", "ended", "reopen", "current", &[]),
    ("measure_link", "suggested", "confirm", "confirmed", DECIDED),
    ("measure_link", "rejected", "confirm", "confirmed", DECIDED),
    ("measure_link", "suggested", "reject", "rejected", DECIDED),
    ("measure_link", "confirmed", "reject", "rejected", DECIDED),
    ("strategy_statement", "printed", "supersede", "superseded", &[]),
];

/// States of every kind, the first one where a record starts.
const STATES: &[(&str, &[&str])] = &[
    ("programme", &["running", "closed"]),
    ("call", &["open", "closed", "decided"]),
    ("project", &["adopted", "active", "completed", "stopped"]),
    ("phase_transition", &["reported", "confirmed"]),
    ("continuation", &["decided", "carried_out"]),
    ("support_record", &["running", "ended"]),
    ("contract", &["signed", "ended"]),
    ("publication", &["listed"]),
    ("organisation", &["existing", "dissolved"]),
    ("organisation_role", &["granted", "ended"]),
    ("site_capability", &["planned", "in_service", "closed"]),
    ("consortium_membership", &["member", "left"]),
    ("commitment", &["active", "ended"]),
    ("certification", &["certified", "revoked"]),
    ("trial", &["planned", "recruiting", "closed_to_recruitment", "completed", "terminated"]),
    ("consultation", &["open", "answered", "closed"]),
    ("support_case", &["supporting", "ended"]),
    ("training_programme", &["running", "closed"]),
    ("enrolment", &["enrolled", "finished", "dropped_out"]),
    ("certificate", &["issued", "revoked"]),
    ("reference_list", &["in_force", "superseded"]),
    ("list_entry", &["listed", "in_progress", "done", "excluded"]),
    ("regulatory_event", &["in_force", "revoked"]),
    ("valuation", &["reported", "confirmed"]),
    ("investment_round", &["reported", "confirmed"]),
    ("venture_adoption", &["adopted", "ended"]),
    ("business_move", &["reported", "confirmed"]),
    ("data_use", &["approved", "started", "ended"]),
    ("cooperation", &["reported", "verified"]),
    ("exercise", &["planned", "held", "reported"]),
    ("decision", &["decided", "superseded"]),
    ("observation", &["provisional", "final"]),
    ("budget_programme", &["current", "ended"]),
    ("budget_payment", &["published"]),
    ("measure_link", &["suggested", "confirmed", "rejected"]),
    ("strategy_statement", &["printed", "superseded"]),
];

/// State and step → new state.
fn allowed(kind_name: &str) -> BTreeMap<(&'static str, &'static str), &'static str> {
    ALLOWED
        .iter()
        .filter(|row| row.0 == kind_name)
        .map(|&(_, state, step, to, _)| ((state, step), to))
        .collect()
}

#[test]
fn every_kind_has_its_states() {
    let states: Vec<_> = KINDS.iter().map(|schema| (schema.kind, schema.states)).collect();
    assert_eq!(states, STATES);
    for schema in KINDS {
        assert_eq!(schema.initial_state(), schema.states[0]);
        assert_eq!(schema.state(schema.states[0]), Some(schema.states[0]));
        assert_eq!(schema.state("nowhere"), None);
    }
}

#[test]
fn every_pair_of_state_and_step_is_allowed_or_refused() {
    let mut taken = 0;
    for schema in KINDS {
        let allowed = allowed(schema.kind);
        let body = full(schema);
        for state in schema.states {
            for step in schema.transitions {
                let result = schema.step(step.name, state, Standing::Active, &body);
                let place = format!("{} {state} {}", schema.kind, step.name);
                match allowed.get(&(*state, step.name)) {
                    Some(to) => {
                        assert_eq!(result, Ok(*to), "{place}");
                        taken += 1;
                    }
                    None => {
                        let code = result.unwrap_err().code;
                        assert_eq!(code, "registers.transition.not-from-here", "{place}");
                    }
                }
            }
        }
    }
    assert_eq!(taken, ALLOWED.len(), "a row of the table names no step");
}

#[test]
fn a_step_needs_its_fields_filled() {
    for &(kind_name, state, step, to, needs) in ALLOWED {
        let schema = kind(kind_name).unwrap();
        let only_needs: Map<_, _> =
            full(schema).into_iter().filter(|(name, _)| needs.contains(&name.as_str())).collect();
        let result = schema.step(step, state, Standing::Active, &only_needs);
        assert_eq!(result, Ok(to), "{kind_name} {step} needs more than {needs:?}");
        for need in needs {
            for nothing in [None, Some(Value::Null), Some(json!("")), Some(json!([]))] {
                let mut body = full(schema);
                body.remove(*need);
                body.extend(nothing.map(|value| ((*need).to_owned(), value)));
                let refusal = schema.step(step, state, Standing::Active, &body).unwrap_err();
                assert_eq!(refusal.code, "registers.transition.needs-field", "{kind_name} {step}");
                assert_eq!(refusal.place.field.as_deref(), Some(*need), "{kind_name} {step}");
            }
        }
    }
}

#[test]
fn records_that_do_not_count_take_no_step() {
    for &(kind_name, state, step, _, _) in ALLOWED {
        let schema = kind(kind_name).unwrap();
        for standing in [Standing::Withdrawn, Standing::Duplicate] {
            let refusal = schema.step(step, state, standing, &full(schema)).unwrap_err();
            assert_eq!(refusal.code, "registers.transition.not-active", "{kind_name} {step}");
        }
    }
}

#[test]
fn unknown_steps_and_states_are_refused() {
    for schema in KINDS {
        let body = full(schema);
        let state = schema.initial_state();
        for step in ["", "fly", "Close"] {
            let refusal = schema.step(step, state, Standing::Active, &body).unwrap_err();
            assert_eq!(refusal.code, "registers.transition.unknown", "{}", schema.kind);
        }
        for step in schema.transitions {
            let refusal = schema.step(step.name, "nowhere", Standing::Active, &body).unwrap_err();
            assert_eq!(refusal.code, "registers.transition.not-from-here", "{}", schema.kind);
        }
    }
}

#[test]
fn refused_steps_read_well_in_both_languages() {
    let schema = kind("trial").unwrap();
    let body = Map::new();
    let cases = [
        (
            schema.step("complete", "planned", Standing::Active, &body),
            "the step `complete` cannot be taken from the state `planned`",
            "状態「planned」からは手続「complete」を行えません",
        ),
        (
            schema.step("complete", "recruiting", Standing::Duplicate, &body),
            "the step `complete` cannot be taken because the record is a duplicate of another",
            "記録が他の記録と重複しているため、手続「complete」は行えません",
        ),
        (
            schema.step("fly", "planned", Standing::Active, &body),
            "the register `trial` has no step `fly`",
            "登録簿「trial」に手続「fly」はありません",
        ),
    ];
    for (result, en, ja) in cases {
        let refusal = result.unwrap_err();
        assert_eq!(refusal.message(Lang::En), en);
        assert_eq!(refusal.message(Lang::Ja), ja);
        for lang in Lang::ALL {
            assert!(!refusal.remedy(lang).contains("{$"), "{}", refusal.remedy(lang));
        }
    }
}

#[test]
fn diagrams_draw_the_table() {
    assert_eq!(
        state_diagram(kind("list_entry").unwrap()),
        "\
stateDiagram-v2
    [*] --> listed
    listed --> in_progress: begin
    listed --> done: finish (done_on)
    in_progress --> done: finish (done_on)
    listed --> excluded: exclude (exclusion_reason, excluded_on)
    in_progress --> excluded: exclude (exclusion_reason, excluded_on)
    excluded --> listed: restore
    done --> [*]
"
    );
    assert_eq!(
        state_diagram(kind("publication").unwrap()),
        "stateDiagram-v2\n    [*] --> listed\n    listed --> [*]\n"
    );
    for schema in KINDS {
        let diagram = state_diagram(schema);
        let steps = diagram.lines().filter(|line| line.contains(": ")).count();
        assert_eq!(steps, allowed(schema.kind).len(), "{diagram}");
        for ((state, step), to) in allowed(schema.kind) {
            let arrow = format!("    {state} --> {to}: {step}");
            assert!(diagram.lines().any(|line| line.starts_with(&arrow)), "{diagram}");
        }
    }
}
