//! A second look at a plan, whoever made it: nodes and expressions on the list,
//! and nothing else.
//!
//! The planner in `sql` cannot express more than this list; the guard makes
//! sure of that on the plan itself, and fails closed when either changes.

use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::{Expr, JoinType, LogicalPlan, Operator};
use shirube_model::refusal::Refusal;

use crate::functions::function;

/// Aggregates inside a person.
const INNER: &[&str] = &["avg", "count", "max", "min", "sum"];

/// Refuses a plan with anything that is not on the list.
///
/// # Errors
/// `query.plan.unknown`.
pub fn guard(plan: &LogicalPlan) -> Result<(), Refusal> {
    let mut ok = true;
    let walked = plan.apply(|node| {
        ok &= node_allowed(node);
        let exprs = node.apply_expressions(|expr| {
            ok &= expressions_allowed(expr);
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
        | LogicalPlan::Aggregate(_) => true,
        LogicalPlan::TableScan(scan) => scan.fetch.is_none(),
        LogicalPlan::Join(join) => matches!(join.join_type, JoinType::Inner | JoinType::Left),
        LogicalPlan::Distinct(distinct) => {
            matches!(distinct, datafusion::logical_expr::Distinct::All(_))
        }
        _ => false,
    }
}

fn expressions_allowed(expr: &Expr) -> bool {
    let mut ok = true;
    let walked = expr.apply(|part| {
        ok &= expression_allowed(part);
        Ok(if ok { TreeNodeRecursion::Continue } else { TreeNodeRecursion::Stop })
    });
    ok && walked.is_ok()
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
        // Whole numbers to numbers: the one conversion a plan may hold.
        Expr::Cast(cast) => cast.field.data_type() == &arrow::datatypes::DataType::Float64,
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
    use datafusion::functions_window::expr_fn::row_number;
    use datafusion::logical_expr::{LogicalPlanBuilder, col, lit, placeholder, table_scan};

    fn scan() -> LogicalPlanBuilder {
        use arrow::datatypes::{DataType, Field, Schema};
        let schema = Schema::new(vec![Field::new("x", DataType::Int64, true)]);
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
        assert!(refused(scan().window(vec![row_number()]).unwrap()));
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
        let text = datafusion::logical_expr::cast(col("x"), arrow::datatypes::DataType::Utf8);
        assert!(refused(scan().project(vec![text]).unwrap()));
    }
}
