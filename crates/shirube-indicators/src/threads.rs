//! Work on two threads, with results that do not depend on which did what.

use std::sync::Mutex;

use crate::error::EvalError;

const STOPPED: EvalError = EvalError::Unsupported("a worker stopped");

/// Does work on every item and gives the results in order.
pub(crate) fn in_two<'a, T: Sync, R: Send>(
    items: &'a [T],
    work: impl Fn(&'a T) -> Result<R, EvalError> + Sync,
) -> Result<Vec<R>, EvalError> {
    in_two_taking(items.iter().collect(), work)
}

/// Takes items one by one on two threads and gives the results in order.
pub(crate) fn in_two_taking<T: Send, R: Send>(
    items: Vec<T>,
    work: impl Fn(T) -> Result<R, EvalError> + Sync,
) -> Result<Vec<R>, EvalError> {
    let queue = Mutex::new(items.into_iter().enumerate());
    let take = || queue.lock().map_or(None, |mut queue| queue.next());
    let run = || {
        let mut done = Vec::new();
        while let Some((index, item)) = take() {
            done.push((index, work(item)?));
        }
        Ok::<_, EvalError>(done)
    };
    let mut done = std::thread::scope(|scope| {
        let other = scope.spawn(run);
        let mut mine = run()?;
        mine.extend(other.join().unwrap_or(Err(STOPPED))?);
        Ok::<_, EvalError>(mine)
    })?;
    done.sort_unstable_by_key(|(index, _)| *index);
    Ok(done.into_iter().map(|(_, result)| result).collect())
}

/// Does every job, those that cost most first.
pub(crate) fn in_two_parts<T: Send>(
    mut jobs: Vec<T>,
    cost: impl Fn(&T) -> usize,
    work: impl Fn(T) -> Result<(), EvalError> + Sync,
) -> Result<(), EvalError> {
    jobs.retain(|job| cost(job) > 0);
    jobs.sort_by_cached_key(|job| std::cmp::Reverse(cost(job)));
    in_two_taking(jobs, work).map(|_| ())
}
