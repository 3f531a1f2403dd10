//! Values of another store beside this one's, and the figures that the strategy
//! prints as fact.
//!
//! Nothing is added up across stores: each value is evaluated by its own engine
//! over its own ledger, and says whether its evidence is real or made up.

use std::sync::Arc;

use shirube_indicators::board::{Board, IndicatorResult};
use shirube_model::calendar::parse_date;
use shirube_model::indicator::{Indicator, Outcome, ReadingId};
use shirube_model::record::{RecordVersion, Standing};
use shirube_store::{AsOf, ListQuery};

use crate::link::Link;
use crate::request::{Ctx, PageError};
use crate::series::Series;
use crate::state::{AppState, Beside};
use crate::view::beside::{SideLine, SideRow, StatementRow};
use crate::view::frame::{Labelled, StatusView};

/// Register of the figures the strategy prints.
const STATEMENTS: &str = "strategy_statement";
/// Statements read at most; the strategy prints some dozens.
const STATEMENTS_MAX: usize = 500;
/// Readings named beside a headline without a value, at most.
const READINGS_MAX: usize = 3;

/// The other store and its results on its own day.
pub(crate) struct Other<'a> {
    beside: &'a Beside,
    board: Arc<Board>,
}

impl<'a> Other<'a> {
    /// The store beside this one, evaluated; `None` where there is none.
    pub(crate) async fn of(ctx: &'a Ctx) -> Result<Option<Self>, PageError> {
        let Some(beside) = ctx.state.other() else { return Ok(None) };
        let engine = beside.state.engine();
        let board = engine.board(engine.latest_day()).await;
        let board = board.map_err(|refusal| ctx.refuse(refusal))?;
        Ok(Some(Self { beside, board }))
    }

    /// The line a card or a row of a table shows of an indicator.
    pub(crate) fn line(&self, ctx: &Ctx, indicator: &Indicator) -> Option<SideLine> {
        let result = self.board.result(&indicator.id)?;
        let decisions = self.beside.state.engine().decisions();
        let series = Series::of(ctx, decisions, indicator, result);
        let value = match counted(result) {
            0 => ctx.t.get("web.no-evidence.short"),
            _ => series.value(result.headline.value),
        };
        let demo = self.beside.state.demo();
        Some(SideLine {
            evidence: word(ctx, demo),
            demo,
            unit: if counted(result) == 0 { String::new() } else { series.unit() },
            value,
            href: self.address(ctx, &indicator.id),
        })
    }

    fn address(&self, ctx: &Ctx, id: &str) -> String {
        let page = Link::to(format!("/{}/indicators", ctx.t.0.tag())).segment(id);
        format!("{}{}", self.beside.address, String::from(page))
    }
}

/// `real evidence` or `demo`, as badges say it.
pub(crate) fn word(ctx: &Ctx, demo: bool) -> String {
    ctx.t.get(if demo { "web.beside.demo" } else { "web.beside.real" })
}

/// Records that made a headline.
fn counted(result: &IndicatorResult) -> u64 {
    result.headline.proofs.iter().map(|proof| proof.counted()).sum()
}

/// What each store says of an indicator: this one first.
pub(crate) fn rows(
    ctx: &Ctx,
    other: Option<&Other<'_>>,
    indicator: &Indicator,
    own: &IndicatorResult,
) -> Vec<SideRow> {
    let Some(other) = other else { return Vec::new() };
    let Some(beside) = other.board.result(&indicator.id) else { return Vec::new() };
    let here = ctx.to("/indicators").segment(&indicator.id);
    let address = other.address(ctx, &indicator.id);
    vec![
        row(ctx, &ctx.state, indicator, own, here.into()),
        row(ctx, &other.beside.state, indicator, beside, address),
    ]
}

