//! The pure domain of Shirube: calendar, identifiers, register kinds, filter
//! expressions, indicator definitions and the plan. No I/O, no clock, no async.

pub mod calendar;
pub mod choice;
pub mod filter;
pub mod health_expectancy;
pub mod ident;
pub mod indicator;
pub mod lang;
pub mod markup;
pub mod plan;
pub mod record;
pub mod refusal;
pub mod registers;
pub mod schema;
