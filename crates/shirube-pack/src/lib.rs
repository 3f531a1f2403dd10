//! Packs: a strategy as data.
//!
//! A pack is a directory of TOML and CSV files that holds the plan, the
//! indicator definitions, the vocabularies and the labels of one strategy.
//! [`Pack::read`] reads it, [`check()`] finds what does not fit together,
//! [`diff()`] says what changed between two packs, and [`new_pack`] writes a
//! skeleton for another strategy. Every reader works on `(name, bytes)`, so a
//! pack can also come from memory ([`Pack::from_files`]).

mod check;
mod diff;
mod document;
mod evidence_text;
mod fault;
mod files;
mod hash;
mod indicator_text;
mod pack;
mod places;
mod plan_text;
mod read;
mod skeleton;
mod table;

pub use check::{CheckOptions, check};
pub use diff::{Change, FieldChange, PackDiff, PackStamp, Part, What, diff};
pub use fault::PackFaults;
pub use files::{BYTES_MAX_FILE, BYTES_MAX_PACK, FILES_MAX, PackFile};
pub use hash::canonical_json;
pub use pack::{AuthorityText, Counts, DERIVED_VOCABULARIES, Organisation, Pack};
pub use read::fuzz_pack_file;
pub use skeleton::{NewPack, PLACEHOLDER_EN, PLACEHOLDER_JA, new_pack, skeleton_files};
pub use table::ROWS_MAX;
