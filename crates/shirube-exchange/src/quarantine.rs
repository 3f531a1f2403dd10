//! The quarantine: refused rows with their reasons, kept exactly, and the state
//! of the run so that it can go on after an interruption.
//!
//! ```text
//! <store>/quarantine/<time>-<digest>/
//!   rows.ndjson    one refused row a line: row, line, bytes, raw, refusals
//!   rows.csv       the refused rows in their columns, to be mended and imported
//!                  again (rows of NDJSON: mend.ndjson)
//!   run.json       how far the run has come
//!   summary.json   the report, once the run has ended
//! ```

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use shirube_model::lang::Lang;
use shirube_model::refusal::Refusal;

use crate::cells::{protect, unprotect};
use crate::decode::Encoding;
use crate::error::ExchangeError;
use crate::private;
use crate::report::Counts;
use crate::rows::{Cells, Form, RawRow, Shape};

const ADDED: [&str; 3] = ["_code", "_message", "_remedy"];
/// Characters of a damaged row that are shown in the table.
const WHOLE_ROW_CHARS: usize = 10_000;

/// How far a run has come. Written after every batch.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Checkpoint {
    /// Last row that is done.
    pub(crate) row: u64,
    /// Bytes of the input that are done.
    pub(crate) bytes: u64,
    /// Ledger position after that row: every event of a row done is before it.
    pub(crate) seq: u64,
    /// Size of the input.
    pub(crate) input_bytes: u64,
    /// SHA-256 of the input, hex.
    pub(crate) input_sha256: String,
    /// Bytes of `rows.ndjson` that belong to rows done.
    pub(crate) rows_bytes: u64,
    /// Bytes of the file to be mended that belong to rows done.
    pub(crate) mend_bytes: u64,
    pub(crate) finished: bool,
    pub(crate) counts: Counts,
}

/// The directory of one run.
#[derive(Debug)]
pub(crate) struct Quarantine {
    pub(crate) directory: PathBuf,
    pub(crate) run: String,
    pub(crate) checkpoint: Checkpoint,
    rows: File,
    mend: File,
    shape: Shape,
    lang: Lang,
    /// Header of a table.
    header: Option<Vec<String>>,
}

/// A refused row with its reasons.
pub(crate) struct Refused<'a> {
    pub(crate) row: &'a RawRow,
    pub(crate) cells: Option<&'a Cells>,
    pub(crate) refusals: &'a [Refusal],
}

/// What a quarantine is opened with.
pub(crate) struct Opening<'a> {
    /// Directory that holds the runs.
    pub(crate) root: &'a Path,
    /// Stands for input, mapping and kind.
    pub(crate) digest: &'a str,
    pub(crate) now: DateTime<Utc>,
    pub(crate) resume: bool,
    pub(crate) shape: Shape,
    pub(crate) lang: Lang,
    pub(crate) header: Option<Vec<String>>,
    pub(crate) input_bytes: u64,
    pub(crate) input_sha256: &'a str,
}

fn fault(path: &Path) -> impl Fn(std::io::Error) -> ExchangeError {
    move |error| ExchangeError::io("import.quarantine.unwritable", path, &error)
}

impl Quarantine {
    /// Starts a run, or takes up the newest interrupted one of the same input.
    pub(crate) fn open(opening: Opening<'_>) -> Result<Self, ExchangeError> {
        let found = if opening.resume { unfinished(opening.root, opening.digest)? } else { None };
        let (run, checkpoint) = match found {
            Some(found) => found,
            None => (new_run(&opening)?, Checkpoint::default()),
        };
        let directory = opening.root.join(&run);
        let file = |name: &str, length: u64| {
            let path = directory.join(name);
            let open = || {
                let mut file = private::open_or_create(&path)?;
                // What was written after the last checkpoint will be again.
                file.set_len(length)?;
                file.seek(SeekFrom::End(0))?;
                Ok(file)
            };
            open().map_err(fault(&path))
        };
        let table = opening.header.is_some();
        let mend = if table { "rows.csv" } else { "mend.ndjson" };
        let mut quarantine = Self {
            rows: file("rows.ndjson", checkpoint.rows_bytes)?,
            mend: file(mend, checkpoint.mend_bytes)?,
            directory,
            run,
            checkpoint,
            shape: opening.shape,
            lang: opening.lang,
            header: opening.header,
        };
        quarantine.checkpoint.input_bytes = opening.input_bytes;
        opening.input_sha256.clone_into(&mut quarantine.checkpoint.input_sha256);
        if quarantine.checkpoint.mend_bytes == 0 {
            quarantine.write_header()?;
        }
        quarantine.save()?;
        Ok(quarantine)
    }

