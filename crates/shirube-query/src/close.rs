//! Differencing: what an answer tells together with earlier ones.
//!
//! Two released numbers whose contributions differ for few persons tell about
//! those few by subtraction. Compared are cells and margins, unions of the cells
//! of one answer, and what is left of an answer when its printed cells are taken
//! from its total. A cell that was masked and is now asked for alone counts as
//! printed in its old answer.
//!
//! Numbers that are equal tell nothing by subtraction. But were they always
//! released and close ones always refused, a refusal would tell that a condition
//! holds for somebody. So an equal number counts as close too, unless both
//! queries describe the same persons in the same way, which does not depend on
//! the records.

use std::collections::BTreeSet;

use roaring::RoaringTreemap;

use crate::vector::Vector;

/// What a piece of an answer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// A cell with its number.
    Printed,
    /// A masked cell.
    Hidden,
    /// A total, which a second query can ask for.
    Margin,
}

impl Role {
    /// As the ledger writes it.
    pub(crate) fn letter(self) -> u8 {
        match self {
            Self::Printed => b'p',
            Self::Hidden => b'h',
            Self::Margin => b'm',
        }
    }

    /// As the ledger reads it.
    pub(crate) fn of(letter: [u8; 1]) -> Option<Self> {
        [Self::Printed, Self::Hidden, Self::Margin].into_iter().find(|r| [r.letter()] == letter)
    }
}

/// A cell or a margin of an answer.
#[derive(Clone)]
pub(crate) struct Piece {
    /// Its number in the answer's grid.
    pub(crate) cell: usize,
    pub(crate) role: Role,
    /// Hash of what the query says of its persons.
    pub(crate) describes: String,
    pub(crate) vector: Vector,
}

/// An answer: the pieces of each of its numbers.
#[derive(Clone, Default)]
pub(crate) struct Page {
    pub(crate) numbers: Vec<Vec<Piece>>,
}

impl Page {
    /// The persons behind each piece.
    pub(crate) fn persons(&self) -> impl Iterator<Item = &RoaringTreemap> {
        self.numbers.iter().flatten().map(|piece| piece.vector.persons())
    }
}

/// When numbers are too close.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rule {
    /// Fewest persons that a difference must speak of; zero for no rule.
    pub(crate) enough: u64,
    /// Whether equal numbers described in different ways are too close.
    pub(crate) equal_too: bool,
}

impl Rule {
    fn near(&self, a: &Vector, b: &Vector) -> bool {
        self.apart(a, b).is_some_and(|distance| distance > 0)
    }

    fn equal(&self, a: &Vector, b: &Vector) -> bool {
        self.equal_too && self.apart(a, b) == Some(0)
    }

    /// Persons in which two numbers differ, when these are few.
    fn apart(&self, a: &Vector, b: &Vector) -> Option<u64> {
        if a.is_empty() || b.is_empty() || a.persons().is_disjoint(b.persons()) {
            return None;
        }
        Some(a.distance(b, self.enough)).filter(|distance| *distance < self.enough)
    }

    fn close(&self, a: &Piece, b: &Piece) -> bool {
        self.near(&a.vector, &b.vector)
            || (a.describes != b.describes && self.equal(&a.vector, &b.vector))
    }
}

/// What is too close.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Close {
    /// Cells of the new answer; masking them may help.
    pub(crate) cells: BTreeSet<usize>,
    /// Something that masking a cell does not undo.
    pub(crate) whole: bool,
}

impl Close {
    pub(crate) fn any(&self) -> bool {
        self.whole || !self.cells.is_empty()
    }
}

/// One number of one answer, in the sums an attacker can form.
struct Sums<'p> {
    printed: Vec<&'p Piece>,
    hidden: Vec<&'p Piece>,
    margins: Vec<&'p Piece>,
    /// All masked cells together, known from a total.
    rest: Vector,
}

impl<'p> Sums<'p> {
    fn of(pieces: &'p [Piece]) -> Self {
        let of = |role: Role| -> Vec<&Piece> {
            pieces.iter().filter(|p| p.role == role && !p.vector.is_empty()).collect()
        };
        let (printed, hidden, margins) = (of(Role::Printed), of(Role::Hidden), of(Role::Margin));
        // Without a margin there is nothing the masked cells could be taken from.
        let known: &[&Piece] = if margins.is_empty() { &[] } else { &hidden };
        let rest = Vector::plus(known.iter().map(|p| &p.vector));
        Self { printed, hidden, margins, rest }
    }

    /// Every number that can be asked for.
    fn named(&self) -> impl Iterator<Item = &'p Piece> + '_ {
        self.printed.iter().chain(&self.margins).copied()
    }

    fn describes(&self, what: &str) -> bool {
        self.named().chain(self.hidden.iter().copied()).any(|p| p.describes == what)
    }

    /// The union of pieces closest to a set of persons: each piece of which more
    /// is inside than outside.
    fn nearest(&self, to: &Vector) -> Union {
        let inside =
            |v: &Vector| v.persons().intersection_len(to.persons()) * 2 > v.persons().len();
        let chosen: Vec<&&Piece> = self.printed.iter().filter(|p| inside(&p.vector)).collect();
        let rest = Some(&self.rest).filter(|rest| !rest.is_empty() && inside(rest));
        Union {
            sum: Vector::plus(chosen.iter().map(|p| &p.vector).chain(rest)),
            parts: chosen.len() + usize::from(rest.is_some()),
            cells: chosen.iter().map(|p| p.cell).collect(),
        }
    }
}

/// Cells of one answer taken together.
struct Union {
    sum: Vector,
    parts: usize,
    cells: Vec<usize>,
}

