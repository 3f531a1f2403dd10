//! TOML documents as trees whose every key knows its line, and a reader of
//! tables that names missing, unknown and mistyped keys in our own words.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use chrono::NaiveDate;
use serde_json::{Map, Number, Value};
use shirube_model::calendar::parse_date;
use shirube_model::lang::LocalText;
use shirube_model::refusal::Refusal;
use toml_edit::{Document, Item, Table as TomlTable, Value as TomlValue};

use crate::fault::Sink;

/// A value with the line of its key, or its own line inside a list.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) line: u64,
    pub(crate) tree: Tree,
}

#[derive(Debug)]
pub(crate) enum Tree {
    /// Text, and days written without quotes.
    Text(String),
    Int(i64),
    Float(f64),
    Bool(bool),
    /// A time of day or an instant, which no pack needs.
    Time,
    List(Vec<Node>),
    Table(Vec<(String, Node)>),
}

/// Line of one key and its text, for placing faults found later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) line: u64,
    pub(crate) text: Option<String>,
}

/// Keys of a document by path, such as `question[0].reading[1].spec.window.to`.
pub(crate) type Marks = BTreeMap<String, Mark>;

/// Reads a document; `None` after a fault.
pub(crate) fn parse(file: &str, text: &str, sink: &Sink) -> Option<Node> {
    let lines = LineStarts::of(text);
    match Document::parse(text) {
        Ok(document) => Some(Node { line: 1, tree: table(document.as_table(), &lines) }),
        Err(error) => {
            let line = error.span().map_or(1, |span| lines.line_of(span.start));
            let detail = error.message().replace('\n', " ");
            sink.push(Refusal::new("pack.toml.syntax").arg("detail", detail).file(file).line(line));
            None
        }
    }
}

struct LineStarts(Vec<usize>);

impl LineStarts {
    fn of(text: &str) -> Self {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        Self(std::iter::once(0).chain(breaks.map(|(at, _)| at + 1)).collect())
    }

    fn line_of(&self, offset: usize) -> u64 {
        self.0.partition_point(|start| *start <= offset) as u64
    }

    fn of_span(&self, span: Option<Range<usize>>, or: u64) -> u64 {
        span.map_or(or, |span| self.line_of(span.start))
    }
}

fn table(table: &TomlTable, lines: &LineStarts) -> Tree {
    let start = lines.of_span(table.span(), 1);
    let entries = table.iter().map(|(name, item)| {
        let key = table.key(name).and_then(toml_edit::Key::span);
        (name.to_owned(), node(item, lines.of_span(key, start), lines))
    });
    Tree::Table(entries.collect())
}

fn node(item: &Item, line: u64, lines: &LineStarts) -> Node {
    let tree = match item {
        Item::None => Tree::List(Vec::new()),
        Item::Value(inner) => value(inner, line, lines),
        Item::Table(inner) => table(inner, lines),
        Item::ArrayOfTables(tables) => Tree::List(
            tables
                .iter()
                .map(|one| Node { line: lines.of_span(one.span(), line), tree: table(one, lines) })
                .collect(),
        ),
    };
    Node { line, tree }
}

fn value(inner: &TomlValue, line: u64, lines: &LineStarts) -> Tree {
    match inner {
        TomlValue::String(text) => Tree::Text(text.value().clone()),
        TomlValue::Integer(number) => Tree::Int(*number.value()),
        TomlValue::Float(number) => Tree::Float(*number.value()),
        TomlValue::Boolean(truth) => Tree::Bool(*truth.value()),
        TomlValue::Datetime(time) => match time.value() {
            toml_edit::Datetime { date: Some(date), time: None, offset: None } => {
                Tree::Text(date.to_string())
            }
            _ => Tree::Time,
        },
        TomlValue::Array(items) => Tree::List(
            items
                .iter()
                .map(|item| {
                    let line = lines.of_span(item.span(), line);
                    Node { line, tree: value(item, line, lines) }
                })
                .collect(),
        ),
        TomlValue::InlineTable(inner) => Tree::Table(
            inner
                .iter()
                .map(|(name, item)| {
                    let key = inner.key(name).and_then(toml_edit::Key::span);
                    let line = lines.of_span(key, line);
                    (name.to_owned(), Node { line, tree: value(item, line, lines) })
                })
                .collect(),
        ),
    }
}

impl Node {
    /// Lines of every key below.
    pub(crate) fn marks(&self) -> Marks {
        let mut marks = Marks::new();
        self.mark("", &mut marks);
        marks
    }

