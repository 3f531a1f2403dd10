//! Rows of a view from one resource.

use std::borrow::Cow;
use std::ops::ControlFlow;

use rust_decimal::Decimal;
use shirube_model::refusal::Refusal;

use super::definition::{Block, Each, View};
use crate::json::{NameId, Names, Reader, Token, member, text_at, unescape};
use crate::path::{Item, Over, Run, Sole, plain, refuse};

/// A value of a row. It borrows from the text of the resource.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a> {
    /// Nothing.
    Null,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number as written in the resource.
    Number(&'a str),
    /// A computed decimal.
    Decimal(Decimal),
    /// A text, and every date, code and time.
    Text(Cow<'a, str>),
    /// The values of a column with `collection`.
    List(Vec<Value<'a>>),
}

/// Takes the rows of a resource, one call each.
type RowSink<'s> = &'s mut dyn FnMut(&[Value<'_>]) -> Result<(), Box<Refusal>>;

/// The same with the number of the view that made the row.
type NumberedSink<'s> = &'s mut dyn FnMut(usize, &[Value<'_>]) -> Result<(), Box<Refusal>>;

/// Most rows that one resource may give: nested lists multiply.
const ROWS_MAX: usize = 1_000_000;

/// Several views that read each resource once.
#[derive(Debug, Clone)]
pub struct Views {
    views: Vec<View>,
    names: Names,
    resource: NameId,
}

/// What a text holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    /// A resource, as on a line of a bulk export.
    Resource,
    /// An entry of a bundle: an object whose member `resource` is the resource.
    Entry,
}

impl Views {
    /// Reads ViewDefinitions that are to run together. They share one list of
    /// member names, so that each resource is parsed once for all.
    ///
    /// # Errors
    /// `records.view.*` and `records.path.*`, with the place such as
    /// `select[0].column[1].path`.
    pub fn read(definitions: &[serde_json::Value]) -> Result<Self, Box<Refusal>> {
        let mut names = Names::default();
        let resource = names.want("resource");
        let views = definitions.iter().map(|d| View::read(d, &mut names));
        let views = views.collect::<Result<Vec<_>, _>>()?;
        Ok(Self { views, names, resource })
    }

    /// The views, in the order given.
    #[must_use]
    pub fn views(&self) -> &[View] {
        &self.views
    }

    /// Starts to run the views over texts that hold the same.
    #[must_use]
    pub fn runner<'a>(&self, holds: Holds) -> Runner<'_, 'a> {
        Runner { views: self, holds, reader: Reader::new(&self.names) }
    }
}

/// Runs views over one text after the other, and is faster the more they are alike.
#[derive(Debug)]
pub struct Runner<'v, 'a> {
    views: &'v Views,
    holds: Holds,
    reader: Reader<'v, 'a>,
}

impl<'a> Runner<'_, 'a> {
    /// Gives the rows of one resource to `sink`, with the number of the view
    /// that made them. A resource that no view takes gives none.
    ///
    /// # Errors
    /// When the text is no JSON or the resource breaks a rule of a view, and
    /// what the sink refuses. Rows given before stand; the caller drops them.
    pub fn rows(&mut self, text: &'a str, sink: NumberedSink<'_>) -> Result<(), Box<Refusal>> {
        let tape = self.reader.read(text);
        let tape =
            tape.map_err(|fault| Box::new(Refusal::new(fault.code).arg("at", fault.at + 1)))?;
        let root = match self.holds {
            Holds::Resource => Some(0),
            Holds::Entry => member(tape, 0, self.views.resource),
        };
        let Some(root) = root else { return Ok(()) };
        for (number, view) in self.views.views.iter().enumerate() {
            view.rows(tape, root, &mut |row| sink(number, row))?;
        }
        Ok(())
    }
}

impl View {
    fn rows(&self, tape: &[Token<'_>], root: u32, sink: RowSink<'_>) -> Result<(), Box<Refusal>> {
        let own = member(tape, root, self.resource_type).and_then(|at| text_at(tape, at));
        if own.as_deref() != Some(self.resource.as_str()) {
            return Ok(());
        }
        let over = Over { tape, root, row: 0 };
        let this = Item::Node(root);
        for test in &self.tests {
            if over.truth(test, &this)? != Some(true) {
                return Ok(());
            }
        }
        let mut made = Made { row: vec![Value::Null; self.columns.len()], count: 0, sink };
        work(&over, &Work::Parts { blocks: &self.blocks, item: &this, next: &Work::Row }, &mut made)
    }
}

struct Made<'a, 's> {
    row: Vec<Value<'a>>,
    count: usize,
    sink: RowSink<'s>,
}

/// What remains to be done before a row is complete: a list on the stack, so
/// that the product of nested lists needs no intermediate rows.
enum Work<'w, 'a> {
    Row,
    Parts { blocks: &'a [Block], item: &'w Item<'a>, next: &'w Work<'w, 'a> },
    Union { blocks: &'a [Block], item: &'w Item<'a>, next: &'w Work<'w, 'a> },
}

fn work<'a>(over: &Over<'a>, todo: &Work<'_, 'a>, made: &mut Made<'a, '_>) -> Run<()> {
    match todo {
        Work::Row => {
            made.count += 1;
            if made.count > ROWS_MAX {
                return refuse("records.view.many-rows");
            }
            (made.sink)(&made.row)
        }
        Work::Parts { blocks, item, next } => match blocks.split_first() {
            None => work(over, next, made),
            Some((first, rest)) => {
                block(over, first, item, &Work::Parts { blocks: rest, item, next }, made)
            }
        },
        Work::Union { blocks, item, next } => {
            blocks.iter().try_for_each(|branch| block(over, branch, item, next, made))
        }
    }
}

fn block<'a>(
    over: &Over<'a>,
    block: &'a Block,
    item: &Item<'a>,
    next: &Work<'_, 'a>,
    made: &mut Made<'a, '_>,
) -> Run<()> {
    let (path, or_null) = match &block.each {
        Each::Once => return once(over, block, item, next, made),
        Each::Item(path) => (path, false),
        Each::ItemOrNull(path) => (path, true),
        Each::Repeat(paths) => {
            let mut row = 0;
            return repeat(over, paths, item, &mut |found| {
                let over = Over { row, ..*over };
                row += 1;
                once(&over, block, found, next, made)
            });
        }
    };
    let mut row = 0;
    over.run(path, item, &mut |found| {
        let over = Over { row, ..*over };
        row += 1;
        once(&over, block, &found, next, made).map(|()| true)
    })?;
    if row == 0 && or_null {
        for slot in &block.slots {
            set(made, *slot, Value::Null);
        }
        return work(over, next, made);
    }
    Ok(())
}

/// Everything reached through any of `paths`, again and again, parents first.
fn repeat<'a>(
    over: &Over<'a>,
    paths: &'a [crate::path::Expr],
    item: &Item<'a>,
    visit: &mut dyn FnMut(&Item<'a>) -> Run<()>,
) -> Run<()> {
    for path in paths {
        over.run(path, item, &mut |found| {
            let (Item::Node(from), Item::Node(at)) = (item, &found) else {
                return refuse("records.path.repeat");
            };
            // Members lie behind their parent on the tape: a path that goes
            // nowhere, such as `$this`, would never end.
            if at <= from {
                return refuse("records.path.repeat");
            }
            visit(&found)?;
            repeat(over, paths, &found, visit).map(|()| true)
        })?;
    }
    Ok(())
}

fn once<'a>(
    over: &Over<'a>,
    block: &'a Block,
    item: &Item<'a>,
    next: &Work<'_, 'a>,
    made: &mut Made<'a, '_>,
) -> Run<()> {
    for column in &block.columns {
        let Some(slot) = made.row.get_mut(column.at) else { continue };
        if !column.collection
            && let Item::Node(at) = item
            && at_once(over, &column.expr, *at, slot)
        {
            continue;
        }
        *slot = value(over, &column.expr, column.collection, item)?;
    }
    let union = Work::Union { blocks: &block.union, item, next };
    let next = if block.union.is_empty() { next } else { &union };
    if block.parts.is_empty() {
        return work(over, next, made);
    }
    work(over, &Work::Parts { blocks: &block.parts, item, next }, made)
}

fn set<'a>(made: &mut Made<'a, '_>, at: usize, value: Value<'a>) {
    if let Some(slot) = made.row.get_mut(at) {
        *slot = value;
    }
}

