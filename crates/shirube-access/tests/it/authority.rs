//! Decisions against a simple model, and what never happens.

use std::collections::BTreeSet;

use proptest::prelude::*;
use shirube_access::{
    Account, Action, Authority, Circumstance, Grant, Outcome, Principal, RecordResource, Resource,
    Role,
};
use shirube_model::registers::KINDS;

use crate::common::noon;
use crate::matrix::{account, codes, principal};

const ORGANISATIONS: [&str; 3] = ["厚", "文", "amed"];
const REGISTERS: [&str; 4] = ["contract", "trial", "programme", "follow_up"];

fn grants() -> impl Strategy<Value = BTreeSet<Grant>> {
    let code =
        |codes: &'static [&'static str]| prop_oneof![Just("*"), proptest::sample::select(codes)];
    let grant = (0..Role::ALL.len(), code(&ORGANISATIONS), code(&REGISTERS)).prop_map(
        |(role, organisation, register)| Grant {
            role: Role::ALL[role],
            organisation: organisation.to_owned(),
            register: register.to_owned(),
        },
    );
    proptest::collection::btree_set(grant, 0..4)
}

fn action() -> impl Strategy<Value = Action<'static>> {
    proptest::sample::select(vec![
        Action::Know,
        Action::Read,
        Action::ReadInternal,
        Action::Export,
        Action::Create,
        Action::Import,
        Action::Edit,
        Action::Withdraw,
        Action::Restore,
        Action::MarkDuplicate,
        Action::Step("end"),
        Action::Step("close"),
    ])
}

fn record() -> impl Strategy<Value = RecordResource> {
    let organisations =
        proptest::collection::btree_set(proptest::sample::select(&ORGANISATIONS[..]), 0..3);
    (proptest::sample::select(&REGISTERS[..3]), organisations, any::<bool>()).prop_map(
        |(kind, organisations, closed)| RecordResource {
            id: "record".to_owned(),
            kind: kind.to_owned(),
            state: "registered".to_owned(),
            standing: "active".to_owned(),
            organisations: organisations.into_iter().map(str::to_owned).collect(),
            closed,
        },
    )
}

/// The rules for records, written a second time, without Cedar and without
/// scopes.
fn model(
    account: &Account,
    action: Action<'_>,
    record: &RecordResource,
    read_only: bool,
) -> Outcome {
    if !account.live(noon()) {
        return Outcome::Hidden;
    }
    let has = |role: Role| {
        account.grants.iter().any(|grant| {
            grant.role == role
                && (grant.organisation == "*" || record.organisations.contains(&grant.organisation))
                && (grant.register == "*" || grant.register == record.kind)
        })
    };
    let (participant, lead, registrar) =
        (has(Role::Participant), has(Role::Lead), has(Role::Registrar));
    let others = has(Role::Secretariat) || has(Role::Reviewer) || has(Role::Auditor);
    let staff = participant || lead || registrar || others;
    let reads = staff || !record.closed;
    let may = match action {
        Action::Know | Action::Read | Action::Export => reads,
        Action::ReadInternal => staff,
        Action::Create | Action::Edit => participant || lead || registrar,
        Action::Step(_) | Action::Withdraw | Action::Restore => lead || registrar,
        Action::MarkDuplicate | Action::Import => registrar,
        _ => false,
    };
    let admin = account.grants.iter().any(|grant| grant.role == Role::Admin);
    let writes =
        !matches!(action, Action::Know | Action::Read | Action::Export | Action::ReadInternal);
    match may && !(writes && (read_only || admin)) {
        true => Outcome::Allow,
        false if reads => Outcome::Deny,
        false => Outcome::Hidden,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn decisions_about_records_are_those_of_the_model(
        grants in grants(), action in action(), record in record(),
        read_only: bool, disabled in proptest::bool::weighted(0.1),
    ) {
        let authority = authority();
        let account = Account { grants, disabled, ..account("somebody", &[]) };
        let circumstance = Circumstance { read_only, own_work: false };
        let expected = model(&account, action, &record, read_only);
        let decision = authority.decide(
            &Principal::of(&account, noon()), action, &Resource::Record(record), circumstance,
        );
        prop_assert_eq!(decision.outcome, expected);
        // Whoever is let in can be told by which policy.
        prop_assert!(!decision.allowed() || !decision.policies.is_empty());
    }

    #[test]
    fn no_role_without_a_permit_ever_writes(
        grants in grants(), action in action(), record in record(),
    ) {
        let writers = [Role::Participant, Role::Lead, Role::Registrar];
        let grants = grants.into_iter().filter(|grant| !writers.contains(&grant.role)).collect();
        let account = Account { grants, ..account("somebody", &[]) };
        let principal = Principal::of(&account, noon());
        let reads = [Action::Know, Action::Read, Action::Export, Action::ReadInternal];
        let resource = Resource::Record(record);
        let decision =
            authority().decide(&principal, action, &resource, Circumstance::default());
        prop_assert!(!decision.allowed() || reads.contains(&action));
    }

    #[test]
    fn a_further_role_takes_nothing_away_but_that_of_an_administrator(
        grants in grants(), more in grants(), action in action(), record in record(),
    ) {
        let keep = |grants: BTreeSet<Grant>| -> BTreeSet<Grant> {
            grants.into_iter().filter(|grant| grant.role != Role::Admin).collect()
        };
        let (grants, more) = (keep(grants), keep(more));
        let before = Account { grants: grants.clone(), ..account("somebody", &[]) };
        let after = Account { grants: grants.union(&more).cloned().collect(), ..before.clone() };
        let resource = Resource::Record(record);
        let ask = |account: &Account| {
            let principal = Principal::of(account, noon());
            authority().decide(&principal, action, &resource, Circumstance::default()).outcome
        };
        prop_assert!(ask(&after) <= ask(&before), "allow < deny < hidden");
    }
}

fn authority() -> &'static Authority {
    static ONE: std::sync::OnceLock<Authority> = std::sync::OnceLock::new();
    ONE.get_or_init(|| Authority::reference().unwrap())
}

