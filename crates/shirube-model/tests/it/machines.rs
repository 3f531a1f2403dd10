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

/// What a cycle must say when it is opened, a report when it is compiled, and
/// an answer.
const OPENED: &[&str] = &["values_as_of", "pack_hash", "opened_on", "submissions_due_on"];
const COMPILED: &[&str] = &["progress", "assessment", "compiled_on"];
const ANSWERED: &[&str] = &["answered_by", "answer", "answered_on"];
const NEED_ANSWERED: &[&str] = &["answered_by", "disposition", "answer", "answered_on"];

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
    ("follow_up_cycle", "planned", "open", "open", OPENED),
    ("follow_up_cycle", "open", "close", "closed", &["closed_on"]),
    ("follow_up_cycle", "closed", "reopen", "open", &[]),
    ("follow_up_cycle", "closed", "report", "reported", &["reported_on"]),
    ("follow_up_cycle", "reported", "lock", "locked", &["locked_on"]),
    ("measure_report", "drafting", "collect", "contributed", &[]),
    ("measure_report", "drafting", "compile", "compiled", COMPILED),
    ("measure_report", "contributed", "compile", "compiled", COMPILED),
    ("measure_report", "returned", "compile", "compiled", COMPILED),
    ("measure_report", "compiled", "submit", "submitted", &["submitted_on", "submitted_by"]),
    ("measure_report", "submitted", "return", "returned", &["return_reason", "returned_on"]),
    (
        "measure_report",
        "submitted",
        "approve",
        "approved",
        &["approved_on", "approved_by", "approved_digest"],
    ),
    ("measure_report", "approved", "lock", "locked", &["locked_on"]),
    ("measure_contribution", "draft", "contribute", "contributed", &["progress", "contributed_on"]),
    ("measure_contribution", "contributed", "take_back", "draft", &[]),
    ("panel_advice", "recorded", "assign", "assigned", &["answered_by", "due_on"]),
    ("panel_advice", "recorded", "answer", "answered", ANSWERED),
    ("panel_advice", "assigned", "answer", "answered", ANSWERED),
    ("public_need", "received", "assign", "assigned", &["answered_by", "due_on"]),
    ("public_need", "received", "answer", "answered", NEED_ANSWERED),
    ("public_need", "assigned", "answer", "answered", NEED_ANSWERED),
    ("follow_up_action", "open", "start", "in_progress", &["started_on"]),
    ("follow_up_action", "open", "mark_overdue", "overdue", &[]),
    ("follow_up_action", "in_progress", "mark_overdue", "overdue", &[]),
    ("follow_up_action", "overdue", "extend", "in_progress", &["extension_reason"]),
    ("follow_up_action", "open", "finish", "done", &["result", "done_on"]),
    ("follow_up_action", "in_progress", "finish", "done", &["result", "done_on"]),
    ("follow_up_action", "overdue", "finish", "done", &["result", "done_on"]),
    ("follow_up_action", "open", "drop", "dropped", &["drop_reason", "dropped_on"]),
    ("follow_up_action", "in_progress", "drop", "dropped", &["drop_reason", "dropped_on"]),
    ("follow_up_action", "overdue", "drop", "dropped", &["drop_reason", "dropped_on"]),
    ("allocation_policy", "drafted", "publish", "published", &["priorities", "published_on"]),
    ("allocation_policy", "published", "supersede", "superseded", &[]),
    ("budget_request", "drafted", "file", "filed", &["filed_on"]),
    (
        "budget_request",
        "filed",
        "adjust",
        "adjusted",
        &["adjusted_yen", "adjustment_reason", "adjusted_on"],
    ),
    ("budget_request", "filed", "decide", "decided", &["decided_yen", "decided_on"]),
    ("budget_request", "adjusted", "decide", "decided", &["decided_yen", "decided_on"]),
    ("adjustment_fund", "proposed", "allocate", "allocated", &["decided_on"]),
    ("adjustment_fund", "proposed", "decline", "declined", &["decided_on", "decline_reason"]),
    ("adjustment_fund", "allocated", "report", "reported", &["effect", "effect_reported_on"]),
    (
        "plan_revision",
        "forked",
        "compare",
        "compared",
        &["new_version", "new_hash", "diff_digest", "differences"],
    ),
    ("plan_revision", "compared", "rework", "forked", &[]),
    (
        "plan_revision",
        "compared",
        "approve",
        "approved",
        &["approved_on", "approved_by", "effective_on"],
    ),
    ("plan_revision", "approved", "bring_into_force", "in_force", &[]),
    ("plan_revision", "forked", "drop", "dropped", &["drop_reason"]),
    ("plan_revision", "compared", "drop", "dropped", &["drop_reason"]),
    ("data_set_terms", "drafted", "bring_into_force", "in_force", &[]),
    ("data_set_terms", "in_force", "supersede", "superseded", &["valid_to"]),
    ("opt_out_notice", "given", "supersede", "superseded", &["superseded_on"]),
    ("use_choice", "recorded", "bring_into_effect", "in_effect", &[]),
    ("use_choice", "recorded", "revoke", "withdrawn", &["withdrawn_on", "withdrawn_by"]),
    ("use_choice", "in_effect", "revoke", "withdrawn", &["withdrawn_on", "withdrawn_by"]),
];

