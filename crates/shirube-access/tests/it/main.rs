//! Accounts and authority from outside: one binary for all integration tests.

// The lint configuration exempts test functions but not what they call.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod accounts;
mod authority;
mod common;
mod matrix;
mod policies;
mod provider;
