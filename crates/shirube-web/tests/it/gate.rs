//! The audit of a table sent by a visitor.

use std::sync::{Mutex, PoisonError};

use axum::body::Body;
use axum::http::{Request, StatusCode};

use crate::book::{area, workbook};
use crate::fixture::{Answer, Site};

const EDGE: &str = "----edge-of-the-form";

/// A part of a form: name, file name, content.
type Part<'a> = (&'a str, Option<&'a str>, &'a [u8]);

fn send(site: &Site, lang: &str, parts: &[Part<'_>]) -> Answer {
    // The site audits one table at a time and turns others away; its tests run
    // beside each other.
    static TURN: Mutex<()> = Mutex::new(());
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let mut body = Vec::new();
    for (name, file, bytes) in parts {
        let file = file.map_or_else(String::new, |file| format!("; filename=\"{file}\""));
        body.extend(
            format!("--{EDGE}\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n")
                .bytes(),
        );
        body.extend_from_slice(bytes);
        body.extend(b"\r\n");
    }
    body.extend(format!("--{EDGE}--\r\n").bytes());
    let request = Request::post(format!("/{lang}/gate/audit"))
        .header("content-type", format!("multipart/form-data; boundary={EDGE}"))
        .header("content-length", body.len());
    site.send(request.body(Body::from(body)).unwrap())
}

#[test]
fn a_table_is_audited_and_forgotten() {
    let site = Site::demo();
    let form = site.get("/ja/gate/audit");
    assert_eq!(form.status, StatusCode::OK);
    assert!(form.text.contains("multipart/form-data"));
    // 107 - 100 = 7: the only mask of its row is no secret.
    let rows = [("100", 107, [10, 20, 30, 0, 40, 0, -1]), ("101", 100, [10, 20, 30, 0, 40, 0, 0])];
    let table = workbook(&[area("外来", "J 処置　外来", &rows)]);
    for (lang, word) in [("ja", "検査結果"), ("en", "Report")] {
        let answer = send(site, lang, &[("table", Some("t.xlsx"), &table)]);
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        assert!(answer.text.contains("id=\"report\"") && answer.text.contains(word));
        assert!(answer.text.contains("t.xlsx"), "{}", answer.text);
        // One cell can be computed: the report is not clean.
        assert!(answer.text.contains("<li class=\"bad\"><b>1</b>"), "{}", answer.text);
        assert!(!answer.text.contains("7–7"), "a value is shown");
    }
}

#[test]
fn bad_input_is_refused_with_a_remedy() {
    let site = Site::demo();
    let cases: [(&[Part<'_>], &str); 4] = [
        (&[("policy", None, b"ndb-open-data")], "no table was sent"),
        (&[("table", Some("t.csv"), b"a,b\n1,2\n"), ("policy", None, b"nobody")], "nobody"),
        (&[("table", Some("t.csv"), b"a,b\n1,2\n"), ("layout", None, b"]")], "layout"),
        (&[("table", Some("<script>.csv"), b"")], "no table was sent"),
    ];
    for (parts, said) in cases {
        let answer = send(site, "en", parts);
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{said}: {}", answer.text);
        assert!(answer.text.contains(said), "{said}: {}", answer.text);
    }
    // A file that is no table is reported as not read, and its name is escaped.
    let answer = send(site, "en", &[("table", Some("<b>.xlsx"), b"PK\x03\x04 nothing")]);
    assert_eq!(answer.status, StatusCode::OK);
    assert!(!answer.text.contains("<b>.xlsx") && answer.text.contains("&lt;b&gt;.xlsx"));
    let large = vec![b'1'; 34 << 20];
    let answer = send(site, "en", &[("table", Some("t.csv"), &large)]);
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
}
