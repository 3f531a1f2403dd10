//! A store that older software made is upgraded to the very tables a new one
//! has, and loses nothing.

use shirube_store::{OpenOptions, Store, StoreClass};

use crate::common::{Engine, PACK, Place, demo, new_call, on_both_engines, open};
use crate::projection::filled;

on_both_engines! {
    the_oldest_tables_become_the_newest,
    an_upgraded_store_keeps_its_chain,
    newer_tables_are_left_alone,
}

/// The tables of the first release. They never change.
const OLDEST: &[&str] = &[
    "CREATE TABLE meta (key TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL)",
    "CREATE TABLE event (seq BIGINT PRIMARY KEY NOT NULL, recorded_at BIGINT NOT NULL, \
     kind TEXT NOT NULL, record TEXT NOT NULL, version BIGINT NOT NULL, action TEXT NOT NULL, \
     state TEXT NOT NULL, standing TEXT NOT NULL, duplicate_of TEXT, actor TEXT NOT NULL, \
     reason TEXT NOT NULL, source_system TEXT, source_key TEXT, body TEXT NOT NULL, \
     prev_hash TEXT NOT NULL, hash TEXT NOT NULL, UNIQUE (record, version))",
    "CREATE INDEX event_by_kind ON event (kind, seq)",
    "CREATE INDEX event_by_time ON event (recorded_at, seq)",
    "CREATE TABLE current_record (record TEXT PRIMARY KEY NOT NULL, kind TEXT NOT NULL, \
     version BIGINT NOT NULL, state TEXT NOT NULL, standing TEXT NOT NULL, duplicate_of TEXT, \
     body TEXT NOT NULL, seq BIGINT NOT NULL, recorded_at BIGINT NOT NULL)",
    "CREATE INDEX current_record_by_kind ON current_record (kind, seq)",
    "CREATE INDEX current_record_by_state ON current_record (kind, state, standing)",
    "CREATE TABLE stored_value (id BIGINT PRIMARY KEY NOT NULL, indicator TEXT NOT NULL, \
     reading TEXT NOT NULL, as_of TEXT NOT NULL, json TEXT NOT NULL, created_at BIGINT NOT NULL)",
    "CREATE INDEX stored_value_by_indicator ON stored_value (indicator, id)",
    "INSERT INTO meta (key, value) VALUES ('class', 'demo'), ('pack', 'japan-2025'), \
     ('created_at', '1743465600000000'), ('format', '1')",
];

const SQLITE_CATALOGUE: &str = "SELECT m.name || ' ' || c.cid || ' ' || c.name || ' ' || c.type \
     || ' ' || c.\"notnull\" || ' ' || coalesce(c.dflt_value, '-') || ' ' || c.pk \
     FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' \
     UNION ALL SELECT m.name || ' ' || i.name || ' ' || i.\"unique\" || ' ' || x.seqno || ' ' \
     || x.name FROM sqlite_master m JOIN pragma_index_list(m.name) i \
     JOIN pragma_index_info(i.name) x WHERE m.type = 'table' ORDER BY 1";
const POSTGRES_CATALOGUE: &str = "SELECT table_name || ' ' || ordinal_position || ' ' \
     || column_name || ' ' || data_type || ' ' || is_nullable || ' ' \
     || coalesce(column_default, '-') || ' ' || coalesce(collation_name, '-') \
     FROM information_schema.columns WHERE table_schema = 'public' \
     UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' \
     UNION ALL SELECT conrelid::regclass || ' ' || pg_get_constraintdef(oid) \
     FROM pg_constraint WHERE connamespace = 'public'::regnamespace ORDER BY 1";

async fn catalogue(engine: Engine, place: &Place) -> Vec<String> {
    let query = match engine {
        Engine::Sqlite => SQLITE_CATALOGUE,
        Engine::Postgres => POSTGRES_CATALOGUE,
    };
    place.ask(query).await
}

async fn make_oldest(engine: Engine, place: &Place) {
    for text in OLDEST {
        let text = match engine {
            Engine::Sqlite => (*text).to_owned(),
            Engine::Postgres => text.replace(" TEXT", " TEXT COLLATE \"C\""),
        };
        place.tamper(&text).await;
    }
}

async fn the_oldest_tables_become_the_newest(engine: Engine) {
    let (fresh, old) = (engine.place(), engine.place());
    open(&fresh).await.close().await.unwrap();
    make_oldest(engine, &old).await;
    let before = catalogue(engine, &old).await;
    let newest = catalogue(engine, &fresh).await;
    assert!(before.len() > 30, "{before:?}");
    assert_ne!(before, newest, "nothing to upgrade");
    let store = open(&old).await;
    store.append(vec![new_call("a", 1)], "who", "why").await.unwrap();
    let meta = store.meta().clone();
    store.close().await.unwrap();
    assert_eq!(catalogue(engine, &old).await, newest);
    assert_eq!(Store::peek(&old).await.unwrap(), meta);
    assert_eq!(meta.format, Store::peek(&fresh).await.unwrap().format);
    if engine == Engine::Postgres {
        // Every order of text is by bytes, whatever language the server speaks.
        let texts = newest.iter().filter(|line| line.contains(" text "));
        assert!(texts.clone().count() > 20);
        assert!(texts.into_iter().all(|line| line.ends_with(" C")), "{newest:?}");
    }
}

async fn an_upgraded_store_keeps_its_chain(engine: Engine) {
    let place = engine.place();
    let store = filled(&place).await;
    let (head, meta) = (store.head().await.unwrap(), store.meta().clone());
    let digest = store.projection_digest().await.unwrap();
    store.close().await.unwrap();
    // As the first release left it.
    place.tamper("DROP TABLE layout").await;
    assert_eq!(place.tamper("UPDATE meta SET value = '1' WHERE key = 'format'").await, 1);
    // Reading does not touch it.
    let reader = Store::open(&place, demo().read_only()).await.unwrap();
    assert_eq!((reader.meta().format, reader.head().await.unwrap()), (1, head));
    assert!(reader.verify_chain().await.unwrap().holds());
    reader.close().await.unwrap();
    let store = Store::open(&place, OpenOptions::new(StoreClass::Demo, PACK).clock(demo().clock));
    let store = store.await.unwrap();
    assert_eq!(store.meta(), &meta);
    assert_eq!(store.head().await.unwrap(), head);
    assert!(store.verify_chain().await.unwrap().holds());
    assert_eq!(store.projection_digest().await.unwrap(), digest);
    store.append(vec![new_call("new", 1)], "who", "why").await.unwrap();
    assert!(store.verify_chain().await.unwrap().holds());
}

async fn newer_tables_are_left_alone(engine: Engine) {
    let place = engine.place();
    open(&place).await.close().await.unwrap();
    place.tamper("UPDATE meta SET value = '99' WHERE key = 'format'").await;
    let before = catalogue(engine, &place).await;
    for options in [demo(), demo().read_only()] {
        let error = Store::open(&place, options).await.unwrap_err();
        assert_eq!(error.code(), "store.format-newer");
    }
    assert_eq!(catalogue(engine, &place).await, before);
}
