//! One year.

use serde_json::{Value, json};
use shirube_cycle::{CycleError, Judgement, revision_fields};
use shirube_model::ident::RecordId;
use shirube_model::lang::Lang;
use shirube_model::registers::follow_up::values_digest;
use shirube_report::{Report, Stage, html, xlsx};
use shirube_store::Draft;

use crate::fixture::{INDICATOR, LEAD, MEASURE, Office, VALUES_AS_OF, ask, by, day, pack};

#[tokio::test(flavor = "multi_thread")]
async fn opening_makes_a_report_for_each_measure_and_lead_once() {
    let office = Office::open().await;
    let opened = office.open_cycle().await;
    let leads = office.pack.measures.iter().map(|measure| measure.attribution.lead.len());
    assert_eq!((opened.made, opened.kept), (leads.sum::<usize>(), 0));
    let unled = office.pack.measures.iter().filter(|m| m.attribution.lead.is_empty());
    assert_eq!(opened.unled.len(), unled.count());
    assert!(!opened.unled.is_empty() && opened.made > 250, "{}", opened.made);

    let again = office.desk.open_cycle(&ask(), &by("事務局", "2026-06-02")).await.unwrap();
    assert_eq!((again.made, again.kept, &again.cycle), (0, opened.made, &opened.cycle));

    let report = office.report().await;
    assert_eq!(report.state, "drafting");
    assert!(report.body["indicators"].as_array().unwrap().contains(&json!(INDICATOR)));
    let cycle = office.get(&opened.cycle).await;
    assert_eq!(cycle.body["pack_hash"], json!(office.pack.hash));
    let codes = office.desk.reporting(2025).await.unwrap();
    assert!(codes.iter().any(|party| party.code == LEAD) && codes.len() > 5);
}

async fn the_report(office: &Office) -> Report {
    let mut report = office.desk.report(2025, LEAD).await.unwrap();
    report.measures.retain(|measure| measure.measure == MEASURE);
    report
}

fn shown(report: &Report) -> Option<String> {
    let values = &report.measures[0].values;
    let value = values.iter().find(|value| value.indicator == INDICATOR).unwrap();
    value.value.map(|value| value.to_string())
}

