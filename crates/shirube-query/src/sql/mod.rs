//! SQL text to a plan that may run.
//!
//! The planner knows what is allowed and nothing else: a statement, a clause, an
//! expression or a function that is not written here does not come into a plan.
//! Every syntax structure is taken apart field by field, so that a new field of
//! the parser fails to compile rather than being passed over.

mod clauses;
mod expression;
mod literal;
mod relation;
mod results;
mod select;
mod subquery;
mod window;

use std::collections::BTreeSet;

use datafusion::common::ScalarValue;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::{Expr, LogicalPlan, lit};
use sha2::{Digest, Sha256};
use shirube_model::refusal::Refusal;
use sqlparser::ast::{Spanned, Statement};
use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::parser::Parser;

use crate::error::at;
use crate::guard::guard;
use crate::kind::{Key, Kind};
use crate::source::Tables;

/// Longest text of a query, in bytes.
pub const SQL_MAX: usize = 64 * 1024;

/// What is counted or summed in every group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aggregate {
    /// `COUNT(*)`.
    Rows,
    /// `COUNT(DISTINCT person_id)`; the argument column.
    Persons(usize),
    /// `COUNT(x)`; the argument column.
    Values(usize),
    /// `SUM(x)`; the argument column.
    Sum(usize),
    /// `AVG(x)`; the argument column.
    Average(usize),
}

impl Aggregate {
    /// Whether the number counts persons, rows or values.
    #[must_use]
    pub fn is_count(self) -> bool {
        matches!(self, Self::Rows | Self::Persons(_) | Self::Values(_))
    }
}

/// A column of the result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Output {
    /// Head: the group column of this number.
    Group(usize),
    /// Number: the measure of this number.
    Measure(usize),
}

/// A group column.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct GroupColumn {
    pub(crate) kind: Kind,
    /// Whether the filter leaves one value only.
    pub(crate) pinned: bool,
    pub(crate) expr: Expr,
}

/// A query that may run. Its plan gives, for every joined row, the group
/// columns, the arguments of the aggregates, the person and the institution.
#[derive(Debug, Clone)]
pub struct Checked {
    /// The query in the parser's own writing.
    pub sql: String,
    /// SHA-256 of plan and columns, in hexadecimal.
    pub plan_hash: String,
    pub(crate) plan: LogicalPlan,
    /// The tables that the plan reads.
    pub(crate) origin: u64,
    /// By argument: whether the query can decide by a condition where it is NULL
    /// or what it is.
    pub(crate) conditional: Vec<bool>,
    /// The joined tables before WHERE.
    pub(crate) joined: String,
    /// The parts of WHERE that must all hold.
    pub(crate) conditions: BTreeSet<String>,
    pub(crate) groups: Vec<GroupColumn>,
    pub(crate) measures: Vec<Aggregate>,
    pub(crate) arguments: usize,
    pub(crate) site: bool,
    pub(crate) columns: Vec<(String, Output)>,
}

impl Checked {
    /// Names of the result's columns and what they hold.
    #[must_use]
    pub fn columns(&self) -> &[(String, Output)] {
        &self.columns
    }

    /// What is counted or summed.
    #[must_use]
    pub fn measures(&self) -> &[Aggregate] {
        &self.measures
    }

    /// What a cell describes: joined tables and conditions, those of its head
    /// included, as a hash. It follows from the query alone. Cells of one
    /// description are the same persons, however they were asked for.
    pub(crate) fn describes(&self, head: &[Option<Key>]) -> String {
        let mut conditions = self.conditions.clone();
        for (column, key) in self.groups.iter().zip(head) {
            let Some(key) = key else { continue };
            let condition = match key {
                Key::Null => column.expr.clone().is_null(),
                Key::Bool(b) => column.expr.clone().eq(lit(*b)),
                Key::Int(n) => column.expr.clone().eq(lit(*n)),
                Key::Text(t) => column.expr.clone().eq(lit(t.clone())),
                Key::Date(d) => {
                    column.expr.clone().eq(lit(ScalarValue::Date32(Some(d.to_epoch_days()))))
                }
            };
            conditions.insert(format!("{condition:?}"));
        }
        let mut hash = Sha256::new();
        for part in std::iter::once(&self.joined).chain(&conditions) {
            hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            hash.update(part.as_bytes());
        }
        hex::encode(hash.finalize())
    }

