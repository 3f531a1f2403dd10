//! Rules, outcomes and places of health records in words.

use shirube_gate::policy::Zeros;
use shirube_model::refusal::Refusal;
use shirube_query::{
    ClassDisclosure, Criterion, Entry, Equal, Opened, Outcome, QueryPolicy, ReviewWhen, TooClose,
    TooCostly, Verdict,
};

use crate::text::Tr;
use crate::view::health::{Fact, PolicyWords, SqlFault, VerdictRow};

/// Questions that people ask often: key of the title and the query. They use
/// the columns of the common data model alone.
pub(crate) const EXAMPLES: [(&str, &str); 8] = [
    (
        "web.health.example-sex",
        "SELECT gender_source_value AS sex, COUNT(DISTINCT person_id) AS persons\n\
         FROM person\nGROUP BY sex",
    ),
    (
        "web.health.example-birth",
        "SELECT band(year_of_birth, 10) AS born_from, gender_source_value AS sex,\n       \
         COUNT(DISTINCT person_id) AS persons\nFROM person\nGROUP BY born_from, sex",
    ),
    (
        "web.health.example-diagnosis",
        "SELECT condition_source_value AS icd10, COUNT(DISTINCT person_id) AS persons\n\
         FROM condition_occurrence\nGROUP BY icd10",
    ),
    (
        "web.health.example-year",
        "SELECT fiscal_year(condition_start_date) AS year, COUNT(DISTINCT person_id) AS persons\n\
         FROM condition_occurrence\nWHERE condition_source_value = 'E11.9'\nGROUP BY year",
    ),
    (
        "web.health.example-drug",
        "WITH ill AS (\n  SELECT DISTINCT person_id FROM condition_occurrence\n  \
         WHERE condition_source_value LIKE 'E11%'\n)\n\
         SELECT d.drug_source_value AS atc, COUNT(DISTINCT d.person_id) AS persons\n\
         FROM drug_exposure d\nJOIN ill ON ill.person_id = d.person_id\nGROUP BY atc",
    ),
    (
        "web.health.example-measurement",
        "SELECT p.gender_source_value AS sex, AVG(m.value_as_number) AS mean,\n       \
         COUNT(DISTINCT p.person_id) AS persons\nFROM person p\n\
         JOIN measurement m ON m.person_id = p.person_id\n\
         WHERE m.measurement_source_value = '4548-4'\nGROUP BY sex",
    ),
    (
        "web.health.example-stay",
        "SELECT fiscal_year(visit_start_date) AS year, COUNT(*) AS stays,\n       \
         AVG(days_between(visit_start_date, visit_end_date)) AS mean_days,\n       \
         COUNT(DISTINCT person_id) AS persons\nFROM visit_occurrence\n\
         WHERE visit_concept_id = 9201\nGROUP BY year",
    ),
    (
        "web.health.example-death",
        "SELECT fiscal_year(d.death_date) AS year, COUNT(DISTINCT d.person_id) AS persons\n\
         FROM death d\nGROUP BY year",
    ),
];

