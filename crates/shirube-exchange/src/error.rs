//! Why an import or export as a whole did not happen. A row that is refused is
//! no error: it goes to the quarantine.

use std::fmt;
use std::path::Path;

use shirube_model::refusal::Refusal;
use shirube_store::{AppendError, StoreError};

/// Why an import or export stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExchangeError {
    /// By rule: the file, the mapping or the options have to change. Never empty.
    Refused(Vec<Refusal>),
    /// By failure of disk or file; the same call may work once the cause is gone.
    Fault {
        /// What users are told.
        refusal: Box<Refusal>,
        /// The system's own words, for the operator's log only.
        cause: String,
    },
}

impl ExchangeError {
    /// The messages for users; never empty.
    #[must_use]
    pub fn refusals(&self) -> Vec<Refusal> {
        match self {
            Self::Refused(refusals) => refusals.clone(),
            Self::Fault { refusal, .. } => vec![(**refusal).clone()],
        }
    }

    /// The stable code of the first message.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Refused(refusals) => refusals.first().map_or("import.io", |r| r.code),
            Self::Fault { refusal, .. } => refusal.code,
        }
    }

    /// A failure of a file.
    pub(crate) fn io(code: &'static str, path: &Path, error: &std::io::Error) -> Self {
        use std::io::ErrorKind;
        let code = match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "import.disk-full",
            _ => code,
        };
        Self::Fault {
            refusal: Box::new(Refusal::new(code).file(path.display().to_string())),
            cause: error.to_string(),
        }
    }
}

impl fmt::Display for ExchangeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts: Vec<_> = self.refusals().iter().map(ToString::to_string).collect();
        f.write_str(&texts.join("\n"))
    }
}

impl std::error::Error for ExchangeError {}

impl From<Refusal> for ExchangeError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(vec![refusal])
    }
}

impl From<Vec<Refusal>> for ExchangeError {
    fn from(refusals: Vec<Refusal>) -> Self {
        Self::Refused(refusals)
    }
}

impl From<StoreError> for ExchangeError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Refused(refusal) => Self::Refused(vec![*refusal]),
            StoreError::Fault(fault) => {
                Self::Fault { refusal: Box::new(fault.refusal), cause: fault.cause }
            }
        }
    }
}

impl From<AppendError> for ExchangeError {
    fn from(error: AppendError) -> Self {
        match error {
            AppendError::Fault(fault) => {
                Self::Fault { refusal: Box::new(fault.refusal), cause: fault.cause }
            }
            other => Self::Refused(other.refusals()),
        }
    }
}
