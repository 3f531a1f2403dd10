//! Data sets of health records behind their gates.
//!
//! A folder holds `data_sets.toml`, `snapshots/` as `shirube records import`
//! makes them, and `ledgers/` with a ledger per data set. The file is read again
//! when it changes. Opening a gate checks every file of its snapshot, so a gate
//! stays open until its snapshot, rules or exclusions change.

pub(crate) mod access;
mod config;
pub(crate) mod quality;

pub use config::FILE;
pub(crate) use config::{DataSet, Permit};

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use chrono::Utc;
use shirube_exchange::choices_of;
use shirube_model::calendar::japan_day;
use shirube_model::choice::Question;
use shirube_model::refusal::Refusal;
use shirube_query::{
    Asking, Checked, Decision, Entry, Exclusions, Gate, Ledger, QueryError, QueryPolicy,
    Reproduced, Review, ReviewState, Setup, Verdict,
};
use shirube_records::Snapshot;
use shirube_store::Store;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Queries that run at a time, over all data sets.
const QUERIES_MAX: usize = 2;
/// Threads of one query.
const THREADS: usize = 2;
/// Longest wait for an answer; shorter than what the web allows a request.
const QUERY_SECONDS_MAX: u64 = 45;
/// Gates of one data set that stay open: permits may differ in who opted out.
const GATES_MAX: usize = 4;

/// The health records of a server.
pub struct HealthData {
    folder: PathBuf,
    turns: Arc<Semaphore>,
    seconds_max: u64,
    read: Mutex<Read>,
    gates: Mutex<BTreeMap<String, Arc<Mutex<Vec<Opened>>>>>,
    checks: quality::Checks,
    /// Where notices and choices are kept.
    registers: OnceLock<Arc<Store>>,
}

/// The file of data sets as it was read last.
#[derive(Default)]
struct Read {
    text: String,
    sets: Arc<Vec<DataSet>>,
}

/// An open gate, and what it was opened for.
struct Opened {
    set: DataSet,
    policy: QueryPolicy,
    exclusions: String,
    gate: Arc<Gate>,
}

impl std::fmt::Debug for HealthData {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HealthData").field("folder", &self.folder).finish_non_exhaustive()
    }
}

/// A data set with its snapshot and its policy.
#[derive(Debug, Clone)]
pub(crate) struct Described {
    pub snapshot: Snapshot,
    pub policy: QueryPolicy,
}

fn held<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

impl HealthData {
    /// The health records in a folder. Its file of data sets is read, so that a
    /// fault in it shows at the start.
    ///
    /// # Errors
    /// `health.config.*`.
    pub fn open(folder: &Path) -> Result<Self, Refusal> {
        let data = Self {
            folder: folder.to_owned(),
            turns: Arc::new(Semaphore::new(QUERIES_MAX)),
            seconds_max: QUERY_SECONDS_MAX,
            read: Mutex::default(),
            gates: Mutex::default(),
            checks: Mutex::default(),
            registers: OnceLock::new(),
        };
        data.sets()?;
        Ok(data)
    }

    /// Says where the registers are that tell whose records may be used.
    pub(crate) fn obey(&self, registers: &Arc<Store>) {
        // A second server over the same records has the same registers.
        let _ = self.registers.set(Arc::clone(registers));
    }

    /// The same with other limits: queries at a time, and seconds until whoever
    /// asks is told that it takes long.
    #[must_use]
    pub fn with_limits(mut self, queries_max: usize, seconds_max: u64) -> Self {
        self.turns = Arc::new(Semaphore::new(queries_max));
        self.seconds_max = seconds_max;
        self
    }

    /// The data sets, as the file names them now.
    ///
    /// # Errors
    /// `health.config.*`.
    pub(crate) fn sets(&self) -> Result<Arc<Vec<DataSet>>, Refusal> {
        let path = self.folder.join(FILE);
        let missing =
            || Refusal::new("health.config.missing").file(self.folder.display().to_string());
        let size = std::fs::metadata(&path).map_err(|_| missing())?.len();
        if size > config::BYTES_MAX {
            return Err(missing());
        }
        let text = std::fs::read_to_string(&path).map_err(|_| missing())?;
        let mut read = held(&self.read);
        if read.text != text || text.is_empty() {
            read.sets = Arc::new(config::read(&text)?);
            read.text = text;
        }
        Ok(read.sets.clone())
    }

