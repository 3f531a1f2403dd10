//! Rows that ask for events.

use shirube_exchange::{ImportOptions, Mode};
use shirube_model::record::Standing;
use shirube_store::{AsOf, StoreClass};

use crate::base::*;

const HEADER: &str = "source_key,title.ja,title.en,funder,started_on,ended_on,action,reason,duplicate_of,recorded_at\n";

fn history() -> String {
    [
        HEADER,
        "A,一,One,alpha,2024-04-01,,create,採択,,2024-04-02 10:00\n",
        "A,一,One,alpha,2024-04-01,,transition:start,開始,,2024-05-01 10:00\n",
        "A,改,One,alpha,2024-04-01,,correct,訂正一,,2024-06-01 10:00\n",
        "A,一,One,alpha,2024-04-01,,correct,訂正二,,2024-07-01 10:00\n",
        "B,二,Two,alpha,2024-04-01,,create,採択,,2024-07-02 10:00\n",
        "B,,,,,,duplicate,重複,A,2024-07-03 10:00\n",
        "A,一,One,alpha,2024-04-01,2025-03-31,transition:complete,終了,,2025-04-01 10:00\n",
        "C,三,Three,alpha,2024-04-01,,create,採択,,2025-04-02 10:00\n",
        "C,,,,,,withdraw,取下げ,,2025-04-03 10:00\n",
        "C,,,,,,restore,取下げの取消し,,2025-04-04 10:00\n",
    ]
    .concat()
}

#[tokio::test]
async fn a_history_is_told_once_however_often_it_is_imported() {
    for batch_rows in [1, 3, 2_000] {
        let dir = tempfile::tempdir().unwrap();
        let store = open(dir.path(), StoreClass::Demo).await;
        let options = ImportOptions { batch_rows, ..options("project") };
        let dry_report = take(&store, history(), &dry(&options)).await.unwrap();
        assert_eq!(events(&store).await, 0);
        let report = take(&store, history(), &options).await.unwrap();
        assert_eq!(report.samples, Vec::<Vec<_>>::new());
        assert_eq!(dry_report.counts, report.counts);
        let c = &report.counts;
        assert_eq!((c.created, c.corrected, c.stepped, c.quarantined), (3, 2, 5, 0));
        assert_eq!(events(&store).await, 10);
        let a = record(&store, "project", "A").await.unwrap();
        assert_eq!((a.state.as_str(), a.version), ("completed", 5));
        assert_eq!(a.body["ended_on"], "2025-03-31");
        let b = record(&store, "project", "B").await.unwrap();
        assert_eq!((b.standing, b.duplicate_of), (Standing::Duplicate, Some(id("project", "A"))));
        let c = record(&store, "project", "C").await.unwrap();
        assert_eq!((c.standing, c.version), (Standing::Active, 3));
        let middle = "2024-06-15T00:00:00Z".parse().unwrap();
        let then = store.get(&id("project", "A"), AsOf::At(middle)).await.unwrap().unwrap();
        assert_eq!(
            (then.state.as_str(), then.body["title"]["ja"].as_str()),
            ("active", Some("改"))
        );
        for mode in [Mode::Write, Mode::Resume, Mode::DryRun] {
            let again = ImportOptions { mode, ..options.clone() };
            let report = take(&store, history(), &again).await.unwrap();
            assert_eq!((report.counts.unchanged, report.counts.rows), (10, 10), "{report:?}");
        }
        assert_eq!(events(&store).await, 10);
        let reasons: Vec<_> = store.history(&id("project", "A")).await.unwrap();
        assert!(reasons[2].reason.starts_with("訂正一 [import:"));
    }
}

