//! The proof of an outcome: how every record of a register fared.
//!
//! Records are kept in *leaves* of [`LEAF_RECORDS`]. A leaf carries its own
//! digest and the number of records by class, so that a proof is copied, and
//! hashed again after a change, by touching only the leaves that changed.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::outcome::Class;

/// Records per leaf.
pub const LEAF_RECORDS: usize = 512;

/// Class numbers are below this.
const CLASS_NUMBERS: usize = 400;

/// SHA-256 of one leaf of ledger positions.
#[must_use]
pub fn row_leaf(seqs: &[u64]) -> [u8; 32] {
    let mut bytes = Vec::with_capacity(seqs.len() * 8);
    for seq in seqs {
        bytes.extend_from_slice(&seq.to_le_bytes());
    }
    Sha256::digest(&bytes).into()
}

/// Fingerprint of the rows of a register from its leaves.
#[must_use]
pub fn fingerprint_leaves(leaves: &[[u8; 32]]) -> String {
    let mut top = Sha256::new();
    for leaf in leaves {
        top.update(leaf);
    }
    hex::encode(top.finalize())
}

/// Fingerprint of the rows of a register: a two-level SHA-256 tree over the
/// ledger position of every record's version, in ordinal order.
#[must_use]
pub fn fingerprint_rows(seqs: &[u64]) -> String {
    let leaves: Vec<[u8; 32]> = seqs.chunks(LEAF_RECORDS).map(row_leaf).collect();
    fingerprint_leaves(&leaves)
}

/// How one record fared, with what goes with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// Ordinal of the record.
    pub ordinal: u32,
    /// Number of its [`Class`].
    pub class: u16,
    /// Ordinal of the record that counts instead.
    pub instead: Option<u32>,
    /// Keys or links it carries when they are several though it counts once.
    pub shared: Option<u32>,
}

/// Up to [`LEAF_RECORDS`] records.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Leaf {
    classes: Vec<u16>,
    instead: Vec<(u32, u32)>,
    shared: Vec<(u32, u32)>,
    /// Records by class number, in class order.
    counts: Vec<(u16, u32)>,
    digest: [u8; 32],
}

impl Leaf {
    fn new(classes: Vec<u16>, instead: Vec<(u32, u32)>, shared: Vec<(u32, u32)>) -> Self {
        let mut leaf = Self { classes, instead, shared, counts: Vec::new(), digest: [0; 32] };
        leaf.seal();
        leaf
    }

    /// Counts and hashes what the leaf now holds.
    fn seal(&mut self) {
        let mut counts = [0u32; CLASS_NUMBERS];
        for &class in &self.classes {
            if let Some(count) = counts.get_mut(class as usize) {
                *count += 1;
            }
        }
        self.counts = (0u16..).zip(counts).filter(|(_, n)| *n > 0).collect();
        let pairs = self.instead.len() + self.shared.len();
        let mut bytes = Vec::with_capacity(self.classes.len() * 2 + pairs * 8 + 12);
        for part in [self.classes.len(), self.instead.len(), self.shared.len()] {
            bytes.extend_from_slice(&u32::try_from(part).unwrap_or(u32::MAX).to_le_bytes());
        }
        for class in &self.classes {
            bytes.extend_from_slice(&class.to_le_bytes());
        }
        for (record, other) in self.instead.iter().chain(&self.shared) {
            bytes.extend_from_slice(&record.to_le_bytes());
            bytes.extend_from_slice(&other.to_le_bytes());
        }
        self.digest = Sha256::digest(&bytes).into();
    }

    fn set(&mut self, verdict: &Verdict) {
        let slot = verdict.ordinal as usize % LEAF_RECORDS;
        if slot >= self.classes.len() {
            self.classes.resize(slot + 1, 0);
        }
        if let Some(class) = self.classes.get_mut(slot) {
            *class = verdict.class;
        }
        set_pair(&mut self.instead, verdict.ordinal, verdict.instead);
        set_pair(&mut self.shared, verdict.ordinal, verdict.shared);
    }

    fn holds(&self, verdict: &Verdict) -> bool {
        let slot = verdict.ordinal as usize % LEAF_RECORDS;
        self.classes.get(slot) == Some(&verdict.class)
            && pair(&self.instead, verdict.ordinal) == verdict.instead
            && pair(&self.shared, verdict.ordinal) == verdict.shared
    }
}

fn pair(pairs: &[(u32, u32)], ordinal: u32) -> Option<u32> {
    pairs
        .binary_search_by_key(&ordinal, |(record, _)| *record)
        .ok()
        .and_then(|index| pairs.get(index))
        .map(|(_, other)| *other)
}

fn set_pair(pairs: &mut Vec<(u32, u32)>, ordinal: u32, other: Option<u32>) {
    match (pairs.binary_search_by_key(&ordinal, |(record, _)| *record), other) {
        (Ok(index), Some(other)) => {
            if let Some(slot) = pairs.get_mut(index) {
                slot.1 = other;
            }
        }
        (Ok(index), None) => {
            pairs.remove(index);
        }
        (Err(index), Some(other)) => pairs.insert(index, (ordinal, other)),
        (Err(_), None) => {}
    }
}

