//! The second half of an evaluation: window, keys, levels and breakdowns, over
//! the columns.

use std::collections::BTreeMap;

use shirube_model::indicator::{Class, Disaggregation, EvidenceProof, Kind, Measure, Once, Spec};

use crate::columns::{Columns, NO_DATE, NO_TEXT, ONE, Table, View, day_number, decimal};
use crate::error::EvalError;
use crate::finish::Tally;
use crate::frame::Frame;
use crate::keys::{Keys, Span, Years, claim};
use crate::series::series_tally;
use crate::stage::{Caches, Stage, key_field};

/// No record.
const NOBODY: u64 = u64::MAX;

/// Everything one evaluation reads.
pub(crate) struct Job<'a> {
    pub(crate) columns: &'a Columns,
    pub(crate) view: &'a View,
    pub(crate) caches: &'a Caches,
    pub(crate) spec: &'a Spec,
    pub(crate) frame: &'a Frame,
    pub(crate) breakdowns: &'a [Disaggregation],
    pub(crate) fingerprints: &'a [String],
}

/// State of one evaluation over its main register.
pub(crate) struct Run<'a> {
    pub(crate) job: &'a Job<'a>,
    pub(crate) stage: &'a Stage,
    pub(crate) table: &'a Table,
    rows: &'a [u32],
    years: Years,
    classes: Vec<u16>,
    instead: Vec<(u32, u32)>,
    levels: Vec<i128>,
    numerators: Vec<i128>,
    headline: i128,
    headline_numerator: i128,
    before: i128,
    start: i128,
    breakdowns: Vec<BTreeMap<u32, i128>>,
}

/// Evaluates a spec over staged evidence, one stage per evidence.
pub(crate) fn tally(job: &Job<'_>, stages: &[&Stage]) -> Result<Tally, EvalError> {
    let missing = || EvalError::Unsupported("evidence without stage");
    if matches!(job.spec.kind, Kind::DeltaComparison | Kind::Trend) {
        return series_tally(job, stages);
    }
    let stage = stages.first().ok_or_else(missing)?;
    let table = job.columns.tables.get(stage.table).ok_or_else(missing)?;
    let rows = job.view.rows.get(stage.table).ok_or_else(missing)?;
    let years = Years::of(job.frame, job.spec.year_basis);
    let mut run = Run {
        job,
        stage,
        table,
        rows,
        levels: vec![0; years.len()],
        numerators: vec![0; years.len()],
        years,
        classes: stage.base.clone(),
        instead: Vec::new(),
        headline: 0,
        headline_numerator: 0,
        before: 0,
        start: 0,
        breakdowns: vec![BTreeMap::new(); job.breakdowns.len()],
    };
    match (job.spec.kind, key_field(job.spec)) {
        (Kind::ShareOfSet, Some(_)) => run.share()?,
        (Kind::Stock | Kind::ListCompletion, None) => run.stock_records(),
        (Kind::Stock | Kind::ListCompletion, Some(_)) => run.stock_keys()?,
        (_, None) => run.window_records(),
        (_, Some(_)) => run.window_keys()?,
    }
    Ok(run.into_tally())
}

