//! Identifiers and their check rules.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::refusal::Refusal;

/// Id of a register record: the kind's prefix and twelve letters or digits
/// derived from the source key, so that the same source row always gets the
/// same id. Example: `CTR-4F0G9Z1K7M2Q`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RecordId(String);

/// Crockford's base-32 alphabet: no I, L, O or U.
const BASE32: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

impl RecordId {
    /// The id of the record that `source` calls `key`. `prefix` is the three
    /// capital letters of the register kind.
    #[must_use]
    pub fn derive(prefix: &str, source: &str, key: &str) -> Self {
        let mut hasher = Sha256::new();
        for part in [prefix, source, key] {
            hasher.update((part.len() as u64).to_be_bytes());
            hasher.update(part.as_bytes());
        }
        let digest = hasher.finalize();
        let mut bits: u64 = 0;
        for byte in digest.iter().take(8) {
            bits = (bits << 8) | u64::from(*byte);
        }
        let mut text = String::with_capacity(prefix.len() + 13);
        text.push_str(prefix);
        text.push('-');
        for i in 0..12u32 {
            let index = ((bits >> (59 - 5 * i)) & 31) as usize;
            text.push(char::from(BASE32.get(index).copied().unwrap_or(b'0')));
        }
        Self(text)
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The kind's prefix.
    #[must_use]
    pub fn prefix(&self) -> &str {
        self.0.split('-').next().unwrap_or_default()
    }
}

impl fmt::Display for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for RecordId {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Self, Refusal> {
        let shaped = text.split_once('-').is_some_and(|(prefix, rest)| {
            prefix.len() == 3
                && prefix.bytes().all(|b| b.is_ascii_uppercase())
                && rest.len() == 12
                && rest.bytes().all(|b| BASE32.contains(&b))
        });
        if shaped {
            Ok(Self(text.to_owned()))
        } else {
            Err(Refusal::new("core.record-id.shape").arg("value", text))
        }
    }
}

impl TryFrom<String> for RecordId {
    type Error = Refusal;

    fn try_from(text: String) -> Result<Self, Refusal> {
        text.parse()
    }
}

impl From<RecordId> for String {
    fn from(id: RecordId) -> Self {
        id.0
    }
}

/// Schemes of outside identifiers that a field may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum IdScheme {
    /// 法人番号, 13 digits with a check digit in front.
    CorporateNumber,
    /// Japan Registry of Clinical Trials.
    Jrct,
    /// ClinicalTrials.gov.
    Nct,
    /// Digital object identifier.
    Doi,
    /// Clinical trial notification number given by PMDA (治験計画届).
    Ctn,
}

impl IdScheme {
    /// Name of the scheme as the field writes it, with an example.
    #[must_use]
    pub const fn name_and_example(self) -> (&'static str, &'static str) {
        match self {
            Self::CorporateNumber => ("法人番号 (corporate number)", "7000012050002"),
            Self::Jrct => ("jRCT", "jRCT2031230581 / jRCTs031230001"),
            Self::Nct => ("ClinicalTrials.gov", "NCT01234567"),
            Self::Doi => ("DOI", "10.1000/182"),
            Self::Ctn => ("治験計画届 (CTN)", "2025-1234"),
        }
    }

    /// Checks a value.
    ///
    /// # Errors
    /// `core.corporate-number.shape`, `core.corporate-number.check` or
    /// `core.identifier.shape`.
    pub fn check(self, value: &str) -> Result<(), Refusal> {
        if self == Self::CorporateNumber {
            return check_corporate_number(value);
        }
        let digits = |s: &str, n: usize| s.len() == n && s.bytes().all(|b| b.is_ascii_digit());
        let good = match self {
            Self::CorporateNumber => false,
            Self::Jrct => value.strip_prefix("jRCT").is_some_and(|rest| {
                match rest.strip_prefix(|c: char| c.is_ascii_lowercase()) {
                    Some(number) => digits(number, 9),
                    None => digits(rest, 10),
                }
            }),
            Self::Nct => value.strip_prefix("NCT").is_some_and(|rest| digits(rest, 8)),
            Self::Doi => value.strip_prefix("10.").is_some_and(|rest| {
                rest.split_once('/').is_some_and(|(registrant, suffix)| {
                    registrant.len() >= 4
                        && registrant.bytes().all(|b| b.is_ascii_digit() || b == b'.')
                        && !suffix.is_empty()
                        && !suffix.contains(char::is_whitespace)
                })
            }),
            Self::Ctn => value
                .split_once('-')
                .is_some_and(|(year, number)| digits(year, 4) && digits(number, 4)),
        };
        if good {
            return Ok(());
        }
        let (scheme, example) = self.name_and_example();
        Err(Refusal::new("core.identifier.shape")
            .arg("value", value)
            .arg("scheme", scheme)
            .arg("example", example))
    }
}

