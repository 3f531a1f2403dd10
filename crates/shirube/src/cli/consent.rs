//! Arguments of `shirube consent`, and of whoever asks by choices.
#![allow(missing_docs, clippy::missing_docs_in_private_items)]

use std::path::PathBuf;

use chrono::NaiveDate;
use clap::{Args, Subcommand};
use shirube_store::StoreAddress;

use super::StoreArgs;

#[derive(Debug, Args)]
pub(crate) struct ConsentArgs {
    #[command(subcommand)]
    pub(crate) command: ConsentCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConsentCommand {
    Import(ConsentImportArgs),
    Notices(NoticesArgs),
    Export(ConsentExportArgs),
    Exclusions(ExclusionsArgs),
    Statement(StatementArgs),
}

/// Where persons get their numbers, and who enters something about them.
#[derive(Debug, Args)]
pub(crate) struct DeskArgs {
    #[command(flatten)]
    pub(crate) at: StoreArgs,
    #[arg(long)]
    pub(crate) key: PathBuf,
    #[arg(long)]
    pub(crate) data_set: String,
    #[arg(long, default_value = "research")]
    pub(crate) purpose: String,
    #[arg(long, default_value = "import")]
    pub(crate) actor: String,
    #[arg(long)]
    pub(crate) reason: String,
}

#[derive(Debug, Args)]
pub(crate) struct ConsentImportArgs {
    #[arg(long)]
    pub(crate) fhir: PathBuf,
    #[command(flatten)]
    pub(crate) desk: DeskArgs,
}

#[derive(Debug, Args)]
pub(crate) struct NoticesArgs {
    #[arg(id = "notices")]
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) desk: DeskArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ConsentExportArgs {
    #[command(flatten)]
    pub(crate) at: StoreArgs,
    #[arg(long)]
    pub(crate) data_set: String,
    #[arg(long)]
    pub(crate) output: PathBuf,
}

/// What the records are asked for.
#[derive(Debug, Args)]
pub(crate) struct UseArgs {
    #[arg(long)]
    pub(crate) use_purpose: Option<String>,
    #[arg(long)]
    pub(crate) recipients: Option<String>,
    #[arg(long)]
    pub(crate) use_day: Option<NaiveDate>,
}

/// The registers that say whom a query leaves out.
#[derive(Debug, Args)]
pub(crate) struct ChoiceArgs {
    #[arg(long)]
    pub(crate) choices: Option<StoreAddress>,
    #[command(flatten)]
    pub(crate) for_use: UseArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ExclusionsArgs {
    #[command(flatten)]
    pub(crate) at: StoreArgs,
    #[arg(long)]
    pub(crate) records: PathBuf,
    #[arg(long)]
    pub(crate) snapshot: String,
    #[command(flatten)]
    pub(crate) for_use: UseArgs,
    #[arg(long)]
    pub(crate) reveal_to: Option<PathBuf>,
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct StatementArgs {
    #[command(flatten)]
    pub(crate) at: StoreArgs,
    #[arg(long)]
    pub(crate) data_set: String,
    #[arg(long, conflicts_with = "source_id")]
    pub(crate) person: Option<String>,
    #[arg(long, requires = "key")]
    pub(crate) source_id: Option<String>,
    #[arg(long)]
    pub(crate) key: Option<PathBuf>,
    #[arg(long, default_value = "research")]
    pub(crate) purpose: String,
    #[arg(long)]
    pub(crate) ledger: PathBuf,
    #[arg(long)]
    pub(crate) json: bool,
}
