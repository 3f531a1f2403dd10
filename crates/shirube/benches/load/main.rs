//! Many users editing one store at once over loopback, on the real binary.
//!
//! Every user has an account and an API token of their own, and goes on reading
//! a record and adding one to a number in it, under the version read. At the end
//! each number must be what was acknowledged: an update that was lost, or a
//! server error, ends the run with an error.
//!
//! `cargo bench --bench load -- [--users N] [--seconds N] [--records N] [--database URL]
//! [--program FILE]`
#![allow(clippy::print_stdout, reason = "a benchmark prints its table")]

mod server;
mod users;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, bail};

/// What to run.
#[derive(Debug, Clone)]
struct Options {
    users: usize,
    seconds: u64,
    records: usize,
    /// PostgreSQL database, empty; SQLite in a temporary directory without one.
    database: Option<String>,
    /// Program that serves; the one built with this benchmark without it.
    program: Option<std::path::PathBuf>,
}

impl Options {
    fn read() -> Result<Self> {
        let mut out = Self { users: 50, seconds: 20, records: 20, database: None, program: None };
        let mut args = std::env::args().skip(1).filter(|arg| arg != "--bench");
        while let Some(name) = args.next() {
            let value = args.next().with_context(|| format!("`{name}` needs a value"))?;
            let number = || value.parse::<usize>().with_context(|| format!("`{name} {value}`"));
            match name.as_str() {
                "--users" => out.users = number()?.max(1),
                "--seconds" => out.seconds = value.parse().context("`--seconds`")?,
                "--records" => out.records = number()?.max(1),
                "--database" => out.database = Some(value),
                "--program" => out.program = Some(value.into()),
                _ => bail!("no such option: `{name}`"),
            }
        }
        Ok(out)
    }
}

fn main() -> Result<ExitCode> {
    let options = Options::read()?;
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    runtime.worker_threads(2).enable_all().build()?.block_on(run(&options))?;
    Ok(ExitCode::SUCCESS)
}

async fn run(options: &Options) -> Result<()> {
    let dir = tempfile::tempdir()?;
    let site = server::prepare(dir.path(), options).await?;
    let server = server::start(dir.path(), &site, options)?;
    let time = Duration::from_secs(options.seconds);
    let report = users::run(&server.url, &site, time).await?;
    println!("{} users, {} records, {} s", options.users, options.records, options.seconds);
    for line in report.lines() {
        println!("{line}");
    }
    report.check()
}
