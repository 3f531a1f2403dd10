//! Start-ups: rounds, valuations, adoptions, moves; hubs of foreign firms; sites.

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
    rounds(story, cast);
    valuations(story, cast);
    let hubs = commitments(story, cast);
    let adoptions = adoptions(story, cast);
    let sites = production_sites(story, cast);
    moves(story, cast, &hubs, &adoptions, &sites);
}

/// Two rounds a year from FY2023, growing.
fn rounds(story: &mut Story, cast: &Cast) {
    for index in 0..16u64 {
        let on = spread(story, day(2023, 4, 3), plan_to(), index, 16);
        let amount = 800_000_000 + i64::try_from(index).unwrap_or(0) * 120_000_000;
        let dollars = index % 5 == 4;
        let round = story.rng.code(&["seed", "series_a", "series_b", "series_c"]);
        let fields = Fields::new()
            .text("company", nth(&cast.startups, index))
            .text("sector", "drug_discovery")
            .text("round", round)
            .flag("private", true)
            .int("amount_yen", amount)
            .text("currency", if dollars { "USD" } else { "JPY" })
            .text("amount", if dollars { (amount / 150).to_string() } else { amount.to_string() })
            .date("closed_on", on)
            .text("source", "synthetic (demo)");
        let id = story.create("investment_round", format!("round-{index}"), on, fields);
        if index % 2 == 0 {
            let after = story.recorded(on + Duration::days(30));
            story.step(&id, after, "confirm", |f| f);
        }
    }
}

fn valuation(
    story: &mut Story,
    key: String,
    company: &str,
    on: NaiveDate,
    yen: i64,
    basis: &str,
) -> RecordId {
    let fields = Fields::new()
        .text("company", company)
        .text("sector", "drug_discovery")
        .date("valued_on", on)
        .int("valuation_yen", yen)
        .text("basis", basis)
        .text("source", "synthetic (demo)");
    story.create("valuation", key, on, fields)
}

/// Twelve companies cross ten billion yen in the plan, one goes on to become a
/// unicorn; one had crossed before.
fn valuations(story: &mut Story, cast: &Cast) {
    for index in 0..12u64 {
        let company = nth(&cast.startups, index).to_owned();
        let crossed = spread(story, day(2025, 6, 1), plan_to(), index, 12);
        let before = crossed - Duration::days(500);
        valuation(
            story,
            format!("value-{index}-a"),
            &company,
            before,
            6_400_000_000,
            "financing_round",
        );
        let yen = 10_000_000_000 + i64::try_from(index).unwrap_or(0) * 900_000_000;
        let basis = if index % 3 == 2 { "listing" } else { "financing_round" };
        let id = valuation(story, format!("value-{index}-b"), &company, crossed, yen, basis);
        if index % 2 == 0 {
            let after = story.recorded(crossed + Duration::days(20));
            story.step(&id, after, "confirm", |f| f);
        }
    }
    let name = names::organisation("startup", 77);
    let young = Fields::new()
        .both("name", name)
        .text("corporate_number", names::corporate_number(800_077))
        .text("organisation_type", "startup")
        .text("country", "JP")
        .text("prefecture", "28")
        .date("established_on", day(2025, 5, 12));
    let young = story.create("organisation", "organisation-young", day(2025, 5, 12), young);
    let level = 10_400_000_000;
    valuation(
        story,
        "value-young".to_owned(),
        young.as_str(),
        day(2028, 6, 21),
        level,
        "financing_round",
    );
    let rising = nth(&cast.startups, 0).to_owned();
    valuation(
        story,
        "value-listed".to_owned(),
        &rising,
        day(2028, 2, 18),
        112_000_000_000,
        "listing",
    );
    valuation(
        story,
        "value-unicorn".to_owned(),
        &rising,
        day(2029, 9, 12),
        160_000_000_000,
        "financing_round",
    );
}

