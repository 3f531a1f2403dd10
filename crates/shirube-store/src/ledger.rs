//! Opening a store and appending to it.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use shirube_model::refusal::Refusal;
use sqlx::pool::PoolConnection;
use sqlx::{Sqlite, SqlitePool, Transaction};
use tokio::sync::{mpsc, oneshot};

use crate::clock::{Clock, SystemClock};
use crate::engine;
use crate::event::{Draft, Event};
use crate::fault::{AppendError, StoreError};
use crate::meta::{Meta, StoreClass};
use crate::search::Search;
use crate::writer::{AppendJob, BulkReport, Job, QUEUE, Reply, Writer};

const LEDGER: &str = "ledger.sqlite";
const LOCK: &str = "lock";
const SEARCH: &str = "search";

/// What an instance may do with a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Access {
    /// Read and write; one instance at a time.
    #[default]
    Write,
    /// Read beside the instance that writes. The search index is used as it is.
    Read,
}

/// How to open a store.
#[derive(Debug, Clone)]
pub struct OpenOptions {
    /// Make the store where there is none.
    pub create: bool,
    /// Real or made-up evidence; must agree with the store.
    pub class: StoreClass,
    /// Id of the pack the store belongs to; must agree with the store.
    pub pack: String,
    /// Where the time of events comes from.
    pub clock: Arc<dyn Clock>,
    /// Read, or read and write.
    pub access: Access,
    /// Largest size of the ledger file, in pages of 4,096 bytes. An event that
    /// does not fit is refused with `store.disk-full`.
    pub pages_max: Option<u32>,
}

impl OpenOptions {
    /// Opens an existing store for writing, with the machine's clock.
    pub fn new(class: StoreClass, pack: impl Into<String>) -> Self {
        Self {
            create: false,
            class,
            pack: pack.into(),
            clock: Arc::new(SystemClock),
            access: Access::Write,
            pages_max: None,
        }
    }

    /// Makes the store where there is none.
    #[must_use]
    pub fn create(mut self) -> Self {
        self.create = true;
        self
    }

    /// Takes the time from `clock`.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Only reads.
    #[must_use]
    pub fn read_only(mut self) -> Self {
        self.access = Access::Read;
        self
    }

    fn agree(&self, meta: &Meta) -> Result<(), Refusal> {
        if meta.class != self.class {
            return Err(Refusal::new("store.class-differs")
                .arg("found", meta.class.code())
                .arg("wanted", self.class.code()));
        }
        if meta.pack != self.pack {
            return Err(Refusal::new("store.pack-differs")
                .arg("found", &meta.pack)
                .arg("wanted", &self.pack));
        }
        Ok(())
    }
}

/// A store, open. Clones share it.
#[derive(Debug, Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    dir: PathBuf,
    meta: Meta,
    readers: SqlitePool,
    /// Absent where the store is open for reading only.
    jobs: Option<mpsc::Sender<Job>>,
    search: Search,
}

impl Store {
    /// Opens the store in `dir`, and brings its search index up to date where
    /// that can be done.
    ///
    /// # Errors
    /// `store.absent`, `store.locked`, `store.class-differs`,
    /// `store.pack-differs`, `store.format-newer`, `store.clock-simulated`, or a
    /// fault of disk or file.
    pub async fn open(dir: &Path, options: OpenOptions) -> Result<Self, StoreError> {
        if options.class == StoreClass::Live && options.clock.is_simulated() {
            return Err(Refusal::new("store.clock-simulated").into());
        }
        let path = dir.join(LEDGER);
        let exists = path.try_exists().map_err(|error| StoreError::from(error).file(dir))?;
        if !exists && (!options.create || options.access == Access::Read) {
            return Err(StoreError::from(Refusal::new("store.absent")).file(dir));
        }
        let (meta, jobs) = match options.access {
            Access::Write => open_for_writing(dir, &path, options).await?,
            Access::Read => {
                let meta = Self::peek(dir).await?;
                options.agree(&meta).map_err(|refusal| StoreError::from(refusal).file(dir))?;
                (meta, None)
            }
        };
        let readers = engine::open_readers(&path).await?;
        let search = Search::new(dir.join(SEARCH));
        let inner = Inner { dir: dir.to_owned(), meta, readers, jobs, search };
        let store = Self { inner: Arc::new(inner) };
        if store.inner.jobs.is_some() {
            // A failing index must not keep anybody from the ledger, least of
            // all from checking it; searching reports the fault.
            let _ = store.catch_up_search().await;
        }
        Ok(store)
    }

    /// What the store in `dir` says about itself, without opening it.
    ///
    /// # Errors
    /// `store.absent`, `store.format-newer`, or a fault of disk or file.
    pub async fn peek(dir: &Path) -> Result<Meta, StoreError> {
        let path = dir.join(LEDGER);
        let absent = || StoreError::from(Refusal::new("store.absent")).file(dir);
        if !path.try_exists().map_err(|error| StoreError::from(error).file(dir))? {
            return Err(absent());
        }
        let readers = engine::open_readers(&path).await?;
        let mut connection = readers.acquire().await?;
        let meta = Meta::read(&mut connection).await.map_err(|error| error.file(&path))?;
        drop(connection);
        readers.close().await;
        meta.ok_or_else(absent)
    }

