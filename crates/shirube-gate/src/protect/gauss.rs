//! Complementary suppression by elimination.
//!
//! A set of printed numbers tells a hidden one exactly when the hidden number's
//! vector over the free inner numbers lies in the span of the printed ones.
//! Numbers are taken in order of publication priority; each is printed unless
//! its vector, less what is already told, points the same way as that of a
//! number under protection. The idea is that of Langsrud (2024),
//! doi:10.1007/978-3-031-69651-0_6; this is an own implementation, over a
//! prime field, with sparse vectors and fingerprints for the comparison.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use super::field;
use super::frame::{Fate, Frame, NO_TOTAL};

/// A sparse vector, ascending.
type Sparse = Vec<(u32, u64)>;

/// Direction of a vector: first index, fingerprint of the vector scaled to one
/// there, number of entries.
type Direction = (u32, u64, u32);

/// What elimination came to.
#[derive(Debug)]
pub(crate) struct Elimination {
    /// Variables to hide beside the primary ones, ascending.
    pub(crate) secondary: BTreeSet<u32>,
    /// Whether the effort ran out: what was left was decided without looking.
    pub(crate) cut: bool,
}

/// Vectors of variables over the free inner variables, and the forms that
/// relations beyond the definitions of totals set to zero.
#[derive(Debug)]
pub(crate) struct Parametrised {
    vectors: BTreeMap<u32, Sparse>,
    forms: Vec<Sparse>,
    entries: usize,
    /// Number of variables.
    size: usize,
}

/// No basis vector.
const NONE: u32 = u32::MAX;

fn put<T>(list: &mut [T], at: u32, value: T) {
    if let Some(place) = list.get_mut(at as usize) {
        *place = value;
    }
}

impl Parametrised {
    /// Expresses the variables that are not shown through free ones: the first
    /// relation of a total defines it. `None` beyond `entries_max` entries.
    pub(crate) fn new(
        frame: &Frame,
        within: &dyn Fn(u32) -> bool,
        entries_max: usize,
    ) -> Option<Self> {
        let mut definition: BTreeMap<u32, u32> = BTreeMap::new();
        for row in 0..frame.relations() {
            let total = frame.total(row);
            if total != NO_TOTAL && within(total) {
                definition.entry(total).or_insert(u32::try_from(row).ok()?);
            }
        }
        let mut out = Self {
            vectors: BTreeMap::new(),
            forms: Vec::new(),
            entries: 0,
            size: frame.values.len(),
        };
        let count = u32::try_from(frame.values.len()).ok()?;
        for variable in (0..count).filter(|v| frame.fate(*v) != Fate::Shown && within(*v)) {
            out.express(frame, within, &definition, variable);
            if out.entries > entries_max {
                return None;
            }
        }
        for row in 0..frame.relations() {
            let at = u32::try_from(row).ok()?;
            if definition.get(&frame.total(row)) == Some(&at) {
                continue;
            }
            let form = out.combine(frame, within, row, NO_TOTAL);
            if !form.is_empty() {
                out.forms.push(form);
            }
        }
        Some(out)
    }

    /// Fills in the vector of a variable and of those it is defined by.
    fn express(
        &mut self,
        frame: &Frame,
        within: &dyn Fn(u32) -> bool,
        definition: &BTreeMap<u32, u32>,
        variable: u32,
    ) {
        let mut open = vec![variable];
        while let Some(next) = open.last().copied() {
            if self.vectors.contains_key(&next) {
                open.pop();
                continue;
            }
            let vector = match definition.get(&next) {
                None => vec![(next, 1)],
                Some(row) => {
                    let before = open.len();
                    for (part, _) in frame.terms(*row as usize) {
                        if *part != next && within(*part) && !self.vectors.contains_key(part) {
                            open.push(*part);
                        }
                    }
                    if open.len() > before {
                        continue;
                    }
                    self.combine(frame, within, *row as usize, next)
                }
            };
            self.entries += vector.len();
            self.vectors.insert(next, vector);
            open.pop();
        }
    }

