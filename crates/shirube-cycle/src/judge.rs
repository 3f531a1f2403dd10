//! What the secretariat does with a submitted report: returns it, approves it
//! with the values as they are, locks it; and what anybody can check later.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use shirube_model::ident::RecordId;
use shirube_model::refusal::Refusal;
use shirube_model::registers::follow_up::{FollowUpCycle, MeasureReport, values_digest};
use shirube_report::{IndicatorValue, freeze, read_frozen};
use shirube_store::{Action, AsOf};

use crate::error::CycleError;
use crate::records::{Typed, fields, list, text};
use crate::{By, FollowUp};

/// A judgement on a submitted report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Judgement {
    /// Approved.
    Approve,
    /// Sent back, with the reason.
    Return(String),
}

/// What locking a cycle did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Locked {
    /// The cycle.
    pub cycle: RecordId,
    /// Reports locked now.
    pub reports: usize,
}

/// One approved value, computed again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verified {
    /// Report.
    pub report: RecordId,
    /// Measure.
    pub measure: String,
    /// Indicator.
    pub indicator: String,
    /// Number of the stored value.
    pub kept: Option<u64>,
    /// Whether the frozen value, the stored one and a fresh one are the same.
    pub same: bool,
    /// Where they differ: what, as approved, as found.
    pub differences: Vec<(String, String, String)>,
}

impl FollowUp {
    /// Judges a submitted report. An approval keeps the values of the cycle's
    /// day, freezes them into the record and signs them with a digest.
    ///
    /// # Errors
    /// `cycle.report-unknown`, `cycle.not-open`, `cycle.other-plan`, refusals of
    /// the step (`own-approval` among them), or a fault.
    pub async fn judge(
        &self,
        report: &RecordId,
        judgement: &Judgement,
        by: &By,
    ) -> Result<(), CycleError> {
        let report = self.known_report(report).await?;
        self.judge_known(&report, judgement, by).await
    }

    /// The same for a report read in some version: one that has changed since is
    /// not judged.
    ///
    /// # Errors
    /// `cycle.report-moved-on`, and those of [`Self::judge`].
    pub async fn judge_seen(
        &self,
        report: &RecordId,
        version: u32,
        judgement: &Judgement,
        by: &By,
    ) -> Result<(), CycleError> {
        let report = self.known_report(report).await?;
        if report.record.version != version {
            let refusal = Refusal::new("cycle.report-moved-on").arg("seen", version);
            return Err(refusal.arg("current", report.record.version).into());
        }
        self.judge_known(&report, judgement, by).await
    }

    async fn judge_known(
        &self,
        report: &Typed<MeasureReport>,
        judgement: &Judgement,
        by: &By,
    ) -> Result<(), CycleError> {
        let cycle = self.cycle_of(report).await?;
        match judgement {
            Judgement::Return(reason) => {
                let returned =
                    fields([("return_reason", text(reason)), ("returned_on", text(by.on))]);
                self.step(&report.record, "return", returned, by).await
            }
            Judgement::Approve => self.approve(report, &cycle, by).await,
        }
    }

    async fn approve(
        &self,
        report: &Typed<MeasureReport>,
        cycle: &Typed<FollowUpCycle>,
        by: &By,
    ) -> Result<(), CycleError> {
        self.same_plan(cycle.record.body.get("pack_hash"))?;
        // The history knows who submitted it, whatever the record says.
        if self.submitter(&report.record.id).await?.as_deref() == Some(by.actor.as_str()) {
            let refusal = Refusal::new("registers.measure_report.own-approval");
            return Err(refusal.field("approved_by").into());
        }
        // Whether the step can be taken at all is asked before anything is kept.
        let schema = <MeasureReport as shirube_model::registers::Register>::SCHEMA;
        let mut after = report.record.body.clone();
        after.extend(approval(&[], by));
        schema.step("approve", &report.record.state, report.record.standing, &after)?;
        (schema.check)(&after)?;
        let as_of = cycle.body.values_as_of.ok_or_else(|| Refusal::new("cycle.not-open"))?;
        let values = self.kept_values(&report.body.indicators, as_of).await?;
        let lines = freeze(&values)?;
        self.step(&report.record, "approve", approval(&lines, by), by).await
    }

    /// Who took the last step `submit`.
    async fn submitter(&self, report: &RecordId) -> Result<Option<String>, CycleError> {
        let history = self.store.history(report).await?;
        let mut submits = history
            .into_iter()
            .filter(|event| matches!(&event.action, Action::Transition(name) if name == "submit"));
        Ok(submits.next_back().map(|event| event.actor))
    }

