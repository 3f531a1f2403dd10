//! Known attacks. Each says what the attacker knows and what he tries; none may
//! succeed. Where it makes sense, the same attack is tried on a gate that knows
//! a threshold only, to show that the attack itself works.

use chrono::Datelike;
use shirube_query::{Field, Key};
use shirube_records::population::MadeUpPerson;

use crate::bed::{ask, bed, code, count, fresh, has, number, number_of, open, policy, single};

const PERSONS: &str = "COUNT(DISTINCT p.person_id)";

/// A gate with a threshold and nothing else: the count, or nothing below ten.
fn threshold_only(test: impl Fn(&MadeUpPerson) -> bool) -> Option<i64> {
    Some(number_of(&bed().people, test)).filter(|n| *n == 0 || *n >= 10)
}

/// The gate without the comparison with earlier answers.
fn without_comparison() -> crate::bed::Fresh {
    let rules = shirube_query::QueryPolicy { close_min: 0, ..policy("ndb-publication") };
    crate::bed::fresh_with(&rules)
}

/// Knows: birth year, month and prefecture of somebody. Tries: to learn whether
/// somebody with these has hypertension, by narrowing the filter.
#[test]
fn probing_the_threshold_by_filter() {
    let fresh = fresh("ndb-publication");
    let mut told = 0;
    for target in bed().people.iter().filter(|p| has(p, "I10")).take(15) {
        let sql = format!(
            "SELECT {PERSONS} FROM person p JOIN condition_occurrence c USING (person_id) \
             WHERE c.condition_source_value = 'I10' AND p.year_of_birth = {} \
             AND p.month_of_birth = {} AND p.location_id = {}",
            target.born.year(),
            target.born.month(),
            target.prefecture
        );
        if let Ok(released) = ask(&fresh.gate, &sql) {
            let small = single(&released).is_some_and(|n| n < 10);
            told += usize::from(small);
        }
    }
    assert_eq!(told, 0);
}

/// Somebody whose birth year, month and prefecture together are his alone.
fn unique() -> &'static MadeUpPerson {
    let key = |p: &MadeUpPerson| (p.born.year(), p.born.month(), p.prefecture);
    let people = &bed().people;
    people
        .iter()
        .find(|p| p.female && number_of(people, |q| key(q) == key(p)) == 1 && !p.visits.is_empty())
        .unwrap()
}

/// Knows: that a person is the only one with her birth year, month and
/// prefecture. Tries: the individual tracker, all women, then all women but
/// those with these properties; the difference is she.
#[test]
fn the_individual_tracker() {
    let target = unique();
    let same = |p: &MadeUpPerson| {
        p.born.year() == target.born.year()
            && p.born.month() == target.born.month()
            && p.prefecture == target.prefecture
    };
    let all = threshold_only(|p| p.female && has(p, "I10")).unwrap();
    let but = threshold_only(|p| p.female && !same(p) && has(p, "I10")).unwrap();
    assert_eq!(all - but, i64::from(has(target, "I10")), "the attack works on a threshold");
    let everyone = threshold_only(|p| p.female).unwrap();
    assert_eq!(everyone - threshold_only(|p| p.female && !same(p)).unwrap(), 1);

    let women = format!("SELECT {PERSONS} FROM person p WHERE p.gender_source_value = 'F'");
    let not_her = format!(
        "NOT (p.year_of_birth = {} AND p.month_of_birth = {} AND p.location_id = {})",
        target.born.year(),
        target.born.month(),
        target.prefecture
    );
    let blind = without_comparison();
    let told = [women.clone(), format!("{women} AND {not_her}")]
        .map(|sql| single(&ask(&blind.gate, &sql).unwrap()).unwrap());
    assert_eq!(told[0] - told[1], 1, "the attack works without the comparison");

    let fresh = fresh("ndb-publication");
    assert!(single(&ask(&fresh.gate, &women).unwrap()).is_some());
    for but in [
        format!("{women} AND {not_her}"),
        format!("SELECT {PERSONS} FROM person p WHERE {not_her} AND p.gender_source_value = 'F'"),
        // Under another name, through a subquery, by another count.
        format!(
            "WITH w AS (SELECT p.person_id, p.gender_source_value g FROM person p WHERE {not_her}) \
             SELECT COUNT(DISTINCT p.person_id) FROM w p WHERE g = 'F'"
        ),
        format!("SELECT COUNT(*) FROM person p WHERE {not_her} AND p.gender_source_value = 'F'"),
        format!(
            "SELECT p.gender_source_value, {PERSONS} FROM person p WHERE {not_her} \
             GROUP BY p.gender_source_value"
        ),
    ] {
        assert_eq!(code(&fresh.gate, &but), "query.ledger.close", "{but}");
    }
    // A sum that all but her contribute the same to is masked by itself.
    let weighted = format!(
        "SELECT SUM(CASE WHEN {not_her} THEN 3 ELSE 0 END) FROM person p WHERE p.gender_source_value = 'F'"
    );
    assert_eq!(single(&ask(&fresh.gate, &weighted).unwrap()), None);
}

