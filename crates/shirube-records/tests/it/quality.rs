//! The quality report: rules one by one, the public data, bounded memory.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use chrono::NaiveDate;
use shirube_model::lang::Lang;
use shirube_records::population::Population;
use shirube_records::quality::{
    CheckName, CheckResult, Level, QualityReport, Reason, Status, Thresholds, quality,
    quality_html, quality_page, quality_within,
};
use shirube_records::{Identity, ImportOptions, Snapshot, Source, import};

use crate::base::archived;
use crate::omop::{bench, pseudonyms};

fn day(y: i32, m: u32, d: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(y, m, d).unwrap()
}

fn own() -> Thresholds {
    Thresholds::own(day(2025, 3, 31))
}

fn snapshot(root: &Path, tables: &[(&str, &str, &[&str])], identity: Identity) -> Snapshot {
    let input = root.join("quality-input");
    std::fs::create_dir_all(&input).unwrap();
    for (table, header, rows) in tables {
        let text = format!("{header}\n{}\n", rows.join("\n"));
        std::fs::write(input.join(format!("{table}.csv")), text).unwrap();
    }
    let options = ImportOptions::new("test", identity);
    let snapshot = import(&root.join("quality-store"), &Source::Omop(input), &options).unwrap();
    assert!(snapshot.manifest.quarantined.is_empty(), "{:?}", snapshot.manifest.quarantined);
    snapshot
}

fn find<'r>(report: &'r QualityReport, check: &str, table: &str, field: &str) -> &'r CheckResult {
    let check = CheckName::of(check).unwrap();
    let mut found = report.checks.iter().filter(|c| {
        c.name == check && c.table == table && c.field.as_deref().unwrap_or_default() == field
    });
    found.next().unwrap_or_else(|| panic!("{check:?} {table}.{field}"))
}

const PERSON: &str = "person_id,gender_concept_id,year_of_birth,month_of_birth,day_of_birth,race_concept_id,ethnicity_concept_id,location_id";
const VISIT: &str = "visit_occurrence_id,person_id,visit_concept_id,visit_start_date,visit_end_date,visit_type_concept_id";
const CONDITION: &str = "condition_occurrence_id,person_id,condition_concept_id,condition_start_date,condition_end_date,condition_type_concept_id,visit_occurrence_id,condition_source_value";
const MEASUREMENT: &str = "measurement_id,person_id,measurement_concept_id,measurement_date,measurement_type_concept_id,value_as_number,unit_concept_id,unit_source_value";

/// A data set in which every rule is broken a known number of times.
fn broken() -> Vec<(&'static str, &'static str, &'static [&'static str])> {
    vec![
        (
            "person",
            PERSON,
            &[
                "1,8507,1950,6,15,0,0,7",
                "2,8532,1960,1,1,0,0,",
                "3,8507,1870,13,0,0,0,",
                "4,0,2000,1,1,0,0,",
            ],
        ),
        ("location", "location_id,city", &["1,X"]),
        (
            "observation_period",
            "observation_period_id,person_id,observation_period_start_date,observation_period_end_date,period_type_concept_id",
            &[
                "1,1,2010-01-01,2010-12-31,0",
                "2,1,2011-01-01,2011-12-31,0",
                "3,2,2010-01-01,2010-12-31,0",
                "4,2,2011-01-02,2011-12-31,0",
                "5,3,2010-01-01,2012-12-31,0",
                "6,3,2011-01-02,2011-12-31,0",
            ],
        ),
        ("death", "person_id,death_date,death_type_concept_id", &["2,2015-01-01,0"]),
        (
            "visit_occurrence",
            VISIT,
            &[
                "10,1,9202,2014-01-01,2014-01-05,32810",
                "10,1,9202,2014-02-01,2014-02-01,32810",
                "11,2,9202,2014-03-05,2014-03-01,32810",
            ],
        ),
        (
            "condition_occurrence",
            CONDITION,
            &[
                // Eight days before the visit; then seven.
                "1,1,201,2013-12-24,2013-12-25,32817,10,A",
                "2,1,201,2013-12-25,,32817,10,A",
                // Before birth; ended before it began.
                "3,1,202,1950-06-14,1950-06-13,32817,,B",
                "4,1,0,1950-06-15,,32817,,C",
                // 60 and 61 days after death, and in the future.
                "5,2,0,2015-03-02,,32817,11,C",
                "6,2,301,2015-03-03,,32817,99,D",
                "7,9,999,2025-04-02,,32817,,",
                "8,4,4163261,2025-04-01,,32817,,E",
                "9,2,4163261,2014-01-01,,32817,,E",
            ],
        ),
        (
            "condition_era",
            "condition_era_id,person_id,condition_concept_id,condition_era_start_date,condition_era_end_date",
            &["1,1,201,2014-01-01,2014-01-01"],
        ),
        (
            "measurement",
            MEASUREMENT,
            &[
                "1,1,3036277,2014-01-01,0,170,8582,cm",
                "2,1,3036277,2014-01-01,0,1.7,8582,cm",
                "3,1,3036277,2014-01-01,0,170,9529,kg",
                "4,1,3036277,2014-01-01,0,,9529,kg",
            ],
        ),
        (
            "concept",
            "concept_id,concept_name,domain_id,vocabulary_id,concept_class_id,standard_concept,concept_code,valid_start_date,valid_end_date,invalid_reason",
            &[
                "0,None,Metadata,None,Undefined,,0,1970-01-01,2099-12-31,",
                "201,A,Condition,X,Clinical,S,A,1970-01-01,2099-12-31,",
                "202,B,Condition,X,Clinical,,B,1970-01-01,2099-12-31,",
                "301,D,Drug,X,Clinical,S,D,1970-01-01,2099-12-31,",
                "4163261,E,Condition,X,Clinical,S,E,1970-01-01,2099-12-31,D",
                "32817,T,Type Concept,X,Type,S,T,1970-01-01,2099-12-31,",
            ],
        ),
        (
            "concept_ancestor",
            "ancestor_concept_id,descendant_concept_id,min_levels_of_separation,max_levels_of_separation",
            &["4090861,4163261,1,1", "4090861,201,1,1"],
        ),
    ]
}

