//! The list of results: names, group columns, aggregates.

use std::cell::RefCell;

use datafusion::functions_aggregate::count::count_all;
use datafusion::functions_aggregate::expr_fn as aggregates;
use datafusion::logical_expr::{Expr, col};
use shirube_model::refusal::Refusal;
use sqlparser::ast::{self, Function, FunctionArgExpr, GroupByExpr, SelectItem, Spanned};
use sqlparser::tokenizer::Span;

use super::Aggregate;
use super::expression::{
    AGGREGATES, Typed, arguments, distinct, expression, function_name, no_key, plain_arguments,
};
use super::relation::{Scope, folded};
use crate::error::at;
use crate::exact;
use crate::kind::Kind;

/// Named results: the name given, the column's, or the text of the expression.
pub(super) fn items(projection: &[SelectItem]) -> Result<Vec<(String, &ast::Expr)>, Refusal> {
    projection
        .iter()
        .map(|item| match item {
            SelectItem::UnnamedExpr(expr) => Ok((own_name(expr), expr)),
            SelectItem::ExprWithAlias { expr, alias } => Ok((folded(alias), expr)),
            SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(..) => {
                Err(at("query.star.refused", item.span()))
            }
            SelectItem::ExprWithAliases { .. } => Err(at("query.clause.refused", item.span())),
        })
        .collect()
}

fn own_name(expr: &ast::Expr) -> String {
    match expr {
        ast::Expr::Identifier(name) => folded(name),
        ast::Expr::CompoundIdentifier(parts) => parts.last().map(folded).unwrap_or_default(),
        other => other.to_string().to_lowercase(),
    }
}

/// The aggregate that an expression is, if it is one.
pub(super) fn aggregate_call(expr: &ast::Expr) -> Option<&Function> {
    match expr {
        ast::Expr::Nested(inner) => aggregate_call(inner),
        ast::Expr::Function(f)
            if f.over.is_none() && AGGREGATES.contains(&function_name(f).as_str()) =>
        {
            Some(f)
        }
        _ => None,
    }
}

/// Expressions of GROUP BY with their places; names and numbers of results
/// stand for these.
pub(super) fn group_exprs(
    group_by: &GroupByExpr,
    items: &[(String, &ast::Expr)],
    scope: &Scope,
) -> Result<Vec<(Typed, Span)>, Refusal> {
    let list = match group_by {
        GroupByExpr::Expressions(list, modifiers) if modifiers.is_empty() => list,
        _ => return Err(Refusal::new("query.group.form").file("sql")),
    };
    let mut out: Vec<(Typed, Span)> = Vec::new();
    for expr in list {
        let span = expr.span();
        let meant = match expr {
            ast::Expr::Value(value) => {
                let number = value.value.to_string().parse::<usize>().ok();
                let item = number.and_then(|n| items.get(n.checked_sub(1)?));
                item.ok_or_else(|| at("query.group.form", span))?.1
            }
            ast::Expr::Identifier(name) if scope.resolve(None, name).is_err() => {
                let wanted = folded(name);
                items.iter().find(|(n, _)| *n == wanted).map_or(expr, |(_, e)| e)
            }
            ast::Expr::GroupingSets(_) | ast::Expr::Cube(_) | ast::Expr::Rollup(_) => {
                return Err(at("query.group.form", span));
            }
            _ => expr,
        };
        let typed = expression(scope, meant)?;
        if !out.iter().any(|(t, _)| *t == typed) {
            out.push((typed, span));
        }
    }
    Ok(out)
}

/// The number of the group that a result shows.
pub(super) fn grouped(
    groups: &[(Typed, Span)],
    scope: &Scope,
    expr: &ast::Expr,
) -> Result<usize, Refusal> {
    let typed = expression(scope, expr)?;
    groups
        .iter()
        .position(|(group, _)| *group == typed)
        .ok_or_else(|| at("query.group.missing", expr.span()))
}

pub(super) fn group_kind(typed: &Typed, span: Span) -> Result<(), Refusal> {
    no_key(typed, span)?;
    match typed.kind {
        Kind::Int | Kind::Text | Kind::Date | Kind::Bool => Ok(()),
        _ => Err(at("query.group.kind", span)),
    }
}

/// An aggregate over the rows of one person. None depends on the order of the
/// rows: sums of whole numbers go round at the end of their range, others are
/// exact.
pub(super) fn inner_aggregate(scope: &Scope, call: &Function) -> Result<(Expr, Kind), Refusal> {
    let name = function_name(call);
    let span = call.span();
    let refused = || at("query.aggregate.form", span).arg("function", &name);
    let arguments = arguments(call)?;
    let [argument] = arguments.as_slice() else { return Err(refused()) };
    let argument = match argument {
        FunctionArgExpr::Wildcard if name == "count" && !distinct(call) => {
            return Ok((count_all(), Kind::Int));
        }
        FunctionArgExpr::Expr(expr) => expression(scope, expr)?,
        _ => return Err(refused()),
    };
    let number = matches!(argument.kind, Kind::Int | Kind::Float);
    Ok(match (name.as_str(), distinct(call)) {
        ("count", true) => (aggregates::count_distinct(argument.expr), Kind::Int),
        ("count", false) => (aggregates::count(argument.expr), Kind::Int),
        ("sum", false) if argument.kind == Kind::Int => (aggregates::sum(argument.expr), Kind::Int),
        ("sum", false) if number => (exact::sum(argument.expr), Kind::Float),
        ("avg", false) if number => {
            (exact::mean(super::literal::float(argument).expr), Kind::Float)
        }
        ("min", false) => {
            no_key(&argument, span)?;
            (aggregates::min(argument.expr), argument.kind)
        }
        ("max", false) => {
            no_key(&argument, span)?;
            (aggregates::max(argument.expr), argument.kind)
        }
        _ => return Err(refused()),
    })
}

