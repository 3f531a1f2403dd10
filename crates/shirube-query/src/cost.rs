//! How many rows a plan may come to, before it runs.
//!
//! From the snapshot's row counts and the shape of the joins alone: filters are
//! taken to keep everything, and rows of persons to be spread evenly. What it
//! says follows from the query and from numbers of rows, not from values.

use std::collections::{BTreeMap, BTreeSet};

use datafusion::common::Column;
use datafusion::logical_expr::utils::split_conjunction;
use datafusion::logical_expr::{Expr, Join, JoinType, LogicalPlan, Operator};

use crate::source::PERSON;

/// What is known of a node's rows.
#[derive(Default)]
struct Shape {
    rows: u128,
    /// Most rows of this node or any below.
    peak: u128,
    /// Columns without repeated values.
    unique: BTreeSet<Column>,
    /// Columns with the number of a person.
    person: BTreeSet<Column>,
}

/// Most rows at any step of a plan. `rows` are those of each table.
pub(crate) fn estimate(plan: &LogicalPlan, rows: &BTreeMap<String, u64>) -> u64 {
    u64::try_from(shape(plan, rows).peak).unwrap_or(u64::MAX)
}

fn rows_of(rows: &BTreeMap<String, u64>, table: &str) -> u128 {
    u128::from(rows.get(table).copied().unwrap_or(0))
}

fn shape(plan: &LogicalPlan, rows: &BTreeMap<String, u64>) -> Shape {
    let mut out = match plan {
        LogicalPlan::TableScan(scan) => {
            let table = scan.table_name.table();
            let key = format!("{table}_id");
            let columns = scan.projected_schema.columns();
            let named = |test: &dyn Fn(&str) -> bool| -> BTreeSet<Column> {
                columns.iter().filter(|c| test(&c.name)).cloned().collect()
            };
            let person = |name: &str| name == PERSON || name == "person_id";
            Shape {
                rows: rows_of(rows, table),
                unique: named(&|n| n == key || (table == "person" && person(n))),
                person: named(&person),
                ..Shape::default()
            }
        }
        LogicalPlan::Projection(project) => {
            let exprs: Vec<&Expr> = project.expr.iter().collect();
            renamed(shape(&project.input, rows), &exprs, &project.schema.columns())
        }
        LogicalPlan::SubqueryAlias(alias) => {
            let inner: Vec<Expr> =
                alias.input.schema().columns().into_iter().map(Expr::Column).collect();
            let exprs: Vec<&Expr> = inner.iter().collect();
            renamed(shape(&alias.input, rows), &exprs, &alias.schema.columns())
        }
        LogicalPlan::Aggregate(aggregate) => {
            let inner = shape(&aggregate.input, rows);
            let exprs: Vec<&Expr> = aggregate.group_expr.iter().collect();
            let mut out = renamed(inner, &exprs, &aggregate.schema.columns());
            out.unique.clear();
            // One row a person.
            if out.person.len() == exprs.len() {
                out.rows = out.rows.min(rows_of(rows, "person").max(1));
                out.unique = out.person.clone();
            }
            out
        }
        LogicalPlan::Join(join) => joined(join, rows),
        other => {
            let inner = other.inputs().into_iter().map(|input| shape(input, rows));
            inner.reduce(|a, b| if a.rows > b.rows { a } else { b }).unwrap_or_default()
        }
    };
    out.peak = out.peak.max(out.rows);
    out
}

/// What is known of columns under the names that an upper node gives them.
fn renamed(inner: Shape, exprs: &[&Expr], names: &[Column]) -> Shape {
    let mut out = Shape { rows: inner.rows, peak: inner.peak, ..Shape::default() };
    for (expr, name) in exprs.iter().zip(names) {
        let Some(column) = bare(expr) else { continue };
        if inner.unique.contains(column) {
            out.unique.insert(name.clone());
        }
        if inner.person.contains(column) {
            out.person.insert(name.clone());
        }
    }
    out
}

fn bare(expr: &Expr) -> Option<&Column> {
    match expr {
        Expr::Column(column) => Some(column),
        Expr::Alias(alias) => bare(&alias.expr),
        _ => None,
    }
}

/// Columns that a join sets equal, those of the left side first.
fn equalities<'j>(join: &'j Join) -> Vec<(&'j Column, &'j Column)> {
    let mut sides: Vec<(&Expr, &Expr)> = join.on.iter().map(|(a, b)| (a, b)).collect();
    for part in join.filter.iter().flat_map(split_conjunction) {
        if let Expr::BinaryExpr(b) = part
            && b.op == Operator::Eq
        {
            sides.push((b.left.as_ref(), b.right.as_ref()));
        }
    }
    let left = |c: &Column| join.left.schema().has_column(c);
    let ordered = |(a, b): (&'j Expr, &'j Expr)| {
        let (a, b) = (bare(a)?, bare(b)?);
        match (left(a), left(b)) {
            (true, false) => Some((a, b)),
            (false, true) => Some((b, a)),
            _ => None,
        }
    };
    sides.into_iter().filter_map(ordered).collect()
}

fn joined(join: &Join, rows: &BTreeMap<String, u64>) -> Shape {
    let (left, right) = (shape(&join.left, rows), shape(&join.right, rows));
    let pairs = equalities(join);
    let left_once = pairs.iter().any(|(a, _)| left.unique.contains(a));
    let right_once = pairs.iter().any(|(_, b)| right.unique.contains(b));
    // How many values a pair of columns may have: as many as there are persons, or
    // records of the table that a number names.
    let values = |(a, b): &(&Column, &Column)| {
        if left.person.contains(*a) && right.person.contains(*b) {
            return rows_of(rows, "person");
        }
        [a, b]
            .iter()
            .filter_map(|c| c.name.strip_suffix("_id"))
            .map(|t| rows_of(rows, t))
            .max()
            .unwrap_or(1)
    };
    let spread = pairs.iter().map(values).max().unwrap_or(1).max(1);
    let mut count = match (left_once, right_once) {
        (true, true) => left.rows.min(right.rows),
        (false, true) => left.rows,
        (true, false) => right.rows,
        (false, false) => left.rows.saturating_mul(right.rows).div_ceil(spread),
    };
    match join.join_type {
        JoinType::Left => count = count.max(left.rows),
        JoinType::LeftSemi | JoinType::LeftAnti => count = left.rows,
        _ => {}
    }
    let mut unique = BTreeSet::new();
    if right_once {
        unique.extend(left.unique);
    }
    if left_once {
        unique.extend(right.unique);
    }
    let person = left.person.into_iter().chain(right.person).collect();
    Shape { rows: count, peak: left.peak.max(right.peak), unique, person }
}
