//! Tests of import and export on real stores.

mod base;
mod bodies;
mod crash;
mod events;
mod export;
mod fuzz;
mod imports;
mod quarantine;
mod same;
mod words;
