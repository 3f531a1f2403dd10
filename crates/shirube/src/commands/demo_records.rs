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
const DATA_SET: &str = "made-up-claims";

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
    let input = folder.join("input");
    let population = Population { seed, persons, until: demo_today() };
    population.write_omop(&input)?;
    let key = PseudonymKey::of_made_up_records();
    let pseudonyms = Pseudonyms::new(&key, DATA_SET, "demo", 0)?;
    let options = ImportOptions::new(DATA_SET, Identity::Pseudonyms(Box::new(pseudonyms)));
    let snapshot = import(&folder, &Source::OmopCsv(input.clone()), &options)?;
    std::fs::remove_dir_all(&input)?;
    // Written last: what is named there is there.
    std::fs::write(folder.join(DATA_SETS_FILE), data_sets(&snapshot.id))?;
    Ok(())
}

fn data_sets(snapshot: &str) -> String {
    format!(
        r#"# Data sets of the demo. Nobody in them is real.
[[data_set]]
id = "{DATA_SET}"
title = {{ ja = "架空の請求データ", en = "Made-up claims" }}
policy = "ndb-publication"
snapshot = "{snapshot}"
made_up = true

[data_set.about]
ja = "日本の年齢・性・都道府県の構成に合わせて作った架空の人々の、受診、傷病名、薬、検査値、請求、死亡の記録です。"
en = "Visits, diagnoses, drugs, laboratory values, claims and deaths of made-up people, with Japan's structure by age, sex and prefecture."

[[data_set.permit]]
id = "DEMO-1"
accounts = ["{RESEARCHER}"]
"#
    )
}
