//! A Chromium under the tests' control.

use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use fantoccini::actions::{InputSource, KeyAction, KeyActions};
use fantoccini::key::Key;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::leash::{Leash, find_program};
use crate::{accessibility, http, product};

/// No window, no sandbox (tests may run as root in a container), nothing that
/// speaks to the network on its own, and the same pixels on every machine.
const FLAGS: [&str; 14] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-default-apps",
    "--force-device-scale-factor=1",
    "--hide-scrollbars",
    // Pages that scroll slowly would move away under a click.
    "--force-prefers-reduced-motion",
    "--window-size=1280,900",
];

/// Longest start of the driver.
const READY: Duration = Duration::from_secs(60);
/// Between two looks at a page that is about to change, and how many looks.
const STEP: Duration = Duration::from_millis(50);
const PATIENCE: u32 = 600;

/// The repository's top folder.
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[derive(Debug)]
struct Driver {
    url: String,
    /// Holds the browsers' profiles; removed with the driver.
    folder: PathBuf,
    _leash: Leash,
}

/// The driver, started once; every page has a browser of its own.
fn driver() -> Result<&'static Driver> {
    static DRIVER: OnceLock<Result<Driver, String>> = OnceLock::new();
    let start = || {
        let program = find_program(&["chromedriver"])?;
        let folder = tempfile::Builder::new().prefix("shirube-driver-").tempdir()?.keep();
        // Port 0: the system chooses a free one, and the driver prints it.
        let (leash, url) = Leash::start(&program, &["--port=0"], &folder, READY, |line| {
            let port = line.split("started successfully on port ").nth(1)?;
            Some(format!("http://127.0.0.1:{}", port.trim_end_matches('.')))
        })?;
        anyhow::Ok(Driver { url, folder, _leash: leash })
    };
    DRIVER
        .get_or_init(|| start().map_err(|error| format!("{error:#}")))
        .as_ref()
        .map_err(|error| anyhow!("{error}"))
}

/// Ends the browser when dropped, also when the test panics.
#[derive(Debug)]
struct Session(String);

impl Drop for Session {
    fn drop(&mut self) {
        let _ = http::request("DELETE", &self.0, "");
    }
}

/// One browser window with a fresh profile. Everything a [`Client`] can do, and
/// what journeys need often.
#[derive(Debug)]
pub struct Page {
    client: Client,
    base: String,
    // In this order: the browser ends before its profile is removed.
    session: Session,
    profile: TempDir,
}

impl Deref for Page {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl Page {
    /// A window on the shared demo product.
    pub async fn open() -> Result<Self> {
        Self::on(&product::shared()?.url).await
    }

    /// A window on the server at `base`.
    pub async fn on(base: &str) -> Result<Self> {
        let driver = driver()?;
        let chromium = find_program(&["chromium", "chromium-browser", "google-chrome"])?;
        let profile = TempDir::new_in(&driver.folder)?;
        let mut flags: Vec<String> = FLAGS.map(str::to_owned).into();
        flags.push(format!("--user-data-dir={}", profile.path().display()));
        let wanted = json!({
            "goog:chromeOptions": { "binary": chromium, "args": flags },
            "goog:loggingPrefs": { "browser": "ALL" },
        });
        let Value::Object(wanted) = wanted else { anyhow::bail!("capabilities are an object") };
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(wanted)
            .connect(&driver.url)
            .await
            .context("opening a browser")?;
        let id = client.session_id().await?.context("the browser has no session")?;
        let session = Session(format!("{}/session/{id}", driver.url));
        Ok(Self { client, base: base.to_owned(), session, profile })
    }

    /// Where the driver knows this window, and where its profile lies.
    pub fn traces(&self) -> (String, PathBuf) {
        (self.session.0.clone(), self.profile.path().to_owned())
    }

    /// Opens a path of the server, such as `/ja/`.
    pub async fn visit(&self, path: &str) -> Result<()> {
        self.goto(&format!("{}{path}", self.base)).await.with_context(|| format!("opening {path}"))
    }

    /// The path now shown, with its query.
    pub async fn path(&self) -> Result<String> {
        let url = self.current_url().await?;
        let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
        Ok(format!("{}{query}", url.path()))
    }

    /// Visible text of the first element that the CSS selector finds.
    pub async fn text(&self, css: &str) -> Result<String> {
        let element = self.find(Locator::Css(css)).await;
        element.with_context(|| format!("looking for `{css}`"))?.text().await.context("its text")
    }

    /// An attribute of the first element that the CSS selector finds.
    pub async fn attribute(&self, css: &str, name: &str) -> Result<Option<String>> {
        let element = self.find(Locator::Css(css)).await;
        let element = element.with_context(|| format!("looking for `{css}`"))?;
        element.attr(name).await.with_context(|| format!("`{name}` of `{css}`"))
    }

    /// How many elements the CSS selector finds.
    pub async fn count(&self, css: &str) -> Result<usize> {
        Ok(self.find_all(Locator::Css(css)).await?.len())
    }

    /// Follows a link or presses a button, in the middle of the window: at its
    /// edges something that stays there may lie above it.
    pub async fn click(&self, css: &str) -> Result<()> {
        const SHOW: &str = "arguments[0].scrollIntoView({ block: 'center', behavior: 'instant' });";
        let element = self.find(Locator::Css(css)).await;
        let element = element.with_context(|| format!("looking for `{css}`"))?;
        self.execute(SHOW, vec![serde_json::to_value(&element)?]).await.context("scrolling")?;
        element.click().await.with_context(|| format!("clicking `{css}`"))
    }

