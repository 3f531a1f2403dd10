//! Opening a cycle: the cycle itself, and a report for each measure and each of
//! its lead ministries (◎).

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Days, NaiveDate};
use serde_json::{Value, json};
use shirube_model::calendar::FiscalYear;
use shirube_model::ident::RecordId;
use shirube_model::plan::Measure;
use shirube_model::record::Body;
use shirube_model::refusal::Refusal;
use shirube_model::registers::Register;
use shirube_model::registers::budget::MeasureLink;
use shirube_model::registers::follow_up::FollowUpCycle;
use shirube_store::{AsOf, Draft, SourceKey};

use crate::error::CycleError;
use crate::records::{Typed, fields, list, text};
use crate::{By, FollowUp, SOURCE_SYSTEM};

/// Drafts written at a time.
const DRAFTS_MAX: usize = 500;

/// The days of a cycle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenCycle {
    /// Fiscal year followed up.
    pub fiscal_year: i32,
    /// Day the indicator values are as of.
    pub values_as_of: NaiveDate,
    /// Day by which participants contribute.
    pub contributions_due_on: Option<NaiveDate>,
    /// Day by which lead ministries submit.
    pub submissions_due_on: NaiveDate,
}

/// Days that participants, and then lead ministries, have from the opening on,
/// where nobody says otherwise.
const DAYS_TO_CONTRIBUTE: u64 = 30;
const DAYS_TO_SUBMIT: u64 = 60;

impl OpenCycle {
    /// A cycle of `fiscal_year` opened on a day, with the values of the last day
    /// of that year.
    #[must_use]
    pub fn proposed(fiscal_year: FiscalYear, opened_on: NaiveDate) -> Self {
        let due = |days: u64| opened_on.checked_add_days(Days::new(days));
        Self {
            fiscal_year: fiscal_year.0,
            values_as_of: fiscal_year.last_day(),
            contributions_due_on: due(DAYS_TO_CONTRIBUTE),
            submissions_due_on: due(DAYS_TO_SUBMIT).unwrap_or(opened_on),
        }
    }
}

/// What opening a cycle made.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Opened {
    /// The cycle.
    pub cycle: RecordId,
    /// Reports made now.
    pub made: usize,
    /// Reports that were there before.
    pub kept: usize,
    /// Measures for which the plan names no lead ministry; nobody reports them
    /// until the secretariat gives them one.
    pub unled: Vec<String>,
}

impl FollowUp {
    /// Opens the cycle of a year, and makes the reports that are not there yet.
    /// Asked again with the same days, it makes nothing twice.
    ///
    /// # Errors
    /// `cycle.year-twice`, refusals of the step `open`, or a fault.
    pub async fn open_cycle(&self, ask: &OpenCycle, by: &By) -> Result<Opened, CycleError> {
        let cycle = self.opened(ask, by).await?;
        let reports = self.reports(&cycle, AsOf::Now).await?;
        let there: BTreeSet<(&str, &str)> = reports
            .iter()
            .map(|report| (report.body.measure.as_str(), report.body.ministry.as_str()))
            .collect();
        let programmes = self.programmes().await?;
        let mut drafts = Vec::new();
        let mut unled = Vec::new();
        for measure in &self.pack.measures {
            if measure.attribution.lead.is_empty() {
                unled.push(measure.id.clone());
            }
            for lead in &measure.attribution.lead {
                if there.contains(&(measure.id.as_str(), lead.as_str())) {
                    continue;
                }
                let body = self.report_body(&cycle, measure, lead, &programmes);
                let key = format!("FY{}/{}/{lead}", ask.fiscal_year, measure.id);
                let source = SourceKey::new(SOURCE_SYSTEM, key);
                drafts.push(Draft::new_record("measure_report", Some(source), body));
            }
        }
        let made = drafts.len();
        let mut drafts = drafts.into_iter().peekable();
        while drafts.peek().is_some() {
            let some: Vec<Draft> = drafts.by_ref().take(DRAFTS_MAX).collect();
            self.store.append(some, &by.actor, &by.reason).await?;
        }
        Ok(Opened { cycle, made, kept: reports.len(), unled })
    }