/// States in which the fields of a record stay as they are.
const FROZEN: &[(&str, &[&str])] = &[
    ("follow_up_cycle", &["locked"]),
    ("measure_report", &["approved", "locked"]),
    ("allocation_policy", &["superseded"]),
    ("budget_request", &["decided"]),
    ("plan_revision", &["approved", "in_force", "dropped"]),
    ("data_set_terms", &["superseded"]),
    ("opt_out_notice", &["superseded"]),
    ("use_choice", &["withdrawn"]),
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
    ("follow_up_cycle", &["planned", "open", "closed", "reported", "locked"]),
    (
        "measure_report",
        &["drafting", "contributed", "compiled", "submitted", "returned", "approved", "locked"],
    ),
    ("measure_contribution", &["draft", "contributed"]),
    ("panel_advice", &["recorded", "assigned", "answered"]),
    ("public_need", &["received", "assigned", "answered"]),
    ("follow_up_action", &["open", "in_progress", "overdue", "done", "dropped"]),
    ("allocation_policy", &["drafted", "published", "superseded"]),
    ("budget_request", &["drafted", "filed", "adjusted", "decided"]),
    ("adjustment_fund", &["proposed", "allocated", "declined", "reported"]),
    ("plan_revision", &["forked", "compared", "approved", "in_force", "dropped"]),
    ("data_set_terms", &["drafted", "in_force", "superseded"]),
    ("opt_out_notice", &["given", "superseded"]),
    ("use_choice", &["recorded", "in_effect", "withdrawn"]),
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
fn frozen_states_keep_every_field() {
    let found: Vec<_> = KINDS
        .iter()
        .filter(|schema| !schema.frozen.is_empty())
        .map(|schema| (schema.kind, schema.frozen))
        .collect();
    assert_eq!(found, FROZEN);
    for schema in KINDS {
        for state in schema.states {
            let before = full(schema);
            assert_eq!(schema.check_frozen(state, None, &before, &before), Ok(()));
            for field in schema.fields {
                let (mut without, mut other) = (before.clone(), before.clone());
                without.remove(field.name);
                other.insert(field.name.to_owned(), json!("something else"));
                for after in [&without, &other] {
                    let found = schema.check_frozen(state, None, &before, after);
                    if schema.frozen.contains(state) {
                        let refusal = found.unwrap_err();
                        assert_eq!(refusal.code, "registers.state.frozen");
                        assert_eq!(refusal.place.field.as_deref(), Some(field.name));
                    } else {
                        assert_eq!(found, Ok(()), "{} {state}", schema.kind);
                    }
                }
            }
        }
    }
}

#[test]
fn a_step_from_a_frozen_state_fills_what_it_needs_and_no_more() {
    let schema = kind("measure_report").unwrap();
    let locked = full(schema);
    let mut approved = locked.clone();
    approved.remove("locked_on");
    let check = |step, before, after| schema.check_frozen("approved", step, before, after);
    assert_eq!(check(Some("lock"), &approved, &locked), Ok(()));
    assert!(check(None, &approved, &locked).is_err(), "a correction fills nothing");
    assert!(check(Some("approve"), &approved, &locked).is_err(), "another step's field");
    assert!(check(Some("lock"), &locked, &approved).is_err(), "it takes nothing away");
    let mut other = locked.clone();
    other.insert("progress".to_owned(), json!("rewritten"));
    assert!(check(Some("lock"), &approved, &other).is_err(), "other fields stay");
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
            "台帳「trial」に手続「fly」はありません",
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
