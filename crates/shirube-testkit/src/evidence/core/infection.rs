//! Readiness for an outbreak.

use chrono::{Duration, NaiveDate};

use super::portfolio::nth;
use super::regulation::act;
use super::spread;
use super::trials::trial;
use crate::evidence::cast::Cast;
use crate::evidence::day;
use crate::evidence::fields::Fields;
use crate::evidence::story::Story;

pub(super) fn tell(story: &mut Story, cast: &Cast) {
    approvals(story, cast);
    trials(story, cast);
    memberships(story, cast);
    exercises(story);
}

/// Approvals against priority pathogens. `zika` was approved after it had been
/// taken off the list, and `plague` never was on it.
fn approvals(story: &mut Story, cast: &Cast) {
    /// Kind of product, pathogen, day, approval class.
    type Approval = (&'static str, &'static str, (i32, u32, u32), Option<&'static str>);
    let rows: [Approval; 9] = [
        ("vaccine", "influenza", (2025, 6, 24), Some("ordinary")),
        ("drug", "cre", (2026, 3, 26), Some("priority_review")),
        ("diagnostic", "sars_cov_2", (2026, 9, 30), None),
        ("drug", "zika", (2027, 1, 20), Some("ordinary")),
        ("therapeutic", "sfts", (2027, 6, 25), Some("conditional")),
        ("vaccine", "influenza", (2027, 8, 2), Some("partial_change")),
        ("vaccine", "plague", (2028, 1, 18), Some("ordinary")),
        ("vaccine", "rsv", (2028, 12, 22), Some("ordinary")),
        ("drug", "candida_auris", (2029, 3, 25), Some("priority_review")),
    ];
    for (index, (product, pathogen, (y, m, d), class)) in rows.into_iter().enumerate() {
        let on = day(y, m, d);
        let number = 5_000 + index as u64;
        let fields = act("approval", number, product, on)
            .maybe("approval_class", class)
            .list("pathogens", [pathogen])
            .text("applicant", nth(&cast.pharma, number))
            .when(index % 2 == 0, |f| f.list("projects", [nth(&cast.projects, number)]));
        story.create("regulatory_event", format!("infection-approval-{index}"), on, fields);
    }
}

fn trials(story: &mut Story, cast: &Cast) {
    let products = ["vaccine", "therapeutic", "diagnostic"];
    let pathogens = ["influenza", "dengue", "nipah", "sars_cov_2", "yellow_fever"];
    for index in 0..16u64 {
        let on = spread(story, day(2025, 1, 10), day(2029, 12, 31), index, 16);
        let place = usize::try_from(index).unwrap_or(0);
        let study = match index % 5 {
            4 => "other_interventional",
            3 => "specified_clinical_research",
            _ => "sponsor_initiated_ctn",
        };
        let fields = trial(200 + index, study, on)
            .list("countries", ["JP"])
            .maybe("product_type", products.get(place % 3).copied())
            .text("phase", "phase_2")
            .flag("first_in_human", false)
            .flag("international", false)
            .maybe("pathogens", None::<String>)
            .list("pathogens", pathogens.get(place % 5).copied())
            .list("projects", [nth(&cast.projects, 3 + index * 10)])
            .list("sites", [nth(&cast.hospitals, index)]);
        let id = story.create("trial", format!("infection-trial-{index}"), on, fields);
        let begun = story.recorded(on + Duration::days(10));
        story.step(&id, begun, "recruit", |f| f);
        if index < 6 {
            let end = on + Duration::days(420);
            let after = story.recorded(end);
            story.step(&id, after, "complete", |f| f.date("completed_on", end));
        }
    }
}

/// Fourteen institutions in five consortia; one is a member twice, one leaves.
fn memberships(story: &mut Story, cast: &Cast) {
    let hubs = ["tokyo_hub", "hokkaido_hub", "chiba_hub", "osaka_hub", "nagasaki_hub"];
    for index in 0..16u64 {
        let place = usize::try_from(index).unwrap_or(0);
        let firm = index % 4 == 3;
        let member =
            if firm { nth(&cast.pharma, index) } else { nth(&cast.universities, index % 13) };
        let from = spread(story, day(2023, 4, 1), day(2028, 6, 30), index, 16);
        let fields = Fields::new()
            .text("organisation", member)
            .maybe("consortium", hubs.get(place % 5).copied())
            .date("valid_from", from);
        let key = format!("membership-{index}");
        let id = story.create("consortium_membership", key, from, fields);
        if index == 2 {
            let last = day(2027, 9, 30);
            story.step(&id, day(2027, 10, 12), "leave", |f| f.date("valid_to", last));
        }
    }
}

/// An exercise of the development of countermeasures, as it was planned.
struct Drill {
    scope: &'static str,
    held: NaiveDate,
    report: Option<NaiveDate>,
    hours: Option<(i64, i64)>,
}

/// One or more a year; the one of FY2026 has no report.
fn exercises(story: &mut Story) {
    let drill = |scope, held, report, hours| Drill { scope, held, report, hours };
    let drills = [
        drill("vdt_development", day(2025, 2, 20), Some(day(2025, 5, 30)), None),
        drill("pathogen_sharing", day(2025, 11, 6), Some(day(2026, 1, 15)), None),
        drill("vdt_development", day(2026, 11, 12), None, None),
        drill("hospital_response", day(2026, 12, 1), Some(day(2027, 2, 1)), None),
        drill("vdt_development", day(2027, 10, 20), Some(day(2028, 2, 28)), Some((300, 2_900))),
        drill("trial_network", day(2028, 3, 31), Some(day(2028, 6, 1)), None),
        drill("vdt_development", day(2028, 9, 5), Some(day(2028, 11, 20)), Some((210, 2_350))),
        drill("regulatory_review", day(2029, 10, 3), Some(day(2029, 12, 10)), None),
    ];
    for (index, drill) in drills.into_iter().enumerate() {
        let name = (format!("実証訓練 {index}"), format!("Demo exercise {index}"));
        let fields = Fields::new()
            .both("name", name)
            .text("scope", drill.scope)
            .date("held_on", drill.held)
            .int("participants", 20 + i64::try_from(index).unwrap_or(0) * 4);
        let planned = drill.held - Duration::days(90);
        let id = story.create_on("exercise", format!("exercise-{index}"), planned, fields);
        story.step(&id, drill.held + Duration::days(6), "hold", |f| match drill.hours {
            Some((candidate, trial)) => {
                f.int("hours_to_candidate", candidate).int("hours_to_trial", trial)
            }
            None => f,
        });
        if let Some(report) = drill.report {
            let on = report + Duration::days(3);
            story.step(&id, on, "report", |f| f.date("report_on", report));
        }
    }
}
