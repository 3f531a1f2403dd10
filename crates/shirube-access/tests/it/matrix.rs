//! The golden matrix: role × action × resource, kept as a table to be reviewed.
//!
//! A change of policies changes the table; `SHIRUBE_UPDATE_MATRIX=1` writes the
//! new one, and the review of its difference is the review of the change.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::PathBuf;

use shirube_access::{
    Account, Action, Authority, Circumstance, DataSetResource, FollowUpResource, Grant,
    MeasureResource, Outcome, Principal, ROUTES, RecordResource, Resource, Role,
};
use shirube_model::registers::KINDS;

use crate::common::noon;

/// Organisation of those who have a role at one organisation, and another one.
const OWN: &str = "厚";
const OTHER: &str = "文";

/// Who asks: the column, and the roles.
const PRINCIPALS: [(&str, &[&str]); 16] = [
    ("public", &[]),
    ("no_role", &[]),
    ("participant@own", &["participant@厚"]),
    ("lead@own", &["lead@厚"]),
    ("lead@own/contract", &["lead@厚/contract"]),
    ("secretariat", &["secretariat"]),
    ("registrar", &["registrar"]),
    ("registrar@*/trial", &["registrar@*/trial"]),
    ("registrar@*/use_choice", &["registrar@*/use_choice"]),
    ("reviewer", &["reviewer"]),
    ("auditor", &["auditor"]),
    ("auditor@*/use_choice", &["auditor@*/use_choice"]),
    ("researcher", &["researcher"]),
    ("researcher+admin", &["researcher", "reviewer", "admin"]),
    ("admin", &["admin"]),
    ("admin@own", &["admin@厚"]),
];

pub fn account(id: &str, grants: &[&str]) -> Account {
    Account {
        id: id.to_owned(),
        name: id.to_owned(),
        display: shirube_model::lang::LocalText::new(id, id),
        email: None,
        grants: grants.iter().map(|grant| Grant::parse(grant).unwrap()).collect(),
        valid_from: None,
        valid_to: None,
        disabled: false,
        demo: false,
        has_password: true,
        made_at: noon(),
    }
}

pub fn principal(id: &str, grants: &[&str]) -> Principal {
    Principal::of(&account(id, grants), noon())
}

pub fn codes(codes: &[&str]) -> BTreeSet<String> {
    codes.iter().map(|code| (*code).to_owned()).collect()
}

fn principals() -> Vec<(String, Principal)> {
    let mut all: Vec<(String, Principal)> = PRINCIPALS
        .iter()
        .map(|(name, grants)| match *name {
            "public" => ("public".to_owned(), Principal::public()),
            name => (name.to_owned(), principal(name, grants)),
        })
        .collect();
    let every = Role::ALL.map(Role::code);
    let shut = Account { disabled: true, ..account("shut", &every) };
    all.push(("every role, shut".to_owned(), Principal::of(&shut, noon())));
    all
}

/// One line of the table before it is decided.
struct Line {
    resource: String,
    case: String,
    action: Action<'static>,
    of: Resource,
    circumstance: Circumstance,
}

const READ_ONLY: Circumstance = Circumstance { read_only: true, own_work: false };
const OWN_WORK: Circumstance = Circumstance { read_only: false, own_work: true };

