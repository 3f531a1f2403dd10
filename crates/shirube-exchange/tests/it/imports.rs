//! What imports read and record.

use serde_json::{Value, json};
use shirube_exchange::{Input, Limits, Silent};
use shirube_model::lang::Lang;
use shirube_model::record::Standing;
use shirube_store::StoreClass;

use crate::base::*;

const HEADER: &str = "source_key,title.ja,title.en,funder,phase,disease_areas,started_on,money,programme,uses_database\n";

fn body(value: Value) -> serde_json::Map<String, Value> {
    value.as_object().unwrap().clone()
}

#[tokio::test]
async fn a_table_with_columns_named_like_fields_becomes_records() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), StoreClass::Live).await;
    let input = format!(
        "\u{feff}{HEADER}\
         P-1,新薬,New drug,甲,second,alpha; 乙,令和７年４月１日,\"2025:1,000;R8:２０００\",pgm:7,○\n\
         P-2,\"二行\nの題\",Two,alpha,,,2025/4/1,,PG-1,いいえ\n\
         ,,,,,,,,,\n"
    );
    // Labels are compared without regard to case of the whole: "second" is none.
    let report = take(&store, &input, &options("project")).await.unwrap();
    assert_eq!(codes(&report), [("import.code.unknown", 1)]);
    let input = input.replace("second", "Second");
    let report = take(&store, &input, &options("project")).await.unwrap();
    check_sum(&report);
    assert_eq!((report.counts.created, report.counts.unchanged, report.counts.blank), (1, 1, 1));
    let expected = body(json!({
        "title": { "ja": "新薬", "en": "New drug" },
        "funder": "alpha",
        "phase": "beta",
        "disease_areas": ["alpha", "beta"],
        "started_on": "2025-04-01",
        "money": [
            { "fiscal_year": 2025, "amount_yen": 1000 },
            { "fiscal_year": 2026, "amount_yen": 2000 },
        ],
        "programme": shirube_model::ident::RecordId::derive("PGM", "pgm", "7"),
        "uses_database": true,
    }));
    assert_eq!(record(&store, "project", "P-1").await.unwrap().body, expected);
    let second = record(&store, "project", "P-2").await.unwrap().body;
    assert_eq!(second["title"]["ja"], "二行\nの題");
    assert_eq!(second["programme"], json!(id("programme", "PG-1")));
    assert_eq!(second["uses_database"], false);
    assert_eq!(report.dangling.get("programme"), Some(&2));
    let event = store.events_after(0, 1).await.unwrap().remove(0);
    assert_eq!(event.actor, "tester");
    assert!(event.reason.starts_with("試験 [import:"), "{}", event.reason);
}

#[tokio::test]
async fn a_mapping_reads_the_table_of_an_office_in_cp932() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), StoreClass::Live).await;
    let text = "番号,枝番,課題名,Title,機関,開始日,R7予算,R8予算,段階,前課題,備考,メモ\r\n\
                25/1,a,創薬の研究,,甲,令和7年4月1日,\"1,500\",2.5,前臨床,A-1、A-2,-,x\r\n\
                25/1,b,別の研究,Other,乙,2025-04-01,,,,,-,\r\n";
    let input = encoding_rs::SHIFT_JIS.encode(text).0.into_owned();
    let mapping = r#"
        kind = "project"
        source = "amed"
        key = ["番号", "枝番"]
        reason = "課題一覧の写し"
        ignore = ["備考"]
        [columns]
        title.ja = "課題名"
        title.en = { column = "Title", default = "(untitled)" }
        funder = "機関"
        started_on = { column = "開始日", date = "era" }
        money = { years = { 2025 = "R7予算", 2026 = "R8予算" }, times = 1000 }
        phase = { column = "段階", codes = { "前臨床" = "beta" } }
        builds_on = { column = "前課題", split = "、", system = "find" }
        integrated_project = { const = "gamma-3" }
    "#;
    let report = take(&store, &input, &mapped(mapping)).await.unwrap();
    assert_eq!(
        (report.counts.created, report.unmapped.as_slice()),
        (1, ["メモ".to_owned()].as_slice())
    );
    assert_eq!(codes(&report), [("import.date.form", 1)]);
    let made = all(&store, "project").await.remove(0);
    assert_eq!(made.id, shirube_model::ident::RecordId::derive("PRJ", "amed", r"25\/1/a"));
    let find = |key| shirube_model::ident::RecordId::derive("PRJ", "find", key);
    let expected = body(json!({
        "title": { "ja": "創薬の研究", "en": "(untitled)" },
        "funder": "alpha",
        "started_on": "2025-04-01",
        "money": [
            { "fiscal_year": 2025, "amount_yen": 1_500_000 },
            { "fiscal_year": 2026, "amount_yen": 2_500 },
        ],
        "phase": "beta",
        "builds_on": [find("A-1"), find("A-2")],
        "integrated_project": "gamma-3",
    }));
    assert_eq!(made.body, expected);
}

