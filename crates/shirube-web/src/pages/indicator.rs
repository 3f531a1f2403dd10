//! The page of one indicator: value, course, readings, definition, proof.

use axum::extract::Path;
use rust_decimal::Decimal;
use shirube_indicators::board::Board;
use shirube_model::indicator::{
    Indicator, Outcome, Question, Reading, ReadingDecision, ReadingId, Role, Spec, Status,
    decision_for,
};
use shirube_model::refusal::Refusal;

use crate::figure::{Mark, chart, sample};
use crate::link::Link;
use crate::pages::beside::{Other, rows, statements};
use crate::pages::dashboard::indicator_link;
use crate::pages::proof::{Asked, Shown, views};
use crate::request::{Ctx, Page};
use crate::series::{Series, mark};
use crate::view::frame::{AsOfPicker, Labelled, StatusView, Tab};
use crate::view::indicator::{
    Breakdown, Fact, IndicatorPage, NoEvidence, QuestionView, ReadingRow, ReadingShown, Related,
    YearRow,
};
use crate::words::Line;

/// A reading as addresses write it: `question=reading`.
pub(crate) fn read_reading(text: &str) -> Result<ReadingId, Refusal> {
    let bad = || Refusal::new("web.query.unknown-value").arg("name", "reading").arg("value", text);
    let (question, reading) = text.split_once('=').ok_or_else(bad)?;
    Ok(ReadingId { question: question.to_owned(), reading: reading.to_owned() })
}

/// Writes a reading as addresses do.
pub(crate) fn write_reading(id: &ReadingId) -> String {
    format!("{}={}", id.question, id.reading)
}

/// Shows an indicator, or sends it as a file.
pub(crate) async fn show(ctx: Ctx, Path((_, name)): Path<(String, String)>) -> Page {
    if let Some((id, form)) = name.rsplit_once('.')
        && let Some(form) = crate::pages::download::Form::of(form)
    {
        return crate::pages::download::indicator(&ctx, id, form).await;
    }
    let asked = Asked::read(&ctx).map_err(|refusal| ctx.refuse(refusal))?;
    let reading = ctx
        .query
        .get("reading")
        .map(read_reading)
        .transpose()
        .map_err(|refusal| ctx.refuse(refusal))?;
    let pack = ctx.state.pack();
    let missing = || Refusal::new("web.not-found.indicator").arg("id", &name);
    let indicator = pack.indicator(&name).ok_or_else(|| ctx.refuse(missing()))?;
    let board =
        ctx.state.engine().board(ctx.as_of.day).await.map_err(|refusal| ctx.refuse(refusal))?;
    let result = board.result(&name).ok_or_else(|| ctx.refuse(missing()))?;
    let mut series = Series::new(&ctx, indicator, result);
    let outcome = match &reading {
        None => &result.headline,
        Some(id) => {
            let spec = indicator.reading_spec(id).map_err(|faults| {
                faults.into_iter().next().map_or_else(|| ctx.not_found(), |fault| ctx.refuse(fault))
            })?;
            series.spec = Some(spec);
            result
                .readings
                .iter()
                .find(|(known, _)| known == id)
                .map(|(_, outcome)| outcome)
                .ok_or_else(|| ctx.refuse(missing()))?
        }
    };
    let Some(spec) = series.spec.clone() else { return Err(ctx.refuse(missing())) };
    let link = indicator_link(&ctx, &name);
    let link = match &reading {
        Some(id) => link.set("reading", &write_reading(id)),
        None => link,
    };
    let shown = Shown { series: &series, outcome, spec: &spec, reading: reading.as_ref(), link };
    let proofs = views(&ctx, &shown, &asked).await?;
    let status = if reading.is_some() { outcome.status } else { result.status };
    let mut page = page(&ctx, &board, &shown, status);
    page.proofs = proofs;
    page.sides = rows(&ctx, Other::of(&ctx).await?.as_ref(), indicator, result);
    page.statements = statements(&ctx, indicator).await?;
    ctx.page(&page)
}

