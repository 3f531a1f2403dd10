//! What a register kind looks like from outside: fields with types, states and
//! transitions. Generic code (store, import, pages, API, evaluation) works on
//! this description; the typed structs are in [`crate::registers`].

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::ident::IdScheme;
use crate::record::Standing;
use crate::refusal::Refusal;

/// Type of one value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "type", content = "of")]
pub enum FieldType {
    /// Free text in the language of the source.
    Text,
    /// Text in Japanese and English, `{ja, en}`.
    LocalText,
    /// A code of the named vocabulary of the pack.
    Code(&'static str),
    /// A calendar day, ISO 8601 in storage.
    Date,
    /// A whole number.
    Int,
    /// An exact decimal, written as a string in storage.
    Decimal,
    /// Whole Japanese yen.
    Yen,
    /// True or false.
    Bool,
    /// Id of a record of the named kind.
    Ref(&'static str),
    /// Identifier given by somebody else, with its check rule.
    Id(IdScheme),
    /// A web address.
    Url,
    /// Money of one fiscal year, `{fiscal_year, amount_yen}`.
    YearAmount,
}

/// How many values a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Cardinality {
    /// Exactly one.
    Required,
    /// None or one.
    Optional,
    /// Any number, in the order of the source.
    Many,
}

/// Who may see a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Visibility {
    /// Everybody.
    Public,
    /// Signed-in staff only.
    Internal,
}

/// One field of a register kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct FieldSpec {
    /// Name in storage, imports, the API and filter expressions.
    pub name: &'static str,
    /// Type of each value.
    pub ty: FieldType,
    /// How many values.
    pub card: Cardinality,
    /// Who may see it.
    pub visibility: Visibility,
}

/// A step of a state machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Transition {
    /// Verb, such as `complete`.
    pub name: &'static str,
    /// States it may start from.
    pub from: &'static [&'static str],
    /// State it ends in.
    pub to: &'static str,
    /// Fields that must be filled before the step.
    pub needs: &'static [&'static str],
}

/// A register kind.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct KindSchema {
    /// Name in storage and paths, snake case.
    pub kind: &'static str,
    /// Three capital letters that start every record id.
    pub prefix: &'static str,
    /// Domain of the product the kind belongs to, a code such as `portfolio`.
    pub domain: &'static str,
    /// The field shown as the record's title.
    pub title: &'static str,
    /// Fields in order.
    pub fields: &'static [FieldSpec],
    /// States; the first is where a record starts.
    pub states: &'static [&'static str],
    /// Steps between states.
    pub transitions: &'static [Transition],
    /// States in which the fields stay as they are.
    pub frozen: &'static [&'static str],
    /// Whether its records are about single persons: that one is there is known
    /// to nobody but those who keep this register by name.
    #[serde(skip)]
    pub closed: bool,
    /// Checks every field of a body, then the kind's rules.
    #[serde(skip)]
    pub check: BodyCheck,
}

/// Checks a body: nothing, or every reason to refuse it.
pub type BodyCheck = fn(&Map<String, Value>) -> Result<(), Vec<Refusal>>;

