//! From what was counted to the outcome: ratios, paths, projection, status.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use rust_decimal::{Decimal, RoundingStrategy};
use shirube_model::indicator::{
    BaselineState, EvidenceProof, Group, GroupRow, Kind, Outcome, Spec, StatusInput, YearPoint,
    status_of,
};

use crate::frame::Frame;

/// What an evaluator counted. Levels are in the unit of the evidence.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Tally {
    /// Level by year: of the year alone, or at its end for stocks and lists.
    pub(crate) levels: BTreeMap<i32, Decimal>,
    /// Numerator by year for shares and lists.
    pub(crate) numerators: BTreeMap<i32, Decimal>,
    /// Level of the headline: total, level of the year, or stock.
    pub(crate) headline: Decimal,
    /// Numerator of the headline for shares and lists.
    pub(crate) headline_numerator: Decimal,
    /// Measure dated before the window, for computed cumulative baselines.
    pub(crate) before: Decimal,
    /// Level of the stock or year just before the window, for the path.
    pub(crate) start: Decimal,
    /// Sums by group and year, one map per evidence (comparisons and trends).
    pub(crate) series: Vec<BTreeMap<String, BTreeMap<i32, Decimal>>>,
    /// Breakdowns of the headline, in the order of the definition.
    pub(crate) groups: Vec<(String, BTreeMap<String, Decimal>)>,
    /// Proof by evidence.
    pub(crate) proofs: Vec<EvidenceProof>,
}

/// Values are rounded half to even at this many digits.
const DIGITS: u32 = 6;

fn divide(numerator: Decimal, denominator: Decimal) -> Option<Decimal> {
    let quotient = numerator.checked_div(denominator)?;
    Some(quotient.round_dp_with_strategy(DIGITS, RoundingStrategy::MidpointNearestEven).normalize())
}

fn days(from: NaiveDate, to: NaiveDate) -> Decimal {
    Decimal::from((to - from).num_days())
}

/// What the headline and the years are divided by.
#[derive(Clone, Copy)]
enum Base {
    None,
    Known(Decimal),
    Unpublished,
    Zero,
}

/// The outcome without its digest, which depends on how the proof is hashed.
pub(crate) fn finish(spec: &Spec, frame: &Frame, tally: Tally) -> Outcome {
    let base = baseline(spec, &tally);
    let (value, denominator, target) = headline(spec, &tally, base);
    let path = Path::of(spec, frame, &tally, base, target);
    let years = years(spec, frame, &tally, base, &path);
    let failed = spec.target.zip(target).is_some_and(|(rule, goal)| {
        years
            .iter()
            .filter(|point| point.complete)
            .any(|point| point.value.is_some_and(|v| !rule.comparison.holds(v, goal)))
    });
    let expected = path.at(frame.as_of);
    let counted = tally.proofs.iter().map(EvidenceProof::counted).sum();
    let status = status_of(
        spec,
        StatusInput {
            as_of: frame.as_of,
            value,
            target,
            expected,
            counted,
            unpublished: matches!(base, Base::Unpublished),
            year_failed: failed,
            year_open: frame
                .headline_year
                .is_some_and(|year| spec.year_basis.last_day(year) > frame.as_of),
        },
    );
    let mut groups: Vec<Group> = tally
        .groups
        .iter()
        .map(|(id, rows)| Group { id: id.clone(), rows: group_rows(rows) })
        .collect();
    groups.extend(series_groups(spec, &tally));
    let numerator = match spec.kind {
        Kind::ShareOfSet | Kind::ListCompletion => tally.headline_numerator,
        Kind::RatioToCumulative => tally.headline + included_baseline(spec, base),
        _ => tally.headline,
    };
    Outcome {
        as_of: frame.as_of,
        value,
        headline_year: frame.headline_year,
        numerator: numerator.normalize(),
        denominator,
        target,
        expected,
        projection: path.projection(frame.as_of, value),
        status,
        years,
        groups,
        proofs: tally.proofs,
        digest: String::new(),
    }
}

fn group_rows(rows: &BTreeMap<String, Decimal>) -> Vec<GroupRow> {
    rows.iter()
        .map(|(code, value)| GroupRow { code: code.clone(), value: value.normalize() })
        .collect()
}

fn baseline(spec: &Spec, tally: &Tally) -> Base {
    let Some(baseline) = spec.baseline else { return Base::None };
    if matches!(spec.kind, Kind::DeltaComparison) {
        return Base::None;
    }
    let known = match baseline.state {
        BaselineState::Unpublished => return Base::Unpublished,
        BaselineState::Value => baseline.value.unwrap_or_default(),
        BaselineState::Computed => match (spec.kind, baseline.years()) {
            (Kind::RatioToCumulative, _) | (_, None) => tally.before,
            (_, Some((from, to))) => {
                let sum: Decimal =
                    (from..=to).filter_map(|year| tally.levels.get(&year)).copied().sum();
                divide(sum, Decimal::from(to - from + 1)).unwrap_or_default()
            }
        },
    };
    if known > Decimal::ZERO { Base::Known(known) } else { Base::Zero }
}