#[test]
fn every_step_of_every_register_can_be_decided() {
    // Steps of the follow-up that a registrar may not take, and who may.
    let reserved = |kind: &str, step: &str| match (kind, step) {
        ("follow_up_cycle" | "allocation_policy" | "plan_revision", _) => Some("secretariat"),
        ("measure_report", "collect" | "compile" | "submit") => Some("lead"),
        ("budget_request", "file") => Some("lead"),
        ("measure_report", _) | ("budget_request", _) => Some("secretariat"),
        ("adjustment_fund", "allocate" | "decline") => Some("secretariat"),
        ("panel_advice" | "public_need", "assign") => Some("secretariat"),
        // Neither a registrar of all registers nor the two others.
        ("opt_out_notice" | "use_choice", _) => Some("a registrar by name"),
        _ => None,
    };
    let registrar = principal("registrar", &["registrar"]);
    let mut steps = 0;
    for schema in KINDS {
        let record = Resource::Record(RecordResource {
            id: "record".to_owned(),
            kind: schema.kind.to_owned(),
            organisations: codes(&["厚"]),
            ..RecordResource::default()
        });
        for step in schema.transitions {
            let action = Action::Step(step.name);
            let plain = Circumstance::default();
            let decision = authority().decide(&registrar, action, &record, plain);
            let line = format!("{} {}", schema.kind, step.name);
            match reserved(schema.kind, step.name) {
                None => assert_eq!(decision.policies, ["registrar.keeps-records"], "{line}"),
                Some(role) => {
                    assert!(!decision.allowed(), "{line}");
                    for other in ["lead@厚", "secretariat"] {
                        let by = principal("somebody", &[other]);
                        let decision = authority().decide(&by, action, &record, plain);
                        assert_eq!(decision.allowed(), other.starts_with(role), "{line} {other}");
                    }
                }
            }
            steps += 1;
        }
    }
    assert!(steps > 27, "{steps}");
}

