//! A strict JSON reader that keeps only the members asked for.
//!
//! A view names a few dozen members; a resource has hundreds of values. The
//! reader checks the whole text against the JSON grammar, but writes down only
//! members whose name is wanted and whose parents were wanted too. What it
//! keeps is one flat tape of tokens that borrow from the text, so reading a
//! line allocates nothing once the tape has grown.
//!
//! Numbers stay text, because FHIR decimals carry their precision.

use std::borrow::Cow;

/// Nesting below which a text is refused. FHIR resources stay below 20.
pub const DEPTH_MAX: u32 = 100;

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

/// What is wrong with a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JsonFault {
    /// Stable code.
    pub code: &'static str,
    /// Byte, from 0.
    pub at: usize,
}

/// Reads one JSON text into `tape`, which is emptied first.
///
/// # Errors
/// When the text is no JSON, is nested too deep, or names a wanted member of
/// one object twice.
pub fn read<'a>(text: &'a str, names: &Names, tape: &mut Vec<Token<'a>>) -> Result<(), JsonFault> {
    tape.clear();
    let mut reader = Reader { text, bytes: text.as_bytes(), at: 0, names, tape };
    reader.space();
    reader.value(0)?;
    reader.space();
    if reader.at < reader.bytes.len() {
        return Err(reader.fault("records.json.syntax"));
    }
    Ok(())
}

struct Reader<'a, 'n> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    names: &'n Names,
    tape: &'n mut Vec<Token<'a>>,
}

/// Names of one object that were seen, a bit each. A set of views names a few
/// hundred; a name beyond the last bit counts as new each time.
#[derive(Default)]
struct Seen([u128; 8]);

impl Seen {
    /// Marks a name; whether it was marked before.
    fn put(&mut self, id: NameId) -> bool {
        let (word, bit) = (usize::from(id.0 / 128), 1u128 << (id.0 % 128));
        let Some(word) = self.0.get_mut(word) else { return false };
        let before = *word & bit != 0;
        *word |= bit;
        before
    }
}

type Read<T> = Result<T, JsonFault>;

