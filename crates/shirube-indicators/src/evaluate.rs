//! The columnar evaluator: many specs over one view at once, and again after
//! the ledger has grown.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::NaiveDate;
use shirube_model::indicator::{
    Disaggregation, LEAF_RECORDS, Outcome, Spec, digest_outcome, fingerprint_leaves, row_leaf,
};

use crate::caches::Caches;
use crate::columns::{Change, Columns, View};
use crate::error::EvalError;
use crate::finish::{Tally, finish};
use crate::frame::Frame;
use crate::plan::{Mode, Plan};
use crate::series::series_tally;
use crate::stage::{Found, Moved, Sight, Stage, StageKey, Start, TargetKey};
use crate::tally::Counted;
use crate::threads::{in_two, in_two_taking};

/// One spec to evaluate, with its breakdowns.
#[derive(Debug, Clone)]
pub struct Request {
    /// Spec.
    pub spec: Arc<Spec>,
    /// Breakdowns of the headline.
    pub breakdowns: Arc<[Disaggregation]>,
}

impl Request {
    /// A request without breakdowns.
    #[must_use]
    pub fn plain(spec: Spec) -> Self {
        Self { spec: Arc::new(spec), breakdowns: Arc::new([]) }
    }
}

/// Evaluates specs, keeping what does not depend on the day: filter results and
/// keys by record version.
#[derive(Debug, Default)]
pub struct Evaluator {
    caches: Caches,
    followed: Option<Run>,
}

impl Evaluator {
    /// An evaluator that has seen nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Evaluates every request over one view. Results come in the order of the
    /// requests and do not depend on the number of threads.
    ///
    /// # Errors
    /// [`EvalError`] when an expression or column cannot be evaluated, which
    /// the check of a definition rules out.
    pub fn evaluate(
        &mut self,
        columns: &Columns,
        view: &View,
        requests: &[Request],
    ) -> Result<Vec<Arc<Outcome>>, EvalError> {
        let run = Run::of(&mut self.caches, columns, view.clone(), requests.to_vec(), false)?;
        Ok(run.outcomes)
    }

    /// Evaluates every request on a day and follows the ledger from there: the
    /// next [`Evaluator::advance`] takes in only what has changed.
    ///
    /// # Errors
    /// As [`Evaluator::evaluate`].
    pub fn follow(
        &mut self,
        columns: &Columns,
        view: &View,
        requests: &[Request],
    ) -> Result<Vec<Arc<Outcome>>, EvalError> {
        self.followed = None;
        let run = Run::of(&mut self.caches, columns, view.clone(), requests.to_vec(), true)?;
        Ok(self.followed.insert(run).outcomes.clone())
    }

    /// The day and ledger position followed.
    #[must_use]
    pub fn following(&self) -> Option<(NaiveDate, u64)> {
        self.followed.as_ref().map(|run| (run.view.day, run.view.seq))
    }

    /// Moves what is followed on to a later ledger position of the same day;
    /// `None` when nothing is followed. After an error nothing is followed.
    ///
    /// # Errors
    /// As [`Evaluator::evaluate`].
    pub fn advance(
        &mut self,
        columns: &Columns,
        seq: u64,
    ) -> Result<Option<Vec<Arc<Outcome>>>, EvalError> {
        let Some(mut run) = self.followed.take() else { return Ok(None) };
        run.advance(&mut self.caches, columns, seq)?;
        Ok(Some(self.followed.insert(run).outcomes.clone()))
    }

    /// The view followed.
    pub(crate) fn view(&self) -> Option<&View> {
        self.followed.as_ref().map(|run| &run.view)
    }
}

/// What was counted under one plan.
#[derive(Debug)]
enum Made {
    Counted(Box<Counted>),
    /// Comparisons and trends are small and made anew.
    Series(Box<(Plan, Tally)>),
}

/// Fingerprint of the rows of a register, by leaf.
#[derive(Debug, Default)]
struct Print {
    leaves: Vec<[u8; 32]>,
    text: String,
}

/// Requests evaluated over one view.
#[derive(Debug)]
struct Run {
    view: View,
    requests: Vec<Request>,
    frames: Vec<Frame>,
    stages: Vec<Stage>,
    made: Vec<Made>,
    /// Place of each request's counts in `made`.
    of_request: Vec<usize>,
    prints: Vec<Print>,
    outcomes: Vec<Arc<Outcome>>,
}

/// Stages and plans of requests, each once.
#[derive(Default)]
struct Plans {
    stages: Vec<StageKey>,
    plans: Vec<Plan>,
    of_request: Vec<usize>,
}

