//! Window functions inside the rows of one person.
//!
//! The engine sorts rows that tie in any order it likes, so the order of files
//! and threads would decide which of them is the first. Where that matters,
//! every row first gets a number of its own, by everything the subquery shows
//! of it or reads for its windows, and that number is the last thing each window
//! sorts by. Rows that tie even then are alike, so it is all the same which of
//! them has which number.

use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::common::{Column, ScalarValue};
use datafusion::functions_window::{lead_lag, nth_value, rank, row_number};
use datafusion::logical_expr::expr::{Sort, WindowFunction, WindowFunctionParams};
use datafusion::logical_expr::{
    Expr, LogicalPlanBuilder, WindowFrame, WindowFrameBound, WindowFrameUnits,
    WindowFunctionDefinition, WindowUDF, cast, lit,
};
use shirube_model::refusal::Refusal;
use sqlparser::ast::{
    self, Function, FunctionArgExpr, OrderByExpr, OrderByOptions, Spanned, WindowSpec, WindowType,
};
use sqlparser::tokenizer::Span;

use super::expression::{
    AGGREGATES, Typed, arguments, distinct, expression, function_name, no_key,
};
use super::literal::unify;
use super::relation::Scope;
use super::results::inner_aggregate;
use super::select::unfit;
use crate::error::at;
use crate::kind::Kind;
use crate::source::WINDOW;

/// Most rows by which a window looks back or ahead.
const OFFSET_MAX: i64 = 1_000;

/// Column with the number of a row among those of its person.
const ROW: &str = "__row";

/// The window function that a result is, if it is one.
pub(super) fn window_call(expr: &ast::Expr) -> Option<(&Function, &WindowType)> {
    match expr {
        ast::Expr::Nested(inner) => window_call(inner),
        ast::Expr::Function(f) => f.over.as_ref().map(|over| (f, over)),
        _ => None,
    }
}

/// What a function looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Looks {
    /// At the place among rows that tie or not: these have one rank.
    Rank,
    /// At the place of the row itself, or of one some rows away.
    Place,
    /// At the first row of a frame.
    First,
    /// At the last row of a frame.
    Last,
    /// At all rows of a frame.
    Frame,
}

/// A function and its arguments.
struct Called {
    function: WindowFunctionDefinition,
    arguments: Vec<Expr>,
    kind: Kind,
    looks: Looks,
}

/// A window function with its window.
struct Call {
    called: Called,
    partition: Vec<Expr>,
    order: Vec<Sort>,
    frame: WindowFrame,
    /// Whether it matters which of two rows that tie comes first.
    ties: bool,
}

/// The windows of a subquery.
pub(super) struct Windows<'s> {
    scope: &'s Scope,
    person: Expr,
    calls: Vec<Call>,
}

impl<'s> Windows<'s> {
    /// Windows over joined rows of this person.
    pub(super) fn new(scope: &'s Scope, person: Expr) -> Self {
        Self { scope, person, calls: Vec::new() }
    }

    /// Takes a window function in; the column that will hold its values.
    pub(super) fn add(&mut self, f: &Function, over: &WindowType) -> Result<Typed, Refusal> {
        let WindowSpec { window_name, partition_by, order_by, window_frame } = match over {
            WindowType::WindowSpec(spec) => spec,
            WindowType::NamedWindow(name) => return Err(at("query.window.refused", name.span)),
        };
        if let Some(name) = window_name {
            return Err(at("query.window.refused", name.span));
        }
        let called = self.called(f)?;
        let partition = self.partition(partition_by, f.span())?;
        let order = self.order(order_by)?;
        let (frame, ties) = self.frame(&called, window_frame.as_ref(), !order.is_empty(), f)?;
        let kind = called.kind;
        let column = column(self.calls.len());
        // The engine counts places without a sign.
        let place = called.arguments.is_empty();
        let expr = if place { cast(column, DataType::Int64) } else { column };
        self.calls.push(Call { called, partition, order, frame, ties });
        Ok(Typed { expr, kind })
    }

