//! Reading and typing of filter expressions.

use rust_decimal::Decimal;
use sqlparser::ast::{self, BinaryOperator, UnaryOperator};
use sqlparser::dialect::GenericDialect;
use sqlparser::parser::Parser;
use sqlparser::tokenizer::Token;

use super::{Cmp, Cond, Field, Filter, Lit, Part, Scalar, Ty};
use crate::refusal::Refusal;
use crate::schema::KindSchema;

/// Longest expression accepted, in bytes.
const TEXT_LENGTH_MAX: usize = 8_000;
/// Deepest nesting accepted.
const DEPTH_MAX: u32 = 24;

pub(super) fn parse(schema: &'static KindSchema, text: &str) -> Result<Filter, Refusal> {
    if text.trim().is_empty() {
        return Ok(Filter::default());
    }
    if text.len() > TEXT_LENGTH_MAX {
        return Err(Refusal::new("filter.too-long").arg("max", TEXT_LENGTH_MAX));
    }
    let syntax = |detail: String| Refusal::new("filter.syntax").arg("detail", detail);
    let dialect = GenericDialect {};
    let mut parser =
        Parser::new(&dialect).try_with_sql(text).map_err(|error| syntax(error.to_string()))?;
    let expr = parser.parse_expr().map_err(|error| syntax(error.to_string()))?;
    let rest = parser.peek_token();
    if rest.token != Token::EOF {
        return Err(syntax(rest.token.to_string()));
    }
    let mut conjuncts = Vec::new();
    split_and(&expr, &mut conjuncts);
    let typer = Typer { schema };
    let mut parts = Vec::with_capacity(conjuncts.len());
    for conjunct in conjuncts {
        let cond = typer.cond(conjunct, 0)?;
        parts.push(Part { text: conjunct.to_string(), cond });
    }
    Ok(Filter { parts })
}

/// Conjuncts of the outermost `AND`s, in order.
fn split_and<'a>(expr: &'a ast::Expr, out: &mut Vec<&'a ast::Expr>) {
    match expr {
        ast::Expr::BinaryOp { left, op: BinaryOperator::And, right } => {
            split_and(left, out);
            split_and(right, out);
        }
        ast::Expr::Nested(inner) if is_and(inner) => split_and(inner, out),
        other => out.push(other),
    }
}

fn is_and(expr: &ast::Expr) -> bool {
    match expr {
        ast::Expr::BinaryOp { op: BinaryOperator::And, .. } => true,
        ast::Expr::Nested(inner) => is_and(inner),
        _ => false,
    }
}

struct Typer {
    schema: &'static KindSchema,
}

impl Typer {
    fn cond(&self, expr: &ast::Expr, depth: u32) -> Result<Cond, Refusal> {
        if depth > DEPTH_MAX {
            return Err(Refusal::new("filter.too-deep").arg("max", DEPTH_MAX));
        }
        match expr {
            ast::Expr::Nested(inner) => self.cond(inner, depth + 1),
            ast::Expr::UnaryOp { op: UnaryOperator::Not, expr } => {
                Ok(Cond::Not(Box::new(self.cond(expr, depth + 1)?)))
            }
            ast::Expr::BinaryOp { left, op, right } => self.binary(left, op, right, depth),
            ast::Expr::IsNull(inner) => Ok(Cond::IsNull(self.field_of(inner)?)),
            ast::Expr::IsNotNull(inner) => {
                Ok(Cond::Not(Box::new(Cond::IsNull(self.field_of(inner)?))))
            }
            ast::Expr::InList { expr, list, negated } => {
                let value = self.scalar(expr, depth + 1)?;
                let mut lits = Vec::with_capacity(list.len());
                for item in list {
                    lits.push(self.literal_like(item, value.ty(), depth + 1)?);
                }
                Ok(negate(Cond::In(value, lits), *negated))
            }
            ast::Expr::Between { expr, negated, low, high } => {
                let value = self.scalar(expr, depth + 1)?;
                let low = self.compare(Cmp::Ge, value.clone(), self.scalar(low, depth + 1)?)?;
                let high = self.compare(Cmp::Le, value, self.scalar(high, depth + 1)?)?;
                Ok(negate(Cond::And(vec![low, high]), *negated))
            }
            ast::Expr::Value(value) => match &value.value {
                ast::Value::Boolean(truth) => Ok(Cond::Const(*truth)),
                other => Err(not_a_condition(&other.to_string())),
            },
            ast::Expr::Identifier(_) => {
                let field = self.field_of(expr)?;
                match field.ty {
                    Ty::Bool => Ok(Cond::Bool(field)),
                    _ => Err(not_a_condition(field.name)),
                }
            }
            ast::Expr::Function(function) => self.condition_function(function),
            other => Err(unsupported(&other.to_string())),
        }
    }

