//! The pack or report of one lead ministry: everything about its measures, put
//! together from the registers and the indicators.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use shirube_model::ident::RecordId;
use shirube_model::lang::LocalText;
use shirube_model::refusal::Refusal;
use shirube_model::registers::allocation::BudgetRequest;
use shirube_model::registers::budget::BudgetProgramme;
use shirube_model::registers::follow_up::{
    FollowUpAction, FollowUpCycle, MeasureContribution, MeasureReport as ReportRecord, PanelAdvice,
    PublicNeed,
};
use shirube_report::{
    Action, Answered, Budget, Contribution, MeasureReport, Party, Report, Request, Stage,
    read_frozen,
};
use shirube_store::{Action as Did, AsOf};

use crate::FollowUp;
use crate::error::CycleError;
use crate::records::Typed;

/// Years before the one followed up whose money is shown.
const YEARS_BEFORE: i32 = 2;

/// What ministries do about the measures, as it stood at one position.
pub(crate) struct Work {
    pub(crate) contributions: Vec<Typed<MeasureContribution>>,
    pub(crate) actions: Vec<Typed<FollowUpAction>>,
    pub(crate) requests: Vec<Typed<BudgetRequest>>,
}

/// The registers a report draws on, as they stood at one position.
pub(crate) struct Evidence {
    pub(crate) work: Work,
    advice: Vec<Typed<PanelAdvice>>,
    needs: Vec<Typed<PublicNeed>>,
    programmes: BTreeMap<RecordId, BudgetProgramme>,
    /// Promises of the year before, by measure.
    promises: BTreeMap<String, String>,
}

impl FollowUp {
    /// What one lead ministry reports in the cycle of a year. While a report is
    /// worked on, its values are those that stand on the cycle's day. Once all
    /// are approved, values are read from the approved records, and the rest
    /// from the registers as they stood at the last approval.
    ///
    /// # Errors
    /// `cycle.year-unknown`, `cycle.not-open`, `cycle.other-plan`,
    /// `cycle.ministry-without-report`, or a fault.
    pub async fn report(&self, fiscal_year: i32, ministry: &str) -> Result<Report, CycleError> {
        let cycle = self.known_cycle(fiscal_year).await?;
        let as_of = cycle.body.values_as_of.ok_or_else(|| Refusal::new("cycle.not-open"))?;
        self.same_plan(cycle.record.body.get("pack_hash"))?;
        let mut reports = self.reports(&cycle.record.id, AsOf::Now).await?;
        reports.retain(|report| report.body.ministry == ministry);
        if reports.is_empty() {
            let refusal = Refusal::new("cycle.ministry-without-report");
            return Err(refusal.arg("ministry", ministry).arg("year", fiscal_year).into());
        }
        let approved = reports.iter().all(Typed::approved);
        let at = if approved { self.last_approval(&reports).await? } else { AsOf::Now };
        let evidence = self.evidence_at(at, &cycle, &reports).await?;
        let mut measures = Vec::new();
        for report in &reports {
            measures.push(self.measure(report, &evidence, as_of, &cycle.record.id).await?);
        }
        let made_on = match approved {
            true => reports.iter().filter_map(|report| report.body.approved_on).max(),
            false => None,
        };
        let info = &self.pack.info;
        Ok(Report {
            cycle: cycle.body.name.clone(),
            plan: info.title.clone(),
            plan_period: (info.period_start, info.period_end),
            fiscal_year,
            as_of,
            made_on: made_on.unwrap_or_else(|| self.engine.latest_day()),
            ministry: self.party(ministry),
            stage: if approved { Stage::Approved } else { Stage::Draft },
            evidence: self.evidence(),
            pack_hash: self.pack.hash.clone(),
            measures,
        })
    }

    /// Ministries that report in the cycle of a year, in the order of the pack.
    ///
    /// # Errors
    /// `cycle.year-unknown`, or a fault.
    pub async fn reporting(&self, fiscal_year: i32) -> Result<Vec<Party>, CycleError> {
        let cycle = self.known_cycle(fiscal_year).await?;
        let reports = self.reports(&cycle.record.id, AsOf::Now).await?;
        let reports_there = |abbr: &str| reports.iter().any(|one| one.body.ministry == abbr);
        let ministries = self.pack.ministries.iter().filter(|one| reports_there(&one.abbr));
        Ok(ministries.map(|one| self.party(&one.abbr)).collect())
    }

