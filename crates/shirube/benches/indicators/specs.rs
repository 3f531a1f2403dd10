//! The series of the pack as requests: each under its base spec and under every
//! reading.

use std::sync::Arc;

use anyhow::{Result, bail};
use shirube_indicators::evaluate::Request;
use shirube_model::indicator::{Disaggregation, Indicator, ReadingId, Role, Spec};
use shirube_model::refusal::Refusal;
use shirube_pack::Pack;

/// One series with its compiled specs.
struct Series {
    id: String,
    base: Arc<Spec>,
    readings: Vec<Arc<Spec>>,
    breakdowns: Arc<[Disaggregation]>,
}

/// All series of a pack.
pub(crate) struct Specs {
    series: Vec<Series>,
}

impl Specs {
    pub(crate) fn of(pack: &Pack) -> Result<Self> {
        let mut series = Vec::new();
        for indicator in pack.indicators.iter().filter(|i| i.role == Role::Series) {
            match compile(indicator) {
                Ok(compiled) => series.push(compiled),
                Err(faults) => bail!("{}: {faults:?}", indicator.id),
            }
        }
        Ok(Self { series })
    }

    pub(crate) fn series(&self) -> usize {
        self.series.len()
    }

    pub(crate) fn readings(&self) -> usize {
        self.series.iter().map(|series| series.readings.len()).sum()
    }

    pub(crate) fn breakdowns(&self) -> usize {
        self.series.iter().map(|series| series.breakdowns.len()).sum()
    }

    /// Every series under its base spec and under every reading, with breakdowns.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.series
            .iter()
            .flat_map(|series| {
                std::iter::once(&series.base).chain(&series.readings).map(|spec| Request {
                    spec: spec.clone(),
                    breakdowns: series.breakdowns.clone(),
                })
            })
            .collect()
    }

    /// Id and base spec of every series.
    pub(crate) fn bases(&self) -> impl Iterator<Item = (&str, &Arc<Spec>)> {
        self.series.iter().map(|series| (series.id.as_str(), &series.base))
    }
}

fn compile(indicator: &Indicator) -> Result<Series, Vec<Refusal>> {
    let mut readings = Vec::new();
    for (question, reading) in indicator.readings() {
        let id = ReadingId { question: question.id.clone(), reading: reading.id.clone() };
        readings.push(Arc::new(indicator.reading_spec(&id)?));
    }
    Ok(Series {
        id: indicator.id.clone(),
        base: Arc::new(Spec::compile(&indicator.spec)?),
        readings,
        breakdowns: indicator.disaggregations.as_slice().into(),
    })
}