/// Knows: that a woman is the only one with her birth year, month and
/// prefecture. Tries: all women, then all women but those who are like her *and*
/// have a condition. A gate that refuses close answers and releases equal ones
/// tells by refusing whether she has it.
#[test]
fn the_refusal_as_an_oracle() {
    let target = unique();
    let other = ["I10", "E11.9", "G30.9", "C18.9", "F32.9"].into_iter().find(|c| !has(target, c));
    let sql = |icd: &str| {
        format!(
            "SELECT {PERSONS} FROM person p LEFT JOIN (SELECT DISTINCT person_id, condition_source_value c \
             FROM condition_occurrence WHERE condition_source_value = '{icd}') c ON c.person_id = p.person_id \
             WHERE p.gender_source_value = 'F' AND NOT coalesce(p.year_of_birth = {} \
             AND p.month_of_birth = {} AND p.location_id = {} AND c.c = '{icd}', false)",
            target.born.year(),
            target.born.month(),
            target.prefecture
        )
    };
    let women = format!("SELECT {PERSONS} FROM person p WHERE p.gender_source_value = 'F'");
    let mut told = std::collections::BTreeSet::new();
    for icd in [target.visits[0].icd10, other.unwrap()] {
        let fresh = fresh("ndb-publication");
        assert!(single(&ask(&fresh.gate, &women).unwrap()).is_some());
        told.insert(code(&fresh.gate, &sql(icd)));
    }
    assert_eq!(told.into_iter().collect::<Vec<_>>(), ["query.ledger.close"]);
    // With equal answers released, the oracle works.
    let rules = shirube_query::QueryPolicy {
        equal: shirube_query::Equal::Release,
        ..policy("ndb-publication")
    };
    let fresh = crate::bed::fresh_with(&rules);
    assert!(single(&ask(&fresh.gate, &women).unwrap()).is_some());
    assert_eq!(code(&fresh.gate, &sql(other.unwrap())), "");
}

/// Knows: the same. Tries: everybody, and everybody who is not she (the
/// complement), in this order and the other way round.
#[test]
fn the_complement_tracker() {
    let target = unique();
    let born = format!(
        "(p.year_of_birth = {} AND p.month_of_birth = {} AND p.location_id = {})",
        target.born.year(),
        target.born.month(),
        target.prefecture
    );
    let all = format!("SELECT {PERSONS} FROM person p");
    let complement = format!("{all} WHERE NOT {born}");
    for (first, second) in [(&all, &complement), (&complement, &all)] {
        let fresh = fresh("ndb-publication");
        assert!(single(&ask(&fresh.gate, first).unwrap()).is_some());
        assert_eq!(code(&fresh.gate, second), "query.ledger.close");
    }
    let fresh = fresh("ndb-publication");
    let direct = ask(&fresh.gate, &format!("{all} WHERE {born}")).unwrap();
    assert_eq!(direct.rows[0][0], Field::Masked);
}

