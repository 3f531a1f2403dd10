//! The engine: definitions of a pack over the registers of a store.
//!
//! Columns follow the ledger; a board is made for one day and kept. Everything
//! here that computes runs off the async threads.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};

use chrono::NaiveDate;
use rust_decimal::Decimal;
use shirube_model::calendar::{end_of_japan_day, japan_day};
use shirube_model::ident::RecordId;
use shirube_model::indicator::{
    Class, Evidence, Outcome, ReadingDecision, ReadingId, Spec, Stamp, Status,
};
use shirube_model::refusal::Refusal;
use shirube_pack::Pack;
use shirube_store::{AsOf, Position, Store, StoreError};

use crate::board::{Board, IndicatorResult, ProofPage, ProofRow, Verification};
use crate::columns::{Columns, NO_DATE, NO_TEXT, View, date_of};
use crate::definitions::{Definition, Definitions, shown_status};
use crate::error::EvalError;
use crate::evaluate::{Evaluator, Request};
use crate::kept::{Kept, compare};

/// Boards kept in memory.
const BOARDS_MAX: usize = 24;
/// Events read from the ledger at a time.
const EVENTS_PER_READ: usize = 20_000;

/// What an engine needs to know besides store and pack.
#[derive(Debug, Clone, Default)]
pub struct EngineOptions {
    /// The day shown by default; for a demo store its own today. The day of the
    /// clock in Japan when absent.
    pub today: Option<NaiveDate>,
    /// Decisions added to those of the pack, as the demo does.
    pub decisions: Vec<ReadingDecision>,
}

/// Evaluates the indicators of a pack over a store. Cheap to clone.
#[derive(Clone)]
pub struct Engine {
    shared: Arc<Shared>,
}

struct Shared {
    store: Arc<Store>,
    pack: Arc<Pack>,
    definitions: Definitions,
    today: Option<NaiveDate>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    columns: Columns,
    /// Follows the definitions on the latest day.
    parents: Evaluator,
    /// Evaluates what milestones bring into being.
    children: Evaluator,
    boards: VecDeque<Arc<Made>>,
}

/// A board with the view it was made from.
struct Made {
    board: Arc<Board>,
    view: View,
    specs: Vec<Specs>,
}

/// The specs behind one result.
#[derive(Clone)]
struct Specs {
    headline: Arc<Spec>,
    readings: Vec<(ReadingId, Arc<Spec>)>,
}

/// Name and version of the software, as stamped on values.
#[must_use]
pub fn software() -> String {
    format!("shirube {}", env!("CARGO_PKG_VERSION"))
}