/// The proof for one evidence register. Cheap to copy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Flat", into = "Flat")]
pub struct EvidenceProof {
    /// Register kind.
    pub register: String,
    /// Fingerprint of the records and versions looked at, see [`fingerprint_rows`].
    pub rows_fingerprint: String,
    leaves: Vec<Arc<Leaf>>,
}

/// A proof as it is written out: class number of every record by ordinal, and
/// pairs in ordinal order.
#[derive(Serialize, Deserialize)]
struct Flat {
    register: String,
    rows_fingerprint: String,
    classes: Vec<u16>,
    instead: Vec<(u32, u32)>,
    shared: Vec<(u32, u32)>,
}

impl From<Flat> for EvidenceProof {
    fn from(flat: Flat) -> Self {
        Self::new(flat.register, flat.rows_fingerprint, &flat.classes, &flat.instead, &flat.shared)
    }
}

impl From<EvidenceProof> for Flat {
    fn from(proof: EvidenceProof) -> Self {
        Self {
            classes: proof.classes().collect(),
            instead: proof.instead_pairs().collect(),
            shared: proof.shared_pairs().collect(),
            register: proof.register,
            rows_fingerprint: proof.rows_fingerprint,
        }
    }
}

impl EvidenceProof {
    /// A proof from the class number of every record by ordinal and, in ordinal
    /// order, `instead` (a record and the one that counts for it) and `shared`
    /// (a record and how many keys or links it carries).
    #[must_use]
    pub fn new(
        register: String,
        rows_fingerprint: String,
        classes: &[u16],
        instead: &[(u32, u32)],
        shared: &[(u32, u32)],
    ) -> Self {
        let mut leaves = Vec::with_capacity(classes.len() / LEAF_RECORDS + 1);
        let (mut instead, mut shared) = (instead, shared);
        for (number, part) in classes.chunks(LEAF_RECORDS).enumerate() {
            let end = u32::try_from((number + 1) * LEAF_RECORDS).unwrap_or(u32::MAX);
            let before = |pairs: &mut &[(u32, u32)]| {
                let (now, later) = pairs.split_at(pairs.partition_point(|(o, _)| *o < end));
                *pairs = later;
                now.to_vec()
            };
            let leaf = Leaf::new(part.to_vec(), before(&mut instead), before(&mut shared));
            leaves.push(Arc::new(leaf));
        }
        Self { register, rows_fingerprint, leaves }
    }

    /// Number of records looked at.
    #[must_use]
    pub fn records(&self) -> usize {
        let full = self.leaves.len().saturating_sub(1) * LEAF_RECORDS;
        full + self.leaves.last().map_or(0, |leaf| leaf.classes.len())
    }

    /// Class number of every record, in ordinal order.
    pub fn classes(&self) -> impl Iterator<Item = u16> {
        self.leaves.iter().flat_map(|leaf| leaf.classes.iter().copied())
    }

    /// Class of a record.
    #[must_use]
    pub fn class(&self, ordinal: u32) -> Option<Class> {
        let leaf = self.leaf(ordinal)?;
        leaf.classes.get(ordinal as usize % LEAF_RECORDS).and_then(|n| Class::from_number(*n))
    }

    /// Ordinals of the records of a class, or of all.
    pub fn of_class(&self, wanted: Option<Class>) -> impl Iterator<Item = (u32, Class)> {
        let wanted = wanted.map(Class::number);
        let has = move |leaf: &Leaf| {
            wanted.is_none_or(|wanted| leaf.counts.iter().any(|(class, _)| *class == wanted))
        };
        self.leaves.iter().enumerate().filter(move |(_, leaf)| has(leaf)).flat_map(
            move |(number, leaf)| {
                let first = number * LEAF_RECORDS;
                leaf.classes
                    .iter()
                    .enumerate()
                    .filter(move |(_, class)| wanted.is_none_or(|wanted| wanted == **class))
                    .filter_map(move |(slot, class)| {
                        Some((u32::try_from(first + slot).ok()?, Class::from_number(*class)?))
                    })
            },
        )
    }

    /// For a record that repeats or is superseded, the one that counts instead.
    #[must_use]
    pub fn instead(&self, ordinal: u32) -> Option<u32> {
        pair(&self.leaf(ordinal)?.instead, ordinal)
    }

    /// How many keys or links a record carries that counts once though they are
    /// several.
    #[must_use]
    pub fn shared(&self, ordinal: u32) -> Option<u32> {
        pair(&self.leaf(ordinal)?.shared, ordinal)
    }

    /// Records that another counts for, in ordinal order.
    pub fn instead_pairs(&self) -> impl Iterator<Item = (u32, u32)> {
        self.leaves.iter().flat_map(|leaf| leaf.instead.iter().copied())
    }

