//! From FHIRPath text to a plan.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use shirube_model::refusal::Refusal;

use super::expr::{
    CHOICE_TYPES, CHOICES, Choice, Each, Expr, Literal, Operator, TextFunction, TypeTest, Whole,
};
use super::lex::{Placed, Word, words};
use super::moment::{Moment, MomentKind};
use crate::json::Names;

/// Longest expression, in characters.
const LENGTH_MAX: usize = 4_000;
/// Deepest nesting of an expression.
const DEPTH_MAX: usize = 60;
/// Longest chain of steps, or of operators of one strength.
const CHAIN_MAX: usize = 100;

/// What an expression is read against.
pub(crate) struct Scope<'s> {
    /// Member names, filled with those the expression names.
    pub(crate) names: &'s mut Names,
    /// Constants of the view.
    pub(crate) constants: &'s BTreeMap<String, Literal>,
    /// Resource type of the view; an expression may start with it.
    pub(crate) resource: &'s str,
    /// What kind of moment a boundary gives when the path does not say.
    pub(crate) boundary: Option<MomentKind>,
}

type Parsed<T> = Result<T, Box<Refusal>>;

/// Reads an expression.
///
/// # Errors
/// `records.path.*`, with the text and the character, when it is none of ours.
pub(crate) fn parse(text: &str, scope: &mut Scope<'_>) -> Parsed<Expr> {
    let refuse = |code: &'static str, at: usize, what: &str| {
        Box::new(Refusal::new(code).arg("path", text).arg("at", at).arg("what", what))
    };
    if text.chars().count() > LENGTH_MAX {
        return Err(Box::new(Refusal::new("records.path.long").arg("limit", LENGTH_MAX)));
    }
    let words = words(text).map_err(|at| refuse("records.path.syntax", at, ""))?;
    let mut parser = Parser { text, words, next: 0, depth: 0, scope };
    let expr = parser.binary(0)?;
    match parser.words.get(parser.next) {
        None => Ok(expr),
        Some(placed) => Err(refuse("records.path.syntax", placed.at, "")),
    }
}

struct Parser<'p, 's> {
    text: &'p str,
    words: Vec<Placed>,
    next: usize,
    depth: usize,
    scope: &'p mut Scope<'s>,
}

/// The kind of moment that a type name, as in `ofType(dateTime)`, stands for.
pub(crate) fn boundary_kind(type_name: &str) -> Option<MomentKind> {
    match type_name {
        "date" => Some(MomentKind::Date),
        "dateTime" | "instant" => Some(MomentKind::DateTime),
        "time" => Some(MomentKind::Time),
        _ => None,
    }
}

/// Operators by strength, weakest first.
fn operator(word: &Word) -> Option<(u8, Operator)> {
    Some(match word {
        Word::Name(name) => match name.as_str() {
            "implies" => (1, Operator::Implies),
            "or" => (2, Operator::Or),
            "xor" => (2, Operator::Xor),
            "and" => (3, Operator::And),
            "in" => (4, Operator::In),
            "contains" => (4, Operator::Contains),
            "div" => (9, Operator::WholeDivide),
            "mod" => (9, Operator::Remainder),
            _ => return None,
        },
        Word::Mark(mark) => match *mark {
            "=" => (5, Operator::Equal),
            "!=" => (5, Operator::NotEqual),
            "~" => (5, Operator::Alike),
            "!~" => (5, Operator::NotAlike),
            "<" => (6, Operator::Less),
            "<=" => (6, Operator::LessOrEqual),
            ">" => (6, Operator::Greater),
            ">=" => (6, Operator::GreaterOrEqual),
            "|" => (7, Operator::Union),
            "+" => (8, Operator::Plus),
            "-" => (8, Operator::Minus),
            "&" => (8, Operator::Join),
            "*" => (9, Operator::Times),
            "/" => (9, Operator::Divide),
            _ => return None,
        },
        _ => return None,
    })
}

/// `is` and `as` bind between `|` and `+`.
const TYPE_STRENGTH: u8 = 7;

impl Parser<'_, '_> {
    fn refuse<T>(&self, code: &'static str, what: &str) -> Parsed<T> {
        let end = self.text.chars().count() + 1;
        let at = self.words.get(self.next).map_or(end, |w| w.at);
        let refusal = Refusal::new(code).arg("path", self.text).arg("at", at).arg("what", what);
        Err(Box::new(refusal))
    }

