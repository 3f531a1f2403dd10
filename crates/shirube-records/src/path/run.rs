//! Running the plan of an expression over one resource.
//!
//! Items are pushed to a sink as they are found, so that a path such as
//! `code.coding.where(system = %s).code.first()` neither collects nor copies.

use std::cell::Cell;

use shirube_model::refusal::Refusal;

use super::expr::{Each, Expr, TypeTest, Whole};
use super::functions;
use super::item::{Item, equal, plain};
use super::operators;
use crate::json::{NameId, Token, after, member, text_at};

/// A failure of one resource. It names the rule, never a value.
pub(crate) type Run<T> = Result<T, Box<Refusal>>;

/// Takes items; says whether it wants more.
pub(crate) type Sink<'s, 'a> = &'s mut dyn FnMut(Item<'a>) -> Run<bool>;

/// Most items that one `repeat` may visit.
const REPEAT_MAX: usize = 100_000;

/// The resource an expression runs over.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Over<'a> {
    pub(crate) tape: &'a [Token<'a>],
    /// The resource itself.
    pub(crate) root: u32,
    /// Number of the row within the innermost `forEach`, from 0.
    pub(crate) row: i64,
}

/// None, one or several items of a collection.
pub(crate) enum Found<'a> {
    None,
    One(Item<'a>),
    Many,
}

pub(crate) fn refuse<T>(code: &'static str) -> Run<T> {
    Err(Box::new(Refusal::new(code)))
}

impl<'a> Over<'a> {
    /// Pushes every item of `expr`, seen from `this`. False when the sink had enough.
    pub(crate) fn run(&self, expr: &'a Expr, this: &Item<'a>, sink: Sink<'_, 'a>) -> Run<bool> {
        match expr {
            Expr::This => sink(this.clone()),
            Expr::Resource => sink(Item::Node(self.root)),
            Expr::RowIndex => sink(Item::Int(self.row)),
            Expr::Nothing => Ok(true),
            Expr::Literal(literal) => sink(Item::from(literal)),
            Expr::Each(base, each) => match (&**base, each) {
                // The commonest step, spared a closure.
                (Expr::This, Each::Field(name)) => self.field(this, *name, sink),
                (base, each) => self.run(base, this, &mut |item| self.each(each, item, sink)),
            },
            Expr::Whole(base, whole) => self.whole(base, whole, this, sink),
            Expr::Two(operator, left, right) => {
                operators::run(self, *operator, left, right, this, sink)
            }
            Expr::Negate(inner) => match self.one(inner, this)? {
                Some(item) => match operators::negate(&item) {
                    Some(item) => sink(item),
                    None => Ok(true),
                },
                None => Ok(true),
            },
            Expr::Iif { test, yes, no } => {
                let branch = if self.truth(test, this)? == Some(true) { yes } else { no };
                self.run(branch, this, sink)
            }
        }
    }

    /// The elements of a value: those of an array, or the value itself.
    fn push(&self, at: u32, sink: Sink<'_, 'a>) -> Run<bool> {
        match self.tape.get(at as usize) {
            None | Some(Token::Null) => Ok(true),
            Some(Token::Array { end }) => {
                let mut here = at + 1;
                while here < *end {
                    if !self.push(here, sink)? {
                        return Ok(false);
                    }
                    here = after(self.tape, here);
                }
                Ok(true)
            }
            Some(_) => sink(Item::Node(at)),
        }
    }

    fn field(&self, item: &Item<'a>, name: NameId, sink: Sink<'_, 'a>) -> Run<bool> {
        let Item::Node(at) = item else { return Ok(true) };
        match member(self.tape, *at, name) {
            Some(value) => self.push(value, sink),
            None => Ok(true),
        }
    }

