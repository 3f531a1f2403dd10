//! What the browser journeys need beyond Rust: Chromium with its driver, a
//! font with Japanese, and axe-core. Installed where that is possible,
//! otherwise named with the command that installs it.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::debian::{self, Need, on_path};
use crate::workspace;

/// The accessibility checker, by its npm package name. Rules differ between
/// releases, so a run must know which one it had.
const AXE: (&str, &str) = ("axe-core", "4.14.1");

const NEEDS: [Need; 4] = [
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
    Need { what: "npm", package: "npm", present: || axe_present() || on_path(&["npm"]) },
];

/// Makes sure that everything is there; returns what the summary says.
///
/// # Errors
/// When something is missing and cannot be installed from here.
pub fn prepare() -> Result<String> {
    let packages = debian::prepare(&NEEDS)?;
    let installed = if axe_present() {
        "all present".to_owned()
    } else {
        install_axe()?;
        format!("installed {} {}", AXE.0, AXE.1)
    };
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

fn axe_present() -> bool {
    let package = node_dir().join("node_modules").join(AXE.0);
    let version = std::fs::read(package.join("package.json"))
        .ok()
        .and_then(|text| serde_json::from_slice::<Value>(&text).ok())
        .and_then(|package| package.get("version")?.as_str().map(str::to_owned));
    version.as_deref() == Some(AXE.1) && package.join("axe.min.js").is_file()
}

fn install_axe() -> Result<()> {
    let dir = node_dir();
    std::fs::create_dir_all(&dir).with_context(|| format!("making `{}`", dir.display()))?;
    let package = format!("{}@{}", AXE.0, AXE.1);
    println!("$ npm install {package}");
    let status = Command::new("npm")
        .args(["install", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel", "error"])
        .arg("--prefix")
        .arg(&dir)
        .arg(&package)
        .status()
        .context("starting `npm`")?;
    if !status.success() || !axe_present() {
        bail!(
            "`npm install {package}` did not bring axe-core ({status}); \
             check that npm reaches its registry, then run `cargo xtask test` again"
        );
    }
    Ok(())
}
