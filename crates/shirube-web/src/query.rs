//! Query parameters as the pages read them.

use shirube_model::refusal::Refusal;

/// Longest value of a parameter, in characters.
pub(crate) const VALUE_CHARS_MAX: usize = 400;

/// Longest value of a form field, in characters.
const FORM_VALUE_CHARS_MAX: usize = 100_000;

/// Parameters of a request in the order given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    /// Reads the query part of an address.
    ///
    /// # Errors
    /// `web.query.too-long`.
    pub(crate) fn read(text: &str) -> Result<Self, Refusal> {
        Self::read_up_to(text, VALUE_CHARS_MAX)
    }

    /// Reads the body of a form, whose values may be long.
    ///
    /// # Errors
    /// `web.query.too-long`.
    pub(crate) fn read_form(text: &str) -> Result<Self, Refusal> {
        Self::read_up_to(text, FORM_VALUE_CHARS_MAX)
    }

    /// Parameters given as pairs.
    pub(crate) fn of(pairs: Vec<(String, String)>) -> Self {
        Self(pairs)
    }

    fn read_up_to(text: &str, limit: usize) -> Result<Self, Refusal> {
        let mut pairs = Vec::new();
        for part in text.split('&').filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            let (name, value) = (decode(name), decode(value));
            if value.chars().count() > limit {
                return Err(Refusal::new("web.query.too-long")
                    .arg("limit", limit)
                    .field(name.chars().take(40).collect::<String>()));
            }
            pairs.push((name, value));
        }
        Ok(Self(pairs))
    }

    /// The first value of a parameter that is not blank.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(known, value)| known == name && !value.trim().is_empty())
            .map(|(_, value)| value.trim())
    }

    /// Whether a parameter was sent, blank or not.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(known, _)| known == name)
    }

    /// Adds a parameter.
    pub(crate) fn push(&mut self, name: &str, value: String) {
        self.0.push((name.to_owned(), value));
    }

    /// Every value of a parameter, blank ones too.
    pub(crate) fn all<'q>(&'q self, name: &'q str) -> impl Iterator<Item = &'q str> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// A whole number; the default where the parameter is absent.
    ///
    /// # Errors
    /// `web.query.not-a-number`.
    pub(crate) fn number(&self, name: &'static str, default: u64) -> Result<u64, Refusal> {
        let Some(text) = self.get(name) else { return Ok(default) };
        text.parse().map_err(|_| {
            Refusal::new("web.query.not-a-number").arg("name", name).arg("value", text)
        })
    }

    /// A parameter that must be one of `known`.
    ///
    /// # Errors
    /// `web.query.unknown-value`.
    pub(crate) fn one_of<'a>(
        &self,
        name: &'static str,
        known: impl IntoIterator<Item = &'a str>,
    ) -> Result<Option<&'a str>, Refusal> {
        let Some(text) = self.get(name) else { return Ok(None) };
        match known.into_iter().find(|value| *value == text) {
            Some(value) => Ok(Some(value)),
            None => {
                Err(Refusal::new("web.query.unknown-value").arg("name", name).arg("value", text))
            }
        }
    }

    /// Parameters called one of `names`, for links that keep them.
    pub(crate) fn keep(&self, names: &[&str]) -> Vec<(String, String)> {
        names
            .iter()
            .filter_map(|name| Some(((*name).to_owned(), self.get(name)?.to_owned())))
            .collect()
    }
}

/// Undoes form encoding; bytes that are no UTF-8 become U+FFFD.
pub(crate) fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => match (tail.first().and_then(hex_digit), tail.get(1).and_then(hex_digit)) {
                (Some(high), Some(low)) => {
                    bytes.push(high * 16 + low);
                    rest = tail.get(2..).unwrap_or_default();
                }
                _ => bytes.push(b'%'),
            },
            _ => bytes.push(byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hex_digit(byte: &u8) -> Option<u8> {
    char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::encode;
    use proptest::prelude::*;

    #[test]
    fn values_are_refused_by_code() {
        let query = Query::read("page=x&status=odd&blank=+&q=%E6%B2%BB+%zz").unwrap();
        assert_eq!(query.number("page", 1).unwrap_err().code, "web.query.not-a-number");
        assert_eq!(query.one_of("status", ["a"]).unwrap_err().code, "web.query.unknown-value");
        assert_eq!(query.get("blank"), None);
        assert_eq!(query.get("q"), Some("治 %zz"));
        let long = format!("q={}", "a".repeat(VALUE_CHARS_MAX + 1));
        assert_eq!(Query::read(&long).unwrap_err().code, "web.query.too-long");
    }

    proptest! {
        #[test]
        fn what_links_write_is_read_back(text in ".{0,40}") {
            prop_assert_eq!(decode(&encode(&text)), text);
        }
    }
}
