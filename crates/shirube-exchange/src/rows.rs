//! Cutting an input into rows: exact bytes, place, and what is wrong with the
//! outer form. Memory stays within one row whatever the file holds.

use std::io::Read;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;
use shirube_model::refusal::Refusal;

use crate::decode::Encoding;
use crate::limits::Limits;

/// Bytes read at a time.
const CHUNK: usize = 64 << 10;

/// Outer form of an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Comma-separated values with a header row, quoted as in RFC 4180.
    Csv,
    /// One JSON object a line.
    Ndjson,
}

/// How to cut and read an input.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) format: Format,
    pub(crate) encoding: Encoding,
    /// Separator of columns, ASCII.
    pub(crate) delimiter: u8,
    pub(crate) limits: Limits,
}

/// One row as it stands in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RawRow {
    /// Data row, from 1.
    pub(crate) number: u64,
    /// Line it starts on, from 1.
    pub(crate) line: u64,
    /// Offset of its first byte.
    pub(crate) from: u64,
    /// Offset after its line end.
    pub(crate) to: u64,
    /// The row without its line end; cut off where `form` says too long.
    pub(crate) bytes: Vec<u8>,
    /// What is wrong with the outer form.
    pub(crate) form: Form,
}

/// What can be wrong with the outer form of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Sound,
    /// Longer than the limit.
    TooLong,
    /// A quote is opened and not closed.
    QuoteOpen,
}

/// Where the scan of a row stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    CellStart,
    Bare,
    Quoted,
    /// After a quote within quotes: the end, or one half of a doubled quote.
    QuoteSeen,
}

/// The rows of an input, in order. Blank lines are passed over.
#[derive(Debug)]
pub(crate) struct Rows<R> {
    source: R,
    shape: Shape,
    buffer: Vec<u8>,
    start: usize,
    ended: bool,
    offset: u64,
    line: u64,
    number: u64,
}

impl<R: Read> Rows<R> {
    /// Starts after a byte order mark, if there is one.
    pub(crate) fn new(source: R, shape: Shape) -> std::io::Result<Self> {
        let mut rows = Self {
            source,
            shape,
            buffer: Vec::new(),
            start: 0,
            ended: false,
            offset: 0,
            line: 1,
            number: 0,
        };
        while rows.buffer.len() < 3 && !rows.ended {
            rows.fill()?;
        }
        if rows.buffer.starts_with(b"\xef\xbb\xbf") {
            rows.start = 3;
            rows.offset = 3;
        }
        Ok(rows)
    }

    /// Numbers the next row 1: what came before was the header.
    pub(crate) fn header_read(&mut self) {
        self.number = 0;
    }

    /// The next row, or `None` at the end.
    pub(crate) fn next_row(&mut self) -> std::io::Result<Option<RawRow>> {
        loop {
            let Some(row) = self.cut_row()? else { return Ok(None) };
            if row.form != Form::Sound || !row.bytes.iter().all(u8::is_ascii_whitespace) {
                self.number += 1;
                return Ok(Some(RawRow { number: self.number, ..row }));
            }
        }
    }

    fn fill(&mut self) -> std::io::Result<()> {
        if self.start > 0 {
            self.buffer.drain(..self.start);
            self.start = 0;
        }
        let before = self.buffer.len();
        self.buffer.resize(before + CHUNK, 0);
        let read = loop {
            let space = self.buffer.get_mut(before..).unwrap_or_default();
            match self.source.read(space) {
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                other => break other,
            }
        };
        self.buffer.truncate(before + *read.as_ref().unwrap_or(&0));
        self.ended = read? == 0;
        Ok(())
    }

    fn cut_row(&mut self) -> std::io::Result<Option<RawRow>> {
        let mut state = State::CellStart;
        let mut length = 0;
        loop {
            let Some(&byte) = self.buffer.get(self.start + length) else {
                if self.ended {
                    break;
                }
                self.fill()?;
                continue;
            };
            length += 1;
            state = self.step(state, byte);
            if byte == b'\n' && state != State::Quoted {
                return Ok(Some(self.take(length, Form::Sound)));
            }
            if length > self.shape.limits.row_bytes {
                return self.cut_long_row(state).map(Some);
            }
        }
        if length == 0 {
            return Ok(None);
        }
        if state == State::Quoted {
            return self.cut_long_row(state).map(Some);
        }
        Ok(Some(self.take(length, Form::Sound)))
    }

