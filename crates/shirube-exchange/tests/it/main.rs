//! Tests of import and export on real stores: one binary.

// The lint configuration exempts test functions but not what they call.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)]

mod base;
mod bodies;
mod consent;
mod crash;
mod events;
mod export;
mod fuzz;
mod imports;
mod links;
mod quarantine;
mod review;
mod same;
mod words;
