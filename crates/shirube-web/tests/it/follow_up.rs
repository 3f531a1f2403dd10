//! The yearly follow-up over the web.

use axum::http::StatusCode;
use serde_json::{Value, json};
use shirube_access::Reach;
use shirube_store::{AsOf, ListQuery};

use crate::fixture::{Answer, Site, account, encode, run, value_of};

/// Measure, lead ministry and participant, as the plan has them.
const MEASURE: &str = "4.4.1-m2";

/// Somebody signed in, with the token of their forms.
struct Person<'a> {
    site: &'a Site,
    cookie: String,
    /// For the API.
    secret: String,
}

fn person<'a>(site: &'a Site, name: &str, roles: &[&str]) -> Person<'a> {
    let (cookie, secret) = account(site, name, roles, Reach::Write);
    Person { site, cookie, secret }
}

impl Person<'_> {
    fn get(&self, path: &str) -> Answer {
        self.site.get_as(path, &self.cookie)
    }

    /// Sends a form of the page at `path`, with its token and the version it
    /// shows.
    fn send(&self, path: &str, pairs: &[(&str, &str)]) -> Answer {
        let page = self.get(path);
        assert_eq!(page.status, StatusCode::OK, "{}", page.text);
        let (token, version) =
            (value_of(&page.text, "token"), value_of(&page.text, "base_version"));
        let mut all = vec![("token", token.as_str()), ("reason", "試験")];
        if !pairs.iter().any(|(name, _)| *name == "base_version") {
            all.push(("base_version", version.as_str()));
        }
        all.extend(pairs);
        self.site.post(path, &self.cookie, &all)
    }

    /// A token for forms, from a page that has one for everybody signed in.
    fn token(&self) -> String {
        value_of(&self.get("/ja/account").text, "token")
    }
}

struct Office {
    site: Site,
}

impl Office {
    fn new() -> Self {
        Self { site: Site::empty_demo() }
    }

    fn open(&self, secretariat: &Person<'_>) {
        let opened = self.site.post(
            "/ja/follow-up",
            &secretariat.cookie,
            &[
                ("token", &value_of(&secretariat.get("/ja/follow-up").text, "token")),
                ("fiscal_year", "2025"),
                ("values_as_of", "2026-03-31"),
                ("submissions_due", "R11.3.31"),
                ("reason", "年次"),
            ],
        );
        assert_eq!(opened.status, StatusCode::SEE_OTHER, "{}", opened.text);
        assert_eq!(opened.header("location"), "/ja/follow-up/2025");
    }

    fn report(&self) -> (String, Value, u32, String) {
        let query = ListQuery {
            fields: vec![
                ("measure".to_owned(), json!(MEASURE)),
                ("ministry".to_owned(), json!("厚")),
            ],
            limit: 2,
            ..ListQuery::default()
        };
        let page = run(self.site.store.list("measure_report", AsOf::Now, &query)).unwrap();
        let record = page.records.first().unwrap();
        (
            record.id.to_string(),
            Value::Object(record.body.clone()),
            record.version,
            record.state.clone(),
        )
    }
}

fn desk() -> String {
    format!("/ja/follow-up/2025/{}/{MEASURE}", encode("厚"))
}

