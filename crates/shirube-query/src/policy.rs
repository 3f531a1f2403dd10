//! What a data set's owner decides about releases, as data.

use serde::{Deserialize, Serialize};
use shirube_gate::policy::Policy;
use shirube_model::refusal::Refusal;

/// Policies that come with the product: id and text.
pub const EMBEDDED: &[(&str, &str)] = &[
    ("ndb-publication", include_str!("../policies/ndb-publication.toml")),
    ("census-cell-key", include_str!("../policies/census-cell-key.toml")),
    ("small-registry", include_str!("../policies/small-registry.toml")),
    ("custom", include_str!("../policies/custom.toml")),
];

/// When a group tells the class of its members.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClassDisclosure {
    /// Not looked at.
    Off,
    /// A group that holds every person of its parent is masked.
    All,
    /// So is a group that holds nobody of a parent that has persons.
    AllOrNone,
}

/// What happens where rows name no institution and the policy counts them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InstitutionsUnknown {
    /// The rule is not applied; the ledger says so.
    Pass,
    /// The number is masked.
    Mask,
}

/// What happens to an answer that differs by few persons from earlier ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TooClose {
    /// The whole query is refused.
    Refuse,
    /// The cells in question are masked; refused where that does not help.
    Mask,
}

/// What happens to an answer that is equal to an earlier one, though the query
/// describes the persons in another way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Equal {
    /// As with answers that are too close: otherwise the difference between
    /// refused and released would tell whether a condition holds for anybody.
    TooClose,
    /// It is released.
    Release,
}

/// When an answer waits for two reviewers before it goes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReviewWhen {
    /// Never: the rules decide alone.
    #[default]
    Never,
    /// Where the rules had to mask something, margins included.
    Masked,
    /// Always.
    Always,
}

/// What happens to a query that may come to too many rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TooCostly {
    /// It is refused.
    #[default]
    Refuse,
    /// Two reviewers decide whether it may run.
    Queue,
}

/// A release policy: a disclosure policy of the gate, and what concerns queries.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QueryPolicy {
    /// Stable id.
    pub id: String,
    /// Counts up with every change that can alter an answer.
    pub version: u32,
    /// Id of the disclosure policy in the gate.
    pub gate: String,
    /// Groups that tell the class of their members.
    pub class_disclosure: ClassDisclosure,
    /// Rows without an institution.
    pub institutions_unknown: InstitutionsUnknown,
    /// Answers close to earlier ones.
    pub too_close: TooClose,
    /// Answers equal to earlier ones that were described in another way.
    pub equal: Equal,
    /// Fewest persons in which an answer may differ from earlier ones; zero
    /// switches the comparison off.
    pub close_min: u64,
    /// Most queries of one permit; repeated questions are free.
    pub queries_max: u64,
    /// Most cells of one answer, margins included.
    pub cells_max: usize,
    /// Fewest persons behind a number that is shown with noise; policies without
    /// noise have the threshold of their disclosure policy.
    #[serde(default)]
    pub shown_min: u64,
    /// Largest share of a number, in percent, that one person may make up; zero for
    /// no rule beside those of the disclosure policy.
    #[serde(default)]
    pub largest_percent: u64,
    /// Answers that wait for two reviewers.
    #[serde(default)]
    pub review: ReviewWhen,
    /// Most rows that a query may be estimated to come to at any step; without it,
    /// any number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows_max: Option<u64>,
    /// Queries that may come to more.
    #[serde(default)]
    pub too_costly: TooCostly,
    /// Rules that differ from those of the disclosure policy named in `gate`.
    #[serde(default, skip_serializing_if = "toml::Table::is_empty")]
    pub disclosure: toml::Table,
    /// The disclosure policy itself.
    #[serde(skip, default = "no_rules")]
    pub rules: Policy,
}

/// Stands in until the named policy is read; it lets nothing pass.
fn no_rules() -> Policy {
    Policy {
        id: String::new(),
        title: shirube_model::lang::LocalText::default(),
        source: shirube_model::lang::LocalText::default(),
        threshold: i64::MAX,
        zeros: shirube_gate::policy::Zeros::Hidden,
        marks: shirube_gate::policy::Marks::Same,
        width: i64::MAX,
        institutions_min: None,
        p_percent: None,
        rounding: None,
        dominance: None,
        measures: std::collections::BTreeMap::new(),
        cell_key: None,
    }
}

impl QueryPolicy {
    /// Reads a policy text; `file` names it in a refusal.
    ///
    /// # Errors
    /// `query.policy.unreadable`, and those of [`Policy::read`] and
    /// [`Policy::embedded`].
    pub fn read(file: &str, text: &str) -> Result<Self, Refusal> {
        let mut policy: Self = toml::from_str(text).map_err(|error| {
            let line = error.span().map_or(1, |span| {
                text.get(..span.start).map_or(1, |head| head.lines().count().max(1))
            });
            Refusal::new("query.policy.unreadable")
                .file(file)
                .line(u64::try_from(line).unwrap_or(1))
        })?;
        policy.rules = Policy::embedded(&policy.gate)?;
        if !policy.disclosure.is_empty() {
            policy.rules = overlaid(&policy.rules, &policy.disclosure, file)?;
        }
        Ok(policy)
    }

    /// A policy that comes with the product.
    ///
    /// # Errors
    /// `query.policy.unknown`.
    pub fn embedded(id: &str) -> Result<Self, Refusal> {
        let (name, text) = EMBEDDED.iter().find(|(name, _)| *name == id).ok_or_else(|| {
            let known: Vec<&str> = EMBEDDED.iter().map(|(name, _)| *name).collect();
            Refusal::new("query.policy.unknown").arg("policy", id).arg("known", known.join(", "))
        })?;
        Self::read(name, text)
    }

    /// Persons below which a number is not shown.
    #[must_use]
    pub fn threshold(&self) -> u64 {
        u64::try_from(self.rules.threshold).unwrap_or(0)
    }
}

/// Disclosure rules with some of them changed.
fn overlaid(rules: &Policy, changes: &toml::Table, file: &str) -> Result<Policy, Refusal> {
    let unreadable = || Refusal::new("query.policy.unreadable").file(file).field("disclosure");
    let mut all = toml::Table::try_from(rules).map_err(|_| unreadable())?;
    all.extend(changes.clone());
    let text = toml::to_string(&all).map_err(|_| unreadable())?;
    // Lines of the text made here tell nobody anything.
    Policy::read(file, &text).map_err(|mut refusal| {
        refusal.place.line = None;
        if refusal.place.field.is_none() { refusal.field("disclosure") } else { refusal }
    })
}
