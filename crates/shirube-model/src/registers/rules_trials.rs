//! Rules of trials, desks and training.

use std::collections::BTreeSet;

use super::Rules;
use super::rules::{before, broken, negative};
use super::trials::{Certificate, Consultation, Enrolment, SupportCase, TrainingProgramme, Trial};
use crate::refusal::Refusal;

/// Phases that follow a first dose in humans. Phases 0, 1 and 1-2, "not
/// applicable" and unknown codes may hold a first dose.
const LATER_PHASES: [&str; 5] = ["phase_2", "phase_2_3", "phase_3", "phase_3_4", "phase_4"];

/// Study types that give no first dose: one only observes, the other follows
/// the trials that showed benefit.
const NO_FIRST_DOSE: [&str; 2] = ["observational", "expanded_access"];

// Allowed, because real registers are full of them: registration after the
// start; notification after the start, as when Japan joins a trial that runs
// abroad; more participants than the target; a first participant before the
// start, which some registries count from the first dose; an international
// trial whose countries are not known.
impl Rules for Trial {
    fn rules(&self) -> Vec<Refusal> {
        let countries: BTreeSet<_> = self.countries.iter().collect();
        let later_phase = self.phase.as_deref().is_some_and(|phase| LATER_PHASES.contains(&phase));
        broken([
            (
                before(self.completed_on, self.started_on),
                "completed_on",
                Refusal::new("registers.trial.ends-before-start"),
            ),
            (
                before(self.completed_on, self.first_enrolment_on),
                "first_enrolment_on",
                Refusal::new("registers.trial.enrolment-after-end"),
            ),
            (
                before(self.results_posted_on, self.started_on),
                "results_posted_on",
                Refusal::new("registers.trial.results-before-start"),
            ),
            (
                negative(self.target_size),
                "target_size",
                Refusal::new("registers.trial.negative-target"),
            ),
            (
                negative(self.final_size),
                "final_size",
                Refusal::new("registers.trial.negative-size"),
            ),
            (
                self.first_in_human && later_phase,
                "phase",
                Refusal::new("registers.trial.first-in-human-phase"),
            ),
            (
                self.first_in_human && NO_FIRST_DOSE.contains(&self.study_type.as_str()),
                "study_type",
                Refusal::new("registers.trial.first-in-human-study-type"),
            ),
            (
                self.international && countries.len() == 1,
                "countries",
                Refusal::new("registers.trial.international-one-country"),
            ),
        ])
    }
}

impl Rules for Consultation {
    fn rules(&self) -> Vec<Refusal> {
        broken([(
            before(self.closed_on, self.first_contact_on),
            "closed_on",
            Refusal::new("registers.consultation.closed-before-contact"),
        )])
    }
}

// An outcome whose day is not known is allowed.
impl Rules for SupportCase {
    fn rules(&self) -> Vec<Refusal> {
        broken([
            (
                before(self.outcome_on, self.started_on),
                "outcome_on",
                Refusal::new("registers.support_case.outcome-before-start"),
            ),
            (
                self.outcome_on.is_some() && self.outcome.is_none(),
                "outcome",
                Refusal::new("registers.support_case.day-without-outcome"),
            ),
        ])
    }
}

impl Rules for TrainingProgramme {
    fn rules(&self) -> Vec<Refusal> {
        broken([(
            before(self.ended_on, self.started_on),
            "ended_on",
            Refusal::new("registers.training_programme.ends-before-start"),
        )])
    }
}

// A confirmed day without an employer is allowed: the person may have left work.
impl Rules for Enrolment {
    fn rules(&self) -> Vec<Refusal> {
        broken([(
            before(self.finished_on, self.enrolled_on),
            "finished_on",
            Refusal::new("registers.enrolment.finished-before-enrolled"),
        )])
    }
}

// One day only: nothing in it can contradict itself.
impl Rules for Certificate {}
