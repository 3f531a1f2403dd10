//! What an outsider can compute about every hidden cell, with proof.
//!
//! The attacker knows everything printed, the totals' definitions, and what the
//! mask marks tell. [`attack`] bounds every hidden number: first one equation
//! at a time to a fixed point, then exact linear programming per independent
//! component, then integer programming where counts leave a gap. A cell is
//! *recoverable* when its bounds meet and *weak* when they are closer than the
//! policy's width.

mod component;
mod exact;
mod integer;
mod local;
mod moves;
mod proof;
mod propagate;
mod report;
mod simplex;
mod system;

use component::{Component, components};
use exact::{Combination, Question, Range};
use propagate::Propagation;

pub use proof::{Proof, ProofEnd, Step};
pub use report::{Attack, CellBounds, Finding, Method, Verdict};
pub use system::{Broken, Origin, System, Term, Unknown};

use crate::table::{Interval, TableSet};

/// How hard and how precisely to attack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Narrowest width (greatest less least possible value, in the smallest
    /// unit) that protects a cell. One asks for recoverable cells only.
    pub width: i64,
    /// Whether to find the exact ends of every range; otherwise the attack on a
    /// cell stops when it is shown to be wide enough.
    pub exact: bool,
    /// Largest tableau (equations x variables) for exact linear programming.
    pub tableau_max: usize,
    /// Most steps of the simplex method per component.
    pub pivots_max: u64,
    /// Largest component (variables) for integer programming.
    pub integer_max: usize,
    /// Most programmes per component given to the solver crate.
    pub programmes_max: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            width: 1,
            exact: false,
            tableau_max: 6_000_000,
            pivots_max: 200_000,
            integer_max: 120,
            programmes_max: 200,
        }
    }
}

impl Options {
    /// Decides whether each cell's bounds are at least `width` apart.
    #[must_use]
    pub fn deciding(width: i64) -> Self {
        Self { width: width.max(1), ..Self::default() }
    }

    /// Width that protects an unknown.
    #[must_use]
    pub fn width_of(&self, unknown: &Unknown) -> i64 {
        if unknown.width > 0 { unknown.width } else { self.width }
    }

    /// Finds the exact bounds of every cell, judged against `width`.
    #[must_use]
    pub fn exact(width: i64) -> Self {
        Self { exact: true, ..Self::deciding(width) }
    }
}

/// Attacks a set of tables.
#[must_use]
pub fn attack_tables(set: &TableSet, options: &Options) -> Attack {
    attack(&System::of(set), options, None)
}

/// Amounts by which unknowns can move together from their true numbers.
pub type Move = Vec<(u32, i64)>;

/// What the owner of the data knows. It only helps to find possible values, so
/// no bound becomes narrower by it.
#[derive(Debug, Clone, Copy)]
pub struct Knowledge<'a> {
    /// The true numbers, by unknown.
    pub truth: &'a [i64],
    /// Moves that are claimed to satisfy all equations; each is checked.
    pub moves: &'a [Move],
}

/// Attacks a system.
#[must_use]
pub fn attack(system: &System, options: &Options, knows: Option<Knowledge<'_>>) -> Attack {
    let truth = knows.map(|k| k.truth);
    let mut state = Propagation::new(system);
    state.run();
    let mut work = Work {
        ranges: state
            .bounds
            .iter()
            .map(|b| Range { outer: *b, inner: b.is_point().then_some(*b) })
            .collect(),
        methods: vec![Method::Propagation; system.unknowns().len()],
        combinations: Vec::new(),
        infeasible: Vec::new(),
    };
    let parts = components(system, &state);
    let mut in_part = vec![false; system.unknowns().len()];
    for part in &parts {
        for variable in &part.variables {
            if let Some(flag) = in_part.get_mut(*variable as usize) {
                *flag = true;
            }
        }
    }
    // A number that no equation constrains takes every value of its bounds.
    for (range, in_part) in work.ranges.iter_mut().zip(&in_part) {
        if !in_part {
            range.inner = Some(range.outer);
        }
    }
    if let Some(knows) = knows {
        moves::check(system, &state, &mut work.ranges, knows);
    }
    for part in &parts {
        work.part(system, part, options, truth);
    }
    report::build(system, &state, work.into_found(), options)
}

/// What the attack has found so far, by unknown.
#[derive(Debug)]
struct Work {
    ranges: Vec<Range>,
    methods: Vec<Method>,
    combinations: Vec<(u32, Combination)>,
    infeasible: Vec<Vec<u32>>,
}

/// The findings handed to the report.
#[derive(Debug)]
pub(crate) struct Found {
    ranges: Vec<Range>,
    methods: Vec<Method>,
    combinations: Vec<(u32, Combination)>,
    infeasible: Vec<Vec<u32>>,
}

impl Work {
    fn into_found(mut self) -> Found {
        self.combinations.sort_by_key(|(variable, c)| (*variable, c.up));
        Found {
            ranges: self.ranges,
            methods: self.methods,
            combinations: self.combinations,
            infeasible: self.infeasible,
        }
    }

