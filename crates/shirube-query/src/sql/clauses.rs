//! The clauses of a SELECT by themselves: which may stand, names, USING.

use datafusion::logical_expr::Expr;
use shirube_model::refusal::Refusal;
use sqlparser::ast::{Ident, ObjectName, Select, SelectFlavor, Spanned, TableAlias};
use sqlparser::tokenizer::Span;

use super::relation::{Scope, folded};
use crate::error::at;

/// Refuses every clause of a SELECT but those the planner reads. Whether HAVING
/// may stand depends on the level.
pub(super) fn clauses(select: &Select) -> Result<(), Refusal> {
    let Select {
        select_token,
        optimizer_hints,
        distinct: _,
        select_modifiers,
        top,
        top_before_distinct: _,
        projection: _,
        exclude,
        into,
        from: _,
        lateral_views,
        prewhere,
        selection: _,
        connect_by,
        group_by: _,
        cluster_by,
        distribute_by,
        sort_by,
        having: _,
        named_window,
        qualify,
        window_before_qualify: _,
        value_table_mode,
        flavor,
    } = select;
    let span = select_token.0.span;
    if let Some(window) = named_window.first() {
        return Err(at("query.window.refused", window.0.span));
    }
    if let Some(qualify) = qualify {
        return Err(at("query.window.refused", qualify.span()));
    }
    if top.is_some() {
        return Err(at("query.limit.refused", span));
    }
    let others = optimizer_hints.is_empty()
        && select_modifiers.is_none()
        && exclude.is_none()
        && into.is_none()
        && lateral_views.is_empty()
        && prewhere.is_none()
        && connect_by.is_empty()
        && cluster_by.is_empty()
        && distribute_by.is_empty()
        && sort_by.is_empty()
        && value_table_mode.is_none()
        && *flavor == SelectFlavor::Standard;
    if others { Ok(()) } else { Err(at("query.clause.refused", span)) }
}

/// The refusal of a DISTINCT.
pub(super) fn distinct_place(select: &Select) -> Refusal {
    at("query.distinct.refused", select.select_token.0.span)
}

/// The name that an alias gives, in the form in which names are compared.
pub(super) fn alias_name(alias: &TableAlias) -> Result<String, Refusal> {
    let TableAlias { explicit: _, name, columns, at: offset } = alias;
    if !columns.is_empty() || offset.is_some() {
        return Err(at("query.from.refused", name.span));
    }
    Ok(folded(name))
}

/// The table that a name in FROM means, and its place.
pub(super) fn table_name(name: &ObjectName) -> Result<(String, Span), Refusal> {
    match name.0.as_slice() {
        [part] => match part.as_ident() {
            Some(ident) => Ok((folded(ident), ident.span)),
            None => Err(at("query.from.refused", name.span())),
        },
        _ => Err(at("query.table.unknown", name.span()).arg("table", name.to_string())),
    }
}

/// USING: equal columns of the new relation and of the only earlier one that
/// has a column of the name.
pub(super) fn using(before: &Scope, scope: &Scope, names: &[ObjectName]) -> Result<Expr, Refusal> {
    let mut all: Option<Expr> = None;
    for name in names {
        let ident: Option<&Ident> = match name.0.as_slice() {
            [part] => part.as_ident(),
            _ => None,
        };
        let ident = ident.ok_or_else(|| at("query.join.refused", name.span()))?;
        let unknown = || at("query.column.unknown", ident.span).arg("column", &ident.value);
        let left = before.resolve(None, ident)?;
        let new = scope.relations.last().ok_or_else(unknown)?;
        let wanted = folded(ident);
        let (column, kind) = new.columns.iter().find(|(c, _)| *c == wanted).ok_or_else(unknown)?;
        if *kind != left.kind {
            return Err(at("query.type.mismatch", ident.span));
        }
        let part = left.expr.eq(new.column(column));
        all = Some(match all {
            Some(all) => all.and(part),
            None => part,
        });
    }
    all.ok_or_else(|| Refusal::new("query.join.refused").file("sql"))
}
