//! Rules of organisations, roles and memberships.

use super::Rules;
use super::organisations::{
    Certification, Commitment, Membership, Organisation, OrganisationRole, SiteCapability,
};
use super::rules::{abroad, before, broken};
use crate::refusal::Refusal;

// A foreign body with a corporate number is allowed: its registered branch in
// Japan has one.
impl Rules for Organisation {
    fn rules(&self) -> Vec<Refusal> {
        broken([
            (
                before(self.dissolved_on, self.established_on),
                "dissolved_on",
                Refusal::new("registers.organisation.dissolved-before-established"),
            ),
            (
                self.prefecture.is_some() && abroad(&self.country),
                "prefecture",
                Refusal::new("registers.organisation.prefecture-abroad"),
            ),
        ])
    }
}

impl Rules for OrganisationRole {
    fn rules(&self) -> Vec<Refusal> {
        broken([(
            before(self.valid_to, self.valid_from),
            "valid_to",
            Refusal::new("registers.organisation_role.ends-before-start"),
        )])
    }
}

// Service before the decision is allowed: programmes adopt sites that already
// run.
impl Rules for SiteCapability {
    fn rules(&self) -> Vec<Refusal> {
        broken([
            (
                before(self.available_to, self.available_from),
                "available_to",
                Refusal::new("registers.site_capability.ends-before-start"),
            ),
            (
                before(self.available_to, self.decided_on),
                "available_to",
                Refusal::new("registers.site_capability.closed-before-decision"),
            ),
        ])
    }
}

impl Rules for Membership {
    fn rules(&self) -> Vec<Refusal> {
        broken([(
            before(self.valid_to, self.valid_from),
            "valid_to",
            Refusal::new("registers.consortium_membership.ends-before-start"),
        )])
    }
}

// Whether `foreign_capital` is true can be seen from the firm's record alone,
// not from this one.
impl Rules for Commitment {
    fn rules(&self) -> Vec<Refusal> {
        broken([(
            before(self.valid_to, self.valid_from),
            "valid_to",
            Refusal::new("registers.commitment.ends-before-start"),
        )])
    }
}

impl Rules for Certification {
    fn rules(&self) -> Vec<Refusal> {
        broken([(
            before(self.valid_to, self.valid_from),
            "valid_to",
            Refusal::new("registers.certification.ends-before-start"),
        )])
    }
}
