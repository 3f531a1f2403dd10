//! Records of a file, some thousand at a time.

use crate::view::Holds;

/// Most bytes for which a batch makes room before they come.
const ROOM_MAX: usize = 4 << 20;

/// One record's place in its batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record {
    start: usize,
    end: usize,
    /// Line in the file, from 1, where the record starts.
    pub line: u64,
}

/// Bytes of consecutive records of one file.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    bytes: Vec<u8>,
    records: Vec<Record>,
    /// Whether the records are entries of a bundle.
    pub entries: bool,
    /// Records that could not be cut out, with the code: line and code.
    pub strays: Vec<(u64, &'static str)>,
}

impl Batch {
    /// An empty batch with room for so many bytes.
    pub(crate) fn of(entries: bool, bytes: usize) -> Self {
        // The last record goes beyond.
        let room = bytes.min(ROOM_MAX) * 9 / 8;
        Self { entries, bytes: Vec::with_capacity(room), ..Self::default() }
    }

    pub(crate) fn push(&mut self, bytes: &[u8], line: u64) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        self.records.push(Record { start, end: self.bytes.len(), line });
    }

    /// Bytes held.
    #[must_use]
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether there is neither record nor stray.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.records.is_empty() && self.strays.is_empty()
    }

    /// What each record holds.
    #[must_use]
    pub fn holds(&self) -> Holds {
        if self.entries { Holds::Entry } else { Holds::Resource }
    }

    /// Every record with its line; the code instead of the text when the bytes
    /// are not UTF-8.
    pub fn records(&self) -> impl Iterator<Item = (u64, Result<&str, &'static str>)> {
        self.records.iter().map(|record| {
            let bytes = self.bytes.get(record.start..record.end).unwrap_or_default();
            (record.line, std::str::from_utf8(bytes).map_err(|_| "records.input.encoding"))
        })
    }
}
