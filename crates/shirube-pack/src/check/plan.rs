//! Checks of the plan: headings, measures, duties, goals, counts.

use std::collections::BTreeSet;

use shirube_model::indicator::{Indicator, Role};
use shirube_model::plan::{Attribution, Heading};
use shirube_model::refusal::Refusal;

use super::{CheckOptions, Checker, is_kebab};
use crate::files::{
    GOALS, GOVERNANCE, HEADINGS, INFO, MEASURES, MINISTRIES, ORGANISATIONS, OTHER_HEADINGS,
    SOURCE_NOTES,
};

/// The only calendar the product has: fiscal years from April in Japan time.
const TIMEZONE: &str = "Asia/Tokyo";
const FISCAL_YEAR_FIRST_MONTH: u32 = 4;

pub(super) fn info(checker: &mut Checker<'_>, options: &CheckOptions) {
    let pack = checker.pack;
    if !is_kebab(&pack.info.id) {
        let fault = Refusal::new("pack.id.not-kebab").arg("id", &pack.info.id);
        checker.key(fault, INFO, "id");
    }
    if let Some(directory) = &options.directory
        && *directory != pack.info.id
    {
        let fault = Refusal::new("pack.info.directory")
            .arg("id", &pack.info.id)
            .arg("directory", directory);
        checker.key(fault, INFO, "id");
    }
    if pack.info.period_start > pack.info.period_end {
        let fault = Refusal::new("pack.period.reversed")
            .arg("from", pack.info.period_start)
            .arg("to", pack.info.period_end);
        checker.key(fault, INFO, "period.end");
    }
    let settings = [
        ("timezone", pack.timezone.clone(), TIMEZONE.to_owned()),
        (
            "fiscal_year_first_month",
            pack.fiscal_year_first_month.to_string(),
            FISCAL_YEAR_FIRST_MONTH.to_string(),
        ),
    ];
    for (key, value, only) in settings {
        if value != only {
            let fault = Refusal::new("pack.info.unsupported").arg("value", value).arg("only", only);
            checker.key(fault, INFO, key);
        }
    }
}

pub(super) fn headings(checker: &mut Checker<'_>) {
    let pack = checker.pack;
    for (file, headings) in [(HEADINGS, &pack.headings), (OTHER_HEADINGS, &pack.other_headings)] {
        checker.unique(headings.iter().map(|h| h.id.as_str()), file, "id");
        for (row, heading) in headings.iter().enumerate() {
            if let Some(fault) = checker.code_fault("heading_kinds", &heading.kind) {
                checker.row(fault, file, row, "kind");
            }
            parent(checker, file, row, heading);
            attribution(checker, file, row, &heading.attribution);
        }
    }
    let main: BTreeSet<&str> = pack.headings.iter().map(|h| h.id.as_str()).collect();
    for (row, heading) in pack.other_headings.iter().enumerate() {
        if main.contains(heading.id.as_str()) {
            let fault = Refusal::new("pack.heading.both").arg("id", &heading.id);
            checker.row(fault, OTHER_HEADINGS, row, "id");
        }
    }
}

fn parent(checker: &mut Checker<'_>, file: &str, row: usize, heading: &Heading) {
    let Some(parent) = &heading.parent else { return };
    if checker.pack.heading(parent).is_none() {
        let fault = Refusal::new("pack.heading.unknown").arg("id", parent);
        return checker.row(fault, file, row, "parent");
    }
    // Walk up; more steps than headings means the walk goes round.
    let steps_max = checker.pack.headings.len() + checker.pack.other_headings.len();
    let mut at = Some(heading);
    for _ in 0..=steps_max {
        at = at.and_then(|h| h.parent.as_deref()).and_then(|id| checker.pack.heading(id));
        if at.is_some_and(|above| above.id == heading.id) {
            let fault = Refusal::new("pack.heading.cycle").arg("id", &heading.id);
            return checker.row(fault, file, row, "parent");
        }
        if at.is_none() {
            return;
        }
    }
}

