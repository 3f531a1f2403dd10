//! Statistics made elsewhere; the values are invented and say so.

use chrono::{Duration, NaiveDate};
use shirube_model::ident::RecordId;

use crate::evidence::day;
use crate::evidence::fields::Fields;
use crate::evidence::story::Story;

/// What an observation looks at.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Subject<'a> {
    pub(super) series: &'a str,
    pub(super) method: &'a str,
    pub(super) sex: Option<&'a str>,
    pub(super) item: Option<&'a str>,
    pub(super) prefecture: Option<&'a str>,
}

pub(super) fn tell(story: &mut Story) {
    expectancies(story);
    fiscal_series(story);
    calendar_series(story);
    biosimilars(story);
}

/// Enters an observation some months after its period, provisional at first;
/// those retrieved by the end of 2027 were finalised a year later.
pub(super) fn observe(
    story: &mut Story,
    key: &str,
    subject: Subject<'_>,
    period: (NaiveDate, NaiveDate),
    value: &str,
) -> RecordId {
    let retrieved = (period.1 + Duration::days(100)).max(day(2024, 4, 8));
    let fields = Fields::new()
        .text("series", subject.series)
        .date("period_from", period.0)
        .date("period_to", period.1)
        .maybe("sex", subject.sex)
        .maybe("prefecture", subject.prefecture)
        .maybe("item", subject.item)
        .text("value", value)
        .text("method_version", subject.method)
        .text("source", "synthetic (demo)")
        .text("source_url", "https://example.jp/statistics")
        .date("retrieved_on", retrieved);
    let key = format!("observation-{key}");
    let id = story.create_on("observation", key, retrieved + Duration::days(2), fields);
    if subject.item.is_none() && retrieved < day(2027, 12, 31) {
        story.step(&id, retrieved + Duration::days(330), "finalise", |f| f);
    }
    id
}

pub(super) fn fiscal(year: i32) -> (NaiveDate, NaiveDate) {
    (day(year, 4, 1), day(year + 1, 3, 31))
}

fn calendar(year: i32) -> (NaiveDate, NaiveDate) {
    (day(year, 1, 1), day(year, 12, 31))
}

/// Life expectancy and healthy life expectancy by sex. The men's gain is
/// larger in health, the women's not yet.
fn expectancies(story: &mut Story) {
    let years = [2010, 2019, 2022, 2025, 2026, 2027];
    let rows: [(&str, &str, &str, [&str; 6]); 8] = [
        (
            "life_expectancy",
            "abridged_life_table",
            "male",
            ["79.10", "80.90", "80.60", "80.75", "80.82", "80.90"],
        ),
        (
            "life_expectancy",
            "abridged_life_table",
            "female",
            ["86.10", "87.20", "86.80", "86.95", "87.05", "87.15"],
        ),
        (
            "healthy_life_expectancy",
            "activity_limitation",
            "male",
            ["70.10", "72.20", "72.10", "72.45", "72.55", "72.70"],
        ),
        (
            "healthy_life_expectancy",
            "activity_limitation",
            "female",
            ["73.40", "75.00", "75.10", "75.20", "75.30", "75.38"],
        ),
        (
            "healthy_life_expectancy",
            "self_rated",
            "male",
            ["69.60", "71.50", "71.60", "71.90", "72.00", "72.10"],
        ),
        (
            "healthy_life_expectancy",
            "self_rated",
            "female",
            ["73.00", "74.60", "74.70", "75.00", "75.15", "75.30"],
        ),
        (
            "healthy_life_expectancy",
            "care_level",
            "male",
            ["77.90", "79.40", "79.20", "79.40", "79.50", "79.60"],
        ),
        (
            "healthy_life_expectancy",
            "care_level",
            "female",
            ["83.00", "83.90", "83.60", "83.80", "83.90", "84.00"],
        ),
    ];
    for (series, method, sex, values) in rows {
        for (year, value) in years.into_iter().zip(values) {
            let subject = Subject { series, method, sex: Some(sex), ..Subject::default() };
            let key = format!("{method}-{sex}-{year}");
            observe(story, &key, subject, calendar(year), value);
        }
    }
}