    fn binary(
        &self,
        left: &ast::Expr,
        op: &BinaryOperator,
        right: &ast::Expr,
        depth: u32,
    ) -> Result<Cond, Refusal> {
        let cmp = match op {
            BinaryOperator::And => {
                return Ok(Cond::And(vec![
                    self.cond(left, depth + 1)?,
                    self.cond(right, depth + 1)?,
                ]));
            }
            BinaryOperator::Or => {
                return Ok(Cond::Or(vec![
                    self.cond(left, depth + 1)?,
                    self.cond(right, depth + 1)?,
                ]));
            }
            BinaryOperator::Eq => Cmp::Eq,
            BinaryOperator::NotEq => Cmp::Ne,
            BinaryOperator::Lt => Cmp::Lt,
            BinaryOperator::LtEq => Cmp::Le,
            BinaryOperator::Gt => Cmp::Gt,
            BinaryOperator::GtEq => Cmp::Ge,
            other => return Err(unsupported(&other.to_string())),
        };
        let left = self.scalar(left, depth + 1)?;
        let right = self.scalar(right, depth + 1)?;
        self.compare(cmp, left, right)
    }

    fn compare(&self, cmp: Cmp, left: Scalar, right: Scalar) -> Result<Cond, Refusal> {
        let numeric = |ty: Ty| matches!(ty, Ty::Int | Ty::Decimal);
        let (a, b) = (left.ty(), right.ty());
        let same = a == b || (numeric(a) && numeric(b));
        let ordered = matches!(a, Ty::Int | Ty::Decimal | Ty::Date);
        let equality = matches!(cmp, Cmp::Eq | Cmp::Ne) && a != Ty::TextList;
        if same && (ordered || equality) {
            Ok(Cond::Compare(cmp, left, right))
        } else {
            Err(Refusal::new("filter.types").arg("left", a.name()).arg("right", b.name()))
        }
    }

    fn scalar(&self, expr: &ast::Expr, depth: u32) -> Result<Scalar, Refusal> {
        if depth > DEPTH_MAX {
            return Err(Refusal::new("filter.too-deep").arg("max", DEPTH_MAX));
        }
        match expr {
            ast::Expr::Nested(inner) => self.scalar(inner, depth + 1),
            ast::Expr::Identifier(_) => Ok(Scalar::Field(self.field_of(expr)?)),
            ast::Expr::Value(value) => literal(&value.value).map(Scalar::Lit),
            ast::Expr::UnaryOp { op: UnaryOperator::Minus, expr } => {
                match self.scalar(expr, depth + 1)? {
                    Scalar::Lit(Lit::Int(number)) => Ok(Scalar::Lit(Lit::Int(-number))),
                    Scalar::Lit(Lit::Decimal(number)) => Ok(Scalar::Lit(Lit::Decimal(-number))),
                    _ => Err(unsupported("-")),
                }
            }
            ast::Expr::TypedString(typed) if typed.data_type == ast::DataType::Date => {
                match &typed.value.value {
                    ast::Value::SingleQuotedString(text) => text
                        .parse()
                        .map(|date| Scalar::Lit(Lit::Date(date)))
                        .map_err(|_| Refusal::new("core.date.unreadable").arg("value", text)),
                    other => Err(unsupported(&other.to_string())),
                }
            }
            ast::Expr::Function(function) => self.scalar_function(function, depth),
            other => Err(unsupported(&other.to_string())),
        }
    }

    fn scalar_function(&self, function: &ast::Function, depth: u32) -> Result<Scalar, Refusal> {
        let name = function.name.to_string().to_ascii_lowercase();
        let args = plain_args(function)?;
        match (name.as_str(), args.as_slice()) {
            ("fiscal_year", [date]) => {
                let inner = self.scalar(date, depth + 1)?;
                if inner.ty() != Ty::Date {
                    return Err(Refusal::new("filter.types")
                        .arg("left", inner.ty().name())
                        .arg("right", Ty::Date.name()));
                }
                Ok(Scalar::FiscalYear(Box::new(inner)))
            }
            ("count", [list]) => {
                let field = self.field_of(list)?;
                if field.ty != Ty::TextList {
                    return Err(Refusal::new("filter.not-a-list").arg("name", field.name));
                }
                Ok(Scalar::Count(field))
            }
            _ => Err(unsupported(&name)),
        }
    }

