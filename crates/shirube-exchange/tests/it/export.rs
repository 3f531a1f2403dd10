//! What exports write, and that it reads back.

use arrow::array::{Array, AsArray};
use arrow::datatypes::{DataType, Date32Type, Decimal128Type, Int64Type};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use serde_json::json;
use shirube_exchange::{
    ExportFormat, ExportOptions, Fields, ImportOptions, export, export_columns,
};
use shirube_model::registers::KINDS;
use shirube_store::{AsOf, Draft, SourceKey, StoreClass};

use crate::base::*;
use crate::bodies;

/// Records of every kind, the same in every run.
async fn fill(store: &shirube_store::Store, each: usize) -> usize {
    let mut runner = TestRunner::deterministic();
    let mut total = 0;
    for schema in KINDS {
        let strategy = bodies::body(schema);
        let drafts: Vec<Draft> = (0..each)
            .map(|n| {
                let body = strategy.new_tree(&mut runner).unwrap().current();
                // Keys too are texts that spreadsheets may run.
                let key = SourceKey::new("src", format!("=k'{n}"));
                Draft::new_record(schema.kind, Some(key), body)
            })
            .collect();
        total += drafts.len();
        let report = store.append_bulk(drafts, "maker", "made up").await.unwrap();
        assert_eq!(report.recorded(), each, "{} {:?}", schema.kind, report.refused().next());
    }
    total
}

#[tokio::test]
async fn what_is_exported_is_imported_as_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir.path().join("from"), StoreClass::Live).await;
    let total = fill(&store, 25).await;
    for (name, format) in [("csv", CSV), ("json", ExportFormat::Ndjson)] {
        let other = open(&dir.path().join(name), StoreClass::Live).await;
        let mut same = 0;
        for schema in KINDS {
            let bytes = give(&store, schema.kind, format, Fields::All).await;
            let plain = ImportOptions { source: None, ..options(schema.kind) };
            let report = take(&other, &bytes, &plain).await.unwrap();
            assert_eq!(report.counts.created, 25, "{} {:?}", schema.kind, report.samples);
            assert!(report.unmapped.is_empty(), "{:?}", report.unmapped);
            let (before, after) = (all(&store, schema.kind).await, all(&other, schema.kind).await);
            for (before, after) in before.iter().zip(&after) {
                assert_eq!((&before.id, &before.body), (&after.id, &after.body));
                same += 1;
            }
            // Into the store itself it changes nothing, with or without the
            // internal fields.
            for fields in [Fields::All, Fields::Public] {
                if schema.closed && fields == Fields::Public {
                    continue;
                }
                let bytes = give(&store, schema.kind, format, fields).await;
                let report = take(&store, &bytes, &plain).await.unwrap();
                assert_eq!(report.counts.unchanged, 25, "{} {:?}", schema.kind, report.samples);
            }
            // A second export of equal records is equal but for the ledger.
            let again = give(&other, schema.kind, format, Fields::All).await;
            if format == ExportFormat::Ndjson {
                let strip = |bytes: &[u8]| -> Vec<serde_json::Value> {
                    String::from_utf8(bytes.to_vec())
                        .unwrap()
                        .lines()
                        .map(|line| {
                            let mut value: serde_json::Value = serde_json::from_str(line).unwrap();
                            value
                                .as_object_mut()
                                .unwrap()
                                .retain(|k, _| k != "_seq" && k != "_recorded_at");
                            value
                        })
                        .collect()
                };
                assert_eq!(strip(&bytes), strip(&again));
            }
        }
        assert_eq!(same, total);
        assert_eq!(events(&other).await, total as u64);
    }
    assert_eq!(events(&store).await, total as u64);
}

