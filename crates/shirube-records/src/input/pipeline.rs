//! Work on several threads, results in the order of the input.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, RecvError, SyncSender, channel, sync_channel};
use std::sync::{Mutex, PoisonError};

/// Reads with `next`, works on `threads` threads, and gives each result to
/// `sink` in the order of reading. The number of threads changes neither order
/// nor results. At most three times as many pieces as threads are in memory.
///
/// # Errors
/// The first failure of `next`, `work` or `sink`, in the order of the input.
pub fn in_order<T, R, E>(
    threads: usize,
    mut next: impl FnMut() -> Result<Option<T>, E> + Send,
    work: impl Fn(T) -> Result<R, E> + Sync,
    mut sink: impl FnMut(R) -> Result<(), E>,
) -> Result<(), E>
where
    T: Send,
    R: Send,
    E: Send,
{
    let threads = threads.max(1);
    // A piece may be read only when a ticket is free, so that one slow piece
    // does not let those behind it pile up.
    let (ticket_back, tickets) = channel::<()>();
    for _ in 0..threads * 3 {
        let _ = ticket_back.send(());
    }
    let (pieces, queue) = sync_channel::<(u64, Result<T, E>)>(threads * 3);
    let (done, results) = channel::<(u64, Result<R, E>)>();
    let queue = Mutex::new(queue);
    std::thread::scope(|scope| {
        scope.spawn(move || read(&tickets, &mut next, &pieces));
        for _ in 0..threads {
            let (queue, work, done) = (&queue, &work, done.clone());
            scope.spawn(move || {
                while let Ok((number, piece)) = take(queue) {
                    if done.send((number, piece.and_then(work))).is_err() {
                        return;
                    }
                }
            });
        }
        drop(done);
        // Dropped on every way out, which ends the reader.
        let ticket_back = ticket_back;
        let results = results;
        let mut waiting = BTreeMap::new();
        let mut wanted = 0;
        while let Ok((number, result)) = results.recv() {
            waiting.insert(number, result);
            while let Some(result) = waiting.remove(&wanted) {
                sink(result?)?;
                wanted += 1;
                let _ = ticket_back.send(());
            }
        }
        Ok(())
    })
}

fn read<T, E>(
    tickets: &Receiver<()>,
    next: &mut impl FnMut() -> Result<Option<T>, E>,
    pieces: &SyncSender<(u64, Result<T, E>)>,
) {
    let mut number = 0;
    while tickets.recv().is_ok() {
        let (piece, last) = match next() {
            Ok(None) => return,
            Ok(Some(piece)) => (Ok(piece), false),
            Err(error) => (Err(error), true),
        };
        if pieces.send((number, piece)).is_err() || last {
            return;
        }
        number += 1;
    }
}

fn take<P>(queue: &Mutex<Receiver<P>>) -> Result<P, RecvError> {
    queue.lock().unwrap_or_else(PoisonError::into_inner).recv()
}
