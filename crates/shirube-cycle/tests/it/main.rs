//! The yearly follow-up on a store, from opening to verifying.

// A test may fail where it stands; clippy knows test functions, not their helpers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod fixture;
mod year;
