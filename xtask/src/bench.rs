//! Benchmarks, release build, with other tools beside ours.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::{cargo, workspace};

/// The package on PyPI that indicators are compared with.
const DUCKDB: &str = "duckdb";

/// The package on PyPI that the protection of tables is compared with.
const ACRO: &str = "acro";

/// Runs the benchmark of the indicator engine, or with the word `protect` that
/// of the protection of tables, or with `load` that of many users at once. Without a Python that has the other tool, and
/// without the means to make one, the comparison is left out.
pub fn run(args: &[String]) -> Result<()> {
    match args.split_first() {
        Some((first, rest)) if first == "protect" => return protect(rest),
        Some((first, rest)) if first == "load" => return load(rest),
        _ => {}
    }
    let mut command = vec!["bench", "--package", "shirube", "--bench", "indicators", "--"];
    command.extend(args.iter().map(String::as_str));
    let asked = args.iter().any(|arg| arg == "--python");
    let python = if asked { None } else { python_with(DUCKDB) };
    let python = python.map(|path| path.display().to_string());
    if let Some(python) = &python {
        command.extend(["--python", python]);
    } else if !asked {
        eprintln!("no Python with `{DUCKDB}`: the comparison is left out");
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
    let mut command = vec!["bench", "--package", "shirube-gate", "--bench", "protect", "--"];
    command.extend(args.iter().map(String::as_str));
    let asked = args.iter().any(|arg| arg == "--acro");
    let python = if asked { None } else { python_with(ACRO) };
    let python = python.map(|path| path.display().to_string());
    if let Some(python) = &python {
        command.extend(["--acro", python]);
    } else if !asked {
        eprintln!("no Python with `{ACRO}`: the comparison is left out");
    }
    cargo::run(&command, &[]).map(drop)
}

/// A Python that can import a package: one on the path, else that of an
/// environment of our own, made once.
fn python_with(package: &str) -> Option<PathBuf> {
    let names = ["python3", "python"];
    let found = names.iter().map(PathBuf::from).find(|python| has(python, package));
    found.or_else(|| match environment(&names, package) {
        Ok(python) => Some(python),
        Err(error) => {
            eprintln!("{error:#}");
            None
        }
    })
}

fn has(python: &Path, package: &str) -> bool {
    quiet(Command::new(python).args(["-c", &format!("import {package}")]))
}

/// Whether a package is there, in the version wanted if one is named.
fn has_version(python: &Path, module: &str, package: &str) -> bool {
    let Some((_, version)) = package.split_once("==") else { return has(python, module) };
    let code = format!(
        "from importlib.metadata import version; assert version('{module}') == '{version}'"
    );
    quiet(Command::new(python).args(["-c", &code]))
}

fn quiet(command: &mut Command) -> bool {
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

/// The Python of an environment of our own with a package, made once. A version
/// may follow the package's name.
pub fn environment(names: &[&str], package: &str) -> Result<PathBuf> {
    let dir = workspace::metadata()?.target_directory.join("bench-venv");
    let module = package.split("==").next().unwrap_or(package);
    let python = if cfg!(windows) {
        dir.join("Scripts").join("python.exe")
    } else {
        dir.join("bin").join("python3")
    };
    if !has_version(&python, module, package) {
        let made =
            names.iter().any(|name| quiet(Command::new(name).args(["-m", "venv"]).arg(&dir)));
        if !made {
            bail!("no Python that can make an environment in {}", dir.display());
        }
        let status = Command::new(&python)
            .args(["-m", "pip", "install", "--quiet", package])
            .status()
            .with_context(|| format!("cannot run {}", python.display()))?;
        if !status.success() {
            bail!("`pip install {package}` failed in {}", dir.display());
        }
    }
    Ok(python)
}
