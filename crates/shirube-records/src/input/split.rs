//! Cutting a stream into records: lines of NDJSON, entries of a bundle.
//!
//! Only the record at hand and one chunk are in memory, and a record has a limit. What is too long
//! is passed over to its end and named as a stray.

use std::io::Read;

use super::batch::Batch;
use super::source::Opened;
use crate::error::RecordsError;
use crate::scan::{mark_until, plain_until};
use shirube_model::refusal::Refusal;

/// Limits on what is read.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Longest record, in bytes.
    pub record_bytes: usize,
    /// Bytes after which a batch is handed on.
    pub batch_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { record_bytes: 16 << 20, batch_bytes: 1 << 20 }
    }
}

/// How a file holds its records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// One resource per line.
    Ndjson,
    /// One bundle, whose entries hold the resources.
    Bundle,
}

/// A record that could not be cut out.
pub type Stray = (u64, &'static str);

const CHUNK_BYTES: usize = 256 << 10;

/// Cuts one file into batches.
#[derive(Debug)]
pub struct Splitter {
    source: Opened,
    limits: Limits,
    chunk: Vec<u8>,
    have: usize,
    at: usize,
    line: u64,
    /// Place up to which the lines of a bundle are counted.
    counted: usize,
    ended: bool,
    record: Record,
    scan: Scan,
    shape: Shape,
}

/// The record at hand. It is copied only where it lies in several chunks.
#[derive(Debug, Default)]
struct Record {
    /// What the chunks before held of it.
    before: Vec<u8>,
    /// Where in the chunk it starts or goes on.
    from: usize,
    long: bool,
}

/// Where in a bundle the next byte stands.
#[derive(Debug, Default)]
struct Scan {
    depth: u32,
    in_string: bool,
    after_backslash: bool,
    /// The text of the string at depth 1, to find the member `entry`.
    key: Vec<u8>,
    is_entry: bool,
    in_entries: bool,
    had_entries: bool,
    closed: bool,
}

impl Splitter {
    /// Starts on an open file.
    #[must_use]
    pub fn new(source: Opened, shape: Shape, limits: Limits) -> Self {
        Self {
            source,
            limits,
            chunk: vec![0; CHUNK_BYTES],
            have: 0,
            at: 0,
            line: 1,
            counted: 0,
            ended: false,
            record: Record::default(),
            scan: Scan::default(),
            shape,
        }
    }

    /// The next records; `None` at the end.
    ///
    /// # Errors
    /// When reading fails, or a bundle does not end.
    pub fn next_batch(&mut self) -> Result<Option<Batch>, RecordsError> {
        let mut batch = Batch::of(self.shape == Shape::Bundle, self.limits.batch_bytes);
        while batch.len() < self.limits.batch_bytes {
            let more = match self.shape {
                Shape::Ndjson => self.line(&mut batch)?,
                Shape::Bundle => self.entry(&mut batch)?,
            };
            if !more {
                break;
            }
        }
        Ok((!batch.is_empty()).then_some(batch))
    }

    /// Reads on when all bytes at hand are used up.
    fn fill(&mut self) -> Result<(), RecordsError> {
        while self.at >= self.have && !self.ended {
            self.count_lines();
            match self.source.read(&mut self.chunk) {
                Ok(0) => self.ended = true,
                Ok(read) => (self.have, self.at, self.counted) = (read, 0, 0),
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.source.fault(&error)),
            }
        }
        Ok(())
    }

    /// Brings the line of a bundle up to the place at hand.
    fn count_lines(&mut self) {
        if self.shape == Shape::Bundle {
            let passed = self.chunk.get(self.counted..self.at).unwrap_or_default();
            self.line += memchr::memchr_iter(b'\n', passed).count() as u64;
            self.counted = self.at;
        }
    }

    /// Keeps what the chunk holds of the record and reads the next; whether
    /// there is one.
    fn go_on(&mut self) -> Result<bool, RecordsError> {
        self.at = self.have;
        let part = self.chunk.get(self.record.from..self.have).unwrap_or_default();
        self.record.keep(part, self.limits.record_bytes);
        self.fill()?;
        self.record.from = self.at;
        Ok(!self.ended)
    }

    fn line(&mut self, batch: &mut Batch) -> Result<bool, RecordsError> {
        self.fill()?;
        if self.ended {
            return Ok(false);
        }
        self.record.start(self.at);
        let end = loop {
            let rest = self.chunk.get(self.at..self.have).unwrap_or_default();
            if let Some(newline) = memchr::memchr(b'\n', rest) {
                let end = self.at + newline;
                self.at = end + 1;
                break end;
            }
            if !self.go_on()? {
                break self.at;
            }
        };
        let line = self.line;
        self.line += 1;
        let last = self.chunk.get(self.record.from..end).unwrap_or_default();
        let Some(bytes) = self.record.whole(last, self.limits.record_bytes) else {
            batch.strays.push((line, "records.input.long"));
            return Ok(true);
        };
        // A byte order mark is no part of the first record.
        let unmarked = bytes.strip_prefix(b"\xef\xbb\xbf").filter(|_| line == 1);
        let bytes = unmarked.unwrap_or(bytes).trim_ascii();
        if !bytes.is_empty() {
            batch.push(bytes, line);
        }
        Ok(true)
    }

    /// Copies the next element of the bundle's `entry`; whether there was one.
    fn entry(&mut self, batch: &mut Batch) -> Result<bool, RecordsError> {
        if !self.next_entry()? {
            return Ok(false);
        }
        self.count_lines();
        let line = self.line;
        self.record.start(self.at - 1);
        loop {
            let bytes = self.chunk.get(..self.have).unwrap_or_default();
            if let Some(end) = self.scan.pass(bytes, self.at) {
                self.at = end;
                break;
            }
            if !self.go_on()? {
                return Err(self.refuse("records.input.bundle-open"));
            }
        }
        let last = self.chunk.get(self.record.from..self.at).unwrap_or_default();
        match self.record.whole(last, self.limits.record_bytes) {
            Some(bytes) => batch.push(bytes, line),
            None => batch.strays.push((line, "records.input.long")),
        }
        Ok(true)
    }

    /// Moves behind the first byte of the next element of the bundle's `entry`;
    /// whether there is one.
    fn next_entry(&mut self) -> Result<bool, RecordsError> {
        loop {
            self.fill()?;
            let Some(byte) = self.chunk.get(self.at).filter(|_| !self.ended).copied() else {
                return match (self.scan.closed, self.scan.had_entries) {
                    (true, true) => Ok(false),
                    (true, false) => Err(self.refuse("records.input.no-bundle")),
                    (false, _) => Err(self.refuse("records.input.bundle-open")),
                };
            };
            self.at += 1;
            let was = self.scan.depth;
            if !self.scan.step(byte) {
                return Err(self.refuse("records.input.no-bundle"));
            }
            if self.scan.in_entries && was == 2 && self.scan.depth == 3 {
                return Ok(true);
            }
        }
    }

    fn refuse(&mut self, code: &'static str) -> RecordsError {
        self.count_lines();
        Refusal::new(code).file(self.source.name()).line(self.line).into()
    }
}

