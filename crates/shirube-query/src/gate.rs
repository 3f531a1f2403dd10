//! The gate: check, run, protect, compare, release.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow::{self, Break, Continue};
use std::path::Path;
use std::sync::Arc;

use shirube_gate::policy::Zeros;
use shirube_gate::protect::{NoiseTable, RecordKey};
use shirube_model::refusal::Refusal;
use shirube_records::Snapshot;

use crate::close::{Page, Piece, Role, Rule, close};
use crate::cost;
use crate::error::QueryError;
use crate::grid::Grid;
use crate::ledger::{Entry, Held, Ledger, Outcome, Question};
use crate::number::{self, Number, Protected};
use crate::policy::{Equal, QueryPolicy, ReviewWhen, TooClose, TooCostly};
use crate::protect::{Criterion, Masks, masks, noise_masks};
use crate::released::{Field, Released, decimal, quotient};
use crate::review::{Asking, Decision, Pending, Review, ReviewState, Standing};
use crate::source::{Exclusions, Grant, Tables};
use crate::sql::{self, Aggregate, Checked, Output};
use crate::tally::{self, Tally};
use crate::unreleased::Unreleased;
use crate::vector::Vector;

/// Most rounds of masking cells that are close to earlier answers.
const ROUNDS_MAX: usize = 8;

/// What a gate guards, and by which rules.
#[derive(Debug, Clone, Copy)]
pub struct Setup<'s> {
    /// The records.
    pub snapshot: &'s Snapshot,
    /// The tables and columns that may be asked for.
    pub grant: &'s Grant,
    /// Persons who opted out.
    pub exclusions: &'s Exclusions,
    /// The data set's policy.
    pub policy: &'s QueryPolicy,
    /// Folder of the data set's ledger.
    pub ledger: &'s Path,
    /// Secret for cell keys; the same for the life of the data set.
    pub secret: &'s [u8],
}

/// The gate over one snapshot of one data set.
#[derive(Debug)]
pub struct Gate {
    tables: Tables,
    /// Rows of each table of the snapshot.
    rows: BTreeMap<String, u64>,
    exclusions: Exclusions,
    policy: QueryPolicy,
    ledger: Ledger,
    secret: Secret,
}

struct Secret(Vec<u8>);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

/// A query's groups before the gate; opaque.
pub struct Answer {
    checked: Checked,
    tally: Tally,
}

/// How a repetition compares with what was released.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reproduced {
    /// The same to the byte.
    Same,
    /// Not the same: data or program changed under the ledger.
    Different,
}

impl Gate {
    /// Opens a gate. Files of the snapshot and the chain of the ledger are checked.
    /// The exclusions are those of this moment: when one is added, the gate is
    /// opened anew.
    ///
    /// # Errors
    /// When a file is damaged or missing.
    pub fn open(setup: &Setup<'_>) -> Result<Self, QueryError> {
        let ledger = Ledger::open(setup.ledger)?;
        ledger.entries()?;
        let people = Arc::new(ledger.people(setup.snapshot)?);
        Ok(Self {
            tables: Tables::of(setup.snapshot, setup.grant, setup.exclusions, people)?,
            rows: setup.snapshot.manifest.rows.clone(),
            exclusions: setup.exclusions.clone(),
            policy: setup.policy.clone(),
            ledger,
            secret: Secret(setup.secret.to_vec()),
        })
    }

    /// The ledger behind the gate.
    #[must_use]
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Checks a query without running it.
    ///
    /// # Errors
    /// What is not allowed, with its place in the text.
    pub fn check(&self, sql: &str) -> Result<Checked, Refusal> {
        let checked = sql::check(&self.tables, sql)?;
        if self.policy.rules.cell_key.is_some()
            && !checked.measures.iter().all(|m| matches!(m, Aggregate::Persons(_)))
        {
            return Err(Refusal::new("query.policy.measure").arg("policy", &self.policy.id));
        }
        Ok(checked)
    }

    /// Most rows that a checked query may come to at any step, by the snapshot's
    /// row counts and the shape of its joins.
    #[must_use]
    pub fn estimate(&self, checked: &Checked) -> u64 {
        cost::estimate(&checked.plan, &self.rows)
    }