/// Check, table, field, violated, looked at.
const EXPECTED: [(&str, &str, &str, u64, u64); 33] = [
    ("cdmTable", "person", "", 0, 1),
    ("cdmTable", "drug_exposure", "", 1, 1),
    ("cdmField", "person", "year_of_birth", 0, 1),
    ("cdmDatatype", "person", "year_of_birth", 0, 4),
    ("isRequired", "person", "year_of_birth", 0, 4),
    ("isPrimaryKey", "visit_occurrence", "visit_occurrence_id", 2, 3),
    ("isForeignKey", "person", "location_id", 1, 4),
    ("isForeignKey", "condition_occurrence", "person_id", 1, 9),
    ("isForeignKey", "condition_occurrence", "visit_occurrence_id", 1, 9),
    ("isForeignKey", "condition_occurrence", "condition_concept_id", 1, 9),
    ("fkDomain", "condition_occurrence", "condition_concept_id", 1, 9),
    ("isStandardValidConcept", "condition_occurrence", "condition_concept_id", 3, 9),
    ("standardConceptRecordCompleteness", "condition_occurrence", "condition_concept_id", 2, 9),
    (
        "sourceConceptRecordCompleteness",
        "condition_occurrence",
        "condition_source_concept_id",
        0,
        9,
    ),
    // A, B, C, D, E and none.
    ("sourceValueCompleteness", "condition_occurrence", "condition_source_value", 1, 6),
    ("measureValueCompleteness", "condition_occurrence", "condition_end_date", 7, 9),
    ("measurePersonCompleteness", "condition_occurrence", "", 1, 4),
    ("measurePersonCompleteness", "observation_period", "", 1, 4),
    // Person 9, whom nobody knows, has a condition and no era too.
    ("measureConditionEraCompleteness", "condition_era", "", 3, 4),
    ("measureObservationPeriodOverlap", "observation_period", "", 2, 3),
    ("plausibleValueLow", "person", "year_of_birth", 1, 4),
    ("plausibleValueHigh", "person", "month_of_birth", 1, 4),
    ("plausibleValueLow", "person", "day_of_birth", 1, 4),
    ("plausibleValueHigh", "condition_occurrence", "condition_start_date", 1, 9),
    ("plausibleTemporalAfter", "condition_occurrence", "condition_end_date", 1, 9),
    ("plausibleStartBeforeEnd", "visit_occurrence", "visit_start_date", 1, 3),
    ("plausibleAfterBirth", "condition_occurrence", "condition_start_date", 1, 9),
    ("plausibleDuringLife", "condition_occurrence", "condition_start_date", 1, 3),
    ("plausibleBeforeDeath", "condition_occurrence", "condition_start_date", 1, 3),
    // Those of visits 10 and 11; the second visit of one key does not count.
    ("withinVisitDates", "condition_occurrence", "condition_start_date", 2, 3),
    ("plausibleGender", "condition_occurrence", "condition_concept_id", 2, 2),
    ("plausibleGenderUseDescendants", "condition_occurrence", "condition_concept_id", 2, 4),
    ("plausibleUnitConceptIds", "measurement", "measurement_concept_id", 1, 3),
];

