//! The pack: what it is, its decisions, its vocabularies.

use axum::extract::Path;
use shirube_model::indicator::ReadingDecision;
use shirube_model::lang::LocalText;
use shirube_model::plan::{Term, Vocabulary};
use shirube_model::refusal::Refusal;

use crate::pages::dashboard::indicator_link;
use crate::request::{Ctx, Page};
use crate::view::frame::{Labelled, Tab};
use crate::view::pack::{DecisionRow, PackPage, TermRow, VocabularyPage, VocabularyRow};

/// Shows the pack.
pub(crate) async fn show(ctx: Ctx) -> Page {
    let pack = ctx.state.pack();
    let (t, info) = (ctx.t, &pack.info);
    let facts = [
        ("web.pack.name", t.side(&info.title)),
        ("web.col.id", info.id.clone()),
        ("web.col.version", info.version.clone()),
        (
            "web.pack.period",
            t.args(
                "web.span",
                &[("from", t.day(info.period_start)), ("to", t.day(info.period_end))],
            ),
        ),
        ("web.pack.legal-basis", t.side(&info.legal_basis)),
        ("web.pack.source", t.side(&info.source)),
        ("web.stamp.pack-hash", pack.hash.clone()),
    ];
    let count = |key: &str, number: usize, path: &str| {
        let href = if path.is_empty() { String::new() } else { ctx.to(path).into() };
        (t.get(key), Labelled::new(number.to_string(), href))
    };
    let counts = vec![
        count("web.pack.headings", pack.headings.len(), ""),
        count("web.pack.measures", pack.measures.len(), "/plan"),
        count("web.ministries.title", pack.ministries.len(), "/plan/ministries"),
        count("web.duties.title", pack.governance.len(), "/plan/governance"),
        count("web.notes.title", pack.source_notes.len(), "/plan/source-notes"),
        count("web.pack.goals", pack.goals.len(), "/"),
        count("web.pack.indicators", pack.indicators.len(), "/"),
        count("web.pack.vocabularies", pack.vocabularies.len(), ""),
    ];
    let row = |vocabulary: &Vocabulary| VocabularyRow {
        id: vocabulary.id.clone(),
        href: ctx.to("/pack/vocabularies").segment(&vocabulary.id).into(),
        title: t.side(&vocabulary.title),
        terms: vocabulary.terms.len(),
    };
    let decisions = ctx.state.engine().decisions();
    let page = PackPage {
        c: ctx.chrome(Tab::Pack, t.get("web.pack.title")),
        facts: facts.map(|(key, value)| (t.get(key), value)).to_vec(),
        counts,
        vocabularies: pack.vocabularies.values().map(row).collect(),
        decisions: decisions.iter().map(|decision| decision_row(&ctx, decision)).collect(),
    };
    ctx.page(&page)
}

fn decision_row(ctx: &Ctx, decision: &ReadingDecision) -> DecisionRow {
    let t = ctx.t;
    let indicator = ctx.state.pack().indicator(&decision.indicator);
    let question = indicator.and_then(|indicator| indicator.question(&decision.question));
    let reading =
        question.and_then(|question| question.readings.iter().find(|r| r.id == decision.reading));
    let or_code = |text: Option<&LocalText>, code: &str| {
        text.map_or_else(|| code.to_owned(), |text| t.side(text))
    };
    DecisionRow {
        indicator: Labelled::new(
            &decision.indicator,
            indicator_link(ctx, &decision.indicator).at("readings"),
        ),
        question: or_code(question.map(|question| &question.text), &decision.question),
        reading: or_code(reading.map(|reading| &reading.label), &decision.reading),
        by: ctx.labels().term("organisations", &decision.decided_by),
        on: t.short_day(decision.decided_on),
        from: t.short_day(decision.effective_from),
    }
}

/// Shows one vocabulary.
pub(crate) async fn vocabulary(ctx: Ctx, Path((_, id)): Path<(String, String)>) -> Page {
    let missing = || ctx.refuse(Refusal::new("web.not-found.vocabulary").arg("id", &id));
    let vocabulary = ctx.state.pack().vocabulary(&id).ok_or_else(missing)?;
    let t = ctx.t;
    let row = |term: &Term| TermRow {
        code: term.code.clone(),
        label: t.side(&term.label),
        other: term.label.get(t.0.other()).to_owned(),
        validity: match (term.valid_from, term.valid_to) {
            (None, None) => String::new(),
            (from, to) => {
                let day = |day: Option<_>| day.map_or_else(String::new, |day| t.short_day(day));
                t.args("web.span", &[("from", day(from)), ("to", day(to))])
            }
        },
        successors: t.list(&term.successors),
        note: term.note.clone().unwrap_or_default(),
    };
    let page = VocabularyPage {
        c: ctx
            .chrome(Tab::Pack, t.side(&vocabulary.title))
            .crumb(t.get("web.nav.pack"), ctx.to("/pack")),
        source: t.side(&vocabulary.source),
        rows: vocabulary.terms.iter().map(row).collect(),
        id,
    };
    ctx.page(&page)
}
