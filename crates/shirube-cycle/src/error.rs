//! Why something of the follow-up was not done.

use shirube_model::refusal::Refusal;
use shirube_store::{AppendError, StoreError};

/// Refusals, or a fault of the store that is told as one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CycleError(pub Vec<Refusal>);

impl CycleError {
    /// The stable code of the first message.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.0.first().map_or("cycle.unknown", |refusal| refusal.code)
    }
}

impl std::fmt::Display for CycleError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let lines: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&lines.join("\n"))
    }
}

impl std::error::Error for CycleError {}

impl From<Refusal> for CycleError {
    fn from(refusal: Refusal) -> Self {
        Self(vec![refusal])
    }
}

impl From<Vec<Refusal>> for CycleError {
    fn from(refusals: Vec<Refusal>) -> Self {
        Self(refusals)
    }
}

impl From<StoreError> for CycleError {
    fn from(error: StoreError) -> Self {
        Self(vec![error.refusal().clone()])
    }
}

impl From<AppendError> for CycleError {
    fn from(error: AppendError) -> Self {
        Self(error.refusals())
    }
}