fn push(
    lines: &mut Vec<Line>,
    resource: &str,
    case: &str,
    of: &Resource,
    actions: &[Action<'static>],
) {
    for action in actions {
        lines.push(Line {
            resource: resource.to_owned(),
            case: case.to_owned(),
            action: *action,
            of: of.clone(),
            circumstance: Circumstance::default(),
        });
    }
}

fn registers(lines: &mut Vec<Line>) {
    use Action as A;
    for schema in KINDS {
        let kind = schema.kind;
        let actions = [A::Read, A::ReadInternal, A::Export, A::Create, A::Import];
        push(lines, "register", kind, &Resource::register(kind), &actions);
        let mut actions = vec![
            A::Read,
            A::ReadInternal,
            A::Export,
            A::Create,
            A::Edit,
            A::Withdraw,
            A::Restore,
            A::MarkDuplicate,
        ];
        actions.extend(schema.transitions.iter().map(|step| A::Step(step.name)));
        for (case, organisations) in
            [("own", codes(&[OWN])), ("other", codes(&[OTHER])), ("nobody's", codes(&[]))]
        {
            let record = RecordResource {
                id: "record".to_owned(),
                kind: kind.to_owned(),
                state: schema.initial_state().to_owned(),
                standing: "active".to_owned(),
                organisations,
                closed: schema.closed,
            };
            push(lines, "record", &format!("{kind}, {case}"), &Resource::Record(record), &actions);
        }
    }
    for (case, organisations) in [("own", codes(&[OWN])), ("other", codes(&[OTHER]))] {
        let record = RecordResource {
            id: "record".to_owned(),
            kind: "contract".to_owned(),
            state: "signed".to_owned(),
            standing: "active".to_owned(),
            organisations,
            closed: true,
        };
        let actions =
            [A::Know, A::Read, A::ReadInternal, A::Export, A::Create, A::Edit, A::Step("end")];
        let case = format!("contract, {case}, closed");
        push(lines, "record", &case, &Resource::Record(record), &actions);
    }
    let closed = Resource::Register { kind: "contract".to_owned(), closed: true };
    push(lines, "register", "contract, closed", &closed, &[A::Know, A::Read, A::Export, A::Import]);
}

/// A report, a contribution and a cycle in each of their states: what may be
/// done there depends on it.
fn cycle_records(lines: &mut Vec<Line>) {
    use Action as A;
    for schema in KINDS.iter().filter(|schema| !schema.frozen.is_empty()) {
        for state in schema.states.iter().skip(1) {
            for (case, organisations) in [("own", codes(&[OWN])), ("other", codes(&[OTHER]))] {
                let record = Resource::Record(RecordResource {
                    id: "record".to_owned(),
                    kind: schema.kind.to_owned(),
                    state: (*state).to_owned(),
                    standing: "active".to_owned(),
                    organisations,
                    closed: schema.closed,
                });
                let mut actions = vec![A::Edit, A::Withdraw];
                let from_here = schema.transitions.iter().filter(|s| s.from.contains(state));
                actions.extend(from_here.map(|step| A::Step(step.name)));
                let case = format!("{}, {case}, {state}", schema.kind);
                push(lines, "record", &case, &record, &actions);
                if (schema.kind, *state) == ("measure_report", "submitted") {
                    let start = lines.len();
                    let judged = [A::Step("return"), A::Step("approve")];
                    push(lines, "record", &format!("{case}, own work"), &record, &judged);
                    lines[start..].iter_mut().for_each(|line| line.circumstance = OWN_WORK);
                }
            }
        }
    }
}

fn cycle(lines: &mut Vec<Line>) {
    use Action as A;
    let relations = [
        ("own leads", codes(&[OWN]), codes(&[OTHER])),
        ("own takes part", codes(&[OTHER]), codes(&[OWN])),
        ("others", codes(&[OTHER]), codes(&[])),
    ];
    for (case, lead, participants) in relations {
        let measure = MeasureResource {
            id: "measure".to_owned(),
            lead: lead.clone(),
            participants: participants.clone(),
            closed: false,
        };
        let actions = [A::Read, A::Link, A::Respond];
        push(lines, "measure", case, &Resource::Measure(measure), &actions);
        for state in ["open", "submitted", "returned", "approved", "locked"] {
            let pack = Resource::FollowUp(FollowUpResource {
                id: "pack".to_owned(),
                state: state.to_owned(),
                lead: lead.clone(),
                participants: participants.clone(),
                closed: state != "locked",
            });
            let actions = [A::Read, A::Contribute, A::Submit, A::Return, A::Approve, A::Lock];
            let case = format!("{state}, {case}");
            push(lines, "follow_up", &case, &pack, &actions);
            if state == "submitted" {
                let start = lines.len();
                push(
                    lines,
                    "follow_up",
                    &format!("{case}, own work"),
                    &pack,
                    &[A::Return, A::Approve],
                );
                lines[start..].iter_mut().for_each(|line| line.circumstance = OWN_WORK);
            }
        }
    }
    let site =
        [A::Know, A::Read, A::OpenCycle, A::DecideReading, A::RevisePlan, A::Administer, A::Audit];
    push(lines, "site", "", &Resource::Site, &site);
    let start = lines.len();
    push(lines, "site", "own work", &Resource::Site, &[A::DecideReading]);
    lines[start..].iter_mut().for_each(|line| line.circumstance = OWN_WORK);
}

fn accounts(lines: &mut Vec<Line>) {
    use Action as A;
    let actions = [A::Know, A::Administer, A::ManageSelf, A::Audit];
    let cases: [(&str, &[&str]); 5] = [
        ("no role", &[]),
        ("at own", &["lead@厚"]),
        ("at other", &["lead@文"]),
        ("at both", &["lead@厚", "lead@文"]),
        ("everywhere", &["admin"]),
    ];
    for (case, grants) in cases {
        let of = Resource::Account(principal("somebody", grants));
        push(lines, "account", case, &of, &actions);
    }
}

/// Data sets of health records, with and without a permit.
fn data_sets(lines: &mut Vec<Line>) {
    use Action as A;
    let actions = [A::Know, A::Read, A::ReadInternal, A::Ask, A::Review, A::Audit];
    for (case, permitted, closed) in
        [("", false, false), ("permitted", true, false), ("closed", false, true)]
    {
        let set = DataSetResource { id: "set".to_owned(), permitted, closed };
        push(lines, "data_set", case, &Resource::DataSet(set), &actions);
    }
    let set =
        Resource::DataSet(DataSetResource { id: "set".to_owned(), permitted: true, closed: false });
    let start = lines.len();
    push(lines, "data_set", "permitted, own work", &set, &[A::Review]);
    lines[start..].iter_mut().for_each(|line| line.circumstance = OWN_WORK);
    let start = lines.len();
    push(lines, "data_set", "permitted, read-only token", &set, &[A::Read, A::Ask, A::Review]);
    lines[start..].iter_mut().for_each(|line| line.circumstance = READ_ONLY);
}

fn routes(lines: &mut Vec<Line>) {
    for route in ROUTES.iter() {
        let case = format!("{} {}", route.method, route.path);
        push(lines, "route", &case, &route.resource(), &[route.action()]);
    }
}

/// What a token that only reads can do, whoever holds it.
fn read_only(lines: &mut Vec<Line>) {
    use Action as A;
    let record = RecordResource {
        id: "record".to_owned(),
        kind: "contract".to_owned(),
        state: "signed".to_owned(),
        standing: "active".to_owned(),
        organisations: codes(&[OWN]),
        closed: false,
    };
    let start = lines.len();
    let actions = [
        A::Read,
        A::ReadInternal,
        A::Export,
        A::Create,
        A::Import,
        A::Edit,
        A::Withdraw,
        A::Restore,
        A::MarkDuplicate,
        A::Step("end"),
    ];
    push(lines, "record", "contract, own, read-only token", &Resource::Record(record), &actions);
    let site = [A::OpenCycle, A::DecideReading, A::RevisePlan, A::Administer];
    push(lines, "site", "read-only token", &Resource::Site, &site);
    lines[start..].iter_mut().for_each(|line| line.circumstance = READ_ONLY);
}

/// Made once for all tests of this file.
fn table() -> &'static str {
    static TABLE: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    TABLE.get_or_init(make_table)
}