#[tokio::test]
async fn objects_become_records() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), StoreClass::Live).await;
    let lines = [
        json!({
            "source_key": 7, "title": { "ja": "題", "en": "T" }, "funder": "甲",
            "started_on": "R7.4.1", "money": [{ "fiscal_year": 2025, "amount_yen": 5 }],
            "disease_areas": ["First", "beta"], "uses_database": 1, "memo": "x",
        }),
        json!({ "source_key": "8", "title.ja": "題", "title.en": "T", "funder": "alpha",
            "started_on": "2025-04-01", "disease_areas": [] }),
        json!({ "source_key": "9", "title": "題", "funder": "alpha", "started_on": "2025-04-01" }),
        json!({ "source_key": "10", "title": { "ja": "題", "en": "T", "fr": "T" },
            "funder": "alpha", "started_on": "2025-04-01" }),
        json!({ "source_key": "11", "title": { "ja": "題", "en": "T" }, "funder": "alpha",
            "started_on": "2025-04-01", "disease_areas": "alpha;beta" }),
        json!({ "source_key": 1.5, "funder": "alpha" }),
    ];
    let input: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let report = take(&store, &input, &options("project")).await.unwrap();
    check_sum(&report);
    assert_eq!(report.counts.created, 2);
    assert_eq!(
        codes(&report),
        [
            ("import.row.no-key", 1),
            ("registers.field.not-a-list", 1),
            ("registers.field.wrong-type", 2),
        ]
    );
    assert_eq!(report.unmapped, ["memo"]);
    let made = record(&store, "project", "7").await.unwrap().body;
    assert_eq!(made["disease_areas"], json!(["alpha", "beta"]));
    assert_eq!(made["uses_database"], true);
    assert!(!record(&store, "project", "8").await.unwrap().body.contains_key("disease_areas"));
}

#[tokio::test]
async fn columns_that_are_missing_keep_their_values_and_blank_cells_clear_them() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), StoreClass::Live).await;
    let first = "source_key,title.ja,title.en,funder,started_on,number,phase\nP,題,T,alpha,2025-04-01,N-1,beta\n";
    take(&store, first, &options("project")).await.unwrap();
    let second = "source_key,title.en,phase\nP,New title,\n";
    let report = take(&store, second, &options("project")).await.unwrap();
    assert_eq!((report.counts.corrected, report.counts.quarantined), (1, 0));
    assert_eq!(report.unfed, ["title.ja", "funder", "started_on"]);
    let expected = body(json!({
        "title": { "ja": "題", "en": "New title" }, "funder": "alpha",
        "started_on": "2025-04-01", "number": "N-1",
    }));
    assert_eq!(record(&store, "project", "P").await.unwrap().body, expected);
    // A new record of such a file lacks its required fields.
    let report = take(&store, "source_key,phase\nQ,beta\n", &options("project")).await.unwrap();
    assert_eq!(codes(&report), [("registers.field.missing", 1)]);
}

#[tokio::test]
async fn rows_with_one_key_are_not_guessed_between() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), StoreClass::Live).await;
    let row = |key: &str, title: &str| format!("{key},{title},T,alpha,2025-04-01\n");
    let input = [
        "source_key,title.ja,title.en,funder,started_on\n".to_owned(),
        row("A", "一"),
        row("B", "二"),
        row("A", "一"),
        row("A", "三"),
    ]
    .concat();
    for batch_rows in [1, 100] {
        let options = shirube_exchange::ImportOptions { batch_rows, ..options("project") };
        let report = take(&store, &input, &options).await.unwrap();
        assert_eq!((report.counts.repeated, report.counts.quarantined), (1, 1));
        let refusal = &report.samples[0][0];
        assert_eq!(refusal.code, "import.row.same-key");
        assert_eq!((refusal.args["first"].as_str(), refusal.args["second"].as_str()), ("1", "4"));
        assert_eq!((refusal.place.row, refusal.place.line), (Some(4), Some(5)));
    }
    assert_eq!(record(&store, "project", "A").await.unwrap().body["title"]["ja"], "一");
    assert_eq!(events(&store).await, 2);
}

