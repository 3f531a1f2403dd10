//! Kills, full disks, wrong encodings and rows without end.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use shirube_records::{
    Encoding, Identity, ImportOptions, Limits, Mapping, Snapshot, Source, import,
};

use crate::omop::{CONDITION, PERSON, bench, numbers, pseudonyms, texts, write_input};

const CHILD: &str = "faults::child_imports_until_it_is_killed";
const INPUT: &str = "SHIRUBE_TEST_INPUT";
const STORE: &str = "SHIRUBE_TEST_STORE";

fn source(input: &Path) -> Source {
    if input.join("in").exists() {
        let views = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packs/japan-2025/records");
        return Source::Fhir(input.join("in"), Box::new(Mapping::read(&views).unwrap()));
    }
    Source::Omop(input.to_owned())
}

fn options(input: &Path) -> ImportOptions<'static> {
    // FHIR has no numbers of its own, so a key lies beside the input.
    let identity = match input.join("in").exists() {
        true => pseudonyms(input, "p", 0),
        false => Identity::AsGiven,
    };
    let mut options = ImportOptions::new("test", identity);
    options.limits = Limits { batch_bytes: 20_000, ..Limits::default() };
    options
}

/// Not a test by itself: the process that is killed.
#[test]
#[ignore = "run as a child process by `killed_at_any_instant`"]
fn child_imports_until_it_is_killed() {
    let (Some(input), Some(store)) = (std::env::var_os(INPUT), std::env::var_os(STORE)) else {
        return;
    };
    let (input, store) = (PathBuf::from(input), PathBuf::from(store));
    println!("begin");
    match import(&store, &source(&input), &options(&input)) {
        Ok(snapshot) => println!("done {}", snapshot.id),
        Err(error) => println!("refused {}", error.code()),
    }
}

fn child(input: &Path, store: &Path, before: &str) -> Command {
    let mut command = Command::new("sh");
    command
        .args(["-c", &format!("{before} exec \"$@\""), "sh"])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", CHILD, "--ignored", "--nocapture", "--test-threads=1"])
        .env(INPUT, input)
        .env(STORE, store)
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    command
}

/// Kills an import again and again, each time later, until one gets through.
fn killed_at_any_instant(input: &Path, root: &Path) {
    let whole = import(&root.join("whole"), &source(input), &options(input)).unwrap();
    let store = root.join("store");
    let (mut kills, mut millis) = (0, 1);
    loop {
        let mut running = child(input, &store, "").spawn().unwrap();
        std::thread::sleep(Duration::from_millis(millis));
        let ended = running.try_wait().unwrap().is_some();
        running.kill().unwrap();
        let out = running.wait_with_output().unwrap();
        let ids = Snapshot::list(&store).unwrap();
        assert!(ids.is_empty() || ids == [whole.id.clone()], "something else is in place");
        if ended || !ids.is_empty() {
            let said = String::from_utf8_lossy(&out.stdout).into_owned();
            assert!(!ended || said.contains(&whole.id), "{said}");
            break;
        }
        kills += 1;
        millis += 1 + millis / 3;
    }
    assert!(kills >= 3, "only {kills} kills");
    let again = import(&store, &source(input), &options(input)).unwrap();
    assert_eq!(again.id, whole.id);
    again.verify().unwrap();
    assert_eq!(again.manifest, whole.manifest);
    assert_eq!(std::fs::read_dir(store.join("work")).unwrap().count(), 0);
}

#[test]
fn an_import_of_omop_killed_at_any_instant_goes_on_to_the_same_snapshot() {
    let bench = bench(0);
    write_input(&bench.input, 20_000);
    killed_at_any_instant(&bench.input, &bench.root);
}

fn observations(path: &Path, count: usize) {
    let lines: Vec<String> = (0..count)
        .map(|n| {
            format!(
                "{{\"resourceType\":\"Observation\",\"id\":\"o{n}\",\"status\":\"final\",\
                 \"subject\":{{\"reference\":\"Patient/{}\"}},\"code\":{{\"coding\":[{{\"code\":\"{}\"}}]}},\
                 \"effectiveDateTime\":\"2021-03-{:02}\",\"valueQuantity\":{{\"value\":{n}}}}}",
                n % 97,
                n % 11,
                1 + n % 28
            )
        })
        .collect();
    std::fs::write(path, lines.join("\n")).unwrap();
}

