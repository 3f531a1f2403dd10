//! Signing in through a real identity provider: the certified `oidc-provider`
//! from npm, on loopback, its pages driven over HTTP as a browser would.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use shirube_access::{Begun, Grant, Identity, Provider, ProviderConfig, Provision, Returned};

use crate::common::{BY, Fixture, HERE, add, after, fixture, noon, text};

const REDIRECT: &str = "http://127.0.0.1:9/sign-in/callback";

/// The provider's process; it ends with its standard input.
struct Running {
    issuer: String,
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn modules() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
    root.join("target/e2e-node/node_modules")
}

fn start() -> Running {
    let modules = modules();
    assert!(
        modules.join("oidc-provider/package.json").is_file(),
        "the npm package oidc-provider is missing: `cargo xtask test` installs it (needs npm)"
    );
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/provider.mjs");
    let child = Command::new("node")
        .arg(script)
        .arg(modules)
        .arg(REDIRECT)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let mut child = child.unwrap_or_else(|error| panic!("`node` (Debian nodejs): {error}"));
    let input = child.stdin.take().unwrap();
    let output = BufReader::new(child.stdout.take().unwrap());
    let mut running = Running { issuer: String::new(), child, input, output };
    while running.issuer.is_empty() {
        let line = running.line();
        running.issuer = line.strip_prefix("ready ").unwrap_or_default().to_owned();
        assert!(running.child.try_wait().unwrap().is_none(), "the provider ended");
    }
    running
}

impl Running {
    fn line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        line.trim().to_owned()
    }

    fn tell(&mut self, words: &str) {
        writeln!(self.input, "{words}").unwrap();
        // The provider itself may say something before.
        while !self.line().starts_with("done ") {
            assert!(self.child.try_wait().unwrap().is_none(), "the provider ended");
        }
    }

    fn config(&self, change: &[(&str, &str)]) -> ProviderConfig {
        let mut text = format!(
            "issuer = \"{}\"\nclient_id = \"shirube\"\nclient_secret = \"secret-of-shirube\"\n\
             redirect = \"{REDIRECT}\"\nlabel_ja = \"試験\"\nlabel_en = \"Test\"\n\
             scopes = [\"profile\"]\nmake_accounts = true\n\
             [[role]]\nclaim = \"groups\"\nvalue = \"shirube-lead\"\nrole = \"lead\"\n\
             organisation = \"厚\"\n\
             [[role]]\nclaim = \"groups\"\nvalue = \"shirube-registrar\"\nrole = \"registrar\"\n",
            self.issuer
        );
        for (from, to) in change {
            assert!(text.contains(from), "{from}");
            text = text.replace(from, to);
        }
        ProviderConfig::read(&text).unwrap()
    }

    fn provider(&self) -> Provider {
        Provider::new(self.config(&[])).unwrap()
    }
}

/// A browser with cookies and without script.
struct Browser {
    http: reqwest::Client,
    cookies: BTreeMap<String, String>,
}

struct Shown {
    location: Option<String>,
    body: String,
}

impl Browser {
    fn new() -> Self {
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .unwrap();
        Self { http, cookies: BTreeMap::new() }
    }

