//! SQL-on-FHIR v2 ViewDefinitions: reading, running, columns.

mod columns;
mod definition;
mod rows;

pub use columns::Columns;
pub use definition::{View, ViewColumn};
pub use rows::{Holds, Runner, Value, Views};
