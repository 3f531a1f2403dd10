//! Writing the evidence to a demo store.

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll};

use shirube_store::{AppendError, BulkReport, Draft, Store};

use crate::evidence::{DemoEvent, Evidence, Op};

/// Drafts in one request.
const DRAFTS_MAX: usize = 1_000;
/// Requests that wait for the writer at a time; it commits them together.
const REQUESTS_MAX: usize = 64;

/// Writes `events` events drawn from `seed` into a demo store, with the times
/// of the evidence. `progress` is told how many are on disk.
///
/// # Errors
/// The first refusal or fault: evidence that the store refuses is a mistake in
/// the evidence.
pub async fn fill_store(
    store: &Store,
    events: usize,
    seed: u64,
    mut progress: impl FnMut(usize),
) -> Result<(), AppendError> {
    let mut evidence = Evidence::new(seed, events).peekable();
    let mut waiting: VecDeque<Request<'_>> = VecDeque::new();
    let mut written = 0;
    while let Some(event) = evidence.next() {
        let (actor, reason) = (event.actor, event.reason.clone());
        let mut drafts = vec![draft(event)];
        while drafts.len() < DRAFTS_MAX
            && let Some(next) = evidence.next_if(|e| e.actor == actor && e.reason == reason)
        {
            drafts.push(draft(next));
        }
        let count = drafts.len();
        let request = async move {
            let report = store.append_bulk(drafts, actor, &reason).await?;
            first_refusal(report).map(|()| count)
        };
        waiting.push_back(Request::Running(Box::pin(request)));
        // Asking once puts the request into the writer's queue, in order.
        poll_fn(|context| {
            poll_all(&mut waiting, context);
            Poll::Ready(())
        })
        .await;
        if waiting.len() >= REQUESTS_MAX {
            written += next_done(&mut waiting).await?;
            progress(written);
        }
    }
    while !waiting.is_empty() {
        written += next_done(&mut waiting).await?;
        progress(written);
    }
    Ok(())
}

/// A request on its way, or its end.
enum Request<'a> {
    Running(Pin<Box<dyn Future<Output = Result<usize, AppendError>> + Send + 'a>>),
    Done(Result<usize, AppendError>),
}

/// Moves every request on, the oldest first.
fn poll_all(waiting: &mut VecDeque<Request<'_>>, context: &mut Context<'_>) {
    for request in waiting {
        if let Request::Running(running) = request
            && let Poll::Ready(result) = running.as_mut().poll(context)
        {
            *request = Request::Done(result);
        }
    }
}

/// Waits for the oldest request.
async fn next_done(waiting: &mut VecDeque<Request<'_>>) -> Result<usize, AppendError> {
    poll_fn(|context| {
        poll_all(waiting, context);
        match waiting.front() {
            Some(Request::Running(_)) => Poll::Pending,
            Some(Request::Done(_)) | None => Poll::Ready(()),
        }
    })
    .await;
    match waiting.pop_front() {
        Some(Request::Done(result)) => result,
        Some(Request::Running(_)) | None => Ok(0),
    }
}

fn first_refusal(report: BulkReport) -> Result<(), AppendError> {
    let refused = report.refused().next().map(|(_, error)| error.clone());
    refused.map_or(Ok(()), Err)
}

fn draft(event: DemoEvent) -> Draft {
    let before = event.version.saturating_sub(1);
    let draft = match event.op {
        Op::Create => Draft::new_record(event.kind, Some(event.source), event.body).only_if_new(),
        Op::Correct => Draft::correct(event.id, before, event.body),
        Op::Withdraw => Draft::withdraw(event.id, before),
        Op::Restore => Draft::restore(event.id, before),
        Op::MarkDuplicate { of } => Draft::mark_duplicate(event.id, before, of),
        Op::Transition { name } => Draft::transition(event.id, before, name, Some(event.body)),
    };
    draft.at(event.recorded_at)
}