impl Record {
    fn start(&mut self, at: usize) {
        self.before.clear();
        (self.from, self.long) = (at, false);
    }

    /// Keeps a part of the record, which gets no longer than the limit.
    fn keep(&mut self, part: &[u8], bytes_max: usize) {
        self.long |= self.before.len() + part.len() > bytes_max;
        if !self.long {
            self.before.extend_from_slice(part);
        }
    }

    /// The record with its last part; `None` when it is too long.
    fn whole<'r>(&'r mut self, last: &'r [u8], bytes_max: usize) -> Option<&'r [u8]> {
        if self.long || self.before.len() + last.len() > bytes_max {
            return None;
        }
        if self.before.is_empty() {
            return Some(last);
        }
        self.before.extend_from_slice(last);
        Some(&self.before)
    }
}

impl Scan {
    /// Takes one byte; false when the text cannot be a bundle.
    fn step(&mut self, byte: u8) -> bool {
        if self.in_string {
            return self.string(byte);
        }
        match byte {
            b'"' => {
                self.in_string = true;
                self.key.clear();
            }
            b'{' | b'[' => {
                if self.closed || (self.depth == 0 && byte == b'[') {
                    return false;
                }
                self.in_entries |= self.depth == 1 && self.is_entry && byte == b'[';
                self.had_entries |= self.in_entries;
                self.depth += 1;
            }
            b'}' | b']' => {
                if self.depth == 0 {
                    return false;
                }
                self.depth -= 1;
                self.in_entries &= self.depth >= 2;
                self.closed |= self.depth == 0;
            }
            b':' if self.depth == 1 => self.is_entry = self.key == b"entry",
            b',' if self.depth == 1 => self.is_entry = false,
            _ if self.depth == 0 => return byte.is_ascii_whitespace() || byte >= 0xbb,
            _ => {}
        }
        true
    }

    /// Goes on within an element of `entry`; the place behind it, when the bytes
    /// reach that far. Takes what [`Scan::step`] takes, several bytes at a time.
    fn pass(&mut self, bytes: &[u8], mut at: usize) -> Option<usize> {
        loop {
            if self.after_backslash {
                bytes.get(at)?;
                at += 1;
                self.after_backslash = false;
            }
            at = if self.in_string { plain_until(bytes, at) } else { mark_until(bytes, at) };
            let byte = *bytes.get(at)?;
            at += 1;
            match (self.in_string, byte) {
                (_, b'"') => self.in_string = !self.in_string,
                (true, b'\\') => self.after_backslash = true,
                (false, b'{' | b'[') => self.depth += 1,
                (false, b'}' | b']') => {
                    self.depth -= 1;
                    if self.depth == 2 {
                        return Some(at);
                    }
                }
                _ => {}
            }
        }
    }

    fn string(&mut self, byte: u8) -> bool {
        if self.after_backslash {
            self.after_backslash = false;
            return true;
        }
        match byte {
            b'\\' => self.after_backslash = true,
            b'"' => self.in_string = false,
            _ if self.depth == 1 && self.key.len() < 8 => self.key.push(byte),
            _ => {}
        }
        true
    }
}
