//! A writer killed in the middle of its work loses nothing it acknowledged.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use shirube_store::{Draft, Outcome, Store, StoreAddress};

use crate::common::{Engine, call_body, call_id, live, new_call, on_both_engines};

on_both_engines! {
    nothing_acknowledged_is_lost,
    a_second_process_is_refused_until_the_first_one_ends,
    a_restore_that_is_killed_leaves_nothing_or_everything,
}

const ADDRESS: &str = "SHIRUBE_TEST_CRASH_ADDRESS";
const BULK: &str = "SHIRUBE_TEST_CRASH_BULK";
const ARCHIVE: &str = "SHIRUBE_TEST_CRASH_ARCHIVE";

fn address() -> Option<StoreAddress> {
    Some(std::env::var(ADDRESS).ok()?.parse().unwrap())
}

/// Not a test by itself: the process that is killed. It prints the position of
/// every event after the store has acknowledged it.
#[tokio::test]
#[ignore = "run as a child process by `nothing_acknowledged_is_lost`"]
async fn child_appends_until_it_is_killed() {
    let Some(address) = address() else { return };
    let bulk = std::env::var_os(BULK).is_some();
    let store = Store::open(&address, live()).await.unwrap();
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

/// Not a test by itself: the process that is killed. It says when it begins.
#[tokio::test]
#[ignore = "run as a child process by `a_restore_that_is_killed_leaves_nothing_or_everything`"]
async fn child_restores_until_it_is_killed() {
    let (Some(address), Ok(archive)) = (address(), std::env::var(ARCHIVE)) else { return };
    writeln!(std::io::stdout(), "begin").unwrap();
    Store::restore(Path::new(&archive), &address).await.unwrap();
}

fn child(test: &str, address: &str, variables: &[(&str, &str)]) -> (Child, BufReader<ChildStdout>) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", test])
        .args(["--ignored", "--nocapture", "--test-threads=1"])
        .env(ADDRESS, address)
        .envs(variables.iter().copied())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let out = BufReader::new(child.stdout.take().unwrap());
    (child, out)
}

const APPENDS: &str = "crash::child_appends_until_it_is_killed";
const RESTORES: &str = "crash::child_restores_until_it_is_killed";

/// Starts the child, kills it after `after` acknowledgements, and gives the
/// highest position it acknowledged.
fn kill_child(address: &str, after: usize, bulk: bool) -> u64 {
    let variables: &[(&str, &str)] = if bulk { &[(BULK, "1")] } else { &[] };
    let (mut child, out) = child(APPENDS, address, variables);
    let mut acknowledged = 0;
    let mut count = 0;
    for line in out.lines() {
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

async fn nothing_acknowledged_is_lost(engine: Engine) {
    let place = engine.place();
    let mut least = 0;
    for (after, bulk) in [(1, false), (37, false), (700, true), (150, false), (1_500, true)] {
        let text = place.text();
        let acknowledged =
            tokio::task::spawn_blocking(move || kill_child(&text, after, bulk)).await.unwrap();
        assert!(acknowledged > least);
        let store = Store::open(&place, live()).await.unwrap();
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

async fn a_second_process_is_refused_until_the_first_one_ends(engine: Engine) {
    let place = engine.place();
    let (mut first, mut out) = child(APPENDS, &place.text(), &[]);
    let mut line = String::new();
    while !line.starts_with("ack ") {
        line.clear();
        assert!(out.read_line(&mut line).unwrap() > 0, "the child ended by itself");
    }
    let error = Store::open(&place, live()).await.unwrap_err();
    assert_eq!(error.code(), "store.locked");
    let reader = Store::open(&place, live().read_only()).await.unwrap();
    assert!(reader.head().await.unwrap().seq > 0);
    first.kill().unwrap();
    first.wait().unwrap();
    let second = Store::open(&place, live()).await.unwrap();
    second.append(vec![new_call("second", 1)], "who", "go on").await.unwrap();
    assert!(second.verify_chain().await.unwrap().holds());
}

async fn a_restore_that_is_killed_leaves_nothing_or_everything(engine: Engine) {
    let source = engine.other().place();
    let store = Store::open(&source, live()).await.unwrap();
    let drafts: Vec<Draft> = (0..3_000).map(|n| new_call(&n.to_string(), n)).collect();
    store.append_bulk(drafts, "import", "file").await.unwrap();
    let archive = source.dir.path().join("backup");
    let made = store.backup(&archive).await.unwrap();
    let place = engine.place();
    let text = archive.display().to_string();
    let mut stopped = 0;
    for wait in [0, 40, 150, 400] {
        let (mut child, mut out) = child(RESTORES, &place.text(), &[(ARCHIVE, &text)]);
        let mut line = String::new();
        while !line.contains("begin") {
            line.clear();
            assert!(out.read_line(&mut line).unwrap() > 0, "the child ended by itself");
        }
        tokio::time::sleep(Duration::from_millis(wait)).await;
        child.kill().unwrap();
        child.wait().unwrap();
        match Store::peek(&place).await {
            Err(error) => {
                assert_eq!(error.code(), "store.absent");
                stopped += 1;
            }
            Ok(_) => break,
        }
    }
    // The first one is killed before it can have done anything.
    assert!(stopped > 0);
    match Store::restore(&archive, &place).await {
        Ok(_) => {}
        Err(error) => assert_eq!(error.code(), "store.exists"),
    }
    let restored = Store::open(&place, live()).await.unwrap();
    assert_eq!(restored.head().await.unwrap(), made.head);
    assert!(restored.verify_chain().await.unwrap().holds());
}
