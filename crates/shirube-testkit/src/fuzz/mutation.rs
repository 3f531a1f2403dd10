//! Small changes to known inputs, drawn from a counter-based generator.

/// A generator of numbers that depend on seed and position alone (SplitMix64).
#[derive(Debug, Clone)]
pub struct Rng {
    state: u64,
}

impl Rng {
    /// The stream of one position under one seed.
    #[must_use]
    pub fn new(seed: u64, position: u64) -> Self {
        let mut rng = Self { state: seed ^ position.wrapping_mul(0x9e37_79b9_7f4a_7c15) };
        rng.state = rng.next();
        rng
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`, 0 when `bound` is 0.
    pub fn below(&mut self, bound: usize) -> usize {
        let bound = u64::try_from(bound).unwrap_or(u64::MAX).max(1);
        usize::try_from(self.next() % bound).unwrap_or(0)
    }

    fn byte(&mut self) -> u8 {
        self.next().to_le_bytes()[0]
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        from.get(self.below(from.len()))
    }
}

/// Bytes that parsers treat apart: separators, quotes, ends, signs, the byte
/// order mark's first byte, an overlong start, and the limits of a byte.
const TELLING: [u8; 20] = [
    0, b'\n', b'\r', b'\t', b' ', b'"', b'\'', b',', b';', b'=', b'-', b'0', b'9', b'(', b'{',
    b'\\', 0x7f, 0xc0, 0xef, 0xff,
];

/// Changes inputs of a corpus.
#[derive(Debug, Clone, Copy)]
pub struct Mutator<'a> {
    /// Known inputs.
    pub corpus: &'a [Vec<u8>],
    /// Words of the format.
    pub dictionary: &'a [&'a str],
    /// Longest result, in bytes.
    pub len_max: usize,
}

impl Mutator<'_> {
    /// One known input with one to eight changes.
    #[must_use]
    pub fn mutate(&self, rng: &mut Rng) -> Vec<u8> {
        let mut input = rng.pick(self.corpus).cloned().unwrap_or_default();
        let changes = 1 + rng.below(8);
        for _ in 0..changes {
            self.change(&mut input, rng);
            input.truncate(self.len_max);
        }
        input
    }

    fn change(&self, input: &mut Vec<u8>, rng: &mut Rng) {
        let at = rng.below(input.len() + 1);
        match rng.below(9) {
            0 => {
                let bit = rng.below(8);
                if let Some(byte) = input.get_mut(at) {
                    *byte ^= 1 << bit;
                }
            }
            1 => {
                let telling = rng.pick(&TELLING).copied().unwrap_or(0);
                if let Some(byte) = input.get_mut(at) {
                    *byte = telling;
                }
            }
            2 => {
                let length = 1 + rng.below(4);
                let bytes: Vec<u8> = (0..length).map(|_| rng.byte()).collect();
                input.splice(at..at, bytes);
            }
            3 => {
                if let Some(word) = rng.pick(self.dictionary) {
                    input.splice(at..at, word.bytes());
                }
            }
            4 => input.truncate(at),
            5 => {
                input.drain(piece(input, at, rng));
            }
            6 => {
                let copied: Vec<u8> = input.get(piece(input, at, rng)).unwrap_or_default().to_vec();
                let to = rng.below(input.len() + 1);
                input.splice(to..to, copied);
            }
            7 => {
                // Repetition finds what is quadratic and what recurses.
                let copied: Vec<u8> = input.get(piece(input, at, rng)).unwrap_or_default().to_vec();
                let times = 1 + rng.below(200);
                let room = self.len_max.saturating_sub(input.len());
                let repeated: Vec<u8> = copied.repeat(times).into_iter().take(room).collect();
                input.splice(at..at, repeated);
            }
            _ => {
                if let Some(other) = rng.pick(self.corpus) {
                    let from = rng.below(other.len() + 1);
                    input.truncate(at);
                    input.extend(other.iter().skip(from));
                }
            }
        }
    }
}

/// A stretch of the input that begins at `at`, most often short.
fn piece(input: &[u8], at: usize, rng: &mut Rng) -> std::ops::Range<usize> {
    let longest = if rng.below(4) == 0 { input.len() } else { 16 };
    let length = 1 + rng.below(longest);
    at..(at + length).min(input.len())
}
