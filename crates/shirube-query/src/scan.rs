//! Reading the files of a table: the columns a query needs, with the person
//! behind each row, and without the rows of those who opted out.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, AsArray, BooleanArray, Int64Array, RecordBatch, RecordBatchOptions, StringArray,
    UInt32Array,
};
use arrow::compute::filter_record_batch;
use arrow::datatypes::{Field, Int64Type, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::stats::Precision;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{DataFusionError, Result as EngineResult, Statistics};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::{Expr, TableType};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType, SchedulingType};
use datafusion::physical_plan::statistics::StatisticsArgs;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties,
};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader,
    ParquetRecordBatchReaderBuilder,
};
use roaring::RoaringBitmap;

use crate::error::QueryError;
use crate::people::People;
use crate::runs::{Cursor, Learning, Learnt, NOBODY, Run, runs};
use crate::source::{PERSON, SITE};

/// Rows below which a table is read by one thread.
const SPLIT_ROWS: usize = 100_000;

/// Rows of a batch.
const BATCH_ROWS: usize = 8_192;

/// Persons of events by domain.
pub(crate) type Events = HashMap<String, EventPersons>;

/// Persons of the events of one table, in order of the events' numbers.
pub(crate) struct EventPersons {
    events: Vec<i64>,
    persons: Vec<i64>,
}

impl EventPersons {
    /// From events with their persons. A number that two persons have is
    /// nobody's.
    pub(crate) fn new(mut pairs: Vec<(i64, i64)>) -> Self {
        pairs.sort_unstable();
        pairs.dedup();
        let of_two: HashSet<i64> = pairs
            .windows(2)
            .filter_map(|pair| match pair {
                [(a, _), (b, _)] if a == b => Some(*a),
                _ => None,
            })
            .collect();
        pairs.retain(|(event, _)| !of_two.contains(event));
        let (events, persons) = pairs.into_iter().unzip();
        Self { events, persons }
    }

    /// The person of an event; `near` is where the event before was found, since
    /// the next one mostly follows it.
    fn person(&self, event: i64, near: &mut usize) -> Option<i64> {
        let next = *near + 1;
        let at = if self.events.get(next) == Some(&event) {
            next
        } else {
            self.events.binary_search(&event).ok()?
        };
        *near = at;
        self.persons.get(at).copied()
    }
}

/// How the person behind a row of a table is found, and whose rows stay out.
pub(crate) struct Reading {
    /// Column of the person in the file.
    pub(crate) person: Option<String>,
    /// Persons by event, for `cost`.
    pub(crate) events: Option<Events>,
    pub(crate) people: Arc<People>,
    /// Short numbers of the excluded.
    pub(crate) excluded: Arc<RoaringBitmap>,
}

impl std::fmt::Debug for Reading {
    /// The column, and no person.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reading").field("person", &self.person).finish_non_exhaustive()
    }
}

/// A row group of a file.
struct Part {
    path: PathBuf,
    metadata: ArrowReaderMetadata,
    group: usize,
    rows: usize,
    /// Whose rows follow each other, known once they were read.
    learnt: Learnt,
}

/// A table of a snapshot.
pub(crate) struct RecordsTable {
    schema: SchemaRef,
    /// What each thread reads, in the order of the files.
    partitions: Arc<Vec<Vec<Arc<Part>>>>,
    rows: usize,
    reading: Arc<Reading>,
}

impl std::fmt::Debug for RecordsTable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RecordsTable").field("schema", &self.schema).finish_non_exhaustive()
    }
}

// Fixed words: the engine's would go into a log.
fn unreadable() -> DataFusionError {
    DataFusionError::Execution("a file of the snapshot cannot be read".into())
}

fn lacking() -> DataFusionError {
    DataFusionError::Execution("a file lacks a column".into())
}

