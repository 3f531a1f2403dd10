//! The IATI file against the standard's schema.
//!
//! The order and number of elements and the attributes below restate the parts
//! of the activities schema 2.03 that the report uses, so that the test says
//! something wherever it runs. With the official schema at hand
//! (`SHIRUBE_IATI_SCHEMA`, the path of `iati-activities-schema.xsd`), `xmllint`
//! judges as well.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

use quick_xml::Reader;
use quick_xml::events::Event;
use shirube_model::lang::LocalText;
use shirube_report::{Evidence, Publisher, Stage, iati};

use crate::sample::report;

/// An element with what the schema looks at.
#[derive(Debug, Default)]
struct Node {
    name: String,
    attributes: BTreeMap<String, String>,
    children: Vec<Node>,
    text: String,
}

fn parse(text: &str) -> Node {
    let mut reader = Reader::from_str(text);
    let mut stack = vec![Node::default()];
    loop {
        let event = reader.read_event().unwrap();
        let empty = matches!(event, Event::Empty(_));
        match event {
            Event::Start(start) | Event::Empty(start) => {
                let name = start.name().as_ref().to_owned();
                let attributes = start
                    .attributes()
                    .map(|one| {
                        let one = one.unwrap();
                        let key = one.key.as_ref().to_owned();
                        (key, one.value.into_owned())
                    })
                    .collect();
                stack.push(Node { name, attributes, ..Node::default() });
                if empty {
                    let done = stack.pop().unwrap();
                    stack.last_mut().unwrap().children.push(done);
                }
            }
            Event::End(_) => {
                let done = stack.pop().unwrap();
                stack.last_mut().unwrap().children.push(done);
            }
            Event::Text(text) => {
                stack.last_mut().unwrap().text.push_str(text.trim());
            }
            Event::Eof => break,
            _ => {}
        }
    }
    assert_eq!(stack.len(), 1);
    let mut root = stack.pop().unwrap();
    assert_eq!(root.children.len(), 1);
    root.children.pop().unwrap()
}

