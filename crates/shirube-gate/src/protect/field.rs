//! Arithmetic modulo the prime 2^61 - 1.
//!
//! Elimination over this field is exact for our purpose: the relations' matrix
//! has entries 0 and ±1, and a rank over the rationals differs from the rank
//! modulo the prime only if the prime divides one of its minors. The attacker's
//! final verdict does not rest on it.

pub(crate) const P: u64 = (1 << 61) - 1;

pub(crate) fn add(a: u64, b: u64) -> u64 {
    let sum = a + b;
    if sum >= P { sum - P } else { sum }
}

pub(crate) fn sub(a: u64, b: u64) -> u64 {
    if a >= b { a - b } else { a + P - b }
}

pub(crate) fn mul(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    let low = u64::try_from(product & u128::from(P)).unwrap_or(0);
    let high = u64::try_from(product >> 61).unwrap_or(0);
    add(low, high)
}

pub(crate) fn inverse(a: u64) -> u64 {
    let (mut base, mut power, mut out) = (a, P - 2, 1);
    while power > 0 {
        if power & 1 == 1 {
            out = mul(out, base);
        }
        base = mul(base, base);
        power >>= 1;
    }
    out
}

pub(crate) fn from(value: i64) -> u64 {
    let size = value.unsigned_abs() % P;
    if value < 0 { sub(0, size) } else { size }
}

/// A fixed pseudo-random element for an index (SplitMix64, Steele et al. 2014).
pub(crate) fn element(index: u64) -> u64 {
    let mut z = index.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    (z ^ (z >> 31)) % P
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inverses_and_signs() {
        for value in [1, 2, 3, -1, -7, 1 << 40, i64::MAX, i64::MIN] {
            let a = from(value);
            assert!(a < P);
            assert_eq!(mul(a, inverse(a)), 1, "{value}");
            assert_eq!(add(a, sub(0, a)), 0);
        }
        assert_eq!(mul(from(-3), from(5)), from(-15));
    }
}
