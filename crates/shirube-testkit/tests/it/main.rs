//! Tests of the made-up evidence.

mod arbitrary;
mod evidence;
mod reach;
mod store;
