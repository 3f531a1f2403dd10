//! One pass over the joined rows: the numbers asked for, and who stands behind
//! each of them.
//!
//! Files hold the rows of a person mostly one after the other. So a partition
//! counts the rows of the person it is at in one line of counters, by cell, and
//! adds a person's line to the lists of the cells when the next person comes.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{Float64Type, Int64Type, UInt32Type};
use datafusion::execution::context::SessionContext;
use datafusion::logical_expr::EmitTo;
use datafusion::physical_plan::aggregates::group_values::{GroupValues, new_group_values};
use datafusion::physical_plan::aggregates::order::GroupOrdering;
use datafusion::physical_plan::execute_stream_partitioned;
use datafusion::prelude::{DataFrame, SessionConfig};
use futures::StreamExt;
use shirube_model::refusal::Refusal;
use tokio::task::JoinSet;

use crate::error::QueryError;
use crate::group::{Group, List};
use crate::kind::{Key, key};
use crate::scan::threads;
use crate::source::{PERSON, SITE};
use crate::sql::{Aggregate, Checked};
use crate::unreleased::Unreleased;

/// Sums are kept in millionths: whole numbers add up to the same in any order.
pub(crate) const UNITS: i128 = 1_000_000;

/// Numbers beyond this are left out of sums, as NULL is.
const NUMBER_MAX: f64 = 1e15;

/// A number in millionths; `None` for what is none, and beyond the largest.
pub(crate) fn millionths(value: f64) -> Option<i128> {
    if !value.is_finite() || value.abs() > NUMBER_MAX {
        return None;
    }
    // At most 10^21, so the conversion keeps the value.
    #[expect(clippy::cast_possible_truncation, reason = "bounded above")]
    let millionths = (value * 1e6).round() as i128;
    Some(millionths)
}

/// Every group of a query with rows.
#[derive(Default)]
pub(crate) struct Tally {
    pub(crate) groups: BTreeMap<Vec<Key>, Group>,
}

/// What is counted of each row.
#[derive(Debug)]
struct Shape {
    groups: usize,
    /// By argument: whether its sum is asked for.
    sums: Vec<bool>,
    /// Whether institutions are told apart.
    site: bool,
    cells_max: usize,
}

impl Shape {
    fn too_many(&self) -> QueryError {
        Refusal::new("query.cells.too_many").arg("max", self.cells_max).into()
    }
}

/// Runs a checked query's plan and counts; `institutions` says whether the
/// policy asks where rows come from.
pub(crate) async fn run(
    checked: &Checked,
    cells_max: usize,
    institutions: bool,
) -> Result<Unreleased<Tally>, QueryError> {
    let mut sums = vec![false; checked.arguments];
    for measure in &checked.measures {
        if let Aggregate::Sum(at) | Aggregate::Average(at) = measure
            && let Some(place) = sums.get_mut(*at)
        {
            *place = true;
        }
    }
    let site = checked.site && institutions;
    let shape = Arc::new(Shape { groups: checked.groups.len(), sums, site, cells_max });
    // Rows of a person stay together where batches are not dealt out.
    let config =
        SessionConfig::new().with_target_partitions(threads()).with_round_robin_repartition(false);
    let context = SessionContext::new_with_config(config);
    let frame = DataFrame::new(context.state(), checked.plan.clone());
    let plan = frame.create_physical_plan().await.map_err(|_| QueryError::engine("plan"))?;
    let streams = execute_stream_partitioned(plan, context.task_ctx())
        .map_err(|_| QueryError::engine("plan"))?;
    let mut tasks = JoinSet::new();
    for (number, mut stream) in streams.into_iter().enumerate() {
        let shape = Arc::clone(&shape);
        tasks.spawn(async move {
            let mut cells = Cells::new(shape);
            while let Some(batch) = stream.next().await {
                cells.take(&batch.map_err(|_| QueryError::engine("rows"))?)?;
            }
            Ok::<_, QueryError>((number, cells))
        });
    }
    let mut parts = BTreeMap::new();
    while let Some(done) = tasks.join_next().await {
        let (number, cells) = done.map_err(|_| QueryError::engine("rows"))??;
        parts.insert(number, cells);
    }
    let mut lists: BTreeMap<Vec<Key>, List> = BTreeMap::new();
    for (_, cells) in parts {
        for (head, list) in cells.finish()? {
            match lists.entry(head) {
                std::collections::btree_map::Entry::Vacant(place) => {
                    place.insert(list);
                }
                std::collections::btree_map::Entry::Occupied(mut place) => {
                    place.get_mut().append(list);
                }
            }
        }
    }
    if lists.len() > cells_max {
        return Err(shape.too_many());
    }
    let mut tally = Tally::default();
    for (head, list) in lists {
        tally.groups.insert(head, list.into_group()?);
    }
    if checked.groups.is_empty() {
        tally.groups.entry(Vec::new()).or_insert_with(|| Group::empty(checked.arguments));
    }
    Ok(Unreleased::new(tally))
}