    fn called(&self, f: &Function) -> Result<Called, Refusal> {
        let name = function_name(f);
        let wrong = || at("query.function.arguments", f.span()).arg("function", &name);
        let udf = |function: Arc<WindowUDF>| WindowFunctionDefinition::WindowUDF(function);
        let given = arguments(f)?;
        if distinct(f) {
            return Err(at("query.function.form", f.span()).arg("function", &name));
        }
        let (function, looks) = match name.as_str() {
            "row_number" => (row_number::row_number_udwf(), Looks::Place),
            "rank" => (rank::rank_udwf(), Looks::Rank),
            "dense_rank" => (rank::dense_rank_udwf(), Looks::Rank),
            "lag" => (lead_lag::lag_udwf(), Looks::Place),
            "lead" => (lead_lag::lead_udwf(), Looks::Place),
            "first_value" => (nth_value::first_value_udwf(), Looks::First),
            "last_value" => (nth_value::last_value_udwf(), Looks::Last),
            _ if AGGREGATES.contains(&name.as_str()) => {
                let (aggregate, kind) = inner_aggregate(self.scope, f)?;
                let Expr::AggregateFunction(call) = aggregate.unalias() else {
                    return Err(wrong());
                };
                let function = WindowFunctionDefinition::AggregateUDF(call.func);
                let arguments = call.params.args;
                return match kind {
                    Kind::Null => Err(wrong()),
                    _ => Ok(Called { function, arguments, kind, looks: Looks::Frame }),
                };
            }
            _ => {
                let refused = at("query.window.function", f.span());
                return Err(refused.arg("function", f.name.to_string()));
            }
        };
        let (arguments, kind) = match (name.as_str(), given.as_slice()) {
            ("row_number" | "rank" | "dense_rank", []) => (Vec::new(), Kind::Int),
            ("first_value" | "last_value", [value]) => {
                let value = self.value(value).ok_or_else(wrong)??;
                (vec![value.expr], value.kind)
            }
            ("lag" | "lead", [value, rest @ ..]) if rest.len() <= 2 => {
                let value = self.value(value).ok_or_else(wrong)??;
                let kind = value.kind;
                (self.shifted(value, rest, &wrong)?, kind)
            }
            _ => return Err(wrong()),
        };
        Ok(Called { function: udf(function), arguments, kind, looks })
    }

    /// A value that a function takes from another row. Keys stay where they are:
    /// a person's number could be joined to somebody else's.
    fn value(&self, argument: &FunctionArgExpr) -> Option<Result<Typed, Refusal>> {
        let FunctionArgExpr::Expr(expr) = argument else { return None };
        match expression(self.scope, expr) {
            Ok(typed) if typed.kind == Kind::Null => None,
            Ok(typed) => Some(no_key(&typed, expr.span()).map(|()| typed)),
            Err(refusal) => Some(Err(refusal)),
        }
    }

    /// Arguments of `lag` and `lead`: a value, how many rows away, and what stands
    /// where there is no such row.
    fn shifted(
        &self,
        value: Typed,
        rest: &[&FunctionArgExpr],
        wrong: &dyn Fn() -> Refusal,
    ) -> Result<Vec<Expr>, Refusal> {
        let mut out = vec![value.expr.clone()];
        for (place, argument) in rest.iter().enumerate() {
            let FunctionArgExpr::Expr(expr) = argument else { return Err(wrong()) };
            if place == 0 {
                out.push(lit(self.rows(expr)?));
                continue;
            }
            let (same, default) = unify(value.clone(), expression(self.scope, expr)?, expr.span())?;
            if same != value {
                return Err(at("query.type.mismatch", expr.span()));
            }
            if !is_literal(&default.expr) {
                return Err(at("query.literal.wanted", expr.span()));
            }
            out.push(default.expr);
        }
        Ok(out)
    }

