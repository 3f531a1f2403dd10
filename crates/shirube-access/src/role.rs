//! Roles, where they reach, and the places that records and measures lie in.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use shirube_model::refusal::Refusal;

/// Any organisation or any register in a [`Grant`].
pub const ANY: &str = "*";
/// Longest code of an organisation or register, in characters.
const CODE_CHARS_MAX: usize = 64;

/// What an account may be somewhere. Being everybody is not granted, so the
/// public has no entry here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Takes part in measures and keeps records of its organisation.
    Participant,
    /// Answers for measures (◎): compiles, submits, moves records on.
    Lead,
    /// Runs the yearly cycle: opens, returns, approves, locks.
    Secretariat,
    /// Keeps registers, imports, marks duplicates.
    Registrar,
    /// Reads what is submitted and may send it back; decides about answers from
    /// health records that wait.
    Reviewer,
    /// Reads everything, changes nothing.
    Auditor,
    /// Asks data sets of health records, under a permit for each.
    Researcher,
    /// Keeps accounts, and sees no internal field for it.
    Admin,
}

impl Role {
    /// All roles, in the order pages show them.
    pub const ALL: [Self; 8] = [
        Self::Participant,
        Self::Lead,
        Self::Secretariat,
        Self::Registrar,
        Self::Reviewer,
        Self::Auditor,
        Self::Researcher,
        Self::Admin,
    ];

    /// The code used in storage, policies and messages.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Participant => "participant",
            Self::Lead => "lead",
            Self::Secretariat => "secretariat",
            Self::Registrar => "registrar",
            Self::Reviewer => "reviewer",
            Self::Auditor => "auditor",
            Self::Researcher => "researcher",
            Self::Admin => "admin",
        }
    }

    /// Reads a code.
    ///
    /// # Errors
    /// `access.role.unknown`.
    pub fn from_code(code: &str) -> Result<Self, Refusal> {
        Self::ALL.into_iter().find(|role| role.code() == code).ok_or_else(|| {
            let known: Vec<_> = Self::ALL.iter().map(|role| role.code()).collect();
            Refusal::new("access.role.unknown").arg("role", code).arg("known", known.join(", "))
        })
    }
}

/// A role at an organisation, for a register; `*` for any.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grant {
    /// The role.
    pub role: Role,
    /// Code of the organisation, or `*`.
    #[serde(default = "any")]
    pub organisation: String,
    /// Register kind, or `*`.
    #[serde(default = "any")]
    pub register: String,
}

fn any() -> String {
    ANY.to_owned()
}

impl Grant {
    /// A role everywhere.
    #[must_use]
    pub fn everywhere(role: Role) -> Self {
        Self { role, organisation: any(), register: any() }
    }

    /// A role at one organisation, for all registers.
    #[must_use]
    pub fn at(role: Role, organisation: &str) -> Self {
        Self { role, organisation: organisation.to_owned(), register: any() }
    }

    /// Reads `role`, `role@organisation` or `role@organisation/register`.
    ///
    /// # Errors
    /// `access.role.unknown`, `access.grant.unreadable`.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let (role, place) = text.split_once('@').unwrap_or((text, ANY));
        let (organisation, register) = place.split_once('/').unwrap_or((place, ANY));
        let grant = Self {
            role: Role::from_code(role.trim())?,
            organisation: organisation.trim().to_owned(),
            register: register.trim().to_owned(),
        };
        grant.check()?;
        Ok(grant)
    }

    /// Checks the codes of the place: a code must not look like another place.
    ///
    /// # Errors
    /// `access.grant.unreadable`, `access.grant.register`.
    pub fn check(&self) -> Result<(), Refusal> {
        for code in [&self.organisation, &self.register] {
            if !is_code(code) {
                return Err(Refusal::new("access.grant.unreadable").arg("value", code));
            }
        }
        let known = self.register == ANY
            || self.register == FOLLOW_UP
            || self.register == HEALTH_DATA
            || shirube_model::registers::kind(&self.register).is_some();
        if known {
            Ok(())
        } else {
            Err(Refusal::new("access.grant.register").arg("register", &self.register))
        }
    }

    /// The place the role reaches.
    #[must_use]
    pub fn scope(&self) -> Scope {
        Scope::new(&self.organisation, &self.register)
    }

    /// Whether everything that `other` reaches is reached by this grant.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        let within = |mine: &str, theirs: &str| mine == ANY || mine == theirs;
        within(&self.organisation, &other.organisation) && within(&self.register, &other.register)
    }
}

