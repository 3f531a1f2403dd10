//! The web application over small stores, asked without a network.

// The lint configuration exempts test functions but not what they call.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod access;
mod api;
mod edit;
mod fixture;
mod links;
mod pages;
mod texts;
