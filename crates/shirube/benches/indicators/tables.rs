//! Registers as Parquet, one file per kind, with the current version of every
//! record.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use anyhow::Result;
use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, Int64Array, ListBuilder, StringArray,
    StringBuilder, UInt32Array,
};
use arrow::datatypes::{Field, Schema};
use arrow::record_batch::RecordBatch;
use chrono::NaiveDate;
use parquet::arrow::ArrowWriter;
use rust_decimal::Decimal;
use serde_json::Value;
use shirube_model::filter::Ty;
use shirube_model::record::RecordVersion;
use shirube_model::registers::KINDS;
use shirube_model::schema::KindSchema;

use crate::runs::Ledger;

/// Precision and digits of decimals.
const DECIMAL: (u8, i8) = (38, 6);

/// Writes every register as known at the end of a day; gives the number of rows.
pub(crate) fn write(ledger: &Ledger, day: NaiveDate, dir: &Path) -> Result<usize> {
    std::fs::create_dir_all(dir)?;
    let current = ledger.current(day);
    let mut rows = 0;
    for schema in KINDS {
        let records = current.get(schema.kind).map_or(&[][..], Vec::as_slice);
        let batch = batch(schema, records)?;
        let file = File::create(dir.join(format!("{}.parquet", schema.kind)))?;
        let mut writer = ArrowWriter::try_new(file, batch.schema(), None)?;
        writer.write(&batch)?;
        writer.close()?;
        rows += records.len();
    }
    Ok(rows)
}

fn batch(schema: &KindSchema, records: &[&RecordVersion]) -> Result<RecordBatch> {
    let ids = records.iter().map(|record| record.id.as_str());
    let states = records.iter().map(|record| record.state.as_str());
    let standings = records.iter().map(|record| record.standing.code());
    let ordinals = (0..records.len()).map(u32::try_from).collect::<Result<Vec<_>, _>>()?;
    let mut columns: Vec<(&str, ArrayRef)> = vec![
        ("_id", Arc::new(StringArray::from_iter_values(ids))),
        ("_state", Arc::new(StringArray::from_iter_values(states))),
        ("_standing", Arc::new(StringArray::from_iter_values(standings))),
        ("_ordinal", Arc::new(UInt32Array::from(ordinals))),
    ];
    for field in schema.fields {
        if let Some(ty) = Ty::of_field(field.ty, field.card) {
            let values = records.iter().map(|record| record.body.get(field.name));
            columns.push((field.name, column(ty, values)?));
        }
    }
    let fields: Vec<Field> = columns
        .iter()
        .map(|(name, array)| Field::new(*name, array.data_type().clone(), true))
        .collect();
    let arrays = columns.into_iter().map(|(_, array)| array).collect();
    Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)?)
}

fn column<'a>(ty: Ty, values: impl Iterator<Item = Option<&'a Value>>) -> Result<ArrayRef> {
    let text = |value: Option<&'a Value>| value.and_then(Value::as_str);
    Ok(match ty {
        Ty::Text => Arc::new(values.map(text).collect::<StringArray>()),
        Ty::TextList => {
            let mut lists = ListBuilder::new(StringBuilder::new());
            for value in values {
                for item in value.and_then(Value::as_array).into_iter().flatten() {
                    lists.values().append_option(item.as_str());
                }
                lists.append(true);
            }
            Arc::new(lists.finish())
        }
        Ty::Date => {
            let epoch = NaiveDate::default();
            let day = |value: Option<&'a Value>| {
                let date: NaiveDate = text(value)?.parse().ok()?;
                i32::try_from((date - epoch).num_days()).ok()
            };
            Arc::new(values.map(day).collect::<Date32Array>())
        }
        Ty::Int => {
            let whole = |value: Option<&'a Value>| value.and_then(Value::as_i64);
            Arc::new(values.map(whole).collect::<Int64Array>())
        }
        Ty::Decimal => {
            let (precision, digits) = DECIMAL;
            let scaled = |value: Option<&'a Value>| {
                let mut number: Decimal = text(value)?.parse().ok()?;
                number.rescale(digits.unsigned_abs().into());
                Some(number.mantissa())
            };
            let array: Decimal128Array = values.map(scaled).collect();
            Arc::new(array.with_precision_and_scale(precision, digits)?)
        }
        Ty::Bool => {
            let truth = |value: Option<&'a Value>| value.and_then(Value::as_bool);
            Arc::new(values.map(truth).collect::<BooleanArray>())
        }
    })
}
