//! Building record bodies.

use chrono::NaiveDate;
use serde_json::{Value, json};
use shirube_model::record::Body;

use super::names::Both;

/// A body under construction.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fields(Body);

impl Fields {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// A body to be changed.
    pub(crate) fn of(body: &Body) -> Self {
        Self(body.clone())
    }

    fn put(mut self, name: &str, value: Value) -> Self {
        self.0.insert(name.to_owned(), value);
        self
    }

    /// Text, a code, an identifier or a reference.
    pub(crate) fn text(self, name: &str, text: impl Into<String>) -> Self {
        self.put(name, Value::String(text.into()))
    }

    /// Text where there is some.
    pub(crate) fn maybe(self, name: &str, text: Option<impl Into<String>>) -> Self {
        match text {
            Some(text) => self.text(name, text),
            None => self,
        }
    }

    /// Text in both languages.
    pub(crate) fn both(self, name: &str, (ja, en): Both) -> Self {
        self.put(name, json!({ "ja": ja, "en": en }))
    }

    pub(crate) fn date(self, name: &str, date: NaiveDate) -> Self {
        self.put(name, Value::String(date.to_string()))
    }

    pub(crate) fn int(self, name: &str, number: i64) -> Self {
        self.put(name, Value::from(number))
    }

    pub(crate) fn flag(self, name: &str, truth: bool) -> Self {
        self.put(name, Value::Bool(truth))
    }

    /// A list of texts; none when it is empty.
    pub(crate) fn list<T: Into<String>>(
        self,
        name: &str,
        items: impl IntoIterator<Item = T>,
    ) -> Self {
        let items: Vec<Value> = items.into_iter().map(|item| Value::String(item.into())).collect();
        if items.is_empty() { self } else { self.put(name, Value::Array(items)) }
    }

    /// Money by fiscal year.
    pub(crate) fn money(self, amounts: impl IntoIterator<Item = (i32, i64)>) -> Self {
        self.amounts("money", amounts)
    }

    /// Amounts by fiscal year; none when there are none.
    pub(crate) fn amounts(self, name: &str, amounts: impl IntoIterator<Item = (i32, i64)>) -> Self {
        let amounts: Vec<Value> = amounts
            .into_iter()
            .map(|(year, yen)| json!({ "fiscal_year": year, "amount_yen": yen }))
            .collect();
        if amounts.is_empty() { self } else { self.put(name, Value::Array(amounts)) }
    }

    /// More fields where a condition holds.
    pub(crate) fn when(self, holds: bool, more: impl FnOnce(Self) -> Self) -> Self {
        if holds { more(self) } else { self }
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.0.remove(name);
        self
    }

    pub(crate) fn done(self) -> Body {
        self.0
    }
}
