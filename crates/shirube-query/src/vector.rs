//! Who contributed how much to a number.
//!
//! A released count or sum is the sum of what each person contributed. Two
//! numbers are close when what they contributed differs for few persons only:
//! the difference of the numbers then tells about those few. Comparing
//! contributions rather than sets of persons also finds a difference of one
//! record of a person who is in both.
//!
//! Persons are the short numbers of the ledger, in order, so that two vectors
//! are compared in one walk, which ends as soon as enough persons differ.

use std::cell::Cell;
use std::cmp::Ordering;
use std::io::{self, Read, Write};
use std::sync::Arc;

use roaring::RoaringBitmap;

/// Contributions by person; persons who contribute zero are not in it.
#[derive(Clone, PartialEq, Default)]
pub(crate) struct Vector {
    /// In order.
    persons: Arc<Vec<u32>>,
    values: Values,
}

/// What each person contributes, in the narrowest form that holds it.
#[derive(Clone, PartialEq, Default)]
enum Values {
    /// One each.
    #[default]
    Ones,
    Counts(Arc<Vec<u32>>),
    Large(Arc<Vec<i128>>),
}

impl Vector {
    /// Contributions in any order, each person once.
    pub(crate) fn of(contributions: impl IntoIterator<Item = (u32, i128)>) -> Self {
        let mut pairs: Vec<(u32, i128)> =
            contributions.into_iter().filter(|(_, value)| *value != 0).collect();
        pairs.sort_by_key(|(person, _)| *person);
        let (persons, values): (Vec<u32>, Vec<i128>) = pairs.into_iter().unzip();
        Self { persons: Arc::new(persons), values: Values::of(values) }
    }

    /// A sum for each person; the persons in order.
    pub(crate) fn sums(persons: Arc<Vec<u32>>, sums: &[i128]) -> Self {
        if sums.iter().all(|sum| *sum != 0) && sums.len() == persons.len() {
            return Self { persons, values: Values::of(sums.to_vec()) };
        }
        Self::of(persons.iter().copied().zip(sums.iter().copied()))
    }

    /// One for each person; the persons in order.
    pub(crate) fn ones(persons: Arc<Vec<u32>>) -> Self {
        Self { persons, values: Values::Ones }
    }

    /// A count above zero for each person; the persons in order.
    pub(crate) fn counts(persons: Arc<Vec<u32>>, counts: Arc<Vec<u32>>) -> Self {
        let ones = counts.iter().all(|count| *count == 1);
        Self { persons, values: if ones { Values::Ones } else { Values::Counts(counts) } }
    }

    /// How many persons contribute.
    pub(crate) fn len(&self) -> u64 {
        u64::try_from(self.persons.len()).unwrap_or(u64::MAX)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.persons.is_empty()
    }

    /// Persons who contribute, in order.
    pub(crate) fn persons(&self) -> &[u32] {
        &self.persons
    }

    fn value(&self, at: usize) -> i128 {
        match &self.values {
            Values::Ones => 1,
            Values::Counts(list) => list.get(at).copied().map_or(0, i128::from),
            Values::Large(list) => list.get(at).copied().unwrap_or(0),
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, i128)> + '_ {
        self.persons.iter().enumerate().map(|(at, person)| (*person, self.value(at)))
    }

    /// Gives every contribution to `take`, in order of the persons.
    pub(crate) fn each_value(&self, mut take: impl FnMut(i128)) {
        match &self.values {
            Values::Ones => (0..self.persons.len()).for_each(|_| take(1)),
            Values::Counts(list) => list.iter().for_each(|count| take(i128::from(*count))),
            Values::Large(list) => list.iter().for_each(|value| take(*value)),
        }
    }

