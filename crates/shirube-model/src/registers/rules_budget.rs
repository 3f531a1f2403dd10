//! Rules of budget programmes, payments, links and statements.

use std::collections::BTreeSet;

use super::budget::{BudgetPayment, BudgetProgramme, MeasureLink, StrategyStatement};
use super::rules::{before, broken};
use super::rules_portfolio::MONEY_YEARS;
use super::{Rules, YearAmount};
use crate::refusal::Refusal;

impl BudgetProgramme {
    /// The lists of money by year, with the names of their fields.
    #[must_use]
    pub fn money(&self) -> [(&'static str, &[YearAmount]); 8] {
        [
            ("initial", &self.initial),
            ("supplementary", &self.supplementary),
            ("carried_in", &self.carried_in),
            ("carried_out", &self.carried_out),
            ("reserve", &self.reserve),
            ("budget_total", &self.budget_total),
            ("executed", &self.executed),
            ("requested", &self.requested),
        ]
    }
}

// Negative money is allowed: supplementary budgets take money back, and what is
// carried over is printed with a minus.
impl Rules for BudgetProgramme {
    fn rules(&self) -> Vec<Refusal> {
        let ends_early = matches!(
            (self.ends_year, self.started_year), (Some(end), Some(start)) if end < start
        );
        let unlisted =
            !self.sheet_numbers.is_empty() && !self.sheet_numbers.contains(&self.sheet_number);
        let mut refusals = broken([
            (ends_early, "ends_year", Refusal::new("registers.budget_programme.ends-before-start")),
            (
                unlisted,
                "sheet_numbers",
                Refusal::new("registers.budget_programme.number-not-listed"),
            ),
        ]);
        for (field, amounts) in self.money() {
            let mut years = BTreeSet::new();
            let twice = amounts.iter().any(|amount| !years.insert(amount.fiscal_year));
            let wrong = years.iter().any(|year| !MONEY_YEARS.contains(year));
            refusals.extend(broken([
                (twice, field, Refusal::new("registers.budget_programme.year-twice")),
                (
                    wrong,
                    field,
                    Refusal::new("registers.budget_programme.year-implausible")
                        .arg("first", MONEY_YEARS.start())
                        .arg("last", MONEY_YEARS.end()),
                ),
            ]));
        }
        refusals
    }
}

// A negative amount is allowed: money paid back.
impl Rules for BudgetPayment {
    fn rules(&self) -> Vec<Refusal> {
        broken([(
            self.corporate_number.is_some() && self.corporate_number_printed.is_some(),
            "corporate_number_printed",
            Refusal::new("registers.budget_payment.two-numbers"),
        )])
    }
}

impl Rules for MeasureLink {
    fn rules(&self) -> Vec<Refusal> {
        broken([
            (
                self.rank.is_some_and(|rank| rank < 1),
                "rank",
                Refusal::new("registers.measure_link.rank-range"),
            ),
            (
                self.decided_on.is_some() != self.decided_by.is_some(),
                "decided_by",
                Refusal::new("registers.measure_link.decision-half"),
            ),
        ])
    }
}

impl Rules for StrategyStatement {
    fn rules(&self) -> Vec<Refusal> {
        broken([
            (
                before(self.as_of, self.period_from),
                "as_of",
                Refusal::new("registers.strategy_statement.ends-before-start"),
            ),
            (
                self.source_line.is_some_and(|line| line < 1),
                "source_line",
                Refusal::new("registers.strategy_statement.line-range"),
            ),
        ])
    }
}
