//! The store from outside: one binary for all integration tests.

// The lint configuration exempts test functions but not what they call.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
// A test that cannot run here says what it lacks.
#![allow(clippy::print_stderr)]

mod cluster;
mod common;
mod crash;
mod faults;
mod layout;
mod ledger;
mod model;
mod outage;
mod projection;
mod proxy;
mod search;
mod transfer;
