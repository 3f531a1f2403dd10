use std::collections::BTreeSet;

use axum::http::StatusCode;
use serde_json::json;

use crate::fixture::{KEY, Site};

fn project(title: &str) -> serde_json::Value {
    json!({
        "title": { "ja": title, "en": "A project" },
        "funder": "amed",
        "started_on": "2025-04-01",
    })
}

#[test]
fn the_openapi_document_has_every_route_of_the_api() {
    let site = Site::demo();
    let answer = site.get("/api/v1/openapi.json");
    assert_eq!(answer.status, StatusCode::OK);
    let document = answer.json();
    assert_eq!(document["x-evidence"], "demo");
    let written: BTreeSet<String> =
        document["paths"].as_object().unwrap().keys().cloned().collect();
    let routed: BTreeSet<String> =
        shirube_web::router::api_routes().into_iter().map(|(path, _)| path).collect();
    assert_eq!(written, routed);
    // Every documented path is really served, and nothing else under /api/.
    for path in &written {
        let address = path
            .replace("{kind}", "contract")
            .replace("/indicators/{id}", "/indicators/OI-01")
            .replace("/vocabularies/{id}", "/vocabularies/countries")
            .replace("{id}", "CTR-000000000000");
        let request = axum::http::Request::builder().method("PATCH").uri(&address);
        let answer = site.send(request.body(axum::body::Body::empty()).unwrap());
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{address}");
        assert_eq!(answer.json()["code"], "web.method", "{address}");
    }
    for operation in document["paths"].as_object().unwrap().values() {
        for (method, operation) in operation.as_object().unwrap() {
            assert!(operation["responses"].is_object(), "{method}");
            assert!(operation["summary"].is_string(), "{operation}");
        }
    }
}

#[test]
fn every_answer_says_demo() {
    let site = Site::demo();
    let addresses = [
        "/healthz",
        "/api/v1/board",
        "/api/v1/indicators",
        "/api/v1/indicators/OI-01?as_of=2027-03-31",
        "/api/v1/indicators/OI-01/proof?class=counted&limit=3",
        "/api/v1/kinds",
        "/api/v1/kinds/contract",
        "/api/v1/kinds/contract/schema",
        "/api/v1/kinds/contract/records?limit=2&standing=active",
        "/api/v1/search?q=%E6%B2%BB%E9%A8%93&limit=2",
        "/api/v1/pack",
        "/api/v1/pack/measures",
        "/api/v1/pack/vocabularies",
        "/api/v1/pack/vocabularies/contract_types",
        "/api/v1/nowhere",
        "/api/v1/indicators/OI-99",
    ];
    for address in addresses {
        let answer = site.get(address);
        assert_eq!(answer.json()["evidence"], "demo", "{address}");
        assert_eq!(answer.header("shirube-evidence"), "demo", "{address}");
    }
    let page = site.get("/api/v1/kinds/project/records?limit=2").json();
    let next = page["next"].as_str().unwrap();
    let more = site.get(&format!("/api/v1/kinds/project/records?limit=2&after={next}")).json();
    assert_ne!(page["records"][0]["id"], more["records"][0]["id"]);
    let id = page["records"][0]["id"].as_str().unwrap();
    assert_eq!(site.get(&format!("/api/v1/records/{id}")).json()["evidence"], "demo");
    let history = site.get(&format!("/api/v1/records/{id}/history")).json();
    assert_eq!(history["evidence"], "demo");
    assert_eq!(history["events"][0]["version"], 1);
}

#[test]
fn problems_are_rfc_9457_in_both_languages() {
    let site = Site::demo();
    let cases = [
        ("/api/v1/board?as_of=banana", 400, "core.date.unreadable"),
        ("/api/v1/nowhere", 404, "web.not-found.page"),
        ("/api/v1/kinds/dragons", 404, "web.not-found.kind"),
        ("/api/v1/records/x", 404, "web.not-found.record"),
        ("/api/v1/indicators/OI-01/proof?class=odd", 400, "web.query.unknown-value"),
        ("/api/v1/kinds/contract/records?limit=x", 400, "web.query.not-a-number"),
        ("/api/v1/kinds/contract/records?after=x", 400, "store.cursor-unreadable"),
    ];
    for (address, status, code) in cases {
        let answer = site.get(address);
        assert_eq!(answer.status.as_u16(), status, "{address}: {}", answer.text);
        assert_eq!(answer.header("content-type"), "application/problem+json", "{address}");
        let body = answer.json();
        assert_eq!(body["code"], code, "{address}");
        assert_eq!(body["status"], status, "{address}");
        for lang in ["ja", "en"] {
            assert!(!body["message"][lang].as_str().unwrap().is_empty(), "{address}");
            assert!(!body["remedy"][lang].as_str().unwrap().is_empty(), "{address}");
        }
    }
}

