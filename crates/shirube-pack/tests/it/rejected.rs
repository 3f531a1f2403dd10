use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use shirube_model::lang::Lang;
use shirube_model::refusal::{Refusal, has_message};
use shirube_pack::{
    BYTES_MAX_FILE, CheckOptions, FILES_MAX, NewPack, Pack, PackFile, ROWS_MAX, check, new_pack,
};

use super::{example, faults, files, line_of, lines, replace, set, text};

/// What one case does to the example.
enum Do {
    /// Replaces the only place of a text.
    Replace(&'static str, &'static str, &'static str),
    /// Writes a file.
    Set(&'static str, &'static str),
    /// Adds text at the end of a file.
    Append(&'static str, &'static str),
    /// Takes a file away.
    Remove(&'static str),
}
use Do::{Append, Remove, Replace, Set};

/// Where the fault must be: at the line of the file that holds the text, at a
/// line by number, or at the file as a whole.
enum At {
    Text(&'static str, &'static str),
    Line(&'static str, u64),
    File(&'static str),
}
use At::{File, Line, Text};

const I1: &str = "indicators/I-01.toml";
const HEADINGS: &str = "plan/headings.csv";
const MEASURES: &str = "plan/measures.csv";
const LABELS: &str = "labels/registers.csv";
const UNITS: &str = "vocabularies/units.csv";
const INDEX: &str = "vocabularies/index.csv";

/// One mutation each, with the only code it must cause, and the place.
#[rustfmt::skip]
const CASES: &[(Do, &str, At)] = &[
    // Files.
    (Remove("pack.toml"), "pack.file.missing", File("pack.toml")),
    (Remove(MEASURES), "pack.file.missing", File(MEASURES)),
    (Set("vocabulary/units.csv", "code,ja,en\n"), "pack.file.unknown", File("vocabulary/units.csv")),
    // Tables.
    (Replace(MEASURES, "summary_en", "summary"), "pack.csv.unknown-column", Line(MEASURES, 1)),
    (Set("plan/governance.csv", "id,actor,summary_ja,summary_en\n"), "pack.csv.missing-column", Line("plan/governance.csv", 1)),
    (Set("plan/source_notes.csv", ""), "pack.csv.missing-column", Line("plan/source_notes.csv", 1)),
    (Set("plan/ministries.csv", "abbr,ja,en,en\n本部,本部,H,H\n"), "pack.csv.repeated-column", Line("plan/ministries.csv", 1)),
    (Append(UNITS, "\nbox,箱,a, box,,,,\n"), "pack.csv.row-length", Text(UNITS, "box,箱")),
    (Append(UNITS, "\"box,箱,box,,,,\nsack,袋,sack,,,,\n"), "pack.csv.line-break", Text(UNITS, "\"box")),
    (Append(UNITS, "box,,box,,,,\n"), "pack.value.blank", Text(UNITS, "box,")),
    (Append(UNITS, "box,箱,\u{3000},,,,\n"), "pack.value.blank", Text(UNITS, "box,箱")),
    (Replace("goals.csv", ",5,", ",five,"), "pack.value.not-a-number", Text("goals.csv", "G-1")),
    (Append(UNITS, "box,箱,box,2025-02-30,,,\n"), "core.date.unreadable", Text(UNITS, "box,")),
    (Append("organisations.csv", "x,例,X,example,1234567890123,,,,,,\n"), "core.corporate-number.check", Text("organisations.csv", "x,例")),
    (Append("organisations.csv", "x,例,X,example,,,,,,注,\n"), "pack.value.blank", Text("organisations.csv", "x,例")),
    // What a pack brings along.
    (Set("evidence/nothing.csv", "key\n"), "pack.evidence.kind", File("evidence/nothing.csv")),
    (Set("links/judgements.csv", "sheet,draw,programme_ja,measures,reason_ja,judged_on\nx,best,事業,,理由,2026-01-01\n"), "pack.judgement.draw", Line("links/judgements.csv", 2)),
    (Set("links/judgements.csv", "sheet,draw,programme_ja,measures,reason_ja,judged_on\nx,any,事業,9-m9,理由,2026-01-01\n"), "pack.measure.unknown", Line("links/judgements.csv", 2)),
    // Documents.
    (Replace(I1, "version = 1", "version = "), "pack.toml.syntax", Text(I1, "version = ")),
    (Append(I1, "\n[spec]\n"), "pack.toml.syntax", Line(I1, 71)),
    (Replace(I1, "version = 1\n", ""), "pack.toml.missing-key", Line(I1, 1)),
    (Replace(I1, "version = 1", "vesion = 1\nversion = 1"), "pack.toml.unknown-key", Text(I1, "vesion")),
    (Replace(I1, "version = 1", "version = \"1\""), "pack.toml.type", Text(I1, "version")),
    (Replace(I1, "version = 1", "version = -1"), "pack.toml.type", Text(I1, "version")),
    (Replace(I1, "goals = [\"G-1\"]", "goals = \"G-1\""), "pack.toml.type", Text(I1, "goals")),
    (Replace(I1, "working = true", "working = \"yes\""), "pack.toml.type", Text(I1, "working = \"yes\"")),
    (Replace(I1, "value = 100", "value = nan"), "pack.toml.type", Text(I1, "value = nan")),
    (Replace(I1, "value = 100", "value = 12:00:00"), "pack.toml.type", Text(I1, "value = 12")),
    (Replace(I1, "[[question.reading]]\nid = \"people\"", "[[question.reading]]\nid = \"people\"\nspec = 3"), "pack.toml.syntax", Text(I1, "[question.reading.spec")),
    (Replace(I1, "unit = \"certificates\"", "unit = \" \""), "pack.value.blank", Text(I1, "unit")),
    (Replace(I1, "en = \"Subject of training\"", "en = \"\""), "pack.value.blank", Text(I1, "en = \"\"")),
    (Replace(I1, "en = \"Subject of training\"", "fr = \"Sujet\"\nen = \"Subject\""), "pack.toml.unknown-key", Text(I1, "fr = ")),
    (Replace(I1, "role = \"series\"", "role = \"serial\""), "pack.role.unknown", Text(I1, "serial")),
    (Replace(I1, "from = \"2025-04-01\"", "from = \"2025-04-31\""), "core.date.unreadable", Text(I1, "2025-04-31")),
    (Set("decisions.toml", "[[decision]]\nindicator = \"I-01\"\nquestion = \"counting-unit\"\nreading = \"people\"\ndecided_on = \"soon\"\neffective_from = 2025-06-01\ndecided_by = \"x\"\n"), "core.date.unreadable", Line("decisions.toml", 5)),
    (Set("decisions.toml", "decision = 1\n"), "pack.toml.type", Line("decisions.toml", 1)),
    (Replace("pack.toml", "[period]\nstart", "[period]\nfirst"), "pack.toml.missing-key", Text("pack.toml", "[period]")),
    (Replace("pack.toml", "series = 1", "seris = 1"), "pack.toml.unknown-key", Text("pack.toml", "seris")),
    // What the pack says of itself.
    (Replace("pack.toml", "id = \"example\"", "id = \"Example Pack\""), "pack.id.not-kebab", Text("pack.toml", "Example Pack")),
    (Replace("pack.toml", "Asia/Tokyo", "Europe/Paris"), "pack.info.unsupported", Text("pack.toml", "Europe")),
    (Replace("pack.toml", "first_month = 4", "first_month = 1"), "pack.info.unsupported", Text("pack.toml", "first_month")),
    (Replace("pack.toml", "end = \"2030-03-31\"", "end = \"2024-03-31\""), "pack.period.reversed", Text("pack.toml", "end = \"2024")),
    (Replace("pack.toml", "measures = 1", "measures = 272"), "pack.count.wrong", Text("pack.toml", "272")),
    (Append("pack.toml", "unpublished_baselines = 1\n"), "pack.count.wrong", Text("pack.toml", "unpublished")),
    // The plan.
    (Append(MEASURES, "1.1-m1,1.1,3,本部,,sole,,要約,Summary\n"), "pack.id.repeated", Text(MEASURES, "要約")),
    (Append(HEADINGS, "1.2,verse,1,節,Section,9,,,none,\n"), "pack.term.unknown", Text(HEADINGS, "verse")),
    (Append(HEADINGS, "1.2,section,2,節,Section,9,,,none,\n"), "pack.heading.unknown", Text(HEADINGS, "1.2,")),
    (Replace(HEADINGS, "1,chapter,,", "1,chapter,1,"), "pack.heading.cycle", Text(HEADINGS, "1,chapter")),
    (Append(HEADINGS, "2,section,2.1,節,Section,9,,,none,\n2.1,section,2,節,Section,9,,,none,\n"), "pack.heading.cycle", Text(HEADINGS, "2,section,2.1")),
    (Set("plan/headings_other.csv", "id,kind,parent,ja,en,source_line,attribution_basis\n1,chapter,,章,Chapter,1,none\n"), "pack.heading.both", Line("plan/headings_other.csv", 2)),
    (Replace(MEASURES, ",本部,,inherited", ",本部,省;庁,inherited"), "pack.term.unknown", Text(MEASURES, "1.1-m1")),
    (Replace(MEASURES, "inherited", "guessed"), "pack.term.unknown", Text(MEASURES, "guessed")),
    (Replace(MEASURES, "1.1-m1,1.1,", "1.1-m1,1.9,"), "pack.heading.unknown", Text(MEASURES, "1.9")),
    (Replace("plan/governance.csv", "headquarters", "nobody"), "pack.term.unknown", Text("plan/governance.csv", "nobody")),
    (Replace("goals.csv", ",I-01", ",I-01;I-02"), "pack.indicator.unknown", Text("goals.csv", "I-02")),
    (Replace("organisations.csv", "example", "guild"), "pack.term.unknown", Text("organisations.csv", "guild")),
    // Vocabularies and labels.
    (Set("vocabularies/ministries.csv", "code,ja,en\n"), "pack.vocabulary.derived", File("vocabularies/ministries.csv")),
    (Set("vocabularies/colours.csv", "code,ja,en\n"), "pack.vocabulary.not-in-index", File("vocabularies/colours.csv")),
    (Remove(UNITS), "pack.vocabulary.no-file", Text(INDEX, "units,")),
    (Append(INDEX, "units,単位,Units,出典,Source\n"), "pack.id.repeated", Text(INDEX, "単位")),
    (Append(UNITS, "people,人数,people,,,,\n"), "pack.id.repeated", Text(UNITS, "人数")),
    (Append(UNITS, "box,箱,box,2025-04-01,2025-03-31,,\n"), "pack.period.reversed", Text(UNITS, "box")),
    (Append(UNITS, "box,箱,box,,,crate,\n"), "pack.term.successor", Text(UNITS, "box")),
    (Append(UNITS, "box,箱,box,,,box,\n"), "pack.term.successor", Text(UNITS, "box")),
    (Append("organisations.csv", "x,例,X,example,,,,y,,,\n"), "pack.term.successor", Text("organisations.csv", "x,例")),
    (Append("plan/ministries.csv", "本部,別の本部,Other headquarters\n"), "pack.id.repeated", Text("plan/ministries.csv", "別の")),
    (Replace("vocabularies/indicator_kinds.csv", "cumulative,期間", "cumulated,期間"), "pack.term.unknown", Text(I1, "kind =")),
    (Replace(LABELS, "contract.state.signed,【", "contract.state.sined,【"), "pack.label.unknown", Text(LABELS, "sined")),
    (Append(LABELS, "contract,契約,Contract\n"), "pack.id.repeated", Text(LABELS, "contract,契約")),
    // Languages.
    (Replace("plan/ministries.csv", "[to edit] Headquarters", "HQ(本部)"), "pack.language.english", Text("plan/ministries.csv", "HQ")),
    (Replace(MEASURES, "【要編集】研修を行い、修了者を増やす。", "Training."), "pack.language.japanese", Text(MEASURES, "Training.")),
    (Replace(I1, "数えるのは修了証か、修了した人か。", "Certificates?"), "pack.language.japanese", Text(I1, "Certificates?")),
    (Replace(I1, "Subject of training", "研修"), "pack.language.english", Text(I1, "en = \"研修\"")),
    // Definitions.
    (Replace(I1, "id = \"I-01\"", "id = \"I-02\""), "pack.indicator.file-name", Text(I1, "id = \"I-02\"")),
    (Replace(I1, "version = 1", "version = 0"), "pack.indicator.version", Text(I1, "version")),
    (Replace(I1, "owner = \"本部\"", "owner = \"支部\""), "pack.term.unknown", Text(I1, "支部")),
    (Replace(I1, "unit = \"certificates\"", "unit = \"tons\""), "pack.term.unknown", Text(I1, "tons")),
    (Replace(I1, "group = \"general\"", "group = \"special\""), "pack.term.unknown", Text(I1, "special")),
    (Replace(I1, "goals = [\"G-1\"]", "goals = [\n  \"G-1\",\n  \"G-9\",\n]"), "pack.goal.unknown", Text(I1, "G-9")),
    (Replace(I1, "sections = [\"1.1\"]", "sections = [\"1.9\"]"), "pack.heading.unknown", Text(I1, "1.9")),
    (Replace(I1, "measures = [\"1.1-m1\"]", "measures = [\"m9\"]"), "pack.measure.unknown", Text(I1, "m9")),
    (Replace(I1, "unit = \"certificates\"", "unit = \"certificates\"\nactivated_by = \"I-09\""), "pack.indicator.unknown", Text(I1, "I-09")),
    (Replace(I1, "unit = \"certificates\"", "unit = \"certificates\"\nactivated_by = \"I-01\""), "pack.indicator.activated-by", Text(I1, "activated_by")),
    (Replace(I1, "kind = \"cumulative\"", "kind = \"milestone_creates\"\ncreates = \"I-09\""), "pack.indicator.unknown", Text(I1, "creates =")),
    (Replace(I1, "kind = \"cumulative\"", "kind = \"milestone_creates\"\ncreates = \"I-01\""), "pack.indicator.creates", Text(I1, "creates =")),
    (Replace(I1, "id = \"counting-unit\"", "id = \"Counting unit\""), "pack.id.not-kebab", Text(I1, "Counting")),
    (Replace(I1, "id = \"by-subject\"", "id = \"by_subject\""), "pack.id.not-kebab", Text(I1, "by_subject")),
    (Replace(I1, "id = \"people\"", "id = \"certificates\""), "pack.id.repeated", Line(I1, 54)),
    (Replace(I1, "working = true\n", ""), "pack.question.working", Text(I1, "[[question]]")),
    (Replace(I1, "id = \"people\"\n", "id = \"people\"\nworking = true\n"), "pack.question.working", Text(I1, "[[question]]")),
    (Replace(I1, "[question.reading.spec.evidence]\nmeasure = { distinct = \"person_key\", once = \"window\" }\n", ""), "pack.reading.empty", Text(I1, "id = \"people\"")),
    (Replace(I1, "working = true", "working = true\nspec = { window = { from = \"2025-04-01\" } }"), "pack.reading.working-spec", Text(I1, "spec = {")),
    (Replace(I1, "field = \"subject\"", "field = \"topic\""), "pack.field.unknown", Text(I1, "topic")),
    (Replace(I1, "field = \"subject\"", "field = \"issued_on\""), "pack.field.not-a-code", Text(I1, "field = \"issued_on\"")),
    // Specs, filters and readings: the line of the very key.
    (Replace(I1, "register = \"certificate\"", "register = \"diploma\""), "indicator.spec.unknown-register", Text(I1, "diploma")),
    (Replace(I1, "date = \"issued_on\"", "date = \"issued\""), "filter.unknown-field", Text(I1, "date = \"issued\"")),
    (Replace(I1, "state = 'issued'", "state = "), "filter.syntax", Text(I1, "filter = ")),
    (Replace(I1, "state = 'issued'", "state = 'isued'"), "pack.state.unknown", Text(I1, "isued")),
    (Replace(I1, "state = 'issued'", "subject = 'cookery'"), "pack.term.unknown", Text(I1, "cookery")),
    (Replace(I1, "state = 'issued'", "subject IN ('example', 'cookery') OR role = 'example'"), "pack.term.unknown", Text(I1, "cookery")),
    (Replace(I1, "filter = \"state = 'issued'\"", "filtre = \"state = 'issued'\""), "pack.toml.unknown-key", Text(I1, "filtre")),
    (Replace(I1, "date = \"issued_on\"\n", ""), "pack.toml.missing-key", Text(I1, "[spec]")),
    (Replace(I1, "kind = \"cumulative\"", "kind = \"total\""), "indicator.spec.unreadable", Text(I1, "[spec]")),
    (Replace(I1, "value = 100\n", ""), "indicator.spec.needs", Text(I1, "[spec.target]")),
    (Replace(I1, "distinct = \"person_key\"", "distinct = \"persons\""), "filter.unknown-field", Text(I1, "persons")),
    (Replace(I1, "measure = { distinct", "filter = \"state = 'lost'\"\nmeasure = { distinct"), "pack.state.unknown", Text(I1, "lost")),
    (Replace(I1, "date = \"issued_on\"\n", "date = \"issued_on\"\n\n[[spec.evidence.link]]\nfield = \"programme\"\nregister = \"training_programme\"\nfilter = \"state = 'running'\"\n\n[[spec.evidence.link]]\nfield = \"programme\"\nregister = \"training_programme\"\nfilter = \"subject = 'cookery'\"\n"), "pack.term.unknown", Text(I1, "cookery")),
    (Replace(I1, "kind = \"cumulative\"", "kind = \"cumulative\"\ninner = \"state = 'lost'\""), "pack.state.unknown", Text(I1, "lost")),
    (Replace(I1, "kind = \"cumulative\"", "kind = \"cumulative\"\ngroup_by = \"subject\"\nelements = [\"cookery\"]"), "pack.term.unknown", Text(I1, "elements")),
    // Decisions.
    (Set("decisions.toml", "[[decision]]\nindicator = \"I-09\"\nquestion = \"counting-unit\"\nreading = \"people\"\ndecided_on = \"2025-06-01\"\neffective_from = 2025-06-01\ndecided_by = \"x\"\n"), "pack.indicator.unknown", Line("decisions.toml", 2)),
    (Set("decisions.toml", "[[decision]]\nindicator = \"I-01\"\nquestion = \"unit\"\nreading = \"people\"\ndecided_on = \"令和7年6月1日\"\neffective_from = 2025-06-01\ndecided_by = \"x\"\n"), "pack.question.unknown", Line("decisions.toml", 3)),
    (Set("decisions.toml", "[[decision]]\nindicator = \"I-01\"\nquestion = \"counting-unit\"\nreading = \"dogs\"\ndecided_on = \"2025-06-01\"\neffective_from = 2025-06-01\ndecided_by = \"x\"\n"), "pack.reading.unknown", Line("decisions.toml", 4)),
    (Set("decisions.toml", "[[decision]]\nindicator = \"I-01\"\nquestion = \"counting-unit\"\nreading = \"people\"\ndecided_on = \"2025-06-01\"\neffective_from = 2025-06-01\ndecided_by = \"x\"\n\n[[decision]]\nindicator = \"I-01\"\nquestion = \"counting-unit\"\nreading = \"certificates\"\ndecided_on = \"2025-06-01\"\neffective_from = 2025-06-01\ndecided_by = \"x\"\n"), "pack.decision.conflict", Line("decisions.toml", 14)),
];

fn apply(what: &Do, files: &mut Vec<PackFile>) {
    match what {
        Replace(name, old, new) => replace(files, name, old, new),
        Set(name, content) => set(files, name, *content),
        Append(name, more) => {
            let longer = format!("{}{more}", text(files, name));
            set(files, name, longer);
        }
        Remove(name) => files.retain(|file| file.name != *name),
    }
}

fn shown(what: &Do) -> String {
    match what {
        Replace(name, _, new) => format!("{name}: {new}"),
        Set(name, more) | Append(name, more) => format!("{name}: {more}"),
        Remove(name) => format!("without {name}"),
    }
}

/// A mutated pack with what was found in it.
struct Found {
    files: Vec<PackFile>,
    faults: Vec<Refusal>,
}

/// Every case with its outcome, worked out once for all tests.
fn outcomes() -> impl Iterator<Item = (&'static (Do, &'static str, At), &'static Found)> {
    static FOUND: OnceLock<Vec<Found>> = OnceLock::new();
    let found = FOUND.get_or_init(|| {
        let one = |(what, _, _): &(Do, &str, At)| {
            let mut files = files();
            apply(what, &mut files);
            let faults = faults(&files);
            Found { files, faults }
        };
        CASES.iter().map(one).collect()
    });
    CASES.iter().zip(found)
}

#[test]
fn one_mutation_causes_its_fault_at_its_place() {
    let mut wrong = Vec::new();
    for ((what, code, at), Found { files, faults }) in outcomes() {
        let (file, line) = match at {
            Text(file, needle) => (*file, Some(line_of(files, file, needle))),
            Line(file, line) => (*file, Some(*line)),
            File(file) => (*file, None),
        };
        let place = |f: &&Refusal| {
            f.code == *code && f.place.file.as_deref() == Some(file) && f.place.line == line
        };
        if !faults.iter().any(|fault| place(&fault)) {
            wrong.push(format!(
                "{}\n  wanted {file}:{line:?} {code}\n  found {}",
                shown(what),
                lines(faults)
            ));
        }
    }
    assert!(wrong.is_empty(), "{} cases\n{}", wrong.len(), wrong.join("\n"));
}

/// Cases whose mutation has further consequences that deserve their own fault.
const SEVERAL: &[&str] = &[
    "pack.csv.unknown-column",
    "pack.file.missing",
    "pack.heading.cycle",
    "pack.indicator.file-name",
    "pack.label.unknown",
    "pack.term.unknown",
    "pack.toml.missing-key",
    "pack.toml.unknown-key",
];

#[test]
fn one_mutation_causes_no_other_fault() {
    for ((what, code, _), Found { faults, .. }) in outcomes() {
        let codes: BTreeSet<&str> = faults.iter().map(|fault| fault.code).collect();
        // A further row also makes a count wrong, which the example states.
        let others: Vec<_> = codes
            .into_iter()
            .filter(|found| found != code && *found != "pack.count.wrong")
            .collect();
        assert!(others.is_empty() || SEVERAL.contains(code), "{}: {others:?}", shown(what));
    }
}

/// Cases that need more than one file or a directory, by code.
fn further_cases() -> &'static [(&'static str, Vec<Refusal>)] {
    static FOUND: OnceLock<Vec<(&str, Vec<Refusal>)>> = OnceLock::new();
    FOUND.get_or_init(|| memory_cases().into_iter().chain(directory_cases()).collect())
}

fn memory_cases() -> Vec<(&'static str, Vec<Refusal>)> {
    let mut cases = Vec::new();
    let mut case = |code, change: &dyn Fn(&mut Vec<PackFile>)| {
        let mut files = files();
        change(&mut files);
        cases.push((code, faults(&files)));
    };
    case("pack.file.not-utf8", &|files| {
        let mut bytes = text(files, UNITS).as_bytes().to_vec();
        bytes.extend([b'a', 0xff, b'\n']);
        set(files, UNITS, bytes);
    });
    case("pack.file.too-large", &|files| {
        set(files, UNITS, vec![b'\n'; BYTES_MAX_FILE as usize + 1]);
    });
    case("pack.csv.too-many-rows", &|files| {
        set(files, UNITS, format!("code,ja,en\n{}", "a,あ,a\n".repeat(ROWS_MAX + 1)));
    });
    case("pack.indicator.repeated", &|files| {
        let copy = text(files, I1).to_owned();
        set(files, "indicators/I-02.toml", copy);
    });
    case("pack.indicator.child", &|files| {
        replace(files, I1, "role = \"series\"", "role = \"child\"");
    });
    case("pack.indicator.creates-kind", &|files| {
        replace(files, I1, "kind = \"cumulative\"", "kind = \"cumulative\"\ncreates = \"I-01\"");
    });
    case("pack.question.few-readings", &|files| {
        let whole = text(files, I1).to_owned();
        let from = whole.find("[[question.reading]]\nid = \"people\"").unwrap();
        let to = whole.find("[[disaggregation]]").unwrap();
        set(files, I1, format!("{}{}", &whole[..from], &whole[to..]));
    });
    case("pack.vocabulary.missing", &|files| {
        files.retain(|file| file.name != UNITS);
        let index: String = text(files, INDEX)
            .lines()
            .filter(|line| !line.starts_with("units,"))
            .map(|line| format!("{line}\n"))
            .collect();
        set(files, INDEX, index);
    });
    case("pack.label.missing", &|files| {
        let labels: String = text(files, LABELS)
            .lines()
            .filter(|line| !line.starts_with("contract.title,"))
            .map(|line| format!("{line}\n"))
            .collect();
        set(files, LABELS, labels);
    });
    cases
}

fn write(dir: &Path, files: &[PackFile]) {
    for file in files {
        let path = dir.join(&file.name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, &file.bytes).unwrap();
    }
}

fn directory_cases() -> Vec<(&'static str, Vec<Refusal>)> {
    let temp = tempfile::tempdir().unwrap();
    let dir = temp.path();
    let read = |name: &str| match Pack::read(&dir.join(name)) {
        Ok(pack) => check(&pack, &CheckOptions { directory: Some(name.to_owned()) }),
        Err(faults) => faults.0,
    };
    let mut cases = vec![("pack.file.unreadable", read("absent"))];
    write(&dir.join("other-name"), &files());
    cases.push(("pack.info.directory", read("other-name")));

    write(&dir.join("dirs"), &files());
    fs::create_dir(dir.join("dirs/extra")).unwrap();
    cases.push(("pack.file.unknown", read("dirs")));

    write(&dir.join("many"), &files());
    for at in 0..FILES_MAX {
        fs::write(dir.join(format!("many/vocabularies/v{at}.csv")), "code,ja,en\n").unwrap();
    }
    cases.push(("pack.file.too-many", read("many")));

    write(&dir.join("large"), &files());
    let file = fs::File::create(dir.join("large/vocabularies/large.csv")).unwrap();
    file.set_len(BYTES_MAX_FILE + 1).unwrap();
    cases.push(("pack.file.too-large", read("large")));
    cases.extend(link_cases(dir, &read));

    fs::write(dir.join("a-file"), "").unwrap();
    let refused = |at: &str, new: &NewPack| match new_pack(&dir.join(at), new) {
        Ok(_) => Vec::new(),
        Err(faults) => faults.0,
    };
    cases.push(("pack.new.not-empty", refused("dirs", &example())));
    cases.push(("pack.file.unwritable", refused("a-file/pack", &example())));
    let reversed = NewPack { period_end: "2020-01-01".parse().unwrap(), ..example() };
    cases.push(("pack.period.reversed", refused("new", &reversed)));
    assert!(!dir.join("new").exists(), "a refused skeleton leaves nothing behind");
    cases
}

#[cfg(unix)]
fn link_cases(
    dir: &Path,
    read: &dyn Fn(&str) -> Vec<Refusal>,
) -> Vec<(&'static str, Vec<Refusal>)> {
    use std::os::unix::fs::symlink;
    let mut cases = Vec::new();
    fs::write(dir.join("outside.csv"), "code,ja,en\n").unwrap();
    for (name, target) in
        [("out", "../../outside.csv"), ("dangling", "nowhere.csv"), ("round", "../vocabularies")]
    {
        write(&dir.join(name), &files());
        symlink(target, dir.join(name).join("vocabularies/link.csv")).unwrap();
        cases.push(("pack.file.link", read(name)));
    }
    write(&dir.join("inside"), &files());
    let units = dir.join("inside/vocabularies/units.csv");
    fs::rename(&units, dir.join("inside/vocabularies/sexes.csv")).unwrap();
    symlink("sexes.csv", &units).unwrap();
    let links: Vec<_> = read("inside").into_iter().filter(|f| f.code == "pack.file.link").collect();
    assert_eq!(links, vec![], "a link inside the pack is followed");
    cases
}

#[cfg(not(unix))]
fn link_cases(_: &Path, _: &dyn Fn(&str) -> Vec<Refusal>) -> Vec<(&'static str, Vec<Refusal>)> {
    Vec::new()
}

#[test]
fn further_faults() {
    for (code, found) in further_cases() {
        let fault = found.iter().find(|fault| fault.code == *code);
        let fault = fault.unwrap_or_else(|| panic!("no {code} in\n{}", lines(found)));
        assert!(fault.place.file.is_some(), "{code} names no file");
    }
}

#[test]
fn every_code_has_a_case_and_every_case_has_words() {
    let mut covered: BTreeSet<&str> =
        CASES.iter().map(|(_, code, _)| *code).filter(|code| code.starts_with("pack.")).collect();
    covered.extend(further_cases().iter().map(|(code, _)| *code));
    // A note, see `reading`.
    covered.insert("pack.file.bom");
    let catalogue = include_str!("../../../shirube-model/src/messages/pack.en.ftl");
    let written: BTreeSet<String> = catalogue
        .lines()
        .filter_map(|line| line.strip_prefix("pack-")?.split(' ').next())
        .filter(|id| !id.starts_with("diff-"))
        .map(|id| format!("pack-{id}"))
        .collect();
    let cased: BTreeSet<String> = covered.iter().map(|code| code.replace('.', "-")).collect();
    assert_eq!(written, cased);
    for code in covered {
        for lang in Lang::ALL {
            assert!(has_message(lang, code), "{code}");
        }
    }
}

#[test]
fn messages_name_every_value_in_both_languages() {
    for (_, Found { faults, .. }) in outcomes() {
        for fault in faults {
            for lang in Lang::ALL {
                let text = fault.line_text(lang);
                assert!(!text.contains("{$") && !text.contains("{ $"), "{text}");
                assert!(!fault.remedy(lang).is_empty(), "{text}");
            }
        }
    }
}

#[test]
fn decided_readings_must_make_a_spec_together() {
    let mut files = files();
    let reading = |id: &str, key: &str, day: &str| {
        format!(
            "\n[[question]]\nid = \"{id}\"\ntext = {{ ja = \"いつ\", en = \"When?\" }}\n\
             [[question.reading]]\nid = \"a\"\nworking = true\nlabel = {{ ja = \"今\", en = \"Now\" }}\n\
             [[question.reading]]\nid = \"b\"\nlabel = {{ ja = \"後\", en = \"Later\" }}\n\
             spec.window.{key} = \"{day}\"\n"
        )
    };
    let both =
        reading("first-day", "from", "2027-04-01") + &reading("last-day", "to", "2026-03-31");
    let longer = format!("{}{both}", text(&files, I1));
    set(&mut files, I1, longer);
    let decide = |question: &str| {
        format!(
            "[[decision]]\nindicator = \"I-01\"\nquestion = \"{question}\"\nreading = \"b\"\n\
             decided_on = 2025-06-01\neffective_from = 2025-06-01\ndecided_by = \"headquarters\"\n"
        )
    };
    set(&mut files, "decisions.toml", decide("first-day"));
    assert_eq!(lines(&faults(&files)), "");
    set(&mut files, "decisions.toml", decide("first-day") + &decide("last-day"));
    let found = faults(&files);
    let codes: BTreeSet<_> = found.iter().map(|f| (f.code, f.place.line)).collect();
    let expected = [("indicator.spec.needs", Some(4)), ("indicator.spec.needs", Some(11))];
    assert_eq!(codes, expected.into(), "{}", lines(&found));
}
