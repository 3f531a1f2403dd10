//! Exports as Parquet.

use std::io::Write;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, Int32Builder, Int64Array, Int64Builder,
    ListBuilder, StringArray, StringBuilder, StructBuilder, TimestampMicrosecondArray, UInt32Array,
    UInt64Array,
};
use arrow::datatypes::{DataType, Field, Fields, Schema, TimeUnit};
use arrow::record_batch::RecordBatch;
use chrono::NaiveDate;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use rust_decimal::Decimal;
use serde_json::Value;
use shirube_model::registers::DECIMAL_SCALE_MAX;
use shirube_model::schema::{Cardinality, FieldSpec, FieldType};

use super::text::plain;
use super::{Frame, Row};

/// Rows of one row group.
const GROUP_ROWS: usize = 100_000;
/// Digits of a decimal column.
const PRECISION: u8 = 38;
/// Digits after the point of a decimal column.
const SCALE: i8 = 6;

/// A Parquet file.
pub(super) struct Columns<'w> {
    writer: ArrowWriter<&'w mut (dyn Write + Send)>,
    schema: Arc<Schema>,
}

impl<'w> Columns<'w> {
    pub(super) fn new(
        out: &'w mut (dyn Write + Send),
        frame: &Frame,
        metadata: Vec<(&'static str, String)>,
    ) -> std::io::Result<Self> {
        let schema = Arc::new(schema(frame));
        let metadata =
            metadata.into_iter().map(|(key, value)| KeyValue::new(key.to_owned(), value)).collect();
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_created_by("shirube".to_owned())
            .set_key_value_metadata(Some(metadata))
            .set_max_row_group_row_count(Some(GROUP_ROWS))
            .build();
        let writer = ArrowWriter::try_new(out, Arc::clone(&schema), Some(properties))?;
        Ok(Self { writer, schema })
    }

    pub(super) fn write(&mut self, frame: &Frame, rows: &[Row]) -> std::io::Result<()> {
        if rows.is_empty() {
            return Ok(());
        }
        let mut columns = provenance(frame, rows);
        for field in &frame.fields {
            let values: Vec<Option<&Value>> =
                rows.iter().map(|row| row.record.body.get(field.name)).collect();
            columns.extend(field_columns(field, &values));
        }
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), columns)
            .map_err(std::io::Error::other)?;
        self.writer.write(&batch)?;
        Ok(())
    }

    pub(super) fn finish(self) -> std::io::Result<()> {
        self.writer.close()?;
        Ok(())
    }
}

fn schema(frame: &Frame) -> Schema {
    let mut fields: Vec<Field> = frame
        .provenance()
        .into_iter()
        .map(|name| match name {
            "_version" => Field::new(name, DataType::UInt32, false),
            "_seq" => Field::new(name, DataType::UInt64, false),
            "_recorded_at" => Field::new(
                name,
                DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
                false,
            ),
            "_duplicate_of" | "_source" | "_source_key" => Field::new(name, DataType::Utf8, true),
            _ => Field::new(name, DataType::Utf8, false),
        })
        .collect();
    for field in &frame.fields {
        // Required fields too may be null: what the model requires can grow.
        let names = super::column_names(field);
        fields.extend(names.into_iter().map(|name| Field::new(name, data_type(field), true)));
    }
    Schema::new(fields)
}

fn data_type(field: &FieldSpec) -> DataType {
    if field.card == Cardinality::Many {
        let item = match field.ty {
            FieldType::YearAmount => DataType::Struct(year_amount_fields()),
            _ => DataType::Utf8,
        };
        return DataType::List(Arc::new(Field::new("item", item, true)));
    }
    match field.ty {
        FieldType::Date => DataType::Date32,
        FieldType::Int | FieldType::Yen => DataType::Int64,
        FieldType::Decimal => DataType::Decimal128(PRECISION, SCALE),
        FieldType::Bool => DataType::Boolean,
        _ => DataType::Utf8,
    }
}

fn year_amount_fields() -> Fields {
    Fields::from(vec![
        Field::new("fiscal_year", DataType::Int32, true),
        Field::new("amount_yen", DataType::Int64, true),
    ])
}

fn texts<'a>(values: impl Iterator<Item = Option<&'a str>>) -> ArrayRef {
    Arc::new(values.collect::<StringArray>())
}

