//! `shirube register import-review-sheets`, `enter-evidence`, `suggest-links`.

use std::process::ExitCode;

use shirube_exchange::{
    LINK_METHOD, LinkRanker, ReviewOptions, enter_evidence, import_review_sheets,
    record_suggestions,
};
use shirube_model::record::Standing;
use shirube_model::refusal::Refusal;
use shirube_store::{Access, AsOf, ListQuery, Order};

use crate::cli::{EvidenceArgs, LinkArgs, ReviewArgs};
use crate::output::{Failure, Out};
use crate::packs;

/// Programmes read at a time.
const PAGE: usize = 1_000;

pub(crate) async fn review(args: ReviewArgs, out: &Out) -> Result<ExitCode, Failure> {
    let opened = packs::open(&args.at, Access::Write).await?;
    let reason = args.reason.unwrap_or_else(|| args.sheets.display().to_string());
    let mut options = ReviewOptions::new(args.actor, reason);
    options.payments = !args.without_payments;
    let id = "ministries";
    let ministries = opened.pack.vocabulary(id).ok_or_else(|| {
        Refusal::new("pack.vocabulary.missing").arg("id", id).arg("asked_by", "budget_programme")
    })?;
    let report = import_review_sheets(&opened.store, &args.sheets, ministries, &options).await?;
    for line in report.lines(out.lang) {
        out.line(line);
    }
    let clean = report.quarantined == 0 && report.payments_refused.is_empty();
    Ok(if clean { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

pub(crate) async fn enter(args: EvidenceArgs, out: &Out) -> Result<ExitCode, Failure> {
    let opened = packs::open(&args.at, Access::Write).await?;
    let pack = &opened.pack;
    let reason = args.reason.unwrap_or_else(|| pack.info.id.clone());
    let report =
        enter_evidence(&opened.store, &pack.info.id, &pack.evidence, &args.actor, &reason).await?;
    out.say(
        "cli.evidence.entered",
        &[
            ("created", report.created.to_string()),
            ("corrected", report.corrected.to_string()),
            ("unchanged", report.unchanged.to_string()),
        ],
    );
    Ok(ExitCode::SUCCESS)
}

pub(crate) async fn suggest(args: LinkArgs, out: &Out) -> Result<ExitCode, Failure> {
    let opened = packs::open(&args.at, Access::Write).await?;
    let pack = &opened.pack;
    let ranker = LinkRanker::new(&pack.measures, &pack.headings, &pack.wordings);
    let reason = args.reason.unwrap_or_else(|| LINK_METHOD.to_owned());
    let mut query = ListQuery {
        standings: vec![Standing::Active],
        order: Order::ById,
        limit: PAGE,
        ..ListQuery::default()
    };
    let (mut suggested, mut kept) = (0, 0);
    loop {
        let page = opened.store.list("budget_programme", AsOf::Now, &query).await?;
        let store = &opened.store;
        let records = &page.records;
        let report =
            record_suggestions(store, &ranker, records, args.limit, &args.actor, &reason).await?;
        suggested += report.suggested;
        kept += report.kept;
        query.after = page.next;
        if query.after.is_none() {
            break;
        }
    }
    out.say(
        "cli.links.suggested",
        &[("suggested", suggested.to_string()), ("kept", kept.to_string())],
    );
    Ok(ExitCode::SUCCESS)
}
