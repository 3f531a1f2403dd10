//! Questions in three writings: SQL for the gate, Rust for the truth and the
//! simple gates, and pandas for ACRO.

use std::collections::{BTreeMap, BTreeSet};

use chrono::Datelike;
use serde_json::{Value, json};
use shirube_records::population::MadeUpPerson;

/// Codes that the made-up population has.
pub const ICD: &[&str] = &["I10", "E11.9", "E78.5", "J30.1", "N18.3", "G30.9", "C18.9", "F32.9"];

/// A condition on persons.
#[derive(Debug, Clone, PartialEq)]
pub enum Pred {
    Female,
    Year(i32),
    Month(u32),
    BornBefore(i32),
    Prefecture(u64),
    Prefectures(u64, u64),
    Icd(&'static str),
    /// Years and months of birth.
    Born(Vec<(i32, u32)>),
    /// Always true, in as many wordings as there are numbers.
    Always(i32),
    And(Vec<Pred>),
    Or(Vec<Pred>),
    Not(Box<Pred>),
}

impl Pred {
    pub fn and(self, other: Self) -> Self {
        Self::And(vec![self, other])
    }

    pub fn or(self, other: Self) -> Self {
        Self::Or(vec![self, other])
    }

    pub fn not(self) -> Self {
        Self::Not(Box::new(self))
    }

    pub fn holds(&self, p: &MadeUpPerson) -> bool {
        match self {
            Self::Female => p.female,
            Self::Year(y) => p.born.year() == *y,
            Self::Month(m) => p.born.month() == *m,
            Self::BornBefore(y) => p.born.year() < *y,
            Self::Prefecture(c) => p.prefecture == *c,
            Self::Prefectures(a, b) => (*a..=*b).contains(&p.prefecture),
            Self::Icd(code) => p.visits.iter().any(|v| v.icd10 == *code),
            Self::Born(list) => list.contains(&(p.born.year(), p.born.month())),
            Self::Always(_) => true,
            Self::And(list) => list.iter().all(|x| x.holds(p)),
            Self::Or(list) => list.iter().any(|x| x.holds(p)),
            Self::Not(x) => !x.holds(p),
        }
    }

    fn icds(&self, into: &mut BTreeSet<&'static str>) {
        match self {
            Self::Icd(code) => {
                into.insert(code);
            }
            Self::And(list) | Self::Or(list) => list.iter().for_each(|x| x.icds(into)),
            Self::Not(x) => x.icds(into),
            _ => {}
        }
    }

    fn text(&self, leaf: &dyn Fn(&Self) -> String, words: [&str; 3]) -> String {
        let [and, or, not] = words;
        let join = |list: &[Self], word: &str| {
            let parts: Vec<String> = list.iter().map(|x| x.text(leaf, words)).collect();
            format!("({})", parts.join(word))
        };
        match self {
            Self::And(list) => join(list, and),
            Self::Or(list) => join(list, or),
            Self::Not(x) => format!("({not}{})", x.text(leaf, words)),
            other => leaf(other),
        }
    }

    fn sql(&self, codes: &[&str]) -> String {
        let leaf = |x: &Self| match x {
            Self::Female => "p.gender_source_value = 'F'".into(),
            Self::Year(y) => format!("p.year_of_birth = {y}"),
            Self::Month(m) => format!("p.month_of_birth = {m}"),
            Self::BornBefore(y) => format!("p.year_of_birth < {y}"),
            Self::Prefecture(c) => format!("p.location_id = {c}"),
            Self::Prefectures(a, b) => format!("p.location_id BETWEEN {a} AND {b}"),
            Self::Icd(code) => {
                let at = codes.iter().position(|c| c == code).unwrap();
                format!("h{at}.c IS NOT NULL")
            }
            Self::Born(list) => {
                let one = |(y, m): &(i32, u32)| {
                    format!("(p.year_of_birth = {y} AND p.month_of_birth = {m})")
                };
                let all: Vec<String> = list.iter().map(one).collect();
                if all.is_empty() { "false".into() } else { format!("({})", all.join(" OR ")) }
            }
            Self::Always(n) => format!("p.year_of_birth < {}", 3_000 + n),
            _ => unreachable!(),
        };
        self.text(&leaf, [" AND ", " OR ", "NOT "])
    }

