//! OMOP CSV files to snapshots.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use arrow::array::AsArray;
use arrow::datatypes::{Date32Type, Int64Type};
use arrow::record_batch::RecordBatch;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use shirube_records::{
    Identity, ImportOptions, PseudonymKey, Pseudonyms, Snapshot, Source, import, tables,
};

use crate::base::archived;

pub fn rows(snapshot: &Snapshot, table: &str) -> Vec<RecordBatch> {
    let mut out = Vec::new();
    for path in snapshot.table(table).unwrap() {
        let file = std::fs::File::open(path).unwrap();
        let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap();
        out.extend(reader.map(|batch| batch.unwrap()));
    }
    out
}

/// One whole-number column of a table; 0 for none.
pub fn numbers(snapshot: &Snapshot, table: &str, column: &str) -> Vec<i64> {
    let batches = rows(snapshot, table);
    let all = batches
        .iter()
        .flat_map(|batch| batch.column_by_name(column).unwrap().as_primitive::<Int64Type>().iter());
    all.map(Option::unwrap_or_default).collect()
}

pub fn days(snapshot: &Snapshot, table: &str, column: &str) -> Vec<i32> {
    let batches = rows(snapshot, table);
    let all = batches.iter().flat_map(|batch| {
        batch.column_by_name(column).unwrap().as_primitive::<Date32Type>().iter()
    });
    all.map(Option::unwrap_or_default).collect()
}

pub fn texts(snapshot: &Snapshot, table: &str, column: &str) -> Vec<Option<String>> {
    let batches = rows(snapshot, table);
    let all = batches.iter().flat_map(|batch| {
        let column = batch.column_by_name(column).unwrap().as_string::<i32>();
        column.iter().map(|text| text.map(str::to_owned)).collect::<Vec<_>>()
    });
    all.collect()
}

pub fn pseudonyms(folder: &Path, purpose: &str, shift_days_max: u32) -> Identity {
    let path = folder.join("key");
    let key = if path.exists() { PseudonymKey::open(&path) } else { PseudonymKey::create(&path) };
    let made = Pseudonyms::new(&key.unwrap(), "test", purpose, shift_days_max).unwrap();
    Identity::Pseudonyms(Box::new(made))
}

pub const PERSON: &str = "person_id,gender_concept_id,year_of_birth,month_of_birth,day_of_birth,race_concept_id,ethnicity_concept_id,person_source_value,gender_source_value";
pub const CONDITION: &str = "condition_occurrence_id,person_id,condition_concept_id,condition_start_date,condition_type_concept_id,condition_source_value";

/// Numbers that occur nowhere by chance.
fn person_id(n: usize) -> i64 {
    1_234_567_890_123 + i64::try_from(n).unwrap() * 7_919
}

pub fn write_input(folder: &Path, persons: usize) {
    let mut person = format!("{PERSON}\n");
    let mut condition = format!("{CONDITION}\n");
    let mut location = "location_id,address_1,city,zip,location_source_value\n".to_owned();
    let mut note = "note_id,person_id,note_date,note_type_concept_id,note_class_concept_id,note_title,note_text,encoding_concept_id,language_concept_id\n".to_owned();
    for n in 0..persons {
        let id = person_id(n);
        person += &format!("{id},8507,1950,5,{},0,0,MRN-{n:06}-Z,M\n", 1 + n % 28);
        location += &format!("{n},Sakura-machi {n}-7-Q,X,999-{n:04}-Y,\n");
        note += &format!(
            "{n},{id},2020-01-01,0,0,About Tanaka{n}Q,\"Mr. Tanaka{n}Q, MRN-{n:06}-Z\",0,0\n"
        );
        for c in 0..3 {
            condition +=
                &format!("{},{id},{},2020-01-{:02},32817,E11.{c}\n", n * 3 + c, c, 1 + n % 28);
        }
    }
    for (name, text) in [
        ("PERSON", person),
        ("condition_occurrence", condition),
        ("location", location),
        ("note", note),
    ] {
        std::fs::write(folder.join(format!("{name}.csv")), text).unwrap();
    }
}

pub struct Bench {
    _folder: tempfile::TempDir,
    pub input: std::path::PathBuf,
    pub store: std::path::PathBuf,
    pub root: std::path::PathBuf,
}

pub fn bench(persons: usize) -> Bench {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().to_owned();
    let (input, store) = (root.join("input"), root.join("store"));
    std::fs::create_dir_all(&input).unwrap();
    write_input(&input, persons);
    Bench { _folder: folder, input, store, root }
}

