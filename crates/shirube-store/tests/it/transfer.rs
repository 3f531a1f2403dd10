//! Backup, restore and copy, within and between the engines.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use shirube_model::lang::Lang;
use shirube_store::{Store, StoredValue};

use crate::common::{Engine, Place, call_id, demo, live, new_call, on_both_engines, open};
use crate::projection::filled;

on_both_engines! {
    a_copy_is_the_same_store,
    a_copy_is_refused_rather_than_half_made,
    a_backup_is_made_while_writing,
    a_damaged_backup_restores_nothing,
}

/// A store with records, every kind of event, and values.
async fn rich(place: &Place) -> Store {
    let store = filled(place).await;
    let day = "2027-03-31".parse().unwrap();
    for (indicator, json) in [("OI-01", "{\"値\":\"1.5\"}"), ("OI-02", "{}"), ("OI-01", "null")] {
        store.save_value(indicator, "headline", day, json).await.unwrap();
    }
    store
}

/// Everything a store says that must be the same elsewhere.
async fn portrait(store: &Store) -> (Vec<u8>, Vec<StoredValue>, String) {
    let mut bytes = Vec::new();
    bytes.extend(store.head().await.unwrap().hash);
    bytes.extend(store.projection_digest().await.unwrap());
    bytes.extend(store.search_digest().await.unwrap());
    let mut values = store.values_of("OI-01").await.unwrap();
    values.extend(store.values_of("OI-02").await.unwrap());
    let events = store.events_after(0, 10_000).await.unwrap();
    (bytes, values, format!("{:?} {events:?}", store.meta()))
}

async fn a_copy_is_the_same_store(engine: Engine) {
    for target in [engine, engine.other()] {
        let (from, to) = (engine.place(), target.place());
        let store = rich(&from).await;
        let expected = portrait(&store).await;
        assert_eq!(expected.1.len(), 3);
        // Nobody may write meanwhile.
        assert_eq!(Store::copy(&from, &to).await.unwrap_err().code(), "store.locked");
        store.close().await.unwrap();
        let made = Store::copy(&from, &to).await.unwrap();
        assert_eq!((made.head.seq, made.values), (202, 3));
        let copy = Store::open(&to, demo()).await.unwrap();
        assert_eq!(portrait(&copy).await, expected, "{engine:?} to {target:?}");
        assert!(copy.verify_chain().await.unwrap().holds());
        // Both go on alike, also where ids are made from positions.
        let source = Store::open(&from, demo()).await.unwrap();
        assert_eq!(portrait(&source).await, expected);
        for store in [&copy, &source] {
            store.append(vec![new_call("new", 1)], "who", "why").await.unwrap();
            let id = store.save_value("OI-01", "x", "2028-03-31".parse().unwrap(), "{}").await;
            assert_eq!(id.unwrap(), 4);
        }
    }
}

async fn a_copy_is_refused_rather_than_half_made(engine: Engine) {
    let (from, to) = (engine.place(), engine.other().place());
    assert_eq!(Store::copy(&from, &to).await.unwrap_err().code(), "store.absent");
    rich(&from).await.close().await.unwrap();
    // A break near the end, when most has been carried over.
    assert_eq!(from.tamper("UPDATE event SET reason = 'other' WHERE seq = 201").await, 1);
    let error = Store::copy(&from, &to).await.unwrap_err();
    assert_eq!(error.code(), "store.chain-broken");
    assert_eq!(Store::peek(&to).await.unwrap_err().code(), "store.absent");
    assert_eq!(Store::open(&to, live().read_only()).await.unwrap_err().code(), "store.absent");
    let broken = Store::open(&from, demo().read_only()).await.unwrap();
    let file = from.dir.path().join("backup");
    assert_eq!(broken.backup(&file).await.unwrap_err().code(), "store.chain-broken");
    assert!(!file.exists());
    // The place is still good for a sound store, and only for one.
    let sound = engine.place();
    rich(&sound).await.close().await.unwrap();
    Store::copy(&sound, &to).await.unwrap();
    assert_eq!(Store::copy(&sound, &to).await.unwrap_err().code(), "store.exists");
    assert!(open(&to).await.verify_chain().await.unwrap().holds());
}