    /// The cycle, opened now unless it is open already.
    async fn opened(&self, ask: &OpenCycle, by: &By) -> Result<RecordId, CycleError> {
        let there = self.cycle(ask.fiscal_year).await?.map(|cycle| cycle.record);
        if let Some(cycle) = there.as_ref().filter(|cycle| cycle.state == "open") {
            self.same_plan(cycle.body.get("pack_hash"))?;
            return Ok(cycle.id.clone());
        }
        let open = fields([
            ("values_as_of", text(ask.values_as_of)),
            ("pack_hash", text(&self.pack.hash)),
            ("opened_on", text(by.on)),
            ("contributions_due_on", ask.contributions_due_on.and_then(text)),
            ("submissions_due_on", text(ask.submissions_due_on)),
        ]);
        // Days that do not hold are refused before anything is made.
        let planned = there.as_ref().map_or_else(|| planned(ask.fiscal_year), |c| c.body.clone());
        let mut after = planned.clone();
        after.extend(open.clone());
        (<FollowUpCycle as Register>::SCHEMA.check)(&after)?;
        let cycle = match there {
            Some(cycle) => cycle,
            None => self.plan_cycle(ask.fiscal_year, planned, by).await?,
        };
        self.step(&cycle, "open", open, by).await?;
        Ok(cycle.id)
    }

    async fn plan_cycle(
        &self,
        fiscal_year: i32,
        body: Body,
        by: &By,
    ) -> Result<shirube_model::record::RecordVersion, CycleError> {
        let source = SourceKey::new(SOURCE_SYSTEM, format!("FY{fiscal_year}"));
        let draft = Draft::new_record("follow_up_cycle", Some(source), body).only_if_new();
        let events = self.store.append(vec![draft], &by.actor, &by.reason).await?;
        let missing = || Refusal::new("cycle.year-unknown").arg("year", fiscal_year);
        Ok(events.first().ok_or_else(missing)?.record_version())
    }

    /// A cycle is worked on with the plan it was opened with.
    pub(crate) fn same_plan(&self, hash: Option<&Value>) -> Result<(), Refusal> {
        let opened = hash.and_then(Value::as_str).unwrap_or_default();
        if opened == self.pack.hash {
            return Ok(());
        }
        Err(Refusal::new("cycle.other-plan").arg("opened", opened).arg("given", &self.pack.hash))
    }

    /// Budget programmes by measure, as confirmed links say.
    async fn programmes(&self) -> Result<BTreeMap<String, BTreeSet<RecordId>>, CycleError> {
        let links: Vec<Typed<MeasureLink>> = self.all(AsOf::Now).await?;
        let mut by_measure: BTreeMap<String, BTreeSet<RecordId>> = BTreeMap::new();
        for link in links.into_iter().filter(|link| link.record.state == "confirmed") {
            by_measure.entry(link.body.measure).or_default().insert(link.body.programme);
        }
        Ok(by_measure)
    }

    fn report_body(
        &self,
        cycle: &RecordId,
        measure: &Measure,
        lead: &str,
        programmes: &BTreeMap<String, BTreeSet<RecordId>>,
    ) -> Body {
        let attribution = &measure.attribution;
        // With several leads, each reports and the others take part.
        let others = attribution.lead.iter().chain(&attribution.participating);
        let mut seen = BTreeSet::from([lead]);
        let participants: Vec<&String> = others.filter(|abbr| seen.insert(abbr)).collect();
        let moved = self.pack.indicators.iter().filter(|one| one.measures.contains(&measure.id));
        fields([
            ("measure", text(&measure.id)),
            ("cycle", text(cycle)),
            ("ministry", text(lead)),
            ("participants", list(participants)),
            ("indicators", list(moved.map(|indicator| &indicator.id))),
            ("programmes", list(programmes.get(&measure.id).into_iter().flatten())),
        ])
    }
}

/// A cycle before it is opened.
fn planned(fiscal_year: i32) -> Body {
    let name = json!({
        "ja": format!("{fiscal_year}年度フォローアップ"),
        "en": format!("Follow-up of FY{fiscal_year}"),
    });
    fields([("name", Some(name)), ("fiscal_year", Some(Value::from(fiscal_year)))])
}