#[test]
fn records_are_entered_and_corrected_by_version() {
    let site = Site::live(Some(KEY));
    let new = json!({
        "body": project("課題"), "reason": "登録",
        "source": { "system": "s", "key": "1" },
    });
    let made = site.call("POST", "/api/v1/kinds/project/records", &new, None);
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    assert_eq!(made.header("etag"), "\"1\"");
    let id = made.json()["id"].as_str().unwrap().to_owned();
    let again = site.call("POST", "/api/v1/kinds/project/records", &new, None);
    assert_eq!(again.status, StatusCode::OK, "the same source key with the same values");
    let address = format!("/api/v1/records/{id}");
    let change = json!({ "body": project("新課題"), "reason": "訂正" });
    let missing = site.call("PUT", &address, &change, None);
    assert_eq!(missing.status, StatusCode::PRECONDITION_REQUIRED);
    let done = site.call("PUT", &address, &change, Some("\"1\""));
    assert_eq!((done.status, done.header("etag")), (StatusCode::OK, "\"2\""), "{}", done.text);
    let stale = json!({ "body": project("別課題"), "reason": "訂正" });
    let refused = site.call("PUT", &address, &stale, Some("\"1\""));
    assert_eq!(refused.status, StatusCode::PRECONDITION_FAILED, "{}", refused.text);
    let conflict = &refused.json()["conflict"];
    assert_eq!(conflict["mine"]["title"]["ja"], "別課題");
    assert_eq!(conflict["current"]["body"]["title"]["ja"], "新課題");
    let step = json!({ "step": "withdraw", "reason": "取下げ" });
    let steps = format!("{address}/steps");
    let withdrawn = site.call("POST", &steps, &step, Some("2"));
    assert_eq!(withdrawn.json()["standing"], "withdrawn", "{}", withdrawn.text);
    assert_eq!(
        site.get(&format!("{address}/history")).json()["events"].as_array().unwrap().len(),
        3
    );
}

#[test]
fn bad_writes_are_refused_by_code() {
    let site = Site::live(Some(KEY));
    let with = |body: serde_json::Value| json!({ "body": body, "reason": "r" });
    let mut odd_code = project("x");
    odd_code["funder"] = json!("nobody");
    let mut odd_day = project("x");
    odd_day["started_on"] = json!("banana");
    let cases = [
        (with(odd_code), 400, "web.code.unknown"),
        (with(json!({})), 400, "registers.field.missing"),
        (json!({ "body": {} }), 400, "web.body.unreadable"),
        (json!([1]), 400, "web.body.unreadable"),
    ];
    for (body, status, code) in cases {
        let answer = site.call("POST", "/api/v1/kinds/project/records", &body, None);
        assert_eq!(answer.status.as_u16(), status, "{body}: {}", answer.text);
        assert_eq!(answer.json()["code"], code, "{body}: {}", answer.text);
    }
    let answer = site.call("POST", "/api/v1/kinds/project/records", &with(odd_day), None);
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert_eq!(answer.json()["errors"][0]["field"], "started_on");
    let huge = json!({ "body": { "x": "y".repeat(2_000_000) }, "reason": "r" });
    let answer = site.call("POST", "/api/v1/kinds/project/records", &huge, None);
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(answer.json()["code"], "web.body.too-large");
    let ghost = with(project("x"));
    let answer = site.call("PUT", "/api/v1/records/PRJ-000000000000", &ghost, Some("1"));
    assert_eq!(answer.status, StatusCode::NOT_FOUND, "{}", answer.text);
}

#[test]
fn nothing_is_written_without_a_token() {
    let body = json!({ "body": project("x"), "reason": "r" }).to_string();
    let send = |site: &Site, key: Option<&str>| {
        let mut request = axum::http::Request::post("/api/v1/kinds/project/records")
            .header("content-type", "application/json");
        if let Some(key) = key {
            request = request.header("authorization", format!("Bearer {key}"));
        }
        site.send(request.body(axum::body::Body::from(body.clone())).unwrap())
    };
    let open = Site::live(Some(KEY));
    for (key, code, status) in [
        (None, "access.sign-in.needed", StatusCode::UNAUTHORIZED),
        (Some("wrong"), "access.bearer.unknown", StatusCode::UNAUTHORIZED),
        (Some(KEY), "access.bearer.unknown", StatusCode::UNAUTHORIZED),
    ] {
        let answer = send(&open, key);
        assert_eq!((answer.status, answer.json()["code"].as_str()), (status, Some(code)));
    }
    let closed = Site::live(None);
    for key in [None, Some(KEY)] {
        assert_eq!(send(&closed, key).status, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(closed.get("/api/v1/kinds/project/records").json()["total"], 0);
    assert_eq!(open.get("/api/v1/kinds/project/records").json()["total"], 0);
}
