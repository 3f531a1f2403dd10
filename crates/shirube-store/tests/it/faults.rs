//! Full disk and failing files.

use shirube_model::lang::Lang;
use shirube_store::{AsOf, Draft, OpenOptions, Store, StoreError};

use crate::common::{call_body, call_id, demo, new_call, open};

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
        let error = Store::open(&path, demo()).await.unwrap_err();
        assert_eq!(error.code(), code, "{}", path.display());
        assert!(matches!(error, StoreError::Fault(_)));
        let text = error.refusal().line_text(Lang::Ja);
        assert!(text.contains(&path.display().to_string()), "{text}");
    }
}

#[tokio::test]
async fn a_failed_write_can_be_sent_again() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    store.append(vec![new_call("a", 1)], "who", "why").await.unwrap();
    let mut raw = crate::common::raw(dir.path()).await;
    sqlx::query("ALTER TABLE event RENAME TO event_away").execute(&mut raw).await.unwrap();
    let error = store.append(vec![new_call("b", 1)], "who", "why").await.unwrap_err();
    assert_eq!(error.code(), "store.io");
    sqlx::query("ALTER TABLE event_away RENAME TO event").execute(&mut raw).await.unwrap();
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
