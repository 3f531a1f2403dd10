//! Differencing: what an answer tells together with earlier ones.
//!
//! Two released numbers whose contributions differ for few persons tell about
//! those few by subtraction. Compared are single cells, unions of the cells of
//! one answer, whole answers, and what is left of an answer when its printed
//! cells are taken from its total. A cell that was masked and is now asked for
//! alone counts as printed in its old answer.

use std::collections::BTreeSet;

use crate::vector::Vector;

/// A cell of an answer.
#[derive(Debug, Clone)]
pub(crate) struct Piece {
    /// Its number among the cells of the answer.
    pub(crate) cell: usize,
    pub(crate) printed: bool,
    pub(crate) vector: Vector,
}

/// An answer: the pieces of each of its numbers.
#[derive(Debug, Clone, Default)]
pub(crate) struct Page {
    pub(crate) numbers: Vec<Vec<Piece>>,
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
    rest: Vector,
    all: Vector,
}

impl<'p> Sums<'p> {
    fn of(pieces: &'p [Piece]) -> Self {
        let (printed, hidden): (Vec<&Piece>, Vec<&Piece>) =
            pieces.iter().filter(|p| !p.vector.is_empty()).partition(|p| p.printed);
        // An answer of one masked cell has no total that could be known.
        let known = if pieces.len() == 1 { &printed } else { &hidden };
        let rest = Vector::plus(known.iter().filter(|p| !p.printed).map(|p| &p.vector));
        let all = Vector::plus(
            pieces.iter().filter(|p| p.printed || pieces.len() > 1).map(|p| &p.vector),
        );
        Self { printed, hidden, rest, all }
    }

    /// Every sum that stands for itself.
    fn targets(&self) -> Vec<&Vector> {
        let own = self.printed.iter().map(|p| &p.vector);
        own.chain([&self.rest, &self.all]).filter(|v| !v.is_empty()).collect()
    }

    /// The union of pieces closest to a set of persons: each piece of which more
    /// is inside than outside.
    fn nearest(&self, to: &Vector) -> (Vector, Vec<usize>) {
        let inside =
            |v: &Vector| v.persons().intersection_len(to.persons()) * 2 > v.persons().len();
        let chosen: Vec<&&Piece> = self.printed.iter().filter(|p| inside(&p.vector)).collect();
        let cells = chosen.iter().map(|p| p.cell).collect();
        let rest = Some(&self.rest).filter(|rest| !rest.is_empty() && inside(rest));
        (Vector::plus(chosen.iter().map(|p| &p.vector).chain(rest)), cells)
    }
}

/// Compares a new answer with every earlier one.
pub(crate) fn close(past: &[Page], new: &Page, enough: u64) -> Close {
    let mut out = Close::default();
    if enough == 0 {
        return out;
    }
    for number in &new.numbers {
        let own = Sums::of(number);
        for page in past {
            for old in &page.numbers {
                compare(&own, &Sums::of(old), enough, &mut out);
            }
        }
    }
    let mut pages: Vec<&Page> = past.iter().collect();
    pages.push(new);
    uncovered(&pages, enough, &mut out);
    out
}

fn near(a: &Vector, b: &Vector, enough: u64) -> bool {
    if a.is_empty() || b.is_empty() || a.persons().is_disjoint(b.persons()) {
        return false;
    }
    let distance = a.distance(b, enough);
    distance > 0 && distance < enough
}

fn compare(own: &Sums<'_>, old: &Sums<'_>, enough: u64, out: &mut Close) {
    let targets = old.targets();
    for piece in &own.printed {
        let (union, _) = old.nearest(&piece.vector);
        if near(&piece.vector, &union, enough)
            || targets.iter().any(|target| near(&piece.vector, target, enough))
        {
            out.cells.insert(piece.cell);
        }
    }
    for target in &targets {
        let (union, cells) = own.nearest(target);
        if near(&union, target, enough) {
            out.whole |= cells.is_empty();
            out.cells.extend(cells);
        }
    }
    for sum in [&own.rest, &own.all] {
        let (union, _) = old.nearest(sum);
        if near(sum, &union, enough) || targets.iter().any(|t| near(sum, t, enough)) {
            out.whole = true;
        }
    }
}

/// Masked cells of an answer that other answers print, and what is then left.
/// The last page is the new one.
fn uncovered(pages: &[&Page], enough: u64, out: &mut Close) {
    let Some((new, _)) = pages.split_last() else { return };
    for (at, page) in pages.iter().enumerate() {
        for number in &page.numbers {
            let sums = Sums::of(number);
            if sums.hidden.is_empty() {
                continue;
            }
            let (mut left, mut by_new, mut by_old) = (Vec::new(), BTreeSet::new(), false);
            for piece in &sums.hidden {
                let others = pages.iter().enumerate().filter(|(other, _)| *other != at);
                let printed = others
                    .flat_map(|(other, p)| p.numbers.iter().flatten().map(move |q| (other, q)))
                    .find(|(_, q)| q.printed && q.vector.same(&piece.vector));
                match printed {
                    None => left.push(&piece.vector),
                    Some((other, q)) if other + 1 == pages.len() => {
                        by_new.insert(q.cell);
                    }
                    Some(_) => by_old = true,
                }
            }
            let is_new = std::ptr::eq(*page, *new);
            let rest = Vector::plus(left.iter().copied()).persons().len();
            let told = !left.is_empty() && (rest < enough || left.len() == 1);
            if told && !by_new.is_empty() {
                out.cells.extend(&by_new);
            } else if told && is_new && by_old {
                out.whole = true;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(cell: usize, printed: bool, persons: std::ops::Range<u64>) -> Piece {
        Piece { cell, printed, vector: Vector::of(persons.map(|p| (p, 1))) }
    }

    fn page(pieces: Vec<Piece>) -> Page {
        Page { numbers: vec![pieces] }
    }

    #[test]
    fn what_is_close_is_found() {
        let past = page(vec![piece(0, true, 0..50), piece(1, true, 50..100)]);
        let masked =
            page(vec![piece(0, true, 0..50), piece(1, false, 50..70), piece(2, false, 70..73)]);
        for (name, past, new, wanted) in [
            ("same", &past, piece(0, true, 0..50), false),
            ("one person less", &past, piece(0, true, 0..49), true),
            ("far", &past, piece(0, true, 0..30), false),
            ("union less one", &past, piece(0, true, 1..100), true),
            ("the total", &past, piece(0, true, 0..100), false),
            ("disjoint", &past, piece(0, true, 200..300), false),
            ("masked cell again", &masked, piece(0, true, 50..70), true),
            ("total of masked", &masked, piece(0, true, 0..73), false),
            ("total less the small cell", &masked, piece(0, true, 0..70), true),
        ] {
            let found = close(std::slice::from_ref(past), &page(vec![new]), 10);
            assert_eq!(found.any(), wanted, "{name}");
        }
    }

    #[test]
    fn masked_cells_are_not_uncovered_one_by_one() {
        let table = page(vec![
            piece(0, true, 0..50),
            piece(1, false, 50..70),
            piece(2, false, 70..90),
            piece(3, false, 90..93),
        ]);
        let first = page(vec![piece(0, true, 50..70)]);
        let second = page(vec![piece(0, true, 70..90)]);
        assert!(!close(std::slice::from_ref(&table), &first, 10).any());
        assert!(close(&[table, first], &second, 10).any());
    }
}
