//! FHIR Consent and the register of choices.

use proptest::prelude::*;
use serde_json::{Value, json};
use shirube_exchange::{
    Codes, Entered, Numbers, enter_choices, enter_notices, for_each_consent, read_consent,
    read_notices, write_consent,
};
use shirube_model::ident::RecordId;
use shirube_model::record::{Body, RecordVersion, Standing};
use shirube_model::registers::{canonical, kind};
use shirube_store::{AsOf, StoreClass};

use crate::base::open;

fn person(reference: &str) -> Option<i64> {
    reference.strip_prefix("Patient/")?.parse::<i64>().ok().map(|n| n * 1_000)
}

fn document(id: &str) -> i64 {
    id.bytes().fold(7, |sum, byte| sum * 31 % 1_000_003 + i64::from(byte))
}

fn numbers() -> Numbers<'static> {
    Numbers { data_set: "D", person: &person, document: &document }
}

fn coded(system: &str, code: &str) -> Value {
    json!({ "coding": [{ "system": system, "code": code }] })
}

const TERMS: &str = "http://terminology.hl7.org/CodeSystem";

/// A Consent as another system writes it.
fn consent() -> Value {
    json!({
        "resourceType": "Consent", "id": "c1", "status": "active",
        "meta": { "versionId": "3" }, "text": { "status": "generated", "div": "<div>甲野</div>" },
        "scope": coded(&format!("{TERMS}/consentscope"), "patient-privacy"),
        "category": [coded("http://loinc.org", "59284-0")],
        "patient": { "reference": "Patient/4", "display": "甲野太郎" },
        "dateTime": "2025-04-01T20:00:00Z",
        "performer": [{ "reference": "Patient/4" }],
        "provision": { "type": "deny" },
    })
}

fn with(changes: Value) -> Value {
    let mut out = consent();
    out.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    out
}

fn recipient(code: &str) -> Value {
    json!({
        "role": coded(&format!("{TERMS}/v3-ParticipationType"), "IRCP"),
        "reference": { "identifier": { "system": "urn:shirube:recipient-class", "value": code } },
    })
}

fn reason(code: &str) -> Value {
    json!({ "system": format!("{TERMS}/v3-ActReason"), "code": code })
}

#[test]
fn a_refusal_with_an_exception_is_two_choices() {
    let text = with(json!({ "provision": {
        "type": "deny", "period": { "start": "2025-04-02" },
        "provision": [{
            "type": "permit", "purpose": [reason("HRESCH")], "actor": [recipient("academia")],
            "period": { "end": "2026-03-31" },
        }],
    } }));
    let read = read_consent(&text, &numbers()).unwrap();
    let common = json!({
        "data_set": "D", "person": "4000", "made_by": "self", "channel": "system",
        // Eight in the evening in London is the day after in Japan.
        "made_on": "2025-04-02", "effective_on": "2025-04-02",
    });
    let body = |more: Value| {
        let mut body = common.as_object().unwrap().clone();
        body.extend(more.as_object().unwrap().clone());
        body
    };
    assert_eq!(read.len(), 2);
    assert_eq!(
        (read[0].state, &read[0].body),
        ("in_effect", &body(json!({ "decision": "refuse" })))
    );
    let exception = body(json!({
        "decision": "permit", "purposes": ["research"], "recipients": ["academia"],
        "ends_on": "2026-03-31",
    }));
    assert_eq!(read[1].body, exception);
    assert_eq!(read[0].key.split('/').next(), read[1].key.split('/').next());
    assert_ne!(read[0].key, read[1].key);
    assert!(!read[0].key.contains("c1"));
}