/// Knows: the day of one visit of a person. Tries: sums of costs with and
/// without that visit; the persons are the same in both.
#[test]
fn differencing_by_one_record() {
    let people = &bed().people;
    let days = |p: &MadeUpPerson| p.visits.iter().map(|v| v.day).collect::<Vec<_>>();
    let target = people
        .iter()
        .find(|p| {
            p.visits.len() > 3 && p.prefecture == 13 && {
                let day = p.visits[1].day;
                number_of(people, |q| q.prefecture == 13 && days(q).contains(&day)) == 1
            }
        })
        .unwrap();
    let base = "SELECT SUM(k.total_charge), COUNT(*) FROM person p \
         JOIN visit_occurrence v ON v.person_id = p.person_id \
         JOIN cost k ON k.cost_event_id = v.visit_occurrence_id AND k.person_id = v.person_id \
         WHERE p.location_id = 13";
    let without = format!("{base} AND v.visit_start_date <> '{}'", target.visits[1].day);
    let blind = without_comparison();
    let told = [base, &without].map(|sql| single(&ask(&blind.gate, sql).unwrap()).unwrap());
    let yen = i64::try_from(target.visits[1].points * 10).unwrap();
    assert_eq!(told[0] - told[1], yen, "the attack works without the comparison");

    let fresh = fresh("ndb-publication");
    assert!(single(&ask(&fresh.gate, base).unwrap()).is_some());
    assert_eq!(code(&fresh.gate, &without), "query.ledger.close");
    let blanked = format!(
        "SELECT SUM(CASE WHEN v.visit_start_date <> '{}' THEN k.total_charge END) {}",
        target.visits[1].day,
        &base[base.find("FROM").unwrap()..]
    );
    assert_eq!(code(&fresh.gate, &blanked), "query.ledger.close");
}

/// Knows: nothing. Tries: two numbers in one answer that differ by one person.
#[test]
fn differencing_inside_one_answer() {
    let target = unique();
    let not_her = format!(
        "NOT (p.year_of_birth = {} AND p.month_of_birth = {} AND p.location_id = {})",
        target.born.year(),
        target.born.month(),
        target.prefecture
    );
    let fresh = fresh("ndb-publication");
    let sql = format!("SELECT COUNT(*), SUM(CASE WHEN {not_her} THEN 1 ELSE 0 END) FROM person p");
    assert_eq!(ask(&fresh.gate, &sql).unwrap().rows[0], vec![Field::Masked, Field::Masked]);
}

/// Knows: the properties of one woman. Tries: two numbers in one answer that are
/// equal unless she has a condition; the mask would tell.
#[test]
fn the_mask_as_an_oracle() {
    let target = unique();
    let other = ["I10", "E11.9", "G30.9", "C18.9", "F32.9"].into_iter().find(|c| !has(target, c));
    let like_her = |icd: &str| {
        format!(
            "p.year_of_birth = {} AND p.month_of_birth = {} AND p.location_id = {} AND c.code = '{icd}'",
            target.born.year(),
            target.born.month(),
            target.prefecture
        )
    };
    let from = |icd: &str, more: &str| {
        format!(
            "FROM person p LEFT JOIN (SELECT DISTINCT person_id, condition_source_value code \
             FROM condition_occurrence WHERE condition_source_value = '{icd}') c ON c.person_id = p.person_id{more}"
        )
    };
    for way in 0..3 {
        let mut seen = Vec::new();
        for icd in [target.visits[0].icd10, other.unwrap()] {
            let sql = match way {
                0 => format!(
                    "SELECT COUNT(*), SUM(CASE WHEN {} THEN 0 ELSE 1 END) {}",
                    like_her(icd),
                    from(icd, "")
                ),
                1 => format!(
                    "SELECT COUNT(*), COUNT(t.x) FROM (SELECT p.person_id, CASE WHEN {} THEN NULL ELSE 1 END x {}) t",
                    like_her(icd),
                    from(icd, "")
                ),
                _ => {
                    let but = format!(" AND {}", like_her(icd));
                    format!(
                        "SELECT COUNT(*), COUNT(CASE WHEN q.code IS NULL THEN 1 END) FROM \
                         (SELECT p.person_id, c.code {}) q",
                        from(icd, &but)
                    )
                }
            };
            let fresh = fresh("ndb-publication");
            seen.push(ask(&fresh.gate, &sql).unwrap().rows);
        }
        assert_eq!(seen[0], seen[1], "way {way}");
        assert_eq!(seen[0][0], vec![Field::Masked, Field::Masked]);
    }
}

