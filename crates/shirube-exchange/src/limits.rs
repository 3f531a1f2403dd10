//! Limits on what an input file may hold. Every one is checked before memory
//! is spent on it.

/// Limits of one import.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one row, line ends within quotes included.
    pub row_bytes: usize,
    /// Bytes of one cell, after decoding to UTF-8.
    pub cell_bytes: usize,
    /// Columns of a table, or keys of a JSON object.
    pub columns: usize,
    /// Characters of a source key.
    pub key_chars: usize,
    /// Rows of a file. What is known of each row takes about 50 bytes of memory.
    pub rows: u64,
    /// Bytes of raw rows that one batch may hold.
    pub batch_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            row_bytes: 1 << 20,
            cell_bytes: 128 << 10,
            columns: 1_000,
            key_chars: 500,
            rows: 20_000_000,
            batch_bytes: 16 << 20,
        }
    }
}
