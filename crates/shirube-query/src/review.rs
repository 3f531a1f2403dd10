//! Answers that wait for two reviewers.
//!
//! A queued answer stands in the ledger like a released one, and later answers
//! are compared with it from that moment on. Nobody but a reviewer sees it until
//! two people, other than those who asked, have answered. Neither can read the
//! other's answer before both have given theirs: the chain holds its hash, and
//! the words lie in a file with a random text, so that the hash tells nothing.
//! What the second answer decides stands in the chain with it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use shirube_model::refusal::Refusal;

use crate::error::QueryError;
use crate::ledger::{Chain, Entry, Ledger, Mark, Outcome, What};
use crate::released::Released;
use crate::source::Exclusions;

/// Longest reason of a reviewer, in bytes.
pub const REASON_MAX: usize = 4_000;

/// Who asks, and when.
#[derive(Debug, Clone, Copy)]
pub struct Asking<'a> {
    /// Permit under which is asked.
    pub permit: &'a str,
    /// Account of the person who asks.
    pub asker: &'a str,
    /// The moment; it stands in the ledger and takes no part in the answer.
    pub at: DateTime<Utc>,
}

/// What a question came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// The answer.
    Released(Released),
    /// Two reviewers decide; the number of the ledger's entry.
    Queued(u64),
}

/// What a reviewer says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It may go out, or may run.
    Approve,
    /// It may not.
    Reject,
}

/// One reviewer's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Review<'a> {
    /// Account of the reviewer.
    pub reviewer: &'a str,
    /// The verdict.
    pub verdict: Verdict,
    /// Why.
    pub reason: &'a str,
    /// The moment.
    pub at: DateTime<Utc>,
}

/// What two verdicts decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decided {
    /// Both approved.
    Approved,
    /// At least one did not.
    Rejected,
    /// Both approved, but somebody behind the answer has opted out since.
    OptedOut,
}

/// Where the review of an entry stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReviewState {
    /// So many verdicts are there; nothing is told of them.
    Waiting {
        /// Verdicts given.
        answered: usize,
    },
    /// Both have answered.
    Decided(Decided),
}

/// A verdict with its words, readable once both are given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opened {
    /// Account of the reviewer.
    pub reviewer: String,
    /// The moment.
    pub at: DateTime<Utc>,
    /// The verdict.
    pub verdict: Verdict,
    /// Why.
    pub reason: String,
}

/// What waits for reviewers, as they may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pending {
    /// The entry: question, permit, asker, and every rule with its outcome.
    pub entry: Entry,
    /// Accounts that asked.
    pub askers: Vec<String>,
    /// The protected answer; none for a query that has not run.
    pub result: Option<Released>,
    /// Accounts of reviewers who have answered.
    pub reviewers: Vec<String>,
}

/// What those who asked may see of an entry now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// The answer.
    Released(Released),
    /// Why there is none.
    Refused(Box<Refusal>),
    /// Two reviewers have not both answered.
    Waiting,
    /// It may run: ask again.
    MayRun,
}

/// The words of a verdict, as they lie in its file.
#[derive(Serialize, Deserialize)]
pub(crate) struct Sealed {
    pub(crate) verdict: Verdict,
    pub(crate) reason: String,
    /// Random, so that the hash cannot be guessed from the few likely words.
    pub(crate) salt: String,
}

/// Whether two account names are one person's.
fn same(a: &str, b: &str) -> bool {
    a.trim().to_lowercase() == b.trim().to_lowercase()
}

impl Chain {
    /// Accounts that asked an entry's question while it waited.
    pub(crate) fn askers(&self, entry: &Entry) -> Vec<String> {
        let mut out = vec![entry.asker.clone()];
        for mark in self.marks_of(entry.number) {
            if matches!(mark.what, What::AskedToo { .. }) {
                out.push(mark.by.clone());
            }
        }
        out
    }

