//! Export of the records of one kind, as they stand or stood.
//!
//! Records come in order of id and the same records give the same bytes. Each
//! row carries where it comes from in columns that start with `_`; a Parquet
//! file carries it in its metadata as well. What an export writes, an import
//! reads back to the same field values: see the module `cells` for the rules of
//! CSV cells. State, standing and history are not carried by an import.

mod parquet;
mod text;

use std::collections::HashMap;
use std::io::Write;

use chrono::SecondsFormat;
use serde::Serialize;
use shirube_model::record::RecordVersion;
use shirube_model::refusal::Refusal;
use shirube_model::registers;
use shirube_model::schema::{FieldSpec, FieldType, KindSchema, Visibility};
use shirube_store::{AsOf, ListQuery, Order, Position, SourceKey, Store};

use crate::codes::nearest_name;
use crate::error::ExchangeError;

/// Records read at a time. The bytes of a Parquet file depend on it.
const PAGE: usize = 5_000;

/// Form of an exported file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ExportFormat {
    /// Comma-separated values in UTF-8, with a byte order mark or without.
    Csv {
        /// Whether the file starts with a byte order mark, by which spreadsheets
        /// recognise UTF-8.
        byte_order_mark: bool,
    },
    /// One JSON object a line.
    Ndjson,
    /// Apache Parquet with typed columns, compressed with zstd.
    Parquet,
}

/// Which fields an export has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Fields {
    /// Those that everybody may see.
    #[default]
    Public,
    /// Internal fields too, and the source key. For signed-in staff only.
    All,
}

/// What to export.
#[derive(Debug, Clone)]
pub struct ExportOptions {
    /// Register kind.
    pub kind: String,
    /// Moment the records are as of.
    pub as_of: AsOf,
    /// Form of the file.
    pub format: ExportFormat,
    /// Which fields.
    pub fields: Fields,
    /// Hash of the pack in use, for the metadata of the file.
    pub pack_hash: String,
    /// Name and version of the software, for the metadata of the file.
    pub software: String,
}

/// What was exported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExportReport {
    /// Register kind.
    pub kind: &'static str,
    /// Records written.
    pub records: u64,
    /// Ledger position the records are as of.
    pub position: Position,
}

/// A record with where it came from.
struct Row {
    record: RecordVersion,
    source: Option<SourceKey>,
}

/// What all rows of an export share.
struct Frame {
    schema: &'static KindSchema,
    fields: Vec<&'static FieldSpec>,
    /// Whether source keys are written.
    keys: bool,
    /// `demo` or `live`.
    evidence: &'static str,
}

impl Frame {
    /// Names of the columns that say where a row comes from, in order.
    fn provenance(&self) -> Vec<&'static str> {
        let mut names = vec![
            "_id",
            "_version",
            "_state",
            "_standing",
            "_duplicate_of",
            "_seq",
            "_recorded_at",
            "_evidence",
        ];
        if self.keys {
            names.extend(["_source", "_source_key"]);
        }
        names
    }

    /// The texts of those columns; empty where there is nothing to say.
    fn provenance_texts(&self, row: &Row) -> Vec<String> {
        let record = &row.record;
        let mut texts = vec![
            record.id.to_string(),
            record.version.to_string(),
            record.state.clone(),
            record.standing.code().to_owned(),
            record.duplicate_of.as_ref().map(ToString::to_string).unwrap_or_default(),
            record.seq.to_string(),
            record.recorded_at.to_rfc3339_opts(SecondsFormat::Micros, true),
            self.evidence.to_owned(),
        ];
        if self.keys {
            let source = row.source.as_ref();
            texts.push(source.map(|source| source.system.clone()).unwrap_or_default());
            texts.push(source.map(|source| source.key.clone()).unwrap_or_default());
        }
        texts
    }
}

/// Names of the columns of an export, in order.
///
/// # Errors
/// `import.kind.unknown`, and `import.kind.closed` for the public fields of a
/// register about single persons.
pub fn export_columns(kind: &str, fields: Fields) -> Result<Vec<String>, ExchangeError> {
    let frame = frame(kind, fields, "")?;
    let provenance = frame.provenance().into_iter().map(str::to_owned);
    let names = frame.fields.iter().flat_map(|field| column_names(field));
    Ok(provenance.chain(names).collect())
}

/// The column of a field, or the two of a text in two languages.
fn column_names(field: &FieldSpec) -> Vec<String> {
    match field.ty {
        FieldType::LocalText => ["ja", "en"].map(|side| format!("{}.{side}", field.name)).to_vec(),
        _ => vec![field.name.to_owned()],
    }
}

fn frame(kind: &str, fields: Fields, evidence: &'static str) -> Result<Frame, ExchangeError> {
    let schema = registers::kind(kind).ok_or_else(|| {
        let kinds = registers::KINDS.iter().map(|schema| schema.kind);
        Refusal::new("import.kind.unknown")
            .arg("kind", kind)
            .arg("nearest", nearest_name(kind, kinds).unwrap_or_default())
    })?;
    if schema.closed && fields == Fields::Public {
        return Err(Refusal::new("import.kind.closed").arg("kind", kind).into());
    }
    let shown =
        |field: &&FieldSpec| fields == Fields::All || field.visibility == Visibility::Public;
    Ok(Frame {
        schema,
        fields: schema.fields.iter().filter(shown).collect(),
        keys: fields == Fields::All,
        evidence,
    })
}

