//! Faults of evaluation that a user cannot cause.

use thiserror::Error;

/// An evaluation that could not be carried out.
#[derive(Debug, Error)]
pub enum EvalError {
    /// DataFusion refused an expression that the definition check let pass.
    #[error("expression engine: {0}")]
    DataFusion(#[from] datafusion::error::DataFusionError),
    /// A column could not be built.
    #[error("columns: {0}")]
    Arrow(#[from] arrow::error::ArrowError),
    /// Something the definition check should have refused.
    #[error("unsupported: {0}")]
    Unsupported(&'static str),
}
