//! Who contributed how much to a number.
//!
//! A released count or sum is the sum of what each person contributed. Two
//! numbers are close when what they contributed differs for few persons only:
//! the difference of the numbers then tells about those few. Comparing
//! contributions rather than sets of persons also finds a difference of one
//! record of a person who is in both.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};

use roaring::RoaringTreemap;

/// Contributions by person; persons who contribute zero are not in it.
#[derive(Clone, PartialEq, Default)]
pub(crate) struct Vector {
    persons: RoaringTreemap,
    /// In the order of the persons; absent when each contributes one.
    values: Option<Vec<i128>>,
}

impl Vector {
    pub(crate) fn of(contributions: impl IntoIterator<Item = (u64, i128)>) -> Self {
        let sorted: BTreeMap<u64, i128> =
            contributions.into_iter().filter(|(_, value)| *value != 0).collect();
        let persons = sorted.keys().copied().collect();
        let ones = sorted.values().all(|value| *value == 1);
        Self { persons, values: (!ones).then(|| sorted.into_values().collect()) }
    }

    /// Persons who contribute.
    pub(crate) fn persons(&self) -> &RoaringTreemap {
        &self.persons
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.persons.is_empty()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (u64, i128)> + '_ {
        let value = |at: usize| match &self.values {
            None => 1,
            Some(values) => values.get(at).copied().unwrap_or(0),
        };
        self.persons.iter().enumerate().map(move |(at, person)| (person, value(at)))
    }

    /// Contributions added up.
    pub(crate) fn plus<'v>(parts: impl IntoIterator<Item = &'v Self>) -> Self {
        let mut sum: BTreeMap<u64, i128> = BTreeMap::new();
        for part in parts {
            for (person, value) in part.iter() {
                let entry = sum.entry(person).or_insert(0);
                *entry = entry.saturating_add(value);
            }
        }
        Self::of(sum)
    }

    /// Contributions of one less those of the other.
    pub(crate) fn minus(&self, other: &Self) -> Self {
        if self.values.is_none() && other.values.is_none() {
            let more = (&self.persons - &other.persons).into_iter().map(|person| (person, 1));
            let less = (&other.persons - &self.persons).into_iter().map(|person| (person, -1));
            return Self::of(more.chain(less));
        }
        let mut out: BTreeMap<u64, i128> = self.iter().collect();
        for (person, value) in other.iter() {
            let entry = out.entry(person).or_insert(0);
            *entry = entry.saturating_sub(value);
        }
        Self::of(out)
    }

    /// In how many persons the best fit of one to a multiple of the other
    /// leaves a difference: an attacker may scale one number before he
    /// subtracts the other. A multiple that fits no more than half of the
    /// persons is taken for chance. From `enough` on the exact number does not
    /// matter.
    pub(crate) fn distance(&self, other: &Self, enough: u64) -> u64 {
        let apart = self.persons.symmetric_difference_len(&other.persons);
        if apart >= enough {
            return apart;
        }
        let both = self.persons.intersection_len(&other.persons);
        if both == 0 {
            return apart;
        }
        let theirs: BTreeMap<u64, i128> = other.iter().collect();
        let mut ratios: BTreeMap<(i128, i128), u64> = BTreeMap::new();
        for (person, own) in self.iter() {
            if let Some(their) = theirs.get(&person) {
                *ratios.entry(reduced(own, *their)).or_insert(0) += 1;
            }
        }
        let fitting = ratios.values().copied().max().filter(|n| *n > both / 2).unwrap_or(0);
        if fitting == 0 {
            return u64::MAX;
        }
        apart + (both - fitting)
    }

    /// Whether the numbers are the same sum of the same contributions.
    pub(crate) fn same(&self, other: &Self) -> bool {
        self == other
    }

    /// Writes persons, then values.
    pub(crate) fn write(&self, to: &mut impl Write) -> io::Result<()> {
        self.persons.serialize_into(&mut *to)?;
        let count = self.values.as_ref().map_or(0, Vec::len);
        to.write_all(&u64::try_from(count).unwrap_or(u64::MAX).to_le_bytes())?;
        for value in self.values.iter().flatten() {
            to.write_all(&value.to_le_bytes())?;
        }
        Ok(())
    }

    /// Reads what [`Self::write`] wrote.
    pub(crate) fn read(from: &mut impl Read) -> io::Result<Self> {
        let persons = RoaringTreemap::deserialize_from(&mut *from)?;
        let mut count = [0_u8; 8];
        from.read_exact(&mut count)?;
        let count = u64::from_le_bytes(count);
        if count == 0 {
            return Ok(Self { persons, values: None });
        }
        if count != persons.len() {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let mut values = Vec::new();
        for _ in 0..count {
            let mut value = [0_u8; 16];
            from.read_exact(&mut value)?;
            values.push(i128::from_le_bytes(value));
        }
        Ok(Self { persons, values: Some(values) })
    }
}

/// A ratio in lowest terms, its second part positive.
fn reduced(a: i128, b: i128) -> (i128, i128) {
    let (mut x, mut y) = (a.unsigned_abs(), b.unsigned_abs());
    while y != 0 {
        (x, y) = (y, x % y);
    }
    let divisor = i128::try_from(x).unwrap_or(1).max(1);
    let sign = if b < 0 { -1 } else { 1 };
    (a / divisor * sign, b / divisor * sign)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distance_counts_the_persons_that_a_difference_speaks_of() {
        let ones = |n: u64| Vector::of((1..=n).map(|p| (p, 1)));
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
            Vector::of([(3, 1), (u64::MAX, 1)]),
            Vector::of([(3, -5), (9, i128::MAX)]),
        ] {
            let mut bytes = Vec::new();
            vector.write(&mut bytes).unwrap();
            assert!(Vector::read(&mut bytes.as_slice()).unwrap().same(&vector));
            assert!(Vector::read(&mut &bytes[..bytes.len() - 1]).is_err());
        }
    }
}
