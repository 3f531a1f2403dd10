//! Tests of the register kinds from outside the crate: one binary.

// A test may fail where it stands; clippy knows test functions, not their helpers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod bodies;
mod choice;
mod machines;
mod messages;
mod rejections;
mod round_trips;
mod rules;
mod schemas;
mod states;