    fn step(&self, state: State, byte: u8) -> State {
        if self.shape.format == Format::Ndjson {
            return State::Bare;
        }
        match (state, byte) {
            (State::CellStart | State::QuoteSeen, b'"') => State::Quoted,
            (State::Quoted, b'"') => State::QuoteSeen,
            (State::Quoted, _) => State::Quoted,
            (_, byte) if byte == self.shape.delimiter => State::CellStart,
            _ => State::Bare,
        }
    }

    /// Within an open quote the row ends at its first line end, so that one
    /// forgotten quote costs one row and not the rest of the file. Otherwise the
    /// start of the row is kept and the rest of its line passed over.
    fn cut_long_row(&mut self, state: State) -> std::io::Result<RawRow> {
        let limit = self.shape.limits.row_bytes;
        let seen = self.buffer.get(self.start..).unwrap_or_default();
        let first_line = seen.iter().take(limit).position(|byte| *byte == b'\n');
        if state == State::Quoted {
            if let Some(at) = first_line {
                return Ok(self.take(at + 1, Form::QuoteOpen));
            }
            if self.ended && seen.len() <= limit {
                let length = seen.len();
                return Ok(self.take(length, Form::QuoteOpen));
            }
        }
        let length = limit.min(seen.len());
        let mut row = self.take(length, Form::TooLong);
        loop {
            let rest = self.buffer.get(self.start..).unwrap_or_default();
            if let Some(at) = rest.iter().position(|byte| *byte == b'\n') {
                self.take(at + 1, Form::TooLong);
                break;
            }
            let length = rest.len();
            self.take(length, Form::TooLong);
            if self.ended {
                break;
            }
            self.fill()?;
        }
        row.to = self.offset;
        Ok(row)
    }

    /// Takes `length` bytes as a row.
    fn take(&mut self, length: usize, form: Form) -> RawRow {
        let end = self.start + length;
        let all = self.buffer.get(self.start..end).unwrap_or_default();
        let mut bytes = all;
        if form != Form::TooLong {
            bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
            bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
        }
        let breaks = all.iter().filter(|byte| **byte == b'\n').count();
        let row = RawRow {
            number: 0,
            line: self.line,
            from: self.offset,
            to: self.offset + length as u64,
            bytes: bytes.to_vec(),
            form,
        };
        self.line += breaks as u64;
        self.offset = row.to;
        self.start = end;
        row
    }
}

/// The cells of a row: in the order of the header, or by key.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Cells {
    Table(Vec<String>),
    Object(Vec<(String, Value)>),
}

/// Reads the cells of a row.
pub(crate) fn read_cells(row: &RawRow, shape: &Shape) -> Result<Cells, Refusal> {
    match row.form {
        Form::Sound => {}
        Form::TooLong => {
            return Err(Refusal::new("import.row.too-long").arg("limit", shape.limits.row_bytes));
        }
        Form::QuoteOpen => return Err(Refusal::new("import.row.quote-open")),
    }
    if row.bytes.contains(&0) {
        return Err(Refusal::new("import.row.nul"));
    }
    let Some(text) = shape.encoding.decode(&row.bytes) else {
        return Err(Refusal::new("import.row.encoding").arg("encoding", shape.encoding.label()));
    };
    match shape.format {
        Format::Csv => {
            let cells = split_cells(&text, char::from(shape.delimiter))?;
            check_cells(cells.iter().map(String::len), &shape.limits)?;
            Ok(Cells::Table(cells))
        }
        Format::Ndjson => {
            let object = read_object(&text)?;
            check_cells(object.iter().map(|(_, value)| text_bytes(value)), &shape.limits)?;
            Ok(Cells::Object(object))
        }
    }
}

fn check_cells(
    sizes: impl ExactSizeIterator<Item = usize>,
    limits: &Limits,
) -> Result<(), Refusal> {
    if sizes.len() > limits.columns {
        return Err(Refusal::new("import.row.too-many-columns").arg("limit", limits.columns));
    }
    for (index, size) in sizes.enumerate() {
        if size > limits.cell_bytes {
            return Err(Refusal::new("import.row.cell-too-long")
                .arg("limit", limits.cell_bytes)
                .arg("column", index + 1));
        }
    }
    Ok(())
}

