//! Full disk and failing files.

use std::process::Command;

use shirube_model::lang::Lang;
use shirube_store::{AsOf, Draft, OpenOptions, Store, StoreAddress, StoreError};

use crate::cluster::Cluster;

use crate::common::{Engine, call_body, call_id, demo, new_call, on_both_engines, open, url};

on_both_engines! {
    a_failed_write_can_be_sent_again,
    a_full_file_system_keeps_what_was_acknowledged,
}

#[tokio::test]
async fn a_full_disk_keeps_what_was_acknowledged() {
    let dir = tempfile::tempdir().unwrap();
    let limited = OpenOptions { pages_max: Some(60), ..demo() };
    let store = Store::open(dir.path(), limited).await.unwrap();
    let mut acknowledged = 0;
    let error = loop {
        let drafts: Vec<Draft> =
            (0..20).map(|i| new_call(&format!("{acknowledged}/{i}"), i)).collect();
        match store.append(drafts, "who", "fill").await {
            Ok(events) => acknowledged = events.last().unwrap().seq,
            Err(error) => break error,
        }
        assert!(acknowledged < 10_000, "the limit does not hold");
    };
    assert_eq!(error.code(), "store.disk-full");
    for lang in Lang::ALL {
        assert!(!error.refusals()[0].remedy(lang).is_empty());
    }
    assert!(acknowledged > 0);
    // Again, and with one event, and in bulk: refused or kept, but never half.
    for n in 0..3 {
        let drafts = (0..30).map(|i| new_call(&format!("again {n}/{i}"), i)).collect();
        let again = store.append_bulk(drafts, "who", "fill").await;
        assert_eq!(again.unwrap_err().code(), "store.disk-full");
    }
    assert_eq!(store.head().await.unwrap().seq, acknowledged);
    assert!(store.verify_chain().await.unwrap().holds());
    store.close().await.unwrap();
    // With room again, the same request goes through.
    let store = Store::open(dir.path(), demo()).await.unwrap();
    assert_eq!(store.head().await.unwrap().seq, acknowledged);
    store.append(vec![new_call("after", 1)], "who", "go on").await.unwrap();
    assert!(store.verify_chain().await.unwrap().holds());
}

/// A file system of a few megabytes, in memory. Only root can make one.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn new(size: &str) -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        let options = format!("size={size},mode=0777");
        let mounted = crate::cluster::is_root()
            && Command::new("mount")
                .args(["-t", "tmpfs", "-o", &options, "tmpfs"])
                .arg(dir.path())
                .status()
                .is_ok_and(|status| status.success());
        if !mounted {
            eprintln!("not run on a full disk: only root can mount a file system of limited size");
        }
        mounted.then_some(Self(dir))
    }

    fn grow(&self, size: &str) {
        let options = format!("remount,size={size}");
        let mut command = Command::new("mount");
        assert!(command.args(["-o", &options]).arg(self.0.path()).status().unwrap().success());
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(self.0.path()).status();
    }
}

