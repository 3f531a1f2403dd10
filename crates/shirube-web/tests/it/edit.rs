use axum::http::StatusCode;
use serde_json::json;

use crate::fixture::{KEY, NAME, Site, token};

fn project(site: &Site) -> String {
    let body = json!({
        "title": { "ja": "課題", "en": "Project" },
        "funder": "amed",
        "started_on": "2025-04-01",
        "disease_areas": ["cancer"],
    });
    site.enter("project", body)
}

fn form<'a>(token: &'a str, version: &'a str, ja: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("token", token),
        ("base_version", version),
        ("f.title.ja", ja),
        ("f.title.en", "Project"),
        ("f.funder", "amed"),
        ("f.started_on", "2025-04-01"),
        ("f.disease_areas", "cancer"),
        ("reason", "誤記の訂正"),
    ]
}

#[test]
fn a_correction_goes_through_the_form() {
    let site = Site::live(Some(KEY));
    let id = project(&site);
    let address = format!("/ja/records/{id}/edit");
    let sent_away = site.get(&address);
    assert_eq!(sent_away.status, StatusCode::SEE_OTHER);
    assert!(sent_away.header("location").starts_with("/ja/sign-in?next="));
    let cookie = site.sign_in();
    let page = site.get_as(&address, &cookie);
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    let token = token(&page.text);
    let saved = site.post(&address, &cookie, &form(&token, "1", "直した課題"));
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text);
    let shown = site.get(saved.header("location"));
    assert!(shown.text.contains("直した課題"));
    let history = site.get(&format!("/ja/records/{id}/history")).text;
    assert!(history.contains("山田") && history.contains("誤記の訂正") && history.contains("JST"));
    let diff = site.get(&format!("/ja/records/{id}/diff?a=1&b=2")).text;
    assert!(diff.contains("直した課題") && diff.contains("変更あり"));
    assert_eq!(diff.matches("class=\"changed\"").count(), 1, "only the title changed");
}

#[test]
fn a_stale_edit_shows_both_versions_and_can_be_redone() {
    let site = Site::live(Some(KEY));
    let id = project(&site);
    let address = format!("/en/records/{id}/edit");
    let cookie = site.sign_in();
    let token = token(&site.get_as(&address, &cookie).text);
    assert_eq!(
        site.post(&address, &cookie, &form(&token, "1", "先の人")).status,
        StatusCode::SEE_OTHER
    );
    let stale = site.post(&address, &cookie, &form(&token, "1", "後の人"));
    assert_eq!(stale.status, StatusCode::CONFLICT);
    assert!(stale.text.contains("先の人") && stale.text.contains("後の人"));
    assert!(stale.text.contains("name=\"base_version\" value=\"2\""), "the form starts anew");
    let redone = site.post(&address, &cookie, &form(&token, "2", "後の人"));
    assert_eq!(redone.status, StatusCode::SEE_OTHER, "{}", redone.text);
    assert!(site.get(redone.header("location")).text.contains("Project"));
}

#[test]
fn faults_are_shown_at_their_fields_and_nothing_typed_is_lost() {
    let site = Site::live(Some(KEY));
    let id = project(&site);
    let address = format!("/ja/records/{id}/edit");
    let cookie = site.sign_in();
    let token = token(&site.get_as(&address, &cookie).text);
    let mut pairs = form(&token, "1", "課題");
    for pair in &mut pairs {
        if pair.0 == "f.started_on" {
            pair.1 = "banana";
        }
    }
    let answer = site.post(&address, &cookie, &pairs);
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert!(answer.text.contains("aria-invalid=\"true\"") && answer.text.contains("banana"));
    assert!(answer.text.contains("山田") && answer.text.contains("誤記の訂正"));
    pairs.retain(|pair| pair.0 != "reason");
    let blank: Vec<_> = form(&token, "1", "別")
        .into_iter()
        .map(|pair| if pair.0 == "reason" { ("reason", " ") } else { pair })
        .collect();
    let answer = site.post(&address, &cookie, &blank);
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.text);
}

#[test]
fn forms_of_other_sites_and_of_nobody_are_refused() {
    let site = Site::live(Some(KEY));
    let id = project(&site);
    let address = format!("/ja/records/{id}/edit");
    let cookie = site.sign_in();
    let forged = site.post(&address, &cookie, &form("x", "1", "偽"));
    assert_eq!(forged.status, StatusCode::FORBIDDEN);
    let nobody = site.post(&address, "", &form("x", "1", "偽"));
    assert_eq!(nobody.status, StatusCode::UNAUTHORIZED);
    let wrong = site.post("/ja/sign-in", "", &[("name", NAME), ("password", "wrong")]);
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    assert_eq!(wrong.header("set-cookie"), "");
    let pairs = [("name", NAME), ("password", KEY), ("next", "https://example.jp/")];
    let elsewhere = site.post("/ja/sign-in", "", &pairs);
    assert_eq!(elsewhere.header("location"), "/ja/account");
    let cookie_text = elsewhere.header("set-cookie");
    assert!(cookie_text.contains("HttpOnly") && cookie_text.contains("SameSite=Lax"));
    assert!(!cookie_text.contains(KEY));
    assert!(!site.get(&format!("/ja/records/{id}")).text.contains("偽"));
}

#[test]
fn records_are_entered_and_stepped_by_form() {
    let site = Site::live(Some(KEY));
    let cookie = site.sign_in();
    let page = site.get_as("/ja/registers/project/new", &cookie);
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    let token = token(&page.text);
    let made = site.post("/ja/registers/project/new", &cookie, &form(&token, "0", "新しい課題"));
    assert_eq!(made.status, StatusCode::SEE_OTHER, "{}", made.text);
    let record = made.header("location").to_owned();
    let step = |version: &str, step: &str, original: &str| {
        let pairs = [
            ("token", token.as_str()),
            ("base_version", version),
            ("step", step),
            ("original", original),
            ("reason", "段階の変更"),
        ];
        site.post(&format!("{record}/step"), &cookie, &pairs)
    };
    assert_eq!(step("1", "start", "").status, StatusCode::SEE_OTHER);
    assert_eq!(step("1", "withdraw", "").status, StatusCode::CONFLICT);
    assert_eq!(step("2", "mark_duplicate", "x").status, StatusCode::BAD_REQUEST);
    assert_eq!(step("2", "withdraw", "").status, StatusCode::SEE_OTHER);
    assert!(site.get(&record).text.contains("取り下げられています"));
    let out = site.post("/ja/sign-out", &cookie, &[("token", &token)]);
    assert!(out.header("set-cookie").contains("Max-Age=0"));
}
