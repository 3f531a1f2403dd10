//! Tests of the made-up evidence.

// The lint configuration exempts test functions but not what they call.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod arbitrary;
mod evidence;
mod reach;
mod store;