    fn mark(&self, path: &str, marks: &mut Marks) {
        let text = match &self.tree {
            Tree::Text(text) => Some(text.clone()),
            _ => None,
        };
        if !path.is_empty() {
            marks.insert(path.to_owned(), Mark { line: self.line, text });
        }
        match &self.tree {
            Tree::List(items) => {
                for (at, item) in items.iter().enumerate() {
                    item.mark(&format!("{path}[{at}]"), marks);
                }
            }
            Tree::Table(entries) => {
                for (name, node) in entries {
                    node.mark(&join(path, name), marks);
                }
            }
            _ => {}
        }
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

/// A table being read. Every key asked for is known; [`Keys::finish`] refuses
/// the others.
pub(crate) struct Keys<'a> {
    file: &'a str,
    path: String,
    line: u64,
    entries: &'a [(String, Node)],
    known: RefCell<BTreeSet<&'static str>>,
    sink: &'a Sink,
}

impl<'a> Keys<'a> {
    /// Reads the table at `node`; a value that is no table is a fault.
    pub(crate) fn of(file: &'a str, path: String, node: &'a Node, sink: &'a Sink) -> Self {
        let entries = match &node.tree {
            Tree::Table(entries) => entries.as_slice(),
            _ => {
                let fault = Refusal::new("pack.toml.type").arg("expected", "table");
                sink.push(fault.file(file).line(node.line).field(path.clone()));
                &[]
            }
        };
        let known = RefCell::default();
        Self { file, path, line: node.line, entries, known, sink }
    }

