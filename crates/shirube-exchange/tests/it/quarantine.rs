//! What is kept of refused rows.

use serde_json::Value;
use shirube_exchange::{ImportOptions, Mode};
use shirube_model::lang::Lang;
use shirube_store::StoreClass;

use crate::base::*;

const HEADER: &str = "source_key,メモ,title.ja,title.en,funder,started_on,number\n";

#[tokio::test]
async fn refused_rows_are_kept_exactly_and_can_be_mended() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), StoreClass::Live).await;
    let rows = [
        "1,x,題,T,alpha,2025-04-01,N\n",
        "2,\"a, \"\"b\"\"\",題,T,nobody,2025-04-01,'=1\n",
        "3,x,題,T,alpha,2025-02-30,-5\n",
        "4,short,row\n",
    ];
    let input = format!("{HEADER}{}", rows.concat());
    let options = ImportOptions { lang: Lang::En, ..options("project") };
    let report = take(&store, &input, &options).await.unwrap();
    assert_eq!((report.counts.created, report.counts.quarantined), (1, 3));
    let directory = report.quarantine.clone().unwrap();
    assert!(directory.starts_with(dir.path().join("quarantine")));
    let kept = std::fs::read_to_string(directory.join("rows.ndjson")).unwrap();
    let entries: Vec<Value> = kept.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(entries.len(), 3);
    for (entry, row) in entries.iter().zip(&rows[1..]) {
        assert_eq!(entry["raw"].as_str().unwrap(), row.trim_end());
        let (from, to) = (entry["bytes"][0].as_u64().unwrap(), entry["bytes"][1].as_u64().unwrap());
        let range = usize::try_from(from).unwrap()..usize::try_from(to).unwrap();
        assert_eq!(&input[range], *row);
    }
    assert_eq!(entries[0]["refusals"][0]["field"], "funder");
    assert_eq!(entries[0]["refusals"][0]["code"], "import.code.unknown");
    for lang in ["ja", "en"] {
        assert!(entries[0]["refusals"][0]["message"][lang].as_str().unwrap().contains("nobody"));
        assert!(!entries[0]["refusals"][0]["remedy"][lang].as_str().unwrap().is_empty());
    }
    let summary: Value =
        serde_json::from_slice(&std::fs::read(directory.join("summary.json")).unwrap()).unwrap();
    assert_eq!((&summary["rows"], &summary["quarantined"]), (&4.into(), &3.into()));
    assert_eq!(summary["unmapped"][0], "メモ");

    let table = std::fs::read_to_string(directory.join("rows.csv")).unwrap();
    assert!(table.starts_with("\u{feff}source_key,メモ,"), "{table}");
    // Not mended, the same rows are refused for the same reasons.
    let again = take(&store, &table, &options).await.unwrap();
    assert_eq!((again.counts.created, again.counts.quarantined), (0, 3));
    let mended = table.replace("nobody", "beta").replace("2025-02-30", "2025-03-01");
    let report = take(&store, &mended, &options).await.unwrap();
    assert_eq!((report.counts.created, report.counts.quarantined), (2, 1));
    assert_eq!(report.unmapped, ["メモ"]);
    let numbers = ["2", "3"].map(|key| record(&store, "project", key));
    let [two, three] = numbers;
    assert_eq!(two.await.unwrap().body["number"], "=1");
    assert_eq!(three.await.unwrap().body["number"], "-5");
    // The table of the second import has the three added columns once.
    let directory = report.quarantine.unwrap();
    let table = std::fs::read_to_string(directory.join("rows.csv")).unwrap();
    assert_eq!(table.matches("_code").count(), 1, "{table}");
    assert_eq!(events(&store).await, 3);
}

#[tokio::test]
async fn damaged_bytes_are_kept_as_hex() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), StoreClass::Live).await;
    let mut input = HEADER.as_bytes().to_vec();
    let row = b"1,\xff\xfe,\xe9\xa1\x8c,T,alpha,2025-04-01,N";
    input.extend(row);
    let report = take(&store, &input, &options("project")).await.unwrap();
    assert_eq!(codes(&report), [("import.row.encoding", 1)]);
    let kept = std::fs::read_to_string(report.quarantine.unwrap().join("rows.ndjson")).unwrap();
    let entry: Value = serde_json::from_str(&kept).unwrap();
    assert_eq!(entry["raw_hex"].as_str().unwrap(), hex(row));
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test]
async fn refused_objects_can_be_mended() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), StoreClass::Live).await;
    let input = "{\"source_key\":\"1\",\"title\":{\"ja\":\"題\",\"en\":\"T\"},\"funder\":\"nobody\",\"started_on\":\"2025-04-01\"}\n{broken\n";
    let report = take(&store, input, &options("project")).await.unwrap();
    assert_eq!(codes(&report), [("import.code.unknown", 1), ("import.json.unreadable", 1)]);
    let directory = report.quarantine.unwrap();
    let mend = std::fs::read_to_string(directory.join("mend.ndjson")).unwrap();
    assert_eq!(mend.lines().count(), 1);
    let mended = mend.replace("\"nobody\"", "\"beta\"");
    let report = take(&store, &mended, &options("project")).await.unwrap();
    assert_eq!((report.counts.created, report.unmapped.len()), (1, 0));
}

#[tokio::test]
async fn a_dry_run_leaves_no_trace() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), StoreClass::Live).await;
    let input = format!("{HEADER}1,x,題,T,nobody,2025-04-01,N\n2,x,題,T,alpha,2025-04-01,N\n");
    let report = take(&store, &input, &dry(&options("project"))).await.unwrap();
    assert_eq!((report.counts.created, report.counts.quarantined), (1, 1));
    assert_eq!(report.run, None);
    assert_eq!(report.samples.len(), 1);
    assert!(!dir.path().join("quarantine").exists());
    assert_eq!(events(&store).await, 0);
    assert!(report.lines(Lang::Ja)[0].contains("試行"));
}

#[tokio::test]
async fn no_quarantine_is_ever_written_over() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), StoreClass::Live).await;
    let input = format!("{HEADER}1,x,題,T,nobody,2025-04-01,N\n");
    let mut seen = std::collections::BTreeSet::new();
    for mode in [Mode::Write, Mode::Write, Mode::Resume] {
        let options = ImportOptions { mode, ..options("project") };
        let report = take(&store, &input, &options).await.unwrap();
        assert_eq!(report.resumed_after_row, None);
        assert!(seen.insert(report.run.unwrap()));
    }
    #[cfg(unix)]
    for run in &seen {
        use std::os::unix::fs::PermissionsExt;
        let path = dir.path().join("quarantine").join(run).join("rows.ndjson");
        assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[tokio::test]
async fn a_quarantine_that_cannot_be_written_stops_the_import() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), StoreClass::Live).await;
    let blocked = dir.path().join("file");
    std::fs::write(&blocked, "x").unwrap();
    let options = ImportOptions { quarantine: Some(blocked), ..options("project") };
    let error = take(&store, format!("{HEADER}1,x,題,T,alpha,2025-04-01,N\n"), &options).await;
    assert_eq!(error.unwrap_err().code(), "import.quarantine.unwritable");
    assert_eq!(events(&store).await, 0);
}
