//! Which cells of an answer are masked.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use shirube_gate::policy::{Contributions, Policy, Zeros};
use shirube_gate::protect::{Effort, Primary, Task, Weight, primaries, protect};
use shirube_gate::table::{CellRef, Quantity, TableSet};
use shirube_model::refusal::Refusal;

use crate::grid::Grid;
use crate::number::{Number, Protected};
use crate::policy::{ClassDisclosure, Equal, InstitutionsUnknown, QueryPolicy};
use crate::tally::UNITS;
use crate::vector::Vector;

/// A rule that masks cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Criterion {
    /// Too few persons, too few institutions, or too large a share of few: the
    /// primary rules of the disclosure policy.
    Primary,
    /// Too few persons with a value for a count, a sum or an average.
    Contributors,
    /// Two numbers of a cell that differ by few persons.
    Difference,
    /// A number that rests on few of the persons who have a say in it.
    Weights,
    /// Rows without an institution, where the policy masks them.
    InstitutionsUnknown,
    /// A group that tells the class of its members.
    Class,
    /// Too close to an earlier answer.
    Ledger,
    /// Masked to protect another cell.
    Complementary,
    /// Counts with noise by cell keys instead of masks.
    CellKey,
    /// Counts rounded.
    Rounding,
}

/// The masks of an answer.
#[derive(Debug, Clone, Default)]
pub(crate) struct Masks {
    /// Grid numbers that are not shown.
    pub(crate) hidden: BTreeSet<usize>,
    /// Cells by the rule that masked them; rules that were applied and masked
    /// nothing stand at zero.
    pub(crate) criteria: BTreeMap<Criterion, u64>,
}

/// Masks an answer; `close` are cells too close to earlier answers.
pub(crate) fn masks(
    grid: &Grid,
    numbers: &[Number],
    policy: &QueryPolicy,
    close: &BTreeSet<usize>,
    conditional: &[bool],
) -> Result<Masks, Refusal> {
    let mut masks = Masks::default();
    let mut own: BTreeSet<usize> = close.clone();
    if policy.close_min > 0 {
        masks.criteria.insert(Criterion::Ledger, count(close.len()));
    }
    for (criterion, found) in own_rules(grid, numbers, policy, conditional) {
        masks.criteria.insert(criterion, count(found.len()));
        own.extend(found);
    }
    // Without groups nobody knows of how many persons a zero speaks: it looks
    // like a small count.
    if grid.axes.is_empty() && policy.threshold() > 0 && grid.persons(0) == 0 {
        own.insert(0);
    }
    let mut tables = Vec::new();
    for number in numbers {
        let (table, beyond) = grid.table(number)?;
        tables.push((number, TableSet::single(table)));
        own.extend(beyond);
    }
    let mut primary: BTreeSet<usize> = BTreeSet::new();
    for (number, set) in &tables {
        let found = primaries(set, &policy.rules, None, |cell| behind(grid, number, set, cell));
        primary.extend(found.iter().map(|p| p.cell.cell as usize));
    }
    masks.criteria.insert(Criterion::Primary, count(primary.len()));
    primary.extend(own);
    let forced: BTreeSet<usize> = grid.margins().into_iter().collect();
    let hidden = complete(grid, &tables, &policy.rules, &primary, &forced)
        .or_else(|_| complete(grid, &tables, &policy.rules, &primary, &BTreeSet::new()))
        .map_err(|_| Refusal::new("query.protect.impossible"))?;
    masks.criteria.insert(Criterion::Complementary, count(hidden.len() - primary.len()));
    masks.hidden = hidden;
    Ok(masks)
}

/// Masks where noise protects the numbers: those of too few persons, and those
/// too close to earlier answers. Noise stands between the others and the margins.
pub(crate) fn noise_masks(
    grid: &Grid,
    numbers: &[Number],
    policy: &QueryPolicy,
    close: &BTreeSet<usize>,
) -> Masks {
    let few = |n: &usize| {
        let cells = numbers.iter().filter_map(|number| number.cells.get(*n));
        cells.into_iter().any(|cell| cell.contributors < policy.shown_min)
    };
    let few: BTreeSet<usize> = (0..grid.groups.len()).filter(few).collect();
    let mut criteria = BTreeMap::from([(Criterion::CellKey, 0)]);
    criteria.insert(Criterion::Contributors, count(few.len()));
    if policy.close_min > 0 {
        criteria.insert(Criterion::Ledger, count(close.len()));
    }
    Masks { hidden: few.union(close).copied().collect(), criteria }
}

fn count(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}

/// Hides what protects the sensitive cells in every table at once: a cell that
/// one table hides is hidden in all, until none of them needs more.
fn complete(
    grid: &Grid,
    tables: &[(&Number, TableSet)],
    policy: &Policy,
    primary: &BTreeSet<usize>,
    forced: &BTreeSet<usize>,
) -> Result<BTreeSet<usize>, Refusal> {
    let mut hidden = primary.clone();
    if hidden.is_empty() {
        return Ok(hidden);
    }
    loop {
        let before = hidden.len();
        for (number, set) in tables {
            let mut wanted = primaries(set, policy, None, |cell| behind(grid, number, set, cell));
            let known: BTreeSet<usize> = wanted.iter().map(|p| p.cell.cell as usize).collect();
            wanted.extend(hidden.difference(&known).map(|cell| Primary {
                cell: CellRef::new(0, *cell),
                width: policy.width,
                threshold: 0,
            }));
            let printed: Vec<CellRef> =
                forced.difference(&hidden).map(|cell| CellRef::new(0, *cell)).collect();
            let safe = protect(&Task {
                set,
                policy,
                primary: &wanted,
                forced: &printed,
                weight: Weight::LogValue,
                effort: Effort::default(),
            })?;
            let cells = safe.primary.iter().chain(&safe.secondary);
            hidden.extend(cells.map(|cell| cell.cell as usize));
        }
        if hidden.len() == before {
            return Ok(hidden);
        }
    }
}

