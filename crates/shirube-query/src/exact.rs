//! Sums and means of numbers with fractions, inside a person.
//!
//! Adding such numbers one after the other gives another last digit in another
//! order, and the order of rows depends on files and threads. These count in
//! whole millionths, as the numbers that are handed out do, so every order gives
//! the same, forwards and with rows taken out again.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Decimal128Array, Float64Array, Int64Array,
};
use arrow::datatypes::{DataType, Decimal128Type, Field, FieldRef, Float64Type, Int64Type};
use datafusion::common::{DataFusionError, Result as EngineResult, ScalarValue};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::{AggregateOrderSensitivity, format_state_name};
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, EmitTo, Expr, GroupsAccumulator, ReversedUDAF,
    Signature, Volatility,
};

use crate::tally::millionths;

/// Digits of a sum in millionths.
const DIGITS: u8 = 38;

/// The sum of numbers; NULL where there is none.
pub(crate) fn sum(argument: Expr) -> Expr {
    call(What::Sum, argument)
}

/// The mean of numbers; NULL where there is none.
pub(crate) fn mean(argument: Expr) -> Expr {
    call(What::Mean, argument)
}

fn call(what: What, argument: Expr) -> Expr {
    let signature = Signature::exact(vec![DataType::Float64], Volatility::Immutable);
    AggregateUDF::new_from_impl(Exact { what, signature }).call(vec![argument])
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum What {
    Sum,
    Mean,
}

/// The aggregate as the engine sees it.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Exact {
    what: What,
    signature: Signature,
}

/// What was added so far.
#[derive(Debug, Clone, Copy, Default)]
struct Total {
    millionths: i128,
    values: i64,
}

impl Total {
    /// Adds to it, or takes away by `sign` −1. Values that are no numbers or too
    /// large take no part, as NULL does.
    fn add(&mut self, value: Option<f64>, sign: i64) {
        if let Some(size) = value.and_then(millionths) {
            self.merge(size.wrapping_mul(i128::from(sign)), sign);
        }
    }

    fn merge(&mut self, millionths: i128, values: i64) {
        self.millionths = self.millionths.wrapping_add(millionths);
        self.values = self.values.wrapping_add(values);
    }

    #[expect(clippy::cast_precision_loss, reason = "the nearest number is meant")]
    fn value(self, what: What) -> Option<f64> {
        let sum = self.millionths as f64 / 1e6;
        (self.values > 0).then(|| match what {
            What::Sum => sum,
            What::Mean => sum / self.values as f64,
        })
    }
}

fn wrong() -> DataFusionError {
    DataFusionError::Internal("columns of a sum".into())
}

fn numbers(values: &[ArrayRef]) -> EngineResult<&Float64Array> {
    values.first().and_then(|v| v.as_primitive_opt::<Float64Type>()).ok_or_else(wrong)
}

/// Sums and counts of a state, by row.
fn states(values: &[ArrayRef]) -> EngineResult<impl Iterator<Item = (i128, i64)>> {
    let [sums, counts] = values else { return Err(wrong()) };
    let sums = sums.as_primitive_opt::<Decimal128Type>().ok_or_else(wrong)?;
    let counts = counts.as_primitive_opt::<Int64Type>().ok_or_else(wrong)?;
    let pairs = sums.iter().zip(counts.iter());
    Ok(pairs.map(|(sum, count)| (sum.unwrap_or(0), count.unwrap_or(0))))
}

fn as_state(totals: &[Total]) -> EngineResult<Vec<ArrayRef>> {
    let sums: Decimal128Array = totals.iter().map(|t| Some(t.millionths)).collect();
    let sums = sums.with_precision_and_scale(DIGITS, 0)?;
    let counts: Int64Array = totals.iter().map(|t| Some(t.values)).collect();
    Ok(vec![Arc::new(sums), Arc::new(counts)])
}

