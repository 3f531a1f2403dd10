//! The mapping file: which column feeds which field.
//!
//! ```toml
//! kind = "contract"               # register kind
//! source = "amed-contracts"       # system the keys belong to
//! key = ["契約番号"]               # column or columns of the source key
//! reason = "契約台帳の写し"         # reason of every event (optional)
//! encoding = "cp932"              # else found from the bytes (optional)
//! delimiter = ","                 # (optional)
//! ignore = ["備考"]                # columns left out on purpose (optional)
//!
//! [columns]
//! title = "件名"
//! contract_type = { column = "種別", codes = { "譲渡" = "assignment" } }
//! effective_on = { column = "発効日", date = "era" }
//! projects = { column = "課題番号", split = "、", system = "amed-find" }
//! taker_country = { column = "国", default = "JP" }
//!
//! [event]                         # (optional)
//! action = { column = "処理", codes = { "取消" = "withdraw" } }
//! ```
//!
//! A text in two languages takes `title.ja = "…"` and `title.en = "…"`; a value
//! that no column has is `{ const = "…" }`; `times = 1000` multiplies a number,
//! for columns in thousands of yen; money in one column a year is
//! `money = { years = { 2025 = "R7予算", 2026 = "R8予算" }, times = 1000 }`.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use sha2::{Digest, Sha256};
use shirube_model::refusal::Refusal;
use toml::{Table, Value};

use crate::codes::nearest_name;
use crate::decode::Encoding;
use crate::error::ExchangeError;

/// Bytes a mapping file may have.
const BYTES_MAX: usize = 1 << 20;

/// A mapping file, read.
#[derive(Debug, Clone, PartialEq)]
pub struct Mapping {
    /// Register kind.
    pub kind: Option<String>,
    /// System the source keys belong to.
    pub source: Option<String>,
    /// Encoding of the input.
    pub encoding: Option<Encoding>,
    /// Separator of columns.
    pub delimiter: Option<u8>,
    /// Reason of every event that has none of its own.
    pub reason: Option<String>,
    pub(crate) key: Vec<String>,
    pub(crate) ignore: Vec<String>,
    pub(crate) fields: BTreeMap<String, FieldMap>,
    pub(crate) event: EventMap,
    /// SHA-256 of the text, hex.
    pub(crate) digest: String,
}

/// Where one field comes from.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum FieldMap {
    Whole(Spec),
    Sides { ja: Option<Spec>, en: Option<Spec> },
    Years { columns: Vec<(i32, String)>, times: Option<Decimal> },
}

/// Where the parts of an event come from that are no fields.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct EventMap {
    pub(crate) action: Option<Spec>,
    pub(crate) reason: Option<Spec>,
    pub(crate) duplicate_of: Option<Spec>,
    pub(crate) recorded_at: Option<Spec>,
}

/// Where one value comes from and how it is read.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Spec {
    pub(crate) from: From,
    /// Taken where the cell is blank.
    pub(crate) default: Option<String>,
    /// Texts of the file and the codes they mean.
    pub(crate) codes: BTreeMap<String, String>,
    pub(crate) split: Option<char>,
    pub(crate) date: DateForm,
    /// System that the keys of a reference belong to.
    pub(crate) system: Option<String>,
    pub(crate) times: Option<Decimal>,
}

/// A column, or the same text for every row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum From {
    Column(String),
    Constant(String),
}

/// How days are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum DateForm {
    /// Any form that can be read without doubt.
    #[default]
    Any,
    /// With an era only.
    Era,
    /// `2025-04-01` only.
    Iso,
}

impl Spec {
    /// The cell of `column` as it is.
    pub(crate) fn column(column: impl Into<String>) -> Self {
        Self {
            from: From::Column(column.into()),
            default: None,
            codes: BTreeMap::new(),
            split: None,
            date: DateForm::Any,
            system: None,
            times: None,
        }
    }
}