    /// A number of rows, as a literal.
    fn rows(&self, expr: &ast::Expr) -> Result<i64, Refusal> {
        match expression(self.scope, expr)?.expr {
            Expr::Literal(ScalarValue::Int64(Some(n)), _) if (0..=OFFSET_MAX).contains(&n) => Ok(n),
            _ => Err(at("query.window.offset", expr.span()).arg("max", OFFSET_MAX)),
        }
    }

    /// What rows have in common that a window sees together: the person, always.
    fn partition(&self, list: &[ast::Expr], span: Span) -> Result<Vec<Expr>, Refusal> {
        let mut out = vec![self.person.clone()];
        let mut own = false;
        for expr in list {
            let typed = expression(self.scope, expr)?;
            if self.scope.certain(&typed.expr) {
                own = true;
            } else if !is_literal(&typed.expr) && !out.contains(&typed.expr) {
                out.push(typed.expr);
            }
        }
        if own { Ok(out) } else { Err(at("query.window.partition", span)) }
    }

    fn order(&self, list: &[OrderByExpr]) -> Result<Vec<Sort>, Refusal> {
        let mut out: Vec<Sort> = Vec::new();
        for OrderByExpr { expr, options: OrderByOptions { asc, nulls_first }, with_fill } in list {
            let span = expr.span();
            if with_fill.is_some() {
                return Err(at("query.clause.refused", span));
            }
            let typed = expression(self.scope, expr)?;
            no_key(&typed, span)?;
            // A literal is the same in every row.
            if is_literal(&typed.expr) || out.iter().any(|sort| sort.expr == typed.expr) {
                continue;
            }
            let ascending = asc.unwrap_or(true);
            out.push(typed.expr.sort(ascending, nulls_first.unwrap_or(!ascending)));
        }
        Ok(out)
    }

    /// The frame, and whether it matters which of two rows that tie comes first.
    fn frame(
        &self,
        called: &Called,
        written: Option<&ast::WindowFrame>,
        ordered: bool,
        f: &Function,
    ) -> Result<(WindowFrame, bool), Refusal> {
        use WindowFrameBound::CurrentRow;
        let refused = |code| at(code, f.span()).arg("function", function_name(f));
        let rows = |from, to| WindowFrame::new_bounds(WindowFrameUnits::Rows, from, to);
        let framed = matches!(called.looks, Looks::First | Looks::Last | Looks::Frame);
        let Some(ast::WindowFrame { units, start_bound, end_bound }) = written else {
            // Without a frame: up to the row and those that tie with it, or
            // everything where no order is given.
            let usual = WindowFrame::new(ordered.then_some(false));
            return match called.looks {
                Looks::Rank | Looks::Frame => Ok((usual, false)),
                Looks::Place => Ok((usual, true)),
                Looks::First => Ok((rows(first(), CurrentRow), true)),
                // The last of those that tie is anyone's guess.
                Looks::Last if ordered => Err(refused("query.window.last")),
                Looks::Last => Ok((rows(first(), last()), true)),
            };
        };
        if !framed || *units != ast::WindowFrameUnits::Rows {
            return Err(refused("query.window.frame"));
        }
        let (from, start) = self.bound(start_bound)?;
        let (to, end) = match end_bound {
            Some(bound) => self.bound(bound)?,
            None => (CurrentRow, 0),
        };
        if start > end || start == i64::MAX || end == i64::MIN {
            return Err(refused("query.window.frame"));
        }
        let whole = start == i64::MIN && end == i64::MAX && called.looks == Looks::Frame;
        Ok((rows(from, to), !whole))
    }

