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
];

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
