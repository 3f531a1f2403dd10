//! A store with the reference pack and a clock that stands where it is put,
//! which only a store of made-up evidence may have.

use std::path::Path;
use std::sync::Arc;

use chrono::NaiveDate;
use serde_json::{Value, json};
use shirube_cycle::{By, FollowUp, OpenCycle};
use shirube_indicators::{Engine, EngineOptions};
use shirube_model::calendar::end_of_japan_day;
use shirube_model::ident::RecordId;
use shirube_model::record::RecordVersion;
use shirube_model::registers::kind;
use shirube_pack::Pack;
use shirube_store::{
    AppendError, AsOf, Draft, FixedClock, ListQuery, OpenOptions, Order, SourceKey, Store,
    StoreClass,
};

/// Measure the tests follow, its lead ministry, and an indicator it moves.
pub const MEASURE: &str = "4.4.1-m2";
pub const LEAD: &str = "厚";
pub const INDICATOR: &str = "OI-16";
pub const VALUES_AS_OF: &str = "2026-05-31";

pub fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

pub fn by(actor: &str, on: &str) -> By {
    By { actor: actor.to_owned(), reason: "フォローアップ".to_owned(), on: day(on) }
}

pub fn pack(name: &str) -> Pack {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packs").join(name);
    Pack::read(&dir).unwrap()
}

pub struct Office {
    pub store: Arc<Store>,
    pub pack: Arc<Pack>,
    pub desk: FollowUp,
    pub engine: Engine,
    clock: Arc<FixedClock>,
    _dir: tempfile::TempDir,
}

impl Office {
    pub async fn open() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let pack = Arc::new(pack("japan-2025"));
        let clock = Arc::new(FixedClock::new(end_of_japan_day(day("2026-05-01"))));
        let options =
            OpenOptions::new(StoreClass::Demo, pack.info.id.clone()).create().clock(clock.clone());
        let path = dir.path().join("store");
        let store = Arc::new(Store::open(path.as_path(), options).await.unwrap());
        let today = EngineOptions { today: Some(day("2026-07-31")), decisions: vec![] };
        let engine = Engine::new(store.clone(), pack.clone(), today).unwrap();
        let desk = FollowUp::new(store.clone(), pack.clone(), engine.clone());
        Self { store, pack, desk, engine, clock, _dir: dir }
    }

    /// Moves the clock to the end of a day.
    pub fn on(&self, on: &str) {
        self.clock.set(end_of_japan_day(day(on)));
    }

    pub async fn put(&self, kind_name: &str, key: &str, body: Value) -> RecordId {
        let source = SourceKey::new("test", key);
        let body = body.as_object().unwrap().clone();
        let draft = Draft::new_record(kind_name, Some(source), body);
        self.store.append(vec![draft], "test", "test").await.unwrap();
        RecordId::derive(kind(kind_name).unwrap().prefix, "test", key)
    }

    /// A person who begins the training that the indicator counts.
    pub async fn enrol(&self, person: &str) {
        let programme = RecordId::derive("TRP", "test", "fih");
        let hospital = json!({
            "name": { "ja": "病院", "en": "hospital" }, "organisation_type": "hospital",
            "country": "JP",
        });
        let employer = self.put("organisation", person, hospital).await;
        let body = json!({
            "person_key": person, "programme": programme, "subject": "fih",
            "enrolled_on": "2025-06-01", "employer_at_training": employer,
        });
        self.put("enrolment", person, body).await;
    }

    pub async fn get(&self, id: &RecordId) -> RecordVersion {
        self.store.get(id, AsOf::Now).await.unwrap().unwrap()
    }

    pub async fn step(&self, id: &RecordId, step: &str, fields: Value) -> Result<(), AppendError> {
        let record = self.get(id).await;
        let mut body = record.body;
        body.extend(fields.as_object().unwrap().clone());
        let draft = Draft::transition(id.clone(), record.version, step, Some(body));
        self.store.append(vec![draft], "test", step).await.map(|_| ())
    }

    pub async fn open_cycle(&self) -> shirube_cycle::Opened {
        self.on("2026-06-01");
        self.desk.open_cycle(&ask(), &by("事務局", "2026-06-01")).await.unwrap()
    }

    /// The report on the followed measure.
    pub async fn report(&self) -> RecordVersion {
        let query = ListQuery {
            fields: vec![
                ("measure".to_owned(), json!(MEASURE)),
                ("ministry".to_owned(), json!(LEAD)),
            ],
            order: Order::ById,
            limit: 2,
            ..ListQuery::default()
        };
        let mut page = self.store.list("measure_report", AsOf::Now, &query).await.unwrap();
        assert_eq!(page.records.len(), 1);
        page.records.pop().unwrap()
    }

    /// Compiles and submits a report.
    pub async fn submit(&self, id: &RecordId) {
        let compiled = json!({
            "progress": "進めた。", "assessment": "on_track", "promises": "続ける。",
            "compiled_on": "2026-06-20",
        });
        self.step(id, "compile", compiled).await.unwrap();
        let submitted = json!({ "submitted_on": "2026-06-25", "submitted_by": "厚の担当" });
        self.step(id, "submit", submitted).await.unwrap();
    }

    /// Withdraws every report but those of the followed measure, so that a test
    /// can end a cycle without handing in hundreds.
    pub async fn keep_only(&self, kept: &RecordId) {
        let query = ListQuery { order: Order::ById, limit: 1_000, ..ListQuery::default() };
        let page = self.store.list("measure_report", AsOf::Now, &query).await.unwrap();
        let others = page.records.into_iter().filter(|record| record.id != *kept);
        let drafts = others.map(|record| Draft::withdraw(record.id, record.version)).collect();
        self.store.append(drafts, "test", "test").await.unwrap();
    }
}

pub fn ask() -> OpenCycle {
    OpenCycle {
        fiscal_year: 2025,
        values_as_of: day(VALUES_AS_OF),
        contributions_due_on: Some(day("2026-06-15")),
        submissions_due_on: day("2026-06-30"),
    }
}
