//! Integration tests of the gate.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails here has found something"
)]

mod attack;
mod audit;
mod book;
mod literature;
mod proof;
mod protect;
mod read;
mod release;
mod sample;