/// (element under its parent, required attributes, children in order with the
/// least and the most number of each).
type Rule = (&'static str, &'static [&'static str], &'static [(&'static str, usize, usize)]);

const ANY: usize = usize::MAX;
const WORDS: &[(&str, usize, usize)] = &[("narrative", 1, ANY)];

const RULES: &[Rule] = &[
    ("iati-activities", &["version"], &[("iati-activity", 1, ANY)]),
    (
        "iati-activity",
        &[],
        &[
            ("iati-identifier", 1, 1),
            ("reporting-org", 1, 1),
            ("title", 1, 1),
            ("description", 1, ANY),
            ("participating-org", 1, ANY),
            ("activity-status", 1, 1),
            ("activity-date", 1, ANY),
            ("activity-scope", 0, 1),
            ("recipient-country", 0, ANY),
            ("sector", 0, ANY),
            ("result", 0, ANY),
        ],
    ),
    ("iati-identifier", &[], &[]),
    ("reporting-org", &["ref", "type"], WORDS),
    ("title", &[], WORDS),
    ("description", &[], WORDS),
    ("participating-org", &["role"], &[("narrative", 0, ANY)]),
    ("narrative", &[], &[]),
    ("activity-status", &["code"], &[]),
    ("activity-date", &["type", "iso-date"], &[]),
    ("activity-scope", &["code"], &[]),
    ("recipient-country", &["code"], &[]),
    ("sector", &["code"], &[("narrative", 0, ANY)]),
    ("result", &["type"], &[("title", 1, 1), ("description", 0, 1), ("indicator", 1, ANY)]),
    (
        "indicator",
        &["measure"],
        &[
            ("title", 1, 1),
            ("description", 0, 1),
            ("reference", 0, ANY),
            ("baseline", 0, 1),
            ("period", 0, ANY),
        ],
    ),
    ("reference", &["vocabulary", "code"], &[]),
    (
        "period",
        &[],
        &[("period-start", 1, 1), ("period-end", 1, 1), ("target", 0, 1), ("actual", 0, 1)],
    ),
    ("period-start", &["iso-date"], &[]),
    ("period-end", &["iso-date"], &[]),
    ("target", &["value"], &[]),
    ("actual", &["value"], &[]),
];

fn check(node: &Node, faults: &mut Vec<String>) {
    let Some((_, attributes, order)) = RULES.iter().find(|rule| rule.0 == node.name) else {
        faults.push(format!("{} is no element of the schema", node.name));
        return;
    };
    for attribute in *attributes {
        if !node.attributes.contains_key(*attribute) {
            faults.push(format!("{} lacks {attribute}", node.name));
        }
    }
    if let Some(day) = node.attributes.get("iso-date")
        && day.parse::<chrono::NaiveDate>().is_err()
    {
        faults.push(format!("{} has no date: {day}", node.name));
    }
    let mut at = 0;
    for (child, least, most) in *order {
        let count = node.children[at..].iter().take_while(|node| node.name == *child).count();
        if count < *least || count > *most {
            faults.push(format!("{} has {count} of {child}", node.name));
        }
        at += count;
    }
    if at < node.children.len() {
        faults.push(format!("{} out of order in {}", node.children[at].name, node.name));
    }
    for child in &node.children {
        check(child, faults);
    }
}

fn publisher() -> Publisher {
    Publisher {
        reference: "JP-JCN-6000012070001".to_owned(),
        name: LocalText::new("公表者", "Publisher"),
    }
}

#[test]
fn the_file_follows_the_schema() {
    for evidence in [Evidence::Demo, Evidence::Live] {
        let text = iati(&report(evidence, Stage::Approved), &publisher()).unwrap();
        let root = parse(&text);
        let mut faults = Vec::new();
        check(&root, &mut faults);
        assert_eq!(faults, Vec::<String>::new());
        assert_eq!(root.children.len(), 3, "one activity a measure");
        judge_officially(&text);
    }
}

/// The official schema is not part of the product; where it is not at hand the
/// rules above have to do, and the test says so.
fn judge_officially(text: &str) {
    let Some(schema) = std::env::var_os("SHIRUBE_IATI_SCHEMA").map(PathBuf::from) else {
        eprintln!("SHIRUBE_IATI_SCHEMA is not set: judged by the rules of this test alone");
        return;
    };
    let file = std::env::temp_dir().join(format!("shirube-iati-{}.xml", std::process::id()));
    std::fs::write(&file, text).unwrap();
    let judged =
        Command::new("xmllint").arg("--noout").arg("--schema").arg(&schema).arg(&file).output();
    std::fs::remove_file(&file).unwrap();
    let judged = judged.unwrap();
    assert!(judged.status.success(), "{}", String::from_utf8_lossy(&judged.stderr));
}

#[test]
fn the_rules_of_this_test_see_faults() {
    let text = iati(&report(Evidence::Live, Stage::Approved), &publisher()).unwrap();
    for (from, to) in [
        ("<activity-status code=\"2\"/>", ""),
        (" iso-date=\"2025-04-01\"", ""),
        ("measure=\"1\"", ""),
        ("<period-start iso-date=\"2025-04-01\"/>", ""),
        ("version=\"2.03\"", ""),
        ("activity-scope", "scope"),
    ] {
        assert!(text.contains(from), "{from}");
        let mut faults = Vec::new();
        check(&parse(&text.replace(from, to)), &mut faults);
        assert_ne!(faults, Vec::<String>::new(), "{from}");
    }
}

fn find<'a>(node: &'a Node, name: &str, found: &mut Vec<&'a Node>) {
    if node.name == name {
        found.push(node);
    }
    for child in &node.children {
        find(child, name, found);
    }
}

#[test]
fn results_carry_the_exact_values_and_targets() {
    let root = parse(&iati(&report(Evidence::Live, Stage::Approved), &publisher()).unwrap());
    let activity = &root.children[0];
    assert_eq!(activity.children[0].text, "JP-JCN-6000012070001-4.4.6-m1");
    let (mut results, mut indicators) = (Vec::new(), Vec::new());
    find(activity, "result", &mut results);
    find(activity, "indicator", &mut indicators);
    let kinds: Vec<_> = results.iter().map(|node| node.attributes["type"].as_str()).collect();
    assert_eq!(kinds, ["1", "2"], "outputs and outcomes");
    let periods = |node: &Node| -> Vec<Vec<String>> {
        let mut periods = Vec::new();
        find(node, "period", &mut periods);
        periods
            .iter()
            .map(|period| {
                let say = |child: &Node| {
                    let attribute = ["iso-date", "value"]
                        .iter()
                        .find_map(|name| child.attributes.get(*name))
                        .unwrap();
                    format!("{}={attribute}", child.name)
                };
                period.children.iter().map(say).collect()
            })
            .collect()
    };
    assert_eq!(
        periods(indicators[0]),
        [
            vec!["period-start=2025-04-01", "period-end=2026-03-31", "actual=3"],
            vec!["period-start=2026-04-01", "period-end=2026-05-31", "actual=0.125"],
            vec![
                "period-start=2025-04-01",
                "period-end=2030-03-31",
                "target=12345678.9",
                "actual=1234567.25"
            ],
        ]
    );
    let missing = periods(indicators[1]);
    assert_eq!(missing[2].len(), 3, "a value that is not known is not reported: {missing:?}");
}

#[test]
fn demo_evidence_is_marked_in_every_activity() {
    let root = parse(&iati(&report(Evidence::Demo, Stage::Approved), &publisher()).unwrap());
    for activity in &root.children {
        let title = &activity.children[2];
        let texts: Vec<_> = title.children.iter().map(|node| node.text.as_str()).collect();
        assert!(texts[0].starts_with("【デモ】") && texts[1].starts_with("[demo]"), "{texts:?}");
    }
    let live = iati(&report(Evidence::Live, Stage::Approved), &publisher()).unwrap();
    assert!(!live.contains("デモ") && !live.contains("demo"));
}

#[test]
fn a_publisher_needs_an_identifier() {
    for reference in ["", "JPJCN", "JP JCN-1", "JP-JCN-<1>", "日-1"] {
        let publisher = Publisher { reference: reference.to_owned(), ..publisher() };
        let refusal = iati(&report(Evidence::Live, Stage::Draft), &publisher).unwrap_err();
        assert_eq!(refusal.code, "report.iati.publisher", "{reference}");
    }
}
