use axum::http::{Request, StatusCode, header};
use serde_json::json;

use crate::fixture::{KEY, Site, run};

/// Addresses of one page of each kind, without the language.
const PAGES: [&str; 22] = [
    "/",
    "/?view=table",
    "/?as_of=2027-03-31&status=behind&owner=%E5%81%A5&undecided=yes&q=%E6%B2%BB",
    "/indicators/OI-01",
    "/indicators/OI-01?as_of=2026-03-31&reading=unit%3Dseed",
    "/indicators/OI-21-child",
    "/indicators/OI-27",
    "/indicators/OG-1a",
    "/plan",
    "/plan?ministry=%E5%8E%9A&lead=yes",
    "/plan/measures/4.1.1-m1",
    "/plan/governance",
    "/plan/source-notes",
    "/plan/ministries",
    "/registers",
    "/registers/contract",
    "/registers/trial?as_of=2026-03-31&standing=withdrawn",
    "/search?q=%E6%B2%BB%E9%A8%93",
    "/pack",
    "/pack/vocabularies/contract_types",
    "/about",
    "/sign-in",
];

fn goal_part(site: &Site) -> String {
    let board = site.get("/api/v1/board").json();
    let ids = board["indicators"].as_array().unwrap();
    ids.iter()
        .filter_map(|row| row["id"].as_str())
        .find(|id| id.starts_with("OG-"))
        .unwrap()
        .to_owned()
}

#[test]
fn every_page_is_there_in_both_languages_and_says_demo() {
    let site = Site::demo();
    let part = goal_part(site);
    for lang in ["ja", "en"] {
        for path in PAGES {
            let address = format!("/{lang}{}", path.replace("OG-1a", &part));
            let answer = site.get(&address);
            assert_eq!(answer.status, StatusCode::OK, "{address}: {}", answer.text);
            let page = &answer.text;
            assert!(page.contains(&format!("<html lang=\"{lang}\">")), "{address}");
            assert!(page.contains("name=\"shirube-evidence\" content=\"demo\""), "{address}");
            assert!(page.contains("class=\"demo-banner\""), "{address}");
            assert_eq!(answer.header("shirube-evidence"), "demo", "{address}");
            for key in ["[web.", "[status.", "[class.", "[indicator"] {
                assert!(!page.contains(key), "{address}: a text is missing: {}", around(page, key));
            }
            for inline in [" style=\"", " onclick=", "<style", "javascript:"] {
                assert!(!page.contains(inline), "{address}: {}", around(page, inline));
            }
            assert_eq!(page.matches("<h1").count(), 1, "{address}");
            headings_are_in_order(&address, page);
            labels_name_fields(&address, page);
            ids_are_unique(&address, page);
        }
    }
}

fn around<'a>(page: &'a str, text: &str) -> &'a str {
    let at = page.find(text).unwrap_or(0);
    let end = page[at..].char_indices().nth(80).map_or(page.len(), |(i, _)| at + i);
    &page[at..end]
}

pub fn headings_are_in_order(address: &str, page: &str) {
    let mut last = 0;
    for piece in page.split("<h").skip(1) {
        let Some(level) = piece.chars().next().and_then(|c| c.to_digit(10)) else { continue };
        assert!(level <= last + 1, "{address}: h{level} after h{last}: {}", around(piece, ""));
        last = level;
    }
}

pub fn labels_name_fields(address: &str, page: &str) {
    for piece in page.split("<label").skip(1) {
        let field = piece.split("for=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
        assert!(page.contains(&format!("id=\"{field}\"")), "{address}: label for `{field}`");
    }
}

pub fn ids_are_unique(address: &str, page: &str) {
    let mut seen = std::collections::BTreeSet::new();
    for piece in page.split(" id=\"").skip(1) {
        let id = piece.split('"').next().unwrap();
        assert!(seen.insert(id), "{address}: id `{id}` twice");
    }
}

#[test]
fn a_live_store_does_not_say_demo_and_shows_what_is_missing() {
    let site = Site::live(None);
    for lang in ["ja", "en"] {
        for path in ["/", "/indicators/OI-01", "/registers", "/registers/contract", "/about"] {
            let answer = site.get(&format!("/{lang}{path}"));
            assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text);
            assert!(!answer.text.contains("content=\"demo\""), "{path}");
            assert_eq!(answer.header("shirube-evidence"), "live");
        }
    }
    let page = site.get("/en/indicators/OI-01").text;
    assert!(page.contains("No evidence yet"), "{page}");
    assert!(page.contains("id=\"no-evidence\"") && page.contains("/en/registers/contract"));
    let csv = site.get("/en/indicators/OI-01.csv");
    assert!(csv.header("content-disposition").contains("filename=\"OI-01-"));
    assert!(csv.text.contains("\r\nlive,OI-01,"), "{}", csv.text);
}

