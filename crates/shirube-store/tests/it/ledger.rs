//! Appending, reading and opening.

use std::sync::Arc;

use chrono::TimeDelta;
use serde_json::{Value, json};
use shirube_model::ident::RecordId;
use shirube_model::lang::Lang;
use shirube_model::record::{Body, Standing};
use shirube_store::{
    Action, AppendError, AsOf, Draft, FixedClock, ListQuery, OpenOptions, Order, Outcome,
    SourceKey, Store, StoreClass, SystemClock,
};

use crate::common::{
    Engine, PACK, body, call_body, call_id, demo, live, new_call, on_both_engines, open,
    programme_id, start, with,
};

on_both_engines! {
    a_record_lives_through_its_steps,
    rules_are_refused_by_code,
    a_stale_edit_shows_both_versions,
    the_same_source_row_makes_no_second_record,
    bulk_keeps_the_good_and_reports_the_bad,
    bulk_and_single_requests_make_the_same_chain,
    waiting_requests_are_all_answered,
    time_stands_still_when_the_clock_goes_back,
    lists_are_filtered_counted_and_paged,
    events_are_found_by_position,
    a_store_remembers_what_it_is,
    only_one_instance_writes_and_others_read,
    a_live_store_keeps_its_own_time,
    a_store_made_twice_the_same_way_has_the_same_chain,
    values_are_kept_as_given,
    records_are_called_by_their_titles,
}

fn ids(records: &[shirube_model::record::RecordVersion]) -> Vec<String> {
    records.iter().map(|r| r.id.to_string()).collect()
}