fn make_table() -> String {
    let authority = Authority::reference().unwrap();
    let mut lines = Vec::new();
    cycle(&mut lines);
    cycle_records(&mut lines);
    accounts(&mut lines);
    data_sets(&mut lines);
    routes(&mut lines);
    read_only(&mut lines);
    registers(&mut lines);
    let principals = principals();
    let mut out = String::from("resource,case,action");
    for (name, _) in &principals {
        write!(out, ",{}", quoted(name)).unwrap();
    }
    out.push('\n');
    for line in &lines {
        let head = [&line.resource, &line.case, &line.action.code()].map(|text| quoted(text));
        write!(out, "{}", head.join(",")).unwrap();
        for (_, principal) in &principals {
            let decision = authority.decide(principal, line.action, &line.of, line.circumstance);
            write!(out, ",{}", decision.outcome.code()).unwrap();
        }
        out.push('\n');
    }
    out
}

fn quoted(text: &str) -> String {
    if text.contains(',') { format!("\"{text}\"") } else { text.to_owned() }
}

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/it/authority_matrix.csv")
}

#[test]
fn the_matrix_of_roles_actions_and_resources_is_the_one_reviewed() {
    let found = table();
    if std::env::var_os("SHIRUBE_UPDATE_MATRIX").is_some() {
        std::fs::write(path(), found).unwrap();
        return;
    }
    let kept = std::fs::read_to_string(path()).unwrap_or_default();
    let (kept_lines, found_lines): (Vec<_>, Vec<_>) =
        (kept.lines().collect(), found.lines().collect());
    let differing: Vec<String> = (0..kept_lines.len().max(found_lines.len()))
        .filter(|at| kept_lines.get(*at) != found_lines.get(*at))
        .take(20)
        .map(|at| {
            format!(
                "line {}:\n  kept  {:?}\n  found {:?}",
                at + 1,
                kept_lines.get(at),
                found_lines.get(at)
            )
        })
        .collect();
    assert!(differing.is_empty(), "the policies decide otherwise:\n{}", differing.join("\n"));
}

