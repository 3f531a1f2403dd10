//! Health records over the web: who sees what, queries, answers, the ledger.

use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde_json::{Value, json};
use shirube_access::Reach;
use shirube_records::population::Population;
use shirube_records::{Identity, ImportOptions, Snapshot, Source, import};
use shirube_web::HealthData;
use tempfile::TempDir;

use crate::fixture::{Answer, Site, account, value_of};
use crate::pages::{headings_are_in_order, ids_are_unique, labels_name_fields};

const PERSONS: u64 = 1_500;
const SET: &str = "/health-data/claims";
const BY_SEX: &str = "SELECT gender_source_value AS sex, COUNT(DISTINCT person_id) AS persons FROM person GROUP BY sex";
const BY_CODE: &str = "SELECT condition_source_value AS icd10, \
    COUNT(DISTINCT person_id) AS persons FROM condition_occurrence GROUP BY icd10";

/// Records imported once for all tests.
fn imported() -> &'static (TempDir, Snapshot) {
    static DONE: OnceLock<(TempDir, Snapshot)> = OnceLock::new();
    DONE.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let input = folder.path().join("in");
        let until = "2025-03-31".parse().unwrap();
        Population { seed: 11, persons: PERSONS, until }.write_omop(&input).unwrap();
        let options = ImportOptions::new("claims", Identity::AsGiven);
        let snapshot = import(folder.path(), &Source::Omop(input), &options).unwrap();
        (folder, snapshot)
    })
}

/// A folder of data sets with a ledger of its own.
struct Records {
    folder: TempDir,
}

impl Records {
    fn new(more: &str) -> Self {
        let (store, snapshot) = imported();
        let folder = tempfile::tempdir().unwrap();
        let snapshots = store.path().join("snapshots");
        std::os::unix::fs::symlink(snapshots, folder.path().join("snapshots")).unwrap();
        let text = format!(
            "[[data_set]]\nid = \"claims\"\npolicy = \"ndb-publication\"\nsnapshot = \"{}\"\n\
             title = {{ ja = \"請求データ\", en = \"Claims <1>\" }}\n{more}\n\
             [[data_set.permit]]\nid = \"P-1\"\naccounts = [\"alice\", \"alice2\"]\n\
             [[data_set.permit]]\nid = \"P-2\"\naccounts = [\"bob\"]\n\
             [[data_set.permit]]\nid = \"P-0\"\naccounts = [\"carol\"]\nuntil = \"2020-03-31\"\n",
            snapshot.id
        );
        fs::write(folder.path().join("data_sets.toml"), text).unwrap();
        Self { folder }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn site(&self) -> Site {
        Site::with_health(HealthData::open(self.path()).unwrap())
    }
}

/// Somebody signed in.
struct Person<'s> {
    site: &'s Site,
    cookie: String,
    secret: String,
}

fn person<'s>(site: &'s Site, name: &str, role: &str) -> Person<'s> {
    let (cookie, secret) = account(site, name, &[role], Reach::Write);
    Person { site, cookie, secret }
}

impl Person<'_> {
    fn get(&self, rest: &str) -> Answer {
        self.site.get_as(&format!("/en{SET}{rest}"), &self.cookie)
    }

    fn send(&self, rest: &str, pairs: &[(&str, &str)]) -> Answer {
        let token = value_of(&self.site.get_as("/en/account", &self.cookie).text, "token");
        let mut all = vec![("token", token.as_str())];
        all.extend(pairs);
        self.site.post(&format!("/en{SET}{rest}"), &self.cookie, &all)
    }

    fn ask(&self, deed: &str, sql: &str) -> Answer {
        self.send("/ask", &[("sql", sql), ("do", deed)])
    }

    /// Asks and goes to the page of the answer.
    fn answer(&self, sql: &str) -> Answer {
        let sent = self.ask("run", sql);
        assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text);
        self.site.get_as(sent.header("location"), &self.cookie)
    }

    fn call(&self, method: &str, rest: &str, body: &Value) -> Answer {
        let request = Request::builder()
            .method(method)
            .uri(format!("/api/v1{SET}{rest}"))
            .header("content-type", "application/json")
            .header("authorization", format!("Bearer {}", self.secret));
        self.site.send(request.body(Body::from(body.to_string())).unwrap())
    }
}