impl RecordsTable {
    /// A table over files that were checked.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub(crate) fn open(
        schema: SchemaRef,
        files: Vec<PathBuf>,
        reading: Reading,
    ) -> Result<Self, QueryError> {
        let fault = || QueryError::engine("table");
        let mut parts: Vec<Arc<Part>> = Vec::new();
        for path in files {
            let file = File::open(&path).map_err(|_| fault())?;
            let metadata = ArrowReaderMetadata::load(&file, ArrowReaderOptions::default())
                .map_err(|_| fault())?;
            for (group, about) in metadata.metadata().row_groups().iter().enumerate() {
                let rows = usize::try_from(about.num_rows()).map_err(|_| fault())?;
                let (path, metadata) = (path.clone(), metadata.clone());
                let learnt = Learnt::default();
                parts.push(Arc::new(Part { path, metadata, group, rows, learnt }));
            }
        }
        let rows: usize = parts.iter().map(|part| part.rows).sum();
        let threads = if rows < SPLIT_ROWS { 1 } else { threads() };
        let each = rows.div_ceil(threads).max(1);
        let mut partitions: Vec<Vec<Arc<Part>>> = vec![Vec::new(); threads];
        let mut before = 0;
        for part in parts {
            let at = (before / each).min(threads - 1);
            before += part.rows;
            if let Some(partition) = partitions.get_mut(at) {
                partition.push(part);
            }
        }
        Ok(Self { schema, partitions: Arc::new(partitions), rows, reading: Arc::new(reading) })
    }
}

/// How many threads read a table.
pub(crate) fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get).min(16)
}

#[async_trait]
impl TableProvider for RecordsTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        _session: &dyn Session,
        projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        _limit: Option<usize>,
    ) -> EngineResult<Arc<dyn ExecutionPlan>> {
        let schema = match projection {
            Some(columns) => Arc::new(self.schema.project(columns)?),
            None => Arc::clone(&self.schema),
        };
        let properties = PlanProperties::new(
            EquivalenceProperties::new(Arc::clone(&schema)),
            Partitioning::UnknownPartitioning(self.partitions.len()),
            EmissionType::Incremental,
            Boundedness::Bounded,
        )
        .with_scheduling_type(SchedulingType::NonCooperative);
        Ok(Arc::new(RecordsScan {
            schema,
            partitions: Arc::clone(&self.partitions),
            rows: self.rows,
            reading: Arc::clone(&self.reading),
            properties: Arc::new(properties),
        }))
    }
}

/// The reading of some columns of a table.
struct RecordsScan {
    schema: SchemaRef,
    partitions: Arc<Vec<Vec<Arc<Part>>>>,
    rows: usize,
    reading: Arc<Reading>,
    properties: Arc<PlanProperties>,
}

impl std::fmt::Debug for RecordsScan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RecordsScan").field("schema", &self.schema).finish_non_exhaustive()
    }
}

impl DisplayAs for RecordsScan {
    fn fmt_as(
        &self,
        _format: DisplayFormatType,
        f: &mut std::fmt::Formatter<'_>,
    ) -> std::fmt::Result {
        f.write_str("RecordsScan")
    }
}

impl ExecutionPlan for RecordsScan {
    fn name(&self) -> &'static str {
        "RecordsScan"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        Vec::new()
    }

    fn apply_expressions(
        &self,
        _f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> EngineResult<TreeNodeRecursion>,
    ) -> EngineResult<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(
        self: Arc<Self>,
        _children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> EngineResult<Arc<dyn ExecutionPlan>> {
        Ok(self)
    }

    /// Rows of the whole table, so that a join builds on its smaller side. No
    /// value of a record is in it.
    fn statistics_from_inputs(
        &self,
        _inputs: &[Arc<Statistics>],
        args: &StatisticsArgs,
    ) -> EngineResult<Arc<Statistics>> {
        let parts = if args.partition().is_some() { self.partitions.len().max(1) } else { 1 };
        let mut statistics = Statistics::new_unknown(&self.schema);
        statistics.num_rows = Precision::Inexact(self.rows / parts);
        Ok(Arc::new(statistics))
    }

    fn execute(
        &self,
        partition: usize,
        _context: Arc<TaskContext>,
    ) -> EngineResult<SendableRecordBatchStream> {
        let parts = self.partitions.get(partition).cloned().unwrap_or_default();
        let mut reader = Reader {
            parts: parts.into_iter(),
            open: None,
            schema: Arc::clone(&self.schema),
            reading: Arc::clone(&self.reading),
            failed: false,
        };
        let batches = std::iter::from_fn(move || reader.next());
        let stream = futures::stream::iter(batches);
        Ok(Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&self.schema), stream)))
    }
}