    fn pandas(&self) -> String {
        let leaf = |x: &Self| match x {
            Self::Female => "(female == 1)".into(),
            Self::Year(y) => format!("(year == {y})"),
            Self::Month(m) => format!("(month == {m})"),
            Self::BornBefore(y) => format!("(year < {y})"),
            Self::Prefecture(c) => format!("(prefecture == {c})"),
            Self::Prefectures(a, b) => format!("(prefecture >= {a} & prefecture <= {b})"),
            Self::Icd(code) => format!("({} == 1)", column(code)),
            Self::Born(list) => {
                let one = |(y, m): &(i32, u32)| (y * 100 + i32::try_from(*m).unwrap()).to_string();
                format!("(ym in [{}])", list.iter().map(one).collect::<Vec<_>>().join(","))
            }
            Self::Always(n) => format!("(year < {})", 3_000 + n),
            _ => unreachable!(),
        };
        self.text(&leaf, [" & ", " | ", "~"])
    }
}

/// The column of a code in the frame that ACRO is given.
pub fn column(icd: &str) -> String {
    format!("icd_{}", icd.replace('.', "_"))
}

/// What groups are made by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    Prefecture,
    Region,
    Sex,
    Decades,
}

impl Column {
    fn sql(self) -> &'static str {
        match self {
            Self::Prefecture => "p.location_id",
            Self::Region => "band(p.location_id, 12)",
            Self::Sex => "CASE WHEN p.gender_source_value = 'F' THEN 1 ELSE 0 END",
            Self::Decades => "band(p.year_of_birth, 20)",
        }
    }

    pub fn of(self, p: &MadeUpPerson) -> i64 {
        let code = i64::try_from(p.prefecture).unwrap();
        match self {
            Self::Prefecture => code,
            Self::Region => code / 12 * 12,
            Self::Sex => i64::from(p.female),
            Self::Decades => i64::from(p.born.year() / 20 * 20),
        }
    }

    fn pandas(self) -> &'static str {
        match self {
            Self::Prefecture => "prefecture",
            Self::Region => "region",
            Self::Sex => "female",
            Self::Decades => "decades",
        }
    }
}

/// What is asked of each group.
#[derive(Debug, Clone, PartialEq)]
pub enum Measure {
    Persons,
    /// Yen of all visits.
    Yen,
    /// Rows of visits joined twice with themselves.
    Rows,
    /// The latest year of birth.
    Latest,
    /// One for each visit of some persons, zero for others.
    Marked(Pred),
    /// Yen of some persons, one for others, with every row copied.
    Copied(Pred),
}

#[derive(Debug, Clone)]
pub struct Question {
    pub filter: Pred,
    pub by: Vec<Column>,
    pub measure: Measure,
}

/// A cell as it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Truth {
    pub persons: i64,
    pub value: i64,
}

pub fn persons(filter: Pred) -> Question {
    Question { filter, by: Vec::new(), measure: Measure::Persons }
}

pub fn table(filter: Pred, by: &[Column]) -> Question {
    Question { filter, by: by.to_vec(), measure: Measure::Persons }
}

pub fn yen(p: &MadeUpPerson) -> i64 {
    i64::try_from(p.visits.iter().map(|v| v.points * 10).sum::<u64>()).unwrap()
}

pub fn visits(p: &MadeUpPerson) -> i64 {
    i64::try_from(p.visits.len()).unwrap()
}

