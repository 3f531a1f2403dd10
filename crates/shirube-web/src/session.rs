//! The edit key, signing in with it, and the tokens that keep forms honest.
//!
//! There are no accounts yet: whoever has the edit key may change records. The
//! cookie holds an expiry and a keyed hash of it, never the key; the hash key
//! is made at start, so that a restart signs everybody out.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};
use shirube_model::refusal::Refusal;

/// Name of the cookie.
pub(crate) const COOKIE: &str = "shirube_session";
/// How long a session lasts, in seconds.
const SESSION_SECONDS: i64 = 8 * 60 * 60;
/// Shortest edit key, in characters.
pub(crate) const KEY_CHARS_MIN: usize = 16;
/// Wrong keys accepted within [`PENALTY`] before sign-in rests.
const WRONG_MAX: u32 = 10;
const PENALTY: Duration = Duration::from_secs(60);

/// The edit key and the secret that signs sessions.
pub(crate) struct EditKey {
    key: [u8; 32],
    secret: [u8; 32],
    wrong: Mutex<(u32, Option<Instant>)>,
}

impl std::fmt::Debug for EditKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("EditKey")
    }
}

/// A signed-in browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Session {
    /// Token that every form of the session carries.
    pub csrf: String,
}

impl EditKey {
    /// Takes a key given at start.
    ///
    /// # Errors
    /// `web.edit-key.short`, or `web.edit-key.no-randomness` when the operating
    /// system gives no random bytes.
    pub(crate) fn new(key: &str) -> Result<Self, Refusal> {
        if key.chars().count() < KEY_CHARS_MIN {
            return Err(Refusal::new("web.edit-key.short").arg("least", KEY_CHARS_MIN));
        }
        let mut secret = [0u8; 32];
        getrandom::fill(&mut secret).map_err(|_| Refusal::new("web.edit-key.no-randomness"))?;
        Ok(Self { key: digest(key), secret, wrong: Mutex::new((0, None)) })
    }

    /// Whether `given` is the key. After many wrong keys every key is refused
    /// for a minute.
    ///
    /// # Errors
    /// `web.sign-in.wrong`, `web.sign-in.rest`.
    pub(crate) fn check(&self, given: &str) -> Result<(), Refusal> {
        let mut wrong = self.wrong.lock().unwrap_or_else(PoisonError::into_inner);
        if let (count, Some(since)) = *wrong {
            if since.elapsed() > PENALTY {
                *wrong = (0, None);
            } else if count >= WRONG_MAX {
                return Err(Refusal::new("web.sign-in.rest"));
            }
        }
        if same(&digest(given), &self.key) {
            *wrong = (0, None);
            return Ok(());
        }
        *wrong = (wrong.0 + 1, Some(Instant::now()));
        Err(Refusal::new("web.sign-in.wrong"))
    }

    /// Cookie value of a new session; `now` in seconds since 1970.
    pub(crate) fn open(&self, now: i64) -> String {
        let expiry = now + SESSION_SECONDS;
        format!("{expiry}.{}", self.mark("session", &expiry.to_string()))
    }

    /// The session a cookie value stands for, unless forged or over.
    pub(crate) fn read(&self, value: &str, now: i64) -> Option<Session> {
        let (expiry, mark) = value.split_once('.')?;
        let over = expiry.parse::<i64>().ok()? < now;
        if over || !same(mark.as_bytes(), self.mark("session", expiry).as_bytes()) {
            return None;
        }
        Some(Session { csrf: self.mark("form", value) })
    }

    fn mark(&self, purpose: &str, text: &str) -> String {
        hex::encode(hmac(&self.secret, format!("{purpose}\n{text}").as_bytes()))
    }
}

/// The `Set-Cookie` value of a session, or of its end.
pub(crate) fn set_cookie(value: Option<&str>, secure: bool) -> String {
    let secure = if secure { "; Secure" } else { "" };
    let (value, age) = value.map_or(("", 0), |value| (value, SESSION_SECONDS));
    format!("{COOKIE}={value}; Path=/; HttpOnly; SameSite=Strict; Max-Age={age}{secure}")
}

fn digest(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

/// HMAC-SHA-256 (RFC 2104) with a 32-byte key.
fn hmac(key: &[u8; 32], text: &[u8]) -> [u8; 32] {
    let mut block = [0u8; 64];
    for (slot, byte) in block.iter_mut().zip(key) {
        *slot = *byte;
    }
    let pad = |mark: u8| block.map(|byte| byte ^ mark);
    let inner = Sha256::new().chain_update(pad(0x36)).chain_update(text).finalize();
    Sha256::new().chain_update(pad(0x5c)).chain_update(inner).finalize().into()
}

/// Compares in a time that does not depend on where the difference is.
pub(crate) fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |seen, (x, y)| seen | (x ^ y)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> EditKey {
        EditKey::new("a key of enough length").unwrap()
    }

    #[test]
    fn the_keyed_hash_is_hmac_sha256() {
        // Test vector PRF-1 of RFC 4868.
        let expected = "198a607eb44bfbc69903a0f1cf2bbdc5ba0aa3f3d9ae3c1c7a3b1696a0b68cf7";
        assert_eq!(hex::encode(hmac(&[0x0b; 32], b"Hi There")), expected);
    }

    #[test]
    fn sessions_end_and_cannot_be_forged() {
        let key = key();
        let value = key.open(1_000);
        let session = key.read(&value, 1_001).unwrap();
        assert_eq!(session.csrf.len(), 64);
        assert_eq!(key.read(&value, 1_000 + SESSION_SECONDS + 1), None);
        let (expiry, mark) = value.split_once('.').unwrap();
        let later = expiry.parse::<i64>().unwrap() + 1;
        assert_eq!(key.read(&format!("{later}.{mark}"), 1_001), None);
        assert_eq!(key.read("", 1_001), None);
        assert_eq!(super::tests::key().read(&value, 1_001), None, "another start");
    }

    #[test]
    fn wrong_keys_make_sign_in_rest() {
        let key = key();
        for _ in 0..WRONG_MAX {
            assert_eq!(key.check("wrong").unwrap_err().code, "web.sign-in.wrong");
        }
        assert_eq!(key.check("a key of enough length").unwrap_err().code, "web.sign-in.rest");
        assert_eq!(EditKey::new("short").unwrap_err().code, "web.edit-key.short");
    }

    #[test]
    fn the_cookie_is_closed_to_script_and_other_sites() {
        let cookie = set_cookie(Some("x"), true);
        for part in ["HttpOnly", "SameSite=Strict", "Path=/", "Secure"] {
            assert!(cookie.contains(part), "{cookie}");
        }
        assert!(set_cookie(None, false).contains("Max-Age=0"));
    }
}
