//! Codes of a body held against the vocabularies of the pack.

use serde_json::Value;
use shirube_model::record::Body;
use shirube_model::refusal::Refusal;
use shirube_model::schema::{FieldType, KindSchema};
use shirube_pack::Pack;

/// Every code that its vocabulary does not have. Codes that have ended are
/// accepted: records tell of the past too.
pub(crate) fn check(pack: &Pack, schema: &KindSchema, body: &Body) -> Vec<Refusal> {
    let mut refusals = Vec::new();
    for field in schema.fields {
        let FieldType::Code(vocabulary) = field.ty else { continue };
        let codes: Vec<&str> = match body.get(field.name) {
            Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).collect(),
            Some(Value::String(code)) => vec![code],
            _ => Vec::new(),
        };
        for code in codes {
            if pack.term(vocabulary, code).is_none() {
                refusals.push(
                    Refusal::new("web.code.unknown")
                        .arg("code", code)
                        .arg("vocabulary", vocabulary)
                        .field(field.name),
                );
            }
        }
    }
    refusals
}
