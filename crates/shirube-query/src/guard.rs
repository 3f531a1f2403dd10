//! A second look at a plan, whoever made it: nodes and expressions on the list,
//! and nothing else.
//!
//! The planner in `sql` cannot express more than this list; the guard makes
//! sure of that on the plan itself, and fails closed when either changes.

use arrow::datatypes::DataType;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::expr::{WindowFunction, WindowFunctionParams};
use datafusion::logical_expr::{
    Expr, JoinType, LogicalPlan, Operator, WindowFrame, WindowFrameUnits, WindowFunctionDefinition,
};
use shirube_model::refusal::Refusal;

use crate::functions::function;
use crate::source::{PERSON, WINDOW};

/// Aggregates inside a person.
const INNER: &[&str] = &["avg", "count", "max", "min", "sum"];

/// Other functions over a window.
const OVER: &[&str] =
    &["dense_rank", "first_value", "lag", "last_value", "lead", "rank", "row_number"];

/// Refuses a plan with anything that is not on the list.
///
/// # Errors
/// `query.plan.unknown`.
pub fn guard(plan: &LogicalPlan) -> Result<(), Refusal> {
    let mut ok = true;
    let walked = plan.apply(|node| {
        ok &= node_allowed(node);
        let windows = matches!(node, LogicalPlan::Window(_));
        let exprs = node.apply_expressions(|expr| {
            ok &= expressions_allowed(expr, windows);
            Ok(TreeNodeRecursion::Continue)
        });
        ok &= exprs.is_ok();
        Ok(if ok { TreeNodeRecursion::Continue } else { TreeNodeRecursion::Stop })
    });
    if ok && walked.is_ok() { Ok(()) } else { Err(Refusal::new("query.plan.unknown")) }
}

fn node_allowed(node: &LogicalPlan) -> bool {
    match node {
        LogicalPlan::Projection(_)
        | LogicalPlan::Filter(_)
        | LogicalPlan::SubqueryAlias(_)
        | LogicalPlan::Aggregate(_)
        | LogicalPlan::Window(_) => true,
        LogicalPlan::TableScan(scan) => scan.fetch.is_none(),
        LogicalPlan::Join(join) => matches!(join.join_type, JoinType::Inner | JoinType::Left),
        LogicalPlan::Distinct(distinct) => {
            matches!(distinct, datafusion::logical_expr::Distinct::All(_))
        }
        _ => false,
    }
}

/// Whether an expression may stand in a node; `windows` says whether its windows
/// may.
fn expressions_allowed(expr: &Expr, windows: bool) -> bool {
    let mut ok = true;
    let walked = expr.apply(|part| {
        ok &= match part {
            Expr::WindowFunction(call) => windows && window_allowed(call),
            other => expression_allowed(other),
        };
        Ok(if ok { TreeNodeRecursion::Continue } else { TreeNodeRecursion::Stop })
    });
    ok && walked.is_ok()
}

/// Whether a window function is on the list and sees the rows of one person.
fn window_allowed(call: &WindowFunction) -> bool {
    let listed = match &call.fun {
        WindowFunctionDefinition::AggregateUDF(function) => INNER.contains(&function.name()),
        WindowFunctionDefinition::WindowUDF(function) => OVER.contains(&function.name()),
    };
    let WindowFunctionParams {
        args: _,
        partition_by,
        order_by: _,
        window_frame,
        filter,
        null_treatment,
        distinct,
    } = &call.params;
    let own = partition_by.iter().any(|e| matches!(e, Expr::Column(c) if c.name == PERSON));
    let frame = window_frame.units == WindowFrameUnits::Rows
        || *window_frame == WindowFrame::new(Some(false));
    listed && own && frame && filter.is_none() && null_treatment.is_none() && !distinct
}

