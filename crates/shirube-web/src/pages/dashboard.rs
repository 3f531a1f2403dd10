//! The dashboard: goals and series with their status on a day.

use shirube_indicators::board::Board;
use shirube_model::calendar::parse_date;
use shirube_model::indicator::{Indicator, Role, Status};
use shirube_model::plan::Goal;

use crate::figure::spark;
use crate::link::Link;
use crate::pages::beside::{Other, word};
use crate::request::{Ctx, Page};
use crate::series::Series;
use crate::view::dashboard::{
    Choice, DashboardPage, GoalCard, GoalPart, Select, SeriesGroup, SeriesRow, TallyItem,
};
use crate::view::frame::{AsOfPicker, Labelled, StatusView, Tab};

/// Parameters the dashboard keeps in its links.
const KEPT: [&str; 7] = ["owner", "section", "group", "status", "undecided", "q", "view"];

/// What the reader filters by.
struct Filters<'a> {
    owner: Option<&'a str>,
    section: Option<&'a str>,
    group: Option<&'a str>,
    status: Option<&'a str>,
    undecided: bool,
    text: Option<String>,
}

/// Whether heading `id` is `above` or stands under it.
pub(crate) fn stands_under(id: &str, above: &str) -> bool {
    id.strip_prefix(above).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '-', '(']))
}

impl<'a> Filters<'a> {
    fn read(ctx: &'a Ctx) -> Result<Self, crate::request::PageError> {
        let states = Status::ALL.map(Status::code);
        let status = ctx.query.one_of("status", states).map_err(|refusal| ctx.refuse(refusal))?;
        Ok(Self {
            owner: ctx.query.get("owner"),
            section: ctx.query.get("section"),
            group: ctx.query.get("group"),
            status,
            undecided: ctx.query.get("undecided").is_some(),
            text: ctx.query.get("q").map(str::to_lowercase),
        })
    }

    fn passes(&self, series: &Series<'_>) -> bool {
        let indicator = series.indicator;
        let named = |text: &str| {
            [&indicator.id, &indicator.name.ja, &indicator.name.en]
                .iter()
                .any(|side| side.to_lowercase().contains(text))
        };
        self.owner.is_none_or(|owner| indicator.owner == owner)
            && self
                .section
                .is_none_or(|section| indicator.sections.iter().any(|id| stands_under(id, section)))
            && self.group.is_none_or(|group| indicator.group.as_deref() == Some(group))
            && self.status.is_none_or(|status| series.result.status.code() == status)
            && (!self.undecided || !series.result.undecided.is_empty())
            && self.text.as_deref().is_none_or(named)
    }
}

/// Shows the dashboard.
pub(crate) async fn show(ctx: Ctx) -> Page {
    let filters = Filters::read(&ctx)?;
    let other = Other::of(&ctx).await?;
    let board =
        ctx.state.engine().board(ctx.as_of.day).await.map_err(|refusal| ctx.refuse(refusal))?;
    let pack = ctx.state.pack();
    let all: Vec<Series<'_>> = of_role(&ctx, &board, Role::Series);
    let rows: Vec<SeriesRow> = all
        .iter()
        .filter(|series| filters.passes(series))
        .map(|series| row(&ctx, series, other.as_ref()))
        .collect();
    let t = ctx.t;
    let info = &pack.info;
    let span = [("from", t.day(info.period_start)), ("to", t.day(info.period_end))];
    let shown = [("shown", rows.len().to_string()), ("all", all.len().to_string())];
    let as_table = ctx.query.get("view") == Some("table");
    let page = DashboardPage {
        c: ctx.chrome(Tab::Dashboard, t.get("web.dashboard.title")),
        plan: t.side(&info.title),
        legal_basis: t.side(&info.legal_basis),
        period: t.args("web.span", &span),
        picker: AsOfPicker::new(&ctx, "/", &KEPT),
        position: position(&ctx, &board),
        empty_ledger: board.ledger_seq == 0,
        tally: tally(&ctx, &all, filters.status),
        goals_title: t.with("web.dashboard.goals", "count", pack.goals.len()),
        goals: pack.goals.iter().map(|goal| goal_card(&ctx, &board, goal)).collect(),
        series_title: t.with("web.dashboard.series", "count", all.len()),
        selects: selects(&ctx, &all, &filters),
        text: ctx.query.get("q").unwrap_or_default().to_owned(),
        undecided: filters.undecided,
        as_table,
        beside: ctx.state.other().map(|beside| word(&ctx, beside.state.demo())),
        clear_href: ctx.to("/").at("series").into(),
        shown: t.args("web.filter.shown", &shown),
        groups: if as_table { Vec::new() } else { groups(&rows) },
        rows,
    };
    ctx.page(&page)
}