#[tokio::test]
async fn a_row_is_refused_with_every_reason_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), StoreClass::Live).await;
    let input = format!("{HEADER}P,題,,nobody,,,2025-02-30,2025,CTR-000000000000,maybe\n");
    let report = take(&store, &input, &options("project")).await.unwrap();
    let found: Vec<_> = report.samples[0]
        .iter()
        .map(|refusal| (refusal.place.field.as_deref().unwrap(), refusal.code))
        .collect();
    let expected = [
        ("programme", "registers.ref.wrong-kind"),
        ("funder", "import.code.unknown"),
        ("started_on", "core.date.unreadable"),
        ("money", "import.year-amount.unreadable"),
        ("uses_database", "import.bool.unreadable"),
    ];
    assert_eq!(found, expected);
    assert_eq!(events(&store).await, 0);
}

#[tokio::test]
async fn bad_files_and_options_are_refused_as_a_whole() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), StoreClass::Live).await;
    let cases: [(&[u8], shirube_exchange::ImportOptions, &str); 9] = [
        (b"", options("project"), "import.file.empty"),
        (b"\xff\xfea\0", options("project"), "import.file.utf16"),
        (b"source_key,source_key\n", options("project"), "import.header.twice"),
        (b"title.ja\n", options("project"), "import.header.no-key"),
        (b"source_key\n1\n", options("projct"), "import.kind.unknown"),
        (b"source_key\n1\n", shirube_exchange::ImportOptions::new("a", "b"), "import.kind.missing"),
        (
            b"source_key\n1\n",
            shirube_exchange::ImportOptions { source: None, ..options("project") },
            "import.source.missing",
        ),
        (
            b"source_key\n1\n",
            shirube_exchange::ImportOptions { actor: " ".into(), ..options("project") },
            "store.actor-blank",
        ),
        (
            b"no\n1\n",
            mapped("kind='project'\nsource='s'\nkey='No'"),
            "import.mapping.column-absent",
        ),
    ];
    for (input, options, code) in cases {
        let error = take(&store, input, &options).await.unwrap_err();
        assert_eq!(error.code(), code);
        for refusal in error.refusals() {
            for lang in Lang::ALL {
                assert!(!refusal.remedy(lang).is_empty(), "{code} {lang:?}");
            }
        }
    }
    let absent = Input::Path(dir.path().join("absent.csv"));
    let codes = shirube_exchange::Codes::unchecked();
    let options = options("project");
    let result = shirube_exchange::import(&store, absent, &codes, &options, &mut Silent).await;
    assert_eq!(result.unwrap_err().code(), "import.file.unreadable");
    assert_eq!(events(&store).await, 0);
}

#[tokio::test]
async fn damaged_rows_do_not_stop_the_others() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), StoreClass::Live).await;
    let mut input = b"source_key,title.ja,title.en,funder,started_on\n".to_vec();
    let good = |key: &str| format!("{key},題,T,alpha,2025-04-01\n").into_bytes();
    input.extend(good("1"));
    input.extend(b"2,\xe9\x9d,T,alpha,2025-04-01\n");
    input.extend(b"3,a\0b,T,alpha,2025-04-01\n");
    input.extend(b"4,T,alpha,2025-04-01\n");
    input.extend(b"5,x,T,alpha,2025-04-01,6\n");
    input.extend(b"6,\"x\"y,T,alpha,2025-04-01\n");
    input.extend(format!("7,{},T,alpha,2025-04-01\n", "長".repeat(50)).into_bytes());
    input.extend(format!("8,{},T,alpha,2025-04-01\n", "x".repeat(500)).into_bytes());
    input.extend(format!("{},題,T,alpha,2025-04-01\n", "k".repeat(40)).into_bytes());
    input.extend(good("10"));
    input.extend(b"11,\"x,T,alpha,2025-04-01\n");
    input.extend(good("12"));
    let limits = Limits { row_bytes: 400, cell_bytes: 100, key_chars: 30, ..Limits::default() };
    let options = shirube_exchange::ImportOptions { limits, ..options("project") };
    let report = take(&store, &input, &options).await.unwrap();
    check_sum(&report);
    assert_eq!(report.counts.created, 3);
    assert_eq!(
        codes(&report),
        [
            ("import.row.cell-too-long", 1),
            ("import.row.columns", 2),
            ("import.row.encoding", 1),
            ("import.row.key-too-long", 1),
            ("import.row.nul", 1),
            ("import.row.quote-open", 1),
            ("import.row.quote-stray", 1),
            ("import.row.too-long", 1),
        ]
    );
    let few =
        shirube_exchange::ImportOptions { limits: Limits { rows: 3, ..limits }, ..options.clone() };
    let error = take(&store, &input, &few).await.unwrap_err();
    assert_eq!(error.code(), "import.file.too-many-rows");
}