    /// What the store says about itself.
    #[must_use]
    pub fn meta(&self) -> &Meta {
        &self.inner.meta
    }

    /// The store's directory.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.inner.dir
    }

    pub(crate) fn search_index(&self) -> &Search {
        &self.inner.search
    }

    /// A connection that reads.
    pub(crate) async fn reader(&self) -> Result<PoolConnection<Sqlite>, StoreError> {
        Ok(self.inner.readers.acquire().await?)
    }

    /// A transaction in which every read sees the same state.
    pub(crate) async fn reading(&self) -> Result<Transaction<'static, Sqlite>, StoreError> {
        Ok(self.inner.readers.begin().await?)
    }

    /// Records `drafts` in order, all or nothing. Drafts that change nothing make
    /// no event. When this returns, the events are on disk.
    ///
    /// # Errors
    /// [`AppendError::Stale`] when a record has changed meanwhile,
    /// [`AppendError::Refused`] with every rule the first bad draft breaks, or a
    /// fault, after which nothing of the request was kept.
    pub async fn append(
        &self,
        drafts: Vec<Draft>,
        actor: &str,
        reason: &str,
    ) -> Result<Vec<Event>, AppendError> {
        let (reply, result) = oneshot::channel();
        self.send(append_job(drafts, actor, reason, Reply::Whole(reply))).await?;
        result.await.map_err(|_| closed())?
    }

    /// Records the good drafts in one transaction and reports each one. Meant for
    /// a few thousand drafts at a time; the search index is brought up to date by
    /// the next search or by [`Store::catch_up_search`].
    ///
    /// # Errors
    /// A blank actor or reason, or a fault, after which nothing was kept.
    pub async fn append_bulk(
        &self,
        drafts: Vec<Draft>,
        actor: &str,
        reason: &str,
    ) -> Result<BulkReport, AppendError> {
        let (reply, result) = oneshot::channel();
        self.send(append_job(drafts, actor, reason, Reply::Each(reply))).await?;
        result.await.map_err(|_| closed())?
    }

    pub(crate) fn can_write(&self) -> bool {
        self.inner.jobs.is_some()
    }

    pub(crate) async fn send(&self, job: Job) -> Result<(), StoreError> {
        let Some(jobs) = &self.inner.jobs else {
            return Err(Refusal::new("store.read-only").into());
        };
        jobs.send(job).await.map_err(|_| closed())
    }

    /// Ends the store: waits for what is being written, closes the file and gives
    /// up the lock. Other clones of this handle can no longer write.
    ///
    /// # Errors
    /// None at present; a fault while closing loses nothing.
    pub async fn close(self) -> Result<(), StoreError> {
        self.inner.search.close().await;
        self.inner.readers.close().await;
        if let Some(jobs) = &self.inner.jobs {
            let (done, closed) = oneshot::channel();
            if jobs.send(Job::Close(done)).await.is_ok() {
                // The writer may have ended by itself.
                let _ = closed.await;
            }
        }
        Ok(())
    }
}

pub(crate) fn closed() -> StoreError {
    StoreError::fault("store.closed", "the writer has ended")
}

fn append_job(drafts: Vec<Draft>, actor: &str, reason: &str, reply: Reply) -> Job {
    let (actor, reason) = (actor.to_owned(), reason.to_owned());
    Job::Append(AppendJob { drafts, actor, reason, reply })
}

/// Takes the lock, makes or checks the store, and starts the writer.
async fn open_for_writing(
    dir: &Path,
    path: &Path,
    options: OpenOptions,
) -> Result<(Meta, Option<mpsc::Sender<Job>>), StoreError> {
    let lock = take_lock(dir).map_err(|error| error.file(dir))?;
    let mut connection = engine::open_writer(path, options.pages_max).await?;
    let wanted = Meta::new(options.class, &options.pack, options.clock.now());
    let meta = wanted.write_or_read(&mut connection).await.map_err(|error| error.file(path))?;
    options.agree(&meta).map_err(|refusal| StoreError::from(refusal).file(dir))?;
    let writer = Writer {
        connection,
        path: path.to_owned(),
        pages_max: options.pages_max,
        meta: meta.clone(),
        clock: options.clock,
        lock,
    };
    let (jobs, queue) = mpsc::channel(QUEUE);
    tokio::spawn(writer.run(queue));
    Ok((meta, Some(jobs)))
}

/// The lock ends with the process, however the process ends.
fn take_lock(dir: &Path) -> Result<File, StoreError> {
    std::fs::create_dir_all(dir)?;
    let path = dir.join(LOCK);
    let file = File::options().create(true).append(true).open(path)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Refusal::new("store.locked").into()),
        Err(TryLockError::Error(error)) => Err(error.into()),
    }
}
