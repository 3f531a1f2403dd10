//! The calendar of one evaluation: which years are shown, which year or day the
//! headline speaks of.

use chrono::NaiveDate;
use shirube_model::indicator::{Kind, Spec};

/// Years and days an evaluation looks at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Frame {
    /// Day asked for.
    pub(crate) as_of: NaiveDate,
    /// Years of the window that have begun, in order.
    pub(crate) years: Vec<i32>,
    /// First and last base year.
    pub(crate) base: Option<(i32, i32)>,
    /// Year of a yearly headline.
    pub(crate) headline_year: Option<i32>,
    /// Day a stock is taken at.
    pub(crate) at: NaiveDate,
    /// Year before the window, where the path of a level starts.
    pub(crate) start_year: i32,
    /// Day before the window, where the path of a stock starts.
    pub(crate) start_day: NaiveDate,
}

impl Frame {
    pub(crate) fn of(spec: &Spec, as_of: NaiveDate) -> Self {
        let basis = spec.year_basis;
        let first = basis.year_of(spec.window.from);
        let last = basis.year_of(spec.window.to);
        let years = (first..=last).filter(|&y| basis.first_day(y) <= as_of).collect();
        let by = spec.target.map_or(spec.window.to, |target| target.by);
        let headline_year = (spec.kind.is_yearly() || spec.kind == Kind::Monitor).then(|| {
            let current = basis.year_of(as_of);
            let complete = if basis.last_day(current) <= as_of { current } else { current - 1 };
            let wanted = complete.min(basis.year_of(by)).min(last);
            // Before the first year of the window is complete, show it in part.
            if wanted < first { first } else { wanted }
        });
        let base = spec.baseline.and_then(|baseline| baseline.years());
        Self {
            as_of,
            years,
            base,
            headline_year,
            at: as_of.min(by),
            start_year: first - 1,
            start_day: spec.window.from.pred_opt().unwrap_or(spec.window.from),
        }
    }

    /// Years shown, the year before them and base years, in order, each once.
    pub(crate) fn known_years(&self) -> Vec<i32> {
        let mut years = self.years.clone();
        years.push(self.start_year);
        if let Some((from, to)) = self.base {
            years.extend(from..=to);
        }
        years.sort_unstable();
        years.dedup();
        years
    }
}
