//! Events, their hash, and the drafts that ask for them.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use shirube_model::ident::RecordId;
use shirube_model::record::{Body, RecordVersion, Standing};

use crate::canonical::body_text;

/// What an event did to its record.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Action {
    /// First version.
    Create,
    /// Field values changed; state and standing kept.
    Correct,
    /// Taken back by its owner.
    Withdraw,
    /// In force again after withdrawal or after a mistaken duplicate mark.
    Restore,
    /// Found to describe the same thing as another record.
    MarkDuplicate,
    /// A step of the kind's state machine, by name.
    Transition(String),
}

const TRANSITION: &str = "transition:";

impl Action {
    /// The code used in storage, such as `correct` or `transition:complete`.
    #[must_use]
    pub fn code(&self) -> String {
        match self {
            Self::Create => "create".to_owned(),
            Self::Correct => "correct".to_owned(),
            Self::Withdraw => "withdraw".to_owned(),
            Self::Restore => "restore".to_owned(),
            Self::MarkDuplicate => "mark_duplicate".to_owned(),
            Self::Transition(name) => format!("{TRANSITION}{name}"),
        }
    }

    /// Reads a code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Some(match code {
            "create" => Self::Create,
            "correct" => Self::Correct,
            "withdraw" => Self::Withdraw,
            "restore" => Self::Restore,
            "mark_duplicate" => Self::MarkDuplicate,
            _ => Self::Transition(code.strip_prefix(TRANSITION)?.to_owned()),
        })
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.code())
    }
}

impl From<Action> for String {
    fn from(action: Action) -> Self {
        action.code()
    }
}

impl TryFrom<String> for Action {
    type Error = String;

    fn try_from(code: String) -> Result<Self, String> {
        Self::from_code(&code).ok_or_else(|| format!("`{code}` is not an action"))
    }
}

/// Where a record came from: a system and the record's key there. The same
/// kind, system and key always name the same record.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SourceKey {
    /// System, such as `amed-find`.
    pub system: String,
    /// Key in that system.
    pub key: String,
}

impl SourceKey {
    /// The key `key` of `system`.
    pub fn new(system: impl Into<String>, key: impl Into<String>) -> Self {
        Self { system: system.into(), key: key.into() }
    }
}

/// One entry of the ledger: what happened to one record, with the whole record
/// after it.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Ledger position, from 1 without gaps.
    pub seq: u64,
    /// When it was recorded, whole microseconds, never before the previous event.
    pub recorded_at: DateTime<Utc>,
    /// Register kind.
    pub kind: String,
    /// Record.
    pub record: RecordId,
    /// Version the event made, from 1 without gaps.
    pub version: u32,
    /// What happened.
    pub action: Action,
    /// State after the event.
    pub state: String,
    /// Standing after the event.
    pub standing: Standing,
    /// The record this one duplicates, when `standing` is duplicate.
    pub duplicate_of: Option<RecordId>,
    /// Who did it.
    pub actor: String,
    /// Why.
    pub reason: String,
    /// Where the record came from; the same for every version.
    pub source: Option<SourceKey>,
    /// Field values after the event, in canonical form.
    pub body: Body,
    /// Hash of the previous event, or of the store's origin for the first.
    pub prev_hash: [u8; 32],
    /// SHA-256 over everything above; see [`Event::content_hash`].
    pub hash: [u8; 32],
}

/// First bytes that are hashed, so that no other document hashes alike.
const DOMAIN: &[u8] = b"shirube.event.v1";

/// Feeds parts to a hash so that no two different sequences of parts feed the
/// same bytes: every part is preceded by its length.
pub(crate) struct Encoder(Sha256);

impl Encoder {
    pub(crate) fn new(domain: &[u8]) -> Self {
        let mut encoder = Self(Sha256::new());
        encoder.part(domain);
        encoder
    }

    /// Length in bytes as a 64-bit big-endian number, then the bytes.
    pub(crate) fn part(&mut self, bytes: &[u8]) {
        self.0.update((bytes.len() as u64).to_be_bytes());
        self.0.update(bytes);
    }

    /// A byte 0 for nothing, or a byte 1 and the part.
    pub(crate) fn optional(&mut self, bytes: Option<&[u8]>) {
        match bytes {
            None => self.0.update([0]),
            Some(bytes) => {
                self.0.update([1]);
                self.part(bytes);
            }
        }
    }

    pub(crate) fn finish(self) -> [u8; 32] {
        self.0.finalize().into()
    }
}