#[test]
fn the_model_is_whole() {
    assert_eq!(tables().len(), 39);
    assert_eq!(tables().iter().map(|t| t.columns.len()).sum::<usize>(), 432);
    for table in tables() {
        let names: std::collections::BTreeSet<_> = table.columns.iter().map(|c| &c.name).collect();
        assert_eq!(names.len(), table.columns.len(), "{}", table.name);
        for column in &table.columns {
            let known = ["", "any"].contains(&column.key.as_str())
                || tables().iter().any(|t| t.name == column.key);
            assert!(known, "{}.{} names {}", table.name, column.name, column.key);
            if column.name == "person_id" || column.name == "subject_id" {
                assert_eq!(column.key, "person", "{}", table.name);
            }
        }
    }
}

#[test]
fn the_same_input_gives_the_same_bytes_on_any_number_of_threads() {
    let bench = bench(500);
    let mut ids = Vec::new();
    for threads in [1, 2, 5] {
        let store = bench.root.join(format!("store{threads}"));
        let mut options = ImportOptions::new("test", Identity::AsGiven);
        options.threads = threads;
        let source = Source::Omop(bench.input.clone());
        let snapshot = import(&store, &source, &options).unwrap();
        snapshot.verify().unwrap();
        assert_eq!(snapshot.manifest.rows["person"], 500);
        assert_eq!(snapshot.manifest.rows["condition_occurrence"], 1500);
        assert_eq!(snapshot.manifest.unmapped["condition_occurrence.condition_source_value"], 500);
        assert_eq!(numbers(&snapshot, "person", "person_id")[499], person_id(499));
        // Again, into the same store: the snapshot is there already.
        assert_eq!(import(&store, &source, &options).unwrap().id, snapshot.id);
        assert_eq!(Snapshot::list(&store).unwrap(), vec![snapshot.id.clone()]);
        assert_eq!(std::fs::read_dir(store.join("work")).unwrap().count(), 0);
        ids.push(snapshot.id);
    }
    assert!(ids.windows(2).all(|pair| pair[0] == pair[1]));
}

#[test]
fn an_import_stopped_at_any_step_is_invisible_and_goes_on_later() {
    let bench = bench(60);
    let source = Source::Omop(bench.input.clone());
    let whole = import(&bench.store, &source, &ImportOptions::new("test", Identity::AsGiven));
    let whole = whole.unwrap();
    let mut stops = 0;
    for stop_at in 0.. {
        let store = bench.root.join(format!("stop{stop_at}"));
        let steps = AtomicUsize::new(0);
        let go_on = || steps.fetch_add(1, Ordering::SeqCst) < stop_at;
        let mut options = ImportOptions::new("test", Identity::AsGiven);
        options.threads = 1;
        options.go_on = &go_on;
        match import(&store, &source, &options) {
            Ok(snapshot) => {
                assert_eq!(snapshot.id, whole.id);
                break;
            }
            Err(error) => assert_eq!(error.code(), "records.import.stopped"),
        }
        stops += 1;
        assert_eq!(Snapshot::list(&store).unwrap(), Vec::<String>::new());
        // Half a file, as a crash leaves it.
        let work = std::fs::read_dir(store.join("work")).unwrap().map(|e| e.unwrap().path());
        for folder in work.filter(|p| p.extension().is_none()) {
            std::fs::create_dir_all(folder.join("tables/note")).unwrap();
            std::fs::write(folder.join("tables/note/00004.parquet"), "PAR1").unwrap();
            std::fs::write(folder.join("tables/note/99999.parquet"), "PAR1").unwrap();
        }
        let resumed = import(&store, &source, &ImportOptions::new("test", Identity::AsGiven));
        let resumed = resumed.unwrap();
        assert_eq!(resumed.id, whole.id);
        resumed.verify().unwrap();
    }
    assert!(stops >= 8, "only {stops} steps");
}