impl std::fmt::Display for Grant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}@{}/{}", self.role.code(), self.organisation, self.register)
    }
}

fn is_code(code: &str) -> bool {
    code == ANY
        || (!code.is_empty()
            && code.chars().count() <= CODE_CHARS_MAX
            && code
                .chars()
                .all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '・' | ' ')))
}

/// Name under which a role is granted for follow-up packs alone.
pub const FOLLOW_UP: &str = "follow_up";
/// Name under which a role is granted for data sets of health records alone.
pub const HEALTH_DATA: &str = "health_data";

/// An organisation and a register, `*` for any, such as `厚/contract`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scope(String);

impl Scope {
    /// A place; a `/` in a code would make it another one, so it is taken out.
    #[must_use]
    pub fn new(organisation: &str, register: &str) -> Self {
        Self(format!("{}/{}", organisation.replace('/', "_"), register.replace('/', "_")))
    }

    /// The text policies see.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }
}

/// Every place whose roles reach something of the register `register` that the
/// organisations answer for.
pub(crate) fn reaching<'a>(
    organisations: impl IntoIterator<Item = &'a str>,
    register: &str,
) -> BTreeSet<Scope> {
    let mut scopes = BTreeSet::from([Scope::new(ANY, ANY), Scope::new(ANY, register)]);
    scopes.extend(at(organisations, register));
    scopes
}

/// The places of the organisations themselves, without those of any.
pub(crate) fn at<'a>(
    organisations: impl IntoIterator<Item = &'a str>,
    register: &str,
) -> BTreeSet<Scope> {
    organisations
        .into_iter()
        // An organisation called `*` would turn its own roles into everybody's.
        .filter(|code| !code.is_empty() && *code != ANY)
        .flat_map(|code| [Scope::new(code, ANY), Scope::new(code, register)])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grants_are_read_and_written() {
        for text in [
            "lead@厚/contract",
            "admin@*/*",
            "registrar@*/trial",
            "lead@amed/follow_up",
            "researcher@*/health_data",
        ] {
            assert_eq!(Grant::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Grant::parse("auditor").unwrap(), Grant::everywhere(Role::Auditor));
        assert_eq!(Grant::parse("lead@厚").unwrap(), Grant::at(Role::Lead, "厚"));
    }

    #[test]
    fn bad_grants_are_refused() {
        let cases = [
            ("", "access.role.unknown"),
            ("public", "access.role.unknown"),
            ("Lead", "access.role.unknown"),
            ("lead@", "access.grant.unreadable"),
            ("lead@a/", "access.grant.unreadable"),
            ("lead@a/contract/x", "access.grant.unreadable"),
            ("lead@a\"b", "access.grant.unreadable"),
            ("lead@**", "access.grant.unreadable"),
            ("lead@a/contracts", "access.grant.register"),
        ];
        for (text, code) in cases {
            assert_eq!(Grant::parse(text).unwrap_err().code, code, "{text}");
        }
        let long = format!("lead@{}", "a".repeat(CODE_CHARS_MAX + 1));
        assert_eq!(Grant::parse(&long).unwrap_err().code, "access.grant.unreadable");
    }

    #[test]
    fn a_grant_covers_what_lies_within_it() {
        let grant = |text: &str| Grant::parse(text).unwrap();
        for (outer, inner, covers) in [
            ("admin", "admin@厚/contract", true),
            ("admin@厚", "lead@厚/contract", true),
            ("admin@厚", "lead@文", false),
            ("admin@厚/contract", "lead@厚", false),
            ("admin@厚", "lead", false),
            ("admin@*/contract", "lead@厚/contract", true),
        ] {
            assert_eq!(grant(outer).covers(&grant(inner)), covers, "{outer} {inner}");
        }
    }

    #[test]
    fn no_organisation_can_call_itself_any() {
        let plain = reaching([], "contract");
        assert_eq!(reaching(["*", ""], "contract"), plain);
        assert!(at(["*"], "contract").is_empty());
        assert!(reaching(["厚"], "contract").contains(&Scope::new("厚", "contract")));
        assert_ne!(Scope::new("a/b", "c"), Scope::new("a", "b/c"));
    }
}
