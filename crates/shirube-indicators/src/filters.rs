//! Filters over columns, evaluated by DataFusion's vectorised expressions.
//!
//! Every part of a filter becomes a physical expression over a batch that holds
//! the columns the part reads. Texts are compared by number, which is exact
//! because filters only test texts for equality. Lists, list lengths and fiscal
//! years become columns of their own. A whole query plan per filter would cost
//! more than the evaluation itself, so none is made.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
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
use datafusion::physical_expr::create_physical_expr;
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
    classes: HashMap<Filter, RowClasses>,
}

impl FilterCache {
    pub(crate) fn get(&self, filter: &Filter) -> Option<&RowClasses> {
        self.classes.get(filter)
    }

    /// Evaluates the filters over the rows they have not seen yet.
    pub(crate) fn fill<'a>(
        &mut self,
        table: &Table,
        texts: &Texts,
        filters: impl Iterator<Item = &'a Filter>,
    ) -> Result<(), EvalError> {
        // Parts are shared between the readings of an indicator: evaluate each
        // once for the same rows.
        let mut parts: HashMap<(&Cond, usize), BooleanArray> = HashMap::new();
        for filter in filters {
            let classes = self.classes.entry(filter.clone()).or_default();
            let from = classes.len();
            if from == table.len() {
                continue;
            }
            let start = classes.len();
            classes.extend(table.standing.iter().skip(from).map(|standing| match standing {
                Standing::Active => Class::Counted.number(),
                Standing::Withdrawn => Class::Withdrawn.number(),
                Standing::Duplicate => Class::Duplicate.number(),
            }));
            for (index, part) in filter.parts.iter().enumerate() {
                let truth = match parts.entry((&part.cond, from)) {
                    Entry::Occupied(known) => known.into_mut(),
                    Entry::Vacant(slot) => slot.insert(evaluate(&part.cond, table, texts, from)?),
                };
                let index = u16::try_from(index).unwrap_or(99);
                mark(classes.get_mut(start..).unwrap_or_default(), truth, index);
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

/// The truth of a condition for the rows from `from` on.
fn evaluate(
    cond: &Cond,
    table: &Table,
    texts: &Texts,
    from: usize,
) -> Result<BooleanArray, EvalError> {
    let mut plan = Plan { table, texts, from, fields: Vec::new(), arrays: Vec::new() };
    let expr = plan.cond(cond)?;
    let rows = table.len() - from;
    let schema = Arc::new(Schema::new(plan.fields));
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    let batch = RecordBatch::try_new_with_options(schema.clone(), plan.arrays, &options)?;
    let df_schema = DFSchema::try_from(schema)?;
    let physical = create_physical_expr(
        &expr,
        &df_schema,
        &ExecutionProps::new(),
        &PhysicalPlanningContext::default(),
    )?;
    let array = physical.evaluate(&batch)?.into_array(rows)?;
    array
        .as_any()
        .downcast_ref::<BooleanArray>()
        .cloned()
        .ok_or(EvalError::Unsupported("condition is not boolean"))
}

/// Columns and expression of one condition.
struct Plan<'a> {
    table: &'a Table,
    texts: &'a Texts,
    from: usize,
    fields: Vec<ArrowField>,
    arrays: Vec<ArrayRef>,
}

impl Plan<'_> {
    fn add(&mut self, name: String, array: ArrayRef) -> Expr {
        if !self.fields.iter().any(|field| *field.name() == name) {
            self.fields.push(ArrowField::new(&name, array.data_type().clone(), true));
            self.arrays.push(array);
        }
        // Names are field names: quoting keeps them as they are.
        col(format!("\"{name}\""))
    }

    fn column(&self, field: Field) -> Result<&Column, EvalError> {
        self.table.column(field.name).ok_or(EvalError::Unsupported("field has no column"))
    }

    fn field(&mut self, field: Field) -> Result<Expr, EvalError> {
        let from = self.from;
        let array: ArrayRef = match self.column(field)? {
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
        };
        Ok(self.add(field.name.to_owned(), array))
    }

    fn scalar(&mut self, scalar: &Scalar, decimal: bool) -> Result<Expr, EvalError> {
        let expr = match scalar {
            Scalar::Field(field) => self.field(*field)?,
            Scalar::Lit(lit) => return Ok(self.constant(lit, decimal)),
            Scalar::FiscalYear(inner) => match inner.as_ref() {
                Scalar::Field(field) => self.fiscal_year(*field)?,
                Scalar::Lit(Lit::Date(date)) => {
                    lit(i64::from(shirube_model::calendar::FiscalYear::of(*date).0))
                }
                _ => return Err(EvalError::Unsupported("fiscal_year of an expression")),
            },
            Scalar::Count(field) => {
                let column = self.column(*field)?;
                let counts: Int64Array = (self.from..self.table.len())
                    .map(|row| i64::try_from(column.texts(row).len()).ok())
                    .collect();
                self.add(format!("count {}", field.name), Arc::new(counts))
            }
        };
        if decimal && scalar.ty() == Ty::Int {
            let to = DataType::Decimal128(PRECISION, SCALE);
            return Ok(datafusion::logical_expr::cast(expr, to));
        }
        Ok(expr)
    }

    fn fiscal_year(&mut self, field: Field) -> Result<Expr, EvalError> {
        let column = self.column(field)?;
        let years: Int64Array = (self.from..self.table.len())
            .map(|row| {
                crate::columns::date_of(column.day(row))
                    .map(|date| i64::from(shirube_model::calendar::FiscalYear::of(date).0))
            })
            .collect();
        Ok(self.add(format!("fiscal_year {}", field.name), Arc::new(years)))
    }

    fn constant(&self, constant: &Lit, decimal: bool) -> Expr {
        let value = match constant {
            // A text that no record holds has no number: compare with one that
            // no row has.
            Lit::Text(text) => ScalarValue::UInt32(Some(self.texts.find(text).unwrap_or(NO_TEXT))),
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
            Cond::Bool(field) => self.field(*field)?,
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
            Cond::Has(field, wanted) => {
                let numbers: Vec<u32> =
                    wanted.iter().filter_map(|text| self.texts.find(text)).collect();
                let column = self.column(*field)?;
                let truth: BooleanArray = (self.from..self.table.len())
                    .map(|row| Some(column.texts(row).iter().any(|n| numbers.contains(n))))
                    .collect();
                self.add(format!("has {} {}", field.name, wanted.join("\u{1f}")), Arc::new(truth))
            }
            Cond::IsNull(field) if field.ty == Ty::TextList => {
                let count = self.scalar(&Scalar::Count(*field), false)?;
                count.eq(lit(0i64))
            }
            Cond::IsNull(field) => self.field(*field)?.is_null(),
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