/// Sixteen foreign firms with a hub or programme; two end theirs.
fn commitments(story: &mut Story, cast: &Cast) -> Vec<RecordId> {
    let mut hubs = Vec::new();
    for index in 0..16u64 {
        let from = if index < 8 {
            spread(story, day(2021, 4, 1), day(2025, 3, 1), index, 8)
        } else {
            spread(story, plan_from(), day(2029, 9, 30), index - 8, 8)
        };
        let kind = if index % 3 == 0 { "innovation_programme" } else { "innovation_hub" };
        let name =
            (format!("実証イノベーション拠点 {index}"), format!("Demo innovation hub {index}"));
        let fields = Fields::new()
            .both("name", name)
            .text(
                "firm",
                if index == 15 { nth(&cast.overseas, 1) } else { nth(&cast.foreign_pharma, index) },
            )
            .flag("foreign_capital", true)
            .text("commitment_type", kind)
            .date("valid_from", from);
        let id = story.create("commitment", format!("commitment-{index}"), from, fields);
        if index == 3 {
            let last = day(2027, 3, 31);
            story.step(&id, day(2027, 4, 5), "end", |f| f.date("valid_to", last));
        }
        hubs.push(id);
    }
    hubs
}

/// Companies adopted: 78 in the plan and four before it, and six in another scheme.
fn adoptions(story: &mut Story, cast: &Cast) -> Vec<RecordId> {
    let ecosystem = cast.programmes.get(9).map(|p| p.id.as_str().to_owned());
    let mut out = Vec::new();
    for index in 0..82u64 {
        let on = if index < 4 {
            spread(story, day(2022, 9, 1), day(2025, 3, 1), index, 4)
        } else {
            spread(story, plan_from(), plan_to(), index - 4, 78)
        };
        let fields = Fields::new()
            .text("company", nth(&cast.startups, index))
            .maybe("programme", ecosystem.clone())
            .text("scheme", "drug_venture_ecosystem")
            .text("call", nth(&cast.calls, index))
            .date("decided_on", on);
        out.push(story.create("venture_adoption", format!("adoption-{index}"), on, fields));
    }
    for index in 0..6u64 {
        let on = spread(story, plan_from(), plan_to(), index, 6);
        let fields = Fields::new()
            .text("company", nth(&cast.startups, index + 30))
            .text("scheme", "university_medical_startup")
            .date("decided_on", on);
        let id =
            story.create("venture_adoption", format!("adoption-university-{index}"), on, fields);
        if index == 0 {
            story.step(&id, on + Duration::days(400), "end", |f| f);
        }
    }
    out
}

/// Sites with dual-use equipment (17 decided, 16 in service by the end) and
/// other capabilities.
fn production_sites(story: &mut Story, cast: &Cast) -> Vec<RecordId> {
    let mut out = Vec::new();
    for index in 0..18u64 {
        let decided = spread(story, day(2022, 10, 1), day(2028, 3, 1), index, 18);
        let open = decided + Duration::days(400);
        let capability = if index == 17 { "gmp_investigational" } else { "dual_use" };
        let name = (format!("実証製造拠点 {index}"), format!("Demo production site {index}"));
        let fields = Fields::new()
            .both("site_name", name)
            .text("organisation", nth(&cast.cdmos, index))
            .text("capability", capability)
            .date("decided_on", decided)
            .text("prefecture", format!("{:02}", 1 + index * 2));
        let id = story.create("site_capability", format!("production-{index}"), decided, fields);
        if index != 16 {
            let recorded = story.recorded(open);
            story.step(&id, recorded, "open", |f| f.date("available_from", open));
        }
        out.push(id);
    }
    out
}

fn moves(
    story: &mut Story,
    cast: &Cast,
    hubs: &[RecordId],
    adoptions: &[RecordId],
    sites: &[RecordId],
) {
    let kinds = ["founding", "licensing_out", "joint_venture", "acquisition"];
    for index in 0..12u64 {
        let on = spread(story, day(2025, 2, 1), plan_to(), index, 12);
        let place = usize::try_from(index).unwrap_or(0);
        let text =
            (format!("実証による事業化 {index}"), format!("Demo move into business {index}"));
        let fields = Fields::new()
            .both("description", text)
            .maybe("move_type", kinds.get(place % 4).copied())
            .date("occurred_on", on)
            .when(index % 3 == 0, |f| f.text("commitment", nth(hubs, index)))
            .when(index % 3 == 1, |f| f.text("adoption", nth(adoptions, index)))
            .when(index % 6 == 2, |f| f.text("capability", nth(sites, index)))
            .text("company", nth(&cast.startups, index));
        let id = story.create("business_move", format!("move-{index}"), on, fields);
        if index % 2 == 1 {
            let after = story.recorded(on + Duration::days(45));
            story.step(&id, after, "confirm", |f| f);
        }
    }
}
