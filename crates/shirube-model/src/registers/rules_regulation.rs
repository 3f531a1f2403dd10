//! Rules of lists, regulation, ventures, data use, cooperation, exercises,
//! decisions and statistics.

use rust_decimal::Decimal;

use super::Rules;
use super::regulation::{
    Adoption, BusinessMove, Cooperation, DataUse, Decision, Exercise, InvestmentRound, ListEntry,
    Observation, ReferenceList, RegulatoryEvent, Valuation,
};
use super::rules::{before, broken, negative};
use crate::refusal::Refusal;

impl Rules for ReferenceList {
    fn rules(&self) -> Vec<Refusal> {
        broken([(
            before(self.valid_to, self.valid_from),
            "valid_to",
            Refusal::new("registers.reference_list.ends-before-start"),
        )])
    }
}

// Work done before the item came on the list is allowed: a list may name items
// that others had begun.
impl Rules for ListEntry {
    fn rules(&self) -> Vec<Refusal> {
        let excluded = self.exclusion_reason.is_some() || self.excluded_on.is_some();
        broken([
            (
                before(self.valid_to, self.valid_from),
                "valid_to",
                Refusal::new("registers.list_entry.ends-before-start"),
            ),
            (
                self.done_on.is_some() && excluded,
                "done_on",
                Refusal::new("registers.list_entry.done-and-excluded"),
            ),
            (
                self.excluded_on.is_some() && self.exclusion_reason.is_none(),
                "exclusion_reason",
                Refusal::new("registers.list_entry.exclusion-without-reason"),
            ),
            (
                self.exclusion_reason.is_some() && self.excluded_on.is_none(),
                "excluded_on",
                Refusal::new("registers.list_entry.exclusion-without-day"),
            ),
            (
                self.judged_on.is_some() && self.necessity.is_none(),
                "necessity",
                Refusal::new("registers.list_entry.day-without-judgement"),
            ),
        ])
    }
}

/// Kinds of product to which the law gives no device class. Diagnostics and
/// combination products may have one.
const MEDICINES: [&str; 4] = ["drug", "otc", "therapeutic", "vaccine"];

impl Rules for RegulatoryEvent {
    fn rules(&self) -> Vec<Refusal> {
        let medicine =
            self.product_type.as_deref().is_some_and(|product| MEDICINES.contains(&product));
        broken([
            (
                before(self.revoked_on, self.occurred_on),
                "revoked_on",
                Refusal::new("registers.regulatory_event.revoked-before-act"),
            ),
            (
                medicine && self.device_class.is_some(),
                "device_class",
                Refusal::new("registers.regulatory_event.device-class-of-medicine"),
            ),
        ])
    }
}

impl Rules for Valuation {
    fn rules(&self) -> Vec<Refusal> {
        broken([(
            negative(self.valuation_yen),
            "valuation_yen",
            Refusal::new("registers.valuation.negative-value"),
        )])
    }
}

impl Rules for InvestmentRound {
    fn rules(&self) -> Vec<Refusal> {
        broken([
            (
                negative(self.amount_yen),
                "amount_yen",
                Refusal::new("registers.investment_round.negative-yen"),
            ),
            (
                self.amount.is_some_and(|amount| amount < Decimal::ZERO),
                "amount",
                Refusal::new("registers.investment_round.negative-amount"),
            ),
            (
                self.currency == "JPY"
                    && self.amount.is_some_and(|amount| amount != Decimal::from(self.amount_yen)),
                "amount",
                Refusal::new("registers.investment_round.yen-differ"),
            ),
        ])
    }
}

// One day only: nothing in it can contradict itself.
impl Rules for Adoption {}

// One day only, and a move may come from several activities or from none that
// is on record.
impl Rules for BusinessMove {}

// A start before the approval is allowed: one research may use several
// databases, each with an approval of its own.
impl Rules for DataUse {}

impl Rules for Cooperation {
    fn rules(&self) -> Vec<Refusal> {
        broken([
            (self.country == "JP", "country", Refusal::new("registers.cooperation.not-abroad")),
            (
                negative(self.direct_beneficiaries),
                "direct_beneficiaries",
                Refusal::new("registers.cooperation.negative-beneficiaries"),
            ),
            (
                negative(self.trainees),
                "trainees",
                Refusal::new("registers.cooperation.negative-trainees"),
            ),
        ])
    }
}

impl Rules for Exercise {
    fn rules(&self) -> Vec<Refusal> {
        let trial_first = match (self.hours_to_candidate, self.hours_to_trial) {
            (Some(candidate), Some(trial)) => trial < candidate,
            _ => false,
        };
        broken([
            (
                before(self.report_on, self.held_on),
                "report_on",
                Refusal::new("registers.exercise.report-before-exercise"),
            ),
            (
                negative(self.participants),
                "participants",
                Refusal::new("registers.exercise.negative-participants"),
            ),
            (
                negative(self.hours_to_candidate),
                "hours_to_candidate",
                Refusal::new("registers.exercise.negative-hours"),
            ),
            (
                negative(self.hours_to_trial),
                "hours_to_trial",
                Refusal::new("registers.exercise.negative-hours"),
            ),
            (
                trial_first,
                "hours_to_trial",
                Refusal::new("registers.exercise.trial-before-candidate"),
            ),
        ])
    }
}

// One day and a target of any sign: nothing in it can contradict itself.
impl Rules for Decision {}

/// Series whose unit stands at the end of their code, with the range that the
/// unit allows. A share may be written from 0 to 1 or from 0 to 100. Other
/// series, such as a balance in yen, may hold any value.
const SERIES_RANGES: [(&str, Option<Decimal>); 9] = [
    ("life_expectancy", Some(Decimal::from_parts(150, 0, 0, false, 0))),
    ("_years", Some(Decimal::from_parts(150, 0, 0, false, 0))),
    ("_share", Some(Decimal::ONE_HUNDRED)),
    ("_count", None),
    ("_accesses", None),
    ("_products", None),
    ("_export_yen", None),
    ("_market_yen", None),
    ("_sales_yen", None),
];

/// The smallest and largest value a series may hold, where its unit is known.
fn series_range(series: &str) -> Option<(Decimal, Decimal)> {
    let (_, top) = SERIES_RANGES.iter().find(|(unit, _)| series.ends_with(unit))?;
    Some((Decimal::ZERO, top.unwrap_or(Decimal::MAX)))
}

/// The sex that the code of a series names.
fn series_sex(series: &str) -> Option<&'static str> {
    ["female", "male"]
        .into_iter()
        .find(|sex| series.strip_suffix(sex).is_some_and(|rest| rest.ends_with('_')))
}

// Retrieval within the period is allowed: provisional figures appear early.
impl Rules for Observation {
    fn rules(&self) -> Vec<Refusal> {
        let range = series_range(&self.series);
        let named_sex = series_sex(&self.series);
        broken([
            (
                before(self.period_to, self.period_from),
                "period_to",
                Refusal::new("registers.observation.period-reversed"),
            ),
            (
                before(self.retrieved_on, self.period_from),
                "retrieved_on",
                Refusal::new("registers.observation.retrieved-before-period"),
            ),
            (
                range.is_some_and(|(low, high)| self.value < low || self.value > high),
                "value",
                Refusal::new("registers.observation.value-range"),
            ),
            (
                named_sex.is_some() && self.sex.is_some() && self.sex.as_deref() != named_sex,
                "sex",
                Refusal::new("registers.observation.sex-differs"),
            ),
        ])
    }
}
