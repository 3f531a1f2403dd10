use proptest::prelude::*;
use shirube_pack::{CheckOptions, PLACEHOLDER_EN, Pack, PackFile, check, fuzz_pack_file, new_pack};

use super::{example, faults, files, lines, replace, set, text};

#[test]
fn the_skeleton_passes_and_says_what_is_to_be_written() {
    let temp = tempfile::tempdir().unwrap();
    let dir = temp.path().join("example");
    let names = new_pack(&dir, &example()).unwrap();
    let pack = Pack::read(&dir).unwrap();
    let found = check(&pack, &CheckOptions { directory: Some("example".to_owned()) });
    assert!(found.is_empty(), "{}", lines(&found));
    assert_eq!(names, files().into_iter().map(|f| f.name).collect::<Vec<_>>());
    assert_eq!(pack, Pack::from_files(&files()).unwrap());
    assert_eq!(pack.info.title, example().title);
    let left = pack.placeholders();
    assert!(left.iter().any(|place| place == "measures[0].summary.ja"), "{left:?}");
    assert!(pack.labels.values().all(|label| label.en.starts_with(PLACEHOLDER_EN)));
}

#[test]
fn files_beside_the_pack_are_no_part_of_it() {
    let temp = tempfile::tempdir().unwrap();
    let dir = temp.path().join("example");
    new_pack(&dir, &example()).unwrap();
    let pack = Pack::read(&dir).unwrap();
    let mut memory = files();
    for name in ["README.md", ".git/config", "plan/.measures.csv.swp", "plan/measures.csv~"] {
        let path = dir.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, [0xff]).unwrap();
        memory.push(PackFile::new(name, vec![0xff]));
    }
    assert_eq!(Pack::read(&dir).unwrap(), pack);
    assert_eq!(Pack::from_files(&memory).unwrap(), pack);
}

#[test]
fn look_ups() {
    let pack = Pack::from_files(&files()).unwrap();
    assert!(pack.label("contract.state.signed").is_some());
    assert!(pack.label("contract.state").is_none());
    assert_eq!(pack.term("units", "people").unwrap().label.ja, "人");
    assert_eq!(pack.term("ministries", "本部").unwrap().code, "本部");
    assert!(pack.term("organisations", "headquarters").is_some());
    assert!(pack.vocabulary("units").is_some() && pack.vocabulary("unit").is_none());
    assert_eq!(pack.heading("1.1").unwrap().parent.as_deref(), Some("1"));
    assert!(pack.measure("1.1-m1").is_some() && pack.ministry("本部").is_some());
    assert!(pack.goal("G-1").is_some() && pack.organisation("headquarters").is_some());
    assert_eq!(pack.indicator("I-01").unwrap().questions[0].readings.len(), 2);
    assert_eq!(pack.definition_hash("I-01").unwrap().len(), 64);
    assert!(pack.definition_hash("I-02").is_none());
}

#[test]
fn indicators_stand_in_order() {
    let mut files = files();
    let model = text(&files, "indicators/I-01.toml").to_owned();
    let mut define = |id: &str, role: &str| {
        let one = model.replace("\"I-01\"", &format!("\"{id}\""));
        set(
            &mut files,
            &format!("indicators/{id}.toml"),
            one.replace("\"series\"", &format!("\"{role}\"")),
        );
    };
    define("I-10", "series");
    define("I-02b", "series");
    define("A-1", "child");
    define("G-1", "goal");
    define("I-02", "series");
    let pack = Pack::from_files(&files).unwrap();
    let ids: Vec<&str> = pack.indicators.iter().map(|i| i.id.as_str()).collect();
    assert_eq!(ids, ["I-01", "I-02", "I-02b", "I-10", "G-1", "A-1"]);
}

#[test]
fn a_milestone_and_its_child_pass_together() {
    let mut files = files();
    let model = text(&files, "indicators/I-01.toml").to_owned();
    let milestone = model
        .replace("id = \"I-01\"", "id = \"I-02\"")
        .replace("kind = \"cumulative\"", "kind = \"milestone_creates\"\ncreates = \"C-1\"");
    let child = model
        .replace("id = \"I-01\"", "id = \"C-1\"\nactivated_by = \"I-02\"")
        .replace("role = \"series\"", "role = \"child\"");
    set(&mut files, "indicators/I-02.toml", milestone);
    set(&mut files, "indicators/C-1.toml", child);
    replace(&mut files, "pack.toml", "indicators = 1\nseries = 1", "indicators = 2\nseries = 2");
    let found = faults(&files);
    assert!(found.is_empty(), "{}", lines(&found));
}

#[test]
fn sub_series_count_as_one_indicator() {
    let mut files = files();
    let model = text(&files, "indicators/I-01.toml")
        .replace("[spec.target]", "[spec.baseline]\nstate = \"unpublished\"\n\n[spec.target]");
    for id in ["I-01", "I-01b", "I-04a", "I-04b"] {
        let one = model.replace("\"I-01\"", &format!("\"{id}\""));
        set(&mut files, &format!("indicators/{id}.toml"), one);
    }
    replace(
        &mut files,
        "pack.toml",
        "indicators = 1\nseries = 1",
        "indicators = 2\nseries = 4\nunpublished_baselines = 2",
    );
    let found = faults(&files);
    assert!(found.is_empty(), "{}", lines(&found));
}

