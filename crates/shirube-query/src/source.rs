//! The tables of a snapshot as queries see them: granted columns only, and no
//! row of a person who opted out.
//!
//! The exclusion happens where a table is read, below every plan, so no query
//! path can go around it. Tables with records but without a person are not
//! offered, except `cost`, whose rows get the person of the event they name.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arrow::array::{AsArray, Int64Array, RecordBatch};
use arrow::datatypes::{DataType, Field, Schema};
use datafusion::catalog::TableProvider;
use datafusion::common::{DataFusionError, Result as EngineResult};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use roaring::{RoaringBitmap, RoaringTreemap};
use sha2::{Digest, Sha256};
use shirube_model::refusal::Refusal;
use shirube_records::{CdmTable, CdmType, Snapshot, tables};

use crate::error::QueryError;
use crate::kind::Kind;
use crate::people::People;
use crate::scan::{EventPersons, Events, Reading, RecordsTable};

/// Column of the person behind a row; no query can name it.
pub(crate) const PERSON: &str = "__person";
/// Column of the institution behind a row; no query can name it.
pub(crate) const SITE: &str = "__site";

/// Columns of what comes out of windows begin so; no query can name them.
pub(crate) const WINDOW: &str = "__w";

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

    /// These and the others.
    #[must_use]
    pub fn and(&self, others: &Self) -> Self {
        Self { persons: &self.persons | &others.persons }
    }

    /// Numbers of the persons, from the lowest.
    pub fn persons(&self) -> impl Iterator<Item = i64> + '_ {
        self.persons.iter().map(u64::cast_signed)
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

    /// Short numbers of the excluded; whom nobody knows is nowhere.
    pub(crate) fn short(&self, people: &People) -> RoaringBitmap {
        self.persons.iter().filter_map(|p| people.index(p.cast_signed())).collect()
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

/// The persons behind the rows.
struct Who {
    people: Arc<People>,
    excluded: Arc<RoaringBitmap>,
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
    /// Everybody the ledger and the snapshot name.
    pub(crate) people: Arc<People>,
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
        Self::of(snapshot, grant, exclusions, Arc::new(People::of(snapshot)?))
    }

    /// [`Self::open`] with the persons of a ledger.
    pub(crate) fn of(
        snapshot: &Snapshot,
        grant: &Grant,
        exclusions: &Exclusions,
        people: Arc<People>,
    ) -> Result<Self, QueryError> {
        let excluded = Arc::new(exclusions.short(&people));
        let who = Who { people, excluded };
        let mut out = BTreeMap::new();
        for (name, columns) in &grant.columns {
            let Some(table) = tables().iter().find(|t| t.name == *name) else { continue };
            if !suited(table) {
                return Err(Refusal::new("query.table.unsuited").arg("table", name).into());
            }
            let granted = granted(snapshot, table, columns, &who)?;
            out.insert(name.clone(), granted);
        }
        Ok(Self {
            tables: out,
            data_set: snapshot.manifest.data_set.clone(),
            snapshot: snapshot.id.clone(),
            exclusions: exclusions.digest(),
            origin: ORIGINS.fetch_add(1, Ordering::Relaxed),
            people: who.people,
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
    who: &Who,
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
        fields.push(Field::new(PERSON, DataType::UInt32, true));
    }
    if site {
        fields.push(Field::new(SITE, DataType::Int64, true));
    }
    let reading = Reading {
        person: table.person().and_then(|at| table.columns.get(at)).map(|c| c.name.clone()),
        events: if cost { Some(cost_events(snapshot)?) } else { None },
        people: Arc::clone(&who.people),
        excluded: Arc::clone(&who.excluded),
    };
    let files = snapshot.table(&table.name)?;
    let provider = RecordsTable::open(Arc::new(Schema::new(fields)), files, reading)?;
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

/// The persons of the events that the rows of `cost` name.
fn cost_events(snapshot: &Snapshot) -> Result<Events, QueryError> {
    let mut named: BTreeSet<String> = BTreeSet::new();
    for path in snapshot.table("cost")? {
        for batch in reader(&path, &["cost_domain_id"]).map_err(|_| damaged())? {
            let batch = batch.map_err(|_| damaged())?;
            let column = batch.column_by_name("cost_domain_id").ok_or_else(damaged)?;
            let column = column.as_string_opt::<i32>().ok_or_else(damaged)?;
            for domain in column.iter().flatten() {
                if !named.contains(domain) {
                    named.insert(domain.to_owned());
                }
            }
        }
    }
    let named: BTreeSet<String> =
        named.iter().map(|domain| domain.trim().to_ascii_lowercase()).collect();
    let mut events = Events::new();
    for (domain, table) in COST_EVENTS.iter().filter(|(domain, _)| named.contains(*domain)) {
        let id = format!("{table}_id");
        let mut pairs = Vec::new();
        for path in snapshot.table(table)? {
            for batch in reader(&path, &[&id, "person_id"]).map_err(|_| damaged())? {
                let batch = batch.map_err(|_| damaged())?;
                let (Some(ids), Some(of)) = (whole(&batch, &id), whole(&batch, "person_id")) else {
                    return Err(damaged());
                };
                pairs.extend(ids.iter().zip(of.iter()).filter_map(|(id, of)| id.zip(of)));
            }
        }
        events.insert((*domain).to_owned(), EventPersons::new(pairs));
    }
    Ok(events)
}

pub(crate) fn damaged() -> QueryError {
    QueryError::engine("read")
}

pub(crate) fn whole<'a>(batch: &'a RecordBatch, name: &str) -> Option<&'a Int64Array> {
    batch.column_by_name(name)?.as_any().downcast_ref()
}

/// Opens columns of a file.
pub(crate) fn reader(path: &Path, columns: &[&str]) -> EngineResult<ParquetRecordBatchReader> {
    // Fixed words: the engine's would go into a log.
    let fault = || DataFusionError::Execution("a file of the snapshot cannot be read".into());
    let file = File::open(path).map_err(|_| fault())?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|_| fault())?;
    let mask = ProjectionMask::columns(builder.parquet_schema(), columns.iter().copied());
    builder.with_projection(mask).with_batch_size(8_192).build().map_err(|_| fault())
}
