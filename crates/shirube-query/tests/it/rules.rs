//! The rules of the policies.

use shirube_query::{Criterion, EMBEDDED, Field, Key, QueryPolicy};

use crate::bed::{ask, bed, code, fresh, fresh_with, has, number, number_of, policy, single};

#[test]
fn policies_are_readable_and_versioned() {
    for (id, _) in EMBEDDED {
        let policy = QueryPolicy::embedded(id).unwrap();
        assert_eq!(policy.id, *id);
        assert!(policy.version > 0);
        assert_eq!(policy.rules.id, policy.gate);
    }
    assert_eq!(QueryPolicy::embedded("none").unwrap_err().code, "query.policy.unknown");
    let bad = QueryPolicy::read("p.toml", "id = \"x\"\nversion = \"one\"\n").unwrap_err();
    assert_eq!((bad.code, bad.place.line), ("query.policy.unreadable", Some(2)));
}

#[test]
fn an_owner_changes_single_rules() {
    let text = EMBEDDED.iter().find(|(id, _)| *id == "custom").unwrap().1;
    let own = |from: &str, to: &str| QueryPolicy::read("own.toml", &text.replace(from, to));
    let policy = own("threshold = 10", "threshold = 25\np_percent = 15").unwrap();
    let changed = (policy.threshold(), policy.rules.p_percent, policy.rules.institutions_min);
    assert_eq!(changed, (25, Some(15), Some(3)));
    assert_eq!(policy.rules.id, "custom");
    for (from, to, code) in [
        ("threshold = 10", "threshold = -1", "gate.policy.value"),
        ("threshold = 10", "threshold = \"ten\"", "gate.policy.unreadable"),
        ("threshold = 10", "thresholds = 10", "gate.policy.unreadable"),
        ("gate = \"custom\"", "gate = \"none\"", "gate.policy.unknown"),
    ] {
        let refusal = own(from, to).unwrap_err();
        assert_eq!(refusal.code, code, "{to}");
        assert_eq!(refusal.place.line, None, "{to}");
    }
}

#[test]
fn averages_and_sums_are_exact() {
    let fresh = fresh("ndb-publication");
    let released = ask(
        &fresh.gate,
        "SELECT AVG(v.days) AS mean, SUM(v.days) AS days, COUNT(*) AS n FROM \
         (SELECT person_id, MAX(days_between(visit_start_date, visit_end_date)) AS days \
          FROM visit_occurrence GROUP BY person_id) v",
    )
    .unwrap();
    let longest: Vec<u64> =
        bed().people.iter().filter_map(|p| p.visits.iter().map(|v| v.stay_days).max()).collect();
    let (sum, n) = (longest.iter().sum::<u64>(), u64::try_from(longest.len()).unwrap());
    let Field::Number(mean) = &released.rows[0][0] else { panic!("{:?}", released.rows) };
    let millionths = (u128::from(sum) * 2_000_000 + u128::from(n)) / (2 * u128::from(n));
    let text = format!("{}.{:06}", millionths / 1_000_000, millionths % 1_000_000);
    assert_eq!(*mean, text.trim_end_matches('0').trim_end_matches('.'));
    assert_eq!(released.rows[0][1], Field::Number(sum.to_string()));
    assert_eq!(released.rows[0][2], Field::Count(i64::try_from(n).unwrap()));
}

#[test]
fn values_missing_for_most_have_their_own_contributors() {
    // Deaths in one prefecture: few, though the persons are many.
    let people = &bed().people;
    let code = (1..=47_u64)
        .find(|c| {
            number_of(people, |p| p.prefecture == *c) >= 30
                && (1..10).contains(&number_of(people, |p| p.prefecture == *c && p.died.is_some()))
        })
        .unwrap();
    let fresh = fresh("ndb-publication");
    let sql = format!(
        "SELECT COUNT(DISTINCT p.person_id), COUNT(d.death_date) FROM person p \
         LEFT JOIN death d ON d.person_id = p.person_id WHERE p.location_id = {code}"
    );
    assert_eq!(ask(&fresh.gate, &sql).unwrap().rows[0], vec![Field::Masked, Field::Masked]);
    let entry = &fresh.gate.ledger().entries().unwrap()[0];
    assert!(entry.criteria[&Criterion::Contributors] > 0);
}

#[test]
fn cell_keys_count_persons_only_and_are_bounded() {
    let fresh = fresh("census-cell-key");
    assert_eq!(code(&fresh.gate, "SELECT COUNT(*) FROM person"), "query.policy.measure");
    let released = ask(
        &fresh.gate,
        "SELECT location_id, COUNT(DISTINCT person_id) FROM person GROUP BY location_id",
    )
    .unwrap();
    let mut changed = 0;
    for prefecture in 1..=47_u64 {
        let truth = number_of(&bed().people, |p| p.prefecture == prefecture);
        let key = Key::Int(i64::try_from(prefecture).unwrap());
        let Some(shown) = number(&released, &[key]) else {
            assert!(truth < 10, "{truth} is not shown");
            continue;
        };
        assert!(
            truth >= 10 && (shown - truth).abs() <= 3 && shown != 1 && shown != 2,
            "{shown} of {truth}"
        );
        changed += i64::from(shown != truth);
    }
    assert!(changed > 10);
}

