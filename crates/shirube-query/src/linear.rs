//! What many answers tell together.
//!
//! Released numbers are sums over persons, so an attacker may solve them as
//! linear equations: numbers that are far from each other by pairs may still
//! give one person when enough of them are added and subtracted. Here the
//! answers are solved in the same way. Persons who stand in the same numbers
//! with the same contributions are one unknown; the reduced form of the
//! equations has a row of its own for every unknown that follows from them. A
//! row that speaks of few persons, and that neither the earlier answers nor the
//! new one gives alone, is too close.
//!
//! Numbers over many persons take part by their differences to numbers like
//! them, so that a large group added to every question hides nothing. Work is
//! bounded: numbers further away than the bounds reach are left out.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use roaring::RoaringBitmap;

use crate::close::{Close, Page, Piece, Role, Rule};
use crate::vector::Vector;

/// Persons of a number that takes part itself; larger ones do by differences.
const PERSONS_MAX: u64 = 2_000;
/// Most numbers that are solved together.
const ROWS_MAX: usize = 1_500;
/// Most contributions that are solved together.
const PARTS_MAX: usize = 1_000_000;
/// Most large numbers whose differences are looked for.
const LARGE_MAX: usize = 600;

/// A prime; equations are solved modulo it, where nothing is rounded.
const PRIME: u64 = (1 << 61) - 1;

/// An equation: the factor of every unknown that has one.
type Line = BTreeMap<u32, u64>;

/// A number, or the difference of two large ones.
struct Row<'p> {
    vector: Vector,
    /// The number it comes from, the newer one of a difference.
    piece: &'p Piece,
    new: bool,
    /// Whether it is a number itself.
    own: bool,
    /// Whether it follows from the new answer alone.
    alone: bool,
}

/// Looks for few persons that follow from the new answer together with earlier
/// ones.
pub(crate) fn solved(past: &[Page], new: &Page, rule: Rule, out: &mut Close) {
    if past.is_empty() {
        return;
    }
    let rows = connected(rows(past, new));
    if rows.iter().all(|row| row.alone) {
        return;
    }
    let system = System::of(&rows);
    let mut earlier = Reduced::default();
    let mut alone = Reduced::default();
    for (row, line) in rows.iter().zip(&system.lines) {
        if row.alone {
            alone.add(line.clone());
        } else if !row.new {
            earlier.add(line.clone());
        }
    }
    let mut known: BTreeSet<Vec<(u32, u64)>> = BTreeSet::new();
    known.extend(earlier.few(&system.persons, rule.enough));
    known.extend(alone.few(&system.persons, rule.enough));
    let described: BTreeSet<&str> =
        rows.iter().filter(|r| !r.new).map(|r| r.piece.describes.as_str()).collect();
    let mut all = earlier.clone();
    for (row, line) in rows.iter().zip(&system.lines).filter(|(row, _)| row.new) {
        // What earlier numbers give by a calculation, under a description they
        // do not have: were it released, a refusal would tell that it is not so.
        let follows = rule.equal_too
            && row.own
            && !described.contains(row.piece.describes.as_str())
            && earlier.reduce(line.clone()).is_empty();
        let mut with = all.clone();
        let tells = with.add(line.clone())
            && with.few(&system.persons, rule.enough).any(|few| !known.contains(&few));
        if !follows && !tells {
            all = with;
            continue;
        }
        match row.piece.role {
            Role::Margin => out.whole = true,
            _ => out.cells.extend([row.piece.cell]),
        }
        if rule.one_is_enough {
            return;
        }
    }
}

/// Every number that was or can be asked for, large ones by their differences.
fn rows<'p>(past: &'p [Page], new: &'p Page) -> Vec<Row<'p>> {
    let named = |page: &'p Page| {
        let pieces = page.numbers.iter().flatten();
        pieces.filter(|p| p.role != Role::Hidden && !p.vector.is_empty())
    };
    let pieces = past.iter().flat_map(named).map(|piece| (piece, false));
    let pieces = pieces.chain(named(new).map(|piece| (piece, true)));
    let (small, large): (Vec<_>, Vec<_>) =
        pieces.partition(|(piece, _)| piece.vector.len() <= PERSONS_MAX);
    let mut out: Vec<Row<'p>> = small
        .into_iter()
        .map(|(piece, new)| Row { vector: piece.vector.clone(), piece, new, own: true, alone: new })
        .collect();
    let start = large.len().saturating_sub(LARGE_MAX);
    let large = large.get(start..).unwrap_or_default();
    for (at, (piece, new)) in large.iter().enumerate() {
        let near = |(other, _): &&(&'p Piece, bool)| {
            piece.vector.in_one_only(&other.vector, PERSONS_MAX + 1) <= PERSONS_MAX
        };
        let Some((other, other_new)) = large.iter().take(at).find(near) else { continue };
        let vector = piece.vector.minus(&other.vector);
        if !vector.is_empty() && vector.len() <= PERSONS_MAX {
            out.push(Row { vector, piece, new: *new, own: false, alone: *new && *other_new });
        }
    }
    out
}

