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
//! or a PostgreSQL database, where the same tables are in the current schema, a
//! session lock of the server takes the place of `lock`, and `search/` is in a
//! directory of the machine that reads or writes (see [`StoreAddress`]). Hashes,
//! ids and digests are the same on both, and [`Store::copy`], [`Store::backup`]
//! and [`Store::restore`] lead from one to the other.
//!
//! One instance writes; a second one that wants to is refused with
//! `store.locked`, and may open the store with [`Access::Read`].
//!
//! [`Store::open`] gives a handle that any number of tasks may clone. Writes go
//! through one writer, which gathers waiting requests into one transaction;
//! reads run beside it on their own connections.

mod address;
mod archive;
mod canonical;
mod clock;
mod decide;
mod engine;
mod event;
mod fault;
mod ledger;
mod meta;
mod postgres;
mod projection;
mod read;
mod rows;
mod schema;
mod search;
mod session;
mod sql;
mod sqlite;
mod titles;
mod transfer;
mod values;
mod verify;
mod writer;

pub use address::{PostgresAddress, StoreAddress};
pub use canonical::body_text;
pub use clock::{Clock, FixedClock, SteppingClock, SystemClock};
pub use event::{Action, Change, Draft, Event, NewRecord, OnExisting, SourceKey, Step};
pub use fault::{AppendError, Fault, StaleEdit, StoreError};
pub use ledger::{Access, OpenOptions, Store};
pub use meta::{Meta, StoreClass};
pub use projection::Rebuilt;
pub use read::{AsOf, KindCount, ListPage, ListQuery, Order, Position};
pub use search::{SearchHit, SearchPage, SearchQuery, Snippet, marks as search_marks};
pub use transfer::Transfer;
pub use values::StoredValue;
pub use verify::{BreakKind, ChainBreak, ChainReport};
pub use writer::{BulkReport, Outcome};
