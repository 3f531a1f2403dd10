//! The definitions of a pack, compiled once.

use std::sync::Arc;

use chrono::NaiveDate;
use shirube_model::indicator::{
    Disaggregation, Indicator, ReadingDecision, ReadingId, Role, Spec, Status,
};
use shirube_model::refusal::Refusal;
use shirube_pack::Pack;

use crate::board::IndicatorResult;

/// An indicator with its base spec and readings compiled.
#[derive(Debug)]
pub(crate) struct Definition {
    pub(crate) indicator: Indicator,
    pub(crate) hash: String,
    pub(crate) base: Spec,
    pub(crate) breakdowns: Arc<[Disaggregation]>,
    pub(crate) readings: Vec<(ReadingId, Arc<Spec>)>,
}

/// All definitions in the order of the pack.
#[derive(Debug)]
pub(crate) struct Definitions {
    pub(crate) list: Vec<Definition>,
    pub(crate) decisions: Vec<ReadingDecision>,
}

impl Definitions {
    pub(crate) fn compile(
        pack: &Pack,
        decisions: Vec<ReadingDecision>,
    ) -> Result<Self, Vec<Refusal>> {
        let mut faults = Vec::new();
        let mut list = Vec::new();
        for indicator in &pack.indicators {
            match Definition::compile(pack, indicator) {
                Ok(definition) => list.push(definition),
                Err(found) => faults.extend(found),
            }
        }
        if faults.is_empty() { Ok(Self { list, decisions }) } else { Err(faults) }
    }

    pub(crate) fn get(&self, id: &str) -> Option<&Definition> {
        self.list.iter().find(|definition| definition.indicator.id == id)
    }

    /// The headline spec of a definition on a day.
    pub(crate) fn headline(
        &self,
        definition: &Definition,
        day: NaiveDate,
    ) -> Result<Spec, Vec<Refusal>> {
        let decided = self.decisions.iter().any(|decision| {
            decision.indicator == definition.indicator.id && decision.effective_from <= day
        });
        if decided {
            definition.indicator.headline_spec(&self.decisions, day)
        } else {
            Ok(definition.base.clone())
        }
    }
}

impl Definition {
    fn compile(pack: &Pack, indicator: &Indicator) -> Result<Self, Vec<Refusal>> {
        let named = |faults: Vec<Refusal>| -> Vec<Refusal> {
            faults
                .into_iter()
                .map(|fault| fault.file(format!("indicators/{}.toml", indicator.id)))
                .collect()
        };
        let base = Spec::compile(&indicator.spec).map_err(named)?;
        let mut readings = Vec::new();
        for (question, reading) in indicator.readings() {
            let id = ReadingId { question: question.id.clone(), reading: reading.id.clone() };
            let spec = indicator.reading_spec(&id).map_err(named)?;
            readings.push((id, Arc::new(spec)));
        }
        Ok(Self {
            indicator: indicator.clone(),
            hash: pack.definition_hash(&indicator.id).unwrap_or_default(),
            base,
            breakdowns: indicator.disaggregations.as_slice().into(),
            readings,
        })
    }

    /// Whether the definition waits for a milestone.
    pub(crate) fn is_child(&self) -> bool {
        self.indicator.role == Role::Child || self.indicator.activated_by.is_some()
    }
}

/// The status shown: an open question whose readings disagree with the headline
/// leaves the status undecided. Where the headline has no verdict (no evidence,
/// an unpublished baseline, no target) that is said instead.
pub(crate) fn shown_status(result: &IndicatorResult) -> Status {
    let verdict = |status: Status| {
        matches!(status, Status::Achieved | Status::OnPace | Status::Behind | Status::Missed)
    };
    let headline = result.headline.status;
    let disagrees = result
        .readings
        .iter()
        .filter(|(id, _)| result.undecided.contains(&id.question))
        .any(|(_, outcome)| outcome.status != headline);
    if verdict(headline) && disagrees { Status::UndecidedReading } else { headline }
}
