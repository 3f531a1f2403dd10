//! Budget programmes, their payments and links, and a printed statement. All
//! are invented and say so in their names.

use chrono::Duration;

use crate::evidence::day;
use crate::evidence::fields::Fields;
use crate::evidence::names::corporate_number;
use crate::evidence::story::Story;

/// (key, name, ministry as printed, abbreviation, measure, million yen).
const PROGRAMMES: [(&str, &str, &str, &str, &str, i64); 3] = [
    ("trial", "【見本】治験環境整備事業", "厚生労働省", "厚", "4.4.6-m1", 820),
    ("venture", "【見本】創薬スタートアップ支援事業", "経済産業省", "経", "4.1.4.8-m1", 5_400),
    ("hub", "【見本】橋渡し研究拠点事業", "文部科学省", "文", "4.2.1.1-m3", 1_150),
];
/// Years of the sheets.
const YEARS: [i32; 2] = [2025, 2026];

pub(super) fn tell(story: &mut Story) {
    for (at, programme) in PROGRAMMES.into_iter().enumerate() {
        self::programme(story, at, programme);
    }
    let statement = Fields::new()
        .both("statement", ("見本の記載".to_owned(), "Sample statement".to_owned()))
        .text("value", "1")
        .text("qualifier", "exact")
        .text("section", "2.1")
        .list("context_for", ["OI-01"]);
    story.create_on("strategy_statement", "statement-sample", day(2025, 4, 2), statement);
}

fn programme(
    story: &mut Story,
    at: usize,
    (key, name, ministry, abbreviation, measure, millions): (&str, &str, &str, &str, &str, i64),
) {
    let yen = |of: i64| of * 1_000_000;
    let number = |year: i32| format!("{year}-見本-{}-{at:04}", year % 100 - 1);
    let mut programme = None;
    for year in YEARS {
        let on = day(year, 9, 10);
        let published = |fields: Fields| {
            let numbers = YEARS.into_iter().filter(|of| *of <= year).map(number);
            let rules = ["first", "same_name"];
            fields
                .int("published_year", i64::from(year))
                .text("sheet_number", number(year))
                .list("sheet_numbers", numbers.collect::<Vec<_>>())
                .list("matched_by", rules.into_iter().take(usize::from(year > 2025) + 1))
                .amounts("initial", (2024..=year).map(|of| (of, yen(millions))))
                .amounts("executed", (2024..year).map(|of| (of, yen(millions * 9 / 10))))
                .amounts("requested", [(year + 1, yen(millions * 11 / 10))])
        };
        match &programme {
            None => {
                let fields = Fields::new()
                    .text("name", name)
                    .text("ministry_printed", ministry)
                    .text("ministry", abbreviation)
                    .int("started_year", 2024)
                    .text("purpose", format!("{name}の目的。"));
                let key = format!("budget-{key}");
                let fields = published(fields);
                programme = Some(story.create_on("budget_programme", key, on, fields));
            }
            Some(id) => story.correct(id, on, "翌年度のシート", published),
        }
        let Some(id) = &programme else { continue };
        let payment = Fields::new()
            .text("payee", "【見本】支出先")
            .text("programme", id.as_str())
            .text("sheet_number", number(year))
            .int("fiscal_year", i64::from(year - 1))
            .text("block", "A")
            .int("rank", 1)
            .text("corporate_number", corporate_number(900 + at as u64))
            .int("amount_yen", yen(millions / 2));
        let paid = on + Duration::days(1);
        story.create_on("budget_payment", format!("payment-{key}-{year}"), paid, payment);
    }
    let Some(id) = programme else { return };
    let link = Fields::new()
        .text("programme", id.as_str())
        .text("measure", measure)
        .int("rank", 1)
        .text("method_version", "demo");
    let on = day(2025, 9, 20);
    let link = story.create_on("measure_link", format!("link-{key}"), on, link);
    let step = if at == 2 { "reject" } else { "confirm" };
    let decided = on + Duration::days(7);
    story.step(&link, decided, step, |fields| {
        fields
            .text("grounds", "見本の判断")
            .date("decided_on", decided)
            .text("decided_by", "見本の担当")
    });
}
