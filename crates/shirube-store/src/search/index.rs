//! The index files: opening, writing and how far they have read the ledger.

use std::collections::HashMap;
use std::path::Path;

use serde::{Deserialize, Serialize};
use shirube_model::registers;
use tantivy::schema::{
    FAST, Field, IndexRecordOption, STRING, Schema, TextFieldIndexing, TextOptions,
};
use tantivy::{IndexReader, IndexWriter, ReloadPolicy, Searcher, TantivyDocument, Term};

use super::document::of_body;
use super::tokens::Cutter;
use crate::event::Event;
use crate::fault::StoreError;
use crate::read::Position;
use crate::rows;

/// Version of the fields and of the way text is cut.
const FORMAT: u32 = 1;
const TOKENIZER: &str = "shirube";
const THREADS: usize = 2;
/// Memory of all indexing threads together, in bytes.
const MEMORY: usize = 128 << 20;

/// The fields of the index.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fields {
    pub(crate) id: Field,
    pub(crate) kind: Field,
    pub(crate) title: Field,
    pub(crate) public: Field,
    pub(crate) internal: Field,
}

/// Name of the column that hits are ordered by.
pub(crate) const ID_COLUMN: &str = "id";

fn schema() -> (Schema, Fields) {
    let indexing = TextFieldIndexing::default()
        .set_tokenizer(TOKENIZER)
        .set_fieldnorms(false)
        .set_index_option(IndexRecordOption::WithFreqsAndPositions);
    let text = TextOptions::default().set_indexing_options(indexing);
    let mut builder = Schema::builder();
    let fields = Fields {
        id: builder.add_text_field(ID_COLUMN, STRING | FAST),
        kind: builder.add_text_field("kind", STRING),
        title: builder.add_text_field("title", text.clone()),
        public: builder.add_text_field("public", text.clone()),
        internal: builder.add_text_field("internal", text),
    };
    (builder.build(), fields)
}

/// What a commit says about itself.
#[derive(Debug, Serialize, Deserialize)]
struct Payload {
    format: u32,
    seq: u64,
    hash: String,
    recorded_at: i64,
}

impl Payload {
    fn of(position: &Position) -> Self {
        Self {
            format: FORMAT,
            seq: position.seq,
            hash: hex::encode(position.hash),
            recorded_at: position.recorded_at.timestamp_micros(),
        }
    }

    fn position(&self) -> Option<Position> {
        if self.format != FORMAT {
            return None;
        }
        let recorded_at = rows::time(self.recorded_at).ok()?;
        Some(Position { seq: self.seq, hash: rows::hash(&self.hash)?, recorded_at })
    }
}

/// An open index.
pub(crate) struct Index {
    index: tantivy::Index,
    reader: IndexReader,
    fields: Fields,
    writer: Option<IndexWriter>,
    /// How far the ledger has been read; nothing before the first commit.
    pub(crate) position: Option<Position>,
}

impl std::fmt::Debug for Index {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Index").field("position", &self.position).finish_non_exhaustive()
    }
}

/// The state of the index at one commit.
pub(crate) struct Reader {
    pub(crate) searcher: Searcher,
    pub(crate) fields: Fields,
    pub(crate) seq: u64,
}

/// An index that documents are being added to.
pub(crate) struct Writing {
    writer: IndexWriter,
    fields: Fields,
}

impl Index {
    /// The index in `dir`, or nothing when there is none that can be used.
    pub(crate) fn open(dir: &Path) -> Option<Self> {
        let index = tantivy::Index::open_in_dir(dir).ok()?;
        let (wanted, fields) = schema();
        let payload = index.load_metas().ok()?.payload?;
        let position = serde_json::from_str::<Payload>(&payload).ok()?.position()?;
        if index.schema() != wanted {
            return None;
        }
        Self::with(index, fields, Some(position)).ok()
    }

