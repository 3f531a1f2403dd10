//! Taking a whole store elsewhere: to an archive and back, and from one engine
//! to the other. Every event is checked on the way, and the new store appears in
//! one transaction with everything in it or not at all.

use std::path::Path;
use std::sync::Arc;

use serde::Serialize;
use shirube_model::refusal::Refusal;

use crate::address::StoreAddress;
use crate::archive::{ArchiveReader, ArchiveWriter, Page};
use crate::decide::Prepared;
use crate::engine::WriteConnection;
use crate::event::Event;
use crate::fault::StoreError;
use crate::ledger::{Store, has_ledger};
use crate::meta::Meta;
use crate::read::{Position, event_rows_after};
use crate::session::Session;
use crate::values::{StoredValue, insert_value, stored_value};
use crate::verify::{follow, verify};
use crate::writer::{insert_events, make_current};
use crate::{rows, schema, sql};

/// Events or values carried at a time.
const PAGE: usize = 2_000;

/// What was taken elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Transfer {
    /// What the store says about itself.
    pub meta: Meta,
    /// The end of the ledger; its `seq` is the number of events.
    pub head: Position,
    /// Indicator values kept.
    pub values: u64,
}

/// Where a store is read from.
enum Source<'s> {
    Store(Session<'s>),
    // A reader goes to another thread and comes back.
    Archive(Option<Box<ArchiveReader>>),
}

impl Source<'_> {
    /// The events and values that come after those already read.
    async fn page(&mut self, events: u64, values: u64) -> Result<Option<Page>, StoreError> {
        match self {
            Self::Store(session) => {
                let found = event_rows_after(session, events, PAGE).await?;
                if !found.is_empty() {
                    let events = found.iter().map(rows::event_and_text).collect::<Result<_, _>>();
                    return Ok(Some(Page::Events(events?)));
                }
                let values = values_after(session, values).await?;
                Ok((!values.is_empty()).then_some(Page::Values(values)))
            }
            Self::Archive(reader) => {
                let Some(mut taken) = reader.take() else { return Ok(None) };
                let (back, page) = blocking(move || {
                    let page = taken.page(PAGE)?;
                    Ok((taken, page))
                })
                .await?;
                *reader = Some(back);
                Ok(Some(page))
            }
        }
    }
}

async fn values_after(session: &mut Session<'_>, id: u64) -> Result<Vec<StoredValue>, StoreError> {
    let limit = i64::try_from(PAGE).unwrap_or(i64::MAX);
    let found = session.rows(sql::VALUES_AFTER, &[rows::sql_int(id).into(), limit.into()]).await?;
    found.iter().map(stored_value).collect()
}

/// Runs file work where it may wait for disk.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| StoreError::fault("store.io", error))?
}

impl Store {
    /// Writes everything that cannot be made anew into the archive `file`, as of
    /// one moment, while the store goes on being read and written. The file
    /// appears under its name when it is complete and on disk.
    ///
    /// # Errors
    /// `store.file-exists`, `store.chain-broken` (a backup of a broken ledger
    /// would look like a good one), or a fault of disk, file or server.
    pub async fn backup(&self, file: &Path) -> Result<Transfer, StoreError> {
        self.write_archive(file).await.map_err(|error| error.file(file))
    }

    async fn write_archive(&self, file: &Path) -> Result<Transfer, StoreError> {
        let meta = self.meta().clone();
        let mut source = Source::Store(self.reading().await?);
        let (path, of) = (file.to_owned(), meta.clone());
        let mut archive = blocking(move || ArchiveWriter::create(&path, &of)).await?;
        let mut head = meta.origin();
        let (mut last_value, mut values) = (0, 0);
        while let Some(page) = source.page(head.seq, last_value).await? {
            match &page {
                Page::Events(events) => head = follow_all(events, head)?,
                Page::Values(found) => {
                    last_value = found.last().map_or(last_value, |value| value.id);
                    values += found.len() as u64;
                }
                Page::End(_) => {}
            }
            archive = blocking(move || {
                match page {
                    Page::Events(events) => {
                        archive.events(events.into_iter().map(|(event, _)| event).collect())?;
                    }
                    Page::Values(found) => archive.values(found)?,
                    Page::End(_) => {}
                }
                Ok(archive)
            })
            .await?;
        }
        blocking(move || archive.finish(&head, values)).await?;
        Ok(Transfer { meta, head, values })
    }

