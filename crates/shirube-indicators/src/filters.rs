//! Filters over columns, evaluated by DataFusion's vectorised expressions.
//!
//! Every part of a filter becomes a physical expression over a batch that holds
//! the columns the part reads. Texts are compared by number, which is exact
//! because filters only test texts for equality. Lists, list lengths and fiscal
//! years become columns of their own. A whole query plan per filter would cost
//! more than the evaluation itself, so none is made.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, BooleanArray, Date32Array, Decimal128Array, Int64Array, UInt32Array,
};
use arrow::datatypes::{DataType, Field as ArrowField, Schema};
use arrow::record_batch::{RecordBatch, RecordBatchOptions};
use datafusion::common::{DFSchema, ScalarValue};
use datafusion::logical_expr::execution_props::ExecutionProps;
use datafusion::logical_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion::logical_expr::{Expr, col, lit};
use datafusion::physical_expr::{PhysicalExpr, create_physical_expr};
use shirube_model::filter::{Cmp, Cond, Field, Filter, Lit, Scalar, Ty};
use shirube_model::indicator::Class;
use shirube_model::record::Standing;

use crate::columns::{Column, NO_DATE, NO_TEXT, Table, Texts, micros};
use crate::error::EvalError;

/// Days from the common era to 1970-01-01, for Arrow's dates.
const EPOCH_DAYS: i32 = 719_163;
/// Precision of decimals in millionths.
const PRECISION: u8 = 38;
const SCALE: i8 = 6;

/// For every row of a register: 0 when standing and filter let it pass, else
/// the class number of the first reason.
pub(crate) type RowClasses = Vec<u16>;

/// Filter results of one register, kept while rows are appended.
#[derive(Debug, Default)]
pub(crate) struct FilterCache {
    numbers: HashMap<Filter, usize>,
    filters: Vec<(Filter, RowClasses)>,
    expressions: HashMap<Cond, Expression>,
}

impl FilterCache {
    /// Number of a filter, by which its results are asked for.
    pub(crate) fn number(&mut self, filter: &Filter) -> usize {
        if let Some(&number) = self.numbers.get(filter) {
            return number;
        }
        self.filters.push((filter.clone(), RowClasses::new()));
        self.numbers.insert(filter.clone(), self.filters.len() - 1);
        self.filters.len() - 1
    }

    /// Class by row under a filter.
    pub(crate) fn classes(&self, number: usize) -> &[u16] {
        self.filters.get(number).map_or(&[], |(_, classes)| classes.as_slice())
    }

    /// Filters by number.
    pub(crate) fn len(&self) -> usize {
        self.filters.len()
    }

    /// Evaluates the filters over the rows they have not seen yet.
    pub(crate) fn fill(&mut self, table: &Table, texts: &Texts) -> Result<(), EvalError> {
        let Self { filters, expressions, .. } = self;
        // Columns and parts are shared between the filters of a register:
        // make each once for the same rows.
        let mut batches: HashMap<usize, Batch<'_>> = HashMap::new();
        for (filter, classes) in filters {
            let from = classes.len();
            if from == table.len() {
                continue;
            }
            classes.extend(table.standing.iter().skip(from).map(|standing| match standing {
                Standing::Active => Class::Counted.number(),
                Standing::Withdrawn => Class::Withdrawn.number(),
                Standing::Duplicate => Class::Duplicate.number(),
            }));
            let batch = batches.entry(from).or_insert_with(|| Batch::new(table, texts, from));
            for (index, part) in filter.parts.iter().enumerate() {
                let truth = match batch.truths.get(&part.cond) {
                    Some(truth) => truth,
                    None => {
                        let truth = batch.evaluate(&part.cond, expressions)?;
                        batch.truths.entry(part.cond.clone()).or_insert(truth)
                    }
                };
                let index = u16::try_from(index).unwrap_or(99);
                mark(classes.get_mut(from..).unwrap_or_default(), truth, index);
            }
        }
        Ok(())
    }
}

/// Marks the rows that a part stops, unless something stopped them before.
fn mark(classes: &mut [u16], truth: &BooleanArray, index: u16) {
    let fails = Class::FailsPart(index).number();
    let undecided = Class::UndecidedPart(index).number();
    match truth.nulls() {
        None => {
            for (class, truth) in classes.iter_mut().zip(truth.values()) {
                if *class == 0 && !truth {
                    *class = fails;
                }
            }
        }
        Some(nulls) => {
            for ((class, truth), known) in classes.iter_mut().zip(truth.values()).zip(nulls) {
                if *class == 0 {
                    if !known {
                        *class = undecided;
                    } else if !truth {
                        *class = fails;
                    }
                }
            }
        }
    }
}

/// A condition as an expression over named columns.
#[derive(Debug)]
struct Expression {
    physical: Arc<dyn PhysicalExpr>,
    inputs: Vec<Input>,
}

/// A column an expression reads.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Input {
    Value(Field),
    FiscalYear(Field),
    Count(Field),
    Has(Field, Vec<String>),
}