fn attribution(checker: &mut Checker<'_>, file: &str, row: usize, attribution: &Attribution) {
    for (field, list) in
        [("lead", &attribution.lead), ("participating", &attribution.participating)]
    {
        for abbr in list {
            if let Some(fault) = checker.code_fault("ministries", abbr) {
                checker.row(fault, file, row, field);
            }
        }
    }
    if let Some(fault) = checker.code_fault("attribution_bases", &attribution.basis) {
        checker.row(fault, file, row, "attribution_basis");
    }
}

pub(super) fn measures(checker: &mut Checker<'_>) {
    let pack = checker.pack;
    checker.unique(pack.measures.iter().map(|m| m.id.as_str()), MEASURES, "id");
    for (row, measure) in pack.measures.iter().enumerate() {
        if pack.heading(&measure.section).is_none() {
            let fault = Refusal::new("pack.heading.unknown").arg("id", &measure.section);
            checker.row(fault, MEASURES, row, "section");
        }
        attribution(checker, MEASURES, row, &measure.attribution);
    }
}

/// Duties, goals and organisations.
pub(super) fn rest(checker: &mut Checker<'_>) {
    let pack = checker.pack;
    checker.unique(pack.governance.iter().map(|d| d.id.as_str()), GOVERNANCE, "id");
    for (row, duty) in pack.governance.iter().enumerate() {
        if let Some(fault) = checker.code_fault("governance_actors", &duty.actor) {
            checker.row(fault, GOVERNANCE, row, "actor");
        }
    }
    checker.unique(pack.goals.iter().map(|g| g.id.as_str()), GOALS, "id");
    for (row, goal) in pack.goals.iter().enumerate() {
        for id in goal.related.iter().filter(|id| pack.indicator(id).is_none()) {
            let fault = Refusal::new("pack.indicator.unknown").arg("id", id);
            checker.row(fault, GOALS, row, "related");
        }
    }
    for (row, organisation) in pack.organisations.iter().enumerate() {
        let code = &organisation.organisation_type;
        if let Some(fault) = checker.code_fault("organisation_types", code) {
            checker.row(fault, ORGANISATIONS, row, "organisation_type");
        }
    }
}

/// The id an indicator has in the strategy's own list: a small letter at the
/// end tells sub-series of one indicator apart.
fn bullet(indicator: &Indicator) -> &str {
    let id = indicator.id.as_str();
    match id.strip_suffix(|c: char| c.is_ascii_lowercase()) {
        Some(stem) if stem.ends_with(|c: char| c.is_ascii_digit()) => stem,
        _ => id,
    }
}

pub(super) fn counts(checker: &mut Checker<'_>) {
    let pack = checker.pack;
    let series: Vec<&Indicator> =
        pack.indicators.iter().filter(|i| i.role == Role::Series).collect();
    let bullets: BTreeSet<&str> = series.iter().map(|i| bullet(i)).collect();
    let unpublished: BTreeSet<&str> =
        series.iter().filter(|i| is_unpublished(i)).map(|i| bullet(i)).collect();
    let counts = &pack.counts;
    let rows = [
        ("headings", counts.headings, pack.headings.len(), HEADINGS),
        ("measures", counts.measures, pack.measures.len(), MEASURES),
        ("ministries", counts.ministries, pack.ministries.len(), MINISTRIES),
        ("governance", counts.governance, pack.governance.len(), GOVERNANCE),
        ("source_notes", counts.source_notes, pack.source_notes.len(), SOURCE_NOTES),
        ("goals", counts.goals, pack.goals.len(), GOALS),
        ("indicators", counts.indicators, bullets.len(), "indicators/"),
        ("series", counts.series, series.len(), "indicators/"),
        ("unpublished_baselines", counts.unpublished_baselines, unpublished.len(), "indicators/"),
    ];
    for (name, expected, found, file) in rows {
        if let Some(expected) = expected
            && expected as usize != found
        {
            let fault = Refusal::new("pack.count.wrong")
                .arg("name", name)
                .arg("expected", expected)
                .arg("found", found)
                .arg("file", file);
            checker.key(fault, INFO, &format!("counts.{name}"));
        }
    }
}

fn is_unpublished(indicator: &Indicator) -> bool {
    indicator.spec.pointer("/baseline/state").and_then(|state| state.as_str())
        == Some("unpublished")
}
