//! SELECT: FROM, JOIN and WHERE, and the statement that crosses the border.

use std::collections::BTreeSet;

use datafusion::common::tree_node::TreeNode;
use datafusion::datasource::provider_as_source;
use datafusion::logical_expr::{Expr, JoinType, LogicalPlan, LogicalPlanBuilder, Operator};
use shirube_model::refusal::Refusal;
use sqlparser::ast::{
    self, GroupByExpr, Join, JoinConstraint, JoinOperator, Query, Select, SetExpr, Spanned,
    TableFactor, TableWithJoins, With,
};
use sqlparser::tokenizer::Span;

use super::clauses::{alias_name, clauses, distinct_place, table_name, using};
use super::expression::condition;
use super::relation::{Relation, Scope, conjuncts, equates};
use super::results::{Top, aggregate_call, group_exprs, group_kind, grouped, items};
use super::subquery::{SubPlan, per_person, plain, windowed};
use super::window::window_call;
use super::{Checked, GroupColumn, Output};
use crate::error::at;
use crate::source::{PERSON, SITE, Tables};

/// Most relations of one query, those of its subqueries included.
const RELATIONS_MAX: usize = 24;

/// The joined rows of a SELECT.
pub(super) struct Joined {
    pub(super) plan: LogicalPlanBuilder,
    pub(super) scope: Scope,
    /// Expressions that the filter leaves one value.
    pinned: Vec<Expr>,
    /// The joined tables before WHERE, in words.
    words: String,
    /// The parts of WHERE.
    conditions: BTreeSet<String>,
}

/// Turns a syntax tree into a plan.
pub(super) struct Planner<'t> {
    tables: &'t Tables,
    relations: usize,
    named: Vec<(String, SubPlan)>,
}

/// A builder's failure means a plan that does not fit together, which the rules
/// here should have refused.
pub(super) fn unfit<E>(_: E) -> Refusal {
    Refusal::new("query.plan.unfit").file("sql")
}

impl<'t> Planner<'t> {
    pub(super) fn new(tables: &'t Tables) -> Self {
        Self { tables, relations: 0, named: Vec::new() }
    }

    /// The statement itself: groups and aggregates.
    pub(super) fn top(mut self, query: &Query) -> Result<Checked, Refusal> {
        let select = self.open(query)?;
        if select.distinct.is_some() {
            return Err(distinct_place(select));
        }
        if let Some(having) = &select.having {
            return Err(at("query.having.refused", having.span()));
        }
        let joined = self.joined(select)?;
        let span = select.select_token.0.span;
        let person = joined.scope.person().map_err(|code| at(code, span))?;
        let items = items(&select.projection)?;
        let groups = group_exprs(&select.group_by, &items, &joined.scope)?;
        let mut top = Top { scope: &joined.scope, arguments: Vec::new(), measures: Vec::new() };
        let mut columns: Vec<(String, Output)> = Vec::new();
        for (name, expr) in &items {
            if columns.iter().any(|(n, _)| n == name) {
                return Err(at("query.name.repeated", expr.span()).arg("name", name));
            }
            let output = match aggregate_call(expr) {
                Some(call) => Output::Measure(top.measure(call)?),
                None => Output::Group(grouped(&groups, &joined.scope, expr)?),
            };
            columns.push((name.clone(), output));
        }
        if top.measures.is_empty() {
            return Err(at("query.aggregate.none", span));
        }
        let shown = |n: usize| columns.iter().any(|(_, o)| *o == Output::Group(n));
        if let Some((_, (_, span))) = (0..).zip(&groups).find(|(n, _)| !shown(*n)) {
            return Err(at("query.group.hidden", *span));
        }
        let (measures, arguments) = (top.measures, top.arguments);
        let conditional =
            arguments.iter().map(|a| conditional(a, &joined.scope, &joined.words)).collect();
        for (typed, span) in &groups {
            group_kind(typed, *span)?;
        }
        let groups: Vec<GroupColumn> = groups
            .into_iter()
            .map(|(typed, _)| GroupColumn {
                kind: typed.kind,
                pinned: joined.pinned.contains(&typed.expr),
                expr: typed.expr,
            })
            .collect();
        let mut out: Vec<Expr> = Vec::new();
        out.extend(groups.iter().enumerate().map(|(n, g)| g.expr.clone().alias(format!("g{n}"))));
        out.extend(arguments.iter().enumerate().map(|(n, a)| a.clone().alias(format!("a{n}"))));
        out.push(person.alias(PERSON));
        let site = joined.scope.site();
        let has_site = site.is_some();
        out.extend(site.map(|s| s.alias(SITE)));
        let plan = joined.plan.project(out).and_then(LogicalPlanBuilder::build).map_err(unfit)?;
        Ok(Checked {
            sql: String::new(),
            plan_hash: String::new(),
            plan,
            origin: self.tables.origin,
            conditional,
            joined: joined.words,
            conditions: joined.conditions,
            groups,
            measures,
            arguments: arguments.len(),
            site: has_site,
            columns,
        })
    }

