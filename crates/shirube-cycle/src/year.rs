//! The cycles, one year's reports, and what waits for an answer, as overviews
//! show them: nothing is computed for it.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use shirube_model::ident::RecordId;
use shirube_model::registers::follow_up::{
    FollowUpAction, FollowUpCycle, MeasureContribution, MeasureReport, PanelAdvice, PublicNeed,
};
use shirube_store::AsOf;

use crate::FollowUp;
use crate::error::CycleError;
use crate::records::Typed;

/// One year: the cycle and its reports.
#[derive(Debug, Clone)]
pub struct Year {
    /// The cycle.
    pub cycle: Typed<FollowUpCycle>,
    /// Its reports in the order of the plan.
    pub reports: Vec<Typed<MeasureReport>>,
    /// What was contributed to them, drafts among it.
    pub contributions: Vec<Typed<MeasureContribution>>,
    /// Measures for which the plan names no lead ministry.
    pub unled: Vec<String>,
}

/// What somebody still has to do, whatever the year.
#[derive(Debug, Clone, Default)]
pub struct Waiting {
    /// Advice without an answer, the oldest first.
    pub advice: Vec<Typed<PanelAdvice>>,
    /// Needs without an answer, the oldest first.
    pub needs: Vec<Typed<PublicNeed>>,
    /// Actions neither done nor dropped, the next due first.
    pub actions: Vec<Typed<FollowUpAction>>,
}

impl FollowUp {
    /// Every cycle, the latest year first.
    ///
    /// # Errors
    /// Faults of the store.
    pub async fn cycles(&self) -> Result<Vec<Typed<FollowUpCycle>>, CycleError> {
        let mut cycles = self.all::<FollowUpCycle>(AsOf::Now).await?;
        cycles.sort_by_key(|cycle| Reverse(cycle.body.fiscal_year));
        Ok(cycles)
    }

    /// The cycle of a fiscal year with its reports.
    ///
    /// # Errors
    /// `cycle.year-unknown`, `cycle.year-twice`, or a fault.
    pub async fn year(&self, fiscal_year: i32) -> Result<Year, CycleError> {
        let cycle = self.known_cycle(fiscal_year).await?;
        let reports = self.reports(&cycle.record.id, AsOf::Now).await?;
        let ids: BTreeSet<&RecordId> = reports.iter().map(|one| &one.record.id).collect();
        let mut contributions = self.all::<MeasureContribution>(AsOf::Now).await?;
        contributions.retain(|one| ids.contains(&one.body.report));
        let unled = self.pack.measures.iter().filter(|one| one.attribution.lead.is_empty());
        let unled = unled.map(|measure| measure.id.clone()).collect();
        Ok(Year { cycle, reports, contributions, unled })
    }

    /// Advice and needs without an answer, and actions that are not done.
    ///
    /// # Errors
    /// Faults of the store.
    pub async fn waiting(&self) -> Result<Waiting, CycleError> {
        let mut advice = self.all::<PanelAdvice>(AsOf::Now).await?;
        advice.retain(|one| one.record.state != "answered");
        advice.sort_by_key(|one| one.body.given_on);
        let mut needs = self.all::<PublicNeed>(AsOf::Now).await?;
        needs.retain(|one| one.record.state != "answered");
        needs.sort_by_key(|one| one.body.received_on);
        let mut actions = self.all::<FollowUpAction>(AsOf::Now).await?;
        actions.retain(|one| !matches!(one.record.state.as_str(), "done" | "dropped"));
        actions.sort_by_key(|one| one.body.due_on);
        Ok(Waiting { advice, needs, actions })
    }
}