async fn approved(office: &Office) -> RecordId {
    office
        .put(
            "training_programme",
            "fih",
            json!({ "name": { "ja": "研修", "en": "training" }, "subject": "fih" }),
        )
        .await;
    office.enrol("a").await;
    office.enrol("b").await;
    office.open_cycle().await;
    let id = office.report().await.id;
    office.submit(&id).await;
    office.on("2026-07-10");
    office.desk.judge(&id, &Judgement::Approve, &by("事務局の担当", "2026-07-10")).await.unwrap();
    id
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approved_report_keeps_the_values_it_was_approved_with() {
    let office = Office::open().await;
    let id = approved(&office).await;
    office.keep_only(&id).await;
    let record = office.get(&id).await;
    assert_eq!(record.state, "approved");
    let lines: Vec<String> =
        serde_json::from_value(record.body["approved_values"].clone()).unwrap();
    assert_eq!(record.body["approved_digest"], json!(values_digest(&lines)));

    let before = office.desk.report(2025, LEAD).await.unwrap();
    assert_eq!((before.stage, shown(&before).as_deref()), (Stage::Approved, Some("2")));
    assert_eq!(before.made_on, day("2026-07-10"));

    // What is entered later, though dated before, moves the indicator on and
    // must leave the approved report alone, to the byte.
    office
        .put(
            "panel_advice",
            "later",
            json!({
                "subject": "後の助言", "body": "expert_panel", "given_on": "2026-07-20",
                "advice": "助言", "measures": [MEASURE],
            }),
        )
        .await;
    office.enrol("c").await;
    let after = office.desk.report(2025, LEAD).await.unwrap();
    assert_eq!(after, before, "what came after the approval is not in the report");
    for lang in Lang::ALL {
        assert_eq!(html(&after, lang), html(&before, lang));
        assert_eq!(xlsx(&after, lang).unwrap(), xlsx(&before, lang).unwrap());
    }
    let now = office.engine.board(day("2026-07-31")).await.unwrap();
    let now = now.result(INDICATOR).unwrap().headline.value.unwrap();
    assert_eq!(now.to_string(), "3", "the indicator itself has moved on");

    let verified = office.desk.verify_cycle(2025).await.unwrap();
    assert_eq!(verified.len(), lines.len());
    assert!(verified.iter().all(|one| one.same && one.kept.is_some()), "{verified:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_report_takes_no_change_of_its_fields() {
    let office = Office::open().await;
    let id = approved(&office).await;
    let record = office.get(&id).await;
    let mut body = record.body.clone();
    body.insert("progress".to_owned(), json!("書き換え"));
    let draft = Draft::correct(id.clone(), record.version, body.clone());
    let refused = office.store.append(vec![draft], "test", "test").await.unwrap_err();
    assert_eq!(refused.code(), "registers.state.frozen");
    body.insert("locked_on".to_owned(), json!("2026-07-31"));
    let draft = Draft::transition(id.clone(), record.version, "lock", Some(body));
    let refused = office.store.append(vec![draft], "test", "test").await.unwrap_err();
    assert_eq!(refused.code(), "registers.state.frozen");
    office.step(&id, "lock", json!({ "locked_on": "2026-07-31" })).await.unwrap();
    assert_eq!(office.get(&id).await.state, "locked");
}

fn code<T: std::fmt::Debug>(result: Result<T, CycleError>) -> &'static str {
    result.unwrap_err().code()
}

#[tokio::test(flavor = "multi_thread")]
async fn judging_is_refused_where_it_is_not_due() {
    let office = Office::open().await;
    let secretariat = by("事務局の担当", "2026-07-10");
    let desk = &office.desk;
    assert_eq!(code(desk.report(2025, LEAD).await), "cycle.year-unknown");
    assert_eq!(code(desk.lock_cycle(2025, &secretariat).await), "cycle.year-unknown");
    office.open_cycle().await;
    let id = office.report().await.id;
    let approve = Judgement::Approve;
    let early = desk.judge(&id, &approve, &secretariat).await;
    assert_eq!(code(early), "registers.transition.not-from-here");
    office.submit(&id).await;
    let own = desk.judge(&id, &approve, &by("厚の担当", "2026-07-10")).await;
    assert_eq!(code(own), "registers.measure_report.own-approval");
    assert_eq!(
        office.store.values_of(INDICATOR).await.unwrap().len(),
        0,
        "a refused approval keeps no value"
    );
    let other = RecordId::derive("MRP", "test", "none");
    assert_eq!(code(desk.judge(&other, &approve, &secretariat).await), "cycle.report-unknown");
    let other = RecordId::derive("PRJ", "test", "none");
    assert_eq!(code(desk.judge(&other, &approve, &secretariat).await), "cycle.report-unknown");
    assert_eq!(code(desk.lock_cycle(2025, &secretariat).await), "cycle.reports-pending");
    assert_eq!(code(desk.report(2025, "無").await), "cycle.ministry-without-report");

    let back = Judgement::Return("根拠を補うこと。".to_owned());
    desk.judge(&id, &back, &secretariat).await.unwrap();
    let returned = office.get(&id).await;
    assert_eq!(returned.state, "returned");
    assert_eq!(returned.body["return_reason"], json!("根拠を補うこと。"));
    office.submit(&id).await;
    desk.judge(&id, &approve, &secretariat).await.unwrap();
    assert_eq!(office.get(&id).await.state, "approved");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cycle_is_locked_when_all_is_approved() {
    let office = Office::open().await;
    let id = approved(&office).await;
    office.keep_only(&id).await;
    let secretariat = by("事務局", "2026-07-31");
    let early = office.desk.lock_cycle(2025, &secretariat).await;
    assert_eq!(code(early), "registers.transition.not-from-here", "open is not reported");
    assert_eq!(office.get(&id).await.state, "approved", "nothing was locked by halves");
    let cycle: RecordId =
        serde_json::from_value::<String>(office.get(&id).await.body["cycle"].clone())
            .unwrap()
            .parse()
            .unwrap();
    office.step(&cycle, "close", json!({ "closed_on": "2026-07-12" })).await.unwrap();
    office.step(&cycle, "report", json!({ "reported_on": "2026-07-24" })).await.unwrap();
    let locked = office.desk.lock_cycle(2025, &secretariat).await.unwrap();
    assert_eq!((locked.reports, &locked.cycle), (1, &cycle));
    assert_eq!(office.get(&id).await.state, "locked");
    assert_eq!(office.get(&cycle).await.state, "locked");
    let report = the_report(&office).await;
    assert_eq!(report.stage, Stage::Approved);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_shows_all_that_bears_on_the_measure() {
    let office = Office::open().await;
    let opened = office.open_cycle().await;
    let report = office.report().await;
    let measures = json!([MEASURE]);
    office
        .put(
            "measure_contribution",
            "c",
            json!({ "report": report.id, "ministry": "文", "progress": "準備した。" }),
        )
        .await;
    office
        .put(
            "public_need",
            "n",
            json!({
                "subject": "件名", "submitter": "patients", "received_on": "2026-04-01",
                "need": "ニーズ", "measures": measures,
            }),
        )
        .await;
    let action = office
        .put(
            "follow_up_action",
            "a",
            json!({
                "task": "対応", "finding": "課題", "cycle": opened.cycle, "measures": measures,
                "owner": LEAD, "due_on": "2027-03-31",
            }),
        )
        .await;
    office
        .put(
            "budget_request",
            "r",
            json!({
                "title": "要求", "ministry": LEAD, "fiscal_year": 2027, "measures": measures,
                "requested_yen": 5, "actions": [action],
            }),
        )
        .await;
    let shown = the_report(&office).await;
    let measure = &shown.measures[0];
    assert_eq!(shown.stage, Stage::Draft);
    assert_eq!((shown.as_of, shown.fiscal_year), (day(VALUES_AS_OF), 2025));
    let counts = [
        measure.contributions.len(),
        measure.answered.len(),
        measure.actions.len(),
        measure.requests.len(),
    ];
    assert_eq!(counts, [1, 1, 1, 1]);
    assert_eq!(measure.contributions[0].contributed_on, None, "a draft has not been handed in");
    assert!(measure.values.iter().all(|value| value.kept.is_none()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cycle_is_worked_on_with_the_plan_it_was_opened_with() {
    let office = Office::open().await;
    office.open_cycle().await;
    let mut other = (*office.pack).clone();
    other.hash = "0".repeat(64);
    let other = std::sync::Arc::new(other);
    let desk = shirube_cycle::FollowUp::new(office.store.clone(), other, office.engine.clone());
    assert_eq!(code(desk.report(2025, LEAD).await), "cycle.other-plan");
    let secretariat = by("事務局", "2026-06-02");
    assert_eq!(code(desk.open_cycle(&ask(), &secretariat).await), "cycle.other-plan");
    let id = office.report().await.id;
    office.submit(&id).await;
    let judged = desk.judge(&id, &Judgement::Approve, &secretariat).await;
    assert_eq!(code(judged), "cycle.other-plan");
}

#[test]
fn a_revision_says_what_differs() {
    let (base, mut new) = (pack("japan-2025"), pack("japan-2025"));
    let same = revision_fields(&base, &base);
    assert_eq!(same["differences"], json!(0));
    assert_eq!((same.get("measures"), same.get("indicators")), (None, None));
    new.measures[0].summary.en.push('!');
    new.indicators[0].version += 1;
    let changed = revision_fields(&base, &new);
    assert_eq!(changed["measures"], json!([base.measures[0].id]));
    assert_eq!(changed["indicators"], json!([base.indicators[0].id]));
    assert_ne!(changed["diff_digest"], same["diff_digest"]);
    assert_eq!(changed, revision_fields(&base, &new));
    for name in ["base_hash", "new_hash", "diff_digest"] {
        let Value::String(hash) = &changed[name] else { panic!("{name}") };
        assert_eq!(hash.len(), 64, "{name}");
    }
}