fn page(ctx: &Ctx, board: &Board, shown: &Shown<'_>, status: Status) -> IndicatorPage {
    let t = ctx.t;
    let Shown { series, outcome, spec, reading, .. } = shown;
    let indicator = series.indicator;
    let name = t.side(&indicator.name);
    let figure = series.figure(outcome, spec);
    let download = |form: &str| {
        let link = Link::to(format!("/{}/indicators/{}.{form}", t.0.tag(), indicator.id))
            .set("as_of", &ctx.as_of.day.to_string());
        let link = reading.map_or(link.clone(), |id| link.set("reading", &write_reading(id)));
        String::from(link)
    };
    let back = indicator_link(ctx, &indicator.id);
    IndicatorPage {
        c: ctx.chrome(Tab::Dashboard, &name).crumb(t.get("web.nav.dashboard"), ctx.to("/")).crumb(
            series.labels.group(indicator),
            ctx.to("/").set("group", indicator.group.as_deref().unwrap_or_default()).at("series"),
        ),
        id: indicator.id.clone(),
        group: series.labels.group(indicator),
        owner: t.with("web.indicator.owner", "name", series.labels.ministry(&indicator.owner)),
        note: indicator.note.as_ref().map(|note| t.side(note)),
        context: indicator.context.as_ref().map(|context| t.side(context)),
        waits_for: waits_for(ctx, series),
        picker: AsOfPicker::new(ctx, &format!("/indicators/{}", indicator.id), &["reading"]),
        reading_shown: reading.and_then(|id| reading_shown(ctx, indicator, id, back.into())),
        status: StatusView::new(t, status),
        headline: headline(series, outcome, spec),
        why: why(series, outcome, status),
        sides: Vec::new(),
        statements: Vec::new(),
        no_evidence: no_evidence(ctx, shown),
        chart: chart(&figure, &|value| t.number(value)),
        legend: legend(ctx, spec, outcome),
        years: years(series, outcome, spec),
        csv_href: download("csv"),
        json_href: download("json"),
        questions: questions(ctx, series, *reading),
        definition_sentence: sentence(series, spec),
        definition: series.words().definition(spec, &|value| series.amount(value)),
        proofs: Vec::new(),
        breakdowns: breakdowns(series, outcome),
        related: related(ctx, board, indicator),
        stamp: stamp(ctx, series, outcome),
        verify_command: format!(
            "shirube indicators explain {} --as-of {}",
            indicator.id, ctx.as_of.day
        ),
    }
}

fn waits_for(ctx: &Ctx, series: &Series<'_>) -> Option<Labelled> {
    if series.result.active {
        return None;
    }
    let parent = ctx.state.pack().indicator(series.indicator.activated_by.as_deref()?)?;
    let label = format!("{} {}", parent.id, ctx.t.side(&parent.name));
    Some(Labelled::new(label, indicator_link(ctx, &parent.id)))
}

fn reading_shown(
    ctx: &Ctx,
    indicator: &Indicator,
    id: &ReadingId,
    back: String,
) -> Option<ReadingShown> {
    let question = indicator.question(&id.question)?;
    let reading = question.readings.iter().find(|reading| reading.id == id.reading)?;
    Some(ReadingShown {
        question: ctx.t.side(&question.text),
        reading: ctx.t.side(&reading.label),
        back,
    })
}

