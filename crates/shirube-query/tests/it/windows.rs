//! Windows over the rows of one person, and HAVING on groups inside persons,
//! against plain Rust; whatever the order of the rows in the files.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::OnceLock;

use chrono::{Datelike, NaiveDate};
use proptest::prelude::*;
use shirube_query::{Field, Key, QueryPolicy, Released};
use shirube_records::Snapshot;
use shirube_records::population::MadeUpPerson;
use tempfile::TempDir;

use crate::bed::{ask, bed, count, fresh_with, open, shuffled, site};
use crate::naive::alone;

/// A policy that masks nothing, so that every number can be compared.
fn bare() -> QueryPolicy {
    let mut policy = QueryPolicy { close_min: 0, largest_percent: 0, ..alone() };
    policy.rules.threshold = 0;
    policy.rules.institutions_min = None;
    policy.rules.p_percent = None;
    policy.rules.dominance = None;
    policy.rules.measures.clear();
    policy
}

/// The bed's records with the rows of every file in another order.
fn other_order() -> &'static Snapshot {
    static OTHER: OnceLock<(TempDir, Snapshot)> = OnceLock::new();
    &OTHER
        .get_or_init(|| {
            let folder = tempfile::tempdir().unwrap();
            let snapshot = shuffled(folder.path(), 5);
            (folder, snapshot)
        })
        .1
}

fn answer(snapshot: &Snapshot, out: &[i64], sql: &str) -> Released {
    let ledger = tempfile::tempdir().unwrap();
    ask(&open(snapshot, &bare(), out, ledger.path()), sql).unwrap()
}

/// The answer over both orders of rows, which has to be one.
fn either(sql: &str) -> Released {
    let released = answer(&bed().snapshot, &[], sql);
    let other = answer(other_order(), &[], sql);
    assert_eq!(released.rows, other.rows, "{sql}");
    released
}

/// A visit with what the subquery shows of it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Row {
    day: NaiveDate,
    icd10: &'static str,
    yen: i64,
    site: i64,
}

impl Row {
    /// What decides between rows that tie.
    fn last_resort(&self) -> (NaiveDate, &str, i64, i64) {
        (self.day, self.icd10, self.yen, self.site)
    }

    fn fiscal_year(&self) -> i64 {
        i64::from(self.day.year()) - i64::from(self.day.month() < 4)
    }
}

fn rows(person: &MadeUpPerson) -> Vec<Row> {
    let id = i64::try_from(person.id).unwrap();
    let row = |(number, visit): (i64, &shirube_records::population::MadeUpVisit)| Row {
        day: visit.day,
        icd10: visit.icd10,
        yen: i64::try_from(visit.points * 10).unwrap(),
        site: site(id, id * 1_000 + number % 1_000),
    };
    (1..).zip(&person.visits).map(row).collect()
}

/// What a window sorts by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    Day,
    Year,
    Icd,
    Yen,
    /// NULL for the most frequent condition.
    Rare,
}