/// A file being written.
enum Sink<'w> {
    Csv(text::Table<'w>),
    Ndjson(text::Objects<'w>),
    Parquet(parquet::Columns<'w>),
}

impl Sink<'_> {
    fn write(&mut self, frame: &Frame, rows: &[Row]) -> Result<(), std::io::Error> {
        match self {
            Self::Csv(table) => table.write(frame, rows),
            Self::Ndjson(objects) => objects.write(frame, rows),
            Self::Parquet(columns) => columns.write(frame, rows),
        }
    }

    fn finish(self) -> Result<(), std::io::Error> {
        match self {
            Self::Csv(table) => table.finish(),
            Self::Ndjson(objects) => objects.finish(),
            Self::Parquet(columns) => columns.finish(),
        }
    }
}

/// Writes the records of one kind to `out`.
///
/// # Errors
/// `import.kind.unknown`, `import.kind.closed`, `store.position-unknown`, `export.unwritable`, or a
/// fault of the store.
pub async fn export(
    store: &Store,
    options: &ExportOptions,
    out: &mut (dyn Write + Send),
) -> Result<ExportReport, ExchangeError> {
    let frame = frame(&options.kind, options.fields, store.meta().class.code())?;
    // Every page is read as of one position, however the ledger grows meanwhile.
    let position = store.resolve(options.as_of).await?;
    let mut sink = match options.format {
        ExportFormat::Csv { byte_order_mark } => {
            Sink::Csv(text::Table::new(out, &frame, byte_order_mark).map_err(unwritable)?)
        }
        ExportFormat::Ndjson => Sink::Ndjson(text::Objects::new(out)),
        ExportFormat::Parquet => {
            let metadata = metadata(store, options, &frame, &position);
            Sink::Parquet(parquet::Columns::new(out, &frame, metadata).map_err(unwritable)?)
        }
    };
    let mut query = ListQuery { order: Order::ById, limit: PAGE, ..ListQuery::default() };
    let mut records = 0;
    loop {
        let page = store.list(frame.schema.kind, AsOf::Seq(position.seq), &query).await?;
        records += page.records.len() as u64;
        let rows = with_sources(store, &frame, page.records).await?;
        sink.write(&frame, &rows).map_err(unwritable)?;
        match page.next {
            Some(next) => query.after = Some(next),
            None => break,
        }
    }
    sink.finish().map_err(unwritable)?;
    Ok(ExportReport { kind: frame.schema.kind, records, position })
}

async fn with_sources(
    store: &Store,
    frame: &Frame,
    records: Vec<RecordVersion>,
) -> Result<Vec<Row>, ExchangeError> {
    let mut sources = HashMap::new();
    if frame.keys {
        let seqs: Vec<u64> = records.iter().map(|record| record.seq).collect();
        for event in store.events_by_seqs(&seqs).await? {
            sources.insert(event.seq, event.source);
        }
    }
    let row = |record: RecordVersion| {
        let source = sources.remove(&record.seq).flatten();
        Row { record, source }
    };
    Ok(records.into_iter().map(row).collect())
}

/// What a Parquet file says about itself.
fn metadata(
    store: &Store,
    options: &ExportOptions,
    frame: &Frame,
    position: &Position,
) -> Vec<(&'static str, String)> {
    let as_of = match options.as_of {
        AsOf::At(instant) => instant,
        AsOf::Now | AsOf::Seq(_) => position.recorded_at,
    };
    vec![
        ("shirube.kind", frame.schema.kind.to_owned()),
        ("shirube.evidence", frame.evidence.to_owned()),
        ("shirube.ledger_seq", position.seq.to_string()),
        ("shirube.ledger_hash", hex::encode(position.hash)),
        ("shirube.as_of", as_of.to_rfc3339_opts(SecondsFormat::Micros, true)),
        ("shirube.pack", store.meta().pack.clone()),
        ("shirube.pack_hash", options.pack_hash.clone()),
        ("shirube.software", options.software.clone()),
    ]
}

fn unwritable(error: std::io::Error) -> ExchangeError {
    ExchangeError::Fault {
        refusal: Box::new(Refusal::new("export.unwritable")),
        cause: error.to_string(),
    }
}

/// One record as a CSV file, for the promise that it reads back.
pub(crate) fn fuzz_cells(
    schema: &'static KindSchema,
    body: &shirube_model::record::Body,
) -> Vec<u8> {
    let mut names = vec!["source_key".to_owned()];
    let mut cells = vec!["1".to_owned()];
    for field in schema.fields {
        names.extend(column_names(field));
        cells.extend(text::field_cells(field, body.get(field.name)));
    }
    let mut writer = csv::Writer::from_writer(Vec::new());
    let written = writer.write_record(&names).and_then(|()| writer.write_record(&cells));
    written.ok().and_then(|()| writer.into_inner().ok()).unwrap_or_default()
}
