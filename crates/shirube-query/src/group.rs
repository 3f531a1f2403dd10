//! Who stands behind a cell, and with how much.

use std::collections::BTreeSet;
use std::sync::Arc;

use shirube_model::refusal::Refusal;

/// What persons contributed to one argument, in the order of the cell's persons.
#[derive(Default, Clone)]
pub(crate) struct Behind {
    /// Values that are not NULL; absent when no row of the cell has a NULL.
    pub(crate) values: Option<Arc<Vec<u32>>>,
    /// Their sum in millionths; empty when no sum is asked for.
    pub(crate) sums: Arc<Vec<i128>>,
}

/// One cell or margin.
#[derive(Default, Clone)]
pub(crate) struct Group {
    /// Short numbers of its persons, in order.
    pub(crate) persons: Arc<Vec<u32>>,
    /// Rows by person.
    pub(crate) rows: Arc<Vec<u32>>,
    /// By argument.
    pub(crate) arguments: Vec<Behind>,
    /// Institutions named by the rows, where the policy asks for them.
    pub(crate) institutions: BTreeSet<i64>,
}

impl Group {
    /// A group without rows.
    pub(crate) fn empty(arguments: usize) -> Self {
        Self { arguments: vec![Behind::default(); arguments], ..Self::default() }
    }

    /// How many persons.
    pub(crate) fn len(&self) -> u64 {
        u64::try_from(self.persons.len()).unwrap_or(u64::MAX)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.persons.is_empty()
    }

    /// Values of an argument by person.
    fn values(&self, at: usize) -> &[u32] {
        match self.arguments.get(at) {
            None => &[],
            Some(behind) => behind.values.as_ref().unwrap_or(&self.rows),
        }
    }

    fn sums(&self, at: usize) -> &[i128] {
        self.arguments.get(at).map_or(&[], |behind| &behind.sums)
    }

    /// Groups taken together; `people` is how many persons there are at all.
    ///
    /// # Errors
    /// `query.value.range` for counts beyond 32 bits.
    pub(crate) fn plus(parts: &[&Self], people: usize) -> Result<Self, Refusal> {
        let (Some(first), false) = (parts.first(), parts.len() == 1) else {
            return Ok(parts.first().map(|group| (*group).clone()).unwrap_or_default());
        };
        let entries: usize = parts.iter().map(|group| group.persons.len()).sum();
        let mut sum = if entries >= people / 4 {
            dense(parts, people)?
        } else {
            let mut list = List::new(first.arguments.len(), &sum_places(first));
            for group in parts {
                list.add_group(group);
            }
            list.into_group()?
        };
        sum.institutions = parts.iter().flat_map(|group| group.institutions.clone()).collect();
        Ok(sum)
    }
}

/// Which arguments have sums, by a group that has rows.
fn sum_places(group: &Group) -> Vec<bool> {
    group.arguments.iter().map(|behind| !behind.sums.is_empty()).collect()
}

/// Adds groups in lists with a place for every person there is.
fn dense(parts: &[&Group], people: usize) -> Result<Group, Refusal> {
    let rows = add(parts.iter().map(|g| (&*g.persons, &g.rows[..])), people)?;
    let persons: Vec<u32> =
        (0_u32..).zip(&rows).filter(|(_, n)| **n > 0).map(|(person, _)| person).collect();
    let kept = |all: Vec<u32>| -> Arc<Vec<u32>> {
        Arc::new(persons.iter().filter_map(|p| all.get(*p as usize).copied()).collect())
    };
    let arguments = parts.first().map_or(0, |g| g.arguments.len());
    let mut out = Vec::with_capacity(arguments);
    for at in 0..arguments {
        let nulls = parts.iter().any(|g| g.arguments.get(at).is_some_and(|b| b.values.is_some()));
        let values = if nulls {
            Some(kept(add(parts.iter().map(|g| (&*g.persons, g.values(at))), people)?))
        } else {
            None
        };
        let mut sums = Vec::new();
        if parts.iter().any(|g| !g.sums(at).is_empty()) {
            let mut all = vec![0_i128; people];
            for group in parts {
                for (person, value) in group.persons.iter().zip(group.sums(at)) {
                    if let Some(sum) = all.get_mut(*person as usize) {
                        *sum = sum.saturating_add(*value);
                    }
                }
            }
            sums = persons.iter().filter_map(|p| all.get(*p as usize).copied()).collect();
        }
        out.push(Behind { values, sums: Arc::new(sums) });
    }
    let rows = kept(rows);
    Ok(Group { persons: Arc::new(persons), rows, arguments: out, institutions: BTreeSet::new() })
}

