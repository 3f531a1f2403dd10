//! The reader.

use super::trail::{Place, StepId, Trail};
use super::{NameId, Names, Token, unescape};
use crate::scan::{plain_until, space_until, starts};

/// Nesting below which a text is refused. FHIR resources stay below 20.
pub const DEPTH_MAX: u32 = 100;

/// What is wrong with a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JsonFault {
    /// Stable code.
    pub code: &'static str,
    /// Byte, from 0.
    pub at: usize,
}

const SYNTAX: &str = "records.json.syntax";
const DEEP: &str = "records.json.deep";
const REPEATED: &str = "records.json.repeated";

/// Reads one text after the other.
#[derive(Debug)]
pub struct Reader<'n, 'a> {
    names: &'n Names,
    tape: Vec<Token<'a>>,
    trail: Trail<'a>,
    seen: Seen,
    text: &'a str,
    at: usize,
    code: &'static str,
}

/// Which names an object has had: for each nesting and name, the number of the
/// last object that had it.
#[derive(Debug, Default)]
struct Seen {
    objects: u64,
    names: usize,
    last: Vec<u64>,
}

impl Seen {
    /// The number of a new object.
    fn object(&mut self) -> u64 {
        self.objects += 1;
        self.objects
    }

    /// Marks a name of an object; whether it was marked before.
    fn put(&mut self, object: u64, depth: u32, id: NameId) -> bool {
        let at = depth as usize * self.names + usize::from(id.0);
        if at >= self.last.len() {
            self.last.resize(at + self.names, 0);
        }
        let Some(last) = self.last.get_mut(at) else { return false };
        std::mem::replace(last, object) == object
    }
}

/// The member whose value comes next.
struct Member {
    /// Its name, when it is wanted.
    id: Option<NameId>,
    step: Option<StepId>,
}

/// The text is at fault; where and why is in the reader.
struct Broken;

type Read<T> = Result<T, Broken>;

impl<'n, 'a> Reader<'n, 'a> {
    /// A reader that keeps the members named.
    #[must_use]
    pub fn new(names: &'n Names) -> Self {
        Self {
            names,
            tape: Vec::new(),
            trail: Trail::new(),
            seen: Seen { names: names.len(), ..Seen::default() },
            text: "",
            at: 0,
            code: SYNTAX,
        }
    }

    /// Reads one JSON text; its tape stays until the next.
    ///
    /// # Errors
    /// When the text is no JSON, is nested too deep, or names a wanted member of
    /// one object twice.
    pub fn read(&mut self, text: &'a str) -> Result<&[Token<'a>], JsonFault> {
        self.tape.clear();
        self.trail.tidy();
        (self.text, self.at) = (text, 0);
        match self.whole() {
            Ok(()) => Ok(&self.tape),
            Err(Broken) => Err(JsonFault { code: self.code, at: self.at }),
        }
    }

    fn whole(&mut self) -> Read<()> {
        self.space();
        self.value::<true>(0, Some(Trail::ROOT))?;
        self.space();
        if self.at < self.text.len() { self.fail(SYNTAX) } else { Ok(()) }
    }

    #[cold]
    fn fail<T>(&mut self, code: &'static str) -> Read<T> {
        self.code = code;
        Err(Broken)
    }

