//! PostgreSQL going away: the connection cut at the worst moments, the server
//! crashing, and another instance stepping in.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use shirube_model::ident::RecordId;
use shirube_store::{AppendError, AsOf, Event, Store};

use crate::cluster;
use crate::common::{Engine, Place, call_id, live, new_call, url};
use crate::proxy::{Cut, Proxy};

/// What a request may come to while the server is away. Anything else would tell
/// the caller something that is not so.
const AWAY: [&str; 4] =
    ["store.server-unreachable", "store.outcome-unknown", "store.locked", "store.busy"];

struct Setting {
    proxy: Proxy,
    place: Place,
    through: String,
}

async fn setting() -> Option<Setting> {
    let cluster = cluster::shared()?;
    let place = Engine::Postgres.place();
    let proxy = Proxy::to(cluster.port).await;
    let through = url(proxy.port, place.database(), place.dir.path());
    Some(Setting { proxy, place, through })
}

impl Setting {
    async fn open(&self) -> Store {
        let address: shirube_store::StoreAddress = self.through.parse().unwrap();
        Store::open(address, live()).await.unwrap()
    }
}

async fn append(store: &Store, key: &str) -> Result<Vec<Event>, AppendError> {
    store.append(vec![new_call(key, 1)], "who", "why").await
}

