//! One budget review sheet as the data set writes it.
//!
//! Money is printed in million yen, some with six digits behind the point, and
//! is kept as whole yen. The name of the official who wrote the sheet is not
//! read: no use of the register needs it.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde::Deserialize;
use serde_json::Number;
use shirube_model::ident::IdScheme;
use shirube_model::refusal::Refusal;
use shirube_model::registers::YearAmount;

use super::read::RawSheet;

const YEN_PER_MILLION: i64 = 1_000_000;

/// A sheet, read and checked as far as it can be by itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Sheet {
    /// Number (事業番号), such as `2022-厚労-21-0283`.
    pub number: String,
    /// Year the sheet was published.
    pub published_year: i32,
    /// Programme.
    pub name: String,
    /// Ministry or agency.
    pub ministry: String,
    /// Bureau.
    pub bureau: Option<String>,
    /// Division.
    pub division: Option<String>,
    /// First fiscal year.
    pub started_year: Option<i32>,
    /// Last fiscal year.
    pub ends_year: Option<i32>,
    /// Accounts.
    pub accounts: Vec<String>,
    /// Ways of carrying out.
    pub methods: Vec<String>,
    /// Purpose.
    pub purpose: Option<String>,
    /// Summary.
    pub summary: Option<String>,
    /// Money by field of the register and fiscal year, whole yen.
    pub money: BTreeMap<&'static str, BTreeMap<i32, i64>>,
    /// Payments.
    pub payments: Vec<Payment>,
}

/// A payment of a sheet.
#[derive(Debug, Clone, PartialEq)]
pub struct Payment {
    /// Fiscal year.
    pub fiscal_year: i32,
    /// Group of payees.
    pub block: String,
    /// Rank within the group.
    pub rank: i64,
    /// Payee.
    pub payee: String,
    /// 法人番号 with a good check digit.
    pub corporate_number: Option<String>,
    /// What stands in its place and is none.
    pub corporate_number_printed: Option<String>,
    /// Whole yen.
    pub amount_yen: i64,
    /// Work done.
    pub work: Option<String>,
}

impl Sheet {
    /// Money of one field, in order of years.
    #[must_use]
    pub fn amounts(&self, field: &str) -> Vec<YearAmount> {
        let of = |(year, yen): (&i32, &i64)| YearAmount { fiscal_year: *year, amount_yen: *yen };
        self.money.get(field).into_iter().flatten().map(of).collect()
    }
}

#[derive(Deserialize)]
struct SheetText {
    #[serde(rename = "公開年度")]
    published_year: i32,
    #[serde(rename = "事業番号")]
    number: Option<String>,
    #[serde(rename = "事業名")]
    name: Option<String>,
    #[serde(rename = "府省庁")]
    ministry: Option<String>,
    #[serde(rename = "担当部局庁", default)]
    bureau: Option<String>,
    #[serde(rename = "担当課室", default)]
    division: Option<String>,
    #[serde(rename = "開始年度", default)]
    started_year: Option<i32>,
    #[serde(rename = "終了年度", default)]
    ends_year: Option<i32>,
    #[serde(rename = "会計区分", default)]
    accounts: Option<Vec<String>>,
    #[serde(rename = "実施方法", default)]
    methods: Option<Vec<String>>,
    #[serde(rename = "事業目的", default)]
    purpose: Option<String>,
    #[serde(rename = "事業概要", default)]
    summary: Option<String>,
    #[serde(rename = "予算", default)]
    budget: Option<Vec<BudgetText>>,
    #[serde(rename = "支出先", default)]
    payments: Option<Vec<PaymentText>>,
}

#[derive(Deserialize)]
struct BudgetText {
    #[serde(rename = "年度")]
    year: i32,
    #[serde(flatten)]
    money: BTreeMap<String, Option<Number>>,
}

#[derive(Deserialize)]
struct PaymentText {
    #[serde(rename = "年度")]
    year: i32,
    #[serde(rename = "グループ", default)]
    block: String,
    #[serde(rename = "番号")]
    rank: i64,
    #[serde(rename = "支出先名")]
    payee: String,
    #[serde(rename = "法人番号", default)]
    corporate_number: Option<String>,
    #[serde(rename = "業務概要", default)]
    work: Option<String>,
    #[serde(rename = "支出額")]
    amount: Option<Number>,
}