    /// The engine's plan in words: shapes and literals of the query, no data.
    #[must_use]
    pub fn plan_text(&self) -> String {
        self.plan.display_indent().to_string()
    }
}

/// Checks a query against the granted tables.
///
/// # Errors
/// What is not allowed, with its place in the text.
pub fn check(tables: &Tables, sql: &str) -> Result<Checked, Refusal> {
    if sql.len() > SQL_MAX {
        return Err(Refusal::new("query.sql.too_long").arg("max", SQL_MAX));
    }
    let statements = Parser::parse_sql(&PostgreSqlDialect {}, sql).map_err(|error| {
        // The parser's words repeat the text; only the place is taken from them.
        let (line, column) = place_in(&error.to_string());
        crate::error::at_location(
            "query.sql.unreadable",
            sqlparser::tokenizer::Location { line, column },
        )
    })?;
    let mut statements = statements.into_iter();
    let query = match (statements.next(), statements.next()) {
        (Some(Statement::Query(query)), None) => query,
        (Some(statement), None) => return Err(at("query.statement.refused", statement.span())),
        (Some(_), Some(second)) => return Err(at("query.statement.several", second.span())),
        (None, _) => return Err(Refusal::new("query.sql.empty").file("sql")),
    };
    let mut checked = select::Planner::new(tables).top(&query)?;
    checked.sql = query.to_string();
    guard(&checked.plan)?;
    checked.plan_hash = plan_hash(&checked);
    Ok(checked)
}

/// Line and column in the parser's message, or zeros.
fn place_in(message: &str) -> (u64, u64) {
    let after = |word: &str| {
        let rest = message.rsplit_once(word)?.1;
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        digits.parse::<u64>().ok()
    };
    (after("Line: ").unwrap_or(0), after("Column: ").unwrap_or(0))
}

/// Every literal of a plan, and every name that is no plain word, in the order in
/// which they are walked: with these by themselves, no text in one of them can
/// pass for a part of another plan. `None` where the walk fails.
fn texts(plan: &LogicalPlan) -> Option<Vec<String>> {
    let mut found = Vec::new();
    let named = |name: &str| {
        let plain = name.chars().all(|c| c.is_alphanumeric() || c == '_');
        (!plain).then(|| format!("{name:?}"))
    };
    let walked = plan.apply(|node| {
        node.apply_expressions(|expr| {
            expr.apply(|part| {
                found.extend(match part {
                    Expr::Literal(value, _) => Some(format!("{value:?}")),
                    Expr::Column(column) => named(&column.name),
                    Expr::Alias(alias) => named(&alias.name),
                    _ => None,
                });
                Ok(TreeNodeRecursion::Continue)
            })
        })
    });
    walked.is_ok().then_some(found)
}

/// A plan in words, and its texts by themselves.
fn words(plan: &LogicalPlan) -> String {
    let mut words = plan.display_indent().to_string();
    for text in texts(plan).unwrap_or_default() {
        words.push('\n');
        words.push_str(&text);
    }
    words
}

/// The plan's words and columns, and its texts by themselves.
fn plan_hash(checked: &Checked) -> String {
    let mut parts = vec![checked.plan_text(), format!("{:?}", checked.columns)];
    parts.push(format!("{:?}", checked.measures));
    match texts(&checked.plan) {
        Some(found) => parts.extend(found),
        // Not walked to the end: the text decides, which only repeats work.
        None => parts.push(checked.sql.clone()),
    }
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(part.as_bytes());
    }
    hex::encode(hash.finalize())
}
