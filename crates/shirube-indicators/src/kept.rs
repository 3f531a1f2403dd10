//! A value as it is stored: with its stamp and tallies, without the class of
//! every record, which the ledger position brings back at any time.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use shirube_model::indicator::{Outcome, ReadingId, Stamp, Status, YearPoint};

use crate::board::{IndicatorResult, Verification};

/// One outcome without the class of every record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KeptOutcome {
    value: Option<Decimal>,
    numerator: Decimal,
    denominator: Option<Decimal>,
    target: Option<Decimal>,
    status: Status,
    years: Vec<YearPoint>,
    evidence: Vec<KeptEvidence>,
    digest: String,
}

/// One evidence register without the class of every record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct KeptEvidence {
    register: String,
    rows_fingerprint: String,
    /// Records by class number.
    tally: Vec<(u16, u64)>,
}

impl KeptOutcome {
    fn of(outcome: &Outcome) -> Self {
        let evidence = outcome
            .proofs
            .iter()
            .map(|proof| KeptEvidence {
                register: proof.register.clone(),
                rows_fingerprint: proof.rows_fingerprint.clone(),
                tally: proof.tally().into_iter().map(|(c, n)| (c.number(), n)).collect(),
            })
            .collect();
        Self {
            value: outcome.value,
            numerator: outcome.numerator,
            denominator: outcome.denominator,
            target: outcome.target,
            status: outcome.status,
            years: outcome.years.clone(),
            evidence,
            digest: outcome.digest.clone(),
        }
    }
}

/// A stored result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Kept {
    pub(crate) stamp: Stamp,
    headline: KeptOutcome,
    readings: Vec<(ReadingId, KeptOutcome)>,
}

impl Kept {
    pub(crate) fn of(result: &IndicatorResult) -> Self {
        Self {
            stamp: result.stamp.clone(),
            headline: KeptOutcome::of(&result.headline),
            readings: result
                .readings
                .iter()
                .map(|(id, outcome)| (id.clone(), KeptOutcome::of(outcome)))
                .collect(),
        }
    }

    pub(crate) fn to_json(&self) -> String {
        // The type holds only strings, numbers and lists, which always serialise.
        serde_json::to_string(self).unwrap_or_default()
    }

    pub(crate) fn from_json(json: &str) -> Option<Self> {
        serde_json::from_str(json).ok()
    }
}

/// Where a stored value and a fresh one differ.
pub(crate) fn compare(kept: &Kept, fresh: &Kept) -> Verification {
    let mut differences = Vec::new();
    let mut differ = |what: String, stored: String, computed: String| {
        if stored != computed {
            differences.push((what, stored, computed));
        }
    };
    differ(
        "ledger.hash".to_owned(),
        kept.stamp.ledger_hash.clone(),
        fresh.stamp.ledger_hash.clone(),
    );
    differ(
        "definition.hash".to_owned(),
        kept.stamp.definition_hash.clone(),
        fresh.stamp.definition_hash.clone(),
    );
    differ("pack.hash".to_owned(), kept.stamp.pack_hash.clone(), fresh.stamp.pack_hash.clone());
    differ("software".to_owned(), kept.stamp.software.clone(), fresh.stamp.software.clone());
    let outcome = |differ: &mut dyn FnMut(String, String, String),
                   at: &str,
                   stored: &KeptOutcome,
                   computed: &KeptOutcome| {
        for (name, stored, computed) in
            leaves(stored).into_iter().zip(leaves(computed)).map(|((n, a), (_, b))| (n, a, b))
        {
            differ(format!("{at}.{name}"), stored, computed);
        }
    };
    outcome(&mut differ, "headline", &kept.headline, &fresh.headline);
    for (id, stored) in &kept.readings {
        let at = format!("{}={}", id.question, id.reading);
        match fresh.readings.iter().find(|(other, _)| other == id) {
            Some((_, computed)) => outcome(&mut differ, &at, stored, computed),
            None => differ(at, stored.digest.clone(), String::new()),
        }
    }
    // A newer build may give the same numbers: only numbers and evidence decide.
    let same = differences.iter().all(|(what, _, _)| what == "software" || what == "pack.hash");
    Verification { same, differences }
}

/// The parts of an outcome by name, in a fixed order.
fn leaves(outcome: &KeptOutcome) -> Vec<(&'static str, String)> {
    let show = |value: Option<Decimal>| value.map_or_else(String::new, |v| v.to_string());
    let json = |value: serde_json::Result<String>| value.unwrap_or_default();
    vec![
        ("value", show(outcome.value)),
        ("numerator", outcome.numerator.to_string()),
        ("denominator", show(outcome.denominator)),
        ("target", show(outcome.target)),
        ("status", outcome.status.code().to_owned()),
        ("years", json(serde_json::to_string(&outcome.years))),
        ("evidence", json(serde_json::to_string(&outcome.evidence))),
        ("digest", outcome.digest.clone()),
    ]
}