    fn condition_function(&self, function: &ast::Function) -> Result<Cond, Refusal> {
        let name = function.name.to_string().to_ascii_lowercase();
        let args = plain_args(function)?;
        match (name.as_str(), args.as_slice()) {
            ("has", [list, items @ ..]) if !items.is_empty() => {
                let field = self.field_of(list)?;
                if field.ty != Ty::TextList {
                    return Err(Refusal::new("filter.not-a-list").arg("name", field.name));
                }
                let mut texts = Vec::with_capacity(items.len());
                for item in items {
                    match self.literal_like(item, Ty::Text, 0)? {
                        Lit::Text(text) => texts.push(text),
                        _ => return Err(unsupported(&name)),
                    }
                }
                Ok(Cond::Has(field, texts))
            }
            _ => Err(unsupported(&name)),
        }
    }

    /// A constant that fits a value of type `ty`.
    fn literal_like(&self, expr: &ast::Expr, ty: Ty, depth: u32) -> Result<Lit, Refusal> {
        let Scalar::Lit(lit) = self.scalar(expr, depth)? else {
            return Err(unsupported(&expr.to_string()));
        };
        let found = Scalar::Lit(lit.clone()).ty();
        let numeric = |ty: Ty| matches!(ty, Ty::Int | Ty::Decimal);
        if found == ty || (numeric(found) && numeric(ty)) {
            Ok(lit)
        } else {
            Err(Refusal::new("filter.types").arg("left", ty.name()).arg("right", found.name()))
        }
    }

    fn field_of(&self, expr: &ast::Expr) -> Result<Field, Refusal> {
        let ast::Expr::Identifier(ident) = expr else {
            return Err(Refusal::new("filter.not-a-field").arg("text", expr));
        };
        self.field(&ident.value)
    }

    fn field(&self, name: &str) -> Result<Field, Refusal> {
        field(self.schema, name)
    }
}

/// The field `name` of a kind as filters see it.
pub(crate) fn field(schema: &'static KindSchema, name: &str) -> Result<Field, Refusal> {
    if name == "state" {
        return Ok(Field { name: "state", ty: Ty::Text });
    }
    let Some(spec) = schema.field(name) else {
        let known: Vec<_> = schema.fields.iter().map(|field| field.name).collect();
        return Err(Refusal::new("filter.unknown-field")
            .arg("name", name)
            .arg("kind", schema.kind)
            .arg("known", known.join(", ")));
    };
    let Some(ty) = Ty::of_field(spec.ty, spec.card) else {
        return Err(Refusal::new("filter.unreadable-field").arg("name", name));
    };
    Ok(Field { name: spec.name, ty })
}

fn plain_args(function: &ast::Function) -> Result<Vec<&ast::Expr>, Refusal> {
    let refuse = || unsupported(&function.to_string());
    let plain = function.over.is_none()
        && function.filter.is_none()
        && function.null_treatment.is_none()
        && function.within_group.is_empty()
        && matches!(function.parameters, ast::FunctionArguments::None);
    let ast::FunctionArguments::List(list) = &function.args else {
        return Err(refuse());
    };
    if !plain || list.duplicate_treatment.is_some() || !list.clauses.is_empty() {
        return Err(refuse());
    }
    list.args
        .iter()
        .map(|arg| match arg {
            ast::FunctionArg::Unnamed(ast::FunctionArgExpr::Expr(expr)) => Ok(expr),
            _ => Err(refuse()),
        })
        .collect()
}

fn literal(value: &ast::Value) -> Result<Lit, Refusal> {
    match value {
        ast::Value::SingleQuotedString(text) => Ok(Lit::Text(text.clone())),
        ast::Value::Boolean(truth) => Ok(Lit::Bool(*truth)),
        ast::Value::Number(digits, _) => {
            let text = digits.to_string();
            if let Ok(number) = text.parse::<i64>() {
                return Ok(Lit::Int(number));
            }
            text.parse::<Decimal>()
                .ok()
                .filter(|n| n.scale() <= crate::registers::DECIMAL_SCALE_MAX)
                .filter(|n| n.abs() < Decimal::from(1_000_000_000_000_000i64))
                .map(Lit::Decimal)
                .ok_or_else(|| Refusal::new("core.decimal.unreadable").arg("value", text))
        }
        other => Err(unsupported(&other.to_string())),
    }
}

fn negate(cond: Cond, negated: bool) -> Cond {
    if negated { Cond::Not(Box::new(cond)) } else { cond }
}

fn unsupported(what: &str) -> Refusal {
    Refusal::new("filter.unsupported").arg("text", what)
}

fn not_a_condition(what: &str) -> Refusal {
    Refusal::new("filter.not-a-condition").arg("text", what)
}