    /// Contributions added up.
    pub(crate) fn plus<'v>(parts: impl IntoIterator<Item = &'v Self>) -> Self {
        let mut parts = parts.into_iter();
        let (Some(first), second) = (parts.next(), parts.next()) else { return Self::default() };
        let Some(second) = second else { return first.clone() };
        let mut pairs: Vec<(u32, i128)> = first.iter().chain(second.iter()).collect();
        pairs.extend(parts.flat_map(Self::iter));
        // A stable sort finds the runs and merges them.
        pairs.sort_by_key(|(person, _)| *person);
        pairs.dedup_by(|next, kept| {
            let same = next.0 == kept.0;
            if same {
                kept.1 = kept.1.saturating_add(next.1);
            }
            same
        });
        Self::of(pairs)
    }

    /// Walks both vectors in order of the persons: `only` for each person in one
    /// of them, `both` with the two places for each in both. Ends when one of
    /// the two says so.
    fn walk(
        &self,
        other: &Self,
        mut only: impl FnMut() -> bool,
        mut both: impl FnMut(usize, usize) -> bool,
    ) {
        let (mut a, mut b) = (0, 0);
        loop {
            let on = match (self.persons.get(a), other.persons.get(b)) {
                (None, None) => return,
                (Some(mine), Some(theirs)) => match mine.cmp(theirs) {
                    Ordering::Equal => {
                        let on = both(a, b);
                        (a, b) = (a + 1, b + 1);
                        on
                    }
                    Ordering::Less => {
                        a += 1;
                        only()
                    }
                    Ordering::Greater => {
                        b += 1;
                        only()
                    }
                },
                (mine, _) => {
                    (a, b) = if mine.is_some() { (a + 1, b) } else { (a, b + 1) };
                    only()
                }
            };
            if !on {
                return;
            }
        }
    }

    /// Persons in one of the two only, counted up to `enough`.
    pub(crate) fn in_one_only(&self, other: &Self, enough: u64) -> u64 {
        let longer = self.len().abs_diff(other.len());
        if longer >= enough {
            return longer;
        }
        let mut apart = 0;
        self.walk(
            other,
            || {
                apart += 1;
                apart < enough
            },
            |_, _| true,
        );
        apart
    }

    /// Whether no person is in both.
    pub(crate) fn is_disjoint(&self, other: &Self) -> bool {
        let mut met = false;
        self.walk(
            other,
            || true,
            |_, _| {
                met = true;
                false
            },
        );
        !met
    }

    /// Whether more of the persons are in another vector than outside it, and
    /// fewer than `enough` are outside.
    pub(crate) fn mostly_inside(&self, other: &Self, enough: u64) -> bool {
        let (mut inside, mut outside) = (0_u64, 0_u64);
        let mut theirs = other.persons.iter().peekable();
        for person in self.persons.iter() {
            while theirs.next_if(|p| *p < person).is_some() {}
            if theirs.peek() == Some(&person) {
                inside += 1;
            } else {
                outside += 1;
                if outside >= enough {
                    return false;
                }
            }
        }
        inside > outside
    }

    /// Contributions of one less those of the other.
    pub(crate) fn minus(&self, other: &Self) -> Self {
        let (mut a, mut b) = (self.iter().peekable(), other.iter().peekable());
        let mut out = Vec::new();
        loop {
            let order = match (a.peek(), b.peek()) {
                (None, None) => return Self::of(out),
                (Some((mine, _)), Some((theirs, _))) => mine.cmp(theirs),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
            };
            let mine = if order == Ordering::Greater { None } else { a.next() };
            let theirs = if order == Ordering::Less { None } else { b.next() };
            let person = mine.or(theirs).map_or(0, |(person, _)| person);
            let value = |part: Option<(u32, i128)>| part.map_or(0, |(_, value)| value);
            out.push((person, value(mine).saturating_sub(value(theirs))));
        }
    }

    /// In how many persons the best fit of one to a multiple of the other
    /// leaves a difference: an attacker may scale one number before he
    /// subtracts the other. A multiple that fits no more than half of the
    /// persons is taken for chance. From `enough` on the exact number does not
    /// matter.
    pub(crate) fn distance(&self, other: &Self, enough: u64) -> u64 {
        let longer = self.len().abs_diff(other.len());
        if longer >= enough {
            return longer;
        }
        let ones = self.values == Values::Ones && other.values == Values::Ones;
        let most = if ones { (1, 1) } else { self.common_ratio(other, enough) };
        let (off, both, fitting) = (Cell::new(0_u64), Cell::new(0_u64), Cell::new(0_u64));
        let add = |count: &Cell<u64>| count.set(count.get() + 1);
        self.walk(
            other,
            || {
                add(&off);
                off.get() < enough
            },
            |a, b| {
                add(&both);
                let fits = ones || proportional((self.value(a), other.value(b)), most);
                add(if fits { &fitting } else { &off });
                off.get() < enough
            },
        );
        let few = off.get() < enough;
        if few && both.get() > 0 && fitting.get() <= both.get() / 2 {
            return u64::MAX;
        }
        off.get()
    }

    /// The ratio that numbers would have to have which differ for fewer than
    /// `enough` persons: all but so few have it, so it is that of most of the
    /// first twice as many.
    fn common_ratio(&self, other: &Self, enough: u64) -> (i128, i128) {
        let sample = enough.saturating_mul(2);
        let mut seen = 0_u64;
        let mut apart = 0_u64;
        // The ratio of most persons, if there is one, outlives all others.
        let (mut most, mut votes) = ((1, 1), 0_u64);
        self.walk(
            other,
            || {
                apart += 1;
                apart < enough
            },
            |a, b| {
                seen += 1;
                let ratio = (self.value(a), other.value(b));
                match (votes, proportional(ratio, most)) {
                    (0, _) => (most, votes) = (ratio, 1),
                    (_, true) => votes += 1,
                    (_, false) => votes -= 1,
                }
                seen < sample
            },
        );
        most
    }

    /// Whether the numbers are the same sum of the same contributions.
    pub(crate) fn same(&self, other: &Self) -> bool {
        self == other
    }

    /// Writes persons, then values.
    pub(crate) fn write(&self, to: &mut impl Write) -> io::Result<()> {
        let invalid = |_| io::Error::from(io::ErrorKind::InvalidData);
        let persons = RoaringBitmap::from_sorted_iter(self.persons.iter().copied());
        persons.map_err(invalid)?.serialize_into(&mut *to)?;
        match &self.values {
            Values::Ones => to.write_all(&[0]),
            Values::Counts(list) => {
                to.write_all(&[1])?;
                list.iter().try_for_each(|value| write_number(u128::from(*value), to))
            }
            Values::Large(list) => {
                to.write_all(&[2])?;
                list.iter().try_for_each(|value| write_number(folded(*value), to))
            }
        }
    }

    /// Reads what [`Self::write`] wrote.
    pub(crate) fn read(from: &mut impl Read) -> io::Result<Self> {
        let invalid = || io::Error::from(io::ErrorKind::InvalidData);
        let persons: Vec<u32> = RoaringBitmap::deserialize_from(&mut *from)?.iter().collect();
        let mut form = [0_u8];
        from.read_exact(&mut form)?;
        let count = persons.len();
        let values = match form {
            [0] => Values::Ones,
            [1] => {
                let one = |_| {
                    let value = u32::try_from(read_number(&mut *from)?).map_err(|_| invalid())?;
                    Ok(value)
                };
                Values::Counts(Arc::new((0..count).map(one).collect::<io::Result<_>>()?))
            }
            [2] => {
                let one = |_| read_number(&mut *from).map(unfolded);
                Values::Large(Arc::new((0..count).map(one).collect::<io::Result<_>>()?))
            }
            _ => return Err(invalid()),
        };
        Ok(Self { persons: Arc::new(persons), values })
    }
}