impl Mapping {
    /// Reads a mapping file; `name` is used in messages.
    ///
    /// # Errors
    /// Every fault found, `import.mapping.*`.
    pub fn parse(name: &str, text: &str) -> Result<Self, ExchangeError> {
        let place = |refusal: Refusal| refusal.file(name);
        if text.len() > BYTES_MAX {
            return Err(
                place(Refusal::new("import.mapping.too-long").arg("limit", BYTES_MAX)).into()
            );
        }
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let table: Table = text.parse().map_err(|error: toml::de::Error| {
            let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
            let line = before.bytes().filter(|byte| *byte == b'\n').count() as u64 + 1;
            place(Refusal::new("import.mapping.syntax").line(line))
        })?;
        let mut reader = Reader { refusals: Vec::new() };
        let mut mapping = reader.mapping(&table);
        if !reader.refusals.is_empty() {
            return Err(reader.refusals.into_iter().map(place).collect::<Vec<_>>().into());
        }
        mapping.digest = hex::encode(Sha256::digest(text.as_bytes()));
        Ok(mapping)
    }
}

/// Reads tables and gathers every fault.
struct Reader {
    refusals: Vec<Refusal>,
}

const TOP: [&str; 9] =
    ["kind", "source", "key", "encoding", "delimiter", "reason", "ignore", "columns", "event"];
const EVENT: [&str; 4] = ["action", "reason", "duplicate_of", "recorded_at"];
const SPEC: [&str; 8] = ["column", "const", "default", "codes", "split", "date", "system", "times"];

impl Reader {
    fn refuse(&mut self, refusal: Refusal, path: &str) {
        self.refusals.push(refusal.field(path));
    }

    fn wrong(&mut self, path: &str, expected: &str) {
        self.refuse(Refusal::new("import.mapping.wrong-type").arg("expected", expected), path);
    }

    fn known(&mut self, table: &Table, path: &str, known: &[&str]) {
        for name in table.keys().filter(|name| !known.contains(&name.as_str())) {
            let near = nearest_name(name, known.iter().copied()).unwrap_or_default();
            let refusal = Refusal::new("import.mapping.unknown-key").arg("key", name);
            self.refuse(refusal.arg("nearest", near), &join(path, name));
        }
    }

    fn text(&mut self, table: &Table, path: &str, name: &str) -> Option<String> {
        match table.get(name)? {
            Value::String(text) if !text.trim().is_empty() => Some(text.clone()),
            _ => {
                self.wrong(&join(path, name), "text");
                None
            }
        }
    }

    /// One text or a list of texts.
    fn texts(&mut self, table: &Table, name: &str) -> Vec<String> {
        let Some(value) = table.get(name) else { return Vec::new() };
        let items = match value {
            Value::Array(items) => items.as_slice(),
            one => std::slice::from_ref(one),
        };
        let texts: Vec<String> =
            items.iter().filter_map(Value::as_str).map(str::to_owned).collect();
        if texts.len() != items.len() || texts.iter().any(|text| text.trim().is_empty()) {
            self.wrong(name, "texts");
        }
        texts
    }