async fn a_backup_is_made_while_writing(engine: Engine) {
    let from = engine.place();
    let store = rich(&from).await;
    let stop = Arc::new(AtomicBool::new(false));
    let writing = tokio::spawn({
        let (store, stop) = (store.clone(), Arc::clone(&stop));
        async move {
            let mut n = 0;
            while !stop.load(Ordering::Relaxed) {
                let key = format!("while {n}");
                store.append(vec![new_call(&key, n)], "who", "why").await.unwrap();
                n += 1;
            }
            n
        }
    });
    // Also by another instance, which only reads.
    let reader = Store::open(&from, demo().read_only()).await.unwrap();
    let mut made = Vec::new();
    for n in 0..3 {
        let file = from.dir.path().join(format!("backup {n}"));
        let by = if n == 1 { &reader } else { &store };
        made.push((by.backup(&file).await.unwrap(), file));
        // The writer gets on between two backups.
        let head = made.last().unwrap().0.head.seq;
        while store.head().await.unwrap().seq < head + 2 {
            tokio::task::yield_now().await;
        }
    }
    stop.store(true, Ordering::Relaxed);
    assert!(writing.await.unwrap() > 0);
    assert!(made[0].0.head.seq < made[2].0.head.seq);
    let error = store.backup(&made[0].1).await.unwrap_err();
    assert_eq!(error.code(), "store.file-exists");
    for (index, (transfer, file)) in made.iter().enumerate() {
        let to = if index == 1 { engine.place() } else { engine.other().place() };
        assert_eq!(&Store::restore(file, &to).await.unwrap(), transfer);
        let restored = open(&to).await;
        let report = restored.verify_chain().await.unwrap();
        assert!(report.holds());
        assert_eq!(report.head, transfer.head);
        let digest = store.replay_digest(transfer.head.seq).await.unwrap();
        assert_eq!(restored.projection_digest().await.unwrap(), digest);
        assert_eq!(
            restored.values_of("OI-01").await.unwrap(),
            store.values_of("OI-01").await.unwrap()
        );
        assert_eq!(restored.meta(), store.meta());
        let error = Store::restore(file, &to).await.unwrap_err();
        assert_eq!(error.code(), "store.locked");
        restored.close().await.unwrap();
        assert_eq!(Store::restore(file, &to).await.unwrap_err().code(), "store.exists");
    }
}

fn unpack(archive: &[u8]) -> String {
    String::from_utf8(zstd::decode_all(archive).unwrap()).unwrap()
}

fn pack(text: &str) -> Vec<u8> {
    zstd::encode_all(text.as_bytes(), 3).unwrap()
}

fn without_line(text: &str, mut bad: impl FnMut(&str) -> bool) -> String {
    text.lines().filter(|line| !bad(line)).map(|line| format!("{line}\n")).collect()
}

async fn a_damaged_backup_restores_nothing(engine: Engine) {
    let from = engine.place();
    let store = rich(&from).await;
    let file = from.dir.path().join("backup");
    store.backup(&file).await.unwrap();
    let good = std::fs::read(&file).unwrap();
    let text = unpack(&good);
    assert_eq!(text.lines().count(), 1 + 202 + 3 + 1);
    let swapped = |a: &str, b: &str| pack(&text.replacen(a, b, 1));
    let mut flipped = good.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 0x40;
    let last = text.lines().last().unwrap();
    let cases: Vec<(&str, Vec<u8>, &[&str])> = vec![
        ("empty", Vec::new(), &["store.archive-unreadable"]),
        ("other file", b"seq,kind\n1,call\n".to_vec(), &["store.archive-unreadable"]),
        ("other contents", pack("{}\n"), &["store.archive-unreadable"]),
        ("flipped", flipped, &["store.archive-damaged", "store.chain-broken"]),
        ("half", good[..good.len() / 2].to_vec(), &["store.archive-cut-off"]),
        ("last byte", good[..good.len() - 1].to_vec(), &["store.archive-cut-off"]),
        ("no end", pack(&without_line(&text, |l| l == last)), &["store.archive-cut-off"]),
        ("more", pack(&format!("{text}{last}\n")), &["store.archive-damaged"]),
        (
            "no event",
            pack(&without_line(&text, |l| l.contains("\"seq\":7,"))),
            &["store.chain-broken"],
        ),
        ("event", swapped("\"actor\":\"import\"", "\"actor\":\"nobody\""), &["store.chain-broken"]),
        ("value", swapped("1.5", "9.5"), &["store.archive-damaged"]),
        (
            "no value",
            pack(&without_line(&text, |l| l.contains("OI-02"))),
            &["store.archive-damaged"],
        ),
        ("class", swapped("\"demo\"", "\"live\""), &["store.chain-broken"]),
        ("version", swapped("\"archive\":1", "\"archive\":2"), &["store.archive-newer"]),
    ];
    let to = engine.other().place();
    let error = Store::restore(&from.dir.path().join("none"), &to).await.unwrap_err();
    assert_eq!(error.code(), "store.file-absent");
    for (name, bytes, codes) in cases {
        let mut damaged = std::fs::File::create(from.dir.path().join("damaged")).unwrap();
        damaged.write_all(&bytes).unwrap();
        let error = Store::restore(&from.dir.path().join("damaged"), &to).await.unwrap_err();
        assert!(codes.contains(&error.code()), "{name}: {}", error.code());
        for lang in Lang::ALL {
            assert!(!error.refusal().remedy(lang).is_empty(), "{name}");
        }
        assert_eq!(Store::peek(&to).await.unwrap_err().code(), "store.absent", "{name}");
    }
    Store::restore(&file, &to).await.unwrap();
    let restored = open(&to).await;
    assert!(restored.get(&call_id("7"), shirube_store::AsOf::Now).await.unwrap().is_some());
}
