//! Searching in both languages.

use serde_json::json;
use shirube_model::record::Standing;
use shirube_store::{Draft, SearchQuery, SourceKey, Store};

use crate::common::{
    Engine, body, call_body, call_id, demo, new_call, on_both_engines, open, with,
};

on_both_engines! {
    words_are_found_however_they_are_written,
    internal_fields_are_searched_only_when_asked,
    titles_come_first_and_pages_join_up,
    a_newer_version_replaces_the_older_one,
    the_index_can_be_lost_or_damaged,
    readers_use_the_index_of_the_writer,
    callers_who_go_away_leave_everything_whole,
}

fn query(text: &str) -> SearchQuery {
    SearchQuery { text: text.to_owned(), limit: 100, ..SearchQuery::default() }
}

fn titled(key: &str, ja: &str, en: &str) -> Draft {
    let title = json!({"ja": ja, "en": en});
    Draft::new_record("call", Some(SourceKey::new("test", key)), with(call_body(1), "title", title))
}

async fn found(store: &Store, text: &str) -> Vec<String> {
    let page = store.search(&query(text)).await.unwrap();
    assert_eq!(page.total as usize, page.hits.len());
    let mut titles: Vec<String> = page.hits.iter().map(|h| h.title.ja.clone()).collect();
    titles.sort();
    titles
}

async fn words_are_found_however_they_are_written(engine: Engine) {
    let dir = engine.place();
    let store = open(&dir).await;
    let drafts = vec![
        titled("1", "ゲノム医療実現推進事業", "Genomic medicine studies"),
        titled("2", "ｹﾞﾉﾑ研究バイオバンク", "Biobank for genome research"),
        titled("3", "肺癌の臨床研究", "Clinical trial of lung cancer"),
        titled("4", "京都と東京都", "Kyoto and Tokyo"),
        titled("5", "研究の臨床", "The clinic"),
    ];
    store.append(drafts, "who", "why").await.unwrap();
    let cases: [(&str, &[&str]); 18] = [
        ("ゲノム", &["ゲノム医療実現推進事業", "ｹﾞﾉﾑ研究バイオバンク"]),
        ("ｹﾞﾉﾑ", &["ゲノム医療実現推進事業", "ｹﾞﾉﾑ研究バイオバンク"]),
        ("ゲノム医療", &["ゲノム医療実現推進事業"]),
        ("ゲノム　研究", &["ｹﾞﾉﾑ研究バイオバンク"]),
        ("臨床研究", &["肺癌の臨床研究"]),
        ("臨床 研究", &["研究の臨床", "肺癌の臨床研究"]),
        ("癌", &["肺癌の臨床研究"]),
        ("肺", &["肺癌の臨床研究"]),
        ("究", &["研究の臨床", "肺癌の臨床研究", "ｹﾞﾉﾑ研究バイオバンク"]),
        ("京都", &["京都と東京都"]),
        ("study", &["ゲノム医療実現推進事業"]),
        ("STUDIES", &["ゲノム医療実現推進事業"]),
        ("ｃｌｉｎｉｃａｌ trials", &["肺癌の臨床研究"]),
        ("genome", &["ｹﾞﾉﾑ研究バイオバンク"]),
        ("lung ゲノム", &[]),
        ("研究開発", &[]),
        ("", &[]),
        ("、。", &[]),
    ];
    for (text, expected) in cases {
        assert_eq!(found(&store, text).await, expected, "{text}");
    }
    assert_eq!(found(&store, call_id("4").as_str()).await, ["京都と東京都"]);
}

async fn internal_fields_are_searched_only_when_asked(engine: Engine) {
    let dir = engine.place();
    let store = open(&dir).await;
    let contract = body(json!({
        "title": "秘密の導出契約", "contract_type": "licence", "effective_on": "2025-05-01",
        "seeds": ["seed alpha", "化合物X"],
    }));
    let source = Some(SourceKey::new("test", "c"));
    let events =
        store.append(vec![Draft::new_record("contract", source, contract)], "who", "why").await;
    let id = events.unwrap().remove(0).record;
    for text in ["導出契約", "alpha", "化合物"] {
        assert_eq!(store.search(&query(text)).await.unwrap().total, 0, "{text}");
        let asked = SearchQuery { include_internal: true, ..query(text) };
        let page = store.search(&asked).await.unwrap();
        assert_eq!(page.total, 1, "{text}");
        assert!(page.hits[0].snippet.is_some());
    }
    // Found by its id, it still does not show what only staff may see.
    let page = store.search(&query(id.as_str())).await.unwrap();
    assert_eq!(page.hits[0].title.ja, id.to_string());
    assert_eq!(page.hits[0].snippet, None);
}

async fn titles_come_first_and_pages_join_up(engine: Engine) {
    let dir = engine.place();
    let store = open(&dir).await;
    let mut drafts: Vec<Draft> = (0..40).map(|n| titled(&n.to_string(), "公募", "Call")).collect();
    let project = body(json!({
        "title": {"ja": "課題", "en": "Project"}, "number": "公募-1", "funder": "amed",
        "started_on": "2025-04-01",
    }));
    drafts.push(Draft::new_record("project", Some(SourceKey::new("test", "p")), project));
    store.append_bulk(drafts, "who", "why").await.unwrap();
    let all = store.search(&query("公募")).await.unwrap();
    assert_eq!(all.total, 41);
    let order: Vec<_> = all.hits.iter().map(|h| (u32::MAX - h.score, h.id.to_string())).collect();
    assert!(order.windows(2).all(|pair| pair[0] < pair[1]), "{order:?}");
    let mut joined = Vec::new();
    for offset in (0..41).step_by(10) {
        let part = SearchQuery { offset, limit: 10, ..query("公募") };
        joined.extend(store.search(&part).await.unwrap().hits);
    }
    assert_eq!(joined, all.hits);
    assert_eq!((all.hits[0].score, all.hits[40].score), (4, 1));
    let kinds = vec!["project".to_owned()];
    let page = store.search(&SearchQuery { kinds, ..query("公募") }).await.unwrap();
    assert_eq!((page.total, page.hits[0].kind.as_str()), (1, "project"));
    let far = SearchQuery { offset: 1_000_000, ..query("公募") };
    assert_eq!(store.search(&far).await.unwrap_err().code(), "store.search-too-far");
}

