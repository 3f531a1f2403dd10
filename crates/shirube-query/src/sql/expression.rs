//! Expressions over the columns of one FROM.

use datafusion::common::ScalarValue;
use datafusion::logical_expr::expr::{Case, InList, Like, ScalarFunction};
use datafusion::logical_expr::{Expr, Operator, binary_expr};
use shirube_model::refusal::Refusal;
use sqlparser::ast::{
    self, BinaryOperator, CaseWhen, CastKind, DataType as SqlType, DateTimeField, Function,
    FunctionArg, FunctionArgExpr, FunctionArgumentList, FunctionArguments, Spanned, UnaryOperator,
};
use sqlparser::tokenizer::Span;
use std::sync::Arc;

use super::literal::{literal, null, typed_string, unify};
use super::relation::Scope;
use crate::error::at;
use crate::functions::{Listed, function, udf};
use crate::kind::Kind;

/// An expression of the plan and its kind.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Typed {
    pub(super) expr: Expr,
    pub(super) kind: Kind,
}

/// Names of aggregates, which stand in the list of results only.
pub(super) const AGGREGATES: &[&str] = &["avg", "count", "max", "min", "sum"];

fn boolean(expr: Expr) -> Typed {
    Typed { expr, kind: Kind::Bool }
}

/// A condition.
pub(super) fn condition(scope: &Scope, expr: &ast::Expr) -> Result<Expr, Refusal> {
    let typed = expression(scope, expr)?;
    match typed.kind {
        Kind::Bool => Ok(typed.expr),
        Kind::Null => Ok(null(Kind::Bool).expr),
        _ => Err(at("query.type.condition", expr.span())),
    }
}

/// Any expression.
pub(super) fn expression(scope: &Scope, expr: &ast::Expr) -> Result<Typed, Refusal> {
    use ast::Expr as E;
    let span = expr.span();
    if let Some(grouped) = &scope.grouped
        && let Some(column) = grouped.stands_for(expr)?
    {
        return Ok(column);
    }
    match expr {
        E::Identifier(name) => scope.resolve(None, name),
        E::CompoundIdentifier(parts) => match parts.as_slice() {
            [table, name] => scope.resolve(Some(table), name),
            _ => Err(at("query.expression.refused", span)),
        },
        E::Nested(inner) => expression(scope, inner),
        E::Value(value) => literal(value),
        E::TypedString(text) => typed_string(text),
        E::IsNull(inner) => Ok(boolean(expression(scope, inner)?.expr.is_null())),
        E::IsNotNull(inner) => Ok(boolean(expression(scope, inner)?.expr.is_not_null())),
        E::IsTrue(inner) => Ok(boolean(Expr::IsTrue(Box::new(condition(scope, inner)?)))),
        E::IsFalse(inner) => Ok(boolean(Expr::IsFalse(Box::new(condition(scope, inner)?)))),
        E::IsNotTrue(inner) => Ok(boolean(Expr::IsNotTrue(Box::new(condition(scope, inner)?)))),
        E::IsNotFalse(inner) => Ok(boolean(Expr::IsNotFalse(Box::new(condition(scope, inner)?)))),
        E::UnaryOp { op, expr } => unary(scope, *op, expr, span),
        E::BinaryOp { left, op, right } => binary(scope, left, op, right, span),
        E::Between { expr, negated, low, high } => {
            let low = compare(scope, expr, Operator::GtEq, low)?;
            let high = compare(scope, expr, Operator::LtEq, high)?;
            Ok(negate(binary_expr(low.expr, Operator::And, high.expr), *negated))
        }
        E::InList { expr, list, negated } => in_list(scope, expr, list, *negated),
        E::Like { negated, any: false, expr, pattern, escape_char: None } => {
            like(scope, expr, pattern, *negated)
        }
        E::Case { case_token: _, end_token: _, operand, conditions, else_result } => {
            case(scope, operand.as_deref(), conditions, else_result.as_deref(), span)
        }
        E::Function(f) => scalar(scope, f),
        E::Extract { field, syntax: _, expr } => extract(scope, field, expr, span),
        E::Substring { expr, substring_from, substring_for, special: _, shorthand: _ } => {
            let (Some(from), Some(length)) = (substring_from, substring_for) else {
                return Err(at("query.function.arguments", span).arg("function", "substr"));
            };
            listed_call(scope, "substr", &[expr, from, length], span)
        }
        E::Trim { trim_where: None, trim_what: None, expr, trim_characters: None } => {
            listed_call(scope, "trim", &[expr], span)
        }
        E::Cast {
            kind: CastKind::Cast | CastKind::DoubleColon,
            expr,
            data_type,
            array: false,
            format: None,
        } => {
            // The one conversion that cannot fail.
            match data_type {
                SqlType::Date => listed_call(scope, "date_of", &[expr], span),
                _ => Err(at("query.cast.refused", span)),
            }
        }
        E::Cast { .. } | E::Convert { .. } => Err(at("query.cast.refused", span)),
        E::Subquery(_) | E::Exists { .. } | E::InSubquery { .. } => {
            Err(at("query.subquery.refused", span))
        }
        E::AnyOp { .. } | E::AllOp { .. } => Err(at("query.subquery.refused", span)),
        // Everything else, and whatever a later parser may know.
        _ => Err(at("query.expression.refused", span)),
    }
}