#[test]
fn every_byte_counts_in_the_hash() {
    let base = files();
    let hash = Pack::from_files(&base).unwrap().hash;
    for at in 0..base.len() {
        let mut other = base.clone();
        // A line break at the end changes no value, and still the hash.
        other[at].bytes.push(b'\n');
        assert_ne!(Pack::from_files(&other).unwrap().hash, hash, "{}", base[at].name);
    }
    let mut shuffled = base;
    shuffled.reverse();
    assert_eq!(Pack::from_files(&shuffled).unwrap().hash, hash);
}

#[test]
fn the_definition_hash_follows_the_definition_alone() {
    let hashes = |files: &[PackFile]| {
        let pack = Pack::from_files(files).unwrap();
        (pack.hash.clone(), pack.definition_hash("I-01").unwrap())
    };
    let base = hashes(&files());
    let mut comment = files();
    replace(&mut comment, "indicators/I-01.toml", "version = 1", "version = 1 # first");
    let mut target = files();
    replace(&mut target, "indicators/I-01.toml", "value = 100", "value = 101");
    assert_ne!(hashes(&comment).0, base.0);
    assert_eq!(hashes(&comment).1, base.1);
    assert_ne!(hashes(&target).1, base.1);
}

#[test]
fn line_ends_and_byte_order_marks_do_not_matter() {
    let crlf: Vec<PackFile> = files()
        .into_iter()
        .map(|file| {
            let text = String::from_utf8(file.bytes).unwrap().replace('\n', "\r\n");
            PackFile::new(file.name, format!("\u{feff}{text}").into_bytes())
        })
        .collect();
    let (a, b) = (Pack::from_files(&files()).unwrap(), Pack::from_files(&crlf).unwrap());
    assert!(shirube_pack::diff(&a, &b).is_empty());
    assert_eq!(b.notes.len(), crlf.len());
    assert!(b.notes.iter().all(|note| note.code == "pack.file.bom"));
    assert!(check(&b, &CheckOptions::default()).is_empty());
}

#[test]
fn days_may_be_written_in_any_form() {
    let mut other = files();
    replace(
        &mut other,
        "indicators/I-01.toml",
        "from = \"2025-04-01\"",
        "from = \"令和7年4月1日\"",
    );
    replace(&mut other, "indicators/I-01.toml", "by = \"2030-03-31\"", "by = 2030-03-31");
    let (a, b) = (Pack::from_files(&files()).unwrap(), Pack::from_files(&other).unwrap());
    assert_eq!(a.indicators, b.indicators);
}

#[test]
fn all_faults_are_collected_in_order() {
    let mut files = files();
    replace(&mut files, "indicators/I-01.toml", "version = 1", "version = true\nx = 1");
    replace(&mut files, "indicators/I-01.toml", "value = 100", "value = inf");
    set(&mut files, "vocabularies/units.csv", "code,ja,en\na,,a\nb,ビー,\nc\n");
    files.retain(|file| file.name != "plan/measures.csv");
    let found: Vec<String> = faults(&files)
        .iter()
        .map(|f| {
            format!("{}:{} {}", f.place.file.as_deref().unwrap(), f.place.line.unwrap_or(0), f.code)
        })
        .collect();
    assert_eq!(
        found,
        [
            "indicators/I-01.toml:4 pack.toml.type",
            "indicators/I-01.toml:5 pack.toml.unknown-key",
            "indicators/I-01.toml:34 pack.toml.type",
            "plan/measures.csv:0 pack.file.missing",
            "vocabularies/units.csv:2 pack.value.blank",
            "vocabularies/units.csv:3 pack.value.blank",
            "vocabularies/units.csv:4 pack.csv.row-length",
        ]
    );
}

/// Bytes a mutation may write: what means something in TOML and CSV, and what
/// is no text at all.
const BYTES: &[u8] = b"\"'\\[]{}=,;.#\n\r \x00\xff\xe3a0-";

proptest! {
    #[test]
    fn reading_never_panics(
        which in any::<prop::sample::Index>(),
        edits in prop::collection::vec(
            (any::<prop::sample::Index>(), prop::sample::select(BYTES), 0..4u8),
            1..12,
        ),
    ) {
        let mut files = files();
        let at = which.index(files.len());
        for (place, byte, how) in edits {
            let bytes = &mut files[at].bytes;
            if bytes.is_empty() {
                continue;
            }
            let place = place.index(bytes.len());
            match how {
                0 => bytes[place] = byte,
                1 => bytes.insert(place, byte),
                2 => { bytes.remove(place); }
                _ => bytes.truncate(place),
            }
        }
        fuzz_pack_file(&files[at].name, &files[at].bytes);
        for fault in faults(&files) {
            prop_assert!(fault.place.file.is_some(), "{fault:?}");
            prop_assert!(fault.line_text(shirube_model::lang::Lang::Ja).contains(fault.code));
        }
    }

    #[test]
    fn any_bytes_under_any_name_are_read_or_refused(
        which in any::<prop::sample::Index>(),
        bytes in prop::collection::vec(any::<u8>(), 0..200),
        text in "\\PC{0,80}",
    ) {
        let files = files();
        let name = &files[which.index(files.len())].name;
        fuzz_pack_file(name, &bytes);
        fuzz_pack_file(name, text.as_bytes());
        fuzz_pack_file(&text, &bytes);
    }
}