    /// Clicks what leads to another page, and waits until the old one is gone: a
    /// form is sent after the click, and its answer may take a while.
    pub async fn follow(&self, css: &str) -> Result<()> {
        let old = self.find(Locator::Css("html")).await?;
        self.click(css).await?;
        for _ in 0..PATIENCE {
            if old.tag_name().await.is_err_and(|error| error.is_stale_element_reference()) {
                return Ok(());
            }
            tokio::time::sleep(STEP).await;
        }
        anyhow::bail!("clicking `{css}` does not lead to another page than {}", self.path().await?)
    }

    /// Presses one key where the focus is.
    pub async fn press(&self, key: Key) -> Result<()> {
        let value = key.into();
        let actions = KeyActions::new("keyboard".to_owned())
            .then(KeyAction::Down { value })
            .then(KeyAction::Up { value });
        self.perform_actions(actions).await.context("pressing a key")
    }

    /// Chooses an option of a select by its value.
    pub async fn choose(&self, css: &str, value: &str) -> Result<()> {
        let element = self.find(Locator::Css(css)).await;
        let element = element.with_context(|| format!("looking for `{css}`"))?;
        let chosen = element.select_by_value(value).await;
        chosen.with_context(|| format!("choosing `{value}` in `{css}`"))
    }

    /// Replaces what a field holds. Not typed: in which order a date field takes
    /// day, month and year depends on the browser's language.
    pub async fn fill(&self, css: &str, value: &str) -> Result<()> {
        const FILL: &str = "const field = document.querySelector(arguments[0]); \
            field.value = arguments[1]; return field.value;";
        let kept = self.execute(FILL, vec![json!(css), json!(value)]).await;
        let kept = kept.with_context(|| format!("filling `{css}`"))?;
        anyhow::ensure!(kept == json!(value), "`{css}` does not take `{value}`, it holds {kept}");
        Ok(())
    }

    /// Waits until the path with its query satisfies `done`; gives it.
    pub async fn wait_for_path(&self, what: &str, done: impl Fn(&str) -> bool) -> Result<String> {
        for _ in 0..PATIENCE {
            let path = self.path().await?;
            if done(&path) {
                return Ok(path);
            }
            tokio::time::sleep(STEP).await;
        }
        anyhow::bail!("the address never showed {what}: {}", self.path().await?)
    }

    /// Makes the visible area of the page exactly that large, in CSS pixels. A
    /// window cannot be made as narrow as a telephone.
    pub fn resize(&self, width: u32, height: u32) -> Result<()> {
        let size =
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.devtools("Emulation.setDeviceMetricsOverride", &size)
    }

    /// Undoes [`Self::resize`].
    pub fn restore_size(&self) -> Result<()> {
        self.devtools("Emulation.clearDeviceMetricsOverride", &json!({}))
    }

    /// Keeps pages from running any script from now on.
    pub fn forbid_script(&self) -> Result<()> {
        self.devtools("Emulation.setScriptExecutionDisabled", &json!({ "value": true }))
    }

    fn devtools(&self, command: &str, params: &Value) -> Result<()> {
        let url = format!("{}/goog/cdp/execute", self.session.0);
        let body = json!({ "cmd": command, "params": params }).to_string();
        let answer = http::request("POST", &url, &body)?;
        anyhow::ensure!(answer.status == 200, "{command}: {}", answer.text()?);
        Ok(())
    }

    /// Saves what the window shows.
    pub async fn keep_screenshot(&self, name: &str) -> Result<()> {
        self.keep_screenshot_in(&repository().join("target/e2e-screenshots"), name).await?;
        if std::env::var_os("SHIRUBE_UPDATE_SCREENSHOTS").is_some_and(|value| value == "1") {
            self.keep_screenshot_in(&repository().join("docs/images"), name).await?;
        }
        Ok(())
    }

    /// Saves what the window shows as `name.png` in a folder.
    pub async fn keep_screenshot_in(&self, folder: &Path, name: &str) -> Result<()> {
        std::fs::create_dir_all(folder)?;
        let path = folder.join(format!("{name}.png"));
        std::fs::write(&path, self.screenshot().await?).with_context(|| path.display().to_string())
    }

    /// Refuses the page when it breaks WCAG 2.1 level A or AA, as far as a
    /// machine can tell.
    pub async fn check_accessibility(&self) -> Result<()> {
        accessibility::check(&self.client).await
    }

    /// What the browser complained about since the last call: script errors,
    /// resources not found or blocked by the content policy.
    pub fn complaints(&self) -> Result<Vec<String>> {
        let url = format!("{}/se/log", self.session.0);
        let answer = http::request("POST", &url, r#"{"type":"browser"}"#)?;
        let log: Value = serde_json::from_slice(&answer.body)?;
        let entries = log.get("value").and_then(Value::as_array).context("no browser log")?;
        let severe = entries.iter().filter(|entry| entry.get("level") == Some(&json!("SEVERE")));
        let text = |entry: &Value| Some(entry.get("message")?.as_str()?.to_owned());
        Ok(severe.filter_map(text).collect())
    }
}