/// The cells of one partition.
struct Cells {
    shape: Arc<Shape>,
    /// Numbers of the groups, from the first batch on.
    keys: Option<Box<dyn GroupValues>>,
    lists: Vec<List>,
    /// The person at hand, with what was counted so far, by cell.
    person: Option<u32>,
    rows: Vec<u32>,
    /// By cell and argument: rows with a NULL.
    missing: Vec<u32>,
    /// By cell and argument.
    sums: Vec<i128>,
    /// Cells with rows of the person at hand.
    touched: Vec<usize>,
    /// The group of each row of a batch.
    ids: Vec<usize>,
    fits: bool,
}

/// An argument in a batch.
struct Argument<'b> {
    at: usize,
    nulls: Option<&'b NullBuffer>,
    values: Values<'b>,
    sum: bool,
}

enum Values<'b> {
    Whole(&'b [i64]),
    Numbers(&'b [f64]),
    Other,
}

impl Argument<'_> {
    fn of(at: usize, column: &ArrayRef, sum: bool) -> Argument<'_> {
        let values = if let Some(list) = column.as_primitive_opt::<Int64Type>() {
            Values::Whole(list.values())
        } else if let Some(list) = column.as_primitive_opt::<Float64Type>() {
            Values::Numbers(list.values())
        } else {
            Values::Other
        };
        Argument { at, nulls: column.nulls(), values, sum }
    }

    /// Whether every row has a value and nothing else is asked.
    fn is_plain(&self) -> bool {
        self.nulls.is_none_or(|n| n.null_count() == 0)
            && !self.sum
            && !matches!(self.values, Values::Numbers(_))
    }

    /// The value in millionths, zero for what is no number; `None` for NULL.
    fn value(&self, row: usize) -> Option<i128> {
        if self.nulls.is_some_and(|n| n.is_null(row)) {
            return None;
        }
        match self.values {
            Values::Whole(list) => Some(i128::from(*list.get(row)?) * UNITS),
            Values::Numbers(list) => millionths(*list.get(row)?),
            Values::Other => Some(0),
        }
    }
}

impl Cells {
    fn new(shape: Arc<Shape>) -> Self {
        Self {
            shape,
            keys: None,
            lists: Vec::new(),
            person: None,
            rows: Vec::new(),
            missing: Vec::new(),
            sums: Vec::new(),
            touched: Vec::new(),
            ids: Vec::new(),
            fits: true,
        }
    }

    fn take(&mut self, batch: &RecordBatch) -> Result<(), QueryError> {
        let fault = || QueryError::engine("columns");
        let shape = Arc::clone(&self.shape);
        let named = |prefix: char, count: usize| {
            (0..count)
                .map(|n| batch.column_by_name(&format!("{prefix}{n}")).ok_or_else(fault))
                .collect::<Result<Vec<&ArrayRef>, _>>()
        };
        let persons = batch.column_by_name(PERSON).ok_or_else(fault)?;
        let persons = persons.as_primitive_opt::<UInt32Type>().ok_or_else(fault)?;
        self.number(&named('g', shape.groups)?, batch.num_rows())?;
        let columns = named('a', shape.sums.len())?;
        let arguments: Vec<Argument<'_>> = columns
            .into_iter()
            .zip(&shape.sums)
            .enumerate()
            .map(|(at, (column, sum))| Argument::of(at, column, *sum))
            .filter(|argument| !argument.is_plain())
            .collect();
        let width = shape.sums.len();
        let nobody = persons.nulls().filter(|nulls| nulls.null_count() > 0);
        let ids = std::mem::take(&mut self.ids);
        for ((row, person), cell) in persons.values().iter().copied().enumerate().zip(&ids) {
            // A row without a person belongs to nobody whom the rules could
            // protect, so it counts nowhere.
            if nobody.is_some_and(|nulls| nulls.is_null(row)) {
                continue;
            }
            let cell = *cell;
            if self.person != Some(person) {
                self.flush();
                self.person = Some(person);
            }
            let Some(rows) = self.rows.get_mut(cell) else { return Err(fault()) };
            if *rows == 0 {
                self.touched.push(cell);
            }
            self.fits &= *rows < u32::MAX;
            *rows = rows.wrapping_add(1);
            for argument in &arguments {
                let place = cell * width + argument.at;
                match argument.value(row) {
                    None => {
                        if let Some(missing) = self.missing.get_mut(place) {
                            *missing = missing.wrapping_add(1);
                        }
                    }
                    Some(value) if argument.sum => {
                        if let Some(sum) = self.sums.get_mut(place) {
                            *sum = sum.saturating_add(value);
                        }
                    }
                    Some(_) => {}
                }
            }
        }
        self.ids = ids;
        if shape.site { self.sites(batch) } else { Ok(()) }
    }

