//! One report at work: everything its page shows, and what participants and the
//! lead ministry do with it before it is judged.

use serde_json::Value;
use shirube_model::ident::RecordId;
use shirube_model::record::Body;
use shirube_model::refusal::Refusal;
use shirube_model::registers::allocation::BudgetRequest;
use shirube_model::registers::follow_up::{
    FollowUpAction, FollowUpCycle, MeasureContribution, MeasureReport as ReportRecord,
};
use shirube_report::MeasureReport;
use shirube_store::{AsOf, Draft, SourceKey};

use crate::assemble::Work;
use crate::error::CycleError;
use crate::records::{Typed, fields, list, text};
use crate::{By, FollowUp, SOURCE_SYSTEM};

/// A report with everything around it.
#[derive(Debug, Clone)]
pub struct Desk {
    /// Its cycle.
    pub cycle: Typed<FollowUpCycle>,
    /// Its record.
    pub report: Typed<ReportRecord>,
    /// What it shows: values, money, texts, contributions.
    pub shown: MeasureReport,
    /// The contributions as records.
    pub contributions: Vec<Typed<MeasureContribution>>,
    /// Actions of this cycle on the measure.
    pub actions: Vec<Typed<FollowUpAction>>,
    /// Budget requests for the measure.
    pub requests: Vec<Typed<BudgetRequest>>,
}

/// What a ministry writes. Blank texts are left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Texts {
    /// What was done and came of it.
    pub progress: String,
    /// What is missing or behind.
    pub gaps: String,
    /// What is promised for the next year.
    pub promises: String,
}

impl Texts {
    /// Puts the texts into a body; a blank one takes the field away.
    fn write(self, body: &mut Body) {
        let texts = [("progress", self.progress), ("gaps", self.gaps), ("promises", self.promises)];
        for (name, text) in texts {
            if text.trim().is_empty() {
                body.remove(name);
            } else {
                body.insert(name.to_owned(), Value::String(text));
            }
        }
    }
}

impl FollowUp {
    /// The report of a ministry on a measure in the cycle of a year, as a record.
    ///
    /// # Errors
    /// `cycle.year-unknown`, `cycle.not-open`, `cycle.report-unknown`,
    /// `cycle.other-plan` for a report that is not approved, or a fault.
    pub async fn report_on(
        &self,
        fiscal_year: i32,
        ministry: &str,
        measure: &str,
    ) -> Result<Typed<ReportRecord>, CycleError> {
        let cycle = self.known_cycle(fiscal_year).await?;
        cycle.body.values_as_of.ok_or_else(|| Refusal::new("cycle.not-open"))?;
        let reports = self.reports(&cycle.record.id, AsOf::Now).await?;
        let asked = |one: &Typed<ReportRecord>| {
            one.body.ministry == ministry && one.body.measure == measure
        };
        let missing =
            || Refusal::new("cycle.report-unknown").arg("id", format!("{ministry} {measure}"));
        let report = reports.into_iter().find(asked).ok_or_else(missing)?;
        if !report.approved() {
            self.same_plan(cycle.record.body.get("pack_hash"))?;
        }
        Ok(report)
    }

    /// A report of [`Self::report_on`] with everything around it.
    ///
    /// # Errors
    /// `cycle.not-open`, or a fault.
    pub async fn desk(&self, report: Typed<ReportRecord>) -> Result<Desk, CycleError> {
        let cycle = self.cycle_of(&report).await?;
        let as_of = cycle.body.values_as_of.ok_or_else(|| Refusal::new("cycle.not-open"))?;
        let alone = std::slice::from_ref(&report);
        // An approved report shows what stood when it was approved.
        let at = if report.approved() { self.last_approval(alone).await? } else { AsOf::Now };
        let evidence = self.evidence_at(at, &cycle, alone).await?;
        let shown = self.measure(&report, &evidence, as_of, &cycle.record.id).await?;
        // What is done about it goes on after the approval.
        let Work { mut contributions, mut actions, mut requests } =
            if report.approved() { self.work_at(AsOf::Now).await? } else { evidence.work };
        let measure = &report.body.measure;
        contributions.retain(|one| one.body.report == report.record.id);
        actions
            .retain(|one| one.body.cycle == cycle.record.id && one.body.measures.contains(measure));
        requests.retain(|one| one.body.measures.contains(measure));
        Ok(Desk { cycle, report, shown, contributions, actions, requests })
    }