fn add<'g>(
    parts: impl Iterator<Item = (&'g Vec<u32>, &'g [u32])>,
    people: usize,
) -> Result<Vec<u32>, Refusal> {
    let mut all = vec![0_u32; people];
    let mut fits = true;
    for (persons, counts) in parts {
        for (person, count) in persons.iter().zip(counts) {
            if let Some(sum) = all.get_mut(*person as usize) {
                let (next, over) = sum.overflowing_add(*count);
                *sum = next;
                fits &= !over;
            }
        }
    }
    if fits { Ok(all) } else { Err(Refusal::new("query.value.range")) }
}

/// A group while rows come in: persons mostly in order, some of them twice.
pub(crate) struct List {
    persons: Vec<u32>,
    rows: Vec<u32>,
    /// By argument; absent while no row had a NULL.
    values: Vec<Option<Vec<u32>>>,
    /// By argument; absent where no sum is asked for.
    sums: Vec<Option<Vec<i128>>>,
    /// Institutions.
    pub(crate) sites: BTreeSet<i64>,
    /// Whether the persons are in order, each once.
    ordered: bool,
    /// Length from which a list out of order is put in order.
    tidy_at: usize,
    fits: bool,
}

/// Entries from which a list out of order is put in order on the way.
const TIDY_FROM: usize = 1 << 20;

impl List {
    pub(crate) fn new(arguments: usize, sums: &[bool]) -> Self {
        let sum = |at: usize| sums.get(at).copied().unwrap_or(false).then(Vec::new);
        Self {
            persons: Vec::new(),
            rows: Vec::new(),
            values: vec![None; arguments],
            sums: (0..arguments).map(sum).collect(),
            sites: BTreeSet::new(),
            ordered: true,
            tidy_at: TIDY_FROM,
            fits: true,
        }
    }

    /// Adds what a person contributed: rows, rows with a NULL by argument, sums
    /// by argument (those without a sum are passed over).
    pub(crate) fn push(&mut self, person: u32, rows: u32, missing: &[u32], sums: &[i128]) {
        self.ordered &= self.persons.last().is_none_or(|last| *last < person);
        for (values, missing) in self.values.iter_mut().zip(missing) {
            match values {
                Some(list) => list.push(rows - missing),
                None if *missing > 0 => {
                    let mut list = self.rows.clone();
                    list.push(rows.saturating_sub(*missing));
                    *values = Some(list);
                }
                None => {}
            }
        }
        for (list, sum) in self.sums.iter_mut().zip(sums) {
            if let Some(list) = list {
                list.push(*sum);
            }
        }
        self.persons.push(person);
        self.rows.push(rows);
        if !self.ordered && self.persons.len() >= self.tidy_at {
            self.tidy();
            self.tidy_at = (self.persons.len() * 2).max(TIDY_FROM);
        }
    }

