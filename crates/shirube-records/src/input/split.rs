//! Cutting a stream into records: lines of NDJSON, entries of a bundle.
//!
//! Only the record at hand is in memory, and it has a limit. What is too long
//! is passed over to its end and named as a stray.

use std::io::Read;

use super::batch::Batch;
use super::source::Opened;
use crate::error::RecordsError;
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
    ended: bool,
    scan: Scan,
    shape: Shape,
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
            ended: false,
            scan: Scan::default(),
            shape,
        }
    }

    /// The next records; `None` at the end.
    ///
    /// # Errors
    /// When reading fails, or a bundle does not end.
    pub fn next_batch(&mut self) -> Result<Option<Batch>, RecordsError> {
        let mut batch = Batch::of(self.shape == Shape::Bundle);
        let mut record = Vec::new();
        while batch.len() < self.limits.batch_bytes {
            record.clear();
            let more = match self.shape {
                Shape::Ndjson => self.line(&mut record, &mut batch)?,
                Shape::Bundle => self.entry(&mut record, &mut batch)?,
            };
            if !more {
                break;
            }
        }
        Ok((!batch.is_empty()).then_some(batch))
    }

    /// The bytes at hand; empty at the end of the file.
    fn fill(&mut self) -> Result<(), RecordsError> {
        while self.at >= self.have && !self.ended {
            match self.source.read(&mut self.chunk) {
                Ok(0) => self.ended = true,
                Ok(read) => (self.have, self.at) = (read, 0),
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.source.fault(&error)),
            }
        }
        Ok(())
    }

    fn line(&mut self, record: &mut Vec<u8>, batch: &mut Batch) -> Result<bool, RecordsError> {
        let mut long = false;
        let mut any = false;
        loop {
            self.fill()?;
            let rest = self.chunk.get(self.at..self.have).unwrap_or_default();
            if self.ended || rest.is_empty() {
                break;
            }
            any = true;
            let newline = memchr::memchr(b'\n', rest);
            let part = rest.get(..newline.unwrap_or(rest.len())).unwrap_or_default();
            long |= record.len() + part.len() > self.limits.record_bytes;
            if !long {
                record.extend_from_slice(part);
            }
            self.at += part.len() + usize::from(newline.is_some());
            if newline.is_some() {
                break;
            }
        }
        if !any {
            return Ok(false);
        }
        let line = self.line;
        self.line += 1;
        if long {
            batch.strays.push((line, "records.input.long"));
        } else {
            // A byte order mark is no part of the first record.
            let bytes = record.strip_prefix(b"\xef\xbb\xbf").filter(|_| line == 1);
            let bytes = bytes.unwrap_or(record).trim_ascii();
            if !bytes.is_empty() {
                batch.push(bytes, line);
            }
        }
        Ok(true)
    }

    /// Moves to the next object of the bundle's `entry` and copies it.
    fn entry(&mut self, record: &mut Vec<u8>, batch: &mut Batch) -> Result<bool, RecordsError> {
        let mut start_line = 0;
        let mut long = false;
        loop {
            self.fill()?;
            let Some(byte) = self.chunk.get(self.at..self.have).and_then(|r| r.first().copied())
            else {
                if self.scan.closed && !self.scan.had_entries {
                    return Err(self.refuse("records.input.no-bundle"));
                }
                if self.scan.closed {
                    return Ok(false);
                }
                return Err(self.refuse("records.input.bundle-open"));
            };
            let inside = self.scan.in_entries && self.scan.depth >= 3;
            if inside {
                let taken = self.plain_run(record, &mut long);
                if taken > 0 {
                    continue;
                }
            }
            self.at += 1;
            self.line += u64::from(byte == b'\n');
            let was = self.scan.depth;
            if !self.scan.step(byte) {
                return Err(self.refuse("records.input.no-bundle"));
            }
            if inside || (self.scan.in_entries && was == 2 && self.scan.depth == 3) {
                if was == 2 {
                    start_line = self.line;
                }
                long |= record.len() >= self.limits.record_bytes;
                if !long {
                    record.push(byte);
                }
                if was == 3 && self.scan.depth == 2 {
                    if long {
                        batch.strays.push((start_line, "records.input.long"));
                    } else {
                        batch.push(record, start_line);
                    }
                    return Ok(true);
                }
            }
        }
    }

    /// Copies the bytes up to the next one that can change the scan's state.
    fn plain_run(&mut self, record: &mut Vec<u8>, long: &mut bool) -> usize {
        let rest = self.chunk.get(self.at..self.have).unwrap_or_default();
        let end = if self.scan.after_backslash {
            0
        } else if self.scan.in_string {
            memchr::memchr2(b'"', b'\\', rest).unwrap_or(rest.len())
        } else {
            let stops = |b: &u8| matches!(b, b'"' | b'{' | b'}' | b'[' | b']');
            rest.iter().position(stops).unwrap_or(rest.len())
        };
        let part = rest.get(..end).unwrap_or_default();
        *long |= record.len() + part.len() > self.limits.record_bytes;
        if !*long {
            record.extend_from_slice(part);
        }
        self.line += memchr::memchr_iter(b'\n', part).count() as u64;
        self.at += end;
        end
    }

    fn refuse(&self, code: &'static str) -> RecordsError {
        Refusal::new(code).file(self.source.name()).line(self.line).into()
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