#[test]
fn what_is_understood_is_read() {
    let opt_out = coded(&format!("{TERMS}/v3-ActCode"), "OPTOUT");
    let mut without = with(json!({ "policyRule": opt_out, "status": "proposed" }));
    without.as_object_mut().unwrap().remove("provision");
    let guardian = json!([{
        "resourceType": "RelatedPerson", "id": "g",
        "relationship": [coded(&format!("{TERMS}/v3-RoleCode"), "GUARD")],
    }]);
    let by_guardian = with(json!({ "contained": guardian, "performer": [{ "reference": "#g" }] }));
    let gone = with(json!({ "status": "inactive", "extension": [
        { "url": "urn:shirube:withdrawal", "extension": [
            { "url": "on", "valueDate": "2025-05-01" }, { "url": "by", "valueCode": "self" } ] },
        { "url": "urn:shirube:erasure-requested", "valueBoolean": true },
        { "url": "http://example.jp/unheard-of", "valueString": "x" },
    ] }));
    for (text, state, field, value) in [
        (&without, "recorded", "decision", json!("refuse")),
        (&by_guardian, "in_effect", "made_by", json!("guardian")),
        (&gone, "withdrawn", "withdrawn_on", json!("2025-05-01")),
        (&gone, "withdrawn", "erasure_requested", json!(true)),
        (&with(json!({ "dateTime": "2025-04-01" })), "in_effect", "made_on", json!("2025-04-01")),
    ] {
        let read = read_consent(text, &numbers()).unwrap();
        assert_eq!((read.len(), read[0].state), (1, state));
        assert_eq!(read[0].body[field], value);
        assert_eq!((kind("use_choice").unwrap().check)(&read[0].body), Ok(()));
    }
}

#[test]
fn what_is_not_understood_is_refused_and_not_quoted() {
    let deny = |more: Value| {
        let mut provision = json!({ "type": "deny" });
        provision.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({ "provision": provision })
    };
    let erase = json!([{ "url": "urn:shirube:erasure-requested", "valueBoolean": true }]);
    let opt_in = coded(&format!("{TERMS}/v3-ActCode"), "OPTIN");
    let rows = [
        (json!({ "status": "entered-in-error" }), "status"),
        (json!({ "status": "inactive" }), "withdrawal"),
        (json!({ "status": null }), "status"),
        (json!({ "scope": coded(&format!("{TERMS}/consentscope"), "research") }), "scope"),
        (json!({ "category": [] }), "category"),
        (json!({ "patient": { "display": "SECRET" } }), "patient"),
        (json!({ "patient": { "reference": "Group/SECRET" } }), "patient"),
        (
            json!({ "patient": { "identifier": {
                "system": "urn:shirube:person", "value": "9", "assigner": { "display": "SECRET" },
            } } }),
            "patient",
        ),
        (json!({ "dateTime": "2025-04" }), "day"),
        (json!({ "dateTime": "2025-02-30" }), "day"),
        (json!({ "performer": [] }), "performer"),
        (json!({ "performer": [{ "reference": "Practitioner/SECRET" }] }), "performer"),
        (json!({ "performer": [{ "reference": "#SECRET" }] }), "performer"),
        (json!({ "modifierExtension": [{ "url": "SECRET" }] }), "element"),
        (json!({ "implicitRules": "SECRET" }), "element"),
        (json!({ "a SECRET name": 1 }), "element"),
        (json!({ "provision": {} }), "provision"),
        (json!({ "provision": [] }), "provision"),
        (json!({ "policyRule": opt_in }), "provision"),
        (json!({ "provision": { "type": "permit" }, "extension": erase }), "provision"),
        (deny(json!({ "class": [{ "code": "SECRET" }] })), "element"),
        (deny(json!({ "dataPeriod": { "start": "2025-01-01" } })), "element"),
        (deny(json!({ "purpose": [reason("SECRET")] })), "purpose"),
        (deny(json!({ "purpose": [{ "code": "HRESCH" }] })), "purpose"),
        (deny(json!({ "actor": [{ "reference": { "reference": "Practitioner/1" } }] })), "actor"),
        (deny(json!({ "period": { "start": "2025" } })), "day"),
        (deny(json!({ "provision": [{ "purpose": [reason("HRESCH")] }] })), "provision"),
        (deny(json!({ "provision": [{ "type": "permit", "provision": [] }] })), "provision"),
        (
            deny(json!({
                "purpose": [reason("HRESCH")],
                "provision": [{ "type": "permit", "purpose": [reason("PUBHLTH")] }],
            })),
            "provision",
        ),
    ];
    for (changes, code) in rows {
        let refusal = read_consent(&with(changes.clone()), &numbers()).unwrap_err();
        assert_eq!(refusal.code, format!("import.consent.{code}"), "{changes}");
        for lang in shirube_model::lang::Lang::ALL {
            assert!(!refusal.line_text(lang).contains("SECRET"), "{changes}");
        }
    }
}

