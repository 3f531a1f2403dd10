//! The register kinds: typed structs, their states and their rules.
//!
//! [`KINDS`] is the one list; generic code looks a kind up with [`kind`].
//! A kind is declared once with `register!`, which makes the struct, its field
//! description and its state machine from the same lines. What holds between
//! fields is in the `rules` files; such a rule refuses only what cannot be
//! true, because honest records are often incomplete. No rule compares a day
//! with today: plans lie ahead, and the model has no clock.

pub mod allocation;
pub mod budget;
pub mod consent;
mod declare;
pub mod follow_up;
pub mod organisations;
pub mod portfolio;
pub mod regulation;
mod rules;
mod rules_budget;
mod rules_consent;
mod rules_follow_up;
mod rules_organisations;
mod rules_portfolio;
mod rules_regulation;
mod rules_trials;
pub mod trials;
mod values;

pub(crate) use declare::register;
pub use declare::{Register, Rules, canonical, check_body, check_fields, read_body};
pub use rules::RULE_CODES;
pub use values::{DECIMAL_SCALE_MAX, LIST_VALUES_MAX, TEXT_CHARS_MAX, YearAmount};

use crate::schema::KindSchema;

/// Every register kind, in the order pages list them.
pub const KINDS: &[&KindSchema] = &[
    portfolio::Programme::SCHEMA,
    portfolio::Call::SCHEMA,
    portfolio::Project::SCHEMA,
    portfolio::PhaseTransition::SCHEMA,
    portfolio::Continuation::SCHEMA,
    portfolio::SupportRecord::SCHEMA,
    portfolio::Contract::SCHEMA,
    portfolio::Publication::SCHEMA,
    organisations::Organisation::SCHEMA,
    organisations::OrganisationRole::SCHEMA,
    organisations::SiteCapability::SCHEMA,
    organisations::Membership::SCHEMA,
    organisations::Commitment::SCHEMA,
    organisations::Certification::SCHEMA,
    trials::Trial::SCHEMA,
    trials::Consultation::SCHEMA,
    trials::SupportCase::SCHEMA,
    trials::TrainingProgramme::SCHEMA,
    trials::Enrolment::SCHEMA,
    trials::Certificate::SCHEMA,
    regulation::ReferenceList::SCHEMA,
    regulation::ListEntry::SCHEMA,
    regulation::RegulatoryEvent::SCHEMA,
    regulation::Valuation::SCHEMA,
    regulation::InvestmentRound::SCHEMA,
    regulation::Adoption::SCHEMA,
    regulation::BusinessMove::SCHEMA,
    regulation::DataUse::SCHEMA,
    regulation::Cooperation::SCHEMA,
    regulation::Exercise::SCHEMA,
    regulation::Decision::SCHEMA,
    regulation::Observation::SCHEMA,
    budget::BudgetProgramme::SCHEMA,
    budget::BudgetPayment::SCHEMA,
    budget::MeasureLink::SCHEMA,
    budget::StrategyStatement::SCHEMA,
    follow_up::FollowUpCycle::SCHEMA,
    follow_up::MeasureReport::SCHEMA,
    follow_up::MeasureContribution::SCHEMA,
    follow_up::PanelAdvice::SCHEMA,
    follow_up::PublicNeed::SCHEMA,
    follow_up::FollowUpAction::SCHEMA,
    allocation::AllocationPolicy::SCHEMA,
    allocation::BudgetRequest::SCHEMA,
    allocation::AdjustmentFund::SCHEMA,
    allocation::PlanRevision::SCHEMA,
    consent::DataSetTerms::SCHEMA,
    consent::OptOutNotice::SCHEMA,
    consent::UseChoice::SCHEMA,
];

/// The kind called `name`.
#[must_use]
pub fn kind(name: &str) -> Option<&'static KindSchema> {
    KINDS.iter().copied().find(|schema| schema.kind == name)
}

