//! Work on many groups at once.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::scan::threads;

/// What `work` gives for each number below `count`, in their order, worked out
/// on several threads.
pub(crate) fn each<T: Send>(count: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let workers = threads().min(count);
    if workers < 2 {
        return (0..count).map(work).collect();
    }
    let next = AtomicUsize::new(0);
    let one = || {
        let mut done = Vec::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= count {
                return done;
            }
            done.push((number, work(number)));
        }
    };
    let mut done = thread::scope(|scope| {
        let started: Vec<_> = (0..workers).map(|_| scope.spawn(one)).collect();
        let mut done = Vec::with_capacity(count);
        for worker in started {
            match worker.join() {
                Ok(part) => done.extend(part),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        done
    });
    done.sort_unstable_by_key(|(number, _)| *number);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_order() {
        for count in [0, 1, 2, 1_000] {
            let wanted: Vec<usize> = (0..count).map(|n| n * n).collect();
            assert_eq!(each(count, |n| n * n), wanted);
        }
    }
}