/// Knows: the properties of one woman who has several conditions. Tries: two
/// sums in one answer that a window makes equal unless she has a condition; and
/// the same two sums one after the other.
#[test]
fn windows_as_an_oracle() {
    let key = |p: &MadeUpPerson| (p.born.year(), p.born.month(), p.prefecture);
    let people = &bed().people;
    let several = |p: &MadeUpPerson| p.visits.iter().any(|v| v.icd10 != p.visits[0].icd10);
    let alone = |p: &&MadeUpPerson| number_of(people, |q| key(q) == key(p)) == 1;
    let target = people.iter().filter(|p| several(p)).find(alone).unwrap();
    let other = ["I10", "E11.9", "G30.9", "C18.9", "F32.9"].into_iter().find(|c| !has(target, c));
    let like_her = |icd: &str| {
        format!(
            "p.year_of_birth = {} AND p.month_of_birth = {} AND p.location_id = {} AND c.condition_source_value = '{icd}'",
            target.born.year(),
            target.born.month(),
            target.prefecture
        )
    };
    let from = "FROM person p JOIN condition_occurrence c ON c.person_id = p.person_id";
    let all = "count(*) OVER (PARTITION BY p.person_id)";
    let parted = |icd: &str, more: &str| {
        format!("count(*) OVER (PARTITION BY p.person_id, {}{more})", like_her(icd))
    };
    let order = " ORDER BY c.condition_start_date";
    let shifted = |by: u8, icd: &str| {
        let window = format!("OVER (PARTITION BY p.person_id, {}{order})", like_her(icd));
        format!("lag(p.year_of_birth, {by}, 0) {window}")
    };
    for way in 0..2 {
        let of = |icd: &str| match way {
            0 => [all.to_owned(), parted(icd, "")],
            _ => [
                format!("lag(p.year_of_birth, 1, 0) OVER (PARTITION BY p.person_id{order})"),
                shifted(1, icd),
            ],
        };
        let both = |icd: &str| {
            let [a, b] = of(icd);
            format!(
                "SELECT SUM(t.a), SUM(t.b) FROM (SELECT p.person_id, {a} AS a, {b} AS b {from}) t"
            )
        };
        let blind = without_comparison();
        let told = [target.visits[0].icd10, other.unwrap()].map(|icd| {
            let rows = ask(&blind.gate, &both(icd)).unwrap().rows;
            rows[0][0] == rows[0][1]
        });
        assert_eq!(told, [false, true], "the attack works without the comparison");
        let mut seen = Vec::new();
        for icd in [target.visits[0].icd10, other.unwrap()] {
            let alone = fresh("ndb-publication");
            seen.push(ask(&alone.gate, &both(icd)).unwrap().rows);
            let [a, b] = of(icd);
            let one =
                |w: &str| format!("SELECT SUM(t.w) FROM (SELECT p.person_id, {w} AS w {from}) t");
            let fresh = fresh("ndb-publication");
            assert!(single(&ask(&fresh.gate, &one(&a)).unwrap()).is_some());
            assert_eq!(code(&fresh.gate, &one(&b)), "query.ledger.close", "{icd}");
        }
        assert_eq!(seen[0], seen[1], "way {way}");
        assert_eq!(seen[0][0], vec![Field::Masked, Field::Masked]);
    }
}

