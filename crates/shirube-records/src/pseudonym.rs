//! Keyed pseudonyms, and the shift of a person's dates.
//!
//! A pseudonym is HMAC-SHA256 under a secret key over data set, purpose, kind of
//! thing and identifier. Without the key it cannot be computed from a known
//! identifier; another data set or purpose gives another pseudonym, so two of
//! them cannot be joined. The key stands in a file of its own, apart from the
//! snapshots, readable by its owner alone.

use std::fmt;
use std::fs::OpenOptions;
use std::io::{Read, Write};
use std::path::Path;

use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};
use shirube_model::refusal::Refusal;

use crate::error::RecordsError;

/// Bytes of a key.
const KEY_BYTES: usize = 32;
/// First line of a key file.
const MARK: &str = "shirube pseudonym key 1";
/// Largest shift of dates, in days either way.
const SHIFT_DAYS_MAX: u32 = 365;

/// A secret key. It has neither `Display` nor `Serialize`; its `Debug` says nothing.
#[derive(Clone)]
pub struct PseudonymKey([u8; KEY_BYTES]);

impl fmt::Debug for PseudonymKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PseudonymKey")
    }
}

impl PseudonymKey {
    /// Makes a key and writes it to a new file that its owner alone can read.
    ///
    /// # Errors
    /// When the file is there already (a key is never overwritten: rotation
    /// makes a new file), or cannot be written.
    pub fn create(path: &Path) -> Result<Self, RecordsError> {
        let mut bytes = [0u8; KEY_BYTES];
        getrandom::fill(&mut bytes)
            .map_err(|error| RecordsError::io(path, &std::io::Error::other(error.to_string())))?;
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path).map_err(|error| match error.kind() {
            std::io::ErrorKind::AlreadyExists => {
                Refusal::new("records.key.exists").file(path.display().to_string()).into()
            }
            _ => RecordsError::io(path, &error),
        })?;
        let text = format!("{MARK}\n{}\n", hex::encode(bytes));
        let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
        written.map_err(|error| RecordsError::io(path, &error))?;
        Ok(Self(bytes))
    }

    /// The key of made-up records, which everybody knows: the same records get
    /// the same pseudonyms everywhere. It protects nobody.
    #[must_use]
    pub fn of_made_up_records() -> Self {
        Self([0x5a; KEY_BYTES])
    }

    /// Reads a key file.
    ///
    /// # Errors
    /// When others than the owner can read the file, or it holds no key.
    pub fn open(path: &Path) -> Result<Self, RecordsError> {
        let fault = |error: std::io::Error| RecordsError::io(path, &error);
        let file = std::fs::File::open(path).map_err(fault)?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = file.metadata().map_err(fault)?.permissions().mode();
            if mode & 0o077 != 0 {
                let name = path.display().to_string();
                return Err(Refusal::new("records.key.open").file(name).into());
            }
        }
        let mut text = String::new();
        file.take(1_000).read_to_string(&mut text).map_err(fault)?;
        let mut lines = text.lines();
        let key = (lines.next() == Some(MARK)).then(|| lines.next()).flatten();
        let key = key.and_then(|line| hex::decode(line).ok());
        match key.and_then(|bytes| <[u8; KEY_BYTES]>::try_from(bytes).ok()) {
            Some(bytes) => Ok(Self(bytes)),
            None => {
                Err(Refusal::new("records.key.unreadable").file(path.display().to_string()).into())
            }
        }
    }

    /// Names the key without giving it away: eight bytes of a hash, in
    /// hexadecimal. Snapshots carry it, so that a rotation can be seen.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let hash = Sha256::new().chain_update(MARK).chain_update(self.0).finalize();
        hex::encode(hash.get(..8).unwrap_or_default())
    }
}

/// Makes the pseudonyms of one data set and purpose.
#[derive(Clone)]
pub struct Pseudonyms {
    base: Hmac<Sha256>,
    fingerprint: String,
    shift_days_max: u32,
}

impl fmt::Debug for Pseudonyms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pseudonyms").field("fingerprint", &self.fingerprint).finish_non_exhaustive()
    }
}

impl Pseudonyms {
    /// Pseudonyms under `key` for one data set and purpose. `shift_days_max`
    /// moves all dates of a person by the same number of days, at most so many
    /// either way; 0 leaves them.
    ///
    /// # Errors
    /// When the shift is above a year.
    pub fn new(
        key: &PseudonymKey,
        data_set: &str,
        purpose: &str,
        shift_days_max: u32,
    ) -> Result<Self, RecordsError> {
        if shift_days_max > SHIFT_DAYS_MAX {
            return Err(Refusal::new("records.key.shift").arg("limit", SHIFT_DAYS_MAX).into());
        }
        // HMAC takes a key of any length.
        let mut base = Hmac::<Sha256>::new_from_slice(&key.0)
            .map_err(|_| RecordsError::from(Refusal::new("records.key.unreadable")))?;
        part(&mut base, data_set.as_bytes());
        part(&mut base, purpose.as_bytes());
        Ok(Self { base, fingerprint: key.fingerprint(), shift_days_max })
    }

    /// See [`PseudonymKey::fingerprint`].
    #[must_use]
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// Largest shift of dates, in days.
    #[must_use]
    pub fn shift_days_max(&self) -> u32 {
        self.shift_days_max
    }

    fn word(&self, kind: &str, id: &str) -> u64 {
        let mut mac = self.base.clone();
        part(&mut mac, kind.as_bytes());
        part(&mut mac, id.as_bytes());
        let bytes = mac.finalize().into_bytes();
        bytes.iter().take(8).fold(0, |word, byte| (word << 8) | u64::from(*byte))
    }

    /// The pseudonym of a thing of one kind, such as `person`: 1 to 2⁶³−1.
    #[must_use]
    pub fn number(&self, kind: &str, id: &str) -> i64 {
        i64::try_from(self.word(kind, id) >> 1).unwrap_or(i64::MAX).max(1)
    }

    /// Days by which all dates of a person move.
    #[must_use]
    pub fn shift_days(&self, person: &str) -> i64 {
        if self.shift_days_max == 0 {
            return 0;
        }
        let span = u64::from(self.shift_days_max) * 2 + 1;
        let drawn = i64::try_from(self.word("date shift", person) % span).unwrap_or(0);
        drawn - i64::from(self.shift_days_max)
    }
}

/// Adds a part with its length, so that no two lists of parts read the same.
fn part(mac: &mut Hmac<Sha256>, bytes: &[u8]) {
    mac.update(&(bytes.len() as u64).to_be_bytes());
    mac.update(bytes);
}
