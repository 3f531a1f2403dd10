//! The tables of a snapshot as queries see them: granted columns only, and no
//! row of a person who opted out.
//!
//! The exclusion happens where a table is read, below every plan, so no query
//! path can go around it. Tables with records but without a person are not
//! offered, except `cost`, whose rows get the person of the event they name.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arrow::array::{Array, ArrayRef, BooleanArray, Int64Array, RecordBatch, StringArray};
use arrow::compute::filter_record_batch;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::catalog::TableProvider;
use datafusion::catalog::streaming::StreamingTable;
use datafusion::common::{DataFusionError, Result as EngineResult};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::PartitionStream;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use roaring::RoaringTreemap;
use sha2::{Digest, Sha256};
use shirube_model::refusal::Refusal;
use shirube_records::{CdmTable, CdmType, Snapshot, tables};

use crate::error::QueryError;
use crate::kind::Kind;

/// Column of the person behind a row; no query can name it.
pub(crate) const PERSON: &str = "__person";
/// Column of the institution behind a row; no query can name it.
pub(crate) const SITE: &str = "__site";

/// Tables about the health system and the vocabulary: their rows belong to
/// nobody.
const REFERENCE: &[&str] = &[
    "care_site",
    "concept",
    "concept_ancestor",
    "concept_class",
    "concept_relationship",
    "concept_synonym",
    "domain",
    "drug_strength",
    "location",
    "provider",
    "relationship",
    "vocabulary",
];

/// Tables whose rows name the institution where something happened.
const WITH_SITE: &[&str] = &["visit_occurrence", "visit_detail"];

/// Domains of `cost` and the tables their events stand in.
const COST_EVENTS: &[(&str, &str)] = &[
    ("condition", "condition_occurrence"),
    ("device", "device_exposure"),
    ("drug", "drug_exposure"),
    ("measurement", "measurement"),
    ("observation", "observation"),
    ("procedure", "procedure_occurrence"),
    ("visit", "visit_occurrence"),
    ("visit detail", "visit_detail"),
];

/// Counts the sets of tables that were opened.
static ORIGINS: AtomicU64 = AtomicU64::new(1);

/// Persons whose rows take part in nothing.
#[derive(Clone, PartialEq, Default)]
pub struct Exclusions {
    persons: RoaringTreemap,
}

impl Exclusions {
    /// Excludes persons by their number in the snapshot.
    #[must_use]
    pub fn of(persons: impl IntoIterator<Item = i64>) -> Self {
        Self { persons: persons.into_iter().map(i64::cast_unsigned).collect() }
    }

    /// How many persons.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.persons.len()
    }

    /// Whether nobody is excluded.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.persons.is_empty()
    }

    /// Whether one of these persons is excluded.
    pub(crate) fn hold_any(&self, persons: &RoaringTreemap) -> bool {
        !self.persons.is_disjoint(persons)
    }

    /// SHA-256 over the sorted numbers, in hexadecimal.
    #[must_use]
    pub fn digest(&self) -> String {
        let mut hash = Sha256::new();
        for person in &self.persons {
            hash.update(person.to_be_bytes());
        }
        hex::encode(hash.finalize())
    }
}

impl std::fmt::Debug for Exclusions {
    /// How many, and not who.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Exclusions").field("persons", &self.len()).finish()
    }
}

/// Tables and columns a permit covers, lower case.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Grant {
    columns: BTreeMap<String, BTreeSet<String>>,
}

impl Grant {
    /// Nothing.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Every column that identifies nobody, of every table that suits.
    #[must_use]
    pub fn all() -> Self {
        let mut grant = Self::none();
        for table in tables().iter().filter(|t| suited(t)) {
            let names = table.columns.iter().filter(|c| !c.identifying).map(|c| c.name.as_str());
            let extra = (table.name == "cost").then_some("person_id");
            grant = grant.table(&table.name, names.chain(extra));
        }
        grant
    }

    /// Tables with their columns.
    pub fn tables(&self) -> impl Iterator<Item = (&str, Vec<&str>)> {
        self.columns
            .iter()
            .map(|(table, columns)| (table.as_str(), columns.iter().map(String::as_str).collect()))
    }

    /// Adds columns of a table. Names the model does not have stay without effect.
    #[must_use]
    pub fn table<'a>(mut self, table: &str, columns: impl IntoIterator<Item = &'a str>) -> Self {
        let list = self.columns.entry(table.to_ascii_lowercase()).or_default();
        list.extend(columns.into_iter().map(str::to_ascii_lowercase));
        self
    }
}

/// Whether a table's rows name a person, or concern nobody.
fn suited(table: &CdmTable) -> bool {
    table.person().is_some() || table.name == "cost" || REFERENCE.contains(&table.name.as_str())
}

/// A table as a query sees it.
#[derive(Debug, Clone)]
pub(crate) struct Granted {
    /// Columns a query can name.
    pub(crate) columns: Vec<(String, Kind)>,
    /// Whether [`PERSON`] is there.
    pub(crate) person: bool,
    /// Whether [`SITE`] is there.
    pub(crate) site: bool,
    /// What the engine reads.
    pub(crate) provider: Arc<dyn TableProvider>,
}

