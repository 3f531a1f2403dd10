//! Search of bytes, several at a time.

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// The highest bit of bytes that are zero. The lowest set bit is exact: a borrow
/// can only spoil higher bytes.
fn zeros(word: u64) -> u64 {
    word.wrapping_sub(ONES) & !word & HIGHS
}

/// The place of the first quote, backslash or control character from `at` on;
/// the end when there is none. Looks at eight bytes at a time.
pub(crate) fn plain_until(bytes: &[u8], mut at: usize) -> usize {
    while let Some(chunk) = eight(bytes, at) {
        let word = u64::from_le_bytes(chunk);
        let quote = word ^ (ONES * u64::from(b'"'));
        let slash = word ^ (ONES * u64::from(b'\\'));
        let control = word.wrapping_sub(ONES * 0x20) & !word & HIGHS;
        let hit = zeros(quote) | zeros(slash) | control;
        if hit != 0 {
            return at + (hit.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    while bytes.get(at).is_some_and(|b| *b != b'"' && *b != b'\\' && *b >= 0x20) {
        at += 1;
    }
    at
}

/// The place of the first quote, bracket or brace from `at` on; the end when
/// there is none. Stops at a few other bytes as well, `Y`, `_` and `y` among
/// them, which are rare outside strings.
pub(crate) fn mark_until(bytes: &[u8], mut at: usize) -> usize {
    // What the four have in common; the bits in which they differ are set.
    const BRACKET: u64 = 0x7f;
    const DIFFERENT: u64 = 0x26;
    while let Some(chunk) = eight(bytes, at) {
        let word = u64::from_le_bytes(chunk);
        let quote = word ^ (ONES * u64::from(b'"'));
        let bracket = (word | (ONES * DIFFERENT)) ^ (ONES * BRACKET);
        let hit = zeros(quote) | zeros(bracket);
        if hit != 0 {
            return at + (hit.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    while bytes.get(at).is_some_and(|b| !matches!(b, b'"' | b'[' | b']' | b'{' | b'}')) {
        at += 1;
    }
    at
}

/// The place of the first byte from `at` on that is no white space of JSON.
pub(crate) fn space_until(bytes: &[u8], mut at: usize) -> usize {
    loop {
        match bytes.get(at) {
            // Indentation.
            Some(b' ') if eight(bytes, at) == Some(*b"        ") => at += 8,
            Some(b' ' | b'\n' | b'\r' | b'\t') => at += 1,
            _ => return at,
        }
    }
}

/// Whether `bytes` start with `piece`. A piece is most often a short member,
/// for which calling `memcmp` would take longer than comparing.
#[inline]
pub(crate) fn starts(bytes: &[u8], piece: &[u8]) -> bool {
    let Some(bytes) = bytes.get(..piece.len()) else { return false };
    match piece.len() {
        0..8 => bytes == piece,
        // The two parts overlap.
        8..=16 => {
            bytes.first_chunk::<8>() == piece.first_chunk::<8>()
                && bytes.last_chunk::<8>() == piece.last_chunk::<8>()
        }
        17..=32 => {
            bytes.first_chunk::<16>() == piece.first_chunk::<16>()
                && bytes.last_chunk::<16>() == piece.last_chunk::<16>()
        }
        _ => bytes == piece,
    }
}

fn eight(bytes: &[u8], at: usize) -> Option<[u8; 8]> {
    bytes.get(at..)?.first_chunk::<8>().copied()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn pieces_are_told_apart(
            piece in prop::collection::vec(any::<u8>(), 0..80),
            more in prop::collection::vec(any::<u8>(), 0..4),
            at in any::<prop::sample::Index>(),
        ) {
            let mut bytes = [piece.clone(), more].concat();
            prop_assert!(starts(&bytes, &piece));
            prop_assert!(piece.is_empty() || !starts(&piece[1..], &piece));
            if !piece.is_empty() {
                bytes[at.index(piece.len())] ^= 1;
                prop_assert!(!starts(&bytes, &piece));
            }
        }

        #[test]
        fn places_are_those_found_byte_by_byte(
            bytes in prop::collection::vec(
                prop_oneof![Just(b' '), Just(b'a'), Just(b'{'), any::<u8>()], 0..40,
            ),
            from in 0usize..45,
        ) {
            let plainly = |stops: fn(&u8) -> bool| {
                let rest = bytes.get(from..).unwrap_or_default();
                rest.iter().position(stops).map_or(bytes.len().max(from), |at| from + at)
            };
            let quote = plainly(|b| matches!(b, b'"' | b'\\' | 0..=0x1f));
            prop_assert_eq!(plain_until(&bytes, from), quote);
            let is_mark = |b: &u8| matches!(b, b'"' | b'[' | b']' | b'{' | b'}');
            let mut at = mark_until(&bytes, from);
            while bytes.get(at).is_some_and(|b| !is_mark(b)) {
                prop_assert!(matches!(bytes[at], b'Y' | b'_' | b'y' | 0x7f), "stops at {at}");
                at = mark_until(&bytes, at + 1);
            }
            prop_assert_eq!(at, plainly(is_mark));
            let other = plainly(|b| !matches!(b, b' ' | b'\n' | b'\r' | b'\t'));
            prop_assert_eq!(space_until(&bytes, from), other);
        }
    }
}