    /// The verdicts of an entry, oldest first.
    fn verdicts(&self, entry: &Entry) -> impl Iterator<Item = &Mark> {
        self.marks_of(entry.number).filter(|m| matches!(m.what, What::Verdict { .. }))
    }

    /// Where an entry's review stands; none for one that needs none.
    pub(crate) fn state(&self, entry: &Entry) -> Option<ReviewState> {
        if !matches!(entry.outcome, Outcome::Queued(_) | Outcome::Costly(_)) {
            return None;
        }
        let decided = self.verdicts(entry).find_map(|mark| match mark.what {
            What::Verdict { decided, .. } => decided,
            What::AskedToo { .. } => None,
        });
        Some(match decided {
            Some(decided) => ReviewState::Decided(decided),
            None => ReviewState::Waiting { answered: self.verdicts(entry).count() },
        })
    }

    /// Whether what an entry holds has gone out.
    pub(crate) fn is_out(&self, entry: &Entry) -> bool {
        match entry.outcome {
            Outcome::Released(_) => true,
            Outcome::Queued(_) => {
                self.state(entry) == Some(ReviewState::Decided(Decided::Approved))
            }
            Outcome::Refused(_) | Outcome::Costly(_) => false,
        }
    }

    /// Whether later answers are compared with an entry: it went out, or it may.
    pub(crate) fn counts(&self, entry: &Entry) -> bool {
        let waiting = matches!(entry.outcome, Outcome::Queued(_))
            && matches!(self.state(entry), Some(ReviewState::Waiting { .. }));
        waiting || self.is_out(entry)
    }

    fn entry(&self, number: u64) -> Result<&Entry, Refusal> {
        let found = self.entries.iter().find(|e| e.number == number);
        found.ok_or_else(|| Refusal::new("query.review.unknown").arg("entry", number))
    }
}

impl Ledger {
    /// What waits for reviewers, oldest first.
    ///
    /// # Errors
    /// When the ledger cannot be read or is broken.
    pub fn queue(&self) -> Result<Vec<Pending>, QueryError> {
        let chain = self.chain()?;
        let waiting =
            |entry: &&Entry| matches!(chain.state(entry), Some(ReviewState::Waiting { .. }));
        chain.entries.iter().filter(waiting).map(|entry| self.pending(&chain, entry)).collect()
    }

    fn pending(&self, chain: &Chain, entry: &Entry) -> Result<Pending, QueryError> {
        let result = match entry.outcome {
            Outcome::Queued(_) => Some(self.result(entry)?),
            _ => None,
        };
        Ok(Pending {
            entry: entry.clone(),
            askers: chain.askers(entry),
            result,
            reviewers: chain.verdicts(entry).map(|m| m.by.clone()).collect(),
        })
    }

    /// What those who asked may see of an entry now.
    ///
    /// # Errors
    /// `query.review.unknown`, and failures of the ledger.
    pub fn standing(&self, number: u64) -> Result<Standing, QueryError> {
        let chain = self.chain()?;
        self.standing_of(&chain, chain.entry(number)?)
    }

    pub(crate) fn standing_of(&self, chain: &Chain, entry: &Entry) -> Result<Standing, QueryError> {
        let refused = |code| Ok(Standing::Refused(Box::new(Refusal::new(code))));
        match (&entry.outcome, chain.state(entry)) {
            (Outcome::Refused(code), _) => refused(refused_before(code)),
            (Outcome::Released(_), _) => Ok(Standing::Released(self.result(entry)?)),
            (_, Some(ReviewState::Decided(Decided::Rejected))) => refused("query.review.rejected"),
            (_, Some(ReviewState::Decided(Decided::OptedOut))) => refused("query.review.opted_out"),
            (Outcome::Queued(_), Some(ReviewState::Decided(Decided::Approved))) => {
                Ok(Standing::Released(self.result(entry)?))
            }
            (Outcome::Costly(_), Some(ReviewState::Decided(Decided::Approved))) => {
                Ok(Standing::MayRun)
            }
            _ => Ok(Standing::Waiting),
        }
    }

