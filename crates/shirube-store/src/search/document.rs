//! Which text of a record can be searched.

use serde_json::Value;
use shirube_model::record::{Body, RecordVersion};
use shirube_model::registers;
use shirube_model::schema::{FieldSpec, FieldType, KindSchema, Visibility};

/// Text of a record, by who may see it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Texts {
    /// The title, when everybody may see it.
    pub(crate) title: Vec<String>,
    /// Other fields everybody may see.
    pub(crate) public: Vec<String>,
    /// Fields only staff may see.
    pub(crate) internal: Vec<String>,
}

/// Text, text in two languages, and identifiers given by others can be
/// searched; codes, days and numbers are for filters.
fn is_searchable(field: &FieldSpec) -> bool {
    matches!(field.ty, FieldType::Text | FieldType::LocalText | FieldType::Id(_))
}

pub(crate) fn of_body(schema: &KindSchema, body: &Body) -> Texts {
    let mut texts = Texts::default();
    for field in schema.fields.iter().filter(|field| is_searchable(field)) {
        let Some(value) = body.get(field.name) else { continue };
        let place = match field.visibility {
            Visibility::Internal => &mut texts.internal,
            Visibility::Public if field.name == schema.title => &mut texts.title,
            Visibility::Public => &mut texts.public,
        };
        push(place, value);
    }
    texts
}

fn push(place: &mut Vec<String>, value: &Value) {
    match value {
        Value::String(text) => place.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| push(place, item)),
        Value::Object(sides) => {
            // Japanese first, however the map orders its keys.
            for side in ["ja", "en"] {
                if let Some(text) = sides.get(side) {
                    push(place, text);
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The texts of a record apart from its title that the reader may see.
pub(crate) fn texts(record: &RecordVersion, include_internal: bool) -> Vec<String> {
    let Some(schema) = registers::kind(&record.kind) else { return Vec::new() };
    let mut texts = of_body(schema, &record.body);
    if include_internal {
        texts.public.append(&mut texts.internal);
    }
    texts.public
}