#[test]
fn records_of_persons_are_kept_by_those_named_for_them() {
    let plain = Circumstance::default();
    for kind in ["use_choice", "opt_out_notice"] {
        let schema = shirube_model::registers::kind(kind).unwrap();
        assert!(schema.closed, "{kind}");
        let body = shirube_model::record::Body::new();
        let at = (schema.initial_state(), shirube_model::record::Standing::Active);
        let record = shirube_access::record_resource(schema, "record", at, &body);
        let register = Resource::register(kind);
        let of = |role: &str| format!("{role}@*/{kind}");
        let outcome = |grants: &[&str], action| {
            let who = principal("somebody", grants);
            [&record, &register].map(|of| authority().decide(&who, action, of, plain).outcome)
        };
        let everything: Vec<String> =
            Role::ALL.iter().map(|role| role.code().to_owned()).filter(|r| r != "admin").collect();
        let everything: Vec<&str> = everything.iter().map(String::as_str).collect();
        let reads = [Action::Know, Action::Read, Action::ReadInternal, Action::Export];
        for action in reads.into_iter().chain([Action::Create, Action::Import]) {
            assert_eq!(outcome(&[], action), [Outcome::Hidden; 2], "{action:?}");
            assert_eq!(outcome(&everything, action), [Outcome::Hidden; 2], "{action:?}");
            let reviewer = of("reviewer");
            assert_eq!(outcome(&[&reviewer], action), [Outcome::Hidden; 2], "{action:?}");
            assert_eq!(outcome(&[&of("registrar")], action), [Outcome::Allow; 2], "{action:?}");
        }
        for action in reads {
            assert_eq!(outcome(&[&of("auditor")], action), [Outcome::Allow; 2], "{action:?}");
        }
        assert_eq!(outcome(&[&of("auditor")], Action::Create), [Outcome::Deny; 2]);
    }
}

#[test]
fn a_question_nobody_foresaw_is_refused() {
    let registrar = principal("registrar", &["registrar"]);
    let record =
        Resource::Record(RecordResource { kind: "trial".to_owned(), ..Default::default() });
    let cases = [
        (Action::Step("invented"), record.clone()),
        (Action::Step(""), record.clone()),
        (Action::Approve, record),
        (Action::Edit, Resource::Site),
        (Action::Read, Resource::Account(principal("other", &[]))),
    ];
    for (action, resource) in cases {
        let decision = authority().decide(&registrar, action, &resource, Circumstance::default());
        assert!(!decision.allowed(), "{action:?} {resource:?}");
    }
}

#[test]
fn oneself_is_managed_by_oneself_and_given_no_roles() {
    let plain = Circumstance::default();
    let admin = principal("me", &["admin"]);
    let me = Resource::Account(admin.clone());
    let other = Resource::Account(principal("other", &["lead@厚"]));
    let outcome = |action, resource| authority().decide(&admin, action, resource, plain).outcome;
    assert_eq!(outcome(Action::ManageSelf, &me), Outcome::Allow);
    assert_eq!(outcome(Action::Administer, &me), Outcome::Deny);
    assert_eq!(outcome(Action::Administer, &other), Outcome::Allow);
    assert_eq!(outcome(Action::ManageSelf, &other), Outcome::Deny);
    let plain_user = principal("user", &[]);
    let decision = authority().decide(&plain_user, Action::ManageSelf, &me, plain);
    assert_eq!(decision.outcome, Outcome::Hidden, "accounts of others are not to be known");
    let nobody = Resource::Account(Principal::public());
    let decision = authority().decide(&Principal::public(), Action::ManageSelf, &nobody, plain);
    assert!(!decision.allowed(), "everybody is nobody's account");
}

#[test]
fn an_administrator_of_one_organisation_gives_roles_there_only() {
    let own = principal("admin", &["admin@厚"]);
    for (grant, may) in [
        ("lead@厚", true),
        ("lead@厚/contract", true),
        ("admin@厚", true),
        ("lead@文", false),
        ("lead", false),
        ("lead@*/contract", false),
        ("admin", false),
    ] {
        assert_eq!(own.may_grant(&Grant::parse(grant).unwrap()), may, "{grant}");
    }
    assert!(!principal("lead", &["lead"]).may_grant(&Grant::parse("lead@厚").unwrap()));
    let shut = Account { disabled: true, ..account("admin", &["admin"]) };
    let shut = Principal::of(&shut, noon());
    assert!(!shut.may_grant(&Grant::parse("lead@厚").unwrap()));
}

#[test]
fn an_id_cannot_pretend_to_be_another_account() {
    let record = Resource::Record(RecordResource {
        id: "x\" , Action::\"edit".to_owned(),
        kind: "contract\"".to_owned(),
        organisations: codes(&["厚\"", "*", "厚/contract"]),
        ..RecordResource::default()
    });
    let lead = principal("lead\"}", &["lead@厚"]);
    let decision = authority().decide(&lead, Action::Edit, &record, Circumstance::default());
    assert_eq!(decision.outcome, Outcome::Deny);
}