/// The granted tables of a snapshot.
#[derive(Debug)]
pub struct Tables {
    tables: BTreeMap<String, Granted>,
    /// Name of the data set.
    pub data_set: String,
    /// Id of the snapshot.
    pub snapshot: String,
    /// Digest of the exclusions.
    pub exclusions: String,
    /// Tells these tables from all others of this process.
    pub(crate) origin: u64,
}

impl Tables {
    /// Opens what a grant covers of a snapshot, without the excluded persons.
    /// Every file is checked against its hash.
    ///
    /// # Errors
    /// When a file is missing or damaged, and `query.table.unsuited` for a
    /// granted table whose rows cannot be traced to persons.
    pub fn open(
        snapshot: &Snapshot,
        grant: &Grant,
        exclusions: &Exclusions,
    ) -> Result<Self, QueryError> {
        let excluded = Arc::new(exclusions.persons.clone());
        let mut out = BTreeMap::new();
        for (name, columns) in &grant.columns {
            let Some(table) = tables().iter().find(|t| t.name == *name) else { continue };
            if !suited(table) {
                return Err(Refusal::new("query.table.unsuited").arg("table", name).into());
            }
            let granted = granted(snapshot, table, columns, &excluded)?;
            out.insert(name.clone(), granted);
        }
        Ok(Self {
            tables: out,
            data_set: snapshot.manifest.data_set.clone(),
            snapshot: snapshot.id.clone(),
            exclusions: exclusions.digest(),
            origin: ORIGINS.fetch_add(1, Ordering::Relaxed),
        })
    }

    /// A granted table by its name in any case.
    pub(crate) fn get(&self, name: &str) -> Option<&Granted> {
        self.tables.get(&name.to_ascii_lowercase())
    }
}

fn granted(
    snapshot: &Snapshot,
    table: &CdmTable,
    wanted: &BTreeSet<String>,
    excluded: &Arc<RoaringTreemap>,
) -> Result<Granted, QueryError> {
    let mut columns = Vec::new();
    let mut fields = Vec::new();
    for column in table.columns.iter().filter(|c| wanted.contains(&c.name)) {
        let kind = kind_of(&column.key, column.cdm_type);
        columns.push((column.name.clone(), kind));
        fields.push(Field::new(&column.name, kind.data_type(), true));
    }
    let cost = table.name == "cost";
    if cost && wanted.contains("person_id") {
        columns.push(("person_id".to_owned(), Kind::Person));
        fields.push(Field::new("person_id", DataType::Int64, true));
    }
    let person = cost || table.person().is_some();
    let site = WITH_SITE.contains(&table.name.as_str());
    if person {
        fields.push(Field::new(PERSON, DataType::Int64, true));
    }
    if site {
        fields.push(Field::new(SITE, DataType::Int64, true));
    }
    let read = Arc::new(Read {
        fields: Arc::new(Schema::new(fields)),
        person: table.person().and_then(|at| table.columns.get(at)).map(|c| c.name.clone()),
        events: if cost { Some(cost_events(snapshot)?) } else { None },
        excluded: Arc::clone(excluded),
    });
    let parts = snapshot.table(&table.name)?;
    let streams = parts.into_iter().map(|path| {
        let part: Arc<dyn PartitionStream> = Arc::new(PartRead { path, read: Arc::clone(&read) });
        part
    });
    let provider = StreamingTable::try_new(Arc::clone(&read.fields), streams.collect())
        .map_err(|_| QueryError::engine("table"))?;
    Ok(Granted { columns, person, site, provider: Arc::new(provider) })
}

/// Kind of a column by what its values name.
fn kind_of(key: &str, cdm_type: CdmType) -> Kind {
    match (key, cdm_type) {
        ("person", _) => Kind::Person,
        ("" | "care_site" | "location" | "provider", CdmType::Integer) => Kind::Int,
        ("", CdmType::Date) => Kind::Date,
        ("", CdmType::DateTime) => Kind::Moment,
        ("", CdmType::Float) => Kind::Float,
        ("" | "key", CdmType::Text) => Kind::Text,
        _ => Kind::Record,
    }
}

/// Persons of events by domain and number.
type Events = HashMap<&'static str, HashMap<i64, i64>>;

fn cost_events(snapshot: &Snapshot) -> Result<Events, QueryError> {
    let mut events = Events::new();
    for (domain, table) in COST_EVENTS {
        let id = format!("{table}_id");
        let mut persons = HashMap::new();
        for path in snapshot.table(table)? {
            for batch in reader(&path, &[&id, "person_id"]).map_err(|_| damaged())? {
                let batch = batch.map_err(|_| damaged())?;
                let (Some(ids), Some(of)) = (whole(&batch, &id), whole(&batch, "person_id")) else {
                    return Err(damaged());
                };
                persons.extend(ids.iter().zip(of.iter()).filter_map(|(id, of)| id.zip(of)));
            }
        }
        events.insert(domain, persons);
    }
    Ok(events)
}

