//! OMOP files in Parquet, packed, in pieces, and mixed.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BinaryArray, Date32Array, Decimal128Array, Float64Array, Int32Array, Int64Array,
    ListArray, RecordBatch, StringArray, TimestampMillisecondArray,
};
use arrow::datatypes::Int32Type;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, GzipLevel};
use parquet::file::properties::WriterProperties;
use shirube_records::{Identity, ImportOptions, Snapshot, Source, import};

use crate::omop::{bench, days, forms, found_in, numbers, pseudonyms, rows, texts};

fn write(path: &Path, columns: Vec<(&str, ArrayRef)>, compression: Compression) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let batch = RecordBatch::try_from_iter_with_nullable(
        columns.into_iter().map(|(name, array)| (name, array, true)),
    )
    .unwrap();
    let properties = WriterProperties::builder().set_compression(compression).build();
    let file = std::fs::File::create(path).unwrap();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

fn whole(values: &[i32]) -> ArrayRef {
    Arc::new(Int32Array::from(values.to_vec()))
}

fn text(values: &[&str]) -> ArrayRef {
    Arc::new(StringArray::from(values.to_vec()))
}

fn persons(path: &Path, ids: &[i64], compression: Compression) {
    let n = ids.len();
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("PERSON_ID", Arc::new(Int64Array::from(ids.to_vec()))),
        ("gender_concept_id", whole(&vec![8507; n])),
        ("year_of_birth", Arc::new(Float64Array::from(vec![1950.0; n]))),
        ("race_concept_id", whole(&vec![0; n])),
        ("ethnicity_concept_id", whole(&vec![0; n])),
        ("person_source_value", text(&vec!["MRN-000000-Z"; n])),
        ("no_column_of_the_model", text(&vec!["Tanaka0Q"; n])),
    ];
    write(path, columns, compression);
}

fn run(folder: &Path) -> Result<Snapshot, String> {
    let store = tempfile::tempdir().unwrap().keep();
    let options = ImportOptions::new("test", Identity::AsGiven);
    let snapshot = import(&store, &Source::Omop(folder.to_owned()), &options);
    let snapshot = snapshot.map_err(|e| e.code().to_owned())?;
    snapshot.verify().unwrap();
    Ok(snapshot)
}

fn quarantine(snapshot: &Snapshot) -> Vec<String> {
    let text = std::fs::read_to_string(snapshot.folder.join("quarantine.csv")).unwrap();
    text.lines().skip(1).map(str::to_owned).collect()
}

#[test]
fn a_table_is_the_same_from_csv_parquet_packed_and_in_pieces() {
    let bench = bench(400);
    let plain = run(&bench.input).unwrap();
    let other = bench.root.join("other");
    std::fs::create_dir(&other).unwrap();
    // Persons as Parquet in pieces, from the snapshot itself.
    let all = rows(&plain, "person");
    let all = arrow::compute::concat_batches(&all[0].schema(), &all).unwrap();
    for (piece, start) in (0..400).step_by(150).enumerate() {
        let part = all.slice(start, 150.min(400 - start));
        let columns = part.schema();
        let columns = columns
            .fields()
            .iter()
            .zip(part.columns())
            .map(|(f, a)| (f.name().as_str(), a.clone()));
        let path = other.join(format!("person/part-{piece:05}.zstd.parquet"));
        write(&path, columns.collect(), Compression::ZSTD(Default::default()));
    }
    std::fs::write(other.join("person/_SUCCESS"), "").unwrap();
    // Conditions as gzip, notes as zstd, places as they are.
    let read = |name: &str| std::fs::read(bench.input.join(name)).unwrap();
    let file = std::fs::File::create(other.join("condition_occurrence.csv.gz")).unwrap();
    let mut packed = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
    packed.write_all(&read("condition_occurrence.csv")).unwrap();
    packed.finish().unwrap();
    let packed = zstd::encode_all(read("note.csv").as_slice(), 1).unwrap();
    std::fs::write(other.join("NOTE.CSV.zst"), packed).unwrap();
    std::fs::write(other.join("location.csv"), read("location.csv")).unwrap();
    let mixed = run(&other).unwrap();
    assert_eq!(mixed.manifest.rows, plain.manifest.rows);
    assert_eq!(mixed.manifest.records_read, plain.manifest.records_read);
    assert_eq!(mixed.manifest.unmapped, plain.manifest.unmapped);
    for table in plain.manifest.rows.keys() {
        let of = |s: &Snapshot| {
            let all = rows(s, table);
            arrow::compute::concat_batches(&all[0].schema(), &all).unwrap()
        };
        assert_eq!(of(&plain), of(&mixed), "{table}");
    }
}