#[test]
fn an_import_of_fhir_killed_at_any_instant_goes_on_to_the_same_snapshot() {
    let bench = bench(0);
    std::fs::create_dir(bench.input.join("in")).unwrap();
    for file in ["a", "b", "c"] {
        observations(&bench.input.join(format!("in/{file}.ndjson")), 8_000);
    }
    killed_at_any_instant(&bench.input, &bench.root);
}

/// Without root: the system refuses to let any file grow beyond a size, which
/// reaches the program as a failed write in the middle of a file.
#[test]
fn a_disk_that_takes_no_more_is_named_and_the_import_goes_on_later() {
    let bench = bench(0);
    write_input(&bench.input, 5_000);
    let whole = import(&bench.root.join("whole"), &source(&bench.input), &options(&bench.input));
    let whole = whole.unwrap();
    let mut refused = 0;
    // Blocks of 512 bytes.
    for blocks in [0, 1, 20, 40] {
        let limit = format!("trap '' XFSZ; ulimit -f {blocks};");
        let out = child(&bench.input, &bench.store, &limit).output().unwrap();
        let said = String::from_utf8_lossy(&out.stdout).into_owned();
        assert!(said.contains("begin"), "{said}");
        if said.contains("done") {
            continue;
        }
        assert!(said.contains("refused records.disk-full"), "{blocks}: {said}");
        assert_eq!(Snapshot::list(&bench.store).unwrap(), Vec::<String>::new());
        refused += 1;
    }
    assert!(refused >= 2, "the limit does not hold");
    let resumed = import(&bench.store, &source(&bench.input), &options(&bench.input)).unwrap();
    assert_eq!(resumed.id, whole.id);
    resumed.verify().unwrap();
}

fn refused(input: &Path, store: &Path, limits: Limits) -> (String, Option<u64>) {
    let mut options = ImportOptions::new("test", Identity::AsGiven);
    options.limits = limits;
    let error = import(store, &Source::Omop(input.to_owned()), &options).unwrap_err();
    (error.code().to_owned(), error.refusal().place.line)
}

#[test]
fn a_row_without_end_is_refused_with_its_line_in_bounded_memory() {
    let bench = bench(0);
    let rows: String = (1..=50).map(|n| format!("{n},8507,1950,5,1,0,0,A,M\n")).collect();
    // A quote that opens and never closes, and a line that never ends.
    for tail in ["51,8507,1950,5,1,0,0,\"", "51,8507,1950,5,1,0,0,"] {
        let endless = "no end in sight\n".repeat(1 << 17);
        let endless = if tail.ends_with('"') { endless } else { endless.replace('\n', " ") };
        let text = format!("{PERSON}\n{rows}{tail}{endless}");
        std::fs::write(bench.input.join("PERSON.csv"), text).unwrap();
        let limits = Limits { record_bytes: 10_000, ..Limits::default() };
        let (code, line) = refused(&bench.input, &bench.store, limits);
        assert_eq!(code, "records.input.long");
        assert!(line.is_some_and(|line| line >= 52), "{line:?}");
    }
}

#[test]
fn csv_in_other_encodings_is_told_and_never_mangled() {
    let bench = bench(0);
    let path = bench.input.join("PERSON.csv");
    // CP932: the header is ASCII, so the rows say it one by one.
    let row = b"1,8507,1950,5,1,0,0,\x8eR\x93c,M\n2,8507,1950,5,1,0,0,B,M\n";
    std::fs::write(&path, [PERSON.as_bytes(), b"\n", row].concat()).unwrap();
    let options = ImportOptions::new("test", Identity::AsGiven);
    let snapshot = import(&bench.store, &source(&bench.input), &options).unwrap();
    assert_eq!(numbers(&snapshot, "person", "person_id"), [2]);
    let quarantine = std::fs::read_to_string(snapshot.folder.join("quarantine.csv")).unwrap();
    assert!(quarantine.contains("1,2,,records.input.encoding\n"), "{quarantine}");
    // A header that is not UTF-8, and UTF-16 with and without its mark.
    let wide: Vec<u8> = PERSON.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let header = [b"person_id,\x90\xab\x95\xca,".as_slice(), PERSON.as_bytes()].concat();
    for bytes in [header, wide.clone(), [b"\xff\xfe".as_slice(), &wide].concat()] {
        std::fs::write(&path, bytes).unwrap();
        let (code, _) = refused(&bench.input, &bench.store, Limits::default());
        assert_eq!(code, "records.input.encoding");
    }
}

