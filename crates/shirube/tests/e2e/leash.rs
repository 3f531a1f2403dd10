//! Processes that end when the tests end, however they end.
//!
//! A static value is never dropped in Rust and a killed test drops nothing, so
//! the product and the driver would outlive their tests. Each is therefore
//! started by a shell, in a process group of its own, that waits on its standard
//! input: when this process goes away, for whatever reason, that pipe closes,
//! and the shell ends its group. The driver's browsers are in the group too.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};

/// `$1` is a folder to remove at the end, the rest is the command. `kill … 0`
/// means the shell's own group, and the shell must outlive that to clean up. A
/// browser may still write while it ends, so the folder is removed in rounds.
const WAIT_THEN_END: &str = r#"
folder=$1
shift
"$@" &
child=$!
trap '' TERM
exec >&-
read -r _
kill -TERM 0
( sleep 10; kill -KILL "$child" ) 2>/dev/null &
guard=$!
wait "$child"
kill -KILL "$guard" 2>/dev/null
for round in 1 2 3 4 5; do
    rm -rf -- "$folder" && break
    sleep 1
done
"#;

/// A running process, ended on drop.
#[derive(Debug)]
pub struct Leash {
    shell: Child,
}

impl Leash {
    /// Starts a program and waits until `read` finds a value in a line of its
    /// standard output. `folder` is removed when the program has ended; its
    /// standard error goes to a file there.
    pub fn start<T>(
        program: &Path,
        args: &[&str],
        folder: &Path,
        wait: Duration,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<(Self, T)> {
        let errors = folder.join("stderr.log");
        let mut shell = Command::new("sh")
            .args(["-c", WAIT_THEN_END, "leash"])
            .arg(folder)
            .arg(program)
            .args(args)
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(File::create(&errors)?)
            .spawn()
            .with_context(|| format!("starting `{}`", program.display()))?;
        let stdout = shell.stdout.take().context("the shell has no output")?;
        let leash = Self { shell };
        let (sender, lines) = channel();
        // Read to the end, also when nobody listens: a full pipe would stop the
        // process.
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
        match first(&lines, wait, read) {
            Ok(value) => Ok((leash, value)),
            Err((why, seen)) => {
                let errors = std::fs::read_to_string(&errors).unwrap_or_default();
                bail!("`{}` {why}\n{}\n{errors}", program.display(), seen.join("\n"))
            }
        }
    }
}

/// The first value that `read` finds; otherwise why not, and the lines so far.
fn first<T>(
    lines: &Receiver<String>,
    wait: Duration,
    read: impl Fn(&str) -> Option<T>,
) -> Result<T, (&'static str, Vec<String>)> {
    let end = Instant::now() + wait;
    let mut seen = Vec::new();
    loop {
        match lines.recv_timeout(end.saturating_duration_since(Instant::now())) {
            Ok(line) => match read(&line) {
                Some(value) => return Ok(value),
                None => seen.push(line),
            },
            Err(RecvTimeoutError::Timeout) => return Err(("is not ready in time; it said:", seen)),
            Err(RecvTimeoutError::Disconnected) => {
                return Err(("ended before it was ready; it said:", seen));
            }
        }
    }
}

impl Drop for Leash {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        let _ = self.shell.wait();
    }
}

/// The first of `names` on the search path.
pub fn find_program(names: &[&str]) -> Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .flat_map(|folder| names.iter().map(move |name| folder.join(name)))
        .find(|program| program.is_file())
        .ok_or_else(|| {
            anyhow!(
                "`{}` is not installed; run `cargo xtask test`, which installs it",
                names.join("` or `")
            )
        })
}
