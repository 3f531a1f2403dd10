//! What a set of tables says about its unknown numbers: variables with bounds,
//! and linear equations between them.

use serde::Serialize;

use crate::table::{Cell, CellRef, Interval, Quantity, TableSet};

/// Where an equation comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Origin {
    /// A total of a table is the sum of its parts.
    Rollup {
        /// Position of the table in the set.
        table: u32,
        /// Position of the dimension summed over.
        dimension: u32,
        /// Position of the roll-up in the dimension.
        rollup: u32,
        /// Grid number of the total.
        total: u32,
    },
    /// An extra relation of the set, by position.
    Extra {
        /// Position of the relation.
        relation: u32,
    },
    /// An equation that the caller gave directly, by number.
    Given {
        /// The caller's number.
        number: u32,
    },
}

/// An unknown number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unknown {
    /// What is known before any equation.
    pub bounds: Interval,
    /// Whether only whole numbers are possible.
    pub integer: bool,
    /// Whether the cell is under protection, so that findings are wanted.
    pub judged: bool,
    /// Narrowest width that protects this number; zero for the attack's own.
    pub width: i64,
    /// A cell that holds this number.
    pub cell: CellRef,
}

/// One term of an equation: variable and coefficient.
pub type Term = (u32, i64);

/// Variables and equations. Equations are stored end to end.
#[derive(Debug, Clone, Default)]
pub struct System {
    unknowns: Vec<Unknown>,
    starts: Vec<u32>,
    terms: Vec<Term>,
    sums: Vec<Interval>,
    origins: Vec<Origin>,
    /// Equations between printed numbers alone that do not hold.
    broken: Vec<Broken>,
    /// Hidden cells printed elsewhere in the set: the cell and where.
    printed: Vec<(CellRef, CellRef)>,
}

/// Printed numbers that do not add up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Broken {
    /// The equation that fails.
    pub origin: Origin,
    /// Sum of the parts less the total, where all of them are printed.
    pub gap: Option<i64>,
}

impl System {
    /// An empty system.
    #[must_use]
    pub fn new() -> Self {
        Self { starts: vec![0], ..Self::default() }
    }

    /// Adds an unknown and returns its number.
    pub fn add_unknown(&mut self, unknown: Unknown) -> u32 {
        let number = u32::try_from(self.unknowns.len()).unwrap_or(u32::MAX);
        self.unknowns.push(unknown);
        number
    }

    /// Adds `sum of coefficient x unknown lies in sum`. Terms of one unknown
    /// must be merged by the caller.
    pub fn add_equation(&mut self, terms: &[Term], sum: Interval, origin: Origin) {
        self.terms.extend(terms.iter().filter(|(_, c)| *c != 0));
        self.starts.push(u32::try_from(self.terms.len()).unwrap_or(u32::MAX));
        self.sums.push(sum);
        self.origins.push(origin);
    }

    /// The unknowns.
    #[must_use]
    pub fn unknowns(&self) -> &[Unknown] {
        &self.unknowns
    }

    /// Sets the protecting width of every judged unknown, given its cell and its
    /// present width.
    pub fn require(&mut self, width: impl Fn(CellRef, i64) -> i64) {
        for unknown in self.unknowns.iter_mut().filter(|u| u.judged) {
            unknown.width = width(unknown.cell, unknown.width);
        }
    }

    /// Number of equations.
    #[must_use]
    pub fn equations(&self) -> usize {
        self.sums.len()
    }

    /// Terms of an equation.
    #[must_use]
    pub fn terms(&self, equation: usize) -> &[Term] {
        let from = self.starts.get(equation).copied().unwrap_or(0) as usize;
        let to = self.starts.get(equation + 1).copied().unwrap_or(0) as usize;
        self.terms.get(from..to).unwrap_or(&[])
    }

    /// What the weighted sum of an equation must lie in.
    #[must_use]
    pub fn sum(&self, equation: usize) -> Interval {
        self.sums.get(equation).copied().unwrap_or(Interval::ALL)
    }

    /// Where an equation comes from.
    #[must_use]
    pub fn origin(&self, equation: usize) -> Origin {
        self.origins.get(equation).copied().unwrap_or(Origin::Given { number: u32::MAX })
    }

    /// Printed numbers that do not add up.
    #[must_use]
    pub fn broken(&self) -> &[Broken] {
        &self.broken
    }

    /// Hidden cells whose number is printed in another table: the hidden cell
    /// and the printed one.
    #[must_use]
    pub fn printed_elsewhere(&self) -> &[(CellRef, CellRef)] {
        &self.printed
    }