    /// Keeps what a ministry contributes to a report; the first time it makes
    /// the contribution. `version` is the one the writer saw, 0 for none.
    ///
    /// # Errors
    /// `cycle.report-unknown`, `cycle.contribution-closed` once it is handed in
    /// or the report is submitted, `store.stale-edit`, or a fault.
    pub async fn write_contribution(
        &self,
        report: &RecordId,
        ministry: &str,
        texts: Texts,
        version: u32,
        by: &By,
    ) -> Result<RecordId, CycleError> {
        let report = self.known_report(report).await?;
        takes_contributions(&report)?;
        let there = self.contribution(&report.record.id, ministry).await?;
        let Some(there) = there else {
            let mut body =
                fields([("report", text(&report.record.id)), ("ministry", text(ministry))]);
            texts.write(&mut body);
            let key = format!("{}/{ministry}", report.id());
            let source = SourceKey::new(SOURCE_SYSTEM, key.clone());
            let draft = Draft::new_record("measure_contribution", Some(source), body);
            self.write(draft, by).await?;
            return Ok(RecordId::derive("MCN", SOURCE_SYSTEM, &key));
        };
        if there.record.state != "draft" {
            return Err(Refusal::new("cycle.contribution-closed").into());
        }
        let mut body = there.record.body.clone();
        texts.write(&mut body);
        if body != there.record.body {
            self.write(Draft::correct(there.record.id.clone(), version, body), by).await?;
        }
        Ok(there.record.id)
    }

    /// Hands a contribution to the lead ministry, or takes it back.
    ///
    /// # Errors
    /// `cycle.report-unknown`, `cycle.contribution-closed`, refusals of the step,
    /// or a fault.
    pub async fn hand_in(
        &self,
        report: &RecordId,
        ministry: &str,
        hand_in: bool,
        by: &By,
    ) -> Result<(), CycleError> {
        let report = self.known_report(report).await?;
        takes_contributions(&report)?;
        let closed = || Refusal::new("cycle.contribution-closed");
        let there = self.contribution(&report.record.id, ministry).await?.ok_or_else(closed)?;
        if hand_in {
            let on = fields([("contributed_on", text(by.on))]);
            self.step(&there.record, "contribute", on, by).await
        } else {
            self.step(&there.record, "take_back", Body::new(), by).await
        }
    }

    async fn contribution(
        &self,
        report: &RecordId,
        ministry: &str,
    ) -> Result<Option<Typed<MeasureContribution>>, CycleError> {
        let all = self.all::<MeasureContribution>(AsOf::Now).await?;
        let of = |one: &Typed<MeasureContribution>| {
            one.body.report == *report && one.body.ministry == ministry
        };
        Ok(all.into_iter().find(of))
    }

    /// Compiles a report, or corrects the compiled one. `version` is the one the
    /// writer saw.
    ///
    /// # Errors
    /// `cycle.report-unknown`, refusals of the step, `store.stale-edit`, or a
    /// fault.
    pub async fn compile(
        &self,
        report: &RecordId,
        texts: Texts,
        assessment: &str,
        version: u32,
        by: &By,
    ) -> Result<(), CycleError> {
        let report = self.known_report(report).await?;
        let mut body = report.record.body.clone();
        texts.write(&mut body);
        if assessment.is_empty() {
            body.remove("assessment");
        } else {
            body.insert("assessment".to_owned(), Value::from(assessment));
        }
        body.extend(fields([("compiled_on", text(by.on))]));
        let id = report.record.id.clone();
        let draft = if report.record.state == "compiled" {
            Draft::correct(id, version, body)
        } else {
            Draft::transition(id, version, "compile", Some(body))
        };
        self.write(draft, by).await
    }

    /// Submits a compiled report to the secretariat.
    ///
    /// # Errors
    /// `cycle.report-unknown`, refusals of the step, `store.stale-edit`, or a
    /// fault.
    pub async fn submit(&self, report: &RecordId, version: u32, by: &By) -> Result<(), CycleError> {
        let report = self.known_report(report).await?;
        let mut body = report.record.body.clone();
        body.extend(fields([("submitted_on", text(by.on)), ("submitted_by", text(&by.actor))]));
        let draft = Draft::transition(report.record.id, version, "submit", Some(body));
        self.write(draft, by).await
    }

    /// Locks one approved report.
    ///
    /// # Errors
    /// `cycle.report-unknown`, refusals of the step, or a fault.
    pub async fn lock_report(&self, report: &RecordId, by: &By) -> Result<(), CycleError> {
        let report = self.known_report(report).await?;
        self.step(&report.record, "lock", fields([("locked_on", text(by.on))]), by).await
    }

    /// The fields a new action on a measure begins with.
    #[must_use]
    pub fn action_fields(desk: &Desk) -> Body {
        let body = &desk.report.body;
        fields([
            ("cycle", text(&desk.cycle.record.id)),
            ("report", text(&desk.report.record.id)),
            ("measures", list([&body.measure])),
            ("owner", text(&body.ministry)),
            ("finding", body.gaps.as_ref().and_then(text)),
        ])
    }
}

/// Contributions are for a report that its lead ministry still works on.
fn takes_contributions(report: &Typed<ReportRecord>) -> Result<(), Refusal> {
    match report.record.state.as_str() {
        "drafting" | "contributed" | "compiled" | "returned" => Ok(()),
        _ => Err(Refusal::new("cycle.contribution-closed")),
    }
}
