//! The file a backup makes: everything that cannot be made anew, in one form for
//! both engines, so that a backup of one can be restored to the other.
//!
//! Lines of JSON, compressed with zstd: one `store` line, an `event` line for
//! every event in order, a `value` line for every kept value in order, and an
//! `end` line with their numbers, the hash of the last event, and the SHA-256
//! of every byte before it. A file without its `end` line is cut off.

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use shirube_model::ident::RecordId;
use shirube_model::record::{Body, Standing};
use shirube_model::refusal::Refusal;

use crate::canonical::body_text;
use crate::event::{Action, Event, SourceKey};
use crate::fault::StoreError;
use crate::meta::{Meta, StoreClass};
use crate::read::Position;
use crate::rows;
use crate::values::StoredValue;

/// Version of the form.
const VERSION: u32 = 1;
/// Strength of the compression; the usual one, quicker than most disks.
const LEVEL: i32 = 3;
/// Longest line that is read, in bytes.
const LINE_MAX: u64 = 256 << 20;
/// First bytes of every zstd file.
const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    Store(StoreLine),
    Event(Box<EventLine>),
    Value(ValueLine),
    End(EndLine),
}

#[derive(Debug, Serialize, Deserialize)]
struct StoreLine {
    archive: u32,
    class: String,
    pack: String,
    created_at: i64,
}

#[derive(Debug, Serialize, Deserialize)]
struct EventLine {
    seq: u64,
    recorded_at: i64,
    kind: String,
    record: RecordId,
    version: u32,
    action: String,
    state: String,
    standing: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    duplicate_of: Option<RecordId>,
    actor: String,
    reason: String,
    /// Source system and key there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    source: Option<(String, String)>,
    body: Body,
    prev_hash: String,
    hash: String,
}

#[derive(Debug, Serialize, Deserialize)]
struct ValueLine {
    id: u64,
    indicator: String,
    reading: String,
    as_of: NaiveDate,
    json: String,
    created_at: i64,
}

/// What stands at the end of an archive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct EndLine {
    pub(crate) events: u64,
    pub(crate) head: String,
    pub(crate) values: u64,
    sha256: String,
}

impl EventLine {
    fn of(event: Event) -> Self {
        Self {
            seq: event.seq,
            recorded_at: event.recorded_at.timestamp_micros(),
            action: event.action.code(),
            standing: event.standing.code().to_owned(),
            source: event.source.map(|source| (source.system, source.key)),
            prev_hash: hex::encode(event.prev_hash),
            hash: hex::encode(event.hash),
            kind: event.kind,
            record: event.record,
            version: event.version,
            state: event.state,
            duplicate_of: event.duplicate_of,
            actor: event.actor,
            reason: event.reason,
            body: event.body,
        }
    }

    fn event(self) -> Option<Event> {
        Some(Event {
            seq: self.seq,
            recorded_at: rows::time(self.recorded_at).ok()?,
            action: Action::from_code(&self.action)?,
            standing: Standing::from_code(&self.standing)?,
            source: self.source.map(|(system, key)| SourceKey { system, key }),
            prev_hash: rows::hash(&self.prev_hash)?,
            hash: rows::hash(&self.hash)?,
            kind: self.kind,
            record: self.record,
            version: self.version,
            state: self.state,
            duplicate_of: self.duplicate_of,
            actor: self.actor,
            reason: self.reason,
            body: self.body,
        })
    }
}

/// A page of lines of one sort.
#[derive(Debug)]
pub(crate) enum Page {
    Events(Vec<(Event, String)>),
    Values(Vec<StoredValue>),
    End(EndLine),
}

/// An archive that is being written. Nothing stands under its name before
/// [`ArchiveWriter::finish`].
pub(crate) struct ArchiveWriter {
    encoder: zstd::Encoder<'static, BufWriter<File>>,
    digest: Sha256,
    path: PathBuf,
    part: PathBuf,
}

impl ArchiveWriter {
    pub(crate) fn create(path: &Path, meta: &Meta) -> Result<Self, StoreError> {
        if path.try_exists()? {
            return Err(Refusal::new("store.file-exists").into());
        }
        let mut part = path.as_os_str().to_owned();
        part.push(".part");
        let part = PathBuf::from(part);
        let mut options = File::options();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        {
            // It has what only staff may see.
            use std::os::unix::fs::OpenOptionsExt;
            options.mode(0o600);
        }
        let file = options.open(&part)?;
        let encoder = zstd::Encoder::new(BufWriter::new(file), LEVEL)?;
        let mut writer = Self { encoder, digest: Sha256::new(), path: path.to_owned(), part };
        writer.line(&Line::Store(StoreLine {
            archive: VERSION,
            class: meta.class.code().to_owned(),
            pack: meta.pack.clone(),
            created_at: meta.created_at.timestamp_micros(),
        }))?;
        Ok(writer)
    }

    fn line(&mut self, line: &Line) -> Result<(), StoreError> {
        let mut text = serde_json::to_vec(line).map_err(std::io::Error::from)?;
        text.push(b'\n');
        self.digest.update(&text);
        Ok(self.encoder.write_all(&text)?)
    }

    pub(crate) fn events(&mut self, events: Vec<Event>) -> Result<(), StoreError> {
        for event in events {
            self.line(&Line::Event(Box::new(EventLine::of(event))))?;
        }
        Ok(())
    }