/// Kinds of money: the sheet's word and the field of the register.
const MONEY: [(&str, &str); 8] = [
    ("当初予算", "initial"),
    ("補正予算", "supplementary"),
    ("前年度から繰越し", "carried_in"),
    ("翌年度へ繰越し", "carried_out"),
    ("予備費等", "reserve"),
    ("予算計", "budget_total"),
    ("執行額", "executed"),
    ("要求額", "requested"),
];

/// Years a sheet may be published in: the review began in FY2010.
const PUBLISHED_YEARS: std::ops::RangeInclusive<i32> = 2010..=2100;
/// Fiscal years a programme may begin in, from the beginning of the cabinet
/// system.
const STARTED_YEARS: std::ops::RangeInclusive<i32> = 1885..=2100;

/// Reads a sheet; what cannot be right by itself is refused.
pub(crate) fn read(raw: &RawSheet) -> Result<Sheet, Refusal> {
    let text: SheetText = serde_json::from_slice(&raw.bytes)
        .map_err(|error| Refusal::new("import.review.json").arg("line", error.line()))?;
    let must = |field: &'static str, value: Option<&String>| {
        value
            .map(|value| one_line(value))
            .filter(|value| !value.is_empty())
            .ok_or_else(|| Refusal::new("import.review.missing").arg("field", field))
    };
    let number = must("事業番号", text.number.as_ref())?;
    let sheet_year = number.split('-').next().unwrap_or_default();
    if sheet_year != text.published_year.to_string() {
        return Err(Refusal::new("import.review.number-year")
            .arg("number", &number)
            .arg("year", text.published_year));
    }
    year_in("公開年度", text.published_year, PUBLISHED_YEARS)?;
    if let Some(year) = text.started_year {
        year_in("開始年度", year, STARTED_YEARS)?;
    }
    let mut money: BTreeMap<&'static str, BTreeMap<i32, i64>> = BTreeMap::new();
    for year in text.budget.iter().flatten() {
        for (word, field) in MONEY {
            let Some(Some(printed)) = year.money.get(word) else { continue };
            let amounts = money.entry(field).or_default();
            if amounts.insert(year.year, yen(printed)?).is_some() {
                return Err(Refusal::new("import.review.year-twice")
                    .arg("field", word)
                    .arg("year", year.year));
            }
        }
    }
    Ok(Sheet {
        published_year: text.published_year,
        name: must("事業名", text.name.as_ref())?,
        ministry: must("府省庁", text.ministry.as_ref())?,
        number,
        bureau: line(text.bureau.as_ref()),
        division: line(text.division.as_ref()),
        started_year: text.started_year,
        ends_year: text.ends_year,
        accounts: words(text.accounts.as_ref()),
        methods: words(text.methods.as_ref()),
        purpose: prose(text.purpose.as_ref()),
        summary: prose(text.summary.as_ref()),
        money,
        payments: payments(text.payments.unwrap_or_default())?,
    })
}

fn year_in(
    field: &'static str,
    year: i32,
    range: std::ops::RangeInclusive<i32>,
) -> Result<(), Refusal> {
    if range.contains(&year) {
        return Ok(());
    }
    Err(Refusal::new("import.review.year")
        .arg("field", field)
        .arg("year", year)
        .arg("first", range.start())
        .arg("last", range.end()))
}

fn payments(texts: Vec<PaymentText>) -> Result<Vec<Payment>, Refusal> {
    let mut payments = Vec::with_capacity(texts.len());
    for text in texts {
        let Some(amount) = &text.amount else { continue };
        let payee = one_line(&text.payee);
        if payee.is_empty() {
            return Err(Refusal::new("import.review.missing").arg("field", "支出先名"));
        }
        let printed = text.corporate_number.as_ref().map(|number| one_line(number));
        let printed = printed.filter(|number| !number.is_empty());
        let good = printed
            .as_deref()
            .is_some_and(|number| IdScheme::CorporateNumber.check(number).is_ok());
        let (corporate_number, corporate_number_printed) =
            if good { (printed, None) } else { (None, printed) };
        payments.push(Payment {
            fiscal_year: text.year,
            block: one_line(&text.block),
            rank: text.rank,
            payee,
            corporate_number,
            corporate_number_printed,
            amount_yen: yen(amount)?,
            work: prose(text.work.as_ref()),
        });
    }
    Ok(payments)
}

