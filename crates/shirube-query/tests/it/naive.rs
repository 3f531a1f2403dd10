//! What is released against a count in plain Rust, and opt-out against data
//! that never held the person.

use std::collections::{BTreeMap, BTreeSet};

use chrono::Datelike;
use proptest::prelude::*;
use shirube_query::{Field, Key, QueryPolicy, Released, TooClose};
use shirube_records::population::{MadeUpPerson, MadeUpVisit};

use crate::bed::{ask, bed, count, fresh_with, imported, open, policy};

/// A filter and its SQL.
#[derive(Debug, Clone)]
pub enum Filter {
    Female(bool),
    BornFrom(i32),
    Icd(Vec<&'static str>),
    Year(i32, i32),
    NotPrefecture(u64),
    PointsFrom(u64),
}

impl Filter {
    fn sql(&self) -> String {
        match self {
            Self::Female(true) => "p.gender_source_value = 'F'".into(),
            Self::Female(false) => "NOT (p.gender_source_value = 'F')".into(),
            Self::BornFrom(year) => format!("p.year_of_birth >= {year}"),
            Self::Icd(list) => {
                let list: Vec<String> = list.iter().map(|c| format!("'{c}'")).collect();
                format!("c.condition_source_value IN ({})", list.join(", "))
            }
            Self::Year(from, to) => {
                format!("v.visit_start_date BETWEEN '{from}-01-01' AND DATE '{to}-12-31'")
            }
            Self::NotPrefecture(code) => format!("coalesce(p.location_id, 0) <> {code}"),
            Self::PointsFrom(points) => format!("k.total_charge >= {}", points * 10),
        }
    }

    fn holds(&self, person: &MadeUpPerson, visit: &MadeUpVisit) -> bool {
        match self {
            Self::Female(wanted) => person.female == *wanted,
            Self::BornFrom(year) => person.born.year() >= *year,
            Self::Icd(list) => list.contains(&visit.icd10),
            Self::Year(from, to) => (*from..=*to).contains(&visit.day.year()),
            Self::NotPrefecture(code) => person.prefecture != *code,
            Self::PointsFrom(points) => visit.points >= *points,
        }
    }
}

/// A group column and its SQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Head {
    Sex,
    Region,
    FiscalYear,
    Icd,
    Age,
    Stay,
}

impl Head {
    fn sql(self) -> &'static str {
        match self {
            Self::Sex => "CASE WHEN p.gender_source_value = 'F' THEN 'f' ELSE 'm' END",
            Self::Region => "band(p.location_id, 12)",
            Self::FiscalYear => "fiscal_year(v.visit_start_date)",
            Self::Icd => "left(c.condition_source_value, 1)",
            Self::Age => "band(years_since(p.year_of_birth, v.visit_start_date), 30)",
            Self::Stay => "v.visit_start_date < v.visit_end_date",
        }
    }

    fn key(self, person: &MadeUpPerson, visit: &MadeUpVisit) -> Key {
        let int = |n: i64| Key::Int(n);
        match self {
            Self::Sex => Key::Text(if person.female { "f" } else { "m" }.into()),
            Self::Region => int(i64::try_from(person.prefecture / 12 * 12).unwrap()),
            Self::FiscalYear => {
                int(i64::from(visit.day.year()) - i64::from(visit.day.month() <= 3))
            }
            Self::Icd => Key::Text(visit.icd10[..1].into()),
            Self::Age => int(i64::from(visit.day.year() - person.born.year()).div_euclid(30) * 30),
            Self::Stay => Key::Bool(visit.stay_days > 0),
        }
    }
}

pub fn filters() -> impl Strategy<Value = Vec<Filter>> {
    let codes =
        || proptest::sample::subsequence(vec!["I10", "E11.9", "E78.5", "J30.1", "N18.3"], 1..5);
    let filter = prop_oneof![
        any::<bool>().prop_map(Filter::Female),
        (1930..1990).prop_map(Filter::BornFrom),
        codes().prop_map(Filter::Icd),
        (2020..2023, 2023..2026).prop_map(|(from, to)| Filter::Year(from, to)),
        (1_u64..47).prop_map(Filter::NotPrefecture),
        (280_u64..900).prop_map(Filter::PointsFrom),
    ];
    proptest::collection::vec(filter, 0..4)
}

pub fn heads() -> impl Strategy<Value = Vec<Head>> {
    proptest::sample::subsequence(
        vec![Head::Sex, Head::Region, Head::FiscalYear, Head::Icd, Head::Age, Head::Stay],
        0..3,
    )
}

pub fn sql(filters: &[Filter], heads: &[Head]) -> String {
    let mut results: Vec<String> =
        heads.iter().enumerate().map(|(n, h)| format!("{} AS h{n}", h.sql())).collect();
    results.extend(
        [
            "COUNT(DISTINCT p.person_id) AS persons",
            "COUNT(*) AS visits",
            "SUM(k.total_charge) AS yen",
        ]
        .map(String::from),
    );
    let mut text = format!(
        "SELECT {} FROM person p JOIN visit_occurrence v USING (person_id) \
         JOIN condition_occurrence c ON c.visit_occurrence_id = v.visit_occurrence_id AND c.person_id = v.person_id \
         JOIN cost k ON k.cost_event_id = v.visit_occurrence_id AND k.person_id = v.person_id",
        results.join(", ")
    );
    if !filters.is_empty() {
        let parts: Vec<String> = filters.iter().map(Filter::sql).collect();
        text += &format!(" WHERE {}", parts.join(" AND "));
    }
    if !heads.is_empty() {
        let names: Vec<String> = (1..=heads.len()).map(|n| n.to_string()).collect();
        text += &format!(" GROUP BY {}", names.join(", "));
    }
    text
}

