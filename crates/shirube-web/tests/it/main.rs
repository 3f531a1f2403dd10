//! The web application over small stores, asked without a network.

// The lint configuration exempts test functions but not what they call.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod access;
mod api;
mod beside;
#[path = "../../../shirube-gate/tests/it/book.rs"]
#[allow(dead_code, reason = "the tests of the gate use more of it")]
mod book;
#[path = "../../../shirube-store/tests/it/cluster.rs"]
#[allow(dead_code, clippy::print_stderr, reason = "the tests of the store use more of it")]
mod cluster;
mod edit;
mod fixture;
mod follow_up;
mod gate;
mod health;
mod links;
mod pages;
mod postgres;
mod texts;
