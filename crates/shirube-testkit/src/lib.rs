//! For development and demonstration: made-up evidence and fuzzing. Nothing
//! here is part of the product's own records.

#[cfg(feature = "arbitrary")]
pub mod arbitrary;
pub mod demo;
pub mod evidence;
pub mod fill;
pub mod fuzz;
mod rng;
pub mod sample;

pub use demo::{decisions as demo_decisions, demo_clock, demo_today};
pub use evidence::{
    DEFAULT_EVENTS, DemoEvent, Evidence, Op, Trap, core_len, in_memory, traps, versions,
};
pub use fill::fill_store;
pub use sample::write_sample_csv;
