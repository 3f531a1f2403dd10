//! A writer killed in the middle of its work loses nothing it acknowledged.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use shirube_store::{Outcome, Store};

use crate::common::{call_body, call_id, live, new_call};

const DIR: &str = "SHIRUBE_TEST_CRASH_DIR";
const BULK: &str = "SHIRUBE_TEST_CRASH_BULK";

/// Not a test by itself: the process that is killed. It prints the position of
/// every event after the store has acknowledged it.
#[tokio::test]
#[ignore = "run as a child process by `nothing_acknowledged_is_lost`"]
async fn child_appends_until_it_is_killed() {
    let Some(dir) = std::env::var_os(DIR) else { return };
    let bulk = std::env::var_os(BULK).is_some();
    let store = Store::open(Path::new(&dir), live()).await.unwrap();
    let start = i64::try_from(store.head().await.unwrap().seq).unwrap();
    let mut out = std::io::stdout();
    for n in start.. {
        let mut seqs = Vec::new();
        if bulk {
            let drafts = (0..200).map(|i| new_call(&format!("{start}/{n}/{i}"), n)).collect();
            let report = store.append_bulk(drafts, "child", "crash").await.unwrap();
            seqs.extend(report.outcomes.iter().filter_map(|outcome| match outcome {
                Outcome::Recorded { seq, .. } => Some(*seq),
                _ => None,
            }));
        } else {
            let events = store.append(vec![new_call(&n.to_string(), n)], "child", "crash").await;
            seqs.extend(events.unwrap().iter().map(|e| e.seq));
        }
        for seq in seqs {
            writeln!(out, "ack {seq}").unwrap();
        }
        out.flush().unwrap();
    }
}

/// Starts the child, kills it after `after` acknowledgements, and gives the
/// highest position it acknowledged.
fn kill_child(dir: &Path, after: usize, bulk: bool) -> u64 {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "crash::child_appends_until_it_is_killed"])
        .args(["--ignored", "--nocapture", "--test-threads=1"])
        .env(DIR, dir)
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    if bulk {
        command.env(BULK, "1");
    }
    let mut child = command.spawn().unwrap();
    let mut acknowledged = 0;
    let mut count = 0;
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        // The last line may be cut off by the kill.
        let Ok(line) = line else { break };
        let Some(seq) = line.strip_prefix("ack ").and_then(|seq| seq.parse::<u64>().ok()) else {
            continue;
        };
        acknowledged = acknowledged.max(seq);
        count += 1;
        if count == after {
            // SIGKILL; what is still in the pipe was acknowledged too.
            child.kill().unwrap();
        }
    }
    child.wait().unwrap();
    assert!(count >= after, "the child ended by itself after {count} events");
    acknowledged
}

#[tokio::test]
async fn nothing_acknowledged_is_lost() {
    let dir = tempfile::tempdir().unwrap();
    let mut least = 0;
    for (after, bulk) in [(1, false), (37, false), (700, true), (150, false), (1_500, true)] {
        let path = dir.path().to_owned();
        let acknowledged =
            tokio::task::spawn_blocking(move || kill_child(&path, after, bulk)).await.unwrap();
        assert!(acknowledged > least);
        let store = Store::open(dir.path(), live()).await.unwrap();
        let head = store.head().await.unwrap();
        assert!(head.seq >= acknowledged, "{} of {acknowledged} are left", head.seq);
        let report = store.verify_chain().await.unwrap();
        assert!(report.holds(), "{report:?}");
        assert_eq!(report.events, head.seq);
        assert_eq!(store.searchable().await.unwrap(), head.seq);
        // And it goes on from there.
        let key = format!("after {acknowledged}");
        let events = store.append(vec![new_call(&key, 1)], "parent", "go on").await.unwrap();
        assert_eq!(events[0].prev_hash, head.hash);
        assert_eq!((&events[0].record, &events[0].body), (&call_id(&key), &call_body(1)));
        least = events[0].seq;
        store.close().await.unwrap();
    }
}
