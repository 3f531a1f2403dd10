//! The numbers of an answer, and what each person contributed to them.

use std::sync::Arc;

use shirube_gate::table::Quantity;

use crate::grid::Grid;
use crate::group::{Behind, Group};
use crate::parallel;
use crate::sql::Aggregate;
use crate::vector::Vector;

/// A number that is protected: one that is asked for, or one it is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protected {
    /// Persons behind the rows, whether asked for or not.
    Behind,
    /// A count or a sum.
    Asked(Aggregate),
}

impl Protected {
    /// What protects the measures of a query: the persons, and for an average
    /// its sum and its divisor.
    fn all(measures: &[Aggregate]) -> Vec<Self> {
        let mut out = vec![Self::Behind];
        for measure in measures {
            let parts = match *measure {
                Aggregate::Average(at) => vec![Aggregate::Sum(at), Aggregate::Values(at)],
                other => vec![other],
            };
            for part in parts.into_iter().map(Self::Asked) {
                if !out.contains(&part) {
                    out.push(part);
                }
            }
        }
        out
    }

    pub(crate) fn quantity(self) -> Quantity {
        match self {
            Self::Asked(measure) if !measure.is_count() => Quantity::Magnitude,
            _ => Quantity::Count,
        }
    }

    /// The argument of the aggregate, where it has one.
    pub(crate) fn argument(self) -> Option<usize> {
        match self {
            Self::Behind | Self::Asked(Aggregate::Rows) => None,
            Self::Asked(
                Aggregate::Persons(at)
                | Aggregate::Values(at)
                | Aggregate::Sum(at)
                | Aggregate::Average(at),
            ) => Some(at),
        }
    }

    /// What each person of a group contributes.
    fn of(self, group: &Group) -> Vector {
        let persons = || Arc::clone(&group.persons);
        let behind = |at: usize| group.arguments.get(at);
        // Persons with a value that is not NULL, with how many they have.
        let valued = |list: &[u32]| -> (Vec<u32>, Vec<u32>) {
            let with = group.persons.iter().zip(list).filter(|(_, n)| **n > 0);
            with.map(|(person, n)| (*person, *n)).unzip()
        };
        match self {
            Self::Behind => Vector::ones(persons()),
            Self::Asked(Aggregate::Rows) => Vector::counts(persons(), Arc::clone(&group.rows)),
            Self::Asked(Aggregate::Persons(at)) => match behind(at) {
                None => Vector::default(),
                Some(Behind { values: None, .. }) => Vector::ones(persons()),
                Some(Behind { values: Some(list), .. }) => Vector::ones(Arc::new(valued(list).0)),
            },
            Self::Asked(Aggregate::Values(at)) => match behind(at) {
                None => Vector::default(),
                Some(Behind { values: None, .. }) => {
                    Vector::counts(persons(), Arc::clone(&group.rows))
                }
                Some(Behind { values: Some(list), .. }) => {
                    let (persons, counts) = valued(list);
                    Vector::counts(Arc::new(persons), Arc::new(counts))
                }
            },
            Self::Asked(Aggregate::Sum(at) | Aggregate::Average(at)) => {
                behind(at).map_or_else(Vector::default, |b| Vector::sums(persons(), &b.sums))
            }
        }
    }

    /// Persons of a group with a say in the number: those with a value, be it
    /// zero.
    fn contributors(self, group: &Group) -> u64 {
        let values = |at| group.arguments.get(at).map(|behind: &Behind| behind.values.as_ref());
        match self.argument().map(values) {
            None | Some(Some(None)) => group.len(),
            Some(None) => 0,
            Some(Some(Some(list))) => {
                u64::try_from(list.iter().filter(|n| **n > 0).count()).unwrap_or(u64::MAX)
            }
        }
    }
}

/// How many of the largest contributions the rules may look at.
const LARGEST: usize = 8;

/// A number at one position of the grid.
pub(crate) struct Cell {
    /// What each person contributes.
    pub(crate) vector: Vector,
    /// The number itself; sums in millionths.
    pub(crate) total: i128,
    /// The sizes of the contributions added up.
    pub(crate) size: u128,
    /// The largest contributions by size, largest first.
    pub(crate) largest: Vec<u128>,
    /// Whether somebody contributes less than nothing.
    pub(crate) signed: bool,
    /// Persons with a say: those with a value, be it zero.
    pub(crate) contributors: u64,
}

/// A number at every position of the grid.
pub(crate) struct Number {
    pub(crate) what: Protected,
    /// By grid number.
    pub(crate) cells: Vec<Cell>,
}

impl Number {
    /// Everything that protects the measures of a query.
    pub(crate) fn all(measures: &[Aggregate], grid: &Grid) -> Vec<Self> {
        let asked = Protected::all(measures);
        let each = parallel::each(grid.groups.len(), |at| {
            let group = grid.groups.get(at);
            asked.iter().filter_map(|what| Some(cell(*what, group?))).collect::<Vec<_>>()
        });
        let mut out: Vec<Self> =
            asked.into_iter().map(|what| Self { what, cells: Vec::new() }).collect();
        for cells in each {
            for (number, cell) in out.iter_mut().zip(cells) {
                number.cells.push(cell);
            }
        }
        out
    }
}

fn cell(what: Protected, group: &Group) -> Cell {
    let vector = what.of(group);
    let (mut total, mut size, mut signed) = (0_i128, 0_u128, false);
    let mut largest: Vec<u128> = Vec::with_capacity(LARGEST + 1);
    // Smaller ones need no place.
    let mut least = 0;
    vector.each_value(|value| {
        total = total.saturating_add(value);
        size = size.saturating_add(value.unsigned_abs());
        signed |= value < 0;
        let own = value.unsigned_abs();
        if own > least {
            let at = largest.partition_point(|larger| *larger >= own);
            largest.insert(at, own);
            largest.truncate(LARGEST);
            if largest.len() == LARGEST {
                least = largest.last().copied().unwrap_or(0);
            }
        }
    });
    Cell { vector, total, size, largest, signed, contributors: what.contributors(group) }
}

/// A number at one position.
pub(crate) fn at(numbers: &[Number], what: Protected, cell: usize) -> Option<&Cell> {
    numbers.iter().find(|n| n.what == what)?.cells.get(cell)
}
