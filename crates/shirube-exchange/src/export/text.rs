//! Exports as CSV and NDJSON.

use std::io::Write;

use serde_json::{Value, json};
use shirube_model::record::Body;
use shirube_model::schema::{FieldSpec, FieldType};
use shirube_store::body_text;

use super::{Frame, Row, column_names};
use crate::cells::{join_list, protect};

/// A CSV file.
pub(super) struct Table<'w> {
    writer: csv::Writer<&'w mut (dyn Write + Send)>,
}

impl<'w> Table<'w> {
    pub(super) fn new(
        out: &'w mut (dyn Write + Send),
        frame: &Frame,
        byte_order_mark: bool,
    ) -> std::io::Result<Self> {
        if byte_order_mark {
            out.write_all(b"\xef\xbb\xbf")?;
        }
        let mut writer =
            csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out);
        let names = frame.provenance().into_iter().map(str::to_owned);
        let fields = frame.fields.iter().flat_map(|field| column_names(field));
        writer.write_record(names.chain(fields)).map_err(std::io::Error::other)?;
        Ok(Self { writer })
    }

    pub(super) fn write(&mut self, frame: &Frame, rows: &[Row]) -> std::io::Result<()> {
        for row in rows {
            let mut cells: Vec<String> =
                frame.provenance_texts(row).iter().map(|text| protect(text).into_owned()).collect();
            for field in &frame.fields {
                cells.extend(field_cells(field, row.record.body.get(field.name)));
            }
            self.writer.write_record(&cells).map_err(std::io::Error::other)?;
        }
        Ok(())
    }

    pub(super) fn finish(mut self) -> std::io::Result<()> {
        self.writer.flush()
    }
}

/// The cell of a field, or the two of a text in two languages.
pub(super) fn field_cells(field: &FieldSpec, value: Option<&Value>) -> Vec<String> {
    if field.ty == FieldType::LocalText {
        let side = |side: &str| {
            value
                .and_then(|value| value.get(side))
                .and_then(Value::as_str)
                .map(|text| protect(text).into_owned())
                .unwrap_or_default()
        };
        return vec![side("ja"), side("en")];
    }
    let cell = match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::Array(items)) if field.ty == FieldType::YearAmount => {
            items.iter().map(plain).collect::<Vec<_>>().join(";")
        }
        Some(Value::Array(items)) => {
            let texts: Vec<String> = items.iter().map(plain).collect();
            protect(&join_list(texts.iter().map(String::as_str))).into_owned()
        }
        // A number that starts with a minus stays a number for spreadsheets.
        Some(Value::String(text)) if field.ty != FieldType::Decimal => protect(text).into_owned(),
        Some(other) => plain(other),
    };
    vec![cell]
}

/// A single value as text.
pub(super) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Object(amount) => {
            let part = |name: &str| amount.get(name).map(ToString::to_string).unwrap_or_default();
            format!("{}:{}", part("fiscal_year"), part("amount_yen"))
        }
        other => other.to_string(),
    }
}

/// An NDJSON file.
pub(super) struct Objects<'w> {
    out: &'w mut (dyn Write + Send),
}

impl<'w> Objects<'w> {
    pub(super) fn new(out: &'w mut (dyn Write + Send)) -> Self {
        Self { out }
    }

    pub(super) fn write(&mut self, frame: &Frame, rows: &[Row]) -> std::io::Result<()> {
        let mut text = String::new();
        for row in rows {
            let mut object = Body::new();
            for (name, value) in frame.provenance().into_iter().zip(frame.provenance_texts(row)) {
                let value = match name {
                    "_version" => json!(row.record.version),
                    "_seq" => json!(row.record.seq),
                    _ => json!(value),
                };
                if value != "" {
                    object.insert(name.to_owned(), value);
                }
            }
            for field in &frame.fields {
                if let Some(value) = row.record.body.get(field.name) {
                    object.insert(field.name.to_owned(), value.clone());
                }
            }
            // Keys in byte order: `_` comes before the letters of field names.
            text.push_str(&body_text(&object));
            text.push('\n');
        }
        self.out.write_all(text.as_bytes())
    }

    pub(super) fn finish(self) -> std::io::Result<()> {
        self.out.flush()
    }
}
