//! What a section needs from the system, as Debian packages: installed where
//! that is possible, otherwise named with the command that installs it.

use std::os::unix::fs::MetadataExt;
use std::process::Command;

use anyhow::{Context, Result, bail};

/// Something the system must have: how to see that it is there, and the Debian
/// package that brings it.
pub struct Need {
    /// What it is, for people.
    pub what: &'static str,
    /// Package.
    pub package: &'static str,
    /// Whether it is there.
    pub present: fn() -> bool,
}

/// Makes sure that everything is there; returns the packages that were installed.
///
/// # Errors
/// When something is missing and cannot be installed from here.
pub fn prepare(needs: &[Need]) -> Result<Vec<&'static str>> {
    let missing = missing(needs);
    for need in &missing {
        println!("missing: {} (Debian package `{}`)", need.what, need.package);
    }
    let packages: Vec<&str> = missing.iter().map(|need| need.package).collect();
    if !packages.is_empty() {
        install(needs, &packages)?;
    }
    Ok(packages)
}

fn missing(needs: &[Need]) -> Vec<&Need> {
    needs.iter().filter(|need| !(need.present)()).collect()
}

/// Installs Debian packages, refreshing the package lists only when the first
/// try fails: lists on a fresh machine are often empty or out of date.
fn install(needs: &[Need], packages: &[&str]) -> Result<()> {
    let by_hand = format!(
        "apt-get update && apt-get install --yes --no-install-recommends {}",
        packages.join(" ")
    );
    if !on_path(&["apt-get"]) {
        bail!("this system has no `apt-get`; install the equivalents of: {}", packages.join(", "));
    }
    if !is_root() {
        bail!("not root, so nothing was installed; run as root:\n\n    {by_hand}\n");
    }
    if apt(&["install", "--yes", "--no-install-recommends"], packages).is_err() {
        apt(&["update"], &[])?;
        apt(&["install", "--yes", "--no-install-recommends"], packages)?;
    }
    let still: Vec<&str> = missing(needs).iter().map(|need| need.what).collect();
    if !still.is_empty() {
        bail!("installed, but still not found: {}; by hand: {by_hand}", still.join(", "));
    }
    Ok(())
}

fn apt(words: &[&str], packages: &[&str]) -> Result<()> {
    let shown = format!("apt-get {} {}", words.join(" "), packages.join(" "));
    println!("$ {}", shown.trim());
    let status = Command::new("apt-get")
        .args(["--quiet", "--quiet"])
        .args(words)
        .args(packages)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .status()
        .context("starting `apt-get`")?;
    if !status.success() {
        bail!("`{}`: {status}", shown.trim());
    }
    Ok(())
}

/// Whether this process may install packages: `/proc/self` belongs to the
/// effective user.
fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|meta| meta.uid() == 0)
}

/// Whether one of the programs is on the path.
pub fn on_path(names: &[&str]) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|dir| names.iter().any(|name| dir.join(name).is_file()))
}