    /// The system of a set of tables: every hidden, ranged, rounded or missing
    /// number that an equation speaks of is an unknown.
    #[must_use]
    pub fn of(set: &TableSet) -> Self {
        Builder::new(set).build()
    }
}

/// What the tables print about one variable.
#[derive(Debug, Clone, Copy)]
struct Known {
    bounds: Interval,
    integer: bool,
    hidden: Option<CellRef>,
    printed: Option<CellRef>,
    missing: bool,
}

struct Builder<'a> {
    set: &'a TableSet,
    variables: crate::table::Variables,
    known: Vec<Known>,
}

impl<'a> Builder<'a> {
    fn new(set: &'a TableSet) -> Self {
        let variables = set.variables();
        let mut known = Vec::with_capacity(variables.firsts.len());
        for first in &variables.firsts {
            let measure = set.tables.get(first.table as usize).map(|t| &t.measure);
            known.push(Known {
                bounds: measure.map_or(Interval::ALL, |m| m.possible()),
                integer: measure.is_none_or(|m| m.quantity == Quantity::Count),
                hidden: None,
                printed: None,
                missing: true,
            });
        }
        for (at, (table, of_cell)) in set.tables.iter().zip(&variables.of_cell).enumerate() {
            for (number, (cell, variable)) in table.cells().iter().zip(of_cell).enumerate() {
                let Some(entry) = known.get_mut(*variable as usize) else { continue };
                let here = CellRef::new(at, number);
                let says = match cell {
                    Cell::Published(value) => {
                        entry.printed.get_or_insert(here);
                        table.measure.behind(*value)
                    }
                    Cell::Range(range) => *range,
                    Cell::Hidden(range) => {
                        entry.hidden.get_or_insert(here);
                        *range
                    }
                    Cell::Missing => continue,
                };
                entry.missing = false;
                let met = entry.bounds.meet(says);
                // Two tables that print different numbers for one cell: the
                // first stands, and the relation is reported by its equation.
                if !met.is_empty() {
                    entry.bounds = met;
                }
            }
        }
        Self { set, variables, known }
    }

    fn build(self) -> System {
        let mut rows = self.rows();
        self.drop_idle(&mut rows);
        let mut system = System::new();
        let mut number_of = vec![u32::MAX; self.known.len()];
        for (variable, known) in self.known.iter().enumerate() {
            if let (Some(hidden), Some(printed)) = (known.hidden, known.printed) {
                system.printed.push((hidden, printed));
            }
            if let Some(hidden) = known.hidden {
                let unknown = Unknown {
                    bounds: known.bounds,
                    integer: known.integer,
                    judged: true,
                    width: 0,
                    cell: hidden,
                };
                if let Some(place) = number_of.get_mut(variable) {
                    *place = system.add_unknown(unknown);
                }
            }
        }
        for row in rows {
            self.add_row(&mut system, &mut number_of, row);
        }
        system
    }

    /// Turns one row over variables into an equation over unknowns.
    fn add_row(&self, system: &mut System, number_of: &mut [u32], row: Row) {
        let mut terms: Vec<Term> = Vec::with_capacity(row.terms.len());
        let mut sum = row.sum;
        for (variable, coefficient) in row.terms {
            let Some(known) = self.known.get(variable as usize) else { continue };
            if known.bounds.is_point() && known.hidden.is_none() {
                sum = shift(sum, coefficient.saturating_mul(known.bounds.lo));
                continue;
            }
            let Some(number) = number_of.get_mut(variable as usize) else { continue };
            if *number == u32::MAX {
                let cell = self.variables.firsts.get(variable as usize).copied();
                *number = system.add_unknown(Unknown {
                    bounds: known.bounds,
                    integer: known.integer,
                    judged: false,
                    width: 0,
                    cell: known.printed.or(cell).unwrap_or(CellRef { table: 0, cell: 0 }),
                });
            }
            terms.push((*number, coefficient));
        }
        if terms.is_empty() {
            if !sum.contains(0) {
                let gap = sum.is_point().then(|| sum.lo.saturating_neg());
                system.broken.push(Broken { origin: row.origin, gap });
            }
            return;
        }
        terms.sort_unstable();
        terms.dedup_by(|next, kept| {
            let same = next.0 == kept.0;
            if same {
                kept.1 = kept.1.saturating_add(next.1);
            }
            same
        });
        system.add_equation(&terms, sum, row.origin);
    }