    /// Records that count once though they carry several keys or links.
    pub fn shared_pairs(&self) -> impl Iterator<Item = (u32, u32)> {
        self.leaves.iter().flat_map(|leaf| leaf.shared.iter().copied())
    }

    fn leaf(&self, ordinal: u32) -> Option<&Leaf> {
        self.leaves.get(ordinal as usize / LEAF_RECORDS).map(AsRef::as_ref)
    }

    /// Takes new verdicts in, in ordinal order; those past the last record must
    /// follow one another. Only leaves that change are copied and hashed.
    pub fn update(&mut self, verdicts: &[Verdict]) {
        let leaf_of = |verdict: &Verdict| verdict.ordinal as usize / LEAF_RECORDS;
        for part in verdicts.chunk_by(|a, b| leaf_of(a) == leaf_of(b)) {
            let Some(number) = part.first().map(leaf_of) else { continue };
            while self.leaves.len() <= number {
                self.leaves.push(Arc::new(Leaf::new(Vec::new(), Vec::new(), Vec::new())));
            }
            let Some(leaf) = self.leaves.get_mut(number) else { continue };
            if part.iter().all(|verdict| leaf.holds(verdict)) {
                continue;
            }
            let leaf = Arc::make_mut(leaf);
            part.iter().for_each(|verdict| leaf.set(verdict));
            leaf.seal();
        }
    }

    /// Number of records by class, in class order.
    #[must_use]
    pub fn tally(&self) -> Vec<(Class, u64)> {
        let mut counts = BTreeMap::new();
        for (class, n) in self.leaves.iter().flat_map(|leaf| &leaf.counts) {
            *counts.entry(*class).or_insert(0u64) += u64::from(*n);
        }
        counts
            .into_iter()
            .filter_map(|(number, n)| Class::from_number(number).map(|class| (class, n)))
            .collect()
    }

    /// Number of records that made the value.
    #[must_use]
    pub fn counted(&self) -> u64 {
        let made = |class: u16| Class::from_number(class).is_some_and(Class::counts);
        let counts = self.leaves.iter().flat_map(|leaf| &leaf.counts);
        counts.filter(|(class, _)| made(*class)).map(|(_, n)| u64::from(*n)).sum()
    }

    /// Digest of the class of every record and of what counts instead.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        let mut tree = Sha256::new();
        for leaf in &self.leaves {
            tree.update(leaf.digest);
        }
        tree.finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(ordinal: u32, class: u16, instead: Option<u32>) -> Verdict {
        Verdict { ordinal, class, instead, shared: None }
    }

    #[test]
    fn an_updated_proof_is_the_proof_made_anew() {
        let mut classes: Vec<u16> =
            (0..1300u32).map(|i| if i % 7 == 0 { 11 } else { 100 }).collect();
        let instead: Vec<(u32, u32)> =
            (1..1300u32).filter(|i| i % 7 == 0).map(|i| (i, 0)).collect();
        let mut proof = EvidenceProof::new("a".into(), "f".into(), &classes, &instead, &[(3, 2)]);
        let before = proof.digest();
        let kept = proof.clone();
        proof.update(&[
            verdict(7, 0, None),
            verdict(8, 11, Some(7)),
            verdict(1300, 0, None),
            verdict(1301, 2, None),
        ]);
        let mut instead: Vec<(u32, u32)> = instead.into_iter().filter(|(o, _)| *o != 7).collect();
        instead.insert(0, (8, 7));
        classes[7] = 0;
        classes[8] = 11;
        classes.extend([0, 2]);
        let anew = EvidenceProof::new("a".into(), "f".into(), &classes, &instead, &[(3, 2)]);
        assert_eq!(proof, anew);
        assert_eq!(proof.digest(), anew.digest());
        assert_ne!(proof.digest(), before);
        assert_eq!((kept.records(), kept.digest()), (1300, before), "the copy stays as it was");
        assert_eq!((proof.records(), proof.counted()), (1302, 2));
        assert_eq!(proof.instead(8), Some(7));
        assert_eq!(
            proof.of_class(Some(Class::Withdrawn)).collect::<Vec<_>>(),
            [(1301, Class::Withdrawn)]
        );
        let json = serde_json::to_string(&anew).unwrap();
        assert_eq!(serde_json::from_str::<EvidenceProof>(&json).unwrap(), anew);
    }

    #[test]
    fn whether_a_record_shares_or_repeats_is_in_the_digest() {
        let proof = |instead: &[(u32, u32)], shared: &[(u32, u32)]| {
            EvidenceProof::new("a".into(), "f".into(), &[0, 0, 0], instead, shared).digest()
        };
        assert_ne!(proof(&[(1, 2)], &[]), proof(&[], &[(1, 2)]));
        assert_ne!(proof(&[(1, 2)], &[]), proof(&[(1, 0)], &[]));
    }

    #[test]
    fn an_outcome_without_records_has_a_proof() {
        let proof = EvidenceProof::new("a".into(), fingerprint_rows(&[]), &[], &[], &[]);
        assert_eq!((proof.records(), proof.counted(), proof.class(0)), (0, 0, None));
    }
}