fn sound(address: &str, answer: &Answer) {
    for key in ["[web.", "[health.", "[query."] {
        assert!(!answer.text.contains(key), "{address}: a text is missing: {}", answer.text);
    }
    assert_eq!(answer.text.matches("<h1").count(), 1, "{address}");
    headings_are_in_order(address, &answer.text);
    labels_name_fields(address, &answer.text);
    ids_are_unique(address, &answer.text);
}

#[test]
fn everybody_reads_what_tells_of_nobody() {
    let records = Records::new("");
    let site = records.site();
    for lang in ["ja", "en"] {
        for path in ["/health-data", SET] {
            let address = format!("/{lang}{path}");
            let answer = site.get(&address);
            assert_eq!(answer.status, StatusCode::OK, "{address}: {}", answer.text);
            sound(&address, &answer);
            assert!(answer.text.contains("1,000"), "{address}: persons in a band");
            for hidden in ["1,500", "1500", &imported().1.id, "/ask\"", "P-1"] {
                assert!(!answer.text.contains(hidden), "{address} tells {hidden}");
            }
        }
    }
    assert!(site.get(&format!("/en{SET}")).text.contains("condition_source_value"));
    assert!(site.get(&format!("/en{SET}")).text.contains("Claims &#60;1&#62;"));
    for path in ["/health-data/nothing", "/health-data/nothing/ledger"] {
        let cookie = site.sign_in();
        assert_eq!(site.get_as(&format!("/en{path}"), &cookie).status, StatusCode::NOT_FOUND);
    }
    let nowhere = Site::live(None);
    assert_eq!(nowhere.get("/ja/health-data").status, StatusCode::OK);
    assert_eq!(nowhere.get(&format!("/ja{SET}")).status, StatusCode::NOT_FOUND);
}

#[test]
fn only_who_holds_a_permit_asks() {
    let records = Records::new("");
    let site = records.site();
    let asks = [("/ask", "sql"), ("/answers/1", ""), ("/ledger", ""), ("/ledger/1", "")];
    for (rest, _) in asks {
        let answer = site.get(&format!("/en{SET}{rest}"));
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{rest}");
        assert!(answer.header("location").starts_with("/en/sign-in"), "{rest}");
    }
    let cases = [
        ("alice", "researcher", StatusCode::OK),
        // Role without a permit, a permit that has ended, a permit without the role.
        ("dave", "researcher", StatusCode::FORBIDDEN),
        ("carol", "researcher", StatusCode::FORBIDDEN),
        ("bob", "lead@厚", StatusCode::FORBIDDEN),
        ("alice2", "auditor", StatusCode::FORBIDDEN),
        ("eve", "registrar", StatusCode::FORBIDDEN),
    ];
    for (name, role, status) in cases {
        let person = person(&site, name, role);
        assert_eq!(person.get("/ask").status, status, "{name}");
        let asked = person.ask("run", BY_SEX).status;
        let wanted = if status == StatusCode::OK { StatusCode::SEE_OTHER } else { status };
        assert_eq!(asked, wanted, "{name}");
        let offered = person.get("").text.contains("id=\"ask\"");
        assert_eq!(offered, status == StatusCode::OK, "{name}");
    }
}