    /// Locks every approved report of a year, then the cycle.
    ///
    /// # Errors
    /// `cycle.reports-pending` when a report is not approved yet, refusals of
    /// the step `lock`, or a fault.
    pub async fn lock_cycle(&self, fiscal_year: i32, by: &By) -> Result<Locked, CycleError> {
        let cycle = self.known_cycle(fiscal_year).await?;
        let reports = self.reports(&cycle.record.id, AsOf::Now).await?;
        let pending: Vec<&str> =
            reports.iter().filter(|report| !report.approved()).map(Typed::id).collect();
        if let Some(first) = pending.first() {
            let refusal = Refusal::new("cycle.reports-pending");
            return Err(refusal.arg("count", pending.len()).arg("first", first).into());
        }
        let lock = || fields([("locked_on", text(by.on))]);
        let mut after = cycle.record.body.clone();
        after.extend(lock());
        let schema = <FollowUpCycle as shirube_model::registers::Register>::SCHEMA;
        schema.step("lock", &cycle.record.state, cycle.record.standing, &after)?;
        let mut locked = 0;
        for report in reports.iter().filter(|report| report.record.state == "approved") {
            self.step(&report.record, "lock", lock(), by).await?;
            locked += 1;
        }
        self.step(&cycle.record, "lock", lock(), by).await?;
        Ok(Locked { cycle: cycle.record.id, reports: locked })
    }

    /// Computes every approved value of a year again, each at the ledger
    /// position it was made at, and holds it against the frozen one. A value of
    /// an earlier plan is verified with the pack of that plan.
    ///
    /// # Errors
    /// `cycle.year-unknown`, a frozen value that cannot be read, or a fault.
    pub async fn verify_cycle(&self, fiscal_year: i32) -> Result<Vec<Verified>, CycleError> {
        let cycle = self.known_cycle(fiscal_year).await?;
        let mut found = Vec::new();
        for report in self.reports(&cycle.record.id, AsOf::Now).await? {
            let body = &report.body;
            let Some(approved) = &body.approved_digest else { continue };
            let digest = values_digest(&body.approved_values);
            if *approved != digest {
                found.push(tampered(&report, approved, digest));
                continue;
            }
            for value in read_frozen(&body.approved_values)? {
                found.push(self.verify_value(&report, value).await?);
            }
        }
        Ok(found)
    }

    async fn verify_value(
        &self,
        report: &Typed<MeasureReport>,
        frozen: IndicatorValue,
    ) -> Result<Verified, CycleError> {
        let mut differences = Vec::new();
        if let Some(kept) = frozen.kept {
            let missing = || Refusal::new("indicator.value.unknown").arg("id", kept);
            let stored = self.store.value(kept).await?.ok_or_else(missing)?;
            differences.extend(against_stored(&frozen, &stored.json));
            let verification = self.engine.verify(kept).await?;
            if !verification.same {
                differences.extend(verification.differences);
            }
        }
        Ok(Verified {
            report: report.record.id.clone(),
            measure: report.body.measure.clone(),
            indicator: frozen.indicator,
            kept: frozen.kept,
            same: differences.is_empty() && frozen.kept.is_some(),
            differences,
        })
    }

    pub(crate) async fn known_report(
        &self,
        id: &RecordId,
    ) -> Result<Typed<MeasureReport>, CycleError> {
        let missing = || Refusal::new("cycle.report-unknown").arg("id", id);
        if id.prefix() != <MeasureReport as shirube_model::registers::Register>::SCHEMA.prefix {
            return Err(missing().into());
        }
        Ok(self.one::<MeasureReport>(id, AsOf::Now).await?.ok_or_else(missing)?)
    }

    pub(crate) async fn cycle_of(
        &self,
        report: &Typed<MeasureReport>,
    ) -> Result<Typed<FollowUpCycle>, CycleError> {
        let missing = || Refusal::new("cycle.not-open");
        Ok(self.one::<FollowUpCycle>(&report.body.cycle, AsOf::Now).await?.ok_or_else(missing)?)
    }
}

/// A report whose values are not those of its digest.
fn tampered(report: &Typed<MeasureReport>, approved: &str, digest: String) -> Verified {
    Verified {
        report: report.record.id.clone(),
        measure: report.body.measure.clone(),
        indicator: String::new(),
        kept: None,
        same: false,
        differences: vec![("approved_digest".to_owned(), approved.to_owned(), digest)],
    }
}

/// The fields of an approval.
fn approval(lines: &[String], by: &By) -> shirube_model::record::Body {
    fields([
        ("approved_on", text(by.on)),
        ("approved_by", text(&by.actor)),
        ("approved_values", list(lines)),
        ("approved_digest", text(values_digest(lines))),
    ])
}

/// Where a frozen value and the stored one of its number differ.
fn against_stored(frozen: &IndicatorValue, stored: &str) -> Vec<(String, String, String)> {
    let stored: Value = serde_json::from_str(stored).unwrap_or_default();
    let show = |value: Option<String>| value.unwrap_or_default();
    let found = |path: &str| match stored.pointer(path) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Null) | None => String::new(),
        Some(other) => other.to_string(),
    };
    let approved: BTreeMap<&str, String> = BTreeMap::from([
        ("/headline/value", show(frozen.value.map(|value| value.to_string()))),
        ("/headline/digest", frozen.digest.clone()),
        ("/stamp/ledger_seq", frozen.stamp.ledger_seq.to_string()),
        ("/stamp/ledger_hash", frozen.stamp.ledger_hash.clone()),
        ("/stamp/definition_hash", frozen.stamp.definition_hash.clone()),
    ]);
    approved
        .into_iter()
        .map(|(path, approved)| {
            (path.trim_start_matches('/').replace('/', "."), approved, found(path))
        })
        .filter(|(_, approved, found)| approved != found)
        .collect()
}