/// A policy in words, one sentence a rule.
pub(crate) fn policy(t: Tr, policy: &QueryPolicy) -> PolicyWords {
    let rules = &policy.rules;
    let number = |key: &str, name: &'static str, n: u64| t.with(key, name, t.count(n));
    let mut out = Vec::new();
    if let Some(noise) = &rules.cell_key {
        out.push(number("web.health.rule-noise", "noise", noise.noise_max.into()));
    } else {
        if policy.threshold() > 0 {
            out.push(number("web.health.rule-threshold", "persons", policy.threshold()));
        }
        out.push(t.get(match rules.zeros {
            Zeros::Shown => "web.health.rule-zeros-shown",
            Zeros::Hidden => "web.health.rule-zeros-hidden",
            Zeros::Candidate => "web.health.rule-zeros-candidate",
        }));
        if let Some(least) = rules.institutions_min {
            out.push(number("web.health.rule-institutions", "institutions", least));
        }
        if let Some(dominance) = &rules.dominance {
            let args = [
                ("contributors", dominance.contributors.to_string()),
                ("percent", dominance.percent.to_string()),
            ];
            out.push(t.args("web.health.rule-dominance", &args));
        }
        if let Some(percent) = rules.p_percent {
            out.push(t.with("web.health.rule-p-percent", "percent", percent));
        }
        match policy.class_disclosure {
            ClassDisclosure::Off => {}
            ClassDisclosure::All => out.push(t.get("web.health.rule-class-all")),
            ClassDisclosure::AllOrNone => out.push(t.get("web.health.rule-class-all-or-none")),
        }
        out.push(t.get("web.health.rule-complementary"));
    }
    if let Some(base) = rules.rounding.filter(|base| *base > 1) {
        out.push(t.with("web.health.rule-rounding", "base", base));
    }
    if policy.close_min > 0 {
        out.push(number("web.health.rule-close", "persons", policy.close_min));
        out.push(t.get(match policy.too_close {
            TooClose::Refuse => "web.health.rule-close-refuse",
            TooClose::Mask => "web.health.rule-close-mask",
        }));
        if policy.equal == Equal::TooClose {
            out.push(t.get("web.health.rule-equal"));
        }
    }
    match policy.review {
        ReviewWhen::Never => {}
        ReviewWhen::Masked => out.push(t.get("web.health.rule-review-masked")),
        ReviewWhen::Always => out.push(t.get("web.health.rule-review-always")),
    }
    if let Some(rows) = policy.rows_max {
        let key = match policy.too_costly {
            TooCostly::Refuse => "web.health.rule-rows-refuse",
            TooCostly::Queue => "web.health.rule-rows-queue",
        };
        out.push(number(key, "rows", rows));
    }
    out.push(number("web.health.rule-budget", "queries", policy.queries_max));
    out.push(number("web.health.rule-cells", "cells", policy.cells_max as u64));
    PolicyWords {
        title: t.side(&rules.title),
        id: format!("{} {}", policy.id, policy.version),
        rules: out,
    }
}

const fn criterion_key(criterion: Criterion) -> &'static str {
    match criterion {
        Criterion::Primary => "web.health.criterion-primary",
        Criterion::Contributors => "web.health.criterion-contributors",
        Criterion::Difference => "web.health.criterion-difference",
        Criterion::Weights => "web.health.criterion-weights",
        Criterion::InstitutionsUnknown => "web.health.criterion-institutions-unknown",
        Criterion::Class => "web.health.criterion-class",
        Criterion::Ledger => "web.health.criterion-ledger",
        Criterion::Complementary => "web.health.criterion-complementary",
        Criterion::CellKey => "web.health.criterion-cell-key",
        Criterion::Rounding => "web.health.criterion-rounding",
    }
}

/// Every rule that was applied to an entry, with the cells it masked.
pub(crate) fn criteria(t: Tr, entry: &Entry) -> Vec<Fact> {
    let row = |(criterion, cells): (&Criterion, &u64)| {
        (t.get(criterion_key(*criterion)), t.count(*cells))
    };
    entry.criteria.iter().map(row).collect()
}

/// What became of an entry, and whether it was released.
pub(crate) fn outcome(t: Tr, entry: &Entry) -> (String, bool) {
    match &entry.outcome {
        Outcome::Released(_) => (t.get("web.health.released"), true),
        Outcome::Refused(code) => (t.with("web.health.refused", "code", code), false),
        // What two reviewers decided stands on the entry's own page.
        Outcome::Queued(_) => (t.get("web.health.queued"), true),
        Outcome::Costly(_) => (t.get("web.health.costly"), false),
    }
}

/// A reviewer's verdict with its reason.
pub(crate) fn verdict(t: Tr, opened: &Opened) -> VerdictRow {
    VerdictRow {
        reviewer: opened.reviewer.clone(),
        at: t.time(opened.at),
        verdict: t.get(match opened.verdict {
            Verdict::Approve => "web.health.approved",
            Verdict::Reject => "web.health.rejected",
        }),
        reason: opened.reason.clone(),
    }
}