/// Compares a new answer with every earlier one.
pub(crate) fn close(past: &[Page], new: &Page, rule: Rule) -> Close {
    let mut out = Close::default();
    if rule.enough == 0 {
        return out;
    }
    for number in &new.numbers {
        let own = Sums::of(number);
        for page in past {
            for old in &page.numbers {
                compare(&own, &Sums::of(old), rule, &mut out);
            }
        }
    }
    let mut pages: Vec<&Page> = past.iter().collect();
    pages.push(new);
    uncovered(&pages, rule.enough, &mut out);
    out
}

fn compare(own: &Sums<'_>, old: &Sums<'_>, rule: Rule, out: &mut Close) {
    for piece in own.named() {
        let union = old.nearest(&piece.vector);
        let computed = union.parts > 1
            && !old.describes(&piece.describes)
            && rule.equal(&piece.vector, &union.sum);
        if old.named().any(|target| rule.close(piece, target))
            || rule.near(&piece.vector, &old.rest)
            || rule.near(&piece.vector, &union.sum)
            || computed
        {
            match piece.role {
                Role::Margin => out.whole = true,
                _ => out.cells.extend([piece.cell]),
            }
        }
    }
    for target in old.named() {
        let union = own.nearest(&target.vector);
        let computed = union.parts > 1
            && !own.describes(&target.describes)
            && rule.equal(&target.vector, &union.sum);
        if rule.near(&target.vector, &union.sum) || computed {
            out.whole |= union.cells.is_empty();
            out.cells.extend(union.cells);
        }
        out.whole |= rule.near(&own.rest, &target.vector);
    }
}

/// Masked cells of an answer that other answers print, and what is then left.
/// The last page is the new one.
fn uncovered(pages: &[&Page], enough: u64, out: &mut Close) {
    let newest = pages.len().saturating_sub(1);
    for (at, page) in pages.iter().enumerate() {
        for number in &page.numbers {
            let sums = Sums::of(number);
            if sums.hidden.is_empty() || sums.margins.is_empty() {
                continue;
            }
            let (mut left, mut by_new, mut by_old) = (Vec::new(), BTreeSet::new(), false);
            for piece in &sums.hidden {
                let others = pages.iter().enumerate().filter(|(other, _)| *other != at);
                let printed = others
                    .flat_map(|(other, p)| p.numbers.iter().flatten().map(move |q| (other, q)))
                    .find(|(_, q)| q.role == Role::Printed && q.vector.same(&piece.vector));
                match printed {
                    None => left.push(&piece.vector),
                    Some((other, q)) if other == newest => {
                        by_new.insert(q.cell);
                    }
                    Some(_) => by_old = true,
                }
            }
            let rest = Vector::plus(left.iter().copied()).persons().len();
            let told = !left.is_empty() && (rest < enough || left.len() == 1);
            if told && !by_new.is_empty() {
                out.cells.extend(&by_new);
            } else if told && at == newest && by_old {
                out.whole = true;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: Rule = Rule { enough: 10, equal_too: true };

    fn piece(cell: usize, role: Role, persons: std::ops::Range<u64>) -> Piece {
        let describes = format!("{persons:?}");
        Piece { cell, role, describes, vector: Vector::of(persons.map(|p| (p, 1))) }
    }

    fn page(pieces: Vec<Piece>) -> Page {
        Page { numbers: vec![pieces] }
    }

    #[test]
    fn what_is_close_is_found() {
        use Role::{Hidden, Margin, Printed};
        let past = page(vec![
            piece(0, Printed, 0..50),
            piece(1, Printed, 50..100),
            piece(2, Margin, 0..100),
        ]);
        let masked = page(vec![
            piece(0, Printed, 0..50),
            piece(1, Hidden, 50..70),
            piece(2, Hidden, 70..73),
            piece(3, Margin, 0..73),
        ]);
        for (name, past, new, wanted) in [
            ("same", &past, 0..50, false),
            ("one person less", &past, 0..49, true),
            ("far", &past, 0..30, false),
            ("union less one", &past, 1..100, true),
            ("the total", &past, 0..100, false),
            ("disjoint", &past, 200..300, false),
            ("masked cell again", &masked, 50..70, true),
            ("total of masked", &masked, 0..73, false),
            ("total less the small cell", &masked, 0..70, true),
        ] {
            let found =
                close(std::slice::from_ref(past), &page(vec![piece(0, Printed, new)]), RULE);
            assert_eq!(found.any(), wanted, "{name}");
        }
    }

    #[test]
    fn an_equal_number_under_another_description_is_close() {
        let past = page(vec![piece(0, Role::Printed, 0..50)]);
        let mut other = piece(0, Role::Printed, 0..50);
        other.describes = "all but one who is not there".into();
        let new = page(vec![other]);
        assert!(close(std::slice::from_ref(&past), &new, RULE).any());
        assert!(!close(&[past], &new, Rule { equal_too: false, ..RULE }).any());
    }

    #[test]
    fn masked_cells_are_not_uncovered_one_by_one() {
        use Role::{Hidden, Margin, Printed};
        let table = page(vec![
            piece(0, Printed, 0..50),
            piece(1, Hidden, 50..70),
            piece(2, Hidden, 70..90),
            piece(3, Hidden, 90..93),
            piece(4, Margin, 0..93),
        ]);
        let first = page(vec![piece(0, Printed, 50..70)]);
        let second = page(vec![piece(0, Printed, 70..90)]);
        assert!(!close(std::slice::from_ref(&table), &first, RULE).any());
        assert!(close(&[table, first], &second, RULE).any());
    }
}