#[test]
fn a_query_is_checked_run_and_downloaded() {
    let records = Records::new("made_up = true");
    let site = records.site();
    let alice = person(&site, "alice", "researcher");
    sound("ask", &alice.get("/ask"));
    let bad = alice.ask(
        "check",
        "SELECT location_id,\n       MAX(year_of_birth)\nFROM person\nGROUP BY location_id",
    );
    assert_eq!(bad.status, StatusCode::BAD_REQUEST);
    sound("bad", &bad);
    for told in
        ["query.aggregate.refused", "line 2, character 8", "class=\"caret\"", "role=\"alert\""]
    {
        assert!(bad.text.contains(told), "{told}: {}", bad.text);
    }
    // What was typed stays.
    assert!(
        bad.text.contains("MAX(year_of_birth)\nFROM person\nGROUP BY location_id</textarea>"),
        "{}",
        bad.text
    );
    let good = alice.ask("check", BY_CODE);
    assert_eq!(good.status, StatusCode::OK);
    assert!(good.text.contains("id=\"checked\"") && good.text.contains("a number of persons"));
    assert!(good.text.contains("1,000 of 1,000 queries left"), "checking costs nothing");

    let answer = alice.answer(BY_CODE);
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    sound("answer", &answer);
    for told in ["id=\"masked\"", "class=\"num masked\"", "ndb-publication 2", "[Demo]", "I10"] {
        assert!(answer.text.contains(told), "{told}: {}", answer.text);
    }
    let csv = alice.get("/answers/1.csv");
    assert_eq!(csv.header("content-type"), "text/csv; charset=utf-8");
    assert!(csv.header("content-disposition").contains("demo-claims-entry-1.csv"));
    for line in ["# evidence,demo", "# entry,1", "# permit,P-1", "icd10,persons"] {
        assert!(csv.text.contains(&format!("{line}\r\n")), "{line}: {}", csv.text);
    }
    assert!(csv.text.contains(&imported().1.id));
    let masked = csv.text.lines().filter(|line| line.ends_with(",*")).count();
    assert_eq!(masked, answer.text.matches("num masked").count() + 1, "and the legend");
    assert!(masked > 1);
    let file = alice.get("/answers/1.json").json();
    assert_eq!(file["evidence"], "demo");
    assert_eq!(file["entry"], 1);
    assert_eq!(file["rows"].to_string().matches("\"masked\"").count(), masked - 1);
    assert!(file["criteria"]["primary"].as_u64().unwrap() > 0);

    let after = alice.get("/ask");
    assert!(after.text.contains("999 of 1,000 queries left"), "{}", after.text);
    assert!(after.text.contains("/answers/1\""), "the earlier question is listed");
    // Asked again it is the same answer, and free.
    assert!(alice.ask("run", BY_CODE).header("location").ends_with("/answers/1"));
    let close = alice.ask(
        "run",
        "SELECT COUNT(DISTINCT person_id) AS n FROM condition_occurrence \
         WHERE condition_source_value <> 'C34.9'",
    );
    if close.status != StatusCode::SEE_OTHER {
        assert_eq!(close.status, StatusCode::CONFLICT, "{}", close.text);
        assert!(close.text.contains("query.ledger.close"));
    }
}

#[test]
fn every_example_is_a_good_query_and_gets_an_answer() {
    for number in 1..=8 {
        // Each on a ledger of its own: together some are too close to each other.
        let records = Records::new("");
        let site = records.site();
        let alice = person(&site, "alice", "researcher");
        let page = alice.get(&format!("/ask?example={number}"));
        let from = page.text.find("<textarea").unwrap();
        let sql = page.text[from..].split('>').nth(1).unwrap().split("</textarea").next().unwrap();
        let sql = sql.replace("&#39;", "'").replace("&#60;", "<").replace("&#62;", ">");
        assert!(sql.contains("SELECT"), "{number}: {sql}");
        let checked = alice.ask("check", &sql);
        assert_eq!(checked.status, StatusCode::OK, "{number}: {}", checked.text);
        assert_eq!(alice.answer(&sql).status, StatusCode::OK, "{number}");
    }
}

