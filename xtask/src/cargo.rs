//! Running cargo in the workspace.

use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::workspace;

/// Cargo with the given arguments, in the workspace. Under continuous
/// integration the lockfile must already be right.
pub fn command(args: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    let (subcommand, rest) = args.split_at(args.len().min(1));
    command.current_dir(workspace::root()).args(subcommand);
    let resolves = !matches!(subcommand.first(), Some(&("fmt" | "deny")));
    if resolves && std::env::var_os("CI").is_some() {
        command.arg("--locked");
    }
    command.args(rest);
    command
}

/// Runs cargo with its output shown. The empty note is for the summary.
///
/// # Errors
/// When cargo cannot start or fails.
pub fn run(args: &[&str], vars: &[(&str, &str)]) -> Result<String> {
    let shown = format!("cargo {}", args.join(" "));
    let status = command(args)
        .envs(vars.iter().copied())
        .status()
        .with_context(|| format!("starting `{shown}`"))?;
    if !status.success() {
        bail!("`{shown}`: {status}");
    }
    Ok(String::new())
}
