//! Benchmarks, release build, with DuckDB beside the engine.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::{cargo, workspace};

/// The package on PyPI that the comparison runs.
const PACKAGE: &str = "duckdb";

/// Runs the benchmark of the indicator engine. Without a Python that has DuckDB,
/// and without the means to make one, the comparison is left out.
pub fn run(args: &[String]) -> Result<()> {
    let mut command = vec!["bench", "--package", "shirube", "--bench", "indicators", "--"];
    command.extend(args.iter().map(String::as_str));
    let asked = args.iter().any(|arg| arg == "--python");
    let python = if asked { None } else { python_with_duckdb() };
    let python = python.map(|path| path.display().to_string());
    if let Some(python) = &python {
        command.extend(["--python", python]);
    } else if !asked {
        eprintln!("no Python with `{PACKAGE}`: the comparison is left out");
    }
    cargo::run(&command, &[]).map(drop)
}

/// A Python that can import DuckDB: one on the path, else that of an
/// environment of our own, made once.
fn python_with_duckdb() -> Option<PathBuf> {
    let names = ["python3", "python"];
    let found = names.iter().map(PathBuf::from).find(|python| has_duckdb(python));
    found.or_else(|| match environment(&names) {
        Ok(python) => Some(python),
        Err(error) => {
            eprintln!("{error:#}");
            None
        }
    })
}

fn has_duckdb(python: &Path) -> bool {
    quiet(Command::new(python).args(["-c", "import duckdb"]))
}

fn quiet(command: &mut Command) -> bool {
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

fn environment(names: &[&str]) -> Result<PathBuf> {
    let dir = workspace::metadata()?.target_directory.join("bench-venv");
    let python = if cfg!(windows) {
        dir.join("Scripts").join("python.exe")
    } else {
        dir.join("bin").join("python3")
    };
    if !has_duckdb(&python) {
        let made =
            names.iter().any(|name| quiet(Command::new(name).args(["-m", "venv"]).arg(&dir)));
        if !made {
            bail!("no Python that can make an environment in {}", dir.display());
        }
        let status = Command::new(&python)
            .args(["-m", "pip", "install", "--quiet", PACKAGE])
            .status()
            .with_context(|| format!("cannot run {}", python.display()))?;
        if !status.success() {
            bail!("`pip install {PACKAGE}` failed in {}", dir.display());
        }
    }
    Ok(python)
}
