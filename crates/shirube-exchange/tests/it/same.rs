//! A dry run says what the import then does, and a second import does nothing.

use proptest::prelude::*;
use shirube_exchange::{ImportOptions, Report};
use shirube_store::StoreClass;

use crate::base::*;

fn row() -> impl Strategy<Value = String> {
    let title = prop_oneof![Just(""), Just("一"), Just("二"), Just("三")];
    let day =
        prop_oneof![5 => Just("2024-04-01"), 1 => Just("R6.4.1"), 1 => Just("x"), 1 => Just("")];
    let ended = prop_oneof![3 => Just(""), 1 => Just("2025-03-31")];
    let action = prop_oneof![
        6 => Just(""), 2 => Just("create"), 2 => Just("correct"), 2 => Just("withdraw"),
        2 => Just("restore"), 2 => Just("duplicate"), 2 => Just("transition:start"),
        2 => Just("transition:complete"), 1 => Just("transition:stop"), 1 => Just("nonsense"),
    ];
    let of = prop_oneof![3 => Just(""), 1 => Just("A"), 1 => Just("B"), 1 => Just("Z")];
    ("[ABC]", title, day, ended, action, of, "[rs]?").prop_map(
        |(key, title, day, ended, action, of, reason)| {
            // Marks name their original most of the time.
            let of = if action == "duplicate" || of == "Z" { of } else { "" };
            let (en, funder) = if title.is_empty() { ("", "") } else { ("T", "alpha") };
            format!("{key},{title},{en},{funder},{day},{ended},{action},{reason},{of}\n")
        },
    )
}

fn comparable(report: &Report) -> impl PartialEq + std::fmt::Debug + use<> {
    (report.counts.clone(), report.samples.clone(), report.dangling.clone())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn a_dry_run_says_what_happens(
        files in proptest::collection::vec(proptest::collection::vec(row(), 1..14), 1..4),
        batch_rows in 1usize..6,
        columns in 0usize..2,
    ) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let dir = tempfile::tempdir().unwrap();
            let store = open(dir.path(), StoreClass::Live).await;
            let options = ImportOptions { batch_rows, ..options("project") };
            for rows in &files {
                let mut input =
                    "source_key,title.ja,title.en,funder,started_on,ended_on,action,reason,duplicate_of\n"
                        .to_owned();
                // Half of the files have no column for events.
                if columns == 0 {
                    input = "source_key,title.ja,title.en,funder,started_on,ended_on,x1,x2,x3\n".to_owned();
                }
                input.extend(rows.iter().map(String::as_str));
                let told = take(&store, &input, &dry(&options)).await.unwrap();
                let before = store.head().await.unwrap().seq;
                let done = take(&store, &input, &options).await.unwrap();
                check_sum(&done);
                assert_eq!(comparable(&told), comparable(&done), "{input}");
                let after = store.head().await.unwrap().seq;
                let c = &done.counts;
                assert_eq!(after - before, c.created + c.corrected + c.stepped, "{input}");
                // Rows refused before may find what they lacked; nothing that
                // was recorded is recorded again.
                let again = take(&store, &input, &options).await.unwrap();
                let more = store.head().await.unwrap().seq - after;
                assert_eq!(more, c.quarantined - again.counts.quarantined, "{input}");
                let a = &again.counts;
                assert_eq!(more, a.created + a.corrected + a.stepped, "{input}");
            }
            events(&store).await;
        });
    }
}
