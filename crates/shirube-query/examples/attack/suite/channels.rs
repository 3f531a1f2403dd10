//! Attacks by the language: what a query does besides answering.

use std::time::Instant;

use shirube_query::{Field, Released};

use super::attacks::{Target, targets};
use super::gates::Lab;
use super::{Attack, Effort, Outcome, score};

const TELLS: &str = "what comes back depends on whether she has the diagnosis";

pub const ATTACKS: &[Attack] = &[
    Attack {
        id: "value-aggregates",
        knows: "nothing",
        tries: "quantiles, distinct values, strings and arrays of values, first and last",
        success: "anything is released",
        run: |lab, _| released(lab, VALUES),
    },
    Attack {
        id: "recursive-cte",
        knows: "nothing",
        tries: "a recursive query, and others that make rows of their own",
        success: "anything is released",
        run: |lab, _| released(lab, ROWS),
    },
    Attack {
        id: "row-order",
        knows: "nothing",
        tries: "ORDER BY, LIMIT, windows; then the order of the rows itself",
        success: "anything is released, or rows are not in the order of their heads",
        run: row_order,
    },
    Attack {
        id: "error-channels",
        knows: "sex, year and month of birth and prefecture of a woman who alone has them",
        tries: "CASE, division, conversion, overflow and long text that fail only if she has the diagnosis",
        success: TELLS,
        run: |lab, effort| compared(lab, effort, ERRORS),
    },
    Attack {
        id: "subqueries",
        knows: "the same",
        tries: "EXISTS, IN, correlated and scalar subqueries that speak of her",
        success: TELLS,
        run: |lab, effort| compared(lab, effort, SUBQUERIES),
    },
    Attack {
        id: "pushdown",
        knows: "that a woman opted out",
        tries: "conditions that statistics of the files answer differently for her and for nobody",
        success: "what comes back differs",
        run: pushdown,
    },
    Attack {
        id: "timing",
        knows: "sex, year and month of birth and prefecture of a woman who alone has them",
        tries: "which of two questions takes longer, where her having the diagnosis is the difference",
        success: "guesses right beyond what chance gives in 95 of 100 runs",
        run: timing,
    },
];

const VALUES: &[&str] = &[
    "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY year_of_birth) FROM person",
    "SELECT approx_percentile_cont(year_of_birth, 0.99) FROM person",
    "SELECT median(year_of_birth) FROM person",
    "SELECT MIN(year_of_birth) FROM person",
    "SELECT COUNT(DISTINCT year_of_birth) FROM person",
    "SELECT COUNT(DISTINCT birth_datetime) FROM person",
    "SELECT SUM(DISTINCT year_of_birth) FROM person",
    "SELECT string_agg(gender_source_value, ',') FROM person",
    "SELECT array_agg(year_of_birth) FROM person",
    "SELECT first_value(year_of_birth) FROM person",
    "SELECT stddev(year_of_birth) FROM person",
    "SELECT bit_xor(year_of_birth) FROM person",
    "SELECT SUM(person_id) FROM person",
    "SELECT person_id, COUNT(*) FROM person GROUP BY person_id",
    "SELECT birth_datetime, COUNT(*) FROM person GROUP BY birth_datetime",
];

const ROWS: &[&str] = &[
    "WITH RECURSIVE r AS (SELECT person_id FROM person UNION ALL SELECT person_id FROM r) SELECT COUNT(*) FROM r",
    "SELECT COUNT(*) FROM generate_series(1, 1000)",
    "SELECT COUNT(*) FROM (VALUES (1), (2)) x",
    "SELECT COUNT(*) FROM person, person q",
    "SELECT COUNT(*) FROM person p JOIN LATERAL (SELECT 1) l ON true",
    "SELECT COUNT(*) FROM person UNION ALL SELECT COUNT(*) FROM death",
    "SELECT COUNT(*) FROM person TABLESAMPLE BERNOULLI (1)",
];

const ORDER: &[&str] = &[
    "SELECT location_id, COUNT(*) FROM person GROUP BY location_id ORDER BY COUNT(*)",
    "SELECT location_id, COUNT(*) FROM person GROUP BY location_id LIMIT 3",
    "SELECT location_id, COUNT(*) FROM person GROUP BY location_id HAVING COUNT(*) > 3",
    "SELECT location_id, COUNT(*), row_number() OVER (ORDER BY COUNT(*)) FROM person GROUP BY location_id",
    "EXPLAIN ANALYZE SELECT COUNT(*) FROM person",
];

