//! Why a whole call did not happen. A single record that is refused is no
//! error of the call: it goes to the quarantine.

use std::fmt;
use std::path::Path;

use shirube_model::refusal::Refusal;

/// Why work on records stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecordsError {
    /// By rule: the file, the view or the options have to change.
    Refused(Box<Refusal>),
    /// By failure of disk or file; the same call may work once the cause is gone.
    Fault {
        /// What users are told.
        refusal: Box<Refusal>,
        /// The system's own words, for the operator's log only.
        cause: String,
    },
}

impl RecordsError {
    /// The message for users.
    #[must_use]
    pub fn refusal(&self) -> &Refusal {
        match self {
            Self::Refused(refusal) | Self::Fault { refusal, .. } => refusal,
        }
    }

    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.refusal().code
    }

    /// A failure of a file.
    pub(crate) fn io(path: &Path, error: &std::io::Error) -> Self {
        use std::io::ErrorKind;
        let code = match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
                "records.disk-full"
            }
            ErrorKind::NotFound => "records.file.missing",
            _ => "records.file.failed",
        };
        Self::Fault {
            refusal: Box::new(Refusal::new(code).file(path.display().to_string())),
            cause: error.to_string(),
        }
    }

    /// A failure inside the writing or reading of columns.
    pub(crate) fn columns(path: &Path, error: &dyn fmt::Display) -> Self {
        Self::Fault {
            refusal: Box::new(
                Refusal::new("records.columns.failed").file(path.display().to_string()),
            ),
            cause: error.to_string(),
        }
    }
}

impl fmt::Display for RecordsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.refusal().fmt(f)
    }
}

impl std::error::Error for RecordsError {}

impl From<Refusal> for RecordsError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(Box::new(refusal))
    }
}

impl From<Box<Refusal>> for RecordsError {
    fn from(refusal: Box<Refusal>) -> Self {
        Self::Refused(refusal)
    }
}
