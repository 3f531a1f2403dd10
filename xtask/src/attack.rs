//! The attack report: known attacks on our gate, on simple ones and on ACRO.

use std::process::Command;

use anyhow::{Result, bail};

use crate::{bench, cargo, workspace};

/// The package on PyPI that is attacked beside ours, with its version.
const ACRO: &[&str] = &["acro==1.0.2"];

/// Builds the attacks and runs them; the report goes to `target/attack`. Without
/// a Python that has ACRO, and without the means to make one, ACRO is left out.
///
/// # Errors
/// When an attack on our gate succeeds, or the run fails.
pub fn run(args: &[String]) -> Result<()> {
    // The whole workspace is selected, so that features and compiled dependencies
    // are those of every other command.
    cargo::run(&["build", "--workspace", "--example", "attack"], &[])?;
    let target = workspace::metadata()?.target_directory;
    let mut command = Command::new(target.join("debug").join("examples").join("attack"));
    command.arg("--out").arg(workspace::root().join("target").join("attack"));
    match bench::environment(&["python3", "python"], ACRO) {
        Ok(python) => {
            command.arg("--acro").arg(python);
        }
        Err(error) => eprintln!("ACRO is left out: {error:#}"),
    }
    let status = command.args(args).status()?;
    if !status.success() {
        bail!("an attack on our gate succeeds, or the report could not be made");
    }
    Ok(())
}