    /// The SELECT of a query, with its WITH taken in; every other clause is
    /// refused.
    fn open<'q>(&mut self, query: &'q Query) -> Result<&'q Select, Refusal> {
        let Query {
            with,
            body,
            order_by,
            limit_clause,
            fetch,
            locks,
            for_clause,
            settings,
            format_clause,
            pipe_operators,
        } = query;
        let span = query.span();
        if let Some(order) = order_by {
            return Err(at("query.order.refused", order.span()));
        }
        if limit_clause.is_some() || fetch.is_some() {
            return Err(at("query.limit.refused", span));
        }
        if !locks.is_empty()
            || for_clause.is_some()
            || settings.is_some()
            || format_clause.is_some()
            || !pipe_operators.is_empty()
        {
            return Err(at("query.clause.refused", span));
        }
        if let Some(with) = with {
            self.with(with)?;
        }
        let select = match body.as_ref() {
            SetExpr::Select(select) => select,
            SetExpr::SetOperation { .. } => return Err(at("query.union.refused", span)),
            _ => return Err(at("query.statement.refused", span)),
        };
        clauses(select)?;
        Ok(select)
    }

    fn with(&mut self, with: &With) -> Result<(), Refusal> {
        let With { with_token, recursive, cte_tables } = with;
        if *recursive {
            return Err(at("query.recursive.refused", with_token.0.span));
        }
        for cte in cte_tables {
            let ast::Cte { alias, query, from, materialized, closing_paren_token: _ } = cte;
            if from.is_some() || materialized.is_some() {
                return Err(at("query.clause.refused", alias.name.span));
            }
            let name = alias_name(alias)?;
            let plan = self.subquery(query)?;
            self.named.push((name, plan));
        }
        Ok(())
    }

    /// A subquery: rows of persons, or groups within persons.
    fn subquery(&mut self, query: &Query) -> Result<SubPlan, Refusal> {
        let outer = self.named.len();
        let select = self.open(query)?;
        let joined = self.joined(select)?;
        self.named.truncate(outer);
        let items = items(&select.projection)?;
        let has_groups = !matches!(
            &select.group_by, GroupByExpr::Expressions(list, _) if list.is_empty()
        );
        let has_groups = has_groups
            || select.having.is_some()
            || items.iter().any(|(_, expr)| aggregate_call(expr).is_some());
        if let Some((call, _)) = items.iter().find_map(|(_, expr)| window_call(expr)) {
            if has_groups || select.distinct.is_some() {
                return Err(at("query.window.mixed", call.span()));
            }
            return windowed(select, joined, &items);
        }
        if has_groups {
            if select.distinct.is_some() {
                return Err(distinct_place(select));
            }
            return per_person(select, joined, &items);
        }
        plain(select, joined, &items)
    }

    /// FROM, JOIN and WHERE.
    fn joined(&mut self, select: &Select) -> Result<Joined, Refusal> {
        let span = select.select_token.0.span;
        let [TableWithJoins { relation, joins }] = select.from.as_slice() else {
            return Err(at(
                if select.from.is_empty() { "query.from.missing" } else { "query.join.refused" },
                span,
            ));
        };
        let mut scope = Scope::default();
        let mut plan = LogicalPlanBuilder::from(self.relation(relation, &mut scope)?);
        let mut pinned = Vec::new();
        for join in joins {
            plan = self.join(plan, join, &mut scope, &mut pinned)?;
        }
        let words = super::words(plan.plan());
        let mut conditions = BTreeSet::new();
        if let Some(filter) = &select.selection {
            let filter = condition(&scope, filter)?;
            conditions.extend(conjuncts(&filter).into_iter().map(|c| format!("{:?}", forward(c))));
            scope.learn(&filter, None);
            pinned.extend(pins(&filter));
            plan = plan.filter(filter).map_err(unfit)?;
        }
        Ok(Joined { plan, scope, pinned, words, conditions })
    }

    fn join(
        &mut self,
        plan: LogicalPlanBuilder,
        join: &Join,
        scope: &mut Scope,
        pinned: &mut Vec<Expr>,
    ) -> Result<LogicalPlanBuilder, Refusal> {
        let Join { relation, global, join_operator } = join;
        let span = relation.span();
        let (kind, constraint) = match join_operator {
            JoinOperator::Join(c) | JoinOperator::Inner(c) => (JoinType::Inner, c),
            JoinOperator::Left(c) | JoinOperator::LeftOuter(c) => (JoinType::Left, c),
            _ => return Err(at("query.join.refused", span)),
        };
        if *global {
            return Err(at("query.join.refused", span));
        }
        let before = scope.clone();
        let right = self.relation(relation, scope)?;
        let (joined, qualifier) = scope
            .relations
            .iter()
            .enumerate()
            .next_back()
            .map(|(at, r)| (at, r.qualifier.clone()))
            .unwrap_or_default();
        let on = match constraint {
            JoinConstraint::On(on) => condition(scope, on)?,
            JoinConstraint::Using(names) => using(&before, scope, names)?,
            JoinConstraint::Natural | JoinConstraint::None => {
                return Err(at("query.join.refused", span));
            }
        };
        if !equates(&on, &qualifier) {
            return Err(at("query.join.equality", span));
        }
        scope.learn(&on, (kind == JoinType::Left).then_some(joined));
        if kind == JoinType::Inner {
            pinned.extend(pins(&on));
        }
        let parts: Vec<Expr> = conjuncts(&on).into_iter().cloned().collect();
        plan.join_on(right, kind, parts).map_err(unfit)
    }

    /// One relation of FROM under a name of its own in the plan.
    fn relation(
        &mut self,
        factor: &TableFactor,
        scope: &mut Scope,
    ) -> Result<LogicalPlan, Refusal> {
        let (sub, name, span) = match factor {
            TableFactor::Table {
                name,
                alias,
                args: None,
                with_hints,
                version: None,
                with_ordinality: false,
                partitions,
                json_path: None,
                sample: None,
                index_hints,
            } if with_hints.is_empty() && partitions.is_empty() && index_hints.is_empty() => {
                let (table, span) = table_name(name)?;
                let own = alias.as_ref().map(alias_name).transpose()?;
                (self.table(&table, span)?, own.unwrap_or(table), span)
            }
            TableFactor::Derived { lateral: false, subquery, alias: Some(alias), sample: None } => {
                (self.subquery(subquery)?, alias_name(alias)?, alias.name.span)
            }
            _ => return Err(at("query.from.refused", factor.span())),
        };
        let qualifier = format!("r{}", self.relations);
        self.relations += 1;
        if self.relations > RELATIONS_MAX {
            return Err(at("query.from.too_many", span).arg("max", RELATIONS_MAX));
        }
        let relation = Relation {
            name,
            qualifier: qualifier.clone(),
            columns: sub.columns,
            base: sub.base,
            certain: sub.certain,
            windowed: sub.windowed,
            person: sub.person,
            site: sub.site,
        };
        scope
            .push(relation)
            .map_err(|name| at("query.name.repeated", span).arg("name", name.value))?;
        LogicalPlanBuilder::from(sub.plan)
            .alias(datafusion::common::TableReference::bare(qualifier))
            .and_then(LogicalPlanBuilder::build)
            .map_err(unfit)
    }

    /// A common table expression, the last of its name, or a granted table.
    fn table(&self, name: &str, span: Span) -> Result<SubPlan, Refusal> {
        if let Some((_, plan)) = self.named.iter().rev().find(|(n, _)| n == name) {
            return Ok(plan.clone());
        }
        let granted = self
            .tables
            .get(name)
            .ok_or_else(|| at("query.table.unknown", span).arg("table", name))?;
        let source = provider_as_source(std::sync::Arc::clone(&granted.provider));
        let plan = LogicalPlanBuilder::scan(name, source, None)
            .and_then(LogicalPlanBuilder::build)
            .map_err(unfit)?;
        Ok(SubPlan {
            plan,
            columns: granted.columns.clone(),
            base: true,
            certain: if granted.person { vec!["person_id".to_owned()] } else { Vec::new() },
            windowed: Vec::new(),
            person: granted.person,
            site: granted.site,
        })
    }
}

