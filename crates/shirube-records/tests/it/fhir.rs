//! FHIR files through the reference pack's views into snapshots.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Value as Json, json};
use shirube_records::{Identity, ImportOptions, Limits, Mapping, Snapshot, Source, import};

use crate::base::archived;
use crate::omop::{days, found_in, numbers, pseudonyms, rows};

fn mapping() -> Mapping {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packs/japan-2025/records");
    Mapping::read(&folder).unwrap()
}

/// One patient with one of everything the views take, in a bundle.
fn bundle(n: usize) -> Json {
    let patient = json!({"reference": format!("urn:uuid:patient-{n:05}-zz")});
    let encounter = json!({"reference": format!("Encounter/enc-{n:05}-zz")});
    let coded =
        |code: &str| json!({"coding": [{"system": "urn:test", "code": code}], "text": code});
    let time = format!("2021-{:02}-{:02}T10:20:30+09:00", 1 + n % 12, 1 + n % 28);
    let quantity = |value: f64| json!({"value": value, "unit": "mg", "code": "mg"});
    let resources = [
        json!({"resourceType": "Organization", "id": "hospital", "name": "Hospital", "type": [coded("prov")]}),
        json!({"resourceType": "Practitioner", "id": "doctor", "name": [{"family": "Doctorname"}], "gender": "female"}),
        json!({
            "resourceType": "Patient", "id": format!("patient-{n:05}-zz"), "gender": (["male", "female", "other"][n % 3]),
            "birthDate": "1960-04-05", "name": [{"family": format!("Family{n:05}zz"), "given": ["Given"]}],
            "identifier": [{"value": format!("MRN{n:05}zz")}], "telecom": [{"value": format!("+81-3-{n:05}-zz")}],
            "address": [{"line": [format!("{n:05} Street zz")], "postalCode": format!("{n:05}99")}],
            "deceasedDateTime": time
        }),
        json!({
            "resourceType": "Encounter", "id": format!("enc-{n:05}-zz"), "status": "finished", "class": {"code": "IMP"},
            "subject": patient, "period": {"start": time}, "serviceProvider": {"reference": "Organization/hospital"},
            "participant": [{"individual": {"reference": "Practitioner/doctor"}}]
        }),
        json!({
            "resourceType": "Condition", "id": "c", "subject": patient, "encounter": encounter, "code": coded("E11.9"),
            "onsetDateTime": "2021-03", "note": [{"text": format!("Family{n:05}zz was seen")}]
        }),
        json!({"resourceType": "Condition", "id": "void", "subject": patient, "code": coded("X"), "onsetDateTime": time,
               "verificationStatus": {"coding": [{"code": "entered-in-error"}]}}),
        json!({"resourceType": "Procedure", "id": "p", "status": "completed", "subject": patient, "code": coded("K1"),
               "performedPeriod": {"start": time, "end": time}}),
        json!({"resourceType": "Observation", "id": "o1", "status": "final", "subject": patient, "encounter": encounter,
               "code": coded("L1"), "effectiveDateTime": time, "valueQuantity": quantity(5.5)}),
        json!({"resourceType": "Observation", "id": "o2", "status": "final", "subject": patient, "code": coded("BP"),
        "effectiveDateTime": time, "component": [
            {"code": coded("SYS"), "valueQuantity": quantity(120.0)},
            {"code": coded("POS"), "valueString": "sitting"},
            {"code": coded("DIA"), "valueQuantity": quantity(80.0)}
        ]}),
        json!({"resourceType": "Observation", "id": "o3", "status": "final", "subject": patient, "code": coded("SMOKE"),
               "effectiveDateTime": time, "valueCodeableConcept": coded("never")}),
        json!({"resourceType": "MedicationRequest", "id": "1", "status": "active", "subject": patient,
               "authoredOn": time, "medicationCodeableConcept": coded("D1")}),
        json!({"resourceType": "MedicationAdministration", "id": "1", "status": "completed", "subject": patient,
               "effectiveDateTime": time, "medicationCodeableConcept": coded("D2")}),
        json!({"resourceType": "MedicationStatement", "id": "1", "status": "active", "subject": patient,
               "effectivePeriod": {"start": "2020"}, "dateAsserted": time, "medicationCodeableConcept": coded("D3")}),
        json!({"resourceType": "Immunization", "id": "1", "status": "completed", "patient": patient,
               "occurrenceDateTime": time, "vaccineCode": coded("V1")}),
        json!({"resourceType": "AllergyIntolerance", "id": "a", "patient": patient, "recordedDate": time, "code": coded("NUT")}),
        json!({"resourceType": "DiagnosticReport", "id": "r", "status": "final", "subject": patient, "issued": time, "code": coded("R1")}),
        json!({"resourceType": "Coverage", "id": "v", "status": "active", "beneficiary": patient, "period": {"start": "2021-04-01"}}),
        json!({"resourceType": "Claim", "id": "k1", "status": "active", "use": "claim", "patient": patient, "created": "2021-04-01",
               "insurance": [{"coverage": {"reference": "Coverage/v"}}], "total": {"value": 1234.5, "currency": "JPY"},
               "diagnosis": [{"sequence": 1, "diagnosisCodeableConcept": coded("I10")},
                             {"sequence": 2, "diagnosisReference": {"reference": "Condition/c"}}],
               "procedure": [{"sequence": 1, "date": "2021-04-02", "procedureCodeableConcept": coded("K2")},
                             {"sequence": 2, "procedureReference": {"reference": "Procedure/p"}}],
               "item": [{"sequence": 1, "productOrService": coded("A"), "encounter": [encounter]}]}),
        json!({"resourceType": "Claim", "id": "k2", "status": "active", "use": "claim", "patient": patient, "created": time,
               "prescription": {"reference": "MedicationRequest/1"}, "total": {"value": 99},
               "item": [{"sequence": 1, "productOrService": coded("A"), "encounter": [encounter]}]}),
        json!({"resourceType": "Claim", "id": "k3", "status": "active", "use": "predetermination", "patient": patient,
               "total": {"value": 5}, "item": [{"encounter": [encounter]}]}),
        json!({"resourceType": "CarePlan", "id": "x", "subject": patient}),
    ];
    let entries: Vec<Json> =
        resources.iter().map(|r| json!({"fullUrl": "urn:x", "resource": r})).collect();
    json!({"resourceType": "Bundle", "type": "collection", "entry": entries})
}

