//! Acts of the regulator and decisions of the government.

use chrono::{Duration, NaiveDate};
use shirube_model::ident::RecordId;

use super::portfolio::nth;
use super::{plan_from, plan_to, spread};
use crate::evidence::cast::Cast;
use crate::evidence::day;
use crate::evidence::fields::Fields;
use crate::evidence::names;
use crate::evidence::story::Story;

pub(super) fn tell(story: &mut Story, cast: &Cast) {
    plans(story, cast);
    designations(story, cast);
    guidelines(story);
    devices(story, cast);
    other_approvals(story, cast);
    decisions(story);
}

/// An act of the regulator on a product.
pub(super) fn act(kind: &str, number: u64, product: &str, on: NaiveDate) -> Fields {
    Fields::new()
        .text("event_type", kind)
        .both("name", (format!("実証品目 {number}"), format!("Demo product {number}")))
        .text("product_type", product)
        .date("occurred_on", on)
}

/// Paediatric plans: 3 in FY2024 and 54 in the plan, a little behind at first.
fn plans(story: &mut Story, cast: &Cast) {
    for index in 0..57u64 {
        let on = if index < 3 {
            spread(story, day(2024, 5, 1), day(2025, 3, 20), index, 3)
        } else {
            spread(story, plan_from(), plan_to(), index - 3, 54)
        };
        let product = if index % 12 == 5 { "regenerative" } else { "drug" };
        let fields = act("paediatric_plan", 1_000 + index, product, on)
            .text("applicant", nth(&cast.pharma, index))
            .text("indication", "実証適応（小児）");
        let id = story.create("regulatory_event", format!("plan-{index}"), on, fields);
        if matches!(index, 10 | 25) {
            let revoked = on + Duration::days(200);
            story.step(&id, revoked + Duration::days(5), "revoke", |f| {
                f.date("revoked_on", revoked)
            });
        }
    }
}

/// Orphan designations: 20 in FY2024, 213 in the plan; some revoked later.
fn designations(story: &mut Story, cast: &Cast) {
    for index in 0..233u64 {
        let on = if index < 20 {
            spread(story, day(2024, 4, 8), day(2025, 3, 28), index, 20)
        } else {
            spread(story, plan_from(), plan_to(), index - 20, 213)
        };
        let product = if index % 15 == 7 { "regenerative" } else { "drug" };
        let (disease, ja, _) = names::disease(&mut story.rng);
        let modality = names::modality(&mut story.rng).0;
        let fields = act("orphan_designation", 2_000 + index, product, on)
            .text("applicant", nth(&cast.foreign_pharma, index))
            .text("indication", format!("{ja}（{disease}）"))
            .text("modality", modality);
        let id = story.create("regulatory_event", format!("orphan-{index}"), on, fields);
        if index % 26 == 11 {
            let revoked = on + Duration::days(260);
            story.step(&id, revoked + Duration::days(8), "revoke", |f| {
                f.date("revoked_on", revoked)
            });
        }
    }
}

fn guidelines(story: &mut Story) {
    let modalities =
        ["cell_therapy", "gene_therapy", "nucleic_acid", "samd", "mrna_vaccine", "small_molecule"];
    for index in 0..22u64 {
        let on = spread(story, day(2024, 6, 1), plan_to(), index, 22);
        let kind = if index % 7 == 3 { "international_proposal" } else { "guideline" };
        let place = usize::try_from(index).unwrap_or(0);
        let fields = Fields::new()
            .text("event_type", kind)
            .both("name", (format!("実証評価指針 {index}"), format!("Demo guideline {index}")))
            .date("occurred_on", on)
            .maybe("modality", modalities.get(place % 6).copied())
            .text("source_url", format!("https://example.jp/guidelines/{index}"));
        story.create("regulatory_event", format!("guideline-{index}"), on, fields);
    }
}

/// Approvals of class III and IV devices from supported projects.
fn devices(story: &mut Story, cast: &Cast) {
    for index in 0..34u64 {
        let on = spread(story, day(2024, 11, 1), plan_to(), index, 34);
        let class = if index % 3 == 0 { "III" } else { "IV" };
        // Every third approval has no supported project, or is a partial change.
        let linked = index % 6 != 1;
        let change = index % 6 == 4;
        let fields = act("approval", 3_000 + index, "device", on)
            .text("applicant", nth(&cast.device_firms, index))
            .text("device_class", if index % 11 == 10 { "II" } else { class })
            .text("modality", "therapeutic_device")
            .text("approval_class", if change { "partial_change" } else { "ordinary" })
            .when(linked, |f| f.list("projects", [nth(&cast.projects, index)]));
        story.create("regulatory_event", format!("device-{index}"), on, fields);
    }
}