#[test]
fn another_permit_gets_the_same_answer_and_learns_nothing_else() {
    let records = Records::new("");
    let site = records.site();
    let (alice, bob) = (person(&site, "alice", "researcher"), person(&site, "bob", "researcher"));
    assert_eq!(alice.answer(BY_CODE).status, StatusCode::OK);
    assert_eq!(bob.get("/answers/1").status, StatusCode::NOT_FOUND);
    assert_eq!(bob.get("/answers/1").text, bob.get("/answers/1").text);
    assert!(!bob.get("/ask").text.contains("/answers/1"));
    let same = bob.ask("run", BY_CODE);
    assert_eq!(same.status, StatusCode::OK, "{}", same.text);
    sound("same", &same);
    assert!(same.text.contains("num masked") && same.text.contains("P-2"));
    assert!(!same.text.contains("P-1"), "whose it was is told");
    let csv = bob.ask("csv", BY_CODE);
    assert!(csv.text.contains("# permit,P-2\r\n") && !csv.text.contains("P-1"), "{}", csv.text);
    assert_eq!(
        bob.send("/ask", &[("sql", BY_SEX), ("permit", "P-1")]).status,
        StatusCode::BAD_REQUEST
    );
}

#[test]
fn auditors_read_the_ledger_and_repeat_an_entry() {
    let records = Records::new("");
    let site = records.site();
    let alice = person(&site, "alice", "researcher");
    let auditor = person(&site, "kansa", "auditor");
    alice.answer(BY_SEX);
    alice.answer(BY_CODE);
    let ledger = auditor.get("/ledger");
    assert_eq!(ledger.status, StatusCode::OK, "{}", ledger.text);
    sound("ledger", &ledger);
    for told in ["/ledger/1\"", "/ledger/2\"", "P-1", "The chain of all 2 entries holds"] {
        assert!(ledger.text.contains(told), "{told}: {}", ledger.text);
    }
    let entry = auditor.get("/ledger/2");
    sound("entry", &entry);
    assert!(entry.text.contains("id=\"criteria\"") && entry.text.contains("id=\"again\""));
    assert_eq!(auditor.get("/answers/2").status, StatusCode::OK);
    let again = auditor.send("/ledger/2", &[]);
    assert_eq!(again.status, StatusCode::OK, "{}", again.text);
    assert!(again.text.contains("id=\"same\""), "{}", again.text);
    for rest in ["/ledger/3", "/ledger/x", "/answers/3", "/answers/x.csv"] {
        assert_eq!(auditor.get(rest).status, StatusCode::NOT_FOUND, "{rest}");
    }
    let reviewer = person(&site, "shinsa", "reviewer");
    for other in [&alice, &reviewer] {
        assert_eq!(other.get("/ledger").status, StatusCode::FORBIDDEN);
        assert_eq!(other.send("/ledger/1", &[]).status, StatusCode::FORBIDDEN);
    }
    // A ledger that was changed is not shown as if it were whole.
    let file = records.path().join("ledgers/claims/ledger.jsonl");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replacen("P-1", "P-2", 1)).unwrap();
    let broken = auditor.get("/ledger");
    assert_eq!(broken.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(broken.text.contains("query.ledger.broken"), "{}", broken.text);
    assert_eq!(alice.ask("run", BY_SEX).status, StatusCode::INTERNAL_SERVER_ERROR);
}