fn headline(series: &Series<'_>, outcome: &Outcome, spec: &Spec) -> Vec<Fact> {
    let t = series.t;
    let unit = series.unit();
    let fact = |key: &str, value: Option<Decimal>, shown: String, remark: String| Fact {
        label: t.get(key),
        value: shown,
        unit: if value.is_some() { unit.clone() } else { String::new() },
        remark,
    };
    let exact = |key: &str, value, remark| fact(key, value, series.value(value), remark);
    let rough = |key: &str, value, remark| fact(key, value, series.estimate(value), remark);
    let year = outcome.headline_year.map_or_else(String::new, |year| t.year(spec.year_basis, year));
    let parts = match outcome.denominator {
        Some(denominator) => t.args(
            "web.fact.parts",
            &[("numerator", t.number(outcome.numerator)), ("denominator", t.number(denominator))],
        ),
        None => String::new(),
    };
    let remark = [year, parts].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>();
    let mut facts = vec![exact("web.col.value", outcome.value, remark.join(" · "))];
    if spec.target.is_some() {
        facts.push(exact("web.col.target", outcome.target, series.by()));
        facts.push(rough("web.fact.expected", outcome.expected, t.get("web.fact.expected-remark")));
        facts.push(rough(
            "web.fact.projection",
            outcome.projection,
            t.get("web.fact.projection-remark"),
        ));
    }
    facts
}

/// Why the status is what it is.
fn why(series: &Series<'_>, outcome: &Outcome, status: Status) -> String {
    let t = series.t;
    let target = series.spec.as_ref().and_then(|spec| spec.target);
    let args = [
        ("value", series.value(outcome.value)),
        ("target", series.value(outcome.target)),
        ("expected", series.estimate(outcome.expected)),
        ("unit", series.unit()),
        ("by", target.map_or_else(|| t.dash(), |target| t.day(target.by))),
    ];
    if status == Status::UndecidedReading {
        let mut states: Vec<String> = Vec::new();
        for (_, outcome) in &series.result.readings {
            let word = t.get(&format!("status.{}", outcome.status.code()));
            if !states.contains(&word) {
                states.push(word);
            }
        }
        return t.with("web.why.undecided-reading", "states", t.list(&states));
    }
    let pathless = outcome.expected.is_none() && matches!(status, Status::OnPace | Status::Behind);
    let end = if pathless { "-without-path" } else { "" };
    t.args(&format!("web.why.{}{end}", status.code()), &args)
}

/// What is missing where no record made the value.
fn no_evidence(ctx: &Ctx, shown: &Shown<'_>) -> Option<NoEvidence> {
    let counted = |index: usize| shown.outcome.proofs.get(index).is_none_or(|p| p.counted() == 0);
    let (_, evidence) = shown.spec.evidences().enumerate().find(|(index, _)| counted(*index))?;
    let (t, words) = (ctx.t, shown.series.words());
    let mut needs: Vec<String> = (0..evidence.filter.parts.len())
        .filter_map(|at| words.part(evidence, at))
        .chain((0..evidence.links.len()).filter_map(|at| words.link(evidence, at)))
        .map(|line| line.text)
        .collect();
    let span = [
        ("field", ctx.labels().field(evidence.register.kind, evidence.date.name)),
        ("from", t.day(shown.spec.window.from)),
        ("to", t.day(shown.spec.window.to)),
    ];
    needs.push(t.args("web.no-evidence.date", &span));
    let register = ctx.labels().kind(evidence.register.kind);
    Some(NoEvidence {
        text: t.with("web.no-evidence.would-change", "register", &register),
        needs,
        register: t.with("web.no-evidence.open", "register", &register),
        register_href: ctx.to(&format!("/registers/{}", evidence.register.kind)).into(),
    })
}

fn legend(ctx: &Ctx, spec: &Spec, outcome: &Outcome) -> Vec<(String, String)> {
    let t = ctx.t;
    let mut items = if mark(spec) == Mark::Bars {
        vec![
            (sample("bar"), t.get("web.chart.year")),
            (sample("bar open"), t.get("web.chart.open-year")),
        ]
    } else {
        vec![(sample("series"), t.get("web.chart.series"))]
    };
    if outcome.target.is_some() {
        items.push((sample("target"), t.get("web.col.target")));
    }
    if outcome.years.iter().any(|year| year.path.is_some()) {
        items.push((sample("path"), t.get("web.col.path")));
    }
    if outcome.projection.is_some() {
        items.push((sample("projection"), t.get("web.fact.projection")));
    }
    items
}

