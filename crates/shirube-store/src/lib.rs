//! The register store: an append-only, hash-chained ledger of events with the
//! current records and the search index as projections of it.
//!
//! A store is a directory:
//!
//! ```text
//! ledger.sqlite   events, current records, stored indicator values, meta
//! search/         full-text index; may be deleted at any time
//! lock            held by the one instance that may write
//! ```
//!
//! [`Store::open`] gives a handle that any number of tasks may clone. Writes go
//! through one writer, which gathers waiting requests into one transaction;
//! reads run beside it on their own connections.

mod canonical;
mod clock;
mod decide;
mod engine;
mod event;
mod fault;
mod ledger;
mod meta;
mod projection;
mod read;
mod rows;
mod search;
mod sql;
mod titles;
mod values;
mod verify;
mod writer;

pub use canonical::body_text;
pub use clock::{Clock, FixedClock, SteppingClock, SystemClock};
pub use event::{Action, Change, Draft, Event, NewRecord, OnExisting, SourceKey, Step};
pub use fault::{AppendError, Fault, StaleEdit, StoreError};
pub use ledger::{Access, OpenOptions, Store};
pub use meta::{Meta, StoreClass};
pub use projection::Rebuilt;
pub use read::{AsOf, KindCount, ListPage, ListQuery, Order, Position};
pub use search::{SearchHit, SearchPage, SearchQuery, Snippet};
pub use values::StoredValue;
pub use verify::{BreakKind, ChainBreak, ChainReport};
pub use writer::{BulkReport, Outcome};