impl Input {
    fn name(&self) -> String {
        match self {
            Self::Value(field) => field.name.to_owned(),
            Self::FiscalYear(field) => format!("fiscal_year {}", field.name),
            Self::Count(field) => format!("count {}", field.name),
            Self::Has(field, wanted) => format!("has {} {}", field.name, wanted.join("\u{1f}")),
        }
    }
}

/// Rows of a register from one on, with what was made of them so far.
struct Batch<'a> {
    table: &'a Table,
    texts: &'a Texts,
    from: usize,
    arrays: HashMap<Input, ArrayRef>,
    truths: HashMap<Cond, BooleanArray>,
}

impl<'a> Batch<'a> {
    fn new(table: &'a Table, texts: &'a Texts, from: usize) -> Self {
        Self { table, texts, from, arrays: HashMap::new(), truths: HashMap::new() }
    }

    /// The truth of a condition for every row.
    fn evaluate(
        &mut self,
        cond: &Cond,
        known: &mut HashMap<Cond, Expression>,
    ) -> Result<BooleanArray, EvalError> {
        let made;
        let expression = match known.get(cond) {
            Some(expression) => expression,
            None => {
                let mut plan = Plan { batch: self, inputs: Vec::new(), settled: true };
                let expr = plan.cond(cond)?;
                let (inputs, settled) = (plan.inputs, plan.settled);
                let expression = Expression { physical: self.physical(&expr, &inputs)?, inputs };
                if settled {
                    known.entry(cond.clone()).or_insert(expression)
                } else {
                    // A text no record holds yet may come with the next one.
                    made = expression;
                    &made
                }
            }
        };
        let (schema, arrays) = self.columns(&expression.inputs)?;
        let rows = self.table.len() - self.from;
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let batch = RecordBatch::try_new_with_options(schema, arrays, &options)?;
        let array = expression.physical.evaluate(&batch)?.into_array(rows)?;
        array
            .as_any()
            .downcast_ref::<BooleanArray>()
            .cloned()
            .ok_or(EvalError::Unsupported("condition is not boolean"))
    }

    fn columns(&mut self, inputs: &[Input]) -> Result<(Arc<Schema>, Vec<ArrayRef>), EvalError> {
        let mut fields = Vec::with_capacity(inputs.len());
        let mut arrays = Vec::with_capacity(inputs.len());
        for input in inputs {
            let array = match self.arrays.get(input) {
                Some(array) => array.clone(),
                None => {
                    let array = self.array(input)?;
                    self.arrays.insert(input.clone(), array.clone());
                    array
                }
            };
            fields.push(ArrowField::new(input.name(), array.data_type().clone(), true));
            arrays.push(array);
        }
        Ok((Arc::new(Schema::new(fields)), arrays))
    }

    fn physical(
        &mut self,
        expr: &Expr,
        inputs: &[Input],
    ) -> Result<Arc<dyn PhysicalExpr>, EvalError> {
        let (schema, _) = self.columns(inputs)?;
        Ok(create_physical_expr(
            expr,
            &DFSchema::try_from(schema)?,
            &ExecutionProps::new(),
            &PhysicalPlanningContext::default(),
        )?)
    }

    fn array(&self, input: &Input) -> Result<ArrayRef, EvalError> {
        let rows = self.from..self.table.len();
        Ok(match input {
            Input::Value(field) => self.values(*field)?,
            Input::FiscalYear(field) => {
                let column = self.column(*field)?;
                let year = |row| {
                    crate::columns::date_of(column.day(row))
                        .map(|date| i64::from(shirube_model::calendar::FiscalYear::of(date).0))
                };
                Arc::new(rows.map(year).collect::<Int64Array>())
            }
            Input::Count(field) => {
                let column = self.column(*field)?;
                let count = |row| i64::try_from(column.texts(row).len()).ok();
                Arc::new(rows.map(count).collect::<Int64Array>())
            }
            Input::Has(field, wanted) => {
                let numbers: Vec<u32> =
                    wanted.iter().filter_map(|text| self.texts.find(text)).collect();
                let column = self.column(*field)?;
                let has = |row| Some(column.texts(row).iter().any(|n| numbers.contains(n)));
                Arc::new(rows.map(has).collect::<BooleanArray>())
            }
        })
    }

    fn values(&self, field: Field) -> Result<ArrayRef, EvalError> {
        let from = self.from;
        Ok(match self.column(field)? {
            Column::Text(rows) => Arc::new(
                rows.iter()
                    .skip(from)
                    .map(|&n| (n != NO_TEXT).then_some(n))
                    .collect::<UInt32Array>(),
            ),
            Column::Date(rows) => Arc::new(
                rows.iter()
                    .skip(from)
                    .map(|&d| (d != NO_DATE).then(|| d - EPOCH_DAYS))
                    .collect::<Date32Array>(),
            ),
            Column::Int(rows) => Arc::new(rows.iter().skip(from).copied().collect::<Int64Array>()),
            Column::Decimal(rows) => Arc::new(
                rows.iter()
                    .skip(from)
                    .copied()
                    .collect::<Decimal128Array>()
                    .with_precision_and_scale(PRECISION, SCALE)?,
            ),
            Column::Bool(rows) => {
                Arc::new(rows.iter().skip(from).copied().collect::<BooleanArray>())
            }
            Column::TextList { .. } => return Err(EvalError::Unsupported("list as a value")),
        })
    }

