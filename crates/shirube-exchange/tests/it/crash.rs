//! An import killed at any moment loses nothing and repeats nothing.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use shirube_exchange::{Codes, ImportOptions, Input, Mode, Report, Silent, import};
use shirube_store::StoreClass;

use crate::base::*;

const STORE: &str = "SHIRUBE_TEST_IMPORT_STORE";
const FILE: &str = "SHIRUBE_TEST_IMPORT_FILE";
const MODE: &str = "SHIRUBE_TEST_IMPORT_MODE";
const RECORDS: usize = 300;

fn crash_options(mode: Mode) -> ImportOptions {
    ImportOptions { mode, batch_rows: 20, ..options("project") }
}

async fn run(dir: &Path, file: &Path, mode: Mode) -> Report {
    let store = open(dir, StoreClass::Live).await;
    let codes = Codes::of(&vocabularies());
    let input = Input::Path(file.to_owned());
    let report = import(&store, input, &codes, &crash_options(mode), &mut Silent).await.unwrap();
    store.close().await.unwrap();
    report
}

/// What the killed process does; does nothing when the tests run.
#[tokio::test]
async fn child() {
    let (Ok(dir), Ok(file), Ok(mode)) =
        (std::env::var(STORE), std::env::var(FILE), std::env::var(MODE))
    else {
        return;
    };
    let mode = if mode == "resume" { Mode::Resume } else { Mode::Write };
    run(Path::new(&dir), Path::new(&file), mode).await;
}

fn start(dir: &Path, file: &Path, mode: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "crash::child", "--nocapture"])
        .env(STORE, dir)
        .env(FILE, file)
        .env(MODE, mode)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Every record is entered, taken a step further and corrected; every tenth has
/// an unknown code, and every tenth a second row of which it cannot be known
/// whether it is meant.
fn input(dir: &Path) -> PathBuf {
    let mut text = "source_key,title.ja,title.en,funder,started_on,action,reason\n".to_owned();
    for n in 0..RECORDS {
        let funder = if n % 10 == 9 { "nobody" } else { "alpha" };
        text += &format!("{n},題{n},T,{funder},2025-04-01,,\n");
        text += &format!("{n},,,,,transition:start,r{}\n", n / 5);
        text += &format!("{n},改{n},T,alpha,2025-04-01,correct,r\n");
        if n % 10 == 3 {
            text += &format!("{n},題{n},T,alpha,2025-04-01,correct,r\n");
        }
    }
    let file = dir.join("input.csv");
    std::fs::write(&file, text).unwrap();
    file
}

fn quarantined(dir: &Path) -> (usize, Vec<(u64, String)>) {
    let mut runs: Vec<PathBuf> = std::fs::read_dir(dir.join("quarantine"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    runs.sort();
    let last = runs.last().unwrap();
    let text = std::fs::read_to_string(last.join("rows.ndjson")).unwrap();
    let rows = text
        .lines()
        .map(|line| {
            let value: serde_json::Value = serde_json::from_str(line).unwrap();
            (value["row"].as_u64().unwrap(), value["refusals"].to_string())
        })
        .collect();
    (std::fs::read_to_string(last.join("rows.csv")).unwrap().lines().count() - 1, rows)
}

/// The last row that the newest run has noted as done.
fn rows_done(dir: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(dir.join("quarantine")) else { return 0 };
    let newest = entries.map(|entry| entry.unwrap().path()).max();
    let text = newest.and_then(|run| std::fs::read(run.join("run.json")).ok());
    let value = text.and_then(|text| serde_json::from_slice::<serde_json::Value>(&text).ok());
    value.and_then(|value| value["row"].as_u64()).unwrap_or(0)
}

/// Kills the process once it has done `rows` rows and a little time has passed.
fn kill_after(mut process: Child, dir: &Path, rows: u64, pause: Duration) -> bool {
    while process.try_wait().unwrap().is_none() && rows_done(dir) < rows {
        std::thread::sleep(Duration::from_millis(1));
    }
    std::thread::sleep(pause);
    process.kill().unwrap();
    !process.wait().unwrap().success()
}

#[tokio::test]
async fn a_killed_import_ends_as_if_it_had_not_been_killed() {
    let base = tempfile::tempdir().unwrap();
    let file = input(base.path());
    let whole = base.path().join("whole");
    let whole_report = run(&whole, &file, Mode::Write).await;
    let mut random = 7_u64;
    let mut kills = 0;
    for mode in ["write", "resume"] {
        let dir = base.path().join(mode);
        for round in 0..7 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            // From before the first batch to beyond the middle.
            let rows = whole_report.counts.rows * round / 10;
            let pause = Duration::from_micros((random >> 33) % 15_000);
            kills += usize::from(kill_after(start(&dir, &file, mode), &dir, rows, pause));
        }
        let last = if mode == "resume" { Mode::Resume } else { Mode::Write };
        let report = run(&dir, &file, last).await;
        assert_eq!(report.resumed_after_row.is_some(), last == Mode::Resume);
        assert_eq!(report.counts.rows, whole_report.counts.rows);
        assert_eq!(report.counts.refusals, whole_report.counts.refusals);
        assert_eq!(quarantined(&dir), quarantined(&whole));

        let (killed, whole) =
            (open(&dir, StoreClass::Live).await, open(&whole, StoreClass::Live).await);
        assert_eq!(events(&killed).await, events(&whole).await);
        let view = |records: Vec<shirube_model::record::RecordVersion>| -> Vec<_> {
            records.into_iter().map(|r| (r.id, r.version, r.state, r.standing, r.body)).collect()
        };
        assert_eq!(view(all(&killed, "project").await), view(all(&whole, "project").await));
        killed.close().await.unwrap();
        whole.close().await.unwrap();
    }
    assert_eq!(kills, 14, "an import ended before it was killed");
}

#[tokio::test]
async fn a_full_disk_stops_the_import_and_more_room_ends_it() {
    let base = tempfile::tempdir().unwrap();
    let file = input(base.path());
    let whole = run(&base.path().join("whole"), &file, Mode::Write).await;
    let dir = base.path().join("small");
    open(&dir, StoreClass::Live).await.close().await.unwrap();
    let small = std::fs::metadata(dir.join("ledger.sqlite")).unwrap().len() / 4_096;
    let mut options = shirube_store::OpenOptions::new(StoreClass::Live, "test");
    options.pages_max = Some(u32::try_from(small).unwrap() + 60);
    let store = shirube_store::Store::open(&dir, options).await.unwrap();
    let codes = Codes::of(&vocabularies());
    let import_options = crash_options(Mode::Write);
    let from = Input::Path(file.clone());
    let error = import(&store, from, &codes, &import_options, &mut Silent).await.unwrap_err();
    assert_eq!(error.code(), "store.disk-full");
    let before = events(&store).await;
    assert!(before > 0);
    store.close().await.unwrap();
    let report = run(&dir, &file, Mode::Resume).await;
    assert!(report.resumed_after_row.is_some());
    // Rows of the batch that was cut off may be there already.
    let c = &report.counts;
    assert!(c.unchanged <= 20, "{c:?}");
    let recorded = c.created + c.corrected + c.stepped + c.unchanged;
    assert_eq!(recorded, whole.counts.created * 3);
    assert_eq!(c.refusals, whole.counts.refusals);
    let (store, other) = (
        open(&dir, StoreClass::Live).await,
        open(&base.path().join("whole"), StoreClass::Live).await,
    );
    assert_eq!(events(&store).await, events(&other).await);
}