    /// Settles one component.
    fn part(
        &mut self,
        system: &System,
        part: &Component,
        options: &Options,
        truth: Option<&[i64]>,
    ) {
        let unknown = |v: &u32| system.unknowns().get(*v as usize);
        let mut ranges: Vec<Range> =
            part.variables.iter().filter_map(|v| self.ranges.get(*v as usize).copied()).collect();
        let integer: Vec<bool> =
            part.variables.iter().map(|v| unknown(v).is_none_or(|u| u.integer)).collect();
        let wanted: Vec<bool> =
            part.variables.iter().map(|v| unknown(v).is_some_and(|u| u.judged)).collect();
        let same_kind = integer.iter().all(|i| *i) || integer.iter().all(|i| !*i);
        if part.is_tree() && same_kind {
            for range in &mut ranges {
                range.inner = Some(range.outer);
            }
            self.keep(part, &ranges, Method::Propagation);
            return;
        }
        let widths: Vec<i64> =
            part.variables.iter().map(|v| unknown(v).map_or(1, |u| options.width_of(u))).collect();
        let question = Question {
            exact: options.exact,
            widths: &widths,
            wanted: &wanted,
            integer: &integer,
            pivots_max: options.pivots_max,
        };
        let mut method = Method::Local;
        let truth: Option<Vec<i64>> = truth.map(|truth| {
            part.variables.iter().map(|v| truth.get(*v as usize).copied().unwrap_or(0)).collect()
        });
        let truth = truth.filter(|point| integer::satisfies(part, &ranges, point));
        if let Some(point) = &truth {
            for (range, value) in ranges.iter_mut().zip(point) {
                range.reached(*value);
            }
            if !options.exact {
                vary_around(part, &mut ranges, point, &question);
            }
        }
        let size = part.rows.len().saturating_mul(part.variables.len() + part.rows.len());
        if !finished(&ranges, &question) && size <= options.tableau_max {
            match exact::solve(part, &mut ranges, &question) {
                Ok(proofs) => {
                    method = Method::LinearProgramme;
                    self.combinations.extend(
                        proofs.into_iter().filter_map(|proof| {
                            Some((*part.variables.get(proof.variable)?, proof))
                        }),
                    );
                }
                Err(simplex::Stop::Infeasible) => {
                    self.infeasible.push(part.rows.iter().map(|row| row.equation).collect());
                    return;
                }
                Err(simplex::Stop::TooHard) => {}
            }
        }
        if !finished(&ranges, &question) {
            method = self.solver(part, &mut ranges, &question, options, method);
        }
        self.keep(part, &ranges, method);
    }

    /// Hands what is still open to the solver crate.
    fn solver(
        &self,
        part: &Component,
        ranges: &mut [Range],
        question: &Question<'_>,
        options: &Options,
        before: Method,
    ) -> Method {
        let mut method = before;
        let small = part.variables.len() <= options.integer_max;
        let mut left = options.programmes_max;
        for variable in 0..ranges.len() {
            if !question.wanted.get(variable).copied().unwrap_or(false) {
                continue;
            }
            for up in [true, false] {
                if left == 0 {
                    return method;
                }
                let Some(range) = ranges.get(variable).copied() else { continue };
                if range.done(question.width(variable)) || exact::end_known(range, up) {
                    continue;
                }
                left -= 1;
                let whole = question.integer.get(variable).copied().unwrap_or(true);
                if small && question.integer.iter().all(|i| *i) {
                    integer::settle(part, ranges, variable, up);
                    method = Method::IntegerProgramme;
                } else if before != Method::LinearProgramme {
                    integer::relax(part, ranges, variable, up, whole);
                    method = Method::Solver;
                }
            }
        }
        method
    }

    fn keep(&mut self, part: &Component, ranges: &[Range], method: Method) {
        for (variable, range) in part.variables.iter().zip(ranges) {
            if let Some(place) = self.ranges.get_mut(*variable as usize) {
                *place = *range;
            }
            if let Some(place) = self.methods.get_mut(*variable as usize) {
                *place = method;
            }
        }
    }
}

fn finished(ranges: &[Range], question: &Question<'_>) -> bool {
    question
        .wanted
        .iter()
        .enumerate()
        .all(|(variable, wanted)| !wanted || question.settled(ranges, variable))
}

/// Settles most cells by small moves around the known solution.
fn vary_around(part: &Component, ranges: &mut [Range], point: &[i64], question: &Question<'_>) {
    let neighbours = local::Neighbours::new(part);
    for variable in 0..ranges.len() {
        let open = question.wanted.get(variable).copied().unwrap_or(false)
            && !question.settled(ranges, variable);
        if open {
            let width = question.width(variable).unwrap_or(1);
            local::widen(part, &neighbours, ranges, point, variable, width, question.integer);
        }
    }
}

/// The width of an interval as reports state it: open sides as no width.
#[must_use]
pub fn width_text(bounds: Interval) -> String {
    bounds.width().map_or_else(|| "∞".to_owned(), |width| width.to_string())
}