    async fn send(&mut self, request: reqwest::RequestBuilder) -> Shown {
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let answer = request.header("cookie", cookies.join("; ")).send().await.unwrap();
        for cookie in answer.headers().get_all("set-cookie") {
            let pair = cookie.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        let location =
            answer.headers().get("location").map(|value| value.to_str().unwrap().to_owned());
        Shown { location, body: answer.text().await.unwrap() }
    }

    /// Goes through the provider's pages as `login` until it sends the browser
    /// back; the parameters it sends.
    async fn go(&mut self, issuer: &str, begun: &Begun, login: &str) -> BTreeMap<String, String> {
        let mut address = begun.address.clone();
        for _ in 0..12 {
            let mut shown = self.send(self.http.get(&address)).await;
            if let Some(prompt) = shown.body.split("name=\"prompt\" value=\"").nth(1) {
                let prompt = prompt.split('"').next().unwrap().to_owned();
                let form = format!("prompt={prompt}&login={login}&password=anything");
                let request = self.http.post(&address).body(form);
                let request = request.header("content-type", "application/x-www-form-urlencoded");
                shown = self.send(request).await;
            }
            let next = shown.location.unwrap_or_else(|| panic!("{address}: {}", shown.body));
            if next.starts_with(REDIRECT) {
                return parameters(&next);
            }
            address = if next.starts_with('/') { format!("{issuer}{next}") } else { next };
        }
        panic!("the provider never sent the browser back");
    }
}

fn parameters(address: &str) -> BTreeMap<String, String> {
    let url = reqwest::Url::parse(address).unwrap();
    url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
}

fn returned<'a>(begun: &'a Begun, back: &'a BTreeMap<String, String>) -> Returned<'a> {
    Returned {
        state: &back["state"],
        cookie: &begun.state,
        code: back.get("code").map(String::as_str),
        issuer: back.get("iss").map(String::as_str),
    }
}

async fn come(running: &Running, provider: &Provider, f: &Fixture, login: &str) -> Identity {
    let begun = provider.begin(&f.accounts, "/ja/account", noon()).await.unwrap();
    let back = Browser::new().go(&running.issuer, &begun, login).await;
    let done = provider.finish(&f.accounts, returned(&begun, &back), after(60)).await;
    let (identity, next) = done.unwrap_or_else(|error| panic!("{error:?}"));
    assert_eq!(next, "/ja/account");
    identity
}

#[tokio::test]
async fn somebody_new_signs_in_and_comes_back_with_the_roles_of_the_claims() {
    let mut running = start();
    let provider = running.provider();
    let f = fixture().await;
    let identity = come(&running, &provider, &f, "lead").await;
    assert_eq!(identity.issuer, running.issuer);
    assert_eq!(identity.subject, "subject-of-lead");
    assert_eq!(identity.display.as_deref(), Some("主担当 花子"));
    assert_eq!(provider.provision(), Provision::Make);
    let first = f.accounts.sign_in_as(&identity, Provision::Make, HERE, after(61)).await.unwrap();
    assert_eq!(first.account.name, "hanako");
    assert_eq!(first.account.grants, [Grant::parse("lead@厚").unwrap()].into());
    assert!(f.accounts.session(first.secret.expose(), after(62)).await.unwrap().is_some());
    // Without a local password nobody signs in by name.
    let local = f.accounts.sign_in("hanako", "", HERE, after(62)).await.unwrap_err();
    assert_eq!(local.code(), "access.sign-in.wrong");

    // A role given here stays; the role of the claims goes with the claim.
    let given = text("hanako", &["auditor", "lead@厚"]);
    f.accounts.change(&first.account.id, given, BY, after(63)).await.unwrap();
    running.tell("group lead shirube-registrar");
    let identity = come(&running, &provider, &f, "lead").await;
    let again = f.accounts.sign_in_as(&identity, Provision::Make, HERE, after(64)).await.unwrap();
    assert_eq!(again.account.id, first.account.id);
    let expected = ["auditor", "registrar"].map(|grant| Grant::parse(grant).unwrap());
    assert_eq!(again.account.grants, expected.into());
    let history = f.accounts.sign_ins(Some(&first.account.id), 9).await.unwrap();
    let seen: Vec<_> = history.iter().map(|line| (&*line.method, &*line.outcome)).collect();
    let provider_line = ("provider", "opened");
    assert_eq!(seen, [provider_line, ("password", "wrong"), provider_line]);
}

#[tokio::test]
async fn keys_may_change_between_two_sign_ins() {
    let mut running = start();
    let provider = running.provider();
    let f = fixture().await;
    let before = come(&running, &provider, &f, "registrar").await;
    running.tell("rotate");
    let after_rotation = come(&running, &provider, &f, "registrar").await;
    assert_eq!(before, after_rotation);
}

#[tokio::test]
async fn an_answer_counts_once_in_the_browser_that_asked_and_in_time() {
    let running = start();
    let provider = running.provider();
    let f = fixture().await;
    let begin = || async { provider.begin(&f.accounts, "", noon()).await.unwrap() };
    let refused = |result: Result<_, shirube_access::AccessError>| {
        let _: &Result<(Identity, String), _> = &result;
        result.unwrap_err().code()
    };

    // Another browser, with its own cookie or none.
    let (mine, theirs) = (begin().await, begin().await);
    let back = Browser::new().go(&running.issuer, &mine, "plain").await;
    for cookie in [theirs.state.as_str(), ""] {
        let stolen = Returned { cookie, ..returned(&mine, &back) };
        assert_eq!(
            refused(provider.finish(&f.accounts, stolen, after(1)).await),
            "access.oidc.state"
        );
    }
    // A code of one sign-in under the state of another: the verifier differs.
    let mixed = Returned { state: &theirs.state, cookie: &theirs.state, ..returned(&mine, &back) };
    assert_eq!(refused(provider.finish(&f.accounts, mixed, after(1)).await), "access.oidc.refused");

    // Once, and not twice.
    let begun = begin().await;
    let back = Browser::new().go(&running.issuer, &begun, "plain").await;
    provider.finish(&f.accounts, returned(&begun, &back), after(1)).await.unwrap();
    let again = provider.finish(&f.accounts, returned(&begun, &back), after(1)).await;
    assert_eq!(refused(again), "access.oidc.state");

    // Within ten minutes.
    let begun = begin().await;
    let back = Browser::new().go(&running.issuer, &begun, "plain").await;
    let late = provider.finish(&f.accounts, returned(&begun, &back), after(600)).await;
    assert_eq!(refused(late), "access.oidc.state");

    // Refused at the provider, and an answer that names another issuer.
    let begun = begin().await;
    let denied = Returned {
        state: &begun.state,
        cookie: &begun.state,
        code: None,
        issuer: Some(&running.issuer),
    };
    assert_eq!(refused(provider.finish(&f.accounts, denied, after(1)).await), "access.oidc.denied");
    let begun = begin().await;
    let back = Browser::new().go(&running.issuer, &begun, "plain").await;
    let other = Returned { issuer: Some("https://other.example"), ..returned(&begun, &back) };
    assert_eq!(refused(provider.finish(&f.accounts, other, after(1)).await), "access.oidc.token");
}

#[tokio::test]
async fn a_nonce_of_another_sign_in_is_refused() {
    use sqlx::ConnectOptions;
    let running = start();
    let provider = running.provider();
    let f = fixture().await;
    let begun = provider.begin(&f.accounts, "", noon()).await.unwrap();
    let back = Browser::new().go(&running.issuer, &begun, "plain").await;
    let path = f.dir.path().join(shirube_access::FILE);
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path);
    let mut connection = options.connect().await.unwrap();
    let done =
        sqlx::query("UPDATE provider_flow SET nonce = 'another'").execute(&mut connection).await;
    assert_eq!(done.unwrap().rows_affected(), 1);
    let refused = provider.finish(&f.accounts, returned(&begun, &back), after(1)).await;
    assert_eq!(refused.unwrap_err().code(), "access.oidc.token");
}

