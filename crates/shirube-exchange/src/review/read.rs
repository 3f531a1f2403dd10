//! Where budget review sheets are read from: a directory of JSON files, or a
//! tar archive of one, compressed with zstd or not.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use shirube_model::refusal::Refusal;

use crate::error::ExchangeError;

/// Largest sheet, in bytes.
const SHEET_BYTES_MAX: u64 = 8 << 20;
/// Most sheets of one input.
const SHEETS_MAX: usize = 200_000;
/// Largest input after decompression, in bytes.
const INPUT_BYTES_MAX: u64 = 4 << 30;
/// Deepest directory below the one given.
const DEPTH_MAX: usize = 8;

/// One file as it lies in the input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RawSheet {
    /// Path within the input, `/` between parts.
    pub(crate) path: String,
    pub(crate) bytes: Vec<u8>,
}

/// Gives every JSON file of the input to `each`, in no particular order.
pub(crate) fn each_sheet(
    input: &Path,
    each: &mut dyn FnMut(RawSheet),
) -> Result<(), ExchangeError> {
    let mut counted = Counted { each, sheets: 0, bytes: 0 };
    if input.is_dir() {
        return directory(input, &mut counted);
    }
    let name = input.display().to_string();
    let file = File::open(input).map_err(|error| unreadable(input, &error))?;
    if name.ends_with(".zst") {
        let decoder = zstd::stream::read::Decoder::new(BufReader::new(file))
            .map_err(|error| unreadable(input, &error))?;
        archive(input, decoder, &mut counted)
    } else {
        archive(input, BufReader::new(file), &mut counted)
    }
}

fn unreadable(path: &Path, error: &std::io::Error) -> ExchangeError {
    ExchangeError::io("import.file.unreadable", path, error)
}

/// Counts what has been given, so that no input is taken without end.
struct Counted<'a> {
    each: &'a mut dyn FnMut(RawSheet),
    sheets: usize,
    bytes: u64,
}

impl Counted<'_> {
    fn give(&mut self, path: String, bytes: Vec<u8>) -> Result<(), ExchangeError> {
        self.sheets += 1;
        self.bytes += bytes.len() as u64;
        if self.sheets > SHEETS_MAX || self.bytes > INPUT_BYTES_MAX {
            return Err(Refusal::new("import.review.too-large")
                .arg("sheets", SHEETS_MAX)
                .arg("gigabytes", INPUT_BYTES_MAX >> 30)
                .file(path)
                .into());
        }
        (self.each)(RawSheet { path, bytes });
        Ok(())
    }
}

/// Reads one sheet; of one that is too large only the beginning, which then
/// cannot be read as JSON and goes to the quarantine.
fn take(reader: impl Read) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader.take(SHEET_BYTES_MAX).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn is_sheet(path: &str) -> bool {
    let hidden = path.split('/').any(|part| part.starts_with('.') && part != ".");
    !hidden && path.ends_with(".json")
}

fn archive(
    input: &Path,
    reader: impl Read,
    counted: &mut Counted<'_>,
) -> Result<(), ExchangeError> {
    let fault = |error: &std::io::Error| ExchangeError::io("import.review.archive", input, error);
    let mut archive = tar::Archive::new(reader);
    for entry in archive.entries().map_err(|error| fault(&error))? {
        let entry = entry.map_err(|error| fault(&error))?;
        if !entry.header().entry_type().is_file() {
            continue;
        }
        let path = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        if is_sheet(&path) {
            let bytes = take(entry).map_err(|error| fault(&error))?;
            counted.give(path, bytes)?;
        }
    }
    Ok(())
}

fn directory(root: &Path, counted: &mut Counted<'_>) -> Result<(), ExchangeError> {
    let mut open = vec![(root.to_owned(), 0)];
    while let Some((dir, depth)) = open.pop() {
        for path in sorted(&dir)? {
            // Links are not followed: a loop would never end.
            let meta = path.symlink_metadata().map_err(|error| unreadable(&path, &error))?;
            if meta.is_dir() && depth < DEPTH_MAX {
                open.push((path, depth + 1));
            } else if meta.is_file() {
                let name = path.strip_prefix(root).unwrap_or(&path).to_string_lossy();
                let name = name.replace('\\', "/");
                if is_sheet(&name) {
                    let file = File::open(&path).map_err(|error| unreadable(&path, &error))?;
                    let bytes = take(file).map_err(|error| unreadable(&path, &error))?;
                    counted.give(name, bytes)?;
                }
            }
        }
    }
    Ok(())
}

fn sorted(dir: &Path) -> Result<Vec<PathBuf>, ExchangeError> {
    let read = || -> std::io::Result<Vec<PathBuf>> {
        let mut paths = std::fs::read_dir(dir)?
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<std::io::Result<Vec<_>>>()?;
        paths.sort();
        Ok(paths)
    };
    read().map_err(|error| unreadable(dir, &error))
}