    /// Finds the group of each row.
    fn number(&mut self, heads: &[&ArrayRef], rows: usize) -> Result<(), QueryError> {
        let fault = || QueryError::engine("columns");
        self.ids.clear();
        let cells = if heads.is_empty() {
            self.ids.resize(rows, 0);
            1
        } else {
            let columns: Vec<ArrayRef> = heads.iter().map(|c| Arc::clone(c)).collect();
            let keys = match &mut self.keys {
                Some(keys) => keys,
                place => {
                    let fields = columns.iter().enumerate().map(|(n, c)| {
                        arrow::datatypes::Field::new(format!("g{n}"), c.data_type().clone(), true)
                    });
                    let schema =
                        Arc::new(arrow::datatypes::Schema::new(fields.collect::<Vec<_>>()));
                    let keys =
                        new_group_values(schema, &GroupOrdering::None).map_err(|_| fault())?;
                    place.insert(keys)
                }
            };
            keys.intern(&columns, &mut self.ids).map_err(|_| fault())?;
            keys.len()
        };
        if cells > self.shape.cells_max {
            return Err(self.shape.too_many());
        }
        let width = self.shape.sums.len();
        while self.lists.len() < cells {
            self.lists.push(List::new(width, &self.shape.sums));
        }
        self.rows.resize(cells, 0);
        self.missing.resize(cells * width, 0);
        self.sums.resize(cells * width, 0);
        Ok(())
    }

    /// Adds what was counted of the person at hand to the cells.
    fn flush(&mut self) {
        let Some(person) = self.person else { return };
        let width = self.shape.sums.len();
        for cell in self.touched.drain(..) {
            let places = cell * width..(cell + 1) * width;
            let (Some(rows), Some(missing), Some(sums), Some(list)) = (
                self.rows.get_mut(cell),
                self.missing.get_mut(places.clone()),
                self.sums.get_mut(places),
                self.lists.get_mut(cell),
            ) else {
                continue;
            };
            list.push(person, *rows, missing, sums);
            *rows = 0;
            // Mostly there is nothing to clear, and this is done for every person.
            if missing.iter().any(|n| *n != 0) {
                missing.fill(0);
            }
            if sums.iter().any(|n| *n != 0) {
                sums.fill(0);
            }
        }
    }

    /// The institutions of a batch's rows.
    fn sites(&mut self, batch: &RecordBatch) -> Result<(), QueryError> {
        let fault = || QueryError::engine("columns");
        let persons = batch.column_by_name(PERSON).ok_or_else(fault)?;
        let sites = batch.column_by_name(SITE).ok_or_else(fault)?;
        let sites = sites.as_primitive_opt::<Int64Type>().ok_or_else(fault)?;
        let mut last = None;
        for row in 0..batch.num_rows() {
            if persons.is_null(row) || sites.is_null(row) {
                continue;
            }
            let place = (self.ids.get(row).copied(), sites.value(row));
            if last != Some(place) {
                if let Some(list) = place.0.and_then(|cell| self.lists.get_mut(cell)) {
                    list.sites.insert(place.1);
                }
                last = Some(place);
            }
        }
        Ok(())
    }

    /// The groups with their heads.
    fn finish(mut self) -> Result<Vec<(Vec<Key>, List)>, QueryError> {
        let fault = || QueryError::engine("columns");
        self.flush();
        if !self.fits {
            return Err(Refusal::new("query.value.range").into());
        }
        let heads = match &mut self.keys {
            Some(keys) => keys.emit(EmitTo::All).map_err(|_| fault())?,
            None => Vec::new(),
        };
        let mut out = Vec::with_capacity(self.lists.len());
        for (number, list) in self.lists.into_iter().enumerate() {
            if list.is_empty() && !heads.is_empty() {
                continue;
            }
            let head: Option<Vec<Key>> = heads.iter().map(|c| key(c, number)).collect();
            out.push((head.ok_or_else(fault)?, list));
        }
        Ok(out)
    }
}