async fn a_record_lives_through_its_steps(engine: Engine) {
    let dir = engine.place();
    let store = open(&dir).await;
    let id = call_id("a");
    let drafts = vec![
        new_call("a", 1),
        Draft::correct(id.clone(), 1, with(call_body(2), "closes_on", json!("2025-06-30"))),
        Draft::transition(id.clone(), 2, "close", None),
    ];
    let events = store.append(drafts, "officer", "intake").await.unwrap();
    assert_eq!(events.iter().map(|e| e.seq).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(events[0].prev_hash, store.meta().origin().hash);
    assert_eq!(events[2].prev_hash, events[1].hash);
    assert!(events.iter().all(|e| e.content_hash() == e.hash));
    store.append(vec![Draft::withdraw(id.clone(), 3)], "officer", "mistake").await.unwrap();
    store.append(vec![Draft::restore(id.clone(), 4)], "officer", "no mistake").await.unwrap();
    let now = store.get(&id, AsOf::Now).await.unwrap().unwrap();
    assert_eq!((now.version, now.state.as_str(), now.standing), (5, "closed", Standing::Active));
    let then = store.get(&id, AsOf::Seq(4)).await.unwrap().unwrap();
    assert_eq!((then.version, then.standing), (4, Standing::Withdrawn));
    let history = store.history(&id).await.unwrap();
    assert_eq!(history.len(), 5);
    assert_eq!(history[2].action, Action::Transition("close".to_owned()));
    assert_eq!(history[4].reason, "no mistake");
    assert_eq!(history[4].source, Some(SourceKey::new("test", "a")));
    assert_eq!(store.get(&call_id("b"), AsOf::Now).await.unwrap(), None);
    assert_eq!(store.get(&id, AsOf::Seq(0)).await.unwrap(), None);
    assert!(store.verify_chain().await.unwrap().holds());
}

/// Every rule of the ledger: what is asked, and the code of the refusal.
async fn rules_are_refused_by_code(engine: Engine) {
    let dir = engine.place();
    let store = open(&dir).await;
    let (a, b, gone) = (call_id("a"), call_id("b"), call_id("gone"));
    let source = |system: &str, key: &str| Some(SourceKey::new(system, key));
    let setup = vec![
        new_call("a", 1),
        new_call("b", 1),
        new_call("gone", 1),
        Draft::withdraw(gone.clone(), 1),
        Draft::new_record(
            "programme",
            source("test", "P"),
            body(json!({
                "name": {"ja": "事業", "en": "Programme"}, "funder": "amed"
            })),
        ),
        new_call("closed", 1),
        Draft::transition(
            call_id("closed"),
            1,
            "close",
            Some(with(call_body(1), "closes_on", json!("2025-06-30"))),
        ),
    ];
    store.append(setup, "officer", "setup").await.unwrap();
    let head = store.head().await.unwrap();
    let new = |kind: &str, source, body| Draft::new_record(kind, source, body);
    let cases: Vec<(&str, Draft)> = vec![
        ("store.kind-unknown", new("calls", source("test", "x"), call_body(1))),
        ("store.source-blank", new("call", source("test", " "), call_body(1))),
        ("store.source-blank", new("call", source("", "x"), call_body(1))),
        ("store.source-reserved", new("call", source("shirube:1", "x"), call_body(1))),
        ("store.text-unstorable", new("call", source("test", "x\0"), call_body(1))),
        ("store.source-known", new_call("a", 2).only_if_new()),
        ("registers.field.missing", new("call", source("test", "x"), Body::new())),
        ("registers.field.unknown", new_call("a", 1).clone().tap("colour", json!("red"))),
        ("store.record-unknown", Draft::withdraw(call_id("none"), 1)),
        ("store.version-unknown", Draft::withdraw(a.clone(), 2)),
        ("store.version-unknown", Draft::withdraw(a.clone(), 0)),
        ("store.stale-edit", Draft::restore(gone.clone(), 1)),
        ("store.standing-not-from-here", Draft::restore(a.clone(), 1)),
        ("store.standing-not-from-here", Draft::withdraw(gone.clone(), 2)),
        ("store.standing-not-from-here", Draft::mark_duplicate(gone.clone(), 2, a.clone())),
        ("store.duplicate-of-itself", Draft::mark_duplicate(a.clone(), 1, a.clone())),
        ("store.duplicate-of-other-kind", Draft::mark_duplicate(a.clone(), 1, programme_id())),
        ("store.duplicate-of-inactive", Draft::mark_duplicate(a.clone(), 1, gone.clone())),
        ("store.record-unknown", Draft::mark_duplicate(a.clone(), 1, call_id("none"))),
        ("registers.transition.unknown", Draft::transition(a.clone(), 1, "shut", None)),
        ("registers.transition.needs-field", Draft::transition(a.clone(), 1, "close", None)),
        ("registers.transition.not-active", Draft::transition(gone.clone(), 2, "close", None)),
        (
            "registers.transition.not-from-here",
            Draft::transition(call_id("closed"), 2, "close", None),
        ),
        ("registers.field.missing", Draft::correct(a.clone(), 1, Body::new())),
        ("store.state-needs-field", Draft::correct(call_id("closed"), 2, call_body(5))),
    ];
    for (code, draft) in cases {
        let text = format!("{draft:?}");
        // The good draft before must go with the bad one.
        let error =
            store.append(vec![new_call("z", 1), draft], "officer", "try").await.unwrap_err();
        assert_eq!(error.code(), code, "{text}");
        if let AppendError::Refused { draft, refusals } = &error {
            assert_eq!(*draft, 1, "{text}");
            if code.starts_with("store.") {
                assert!(Lang::ALL.iter().all(|l| !refusals[0].remedy(*l).is_empty()), "{code}");
            }
        }
    }
    for (actor, reason, code) in [
        (" ", "why", "store.actor-blank"),
        ("who", "", "store.reason-blank"),
        ("who\0", "why", "store.text-unstorable"),
        ("who", "w\0hy", "store.text-unstorable"),
    ] {
        let error = store.append(vec![new_call("z", 1)], actor, reason).await.unwrap_err();
        assert_eq!(error.code(), code);
    }
    assert_eq!(store.head().await.unwrap(), head);
    assert_eq!(store.get(&call_id("z"), AsOf::Now).await.unwrap(), None);
    assert_eq!(store.get(&b, AsOf::Now).await.unwrap().unwrap().version, 1);
}

trait Tap {
    fn tap(self, field: &str, value: Value) -> Draft;
}

impl Tap for Draft {
    /// The call of the test with one more field.
    fn tap(self, field: &str, value: Value) -> Draft {
        let body = with(call_body(1), field, value);
        Draft::new_record("call", Some(SourceKey::new("test", "tap")), body)
    }
}

async fn a_stale_edit_shows_both_versions(engine: Engine) {
    let dir = engine.place();
    let store = open(&dir).await;
    let id = call_id("a");
    store.append(vec![new_call("a", 1)], "one", "intake").await.unwrap();
    store.append(vec![Draft::correct(id.clone(), 1, call_body(2))], "two", "fix").await.unwrap();
    let mine = call_body(3);
    let draft = Draft::correct(id.clone(), 1, mine.clone());
    let Err(AppendError::Stale(stale)) = store.append(vec![draft], "one", "fix").await else {
        panic!("a stale edit went through");
    };
    assert_eq!((stale.base_version, stale.mine.as_ref()), (1, Some(&mine)));
    assert_eq!((stale.current.version, &stale.current.body), (2, &call_body(2)));
    let refusal = AppendError::Stale(stale).refusals().remove(0);
    assert!(refusal.message(Lang::En).contains("version 1"), "{refusal}");
}

async fn the_same_source_row_makes_no_second_record(engine: Engine) {
    let dir = engine.place();
    let store = open(&dir).await;
    let first = store.append(vec![new_call("a", 1)], "import", "file").await.unwrap();
    assert_eq!(first[0].action, Action::Create);
    // Absent, null and empty values are the same.
    let padded = with(call_body(1), "decided_on", Value::Null);
    let again = Draft::new_record("call", Some(SourceKey::new("test", "a")), padded);
    assert_eq!(store.append(vec![again], "import", "file").await.unwrap(), []);
    let changed = store.append(vec![new_call("a", 2)], "import", "file").await.unwrap();
    assert_eq!((&changed[0].action, changed[0].version), (&Action::Correct, 2));
    // Twice in one request, and without a key.
    let drafts = vec![new_call("b", 1), new_call("b", 1), new_call("b", 2)];
    assert_eq!(store.append(drafts, "import", "file").await.unwrap().len(), 2);
    let keyless = || Draft::new_record("call", None, call_body(1));
    let two = store.append(vec![keyless(), keyless()], "import", "file").await.unwrap();
    assert_ne!(two[0].record, two[1].record);
}

async fn bulk_keeps_the_good_and_reports_the_bad(engine: Engine) {
    let dir = engine.place();
    let store = open(&dir).await;
    let mut drafts: Vec<Draft> = (0..300).map(|n| new_call(&n.to_string(), n)).collect();
    drafts.insert(7, Draft::new_record("call", Some(SourceKey::new("test", "x")), Body::new()));
    drafts.push(new_call("3", 3));
    drafts.push(Draft::correct(call_id("4"), 1, call_body(5)));
    let report = store.append_bulk(drafts, "import", "file").await.unwrap();
    assert_eq!((report.recorded(), report.unchanged()), (301, 1));
    let refused: Vec<_> = report.refused().collect();
    assert_eq!(refused.len(), 1);
    assert_eq!((refused[0].0, refused[0].1.code()), (7, "registers.field.missing"));
    assert_eq!(
        report.outcomes[302],
        Outcome::Recorded { seq: 301, record: call_id("4"), version: 2 }
    );
    assert!(store.verify_chain().await.unwrap().holds());
}

async fn bulk_and_single_requests_make_the_same_chain(engine: Engine) {
    let drafts = || -> Vec<Draft> {
        let mut drafts: Vec<Draft> = (0..150)
            .map(|n| new_call(&(n % 97).to_string(), n).at(start() + TimeDelta::minutes(n)))
            .collect();
        drafts.push(Draft::withdraw(call_id("5"), 2).at(start()));
        drafts
    };
    let (one, many) = (engine.place(), engine.place());
    let (one, many) = (open(&one).await, open(&many).await);
    for draft in drafts() {
        one.append(vec![draft], "import", "file").await.unwrap();
    }
    many.append_bulk(drafts(), "import", "file").await.unwrap();
    assert_eq!(one.head().await.unwrap(), many.head().await.unwrap());
    assert_eq!(one.projection_digest().await.unwrap(), many.projection_digest().await.unwrap());
    // A time before the previous event becomes that event's time.
    let last = many.event(151).await.unwrap();
    assert_eq!(last.recorded_at, start() + TimeDelta::minutes(149));
}

async fn waiting_requests_are_all_answered(engine: Engine) {
    let dir = engine.place();
    let store = open(&dir).await;
    let mut tasks = Vec::new();
    for n in 0..60 {
        let store = store.clone();
        tasks.push(tokio::spawn(async move {
            // Every third request is bad, and takes nothing of the others along.
            let second = if n % 3 == 0 { Body::new() } else { call_body(n) };
            let bad =
                Draft::new_record("call", Some(SourceKey::new("test", format!("{n}b"))), second);
            store.append(vec![new_call(&n.to_string(), n), bad], "task", "load").await
        }));
    }
    let mut seqs = Vec::new();
    let mut refused = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(events) => seqs.extend(events.iter().map(|e| e.seq)),
            Err(error) => {
                assert_eq!(error.code(), "registers.field.missing");
                refused += 1;
            }
        }
    }
    seqs.sort_unstable();
    assert_eq!(seqs, (1..=80).collect::<Vec<_>>());
    assert_eq!(refused, 20);
    assert!(store.verify_chain().await.unwrap().holds());
}

