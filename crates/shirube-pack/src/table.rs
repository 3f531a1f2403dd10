//! CSV tables: a header row, then rows of trimmed cells with their lines.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use shirube_model::calendar::parse_date;
use shirube_model::lang::LocalText;
use shirube_model::refusal::Refusal;

use crate::fault::Sink;

/// Most rows of one table.
pub const ROWS_MAX: usize = 100_000;

/// Columns of a table: those that must be there, then those that may be.
pub(crate) struct Columns<'a> {
    pub(crate) must: &'a [&'a str],
    pub(crate) may: &'a [&'a str],
}

/// A table whose rows all have one cell for each column of the header.
pub(crate) struct Table<'a> {
    file: &'a str,
    index: BTreeMap<String, usize>,
    rows: Vec<(u64, csv::StringRecord)>,
}

/// One row.
#[derive(Clone, Copy)]
pub(crate) struct Row<'a> {
    table: &'a Table<'a>,
    pub(crate) line: u64,
    record: &'a csv::StringRecord,
    sink: &'a Sink,
}

impl<'a> Table<'a> {
    /// Reads a table. Rows with a fault are left out and their faults pushed.
    pub(crate) fn read(file: &'a str, text: &str, columns: &Columns<'_>, sink: &Sink) -> Self {
        let mut table = Self { file, index: BTreeMap::new(), rows: Vec::new() };
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .trim(csv::Trim::All)
            .from_reader(text.as_bytes());
        let mut lines = Lines { text: text.as_bytes(), at: 0, line: 1 };
        let mut width = None;
        for record in reader.records() {
            // The text is UTF-8 and rows may have any length, so nothing is
            // left for the reader to refuse.
            let Ok(record) = record else { break };
            let line = lines.line_of(record.position().map_or(0, csv::Position::byte));
            let Some(width) = width else {
                width = Some(record.len());
                table.header(&record, line, columns, sink);
                continue;
            };
            let refuse = |fault: Refusal| sink.push(fault.file(file).line(line));
            if record.iter().any(|cell| cell.contains(['\n', '\r'])) {
                refuse(Refusal::new("pack.csv.line-break"));
            } else if record.iter().all(str::is_empty) {
                // Spreadsheets leave rows of empty cells at the end.
            } else if record.len() != width {
                refuse(
                    Refusal::new("pack.csv.row-length")
                        .arg("found", record.len())
                        .arg("expected", width),
                );
            } else if table.rows.len() >= ROWS_MAX {
                refuse(Refusal::new("pack.csv.too-many-rows").arg("max", ROWS_MAX));
                break;
            } else {
                table.rows.push((line, record));
            }
        }
        if width.is_none() {
            table.header(&csv::StringRecord::new(), 1, columns, sink);
        }
        table
    }

    fn header(
        &mut self,
        record: &csv::StringRecord,
        line: u64,
        columns: &Columns<'_>,
        sink: &Sink,
    ) {
        let refuse = |code, column: &str| {
            let known = [columns.must, columns.may].concat().join(", ");
            let fault = Refusal::new(code).arg("column", column).arg("known", known);
            sink.push(fault.file(self.file).line(line));
        };
        let mut index = BTreeMap::new();
        for (at, name) in record.iter().enumerate() {
            if !columns.must.contains(&name) && !columns.may.contains(&name) {
                refuse("pack.csv.unknown-column", name);
            } else if index.insert(name.to_owned(), at).is_some() {
                refuse("pack.csv.repeated-column", name);
            }
        }
        for name in columns.must {
            if !index.contains_key(*name) {
                refuse("pack.csv.missing-column", name);
            }
        }
        self.index = index;
    }

    /// Rows in the order of the file.
    pub(crate) fn rows(&'a self, sink: &'a Sink) -> impl Iterator<Item = Row<'a>> {
        self.rows.iter().map(move |(line, record)| Row { table: self, line: *line, record, sink })
    }

    /// Lines of the rows.
    pub(crate) fn lines(&self) -> Vec<u64> {
        self.rows.iter().map(|(line, _)| *line).collect()
    }
}