impl Question {
    pub fn sql(&self) -> String {
        let mut codes = BTreeSet::new();
        self.filter.icds(&mut codes);
        if let Measure::Marked(x) | Measure::Copied(x) = &self.measure {
            x.icds(&mut codes);
        }
        let codes: Vec<&str> = codes.into_iter().collect();
        let what = match &self.measure {
            Measure::Persons => "COUNT(DISTINCT p.person_id)".into(),
            Measure::Yen => "SUM(k.total_charge)".into(),
            Measure::Rows => "COUNT(*)".into(),
            Measure::Latest => "MAX(p.year_of_birth)".into(),
            Measure::Marked(x) => format!("SUM(CASE WHEN {} THEN 1 ELSE 0 END)", x.sql(&codes)),
            Measure::Copied(x) => {
                format!("SUM(CASE WHEN {} THEN k.total_charge ELSE 1 END)", x.sql(&codes))
            }
        };
        let mut heads: Vec<String> =
            self.by.iter().enumerate().map(|(n, c)| format!("{} AS g{n}", c.sql())).collect();
        heads.push(format!("{what} AS n"));
        let mut from = "person p JOIN visit_occurrence v ON v.person_id = p.person_id".to_owned();
        if matches!(self.measure, Measure::Yen | Measure::Copied(_)) {
            from += " JOIN cost k ON k.cost_event_id = v.visit_occurrence_id AND k.person_id = v.person_id";
        }
        let copies = match self.measure {
            Measure::Rows => 2,
            Measure::Copied(_) => 1,
            _ => 0,
        };
        for n in 0..copies {
            from += &format!(" JOIN visit_occurrence v{n} ON v{n}.person_id = v.person_id");
        }
        for (n, code) in codes.iter().enumerate() {
            from += &format!(
                " LEFT JOIN (SELECT DISTINCT person_id, condition_source_value AS c FROM condition_occurrence \
                 WHERE condition_source_value = '{code}') h{n} ON h{n}.person_id = p.person_id"
            );
        }
        let groups: Vec<String> = (0..self.by.len()).map(|n| format!("g{n}")).collect();
        let tail = if groups.is_empty() {
            String::new()
        } else {
            format!(" GROUP BY {}", groups.join(", "))
        };
        format!("SELECT {} FROM {from} WHERE {}{tail}", heads.join(", "), self.filter.sql(&codes))
    }

    /// What each person in it contributes.
    fn part(&self, p: &MadeUpPerson) -> i64 {
        let n = visits(p);
        match &self.measure {
            Measure::Persons => 1,
            Measure::Yen => yen(p),
            Measure::Rows => n * n * n,
            Measure::Latest => i64::from(p.born.year()),
            Measure::Marked(x) => {
                if x.holds(p) {
                    n
                } else {
                    0
                }
            }
            Measure::Copied(x) => {
                if x.holds(p) {
                    yen(p) * n
                } else {
                    n * n
                }
            }
        }
    }

    pub fn truth(&self, people: &[MadeUpPerson]) -> BTreeMap<Vec<i64>, Truth> {
        let mut out: BTreeMap<Vec<i64>, Truth> = BTreeMap::new();
        if self.by.is_empty() {
            out.insert(Vec::new(), Truth::default());
        }
        for p in people.iter().filter(|p| self.filter.holds(p)) {
            let cell = out.entry(self.by.iter().map(|c| c.of(p)).collect()).or_default();
            cell.persons += 1;
            let part = self.part(p);
            cell.value = if self.measure == Measure::Latest {
                cell.value.max(part)
            } else {
                cell.value + part
            };
        }
        out
    }

    pub fn count(&self, people: &[MadeUpPerson]) -> i64 {
        self.truth(people).get(&Vec::new()).map_or(0, |cell| cell.value)
    }

    pub fn pandas(&self) -> Value {
        let (measure, mark) = match &self.measure {
            Measure::Persons => ("persons", None),
            Measure::Yen => ("yen", None),
            Measure::Rows => ("rows", None),
            Measure::Latest => ("latest", None),
            Measure::Marked(x) => ("marked", Some(x.pandas())),
            Measure::Copied(x) => ("copied", Some(x.pandas())),
        };
        let by: Vec<&str> = self.by.iter().map(|c| c.pandas()).collect();
        json!({ "filter": self.filter.pandas(), "by": by, "measure": measure, "mark": mark })
    }
}
