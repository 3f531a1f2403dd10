//! Timed sections and the closing summary.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::tests_run::Count;

/// What the sections of one command came to.
pub struct Report {
    lines: Vec<Line>,
    /// Tests counted, when the command ran any.
    pub tests: Option<Count>,
}

struct Line {
    name: String,
    took: Duration,
    outcome: Result<String>,
}

impl Report {
    /// An empty report.
    pub fn new() -> Self {
        Self { lines: Vec::new(), tests: None }
    }

    /// Runs one section under its heading; says whether it held. The text it
    /// returns stands in the summary.
    pub fn section(&mut self, name: &str, run: impl FnOnce() -> Result<String>) -> bool {
        println!("\n== {name}");
        let start = Instant::now();
        let outcome = run();
        if let Err(error) = &outcome {
            println!("{error:#}");
        }
        let held = outcome.is_ok();
        self.lines.push(Line { name: name.to_owned(), took: start.elapsed(), outcome });
        held
    }

    /// Prints one line per section and, last, the count of tests.
    ///
    /// # Errors
    /// When a section failed.
    pub fn finish(self) -> Result<()> {
        println!("\n== summary");
        let mut failed = Vec::new();
        for line in &self.lines {
            let seconds = line.took.as_secs_f64();
            match &line.outcome {
                Ok(note) => println!("ok      {seconds:>7.1} s  {}  {note}", line.name),
                Err(_) => {
                    println!("FAILED  {seconds:>7.1} s  {}", line.name);
                    failed.push(line.name.as_str());
                }
            }
        }
        if let Some(count) = &self.tests {
            println!("\n{} passed, {} failed", count.passed, count.failed);
        }
        if !failed.is_empty() {
            bail!("{}", failed.join(", "));
        }
        Ok(())
    }
}
