//! Trials, first-in-human sites, the one-stop desk, training.

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
    let trials = core_hospital_trials(story, cast);
    transitions(story, cast, &trials);
    first_in_human(story, cast);
    consultations(story, cast);
    training(story, cast);
    people(story, cast);
}

/// A trial with what every trial has.
pub(super) fn trial(number: u64, study: &str, started: NaiveDate) -> Fields {
    let year = started.format("%Y").to_string().parse().unwrap_or(2025);
    Fields::new()
        .both("public_title", (format!("実証試験 {number}"), format!("Demo trial {number}")))
        .text("jrct_id", names::jrct(study == "specified_clinical_research", 90_000 + number))
        .date("registered_on", started - Duration::days(20))
        .text("study_type", study)
        .date("started_on", started)
        .text("notification", names::notification(year, 9_000 + number))
        .date("notified_on", started - Duration::days(35))
        .list("interventions", [format!("DEMO-{number:04}")])
}

/// Eighteen trials at core hospitals; every third is international, every
/// fourth uses decentralised elements, and most were reviewed by one board.
fn core_hospital_trials(story: &mut Story, cast: &Cast) -> Vec<(RecordId, NaiveDate)> {
    let mut out = Vec::new();
    for index in 0..18u64 {
        let on = spread(story, day(2024, 6, 1), day(2029, 12, 31), index, 18);
        let study =
            if index % 2 == 0 { "investigator_initiated_ctn" } else { "sponsor_initiated_ctn" };
        let international = index % 3 == 0;
        let countries = if international { vec!["JP", "US"] } else { vec!["JP"] };
        let boards = if index % 4 == 1 { 2 } else { 1 };
        let fields = trial(index, study, on)
            .text("sponsor", nth(&cast.core_hospitals, index))
            .text("sponsor_country", "JP")
            .list("countries", countries)
            .text("product_type", "drug")
            .text("phase", "phase_2")
            .int("target_size", 40 + i64::try_from(index).unwrap_or(0) * 5)
            .flag("first_in_human", false)
            .flag("international", international)
            .when(index % 4 == 0, |f| f.list("dct_elements", ["e_consent", "tele_visit"]))
            .list("sites", [nth(&cast.core_hospitals, index), nth(&cast.hospitals, index)])
            .list("projects", [nth(&cast.projects, index)])
            .list("review_boards", (0..boards).map(|b| nth(&cast.boards, index + b)));
        let id = story.create("trial", format!("trial-{index}"), on, fields);
        let begun = story.recorded(on + Duration::days(20));
        story
            .step(&id, begun, "recruit", |f| f.date("first_enrolment_on", on + Duration::days(14)));
        if index < 9 {
            let end = on + Duration::days(540);
            let after = story.recorded(end);
            story.step(&id, after, "complete", |f| {
                f.date("completed_on", end).int("final_size", 38)
            });
        }
        out.push((id, on));
    }
    out
}

/// Projects that reached these trials; the step is reported two months after
/// the trial began.
fn transitions(story: &mut Story, cast: &Cast, trials: &[(RecordId, NaiveDate)]) {
    for (index, (trial, started)) in (0..16u64).zip(trials) {
        let on = *started + Duration::days(61);
        let route = if index % 2 == 0 { "uses_amed_results" } else { "amed_funded_trial" };
        let fields = Fields::new()
            .text("project", nth(&cast.projects, index))
            .text("from_phase", "nonclinical_poc")
            .text("to_phase", "clinical_trial")
            .text("route", route)
            .text("trial", trial.as_str())
            .date("occurred_on", on)
            .text("evidence_url", format!("https://example.jp/evidence/{index}"));
        let id = story.create("phase_transition", format!("transition-{index}"), on, fields);
        if index % 3 != 2 {
            let after = story.recorded(on + Duration::days(40));
            story.step(&id, after, "confirm", |f| f);
        }
    }
}

/// Five sites set up for first-in-human trials, and eleven trials there.
fn first_in_human(story: &mut Story, cast: &Cast) {
    for index in 0..5u64 {
        let decided = day(2025, 5, 20) + Duration::days(i64::try_from(index * 120).unwrap_or(0));
        let open = decided + Duration::days(150);
        let name = (format!("実証ＦＩＨ拠点 {index}"), format!("Demo FIH site {index}"));
        let fields = Fields::new()
            .both("site_name", name)
            .text("organisation", nth(&cast.institutes, index))
            .text("capability", "fih_built")
            .maybe("programme", cast.programmes.get(8).map(|p| p.id.as_str()))
            .date("decided_on", decided);
        let id = story.create("site_capability", format!("fih-site-{index}"), decided, fields);
        // The fifth site has been adopted and is not yet in service.
        if index < 4 {
            let recorded = story.recorded(open);
            story.step(&id, recorded, "open", |f| f.date("available_from", open));
        }
    }
    for index in 0..11u64 {
        let on = spread(story, day(2026, 12, 1), day(2029, 3, 31), index, 11);
        let fields = trial(100 + index, "sponsor_initiated_ctn", on)
            .list("countries", ["JP"])
            .text("product_type", "drug")
            .text("phase", "phase_1")
            .flag("first_in_human", true)
            .flag("international", false)
            .list("sites", [nth(&cast.institutes, index)])
            .list("review_boards", [nth(&cast.boards, index)])
            .date("first_enrolment_on", on + Duration::days(12));
        story.create("trial", format!("fih-trial-{index}"), on, fields);
    }
}

