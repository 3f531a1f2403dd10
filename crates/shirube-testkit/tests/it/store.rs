//! The evidence as a demo store takes it.

use std::sync::Arc;

use shirube_store::{OpenOptions, Store, StoreClass};
use shirube_testkit::{demo_clock, fill_store, in_memory};

#[tokio::test]
async fn a_store_takes_every_event_and_holds_the_same_versions() {
    let dir = tempfile::tempdir().unwrap();
    let options =
        OpenOptions::new(StoreClass::Demo, "japan-2025").create().clock(Arc::new(demo_clock()));
    let store = Store::open(dir.path(), options).await.unwrap();
    let mut told = Vec::new();
    fill_store(&store, 3_000, 9, |done| told.push(done)).await.unwrap();
    assert_eq!(told.last(), Some(&3_000));
    assert!(told.is_sorted());
    let mut stored = Vec::new();
    loop {
        let events = store.events_after(stored.len() as u64, 500).await.unwrap();
        if events.is_empty() {
            break;
        }
        stored.extend(events.iter().map(|event| event.record_version()));
    }
    let wanted = in_memory(3_000, 9);
    assert_eq!(stored.len(), wanted.len());
    for (stored, wanted) in stored.iter().zip(&wanted) {
        assert_eq!(stored, wanted);
    }
    assert!(store.verify_chain().await.unwrap().holds());
}
