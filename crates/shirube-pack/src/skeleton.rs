//! A skeleton for another strategy: the smallest pack that passes the check,
//! with an example of everything an editor will write more of.

use std::fs;
use std::path::Path;

use chrono::NaiveDate;
use shirube_model::indicator::Kind;
use shirube_model::lang::LocalText;
use shirube_model::refusal::Refusal;
use shirube_model::registers::KINDS;

use crate::check::{CheckOptions, check, label_keys, needed_vocabularies};
use crate::fault::PackFaults;
use crate::files::{self, PackFile};
use crate::pack::{DERIVED_VOCABULARIES, Pack};

/// Mark of a Japanese text that is still to be written.
pub const PLACEHOLDER_JA: &str = "【要編集】";
/// Mark of an English text that is still to be written.
pub const PLACEHOLDER_EN: &str = "[to edit]";

/// What the author of a new pack says first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPack {
    /// Id of the pack, kebab case.
    pub id: String,
    /// Title of the strategy.
    pub title: LocalText,
    /// First day of the strategy.
    pub period_start: NaiveDate,
    /// Last day of the strategy.
    pub period_end: NaiveDate,
}

/// Writes a skeleton into `dir`, which must be absent or empty, and returns the
/// names of the files written.
///
/// # Errors
/// `pack.new.not-empty`, `pack.file.unwritable`, and what [`check()`] says of
/// the id, the title and the period. Nothing is written after such a fault of
/// the input.
pub fn new_pack(dir: &Path, new: &NewPack) -> Result<Vec<String>, PackFaults> {
    let refuse = |code, name: String| PackFaults(vec![Refusal::new(code).file(name)]);
    let shown = || dir.display().to_string();
    if fs::read_dir(dir).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(refuse("pack.new.not-empty", shown()));
    }
    let files = skeleton_files(new);
    let faults = check(&Pack::from_files(&files)?, &CheckOptions::default());
    if !faults.is_empty() {
        return Err(PackFaults(faults));
    }
    for file in &files {
        let path = dir.join(&file.name);
        let written = path
            .parent()
            .map_or(Ok(()), fs::create_dir_all)
            .and_then(|()| fs::write(&path, &file.bytes));
        if written.is_err() {
            return Err(refuse("pack.file.unwritable", path.display().to_string()));
        }
    }
    Ok(files.into_iter().map(|file| file.name).collect())
}

/// The files of a skeleton, in order of their names.
#[must_use]
pub fn skeleton_files(new: &NewPack) -> Vec<PackFile> {
    let mut files = vec![
        PackFile::new(files::INFO, info(new).into_bytes()),
        PackFile::new("indicators/I-01.toml", indicator(new).into_bytes()),
        PackFile::new(files::DECISIONS, DECISIONS.as_bytes().to_vec()),
    ];
    for (name, header, rows) in PLAN {
        files.push(csv_file(name, header, rows.iter().map(|row| row.iter().copied())));
    }
    vocabularies(&mut files);
    let labels: Vec<[String; 3]> = label_rows();
    let rows = labels.iter().map(|row| row.iter().map(String::as_str));
    files.push(csv_file(files::LABELS, &["key", "ja", "en"], rows));
    files.sort_by(|a, b| a.name.cmp(&b.name));
    files
}

