//! The gate for SQL over person-level health records.
//!
//! A query goes through five steps, and a number that has not gone through all
//! of them is an [`Unreleased`] that nothing can read:
//!
//! 1. **check**: SQL text to a plan over granted tables, by an allow-list.
//! 2. **run**: one pass over the joined rows counts, and keeps for every cell
//!    which person contributed how much, and which institutions.
//! 3. **protect**: the policy's primary rules, class disclosure, and
//!    complementary suppression over the table with its margins.
//! 4. **ledger check**: the answer must not tell about few persons together
//!    with anything released before.
//! 5. **release**: the ledger's entry is on the disk, then the answer goes out, or
//!    waits for two reviewers where the policy says so.
//!
//! Persons who opted out are left out where tables are read; who they are for a
//! question follows from the registers, see [`Exclusions::by_choices`].

mod choices;
mod close;
mod cost;
mod error;
mod exact;
mod functions;
mod gate;
mod grid;
mod group;
mod guard;
mod kind;
mod ledger;
mod linear;
mod number;
mod parallel;
mod people;
mod policy;
mod protect;
mod released;
mod review;
mod runs;
mod scan;
mod source;
mod sql;
mod tally;
mod unreleased;
mod uses;
mod vector;

pub use choices::{ByChoices, life_of};
pub use error::QueryError;
pub use functions::{FUNCTIONS, Listed};
pub use gate::{Answer, Gate, Reproduced, Setup};
pub use guard::guard;
pub use kind::{Key, Kind};
pub use ledger::{Entry, Ledger, Outcome};
pub use policy::{
    ClassDisclosure, EMBEDDED, Equal, InstitutionsUnknown, QueryPolicy, ReviewWhen, TooClose,
    TooCostly,
};
pub use protect::Criterion;
pub use released::{Field, Released};
pub use review::{
    Asking, Decided, Decision, Opened, Pending, REASON_MAX, Review, ReviewState, Standing, Verdict,
};
pub use source::{Exclusions, Grant, Tables};
pub use sql::{Aggregate, Checked, Output, SQL_MAX, check};
pub use unreleased::Unreleased;
pub use uses::{Shown, Use};