/// Whether a query can decide by a condition of its own where an argument is
/// NULL or what it is: by CASE, by a join that leaves rows without a match, or by
/// the order and the frame of a window.
fn conditional(argument: &Expr, scope: &Scope, words: &str) -> bool {
    let case = argument.exists(|part| Ok(matches!(part, Expr::Case(_)))).unwrap_or(true);
    let certain = scope.certain(argument);
    let always_there = match (argument, scope.person()) {
        (Expr::Column(a), Ok(Expr::Column(p))) => {
            a.relation == p.relation && scope.relation_of(a).is_some_and(|r| r.base)
        }
        _ => false,
    };
    case || scope.windowed(argument)
        || (words.contains("CASE ") && !certain)
        || (words.contains("Left Join") && !certain && !always_there)
}

/// An equality with its literal to the right.
fn forward(part: &Expr) -> Expr {
    match part {
        Expr::BinaryExpr(b)
            if b.op == Operator::Eq && matches!(b.left.as_ref(), Expr::Literal(..)) =>
        {
            b.right.as_ref().clone().eq(b.left.as_ref().clone())
        }
        other => other.clone(),
    }
}

/// Expressions that a condition leaves one value.
fn pins(filter: &Expr) -> Vec<Expr> {
    let pin = |part: &&Expr| match part {
        Expr::BinaryExpr(b) if b.op == Operator::Eq => match (b.left.as_ref(), b.right.as_ref()) {
            (expr, Expr::Literal(..)) | (Expr::Literal(..), expr) => Some(expr.clone()),
            _ => None,
        },
        _ => None,
    };
    conjuncts(filter).iter().filter_map(pin).collect()
}
