//! Registers: overview, lists and search.

use std::collections::BTreeMap;

use axum::extract::Path;
use shirube_access::{Action, Resource};
use shirube_model::ident::RecordId;
use shirube_model::lang::LocalText;
use shirube_model::record::{RecordVersion, Standing};
use shirube_model::refusal::Refusal;
use shirube_model::registers;
use shirube_model::schema::{FieldSpec, KindSchema};
use shirube_store::{KindCount, ListQuery, SearchHit, SearchQuery, search_marks};

use crate::pages::dashboard::indicator_link;
use crate::pages::edit::own_draft;
use crate::pages::proof::{record_link, titles};
use crate::pages::record::{name_reference, named};
use crate::request::{Audience, Ctx, Page, PageError};
use crate::show::{Shower, visible};
use crate::view::dashboard::{Choice, Select};
use crate::view::frame::{AsOfPicker, Labelled, Tab};
use crate::view::register::{
    DomainView, HitView, KindRow, ListPageView, RecordRow, RegistersPage, SearchPageView,
};

/// Records on one page of a list.
const ROWS_PER_PAGE: usize = 50;
/// Hits on one page of a search.
const HITS_PER_PAGE: u64 = 20;
/// Columns of a list besides title, state and standing.
const COLUMNS_MAX: usize = 3;
/// Standings in the order pages list them.
pub(crate) const STANDINGS: [Standing; 3] =
    [Standing::Active, Standing::Withdrawn, Standing::Duplicate];

/// Word for a standing.
pub(crate) fn standing_word(ctx: &Ctx, standing: Standing) -> String {
    ctx.t.get(&format!("web.standing.{}", standing.code()))
}

/// The kind called `name`, or the page that there is none: a register that is
/// closed to whoever asks is none.
pub(crate) fn find(ctx: &Ctx, name: &str) -> Result<&'static KindSchema, PageError> {
    registers::kind(name)
        .filter(|schema| ctx.state.knows_register(&ctx.who, schema))
        .ok_or_else(|| ctx.refuse(Refusal::new("web.not-found.kind").arg("kind", name)))
}

/// Shows every kind with its counts.
pub(crate) async fn overview(ctx: Ctx) -> Page {
    let counts =
        ctx.state.store().counts(ctx.ledger()).await.map_err(|error| ctx.store_error(&error))?;
    let mut domains: Vec<DomainView> = Vec::new();
    let known = ctx.state.known_registers(&ctx.who);
    for schema in &known {
        let row = kind_row(&ctx, schema, &counts);
        match domains.iter_mut().find(|domain| domain.id == schema.domain) {
            Some(domain) => domain.kinds.push(row),
            None => domains.push(DomainView {
                id: schema.domain.to_owned(),
                title: ctx.labels().domain(schema.domain),
                kinds: vec![row],
            }),
        }
    }
    let total: u64 = counts
        .iter()
        .filter(|count| known.iter().any(|schema| schema.kind == count.kind))
        .map(|count| count.records)
        .sum();
    let args = [("kinds", known.len().to_string()), ("records", ctx.t.count(total))];
    let page = RegistersPage {
        c: ctx.chrome(Tab::Registers, ctx.t.get("web.registers.title")),
        picker: AsOfPicker::new(&ctx, "/registers", &[]),
        total: ctx.t.args("web.registers.total", &args),
        domains,
    };
    ctx.page(&page)
}

fn kind_row(ctx: &Ctx, schema: &KindSchema, counts: &[KindCount]) -> KindRow {
    let of = |standing: Option<Standing>| {
        let matching = counts
            .iter()
            .filter(|count| count.kind == schema.kind)
            .filter(|count| standing.is_none_or(|standing| count.standing == standing));
        ctx.t.count(matching.map(|count| count.records).sum())
    };
    KindRow {
        kind: schema.kind.to_owned(),
        label: ctx.labels().kind(schema.kind),
        href: ctx.to(&format!("/registers/{}", schema.kind)).into(),
        active: of(Some(Standing::Active)),
        withdrawn: of(Some(Standing::Withdrawn)),
        duplicate: of(Some(Standing::Duplicate)),
        all: of(None),
    }
}

