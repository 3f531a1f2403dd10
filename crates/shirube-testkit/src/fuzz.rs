//! Fuzzing on stable Rust: a corpus, a mutator and a list of targets.
//!
//! Input number *n* of seed *s* is always the same bytes, so a failure is named
//! by two numbers and found again without any saved state. A target is a
//! function from bytes to nothing that must not panic: whatever the bytes are,
//! a parser refuses or accepts, and what it accepts keeps its promises.
//!
//! To add a target, write the function in `fuzz/targets.rs`, list it in
//! [`TARGETS`], and put a few good inputs into `corpus/<name>/`. The tests of
//! this crate replay every corpus and a first stretch of mutations; `cargo xtask
//! fuzz` goes on for as long as it is told.

pub mod mutation;
mod targets;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use mutation::{Mutator, Rng};

pub use targets::TARGETS;

/// A parser under attack.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Name on the command line and of the folder in `corpus/`.
    pub name: &'static str,
    /// What is tried; it panics when a promise is broken.
    pub run: fn(&[u8]),
    /// Words of the format, inserted whole: bytes alone rarely spell a keyword.
    pub dictionary: &'static [&'static str],
    /// Longest input, in bytes.
    pub len_max: usize,
}

impl Target {
    /// The target called `name`.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        TARGETS.iter().find(|target| target.name == name)
    }

    /// The good inputs kept for this target, in order of file name, after the
    /// empty input that every target gets.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn corpus(&self) -> std::io::Result<Vec<Vec<u8>>> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(self.name);
        let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)?
            .map(|entry| Ok(entry?.path()))
            .collect::<Result<_, std::io::Error>>()?;
        paths.sort();
        let mut corpus = vec![Vec::new()];
        for path in paths {
            corpus.push(std::fs::read(path)?);
        }
        Ok(corpus)
    }
}

/// The inputs of one target under one seed.
#[derive(Debug)]
pub struct Inputs<'a> {
    corpus: &'a [Vec<u8>],
    mutator: Mutator<'a>,
    seed: u64,
}

impl<'a> Inputs<'a> {
    /// Inputs that start from `corpus`.
    #[must_use]
    pub fn new(target: &Target, corpus: &'a [Vec<u8>], seed: u64) -> Self {
        let mutator = Mutator { corpus, dictionary: target.dictionary, len_max: target.len_max };
        Self { corpus, mutator, seed }
    }

    /// Input number `index`: the corpus itself first, then its mutations.
    #[must_use]
    pub fn get(&self, index: u64) -> Vec<u8> {
        let whole = usize::try_from(index).ok().and_then(|index| self.corpus.get(index));
        whole.cloned().unwrap_or_else(|| self.mutator.mutate(&mut Rng::new(self.seed, index)))
    }
}

/// Runs the target on one input; the message of the panic when it broke.
///
/// # Errors
/// The panic's message.
pub fn attempt(target: &Target, input: &[u8]) -> Result<(), String> {
    catch_unwind(AssertUnwindSafe(|| (target.run)(input))).map_err(|payload| {
        let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
        text.or_else(|| payload.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "panicked without a message".to_owned())
    })
}

/// Cuts pieces out of a failing input for as long as it goes on failing, so
/// that a person reads the few bytes that matter. At most `tries_max` runs.
#[must_use]
pub fn shrink(target: &Target, input: Vec<u8>, tries_max: u32) -> Vec<u8> {
    let mut smallest = input;
    let mut tries = 0;
    let mut piece = smallest.len().div_ceil(2);
    while piece > 0 && tries < tries_max {
        let mut at = 0;
        while at < smallest.len() && tries < tries_max {
            let end = (at + piece).min(smallest.len());
            let mut shorter = smallest.clone();
            shorter.drain(at..end);
            tries += 1;
            if attempt(target, &shorter).is_err() {
                smallest = shorter;
            } else {
                at = end;
            }
        }
        piece /= 2;
    }
    smallest
}

/// A short name for an input: FNV-1a over its bytes, 16 hexadecimal digits.
#[must_use]
pub fn fingerprint(input: &[u8]) -> String {
    let hash = input.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{hash:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Inputs of every target that each test run tries.
    const STRETCH: u64 = 2_000;

    #[test]
    fn every_target_holds_on_its_corpus_and_a_stretch_of_mutations() {
        for target in TARGETS {
            let corpus = target.corpus().unwrap();
            assert!(corpus.len() > 1, "`corpus/{}` is empty", target.name);
            let inputs = Inputs::new(target, &corpus, 1);
            for index in 0..STRETCH {
                let input = inputs.get(index);
                if let Err(message) = attempt(target, &input) {
                    let shown = String::from_utf8_lossy(&shrink(target, input, 2_000)).into_owned();
                    panic!("{}, seed 1, input {index}: {message}: {shown:?}", target.name);
                }
            }
        }
    }

    #[test]
    fn the_same_seed_and_number_give_the_same_input() {
        let target = TARGETS.first().unwrap();
        let corpus = target.corpus().unwrap();
        let (one, again) = (Inputs::new(target, &corpus, 7), Inputs::new(target, &corpus, 7));
        let other = Inputs::new(target, &corpus, 8);
        assert!((0..500).all(|index| one.get(index) == again.get(index)));
        assert!((0..500).any(|index| one.get(index) != other.get(index)));
    }

    /// Breaks on a word that no corpus holds, in the middle of other bytes.
    const PLANTED: Target = Target {
        name: "planted",
        run: |input| {
            let text = String::from_utf8_lossy(input);
            assert!(!text.contains("BETWEEN("), "planted fault");
        },
        dictionary: &["BETWEEN", "(", ")"],
        len_max: 256,
    };

    #[test]
    fn a_planted_fault_is_found_and_shrunk_to_what_matters() {
        let corpus = vec![Vec::new(), b"a = 1 AND b BETWEEN 2 AND 3".to_vec()];
        let inputs = Inputs::new(&PLANTED, &corpus, 1);
        let found = (0..100_000)
            .map(|index| inputs.get(index))
            .find(|input| attempt(&PLANTED, input).is_err());
        let shrunk = shrink(&PLANTED, found.unwrap(), 2_000);
        assert_eq!(shrunk, b"BETWEEN(");
        assert_eq!(attempt(&PLANTED, &shrunk).unwrap_err(), "planted fault");
    }

    #[test]
    fn inputs_keep_to_their_length() {
        let corpus = vec![b"x".repeat(200)];
        let inputs = Inputs::new(&PLANTED, &corpus, 3);
        assert!((0..5_000).all(|index| inputs.get(index).len() <= PLANTED.len_max));
    }
}
