//! Integration tests of the gate for SQL.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails here has found something"
)]

mod attacks;
mod bed;
mod choices;
#[cfg(unix)]
mod faults;
mod front;
mod ledger;
mod naive;
mod refusals;
mod report;
mod review;
mod rules;
mod windows;