    fn bytes(&self) -> &'a [u8] {
        self.text.as_bytes()
    }

    /// What has not been read yet.
    fn rest(&self) -> &'a [u8] {
        self.bytes().get(self.at..).unwrap_or_default()
    }

    fn since(&self, start: usize) -> &'a [u8] {
        self.bytes().get(start..self.at).unwrap_or_default()
    }

    fn peek(&self) -> Option<u8> {
        self.bytes().get(self.at).copied()
    }

    fn space(&mut self) {
        if self.peek().is_some_and(|byte| byte <= b' ') {
            self.at = space_until(self.bytes(), self.at);
        }
    }

    fn take(&mut self, byte: u8) -> bool {
        let there = self.peek() == Some(byte);
        self.at += usize::from(there);
        there
    }

    fn expect(&mut self, byte: u8) -> Read<()> {
        if self.take(byte) { Ok(()) } else { self.fail(SYNTAX) }
    }

    fn word(&mut self, word: &str) -> Read<()> {
        if !self.rest().starts_with(word.as_bytes()) {
            return self.fail(SYNTAX);
        }
        self.at += word.len();
        Ok(())
    }

    fn place(&self) -> u32 {
        // A line is limited far below 2^32 bytes, and a token takes at least one.
        u32::try_from(self.tape.len()).unwrap_or(u32::MAX)
    }

    /// Reads a value, and writes it down if it is one to `KEEP`. Members of the
    /// objects in it are remembered below `step`.
    fn value<const KEEP: bool>(&mut self, depth: u32, step: Option<StepId>) -> Read<()> {
        let token = match self.peek() {
            Some(b'{') => return self.object::<KEEP>(depth, step),
            Some(b'[') => return self.array::<KEEP>(depth, step),
            Some(b'"') => {
                let (text, escaped) = self.string()?;
                if escaped { Token::Escaped(text) } else { Token::Text(text) }
            }
            Some(b't') => self.word("true").map(|()| Token::Bool(true))?,
            Some(b'f') => self.word("false").map(|()| Token::Bool(false))?,
            Some(b'n') => self.word("null").map(|()| Token::Null)?,
            _ => Token::Number(self.number()?),
        };
        if KEEP {
            self.tape.push(token);
        }
        Ok(())
    }

    fn array<const KEEP: bool>(&mut self, depth: u32, step: Option<StepId>) -> Read<()> {
        if depth >= DEPTH_MAX {
            return self.fail(DEEP);
        }
        let start = self.tape.len();
        if KEEP {
            self.tape.push(Token::Array { end: 0 });
        }
        self.at += 1;
        self.space();
        if !self.take(b']') {
            loop {
                self.value::<KEEP>(depth + 1, step)?;
                self.space();
                if self.take(b',') {
                    self.space();
                    continue;
                }
                self.expect(b']')?;
                break;
            }
        }
        if KEEP {
            let end = self.place();
            if let Some(token) = self.tape.get_mut(start) {
                *token = Token::Array { end };
            }
        }
        Ok(())
    }

    fn object<const KEEP: bool>(&mut self, depth: u32, step: Option<StepId>) -> Read<()> {
        if depth >= DEPTH_MAX {
            return self.fail(DEEP);
        }
        let start = self.tape.len();
        let object = if KEEP { self.seen.object() } else { 0 };
        if KEEP {
            self.tape.push(Token::Object { end: 0 });
        }
        self.at += 1;
        let mut place = step.map(Place::FirstIn);
        let mut first = true;
        while !self.take(b'}') {
            let Some(member) = self.lead::<KEEP>(place, first)? else { break };
            match member.id {
                Some(id) if KEEP => {
                    if self.seen.put(object, depth, id) {
                        return self.fail(REPEATED);
                    }
                    self.tape.push(Token::Key(id));
                    self.kept(member.step, depth + 1)?;
                }
                _ => self.passed(member.step, depth + 1)?,
            }
            place = member.step.map(Place::Behind);
            first = false;
        }
        if KEEP {
            let end = self.place();
            if let Some(token) = self.tape.get_mut(start) {
                *token = Token::Object { end };
            }
        }
        Ok(())
    }

    /// Reads up to the value of the next member; `None` when the object ends.
    fn lead<const KEEP: bool>(
        &mut self,
        place: Option<Place>,
        first: bool,
    ) -> Read<Option<Member>> {
        if let Some((step, known)) = place.and_then(|p| self.trail.find(p, self.rest())) {
            let member = Member { id: known.id, step: Some(step) };
            self.at += known.lead.len();
            self.space();
            return Ok(Some(member));
        }
        let start = self.at;
        self.space();
        if self.take(b'}') {
            return Ok(None);
        }
        if !first {
            self.expect(b',')?;
            self.space();
        }
        let (raw, escaped) = self.string()?;
        self.space();
        self.expect(b':')?;
        self.space();
        // Nothing in a value that is passed over is wanted, whatever its name.
        let id = match (KEEP, escaped) {
            (false, _) => None,
            (true, false) => self.names.find(raw.as_bytes()),
            (true, true) => self.names.find(unescape(raw).as_bytes()),
        };
        let lead = self.since(start);
        let step = place.and_then(|place| self.trail.put(place, lead, id));
        Ok(Some(Member { id, step }))
    }

    /// Where the value here ends, when it is the one that the step remembers.
    fn again(&self, step: Option<StepId>, depth: u32) -> Option<usize> {
        let step = self.trail.step(step?)?;
        let same = step.depth == depth && !step.value.is_empty();
        (same && starts(self.rest(), step.value)).then(|| self.at + step.value.len())
    }

    /// Writes down the value of a wanted member.
    fn kept(&mut self, step: Option<StepId>, depth: u32) -> Read<()> {
        if self.peek() != Some(b'"') {
            return self.value::<true>(depth, step);
        }
        if let Some(end) = self.again(step, depth) {
            let text = self.text.get(self.at + 1..end - 1).unwrap_or_default();
            self.tape.push(Token::Text(text));
            self.at = end;
            return Ok(());
        }
        let start = self.at;
        let (text, escaped) = self.string()?;
        self.tape.push(if escaped { Token::Escaped(text) } else { Token::Text(text) });
        if let Some(step) = step.filter(|_| !escaped) {
            self.trail.keep(step, self.since(start), depth);
        }
        Ok(())
    }

    /// Checks the value of a member that is not wanted.
    fn passed(&mut self, step: Option<StepId>, depth: u32) -> Read<()> {
        if let Some(end) = self.again(step, depth) {
            self.at = end;
            return Ok(());
        }
        let start = self.at;
        self.value::<false>(depth, step)?;
        let value = self.since(start);
        // A number could go on where the one before ended.
        if let (Some(step), Some(b'"' | b'}' | b']')) = (step, value.last()) {
            self.trail.keep(step, value, depth);
        }
        Ok(())
    }

    /// A string, as written between the quotes, and whether it has escapes.
    fn string(&mut self) -> Read<(&'a str, bool)> {
        self.expect(b'"')?;
        let start = self.at;
        let mut escaped = false;
        loop {
            self.at = plain_until(self.bytes(), self.at);
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
                _ => return self.fail(SYNTAX),
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
                    0xdc00..=0xdfff => self.fail(SYNTAX),
                    0xd800..=0xdbff => {
                        self.expect(b'\\')?;
                        self.expect(b'u')?;
                        match self.unit()? {
                            0xdc00..=0xdfff => Ok(()),
                            _ => self.fail(SYNTAX),
                        }
                    }
                    _ => Ok(()),
                }
            }
            _ => self.fail(SYNTAX),
        }
    }

    fn unit(&mut self) -> Read<u32> {
        let digits = self.text.get(self.at..self.at + 4);
        let digits = digits.filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()));
        let unit = digits.and_then(|d| u32::from_str_radix(d, 16).ok());
        let Some(unit) = unit else { return self.fail(SYNTAX) };
        self.at += 4;
        Ok(unit)
    }

    fn digits(&mut self) -> Read<()> {
        let start = self.at;
        while self.peek().is_some_and(|b| b.is_ascii_digit()) {
            self.at += 1;
        }
        if self.at == start { self.fail(SYNTAX) } else { Ok(()) }
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