#[test]
fn every_rule_finds_what_breaks_it() {
    let root = tempfile::tempdir().unwrap();
    let snapshot = snapshot(root.path(), &broken(), Identity::AsGiven);
    let report = quality(&snapshot, &own()).unwrap();
    for (check, table, field, violated, looked_at) in EXPECTED {
        let found = find(&report, check, table, field);
        let counted = (found.rows_violated, found.rows_looked_at);
        assert_eq!(counted, (violated, looked_at), "{check} {table}.{field}");
    }
    let low = report.checks.iter().find(|c| {
        c.name == CheckName::PlausibleValueLow && c.concept.as_deref() == Some("3036277 8582")
    });
    let low = low.unwrap();
    assert_eq!((low.level, low.rows_violated, low.rows_looked_at), (Level::Concept, 1, 2));
    assert_eq!(low.status, Status::Failed);
    assert_eq!((low.percent.to_string().as_str(), low.against.as_deref()), ("50", Some("20")));
    // Every kind is tried here but those of tables that are not there.
    let tried: BTreeSet<CheckName> = report
        .checks
        .iter()
        .filter(|c| !matches!(c.status, Status::NotApplicable(_)))
        .map(|c| c.name)
        .collect();
    let untried: Vec<_> = CheckName::ALL.into_iter().filter(|c| !tried.contains(c)).collect();
    assert_eq!(untried, [CheckName::FkClass]);
    // The report comes back from JSON as it was, and the totals add up.
    let json = serde_json::to_string(&report).unwrap();
    assert_eq!(serde_json::from_str::<QualityReport>(&json).unwrap(), report);
    let sum: u64 = report.totals.iter().map(|t| t.passed + t.failed + t.not_applicable).sum();
    assert_eq!(sum, report.checks.len() as u64);
}

#[test]
fn few_keys_in_memory_give_the_same_report() {
    let root = tempfile::tempdir().unwrap();
    let snapshot = snapshot(root.path(), &broken(), Identity::AsGiven);
    let whole = quality(&snapshot, &own()).unwrap();
    for keys_max in [1, 2, 3, 7] {
        assert_eq!(quality_within(&snapshot, &own(), keys_max).unwrap(), whole, "{keys_max}");
    }
    let population = Population { seed: 3, persons: 400, until: day(2025, 3, 31) };
    let folder = root.path().join("population");
    population.write_omop(&folder.join("in")).unwrap();
    let options = ImportOptions::new("made up", Identity::AsGiven);
    let snapshot = import(&folder, &Source::Omop(folder.join("in")), &options).unwrap();
    let whole = quality(&snapshot, &own()).unwrap();
    assert_eq!(quality_within(&snapshot, &own(), 37).unwrap(), whole);
    // The made-up population holds no vocabulary, and breaks no other rule.
    let failed: BTreeMap<(&str, &str), &str> = whole
        .checks
        .iter()
        .filter(|c| c.status == Status::Failed && c.name != CheckName::CdmTable)
        .map(|c| ((c.name.text(), c.table.as_str()), c.field.as_deref().unwrap_or_default()))
        .collect();
    let completeness = [
        "standardConceptRecordCompleteness",
        "sourceValueCompleteness",
        "sourceConceptRecordCompleteness",
    ];
    println!("{failed:?}");
    assert!(failed.keys().all(|(check, table)| {
        completeness.contains(check) || (*check, *table) == ("isForeignKey", "person")
    }));
}

#[test]
fn what_cannot_be_checked_says_why() {
    let bench = bench(5);
    let options = ImportOptions::new("test", pseudonyms(&bench.root, "p", 0));
    let snapshot = import(&bench.store, &Source::Omop(bench.input.clone()), &options).unwrap();
    let report = quality(&snapshot, &own()).unwrap();
    let reasons = [
        ("isRequired", "note", "note_text", Reason::LeftOut),
        ("isRequired", "drug_exposure", "drug_concept_id", Reason::NoTable),
        ("fkDomain", "condition_occurrence", "condition_concept_id", Reason::NoVocabulary),
        ("isForeignKey", "condition_occurrence", "condition_concept_id", Reason::NoVocabulary),
        ("plausibleBeforeDeath", "condition_occurrence", "condition_start_date", Reason::NoPartner),
        ("withinVisitDates", "condition_occurrence", "condition_start_date", Reason::NoPartner),
        ("plausibleGender", "condition_occurrence", "condition_concept_id", Reason::NothingToCheck),
        ("plausibleValueLow", "person", "birth_datetime", Reason::NothingToCheck),
    ];
    for (check, table, field, reason) in reasons {
        let status = find(&report, check, table, field).status;
        assert_eq!(status, Status::NotApplicable(reason), "{check} {table}.{field}");
    }
    let part = &snapshot.table("person").unwrap()[0];
    let mut bytes = std::fs::read(part).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(part, bytes).unwrap();
    assert_eq!(quality(&snapshot, &own()).unwrap_err().code(), "records.snapshot.damaged");
}