fn negate(expr: Expr, negated: bool) -> Typed {
    boolean(if negated { Expr::Not(Box::new(expr)) } else { expr })
}

fn unary(
    scope: &Scope,
    op: UnaryOperator,
    inner: &ast::Expr,
    span: Span,
) -> Result<Typed, Refusal> {
    match op {
        UnaryOperator::Not => Ok(negate(condition(scope, inner)?, true)),
        UnaryOperator::Minus => {
            let typed = expression(scope, inner)?;
            let negative = match &typed.expr {
                Expr::Literal(ScalarValue::Int64(Some(n)), _) => {
                    n.checked_neg().map(datafusion::logical_expr::lit)
                }
                Expr::Literal(ScalarValue::Float64(Some(x)), _) => {
                    Some(datafusion::logical_expr::lit(-x))
                }
                _ => None,
            };
            let expr = negative.ok_or_else(|| at("query.arithmetic", span))?;
            Ok(Typed { expr, kind: typed.kind })
        }
        _ => Err(at("query.expression.refused", span)),
    }
}

fn binary(
    scope: &Scope,
    left: &ast::Expr,
    op: &BinaryOperator,
    right: &ast::Expr,
    span: Span,
) -> Result<Typed, Refusal> {
    use BinaryOperator as B;
    let comparison = match op {
        B::And | B::Or => {
            let op = if *op == B::And { Operator::And } else { Operator::Or };
            let (left, right) = (condition(scope, left)?, condition(scope, right)?);
            return Ok(boolean(binary_expr(left, op, right)));
        }
        B::Eq => Operator::Eq,
        B::NotEq => Operator::NotEq,
        B::Lt => Operator::Lt,
        B::LtEq => Operator::LtEq,
        B::Gt => Operator::Gt,
        B::GtEq => Operator::GtEq,
        B::Divide | B::Modulo | B::MyIntegerDivide | B::DuckIntegerDivide => {
            return Err(at("query.division", span));
        }
        B::Plus | B::Minus | B::Multiply | B::PGExp => return Err(at("query.arithmetic", span)),
        _ => return Err(at("query.expression.refused", span)),
    };
    compare(scope, left, comparison, right)
}

fn compare(
    scope: &Scope,
    left: &ast::Expr,
    op: Operator,
    right: &ast::Expr,
) -> Result<Typed, Refusal> {
    let span = left.span().union(&right.span());
    let (a, b) = unify(expression(scope, left)?, expression(scope, right)?, span)?;
    if a.kind.is_key() && op != Operator::Eq {
        return Err(at("query.key.use", span));
    }
    Ok(boolean(binary_expr(a.expr, op, b.expr)))
}

fn in_list(
    scope: &Scope,
    expr: &ast::Expr,
    list: &[ast::Expr],
    negated: bool,
) -> Result<Typed, Refusal> {
    let mut wanted = expression(scope, expr)?;
    no_key(&wanted, expr.span())?;
    let mut items = Vec::with_capacity(list.len());
    for item in list {
        let typed = expression(scope, item)?;
        if !matches!(typed.expr, Expr::Literal(..)) {
            return Err(at("query.literal.wanted", item.span()));
        }
        let (a, b) = unify(wanted, typed, item.span())?;
        wanted = a;
        items.push(b);
    }
    // A later number with a fraction makes all of them numbers with fractions.
    let mut same = Vec::with_capacity(items.len());
    for item in items {
        same.push(unify(item, wanted.clone(), expr.span())?.0.expr);
    }
    Ok(boolean(Expr::InList(InList::new(Box::new(wanted.expr), same, negated))))
}

