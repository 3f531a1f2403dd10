//! The report as IATI 2.03: one activity for each measure, with the results
//! that its indicators show. Budgets stay out: a budget programme carries out
//! several measures, and IATI would add its money up once for each.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use shirube_model::lang::{Lang, LocalText};
use shirube_model::refusal::{Refusal, text, text_with};

use crate::report::{Evidence, MeasureReport, Report};
use crate::sheet::evidence_key;
use crate::value::{IndicatorValue, Role};
use crate::xml::Xml;

/// Codes of IATI's lists: kind of organisation, roles, status, kinds of dates,
/// kinds of results, vocabulary of the publisher, measured in units.
const GOVERNMENT: &str = "10";
const ACCOUNTABLE: &str = "2";
const IMPLEMENTING: &str = "4";
const UNDER_WAY: &str = "2";
const PLANNED_START: &str = "1";
const PLANNED_END: &str = "3";
const NATIONAL: &str = "4";
const OUTPUT: &str = "1";
const OUTCOME: &str = "2";
const OWN_VOCABULARY: &str = "99";
const IN_UNITS: &str = "1";

/// Who publishes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publisher {
    /// Organisation identifier, such as `JP-JCN-` and a corporate number.
    pub reference: String,
    /// Name.
    pub name: LocalText,
}

/// The report as the text of an IATI activities file.
///
/// # Errors
/// `report.iati.publisher`: an activity needs the identifier of who reports it.
pub fn iati(report: &Report, publisher: &Publisher) -> Result<String, Refusal> {
    let reference = publisher.reference.as_str();
    let shaped = reference.contains('-')
        && reference.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_'));
    if !shaped {
        return Err(Refusal::new("report.iati.publisher").arg("value", reference));
    }
    let made = format!("{}T00:00:00+09:00", report.made_on);
    let mut xml = Xml::new();
    let attributes = [("version", "2.03"), ("generated-datetime", made.as_str())];
    xml.within("iati-activities", &attributes, |xml| {
        for measure in &report.measures {
            activity(xml, report, publisher, measure, &made);
        }
    });
    Ok(xml.done())
}

fn activity(
    xml: &mut Xml,
    report: &Report,
    publisher: &Publisher,
    measure: &MeasureReport,
    made: &str,
) {
    let attributes =
        [("xml:lang", "ja"), ("default-currency", "JPY"), ("last-updated-datetime", made)];
    xml.within("iati-activity", &attributes, |xml| {
        let id = format!("{}-{}", publisher.reference, measure.measure);
        xml.text("iati-identifier", &[], &id);
        let reporting = [("ref", publisher.reference.as_str()), ("type", GOVERNMENT)];
        narrated(xml, "reporting-org", &reporting, &publisher.name);
        narrated(xml, "title", &[], &title(report, measure));
        narrated(xml, "description", &[("type", "1")], &description(report, measure));
        let party = |xml: &mut Xml, role, name: &LocalText| {
            narrated(xml, "participating-org", &[("role", role), ("type", GOVERNMENT)], name);
        };
        party(xml, ACCOUNTABLE, &report.ministry.name);
        for participant in &measure.participants {
            party(xml, IMPLEMENTING, &participant.name);
        }
        xml.empty("activity-status", &[("code", UNDER_WAY)]);
        let (start, end) = report.plan_period;
        for (kind, day) in [(PLANNED_START, start), (PLANNED_END, end)] {
            let day = day.to_string();
            xml.empty("activity-date", &[("type", kind), ("iso-date", day.as_str())]);
        }
        xml.empty("activity-scope", &[("code", NATIONAL)]);
        xml.empty("recipient-country", &[("code", "JP"), ("percentage", "100")]);
        let section = measure.measure.rsplit_once("-m").map_or("", |(section, _)| section);
        let sector = [("vocabulary", OWN_VOCABULARY), ("code", section)];
        narrated(xml, "sector", &sector, &measure.section);
        for role in [Role::Output, Role::Goal] {
            result(xml, report, measure, role);
        }
    });
}

