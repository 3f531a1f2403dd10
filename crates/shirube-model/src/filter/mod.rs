//! Typed filter expressions: SQL expression syntax over one register, without
//! subqueries, read once and evaluated the same way everywhere.
//!
//! A filter is a conjunction of *parts*. A record passes when every part is
//! true. A part that is false or cannot be decided (because a field it reads is
//! empty) is named in the proof, so that a reader sees why a record is out.
//! Logic is SQL's three-valued logic.
//!
//! Allowed: field names, text, numbers, `TRUE`/`FALSE`, `DATE '2025-04-01'`;
//! `= <> < <= > >=`, `AND OR NOT`, `IN`, `BETWEEN`, `IS [NOT] NULL`;
//! `has(list, 'a', 'b')` (the list holds any of them), `count(list)`,
//! `fiscal_year(date)`. Besides its fields a record has `state`.

mod eval;
mod parse;

use std::collections::BTreeSet;
use std::fmt;

use chrono::NaiveDate;
use rust_decimal::Decimal;

pub use eval::{Row, Truth, Value};
pub(crate) use parse::field;

use crate::refusal::Refusal;
use crate::schema::{Cardinality, FieldType, KindSchema};

/// Type of an expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ty {
    /// Text, codes and identifiers.
    Text,
    /// A list of texts.
    TextList,
    /// A calendar day.
    Date,
    /// A whole number.
    Int,
    /// An exact decimal.
    Decimal,
    /// True or false.
    Bool,
}

impl Ty {
    /// The expression type of a register field; `None` for a field that
    /// filters cannot read.
    #[must_use]
    pub fn of_field(ty: FieldType, card: Cardinality) -> Option<Self> {
        let one = match ty {
            FieldType::Text
            | FieldType::Code(_)
            | FieldType::Ref(_)
            | FieldType::Id(_)
            | FieldType::Url => Self::Text,
            FieldType::Date => Self::Date,
            FieldType::Int | FieldType::Yen => Self::Int,
            FieldType::Decimal => Self::Decimal,
            FieldType::Bool => Self::Bool,
            FieldType::LocalText | FieldType::YearAmount => return None,
        };
        match (card, one) {
            (Cardinality::Many, Self::Text) => Some(Self::TextList),
            (Cardinality::Many, _) => None,
            (Cardinality::Required | Cardinality::Optional, one) => Some(one),
        }
    }

    /// Name used in messages.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::TextList => "list",
            Self::Date => "date",
            Self::Int => "whole number",
            Self::Decimal => "decimal",
            Self::Bool => "true or false",
        }
    }
}

/// A field an expression reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Field {
    /// Name in the register kind, or `state`.
    pub name: &'static str,
    /// Its type.
    pub ty: Ty,
}

/// Comparison operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cmp {
    /// `=`
    Eq,
    /// `<>`
    Ne,
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
}

/// A constant.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Lit {
    /// Text.
    Text(String),
    /// A day.
    Date(NaiveDate),
    /// A whole number.
    Int(i64),
    /// A decimal.
    Decimal(Decimal),
    /// True or false.
    Bool(bool),
}

/// A typed scalar expression.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Scalar {
    /// A field.
    Field(Field),
    /// A constant.
    Lit(Lit),
    /// The fiscal year of a date, a whole number.
    FiscalYear(Box<Scalar>),
    /// The number of items of a list; zero when the list is empty.
    Count(Field),
}

impl Scalar {
    /// Type of the value.
    #[must_use]
    pub fn ty(&self) -> Ty {
        match self {
            Self::Field(field) => field.ty,
            Self::Lit(Lit::Text(_)) => Ty::Text,
            Self::Lit(Lit::Date(_)) => Ty::Date,
            Self::Lit(Lit::Int(_)) | Self::FiscalYear(_) | Self::Count(_) => Ty::Int,
            Self::Lit(Lit::Decimal(_)) => Ty::Decimal,
            Self::Lit(Lit::Bool(_)) => Ty::Bool,
        }
    }
}

/// A typed condition.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Cond {
    /// A boolean field.
    Bool(Field),
    /// `TRUE` or `FALSE`.
    Const(bool),
    /// A comparison of two values of one type (whole numbers and decimals mix).
    Compare(Cmp, Scalar, Scalar),
    /// One of several constants of one type.
    In(Scalar, Vec<Lit>),
    /// The list holds at least one of the texts; false for an empty list.
    Has(Field, Vec<String>),
    /// The field is empty.
    IsNull(Field),
    /// Every condition.
    And(Vec<Cond>),
    /// At least one condition.
    Or(Vec<Cond>),
    /// The opposite.
    Not(Box<Cond>),
}

