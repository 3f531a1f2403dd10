//! Steps of records, whichever way they are asked for: a step that freezes
//! values or makes records takes them from the follow-up, not from the request.

use shirube_cycle::{By, CycleError, Judgement, OpenCycle};
use shirube_model::calendar::parse_date;
use shirube_model::record::{Body, RecordVersion};
use shirube_model::refusal::Refusal;
use shirube_model::schema::{FieldSpec, KindSchema};
use shirube_store::{AppendError, Draft};

use crate::state::AppState;

/// A step to take on a record as somebody saw it.
pub(crate) struct Asked<'a> {
    pub schema: &'static KindSchema,
    /// The record as it stands.
    pub record: &'a RecordVersion,
    /// Version that was seen.
    pub base_version: u32,
    pub step: &'a str,
    /// Fields filled with the step.
    pub fields: Body,
    pub actor: &'a str,
    pub reason: &'a str,
}

/// Fields that the follow-up fills itself when a step is taken.
fn filled_by_itself(kind: &str, step: &str) -> bool {
    matches!((kind, step), ("measure_report", "submit" | "approve") | ("follow_up_cycle", "lock"))
}

/// Fields a step asks for.
pub(crate) fn asks(schema: &'static KindSchema, step: &str) -> Vec<&'static FieldSpec> {
    if filled_by_itself(schema.kind, step) {
        return Vec::new();
    }
    let named: &[&str] = match (schema.kind, step) {
        ("follow_up_cycle", "open") => {
            &["values_as_of", "contributions_due_on", "submissions_due_on"]
        }
        _ => schema.transitions.iter().find(|one| one.name == step).map_or(&[], |one| one.needs),
    };
    named.iter().filter_map(|name| schema.field(name)).collect()
}

/// Takes a step of the kind.
pub(crate) async fn take(state: &AppState, asked: Asked<'_>) -> Result<(), AppendError> {
    let by = By {
        actor: asked.actor.to_owned(),
        reason: asked.reason.to_owned(),
        on: state.engine().latest_day(),
    };
    let refused = |error: CycleError| AppendError::Refused { draft: 0, refusals: error.0 };
    let desk = state.follow_up();
    let (record, version) = (asked.record, asked.base_version);
    match (asked.schema.kind, asked.step) {
        ("measure_report", "approve") => {
            let approve = Judgement::Approve;
            desk.judge_seen(&record.id, version, &approve, &by).await.map_err(refused)
        }
        ("measure_report", "submit") => {
            desk.submit(&record.id, version, &by).await.map_err(refused)
        }
        ("follow_up_cycle", "open") => {
            let ask = open(record, &asked.fields).map_err(|refusal| refused(refusal.into()))?;
            desk.open_cycle(&ask, &by).await.map(drop).map_err(refused)
        }
        ("follow_up_cycle", "lock") => {
            let year = fiscal_year(&record.body);
            desk.lock_cycle(year, &by).await.map(drop).map_err(refused)
        }
        _ => {
            let mut body = record.body.clone();
            body.extend(asked.fields);
            let draft = Draft::transition(record.id.clone(), version, asked.step, Some(body));
            state.store().append(vec![draft], asked.actor, asked.reason).await.map(drop)
        }
    }
}

fn fiscal_year(body: &Body) -> i32 {
    let year = body.get("fiscal_year").and_then(serde_json::Value::as_i64);
    year.and_then(|year| i32::try_from(year).ok()).unwrap_or_default()
}

fn open(record: &RecordVersion, fields: &Body) -> Result<OpenCycle, Refusal> {
    let day = |name: &str| {
        let given = fields.get(name).or_else(|| record.body.get(name));
        let text = given.and_then(serde_json::Value::as_str);
        text.map(|text| parse_date(text).map_err(|refusal| refusal.field(name))).transpose()
    };
    let missing = |name: &str| {
        Refusal::new("registers.transition.needs-field").arg("transition", "open").field(name)
    };
    Ok(OpenCycle {
        fiscal_year: fiscal_year(&record.body),
        values_as_of: day("values_as_of")?.ok_or_else(|| missing("values_as_of"))?,
        contributions_due_on: day("contributions_due_on")?,
        submissions_due_on: day("submissions_due_on")?
            .ok_or_else(|| missing("submissions_due_on"))?,
    })
}
