//! The hand-written part of the evidence: single records with their lives.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Duration, NaiveDate, NaiveTime, TimeZone, Utc};
use shirube_model::calendar::jst;
use shirube_model::ident::RecordId;
use shirube_model::record::{Body, Standing};
use shirube_model::registers;
use shirube_store::SourceKey;

use super::fields::Fields;
use super::{DemoEvent, Op, Trap, day};
use crate::rng::Rng;

/// System that hand-written records come from.
pub const CORE_SYSTEM: &str = "demo-core";

/// Day on which the registers open.
pub(crate) const OPENED_ON: NaiveDate = match NaiveDate::from_ymd_opt(2024, 4, 1) {
    Some(day) => day,
    None => NaiveDate::MIN,
};

/// Last day on which anything is recorded; what would come later is left untold.
const LAST_DAY: NaiveDate = match NaiveDate::from_ymd_opt(2030, 5, 31) {
    Some(day) => day,
    None => NaiveDate::MAX,
};

/// A record as the story left it.
#[derive(Debug, Clone)]
struct Told {
    kind: &'static str,
    key: String,
    version: u32,
    state: &'static str,
    standing: Standing,
    duplicate_of: Option<RecordId>,
    body: Body,
    at: DateTime<Utc>,
}

/// Collects events in the order they are told; [`Story::finish`] sorts them.
#[derive(Debug)]
pub(crate) struct Story {
    pub(crate) rng: Rng,
    /// Events of the opening day.
    founded: i64,
    told: BTreeMap<RecordId, Told>,
    events: Vec<DemoEvent>,
    pub(crate) traps: Vec<Trap>,
    /// Steps that the registers refuse; a test holds this empty.
    pub(crate) faults: Vec<String>,
}