async fn has(store: &Store, key: &str) -> bool {
    let id: RecordId = call_id(key);
    store.get(&id, AsOf::Now).await.unwrap().is_some()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_cut_before_the_commit_records_nothing() {
    let Some(setting) = setting().await else { return };
    let store = setting.open().await;
    append(&store, "a").await.unwrap();
    setting.proxy.cut_at(Cut::BeforeCommit);
    let error = append(&store, "b").await.unwrap_err();
    assert_eq!(error.code(), "store.server-unreachable");
    assert!(!has(&store, "b").await);
    assert_eq!(append(&store, "b").await.unwrap()[0].seq, 2);
    assert!(store.verify_chain().await.unwrap().holds());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_cut_after_the_commit_is_no_error() {
    let Some(setting) = setting().await else { return };
    let store = setting.open().await;
    append(&store, "a").await.unwrap();
    setting.proxy.cut_at(Cut::AfterCommit);
    assert_eq!(append(&store, "b").await.unwrap()[0].seq, 2);
    assert!(has(&store, "b").await);
    assert_eq!(append(&store, "c").await.unwrap()[0].seq, 3);
    assert!(store.verify_chain().await.unwrap().holds());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_known_is_said() {
    let Some(setting) = setting().await else { return };
    let store = setting.open().await;
    append(&store, "a").await.unwrap();
    setting.proxy.set_open(false);
    setting.proxy.cut_at(Cut::AfterCommit);
    let error = append(&store, "b").await.unwrap_err();
    assert_eq!(error.code(), "store.outcome-unknown");
    let error = append(&store, "c").await.unwrap_err();
    assert_eq!(error.code(), "store.server-unreachable");
    setting.proxy.set_open(true);
    // It was recorded; sending it again makes no second record.
    assert_eq!(append(&store, "b").await.unwrap(), []);
    assert_eq!(append(&store, "c").await.unwrap()[0].seq, 3);
    assert!(store.verify_chain().await.unwrap().holds());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_cut_off_cannot_write_beside_its_successor() {
    let Some(setting) = setting().await else { return };
    let first = setting.open().await;
    append(&first, "a").await.unwrap();
    setting.proxy.set_open(false);
    setting.proxy.cut_all();
    // The lock went with the connection.
    let second = Store::open(&setting.place, live()).await.unwrap();
    append(&second, "b").await.unwrap();
    setting.proxy.set_open(true);
    // The first request only finds out that the connection is gone.
    let codes = [append(&first, "c").await, append(&first, "c").await];
    let codes = codes.map(|result| result.unwrap_err().code());
    assert_eq!(codes[1], "store.locked");
    append(&second, "d").await.unwrap();
    second.close().await.unwrap();
    assert_eq!(append(&first, "c").await.unwrap()[0].seq, 4);
    assert!(first.verify_chain().await.unwrap().holds());
}

/// Appends until told to stop; gives the keys that were acknowledged and those
/// that were not.
async fn load(
    store: Store,
    task: usize,
    stop: Arc<AtomicBool>,
) -> (BTreeSet<String>, BTreeSet<String>) {
    let (mut kept, mut failed) = (BTreeSet::new(), BTreeSet::new());
    for n in 0.. {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let key = format!("{task} {n}");
        match append(&store, &key).await {
            Ok(_) => kept.insert(key),
            Err(error) => {
                assert!(AWAY.contains(&error.code()), "{}: {error:?}", error.code());
                tokio::time::sleep(Duration::from_millis(5)).await;
                failed.insert(key)
            }
        };
    }
    (kept, failed)
}

async fn check(store: &Store, kept: &BTreeSet<String>, failed: &BTreeSet<String>) {
    let mut events = Vec::new();
    while let Ok(more) = store.events_after(events.len() as u64, 5_000).await {
        if more.is_empty() {
            break;
        }
        events.extend(more);
    }
    let recorded: BTreeSet<&str> =
        events.iter().filter_map(|event| Some(event.source.as_ref()?.key.as_str())).collect();
    let lost: Vec<_> = kept.iter().filter(|key| !recorded.contains(key.as_str())).collect();
    assert!(lost.is_empty(), "{} of {} lost: {lost:?}", lost.len(), kept.len());
    assert_eq!(events.len(), recorded.len(), "something was recorded twice");
    assert!(recorded.iter().all(|key| kept.contains(*key) || failed.contains(*key)));
    assert!(store.verify_chain().await.unwrap().holds());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_cut_again_and_again_loses_nothing() {
    let Some(setting) = setting().await else { return };
    let store = setting.open().await;
    let stop = Arc::new(AtomicBool::new(false));
    let tasks: Vec<_> =
        (0..4).map(|task| tokio::spawn(load(store.clone(), task, Arc::clone(&stop)))).collect();
    for pause in [7, 40, 3, 90, 25, 60, 11, 120] {
        tokio::time::sleep(Duration::from_millis(pause)).await;
        setting.proxy.cut_all();
    }
    // The writer has found its way back when something is recorded again.
    while append(&store, "last").await.is_err() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    stop.store(true, Ordering::Relaxed);
    let (mut kept, mut failed) = (BTreeSet::from(["last".to_owned()]), BTreeSet::new());
    for task in tasks {
        let (k, f) = task.await.unwrap();
        kept.extend(k);
        failed.extend(f);
    }
    assert!(!failed.is_empty(), "nothing was cut");
    let direct = Store::open(&setting.place, live().read_only()).await.unwrap();
    check(&direct, &kept, &failed).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crashed_server_loses_nothing() {
    let Some(cluster) = cluster::own() else { return };
    let database = cluster.database();
    let dir = tempfile::tempdir().unwrap();
    let address: shirube_store::StoreAddress =
        url(cluster.port, &database, dir.path()).parse().unwrap();
    let store = Store::open(&address, live()).await.unwrap();
    let (mut kept, mut failed) = (BTreeSet::new(), BTreeSet::new());
    for round in 0..3 {
        let stop = Arc::new(AtomicBool::new(false));
        let tasks: Vec<_> = (0..4)
            .map(|task| tokio::spawn(load(store.clone(), round * 10 + task, Arc::clone(&stop))))
            .collect();
        tokio::time::sleep(Duration::from_millis(300)).await;
        tokio::task::block_in_place(|| cluster.stop("QUIT"));
        stop.store(true, Ordering::Relaxed);
        for task in tasks {
            let (k, f) = task.await.unwrap();
            assert!(!k.is_empty(), "nothing was written before the crash");
            kept.extend(k);
            failed.extend(f);
        }
        tokio::task::block_in_place(|| cluster.run());
        // The same handle goes on; the first request may only find the loss.
        let key = format!("after {round}");
        while let Err(error) = append(&store, &key).await {
            assert!(AWAY.contains(&error.code()), "{error:?}");
        }
        kept.insert(key);
        check(&store, &kept, &failed).await;
    }
    store.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_cannot_be_used_is_named() {
    let Some(cluster) = cluster::shared() else { return };
    let dir = tempfile::tempdir().unwrap();
    let latin = format!("latin_{}", std::process::id());
    let made = format!(
        "CREATE DATABASE {latin} TEMPLATE template0 ENCODING LATIN1 LOCALE 'C' \
         LOCALE_PROVIDER libc"
    );
    cluster.psql("postgres", &made).unwrap();
    cluster.psql("postgres", "CREATE ROLE reader LOGIN").unwrap();
    let place = Engine::Postgres.place();
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let reader = url(cluster.port, place.database(), dir.path()).replace("postgres@", "reader@");
    let cases = [
        (url(closed, "x", dir.path()), "store.server-unreachable"),
        (url(cluster.port, "none_such", dir.path()), "store.database-absent"),
        (url(cluster.port, &latin, dir.path()), "store.encoding-not-utf8"),
        (
            url(cluster.port, "x", dir.path()).replace("postgres@", "nobody@"),
            "store.sign-in-refused",
        ),
        // Without the right to make tables.
        (reader, "store.no-permission"),
    ];
    for (text, code) in cases {
        let address: shirube_store::StoreAddress = text.parse().unwrap();
        let error = Store::open(&address, live()).await.unwrap_err();
        assert_eq!(error.code(), code, "{text}: {error:?}");
        let shown = error.refusal().line_text(shirube_model::lang::Lang::En);
        assert!(shown.contains(&address.to_string()), "{shown}");
    }
}
