//! Why a query gave no result.

use std::fmt;
use std::path::Path;

use shirube_model::refusal::Refusal;
use shirube_records::RecordsError;
use sqlparser::tokenizer::{Location, Span};

/// Why a query gave no result. Neither kind carries a value of a record or the
/// engine's own words to the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum QueryError {
    /// By rule: the query, the grant or the policy has to change.
    Refused(Box<Refusal>),
    /// By failure of disk or engine; the same call may work later.
    Fault {
        /// What users are told.
        refusal: Box<Refusal>,
        /// The kind of failure, for the operator's log only; no data.
        cause: String,
    },
}

impl QueryError {
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

    /// A failure of a file of the ledger.
    pub(crate) fn ledger_file(path: &Path, error: &std::io::Error) -> Self {
        Self::Fault {
            refusal: Box::new(Refusal::new("query.ledger.failed").file(path.display().to_string())),
            cause: error.kind().to_string(),
        }
    }

    /// A failure of the engine. Its text may quote data, so only the step is kept.
    pub(crate) fn engine(step: &'static str) -> Self {
        Self::Fault { refusal: Box::new(Refusal::new("query.engine.failed")), cause: step.into() }
    }
}

impl fmt::Display for QueryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.refusal().fmt(f)
    }
}

impl std::error::Error for QueryError {}

impl From<Refusal> for QueryError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(Box::new(refusal))
    }
}

impl From<RecordsError> for QueryError {
    fn from(error: RecordsError) -> Self {
        match error {
            RecordsError::Refused(refusal) => Self::Refused(refusal),
            RecordsError::Fault { refusal, cause } => Self::Fault { refusal, cause },
        }
    }
}

/// A refusal with the place in the SQL text: line, and `line:column` as field.
pub(crate) fn at(code: &'static str, span: Span) -> Refusal {
    at_location(code, span.start)
}

/// A refusal at a location of the SQL text; locations the parser does not know
/// are left out.
pub(crate) fn at_location(code: &'static str, location: Location) -> Refusal {
    let refusal = Refusal::new(code).file("sql");
    if location.line == 0 {
        return refusal;
    }
    refusal.line(location.line).field(format!("{}:{}", location.line, location.column))
}
