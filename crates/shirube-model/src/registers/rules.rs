//! Conditions that the rules of several kinds share.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use crate::refusal::Refusal;

/// Vocabulary codes that rules know by name, as `(vocabulary, code)`. A rule
/// stays silent on any other code, so a pack that writes one of these
/// differently loses the rule, never a record.
pub const RULE_CODES: &[(&str, &str)] = &[
    ("continuation_routes", "same_programme"),
    ("countries", "JP"),
    ("currencies", "JPY"),
    ("product_types", "drug"),
    ("product_types", "otc"),
    ("product_types", "therapeutic"),
    ("product_types", "vaccine"),
    ("sexes", "female"),
    ("sexes", "male"),
    ("study_types", "expanded_access"),
    ("study_types", "observational"),
    ("trial_phases", "phase_2"),
    ("trial_phases", "phase_2_3"),
    ("trial_phases", "phase_3"),
    ("trial_phases", "phase_3_4"),
    ("trial_phases", "phase_4"),
    ("choice_makers", "bereaved_family"),
    ("choice_makers", "guardian"),
    ("choice_makers", "self"),
    ("notice_recipients", "self"),
    ("use_bases", "consent"),
    ("use_bases", "law"),
    ("use_bases", "opt_out_notice"),
    ("use_decisions", "permit"),
    ("use_decisions", "refuse"),
];

/// The refusals of the rows that hold: (what is wrong, field, refusal).
pub(super) fn broken<const N: usize>(rows: [(bool, &'static str, Refusal); N]) -> Vec<Refusal> {
    rows.into_iter()
        .filter(|(wrong, _, _)| *wrong)
        .map(|(_, field, refusal)| refusal.field(field))
        .collect()
}

/// Whether `day` lies before `earliest`. An unknown day breaks nothing.
pub(super) fn before(
    day: impl Into<Option<NaiveDate>>,
    earliest: impl Into<Option<NaiveDate>>,
) -> bool {
    match (day.into(), earliest.into()) {
        (Some(day), Some(earliest)) => day < earliest,
        _ => false,
    }
}

/// Whether a count or an amount is below zero. An unknown one is not.
pub(super) fn negative(number: impl Into<Option<i64>>) -> bool {
    number.into().is_some_and(|number| number < 0)
}

/// Whether something is in a list more than once.
pub(super) fn twice<T: Ord>(items: &[T]) -> bool {
    let mut seen = BTreeSet::new();
    items.iter().any(|item| !seen.insert(item))
}

/// Whether both are known and equal.
pub(super) fn same<T: PartialEq>(one: Option<&T>, other: Option<&T>) -> bool {
    one.is_some() && one == other
}

/// Whether a two-letter country code (ISO 3166-1) is another than Japan's.
/// Codes of another scheme are not judged.
pub(super) fn abroad(country: &str) -> bool {
    country.len() == 2 && country.bytes().all(|b| b.is_ascii_uppercase()) && country != "JP"
}
