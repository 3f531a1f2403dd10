//! A strict JSON reader that keeps only the members asked for.
//!
//! A view names a few dozen members; a resource has hundreds of values. The
//! reader checks the whole text against the JSON grammar, but writes down only
//! members whose name is wanted and whose parents were wanted too. What it
//! keeps is one flat tape of tokens that borrow from the text, so reading a
//! line allocates nothing once the tape has grown.
//!
//! The records of a file look alike: the same members in the same order, and
//! many of the same values. A [`Reader`] remembers how the texts before were
//! written and compares whole pieces with them before it looks at single bytes.
//! What it remembers changes how fast a text is read, never what comes of it.
//!
//! Numbers stay text, because FHIR decimals carry their precision.

mod read;
mod trail;

use std::borrow::Cow;

pub use read::{DEPTH_MAX, JsonFault, Reader};

/// A wanted member name, by its place in [`Names`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NameId(u16);

/// The member names that are kept.
#[derive(Debug, Clone)]
pub struct Names {
    names: Vec<String>,
    buckets: Vec<Vec<u16>>,
}

impl Default for Names {
    fn default() -> Self {
        Self { names: Vec::new(), buckets: vec![Vec::new(); BUCKETS] }
    }
}

const BUCKETS: usize = 256;

fn bucket(name: &[u8]) -> usize {
    let first = name.first().copied().map_or(0, usize::from);
    let last = name.last().copied().map_or(0, usize::from);
    let middle = name.get(name.len() / 2).copied().map_or(0, usize::from);
    (name.len() * 31 + first * 7 + middle * 3 + last) % BUCKETS
}

impl Names {
    /// The id of `name`, which is kept from now on.
    pub fn want(&mut self, name: &str) -> NameId {
        if let Some(id) = self.find(name.as_bytes()) {
            return id;
        }
        // A view has a limited length, so the number of names is far below 2^16.
        let id = u16::try_from(self.names.len()).unwrap_or(u16::MAX);
        self.names.push(name.to_owned());
        if let Some(bucket) = self.buckets.get_mut(bucket(name.as_bytes())) {
            bucket.push(id);
        }
        NameId(id)
    }

    /// How many there are.
    fn len(&self) -> usize {
        self.names.len()
    }

    fn find(&self, name: &[u8]) -> Option<NameId> {
        let bucket = self.buckets.get(bucket(name))?;
        bucket
            .iter()
            .find(|id| self.names.get(usize::from(**id)).is_some_and(|n| n.as_bytes() == name))
            .map(|id| NameId(*id))
    }

    /// The name behind an id.
    #[must_use]
    pub fn name(&self, id: NameId) -> &str {
        self.names.get(usize::from(id.0)).map_or("", String::as_str)
    }
}

/// One entry of the tape. `end` is the place after the last token of the value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Token<'a> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number as written.
    Number(&'a str),
    /// A string without escapes.
    Text(&'a str),
    /// A string with escapes, as written between the quotes.
    Escaped(&'a str),
    /// An array; its elements follow.
    Array {
        /// Place after the array.
        end: u32,
    },
    /// An object; keys and values follow in turn.
    Object {
        /// Place after the object.
        end: u32,
    },
    /// A member name; its value follows.
    Key(NameId),
}

/// A string with its escapes replaced. `raw` was checked by a [`Reader`].
#[must_use]
pub fn unescape(raw: &str) -> Cow<'_, str> {
    if !raw.contains('\\') {
        return Cow::Borrowed(raw);
    }
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find('\\') {
        out.push_str(rest.get(..at).unwrap_or_default());
        rest = rest.get(at + 1..).unwrap_or_default();
        let kind = rest.bytes().next().unwrap_or(b'\\');
        rest = rest.get(1..).unwrap_or_default();
        match kind {
            b'b' => out.push('\u{8}'),
            b'f' => out.push('\u{c}'),
            b'n' => out.push('\n'),
            b'r' => out.push('\r'),
            b't' => out.push('\t'),
            b'u' => {
                let (found, used) = unicode(rest);
                out.push(found);
                rest = rest.get(used..).unwrap_or_default();
            }
            other => out.push(char::from(other)),
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// The character of the hex digits after `\u`, and how many bytes it took.
fn unicode(rest: &str) -> (char, usize) {
    let unit = |from: usize| {
        rest.get(from..from + 4).and_then(|d| u32::from_str_radix(d, 16).ok()).unwrap_or(0xfffd)
    };
    let first = unit(0);
    if (0xd800..0xdc00).contains(&first) {
        let code = 0x1_0000 + ((first - 0xd800) << 10) + (unit(6).saturating_sub(0xdc00) & 0x3ff);
        return (char::from_u32(code).unwrap_or('\u{fffd}'), 10);
    }
    (char::from_u32(first).unwrap_or('\u{fffd}'), 4)
}

/// The place after the value at `at`.
#[must_use]
pub fn after(tape: &[Token<'_>], at: u32) -> u32 {
    match tape.get(at as usize) {
        Some(Token::Array { end } | Token::Object { end }) => *end,
        _ => at + 1,
    }
}

/// The value of member `name` of the object at `at`.
#[must_use]
pub fn member(tape: &[Token<'_>], at: u32, name: NameId) -> Option<u32> {
    let Some(Token::Object { end }) = tape.get(at as usize) else { return None };
    let mut here = at + 1;
    while here < *end {
        match tape.get(here as usize) {
            Some(Token::Key(own)) if *own == name => return Some(here + 1),
            _ => here = after(tape, here + 1),
        }
    }
    None
}

/// The text of a string token.
#[must_use]
pub fn text_at<'a>(tape: &[Token<'a>], at: u32) -> Option<Cow<'a, str>> {
    match tape.get(at as usize) {
        Some(Token::Text(text)) => Some(Cow::Borrowed(text)),
        Some(Token::Escaped(raw)) => Some(unescape(raw)),
        _ => None,
    }
}