#[test]
fn csv_in_cp932_is_read_when_told_so() {
    let bench = bench(0);
    let path = bench.input.join("PERSON.csv");
    let mut options = ImportOptions::new("test", Identity::AsGiven);
    options.encoding = Encoding::Cp932;
    // Characters with a backslash or an at sign among their bytes, one of NEC's,
    // narrow kana, and one that is cut off.
    let rows = b"1,8507,1950,5,1,0,0,\x8eR\x93c,\x95\\\x87@\n\
        2,8507,1950,5,1,0,0,B,\"\x83\\,\xb1\"\n\
        3,8507,1950,5,1,0,0,\x8e,M\n4,8507,1950,5,1,0,0,D,M\n";
    std::fs::write(&path, [PERSON.as_bytes(), b"\r\n", rows].concat()).unwrap();
    let snapshot = import(&bench.store, &source(&bench.input), &options).unwrap();
    assert_eq!(numbers(&snapshot, "person", "person_id"), [1, 2, 4]);
    let written: Vec<_> = texts(&snapshot, "person", "gender_source_value");
    let written: Vec<_> = written.iter().map(|text| text.as_deref().unwrap()).collect();
    assert_eq!(written, ["表①", "ソ,ｱ", "M"]);
    let quarantine = std::fs::read_to_string(snapshot.folder.join("quarantine.csv")).unwrap();
    assert!(quarantine.contains("1,4,,records.input.cp932\n"), "{quarantine}");
    // The same file read as UTF-8 is another import.
    let plain = ImportOptions::new("test", Identity::AsGiven);
    let other = import(&bench.store, &source(&bench.input), &plain).unwrap();
    assert_eq!(numbers(&other, "person", "person_id"), [4]);
    // A file that tells that it is UTF-8 is read as such.
    let rows = "\n5,8507,1950,5,1,0,0,E,女性\n";
    std::fs::write(&path, ["\u{feff}", PERSON, rows].concat()).unwrap();
    let snapshot = import(&bench.store, &source(&bench.input), &options).unwrap();
    assert_eq!(texts(&snapshot, "person", "gender_source_value"), [Some("女性".to_owned())]);
}

#[test]
fn bad_rows_of_every_kind_are_counted_and_the_others_stay() {
    let bench = bench(0);
    std::fs::write(
        bench.input.join("PERSON.csv"),
        format!("{PERSON}\n1,8507,1950,5,1,0,0,A,M\n1,8532,1960,5,1,0,0,A,F\n"),
    )
    .unwrap();
    let rows = [
        // Ids that are there twice, and persons that are not there, are the
        // source's matter: they stay, and the quality report counts them.
        "1,1,0,2020-01-01,32817,A",
        "1,1,0,2020-01-02,32817,A",
        "2,99,0,2020-01-01,32817,A",
        // Zones are left out, whichever they are.
        "3,1,0,2020-01-01T23:30:00+09:00,32817,A",
        "4,1,0,2020-01-01T23:30:00Z,32817,A",
        "5,1,0,2020-01-01T23:30:00-11:00,32817,A",
        // Quotes inside a cell are text; out of range is refused.
        "6,1,0,2020-01-01,32817,he said \"no\"",
        "7,1,0,\"2020-01-01\",32817,\"a \"\"b\"\"\"",
        "8,1,0,0000-00-00,32817,A",
        "9,1,0,3020-01-01,32817,A",
    ];
    let path = bench.input.join("condition_occurrence.csv");
    std::fs::write(path, format!("{CONDITION}\n{}\n", rows.join("\n"))).unwrap();
    let options = ImportOptions::new("test", Identity::AsGiven);
    let snapshot = import(&bench.store, &source(&bench.input), &options).unwrap();
    assert_eq!(snapshot.manifest.rows["condition_occurrence"], 8);
    assert_eq!(snapshot.manifest.quarantined["records.row.date"], 2);
    assert_eq!(snapshot.manifest.repeated["person"], 1);
    let day = crate::omop::days(&snapshot, "condition_occurrence", "condition_start_date");
    assert_eq!(day[3..6], [18_262; 3]);
    let values = crate::omop::texts(&snapshot, "condition_occurrence", "condition_source_value");
    assert_eq!(values[6].as_deref(), Some("he said \"no\""));
    assert_eq!(values[7].as_deref(), Some("a \"b\""));
}