/// Bytes of the longest text in a JSON value.
fn text_bytes(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(text_bytes).max().unwrap_or(0),
        Value::Object(map) => map.values().map(text_bytes).max().unwrap_or(0),
        _ => 0,
    }
}

/// Cuts a row at its delimiters.
pub(crate) fn split_cells(text: &str, delimiter: char) -> Result<Vec<String>, Refusal> {
    let mut cells = Vec::new();
    let mut cell = String::new();
    let mut state = State::CellStart;
    for c in text.chars() {
        state = match (state, c) {
            (State::Quoted, '"') => State::QuoteSeen,
            (State::Quoted, _) => {
                cell.push(c);
                State::Quoted
            }
            (State::CellStart, '"') => State::Quoted,
            (State::QuoteSeen, '"') => {
                cell.push('"');
                State::Quoted
            }
            (_, c) if c == delimiter => {
                cells.push(std::mem::take(&mut cell));
                State::CellStart
            }
            (State::QuoteSeen, _) => {
                return Err(Refusal::new("import.row.quote-stray").arg("column", cells.len() + 1));
            }
            _ => {
                cell.push(c);
                State::Bare
            }
        };
    }
    if state == State::Quoted {
        return Err(Refusal::new("import.row.quote-open"));
    }
    cells.push(cell);
    Ok(cells)
}

/// The entries of a JSON object in the order of the text, each key once.
fn read_object(text: &str) -> Result<Vec<(String, Value)>, Refusal> {
    let entries: Entries = serde_json::from_str(text).map_err(|error| {
        // Only the place is told: the reader's own words may quote a value.
        if error.is_data() {
            Refusal::new("import.json.not-an-object")
        } else {
            Refusal::new("import.json.unreadable").arg("column", error.column())
        }
    })?;
    let mut keys: Vec<&str> = entries.0.iter().map(|(key, _)| key.as_str()).collect();
    keys.sort_unstable();
    if let Some([twice, _]) = keys.windows(2).find(|pair| pair.first() == pair.last()) {
        return Err(Refusal::new("import.json.key-twice").arg("key", twice));
    }
    Ok(entries.0)
}

