//! A report laid out: headings, facts, texts and tables in one language. The
//! page, the print and the workbook are made from the same sheet, so none of
//! them can show what the others leave out.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::Serialize;
use shirube_model::lang::{Lang, LocalText};
use shirube_model::refusal::{text, text_with};

use crate::report::{Evidence, MeasureReport, Party, Report, Stage};
use crate::value::IndicatorValue;

/// A report in one language.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Sheet {
    pub(crate) lang: &'static str,
    pub(crate) title: String,
    pub(crate) subtitle: String,
    /// What the reader must know before any number.
    pub(crate) notices: Vec<String>,
    pub(crate) facts: Vec<Fact>,
    pub(crate) contents: String,
    pub(crate) measures: Vec<Part>,
}

/// One measure.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Part {
    /// Measure id.
    pub(crate) id: String,
    pub(crate) heading: String,
    pub(crate) facts: Vec<Fact>,
    pub(crate) texts: Vec<Fact>,
    pub(crate) tables: Vec<Table>,
}

/// A label and what it says.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Fact {
    pub(crate) label: String,
    pub(crate) text: String,
}

/// A table; tables of one `key` have the same columns in every measure.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Table {
    #[serde(skip)]
    pub(crate) key: &'static str,
    pub(crate) caption: String,
    pub(crate) head: Vec<String>,
    pub(crate) rows: Vec<Vec<Cell>>,
}

/// One cell.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Cell {
    Text(String),
    Number(Decimal),
    Nothing,
}

impl Cell {
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Number(number) => grouped(*number),
            Self::Nothing => "—".to_owned(),
        }
    }

    pub(crate) const fn is_number(&self) -> bool {
        matches!(self, Self::Number(_))
    }
}

impl Serialize for Cell {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        (self.is_number(), self.text()).serialize(to)
    }
}

/// Digits in groups of three, every digit after the point kept.
fn grouped(number: Decimal) -> String {
    let plain = number.normalize().to_string();
    let (sign, digits) = plain.strip_prefix('-').map_or(("", plain.as_str()), |rest| ("-", rest));
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let mut out = sign.to_owned();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if !part.is_empty() {
        out.push('.');
        out.push_str(part);
    }
    out
}

/// Lays a report out.
pub(crate) fn sheet(report: &Report, lang: Lang) -> Sheet {
    let at = Layout { lang };
    let mut notices = Vec::new();
    if report.evidence == Evidence::Demo {
        notices.push(at.say("report.notice.demo"));
    }
    if report.stage == Stage::Draft {
        notices.push(at.say("report.notice.draft"));
    }
    Sheet {
        lang: lang.tag(),
        title: report.cycle.get(lang).to_owned(),
        subtitle: report.ministry.name.get(lang).to_owned(),
        notices,
        facts: vec![
            at.fact("report.fact.plan", report.plan.get(lang)),
            at.fact("report.fact.year", report.fiscal_year),
            at.fact("report.fact.as-of", report.as_of),
            at.fact("report.fact.made-on", report.made_on),
            at.fact("report.fact.stage", at.say(stage_key(report.stage))),
            at.fact("report.fact.evidence", at.say(evidence_key(report.evidence))),
            at.fact("report.fact.measures", report.measures.len()),
            at.fact("report.fact.pack", &report.pack_hash),
        ],
        contents: at.say("report.contents"),
        measures: report.measures.iter().map(|measure| at.part(measure)).collect(),
    }
}

const fn stage_key(stage: Stage) -> &'static str {
    match stage {
        Stage::Draft => "report.stage.draft",
        Stage::Approved => "report.stage.approved",
    }
}

pub(crate) const fn evidence_key(evidence: Evidence) -> &'static str {
    match evidence {
        Evidence::Live => "report.evidence.live",
        Evidence::Demo => "report.evidence.demo",
    }
}

struct Layout {
    lang: Lang,
}

impl Layout {
    fn say(&self, key: &str) -> String {
        text(self.lang, key)
    }

    fn fact(&self, key: &str, value: impl ToString) -> Fact {
        Fact { label: self.say(key), text: value.to_string() }
    }