fn included_baseline(spec: &Spec, base: Base) -> Decimal {
    match base {
        Base::Known(base) if spec.baseline.is_some_and(|b| b.included) => base,
        _ => Decimal::ZERO,
    }
}

/// Value, denominator and target of the headline.
fn headline(
    spec: &Spec,
    tally: &Tally,
    base: Base,
) -> (Option<Decimal>, Option<Decimal>, Option<Decimal>) {
    let target = spec.target.and_then(|target| target.value);
    let level = Some(tally.headline.normalize());
    match spec.kind {
        Kind::Cumulative | Kind::Annual | Kind::Stock | Kind::Monitor => (level, None, target),
        Kind::RatioToBaseYear | Kind::RatioToCumulative => match base {
            Base::Known(base) => {
                let numerator = tally.headline + included_baseline(spec, Base::Known(base));
                (divide(numerator, base), Some(base.normalize()), target)
            }
            _ => (None, None, target),
        },
        Kind::ThresholdBaseMean => match base {
            Base::Known(base) => (level, None, Some(base.normalize())),
            _ => (level, None, None),
        },
        Kind::ShareOfSet => (
            divide(tally.headline_numerator, tally.headline),
            Some(tally.headline.normalize()),
            target,
        ),
        Kind::ListCompletion => (
            divide(tally.headline_numerator, tally.headline),
            Some(tally.headline.normalize()),
            Some(target.unwrap_or(Decimal::ONE)),
        ),
        Kind::Milestone | Kind::MilestoneCreates => {
            let whole = Decimal::from(spec.elements.len().max(1));
            (level, None, Some(target.unwrap_or(whole)))
        }
        Kind::DeltaComparison => {
            (smallest_gap(spec, tally), None, Some(target.unwrap_or_default()))
        }
        Kind::Trend => {
            let (value, groups) = rising_groups(spec, tally);
            (value, None, Some(target.unwrap_or(groups)))
        }
    }
}

/// Smallest difference over the groups between the change of the first
/// evidence and the change of the second, from the base year to the latest year
/// that every group has in both.
fn smallest_gap(spec: &Spec, tally: &Tally) -> Option<Decimal> {
    gaps(spec, tally)?.into_values().min().map(|gap| gap.normalize())
}

/// Base year and latest common year of a comparison.
pub(crate) fn compared_years(
    spec: &Spec,
    series: &[BTreeMap<String, BTreeMap<i32, Decimal>>],
) -> Option<(i32, i32)> {
    let (base, _) = spec.baseline?.years()?;
    let [main, compare] = series else { return None };
    let groups: Vec<&String> = main.keys().chain(compare.keys()).collect();
    let everywhere = |year: &i32| {
        groups.iter().all(|group| {
            [main, compare]
                .iter()
                .all(|side| side.get(*group).is_some_and(|years| years.contains_key(year)))
        })
    };
    let candidates = main.values().flat_map(|years| years.keys()).filter(|&&year| year > base);
    let latest = candidates.copied().filter(|year| everywhere(year)).max()?;
    everywhere(&base).then_some((base, latest))
}

fn gaps(spec: &Spec, tally: &Tally) -> Option<BTreeMap<String, Decimal>> {
    let (base, latest) = compared_years(spec, &tally.series)?;
    let [main, compare] = tally.series.as_slice() else { return None };
    let change = |years: &BTreeMap<i32, Decimal>| Some(years.get(&latest)? - years.get(&base)?);
    main.iter()
        .map(|(group, years)| Some((group.clone(), change(years)? - change(compare.get(group)?)?)))
        .collect()
}

/// Groups of a trend: those asked for, or those found.
fn trend_groups(spec: &Spec, tally: &Tally) -> Vec<String> {
    if !spec.elements.is_empty() {
        return spec.elements.clone();
    }
    tally.series.first().map_or_else(Vec::new, |series| series.keys().cloned().collect())
}

/// Number of groups whose trend has the wanted sign, and number of groups.
/// `None` until every group has three years.
fn rising_groups(spec: &Spec, tally: &Tally) -> (Option<Decimal>, Decimal) {
    let groups = trend_groups(spec, tally);
    let whole = Decimal::from(groups.len().max(1));
    let mut rising = 0u32;
    for group in &groups {
        let years = tally.series.first().and_then(|series| series.get(group));
        let Some(slope) = years.and_then(slope_sign) else { return (None, whole) };
        let wanted = if spec.falling { slope < Decimal::ZERO } else { slope > Decimal::ZERO };
        rising += u32::from(wanted);
    }
    if groups.is_empty() { (None, whole) } else { (Some(rising.into()), whole) }
}