#[test]
fn staff_see_counts_and_check_the_files() {
    let records = Records::new("");
    let site = records.site();
    let registrar = person(&site, "toroku", "registrar");
    let page = registrar.get("");
    sound("staff", &page);
    for told in ["1,500", "id=\"intake\"", "id=\"coverage\"", "id=\"verify\"", &imported().1.id] {
        assert!(page.text.contains(told), "{told}: {}", page.text);
    }
    let verified = registrar.send("/verify", &[]);
    assert_eq!(verified.status, StatusCode::OK, "{}", verified.text);
    assert!(verified.text.contains("role=\"status\""));
    let alice = person(&site, "alice", "researcher");
    let page = alice.get("");
    sound("researcher", &page);
    assert!(page.text.contains("1,000–1,999") && page.text.contains("id=\"coverage\""));
    assert!(!page.text.contains("1,500") && !page.text.contains("id=\"intake\""));
    assert_eq!(alice.send("/verify", &[]).status, StatusCode::FORBIDDEN);
    let cookie = &registrar.cookie;
    for rest in ["/verify", "/ask", "/ledger/1"] {
        let forged = site.post(&format!("/en{SET}{rest}"), cookie, &[("token", "x")]);
        assert_eq!(forged.status, StatusCode::FORBIDDEN, "{rest}");
        assert!(forged.text.contains("access.form.forged"), "{rest}: {}", forged.text);
    }
}

#[test]
fn limits_are_told_and_hold() {
    let records = Records::new("");
    let busy = Site::with_health(HealthData::open(records.path()).unwrap().with_limits(0, 9));
    let alice = person(&busy, "alice", "researcher");
    for deed in ["check", "run"] {
        let answer = alice.ask(deed, BY_SEX);
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{}", answer.text);
        assert!(answer.text.contains("web.health.busy") && answer.text.contains(BY_SEX));
    }
    let slow = Site::with_health(HealthData::open(records.path()).unwrap().with_limits(1, 0));
    let alice = person(&slow, "alice", "researcher");
    let answer = alice.ask("run", BY_SEX);
    assert_eq!(answer.status, StatusCode::GATEWAY_TIMEOUT, "{}", answer.text);
    assert!(answer.text.contains("web.health.slow"));
}

#[test]
fn who_opts_out_is_left_out_of_the_next_query() {
    let records = Records::new("opt_out_file = \"opt-out.txt\"");
    let list = records.path().join("opt-out.txt");
    fs::write(&list, "").unwrap();
    let site = records.site();
    let alice = person(&site, "alice", "researcher");
    let all = "SELECT COUNT(DISTINCT person_id) AS n FROM person";
    assert!(alice.answer(all).text.contains(">1,500<"));
    let out: Vec<String> = (1..=20).map(|id: u32| id.to_string()).collect();
    fs::write(&list, out.join("\n")).unwrap();
    assert!(alice.answer(all).text.contains(">1,480<"));
    for broken in ["one", "1\nx"] {
        fs::write(&list, broken).unwrap();
        let refused = alice.ask("run", all);
        assert_eq!(refused.status, StatusCode::INTERNAL_SERVER_ERROR);
        assert!(refused.text.contains("health.opt-out"), "{}", refused.text);
    }
}

#[test]
fn the_file_of_data_sets_is_read_again_when_it_changes() {
    let records = Records::new("");
    let site = records.site();
    let dave = person(&site, "dave", "researcher");
    assert_eq!(dave.get("/ask").status, StatusCode::FORBIDDEN);
    let file = records.path().join("data_sets.toml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace("\"bob\"", "\"dave\"")).unwrap();
    assert_eq!(dave.get("/ask").status, StatusCode::OK);
    for (from, to, code) in [
        ("policy", "polity", "health.config.unreadable"),
        ("ndb-publication", "nobody", "query.policy.unknown"),
        ("ndb-publication", "census-cell-key", "health.secret"),
        ("\"claims\"", "\"other\"", "health.config.other-data-set"),
    ] {
        fs::write(&file, text.replace("\"bob\"", "\"dave\"").replacen(from, to, 1)).unwrap();
        let path = if to == "\"other\"" {
            "/en/health-data/other/ask"
        } else {
            "/en/health-data/claims/ask"
        };
        let token = value_of(&site.get_as("/en/account", &dave.cookie).text, "token");
        let pairs = [("token", token.as_str()), ("sql", BY_SEX), ("do", "check")];
        let answer = site.post(path, &dave.cookie, &pairs);
        assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR, "{code}: {}", answer.text);
        assert!(answer.text.contains(code), "{code}: {}", answer.text);
    }
}

