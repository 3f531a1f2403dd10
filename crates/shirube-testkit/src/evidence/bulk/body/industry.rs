//! Organisations, rounds and certifications.

use chrono::{Datelike, Duration, NaiveDate};

use super::Record;
use crate::evidence::bulk::kinds::ORGANISATION;
use crate::evidence::bulk::{World, month_start};
use crate::evidence::fields::Fields;
use crate::evidence::{day, names};

/// Type of an organisation of the bulk.
pub(super) fn type_of(world: &World, number: u64) -> &'static str {
    world.rng(ORGANISATION, number).weighted(&[
        (34, "hospital"),
        (28, "startup"),
        (10, "university"),
        (8, "device_firm"),
        (10, "healthcare_firm"),
        (10, "other_firm"),
    ])
}

pub(crate) fn organisation(record: &Record<'_>) -> Fields {
    let kind = type_of(record.world, record.number);
    let mut rng = record.rng();
    let _ = rng.next();
    let established = day(2000, 4, 1) + Duration::days(rng.between(0, 8_600));
    let prefecture = names::prefecture(&mut rng);
    Fields::new()
        .both("name", names::organisation(kind, 1_000 + record.number))
        .text("corporate_number", names::corporate_number(1_000_000 + record.number))
        .text("organisation_type", kind)
        .text("country", "JP")
        .text("prefecture", prefecture)
        .date("established_on", established)
}

pub(crate) fn round(record: &Record<'_>) -> Fields {
    let mut rng = record.rng();
    let closed = record.date(&mut rng, Some(day(2023, 4, 1)));
    let sector = rng.weighted(&[(62, "drug_discovery"), (20, "device"), (18, "healthcare")]);
    let round = rng.weighted(&[
        (28, "seed"),
        (26, "series_a"),
        (18, "series_b"),
        (10, "series_c"),
        (5, "convertible"),
        (3, "listing"),
        (6, "debt"),
        (4, "grant"),
    ]);
    let company = record.organisation(&mut rng, "startup", &record.world.cast.startups);
    // Rounds grow by a fifth of the first year's size a year.
    let years = i64::from(closed.year() - 2023).max(0);
    let amount = rng.between(150, 1_600) * 1_000_000 * (100 + 21 * years) / 100;
    let dollars = rng.chance(150);
    let units = if dollars { amount / 150 } else { amount };
    Fields::new()
        .text("company", company.as_str())
        .text("sector", sector)
        .text("round", round)
        .flag("private", round != "grant" && !rng.chance(80))
        .int("amount_yen", amount)
        .text("currency", if dollars { "USD" } else { "JPY" })
        .text("amount", units.to_string())
        .date("closed_on", closed)
        .text("source", "synthetic (demo)")
}

pub(crate) fn certification(record: &Record<'_>) -> Fields {
    let mut rng = record.rng();
    // The first import brings the bodies certified in March 2024.
    let year = if record.month == 0 { 2024 } else { month_start(record.month).year() };
    let from = match rng.below(200) {
        0 => day(year, 3, 31),
        1 => day(year, 4, 1),
        _ => day(year, 3, 11),
    };
    let number = record.number;
    let twin = number % 150 == 77;
    let known = !rng.chance(30);
    let scheme = rng.weighted(&[(98, "kenko_keiei_yuryo"), (2, "kenko_keiei_meigara")]);
    let division = if rng.chance(120) { "large" } else { "sme" };
    let last = last_day(rng.below(100), year);
    let prefecture = names::prefecture(&mut rng);
    let suffix = if record.corrected() { "（名称変更）" } else { "" };
    Fields::new()
        .text("holder_name", format!("実証健康経営法人{number}{suffix}"))
        .when(known, |f| {
            f.text(
                "corporate_number",
                names::corporate_number(10_000_000 + number - u64::from(twin)),
            )
        })
        .text("scheme", scheme)
        .text("division", division)
        .date("valid_from", from)
        .date("valid_to", last)
        .text("prefecture", prefecture)
}

/// Most bodies are certified year after year; one record spans those years.
fn last_day(draw: u64, year: i32) -> NaiveDate {
    match draw {
        0 => day(year + 1, 3, 31),
        1 | 2 => day((year + 2).min(2031), 3, 31),
        3 | 4 => day((year + 3).min(2031), 3, 31),
        _ => day(2031, 3, 31),
    }
}
