//! Tests of the report from outside the crate: one binary.

// A test may fail where it stands; clippy knows test functions, not their helpers.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr
)]

mod frozen;
mod iati;
mod outputs;
#[cfg(feature = "pdf")]
mod pdf;
mod sample;
