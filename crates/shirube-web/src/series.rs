//! One indicator with its result on a day, as pages of one language show it.

use chrono::Datelike;
use rust_decimal::Decimal;
use shirube_indicators::board::IndicatorResult;
use shirube_model::indicator::{Indicator, Kind, Outcome, ReadingDecision, Spec};

use crate::figure::{Figure, Mark, Point};
use crate::labels::Labels;
use crate::request::Ctx;
use crate::text::Tr;
use crate::view::frame::StatusView;
use crate::words::Words;

/// Years drawn beyond the last one with a value, at most.
const YEARS_AHEAD_MAX: i32 = 12;

/// An indicator with its result and the spec behind its headline.
pub(crate) struct Series<'a> {
    pub t: Tr,
    pub labels: Labels<'a>,
    pub indicator: &'a Indicator,
    pub result: &'a IndicatorResult,
    /// The spec in effect; `None` only for a definition the pack check refuses.
    pub spec: Option<Spec>,
}

impl<'a> Series<'a> {
    /// Puts an indicator and its result together.
    pub(crate) fn new(ctx: &'a Ctx, indicator: &'a Indicator, result: &'a IndicatorResult) -> Self {
        Self::of(ctx, ctx.state.engine().decisions(), indicator, result)
    }

    /// The same for a result of another store, under the decisions it knows.
    pub(crate) fn of(
        ctx: &'a Ctx,
        decisions: &[ReadingDecision],
        indicator: &'a Indicator,
        result: &'a IndicatorResult,
    ) -> Self {
        let spec = indicator.headline_spec(decisions, result.headline.as_of).ok();
        Self { t: ctx.t, labels: ctx.labels(), indicator, result, spec }
    }

    pub(crate) fn words(&self) -> Words<'a> {
        Words { t: self.t, labels: self.labels }
    }

    /// Whether values are parts of a whole, shown in per cent.
    fn is_share(&self) -> bool {
        self.spec
            .as_ref()
            .is_some_and(|spec| matches!(spec.kind, Kind::ShareOfSet | Kind::ListCompletion))
    }

    /// The unit values are shown in.
    pub(crate) fn unit(&self) -> String {
        if self.is_share() {
            return self.t.get("web.percent");
        }
        self.labels.unit(&self.indicator.unit)
    }

    pub(crate) fn status(&self) -> StatusView {
        StatusView::new(self.t, self.result.status)
    }

    /// A value in the unit shown. Shares are shown to a tenth of a per cent; the
    /// parts they are made of stand beside them.
    pub(crate) fn scaled(&self, value: Decimal) -> Decimal {
        if self.is_share() { (value * Decimal::ONE_HUNDRED).round_dp(1) } else { value }
    }

    /// Where a path stands or a projection leads, or a dash.
    pub(crate) fn estimate(&self, value: Option<Decimal>) -> String {
        value.map_or_else(|| self.t.dash(), |value| self.t.estimate(self.scaled(value)))
    }

    /// A value, or a dash where there is none.
    pub(crate) fn value(&self, value: Option<Decimal>) -> String {
        value.map_or_else(|| self.t.dash(), |value| self.t.number(self.scaled(value)))
    }

    /// A value with its unit.
    pub(crate) fn amount(&self, value: Decimal) -> String {
        self.words().amount(self.scaled(value), &self.unit())
    }

    /// The difference of a value to the headline.
    pub(crate) fn difference(&self, value: Option<Decimal>) -> String {
        match value.zip(self.result.headline.value) {
            Some((value, headline)) => self.t.signed(self.scaled(value) - self.scaled(headline)),
            None => self.t.dash(),
        }
    }

    /// The day the target is for, in few characters.
    pub(crate) fn by(&self) -> String {
        match self.spec.as_ref().and_then(|spec| spec.target) {
            Some(target) => self.t.with("web.by", "day", self.t.short_day(target.by)),
            None => self.t.get("web.target.none"),
        }
    }

    /// The chart of an outcome of this indicator.
    pub(crate) fn figure(&self, outcome: &Outcome, spec: &Spec) -> Figure {
        let points = self.points(outcome, spec);
        let last = last_year(outcome);
        let first = outcome.years.first().map_or(last + 1, |year| year.year);
        let deadline = spec.target.map(|target| spec.year_basis.year_of(target.by));
        let at = deadline.and_then(|year| usize::try_from(year - first).ok());
        let projection = at
            .filter(|at| *at < points.len() && deadline > Some(last))
            .zip(outcome.projection.map(|value| self.scaled(value)));
        Figure {
            description: self.description(outcome, &points),
            title: self.t.with("web.chart.title", "name", self.t.side(&self.indicator.name)),
            mark: mark(spec),
            target: outcome.target.map(|target| self.scaled(target)),
            projection,
            points,
        }
    }

    /// Years with values, then years up to the deadline.
    fn points(&self, outcome: &Outcome, spec: &Spec) -> Vec<Point> {
        let label = |year| self.t.year(spec.year_basis, year);
        let scaled = |value: Option<Decimal>| value.map(|value| self.scaled(value));
        let mut points: Vec<Point> = outcome
            .years
            .iter()
            .map(|year| Point {
                label: label(year.year),
                value: scaled(year.value),
                path: scaled(year.path),
                complete: year.complete,
            })
            .collect();
        let last = last_year(outcome);
        let Some(target) = spec.target else { return points };
        let deadline = spec.year_basis.year_of(target.by);
        for year in (last + 1)..=deadline.min(last + YEARS_AHEAD_MAX) {
            let path = scaled(outcome.target).filter(|_| year == deadline);
            points.push(Point { label: label(year), value: None, path, complete: false });
        }
        points
    }

    /// Every value of the chart in words.
    fn description(&self, outcome: &Outcome, points: &[Point]) -> String {
        let t = self.t;
        let values: Vec<String> = points
            .iter()
            .filter_map(|point| Some(format!("{} {}", point.label, t.number(point.value?))))
            .collect();
        let values = if values.is_empty() { t.get("web.chart.no-value") } else { t.list(&values) };
        let target = self.value(outcome.target);
        t.args(
            "web.chart.description",
            &[("values", values), ("unit", self.unit()), ("target", target)],
        )
    }
}

/// Values that do not run on from year to year stand side by side.
pub(crate) fn mark(spec: &Spec) -> Mark {
    if spec.kind.is_yearly() || spec.kind == Kind::Monitor { Mark::Bars } else { Mark::Line }
}

fn last_year(outcome: &Outcome) -> i32 {
    outcome.years.last().map_or(outcome.as_of.year(), |year| year.year)
}