#[test]
fn programs_ask_over_the_api() {
    let records = Records::new("");
    let site = records.site();
    let list = site.get("/api/v1/health-data").json();
    assert_eq!(list["data_sets"][0]["id"], "claims");
    assert_eq!(list["data_sets"][0]["may_ask"], false);
    for hidden in ["snapshot", "rows", "quarantined"] {
        assert!(list["data_sets"][0].get(hidden).is_none(), "{hidden}");
    }
    let (alice, bob) = (person(&site, "alice", "researcher"), person(&site, "bob", "researcher"));
    let one = alice.call("GET", "", &Value::Null).json();
    assert_eq!((&one["may_ask"], &one["snapshot"]), (&json!(true), &json!(imported().1.id)));
    let bad = alice.call("POST", "/check", &json!({ "sql": "SELECT *\nFROM person" }));
    assert_eq!(bad.status, StatusCode::BAD_REQUEST, "{}", bad.text);
    assert_eq!(bad.json()["code"], "query.star.refused");
    assert_eq!(bad.json()["errors"][0]["field"], "1:8");
    let good = alice.call("POST", "/check", &json!({ "sql": BY_SEX })).json();
    assert_eq!(good["columns"], json!(["sex", "persons"]));
    let told = alice.call("POST", "/ask", &json!({ "sql": BY_SEX, "permit": "P-1" })).json();
    assert_eq!((&told["state"], &told["evidence"]), (&json!("released"), &json!("live")));
    let answer = &told["answer"];
    assert_eq!((&answer["entry"], &answer["permit"]), (&json!(1), &json!("P-1")));
    assert_eq!(alice.call("GET", "/answers/1", &Value::Null).json(), told);
    assert_eq!(bob.call("GET", "/answers/1", &Value::Null).status, StatusCode::NOT_FOUND);
    let same = &bob.call("POST", "/ask", &json!({ "sql": BY_SEX })).json()["answer"];
    assert_eq!((&same["rows"], &same["permit"]), (&answer["rows"], &json!("P-2")));
    assert_eq!(alice.call("GET", "/ledger", &Value::Null).status, StatusCode::FORBIDDEN);
    let auditor = person(&site, "kansa", "auditor");
    let ledger = auditor.call("GET", "/ledger", &Value::Null).json();
    assert_eq!((&ledger["total"], &ledger["entries"][0]["number"]), (&json!(1), &json!(1)));
    assert_eq!(auditor.call("GET", "/ledger?after=1", &Value::Null).json()["entries"], json!([]));
    let staff = auditor.call("GET", "", &Value::Null).json();
    assert_eq!(staff["rows"]["person"], PERSONS);
    for (who, body) in [(&auditor, json!({ "sql": BY_SEX })), (&alice, json!({ "query": "x" }))] {
        let refused = who.call("POST", "/ask", &body);
        assert!(refused.status.is_client_error() && refused.json()["remedy"]["ja"].is_string());
    }
    let (_, reader) = account(&site, "alice2", &["researcher"], Reach::Read);
    let reader = Person { site: &site, cookie: String::new(), secret: reader };
    let asked = reader.call("POST", "/ask", &json!({ "sql": BY_SEX }));
    assert_eq!(asked.status, StatusCode::FORBIDDEN, "a token that only reads");
    assert_eq!(reader.call("GET", "/answers/1", &Value::Null).status, StatusCode::OK);
}