/// Cases at the one-stop desk: 8 in FY2024, rising to 18 a year.
fn consultations(story: &mut Story, cast: &Cast) {
    let mut number = 0u64;
    for (year, count) in [(2024, 8u64), (2025, 11), (2026, 14), (2027, 17), (2028, 18), (2029, 18)]
    {
        for index in 0..count {
            number += 1;
            let on = spread(story, day(year, 4, 1), day(year + 1, 3, 31), index, count);
            let startup = index % 2 == 0;
            let requester = if startup {
                nth(&cast.overseas_startups, number)
            } else {
                nth(&cast.overseas, number)
            };
            let country = story.rng.code(&["US", "GB", "DE", "KR", "CH"]);
            let topic = if index % 9 == 8 { "first_in_human" } else { "international_trial" };
            let fields = Fields::new()
                .text("desk", "one_stop_trial_desk")
                .text("topic_text", format!("国際共同治験の実証相談 {number}"))
                .text("topic", topic)
                .text("requester", requester)
                .text("requester_type", if startup { "startup" } else { "pharma" })
                .text("requester_country", country)
                .text("development_key", format!("desk-dev-{}", number - u64::from(index % 8 == 7)))
                .date("first_contact_on", on);
            let id = story.create("consultation", format!("desk-{number}"), on, fields);
            if index % 3 == 0 {
                let closed = on + Duration::days(60);
                let after = story.recorded(closed);
                story.step(&id, after, "close", |f| {
                    f.date("closed_on", closed).text("outcome", "trial_planned")
                });
            }
        }
    }
}

/// People trained for first-in-human trials at 26 sites, and UHC officials.
fn training(story: &mut Story, cast: &Cast) {
    let employers: Vec<&RecordId> = cast.hospitals.iter().chain(&cast.universities).collect();
    let Some(fih) = cast.training("fih") else { return };
    for index in 0..34u64 {
        let on = spread(story, day(2024, 9, 1), day(2029, 1, 31), index, 34);
        let place = usize::try_from(index).unwrap_or(0);
        let employer = employers.get(place % 26).map(|id| id.as_str());
        let now = employers.get((place + place % 5) % 26).map(|id| id.as_str());
        let fields = Fields::new()
            .text("person_key", format!("fih-person-{index}"))
            .text("programme", fih.as_str())
            .text("subject", "fih")
            .date("enrolled_on", on)
            .maybe("employer_at_training", employer)
            .maybe("employer_now", now)
            .date("employer_confirmed_on", on + Duration::days(300));
        let id = story.create("enrolment", format!("fih-enrolment-{index}"), on, fields);
        let end = on + Duration::days(90);
        let after = story.recorded(end);
        match index % 8 {
            7 => story.step(&id, after, "drop_out", |f| f),
            6 => {}
            _ => story.step(&id, after, "finish", |f| f.date("finished_on", end)),
        }
    }
    let Some(uhc) = cast.training("uhc_finance") else { return };
    for index in 0..24u64 {
        let on = spread(story, day(2024, 10, 1), plan_to(), index, 24);
        let fields = Fields::new()
            .text("person_key", format!("uhc-person-{}", index - u64::from(index == 9)))
            .text("programme", uhc.as_str())
            .text("subject", "uhc_finance")
            .date("enrolled_on", on);
        let id = story.create("enrolment", format!("uhc-enrolment-{index}"), on, fields);
        if index % 4 != 3 {
            let end = on + Duration::days(14);
            let after = story.recorded(end);
            story.step(&id, after, "finish", |f| f.date("finished_on", end));
        }
    }
}

/// A few biomanufacturing trainees, certificates and certified bodies, so that
/// these series move at every size.
fn people(story: &mut Story, cast: &Cast) {
    let (Some(bio), Some(staff)) =
        (cast.training("biomanufacturing"), cast.training("trial_staff"))
    else {
        return;
    };
    for index in 0..12u64 {
        let on = spread(story, plan_from(), plan_to(), index, 12);
        let fields = Fields::new()
            .text("person_key", format!("core-bio-{index}"))
            .text("programme", bio.as_str())
            .text("subject", "biomanufacturing")
            .date("enrolled_on", on);
        let id = story.create("enrolment", format!("bio-{index}"), on, fields);
        if index % 3 == 0 {
            let end = on + Duration::days(120);
            let after = story.recorded(end);
            story.step(&id, after, "finish", |f| f.date("finished_on", end));
        }
        let role = story.rng.code(&["crc", "dm", "pm", "research_nurse", "pharmacist"]);
        let fields = Fields::new()
            .text("person_key", format!("core-staff-{index}"))
            .text("programme", staff.as_str())
            .text("subject", "trial_staff")
            .text("role", role)
            .date("issued_on", on)
            .text("employer_at_issue", nth(&cast.hospitals, index));
        story.create("certificate", format!("certificate-{index}"), on, fields);
        let fields = Fields::new()
            .text("holder_name", format!("実証健康経営法人 {index}"))
            .text("corporate_number", names::corporate_number(9_000_000 + index))
            .text("scheme", "kenko_keiei_yuryo")
            .text("division", if index % 4 == 0 { "large" } else { "sme" })
            .date("valid_from", day(2024, 3, 11))
            .date("valid_to", day(2030, 3, 31))
            .text("prefecture", "13");
        story.create("certification", format!("certification-{index}"), day(2024, 3, 11), fields);
    }
    for index in 0..6u64 {
        let on = spread(story, day(2024, 6, 1), plan_to(), index, 6);
        let Some(subject) = cast.training("fih") else { return };
        let fields = Fields::new()
            .text("person_key", format!("fih-person-{index}"))
            .text("programme", subject.as_str())
            .text("subject", "fih")
            .date("issued_on", on)
            .text("employer_at_issue", nth(&cast.hospitals, index));
        story.create("certificate", format!("fih-certificate-{index}"), on, fields);
    }
}
