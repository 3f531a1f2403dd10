//! The official SQL-on-FHIR v2 test files, where they are at hand.

use std::collections::BTreeMap;

use serde_json::Value as Json;
use shirube_records::Views;

use crate::base::{archived, run};

/// Rows in an order of their own; the order of columns is judged elsewhere.
fn sorted(rows: &[Json]) -> Vec<String> {
    let text = |row: &Json| match row {
        Json::Object(cells) => format!("{:?}", cells.iter().collect::<BTreeMap<_, _>>()),
        other => other.to_string(),
    };
    let mut texts: Vec<String> = rows.iter().map(text).collect();
    texts.sort();
    texts
}

/// What is wrong with the outcome of one case; nothing when it passes.
fn fault(case: &Json, resources: &[Json]) -> Option<String> {
    let outcome = run(&case["view"], resources);
    if case["expectError"] == true {
        return outcome.is_ok().then(|| "no error".to_owned());
    }
    let rows = match outcome {
        Ok(rows) => rows,
        Err(code) => return Some(code),
    };
    if let Some(expected) = case["expect"].as_array()
        && sorted(expected) != sorted(&rows)
    {
        return Some(format!("{rows:?}"));
    }
    if let Some(count) = case["expectCount"].as_u64()
        && count != rows.len() as u64
    {
        return Some(format!("{} rows", rows.len()));
    }
    if let Some(names) = case["expectColumns"].as_array() {
        let views = Views::read(std::slice::from_ref(&case["view"])).unwrap();
        let own: Vec<_> = views.views()[0].columns().iter().map(|c| c.name.as_str()).collect();
        if *names != own {
            return Some(format!("{own:?}"));
        }
    }
    None
}

#[test]
fn the_official_cases_pass() {
    let Some(files) = archived("fhir/sql_on_fhir_v2_tests/") else { return };
    let mut tally: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    let mut faults = Vec::new();
    for (name, bytes) in files {
        if !name.ends_with(".json") || name.ends_with(".schema.json") {
            continue;
        }
        let suite: Json = serde_json::from_slice(&bytes).unwrap();
        for case in suite["tests"].as_array().unwrap() {
            let fault = fault(case, suite["resources"].as_array().unwrap());
            let tags = case["tags"].as_array().cloned().unwrap_or_default();
            for tag in tags {
                let entry = tally.entry(tag.as_str().unwrap().to_owned()).or_default();
                entry.0 += usize::from(fault.is_none());
                entry.1 += 1;
            }
            if let Some(fault) = fault {
                faults.push(format!("{name}: {}: {fault}", case["title"]));
            }
        }
    }
    for (tag, (passed, all)) in &tally {
        println!("{tag}: {passed} of {all}");
    }
    assert!(tally.values().map(|t| t.1).sum::<usize>() >= 80, "the files hold too few cases");
    assert_eq!(faults, Vec::<String>::new());
}