#[tokio::test]
async fn values_of_internal_fields_stay_out_of_messages() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), StoreClass::Live).await;
    let input = "source_key,person_key,programme,subject,enrolled_on,employer_at_training,employer_confirmed_on\n\
                 1,p,TRP-1,alpha,2025-04-01,SECRET: x,SECRET2\n";
    let report = take(
        &store,
        input,
        &shirube_exchange::ImportOptions { source: Some("src".into()), ..options("enrolment") },
    )
    .await
    .unwrap();
    assert_eq!(report.counts.quarantined, 1);
    let words = [report.lines(Lang::Ja), report.lines(Lang::En)].concat().join("\n");
    assert!(!words.contains("SECRET"), "{words}");
    assert!(words.contains("core.date.unreadable"), "{words}");
    let directory = report.quarantine.unwrap();
    let kept = std::fs::read_to_string(directory.join("rows.ndjson")).unwrap();
    let entry: Value = serde_json::from_str(&kept).unwrap();
    assert!(!entry["refusals"].to_string().contains("SECRET"));
    assert!(entry["raw"].as_str().unwrap().contains("SECRET2"));
}

#[tokio::test]
async fn references_within_the_file_do_not_dangle() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), StoreClass::Live).await;
    let mut input = "source_key,title.ja,title.en,funder,started_on,builds_on\n".to_owned();
    for n in 0..50 {
        input += &format!("{n},題,T,alpha,2025-04-01,{};{}\n", (n + 1) % 50, n + 1000);
    }
    for mode in [dry(&options("project")), options("project")] {
        let report = take(&store, &input, &mode).await.unwrap();
        assert_eq!(report.counts.created, 50);
        assert_eq!(report.dangling.get("builds_on"), Some(&50));
    }
    let record = record(&store, "project", "0").await.unwrap();
    assert_eq!((record.standing, record.version), (Standing::Active, 1));
}

/// Notes what it hears.
#[derive(Default)]
struct Heard {
    total: u64,
    bytes: Vec<u64>,
    rows: u64,
    ended: bool,
}

impl shirube_exchange::Progress for Heard {
    fn start(&mut self, bytes: u64) {
        self.total = bytes;
    }

    fn advance(&mut self, bytes: u64, counts: &shirube_exchange::Counts) {
        self.bytes.push(bytes);
        self.rows = counts.rows;
    }

    fn finish(&mut self) {
        self.ended = true;
    }
}

fn is_send<T: Send>(value: T) -> T {
    value
}

#[tokio::test]
async fn progress_goes_from_the_first_to_the_last_byte() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), StoreClass::Live).await;
    let mut input = "source_key,title.ja,title.en,funder,started_on\n".to_owned();
    for n in 0..25 {
        input += &format!("{n},題,T,alpha,2025-04-01\n");
    }
    let options = shirube_exchange::ImportOptions { batch_rows: 10, ..options("project") };
    let path = dir.path().join("input.csv");
    std::fs::write(&path, &input).unwrap();
    let mut heard = Heard::default();
    let codes = shirube_exchange::Codes::unchecked();
    // A server runs imports and exports on any of its threads.
    is_send(shirube_exchange::import(&store, Input::Path(path), &codes, &options, &mut heard))
        .await
        .unwrap();
    assert_eq!((heard.bytes.len(), heard.rows, heard.ended), (3, 25, true));
    assert!(heard.bytes.is_sorted());
    assert_eq!((heard.bytes.last(), heard.total), (Some(&heard.total), input.len() as u64));
    let give = shirube_exchange::ExportOptions {
        kind: "project".to_owned(),
        as_of: shirube_store::AsOf::Now,
        format: shirube_exchange::ExportFormat::Parquet,
        fields: shirube_exchange::Fields::Public,
        pack_hash: String::new(),
        software: String::new(),
    };
    let mut out = Vec::new();
    let report = is_send(shirube_exchange::export(&store, &give, &mut out)).await.unwrap();
    assert_eq!(report.records, 25);
}
