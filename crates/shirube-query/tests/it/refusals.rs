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

/// A subquery with one result besides the person, in a query that counts its
/// rows; the result stands from 1:43 on.
fn with_result(result: &str) -> String {
    format!("SELECT COUNT(*) FROM (SELECT v.person_id, {result} AS w FROM visit_occurrence v) t")
}

#[test]
fn windows_are_refused_at_their_place() {
    let bed = fresh("ndb-publication");
    let own = "OVER (PARTITION BY v.person_id";
    let by_day = "OVER (PARTITION BY v.person_id ORDER BY v.visit_start_date)";
    let rows = |frame: &str| format!("count(*) {own} ORDER BY v.visit_start_date {frame})");
    let cases: Vec<(String, &str, &str)> = vec![
        // What one window sees.
        ("row_number() OVER ()".into(), "query.window.partition", "1:43"),
        ("row_number() OVER (ORDER BY v.visit_start_date)".into(), "query.window.partition", "1:43"),
        ("count(*) OVER (PARTITION BY v.visit_concept_id)".into(), "query.window.partition", "1:43"),
        (
            "lag(v.visit_start_date) OVER (PARTITION BY v.visit_occurrence_id ORDER BY v.visit_start_date)"
                .into(),
            "query.window.partition",
            "1:43",
        ),
        (
            "count(*) OVER (PARTITION BY v.person_id IS NULL)".into(),
            "query.window.partition",
            "1:43",
        ),
        (
            "count(*) OVER (PARTITION BY CASE WHEN true THEN 1 END)".into(),
            "query.window.partition",
            "1:43",
        ),
        // Keys.
        (format!("row_number() {own} ORDER BY v.visit_occurrence_id)"), "query.key.use", "1:96"),
        (format!("rank() {own} ORDER BY v.person_id)"), "query.key.use", "1:90"),
        (format!("lag(v.person_id) {by_day}"), "query.key.use", "1:47"),
        (format!("lead(v.visit_occurrence_id, 2) {by_day}"), "query.key.use", "1:48"),
        (format!("first_value(v.person_id) {by_day}"), "query.key.use", "1:55"),
        (format!("min(v.visit_occurrence_id) {by_day}"), "query.key.use", "1:43"),
        (format!("max(v.person_id) {by_day}"), "query.key.use", "1:43"),
        (format!("sum(v.person_id) {by_day}"), "query.aggregate.form", "1:43"),
        // Functions and forms.
        (format!("ntile(4) {by_day}"), "query.window.function", "1:43"),
        (format!("percent_rank() {by_day}"), "query.window.function", "1:43"),
        (format!("nth_value(v.visit_start_date, 2) {by_day}"), "query.window.function", "1:43"),
        (format!("stddev(v.visit_concept_id) {by_day}"), "query.window.function", "1:43"),
        (format!("array_agg(v.visit_concept_id) {by_day}"), "query.window.function", "1:43"),
        (format!("pg.row_number() {by_day}"), "query.window.function", "1:43"),
        (format!("row_number(1) {by_day}"), "query.function.arguments", "1:43"),
        (format!("rank(v.visit_start_date) {by_day}"), "query.function.arguments", "1:43"),
        (format!("lag() {by_day}"), "query.function.arguments", "1:43"),
        (format!("lag(*) {by_day}"), "query.function.arguments", "1:43"),
        (format!("lag(NULL) {by_day}"), "query.function.arguments", "1:43"),
        (format!("max(NULL) {by_day}"), "query.function.arguments", "1:43"),
        (
            format!("lag(v.visit_concept_id, 1, 0, 0) {by_day}"),
            "query.function.arguments",
            "1:43",
        ),
        (format!("sum(v.visit_start_date) {by_day}"), "query.aggregate.form", "1:43"),
        (format!("count(DISTINCT v.visit_concept_id) {by_day}"), "query.function.form", "1:43"),
        (
            format!("count(*) FILTER (WHERE v.visit_concept_id = 1) {by_day}"),
            "query.function.form",
            "1:43",
        ),
        (
            format!("lag(v.visit_concept_id) IGNORE NULLS {by_day}"),
            "query.function.form",
            "1:43",
        ),
        (format!("lag(v.visit_concept_id, -1) {by_day}"), "query.window.offset", "1:68"),
        (format!("lag(v.visit_concept_id, 1001) {by_day}"), "query.window.offset", "1:67"),
        (format!("lag(v.visit_concept_id, 1.5) {by_day}"), "query.window.offset", "1:67"),
        (format!("lag(v.visit_concept_id, NULL) {by_day}"), "query.window.offset", "1:67"),
        (
            format!("lag(v.visit_concept_id, v.visit_concept_id) {by_day}"),
            "query.window.offset",
            "1:67",
        ),
        (format!("lag(v.visit_concept_id, 1, 'x') {by_day}"), "query.type.mismatch", "1:70"),
        (format!("lag(v.visit_concept_id, 1, 0.5) {by_day}"), "query.type.mismatch", "1:70"),
        (
            format!("lag(v.visit_concept_id, 1, v.visit_concept_id) {by_day}"),
            "query.literal.wanted",
            "1:70",
        ),
        (
            format!("lag(v.visit_start_date, 1, 'soon') {by_day}"),
            "query.literal.unreadable",
            "1:70",
        ),
        // Frames.
        (
            format!("row_number() {own} ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)"),
            "query.window.frame",
            "1:43",
        ),
        (
            format!("lag(v.visit_concept_id) {own} ROWS UNBOUNDED PRECEDING)"),
            "query.window.frame",
            "1:43",
        ),
        (rows("RANGE UNBOUNDED PRECEDING"), "query.window.frame", "1:43"),
        (rows("RANGE BETWEEN 1 PRECEDING AND CURRENT ROW"), "query.window.frame", "1:43"),
        (rows("GROUPS BETWEEN 1 PRECEDING AND CURRENT ROW"), "query.window.frame", "1:43"),
        (rows("ROWS 1 FOLLOWING"), "query.window.frame", "1:43"),
        (rows("ROWS UNBOUNDED FOLLOWING"), "query.window.frame", "1:43"),
        (rows("ROWS BETWEEN CURRENT ROW AND 1 PRECEDING"), "query.window.frame", "1:43"),
        (
            rows("ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED PRECEDING"),
            "query.window.frame",
            "1:43",
        ),
        (
            rows("ROWS BETWEEN v.visit_concept_id PRECEDING AND CURRENT ROW"),
            "query.window.offset",
            "1:124",
        ),
        (rows("ROWS BETWEEN 1001 PRECEDING AND CURRENT ROW"), "query.window.offset", "1:124"),
        (format!("last_value(v.visit_concept_id) {by_day}"), "query.window.last", "1:43"),
        // Places.
        (format!("CASE WHEN row_number() {by_day} = 1 THEN 1 END"), "query.window.refused", "1:53"),
        (format!("band(rank() {by_day}, 2)"), "query.window.refused", "1:48"),
        (format!("row_number() OVER (PARTITION BY row_number() {by_day})"), "query.window.refused", "1:75"),
        ("row_number() OVER w".into(), "query.window.refused", "1:61"),
        ("row_number() OVER (w)".into(), "query.window.refused", "1:62"),
    ];
    let mut wrong = Vec::new();
    for (result, wanted, place) in &cases {
        let found = match ask(&bed.gate, &with_result(result)) {
            Ok(_) => ("", String::new()),
            Err(e) => (e.code(), e.refusal().place.field.clone().unwrap_or_default()),
        };
        if found != (*wanted, (*place).to_owned()) {
            wrong.push((result.clone(), *wanted, *place, found));
        }
    }
    assert_eq!(wrong, []);
    assert!(bed.gate.ledger().entries().unwrap().is_empty());
}

