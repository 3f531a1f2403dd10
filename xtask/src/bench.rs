//! Benchmarks, release build, with other tools beside ours.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::{cargo, workspace};

/// The package on PyPI that indicators are compared with.
const DUCKDB: &[&str] = &["duckdb"];

/// The package on PyPI that the protection of tables is compared with.
const ACRO: &[&str] = &["acro"];

/// The packages on PyPI that queries through the gate are compared with.
const ENGINES: &[&str] = &["duckdb", "datafusion"];

/// Runs the benchmark of the indicator engine, or with the word `protect` that
/// of the protection of tables, with `gate` that of queries over health records,
/// or with `load` that of many users at once. Without a Python that has the
/// other tool, and without the means to make one, the comparison is left out.
pub fn run(args: &[String]) -> Result<()> {
    match args.split_first() {
        Some((first, rest)) if first == "protect" => return protect(rest),
        Some((first, rest)) if first == "load" => return load(rest),
        Some((first, rest)) if first == "gate" => {
            return compared(&["--workspace", "--bench", "gate"], rest, "--python", ENGINES);
        }
        _ => {}
    }
    compared(&["--package", "shirube", "--bench", "indicators"], args, "--python", DUCKDB)
}

/// Runs a benchmark with a Python for the tools beside it, unless one is named.
fn compared(bench: &[&str], args: &[String], option: &str, packages: &[&str]) -> Result<()> {
    let mut command = vec!["bench"];
    command.extend(bench);
    command.push("--");
    command.extend(args.iter().map(String::as_str));
    let asked = args.iter().any(|arg| arg == option);
    let python = if asked { None } else { python_with(packages) };
    let python = python.map(|path| path.display().to_string());
    if let Some(python) = &python {
        command.extend([option, python]);
    } else if !asked {
        eprintln!("no Python with {packages:?}: the comparison is left out");
    }
    cargo::run(&command, &[]).map(drop)
}

/// Lets many users edit one store at once, on the release build.
fn load(args: &[String]) -> Result<()> {
    let mut command = vec!["bench", "--package", "shirube", "--bench", "load", "--"];
    command.extend(args.iter().map(String::as_str));
    cargo::run(&command, &[]).map(drop)
}

/// Runs the benchmark of the protection of tables, with ACRO beside it.
fn protect(args: &[String]) -> Result<()> {
    compared(&["--package", "shirube-gate", "--bench", "protect"], args, "--acro", ACRO)
}

/// A Python that can import packages: one on the path, else that of an
/// environment of our own, made once.
fn python_with(packages: &[&str]) -> Option<PathBuf> {
    let names = ["python3", "python"];
    let found = names.iter().map(PathBuf::from).find(|python| has(python, packages));
    found.or_else(|| match environment(&names, packages) {
        Ok(python) => Some(python),
        Err(error) => {
            eprintln!("{error:#}");
            None
        }
    })
}

fn has(python: &Path, packages: &[&str]) -> bool {
    quiet(Command::new(python).args(["-c", &format!("import {}", packages.join(", "))]))
}

/// Whether packages are there, in the versions wanted where they are named.
fn has_versions(python: &Path, packages: &[&str]) -> bool {
    packages.iter().all(|package| {
        let Some((module, version)) = package.split_once("==") else {
            return has(python, &[package]);
        };
        let code = format!(
            "from importlib.metadata import version; assert version('{module}') == '{version}'"
        );
        quiet(Command::new(python).args(["-c", &code]))
    })
}

fn quiet(command: &mut Command) -> bool {
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

/// The Python of an environment of our own with packages, made once. A version
/// may follow a package's name.
pub fn environment(names: &[&str], packages: &[&str]) -> Result<PathBuf> {
    let dir = workspace::metadata()?.target_directory.join("bench-venv");
    let python = if cfg!(windows) {
        dir.join("Scripts").join("python.exe")
    } else {
        dir.join("bin").join("python3")
    };
    if !has_versions(&python, packages) {
        let made =
            names.iter().any(|name| quiet(Command::new(name).args(["-m", "venv"]).arg(&dir)));
        if !made {
            bail!("no Python that can make an environment in {}", dir.display());
        }
        let status = Command::new(&python)
            .args(["-m", "pip", "install", "--quiet"])
            .args(packages)
            .status()
            .with_context(|| format!("cannot run {}", python.display()))?;
        if !status.success() {
            bail!("`pip install {}` failed in {}", packages.join(" "), dir.display());
        }
    }
    Ok(python)
}