impl Row<'_> {
    fn cell(&self, column: &str) -> &str {
        self.table.index.get(column).and_then(|at| self.record.get(*at)).unwrap_or_default()
    }

    pub(crate) fn refuse(&self, fault: Refusal, column: &str) {
        self.sink.push(fault.file(self.table.file).line(self.line).field(column));
    }

    /// Text that must be there. A missing column has its own fault already.
    pub(crate) fn text(&self, column: &str) -> String {
        let cell = self.cell(column);
        if cell.is_empty() && self.table.index.contains_key(column) {
            self.refuse(Refusal::new("pack.value.blank"), column);
        }
        cell.to_owned()
    }

    /// Text that may be absent.
    pub(crate) fn optional(&self, column: &str) -> Option<String> {
        Some(self.cell(column)).filter(|cell| !cell.is_empty()).map(str::to_owned)
    }

    /// Text in both languages.
    pub(crate) fn local(&self, ja: &str, en: &str) -> LocalText {
        LocalText::new(self.text(ja), self.text(en))
    }

    /// Text in both languages or in none.
    pub(crate) fn local_optional(&self, ja: &str, en: &str) -> Option<LocalText> {
        match (self.optional(ja), self.optional(en)) {
            (None, None) => None,
            (Some(ja), Some(en)) => Some(LocalText::new(ja, en)),
            (Some(_), None) => {
                self.refuse(Refusal::new("pack.value.blank"), en);
                None
            }
            (None, Some(_)) => {
                self.refuse(Refusal::new("pack.value.blank"), ja);
                None
            }
        }
    }

    /// Several values separated by `;`.
    pub(crate) fn list(&self, column: &str) -> Vec<String> {
        let parts = self.cell(column).split(';').map(str::trim);
        parts.filter(|part| !part.is_empty()).map(str::to_owned).collect()
    }

    /// A whole number from 1 that may be absent.
    pub(crate) fn number_optional(&self, column: &str) -> Option<u32> {
        let cell = self.cell(column);
        if cell.is_empty() {
            return None;
        }
        let number = cell.parse::<u32>().ok().filter(|number| *number > 0);
        if number.is_none() {
            self.refuse(Refusal::new("pack.value.not-a-number").arg("value", cell), column);
        }
        number
    }

    /// A whole number from 1.
    pub(crate) fn number(&self, column: &str) -> u32 {
        self.text(column);
        self.number_optional(column).unwrap_or_default()
    }

    /// A day that may be absent.
    pub(crate) fn date_optional(&self, column: &str) -> Option<NaiveDate> {
        let cell = self.cell(column);
        if cell.is_empty() {
            return None;
        }
        parse_date(cell).map_err(|fault| self.refuse(fault, column)).ok()
    }
}

/// Lines of byte offsets asked for in rising order. The CSV reader gives the
/// offset before any blank lines it skips, so the offset is moved past them.
struct Lines<'a> {
    text: &'a [u8],
    at: usize,
    line: u64,
}

impl Lines<'_> {
    fn line_of(&mut self, offset: u64) -> u64 {
        let offset = usize::try_from(offset).unwrap_or(usize::MAX);
        while let Some(byte) = self.text.get(self.at) {
            if self.at >= offset && !matches!(byte, b'\n' | b'\r') {
                break;
            }
            self.line += u64::from(*byte == b'\n');
            self.at += 1;
        }
        self.line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: Columns<'_> = Columns { must: &["id", "n"], may: &["on", "list"] };

    /// Lines and ids of rows; codes and lines of faults.
    type Outcome = (Vec<(u64, String)>, Vec<(&'static str, Option<u64>)>);

    fn read(text: &str) -> Outcome {
        let sink = Sink::default();
        let table = Table::read("t.csv", text, &COLUMNS, &sink);
        let rows = table
            .rows(&sink)
            .map(|row| {
                row.number("n");
                row.date_optional("on");
                (row.line, row.text("id"))
            })
            .collect();
        let faults = sink.into_vec().into_iter().map(|f| (f.code, f.place.line)).collect();
        (rows, faults)
    }

    #[test]
    fn lines_survive_blank_lines_crlf_and_quotes() {
        let (rows, faults) = read("\n\nid,n\r\n\r\n\"a, \"\"b\"\"\", 1 \n\n\n c ,2\n,\n");
        assert_eq!(rows, vec![(5, "a, \"b\"".to_owned()), (8, "c".to_owned())]);
        assert_eq!(faults, vec![]);
    }

    #[test]
    fn faults_of_a_table() {
        let cases: &[(&str, &str, u64)] = &[
            ("", "pack.csv.missing-column", 1),
            ("id\na\n", "pack.csv.missing-column", 1),
            ("id,n,x\na,1,2\n", "pack.csv.unknown-column", 1),
            ("id,n,n\na,1,2\n", "pack.csv.repeated-column", 1),
            ("id,n\na\n", "pack.csv.row-length", 2),
            ("id,n\na,1,2\n", "pack.csv.row-length", 2),
            ("id,n\nb,1\n\"a,1\nc,2\n", "pack.csv.line-break", 3),
            ("id,n\na,\n", "pack.value.blank", 2),
            ("id,n\na,x\n", "pack.value.not-a-number", 2),
            ("id,n\na,0\n", "pack.value.not-a-number", 2),
            ("id,n,on\na,1,2025-02-30\n", "core.date.unreadable", 2),
        ];
        for (text, code, line) in cases {
            let (_, faults) = read(text);
            assert!(faults.contains(&(code, Some(*line))), "{text:?}: {faults:?}");
        }
    }

    #[test]
    fn too_many_rows_are_refused_at_the_first_one_too_many() {
        let text = format!("id,n\n{}", "a,1\n".repeat(ROWS_MAX + 2));
        let (rows, faults) = read(&text);
        assert_eq!(rows.len(), ROWS_MAX);
        assert_eq!(faults, vec![("pack.csv.too-many-rows", Some(ROWS_MAX as u64 + 2))]);
    }
}