fn years(series: &Series<'_>, outcome: &Outcome, spec: &Spec) -> Vec<YearRow> {
    let t = series.t;
    let row = |year: &shirube_model::indicator::YearPoint| YearRow {
        label: t.year(spec.year_basis, year.year),
        level: t.number(year.level),
        value: series.value(year.value),
        path: series.estimate(year.path),
        state: t.get(if year.complete { "web.year.complete" } else { "web.year.open" }),
    };
    outcome.years.iter().map(row).collect()
}

fn questions(ctx: &Ctx, series: &Series<'_>, current: Option<&ReadingId>) -> Vec<QuestionView> {
    let decisions = ctx.state.engine().decisions();
    let t = ctx.t;
    let question = |question: &Question| {
        let decided = decision_for(series.indicator, question, decisions, ctx.as_of.day);
        let decision = latest(series.indicator, question, decisions, ctx);
        QuestionView {
            id: question.id.clone(),
            text: t.side(&question.text),
            undecided: decided.is_none(),
            readings: question
                .readings
                .iter()
                .filter_map(|reading| reading_row(ctx, series, question, reading, decided, current))
                .collect(),
            decision: decision.map(|decision| decision_lines(ctx, decision)).unwrap_or_default(),
            document: decision
                .and_then(|decision| decision.document_url.as_deref())
                .and_then(crate::show::web_address),
        }
    };
    series.indicator.questions.iter().map(question).collect()
}

/// The decision in effect, or else the next one to take effect.
fn latest<'a>(
    indicator: &Indicator,
    question: &Question,
    decisions: &'a [ReadingDecision],
    ctx: &Ctx,
) -> Option<&'a ReadingDecision> {
    let of = |decision: &&ReadingDecision| {
        decision.indicator == indicator.id && decision.question == question.id
    };
    let known = |decision: &&ReadingDecision| decision.decided_on <= ctx.as_of.day;
    decisions.iter().filter(of).filter(known).max_by_key(|d| (d.effective_from, d.decided_on))
}

fn decision_lines(ctx: &Ctx, decision: &ReadingDecision) -> Vec<String> {
    let t = ctx.t;
    let mut lines = vec![t.args(
        "web.decision.line",
        &[
            ("by", ctx.labels().term("organisations", &decision.decided_by)),
            ("on", t.day(decision.decided_on)),
            ("from", t.day(decision.effective_from)),
        ],
    )];
    lines.extend(decision.reason.as_ref().map(|reason| t.side(reason)));
    lines
}

fn reading_row(
    ctx: &Ctx,
    series: &Series<'_>,
    question: &Question,
    reading: &Reading,
    decided: Option<&Reading>,
    current: Option<&ReadingId>,
) -> Option<ReadingRow> {
    let t = ctx.t;
    let id = ReadingId { question: question.id.clone(), reading: reading.id.clone() };
    let (_, outcome) = series.result.readings.iter().find(|(known, _)| *known == id)?;
    let role = match decided {
        Some(decided) if decided.id == reading.id => "web.reading.decided",
        None if reading.working => "web.reading.working",
        _ => "web.reading.alternative",
    };
    let link = indicator_link(ctx, &series.indicator.id).set("reading", &write_reading(&id));
    Some(ReadingRow {
        label: t.side(&reading.label),
        href: link.into(),
        current: current == Some(&id),
        value: series.value(outcome.value),
        difference: series.difference(outcome.value),
        target: series.value(outcome.target),
        status: StatusView::new(t, outcome.status),
        role: t.get(role),
    })
}

fn sentence(series: &Series<'_>, spec: &Spec) -> String {
    let t = series.t;
    t.args(
        "web.definition.sentence",
        &[
            ("kind", series.labels.term("indicator_kinds", spec.kind.code())),
            ("register", series.labels.kind(spec.evidence.register.kind)),
            ("measure", series.words().measure(&spec.evidence)),
            ("version", series.result.stamp.definition_version.to_string()),
        ],
    )
}

