//! Paths that lead to one value, or to none.
//!
//! Most paths of most views do, over most resources: no list on the way has more
//! than one element. They are followed from place to place on the tape. What
//! [`Over::run`] would find is found here too, or left to it.

use std::borrow::Cow;

use super::expr::{Each, Expr, Literal, Operator, Whole};
use super::functions;
use super::item::Item;
use super::run::{Found, Over};
use crate::json::{Token, after, member, text_at};

/// Where a path leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sole {
    /// To nothing.
    None,
    /// To the one value at this place.
    At(u32),
    /// To several values, to what is no value of the resource, or to a fault:
    /// not for here to say.
    Unsure,
}

impl<'a> Over<'a> {
    /// What `expr` yields, seen from the value at a place, where that can be
    /// told at once.
    pub(crate) fn at_once(&self, expr: &'a Expr, this: u32) -> Option<Found<'a>> {
        if let Some(truth) = self.truth_at_once(expr, this) {
            return Some(truth.map_or(Found::None, |truth| Found::One(Item::Bool(truth))));
        }
        if let Some(key) = self.key_at_once(expr, this) {
            return Some(key.map_or(Found::None, |key| Found::One(Item::Text(key))));
        }
        match self.sole(expr, this) {
            Sole::None => Some(Found::None),
            Sole::At(at) => Some(Found::One(Item::Node(at))),
            Sole::Unsure => None,
        }
    }

    /// Whether a text is the one wanted; `Some(None)` when there is no text.
    pub(crate) fn truth_at_once(&self, expr: &'a Expr, this: u32) -> Option<Option<bool>> {
        let Expr::Two(Operator::Equal, left, right) = expr else { return None };
        let Expr::Literal(Literal::Text(wanted)) = &**right else { return None };
        match self.sole(left, this) {
            Sole::None => Some(None),
            Sole::At(at) => match self.tape.get(at as usize) {
                Some(Token::Text(text)) => Some(Some(*text == wanted.as_str())),
                _ => Some(Some(text_at(self.tape, at)? == wanted.as_str())),
            },
            Sole::Unsure => None,
        }
    }

    /// The key of a reference; `Some(None)` when there is none.
    pub(crate) fn key_at_once(&self, expr: &'a Expr, this: u32) -> Option<Option<Cow<'a, str>>> {
        let Expr::Each(base, Each::ReferenceKey { reference, of }) = expr else { return None };
        match self.sole(base, this) {
            Sole::None => Some(None),
            Sole::At(at) => {
                let text = member(self.tape, at, *reference);
                let text = text.and_then(|at| text_at(self.tape, at));
                Some(text.and_then(|text| functions::reference_key(text, of.as_deref())))
            }
            Sole::Unsure => None,
        }
    }

    /// Where `expr` leads, seen from the value at a place.
    pub(crate) fn sole(&self, expr: &'a Expr, this: u32) -> Sole {
        match expr {
            Expr::This => Sole::At(this),
            Expr::Resource => Sole::At(self.root),
            Expr::Whole(base, Whole::First) => self.sole(base, this),
            Expr::Each(base, each) => match self.sole(base, this) {
                Sole::At(at) => self.step(each, at),
                other => other,
            },
            _ => Sole::Unsure,
        }
    }

    fn step(&self, each: &'a Each, at: u32) -> Sole {
        match each {
            Each::Field(name) | Each::ResourceKey(name) => {
                self.element(member(self.tape, at, *name))
            }
            Each::Typed { name, plain, .. } => match member(self.tape, at, *name) {
                Some(value) => self.element(Some(value)),
                // Its type would have to be looked at.
                None if member(self.tape, at, *plain).is_some() => Sole::Unsure,
                None => Sole::None,
            },
            Each::Choice(choice) => {
                let mut names = std::iter::once(&choice.plain).chain(&choice.typed);
                self.element(names.find_map(|name| member(self.tape, at, *name)))
            }
            Each::Where(test) => match self.truth_at_once(test, at) {
                Some(Some(true)) => Sole::At(at),
                Some(_) => Sole::None,
                None => Sole::Unsure,
            },
            _ => Sole::Unsure,
        }
    }

    /// The value at a place; the element of a list of one.
    fn element(&self, at: Option<u32>) -> Sole {
        let Some(mut at) = at else { return Sole::None };
        loop {
            match self.tape.get(at as usize) {
                None | Some(Token::Null) => return Sole::None,
                Some(Token::Array { end }) if *end == at + 1 => return Sole::None,
                Some(Token::Array { end }) if after(self.tape, at + 1) == *end => at += 1,
                Some(Token::Array { .. }) => return Sole::Unsure,
                Some(_) => return Sole::At(at),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::json::{Names, Reader};
    use crate::path::{Scope, parse};

    /// What a path yields when every step is run, and what is told at once.
    fn both(path: &str, text: &str) -> (Option<Vec<String>>, Option<Vec<String>>) {
        let mut names = Names::default();
        let constants = BTreeMap::from([("c".to_owned(), Literal::Text("x".to_owned()))]);
        let mut scope =
            Scope { names: &mut names, constants: &constants, resource: "R", boundary: None };
        let expr = parse(path, &mut scope).unwrap();
        let mut reader = Reader::new(&names);
        let over = Over { tape: reader.read(text).unwrap(), root: 0, row: 0 };
        let mut slowly = Vec::new();
        let run = over.run(&expr, &Item::Node(0), &mut |item| {
            slowly.push(format!("{item:?}"));
            Ok(true)
        });
        let at_once = over.at_once(&expr, 0).map(|found| match found {
            Found::None => Vec::new(),
            Found::One(item) => vec![format!("{item:?}")],
            Found::Many => panic!("many are not for here to find"),
        });
        (run.ok().map(|_| slowly), at_once)
    }

    #[test]
    fn what_is_told_at_once_is_what_every_step_would_find() {
        // Each path, and whether it can be told for the first text.
        let paths = [
            ("a", true),
            ("a.b", true),
            ("a.b.first()", true),
            ("a.first().b", true),
            ("a.where(b = 'x').c", true),
            ("a.where(b = %c).c.first()", true),
            ("a.b = 'x'", true),
            ("value.ofType(string)", true),
            ("value", true),
            ("a.getReferenceKey()", true),
            ("a.getReferenceKey(P)", true),
            ("getResourceKey()", true),
            ("%resource.a.b", true),
            ("a.count()", false),
            ("a.b & 'x'", false),
        ];
        let texts = [
            r#"{"a":{"b":"x","c":"1"},"id":"i"}"#,
            r#"{"a":[{"b":"x","c":"1"}],"id":["i"]}"#,
            r#"{"a":[{"b":["x"],"c":["1"]}]}"#,
            r#"{"a":[{"b":"x","c":"1"},{"b":"y","c":"2"}]}"#,
            r#"{"a":{"b":["x","y"]}}"#,
            r#"{"a":[{"b":"\u0078","c":"1"}],"value":"t"}"#,
            r#"{"a":{"b":null,"c":[]},"valueString":"t"}"#,
            r#"{"a":[],"valueString":["t"]}"#,
            r#"{"a":null,"value":1}"#,
            r#"{"a":[null]}"#,
            r#"{"a":"x"}"#,
            r#"{"a":{"b":1,"c":true}}"#,
            r#"{"a":{"b":{"b":"x"},"c":[[["1"]]]}}"#,
            r#"{"a":{"reference":"P/1"}}"#,
            r#"{"a":[{"reference":"urn:uuid:1"}]}"#,
            r#"{"a":{"reference":["P/1"]},"valueString":"t","value":"u"}"#,
            "{}",
        ];
        for (path, told) in paths {
            for text in texts {
                let (slowly, at_once) = both(path, text);
                assert!(at_once.is_none() || at_once == slowly, "{path} over {text}");
            }
            assert_eq!(both(path, texts[0]).1.is_some(), told, "{path}");
        }
    }
}
