//! The lists that the strategy works through.

use chrono::{Duration, NaiveDate};
use shirube_model::ident::RecordId;

use super::portfolio::nth;
use super::spread;
use crate::evidence::cast::Cast;
use crate::evidence::day;
use crate::evidence::fields::Fields;
use crate::evidence::story::Story;

pub(super) fn tell(story: &mut Story, cast: &Cast) {
    drug_loss(story, cast);
    switch_otc(story, cast);
    pathogens(story);
}

fn list(
    story: &mut Story,
    code: &'static str,
    version: &str,
    name: (&str, &str),
    from: NaiveDate,
    by: &'static str,
) -> RecordId {
    let fields = Fields::new()
        .text("list", code)
        .text("version", version)
        .both("name", (name.0.to_owned(), name.1.to_owned()))
        .date("valid_from", from)
        .text("decided_by", by)
        .text("source_url", format!("https://example.jp/lists/{code}/{version}"));
    let on = from.max(day(2024, 4, 1));
    story.create_on("reference_list", format!("list-{code}-{version}"), on, fields)
}

/// What became of a product in drug loss.
fn fate(index: u64) -> &'static str {
    match index {
        0..47 => "done",
        47..53 => "begun",
        53..58 => "excluded",
        58..73 => "not_needed",
        _ => "pending",
    }
}

/// The 86 products: 58 judged necessary, of which 5 left out with a reason.
fn drug_loss(story: &mut Story, cast: &Cast) {
    let code = "drug-loss-86";
    let name = ("ドラッグ・ロス品目（実証）", "Drug-loss products (demo)");
    let version = list(story, code, "2023-03", name, day(2023, 3, 31), "mhlw");
    for index in 0..86u64 {
        let fate = fate(index);
        let judged_late = index % 3 == 0;
        let needed = matches!(fate, "done" | "begun" | "excluded");
        let necessity = if needed { "needed" } else { fate };
        let judged = spread(story, day(2024, 6, 1), day(2026, 1, 10), index, 86);
        let fields = Fields::new()
            .text("list", code)
            .text("list_version", version.as_str())
            .text("item_code", format!("DL-{:03}", index + 1))
            .both("name", drug(index))
            .date(
                "valid_from",
                day(2023, 3, 1) + Duration::days(i64::try_from(index % 31).unwrap_or(0)),
            )
            .when(!judged_late, |f| {
                f.text("necessity", necessity).date("judged_on", day(2024, 3, 25))
            })
            .when(judged_late, |f| f.text("necessity", "pending"));
        let id =
            story.create_on("list_entry", format!("drug-loss-{index}"), day(2024, 4, 3), fields);
        if judged_late && necessity != "pending" {
            let on = judged + Duration::days(9);
            story.correct(&id, on, "必要性の判断", |f| {
                f.text("necessity", necessity).date("judged_on", judged)
            });
        }
        outcome(story, cast, &id, index, fate);
        if index == 52 {
            let last = day(2027, 12, 31);
            story.correct(&id, day(2028, 1, 11), "一覧からの削除", |f| {
                f.date("valid_to", last)
            });
        }
    }
    // Found later; the strategy speaks of the 86 alone.
    for index in 86..88u64 {
        let from = day(2025, 7, 1);
        let fields = Fields::new()
            .text("list", code)
            .text("item_code", format!("DL-{:03}", index + 1))
            .both("name", drug(index))
            .date("valid_from", from)
            .text("necessity", "needed")
            .date("judged_on", from);
        let id = story.create("list_entry", format!("drug-loss-{index}"), from, fields);
        story.trap("listed-later", &id, "not one of the 86: it came on the list in 2025");
    }
}

fn drug(index: u64) -> (String, String) {
    (format!("実証薬{:03}", index + 1), format!("Demo drug {:03}", index + 1))
}