fn row(
    ctx: &Ctx,
    state: &AppState,
    indicator: &Indicator,
    result: &IndicatorResult,
    href: String,
) -> SideRow {
    let t = ctx.t;
    let (demo, here) = (state.demo(), state.same_as(&ctx.state));
    let series = Series::of(ctx, state.engine().decisions(), indicator, result);
    let records = counted(result);
    SideRow {
        evidence: word(ctx, demo),
        demo,
        here,
        value: match records {
            0 => t.get("web.no-evidence.short"),
            _ => series.value(result.headline.value),
        },
        unit: if records == 0 { String::new() } else { series.unit() },
        status: StatusView::new(t, result.status),
        readings: readings(ctx, &series),
        records: t.count(records),
        as_of: t.day(result.headline.as_of),
        page: Labelled::new(
            t.get(if here { "web.beside.this-page" } else { "web.beside.open" }),
            href,
        ),
    }
}

/// Where the headline has no value, the readings that have one.
fn readings(ctx: &Ctx, series: &Series<'_>) -> Vec<String> {
    if series.result.headline.value.is_some() {
        return Vec::new();
    }
    let label = |id: &ReadingId| {
        let question = series.indicator.question(&id.question)?;
        let reading = question.readings.iter().find(|reading| reading.id == id.reading)?;
        Some(ctx.t.side(&reading.label))
    };
    let line = |(id, outcome): &(ReadingId, Arc<Outcome>)| {
        let amount = series.amount(outcome.value?);
        Some(ctx.t.args("web.beside.reading", &[("value", amount), ("reading", label(id)?)]))
    };
    series.result.readings.iter().filter_map(line).take(READINGS_MAX).collect()
}

/// The figures that the strategy prints as context for an indicator, from the
/// store of real evidence: this one, or the one beside it.
pub(crate) async fn statements(
    ctx: &Ctx,
    indicator: &Indicator,
) -> Result<Vec<StatementRow>, PageError> {
    let beside = ctx.state.other();
    let (state, address): (&AppState, &str) = match beside {
        Some(beside) if ctx.state.demo() => (&beside.state, &beside.address),
        _ => (&ctx.state, ""),
    };
    if state.demo() {
        return Ok(Vec::new());
    }
    let query = ListQuery {
        standings: vec![Standing::Active],
        fields: vec![("context_for".to_owned(), indicator.id.as_str().into())],
        limit: STATEMENTS_MAX,
        ..ListQuery::default()
    };
    let page = state.store().list(STATEMENTS, AsOf::Now, &query).await;
    let page = page.map_err(|error| ctx.store_error(&error))?;
    Ok(page.records.iter().map(|record| statement(ctx, record, address)).collect())
}

fn statement(ctx: &Ctx, record: &RecordVersion, address: &str) -> StatementRow {
    let t = ctx.t;
    let text = |name: &str| {
        let side = |key: &str| record.body.get(name)?.get(key)?.as_str();
        side(t.0.tag()).or_else(|| side(t.0.other().tag())).unwrap_or_default().to_owned()
    };
    let plain =
        |name: &str| record.body.get(name).and_then(serde_json::Value::as_str).unwrap_or_default();
    let day = |name: &str| parse_date(plain(name)).ok().map(|day| t.day(day));
    let number = plain("value").parse().map_or_else(|_| plain("value").to_owned(), |n| t.number(n));
    let qualifier = ctx.labels().value(STATEMENTS, "qualifier", plain("qualifier"));
    let qualifier = if plain("qualifier") == "exact" { String::new() } else { qualifier };
    let date = match (day("period_from"), day("as_of")) {
        (Some(from), Some(to)) => t.args("web.span", &[("from", from), ("to", to)]),
        (None, Some(on)) => on,
        (Some(from), None) => from,
        (None, None) => t.get("web.statement.undated"),
    };
    let line = record.body.get("source_line").map(ToString::to_string).unwrap_or_default();
    let source = [("section", plain("section").to_owned()), ("line", line)];
    let path = Link::to(format!("/{}/records", t.0.tag())).segment(record.id.as_str());
    StatementRow {
        statement: text("statement"),
        value: [qualifier, number, text("unit")]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join(" "),
        date,
        source: t.args("web.statement.source", &source),
        note: text("note"),
        record: Labelled::new(
            t.get("web.statement.record"),
            format!("{address}{}", String::from(path)),
        ),
    }
}