impl Engine {
    /// An engine over `store` and `pack`.
    ///
    /// # Errors
    /// The refusals of definitions that do not compile.
    pub fn new(
        store: Arc<Store>,
        pack: Arc<Pack>,
        options: EngineOptions,
    ) -> Result<Self, Vec<Refusal>> {
        let mut decisions = pack.decisions.clone();
        decisions.extend(options.decisions);
        let definitions = Definitions::compile(&pack, decisions)?;
        let shared = Shared {
            store,
            pack,
            definitions,
            today: options.today,
            state: Mutex::new(State::default()),
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// The day shown when none is asked for.
    #[must_use]
    pub fn latest_day(&self) -> NaiveDate {
        self.shared.today.unwrap_or_else(|| japan_day(chrono::Utc::now()))
    }

    /// Decisions on readings, of the pack and of the demo.
    #[must_use]
    pub fn decisions(&self) -> &[ReadingDecision] {
        &self.shared.definitions.decisions
    }

    /// All indicators on a day.
    ///
    /// # Errors
    /// Faults of the store; `indicator.engine` when an expression fails.
    pub async fn board(&self, as_of: NaiveDate) -> Result<Arc<Board>, Refusal> {
        Ok(self.made(as_of).await?.board.clone())
    }

    /// Records of one class in the proof of an indicator, or of all classes.
    ///
    /// # Errors
    /// `indicator.unknown`, `indicator.reading.unknown`, and as [`Engine::board`].
    #[allow(clippy::too_many_arguments)]
    pub async fn proof_page(
        &self,
        indicator: &str,
        reading: Option<&ReadingId>,
        as_of: NaiveDate,
        evidence: usize,
        class: Option<Class>,
        offset: usize,
        limit: usize,
    ) -> Result<ProofPage, Refusal> {
        let made = self.made(as_of).await?;
        let (indicator, reading) = (indicator.to_owned(), reading.cloned());
        let engine = self.clone();
        blocking(move || {
            let (outcome, spec) = made.find(&indicator, reading.as_ref())?;
            let state = engine.shared.lock();
            Ok(page(&state.columns, &made.view, outcome, spec, evidence, class, offset, limit))
        })
        .await
    }

    /// Indicators whose headline counts a record on a day.
    ///
    /// # Errors
    /// As [`Engine::board`].
    pub async fn counted_by(
        &self,
        record: &RecordId,
        as_of: NaiveDate,
    ) -> Result<Vec<String>, Refusal> {
        let made = self.made(as_of).await?;
        let record = record.clone();
        let engine = self.clone();
        blocking(move || {
            let state = engine.shared.lock();
            Ok(made.counting(&state.columns, &record))
        })
        .await
    }

    /// The value of an indicator as it may be stored: with its stamp, without
    /// the class of every record.
    ///
    /// # Errors
    /// As [`Engine::board`].
    pub async fn keep(&self, indicator: &str, as_of: NaiveDate) -> Result<u64, Refusal> {
        let board = self.board(as_of).await?;
        let result = board.result(indicator).ok_or_else(|| unknown(indicator))?;
        let json = Kept::of(result).to_json();
        let store = &self.shared.store;
        store.save_value(indicator, "headline", as_of, &json).await.map_err(refusal)
    }

    /// Recomputes a stored value at the ledger position it was made at.
    ///
    /// # Errors
    /// `indicator.value.unknown`, `indicator.value.unreadable`, and as
    /// [`Engine::board`].
    pub async fn verify(&self, value: u64) -> Result<Verification, Refusal> {
        let missing = || Refusal::new("indicator.value.unknown").arg("id", value);
        let stored = self.shared.store.value(value).await.map_err(refusal)?.ok_or_else(missing)?;
        let kept = Kept::from_json(&stored.json)
            .ok_or_else(|| Refusal::new("indicator.value.unreadable").arg("id", value))?;
        let seq = AsOf::Seq(kept.stamp.ledger_seq);
        let position = self.shared.store.resolve(seq).await.map_err(refusal)?;
        let made = self.make(stored.as_of, position).await?;
        let fresh = made.board.result(&stored.indicator).map(Kept::of);
        let fresh = fresh.ok_or_else(|| unknown(&stored.indicator))?;
        Ok(compare(&kept, &fresh))
    }

    /// Reads what the ledger holds beyond the columns.
    async fn catch_up(&self) -> Result<(), Refusal> {
        loop {
            let after = self.shared.lock().columns.last_seq();
            let events =
                self.shared.store.events_after(after, EVENTS_PER_READ).await.map_err(refusal)?;
            if events.is_empty() {
                return Ok(());
            }
            let engine = self.clone();
            blocking(move || {
                let mut state = engine.shared.lock();
                for event in &events {
                    state.columns.push(&event.record_version());
                }
                Ok(())
            })
            .await?;
        }
    }

    async fn made(&self, as_of: NaiveDate) -> Result<Arc<Made>, Refusal> {
        let at = AsOf::At(end_of_japan_day(as_of));
        let position = self.shared.store.resolve(at).await.map_err(refusal)?;
        self.make(as_of, position).await
    }

    async fn make(&self, as_of: NaiveDate, position: Position) -> Result<Arc<Made>, Refusal> {
        if let Some(made) = self.shared.lock().kept(as_of, position.seq) {
            return Ok(made);
        }
        self.catch_up().await?;
        let engine = self.clone();
        blocking(move || {
            let shared = &engine.shared;
            let mut state = shared.lock();
            if let Some(made) = state.kept(as_of, position.seq) {
                return Ok(made);
            }
            let latest = engine.latest_day() == as_of;
            let made = Arc::new(shared.evaluate(&mut state, as_of, position, latest)?);
            state.boards.push_front(made.clone());
            state.boards.truncate(BOARDS_MAX);
            Ok(made)
        })
        .await
    }
}

/// Runs work that computes on a thread for it.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Refusal> + Send + 'static,
) -> Result<T, Refusal> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|error| Err(Refusal::new("indicator.engine").arg("detail", error)))
}

