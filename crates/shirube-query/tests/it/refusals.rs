//! What the check refuses, with its code and its place.

use crate::bed::{ask, bed, code, fresh, open, policy};
use shirube_model::lang::Lang;
use shirube_query::{Exclusions, Gate, Grant, Setup};

const N: &str = "COUNT(DISTINCT person_id)";

#[test]
fn what_is_not_on_the_list_is_refused() {
    let bed = fresh("ndb-publication");
    let cases: &[(&str, &str)] = &[
        // Statements.
        ("", "query.sql.empty"),
        ("SELECT", "query.sql.unreadable"),
        ("SELECT COUNT(* FROM person", "query.sql.unreadable"),
        ("SELECT 'unclosed FROM person", "query.sql.unreadable"),
        ("EXPLAIN SELECT COUNT(*) FROM person", "query.statement.refused"),
        ("EXPLAIN ANALYZE SELECT COUNT(*) FROM person", "query.statement.refused"),
        ("SET x = 1", "query.statement.refused"),
        ("CREATE TABLE t AS SELECT * FROM person", "query.statement.refused"),
        ("CREATE VIEW v AS SELECT * FROM person", "query.statement.refused"),
        ("DROP TABLE person", "query.statement.refused"),
        ("INSERT INTO person SELECT * FROM person", "query.statement.refused"),
        ("UPDATE person SET gender_concept_id = 1", "query.statement.refused"),
        ("DELETE FROM person", "query.statement.refused"),
        ("COPY person TO '/tmp/x.csv'", "query.statement.refused"),
        ("SHOW TABLES", "query.statement.refused"),
        ("VALUES (1)", "query.statement.refused"),
        ("TABLE person", "query.sql.unreadable"),
        ("SELECT COUNT(*) FROM person; SELECT COUNT(*) FROM person", "query.statement.several"),
        // Clauses.
        ("SELECT COUNT(*) FROM person HAVING COUNT(*) > 5", "query.having.refused"),
        ("SELECT COUNT(*) FROM person ORDER BY 1", "query.order.refused"),
        ("SELECT COUNT(*) FROM person LIMIT 1", "query.limit.refused"),
        ("SELECT COUNT(*) FROM person OFFSET 1", "query.limit.refused"),
        ("SELECT COUNT(*) FROM person FETCH FIRST 1 ROW ONLY", "query.limit.refused"),
        ("SELECT DISTINCT COUNT(*) FROM person", "query.distinct.refused"),
        ("SELECT COUNT(*) FROM person UNION SELECT COUNT(*) FROM death", "query.union.refused"),
        ("SELECT COUNT(*) FROM person EXCEPT SELECT COUNT(*) FROM death", "query.union.refused"),
        (
            "WITH RECURSIVE r AS (SELECT person_id FROM person) SELECT COUNT(*) FROM r",
            "query.recursive.refused",
        ),
        ("SELECT COUNT(*) FROM person FOR UPDATE", "query.clause.refused"),
        ("SELECT COUNT(*) INTO t FROM person", "query.clause.refused"),
        // FROM.
        ("SELECT COUNT(*)", "query.from.missing"),
        ("SELECT COUNT(*) FROM nowhere", "query.table.unknown"),
        ("SELECT COUNT(*) FROM information_schema.tables", "query.table.unknown"),
        ("SELECT COUNT(*) FROM '/etc/passwd'", "query.table.unknown"),
        ("SELECT COUNT(*) FROM note_nlp", "query.table.unknown"),
        ("SELECT COUNT(*) FROM person, death", "query.join.refused"),
        ("SELECT COUNT(*) FROM person CROSS JOIN death", "query.join.refused"),
        ("SELECT COUNT(*) FROM person NATURAL JOIN death", "query.join.refused"),
        (
            "SELECT COUNT(*) FROM person p FULL JOIN death d ON p.person_id = d.person_id",
            "query.join.refused",
        ),
        ("SELECT COUNT(*) FROM person p JOIN death d ON true", "query.join.equality"),
        (
            "SELECT COUNT(*) FROM person p JOIN visit_occurrence v ON v.visit_concept_id = p.gender_concept_id",
            "query.join.person",
        ),
        (
            "SELECT COUNT(*) FROM person p JOIN visit_occurrence v ON p.year_of_birth = v.visit_concept_id LEFT JOIN death d ON p.person_id = v.person_id AND d.person_id = p.person_id",
            "query.join.person",
        ),
        ("SELECT COUNT(*) FROM generate_series(1, 10)", "query.from.refused"),
        ("SELECT COUNT(*) FROM location", "query.person.missing"),
        (
            "SELECT COUNT(*) FROM person p JOIN person p ON p.person_id = p.person_id",
            "query.name.repeated",
        ),
        (
            "SELECT COUNT(*) FROM (SELECT gender_concept_id FROM person GROUP BY gender_concept_id) x",
            "query.subquery.person",
        ),
        (
            "SELECT COUNT(*) FROM (SELECT MAX(year_of_birth) m FROM person) x",
            "query.subquery.person",
        ),
        // Columns and keys.
        ("SELECT COUNT(*) FROM person WHERE nothing = 1", "query.column.unknown"),
        ("SELECT COUNT(*) FROM person WHERE person_source_value = 'x'", "query.column.unknown"),
        ("SELECT COUNT(*) FROM person WHERE __person = 1", "query.column.unknown"),
        (
            "SELECT COUNT(*) FROM person p JOIN death d ON p.person_id = d.person_id WHERE person_id IS NULL",
            "query.column.ambiguous",
        ),
        ("SELECT COUNT(*) FROM person WHERE person_id = 7", "query.key.use"),
        ("SELECT COUNT(*) FROM person WHERE person_id <> person_id", "query.key.use"),
        ("SELECT COUNT(*) FROM person WHERE person_id IN (7)", "query.key.use"),
        ("SELECT COUNT(*) FROM person WHERE person_id BETWEEN 1 AND 9", "query.key.use"),
        ("SELECT COUNT(*) FROM visit_occurrence WHERE visit_occurrence_id = 1001", "query.key.use"),
        ("SELECT person_id, COUNT(*) FROM person GROUP BY person_id", "query.key.use"),
        ("SELECT SUM(person_id) FROM person", "query.key.use"),
        ("SELECT SUM(CASE WHEN person_id IS NULL THEN person_id END) FROM person", "query.key.use"),
        ("SELECT COUNT(*) FROM person WHERE nullif(person_id, 42) IS NULL", "query.key.use"),
        ("SELECT COUNT(*) FROM person WHERE coalesce(person_id, 1) = 1", "query.key.use"),
        ("SELECT COUNT(*) FROM person WHERE band(person_id, 10) = 0", "query.key.use"),
        // Results.
        ("SELECT year_of_birth FROM person", "query.group.missing"),
        ("SELECT year_of_birth FROM person GROUP BY year_of_birth", "query.aggregate.none"),
        ("SELECT * FROM person", "query.star.refused"),
        ("SELECT MIN(year_of_birth) FROM person", "query.aggregate.refused"),
        ("SELECT MAX(year_of_birth) FROM person", "query.aggregate.refused"),
        ("SELECT median(year_of_birth), COUNT(*) FROM person", "query.function.refused"),
        ("SELECT approx_percentile_cont(year_of_birth, 0.5) FROM person", "query.function.refused"),
        ("SELECT string_agg(gender_source_value, ',') FROM person", "query.function.refused"),
        ("SELECT array_agg(year_of_birth) FROM person", "query.function.refused"),
        ("SELECT stddev(year_of_birth) FROM person", "query.function.refused"),
        ("SELECT COUNT(DISTINCT year_of_birth) FROM person", "query.aggregate.distinct"),
        ("SELECT SUM(DISTINCT year_of_birth) FROM person", "query.aggregate.form"),
        ("SELECT COUNT(*) FILTER (WHERE year_of_birth > 1990) FROM person", "query.function.form"),
        ("SELECT COUNT(*) OVER () FROM person", "query.window.refused"),
        (
            "SELECT row_number() OVER (PARTITION BY person_id), COUNT(*) FROM person",
            "query.window.refused",
        ),
        ("SELECT COUNT(*) + 1 FROM person", "query.arithmetic"),
        ("SELECT SUM(year_of_birth) / COUNT(*) FROM person", "query.division"),
        ("SELECT year_of_birth, COUNT(*) FROM person", "query.group.missing"),
        ("SELECT COUNT(*) FROM person GROUP BY year_of_birth", "query.group.hidden"),
        (
            "SELECT gender_concept_id, COUNT(*) FROM person GROUP BY ROLLUP (gender_concept_id)",
            "query.group.form",
        ),
        (
            "SELECT value_as_number, COUNT(*) FROM measurement GROUP BY value_as_number",
            "query.group.kind",
        ),
        ("SELECT birth_datetime, COUNT(*) FROM person GROUP BY birth_datetime", "query.group.kind"),
        ("SELECT COUNT(*) AS n, SUM(year_of_birth) AS n FROM person", "query.name.repeated"),
        // Expressions.
        ("SELECT COUNT(*) FROM person WHERE 1 / (year_of_birth - 1950) > 0", "query.division"),
        ("SELECT COUNT(*) FROM person WHERE year_of_birth % 2 = 0", "query.division"),
        ("SELECT COUNT(*) FROM person WHERE year_of_birth + 1 > 0", "query.arithmetic"),
        ("SELECT COUNT(*) FROM person WHERE -year_of_birth < 0", "query.arithmetic"),
        (
            "SELECT COUNT(*) FROM person WHERE CAST(gender_source_value AS INT) = 1",
            "query.cast.refused",
        ),
        ("SELECT COUNT(*) FROM person WHERE gender_source_value::int = 1", "query.cast.refused"),
        (
            "SELECT COUNT(*) FROM person WHERE TRY_CAST(gender_source_value AS INT) = 1",
            "query.cast.refused",
        ),
        ("SELECT COUNT(*) FROM person WHERE gender_source_value = 1", "query.type.mismatch"),
        ("SELECT COUNT(*) FROM person WHERE year_of_birth", "query.type.condition"),
        ("SELECT COUNT(*) FROM death WHERE death_date > 'yesterday'", "query.literal.unreadable"),
        (
            "SELECT COUNT(*) FROM death WHERE death_date > gender_source_value",
            "query.column.unknown",
        ),
        ("SELECT COUNT(*) FROM person WHERE year_of_birth = $1", "query.literal.refused"),
        (
            "SELECT COUNT(*) FROM person WHERE gender_source_value ILIKE 'm'",
            "query.expression.refused",
        ),
        (
            "SELECT COUNT(*) FROM person WHERE gender_source_value SIMILAR TO 'm'",
            "query.expression.refused",
        ),
        ("SELECT COUNT(*) FROM person WHERE gender_source_value ~ 'm'", "query.expression.refused"),
        (
            "SELECT COUNT(*) FROM person WHERE gender_source_value || 'x' = 'Mx'",
            "query.expression.refused",
        ),
        ("SELECT COUNT(*) FROM person WHERE random() > 0.5", "query.function.refused"),
        ("SELECT COUNT(*) FROM person WHERE now() > '2020-01-01'", "query.function.refused"),
        ("SELECT COUNT(*) FROM person WHERE SUM(year_of_birth) > 1", "query.aggregate.place"),
        (
            "SELECT COUNT(*) FROM person WHERE year(gender_source_value) > 1",
            "query.function.arguments",
        ),
        (
            "SELECT COUNT(*) FROM person WHERE person_id IN (SELECT person_id FROM death)",
            "query.subquery.refused",
        ),
        (
            "SELECT COUNT(*) FROM person p WHERE EXISTS (SELECT 1 FROM death d WHERE d.person_id = p.person_id)",
            "query.subquery.refused",
        ),
        (
            "SELECT COUNT(*) FROM person WHERE year_of_birth > (SELECT AVG(year_of_birth) FROM person)",
            "query.subquery.refused",
        ),
    ];
    let found = cases.iter().map(|(sql, wanted)| (*sql, *wanted, code(&bed.gate, sql)));
    let wrong: Vec<_> = found.filter(|(_, wanted, code)| code != wanted).collect();
    assert_eq!(wrong, []);
    assert!(bed.gate.ledger().entries().unwrap().is_empty(), "a refused text is no query");
}