impl Story {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            rng: Rng::of(seed, 0, 0),
            founded: 0,
            told: BTreeMap::new(),
            events: Vec::new(),
            traps: Vec::new(),
            faults: Vec::new(),
        }
    }

    /// A working moment of a day in Japan. On the day the registers open, one
    /// record follows the other, so that each may refer to those before it.
    fn moment(&mut self, on: NaiveDate) -> DateTime<Utc> {
        if on == OPENED_ON {
            self.founded += 1;
            return on.and_time(NaiveTime::MIN).and_utc() + Duration::seconds(self.founded);
        }
        let minutes = self.rng.between(9 * 60, 18 * 60);
        let midnight = on.and_time(NaiveTime::MIN);
        let local = jst().from_local_datetime(&midnight).single();
        let base = local.map_or_else(Utc::now, |local| local.with_timezone(&Utc));
        base + Duration::minutes(minutes) + Duration::seconds(self.rng.between(0, 59))
    }

    /// A day on which something of `date` is recorded: some weeks later, and
    /// not before the registers were opened.
    pub(crate) fn recorded(&mut self, date: NaiveDate) -> NaiveDate {
        let delay = self.rng.between(4, 60);
        let opened = day(2024, 4, 2) + Duration::days(self.rng.between(0, 40));
        (date + Duration::days(delay)).max(opened)
    }

    /// Enters a record some weeks after its date.
    pub(crate) fn create(
        &mut self,
        kind: &'static str,
        key: impl Into<String>,
        date: NaiveDate,
        fields: Fields,
    ) -> RecordId {
        let on = self.recorded(date);
        self.create_on(kind, key, on, fields)
    }

    /// Enters a record on a day.
    pub(crate) fn create_on(
        &mut self,
        kind: &'static str,
        key: impl Into<String>,
        on: NaiveDate,
        fields: Fields,
    ) -> RecordId {
        let at = self.moment(on);
        self.create_at(kind, key, at, fields)
    }

    /// Enters a record at a moment.
    pub(crate) fn create_at(
        &mut self,
        kind: &'static str,
        key: impl Into<String>,
        at: DateTime<Utc>,
        fields: Fields,
    ) -> RecordId {
        let key = key.into();
        let Some(schema) = registers::kind(kind) else {
            self.faults.push(format!("{kind} {key}: no such kind"));
            return RecordId::derive("XXX", CORE_SYSTEM, &key);
        };
        let id = RecordId::derive(schema.prefix, CORE_SYSTEM, &key);
        let body = fields.done();
        if let Err(refusals) = (schema.check)(&body) {
            self.faults.push(format!("{kind} {key}: {refusals:?}"));
        }
        let told = Told {
            kind,
            key,
            version: 1,
            state: schema.initial_state(),
            standing: Standing::Active,
            duplicate_of: None,
            body,
            at,
        };
        if self.told.contains_key(&id) {
            self.faults.push(format!("{kind} {}: told twice", told.key));
        }
        self.push(&id, told, Op::Create, "登録");
        id
    }

    fn push(&mut self, id: &RecordId, told: Told, op: Op, reason: &str) {
        let domain = registers::kind(told.kind).map_or("", |schema| schema.domain);
        self.events.push(DemoEvent {
            recorded_at: told.at,
            actor: officer(domain),
            reason: Arc::from(format!("{reason}（実証データ）")),
            kind: told.kind,
            id: id.clone(),
            source: SourceKey::new(CORE_SYSTEM, told.key.clone()),
            op,
            version: told.version,
            state: told.state,
            standing: told.standing,
            duplicate_of: told.duplicate_of.clone(),
            body: told.body.clone(),
        });
        self.told.insert(id.clone(), told);
    }

    /// The record, one version on, at a working moment of `on` and after what
    /// was told of it before.
    fn next(&mut self, id: &RecordId, on: NaiveDate) -> Option<Told> {
        let at = self.moment(on);
        let Some(before) = self.told.get(id) else {
            self.faults.push(format!("{id}: not told yet"));
            return None;
        };
        let mut told = before.clone();
        told.version += 1;
        told.at = at.max(before.at + Duration::minutes(1));
        Some(told)
    }

    fn check(&mut self, told: &Told) {
        let check = registers::kind(told.kind).map(|schema| (schema.check)(&told.body));
        if let Some(Err(refusals)) = check {
            self.faults.push(format!("{} {}: {refusals:?}", told.kind, told.key));
        }
    }

    /// Replaces the body of a record.
    pub(crate) fn correct(
        &mut self,
        id: &RecordId,
        on: NaiveDate,
        reason: &str,
        change: impl FnOnce(Fields) -> Fields,
    ) {
        let Some(mut told) = self.next(id, on) else { return };
        told.body = change(Fields::of(&told.body)).done();
        self.check(&told);
        self.push(id, told, Op::Correct, reason);
    }

    /// Takes a step of the state machine, with changed fields.
    pub(crate) fn step(
        &mut self,
        id: &RecordId,
        on: NaiveDate,
        name: &'static str,
        change: impl FnOnce(Fields) -> Fields,
    ) {
        if on > LAST_DAY {
            return;
        }
        let Some(mut told) = self.next(id, on) else { return };
        told.body = change(Fields::of(&told.body)).done();
        self.check(&told);
        let schema = registers::kind(told.kind);
        match schema.map(|s| s.step(name, told.state, told.standing, &told.body)) {
            Some(Ok(state)) => told.state = state,
            other => self.faults.push(format!("{} {}: {other:?}", told.kind, told.key)),
        }
        self.push(id, told, Op::Transition { name }, "状態の更新");
    }

    pub(crate) fn withdraw(&mut self, id: &RecordId, on: NaiveDate) {
        let Some(mut told) = self.next(id, on) else { return };
        told.standing = Standing::Withdrawn;
        told.duplicate_of = None;
        self.push(id, told, Op::Withdraw, "取下げ");
    }

    pub(crate) fn restore(&mut self, id: &RecordId, on: NaiveDate) {
        let Some(mut told) = self.next(id, on) else { return };
        told.standing = Standing::Active;
        told.duplicate_of = None;
        self.push(id, told, Op::Restore, "復帰");
    }

    pub(crate) fn duplicate(&mut self, id: &RecordId, on: NaiveDate, of: &RecordId) {
        let Some(mut told) = self.next(id, on) else { return };
        told.standing = Standing::Duplicate;
        told.duplicate_of = Some(of.clone());
        self.push(id, told, Op::MarkDuplicate { of: of.clone() }, "重複の確認");
    }

    /// Names a trap: what a careless count gets wrong in this record.
    pub(crate) fn trap(&mut self, id: &'static str, record: &RecordId, expect: &'static str) {
        let Some(told) = self.told.get(record) else {
            self.faults.push(format!("trap {id}: no record"));
            return;
        };
        let source = SourceKey::new(CORE_SYSTEM, told.key.clone());
        let (kind, record) = (told.kind, record.clone());
        self.traps.push(Trap { id, kind, source, record, expect });
    }

    /// The events in ledger order. Equal moments keep the order of telling.
    pub(crate) fn finish(&mut self) -> Vec<DemoEvent> {
        let mut events = std::mem::take(&mut self.events);
        events.sort_by_key(|event| event.recorded_at);
        events
    }
}

/// Who records in a domain.
fn officer(domain: &str) -> &'static str {
    match domain {
        "portfolio" => "demo:amed-officer",
        "trials" | "trial_operations" => "demo:trial-office",
        "regulatory" => "demo:regulator",
        "ecosystem" | "industry" => "demo:industry-office",
        "desks" | "people" => "demo:desk-staff",
        "international" => "demo:international-office",
        "outbreak" => "demo:outbreak-office",
        "data_use" => "demo:data-office",
        _ => "demo:secretariat",
    }
}
