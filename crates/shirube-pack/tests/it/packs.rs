use std::path::{Path, PathBuf};

use shirube_model::lang::Lang;
use shirube_pack::{CheckOptions, Pack, PackFaults, check};

fn directory(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packs").join(name)
}

fn passes(name: &str) -> Pack {
    let pack = match Pack::read(&directory(name)) {
        Ok(pack) => pack,
        Err(faults) => panic!("{} faults\n{}", faults.0.len(), faults.text(Lang::En)),
    };
    let faults = check(&pack, &CheckOptions { directory: Some(name.to_owned()) });
    let count = faults.len();
    assert!(faults.is_empty(), "{count} faults\n{}", PackFaults(faults).text(Lang::En));
    assert_eq!(pack.placeholders(), Vec::<String>::new());
    assert_eq!(pack.notes, vec![]);
    pack
}

#[test]
fn japan_2025_holds_together() {
    let pack = passes("japan-2025");
    let counts = pack.counts;
    // The counts are those of the strategy, and the check holds the pack to them.
    assert_eq!(
        [counts.headings, counts.measures, counts.ministries, counts.governance],
        [Some(125), Some(272), Some(19), Some(11)]
    );
    assert_eq!(
        [counts.source_notes, counts.goals, counts.indicators, counts.series],
        [Some(23), Some(9), Some(45), Some(47)]
    );
    assert_eq!(counts.unpublished_baselines, Some(5));
}

#[test]
fn example_prefecture_holds_together() {
    let pack = passes("example-prefecture");
    assert_eq!((pack.measures.len(), pack.counts.indicators), (10, Some(5)));
}
