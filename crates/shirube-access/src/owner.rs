//! Which organisations answer for a record: those whose participants, leads and
//! registrars may change it.

use std::collections::BTreeSet;

use serde_json::Value;
use shirube_model::record::{Body, Standing};
use shirube_model::schema::KindSchema;

use crate::authority::{FollowUpResource, RecordResource, Resource};

/// Fields that name who answers for a record of a kind. A body that a record is
/// merely about, such as the firm that takes a licence, does not answer for it.
/// Records of the other kinds belong to whoever keeps the register.
const OWNERS: [(&str, &[&str]); 24] = [
    ("organisation_role", &["organisation", "granted_by"]),
    ("site_capability", &["organisation"]),
    ("consortium_membership", &["organisation"]),
    ("commitment", &["firm"]),
    ("programme", &["funder", "ministry"]),
    ("project", &["funder", "institution"]),
    ("continuation", &["decided_by"]),
    ("support_record", &["institution"]),
    ("contract", &["holder"]),
    ("reference_list", &["decided_by"]),
    ("regulatory_event", &["applicant"]),
    ("data_use", &["user"]),
    ("cooperation", &["implementer"]),
    ("decision", &["decided_by"]),
    ("trial", &["sponsor"]),
    ("support_case", &["supported_by"]),
    ("training_programme", &["provider"]),
    ("measure_report", &["ministry"]),
    ("measure_contribution", &["ministry"]),
    ("panel_advice", &["answered_by"]),
    ("public_need", &["answered_by"]),
    ("follow_up_action", &["owner"]),
    ("budget_request", &["ministry"]),
    ("adjustment_fund", &["funder"]),
];

/// Codes of the organisations that answer for a record: ministries and
/// organisations by code, others by the id of their own record.
#[must_use]
pub fn organisations(schema: &KindSchema, id: &str, body: &Body) -> BTreeSet<String> {
    // An organisation answers for what is said of it.
    if schema.kind == "organisation" && !id.is_empty() {
        return BTreeSet::from([id.to_owned()]);
    }
    let fields = OWNERS.iter().find(|(kind, _)| *kind == schema.kind).map(|(_, fields)| *fields);
    fields
        .unwrap_or_default()
        .iter()
        .filter_map(|field| body.get(*field).and_then(Value::as_str))
        .map(str::to_owned)
        .collect()
}

/// A record as something to decide about.
#[must_use]
pub fn record_resource(
    schema: &KindSchema,
    id: &str,
    (state, standing): (&str, Standing),
    body: &Body,
) -> Resource {
    Resource::Record(RecordResource {
        id: id.to_owned(),
        kind: schema.kind.to_owned(),
        state: state.to_owned(),
        standing: standing.code().to_owned(),
        organisations: organisations(schema, id, body),
        closed: schema.closed,
    })
}

/// A report on a measure as the follow-up pack that pages of the cycle decide
/// about: known to those concerned until it is locked. Whatever comes before the
/// submission is `open`.
#[must_use]
pub fn follow_up_resource(id: &str, state: &str, body: &Body) -> Resource {
    let texts = |field: &str| -> BTreeSet<String> {
        let found = body.get(field).map(|value| match value {
            Value::Array(items) => items.iter().filter_map(Value::as_str).collect(),
            other => other.as_str().into_iter().collect::<Vec<_>>(),
        });
        found.into_iter().flatten().map(str::to_owned).collect()
    };
    let state = match state {
        "drafting" | "contributed" | "compiled" => "open",
        other => other,
    };
    Resource::FollowUp(FollowUpResource {
        id: id.to_owned(),
        state: state.to_owned(),
        lead: texts("ministry"),
        participants: texts("participants"),
        closed: state != "locked",
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use shirube_model::registers::{KINDS, kind};
    use shirube_model::schema::FieldType;

    #[test]
    fn every_owner_is_a_field_that_names_one_organisation() {
        for (name, fields) in OWNERS {
            let schema = kind(name).unwrap();
            for field in fields {
                let ty = schema.field(field).unwrap_or_else(|| panic!("{name}.{field}")).ty;
                let names_one = matches!(
                    ty,
                    FieldType::Code("organisations" | "ministries")
                        | FieldType::Ref("organisation")
                );
                assert!(names_one, "{name}.{field}");
            }
        }
        assert!(OWNERS.len() < KINDS.len());
    }

    #[test]
    fn owners_are_read_from_the_body() {
        let of = |name: &str, id: &str, body: Value| {
            organisations(kind(name).unwrap(), id, body.as_object().unwrap())
        };
        let owners = of("programme", "PGM-1", json!({ "funder": "amed", "ministry": "厚" }));
        assert_eq!(owners, ["amed", "厚"].map(str::to_owned).into());
        assert_eq!(of("contract", "CTR-1", json!({ "taker": "ORG-1" })), BTreeSet::new());
        assert_eq!(of("organisation", "ORG-1", json!({})), ["ORG-1".to_owned()].into());
        assert_eq!(of("organisation", "", json!({})), BTreeSet::new());
        assert_eq!(of("contract", "CTR-1", json!({ "holder": ["ORG-1"] })), BTreeSet::new());
    }

    #[test]
    fn a_report_is_a_follow_up_pack_of_its_ministries() {
        let body = json!({ "ministry": "厚", "participants": ["文", "経"] });
        let of = |state: &str| follow_up_resource("MRP-1", state, body.as_object().unwrap());
        let states = kind("measure_report").unwrap().states;
        let known = ["open", "submitted", "returned", "approved", "locked"];
        for state in states {
            let Resource::FollowUp(pack) = of(state) else { panic!("{state}") };
            assert!(known.contains(&pack.state.as_str()), "{state}");
            assert_eq!(pack.lead, ["厚".to_owned()].into());
            assert_eq!(pack.participants, ["文", "経"].map(str::to_owned).into());
            assert_eq!(pack.closed, *state != "locked");
        }
    }
}