impl Values {
    /// The narrowest form, so that equal values are in equal forms.
    fn of(values: Vec<i128>) -> Self {
        if values.iter().all(|value| *value == 1) {
            return Self::Ones;
        }
        let counts: Option<Vec<u32>> =
            values.iter().map(|value| u32::try_from(*value).ok()).collect();
        match counts {
            Some(counts) => Self::Counts(Arc::new(counts)),
            None => Self::Large(Arc::new(values)),
        }
    }
}

/// Whether two ratios of numbers other than zero are the same.
fn proportional((a, b): (i128, i128), (c, d): (i128, i128)) -> bool {
    match (a.checked_mul(d), c.checked_mul(b)) {
        (Some(left), Some(right)) => left == right,
        _ => reduced(a, b) == reduced(c, d),
    }
}

/// A ratio in lowest terms, its second part positive.
fn reduced(a: i128, b: i128) -> (bool, u128, u128) {
    let (mut x, mut y) = (a.unsigned_abs(), b.unsigned_abs());
    while y != 0 {
        (x, y) = (y, x % y);
    }
    let divisor = x.max(1);
    ((a < 0) != (b < 0), a.unsigned_abs() / divisor, b.unsigned_abs() / divisor)
}

/// Numbers near zero, of either sign, as small numbers.
fn folded(value: i128) -> u128 {
    (value.cast_unsigned() << 1) ^ (value >> 127).cast_unsigned()
}

