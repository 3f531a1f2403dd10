//! Stores to ask, and how to ask them.

use std::future::Future;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode, header};
use chrono::Utc;
use serde_json::Value;
use shirube_access::{AccountText, Accounts, By, Grant, Reach, Role};
use shirube_indicators::{Engine, EngineOptions};
use shirube_model::lang::LocalText;
use shirube_pack::Pack;
use shirube_store::{Draft, OpenOptions, SourceKey, Store, StoreClass};
use shirube_testkit::demo::{decisions, demo_clock, demo_today};
use shirube_web::{AppState, HealthData, WebOptions, app};
use tempfile::TempDir;
use tower::ServiceExt;

/// Password of the one account that these sites have, a registrar called 山田.
pub const KEY: &str = "a key for these tests only";
/// Its sign-in name.
pub const NAME: &str = "山田";

/// One runtime for all tests: the writer of a store lives as long as the
/// runtime it was opened on.
static RUNTIME: LazyLock<tokio::runtime::Runtime> =
    LazyLock::new(|| tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap());

pub fn run<T>(work: impl Future<Output = T>) -> T {
    RUNTIME.block_on(work)
}

static PACK: LazyLock<Arc<Pack>> = LazyLock::new(|| {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packs/japan-2025");
    Arc::new(Pack::read(&dir).unwrap())
});

/// A store with the web application over it.
pub struct Site {
    router: axum::Router,
    state: AppState,
    pub store: Arc<Store>,
    /// Accounts, where the site has them.
    pub accounts: Option<Accounts>,
    /// Token for the API of the account.
    token: String,
    _dir: TempDir,
}

/// Accounts with one registrar, and a token of that account.
async fn registrar(dir: &Path, password: &str) -> (Accounts, String) {
    let accounts = Accounts::open(&dir.join(shirube_access::FILE)).await.unwrap();
    let text = AccountText {
        name: NAME.to_owned(),
        display: LocalText::new("山田", "Yamada"),
        grants: [Grant::everywhere(Role::Registrar)].into(),
        ..AccountText::default()
    };
    let by = By { actor: "test", reason: "a test" };
    let account = accounts.add(text, Some(password), by, Utc::now()).await.unwrap();
    let token = accounts.make_token(&account.id, "tests", Reach::Write, 1, Utc::now()).await;
    (accounts, token.unwrap().expose().to_owned())
}

/// What the application answered.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("not JSON: {}", self.text))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

impl Site {
    async fn new(class: StoreClass, password: Option<&str>, events: usize) -> Self {
        Self::new_with(class, password, events, None).await
    }

    async fn new_with(
        class: StoreClass,
        password: Option<&str>,
        events: usize,
        health: Option<Arc<HealthData>>,
    ) -> Self {
        let dir = TempDir::new().unwrap();
        let mut options = OpenOptions::new(class, PACK.info.id.clone()).create();
        let mut engine = EngineOptions::default();
        if class == StoreClass::Demo {
            options = options.clock(Arc::new(demo_clock()));
            engine = EngineOptions { today: Some(demo_today()), decisions: decisions() };
        }
        let store = Store::open(crate::postgres::address(dir.path()), options).await.unwrap();
        if events > 0 {
            shirube_testkit::fill::fill_store(&store, events, 1, |_| {}).await.unwrap();
        }
        store.catch_up_search().await.unwrap();
        let store = Arc::new(store);
        let engine = Engine::new(store.clone(), PACK.clone(), engine).unwrap();
        let (accounts, token) = match password {
            Some(password) => {
                let (accounts, token) = registrar(dir.path(), password).await;
                (Some(accounts), token)
            }
            None => (None, "0".repeat(64)),
        };
        let options = WebOptions { accounts: accounts.clone(), health, ..WebOptions::default() };
        let state = AppState::new(store.clone(), PACK.clone(), engine, options).unwrap();
        Self { router: app(state.clone()), state, store, accounts, token, _dir: dir }
    }

    /// A demo with made-up evidence and, beside it, a live store with what the
    /// pack brings along; each shows the other's values.
    pub fn side_by_side() -> (Self, Self) {
        let (mut demo, mut live) = run(async {
            (Self::new(StoreClass::Demo, None, 4_000).await, Self::live_with_pack().await)
        });
        demo.router = app(demo.state.clone().beside(live.state.clone(), "http://127.0.0.1:2"));
        live.router = app(live.state.clone().beside(demo.state.clone(), "http://127.0.0.1:1"));
        (demo, live)
    }