    /// Where the ledger stood when the last of the reports was approved.
    pub(crate) async fn last_approval(
        &self,
        reports: &[Typed<ReportRecord>],
    ) -> Result<AsOf, CycleError> {
        let mut last = 0;
        for report in reports {
            let history = self.store.history(&report.record.id).await?;
            let approvals = history.iter().filter(
                |event| matches!(&event.action, Did::Transition(name) if name == "approve"),
            );
            last = approvals.map(|event| event.seq).fold(last, u64::max);
        }
        Ok(AsOf::Seq(last))
    }

    pub(crate) async fn evidence_at(
        &self,
        at: AsOf,
        cycle: &Typed<FollowUpCycle>,
        reports: &[Typed<ReportRecord>],
    ) -> Result<Evidence, CycleError> {
        let mut programmes = BTreeMap::new();
        for id in reports.iter().flat_map(|report| &report.body.programmes) {
            if !programmes.contains_key(id)
                && let Some(programme) = self.one::<BudgetProgramme>(id, at).await?
            {
                programmes.insert(id.clone(), programme.body);
            }
        }
        Ok(Evidence {
            work: self.work_at(at).await?,
            advice: self.all(at).await?,
            needs: self.all(at).await?,
            programmes,
            promises: self.last_promises(at, cycle, reports).await?,
        })
    }

    pub(crate) async fn work_at(&self, at: AsOf) -> Result<Work, CycleError> {
        Ok(Work {
            contributions: self.all(at).await?,
            actions: self.all(at).await?,
            requests: self.all(at).await?,
        })
    }

    /// What the same ministry promised on the same measures the year before.
    async fn last_promises(
        &self,
        at: AsOf,
        cycle: &Typed<FollowUpCycle>,
        reports: &[Typed<ReportRecord>],
    ) -> Result<BTreeMap<String, String>, CycleError> {
        let year = i32::try_from(cycle.body.fiscal_year).unwrap_or_default();
        let Some(before) = self.cycle(year - 1).await? else { return Ok(BTreeMap::new()) };
        let ministry = reports.first().map(|report| report.body.ministry.as_str());
        let earlier = self.reports(&before.record.id, at).await?;
        Ok(earlier
            .into_iter()
            .filter(|report| Some(report.body.ministry.as_str()) == ministry)
            .filter_map(|report| Some((report.body.measure, report.body.promises?)))
            .collect())
    }

    pub(crate) async fn measure(
        &self,
        report: &Typed<ReportRecord>,
        evidence: &Evidence,
        as_of: NaiveDate,
        cycle: &RecordId,
    ) -> Result<MeasureReport, CycleError> {
        let body = &report.body;
        let values = if report.approved() {
            read_frozen(&body.approved_values)?
        } else {
            self.values(&body.indicators, &*self.board(as_of).await?)?
        };
        let measure = self.pack.measure(&body.measure);
        let heading = measure.and_then(|measure| self.pack.heading(&measure.section));
        let unknown = || LocalText::new(&body.measure, &body.measure);
        let concerns = |measures: &[String]| measures.contains(&body.measure);
        Ok(MeasureReport {
            measure: body.measure.clone(),
            record: report.id().to_owned(),
            summary: measure.map_or_else(unknown, |measure| measure.summary.clone()),
            section: heading.map_or_else(unknown, |heading| {
                let title = &heading.title;
                LocalText::new(
                    format!("{} {}", heading.id, title.ja),
                    format!("{} {}", heading.id, title.en),
                )
            }),
            state: self.state("measure_report", &report.record.state),
            participants: body.participants.iter().map(|abbr| self.party(abbr)).collect(),
            assessment: body.assessment.as_deref().map(|a| self.term("progress_assessments", a)),
            progress: body.progress.clone(),
            gaps: body.gaps.clone(),
            promises: body.promises.clone(),
            last_promises: evidence.promises.get(&body.measure).cloned(),
            approved_on: body.approved_on,
            approved_digest: body.approved_digest.clone(),
            contributions: self.contributions(evidence, &report.record.id),
            values,
            budget: budget(evidence, body, as_of),
            requests: evidence
                .work
                .requests
                .iter()
                .filter(|request| concerns(&request.body.measures))
                .map(|request| self.request(request))
                .collect(),
            actions: evidence
                .work
                .actions
                .iter()
                .filter(|action| action.body.cycle == *cycle && concerns(&action.body.measures))
                .map(|action| self.action(action))
                .collect(),
            answered: self.answered(evidence, concerns),
        })
    }

