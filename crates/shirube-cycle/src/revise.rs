//! What a revision of the plan says of the two packs it lies between.

use std::collections::BTreeSet;

use serde_json::Value;
use sha2::{Digest, Sha256};
use shirube_model::record::Body;
use shirube_pack::{Pack, Part, diff};

use crate::records::{fields, list, text};

/// The fields of `plan_revision` for the step `compare`: both packs by version
/// and hash, the digest of their comparison, the number of differences, and the
/// measures and indicators that differ.
#[must_use]
pub fn revision_fields(base: &Pack, new: &Pack) -> Body {
    let changes = diff(base, new);
    let of = |part: Part| -> BTreeSet<&str> {
        let of_part = changes.changes.iter().filter(|change| change.part == part);
        of_part.map(|change| change.id.as_str()).collect()
    };
    // Canonical: the comparison lists parts and ids in order.
    let digest = hex::encode(Sha256::digest(changes.json().to_string().as_bytes()));
    fields([
        ("base_version", text(&base.info.version)),
        ("base_hash", text(&base.hash)),
        ("new_version", text(&new.info.version)),
        ("new_hash", text(&new.hash)),
        ("diff_digest", text(digest)),
        ("differences", Some(Value::from(changes.changes.len()))),
        ("measures", list(of(Part::Measures))),
        ("indicators", list(of(Part::Indicators))),
    ])
}