/// The kind whose record ids start with `prefix`.
#[must_use]
pub fn kind_by_prefix(prefix: &str) -> Option<&'static KindSchema> {
    KINDS.iter().copied().find(|schema| schema.prefix == prefix)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::schema::{Cardinality, FieldType};

    #[test]
    fn kinds_and_prefixes_are_unique() {
        let kinds: BTreeSet<_> = KINDS.iter().map(|schema| schema.kind).collect();
        let prefixes: BTreeSet<_> = KINDS.iter().map(|schema| schema.prefix).collect();
        assert_eq!((kinds.len(), prefixes.len()), (KINDS.len(), KINDS.len()));
        assert_eq!(KINDS.len(), 49);
        for schema in KINDS {
            assert_eq!(kind(schema.kind).map(|k| k.prefix), Some(schema.prefix));
            assert_eq!(kind_by_prefix(schema.prefix).map(|k| k.kind), Some(schema.kind));
            let shaped =
                schema.prefix.len() == 3 && schema.prefix.bytes().all(|b| b.is_ascii_uppercase());
            assert!(shaped, "{}", schema.prefix);
            assert!(snake_case(schema.kind) && snake_case(schema.domain), "{}", schema.kind);
        }
        assert!(kind("nothing").is_none() && kind_by_prefix("XXX").is_none());
    }

    fn snake_case(name: &str) -> bool {
        name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
    }

    #[test]
    fn every_title_is_a_required_field() {
        for schema in KINDS {
            let title = schema.field(schema.title).unwrap();
            assert_eq!(title.card, Cardinality::Required, "{}", schema.kind);
            assert!(
                matches!(
                    title.ty,
                    FieldType::Text | FieldType::LocalText | FieldType::Ref(_) | FieldType::Code(_)
                ),
                "{}",
                schema.kind
            );
        }
    }

    #[test]
    fn fields_are_unique_and_refer_to_kinds_that_exist() {
        for schema in KINDS {
            let names: BTreeSet<_> = schema.fields.iter().map(|field| field.name).collect();
            assert_eq!(names.len(), schema.fields.len(), "{}", schema.kind);
            for field in schema.fields {
                assert!(snake_case(field.name), "{} {}", schema.kind, field.name);
                match field.ty {
                    FieldType::Ref(target) => {
                        assert!(kind(target).is_some(), "{} {}", schema.kind, field.name);
                    }
                    FieldType::Code(vocabulary) => assert!(snake_case(vocabulary), "{vocabulary}"),
                    _ => {}
                }
            }
        }
    }

    #[test]
    fn transitions_name_states_and_fields_that_exist() {
        for schema in KINDS {
            let states: BTreeSet<_> = schema.states.iter().copied().collect();
            assert_eq!(states.len(), schema.states.len(), "{}", schema.kind);
            assert!(schema.frozen.iter().all(|state| states.contains(state)), "{}", schema.kind);
            assert_eq!(Some(&schema.initial_state()), schema.states.first());
            let steps: BTreeSet<_> = schema.transitions.iter().map(|step| step.name).collect();
            assert_eq!(steps.len(), schema.transitions.len(), "{}", schema.kind);
            for step in schema.transitions {
                let known = step.from.iter().chain([&step.to]).all(|s| states.contains(s));
                assert!(known && !step.from.is_empty(), "{} {}", schema.kind, step.name);
                assert!(!step.from.contains(&step.to), "{} {}", schema.kind, step.name);
                for need in step.needs {
                    let field = schema.field(need).unwrap();
                    // A required field is filled anyway.
                    assert_ne!(field.card, Cardinality::Required, "{} {need}", schema.kind);
                }
            }
        }
    }

    #[test]
    fn every_state_can_be_reached() {
        for schema in KINDS {
            let mut reached = BTreeSet::from([schema.initial_state()]);
            for _ in schema.states {
                for step in schema.transitions {
                    if step.from.iter().any(|state| reached.contains(state)) {
                        reached.insert(step.to);
                    }
                }
            }
            assert_eq!(reached.len(), schema.states.len(), "{}", schema.kind);
        }
    }
}