/// Batches of one partition.
struct Reader {
    parts: std::vec::IntoIter<Arc<Part>>,
    open: Option<Open>,
    schema: SchemaRef,
    reading: Arc<Reading>,
    failed: bool,
}

/// A row group that is being read.
struct Open {
    part: Arc<Part>,
    batches: ParquetRecordBatchReader,
    persons: Persons,
}

/// Where the persons of a row group's rows come from.
enum Persons {
    /// The rows belong to nobody.
    Nobody,
    /// Columns of the file; what they say is kept for the next time.
    Read(Learning),
    /// What an earlier reading said.
    Known(Cursor),
}

impl Reader {
    fn next(&mut self) -> Option<EngineResult<RecordBatch>> {
        if self.failed {
            return None;
        }
        let next = self.read().transpose()?;
        self.failed = next.is_err();
        Some(next)
    }

    fn read(&mut self) -> EngineResult<Option<RecordBatch>> {
        loop {
            if let Some(mut open) = self.open.take() {
                if let Some(batch) = open.batches.next() {
                    let batch = batch.map_err(|_| unreadable())?;
                    let runs = open.runs(&self.reading, &batch)?;
                    self.open = Some(open);
                    return self.reading.offered(&self.schema, &batch, runs.as_deref()).map(Some);
                }
                if let Persons::Read(learning) = open.persons {
                    open.part.learnt.keep(learning);
                }
            }
            let Some(part) = self.parts.next() else { return Ok(None) };
            self.open = Some(self.reading.open(&self.schema, part)?);
        }
    }
}

impl Open {
    /// Whose the rows of a batch are; `None` where they are nobody's.
    fn runs(&mut self, reading: &Reading, batch: &RecordBatch) -> EngineResult<Option<Vec<Run>>> {
        match &mut self.persons {
            Persons::Nobody => Ok(None),
            Persons::Known(cursor) => cursor.take(batch.num_rows()).ok_or_else(lacking).map(Some),
            Persons::Read(learning) => {
                let runs = reading.runs(batch)?;
                learning.add(&runs);
                Ok(Some(runs))
            }
        }
    }
}

