//! Secrets that are handed out once and kept as a hash only.

use sha2::{Digest, Sha256};

use crate::fault::{AccessError, Result};

/// Random bytes of a secret: 256 bits.
const SECRET_BYTES: usize = 32;
/// Random bytes of an id that is no secret.
const ID_BYTES: usize = 8;

/// A secret as its holder keeps it. It is shown once; the database has its hash.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

impl Secret {
    /// A fresh secret of 256 random bits, 64 hexadecimal digits.
    ///
    /// # Errors
    /// `access.no-randomness` when the operating system gives no random bytes.
    pub fn random() -> Result<Self> {
        Ok(Self(hex::encode(random::<SECRET_BYTES>()?)))
    }

    /// The text to hand over.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// A random id that is no secret, 16 hexadecimal digits.
pub(crate) fn random_id() -> Result<String> {
    Ok(hex::encode(random::<ID_BYTES>()?))
}

pub(crate) fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0u8; N];
    getrandom::fill(&mut bytes)
        .map_err(|error| AccessError::fault("access.no-randomness", error))?;
    Ok(bytes)
}

/// What the database keeps of a secret. `purpose` keeps the hash of one kind of
/// secret from standing for another. A secret has 256 random bits, so a plain
/// hash is enough: there is nothing to guess.
pub(crate) fn hash(purpose: &str, secret: &str) -> String {
    let digest = Sha256::new()
        .chain_update(b"shirube\n")
        .chain_update(purpose.as_bytes())
        .chain_update(b"\n")
        .chain_update(secret.as_bytes())
        .finalize();
    hex::encode(digest)
}

/// The token that every form of a session carries. It follows from the secret
/// of the session, so nobody without the cookie can know it.
pub(crate) fn form_token(session: &str) -> String {
    hash("form", session)
}

/// Compares in a time that does not depend on where the difference is.
#[must_use]
pub fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    a.len() == b.len() && a.iter().zip(b).fold(0, |seen, (x, y)| seen | (x ^ y)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_differ_and_do_not_show_themselves() {
        let (a, b) = (Secret::random().unwrap(), Secret::random().unwrap());
        assert_ne!(a.expose(), b.expose());
        assert_eq!(a.expose().len(), 64);
        assert!(!format!("{a:?}").contains(a.expose()));
    }

    #[test]
    fn one_secret_has_another_hash_for_each_purpose() {
        let hashes = [hash("session", "x"), hash("token", "x"), hash("session", "y")];
        assert!(hashes[0] != hashes[1] && hashes[0] != hashes[2]);
        assert_eq!(hash("session", "x"), hashes[0]);
        assert_eq!(form_token("x"), hash("form", "x"));
    }

    #[test]
    fn comparison_is_of_the_whole_text() {
        assert!(same("", "") && same("abc", "abc"));
        for (a, b) in [("abc", "abd"), ("abc", "ab"), ("", "a"), ("bbc", "abc")] {
            assert!(!same(a, b), "{a} {b}");
        }
    }
}