struct Bench {
    folder: tempfile::TempDir,
}

impl Bench {
    fn new(bundles: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("in")).unwrap();
        for n in 0..bundles {
            let path = folder.path().join(format!("in/Family{n:05}zz.json"));
            std::fs::write(path, serde_json::to_string_pretty(&bundle(n)).unwrap()).unwrap();
        }
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn import(&self, store: &str, change: impl Fn(&mut ImportOptions<'_>)) -> Snapshot {
        let mut options = ImportOptions::new("test", pseudonyms(self.folder.path(), "p", 30));
        options.packed = false;
        change(&mut options);
        let source = Source::Fhir(self.path("in"), Box::new(mapping()));
        let snapshot = import(&self.path(store), &source, &options).unwrap();
        snapshot.verify().unwrap();
        snapshot
    }
}

#[test]
fn every_view_of_the_pack_fills_its_table() {
    let bench = Bench::new(6);
    let snapshot = bench.import("s", |_| ());
    let expected = [
        ("care_site", 1),
        ("condition_occurrence", 12),
        ("cost", 12),
        ("death", 6),
        ("drug_exposure", 24),
        ("measurement", 18),
        ("observation", 18),
        ("payer_plan_period", 6),
        ("person", 6),
        ("procedure_occurrence", 12),
        ("provider", 1),
        ("visit_occurrence", 6),
    ];
    let expected: BTreeMap<String, u64> =
        expected.iter().map(|(table, rows)| ((*table).to_owned(), *rows)).collect();
    assert_eq!(snapshot.manifest.rows, expected);
    assert_eq!(snapshot.manifest.quarantined, BTreeMap::new());
    assert_eq!(snapshot.manifest.records_read, 6 * 21);
    assert_eq!(snapshot.manifest.repeated["care_site"], 5);
    assert_eq!(snapshot.manifest.unmapped["drug_exposure.drug_source_value"], 24);

    // References lead where they should, and rows of one table have their own keys.
    let all = |table: &str, column: &str| numbers(&snapshot, table, column);
    let persons = all("person", "person_id");
    for table in ["condition_occurrence", "measurement", "drug_exposure", "observation", "death"] {
        assert!(all(table, "person_id").iter().all(|id| persons.contains(id)), "{table}");
    }
    let visits = all("visit_occurrence", "visit_occurrence_id");
    assert!(all("condition_occurrence", "visit_occurrence_id").iter().all(|v| visits.contains(v)));
    assert_eq!(
        all("visit_occurrence", "care_site_id"),
        vec![all("care_site", "care_site_id")[0]; 6]
    );
    assert_eq!(all("visit_occurrence", "visit_concept_id"), vec![9201; 6]);
    assert_eq!(all("person", "gender_concept_id"), vec![8507, 8532, 0, 8507, 8532, 0]);
    // A charge leads to its visit or its prescription, and to the insurance.
    let events = all("cost", "cost_event_id");
    let drugs = all("drug_exposure", "drug_exposure_id");
    let of_visits = events.iter().filter(|event| visits.contains(event)).count();
    let of_drugs = events.iter().filter(|event| drugs.contains(event)).count();
    assert_eq!((of_visits, of_drugs), (6, 6));
    let plans = all("payer_plan_period", "payer_plan_period_id");
    assert!(
        all("cost", "payer_plan_period_id")
            .iter()
            .filter(|id| **id != 0)
            .all(|id| plans.contains(id))
    );
    assert_eq!(snapshot.manifest.unmapped["condition_occurrence.condition_source_value"], 12);
    // The four drugs of one person have one id in their sources.
    let drugs: std::collections::BTreeSet<i64> =
        all("drug_exposure", "drug_exposure_id")[..4].iter().copied().collect();
    assert_eq!(drugs.len(), 4);
}

#[test]
fn dates_come_from_the_best_that_is_written() {
    let bench = Bench::new(1);
    let snapshot = bench.import("s", |o| o.identity = pseudonyms(bench.folder.path(), "p", 0));
    let day = |y, m, d| {
        let date = chrono::NaiveDate::from_ymd_opt(y, m, d).unwrap();
        i32::try_from((date - chrono::NaiveDate::from_ymd_opt(1970, 1, 1).unwrap()).num_days())
            .unwrap()
    };
    let all = |table: &str, column: &str| days(&snapshot, table, column);
    let mut conditions = all("condition_occurrence", "condition_start_date");
    conditions.sort_unstable();
    assert_eq!(conditions, [day(2021, 3, 1), day(2021, 4, 1)]);
    assert!(all("procedure_occurrence", "procedure_date").contains(&day(2021, 4, 2)));
    assert_eq!(all("visit_occurrence", "visit_end_date"), [day(2021, 1, 1)]);
    assert_eq!(all("payer_plan_period", "payer_plan_period_end_date"), [day(2099, 12, 31)]);
    // Request, administration, statement and immunization share a table.
    let mut starts = all("drug_exposure", "drug_exposure_start_date");
    starts.sort_unstable();
    assert_eq!(starts, [day(2020, 1, 1), day(2021, 1, 1), day(2021, 1, 1), day(2021, 1, 1)]);
}

#[test]
fn threads_and_interruptions_do_not_change_a_byte() {
    let bench = Bench::new(8);
    let small =
        |o: &mut ImportOptions<'_>| o.limits = Limits { batch_bytes: 2_000, ..Limits::default() };
    let one = bench.import("one", |o| {
        small(o);
        o.threads = 1;
    });
    for threads in [2, 4] {
        let other = bench.import(&format!("s{threads}"), |o| {
            small(o);
            o.threads = threads;
        });
        assert_eq!(other.id, one.id);
    }
    for stop_at in [0, 1, 2, 5, 9] {
        let steps = std::sync::atomic::AtomicUsize::new(0);
        let go_on = || steps.fetch_add(1, std::sync::atomic::Ordering::SeqCst) < stop_at;
        let mut options = ImportOptions::new("test", pseudonyms(bench.folder.path(), "p", 30));
        options.packed = false;
        small(&mut options);
        options.go_on = &go_on;
        let source = Source::Fhir(bench.path("in"), Box::new(mapping()));
        let store = format!("stop{stop_at}");
        let error = import(&bench.path(&store), &source, &options).unwrap_err();
        assert_eq!(error.code(), "records.import.stopped");
        assert_eq!(Snapshot::list(&bench.path(&store)).unwrap(), Vec::<String>::new());
        assert_eq!(bench.import(&store, small).id, one.id);
    }
}

#[test]
fn no_identifier_of_a_patient_is_in_any_byte_of_a_snapshot() {
    let bench = Bench::new(12);
    let snapshot = bench.import("s", |_| ());
    let mut forms = Vec::new();
    for n in 0..12 {
        for text in [
            format!("patient-{n:05}-zz"),
            format!("enc-{n:05}-zz"),
            format!("Family{n:05}zz"),
            format!("MRN{n:05}zz"),
            format!("81-3-{n:05}"),
            format!("{n:05} Street"),
            format!("{n:05}99"),
        ] {
            forms.push((text.clone(), text.into_bytes()));
        }
    }
    forms.push(("provider".to_owned(), b"Doctorname".to_vec()));
    assert_eq!(found_in(&snapshot.folder, &forms), Vec::<String>::new());
    // All of them are in the input, under the same search.
    let found = found_in(&bench.path("in"), &forms);
    assert!(forms.iter().all(|(name, _)| found.iter().any(|f| f.starts_with(name))));
}

#[test]
fn a_bad_record_is_left_out_whole_and_named_by_its_place() {
    let bench = Bench::new(0);
    let observation = |id: &str, time: &str, value: Json| {
        json!({"resourceType": "Observation", "id": id, "status": "final", "subject": {"reference": "Patient/1"},
               "code": {"coding": [{"code": "BP"}]}, "effectiveDateTime": time,
               "component": [{"valueQuantity": {"value": 1}}, {"valueQuantity": {"value": value}}]})
        .to_string()
    };
    let lines = [
        observation("good", "2021-01-01", json!(2)),
        observation("word", "2021-01-01", json!("two")),
        observation("never", "1021-01-01", json!(2)),
        "{\"resourceType\": \"Observation\"".to_owned(),
        "{\"resourceType\": \"Observation\", \"effectiveDateTime\": \"2021\", \"effectiveDateTime\": \"2022\"}"
            .to_owned(),
        "{\"resourceType\": \"Patient\", \"id\": \"nobody\"}".to_owned(),
        "[]".to_owned(),
        observation("again", "2021-01-02", json!(3)),
    ];
    std::fs::write(bench.path("in/a.ndjson"), lines.join("\n")).unwrap();
    let snapshot = bench.import("s", |_| ());
    let quarantine = std::fs::read_to_string(snapshot.folder.join("quarantine.csv")).unwrap();
    assert_eq!(
        quarantine.lines().collect::<Vec<_>>(),
        [
            "file,line,field,code",
            "1,2,measurement.value_as_number,records.row.number",
            "1,3,measurement.measurement_date,records.row.date",
            "1,4,,records.json.syntax",
            "1,5,,records.json.repeated",
            "1,6,person.year_of_birth,records.row.required",
        ]
    );
    // A table whose rows were all refused is there without any.
    let rows_of = |name: &str| snapshot.manifest.rows.get(name).copied();
    assert_eq!((rows_of("measurement"), rows_of("person")), (Some(4), Some(0)));
    assert_eq!(rows(&snapshot, "measurement")[0].num_rows(), 4);
}

#[test]
fn what_does_not_fit_is_refused_beforehand() {
    let view = |name: &str, column: &str| json!({"resource": "Patient", "name": name, "select": [{"column": [{"name": column, "path": "id"}]}]});
    let cases = [
        (view("people", "person_id"), "records.mapping.table"),
        (view("person", "shoe_size"), "records.mapping.column"),
        (view("person", "person_id"), "records.mapping.missing"),
    ];
    for (definition, code) in cases {
        assert_eq!(Mapping::of(&[definition]).unwrap_err().code(), code);
    }
    let bench = Bench::new(1);
    let options = ImportOptions::new("test", Identity::AsGiven);
    let source = Source::Fhir(bench.path("in"), Box::new(mapping()));
    assert_eq!(
        import(&bench.path("s"), &source, &options).unwrap_err().code(),
        "records.import.keys"
    );
}

#[test]
fn the_public_exports_come_in_whole() {
    let Some(files) = archived("fhir/bulk_10-patients/") else { return };
    let bench = Bench::new(0);
    let mut patients = 0;
    for (name, bytes) in files {
        let name = Path::new(&name).file_name().unwrap().to_owned();
        if name.to_string_lossy().starts_with("Patient") {
            patients = bytes.iter().filter(|b| **b == b'\n').count() as u64;
        }
        std::fs::write(bench.path("in").join(name), bytes).unwrap();
    }
    let snapshot = bench.import("s", |_| ());
    let m = &snapshot.manifest;
    println!(
        "rows {:?}\nquarantined {:?}\nrepeated {:?}\nunmapped {:?}",
        m.rows, m.quarantined, m.repeated, m.unmapped
    );
    assert_eq!(m.rows["person"], patients);
    assert!(m.rows["condition_occurrence"] > 100 && m.rows["visit_occurrence"] > 100);
}