/// Million yen as printed, as whole yen. The data set went through binary
/// floating point, so the rest behind the sixth digit is no information.
fn yen(printed: &Number) -> Result<i64, Refusal> {
    let unreadable = || Refusal::new("import.review.money").arg("value", printed);
    let text = printed.to_string();
    let millions = text
        .parse::<Decimal>()
        .or_else(|_| Decimal::from_scientific(&text))
        .map_err(|_| unreadable())?;
    millions
        .checked_mul(Decimal::from(YEN_PER_MILLION))
        .and_then(|yen| yen.round().to_i64())
        .ok_or_else(unreadable)
}

/// A name on one line.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn line(text: Option<&String>) -> Option<String> {
    text.map(|text| one_line(text)).filter(|text| !text.is_empty())
}

/// A text with its lines, blank ends taken off.
fn prose(text: Option<&String>) -> Option<String> {
    text.map(|text| text.trim().replace('\0', "")).filter(|text| !text.is_empty())
}

fn words(list: Option<&Vec<String>>) -> Vec<String> {
    list.into_iter().flatten().map(|word| one_line(word)).filter(|word| !word.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(text: &str) -> RawSheet {
        RawSheet { path: "a.json".to_owned(), bytes: text.as_bytes().to_vec() }
    }

    fn sheet(changes: &[(&str, serde_json::Value)]) -> Result<Sheet, Refusal> {
        let mut value = serde_json::json!({
            "公開年度": 2022, "事業番号": "2022-厚労-21-0001", "事業名": "研究 \n 事業",
            "府省庁": "厚生労働省", "開始年度": 2005,
            "予算": [{ "年度": 2021, "当初予算": 0.8, "執行額": 0.2 }, { "年度": 2023, "要求額": 1234.567891 }],
            "支出先": [
                { "年度": 2021, "グループ": "A", "番号": 1, "支出先名": "法人", "法人番号": "7000012050002", "業務概要": "", "支出額": 0.02 },
                { "年度": 2021, "グループ": "A", "番号": 2, "支出先名": "組合", "法人番号": "8000012050002", "業務概要": "調査", "支出額": -5.0 },
            ],
        });
        for (key, change) in changes {
            value.as_object_mut().unwrap().insert((*key).to_owned(), change.clone());
        }
        read(&raw(&value.to_string()))
    }

    #[test]
    fn a_sheet_is_read_in_yen() {
        let sheet = sheet(&[]).unwrap();
        assert_eq!(sheet.name, "研究 事業");
        assert_eq!(sheet.money["initial"][&2021], 800_000);
        assert_eq!(sheet.money["requested"][&2023], 1_234_567_891);
        let [first, second] = &sheet.payments[..] else { panic!("two payments") };
        assert_eq!((first.amount_yen, second.amount_yen), (20_000, -5_000_000));
        assert_eq!(first.corporate_number.as_deref(), Some("7000012050002"));
        assert_eq!(second.corporate_number, None);
        assert_eq!(second.corporate_number_printed.as_deref(), Some("8000012050002"));
    }

    #[test]
    fn binary_remainders_are_rounded_away() {
        for (text, expected) in [("0.30000000000000004", 300_000), ("1e-6", 1), ("0", 0)] {
            let number: Number = serde_json::from_str(text).unwrap();
            assert_eq!(yen(&number), Ok(expected), "{text}");
        }
        let huge: Number = serde_json::from_str("1e22").unwrap();
        assert_eq!(yen(&huge).unwrap_err().code, "import.review.money");
    }

    #[test]
    fn what_cannot_be_right_is_refused_by_code() {
        use serde_json::json;
        let cases = [
            ("事業番号", json!(null), "import.review.missing"),
            ("事業名", json!("　\n"), "import.review.missing"),
            ("府省庁", json!(null), "import.review.missing"),
            ("事業番号", json!("2021-厚労-20-0001"), "import.review.number-year"),
            ("開始年度", json!(25), "import.review.year"),
            (
                "予算",
                json!([{ "年度": 2021, "執行額": 1 }, { "年度": 2021, "執行額": 2 }]),
                "import.review.year-twice",
            ),
            ("予算", json!([{ "年度": 2021, "執行額": 1e30 }]), "import.review.money"),
            (
                "支出先",
                json!([{ "年度": 1, "番号": 1, "支出先名": " ", "支出額": 1 }]),
                "import.review.missing",
            ),
            ("公開年度", json!("2022"), "import.review.json"),
        ];
        for (field, value, code) in cases {
            assert_eq!(sheet(&[(field, value)]).unwrap_err().code, code, "{field}");
        }
        assert_eq!(read(&raw("{")).unwrap_err().code, "import.review.json");
    }
}
