//! Which sheets of different years are of one programme.
//!
//! Sheet numbers are given anew every year, and the data set carries no other
//! key. So a sheet is matched to a programme known before, by the first rule
//! that finds exactly one:
//!
//! 1. `same_name`: same ministry and name, unless both the first year and the
//!    money of earlier years speak against it;
//! 2. `budget_history`: same ministry and first year, and every amount that both
//!    print for earlier years is equal, over at least two years and three
//!    different amounts; this finds programmes that were renamed;
//! 3. `moved_ministry`: the same under another ministry, with a like name.
//!
//! Anything less certain becomes a programme of its own: two records that a
//! person joins later do less harm than two programmes in one.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use unicode_normalization::UnicodeNormalization;

use super::sheet::Sheet;

/// Amounts that differ by no more are the same, rounded differently.
const SAME_YEN: i64 = 500_000;
/// Different amounts needed before a history identifies a programme.
const DISTINCT_MIN: usize = 3;
/// Years needed.
const YEARS_MIN: usize = 2;
/// Likeness of names needed when the ministry changed.
const LIKE_MIN: f64 = 0.5;

/// How a sheet was matched; codes of `programme_match_rules`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// No programme known before.
    First,
    /// Same ministry and name.
    SameName,
    /// Same ministry, first year and money of earlier years.
    BudgetHistory,
    /// Like name and the same money under another ministry.
    MovedMinistry,
}

impl Rule {
    /// Code of the vocabulary.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::SameName => "same_name",
            Self::BudgetHistory => "budget_history",
            Self::MovedMinistry => "moved_ministry",
        }
    }
}

/// What is compared of a programme: initial budget and execution by year.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Trace {
    pub(crate) ministry: String,
    pub(crate) name: String,
    pub(crate) started_year: Option<i32>,
    pub(crate) bureau: Option<String>,
    /// (year, kind of money) → yen.
    pub(crate) history: BTreeMap<(i32, &'static str), i64>,
}

impl Trace {
    pub(crate) fn of(sheet: &Sheet) -> Self {
        let mut history = BTreeMap::new();
        for field in ["initial", "executed"] {
            for (year, yen) in sheet.money.get(field).into_iter().flatten() {
                history.insert((*year, field), *yen);
            }
        }
        Self {
            ministry: sheet.ministry.clone(),
            name: folded(&sheet.name),
            started_year: sheet.started_year,
            bureau: sheet.bureau.clone(),
            history,
        }
    }
}

/// How well two histories agree where both speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Agreement {
    compared: usize,
    equal: usize,
    years: usize,
    distinct: usize,
}

fn agreement(one: &Trace, other: &Trace) -> Agreement {
    let mut found = Agreement::default();
    let (mut years, mut distinct) = (BTreeSet::new(), BTreeSet::new());
    for (key, yen) in &one.history {
        let Some(theirs) = other.history.get(key) else { continue };
        // Nothing is printed like zero, so zeros on both sides say nothing.
        if *yen == 0 && *theirs == 0 {
            continue;
        }
        found.compared += 1;
        if yen.abs_diff(*theirs) <= SAME_YEN.unsigned_abs() {
            found.equal += 1;
            years.insert(key.0);
            distinct.insert(*yen);
        }
    }
    found.years = years.len();
    found.distinct = distinct.len();
    found
}

/// Whether everything but the name speaks against one programme.
fn contradicts(sheet: &Trace, known: &Trace) -> bool {
    let money = agreement(sheet, known);
    let other_start = sheet.started_year != known.started_year;
    other_start && money.compared > 0 && money.equal * 2 < money.compared
}

fn same_history(sheet: &Trace, known: &Trace) -> bool {
    let money = agreement(sheet, known);
    money.compared > 0
        && money.equal == money.compared
        && money.years >= YEARS_MIN
        && money.distinct >= DISTINCT_MIN
}

/// For each sheet of one year the place of its programme among those known,
/// and the rule that found it. `known` are programmes that may take a sheet of
/// this year.
pub(crate) fn matches(sheets: &[Trace], known: &[&Trace]) -> Vec<Option<(usize, Rule)>> {
    let mut found: Vec<Option<(usize, Rule)>> = vec![None; sheets.len()];
    let mut taken = vec![false; known.len()];
    by_name(sheets, known, &mut found, &mut taken);
    by_history(sheets, known, &mut found, &mut taken);
    found
}

/// Places of the sheets and known programmes of one ministry and name.
#[derive(Default)]
struct SameName {
    sheets: Vec<usize>,
    known: Vec<usize>,
}

