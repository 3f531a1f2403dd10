//! Accounts and authority over the web.

use axum::http::StatusCode;
use chrono::{TimeDelta, Utc};
use serde_json::json;
use shirube_access::{Area, FREE_BY_NAME, Origin, ROUTES, Reach, WAIT_SECONDS_MAX};
use shirube_model::lang::Lang;
use shirube_model::refusal::{Refusal, text};
use shirube_web::router::{Methods, PAGES, api_routes};

use crate::fixture::{KEY, NAME, Site, account, run, token};

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
        for typed in ["hanako", "花子", "着任"] {
            assert!(refused.text.contains(typed), "{typed} is lost");
        }
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

/// A route with an account and a record in the place of its parameters.
fn filled(path: &str, account: &str, record: &str) -> String {
    let id = if path.contains("/records/") { record } else { account };
    path.replace("{lang}", "ja").replace("{kind}", "project").replace("{id}", id)
}

fn project(site: &Site) -> String {
    let body = json!({
        "title": { "ja": "課題", "en": "Project" }, "funder": "amed",
        "started_on": "2025-04-01", "disease_areas": ["cancer"],
    });
    site.enter("project", body)
}

#[test]
fn every_form_of_a_session_needs_its_token() {
    let site = Site::live(Some(KEY));
    let record = project(&site);
    let (admin, _) = account(&site, "kanri", &["admin"], Reach::Read);
    let registrar = site.sign_in();
    let target = run(site.accounts.as_ref().unwrap().by_name(NAME)).unwrap().id;
    let head = run(site.store.head()).unwrap();
    let forged = Refusal::new("access.form.forged").message(Lang::Ja);
    let mut forms = 0;
    for route in ROUTES.iter().filter(|route| route.method == "POST") {
        let cookie = match route.area {
            Area::Own | Area::Records => &registrar,
            Area::Administration => &admin,
            _ => continue,
        };
        if route.path.starts_with("/api/") {
            continue;
        }
        let address = filled(&route.path, &target, &record);
        for wrong in [&[][..], &[("token", "")], &[("token", "0123456789abcdef")]] {
            let answer = site.post(&address, cookie, wrong);
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{address}: {}", answer.text);
            assert!(answer.text.contains(&forged), "{address} is refused for another reason");
        }
        forms += 1;
    }
    assert!(forms >= 10, "{forms} forms");
    assert_eq!(run(site.store.head()).unwrap(), head, "nothing is written");
    assert_eq!(site.get_as("/ja/account", &registrar).status, StatusCode::OK);
}

#[test]
fn another_site_makes_no_browser_send_a_form() {
    let site = Site::live(Some(KEY));
    let pairs = [("name", NAME), ("password", KEY)];
    let here = [
        &[][..],
        &[("sec-fetch-site", "same-origin")],
        &[("sec-fetch-site", "none")],
        &[("origin", "http://here.example:8420"), ("host", "here.example:8420")],
        &[("sec-fetch-site", "same-origin"), ("origin", "https://x"), ("host", "y")],
    ];
    for headers in here {
        let answer = site.post_with("/ja/sign-in", headers, &pairs);
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{headers:?}: {}", answer.text);
    }
    let elsewhere = [
        &[("sec-fetch-site", "cross-site")][..],
        &[("sec-fetch-site", "same-site")],
        &[("origin", "https://evil.example"), ("host", "here.example")],
        &[("origin", "http://here.example:1"), ("host", "here.example")],
        &[("origin", "null"), ("host", "here.example")],
    ];
    let told = Refusal::new("access.form.elsewhere").message(Lang::En);
    for headers in elsewhere {
        for path in ["/en/sign-in", "/en/recover", "/en/sign-out"] {
            let answer = site.post_with(path, headers, &pairs);
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path} {headers:?}");
            assert!(answer.text.contains(&told), "{path} {headers:?}: {}", answer.text);
            assert_eq!(answer.header("set-cookie"), "", "{path} {headers:?}");
        }
    }
}

