//! Tests of the records crate: one binary.

// The lint configuration exempts test functions but not what they call.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)]

mod base;
mod faults;
mod fhir;
mod fuzz;
mod input;
mod json;
mod official;
mod omop;
mod parquet_input;
mod population;
mod quality;
mod views;
mod words;
