//! What stands in FROM: names, columns, and who stands behind the rows.

use std::rc::Rc;

use datafusion::common::{Column, TableReference};
use datafusion::logical_expr::Expr;
use shirube_model::refusal::Refusal;
use sqlparser::ast::Ident;

use super::expression::Typed;
use super::results::Grouped;
use crate::error::at;
use crate::kind::Kind;
use crate::source::{PERSON, SITE};

/// A table, a subquery or a common table expression in FROM.
#[derive(Debug, Clone)]
pub(super) struct Relation {
    /// Name in the query, lower case.
    pub(super) name: String,
    /// Name in the plan.
    pub(super) qualifier: String,
    /// Columns a query can name.
    pub(super) columns: Vec<(String, Kind)>,
    /// Whether it is a granted table itself.
    pub(super) base: bool,
    /// Columns that always hold the number of the row's person.
    pub(super) certain: Vec<String>,
    /// Columns that come out of windows.
    pub(super) windowed: Vec<String>,
    /// Whether its rows belong to persons.
    pub(super) person: bool,
    /// Whether its rows name an institution.
    pub(super) site: bool,
}

impl Relation {
    pub(super) fn column(&self, name: &str) -> Expr {
        let relation = Some(TableReference::bare(self.qualifier.clone()));
        Expr::Column(Column::new(relation, name))
    }
}

/// The relations of one FROM, and which of them speak of the same person.
#[derive(Debug, Clone, Default)]
pub(super) struct Scope {
    pub(super) relations: Vec<Relation>,
    /// For each relation the first one known to be about the same person.
    class: Vec<usize>,
    /// After GROUP BY: what the groups and the aggregates stand for.
    pub(super) grouped: Option<Rc<Grouped>>,
}

impl Scope {
    pub(super) fn push(&mut self, relation: Relation) -> Result<(), Ident> {
        if self.relations.iter().any(|r| r.name == relation.name) {
            return Err(Ident::new(relation.name));
        }
        self.class.push(self.relations.len());
        self.relations.push(relation);
        Ok(())
    }

    /// A column by name.
    pub(super) fn resolve(
        &self,
        qualifier: Option<&Ident>,
        name: &Ident,
    ) -> Result<Typed, Refusal> {
        let wanted = folded(name);
        let table = qualifier.map(folded);
        let mut found = None;
        for relation in &self.relations {
            if table.as_ref().is_some_and(|t| *t != relation.name) {
                continue;
            }
            let Some((column, kind)) = relation.columns.iter().find(|(c, _)| *c == wanted) else {
                continue;
            };
            if found.is_some() {
                return Err(at("query.column.ambiguous", name.span).arg("column", &name.value));
            }
            found = Some(Typed { expr: relation.column(column), kind: *kind });
        }
        found.ok_or_else(|| at("query.column.unknown", name.span).arg("column", &name.value))
    }

    /// Learns from an equality that always holds on the joined rows. `joined` is
    /// the relation just joined when the join keeps rows without a match: then
    /// the equality binds that relation only.
    pub(super) fn learn(&mut self, condition: &Expr, left_joined: Option<usize>) {
        for (a, b) in person_equalities(condition) {
            let (Some(a), Some(b)) = (self.of(&a), self.of(&b)) else { continue };
            if left_joined.is_some_and(|joined| a != joined && b != joined) {
                continue;
            }
            let of = |at: usize| self.class.get(at).copied().unwrap_or(at);
            let (low, high) = (of(a).min(of(b)), of(a).max(of(b)));
            for class in self.class.iter_mut().filter(|class| **class == high) {
                *class = low;
            }
        }
    }

    fn of(&self, column: &Column) -> Option<usize> {
        let name = column.relation.as_ref()?.table();
        let at = self.relations.iter().position(|r| r.qualifier == name)?;
        let relation = self.relations.get(at)?;
        let person =
            relation.columns.iter().any(|(c, kind)| *c == column.name && *kind == Kind::Person);
        (person && relation.person).then_some(at)
    }

    /// The person behind the joined rows: of the first relation that has one.
    ///
    /// # Errors
    /// The code `query.person.missing` when there is none and `query.join.person`
    /// when the rows speak of persons that need not be the same.
    pub(super) fn person(&self) -> Result<Expr, &'static str> {
        let mut with = (0..).zip(&self.relations).filter(|(_, r)| r.person);
        let (first, relation) = with.next().ok_or("query.person.missing")?;
        let class = |at: usize| self.class.get(at).copied();
        if with.any(|(at, _)| class(at) != class(first)) {
            return Err("query.join.person");
        }
        Ok(relation.column(PERSON))
    }

    /// The relation of a column of the plan.
    pub(super) fn relation_of(&self, column: &Column) -> Option<&Relation> {
        let name = column.relation.as_ref()?.table();
        self.relations.iter().find(|r| r.qualifier == name)
    }

    /// Whether an expression is always the number of the joined rows' person.
    pub(super) fn certain(&self, expr: &Expr) -> bool {
        let (Expr::Column(column), Ok(Expr::Column(person))) = (expr, self.person()) else {
            return false;
        };
        column.relation == person.relation
            && self.relation_of(column).is_some_and(|r| r.certain.contains(&column.name))
    }

    /// Whether an expression is made of columns that come out of windows.
    pub(super) fn windowed(&self, expr: &Expr) -> bool {
        expr.column_refs().into_iter().any(|column| {
            self.relation_of(column).is_some_and(|r| r.windowed.contains(&column.name))
        })
    }

    /// The scope of a condition on groups.
    pub(super) fn after(groups: &Rc<Grouped>) -> Self {
        Self { grouped: Some(Rc::clone(groups)), ..Self::default() }
    }

    /// The institution behind the joined rows, where a relation has one.
    pub(super) fn site(&self) -> Option<Expr> {
        self.relations.iter().find(|r| r.site).map(|r| r.column(SITE))
    }
}

/// A name as compared: quoted names keep their case.
pub(super) fn folded(name: &Ident) -> String {
    match name.quote_style {
        Some(_) => name.value.clone(),
        None => name.value.to_lowercase(),
    }
}

/// The parts of a condition that must all hold.
pub(super) fn conjuncts(condition: &Expr) -> Vec<&Expr> {
    datafusion::logical_expr::utils::split_conjunction(condition)
}

/// Pairs of columns that a condition makes equal.
fn person_equalities(condition: &Expr) -> Vec<(Column, Column)> {
    let pair = |part: &Expr| match part {
        Expr::BinaryExpr(b) if b.op == datafusion::logical_expr::Operator::Eq => {
            match (b.left.as_ref(), b.right.as_ref()) {
                (Expr::Column(a), Expr::Column(b)) => Some((a.clone(), b.clone())),
                _ => None,
            }
        }
        _ => None,
    };
    conjuncts(condition).into_iter().filter_map(pair).collect()
}

/// Whether a condition equates a column of one relation with one of another.
pub(super) fn equates(condition: &Expr, qualifier: &str) -> bool {
    let of = |column: &Column| column.relation.as_ref().is_some_and(|r| r.table() == qualifier);
    person_equalities(condition).iter().any(|(a, b)| of(a) != of(b))
}