impl Plans {
    fn of(
        caches: &mut Caches,
        columns: &Columns,
        requests: &[Request],
        frames: &[Frame],
        follow: bool,
    ) -> Result<Self, EvalError> {
        let mut out = Self::default();
        let mut stages: HashMap<StageKey, usize> = HashMap::new();
        let mut plans: HashMap<Plan, usize> = HashMap::new();
        for (number, (request, frame)) in requests.iter().zip(frames).enumerate() {
            let mut places = Vec::new();
            let mut table = 0;
            for evidence in request.spec.evidences() {
                let key = StageKey::of(columns, caches, evidence)?;
                if places.is_empty() {
                    table = key.table;
                }
                if follow {
                    for link in &key.links {
                        caches.want_keys(key.table, link.field);
                        if let Some(on) = link.target.on {
                            caches.want_keys(link.target.table, on);
                        }
                    }
                }
                let place = *stages.entry(key.clone()).or_insert_with(|| {
                    out.stages.push(key);
                    out.stages.len() - 1
                });
                places.push(place);
            }
            let spec = &request.spec;
            let plan = Plan::of(number, spec, frame, &request.breakdowns, places, (table, caches));
            if let Some(schema) = columns.tables.get(table) {
                let breakdowns = plan.breakdowns.iter().map(|(_, field)| field.as_str());
                for field in plan.key.into_iter().chain(breakdowns) {
                    if let Some(name) = schema.name(field) {
                        caches.want_keys(table, name);
                    }
                }
            }
            let place = *plans.entry(plan.clone()).or_insert_with(|| {
                out.plans.push(plan);
                out.plans.len() - 1
            });
            out.of_request.push(place);
        }
        Ok(out)
    }
}

impl Run {
    fn of(
        caches: &mut Caches,
        columns: &Columns,
        view: View,
        requests: Vec<Request>,
        follow: bool,
    ) -> Result<Self, EvalError> {
        let frames: Vec<Frame> =
            requests.iter().map(|request| Frame::of(&request.spec, view.day)).collect();
        let plans = Plans::of(caches, columns, &requests, &frames, follow)?;
        caches.fill(columns)?;
        let sight = Sight { columns, view: &view, caches };
        let stages = stages(sight, plans.stages)?;
        let starts = in_two(&stages, |stage| Start::of(sight, stage))?;
        let made = in_two_taking(plans.plans, |plan| match plan.mode {
            Mode::Series(number) => series(sight, plan, number, &stages, &requests),
            _ => Ok(Made::Counted(Box::new(Counted::of(sight, plan, &stages, &starts)?))),
        })?;
        let mut wanted = vec![false; columns.tables.len()];
        for stage in &stages {
            if let Some(slot) = wanted.get_mut(stage.key.table) {
                *slot = true;
            }
        }
        let numbered: Vec<(usize, bool)> = wanted.into_iter().enumerate().collect();
        let prints = in_two(&numbered, |&(table, wanted)| {
            Ok(if wanted { Print::of(sight, table) } else { Print::default() })
        })?;
        let mut run = Self {
            view,
            requests,
            frames,
            stages,
            made,
            of_request: plans.of_request,
            prints,
            outcomes: Vec::new(),
        };
        run.outcomes = run.finish(columns, caches)?;
        Ok(run)
    }

    fn advance(
        &mut self,
        caches: &mut Caches,
        columns: &Columns,
        seq: u64,
    ) -> Result<(), EvalError> {
        caches.fill(columns)?;
        let changes = self.view.advance(columns, seq);
        let Self { view, requests, stages, made, prints, .. } = self;
        let sight = Sight { columns, view, caches };
        let moved: Vec<Vec<Moved>> =
            in_two_taking(stages.iter_mut().collect(), |stage| stage.advance(sight, &changes))?;
        let of = |plan: &Plan| plan.stages.first().and_then(|&stage| moved.get(stage));
        let stages: &[Stage] = stages;
        in_two_taking(made.iter_mut().collect(), |made| {
            match made {
                Made::Counted(counted) => {
                    let moved = of(&counted.plan).map_or(&[][..], Vec::as_slice);
                    counted.advance(sight, stages, moved)?;
                }
                Made::Series(sums) => {
                    let plan = &sums.0;
                    let idle = |stage: &usize| moved.get(*stage).is_none_or(Vec::is_empty);
                    if !plan.stages.iter().all(idle) {
                        let Mode::Series(number) = plan.mode else { return Ok(()) };
                        *made = series(sight, plan.clone(), number, stages, requests)?;
                    }
                }
            }
            Ok(())
        })?;
        let jobs: Vec<(usize, &mut Print)> =
            prints.iter_mut().enumerate().filter(|(_, print)| !print.text.is_empty()).collect();
        in_two_taking(jobs, |(table, print)| {
            print.advance(sight, table, changes.get(table).map_or(&[], Vec::as_slice));
            Ok(())
        })?;
        self.outcomes = self.finish(columns, caches)?;
        Ok(())
    }