    fn peek(&self) -> Option<&Word> {
        self.words.get(self.next).map(|w| &w.word)
    }

    fn take(&mut self, mark: &str) -> bool {
        let there = matches!(self.peek(), Some(Word::Mark(m)) if *m == mark);
        self.next += usize::from(there);
        there
    }

    fn expect(&mut self, mark: &str) -> Parsed<()> {
        if self.take(mark) { Ok(()) } else { self.refuse("records.path.syntax", mark) }
    }

    fn binary(&mut self, weakest: u8) -> Parsed<Expr> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return self.refuse("records.path.deep", "");
        }
        let mut left = self.unary()?;
        let mut chain = 0;
        loop {
            chain += 1;
            if chain > CHAIN_MAX {
                return self.refuse("records.path.deep", "");
            }
            let type_word = match self.peek() {
                Some(Word::Name(name)) if name == "is" || name == "as" => Some(name == "is"),
                _ => None,
            };
            if let Some(is) = type_word.filter(|_| TYPE_STRENGTH >= weakest) {
                self.next += 1;
                let test = self.type_name()?;
                left = if is {
                    Expr::Each(Box::new(left), Each::Is(test))
                } else {
                    self.of_type(left, test)
                };
                continue;
            }
            let Some((strength, operator)) = self.peek().and_then(operator) else { break };
            if strength < weakest {
                break;
            }
            self.next += 1;
            let right = self.binary(strength + 1)?;
            left = Expr::Two(operator, Box::new(left), Box::new(right));
        }
        self.depth -= 1;
        Ok(left)
    }

    fn unary(&mut self) -> Parsed<Expr> {
        if self.take("-") {
            // A long row of signs must not overflow the stack.
            self.depth += 1;
            if self.depth > DEPTH_MAX {
                return self.refuse("records.path.deep", "");
            }
            let inner = self.unary()?;
            self.depth -= 1;
            return Ok(Expr::Negate(Box::new(inner)));
        }
        self.take("+");
        self.postfix()
    }

    fn postfix(&mut self) -> Parsed<Expr> {
        let mut expr = self.term()?;
        let mut chain = 0;
        loop {
            chain += 1;
            if chain > CHAIN_MAX {
                return self.refuse("records.path.deep", "");
            }
            if self.take(".") {
                let Some(Word::Name(name)) = self.peek().cloned() else {
                    return self.refuse("records.path.syntax", "");
                };
                self.next += 1;
                expr = self.name(expr, &name)?;
            } else if self.take("[") {
                let index = self.whole_number()?;
                self.expect("]")?;
                expr = Expr::Whole(Box::new(expr), Whole::Index(index));
            } else {
                return Ok(expr);
            }
        }
    }

    /// A member or, before a bracket, a function.
    fn name(&mut self, base: Expr, name: &str) -> Parsed<Expr> {
        if matches!(self.peek(), Some(Word::Mark("("))) {
            return self.function(base, name);
        }
        if CHOICES.contains(&name) {
            let names = &mut *self.scope.names;
            let plain = names.want(name);
            let typed = CHOICE_TYPES.iter().map(|t| names.want(&format!("{name}{t}"))).collect();
            let choice = Box::new(Choice { plain, typed });
            return Ok(Expr::Each(Box::new(base), Each::Choice(choice)));
        }
        let id = self.scope.names.want(name);
        Ok(Expr::Each(Box::new(base), Each::Field(id)))
    }

    fn term(&mut self) -> Parsed<Expr> {
        let Some(word) = self.peek().cloned() else {
            return self.refuse("records.path.syntax", "");
        };
        let unknown = |parser: &Self, what: &str| parser.refuse("records.path.unknown", what);
        match word {
            Word::Text(text) => self.literal(Literal::Text(text)),
            Word::Number(number) => {
                let literal = match number.parse::<i64>() {
                    Ok(whole) => Some(Literal::Int(whole)),
                    Err(_) => number.parse::<Decimal>().ok().map(Literal::Decimal),
                };
                let Some(literal) = literal else { return unknown(self, &number) };
                self.literal(literal)
            }
            Word::Moment(text) => match Moment::read(&text) {
                Some(moment) => self.literal(Literal::Moment(moment)),
                None => unknown(self, &text),
            },
            Word::Constant(name) => self.constant(&name),
            Word::Special(name) if name == "this" => {
                self.next += 1;
                Ok(Expr::This)
            }
            Word::Special(name) => unknown(self, &name),
            Word::Name(name) => self.first_name(&name),
            Word::Mark("(") => {
                self.next += 1;
                let inner = self.binary(0)?;
                self.expect(")")?;
                Ok(inner)
            }
            Word::Mark("{") => {
                self.next += 1;
                self.expect("}")?;
                Ok(Expr::Nothing)
            }
            Word::Mark(_) => self.refuse("records.path.syntax", ""),
        }
    }

    fn literal(&mut self, literal: Literal) -> Parsed<Expr> {
        self.next += 1;
        Ok(Expr::Literal(literal))
    }

    fn constant(&mut self, name: &str) -> Parsed<Expr> {
        let expr = match (name, self.scope.constants.get(name)) {
            (_, Some(literal)) => Expr::Literal(literal.clone()),
            ("resource" | "context", None) => Expr::Resource,
            ("rowIndex", None) => Expr::RowIndex,
            _ => return self.refuse("records.path.constant", name),
        };
        self.next += 1;
        Ok(expr)
    }

    fn first_name(&mut self, name: &str) -> Parsed<Expr> {
        match name {
            "true" | "false" => return self.literal(Literal::Bool(name == "true")),
            _ => self.next += 1,
        }
        let bracket = matches!(self.peek(), Some(Word::Mark("(")));
        if name == self.scope.resource && !bracket {
            return Ok(Expr::Resource);
        }
        self.name(Expr::This, name)
    }

    fn whole_number(&mut self) -> Parsed<i64> {
        match self.binary(0)? {
            Expr::Literal(Literal::Int(number)) => Ok(number),
            _ => self.refuse("records.path.index", ""),
        }
    }

    /// A type: `Patient`, `FHIR.Patient`, `System.String`.
    fn type_name(&mut self) -> Parsed<TypeTest> {
        let name = loop {
            let Some(Word::Name(part)) = self.peek().cloned() else {
                return self.refuse("records.path.type", "");
            };
            self.next += 1;
            if !self.take(".") {
                break part;
            }
        };
        Ok(TypeTest { name, resource_type: self.scope.names.want("resourceType") })
    }

    /// `base.ofType(T)`: a choice member becomes the member with the type in its name.
    fn of_type(&mut self, base: Expr, of: TypeTest) -> Expr {
        let (inner, plain) = match base {
            Expr::Each(inner, Each::Field(plain)) => (inner, plain),
            Expr::Each(inner, Each::Choice(choice)) => (inner, choice.plain),
            other => return Expr::Each(Box::new(other), Each::OfType(of)),
        };
        let mut typed = self.scope.names.name(plain).to_owned();
        let mut letters = of.name.chars();
        typed.extend(letters.next().map(|c| c.to_ascii_uppercase()));
        typed.push_str(letters.as_str());
        let name = self.scope.names.want(&typed);
        Expr::Each(inner, Each::Typed { name, plain, of })
    }

    fn function(&mut self, base: Expr, name: &str) -> Parsed<Expr> {
        self.expect("(")?;
        if let "ofType" | "as" | "is" = name {
            let test = self.type_name()?;
            self.expect(")")?;
            return Ok(if name == "is" {
                Expr::Each(Box::new(base), Each::Is(test))
            } else {
                self.of_type(base, test)
            });
        }
        if name == "getReferenceKey" {
            let of = match self.peek() {
                Some(Word::Mark(")")) => None,
                _ => Some(self.type_name()?.name),
            };
            self.expect(")")?;
            let reference = self.scope.names.want("reference");
            return Ok(Expr::Each(Box::new(base), Each::ReferenceKey { reference, of }));
        }
        let mut arguments = Vec::new();
        if !self.take(")") {
            loop {
                arguments.push(self.binary(0)?);
                if !self.take(",") {
                    break;
                }
            }
            self.expect(")")?;
        }
        self.call(base, name, arguments)
    }

    fn call(&mut self, base: Expr, name: &str, arguments: Vec<Expr>) -> Parsed<Expr> {
        let count = arguments.len();
        let mut arguments = arguments.into_iter().map(Box::new);
        let whole = |w: Whole| Ok(Expr::Whole(Box::new(base.clone()), w));
        match (name, count, arguments.next(), arguments.next()) {
            ("first", 0, ..) => whole(Whole::First),
            ("last", 0, ..) => whole(Whole::Last),
            ("tail", 0, ..) => whole(Whole::Tail),
            ("single", 0, ..) => whole(Whole::Single),
            ("count", 0, ..) => whole(Whole::Count),
            ("distinct", 0, ..) => whole(Whole::Distinct),
            ("isDistinct", 0, ..) => whole(Whole::IsDistinct),
            ("empty", 0, ..) => whole(Whole::Empty),
            ("exists" | "hasValue", 0, ..) => whole(Whole::Exists(None)),
            ("exists", 1, Some(test), _) => whole(Whole::Exists(Some(test))),
            ("all", 1, Some(test), _) => whole(Whole::All(test)),
            ("allTrue", 0, ..) => whole(Whole::AllTrue),
            ("not", 0, ..) => whole(Whole::Not),
            ("join", 0, ..) => whole(Whole::Join(String::new())),
            ("skip", 1, Some(n), _) => whole(Whole::Skip(self.fixed_number(&n)?)),
            ("take", 1, Some(n), _) => whole(Whole::Take(self.fixed_number(&n)?)),
            ("join", 1, Some(mark), _) => whole(Whole::Join(self.fixed_text(&mark)?)),
            ("iif", 2 | 3, Some(test), Some(yes)) => {
                let no = arguments.next().unwrap_or(Box::new(Expr::Nothing));
                let iif = Expr::Iif { test, yes, no };
                // Before a dot, the conditions look at that item.
                Ok(match base {
                    Expr::This => iif,
                    base => Expr::Each(Box::new(base), Each::Select(Box::new(iif))),
                })
            }
            (name, count, first, second) => {
                let mut each = self.each(name, count, first, second)?;
                if let (Each::Boundary { kind, .. }, Expr::Each(_, Each::Typed { of, .. })) =
                    (&mut each, &base)
                {
                    *kind = boundary_kind(&of.name);
                }
                Ok(Expr::Each(Box::new(base), each))
            }
        }
    }

    fn each(
        &mut self,
        name: &str,
        count: usize,
        first: Option<Box<Expr>>,
        second: Option<Box<Expr>>,
    ) -> Parsed<Each> {
        use TextFunction as T;
        let text = match (name, count, first, second) {
            ("where", 1, Some(test), _) => return Ok(Each::Where(test)),
            ("select", 1, Some(to), _) => return Ok(Each::Select(to)),
            ("repeat", 1, Some(to), _) => return Ok(Each::Repeat(to)),
            ("extension", 1, Some(url), _) => {
                let wanted = self.fixed_text(&url)?;
                let list = self.scope.names.want("extension");
                let url = self.scope.names.want("url");
                return Ok(Each::Extension { list, url, wanted });
            }
            ("getResourceKey", 0, ..) => {
                return Ok(Each::ResourceKey(self.scope.names.want("id")));
            }
            ("lowBoundary" | "highBoundary", 0, ..) => {
                let kind = self.scope.boundary;
                return Ok(Each::Boundary { low: name == "lowBoundary", kind });
            }
            ("startsWith", 1, Some(a), _) => T::StartsWith(a),
            ("endsWith", 1, Some(a), _) => T::EndsWith(a),
            ("contains", 1, Some(a), _) => T::Contains(a),
            ("indexOf", 1, Some(a), _) => T::IndexOf(a),
            ("substring", 1 | 2, Some(from), length) => T::Substring(from, length),
            ("replace", 2, Some(a), Some(b)) => T::Replace(a, b),
            ("upper", 0, ..) => T::Upper,
            ("lower", 0, ..) => T::Lower,
            ("trim", 0, ..) => T::Trim,
            ("length", 0, ..) => T::Length,
            ("toString", 0, ..) => T::ToText,
            ("toInteger", 0, ..) => T::ToInteger,
            ("toDecimal", 0, ..) => T::ToDecimal,
            ("toBoolean", 0, ..) => T::ToBoolean,
            _ => return self.refuse("records.path.function", name),
        };
        Ok(Each::Text(text))
    }

    fn fixed_number(&self, expr: &Expr) -> Parsed<i64> {
        match expr {
            Expr::Literal(Literal::Int(number)) => Ok(*number),
            _ => self.refuse("records.path.index", ""),
        }
    }

    fn fixed_text(&self, expr: &Expr) -> Parsed<String> {
        match expr {
            Expr::Literal(Literal::Text(text)) => Ok(text.clone()),
            _ => self.refuse("records.path.text", ""),
        }
    }
}
