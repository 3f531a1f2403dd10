//! The bounded simplex method in whole numbers.
//!
//! Finds the least and greatest value of each variable of a small system of
//! linear equations exactly, walking from the optimum of one variable to the
//! next, so that most variables cost a few pivots. The tableau holds whole
//! numbers over one common denominator (Edmonds 1967, integer pivoting): for
//! the relations of a two-way table the denominator stays 1. A result carries
//! the multipliers of the equations that prove it. An overflow ends the attempt.

use crate::table::Interval;

/// A bound on a step as a fraction, and the row that sets it with its side.
type Limit = (i128, i128, Option<(usize, bool)>);

/// Why no exact answer came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    /// No values satisfy all equations.
    Infeasible,
    /// Too large for the numbers or the effort allowed.
    TooHard,
}

/// Where a variable outside the basis stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stand {
    Basic(usize),
    AtLo,
    AtHi,
    /// A variable without bounds, at zero.
    Free,
}

/// An exact optimum: `value = numerator / denominator`, and the combination of
/// equations that proves it.
#[derive(Debug, Clone)]
pub(crate) struct Optimum {
    pub(crate) numerator: i128,
    pub(crate) denominator: i128,
    /// Whether the objective is unbounded; the value is then meaningless.
    pub(crate) unbounded: bool,
    /// Multipliers by equation, over `denominator`.
    pub(crate) multipliers: Vec<(usize, i64)>,
}

/// A system in standard form: structural variables, one slack per equation that
/// has a range, one artificial variable per equation.
#[derive(Debug)]
pub(crate) struct Simplex {
    rows: usize,
    columns: usize,
    structural: usize,
    first_artificial: usize,
    table: Vec<i64>,
    denominator: i64,
    /// Numerators of the basic variables' values, by row.
    values: Vec<i128>,
    basis: Vec<usize>,
    stand: Vec<Stand>,
    bounds: Vec<Interval>,
    /// Equations entered with the opposite sign.
    flipped: Vec<bool>,
    pivots_left: u64,
}

type Outcome<T> = Result<T, Stop>;

fn mul(a: i128, b: i128) -> Outcome<i128> {
    a.checked_mul(b).ok_or(Stop::TooHard)
}

impl Simplex {
    /// A feasible tableau of `equations` (terms over variable positions, and
    /// the range of the sum) with `bounds` on the variables.
    pub(crate) fn new(
        bounds: &[Interval],
        equations: &[(&[(usize, i64)], Interval)],
        pivots_max: u64,
    ) -> Outcome<Self> {
        let structural = bounds.len();
        let mut all: Vec<Interval> = bounds.to_vec();
        let mut slack_of = Vec::with_capacity(equations.len());
        for (_, sum) in equations {
            // terms + slack = hi (or lo): a range becomes a bounded slack.
            slack_of.push((!sum.is_point()).then_some(all.len()));
            if !sum.is_point() {
                let (from, to) = (sum.has_lo(), sum.has_hi());
                all.push(match (from, to) {
                    (true, true) => Interval::new(0, sum.hi.saturating_sub(sum.lo)),
                    (false, true) => Interval::NON_NEGATIVE,
                    (true, false) => Interval::new(i64::MIN, 0),
                    (false, false) => Interval::ALL,
                });
            }
        }
        let first_artificial = all.len();
        let rows = equations.len();
        let columns = first_artificial + rows;
        let mut stand: Vec<Stand> = all.iter().map(|b| resting(*b)).collect();
        let mut table = vec![0_i64; rows * columns];
        let mut values = Vec::with_capacity(rows);
        let mut basis = Vec::with_capacity(rows);
        let mut flipped = Vec::with_capacity(rows);
        for (row, ((terms, sum), slack)) in equations.iter().zip(&slack_of).enumerate() {
            let line = table.get_mut(row * columns..(row + 1) * columns).ok_or(Stop::TooHard)?;
            let target = if sum.has_hi() {
                sum.hi
            } else if sum.has_lo() {
                sum.lo
            } else {
                0
            };
            let mut gap = i128::from(target);
            let mut set = |at: usize, value: i64| -> Outcome<()> {
                *line.get_mut(at).ok_or(Stop::TooHard)? += value;
                Ok(())
            };
            for (variable, coefficient) in *terms {
                set(*variable, *coefficient)?;
                let at =
                    all.get(*variable).zip(stand.get(*variable)).map_or(0, |(b, s)| rest(*b, *s));
                gap -= mul(i128::from(at), i128::from(*coefficient))?;
            }
            if let Some(slack) = slack {
                set(*slack, 1)?;
                let at = all.get(*slack).zip(stand.get(*slack)).map_or(0, |(b, s)| rest(*b, *s));
                gap -= i128::from(at);
            }
            // The artificial variable takes up the gap, always from above zero.
            flipped.push(gap < 0);
            if gap < 0 {
                for entry in line.iter_mut() {
                    *entry = -*entry;
                }
                gap = -gap;
            }
            *line.get_mut(first_artificial + row).ok_or(Stop::TooHard)? = 1;
            values.push(gap);
            basis.push(first_artificial + row);
            stand.push(Stand::Basic(row));
        }
        all.resize(columns, Interval::NON_NEGATIVE);
        let mut simplex = Self {
            rows,
            columns,
            structural,
            first_artificial,
            table,
            denominator: 1,
            values,
            basis,
            stand,
            bounds: all,
            flipped,
            pivots_left: pivots_max,
        };
        simplex.reach_feasible()?;
        Ok(simplex)
    }

