//! The tables of the OMOP Common Data Model, version 5.4.

use std::sync::{Arc, OnceLock};

use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};

/// Type of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CdmType {
    /// Whole number; Int64 in Parquet.
    Integer,
    /// Day.
    Date,
    /// Day and time without zone, microseconds in Parquet.
    DateTime,
    /// Number; Float64 in Parquet.
    Float,
    /// Text.
    Text,
}

/// A column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CdmColumn {
    /// Name, lower case.
    pub name: String,
    /// Type.
    pub cdm_type: CdmType,
    /// Whether the model requires a value.
    pub required: bool,
    /// Table whose rows the value names, such as `person`; `any` when another
    /// column says which; empty when it names none.
    pub key: String,
    /// Whether the value may identify a person directly; it is left out of
    /// snapshots with pseudonyms.
    pub identifying: bool,
}

impl CdmColumn {
    /// Whether a snapshot may hold no value here.
    #[must_use]
    pub fn nullable(&self) -> bool {
        !self.required || self.identifying
    }
}

/// A table.
#[derive(Debug, Clone)]
pub struct CdmTable {
    /// Name, lower case.
    pub name: String,
    /// Columns in the model's order.
    pub columns: Vec<CdmColumn>,
    schema: SchemaRef,
}

impl CdmTable {
    /// Columns as Arrow has them.
    #[must_use]
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    /// The place of a column.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }

    /// The place of the column that names the person.
    #[must_use]
    pub fn person(&self) -> Option<usize> {
        self.columns.iter().position(|column| column.key == "person")
    }

    /// Pairs of a source value and the standard concept that stands for it.
    #[must_use]
    pub fn coded(&self) -> Vec<(usize, usize)> {
        let pair = |(at, column): (usize, &CdmColumn)| {
            let stem = column.name.strip_suffix("_source_value")?;
            Some((at, self.column(&format!("{stem}_concept_id"))?))
        };
        self.columns.iter().enumerate().filter_map(pair).collect()
    }
}

/// Names of columns in version 5.3, with their name in 5.4.
pub(crate) const RENAMED: [(&str, &str, &str); 8] = [
    ("visit_occurrence", "admitting_source_concept_id", "admitted_from_concept_id"),
    ("visit_occurrence", "admitting_source_value", "admitted_from_source_value"),
    ("visit_occurrence", "discharge_to_concept_id", "discharged_to_concept_id"),
    ("visit_occurrence", "discharge_to_source_value", "discharged_to_source_value"),
    ("visit_detail", "admitting_source_concept_id", "admitted_from_concept_id"),
    ("visit_detail", "admitting_source_value", "admitted_from_source_value"),
    ("visit_detail", "discharge_to_concept_id", "discharged_to_concept_id"),
    ("visit_detail", "visit_detail_parent_id", "parent_visit_detail_id"),
];

/// Required columns that version 5.3 does not have: they become 0.
pub(crate) const ADDED: [(&str, &str); 2] =
    [("metadata", "metadata_id"), ("cdm_source", "cdm_version_concept_id")];

/// One line per column: table, column, type, required, key, identifying.
const COLUMNS: &str = include_str!("../../omop/columns.csv");

/// Every table of the model.
#[must_use]
pub fn tables() -> &'static [CdmTable] {
    static TABLES: OnceLock<Vec<CdmTable>> = OnceLock::new();
    TABLES.get_or_init(|| {
        let mut tables: Vec<(String, Vec<CdmColumn>)> = Vec::new();
        for line in COLUMNS.lines().skip(1) {
            let mut cells = line.split(',');
            let mut cell = || cells.next().unwrap_or_default();
            let table = cell();
            let name = cell().to_owned();
            let cdm_type = match cell() {
                "integer" => CdmType::Integer,
                "date" => CdmType::Date,
                "datetime" => CdmType::DateTime,
                "float" => CdmType::Float,
                _ => CdmType::Text,
            };
            let required = cell() == "yes";
            let key = cell().to_owned();
            let identifying = cell() == "drop";
            let column = CdmColumn { name, cdm_type, required, key, identifying };
            match tables.last_mut().filter(|(last, _)| last == table) {
                Some((_, columns)) => columns.push(column),
                None => tables.push((table.to_owned(), vec![column])),
            }
        }
        let finish = |(name, columns): (String, Vec<CdmColumn>)| {
            let fields: Vec<Field> = columns.iter().map(field).collect();
            CdmTable { name, columns, schema: Arc::new(Schema::new(fields)) }
        };
        tables.into_iter().map(finish).collect()
    })
}

/// The table of a name, in any case.
pub(crate) fn table(name: &str) -> Option<&'static CdmTable> {
    tables().iter().find(|table| table.name.eq_ignore_ascii_case(name))
}

fn field(column: &CdmColumn) -> Field {
    let data_type = match column.cdm_type {
        CdmType::Integer => DataType::Int64,
        CdmType::Date => DataType::Date32,
        CdmType::DateTime => DataType::Timestamp(TimeUnit::Microsecond, None),
        CdmType::Float => DataType::Float64,
        CdmType::Text => DataType::Utf8,
    };
    Field::new(&column.name, data_type, column.nullable())
}