impl Event {
    /// The hash the event must carry: SHA-256 over, in this order,
    /// `shirube.event.v1`, `seq` (8 bytes), `recorded_at` (microseconds since
    /// 1970 UTC, 8 bytes), `kind`, `record`, `version` (4 bytes), action code,
    /// `state`, standing code, `duplicate_of`?, `actor`, `reason`, source
    /// system?, source key?, the canonical body text, and `prev_hash`.
    ///
    /// Numbers are big-endian. Every part is preceded by its length in bytes
    /// (8 bytes); an optional part (?) is preceded by one byte, 1 when it is
    /// there and 0 when not, and nothing follows the 0.
    #[must_use]
    pub fn content_hash(&self) -> [u8; 32] {
        self.hash_with(&body_text(&self.body))
    }

    /// [`Event::content_hash`] where the body's text is already at hand.
    pub(crate) fn hash_with(&self, body: &str) -> [u8; 32] {
        let mut encoder = Encoder::new(DOMAIN);
        encoder.part(&self.seq.to_be_bytes());
        encoder.part(&self.recorded_at.timestamp_micros().to_be_bytes());
        encoder.part(self.kind.as_bytes());
        encoder.part(self.record.as_str().as_bytes());
        encoder.part(&self.version.to_be_bytes());
        encoder.part(self.action.code().as_bytes());
        encoder.part(self.state.as_bytes());
        encoder.part(self.standing.code().as_bytes());
        encoder.optional(self.duplicate_of.as_ref().map(|id| id.as_str().as_bytes()));
        encoder.part(self.actor.as_bytes());
        encoder.part(self.reason.as_bytes());
        encoder.optional(self.source.as_ref().map(|s| s.system.as_bytes()));
        encoder.optional(self.source.as_ref().map(|s| s.key.as_bytes()));
        encoder.part(body.as_bytes());
        encoder.part(&self.prev_hash);
        encoder.finish()
    }

    /// The record as it stands after the event.
    #[must_use]
    pub fn record_version(&self) -> RecordVersion {
        RecordVersion {
            kind: self.kind.clone(),
            id: self.record.clone(),
            version: self.version,
            state: self.state.clone(),
            standing: self.standing,
            duplicate_of: self.duplicate_of.clone(),
            body: self.body.clone(),
            seq: self.seq,
            recorded_at: self.recorded_at,
        }
    }
}

/// What to do when a new record's source key is already known with another body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnExisting {
    /// Record a correction.
    #[default]
    Correct,
    /// Refuse the draft.
    Refuse,
}

/// A record to be entered. Without a source key a new record is made each time.
#[derive(Debug, Clone, PartialEq)]
pub struct NewRecord {
    /// Register kind.
    pub kind: String,
    /// Where it comes from.
    pub source: Option<SourceKey>,
    /// Field values.
    pub body: Body,
    /// When the source key is known with another body.
    pub on_existing: OnExisting,
}

/// What shall happen to an existing record.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Replace the field values. Equal values make no event.
    Correct(Body),
    /// Take the record back.
    Withdraw,
    /// Put the record in force again.
    Restore,
    /// Mark it as a duplicate of an active record of the same kind.
    MarkDuplicate(RecordId),
    /// Take a step of the state machine, with new field values where given.
    Transition {
        /// Name of the step.
        name: String,
        /// Field values after the step.
        body: Option<Body>,
    },
}

/// A change to an existing record.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// Record.
    pub record: RecordId,
    /// Version the caller read; the change is refused when there is a newer one.
    pub base_version: u32,
    /// What shall happen.
    pub step: Step,
}

/// What a caller asks the ledger to record.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// What is asked.
    pub(crate) ask: Ask,
    /// Time given by the caller; refused by a live store.
    pub(crate) recorded_at: Option<DateTime<Utc>>,
}

/// The two kinds of drafts.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Ask {
    New(NewRecord),
    Change(Change),
}

impl Draft {
    /// Enters a record of `kind`.
    pub fn new_record(kind: impl Into<String>, source: Option<SourceKey>, body: Body) -> Self {
        let on_existing = OnExisting::default();
        NewRecord { kind: kind.into(), source, body, on_existing }.into()
    }

    /// Replaces the field values of `record`, read at `base_version`.
    #[must_use]
    pub fn correct(record: RecordId, base_version: u32, body: Body) -> Self {
        Change { record, base_version, step: Step::Correct(body) }.into()
    }

    /// Takes `record` back.
    #[must_use]
    pub fn withdraw(record: RecordId, base_version: u32) -> Self {
        Change { record, base_version, step: Step::Withdraw }.into()
    }