    fn has_type(&self, item: &Item<'a>, test: &TypeTest) -> bool {
        let lower = test.name.as_str();
        if let Item::Node(at) = item
            && let Some(Token::Object { .. }) = self.tape.get(*at as usize)
        {
            let own = member(self.tape, *at, test.resource_type);
            let own = own.and_then(|at| text_at(self.tape, at));
            return own.is_some_and(|own| own == test.name || test.name == "Resource");
        }
        match plain(self.tape, item) {
            Some(Item::Bool(_)) => matches!(lower, "boolean" | "Boolean"),
            Some(Item::Int(_)) => matches!(
                lower,
                "integer" | "Integer" | "decimal" | "Decimal" | "positiveInt" | "unsignedInt"
            ),
            Some(Item::Decimal(_)) => matches!(lower, "decimal" | "Decimal"),
            Some(Item::Moment(_)) => {
                matches!(lower, "date" | "dateTime" | "time" | "instant" | "Date" | "DateTime")
            }
            Some(Item::Text(_)) => {
                let first = lower.chars().next().unwrap_or('a');
                let number = matches!(
                    lower,
                    "boolean" | "integer" | "decimal" | "positiveInt" | "unsignedInt"
                );
                lower == "String" || (first.is_ascii_lowercase() && !number)
            }
            _ => false,
        }
    }

    fn each(&self, each: &'a Each, item: Item<'a>, sink: Sink<'_, 'a>) -> Run<bool> {
        match each {
            Each::Field(name) => self.field(&item, *name, sink),
            Each::Choice(choice) => {
                let Item::Node(at) = item else { return Ok(true) };
                let names = std::iter::once(&choice.plain).chain(&choice.typed);
                let value = names.filter_map(|name| member(self.tape, at, *name)).next();
                value.map_or(Ok(true), |value| self.push(value, sink))
            }
            Each::Typed { name, plain, of } => {
                let Item::Node(at) = item else { return Ok(true) };
                if let Some(value) = member(self.tape, at, *name) {
                    return self.push(value, sink);
                }
                self.field(&item, *plain, &mut |found| {
                    if self.has_type(&found, of) { sink(found) } else { Ok(true) }
                })
            }
            Each::OfType(of) => {
                if self.has_type(&item, of) {
                    sink(item)
                } else {
                    Ok(true)
                }
            }
            Each::Is(of) => sink(Item::Bool(self.has_type(&item, of))),
            Each::Where(test) => {
                if self.truth(test, &item)? == Some(true) {
                    sink(item)
                } else {
                    Ok(true)
                }
            }
            Each::Select(to) => self.run(to, &item, sink),
            Each::Repeat(to) => self.repeat(to, &item, &mut 0, sink),
            Each::Extension { list, url, wanted } => self.field(&item, *list, &mut |found| {
                let Item::Node(at) = found else { return Ok(true) };
                let own = member(self.tape, at, *url).and_then(|at| text_at(self.tape, at));
                if own.is_some_and(|own| own == wanted.as_str()) { sink(found) } else { Ok(true) }
            }),
            Each::ResourceKey(id) => self.field(&item, *id, sink),
            Each::ReferenceKey { reference, of } => {
                let Item::Node(at) = item else { return Ok(true) };
                let text = member(self.tape, at, *reference).and_then(|at| text_at(self.tape, at));
                match text.and_then(|text| functions::reference_key(text, of.as_deref())) {
                    Some(key) => sink(Item::Text(key)),
                    None => Ok(true),
                }
            }
            Each::Boundary { low, kind } => {
                let written = match &item {
                    Item::Node(at) => match self.tape.get(*at as usize) {
                        Some(Token::Number(text)) => Some(*text),
                        _ => None,
                    },
                    _ => None,
                };
                let value = plain(self.tape, &item);
                match value.and_then(|v| functions::boundary(&v, written, *low, *kind)) {
                    Some(found) => sink(found),
                    None => Ok(true),
                }
            }
            Each::Text(function) => match functions::text(self, function, &item)? {
                Some(found) => sink(found),
                None => Ok(true),
            },
        }
    }

