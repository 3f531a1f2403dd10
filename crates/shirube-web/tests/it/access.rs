//! Accounts and authority over the web.

use axum::http::StatusCode;
use chrono::Utc;
use serde_json::json;
use shirube_access::{AccountText, By, Grant, ROUTES, Reach};
use shirube_model::lang::LocalText;
use shirube_web::router::{Methods, PAGES, api_routes};

use crate::fixture::{KEY, NAME, Site, attributes, run};

fn token(page: &str) -> String {
    let at = page.find("name=\"token\"").unwrap();
    attributes(&page[at..], "value").next().unwrap()
}

/// Makes an account of these roles; the cookie of its session and a token.
fn account(site: &Site, name: &str, roles: &[&str], reach: Reach) -> (String, String) {
    let accounts = site.accounts.as_ref().unwrap();
    let text = AccountText {
        name: name.to_owned(),
        display: LocalText::new(name, name),
        grants: roles.iter().map(|role| Grant::parse(role).unwrap()).collect(),
        ..AccountText::default()
    };
    let by = By { actor: "test", reason: "a test" };
    let made = run(accounts.add(text, Some(KEY), by, Utc::now())).unwrap();
    let secret = run(accounts.make_token(&made.id, "tests", reach, 1, Utc::now())).unwrap();
    let answer = site.post("/ja/sign-in", "", &[("name", name), ("password", KEY)]);
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    let cookie = answer.header("set-cookie").split(';').next().unwrap().to_owned();
    (cookie, secret.expose().to_owned())
}

#[test]
fn every_route_is_in_the_matrix_and_no_other() {
    let mut found: Vec<(String, String)> = Vec::new();
    for (methods, path) in PAGES {
        let methods: &[&str] = match methods {
            Methods::Get => &["GET"],
            Methods::Post => &["POST"],
            Methods::GetPost => &["GET", "POST"],
        };
        found.extend(methods.iter().map(|method| ((*method).to_owned(), (*path).to_owned())));
    }
    for (path, methods) in api_routes() {
        found.extend(methods.iter().map(|method| (method.to_uppercase(), path.clone())));
    }
    let mut known: Vec<(String, String)> =
        ROUTES.iter().map(|route| (route.method.clone(), route.path.clone())).collect();
    found.sort();
    known.sort();
    assert_eq!(found, known);
}

#[test]
fn pages_of_administrators_are_not_there_for_others() {
    let site = Site::live(Some(KEY));
    let registrar = site.sign_in();
    let (admin, _) = account(&site, "kanri", &["admin"], Reach::Read);
    for path in ["/ja/accounts", "/en/accounts/new", "/ja/accounts/acc-0"] {
        assert_eq!(site.get(path).status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(site.get_as(path, &registrar).status, StatusCode::NOT_FOUND, "{path}");
    }
    let list = site.get_as("/ja/accounts", &admin);
    assert_eq!(list.status, StatusCode::OK, "{}", list.text);
    assert!(list.text.contains(NAME));
    assert_eq!(site.get_as("/ja/audit", &admin).status, StatusCode::NOT_FOUND);
    let own = site.get("/ja/account");
    assert_eq!(own.status, StatusCode::SEE_OTHER);
    assert!(own.header("location").starts_with("/ja/sign-in?next="));
}

#[test]
fn an_administrator_makes_an_account_that_sets_its_password_once() {
    let site = Site::live(Some(KEY));
    let (admin, _) = account(&site, "kanri", &["admin@厚"], Reach::Read);
    let form = token(&site.get_as("/ja/accounts/new", &admin).text);
    let send = |roles: &str| {
        let pairs = [
            ("token", form.as_str()),
            ("name", "hanako"),
            ("display_ja", "花子"),
            ("display_en", "Hanako"),
            ("roles", roles),
            ("reason", "着任"),
        ];
        site.post("/ja/accounts/new", &admin, &pairs)
    };
    for beyond in ["lead@文", "registrar", "lead@厚\nadmin"] {
        let refused = send(beyond);
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{beyond}: {}", refused.text);
        assert!(refused.text.contains("hanako"), "nothing typed is lost");
    }
    let made = send("lead@厚");
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    let link = made.text.split("recover?link=").nth(1).unwrap();
    let link = &link[..64];
    let set = [("link", link), ("password", "a password of her own")];
    assert_eq!(site.post("/ja/recover", "", &set).status, StatusCode::SEE_OTHER);
    assert_eq!(site.post("/ja/recover", "", &set).status, StatusCode::BAD_REQUEST);
    let pairs = [("name", "hanako"), ("password", "a password of her own")];
    assert_eq!(site.post("/ja/sign-in", "", &pairs).status, StatusCode::SEE_OTHER);
}

#[test]
fn records_are_changed_within_the_reach_of_a_role_only() {
    let site = Site::live(Some(KEY));
    let (_, lead) = account(&site, "lead", &["lead@amed"], Reach::Write);
    let (_, reader) = account(&site, "reader", &["registrar"], Reach::Read);
    let (_, auditor) = account(&site, "auditor", &["auditor"], Reach::Write);
    let project = |funder: &str| {
        json!({ "body": {
            "title": { "ja": "課題", "en": "Project" }, "funder": funder,
            "started_on": "2025-04-01", "disease_areas": ["cancer"],
        }, "reason": "登録" })
    };
    let send = |secret: &str, funder: &str| {
        let request = axum::http::Request::post("/api/v1/kinds/project/records")
            .header("content-type", "application/json")
            .header("authorization", format!("Bearer {secret}"));
        let body = axum::body::Body::from(project(funder).to_string());
        site.send(request.body(body).unwrap())
    };
    let made = send(&lead, "amed");
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    for (secret, funder) in [(&lead, "expert_panel"), (&reader, "amed"), (&auditor, "amed")] {
        let refused = send(secret, funder);
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{}", refused.text);
        assert_eq!(refused.json()["code"], "access.denied");
    }
    let id = made.json()["id"].as_str().unwrap().to_owned();
    let history = site.get(&format!("/api/v1/records/{id}/history")).json();
    assert_eq!(history["events"][0]["actor"], "lead", "the account, not what the client says");
}

#[test]
fn a_session_ends_on_the_server_too() {
    let site = Site::live(Some(KEY));
    let cookie = site.sign_in();
    let page = site.get_as("/ja/account", &cookie);
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    let form = token(&page.text);
    let forged = site.post("/ja/sign-out", &cookie, &[("token", "x")]);
    assert_eq!(forged.status, StatusCode::FORBIDDEN);
    assert_eq!(site.get_as("/ja/account", &cookie).status, StatusCode::OK);
    let left = site.post("/ja/sign-out", &cookie, &[("token", &form)]);
    assert_eq!(left.status, StatusCode::SEE_OTHER);
    assert_eq!(site.get_as("/ja/account", &cookie).status, StatusCode::SEE_OTHER);
}