#[tokio::test]
async fn a_wrong_secret_another_issuer_and_an_absent_provider_are_told_apart() {
    let running = start();
    let f = fixture().await;
    let wrong = running.config(&[("secret-of-shirube", "another secret")]);
    let provider = Provider::new(wrong).unwrap();
    let begun = provider.begin(&f.accounts, "", noon()).await.unwrap();
    let back = Browser::new().go(&running.issuer, &begun, "plain").await;
    let refused = provider.finish(&f.accounts, returned(&begun, &back), after(1)).await;
    assert_eq!(refused.unwrap_err().code(), "access.oidc.refused");
    // The same machine under another name is another issuer.
    let issuers = [("127.0.0.1:", "localhost:"), ("http://127.0.0.1:", "http://127.0.0.1:1")];
    for (from, to) in issuers {
        let config =
            ProviderConfig { issuer: running.issuer.replace(from, to), ..running.config(&[]) };
        let provider = Provider::new(config).unwrap();
        let refused = provider.begin(&f.accounts, "", noon()).await.unwrap_err();
        assert_eq!(refused.code(), "access.oidc.unreachable", "{to}");
    }
}

#[tokio::test]
async fn an_identity_is_linked_by_issuer_and_subject_and_by_nothing_else() {
    let f = fixture().await;
    let account = add(&f, "taro", &["lead@厚"]).await;
    let identity = Identity {
        issuer: "https://id.example".to_owned(),
        subject: "s-1".to_owned(),
        name: Some("taro".to_owned()),
        display: None,
        email: Some("taro@example.jp".to_owned()),
        grants: [].into(),
    };
    let only = Provision::LinkedOnly;
    let refused = f.accounts.sign_in_as(&identity, only, HERE, noon()).await.unwrap_err();
    assert_eq!(refused.code(), "access.identity.unknown", "the name links nothing");
    // Making an account does not take over the one of the same name either.
    let made = f.accounts.sign_in_as(&identity, Provision::Make, HERE, noon()).await.unwrap();
    assert_ne!(made.account.id, account.id);
    assert!(made.account.name.starts_with("user-") && made.account.grants.is_empty());
    let of = ("https://id.example", "s-1");
    let refused = f.accounts.link(&account.id, of, BY, noon()).await.unwrap_err();
    assert_eq!(refused.code(), "access.identity.taken");
    f.accounts.link(&account.id, ("https://id.example", "s-2"), BY, noon()).await.unwrap();
    let linked = Identity { subject: "s-2".to_owned(), ..identity.clone() };
    let opened = f.accounts.sign_in_as(&linked, only, HERE, noon()).await.unwrap();
    assert_eq!(opened.account, account);
    let elsewhere = Identity { issuer: "https://other.example".to_owned(), ..linked.clone() };
    let refused = f.accounts.sign_in_as(&elsewhere, only, HERE, noon()).await.unwrap_err();
    assert_eq!(refused.code(), "access.identity.unknown");
    let shut = shirube_access::AccountText { disabled: true, ..text("taro", &[]) };
    f.accounts.change(&account.id, shut, BY, noon()).await.unwrap();
    let refused = f.accounts.sign_in_as(&linked, only, HERE, noon()).await.unwrap_err();
    assert_eq!(refused.code(), "access.identity.shut");
}