#[tokio::test]
async fn actions_are_refused_by_code() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), StoreClass::Demo).await;
    let setup = [HEADER, "A,一,One,alpha,2024-04-01,,,,,\n", "B,二,Two,alpha,2024-04-01,,,,,\n"];
    take(&store, setup.concat(), &options("project")).await.unwrap();
    let cases = [
        ("A,,,,,,delete,,,", "import.action.unknown"),
        ("A,,,,,,transition:fly,,,", "registers.transition.unknown"),
        ("A,,,,,,transition:complete,,,", "registers.transition.not-from-here"),
        ("A,,,,,,duplicate,,,", "import.duplicate-of.missing"),
        ("A,,,,,,,,B,", "import.duplicate-of.not-asked"),
        ("A,,,,,,duplicate,,A,", "store.duplicate-of-itself"),
        ("A,,,,,,duplicate,,Z,", "store.record-unknown"),
        ("Z,,,,,,withdraw,,,", "import.row.unknown-record"),
        ("Z,z,Z,alpha,2024-04-01,,correct,,,", "import.row.unknown-record"),
        ("A,changed,One,alpha,2024-04-01,,withdraw,,,", "import.row.fields-with-action"),
        ("A,changed,One,alpha,2024-04-01,,create,,,", "store.source-known"),
        ("A,,,,,,withdraw,,,soon", "import.time.unreadable"),
    ];
    for (row, code) in cases {
        let input = format!("{HEADER}{row}\n");
        for options in [dry(&options("project")), options("project")] {
            let report = take(&store, &input, &options).await.unwrap();
            assert_eq!(codes(&report), [(code, 1)], "{row}");
        }
    }
    assert_eq!(events(&store).await, 2);
}

#[tokio::test]
async fn what_already_stands_is_no_event() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), StoreClass::Demo).await;
    let rows = ["A,一,One,alpha,2024-04-01,,,,,\n", "B,二,Two,alpha,2024-04-01,,,,,\n"];
    take(&store, [HEADER, rows[0], rows[1]].concat(), &options("project")).await.unwrap();
    for (row, made) in [
        ("A,,,,,,restore,,,\n", 0),
        ("A,,,,,,withdraw,,,\n", 1),
        ("A,,,,,,withdraw,another file,,\n", 0),
        ("A,,,,,,restore,first time,,\n", 1),
        ("A,,,,,,withdraw,a new file,,\n", 1),
        ("A,,,,,,restore,a new file,,\n", 1),
        ("B,,,,,,transition:start,,,\n", 1),
        ("B,,,,,,transition:start,again,,\n", 0),
        ("B,二,Two,alpha,2024-04-01,,create,,,\n", 0),
    ] {
        let report = take(&store, format!("{HEADER}{row}"), &options("project")).await.unwrap();
        let c = &report.counts;
        assert_eq!((c.stepped, c.unchanged), (made, 1 - made), "{row}");
    }
}

#[tokio::test]
async fn times_are_refused_for_real_evidence() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), StoreClass::Live).await;
    let report = take(&store, history(), &options("project")).await.unwrap();
    assert_eq!(codes(&report), [("import.time.live-store", 10)]);
    assert_eq!(events(&store).await, 0);
}

#[tokio::test]
async fn an_edited_export_is_a_correction_unless_somebody_was_first() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), StoreClass::Live).await;
    let first = "source_key,title,contract_type,effective_on,seeds\n\
                 1,=内部の題,alpha,2025-04-01,a;b\n2,題二,beta,2025-04-02,\n3,題三,beta,2025-04-02,\n";
    take(&store, first, &options("contract")).await.unwrap();
    let exported =
        String::from_utf8(give(&store, "contract", CSV, shirube_exchange::Fields::Public).await)
            .unwrap();
    assert!(!exported.contains("題二") && !exported.contains("_source_key"), "{exported}");
    let plain = ImportOptions { source: None, ..options("contract") };
    let report = take(&store, &exported, &plain).await.unwrap();
    assert_eq!((report.counts.unchanged, report.unmapped.len()), (3, 0));
    // The internal fields are not in the file and stay as they are.
    let edited = exported.replace("alpha", "gamma-3");
    let report = take(&store, &edited, &plain).await.unwrap();
    assert_eq!((report.counts.corrected, report.counts.unchanged), (1, 2));
    let body = record(&store, "contract", "1").await.unwrap().body;
    assert_eq!(
        (body["title"].as_str(), body["contract_type"].as_str()),
        (Some("=内部の題"), Some("gamma-3"))
    );
    // The same old export with another change would undo the one before.
    let late = exported.replace("alpha", "beta");
    let report = take(&store, &late, &plain).await.unwrap();
    assert_eq!(codes(&report), [("store.stale-edit", 1)]);
    let state = exported.replace("signed", "ended");
    let report = take(&store, &state, &plain).await.unwrap();
    assert_eq!(codes(&report), [("import.row.state-edited", 2), ("store.stale-edit", 1)]);
}
