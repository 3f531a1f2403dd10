//! Field values of records as pages show them.

use rust_decimal::Decimal;
use serde_json::Value;
use shirube_model::calendar::parse_date;
use shirube_model::indicator::YearBasis;
use shirube_model::record::Body;
use shirube_model::schema::{FieldSpec, FieldType, KindSchema, Visibility};

use crate::labels::Labels;
use crate::request::Audience;
use crate::text::Tr;

/// One value, with where it leads.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Shown {
    pub text: String,
    /// Code behind a label.
    pub code: String,
    /// Address inside the site or outside of it.
    pub href: Option<String>,
    /// Whether the address leaves the site.
    pub outside: bool,
}

impl Shown {
    fn text(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }
}

/// Whether `audience` may see a field.
pub(crate) fn visible(field: &FieldSpec, audience: Audience) -> bool {
    audience == Audience::Staff || field.visibility == Visibility::Public
}

/// A body without the fields that `audience` may not see.
pub(crate) fn open_body(schema: &KindSchema, body: &Body, audience: Audience) -> Body {
    body.iter()
        .filter(|(name, _)| schema.field(name).is_some_and(|field| visible(field, audience)))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

/// Shows values of one language; `carry` is added to links to records.
#[derive(Clone, Copy)]
pub(crate) struct Shower<'a> {
    pub t: Tr,
    pub labels: Labels<'a>,
    pub carry: &'a str,
    /// Days in few characters, for lists.
    pub brief: bool,
}

impl Shower<'_> {
    /// Every value of a field, in order; nothing for an empty field.
    pub(crate) fn values(&self, field: &FieldSpec, value: Option<&Value>) -> Vec<Shown> {
        match value {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(items)) => {
                items.iter().map(|item| self.one(field.ty, item)).collect()
            }
            Some(one) => vec![self.one(field.ty, one)],
        }
    }

    /// All values in one line.
    pub(crate) fn line(&self, field: &FieldSpec, value: Option<&Value>) -> String {
        let texts: Vec<String> =
            self.values(field, value).into_iter().map(|shown| shown.text).collect();
        self.t.list(&texts)
    }

    /// All values in one line, texts in both languages, for comparing versions.
    pub(crate) fn full_line(&self, field: &FieldSpec, value: Option<&Value>) -> String {
        let Some(Value::Object(sides)) = value.filter(|_| field.ty == FieldType::LocalText) else {
            return self.line(field, value);
        };
        let side = |lang: &str| sides.get(lang).and_then(Value::as_str).unwrap_or_default();
        format!("{} / {}", side("ja"), side("en"))
    }

    fn one(&self, ty: FieldType, value: &Value) -> Shown {
        let text = value.as_str().unwrap_or_default();
        match ty {
            FieldType::Text | FieldType::Id(_) => Shown::text(text),
            FieldType::LocalText => {
                let side = value.get(self.t.0.tag()).and_then(Value::as_str);
                Shown::text(side.unwrap_or_default())
            }
            FieldType::Code(vocabulary) => Shown {
                text: self.labels.term(vocabulary, text),
                code: text.to_owned(),
                ..Shown::default()
            },
            FieldType::Date => {
                let words = |day| if self.brief { self.t.short_day(day) } else { self.t.day(day) };
                Shown::text(parse_date(text).map_or_else(|_| text.to_owned(), words))
            }
            FieldType::Int => Shown::text(self.whole(value)),
            FieldType::Decimal => {
                // Every digit: the record is the source of published numbers.
                Shown::text(text)
            }
            FieldType::Yen => Shown::text(self.yen(value)),
            FieldType::Bool => {
                let key = if value.as_bool() == Some(true) { "web.yes" } else { "web.no" };
                Shown::text(self.t.get(key))
            }
            FieldType::Ref(_) => Shown {
                text: text.to_owned(),
                href: Some(format!("/{}/records/{text}{}", self.t.0.tag(), self.carry)),
                ..Shown::default()
            },
            FieldType::Url => Shown {
                text: text.to_owned(),
                href: web_address(text),
                outside: true,
                ..Shown::default()
            },
            FieldType::YearAmount => {
                let year = value.get("fiscal_year").and_then(Value::as_i64).unwrap_or_default();
                let year = i32::try_from(year).unwrap_or_default();
                let amount = self.yen(value.get("amount_yen").unwrap_or(&Value::Null));
                Shown::text(format!("{} {amount}", self.t.year(YearBasis::Fiscal, year)))
            }
        }
    }

    fn whole(&self, value: &Value) -> String {
        value.as_i64().map_or_else(String::new, |number| self.t.number(Decimal::from(number)))
    }

    fn yen(&self, value: &Value) -> String {
        self.t.with("web.yen", "amount", self.whole(value))
    }
}

/// An address a browser may follow; anything but http and https is shown as
/// plain text.
pub(crate) fn web_address(text: &str) -> Option<String> {
    let safe = text.starts_with("https://") || text.starts_with("http://");
    safe.then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use shirube_model::registers;

    #[test]
    fn internal_fields_are_for_staff() {
        let schema = registers::kind("contract").unwrap();
        let body = json!({"title": "秘", "contract_type": "licence"}).as_object().unwrap().clone();
        let open = open_body(schema, &body, Audience::Public);
        assert!(!open.contains_key("title") && open.contains_key("contract_type"), "{open:?}");
        assert_eq!(open_body(schema, &body, Audience::Staff), body);
    }

    #[test]
    fn only_web_addresses_are_links() {
        assert_eq!(web_address("javascript:alert(1)"), None);
        assert_eq!(web_address("https://example.jp/a"), Some("https://example.jp/a".to_owned()));
    }
}