#[test]
fn the_page_is_whole_in_both_languages() {
    let root = tempfile::tempdir().unwrap();
    let mut snapshot = snapshot(root.path(), &broken(), Identity::AsGiven);
    snapshot.manifest.data_set = "<b>&\"x\"</b>".to_owned();
    let report = quality(&snapshot, &own()).unwrap();
    for lang in Lang::ALL {
        let page = quality_page(&report, lang);
        assert!(page.starts_with("<!doctype html>") && page.contains(&quality_html(&report, lang)));
        assert!(!page.contains("<b>") && page.contains("&lt;b&gt;&amp;&quot;x&quot;"));
        // A text that is missing comes back in brackets.
        assert!(!page.contains("[quality"), "{lang:?}");
        for tag in ["table", "section", "details", "div"] {
            let count = |text: &str| page.matches(text).count();
            assert_eq!(
                count(&format!("<{tag}>")) + count(&format!("<{tag} ")),
                count(&format!("</{tag}>"))
            );
        }
    }
    assert_ne!(quality_html(&report, Lang::Ja), quality_html(&report, Lang::En));
    assert!(quality_html(&report, Lang::Ja).contains("データセット"));
    // No day of anybody and no source value stands in it.
    for value in ["2013-12-24", "1950-06-14"] {
        assert!(!quality_page(&report, Lang::En).contains(value));
    }
}

#[test]
fn thresholds_that_cannot_be_read_are_refused_with_their_place() {
    let folder = tempfile::tempdir().unwrap();
    let today = day(2025, 3, 31);
    let code = || Thresholds::read(folder.path(), today).unwrap_err();
    assert_eq!(code().code(), "records.quality.no-thresholds");
    let path = folder.path().join("OMOP_CDMv5.4_Field_Level.csv");
    let write = |text: &str| std::fs::write(&path, text).unwrap();
    for (text, field) in [
        ("a,b\n1,2\n", "cdmTableName"),
        (
            "cdmTableName,cdmFieldName,plausibleValueLow\nPERSON,YEAR_OF_BIRTH,soon\n",
            "plausibleValueLow",
        ),
        (
            "cdmTableName,cdmFieldName,isRequired,isRequiredThreshold\nPERSON,PERSON_ID,Yes,few\n",
            "isRequiredThreshold",
        ),
    ] {
        write(text);
        let error = code();
        assert_eq!(error.code(), "records.quality.value");
        assert_eq!(error.refusal().place.field.as_deref(), Some(field));
    }
    write(
        "cdmTableName,cdmFieldName,plausibleValueHigh,plausibleValueHighThreshold\nPERSON,BIRTH_DATETIME,\"DATEADD(dd,1,GETDATE())\",1\n",
    );
    let thresholds = Thresholds::read(folder.path(), today).unwrap();
    assert_eq!(thresholds.checks.len(), 2);
    assert_ne!(thresholds.sha256, Thresholds::read(folder.path(), day(2025, 4, 1)).unwrap().sha256);
}

/// The dashboard's own files over the public data, each where it is at hand.
#[test]
fn the_dashboards_files_drive_the_report() {
    let Some(files) = archived("omop/dqd/") else { return };
    let folder = tempfile::tempdir().unwrap();
    let put = |under: &str, files: Vec<(String, Vec<u8>)>| {
        let under = folder.path().join(under);
        std::fs::create_dir_all(&under).unwrap();
        for (name, bytes) in files {
            std::fs::write(under.join(Path::new(&name).file_name().unwrap()), bytes).unwrap();
        }
        under
    };
    let thresholds = put("dqd", files);
    let thresholds = Thresholds::read(&thresholds, day(2025, 3, 31)).unwrap();
    let kinds: BTreeSet<CheckName> = thresholds.checks.iter().map(|c| c.check).collect();
    assert_eq!(kinds.len(), 27);
    for (data, persons) in [("omop/eunomia_gibleed/", 2_694), ("omop/synthea27nj/", 28)] {
        let Some(files) = archived(data) else { return };
        let input = put(data, files);
        let options = ImportOptions::new("public", Identity::AsGiven);
        let snapshot = import(folder.path(), &Source::Omop(input), &options).unwrap();
        let report = quality(&snapshot, &thresholds).unwrap();
        println!("{data}: {} checks, {} failed", report.checks.len(), report.failed());
        for total in &report.totals {
            println!("  {total:?}");
        }
        for check in report.checks.iter().filter(|c| c.status == Status::Failed) {
            println!(
                "  {} {}.{} {} of {} ({} > {})",
                check.name.text(),
                check.table,
                check.field.as_deref().unwrap_or_default(),
                check.rows_violated,
                check.rows_looked_at,
                check.percent,
                check.threshold_percent
            );
        }
        let person = find(&report, "isPrimaryKey", "person", "person_id");
        assert_eq!((person.rows_violated, person.rows_looked_at), (0, persons));
        assert!(report.checks.len() > 2_000);
    }
}