fn damaged() -> QueryError {
    QueryError::engine("read")
}

fn whole<'a>(batch: &'a RecordBatch, name: &str) -> Option<&'a Int64Array> {
    batch.column_by_name(name)?.as_any().downcast_ref()
}

/// Opens columns of a file.
fn reader(path: &Path, columns: &[&str]) -> EngineResult<ParquetRecordBatchReader> {
    // Fixed words: the engine's would go into a log.
    let fault = || DataFusionError::Execution("a file of the snapshot cannot be read".into());
    let file = File::open(path).map_err(|_| fault())?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|_| fault())?;
    let mask = ProjectionMask::columns(builder.parquet_schema(), columns.iter().copied());
    builder.with_projection(mask).with_batch_size(8_192).build().map_err(|_| fault())
}

/// What is read of a table's files, and whose rows are not.
struct Read {
    fields: SchemaRef,
    /// Column of the person in the file.
    person: Option<String>,
    /// Persons by event, for `cost`.
    events: Option<Events>,
    excluded: Arc<RoaringTreemap>,
}

/// One file of a table.
#[derive(Debug)]
struct PartRead {
    path: PathBuf,
    read: Arc<Read>,
}

impl PartitionStream for PartRead {
    fn schema(&self) -> &SchemaRef {
        &self.read.fields
    }

    fn execute(&self, _context: Arc<TaskContext>) -> SendableRecordBatchStream {
        let read = Arc::clone(&self.read);
        let batches: Box<dyn Iterator<Item = EngineResult<RecordBatch>> + Send> =
            match reader(&self.path, &read.columns_in_file()) {
                Ok(batches) => Box::new(batches.map(move |batch| {
                    let fault = || DataFusionError::Execution("a file cannot be read".into());
                    read.offered(&batch.map_err(|_| fault())?)
                })),
                Err(error) => Box::new(std::iter::once(Err(error))),
            };
        let stream = futures::stream::iter(batches);
        Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&self.read.fields), stream))
    }
}

impl std::fmt::Debug for Read {
    /// Columns, and no person.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Read").field("fields", &self.fields).finish_non_exhaustive()
    }
}

impl Read {
    fn columns_in_file(&self) -> Vec<&str> {
        let names = self.fields.fields().iter().map(|f| f.name().as_str());
        let mut out: Vec<&str> = names.filter(|n| !n.starts_with("__")).collect();
        out.extend(self.person.as_deref());
        if self.fields.column_with_name(SITE).is_some() {
            out.push("care_site_id");
        }
        if self.events.is_some() {
            out.extend(["cost_event_id", "cost_domain_id"]);
        }
        out
    }

    /// The rows a query may see, with the person and the institution of each.
    fn offered(&self, batch: &RecordBatch) -> EngineResult<RecordBatch> {
        let fault = || DataFusionError::Execution("a file lacks a column".into());
        let persons: Option<ArrayRef> = match (&self.person, &self.events) {
            (Some(name), _) => Some(Arc::clone(batch.column_by_name(name).ok_or_else(fault)?)),
            (None, Some(events)) => Some(persons_of_costs(batch, events).ok_or_else(fault)?),
            (None, None) => None,
        };
        let mut columns = Vec::with_capacity(self.fields.fields().len());
        for field in self.fields.fields() {
            let column = match field.name().as_str() {
                PERSON => persons.as_ref(),
                "person_id" if self.events.is_some() => persons.as_ref(),
                SITE => batch.column_by_name("care_site_id"),
                name => batch.column_by_name(name),
            };
            columns.push(Arc::clone(column.ok_or_else(fault)?));
        }
        let whole = RecordBatch::try_new(Arc::clone(&self.fields), columns).map_err(|_| fault())?;
        let Some(persons) = persons else { return Ok(whole) };
        let persons = persons.as_any().downcast_ref::<Int64Array>().ok_or_else(fault)?;
        let stays = |person: Option<i64>| {
            Some(person.is_some_and(|p| !self.excluded.contains(p.cast_unsigned())))
        };
        let mask: BooleanArray = persons.iter().map(stays).collect();
        filter_record_batch(&whole, &mask).map_err(|_| fault())
    }
}

/// The person behind each row of `cost`.
fn persons_of_costs(batch: &RecordBatch, events: &Events) -> Option<ArrayRef> {
    let numbers = whole(batch, "cost_event_id")?;
    let domains = batch.column_by_name("cost_domain_id")?.as_any().downcast_ref::<StringArray>()?;
    let persons = numbers.iter().zip(domains.iter()).map(|(number, domain)| {
        let domain = domain?.trim().to_ascii_lowercase();
        events.get(domain.as_str())?.get(&number?).copied()
    });
    Some(Arc::new(persons.collect::<Int64Array>()))
}