/// Who stands behind a cell, in the unit of its table.
fn behind(grid: &Grid, number: &Number, set: &TableSet, cell: CellRef) -> Option<Contributions> {
    let at = cell.cell as usize;
    let (group, own) = (grid.groups.get(at)?, number.cells.get(at)?);
    let decimals = set.tables.first()?.measure.decimals;
    let magnitude = number.what.quantity() == Quantity::Magnitude;
    let divide = if magnitude && decimals == 0 { UNITS } else { 1 };
    let size = |value: &u128| i64::try_from(value / divide.unsigned_abs()).unwrap_or(i64::MAX);
    let institutions = count(group.institutions.len());
    Some(Contributions {
        persons: Some(own.contributors),
        institutions: (institutions > 0).then_some(institutions),
        largest: own.largest.iter().map(size).collect(),
    })
}

/// The rules that concern queries, with the cells each of them masks.
fn own_rules(
    grid: &Grid,
    numbers: &[Number],
    policy: &QueryPolicy,
    conditional: &[bool],
) -> Vec<(Criterion, BTreeSet<usize>)> {
    let each = |rule: &dyn Fn(usize) -> bool| -> BTreeSet<usize> {
        (0..grid.groups.len()).filter(|n| rule(*n)).collect()
    };
    let low = u64::from(policy.rules.zeros == Zeros::Shown);
    let threshold = policy.threshold();
    let mut out = vec![(
        Criterion::Contributors,
        each(&|n| {
            grid.groups.get(n).is_some_and(|group| {
                numbers.iter().any(|number| {
                    let persons = number.cells.get(n).map_or(0, |cell| cell.contributors);
                    // Nobody counts as few where a condition could have made it
                    // somebody.
                    let could = by_condition(number.what, conditional) && !group.is_empty();
                    let low = if could { 0 } else { low };
                    persons >= low && persons < threshold
                })
            })
        }),
    )];
    out.push((Criterion::Weights, each(&|n| rests_on_few(numbers, n, policy, conditional))));
    if policy.close_min > 0 {
        let rule = |n: usize| too_similar(numbers, n, policy, conditional);
        out.push((Criterion::Difference, each(&rule)));
    }
    if policy.rules.institutions_min.is_some()
        && policy.institutions_unknown == InstitutionsUnknown::Mask
    {
        let rule = |n: usize| {
            grid.groups.get(n).is_some_and(|g| !g.is_empty() && g.institutions.is_empty())
        };
        out.push((Criterion::InstitutionsUnknown, each(&rule)));
    }
    if policy.class_disclosure != ClassDisclosure::Off {
        out.push((Criterion::Class, each(&|n| tells_class(grid, n, policy))));
    }
    out
}

/// Whether two numbers of a cell differ by few persons. Equal numbers count where
/// a condition in the query could make them differ: else the mask would tell
/// whether it holds for anybody.
fn too_similar(numbers: &[Number], at: usize, policy: &QueryPolicy, conditional: &[bool]) -> bool {
    // The persons behind the rows can be asked for, so they are compared too.
    let asked: Vec<(&Vector, bool)> = numbers
        .iter()
        .filter_map(|n| Some((&n.cells.get(at)?.vector, by_condition(n.what, conditional))))
        .collect();
    let equal_too = policy.equal == Equal::TooClose;
    asked.iter().enumerate().any(|(at, (a, a_conditional))| {
        asked.iter().skip(at + 1).any(|(b, b_conditional)| {
            let distance = a.distance(b, policy.close_min);
            let equal = equal_too && (*a_conditional || *b_conditional) && !a.is_empty();
            distance < policy.close_min && (distance > 0 || equal)
        })
    })
}

/// Whether the query can decide by a condition what a number is made of.
fn by_condition(number: Protected, conditional: &[bool]) -> bool {
    number.argument().and_then(|at| conditional.get(at)).copied().unwrap_or(false)
}

/// Whether a number rests on few persons, though many have a say in it: others
/// contribute zero, or hardly anything.
fn rests_on_few(numbers: &[Number], at: usize, policy: &QueryPolicy, conditional: &[bool]) -> bool {
    numbers.iter().filter(|n| n.what != Protected::Behind).any(|number| {
        let Some(cell) = number.cells.get(at) else { return true };
        let persons = cell.vector.len();
        // Nobody counts as few where a condition could have made it somebody.
        let low = u64::from(!by_condition(number.what, conditional));
        let few = number.what.argument().is_some()
            && cell.contributors > 0
            && persons >= low
            && persons < policy.threshold();
        let largest = cell.largest.first().copied().unwrap_or(0);
        let share = u128::from(policy.largest_percent);
        few || share > 0 && largest.saturating_mul(100) > cell.size.saturating_mul(share)
    })
}

/// Whether a cell tells the class of everybody in a parent.
fn tells_class(grid: &Grid, at: usize, policy: &QueryPolicy) -> bool {
    let persons = grid.persons(at);
    grid.axes.iter().enumerate().any(|(number, axis)| {
        if !axis.has_total() {
            // One value only, and not because the filter says so.
            return persons > 0 && !axis.pinned;
        }
        let Some(parent) = grid.parent(at, number) else { return false };
        let all = grid.persons(parent);
        let none = policy.class_disclosure == ClassDisclosure::AllOrNone
            && policy.rules.zeros != Zeros::Shown;
        all > 0 && (persons == all || (none && persons == 0))
    })
}