fn refusal(error: StoreError) -> Refusal {
    error.refusal().clone()
}

fn engine_fault(error: EvalError) -> Refusal {
    Refusal::new("indicator.engine").arg("detail", error)
}

fn unknown(indicator: &str) -> Refusal {
    Refusal::new("indicator.unknown").arg("id", indicator)
}

impl State {
    fn kept(&self, as_of: NaiveDate, seq: u64) -> Option<Arc<Made>> {
        self.boards
            .iter()
            .find(|made| made.board.as_of == as_of && made.board.ledger_seq == seq)
            .cloned()
    }
}

impl State {
    /// Outcomes of what does not wait for a milestone, with the view they were
    /// made from. The latest day is followed: only what has changed since is
    /// taken in.
    fn parents(
        &mut self,
        requests: &[Request],
        as_of: NaiveDate,
        seq: u64,
        latest: bool,
    ) -> Result<(Vec<Arc<Outcome>>, View), Refusal> {
        let Self { columns, parents, .. } = self;
        if !latest {
            let view = columns.view(seq, as_of);
            let outcomes = parents.evaluate(columns, &view, requests).map_err(engine_fault)?;
            return Ok((outcomes, view));
        }
        let followed = parents.following().is_some_and(|(day, at)| day == as_of && at <= seq);
        if followed && let Some(outcomes) = parents.advance(columns, seq).map_err(engine_fault)? {
            let view = parents.view().cloned();
            return Ok((outcomes, view.unwrap_or_else(|| columns.view(seq, as_of))));
        }
        let view = columns.view(seq, as_of);
        let outcomes = parents.follow(columns, &view, requests).map_err(engine_fault)?;
        Ok((outcomes, view))
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic while the lock was held left only caches behind.
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn evaluate(
        &self,
        state: &mut State,
        as_of: NaiveDate,
        position: Position,
        latest: bool,
    ) -> Result<Made, Refusal> {
        let mut specs = Vec::with_capacity(self.definitions.list.len());
        for definition in &self.definitions.list {
            let headline = self
                .definitions
                .headline(definition, as_of)
                .map_err(|mut faults| faults.swap_remove(0))?;
            let headline = Arc::new(headline);
            specs.push(Specs { headline, readings: definition.readings.clone() });
        }
        let parents = |definition: &Definition| !definition.is_child();
        let requests = self.requests(&specs, parents);
        let (outcomes, view) = state.parents(&requests, as_of, position.seq, latest)?;
        let mut results = self.results(outcomes, as_of, &specs, position, parents);
        for (definition, specs) in self.definitions.list.iter().zip(&mut specs) {
            if let Some(target) = child_target(definition, &results, &state.columns, &view) {
                specs.set_target(target);
            }
        }
        let requests = self.requests(&specs, Definition::is_child);
        let outcomes = state.children.evaluate(&state.columns, &view, &requests);
        let outcomes = outcomes.map_err(engine_fault)?;
        let children = self.results(outcomes, as_of, &specs, position, Definition::is_child);
        let active: Vec<bool> =
            children.iter().map(|child| self.is_active(child, &results)).collect();
        for (mut child, active) in children.into_iter().zip(active) {
            child.active = active;
            results.push(child);
        }
        let order = |id: &str| self.definitions.list.iter().position(|d| d.indicator.id == id);
        results.sort_by_key(|result| order(&result.id));
        let board = Board { as_of, ledger_seq: position.seq, results };
        Ok(Made { board: Arc::new(board), view, specs })
    }

    /// Whether the milestone of a child indicator has been reached, in time or
    /// late.
    fn is_active(&self, child: &IndicatorResult, results: &[IndicatorResult]) -> bool {
        self.definitions
            .get(&child.id)
            .and_then(|definition| definition.indicator.activated_by.as_deref())
            .and_then(|parent| results.iter().find(|result| result.id == parent))
            .is_some_and(|parent| {
                parent.headline.status == Status::Achieved
                    || parent.headline.proofs.first().is_some_and(|proof| {
                        proof.tally().iter().any(|(class, _)| *class == Class::AfterWindow)
                    })
            })
    }

    /// Headline and readings of the definitions that `which` picks.
    fn requests(&self, specs: &[Specs], which: impl Fn(&Definition) -> bool) -> Vec<Request> {
        let picked = self.definitions.list.iter().zip(specs).filter(|(d, _)| which(d));
        let one = |(definition, specs): (&Definition, &Specs)| {
            let breakdowns = definition.breakdowns.clone();
            let readings = specs.readings.iter().map(|(_, spec)| spec.clone());
            std::iter::once(specs.headline.clone())
                .chain(readings)
                .map(|spec| Request { spec, breakdowns: breakdowns.clone() })
                .collect::<Vec<_>>()
        };
        picked.flat_map(one).collect()
    }

    /// Results of the definitions that `which` picks, from their outcomes.
    fn results(
        &self,
        outcomes: Vec<Arc<Outcome>>,
        as_of: NaiveDate,
        specs: &[Specs],
        position: Position,
        which: impl Fn(&Definition) -> bool,
    ) -> Vec<IndicatorResult> {
        let picked = self.definitions.list.iter().zip(specs).filter(|(d, _)| which(d));
        let mut outcomes = outcomes.into_iter();
        let mut results = Vec::new();
        for (definition, specs) in picked {
            let Some(headline) = outcomes.next() else { break };
            let readings: Vec<(ReadingId, Arc<Outcome>)> =
                specs.readings.iter().map(|(id, _)| id.clone()).zip(outcomes.by_ref()).collect();
            let undecided = definition
                .indicator
                .undecided(&self.definitions.decisions, as_of)
                .into_iter()
                .map(|question| question.id.clone())
                .collect();
            let mut result = IndicatorResult {
                id: definition.indicator.id.clone(),
                status: headline.status,
                headline,
                readings,
                undecided,
                active: true,
                stamp: self.stamp(definition, position),
            };
            result.status = shown_status(&result);
            results.push(result);
        }
        results
    }

    fn stamp(&self, definition: &Definition, position: Position) -> Stamp {
        Stamp {
            definition_version: definition.indicator.version,
            definition_hash: definition.hash.clone(),
            pack_hash: self.pack.hash.clone(),
            ledger_seq: position.seq,
            ledger_hash: hex::encode(position.hash),
            software: software(),
        }
    }
}

impl Specs {
    fn set_target(&mut self, value: Decimal) {
        let specs =
            std::iter::once(&mut self.headline).chain(self.readings.iter_mut().map(|(_, s)| s));
        for spec in specs {
            if let Some(target) = &mut Arc::make_mut(spec).target {
                target.value = Some(value);
            }
        }
    }
}

/// The target that the decision behind a milestone sets for a child: that of
/// the latest counted decision which names one.
fn child_target(
    definition: &Definition,
    results: &[IndicatorResult],
    columns: &Columns,
    view: &View,
) -> Option<Decimal> {
    let parent = definition.indicator.activated_by.as_deref()?;
    let outcome = &results.iter().find(|result| result.id == parent)?.headline;
    let proof = outcome.proofs.first()?;
    let index = columns.table_index(&proof.register)?;
    let table = columns.tables.get(index)?;
    let (targets, days) = (table.column("target_value")?, table.column("decided_on")?);
    let rows = view.rows.get(index)?;
    proof
        .classes()
        .zip(rows)
        .filter(|(class, _)| {
            let class = Class::from_number(*class);
            class.is_some_and(|class| class.counts() || class == Class::AfterWindow)
        })
        .filter_map(|(_, &row)| {
            let row = row as usize;
            targets.micros(row).map(|target| (days.day(row), row, target))
        })
        .max()
        .map(|(_, _, target)| crate::columns::decimal(target))
}

impl Made {
    /// Outcome and spec of an indicator's headline or reading.
    fn find(
        &self,
        indicator: &str,
        reading: Option<&ReadingId>,
    ) -> Result<(&Outcome, &Spec), Refusal> {
        let found = self
            .board
            .results
            .iter()
            .zip(&self.specs)
            .find(|(result, _)| result.id == indicator)
            .ok_or_else(|| unknown(indicator))?;
        let (result, specs) = found;
        let Some(wanted) = reading else { return Ok((&result.headline, &specs.headline)) };
        let missing = || {
            Refusal::new("indicator.reading.unknown")
                .arg("indicator", indicator)
                .arg("reading", format!("{}={}", wanted.question, wanted.reading))
        };
        let outcome = result.readings.iter().find(|(id, _)| id == wanted);
        let spec = specs.readings.iter().find(|(id, _)| id == wanted);
        let ((_, outcome), (_, spec)) = outcome.zip(spec).ok_or_else(missing)?;
        Ok((outcome, spec))
    }