    pub(crate) fn get(&self, key: &'static str) -> Option<&'a Node> {
        self.known.borrow_mut().insert(key);
        self.entries.iter().find(|(name, _)| name == key).map(|(_, node)| node)
    }

    pub(crate) fn refuse(&self, fault: Refusal, key: &str, line: u64) {
        self.sink.push(fault.file(self.file).line(line).field(join(&self.path, key)));
    }

    fn need(&self, key: &'static str) -> Option<&'a Node> {
        let node = self.get(key);
        if node.is_none() {
            self.refuse(Refusal::new("pack.toml.missing-key").arg("key", key), key, self.line);
        }
        node
    }

    fn mistyped(&self, expected: &'static str, key: &str, line: u64) {
        self.refuse(Refusal::new("pack.toml.type").arg("expected", expected), key, line);
    }

    fn as_text(&self, node: &Node, key: &'static str) -> String {
        match &node.tree {
            Tree::Text(text) if text.trim().is_empty() => {
                self.refuse(Refusal::new("pack.value.blank"), key, node.line);
                String::new()
            }
            Tree::Text(text) => text.trim().to_owned(),
            _ => {
                self.mistyped("text", key, node.line);
                String::new()
            }
        }
    }

    /// Text that must be there.
    pub(crate) fn text(&self, key: &'static str) -> String {
        self.need(key).map(|node| self.as_text(node, key)).unwrap_or_default()
    }

    /// Text that may be absent.
    pub(crate) fn text_optional(&self, key: &'static str) -> Option<String> {
        self.get(key).map(|node| self.as_text(node, key))
    }

    fn as_local(&self, node: &'a Node, key: &'static str) -> LocalText {
        let keys = Keys::of(self.file, join(&self.path, key), node, self.sink);
        if !matches!(node.tree, Tree::Table(_)) {
            return LocalText::default();
        }
        let text = LocalText::new(keys.text("ja"), keys.text("en"));
        keys.finish();
        text
    }

    /// Text in both languages that must be there.
    pub(crate) fn local(&self, key: &'static str) -> LocalText {
        self.need(key).map(|node| self.as_local(node, key)).unwrap_or_default()
    }

    /// Text in both languages that may be absent.
    pub(crate) fn local_optional(&self, key: &'static str) -> Option<LocalText> {
        self.get(key).map(|node| self.as_local(node, key))
    }

    /// A list of texts, empty when absent.
    pub(crate) fn texts(&self, key: &'static str) -> Vec<String> {
        match self.get(key).map(|node| (node, &node.tree)) {
            None => Vec::new(),
            Some((_, Tree::List(items))) => {
                items.iter().map(|item| self.as_text(item, key)).collect()
            }
            Some((node, _)) => {
                self.mistyped("list", key, node.line);
                Vec::new()
            }
        }
    }

    /// A whole number from 0 that may be absent.
    pub(crate) fn number_optional(&self, key: &'static str) -> Option<u32> {
        let node = self.get(key)?;
        let number = match &node.tree {
            Tree::Int(number) => u32::try_from(*number).ok(),
            _ => None,
        };
        if number.is_none() {
            self.mistyped("number", key, node.line);
        }
        number
    }

    /// A whole number from 0.
    pub(crate) fn number(&self, key: &'static str) -> u32 {
        self.need(key);
        self.number_optional(key).unwrap_or_default()
    }

    /// True or false; false when absent.
    pub(crate) fn flag(&self, key: &'static str) -> bool {
        match self.get(key).map(|node| (node.line, &node.tree)) {
            None => false,
            Some((_, Tree::Bool(truth))) => *truth,
            Some((line, _)) => {
                self.mistyped("flag", key, line);
                false
            }
        }
    }

    /// A day.
    pub(crate) fn date(&self, key: &'static str) -> NaiveDate {
        let Some(node) = self.need(key) else { return NaiveDate::MIN };
        match &node.tree {
            Tree::Text(text) => parse_date(text).unwrap_or_else(|fault| {
                self.refuse(fault, key, node.line);
                NaiveDate::MIN
            }),
            _ => {
                self.mistyped("date", key, node.line);
                NaiveDate::MIN
            }
        }
    }

    /// The table under a key that must be there.
    pub(crate) fn table(&self, key: &'static str) -> Option<Keys<'a>> {
        self.need(key).map(|node| Keys::of(self.file, join(&self.path, key), node, self.sink))
    }

    /// The table under a key that may be absent.
    pub(crate) fn table_optional(&self, key: &'static str) -> Option<Keys<'a>> {
        self.get(key).map(|node| Keys::of(self.file, join(&self.path, key), node, self.sink))
    }

    /// The tables of an array of tables, none when absent.
    pub(crate) fn tables(&self, key: &'static str) -> Vec<Keys<'a>> {
        match self.get(key).map(|node| (node.line, &node.tree)) {
            None => Vec::new(),
            Some((_, Tree::List(items))) => items
                .iter()
                .enumerate()
                .map(|(at, item)| {
                    let path = format!("{}[{at}]", join(&self.path, key));
                    Keys::of(self.file, path, item, self.sink)
                })
                .collect(),
            Some((line, _)) => {
                self.mistyped("tables", key, line);
                Vec::new()
            }
        }
    }

    /// Whatever stands under a key, as JSON; nothing when absent. Days under
    /// the paths of `dates` may be written in any form [`parse_date`] reads.
    pub(crate) fn json(&self, key: &'static str, dates: &[&str]) -> Value {
        let Some(node) = self.get(key) else { return Value::Null };
        Json { keys: self, dates }.value(node, "", key)
    }

    /// A spec, which must be there.
    pub(crate) fn json_needed(&self, key: &'static str, dates: &[&str]) -> Value {
        self.need(key);
        self.json(key, dates)
    }

    /// Refuses keys nobody asked for.
    pub(crate) fn finish(&self) {
        let known = self.known.borrow();
        for (name, node) in self.entries {
            if !known.contains(name.as_str()) {
                let list: Vec<&str> = known.iter().copied().collect();
                let fault = Refusal::new("pack.toml.unknown-key")
                    .arg("key", name)
                    .arg("known", list.join(", "));
                self.refuse(fault, name, node.line);
            }
        }
    }
}

struct Json<'a> {
    keys: &'a Keys<'a>,
    dates: &'a [&'a str],
}

impl Json<'_> {
    /// `path` is relative to the value asked for; `field` is for messages.
    fn value(&self, node: &Node, path: &str, field: &str) -> Value {
        match &node.tree {
            Tree::Text(text) if self.dates.contains(&path) => match parse_date(text) {
                Ok(date) => Value::from(date.to_string()),
                Err(fault) => {
                    self.keys.refuse(fault, field, node.line);
                    Value::Null
                }
            },
            Tree::Text(text) => Value::from(text.as_str()),
            Tree::Int(number) => Value::from(*number),
            Tree::Bool(truth) => Value::from(*truth),
            Tree::Float(number) => match Number::from_f64(*number) {
                Some(number) => Value::Number(number),
                None => self.mistyped("number", field, node.line),
            },
            Tree::Time => self.mistyped("date", field, node.line),
            Tree::List(items) => Value::Array(
                items
                    .iter()
                    .enumerate()
                    .map(|(at, item)| self.value(item, path, &format!("{field}[{at}]")))
                    .collect(),
            ),
            Tree::Table(entries) => {
                let mut map = Map::new();
                for (name, node) in entries {
                    let value = self.value(node, &join(path, name), &join(field, name));
                    map.insert(name.clone(), value);
                }
                Value::Object(map)
            }
        }
    }

    fn mistyped(&self, expected: &'static str, field: &str, line: u64) -> Value {
        self.keys.mistyped(expected, field, line);
        Value::Null
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_knows_its_line() {
        let text =
            "a = 1\n[b]\nc = { d = [\n 1,\n 2 ] }\n[[q]]\nx = 1\n[[q.r]]\ny = '''\nz\n'''\n[[q]]\n";
        let sink = Sink::default();
        let marks = parse("t.toml", text, &sink).unwrap().marks();
        let lines: Vec<(&str, u64)> = marks.iter().map(|(k, m)| (k.as_str(), m.line)).collect();
        assert_eq!(
            lines,
            vec![
                ("a", 1),
                ("b", 2),
                ("b.c", 3),
                ("b.c.d", 3),
                ("b.c.d[0]", 4),
                ("b.c.d[1]", 5),
                ("q", 6),
                ("q[0]", 6),
                ("q[0].r", 8),
                ("q[0].r[0]", 8),
                ("q[0].r[0].y", 9),
                ("q[0].x", 7),
                ("q[1]", 12),
            ]
        );
    }

    #[test]
    fn deep_documents_are_refused_and_do_not_exhaust_the_stack() {
        for text in [
            format!("a = {}", "[".repeat(200_000)),
            format!("{} = 1", vec!["a"; 200_000].join(".")),
            format!("[{}]", vec!["a"; 200_000].join(".")),
            format!("a = {}", "{a=".repeat(200_000)),
        ] {
            let sink = Sink::default();
            assert!(parse("t.toml", &text, &sink).is_none());
            assert_eq!(sink.into_vec()[0].code, "pack.toml.syntax");
        }
    }
}