fn unfolded(value: u128) -> i128 {
    (value >> 1).cast_signed() ^ -((value & 1).cast_signed())
}

/// Seven bits a byte, lowest first; the highest bit says that more follow.
fn write_number(mut value: u128, to: &mut impl Write) -> io::Result<()> {
    let mut bytes = [0_u8; 19];
    let mut length = 0;
    for byte in &mut bytes {
        length += 1;
        *byte = u8::try_from(value & 0x7f).unwrap_or(0);
        value >>= 7;
        if value == 0 {
            break;
        }
        *byte |= 0x80;
    }
    to.write_all(bytes.get(..length).unwrap_or(&bytes))
}

fn read_number(from: &mut impl Read) -> io::Result<u128> {
    let mut value = 0_u128;
    for place in 0..19 {
        let mut byte = [0_u8];
        from.read_exact(&mut byte)?;
        let [byte] = byte;
        value |= u128::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(io::ErrorKind::InvalidData.into())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The distance as it is meant: every ratio is tried on every person.
    fn distance_by_trying(a: &Vector, b: &Vector) -> u64 {
        let values = |v: &Vector| v.iter().collect::<std::collections::BTreeMap<u32, i128>>();
        let (a, b) = (values(a), values(b));
        let shared: Vec<(i128, i128)> =
            a.iter().filter_map(|(p, x)| Some((*x, *b.get(p)?))).collect();
        let apart = a.len() + b.len() - 2 * shared.len();
        let fits = |ratio| shared.iter().filter(|pair| proportional(**pair, ratio)).count();
        let fitting = shared.iter().map(|ratio| fits(*ratio)).max().unwrap_or(0);
        let by_chance = !shared.is_empty() && fitting <= shared.len() / 2;
        if by_chance { u64::MAX } else { (apart + shared.len() - fitting) as u64 }
    }

    proptest! {
        #[test]
        fn few_persons_apart_are_counted_and_many_are_many(
            base in prop::collection::vec((0_u32..60, 1_i128..4), 0..40),
            changed in prop::collection::vec((0_u32..60, -2_i128..4), 0..8),
            factor in 1_i128..4,
            enough in 1_u64..12,
        ) {
            let base: std::collections::BTreeMap<u32, i128> = base.into_iter().collect();
            let mut other: std::collections::BTreeMap<u32, i128> =
                base.iter().map(|(p, v)| (*p, v * factor)).collect();
            other.extend(changed);
            let (a, b) = (Vector::of(base), Vector::of(other));
            let (found, meant) = (a.distance(&b, enough), distance_by_trying(&a, &b));
            // From `enough` on the exact number does not matter.
            prop_assert_eq!(found.min(enough), meant.min(enough));
            prop_assert_eq!(b.distance(&a, enough).min(enough), meant.min(enough));
        }
    }

    #[test]
    fn distance_counts_the_persons_that_a_difference_speaks_of() {
        let ones = |n: u32| Vector::of((1..=n).map(|p| (p, 1)));
        assert_eq!(ones(20).distance(&ones(20), 10), 0);
        assert_eq!(ones(20).distance(&ones(19), 10), 1);
        // One record of a person who is in both.
        let with_two = Vector::of((1..=20).map(|p| (p, if p == 7 { 2 } else { 1 })));
        assert_eq!(ones(20).distance(&with_two, 10), 1);
        // Scaling hides nothing.
        let tripled = Vector::of((1..=20).map(|p| (p, if p == 7 { 0 } else { 3 })));
        assert_eq!(ones(20).distance(&tripled, 10), 1);
        assert!(ones(20).distance(&ones(5), 10) >= 10);
    }

    #[test]
    fn what_is_written_is_read() {
        for vector in [
            Vector::default(),
            Vector::of([(3, 1), (u32::MAX, 1)]),
            Vector::of([(3, 1), (70_000, 300)]),
            Vector::of([(3, -5), (9, i128::MAX), (11, i128::MIN)]),
        ] {
            let mut bytes = Vec::new();
            vector.write(&mut bytes).unwrap();
            assert!(Vector::read(&mut bytes.as_slice()).unwrap().same(&vector));
            assert!(Vector::read(&mut &bytes[..bytes.len() - 1]).is_err());
        }
    }
}