    fn table<'t>(&mut self, table: &'t Table, path: &str, name: &str) -> Option<&'t Table> {
        let value = table.get(name)?;
        if value.as_table().is_none() {
            self.wrong(&join(path, name), "table");
        }
        value.as_table()
    }

    fn mapping(&mut self, top: &Table) -> Mapping {
        self.known(top, "", &TOP);
        let encoding = self.text(top, "", "encoding").and_then(|name| {
            let found = Encoding::from_name(&name);
            if found.is_none() {
                self.refuse(Refusal::new("import.encoding.unknown").arg("value", name), "encoding");
            }
            found
        });
        let delimiter = match top.get("delimiter") {
            None => None,
            Some(Value::String(text)) if is_delimiter(text) => text.bytes().next(),
            Some(_) => {
                self.refuse(Refusal::new("import.mapping.delimiter"), "delimiter");
                None
            }
        };
        let mut fields = BTreeMap::new();
        for (name, value) in self.table(top, "", "columns").into_iter().flatten() {
            if let Some(map) = self.field(&join("columns", name), value) {
                fields.insert(name.clone(), map);
            }
        }
        let mut event = EventMap::default();
        if let Some(table) = self.table(top, "", "event") {
            self.known(table, "event", &EVENT);
            let mut part = |name: &str| {
                let value = table.get(name)?;
                self.spec(&join("event", name), value)
            };
            event.action = part("action");
            event.reason = part("reason");
            event.duplicate_of = part("duplicate_of");
            event.recorded_at = part("recorded_at");
        }
        Mapping {
            kind: self.text(top, "", "kind"),
            source: self.text(top, "", "source"),
            encoding,
            delimiter,
            reason: self.text(top, "", "reason"),
            key: self.texts(top, "key"),
            ignore: self.texts(top, "ignore"),
            fields,
            event,
            digest: String::new(),
        }
    }

    fn field(&mut self, path: &str, value: &Value) -> Option<FieldMap> {
        let Value::Table(table) = value else {
            return self.spec(path, value).map(FieldMap::Whole);
        };
        if table.contains_key("ja") || table.contains_key("en") {
            self.known(table, path, &["ja", "en"]);
            let mut side =
                |name: &str| table.get(name).and_then(|v| self.spec(&join(path, name), v));
            return Some(FieldMap::Sides { ja: side("ja"), en: side("en") });
        }
        if table.contains_key("years") {
            return self.years(path, table);
        }
        self.spec(path, value).map(FieldMap::Whole)
    }

    fn years(&mut self, path: &str, table: &Table) -> Option<FieldMap> {
        self.known(table, path, &["years", "times"]);
        let mut columns = Vec::new();
        for (year, column) in self.table(table, path, "years")? {
            let at = join(path, year);
            let known = year.parse::<i32>().ok().filter(|year| (1000..=9999).contains(year));
            match (known, column.as_str()) {
                (Some(year), Some(column)) => columns.push((year, column.to_owned())),
                (None, _) => self.wrong(&at, "fiscal-year"),
                (_, None) => self.wrong(&at, "text"),
            }
        }
        let times = self.times(path, table);
        Some(FieldMap::Years { columns, times })
    }

    fn times(&mut self, path: &str, table: &Table) -> Option<Decimal> {
        let value = table.get("times")?;
        let number = match value {
            Value::Integer(number) => Some(Decimal::from(*number)),
            Value::String(text) => Decimal::from_str_exact(text).ok(),
            _ => None,
        };
        if number.is_none_or(|number| number.is_zero()) {
            self.wrong(&join(path, "times"), "number");
        }
        number
    }

    /// A column name, or a table that says more.
    fn spec(&mut self, path: &str, value: &Value) -> Option<Spec> {
        let table = match value {
            Value::String(column) if !column.trim().is_empty() => {
                return Some(Spec::column(column));
            }
            Value::Table(table) => table,
            _ => {
                self.wrong(path, "column");
                return None;
            }
        };
        self.known(table, path, &SPEC);
        let from = match (self.text(table, path, "column"), self.text(table, path, "const")) {
            (Some(column), None) => From::Column(column),
            (None, Some(text)) => From::Constant(text),
            _ => {
                self.refuse(Refusal::new("import.mapping.column-or-const"), path);
                return None;
            }
        };
        let split = self.text(table, path, "split").and_then(|text| {
            let mut chars = text.chars();
            let only = chars.next().filter(|c| chars.next().is_none() && *c != '\\');
            if only.is_none() {
                self.wrong(&join(path, "split"), "character");
            }
            only
        });
        let mut codes = BTreeMap::new();
        for (text, code) in self.table(table, path, "codes").into_iter().flatten() {
            match code.as_str() {
                Some(code) => {
                    codes.insert(text.clone(), code.to_owned());
                }
                None => self.wrong(&join(path, text), "text"),
            }
        }
        let date = match self.text(table, path, "date").as_deref() {
            None | Some("any") => DateForm::Any,
            Some("era") => DateForm::Era,
            Some("iso") => DateForm::Iso,
            Some(_) => {
                self.wrong(&join(path, "date"), "date-form");
                DateForm::Any
            }
        };
        Some(Spec {
            from,
            default: self.text(table, path, "default"),
            codes,
            split,
            date,
            system: self.text(table, path, "system"),
            times: self.times(path, table),
        })
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

/// Whether `text` may separate columns: one ASCII character that no cell needs.
#[must_use]
pub fn is_delimiter(text: &str) -> bool {
    matches!(text, "," | ";" | "\t" | "|")
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
        kind = "project"
        source = "amed"
        key = "番号"
        encoding = "Shift_JIS"
        delimiter = "\t"
        ignore = ["備考"]
        [columns]
        title.ja = "課題名"
        title.en = { column = "Title", default = "(no English title)" }
        funder = { const = "amed" }
        phase = { column = "段階", codes = { "非臨床" = "nonclinical" } }
        started_on = { column = "開始", date = "era" }
        builds_on = { column = "前課題", split = "、", system = "amed-find" }
        money = { years = { 2025 = "R7", 2026 = "R8" }, times = 1000 }
        [event]
        action = "処理"
    "#;

    #[test]
    fn a_mapping_is_read() {
        let mapping = Mapping::parse("m.toml", GOOD).unwrap();
        assert_eq!(mapping.encoding, Some(Encoding::Cp932));
        assert_eq!(mapping.delimiter, Some(b'\t'));
        assert_eq!((mapping.key, mapping.ignore), (vec!["番号".into()], vec!["備考".into()]));
        assert_eq!(mapping.event.action, Some(Spec::column("処理")));
        let title = FieldMap::Sides {
            ja: Some(Spec::column("課題名")),
            en: Some(Spec { default: Some("(no English title)".into()), ..Spec::column("Title") }),
        };
        assert_eq!(mapping.fields["title"], title);
        let money = FieldMap::Years {
            columns: vec![(2025, "R7".into()), (2026, "R8".into())],
            times: Some(1000.into()),
        };
        assert_eq!(mapping.fields["money"], money);
        let FieldMap::Whole(builds_on) = &mapping.fields["builds_on"] else { panic!() };
        assert_eq!((builds_on.split, builds_on.system.as_deref()), (Some('、'), Some("amed-find")));
    }

    #[test]
    fn bad_mappings_are_refused_by_code_and_place() {
        let cases = [
            ("kind = ", "import.mapping.syntax", None),
            ("kind = 1", "import.mapping.wrong-type", Some("kind")),
            ("kid = 'x'", "import.mapping.unknown-key", Some("kid")),
            ("encoding = 'utf-16'", "import.encoding.unknown", Some("encoding")),
            ("delimiter = '\"'", "import.mapping.delimiter", Some("delimiter")),
            ("key = [1]", "import.mapping.wrong-type", Some("key")),
            ("columns = 1", "import.mapping.wrong-type", Some("columns")),
            ("[columns]\na = 1", "import.mapping.wrong-type", Some("columns.a")),
            ("[columns]\na = ''", "import.mapping.wrong-type", Some("columns.a")),
            ("[columns]\na = {}", "import.mapping.column-or-const", Some("columns.a")),
            (
                "[columns]\na = { column = 'x', const = 'y' }",
                "import.mapping.column-or-const",
                Some("columns.a"),
            ),
            (
                "[columns]\na = { column = 'x', spilt = ';' }",
                "import.mapping.unknown-key",
                Some("columns.a.spilt"),
            ),
            (
                "[columns]\na = { column = 'x', split = 'ab' }",
                "import.mapping.wrong-type",
                Some("columns.a.split"),
            ),
            (
                "[columns]\na = { column = 'x', date = 'us' }",
                "import.mapping.wrong-type",
                Some("columns.a.date"),
            ),
            (
                "[columns]\na = { column = 'x', times = 0 }",
                "import.mapping.wrong-type",
                Some("columns.a.times"),
            ),
            (
                "[columns]\na = { ja = 'x', fr = 'y' }",
                "import.mapping.unknown-key",
                Some("columns.a.fr"),
            ),
            (
                "[columns]\na = { years = { R7 = 'x' } }",
                "import.mapping.wrong-type",
                Some("columns.a.R7"),
            ),
            ("[event]\nactor = 'x'", "import.mapping.unknown-key", Some("event.actor")),
        ];
        for (text, code, field) in cases {
            let refusals = Mapping::parse("m.toml", text).unwrap_err().refusals();
            let found: Vec<_> =
                refusals.iter().map(|r| (r.code, r.place.field.as_deref())).collect();
            assert_eq!(found, [(code, field)], "{text}");
            assert_eq!(refusals[0].place.file.as_deref(), Some("m.toml"));
        }
        let late = Mapping::parse("m", "kind = 'a'\n\nsource = [").unwrap_err().refusals();
        assert_eq!(late[0].place.line, Some(3));
    }
}
