//! Desks and training.

use chrono::Duration;

use super::Record;
use crate::evidence::fields::Fields;
use crate::rng::Rng;

pub(crate) fn consultation(record: &Record<'_>) -> Fields {
    let mut rng = record.rng();
    let on = record.date(&mut rng, None);
    let desk = rng.code(&[
        "mediso",
        "inno_hub",
        "cariso",
        "pmda_consultation",
        "startup_one_stop",
        "procurement_desk",
        "one_stop_trial_desk",
    ]);
    let at_trial_desk = desk == "one_stop_trial_desk";
    let topic = if at_trial_desk {
        rng.code(&["domestic_trial", "contract_coordination", "international_trial"])
    } else {
        rng.code(&[
            "regulatory",
            "funding",
            "business_plan",
            "overseas_expansion",
            "care_service",
            "manufacturing",
        ])
    };
    let kind =
        rng.code(&["startup", "startup", "device_firm", "healthcare_firm", "university", "pharma"]);
    // Cases from abroad at the trial desk are told one by one.
    let abroad = !at_trial_desk && rng.chance(120);
    let country = if abroad { rng.code(&["US", "KR", "TW", "GB", "DE"]) } else { "JP" };
    let requester = (!abroad && rng.chance(600)).then(|| {
        String::from(record.organisation(&mut rng, "startup", &record.world.cast.startups))
    });
    let outcome = rng.code(&["answered", "answered", "referred", "not_pursued"]);
    let closed = record.took("close").map(|day| (day - Duration::days(5)).max(on));
    Fields::new()
        .text("desk", desk)
        .text("topic_text", format!("実証相談 {}", record.number))
        .text("topic", topic)
        .maybe("requester", requester)
        .text("requester_type", kind)
        .text("requester_country", country)
        .text("development_key", format!("dev-{}", record.number - record.number % 3 / 2))
        .date("first_contact_on", on)
        .when(closed.is_some(), |f| {
            f.date("closed_on", closed.unwrap_or(on)).text("outcome", outcome)
        })
}

/// A pseudonym; one person in twenty-five comes again.
fn person(record: &Record<'_>, prefix: &str) -> String {
    let number = if record.number % 25 == 24 { record.number - 1 } else { record.number };
    format!("{prefix}-{number}")
}

/// The training programme of a subject.
fn programme(record: &Record<'_>, subject: &str) -> String {
    record.world.cast.training(subject).map(ToString::to_string).unwrap_or_default()
}

fn employer(record: &Record<'_>, rng: &mut Rng) -> String {
    String::from(record.organisation(rng, "hospital", &record.world.cast.hospitals))
}

pub(crate) fn enrolment(record: &Record<'_>) -> Fields {
    let mut rng = record.rng();
    let on = record.date(&mut rng, None);
    let subject = rng.weighted(&[
        (42, "biomanufacturing"),
        (10, "gene_cell_therapy"),
        (14, "english_trial"),
        (8, "dct"),
        (14, "data_science"),
        (12, "trial_staff"),
    ]);
    let employer = employer(record, &mut rng);
    let finished = record.took("finish").map(|day| (day - Duration::days(12)).max(on));
    Fields::new()
        .text("person_key", person(record, "trainee"))
        .text("programme", programme(record, subject))
        .text("subject", subject)
        .date("enrolled_on", on)
        .text("employer_at_training", employer)
        .when(finished.is_some(), |f| f.date("finished_on", finished.unwrap_or(on)))
}

pub(crate) fn certificate(record: &Record<'_>) -> Fields {
    let mut rng = record.rng();
    let on = record.date(&mut rng, None);
    let subject = rng.weighted(&[
        (74, "trial_staff"),
        (10, "english_trial"),
        (6, "dct"),
        (10, "data_science"),
    ]);
    let role =
        rng.code(&["crc", "crc", "dm", "pm", "research_nurse", "biostatistician", "pharmacist"]);
    let employer = employer(record, &mut rng);
    Fields::new()
        .text("person_key", person(record, "holder"))
        .text("programme", programme(record, subject))
        .text("subject", subject)
        .text("role", role)
        .date("issued_on", on)
        .text("employer_at_issue", employer)
}
