//! Contracts, phase transitions, continuations, papers, seeds and data use.

use chrono::{Duration, NaiveDate};
use shirube_model::ident::RecordId;

use super::{plan_from, plan_to, spread};
use crate::evidence::cast::Cast;
use crate::evidence::day;
use crate::evidence::fields::Fields;
use crate::evidence::names;
use crate::evidence::story::Story;

pub(super) fn tell(story: &mut Story, cast: &Cast) {
    projects(story, cast);
    contracts(story, cast);
    continuations(story, cast);
    papers(story, cast);
    seeds(story, cast);
    data_uses(story, cast);
    act_uses(story, cast);
}

/// Item `index` of a list, starting over at its end.
pub(super) fn nth(list: &[RecordId], index: u64) -> &str {
    let place = usize::try_from(index).unwrap_or(0) % list.len().max(1);
    list.get(place).map_or("", RecordId::as_str)
}

/// Two new projects a year, of basic research or building on earlier results.
fn projects(story: &mut Story, cast: &Cast) {
    for index in 0..10u64 {
        let on =
            day(2025 + i32::try_from(index / 2).unwrap_or(0), 4 + 3 * u32::from(index % 2 == 1), 1);
        let basic = index % 2 == 0;
        let seeds = cast.programmes.get(if basic { 6 } else { 7 });
        let title = (format!("実証後継課題 {index}"), format!("Demo later project {index}"));
        let fields = Fields::new()
            .both("title", title)
            .text("number", format!("99late{index:04}"))
            .maybe("programme", seeds.map(|p| p.id.as_str()))
            .text("funder", "amed")
            .maybe("integrated_project", seeds.and_then(|p| p.integrated))
            .text("phase", if basic { "basic" } else { "applied" })
            .text("institution", nth(&cast.universities, index))
            .date("started_on", on)
            .flag("uses_database", index % 3 == 0)
            .when(index % 3 == 0, |f| f.date("database_use_started_on", on + Duration::days(120)))
            .when(!basic, |f| f.list("builds_on", [nth(&cast.projects, index)]));
        story.create("project", format!("later-project-{index}"), on, fields);
    }
}

fn contracts(story: &mut Story, cast: &Cast) {
    for index in 0..12 {
        let on = spread(story, day(2024, 9, 1), plan_to(), index, 12);
        let startup = index % 3 == 0;
        let holder = if startup { &cast.startups } else { &cast.universities };
        let kind = story.rng.code(&["assignment", "licence", "joint_rd"]);
        let kind = if index == 6 { "joint_rd" } else { kind };
        let fields = Fields::new()
            .text("title", format!("実証契約 {index}"))
            .text("contract_type", kind)
            .date("effective_on", on)
            .list("projects", [nth(&cast.projects, index)])
            .text("holder", nth(holder, index))
            .text(
                "taker",
                if index == 5 { nth(&cast.startups, 50) } else { nth(&cast.pharma, index) },
            )
            .text("taker_country", "JP")
            .list("seeds", [format!("core-seed-{index}")]);
        story.create("contract", format!("contract-{index}"), on, fields);
    }
}

fn continuations(story: &mut Story, cast: &Cast) {
    for index in 0..10u64 {
        let on = spread(story, plan_from(), plan_to(), index, 10);
        let route = story.rng.code(&["pairing", "matching"]);
        let fields = Fields::new()
            .text("from_project", nth(&cast.projects, index))
            .text("to_project", nth(&cast.projects, index + 11))
            .text("route", route)
            .date("decided_on", on)
            .text("decided_by", "amed");
        let id = story.create("continuation", format!("continuation-{index}"), on, fields);
        if index % 2 == 0 {
            let after = story.recorded(on + Duration::days(120));
            story.step(&id, after, "carry_out", |f| f);
        }
    }
}

