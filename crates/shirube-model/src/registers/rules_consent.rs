//! Rules of the use of a person's records.

use super::Rules;
use super::consent::{DataSetTerms, OptOutNotice, UseChoice};
use super::rules::{before, broken, negative, twice};
use crate::choice::person_number;
use crate::refusal::Refusal;

/// Longest waiting time, in days: ten years.
const WAITING_DAYS_MAX: i64 = 3_653;
/// Highest age from which somebody chooses alone.
const OWN_CHOICE_AGE_MAX: i64 = 25;

impl Rules for DataSetTerms {
    fn rules(&self) -> Vec<Refusal> {
        broken([
            (
                negative(self.waiting_days)
                    || self.waiting_days.is_some_and(|days| days > WAITING_DAYS_MAX),
                "waiting_days",
                Refusal::new("registers.data_set_terms.waiting-range")
                    .arg("most", WAITING_DAYS_MAX),
            ),
            (
                self.own_choice_age_years
                    .is_some_and(|age| !(0..=OWN_CHOICE_AGE_MAX).contains(&age)),
                "own_choice_age_years",
                Refusal::new("registers.data_set_terms.age-range").arg("most", OWN_CHOICE_AGE_MAX),
            ),
            (
                before(self.valid_to, self.valid_from),
                "valid_to",
                Refusal::new("registers.data_set_terms.ends-before-start"),
            ),
        ])
    }
}

impl Rules for OptOutNotice {
    fn rules(&self) -> Vec<Refusal> {
        broken([
            (
                person_number(&self.person).is_none(),
                "person",
                Refusal::new("registers.opt_out_notice.person-shape"),
            ),
            (
                before(self.waiting_until, self.given_on),
                "waiting_until",
                Refusal::new("registers.opt_out_notice.waiting-before-notice"),
            ),
            (
                before(self.superseded_on, self.given_on),
                "superseded_on",
                Refusal::new("registers.opt_out_notice.superseded-before-notice"),
            ),
        ])
    }
}

impl Rules for UseChoice {
    fn rules(&self) -> Vec<Refusal> {
        let first = self.effective_on.unwrap_or(self.made_on);
        broken([
            (
                person_number(&self.person).is_none(),
                "person",
                Refusal::new("registers.use_choice.person-shape"),
            ),
            (
                before(self.effective_on, self.made_on),
                "effective_on",
                Refusal::new("registers.use_choice.effective-before-choice"),
            ),
            (
                before(self.ends_on, first),
                "ends_on",
                Refusal::new("registers.use_choice.ends-before-start"),
            ),
            (
                before(self.withdrawn_on, self.made_on),
                "withdrawn_on",
                Refusal::new("registers.use_choice.withdrawn-before-choice"),
            ),
            (
                self.withdrawn_on.is_some() != self.withdrawn_by.is_some(),
                "withdrawn_by",
                Refusal::new("registers.use_choice.withdrawal-incomplete"),
            ),
            (
                twice(&self.purposes) || twice(&self.recipients),
                "purposes",
                Refusal::new("registers.use_choice.listed-twice"),
            ),
            (
                self.erasure_requested == Some(true) && self.decision == "permit",
                "erasure_requested",
                Refusal::new("registers.use_choice.erasure-with-permit"),
            ),
        ])
    }
}
