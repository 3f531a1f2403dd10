//! Random requests against a model of the ledger that is short enough to read:
//! a list of events, and the last one of each record.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::TimeDelta;
use proptest::prelude::*;
use serde_json::json;
use shirube_model::record::{Body, Standing};
use shirube_store::{AsOf, Draft, FixedClock, ListQuery, Order, Store};

use crate::common::{Engine, call_body, call_id, demo, new_call, start, with};

const KEYS: usize = 4;

/// One thing somebody asks. Records are numbered; `lag` is how many versions the
/// caller is behind.
#[derive(Debug, Clone)]
enum Op {
    New { key: usize, n: i64 },
    Correct { key: usize, lag: u32, n: i64, closes: bool },
    Withdraw { key: usize, lag: u32 },
    Restore { key: usize, lag: u32 },
    Duplicate { key: usize, lag: u32, of: usize },
    Step { key: usize, lag: u32, name: &'static str, fill: bool },
}

fn op() -> impl Strategy<Value = Op> {
    let lag = prop_oneof![9 => Just(0u32), 1 => Just(1)];
    let key = 0..KEYS;
    prop_oneof![
        4 => (key.clone(), 0i64..3).prop_map(|(key, n)| Op::New { key, n }),
        3 => (key.clone(), lag.clone(), 0i64..3, any::<bool>())
            .prop_map(|(key, lag, n, closes)| Op::Correct { key, lag, n, closes }),
        2 => (key.clone(), lag.clone()).prop_map(|(key, lag)| Op::Withdraw { key, lag }),
        2 => (key.clone(), lag.clone()).prop_map(|(key, lag)| Op::Restore { key, lag }),
        2 => (key.clone(), lag.clone(), key.clone())
            .prop_map(|(key, lag, of)| Op::Duplicate { key, lag, of }),
        3 => (key, lag, prop_oneof![Just("close"), Just("decide"), Just("reopen")], any::<bool>())
            .prop_map(|(key, lag, name, fill)| Op::Step { key, lag, name, fill }),
    ]
}

#[derive(Debug, Clone, PartialEq)]
struct Line {
    key: usize,
    version: u32,
    state: &'static str,
    standing: Standing,
    of: Option<usize>,
    body: Body,
    minute: i64,
}

/// The ledger as a list.
#[derive(Debug, Clone, Default)]
struct Model {
    lines: Vec<Line>,
}

fn filled(n: i64, closes: bool) -> Body {
    let body = call_body(n);
    if closes { with(body, "closes_on", json!("2025-06-30")) } else { body }
}

impl Model {
    fn last(&self, key: usize) -> Option<&Line> {
        self.lines.iter().rev().find(|line| line.key == key)
    }

    /// The records as of the first `seq` events.
    fn records(&self, seq: usize) -> BTreeMap<usize, &Line> {
        self.lines[..seq].iter().map(|line| (line.key, line)).collect()
    }

    /// The version a caller names who is `lag` versions behind.
    fn base(&self, key: usize, lag: u32) -> u32 {
        self.last(key).map_or(1, |line| line.version.saturating_sub(lag))
    }

    /// The last line of `key` when the caller may change it.
    fn open(&self, key: usize, lag: u32) -> Result<Line, &'static str> {
        let line = self.last(key).ok_or("store.record-unknown")?;
        match self.base(key, lag) {
            0 => Err("store.version-unknown"),
            base if base < line.version => Err("store.stale-edit"),
            _ => Ok(line.clone()),
        }
    }