    /// Outcomes from what was counted.
    fn finish(&self, columns: &Columns, caches: &Caches) -> Result<Vec<Arc<Outcome>>, EvalError> {
        let sight = Sight { columns, view: &self.view, caches };
        let numbers: Vec<usize> = (0..self.requests.len()).collect();
        in_two(&numbers, |&number| {
            let missing = EvalError::Unsupported("request without counts");
            let Some(((request, frame), made)) = self
                .requests
                .get(number)
                .zip(self.frames.get(number))
                .zip(self.of_request.get(number).and_then(|&place| self.made.get(place)))
            else {
                return Err(missing);
            };
            let (plan, mut tally) = match made {
                Made::Counted(counted) => (&counted.plan, counted.tally(sight)),
                Made::Series(sums) => (&sums.0, sums.1.clone()),
            };
            for (proof, stage) in tally.proofs.iter_mut().zip(&plan.stages) {
                let table = self.stages.get(*stage).map(|stage| stage.key.table);
                if let Some(print) = table.and_then(|table| self.prints.get(table)) {
                    proof.rows_fingerprint.clone_from(&print.text);
                }
            }
            let mut outcome = finish(&request.spec, frame, tally);
            outcome.digest = digest_outcome(&outcome);
            Ok(Arc::new(outcome))
        })
    }
}

/// Stages every key, the targets of links once for all.
fn stages(sight: Sight<'_>, keys: Vec<StageKey>) -> Result<Vec<Stage>, EvalError> {
    let mut places: HashMap<&TargetKey, usize> = HashMap::new();
    let mut targets: Vec<&TargetKey> = Vec::new();
    for link in keys.iter().flat_map(|key| &key.links) {
        places.entry(&link.target).or_insert_with(|| {
            targets.push(&link.target);
            targets.len() - 1
        });
    }
    let found = in_two(&targets, |target| Found::of(sight, target))?;
    in_two(&keys, |key| {
        let links: Vec<&Found> = key
            .links
            .iter()
            .filter_map(|link| places.get(&link.target).and_then(|&place| found.get(place)))
            .collect();
        Stage::of(sight, key.clone(), &links)
    })
}

fn series(
    sight: Sight<'_>,
    plan: Plan,
    number: usize,
    stages: &[Stage],
    requests: &[Request],
) -> Result<Made, EvalError> {
    let request = requests.get(number).ok_or(EvalError::Unsupported("no such request"))?;
    let own: Vec<&Stage> = plan.stages.iter().filter_map(|&stage| stages.get(stage)).collect();
    let tally = series_tally(sight, &request.spec, &own)?;
    Ok(Made::Series(Box::new((plan, tally))))
}

impl Print {
    fn of(sight: Sight<'_>, table: usize) -> Self {
        let count = sight.rows(table).len().div_ceil(LEAF_RECORDS);
        let leaves: Vec<[u8; 32]> = (0..count).map(|leaf| leaf_of(sight, table, leaf)).collect();
        Self { text: fingerprint_leaves(&leaves), leaves }
    }

    fn advance(&mut self, sight: Sight<'_>, table: usize, changes: &[Change]) {
        let of = |change: &Change| change.ordinal as usize / LEAF_RECORDS;
        for part in changes.chunk_by(|a, b| of(a) == of(b)) {
            let Some(leaf) = part.first().map(of) else { continue };
            if leaf >= self.leaves.len() {
                self.leaves.resize(leaf + 1, [0; 32]);
            }
            if let Some(slot) = self.leaves.get_mut(leaf) {
                *slot = leaf_of(sight, table, leaf);
            }
        }
        if !changes.is_empty() {
            self.text = fingerprint_leaves(&self.leaves);
        }
    }
}

/// Hash of the ledger positions of one leaf of records.
fn leaf_of(sight: Sight<'_>, table: usize, leaf: usize) -> [u8; 32] {
    let rows = sight.rows(table);
    let rows = rows.get(leaf * LEAF_RECORDS..).unwrap_or_default();
    let seqs = sight.columns.tables.get(table).map_or(&[][..], |table| &table.seqs);
    let seqs: Vec<u64> = rows
        .iter()
        .take(LEAF_RECORDS)
        .map(|&row| seqs.get(row as usize).copied().unwrap_or(0))
        .collect();
    row_leaf(&seqs)
}