/// Knows: when a person had a visit. Tries: to leave out that visit by its place
/// among the person's visits; and by HAVING the person herself.
#[test]
fn differencing_by_the_place_of_a_row() {
    let target = unique();
    let born = format!(
        "p.year_of_birth = {} AND p.month_of_birth = {} AND p.location_id = {}",
        target.born.year(),
        target.born.month(),
        target.prefecture
    );
    let placed = "FROM (SELECT p.person_id, p.year_of_birth, p.month_of_birth, p.location_id, \
         row_number() OVER (PARTITION BY p.person_id ORDER BY v.visit_start_date) AS n \
         FROM person p JOIN visit_occurrence v ON v.person_id = p.person_id) p";
    let grouped = |having: &str| {
        format!(
            "SELECT COUNT(*), SUM(q.n) FROM (SELECT p.person_id, COUNT(*) AS n FROM person p \
             JOIN visit_occurrence v ON v.person_id = p.person_id \
             GROUP BY p.person_id, p.year_of_birth, p.month_of_birth, p.location_id{having}) q"
        )
    };
    for (whole, without) in [
        (
            format!("SELECT COUNT(*) {placed}"),
            format!("SELECT COUNT(*) {placed} WHERE NOT ({born} AND p.n = 1)"),
        ),
        (grouped(""), grouped(&format!(" HAVING NOT ({born}) OR COUNT(*) > 1000"))),
    ] {
        let blind = without_comparison();
        let [all, but] = [&whole, &without].map(|sql| {
            let rows = ask(&blind.gate, sql).unwrap().rows;
            count(&rows[0][0]).unwrap()
        });
        assert_eq!(all - but, 1, "the attack works without the comparison");
        let fresh = fresh("ndb-publication");
        assert_eq!(code(&fresh.gate, &whole), "");
        assert_eq!(code(&fresh.gate, &without), "query.ledger.close", "{without}");
    }
}

/// Knows: how a plan is written. Tries: text in a literal or a name that passes
/// for the rest of the plan, so that another question has the words of the first
/// and its equal answer is taken for the same.
#[test]
fn texts_that_look_like_a_plan() {
    let by_sex = |filter: &str| {
        format!("SELECT COUNT(*) FROM (SELECT person_id FROM person WHERE {filter}) t")
    };
    let by_name = |filter: &str| {
        format!(
            "SELECT COUNT(*) FROM (SELECT q.person_id FROM (SELECT person_id, year_of_birth AS x, \
             year_of_birth AS \"x IS NULL OR r1.x\" FROM person) q WHERE NOT ({filter})) t"
        )
    };
    for (two, one) in [
        (
            by_sex("gender_source_value <> 'x' AND gender_source_value <> 'y'"),
            by_sex("gender_source_value <> 'x\") AND r0.gender_source_value != Utf8(\"y'"),
        ),
        (by_name("q.x IS NULL OR q.x IS NULL"), by_name("q.\"x IS NULL OR r1.x\" IS NULL")),
    ] {
        let fresh = fresh("ndb-publication");
        let [a, b] = [&two, &one].map(|sql| fresh.gate.check(sql).unwrap().plan_text());
        assert_eq!(a, b, "the words alone are the same");
        let [first, second] = [&two, &one].map(|sql| code(&fresh.gate, sql));
        assert_eq!((first, second), ("", "query.ledger.close"), "{one}");
    }
}

/// Knows: the total of a table with one small cell. Tries: total less the
/// printed cells, within one answer and with a second one.
#[test]
fn subtracting_from_the_margin() {
    let people = &bed().people;
    let region = |p: &MadeUpPerson| p.prefecture;
    let of = |code: u64| number_of(people, |p| region(p) == code && has(p, "E11.9"));
    let total = number_of(people, |p| has(p, "E11.9"));
    let small: Vec<u64> = (1..=47).filter(|c| (1..10).contains(&of(*c))).collect();
    assert!(!small.is_empty());

    let fresh = fresh("ndb-publication");
    let from = "FROM person p JOIN condition_occurrence c USING (person_id) \
         WHERE c.condition_source_value = 'E11.9'";
    let table =
        ask(&fresh.gate, &format!("SELECT p.location_id, {PERSONS} {from} GROUP BY p.location_id"))
            .unwrap();
    let shown: Vec<i64> = (1..=47)
        .filter(|c| of(*c) > 0)
        .filter_map(|c| number(&table, &[Key::Int(i64::try_from(c).unwrap())]))
        .collect();
    assert!(!shown.is_empty() && shown.iter().all(|n| *n >= 10));
    let masked = table.rows.iter().filter(|r| r[1] == Field::Masked).count();
    assert!(masked >= 2, "one masked cell would be total less the rest");

    // One code alone, and all but one code.
    for code_of in &small {
        let alone = format!("SELECT {PERSONS} {from} AND p.location_id = {code_of}");
        let told = ask(&fresh.gate, &alone).ok().and_then(|r| single(&r));
        assert_eq!(told, None);
        let but = format!("SELECT {PERSONS} {from} AND p.location_id <> {code_of}");
        let told = ask(&fresh.gate, &but).ok().and_then(|r| single(&r));
        let naive = total - of(*code_of);
        assert!(naive >= 10, "a threshold alone would give it");
        let whole = ask(&fresh.gate, &format!("SELECT {PERSONS} {from}"));
        let both = told.zip(whole.ok().and_then(|r| single(&r)));
        assert_eq!(both, None, "the difference is the small cell");
    }
}

