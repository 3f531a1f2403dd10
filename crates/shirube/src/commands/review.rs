//! `shirube gate queue`, `review` and `show`: answers that wait for two reviewers.

use std::process::ExitCode;

use chrono::Utc;
use shirube_model::refusal::Refusal;
use shirube_query::{Decided, Ledger, Pending, Review, ReviewState, Standing, Verdict};

use crate::cli::{GateQueueArgs, GateReviewArgs, GateShowArgs};
use crate::commands::query;
use crate::output::{Failure, Out};

/// Lists what waits, as a reviewer may see it.
pub(crate) fn queue(args: &GateQueueArgs, out: &Out) -> Result<ExitCode, Failure> {
    for pending in Ledger::open(&args.ledger)?.queue()? {
        if args.json {
            let text = serde_json::json!({
                "entry": pending.entry,
                "askers": pending.askers,
                "reviewers": pending.reviewers,
                "result": pending.result,
            });
            out.line(text.to_string());
        } else {
            show_pending(&pending, out)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn show_pending(pending: &Pending, out: &Out) -> Result<(), Failure> {
    let entry = &pending.entry;
    out.line(format!("{:>6}  {}  {}", entry.number, entry.permit, pending.askers.join(", ")));
    out.line(&entry.sql);
    for (criterion, cells) in &entry.criteria {
        let name = serde_json::to_value(criterion).map_err(std::io::Error::from)?;
        out.line(format!("{cells:>10}  {}", name.as_str().unwrap_or_default()));
    }
    match &pending.result {
        Some(result) => query::show(result, false, out)?,
        None => out.say("cli.query.costly", &[("rows", entry.rows_estimate.to_string())]),
    }
    out.say("cli.query.answered", &[("answered", pending.reviewers.len().to_string())]);
    Ok(())
}

/// Takes a verdict.
pub(crate) fn review(args: &GateReviewArgs, out: &Out) -> Result<ExitCode, Failure> {
    let ledger = Ledger::open(&args.ledger)?;
    let review = Review {
        reviewer: &args.reviewer,
        verdict: if args.approve { Verdict::Approve } else { Verdict::Reject },
        reason: &args.reason,
        at: Utc::now(),
    };
    let opted_out = query::exclusions(args.opt_out.as_deref())?;
    match ledger.review(args.entry, &review, &opted_out)? {
        ReviewState::Waiting { answered } => {
            out.say("cli.query.answered", &[("answered", answered.to_string())]);
        }
        ReviewState::Decided(decided) => out.line(out.text(match decided {
            Decided::Approved => "cli.query.approved",
            Decided::Rejected => "cli.query.rejected",
            Decided::OptedOut => "query.review.opted_out",
        })),
    }
    Ok(ExitCode::SUCCESS)
}

/// What those who asked may see of an entry now.
pub(crate) fn show(args: &GateShowArgs, out: &Out) -> Result<ExitCode, Failure> {
    let ledger = Ledger::open(&args.ledger)?;
    match ledger.standing(args.entry)? {
        Standing::Released(released) => query::show(&released, args.json, out)?,
        Standing::Refused(refusal) => return Err(Refusal::clone(&refusal).into()),
        Standing::Waiting => out.line(out.text("cli.query.waiting")),
        Standing::MayRun => out.line(out.text("cli.query.may-run")),
    }
    for opened in ledger.verdicts(args.entry)? {
        let key = match opened.verdict {
            Verdict::Approve => "cli.query.approved",
            Verdict::Reject => "cli.query.rejected",
        };
        out.note(format!("{}  {}  {}", opened.reviewer, out.text(key), opened.reason));
    }
    Ok(ExitCode::SUCCESS)
}
