//! A store with accounts, and the real binary over it.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};
use chrono::Utc;
use serde_json::json;
use shirube_access::{AccountText, Accounts, By, FILE, Grant, Reach, Role};
use shirube_model::ident::RecordId;
use shirube_model::lang::LocalText;
use shirube_store::{Draft, OpenOptions, Store, StoreAddress, StoreClass};

use crate::Options;

/// A store that is ready to be served.
pub(crate) struct Site {
    /// Address of the store.
    pub(crate) store: String,
    /// API token of each user.
    pub(crate) tokens: Vec<String>,
    /// Records to edit.
    pub(crate) records: Vec<RecordId>,
}

/// The program, ended when this is dropped.
pub(crate) struct Server {
    /// Scheme, host and port.
    pub(crate) url: String,
    child: Child,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Makes the store, its records and an account for every user.
pub(crate) async fn prepare(dir: &Path, options: &Options) -> Result<Site> {
    let place = dir.join("store");
    let address = match &options.database {
        Some(url) => url.clone(),
        None => place.display().to_string(),
    };
    let at: StoreAddress = address.parse()?;
    let store = Store::open(&at, OpenOptions::new(StoreClass::Live, "japan-2025").create()).await?;
    let drafts = (0..options.records).map(|number| {
        let body = json!({
            "title": { "ja": format!("公募{number}"), "en": format!("Call {number}") },
            "programme": RecordId::derive("PGM", "load", "P"),
            "opened_on": "2025-04-01",
            "proposals": 0,
        });
        Draft::new_record("call", None, body.as_object().cloned().unwrap_or_default())
    });
    let events = store.append(drafts.collect(), "load", "records to edit").await?;
    store.close().await?;
    let accounts = Accounts::open(&at.dir().join(FILE)).await?;
    let by = By { actor: "load", reason: "load" };
    let mut tokens = Vec::new();
    for number in 0..options.users {
        let text = AccountText {
            name: format!("user-{number}"),
            display: LocalText::new(format!("利用者{number}"), format!("User {number}")),
            grants: [Grant::everywhere(Role::Registrar)].into(),
            ..AccountText::default()
        };
        let account = accounts.add(text, None, by, Utc::now()).await?;
        let token = accounts.make_token(&account.id, "load", Reach::Write, 1, Utc::now()).await?;
        tokens.push(token.expose().to_owned());
    }
    let records = events.into_iter().map(|event| event.record).collect();
    Ok(Site { store: address, tokens, records })
}

/// Starts the program and waits for its address.
pub(crate) fn start(dir: &Path, site: &Site, options: &Options) -> Result<Server> {
    let own = || PathBuf::from(env!("CARGO_BIN_EXE_shirube"));
    let program = options.program.clone().unwrap_or_else(own);
    let mut child = Command::new(program)
        .args(["serve", "--addr", "127.0.0.1:0", "--store", &site.store])
        .current_dir(dir)
        .stdout(Stdio::piped())
        .spawn()
        .context("the program does not start")?;
    let output = child.stdout.take().context("no output")?;
    let mut lines = BufReader::new(output).lines();
    let url = lines.find_map(|line| {
        let line = line.ok()?;
        let at = line.find("http://127.0.0.1:")?;
        let rest = line.get(at..)?;
        rest.split_whitespace().next().map(str::to_owned)
    });
    // The pipe stays open, or the program's next line would find nobody.
    std::thread::spawn(move || lines.for_each(drop));
    let server = Server { url: url.unwrap_or_default(), child };
    anyhow::ensure!(!server.url.is_empty(), "the program printed no address");
    Ok(server)
}