/// Knows: which cells were masked to protect another. Tries: to ask for them
/// one by one, until one masked cell is left.
#[test]
fn asking_for_masked_cells_one_by_one() {
    let people = &bed().people;
    let of = |code: u64| number_of(people, |p| p.prefecture == code && has(p, "I10"));
    let fresh = fresh("ndb-publication");
    let from = "FROM person p JOIN condition_occurrence c USING (person_id) \
         WHERE c.condition_source_value = 'I10'";
    let table =
        ask(&fresh.gate, &format!("SELECT p.location_id, {PERSONS} {from} GROUP BY p.location_id"))
            .unwrap();
    let total = ask(&fresh.gate, &format!("SELECT {PERSONS} {from}")).ok().and_then(|r| single(&r));
    let mut left = 0_i64;
    let mut hidden = 0;
    for code in 1..=47_u64 {
        let key = Key::Int(i64::try_from(code).unwrap());
        if of(code) == 0 || number(&table, &[key]).is_some() {
            continue;
        }
        let alone = format!("SELECT {PERSONS} {from} AND p.location_id = {code}");
        match ask(&fresh.gate, &alone).ok().and_then(|r| single(&r)) {
            Some(n) => assert!(n >= 10),
            None => {
                hidden += 1;
                left += of(code);
            }
        }
    }
    assert!(total.is_none() || hidden != 1, "the last one would be the rest");
    assert!(hidden == 0 || left >= 10 || total.is_none());
}

/// Knows: nothing. Tries: the same question many times, worded differently, to
/// average noise out.
#[test]
fn averaging() {
    let truth = number_of(&bed().people, |p| p.prefecture == 13);
    for id in ["ndb-publication", "census-cell-key"] {
        let fresh = fresh(id);
        let mut seen = std::collections::BTreeSet::new();
        for sql in [
            "SELECT COUNT(DISTINCT person_id) FROM person WHERE location_id = 13",
            "select  count(distinct person_id)\nfrom person where location_id = 13",
            "SELECT COUNT(DISTINCT person_id) FROM person WHERE location_id = 13 AND true",
            "SELECT COUNT(DISTINCT person_id) FROM person WHERE location_id IN (13)",
            "SELECT COUNT(DISTINCT q.person_id) n FROM person q WHERE 13 = q.location_id",
        ] {
            for _ in 0..3 {
                // Another description of the same persons may be refused.
                seen.extend(ask(&fresh.gate, sql).map(|r| single(&r)));
            }
        }
        assert_eq!(seen.len(), 1, "{id}: {seen:?}");
        let shown = seen.pop_first().flatten().unwrap();
        assert!((shown - truth).abs() <= 3);
    }
}