/// Every indicator of a role that the board has, in the order of the pack.
fn of_role<'a>(ctx: &'a Ctx, board: &'a Board, role: Role) -> Vec<Series<'a>> {
    let pack = ctx.state.pack();
    pack.indicators
        .iter()
        .filter(|indicator| indicator.role == role)
        .filter_map(|indicator| Some(Series::new(ctx, indicator, board.result(&indicator.id)?)))
        .collect()
}

fn position(ctx: &Ctx, board: &Board) -> String {
    ctx.t.args(
        "web.dashboard.position",
        &[("day", ctx.t.day(board.as_of)), ("seq", ctx.t.count(board.ledger_seq))],
    )
}

/// The address of an indicator's page on the same day.
pub(crate) fn indicator_link(ctx: &Ctx, id: &str) -> Link {
    ctx.to("/indicators").segment(id)
}

fn row(ctx: &Ctx, series: &Series<'_>, other: Option<&Other<'_>>) -> SeriesRow {
    let t = ctx.t;
    let headline = &series.result.headline;
    let figure = series.spec.as_ref().map(|spec| series.figure(headline, spec));
    let target = series.value(headline.target);
    SeriesRow {
        id: series.indicator.id.clone(),
        name: t.side(&series.indicator.name),
        href: indicator_link(ctx, &series.indicator.id).into(),
        owner: ctx.labels().ministry(&series.indicator.owner),
        group: ctx.labels().group(series.indicator),
        status: series.status(),
        value: series.value(headline.value),
        unit: series.unit(),
        target_line: match headline.target {
            Some(_) => t.with("web.target.of", "target", &target),
            None => String::new(),
        },
        target,
        by: series.by(),
        undecided: series.result.undecided.len(),
        spark: figure.as_ref().map_or_else(String::new, |figure| spark(figure, "")),
        spark_narrow: figure.as_ref().map_or_else(String::new, |figure| spark(figure, "narrow")),
        beside: other.and_then(|other| other.line(ctx, series.indicator)),
    }
}

fn groups(rows: &[SeriesRow]) -> Vec<SeriesGroup> {
    let mut groups: Vec<SeriesGroup> = Vec::new();
    for row in rows {
        match groups.iter_mut().find(|group| group.label == row.group) {
            Some(group) => {
                group.count += 1;
                group.rows.push(row.clone());
            }
            None => groups.push(SeriesGroup {
                label: row.group.clone(),
                count: 1,
                rows: vec![row.clone()],
            }),
        }
    }
    groups
}