impl<'a> Reader<'a, '_> {
    fn fault(&self, code: &'static str) -> JsonFault {
        JsonFault { code, at: self.at }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek() {
            self.at += 1;
        }
    }

    fn take(&mut self, byte: u8) -> bool {
        let there = self.peek() == Some(byte);
        self.at += usize::from(there);
        there
    }

    fn expect(&mut self, byte: u8) -> Read<()> {
        if self.take(byte) { Ok(()) } else { Err(self.fault("records.json.syntax")) }
    }

    fn word(&mut self, word: &str) -> Read<()> {
        let end = self.at + word.len();
        if self.bytes.get(self.at..end) != Some(word.as_bytes()) {
            return Err(self.fault("records.json.syntax"));
        }
        self.at = end;
        Ok(())
    }

    fn place(&self) -> u32 {
        // A line is limited far below 2^32 bytes, and a token takes at least one.
        u32::try_from(self.tape.len()).unwrap_or(u32::MAX)
    }

    fn value(&mut self, depth: u32) -> Read<()> {
        let token = match self.peek() {
            Some(b'{') => return self.object(depth),
            Some(b'[') => return self.array(depth),
            Some(b'"') => {
                let (text, escaped) = self.string()?;
                if escaped { Token::Escaped(text) } else { Token::Text(text) }
            }
            Some(b't') => self.word("true").map(|()| Token::Bool(true))?,
            Some(b'f') => self.word("false").map(|()| Token::Bool(false))?,
            Some(b'n') => self.word("null").map(|()| Token::Null)?,
            _ => Token::Number(self.number()?),
        };
        self.tape.push(token);
        Ok(())
    }

    fn object(&mut self, depth: u32) -> Read<()> {
        if depth >= DEPTH_MAX {
            return Err(self.fault("records.json.deep"));
        }
        let start = self.tape.len();
        self.tape.push(Token::Object { end: 0 });
        self.at += 1;
        self.space();
        let mut seen = Seen::default();
        if !self.take(b'}') {
            loop {
                self.member(depth, &mut seen)?;
                self.space();
                if self.take(b',') {
                    self.space();
                    continue;
                }
                self.expect(b'}')?;
                break;
            }
        }
        let end = self.place();
        if let Some(token) = self.tape.get_mut(start) {
            *token = Token::Object { end };
        }
        Ok(())
    }

    fn member(&mut self, depth: u32, seen: &mut Seen) -> Read<()> {
        let (raw, escaped) = self.string()?;
        self.space();
        self.expect(b':')?;
        self.space();
        let id = if escaped {
            self.names.find(unescape(raw).as_bytes())
        } else {
            self.names.find(raw.as_bytes())
        };
        let Some(id) = id else { return self.skip(depth + 1) };
        if seen.put(id) {
            return Err(self.fault("records.json.repeated"));
        }
        self.tape.push(Token::Key(id));
        self.value(depth + 1)
    }

    fn array(&mut self, depth: u32) -> Read<()> {
        if depth >= DEPTH_MAX {
            return Err(self.fault("records.json.deep"));
        }
        let start = self.tape.len();
        self.tape.push(Token::Array { end: 0 });
        self.at += 1;
        self.space();
        if !self.take(b']') {
            loop {
                self.value(depth + 1)?;
                self.space();
                if self.take(b',') {
                    self.space();
                    continue;
                }
                self.expect(b']')?;
                break;
            }
        }
        let end = self.place();
        if let Some(token) = self.tape.get_mut(start) {
            *token = Token::Array { end };
        }
        Ok(())
    }

    /// Checks a value without keeping it.
    fn skip(&mut self, depth: u32) -> Read<()> {
        match self.peek() {
            Some(b'"') => self.string().map(|_| ()),
            Some(open @ (b'{' | b'[')) => {
                if depth >= DEPTH_MAX {
                    return Err(self.fault("records.json.deep"));
                }
                self.at += 1;
                self.space();
                let close = if open == b'{' { b'}' } else { b']' };
                if self.take(close) {
                    return Ok(());
                }
                loop {
                    if open == b'{' {
                        self.string()?;
                        self.space();
                        self.expect(b':')?;
                        self.space();
                    }
                    self.skip(depth + 1)?;
                    self.space();
                    if self.take(b',') {
                        self.space();
                        continue;
                    }
                    return self.expect(close);
                }
            }
            Some(b't') => self.word("true"),
            Some(b'f') => self.word("false"),
            Some(b'n') => self.word("null"),
            _ => self.number().map(|_| ()),
        }
    }

    /// A string, as written between the quotes, and whether it has escapes.
    fn string(&mut self) -> Read<(&'a str, bool)> {
        self.expect(b'"')?;
        let start = self.at;
        let mut escaped = false;
        loop {
            self.at = plain_until(self.bytes, self.at);
            match self.peek() {
                Some(b'"') => {
                    let text = self.text.get(start..self.at).unwrap_or_default();
                    self.at += 1;
                    return Ok((text, escaped));
                }
                Some(b'\\') => {
                    escaped = true;
                    self.escape()?;
                }
                _ => return Err(self.fault("records.json.syntax")),
            }
        }
    }

    fn escape(&mut self) -> Read<()> {
        self.at += 1;
        match self.peek() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {
                self.at += 1;
                Ok(())
            }
            Some(b'u') => {
                self.at += 1;
                let unit = self.unit()?;
                match unit {
                    0xdc00..=0xdfff => Err(self.fault("records.json.syntax")),
                    0xd800..=0xdbff => {
                        self.expect(b'\\')?;
                        self.expect(b'u')?;
                        match self.unit()? {
                            0xdc00..=0xdfff => Ok(()),
                            _ => Err(self.fault("records.json.syntax")),
                        }
                    }
                    _ => Ok(()),
                }
            }
            _ => Err(self.fault("records.json.syntax")),
        }
    }

    fn unit(&mut self) -> Read<u32> {
        let digits = self.text.get(self.at..self.at + 4);
        let digits = digits.filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()));
        let unit = digits.and_then(|d| u32::from_str_radix(d, 16).ok());
        let unit = unit.ok_or_else(|| self.fault("records.json.syntax"))?;
        self.at += 4;
        Ok(unit)
    }

    fn digits(&mut self) -> Read<()> {
        let start = self.at;
        while self.peek().is_some_and(|b| b.is_ascii_digit()) {
            self.at += 1;
        }
        if self.at == start { Err(self.fault("records.json.syntax")) } else { Ok(()) }
    }

    fn number(&mut self) -> Read<&'a str> {
        let start = self.at;
        self.take(b'-');
        if !self.take(b'0') {
            self.digits()?;
        }
        if self.take(b'.') {
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(self.text.get(start..self.at).unwrap_or_default())
    }
}

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// The place of the first quote, backslash or control character from `at` on;
/// the end when there is none. Looks at eight bytes at a time.
fn plain_until(bytes: &[u8], mut at: usize) -> usize {
    while let Some(chunk) = bytes.get(at..at + 8).and_then(|c| <[u8; 8]>::try_from(c).ok()) {
        let word = u64::from_le_bytes(chunk);
        let quote = word ^ (ONES * u64::from(b'"'));
        let slash = word ^ (ONES * u64::from(b'\\'));
        // The lowest set bit is exact: a borrow can only spoil higher bytes.
        let hit = (quote.wrapping_sub(ONES) & !quote)
            | (slash.wrapping_sub(ONES) & !slash)
            | (word.wrapping_sub(ONES * 0x20) & !word);
        let hit = hit & HIGHS;
        if hit != 0 {
            return at + (hit.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    while bytes.get(at).is_some_and(|b| *b != b'"' && *b != b'\\' && *b >= 0x20) {
        at += 1;
    }
    at
}

/// A string with its escapes replaced. `raw` was checked by [`read`].
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
        if tape.get(here as usize) == Some(&Token::Key(name)) {
            return Some(here + 1);
        }
        here = after(tape, here + 1);
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
