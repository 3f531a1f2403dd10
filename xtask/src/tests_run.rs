//! Running `cargo test` and counting what it ran.

use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;

use anyhow::{Context, Result, bail};

use crate::cargo;

/// Tests that passed and failed, over every test binary and the doctests.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// Passed.
    pub passed: u64,
    /// Failed.
    pub failed: u64,
}

impl Count {
    /// Adds the figures of one line such as
    /// `test result: ok. 5 passed; 0 failed; 0 ignored; …`.
    fn add(&mut self, line: &str) {
        let Some(rest) = line.strip_prefix("test result: ") else { return };
        for part in rest.split([';', '.']) {
            let mut words = part.split_whitespace();
            let (Some(number), Some(what)) = (words.next(), words.next()) else { continue };
            let Ok(number) = number.parse::<u64>() else { continue };
            match what {
                "passed" => self.passed += number,
                "failed" => self.failed += number,
                _ => {}
            }
        }
    }
}

/// Runs `cargo test --workspace` with the extra arguments, shows its output as
/// it comes, and counts. A run of no test at all is a failure.
///
/// # Errors
/// When a test fails, nothing compiles, or nothing ran.
pub fn run(vars: &[(&str, &str)], args: &[String], count: &mut Count) -> Result<String> {
    let mut words = vec!["test", "--workspace", "--no-fail-fast"];
    words.extend(args.iter().map(String::as_str));
    let mut child = cargo::command(&words)
        .envs(vars.iter().copied())
        .stdout(Stdio::piped())
        .spawn()
        .context("starting `cargo test`")?;
    let stdout = child.stdout.take().context("`cargo test` has no output")?;
    let mut reader = BufReader::new(stdout);
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line)? > 0 {
        std::io::stdout().write_all(&line)?;
        count.add(&String::from_utf8_lossy(&line));
        line.clear();
    }
    let status = child.wait()?;
    if !status.success() {
        bail!("`cargo {}`: {status}", words.join(" "));
    }
    if count.passed == 0 {
        bail!("no test ran");
    }
    Ok(format!("{} tests", count.passed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_summed_over_the_closing_lines() {
        let mut count = Count::default();
        let lines = [
            "running 7 tests",
            "test a ... ok",
            "test result: ok. 5 passed; 0 failed; 1 ignored; 0 measured; 2 filtered out; \
             finished in 0.10s",
            "test result: FAILED. 1 passed; 3 failed; 0 ignored; 0 measured; 0 filtered out",
        ];
        for line in lines {
            count.add(line);
        }
        assert_eq!(count, Count { passed: 6, failed: 3 });
    }
}