    /// An empty index in place of whatever is in `dir`.
    pub(crate) fn create(dir: &Path) -> Result<Self, StoreError> {
        match std::fs::remove_dir_all(dir) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(StoreError::from(error).file(dir));
            }
            _ => {}
        }
        std::fs::create_dir_all(dir).map_err(|error| StoreError::from(error).file(dir))?;
        let (schema, fields) = schema();
        let index = tantivy::Index::create_in_dir(dir, schema)?;
        Self::with(index, fields, None)
    }

    fn with(
        index: tantivy::Index,
        fields: Fields,
        position: Option<Position>,
    ) -> Result<Self, StoreError> {
        index.tokenizers().register(TOKENIZER, Cutter);
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
        Ok(Self { index, reader, fields, writer: None, position })
    }

    pub(crate) fn reader(&self) -> Result<Reader, StoreError> {
        let seq = self.position.map_or(0, |position| position.seq);
        Ok(Reader { searcher: self.reader.searcher(), fields: self.fields, seq })
    }

    pub(crate) fn start_writing(&mut self) -> Result<Writing, StoreError> {
        let writer = match self.writer.take() {
            Some(writer) => writer,
            None => self.index.writer_with_num_threads(THREADS, MEMORY)?,
        };
        Ok(Writing { writer, fields: self.fields })
    }

    /// Makes everything added visible, as the state after `position`.
    pub(crate) async fn commit(
        &mut self,
        writing: Writing,
        position: Option<Position>,
    ) -> Result<(), StoreError> {
        let Some(position) = position else {
            self.writer = Some(writing.writer);
            return Ok(());
        };
        let payload = serde_json::to_string(&Payload::of(&position))
            .map_err(|error| StoreError::fault("store.search-damaged", error))?;
        let reader = self.reader.clone();
        let writer = super::blocking(move || {
            let mut writer = writing.writer;
            let mut prepared = writer.prepare_commit()?;
            prepared.set_payload(&payload);
            prepared.commit()?;
            reader.reload()?;
            Ok(writer)
        })
        .await?;
        self.writer = Some(writer);
        self.position = Some(position);
        Ok(())
    }

    /// Waits for merges and lets go of the files.
    pub(crate) async fn close(self) {
        if let Some(writer) = self.writer {
            // Everything that counts is committed; a failed merge is done again.
            let _ = super::blocking(move || Ok(writer.wait_merging_threads()?)).await;
        }
    }
}

impl Writing {
    /// Adds the records as they stand after `events`, in place of what the index
    /// has of them.
    pub(crate) fn add(&self, events: &[Event]) -> Result<(), StoreError> {
        let mut first_version: HashMap<&str, u32> = HashMap::new();
        let mut latest: HashMap<&str, &Event> = HashMap::new();
        for event in events {
            first_version.entry(event.record.as_str()).or_insert(event.version);
            latest.insert(event.record.as_str(), event);
        }
        for event in events {
            let id = event.record.as_str();
            // Only the last event of each record is worth indexing.
            if latest.get(id).is_some_and(|last| last.seq != event.seq) {
                continue;
            }
            if first_version.get(id).is_some_and(|version| *version > 1) {
                self.writer.delete_term(Term::from_field_text(self.fields.id, id));
            }
            if let Some(document) = self.document(event) {
                self.writer.add_document(document)?;
            }
        }
        Ok(())
    }

    fn document(&self, event: &Event) -> Option<TantivyDocument> {
        let schema = registers::kind(&event.kind)?;
        let texts = of_body(schema, &event.body);
        let mut document = TantivyDocument::default();
        document.add_text(self.fields.id, event.record.as_str());
        document.add_text(self.fields.kind, &event.kind);
        // The record's own id is found like a word.
        document.add_text(self.fields.public, event.record.as_str());
        for (field, values) in [
            (self.fields.title, texts.title),
            (self.fields.public, texts.public),
            (self.fields.internal, texts.internal),
        ] {
            for value in values {
                document.add_text(field, value);
            }
        }
        Some(document)
    }
}
