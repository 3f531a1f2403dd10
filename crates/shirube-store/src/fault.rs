//! What can go wrong: refusals by rule, and faults of disk and file system.

use std::fmt;
use std::path::Path;

use shirube_model::ident::RecordId;
use shirube_model::record::{Body, RecordVersion};
use shirube_model::refusal::Refusal;
use sqlx::postgres::PgDatabaseError;

use crate::address::StoreAddress;

/// Something outside the product failed: disk, file system, damaged file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What users are told, with a code `store.*` and what to do.
    pub refusal: Refusal,
    /// The engine's own words, for the operator's log only.
    pub cause: String,
}

/// Why the store did not do as asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreError {
    /// By rule; the request has to change.
    Refused(Box<Refusal>),
    /// By failure; the same request may work once the cause is removed.
    Fault(Box<Fault>),
}

impl StoreError {
    /// The message for users.
    #[must_use]
    pub fn refusal(&self) -> &Refusal {
        match self {
            Self::Refused(refusal) => refusal,
            Self::Fault(fault) => &fault.refusal,
        }
    }

    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.refusal().code
    }

    /// The engine's own words, or the code where there are none.
    pub(crate) fn cause(&self) -> &str {
        match self {
            Self::Refused(refusal) => refusal.code,
            Self::Fault(fault) => &fault.cause,
        }
    }

    /// A fault with its cause for the log.
    pub(crate) fn fault(code: &'static str, cause: impl ToString) -> Self {
        Self::Fault(Box::new(Fault { refusal: Refusal::new(code), cause: cause.to_string() }))
    }

    /// Names the file or directory concerned.
    #[must_use]
    pub(crate) fn file(mut self, path: &Path) -> Self {
        let name = path.display().to_string();
        match &mut self {
            Self::Refused(refusal) => refusal.place.file = Some(name),
            Self::Fault(fault) => fault.refusal.place.file = Some(name),
        }
        self
    }

    /// Names the store concerned.
    #[must_use]
    pub(crate) fn at(self, address: &StoreAddress) -> Self {
        self.file(Path::new(&address.to_string()))
    }

    /// A row that cannot be read back, at ledger position `seq`.
    pub(crate) fn damaged(seq: impl ToString, cause: impl ToString) -> Self {
        Self::Fault(Box::new(Fault {
            refusal: Refusal::new("store.row-damaged").arg("seq", seq),
            cause: cause.to_string(),
        }))
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.refusal().fmt(f)
    }
}

impl std::error::Error for StoreError {}

impl From<Refusal> for StoreError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(Box::new(refusal))
    }
}

impl From<std::io::Error> for StoreError {
    fn from(error: std::io::Error) -> Self {
        Self::fault(io_code(&error), error)
    }
}

fn io_code(error: &std::io::Error) -> &'static str {
    use std::io::ErrorKind;
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "store.disk-full",
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => "store.no-permission",
        // Files know none of these; they come from the way to a server.
        ErrorKind::ConnectionRefused
        | ErrorKind::ConnectionReset
        | ErrorKind::ConnectionAborted
        | ErrorKind::NotConnected
        | ErrorKind::BrokenPipe
        | ErrorKind::UnexpectedEof
        | ErrorKind::TimedOut
        | ErrorKind::HostUnreachable
        | ErrorKind::NetworkUnreachable
        | ErrorKind::NetworkDown => "store.server-unreachable",
        _ => "store.io",
    }
}

/// The primary result codes of SQLite that have their own remedy.
fn sqlite_code(extended: i64) -> &'static str {
    match extended & 0xff {
        13 => "store.disk-full",
        3 | 8 | 23 => "store.no-permission",
        5 | 6 => "store.busy",
        11 | 26 => "store.damaged",
        _ => "store.io",
    }
}

/// The SQLSTATE codes of PostgreSQL that have their own remedy, by their class
/// or in full.
const SQLSTATES: [(&str, &str); 16] = [
    ("53100", "store.disk-full"),
    ("53", "store.busy"),
    ("55P03", "store.busy"),
    ("57014", "store.busy"),
    ("40", "store.busy"),
    ("42501", "store.no-permission"),
    ("25006", "store.no-permission"),
    ("28", "store.sign-in-refused"),
    ("3D", "store.database-absent"),
    ("57P04", "store.database-absent"),
    ("57P05", "store.server-unreachable"),
    ("57P", "store.server-unreachable"),
    ("08", "store.server-unreachable"),
    ("XX001", "store.damaged"),
    ("XX002", "store.damaged"),
    ("22021", "store.text-unstorable"),
];

fn postgres_code(sqlstate: &str) -> &'static str {
    let found = SQLSTATES.iter().find(|(state, _)| sqlstate.starts_with(state));
    found.map_or("store.io", |(_, code)| code)
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        let code = match &error {
            sqlx::Error::Io(io) => io_code(io),
            sqlx::Error::Tls(_) | sqlx::Error::Protocol(_) => "store.server-unreachable",
            sqlx::Error::Configuration(_) => "store.address-unreadable",
            sqlx::Error::Database(database)
                if database.try_downcast_ref::<PgDatabaseError>().is_some() =>
            {
                postgres_code(database.code().as_deref().unwrap_or_default())
            }
            sqlx::Error::Database(database) => {
                sqlite_code(database.code().and_then(|code| code.parse().ok()).unwrap_or(10))
            }
            sqlx::Error::PoolTimedOut => "store.busy",
            sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => "store.closed",
            sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => "store.damaged",
            _ => "store.io",
        };
        Self::fault(code, error)
    }
}