#[test]
fn a_year_goes_from_opening_to_a_locked_report() {
    let office = Office::new();
    let site = &office.site;
    let secretariat = person(site, "jimukyoku", &["secretariat"]);
    let lead = person(site, "shukan", &["lead@厚"]);
    let participant = person(site, "sankaku", &["participant@文"]);
    office.open(&secretariat);

    let year = site.get("/en/follow-up/2025");
    assert_eq!(year.status, StatusCode::OK);
    assert!(year.text.contains("Ministry of Health") && !year.text.contains("id=\"verify\""));
    let list = site.get(&format!("/ja/follow-up/2025/{}", encode("厚")));
    assert!(list.text.contains(MEASURE));
    assert!(!list.text.contains(&format!("/{MEASURE}\"")), "no way to a report in work");
    assert_eq!(site.get(&desk()).status, StatusCode::NOT_FOUND, "nor by guessing");

    // The participant keeps a draft, hands it in, and takes it back.
    let said = [("ministry", "文"), ("progress", "大学で進めた。"), ("do", "hand_in")];
    let page = participant.get(&desk());
    assert!(page.text.contains("class=\"form-wide panel tinted contribute\""), "{}", page.text);
    assert!(!page.text.contains("tinted compile"), "only the lead compiles");
    let handed = participant.send(&desk(), &said);
    assert_eq!(handed.status, StatusCode::SEE_OTHER, "{}", handed.text);
    assert!(handed.header("location").contains("done=hand_in"));
    let shown = participant.get(handed.header("location"));
    assert!(shown.text.contains("入力を提出しました") && shown.text.contains("大学で進めた。"));
    let forged = [("ministry", "経"), ("progress", "偽り"), ("do", "keep")];
    assert_eq!(participant.send(&desk(), &forged).status, StatusCode::FORBIDDEN);

    // The lead compiles; without a judgement the step is refused, and what was
    // typed stays.
    let half = [("progress", "進めた。"), ("do", "compile")];
    let refused = lead.send(&desk(), &half);
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert!(refused.text.contains("進めた。") && refused.text.contains("role=\"alert\""));
    let whole = [
        ("progress", "進めた。"),
        ("assessment", "on_track"),
        ("gaps", "人手が足りない。"),
        ("do", "compile"),
    ];
    assert_eq!(lead.send(&desk(), &whole).status, StatusCode::SEE_OTHER);
    // Somebody who saw an older version overwrites nothing.
    let stale = [
        ("progress", "別の話"),
        ("assessment", "on_track"),
        ("do", "compile"),
        ("base_version", "1"),
    ];
    assert_eq!(lead.send(&desk(), &stale).status, StatusCode::CONFLICT);
    assert_eq!(lead.send(&desk(), &[("do", "submit")]).status, StatusCode::SEE_OTHER);
    let (_, body, ..) = office.report();
    assert_eq!(body["submitted_by"], json!("shukan"));
    let late = participant.get(&desk());
    assert!(!late.text.contains("contribute\""), "a submitted report takes no contribution");

    // The secretariat returns it with a reason, and approves it the second time.
    let nothing = [("do", "return"), ("return_reason", "")];
    assert_eq!(secretariat.send(&desk(), &nothing).status, StatusCode::BAD_REQUEST);
    let back = [("do", "return"), ("return_reason", "数値の説明を加えること。")];
    assert_eq!(secretariat.send(&desk(), &back).status, StatusCode::SEE_OTHER);
    assert!(lead.get(&desk()).text.contains("数値の説明を加えること。"));
    assert_eq!(lead.send(&desk(), &whole).status, StatusCode::SEE_OTHER);
    assert_eq!(lead.send(&desk(), &[("do", "submit")]).status, StatusCode::SEE_OTHER);
    let file = format!("/ja/follow-up/2025/{}/file", encode("厚"));
    assert_eq!(site.get(&file).status, StatusCode::NOT_FOUND, "a draft is not published");
    let draft = lead.get(&format!("{file}?as=json"));
    assert_eq!(draft.status, StatusCode::OK);
    assert!(draft.header("content-disposition").contains("demo-follow-up-FY2025"));
    assert_eq!(draft.json()["evidence"], json!("demo"));
    assert_eq!(
        lead.get(&format!("{file}?as=xml&publisher=XM-DAC-701-1")).status,
        StatusCode::BAD_REQUEST
    );
    assert_eq!(lead.get(&format!("{file}?as=doc")).status, StatusCode::BAD_REQUEST);
    assert_eq!(secretariat.send(&desk(), &[("do", "approve")]).status, StatusCode::SEE_OTHER);
    let (id, body, version, state) = office.report();
    assert_eq!((state.as_str(), &body["approved_by"]), ("approved", &json!("jimukyoku")));
    assert!(body["approved_values"].as_array().is_some_and(|values| !values.is_empty()));
    let again = lead.site.post(
        &format!("/ja/records/{id}/edit"),
        &lead.cookie,
        &[("token", &lead.token()), ("base_version", &version.to_string()), ("reason", "x")],
    );
    assert_eq!(again.status, StatusCode::FORBIDDEN, "what is approved stays");
    assert_eq!(site.get(&desk()).status, StatusCode::NOT_FOUND, "approved is not yet published");
    assert_eq!(secretariat.send(&desk(), &[("do", "lock")]).status, StatusCode::SEE_OTHER);
    let published = site.get(&desk());
    assert_eq!(published.status, StatusCode::OK);
    assert!(published.text.contains("進めた。"), "a locked report is there for everybody");

    let auditor = person(site, "kansa", &["auditor"]);
    assert_eq!(secretariat.get("/ja/follow-up/2025/verify").status, StatusCode::NOT_FOUND);
    let verified = auditor.get("/ja/follow-up/2025/verify");
    assert_eq!(verified.status, StatusCode::OK, "{}", verified.text);
    assert!(verified.text.contains("一致しないものは 0 個") && verified.text.contains("OI-16"));
}

