//! The proof part of an indicator's page: tally by class, and records one click
//! away.

use std::collections::BTreeMap;

use shirube_indicators::board::{ProofPage, ProofRow};
use shirube_model::ident::RecordId;
use shirube_model::indicator::{Class, EvidenceProof, Outcome, ReadingId, Spec};
use shirube_model::lang::LocalText;
use shirube_model::refusal::Refusal;

use crate::link::Link;
use crate::request::{Audience, Ctx, PageError};
use crate::series::Series;
use crate::view::frame::Labelled;
use crate::view::proof::{ProofLine, ProofList, ProofView, TallyRow};
use crate::words::Line;

/// Records on one page of a proof.
const ROWS_PER_PAGE: u64 = 25;

/// A class as addresses write it, such as `fails-part-0`.
pub(crate) fn class_slug(class: Class) -> String {
    let key = class.key();
    let name = key.strip_prefix("class.").unwrap_or(key);
    match class {
        Class::FailsPart(at) | Class::UndecidedPart(at) | Class::MissingLink(at) => {
            format!("{name}-{at}")
        }
        _ => name.to_owned(),
    }
}

/// Reads what [`class_slug`] writes.
///
/// # Errors
/// `web.query.unknown-value`.
pub(crate) fn read_class(slug: &str) -> Result<Class, Refusal> {
    (0..400).filter_map(Class::from_number).find(|class| class_slug(*class) == slug).ok_or_else(
        || Refusal::new("web.query.unknown-value").arg("name", "class").arg("value", slug),
    )
}

/// What part of a proof the reader asks for.
pub(crate) struct Asked {
    pub evidence: usize,
    pub class: Option<Class>,
    /// From 1.
    pub page: u64,
}

impl Asked {
    /// Reads the parameters `evidence`, `class` and `page`.
    ///
    /// # Errors
    /// `web.query.*`.
    pub(crate) fn read(ctx: &Ctx) -> Result<Self, Refusal> {
        Ok(Self {
            evidence: usize::try_from(ctx.query.number("evidence", 0)?).unwrap_or(usize::MAX),
            class: ctx.query.get("class").map(read_class).transpose()?,
            page: ctx.query.number("page", 1)?.clamp(1, 1_000_000),
        })
    }
}

/// The outcome the page shows, with the spec behind it.
pub(crate) struct Shown<'a> {
    pub series: &'a Series<'a>,
    pub outcome: &'a Outcome,
    pub spec: &'a Spec,
    pub reading: Option<&'a ReadingId>,
    /// Address of the page with as-of and reading.
    pub link: Link,
}

/// Every proof of an outcome; the one asked for with its records.
///
/// # Errors
/// The page of a fault of engine or store.
pub(crate) async fn views(
    ctx: &Ctx,
    shown: &Shown<'_>,
    asked: &Asked,
) -> Result<Vec<ProofView>, PageError> {
    let mut views = Vec::new();
    for (index, proof) in shown.outcome.proofs.iter().enumerate() {
        let chosen = index == asked.evidence;
        let tally = proof.tally();
        let class = match asked.class.filter(|_| chosen) {
            Some(class) => Some(class),
            None => default_class(&tally),
        };
        let mut view = overview(ctx, shown, index, proof, &tally, class.filter(|_| chosen));
        if let Some(class) = class.filter(|_| chosen) {
            view.list = Some(list(ctx, shown, index, class, asked.page).await?);
        }
        views.push(view);
    }
    Ok(views)
}

/// Counted records first, so that the page opens on what made the value.
fn default_class(tally: &[(Class, u64)]) -> Option<Class> {
    tally
        .iter()
        .map(|(class, _)| *class)
        .filter(|class| class.counts())
        .max_by_key(|class| class.number())
        .or_else(|| tally.first().map(|(class, _)| *class))
}

fn class_link(shown: &Shown<'_>, index: usize, class: Class) -> Link {
    let evidence = if index == 0 { String::new() } else { index.to_string() };
    shown
        .link
        .clone()
        .set("evidence", &evidence)
        .set("class", &class_slug(class))
        .at(&format!("records-{index}"))
}

/// The condition or link a class speaks of.
fn part(shown: &Shown<'_>, index: usize, class: Class) -> Line {
    let words = shown.series.words();
    let evidence = shown.spec.evidences().nth(index);
    evidence
        .and_then(|evidence| match class {
            Class::FailsPart(at) | Class::UndecidedPart(at) => words.part(evidence, at.into()),
            Class::MissingLink(at) => words.link(evidence, at.into()),
            _ => None,
        })
        .unwrap_or_default()
}