impl From<tantivy::TantivyError> for StoreError {
    fn from(error: tantivy::TantivyError) -> Self {
        use tantivy::TantivyError;
        use tantivy::directory::error::{OpenReadError, OpenWriteError};
        let code = match &error {
            TantivyError::IoError(io)
            | TantivyError::OpenReadError(OpenReadError::IoError { io_error: io, .. })
            | TantivyError::OpenWriteError(OpenWriteError::IoError { io_error: io, .. }) => {
                io_code(io)
            }
            _ => "store.search-damaged",
        };
        Self::fault(code, error)
    }
}

/// Two people changed the same record: what the second one sent, and how the
/// record stands now.
#[derive(Debug, Clone, PartialEq)]
pub struct StaleEdit {
    /// Record concerned.
    pub record: RecordId,
    /// Version the caller started from.
    pub base_version: u32,
    /// Body the caller sent; `None` for a step that changes no field.
    pub mine: Option<Body>,
    /// The record as it stands.
    pub current: RecordVersion,
}

impl StaleEdit {
    fn refusal(&self) -> Refusal {
        Refusal::new("store.stale-edit")
            .arg("record", &self.record)
            .arg("base", self.base_version)
            .arg("current", self.current.version)
    }
}

/// Why nothing was appended.
#[derive(Debug, Clone, PartialEq)]
pub enum AppendError {
    /// The record has changed since the caller read it.
    Stale(Box<StaleEdit>),
    /// One draft breaks rules.
    Refused {
        /// Which draft of the request, from 0.
        draft: usize,
        /// Every rule it breaks; never empty.
        refusals: Vec<Refusal>,
    },
    /// Disk, file or server failed; nothing of the request was kept, unless the
    /// code is `store.outcome-unknown`.
    Fault(Box<Fault>),
}

impl AppendError {
    /// The messages for users; never empty.
    #[must_use]
    pub fn refusals(&self) -> Vec<Refusal> {
        match self {
            Self::Stale(stale) => vec![stale.refusal()],
            Self::Refused { refusals, .. } => refusals.clone(),
            Self::Fault(fault) => vec![fault.refusal.clone()],
        }
    }

    /// The stable code of the first message.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Stale(_) => "store.stale-edit",
            Self::Refused { refusals, .. } => refusals.first().map_or("store.io", |r| r.code),
            Self::Fault(fault) => fault.refusal.code,
        }
    }

    pub(crate) fn at(mut self, index: usize) -> Self {
        if let Self::Refused { draft, .. } = &mut self {
            *draft = index;
        }
        self
    }
}

impl fmt::Display for AppendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts: Vec<_> = self.refusals().iter().map(ToString::to_string).collect();
        f.write_str(&texts.join("\n"))
    }
}

impl std::error::Error for AppendError {}

impl From<Refusal> for AppendError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused { draft: 0, refusals: vec![refusal] }
    }
}

impl From<Vec<Refusal>> for AppendError {
    fn from(refusals: Vec<Refusal>) -> Self {
        Self::Refused { draft: 0, refusals }
    }
}

impl From<StoreError> for AppendError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Refused(refusal) => (*refusal).into(),
            StoreError::Fault(fault) => Self::Fault(fault),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shirube_model::lang::Lang;

    #[test]
    fn engine_faults_have_their_own_code_and_remedy() {
        let cases = [
            (13, "store.disk-full"),
            (10, "store.io"),
            (778, "store.io"),
            (5, "store.busy"),
            (517, "store.busy"),
            (11, "store.damaged"),
            (26, "store.damaged"),
            (8, "store.no-permission"),
        ];
        for (code, expected) in cases {
            assert_eq!(sqlite_code(code), expected, "{code}");
        }
        for lang in Lang::ALL {
            for code in cases.map(|(_, code)| code) {
                assert!(!Refusal::new(code).remedy(lang).is_empty(), "{code} in {lang:?}");
            }
        }
        let sqlstates = [
            ("53100", "store.disk-full"),
            ("53300", "store.busy"),
            ("57P01", "store.server-unreachable"),
            ("57014", "store.busy"),
            ("08006", "store.server-unreachable"),
            ("28P01", "store.sign-in-refused"),
            ("3D000", "store.database-absent"),
            ("42501", "store.no-permission"),
            ("XX001", "store.damaged"),
            ("42P01", "store.io"),
            ("", "store.io"),
        ];
        for (sqlstate, expected) in sqlstates {
            assert_eq!(postgres_code(sqlstate), expected, "{sqlstate}");
        }
        let full = std::io::Error::from(std::io::ErrorKind::StorageFull);
        assert_eq!(StoreError::from(full).code(), "store.disk-full");
    }

    #[test]
    fn the_engine_text_stays_out_of_the_message() {
        let error = StoreError::fault("store.io", "disk I/O error (sector 7)");
        assert!(!error.to_string().contains("sector 7"));
    }
}
