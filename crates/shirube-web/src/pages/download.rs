//! An indicator as a file: CSV for spreadsheets, JSON for programs, both with
//! where every value comes from.

use axum::http::header;
use axum::response::{IntoResponse, Response};
use rust_decimal::Decimal;
use shirube_model::indicator::{Indicator, Outcome, Stamp};
use shirube_model::refusal::Refusal;
use shirube_pack::Pack;

use crate::api::{Answer, IndicatorBody};
use crate::pages::indicator::write_reading;
use crate::request::{Ctx, Page};

/// Forms of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Csv,
    Json,
}

impl Form {
    /// The form a file name ends with.
    pub(crate) fn of(ending: &str) -> Option<Self> {
        match ending {
            "csv" => Some(Self::Csv),
            "json" => Some(Self::Json),
            _ => None,
        }
    }

    const fn ending(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Json => "json",
        }
    }

    const fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Json => "application/json",
        }
    }
}

/// Sends an indicator with all its readings.
pub(crate) async fn indicator(ctx: &Ctx, id: &str, form: Form) -> Page {
    let pack = ctx.state.pack();
    let missing = || Refusal::new("web.not-found.indicator").arg("id", id);
    let indicator = pack.indicator(id).ok_or_else(|| ctx.refuse(missing()))?;
    let board =
        ctx.state.engine().board(ctx.as_of.day).await.map_err(|refusal| ctx.refuse(refusal))?;
    let result = board.result(id).ok_or_else(|| ctx.refuse(missing()))?;
    let evidence = ctx.state.evidence();
    let text = match form {
        Form::Json => {
            let content = IndicatorBody::new(indicator, result);
            serde_json::to_string_pretty(&Answer { evidence, content }).unwrap_or_default()
        }
        Form::Csv => {
            let mut sheet = Sheet::new(pack, indicator, evidence, &result.stamp);
            sheet.outcome("headline", result.status.code(), &result.headline);
            for (reading, outcome) in &result.readings {
                sheet.outcome(&write_reading(reading), outcome.status.code(), outcome);
            }
            sheet.text
        }
    };
    Ok(file(ctx, &format!("{id}-{}", ctx.as_of.day), form, text))
}

fn file(ctx: &Ctx, name: &str, form: Form, text: String) -> Response {
    let mark = if ctx.state.demo() { "demo-" } else { "" };
    let disposition = format!("attachment; filename=\"{mark}{name}.{}\"", form.ending());
    let headers = [
        (header::CONTENT_TYPE, form.media_type().to_owned()),
        (header::CONTENT_DISPOSITION, disposition),
    ];
    (headers, text).into_response()
}

/// Columns of the CSV file. Where a value comes from stands in every row, so
/// that rows may be copied into other tables without losing it.
const COLUMNS: [&str; 26] = [
    "evidence",
    "indicator",
    "name_ja",
    "name_en",
    "as_of",
    "reading",
    "row",
    "year",
    "complete",
    "code",
    "level",
    "value",
    "path",
    "target",
    "numerator",
    "denominator",
    "unit",
    "status",
    "pack",
    "pack_version",
    "pack_hash",
    "definition_version",
    "definition_hash",
    "ledger_seq",
    "software",
    "digest",
];

/// A CSV text being written.
struct Sheet<'a> {
    pack: &'a Pack,
    indicator: &'a Indicator,
    evidence: &'static str,
    stamp: &'a Stamp,
    text: String,
}

/// What differs between the rows of an outcome.
#[derive(Default)]
struct Cells {
    row: &'static str,
    year: String,
    complete: &'static str,
    code: String,
    level: String,
    value: String,
    path: String,
}

fn plain(value: Option<Decimal>) -> String {
    value.map_or_else(String::new, |value| value.normalize().to_string())
}

impl<'a> Sheet<'a> {
    fn new(
        pack: &'a Pack,
        indicator: &'a Indicator,
        evidence: &'static str,
        stamp: &'a Stamp,
    ) -> Self {
        // The mark tells spreadsheet programs that the file is UTF-8.
        let mut sheet = Self { pack, indicator, evidence, stamp, text: String::from('\u{feff}') };
        sheet.line(COLUMNS.iter().map(|name| (*name).to_owned()));
        sheet
    }

    fn line(&mut self, cells: impl Iterator<Item = String>) {
        let cells: Vec<String> = cells.map(|cell| quoted(&cell)).collect();
        self.text.push_str(&cells.join(","));
        self.text.push_str("\r\n");
    }

    fn outcome(&mut self, reading: &str, status: &str, outcome: &Outcome) {
        let headline = Cells {
            row: "headline",
            year: outcome.headline_year.map_or_else(String::new, |year| year.to_string()),
            value: plain(outcome.value),
            path: plain(outcome.expected),
            ..Cells::default()
        };
        self.row(reading, status, outcome, headline);
        for year in &outcome.years {
            let cells = Cells {
                row: "year",
                year: year.year.to_string(),
                complete: if year.complete { "true" } else { "false" },
                level: plain(Some(year.level)),
                value: plain(year.value),
                path: plain(year.path),
                ..Cells::default()
            };
            self.row(reading, status, outcome, cells);
        }
        for group in &outcome.groups {
            for row in &group.rows {
                let cells = Cells {
                    row: "group",
                    code: format!("{}={}", group.id, row.code),
                    value: plain(Some(row.value)),
                    ..Cells::default()
                };
                self.row(reading, status, outcome, cells);
            }
        }
    }

    fn row(&mut self, reading: &str, status: &str, outcome: &Outcome, cells: Cells) {
        let (pack, stamp) = (&self.pack.info, self.stamp);
        let all = [
            self.evidence.to_owned(),
            text_cell(&self.indicator.id),
            text_cell(&self.indicator.name.ja),
            text_cell(&self.indicator.name.en),
            outcome.as_of.to_string(),
            text_cell(reading),
            cells.row.to_owned(),
            cells.year,
            cells.complete.to_owned(),
            text_cell(&cells.code),
            cells.level,
            cells.value,
            cells.path,
            plain(outcome.target),
            plain(Some(outcome.numerator)),
            plain(outcome.denominator),
            text_cell(&self.indicator.unit),
            status.to_owned(),
            text_cell(&pack.id),
            text_cell(&pack.version),
            stamp.pack_hash.clone(),
            stamp.definition_version.to_string(),
            stamp.definition_hash.clone(),
            stamp.ledger_seq.to_string(),
            stamp.software.clone(),
            outcome.digest.clone(),
        ];
        self.line(all.into_iter());
    }
}

/// A text that a spreadsheet program will not take for a formula.
pub(crate) fn text_cell(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

pub(crate) fn quoted(cell: &str) -> String {
    if cell.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_survive_spreadsheets() {
        assert_eq!(quoted("a,\"b\""), "\"a,\"\"b\"\"\"");
        assert_eq!(text_cell("=1+1"), "'=1+1");
        assert_eq!(text_cell("治験"), "治験");
    }
}
