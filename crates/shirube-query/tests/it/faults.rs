//! Killed or out of disk at any instant: what was handed out is in the ledger,
//! and the ledger goes on.
//!
//! The work is done by this test binary called again, so that it can be killed.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use shirube_query::{
    Decided, Decision, Ledger, QueryPolicy, Review, ReviewState, ReviewWhen, Standing, Verdict,
};
use shirube_records::Snapshot;

use crate::bed::{asking, at, bed, decide, open, policy};

const LEDGER: &str = "SHIRUBE_QUERY_LEDGER";
const STORE: &str = "SHIRUBE_QUERY_STORE";
const SNAPSHOT: &str = "SHIRUBE_QUERY_SNAPSHOT";

fn rules() -> QueryPolicy {
    QueryPolicy { review: ReviewWhen::Always, ..policy("ndb-publication") }
}

/// Asks and reviews, one prefecture after the other, and says what it was given.
#[test]
#[ignore = "run as a child process by `killed_at_any_instant`"]
fn child_asks() {
    let (Ok(ledger), Ok(store), Ok(id)) =
        (std::env::var(LEDGER), std::env::var(STORE), std::env::var(SNAPSHOT))
    else {
        return;
    };
    let snapshot = Snapshot::open(Path::new(&store), &id).unwrap();
    let gate = open(&snapshot, &rules(), &[], Path::new(&ledger));
    for place in 1..=47 {
        let sql = format!("SELECT COUNT(*) FROM person WHERE location_id = {place}");
        let entry = match decide(&gate, &asking("asker"), &sql) {
            Ok(Decision::Queued(entry)) => entry,
            Ok(Decision::Released(released)) => {
                println!("released {}", released.entry);
                continue;
            }
            Err(error) => {
                println!("error {}", error.code());
                continue;
            }
        };
        println!("queued {entry}");
        for reviewer in ["r1", "r2"] {
            let review =
                Review { reviewer, verdict: Verdict::Approve, reason: "looked", at: at(1) };
            match gate.review(entry, &review) {
                Ok(ReviewState::Decided(Decided::Approved)) => println!("released {entry}"),
                Ok(_) => println!("answered {entry}"),
                Err(error) => println!("error {}", error.code()),
            }
        }
    }
}

fn child(ledger: &Path, blocks: Option<u32>) -> Child {
    let program = std::env::current_exe().unwrap();
    let words = ["--exact", "faults::child_asks", "--ignored", "--nocapture"];
    let mut command = match blocks {
        None => Command::new(program),
        Some(blocks) => {
            // Files beyond the limit cannot be written, as on a full disk.
            let mut shell = Command::new("sh");
            let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
            shell.arg("-c").arg(script).arg(program);
            shell
        }
    };
    command
        .args(words)
        .env(LEDGER, ledger)
        .env(STORE, bed().folder.path())
        .env(SNAPSHOT, &bed().snapshot.id)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// What a child said it was given: entries by word.
fn said(lines: &[String], word: &str) -> Vec<u64> {
    let numbers = lines.iter().filter_map(|l| l.split_once(word)?.1.trim().parse().ok());
    numbers.collect()
}

/// Every entry that a child was told of is there, and those released are shown.
fn holds(ledger: &Path, lines: &[String]) {
    let ledger = Ledger::open(ledger).unwrap();
    ledger.verify().unwrap();
    for entry in said(lines, "queued ") {
        assert!(ledger.standing(entry).is_ok(), "{entry} is not in the ledger");
    }
    for entry in said(lines, "released ") {
        assert!(matches!(ledger.standing(entry).unwrap(), Standing::Released(_)), "{entry}");
    }
}

#[test]
fn killed_at_any_instant() {
    let ledger = tempfile::tempdir().unwrap();
    for pause in [0, 7, 31, 64, 150, 400] {
        let mut child = child(ledger.path(), None);
        let mut reader = BufReader::new(child.stdout.take().unwrap());
        let mut lines = Vec::new();
        // Until it works, then for a while.
        while !lines.iter().any(|l: &String| l.contains("queued") || l.contains("released")) {
            let mut line = String::new();
            assert!(reader.read_line(&mut line).unwrap() > 0, "{lines:?}");
            lines.push(line);
        }
        std::thread::sleep(Duration::from_millis(pause));
        child.kill().unwrap();
        child.wait().unwrap();
        lines.extend(reader.lines().map_while(Result::ok));
        holds(ledger.path(), &lines);
    }
    // And it goes on.
    let gate = open(&bed().snapshot, &rules(), &[], ledger.path());
    let sql = "SELECT COUNT(*) FROM person WHERE location_id = 13";
    assert!(decide(&gate, &asking("asker"), sql).is_ok());
}

#[test]
fn a_full_disk_hands_out_nothing_that_is_not_in_the_ledger() {
    for blocks in [1, 2, 3, 5, 9] {
        let ledger = tempfile::tempdir().unwrap();
        // Its persons are numbered; what is tried is releasing.
        open(&bed().snapshot, &rules(), &[], ledger.path());
        let mut child = child(ledger.path(), Some(blocks));
        let reader = BufReader::new(child.stdout.take().unwrap());
        let lines: Vec<String> = reader.lines().map_while(Result::ok).collect();
        child.wait().unwrap();
        assert!(lines.iter().any(|l| l.contains("error query.ledger.failed")), "{lines:?}");
        holds(ledger.path(), &lines);
        let gate = open(&bed().snapshot, &rules(), &[], ledger.path());
        let sql = "SELECT COUNT(*) FROM person WHERE location_id = 13";
        assert!(decide(&gate, &asking("asker"), sql).is_ok());
        gate.ledger().verify().unwrap();
    }
}
