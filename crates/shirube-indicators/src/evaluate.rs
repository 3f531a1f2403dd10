//! The columnar evaluator: many specs over one view at once.

use std::collections::HashMap;

use shirube_model::indicator::{Disaggregation, Outcome, Spec, digest_outcome};

use crate::columns::{Columns, View};
use crate::error::EvalError;
use crate::finish::finish;
use crate::frame::Frame;
use crate::stage::{Caches, Stage, stage_key};
use crate::tally::{Job, tally};

/// One spec to evaluate, with its breakdowns.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// Spec.
    pub spec: &'a Spec,
    /// Breakdowns of the headline.
    pub breakdowns: &'a [Disaggregation],
}

/// Evaluates specs, keeping what does not depend on the day: filter results by
/// record version.
#[derive(Debug, Default)]
pub struct Evaluator {
    caches: Caches,
}

impl Evaluator {
    /// An evaluator that has seen nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Evaluates every request over one view. Results come in the order of the
    /// requests and do not depend on the number of threads.
    ///
    /// # Errors
    /// [`EvalError`] when an expression or column cannot be evaluated, which
    /// the check of a definition rules out.
    pub fn evaluate(
        &mut self,
        columns: &Columns,
        view: &View,
        requests: &[Request<'_>],
    ) -> Result<Vec<Outcome>, EvalError> {
        let specs: Vec<&Spec> = requests.iter().map(|request| request.spec).collect();
        self.caches.fill(columns, &specs)?;
        let fingerprints: Vec<String> =
            in_two(&(0..columns.tables.len()).collect::<Vec<_>>(), |&table| {
                Ok(view.fingerprint(columns, table))
            })?;
        let mut keys: Vec<String> = Vec::new();
        let mut number: HashMap<String, usize> = HashMap::new();
        let mut sources = Vec::new();
        for evidence in specs.iter().flat_map(|spec| spec.evidences()) {
            let key = stage_key(evidence);
            number.entry(key.clone()).or_insert_with(|| {
                keys.push(key);
                sources.push(evidence);
                keys.len() - 1
            });
        }
        let caches = &self.caches;
        let stages: Vec<Stage> =
            in_two(&sources, |evidence| Stage::of(columns, view, caches, evidence))?;
        in_two(requests, |request| {
            let frame = Frame::of(request.spec, view.day);
            let job = Job {
                columns,
                view,
                caches,
                spec: request.spec,
                frame: &frame,
                breakdowns: request.breakdowns,
                fingerprints: &fingerprints,
            };
            let stages: Vec<&Stage> = request
                .spec
                .evidences()
                .filter_map(|evidence| number.get(&stage_key(evidence)))
                .filter_map(|&i| stages.get(i))
                .collect();
            let counted = tally(&job, &stages)?;
            let mut outcome = finish(request.spec, &frame, counted);
            outcome.digest = digest_outcome(&outcome);
            Ok(outcome)
        })
    }
}

/// Does work on two threads and gives the results in order.
fn in_two<T: Sync, R: Send>(
    items: &[T],
    work: impl Fn(&T) -> Result<R, EvalError> + Sync,
) -> Result<Vec<R>, EvalError> {
    use std::sync::atomic::{AtomicUsize, Ordering};
    let next = AtomicUsize::new(0);
    let run = || {
        let mut done = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(index) else { break };
            done.push((index, work(item)?));
        }
        Ok::<_, EvalError>(done)
    };
    let mut done = std::thread::scope(|scope| {
        let other = scope.spawn(run);
        let mut mine = run()?;
        let theirs = other.join().unwrap_or(Err(EvalError::Unsupported("a worker stopped")))?;
        mine.extend(theirs);
        Ok::<_, EvalError>(mine)
    })?;
    done.sort_by_key(|(index, _)| *index);
    Ok(done.into_iter().map(|(_, result)| result).collect())
}