    fn local(&self, both: &LocalText) -> Cell {
        Cell::Text(both.get(self.lang).to_owned())
    }

    fn part(&self, measure: &MeasureReport) -> Part {
        let mut facts = vec![
            self.fact("report.measure.section", measure.section.get(self.lang)),
            self.fact("report.measure.state", measure.state.get(self.lang)),
        ];
        let names: Vec<&str> =
            measure.participants.iter().map(|party| party.name.get(self.lang)).collect();
        if !names.is_empty() {
            let between = if self.lang == Lang::Ja { "、" } else { ", " };
            facts.push(self.fact("report.measure.participants", names.join(between)));
        }
        if let Some(assessment) = &measure.assessment {
            facts.push(self.fact("report.measure.assessment", assessment.get(self.lang)));
        }
        if let Some(day) = measure.approved_on {
            facts.push(self.fact("report.measure.approved-on", day));
        }
        if let Some(digest) = &measure.approved_digest {
            facts.push(self.fact("report.measure.digest", digest));
        }
        let texts = [
            ("report.measure.last-promises", &measure.last_promises),
            ("report.measure.progress", &measure.progress),
            ("report.measure.gaps", &measure.gaps),
            ("report.measure.promises", &measure.promises),
        ];
        let said =
            |(key, text): (&str, &Option<String>)| text.as_ref().map(|text| self.fact(key, text));
        Part {
            id: measure.measure.clone(),
            heading: format!("{}  {}", measure.measure, measure.summary.get(self.lang)),
            facts,
            texts: texts.into_iter().filter_map(said).collect(),
            tables: self.tables(measure),
        }
    }

    /// Every table of a measure; those without rows are left to the outputs.
    fn tables(&self, measure: &MeasureReport) -> Vec<Table> {
        vec![
            self.values(&measure.values),
            self.series(&measure.values),
            self.stamps(&measure.values),
            self.contributions(measure),
            self.budget(measure),
            self.requests(measure),
            self.actions(measure),
            self.answered(measure),
        ]
    }

    fn table(&self, key: &'static str, columns: &[&str], rows: Vec<Vec<Cell>>) -> Table {
        let head = columns.iter().map(|column| self.say(&format!("report.column.{column}")));
        Table { key, caption: self.say(&format!("report.table.{key}")), head: head.collect(), rows }
    }

    fn values(&self, values: &[IndicatorValue]) -> Table {
        let columns =
            ["indicator", "name", "value", "unit", "target", "target-by", "status", "evidence"];
        let row = |value: &IndicatorValue| {
            vec![
                Cell::Text(value.indicator.clone()),
                self.local(&value.name),
                number(value.value),
                self.local(&value.unit_name),
                number(value.target),
                date(value.target_by),
                Cell::Text(self.say(&format!("status.{}", value.status.code()))),
                Cell::Text(self.say(evidence_key(value.evidence))),
            ]
        };
        self.table("values", &columns, values.iter().map(row).collect())
    }

    fn series(&self, values: &[IndicatorValue]) -> Table {
        let columns = ["indicator", "year", "complete", "level", "value", "path"];
        let rows = values.iter().flat_map(|value| {
            value.years.iter().map(|point| {
                let complete = if point.complete { "report.yes" } else { "report.not-yet" };
                vec![
                    Cell::Text(value.indicator.clone()),
                    Cell::Text(point.year.to_string()),
                    Cell::Text(self.say(complete)),
                    Cell::Number(point.level),
                    number(point.value),
                    number(point.path),
                ]
            })
        });
        self.table("series", &columns, rows.collect())
    }