async fn time_stands_still_when_the_clock_goes_back(engine: Engine) {
    let dir = engine.place();
    let clock = Arc::new(FixedClock::new(start()));
    let store = Store::open(&dir, demo().clock(Arc::clone(&clock) as _)).await.unwrap();
    let mut recorded = Vec::new();
    for (key, minutes) in [("a", 10), ("b", -60), ("c", 20)] {
        clock.set(start() + TimeDelta::minutes(minutes));
        let events = store.append(vec![new_call(key, 1)], "who", "why").await.unwrap();
        recorded.push((events[0].recorded_at - start()).num_minutes());
    }
    // Also across a restart.
    store.close().await.unwrap();
    clock.set(start() - TimeDelta::days(1));
    let store = Store::open(&dir, demo().clock(Arc::clone(&clock) as _)).await.unwrap();
    let events = store.append(vec![new_call("d", 1)], "who", "why").await.unwrap();
    recorded.push((events[0].recorded_at - start()).num_minutes());
    assert_eq!(recorded, [10, 10, 20, 20]);
    assert!(store.verify_chain().await.unwrap().holds());
    for (minutes, seq) in [(9, 0), (10, 2), (19, 2), (20, 4), (500, 4)] {
        let at = start() + TimeDelta::minutes(minutes);
        assert_eq!(store.position_at(at).await.unwrap().seq, seq, "{minutes}");
        let page = store.list("call", AsOf::At(at), &ListQuery::default()).await.unwrap();
        assert_eq!(page.total, seq, "{minutes}");
    }
}