fn choices() -> impl Strategy<Value = (Body, &'static str)> {
    let day = || {
        (0_u64..900).prop_map(|n| {
            (chrono::NaiveDate::from_ymd_opt(2024, 1, 1).unwrap() + chrono::Days::new(n))
                .to_string()
        })
    };
    let maybe = || proptest::option::of(day());
    let some =
        |codes: &'static [&'static str]| proptest::sample::subsequence(codes, 0..=codes.len());
    let makers = || proptest::sample::select(vec!["self", "guardian", "bereaved_family"]);
    let texts = (
        1..=i64::MAX,
        proptest::sample::select(vec!["permit", "refuse"]),
        makers(),
        proptest::option::of(proptest::sample::select(vec!["paper", "web", "system"])),
    );
    let days = (day(), maybe(), maybe(), maybe(), makers());
    let lists = (
        some(&["research", "product_development", "public_health", "education", "a new one"]),
        some(&["academia", "company", "overseas"]),
        proptest::option::of(any::<bool>()),
        0..3_usize,
    );
    (texts, days, lists).prop_filter_map("breaks a rule", |(texts, days, lists)| {
        let (person, decision, made_by, channel) = texts;
        let (made_on, effective_on, ends_on, withdrawn_on, withdrawn_by) = days;
        let (purposes, recipients, erasure, state) = lists;
        let state = ["recorded", "in_effect", "withdrawn"][state];
        let gone = (state == "withdrawn").then(|| withdrawn_on.unwrap_or(made_on.clone()));
        let body = json!({
            "data_set": "D", "person": person.to_string(), "decision": decision,
            "made_by": made_by, "channel": channel, "made_on": made_on,
            "effective_on": effective_on, "ends_on": ends_on, "purposes": purposes,
            "recipients": recipients, "erasure_requested": erasure,
            "withdrawn_by": gone.is_some().then_some(withdrawn_by), "withdrawn_on": gone,
        });
        let body = canonical(body.as_object().unwrap().clone());
        (kind("use_choice").unwrap().check)(&body).is_ok().then_some((body, state))
    })
}

fn record(body: &Body, state: &str) -> RecordVersion {
    RecordVersion {
        id: RecordId::derive("USC", "s", "k"),
        kind: "use_choice".to_owned(),
        version: 1,
        state: state.to_owned(),
        standing: Standing::Active,
        duplicate_of: None,
        body: body.clone(),
        seq: 1,
        recorded_at: chrono::DateTime::UNIX_EPOCH,
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read_back((body, state) in choices()) {
        let written = write_consent(&record(&body, state)).unwrap();
        let read = read_consent(&written, &numbers()).unwrap();
        prop_assert_eq!(read.len(), 1);
        let mut expected = body;
        expected.entry("channel").or_insert(json!("system"));
        prop_assert_eq!(&read[0].body, &expected);
        prop_assert_eq!(read[0].state, state);
    }

    #[test]
    fn any_change_is_read_or_refused(
        name in proptest::sample::select(vec![
            "id", "status", "scope", "category", "patient", "dateTime", "performer", "policyRule",
            "provision", "extension", "contained", "identifier", "new",
        ]),
        value in proptest::sample::select(vec![
            json!(null), json!(1), json!("x"), json!([]), json!([1]), json!({}), json!([{}]),
            json!({ "coding": [1] }), json!({ "provision": 1 }), json!({ "type": "deny", "actor": [1] }),
        ]),
    ) {
        let mut text = consent();
        text[name] = value;
        if let Ok(choices) = read_consent(&text, &numbers()) {
            for choice in choices {
                let check = kind("use_choice").unwrap().check;
                prop_assert_eq!(check(&choice.body), Ok(()));
            }
        }
    }
}

#[tokio::test]
async fn choices_are_entered_once_and_move_forward_only() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), StoreClass::Live).await;
    let codes = Codes::unchecked();
    let by = ("desk", "forms of April");
    let enter = async |text: &Value| {
        let read = read_consent(text, &numbers()).unwrap();
        enter_choices(&store, &read, "D", &codes, by).await
    };
    assert_eq!(enter(&consent()).await, Ok(vec![Entered::Created]));
    assert_eq!(enter(&consent()).await, Ok(vec![Entered::Unchanged]));
    let back = enter(&with(json!({ "status": "proposed" }))).await.unwrap_err();
    assert_eq!(back.code(), "import.consent.backwards");
    let gone = with(json!({ "status": "inactive", "extension": [
        { "url": "urn:shirube:withdrawal", "extension": [
            { "url": "on", "valueDate": "2025-05-01" }, { "url": "by", "valueCode": "self" } ] },
    ] }));
    assert_eq!(enter(&gone).await, Ok(vec![Entered::Changed]));
    assert_eq!(enter(&gone).await, Ok(vec![Entered::Unchanged]));
    let key = &read_consent(&gone, &numbers()).unwrap()[0].key;
    let id = RecordId::derive("USC", "fhir-consent:D", key);
    let record = store.get(&id, AsOf::Now).await.unwrap().unwrap();
    assert_eq!((record.state.as_str(), record.version), ("withdrawn", 3));
    assert_eq!(record.body["person"], "4000");
    // A choice with a code of nobody's is not entered.
    let known = Codes::of(&crate::base::vocabularies());
    let read = read_consent(&with(json!({ "id": "c2" })), &numbers()).unwrap();
    let refused = enter_choices(&store, &read, "D", &known, by).await.unwrap_err();
    assert_eq!(refused.code(), "import.consent.code");
}