    fn stamps(&self, values: &[IndicatorValue]) -> Table {
        let columns = ["indicator", "as-of", "definition", "ledger", "software", "digest", "kept"];
        let row = |value: &IndicatorValue| {
            let stamp = &value.stamp;
            let short = |hash: &str| hash.chars().take(12).collect::<String>();
            let version = [
                ("version", stamp.definition_version.to_string()),
                ("hash", short(&stamp.definition_hash)),
            ];
            let ledger =
                [("seq", stamp.ledger_seq.to_string()), ("hash", short(&stamp.ledger_hash))];
            vec![
                Cell::Text(value.indicator.clone()),
                date(Some(value.as_of)),
                Cell::Text(text_with(self.lang, "report.stamp.definition", &version)),
                Cell::Text(text_with(self.lang, "report.stamp.ledger", &ledger)),
                Cell::Text(stamp.software.clone()),
                Cell::Text(value.digest.clone()),
                value.kept.map_or(Cell::Nothing, |kept| Cell::Text(kept.to_string())),
            ]
        };
        self.table("stamps", &columns, values.iter().map(row).collect())
    }

    fn contributions(&self, measure: &MeasureReport) -> Table {
        let columns = ["ministry", "contributed-on", "progress", "gaps", "promises"];
        let rows = measure.contributions.iter().map(|one| {
            vec![
                self.party(&one.party),
                date(one.contributed_on),
                words(one.progress.as_ref()),
                words(one.gaps.as_ref()),
                words(one.promises.as_ref()),
            ]
        });
        self.table("contributions", &columns, rows.collect())
    }

    fn party(&self, party: &Party) -> Cell {
        self.local(&party.name)
    }

    fn budget(&self, measure: &MeasureReport) -> Table {
        let columns = ["programme", "year", "initial", "executed", "requested", "record"];
        let rows = measure.budget.iter().map(|line| {
            vec![
                Cell::Text(line.name.clone()),
                Cell::Text(line.fiscal_year.to_string()),
                yen(line.initial_yen),
                yen(line.executed_yen),
                yen(line.requested_yen),
                Cell::Text(line.programme.clone()),
            ]
        });
        self.table("budget", &columns, rows.collect())
    }

    fn requests(&self, measure: &MeasureReport) -> Table {
        let columns = ["request", "year", "requested", "adjusted", "reason", "decided", "state"];
        let rows = measure.requests.iter().map(|request| {
            vec![
                Cell::Text(request.title.clone()),
                Cell::Text(request.fiscal_year.to_string()),
                yen(Some(request.requested_yen)),
                yen(request.adjusted_yen),
                words(request.adjustment_reason.as_ref()),
                yen(request.decided_yen),
                self.local(&request.state),
            ]
        });
        self.table("requests", &columns, rows.collect())
    }

    fn actions(&self, measure: &MeasureReport) -> Table {
        let columns = ["finding", "action", "owner", "due", "state", "result"];
        let rows = measure.actions.iter().map(|action| {
            vec![
                Cell::Text(action.finding.clone()),
                Cell::Text(action.action.clone()),
                self.party(&action.owner),
                date(Some(action.due_on)),
                self.local(&action.state),
                words(action.result.as_ref()),
            ]
        });
        self.table("actions", &columns, rows.collect())
    }

    fn answered(&self, measure: &MeasureReport) -> Table {
        let columns = ["from", "on", "subject", "said", "answer"];
        let rows = measure.answered.iter().map(|one| {
            vec![
                self.local(&one.from),
                date(Some(one.on)),
                Cell::Text(one.subject.clone()),
                Cell::Text(one.text.clone()),
                words(one.answer.as_ref()),
            ]
        });
        self.table("answered", &columns, rows.collect())
    }
}

fn number(value: Option<Decimal>) -> Cell {
    value.map_or(Cell::Nothing, Cell::Number)
}

fn yen(value: Option<i64>) -> Cell {
    number(value.map(Decimal::from))
}

fn date(day: Option<NaiveDate>) -> Cell {
    day.map_or(Cell::Nothing, |day| Cell::Text(day.to_string()))
}

fn words(text: Option<&String>) -> Cell {
    text.map_or(Cell::Nothing, |text| Cell::Text(text.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_every_digit() {
        for (number, shown) in [
            ("0", "0"),
            ("999", "999"),
            ("1000", "1,000"),
            ("-1234567.8900", "-1,234,567.89"),
            ("0.3333333333333333333333333333", "0.3333333333333333333333333333"),
        ] {
            assert_eq!(grouped(number.parse().unwrap()), shown);
        }
    }
}