/// Shows records of one kind.
pub(crate) async fn list(ctx: Ctx, Path((_, kind)): Path<(String, String)>) -> Page {
    let schema = find(&ctx, &kind)?;
    let refuse = |refusal: Refusal| ctx.refuse(refusal);
    let state = ctx.query.one_of("state", schema.states.iter().copied()).map_err(refuse)?;
    let codes = STANDINGS.map(Standing::code);
    let standing = ctx.query.one_of("standing", codes).map_err(refuse)?;
    let query = ListQuery {
        states: state.map(str::to_owned).into_iter().collect(),
        standings: standing.and_then(Standing::from_code).into_iter().collect(),
        limit: ROWS_PER_PAGE,
        after: ctx.query.get("after").map(str::to_owned),
        ..ListQuery::default()
    };
    let found = ctx
        .state
        .store()
        .list(schema.kind, ctx.ledger(), &query)
        .await
        .map_err(|error| ctx.store_error(&error))?;
    let columns = columns(&ctx, schema);
    let named: Vec<RecordId> =
        found.records.iter().flat_map(|record| record_ids(&columns, record)).collect();
    let names = titles(&ctx, named.iter()).await?;
    let rows = found.records.iter().map(|record| row(&ctx, schema, &columns, record, &names));
    let rest = format!("/registers/{kind}");
    let base = ctx.to(&rest).with(&ctx.query.keep(&["state", "standing"]));
    let labels = ctx.labels();
    let page = ListPageView {
        c: ctx
            .chrome(Tab::Registers, labels.kind(&kind))
            .crumb(ctx.t.get("web.nav.registers"), ctx.to("/registers")),
        picker: AsOfPicker::new(&ctx, &rest, &["state", "standing"]),
        action: format!("/{}{rest}", ctx.t.0.tag()),
        selects: selects(&ctx, schema, state, standing),
        clear_href: ctx.to(&rest).into(),
        shown: ctx.t.with("web.registers.records", "count", ctx.t.count(found.total)),
        rows: rows.collect(),
        columns: columns.iter().map(|field| labels.field(&kind, field.name)).collect(),
        first: query.after.is_some().then(|| base.to_string()),
        next: found.next.map(|next| base.set("after", &next).into()),
        new_href: ctx
            .state
            .allows(&ctx.who, Action::Create, &own_draft(&ctx, schema))
            .then(|| ctx.to(&format!("{rest}/new")).into()),
        schema_href: format!("/api/v1/kinds/{kind}/schema"),
        states: schema
            .states
            .iter()
            .map(|state| Labelled::new(labels.state(&kind, state), *state))
            .collect(),
        used_by: used_by(&ctx, &kind),
        kind,
    };
    ctx.page(&page)
}

/// Indicators whose evidence is in a register.
pub(crate) fn used_by(ctx: &Ctx, kind: &str) -> Vec<Labelled> {
    let decisions = ctx.state.engine().decisions();
    ctx.state
        .pack()
        .indicators
        .iter()
        .filter(|indicator| {
            indicator
                .headline_spec(decisions, ctx.as_of.day)
                .is_ok_and(|spec| spec.evidences().any(|evidence| evidence.register.kind == kind))
        })
        .map(|indicator| {
            let label = format!("{} {}", indicator.id, ctx.t.side(&indicator.name));
            Labelled::new(label, indicator_link(ctx, &indicator.id))
        })
        .collect()
}