fn breakdowns(series: &Series<'_>, outcome: &Outcome) -> Vec<Breakdown> {
    let t = series.t;
    let kind = outcome.proofs.first().map_or("", |proof| proof.register.as_str());
    let named = |id: &str| series.indicator.disaggregations.iter().find(|known| known.id == id);
    outcome
        .groups
        .iter()
        .map(|group| {
            let known = named(&group.id);
            let field = known.map_or(group.id.as_str(), |known| known.field.as_str());
            let label = |code: &str| {
                if code.is_empty() {
                    t.get("web.breakdown.none")
                } else {
                    series.labels.value(kind, field, code)
                }
            };
            Breakdown {
                title: known.map_or_else(
                    || series.labels.field(kind, &group.id),
                    |known| t.side(&known.label),
                ),
                rows: group
                    .rows
                    .iter()
                    .map(|row| (label(&row.code), t.number(row.value)))
                    .collect(),
            }
        })
        .collect()
}

fn related(ctx: &Ctx, board: &Board, indicator: &Indicator) -> Vec<Related> {
    let (t, pack, labels) = (ctx.t, ctx.state.pack(), ctx.labels());
    let line =
        |text: String, link: Link| Line { text, code: String::new(), href: Some(link.into()) };
    let measures = indicator.measures.iter().filter_map(|id| {
        let measure = pack.measure(id)?;
        let text = format!("{id} {}", t.side(&measure.summary));
        Some(line(text, ctx.to("/plan/measures").segment(id)))
    });
    let sections = indicator
        .sections
        .iter()
        .map(|id| line(labels.heading(id), ctx.to("/plan").set("section", id)));
    let goals = indicator.goals.iter().filter_map(|id| {
        let goal = pack.goal(id)?;
        Some(line(format!("{id} {}", t.side(&goal.name)), ctx.to("/").at("goals")))
    });
    let kin = pack
        .indicators
        .iter()
        .filter(|other| other.id != indicator.id && board.result(&other.id).is_some())
        .filter(|other| {
            other.activated_by.as_deref() == Some(&indicator.id)
                || indicator.activated_by.as_deref() == Some(&other.id)
                || (other.role == Role::Goal) != (indicator.role == Role::Goal)
                    && other.goals.iter().any(|goal| indicator.goals.contains(goal))
        })
        .map(|other| {
            line(format!("{} {}", other.id, t.side(&other.name)), indicator_link(ctx, &other.id))
        });
    let source = indicator
        .source_line
        .map(|number| Line::text(t.with("web.indicator.source-line", "line", number)));
    let rows = [
        ("web.indicator.goals", goals.collect::<Vec<_>>()),
        ("web.indicator.sections", sections.collect()),
        ("web.indicator.measures", measures.collect()),
        ("web.indicator.kin", kin.collect()),
        ("web.indicator.source", source.into_iter().collect()),
    ];
    rows.into_iter()
        .filter(|(_, items)| !items.is_empty())
        .map(|(key, items)| Related { label: t.get(key), items })
        .collect()
}

fn stamp(ctx: &Ctx, series: &Series<'_>, outcome: &Outcome) -> Vec<(String, String)> {
    let t = ctx.t;
    let stamp = &series.result.stamp;
    [
        ("web.stamp.as-of", t.day(outcome.as_of)),
        ("web.stamp.definition", stamp.definition_version.to_string()),
        ("web.stamp.definition-hash", stamp.definition_hash.clone()),
        ("web.stamp.pack", ctx.state.pack().info.version.clone()),
        ("web.stamp.pack-hash", stamp.pack_hash.clone()),
        ("web.stamp.seq", t.count(stamp.ledger_seq)),
        ("web.stamp.ledger-hash", stamp.ledger_hash.clone()),
        ("web.stamp.software", stamp.software.clone()),
        ("web.stamp.digest", outcome.digest.clone()),
    ]
    .into_iter()
    .map(|(key, value)| (t.get(key), value))
    .collect()
}
