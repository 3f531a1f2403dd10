//! Rows of one file that would do the same thing to the same record.

use std::collections::HashMap;

use sha2::{Digest, Sha256};

use crate::proposal::Identity;
use crate::rows::RawRow;

/// What is known of the rows read so far: about 50 bytes each, however long
/// they are.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    rows: HashMap<[u8; 16], (u64, u64)>,
}

/// How a row stands to the rows before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sight {
    First,
    /// The same bytes as an earlier row.
    Repeated,
    /// The same record as an earlier row with other values.
    Other {
        /// Number of the earlier row.
        row: u64,
    },
}

impl Seen {
    pub(crate) fn look(&mut self, identity: &Identity, row: &RawRow) -> Sight {
        let key = first_bytes::<16>(identity.text().as_bytes());
        let content = u64::from_be_bytes(first_bytes::<8>(&row.bytes));
        match self.rows.get(&key) {
            None => {
                self.rows.insert(key, (row.number, content));
                Sight::First
            }
            Some((_, same)) if *same == content => Sight::Repeated,
            Some((row, _)) => Sight::Other { row: *row },
        }
    }
}

fn first_bytes<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut out = [0; N];
    for (slot, byte) in out.iter_mut().zip(Sha256::digest(bytes)) {
        *slot = byte;
    }
    out
}
