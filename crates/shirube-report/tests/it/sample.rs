//! A report with everything in it. All is invented.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use shirube_model::indicator::{Stamp, Status, YearBasis, YearPoint};
use shirube_model::lang::LocalText;
use shirube_report::{
    Action, Answered, Budget, Contribution, Evidence, IndicatorValue, MeasureReport, Party, Report,
    Request, Role, Stage,
};

pub fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

pub fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

pub fn both(ja: &str, en: &str) -> LocalText {
    LocalText::new(ja, en)
}

pub fn party(code: &str, ja: &str, en: &str) -> Party {
    Party { code: code.to_owned(), name: both(ja, en) }
}

pub fn value(indicator: &str, role: Role, number: Option<&str>) -> IndicatorValue {
    let point = |year, complete, value: &str| YearPoint {
        year,
        complete,
        level: decimal(value),
        value: Some(decimal(value)),
        path: None,
    };
    IndicatorValue {
        indicator: indicator.to_owned(),
        name: both("指標の名称", "Name of the indicator"),
        role,
        unit: "cases".to_owned(),
        unit_name: both("件", "cases"),
        as_of: day("2026-05-31"),
        window_from: Some(day("2025-04-01")),
        value: number.map(decimal),
        target: Some(decimal("12345678.9")),
        target_by: Some(day("2030-03-31")),
        status: Status::Behind,
        year_basis: YearBasis::Fiscal,
        years: vec![point(2025, true, "3"), point(2026, false, "0.125")],
        digest: "ab".repeat(32),
        stamp: Stamp {
            definition_version: 2,
            definition_hash: "cd".repeat(32),
            pack_hash: "ef".repeat(32),
            ledger_seq: 1234,
            ledger_hash: "01".repeat(32),
            software: "shirube 0.1.0".to_owned(),
        },
        kept: Some(17),
        evidence: Evidence::Demo,
    }
}

fn measure(id: &str) -> MeasureReport {
    let text = |text: &str| Some(text.to_owned());
    MeasureReport {
        measure: id.to_owned(),
        record: "MRP-000000000000".to_owned(),
        summary: both("施策 <の> & 要約", "Summary <of> & the measure"),
        section: both("4.4.6 見出し", "4.4.6 heading"),
        state: both("承認済み", "approved"),
        participants: vec![party("文", "文部科学省", "Ministry of Education")],
        assessment: Some(both("遅れ", "Behind")),
        progress: text("進めた。\n#strong[実行] $x$ <script>alert(1)</script>"),
        gaps: text("課題"),
        promises: text("翌年度の取組"),
        last_promises: text("前年度の取組"),
        approved_on: Some(day("2026-07-20")),
        approved_digest: Some("0".repeat(64)),
        contributions: vec![Contribution {
            party: party("文", "文部科学省", "Ministry of Education"),
            progress: text("=1+1"),
            gaps: None,
            promises: None,
            contributed_on: Some(day("2026-06-10")),
        }],
        values: vec![
            value("OI-22", Role::Output, Some("1234567.25")),
            value("OG-1", Role::Goal, Some("0.3333333333333333333333333333")),
            value("OI-23", Role::Output, None),
        ],
        budget: vec![Budget {
            programme: "BGP-000000000000".to_owned(),
            name: "見本事業".to_owned(),
            fiscal_year: 2025,
            initial_yen: Some(820_000_000),
            executed_yen: None,
            requested_yen: Some(-1),
        }],
        requests: vec![Request {
            title: "見本の要求".to_owned(),
            fiscal_year: 2027,
            requested_yen: 1_200_000_000,
            adjusted_yen: Some(1_000_000_000),
            adjustment_reason: text("重なりを除いた。"),
            decided_yen: None,
            state: both("調整済み", "Adjusted"),
        }],
        actions: vec![Action {
            finding: "課題の確認".to_owned(),
            action: "対応".to_owned(),
            owner: party("厚", "厚生労働省", "Ministry of Health"),
            due_on: day("2027-03-31"),
            state: both("実施中", "In progress"),
            result: None,
        }],
        answered: vec![Answered {
            from: both("専門調査会", "Expert panel"),
            on: day("2026-03-12"),
            subject: "件名".to_owned(),
            text: "助言".to_owned(),
            answer: text("回答"),
        }],
    }
}

pub fn report(evidence: Evidence, stage: Stage) -> Report {
    let mut measures = vec![measure("4.4.6-m1"), measure("4.4.6-m2")];
    for value in measures.iter_mut().flat_map(|measure| &mut measure.values) {
        value.evidence = evidence;
    }
    // A measure about which nothing is known yet.
    measures.push(MeasureReport {
        participants: vec![],
        assessment: None,
        progress: None,
        gaps: None,
        promises: None,
        last_promises: None,
        approved_on: None,
        approved_digest: None,
        contributions: vec![],
        values: vec![],
        budget: vec![],
        requests: vec![],
        actions: vec![],
        answered: vec![],
        ..measure("4.4.7-m1")
    });
    Report {
        cycle: both("2025年度フォローアップ", "Follow-up of FY2025"),
        plan: both("健康・医療の計画", "Health plan"),
        plan_period: (day("2025-04-01"), day("2030-03-31")),
        fiscal_year: 2025,
        as_of: day("2026-05-31"),
        made_on: day("2026-07-31"),
        ministry: party("厚", "厚生労働省", "Ministry of Health"),
        stage,
        evidence,
        pack_hash: "ef".repeat(32),
        measures,
    }
}