fn tally(ctx: &Ctx, all: &[Series<'_>], current: Option<&str>) -> Vec<TallyItem> {
    let kept = ctx.query.keep(&["owner", "section", "group", "view"]);
    Status::ALL
        .into_iter()
        .map(|status| TallyItem {
            status: StatusView::new(ctx.t, status),
            count: all.iter().filter(|series| series.result.status == status).count(),
            href: ctx.to("/").with(&kept).set("status", status.code()).at("series").into(),
            current: current == Some(status.code()),
        })
        .collect()
}

/// Days written one after the other, in words.
fn deadline(ctx: &Ctx, text: &str) -> String {
    let one = |part: &str| match parse_date(part.trim()) {
        Ok(day) => ctx.t.with("web.by", "day", ctx.t.short_day(day)),
        Err(_) => part.trim().to_owned(),
    };
    ctx.t.list(&text.split(';').map(one).collect::<Vec<_>>())
}

fn goal_card(ctx: &Ctx, board: &Board, goal: &Goal) -> GoalCard {
    let t = ctx.t;
    let speaks =
        |indicator: &&Indicator| indicator.role == Role::Goal && indicator.goals.contains(&goal.id);
    let part = |indicator: &Indicator| {
        let series = Series::new(ctx, indicator, board.result(&indicator.id)?);
        let value = series.result.headline.value;
        Some(GoalPart {
            name: t.side(&indicator.name),
            href: indicator_link(ctx, &indicator.id).into(),
            status: series.status(),
            value: value.map_or_else(String::new, |value| series.amount(value)),
        })
    };
    let pack = ctx.state.pack();
    let related = goal.related.iter().filter_map(|id| {
        pack.indicator(id)
            .filter(|indicator| indicator.role != Role::Goal)
            .map(|_| Labelled::new(id, indicator_link(ctx, id)))
    });
    GoalCard {
        id: goal.id.clone(),
        name: t.side(&goal.name),
        deadline: deadline(ctx, &goal.deadline),
        reading: t.side(&goal.reading),
        parts: pack.indicators.iter().filter(speaks).filter_map(part).collect(),
        related: related.collect(),
    }
}

fn selects(ctx: &Ctx, all: &[Series<'_>], filters: &Filters<'_>) -> Vec<Select> {
    let (t, labels) = (ctx.t, ctx.labels());
    let choices = |values: Vec<(String, String)>, current: Option<&str>| {
        let choice = |(value, label): (String, String)| Choice {
            selected: current == Some(value.as_str()),
            value,
            label,
        };
        values.into_iter().map(choice).collect()
    };
    let distinct = |of: &dyn Fn(&Indicator) -> Vec<String>| {
        let mut seen: Vec<String> = Vec::new();
        for value in all.iter().flat_map(|series| of(series.indicator)) {
            if !seen.contains(&value) {
                seen.push(value);
            }
        }
        seen
    };
    let owners = distinct(&|indicator| vec![indicator.owner.clone()]);
    let groups = distinct(&|indicator| indicator.group.iter().cloned().collect());
    let pack = ctx.state.pack();
    let used = distinct(&|indicator| indicator.sections.clone());
    let sections: Vec<(String, String)> = pack
        .headings
        .iter()
        .filter(|heading| used.iter().any(|id| stands_under(id, &heading.id)))
        .map(|heading| (heading.id.clone(), labels.heading(&heading.id)))
        .collect();
    let select = |name, key, options| Select { name, label: t.get(key), options };
    let labelled = |codes: Vec<String>, of: &dyn Fn(&str) -> String| {
        codes.into_iter().map(|code| (code.clone(), of(&code))).collect::<Vec<_>>()
    };
    let states = Status::ALL
        .map(|status| (status.code().to_owned(), t.get(&format!("status.{}", status.code()))));
    vec![
        select(
            "owner",
            "web.filter.owner",
            choices(labelled(owners, &|abbr| labels.ministry(abbr)), filters.owner),
        ),
        select("section", "web.filter.section", choices(sections, filters.section)),
        select(
            "group",
            "web.filter.group",
            choices(labelled(groups, &|code| labels.term("indicator_groups", code)), filters.group),
        ),
        select("status", "web.filter.status", choices(states.to_vec(), filters.status)),
    ]
}

#[cfg(test)]
mod tests {
    use super::stands_under;

    #[test]
    fn a_section_holds_what_stands_under_it() {
        for (id, above, expected) in [
            ("4.2", "4.2", true),
            ("4.2.1.1", "4.2", true),
            ("4.20", "4.2", false),
            ("4.1", "4.2", false),
        ] {
            assert_eq!(stands_under(id, above), expected, "{id} under {above}");
        }
    }
}
