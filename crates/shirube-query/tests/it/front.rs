//! Arbitrary text at the front: checked or refused, and never anything else.

use std::sync::OnceLock;

use proptest::prelude::*;
use shirube_query::Gate;

use crate::bed::{Fresh, fresh};

/// Words of queries, whole and broken.
const WORDS: &[&str] = &[
    "SELECT",
    "COUNT(*)",
    "COUNT(DISTINCT p.person_id)",
    "SUM(",
    "AVG(",
    "MAX(",
    "person_id",
    "p.year_of_birth",
    "x",
    "FROM",
    "person p",
    "visit_occurrence v",
    "cost",
    "(",
    ")",
    ",",
    "JOIN",
    "LEFT JOIN",
    "ON",
    "USING (person_id)",
    "v.person_id = p.person_id",
    "WHERE",
    "GROUP BY",
    "1",
    "AND",
    "OR",
    "NOT",
    "IN (1, 2)",
    "IN (SELECT person_id FROM death)",
    "BETWEEN",
    "LIKE '%'",
    "CASE WHEN",
    "THEN",
    "ELSE",
    "END",
    "AS",
    "WITH t AS (",
    "DISTINCT",
    "HAVING",
    "ORDER BY",
    "LIMIT 1",
    "OVER ()",
    "OVER (PARTITION BY person_id)",
    "OVER (PARTITION BY p.person_id ORDER BY",
    "PARTITION BY person_id",
    "ROWS BETWEEN 1 PRECEDING AND CURRENT ROW",
    "ROWS BETWEEN UNBOUNDED PRECEDING AND",
    "UNBOUNDED FOLLOWING",
    "NULLS FIRST",
    "DESC",
    "row_number()",
    "rank()",
    "lag(",
    "lead(",
    "first_value(",
    "last_value(",
    "'F'",
    "'",
    "\"",
    "NULL",
    "-1",
    "9223372036854775808",
    "1e400",
    "DATE '2020-01-01'",
    "band(",
    "left(",
    "substr(",
    "fiscal_year(",
    "coalesce(",
    "nullif(",
    "extract(year from",
    "CAST(",
    "::date",
    "::int",
    "=",
    "<>",
    "<",
    "||",
    "/",
    "*",
    ";",
    "--",
    "/*",
    "$1",
    "@@",
    "EXISTS (SELECT 1)",
    "UNION ALL",
    "健康",
];

const WHOLE: &[&str] = &[
    "SELECT COUNT(DISTINCT p.person_id) FROM person p WHERE p.year_of_birth > 1950",
    "WITH h AS (SELECT DISTINCT person_id FROM condition_occurrence WHERE condition_source_value = 'I10') \
     SELECT p.gender_source_value AS g, COUNT(*) FROM person p JOIN h ON h.person_id = p.person_id GROUP BY g",
    "SELECT band(year_of_birth, 10), SUM(CASE WHEN gender_source_value LIKE 'F%' THEN 1 ELSE 0 END) \
     FROM person GROUP BY 1",
    "SELECT COUNT(*) FROM (SELECT person_id, MAX(visit_start_date) AS d FROM visit_occurrence GROUP BY person_id) q \
     LEFT JOIN death d ON d.person_id = q.person_id AND d.death_date > q.d",
    "SELECT COUNT(*) FROM (SELECT person_id, row_number() OVER (PARTITION BY person_id ORDER BY \
     visit_start_date DESC NULLS FIRST) AS n, lag(visit_start_date, 2, '2020-01-01') OVER (PARTITION BY person_id, \
     visit_concept_id ORDER BY visit_end_date) AS d FROM visit_occurrence) v WHERE v.n = 1 AND v.d < '2024-04-01'",
    "SELECT SUM(q.s) FROM (SELECT person_id, sum(value_as_number) OVER (PARTITION BY person_id ORDER BY \
     measurement_date ROWS BETWEEN 2 PRECEDING AND 1 FOLLOWING) AS s FROM measurement) q",
    "SELECT COUNT(*) FROM (SELECT person_id, COUNT(*) AS n FROM visit_occurrence GROUP BY person_id \
     HAVING COUNT(*) > 2 AND MAX(visit_start_date) < DATE '2024-04-01') q",
];

