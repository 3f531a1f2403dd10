//! The plan: measure tree, measures, duties, notes on the source, ministries.

use axum::extract::Path;
use shirube_model::indicator::Indicator;
use shirube_model::plan::{Attribution, Heading, Measure};
use shirube_model::refusal::Refusal;

use crate::labels::Labels;
use crate::pages::dashboard::{indicator_link, stands_under};
use crate::request::{Ctx, Page};
use crate::view::dashboard::{Choice, Select};
use crate::view::frame::{Labelled, StatusView, Tab};
use crate::view::plan::{
    HeadingRow, MeasurePage, MeasureRow, PlanTablePage, TiedIndicator, TreePage, TreeRow, Who,
};

/// What the reader filters by.
struct Filters<'a> {
    ministry: Option<&'a str>,
    lead_only: bool,
    section: Option<&'a str>,
    text: Option<String>,
}

impl<'a> Filters<'a> {
    fn read(ctx: &'a Ctx) -> Self {
        Self {
            ministry: ctx.query.get("ministry"),
            lead_only: ctx.query.get("lead").is_some(),
            section: ctx.query.get("section"),
            text: ctx.query.get("q").map(str::to_lowercase),
        }
    }

    fn passes(&self, measure: &Measure) -> bool {
        let who = &measure.attribution;
        let takes_part = |abbr: &str| {
            let has = |list: &[String]| list.iter().any(|one| one == abbr);
            has(&who.lead) || (!self.lead_only && has(&who.participating))
        };
        let says = |text: &str| {
            [&measure.id, &measure.summary.ja, &measure.summary.en]
                .iter()
                .any(|side| side.to_lowercase().contains(text))
        };
        self.ministry.is_none_or(takes_part)
            && self.section.is_none_or(|section| stands_under(&measure.section, section))
            && self.text.as_deref().is_none_or(says)
    }
}

fn who(labels: Labels<'_>, attribution: &Attribution) -> Vec<Who> {
    let one = |abbr: &String, lead| Who { abbr: abbr.clone(), name: labels.ministry(abbr), lead };
    let leads = attribution.lead.iter().map(|abbr| one(abbr, true));
    leads.chain(attribution.participating.iter().map(|abbr| one(abbr, false))).collect()
}

fn basis(labels: Labels<'_>, attribution: &Attribution) -> String {
    labels.term("attribution_bases", &attribution.basis)
}

/// Shows the measure tree.
pub(crate) async fn tree(ctx: Ctx) -> Page {
    let filters = Filters::read(&ctx);
    let pack = ctx.state.pack();
    let t = ctx.t;
    let kept: Vec<&Measure> =
        pack.measures.iter().filter(|measure| filters.passes(measure)).collect();
    let narrowed = kept.len() < pack.measures.len();
    let mut rows = Vec::new();
    for heading in &pack.headings {
        let holds = |measure: &&Measure| stands_under(&measure.section, &heading.id);
        if narrowed && !kept.iter().any(holds) {
            continue;
        }
        rows.push(TreeRow::Heading(heading_row(&ctx, heading, level(&ctx, heading))));
        let own = kept.iter().filter(|measure| measure.section == heading.id);
        rows.extend(own.map(|measure| TreeRow::Measure(measure_row(&ctx, measure))));
    }
    let others = if narrowed { &[][..] } else { pack.other_headings.as_slice() };
    let shown = [("shown", kept.len().to_string()), ("all", pack.measures.len().to_string())];
    let aside = [
        ("/plan/ministries", "web.ministries.title"),
        ("/plan/governance", "web.duties.title"),
        ("/plan/source-notes", "web.notes.title"),
    ];
    let page = TreePage {
        c: ctx.chrome(Tab::Plan, t.get("web.plan.title")),
        selects: selects(&ctx, &filters),
        text: ctx.query.get("q").unwrap_or_default().to_owned(),
        lead_only: filters.lead_only,
        clear_href: ctx.to("/plan").into(),
        shown: t.args("web.plan.shown", &shown),
        rows,
        others: others
            .iter()
            .map(|heading| TreeRow::Heading(heading_row(&ctx, heading, level(&ctx, heading) + 1)))
            .collect(),
        aside: aside.map(|(path, key)| Labelled::new(t.get(key), ctx.to(path))).to_vec(),
    };
    ctx.page(&page)
}