/// Persons, visits and yen of every group, counted by hand.
fn by_hand(
    people: &[MadeUpPerson],
    filters: &[Filter],
    heads: &[Head],
) -> BTreeMap<Vec<Key>, [i64; 3]> {
    let mut groups: BTreeMap<Vec<Key>, (BTreeSet<u64>, i64, u64)> = BTreeMap::new();
    for person in people {
        for visit in &person.visits {
            if !filters.iter().all(|f| f.holds(person, visit)) {
                continue;
            }
            let key = heads.iter().map(|h| h.key(person, visit)).collect();
            let group = groups.entry(key).or_default();
            group.0.insert(person.id);
            group.1 += 1;
            group.2 += visit.points * 10;
        }
    }
    if heads.is_empty() {
        groups.entry(Vec::new()).or_default();
    }
    let numbers = |(persons, visits, yen): (BTreeSet<u64>, i64, u64)| {
        [i64::try_from(persons.len()).unwrap(), visits, i64::try_from(yen).unwrap()]
    };
    groups.into_iter().map(|(key, group)| (key, numbers(group))).collect()
}

/// The numbers without the comparison with earlier answers.
pub fn alone() -> QueryPolicy {
    QueryPolicy { queries_max: u64::MAX, ..policy("ndb-publication") }
}

fn agrees(released: &Released, truth: &BTreeMap<Vec<Key>, [i64; 3]>, heads: usize) -> usize {
    let mut shown = 0;
    assert!(released.rows.len() <= truth.len(), "no row without a group");
    if heads < 2 {
        assert!(released.rows.len() == truth.len() || released.rows.is_empty());
    }
    for row in &released.rows {
        let key: Vec<Key> = row[..heads]
            .iter()
            .map(|f| match f {
                Field::Head(key) => key.clone(),
                other => panic!("{other:?} as a head"),
            })
            .collect();
        let wanted = truth.get(&key).expect("a group that is there");
        if row[heads] == Field::Masked {
            assert!(row[heads..].iter().all(|f| *f == Field::Masked), "masks cover the row");
            continue;
        }
        let numbers: Vec<i64> = row[heads..].iter().map(|f| count(f).unwrap()).collect();
        assert_eq!(numbers, wanted, "{key:?}");
        assert!(wanted[0] >= 10, "{wanted:?} is shown");
        shown += 1;
    }
    shown
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn unmasked_numbers_are_the_true_ones(filters in filters(), heads in heads()) {
        let fresh = fresh_with(&alone());
        let truth = by_hand(&bed().people, &filters, &heads);
        match ask(&fresh.gate, &sql(&filters, &heads)) {
            Ok(released) => {
                agrees(&released, &truth, heads.len());
            }
            Err(error) => prop_assert_eq!(error.code(), "query.protect.impossible"),
        }
    }
}

#[test]
fn common_questions_are_answered() {
    let fresh = fresh_with(&alone());
    let heads = [Head::Sex, Head::Age];
    let released = ask(&fresh.gate, &sql(&[], &heads)).unwrap();
    let truth = by_hand(&bed().people, &[], &heads);
    assert!(agrees(&released, &truth, 2) >= 4, "{released:?}");
}

#[test]
fn an_opt_out_is_as_if_the_person_had_never_been_there() {
    // Every fifth person, and with them visits, costs and conditions.
    let out: Vec<i64> = (1..=1_500).filter(|id| id % 5 == 2).collect();
    let folder = tempfile::tempdir().unwrap();
    let without = imported(folder.path(), &out);
    let rules = QueryPolicy { too_close: TooClose::Refuse, ..alone() };
    for (filters, heads) in [
        (vec![], vec![]),
        (vec![], vec![Head::Sex, Head::Region]),
        (vec![Filter::Icd(vec!["I10", "E11.9"])], vec![Head::FiscalYear]),
        (vec![Filter::PointsFrom(600)], vec![Head::Icd]),
    ] {
        let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let text = sql(&filters, &heads);
        let excluded = ask(&open(&bed().snapshot, &rules, &out, one.path()), &text).unwrap();
        let removed = ask(&open(&without, &rules, &[], other.path()), &text).unwrap();
        assert_eq!(excluded.rows, removed.rows, "{text}");
        let staying: Vec<MadeUpPerson> =
            bed().people.iter().filter(|p| p.id % 5 != 2).cloned().collect();
        agrees(&excluded, &by_hand(&staying, &filters, &heads), heads.len());
    }
}

#[test]
fn every_table_is_without_the_excluded() {
    let bed = bed();
    let staying = &bed.people[..60];
    let out: Vec<i64> = (61..=1_500).collect();
    let visits = || staying.iter().flat_map(|p| &p.visits);
    let all = visits().count();
    for (table, rows) in [
        ("person", staying.len()),
        ("visit_occurrence", all),
        ("condition_occurrence", all),
        ("drug_exposure", visits().filter(|v| v.atc.is_some()).count()),
        ("measurement", visits().filter(|v| v.test.is_some()).count()),
        ("observation_period", staying.len()),
        ("cost", all),
    ] {
        let ledger = tempfile::tempdir().unwrap();
        let gate = open(&bed.snapshot, &alone(), &out, ledger.path());
        let released = ask(&gate, &format!("SELECT COUNT(*) FROM {table}")).unwrap();
        assert_eq!(count(&released.rows[0][0]), i64::try_from(rows).ok(), "{table}");
    }
}