#[test]
fn a_registry_rounds_and_needs_institutions() {
    let fresh = fresh("small-registry");
    let n = "COUNT(DISTINCT p.person_id)";
    // No institution in the joined rows: masked.
    let without = ask(&fresh.gate, &format!("SELECT {n} FROM person p")).unwrap();
    assert_eq!(without.rows[0][0], Field::Masked);
    let with = format!("SELECT {n} FROM person p JOIN visit_occurrence v USING (person_id)");
    let shown = single(&ask(&fresh.gate, &with).unwrap()).unwrap();
    let truth = number_of(&bed().people, |p| !p.visits.is_empty());
    assert!(shown % 5 == 0 && (shown - truth).abs() <= 2, "{shown} of {truth}");
    // Two institutions: masked.
    let two = format!("{with} WHERE v.care_site_id IN (10, 11)");
    assert!(number_of(&bed().people, |p| p.id % 9 == 1 && !p.visits.is_empty()) > 50);
    assert_eq!(ask(&fresh.gate, &two).unwrap().rows[0][0], Field::Masked);
}

#[test]
fn a_group_must_not_tell_the_class_of_all() {
    let rules = QueryPolicy {
        institutions_unknown: shirube_query::InstitutionsUnknown::Pass,
        ..policy("small-registry")
    };
    let fresh = fresh_with(&rules);
    let sql = |filter: &str| {
        format!(
            "SELECT c.condition_source_value AS code, COUNT(DISTINCT p.person_id) AS n \
             FROM person p JOIN condition_occurrence c USING (person_id) \
             WHERE c.condition_source_value {filter} GROUP BY code"
        )
    };
    // The filter itself names the class: nothing new is told.
    let named = ask(&fresh.gate, &sql("= 'I10'")).unwrap();
    let truth = number_of(&bed().people, |p| has(p, "I10"));
    assert!((number(&named, &[Key::Text("I10".into())]).unwrap() - truth).abs() <= 2);
    // Everybody the filter finds has one code, and the filter does not name it.
    let told = fresh_with(&rules);
    assert!(ask(&told.gate, &sql("LIKE 'I10%'")).unwrap().rows.is_empty());
    let entry = &told.gate.ledger().entries().unwrap()[0];
    assert!(entry.criteria[&Criterion::Class] > 0);
}

#[test]
fn sums_that_rest_on_one_person_are_masked() {
    // One person weighs as much as all others: by the sum of squares of ages it
    // cannot be; by a CASE it can.
    let rules = QueryPolicy {
        institutions_unknown: shirube_query::InstitutionsUnknown::Pass,
        close_min: 0,
        ..policy("small-registry")
    };
    let fresh = fresh_with(&rules);
    let born = |p: &shirube_records::population::MadeUpPerson| {
        use chrono::Datelike;
        (p.born.year(), p.born.month(), p.born.day())
    };
    let people = &bed().people;
    let target = people.iter().find(|p| number_of(people, |q| born(q) == born(p)) == 1).unwrap();
    let (y, m, d) = born(target);
    let sql = |weight: i64| {
        format!(
            "SELECT SUM(CASE WHEN year_of_birth = {y} AND month_of_birth = {m} AND day_of_birth = {d} \
             THEN {weight} ELSE 1 END) FROM person"
        )
    };
    assert_eq!(ask(&fresh.gate, &sql(1_000_000)).unwrap().rows[0][0], Field::Masked);
    assert_eq!(ask(&fresh.gate, &sql(1)).unwrap().rows[0][0], Field::Number("1500".into()));
}

#[test]
fn ordinary_work_goes_through() {
    let fresh = fresh("ndb-publication");
    let n = "COUNT(DISTINCT person_id) AS n";
    for sql in [
        format!("SELECT {n} FROM person"),
        format!("SELECT gender_source_value AS g, {n} FROM person GROUP BY g"),
        // Finer, then one of the groups, then the same with another number.
        format!(
            "SELECT gender_source_value AS g, band(year_of_birth, 30) AS b, {n} FROM person GROUP BY g, b"
        ),
        format!(
            "SELECT band(year_of_birth, 30) AS b, {n} FROM person WHERE 'F' = gender_source_value GROUP BY b"
        ),
        "SELECT gender_source_value AS g, COUNT(*) AS n FROM person GROUP BY g".to_owned(),
        "SELECT COUNT(*) AS visits, COUNT(DISTINCT person_id) AS n FROM visit_occurrence".to_owned(),
        "SELECT fiscal_year(visit_start_date) AS y, COUNT(*) AS visits FROM visit_occurrence GROUP BY y"
            .to_owned(),
        format!(
            "WITH h AS (SELECT DISTINCT person_id FROM condition_occurrence WHERE condition_source_value = 'I10') \
             SELECT p.gender_source_value AS g, {} FROM person p JOIN h ON h.person_id = p.person_id GROUP BY g",
            n.replace("person_id", "p.person_id")
        ),
        format!("SELECT band(location_id, 12) AS l, {n} FROM person GROUP BY l"),
    ] {
        let released = ask(&fresh.gate, &sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
        let numbers = released.rows.iter().filter(|row| row.last() != Some(&Field::Masked)).count();
        assert!(numbers * 2 > released.rows.len(), "{sql}: {released:?}");
    }
}
