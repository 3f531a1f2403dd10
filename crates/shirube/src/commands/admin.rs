//! `shirube admin`: init, rebuild, verify, info, move, backup, restore.

use std::path::Path;
use std::process::ExitCode;

use shirube_store::{Access, OpenOptions, Store, StoreAddress, StoreClass, Transfer};

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
        AdminCommand::Move { old_store, new_store } => {
            let moved = Store::copy(&old_store, &new_store).await?;
            say_transfer(out, "cli.admin.moved", &moved, new_store.to_string());
            Ok(ExitCode::SUCCESS)
        }
        AdminCommand::Backup { address, archive } => backup(&address, &archive, out).await,
        AdminCommand::Restore { archive, address } => {
            let restored = Store::restore(&archive, &address).await?;
            say_transfer(out, "cli.admin.restored", &restored, address.to_string());
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// Reads beside the instance that serves the store, and needs no pack.
async fn backup(address: &StoreAddress, archive: &Path, out: &Out) -> Result<ExitCode, Failure> {
    let meta = Store::peek(address).await?;
    let options = OpenOptions::new(meta.class, meta.pack).read_only();
    let store = Store::open(address, options).await?;
    let made = store.backup(archive).await?;
    store.close().await?;
    say_transfer(out, "cli.admin.backed-up", &made, archive.display().to_string());
    Ok(ExitCode::SUCCESS)
}

fn say_transfer(out: &Out, key: &'static str, transfer: &Transfer, place: String) {
    out.say(
        key,
        &[
            ("place", place),
            ("events", transfer.head.seq.to_string()),
            ("values", transfer.values.to_string()),
            ("hash", hex(&transfer.head.hash)),
        ],
    );
}

async fn init(at: &StoreArgs, out: &Out) -> Result<ExitCode, Failure> {
    let pack = packs::read(at.pack.as_deref())?;
    let options = OpenOptions::new(StoreClass::Live, pack.info.id).create();
    let store = Store::open(&at.store, options).await?;
    store.close().await?;
    out.say("cli.admin.made", &[("dir", at.store.to_string())]);
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