impl By {
    fn sql(self) -> &'static str {
        match self {
            Self::Day => "v.visit_start_date",
            Self::Year => "year(v.visit_start_date)",
            Self::Icd => "c.condition_source_value",
            Self::Yen => "k.total_charge",
            Self::Rare => "nullif(c.condition_source_value, 'I10')",
        }
    }

    fn compare(self, a: &Row, b: &Row, down: bool, nulls_first: Option<bool>) -> Ordering {
        let turned = |order: Ordering| if down { order.reverse() } else { order };
        match self {
            Self::Day => turned(a.day.cmp(&b.day)),
            Self::Year => turned(a.day.year().cmp(&b.day.year())),
            Self::Icd => turned(a.icd10.cmp(b.icd10)),
            Self::Yen => turned(a.yen.cmp(&b.yen)),
            Self::Rare => {
                let value = |row: &Row| Some(row.icd10).filter(|c| *c != "I10");
                match (value(a), value(b)) {
                    (Some(a), Some(b)) => turned(a.cmp(b)),
                    (None, None) => Ordering::Equal,
                    (a, _) => {
                        let first = nulls_first.unwrap_or(down);
                        if a.is_none() == first { Ordering::Less } else { Ordering::Greater }
                    }
                }
            }
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Argument {
    Yen,
    Year,
}

impl Argument {
    fn sql(self) -> &'static str {
        match self {
            Self::Yen => "k.total_charge",
            Self::Year => "year(v.visit_start_date)",
        }
    }

    fn of(self, row: &Row) -> i64 {
        match self {
            Self::Yen => row.yen,
            Self::Year => i64::from(row.day.year()),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Function {
    RowNumber,
    Rank,
    DenseRank,
    Lag(i64, Option<i64>),
    Lead(i64, Option<i64>),
    First,
    Last,
    Rows,
    Values,
    Sum,
    Min,
    Max,
    Avg,
}

/// A window over visits.
#[derive(Debug, Clone)]
struct Window {
    function: Function,
    argument: Argument,
    by_icd: bool,
    order: Vec<(By, bool, Option<bool>)>,
    /// Distances of first and last row; beyond ±1,000 without end.
    frame: Option<(i64, i64)>,
}

const ENDLESS: i64 = 1_001;

fn bound(distance: i64) -> String {
    match distance {
        0 => "CURRENT ROW".into(),
        n if n == -ENDLESS => "UNBOUNDED PRECEDING".into(),
        n if n == ENDLESS => "UNBOUNDED FOLLOWING".into(),
        n if n < 0 => format!("{} PRECEDING", -n),
        n => format!("{n} FOLLOWING"),
    }
}

impl Window {
    fn sql(&self) -> String {
        let argument = self.argument.sql();
        let shift = |name: &str, by: i64, default: Option<i64>| match default {
            None => format!("{name}({argument}, {by})"),
            Some(value) => format!("{name}({argument}, {by}, {value})"),
        };
        let function = match self.function {
            Function::RowNumber => "row_number()".into(),
            Function::Rank => "rank()".into(),
            Function::DenseRank => "dense_rank()".into(),
            Function::Lag(by, default) => shift("lag", by, default),
            Function::Lead(by, default) => shift("lead", by, default),
            Function::First => format!("first_value({argument})"),
            Function::Last => format!("last_value({argument})"),
            Function::Rows => "count(*)".into(),
            Function::Values => "count(nullif(c.condition_source_value, 'I10'))".into(),
            Function::Sum => format!("sum({argument})"),
            Function::Min => format!("min({argument})"),
            Function::Max => format!("max({argument})"),
            Function::Avg => format!("avg({argument})"),
        };
        let mut over = String::from("PARTITION BY v.person_id");
        if self.by_icd {
            over += ", c.condition_source_value";
        }
        let order: Vec<String> = self
            .order
            .iter()
            .map(|(by, down, nulls)| {
                let nulls = match nulls {
                    None => "",
                    Some(true) => " NULLS FIRST",
                    Some(false) => " NULLS LAST",
                };
                format!("{}{}{nulls}", by.sql(), if *down { " DESC" } else { "" })
            })
            .collect();
        if !order.is_empty() {
            over += &format!(" ORDER BY {}", order.join(", "));
        }
        if let Some((from, to)) = self.frame {
            over += &format!(" ROWS BETWEEN {} AND {}", bound(from), bound(to));
        }
        format!("{function} OVER ({over})")
    }

    fn compare(&self, a: &Row, b: &Row) -> Ordering {
        let steps = self.order.iter().map(|(by, down, nulls)| by.compare(a, b, *down, *nulls));
        steps.fold(Ordering::Equal, Ordering::then)
    }

    /// The value at each of a person's rows, in millionths, with the row.
    fn by_hand(&self, rows: &[Row]) -> Vec<(Row, Option<i128>)> {
        let mut parts: BTreeMap<&str, Vec<Row>> = BTreeMap::new();
        for row in rows {
            let part = if self.by_icd { row.icd10 } else { "" };
            parts.entry(part).or_default().push(row.clone());
        }
        let mut out = Vec::new();
        for (_, mut part) in parts {
            part.sort_by(|a, b| {
                self.compare(a, b).then_with(|| a.last_resort().cmp(&b.last_resort()))
            });
            for at in 0..part.len() {
                out.push((part[at].clone(), self.value(&part, at)));
            }
        }
        out
    }

    fn value(&self, part: &[Row], at: usize) -> Option<i128> {
        let tie = |other: &Row| self.compare(other, &part[at]) == Ordering::Equal;
        let whole = |n: usize| Some(i128::try_from(n).unwrap() * 1_000_000);
        let value = |row: &Row| i128::from(self.argument.of(row)) * 1_000_000;
        let here = i64::try_from(at).unwrap();
        let shifted = |place: i64, default: Option<i64>| {
            let row = usize::try_from(place).ok().and_then(|place| part.get(place));
            row.map(value).or(default.map(|d| i128::from(d) * 1_000_000))
        };
        let before = part.iter().take_while(|row| !tie(row)).count();
        let last_tie = part.iter().rposition(tie).unwrap();
        let end = i64::try_from(part.len()).unwrap() - 1;
        let (from, to) = match self.frame {
            Some((from, to)) => (
                if from == -ENDLESS { 0 } else { here + from },
                if to == ENDLESS { end } else { here + to },
            ),
            None if self.order.is_empty() => (0, end),
            None => (0, i64::try_from(last_tie).unwrap()),
        };
        let frame: Vec<&Row> =
            (from.max(0)..=to.min(end)).map(|n| &part[usize::try_from(n).unwrap()]).collect();
        let all = || frame.iter().map(|row| value(row));
        match self.function {
            Function::RowNumber => whole(at + 1),
            Function::Rank => whole(before + 1),
            Function::DenseRank => {
                let mut heads = part[..before].to_vec();
                heads.dedup_by(|a, b| self.compare(a, b) == Ordering::Equal);
                whole(heads.len() + 1)
            }
            Function::Lag(by, default) => shifted(here - by, default),
            Function::Lead(by, default) => shifted(here + by, default),
            Function::First => frame.first().map(|row| value(row)),
            Function::Last => frame.last().map(|row| value(row)),
            Function::Rows => whole(frame.len()),
            Function::Values => whole(frame.iter().filter(|row| row.icd10 != "I10").count()),
            Function::Sum => all().reduce(|a, b| a + b),
            Function::Min => all().min(),
            Function::Max => all().max(),
            #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation)]
            Function::Avg => all().reduce(|a, b| a + b).map(|sum| {
                let mean = sum as f64 / 1e6 / frame.len() as f64;
                (mean * 1e6).round() as i128
            }),
        }
    }
}

fn functions() -> impl Strategy<Value = Function> {
    let default = || proptest::option::of(-5_i64..5_000);
    prop_oneof![
        Just(Function::RowNumber),
        Just(Function::Rank),
        Just(Function::DenseRank),
        (0_i64..4, default()).prop_map(|(by, default)| Function::Lag(by, default)),
        (0_i64..4, default()).prop_map(|(by, default)| Function::Lead(by, default)),
        Just(Function::First),
        Just(Function::Last),
        Just(Function::Rows),
        Just(Function::Values),
        Just(Function::Sum),
        Just(Function::Min),
        Just(Function::Max),
        Just(Function::Avg),
    ]
}

fn windows() -> impl Strategy<Value = Window> {
    let by =
        proptest::sample::subsequence(vec![By::Day, By::Year, By::Icd, By::Yen, By::Rare], 0..3)
            .prop_shuffle();
    let order = by.prop_flat_map(|list| {
        let one = |by| (Just(by), any::<bool>(), proptest::option::of(any::<bool>()));
        list.into_iter().map(one).collect::<Vec<_>>()
    });
    let distance = || prop_oneof![3 => -3_i64..4, 1 => Just(-ENDLESS), 1 => Just(ENDLESS)];
    let frame = (distance(), distance()).prop_map(|(a, b)| (a.min(b), a.max(b)));
    let frame = frame
        .prop_filter("a bound at the wrong end", |(from, to)| *from != ENDLESS && *to != -ENDLESS);
    let argument = prop_oneof![Just(Argument::Yen), Just(Argument::Year)];
    (functions(), argument, any::<bool>(), order, proptest::option::of(frame)).prop_map(
        |(function, argument, by_icd, order, frame)| {
            let framed = !matches!(
                function,
                Function::RowNumber
                    | Function::Rank
                    | Function::DenseRank
                    | Function::Lag(..)
                    | Function::Lead(..)
            );
            // The last of rows that tie is refused without a frame.
            let frame = match function {
                Function::Last if !order.is_empty() => frame.or(Some((-ENDLESS, ENDLESS))),
                _ => frame,
            };
            Window { function, argument, by_icd, order, frame: frame.filter(|_| framed) }
        },
    )
}

const VISITS: &str = "FROM visit_occurrence v \
     JOIN condition_occurrence c ON c.visit_occurrence_id = v.visit_occurrence_id AND c.person_id = v.person_id \
     JOIN cost k ON k.cost_event_id = v.visit_occurrence_id AND k.person_id = v.person_id";

/// Rows, values and their sum by fiscal year and condition.
fn by_year_and_condition(window: &Window) -> String {
    format!(
        "SELECT t.y AS y, t.c AS c, COUNT(*) AS n, COUNT(t.w) AS k, SUM(t.w) AS s FROM \
         (SELECT v.person_id, fiscal_year(v.visit_start_date) AS y, v.visit_start_date AS d, \
          c.condition_source_value AS c, k.total_charge AS yen, {} AS w {VISITS}) t \
         GROUP BY t.y, t.c",
        window.sql()
    )
}

type Numbers = BTreeMap<Vec<Key>, (i64, i64, i128)>;

fn numbers(released: &Released) -> Numbers {
    let heads = released.columns.len() - 3;
    let read = |row: &Vec<Field>| {
        let key = row[..heads].iter().map(|field| match field {
            Field::Head(key) => key.clone(),
            other => panic!("{other:?} as a head"),
        });
        let Field::Number(sum) = &row[heads + 2] else { panic!("{row:?}") };
        let numbers = (count(&row[heads]).unwrap(), count(&row[heads + 1]).unwrap(), exact(sum));
        (key.collect(), numbers)
    };
    released.rows.iter().map(read).collect()
}

/// A decimal in millionths.
fn exact(text: &str) -> i128 {
    let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
    let digits: i128 = format!("{}{rest:0<6}", whole.trim_start_matches('-')).parse().unwrap();
    if text.starts_with('-') { -digits } else { digits }
}

fn by_hand(people: &[MadeUpPerson], window: &Window) -> Numbers {
    let mut out = Numbers::new();
    for person in people {
        for (row, value) in window.by_hand(&rows(person)) {
            let key = vec![Key::Int(row.fiscal_year()), Key::Text(row.icd10.into())];
            let numbers = out.entry(key).or_default();
            numbers.0 += 1;
            numbers.1 += i64::from(value.is_some());
            numbers.2 += value.unwrap_or(0);
        }
    }
    out
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn windows_are_what_they_are_by_hand(window in windows()) {
        let sql = by_year_and_condition(&window);
        prop_assert_eq!(numbers(&either(&sql)), by_hand(&bed().people, &window), "{}", sql);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn windows_see_nobody_else(window in windows(), part in 2_i64..5) {
        let sql = by_year_and_condition(&window);
        let whole = numbers(&answer(&bed().snapshot, &[], &sql));
        let mut sum = Numbers::new();
        for own in 0..part {
            let out: Vec<i64> = (1..=1_500).filter(|id| id % part != own).collect();
            for (key, (n, k, s)) in numbers(&answer(&bed().snapshot, &out, &sql)) {
                let numbers = sum.entry(key).or_default();
                *numbers = (numbers.0 + n, numbers.1 + k, numbers.2 + s);
            }
        }
        prop_assert_eq!(sum, whole, "{}", sql);
    }

    #[test]
    fn having_is_what_it_is_by_hand(
        visits in 0_usize..12,
        yen in 0_i64..40_000,
        year in 2019_i32..2026,
        both in any::<bool>(),
        in_year in any::<bool>(),
    ) {
        let (word, group) =
            (if both { "AND" } else { "OR" }, if in_year { ", year(v.visit_start_date)" } else { "" });
        let more = if in_year {
            format!(" AND NOT year(v.visit_start_date) = {year}")
        } else {
            String::new()
        };
        let sql = format!(
            "SELECT COUNT(*) AS n, COUNT(t.n) AS k, SUM(t.n) AS s FROM (SELECT v.person_id, COUNT(*) AS n {VISITS} \
             GROUP BY v.person_id{group} HAVING (COUNT(*) >= {visits} {word} MAX(k.total_charge) > {yen}){more}) t"
        );
        let mut wanted = (0_i64, 0_i64, 0_i128);
        for person in &bed().people {
            let mut groups: BTreeMap<i32, Vec<Row>> = BTreeMap::new();
            for row in rows(person) {
                groups.entry(if in_year { row.day.year() } else { 0 }).or_default().push(row);
            }
            for (key, rows) in groups {
                let many = rows.len() >= visits;
                let dear = rows.iter().any(|row| row.yen > yen);
                let kept = if both { many && dear } else { many || dear };
                if kept && !(in_year && key == year) {
                    wanted.0 += 1;
                    wanted.1 += 1;
                    wanted.2 += i128::try_from(rows.len()).unwrap() * 1_000_000;
                }
            }
        }
        prop_assert_eq!(numbers(&either(&sql))[&Vec::new()], wanted, "{}", sql);
    }
}

/// The first visit of each person by condition, and days between visits.
#[test]
fn common_windows_are_answered() {
    let fresh = fresh_with(&alone());
    let first = format!(
        "SELECT t.c, COUNT(DISTINCT t.person_id) AS persons FROM (SELECT v.person_id, \
         c.condition_source_value AS c, row_number() OVER (PARTITION BY v.person_id \
         ORDER BY v.visit_start_date) AS n {VISITS}) t WHERE t.n = 1 GROUP BY t.c"
    );
    let mut wanted: BTreeMap<&str, i64> = BTreeMap::new();
    for person in &bed().people {
        let first = rows(person).into_iter().min_by_key(|r| (r.day, r.icd10));
        *wanted.entry(first.map_or("", |r| r.icd10)).or_default() += 1;
    }
    let released = ask(&fresh.gate, &first).unwrap();
    let mut shown = 0;
    for row in &released.rows {
        let Field::Head(Key::Text(icd)) = &row[0] else { panic!("{row:?}") };
        if let Some(n) = count(&row[1]) {
            assert_eq!(n, wanted[icd.as_str()], "{icd}");
            shown += 1;
        }
    }
    assert!(shown >= 4, "{released:?}");

    let gaps = "SELECT COUNT(DISTINCT g.person_id) AS persons, AVG(days_between(g.before, g.day)) AS days \
         FROM (SELECT person_id, visit_start_date AS day, lag(visit_start_date) OVER \
         (PARTITION BY person_id ORDER BY visit_start_date) AS before FROM visit_occurrence) g \
         WHERE g.before IS NOT NULL";
    let (mut persons, mut days, mut n) = (0_i64, 0_i64, 0_i64);
    for person in &bed().people {
        let all: Vec<NaiveDate> = rows(person).iter().map(|r| r.day).collect();
        persons += i64::from(all.len() > 1);
        n += i64::try_from(all.len().saturating_sub(1)).unwrap();
        days += all.first().zip(all.last()).map_or(0, |(a, b)| (*b - *a).num_days());
    }
    let released = ask(&fresh.gate, gaps).unwrap();
    assert_eq!(count(&released.rows[0][0]), Some(persons));
    let Field::Number(mean) = &released.rows[0][1] else { panic!("{released:?}") };
    let (mean, days, n) = (exact(mean), i128::from(days), i128::from(n));
    assert!((mean * n - days * 1_000_000).abs() <= n, "{mean} {days} {n}");

    // A window over a window, and groups over windows.
    let streak = "SELECT COUNT(*) AS n FROM (SELECT person_id, SUM(q.gap) AS s, MAX(q.k) AS k FROM \
         (SELECT h.person_id, h.k, sum(h.gap) OVER (PARTITION BY h.person_id ORDER BY h.k \
         ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS gap FROM \
         (SELECT person_id, row_number() OVER (PARTITION BY person_id ORDER BY visit_start_date) AS k, \
         days_between(visit_start_date, visit_end_date) AS gap FROM visit_occurrence) h) q \
         GROUP BY person_id HAVING MAX(q.k) > 3) t";
    let wanted = bed().people.iter().filter(|p| p.visits.len() > 3).count();
    assert_eq!(count(&ask(&fresh.gate, streak).unwrap().rows[0][0]), i64::try_from(wanted).ok());
}

/// Rows that are alike in everything shown get their numbers by nothing but the
/// order of the files. Two windows must take them in the same order.
#[test]
fn rows_that_tie_do_not_tell_the_order_of_files() {
    let numbers = "row_number() OVER (PARTITION BY person_id ORDER BY visit_concept_id) AS a, \
         row_number() OVER (PARTITION BY person_id ORDER BY visit_concept_id DESC) AS b, \
         lag(visit_concept_id) OVER (PARTITION BY person_id) AS c";
    let sql = format!(
        "SELECT COUNT(*) AS n, COUNT(t.c) AS k, SUM(t.b) AS s FROM \
         (SELECT person_id, {numbers} FROM visit_occurrence) t WHERE t.a = t.b"
    );
    // Outpatients come behind patients in hospital, or before them; the number of
    // its own of each row is by the institution, which is read besides.
    let mut wanted = (0_i64, 0_i64, 0_i128);
    for person in &bed().people {
        let stays = person.visits.iter().zip(rows(person));
        let mut all: Vec<(i64, i64)> =
            stays.map(|(v, r)| (if v.stay_days > 0 { 9201 } else { 9202 }, r.site)).collect();
        all.sort_by_key(|(kind, site)| (*site, *kind));
        let mut up: Vec<usize> = (0..all.len()).collect();
        up.sort_by_key(|n| (all[*n].0, *n));
        let mut down: Vec<usize> = (0..all.len()).collect();
        down.sort_by_key(|n| (-all[*n].0, *n));
        for n in 0..all.len() {
            let place = |list: &[usize]| list.iter().position(|m| *m == n).unwrap();
            if place(&up) == place(&down) {
                wanted.0 += 1;
                wanted.1 += i64::from(n > 0);
                wanted.2 += i128::try_from(place(&down) + 1).unwrap() * 1_000_000;
            }
        }
    }
    assert!(wanted.0 > 100, "{wanted:?}");
    assert_eq!(self::numbers(&either(&sql))[&Vec::new()], wanted);
}

/// Every part of a window is in the hash of the plan: another window is another
/// question.
#[test]
fn another_window_is_another_question() {
    let fresh = fresh_with(&alone());
    let mut seen = BTreeMap::new();
    for window in [
        "lag(d) OVER (PARTITION BY v.person_id ORDER BY v.d)",
        "lag(d, 2) OVER (PARTITION BY v.person_id ORDER BY v.d)",
        "lag(d, 2, '2024-01-01') OVER (PARTITION BY v.person_id ORDER BY v.d)",
        "lead(d) OVER (PARTITION BY v.person_id ORDER BY v.d)",
        "lag(d) OVER (PARTITION BY v.person_id, v.k ORDER BY v.d)",
        "lag(d) OVER (PARTITION BY v.person_id ORDER BY v.d DESC)",
        "lag(d) OVER (PARTITION BY v.person_id ORDER BY v.d NULLS FIRST)",
        "lag(d) OVER (PARTITION BY v.person_id ORDER BY v.d, v.k)",
        "min(d) OVER (PARTITION BY v.person_id)",
        "min(d) OVER (PARTITION BY v.person_id ORDER BY v.d)",
        "min(d) OVER (PARTITION BY v.person_id ORDER BY v.d ROWS 2 PRECEDING)",
        "min(d) OVER (PARTITION BY v.person_id ORDER BY v.d ROWS 3 PRECEDING)",
        "min(d) OVER (PARTITION BY v.person_id ORDER BY v.d ROWS BETWEEN 2 PRECEDING AND 1 FOLLOWING)",
        "min(d) OVER (PARTITION BY v.person_id ORDER BY v.d ROWS BETWEEN 2 PRECEDING AND UNBOUNDED FOLLOWING)",
    ] {
        let sql = format!(
            "SELECT COUNT(t.w) FROM (SELECT v.person_id, {window} AS w FROM (SELECT person_id, \
             visit_start_date AS d, visit_concept_id AS k FROM visit_occurrence) v) t"
        );
        let hash = fresh.gate.check(&sql).unwrap().plan_hash;
        assert_eq!(seen.insert(hash, window), None, "{window}");
    }
}

#[test]
fn the_example_of_the_manual_is_answered() {
    let manual = include_str!("../../../../docs/HEALTH-DATA.md");
    let sql = manual.split("```sql\n").nth(1).unwrap().split("```").next().unwrap();
    let fresh = fresh_with(&alone());
    let released = ask(&fresh.gate, sql).unwrap();
    assert_eq!(released.columns, ["year", "persons"]);
    let mut wanted: BTreeMap<Key, i64> = BTreeMap::new();
    for first in bed().people.iter().filter_map(|p| rows(p).into_iter().min_by_key(|r| r.day)) {
        *wanted.entry(Key::Int(first.fiscal_year())).or_default() += 1;
    }
    let mut shown = 0;
    for row in &released.rows {
        let Field::Head(year) = &row[0] else { panic!("{row:?}") };
        if let Some(n) = count(&row[1]) {
            assert_eq!(n, wanted[year], "{year}");
            shown += 1;
        }
    }
    assert!(shown > 0);
}