/// `{like}` speaks of her, `{icd}` of the diagnosis.
const ERRORS: &[&str] = &[
    "SELECT COUNT(*) FROM {from} WHERE CASE WHEN {like} AND c.c = '{icd}' THEN 1/0 ELSE 1 END = 1",
    "SELECT COUNT(*) FROM {from} WHERE 1 / CASE WHEN {like} AND c.c = '{icd}' THEN 0 ELSE 1 END = 1",
    "SELECT COUNT(*) FROM {from} WHERE CAST(CASE WHEN {like} AND c.c = '{icd}' THEN 'x' ELSE '1' END AS INT) = 1",
    "SELECT SUM(CASE WHEN {like} AND c.c = '{icd}' THEN 9223372036854775807 ELSE 1 END) FROM {from}",
    "SELECT COUNT(*) FROM {from} WHERE substr(p.gender_source_value, CASE WHEN {like} AND c.c = '{icd}' THEN -9223372036854775808 ELSE 1 END, 1) = 'F'",
    "SELECT COUNT(*) FROM {from} WHERE band(p.year_of_birth, CASE WHEN {like} AND c.c = '{icd}' THEN 0 ELSE 1 END) > 0",
    "SELECT COUNT(*) FROM {from} WHERE years_since(CASE WHEN {like} AND c.c = '{icd}' THEN -9223372036854775808 ELSE 1 END, '2020-01-01') > 0",
    "SELECT COUNT(*) FROM {from} WHERE NOT ({like} AND c.c = '{icd}')",
    "SELECT COUNT(*) FROM {from} WHERE {like} AND c.c = '{icd}'",
    "SELECT p.gender_source_value, COUNT(*) FROM {from} WHERE {like} AND c.c = '{icd}' GROUP BY p.gender_source_value",
    "SELECT AVG(CASE WHEN {like} AND c.c = '{icd}' THEN p.year_of_birth END) FROM {from}",
    "SELECT COUNT(CASE WHEN {like} AND c.c = '{icd}' THEN 1 END) FROM {from}",
    "SELECT SUM(CASE WHEN {like} AND c.c = '{icd}' THEN 1 ELSE 0 END) FROM {from}",
    "SELECT SUM(CASE WHEN {like} AND c.c = '{icd}' THEN 2 ELSE 1 END) FROM {from}",
    "SELECT COUNT(CASE WHEN {like} AND c.c = '{icd}' THEN NULL ELSE 1 END) FROM {from}",
    "SELECT COUNT(DISTINCT CASE WHEN {like} AND c.c = '{icd}' THEN NULL ELSE p.person_id END) FROM {from}",
    "SELECT COUNT(DISTINCT q.who) FROM (SELECT p.person_id, d.person_id AS who FROM {from} \
     LEFT JOIN person d ON d.person_id = p.person_id AND NOT coalesce({like} AND c.c = '{icd}', false)) q",
];

const SUBQUERIES: &[&str] = &[
    "SELECT COUNT(*) FROM person p WHERE EXISTS (SELECT 1 FROM condition_occurrence c WHERE c.person_id = p.person_id AND {like} AND c.condition_source_value = '{icd}')",
    "SELECT COUNT(*) FROM person p WHERE NOT EXISTS (SELECT 1 FROM condition_occurrence c WHERE c.person_id = p.person_id AND {like} AND c.condition_source_value = '{icd}')",
    "SELECT COUNT(*) FROM person p WHERE p.person_id IN (SELECT c.person_id FROM condition_occurrence c WHERE c.condition_source_value = '{icd}') AND {like}",
    "SELECT COUNT(*) FROM person p WHERE p.person_id NOT IN (SELECT c.person_id FROM condition_occurrence c WHERE c.condition_source_value = '{icd}') OR NOT ({like})",
    "SELECT COUNT(*) FROM person p WHERE (SELECT COUNT(*) FROM condition_occurrence c WHERE c.condition_source_value = '{icd}') > 3 AND {like}",
    "SELECT COUNT(*) FROM person p WHERE p.year_of_birth > (SELECT AVG(q.year_of_birth) FROM person q WHERE {like})",
    "SELECT COUNT(*), (SELECT COUNT(*) FROM person) FROM person p WHERE {like}",
];

fn like(target: &Target<'_>) -> String {
    use chrono::Datelike;
    let p = target.person;
    format!(
        "p.gender_source_value = 'F' AND p.year_of_birth = {} AND p.month_of_birth = {} AND p.location_id = {}",
        p.born.year(),
        p.born.month(),
        p.prefecture
    )
}

fn filled(text: &str, target: &Target<'_>, icd: &str) -> String {
    let from = format!(
        "person p LEFT JOIN (SELECT DISTINCT person_id, condition_source_value AS c FROM condition_occurrence \
         WHERE condition_source_value = '{icd}') c ON c.person_id = p.person_id"
    );
    text.replace("{from}", &from).replace("{like}", &like(target)).replace("{icd}", icd)
}

fn released(lab: &Lab<'_>, texts: &[&str]) -> Outcome {
    if !lab.ours() {
        return Outcome::NotApplicable;
    }
    score(texts.iter().map(|sql| lab.fresh().sql("permit", sql).is_ok()))
}

/// What comes back, without the entry's number.
fn seen(answer: Result<Released, &'static str>) -> Seen {
    answer.map(|released| released.rows)
}

type Seen = Result<Vec<Vec<Field>>, &'static str>;

