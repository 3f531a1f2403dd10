//! Full-text search over the records of every kind, in Japanese and English.
//!
//! The index is a projection of the ledger: it says up to which event it has
//! read, and reads on from there. Deleting its directory is harmless.

mod document;
mod index;
mod query;
mod snippet;
mod tokens;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use shirube_model::ident::RecordId;
use shirube_model::lang::LocalText;
use shirube_model::record::Standing;
use shirube_model::refusal::Refusal;
use tokio::sync::Mutex;

use crate::event::{Encoder, Event};
use crate::fault::StoreError;
use crate::ledger::Store;
use crate::read::Position;
use index::{Index, Writing};
pub use snippet::{Snippet, marks};

/// Events indexed at a time.
const EVENTS: usize = 4_000;
/// Hits of one page at most.
const LIMIT_MAX: usize = 1_000;
/// Hits that can be reached by turning pages.
const OFFSET_MAX: usize = 100_000;

/// What to search for.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SearchQuery {
    /// Words; a record must have all of them. Japanese needs no spaces.
    pub text: String,
    /// Register kinds wanted; all when empty.
    pub kinds: Vec<String>,
    /// Whether to look into fields that only staff may see.
    pub include_internal: bool,
    /// Hits to leave out.
    pub offset: usize,
    /// Hits wanted at most.
    pub limit: usize,
}

/// A record that was found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SearchHit {
    /// Record.
    pub id: RecordId,
    /// Register kind.
    pub kind: String,
    /// What the record is called, or its id where the reader may not see that.
    pub title: LocalText,
    /// State.
    pub state: String,
    /// Standing.
    pub standing: Standing,
    /// Where the words stand; `None` when only the title has them.
    pub snippet: Option<Snippet>,
    /// Higher is nearer: 4 for each word in the title, 1 for each word in
    /// another public field, 1 for each word in an internal field.
    pub score: u32,
}

/// One page of hits, nearest first and by id among equals.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SearchPage {
    /// Hits in order.
    pub hits: Vec<SearchHit>,
    /// Records that match, on all pages.
    pub total: u64,
    /// Ledger position the index has read up to.
    pub indexed_seq: u64,
}

/// Where reading the ledger into the index begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Start {
    WhereItStands,
    Anew,
}

/// The index of a store; opened when first needed.
#[derive(Debug)]
pub(crate) struct Search {
    dir: PathBuf,
    open: Mutex<Option<Index>>,
}

impl Search {
    pub(crate) fn new(dir: PathBuf) -> Self {
        Self { dir, open: Mutex::new(None) }
    }

    /// Waits for what is being written and lets go of the files.
    pub(crate) async fn close(&self) {
        if let Some(index) = self.open.lock().await.take() {
            index.close().await;
        }
    }
}

impl Store {
    /// Brings the search index up to the end of the ledger in one commit; gives
    /// the number of events read. Searching does this by itself; a bulk load
    /// calls it so that the first search does not wait.
    ///
    /// # Errors
    /// `store.read-only`, or a fault, after which the index stands as before.
    pub async fn catch_up_search(&self) -> Result<u64, StoreError> {
        if !self.can_write() {
            return Err(Refusal::new("store.read-only").into());
        }
        self.read_ledger(Start::WhereItStands).await
    }

    /// Reads the ledger into the index in a task of its own: a caller who goes
    /// away must not leave the index with a commit it does not know of.
    async fn read_ledger(&self, start: Start) -> Result<u64, StoreError> {
        let store = self.clone();
        let task = tokio::spawn(async move {
            let mut open = store.search_index().open.lock().await;
            if start == Start::Anew
                && let Some(index) = open.take()
            {
                index.close().await;
            }
            if start == Start::Anew {
                *open = Some(Index::create(&store.search_index().dir)?);
            }
            let result = store.catch_up(&mut open).await;
            if result.is_err() {
                // What was added since the last commit goes with the writer.
                *open = None;
            }
            result
        });
        task.await.map_err(|error| StoreError::fault("store.search-damaged", error))?
    }

    async fn catch_up(&self, open: &mut Option<Index>) -> Result<u64, StoreError> {
        let index = match open {
            Some(index) => index,
            None => {
                let found = Index::open(&self.search_index().dir);
                let fresh = match found {
                    Some(index) if self.agrees(&index).await? => index,
                    _ => Index::create(&self.search_index().dir)?,
                };
                open.insert(fresh)
            }
        };
        let from = index.position.map_or(0, |p| p.seq);
        let head = self.head().await?;
        if head.seq == from {
            return Ok(0);
        }
        let mut writing = index.start_writing()?;
        let mut events = self.events_after(from, EVENTS).await?;
        let mut last = None;
        // The next events are read while the present ones are indexed.
        while let Some(event) = events.last() {
            last =
                Some(Position { seq: event.seq, hash: event.hash, recorded_at: event.recorded_at });
            let (added, next) =
                tokio::join!(add(writing, events), self.events_after(event_seq(last), EVENTS));
            writing = added?;
            events = next?;
        }
        index.commit(writing, last).await?;
        Ok(event_seq(last).saturating_sub(from))
    }

