//! The yearly follow-up: a planned cycle with what waits for it. All is
//! invented and says so. The cycle is not opened here: opening it, and
//! approving reports with their values, takes the pack and the engine.

use shirube_model::ident::RecordId;

use crate::evidence::day;
use crate::evidence::fields::Fields;
use crate::evidence::story::Story;

/// Measure of the sample report, and its lead ministry.
const MEASURE: &str = "4.4.6-m1";
const LEAD: &str = "厚";

fn both(ja: &str, en: &str) -> (String, String) {
    (format!("【見本】{ja}"), format!("[sample] {en}"))
}

fn sample(text: &str) -> String {
    format!("【見本】{text}")
}

pub(super) fn tell(story: &mut Story) {
    let cycle = Fields::new()
        .both("name", both("2025年度フォローアップ", "Follow-up of FY2025"))
        .int("fiscal_year", 2025);
    let cycle = story.create_on("follow_up_cycle", "cycle-2025", day(2026, 4, 6), cycle);
    report(story, &cycle);
    let advice = advice(story);
    need(story);
    let action = action(story, &cycle, &advice);
    let policy = policy(story, &cycle);
    request(story, &action, &policy);
    fund(story, &action);
    let revision = Fields::new()
        .both("title", both("計画の一部改定", "Partial revision of the plan"))
        .text("grounds", sample("感染症有事への備えを見直すため。"))
        .text("cycle", cycle.as_str())
        .text("base_version", "sample")
        .text("base_hash", "0".repeat(64));
    let revision = story.create_on("plan_revision", "revision-1", day(2026, 9, 7), revision);
    story.step(&revision, day(2026, 10, 5), "drop", |fields| {
        fields.text("drop_reason", sample("次の全体改定に合わせて行うため。"))
    });
}

fn report(story: &mut Story, cycle: &RecordId) {
    let fields = Fields::new()
        .text("measure", MEASURE)
        .text("cycle", cycle.as_str())
        .text("ministry", LEAD)
        .list("participants", ["文"])
        .list("indicators", ["OI-22"]);
    let report = story.create_on("measure_report", "report-1", day(2026, 4, 7), fields);
    let contribution = Fields::new()
        .text("report", report.as_str())
        .text("ministry", "文")
        .text("progress", sample("大学病院での準備を進めた。"));
    let on = day(2026, 4, 14);
    let id = story.create_on("measure_contribution", "contribution-1", on, contribution);
    let handed = day(2026, 4, 20);
    story.step(&id, handed, "contribute", |fields| fields.date("contributed_on", handed));
}

fn advice(story: &mut Story) -> RecordId {
    let given = day(2026, 3, 12);
    let fields = Fields::new()
        .text("subject", sample("分散型治験の普及"))
        .text("body", "expert_panel")
        .date("given_on", given)
        .text("advice", sample("実施医療機関の支援を厚くすること。"))
        .list("measures", [MEASURE]);
    let id = story.create_on("panel_advice", "advice-1", day(2026, 3, 16), fields);
    story.step(&id, day(2026, 3, 23), "assign", |fields| {
        fields.text("answered_by", LEAD).date("due_on", day(2026, 5, 29))
    });
    let on = day(2026, 5, 25);
    story.step(&id, on, "answer", |fields| {
        fields.text("answer", sample("翌年度の予算で支援を増やす。")).date("answered_on", on)
    });
    id
}

fn need(story: &mut Story) {
    let fields = Fields::new()
        .text("subject", sample("自宅からの治験参加"))
        .text("submitter", "patients")
        .date("received_on", day(2026, 2, 3))
        .text("need", sample("通院せずに参加できる治験を増やしてほしい。"))
        .list("measures", [MEASURE]);
    let id = story.create_on("public_need", "need-1", day(2026, 2, 4), fields);
    let on = day(2026, 6, 1);
    story.step(&id, on, "answer", |fields| {
        fields
            .text("answered_by", LEAD)
            .text("disposition", "taken_up")
            .text("answer", sample("支援の対象に加える。"))
            .date("answered_on", on)
    });
}

fn action(story: &mut Story, cycle: &RecordId, advice: &RecordId) -> RecordId {
    let fields = Fields::new()
        .text("task", sample("分散型治験の実施医療機関を支援する"))
        .text("finding", sample("実施医療機関が目標に届かない。"))
        .text("cycle", cycle.as_str())
        .text("advice", advice.as_str())
        .list("measures", [MEASURE])
        .text("owner", LEAD)
        .date("due_on", day(2027, 3, 31));
    let id = story.create_on("follow_up_action", "action-1", day(2026, 6, 8), fields);
    let on = day(2026, 7, 6);
    story.step(&id, on, "start", |fields| fields.date("started_on", on));
    id
}

fn policy(story: &mut Story, cycle: &RecordId) -> RecordId {
    let fields = Fields::new()
        .both("title", both("2027年度資源配分方針", "Resource-allocation policy for FY2027"))
        .int("fiscal_year", 2027)
        .text("cycle", cycle.as_str())
        .list("priorities", [sample("治験の実施体制")])
        .list("measures", [MEASURE]);
    let id = story.create_on("allocation_policy", "policy-2027", day(2026, 6, 22), fields);
    let on = day(2026, 7, 27);
    story.step(&id, on, "publish", |fields| fields.date("published_on", on));
    id
}

fn request(story: &mut Story, action: &RecordId, policy: &RecordId) {
    let fields = Fields::new()
        .text("title", sample("治験環境整備事業"))
        .text("ministry", LEAD)
        .int("fiscal_year", 2027)
        .text("policy", policy.as_str())
        .list("actions", [action.as_str()])
        .list("measures", [MEASURE])
        .int("previous_yen", 820_000_000)
        .int("requested_yen", 1_200_000_000);
    let id = story.create_on("budget_request", "request-2027", day(2026, 8, 17), fields);
    let on = day(2026, 8, 31);
    story.step(&id, on, "file", |fields| fields.date("filed_on", on));
    let on = day(2026, 11, 16);
    story.step(&id, on, "adjust", |fields| {
        fields
            .int("adjusted_yen", 1_000_000_000)
            .text("adjustment_reason", sample("他の事業との重なりを除いた。"))
            .date("adjusted_on", on)
    });
    let on = day(2026, 12, 25);
    story.step(&id, on, "decide", |fields| {
        fields.int("decided_yen", 980_000_000).date("decided_on", on)
    });
}

fn fund(story: &mut Story, action: &RecordId) {
    let fields = Fields::new()
        .text("purpose", sample("有望なシーズの継続支援"))
        .text("funder", "amed")
        .int("fiscal_year", 2026)
        .int("round", 1)
        .int("amount_yen", 300_000_000)
        .list("measures", [MEASURE])
        .list("actions", [action.as_str()]);
    let id = story.create_on("adjustment_fund", "fund-2026-1", day(2026, 6, 10), fields);
    let on = day(2026, 6, 17);
    story.step(&id, on, "allocate", |fields| fields.date("decided_on", on));
    let on = day(2027, 4, 21);
    story.step(&id, on, "report", |fields| {
        fields
            .text("effect", sample("二課題が次の段階に進んだ。"))
            .list("effect_indicators", ["OI-03"])
            .date("effect_reported_on", on)
    });
}