    /// Drives the artificial variables to zero, one at a time; each is then
    /// held there.
    fn reach_feasible(&mut self) -> Outcome<()> {
        for row in 0..self.rows {
            let artificial = self.first_artificial + row;
            let optimum = self.optimise(artificial, false, |_| false)?;
            if optimum.is_none_or(|o| o.unbounded || o.numerator != 0) {
                return Err(Stop::Infeasible);
            }
            if let Some(bounds) = self.bounds.get_mut(artificial) {
                *bounds = Interval::point(0);
            }
            if let Some(stand) = self.stand.get_mut(artificial)
                && !matches!(stand, Stand::Basic(_))
            {
                *stand = Stand::AtLo;
            }
        }
        Ok(())
    }

    /// Value of a variable as numerator over the current denominator.
    pub(crate) fn value(&self, variable: usize) -> (i128, i128) {
        let d = i128::from(self.denominator);
        match self.stand.get(variable) {
            Some(Stand::Basic(row)) => (self.values.get(*row).copied().unwrap_or(0), d),
            Some(stand) => {
                let bounds = self.bounds.get(variable).copied().unwrap_or(Interval::ALL);
                (i128::from(rest(bounds, *stand)).saturating_mul(d), d)
            }
            None => (0, d),
        }
    }

    /// The current values, when all are whole.
    pub(crate) fn whole_point(&self) -> Option<Vec<i64>> {
        (0..self.structural)
            .map(|variable| {
                let (n, d) = self.value(variable);
                (n % d == 0).then(|| i64::try_from(n / d).ok()).flatten()
            })
            .collect()
    }

    /// Walks to the greatest (`up`) or least value of a variable; nothing comes
    /// back when `enough` ends the walk at one of the points visited.
    pub(crate) fn optimise(
        &mut self,
        variable: usize,
        up: bool,
        mut enough: impl FnMut(&Self) -> bool,
    ) -> Outcome<Option<Optimum>> {
        let mut still = 0_u32;
        loop {
            if enough(self) {
                return Ok(None);
            }
            self.pivots_left = self.pivots_left.checked_sub(1).ok_or(Stop::TooHard)?;
            let Some((entering, direction)) = self.entering(variable, up, still > 12) else {
                return Ok(Some(self.optimum(variable, false)));
            };
            match self.step(entering, direction)? {
                None => return Ok(Some(self.optimum(variable, true))),
                Some(moved) => still = if moved { 0 } else { still + 1 },
            }
        }
    }

