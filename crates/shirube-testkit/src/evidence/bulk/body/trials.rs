//! Trials.

use chrono::{Datelike, Duration, NaiveDate};

use super::{Record, topic};
use crate::evidence::bulk::World;
use crate::evidence::bulk::kinds::TRIAL;
use crate::evidence::fields::Fields;
use crate::evidence::{day, names};
use crate::rng::Rng;

/// Study type of a trial: two thirds are registration trials.
pub(super) fn study_type(world: &World, number: u64) -> &'static str {
    world.rng(TRIAL, number).weighted(&[
        (44, "sponsor_initiated_ctn"),
        (26, "investigator_initiated_ctn"),
        (13, "specified_clinical_research"),
        (5, "other_interventional"),
        (12, "observational"),
    ])
}

/// Up to five sites, most of them core hospitals, each once.
fn sites(record: &Record<'_>, rng: &mut Rng) -> Vec<String> {
    let cast = &record.world.cast;
    let mut out: Vec<String> = Vec::new();
    for _ in 0..rng.between(1, 5) {
        let site = if rng.chance(600) {
            record.told(rng, &cast.core_hospitals)
        } else {
            record.organisation(rng, "hospital", &cast.hospitals)
        };
        let site = String::from(site);
        if !out.contains(&site) {
            out.push(site);
        }
    }
    out
}

/// Review boards: one for all sites more often from year to year.
fn boards(record: &Record<'_>, rng: &mut Rng, sites: usize) -> Vec<String> {
    if rng.chance(60) {
        return Vec::new();
    }
    let single = 350 + 6 * record.month as u64;
    let count = if sites < 2 || rng.chance(single) { 1 } else { sites.min(3) };
    let mut out: Vec<String> = Vec::new();
    while out.len() < count {
        let board = String::from(record.told(rng, &record.world.cast.boards));
        if !out.contains(&board) {
            out.push(board);
        }
    }
    out
}

/// Days of a trial.
struct Days {
    started: NaiveDate,
    registered: NaiveDate,
    notified: NaiveDate,
    completed: Option<NaiveDate>,
}

impl Days {
    fn of(record: &Record<'_>, rng: &mut Rng) -> Self {
        let started = record.date(rng, Some(day(2023, 10, 1)));
        let done = record.took("complete").or_else(|| record.took("terminate"));
        Self {
            started,
            registered: started - Duration::days(rng.between(0, 40)),
            notified: started - Duration::days(rng.between(20, 60)),
            // After the first participant, who came within forty days.
            completed: done.map(|on| (on - Duration::days(25)).max(started + Duration::days(41))),
        }
    }
}

pub(crate) fn trial(record: &Record<'_>) -> Fields {
    let study = study_type(record.world, record.number);
    let mut rng = record.rng();
    let _ = rng.next();
    let days = Days::of(record, &mut rng);
    let (_, _, ja, en) = topic(&mut rng);
    let registration = study.ends_with("_ctn");
    let international = registration && rng.chance(370);
    let first = registration && rng.chance(40);
    let phase = if first {
        "phase_1"
    } else {
        rng.code(&["phase_1_2", "phase_2", "phase_2", "phase_3", "phase_3", "phase_4"])
    };
    let product = rng.weighted(&[
        (62, "drug"),
        (16, "device"),
        (10, "regenerative"),
        (6, "samd"),
        (6, "combination"),
    ]);
    let dct = registration && rng.chance(45);
    let elements = rng.code(&["e_consent", "wearable", "epro", "tele_visit"]);
    let sites = sites(record, &mut rng);
    let boards = boards(record, &mut rng, sites.len());
    let linked = rng.chance(400).then(|| String::from(record.project(&mut rng)));
    let abroad = rng.code(&["US", "KR", "TW", "DE", "GB"]);
    let size = rng.between(20, 900);
    let enrolled = days.started + Duration::days(rng.between(1, 40));
    let sponsor = if study == "sponsor_initiated_ctn" {
        record.told(&mut rng, &record.world.cast.pharma)
    } else {
        record.told(&mut rng, &record.world.cast.universities)
    };
    let notified = registration && rng.chance(960);
    let target = if record.corrected() { size + 20 } else { size };
    let planned = Fields::new()
        .both(
            "public_title",
            (
                format!("{ja}の試験 {}", record.number),
                format!("Demo trial {} of {en}", record.number),
            ),
        )
        .text("jrct_id", names::jrct(study == "specified_clinical_research", record.number))
        .date("registered_on", days.registered)
        .text("sponsor", sponsor.as_str())
        .text("sponsor_country", if international && record.number % 5 < 2 { abroad } else { "JP" })
        .list("countries", if international { vec!["JP", abroad] } else { vec!["JP"] })
        .list("interventions", [format!("DEMO-{:06}", record.number / 2)])
        .text("product_type", product)
        .text("study_type", study)
        .text("phase", phase)
        .int("target_size", target)
        .date("started_on", days.started)
        .flag("first_in_human", first)
        .flag("international", international)
        .when(dct, |f| {
            let local = (record.number % 5 < 2).then_some("local_site");
            f.list("dct_elements", [elements].into_iter().chain(local))
        })
        .list("sites", sites)
        .list("projects", linked)
        .list("review_boards", boards)
        .when(notified, |f| {
            f.text("notification", names::notification(days.notified.year(), record.number))
                .date("notified_on", days.notified)
        });
    course(record, planned, &days, enrolled, size)
}

/// What is known once a trial recruits, and once it has ended.
fn course(
    record: &Record<'_>,
    planned: Fields,
    days: &Days,
    enrolled: NaiveDate,
    size: i64,
) -> Fields {
    planned.when(record.took("recruit").is_some(), |f| f.date("first_enrolment_on", enrolled)).when(
        days.completed.is_some(),
        |f| {
            f.date("completed_on", days.completed.unwrap_or(enrolled))
                .int("final_size", size - size / 9)
        },
    )
}