    /// One data set by its id.
    ///
    /// # Errors
    /// `web.not-found.data-set`, `health.config.*`.
    pub(crate) fn set(&self, id: &str) -> Result<DataSet, Refusal> {
        let sets = self.sets()?;
        let found = sets.iter().find(|set| set.id == id).cloned();
        found.ok_or_else(|| Refusal::new("web.not-found.data-set").arg("id", id))
    }

    /// A data set with its snapshot and its policy.
    ///
    /// # Errors
    /// When the snapshot is missing, damaged or of another data set, or the
    /// policy cannot be read.
    pub(crate) fn describe(&self, set: &DataSet) -> Result<Described, QueryError> {
        let snapshot = Snapshot::open(&self.folder, &set.snapshot)?;
        if snapshot.manifest.data_set != set.id {
            let refusal = Refusal::new("health.config.other-data-set");
            return Err(refusal.arg("id", &set.id).file(FILE).into());
        }
        Ok(Described { snapshot, policy: self.policy(set)? })
    }

    fn policy(&self, set: &DataSet) -> Result<QueryPolicy, Refusal> {
        let name = &set.policy;
        if !name.ends_with(".toml") {
            return QueryPolicy::embedded(name);
        }
        let text = std::fs::read_to_string(self.folder.join(name))
            .map_err(|_| Refusal::new("query.policy.unreadable").file(name))?;
        QueryPolicy::read(name, &text)
    }

    fn ledger_folder(&self, set: &DataSet) -> PathBuf {
        self.folder.join("ledgers").join(&set.id)
    }

    /// The ledger of a data set.
    ///
    /// # Errors
    /// When its folder cannot be made.
    pub(crate) fn ledger(&self, set: &DataSet) -> Result<Ledger, QueryError> {
        Ledger::open(&self.ledger_folder(set))
    }

    /// Every entry of a data set's ledger, the chain checked.
    ///
    /// # Errors
    /// Those of the ledger.
    pub(crate) fn entries(&self, set: &DataSet) -> Result<Vec<Entry>, QueryError> {
        self.ledger(set)?.entries()
    }

    /// Persons whose rows take part in nothing that is asked of a data set under
    /// a permit, for its purpose and its class of recipient.
    ///
    /// # Errors
    /// When the list cannot be read; nothing is then asked.
    pub(crate) fn exclusions_for(
        &self,
        set: &DataSet,
        permit: Option<&Permit>,
    ) -> Result<Exclusions, QueryError> {
        let listed = self.listed(set)?;
        if !set.choices {
            return Ok(listed);
        }
        let silent = || Refusal::new("health.registers").arg("id", &set.id);
        let registers = self.registers.get().ok_or_else(silent)?;
        // On a thread for files, which may wait.
        let choices = tokio::runtime::Handle::try_current()
            .map_err(|_| silent())?
            .block_on(choices_of(registers, &set.id))
            .map_err(|_| silent())?;
        let named = |text: fn(&Permit) -> &String| {
            permit.map(text).filter(|text| !text.is_empty()).cloned()
        };
        let question = Question {
            purpose: named(|permit| &permit.purpose),
            recipient: named(|permit| &permit.recipient),
            on: japan_day(Utc::now()),
        };
        let snapshot = self.describe(set)?.snapshot;
        Ok(listed.and(&Exclusions::by_choices(&snapshot, &choices, &question)?.exclusions))
    }

    /// Persons on the list of a data set.
    fn listed(&self, set: &DataSet) -> Result<Exclusions, QueryError> {
        let Some(file) = &set.opt_out_file else { return Ok(Exclusions::of([])) };
        let name = file.display().to_string();
        let unreadable = |line: u64| Refusal::new("health.opt-out").file(&name).line(line);
        let text = std::fs::read_to_string(self.folder.join(file)).map_err(|_| unreadable(1))?;
        let mut persons = Vec::new();
        for (line, number) in text.lines().zip(1..) {
            if !line.trim().is_empty() {
                persons.push(line.trim().parse::<i64>().map_err(|_| unreadable(number))?);
            }
        }
        Ok(Exclusions::of(persons))
    }

