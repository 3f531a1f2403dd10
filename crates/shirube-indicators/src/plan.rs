//! What the second half of an evaluation does, resolved from spec and day.
//!
//! Readings that differ only in target or baseline have the same plan, and are
//! counted once.

use shirube_model::indicator::{Disaggregation, Kind, Measure, Once, Spec};

use crate::caches::Caches;
use crate::columns::day_number;
use crate::frame::Frame;
use crate::stage::key_field;

/// How records are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Mode {
    /// Records dated in a window or year.
    Window,
    /// Distinct keys in a window or year: each belongs to its first record.
    WindowKeys(Once),
    /// Records in force at points.
    Stock,
    /// Distinct keys in force at points.
    StockKeys,
    /// The latest record of a key in a year decides.
    Share,
    /// Sums by group and year of one or two evidences, of the request with
    /// this number.
    Series(usize),
}

/// A plan. Days are day numbers, both ends included.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Plan {
    pub(crate) mode: Mode,
    /// Stages of the evidences.
    pub(crate) stages: Vec<usize>,
    /// Register of the main evidence.
    pub(crate) table: usize,
    /// Days of the window.
    pub(crate) window: (i32, i32),
    /// Days that count for the headline.
    pub(crate) headline: (i32, i32),
    /// Whether the headline is the level of one year.
    pub(crate) yearly: bool,
    /// Known years: year, first day, last day.
    pub(crate) years: Vec<(i32, i32, i32)>,
    /// Year before the window.
    pub(crate) start_year: i32,
    /// Days at which a stock or list is taken: the end of every known year, the
    /// day before the window, the day of the headline.
    pub(crate) points: Vec<i32>,
    /// Field added up; records count one each when absent.
    pub(crate) sum: Option<&'static str>,
    /// Field whose distinct values count.
    pub(crate) key: Option<&'static str>,
    /// Keys that count, when only some do.
    pub(crate) elements: Option<Vec<String>>,
    pub(crate) to: Option<&'static str>,
    pub(crate) done: Option<&'static str>,
    pub(crate) left_out: Option<&'static str>,
    /// Filter number of the inner threshold of a share.
    pub(crate) inner: Option<usize>,
    /// Breakdowns: id and field.
    pub(crate) breakdowns: Vec<(String, String)>,
}

impl Plan {
    pub(crate) fn of(
        number: usize,
        spec: &Spec,
        frame: &Frame,
        breakdowns: &[Disaggregation],
        stages: Vec<usize>,
        (table, caches): (usize, &mut Caches),
    ) -> Self {
        let yearly = frame.headline_year.is_some();
        let key = key_field(spec).map(|field| field.name);
        let mode = match (spec.kind, spec.evidence.measure, key) {
            (Kind::DeltaComparison | Kind::Trend, ..) => Mode::Series(number),
            (Kind::ShareOfSet, _, Some(_)) => Mode::Share,
            (Kind::Stock | Kind::ListCompletion, _, None) => Mode::Stock,
            (Kind::Stock | Kind::ListCompletion, _, Some(_)) => Mode::StockKeys,
            (_, _, None) => Mode::Window,
            (_, Measure::Distinct(_, Once::Window), _) if yearly => Mode::WindowKeys(Once::Year),
            (_, Measure::Distinct(_, once), _) => Mode::WindowKeys(once),
            _ => Mode::WindowKeys(Once::Window),
        };
        let days = |from, to| (day_number(from), day_number(to));
        let window = days(spec.window.from, spec.window.to);
        let basis = spec.year_basis;
        let years: Vec<(i32, i32, i32)> = frame
            .known_years()
            .into_iter()
            .map(|y| (y, day_number(basis.first_day(y)), day_number(basis.last_day(y))))
            .collect();
        let stock = matches!(mode, Mode::Stock | Mode::StockKeys);
        Self {
            stages,
            table,
            window,
            headline: frame
                .headline_year
                .map_or(window, |year| days(basis.first_day(year), basis.last_day(year))),
            yearly,
            points: if stock { points(spec, frame, &years) } else { Vec::new() },
            years,
            start_year: frame.start_year,
            sum: match spec.evidence.measure {
                Measure::Sum(field) if key.is_none() => Some(field.name),
                _ => None,
            },
            key,
            elements: (matches!(spec.kind, Kind::Milestone | Kind::MilestoneCreates)
                && !spec.elements.is_empty())
            .then(|| spec.elements.clone()),
            to: spec.evidence.to.filter(|_| stock).map(|field| field.name),
            done: spec.done.filter(|_| stock).map(|field| field.name),
            left_out: spec.left_out.filter(|_| stock).map(|field| field.name),
            inner: spec
                .inner
                .as_ref()
                .filter(|_| mode == Mode::Share)
                .map(|inner| caches.filter(table, inner)),
            breakdowns: breakdowns.iter().map(|b| (b.id.clone(), b.field.clone())).collect(),
            mode,
        }
    }

    /// Scopes in which records compete for a key.
    pub(crate) fn scopes(&self) -> usize {
        match self.mode {
            Mode::WindowKeys(Once::Ever) => 1,
            // Before, in and after the window.
            Mode::WindowKeys(Once::Window) => 3,
            // Records of other years compete among themselves.
            Mode::WindowKeys(Once::Year) => self.years.len() + 1,
            Mode::Share => self.years.len(),
            Mode::StockKeys => self.points.len(),
            Mode::Window | Mode::Stock | Mode::Series(_) => 0,
        }
    }

    /// Place of the year a day falls in.
    pub(crate) fn year(&self, day: i32) -> Option<usize> {
        let after = self.years.partition_point(|(_, first, _)| *first <= day);
        let index = after.checked_sub(1)?;
        self.years.get(index).filter(|(_, _, last)| day <= *last).map(|_| index)
    }
}

fn points(spec: &Spec, frame: &Frame, years: &[(i32, i32, i32)]) -> Vec<i32> {
    let as_of = day_number(frame.as_of);
    let mut points: Vec<i32> = years.iter().map(|(_, _, last)| (*last).min(as_of)).collect();
    points.push(day_number(frame.start_day));
    points.push(match spec.kind {
        Kind::ListCompletion => as_of,
        _ => day_number(frame.at),
    });
    points
}
