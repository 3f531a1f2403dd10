//! Rules of the portfolio kinds.

use std::collections::BTreeSet;

use rust_decimal::Decimal;

use super::portfolio::{
    Call, Continuation, Contract, PhaseTransition, Programme, Project, Publication, SupportRecord,
};
use super::rules::{before, broken, negative, same};
use super::{Rules, YearAmount};
use crate::refusal::Refusal;

/// Fiscal years that money may belong to: from the first post-war budget to
/// the end of the century.
pub(super) const MONEY_YEARS: std::ops::RangeInclusive<i32> = 1947..=2100;

impl Rules for Programme {
    fn rules(&self) -> Vec<Refusal> {
        broken([(
            before(self.ended_on, self.started_on),
            "ended_on",
            Refusal::new("registers.programme.ends-before-start"),
        )])
    }
}

// A decision before the last day for proposals is allowed: calls that adopt as
// proposals arrive make one.
impl Rules for Call {
    fn rules(&self) -> Vec<Refusal> {
        broken([
            (
                before(self.closes_on, self.opened_on),
                "closes_on",
                Refusal::new("registers.call.closes-before-opening"),
            ),
            (
                before(self.decided_on, self.opened_on),
                "decided_on",
                Refusal::new("registers.call.decided-before-opening"),
            ),
            (
                negative(self.proposals),
                "proposals",
                Refusal::new("registers.call.negative-proposals"),
            ),
        ])
    }
}

// Money outside the project's own years is allowed: budgets are carried over.
// A database may have been in use before the project began.
impl Rules for Project {
    fn rules(&self) -> Vec<Refusal> {
        let mut years = BTreeSet::new();
        let twice = self.money.iter().any(|money| !years.insert(money.fiscal_year));
        let has_money = |wrong: fn(&YearAmount) -> bool| self.money.iter().any(wrong);
        broken([
            (
                before(self.ended_on, self.started_on),
                "ended_on",
                Refusal::new("registers.project.ends-before-start"),
            ),
            (twice, "money", Refusal::new("registers.project.money-year-twice")),
            (
                has_money(|money| !MONEY_YEARS.contains(&money.fiscal_year)),
                "money",
                Refusal::new("registers.project.money-year-implausible")
                    .arg("first", MONEY_YEARS.start())
                    .arg("last", MONEY_YEARS.end()),
            ),
            (
                has_money(|money| money.amount_yen < 0),
                "money",
                Refusal::new("registers.project.negative-money"),
            ),
            (
                self.uses_database == Some(false) && self.database_use_started_on.is_some(),
                "database_use_started_on",
                Refusal::new("registers.project.database-day-without-use"),
            ),
            (
                before(self.ended_on, self.database_use_started_on),
                "database_use_started_on",
                Refusal::new("registers.project.database-use-after-end"),
            ),
        ])
    }
}

// A step back to an earlier phase is allowed: development does go back.
impl Rules for PhaseTransition {
    fn rules(&self) -> Vec<Refusal> {
        broken([(
            self.from_phase.as_ref() == Some(&self.to_phase),
            "to_phase",
            Refusal::new("registers.phase_transition.same-phase"),
        )])
    }
}

impl Rules for Continuation {
    fn rules(&self) -> Vec<Refusal> {
        let two_programmes = self.from_programme.is_some()
            && self.to_programme.is_some()
            && self.from_programme != self.to_programme;
        broken([
            (
                self.from_project == self.to_project,
                "to_project",
                Refusal::new("registers.continuation.to-itself"),
            ),
            (
                self.route == "same_programme" && two_programmes,
                "route",
                Refusal::new("registers.continuation.programmes-differ"),
            ),
        ])
    }
}

// One day and no counts: nothing in it can contradict itself.
impl Rules for SupportRecord {}

// A contract without a project is allowed: whether only seeds with AMED support
// count is a question of the indicator.
impl Rules for Contract {
    fn rules(&self) -> Vec<Refusal> {
        broken([(
            same(self.holder.as_ref(), self.taker.as_ref()),
            "taker",
            Refusal::new("registers.contract.with-itself"),
        )])
    }
}

// A census before the day of publication is allowed: papers gather citations
// online before their issue appears.
impl Rules for Publication {
    fn rules(&self) -> Vec<Refusal> {
        let outside = |value: Option<Decimal>, top: Decimal| {
            value.is_some_and(|value| value < Decimal::ZERO || value > top)
        };
        let ranked = self.citation_percentile.is_some();
        broken([
            (
                outside(self.citation_percentile, Decimal::ONE_HUNDRED),
                "citation_percentile",
                Refusal::new("registers.publication.percentile-range"),
            ),
            (
                outside(self.fraction_japan, Decimal::ONE),
                "fraction_japan",
                Refusal::new("registers.publication.fraction-range"),
            ),
            (
                self.pmid.is_some_and(|pmid| pmid < 1),
                "pmid",
                Refusal::new("registers.publication.pmid-range"),
            ),
            // A rank moves as citations accrue: without database and census it
            // says nothing.
            (
                ranked && self.rank_source.is_none(),
                "rank_source",
                Refusal::new("registers.publication.rank-without-source"),
            ),
            (
                ranked && self.census_on.is_none(),
                "census_on",
                Refusal::new("registers.publication.rank-without-census"),
            ),
        ])
    }
}