#[test]
fn windows_and_having_have_their_levels() {
    let bed = fresh("ndb-publication");
    let w = "row_number() OVER (PARTITION BY person_id ORDER BY visit_start_date)";
    let from = "FROM visit_occurrence";
    let cases: Vec<(String, &str, &str)> = vec![
        (format!("SELECT COUNT(*), {w} {from}"), "query.window.refused", "1:18"),
        (format!("SELECT COUNT(*) {from} WHERE {w} = 1"), "query.window.refused", "1:45"),
        (format!("SELECT {w} AS w, COUNT(*) {from} GROUP BY w"), "query.window.refused", "1:8"),
        (format!("SELECT SUM({w}) {from}"), "query.window.refused", "1:12"),
        (
            format!("SELECT COUNT(*) FROM (SELECT person_id {from} WHERE {w} = 1) t"),
            "query.window.refused",
            "1:68",
        ),
        (
            format!("SELECT COUNT(*) FROM (SELECT person_id, COUNT(*) n, {w} AS w {from} GROUP BY person_id) t"),
            "query.window.mixed",
            "1:53",
        ),
        (
            format!("SELECT COUNT(*) FROM (SELECT person_id, SUM({w}) AS n {from} GROUP BY person_id) t"),
            "query.window.refused",
            "1:45",
        ),
        (
            format!("SELECT COUNT(*) FROM (SELECT DISTINCT person_id, {w} AS w {from}) t"),
            "query.window.mixed",
            "1:50",
        ),
        (
            format!("SELECT COUNT(*) FROM (SELECT person_id, {w} AS w {from} HAVING COUNT(*) > 1) t"),
            "query.window.mixed",
            "1:41",
        ),
        (
            format!("SELECT COUNT(*) FROM (SELECT person_id {from} GROUP BY person_id HAVING {w} = 1) t"),
            "query.window.refused",
            "1:88",
        ),
        (
            format!("SELECT COUNT(*) FROM (SELECT person_id, {w} AS w {from} QUALIFY w = 1) t"),
            "query.window.refused",
            "1:145",
        ),
        (
            format!("SELECT COUNT(*) FROM (SELECT person_id {from} WINDOW w AS (PARTITION BY person_id)) t"),
            "query.window.refused",
            "1:69",
        ),
        (
            "SELECT COUNT(*) FROM (SELECT count(*) OVER (PARTITION BY location_id) AS n FROM location) t"
                .into(),
            "query.person.missing",
            "1:23",
        ),
        (
            "SELECT COUNT(*) FROM (SELECT count(*) OVER (PARTITION BY p.person_id) AS n FROM person p \
             JOIN visit_occurrence v ON v.visit_concept_id = p.gender_concept_id) t"
                .into(),
            "query.join.person",
            "1:23",
        ),
        // The person of a table that is joined need not be there.
        (
            "SELECT COUNT(*) FROM (SELECT count(*) OVER (PARTITION BY d.person_id) AS n FROM person p \
             LEFT JOIN death d ON d.person_id = p.person_id) t"
                .into(),
            "query.window.partition",
            "1:30",
        ),
        // HAVING.
        (
            "SELECT gender_concept_id, COUNT(*) FROM person GROUP BY gender_concept_id HAVING COUNT(*) > 9"
                .into(),
            "query.having.refused",
            "1:82",
        ),
        (
            format!("SELECT COUNT(*) FROM (SELECT visit_concept_id {from} GROUP BY visit_concept_id HAVING COUNT(*) > 1) t"),
            "query.subquery.person",
            "1:23",
        ),
        (
            format!("SELECT COUNT(*) FROM (SELECT person_id {from} HAVING true) t"),
            "query.subquery.person",
            "1:23",
        ),
        (
            format!("SELECT COUNT(*) FROM (SELECT person_id {from} GROUP BY person_id HAVING visit_concept_id = 1) t"),
            "query.group.missing",
            "1:88",
        ),
        (
            format!("SELECT COUNT(*) FROM (SELECT person_id {from} GROUP BY person_id HAVING COUNT(*)) t"),
            "query.type.condition",
            "1:88",
        ),
        (
            format!("SELECT COUNT(*) FROM (SELECT person_id {from} GROUP BY person_id HAVING nothing > 1) t"),
            "query.column.unknown",
            "1:88",
        ),
        (
            format!("SELECT COUNT(*) FROM (SELECT person_id {from} GROUP BY person_id HAVING person_id = 7) t"),
            "query.key.use",
            "1:88",
        ),
        (
            format!("SELECT COUNT(*) FROM (SELECT person_id {from} GROUP BY person_id HAVING MIN(visit_occurrence_id) = 7) t"),
            "query.key.use",
            "1:88",
        ),
        (
            format!("SELECT COUNT(*) FROM (SELECT person_id {from} GROUP BY person_id HAVING SUM(visit_concept_id) / COUNT(*) > 1) t"),
            "query.division",
            "1:88",
        ),
        (
            format!("SELECT COUNT(*) FROM (SELECT person_id {from} GROUP BY person_id HAVING stddev(visit_concept_id) > 1) t"),
            "query.function.refused",
            "1:88",
        ),
    ];
    let mut wrong = Vec::new();
    for (sql, wanted, place) in &cases {
        let found = match ask(&bed.gate, sql) {
            Ok(_) => ("", String::new()),
            Err(e) => (e.code(), e.refusal().place.field.clone().unwrap_or_default()),
        };
        if found != (*wanted, (*place).to_owned()) {
            wrong.push((sql.clone(), *wanted, *place, found));
        }
    }
    assert_eq!(wrong, []);
}

/// Every query that a remedy shows is answered.
#[test]
fn remedies_are_queries_that_run() {
    let bed = fresh("ndb-publication");
    let mut tried = 0;
    for refused in ["query.window.refused", "query.subquery.refused"] {
        for lang in [Lang::Ja, Lang::En] {
            let remedy = shirube_model::refusal::Refusal::new(refused).remedy(lang);
            let shown: Vec<&str> = remedy.split('`').skip(1).step_by(2).collect();
            let from = shown.iter().find(|part| part.starts_with("FROM")).unwrap();
            let wheres: Vec<&&str> =
                shown.iter().filter(|part| part.starts_with("WHERE")).collect();
            let tails =
                if wheres.is_empty() { vec![""] } else { wheres.into_iter().copied().collect() };
            for tail in tails {
                let sql = format!("SELECT COUNT(*) {from} {tail}");
                assert_eq!(bed.gate.check(&sql).err(), None, "{sql}");
                tried += 1;
            }
        }
    }
    assert_eq!(tried, 6);
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