/// Groups inside persons: the rows, what they are grouped by, and the aggregates
/// that results and HAVING ask for.
#[derive(Debug)]
pub(super) struct Grouped {
    /// The names of the rows before they are grouped.
    pub(super) rows: Scope,
    pub(super) groups: Vec<(Typed, Span)>,
    measures: RefCell<Vec<(Expr, Kind)>>,
}

impl Grouped {
    pub(super) fn new(rows: Scope, groups: Vec<(Typed, Span)>) -> Self {
        Self { rows, groups, measures: RefCell::default() }
    }

    /// The column of a group expression (`g`) or an aggregate (`a`).
    pub(super) fn column(prefix: char, number: usize, kind: Kind) -> Typed {
        Typed { expr: col(format!("{prefix}{number}")), kind }
    }

    /// The column of an aggregate, and whether it is over what comes out of
    /// windows.
    pub(super) fn measure(&self, call: &Function) -> Result<(Typed, bool), Refusal> {
        let (aggregate, kind) = inner_aggregate(&self.rows, call)?;
        let windowed = self.rows.windowed(&aggregate);
        let mut measures = self.measures.borrow_mut();
        let known = measures.iter().position(|(other, _)| *other == aggregate);
        let number = known.unwrap_or_else(|| {
            measures.push((aggregate, kind));
            measures.len() - 1
        });
        Ok((Self::column('a', number, kind), windowed))
    }

    /// The aggregates under the names of their columns.
    pub(super) fn measures(&self) -> Vec<Expr> {
        let measures = self.measures.borrow();
        measures.iter().zip(0..).map(|((m, _), n)| m.clone().alias(format!("a{n}"))).collect()
    }

    /// The column that an expression after GROUP BY stands for; `None` for one
    /// that is made of such columns.
    pub(super) fn stands_for(&self, expr: &ast::Expr) -> Result<Option<Typed>, Refusal> {
        if let Some(call) = aggregate_call(expr) {
            return self.measure(call).map(|(typed, _)| Some(typed));
        }
        let name = matches!(expr, ast::Expr::Identifier(_) | ast::Expr::CompoundIdentifier(_));
        match expression(&self.rows, expr) {
            Ok(typed) => match self.groups.iter().position(|(group, _)| *group == typed) {
                Some(number) => Ok(Some(Self::column('g', number, typed.kind))),
                None if name => Err(at("query.group.missing", expr.span())),
                None => Ok(None),
            },
            Err(refusal) if name => Err(refusal),
            Err(_) => Ok(None),
        }
    }
}

/// The aggregates of the statement itself.
pub(super) struct Top<'s> {
    pub(super) scope: &'s Scope,
    pub(super) arguments: Vec<Expr>,
    pub(super) measures: Vec<Aggregate>,
}

impl Top<'_> {
    /// The number of the measure that a call asks for.
    pub(super) fn measure(&mut self, call: &Function) -> Result<usize, Refusal> {
        let name = function_name(call);
        let span = call.span();
        let refused = |code| at(code, span).arg("function", &name);
        if matches!(name.as_str(), "min" | "max") {
            return Err(refused("query.aggregate.refused"));
        }
        let arguments = plain_arguments(call)?;
        let [argument] = arguments.as_slice() else {
            return Err(refused("query.aggregate.form"));
        };
        let argument = match argument {
            FunctionArgExpr::Wildcard if name == "count" && !distinct(call) => {
                return Ok(self.add(Aggregate::Rows));
            }
            FunctionArgExpr::Expr(expr) => expression(self.scope, expr)?,
            _ => return Err(refused("query.aggregate.form")),
        };
        let number = matches!(argument.kind, Kind::Int | Kind::Float);
        let aggregate = match (name.as_str(), distinct(call), argument.kind) {
            ("count", true, Kind::Person) => Aggregate::Persons,
            ("count", true, _) => return Err(refused("query.aggregate.distinct")),
            ("count", false, _) => Aggregate::Values,
            ("sum", false, _) if number => Aggregate::Sum,
            ("avg", false, _) if number => Aggregate::Average,
            ("sum" | "avg", false, kind) if kind.is_key() => return Err(at("query.key.use", span)),
            _ => return Err(refused("query.aggregate.form")),
        };
        let known = self.arguments.iter().position(|a| *a == argument.expr);
        let place = known.unwrap_or_else(|| {
            self.arguments.push(argument.expr);
            self.arguments.len() - 1
        });
        Ok(self.add(aggregate(place)))
    }

    fn add(&mut self, aggregate: Aggregate) -> usize {
        self.measures.iter().position(|m| *m == aggregate).unwrap_or_else(|| {
            self.measures.push(aggregate);
            self.measures.len() - 1
        })
    }
}
