//! Co-operation abroad and support towards certification there.

use chrono::Duration;

use super::portfolio::nth;
use super::{plan_from, spread};
use crate::evidence::cast::Cast;
use crate::evidence::day;
use crate::evidence::fields::Fields;
use crate::evidence::story::Story;

pub(super) fn tell(story: &mut Story, cast: &Cast) {
    cooperations(story);
    support(story, cast);
}

/// Country and income group at the report.
const COUNTRIES: [(&str, &str); 10] = [
    ("KE", "lower_middle"),
    ("VN", "lower_middle"),
    ("ID", "upper_middle"),
    ("ET", "low"),
    ("GH", "lower_middle"),
    ("NP", "lower_middle"),
    ("ZM", "lower_middle"),
    ("LA", "lower_middle"),
    ("TH", "upper_middle"),
    ("MZ", "low"),
];

/// Four reports a quarter: about 1.7 million people and 2,600 trainees a year.
fn cooperations(story: &mut Story) {
    for index in 0..76u64 {
        let place = usize::try_from(index).unwrap_or(0);
        let on = spread(story, day(2023, 10, 1), day(2029, 12, 31), index, 76);
        let (country, income) =
            COUNTRIES.get((place + place / 4) % 10).copied().unwrap_or(("KE", "lower_middle"));
        let scheme = match index % 4 {
            0 => "grant_aid",
            1 => "technical_cooperation",
            2 => "loan",
            _ => "training",
        };
        let trains = matches!(scheme, "training" | "technical_cooperation");
        let method =
            story.rng.code(&["head_count", "service_records", "facility_catchment", "estimate"]);
        let people = story.rng.between(90_000, 220_000);
        let trainees = story.rng.between(240, 560);
        let implementer = if index % 7 == 6 { "who" } else { "jica" };
        let fields = Fields::new()
            .both("name", (format!("実証協力事業 {index}"), format!("Demo co-operation {index}")))
            .text("scheme", scheme)
            .text("country", country)
            .text("income_group", income)
            .date("reported_on", on)
            .when(scheme != "training", |f| {
                f.int("direct_beneficiaries", people).text("beneficiary_method", method)
            })
            .when(trains, |f| f.int("trainees", trainees))
            .text("population_key", format!("{country}-{}", index % 23))
            .text("implementer", implementer);
        let id = story.create("cooperation", format!("cooperation-{index}"), on, fields);
        if index % 5 < 3 {
            let after = story.recorded(on + Duration::days(60));
            story.step(&id, after, "verify", |f| f);
        }
    }
}

/// 66 cases of 61 firms in the plan; a quarter ends with a certificate.
fn support(story: &mut Story, cast: &Cast) {
    let firms: Vec<_> =
        cast.device_firms.iter().chain(&cast.pharma).chain(&cast.startups).cloned().collect();
    let schemes = ["who_pq", "who_compendium", "fda"];
    for index in 0..66u64 {
        let place = usize::try_from(index).unwrap_or(0);
        let on = spread(story, day(2025, 2, 1), day(2029, 3, 25), index, 66)
            .max(plan_from() - Duration::days(60));
        let firm = if index % 11 == 10 { nth(&firms, index - 10) } else { nth(&firms, index) };
        let fields = Fields::new()
            .text("firm", firm)
            .text("product", format!("Demo product S-{index}"))
            .maybe("scheme", schemes.get(place % 3).copied())
            .text("supported_by", if place % 3 == 2 { "jetro" } else { "mhlw" })
            .date("started_on", on);
        let id = story.create("support_case", format!("support-case-{index}"), on, fields);
        if index % 4 == 0 {
            let outcome_on = on + Duration::days(300);
            let after = story.recorded(outcome_on);
            let outcome = if place % 3 == 1 { "listed" } else { "obtained" };
            story.step(&id, after, "end", |f| {
                f.text("outcome", outcome).date("outcome_on", outcome_on)
            });
        }
    }
}