fn expression_allowed(expr: &Expr) -> bool {
    match expr {
        Expr::Alias(_)
        | Expr::Column(_)
        | Expr::Literal(..)
        | Expr::Not(_)
        | Expr::IsNull(_)
        | Expr::IsNotNull(_)
        | Expr::IsTrue(_)
        | Expr::IsFalse(_)
        | Expr::IsNotTrue(_)
        | Expr::IsNotFalse(_)
        | Expr::Case(_)
        | Expr::InList(_) => true,
        Expr::Like(like) => !like.case_insensitive && like.escape_char.is_none(),
        Expr::BinaryExpr(binary) => matches!(
            binary.op,
            Operator::And
                | Operator::Or
                | Operator::Eq
                | Operator::NotEq
                | Operator::Lt
                | Operator::LtEq
                | Operator::Gt
                | Operator::GtEq
        ),
        // Whole numbers to numbers, and places in a window to whole numbers: the
        // conversions a plan may hold.
        Expr::Cast(cast) => match cast.field.data_type() {
            DataType::Float64 => true,
            DataType::Int64 => {
                matches!(cast.expr.as_ref(), Expr::Column(c) if c.name.starts_with(WINDOW))
            }
            _ => false,
        },
        Expr::ScalarFunction(call) => function(call.func.name()).is_some(),
        Expr::AggregateFunction(call) => {
            INNER.contains(&call.func.name())
                && call.params.filter.is_none()
                && call.params.order_by.is_empty()
                && call.params.null_treatment.is_none()
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::common::ScalarValue;
    use datafusion::functions_aggregate::{count::count_udaf, stddev::stddev_udaf};
    use datafusion::functions_window::{cume_dist::cume_dist_udwf, row_number::row_number_udwf};
    use datafusion::logical_expr::expr::NullTreatment;
    use datafusion::logical_expr::{
        LogicalPlanBuilder, WindowFrameBound, col, lit, placeholder, table_scan,
    };

    fn scan() -> LogicalPlanBuilder {
        use arrow::datatypes::{Field, Schema};
        let schema = Schema::new(vec![
            Field::new("x", DataType::Int64, true),
            Field::new(PERSON, DataType::UInt32, true),
        ]);
        table_scan(Some("t"), &schema, None).unwrap()
    }

    fn refused(plan: LogicalPlanBuilder) -> bool {
        guard(&plan.build().unwrap()).is_err()
    }

    #[test]
    fn what_is_not_on_the_list_is_refused() {
        assert!(!refused(scan().filter(col("x").eq(lit(1_i64))).unwrap()));
        assert!(refused(scan().limit(0, Some(1)).unwrap()));
        assert!(refused(scan().sort(vec![col("x").sort(true, true)]).unwrap()));
        assert!(refused(scan().union(scan().build().unwrap()).unwrap()));
        assert!(refused(scan().explain(false, false).unwrap()));
        assert!(refused(LogicalPlanBuilder::empty(true)));
        assert!(refused(
            scan()
                .cross_join(
                    table_scan(Some("u"), scan().schema().as_arrow(), None)
                        .unwrap()
                        .build()
                        .unwrap()
                )
                .unwrap()
                .limit(0, Some(3))
                .unwrap()
        ));
        assert!(refused(scan().filter(col("x").eq(placeholder("$1"))).unwrap()));
        assert!(refused(scan().project(vec![lit(1_i64) / col("x")]).unwrap()));
        assert!(refused(scan().project(vec![col("x") + lit(1_i64)]).unwrap()));
        for kind in [DataType::Utf8, DataType::Int64] {
            let cast = datafusion::logical_expr::cast(col("x"), kind);
            assert!(refused(scan().project(vec![cast]).unwrap()));
        }
    }

    /// A window function over the rows of one person.
    fn over(fun: impl Into<WindowFunctionDefinition>, args: Vec<Expr>) -> WindowFunction {
        let mut call = WindowFunction::new(fun, args);
        call.params.partition_by = vec![col("x"), col(PERSON)];
        call
    }

    #[test]
    fn windows_see_the_rows_of_one_person() {
        let number = || over(row_number_udwf(), Vec::new());
        let count = || over(count_udaf(), vec![col("x")]);
        let node = |call: WindowFunction| scan().window(vec![Expr::from(call)]).unwrap();
        let with = |change: &dyn Fn(&mut WindowFunctionParams)| {
            let mut call = count();
            change(&mut call.params);
            node(call)
        };
        assert!(!refused(node(number())));
        assert!(!refused(node(count())));
        assert!(!refused(with(&|p| p.window_frame = WindowFrame::new(Some(false)))));
        // Rows of others.
        assert!(refused(with(&|p| p.partition_by.clear())));
        assert!(refused(with(&|p| p.partition_by = vec![col("x")])));
        assert!(refused(with(&|p| p.partition_by = vec![col(PERSON).is_null()])));
        // Other functions and forms.
        assert!(refused(node(over(cume_dist_udwf(), Vec::new()))));
        assert!(refused(node(over(stddev_udaf(), vec![col("x")]))));
        assert!(refused(with(&|p| p.filter = Some(Box::new(col("x").is_null())))));
        assert!(refused(with(&|p| p.null_treatment = Some(NullTreatment::IgnoreNulls))));
        assert!(refused(with(&|p| p.distinct = true)));
        assert!(refused(with(&|p| p.args = vec![col("x") + lit(1_i64)])));
        assert!(refused(with(&|p| p.order_by = vec![(col("x") + lit(1_i64)).sort(true, true)])));
        let values = WindowFrameBound::Preceding(ScalarValue::Int64(Some(1)));
        let range =
            WindowFrame::new_bounds(WindowFrameUnits::Range, values, WindowFrameBound::CurrentRow);
        assert!(refused(with(&|p| p.window_frame = range.clone())));
        // Where no window belongs.
        let column = Expr::from(number());
        assert!(!expressions_allowed(&column, false));
        assert!(expressions_allowed(&column.alias("n"), true));
    }
}