fn like(
    scope: &Scope,
    expr: &ast::Expr,
    pattern: &ast::Expr,
    negated: bool,
) -> Result<Typed, Refusal> {
    let text = of_kind(scope, expr, Kind::Text)?;
    let pattern_span = pattern.span();
    let pattern = of_kind(scope, pattern, Kind::Text)?;
    if !matches!(pattern, Expr::Literal(ScalarValue::Utf8(Some(_)), _)) {
        return Err(at("query.literal.wanted", pattern_span));
    }
    let like = Like::new(negated, Box::new(text), Box::new(pattern), None, false);
    Ok(boolean(Expr::Like(like)))
}

fn of_kind(scope: &Scope, expr: &ast::Expr, kind: Kind) -> Result<Expr, Refusal> {
    let typed = expression(scope, expr)?;
    if typed.kind == kind { Ok(typed.expr) } else { Err(at("query.type.mismatch", expr.span())) }
}

fn case(
    scope: &Scope,
    operand: Option<&ast::Expr>,
    conditions: &[CaseWhen],
    otherwise: Option<&ast::Expr>,
    span: Span,
) -> Result<Typed, Refusal> {
    let mut whens = Vec::with_capacity(conditions.len());
    let mut results = Vec::with_capacity(conditions.len() + 1);
    for CaseWhen { condition: when, result } in conditions {
        whens.push(match operand {
            Some(operand) => compare(scope, operand, Operator::Eq, when)?.expr,
            None => condition(scope, when)?,
        });
        results.push(expression(scope, result)?);
    }
    results.push(match otherwise {
        Some(expr) => expression(scope, expr)?,
        None => Typed { expr: Expr::Literal(ScalarValue::Null, None), kind: Kind::Null },
    });
    choice(whens, results, span)
}

/// The first result whose condition holds, else the last one.
fn choice(whens: Vec<Expr>, results: Vec<Typed>, span: Span) -> Result<Typed, Refusal> {
    // The kind that fits all of them, then each of them in that kind.
    let mut common = Typed { expr: Expr::Literal(ScalarValue::Null, None), kind: Kind::Null };
    for result in &results {
        no_key(result, span)?;
        common = unify(common, result.clone(), span)?.0;
    }
    let mut same = Vec::with_capacity(results.len());
    for result in results {
        same.push(unify(result, common.clone(), span)?.0.expr);
    }
    let otherwise = same.pop().map(Box::new);
    let pairs = whens.into_iter().zip(same).map(|(w, r)| (Box::new(w), Box::new(r))).collect();
    Ok(Typed { expr: Expr::Case(Case::new(None, pairs, otherwise)), kind: common.kind })
}

/// Refuses numbers of persons and records where anything but joining or
/// counting is done with them.
pub(super) fn no_key(typed: &Typed, span: Span) -> Result<(), Refusal> {
    if typed.kind.is_key() { Err(at("query.key.use", span)) } else { Ok(()) }
}

/// A function's plain arguments, where no window may stand.
pub(super) fn plain_arguments(f: &Function) -> Result<Vec<&FunctionArgExpr>, Refusal> {
    if f.over.is_some() {
        return Err(at("query.window.refused", f.span()));
    }
    arguments(f)
}

/// A function's plain arguments; its window, if it has one, is read elsewhere.
pub(super) fn arguments(f: &Function) -> Result<Vec<&FunctionArgExpr>, Refusal> {
    let Function {
        name,
        uses_odbc_syntax,
        parameters,
        args,
        filter,
        null_treatment,
        over: _,
        within_group,
    } = f;
    let span = f.span();
    let form = || at("query.function.form", span).arg("function", name.to_string());
    if *uses_odbc_syntax
        || *parameters != FunctionArguments::None
        || filter.is_some()
        || null_treatment.is_some()
        || !within_group.is_empty()
    {
        return Err(form());
    }
    let FunctionArguments::List(FunctionArgumentList { duplicate_treatment: _, args, clauses }) =
        args
    else {
        return Err(form());
    };
    if !clauses.is_empty() {
        return Err(form());
    }
    args.iter()
        .map(|argument| match argument {
            FunctionArg::Unnamed(expr) => Ok(expr),
            FunctionArg::Named { .. } | FunctionArg::ExprNamed { .. } => Err(form()),
        })
        .collect()
}