/// A database whose tables are on the small disk, with a server of its own: while
/// the disk is full, no other database of the server could be made either, for
/// the pages that wait to be written are shared.
struct SmallDatabase(Cluster, &'static str);

impl SmallDatabase {
    fn on(disk: &SmallDisk) -> Self {
        let cluster = crate::cluster::own().unwrap();
        let name = "small";
        let space = format!("CREATE TABLESPACE {name} LOCATION '{}'", disk.0.path().display());
        crate::cluster::give_to_server(disk.0.path());
        cluster.psql("postgres", &space).unwrap();
        let made = format!("CREATE DATABASE {name} TEMPLATE template0 TABLESPACE {name}");
        cluster.psql("postgres", &made).unwrap();
        Self(cluster, name)
    }
}

async fn a_full_file_system_keeps_what_was_acknowledged(engine: Engine) {
    // An empty database alone takes seven megabytes.
    let size = if engine == Engine::Sqlite { "2m" } else { "11m" };
    let Some(disk) = SmallDisk::new(size) else { return };
    let local = tempfile::tempdir().unwrap();
    let database = (engine == Engine::Postgres).then(|| SmallDatabase::on(&disk));
    let address: StoreAddress = match &database {
        None => disk.0.path().join("store").into(),
        Some(database) => url(database.0.port, database.1, local.path()).parse().unwrap(),
    };
    let store = Store::open(&address, demo()).await.unwrap();
    let mut acknowledged = 0;
    let error = loop {
        let drafts: Vec<Draft> =
            (0..100).map(|i| new_call(&format!("{acknowledged}/{i}"), i)).collect();
        match store.append(drafts, "who", "fill").await {
            Ok(events) => acknowledged = events.last().unwrap().seq,
            Err(error) => break error,
        }
        assert!(acknowledged < 50_000, "the limit does not hold");
    };
    assert_eq!(error.code(), "store.disk-full", "{error:?}");
    assert!(acknowledged > 0);
    assert_eq!(store.head().await.unwrap().seq, acknowledged);
    assert!(store.verify_chain().await.unwrap().holds());
    // With room again, the same handle goes on.
    disk.grow("64m");
    let events = store.append(vec![new_call("after", 1)], "who", "go on").await.unwrap();
    assert_eq!(events[0].seq, acknowledged + 1);
    assert!(store.verify_chain().await.unwrap().holds());
    store.close().await.unwrap();
}

#[tokio::test]
async fn files_that_are_no_store_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let not_a_database = dir.path().join("a");
    std::fs::create_dir(&not_a_database).unwrap();
    std::fs::write(not_a_database.join("ledger.sqlite"), "これは台帳ではない".repeat(100)).unwrap();
    let a_directory = dir.path().join("b");
    std::fs::create_dir_all(a_directory.join("ledger.sqlite")).unwrap();
    let a_file = dir.path().join("c");
    std::fs::write(&a_file, "").unwrap();
    let cases =
        [(not_a_database, "store.damaged"), (a_directory, "store.io"), (a_file, "store.io")];
    for (path, code) in cases {
        let error = Store::open(path.as_path(), demo()).await.unwrap_err();
        assert_eq!(error.code(), code, "{}", path.display());
        assert!(matches!(error, StoreError::Fault(_)));
        let text = error.refusal().line_text(Lang::Ja);
        assert!(text.contains(&path.display().to_string()), "{text}");
    }
}

async fn a_failed_write_can_be_sent_again(engine: Engine) {
    let dir = engine.place();
    let store = open(&dir).await;
    store.append(vec![new_call("a", 1)], "who", "why").await.unwrap();
    dir.tamper("ALTER TABLE event RENAME TO event_away").await;
    let error = store.append(vec![new_call("b", 1)], "who", "why").await.unwrap_err();
    assert_eq!(error.code(), "store.io");
    dir.tamper("ALTER TABLE event_away RENAME TO event").await;
    let events = store.append(vec![new_call("b", 1)], "who", "why").await.unwrap();
    assert_eq!(events[0].seq, 2);
    assert_eq!(store.get(&call_id("b"), AsOf::Now).await.unwrap().unwrap().body, call_body(1));
    assert!(store.verify_chain().await.unwrap().holds());
}

/// Every code the store uses has a text and a remedy in both languages.
#[test]
fn every_code_has_its_message() {
    let mut codes = std::collections::BTreeSet::new();
    let mut pending = vec![std::path::PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/src"))];
    while let Some(path) = pending.pop() {
        if path.is_dir() {
            pending.extend(std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
            continue;
        }
        let text = std::fs::read_to_string(path).unwrap();
        for part in text.split('"').filter(|part| part.starts_with("store.")) {
            codes.insert(part.to_owned());
        }
    }
    assert!(codes.len() > 30, "{codes:?}");
    for code in codes {
        for lang in Lang::ALL {
            assert!(shirube_model::refusal::has_message(lang, &code), "{code} in {lang:?}");
        }
    }
}
