//! The current records and the index are what the ledger says, and a check
//! finds where anything was changed behind the store's back.

use shirube_model::lang::Lang;
use shirube_store::{BreakKind, Draft, Store};

use crate::common::{Engine, Place, call_id, demo, new_call, on_both_engines, open};

on_both_engines! {
    rebuilding_gives_the_same_bits,
    rebuilding_repairs_the_current_records,
    the_check_names_the_first_bad_event,
    a_cut_off_end_is_found_by_the_current_records,
}

pub async fn filled(dir: &Place) -> Store {
    let store = open(dir).await;
    let drafts: Vec<Draft> = (0..200).map(|n| new_call(&(n % 90).to_string(), n)).collect();
    store.append_bulk(drafts, "import", "file").await.unwrap();
    store.append(vec![Draft::withdraw(call_id("3"), 3)], "who", "why").await.unwrap();
    let duplicate = Draft::mark_duplicate(call_id("4"), 3, call_id("5"));
    store.append(vec![duplicate], "who", "why").await.unwrap();
    store
}

async fn rebuilding_gives_the_same_bits(engine: Engine) {
    let dir = engine.place();
    let store = filled(&dir).await;
    let maintained =
        (store.projection_digest().await.unwrap(), store.search_digest().await.unwrap());
    assert_eq!(store.replay_digest(202).await.unwrap(), maintained.0);
    assert_ne!(store.replay_digest(201).await.unwrap(), maintained.0);
    let rebuilt = store.rebuild().await.unwrap();
    assert_eq!((rebuilt.records, rebuilt.searchable), (90, 90));
    let again = (store.projection_digest().await.unwrap(), store.search_digest().await.unwrap());
    assert_eq!(again, maintained);
    // And after going on.
    store.append(vec![new_call("new", 1)], "who", "why").await.unwrap();
    assert_ne!(store.projection_digest().await.unwrap(), maintained.0);
    assert_ne!(store.search_digest().await.unwrap(), maintained.1);
}

async fn rebuilding_repairs_the_current_records(engine: Engine) {
    let dir = engine.place();
    let store = filled(&dir).await;
    let good = store.projection_digest().await.unwrap();
    let damages = [
        format!("UPDATE current_record SET state = 'closed' WHERE record = '{}'", call_id("7")),
        format!("UPDATE current_record SET body = 'x' WHERE record = '{}'", call_id("7")),
        format!("DELETE FROM current_record WHERE record = '{}'", call_id("7")),
        format!(
            "INSERT INTO current_record SELECT 'CAL-000000000000', kind, version, state, \
             standing, duplicate_of, body, seq, recorded_at FROM current_record \
             WHERE record = '{}'",
            call_id("7")
        ),
    ];
    for (damage, record) in damages.iter().zip([
        call_id("7").to_string(),
        call_id("7").to_string(),
        call_id("7").to_string(),
        "CAL-000000000000".to_owned(),
    ]) {
        assert_eq!(dir.tamper(damage).await, 1);
        let report = store.verify_chain().await.unwrap();
        assert_eq!(report.differing_record, Some(record), "{damage}");
        assert_eq!(report.refusal().unwrap().code, "store.projection-differs");
        store.rebuild().await.unwrap();
        assert!(store.verify_chain().await.unwrap().holds());
        assert_eq!(store.projection_digest().await.unwrap(), good);
    }
}

async fn the_check_names_the_first_bad_event(engine: Engine) {
    let cases = [
        ("UPDATE event SET reason = 'other' WHERE seq = 17", 17, BreakKind::Content),
        ("UPDATE event SET actor = 'other' WHERE seq = 1", 1, BreakKind::Content),
        ("UPDATE event SET body = ' ' || body WHERE seq = 20", 20, BreakKind::Content),
        ("UPDATE event SET body = 'x' WHERE seq = 21", 21, BreakKind::Unreadable),
        ("UPDATE event SET recorded_at = recorded_at + 1 WHERE seq = 202", 202, BreakKind::Content),
        ("UPDATE event SET hash = upper(hash) WHERE seq = 30", 30, BreakKind::Unreadable),
        ("UPDATE event SET prev_hash = hash WHERE seq = 40", 40, BreakKind::PreviousHash),
        ("DELETE FROM event WHERE seq = 50", 50, BreakKind::Missing),
        ("UPDATE meta SET value = 'other' WHERE key = 'pack'", 1, BreakKind::PreviousHash),
    ];
    for (tampering, seq, what) in cases {
        let dir = engine.place();
        let store = filled(&dir).await;
        assert!(store.verify_chain().await.unwrap().holds());
        store.close().await.unwrap();
        assert_eq!(dir.tamper(tampering).await, 1);
        let mut options = demo();
        if tampering.contains("meta") {
            options.pack = "other".to_owned();
        }
        let store = Store::open(&dir, options).await.unwrap();
        let report = store.verify_chain().await.unwrap();
        let broken = report.broken.clone().unwrap();
        assert_eq!((broken.seq, broken.what), (seq, what), "{tampering}");
        assert_eq!(report.events, seq - 1);
        let refusal = report.refusal().unwrap();
        assert_eq!(refusal.code, "store.chain-broken");
        for lang in Lang::ALL {
            assert!(refusal.message(lang).contains(&seq.to_string()));
            assert!(!refusal.remedy(lang).is_empty());
        }
    }
}

async fn a_cut_off_end_is_found_by_the_current_records(engine: Engine) {
    let dir = engine.place();
    let store = filled(&dir).await;
    assert_eq!(dir.tamper("DELETE FROM event WHERE seq > 200").await, 2);
    let report = store.verify_chain().await.unwrap();
    assert_eq!(report.broken, None);
    assert!(report.differing_record.is_some());
}