fn by_name(
    sheets: &[Trace],
    known: &[&Trace],
    found: &mut [Option<(usize, Rule)>],
    taken: &mut [bool],
) {
    let mut groups: HashMap<(&str, &str), SameName> = HashMap::new();
    for (at, sheet) in sheets.iter().enumerate() {
        groups.entry((&sheet.ministry, &sheet.name)).or_default().sheets.push(at);
    }
    for (at, programme) in known.iter().enumerate() {
        if let Some(group) = groups.get_mut(&(programme.ministry.as_str(), programme.name.as_str()))
        {
            group.known.push(at);
        }
    }
    for group in groups.into_values() {
        for (sheet, programme) in pairs(sheets, known, &group.sheets, &group.known) {
            if let (Some(slot), Some(used)) = (found.get_mut(sheet), taken.get_mut(programme)) {
                *slot = Some((programme, Rule::SameName));
                *used = true;
            }
        }
    }
}

/// Pairs sheets and programmes of one name: a lone pair unless it contradicts
/// itself; of several, those that are each other's only best.
fn pairs(
    sheets: &[Trace],
    known: &[&Trace],
    ours: &[usize],
    theirs: &[usize],
) -> Vec<(usize, usize)> {
    let pair = |s: usize, k: usize| Some((sheets.get(s)?, *known.get(k)?));
    if let ([sheet], [programme]) = (ours, theirs) {
        let good = pair(*sheet, *programme).is_some_and(|(s, k)| !contradicts(s, k));
        return if good { vec![(*sheet, *programme)] } else { Vec::new() };
    }
    let score = |s: usize, k: usize| {
        pair(s, k).filter(|(sheet, known)| !contradicts(sheet, known)).map_or((0, 0), |(s, k)| {
            let money = agreement(s, k);
            let rest =
                usize::from(s.started_year == k.started_year) + usize::from(s.bureau == k.bureau);
            (money.equal, rest)
        })
    };
    let best = |scores: Vec<(usize, (usize, usize))>| {
        let top = scores.iter().map(|(_, score)| *score).max().filter(|score| *score > (0, 0))?;
        let mut at = scores.iter().filter(|(_, score)| *score == top);
        match (at.next(), at.next()) {
            (Some((only, _)), None) => Some(*only),
            _ => None,
        }
    };
    ours.iter()
        .filter_map(|s| {
            let k = best(theirs.iter().map(|k| (*k, score(*s, *k))).collect())?;
            let back = best(ours.iter().map(|s| (*s, score(*s, k))).collect())?;
            (back == *s).then_some((*s, k))
        })
        .collect()
}

fn by_history(
    sheets: &[Trace],
    known: &[&Trace],
    found: &mut [Option<(usize, Rule)>],
    taken: &mut [bool],
) {
    let mut by_start: HashMap<i32, Vec<usize>> = HashMap::new();
    for (at, programme) in known.iter().enumerate() {
        if let (Some(start), Some(false)) = (programme.started_year, taken.get(at)) {
            by_start.entry(start).or_default().push(at);
        }
    }
    let mut claims: BTreeMap<usize, Vec<(usize, Rule)>> = BTreeMap::new();
    for (at, sheet) in sheets.iter().enumerate() {
        if found.get(at).is_some_and(Option::is_some) {
            continue;
        }
        let open = sheet.started_year.and_then(|start| by_start.get(&start));
        let candidates: Vec<(usize, Rule)> = open
            .into_iter()
            .flatten()
            .filter_map(|k| Some((*k, history_rule(sheet, known.get(*k)?)?)))
            .collect();
        if let [(programme, rule)] = candidates[..] {
            claims.entry(programme).or_default().push((at, rule));
        }
    }
    for (programme, claimants) in claims {
        if let [(sheet, rule)] = claimants[..]
            && let Some(slot) = found.get_mut(sheet)
        {
            *slot = Some((programme, rule));
        }
    }
}

fn history_rule(sheet: &Trace, known: &Trace) -> Option<Rule> {
    if !same_history(sheet, known) {
        return None;
    }
    if sheet.ministry == known.ministry {
        return Some(Rule::BudgetHistory);
    }
    (likeness(&sheet.name, &known.name) >= LIKE_MIN).then_some(Rule::MovedMinistry)
}

/// A name as it is compared: width, spaces, brackets and dashes aside.
pub(crate) fn folded(name: &str) -> String {
    name.nfkc()
        .flat_map(char::to_lowercase)
        .filter(|c| c.is_alphanumeric() && !matches!(c, 'ー' | '―' | '‐'))
        .collect()
}