/// Name of a function, lower case; empty for a name in parts.
pub(super) fn function_name(f: &Function) -> String {
    match f.name.0.as_slice() {
        [part] => part.as_ident().map(|i| i.value.to_lowercase()).unwrap_or_default(),
        _ => String::new(),
    }
}

fn scalar(scope: &Scope, f: &Function) -> Result<Typed, Refusal> {
    let name = function_name(f);
    let span = f.span();
    let arguments = plain_arguments(f)?;
    if AGGREGATES.contains(&name.as_str()) {
        return Err(at("query.aggregate.place", span).arg("function", &name));
    }
    let refused = || at("query.function.refused", span).arg("function", f.name.to_string());
    if super::expression::distinct(f) {
        return Err(refused());
    }
    let exprs: Option<Vec<&ast::Expr>> = arguments
        .iter()
        .map(|a| match a {
            FunctionArgExpr::Expr(expr) => Some(expr),
            _ => None,
        })
        .collect();
    let exprs = exprs.ok_or_else(refused)?;
    match (name.as_str(), exprs.as_slice()) {
        ("coalesce", [_, ..]) => {
            let results: Vec<Typed> =
                exprs.iter().map(|e| expression(scope, e)).collect::<Result<_, _>>()?;
            let whens =
                results.iter().take(results.len() - 1).map(|r| r.expr.clone().is_not_null());
            choice(whens.collect(), results, span)
        }
        ("nullif", [a, b]) => {
            let when = compare(scope, a, Operator::Eq, b)?.expr;
            let nothing = Typed { expr: Expr::Literal(ScalarValue::Null, None), kind: Kind::Null };
            choice(vec![when], vec![nothing, expression(scope, a)?], span)
        }
        _ => match function(&name) {
            Some(listed) => listed_call(scope, listed.name, &exprs, span),
            None => Err(refused()),
        },
    }
}

/// Whether a function is called with DISTINCT or ALL.
pub(super) fn distinct(f: &Function) -> bool {
    matches!(&f.args, FunctionArguments::List(list) if list.duplicate_treatment.is_some())
}

fn listed_call<E>(scope: &Scope, name: &str, arguments: &[&E], span: Span) -> Result<Typed, Refusal>
where
    E: std::borrow::Borrow<ast::Expr>,
{
    let Some(listed) = function(name) else {
        return Err(at("query.function.refused", span).arg("function", name));
    };
    let wrong = || at("query.function.arguments", span).arg("function", listed.name);
    if arguments.len() != listed.arguments.len() {
        return Err(wrong());
    }
    let mut out = Vec::with_capacity(arguments.len());
    for (argument, wanted) in arguments.iter().zip(listed.arguments) {
        let typed = expression(scope, (*argument).borrow())?;
        out.push(match (typed.kind, wanted) {
            (kind, wanted) if kind == *wanted => typed.expr,
            (Kind::Moment, Kind::Date) => typed.expr,
            (Kind::Null, wanted) => null(*wanted).expr,
            (Kind::Text, Kind::Date) => match &typed.expr {
                Expr::Literal(ScalarValue::Utf8(Some(text)), _) => {
                    super::literal::read(text, Kind::Date, span)?.expr
                }
                _ => return Err(wrong()),
            },
            (kind, _) if kind.is_key() => return Err(at("query.key.use", span)),
            _ => return Err(wrong()),
        });
    }
    Ok(call(listed, out))
}

fn call(listed: &Listed, arguments: Vec<Expr>) -> Typed {
    let function = ScalarFunction::new_udf(Arc::new(udf(listed)), arguments);
    Typed { expr: Expr::ScalarFunction(function), kind: listed.result }
}

fn extract(
    scope: &Scope,
    field: &DateTimeField,
    expr: &ast::Expr,
    span: Span,
) -> Result<Typed, Refusal> {
    let name = match field {
        DateTimeField::Year => "year",
        DateTimeField::Month => "month",
        DateTimeField::Quarter => "quarter",
        _ => return Err(at("query.function.refused", span).arg("function", "extract")),
    };
    listed_call(scope, name, &[expr], span)
}
