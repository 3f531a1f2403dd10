//! What the tests need beyond Rust: Chromium with its driver, a font with
//! Japanese, axe-core, and an identity provider with Node.js to run it.
//! Installed where that is possible, otherwise named with the command that
//! installs it.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::debian::{self, Need, on_path};
use crate::workspace;

/// The accessibility checker, by its npm package name. Rules differ between
/// releases, so a run must know which one it had.
const AXE: (&str, &str) = ("axe-core", "4.14.1");
/// The OpenID Connect provider that sign-in is tested against; a certified one.
/// Version 8 is the last that runs on Debian's Node.js.
const PROVIDER: (&str, &str) = ("oidc-provider", "8.8.1");

const NEEDS: [Need; 5] = [
    Need {
        what: "the Chromium browser",
        package: "chromium",
        present: || on_path(&["chromium", "chromium-browser", "google-chrome"]),
    },
    Need {
        what: "chromedriver",
        package: "chromium-driver",
        present: || on_path(&["chromedriver"]),
    },
    Need { what: "a font with Japanese", package: "fonts-noto-cjk", present: has_japanese_font },
    Need {
        what: "npm",
        package: "npm",
        present: || NPM.iter().all(npm_present) || on_path(&["npm"]),
    },
    Need { what: "Node.js", package: "nodejs", present: || on_path(&["node"]) },
];

/// The font of reports as PDF. Its tests say so themselves where it is missing.
const REPORT_FONT: [Need; 1] = [Need {
    what: "the font of reports as PDF",
    package: "fonts-ipaexfont-gothic",
    present: || Path::new("/usr/share/fonts/opentype/ipaexfont-gothic/ipaexg.ttf").exists(),
}];

/// Makes sure that everything is there; returns what the summary says.
///
/// # Errors
/// When something is missing and cannot be installed from here.
pub fn prepare() -> Result<String> {
    let packages = debian::prepare(&NEEDS)?;
    if let Err(error) = debian::prepare(&REPORT_FONT) {
        println!("PDF reports are not tested: {error:#}");
    }
    let absent: Vec<&(&str, &str)> = NPM.iter().filter(|package| !npm_present(package)).collect();
    let installed =
        if absent.is_empty() { "all present".to_owned() } else { install_npm(&absent)? };
    if packages.is_empty() {
        return Ok(installed);
    }
    Ok(format!("installed {}", packages.join(", ")))
}

fn has_japanese_font() -> bool {
    let listed = Command::new("fc-list")
        .args([":lang=ja", "family"])
        .output()
        .is_ok_and(|output| output.status.success() && !output.stdout.is_empty());
    listed || Path::new("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc").exists()
}

/// Always below the repository, whatever the target directory: the tests look
/// for it there.
fn node_dir() -> PathBuf {
    workspace::root().join("target").join("e2e-node")
}

/// What npm brings.
const NPM: [(&str, &str); 2] = [AXE, PROVIDER];

fn npm_present((name, version): &(&str, &str)) -> bool {
    let package = node_dir().join("node_modules").join(name).join("package.json");
    let found = std::fs::read(package)
        .ok()
        .and_then(|text| serde_json::from_slice::<Value>(&text).ok())
        .and_then(|package| package.get("version")?.as_str().map(str::to_owned));
    found.as_deref() == Some(*version)
}

fn install_npm(absent: &[&(&str, &str)]) -> Result<String> {
    let dir = node_dir();
    std::fs::create_dir_all(&dir).with_context(|| format!("making `{}`", dir.display()))?;
    let packages: Vec<String> =
        absent.iter().map(|(name, version)| format!("{name}@{version}")).collect();
    let shown = packages.join(" ");
    println!("$ npm install {shown}");
    let status = Command::new("npm")
        .args(["install", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel", "error"])
        .arg("--prefix")
        .arg(&dir)
        .args(&packages)
        .status()
        .context("starting `npm`")?;
    if !status.success() || !NPM.iter().all(npm_present) {
        bail!(
            "`npm install {shown}` did not bring what it should ({status}); \
             check that npm reaches its registry, then run `cargo xtask test` again"
        );
    }
    Ok(format!("installed {shown}"))
}