/// One conjunct of a filter, with the words it was written in.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Part {
    /// As written, with blanks folded.
    pub text: String,
    /// The condition.
    pub cond: Cond,
}

/// A filter over one register kind.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Filter {
    /// Conjuncts in the order written. Empty means every record passes.
    pub parts: Vec<Part>,
}

/// A constant compared with a coded field, for the vocabulary check of a pack.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct CodeUse {
    /// Field.
    pub field: &'static str,
    /// Vocabulary of the field.
    pub vocabulary: &'static str,
    /// Code written in the expression.
    pub code: String,
}

impl Filter {
    /// Reads an expression over `schema`. Blank text is the filter that every
    /// record passes.
    ///
    /// # Errors
    /// `filter.*` refusals with the place in the expression.
    pub fn parse(schema: &'static KindSchema, text: &str) -> Result<Self, Refusal> {
        parse::parse(schema, text)
    }

    /// Fields the filter reads.
    #[must_use]
    pub fn fields(&self) -> BTreeSet<&'static str> {
        let mut out = BTreeSet::new();
        for part in &self.parts {
            visit(&part.cond, &mut |leaf| match leaf {
                Leaf::Field(field) => {
                    out.insert(field.name);
                }
                Leaf::Pair(..) => {}
            });
        }
        out
    }

    /// Codes the filter compares coded fields of `schema` with.
    #[must_use]
    pub fn codes(&self, schema: &KindSchema) -> BTreeSet<CodeUse> {
        let mut out = BTreeSet::new();
        for part in &self.parts {
            visit(&part.cond, &mut |leaf| {
                if let Leaf::Pair(field, text) = leaf
                    && let Some(spec) = schema.field(field.name)
                    && let FieldType::Code(vocabulary) = spec.ty
                {
                    out.insert(CodeUse { field: spec.name, vocabulary, code: text.to_owned() });
                }
            });
        }
        out
    }

    /// States the filter compares `state` with.
    #[must_use]
    pub fn states(&self) -> BTreeSet<String> {
        let mut out = BTreeSet::new();
        for part in &self.parts {
            visit(&part.cond, &mut |leaf| {
                if let Leaf::Pair(field, text) = leaf
                    && field.name == "state"
                {
                    out.insert(text.to_owned());
                }
            });
        }
        out
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts: Vec<&str> = self.parts.iter().map(|part| part.text.as_str()).collect();
        f.write_str(&texts.join(" AND "))
    }
}

enum Leaf<'a> {
    Field(Field),
    Pair(Field, &'a str),
}

/// Calls `seen` for every field read and every field–text pair compared.
fn visit<'a>(cond: &'a Cond, seen: &mut dyn FnMut(Leaf<'a>)) {
    match cond {
        Cond::Bool(field) | Cond::IsNull(field) => seen(Leaf::Field(*field)),
        Cond::Const(_) => {}
        Cond::Compare(_, left, right) => {
            visit_scalar(left, seen);
            visit_scalar(right, seen);
            if let (Scalar::Field(field), Scalar::Lit(Lit::Text(text)))
            | (Scalar::Lit(Lit::Text(text)), Scalar::Field(field)) = (left, right)
            {
                seen(Leaf::Pair(*field, text));
            }
        }
        Cond::In(value, list) => {
            visit_scalar(value, seen);
            if let Scalar::Field(field) = value {
                for lit in list {
                    if let Lit::Text(text) = lit {
                        seen(Leaf::Pair(*field, text));
                    }
                }
            }
        }
        Cond::Has(field, texts) => {
            seen(Leaf::Field(*field));
            for text in texts {
                seen(Leaf::Pair(*field, text));
            }
        }
        Cond::And(all) | Cond::Or(all) => all.iter().for_each(|cond| visit(cond, seen)),
        Cond::Not(inner) => visit(inner, seen),
    }
}

fn visit_scalar<'a>(scalar: &'a Scalar, seen: &mut dyn FnMut(Leaf<'a>)) {
    match scalar {
        Scalar::Field(field) | Scalar::Count(field) => seen(Leaf::Field(*field)),
        Scalar::Lit(_) => {}
        Scalar::FiscalYear(inner) => visit_scalar(inner, seen),
    }
}