#[test]
fn a_refusal_names_the_place_and_carries_no_data() {
    let bed = fresh("ndb-publication");
    let sql = "SELECT COUNT(*)\nFROM person\nWHERE  nothing = 'secret 42'";
    let error = ask(&bed.gate, sql).unwrap_err();
    assert_eq!(error.refusal().place.line, Some(3));
    assert_eq!(error.refusal().place.field.as_deref(), Some("3:8"));
    for lang in [Lang::Ja, Lang::En] {
        let text = error.refusal().line_text(lang);
        assert!(!text.contains("secret") && !text.contains("42"), "{text}");
        assert!(!error.refusal().remedy(lang).is_empty());
    }
    let unreadable = ask(&bed.gate, "SELECT COUNT(*)\nFROM person WHERE = 1").unwrap_err();
    assert_eq!(unreadable.code(), "query.sql.unreadable");
    assert_eq!(unreadable.refusal().place.line, Some(2));
}

#[test]
fn a_long_text_and_deep_nesting_are_refused() {
    let bed = fresh("ndb-publication");
    let long = format!("SELECT {N} FROM person WHERE year_of_birth IN ({})", "1,".repeat(40_000));
    assert_eq!(code(&bed.gate, &long), "query.sql.too_long");
    let deep = format!("SELECT {N} FROM person WHERE {}true{}", "(".repeat(900), ")".repeat(900));
    assert_eq!(code(&bed.gate, &deep), "query.sql.unreadable");
}

