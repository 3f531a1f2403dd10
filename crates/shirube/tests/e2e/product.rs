//! The product under test: the real binary with a small demo store of its own,
//! started once for all journeys.

use std::cell::RefCell;
use std::path::Path;
use std::sync::OnceLock;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};

use crate::leash::Leash;

/// Events of the demo evidence: enough to fill every register, few enough to be
/// made in seconds by an unoptimised build.
const EVENTS: &str = "3000";
/// Longest start, on a machine that builds something else at the same time.
const READY: Duration = Duration::from_secs(300);

/// A running product.
#[derive(Debug)]
pub struct Product {
    /// `http://127.0.0.1:PORT`, without a slash at the end.
    pub url: String,
    /// The password that all accounts of the demo share.
    pub password: String,
    _leash: Leash,
}

/// The shared product. Journeys that change records must start their own with
/// [`start`], or they disturb the others.
pub fn shared() -> Result<&'static Product> {
    static SHARED: OnceLock<Result<Product, String>> = OnceLock::new();
    SHARED
        .get_or_init(|| start().map_err(|error| format!("{error:#}")))
        .as_ref()
        .map_err(|error| anyhow!("{error}"))
}

/// Starts a product with a store of its own.
pub fn start() -> Result<Product> {
    // The leash removes the folder, when the product no longer writes there.
    let folder = tempfile::Builder::new().prefix("shirube-e2e-").tempdir()?.keep();
    let store = folder.join("store");
    let store = store.to_str().context("the temporary folder is not UTF-8")?;
    let own = "127.0.0.1:0";
    let args = ["demo", "--addr", own, "--real-addr", own, "--events", EVENTS, "--dir", store];
    let program = Path::new(env!("CARGO_BIN_EXE_shirube"));
    let found = RefCell::new(None);
    let read = |line: &str| {
        let url: Option<String> = found.borrow().clone();
        match url {
            Some(url) => Some((url, shared_password(line)?)),
            None => {
                found.replace(address(line));
                None
            }
        }
    };
    let (leash, (url, password)) = Leash::start(program, &args, &folder, READY, read)?;
    Ok(Product { url, password, _leash: leash })
}

/// Starts a product on an empty demo store of its own, whose people sign in
/// through the identity provider at `issuer`. `redirect` is the address of this
/// product at `port`, which the provider knows already.
pub fn start_with_provider(issuer: &str, redirect: &str, port: u16) -> Result<Product> {
    let folder = tempfile::Builder::new().prefix("shirube-e2e-").tempdir()?.keep();
    let at = |name: &str| -> Result<String> {
        let path = folder.join(name);
        Ok(path.to_str().context("the temporary folder is not UTF-8")?.to_owned())
    };
    let (store, file) = (at("store")?, at("provider.toml")?);
    std::fs::write(
        &file,
        format!(
            "issuer = \"{issuer}\"\nclient_id = \"shirube\"\n\
             client_secret = \"secret-of-shirube\"\nredirect = \"{redirect}\"\n\
             label_ja = \"共通認証\"\nlabel_en = \"Common sign-in\"\nscopes = [\"profile\"]\n\
             make_accounts = true\n\
             [[role]]\nclaim = \"groups\"\nvalue = \"shirube-lead\"\nrole = \"lead\"\n\
             organisation = \"厚\"\n"
        ),
    )?;
    let program = Path::new(env!("CARGO_BIN_EXE_shirube"));
    let made = std::process::Command::new(program)
        .args(["demo", "--prepare-only", "--events", "100", "--dir", &store])
        .output()?;
    anyhow::ensure!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let addr = format!("127.0.0.1:{port}");
    let args = ["serve", "--store", &store, "--addr", &addr, "--provider-file", &file];
    let (leash, url) = Leash::start(program, &args, &folder, READY, address)?;
    Ok(Product { url, password: String::new(), _leash: leash })
}

/// The password in the line of the registrar's account, `name / password: roles`.
fn shared_password(line: &str) -> Option<String> {
    let rest = line.trim().strip_prefix("registrar / ")?;
    rest.split([':', '：']).next().map(str::to_owned)
}

/// The address in a line of the product's output.
fn address(line: &str) -> Option<String> {
    const START: &str = "http://127.0.0.1:";
    let rest = line.get(line.find(START)? + START.len()..)?;
    let port: String = rest.chars().take_while(char::is_ascii_digit).collect();
    (!port.is_empty()).then(|| format!("{START}{port}"))
}

#[test]
fn the_address_is_read_out_of_a_line() {
    let cases = [
        ("open http://127.0.0.1:8080/ja/ in a browser", Some("http://127.0.0.1:8080")),
        ("http://127.0.0.1:41000", Some("http://127.0.0.1:41000")),
        ("ブラウザーで http://127.0.0.1:41000/ を開いてください", Some("http://127.0.0.1:41000")),
        ("making 3000 events", None),
        ("http://127.0.0.1:", None),
    ];
    for (line, url) in cases {
        assert_eq!(address(line).as_deref(), url, "{line}");
    }
}