    fn secret(&self, set: &DataSet, policy: &QueryPolicy) -> Result<Vec<u8>, QueryError> {
        let missing = || Refusal::new("health.secret").arg("id", &set.id).file(FILE);
        match &set.secret_file {
            Some(file) => {
                let secret = std::fs::read(self.folder.join(file)).map_err(|_| missing())?;
                if secret.is_empty() { Err(missing().into()) } else { Ok(secret) }
            }
            None if policy.rules.cell_key.is_some() => Err(missing().into()),
            None => Ok(Vec::new()),
        }
    }

    /// The open gate of a data set for a permit; opened where it is not. Takes
    /// as long as reading the snapshot's files.
    ///
    /// # Errors
    /// When a file is damaged or missing.
    pub(crate) fn gate(
        &self,
        set: &DataSet,
        permit: Option<&Permit>,
    ) -> Result<Arc<Gate>, QueryError> {
        let described = self.describe(set)?;
        let exclusions = self.exclusions_for(set, permit)?;
        let digest = exclusions.digest();
        // Who may ask changes nothing in what is asked.
        let set = DataSet { permits: Vec::new(), ..set.clone() };
        let slot = held(&self.gates).entry(set.id.clone()).or_default().clone();
        // Others who ask the same data set wait here instead of reading it too.
        let mut slot = held(&slot);
        slot.retain(|one| one.set == set && one.policy == described.policy);
        if let Some(one) = slot.iter().find(|one| one.exclusions == digest) {
            return Ok(one.gate.clone());
        }
        let gate = Arc::new(Gate::open(&Setup {
            snapshot: &described.snapshot,
            grant: &set.grant(),
            exclusions: &exclusions,
            policy: &described.policy,
            ledger: &self.ledger_folder(&set),
            secret: &self.secret(&set, &described.policy)?,
        })?);
        if slot.len() >= GATES_MAX {
            slot.remove(0);
        }
        let opened =
            Opened { set, policy: described.policy, exclusions: digest, gate: gate.clone() };
        slot.push(opened);
        Ok(gate)
    }

    /// Opens the gates of all data sets in the background, so that whoever asks
    /// first does not wait for files to be checked. Faults go to the log; who asks
    /// is told of them too.
    pub fn open_gates(self: &Arc<Self>) {
        let data = Arc::clone(self);
        tokio::spawn(async move {
            let sets = data.load(|data| Ok(data.sets()?)).await;
            for set in sets.unwrap_or_default().iter() {
                let of = set.clone();
                let opened = data.load(move |data| data.open_all(&of)).await;
                if let Err(error) = opened {
                    access::log(&error);
                }
            }
        });
    }

    fn open_all(&self, set: &DataSet) -> Result<(), QueryError> {
        if !set.choices {
            return self.gate(set, None).map(drop);
        }
        // What a permit is for decides whose records it sees.
        let mut permits = set.permits.iter().take(GATES_MAX);
        permits.try_for_each(|permit| self.gate(set, Some(permit)).map(drop))
    }

    /// Whether a gate of the data set's present snapshot is open, so that its
    /// files were checked since the server started.
    pub(crate) fn is_open(&self, set: &DataSet) -> bool {
        let slot = held(&self.gates).get(&set.id).cloned();
        // A gate that is being opened is not open.
        slot.is_some_and(|slot| {
            slot.try_lock().is_ok_and(|slot| slot.iter().any(|o| o.set.snapshot == set.snapshot))
        })
    }

    /// A turn for work on records; none while others have them all.
    fn turn(&self) -> Result<OwnedSemaphorePermit, QueryError> {
        let turn = self.turns.clone().try_acquire_owned();
        turn.map_err(|_| Refusal::new("web.health.busy").into())
    }

    /// Checks a query without running it.
    ///
    /// # Errors
    /// Those of the gate, `web.health.busy`.
    pub(crate) async fn check(
        self: &Arc<Self>,
        set: &DataSet,
        permit: &Permit,
        sql: &str,
    ) -> Result<Checked, QueryError> {
        let (set, permit, sql) = (set.clone(), permit.clone(), sql.to_owned());
        self.heavy(move |data| Ok(data.gate(&set, Some(&permit))?.check(&sql)?)).await
    }

