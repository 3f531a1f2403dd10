//! Sheets folded into the body of one programme: the latest sheet's words, and
//! money of every year that any sheet printed.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use shirube_model::plan::Vocabulary;
use shirube_model::record::Body;
use shirube_model::registers::YearAmount;
use shirube_model::registers::budget::BudgetProgramme;
use shirube_model::registers::canonical;

use super::identity::{Rule, folded};
use super::sheet::{Payment, Sheet};

/// Abbreviation of the plan for the office that a sheet names. An entry such as
/// `内閣府 健康・医療戦略推進事務局` needs both its words; the entry with the
/// longest name wins.
#[must_use]
pub fn ministry_of<'a>(sheet: &Sheet, ministries: &'a Vocabulary) -> Option<&'a str> {
    let unit = [sheet.bureau.as_deref(), sheet.division.as_deref()];
    let office = unit.into_iter().flatten().collect::<Vec<_>>().join(" ");
    let fits = |name: &str| {
        let mut words = name.split_whitespace();
        let (first, second) = (words.next().unwrap_or_default(), words.next());
        match second {
            Some(second) => sheet.ministry == first && office.contains(second),
            None => sheet.ministry == first || office.contains(first),
        }
    };
    let mut best: Option<(usize, &str)> = None;
    for term in &ministries.terms {
        for name in term.label.ja.split('、').filter(|name| fits(name)) {
            if best.is_none_or(|(length, _)| name.len() > length) {
                best = Some((name.len(), term.code.as_str()));
            }
        }
    }
    best.map(|(_, code)| code)
}

/// The programme after `sheet`. `before` is the programme as it stood.
pub(crate) fn folded_body(
    before: Option<&BudgetProgramme>,
    sheet: &Sheet,
    rule: Rule,
    ministries: &Vocabulary,
) -> Body {
    let known = before.is_some_and(|b| b.sheet_numbers.contains(&sheet.number));
    let mut numbers = before.map(|b| b.sheet_numbers.clone()).unwrap_or_default();
    let mut rules = before.map(|b| b.matched_by.clone()).unwrap_or_default();
    if !known {
        numbers.push(sheet.number.clone());
        rules.push(rule.code().to_owned());
    }
    let mut body = Body::new();
    let mut put = |field: &str, value: Value| body.insert(field.to_owned(), value);
    put("name", json!(sheet.name));
    put("earlier_names", json!(earlier_names(before, sheet)));
    put("ministry_printed", json!(sheet.ministry));
    put("ministry", json!(ministry_of(sheet, ministries)));
    put("bureau", json!(sheet.bureau));
    put("division", json!(sheet.division));
    put("started_year", json!(sheet.started_year));
    put("ends_year", json!(sheet.ends_year));
    put("published_year", json!(sheet.published_year));
    put("sheet_number", json!(sheet.number));
    put("sheet_numbers", json!(numbers));
    put("matched_by", json!(rules));
    put("accounts", json!(sheet.accounts));
    put("methods", json!(sheet.methods));
    put("purpose", json!(sheet.purpose));
    put("summary", json!(sheet.summary));
    let empty: [(&'static str, &[YearAmount]); 0] = [];
    let earlier: BTreeMap<&'static str, &[YearAmount]> = match before {
        Some(before) => before.money().into_iter().collect(),
        None => empty.into_iter().collect(),
    };
    for field in MONEY_FIELDS {
        let old = earlier.get(field).copied().unwrap_or_default();
        put(field, json!(merged(old, &sheet.amounts(field))));
    }
    let notes = match before {
        // What was noted when the sheet was new is not seen a second time.
        Some(before) if known => before.notes.clone(),
        _ => notes(before, sheet).into_iter().map(str::to_owned).collect(),
    };
    put("notes", json!(notes));
    canonical(body)
}

const MONEY_FIELDS: [&str; 8] = [
    "initial",
    "supplementary",
    "carried_in",
    "carried_out",
    "reserve",
    "budget_total",
    "executed",
    "requested",
];

fn earlier_names(before: Option<&BudgetProgramme>, sheet: &Sheet) -> Vec<String> {
    let Some(before) = before else { return Vec::new() };
    let mut names = before.earlier_names.clone();
    if folded(&before.name) != folded(&sheet.name) && !names.contains(&before.name) {
        names.push(before.name.clone());
    }
    names.retain(|name| *name != sheet.name);
    names
}

/// Amounts of all years; where both speak the newer holds.
fn merged(old: &[YearAmount], new: &[YearAmount]) -> Vec<YearAmount> {
    let all = old.iter().chain(new).map(|amount| (amount.fiscal_year, amount.amount_yen));
    let years: BTreeMap<i32, i64> = all.collect();
    years
        .into_iter()
        .map(|(fiscal_year, amount_yen)| YearAmount { fiscal_year, amount_yen })
        .collect()
}

/// Codes of `review_sheet_notes`.
fn notes(before: Option<&BudgetProgramme>, sheet: &Sheet) -> Vec<&'static str> {
    let mut notes = Vec::new();
    if totals_differ(sheet) {
        notes.push("total_differs");
    }
    if sheet.payments.is_empty() {
        notes.push("no_payees");
    }
    if sheet.purpose.is_none() {
        notes.push("no_purpose");
    }
    if sheet.summary.is_none() {
        notes.push("no_summary");
    }
    if sheet.payments.iter().any(|payment| payment.corporate_number_printed.is_some()) {
        notes.push("corporate_number_invalid");
    }
    if before.is_some_and(|before| restated(before, sheet)) {
        notes.push("history_restated");
    }
    notes
}

/// Whether a printed total is not the sum of its parts, within the rounding of
/// five numbers printed in whole millions.
fn totals_differ(sheet: &Sheet) -> bool {
    const ROUNDING_YEN: u64 = 3_000_000;
    let of = |field: &str, year: i32| {
        sheet.money.get(field).and_then(|years| years.get(&year)).copied().unwrap_or_default()
    };
    sheet.money.get("budget_total").into_iter().flatten().any(|(year, total)| {
        let parts = ["initial", "supplementary", "carried_in", "carried_out", "reserve"];
        let sum: i64 = parts.iter().map(|field| of(field, *year)).sum();
        sum.abs_diff(*total) > ROUNDING_YEN
    })
}

/// Whether the sheet prints other money for a year whose execution was printed
/// before.
fn restated(before: &BudgetProgramme, sheet: &Sheet) -> bool {
    before.executed.iter().any(|old| {
        let new = sheet.money.get("executed").and_then(|years| years.get(&old.fiscal_year));
        new.is_some_and(|new| *new != old.amount_yen)
    })
}

/// The body of a payment.
pub(crate) fn payment_body(programme: &str, sheet: &Sheet, payment: &Payment) -> Body {
    let mut body = Body::new();
    let mut put = |field: &str, value: Value| body.insert(field.to_owned(), value);
    put("payee", json!(payment.payee));
    put("programme", json!(programme));
    put("sheet_number", json!(sheet.number));
    put("fiscal_year", json!(payment.fiscal_year));
    put("block", json!(Some(&payment.block).filter(|block| !block.is_empty())));
    put("rank", json!(payment.rank));
    put("corporate_number", json!(payment.corporate_number));
    put("corporate_number_printed", json!(payment.corporate_number_printed));
    put("amount_yen", json!(payment.amount_yen));
    put("work", json!(payment.work));
    canonical(body)
}