type Rows = &'static [&'static [&'static str]];

/// The plan of the skeleton: one of everything.
const PLAN: [(&str, &[&str], Rows); 7] = [
    (
        files::HEADINGS,
        &[
            "id",
            "kind",
            "parent",
            "ja",
            "en",
            "source_line",
            "lead",
            "participating",
            "attribution_basis",
            "attribution_printed",
        ],
        &[
            &["1", "chapter", "", "【要編集】施策", "[to edit] Measures", "1", "", "", "none", ""],
            &[
                "1.1",
                "section",
                "1",
                "【要編集】人材の育成",
                "[to edit] Training",
                "2",
                "本部",
                "",
                "sole",
                "",
            ],
        ],
    ),
    (
        files::MEASURES,
        &[
            "id",
            "section",
            "source_line",
            "lead",
            "participating",
            "attribution_basis",
            "attribution_printed",
            "summary_ja",
            "summary_en",
        ],
        &[&[
            "1.1-m1",
            "1.1",
            "3",
            "本部",
            "",
            "inherited",
            "",
            "【要編集】研修を行い、修了者を増やす。",
            "[to edit] Run training and raise the number of people who complete it.",
        ]],
    ),
    (
        files::MINISTRIES,
        &["abbr", "ja", "en"],
        &[&["本部", "【要編集】推進本部", "[to edit] Headquarters"]],
    ),
    (
        files::GOVERNANCE,
        &["id", "actor", "source_line", "summary_ja", "summary_en"],
        &[&[
            "g1",
            "headquarters",
            "4",
            "【要編集】毎年度、進捗を確かめて公表する。",
            "[to edit] Follow up every year and publish the result.",
        ]],
    ),
    (files::SOURCE_NOTES, &["line", "note_ja", "note_en"], &[]),
    (
        files::GOALS,
        &["id", "ja", "en", "source_line", "deadline", "reading_ja", "reading_en", "related"],
        &[&[
            "G-1",
            "【要編集】担い手が足りている",
            "[to edit] There are enough people",
            "5",
            "【要編集】",
            "【要編集】修了者の数が目標に達すること。",
            "[to edit] The number of people who completed training reaches the target.",
            "I-01",
        ]],
    ),
    (
        files::ORGANISATIONS,
        &[
            "code",
            "ja",
            "en",
            "organisation_type",
            "corporate_number",
            "valid_from",
            "valid_to",
            "successors",
            "source_line",
            "note_ja",
            "note_en",
        ],
        &[&[
            "headquarters",
            "【要編集】推進本部",
            "[to edit] Headquarters",
            "example",
            "",
            "",
            "",
            "",
            "",
            "",
            "",
        ]],
    ),
];

/// Vocabularies whose codes the skeleton itself uses.
const TERMS: [(&str, Rows); 5] = [
    (
        "attribution_bases",
        &[
            &["lead_mark", "取りまとめの印による", "Marked as lead"],
            &["sole", "一つだけ記された組織による", "Only one printed"],
            &["inherited", "上位の見出しによる", "From a heading above"],
            &["none", "記載なし", "None printed"],
        ],
    ),
    ("governance_actors", &[&["headquarters", "【要編集】推進本部", "[to edit] Headquarters"]]),
    ("heading_kinds", &[&["chapter", "章", "Chapter"], &["section", "節", "Section"]]),
    ("indicator_groups", &[&["general", "【要編集】全般", "[to edit] General"]]),
    ("units", &[&["certificates", "件(修了証)", "certificates"], &["people", "人", "people"]]),
];

/// Names of the thirteen kinds, in the order of [`Kind::ALL`].
const KIND_NAMES: [[&str; 2]; 13] = [
    ["期間の累計", "Cumulative over a window"],
    ["年度ごとの水準", "Annual level"],
    ["時点の数", "Stock at a day"],
    ["基準年に対する比", "Ratio to a base year"],
    ["基準の累計に対する比", "Ratio to a cumulative baseline"],
    ["基準期間の平均との比較", "Threshold against a base-period mean"],
    ["集合に占める割合", "Share of a set"],
    ["一覧の完了", "Completion of a list"],
    ["節目の達成", "Milestone"],
    ["指標を定める節目", "Milestone that creates an indicator"],
    ["増加分どうしの比較", "Comparison of two changes"],
    ["傾向の向き", "Direction of a trend"],
    ["目標のない観察", "Watched without a target"],
];

fn vocabularies(files: &mut Vec<PackFile>) {
    let header = ["code", "ja", "en", "valid_from", "valid_to", "successor", "note"];
    let mut index = Vec::new();
    for id in needed_vocabularies().into_keys() {
        if DERIVED_VOCABULARIES.contains(&id) {
            continue;
        }
        index.push([
            id.to_owned(),
            format!("{PLACEHOLDER_JA}{id}"),
            format!("{PLACEHOLDER_EN} {}", id.replace('_', " ")),
            format!("{PLACEHOLDER_JA}出典"),
            format!("{PLACEHOLDER_EN} source"),
        ]);
        let own = TERMS.iter().find(|(name, _)| *name == id).map(|(_, rows)| *rows);
        let rows: Vec<[String; 7]> = match own {
            Some(rows) => rows.iter().map(|row| term(row.iter().copied())).collect(),
            None if id == "indicator_kinds" => Kind::ALL
                .iter()
                .zip(KIND_NAMES)
                .map(|(kind, [ja, en])| term([kind.code(), ja, en].into_iter()))
                .collect(),
            None => vec![term(["example", "【要編集】例", "[to edit] Example"].into_iter())],
        };
        let rows = rows.iter().map(|row| row.iter().map(String::as_str));
        files.push(csv_file(&format!("vocabularies/{id}.csv"), &header, rows));
    }
    let rows = index.iter().map(|row| row.iter().map(String::as_str));
    let header = ["id", "ja", "en", "source_ja", "source_en"];
    files.push(csv_file(files::VOCABULARY_INDEX, &header, rows));
}

/// A term without dates: code and labels, the other cells empty.
fn term<'a>(words: impl Iterator<Item = &'a str>) -> [String; 7] {
    let mut cells: [String; 7] = Default::default();
    for (cell, word) in cells.iter_mut().zip(words) {
        *cell = word.to_owned();
    }
    cells
}