/// A window clause of parts that mostly fit.
fn over() -> impl Strategy<Value = String> {
    let partition = proptest::sample::select(vec![
        "",
        "PARTITION BY person_id",
        "PARTITION BY v.person_id, visit_concept_id",
        "PARTITION BY visit_concept_id",
        "PARTITION BY 1, person_id",
        "w PARTITION BY person_id",
    ]);
    let order = proptest::sample::select(vec![
        "",
        "ORDER BY visit_start_date",
        "ORDER BY visit_start_date DESC NULLS FIRST, year(visit_end_date)",
        "ORDER BY nullif(visit_concept_id, 9201) NULLS LAST, true",
        "ORDER BY visit_occurrence_id",
        "ORDER BY 1",
        "ORDER BY NULL, 'x' DESC",
    ]);
    let bound = || {
        proptest::sample::select(vec![
            "UNBOUNDED PRECEDING",
            "2 PRECEDING",
            "0 PRECEDING",
            "CURRENT ROW",
            "0 FOLLOWING",
            "1 FOLLOWING",
            "UNBOUNDED FOLLOWING",
            "-1 FOLLOWING",
            "1000 PRECEDING",
            "18446744073709551615 FOLLOWING",
        ])
    };
    let units = proptest::sample::select(vec!["", "ROWS", "ROWS", "ROWS", "RANGE", "GROUPS"]);
    (partition, order, units, bound(), bound()).prop_map(|(partition, order, units, from, to)| {
        let frame = if units.is_empty() {
            String::new()
        } else {
            format!("{units} BETWEEN {from} AND {to}")
        };
        format!("OVER ({partition} {order} {frame})")
    })
}

fn window() -> impl Strategy<Value = String> {
    let function = proptest::sample::select(vec![
        "row_number()",
        "rank()",
        "dense_rank()",
        "lag(visit_start_date)",
        "lag(visit_concept_id, 0)",
        "lead(visit_concept_id, 1000, 7)",
        "lead(visit_start_date, 2, '2024-04-01')",
        "lag(visit_start_datetime, 1, NULL)",
        "lag('x', 1, 'y')",
        "first_value(visit_source_value)",
        "last_value(visit_start_date)",
        "first_value(visit_start_date = visit_end_date)",
        "count(*)",
        "count(1)",
        "count(person_id)",
        "count(NULL)",
        "count(nullif(visit_concept_id, 9201))",
        "sum(visit_concept_id)",
        "sum(1.5)",
        "avg(visit_concept_id)",
        "min(visit_source_value)",
        "max(visit_start_datetime)",
        "min(visit_start_date = visit_end_date)",
        "max(person_id)",
        "(rank())",
    ]);
    (function, over()).prop_map(|(function, over)| format!("{function} {over}"))
}

fn gate() -> &'static Gate {
    static FRESH: OnceLock<Fresh> = OnceLock::new();
    &FRESH.get_or_init(|| fresh("ndb-publication")).gate
}

/// What must hold for any text.
fn holds(text: &str) -> Result<(), TestCaseError> {
    match gate().check(text) {
        Ok(checked) => {
            prop_assert!(!checked.measures().is_empty());
            prop_assert_eq!(checked.plan_hash.len(), 64);
            // The parser's own writing means the same.
            let again = gate().check(&checked.sql);
            prop_assert_eq!(again.map(|c| c.plan_hash), Ok(checked.plan_hash));
        }
        Err(refusal) => prop_assert!(refusal.code.starts_with("query."), "{}", refusal.code),
    }
    Ok(())
}

proptest! {
    #[test]
    fn any_text(text in "\\PC{0,200}") {
        holds(&text)?;
    }

    #[test]
    fn any_words(words in proptest::collection::vec(proptest::sample::select(WORDS), 0..30)) {
        holds(&words.join(" "))?;
        holds(&format!("SELECT COUNT(*) FROM person p WHERE {}", words.join(" ")))?;
    }

    /// What passes the check also runs.
    #[test]
    fn any_windows(list in proptest::collection::vec(window(), 1..4)) {
        let results: Vec<String> =
            list.iter().enumerate().map(|(n, w)| format!("{w} AS w{n}")).collect();
        let counted: Vec<String> = (0..list.len()).map(|n| format!("COUNT(t.w{n})")).collect();
        let sql = format!(
            "SELECT {} FROM (SELECT person_id, {} FROM visit_occurrence v) t",
            counted.join(", "),
            results.join(", ")
        );
        holds(&sql)?;
        if let Ok(checked) = gate().check(&sql) {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let ran = runtime.block_on(gate().run(&checked));
            prop_assert!(ran.is_ok(), "{}", sql);
        }
    }

    #[test]
    fn broken_queries(
        whole in proptest::sample::select(WHOLE),
        cut in 0_usize..200,
        length in 0_usize..30,
        word in proptest::sample::select(WORDS),
    ) {
        let text: Vec<char> = whole.chars().collect();
        let cut = cut.min(text.len());
        let rest = text.iter().skip(cut + length);
        let broken: String = text.iter().take(cut).chain(rest.clone()).collect();
        holds(&broken)?;
        let with: String = text.iter().take(cut).copied().chain(word.chars()).chain(rest.copied()).collect();
        holds(&with)?;
    }
}
