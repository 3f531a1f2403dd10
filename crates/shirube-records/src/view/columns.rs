//! Rows of a view as columns.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanBuilder, Float64Builder, Int64Builder, ListBuilder, RecordBatch, StringBuilder,
};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::error::ArrowError;
use shirube_model::refusal::Refusal;

use super::definition::{View, ViewColumn};
use super::rows::Value;

/// Collects the rows of one view into columns.
///
/// `boolean` becomes Boolean, whole numbers Int64, `decimal` Float64, all else
/// text. A decimal that must keep its precision is asked for as `string`.
#[derive(Debug)]
pub struct Columns {
    schema: SchemaRef,
    builders: Vec<Builder>,
    rows: usize,
}

/// Numbers are read once, when the row is looked at, and wait until it is taken.
#[derive(Debug)]
enum Builder {
    Bool(BooleanBuilder),
    Int(Int64Builder, Option<i64>),
    Float(Float64Builder, Option<f64>),
    Text(StringBuilder),
    List(ListBuilder<StringBuilder>),
}

fn builder(column: &ViewColumn) -> Builder {
    if column.collection {
        return Builder::List(ListBuilder::new(StringBuilder::new()));
    }
    match column.fhir_type.as_str() {
        "boolean" => Builder::Bool(BooleanBuilder::new()),
        "integer" | "integer64" | "positiveInt" | "unsignedInt" => {
            Builder::Int(Int64Builder::new(), None)
        }
        "decimal" => Builder::Float(Float64Builder::new(), None),
        _ => Builder::Text(StringBuilder::new()),
    }
}

fn field(column: &ViewColumn) -> Field {
    let data_type = match builder(column) {
        Builder::Bool(_) => DataType::Boolean,
        Builder::Int(..) => DataType::Int64,
        Builder::Float(..) => DataType::Float64,
        Builder::Text(_) => DataType::Utf8,
        Builder::List(_) => DataType::new_list(DataType::Utf8, true),
    };
    Field::new(&column.name, data_type, true)
}

impl Columns {
    /// Empty columns of a view.
    #[must_use]
    pub fn new(view: &View) -> Self {
        let fields: Vec<Field> = view.columns().iter().map(field).collect();
        Self {
            schema: Arc::new(Schema::new(fields)),
            builders: view.columns().iter().map(builder).collect(),
            rows: 0,
        }
    }

    /// The columns' names and types.
    #[must_use]
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    /// Rows collected since the last [`Columns::take`].
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Adds a row.
    ///
    /// # Errors
    /// `records.view.type` when a value is not of its column's type; nothing is
    /// added then.
    pub fn push(&mut self, row: &[Value<'_>]) -> Result<(), Box<Refusal>> {
        for ((builder, value), field) in self.builders.iter_mut().zip(row).zip(self.schema.fields())
        {
            if !fits(builder, value) {
                return Err(Box::new(Refusal::new("records.view.type").arg("what", field.name())));
            }
        }
        for (builder, value) in self.builders.iter_mut().zip(row) {
            append(builder, value);
        }
        self.rows += 1;
        Ok(())
    }

    /// The rows collected; the columns are empty again.
    ///
    /// # Errors
    /// When Arrow finds columns of unequal length, which is a fault of ours.
    pub fn take(&mut self) -> Result<RecordBatch, ArrowError> {
        self.rows = 0;
        let schema = self.schema();
        let arrays = self.builders.iter_mut().map(|builder| -> ArrayRef {
            match builder {
                Builder::Bool(b) => Arc::new(b.finish()),
                Builder::Int(b, _) => Arc::new(b.finish()),
                Builder::Float(b, _) => Arc::new(b.finish()),
                Builder::Text(b) => Arc::new(b.finish()),
                Builder::List(b) => Arc::new(b.finish()),
            }
        });
        RecordBatch::try_new(schema, arrays.collect())
    }
}

fn whole(value: &Value<'_>) -> Option<i64> {
    match value {
        Value::Int(whole) => Some(*whole),
        Value::Number(text) => text.parse().ok(),
        _ => None,
    }
}

fn float(value: &Value<'_>) -> Option<f64> {
    match value {
        Value::Int(whole) => whole.to_string().parse().ok(),
        Value::Number(text) => text.parse().ok(),
        Value::Decimal(decimal) => decimal.to_string().parse().ok(),
        _ => None,
    }
}

/// Whether a value is of its column's type.
fn fits(builder: &mut Builder, value: &Value<'_>) -> bool {
    match (builder, value) {
        (Builder::Int(_, next), value) => {
            *next = whole(value);
            next.is_some() || matches!(value, Value::Null)
        }
        (Builder::Float(_, next), value) => {
            *next = float(value);
            next.is_some() || matches!(value, Value::Null)
        }
        (_, Value::Null) => true,
        (Builder::List(_), Value::List(_)) => true,
        (_, Value::List(_)) | (Builder::List(_), _) => false,
        (Builder::Bool(_), value) => matches!(value, Value::Bool(_)),
        (Builder::Text(_), _) => true,
    }
}

fn append(builder: &mut Builder, value: &Value<'_>) {
    match builder {
        Builder::Bool(b) => b.append_option(match value {
            Value::Bool(value) => Some(*value),
            _ => None,
        }),
        Builder::Int(b, next) => b.append_option(next.take()),
        Builder::Float(b, next) => b.append_option(next.take()),
        Builder::Text(b) => append_text(b, value),
        Builder::List(b) => {
            let Value::List(items) = value else { return b.append(false) };
            for item in items {
                append_text(b.values(), item);
            }
            b.append(true);
        }
    }
}

fn append_text(builder: &mut StringBuilder, value: &Value<'_>) {
    match value {
        Value::Null | Value::List(_) => builder.append_null(),
        Value::Text(text) => builder.append_value(text),
        Value::Number(text) => builder.append_value(text),
        Value::Bool(value) => builder.append_value(if *value { "true" } else { "false" }),
        Value::Int(value) => builder.append_value(value.to_string()),
        Value::Decimal(value) => builder.append_value(value.to_string()),
    }
}