fn label_rows() -> Vec<[String; 3]> {
    let mut keys: Vec<String> = Vec::new();
    for key in KINDS.iter().flat_map(|kind| label_keys(kind)) {
        // Several kinds share a domain.
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    let row = |key: String| {
        let en = format!("{PLACEHOLDER_EN} {}", key.replace(['.', '_'], " "));
        [key.clone(), format!("{PLACEHOLDER_JA}{key}"), en]
    };
    keys.into_iter().map(row).collect()
}

fn csv_file<'a>(
    name: &str,
    header: &[&str],
    rows: impl Iterator<Item = impl Iterator<Item = &'a str>>,
) -> PackFile {
    let mut writer = csv::Writer::from_writer(Vec::new());
    // Writing into memory cannot fail.
    let _ = writer.write_record(header);
    for row in rows {
        let _ = writer.write_record(row);
    }
    PackFile::new(name, writer.into_inner().unwrap_or_default())
}

/// A text as TOML writes it.
fn quoted(text: &str) -> String {
    toml_edit::Value::from(text).to_string()
}

fn info(new: &NewPack) -> String {
    let NewPack { id, title, period_start, period_end } = new;
    format!(
        r#"# 戦略の素性。「【要編集】」の箇所を書き換える。
# What this strategy is. Rewrite every "[to edit]".
id = {id}
version = "0.1.0"
timezone = "Asia/Tokyo"
fiscal_year_first_month = 4

[title]
ja = {ja}
en = {en}

[period]
start = "{period_start}"
end = "{period_end}"

[legal_basis]
ja = "{PLACEHOLDER_JA}根拠となる法令・条例"
en = "{PLACEHOLDER_EN} Legal basis"

[source]
ja = "{PLACEHOLDER_JA}本文の所在"
en = "{PLACEHOLDER_EN} Where the text is"

# あるべき件数。書いてあれば点検のたびに照らし合わせる。
# Counts that must hold; checked every time.
[counts]
headings = 2
measures = 1
ministries = 1
goals = 1
indicators = 1
series = 1
"#,
        id = quoted(id),
        ja = quoted(&title.ja),
        en = quoted(&title.en),
    )
}

fn indicator(new: &NewPack) -> String {
    let NewPack { period_start, period_end, .. } = new;
    format!(
        r#"# 指標の定義の例。ファイル名は指標の ID と同じにする。
# An example of a definition. The file bears the indicator's id.
id = "I-01"
version = 1
role = "series"
group = "general"
goals = ["G-1"]
owner = "本部"
sections = ["1.1"]
measures = ["1.1-m1"]
source_line = 6
unit = "certificates"

[name]
ja = "{PLACEHOLDER_JA}研修の修了証の数"
en = "{PLACEHOLDER_EN} Certificates of completed training"

# 何を、どの台帳から、どの条件で数えるか。
# What is counted, from which register, under which condition.
[spec]
kind = "cumulative"

[spec.evidence]
register = "certificate"
filter = "state = 'issued'"
date = "issued_on"

[spec.window]
from = "{period_start}"
to = "{period_end}"

[spec.target]
value = 100
by = "{period_end}"

# 本文の読み方が分かれるところは、問いと読み方として書く。
# Where the text can be read in several ways, each way is a reading.
[[question]]
id = "counting-unit"

[question.text]
ja = "数えるのは修了証か、修了した人か。"
en = "Are certificates counted, or people?"

[[question.reading]]
id = "certificates"
working = true

[question.reading.label]
ja = "修了証を数える。"
en = "Certificates are counted."

[[question.reading]]
id = "people"

[question.reading.label]
ja = "修了した人を、期間中に一度だけ数える。"
en = "Each person is counted once in the period."

[question.reading.spec.evidence]
measure = {{ distinct = "person_key", once = "window" }}

[[disaggregation]]
id = "by-subject"
field = "subject"

[disaggregation.label]
ja = "研修の種類"
en = "Subject of training"
"#
    )
}

const DECISIONS: &str = r#"# 読み方を決めたときに書く。決めるまでは working の読み方で計算する。
# Written when a reading is settled; until then the working reading counts.
#
# [[decision]]
# indicator = "I-01"
# question = "counting-unit"
# reading = "people"
# decided_on = "2025-06-01"
# effective_from = "2025-06-01"
# decided_by = "headquarters"
# document_url = "https://example.org/decision"
# reason = { ja = "理由", en = "Reason" }
"#;