async fn a_newer_version_replaces_the_older_one(engine: Engine) {
    let dir = engine.place();
    let store = open(&dir).await;
    store.append(vec![titled("1", "古い名称", "Old")], "who", "why").await.unwrap();
    assert_eq!(found(&store, "古い").await, ["古い名称"]);
    // One version alone, and two versions read in one go.
    let changes = vec![
        titled("1", "新しい名称", "New"),
        titled("2", "途中の名称", "Interim"),
        titled("2", "最後の名称", "Last"),
        Draft::withdraw(call_id("2"), 2),
    ];
    store.append(changes, "who", "why").await.unwrap();
    for text in ["古い", "途中"] {
        assert!(found(&store, text).await.is_empty(), "{text}");
    }
    assert_eq!(found(&store, "名称").await, ["新しい名称", "最後の名称"]);
    let page = store.search(&query("最後")).await.unwrap();
    assert_eq!(page.hits[0].standing, Standing::Withdrawn);
    assert_eq!(page.indexed_seq, 5);
    let kept = store.search_digest().await.unwrap();
    store.rebuild().await.unwrap();
    assert_eq!(store.search_digest().await.unwrap(), kept);
}

async fn the_index_can_be_lost_or_damaged(engine: Engine) {
    let dir = engine.place();
    let index = dir.address().dir().join("search");
    let store = open(&dir).await;
    store.append(vec![titled("1", "消えない記録", "Kept")], "who", "why").await.unwrap();
    assert_eq!(found(&store, "消えない").await.len(), 1);
    let digest = store.search_digest().await.unwrap();
    store.close().await.unwrap();
    let damages: [fn(&std::path::Path); 4] = [
        |index| std::fs::remove_dir_all(index).unwrap(),
        |index| std::fs::write(index.join("meta.json"), "{").unwrap(),
        |index| {
            // An index of another ledger.
            let meta = std::fs::read_to_string(index.join("meta.json")).unwrap();
            let other = meta.replace("\\\"hash\\\":\\\"", "\\\"hash\\\":\\\"0");
            assert_ne!(meta, other);
            std::fs::write(index.join("meta.json"), other).unwrap();
        },
        |index| {
            std::fs::remove_dir_all(index).unwrap();
            std::fs::write(index, "not a directory").unwrap();
        },
    ];
    for (case, damage) in damages.iter().enumerate() {
        damage(&index);
        let store = Store::open(&dir, demo()).await.unwrap();
        if case == 3 {
            // The ledger works without its index, and the index comes back.
            let error = store.search(&query("消えない")).await.unwrap_err();
            assert_eq!(error.code(), "store.io");
            store.append(vec![new_call("x", 1)], "who", "why").await.unwrap();
            std::fs::remove_file(&index).unwrap();
            assert_eq!(found(&store, "消えない").await.len(), 1);
            continue;
        }
        assert_eq!(found(&store, "消えない").await.len(), 1, "case {case}");
        assert_eq!(store.search_digest().await.unwrap(), digest, "case {case}");
        store.close().await.unwrap();
    }
}

async fn readers_use_the_index_of_the_writer(engine: Engine) {
    let dir = engine.place();
    let store = open(&dir).await;
    let reader = Store::open(&dir, demo().read_only()).await.unwrap();
    assert_eq!(reader.search(&query("公募")).await.unwrap_err().code(), "store.search-absent");
    store.append(vec![new_call("1", 1)], "who", "why").await.unwrap();
    store.catch_up_search().await.unwrap();
    assert_eq!(reader.search(&query("公募")).await.unwrap().total, 1);
    store.append(vec![new_call("2", 1)], "who", "why").await.unwrap();
    assert_eq!(store.catch_up_search().await.unwrap(), 1);
    assert_eq!(reader.search(&query("公募")).await.unwrap().total, 2);
}

async fn callers_who_go_away_leave_everything_whole(engine: Engine) {
    let dir = engine.place();
    let store = open(&dir).await;
    for n in 0..40u32 {
        let wait = std::time::Duration::from_micros(u64::from(n) * 150);
        let append = store.append(vec![new_call(&n.to_string(), 1)], "who", "why");
        // Whether it was in time does not matter; that nothing is half done does.
        let _ = tokio::time::timeout(wait, append).await;
        let _ = tokio::time::timeout(wait, store.catch_up_search()).await;
    }
    store.append(vec![new_call("last", 1)], "who", "why").await.unwrap();
    let head = store.head().await.unwrap().seq;
    let page = store.search(&query("公募")).await.unwrap();
    assert_eq!((page.total, page.indexed_seq), (head, head));
    assert!(store.verify_chain().await.unwrap().holds());
    let kept = store.search_digest().await.unwrap();
    store.rebuild().await.unwrap();
    assert_eq!(store.search_digest().await.unwrap(), kept);
}