/// A refusal of a query with the line concerned and a mark below the place.
pub(crate) fn sql_fault(t: Tr, refusal: &Refusal, sql: &str) -> SqlFault {
    let place = refusal.place.field.as_deref().filter(|_| refusal.place.line.is_some());
    let place = place.and_then(|field| {
        let (line, column) = field.split_once(':')?;
        Some((line.parse::<usize>().ok()?, column.parse::<usize>().ok()?))
    });
    let mut fault = SqlFault {
        message: refusal.message(t.0),
        remedy: refusal.remedy(t.0),
        code: refusal.code,
        place: String::new(),
        line: String::new(),
        before: String::new(),
    };
    if let Some((line, column)) = place {
        let args = [("line", line.to_string()), ("column", column.to_string())];
        fault.place = t.args("web.health.place", &args);
        fault.line = sql.lines().nth(line.saturating_sub(1)).unwrap_or_default().to_owned();
        let before = fault.line.chars().take(column.saturating_sub(1));
        fault.before = before.map(blank).collect();
    }
    fault
}

/// A blank as wide as a character in a font of fixed width.
fn blank(c: char) -> char {
    match c {
        '\t' => '\t',
        '\u{1100}'..='\u{115f}'
        | '\u{2e80}'..='\u{a4cf}'
        | '\u{ac00}'..='\u{d7a3}'
        | '\u{f900}'..='\u{faff}'
        | '\u{fe30}'..='\u{fe6f}'
        | '\u{ff00}'..='\u{ff60}'
        | '\u{ffe0}'..='\u{ffe6}' => '\u{3000}',
        _ => ' ',
    }
}

/// A count in a band, which does not tell one person more or less.
pub(crate) fn band(t: Tr, count: u64) -> String {
    const SMALLEST: u64 = 100;
    if count < SMALLEST {
        return t.with("web.health.band-below", "count", t.count(SMALLEST));
    }
    let mut step = SMALLEST;
    while count / step >= 10 {
        step = step.saturating_mul(10);
    }
    let low = count / step * step;
    let args = [("low", t.count(low)), ("high", t.count(low.saturating_add(step - 1)))];
    t.args("web.health.band", &args)
}

#[cfg(test)]
mod tests {
    use super::*;
    use shirube_model::lang::Lang;

    #[test]
    fn counts_are_told_in_bands() {
        let t = Tr(Lang::En);
        for (count, wanted) in [
            (0, "below 100"),
            (99, "below 100"),
            (100, "100–199"),
            (999, "900–999"),
            (1_000, "1,000–1,999"),
            (2_694, "2,000–2,999"),
            (1_000_000, "1,000,000–1,999,999"),
        ] {
            assert_eq!(band(t, count), wanted, "{count}");
        }
    }

    #[test]
    fn the_mark_stands_below_the_place() {
        let refusal =
            |field: &str| Refusal::new("query.star.refused").file("sql").line(2).field(field);
        let sql = "SELECT '標' AS a,\n '標準' , *\nFROM person";
        let fault = sql_fault(Tr(Lang::En), &refusal("2:9"), sql);
        assert_eq!((fault.line.as_str(), fault.before.as_str()), (" '標準' , *", "  　　    "));
        assert!(fault.place.contains('2') && fault.place.contains('9'), "{}", fault.place);
        for odd in ["x", "9:9", "2:900", "0:0"] {
            let fault = sql_fault(Tr(Lang::En), &refusal(odd), sql);
            assert!(fault.before.chars().count() <= 9, "{odd}");
        }
        let nowhere = sql_fault(Tr(Lang::En), &Refusal::new("query.sql.empty"), sql);
        assert!(nowhere.place.is_empty() && nowhere.line.is_empty());
    }
}