/// Series by fiscal year, FY2023 or FY2024 to FY2028.
fn fiscal_series(story: &mut Story) {
    let rows: [(&str, &str, i32, &[&str]); 9] = [
        (
            "jrct_accesses",
            "page_views",
            2024,
            &["610000", "742000", "861000", "1048000", "1216000"],
        ),
        ("jrct_accesses", "visits", 2024, &["298000", "341000", "402000", "466000", "540000"]),
        ("jrct_accesses", "visitors", 2024, &["171000", "188000", "210000", "246000", "290000"]),
        (
            "healthcare_market_yen",
            "outside_insurance",
            2024,
            &[
                "27100000000000",
                "28200000000000",
                "29900000000000",
                "31700000000000",
                "33300000000000",
            ],
        ),
        (
            "healthcare_market_yen",
            "with_products",
            2024,
            &[
                "38400000000000",
                "39200000000000",
                "40600000000000",
                "42500000000000",
                "44000000000000",
            ],
        ),
        (
            "drug_sales_yen",
            "demo",
            2023,
            &[
                "11200000000000",
                "11300000000000",
                "11150000000000",
                "11420000000000",
                "11600000000000",
                "11710000000000",
            ],
        ),
        (
            "pharma_rd_investment_yen",
            "demo",
            2023,
            &[
                "1480000000000",
                "1520000000000",
                "1550000000000",
                "1540000000000",
                "1610000000000",
                "1660000000000",
            ],
        ),
        ("drug_loss_new_products", "demo", 2023, &["14", "15", "12", "13", "9", "8"]),
        ("drug_technology_export_yen", "demo-fiscal", 2024, &[]),
    ];
    for (series, method, first, values) in rows {
        for (year, value) in (first..).zip(values) {
            let subject = Subject { series, method, ..Subject::default() };
            observe(story, &format!("{series}-{method}-{year}"), subject, fiscal(year), value);
        }
    }
}

/// Series by calendar year from 2024.
fn calendar_series(story: &mut Story) {
    let rows = [
        (
            "drug_technology_export_yen",
            ["812000000000", "836000000000", "901000000000", "912000000000", "958000000000"],
        ),
        (
            "device_export_yen",
            ["1060000000000", "1041000000000", "1052000000000", "1033000000000", "1088000000000"],
        ),
    ];
    for (series, values) in rows {
        for (year, value) in (2024..).zip(values) {
            let subject = Subject { series, method: "demo", ..Subject::default() };
            observe(story, &format!("{series}-{year}"), subject, calendar(year), value);
        }
    }
}

/// Fifteen ingredients: the number above 80 per cent rises from 3 to 9.
fn biosimilars(story: &mut Story) {
    for ingredient in 0..15i64 {
        let item = format!("実証バイオ成分 {:02}", ingredient + 1);
        for year in 2023..=2028i64 {
            // Shares rise with the year and fall with the rank of the ingredient.
            let share = (92 - ingredient * 6 + (year - 2023) * 7).clamp(4, 98);
            let fiscal_year = i32::try_from(year).unwrap_or(2023);
            for (method, less) in [("quantity", 0), ("value", 9)] {
                if method == "value" && ingredient >= 5 {
                    continue;
                }
                let subject = Subject {
                    series: "biosimilar_share",
                    method,
                    item: Some(&item),
                    ..Subject::default()
                };
                let key = format!("biosimilar-{method}-{ingredient}-{year}");
                let value = format!("{}.5", share - less);
                let id = observe(story, &key, subject, fiscal(fiscal_year), &value);
                if method == "quantity" && matches!(fiscal_year, 2024 | 2025) {
                    let on = day(fiscal_year + 2, 4, 20);
                    story.step(&id, on, "finalise", |f| f);
                }
            }
        }
    }
}