/// The new numbers and those that share persons with them, and with those, as
/// far as the bounds allow; nearest first.
fn connected(rows: Vec<Row<'_>>) -> Vec<Row<'_>> {
    let (mut taken, mut left): (Vec<Row<'_>>, Vec<Row<'_>>) =
        rows.into_iter().partition(|row| row.new);
    let size = |row: &Row<'_>| usize::try_from(row.vector.len()).unwrap_or(usize::MAX);
    let mut parts: usize = taken.iter().map(size).sum();
    let mut persons = RoaringBitmap::new();
    for row in &taken {
        persons.extend(row.vector.persons());
    }
    loop {
        let (near, far): (Vec<Row<'_>>, Vec<Row<'_>>) = left
            .into_iter()
            .partition(|row| row.vector.persons().iter().any(|person| persons.contains(*person)));
        left = far;
        if near.is_empty() {
            return taken;
        }
        // The newest first, should the bounds not reach all.
        for row in near.into_iter().rev() {
            parts = parts.saturating_add(size(&row));
            if taken.len() >= ROWS_MAX || parts > PARTS_MAX {
                return taken;
            }
            persons.extend(row.vector.persons());
            taken.push(row);
        }
    }
}

/// Equations over unknowns.
struct System {
    lines: Vec<Line>,
    /// Persons of each unknown.
    persons: Vec<u64>,
}

impl System {
    fn of(rows: &[Row<'_>]) -> Self {
        let mut columns: BTreeMap<u32, Vec<(usize, i128)>> = BTreeMap::new();
        for (at, row) in rows.iter().enumerate() {
            for (person, value) in row.vector.iter() {
                columns.entry(person).or_default().push((at, value));
            }
        }
        let mut unknowns: BTreeMap<&[(usize, i128)], u64> = BTreeMap::new();
        for column in columns.values() {
            *unknowns.entry(column).or_insert(0) += 1;
        }
        let mut lines = vec![Line::new(); rows.len()];
        let mut persons = Vec::with_capacity(unknowns.len());
        for (number, (column, count)) in (0_u32..).zip(unknowns) {
            persons.push(count);
            for (row, value) in column {
                if let Some(line) = lines.get_mut(*row) {
                    line.insert(number, residue(*value));
                }
            }
        }
        for line in &mut lines {
            line.retain(|_, value| *value != 0);
        }
        Self { lines, persons }
    }
}

fn residue(value: i128) -> u64 {
    u64::try_from(value.rem_euclid(i128::from(PRIME))).unwrap_or(0)
}

fn times(a: u64, b: u64) -> u64 {
    u64::try_from(u128::from(a) * u128::from(b) % u128::from(PRIME)).unwrap_or(0)
}

/// One divided by a residue.
fn inverse(of: u64) -> u64 {
    let (mut out, mut square, mut power) = (1, of, PRIME - 2);
    while power > 0 {
        if power & 1 == 1 {
            out = times(out, square);
        }
        square = times(square, square);
        power >>= 1;
    }
    out
}

/// Subtracts a multiple of a line.
fn subtract(from: &mut Line, line: &Line, factor: u64) {
    for (column, value) in line {
        let entry = from.entry(*column).or_insert(0);
        *entry = (*entry + PRIME - times(*value, factor)) % PRIME;
        if *entry == 0 {
            from.remove(column);
        }
    }
}

/// Equations in reduced row echelon form: each has an unknown of its own, its
/// first, that no other has.
#[derive(Clone, Default)]
struct Reduced {
    lines: HashMap<u32, Line>,
}

impl Reduced {
    /// What is left of a line when what is known is taken away.
    fn reduce(&self, mut line: Line) -> Line {
        let own: Vec<u32> = line.keys().copied().filter(|c| self.lines.contains_key(c)).collect();
        for column in own {
            if let (Some(known), Some(factor)) =
                (self.lines.get(&column), line.get(&column).copied())
            {
                subtract(&mut line, known, factor);
            }
        }
        line
    }

    /// Adds a line; whether it tells anything new.
    fn add(&mut self, line: Line) -> bool {
        let mut line = self.reduce(line);
        let Some((first, value)) = line.iter().next().map(|(c, v)| (*c, *v)) else { return false };
        let factor = inverse(value);
        for value in line.values_mut() {
            *value = times(*value, factor);
        }
        for other in self.lines.values_mut() {
            if let Some(factor) = other.get(&first).copied() {
                subtract(other, &line, factor);
            }
        }
        self.lines.insert(first, line);
        true
    }

    /// Lines that speak of few persons.
    fn few<'r>(
        &'r self,
        persons: &'r [u64],
        enough: u64,
    ) -> impl Iterator<Item = Vec<(u32, u64)>> + 'r {
        let count = |line: &Line| -> u64 {
            let of = |column: &u32| persons.get(*column as usize).copied().unwrap_or(0);
            line.keys().map(of).sum()
        };
        self.lines
            .values()
            .filter(move |line| count(line) < enough)
            .map(|line| line.iter().map(|(c, v)| (*c, *v)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(cells: &[&[u32]], role: Role) -> Page {
        let piece = |(cell, persons): (usize, &&[u32])| Piece {
            cell,
            role,
            describes: format!("{persons:?}"),
            vector: Vector::of(persons.iter().map(|p| (*p, 1))),
        };
        Page { numbers: vec![cells.iter().enumerate().map(piece).collect()] }
    }

    const RULE: Rule = Rule { enough: 3, equal_too: true, one_is_enough: false };

    fn found(past: &[Page], new: &Page) -> Close {
        let mut out = Close::default();
        solved(past, new, RULE, &mut out);
        out
    }

    #[test]
    fn three_answers_that_give_one_person_are_found() {
        // a + b, b + c and a + c, of blocks of five, and d in one of them only.
        let block = |from: u32| (from..from + 5).collect::<Vec<_>>();
        let join = |parts: &[Vec<u32>]| parts.concat();
        let (a, b, c) = (block(0), block(10), block(20));
        let past = [
            page(&[&join(&[a.clone(), b.clone()])], Role::Printed),
            page(&[&join(&[b.clone(), c.clone()])], Role::Printed),
            page(&[&join(&[a.clone(), c.clone()])], Role::Printed),
        ];
        let with = join(&[a, b, c, vec![99]]);
        assert!(found(&past, &page(&[&with], Role::Printed)).any());
        assert!(found(&past, &page(&[&with], Role::Margin)).whole);
        // Two of them say nothing of one person.
        assert!(!found(&past[..2], &page(&[&with], Role::Printed)).any());
        // All three follow from each other without anybody new: computed.
        assert!(found(&past, &page(&[&with[..15]], Role::Printed)).any());
        assert!(!found(&past, &page(&[&[500, 501, 502, 503]], Role::Printed)).any());
    }

    #[test]
    fn a_large_group_in_every_answer_hides_nothing() {
        let many: Vec<u32> = (1_000..10_000).collect();
        let with = |some: &[u32]| [many.as_slice(), some].concat();
        let past = [
            page(&[&with(&[1, 2, 3, 4, 5])], Role::Printed),
            page(&[&with(&[4, 5, 6, 7, 8])], Role::Printed),
            page(&[&with(&[1, 2, 3, 6, 7, 8, 9, 10, 11])], Role::Printed),
            page(&[&with(&[9, 10, 11, 12, 13, 14])], Role::Printed),
        ];
        assert!(!found(&past, &page(&[&with(&[20, 21, 22, 23])], Role::Printed)).any());
        // One more than the first, in a group of thousands.
        assert!(found(&past[..1], &page(&[&with(&[1, 2, 3, 4, 5, 30])], Role::Printed)).any());
    }

    #[test]
    fn what_one_answer_gives_alone_is_for_the_masks_to_decide() {
        // Two masked cells of one person each, known together from the margin.
        let mut alone = page(&[&[1, 2, 3, 4], &[5], &[6], &[1, 2, 3, 4, 5, 6]], Role::Printed);
        for (piece, role) in alone.numbers[0].iter_mut().zip([
            Role::Printed,
            Role::Hidden,
            Role::Hidden,
            Role::Margin,
        ]) {
            piece.role = role;
        }
        let past = page(&[&[3, 4, 40, 41, 42, 43]], Role::Printed);
        assert!(!found(&[past], &alone).any());
        let other = page(&[&[5, 50, 51, 52]], Role::Printed);
        let same = page(&[&[1, 2, 3, 4]], Role::Printed);
        assert!(!found(&[alone.clone(), same], &other).any());
        let all = page(&[&[5, 50, 51, 52], &[50, 51, 52]], Role::Printed);
        assert!(found(&[alone, page(&[&[50, 51, 52]], Role::Printed)], &all).any());
    }

    #[test]
    fn residues_divide() {
        for n in [1, 2, 3, 1_000_003, PRIME - 1] {
            assert_eq!(times(n, inverse(n)), 1);
        }
        assert_eq!(residue(-1), PRIME - 1);
    }
}