    /// The line after `op`, none when it changes nothing, or the refusal's code.
    fn decide(&self, op: &Op) -> Result<Option<Line>, &'static str> {
        let correct = |line: Line, body: Body| {
            if line.body == body {
                return Ok(None);
            }
            if line.state == "closed" && !body.contains_key("closes_on") {
                return Err("store.state-needs-field");
            }
            Ok(Some(Line { body, ..line }))
        };
        match *op {
            Op::New { key, n } => match self.last(key) {
                Some(line) => correct(line.clone(), call_body(n)),
                None => Ok(Some(Line {
                    key,
                    version: 0,
                    state: "open",
                    standing: Standing::Active,
                    of: None,
                    body: call_body(n),
                    minute: 0,
                })),
            },
            Op::Correct { key, lag, n, closes } => correct(self.open(key, lag)?, filled(n, closes)),
            Op::Withdraw { key, lag } => match self.open(key, lag)? {
                line if line.standing == Standing::Withdrawn => Err("store.standing-not-from-here"),
                line => Ok(Some(Line { standing: Standing::Withdrawn, of: None, ..line })),
            },
            Op::Restore { key, lag } => match self.open(key, lag)? {
                line if line.standing == Standing::Active => Err("store.standing-not-from-here"),
                line => Ok(Some(Line { standing: Standing::Active, of: None, ..line })),
            },
            Op::Duplicate { key, lag, of } => {
                let line = self.open(key, lag)?;
                let original = self.last(of);
                if of == key {
                    return Err("store.duplicate-of-itself");
                }
                let original = original.ok_or("store.record-unknown")?;
                if original.standing != Standing::Active {
                    return Err("store.duplicate-of-inactive");
                }
                if line.standing != Standing::Active {
                    return Err("store.standing-not-from-here");
                }
                Ok(Some(Line { standing: Standing::Duplicate, of: Some(of), ..line }))
            }
            Op::Step { key, lag, name, fill } => {
                let line = self.open(key, lag)?;
                let body = if fill { filled(7, true) } else { line.body.clone() };
                if line.standing != Standing::Active {
                    return Err("registers.transition.not-active");
                }
                let (from, to, need): (&[&str], _, _) = match name {
                    "close" => (&["open"], "closed", "closes_on"),
                    "decide" => (&["open", "closed"], "decided", "decided_on"),
                    _ => return Err("registers.transition.unknown"),
                };
                if !from.contains(&line.state) {
                    return Err("registers.transition.not-from-here");
                }
                if !body.contains_key(need) {
                    return Err("registers.transition.needs-field");
                }
                Ok(Some(Line { state: to, body, ..line }))
            }
        }
    }

    /// All of `ops` or none; gives the number of events or the refusal.
    fn append(&mut self, ops: &[Op], minute: i64) -> Result<usize, (usize, &'static str)> {
        let mut next = self.clone();
        for (index, op) in ops.iter().enumerate() {
            if let Some(line) = next.decide(op).map_err(|code| (index, code))? {
                next.lines.push(Line { version: line.version + 1, minute, ..line });
            }
        }
        let count = next.lines.len() - self.lines.len();
        *self = next;
        Ok(count)
    }
}

/// The draft for `op`, with the base version as the model counts it. Within a
/// request, earlier drafts count.
fn draft(model: &Model, op: &Op) -> Draft {
    let id = |key: usize| call_id(&key.to_string());
    match *op {
        Op::New { key, n } => new_call(&key.to_string(), n),
        Op::Correct { key, lag, n, closes } => {
            Draft::correct(id(key), model.base(key, lag), filled(n, closes))
        }
        Op::Withdraw { key, lag } => Draft::withdraw(id(key), model.base(key, lag)),
        Op::Restore { key, lag } => Draft::restore(id(key), model.base(key, lag)),
        Op::Duplicate { key, lag, of } => {
            Draft::mark_duplicate(id(key), model.base(key, lag), id(of))
        }
        Op::Step { key, lag, name, fill } => {
            let body = fill.then(|| filled(7, true));
            Draft::transition(id(key), model.base(key, lag), name, body)
        }
    }
}

/// The drafts of one request. A draft after a refused one is never decided, so
/// its base version does not matter.
fn drafts(model: &Model, ops: &[Op]) -> Vec<Draft> {
    let mut ahead = model.clone();
    ops.iter()
        .map(|op| {
            let draft = draft(&ahead, op);
            let _ = ahead.append(std::slice::from_ref(op), 0);
            draft
        })
        .collect()
}

