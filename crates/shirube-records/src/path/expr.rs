//! The plan of a FHIRPath expression.

use rust_decimal::Decimal;

use super::moment::{Moment, MomentKind};
use crate::json::NameId;

/// A literal or constant.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Literal {
    Text(String),
    Bool(bool),
    Int(i64),
    Decimal(Decimal),
    Moment(Moment),
}

/// A member that may be written with its type in the name, such as `value`.
#[derive(Debug, Clone)]
pub(crate) struct Choice {
    /// The name without a type.
    pub(crate) plain: NameId,
    /// The name with each type.
    pub(crate) typed: Vec<NameId>,
}

/// Operators of two sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operator {
    Equal,
    NotEqual,
    Alike,
    NotAlike,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    And,
    Or,
    Xor,
    Implies,
    Plus,
    Minus,
    Times,
    Divide,
    WholeDivide,
    Remainder,
    Join,
    Union,
    In,
    Contains,
}

/// Functions that look at the whole collection.
#[derive(Debug, Clone)]
pub(crate) enum Whole {
    First,
    Last,
    Tail,
    Skip(i64),
    Take(i64),
    Index(i64),
    Single,
    Count,
    Distinct,
    IsDistinct,
    Empty,
    Exists(Option<Box<Expr>>),
    All(Box<Expr>),
    AllTrue,
    Not,
    Join(String),
}

/// Functions of each item on its own.
#[derive(Debug, Clone)]
pub(crate) enum Each {
    Field(NameId),
    Choice(Box<Choice>),
    /// `a.ofType(T)`, where `aT` is a member; the plain member is looked at too.
    Typed {
        name: NameId,
        plain: NameId,
        of: TypeTest,
    },
    OfType(TypeTest),
    Is(TypeTest),
    Where(Box<Expr>),
    Select(Box<Expr>),
    Repeat(Box<Expr>),
    Extension {
        list: NameId,
        url: NameId,
        wanted: String,
    },
    ResourceKey(NameId),
    ReferenceKey {
        reference: NameId,
        of: Option<String>,
    },
    Boundary {
        low: bool,
        kind: Option<MomentKind>,
    },
    Text(TextFunction),
}

/// Functions of a text.
#[derive(Debug, Clone)]
pub(crate) enum TextFunction {
    StartsWith(Box<Expr>),
    EndsWith(Box<Expr>),
    Contains(Box<Expr>),
    IndexOf(Box<Expr>),
    Substring(Box<Expr>, Option<Box<Expr>>),
    Replace(Box<Expr>, Box<Expr>),
    Upper,
    Lower,
    Trim,
    Length,
    ToText,
    ToInteger,
    ToDecimal,
    ToBoolean,
}

/// A test of type. Without the FHIR definitions, complex types are known only
/// by their choice member or their `resourceType`.
#[derive(Debug, Clone)]
pub(crate) struct TypeTest {
    pub(crate) name: String,
    pub(crate) resource_type: NameId,
}

/// The plan of an expression: what it starts from and what is done with it.
#[derive(Debug, Clone)]
pub(crate) enum Expr {
    This,
    Resource,
    RowIndex,
    Nothing,
    Literal(Literal),
    Each(Box<Expr>, Each),
    Whole(Box<Expr>, Whole),
    Two(Operator, Box<Expr>, Box<Expr>),
    Negate(Box<Expr>),
    Iif { test: Box<Expr>, yes: Box<Expr>, no: Box<Expr> },
}

/// FHIR types that end the name of a choice member.
pub(crate) const CHOICE_TYPES: [&str; 38] = [
    "Boolean",
    "Integer",
    "Decimal",
    "String",
    "Date",
    "DateTime",
    "Time",
    "Instant",
    "Period",
    "Quantity",
    "CodeableConcept",
    "Coding",
    "Range",
    "Ratio",
    "SampledData",
    "Reference",
    "Code",
    "Uri",
    "Url",
    "Canonical",
    "Markdown",
    "Id",
    "PositiveInt",
    "UnsignedInt",
    "Age",
    "Duration",
    "Identifier",
    "Timing",
    "Attachment",
    "Base64Binary",
    "Annotation",
    "Address",
    "HumanName",
    "ContactPoint",
    "Money",
    "Expression",
    "Oid",
    "Uuid",
];

/// Members of FHIR R4 resources that are written with their type.
pub(crate) const CHOICES: [&str; 40] = [
    "abatement",
    "age",
    "allowed",
    "amount",
    "asNeeded",
    "author",
    "born",
    "chargeItem",
    "collected",
    "content",
    "deceased",
    "defaultValue",
    "definition",
    "detail",
    "diagnosis",
    "dose",
    "effective",
    "event",
    "fastingStatus",
    "identified",
    "item",
    "location",
    "maxValue",
    "medication",
    "minValue",
    "multipleBirth",
    "occurred",
    "occurrence",
    "onset",
    "performed",
    "procedure",
    "product",
    "rate",
    "reported",
    "scheduled",
    "serviced",
    "timing",
    "topic",
    "used",
    "value",
];