    /// A nonbasic variable whose move improves the objective, and whether it
    /// rises. The first one (Bland) when the walk stalls, else the steepest.
    fn entering(&self, objective: usize, up: bool, first: bool) -> Option<(usize, bool)> {
        let row = match self.stand.get(objective)? {
            Stand::Basic(row) => *row,
            stand => {
                let bounds = self.bounds.get(objective)?;
                let movable = match stand {
                    Stand::AtLo => up && !bounds.is_point(),
                    Stand::AtHi => !up && !bounds.is_point(),
                    _ => true,
                };
                return movable.then_some((objective, up));
            }
        };
        let line = self.line(row);
        let mut best: Option<(u64, usize, bool)> = None;
        for (column, entry) in line.iter().enumerate() {
            if *entry == 0 || column >= self.first_artificial && column != objective {
                continue;
            }
            // The objective falls by entry per unit that the column rises.
            let rises = (*entry < 0) == up;
            let allowed = match self.stand.get(column)? {
                Stand::Basic(_) => false,
                Stand::AtLo => rises,
                Stand::AtHi => !rises,
                Stand::Free => true,
            };
            if !allowed || self.bounds.get(column)?.is_point() {
                continue;
            }
            if first {
                return Some((column, rises));
            }
            let steep = entry.unsigned_abs();
            if best.is_none_or(|(s, _, _)| steep > s) {
                best = Some((steep, column, rises));
            }
        }
        best.map(|(_, column, rises)| (column, rises))
    }

    /// Moves a nonbasic variable as far as the bounds allow: a flip to its
    /// other bound or an exchange. `None` when nothing limits it; otherwise
    /// whether any value changed.
    fn step(&mut self, entering: usize, rises: bool) -> Outcome<Option<bool>> {
        let d = i128::from(self.denominator);
        let own = self.bounds.get(entering).copied().ok_or(Stop::TooHard)?;
        // The least step, as a fraction (numerator, denominator > 0).
        let mut limit: Option<Limit> = own.width().map(|width| (i128::from(width), 1, None));
        for row in 0..self.rows {
            let entry = i128::from(self.entry(row, entering));
            if entry == 0 {
                continue;
            }
            let falls = (entry > 0) == rises;
            let basic = *self.basis.get(row).ok_or(Stop::TooHard)?;
            let bounds = *self.bounds.get(basic).ok_or(Stop::TooHard)?;
            let value = *self.values.get(row).ok_or(Stop::TooHard)?;
            let room = if falls {
                if !bounds.has_lo() {
                    continue;
                }
                value - mul(i128::from(bounds.lo), d)?
            } else {
                if !bounds.has_hi() {
                    continue;
                }
                mul(i128::from(bounds.hi), d)? - value
            };
            let size = entry.abs();
            let better = match &limit {
                None => true,
                Some((n, m, leaving)) => {
                    let (left, right) = (mul(room, *m)?, mul(*n, size)?);
                    left < right
                        || left == right
                            && leaving.is_some_and(|(r, _)| {
                                self.basis.get(r).is_some_and(|other| basic < *other)
                            })
                }
            };
            if better {
                limit = Some((room, size, Some((row, falls))));
            }
        }
        let Some((numerator, _, leaving)) = limit else { return Ok(None) };
        match leaving {
            None => self.flip(entering, rises, numerator)?,
            Some((row, falls)) => self.exchange(entering, row, falls)?,
        }
        Ok(Some(numerator != 0))
    }

    fn flip(&mut self, entering: usize, rises: bool, width: i128) -> Outcome<()> {
        let delta = if rises { width } else { -width };
        for row in 0..self.rows {
            let entry = i128::from(self.entry(row, entering));
            if entry != 0
                && let Some(value) = self.values.get_mut(row)
            {
                *value -= mul(entry, delta)?;
            }
        }
        if let Some(stand) = self.stand.get_mut(entering) {
            *stand = if rises { Stand::AtHi } else { Stand::AtLo };
        }
        Ok(())
    }