/// The same text in both languages, with a mark on made-up evidence.
fn title(report: &Report, measure: &MeasureReport) -> LocalText {
    both(|lang| {
        let summary = measure.summary.get(lang);
        match report.evidence {
            Evidence::Live => summary.to_owned(),
            Evidence::Demo => text_with(lang, "report.iati.demo", &[("text", summary.to_owned())]),
        }
    })
}

fn description(report: &Report, measure: &MeasureReport) -> LocalText {
    both(|lang| {
        let mut parts = vec![format!("{} ({})", report.cycle.get(lang), measure.state.get(lang))];
        if report.evidence == Evidence::Demo {
            parts.insert(0, text(lang, "report.notice.demo"));
        }
        parts.extend(measure.progress.clone());
        parts.join("\n")
    })
}

fn both(say: impl Fn(Lang) -> String) -> LocalText {
    LocalText::new(say(Lang::Ja), say(Lang::En))
}

fn narrated(xml: &mut Xml, name: &str, attributes: &[(&str, &str)], words: &LocalText) {
    xml.within(name, attributes, |xml| {
        for lang in Lang::ALL {
            xml.text("narrative", &[("xml:lang", lang.tag())], words.get(lang));
        }
    });
}

fn result(xml: &mut Xml, report: &Report, measure: &MeasureReport, role: Role) {
    let values: Vec<&IndicatorValue> =
        measure.values.iter().filter(|value| value.role == role).collect();
    if values.is_empty() {
        return;
    }
    let (kind, key) = match role {
        Role::Output => (OUTPUT, "report.iati.outputs"),
        Role::Goal => (OUTCOME, "report.iati.outcomes"),
    };
    xml.within("result", &[("type", kind), ("aggregation-status", "false")], |xml| {
        narrated(xml, "title", &[], &both(|lang| text(lang, key)));
        for value in values {
            indicator(xml, report, value);
        }
    });
}

fn indicator(xml: &mut Xml, report: &Report, value: &IndicatorValue) {
    let attributes = [("measure", IN_UNITS), ("aggregation-status", "false")];
    xml.within("indicator", &attributes, |xml| {
        narrated(xml, "title", &[], &value.name);
        let said = both(|lang| {
            text_with(
                lang,
                "report.iati.indicator",
                &[
                    ("unit", value.unit_name.get(lang).to_owned()),
                    ("status", text(lang, &format!("status.{}", value.status.code()))),
                    ("evidence", text(lang, evidence_key(value.evidence))),
                    ("digest", value.digest.clone()),
                ],
            )
        });
        narrated(xml, "description", &[], &said);
        let reference = [("vocabulary", OWN_VOCABULARY), ("code", value.indicator.as_str())];
        xml.empty("reference", &reference);
        for point in &value.years {
            let basis = value.year_basis;
            let (first, last) = (basis.first_day(point.year), basis.last_day(point.year));
            if let Some(actual) = point.value {
                // A year that goes on is reported up to the day of the value.
                let last = if point.complete { last } else { last.min(value.as_of).max(first) };
                period(xml, (first, last), None, Some(actual));
            }
        }
        if value.target.is_some() {
            let start = value.window_from.unwrap_or(report.plan_period.0);
            let end = value.target_by.unwrap_or(report.plan_period.1).max(start);
            // The actual of a period still open is the value as it stands.
            period(xml, (start, end), value.target, value.value);
        }
    });
}

fn period(
    xml: &mut Xml,
    (first, last): (NaiveDate, NaiveDate),
    target: Option<Decimal>,
    actual: Option<Decimal>,
) {
    let days = [first.to_string(), last.to_string()];
    let number = |value: Decimal| value.normalize().to_string();
    xml.within("period", &[], |xml| {
        for (name, day) in ["period-start", "period-end"].into_iter().zip(&days) {
            xml.empty(name, &[("iso-date", day.as_str())]);
        }
        for (name, value) in [("target", target), ("actual", actual)] {
            if let Some(value) = value.map(number) {
                xml.empty(name, &[("value", value.as_str())]);
            }
        }
    });
}
