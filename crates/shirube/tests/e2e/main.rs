//! Browser journeys on the real binary: a real store, a real Chromium, both
//! languages, and an accessibility check on the way.
//!
//! `cargo xtask test` installs what these tests need. Where it is missing they
//! fail and say so; they never pass unseen. Screenshots go to
//! `target/e2e-screenshots`, and with `SHIRUBE_UPDATE_SCREENSHOTS=1` also to
//! `docs/images`.
//!
//! A journey opens a [`browser::Page`] on the shared demo product, and returns
//! `Result`: the error says what was looked for and where.

mod accessibility;
mod accounts;
mod base;
mod browser;
mod enclave;
mod every_page;
mod follow_up;
mod front;
mod health;
mod http;
mod journeys;
mod leash;
mod pictures;
mod product;
mod provider;
mod sound;