#[test]
fn nobody_judges_what_they_submitted_whatever_the_record_says() {
    let office = Office::new();
    let site = &office.site;
    let both = person(site, "futari", &["secretariat", "lead@厚"]);
    office.open(&both);
    let whole = [("progress", "進めた。"), ("assessment", "on_track"), ("do", "compile")];
    assert_eq!(both.send(&desk(), &whole).status, StatusCode::SEE_OTHER);
    let (id, _, version, _) = office.report();
    // Another name as the one who submits is not taken, by page or by API.
    let fields = json!({ "submitted_by": "somebody else", "submitted_on": "2026-06-01" });
    let forged = json!({ "step": "submit", "fields": fields, "reason": "試験" });
    let answer = call(site, &both.secret, &id, version, &forged);
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    let (_, body, version, state) = office.report();
    assert_eq!((state.as_str(), &body["submitted_by"]), ("submitted", &json!("futari")));
    let page = both.get(&desk());
    assert!(!page.text.contains("tinted judge") && page.text.contains("自分が提出した報告"));
    let approve = json!({ "step": "approve", "reason": "試験" });
    assert_eq!(call(site, &both.secret, &id, version, &approve).status, StatusCode::FORBIDDEN);
    let step = format!("/ja/records/{id}/step");
    let version_text = version.to_string();
    let pairs = [
        ("token", both.token()),
        ("base_version", version_text),
        ("step", "approve".to_owned()),
        ("reason", "x".to_owned()),
    ];
    let pairs: Vec<(&str, &str)> = pairs.iter().map(|(a, b)| (*a, b.as_str())).collect();
    assert_eq!(site.post(&step, &both.cookie, &pairs).status, StatusCode::FORBIDDEN);
    // Somebody else's approval over the API freezes the values all the same.
    let other = person(site, "jimukyoku", &["secretariat"]);
    let answer = call(site, &other.secret, &id, version, &approve);
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    let (_, body, ..) = office.report();
    assert!(body["approved_values"].as_array().is_some_and(|values| !values.is_empty()));
}

fn call(site: &Site, secret: &str, id: &str, version: u32, body: &Value) -> Answer {
    let request = axum::http::Request::post(format!("/api/v1/records/{id}/steps"))
        .header("content-type", "application/json")
        .header("authorization", format!("Bearer {secret}"))
        .header("if-match", format!("\"{version}\""))
        .body(axum::body::Body::from(body.to_string()));
    site.send(request.unwrap())
}

