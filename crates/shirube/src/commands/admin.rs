//! `shirube admin`: init, rebuild, verify, info.

use std::process::ExitCode;

use shirube_store::{Access, OpenOptions, Store, StoreClass};

use crate::cli::{AdminArgs, AdminCommand, StoreArgs};
use crate::commands::account;
use crate::output::{Failure, Out};
use crate::packs;

pub(crate) async fn run(args: AdminArgs, out: &Out) -> Result<ExitCode, Failure> {
    match args.command {
        AdminCommand::Init { at } => init(&at, out).await,
        AdminCommand::Rebuild { at } => {
            let opened = packs::open(&at, Access::Write).await?;
            let before = opened.store.projection_digest().await?;
            let rebuilt = opened.store.rebuild().await?;
            let after = opened.store.projection_digest().await?;
            let key = if before == after { "cli.admin.rebuilt-same" } else { "cli.admin.rebuilt" };
            out.say(
                key,
                &[
                    ("records", rebuilt.records.to_string()),
                    ("searchable", rebuilt.searchable.to_string()),
                    ("digest", hex(&after)),
                ],
            );
            Ok(ExitCode::SUCCESS)
        }
        AdminCommand::Verify { at } => verify(&at, out).await,
        AdminCommand::Account(args) => account::run(args, out).await,
        AdminCommand::Info { at } => {
            let opened = packs::open(&at, Access::Read).await?;
            let head = opened.store.head().await?;
            let meta = opened.store.meta();
            out.say(
                "cli.admin.info",
                &[
                    ("class", meta.class.code().to_owned()),
                    ("pack", meta.pack.clone()),
                    ("created", meta.created_at.to_rfc3339()),
                    ("seq", head.seq.to_string()),
                    ("hash", hex(&head.hash)),
                    ("recorded", head.recorded_at.to_rfc3339()),
                ],
            );
            Ok(ExitCode::SUCCESS)
        }
    }
}

async fn init(at: &StoreArgs, out: &Out) -> Result<ExitCode, Failure> {
    let pack = packs::read(at.pack.as_deref())?;
    let options = OpenOptions::new(StoreClass::Live, pack.info.id).create();
    let store = Store::open(&at.store, options).await?;
    store.close().await?;
    out.say("cli.admin.made", &[("dir", at.store.display().to_string())]);
    Ok(ExitCode::SUCCESS)
}

async fn verify(at: &StoreArgs, out: &Out) -> Result<ExitCode, Failure> {
    let opened = packs::open(at, Access::Read).await?;
    let report = opened.store.verify_chain().await?;
    if let Some(refusal) = report.refusal() {
        out.refusals(&[refusal]);
        return Ok(ExitCode::from(1));
    }
    out.say(
        "cli.admin.verified",
        &[("events", report.events.to_string()), ("hash", hex(&report.head.hash))],
    );
    Ok(ExitCode::SUCCESS)
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
