//! Subqueries: rows of persons, windows over the rows of one person, groups
//! inside persons.

use std::rc::Rc;

use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, col};
use shirube_model::refusal::Refusal;
use sqlparser::ast::{self, Distinct, Select, Spanned};
use sqlparser::tokenizer::Span;

use super::clauses::distinct_place;
use super::expression::{Typed, condition, expression};
use super::relation::Scope;
use super::results::{Grouped, aggregate_call, group_exprs, grouped};
use super::select::{Joined, unfit};
use super::window::{Windows, window_call};
use crate::error::at;
use crate::kind::Kind;
use crate::source::{PERSON, SITE};

/// A plan whose columns are those of a subquery, with person and institution.
#[derive(Debug, Clone)]
pub(super) struct SubPlan {
    pub(super) plan: LogicalPlan,
    pub(super) columns: Vec<(String, Kind)>,
    pub(super) base: bool,
    pub(super) certain: Vec<String>,
    pub(super) windowed: Vec<String>,
    pub(super) person: bool,
    pub(super) site: bool,
}

/// The results of a subquery so far.
#[derive(Default)]
struct Results {
    columns: Vec<(String, Kind)>,
    certain: Vec<String>,
    windowed: Vec<String>,
    out: Vec<Expr>,
}

impl Results {
    fn add(&mut self, name: &str, typed: Typed, span: Span) -> Result<(), Refusal> {
        if name.starts_with("__") || self.columns.iter().any(|(n, _)| n == name) {
            return Err(at("query.name.repeated", span).arg("name", name));
        }
        self.columns.push((name.to_owned(), typed.kind));
        self.out.push(typed.expr.alias(name));
        Ok(())
    }

    /// Notes what is known of a result from the columns it is made of.
    fn remember(&mut self, name: &str, expr: &Expr, scope: &Scope) {
        if scope.certain(expr) {
            self.certain.push(name.to_owned());
        }
        if scope.windowed(expr) {
            self.windowed.push(name.to_owned());
        }
    }

    /// Adds the person and the institution behind the rows.
    fn carry(&mut self, person: Option<Expr>, site: Option<Expr>) {
        self.out.extend(person.map(|p| p.alias(PERSON)));
        self.out.extend(site.map(|s| s.alias(SITE)));
    }
}

/// The person and the institution of the joined rows, as columns to carry on.
fn carried(select: &Select, scope: &Scope) -> Result<(Option<Expr>, Option<Expr>), Refusal> {
    match scope.person() {
        Ok(person) => Ok((Some(person), scope.site())),
        Err("query.person.missing") => Ok((None, None)),
        Err(code) => Err(at(code, select.select_token.0.span)),
    }
}

/// A subquery without aggregates and windows.
pub(super) fn plain(
    select: &Select,
    joined: Joined,
    items: &[(String, &ast::Expr)],
) -> Result<SubPlan, Refusal> {
    let (person, site) = carried(select, &joined.scope)?;
    let once = match &select.distinct {
        None => false,
        Some(Distinct::Distinct) => true,
        Some(_) => return Err(distinct_place(select)),
    };
    let site = if once { None } else { site };
    let mut results = Results::default();
    for (name, expr) in items {
        let typed = expression(&joined.scope, expr)?;
        results.remember(name, &typed.expr, &joined.scope);
        results.add(name, typed, expr.span())?;
    }
    let flags = (person.is_some(), site.is_some());
    results.carry(person, site);
    let mut plan = joined.plan.project(results.out.clone()).map_err(unfit)?;
    if once {
        plan = plan.distinct().map_err(unfit)?;
    }
    finished(plan, results, flags.0, flags.1)
}

fn finished(
    plan: LogicalPlanBuilder,
    results: Results,
    person: bool,
    site: bool,
) -> Result<SubPlan, Refusal> {
    let Results { columns, certain, windowed, out: _ } = results;
    let plan = plan.build().map_err(unfit)?;
    Ok(SubPlan { plan, columns, base: false, certain, windowed, person, site })
}

/// A subquery with windows over the rows of one person.
pub(super) fn windowed(
    select: &Select,
    joined: Joined,
    items: &[(String, &ast::Expr)],
) -> Result<SubPlan, Refusal> {
    let span = select.select_token.0.span;
    let person = joined.scope.person().map_err(|code| at(code, span))?;
    let site = joined.scope.site();
    let mut windows = Windows::new(&joined.scope, person.clone());
    let mut results = Results::default();
    // What must be alike in rows of which either may come first.
    let mut alike: Vec<Expr> = Vec::new();
    for (name, expr) in items {
        let typed = match window_call(expr) {
            Some((call, over)) => {
                results.windowed.push(name.clone());
                windows.add(call, over)?
            }
            None => {
                let typed = expression(&joined.scope, expr)?;
                results.remember(name, &typed.expr, &joined.scope);
                alike.push(typed.expr.clone());
                typed
            }
        };
        results.add(name, typed, expr.span())?;
    }
    alike.extend(site.clone());
    let plan = windows.plan(joined.plan, &alike)?;
    let has_site = site.is_some();
    results.carry(Some(person), site);
    let plan = plan.project(results.out.clone()).map_err(unfit)?;
    finished(plan, results, true, has_site)
}

/// A subquery with groups inside persons.
pub(super) fn per_person(
    select: &Select,
    joined: Joined,
    items: &[(String, &ast::Expr)],
) -> Result<SubPlan, Refusal> {
    let span = select.select_token.0.span;
    let person = joined.scope.person().map_err(|code| at(code, span))?;
    let groups = group_exprs(&select.group_by, items, &joined.scope)?;
    if !groups.iter().any(|(typed, _)| typed.kind == Kind::Person) {
        return Err(at("query.subquery.person", span));
    }
    let groups = Rc::new(Grouped::new(joined.scope, groups));
    let mut results = Results::default();
    for (name, expr) in items {
        let typed = match aggregate_call(expr) {
            Some(call) => {
                let (typed, windowed) = groups.measure(call)?;
                if windowed {
                    results.windowed.push(name.clone());
                }
                typed
            }
            None => {
                let number = grouped(&groups.groups, &groups.rows, expr)?;
                let Some((group, _)) = groups.groups.get(number) else { continue };
                results.remember(name, &group.expr, &groups.rows);
                Grouped::column('g', number, group.kind)
            }
        };
        results.add(name, typed, expr.span())?;
    }
    let after = Scope::after(&groups);
    let kept = select.having.as_ref().map(|having| condition(&after, having)).transpose()?;
    let keys =
        groups.groups.iter().zip(0..).map(|((t, _), n)| t.expr.clone().alias(format!("g{n}")));
    let keys = keys.chain([person.alias(PERSON)]);
    let mut plan = joined.plan.aggregate(keys, groups.measures()).map_err(unfit)?;
    if let Some(kept) = kept {
        plan = plan.filter(kept).map_err(unfit)?;
    }
    results.out.push(col(PERSON));
    let plan = plan.project(results.out.clone()).map_err(unfit)?;
    finished(plan, results, true, false)
}