impl Reading {
    fn open(&self, schema: &Schema, part: Arc<Part>) -> EngineResult<Open> {
        let persons = match part.learnt.known() {
            _ if self.person.is_none() && self.events.is_none() => Persons::Nobody,
            Some(runs) => Persons::Known(Cursor::new(runs)),
            None => Persons::Read(Learning::new(part.rows)),
        };
        let file = File::open(&part.path).map_err(|_| unreadable())?;
        let metadata = part.metadata.clone();
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata);
        let columns = self.columns_in_file(schema, matches!(persons, Persons::Read(_)));
        let mask = ProjectionMask::columns(builder.parquet_schema(), columns);
        let batches = builder
            .with_projection(mask)
            .with_row_groups(vec![part.group])
            .with_batch_size(BATCH_ROWS)
            .build()
            .map_err(|_| unreadable())?;
        Ok(Open { part, batches, persons })
    }

    fn columns_in_file<'a>(&'a self, schema: &'a Schema, persons: bool) -> Vec<&'a str> {
        let names = schema.fields().iter().map(|f| f.name().as_str());
        let own = |name: &str| name.starts_with("__") || self.is_person(name);
        let mut out: Vec<&str> = names.filter(|name| !own(name)).collect();
        if schema.column_with_name(SITE).is_some() {
            out.push("care_site_id");
        }
        if persons {
            out.extend(self.person.as_deref());
        }
        if persons && self.events.is_some() {
            out.extend(["cost_event_id", "cost_domain_id"]);
        }
        out
    }

    /// Whether a column holds the number of the row's person.
    fn is_person(&self, column: &str) -> bool {
        let of_event = self.events.is_some().then_some("person_id");
        self.person.as_deref().or(of_event) == Some(column)
    }

    /// The persons of a batch by its columns.
    fn runs(&self, batch: &RecordBatch) -> EngineResult<Vec<Run>> {
        let persons: ArrayRef = match (&self.person, &self.events) {
            (Some(name), _) => Arc::clone(batch.column_by_name(name).ok_or_else(lacking)?),
            (None, Some(events)) => persons_of_costs(batch, events).ok_or_else(lacking)?,
            (None, None) => return Err(lacking()),
        };
        let persons = persons.as_primitive_opt::<Int64Type>().ok_or_else(lacking)?;
        runs(persons, |number| self.people.index(number)).ok_or_else(lacking)
    }

    /// The rows a query may see, with the person and the institution of each.
    fn offered(
        &self,
        schema: &SchemaRef,
        batch: &RecordBatch,
        runs: Option<&[Run]>,
    ) -> EngineResult<RecordBatch> {
        let rows = batch.num_rows();
        let mut columns = Vec::with_capacity(schema.fields().len());
        for field in schema.fields() {
            columns.push(match (field.name().as_str(), runs) {
                (PERSON, Some(runs)) => short(runs, rows),
                (name, Some(runs)) if self.is_person(name) => self.numbers(runs, rows),
                (SITE, _) => column(batch, "care_site_id", field)?,
                (name, _) => column(batch, name, field)?,
            });
        }
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let whole = RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options)
            .map_err(|_| lacking())?;
        match runs.and_then(|runs| self.mask(runs, rows)) {
            None => Ok(whole),
            Some(mask) => filter_record_batch(&whole, &mask).map_err(|_| lacking()),
        }
    }

    /// The number in the data set of each row's person.
    fn numbers(&self, runs: &[Run], rows: usize) -> ArrayRef {
        let mut out = Vec::with_capacity(rows);
        for run in runs {
            // Rows of nobody stay out.
            let number = self.people.number(run.person).unwrap_or_default();
            out.extend(std::iter::repeat_n(number, run.rows as usize));
        }
        Arc::new(Int64Array::from(out))
    }

    /// Which rows stay; `None` when all do.
    fn mask(&self, runs: &[Run], rows: usize) -> Option<BooleanArray> {
        let stays = |run: &Run| run.person != NOBODY && !self.excluded.contains(run.person);
        if runs.iter().all(stays) {
            return None;
        }
        let mut out = Vec::with_capacity(rows);
        for run in runs {
            out.extend(std::iter::repeat_n(stays(run), run.rows as usize));
        }
        Some(BooleanArray::from(out))
    }
}

/// The short number of each row's person.
fn short(runs: &[Run], rows: usize) -> ArrayRef {
    let mut out = Vec::with_capacity(rows);
    for run in runs {
        out.extend(std::iter::repeat_n(run.person, run.rows as usize));
    }
    Arc::new(UInt32Array::from(out))
}

fn column(batch: &RecordBatch, name: &str, field: &Field) -> EngineResult<ArrayRef> {
    let column = batch.column_by_name(name).ok_or_else(lacking)?;
    if column.data_type() == field.data_type() { Ok(Arc::clone(column)) } else { Err(lacking()) }
}

/// The person behind each row of `cost`.
fn persons_of_costs(batch: &RecordBatch, events: &Events) -> Option<ArrayRef> {
    let numbers = batch.column_by_name("cost_event_id")?.as_primitive_opt::<Int64Type>()?;
    let domains = batch.column_by_name("cost_domain_id")?;
    let domains = domains.as_any().downcast_ref::<StringArray>()?;
    let mut last: Option<(&str, Option<&EventPersons>)> = None;
    let mut near = 0;
    let persons = numbers.iter().zip(domains.iter()).map(|(number, domain)| {
        let domain = domain?;
        let of = match last {
            Some((known, of)) if known == domain => of,
            _ => events.get(domain.trim().to_ascii_lowercase().as_str()),
        };
        last = Some((domain, of));
        of?.person(number?, &mut near)
    });
    Some(Arc::new(persons.collect::<Int64Array>()))
}