    /// The verdicts on an entry, once both are given; none before.
    ///
    /// # Errors
    /// `query.review.unknown`, and failures of the ledger.
    pub fn verdicts(&self, number: u64) -> Result<Vec<Opened>, QueryError> {
        let chain = self.chain()?;
        let entry = chain.entry(number)?;
        if !matches!(chain.state(entry), Some(ReviewState::Decided(_))) {
            return Ok(Vec::new());
        }
        chain.verdicts(entry).map(|mark| self.opened(mark)).collect()
    }

    fn opened(&self, mark: &Mark) -> Result<Opened, QueryError> {
        let sealed = self.sealed(mark)?;
        Ok(Opened {
            reviewer: mark.by.clone(),
            at: mark.at,
            verdict: sealed.verdict,
            reason: sealed.reason,
        })
    }

    /// Takes a reviewer's verdict; the second one decides. `out` are the persons
    /// who have opted out by now: an answer that one of them stands behind does
    /// not go out.
    ///
    /// # Errors
    /// `query.review.unknown`, `query.review.closed`, `query.review.nobody`,
    /// `query.review.asker`, `query.review.twice`, `query.review.reason`, and
    /// failures of the ledger.
    pub fn review(
        &self,
        number: u64,
        review: &Review<'_>,
        out: &Exclusions,
    ) -> Result<ReviewState, QueryError> {
        let held = self.hold()?;
        let entry = held.chain().entry(number)?.clone();
        let first = admitted(held.chain(), &entry, review)?;
        let decided = match first {
            None => None,
            Some(first) => Some(self.decide(&entry, &first, review.verdict, out)?),
        };
        held.verdict(number, review, decided)?;
        Ok(decided.map_or(ReviewState::Waiting { answered: 1 }, ReviewState::Decided))
    }

    fn decide(
        &self,
        entry: &Entry,
        first: &Mark,
        second: Verdict,
        out: &Exclusions,
    ) -> Result<Decided, QueryError> {
        if [self.sealed(first)?.verdict, second].contains(&Verdict::Reject) {
            return Ok(Decided::Rejected);
        }
        let withdrawn = matches!(entry.outcome, Outcome::Queued(_))
            && out.digest() != entry.exclusions
            && self.page(entry)?.persons().any(|persons| out.hold_any(persons));
        Ok(if withdrawn { Decided::OptedOut } else { Decided::Approved })
    }
}

/// Whether a reviewer may answer; the verdict given before, if there is one.
fn admitted(chain: &Chain, entry: &Entry, review: &Review<'_>) -> Result<Option<Mark>, Refusal> {
    let refused = |code| Err(Refusal::new(code).arg("entry", entry.number));
    match chain.state(entry) {
        Some(ReviewState::Waiting { .. }) => {}
        _ => return refused("query.review.closed"),
    }
    if review.reviewer.trim().is_empty() {
        return refused("query.review.nobody");
    }
    if chain.askers(entry).iter().any(|asker| same(asker, review.reviewer)) {
        return refused("query.review.asker");
    }
    if chain.verdicts(entry).any(|mark| same(&mark.by, review.reviewer)) {
        return refused("query.review.twice");
    }
    if review.reason.trim().is_empty() || review.reason.len() > REASON_MAX {
        return Err(Refusal::new("query.review.reason").arg("max", REASON_MAX));
    }
    Ok(chain.verdicts(entry).next().cloned())
}

/// The code of an earlier refusal, which the ledger holds as text.
fn refused_before(code: &str) -> &'static str {
    const CODES: [&str; 5] = [
        "query.cells.too_many",
        "query.group.too_many",
        "query.protect.impossible",
        "query.value.range",
        "query.ledger.close",
    ];
    CODES.into_iter().find(|known| *known == code).unwrap_or("query.ledger.close")
}
