//! Other engines in a process of their own.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use shirube_records::Snapshot;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/gate/peers.py");

/// The process and its two ends.
pub(crate) struct Peers {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
}

impl Peers {
    /// Starts the engines over the files of a snapshot.
    pub(crate) fn start(
        python: &Path,
        snapshot: &Snapshot,
        scratch: &Path,
        threads: usize,
    ) -> Result<Self> {
        let folder = scratch.join("tables");
        for (number, part) in snapshot.manifest.parts.iter().enumerate() {
            let place = folder.join(&part.table);
            std::fs::create_dir_all(&place)?;
            let file = std::path::absolute(snapshot.folder.join(&part.file))?;
            std::os::unix::fs::symlink(file, place.join(format!("{number:05}.parquet")))?;
        }
        let mut child = Command::new(python)
            .arg(SCRIPT)
            .arg(&folder)
            .arg(threads.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let to = child.stdin.take().context("no way in")?;
        let from = BufReader::new(child.stdout.take().context("no way out")?);
        let mut out = Self { child, to, from };
        println!("beside: {}", out.line()?);
        Ok(out)
    }

    fn line(&mut self) -> Result<Value> {
        let mut line = String::new();
        self.from.read_line(&mut line)?;
        serde_json::from_str(&line).context("the other engines stopped")
    }

    /// How long an engine takes for a query.
    pub(crate) fn run(&mut self, engine: &str, sql: &str) -> Result<Duration> {
        writeln!(self.to, "{}", json!({ "engine": engine, "sql": sql }))?;
        self.to.flush()?;
        let line = self.line()?;
        let seconds = line.get("seconds").and_then(Value::as_f64);
        let seconds = seconds.context("no time in the answer")?;
        Ok(Duration::from_secs_f64(seconds))
    }
}

impl Drop for Peers {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