fn overview(
    ctx: &Ctx,
    shown: &Shown<'_>,
    index: usize,
    proof: &EvidenceProof,
    tally: &[(Class, u64)],
    current: Option<Class>,
) -> ProofView {
    let t = ctx.t;
    let register = ctx.labels().kind(&proof.register);
    let rows = tally.iter().map(|(class, count)| {
        let line = part(shown, index, *class);
        TallyRow {
            label: t.get(class.key()),
            words: line.text,
            condition: line.code,
            count: t.count(*count),
            counts: class.counts(),
            current: current == Some(*class),
            href: class_link(shown, index, *class).into(),
        }
    });
    let all = t.count(u64::try_from(proof.records()).unwrap_or(u64::MAX));
    let repeats = tally.iter().find(|(class, _)| *class == Class::Repeats).map(|(class, count)| {
        Labelled::new(
            t.with("web.proof.repeats", "count", t.count(*count)),
            class_link(shown, index, *class),
        )
    });
    ProofView {
        index,
        title: t.with("web.proof.register", "register", &register),
        caption: t
            .args("web.proof.caption", &[("all", all), ("counted", t.count(proof.counted()))]),
        tally: rows.collect(),
        repeats_link: repeats,
        shared_text: match proof.shared_pairs().count() {
            0 => String::new(),
            count => t.with("web.proof.shared", "count", count),
        },
        list: None,
    }
}

async fn list(
    ctx: &Ctx,
    shown: &Shown<'_>,
    index: usize,
    class: Class,
    page: u64,
) -> Result<ProofList, PageError> {
    let t = ctx.t;
    let offset = (page - 1) * ROWS_PER_PAGE;
    let found = ctx
        .state
        .engine()
        .proof_page(
            &shown.series.indicator.id,
            shown.reading,
            ctx.as_of.day,
            index,
            Some(class),
            usize::try_from(offset).unwrap_or(usize::MAX),
            usize::try_from(ROWS_PER_PAGE).unwrap_or(25),
        )
        .await
        .map_err(|refusal| ctx.refuse(refusal))?;
    let titles = titles(ctx, found.rows.iter().map(|row| &row.record)).await?;
    let to = |page: u64| -> String {
        let link = class_link(shown, index, class);
        if page > 1 { link.set("page", &page.to_string()).into() } else { link.into() }
    };
    let why = part(shown, index, class);
    let last = offset + u64::try_from(found.rows.len()).unwrap_or_default();
    Ok(ProofList {
        title: t.get(class.key()),
        range: range(ctx, &found, offset, last),
        rows: found.rows.iter().map(|row| line(ctx, row, &titles, &why)).collect(),
        previous: (page > 1).then(|| to(page - 1)),
        next: (last < found.total).then(|| to(page + 1)),
    })
}

fn range(ctx: &Ctx, found: &ProofPage, offset: u64, last: u64) -> String {
    let t = ctx.t;
    if found.rows.is_empty() {
        return t.with("web.pager.none", "total", t.count(found.total));
    }
    t.args(
        "web.pager.range",
        &[("from", t.count(offset + 1)), ("to", t.count(last)), ("total", t.count(found.total))],
    )
}

fn line(
    ctx: &Ctx,
    row: &ProofRow,
    titles: &BTreeMap<RecordId, LocalText>,
    why: &Line,
) -> ProofLine {
    let t = ctx.t;
    let href = |record: &RecordId| record_link(ctx, record);
    let reason = t.get(row.class.key());
    ProofLine {
        id: row.record.to_string(),
        title: titles.get(&row.record).map_or_else(|| row.record.to_string(), |text| t.side(text)),
        href: href(&row.record).set("version", &row.version.to_string()).into(),
        version: t.with("web.version-short", "version", row.version),
        date: row.date.map_or_else(|| t.dash(), |day| t.short_day(day)),
        why: if why.text.is_empty() {
            reason
        } else {
            t.args("web.proof.why", &[("reason", reason), ("part", why.text.clone())])
        },
        shared: row
            .shared
            .map_or_else(String::new, |count| t.with("web.proof.carries", "count", count)),
        instead: row.instead.as_ref().map(|other| Labelled::new(other.as_str(), href(other))),
    }
}

/// The address of a record on the day of the page.
pub(crate) fn record_link(ctx: &Ctx, record: &RecordId) -> Link {
    ctx.to("/records").segment(record.as_str())
}

/// What records are called, for whoever looks: a record without a title that
/// the reader may see is called by its id.
///
/// # Errors
/// The page of a fault of the store.
pub(crate) async fn titles<'a>(
    ctx: &Ctx,
    records: impl Iterator<Item = &'a RecordId>,
) -> Result<BTreeMap<RecordId, LocalText>, PageError> {
    let ids: Vec<RecordId> = records.cloned().collect();
    let internal = ctx.audience() == Audience::Staff;
    ctx.state.store().titles(&ids, internal).await.map_err(|error| ctx.store_error(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_reads_back() {
        for class in (0..400).filter_map(Class::from_number) {
            assert_eq!(read_class(&class_slug(class)).unwrap(), class);
        }
        assert_eq!(read_class("counted-9").unwrap_err().code, "web.query.unknown-value");
    }
}
