//! The one binary: demo, server, and everything from the command line.
//!
//! Exit codes: 0 done; 1 done, but something was refused or differs; 2 not
//! done, because of the call, the input or the machine.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command line speaks on stdout")]

mod cli;
mod commands;
mod help;
mod output;
mod packs;

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches};
use shirube_model::lang::Lang;

use crate::cli::{Cli, Command};
use crate::output::Out;

fn main() -> ExitCode {
    let lang = help::lang_of_call(std::env::args());
    let command = help::localise(Cli::command(), lang);
    let matches = match command.try_get_matches() {
        Ok(matches) => matches,
        Err(error) => error.exit(),
    };
    let cli = match Cli::from_arg_matches(&matches) {
        Ok(cli) => cli,
        Err(error) => error.exit(),
    };
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_env("SHIRUBE_LOG")
                .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn")),
        )
        .init();
    let out = Out::new(lang);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::from(2);
        }
    };
    match runtime.block_on(run(cli.command, &out)) {
        Ok(code) => code,
        Err(failure) => {
            out.failure(&failure);
            ExitCode::from(2)
        }
    }
}

async fn run(command: Command, out: &Out) -> Result<ExitCode, output::Failure> {
    match command {
        Command::Demo(args) => commands::demo::run(args, out).await,
        Command::Serve(args) => commands::serve::run(args, out).await,
        Command::Pack(args) => commands::pack::run(args, out),
        Command::Register(args) => commands::register::run(args, out).await,
        Command::Indicators(args) => commands::indicators::run(args, out).await,
        Command::Cycle(args) => commands::cycle::run(args, out).await,
        Command::Records(args) => commands::records::run(args, out),
        Command::Consent(args) => commands::consent::run(args, out).await,
        Command::Gate(args) => commands::gate::run(args, out).await,
        Command::Admin(args) => commands::admin::run(args, out).await,
    }
}

/// The language used when a call names none.
pub(crate) const DEFAULT_LANG: Lang = Lang::En;