    /// Every item that `to` reaches, again and again, parents first.
    pub(crate) fn repeat(
        &self,
        to: &'a Expr,
        item: &Item<'a>,
        visited: &mut usize,
        sink: Sink<'_, 'a>,
    ) -> Run<bool> {
        self.run(to, item, &mut |found| {
            *visited += 1;
            // Only values of the resource get smaller with each step.
            if *visited > REPEAT_MAX || !matches!(found, Item::Node(_)) {
                return refuse("records.path.repeat");
            }
            if let (Item::Node(from), Item::Node(at)) = (item, &found)
                && at <= from
            {
                return refuse("records.path.repeat");
            }
            Ok(sink(found.clone())? && self.repeat(to, &found, visited, sink)?)
        })
    }

    fn whole(
        &self,
        base: &'a Expr,
        whole: &'a Whole,
        this: &Item<'a>,
        sink: Sink<'_, 'a>,
    ) -> Run<bool> {
        let from =
            |skip: i64, take: i64, sink: Sink<'_, 'a>| self.part(base, this, skip, take, sink);
        match whole {
            Whole::First => from(0, 1, sink),
            Whole::Index(index) => from(*index, 1, sink),
            Whole::Tail => from(1, i64::MAX, sink),
            Whole::Skip(count) => from(*count, i64::MAX, sink),
            Whole::Take(count) => from(0, *count, sink),
            Whole::Last => {
                let mut last = None;
                self.run(base, this, &mut |item| {
                    last = Some(item);
                    Ok(true)
                })?;
                last.map_or(Ok(true), sink)
            }
            Whole::Single => match self.found(base, this)? {
                Found::None => Ok(true),
                Found::One(item) => sink(item),
                Found::Many => refuse("records.path.single"),
            },
            Whole::Count => {
                let mut count = 0i64;
                self.run(base, this, &mut |_| {
                    count += 1;
                    Ok(true)
                })?;
                sink(Item::Int(count))
            }
            Whole::Distinct | Whole::IsDistinct => {
                let all = self.all(base, this)?;
                let distinct = functions::distinct(self.tape, &all)?;
                if let Whole::IsDistinct = whole {
                    return sink(Item::Bool(distinct.len() == all.len()));
                }
                distinct.into_iter().try_fold(
                    true,
                    |more, item| {
                        if more { sink(item) } else { Ok(false) }
                    },
                )
            }
            Whole::Empty => sink(Item::Bool(!self.any(base, None, this)?)),
            Whole::Exists(test) => sink(Item::Bool(self.any(base, test.as_deref(), this)?)),
            Whole::All(test) => {
                let holds =
                    self.run(base, this, &mut |item| Ok(self.truth(test, &item)? == Some(true)))?;
                sink(Item::Bool(holds))
            }
            Whole::AllTrue => {
                let holds = self.run(base, this, &mut |item| {
                    Ok(matches!(plain(self.tape, &item), Some(Item::Bool(true))))
                })?;
                sink(Item::Bool(holds))
            }
            Whole::Not => match self.truth(base, this)? {
                Some(value) => sink(Item::Bool(!value)),
                None => Ok(true),
            },
            Whole::Join(mark) => {
                let mut out = String::new();
                let mut first = true;
                self.run(base, this, &mut |item| {
                    let text = plain(self.tape, &item).and_then(Item::into_text);
                    let Some(text) = text else { return refuse("records.path.not-text") };
                    if !std::mem::take(&mut first) {
                        out.push_str(mark);
                    }
                    out.push_str(&text);
                    Ok(true)
                })?;
                sink(Item::Text(out.into()))
            }
        }
    }

    fn part(
        &self,
        base: &'a Expr,
        this: &Item<'a>,
        skip: i64,
        take: i64,
        sink: Sink<'_, 'a>,
    ) -> Run<bool> {
        if take <= 0 {
            return Ok(true);
        }
        let place = Cell::new(0i64);
        let mut more = true;
        self.run(base, this, &mut |item| {
            let here = place.get();
            place.set(here + 1);
            if here < skip {
                return Ok(true);
            }
            more = sink(item)?;
            Ok(more && here - skip.max(0) + 1 < take)
        })?;
        Ok(more)
    }

