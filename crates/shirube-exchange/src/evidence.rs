//! Records that a pack brings along (official figures, statements the plan
//! prints), entered into a store.

use shirube_model::plan::EvidenceRow;
use shirube_store::{Draft, Outcome, SourceKey, Store};

use crate::error::ExchangeError;

/// Drafts of one request.
const DRAFTS_MAX: usize = 1_000;

/// What entering a pack's records did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct EvidenceReport {
    /// Records made.
    pub created: u64,
    /// Records whose values the pack has mended.
    pub corrected: u64,
    /// Records that were on record as they are.
    pub unchanged: u64,
}

/// Source system of the records that the pack called `id` brings along.
#[must_use]
pub fn pack_system(id: &str) -> String {
    format!("pack:{id}")
}

/// Enters the records of the pack called `id`. Entering them again changes
/// nothing; a value that a newer pack mends becomes a new version.
///
/// # Errors
/// The refusals of a record that breaks the rules of its register, or a fault
/// of the store. Records before it stay entered.
pub async fn enter_evidence(
    store: &Store,
    id: &str,
    rows: &[EvidenceRow],
    actor: &str,
    reason: &str,
) -> Result<EvidenceReport, ExchangeError> {
    let system = pack_system(id);
    let mut report = EvidenceReport::default();
    for part in rows.chunks(DRAFTS_MAX) {
        let draft = |row: &EvidenceRow| {
            let source = SourceKey::new(&system, &row.key);
            Draft::new_record(&row.kind, Some(source), row.body.clone())
        };
        let drafts = part.iter().map(draft).collect();
        for outcome in store.append_bulk(drafts, actor, reason).await?.outcomes {
            match outcome {
                Outcome::Recorded { version: 1, .. } => report.created += 1,
                Outcome::Recorded { .. } => report.corrected += 1,
                Outcome::Unchanged { .. } => report.unchanged += 1,
                Outcome::Refused(error) => return Err(error.into()),
            }
        }
    }
    Ok(report)
}