/// Level of the HTML heading: the top of the plan stands under the page's own.
fn level(ctx: &Ctx, heading: &Heading) -> usize {
    let pack = ctx.state.pack();
    let mut level = 2;
    let mut above = heading.parent.as_deref().and_then(|id| pack.heading(id));
    while let Some(parent) = above.filter(|_| level < 6) {
        level += 1;
        above = parent.parent.as_deref().and_then(|id| pack.heading(id));
    }
    level
}

fn heading_row(ctx: &Ctx, heading: &Heading, level: usize) -> HeadingRow {
    HeadingRow {
        level: level.min(6),
        id: heading.id.clone(),
        title: ctx.t.side(&heading.title),
        who: who(ctx.labels(), &heading.attribution),
        basis: basis(ctx.labels(), &heading.attribution),
    }
}

fn measure_row(ctx: &Ctx, measure: &Measure) -> MeasureRow {
    let tied = ctx.state.pack().indicators.iter().filter(|i| i.measures.contains(&measure.id));
    MeasureRow {
        id: measure.id.clone(),
        href: ctx.to("/plan/measures").segment(&measure.id).into(),
        summary: ctx.t.side(&measure.summary),
        who: who(ctx.labels(), &measure.attribution),
        basis: basis(ctx.labels(), &measure.attribution),
        indicators: tied.map(|i| Labelled::new(&i.id, indicator_link(ctx, &i.id))).collect(),
    }
}

fn selects(ctx: &Ctx, filters: &Filters<'_>) -> Vec<Select> {
    let pack = ctx.state.pack();
    let (t, labels) = (ctx.t, ctx.labels());
    let choice = |value: &str, label: String, current: Option<&str>| Choice {
        value: value.to_owned(),
        label,
        selected: current == Some(value),
    };
    let ministries = pack.ministries.iter().map(|ministry| {
        let label = format!("{} {}", ministry.abbr, t.side(&ministry.name));
        choice(&ministry.abbr, label, filters.ministry)
    });
    let sections = pack
        .headings
        .iter()
        .filter(|heading| level(ctx, heading) <= 4 || filters.section == Some(&heading.id))
        .map(|heading| choice(&heading.id, labels.heading(&heading.id), filters.section));
    vec![
        Select {
            name: "ministry",
            label: t.get("web.plan.ministry"),
            options: ministries.collect(),
        },
        Select { name: "section", label: t.get("web.filter.section"), options: sections.collect() },
    ]
}

