//! Budget review sheets into a store: versions by year, every sheet accounted
//! for, the same again changes nothing.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use shirube_exchange::{
    REVIEW_SYSTEM, ReviewOptions, ReviewReport, import_review_sheets, read_sheets,
};
use shirube_model::ident::RecordId;
use shirube_model::lang::{Lang, LocalText};
use shirube_model::plan::{Term, Vocabulary};
use shirube_model::record::RecordVersion;
use shirube_store::{AsOf, Store, StoreClass};

use crate::base::{all, open};

/// The public data set, where it lies beside the repository.
pub fn data_set() -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/data/review-sheets-2021-2023.tar.zst");
    let found = path.is_file();
    if !found {
        println!("skipped: the data set of review sheets is not at {}", path.display());
    }
    found.then_some(path)
}

fn ministries() -> Vocabulary {
    let term = |(code, ja): (&str, &str)| Term {
        code: code.to_owned(),
        label: LocalText::new(ja, code),
        valid_from: None,
        valid_to: None,
        successors: Vec::new(),
        note: None,
    };
    Vocabulary {
        id: "ministries".to_owned(),
        title: LocalText::new("府省庁", "Ministries"),
        source: LocalText::new("試験", "Test"),
        terms: [
            ("厚", "厚生労働省"),
            ("消費", "消費者庁"),
            ("健", "内閣府 健康・医療戦略推進事務局"),
            ("警", "国家公安委員会、警察庁"),
        ]
        .map(term)
        .to_vec(),
    }
}

/// A sheet as the data set writes it: money of three years before, the year
/// itself and the request for the next.
fn sheet(year: i32, number: &str, name: &str, ministry: &str, money: [f64; 3]) -> Value {
    let [first, second, third] = money;
    let row = |of: i32, initial: f64| {
        json!({
            "年度": of, "当初予算": initial, "補正予算": 0.0, "前年度から繰越し": 0.0,
            "翌年度へ繰越し": 0.0, "予備費等": 0.0, "予算計": initial, "執行額": initial - 0.5,
        })
    };
    json!({
        "公開年度": year, "事業番号": number, "事業名": name, "府省庁": ministry,
        "担当部局庁": "医政局", "担当課室": "研究開発政策課", "作成責任者": "課長　某",
        "開始年度": 2015, "会計区分": ["一般会計"], "事業目的": "治験の推進", "事業概要": "補助",
        "予算": [
            row(year - 3, first), row(year - 2, second), row(year - 1, third),
            { "年度": year + 1, "要求額": third + 1.0 },
        ],
        "支出先": [
            { "年度": year - 1, "グループ": "A", "番号": 1, "支出先名": "国税庁", "法人番号": "7000012050002",
              "業務概要": "調査", "支出額": 1.5 },
            { "年度": year - 1, "グループ": "A", "番号": 2, "支出先名": "組合", "法人番号": "2000012120001",
              "業務概要": "調査", "支出額": 0.5 },
            { "年度": year - 1, "グループ": "B", "番号": 1, "支出先名": "個人A", "法人番号": null,
              "業務概要": "", "支出額": 0.1 },
        ],
    })
}