impl Run<'_> {
    pub(crate) fn row(&self, ordinal: usize) -> usize {
        self.rows.get(ordinal).copied().unwrap_or(NO_TEXT) as usize
    }

    /// Why a day does not count for the headline, if it does not.
    fn window_class(&self) -> impl Fn(i32) -> u16 + use<> {
        let spec = self.job.spec;
        let (from, to) = match self.job.frame.headline_year {
            Some(year) => (spec.year_basis.first_day(year), spec.year_basis.last_day(year)),
            None => (spec.window.from, spec.window.to),
        };
        let (from, to) = (day_number(from), day_number(to));
        move |day| {
            if day < from {
                Class::BeforeWindow.number()
            } else if day > to {
                Class::AfterWindow.number()
            } else {
                0
            }
        }
    }

    /// Adds to the levels: the year of the day, and what comes before the
    /// window. Only yearly kinds read years outside the window.
    fn add_level(&mut self, day: i32, amount: i128) {
        let window = self.job.spec.window;
        let (from, to) = (day_number(window.from), day_number(window.to));
        if day < from {
            self.before += amount;
        }
        let yearly = self.job.frame.headline_year.is_some();
        if !yearly && (day < from || day > to) {
            return;
        }
        if let Some(slot) = self.years.index(day).and_then(|i| self.levels.get_mut(i)) {
            *slot += amount;
        }
    }

    fn add_breakdowns(&mut self, row: usize, amount: i128) {
        for (breakdown, rows) in self.job.breakdowns.iter().zip(&mut self.breakdowns) {
            let codes = self.table.column(&breakdown.field).map_or(&[][..], |c| c.texts(row));
            if codes.is_empty() {
                *rows.entry(NO_TEXT).or_default() += amount;
            }
            for &code in codes {
                *rows.entry(code).or_default() += amount;
            }
        }
    }

    /// Counts or sums of records in a window or year.
    fn window_records(&mut self) {
        let window = self.window_class();
        let sum = match self.job.spec.evidence.measure {
            Measure::Sum(field) => self.table.column(field.name),
            Measure::Count | Measure::Distinct(..) => None,
        };
        for ordinal in 0..self.classes.len() {
            let (Some(&base), Some(&day)) =
                (self.stage.base.get(ordinal), self.stage.days.get(ordinal))
            else {
                continue;
            };
            if !reaches_window(base) {
                continue;
            }
            let row = self.row(ordinal);
            let amount = match sum {
                Some(column) => column.micros(row),
                None => Some(ONE),
            };
            let mut class = match window(day) {
                0 => base,
                outside => outside,
            };
            if class == 0 && amount.is_none() {
                class = Class::NoValue.number();
            }
            if let Some(slot) = self.classes.get_mut(ordinal) {
                *slot = class;
            }
            let Some(amount) = amount.filter(|_| base == 0) else { continue };
            self.add_level(day, amount);
            if class == 0 {
                self.headline += amount;
                self.add_breakdowns(row, amount);
            }
        }
    }

    /// Distinct keys in a window or year: each belongs to its first record.
    fn window_keys(&mut self) -> Result<(), EvalError> {
        let keys = Keys::of(self)?;
        let window = self.window_class();
        let yearly = self.job.frame.headline_year.is_some();
        let once = match self.job.spec.evidence.measure {
            Measure::Distinct(_, Once::Window) if yearly => Once::Year,
            Measure::Distinct(_, once) => once,
            Measure::Count | Measure::Sum(_) => Once::Window,
        };
        let years = self.years.len() + 1;
        let scopes = if once == Once::Year { years } else { 1 };
        let first_day = day_number(self.job.spec.window.from);
        let last_day = day_number(self.job.spec.window.to);
        // The scope a record of that day competes in; none when it cannot count.
        // Records outside the window compete among themselves for base counts.
        let scope_of = |years: &Years, day: i32| match once {
            Once::Ever => Some(0),
            Once::Year => Some(years.index(day).map_or(years.len(), |i| i)),
            Once::Window => Some(usize::from(day < first_day) + 2 * usize::from(day > last_day)),
        };
        let scopes = if once == Once::Window { 3 } else { scopes };
        let mut owners = vec![NOBODY; keys.count * scopes];
        for (ordinal, (&base, &day)) in self.stage.base.iter().zip(&self.stage.days).enumerate() {
            if base != 0 {
                continue;
            }
            let Some(scope) = scope_of(&self.years, day) else { continue };
            let me = claim(day, ordinal);
            for key in keys.of_row(self.row(ordinal)) {
                if let Some(owner) = owners.get_mut(key * scopes + scope) {
                    *owner = (*owner).min(me);
                }
            }
        }
        for ordinal in 0..self.classes.len() {
            let (Some(&base), Some(&day)) =
                (self.stage.base.get(ordinal), self.stage.days.get(ordinal))
            else {
                continue;
            };
            if !reaches_window(base) {
                continue;
            }
            let row = self.row(ordinal);
            let mut class = match window(day) {
                0 => base,
                outside => outside,
            };
            if base == 0 {
                let scope = scope_of(&self.years, day).unwrap_or(0);
                let me = claim(day, ordinal);
                let (mut owned, mut first) = (0i128, None);
                let mut any = false;
                for key in keys.of_row(row) {
                    any = true;
                    let owner = owners.get(key * scopes + scope).copied().unwrap_or(NOBODY);
                    if owner == me {
                        owned += ONE;
                    } else if first.is_none() {
                        first = Some(owner);
                    }
                }
                if owned > 0 {
                    self.add_level(day, owned);
                }
                if class == 0 {
                    if !any {
                        class = Class::NoKey.number();
                    } else if owned == 0 {
                        class = Class::Repeats.number();
                        self.push_instead(ordinal, first);
                    } else {
                        self.headline += owned;
                        self.add_breakdowns(row, owned);
                    }
                }
            }
            if let Some(slot) = self.classes.get_mut(ordinal) {
                *slot = class;
            }
        }
        Ok(())
    }

    fn push_instead(&mut self, ordinal: usize, owner: Option<u64>) {
        if let (Ok(ordinal), Some(owner)) = (u32::try_from(ordinal), owner) {
            self.instead.push((ordinal, (owner & u64::from(u32::MAX)) as u32));
        }
    }

    /// Days at which a stock or list is taken: every known year's end, the day
    /// before the window, and the day of the headline.
    fn points(&self) -> Vec<i32> {
        let as_of = day_number(self.job.frame.as_of);
        let mut points: Vec<i32> =
            self.years.bounds.iter().map(|(_, _, last)| (*last).min(as_of)).collect();
        points.push(day_number(self.job.frame.start_day));
        points.push(match self.job.spec.kind {
            Kind::ListCompletion => as_of,
            _ => day_number(self.job.frame.at),
        });
        points
    }

    /// Adds an amount at a point: years first, then start, then headline.
    fn add_point(&mut self, point: usize, amount: i128, numerator: bool) {
        let years = self.years.len();
        let slot = match (point, numerator) {
            (p, false) if p < years => self.levels.get_mut(p),
            (p, true) if p < years => self.numerators.get_mut(p),
            (p, false) if p == years => Some(&mut self.start),
            (p, false) if p == years + 1 => Some(&mut self.headline),
            (p, true) if p == years + 1 => Some(&mut self.headline_numerator),
            _ => None,
        };
        if let Some(slot) = slot {
            *slot += amount;
        }
    }

    /// First and last day in force, and the day done, of a row.
    fn span(&self, row: usize, from: i32) -> Span {
        let spec = self.job.spec;
        let day = |field: Option<shirube_model::filter::Field>| {
            field.and_then(|f| self.table.column(f.name)).map_or(NO_DATE, |c| c.day(row))
        };
        let to = match day(spec.evidence.to) {
            NO_DATE => i32::MAX,
            to => to,
        };
        let done = match day(spec.done) {
            NO_DATE => i32::MAX,
            done => done,
        };
        let left_out = spec
            .left_out
            .and_then(|field| self.table.column(field.name))
            .is_some_and(|column| !column.texts(row).is_empty());
        Span { from, to, done, left_out }
    }

    /// Class of a record in force at the headline's point, before keys.
    fn stock_class(&self, span: &Span, at: i32) -> u16 {
        if span.from > at {
            Class::AfterWindow.number()
        } else if span.to < at {
            Class::Ended.number()
        } else if span.left_out {
            Class::LeftOut.number()
        } else {
            0
        }
    }

    /// Stocks and lists of records.
    fn stock_records(&mut self) {
        let points = self.points();
        let at = points.last().copied().unwrap_or_default();
        let sum = match self.job.spec.evidence.measure {
            Measure::Sum(field) => self.table.column(field.name),
            Measure::Count | Measure::Distinct(..) => None,
        };
        for ordinal in 0..self.classes.len() {
            let (Some(&base), Some(&day)) =
                (self.stage.base.get(ordinal), self.stage.days.get(ordinal))
            else {
                continue;
            };
            if !reaches_window(base) {
                continue;
            }
            let row = self.row(ordinal);
            let span = self.span(row, day);
            let amount = sum.map_or(Some(ONE), |column| column.micros(row));
            let mut class = match self.stock_class(&span, at) {
                0 => base,
                outside => outside,
            };
            if class == 0 && amount.is_none() {
                class = Class::NoValue.number();
            }
            if let (0, Some(amount)) = (base, amount) {
                for (point, &at) in points.iter().enumerate() {
                    if span.holds(at) {
                        self.add_point(point, amount, false);
                        if span.done <= at {
                            self.add_point(point, amount, true);
                        }
                    }
                }
                if class == 0 {
                    self.add_breakdowns(row, amount);
                }
            }
            if class == 0 && span.done <= at {
                class = Class::CountedInNumerator.number();
            }
            if let Some(slot) = self.classes.get_mut(ordinal) {
                *slot = class;
            }
        }
    }

    /// Stocks and lists of distinct keys.
    fn stock_keys(&mut self) -> Result<(), EvalError> {
        let keys = Keys::of(self)?;
        let points = self.points();
        let headline = points.len().saturating_sub(1);
        let at = points.last().copied().unwrap_or_default();
        let mut owners = vec![NOBODY; keys.count * points.len()];
        let spans: Vec<Span> = (0..self.classes.len())
            .map(|ordinal| {
                let day = self.stage.days.get(ordinal).copied().unwrap_or(NO_DATE);
                self.span(self.row(ordinal), day)
            })
            .collect();
        for (ordinal, (&base, span)) in self.stage.base.iter().zip(&spans).enumerate() {
            if base != 0 {
                continue;
            }
            let me = claim(span.from, ordinal);
            for (point, &at) in points.iter().enumerate() {
                if !span.holds(at) {
                    continue;
                }
                for key in keys.of_row(self.row(ordinal)) {
                    if let Some(owner) = owners.get_mut(key * points.len() + point) {
                        *owner = (*owner).min(me);
                    }
                }
            }
        }
        for (ordinal, span) in spans.iter().enumerate() {
            let base = self.stage.base.get(ordinal).copied().unwrap_or(u16::MAX);
            if !reaches_window(base) {
                continue;
            }
            let row = self.row(ordinal);
            let me = claim(span.from, ordinal);
            let mut class = match self.stock_class(span, at) {
                0 => base,
                outside => outside,
            };
            if base == 0 {
                let mut owned = vec![0i128; points.len()];
                let (mut any, mut first) = (false, None);
                for key in keys.of_row(row) {
                    any = true;
                    for (point, owned) in owned.iter_mut().enumerate() {
                        let owner =
                            owners.get(key * points.len() + point).copied().unwrap_or(NOBODY);
                        if owner == me {
                            *owned += ONE;
                        } else if point == headline && first.is_none() {
                            first = Some(owner);
                        }
                    }
                }
                for (point, (&owned, &at)) in owned.iter().zip(&points).enumerate() {
                    if owned > 0 && span.holds(at) {
                        self.add_point(point, owned, false);
                        if span.done <= at {
                            self.add_point(point, owned, true);
                        }
                    }
                }
                let owned = owned.last().copied().unwrap_or_default();
                if class == 0 && !any {
                    class = Class::NoKey.number();
                } else if class == 0 && owned == 0 {
                    class = Class::Repeats.number();
                    self.push_instead(ordinal, first);
                } else if class == 0 {
                    self.add_breakdowns(row, owned);
                    if span.done <= at {
                        class = Class::CountedInNumerator.number();
                    }
                }
            }
            if let Some(slot) = self.classes.get_mut(ordinal) {
                *slot = class;
            }
        }
        Ok(())
    }

    /// Shares: the latest record of a key in a year decides.
    fn share(&mut self) -> Result<(), EvalError> {
        let keys = Keys::of(self)?;
        let window = self.window_class();
        let inner = self
            .job
            .spec
            .inner
            .as_ref()
            .map_or(&[][..], |inner| self.job.caches.classes(self.stage.table, inner));
        let years = self.years.len();
        // Latest first: claims are kept as their complement so that 0 is nobody.
        let mut owners = vec![0u64; keys.count * years];
        for (ordinal, (&base, &day)) in self.stage.base.iter().zip(&self.stage.days).enumerate() {
            let Some(year) = self.years.index(day).filter(|_| base == 0) else { continue };
            let me = claim(day, ordinal);
            for key in keys.of_row(self.row(ordinal)) {
                if let Some(owner) = owners.get_mut(key * years + year) {
                    *owner = (*owner).max(me);
                }
            }
        }
        for ordinal in 0..self.classes.len() {
            let (Some(&base), Some(&day)) =
                (self.stage.base.get(ordinal), self.stage.days.get(ordinal))
            else {
                continue;
            };
            if !reaches_window(base) {
                continue;
            }
            let row = self.row(ordinal);
            let passes = inner.get(row) == Some(&0);
            let mut class = match window(day) {
                0 => base,
                outside => outside,
            };
            if let Some(year) = self.years.index(day).filter(|_| base == 0) {
                let me = claim(day, ordinal);
                let (mut owned, mut any, mut first) = (0i128, false, None);
                for key in keys.of_row(row) {
                    any = true;
                    let owner = owners.get(key * years + year).copied().unwrap_or(0);
                    if owner == me {
                        owned += ONE;
                    } else if first.is_none() {
                        first = Some(owner);
                    }
                }
                let numerator = if passes { owned } else { 0 };
                if let Some(level) = self.levels.get_mut(year) {
                    *level += owned;
                }
                if let Some(level) = self.numerators.get_mut(year) {
                    *level += numerator;
                }
                if class == 0 && !any {
                    class = Class::NoKey.number();
                } else if class == 0 && owned == 0 {
                    class = Class::Superseded.number();
                    self.push_instead(ordinal, first);
                } else if class == 0 {
                    self.headline += owned;
                    self.headline_numerator += numerator;
                    self.add_breakdowns(row, owned);
                    if passes {
                        class = Class::CountedInNumerator.number();
                    }
                }
            }
            if let Some(slot) = self.classes.get_mut(ordinal) {
                *slot = class;
            }
        }
        Ok(())
    }

    fn into_tally(self) -> Tally {
        let texts = &self.job.columns.texts;
        let groups = self
            .job
            .breakdowns
            .iter()
            .zip(&self.breakdowns)
            .map(|(breakdown, rows)| {
                let rows = rows
                    .iter()
                    .map(|(&code, &amount)| {
                        let code = if code == NO_TEXT { "" } else { texts.text(code) };
                        (code.to_owned(), decimal(amount))
                    })
                    .collect();
                (breakdown.id.clone(), rows)
            })
            .collect();
        let start = match self.job.spec.kind {
            Kind::Stock | Kind::ListCompletion => self.start,
            _ => self
                .years
                .index_of_year(self.job.frame.start_year)
                .and_then(|i| self.levels.get(i))
                .copied()
                .unwrap_or_default(),
        };
        Tally {
            levels: self.years.levels(&self.levels),
            numerators: self.years.levels(&self.numerators),
            headline: decimal(self.headline),
            headline_numerator: decimal(self.headline_numerator),
            before: decimal(self.before),
            start: decimal(start),
            series: Vec::new(),
            groups,
            proofs: vec![proof(self.job, self.stage, self.table, self.classes, self.instead)],
        }
    }
}

/// Whether a base class lets a record come to the window.
pub(crate) const fn reaches_window(base: u16) -> bool {
    base == 0 || base >= Class::MissingLink(0).number()
}

pub(crate) fn proof(
    job: &Job<'_>,
    stage: &Stage,
    table: &Table,
    classes: Vec<u16>,
    instead: Vec<(u32, u32)>,
) -> EvidenceProof {
    let distinct = key_field(job.spec).is_some();
    let counts = |ordinal: u32| {
        classes
            .get(ordinal as usize)
            .and_then(|&number| Class::from_number(number))
            .is_some_and(Class::counts)
    };
    let shared = if distinct {
        Vec::new()
    } else {
        stage.shared.iter().copied().filter(|(ordinal, _)| counts(*ordinal)).collect()
    };
    EvidenceProof {
        register: table.schema.kind.to_owned(),
        rows_fingerprint: job.fingerprints.get(stage.table).cloned().unwrap_or_default(),
        classes,
        instead,
        shared,
    }
}