fn papers(story: &mut Story, cast: &Cast) {
    let fields = ["clinical_medicine", "immunology", "microbiology", "neuroscience_behavior"];
    let sources = ["web_of_science", "web_of_science", "scopus", "openalex"];
    for index in 0..24u64 {
        let on = spread(story, day(2024, 4, 10), plan_to(), index, 24);
        let place = usize::try_from(index).unwrap_or(0);
        let percentile = if index % 4 < 2 { "0.8" } else { "7.5" };
        let body = Fields::new()
            .text("title", format!("Demo paper {index} from a supported project"))
            .text("doi", names::doi(99_000_000 + index))
            .date("published_on", on)
            .list("projects", [nth(&cast.projects, index)])
            .maybe("field", fields.get(place % 4).copied())
            .text("field_scheme", "esi22")
            .text("citation_percentile", percentile)
            .text("fraction_japan", if index % 3 == 0 { "0.5" } else { "1" })
            .maybe("rank_source", sources.get(place / 6 % 4).copied())
            .date("census_on", (on + Duration::days(400)).min(day(2030, 5, 15)));
        let listed = (on + Duration::days(410)).min(day(2030, 5, 20));
        story.create_on("publication", format!("paper-{index}"), listed, body);
    }
}

/// Three seeds in every base year, three to five in the years of the plan.
fn seeds(story: &mut Story, cast: &Cast) {
    let mut number = 0u64;
    for year in 2021..=2029 {
        let count = if year < 2024 { 3 } else { 3 + u64::from(year % 3 == 0) };
        for index in 0..count {
            number += 1;
            let on = day(year, 5, 1) + Duration::days(i64::try_from(index * 40).unwrap_or(0));
            let fields = Fields::new()
                .text("seed", format!("core-seed-{}", number % 20))
                .text("institution", nth(&cast.translational, number))
                .text("project", nth(&cast.projects, number))
                .text("aim", "fih")
                .date("supported_on", on);
            story.create("support_record", format!("support-{number}"), on, fields);
        }
    }
}

/// Public databases: ten begun before the end of October 2024, ten after.
fn data_uses(story: &mut Story, cast: &Cast) {
    let databases = ["ndb", "kaigo_db", "dpc_db", "mid_net", "cancer_registry"];
    for index in 0..20u64 {
        let place = usize::try_from(index).unwrap_or(0);
        let (from, to) = if index < 10 {
            (day(2021, 4, 1), day(2024, 10, 20))
        } else {
            (day(2024, 11, 5), day(2029, 12, 1))
        };
        let on = spread(story, from, to, index % 10, 10);
        let basis = if index % 4 == 0 { "amed_project" } else { "public_database" };
        let fields = Fields::new()
            .text("title", format!("実証データ研究 {index}"))
            .maybe("database", databases.get(place % 5).copied())
            .text("legal_basis", basis)
            .text("user", nth(&cast.universities, index))
            .text("research_key", format!("core-research-{index}"))
            .date("approved_on", on - Duration::days(30));
        started(story, format!("data-use-{index}"), on, fields);
    }
}

/// Data under the Next-Generation Medical Infrastructure Act: 53 begun by the
/// end of October 2024, 56 after, fewer early and more late.
fn act_uses(story: &mut Story, cast: &Cast) {
    for index in 0..109u64 {
        let early = index < 53;
        let on = if early {
            spread(story, day(2020, 6, 1), day(2024, 10, 28), index, 53)
        } else {
            spread(story, day(2024, 11, 10), day(2030, 3, 20), index - 53, 56)
        };
        let pseudonymised = !early && index % 3 == 0;
        let fields = Fields::new()
            .text("title", format!("次世代医療基盤法による実証研究 {index}"))
            .text("database", "certified_operator_db")
            .text("legal_basis", "next_generation_medical_infrastructure_act")
            .text("data_type", if pseudonymised { "pseudonymised" } else { "anonymised" })
            .text("user", nth(&cast.pharma, index))
            .text("research_key", format!("act-research-{index}"))
            .date("approved_on", on - Duration::days(25))
            .date("started_on", on);
        story.create("data_use", format!("act-use-{index}"), on, fields);
    }
}

/// Enters a permission and, once begun, its start.
fn started(story: &mut Story, key: String, on: NaiveDate, fields: Fields) {
    let approved = on - Duration::days(30);
    let id = story.create("data_use", key, approved, fields);
    let after = story.recorded(on);
    story.step(&id, after, "start", |f| f.date("started_on", on));
}