    fn any(&self, base: &'a Expr, test: Option<&'a Expr>, this: &Item<'a>) -> Run<bool> {
        let mut found = false;
        self.run(base, this, &mut |item| {
            found = match test {
                None => true,
                Some(test) => self.truth(test, &item)? == Some(true),
            };
            Ok(!found)
        })?;
        Ok(found)
    }

    /// None, one or many.
    pub(crate) fn found(&self, expr: &'a Expr, this: &Item<'a>) -> Run<Found<'a>> {
        if let Item::Node(at) = this
            && let Some(found) = self.at_once(expr, *at)
        {
            return Ok(found);
        }
        let mut found = Found::None;
        self.run(expr, this, &mut |item| {
            found = match found {
                Found::None => Found::One(item),
                _ => Found::Many,
            };
            Ok(!matches!(found, Found::Many))
        })?;
        Ok(found)
    }

    /// The primitive value of a collection of one; `None` when it is empty.
    pub(crate) fn one(&self, expr: &'a Expr, this: &Item<'a>) -> Run<Option<Item<'a>>> {
        match self.found(expr, this)? {
            Found::None => Ok(None),
            Found::One(item) => match plain(self.tape, &item) {
                Some(item) => Ok(Some(item)),
                None => refuse("records.path.not-primitive"),
            },
            Found::Many => refuse("records.path.many"),
        }
    }

    /// All items.
    pub(crate) fn all(&self, expr: &'a Expr, this: &Item<'a>) -> Run<Vec<Item<'a>>> {
        let mut all = Vec::new();
        self.run(expr, this, &mut |item| {
            all.push(item);
            Ok(true)
        })?;
        Ok(all)
    }

    /// True, false or empty. Anything else is refused: a test that yields a
    /// name or a number is a mistake in the view, not a truth.
    pub(crate) fn truth(&self, expr: &'a Expr, this: &Item<'a>) -> Run<Option<bool>> {
        if let Item::Node(at) = this
            && let Some(truth) = self.truth_at_once(expr, *at)
        {
            return Ok(truth);
        }
        match self.found(expr, this)? {
            Found::None => Ok(None),
            Found::One(item) => match plain(self.tape, &item) {
                Some(Item::Bool(value)) => Ok(Some(value)),
                _ => refuse("records.path.not-boolean"),
            },
            Found::Many => refuse("records.path.many"),
        }
    }

    /// Whether two collections hold equal items in the same order.
    pub(crate) fn same(
        &self,
        left: &'a Expr,
        right: &'a Expr,
        this: &Item<'a>,
    ) -> Run<Option<bool>> {
        match (self.found(left, this)?, self.found(right, this)?) {
            (Found::None, _) | (_, Found::None) => Ok(None),
            (Found::One(a), Found::One(b)) => self.pair(&a, &b),
            (Found::One(_), Found::Many) | (Found::Many, Found::One(_)) => Ok(Some(false)),
            (Found::Many, Found::Many) => {
                let (left, right) = (self.all(left, this)?, self.all(right, this)?);
                if left.len() != right.len() {
                    return Ok(Some(false));
                }
                for (a, b) in left.iter().zip(&right) {
                    match self.pair(a, b)? {
                        Some(true) => {}
                        other => return Ok(other),
                    }
                }
                Ok(Some(true))
            }
        }
    }

    pub(crate) fn pair(&self, a: &Item<'a>, b: &Item<'a>) -> Run<Option<bool>> {
        match (plain(self.tape, a), plain(self.tape, b)) {
            (Some(a), Some(b)) => Ok(equal(&a, &b)),
            // Members a view does not name are not read, so objects cannot be compared.
            _ => refuse("records.path.not-primitive"),
        }
    }
}