#[test]
fn guessing_is_slowed_down_and_the_page_says_so_in_both_languages() {
    let site = Site::live(Some(KEY));
    let (_, token) = account(&site, "other", &["registrar"], Reach::Read);
    let guess = |lang: &str, password: &str| {
        site.post(&format!("/{lang}/sign-in"), "", &[("name", NAME), ("password", password)])
    };
    assert_eq!(guess("ja", "not the password").status, StatusCode::UNAUTHORIZED);
    // Further guesses from elsewhere, each after the longest wait; the last one
    // leaves a wait.
    let accounts = site.accounts.as_ref().unwrap();
    let elsewhere = Origin { address: "198.51.100.1", agent: "" };
    for turn in 1..=2 * i32::try_from(FREE_BY_NAME).unwrap() {
        let at = Utc::now() + TimeDelta::seconds(WAIT_SECONDS_MAX) * turn;
        let wrong = run(accounts.sign_in(NAME, "not the password", elsewhere, at));
        assert_eq!(wrong.unwrap_err().code(), "access.sign-in.wrong");
    }
    for lang in [Lang::Ja, Lang::En] {
        let told = guess(lang.tag(), KEY);
        assert_eq!(told.status, StatusCode::TOO_MANY_REQUESTS, "the right one has to wait too");
        let remedy = Refusal::new("access.sign-in.wait").arg("seconds", 1).remedy(lang);
        assert!(told.text.contains(&remedy), "{}", told.text);
        assert!(told.text.contains("role=\"alert\""), "{}", told.text);
    }
    // Who has signed in already, and other names, are not held up.
    let other = [("name", "other"), ("password", KEY)];
    assert_eq!(site.post("/ja/sign-in", "", &other).status, StatusCode::SEE_OTHER);
    let request = axum::http::Request::get("/api/v1/kinds")
        .header("authorization", format!("Bearer {token}"))
        .body(axum::body::Body::empty());
    assert_eq!(site.send(request.unwrap()).status, StatusCode::OK);
}

#[test]
fn who_may_not_know_of_a_page_or_an_account_is_told_that_there_is_none() {
    let site = Site::live(Some(KEY));
    let record = project(&site);
    let registrar = site.sign_in();
    let target = run(site.accounts.as_ref().unwrap().by_name(NAME)).unwrap().id;
    let nowhere = site.get("/ja/nowhere");
    assert_eq!(nowhere.status, StatusCode::NOT_FOUND);
    let hidden =
        ROUTES.iter().filter(|route| matches!(route.area, Area::Administration | Area::Audit));
    for route in hidden {
        let address = filled(&route.path, &target, &record);
        for cookie in ["", registrar.as_str()] {
            let answer = match route.method.as_str() {
                "GET" => site.get_as(&address, cookie),
                _ => site.post(&address, cookie, &[("token", "x"), ("reason", "x")]),
            };
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{} {address}", route.method);
            assert!(!answer.text.contains(&target) || address.contains(&target));
        }
    }
    // One organisation's administrator finds neither the other's account nor a
    // difference from an account that is not there.
    let (admin, _) = account(&site, "kanri", &["admin@厚"], Reach::Read);
    let (_, _) = account(&site, "bun", &["lead@文"], Reach::Read);
    let other = run(site.accounts.as_ref().unwrap().by_name("bun")).unwrap().id;
    let list = site.get_as("/ja/accounts", &admin);
    assert_eq!(list.status, StatusCode::OK);
    assert!(!list.text.contains("bun") && !list.text.contains(NAME), "{}", list.text);
    let page = |id: &str| {
        let answer = site.get_as(&format!("/ja/accounts/{id}"), &admin);
        assert_eq!(answer.status, StatusCode::NOT_FOUND);
        answer.text.replace(id, "ID")
    };
    assert_eq!(page(&other), page("0123456789abcdef"));
}

#[test]
fn nobody_changes_their_own_roles_and_auditors_only_look() {
    let site = Site::live(Some(KEY));
    let (admin, _) = account(&site, "kanri", &["admin"], Reach::Read);
    let (auditor, _) = account(&site, "kansa", &["auditor"], Reach::Read);
    let own = run(site.accounts.as_ref().unwrap().by_name("kanri")).unwrap().id;
    let address = format!("/ja/accounts/{own}");
    let form = token(&site.get_as("/ja/accounts/new", &admin).text);
    let pairs = [
        ("token", form.as_str()),
        ("name", "kanri"),
        ("display_ja", "管理"),
        ("display_en", "Admin"),
        ("roles", "admin\nregistrar"),
        ("reason", "x"),
    ];
    assert_eq!(site.post(&address, &admin, &pairs).status, StatusCode::FORBIDDEN);
    for cookie in [&admin, &auditor] {
        let page = site.get_as(&address, cookie);
        assert_eq!(page.status, StatusCode::OK, "{}", page.text);
        assert!(!page.text.contains("name=\"roles\""), "a form that would be refused");
    }
    assert_eq!(site.post(&address, &auditor, &pairs).status, StatusCode::FORBIDDEN);
    let audit = site.get_as("/ja/audit", &auditor);
    assert_eq!(audit.status, StatusCode::OK);
    let made = text(Lang::Ja, "access.page.change-made");
    for seen in ["kanri", "kansa", NAME, made.as_str()] {
        assert!(audit.text.contains(seen), "{seen}: {}", audit.text);
    }
    assert!(!audit.text.contains(&own), "names, not ids");
    assert_eq!(site.get_as("/ja/accounts/new", &auditor).status, StatusCode::FORBIDDEN);
}