/// The first fields that say something beside the title.
fn columns(ctx: &Ctx, schema: &'static KindSchema) -> Vec<&'static FieldSpec> {
    schema
        .fields
        .iter()
        .filter(|field| {
            field.name != schema.title
                && visible(field, ctx.audience_of(&Resource::register(schema.kind)))
        })
        .take(COLUMNS_MAX)
        .collect()
}

/// The record itself and the records its columns name.
fn record_ids(columns: &[&FieldSpec], record: &RecordVersion) -> Vec<RecordId> {
    let mut ids = vec![record.id.clone()];
    ids.extend(named(columns.iter().copied(), record));
    ids
}

fn row(
    ctx: &Ctx,
    schema: &KindSchema,
    columns: &[&FieldSpec],
    record: &RecordVersion,
    names: &BTreeMap<RecordId, LocalText>,
) -> RecordRow {
    let labels = ctx.labels();
    let shower = Shower { t: ctx.t, labels, carry: "", brief: true };
    RecordRow {
        id: record.id.to_string(),
        href: record_link(ctx, &record.id).into(),
        title: names.get(&record.id).map_or_else(|| record.id.to_string(), |name| ctx.t.side(name)),
        cells: columns
            .iter()
            .map(|field| {
                let mut values = shower.values(field, record.body.get(field.name));
                for value in &mut values {
                    name_reference(ctx, value, names);
                }
                let texts: Vec<String> = values.into_iter().map(|value| value.text).collect();
                ctx.t.list(&texts)
            })
            .collect(),
        state: labels.state(schema.kind, &record.state),
        standing: standing_word(ctx, record.standing),
        active: record.standing == Standing::Active,
        recorded: ctx.t.time(record.recorded_at),
    }
}

fn selects(
    ctx: &Ctx,
    schema: &KindSchema,
    state: Option<&str>,
    standing: Option<&str>,
) -> Vec<Select> {
    let labels = ctx.labels();
    let choice = |value: &str, label: String, current: Option<&str>| Choice {
        value: value.to_owned(),
        label,
        selected: current == Some(value),
    };
    vec![
        Select {
            name: "state",
            label: ctx.t.get("web.col.state"),
            options: schema
                .states
                .iter()
                .map(|code| choice(code, labels.state(schema.kind, code), state))
                .collect(),
        },
        Select {
            name: "standing",
            label: ctx.t.get("web.col.standing"),
            options: STANDINGS
                .iter()
                .map(|one| choice(one.code(), standing_word(ctx, *one), standing))
                .collect(),
        },
    ]
}

/// Searches all registers.
pub(crate) async fn search(ctx: Ctx) -> Page {
    let refuse = |refusal: Refusal| ctx.refuse(refusal);
    let known = ctx.state.known_registers(&ctx.who);
    let kind = ctx.query.one_of("kind", known.iter().map(|s| s.kind)).map_err(refuse)?;
    let page = ctx.query.number("page", 1).map_err(refuse)?.clamp(1, 1_000_000);
    let text = ctx.query.get("q").unwrap_or_default().to_owned();
    let offset = (page - 1) * HITS_PER_PAGE;
    let kinds = ctx.state.searched_kinds(&ctx.who, kind);
    let (hits, total) = if text.is_empty() {
        (Vec::new(), 0)
    } else {
        let query = SearchQuery {
            text: text.clone(),
            kinds,
            include_internal: ctx.audience() == Audience::Staff,
            offset: usize::try_from(offset).unwrap_or(usize::MAX),
            limit: usize::try_from(HITS_PER_PAGE).unwrap_or(20),
        };
        let found =
            ctx.state.store().search(&query).await.map_err(|error| ctx.store_error(&error))?;
        (found.hits, found.total)
    };
    let t = ctx.t;
    let to = |page: u64| {
        let link = ctx.to("/search").with(&ctx.query.keep(&["q", "kind"]));
        String::from(link.set("page", &page.to_string()))
    };
    let shown = if text.is_empty() {
        t.get("web.search.hint")
    } else {
        t.args("web.search.found", &[("count", t.count(total)), ("text", text.clone())])
    };
    let more = offset + HITS_PER_PAGE < total;
    let view = SearchPageView {
        c: ctx
            .chrome(Tab::Registers, t.get("web.search.title"))
            .crumb(t.get("web.nav.registers"), ctx.to("/registers")),
        select: kinds_select(&ctx, kind),
        shown,
        hits: hits.iter().map(|hit| hit_view(&ctx, hit, &text)).collect(),
        previous: (page > 1).then(|| to(page - 1)),
        next: more.then(|| to(page + 1)),
        text,
    };
    ctx.page(&view)
}

fn kinds_select(ctx: &Ctx, current: Option<&str>) -> Select {
    let choice = |schema: &&'static KindSchema| Choice {
        value: schema.kind.to_owned(),
        label: ctx.labels().kind(schema.kind),
        selected: current == Some(schema.kind),
    };
    Select {
        name: "kind",
        label: ctx.t.get("web.col.register"),
        options: ctx.state.known_registers(&ctx.who).iter().map(choice).collect(),
    }
}

fn hit_view(ctx: &Ctx, hit: &SearchHit, query: &str) -> HitView {
    let labels = ctx.labels();
    let title = ctx.t.side(&hit.title);
    let passage = hit.snippet.as_ref().map(|snippet| pieces(&snippet.text, &snippet.marks));
    HitView {
        id: hit.id.to_string(),
        href: record_link(ctx, &hit.id).into(),
        title: pieces(&title, &search_marks(query, &title)),
        kind: labels.kind(&hit.kind),
        state: labels.state(&hit.kind, &hit.state),
        standing: standing_word(ctx, hit.standing),
        passage: passage.unwrap_or_default(),
    }
}

/// Cuts a passage at its marks.
fn pieces(text: &str, marks: &[(usize, usize)]) -> Vec<(String, bool)> {
    let mut out = Vec::new();
    let mut at = 0;
    for (from, to) in marks {
        let (Some(before), Some(marked)) = (text.get(at..*from), text.get(*from..*to)) else {
            continue;
        };
        out.push((before.to_owned(), false));
        out.push((marked.to_owned(), true));
        at = *to;
    }
    out.push((text.get(at..).unwrap_or_default().to_owned(), false));
    out.retain(|(piece, _)| !piece.is_empty());
    out
}

#[cfg(test)]
mod tests {
    use super::pieces;

    #[test]
    fn passages_are_cut_at_marks() {
        let cut = pieces("治験の契約", &[(0, 6), (9, 15)]);
        let expected = [("治験", true), ("の", false), ("契約", true)];
        assert_eq!(cut, expected.map(|(text, marked)| (text.to_owned(), marked)));
        assert_eq!(pieces("abc", &[(2, 9)]), [("abc".to_owned(), false)]);
    }
}