impl AggregateUDFImpl for Exact {
    fn name(&self) -> &str {
        match self.what {
            What::Sum => "sum",
            What::Mean => "avg",
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> EngineResult<DataType> {
        Ok(DataType::Float64)
    }

    fn accumulator(&self, _args: AccumulatorArgs<'_>) -> EngineResult<Box<dyn Accumulator>> {
        Ok(Box::new(One { what: self.what, total: Total::default() }))
    }

    fn state_fields(&self, args: StateFieldsArgs<'_>) -> EngineResult<Vec<FieldRef>> {
        let field =
            |name: &str, kind| Arc::new(Field::new(format_state_name(args.name, name), kind, true));
        Ok(vec![
            field("millionths", DataType::Decimal128(DIGITS, 0)),
            field("values", DataType::Int64),
        ])
    }

    fn groups_accumulator_supported(&self, _args: AccumulatorArgs<'_>) -> bool {
        true
    }

    fn create_groups_accumulator(
        &self,
        _args: AccumulatorArgs<'_>,
    ) -> EngineResult<Box<dyn GroupsAccumulator>> {
        Ok(Box::new(Many { what: self.what, totals: Vec::new() }))
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        AggregateOrderSensitivity::Insensitive
    }

    fn reverse_expr(&self) -> ReversedUDAF {
        ReversedUDAF::Identical
    }
}

/// One group, or the frame of one row.
#[derive(Debug)]
struct One {
    what: What,
    total: Total,
}

impl Accumulator for One {
    fn update_batch(&mut self, values: &[ArrayRef]) -> EngineResult<()> {
        numbers(values)?.iter().for_each(|value| self.total.add(value, 1));
        Ok(())
    }

    fn retract_batch(&mut self, values: &[ArrayRef]) -> EngineResult<()> {
        numbers(values)?.iter().for_each(|value| self.total.add(value, -1));
        Ok(())
    }

    fn supports_retract_batch(&self) -> bool {
        true
    }

    fn merge_batch(&mut self, values: &[ArrayRef]) -> EngineResult<()> {
        states(values)?.for_each(|(sum, count)| self.total.merge(sum, count));
        Ok(())
    }

    fn evaluate(&mut self) -> EngineResult<ScalarValue> {
        Ok(ScalarValue::Float64(self.total.value(self.what)))
    }

    fn state(&mut self) -> EngineResult<Vec<ScalarValue>> {
        Ok(vec![
            ScalarValue::Decimal128(Some(self.total.millionths), DIGITS, 0),
            ScalarValue::Int64(Some(self.total.values)),
        ])
    }

    fn size(&self) -> usize {
        size_of_val(self)
    }
}

/// Many groups at once.
#[derive(Debug)]
struct Many {
    what: What,
    totals: Vec<Total>,
}

impl GroupsAccumulator for Many {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
        total: usize,
    ) -> EngineResult<()> {
        self.totals.resize(total, Total::default());
        for (row, (value, group)) in numbers(values)?.iter().zip(groups).enumerate() {
            if filter.is_some_and(|f| f.is_null(row) || !f.value(row)) {
                continue;
            }
            self.totals.get_mut(*group).ok_or_else(wrong)?.add(value, 1);
        }
        Ok(())
    }

    fn merge_batch(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        total: usize,
    ) -> EngineResult<()> {
        self.totals.resize(total, Total::default());
        for ((sum, count), group) in states(values)?.zip(groups) {
            self.totals.get_mut(*group).ok_or_else(wrong)?.merge(sum, count);
        }
        Ok(())
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> EngineResult<ArrayRef> {
        let totals = emit_to.take_needed(&mut self.totals);
        let values: Float64Array = totals.into_iter().map(|t| t.value(self.what)).collect();
        Ok(Arc::new(values))
    }

    fn state(&mut self, emit_to: EmitTo) -> EngineResult<Vec<ArrayRef>> {
        as_state(&emit_to.take_needed(&mut self.totals))
    }

    fn convert_to_state(
        &self,
        values: &[ArrayRef],
        filter: Option<&BooleanArray>,
    ) -> EngineResult<Vec<ArrayRef>> {
        let one = |(row, value): (usize, Option<f64>)| {
            let mut total = Total::default();
            if filter.is_none_or(|f| f.is_valid(row) && f.value(row)) {
                total.add(value, 1);
            }
            total
        };
        as_state(&numbers(values)?.iter().enumerate().map(one).collect::<Vec<_>>())
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.totals.capacity() * size_of::<Total>()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn array(values: &[Option<f64>]) -> Vec<ArrayRef> {
        vec![Arc::new(Float64Array::from(values.to_vec()))]
    }

    fn one(what: What) -> One {
        One { what, total: Total::default() }
    }

    #[test]
    fn what_is_no_number_takes_no_part() {
        let values = [Some(0.1), None, Some(f64::NAN), Some(0.2), Some(f64::INFINITY), Some(1e300)];
        for (what, wanted) in [(What::Sum, 0.3), (What::Mean, 0.15)] {
            let mut all = one(what);
            all.update_batch(&array(&values)).unwrap();
            assert_eq!(all.evaluate().unwrap(), ScalarValue::Float64(Some(wanted)));
            let mut none = one(what);
            none.update_batch(&array(&[None, Some(f64::NAN)])).unwrap();
            assert_eq!(none.evaluate().unwrap(), ScalarValue::Float64(None));
        }
    }

    proptest! {
        #[test]
        fn any_order_and_any_split_give_the_same(
            values in proptest::collection::vec(proptest::option::of(-1e15_f64..1e15), 1..40),
            order in any::<prop::sample::Index>(),
            split in any::<prop::sample::Index>(),
        ) {
            let mut turned = values.clone();
            turned.rotate_left(order.index(values.len()));
            let (before, after) = turned.split_at(split.index(values.len()));
            for what in [What::Sum, What::Mean] {
                let mut whole = one(what);
                whole.update_batch(&array(&values)).unwrap();
                let wanted = whole.evaluate().unwrap();
                let (mut a, mut b) = (one(what), one(what));
                a.update_batch(&array(before)).unwrap();
                b.update_batch(&array(after)).unwrap();
                let state: Vec<ArrayRef> =
                    b.state().unwrap().iter().map(|s| s.to_array().unwrap()).collect();
                a.merge_batch(&state).unwrap();
                prop_assert_eq!(a.evaluate().unwrap(), wanted.clone());
                // More rows in, and out again.
                whole.update_batch(&array(after)).unwrap();
                whole.retract_batch(&array(after)).unwrap();
                prop_assert_eq!(whole.evaluate().unwrap(), wanted.clone());
                // By groups, with the state of single rows.
                let mut many = Many { what, totals: Vec::new() };
                many.update_batch(&array(before), &vec![1; before.len()], None, 2).unwrap();
                let rows = many.convert_to_state(&array(after), None).unwrap();
                many.merge_batch(&rows, &vec![1; after.len()], 2).unwrap();
                let column = many.evaluate(EmitTo::All).unwrap();
                prop_assert_eq!(ScalarValue::try_from_array(&column, 1).unwrap(), wanted);
            }
        }
    }
}