async fn lists_are_filtered_counted_and_paged(engine: Engine) {
    let dir = engine.place();
    let store = open(&dir).await;
    let mut drafts: Vec<Draft> = (0..10).map(|n| new_call(&n.to_string(), n % 4)).collect();
    drafts.push(Draft::withdraw(call_id("9"), 1));
    drafts.push(Draft::correct(
        call_id("0"),
        1,
        with(call_body(9), "closes_on", json!("2025-05-01")),
    ));
    drafts.push(Draft::transition(call_id("0"), 2, "close", None));
    store.append(drafts, "who", "why").await.unwrap();
    let query = |change: fn(&mut ListQuery)| {
        let mut query = ListQuery { limit: 100, ..ListQuery::default() };
        change(&mut query);
        query
    };
    let cases: Vec<(ListQuery, AsOf, u64)> = vec![
        (query(|_| ()), AsOf::Now, 10),
        (query(|_| ()), AsOf::Seq(4), 4),
        (query(|q| q.standings = vec![Standing::Active]), AsOf::Now, 9),
        (query(|q| q.standings = vec![Standing::Active]), AsOf::Seq(10), 10),
        (query(|q| q.states = vec!["closed".to_owned()]), AsOf::Now, 1),
        (query(|q| q.states = vec!["closed".to_owned()]), AsOf::Seq(12), 0),
        (query(|q| q.fields = vec![("proposals".to_owned(), json!(3))]), AsOf::Now, 2),
        (query(|q| q.fields = vec![("proposals".to_owned(), json!(0))]), AsOf::Now, 2),
        (query(|q| q.fields = vec![("proposals".to_owned(), json!(0))]), AsOf::Seq(10), 3),
        (query(|q| q.fields = vec![("closes_on".to_owned(), Value::Null)]), AsOf::Now, 9),
    ];
    for (query, as_of, total) in cases {
        let page = store.list("call", as_of, &query).await.unwrap();
        assert_eq!((page.total, page.records.len() as u64), (total, total), "{query:?} {as_of:?}");
        // The same records in pages of three, in every order.
        for order in [Order::NewestFirst, Order::OldestFirst, Order::ById] {
            let ordered = ListQuery { order, ..query.clone() };
            let whole = ids(&store.list("call", as_of, &ordered).await.unwrap().records);
            let mut pages = Vec::new();
            let mut after = None;
            loop {
                let part = ListQuery { order, limit: 3, after: after.take(), ..query.clone() };
                let page = store.list("call", as_of, &part).await.unwrap();
                assert_eq!(page.total, total);
                pages.extend(ids(&page.records));
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
            assert_eq!(pages, whole, "{order:?}");
        }
    }
    let bad = ListQuery { after: Some("x".to_owned()), limit: 1, ..ListQuery::default() };
    let error = store.list("call", AsOf::Now, &bad).await.unwrap_err();
    assert_eq!(error.code(), "store.cursor-unreadable");
    let error = store.list("call", AsOf::Seq(99), &ListQuery::default()).await.unwrap_err();
    assert_eq!(error.code(), "store.position-unknown");
    let counts = store.counts(AsOf::Now).await.unwrap();
    let counts: Vec<_> =
        counts.iter().map(|c| (c.state.as_str(), c.standing.code(), c.records)).collect();
    assert_eq!(counts, [("closed", "active", 1), ("open", "active", 8), ("open", "withdrawn", 1)]);
    let then: u64 = store.counts(AsOf::Seq(10)).await.unwrap().iter().map(|c| c.records).sum();
    assert_eq!(then, 10);
}

async fn events_are_found_by_position(engine: Engine) {
    let dir = engine.place();
    let store = open(&dir).await;
    let drafts = (0..5).map(|n| new_call(&n.to_string(), n)).collect();
    let events = store.append(drafts, "who", "why").await.unwrap();
    assert_eq!(store.events_after(0, 100).await.unwrap(), events);
    assert_eq!(store.events_after(3, 1).await.unwrap(), events[3..4]);
    let some = store.events_by_seqs(&[5, 1, 5, 99]).await.unwrap();
    assert_eq!(some, [events[0].clone(), events[4].clone()]);
    assert_eq!(store.event(2).await.unwrap(), events[1]);
    assert_eq!(store.event(6).await.unwrap_err().code(), "store.position-unknown");
    assert_eq!(store.position(0).await.unwrap(), store.meta().origin());
    assert_eq!(store.resolve(AsOf::Now).await.unwrap(), store.position(5).await.unwrap());
}

async fn a_store_remembers_what_it_is(engine: Engine) {
    let at = engine.place();
    let absent = OpenOptions::new(StoreClass::Demo, PACK);
    let error = Store::open(&at, absent.clone()).await.unwrap_err();
    assert_eq!(error.code(), "store.absent");
    assert!(!at.dir.path().join("store").exists());
    let store = open(&at).await;
    store.append(vec![new_call("a", 1)], "who", "why").await.unwrap();
    let (meta, head) = (store.meta().clone(), store.head().await.unwrap());
    store.close().await.unwrap();
    assert_eq!(Store::peek(&at).await.unwrap(), meta);
    let cases = [
        (live(), "store.class-differs"),
        (OpenOptions { pack: "other".to_owned(), ..demo() }, "store.pack-differs"),
        (live().clock(Arc::new(FixedClock::new(start()))), "store.clock-simulated"),
        (live().read_only(), "store.class-differs"),
    ];
    for (options, code) in cases {
        assert_eq!(Store::open(&at, options).await.unwrap_err().code(), code);
    }
    let store = Store::open(&at, absent).await.unwrap();
    assert_eq!((store.meta(), store.head().await.unwrap()), (&meta, head));
}

async fn only_one_instance_writes_and_others_read(engine: Engine) {
    let dir = engine.place();
    let store = open(&dir).await;
    store.append(vec![new_call("a", 1)], "who", "why").await.unwrap();
    assert_eq!(Store::open(&dir, demo()).await.unwrap_err().code(), "store.locked");
    let reader = Store::open(&dir, demo().read_only()).await.unwrap();
    assert_eq!(reader.head().await.unwrap(), store.head().await.unwrap());
    let error = reader.append(vec![new_call("b", 1)], "who", "why").await.unwrap_err();
    assert_eq!(error.code(), "store.read-only");
    store.append(vec![new_call("b", 1)], "who", "why").await.unwrap();
    assert_eq!(reader.head().await.unwrap().seq, 2);
    store.clone().close().await.unwrap();
    let error = store.append(vec![new_call("c", 1)], "who", "why").await.unwrap_err();
    assert_eq!(error.code(), "store.closed");
    Store::open(&dir, demo()).await.unwrap();
}

async fn a_live_store_keeps_its_own_time(engine: Engine) {
    let dir = engine.place();
    let store = Store::open(&dir, live().clock(Arc::new(SystemClock))).await.unwrap();
    let error = store.append(vec![new_call("a", 1).at(start())], "who", "why").await.unwrap_err();
    assert_eq!(error.code(), "store.time-given");
    let events = store.append(vec![new_call("a", 1)], "who", "why").await.unwrap();
    assert!(events[0].recorded_at >= store.meta().created_at);
}

async fn a_store_made_twice_the_same_way_has_the_same_chain(engine: Engine) {
    let mut heads = Vec::new();
    for _ in 0..2 {
        let dir = engine.place();
        let store = open(&dir).await;
        store.append(vec![new_call("a", 1)], "who", "why").await.unwrap();
        let keyless = Draft::new_record("call", None, call_body(1));
        store.append(vec![keyless], "who", "why").await.unwrap();
        heads.push(store.head().await.unwrap());
    }
    assert_eq!(heads[0], heads[1]);
}

async fn values_are_kept_as_given(engine: Engine) {
    let dir = engine.place();
    let store = open(&dir).await;
    let day = |text: &str| text.parse().unwrap();
    let first = store.save_value("OI-01", "headline", day("2027-03-31"), "{\"value\":1}").await;
    let second = store.save_value("OI-01", "strict", day("2027-03-31"), "{\"value\":2}").await;
    let other = store.save_value("OI-02", "headline", day("2028-03-31"), "{}").await;
    assert_eq!((first.unwrap(), second.unwrap(), other.unwrap()), (1, 2, 3));
    let error = store.save_value("OI-01", "headline", day("2027-03-31"), "\0").await.unwrap_err();
    assert_eq!(error.code(), "store.text-unstorable");
    let values = store.values_of("OI-01").await.unwrap();
    assert_eq!(values.iter().map(|v| v.id).collect::<Vec<_>>(), [1, 2]);
    let value = store.value(2).await.unwrap().unwrap();
    assert_eq!((value.reading.as_str(), value.json.as_str()), ("strict", "{\"value\":2}"));
    assert_eq!(value.as_of, day("2027-03-31"));
    assert_eq!(store.value(4).await.unwrap(), None);
}

async fn records_are_called_by_their_titles(engine: Engine) {
    let dir = engine.place();
    let store = open(&dir).await;
    let source = |key: &str| Some(SourceKey::new("test", key));
    let project = RecordId::derive("PRJ", "test", "p");
    let drafts = vec![
        Draft::new_record(
            "project",
            source("p"),
            body(json!({
                "title": {"ja": "課題", "en": "Project"}, "funder": "amed", "started_on": "2025-04-01"
            })),
        ),
        Draft::new_record(
            "phase_transition",
            source("t"),
            body(json!({
                "project": project, "to_phase": "clinical", "occurred_on": "2025-05-01"
            })),
        ),
        Draft::new_record(
            "contract",
            source("c"),
            body(json!({
                "title": "秘密の契約", "contract_type": "licence", "effective_on": "2025-05-01"
            })),
        ),
    ];
    let events = store.append(drafts, "who", "why").await.unwrap();
    let unknown = call_id("none");
    let ids = [&events[0].record, &events[1].record, &events[2].record, &unknown];
    let ids = ids.map(Clone::clone);
    let contract = ids[2].to_string();
    for (internal, expected) in [
        (false, ["課題", "課題", contract.as_str(), unknown.as_str()]),
        (true, ["課題", "課題", "秘密の契約", unknown.as_str()]),
    ] {
        let titles = store.titles(&ids, internal).await.unwrap();
        let texts: Vec<_> = ids.iter().map(|id| titles[id].ja.as_str()).collect();
        assert_eq!(texts, expected);
    }
}
