//! What the demonstration shows beside its records.

use chrono::NaiveDate;
use shirube_model::calendar::end_of_japan_day;
use shirube_model::indicator::ReadingDecision;
use shirube_model::lang::LocalText;
use shirube_store::FixedClock;

use crate::evidence::day;

/// The day the demonstration shows by default, in the fourth year of the plan.
#[must_use]
pub fn demo_today() -> NaiveDate {
    day(2028, 10, 1)
}

/// A clock that stands just before the first event, so that a store made with it
/// has the same origin every time.
#[must_use]
pub fn demo_clock() -> FixedClock {
    FixedClock::new(end_of_japan_day(day(2024, 3, 31)))
}

/// Decisions on readings that the demonstration adds to the pack's own. They are
/// invented; the body that decides is marked as a demonstration.
#[must_use]
pub fn decisions() -> Vec<ReadingDecision> {
    let decision =
        |indicator: &str, question: &str, reading: &str, on, ja: &str, en: &str| ReadingDecision {
            indicator: indicator.to_owned(),
            question: question.to_owned(),
            reading: reading.to_owned(),
            decided_on: on,
            effective_from: on,
            decided_by: "実証デモ事務局 / demo secretariat".to_owned(),
            document_url: Some("https://example.jp/demo/decisions".to_owned()),
            reason: Some(LocalText { ja: ja.to_owned(), en: en.to_owned() }),
        };
    vec![
        decision(
            "OI-40",
            "baseline",
            "computed",
            day(2027, 3, 5),
            "（実証）2024年10月末までに登録された利用から基準値を計算することとした。",
            "(Demo) The baseline is computed from the uses on record to the end of October 2024.",
        ),
        decision(
            "OI-09",
            "revoked",
            "not-revoked",
            day(2026, 6, 30),
            "（実証）取り消された指定は数えないこととした。",
            "(Demo) Designations that were revoked do not count.",
        ),
        decision(
            "OI-02",
            "proof-of-start",
            "confirmed",
            day(2028, 12, 1),
            "（実証）2028年12月から、確認済みの移行だけを数える。",
            "(Demo) From December 2028 only confirmed steps count.",
        ),
    ]
}