    /// Runs a checked query. The answer stays closed until [`Self::release`].
    ///
    /// # Errors
    /// `query.cost.too_high` unless two reviewers let it run,
    /// `query.engine.failed`, `query.cells.too_many`.
    pub async fn run(&self, checked: &Checked) -> Result<Unreleased<Answer>, QueryError> {
        self.own(checked)?;
        if let Some(rows) = self.too_costly(checked)
            && !self.may_run(checked)?
        {
            return Err(self.costs(rows).into());
        }
        let tally = self.tally(checked).await?;
        Ok(Unreleased::new(Answer { checked: checked.clone(), tally }))
    }

    /// Checks, runs and releases, or queues.
    ///
    /// # Errors
    /// Those of the three steps, and `query.review.nobody` where the answer waits
    /// and nobody is named who asks.
    pub async fn ask(&self, by: &Asking<'_>, sql: &str) -> Result<Decision, QueryError> {
        let checked = self.check(sql)?;
        if let Break(known) = self.known(&checked, by)? {
            return Ok(known);
        }
        if let Some(rows) = self.too_costly(&checked)
            && !self.may_run(&checked)?
        {
            return self.queue_costly(by, &checked, rows);
        }
        let answer = self.run(&checked).await?;
        self.release(by, answer)
    }

    /// Rows of a query that may come to more than the policy allows.
    fn too_costly(&self, checked: &Checked) -> Option<u64> {
        let max = self.policy.rows_max?;
        Some(self.estimate(checked)).filter(|rows| *rows > max)
    }

    fn costs(&self, rows: u64) -> Refusal {
        let max = self.policy.rows_max.unwrap_or(u64::MAX);
        Refusal::new("query.cost.too_high").arg("rows", rows).arg("max", max)
    }

    /// Whether two reviewers let a costly query run.
    fn may_run(&self, checked: &Checked) -> Result<bool, QueryError> {
        let held = self.ledger.hold()?;
        let Some(entry) = held.answered(&self.question(checked)) else { return Ok(false) };
        Ok(self.ledger.standing_of(held.chain(), entry)? == Standing::MayRun)
    }

    fn queue_costly(
        &self,
        by: &Asking<'_>,
        checked: &Checked,
        rows: u64,
    ) -> Result<Decision, QueryError> {
        if self.policy.too_costly == TooCostly::Refuse {
            return Err(self.costs(rows).into());
        }
        let held = match self.known(checked, by)? {
            Continue(held) => held,
            Break(known) => return Ok(known),
        };
        self.within_budget(&held, by)?;
        named(by)?;
        let mut entry = self.entry(by, checked);
        entry.outcome = Outcome::Costly(rows);
        Ok(Decision::Queued(held.add(entry, None)?.number))
    }

