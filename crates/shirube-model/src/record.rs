//! One version of one register record, as the ledger knows it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::ident::RecordId;

/// Whether a record counts, apart from the state of its kind.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// In force.
    #[default]
    Active,
    /// Taken back by its owner; kept with its reason.
    Withdrawn,
    /// Found to describe the same thing as another record.
    Duplicate,
}

impl Standing {
    /// The code used in storage and messages.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Withdrawn => "withdrawn",
            Self::Duplicate => "duplicate",
        }
    }

    /// Reads a code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        match code {
            "active" => Some(Self::Active),
            "withdrawn" => Some(Self::Withdrawn),
            "duplicate" => Some(Self::Duplicate),
            _ => None,
        }
    }
}

/// Body of a record: field name to JSON value, absent fields left out.
pub type Body = Map<String, Value>;

/// A record as it stood after one event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RecordVersion {
    /// Register kind.
    pub kind: String,
    /// Record.
    pub id: RecordId,
    /// 1 for the first version.
    pub version: u32,
    /// State of the kind's state machine.
    pub state: String,
    /// Whether the record counts.
    pub standing: Standing,
    /// The record this one duplicates, when `standing` is `duplicate`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duplicate_of: Option<RecordId>,
    /// Field values.
    pub body: Body,
    /// Ledger position of the event that made this version.
    pub seq: u64,
    /// When the event was recorded.
    pub recorded_at: DateTime<Utc>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn standings_read_back_and_are_stored_under_their_code() {
        for standing in [Standing::Active, Standing::Withdrawn, Standing::Duplicate] {
            assert_eq!(Standing::from_code(standing.code()), Some(standing));
            assert_eq!(serde_json::to_value(standing).unwrap(), json!(standing.code()));
        }
        for unknown in ["", "Active", "deleted"] {
            assert_eq!(Standing::from_code(unknown), None);
        }
        assert_eq!(Standing::default(), Standing::Active);
    }

    #[test]
    fn a_version_reads_back() {
        let version = json!({
            "kind": "contract", "id": "CTR-4F0G9Z1K7M2Q", "version": 2, "state": "signed",
            "standing": "duplicate", "duplicate_of": "CTR-000000000000",
            "body": { "title": "契約" }, "seq": 9, "recorded_at": "2025-04-01T00:00:00Z",
        });
        let read: RecordVersion = serde_json::from_value(version.clone()).unwrap();
        assert_eq!(serde_json::to_value(&read).unwrap(), version);
        let mut other = version.clone();
        other["standing"] = json!("gone");
        assert!(serde_json::from_value::<RecordVersion>(other).is_err());
        let mut without = version;
        without.as_object_mut().unwrap().remove("duplicate_of");
        let read: RecordVersion = serde_json::from_value(without.clone()).unwrap();
        assert_eq!(read.duplicate_of, None);
        assert_eq!(serde_json::to_value(&read).unwrap(), without);
    }
}