    /// Puts `record` in force again.
    #[must_use]
    pub fn restore(record: RecordId, base_version: u32) -> Self {
        Change { record, base_version, step: Step::Restore }.into()
    }

    /// Marks `record` as a duplicate of `original`.
    #[must_use]
    pub fn mark_duplicate(record: RecordId, base_version: u32, original: RecordId) -> Self {
        Change { record, base_version, step: Step::MarkDuplicate(original) }.into()
    }

    /// Takes the step `name` of the kind's state machine, with new field values
    /// where given.
    pub fn transition(
        record: RecordId,
        base_version: u32,
        name: impl Into<String>,
        body: Option<Body>,
    ) -> Self {
        Change { record, base_version, step: Step::Transition { name: name.into(), body } }.into()
    }

    /// Refuses the draft, instead of recording a correction, when its source key
    /// is known with another body.
    #[must_use]
    pub fn only_if_new(mut self) -> Self {
        if let Ask::New(new) = &mut self.ask {
            new.on_existing = OnExisting::Refuse;
        }
        self
    }

    /// Gives the time to record, for made-up histories. A live store refuses
    /// it; a time before the previous event becomes that event's time.
    #[must_use]
    pub fn at(mut self, time: DateTime<Utc>) -> Self {
        self.recorded_at = Some(time);
        self
    }
}

impl From<NewRecord> for Draft {
    fn from(new: NewRecord) -> Self {
        Self { ask: Ask::New(new), recorded_at: None }
    }
}

impl From<Change> for Draft {
    fn from(change: Change) -> Self {
        Self { ask: Ask::Change(change), recorded_at: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn sample() -> Event {
        Event {
            seq: 7,
            recorded_at: DateTime::from_timestamp_micros(1_743_433_200_000_001).unwrap(),
            kind: "contract".to_owned(),
            record: "CTR-4F0G9Z1K7M2Q".parse().unwrap(),
            version: 2,
            action: Action::Transition("end".to_owned()),
            state: "ended".to_owned(),
            standing: Standing::Active,
            duplicate_of: None,
            actor: "officer".to_owned(),
            reason: "終了届".to_owned(),
            source: Some(SourceKey::new("amed", "2025-1")),
            body: json!({"title": {"ja": "契約", "en": "Contract"}, "amount_yen": 5})
                .as_object()
                .unwrap()
                .clone(),
            prev_hash: [0xab; 32],
            hash: [0; 32],
        }
    }

    #[test]
    fn the_hash_is_the_documented_one() {
        // Computed from the documented encoding by a separate program.
        let expected = "8982d4baca8b8fe2111aa90f7c8a3eb2ba1ef9169680f2fe70908503401b056c";
        assert_eq!(hex::encode(sample().content_hash()), expected);
    }

    #[test]
    fn every_field_counts_in_the_hash() {
        let base = sample();
        let changes: [fn(&mut Event); 16] = [
            |e| e.seq = 8,
            |e| e.recorded_at += chrono::TimeDelta::microseconds(1),
            |e| e.kind.push('s'),
            |e| e.record = "CTR-4F0G9Z1K7M2R".parse().unwrap(),
            |e| e.version = 3,
            |e| e.action = Action::Correct,
            |e| e.state = "signed".to_owned(),
            |e| e.standing = Standing::Withdrawn,
            |e| e.duplicate_of = Some("CTR-4F0G9Z1K7M2R".parse().unwrap()),
            |e| e.actor.push('x'),
            |e| e.reason.clear(),
            |e| e.source = None,
            |e| e.source = Some(SourceKey::new("amed2", "025-1")),
            |e| e.body = Body::new(),
            |e| e.prev_hash = [0xac; 32],
            // A character moved from one field to the next.
            |e| (e.actor, e.reason) = ("officer終".to_owned(), "了届".to_owned()),
        ];
        for (index, change) in changes.iter().enumerate() {
            let mut other = base.clone();
            change(&mut other);
            assert_ne!(other.content_hash(), base.content_hash(), "change {index}");
        }
        let mut rehashed = base.clone();
        rehashed.hash = [1; 32];
        assert_eq!(rehashed.content_hash(), base.content_hash());
    }

    #[test]
    fn action_codes_read_back() {
        let actions = [
            Action::Create,
            Action::Correct,
            Action::Withdraw,
            Action::Restore,
            Action::MarkDuplicate,
            Action::Transition("complete".to_owned()),
        ];
        for action in actions {
            assert_eq!(Action::from_code(&action.code()), Some(action.clone()));
        }
        assert_eq!(Action::from_code("delete"), None);
    }
}
