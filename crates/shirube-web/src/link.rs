//! Addresses with query parameters, percent-encoded.

use std::fmt;

/// An address being built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Link {
    path: String,
    query: Vec<(String, String)>,
    fragment: Option<String>,
}

impl Link {
    /// An address of this site; `path` is taken as it is.
    pub(crate) fn to(path: impl Into<String>) -> Self {
        Self { path: path.into(), query: Vec::new(), fragment: None }
    }

    /// Adds a path segment, encoded.
    pub(crate) fn segment(mut self, segment: &str) -> Self {
        self.path.push('/');
        self.path.push_str(&encode(segment));
        self
    }

    /// Sets a parameter; a blank value removes it.
    pub(crate) fn set(mut self, name: &str, value: &str) -> Self {
        self.query.retain(|(known, _)| known != name);
        if !value.is_empty() {
            self.query.push((name.to_owned(), value.to_owned()));
        }
        self
    }

    /// Sets several parameters.
    pub(crate) fn with(self, pairs: &[(String, String)]) -> Self {
        pairs.iter().fold(self, |link, (name, value)| link.set(name, value))
    }

    /// Points at a place on the page.
    pub(crate) fn at(mut self, fragment: &str) -> Self {
        self.fragment = Some(fragment.to_owned());
        self
    }
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path)?;
        for (at, (name, value)) in self.query.iter().enumerate() {
            let mark = if at == 0 { '?' } else { '&' };
            write!(f, "{mark}{}={}", encode(name), encode(value))?;
        }
        match &self.fragment {
            Some(fragment) => write!(f, "#{}", encode(fragment)),
            None => Ok(()),
        }
    }
}

impl From<Link> for String {
    fn from(link: Link) -> Self {
        link.to_string()
    }
}

/// Percent-encodes everything but unreserved characters (RFC 3986, 2.3).
pub(crate) fn encode(text: &str) -> String {
    use std::fmt::Write as _;
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                out.push(char::from(byte));
            }
            // Writing to a string cannot fail.
            _ => drop(write!(out, "%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_encoded_and_replaced() {
        let link = Link::to("/ja").segment("plan").set("q", "治 験&x").set("a", "1").set("a", "2");
        assert_eq!(link.to_string(), "/ja/plan?q=%E6%B2%BB%20%E9%A8%93%26x&a=2");
        assert_eq!(link.set("q", "").at("rows").to_string(), "/ja/plan?a=2#rows");
    }
}