/// Knows: nothing. Tries: errors, extremes, order and choice as a channel.
#[test]
fn other_channels() {
    let fresh = fresh("ndb-publication");
    for (sql, wanted) in [
        ("SELECT MAX(p.year_of_birth) FROM person p", "query.aggregate.refused"),
        ("SELECT MIN(p.year_of_birth) FROM person p", "query.aggregate.refused"),
        ("SELECT COUNT(*) FROM person p WHERE 1/(p.year_of_birth-1950) > 0", "query.division"),
        (
            "SELECT COUNT(*) FROM person p WHERE CASE WHEN p.year_of_birth = 1950 THEN 1/0 ELSE 1 END = 1",
            "query.division",
        ),
        (
            "SELECT COUNT(*) FROM person p WHERE CAST(p.gender_source_value AS INTEGER) > 0",
            "query.cast.refused",
        ),
        (
            "SELECT SUM(p.year_of_birth) - SUM(p.year_of_birth + 0 * nullif(p.person_id, 42)) FROM person p",
            "query.arithmetic",
        ),
        (
            "SELECT p.location_id, COUNT(*) FROM person p GROUP BY p.location_id ORDER BY COUNT(*) LIMIT 1",
            "query.order.refused",
        ),
        ("SELECT p.location_id, COUNT(*) FROM person p GROUP BY 1 LIMIT 1", "query.limit.refused"),
        ("SELECT COUNT(*) FROM person p HAVING COUNT(*) > 3", "query.having.refused"),
    ] {
        assert_eq!(code(&fresh.gate, sql), wanted, "{sql}");
    }
    // Functions fail on nothing, whatever the values.
    let total = format!(
        "SELECT {PERSONS} FROM person p WHERE band(p.year_of_birth, 0) IS NULL \
         AND substr(p.gender_source_value, -9, 9223372036854775807) IS NOT NULL \
         AND left(p.gender_source_value, -1) = ''"
    );
    assert_eq!(single(&ask(&fresh.gate, &total).unwrap()), Some(1_500));
}

/// Knows: birth year and prefecture that few share. Tries: to tell nobody from
/// somebody with a property, with and without groups; a masked number or a
/// masked row would tell.
#[test]
fn empty_and_small_look_alike() {
    let people = &bed().people;
    let key = |p: &MadeUpPerson| (p.born.year(), p.prefecture);
    let rare = people
        .iter()
        .find(|p| has(p, "I10") && !has(p, "C34.9") && number_of(people, |q| key(q) == key(p)) < 4)
        .unwrap();
    let nobody = number_of(people, |p| key(p) == key(rare) && has(p, "C34.9"));
    assert_eq!(nobody, 0);
    let told = number_of(people, |p| key(p) == key(rare) && has(p, "I10"));
    assert!((1..4).contains(&told), "a gate that shows zeros and masks small counts tells");
    let sql = |icd: &str, head: &str, filter: &str, tail: &str| {
        format!(
            "SELECT {head}{PERSONS} AS n FROM person p JOIN visit_occurrence v USING (person_id) \
             JOIN condition_occurrence c ON c.person_id = v.person_id AND c.visit_occurrence_id = v.visit_occurrence_id \
             WHERE c.condition_source_value = '{icd}'{filter}{tail}"
        )
    };
    let pinned = format!(
        " AND p.year_of_birth = {} AND p.location_id = {}",
        rare.born.year(),
        rare.prefecture
    );
    for id in ["small-registry", "ndb-publication"] {
        for (head, tail) in [("", ""), ("p.gender_source_value AS g, ", " GROUP BY g")] {
            let fresh = fresh(id);
            let small = ask(&fresh.gate, &sql("I10", head, &pinned, tail)).unwrap();
            let empty = ask(&fresh.gate, &sql("C34.9", head, &pinned, tail)).unwrap();
            assert_eq!(small.rows, empty.rows, "{id} {tail}");
        }
        // Grouped by what is known and by the property: no row about so few.
        let fresh = fresh(id);
        let sql = format!(
            "SELECT p.year_of_birth AS y, p.location_id AS l, c.condition_source_value AS c, {PERSONS} \
             FROM person p JOIN condition_occurrence c USING (person_id) \
             WHERE p.year_of_birth BETWEEN {} AND {} AND p.location_id IN ({}, 13) GROUP BY y, l, c",
            rare.born.year() - 1,
            rare.born.year() + 1,
            rare.prefecture
        );
        let Ok(released) = ask(&fresh.gate, &sql) else { continue };
        let about = |row: &&Vec<Field>| {
            row[0] == Field::Head(Key::Int(i64::from(rare.born.year())))
                && row[1] == Field::Head(Key::Int(i64::try_from(rare.prefecture).unwrap()))
        };
        assert_eq!(released.rows.iter().filter(about).count(), 0, "{id}");
    }
}

