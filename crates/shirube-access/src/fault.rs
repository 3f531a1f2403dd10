//! What can go wrong with accounts: refusals by rule, and faults of the
//! database or of an identity provider.

use std::fmt;

use shirube_model::refusal::Refusal;

/// Why something about accounts was not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccessError {
    /// By rule; the request has to change.
    Refused(Box<Refusal>),
    /// By failure; the same request may work once the cause is removed.
    Fault {
        /// What users are told.
        refusal: Box<Refusal>,
        /// The engine's own words, for the operator's log only.
        cause: String,
    },
}

/// A result of this crate.
pub type Result<T> = std::result::Result<T, AccessError>;

impl AccessError {
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

    /// A fault with its cause for the log.
    pub(crate) fn fault(code: &'static str, cause: impl ToString) -> Self {
        Self::Fault { refusal: Box::new(Refusal::new(code)), cause: cause.to_string() }
    }

    /// A refusal without arguments.
    pub(crate) fn refused<T>(code: &'static str) -> Result<T> {
        Err(Refusal::new(code).into())
    }
}

impl fmt::Display for AccessError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.refusal().fmt(f)
    }
}

impl std::error::Error for AccessError {}

impl From<Refusal> for AccessError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(Box::new(refusal))
    }
}

impl From<sqlx::Error> for AccessError {
    fn from(error: sqlx::Error) -> Self {
        let code = match &error {
            sqlx::Error::PoolTimedOut => "access.store.busy",
            _ => "access.store.fault",
        };
        Self::fault(code, error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cause_of_a_fault_stays_out_of_its_message() {
        let error = AccessError::from(sqlx::Error::Protocol("secret detail".to_owned()));
        assert_eq!(error.code(), "access.store.fault");
        assert!(!error.to_string().contains("secret detail"), "{error}");
    }
}
