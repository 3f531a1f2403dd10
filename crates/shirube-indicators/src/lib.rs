//! Evaluation of indicator definitions over the registers, with proof.
//!
//! Two evaluators give the same outcome for every definition: [`naive`], plain
//! and short enough to read beside the definition, and the columnar one behind
//! [`evaluate`], which the product runs. Property tests hold them together.

pub mod board;
mod caches;
mod columns;
mod definitions;
pub mod engine;
mod error;
pub mod evaluate;
mod filters;
mod finish;
mod frame;
mod kept;
mod keys;
pub mod naive;
mod owners;
mod plan;
mod reader;
mod series;
mod stage;
mod tally;
mod threads;

pub use columns::{Columns, View};
pub use engine::{Engine, EngineOptions};
pub use error::EvalError;