#[test]
fn every_answer_carries_the_headers_of_safety() {
    let site = Site::demo();
    for address in ["/", "/ja/", "/ja/nowhere", "/assets/css/site.css", "/api/v1/pack", "/healthz"]
    {
        let answer = site.get(address);
        let policy = answer.header("content-security-policy");
        assert!(policy.starts_with("default-src 'self'"), "{address}");
        assert!(!policy.contains("unsafe"), "{address}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{address}");
        assert_eq!(answer.header("x-frame-options"), "DENY", "{address}");
        assert!(!answer.header("referrer-policy").is_empty(), "{address}");
    }
}

#[test]
fn pages_are_compressed_on_request() {
    let request = Request::get("/ja/about").header(header::ACCEPT_ENCODING, "gzip");
    let response = run(async {
        use tower::ServiceExt;
        Site::demo().router().oneshot(request.body(axum::body::Body::empty()).unwrap()).await
    });
    assert_eq!(response.unwrap().headers()[header::CONTENT_ENCODING], "gzip");
}

#[test]
fn the_first_address_follows_the_browser() {
    let site = Site::demo();
    for (accepted, to) in [("en-US,en;q=0.9", "/en/"), ("ja", "/ja/"), ("fr", "/ja/")] {
        let request = Request::get("/").header(header::ACCEPT_LANGUAGE, accepted);
        let answer = site.send(request.body(axum::body::Body::empty()).unwrap());
        assert_eq!(answer.status, StatusCode::TEMPORARY_REDIRECT);
        assert_eq!(answer.header("location"), to, "{accepted}");
    }
    assert_eq!(site.get("/ja").header("location"), "/ja/");
}

#[test]
fn wrong_addresses_and_parameters_are_refused_in_words() {
    let site = Site::demo();
    let cases = [
        ("/nowhere", 404, "web.not-found.page"),
        ("/indicators/OI-99", 404, "web.not-found.indicator"),
        ("/indicators/OI-99.csv", 404, "web.not-found.indicator"),
        ("/indicators/OI-01?reading=unit%3Dx", 404, "indicator.reading.unknown"),
        ("/indicators/OI-01?reading=unit", 400, "web.query.unknown-value"),
        ("/indicators/OI-01?class=odd", 400, "web.query.unknown-value"),
        ("/indicators/OI-01?page=two", 400, "web.query.not-a-number"),
        ("/plan/measures/9-m9", 404, "web.not-found.measure"),
        ("/registers/dragons", 404, "web.not-found.kind"),
        ("/registers/contract?state=odd", 400, "web.query.unknown-value"),
        ("/registers/contract?after=x", 400, "store.cursor-unreadable"),
        ("/records/CTR-000000000000", 404, "web.not-found.record"),
        ("/records/banana", 404, "web.not-found.record"),
        ("/records/CTR-000000000000/history", 404, "web.not-found.record"),
        ("/pack/vocabularies/x", 404, "web.not-found.vocabulary"),
        ("/?as_of=banana", 400, "core.date.unreadable"),
        ("/?as_of=2027-02-30", 400, "core.date.unreadable"),
        ("/?status=odd", 400, "web.query.unknown-value"),
        ("/search?kind=odd", 400, "web.query.unknown-value"),
    ];
    for (path, status, code) in cases {
        for lang in ["ja", "en"] {
            let address = format!("/{lang}{path}");
            let answer = site.get(&address);
            assert_eq!(answer.status.as_u16(), status, "{address}: {}", answer.text);
            assert!(answer.text.contains(code), "{address}: {}", answer.text);
            assert!(answer.text.contains(&format!("<html lang=\"{lang}\">")), "{address}");
            assert!(!answer.text.contains("[web."), "{address}");
        }
    }
    let long = format!("/ja/?q={}", "a".repeat(500));
    assert_eq!(site.get(&long).status, StatusCode::BAD_REQUEST);
    let longer = format!("/ja/?q={}", "a".repeat(9_000));
    assert_eq!(site.get(&longer).status, StatusCode::URI_TOO_LONG);
}