#[test]
fn what_is_not_granted_does_not_exist() {
    let bed = bed();
    let ledger = tempfile::tempdir().unwrap();
    let grant = Grant::none().table("person", ["person_id", "gender_concept_id"]);
    let gate = Gate::open(&Setup {
        snapshot: &bed.snapshot,
        grant: &grant,
        exclusions: &Exclusions::default(),
        policy: &policy("ndb-publication"),
        ledger: ledger.path(),
        secret: b"x",
    })
    .unwrap();
    assert_eq!(code(&gate, &format!("SELECT {N} FROM person")), "");
    let unknown = code(&gate, &format!("SELECT {N} FROM no_such_table"));
    assert_eq!(code(&gate, &format!("SELECT {N} FROM death")), unknown);
    let unknown = code(&gate, &format!("SELECT {N} FROM person WHERE no_such_column = 1"));
    assert_eq!(code(&gate, &format!("SELECT {N} FROM person WHERE year_of_birth = 1")), unknown);
    let open_to_all = open(&bed.snapshot, &policy("ndb-publication"), &[], ledger.path());
    assert_eq!(code(&open_to_all, &format!("SELECT {N} FROM death")), "");
    let unsuited = Grant::none().table("note_nlp", ["snippet"]);
    let setup = Setup {
        snapshot: &bed.snapshot,
        grant: &unsuited,
        exclusions: &Exclusions::default(),
        policy: &policy("ndb-publication"),
        ledger: ledger.path(),
        secret: b"x",
    };
    assert_eq!(Gate::open(&setup).unwrap_err().code(), "query.table.unsuited");
}