/// Drugs and regenerative products from supported projects.
fn other_approvals(story: &mut Story, cast: &Cast) {
    let classes = ["ordinary", "priority_review", "conditional", "conditional_time_limited"];
    for index in 0..14u64 {
        let on = spread(story, day(2024, 7, 1), plan_to(), index, 14);
        let place = usize::try_from(index).unwrap_or(0);
        let regenerative = index % 4 == 3;
        let product = if regenerative { "regenerative" } else { "drug" };
        let modality = if regenerative { "cell_therapy" } else { "antibody" };
        let fields = act("approval", 4_000 + index, product, on)
            .text("applicant", nth(&cast.pharma, index))
            .maybe("approval_class", classes.get(place % 4).copied())
            .text("modality", modality)
            .list("projects", [nth(&cast.projects, index)]);
        story.create("regulatory_event", format!("approval-{index}"), on, fields);
    }
}

/// Subject, element, day, body, target value.
type Decided =
    (&'static str, Option<&'static str>, (i32, u32, u32), &'static str, Option<&'static str>);

const DECISIONS: [Decided; 29] = [
    ("single_irb_target", None, (2025, 12, 8), "mhlw", None),
    ("single_irb_target", None, (2026, 3, 19), "mhlw", Some("0.8")),
    ("priority_list_review", None, (2026, 9, 18), "mhlw", None),
    ("pull_incentive_conclusion", None, (2029, 5, 21), "mhlw", None),
    ("large_trial_environment", Some("sites"), (2025, 11, 4), "mhlw", None),
    ("large_trial_environment", Some("contracts"), (2026, 6, 30), "mhlw", None),
    ("large_trial_environment", Some("irb"), (2027, 3, 31), "mhlw", None),
    ("large_trial_environment", Some("staff"), (2028, 4, 1), "mhlw", None),
    ("large_trial_environment", Some("master_protocol"), (2029, 2, 14), "mhlw", None),
    ("large_trial_environment", Some("data"), (2029, 11, 28), "mhlw", None),
    ("emergency_vdt_system", Some("pathogen_receipt"), (2026, 2, 10), "scarda", None),
    ("emergency_vdt_system", Some("candidate_design"), (2027, 5, 12), "scarda", None),
    ("emergency_vdt_system", Some("trial_network"), (2028, 8, 30), "scarda", None),
    ("emergency_vdt_system", Some("manufacturing"), (2029, 6, 6), "scarda", None),
    ("data_linkage_mechanism", Some("catalogue"), (2025, 10, 1), "headquarters", None),
    ("data_linkage_mechanism", Some("biobanks"), (2026, 7, 22), "headquarters", None),
    ("data_linkage_mechanism", Some("public_research_data"), (2027, 9, 9), "headquarters", None),
    ("data_linkage_mechanism", Some("pseudonymised_data"), (2028, 5, 25), "headquarters", None),
    ("data_linkage_mechanism", Some("medical_information"), (2029, 12, 3), "headquarters", None),
    ("seed_to_industry_mechanism", None, (2027, 12, 15), "headquarters", None),
    ("uhc_contribution", None, (2028, 5, 30), "headquarters", None),
    ("supply_chain_presence", None, (2029, 7, 7), "headquarters", None),
    ("startup_collaboration", None, (2027, 6, 17), "headquarters", None),
    ("drug_loss_needed_set", None, (2026, 1, 23), "mhlw", None),
    ("switch_otc_exceptions", None, (2025, 6, 20), "mhlw", None),
    ("core_hospital_criteria", None, (2026, 3, 27), "mhlw", None),
    ("baseline_publication", None, (2027, 3, 5), "headquarters", None),
    ("reading_decision", None, (2026, 6, 30), "headquarters", None),
    ("plan_revision", None, (2028, 2, 29), "headquarters", None),
];

fn decisions(story: &mut Story) {
    for (index, (subject, element, (y, m, d), by, target)) in DECISIONS.into_iter().enumerate() {
        let on = day(y, m, d);
        let id = decision(story, &format!("decision-{index}"), subject, on, by, element, target);
        // The first decision on single review set no target and gave way.
        if index == 0 {
            story.step(&id, day(2026, 3, 24), "supersede", |f| f);
        }
    }
}

pub(super) fn decision(
    story: &mut Story,
    key: &str,
    subject: &str,
    on: NaiveDate,
    by: &str,
    element: Option<&str>,
    target: Option<&str>,
) -> RecordId {
    let label = element.unwrap_or(subject);
    let title =
        (format!("実証決定（{label}）"), format!("Demo decision on {}", label.replace('_', " ")));
    let fields = Fields::new()
        .both("title", title)
        .text("subject", subject)
        .date("decided_on", on)
        .text("decided_by", by)
        .maybe("target_value", target)
        .maybe("element", element)
        .text("document_url", format!("https://example.jp/decisions/{key}"));
    let recorded = on + Duration::days(story.rng.between(1, 12));
    story.create_on("decision", key.to_owned(), recorded, fields)
}