#[test]
fn files_are_gone_through_resource_by_resource() {
    let dir = tempfile::tempdir().unwrap();
    let bundle = json!({ "resourceType": "Bundle", "entry": [
        { "resource": { "resourceType": "Patient", "id": "4" } }, { "resource": consent() }, {},
    ] });
    std::fs::write(dir.path().join("1.json"), bundle.to_string()).unwrap();
    std::fs::write(dir.path().join("2.json"), consent().to_string()).unwrap();
    std::fs::write(dir.path().join("3.json"), "{").unwrap();
    std::fs::write(dir.path().join("notes.txt"), "{").unwrap();
    let lines = format!("{}\n\n{{\"resourceType\":\"Patient\"}}\n{{\n{}", consent(), consent());
    std::fs::write(dir.path().join("4.ndjson"), lines).unwrap();
    let (mut good, mut bad) = (Vec::new(), Vec::new());
    let others = for_each_consent(dir.path(), &mut |found| match found.consent {
        Ok(_) => good.push(found.place.to_string()),
        Err(refusal) => bad.push((found.place.to_string(), refusal.code)),
    });
    assert_eq!(others.unwrap(), 3);
    assert_eq!(good, ["#1 #2", "#2", "#4:1", "#4:5"]);
    let unreadable = "import.consent.unreadable";
    assert_eq!(bad, [("#3".to_owned(), unreadable), ("#4:4".to_owned(), unreadable)]);
    assert!(for_each_consent(&dir.path().join("none.json"), &mut |_| {}).is_err());
}

#[tokio::test]
async fn notices_are_read_from_a_list_and_entered_once() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("notices.csv");
    let text = "\u{feff}id,text_version,method,given_on,recipient,waiting_until\n\
        4,1,paper,2025-04-01,self,\n5,1,paper,2025-04-01,self,2025-05-10\n\
        SECRET,1,paper,2025-04-01,self,\n6,1,paper,2025-4-1,self,\n7,1,paper\n,1,paper,2025-04-01,self,\n";
    std::fs::write(&file, text).unwrap();
    let read = read_notices(&file, &numbers()).unwrap();
    let codes: Vec<_> =
        read.iter().map(|(place, n)| (place.row, n.as_ref().err().map(|r| r.code))).collect();
    assert_eq!(
        codes,
        [
            (Some(1), None),
            (Some(2), None),
            (Some(3), Some("import.consent.patient")),
            (Some(4), Some("core.date.unreadable")),
            (Some(5), Some("import.consent.row")),
            (Some(6), Some("import.consent.patient")),
        ]
    );
    let good: Vec<_> = read.into_iter().filter_map(|(_, n)| n.ok()).collect();
    assert_eq!(good[1].1["waiting_until"], "2025-05-10");
    assert_eq!(good[0].1["person"], "4000");
    let store = open(dir.path().join("store").as_path(), StoreClass::Live).await;
    let by = ("desk", "letters of April");
    for (codes, wanted) in [
        (Codes::of(&crate::base::vocabularies()), None),
        (Codes::unchecked(), Some(Entered::Created)),
        (Codes::unchecked(), Some(Entered::Unchanged)),
    ] {
        let done = enter_notices(&store, good.clone(), "D", &codes, by).await.unwrap();
        let done: Vec<_> = done.into_iter().map(Result::ok).collect();
        assert_eq!(done, vec![wanted; 2]);
    }
    std::fs::write(&file, "id,name\n4,SECRET\n").unwrap();
    let refused = read_notices(&file, &numbers()).unwrap_err();
    assert_eq!(refused.code(), "import.consent.columns");
}
