//! The fuzz entries on inputs that come near to good ones.

use proptest::prelude::*;
use shirube_exchange::{fuzz_csv, fuzz_mapping, fuzz_ndjson};
use shirube_model::registers::KINDS;

use crate::bodies;

/// Replaces some bytes of good input.
fn damage(mut bytes: Vec<u8>, changes: &[(prop::sample::Index, u8)]) -> Vec<u8> {
    for (at, byte) in changes {
        if !bytes.is_empty() {
            let at = at.index(bytes.len());
            bytes[at] = *byte;
        }
    }
    bytes
}

fn changes() -> impl Strategy<Value = Vec<(prop::sample::Index, u8)>> {
    let byte = prop_oneof![any::<u8>(), prop::sample::select(b"\",;:'=\\\n\r{}[]".to_vec())];
    proptest::collection::vec((any::<prop::sample::Index>(), byte), 0..6)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn readers_never_panic(
        kind in 0..KINDS.len(), cells in proptest::collection::vec(r#"[=+';\\:0-9a-z年月日令和"]{0,8}"#, 30),
        changes in changes(), shift: bool,
    ) {
        let schema = KINDS[kind];
        let names: Vec<String> = std::iter::once("source_key".to_owned())
            .chain(shirube_exchange::export_columns(schema.kind, shirube_exchange::Fields::All).unwrap())
            .collect();
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(&names).unwrap();
        writer.write_record(names.iter().enumerate().map(|(n, _)| &cells[n % cells.len()])).unwrap();
        let choice = u8::try_from(kind + if shift { 128 } else { 0 }).unwrap();
        let mut bytes = vec![choice];
        bytes.extend(damage(writer.into_inner().unwrap(), &changes));
        fuzz_csv(&bytes);
        fuzz_ndjson(&bytes);
        fuzz_mapping(&bytes);
    }

    #[test]
    fn objects_read_back(kind in 0..KINDS.len(), seed: u64, changes in changes()) {
        let mut runner = proptest::test_runner::TestRunner::new_with_rng(
            ProptestConfig::default(),
            proptest::test_runner::TestRng::from_seed(
                proptest::test_runner::RngAlgorithm::ChaCha, &{
                    let mut bytes = [0; 32];
                    bytes[..8].copy_from_slice(&seed.to_le_bytes());
                    bytes
                },
            ),
        );
        use proptest::strategy::ValueTree;
        let mut body = bodies::body(KINDS[kind]).new_tree(&mut runner).unwrap().current();
        body.insert("source_key".to_owned(), "1".into());
        let mut bytes = vec![u8::try_from(kind).unwrap()];
        bytes.extend(damage(serde_json::to_vec(&body).unwrap(), &changes));
        fuzz_ndjson(&bytes);
    }

    #[test]
    fn mappings_never_panic(changes in changes()) {
        let good = "kind = \"project\"\nsource = \"s\"\nkey = [\"番号\"]\n[columns]\ntitle.ja = \"件名\"\n\
                    phase = { column = \"a\", codes = { \"x\" = \"y\" }, split = \";\", date = \"era\", times = 10 }\n\
                    money = { years = { 2025 = \"b\" } }\n[event]\naction = \"a\"\n";
        fuzz_mapping(&damage(good.as_bytes().to_vec(), &changes));
    }
}
