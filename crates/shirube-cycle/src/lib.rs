//! The yearly follow-up at work: opening a cycle, the pack of a ministry, the
//! approval that freezes values, locking, and verifying what was approved.
//!
//! What may follow what is in the state tables of the registers; this crate
//! fills the fields that a step needs. Who may take a step is decided before it
//! comes here.

mod assemble;
mod desk;
mod error;
mod judge;
mod open;
mod records;
mod revise;
mod values;
mod year;

use std::sync::Arc;

use shirube_indicators::Engine;
use shirube_pack::Pack;
use shirube_store::Store;

pub use desk::{Desk, Texts};
pub use error::CycleError;
pub use judge::{Judgement, Locked, Verified};
pub use open::{OpenCycle, Opened};
pub use records::Typed;
pub use revise::revision_fields;
pub use year::{Waiting, Year};

/// System that the keys of the cycle's own records belong to.
pub const SOURCE_SYSTEM: &str = "follow-up";

/// A store with its pack and engine, seen as the yearly follow-up.
#[derive(Clone)]
pub struct FollowUp {
    store: Arc<Store>,
    pack: Arc<Pack>,
    engine: Engine,
}

/// Who does something, why, and on which day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct By {
    /// Name in the history.
    pub actor: String,
    /// Reason in the history.
    pub reason: String,
    /// Day.
    pub on: chrono::NaiveDate,
}

impl FollowUp {
    /// The follow-up kept in `store`, of the plan in `pack`.
    #[must_use]
    pub const fn new(store: Arc<Store>, pack: Arc<Pack>, engine: Engine) -> Self {
        Self { store, pack, engine }
    }
}