#[tokio::test]
async fn no_cell_of_a_table_is_a_formula() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), StoreClass::Live).await;
    fill(&store, 25).await;
    let mut cells = 0;
    for schema in KINDS {
        let bytes = give(&store, schema.kind, CSV, Fields::All).await;
        let mut reader = csv::Reader::from_reader(bytes.as_slice());
        let header = reader.headers().unwrap().clone();
        for record in reader.records() {
            for (name, cell) in header.iter().zip(record.unwrap().iter()) {
                let numeric = schema.field(name).is_some_and(|field| {
                    use shirube_model::schema::FieldType;
                    matches!(field.ty, FieldType::Int | FieldType::Yen | FieldType::Decimal)
                });
                let runs = cell.trim_start().starts_with(['=', '+', '-', '@'])
                    || cell.starts_with(['\t', '\r', '\n']);
                assert!(!runs || (numeric && cell.parse::<f64>().is_ok()), "{name} {cell:?}");
                cells += 1;
            }
        }
    }
    assert!(cells > 5_000, "{cells}");
}

#[tokio::test]
async fn public_exports_have_no_internal_field() {
    for schema in KINDS {
        let columns = export_columns(schema.kind, Fields::Public);
        if schema.closed {
            assert_eq!(columns.unwrap_err().code(), "import.kind.closed", "{}", schema.kind);
            continue;
        }
        let columns = columns.unwrap();
        for field in schema.fields {
            let there = columns.iter().any(|c| c.split('.').next() == Some(field.name));
            let public = field.visibility == shirube_model::schema::Visibility::Public;
            assert_eq!(there, public, "{} {}", schema.kind, field.name);
        }
    }
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), StoreClass::Demo).await;
    let row = "source_key,title,contract_type,effective_on,seeds\nKEY-9,SECRET,alpha,2025-04-01,SECRET2\n";
    take(&store, row, &options("contract")).await.unwrap();
    for format in [CSV, ExportFormat::Ndjson, ExportFormat::Parquet] {
        let open = give(&store, "contract", format, Fields::Public).await;
        let full = give(&store, "contract", format, Fields::All).await;
        for secret in ["SECRET", "KEY-9"] {
            let holds = |bytes: &[u8]| bytes.windows(secret.len()).any(|w| w == secret.as_bytes());
            assert!(!holds(&open), "{format:?}");
            // Pages of a Parquet file are compressed.
            assert!(holds(&full) || format == ExportFormat::Parquet, "{format:?}");
        }
    }
    let csv = String::from_utf8(give(&store, "contract", CSV, Fields::Public).await).unwrap();
    assert!(csv.lines().nth(1).unwrap().contains(",demo,"), "{csv}");
    let json =
        String::from_utf8(give(&store, "contract", ExportFormat::Ndjson, Fields::Public).await)
            .unwrap();
    let value: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&value["_evidence"], &value["_version"]), (&json!("demo"), &json!(1)));
}

fn on_disk(bytes: &[u8]) -> std::fs::File {
    use std::io::Write;
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file
}

