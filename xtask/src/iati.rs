//! The official IATI schema that reports are judged by, from the standard's own
//! Python package, which carries every version of it. Where it cannot be had,
//! the test of the report judges by rules of its own and says so.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::debian::{self, Need, on_path};
use crate::workspace;

/// Package and version.
const PACKAGE: (&str, &str) = ("pyIATI", "0.4.1");
/// Where the schemas of version 2.03 lie in it.
const SCHEMAS: &str = "iati/resources/standard/2-03/schemas";
/// Names the schema to the test.
pub const VARIABLE: &str = "SHIRUBE_IATI_SCHEMA";

const NEEDS: [Need; 2] = [
    Need { what: "xmllint", package: "libxml2-utils", present: || on_path(&["xmllint"]) },
    Need { what: "pip", package: "python3-pip", present: || on_path(&["pip", "pip3"]) },
];

fn dir() -> PathBuf {
    workspace::root().join("target").join("iati")
}

/// The schema of activities, where it is there.
pub fn schema() -> Option<PathBuf> {
    let (name, version) = PACKAGE;
    let folder = dir().join(format!("{name}-{version}")).join(SCHEMAS);
    Some(folder.join("iati-activities-schema.xsd")).filter(|file| file.is_file())
}

/// Fetches the schema unless it is there; returns what the summary says. Never a
/// failure: the test has rules of its own.
///
/// # Errors
/// None.
pub fn prepare() -> Result<String> {
    if schema().is_some() && on_path(&["xmllint"]) {
        return Ok("official schema 2.03".to_owned());
    }
    Ok(match fetch() {
        Ok(()) => "official schema 2.03 fetched".to_owned(),
        Err(error) => format!("judged by the rules of its test alone: {error:#}"),
    })
}

fn fetch() -> Result<()> {
    debian::prepare(&NEEDS)?;
    let (name, version) = PACKAGE;
    let dir = dir();
    std::fs::create_dir_all(&dir).with_context(|| format!("making `{}`", dir.display()))?;
    let pip = if on_path(&["pip"]) { "pip" } else { "pip3" };
    let wanted = format!("{name}=={version}");
    run(Command::new(pip)
        .args(["download", "--quiet", "--no-deps", "--no-binary", ":all:", "--dest"])
        .arg(&dir)
        .arg(&wanted))?;
    let archive = format!("{name}-{version}.tar.gz");
    run(Command::new("tar").arg("-xzf").arg(dir.join(archive)).arg("-C").arg(&dir))?;
    match schema() {
        Some(_) => Ok(()),
        None => bail!("`{wanted}` does not have the schema"),
    }
}

fn run(command: &mut Command) -> Result<()> {
    println!("$ {}", command.get_program().to_string_lossy());
    let status = command.status().context("starting it")?;
    if !status.success() {
        bail!("`{}`: {status}", command.get_program().to_string_lossy());
    }
    Ok(())
}