    /// Makes a store at `to` from the archive `file`, whichever engine the backup
    /// was made on. Either the whole store is there afterwards, with its chain
    /// checked, or nothing.
    ///
    /// # Errors
    /// `store.exists`, `store.locked`, `store.archive-unreadable`,
    /// `store.archive-newer`, `store.archive-damaged`, `store.archive-cut-off`,
    /// `store.chain-broken`, or a fault of disk, file or server.
    pub async fn restore(file: &Path, to: impl Into<StoreAddress>) -> Result<Transfer, StoreError> {
        let path = file.to_owned();
        let opened = blocking(move || ArchiveReader::open(&path)).await;
        let (reader, meta) = opened.map_err(|error| error.file(file))?;
        load(meta, Source::Archive(Some(Box::new(reader))), &to.into()).await
    }

    /// Makes a store at `to` with everything the store at `from` has: the same
    /// events, ids, hashes and values. Nobody can write to either meanwhile;
    /// `from` stays as it is. Either the whole store is at `to` afterwards, with
    /// its chain checked, or nothing.
    ///
    /// # Errors
    /// `store.absent`, `store.exists`, `store.locked`, `store.chain-broken`, or a
    /// fault of disk, file or server.
    pub async fn copy(
        from: impl Into<StoreAddress>,
        to: impl Into<StoreAddress>,
    ) -> Result<Transfer, StoreError> {
        let (from, to) = (from.into(), to.into());
        let absent = || StoreError::from(Refusal::new("store.absent")).at(&from);
        if !has_ledger(&from)? {
            return Err(absent());
        }
        let mut connection = WriteConnection::open(&from, None).await?;
        let mut session = connection.begin().await?;
        let found = schema::found(&mut session).await.map_err(|error| error.at(&from))?;
        let mut meta = found.ok_or_else(absent)?;
        meta.format = schema::LAYOUT;
        let made = load(meta, Source::Store(session), &to).await;
        connection.close().await;
        made
    }
}

/// Makes the store `meta` at `to` from everything `source` has.
async fn load(
    meta: Meta,
    mut source: Source<'_>,
    to: &StoreAddress,
) -> Result<Transfer, StoreError> {
    let mut connection = WriteConnection::open(to, None).await?;
    let mut session = connection.begin().await?;
    if schema::found(&mut session).await.map_err(|error| error.at(to))?.is_some() {
        return Err(StoreError::from(Refusal::new("store.exists")).at(to));
    }
    schema::create(&mut session, &meta).await?;
    let (head, values) = fill(&mut session, &meta, &mut source).await?;
    let report = verify(&mut session, &meta).await?;
    if let Some(refusal) = report.refusal() {
        return Err(StoreError::from(refusal).at(to));
    }
    if report.head != head {
        return Err(StoreError::fault("store.io", "not every event arrived").at(to));
    }
    session.commit().await.map_err(|error| error.at(to))?;
    connection.close().await;
    Ok(Transfer { meta, head, values })
}

async fn fill(
    session: &mut Session<'_>,
    meta: &Meta,
    source: &mut Source<'_>,
) -> Result<(Position, u64), StoreError> {
    let mut head = meta.origin();
    let (mut last_value, mut values) = (0, 0);
    while let Some(page) = source.page(head.seq, last_value).await? {
        match page {
            Page::Events(events) => {
                head = follow_all(&events, head)?;
                insert_events(session, &prepared(events)).await?;
            }
            Page::Values(found) => {
                for value in found {
                    insert_value(session, &value).await?;
                    last_value = value.id;
                    values += 1;
                }
            }
            Page::End(end) => {
                if (end.events, end.values) != (head.seq, values)
                    || end.head != hex::encode(head.hash)
                {
                    return Err(StoreError::fault("store.archive-cut-off", "numbers at the end"));
                }
                break;
            }
        }
    }
    make_current(session).await?;
    Ok((head, values))
}

/// The position after `events`, each of which must follow from the one before.
fn follow_all(events: &[(Event, String)], mut head: Position) -> Result<Position, StoreError> {
    for (event, text) in events {
        head = follow(event, text, &head).map_err(|broken| broken.refusal())?;
    }
    Ok(head)
}

fn prepared(events: Vec<(Event, String)>) -> Vec<Prepared> {
    events.into_iter().map(|(event, body)| Prepared { event: Arc::new(event), body }).collect()
}