    /// Whether the index was made from this ledger and not from another one.
    async fn agrees(&self, index: &Index) -> Result<bool, StoreError> {
        let Some(indexed) = index.position else { return Ok(false) };
        match self.position(indexed.seq).await {
            Ok(position) => Ok(position.hash == indexed.hash),
            Err(StoreError::Refused(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Makes the index anew from the first event on.
    pub(crate) async fn rebuild_search(&self) -> Result<u64, StoreError> {
        self.read_ledger(Start::Anew).await
    }

    /// Number of records in the index.
    ///
    /// # Errors
    /// `store.search-absent` when a store open for reading has no index, or a
    /// fault.
    pub async fn searchable(&self) -> Result<u64, StoreError> {
        let reader = self.search_reader().await?;
        Ok(reader.searcher.num_docs())
    }

    /// SHA-256 over what the index says of every record: which terms stand in
    /// which field. The same for a maintained and for a rebuilt index.
    ///
    /// # Errors
    /// As for [`Store::search`].
    pub async fn search_digest(&self) -> Result<[u8; 32], StoreError> {
        let reader = self.search_reader().await?;
        let terms = blocking(move || query::every_posting(&reader)).await?;
        let mut encoder = Encoder::new(b"shirube.search.v1");
        for (field, term, id, positions) in terms {
            encoder.part(field.as_bytes());
            encoder.part(term.as_bytes());
            encoder.part(id.as_bytes());
            for position in positions {
                encoder.part(&position.to_be_bytes());
            }
        }
        Ok(encoder.finish())
    }

    async fn search_reader(&self) -> Result<index::Reader, StoreError> {
        if self.can_write() {
            self.read_ledger(Start::WhereItStands).await?;
        }
        let mut open = self.search_index().open.lock().await;
        if !self.can_write() {
            // The writing instance may have written or replaced the index.
            *open = Index::open(&self.search_index().dir);
        }
        match &*open {
            Some(index) => index.reader(),
            None => Err(Refusal::new("store.search-absent").into()),
        }
    }

    /// Searches the records as they stand now. A query without any letter or
    /// digit finds nothing.
    ///
    /// # Errors
    /// `store.search-absent` when a store open for reading has no index,
    /// `store.search-too-far` beyond the last page that can be reached, or a
    /// fault.
    pub async fn search(&self, query: &SearchQuery) -> Result<SearchPage, StoreError> {
        if query.offset > OFFSET_MAX {
            return Err(Refusal::new("store.search-too-far").arg("most", OFFSET_MAX).into());
        }
        let reader = self.search_reader().await?;
        let indexed_seq = reader.seq;
        let mut query = query.clone();
        query.limit = query.limit.min(LIMIT_MAX);
        let asked = query.clone();
        let (found, total) = blocking(move || query::find(&reader, &asked)).await?;
        let ids: Vec<RecordId> = found.iter().filter_map(|(id, _)| id.parse().ok()).collect();
        let titles = self.titles(&ids, query.include_internal).await?;
        let records = self.current_of(&ids).await?;
        let needles = snippet::Needles::of(&query.text);
        let mut hits = Vec::with_capacity(found.len());
        for (id, score) in found {
            let Some(record) = records.iter().find(|r| r.id.as_str() == id) else { continue };
            let texts = document::texts(record, query.include_internal);
            hits.push(SearchHit {
                id: record.id.clone(),
                kind: record.kind.clone(),
                title: titles.get(&record.id).cloned().unwrap_or_default(),
                state: record.state.clone(),
                standing: record.standing,
                snippet: snippet::best(&texts, &needles),
                score,
            });
        }
        Ok(SearchPage { hits, total, indexed_seq })
    }
}

fn event_seq(position: Option<Position>) -> u64 {
    position.map_or(0, |position| position.seq)
}

async fn add(writing: Writing, events: Vec<Event>) -> Result<Writing, StoreError> {
    blocking(move || {
        writing.add(&events)?;
        Ok(writing)
    })
    .await
}

/// Runs index work where it may wait for disk.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| StoreError::fault("store.search-damaged", error))?
}