    /// Adds what stands in another list.
    pub(crate) fn append(&mut self, mut other: Self) {
        let in_order = match (self.persons.last(), other.persons.first()) {
            (Some(last), Some(first)) => last < first,
            _ => true,
        };
        self.ordered &= other.ordered && in_order;
        self.fits &= other.fits;
        for (mine, theirs) in self.values.iter_mut().zip(&mut other.values) {
            if mine.is_some() || theirs.is_some() {
                let from = theirs.take().unwrap_or_else(|| other.rows.clone());
                mine.get_or_insert_with(|| self.rows.clone()).extend(from);
            }
        }
        for (mine, theirs) in self.sums.iter_mut().zip(&mut other.sums) {
            if let (Some(mine), Some(theirs)) = (mine, theirs) {
                mine.append(theirs);
            }
        }
        self.persons.append(&mut other.persons);
        self.rows.append(&mut other.rows);
        self.sites.append(&mut other.sites);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.persons.is_empty()
    }

    fn add_group(&mut self, group: &Group) {
        let sums = |at: usize| {
            let none = || vec![0; group.persons.len()];
            let list = group.sums(at);
            if list.is_empty() { none() } else { list.to_vec() }
        };
        let wanted = |(at, list): (usize, &Option<Vec<i128>>)| list.is_some().then(|| sums(at));
        let other = Self {
            persons: group.persons.to_vec(),
            rows: group.rows.to_vec(),
            values: group.arguments.iter().map(|b| b.values.as_ref().map(|v| v.to_vec())).collect(),
            sums: self.sums.iter().enumerate().map(wanted).collect(),
            sites: BTreeSet::new(),
            ordered: true,
            tidy_at: TIDY_FROM,
            fits: true,
        };
        self.append(other);
    }

    /// Puts the persons in order, each once.
    fn tidy(&mut self) {
        if self.ordered {
            return;
        }
        let mut order: Vec<usize> = (0..self.persons.len()).collect();
        // Stable: finds runs that are in order and merges them.
        order.sort_by_key(|at| self.persons.get(*at).copied());
        let mut first = Vec::with_capacity(order.len());
        let mut last = None;
        for at in &order {
            let person = self.persons.get(*at).copied();
            first.push(person != last);
            last = person;
        }
        let mut fits = true;
        let mut counts = |list: &[u32]| {
            gathered(list, &order, &first, |sum: &mut u32, n| {
                let (next, over) = sum.overflowing_add(n);
                *sum = next;
                fits &= !over;
            })
        };
        self.rows = counts(&self.rows);
        for values in self.values.iter_mut().flatten() {
            *values = counts(values);
        }
        self.fits &= fits;
        for sums in self.sums.iter_mut().flatten() {
            *sums = gathered(sums, &order, &first, |sum, n| *sum = sum.saturating_add(n));
        }
        self.persons = gathered(&self.persons, &order, &first, |_, _| {});
        self.ordered = true;
    }

    /// The finished group.
    ///
    /// # Errors
    /// `query.value.range` for counts beyond 32 bits.
    pub(crate) fn into_group(mut self) -> Result<Group, Refusal> {
        self.tidy();
        if !self.fits {
            return Err(Refusal::new("query.value.range"));
        }
        let behind = |(values, sums): (Option<Vec<u32>>, Option<Vec<i128>>)| Behind {
            values: values.map(Arc::new),
            sums: Arc::new(sums.unwrap_or_default()),
        };
        Ok(Group {
            persons: Arc::new(self.persons),
            rows: Arc::new(self.rows),
            arguments: self.values.into_iter().zip(self.sums).map(behind).collect(),
            institutions: self.sites,
        })
    }
}

/// The entries of a list in an order, each that is not the first of its person
/// added to the one before.
fn gathered<T: Copy>(
    list: &[T],
    order: &[usize],
    first: &[bool],
    mut add: impl FnMut(&mut T, T),
) -> Vec<T> {
    let mut out: Vec<T> = Vec::with_capacity(list.len());
    for (at, first) in order.iter().zip(first) {
        let Some(value) = list.get(*at).copied() else { continue };
        match out.last_mut() {
            Some(sum) if !first => add(sum, value),
            _ => out.push(value),
        }
    }
    out
}