    fn column(&self, field: Field) -> Result<&'a Column, EvalError> {
        self.table.column(field.name).ok_or(EvalError::Unsupported("field has no column"))
    }
}

/// Makes the expression of one condition.
struct Plan<'a, 'b> {
    batch: &'b Batch<'a>,
    inputs: Vec<Input>,
    /// Whether every text it compares with has its number already.
    settled: bool,
}

impl Plan<'_, '_> {
    fn add(&mut self, input: Input) -> Expr {
        // Names are field names: quoting keeps them as they are.
        let name = input.name();
        if !self.inputs.contains(&input) {
            self.inputs.push(input);
        }
        col(format!("\"{name}\""))
    }

    fn scalar(&mut self, scalar: &Scalar, decimal: bool) -> Result<Expr, EvalError> {
        let expr = match scalar {
            Scalar::Field(field) => self.add(Input::Value(*field)),
            Scalar::Lit(lit) => return Ok(self.constant(lit, decimal)),
            Scalar::FiscalYear(inner) => match inner.as_ref() {
                Scalar::Field(field) => self.add(Input::FiscalYear(*field)),
                Scalar::Lit(Lit::Date(date)) => {
                    lit(i64::from(shirube_model::calendar::FiscalYear::of(*date).0))
                }
                _ => return Err(EvalError::Unsupported("fiscal_year of an expression")),
            },
            Scalar::Count(field) => self.add(Input::Count(*field)),
        };
        if decimal && scalar.ty() == Ty::Int {
            let to = DataType::Decimal128(PRECISION, SCALE);
            return Ok(datafusion::logical_expr::cast(expr, to));
        }
        Ok(expr)
    }

    fn constant(&mut self, constant: &Lit, decimal: bool) -> Expr {
        let value = match constant {
            // A text that no record holds has no number: compare with one that
            // no row has.
            Lit::Text(text) => {
                let number = self.batch.texts.find(text);
                self.settled &= number.is_some();
                ScalarValue::UInt32(Some(number.unwrap_or(NO_TEXT)))
            }
            Lit::Date(date) => {
                ScalarValue::Date32(Some(crate::columns::day_number(*date) - EPOCH_DAYS))
            }
            Lit::Int(number) if decimal => {
                ScalarValue::Decimal128(Some(micros((*number).into())), PRECISION, SCALE)
            }
            Lit::Int(number) => ScalarValue::Int64(Some(*number)),
            Lit::Decimal(number) => {
                ScalarValue::Decimal128(Some(micros(*number)), PRECISION, SCALE)
            }
            Lit::Bool(truth) => ScalarValue::Boolean(Some(*truth)),
        };
        lit(value)
    }

    fn cond(&mut self, cond: &Cond) -> Result<Expr, EvalError> {
        Ok(match cond {
            Cond::Const(truth) => lit(*truth),
            Cond::Bool(field) => self.add(Input::Value(*field)),
            Cond::Compare(cmp, left, right) => {
                let decimal = left.ty() == Ty::Decimal || right.ty() == Ty::Decimal;
                let left = self.scalar(left, decimal)?;
                let right = self.scalar(right, decimal)?;
                match cmp {
                    Cmp::Eq => left.eq(right),
                    Cmp::Ne => left.not_eq(right),
                    Cmp::Lt => left.lt(right),
                    Cmp::Le => left.lt_eq(right),
                    Cmp::Gt => left.gt(right),
                    Cmp::Ge => left.gt_eq(right),
                }
            }
            Cond::In(value, list) => {
                let decimal = value.ty() == Ty::Decimal
                    || list.iter().any(|lit| matches!(lit, Lit::Decimal(_)));
                let value = self.scalar(value, decimal)?;
                let list = list.iter().map(|lit| self.constant(lit, decimal)).collect();
                value.in_list(list, false)
            }
            Cond::Has(field, wanted) => self.add(Input::Has(*field, wanted.clone())),
            Cond::IsNull(field) if field.ty == Ty::TextList => {
                let count = self.scalar(&Scalar::Count(*field), false)?;
                count.eq(lit(0i64))
            }
            Cond::IsNull(field) => self.add(Input::Value(*field)).is_null(),
            Cond::And(all) => self.fold(all, true)?,
            Cond::Or(any) => self.fold(any, false)?,
            Cond::Not(inner) => Expr::Not(Box::new(self.cond(inner)?)),
        })
    }

    fn fold(&mut self, conds: &[Cond], all: bool) -> Result<Expr, EvalError> {
        let mut out: Option<Expr> = None;
        for cond in conds {
            let next = self.cond(cond)?;
            out = Some(match out {
                None => next,
                Some(before) if all => before.and(next),
                Some(before) => before.or(next),
            });
        }
        Ok(out.unwrap_or_else(|| lit(all)))
    }
}