    /// The entering variable takes the place of the basic variable of `row`,
    /// which goes to its lower bound when it `falls`, else to its upper one.
    fn exchange(&mut self, entering: usize, row: usize, falls: bool) -> Outcome<()> {
        let d = i128::from(self.denominator);
        let pivot = self.entry(row, entering);
        let leaving = *self.basis.get(row).ok_or(Stop::TooHard)?;
        let bounds = *self.bounds.get(leaving).ok_or(Stop::TooHard)?;
        let bound = if falls { bounds.lo } else { bounds.hi };
        let old = self
            .bounds
            .get(entering)
            .zip(self.stand.get(entering))
            .map_or(0, |(b, s)| rest(*b, *s));
        let moved = *self.values.get(row).ok_or(Stop::TooHard)? - mul(i128::from(bound), d)?;
        let p = i128::from(pivot);
        let sign = if pivot < 0 { -1_i128 } else { 1 };
        for other in 0..self.rows {
            if other == row {
                continue;
            }
            let entry = i128::from(self.entry(other, entering));
            let value = self.values.get_mut(other).ok_or(Stop::TooHard)?;
            if entry == 0 && p.abs() == d {
                continue;
            }
            let next = mul(*value, p)? - mul(entry, moved)?;
            *value = sign * (next / d);
        }
        let value = self.values.get_mut(row).ok_or(Stop::TooHard)?;
        *value = sign * (mul(p, i128::from(old))? + moved);
        self.pivot_table(entering, row)?;
        if let Some(stand) = self.stand.get_mut(leaving) {
            *stand = if falls { Stand::AtLo } else { Stand::AtHi };
        }
        if let Some(stand) = self.stand.get_mut(entering) {
            *stand = Stand::Basic(row);
        }
        if let Some(basic) = self.basis.get_mut(row) {
            *basic = entering;
        }
        Ok(())
    }

    /// Integer pivoting: afterwards the pivot column is a unit column times the
    /// new denominator, which is kept above zero.
    fn pivot_table(&mut self, entering: usize, row: usize) -> Outcome<()> {
        let d = i128::from(self.denominator);
        let columns = self.columns;
        let pivot = i128::from(self.entry(row, entering));
        let sign = if pivot < 0 { -1_i128 } else { 1 };
        let source: Vec<i64> = self.line(row).to_vec();
        let support: Vec<(usize, i64)> =
            source.iter().copied().enumerate().filter(|(_, v)| *v != 0).collect();
        for (other, line) in self.table.chunks_mut(columns).enumerate() {
            if other == row {
                continue;
            }
            let factor = i128::from(line.get(entering).copied().unwrap_or(0));
            if pivot.abs() == d {
                // Entries with a zero in the pivot row stay as they are.
                if factor == 0 {
                    continue;
                }
                for (column, value) in &support {
                    let Some(entry) = line.get_mut(*column) else { continue };
                    let next = mul(i128::from(*entry), pivot)? - mul(factor, i128::from(*value))?;
                    *entry = i64::try_from(sign * next / d).map_err(|_| Stop::TooHard)?;
                }
                continue;
            }
            for (entry, value) in line.iter_mut().zip(&source) {
                if *entry == 0 && (factor == 0 || *value == 0) {
                    continue;
                }
                let next = mul(i128::from(*entry), pivot)? - mul(factor, i128::from(*value))?;
                *entry = i64::try_from(sign * next / d).map_err(|_| Stop::TooHard)?;
            }
        }
        if sign < 0
            && let Some(line) = self.table.get_mut(row * columns..(row + 1) * columns)
        {
            for entry in line {
                *entry = -*entry;
            }
        }
        self.denominator = i64::try_from(pivot.abs()).map_err(|_| Stop::TooHard)?;
        Ok(())
    }

    fn optimum(&self, variable: usize, unbounded: bool) -> Optimum {
        let (numerator, denominator) = self.value(variable);
        let multipliers = match self.stand.get(variable) {
            Some(Stand::Basic(row)) if !unbounded => self
                .line(*row)
                .iter()
                .skip(self.first_artificial)
                .enumerate()
                .filter(|(_, v)| **v != 0)
                .map(|(equation, v)| {
                    let flipped = self.flipped.get(equation).copied().unwrap_or(false);
                    (equation, if flipped { -*v } else { *v })
                })
                .collect(),
            _ => Vec::new(),
        };
        Optimum { numerator, denominator, unbounded, multipliers }
    }

    fn line(&self, row: usize) -> &[i64] {
        self.table.get(row * self.columns..(row + 1) * self.columns).unwrap_or(&[])
    }

    fn entry(&self, row: usize, column: usize) -> i64 {
        self.table.get(row * self.columns + column).copied().unwrap_or(0)
    }
}

/// Where a variable first rests outside the basis.
fn resting(bounds: Interval) -> Stand {
    if bounds.has_lo() {
        Stand::AtLo
    } else if bounds.has_hi() {
        Stand::AtHi
    } else {
        Stand::Free
    }
}

fn rest(bounds: Interval, stand: Stand) -> i64 {
    match stand {
        Stand::AtLo => bounds.lo,
        Stand::AtHi => bounds.hi,
        _ => 0,
    }
}
