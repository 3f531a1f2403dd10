//! Rules of the yearly follow-up and of what it leads to.

use serde_json::Value;

use super::Rules;
use super::allocation::{AdjustmentFund, AllocationPolicy, BudgetRequest, PlanRevision};
use super::follow_up::{
    FollowUpAction, FollowUpCycle, MeasureContribution, MeasureReport, PanelAdvice, PublicNeed,
    values_digest,
};
use super::rules::{before, broken, negative, same, twice};
use super::rules_portfolio::MONEY_YEARS;
use crate::refusal::Refusal;

/// Whether a fiscal year lies outside what money may be of.
fn implausible(fiscal_year: i64) -> bool {
    i32::try_from(fiscal_year).map_or(true, |year| !MONEY_YEARS.contains(&year))
}

fn with_years(refusal: Refusal) -> Refusal {
    refusal.arg("first", MONEY_YEARS.start()).arg("last", MONEY_YEARS.end())
}

/// Whether a text is given and is no SHA-256 in lower-case hexadecimal.
fn no_hash(text: Option<&str>) -> bool {
    text.is_some_and(|text| {
        text.len() != 64 || !text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    })
}

impl Rules for FollowUpCycle {
    fn rules(&self) -> Vec<Refusal> {
        let due = self.submissions_due_on;
        broken([
            (
                implausible(self.fiscal_year),
                "fiscal_year",
                with_years(Refusal::new("registers.follow_up_cycle.year-implausible")),
            ),
            (
                no_hash(self.pack_hash.as_deref()),
                "pack_hash",
                Refusal::new("registers.follow_up_cycle.hash-shape"),
            ),
            (
                before(due, self.contributions_due_on),
                "submissions_due_on",
                Refusal::new("registers.follow_up_cycle.due-before-contributions"),
            ),
            (
                before(due, self.opened_on) || before(self.contributions_due_on, self.opened_on),
                "opened_on",
                Refusal::new("registers.follow_up_cycle.due-before-opening"),
            ),
            (
                before(self.closed_on, self.opened_on)
                    || before(self.reported_on, self.closed_on)
                    || before(self.locked_on, self.reported_on),
                "closed_on",
                Refusal::new("registers.follow_up_cycle.days-out-of-order"),
            ),
        ])
    }
}

impl Rules for MeasureReport {
    fn rules(&self) -> Vec<Refusal> {
        let unreadable = self.approved_values.iter().any(|line| {
            line.contains('\n') || !matches!(serde_json::from_str(line), Ok(Value::Object(_)))
        });
        let mismatch = match &self.approved_digest {
            Some(digest) => *digest != values_digest(&self.approved_values),
            None => !self.approved_values.is_empty(),
        };
        broken([
            (
                self.participants.contains(&self.ministry),
                "participants",
                Refusal::new("registers.measure_report.lead-takes-part"),
            ),
            (
                twice(&self.participants) || twice(&self.indicators),
                "indicators",
                Refusal::new("registers.measure_report.listed-twice"),
            ),
            (
                same(self.approved_by.as_ref(), self.submitted_by.as_ref()),
                "approved_by",
                Refusal::new("registers.measure_report.own-approval"),
            ),
            (
                before(self.approved_on, self.submitted_on)
                    || before(self.locked_on, self.approved_on),
                "approved_on",
                Refusal::new("registers.measure_report.days-out-of-order"),
            ),
            (
                unreadable,
                "approved_values",
                Refusal::new("registers.measure_report.values-unreadable"),
            ),
            (mismatch, "approved_digest", Refusal::new("registers.measure_report.digest-differs")),
        ])
    }
}

impl Rules for MeasureContribution {}

impl Rules for PanelAdvice {
    fn rules(&self) -> Vec<Refusal> {
        broken([(
            before(self.answered_on, self.given_on) || before(self.due_on, self.given_on),
            "answered_on",
            Refusal::new("registers.panel_advice.answered-before-given"),
        )])
    }
}

impl Rules for PublicNeed {
    fn rules(&self) -> Vec<Refusal> {
        broken([(
            before(self.answered_on, self.received_on) || before(self.due_on, self.received_on),
            "answered_on",
            Refusal::new("registers.public_need.answered-before-arrival"),
        )])
    }
}

impl Rules for FollowUpAction {
    fn rules(&self) -> Vec<Refusal> {
        broken([
            (
                before(self.done_on, self.started_on),
                "done_on",
                Refusal::new("registers.follow_up_action.done-before-start"),
            ),
            (
                self.done_on.is_some() && self.dropped_on.is_some(),
                "dropped_on",
                Refusal::new("registers.follow_up_action.done-and-dropped"),
            ),
        ])
    }
}

impl Rules for AllocationPolicy {
    fn rules(&self) -> Vec<Refusal> {
        broken([(
            implausible(self.fiscal_year),
            "fiscal_year",
            with_years(Refusal::new("registers.allocation_policy.year-implausible")),
        )])
    }
}

impl Rules for BudgetRequest {
    fn rules(&self) -> Vec<Refusal> {
        let amounts =
            [self.previous_yen, Some(self.requested_yen), self.adjusted_yen, self.decided_yen];
        broken([
            (
                implausible(self.fiscal_year),
                "fiscal_year",
                with_years(Refusal::new("registers.budget_request.year-implausible")),
            ),
            (
                amounts.into_iter().any(negative),
                "requested_yen",
                Refusal::new("registers.budget_request.negative-amount"),
            ),
            (
                self.adjusted_yen.is_some() && self.adjustment_reason.is_none(),
                "adjustment_reason",
                Refusal::new("registers.budget_request.adjusted-without-reason"),
            ),
            (
                before(self.adjusted_on, self.filed_on) || before(self.decided_on, self.filed_on),
                "filed_on",
                Refusal::new("registers.budget_request.days-out-of-order"),
            ),
        ])
    }
}

impl Rules for AdjustmentFund {
    fn rules(&self) -> Vec<Refusal> {
        broken([
            (
                implausible(self.fiscal_year),
                "fiscal_year",
                with_years(Refusal::new("registers.adjustment_fund.year-implausible")),
            ),
            (
                negative(self.amount_yen),
                "amount_yen",
                Refusal::new("registers.adjustment_fund.negative-amount"),
            ),
            (
                self.round.is_some_and(|round| round < 1),
                "round",
                Refusal::new("registers.adjustment_fund.round-range"),
            ),
            (
                before(self.effect_reported_on, self.decided_on),
                "effect_reported_on",
                Refusal::new("registers.adjustment_fund.reported-before-decision"),
            ),
        ])
    }
}

impl Rules for PlanRevision {
    fn rules(&self) -> Vec<Refusal> {
        let hashes =
            [Some(self.base_hash.as_str()), self.new_hash.as_deref(), self.diff_digest.as_deref()];
        broken([
            (
                hashes.into_iter().any(no_hash),
                "new_hash",
                Refusal::new("registers.plan_revision.hash-shape"),
            ),
            (
                self.new_hash.as_ref() == Some(&self.base_hash),
                "new_hash",
                Refusal::new("registers.plan_revision.nothing-new"),
            ),
            (
                negative(self.differences),
                "differences",
                Refusal::new("registers.plan_revision.negative-differences"),
            ),
            (
                before(self.effective_on, self.approved_on),
                "effective_on",
                Refusal::new("registers.plan_revision.effective-before-approval"),
            ),
        ])
    }
}