#[test]
fn days_may_be_written_with_eras() {
    let answer = Site::demo().get("/ja/?as_of=R9.3.31");
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.text.contains("2027年（令和9年）3月31日"), "era date");
}

#[test]
fn the_language_switch_keeps_the_page() {
    let page = Site::demo().get("/ja/indicators/OI-01?as_of=2027-03-31&reading=unit%3Dseed").text;
    let expected = "href=\"/en/indicators/OI-01?as_of=2027-03-31&#38;reading=unit%3Dseed\"";
    assert!(page.contains(expected), "{}", around(&page, "id=\"other-language\""));
}

#[test]
fn records_cannot_bring_markup_into_pages() {
    let site = Site::empty_demo();
    let nasty = "<script>alert(1)</script>\"'&";
    let id = site.enter(
        "publication",
        json!({
            "title": nasty, "published_on": "2025-05-01", "field": "clinical_medicine",
            "field_scheme": "esi22",
        }),
    );
    run(site.store.catch_up_search()).unwrap();
    for path in ["", "/history", "/diff"] {
        let answer = site.get(&format!("/ja/records/{id}{path}"));
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        assert!(!answer.text.contains("<script>alert"), "{path}");
    }
    let cookie = site.sign_in();
    let form = site.get_as(&format!("/ja/records/{id}/edit"), &cookie);
    assert!(form.text.contains("alert(1)") && !form.text.contains("<script>alert"));
    for address in
        ["/ja/registers/publication", "/ja/search?q=alert", "/ja/search?q=%3Cscript%3Ealert"]
    {
        let answer = site.get(address);
        assert_eq!(answer.status, StatusCode::OK, "{address}");
        assert!(!answer.text.contains("<script>alert"), "{address}");
    }
}

#[test]
fn fields_that_are_not_public_are_for_staff() {
    let site = Site::live(Some(KEY));
    let secret = "内密の契約名";
    let id = site.enter(
        "contract",
        json!({ "title": secret, "contract_type": "licence", "effective_on": "2025-05-01" }),
    );
    run(site.store.catch_up_search()).unwrap();
    let encoded = crate::fixture::encode(secret);
    let addresses = [
        format!("/ja/records/{id}"),
        format!("/ja/records/{id}/history"),
        format!("/ja/records/{id}/diff"),
        "/ja/registers/contract".to_owned(),
        "/ja/indicators/OI-01?class=missing-link-0".to_owned(),
        format!("/api/v1/records/{id}"),
        format!("/api/v1/records/{id}/history"),
        "/api/v1/kinds/contract/records".to_owned(),
        format!("/api/v1/search?q={encoded}"),
    ];
    for address in &addresses {
        let answer = site.get(address);
        assert_eq!(answer.status, StatusCode::OK, "{address}: {}", answer.text);
        assert!(!answer.text.contains(secret), "{address}");
    }
    let found = site.get(&format!("/ja/search?q={encoded}"));
    assert!(!found.text.contains(&id), "a search must not find what only staff may see");
    assert!(site.get(&format!("/ja/records/{id}")).text.contains("非公開"));
    let cookie = site.sign_in();
    assert!(site.get_as(&format!("/ja/records/{id}"), &cookie).text.contains(secret));
    assert!(site.get_as(&format!("/ja/search?q={encoded}"), &cookie).text.contains(&id));
}