/// What the table must show whatever else changes, stated apart from it.
#[test]
fn the_matrix_keeps_its_promises() {
    let text = table();
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let heads = reader.headers().unwrap().clone();
    let mut seen = 0;
    for row in reader.records().map(Result::unwrap) {
        let (resource, case, action) = (&row[0], &row[1], &row[2]);
        let reads = ["know", "read", "read_internal", "export", "audit", "view"].contains(&action);
        for (head, cell) in heads.iter().zip(row.iter()).skip(3) {
            seen += 1;
            let allowed = cell == Outcome::Allow.code();
            let line = format!("{resource}, {case}, {action}, {head}: {cell}");
            match head {
                "every role, shut" => assert_eq!(cell, "404", "{line}"),
                "public" | "no_role" if resource != "route" => {
                    assert!(!allowed || reads, "{line}");
                    assert!(!(allowed && action == "read_internal"), "{line}");
                }
                "auditor" if resource != "route" => assert!(!allowed || reads, "{line}"),
                "admin" | "admin@own" if resource == "record" || resource == "register" => {
                    assert!(!allowed || (reads && action != "read_internal"), "{line}");
                }
                _ => {}
            }
            if case.contains("read-only") {
                assert!(!allowed || reads, "{line}");
            }
            // Nobody asks health records without a permit, and no administrator at all.
            if resource == "data_set" && action == "ask" {
                let researcher = head == "researcher" && case == "permitted";
                assert_eq!(allowed, researcher, "{line}");
            }
            if resource == "data_set" && head == "researcher+admin" {
                assert!(!allowed || reads, "{line}");
            }
            if case.contains("own work") {
                assert!(!allowed, "{line}");
            }
            if resource == "follow_up" && case.contains("locked") {
                assert!(!allowed || reads, "{line}");
            }
            if resource == "record" && case.contains(", other") && head.contains("@own") {
                assert!(!allowed || matches!(action, "know" | "read" | "export"), "{line}");
            }
            if head.contains("trial") && resource == "record" && !case.starts_with("trial,") {
                assert!(!allowed || matches!(action, "know" | "read" | "export"), "{line}");
            }
        }
    }
    assert!(seen > 10_000, "{seen} cells");
}