    /// Puts a query to the gate.
    ///
    /// # Errors
    /// Those of the gate, `web.health.busy`, `web.health.slow`.
    pub(crate) async fn ask(
        self: &Arc<Self>,
        set: &DataSet,
        permit: &Permit,
        (asker, sql): (&str, &str),
    ) -> Result<Decision, QueryError> {
        let (set, permit) = (set.clone(), permit.clone());
        let (asker, sql) = (asker.to_owned(), sql.to_owned());
        self.heavy(move |data| {
            let gate = data.gate(&set, Some(&permit))?;
            apart(async move {
                let by = Asking { permit: &permit.id, asker: &asker, at: Utc::now() };
                gate.ask(&by, &sql).await
            })
        })
        .await
    }

    /// Takes a reviewer's verdict on an entry that waits.
    ///
    /// # Errors
    /// Those of the ledger.
    pub(crate) async fn review(
        self: &Arc<Self>,
        set: &DataSet,
        entry: &Entry,
        reviewer: &str,
        (verdict, reason): (Verdict, &str),
    ) -> Result<ReviewState, QueryError> {
        let (set, entry) = (set.clone(), entry.clone());
        let (reviewer, reason) = (reviewer.to_owned(), reason.to_owned());
        self.load(move |data| {
            // Who opted out meanwhile counts.
            let out = data.exclusions_for(&set, set.permit(&entry.permit))?;
            let review = Review { reviewer: &reviewer, verdict, reason: &reason, at: Utc::now() };
            data.ledger(&set)?.review(entry.number, &review, &out)
        })
        .await
    }

    /// Runs an entry of the ledger again and compares.
    ///
    /// # Errors
    /// Those of the gate, `web.health.busy`, `web.health.slow`.
    pub(crate) async fn reproduce(
        self: &Arc<Self>,
        set: &DataSet,
        entry: &Entry,
    ) -> Result<Reproduced, QueryError> {
        let (set, entry) = (set.clone(), entry.clone());
        self.heavy(move |data| {
            let gate = data.gate(&set, set.permit(&entry.permit))?;
            apart(async move { gate.reproduce(&entry).await })
        })
        .await
    }

    /// Checks every file of a data set's snapshot and of its ledger; gives the
    /// number of the ledger's entries.
    ///
    /// # Errors
    /// The first file that is not as it was written, `web.health.busy`.
    pub(crate) async fn verify(self: &Arc<Self>, set: &DataSet) -> Result<u64, QueryError> {
        let set = set.clone();
        self.heavy(move |data| {
            data.describe(&set)?.snapshot.verify()?;
            data.ledger(&set)?.verify()
        })
        .await
    }

    /// Reads files beside the reactor.
    ///
    /// # Errors
    /// Those of the work.
    pub(crate) async fn load<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Self) -> Result<T, QueryError> + Send + 'static,
    ) -> Result<T, QueryError> {
        let data = self.clone();
        tokio::task::spawn_blocking(move || work(&data)).await.unwrap_or_else(|_| Err(stopped()))
    }

    /// Works on records beside the reactor, when it is this work's turn. Where it
    /// takes too long, whoever asks is told so; the work keeps its turn until it
    /// is through.
    async fn heavy<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Self) -> Result<T, QueryError> + Send + 'static,
    ) -> Result<T, QueryError> {
        let turn = self.turn()?;
        let working = self.load(move |data| {
            let out = work(data);
            drop(turn);
            out
        });
        let limit = Duration::from_secs(self.seconds_max);
        let slow = || Refusal::new("web.health.slow").arg("seconds", self.seconds_max);
        tokio::time::timeout(limit, working).await.unwrap_or_else(|_| Err(slow().into()))
    }
}

fn stopped() -> QueryError {
    Refusal::new("web.health.stopped").into()
}

/// Runs a query on threads of its own.
fn apart<T: Send + 'static>(
    query: impl Future<Output = Result<T, QueryError>> + Send + 'static,
) -> Result<T, QueryError> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(THREADS)
        .build()
        .map_err(|_| stopped())?;
    let done = runtime.block_on(runtime.spawn(query));
    done.unwrap_or_else(|_| Err(stopped()))
}