/// The rules of `ndb-publication`, with two reviewers before anything goes out
/// and before anything large runs.
fn reviewed(rows_max: u64) -> Records {
    let records = Records::new("");
    let policy = format!(
        "id = \"reviewed\"\nversion = 1\ngate = \"ndb-publication\"\nclass_disclosure = \"off\"\n\
         institutions_unknown = \"pass\"\ntoo_close = \"refuse\"\nequal = \"too_close\"\n\
         close_min = 10\nqueries_max = 100\ncells_max = 5000\nreview = \"always\"\n\
         rows_max = {rows_max}\ntoo_costly = \"queue\"\n"
    );
    fs::write(records.path().join("reviewed.toml"), policy).unwrap();
    let file = records.path().join("data_sets.toml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace("\"ndb-publication\"", "\"reviewed.toml\"")).unwrap();
    records
}

/// Sends a verdict with its reason.
fn judge(person: &Person<'_>, entry: u64, deed: &str) -> Answer {
    person.send(&format!("/reviews/{entry}"), &[("do", deed), ("reason", "because of the rule")])
}

#[test]
fn two_reviewers_decide_without_seeing_each_other() {
    let records = reviewed(1_000_000);
    let site = records.site();
    let alice = person(&site, "alice", "researcher");
    let (first, second) = (person(&site, "one", "reviewer"), person(&site, "two", "reviewer"));
    let waits = alice.answer(BY_CODE);
    assert_eq!(waits.status, StatusCode::OK, "{}", waits.text);
    sound("standing", &waits);
    assert!(waits.text.contains("id=\"standing\"") && !waits.text.contains("id=\"answer\""));
    for file in ["/answers/1.csv", "/answers/1.json"] {
        assert!(alice.get(file).text.contains("id=\"standing\""), "{file}");
    }
    for rest in ["/reviews", "/reviews/1"] {
        assert_eq!(alice.get(rest).status, StatusCode::FORBIDDEN, "{rest}");
    }
    let queue = first.get("/reviews");
    sound("queue", &queue);
    assert!(queue.text.contains("/reviews/1\"") && queue.text.contains("0 of 2"), "{}", queue.text);
    let page = first.get("/reviews/1");
    sound("review", &page);
    for told in ["num masked", "id=\"judge\"", "condition_source_value"] {
        assert!(page.text.contains(told), "{told}: {}", page.text);
    }
    let empty = first.send("/reviews/1", &[("do", "approve"), ("reason", " ")]);
    assert_eq!(empty.status, StatusCode::BAD_REQUEST, "{}", empty.text);
    assert_eq!(judge(&first, 1, "approve").status, StatusCode::SEE_OTHER);
    for reviewer in [&first, &second] {
        let page = reviewer.get("/reviews/1").text;
        assert!(!page.contains("because of the rule") && !page.contains("id=\"verdicts\""));
    }
    assert!(!first.get("/reviews/1").text.contains("id=\"judge\""));
    assert_eq!(judge(&first, 1, "approve").status, StatusCode::CONFLICT, "twice");
    assert!(alice.get("/answers/1").text.contains("id=\"standing\""), "one is not enough");
    assert_eq!(judge(&second, 1, "approve").status, StatusCode::SEE_OTHER);
    let out = alice.get("/answers/1");
    assert!(out.text.contains("id=\"answer\"") && out.text.contains("num masked"), "{}", out.text);
    assert!(alice.get("/answers/1.csv").text.contains("# entry,1\r\n"));
    let decided = first.get("/reviews/1");
    sound("decided", &decided);
    assert!(
        decided.text.contains("id=\"verdicts\"") && decided.text.contains("because of the rule")
    );
    let auditor = person(&site, "kansa", "auditor");
    assert!(auditor.get("/ledger/1").text.contains("id=\"verdicts\""));
    assert_eq!(judge(&first, 1, "reject").status, StatusCode::OK, "it is decided");
    assert_eq!(first.get("/reviews/9").status, StatusCode::NOT_FOUND);
}

