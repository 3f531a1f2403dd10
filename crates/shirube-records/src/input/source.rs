//! Opening files, plain or compressed, with a guard against bombs.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use shirube_model::refusal::Refusal;

use crate::error::RecordsError;

/// How much more than this many times the compressed size may come out…
const RATIO_MAX: u64 = 200;
/// …once this many bytes have come out.
const FREE_BYTES: u64 = 64 << 20;
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
    /// Opens a file; one that starts with the zstd mark is unpacked.
    ///
    /// # Errors
    /// When the file cannot be read, or is compressed in a way not supported.
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
            [0x1f, 0x8b, ..] | [b'P', b'K', 3, 4] => {
                let name = path.display().to_string();
                return Err(Refusal::new("records.input.packing").file(name).into());
            }
            _ => (Box::new(whole), None),
        };
        Ok(Self { path: path.to_owned(), reader, packed, unpacked: 0, bomb: false })
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
