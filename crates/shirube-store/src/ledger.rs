//! Opening a store and appending to it.

use std::path::Path;
use std::sync::Arc;

use shirube_model::refusal::Refusal;
use tokio::sync::{mpsc, oneshot};

use crate::address::StoreAddress;
use crate::clock::{Clock, SystemClock};
use crate::engine::{self, Readers, WriteConnection};
use crate::event::{Draft, Event};
use crate::fault::{AppendError, StoreError};
use crate::meta::{Meta, StoreClass};
use crate::schema;
use crate::search::Search;
use crate::session::Session;
use crate::writer::{AppendJob, BulkReport, Job, QUEUE, Reply, Writer};

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
    /// does not fit is refused with `store.disk-full`. SQLite only.
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
    address: StoreAddress,
    meta: Meta,
    readers: Readers,
    /// Absent where the store is open for reading only.
    jobs: Option<mpsc::Sender<Job>>,
    search: Search,
}

impl Store {
    /// Opens the store at `address`, and brings its search index up to date where
    /// that can be done. Opening for writing upgrades the tables of a store that
    /// older software made; opening for reading leaves them as they are.
    ///
    /// # Errors
    /// `store.absent`, `store.locked`, `store.class-differs`,
    /// `store.pack-differs`, `store.format-newer`, `store.clock-simulated`, or a
    /// fault of disk, file or server.
    pub async fn open(
        address: impl Into<StoreAddress>,
        options: OpenOptions,
    ) -> Result<Self, StoreError> {
        let address = address.into();
        if options.class == StoreClass::Live && options.clock.is_simulated() {
            return Err(Refusal::new("store.clock-simulated").into());
        }
        let (meta, jobs) = match options.access {
            Access::Write => open_for_writing(&address, options).await?,
            Access::Read => {
                let meta = Self::peek(&address).await?;
                options.agree(&meta).map_err(|refusal| StoreError::from(refusal).at(&address))?;
                (meta, None)
            }
        };
        let readers = Readers::open(&address).await?;
        let search = Search::new(address.dir().join(SEARCH));
        let inner = Inner { address, meta, readers, jobs, search };
        let store = Self { inner: Arc::new(inner) };
        if store.inner.jobs.is_some() {
            // A failing index must not keep anybody from the ledger, least of
            // all from checking it; searching reports the fault.
            let _ = store.catch_up_search().await;
        }
        Ok(store)
    }

    /// What the store at `address` says about itself, without opening it.
    ///
    /// # Errors
    /// `store.absent`, `store.format-newer`, or a fault of disk, file or server.
    pub async fn peek(address: impl Into<StoreAddress>) -> Result<Meta, StoreError> {
        let address = address.into();
        let absent = || StoreError::from(Refusal::new("store.absent")).at(&address);
        if !has_ledger(&address)? {
            return Err(absent());
        }
        let readers = Readers::open(&address).await?;
        let mut session = readers.session().await?;
        let meta = schema::found(&mut session).await.map_err(|error| error.at(&address))?;
        drop(session);
        readers.close().await;
        meta.ok_or_else(absent)
    }

    /// What the store says about itself.
    #[must_use]
    pub fn meta(&self) -> &Meta {
        &self.inner.meta
    }

    /// Where the store is.
    #[must_use]
    pub fn address(&self) -> &StoreAddress {
        &self.inner.address
    }

    /// The directory on this machine for what is no record; for SQLite the
    /// store's own.
    #[must_use]
    pub fn dir(&self) -> &Path {
        self.inner.address.dir()
    }

    pub(crate) fn search_index(&self) -> &Search {
        &self.inner.search
    }

    /// A connection that reads.
    pub(crate) async fn reader(&self) -> Result<Session<'static>, StoreError> {
        self.inner.readers.session().await
    }

    /// A transaction in which every read sees the same state.
    pub(crate) async fn reading(&self) -> Result<Session<'static>, StoreError> {
        self.inner.readers.snapshot().await
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

/// Whether there may be a store. A directory can be looked at without leaving
/// anything behind; a database has to be asked.
pub(crate) fn has_ledger(address: &StoreAddress) -> Result<bool, StoreError> {
    match address {
        StoreAddress::Sqlite(dir) => engine::ledger_file(dir)
            .try_exists()
            .map_err(|error| StoreError::from(error).at(address)),
        StoreAddress::Postgres(_) => Ok(true),
    }
}

/// Takes the lock, makes, upgrades or checks the store, and starts the writer.
async fn open_for_writing(
    address: &StoreAddress,
    options: OpenOptions,
) -> Result<(Meta, Option<mpsc::Sender<Job>>), StoreError> {
    if !has_ledger(address)? && !options.create {
        return Err(StoreError::from(Refusal::new("store.absent")).at(address));
    }
    let mut connection = WriteConnection::open(address, options.pages_max).await?;
    let meta = ready(&mut connection, &options).await.map_err(|error| error.at(address))?;
    let writer = Writer { connection, meta: meta.clone(), clock: options.clock };
    let (jobs, queue) = mpsc::channel(QUEUE);
    tokio::spawn(writer.run(queue));
    Ok((meta, Some(jobs)))
}

/// What the store says about itself, once it is there, of the newest layout and
/// the one that is wanted.
async fn ready(
    connection: &mut WriteConnection,
    options: &OpenOptions,
) -> Result<Meta, StoreError> {
    let now = options.clock.now();
    let mut session = connection.begin().await?;
    let meta = match schema::found(&mut session).await? {
        Some(found) => {
            options.agree(&found)?;
            schema::upgrade(&mut session, found, now).await?
        }
        None if options.create => {
            let made = Meta::new(options.class, &options.pack, now);
            schema::create(&mut session, &made).await?;
            made
        }
        None => return Err(Refusal::new("store.absent").into()),
    };
    session.commit().await?;
    Ok(meta)
}