/// A JSON object that keeps a key that stands twice, instead of dropping one.
struct Entries(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Entries;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }
        deserializer.deserialize_map(Reader)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shape(format: Format, row_bytes: usize) -> Shape {
        let limits = Limits { row_bytes, ..Limits::default() };
        Shape { format, encoding: Encoding::Utf8, delimiter: b',', limits }
    }

    fn all(input: &[u8], shape: Shape) -> Vec<RawRow> {
        let mut rows = Rows::new(input, shape).unwrap();
        let mut out = Vec::new();
        while let Some(row) = rows.next_row().unwrap() {
            out.push(row);
        }
        out
    }

    fn texts(input: &str, row_bytes: usize) -> Vec<(String, Form, u64)> {
        all(input.as_bytes(), shape(Format::Csv, row_bytes))
            .into_iter()
            .map(|row| (String::from_utf8(row.bytes).unwrap(), row.form, row.line))
            .collect()
    }

    #[test]
    fn rows_end_at_line_ends_outside_quotes() {
        let rows = texts("\u{feff}a,b\r\n1,\"x\ny\"\n\n2,\"\"\"q\"\"\"", 100);
        let expected = [
            ("a,b", Form::Sound, 1),
            ("1,\"x\ny\"", Form::Sound, 2),
            ("2,\"\"\"q\"\"\"", Form::Sound, 5),
        ];
        assert_eq!(rows, expected.map(|(text, form, line)| (text.to_owned(), form, line)));
    }

    #[test]
    fn an_open_quote_costs_one_row() {
        let rows = texts("1,\"x\n2,y\n3,z\n", 100);
        let expected =
            [("1,\"x", Form::QuoteOpen, 1), ("2,y", Form::Sound, 2), ("3,z", Form::Sound, 3)];
        assert_eq!(rows, expected.map(|(text, form, line)| (text.to_owned(), form, line)));
        // The same where the limit is met before the end of the file.
        let rows = texts(&format!("1,\"x\n2,y\n{}", "3,z\n".repeat(30)), 20);
        assert_eq!(rows[0].1, Form::QuoteOpen);
        assert_eq!(rows.len(), 32);
        assert!(rows[1..].iter().all(|row| row.1 == Form::Sound));
    }

    #[test]
    fn a_long_row_is_cut_and_the_next_one_read() {
        let input = format!("{}\nshort\n{}", "x".repeat(300_000), "y".repeat(50));
        let rows = all(input.as_bytes(), shape(Format::Csv, 40));
        assert_eq!(rows.len(), 3);
        assert_eq!((rows[0].form, rows[0].bytes.len(), rows[0].to), (Form::TooLong, 40, 300_001));
        assert_eq!((rows[1].form, rows[1].bytes.as_slice()), (Form::Sound, b"short".as_slice()));
        assert_eq!((rows[2].form, rows[2].line, rows[2].number), (Form::TooLong, 3, 3));
    }

    #[test]
    fn bad_rows_are_refused_by_code() {
        let cases: [(Format, &[u8], &str); 11] = [
            (Format::Csv, b"a\0b", "import.row.nul"),
            (Format::Csv, b"a,\xff", "import.row.encoding"),
            (Format::Csv, b"\"a\"b,c", "import.row.quote-stray"),
            (Format::Csv, b"\"a", "import.row.quote-open"),
            (Format::Csv, b"a,b,c,d,e", "import.row.too-many-columns"),
            (Format::Csv, b"a,bbbbbbbbbbb", "import.row.cell-too-long"),
            (
                Format::Csv,
                b"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                "import.row.too-long",
            ),
            (Format::Ndjson, b"{\"a\":1,\"a\":2}", "import.json.key-twice"),
            (Format::Ndjson, b"[1]", "import.json.not-an-object"),
            (Format::Ndjson, b"{\"a\":", "import.json.unreadable"),
            (Format::Ndjson, b"{\"a\":[\"bbbbbbbbbbb\"]}", "import.row.cell-too-long"),
        ];
        for (format, input, code) in cases {
            let mut shape = shape(format, 40);
            shape.limits.cell_bytes = 10;
            shape.limits.columns = 4;
            let rows = all(input, shape);
            assert_eq!(read_cells(&rows[0], &shape).unwrap_err().code, code);
        }
        let deep = format!("{{\"a\":{}", "[".repeat(5_000));
        let shape = shape(Format::Ndjson, 10_000);
        let rows = all(deep.as_bytes(), shape);
        assert_eq!(read_cells(&rows[0], &shape).unwrap_err().code, "import.json.unreadable");
    }

    proptest! {
        #[test]
        fn no_byte_is_lost(input in proptest::collection::vec(
            prop_oneof![Just(b'"'), Just(b'\n'), Just(b','), Just(b'\r'), Just(b'a'), any::<u8>()],
            0..200,
        ), limit in 1usize..40) {
            for format in [Format::Csv, Format::Ndjson] {
                let rows = all(&input, shape(format, limit));
                let mut at = 0u64;
                for row in &rows {
                    // Between rows there is nothing but blank lines.
                    let gap = &input[usize::try_from(at).unwrap()..usize::try_from(row.from).unwrap()];
                    prop_assert!(gap.iter().all(u8::is_ascii_whitespace) || gap == b"\xef\xbb\xbf");
                    let from = usize::try_from(row.from).unwrap();
                    prop_assert_eq!(&input[from..from + row.bytes.len()], row.bytes.as_slice());
                    at = row.to;
                }
                prop_assert!(input[usize::try_from(at).unwrap()..].iter().all(u8::is_ascii_whitespace)
                    || input == b"\xef\xbb\xbf");
            }
        }

        #[test]
        fn written_rows_are_cut_into_their_cells(cells in proptest::collection::vec(
            r#"[",\n\r a]{0,5}|\PC{0,6}"#, 1..5,
        )) {
            let mut writer = csv::Writer::from_writer(Vec::new());
            writer.write_record(&cells).unwrap();
            let bytes = writer.into_inner().unwrap();
            let shape = shape(Format::Csv, 1_000);
            let rows = all(&bytes, shape);
            if cells.iter().any(|cell| !cell.is_empty()) && !bytes.iter().all(u8::is_ascii_whitespace) {
                prop_assert_eq!(rows.len(), 1);
                prop_assert_eq!(read_cells(&rows[0], &shape).unwrap(), Cells::Table(cells));
            }
        }
    }
}