    /// All relations, over variables.
    fn rows(&self) -> Vec<Row> {
        let mut rows = Vec::new();
        for (at, (table, of_cell)) in
            self.set.tables.iter().zip(&self.variables.of_cell).enumerate()
        {
            let variable = |cell: usize| of_cell.get(cell).copied().unwrap_or(u32::MAX);
            table.each_relation(|dimension, rollup, total, parts| {
                if table.cell(total) == Cell::Missing
                    && parts.iter().all(|part| table.cell(*part) == Cell::Missing)
                {
                    return;
                }
                // A relation of printed exact numbers is only checked.
                let mut terms: Vec<Term> = Vec::with_capacity(parts.len() + 1);
                terms.extend(parts.iter().map(|part| (variable(*part), 1)));
                terms.push((variable(total), -1));
                rows.push(Row {
                    sum: Interval::point(0),
                    origin: Origin::Rollup {
                        table: u32::try_from(at).unwrap_or(u32::MAX),
                        dimension: u32::try_from(dimension).unwrap_or(u32::MAX),
                        rollup: u32::try_from(rollup).unwrap_or(u32::MAX),
                        total: u32::try_from(total).unwrap_or(u32::MAX),
                    },
                    terms: self.fold_known(terms),
                });
            });
        }
        for (number, relation) in self.set.relations.iter().enumerate() {
            let terms = relation
                .terms
                .iter()
                .filter_map(|(cell, coefficient)| Some((self.variables.of(*cell)?, *coefficient)))
                .collect();
            let origin = Origin::Extra { relation: u32::try_from(number).unwrap_or(u32::MAX) };
            rows.push(Row { terms, sum: relation.sum, origin });
        }
        rows
    }

    /// Drops rows in which every number is printed exactly and the sum holds,
    /// to save memory; they say nothing.
    fn fold_known(&self, terms: Vec<Term>) -> Vec<Term> {
        let mut gap = 0_i64;
        for (variable, coefficient) in &terms {
            match self.known.get(*variable as usize) {
                Some(k) if k.bounds.is_point() && k.hidden.is_none() => {
                    gap = gap.saturating_add(k.bounds.lo.saturating_mul(*coefficient));
                }
                _ => return terms,
            }
        }
        if gap == 0 { Vec::new() } else { terms }
    }

    /// Removes missing numbers that only one row speaks of: such a row says at
    /// most an inequality about the rest, or nothing.
    fn drop_idle(&self, rows: &mut Vec<Row>) {
        loop {
            let mut uses = vec![0_u32; self.known.len()];
            for (variable, _) in rows.iter().flat_map(|row| &row.terms) {
                if let Some(count) = uses.get_mut(*variable as usize) {
                    *count += 1;
                }
            }
            let mut changed = false;
            for row in rows.iter_mut() {
                let idle = |term: &Term| {
                    let at = term.0 as usize;
                    self.known.get(at).is_some_and(|k| k.missing)
                        && uses.get(at).is_some_and(|count| *count == 1)
                };
                let open: Vec<Term> = row.terms.iter().copied().filter(|t| idle(t)).collect();
                for (variable, coefficient) in open {
                    changed = true;
                    row.terms.retain(|term| term.0 != variable);
                    let bounds =
                        self.known.get(variable as usize).map_or(Interval::ALL, |k| k.bounds);
                    row.sum = widen(row.sum, bounds, coefficient);
                }
            }
            rows.retain(|row| !row.terms.is_empty() && (row.sum.has_lo() || row.sum.has_hi()));
            if !changed {
                return;
            }
        }
    }
}

#[derive(Debug)]
struct Row {
    terms: Vec<Term>,
    sum: Interval,
    origin: Origin,
}

/// The interval less a known summand.
fn shift(sum: Interval, known: i64) -> Interval {
    Interval {
        lo: if sum.has_lo() { sum.lo.saturating_sub(known) } else { sum.lo },
        hi: if sum.has_hi() { sum.hi.saturating_sub(known) } else { sum.hi },
    }
}

/// The interval of the rest when a summand `coefficient x bounds` is left out.
fn widen(sum: Interval, bounds: Interval, coefficient: i64) -> Interval {
    let (least, most) = if coefficient >= 0 {
        (
            bounds.has_lo().then(|| bounds.lo.saturating_mul(coefficient)),
            bounds.has_hi().then(|| bounds.hi.saturating_mul(coefficient)),
        )
    } else {
        (
            bounds.has_hi().then(|| bounds.hi.saturating_mul(coefficient)),
            bounds.has_lo().then(|| bounds.lo.saturating_mul(coefficient)),
        )
    };
    Interval {
        lo: match most {
            Some(most) if sum.has_lo() => sum.lo.saturating_sub(most),
            _ => i64::MIN,
        },
        hi: match least {
            Some(least) if sum.has_hi() => sum.hi.saturating_sub(least),
            _ => i64::MAX,
        },
    }
}
