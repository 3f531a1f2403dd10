//! The state tables as a document: `docs/STATES.md` is made from the tables
//! that the registers obey. `SHIRUBE_UPDATE_DOCS=1` writes it anew.

use std::fmt::Write;
use std::path::PathBuf;

use shirube_model::registers::KINDS;
use shirube_model::schema::{KindSchema, state_diagram};

const HEAD: &str = "\
# States of the registers

Made from the state tables in `crates/shirube-model/src/registers`, the same that refuse a step which
the table does not have. A test fails when this file differs; `SHIRUBE_UPDATE_DOCS=1 cargo test -p
shirube-model` writes it anew. Names in brackets are fields that must be filled before the step. In a
*frozen* state no field changes; a step from there fills only the empty fields it needs.

Registers of one state without steps are left out.
";

fn document() -> String {
    let mut out = HEAD.to_owned();
    let mut domains: Vec<&str> = Vec::new();
    for schema in KINDS.iter().filter(|schema| !schema.transitions.is_empty()) {
        if !domains.contains(&schema.domain) {
            domains.push(schema.domain);
        }
    }
    // The follow-up is what people look for here; the others in their order.
    domains.sort_by_key(|domain| *domain != "follow_up");
    for domain in domains {
        write!(out, "\n## {domain}\n").unwrap();
        let of_domain = KINDS.iter().filter(|schema| schema.domain == domain);
        for schema in of_domain.filter(|schema| !schema.transitions.is_empty()) {
            section(&mut out, schema);
        }
    }
    out
}

fn section(out: &mut String, schema: &KindSchema) {
    let (kind, prefix) = (schema.kind, schema.prefix);
    write!(out, "\n### {kind} ({prefix})\n\n```mermaid\n{}```\n", state_diagram(schema)).unwrap();
    if !schema.frozen.is_empty() {
        write!(out, "\nFrozen: {}.\n", schema.frozen.join(", ")).unwrap();
    }
}

#[test]
fn the_document_of_states_is_up_to_date() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/STATES.md");
    let found = document();
    if std::env::var_os("SHIRUBE_UPDATE_DOCS").is_some() {
        std::fs::write(&path, found).unwrap();
        return;
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == found,
        "docs/STATES.md is out of date: run this test with SHIRUBE_UPDATE_DOCS=1"
    );
}