/// Dice coefficient of the pairs of neighbouring characters, 0 to 1.
pub(crate) fn likeness(one: &str, other: &str) -> f64 {
    let pairs =
        |text: &str| -> BTreeSet<(char, char)> { text.chars().zip(text.chars().skip(1)).collect() };
    let (a, b) = (pairs(one), pairs(other));
    let all = a.len() + b.len();
    if all == 0 {
        return 0.0;
    }
    let shared = a.intersection(&b).count();
    #[expect(clippy::cast_precision_loss, reason = "names are short")]
    let share = (2 * shared) as f64 / all as f64;
    share
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trace(ministry: &str, name: &str, start: i32, money: &[(i32, i64, i64)]) -> Trace {
        let mut history = BTreeMap::new();
        for (year, initial, executed) in money {
            history.insert((*year, "initial"), initial * 1_000_000);
            history.insert((*year, "executed"), executed * 1_000_000);
        }
        Trace {
            ministry: ministry.to_owned(),
            name: folded(name),
            started_year: Some(start),
            bureau: None,
            history,
        }
    }

    fn rules(sheets: &[Trace], known: &[Trace]) -> Vec<Option<(usize, Rule)>> {
        matches(sheets, &known.iter().collect::<Vec<_>>())
    }

    #[test]
    fn each_rule_finds_its_programme() {
        let before = [(2019, 10, 9), (2020, 12, 11)];
        let after = [(2019, 10, 9), (2020, 12, 11), (2021, 13, 12)];
        let known = [
            trace("厚生労働省", "ワクチン対策事業", 2010, &before),
            trace("厚生労働省", "看護（研修）事業", 2011, &[(2020, 5, 5)]),
            trace("厚生労働省", "食品の安全性確認事業", 2012, &[(2019, 20, 19), (2020, 22, 21)]),
        ];
        let sheets = [
            trace("厚生労働省", "ワクチン等対策の推進", 2010, &after),
            trace("厚生労働省", "看護(研修)　事業", 2011, &[(2020, 5, 5)]),
            trace("消費者庁", "食品の安全性確認事業", 2012, &[(2019, 20, 19), (2020, 22, 21)]),
            trace("厚生労働省", "新しい事業", 2022, &[]),
        ];
        assert_eq!(
            rules(&sheets, &known),
            [
                Some((0, Rule::BudgetHistory)),
                Some((1, Rule::SameName)),
                Some((2, Rule::MovedMinistry)),
                None
            ]
        );
    }

    #[test]
    fn too_little_in_common_makes_no_match() {
        let known = [trace("環境省", "甲事業", 2010, &[(2019, 10, 9), (2020, 12, 11)])];
        let cases: [(&str, Trace); 6] = [
            (
                "another first year",
                trace("環境省", "乙事業", 2011, &[(2019, 10, 9), (2020, 12, 11)]),
            ),
            (
                "one amount differs",
                trace("環境省", "乙事業", 2010, &[(2019, 10, 9), (2020, 12, 8)]),
            ),
            ("one year only", trace("環境省", "乙事業", 2010, &[(2020, 12, 11)])),
            ("same amounts again", trace("環境省", "乙", 2010, &[(2019, 0, 0), (2020, 0, 0)])),
            ("another ministry", trace("外務省", "丙丁", 2010, &[(2019, 10, 9), (2020, 12, 11)])),
            ("same name, all else differs", trace("環境省", "甲事業", 2021, &[(2020, 1, 2)])),
        ];
        for (why, sheet) in cases {
            assert_eq!(rules(&[sheet], &known), [None], "{why}");
        }
    }

    #[test]
    fn two_of_one_name_are_told_apart_by_money_or_left_apart() {
        let known = [
            trace("厚生労働省", "基金", 2014, &[(2020, 75, 70)]),
            trace("厚生労働省", "基金", 2015, &[(2020, 40, 39)]),
        ];
        let apart = [
            trace("厚生労働省", "基金", 2015, &[(2020, 40, 39)]),
            trace("厚生労働省", "基金", 2014, &[(2020, 75, 70)]),
        ];
        assert_eq!(rules(&apart, &known), [Some((1, Rule::SameName)), Some((0, Rule::SameName))]);
        let alike =
            [trace("厚生労働省", "基金", 2014, &[]), trace("厚生労働省", "基金", 2014, &[])];
        assert_eq!(rules(&alike, &known), [None, None]);
    }

    #[test]
    fn two_claims_on_one_history_cancel_each_other() {
        let money = [(2019, 10, 9), (2020, 12, 11)];
        let known = [trace("環境省", "甲", 2010, &money)];
        let sheets = [trace("環境省", "乙", 2010, &money), trace("環境省", "丙", 2010, &money)];
        assert_eq!(rules(&sheets, &known), [None, None]);
    }

    #[test]
    fn likeness_of_names() {
        for (one, other, expected) in
            [("甲乙丙", "甲乙丙", 1.0), ("甲乙", "丙丁", 0.0), ("", "", 0.0)]
        {
            assert!((likeness(one, other) - expected).abs() < 1e-9, "{one} {other}");
        }
    }
}