    fn contributions(&self, evidence: &Evidence, report: &RecordId) -> Vec<Contribution> {
        let of_report = evidence.work.contributions.iter().filter(|one| one.body.report == *report);
        of_report
            .map(|one| Contribution {
                party: self.party(&one.body.ministry),
                progress: one.body.progress.clone(),
                gaps: one.body.gaps.clone(),
                promises: one.body.promises.clone(),
                contributed_on: one
                    .body
                    .contributed_on
                    .filter(|_| one.record.state == "contributed"),
            })
            .collect()
    }

    fn request(&self, request: &Typed<BudgetRequest>) -> Request {
        let body = &request.body;
        Request {
            title: body.title.clone(),
            fiscal_year: i32::try_from(body.fiscal_year).unwrap_or_default(),
            requested_yen: body.requested_yen,
            adjusted_yen: body.adjusted_yen,
            adjustment_reason: body.adjustment_reason.clone(),
            decided_yen: body.decided_yen,
            state: self.state("budget_request", &request.record.state),
        }
    }

    fn action(&self, action: &Typed<FollowUpAction>) -> Action {
        let body = &action.body;
        Action {
            finding: body.finding.clone(),
            action: body.task.clone(),
            owner: self.party(&body.owner),
            due_on: body.due_on,
            state: self.state("follow_up_action", &action.record.state),
            result: body.result.clone().or_else(|| body.drop_reason.clone()),
        }
    }

    fn answered(&self, evidence: &Evidence, concerns: impl Fn(&[String]) -> bool) -> Vec<Answered> {
        let advice = evidence.advice.iter().filter(|one| concerns(&one.body.measures));
        let needs = evidence.needs.iter().filter(|one| concerns(&one.body.measures));
        let mut found: Vec<Answered> = advice
            .map(|one| Answered {
                from: self.term("advisory_bodies", &one.body.body),
                on: one.body.given_on,
                subject: one.body.subject.clone(),
                text: one.body.advice.clone(),
                answer: one.body.answer.clone(),
            })
            .chain(needs.map(|one| Answered {
                from: self.term("need_submitters", &one.body.submitter),
                on: one.body.received_on,
                subject: one.body.subject.clone(),
                text: one.body.need.clone(),
                answer: one.body.answer.clone(),
            }))
            .collect();
        found.sort_by(|a, b| (a.on, &a.subject).cmp(&(b.on, &b.subject)));
        found
    }

    fn party(&self, abbr: &str) -> Party {
        let known = self.pack.ministry(abbr).map(|ministry| ministry.name.clone());
        let name = known.unwrap_or_else(|| LocalText::new(abbr, abbr));
        Party { code: abbr.to_owned(), name }
    }

    fn term(&self, vocabulary: &str, code: &str) -> LocalText {
        let term = self.pack.term(vocabulary, code).map(|term| term.label.clone());
        term.unwrap_or_else(|| LocalText::new(code, code))
    }

    fn state(&self, kind: &str, state: &str) -> LocalText {
        let label = self.pack.label(&format!("{kind}.state.{state}")).cloned();
        label.unwrap_or_else(|| LocalText::new(state, state))
    }
}

/// The money of the programmes in the years around the one followed up.
fn budget(evidence: &Evidence, body: &ReportRecord, as_of: NaiveDate) -> Vec<Budget> {
    let last = shirube_model::calendar::FiscalYear::of(as_of).0 + 1;
    let mut lines = Vec::new();
    for id in &body.programmes {
        let Some(programme) = evidence.programmes.get(id) else { continue };
        for fiscal_year in last - 1 - YEARS_BEFORE..=last {
            let of_year = |amounts: &[shirube_model::registers::YearAmount]| {
                let found = amounts.iter().find(|amount| amount.fiscal_year == fiscal_year);
                found.map(|amount| amount.amount_yen)
            };
            let line = Budget {
                programme: id.to_string(),
                name: programme.name.clone(),
                fiscal_year,
                initial_yen: of_year(&programme.initial),
                executed_yen: of_year(&programme.executed),
                requested_yen: of_year(&programme.requested),
            };
            let told = [line.initial_yen, line.executed_yen, line.requested_yen];
            if told.iter().any(Option::is_some) {
                lines.push(line);
            }
        }
    }
    lines
}