    /// The weighted sum of a relation's vectors, one variable left out.
    fn combine(
        &self,
        frame: &Frame,
        within: &dyn Fn(u32) -> bool,
        row: usize,
        without: u32,
    ) -> Sparse {
        let mut sum: BTreeMap<u32, u64> = BTreeMap::new();
        for (v, c) in frame.terms(row).iter().filter(|(v, _)| *v != without && within(*v)) {
            let factor = field::from(i64::from(*c));
            for (index, value) in self.vectors.get(v).into_iter().flatten() {
                let entry = sum.entry(*index).or_insert(0);
                *entry = field::add(*entry, field::mul(factor, *value));
            }
        }
        sum.into_iter().filter(|(_, value)| *value != 0).collect()
    }
}

/// Decides which variables of `candidates` (in order of priority to be printed)
/// are hidden, so that no variable of `protect` is told. Variables outside
/// `within` are printed.
pub(crate) fn eliminate(
    parametrised: &Parametrised,
    protect: &[u32],
    candidates: &[u32],
    effort: u64,
) -> Elimination {
    let mut state = Eliminator::new(parametrised, protect, effort);
    for form in &parametrised.forms {
        let rest = state.reduce(form);
        state.admit(rest);
    }
    let mut secondary = BTreeSet::new();
    for candidate in candidates {
        let Some(vector) = parametrised.vectors.get(candidate) else { continue };
        if state.effort == 0 {
            secondary.insert(*candidate);
            continue;
        }
        let rest = state.reduce(vector);
        if rest.is_empty() {
            continue;
        }
        if state.directions.contains_key(&direction(&rest, fingerprint(&rest))) {
            secondary.insert(*candidate);
        } else {
            state.admit(rest);
        }
    }
    Elimination { secondary, cut: state.effort == 0 }
}

struct Protected {
    rest: Sparse,
    fingerprint: u64,
    direction: Option<Direction>,
}

struct Eliminator {
    /// Basis vectors scaled to one at their pivot, without entries at the
    /// pivots of earlier ones.
    basis: Vec<Sparse>,
    prints: Vec<u64>,
    /// Basis vector whose pivot an index is.
    pivot_of: Vec<u32>,
    /// A dense vector, zero between uses.
    scratch: Vec<u64>,
    protect: Vec<Protected>,
    /// Protected vectors with an entry at an index.
    touching: BTreeMap<u32, BTreeSet<u32>>,
    directions: BTreeMap<Direction, u32>,
    /// How many vectors hold an index at the outset, to choose pivots.
    weight: BTreeMap<u32, u32>,
    effort: u64,
}

impl Eliminator {
    fn new(parametrised: &Parametrised, protect: &[u32], effort: u64) -> Self {
        let mut weight: BTreeMap<u32, u32> = BTreeMap::new();
        for (index, _) in parametrised.vectors.values().flatten() {
            *weight.entry(*index).or_insert(0) += 1;
        }
        let mut state = Self {
            basis: Vec::new(),
            prints: Vec::new(),
            pivot_of: vec![NONE; parametrised.size],
            scratch: vec![0; parametrised.size],
            protect: Vec::with_capacity(protect.len()),
            touching: BTreeMap::new(),
            directions: BTreeMap::new(),
            weight,
            effort,
        };
        for (number, variable) in protect.iter().enumerate() {
            let rest = parametrised.vectors.get(variable).cloned().unwrap_or_default();
            let number = u32::try_from(number).unwrap_or(u32::MAX);
            for (index, _) in &rest {
                state.touching.entry(*index).or_default().insert(number);
            }
            let print = fingerprint(&rest);
            let direction = (!rest.is_empty()).then(|| direction(&rest, print));
            if let Some(direction) = direction {
                *state.directions.entry(direction).or_insert(0) += 1;
            }
            state.protect.push(Protected { rest, fingerprint: print, direction });
        }
        state
    }