fn outcome(story: &mut Story, cast: &Cast, id: &RecordId, index: u64, fate: &str) {
    let on = spread(story, day(2024, 7, 1), day(2027, 3, 31), index.min(52), 53);
    let firm = nth(&cast.foreign_pharma, index).to_owned();
    match fate {
        "done" => {
            if index % 4 == 1 {
                story.step(id, on - Duration::days(60), "begin", |f| f);
            }
            let recorded = story.recorded(on);
            story.step(id, recorded, "finish", |f| {
                f.date("done_on", on).when(!index.is_multiple_of(5), |f| f.text("firm", firm))
            });
        }
        "begun" => story.step(id, on, "begin", |f| f.text("firm", firm)),
        "excluded" => {
            let reason =
                story.rng.code(&["existing_therapy", "withdrawn_abroad", "efficacy_doubt"]);
            story.step(id, on.min(day(2026, 9, 1)), "exclude", |f| {
                f.text("exclusion_reason", reason).date("excluded_on", day(2026, 3, 10))
            });
        }
        _ => {}
    }
}

/// 56 ingredients: 33 switched, 9 left out with a reason, 3 taken off the list.
fn switch_otc(story: &mut Story, cast: &Cast) {
    let code = "switch-otc-2023";
    let name = ("海外でスイッチＯＴＣ化された成分（実証）", "Ingredients switched abroad (demo)");
    let version = list(story, code, "2023-12", name, day(2023, 12, 31), "mhlw");
    for index in 0..56u64 {
        let off = (45..48).contains(&index);
        let fields = Fields::new()
            .text("list", code)
            .text("list_version", version.as_str())
            .text("item_code", format!("OTC-{:03}", index + 1))
            .both(
                "name",
                (format!("実証成分{:03}", index + 1), format!("Demo ingredient {:03}", index + 1)),
            )
            .date("valid_from", day(2023, 12, 31))
            .when(off, |f| f.date("valid_to", day(2025, 12, 31)))
            .when(index < 40, |f| f.text("necessity", "needed").date("judged_on", day(2024, 10, 1)))
            .when(index % 2 == 0, |f| f.text("firm", nth(&cast.pharma, index)));
        let id =
            story.create_on("list_entry", format!("switch-otc-{index}"), day(2024, 4, 4), fields);
        if index < 33 {
            let on = spread(story, day(2024, 8, 1), day(2027, 3, 31), index, 33);
            let recorded = story.recorded(on);
            story.step(&id, recorded, "finish", |f| f.date("done_on", on));
        } else if index >= 47 {
            let reason = story.rng.code(&["misuse_risk", "needs_diagnosis", "safety_concern"]);
            let on = day(2025, 6, 20);
            story.step(&id, day(2025, 7, 1), "exclude", |f| {
                f.text("exclusion_reason", reason).date("excluded_on", on)
            });
        }
    }
}

/// Pathogens of the provisional list.
const FIRST: [&str; 12] = [
    "coronavirus",
    "sars_cov_2",
    "influenza",
    "rsv",
    "dengue",
    "zika",
    "nipah",
    "monkeypox",
    "ebola",
    "lassa",
    "cre",
    "mrsa",
];

/// Pathogens of the revised list; `zika` and `lassa` were taken off, three came on.
const SECOND: [&str; 3] = ["sfts", "mdr_tuberculosis", "candida_auris"];

fn pathogens(story: &mut Story) {
    let code = "priority-pathogens";
    let name = ("重点感染症（実証）", "Priority pathogens (demo)");
    let revised = day(2026, 10, 1);
    let first = list(story, code, "2022", name, day(2022, 3, 31), "mhlw");
    let second = list(story, code, "2026", name, revised, "mhlw");
    let last = day(2026, 9, 30);
    story.step(&first, revised, "supersede", |f| f.date("valid_to", last));
    for pathogen in FIRST {
        let id = entry(story, &first, pathogen, day(2022, 3, 31));
        if matches!(pathogen, "zika" | "lassa") {
            story.correct(&id, revised, "一覧の改定", |f| f.date("valid_to", last));
        }
    }
    for pathogen in SECOND {
        entry(story, &second, pathogen, revised);
    }
}

fn entry(story: &mut Story, version: &RecordId, pathogen: &str, from: NaiveDate) -> RecordId {
    let fields = Fields::new()
        .text("list", "priority-pathogens")
        .text("list_version", version.as_str())
        .text("item_code", pathogen)
        .both("name", (format!("重点感染症 {pathogen}"), format!("Priority pathogen {pathogen}")))
        .date("valid_from", from);
    let on = (from + Duration::days(1)).max(day(2024, 4, 5));
    story.create_on("list_entry", format!("pathogen-{pathogen}"), on, fields)
}