/// Six sheets of three years that make three programmes, and four bad files.
fn write(dir: &Path) {
    let put = |path: &str, text: &str| {
        let path = dir.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    let sheets = [
        (
            "2023/c1",
            sheet(2023, "2023-厚労-22-0007", "治験等推進事業", "厚生労働省", [12.0, 13.0, 14.0]),
        ),
        (
            "2021/a1",
            sheet(2021, "2021-厚労-20-0001", "治験推進事業", "厚生労働省", [10.0, 11.0, 12.0]),
        ),
        (
            "2022/b1",
            sheet(2022, "2022-厚労-21-0004", "治験　推進事業", "厚生労働省", [11.0, 12.0, 13.0]),
        ),
        (
            "2022/b2",
            sheet(2022, "2022-厚労-21-0005", "食品の確認", "厚生労働省", [51.0, 52.0, 53.0]),
        ),
        ("2023/c2", sheet(2023, "2023-消費-22-0001", "食品の確認", "消費者庁", [52.0, 53.0, 54.0])),
        ("2023/c3", sheet(2023, "2023-警察-新23-0001", "新しい事業", "警察庁", [0.0, 0.0, 0.0])),
        ("2023/bad-number", sheet(2023, "2022-復興-新22-0004", "別の年の番号", "復興庁", [1.0; 3])),
        ("2023/z-twice", sheet(2023, "2023-厚労-22-0007", "番号の重なり", "厚生労働省", [1.0; 3])),
    ];
    for (path, sheet) in sheets {
        put(&format!("{path}.json"), &sheet.to_string());
    }
    let mut reversed = sheet(2021, "2021-厚労-20-0009", "終わりが先", "厚生労働省", [1.0; 3]);
    reversed["終了年度"] = json!(2010);
    put("2021/reversed.json", &reversed.to_string());
    put("2021/broken.json", "{");
    put("2021/.hidden.json", "{");
    put("2021/readme.txt", "not a sheet");
}

async fn take(store: &Store, input: &Path) -> ReviewReport {
    let options = ReviewOptions::new("tester", "試験");
    import_review_sheets(store, input, &ministries(), &options).await.unwrap()
}

async fn programme(store: &Store, number: &str) -> RecordVersion {
    let id = RecordId::derive("BGP", REVIEW_SYSTEM, number);
    store.get(&id, AsOf::Now).await.unwrap().unwrap()
}

#[tokio::test]
async fn three_years_of_a_programme_are_versions_of_one_record() {
    let (dir, at) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    write(dir.path());
    let store = open(at.path(), StoreClass::Live).await;
    let report = take(&store, dir.path()).await;
    assert_eq!((report.sheets, report.created, report.versions), (10, 3, 3));
    assert_eq!((report.unchanged, report.quarantined), (0, 4));
    assert_eq!(report.corporate_numbers, [6, 6, 6]);
    assert_eq!(report.payments_recorded, 18);

    let record = programme(&store, "2021-厚労-20-0001").await;
    assert_eq!(record.version, 3);
    let body = &record.body;
    assert_eq!(body["name"], json!("治験等推進事業"));
    assert_eq!(body["earlier_names"], json!(["治験 推進事業"]));
    assert_eq!(body["ministry"], json!("厚"));
    assert_eq!(body["matched_by"], json!(["first", "same_name", "budget_history"]));
    let years: Vec<_> =
        body["initial"].as_array().unwrap().iter().map(|m| &m["fiscal_year"]).collect();
    assert_eq!(years, [2018, 2019, 2020, 2021, 2022]);
    assert_eq!(body["requested"].as_array().unwrap().len(), 3);
    assert_eq!(body["executed"][0], json!({ "fiscal_year": 2018, "amount_yen": 9_500_000 }));
    assert!(!body.contains_key("作成責任者") && !body.to_owned().values().any(|v| v == "課長　某"));

    let history = store.history(&record.id).await.unwrap();
    let published: Vec<_> = history.iter().map(|event| &event.body["published_year"]).collect();
    assert_eq!(published, [2021, 2022, 2023]);

    let moved = programme(&store, "2022-厚労-21-0005").await;
    assert_eq!(moved.body["ministry_printed"], json!("消費者庁"));
    assert_eq!(moved.body["matched_by"], json!(["first", "moved_ministry"]));
    let police = programme(&store, "2023-警察-新23-0001").await;
    assert_eq!(police.body["ministry"], json!("警"));
    store.close().await.unwrap();
}

#[tokio::test]
async fn every_refused_sheet_lies_in_the_quarantine_with_words_in_both_languages() {
    let (dir, at) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    write(dir.path());
    let store = open(at.path(), StoreClass::Live).await;
    let report = take(&store, dir.path()).await;
    let codes: Vec<_> = report.refusals.iter().map(|(code, n)| (code.as_str(), *n)).collect();
    assert_eq!(
        codes,
        [
            ("import.review.json", 1),
            ("import.review.number-twice", 1),
            ("import.review.number-year", 1),
            ("registers.budget_programme.ends-before-start", 1),
        ]
    );
    let path = report.quarantine.as_ref().unwrap().join("sheets.ndjson");
    let text = std::fs::read_to_string(path).unwrap();
    let rows: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(rows.len(), 4);
    for row in &rows {
        for part in ["message", "remedy"] {
            let words = &row["refusals"][0][part];
            assert!(
                words["ja"] != words["en"] && !words["ja"].as_str().unwrap().is_empty(),
                "{row}"
            );
        }
    }
    for lang in Lang::ALL {
        assert!(report.lines(lang).iter().any(|line| line.contains("10")), "{lang:?}");
    }
    store.close().await.unwrap();
}

#[tokio::test]
async fn the_same_again_changes_nothing_and_a_mended_sheet_changes_its_programme() {
    let (dir, at) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    write(dir.path());
    let store = open(at.path(), StoreClass::Live).await;
    let first = take(&store, dir.path()).await;
    let head = store.head().await.unwrap();
    let again = take(&store, dir.path()).await;
    assert_eq!(store.head().await.unwrap(), head);
    assert_eq!((again.created, again.versions, again.unchanged), (0, 0, 6));
    assert_eq!((again.payments_recorded, again.payments_unchanged), (0, first.payments_recorded));
    assert_eq!(again.quarantined, first.quarantined);

    let mended =
        sheet(2023, "2023-厚労-22-0007", "治験等推進事業", "厚生労働省", [12.0, 13.0, 15.0]);
    std::fs::write(dir.path().join("2023/c1.json"), mended.to_string()).unwrap();
    let report = take(&store, dir.path()).await;
    assert_eq!((report.versions, report.unchanged), (1, 5));
    let record = programme(&store, "2021-厚労-20-0001").await;
    assert_eq!(record.version, 4);
    assert_eq!(record.body["sheet_numbers"].as_array().unwrap().len(), 3);
    store.close().await.unwrap();
}

#[tokio::test]
async fn years_may_come_one_by_one_and_in_an_archive() {
    let (dir, at, packed) =
        (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    write(dir.path());
    let (one, other) = (
        open(&at.path().join("1"), StoreClass::Live).await,
        open(&at.path().join("2"), StoreClass::Live).await,
    );
    take(&one, dir.path()).await;
    for year in ["2021", "2022", "2023"] {
        let path = packed.path().join(format!("{year}.tar.zst"));
        let file = zstd::stream::write::Encoder::new(std::fs::File::create(&path).unwrap(), 1);
        let mut archive = tar::Builder::new(file.unwrap());
        archive.append_dir_all("data", dir.path().join(year)).unwrap();
        archive.into_inner().unwrap().finish().unwrap();
        take(&other, &path).await;
    }
    for kind in ["budget_programme", "budget_payment"] {
        let bodies = |records: Vec<RecordVersion>| -> Vec<_> {
            records.into_iter().map(|r| (r.id, r.version, r.body)).collect()
        };
        assert_eq!(bodies(all(&one, kind).await), bodies(all(&other, kind).await), "{kind}");
    }
    one.close().await.unwrap();
    other.close().await.unwrap();
}

#[tokio::test]
async fn an_input_without_sheets_is_refused() {
    let (dir, at) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = open(at.path(), StoreClass::Live).await;
    let options = ReviewOptions::new("tester", "試験");
    let noise = dir.path().join("noise.tar.zst");
    std::fs::write(&noise, b"no archive").unwrap();
    let cases = [
        (dir.path().to_owned(), "import.review.none"),
        (dir.path().join("absent"), "import.file.unreadable"),
        (noise, "import.review.archive"),
    ];
    for (path, code) in cases {
        let result = import_review_sheets(&store, &path, &ministries(), &options).await;
        assert_eq!(result.unwrap_err().code(), code, "{}", path.display());
    }
    store.close().await.unwrap();
}

/// The public data set: every sheet is accounted for.
#[tokio::test]
async fn the_data_set_is_imported_whole() {
    let Some(path) = data_set() else { return };
    let sheets = read_sheets(&path).unwrap();
    assert_eq!(sheets.read.len() + sheets.refused.len(), 16_061);
    drop(sheets);
    let at = tempfile::tempdir().unwrap();
    let store = open(at.path(), StoreClass::Live).await;
    let options = ReviewOptions { payments: false, ..ReviewOptions::new("tester", "試験") };
    let report = import_review_sheets(&store, &path, &ministries(), &options).await.unwrap();
    println!("{report:#?}");
    assert_eq!(report.created + report.versions + report.unchanged + report.quarantined, 16_061);
    // Sheets that are refused are few enough to be named.
    assert!(report.quarantined <= 5, "{:?}", report.refusals);
    // Most sheets of the second and third year continue a programme.
    assert!(report.versions > 8_500, "{}", report.versions);
    let [valid, _, invalid] = report.corporate_numbers;
    assert_eq!(invalid, 3);
    assert!(valid > 199_000);
    store.close().await.unwrap();
}