/// A number with the sign of the least-squares slope: n²·cov(x, y), exact.
fn slope_sign(years: &BTreeMap<i32, Decimal>) -> Option<Decimal> {
    if years.len() < 3 {
        return None;
    }
    let n = Decimal::from(years.len());
    let first = *years.keys().next()?;
    let (mut sum_x, mut sum_y, mut sum_xy) = (Decimal::ZERO, Decimal::ZERO, Decimal::ZERO);
    for (year, y) in years {
        let x = Decimal::from(year - first);
        sum_x += x;
        sum_y += y;
        sum_xy += x * y;
    }
    Some(n * sum_xy - sum_x * sum_y)
}

/// Groups that comparisons and trends show beside the value.
fn series_groups(spec: &Spec, tally: &Tally) -> Vec<Group> {
    let rows = match spec.kind {
        Kind::DeltaComparison => gaps(spec, tally).unwrap_or_default(),
        Kind::Trend => trend_groups(spec, tally)
            .into_iter()
            .filter_map(|group| {
                let years = tally.series.first()?.get(&group)?;
                let slope = slope_sign(years)?;
                let sign = if slope.is_zero() { Decimal::ZERO } else { slope / slope.abs() };
                Some((group, sign))
            })
            .collect(),
        _ => return Vec::new(),
    };
    vec![Group { id: "group_by".to_owned(), rows: group_rows(&rows) }]
}

/// The straight path from where the series starts to the target.
struct Path {
    start: Decimal,
    goal: Option<Decimal>,
    from: NaiveDate,
    by: NaiveDate,
}

impl Path {
    fn of(spec: &Spec, frame: &Frame, tally: &Tally, base: Base, target: Option<Decimal>) -> Self {
        let by = spec.target.map_or(spec.window.to, |target| target.by);
        let start = match (spec.kind, base) {
            (Kind::Annual | Kind::Stock, _) => tally.start,
            (Kind::RatioToBaseYear, _) => Decimal::ONE,
            (Kind::RatioToCumulative, _) if spec.baseline.is_some_and(|b| b.included) => {
                Decimal::ONE
            }
            (Kind::ShareOfSet | Kind::ListCompletion, _) => divide(
                tally.numerators.values().next().copied().unwrap_or_default(),
                tally.levels.values().next().copied().unwrap_or_default(),
            )
            .filter(|_| frame.years.len() > 1)
            .unwrap_or_default(),
            _ => Decimal::ZERO,
        };
        let steady = matches!(
            spec.kind,
            Kind::ThresholdBaseMean | Kind::DeltaComparison | Kind::Trend | Kind::Monitor
        ) || spec.target.is_some_and(|target| target.each_year);
        let goal = target.filter(|_| !steady && spec.target.is_some());
        Self { start, goal, from: spec.window.from, by }
    }

    /// Where the path stands on a day, between its ends.
    fn at(&self, day: NaiveDate) -> Option<Decimal> {
        let goal = self.goal?;
        let whole = days(self.from, self.by) + Decimal::ONE;
        if whole <= Decimal::ZERO {
            return Some(goal);
        }
        let gone = days(self.from, day.clamp(self.from, self.by)) + Decimal::ONE;
        let step = (goal - self.start).checked_mul(gone)?;
        divide(step, whole).map(|risen| (self.start + risen).normalize())
    }

    /// Value at the deadline if the series goes on as it has since the start.
    fn projection(&self, day: NaiveDate, value: Option<Decimal>) -> Option<Decimal> {
        let (value, _) = (value?, self.goal?);
        if day >= self.by {
            return Some(value);
        }
        let gone = days(self.from, day) + Decimal::ONE;
        if gone <= Decimal::ZERO {
            return None;
        }
        let whole = days(self.from, self.by) + Decimal::ONE;
        let risen = (value - self.start).checked_mul(whole)?;
        divide(risen, gone).map(|risen| (self.start + risen).normalize())
    }
}

fn years(spec: &Spec, frame: &Frame, tally: &Tally, base: Base, path: &Path) -> Vec<YearPoint> {
    let mut total = included_baseline(spec, base);
    let mut points = Vec::with_capacity(frame.years.len());
    for &year in &frame.years {
        let level = tally.levels.get(&year).copied().unwrap_or_default();
        total += level;
        let share = || divide(tally.numerators.get(&year).copied().unwrap_or_default(), level);
        let value = match (spec.kind, base) {
            (Kind::Cumulative | Kind::Milestone | Kind::MilestoneCreates, _) => Some(total),
            (Kind::Annual | Kind::Stock | Kind::ThresholdBaseMean | Kind::Monitor, _) => {
                Some(level)
            }
            (Kind::RatioToBaseYear, Base::Known(base)) => divide(level, base),
            (Kind::RatioToCumulative, Base::Known(base)) => divide(total, base),
            (Kind::ShareOfSet | Kind::ListCompletion, _) => share(),
            _ => None,
        };
        let last_day = spec.year_basis.last_day(year);
        points.push(YearPoint {
            year,
            complete: last_day <= frame.as_of,
            level: level.normalize(),
            value: value.map(|v| v.normalize()),
            path: path.at(last_day),
        });
    }
    points
}