    /// Takes the ledger, unless a question was asked before: then what it came to.
    fn known(
        &self,
        checked: &Checked,
        by: &Asking<'_>,
    ) -> Result<ControlFlow<Decision, Held<'_>>, QueryError> {
        let held = self.ledger.hold()?;
        let Some(entry) = held.answered(&self.question(checked)) else { return Ok(Continue(held)) };
        Ok(match self.ledger.standing_of(held.chain(), entry)? {
            Standing::Released(released) => Break(Decision::Released(released)),
            Standing::Refused(refusal) => return Err(QueryError::Refused(refusal)),
            Standing::MayRun => Continue(held),
            Standing::Waiting => {
                let number = entry.number;
                let asked = held.chain().askers(entry);
                if !asked.iter().any(|asker| asker == by.asker.trim()) {
                    named(by)?;
                    held.asked_too(number, by)?;
                }
                Break(Decision::Queued(number))
            }
        })
    }

    fn within_budget(&self, held: &Held<'_>, by: &Asking<'_>) -> Result<(), Refusal> {
        if held.asked(by.permit) < self.policy.queries_max {
            return Ok(());
        }
        Err(Refusal::new("query.budget.spent").arg("max", self.policy.queries_max))
    }

    /// Protects an answer, compares it with every earlier one, writes the ledger
    /// and hands out what is left, or queues it for two reviewers. A question
    /// asked before gets the answer it got then.
    ///
    /// # Errors
    /// `query.budget.spent`, `query.protect.impossible`, `query.ledger.close`,
    /// and failures of the ledger; nothing is handed out that is not in it.
    pub fn release(
        &self,
        by: &Asking<'_>,
        answer: Unreleased<Answer>,
    ) -> Result<Decision, QueryError> {
        let Answer { checked, tally } = answer.into_inside();
        self.own(&checked)?;
        let held = match self.known(&checked, by)? {
            Continue(held) => held,
            Break(known) => return Ok(known),
        };
        self.within_budget(&held, by)?;
        let past = held.pages(&self.tables.data_set)?;
        let decided = self.decide(&checked, &tally, &past);
        let mut entry = self.entry(by, &checked);
        match decided {
            Ok(decided) => {
                let released = self.shape(&checked, &decided, held.next());
                let queued = self.reviewed(&decided);
                if queued {
                    named(by)?;
                }
                let outcome = if queued { Outcome::Queued } else { Outcome::Released };
                entry.outcome = outcome(released.digest());
                entry.criteria = decided.masks.criteria;
                entry.masked_for_others = decided.close.into_iter().collect();
                let entry = held.add(entry, Some((&released, &decided.page)))?;
                Ok(if queued {
                    Decision::Queued(entry.number)
                } else {
                    Decision::Released(released)
                })
            }
            Err(QueryError::Refused(refusal)) => {
                entry.outcome = Outcome::Refused(refusal.code.to_owned());
                held.add(entry, None)?;
                Err(QueryError::Refused(refusal))
            }
            Err(fault) => Err(fault),
        }
    }

    /// Whether two reviewers look at an answer before it goes out.
    fn reviewed(&self, decided: &Decided) -> bool {
        match self.policy.review {
            ReviewWhen::Never => false,
            ReviewWhen::Masked => !decided.masks.hidden.is_empty(),
            ReviewWhen::Always => true,
        }
    }

    /// What waits for reviewers, oldest first.
    ///
    /// # Errors
    /// When the ledger cannot be read or is broken.
    pub fn queue(&self) -> Result<Vec<Pending>, QueryError> {
        self.ledger.queue()
    }

    /// Takes a reviewer's verdict on a queued entry; the second one decides.
    ///
    /// # Errors
    /// As for [`Ledger::review`].
    pub fn review(&self, entry: u64, review: &Review<'_>) -> Result<ReviewState, QueryError> {
        self.ledger.review(entry, review, &self.exclusions)
    }

    /// What those who asked may see of an entry now.
    ///
    /// # Errors
    /// As for [`Ledger::standing`].
    pub fn answer(&self, entry: u64) -> Result<Standing, QueryError> {
        self.ledger.standing(entry)
    }

    /// Runs an entry of the ledger again and compares what comes out.
    ///
    /// # Errors
    /// `query.reproduce.other` when the entry speaks of another snapshot, other
    /// exclusions or another policy, or released nothing; and those of running.
    pub async fn reproduce(&self, entry: &Entry) -> Result<Reproduced, QueryError> {
        let checked = self.check(&entry.sql)?;
        let Some(digest) = entry.outcome.digest() else {
            return Err(Refusal::new("query.reproduce.other").into());
        };
        let same = entry.snapshot == self.tables.snapshot
            && entry.exclusions == self.tables.exclusions
            && entry.policy == self.policy.id
            && entry.policy_version == self.policy.version;
        if !same {
            return Err(Refusal::new("query.reproduce.other").into());
        }
        let tally = self.tally(&checked).await?;
        let counted = self.counted(&checked, &tally)?;
        let close: BTreeSet<usize> = entry.masked_for_others.iter().copied().collect();
        let decided = self.masked(&checked, counted, close)?;
        let released = self.shape(&checked, &decided, entry.number);
        let equal = entry.plan_hash == checked.plan_hash && released.digest() == digest;
        Ok(if equal { Reproduced::Same } else { Reproduced::Different })
    }

    /// Refuses what was checked by another gate: it reads other tables, perhaps
    /// with persons who opted out of these.
    fn own(&self, checked: &Checked) -> Result<(), Refusal> {
        if checked.origin == self.tables.origin {
            return Ok(());
        }
        Err(Refusal::new("query.gate.other"))
    }

    async fn tally(&self, checked: &Checked) -> Result<Tally, QueryError> {
        let institutions = self.policy.rules.institutions_min.is_some();
        let tally = tally::run(checked, self.policy.cells_max, institutions).await?;
        Ok(tally.into_inside())
    }

    fn counted(&self, checked: &Checked, tally: &Tally) -> Result<Arc<Counted>, Refusal> {
        let people = self.tables.people.len();
        let grid = Grid::new(checked, tally, self.policy.cells_max, people)?;
        let numbers = Number::all(&checked.measures, &grid);
        Ok(Arc::new(Counted { grid, numbers }))
    }

    fn question<'q>(&'q self, checked: &'q Checked) -> Question<'q> {
        Question {
            plan_hash: &checked.plan_hash,
            snapshot: &self.tables.snapshot,
            exclusions: &self.tables.exclusions,
            policy: &self.policy.id,
            policy_version: self.policy.version,
        }
    }

    fn entry(&self, by: &Asking<'_>, checked: &Checked) -> Entry {
        Entry {
            number: 0,
            previous: String::new(),
            data_set: self.tables.data_set.clone(),
            snapshot: self.tables.snapshot.clone(),
            exclusions: self.tables.exclusions.clone(),
            permit: by.permit.to_owned(),
            asker: by.asker.trim().to_owned(),
            at: Some(by.at),
            sql: checked.sql.clone(),
            plan_hash: checked.plan_hash.clone(),
            policy: self.policy.id.clone(),
            policy_version: self.policy.version,
            people: self.tables.people.seal().to_owned(),
            rows_estimate: self.estimate(checked),
            outcome: Outcome::Refused(String::new()),
            criteria: BTreeMap::new(),
            masked_for_others: Vec::new(),
            cells_sha256: String::new(),
            result_sha256: String::new(),
            hash: String::new(),
        }
    }

    /// Masks an answer until it is far enough from every earlier one.
    fn decide(
        &self,
        checked: &Checked,
        tally: &Tally,
        past: &[Page],
    ) -> Result<Decided, QueryError> {
        let mut masked_for_others = BTreeSet::new();
        let rule = Rule {
            enough: self.policy.close_min,
            equal_too: self.policy.equal == Equal::TooClose,
            one_is_enough: self.policy.too_close == TooClose::Refuse,
        };
        let counted = self.counted(checked, tally)?;
        for _ in 0..ROUNDS_MAX {
            let decided = self.masked(checked, Arc::clone(&counted), masked_for_others.clone())?;
            let found = close(past, &decided.page, rule);
            if !found.any() {
                return Ok(decided);
            }
            let before = masked_for_others.len();
            masked_for_others.extend(found.cells);
            let helps = self.policy.too_close == TooClose::Mask
                && !found.whole
                && masked_for_others.len() > before;
            if !helps {
                break;
            }
        }
        Err(Refusal::new("query.ledger.close").into())
    }

    fn masked(
        &self,
        checked: &Checked,
        counted: Arc<Counted>,
        close: BTreeSet<usize>,
    ) -> Result<Decided, QueryError> {
        let Counted { grid, numbers } = counted.as_ref();
        let masks = if self.policy.rules.cell_key.is_some() {
            noise_masks(grid, numbers, &self.policy, &close)
        } else {
            let mut masks = masks(grid, numbers, &self.policy, &close, &checked.conditional)?;
            if self.policy.rules.rounding.is_some() {
                masks.criteria.insert(Criterion::Rounding, 0);
            }
            masks
        };
        let page = page(checked, grid, numbers, &masks);
        Ok(Decided { counted, masks, page, close })
    }

    /// The rows that are handed out.
    fn shape(&self, checked: &Checked, decided: &Decided, entry: u64) -> Released {
        let hides_presence = self.policy.rules.zeros != Zeros::Shown;
        let threshold = self.policy.threshold();
        let noise = self.policy.rules.cell_key.as_ref().map(NoiseTable::new);
        let mut rows = Vec::new();
        let Counted { grid, numbers } = decided.counted.as_ref();
        for (number, head) in grid.leaves() {
            let masked = decided.masks.hidden.contains(&number);
            let Some(group) = grid.groups.get(number) else { continue };
            // SQL gives no row for a group without rows. A masked group must look
            // alike where the policy does not tell zeros from small counts, and
            // where those it is compared with are few.
            let told = !hides_presence && noise.is_none() && grid.parents_reach(number, threshold);
            if !checked.groups.is_empty() && (group.is_empty() || masked && !told) {
                continue;
            }
            let measure = |at: usize| -> Field {
                let Some(measure) = checked.measures.get(at).copied() else { return Field::Masked };
                if masked {
                    return Field::Masked;
                }
                let of = |what| number::at(numbers, Protected::Asked(what), number);
                let (sum, divisor) = match measure {
                    Aggregate::Average(at) => {
                        (of(Aggregate::Sum(at)), of(Aggregate::Values(at)).map(|cell| cell.total))
                    }
                    other => (of(other), None),
                };
                match (&noise, sum) {
                    (_, None) => Field::Masked,
                    (Some(noise), Some(cell)) => self.noisy(noise, &cell.vector),
                    (None, Some(cell)) => self.field(measure, cell.total, divisor),
                }
            };
            let row: Vec<Field> = checked
                .columns
                .iter()
                .map(|(_, output)| match output {
                    Output::Group(at) => head.get(*at).cloned().map_or(Field::Masked, Field::Head),
                    Output::Measure(at) => measure(*at),
                })
                .collect();
            // Noise that makes a count zero makes the group vanish, as zeros do.
            let counts = row.iter().filter(|f| !matches!(f, Field::Head(_)));
            let vanished = noise.is_some() && counts.clone().all(|f| *f == Field::Count(0));
            if !vanished || checked.groups.is_empty() {
                rows.push(row);
            }
        }
        Released {
            columns: checked.columns.iter().map(|(name, _)| name.clone()).collect(),
            rows,
            entry,
            snapshot: self.tables.snapshot.clone(),
            policy: self.policy.id.clone(),
            policy_version: self.policy.version,
        }
    }

    fn noisy(&self, noise: &NoiseTable, parts: &Vector) -> Field {
        let numbers = parts.persons().iter().filter_map(|p| self.tables.people.number(*p));
        let keys = numbers.map(|n| RecordKey::derive(&self.secret.0, &n.to_be_bytes()));
        let key = RecordKey::sum(keys);
        let count = i64::try_from(parts.len()).unwrap_or(i64::MAX);
        Field::Count(count + noise.noise(count, key))
    }

    fn field(&self, measure: Aggregate, sum: i128, divisor: Option<i128>) -> Field {
        if measure.is_count() {
            let exact = i64::try_from(sum).unwrap_or(i64::MAX);
            return Field::Count(match self.policy.rules.rounding {
                Some(base) if base > 0 => exact.saturating_add(base / 2) / base * base,
                _ => exact,
            });
        }
        match divisor {
            None => Field::Number(decimal(sum)),
            Some(count) => {
                quotient(sum, count).map_or(Field::Nothing, |q| Field::Number(decimal(q)))
            }
        }
    }
}