/// Whether two answers tell her from somebody else. Counts of large groups may
/// differ where no other number is known to take them from.
fn tells(a: &Seen, b: &Seen, nothing_else_known: bool) -> bool {
    let large = |field: &Field| matches!(field, Field::Count(n) if *n >= 10);
    match (a, b) {
        (Ok(a), Ok(b)) if nothing_else_known && a.len() == b.len() => {
            let pairs = a.iter().flatten().zip(b.iter().flatten());
            pairs.filter(|(x, y)| x != y).any(|(x, y)| !(large(x) && large(y)))
        }
        _ => a != b,
    }
}

/// Asks each text about a diagnosis that she has and one that nobody has.
fn compared(lab: &Lab<'_>, effort: Effort, texts: &[&str]) -> Outcome {
    if !lab.ours() {
        return Outcome::NotApplicable;
    }
    let all = targets(lab, (effort.trials / 4).max(2) * 2);
    let sick: Vec<&Target<'_>> = all.iter().filter(|t| t.has).collect();
    let pairs = sick.iter().flat_map(|t| texts.iter().map(move |text| (t, text)));
    score(pairs.map(|(t, text)| {
        // Alone, and after the number of everybody is out.
        let told = |first: Option<&str>, icd: &str| {
            let session = lab.fresh();
            if let Some(first) = first {
                let _ = session.sql("permit", first);
            }
            seen(session.sql("permit", &filled(text, t, icd)))
        };
        let everybody = "SELECT COUNT(DISTINCT person_id) FROM person";
        [None, Some(everybody)]
            .into_iter()
            .any(|first| tells(&told(first, t.icd), &told(first, "Z99.9"), first.is_none()))
    }))
}

fn row_order(lab: &Lab<'_>, _: Effort) -> Outcome {
    if !lab.ours() {
        return Outcome::NotApplicable;
    }
    let refused = ORDER.iter().map(|sql| lab.fresh().sql("permit", sql).is_ok());
    let n = "COUNT(DISTINCT person_id)";
    let grouped = ["location_id", "gender_source_value", "band(year_of_birth, 10)"].map(|by| {
        let sql = format!(
            "SELECT {by} AS g, {n} FROM visit_occurrence JOIN person USING (person_id) GROUP BY g"
        )
        .replace("COUNT(DISTINCT person_id)", "COUNT(DISTINCT person.person_id)");
        match lab.fresh().sql("permit", &sql) {
            Ok(released) => !released.rows.is_sorted_by_key(|row| match &row[0] {
                Field::Head(key) => key.clone(),
                other => panic!("{other:?} as a head"),
            }),
            Err(_) => false,
        }
    });
    score(refused.chain(grouped))
}

fn pushdown(lab: &Lab<'_>, effort: Effort) -> Outcome {
    use chrono::Datelike;
    if !lab.ours() {
        return Outcome::NotApplicable;
    }
    // Those at the ends of a column's range, which statistics know.
    let people = &lab.world.people;
    let oldest = people.iter().min_by_key(|p| p.born).into_iter();
    let ends = oldest.chain(people.iter().max_by_key(|p| p.born)).take(effort.trials);
    score(ends.map(|p| {
        let mut session = lab.fresh();
        session.without(p);
        let ask = |year: i32, month: u32, comparison: &str| {
            seen(session.sql(
                "permit",
                &format!(
                    "SELECT COUNT(DISTINCT p.person_id) FROM person p JOIN visit_occurrence v USING (person_id) \
                     WHERE p.year_of_birth {comparison} {year} AND p.month_of_birth = {month} AND p.location_id = {}",
                    p.prefecture
                ),
            ))
        };
        let (year, month) = (p.born.year(), p.born.month());
        let comparison = if year < 1960 { "<=" } else { ">=" };
        let nobody = if year < 1960 { 1_500 } else { 2_500 };
        ask(year, month, comparison) != ask(nobody, month, comparison)
    }))
}

fn timing(lab: &Lab<'_>, effort: Effort) -> Outcome {
    if !lab.ours() {
        return Outcome::NotApplicable;
    }
    let all = targets(lab, effort.trials * 2);
    let sick: Vec<&Target<'_>> = all.iter().filter(|t| t.has).collect();
    let text = "SELECT COUNT(*) FROM {from} WHERE {like} AND c.c = '{icd}'";
    let took = |t: &Target<'_>, icd: &str| {
        let session = lab.fresh();
        let start = Instant::now();
        let _ = session.sql("permit", &filled(text, t, icd));
        start.elapsed()
    };
    let right = sick.iter().enumerate().filter(|(n, t)| {
        // In turn, so that what is warm already favours neither.
        let (with, without) = if n % 2 == 0 {
            let with = took(t, t.icd);
            (with, took(t, "Z99.9"))
        } else {
            let without = took(t, "Z99.9");
            (took(t, t.icd), without)
        };
        with > without
    });
    let (right, trials) = (right.count(), sick.len());
    // Half by chance, and 1.65 standard deviations of that.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "few trials"
    )]
    let chance = (trials as f64 / 2.0 + 1.65 * (trials as f64 / 4.0).sqrt()).ceil() as usize;
    Outcome::Score { trials, successes: right.saturating_sub(chance) }
}