#[tokio::test]
async fn parquet_columns_are_typed_and_say_where_they_come_from() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), StoreClass::Demo).await;
    fill(&store, 25).await;
    let mut decimals = 0;
    for schema in KINDS {
        let bytes = give(&store, schema.kind, ExportFormat::Parquet, Fields::All).await;
        assert_eq!(bytes, give(&store, schema.kind, ExportFormat::Parquet, Fields::All).await);
        let records = all(&store, schema.kind).await;
        let builder = ParquetRecordBatchReaderBuilder::try_new(on_disk(&bytes)).unwrap();
        let metadata: std::collections::BTreeMap<_, _> = builder
            .metadata()
            .file_metadata()
            .key_value_metadata()
            .unwrap()
            .iter()
            .map(|pair| (pair.key.clone(), pair.value.clone().unwrap()))
            .collect();
        let head = store.head().await.unwrap();
        assert_eq!(metadata["shirube.evidence"], "demo");
        assert_eq!(metadata["shirube.ledger_seq"], head.seq.to_string());
        assert_eq!(metadata["shirube.pack_hash"], "abc");
        assert_eq!(metadata["shirube.ledger_hash"].len(), 64);
        let batches: Vec<_> = builder.build().unwrap().map(Result::unwrap).collect();
        assert_eq!(batches.len(), 1);
        let batch = &batches[0];
        let names: Vec<_> =
            batch.schema().fields().iter().map(|field| field.name().clone()).collect();
        assert_eq!(names, export_columns(schema.kind, Fields::All).unwrap());
        for (row, record) in records.iter().enumerate() {
            assert_eq!(batch.column(0).as_string::<i32>().value(row), record.id.as_str());
            for field in schema.fields {
                let Some(column) = batch.column_by_name(field.name) else { continue };
                let value = record.body.get(field.name);
                match column.data_type() {
                    DataType::Date32 if value.is_some() => {
                        let days = column.as_primitive::<Date32Type>().value(row);
                        let date =
                            chrono::NaiveDate::default() + chrono::TimeDelta::days(days.into());
                        assert_eq!(json!(date.to_string()), value.unwrap().clone());
                    }
                    DataType::Int64 if value.is_some() => {
                        let number = column.as_primitive::<Int64Type>().value(row);
                        assert_eq!(json!(number), value.unwrap().clone());
                    }
                    DataType::Decimal128(38, 6) if value.is_some() => {
                        let number = column.as_primitive::<Decimal128Type>().value(row);
                        let text = value.unwrap().as_str().unwrap();
                        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
                        assert_eq!(number.to_string(), {
                            let digits = format!("{whole}{fraction:0<6}");
                            let digits = digits.trim_start_matches('0');
                            if digits.is_empty() { "0".to_owned() } else { digits.to_owned() }
                        });
                        decimals += 1;
                    }
                    DataType::Boolean if value.is_some() => {
                        assert_eq!(json!(column.as_boolean().value(row)), value.unwrap().clone());
                    }
                    DataType::List(_) => {
                        let wanted = value.map_or(0, |value| value.as_array().unwrap().len());
                        assert_eq!(column.as_list::<i32>().value_length(row) as usize, wanted);
                    }
                    DataType::Utf8 if value.is_some() => {
                        assert_eq!(
                            json!(column.as_string::<i32>().value(row)),
                            value.unwrap().clone()
                        );
                    }
                    _ => assert!(value.is_none() && column.is_null(row), "{}", field.name),
                }
            }
        }
    }
    assert!(decimals > 20, "{decimals}");
}

#[tokio::test]
async fn exports_are_as_of_a_moment_and_in_order_of_id() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), StoreClass::Live).await;
    let rows = |title: &str| {
        let mut input = "source_key,title.ja,title.en,funder,started_on\n".to_owned();
        for n in 0..40 {
            input += &format!("{n},{title},T,alpha,2025-04-01\n");
        }
        input
    };
    take(&store, rows("旧"), &options("project")).await.unwrap();
    let before = give(&store, "project", CSV, Fields::Public).await;
    let seq = store.head().await.unwrap().seq;
    take(&store, rows("新"), &options("project")).await.unwrap();
    let options = ExportOptions {
        kind: "project".to_owned(),
        as_of: AsOf::Seq(seq),
        format: CSV,
        fields: Fields::Public,
        pack_hash: String::new(),
        software: String::new(),
    };
    let mut then = Vec::new();
    let report = export(&store, &options, &mut then).await.unwrap();
    assert_eq!((report.records, report.position.seq), (40, seq));
    assert_eq!(then, before);
    let ids: Vec<_> = all(&store, "project").await.into_iter().map(|r| r.id.to_string()).collect();
    let text = String::from_utf8(then).unwrap();
    let found: Vec<_> =
        text.lines().skip(1).map(|line| line.split(',').next().unwrap().to_owned()).collect();
    assert_eq!(found, ids);
    let unknown = ExportOptions { kind: "projct".to_owned(), ..options };
    let error = export(&store, &unknown, &mut Vec::new()).await.unwrap_err();
    assert_eq!(error.code(), "import.kind.unknown");
}
