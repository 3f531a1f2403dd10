//! `shirube serve`: the web application over a store.

use std::process::ExitCode;

use shirube_model::refusal::Refusal;
use shirube_store::Access;
use shirube_web::{AppState, WebOptions, app};
use tokio::net::TcpListener;

use crate::cli::ServeArgs;
use crate::output::{Failure, Out};
use crate::packs::{self, Opened};

pub(crate) async fn run(args: ServeArgs, out: &Out) -> Result<ExitCode, Failure> {
    let edit_key = match &args.edit_key_file {
        Some(path) => Some(packs::read_text(path)?.trim().to_owned()),
        None => None,
    };
    let opened = packs::open(&args.at, Access::Write).await?;
    let options = WebOptions { edit_key, secure_cookies: args.secure_cookies };
    serve(opened, options, &args.addr, &[], out).await
}

/// Serves until it is told to stop. `greeting` is printed under the address.
pub(crate) async fn serve(
    opened: Opened,
    options: WebOptions,
    addr: &str,
    greeting: &[String],
    out: &Out,
) -> Result<ExitCode, Failure> {
    let state = AppState::new(opened.store.clone(), opened.pack, opened.engine, options)?;
    let listener = TcpListener::bind(addr).await.map_err(|error| {
        Refusal::new("cli.address-taken").arg("addr", addr).arg("detail", error)
    })?;
    let address = listener.local_addr()?;
    out.say("cli.serve.ready", &[("url", format!("http://{address}"))]);
    for line in greeting {
        out.line(line);
    }
    axum::serve(listener, app(state)).with_graceful_shutdown(stopped()).await?;
    out.note(out.text("cli.serve.stopped"));
    Ok(ExitCode::SUCCESS)
}

/// Waits for Ctrl-C or a request to terminate.
async fn stopped() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        let terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate());
        if let Ok(mut terminate) = terminate {
            tokio::select! {
                _ = interrupt => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    let _ = interrupt.await;
}