    async fn live_with_pack() -> Self {
        let site = Self::new(StoreClass::Live, None, 0).await;
        let draft = |row: &shirube_model::plan::EvidenceRow| {
            let source = SourceKey::new("pack", &row.key);
            Draft::new_record(&row.kind, Some(source), row.body.clone())
        };
        let drafts = PACK.evidence.iter().map(draft).collect();
        site.store.append(drafts, "tester", "what the pack brings along").await.unwrap();
        site
    }

    /// A demo store with made-up evidence, shared by the tests that only read.
    pub fn demo() -> &'static Self {
        static DEMO: LazyLock<Site> =
            LazyLock::new(|| run(Site::new(StoreClass::Demo, None, 4_000)));
        &DEMO
    }

    /// A live store without records.
    pub fn live(password: Option<&str>) -> Self {
        run(Self::new(StoreClass::Live, password, 0))
    }

    /// A live store without records, with accounts and health records.
    pub fn with_health(health: HealthData) -> Self {
        run(Self::new_with(StoreClass::Live, Some(KEY), 0, Some(Arc::new(health))))
    }

    /// A demo store without records.
    pub fn empty_demo() -> Self {
        run(Self::new(StoreClass::Demo, Some(KEY), 0))
    }

    pub fn router(&self) -> axum::Router {
        self.router.clone()
    }

    pub fn send(&self, request: Request<Body>) -> Answer {
        run(async {
            let response = self.router.clone().oneshot(request).await.unwrap();
            let (parts, body) = response.into_parts();
            let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
            Answer {
                status: parts.status,
                headers: parts.headers,
                text: String::from_utf8(bytes.to_vec()).unwrap(),
            }
        })
    }

    pub fn get(&self, address: &str) -> Answer {
        self.send(Request::get(address).body(Body::empty()).unwrap())
    }

    /// Sends a form with a cookie.
    pub fn post(&self, address: &str, cookie: &str, pairs: &[(&str, &str)]) -> Answer {
        self.post_with(address, &[("cookie", cookie)], pairs)
    }

    /// Sends a form with further headers, as a browser does.
    pub fn post_with(
        &self,
        address: &str,
        headers: &[(&str, &str)],
        pairs: &[(&str, &str)],
    ) -> Answer {
        let body: Vec<String> =
            pairs.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
        let mut request = Request::post(address)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Body::from(body.join("&"))).unwrap())
    }

    /// Gets a page with a cookie.
    pub fn get_as(&self, address: &str, cookie: &str) -> Answer {
        let request = Request::get(address).header(header::COOKIE, cookie);
        self.send(request.body(Body::empty()).unwrap())
    }

    /// Signs in; the cookie to send from then on.
    pub fn sign_in(&self) -> String {
        let answer = self.post("/ja/sign-in", "", &[("name", NAME), ("password", KEY)]);
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
        answer.header("set-cookie").split(';').next().unwrap().to_owned()
    }

    /// Enters a record; its id.
    pub fn enter(&self, kind: &str, body: Value) -> String {
        let draft = Draft::new_record(kind, None, body.as_object().unwrap().clone());
        let events = run(self.store.append(vec![draft], "tester", "for a test")).unwrap();
        events.first().unwrap().record.to_string()
    }

    /// Calls the API with the token.
    pub fn call(
        &self,
        method: &str,
        address: &str,
        body: &Value,
        if_match: Option<&str>,
    ) -> Answer {
        let mut request = Request::builder()
            .method(method)
            .uri(address)
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token));
        if let Some(version) = if_match {
            request = request.header(header::IF_MATCH, version);
        }
        self.send(request.body(Body::from(body.to_string())).unwrap())
    }
}

pub fn encode(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

/// Values of an attribute in a page, with entities undone.
pub fn attributes(page: &str, name: &str) -> impl Iterator<Item = String> {
    let mark = format!(" {name}=\"");
    let values: Vec<String> = page
        .split(&mark)
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .map(|value| value.replace("&#38;", "&").replace("&amp;", "&"))
        .collect();
    values.into_iter()
}

/// The value of the first field of that name in a page.
pub fn value_of(page: &str, name: &str) -> String {
    let at = page.find(&format!("name=\"{name}\"")).unwrap_or_else(|| panic!("no {name}: {page}"));
    attributes(&page[at..], "value").next().unwrap()
}

/// The token of a form.
pub fn token(page: &str) -> String {
    value_of(page, "token")
}

/// Makes an account of these roles; the cookie of its session and a token.
pub fn account(site: &Site, name: &str, roles: &[&str], reach: Reach) -> (String, String) {
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