#[test]
fn bad_rows_go_to_the_quarantine_with_place_and_code_only() {
    let bench = bench(0);
    let rows = [
        ("1,8507,1950,5,1,0,0,A,M", ""),
        ("x1,8507,1950,5,1,0,0,A,M", "person_id,records.row.key"),
        (",8507,1950,5,1,0,0,A,M", "person_id,records.row.required"),
        ("2,8507,19x0,5,1,0,0,A,M", "year_of_birth,records.row.number"),
        ("3,8507,1950,5,1,0,0,A", ",records.row.width"),
        ("4,8507,1950,5,1,0,0,A,M,too,many", ",records.row.width"),
        ("5,8507.0,1950,,,0,0,,", ""),
        ("1,8532,1999,5,1,0,0,B,F", ""),
    ];
    let body: Vec<&str> = rows.iter().map(|r| r.0).collect();
    std::fs::write(bench.input.join("PERSON.csv"), format!("{PERSON}\n{}\n", body.join("\n")))
        .unwrap();
    let dates = [
        "2020-02-30",
        "20200229",
        "2020-02-29T23:59:59+09:00",
        "1020-01-01",
        "9999-12-31",
        "2020",
        "\"2020-01-01",
        "",
    ];
    let body: Vec<String> =
        dates.iter().enumerate().map(|(n, d)| format!("{n},1,0,{d},32817,E11")).collect();
    std::fs::write(
        bench.input.join("condition_occurrence.csv"),
        format!("{CONDITION}\n{}\n", body.join("\n")),
    )
    .unwrap();
    std::fs::write(bench.input.join("surprise.csv"), "a,b\n1,2\n").unwrap();

    let options = ImportOptions::new("test", Identity::AsGiven);
    let snapshot = import(&bench.store, &Source::Omop(bench.input.clone()), &options).unwrap();
    let quarantine = std::fs::read_to_string(snapshot.folder.join("quarantine.csv")).unwrap();
    for (line, (_, fault)) in (2..).zip(rows) {
        let expected = format!("1,{line},{fault}\n");
        assert_eq!(quarantine.contains(&expected), !fault.is_empty(), "{expected}{quarantine}");
    }
    // The open quote swallows the rest, which is one row of the wrong width.
    let dates: Vec<&str> = quarantine.lines().filter(|l| l.starts_with("2,")).collect();
    assert_eq!(
        dates,
        [
            "2,2,condition_start_date,records.row.date",
            "2,5,condition_start_date,records.row.date",
            "2,6,condition_start_date,records.row.date",
            "2,7,condition_start_date,records.row.date",
            "2,8,,records.row.width",
        ]
    );
    assert_eq!(snapshot.manifest.rows["person"], 2);
    assert_eq!(snapshot.manifest.rows["condition_occurrence"], 2);
    assert_eq!(snapshot.manifest.repeated, BTreeMap::from([("person".to_owned(), 1)]));
    assert_eq!(snapshot.manifest.left_out, vec![5]);
    assert_eq!(snapshot.manifest.sources[4].name.as_deref(), Some("surprise.csv"));
    let read = snapshot.manifest.records_read;
    let kept: u64 = snapshot.manifest.rows.values().sum();
    let quarantined: u64 = snapshot.manifest.quarantined.values().sum();
    assert_eq!(read, kept + quarantined + 1, "every row is accounted for");
}

#[test]
fn files_that_cannot_be_read_as_a_whole_are_refused() {
    let cases = [
        ("person_id,gender_concept_id\n1,2\n", "records.input.column-missing"),
        ("person_id,PERSON_ID\n1,2\n", "records.input.column-repeated"),
        ("", "records.input.column-missing"),
    ];
    for (text, code) in cases {
        let bench = bench(0);
        std::fs::write(bench.input.join("PERSON.csv"), text).unwrap();
        let options = ImportOptions::new("test", Identity::AsGiven);
        let error = import(&bench.store, &Source::Omop(bench.input.clone()), &options);
        assert_eq!(error.unwrap_err().code(), code, "{text}");
    }
    let folder = tempfile::tempdir().unwrap();
    let options = ImportOptions::new("test", Identity::AsGiven);
    let error = import(folder.path(), &Source::Omop(folder.path().to_owned()), &options);
    assert_eq!(error.unwrap_err().code(), "records.import.nothing");
}

