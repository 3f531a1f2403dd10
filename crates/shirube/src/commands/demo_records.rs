//! Made-up health records for the demo: a population, imported as real records
//! are, behind a gate.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use shirube_records::population::Population;
use shirube_records::{Identity, ImportOptions, PseudonymKey, Pseudonyms, Source, import};
use shirube_testkit::demo::demo_today;
use shirube_web::{DATA_SETS_FILE, HealthData};

use crate::output::{Failure, Out};

/// Who asks, in the demo.
pub(crate) const RESEARCHER: &str = "researcher";
/// Directory of the records, inside the demo's.
const FOLDER: &str = "health";
/// Policy of the data set with reviewers.
const REVIEWED: &str = "reviewed.toml";
/// A data set whose answers go out at once, and one whose answers wait for two
/// reviewers.
const CLAIMS: &str = "made-up-claims";
const REGISTRY: &str = "made-up-registry";
/// Most persons of the second one.
const REGISTRY_PERSONS_MAX: u64 = 1_000;

fn folder(demo: &Path) -> PathBuf {
    demo.join(FOLDER)
}

/// The health records of a demo, where it was made with some.
pub(crate) fn open(demo: &Path) -> Result<Option<Arc<HealthData>>, Failure> {
    let folder = folder(demo);
    if !folder.join(DATA_SETS_FILE).try_exists()? {
        return Ok(None);
    }
    Ok(Some(Arc::new(HealthData::open(&folder)?)))
}

/// Makes the records; the same for the same persons and seed.
pub(crate) fn make(demo: &Path, persons: u64, seed: u64, out: &Out) -> Result<(), Failure> {
    if persons == 0 {
        return Ok(());
    }
    out.note(out.with("cli.demo.persons", &[("persons", persons.to_string())]));
    let folder = folder(demo);
    let claims = imported(&folder, CLAIMS, persons, seed)?;
    let registry =
        imported(&folder, REGISTRY, persons.min(REGISTRY_PERSONS_MAX), seed.wrapping_add(1))?;
    std::fs::write(folder.join(REVIEWED), reviewed_policy())?;
    // Written last: what is named there is there.
    std::fs::write(folder.join(DATA_SETS_FILE), data_sets(&claims, &registry))?;
    Ok(())
}

/// Makes a population and imports it as real records are; the snapshot's id.
fn imported(folder: &Path, id: &str, persons: u64, seed: u64) -> Result<String, Failure> {
    let input = folder.join("input");
    Population { seed, persons, until: demo_today() }.write_omop(&input)?;
    let key = PseudonymKey::of_made_up_records();
    let pseudonyms = Pseudonyms::new(&key, id, "demo", 0)?;
    let options = ImportOptions::new(id, Identity::Pseudonyms(Box::new(pseudonyms)));
    let snapshot = import(folder, &Source::Omop(input.clone()), &options)?;
    std::fs::remove_dir_all(&input)?;
    Ok(snapshot.id)
}

/// The rules of the claims, with two reviewers before anything goes out.
fn reviewed_policy() -> &'static str {
    r#"id = "reviewed"
version = 1
gate = "ndb-publication"
class_disclosure = "off"
institutions_unknown = "pass"
too_close = "refuse"
equal = "too_close"
close_min = 10
queries_max = 100
cells_max = 5000
review = "always"
rows_max = 200000000
too_costly = "queue"
"#
}

fn data_sets(claims: &str, registry: &str) -> String {
    format!(
        r#"# Data sets of the demo. Nobody in them is real.
[[data_set]]
id = "{CLAIMS}"
title = {{ ja = "架空の請求データ", en = "Made-up claims" }}
policy = "ndb-publication"
snapshot = "{claims}"
made_up = true

[data_set.about]
ja = "日本の年齢・性・都道府県の構成に合わせて作った架空の人々の、受診、傷病名、薬、検査値、請求、死亡の記録です。"
en = "Visits, diagnoses, drugs, laboratory values, claims and deaths of made-up people, with Japan's structure by age, sex and prefecture."

[[data_set.permit]]
id = "DEMO-1"
accounts = ["{RESEARCHER}"]

[[data_set]]
id = "{REGISTRY}"
title = {{ ja = "架空の症例登録", en = "Made-up registry" }}
policy = "{REVIEWED}"
snapshot = "{registry}"
made_up = true

[data_set.about]
ja = "架空の人々の記録です。問合せの結果は、2人の審査者が認めてから公表します。"
en = "Records of made-up people. Every answer waits for two reviewers."

[[data_set.permit]]
id = "DEMO-2"
accounts = ["{RESEARCHER}"]
"#
    )
}