#[test]
fn a_server_without_a_provider_says_so() {
    let site = Site::live(Some(KEY));
    for path in ["/ja/sign-in/provider", "/sign-in/callback?state=x&code=y"] {
        let answer = site.get(path);
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path}");
        let told = Refusal::new("access.oidc.none").message(Lang::Ja);
        assert!(answer.text.contains(&told), "{path}: {}", answer.text);
    }
    assert!(!site.get("/ja/sign-in").text.contains("id=\"provider\""));
}

#[test]
fn choices_of_persons_are_there_for_those_named_for_them_only() {
    let site = Site::live(Some(KEY));
    let (named, desk) = account(&site, "desk", &["registrar@*/use_choice"], Reach::Write);
    let (registrar, all) = account(&site, "all", &["registrar", "auditor"], Reach::Write);
    let send = |secret: &str| {
        let body = json!({ "body": {
            "data_set": "D", "person": "4711", "decision": "refuse", "made_by": "self",
            "made_on": "2026-04-01",
        }, "reason": "form" });
        let request = axum::http::Request::post("/api/v1/kinds/use_choice/records")
            .header("content-type", "application/json")
            .header("authorization", format!("Bearer {secret}"));
        site.send(request.body(axum::body::Body::from(body.to_string())).unwrap())
    };
    assert_eq!(send(&all).status, StatusCode::NOT_FOUND);
    let made = send(&desk);
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    let id = made.json()["id"].as_str().unwrap().to_owned();
    for path in [
        format!("/ja/records/{id}"),
        format!("/ja/records/{id}/history"),
        format!("/ja/records/{id}/diff"),
        "/ja/registers/use_choice".to_owned(),
    ] {
        for cookie in ["", registrar.as_str()] {
            let hidden = site.get_as(&path, cookie);
            assert_eq!(hidden.status, StatusCode::NOT_FOUND, "{path}");
            assert!(!hidden.text.contains("4711"), "{path}");
        }
        let shown = site.get_as(&path, &named).status;
        assert!(shown == StatusCode::OK || path.ends_with("diff"), "{path} {shown}");
    }
    let api = |path: &str, secret: &str| {
        let mut request = axum::http::Request::get(path);
        if !secret.is_empty() {
            request = request.header("authorization", format!("Bearer {secret}"));
        }
        site.send(request.body(axum::body::Body::empty()).unwrap())
    };
    for path in [
        format!("/api/v1/records/{id}"),
        format!("/api/v1/records/{id}/history"),
        "/api/v1/kinds/use_choice/records".to_owned(),
    ] {
        for secret in ["", all.as_str()] {
            assert_eq!(api(&path, secret).status, StatusCode::NOT_FOUND, "{path}");
        }
        let seen = api(&path, &desk);
        assert_eq!(seen.status, StatusCode::OK, "{path}");
        assert!(seen.text.contains("4711"), "{path}");
    }
    // Neither in the search nor in the list of registers with their counts.
    for (secret, found) in [("", false), (all.as_str(), false), (desk.as_str(), true)] {
        let known = api("/api/v1/search?q=D&kind=use_choice", secret);
        assert_eq!(known.status == StatusCode::OK, found, "{}", known.text);
        assert_eq!(api("/api/v1/search?q=4711", secret).json()["total"], 0);
    }
    for (cookie, found) in [("", false), (registrar.as_str(), false), (named.as_str(), true)] {
        let page = site.get_as("/ja/registers", cookie);
        assert_eq!(page.text.contains("/registers/use_choice"), found);
    }
}
