//! The report as a page to read.

use std::collections::BTreeMap;
use std::fmt::Write;

use shirube_model::lang::Lang;
use shirube_model::markup::escape;
use shirube_model::refusal::{text, text_with};

use super::checks::{Category, CheckName, Context};
use super::report::{CheckResult, QualityReport, Status};

const STYLE: &str = "\
:root{color-scheme:light dark;--line:#8886;--bad:#b3261e;--good:#1b6e3c}\
body{font:16px/1.6 system-ui,sans-serif;max-width:72rem;margin:0 auto;padding:1rem}\
@media(prefers-color-scheme:dark){:root{--bad:#ff8a80;--good:#7ddc9c}}\
table{border-collapse:collapse;width:100%;margin:.5rem 0 1rem}\
th,td{border-bottom:1px solid var(--line);padding:.3rem .6rem;text-align:left;vertical-align:top}\
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}\
.failed{color:var(--bad);font-weight:600}.passed{color:var(--good)}\
.scroll{overflow-x:auto}code{font-size:.9em}";

/// A whole page in one file, which needs nothing else.
#[must_use]
pub fn quality_page(report: &QualityReport, lang: Lang) -> String {
    format!(
        "<!doctype html>\n<html lang=\"{}\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>{}</title><style>{STYLE}</style></head>\n<body><main><h1>{}</h1>\n{}</main></body></html>\n",
        lang.tag(),
        escape(&text(lang, "quality.title")),
        escape(&text(lang, "quality.title")),
        quality_html(report, lang),
    )
}

/// The report as sections of a page, with headings from the second level on.
#[must_use]
pub fn quality_html(report: &QualityReport, lang: Lang) -> String {
    let mut out = String::new();
    let about = text_with(
        lang,
        "quality.about",
        &[
            ("dataset", report.data_set.clone()),
            ("cdm", report.cdm_version.clone()),
            ("day", report.as_of.to_string()),
        ],
    );
    let checked = report.checks.len();
    let summary = text_with(
        lang,
        "quality.summary",
        &[("checks", checked.to_string()), ("failed", report.failed().to_string())],
    );
    // Writing into a text does not fail.
    let _ = writeln!(
        out,
        "<section><p>{}</p><p><code>{}</code></p><p><strong>{}</strong></p>{}</section>",
        escape(&about),
        escape(&report.snapshot),
        escape(&summary),
        totals(report, lang)
    );
    let failed: Vec<&CheckResult> =
        report.checks.iter().filter(|c| c.status == Status::Failed).collect();
    let _ = writeln!(out, "<section><h2>{}</h2>", word(lang, "quality.failed"));
    if failed.is_empty() {
        let _ = write!(out, "<p>{}</p>", word(lang, "quality.none-failed"));
    } else {
        out.push_str(&rows(&failed, lang, &text(lang, "quality.failed")));
    }
    let _ = writeln!(out, "</section>\n<section><h2>{}</h2>", word(lang, "quality.by-table"));
    let mut by_table: BTreeMap<&str, Vec<&CheckResult>> = BTreeMap::new();
    for check in &report.checks {
        by_table.entry(&check.table).or_default().push(check);
    }
    for (table, checks) in by_table {
        let count = |test: fn(&Status) -> bool| checks.iter().filter(|c| test(&c.status)).count();
        let line = text_with(
            lang,
            "quality.table-line",
            &[
                ("table", table.to_owned()),
                ("failed", count(|s| *s == Status::Failed).to_string()),
                ("passed", count(|s| *s == Status::Passed).to_string()),
                ("idle", count(|s| matches!(s, Status::NotApplicable(_))).to_string()),
            ],
        );
        let _ = writeln!(
            out,
            "<details><summary>{}</summary>{}</details>",
            escape(&line),
            rows(&checks, lang, &line)
        );
    }
    out.push_str("</section>\n");
    out
}

fn totals(report: &QualityReport, lang: Lang) -> String {
    let mut out = format!(
        "{}<table><thead><tr><th scope=\"col\">{}</th><th scope=\"col\">{}</th>\
         <th scope=\"col\" class=\"n\">{}</th><th scope=\"col\" class=\"n\">{}</th>\
         <th scope=\"col\" class=\"n\">{}</th></tr></thead><tbody>\n",
        scroll(&text(lang, "quality.title")),
        word(lang, "quality.category"),
        word(lang, "quality.context"),
        word(lang, "quality.outcome-passed"),
        word(lang, "quality.outcome-failed"),
        word(lang, "quality.outcome-idle"),
    );
    for total in &report.totals {
        let category = match total.category {
            Category::Plausibility => "quality.plausibility",
            Category::Conformance => "quality.conformance",
            Category::Completeness => "quality.completeness",
        };
        let context = match total.context {
            Context::Verification => "quality.verification",
            Context::Validation => "quality.validation",
        };
        let _ = writeln!(
            out,
            "<tr><th scope=\"row\">{}</th><td>{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td>\
             <td class=\"n\">{}</td></tr>",
            word(lang, category),
            word(lang, context),
            total.passed,
            total.failed,
            total.not_applicable
        );
    }
    out.push_str("</tbody></table></div>");
    out
}