#[test]
fn nobody_reviews_their_own_question_and_one_no_is_no() {
    let records = reviewed(1_000_000);
    let site = records.site();
    let alice = {
        let (cookie, secret) = account(&site, "alice", &["researcher", "reviewer"], Reach::Write);
        Person { site: &site, cookie, secret }
    };
    alice.answer(BY_SEX);
    let page = alice.get("/reviews/1");
    assert!(!page.text.contains("id=\"judge\""), "{}", page.text);
    assert_eq!(judge(&alice, 1, "approve").status, StatusCode::FORBIDDEN);
    let verdict = json!({ "approve": true, "reason": "mine" });
    let own = alice.call("POST", "/reviews/1", &verdict);
    assert_eq!(own.status, StatusCode::FORBIDDEN, "{}", own.text);
    let (first, second) = (person(&site, "one", "reviewer"), person(&site, "two", "reviewer"));
    assert_eq!(judge(&first, 1, "reject").status, StatusCode::SEE_OTHER);
    let waiting = second.call("GET", "/reviews", &Value::Null).json();
    assert_eq!(waiting["waiting"][0]["answered"], 1);
    assert!(!waiting.to_string().contains("reject"), "{waiting}");
    let decided = second.call("POST", "/reviews/1", &verdict).json();
    assert_eq!(decided["state"], "rejected");
    let refused = alice.get("/answers/1");
    assert!(refused.text.contains("query.review.rejected"), "{}", refused.text);
    assert!(!refused.text.contains("id=\"answer\""));
    assert_eq!(
        alice.call("GET", "/answers/1", &Value::Null).json()["code"],
        "query.review.rejected"
    );
}

#[test]
fn a_large_query_runs_when_two_reviewers_let_it() {
    let records = reviewed(10);
    let site = records.site();
    let alice = person(&site, "alice", "researcher");
    let (first, second) = (person(&site, "one", "reviewer"), person(&site, "two", "reviewer"));
    assert!(alice.answer(BY_SEX).text.contains("id=\"standing\""));
    let page = first.get("/reviews/1");
    sound("costly", &page);
    assert!(!page.text.contains("id=\"answer\"") && page.text.contains("id=\"judge\""));
    for reviewer in [&first, &second] {
        assert_eq!(judge(reviewer, 1, "approve").status, StatusCode::SEE_OTHER);
    }
    let may_run = alice.get("/answers/1");
    assert!(may_run.text.contains("Run it again"), "{}", may_run.text);
    let asked = alice.answer(BY_SEX);
    assert!(asked.text.contains("id=\"standing\""), "its answer waits in turn: {}", asked.text);
}

#[test]
fn staff_have_the_quality_checked() {
    let records = Records::new("");
    let site = records.site();
    let alice = person(&site, "alice", "researcher");
    let auditor = person(&site, "audra", "auditor");
    assert_eq!(alice.get("/quality").status, StatusCode::FORBIDDEN);
    assert_eq!(alice.send("/quality", &[]).status, StatusCode::FORBIDDEN);
    let before = auditor.get("/quality");
    assert_eq!(before.status, StatusCode::OK);
    sound("quality", &before);
    assert!(!before.text.contains("id=\"report\""));
    assert_eq!(auditor.send("/quality", &[]).status, StatusCode::SEE_OTHER);
    let report = (0..600).find_map(|_| {
        let page = auditor.get("/quality");
        sound("quality", &page);
        if page.text.contains("id=\"report\"") {
            return Some(page.text);
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
        None
    });
    assert!(report.unwrap().contains("isPrimaryKey"));
    // What cannot be read is told, and checking again mends it.
    let file = fs::read_dir(records.path().join("quality")).unwrap().next().unwrap().unwrap();
    fs::write(file.path(), "{").unwrap();
    let broken = auditor.get("/quality");
    assert!(broken.text.contains("health.quality"), "{}", broken.text);
    assert!(!broken.text.contains("id=\"report\"") && broken.text.contains("id=\"check\""));
}