#[test]
fn types_of_other_programs_become_those_of_the_model() {
    let folder = tempfile::tempdir().unwrap();
    persons(&folder.path().join("person.parquet"), &[1, 2, 2], Compression::UNCOMPRESSED);
    let day = Date32Array::from(vec![Some(18_262), Some(18_263), None, Some(0), Some(90_000)]);
    let moment = TimestampMillisecondArray::from(vec![1_577_836_800_500; 5]).with_timezone("UTC");
    let value = Decimal128Array::from(vec![Some(1_250), None, Some(0), Some(-5), Some(7)]);
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("measurement_id", whole(&[1, 2, 3, 4, 5])),
        ("person_id", text(&["1", "x", "1", "1", "1"])),
        ("measurement_concept_id", whole(&[0; 5])),
        ("measurement_date", Arc::new(day)),
        ("measurement_datetime", Arc::new(moment)),
        ("measurement_type_concept_id", whole(&[0; 5])),
        ("value_as_number", Arc::new(value.with_precision_and_scale(10, 2).unwrap())),
        (
            "unit_source_value",
            Arc::new(BinaryArray::from(vec![&b"mg"[..], b"mg", b"mg", b"\xff", b"mg"])),
        ),
    ];
    write(&folder.path().join("measurement.parquet"), columns, Compression::UNCOMPRESSED);
    let snapshot = run(folder.path()).unwrap();
    assert_eq!(
        quarantine(&snapshot),
        [
            "1,2,person_id,records.row.key",
            "1,3,measurement_date,records.row.required",
            "1,4,,records.input.encoding",
            "1,5,measurement_date,records.row.date",
        ]
    );
    assert_eq!(days(&snapshot, "measurement", "measurement_date"), [18_262]);
    assert_eq!(texts(&snapshot, "measurement", "unit_source_value"), [Some("mg".to_owned())]);
    let batch = &rows(&snapshot, "measurement")[0];
    let shown = |name: &str| {
        let column = batch.column_by_name(name).unwrap();
        arrow::util::display::array_value_to_string(column, 0).unwrap()
    };
    assert_eq!(shown("value_as_number"), "12.5");
    assert_eq!(shown("measurement_datetime"), "2020-01-01T00:00:00.500");
    assert_eq!(numbers(&snapshot, "person", "year_of_birth"), [1950, 1950]);
    assert_eq!(snapshot.manifest.repeated["person"], 1);
}

#[test]
fn files_that_are_no_parquet_or_not_ours_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("person.parquet");
    persons(&path, &[1, 2, 3], Compression::UNCOMPRESSED);
    let good = std::fs::read(&path).unwrap();
    run(folder.path()).unwrap();
    for bytes in [&b""[..], b"PAR1", b"person_id\n1\n", &good[..good.len() / 2], &good[4..]] {
        std::fs::write(&path, bytes).unwrap();
        assert_eq!(run(folder.path()).unwrap_err(), "records.input.parquet");
    }
    // A byte changed anywhere: refused, or read as something else, but never a fault of ours.
    for at in (0..good.len()).step_by(13) {
        let mut bytes = good.clone();
        bytes[at] ^= 0x5a;
        std::fs::write(&path, bytes).unwrap();
        if let Err(code) = run(folder.path()) {
            assert!(code.starts_with("records.input."), "{code} at {at}");
        }
    }
    let list: ArrayRef =
        Arc::new(ListArray::from_iter_primitive::<Int32Type, _, _>([Some(vec![Some(1)])]));
    let columns = ["person_id", "gender_concept_id", "year_of_birth", "race_concept_id"];
    let mut columns: Vec<(&str, ArrayRef)> =
        columns.into_iter().map(|name| (name, whole(&[1]))).collect();
    write(&path, columns.clone(), Compression::UNCOMPRESSED);
    assert_eq!(run(folder.path()).unwrap_err(), "records.input.column-missing");
    columns.push(("ethnicity_concept_id", list));
    write(&path, columns, Compression::UNCOMPRESSED);
    assert_eq!(run(folder.path()).unwrap_err(), "records.input.column-type");
}