/// An answer's positions with the numbers that stand there.
struct Counted {
    grid: Grid,
    numbers: Vec<Number>,
}

/// An answer with its masks.
struct Decided {
    counted: Arc<Counted>,
    masks: Masks,
    page: Page,
    close: BTreeSet<usize>,
}

/// What the ledger keeps of an answer: the contributions behind each cell and
/// each margin.
fn page(checked: &Checked, grid: &Grid, numbers: &[Number], masks: &Masks) -> Page {
    let margins: BTreeSet<usize> = grid.margins().into_iter().collect();
    let describes: Vec<String> =
        (0..grid.groups.len()).map(|cell| checked.describes(&grid.head(cell))).collect();
    let pieces = |number: &Number| {
        let piece = |((cell, own), describes): ((usize, &number::Cell), &String)| Piece {
            cell,
            role: match (margins.contains(&cell), masks.hidden.contains(&cell)) {
                (true, _) => Role::Margin,
                (false, true) => Role::Hidden,
                (false, false) => Role::Printed,
            },
            describes: describes.clone(),
            vector: own.vector.clone(),
        };
        number.cells.iter().enumerate().zip(&describes).map(piece).collect()
    };
    let asked = numbers.iter().filter(|number| number.what != Protected::Behind);
    Page { numbers: asked.map(pieces).collect() }
}

/// Refuses a queued question of nobody: its reviewers must not be who asked.
fn named(by: &Asking<'_>) -> Result<(), Refusal> {
    if by.asker.trim().is_empty() { Err(Refusal::new("query.review.no_asker")) } else { Ok(()) }
}
