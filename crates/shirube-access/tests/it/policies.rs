//! Faults of schemas and policies, each at its line.

use shirube_access::{Authority, POLICIES_FILE, SCHEMA_FILE, check_authority};

const SCHEMA: &str = include_str!("../../../../packs/japan-2025/authority/schema.cedarschema");
const POLICIES: &str = include_str!("../../../../packs/japan-2025/authority/policies.cedar");

#[test]
fn the_reference_authority_holds() {
    assert_eq!(check_authority(SCHEMA, POLICIES), []);
    assert_eq!(
        Authority::reference().unwrap().policies(),
        POLICIES.lines().filter(|line| line.starts_with("@id(")).count()
    );
}

#[test]
fn bad_policies_are_refused_at_their_line() {
    // Each is put after the first line of comment, so its own first line is 2.
    let cases = [
        ("permit (principal, action, resource) when {", "access.authority.policy", true),
        (
            "@id(\"a\") permit (principal, action == Action::\"fly\", resource);",
            "access.authority.policy",
            true,
        ),
        (
            "@id(\"a\") permit (principal, action == Action::\"read\", resource is Record)\nwhen { resource.colour == \"red\" };",
            "access.authority.policy",
            true,
        ),
        (
            "@id(\"a\") permit (principal, action == Action::\"read\", resource is Record)\nwhen { resource.kind == 1 };",
            "access.authority.policy",
            true,
        ),
        (
            "@id(\"a\") permit (principal, action == Action::\"approve\", resource is Record);",
            "access.authority.policy",
            true,
        ),
        ("permit (principal, action, resource);", "access.authority.id-missing", false),
        ("@id(\"\") permit (principal, action, resource);", "access.authority.id-missing", false),
        (
            "@id(\"a\") permit (principal, action, resource);\n@id(\"a\") forbid (principal, action, resource);",
            "access.authority.id-twice",
            false,
        ),
        (
            "@id(\"a\") permit (principal == ?principal, action, resource);",
            "access.authority.template",
            false,
        ),
    ];
    for (text, code, placed) in cases {
        let faults = check_authority(SCHEMA, &format!("// one line\n{text}\n"));
        let first = faults.first().unwrap_or_else(|| panic!("accepted: {text}"));
        assert_eq!(first.code, code, "{text}");
        assert_eq!(first.place.file.as_deref(), Some(POLICIES_FILE), "{text}");
        if placed {
            assert!(first.place.line.is_some_and(|line| line >= 2), "{text}: {first}");
        }
        assert!(Authority::read(SCHEMA, text).is_err(), "{text}");
    }
}

#[test]
fn a_schema_must_declare_what_the_product_asks() {
    let without = SCHEMA.replace("\"step:terminate\"", "\"step:terminated\"");
    let faults = check_authority(&without, POLICIES);
    assert!(faults.iter().any(|fault| {
        fault.code == "access.authority.action-missing" && fault.args["action"] == "step:terminate"
    }));
    let broken = SCHEMA.replace("entity Scope;", "entity Scope");
    let faults = check_authority(&broken, POLICIES);
    assert_eq!(faults[0].code, "access.authority.schema");
    assert_eq!(faults[0].place.file.as_deref(), Some(SCHEMA_FILE));
    assert!(faults[0].place.line.is_some());
    let unknown = SCHEMA.replace("closed: Bool, scopes", "closed: Boole, scopes");
    assert_eq!(check_authority(&unknown, POLICIES)[0].code, "access.authority.schema");
    let large = format!("{SCHEMA}{}", "// \n".repeat(100_000));
    assert_eq!(check_authority(&large, POLICIES)[0].code, "access.authority.too-large");
}

#[test]
fn policies_alone_decide() {
    use crate::matrix::principal;
    use shirube_access::{Action, Circumstance, Outcome, Resource};
    let none = Authority::read(SCHEMA, "").unwrap();
    let every = principal("everybody", &["registrar", "lead", "secretariat"]);
    let register = Resource::register("contract");
    let plain = Circumstance::default();
    for action in [Action::Read, Action::Import] {
        assert_eq!(none.decide(&every, action, &register, plain).outcome, Outcome::Hidden);
    }
    let both = "@id(\"yes\") permit (principal, action, resource);\n\
                @id(\"no\") forbid (principal, action == Action::\"import\", resource);";
    let both = Authority::read(SCHEMA, both).unwrap();
    let read = both.decide(&every, Action::Read, &register, plain);
    assert_eq!((read.outcome, read.policies), (Outcome::Allow, vec!["yes".to_owned()]));
    let import = both.decide(&every, Action::Import, &register, plain);
    assert_eq!((import.outcome, import.policies), (Outcome::Deny, vec!["no".to_owned()]));
}