/// The check digit of the twelve digits of a corporate number:
/// 9 − (Σ P·Q mod 9), where Q is 1 and 2 in turn from the right.
#[must_use]
pub fn corporate_number_check_digit(twelve: &[u8; 12]) -> u8 {
    let sum: u32 = twelve
        .iter()
        .rev()
        .enumerate()
        .map(|(i, &digit)| u32::from(digit) * if i % 2 == 0 { 1 } else { 2 })
        .sum();
    9 - u8::try_from(sum % 9).unwrap_or(0)
}

fn check_corporate_number(value: &str) -> Result<(), Refusal> {
    let shape = || Refusal::new("core.corporate-number.shape").arg("value", value);
    if value.len() != 13 || !value.bytes().all(|b| b.is_ascii_digit()) {
        return Err(shape());
    }
    let mut digits = value.bytes().map(|b| b - b'0');
    let check = digits.next().ok_or_else(shape)?;
    let mut twelve = [0u8; 12];
    for (slot, digit) in twelve.iter_mut().zip(digits) {
        *slot = digit;
    }
    if corporate_number_check_digit(&twelve) == check {
        Ok(())
    } else {
        Err(Refusal::new("core.corporate-number.check").arg("value", value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn corporate_number_of_the_tax_agency_passes() {
        assert_eq!(IdScheme::CorporateNumber.check("7000012050002"), Ok(()));
    }

    #[test]
    fn identifiers_are_refused_by_code() {
        let cases = [
            (IdScheme::CorporateNumber, "8000012050002", "core.corporate-number.check"),
            (IdScheme::CorporateNumber, "700001205000", "core.corporate-number.shape"),
            (IdScheme::CorporateNumber, "70000120500０2", "core.corporate-number.shape"),
            (IdScheme::Jrct, "jRCT203123058", "core.identifier.shape"),
            (IdScheme::Jrct, "jRCTs0312300010", "core.identifier.shape"),
            (IdScheme::Nct, "NCT1234567", "core.identifier.shape"),
            (IdScheme::Doi, "doi:10.1000/182", "core.identifier.shape"),
            (IdScheme::Doi, "10.1000/", "core.identifier.shape"),
            (IdScheme::Ctn, "25-1234", "core.identifier.shape"),
        ];
        for (scheme, value, code) in cases {
            assert_eq!(scheme.check(value).unwrap_err().code, code, "{value}");
        }
        for (scheme, value) in [
            (IdScheme::Jrct, "jRCT2031230581"),
            (IdScheme::Jrct, "jRCTs031230001"),
            (IdScheme::Nct, "NCT01234567"),
            (IdScheme::Doi, "10.1000/182"),
            (IdScheme::Ctn, "2025-1234"),
        ] {
            assert_eq!(scheme.check(value), Ok(()), "{value}");
        }
    }

    #[test]
    fn record_ids_depend_on_every_part_and_read_back() {
        let id = RecordId::derive("CTR", "amed", "2025-1");
        assert_eq!(id.as_str().parse::<RecordId>().unwrap(), id);
        assert_eq!(id.prefix(), "CTR");
        assert_ne!(id, RecordId::derive("CTR", "amed", "2025-2"));
        assert_ne!(id, RecordId::derive("CTR", "amed2", "025-1"));
        for bad in ["", "CTR", "ctr-000000000000", "CTR-00000000000", "CTR-00000000000I"] {
            assert!(bad.parse::<RecordId>().is_err(), "{bad}");
        }
    }
}