async fn compare(store: &Store, model: &Model) {
    for seq in 0..=model.lines.len() {
        let minute = seq.checked_sub(1).map_or(-1, |last| model.lines[last].minute);
        let mut moments = vec![AsOf::Seq(seq as u64)];
        if seq == model.lines.len() {
            moments.push(AsOf::Now);
        }
        if model.lines.get(seq).is_none_or(|next| next.minute > minute) {
            moments.push(AsOf::At(start() + TimeDelta::minutes(minute)));
        }
        let expected: BTreeMap<String, &Line> = model
            .records(seq)
            .into_iter()
            .map(|(key, line)| (call_id(&key.to_string()).to_string(), line))
            .collect();
        for as_of in moments {
            let query = ListQuery { order: Order::ById, limit: 100, ..ListQuery::default() };
            let page = store.list("call", as_of, &query).await.unwrap();
            assert_eq!(page.total as usize, expected.len(), "{as_of:?}");
            assert_eq!(page.records.len(), expected.len(), "{as_of:?}");
            for (record, (id, line)) in page.records.iter().zip(&expected) {
                assert_eq!(record.id.as_str(), id);
                assert_eq!(
                    (record.version, record.state.as_str(), record.standing, &record.body),
                    (line.version, line.state, line.standing, &line.body),
                    "{as_of:?}"
                );
                assert_eq!(record.duplicate_of, line.of.map(|of| call_id(&of.to_string())));
                assert_eq!(store.get(&record.id, as_of).await.unwrap().as_ref(), Some(record));
            }
        }
    }
    for key in 0..KEYS {
        let history = store.history(&call_id(&key.to_string())).await.unwrap();
        let expected: Vec<_> = model.lines.iter().filter(|line| line.key == key).collect();
        assert_eq!(history.len(), expected.len());
        for (event, line) in history.iter().zip(expected) {
            assert_eq!((event.version, &event.body), (line.version, &line.body));
        }
    }
}

async fn run(engine: Engine, requests: Vec<Vec<Op>>) {
    let dir = engine.place();
    let clock = Arc::new(FixedClock::new(start()));
    let store = Store::open(&dir, demo().clock(Arc::clone(&clock) as _)).await.unwrap();
    let mut model = Model::default();
    for (minute, ops) in requests.iter().enumerate() {
        let minute = i64::try_from(minute).unwrap();
        clock.set(start() + TimeDelta::minutes(minute));
        let drafts = drafts(&model, ops);
        let expected = model.append(ops, minute);
        match (store.append(drafts, "who", "why").await, expected) {
            (Ok(events), Ok(count)) => assert_eq!(events.len(), count),
            (Err(error), Err((index, code))) => {
                assert_eq!(error.code(), code, "{ops:?}");
                if let shirube_store::AppendError::Refused { draft, .. } = error {
                    assert_eq!(draft, index);
                }
            }
            (got, expected) => panic!("{got:?} instead of {expected:?} for {ops:?}"),
        }
    }
    compare(&store, &model).await;
    assert!(store.verify_chain().await.unwrap().holds());
    let seq = store.head().await.unwrap().seq;
    let maintained = store.projection_digest().await.unwrap();
    let searched = store.search_digest().await.unwrap();
    assert_eq!(store.replay_digest(seq).await.unwrap(), maintained);
    store.rebuild().await.unwrap();
    assert_eq!(store.projection_digest().await.unwrap(), maintained);
    assert_eq!(store.search_digest().await.unwrap(), searched);
    store.close().await.unwrap();
}

fn run_blocking(engine: Engine, requests: Vec<Vec<Op>>) {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(run(engine, requests));
}

fn requests() -> impl Strategy<Value = Vec<Vec<Op>>> {
    prop::collection::vec(prop::collection::vec(op(), 1..4), 1..16)
}

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, max_shrink_iters: 200, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config(32))]

    #[test]
    fn the_store_does_what_the_model_does(requests in requests()) {
        run_blocking(Engine::Sqlite, requests);
    }
}

proptest! {
    // Each case needs a database of its own, which takes its time.
    #![proptest_config(config(16))]

    #[test]
    fn the_store_does_what_the_model_does_on_postgres(requests in requests()) {
        if crate::cluster::shared().is_some() {
            run_blocking(Engine::Postgres, requests);
        }
    }
}
