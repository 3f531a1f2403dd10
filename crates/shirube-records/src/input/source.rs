//! Opening files, plain or compressed, with a guard against bombs.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::bufread::MultiGzDecoder;
use sha2::{Digest, Sha256};
use shirube_model::refusal::Refusal;

use crate::error::RecordsError;

/// Endings of compressed files, which come after the ending of what is inside.
const PACKED: [&str; 2] = [".gz", ".zst"];

/// The name of a file in lower case, without the ending of its compression.
pub(crate) fn plain_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let plain = PACKED.iter().find_map(|ending| name.strip_suffix(ending));
    plain.map(str::to_owned).unwrap_or(name)
}

/// How much more than this many times the compressed size may come out…
pub(crate) const RATIO_MAX: u64 = 200;
/// …once this many bytes have come out.
pub(crate) const FREE_BYTES: u64 = 64 << 20;
/// Largest window of a compressed file, as a power of two: 128 MiB.
const WINDOW_LOG_MAX: u32 = 27;
const BUFFER_BYTES: usize = 256 << 10;

/// An open file that gives its unpacked bytes and keeps the SHA-256 of its own.
pub struct Opened {
    path: PathBuf,
    reader: Box<dyn Read + Send>,
    packed: Option<u64>,
    unpacked: u64,
    bomb: bool,
}

impl std::fmt::Debug for Opened {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Opened").field("path", &self.path).finish_non_exhaustive()
    }
}

impl Opened {
    /// Opens a file of text; one that starts with the mark of gzip or zstd is
    /// unpacked, all its members one after the other.
    ///
    /// # Errors
    /// When the file cannot be read, is compressed in a way not supported, or
    /// is text in UTF-16 or UTF-32.
    pub fn open(path: &Path) -> Result<Self, RecordsError> {
        let fault = |error: io::Error| RecordsError::io(path, &error);
        let mut file = File::open(path).map_err(fault)?;
        let length = file.metadata().map_err(fault)?.len();
        let mut mark = [0u8; 4];
        let read = read_full(&mut file, &mut mark).map_err(fault)?;
        let start = io::Cursor::new(mark.get(..read).unwrap_or_default().to_vec());
        let whole = BufReader::with_capacity(BUFFER_BYTES, start.chain(file));
        let (reader, packed): (Box<dyn Read + Send>, _) = match mark {
            [0x28, 0xb5, 0x2f, 0xfd] => {
                let mut decoder = zstd::Decoder::with_buffer(whole).map_err(fault)?;
                decoder.window_log_max(WINDOW_LOG_MAX).map_err(fault)?;
                (Box::new(decoder), Some(length))
            }
            [0x1f, 0x8b, ..] => (Box::new(MultiGzDecoder::new(whole)), Some(length)),
            // ZIP, bzip2 and xz.
            [b'P', b'K', 3, 4] | [b'B', b'Z', b'h', _] | [0xfd, b'7', b'z', b'X'] => {
                let name = path.display().to_string();
                return Err(Refusal::new("records.input.packing").file(name).into());
            }
            _ => (Box::new(whole), None),
        };
        let opened = Self { path: path.to_owned(), reader, packed, unpacked: 0, bomb: false };
        opened.in_bytes()
    }

    /// Looks at the first characters: text whose characters take two or four
    /// bytes would give nothing but refused rows, so it is refused as a whole.
    fn in_bytes(mut self) -> Result<Self, RecordsError> {
        let mut head = [0u8; 4];
        let read = read_full(&mut self, &mut head).map_err(|error| self.fault(&error))?;
        let head = head.get(..read).unwrap_or_default();
        if head.contains(&0) || head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff") {
            return Err(Refusal::new("records.input.encoding").file(self.name()).into());
        }
        let rest = std::mem::replace(&mut self.reader, Box::new(io::empty()));
        self.reader = Box::new(io::Cursor::new(head.to_vec()).chain(rest));
        self.unpacked = 0;
        Ok(self)
    }

    /// The file's own bytes and their SHA-256 in hexadecimal.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn digest(path: &Path) -> Result<(u64, String), RecordsError> {
        let fault = |error: io::Error| RecordsError::io(path, &error);
        let mut file = File::open(path).map_err(fault)?;
        let mut buffer = vec![0u8; BUFFER_BYTES];
        let (mut sha, mut bytes) = (Sha256::new(), 0u64);
        loop {
            let read = file.read(&mut buffer).map_err(fault)?;
            if read == 0 {
                return Ok((bytes, hex::encode(sha.finalize())));
            }
            sha.update(buffer.get(..read).unwrap_or_default());
            bytes += read as u64;
        }
    }

    /// The file as named by the caller.
    pub(crate) fn name(&self) -> String {
        self.path.display().to_string()
    }

    /// What a failed read means.
    pub(crate) fn fault(&self, error: &io::Error) -> RecordsError {
        if self.bomb {
            return Refusal::new("records.input.bomb")
                .arg("ratio", RATIO_MAX)
                .file(self.name())
                .into();
        }
        if self.packed.is_some() && error.kind() != io::ErrorKind::NotFound {
            return Refusal::new("records.input.packed-broken").file(self.name()).into();
        }
        RecordsError::io(&self.path, error)
    }
}

impl Read for Opened {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer)?;
        self.unpacked += read as u64;
        if let Some(packed) = self.packed
            && self.unpacked > FREE_BYTES
            && self.unpacked > packed.saturating_mul(RATIO_MAX)
        {
            self.bomb = true;
            return Err(io::Error::other("too much comes out of the compressed file"));
        }
        Ok(read)
    }
}

fn read_full(reader: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut have = 0;
    while let Some(rest) = buffer.get_mut(have..).filter(|rest| !rest.is_empty()) {
        match reader.read(rest) {
            Ok(0) => break,
            Ok(read) => have += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(have)
}
