//! What a record is called on pages.

use std::collections::BTreeMap;

use serde_json::Value;
use shirube_model::ident::RecordId;
use shirube_model::lang::LocalText;
use shirube_model::record::Body;
use shirube_model::registers;
use shirube_model::schema::{FieldType, KindSchema, Visibility};

use crate::fault::StoreError;
use crate::ledger::Store;

/// How many records a title may lead through: a record whose title field names
/// another record is called after that one.
const HOPS_MAX: usize = 4;

/// What the title field of a body says to a reader.
enum Title {
    Text(LocalText),
    /// The record is called after another one.
    Of(RecordId),
    None,
}

fn title(schema: &KindSchema, body: &Body, include_internal: bool) -> Title {
    let Some(field) = schema.field(schema.title) else { return Title::None };
    if field.visibility == Visibility::Internal && !include_internal {
        return Title::None;
    }
    let value = match body.get(field.name) {
        Some(Value::Array(items)) => items.first(),
        other => other,
    };
    let Some(value) = value else { return Title::None };
    match (field.ty, value) {
        (FieldType::LocalText, value) => {
            let side = |lang| value.get(lang).and_then(Value::as_str).unwrap_or_default();
            Title::Text(LocalText::new(side("ja"), side("en")))
        }
        (FieldType::Ref(_), Value::String(id)) => id.parse().map_or(Title::None, Title::Of),
        (_, Value::String(text)) => Title::Text(LocalText::new(text, text)),
        (_, value) => Title::Text(LocalText::new(value.to_string(), value.to_string())),
    }
}

impl Store {
    /// What each of `ids` is called today. A record that is unknown, has no title,
    /// or has one that only staff may see (unless `include_internal`) is called
    /// by its id.
    ///
    /// # Errors
    /// A fault of the ledger file.
    pub async fn titles(
        &self,
        ids: &[RecordId],
        include_internal: bool,
    ) -> Result<BTreeMap<RecordId, LocalText>, StoreError> {
        let mut texts: BTreeMap<RecordId, LocalText> = BTreeMap::new();
        // Which of the records asked for wait for the title of which record.
        let mut waiting: BTreeMap<RecordId, Vec<RecordId>> = BTreeMap::new();
        for id in ids {
            waiting.insert(id.clone(), vec![id.clone()]);
        }
        for _ in 0..HOPS_MAX {
            let wanted: Vec<RecordId> = waiting.keys().cloned().collect();
            if wanted.is_empty() {
                break;
            }
            let mut next: BTreeMap<RecordId, Vec<RecordId>> = BTreeMap::new();
            for record in self.current_of(&wanted).await? {
                let Some(asked) = waiting.remove(&record.id) else { continue };
                let Some(schema) = registers::kind(&record.kind) else { continue };
                match title(schema, &record.body, include_internal) {
                    Title::Text(text) => {
                        texts.extend(asked.into_iter().map(|id| (id, text.clone())));
                    }
                    Title::Of(other) => next.entry(other).or_default().extend(asked),
                    Title::None => {}
                }
            }
            waiting = next;
        }
        for id in ids {
            texts.entry(id.clone()).or_insert_with(|| LocalText::new(id.as_str(), id.as_str()));
        }
        Ok(texts)
    }
}
