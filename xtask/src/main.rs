//! The project's own commands: `cargo xtask test` and its siblings.
//!
//! Every command is made of *sections*; each section is timed and ends in one
//! line, so that a log of hours can be read from its last screen.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command-line tool prints")]

mod attack;
mod bench;
mod browser;
mod cargo;
mod debian;
mod iati;
mod licence;
mod postgres;
mod section;
mod supply;
mod tests_run;
mod tidy;
mod workspace;

use std::process::ExitCode;

use anyhow::{Result, bail};

use section::Report;

const USAGE: &str = "\
usage: cargo xtask COMMAND

  test [ARGS]           install what the browser and database tests need, then run
                        every test; ARGS go to `cargo test --workspace`
  lint                  format, clippy, dependencies, tidiness
  e2e [--screenshots] [FILTER]
                        browser journeys only; --screenshots renews docs/images
  bench [ARGS]          benchmark of the indicator engine, release build, with DuckDB
                        beside it; ARGS such as --quick or --events N
  bench load [--users N] [--seconds N] [--records N] [--database URL]
                        many users editing one store at once over loopback: no lost
                        update, no server error; times by kind of request
  bench gate [--persons N] [--repeats N] [--folder DIR]
                        questions through the gate for health records, with the bare
                        engine and DuckDB beside it
  bench protect [--tables DIR] [WORD ...]
                        protection of tables, with ACRO beside it
  attack [--trials N] [--many N] [--only WORD]
                        known attacks on the gate for SQL under each policy, on simple
                        gates and on ACRO; the report goes to target/attack
  fuzz [--seconds N] [--seed N] [TARGET ...]
                        mutate each target's corpus for N seconds (default 30)
  nightly [--seconds N] fuzzing and property tests at length, then docs
  docs                  API documentation, warnings refused
";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let rest = args.get(1..).unwrap_or_default();
    let outcome = match args.first().map(String::as_str) {
        Some("test") => test(rest),
        Some("lint") => lint(),
        Some("e2e") => e2e(rest),
        Some("attack") => attack::run(rest),
        Some("bench") => bench::run(rest),
        Some("fuzz") => fuzz(rest),
        Some("nightly") => nightly(rest),
        Some("docs") => docs(),
        Some("help" | "--help" | "-h") => {
            print!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        other => {
            if let Some(other) = other {
                eprintln!("no such command: `{other}`\n");
            }
            eprint!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nfailed: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn test(args: &[String]) -> Result<()> {
    let mut report = Report::new();
    let browser = report.section("browser, axe-core, identity provider", browser::prepare);
    report.section("IATI", iati::prepare);
    if report.section("PostgreSQL", postgres::prepare) && browser {
        let mut count = tests_run::Count::default();
        let schema = iati::schema().map(|path| path.to_string_lossy().into_owned());
        let mut vars = vec![postgres::REQUIRED];
        vars.extend(schema.as_deref().map(|path| (iati::VARIABLE, path)));
        report.section("cargo test --workspace", || tests_run::run(&vars, args, &mut count));
        report.tests = Some(count);
    }
    report.finish()
}

fn e2e(args: &[String]) -> Result<()> {
    let renew = args.iter().any(|arg| arg == "--screenshots");
    let filter: Vec<String> = args.iter().filter(|arg| *arg != "--screenshots").cloned().collect();
    let mut report = Report::new();
    if report.section("browser, axe-core, identity provider", browser::prepare) {
        let mut count = tests_run::Count::default();
        let vars: &[(&str, &str)] =
            if renew { &[("SHIRUBE_UPDATE_SCREENSHOTS", "1")] } else { &[] };
        let mut cargo_args = vec!["--test".to_owned(), "e2e".to_owned(), "--".to_owned()];
        cargo_args.extend(filter);
        report.section("browser journeys", || tests_run::run(vars, &cargo_args, &mut count));
        report.tests = Some(count);
    }
    report.finish()
}

fn lint() -> Result<()> {
    let mut report = Report::new();
    report.section("format", || cargo::run(&["fmt", "--all", "--check"], &[]));
    report.section("clippy", || {
        let args = ["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"];
        cargo::run(&args, &[])
    });
    report.section("dependencies", supply::check);
    report.section("cargo-deny", supply::cargo_deny);
    report.section("tidy", tidy::check);
    report.finish()
}

fn fuzz(args: &[String]) -> Result<()> {
    // Built with the whole workspace selected, so that it shares the features,
    // and therefore the compiled dependencies, of every other command.
    cargo::run(&["build", "--workspace", "--bin", "fuzz"], &[])?;
    let binary = workspace::metadata()?.target_directory.join("debug").join("fuzz");
    let status = std::process::Command::new(binary)
        .args(args)
        .arg("--out")
        .arg(workspace::root().join("target").join("fuzz"))
        .status()?;
    if !status.success() {
        bail!("a fuzz target failed; its input is kept under `target/fuzz`");
    }
    Ok(())
}

fn nightly(args: &[String]) -> Result<()> {
    let seconds = match args {
        [flag, seconds] if flag == "--seconds" => seconds.as_str(),
        [] => "120",
        _ => bail!("usage: cargo xtask nightly [--seconds N]"),
    };
    let mut report = Report::new();
    report.section("fuzz", || {
        fuzz(&["--seconds".to_owned(), seconds.to_owned()])?;
        Ok(format!("{seconds} s a target"))
    });
    let browser = report.section("browser, axe-core, identity provider", browser::prepare);
    if report.section("PostgreSQL", postgres::prepare) && browser {
        let mut count = tests_run::Count::default();
        report.section("tests, 4,096 cases a property", || {
            let vars = [("PROPTEST_CASES", "4096"), postgres::REQUIRED];
            tests_run::run(&vars, &[], &mut count)
        });
        report.tests = Some(count);
    }
    report.section("docs", || docs().map(|()| String::new()));
    report.finish()
}

fn docs() -> Result<()> {
    let vars = [("RUSTDOCFLAGS", "-D warnings")];
    cargo::run(&["doc", "--workspace", "--no-deps"], &vars)?;
    let index = workspace::metadata()?.target_directory.join("doc").join("shirube_model");
    println!("open {}", index.join("index.html").display());
    Ok(())
}