#[test]
fn a_changed_snapshot_is_found_before_it_is_used() {
    let bench = bench(20);
    let options = ImportOptions::new("test", Identity::AsGiven);
    let snapshot = import(&bench.store, &Source::Omop(bench.input.clone()), &options).unwrap();
    let part = &snapshot.table("person").unwrap()[0];
    let bytes = std::fs::read(part).unwrap();
    let mut changed = bytes.clone();
    changed[bytes.len() / 2] ^= 1;
    std::fs::write(part, changed).unwrap();
    assert_eq!(snapshot.table("person").unwrap_err().code(), "records.snapshot.damaged");
    assert_eq!(snapshot.verify().unwrap_err().code(), "records.snapshot.damaged");
    assert!(snapshot.table("note").is_ok());
    std::fs::remove_file(part).unwrap();
    assert_eq!(snapshot.table("person").unwrap_err().code(), "records.file.missing");
    std::fs::write(part, bytes).unwrap();
    snapshot.verify().unwrap();
    let strange = snapshot.folder.join("tables/person/other.parquet");
    std::fs::write(&strange, "x").unwrap();
    assert_eq!(snapshot.verify().unwrap_err().code(), "records.snapshot.strange-file");
    std::fs::remove_file(strange).unwrap();
    let manifest = snapshot.folder.join("manifest.json");
    let text = std::fs::read_to_string(&manifest).unwrap().replace("\"rows\": 20", "\"rows\": 21");
    std::fs::write(&manifest, text).unwrap();
    let error = Snapshot::open(&bench.store, &snapshot.id).unwrap_err();
    assert_eq!(error.code(), "records.snapshot.damaged");
}

/// Every way in which an identifier could stand in a file.
pub fn forms(persons: usize) -> Vec<(String, Vec<u8>)> {
    let mut out = Vec::new();
    for n in 0..persons {
        let id = person_id(n);
        out.push((format!("id {n} as text"), id.to_string().into_bytes()));
        out.push((format!("id {n} as number"), id.to_le_bytes().to_vec()));
        for text in [
            format!("MRN-{n:06}-Z"),
            format!("Tanaka{n}Q"),
            format!("{n}-7-Q"),
            format!("999-{n:04}-Y"),
        ] {
            out.push((text.clone(), text.into_bytes()));
        }
    }
    out
}

pub fn found_in(folder: &Path, forms: &[(String, Vec<u8>)]) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let mut bytes = std::fs::read(&path).unwrap();
            bytes.extend(path.to_string_lossy().as_bytes());
            for (name, form) in forms {
                if bytes.windows(form.len()).any(|window| window == form) {
                    found.push(format!("{name} in {}", path.display()));
                }
            }
        }
    }
    found
}

#[test]
fn no_identifier_of_the_input_is_in_any_byte_of_a_snapshot() {
    let bench = bench(30);
    let forms = forms(30);
    let source = Source::Omop(bench.input.clone());
    // Without pseudonyms they are there: the search finds what there is to find.
    let mut options = ImportOptions::new("test", Identity::AsGiven);
    options.packed = false;
    let open = import(&bench.root.join("open"), &source, &options).unwrap();
    let found = found_in(&open.folder, &forms);
    assert!(found.len() >= 30 * 5, "{}", found.len());

    options.identity = pseudonyms(&bench.root, "research", 100);
    let snapshot = import(&bench.store, &source, &options).unwrap();
    assert_eq!(snapshot.manifest.rows["person"], 30);
    assert_eq!(snapshot.manifest.rows["note"], 30);
    assert_eq!(found_in(&snapshot.folder, &forms), Vec::<String>::new());
    assert!(snapshot.manifest.sources.iter().all(|s| s.name.is_none()));
    assert_eq!(texts(&snapshot, "person", "person_source_value"), vec![None; 30]);
    assert_eq!(texts(&snapshot, "note", "note_text"), vec![None; 30]);
}

#[test]
fn pseudonyms_join_within_a_purpose_and_nowhere_else() {
    let bench = bench(30);
    let source = Source::Omop(bench.input.clone());
    let run = |purpose: &str, shift: u32| {
        let store = bench.root.join(format!("{purpose}{shift}"));
        let options = ImportOptions::new("test", pseudonyms(&bench.root, purpose, shift));
        import(&store, &source, &options).unwrap()
    };
    let (a, b) = (run("a", 0), run("b", 0));
    let persons = |s: &Snapshot| numbers(s, "person", "person_id");
    let set = |ids: Vec<i64>| ids.into_iter().collect::<std::collections::BTreeSet<_>>();
    assert_eq!(set(persons(&a)), set(numbers(&a, "condition_occurrence", "person_id")));
    assert_eq!(set(persons(&a)).len(), 30);
    assert!(set(persons(&a)).is_disjoint(&set(persons(&b))));
    assert_eq!(persons(&a), persons(&run("a", 50)));

    // A shift moves all dates of a person alike, birth included.
    let shifted = run("a", 50);
    let day = |s: &Snapshot| days(s, "condition_occurrence", "condition_start_date");
    let moved: Vec<i32> = day(&a).iter().zip(day(&shifted)).map(|(a, b)| b - a).collect();
    assert!(moved.chunks(3).all(|three| three[0] == three[1] && three[1] == three[2]));
    assert!(moved.iter().all(|d| d.abs() <= 50));
    assert!(set(moved.iter().map(|d| i64::from(*d)).collect()).len() > 10);
    let born = |s: &Snapshot, n: usize| {
        let part = |column| numbers(s, "person", column)[n];
        chrono::NaiveDate::from_ymd_opt(
            i32::try_from(part("year_of_birth")).unwrap(),
            u32::try_from(part("month_of_birth")).unwrap(),
            u32::try_from(part("day_of_birth")).unwrap(),
        )
        .unwrap()
    };
    for n in 0..30 {
        let days = (born(&shifted, n) - born(&a, n)).num_days();
        assert_eq!(days, i64::from(moved[n * 3]));
    }
}

