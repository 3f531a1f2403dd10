//! Tests of the evaluators against each other and against worked examples.

// The lint configuration exempts test functions but not what they call.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod differential;
mod worked;
