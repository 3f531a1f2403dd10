//! Where the workspace is, and what cargo says about it.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::cargo;

/// The repository's top folder.
pub fn root() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here)
}

/// What `cargo metadata` says, as far as it is used here.
pub struct Metadata {
    /// Where cargo builds.
    pub target_directory: PathBuf,
    /// Every package of the dependency graph, as cargo prints it.
    pub packages: Vec<Value>,
}

/// Reads `cargo metadata`.
///
/// # Errors
/// When cargo fails or prints something else.
pub fn metadata() -> Result<Metadata> {
    let output = cargo::command(&["metadata", "--format-version", "1"])
        .output()
        .context("starting `cargo metadata`")?;
    if !output.status.success() {
        anyhow::bail!("`cargo metadata`: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    let mut metadata: Value = serde_json::from_slice(&output.stdout)?;
    let target_directory = metadata
        .get("target_directory")
        .and_then(Value::as_str)
        .context("`cargo metadata` names no target directory")?
        .into();
    let packages = match metadata.get_mut("packages").map(Value::take) {
        Some(Value::Array(packages)) => packages,
        _ => anyhow::bail!("`cargo metadata` lists no packages"),
    };
    Ok(Metadata { target_directory, packages })
}