    fn write_header(&mut self) -> Result<(), ExchangeError> {
        let Some(header) = &self.header else { return Ok(()) };
        let kept = header.iter().filter(|name| !ADDED.contains(&name.as_str()));
        let names: Vec<String> =
            kept.map(|name| {
                if name.starts_with('#') { String::new() } else { protect(name).into_owned() }
            })
            .chain(ADDED.map(str::to_owned))
            .collect();
        let mut text = b"\xef\xbb\xbf".to_vec();
        text.extend(self.csv_line(&names)?);
        self.append(&[], &text)
    }

    /// Adds refused rows.
    pub(crate) fn add(&mut self, refused: &[Refused<'_>]) -> Result<(), ExchangeError> {
        let (mut rows, mut mend) = (Vec::new(), Vec::new());
        for one in refused {
            rows.extend(self.row_entry(one).to_string().into_bytes());
            rows.push(b'\n');
            mend.extend(self.mend_entry(one)?);
        }
        self.append(&rows, &mend)
    }

    fn append(&mut self, rows: &[u8], mend: &[u8]) -> Result<(), ExchangeError> {
        let mut write = || {
            for (file, bytes) in [(&mut self.rows, rows), (&mut self.mend, mend)] {
                if !bytes.is_empty() {
                    file.write_all(bytes)?;
                    file.sync_data()?;
                }
            }
            Ok(())
        };
        write().map_err(fault(&self.directory))?;
        self.checkpoint.rows_bytes += rows.len() as u64;
        self.checkpoint.mend_bytes += mend.len() as u64;
        Ok(())
    }

    fn row_entry(&self, refused: &Refused<'_>) -> Value {
        let row = refused.row;
        let exact = std::str::from_utf8(&row.bytes).is_ok();
        let raw = self.shape.encoding.decode_lossy(&row.bytes);
        let mut entry = json!({
            "row": row.number,
            "line": row.line,
            "bytes": [row.from, row.to],
            "raw": raw,
            "refusals": refused.refusals.iter().map(refusal_entry).collect::<Vec<_>>(),
        });
        if let Some(entry) = entry.as_object_mut() {
            // The text form alone would not give the bytes back.
            if !exact || self.shape.encoding != Encoding::Utf8 {
                entry.insert("raw_hex".to_owned(), json!(hex::encode(&row.bytes)));
            }
            if row.form == Form::TooLong {
                entry.insert("raw_cut".to_owned(), json!(true));
            }
        }
        entry
    }

    fn mend_entry(&self, refused: &Refused<'_>) -> Result<Vec<u8>, ExchangeError> {
        let [codes, messages, remedies] = self.reasons(refused.refusals);
        let Some(header) = &self.header else {
            let Some(Cells::Object(entries)) = refused.cells else { return Ok(Vec::new()) };
            let mut object: serde_json::Map<String, Value> = entries.iter().cloned().collect();
            for (name, text) in ADDED.into_iter().zip([codes, messages, remedies]) {
                object.insert(name.to_owned(), json!(text));
            }
            return Ok(format!("{}\n", Value::Object(object)).into_bytes());
        };
        // A damaged row stands whole in the first column: cut into cells it could
        // pass as a row whose missing cells were left blank.
        let whole;
        let cells = match refused.cells {
            Some(Cells::Table(cells)) if cells.len() >= header.len() => cells.as_slice(),
            _ => {
                let text = self.shape.encoding.decode_lossy(&refused.row.bytes);
                whole = [text.chars().take(WHOLE_ROW_CHARS).collect::<String>()];
                whole.as_slice()
            }
        };
        let mut line = Vec::with_capacity(header.len() + ADDED.len());
        for (at, name) in header.iter().enumerate() {
            if !ADDED.contains(&name.as_str()) {
                let cell = cells.get(at).map_or("", String::as_str);
                line.push(protect(unprotect(cell)).into_owned());
            }
        }
        line.extend([codes, messages, remedies]);
        self.csv_line(&line)
    }

    fn reasons(&self, refusals: &[Refusal]) -> [String; 3] {
        let join = |text: &dyn Fn(&Refusal) -> String| {
            refusals.iter().map(text).collect::<Vec<_>>().join(" / ")
        };
        let message = |refusal: &Refusal| match &refusal.place.field {
            Some(field) => format!("{field}: {}", refusal.message(self.lang)),
            None => refusal.message(self.lang),
        };
        [
            join(&|refusal| refusal.code.to_owned()),
            join(&message),
            join(&|refusal| refusal.remedy(self.lang)),
        ]
    }

    fn csv_line(&self, cells: &[String]) -> Result<Vec<u8>, ExchangeError> {
        let mut writer = csv::WriterBuilder::new()
            .delimiter(self.shape.delimiter)
            .terminator(csv::Terminator::CRLF)
            .flexible(true)
            .from_writer(Vec::new());
        let bytes = writer
            .write_record(cells)
            .map_err(std::io::Error::other)
            .and_then(|()| writer.into_inner().map_err(|error| error.into_error()));
        bytes.map_err(fault(&self.directory))
    }

    /// Notes how far the run has come, so that it can go on from here.
    pub(crate) fn save(&self) -> Result<(), ExchangeError> {
        let text = serde_json::to_vec_pretty(&self.checkpoint).unwrap_or_default();
        self.replace("run.json", &text)
    }

    /// Ends the run with its report.
    pub(crate) fn finish(&mut self, summary: &impl Serialize) -> Result<(), ExchangeError> {
        let text = serde_json::to_vec_pretty(summary).unwrap_or_default();
        self.replace("summary.json", &text)?;
        self.checkpoint.finished = true;
        self.save()
    }

    /// Writes a file so that either the old or the new one is there.
    fn replace(&self, name: &str, text: &[u8]) -> Result<(), ExchangeError> {
        let path = self.directory.join(name);
        let part = self.directory.join(format!("{name}.part"));
        let write = || {
            let mut file = private::open_or_create(&part)?;
            file.set_len(0)?;
            file.write_all(text)?;
            file.write_all(b"\n")?;
            file.sync_data()?;
            std::fs::rename(&part, &path)
        };
        write().map_err(fault(&path))
    }
}

fn refusal_entry(refusal: &Refusal) -> Value {
    let both =
        |text: &dyn Fn(Lang) -> String| json!({ "ja": text(Lang::Ja), "en": text(Lang::En) });
    json!({
        "field": refusal.place.field,
        "code": refusal.code,
        "message": both(&|lang| refusal.message(lang)),
        "remedy": both(&|lang| refusal.remedy(lang)),
    })
}

/// Makes the directory of a new run. Two runs of one second get a number more.
fn new_run(opening: &Opening<'_>) -> Result<String, ExchangeError> {
    let time = opening.now.format("%Y%m%dT%H%M%SZ");
    private::create_dir(opening.root).map_err(fault(opening.root))?;
    let mut number = 1;
    loop {
        let run = match number {
            1 => format!("{time}-{}", opening.digest),
            _ => format!("{time}.{number}-{}", opening.digest),
        };
        let path = opening.root.join(&run);
        let there = path.try_exists().map_err(fault(&path))?;
        if !there {
            private::create_dir(&path).map_err(fault(&path))?;
            return Ok(run);
        }
        number += 1;
    }
}

/// The newest run of `digest` that has not ended.
fn unfinished(root: &Path, digest: &str) -> Result<Option<(String, Checkpoint)>, ExchangeError> {
    let entries = match std::fs::read_dir(root) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(fault(root)(error)),
    };
    let mut runs: Vec<String> = entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.ends_with(&format!("-{digest}")))
        .collect();
    runs.sort();
    for run in runs.into_iter().rev() {
        // A run killed before its first note has nothing to go on from.
        let Ok(text) = std::fs::read(root.join(&run).join("run.json")) else { continue };
        let Ok(checkpoint) = serde_json::from_slice::<Checkpoint>(&text) else { continue };
        return Ok((!checkpoint.finished).then_some((run, checkpoint)));
    }
    Ok(None)
}