/// Knows: answers from before and after a person opted out. Tries: their
/// difference.
#[test]
fn differencing_before_and_after_an_opt_out() {
    let bed = bed();
    let rules = policy("ndb-publication");
    let ledger = tempfile::tempdir().unwrap();
    let sql = format!("SELECT {PERSONS} FROM person p WHERE p.location_id = 13");
    let out = bed.people.iter().find(|p| p.prefecture == 13).unwrap();
    let before = open(&bed.snapshot, &rules, &[], ledger.path());
    let first = single(&ask(&before, &sql).unwrap()).unwrap();
    let person = i64::try_from(out.id).unwrap();
    let after = open(&bed.snapshot, &rules, &[person], ledger.path());
    assert_eq!(code(&after, &sql), "query.ledger.close");
    // Alone, the second number would be one less.
    let other = tempfile::tempdir().unwrap();
    let alone = open(&bed.snapshot, &rules, &[person], other.path());
    assert_eq!(single(&ask(&alone, &sql).unwrap()), Some(first - 1));
}

/// Knows: nothing. Tries: to read persons off what is written for the operator.
#[test]
fn words_for_the_log() {
    let ledger = tempfile::tempdir().unwrap();
    let out = shirube_query::Exclusions::of([987_654_321]);
    let gate = shirube_query::Gate::open(&shirube_query::Setup {
        snapshot: &bed().snapshot,
        grant: &shirube_query::Grant::all(),
        exclusions: &out,
        policy: &policy("ndb-publication"),
        ledger: ledger.path(),
        secret: b"hush-hush",
    })
    .unwrap();
    let checked = gate.check("SELECT COUNT(*) FROM cost").unwrap();
    let words = format!("{out:?} {gate:?} {checked:?} {}", checked.plan_text());
    assert!(words.contains("cost_event_id"));
    // A visit of person 1,234 would be 1,234,001, its cost's person 1,234.
    for secret in ["987654321", "hush", "104, 117, 115, 104", "1234001", "1499001"] {
        assert!(!words.contains(secret), "{secret}");
    }
}

/// Knows: nothing. Tries: to have a query checked where a person is still there
/// run at a gate where she opted out.
#[test]
fn a_plan_of_another_gate() {
    let (one, other) = (fresh("ndb-publication"), fresh("ndb-publication"));
    let checked = one.gate.check("SELECT COUNT(*) FROM person").unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let run = |gate: &shirube_query::Gate| runtime.block_on(gate.run(&checked));
    assert_eq!(run(&other.gate).err().map(|e| e.code()), Some("query.gate.other"));
    let answer = run(&one.gate).ok().unwrap();
    let released = other.gate.release(&crate::bed::asking("asker"), answer);
    assert_eq!(released.unwrap_err().code(), "query.gate.other");
}

/// Knows: nothing. Tries: to lift few persons over the threshold by joining a
/// table with itself.
#[test]
fn joining_a_table_with_itself() {
    let people = &bed().people;
    let code = (1..=47_u64)
        .find(|c| {
            (1..10).contains(&number_of(people, |p| p.prefecture == *c && p.visits.len() > 6))
        })
        .unwrap();
    let filter = format!("p.location_id = {code}");
    let few =
        (1..10).contains(&number_of(people, |p| p.prefecture == code && !p.visits.is_empty()));
    let fresh = fresh("ndb-publication");
    let sql = format!(
        "SELECT COUNT(*), {PERSONS} FROM person p JOIN visit_occurrence a ON a.person_id = p.person_id \
         JOIN visit_occurrence b ON b.person_id = a.person_id \
         JOIN visit_occurrence c ON c.person_id = a.person_id WHERE {filter}"
    );
    let released = ask(&fresh.gate, &sql).unwrap();
    assert_eq!(released.rows[0].iter().all(|f| *f == Field::Masked), few);
    // Persons of one join with visits of another are refused.
    let apart = format!(
        "SELECT COUNT(*) FROM person p JOIN visit_occurrence a ON a.visit_concept_id = p.location_id WHERE {filter}"
    );
    assert_eq!(crate::bed::code(&fresh.gate, &apart), "query.join.person");
}