#[test]
fn a_record_is_shown_as_it_stood() {
    let site = Site::demo();
    let page = site.get("/api/v1/kinds/project/records?limit=1").json();
    let id = page["records"][0]["id"].as_str().unwrap().to_owned();
    let before = site.get(&format!("/en/records/{id}?as_of=2020-01-01"));
    assert_eq!(before.status, StatusCode::NOT_FOUND);
    assert!(before.text.contains("web.not-found.record-on-day"), "{}", before.text);
    let now = site.get(&format!("/en/records/{id}"));
    assert!(now.text.contains("JSON") && now.text.contains(&id));
}

#[test]
fn files_carry_where_values_come_from() {
    let site = Site::demo();
    let answer = site.get("/ja/indicators/OI-01.csv?as_of=2027-03-31");
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.header("content-type").starts_with("text/csv"));
    assert!(
        answer.header("content-disposition").contains("filename=\"demo-OI-01-2027-03-31.csv\"")
    );
    let text = answer.text.strip_prefix('\u{feff}').unwrap();
    let mut lines = text.lines();
    let columns: Vec<&str> = lines.next().unwrap().split(',').collect();
    for column in ["evidence", "pack_hash", "definition_hash", "ledger_seq", "digest", "as_of"] {
        assert!(columns.contains(&column), "{column}");
    }
    let mut rows = 0;
    for line in lines {
        assert!(line.starts_with("demo,OI-01,"), "{line}");
        rows += 1;
    }
    assert!(rows > 8, "{rows} rows");
    let json = site.get("/ja/indicators/OI-01.json?as_of=2027-03-31");
    assert!(json.header("content-disposition").contains("demo-OI-01-2027-03-31.json"));
    let body = json.json();
    assert_eq!(body["evidence"], "demo");
    assert_eq!(body["stamp"]["pack_hash"].as_str().unwrap().len(), 64);
}

#[test]
fn a_value_opens_down_to_its_records() {
    let site = Site::demo();
    let body = site.get("/api/v1/indicators/OI-02").json();
    let value = body["headline"]["value"].as_str().unwrap();
    let counted = body["headline"]["proofs"][0]["counted"].as_u64().unwrap();
    assert!(counted > 0);
    let page = site.get("/en/indicators/OI-02").text;
    assert!(page.contains(&format!("{counted} of ")), "{value}");
    let link = crate::fixture::attributes(&page, "href")
        .find(|href| href.starts_with("/en/records/") && href.contains("version="))
        .unwrap();
    let record = site.get(&link);
    assert_eq!(record.status, StatusCode::OK, "{link}");
    assert!(record.text.contains("/en/indicators/OI-02"), "the record names the indicator");
}

#[test]
fn shares_are_shown_in_per_cent_with_their_parts() {
    let site = Site::demo();
    let page = site.get("/en/indicators/OI-27").text;
    assert!(page.contains("At least 60 %"), "{}", around(&page, "At least"));
    let body = site.get("/api/v1/indicators/OI-27").json();
    assert_eq!(body["headline"]["target"], "0.6", "the API gives the plain number");
}

#[test]
fn definitions_are_said_in_words_of_the_pack() {
    let site = Site::demo();
    let english = site.get("/en/indicators/OI-01").text;
    assert!(english.contains("“Contract type” is one of:"), "{}", around(&english, "Conditions"));
    let japanese = site.get("/ja/indicators/OI-01").text;
    assert!(japanese.contains("が次のいずれか："));
    let unpublished = site.get("/en/indicators/OI-10").text;
    assert!(unpublished.contains("Not published"), "a baseline that is missing is said to be");
}

#[test]
fn a_record_after_the_day_of_the_demo_is_shown_with_a_word_about_it() {
    let site = Site::demo();
    let newest = site.get("/api/v1/kinds/contract/records?limit=1").json();
    let id = newest["records"][0]["id"].as_str().unwrap();
    let answer = site.get(&format!("/en/records/{id}"));
    assert_eq!(answer.status, StatusCode::OK);
    let listed = site.get("/en/registers/contract").text;
    assert!(!listed.contains(id), "the list shows the registers on the day of the demo");
}