    /// The vector less its part in the span of the basis.
    fn reduce(&mut self, vector: &Sparse) -> Sparse {
        let mut touched: Vec<u32> = Vec::with_capacity(vector.len());
        let mut queue: BinaryHeap<Reverse<u32>> = BinaryHeap::new();
        for (index, value) in vector {
            touched.push(*index);
            put(&mut self.scratch, *index, *value);
            if let Some(number) = self.pivot(*index) {
                queue.push(Reverse(number));
            }
        }
        let mut last = None;
        while let Some(Reverse(number)) = queue.pop() {
            if last == Some(number) {
                continue;
            }
            last = Some(number);
            let Some(basis) = self.basis.get(number as usize) else { continue };
            // The pivot stands first in the stored vector.
            let Some((pivot, _)) = basis.first() else { continue };
            let factor = self.scratch.get(*pivot as usize).copied().unwrap_or(0);
            if factor == 0 {
                continue;
            }
            self.effort = self.effort.saturating_sub(basis.len() as u64);
            let minus = field::sub(0, factor);
            for (index, value) in basis {
                let Some(entry) = self.scratch.get_mut(*index as usize) else { continue };
                if *entry == 0 {
                    touched.push(*index);
                }
                *entry = field::add(*entry, field::mul(minus, *value));
                match self.pivot_of.get(*index as usize) {
                    Some(next) if *next != NONE && *next > number => queue.push(Reverse(*next)),
                    _ => {}
                }
            }
        }
        touched.sort_unstable();
        touched.dedup();
        let mut rest = Sparse::new();
        for index in touched {
            if let Some(entry) = self.scratch.get_mut(index as usize) {
                if *entry != 0 {
                    rest.push((index, *entry));
                }
                *entry = 0;
            }
        }
        rest
    }

    fn pivot(&self, index: u32) -> Option<u32> {
        self.pivot_of.get(index as usize).copied().filter(|number| *number != NONE)
    }

    /// Adds a reduced vector to what is told.
    fn admit(&mut self, mut rest: Sparse) {
        let light =
            |(index, _): &(u32, u64)| (self.weight.get(index).copied().unwrap_or(0), *index);
        let Some(at) = (0..rest.len()).min_by_key(|at| rest.get(*at).map(light)) else { return };
        let Some((pivot, value)) = rest.get(at).copied() else { return };
        let scale = field::inverse(value);
        for (_, value) in &mut rest {
            *value = field::mul(*value, scale);
        }
        rest.swap(0, at);
        let print = fingerprint(&rest);
        let number = u32::try_from(self.basis.len()).unwrap_or(u32::MAX);
        for protected in self.touching.remove(&pivot).unwrap_or_default() {
            self.subtract(protected, pivot, &rest, print);
        }
        put(&mut self.pivot_of, pivot, number);
        self.prints.push(print);
        self.basis.push(rest);
    }

    /// Keeps a protected vector reduced.
    fn subtract(&mut self, protected: u32, pivot: u32, basis: &Sparse, print: u64) {
        let Some(own) = self.protect.get_mut(protected as usize) else { return };
        let mut touched: Vec<u32> = Vec::with_capacity(own.rest.len() + basis.len());
        let mut factor = 0;
        for (index, value) in &own.rest {
            touched.push(*index);
            put(&mut self.scratch, *index, *value);
            if *index == pivot {
                factor = *value;
            }
        }
        let minus = field::sub(0, factor);
        self.effort = self.effort.saturating_sub((basis.len() + own.rest.len()) as u64);
        for (index, value) in basis {
            let Some(entry) = self.scratch.get_mut(*index as usize) else { continue };
            let before = *entry;
            *entry = field::add(before, field::mul(minus, *value));
            if before == 0 {
                touched.push(*index);
            }
            if before == 0 && *entry != 0 {
                self.touching.entry(*index).or_default().insert(protected);
            } else if before != 0
                && *entry == 0
                && let Some(list) = self.touching.get_mut(index)
            {
                list.remove(&protected);
            }
        }
        own.rest.clear();
        for index in touched {
            if let Some(entry) = self.scratch.get_mut(index as usize) {
                if *entry != 0 {
                    own.rest.push((index, *entry));
                }
                *entry = 0;
            }
        }
        own.fingerprint = field::add(own.fingerprint, field::mul(minus, print));
        if let Some(old) = own.direction.take()
            && let Some(count) = self.directions.get_mut(&old)
        {
            *count -= 1;
            if *count == 0 {
                self.directions.remove(&old);
            }
        }
        if !own.rest.is_empty() {
            let next = direction(&own.rest, own.fingerprint);
            own.direction = Some(next);
            *self.directions.entry(next).or_insert(0) += 1;
        }
    }
}

fn fingerprint(vector: &Sparse) -> u64 {
    vector.iter().fold(0, |sum, (index, value)| {
        field::add(sum, field::mul(*value, field::element(u64::from(*index))))
    })
}

fn direction(vector: &Sparse, print: u64) -> Direction {
    let (index, value) = vector.iter().min_by_key(|(i, _)| *i).copied().unwrap_or((u32::MAX, 1));
    let size = u32::try_from(vector.len()).unwrap_or(u32::MAX);
    (index, field::mul(print, field::inverse(value)), size)
}