/// Fills in a value that can be told at once; whether it can.
fn at_once<'a>(
    over: &Over<'a>,
    expr: &'a crate::path::Expr,
    this: u32,
    slot: &mut Value<'a>,
) -> bool {
    if let Some(key) = over.key_at_once(expr, this) {
        *slot = key.map_or(Value::Null, Value::Text);
        return true;
    }
    let at = match over.sole(expr, this) {
        Sole::None => {
            *slot = Value::Null;
            return true;
        }
        Sole::At(at) => at,
        Sole::Unsure => return false,
    };
    *slot = match over.tape.get(at as usize) {
        Some(Token::Text(text)) => Value::Text(Cow::Borrowed(text)),
        Some(Token::Escaped(raw)) => Value::Text(unescape(raw)),
        Some(Token::Number(text)) => Value::Number(text),
        Some(Token::Bool(value)) => Value::Bool(*value),
        _ => return false,
    };
    true
}

fn value<'a>(
    over: &Over<'a>,
    expr: &'a crate::path::Expr,
    collection: bool,
    item: &Item<'a>,
) -> Run<Value<'a>> {
    if collection {
        let mut list = Vec::new();
        over.run(expr, item, &mut |found| {
            single(over, &found).map(|v| list.push(v)).map(|()| true)
        })?;
        return Ok(Value::List(list));
    }
    let mut found = Value::Null;
    let mut flow = ControlFlow::Continue(());
    over.run(expr, item, &mut |next| {
        if flow.is_break() {
            return refuse("records.view.many-values");
        }
        flow = ControlFlow::Break(());
        found = single(over, &next)?;
        Ok(true)
    })?;
    Ok(found)
}

fn single<'a>(over: &Over<'a>, item: &Item<'a>) -> Run<Value<'a>> {
    if let Item::Node(at) = item
        && let Some(Token::Number(text)) = over.tape.get(*at as usize)
    {
        return Ok(Value::Number(text));
    }
    match plain(over.tape, item) {
        Some(Item::Bool(value)) => Ok(Value::Bool(value)),
        Some(Item::Int(value)) => Ok(Value::Int(value)),
        Some(Item::Decimal(value)) => Ok(Value::Decimal(value)),
        Some(Item::Text(text)) => Ok(Value::Text(text)),
        Some(Item::Moment(moment)) => Ok(Value::Text(moment.to_string().into())),
        _ => refuse("records.view.not-primitive"),
    }
}
