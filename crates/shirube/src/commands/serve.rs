//! `shirube serve`: the web application over a store.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;

use shirube_access::{Accounts, FILE, ProviderConfig};
use shirube_model::refusal::Refusal;
use shirube_store::Access;
use shirube_web::{AppState, HealthData, WebOptions, app};
use tokio::net::TcpListener;

use crate::cli::ServeArgs;
use crate::output::{Failure, Out};
use crate::packs::{self, Opened};

pub(crate) async fn run(args: ServeArgs, out: &Out) -> Result<ExitCode, Failure> {
    let provider = match &args.provider_file {
        Some(path) => {
            let read = ProviderConfig::read(&packs::read_text(path)?);
            Some(read.map_err(|refusal| refusal.file(path.display().to_string()))?)
        }
        None => None,
    };
    let health = args.records.as_deref().map(HealthData::open).transpose()?.map(Arc::new);
    let opened = packs::open(&args.at, Access::Write).await?;
    let accounts = Accounts::open(&args.at.store.dir().join(FILE)).await?;
    if accounts.count().await? == 0 {
        out.note(out.text("cli.account.none"));
    }
    let options = WebOptions {
        accounts: Some(accounts),
        provider,
        behind_proxy: args.behind_proxy,
        secure_cookies: args.secure_cookies,
        demo_accounts: None,
        health: health.clone(),
    };
    let site = Site::bind(opened, options, &args.addr).await?;
    if let Some(health) = &health {
        health.open_gates();
    }
    out.say("cli.serve.ready", &[("url", site.url.clone())]);
    site.serve().await?;
    out.note(out.text("cli.serve.stopped"));
    Ok(ExitCode::SUCCESS)
}

/// A store with the address its pages are to be at.
pub(crate) struct Site {
    state: AppState,
    listener: TcpListener,
    /// Scheme, host and port.
    pub(crate) url: String,
}

impl Site {
    /// Takes the address for the pages of a store.
    pub(crate) async fn bind(
        opened: Opened,
        options: WebOptions,
        addr: &str,
    ) -> Result<Self, Failure> {
        let state = AppState::new(opened.store, opened.pack, opened.engine, options)?;
        let listener = TcpListener::bind(addr).await.map_err(|error| {
            Refusal::new("cli.address-taken").arg("addr", addr).arg("detail", error)
        })?;
        let url = format!("http://{}", listener.local_addr()?);
        Ok(Self { state, listener, url })
    }

    /// Two sites that show each other's values beside their own.
    pub(crate) fn side_by_side(self, other: Self) -> (Self, Self) {
        let one = self.state.clone().beside(other.state.clone(), &other.url);
        let two = other.state.beside(self.state, &self.url);
        (Self { state: one, ..self }, Self { state: two, ..other })
    }

    /// Serves until it is told to stop.
    pub(crate) async fn serve(self) -> Result<(), Failure> {
        let service = app(self.state).into_make_service_with_connect_info::<SocketAddr>();
        Ok(axum::serve(self.listener, service).with_graceful_shutdown(stopped()).await?)
    }
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
