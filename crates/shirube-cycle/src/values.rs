//! Indicator values for reports: as they stand, or frozen at the approval.

use std::sync::Arc;

use chrono::NaiveDate;
use shirube_indicators::board::{Board, IndicatorResult};
use shirube_model::indicator::{Indicator, Role as Purpose};
use shirube_model::lang::LocalText;
use shirube_model::refusal::Refusal;
use shirube_report::{Evidence, IndicatorValue, Role};
use shirube_store::StoreClass;

use crate::FollowUp;
use crate::error::CycleError;

impl FollowUp {
    pub(crate) fn evidence(&self) -> Evidence {
        match self.store.meta().class {
            StoreClass::Demo => Evidence::Demo,
            StoreClass::Live => Evidence::Live,
        }
    }

    pub(crate) async fn board(&self, as_of: NaiveDate) -> Result<Arc<Board>, CycleError> {
        Ok(self.engine.board(as_of).await?)
    }

    /// The values of some indicators as they stand on the day of a board.
    pub(crate) fn values(
        &self,
        indicators: &[String],
        board: &Board,
    ) -> Result<Vec<IndicatorValue>, CycleError> {
        indicators
            .iter()
            .map(|id| {
                let unknown = || Refusal::new("indicator.unknown").arg("id", id);
                let definition = self.pack.indicator(id).ok_or_else(unknown)?;
                let result = board.result(id).ok_or_else(unknown)?;
                self.value(definition, result, board.as_of)
            })
            .collect()
    }

    fn value(
        &self,
        definition: &Indicator,
        result: &IndicatorResult,
        as_of: NaiveDate,
    ) -> Result<IndicatorValue, CycleError> {
        let spec = definition.headline_spec(self.engine.decisions(), as_of)?;
        let unit = self.pack.term("units", &definition.unit);
        let headline = &result.headline;
        Ok(IndicatorValue {
            indicator: definition.id.clone(),
            name: definition.name.clone(),
            role: match definition.role {
                Purpose::Goal => Role::Goal,
                Purpose::Series | Purpose::Child => Role::Output,
            },
            unit: definition.unit.clone(),
            unit_name: unit.map_or_else(
                || LocalText::new(&definition.unit, &definition.unit),
                |term| term.label.clone(),
            ),
            as_of,
            window_from: Some(spec.window.from),
            value: headline.value,
            target: headline.target,
            target_by: spec.target.map(|target| target.by),
            status: result.status,
            year_basis: spec.year_basis,
            years: headline.years.clone(),
            digest: headline.digest.clone(),
            stamp: result.stamp.clone(),
            kept: None,
            evidence: self.evidence(),
        })
    }

    /// The values, each kept in the store under a number it can be verified by.
    pub(crate) async fn kept_values(
        &self,
        indicators: &[String],
        as_of: NaiveDate,
    ) -> Result<Vec<IndicatorValue>, CycleError> {
        let board = self.board(as_of).await?;
        let mut values = self.values(indicators, &board)?;
        for value in &mut values {
            value.kept = Some(self.engine.keep(&value.indicator, as_of).await?);
        }
        Ok(values)
    }
}