    /// A bound of a frame, and its distance from the row.
    fn bound(&self, bound: &ast::WindowFrameBound) -> Result<(WindowFrameBound, i64), Refusal> {
        let scalar = |n: i64| ScalarValue::UInt64(u64::try_from(n).ok());
        Ok(match bound {
            ast::WindowFrameBound::CurrentRow => (WindowFrameBound::CurrentRow, 0),
            ast::WindowFrameBound::Preceding(None) => (first(), i64::MIN),
            ast::WindowFrameBound::Following(None) => (last(), i64::MAX),
            ast::WindowFrameBound::Preceding(Some(expr)) => {
                let n = self.rows(expr)?;
                (WindowFrameBound::Preceding(scalar(n)), -n)
            }
            ast::WindowFrameBound::Following(Some(expr)) => {
                let n = self.rows(expr)?;
                (WindowFrameBound::Following(scalar(n)), n)
            }
        })
    }

    /// The joined rows with a column for each window function. `shown` is what
    /// the subquery shows of a row besides.
    pub(super) fn plan(
        mut self,
        mut plan: LogicalPlanBuilder,
        shown: &[Expr],
    ) -> Result<LogicalPlanBuilder, Refusal> {
        if self.calls.iter().any(|call| call.ties) {
            plan = plan.window([self.row(shown).alias(ROW)]).map_err(unfit)?;
            let row = Expr::Column(Column::new_unqualified(ROW));
            for call in self.calls.iter_mut().filter(|call| call.ties) {
                call.order.push(row.clone().sort(true, false));
            }
        }
        // One node for each way of sorting.
        let mut nodes: Vec<(Vec<Expr>, Vec<Sort>, Vec<Expr>)> = Vec::new();
        for (number, call) in self.calls.into_iter().enumerate() {
            let known = nodes.iter().position(|(p, o, _)| *p == call.partition && *o == call.order);
            let place = known.unwrap_or_else(|| {
                nodes.push((call.partition.clone(), call.order.clone(), Vec::new()));
                nodes.len() - 1
            });
            let Some((_, _, exprs)) = nodes.get_mut(place) else { continue };
            exprs.push(call.expr().alias(name(number)));
        }
        for (_, _, exprs) in nodes {
            plan = plan.window(exprs).map_err(unfit)?;
        }
        Ok(plan)
    }

    /// The number of a row among those of its person, by everything that is shown
    /// of it or read for a window.
    fn row(&self, shown: &[Expr]) -> Expr {
        let mut order: Vec<Sort> = Vec::new();
        let read = self.calls.iter().flat_map(|call| {
            let sorted = call.order.iter().map(|sort| &sort.expr);
            call.called.arguments.iter().chain(&call.partition).chain(sorted)
        });
        for expr in shown.iter().chain(read) {
            let known = *expr == self.person || order.iter().any(|sort| sort.expr == *expr);
            if !known && !is_literal(expr) {
                order.push(expr.clone().sort(true, false));
            }
        }
        let frame = WindowFrame::new((!order.is_empty()).then_some(false));
        let function = WindowFunctionDefinition::WindowUDF(row_number::row_number_udwf());
        window(function, Vec::new(), vec![self.person.clone()], order, frame)
    }
}

impl Call {
    fn expr(self) -> Expr {
        let Called { function, arguments, .. } = self.called;
        window(function, arguments, self.partition, self.order, self.frame)
    }
}

fn window(
    fun: WindowFunctionDefinition,
    args: Vec<Expr>,
    partition_by: Vec<Expr>,
    order_by: Vec<Sort>,
    window_frame: WindowFrame,
) -> Expr {
    let params = WindowFunctionParams {
        args,
        partition_by,
        order_by,
        window_frame,
        filter: None,
        null_treatment: None,
        distinct: false,
    };
    Expr::from(WindowFunction { fun, params })
}

fn name(number: usize) -> String {
    format!("{WINDOW}{number}")
}

fn column(number: usize) -> Expr {
    Expr::Column(Column::new_unqualified(name(number)))
}

fn first() -> WindowFrameBound {
    WindowFrameBound::Preceding(ScalarValue::UInt64(None))
}

fn last() -> WindowFrameBound {
    WindowFrameBound::Following(ScalarValue::UInt64(None))
}

fn is_literal(expr: &Expr) -> bool {
    matches!(expr, Expr::Literal(..))
}