    fn counting(&self, columns: &Columns, record: &RecordId) -> Vec<String> {
        let Some(id) = columns.texts.find(record.as_str()) else { return Vec::new() };
        let counts = |result: &&IndicatorResult| {
            result.headline.proofs.iter().any(|proof| {
                columns
                    .table_index(&proof.register)
                    .and_then(|index| columns.tables.get(index))
                    .and_then(|table| table.ordinal(id))
                    .and_then(|ordinal| proof.class(ordinal))
                    .is_some_and(Class::counts)
            })
        };
        self.board.results.iter().filter(counts).map(|result| result.id.clone()).collect()
    }
}

#[allow(clippy::too_many_arguments)]
fn page(
    columns: &Columns,
    view: &View,
    outcome: &Outcome,
    spec: &Spec,
    evidence: usize,
    class: Option<Class>,
    offset: usize,
    limit: usize,
) -> ProofPage {
    let empty =
        |register: &str| ProofPage { register: register.to_owned(), total: 0, rows: Vec::new() };
    let Some((proof, source)) = outcome.proofs.get(evidence).zip(spec.evidences().nth(evidence))
    else {
        return empty(spec.evidence.register.kind);
    };
    let table = columns.table_index(&proof.register);
    let Some((table, rows)) =
        table.and_then(|index| columns.tables.get(index).zip(view.rows.get(index)))
    else {
        return empty(&proof.register);
    };
    let days = table.column(source.date.name);
    let id_of = |text: u32| columns.texts.text(text).parse::<RecordId>().ok();
    let row = |(ordinal, class): (u32, Class)| {
        let row = *rows.get(ordinal as usize)? as usize;
        let duplicate = table.duplicate_of.get(row).copied().unwrap_or(NO_TEXT);
        let instead = proof
            .instead(ordinal)
            .and_then(|other| table.ids.get(other as usize))
            .and_then(|text| id_of(*text))
            .or_else(|| (duplicate != NO_TEXT).then(|| id_of(duplicate)).flatten());
        Some(ProofRow {
            ordinal,
            record: id_of(*table.ids.get(ordinal as usize)?)?,
            version: table.versions.get(row).copied()?,
            seq: table.seqs.get(row).copied()?,
            class,
            condition: condition(source, class),
            instead,
            shared: proof.shared(ordinal),
            date: date_of(days.map_or(NO_DATE, |column| column.day(row))),
        })
    };
    ProofPage {
        register: proof.register.clone(),
        total: match class {
            None => proof.records() as u64,
            Some(class) => proof.tally().iter().find(|(of, _)| *of == class).map_or(0, |(_, n)| *n),
        },
        rows: proof.of_class(class).skip(offset).take(limit).filter_map(row).collect(),
    }
}

/// The condition or link that a class names by its index, as written.
#[must_use]
pub fn condition(evidence: &Evidence, class: Class) -> Option<String> {
    match class {
        Class::FailsPart(i) | Class::UndecidedPart(i) => {
            evidence.filter.parts.get(usize::from(i)).map(|part| part.text.clone())
        }
        Class::MissingLink(i) => evidence.links.get(usize::from(i)).map(|link| {
            let filter = link.filter.to_string();
            let gap = if filter.is_empty() { "" } else { ": " };
            format!("{} → {}{gap}{filter}", link.field.name, link.register.kind)
        }),
        _ => None,
    }
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine")
            .field("pack", &self.shared.pack.info.id)
            .field("today", &self.shared.today)
            .finish_non_exhaustive()
    }
}