impl KindSchema {
    /// The field called `name`.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&'static FieldSpec> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// State of a new record.
    #[must_use]
    pub fn initial_state(&self) -> &'static str {
        self.states.first().copied().unwrap_or("registered")
    }

    /// The state called `name`, if the kind has it.
    #[must_use]
    pub fn state(&self, name: &str) -> Option<&'static str> {
        self.states.iter().copied().find(|state| *state == name)
    }

    /// Takes a step of the state machine: the new state, or why not.
    ///
    /// # Errors
    /// `registers.transition.unknown`, `registers.transition.not-from-here`,
    /// `registers.transition.needs-field`, `registers.transition.not-active`.
    pub fn step(
        &self,
        transition: &str,
        state: &str,
        standing: Standing,
        body: &Map<String, Value>,
    ) -> Result<&'static str, Refusal> {
        if standing != Standing::Active {
            return Err(Refusal::new("registers.transition.not-active")
                .arg("transition", transition)
                .arg("standing", standing.code()));
        }
        let Some(step) = self.transitions.iter().find(|step| step.name == transition) else {
            let known: Vec<_> = self.transitions.iter().map(|step| step.name).collect();
            return Err(Refusal::new("registers.transition.unknown")
                .arg("transition", transition)
                .arg("kind", self.kind)
                .arg("known", known.join(", ")));
        };
        if !step.from.contains(&state) {
            return Err(Refusal::new("registers.transition.not-from-here")
                .arg("transition", transition)
                .arg("state", state)
                .arg("from", step.from.join(", ")));
        }
        for need in step.needs {
            if !body.get(*need).is_some_and(is_filled) {
                return Err(Refusal::new("registers.transition.needs-field")
                    .arg("transition", transition)
                    .field(*need));
            }
        }
        Ok(step.to)
    }

    /// Checks that a change leaves the fields of a record in a frozen state as
    /// they are. A step may still fill the fields it needs, where these are
    /// empty, such as the day on which an approved report is locked.
    ///
    /// # Errors
    /// `registers.state.frozen`, with the first field that would change.
    pub fn check_frozen(
        &self,
        state: &str,
        transition: Option<&str>,
        before: &Map<String, Value>,
        after: &Map<String, Value>,
    ) -> Result<(), Refusal> {
        if !self.frozen.contains(&state) {
            return Ok(());
        }
        let step = self.transitions.iter().find(|step| Some(step.name) == transition);
        let fills = |name: &str| {
            step.is_some_and(|step| step.needs.contains(&name)) && !before.contains_key(name)
        };
        for field in self.fields {
            let name = field.name;
            if before.get(name) != after.get(name) && !fills(name) {
                return Err(Refusal::new("registers.state.frozen").arg("state", state).field(name));
            }
        }
        Ok(())
    }

    /// JSON Schema (2020-12) of a record body.
    #[must_use]
    pub fn json_schema(&self) -> Value {
        let mut properties = Map::new();
        let mut required = Vec::new();
        for field in self.fields {
            let one = field.ty.json_schema();
            let schema = match field.card {
                Cardinality::Many => json!({ "type": "array", "items": one }),
                Cardinality::Required | Cardinality::Optional => one,
            };
            if field.card == Cardinality::Required {
                required.push(json!(field.name));
            }
            properties.insert(field.name.to_owned(), schema);
        }
        json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": self.kind,
            "type": "object",
            "properties": properties,
            "required": required,
            "additionalProperties": false,
        })
    }
}

/// Whether a field holds something: an empty list or text is nothing.
fn is_filled(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Array(items) => !items.is_empty(),
        Value::String(text) => !text.trim().is_empty(),
        _ => true,
    }
}

/// Draws the state machine of a kind as a Mermaid state diagram, from the same
/// table that [`KindSchema::step`] obeys. A step is written with the fields it
/// needs; a state no step leaves is an end.
#[must_use]
pub fn state_diagram(schema: &KindSchema) -> String {
    let mut lines =
        vec!["stateDiagram-v2".to_owned(), format!("    [*] --> {}", schema.initial_state())];
    for step in schema.transitions {
        let needs = match step.needs {
            [] => String::new(),
            needs => format!(" ({})", needs.join(", ")),
        };
        for from in step.from {
            lines.push(format!("    {from} --> {}: {}{needs}", step.to, step.name));
        }
    }
    for state in schema.states {
        if !schema.transitions.iter().any(|step| step.from.contains(state)) {
            lines.push(format!("    {state} --> [*]"));
        }
    }
    lines.join("\n") + "\n"
}

impl FieldType {
    /// What JSON Schema can say of a value; [`KindSchema::check`] says more,
    /// such as check digits and limits.
    fn json_schema(self) -> Value {
        match self {
            Self::Text => json!({ "type": "string", "pattern": r"\S" }),
            Self::Id(scheme) => {
                let (_, example) = scheme.name_and_example();
                json!({
                    "type": "string", "minLength": 1, "x-scheme": scheme, "examples": [example],
                })
            }
            Self::LocalText => json!({
                "type": "object",
                "properties": {
                    "ja": { "type": "string", "pattern": r"\S" },
                    "en": { "type": "string", "pattern": r"\S" },
                },
                "required": ["ja", "en"],
                "additionalProperties": false,
            }),
            Self::Code(vocabulary) => {
                json!({ "type": "string", "pattern": r"\S", "x-vocabulary": vocabulary })
            }
            Self::Date => json!({ "type": "string", "format": "date" }),
            Self::Int | Self::Yen => json!({ "type": "integer" }),
            Self::Decimal => json!({
                "type": "string", "pattern": r"^-?(0|[1-9][0-9]*)(\.[0-9]{1,6})?$",
            }),
            Self::Bool => json!({ "type": "boolean" }),
            Self::Ref(kind) => {
                let prefix = crate::registers::kind(kind).map_or("[A-Z]{3}", |kind| kind.prefix);
                json!({
                    "type": "string",
                    "pattern": format!("^{prefix}-[0-9A-HJKMNP-TV-Z]{{12}}$"),
                    "x-register": kind,
                })
            }
            Self::Url => json!({
                "type": "string", "format": "uri", "pattern": r"^https?://[^\s/]\S*$",
            }),
            Self::YearAmount => json!({
                "type": "object",
                "properties": {
                    "fiscal_year": { "type": "integer" },
                    "amount_yen": { "type": "integer" },
                },
                "required": ["fiscal_year", "amount_yen"],
                "additionalProperties": false,
            }),
        }
    }
}