#[test]
fn a_step_asks_for_what_it_needs() {
    let office = Office::new();
    let site = &office.site;
    let secretariat = person(site, "jimukyoku", &["secretariat"]);
    let id = site.enter(
        "panel_advice",
        json!({ "subject": "助言", "body": "expert_panel", "given_on": "2026-03-01", "advice": "広げること。" }),
    );
    let waiting = secretariat.get("/en/follow-up");
    assert!(
        waiting.text.contains(&format!("/en/records/{id}/step?step=assign")),
        "{}",
        waiting.text
    );
    let public = site.get("/en/follow-up");
    assert!(public.text.contains("助言") && !public.text.contains("/step?"));
    let form = format!("/en/records/{id}/step?step=assign");
    assert_eq!(site.get(&form).status, StatusCode::SEE_OTHER, "to the sign-in");
    let page = secretariat.get(&form);
    assert!(page.text.contains("f.answered_by") && page.text.contains("f.due_on"), "{}", page.text);
    assert!(!page.text.contains("f.advice"), "only what the step needs");
    let address = format!("/en/records/{id}/step");
    let token = secretariat.token();
    let send = |pairs: &[(&str, &str)]| {
        let mut all = vec![
            ("token", token.as_str()),
            ("base_version", "1"),
            ("step", "assign"),
            ("reason", "r"),
        ];
        all.extend(pairs);
        site.post(&address, &secretariat.cookie, &all)
    };
    // Chosen on the record's page, which does not ask: the form asks now.
    let asks = send(&[]);
    assert_eq!(asks.status, StatusCode::OK);
    assert!(asks.text.contains("f.answered_by"));
    let wrong = send(&[("f.answered_by", "厚"), ("f.due_on", "tomorrow")]);
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
    assert!(wrong.text.contains("tomorrow"), "what was typed stays");
    let unknown = send(&[("f.answered_by", "無"), ("f.due_on", "2026-06-01")]);
    assert_eq!(unknown.status, StatusCode::BAD_REQUEST);
    let done = send(&[("f.answered_by", "厚"), ("f.due_on", "2026-06-01"), ("f.advice", "消す")]);
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text);
    let record = run(site.store.get(&id.parse().unwrap(), AsOf::Now)).unwrap().unwrap();
    assert_eq!(
        (record.state.as_str(), &record.body["advice"]),
        ("assigned", &json!("広げること。"))
    );
    assert_eq!(
        send(&[("f.answered_by", "厚"), ("f.due_on", "2026-06-01")]).status,
        StatusCode::CONFLICT,
        "the version seen is gone"
    );
    let missing = format!("/en/records/{id}/step?step=fly");
    assert_eq!(secretariat.get(&missing).status, StatusCode::BAD_REQUEST);
}

#[test]
fn bad_years_and_days_are_refused_in_words() {
    let office = Office::new();
    let site = &office.site;
    let secretariat = person(site, "jimukyoku", &["secretariat"]);
    let registrar = site.sign_in();
    for path in
        ["/ja/follow-up/2025", "/ja/follow-up/99", "/ja/follow-up/abcd", "/en/follow-up/2025/x"]
    {
        assert_eq!(site.get(path).status, StatusCode::NOT_FOUND, "{path}");
    }
    let token = value_of(&secretariat.get("/ja/follow-up").text, "token");
    let send = |pairs: &[(&str, &str)]| {
        let mut all = vec![("token", token.as_str()), ("reason", "r")];
        all.extend(pairs);
        site.post("/ja/follow-up", &secretariat.cookie, &all)
    };
    for pairs in [
        vec![
            ("fiscal_year", "25"),
            ("values_as_of", "2026-03-31"),
            ("submissions_due", "2026-06-30"),
        ],
        vec![
            ("fiscal_year", "2025"),
            ("values_as_of", "2026-02-30"),
            ("submissions_due", "2026-06-30"),
        ],
        vec![("fiscal_year", "2025"), ("values_as_of", "2026-03-31")],
    ] {
        let answer = send(&pairs);
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{pairs:?}");
        assert!(answer.text.contains("role=\"alert\""), "{pairs:?}");
    }
    let answer = site.post("/ja/follow-up", &registrar, &[("fiscal_year", "2025")]);
    assert_eq!(answer.status, StatusCode::FORBIDDEN, "the token of a form is missing");
    // A link of one page fills in the form of another.
    let new = secretariat
        .get("/ja/registers/follow_up_action/new?f.owner=%E5%8E%9A&f.task=%E6%94%AF%E6%8F%B4");
    assert!(new.text.contains("支援"), "{}", new.text);
}