/// The start of a part that scrolls by itself, also by keys.
fn scroll(label: &str) -> String {
    let label = escape(label);
    format!("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{label}\">")
}

fn rows(checks: &[&CheckResult], lang: Lang, label: &str) -> String {
    let heads = [
        ("quality.check", ""),
        ("quality.field", ""),
        ("quality.against", ""),
        ("quality.violated", " class=\"n\""),
        ("quality.looked-at", " class=\"n\""),
        ("quality.percent", " class=\"n\""),
        ("quality.threshold", " class=\"n\""),
        ("quality.outcome", ""),
    ];
    let mut out = format!("{}<table><thead><tr>", scroll(label));
    for (key, class) in heads {
        let _ = write!(out, "<th scope=\"col\"{class}>{}</th>", word(lang, key));
    }
    out.push_str("</tr></thead><tbody>\n");
    for check in checks {
        let (class, outcome) = match check.status {
            Status::Failed => ("failed", word(lang, "quality.outcome-failed")),
            Status::Passed => ("passed", word(lang, "quality.outcome-passed")),
            Status::NotApplicable(reason) => {
                ("idle", word(lang, &format!("quality.reason-{}", reason.word())))
            }
        };
        let place = match &check.field {
            Some(field) => format!("{}.{field}", check.table),
            None => check.table.clone(),
        };
        let concept = check.concept.as_ref().map(|c| format!(" ({c})")).unwrap_or_default();
        let _ = writeln!(
            out,
            "<tr><td>{} <small><code>{}</code></small></td><td><code>{}</code>{}</td><td>{}</td>\
             <td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td>\
             <td class=\"n\">{}</td><td class=\"{class}\">{outcome}</td></tr>",
            word(lang, key(check.name)),
            check.name.text(),
            escape(&place),
            escape(&concept),
            escape(check.against.as_deref().unwrap_or_default()),
            check.rows_violated,
            check.rows_looked_at,
            check.percent,
            check.threshold_percent,
        );
    }
    out.push_str("</tbody></table></div>\n");
    out
}

/// The entry of the catalogue that says what a check finds.
fn key(check: CheckName) -> &'static str {
    use CheckName as C;
    match check {
        C::CdmTable => "quality.check-table",
        C::MeasurePersonCompleteness => "quality.check-persons",
        C::MeasureConditionEraCompleteness => "quality.check-eras",
        C::MeasureObservationPeriodOverlap => "quality.check-periods",
        C::CdmField => "quality.check-field",
        C::IsRequired => "quality.check-required",
        C::CdmDatatype => "quality.check-datatype",
        C::IsPrimaryKey => "quality.check-primary-key",
        C::IsForeignKey => "quality.check-foreign-key",
        C::FkDomain => "quality.check-domain",
        C::FkClass => "quality.check-class",
        C::IsStandardValidConcept => "quality.check-standard",
        C::MeasureValueCompleteness => "quality.check-value",
        C::StandardConceptRecordCompleteness => "quality.check-standard-zero",
        C::SourceConceptRecordCompleteness => "quality.check-source-zero",
        C::SourceValueCompleteness => "quality.check-source-values",
        C::PlausibleValueLow => "quality.check-low",
        C::PlausibleValueHigh => "quality.check-high",
        C::PlausibleTemporalAfter => "quality.check-after",
        C::PlausibleDuringLife => "quality.check-during-life",
        C::WithinVisitDates => "quality.check-visit",
        C::PlausibleAfterBirth => "quality.check-birth",
        C::PlausibleBeforeDeath => "quality.check-death",
        C::PlausibleStartBeforeEnd => "quality.check-start-end",
        C::PlausibleGender => "quality.check-gender",
        C::PlausibleGenderUseDescendants => "quality.check-gender-below",
        C::PlausibleUnitConceptIds => "quality.check-units",
    }
}

fn word(lang: Lang, key: &str) -> String {
    escape(&text(lang, key))
}