#[test]
fn packing_of_other_programs_is_read() {
    let folder = tempfile::tempdir().unwrap();
    for packing in
        [Compression::SNAPPY, Compression::GZIP(GzipLevel::default()), Compression::LZ4_RAW]
    {
        persons(&folder.path().join("person.parquet"), &[1, 2, 3], packing);
        assert_eq!(run(folder.path()).unwrap().manifest.rows["person"], 3);
    }
}

#[test]
fn a_table_comes_from_one_place() {
    let bench = bench(3);
    let read = std::fs::read(bench.input.join("PERSON.csv")).unwrap();
    for other in ["person.csv.zst", "person.parquet", "person/a.csv", "x/person.csv"] {
        let path = bench.input.join(other);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &read).unwrap();
        assert_eq!(run(&bench.input).unwrap_err(), "records.input.table-twice", "{other}");
        std::fs::remove_file(path).unwrap();
    }
    run(&bench.input).unwrap();
}

#[test]
fn a_few_bytes_that_stand_for_endless_rows_are_refused() {
    // Ten million rows of one person with a long name: some kilobytes.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("person.parquet");
    let n = 100_000;
    let name = "x".repeat(2_000);
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("person_id", whole(&vec![1; n])),
        ("gender_concept_id", whole(&vec![8507; n])),
        ("year_of_birth", whole(&vec![1950; n])),
        ("race_concept_id", whole(&vec![0; n])),
        ("ethnicity_concept_id", whole(&vec![0; n])),
        ("gender_source_value", text(&vec![name.as_str(); n])),
    ];
    write(&path, columns, Compression::ZSTD(Default::default()));
    assert!(path.metadata().unwrap().len() < 100_000);
    assert_eq!(run(folder.path()).unwrap_err(), "records.input.bomb");
}

#[test]
fn no_identifier_of_parquet_or_packed_input_is_in_any_byte_of_a_snapshot() {
    let bench = bench(30);
    let forms = forms(30);
    // All of it again, as Parquet and as gzip.
    let plain = run(&bench.input).unwrap();
    let other = bench.root.join("other");
    for table in ["person", "note"] {
        let batch = &rows(&plain, table)[0];
        let schema = batch.schema();
        let columns = schema.fields().iter().zip(batch.columns());
        let columns = columns.map(|(f, a)| (f.name().as_str(), a.clone())).collect();
        write(&other.join(format!("{table}.parquet")), columns, Compression::UNCOMPRESSED);
    }
    for table in ["condition_occurrence", "location"] {
        let file = std::fs::File::create(other.join(format!("{table}.csv.gz"))).unwrap();
        let mut packed = flate2::write::GzEncoder::new(file, flate2::Compression::none());
        packed
            .write_all(&std::fs::read(bench.input.join(format!("{table}.csv"))).unwrap())
            .unwrap();
        packed.finish().unwrap();
    }
    assert!(found_in(&other, &forms).len() >= 30 * 5);
    let mut options = ImportOptions::new("test", pseudonyms(&bench.root, "research", 100));
    options.packed = false;
    let snapshot = import(&bench.store, &Source::Omop(other), &options).unwrap();
    assert_eq!((snapshot.manifest.rows["person"], snapshot.manifest.rows["note"]), (30, 30));
    assert_eq!(found_in(&snapshot.folder, &forms), Vec::<String>::new());
    // Nor is one left where the work was done.
    assert_eq!(std::fs::read_dir(bench.store.join("work")).unwrap().count(), 0);
}