#[test]
fn keys_are_kept_from_others_and_never_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    let key = PseudonymKey::create(&path).unwrap();
    assert_eq!(format!("{key:?}"), "PseudonymKey");
    assert_eq!(PseudonymKey::create(&path).unwrap_err().code(), "records.key.exists");
    assert_eq!(PseudonymKey::open(&path).unwrap().fingerprint(), key.fingerprint());
    assert!(!std::fs::read_to_string(&path).unwrap().contains(&key.fingerprint()));
    let other = PseudonymKey::create(&folder.path().join("next")).unwrap();
    assert_ne!(other.fingerprint(), key.fingerprint());
    let number = |key| Pseudonyms::new(key, "d", "p", 0).unwrap().number("person", "1");
    assert_ne!(number(&key), number(&other));
    assert_eq!(Pseudonyms::new(&key, "d", "p", 366).unwrap_err().code(), "records.key.shift");
    // Parts do not run into each other.
    let number = |d, p| Pseudonyms::new(&key, d, p, 0).unwrap().number("person", "1");
    assert_ne!(number("ab", "c"), number("a", "bc"));

    std::fs::write(folder.path().join("bad"), "not a key").unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        let set = |name: &str, mode| {
            let path = folder.path().join(name);
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
        };
        set("bad", 0o600);
        for mode in [0o640, 0o604, 0o660] {
            set("key", mode);
            assert_eq!(PseudonymKey::open(&path).unwrap_err().code(), "records.key.open");
        }
    }
    let error = PseudonymKey::open(&folder.path().join("bad")).unwrap_err();
    assert_eq!(error.code(), "records.key.unreadable");
}

/// Imports a folder of the public archive.
fn public(prefix: &str) -> Option<Snapshot> {
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("input");
    std::fs::create_dir_all(&input).unwrap();
    for (name, bytes) in archived(prefix)? {
        let name = Path::new(&name).file_name().unwrap().to_owned();
        std::fs::write(input.join(name), bytes).unwrap();
    }
    let options = ImportOptions::new("public", Identity::AsGiven);
    let snapshot = import(&folder.path().join("s"), &Source::Omop(input), &options).unwrap();
    snapshot.verify().unwrap();
    let m = &snapshot.manifest;
    println!(
        "{prefix}: {:?}\nquarantined {:?}\nrepeated {:?}\nunmapped {:?}\nleft out {:?}",
        m.rows, m.quarantined, m.repeated, m.unmapped, m.left_out
    );
    let kept: u64 = m.rows.values().chain(m.quarantined.values()).chain(m.repeated.values()).sum();
    assert_eq!(m.records_read, kept, "every row is accounted for");
    Some(snapshot)
}

#[test]
fn the_public_data_of_version_5_3_come_in_whole() {
    let Some(snapshot) = public("omop/eunomia_gibleed/") else { return };
    let rows = &snapshot.manifest.rows;
    let expected = [
        ("person", 2_694),
        ("condition_occurrence", 65_332),
        ("drug_exposure", 67_707),
        ("measurement", 44_053),
    ];
    for (table, count) in expected {
        assert_eq!(rows[table], count, "{table}");
    }
}

#[test]
fn the_public_data_of_version_5_4_come_in_whole() {
    let Some(snapshot) = public("omop/synthea27nj/") else { return };
    assert_eq!(snapshot.manifest.rows["person"], 28);
}