fn provenance(frame: &Frame, rows: &[Row]) -> Vec<ArrayRef> {
    let text = |get: fn(&Row) -> &str| texts(rows.iter().map(|row| Some(get(row))));
    let times = rows.iter().map(|row| row.record.recorded_at.timestamp_micros());
    let mut columns = vec![
        text(|row| row.record.id.as_str()),
        Arc::new(rows.iter().map(|row| Some(row.record.version)).collect::<UInt32Array>()),
        text(|row| &row.record.state),
        text(|row| row.record.standing.code()),
        texts(rows.iter().map(|row| row.record.duplicate_of.as_ref().map(|id| id.as_str()))),
        Arc::new(rows.iter().map(|row| Some(row.record.seq)).collect::<UInt64Array>()) as ArrayRef,
        Arc::new(TimestampMicrosecondArray::from_iter_values(times).with_timezone("UTC")),
        texts(rows.iter().map(|_| Some(frame.evidence))),
    ];
    if frame.keys {
        let source = |get: fn(&shirube_store::SourceKey) -> &str| {
            texts(rows.iter().map(|row| row.source.as_ref().map(get)))
        };
        columns.push(source(|source| &source.system));
        columns.push(source(|source| &source.key));
    }
    columns
}

fn field_columns(field: &FieldSpec, values: &[Option<&Value>]) -> Vec<ArrayRef> {
    if field.card == Cardinality::Many {
        return vec![match field.ty {
            FieldType::YearAmount => year_amounts(values),
            _ => lists(values),
        }];
    }
    let text = |value: &Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
    match field.ty {
        FieldType::LocalText => ["ja", "en"]
            .map(|side| texts(values.iter().map(|value| value.and_then(|v| v.get(side)?.as_str()))))
            .to_vec(),
        FieldType::Date => {
            let days = values.iter().map(|value| {
                let date: NaiveDate = text(value)?.parse().ok()?;
                i32::try_from((date - NaiveDate::default()).num_days()).ok()
            });
            vec![Arc::new(days.collect::<Date32Array>())]
        }
        FieldType::Int | FieldType::Yen => {
            let numbers = values.iter().map(|value| value.and_then(Value::as_i64));
            vec![Arc::new(numbers.collect::<Int64Array>())]
        }
        FieldType::Decimal => {
            let numbers = values.iter().map(|value| {
                let mut number: Decimal = text(value)?.parse().ok()?;
                // Larger numbers have no room for six places in 96 bits.
                let scale = number.scale().min(DECIMAL_SCALE_MAX);
                number.rescale(scale);
                Some(number.mantissa() * 10_i128.pow(DECIMAL_SCALE_MAX - scale))
            });
            let numbers = numbers.collect::<Decimal128Array>();
            let typed = numbers.with_data_type(DataType::Decimal128(PRECISION, SCALE));
            vec![Arc::new(typed)]
        }
        FieldType::Bool => {
            let truths = values.iter().map(|value| value.and_then(Value::as_bool));
            vec![Arc::new(truths.collect::<BooleanArray>())]
        }
        _ => {
            let cells: Vec<Option<String>> = values.iter().map(|v| v.map(plain)).collect();
            vec![texts(cells.iter().map(Option::as_deref))]
        }
    }
}

fn items(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    value.and_then(Value::as_array).into_iter().flatten()
}

/// An empty list where the record has no value: a list field is never null.
fn lists(values: &[Option<&Value>]) -> ArrayRef {
    let mut builder = ListBuilder::new(StringBuilder::new());
    for value in values {
        for item in items(*value) {
            builder.values().append_value(plain(item));
        }
        builder.append(true);
    }
    Arc::new(builder.finish())
}

fn year_amounts(values: &[Option<&Value>]) -> ArrayRef {
    let amounts = StructBuilder::new(
        year_amount_fields(),
        vec![Box::new(Int32Builder::new()), Box::new(Int64Builder::new())],
    );
    let mut builder = ListBuilder::new(amounts);
    for value in values {
        for item in items(*value) {
            let part = |name: &str| item.get(name).and_then(Value::as_i64);
            let amounts = builder.values();
            if let Some(years) = amounts.field_builder::<Int32Builder>(0) {
                years.append_option(part("fiscal_year").and_then(|year| i32::try_from(year).ok()));
            }
            if let Some(yen) = amounts.field_builder::<Int64Builder>(1) {
                yen.append_option(part("amount_yen"));
            }
            amounts.append(true);
        }
        builder.append(true);
    }
    Arc::new(builder.finish())
}