/// Shows one measure.
pub(crate) async fn measure(ctx: Ctx, Path((_, id)): Path<(String, String)>) -> Page {
    let pack = ctx.state.pack();
    let missing = || Refusal::new("web.not-found.measure").arg("id", &id);
    let measure = pack.measure(&id).ok_or_else(|| ctx.refuse(missing()))?;
    let board =
        ctx.state.engine().board(ctx.as_of.day).await.map_err(|refusal| ctx.refuse(refusal))?;
    let (t, labels) = (ctx.t, ctx.labels());
    let section = |id: &str| ctx.to("/plan").set("section", id);
    let mut path = Vec::new();
    let mut above = pack.heading(&measure.section);
    while let Some(heading) = above {
        path.push(Labelled::new(labels.heading(&heading.id), section(&heading.id)));
        above = heading.parent.as_deref().and_then(|id| pack.heading(id));
    }
    path.reverse();
    let tied = |indicator: &Indicator| {
        let tie = if indicator.measures.contains(&measure.id) {
            t.get("web.measure-page.tie-measure")
        } else {
            let heading =
                indicator.sections.iter().find(|id| stands_under(&measure.section, id))?;
            t.with("web.measure-page.tie-section", "heading", labels.heading(heading))
        };
        let result = board.result(&indicator.id)?;
        Some(TiedIndicator {
            id: indicator.id.clone(),
            name: t.side(&indicator.name),
            href: indicator_link(&ctx, &indicator.id).into(),
            status: StatusView::new(t, result.status),
            tie,
        })
    };
    let siblings = pack
        .measures
        .iter()
        .filter(|other| other.section == measure.section && other.id != measure.id)
        .map(|other| {
            let label = format!("{} {}", other.id, t.side(&other.summary));
            Labelled::new(label, ctx.to("/plan/measures").segment(&other.id))
        });
    let page = MeasurePage {
        c: ctx
            .chrome(Tab::Plan, &id)
            .crumb(t.get("web.nav.plan"), ctx.to("/plan"))
            .crumb(labels.heading(&measure.section), section(&measure.section)),
        id: id.clone(),
        summary: t.side(&measure.summary),
        other_summary: measure.summary.get(t.0.other()).to_owned(),
        path,
        who: who(labels, &measure.attribution),
        basis: basis(labels, &measure.attribution),
        printed: measure.attribution.printed.clone(),
        source_line: measure.source_line,
        indicators: pack.indicators.iter().filter_map(tied).collect(),
        siblings: siblings.collect(),
    };
    ctx.page(&page)
}

fn cell(text: impl Into<String>) -> Labelled {
    Labelled::new(text, "")
}

fn table(ctx: &Ctx, name: &str, columns: &[&str], rows: Vec<Vec<Labelled>>) -> Page {
    let t = ctx.t;
    let page = PlanTablePage {
        c: ctx
            .chrome(Tab::Plan, t.get(&format!("web.{name}.title")))
            .crumb(t.get("web.nav.plan"), ctx.to("/plan")),
        lead: t.get(&format!("web.{name}.lead")),
        columns: columns.iter().map(|key| t.get(key)).collect(),
        rows,
    };
    ctx.page(&page)
}

/// Shows the duties of governance.
pub(crate) async fn governance(ctx: Ctx) -> Page {
    let rows = ctx.state.pack().governance.iter().map(|duty| {
        vec![
            cell(&duty.id),
            cell(ctx.labels().term("governance_actors", &duty.actor)),
            cell(ctx.t.side(&duty.summary)),
            cell(duty.source_line.to_string()),
        ]
    });
    let columns = ["web.col.id", "web.col.actor", "web.col.duty", "web.plan.source-line"];
    table(&ctx, "duties", &columns, rows.collect())
}

/// Shows notes on defects of the source.
pub(crate) async fn source_notes(ctx: Ctx) -> Page {
    let rows = ctx
        .state
        .pack()
        .source_notes
        .iter()
        .map(|note| vec![cell(note.line.to_string()), cell(ctx.t.side(&note.note))]);
    table(&ctx, "notes", &["web.plan.source-line", "web.col.note"], rows.collect())
}

/// Shows the ministries with the measures they lead and take part in.
pub(crate) async fn ministries(ctx: Ctx) -> Page {
    let pack = ctx.state.pack();
    let rows = pack.ministries.iter().map(|ministry| {
        let counted = |of: &dyn Fn(&Attribution) -> bool| {
            pack.measures.iter().filter(|measure| of(&measure.attribution)).count()
        };
        let leads = counted(&|who| who.lead.contains(&ministry.abbr));
        let all = counted(&|who| {
            who.lead.contains(&ministry.abbr) || who.participating.contains(&ministry.abbr)
        });
        let link = ctx.to("/plan").set("ministry", &ministry.abbr);
        vec![
            cell(&ministry.abbr),
            cell(ctx.t.side(&ministry.name)),
            Labelled::new(leads.to_string(), link.clone().set("lead", "yes")),
            Labelled::new(all.to_string(), link),
        ]
    });
    let columns =
        ["web.col.abbreviation", "web.col.ministry", "web.col.leads", "web.col.takes-part"];
    table(&ctx, "ministries", &columns, rows.collect())
}
