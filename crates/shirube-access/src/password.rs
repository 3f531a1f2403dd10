//! Local passwords: what one may be, and how it is kept.

use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use shirube_model::refusal::Refusal;
use tokio::sync::Semaphore;

use crate::fault::{AccessError, Result};
use crate::secret::random;

/// Shortest password, in characters.
pub const CHARS_MIN: usize = 12;
/// Longest password, in characters; hashing time must not be the caller's choice.
pub const CHARS_MAX: usize = 256;

/// Memory of one hash in KiB, passes and lanes: the parameters OWASP recommends
/// for argon2id (Password Storage Cheat Sheet).
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// Hashes computed at one time; the others wait, so that a flood of sign-ins
/// takes no more memory than this.
const HASHES_AT_ONCE: usize = 4;
static TURNS: Semaphore = Semaphore::const_new(HASHES_AT_ONCE);

/// A hash that no account has, of the same cost as any other. An unknown name is
/// checked against it, so that it takes as long as a known one.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$c2hpcnViZS1ub2JvZHk$\
                      AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// How a password compared with what is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Match {
    /// The password is right.
    Right,
    /// Right, but kept with older parameters: keep it anew.
    RightButOld,
    /// Wrong, or nothing to compare with.
    Wrong,
}

/// Checks a new password for the account called `name`. There are no rules of
/// composition: length is what counts (NIST SP 800-63B, section 5.1.1.2).
///
/// # Errors
/// `access.password.short`, `access.password.long`, `access.password.is-name`,
/// `access.password.repeats`.
pub fn check(password: &str, name: &str) -> std::result::Result<(), Refusal> {
    let chars = password.chars().count();
    if chars < CHARS_MIN {
        return Err(Refusal::new("access.password.short").arg("least", CHARS_MIN));
    }
    if chars > CHARS_MAX {
        return Err(Refusal::new("access.password.long").arg("most", CHARS_MAX));
    }
    let (lower, name) = (password.to_lowercase(), name.to_lowercase());
    let rest = if name.is_empty() { lower.clone() } else { lower.replace(&name, "") };
    // The name with a few characters around it is no better than the name.
    if rest.chars().count() < CHARS_MIN / 2 {
        return Err(Refusal::new("access.password.is-name"));
    }
    let mut different: Vec<char> = lower.chars().collect();
    different.sort_unstable();
    different.dedup();
    if different.len() < 4 {
        return Err(Refusal::new("access.password.repeats"));
    }
    Ok(())
}

fn hasher() -> Result<Argon2<'static>> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None)
        .map_err(|error| AccessError::fault("access.store.fault", error))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hash_now(password: &str) -> Result<String> {
    let fault = |error| AccessError::fault("access.store.fault", error);
    let salt = SaltString::encode_b64(&random::<16>()?).map_err(fault)?;
    let kept = hasher()?.hash_password(password.as_bytes(), &salt).map_err(fault)?;
    Ok(kept.to_string())
}

fn compare_now(password: &str, kept: Option<&str>) -> Result<Match> {
    let Ok(parsed) = PasswordHash::new(kept.unwrap_or(NOBODY)) else { return Ok(Match::Wrong) };
    let right = hasher()?.verify_password(password.as_bytes(), &parsed).is_ok();
    Ok(match (right && kept.is_some(), current(&parsed)) {
        (false, _) => Match::Wrong,
        (true, true) => Match::Right,
        (true, false) => Match::RightButOld,
    })
}

/// Whether a kept hash has the parameters of today.
fn current(kept: &PasswordHash<'_>) -> bool {
    let params = Params::try_from(kept);
    kept.algorithm == Algorithm::Argon2id.ident()
        && kept.version == Some(Version::V0x13.into())
        && params.is_ok_and(|params| {
            (params.m_cost(), params.t_cost(), params.p_cost()) == (MEMORY_KIB, PASSES, LANES)
        })
}

/// What is kept of a password, as a PHC string.
pub(crate) async fn hash(password: &str) -> Result<String> {
    let password = password.to_owned();
    in_turn(move || hash_now(&password)).await
}

/// Compares a password with what is kept; as long for nothing kept.
pub(crate) async fn compare(password: &str, kept: Option<&str>) -> Result<Match> {
    // A password longer than any that is accepted cannot be right.
    let password: String = password.chars().take(CHARS_MAX + 1).collect();
    let kept = kept.map(str::to_owned);
    in_turn(move || compare_now(&password, kept.as_deref())).await
}

async fn in_turn<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    let fault = |error: &dyn std::fmt::Display| AccessError::fault("access.store.fault", error);
    let _turn = TURNS.acquire().await.map_err(|error| fault(&error))?;
    tokio::task::spawn_blocking(work).await.map_err(|error| fault(&error))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_password_may_be() {
        let cases = [
            ("short", "taro", Some("access.password.short")),
            ("elevenchars", "taro", Some("access.password.short")),
            ("twelve chars", "taro", None),
            ("合言葉は十二文字よりも長い", "taro", None),
            ("aaaaaaaaaaaa", "taro", Some("access.password.repeats")),
            ("abcabcabcabc", "taro", Some("access.password.repeats")),
            ("yamada.tarou", "yamada.tarou", Some("access.password.is-name")),
            ("Yamada.Tarou1!", "yamada.tarou", Some("access.password.is-name")),
            ("yamada.tarou walks the dog", "yamada.tarou", None),
            ("no name is given", "", None),
        ];
        for (password, name, code) in cases {
            assert_eq!(check(password, name).err().map(|r| r.code), code, "{password}");
        }
        let long = "ab cd".repeat(60);
        assert_eq!(check(&long, "taro").unwrap_err().code, "access.password.long");
    }

    #[tokio::test]
    async fn a_password_is_kept_as_argon2id_and_found_again() {
        let kept = hash("a long enough password").await.unwrap();
        assert!(kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{kept}");
        assert_ne!(kept, hash("a long enough password").await.unwrap(), "salted");
        assert_eq!(compare("a long enough password", Some(&kept)).await.unwrap(), Match::Right);
        assert_eq!(compare("another long password", Some(&kept)).await.unwrap(), Match::Wrong);
    }

    #[tokio::test]
    async fn older_parameters_ask_for_a_new_hash() {
        let params = Params::new(8 * 1024, 1, 1, None).unwrap();
        let salt = SaltString::encode_b64(b"0123456789abcdef").unwrap();
        let old = Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password(b"a long enough password", &salt)
            .unwrap()
            .to_string();
        let right = compare("a long enough password", Some(&old)).await.unwrap();
        assert_eq!(right, Match::RightButOld);
        assert_eq!(compare("wrong", Some(&old)).await.unwrap(), Match::Wrong);
    }

    #[tokio::test]
    async fn nothing_kept_is_never_right_and_costs_a_hash_of_the_same_kind() {
        let nobody = PasswordHash::new(NOBODY).unwrap();
        assert!(current(&nobody), "the hash of nobody costs what any other costs");
        for kept in [None, Some(""), Some("plain text"), Some("$argon2id$")] {
            assert_eq!(compare("", kept).await.unwrap(), Match::Wrong, "{kept:?}");
        }
    }
}