    pub(crate) fn values(&mut self, values: Vec<StoredValue>) -> Result<(), StoreError> {
        for value in values {
            self.line(&Line::Value(ValueLine {
                id: value.id,
                indicator: value.indicator,
                reading: value.reading,
                as_of: value.as_of,
                json: value.json,
                created_at: value.created_at.timestamp_micros(),
            }))?;
        }
        Ok(())
    }

    /// Writes the end, waits until everything is on disk, and gives the file its
    /// name.
    pub(crate) fn finish(mut self, head: &Position, values: u64) -> Result<(), StoreError> {
        let sha256 = hex::encode(self.digest.clone().finalize());
        let head = (head.seq, hex::encode(head.hash));
        self.line(&Line::End(EndLine { events: head.0, head: head.1, values, sha256 }))?;
        let buffer = self.encoder.finish()?;
        let file = buffer.into_inner().map_err(std::io::IntoInnerError::into_error)?;
        file.sync_all()?;
        std::fs::rename(&self.part, &self.path)?;
        let parent = self.path.parent().filter(|parent| !parent.as_os_str().is_empty());
        File::open(parent.unwrap_or(Path::new(".")))?.sync_all()?;
        Ok(())
    }
}

/// An archive that is being read.
pub(crate) struct ArchiveReader {
    lines: BufReader<zstd::Decoder<'static, BufReader<File>>>,
    digest: Sha256,
    /// Number of the last line that was read, from 1.
    line: u64,
    held: Option<Line>,
}

impl ArchiveReader {
    /// Opens an archive; gives what the store it is of said about itself.
    pub(crate) fn open(path: &Path) -> Result<(Self, Meta), StoreError> {
        let mut file = match File::open(path) {
            Ok(file) => BufReader::new(file),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(Refusal::new("store.file-absent").into());
            }
            Err(error) => return Err(error.into()),
        };
        let unreadable = || StoreError::from(Refusal::new("store.archive-unreadable"));
        if !file.fill_buf()?.starts_with(&MAGIC) {
            return Err(unreadable());
        }
        let lines = BufReader::new(zstd::Decoder::with_buffer(file)?);
        let mut reader = Self { lines, digest: Sha256::new(), line: 0, held: None };
        let Some(Line::Store(line)) = reader.next().map_err(|error| match error.code() {
            "store.archive-cut-off" => error,
            _ => unreadable(),
        })?
        else {
            return Err(unreadable());
        };
        if line.archive > VERSION {
            return Err(Refusal::new("store.archive-newer")
                .arg("version", line.archive)
                .arg("known", VERSION)
                .into());
        }
        let class = StoreClass::from_code(&line.class).ok_or_else(unreadable)?;
        let created_at = rows::time(line.created_at).map_err(|_| unreadable())?;
        Ok((reader, Meta::new(class, &line.pack, created_at)))
    }

    /// The next line, or nothing after the last.
    fn next(&mut self) -> Result<Option<Line>, StoreError> {
        if let Some(line) = self.held.take() {
            return Ok(Some(line));
        }
        let mut text = Vec::new();
        // A damaged frame shows as an error of reading.
        let read = (&mut self.lines).take(LINE_MAX).read_until(b'\n', &mut text);
        self.line += 1;
        match read {
            Ok(0) => return Ok(None),
            Ok(_) => {}
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
                return Err(Refusal::new("store.archive-cut-off").into());
            }
            Err(error) => return Err(self.damaged(error)),
        }
        let line = serde_json::from_slice(&text).map_err(|error| self.damaged(error))?;
        match &line {
            Line::End(end) if end.sha256 != hex::encode(self.digest.clone().finalize()) => {
                return Err(self.damaged("digest"));
            }
            Line::End(_) => {}
            _ => self.digest.update(&text),
        }
        Ok(Some(line))
    }

    fn damaged(&self, cause: impl ToString) -> StoreError {
        StoreError::Fault(Box::new(crate::fault::Fault {
            refusal: Refusal::new("store.archive-damaged").arg("line", self.line),
            cause: cause.to_string(),
        }))
    }

    /// Up to `limit` lines of the sort that comes next.
    pub(crate) fn page(&mut self, limit: usize) -> Result<Page, StoreError> {
        let (mut events, mut values) = (Vec::new(), Vec::new());
        while events.len().max(values.len()) < limit {
            match self.next()? {
                Some(Line::Event(line)) if values.is_empty() => {
                    let event = line.event().ok_or_else(|| self.damaged("event"))?;
                    let text = body_text(&event.body);
                    events.push((event, text));
                }
                Some(Line::Value(line)) if events.is_empty() => {
                    values.push(StoredValue {
                        id: line.id,
                        indicator: line.indicator,
                        reading: line.reading,
                        as_of: line.as_of,
                        json: line.json,
                        created_at: rows::time(line.created_at)?,
                    });
                }
                Some(Line::End(end)) if events.is_empty() && values.is_empty() => {
                    return match self.next()? {
                        None => Ok(Page::End(end)),
                        Some(_) => Err(self.damaged("lines after the end")),
                    };
                }
                Some(Line::Store(_)) => return Err(self.damaged("second beginning")),
                Some(other) => {
                    self.held = Some(other);
                    break;
                }
                None => return Err(Refusal::new("store.archive-cut-off").into()),
            }
        }
        Ok(if values.is_empty() { Page::Events(events) } else { Page::Values(values) })
    }
}
