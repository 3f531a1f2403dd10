//! Readers of the TOML documents of a pack: definitions, decisions, pack.toml.

use serde_json::{Map, Value};
use shirube_model::indicator::{
    Disaggregation, Indicator, Question, Reading, ReadingDecision, Role,
};
use shirube_model::plan::PackInfo;
use shirube_model::refusal::Refusal;

use crate::document::{Keys, Node, Tree};
use crate::fault::Sink;
use crate::pack::Counts;

/// Places of days inside a spec.
const SPEC_DATES: [&str; 4] = ["window.from", "window.to", "target.by", "baseline.as_of"];

/// Roles as a definition writes them.
const ROLES: [(&str, Role); 3] =
    [("series", Role::Series), ("goal", Role::Goal), ("child", Role::Child)];

/// What `pack.toml` says.
pub(crate) struct InfoText {
    pub(crate) info: PackInfo,
    pub(crate) horizon: Option<u32>,
    pub(crate) timezone: String,
    pub(crate) fiscal_year_first_month: u32,
    pub(crate) counts: Counts,
}

pub(crate) fn info(file: &str, node: &Node, sink: &Sink) -> InfoText {
    let keys = Keys::of(file, String::new(), node, sink);
    let period = keys.table("period").map(|period| {
        let days = (period.date("start"), period.date("end"));
        period.finish();
        days
    });
    let (period_start, period_end) = period.unwrap_or_default();
    let info = PackInfo {
        id: keys.text("id"),
        version: keys.text("version"),
        title: keys.local("title"),
        period_start,
        period_end,
        legal_basis: keys.local("legal_basis"),
        source: keys.local("source"),
    };
    let read = InfoText {
        info,
        horizon: keys.number_optional("horizon"),
        timezone: keys.text("timezone"),
        fiscal_year_first_month: keys.number("fiscal_year_first_month"),
        counts: keys.table_optional("counts").map(|keys| counts(&keys)).unwrap_or_default(),
    };
    keys.finish();
    read
}

fn counts(keys: &Keys<'_>) -> Counts {
    let counts = Counts {
        headings: keys.number_optional("headings"),
        measures: keys.number_optional("measures"),
        ministries: keys.number_optional("ministries"),
        governance: keys.number_optional("governance"),
        source_notes: keys.number_optional("source_notes"),
        goals: keys.number_optional("goals"),
        indicators: keys.number_optional("indicators"),
        series: keys.number_optional("series"),
        unpublished_baselines: keys.number_optional("unpublished_baselines"),
    };
    keys.finish();
    counts
}

pub(crate) fn indicator(file: &str, node: &Node, sink: &Sink) -> Indicator {
    let keys = Keys::of(file, String::new(), node, sink);
    let indicator = Indicator {
        id: keys.text("id"),
        version: keys.number("version"),
        role: role(&keys),
        name: keys.local("name"),
        group: keys.text_optional("group"),
        goals: keys.texts("goals"),
        owner: keys.text("owner"),
        sections: keys.texts("sections"),
        measures: keys.texts("measures"),
        source_line: keys.number_optional("source_line"),
        unit: keys.text("unit"),
        note: keys.local_optional("note"),
        context: keys.local_optional("context"),
        activated_by: keys.text_optional("activated_by"),
        spec: object(keys.json_needed("spec", &SPEC_DATES), &keys),
        questions: keys.tables("question").iter().map(question).collect(),
        disaggregations: keys.tables("disaggregation").iter().map(disaggregation).collect(),
    };
    keys.finish();
    indicator
}

fn role(keys: &Keys<'_>) -> Role {
    let code = keys.text("role");
    if let Some((_, role)) = ROLES.iter().find(|(name, _)| *name == code) {
        return *role;
    }
    if let Some(Node { line, tree: Tree::Text(text) }) = keys.get("role")
        && !code.is_empty()
    {
        let known: Vec<&str> = ROLES.iter().map(|(name, _)| *name).collect();
        let fault =
            Refusal::new("pack.role.unknown").arg("role", text).arg("known", known.join(", "));
        keys.refuse(fault, "role", *line);
    }
    Role::Series
}

/// A spec must be a table; the readers below rely on it.
fn object(value: Value, keys: &Keys<'_>) -> Value {
    match (&value, keys.get("spec")) {
        (Value::Object(_), _) | (_, None) => value,
        (_, Some(node)) => {
            let fault = Refusal::new("pack.toml.type").arg("expected", "table");
            keys.refuse(fault, "spec", node.line);
            Value::Object(Map::new())
        }
    }
}

fn question(keys: &Keys<'_>) -> Question {
    let question = Question {
        id: keys.text("id"),
        text: keys.local("text"),
        readings: keys.tables("reading").iter().map(reading).collect(),
    };
    keys.finish();
    question
}

fn reading(keys: &Keys<'_>) -> Reading {
    let reading = Reading {
        id: keys.text("id"),
        label: keys.local("label"),
        working: keys.flag("working"),
        spec: object(keys.json("spec", &SPEC_DATES), keys),
    };
    keys.finish();
    reading
}

fn disaggregation(keys: &Keys<'_>) -> Disaggregation {
    let disaggregation = Disaggregation {
        id: keys.text("id"),
        label: keys.local("label"),
        field: keys.text("field"),
    };
    keys.finish();
    disaggregation
}

pub(crate) fn decisions(file: &str, node: &Node, sink: &Sink) -> Vec<ReadingDecision> {
    let keys = Keys::of(file, String::new(), node, sink);
    let decisions = keys.tables("decision").iter().map(decision).collect();
    keys.finish();
    decisions
}

fn decision(keys: &Keys<'_>) -> ReadingDecision {
    let decision = ReadingDecision {
        indicator: keys.text("indicator"),
        question: keys.text("question"),
        reading: keys.text("reading"),
        decided_on: keys.date("decided_on"),
        effective_from: keys.date("effective_from"),
        decided_by: keys.text("decided_by"),
        document_url: keys.text_optional("document_url"),
        reason: keys.local_optional("reason"),
    };
    keys.finish();
    decision
}
