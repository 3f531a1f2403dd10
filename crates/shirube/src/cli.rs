//! The command line as data. Help texts are in the message catalogues.
#![allow(missing_docs, clippy::missing_docs_in_private_items)]

pub(crate) mod consent;

use std::path::PathBuf;

use chrono::NaiveDate;
use clap::{Args, Parser, Subcommand, ValueEnum};
use shirube_store::StoreAddress;

#[derive(Debug, Parser)]
#[command(name = "shirube", version, propagate_version = true)]
pub(crate) struct Cli {
    #[arg(long, global = true, value_parser = ["ja", "en"])]
    pub(crate) lang: Option<String>,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Demo(DemoArgs),
    Serve(ServeArgs),
    Pack(PackArgs),
    Register(RegisterArgs),
    Indicators(IndicatorArgs),
    Cycle(CycleArgs),
    Records(RecordsArgs),
    Consent(consent::ConsentArgs),
    Gate(GateArgs),
    Admin(AdminArgs),
}

#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    #[arg(long, default_value = "127.0.0.1:8420")]
    pub(crate) addr: String,
    #[arg(long, default_value = "127.0.0.1:8421")]
    pub(crate) real_addr: String,
    #[arg(long, default_value_t = 100_000)]
    pub(crate) events: usize,
    #[arg(long, default_value_t = 2_000)]
    pub(crate) persons: u64,
    #[arg(long, default_value_t = 2025)]
    pub(crate) seed: u64,
    #[arg(long, default_value = "shirube-demo")]
    pub(crate) dir: PathBuf,
    #[arg(long)]
    pub(crate) fresh: bool,
    #[arg(long)]
    pub(crate) prepare_only: bool,
}

#[derive(Debug, Args)]
pub(crate) struct StoreArgs {
    #[arg(long)]
    pub(crate) store: StoreAddress,
    #[arg(long)]
    pub(crate) pack: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    #[command(flatten)]
    pub(crate) at: StoreArgs,
    #[arg(long, default_value = "127.0.0.1:8420")]
    pub(crate) addr: String,
    #[arg(long)]
    pub(crate) records: Option<PathBuf>,
    #[arg(long)]
    pub(crate) provider_file: Option<PathBuf>,
    #[arg(long)]
    pub(crate) behind_proxy: bool,
    #[arg(long)]
    pub(crate) secure_cookies: bool,
}

#[derive(Debug, Args)]
pub(crate) struct PackArgs {
    #[command(subcommand)]
    pub(crate) command: PackCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum PackCommand {
    Check {
        dir: Option<PathBuf>,
        #[arg(long)]
        json: bool,
    },
    Diff {
        before: PathBuf,
        after: PathBuf,
        #[arg(long)]
        json: bool,
    },
    New {
        dir: PathBuf,
        #[arg(long)]
        id: String,
        #[arg(long)]
        title_ja: String,
        #[arg(long)]
        title_en: String,
        #[arg(long)]
        from: NaiveDate,
        #[arg(long)]
        to: NaiveDate,
    },
}

#[derive(Debug, Args)]
pub(crate) struct RegisterArgs {
    #[command(subcommand)]
    pub(crate) command: RegisterCommand,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Csv,
    Ndjson,
    Parquet,
}

#[derive(Debug, Subcommand)]
pub(crate) enum RegisterCommand {
    Kinds,
    Schema {
        kind: String,
    },
    States {
        kind: String,
    },
    Import(ImportArgs),
    ImportReviewSheets(ReviewArgs),
    EnterEvidence(EvidenceArgs),
    SuggestLinks(LinkArgs),
    Export(ExportArgs),
    Show {
        #[command(flatten)]
        at: StoreArgs,
        record: String,
        #[arg(long)]
        as_of: Option<NaiveDate>,
    },
    History {
        #[command(flatten)]
        at: StoreArgs,
        record: String,
    },
    Search {
        #[command(flatten)]
        at: StoreArgs,
        query: String,
        #[arg(long)]
        kind: Option<String>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    #[command(flatten)]
    pub(crate) at: StoreArgs,
    pub(crate) file: PathBuf,
    #[arg(long)]
    pub(crate) kind: Option<String>,
    #[arg(long)]
    pub(crate) source: Option<String>,
    #[arg(long)]
    pub(crate) mapping: Option<PathBuf>,
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[arg(long)]
    pub(crate) resume: bool,
    #[arg(long, default_value = "import")]
    pub(crate) actor: String,
    #[arg(long)]
    pub(crate) reason: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct ReviewArgs {
    #[command(flatten)]
    pub(crate) at: StoreArgs,
    pub(crate) sheets: PathBuf,
    #[arg(long)]
    pub(crate) without_payments: bool,
    #[arg(long, default_value = "import")]
    pub(crate) actor: String,
    #[arg(long)]
    pub(crate) reason: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct EvidenceArgs {
    #[command(flatten)]
    pub(crate) at: StoreArgs,
    #[arg(long, default_value = "import")]
    pub(crate) actor: String,
    #[arg(long)]
    pub(crate) reason: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct LinkArgs {
    #[command(flatten)]
    pub(crate) at: StoreArgs,
    #[arg(long, default_value_t = 10)]
    pub(crate) limit: usize,
    #[arg(long, default_value = "import")]
    pub(crate) actor: String,
    #[arg(long)]
    pub(crate) reason: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct ExportArgs {
    #[command(flatten)]
    pub(crate) at: StoreArgs,
    pub(crate) kind: String,
    #[arg(long, value_enum, default_value_t = Format::Csv)]
    pub(crate) format: Format,
    #[arg(long)]
    pub(crate) output: PathBuf,
    #[arg(long)]
    pub(crate) as_of: Option<NaiveDate>,
    #[arg(long)]
    pub(crate) internal: bool,
}

#[derive(Debug, Args)]
pub(crate) struct IndicatorArgs {
    #[command(subcommand)]
    pub(crate) command: IndicatorCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum IndicatorCommand {
    List {
        #[command(flatten)]
        at: StoreArgs,
        #[arg(long)]
        as_of: Option<NaiveDate>,
        #[arg(long)]
        json: bool,
    },
    Explain {
        #[command(flatten)]
        at: DefaultStoreArgs,
        indicator: String,
        #[arg(long)]
        as_of: Option<NaiveDate>,
        #[arg(long)]
        reading: Option<String>,
        #[arg(long, default_value_t = 10)]
        rows: usize,
        #[arg(long)]
        json: bool,
    },
    Keep {
        #[command(flatten)]
        at: StoreArgs,
        indicator: Option<String>,
        #[arg(long)]
        as_of: Option<NaiveDate>,
    },
    Values {
        #[command(flatten)]
        at: StoreArgs,
        indicator: String,
    },
    Verify {
        #[command(flatten)]
        at: StoreArgs,
        indicator: Option<String>,
        #[arg(long)]
        value: Option<u64>,
    },
    Compare {
        #[command(flatten)]
        at: StoreArgs,
        #[arg(long)]
        as_of: Option<NaiveDate>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct CycleArgs {
    #[command(flatten)]
    pub(crate) at: StoreArgs,
    #[command(subcommand)]
    pub(crate) command: CycleCommand,
}

/// Who does something in the follow-up, why, and on which day.
#[derive(Debug, Args)]
pub(crate) struct ByArgs {
    #[arg(long)]
    pub(crate) actor: String,
    #[arg(long)]
    pub(crate) reason: Option<String>,
    #[arg(long)]
    pub(crate) on: Option<NaiveDate>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CycleCommand {
    Open {
        fiscal_year: i32,
        #[arg(long)]
        values_as_of: NaiveDate,
        #[arg(long)]
        contributions_due: Option<NaiveDate>,
        #[arg(long)]
        submissions_due: NaiveDate,
        #[command(flatten)]
        by: ByArgs,
    },
    Status {
        fiscal_year: i32,
    },
    Pack {
        fiscal_year: i32,
        #[arg(long)]
        ministry: Option<String>,
        #[arg(long)]
        directory: PathBuf,
    },
    Report {
        fiscal_year: i32,
        #[arg(long)]
        ministry: Option<String>,
        #[arg(long)]
        directory: PathBuf,
        #[arg(long)]
        publisher: Option<String>,
    },
    Step {
        record: String,
        step: String,
        #[arg(long = "field", value_name = "NAME=VALUE")]
        fields: Vec<String>,
        #[command(flatten)]
        by: ByArgs,
    },
    Approve {
        record: String,
        #[command(flatten)]
        by: ByArgs,
    },
    Return {
        record: String,
        #[arg(long)]
        because: String,
        #[command(flatten)]
        by: ByArgs,
    },
    Lock {
        fiscal_year: i32,
        #[command(flatten)]
        by: ByArgs,
    },
    Verify {
        fiscal_year: i32,
    },
    Revise {
        record: String,
        new_pack: PathBuf,
        #[command(flatten)]
        by: ByArgs,
    },
}

/// A store that may be left out: then the demo's.
#[derive(Debug, Args)]
pub(crate) struct DefaultStoreArgs {
    #[arg(long, default_value = "shirube-demo")]
    pub(crate) store: StoreAddress,
    #[arg(long)]
    pub(crate) pack: Option<PathBuf>,
}

impl From<DefaultStoreArgs> for StoreArgs {
    fn from(at: DefaultStoreArgs) -> Self {
        Self { store: at.store, pack: at.pack }
    }
}

#[derive(Debug, Args)]
pub(crate) struct AdminArgs {
    #[command(subcommand)]
    pub(crate) command: AdminCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AdminCommand {
    Init {
        #[command(flatten)]
        at: StoreArgs,
    },
    Rebuild {
        #[command(flatten)]
        at: StoreArgs,
    },
    Verify {
        #[command(flatten)]
        at: StoreArgs,
    },
    Info {
        #[command(flatten)]
        at: StoreArgs,
    },
    Move {
        #[arg(value_name = "FROM")]
        old_store: StoreAddress,
        #[arg(value_name = "TO")]
        new_store: StoreAddress,
    },
    Backup {
        #[arg(value_name = "STORE")]
        address: StoreAddress,
        #[arg(value_name = "FILE")]
        archive: PathBuf,
    },
    Restore {
        #[arg(value_name = "FILE")]
        archive: PathBuf,
        #[arg(value_name = "STORE")]
        address: StoreAddress,
    },
    Account(AccountArgs),
}

#[derive(Debug, Args)]
pub(crate) struct AccountArgs {
    #[command(subcommand)]
    pub(crate) command: AccountCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AccountCommand {
    Add(AccountAddArgs),
    List {
        #[arg(long)]
        store: StoreAddress,
    },
    Recover {
        #[arg(long)]
        store: StoreAddress,
        name: String,
        #[arg(long)]
        reason: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct AccountAddArgs {
    #[arg(long)]
    pub(crate) store: StoreAddress,
    pub(crate) name: String,
    #[arg(long)]
    pub(crate) display_ja: String,
    #[arg(long)]
    pub(crate) display_en: String,
    #[arg(long)]
    pub(crate) email: Option<String>,
    #[arg(long)]
    pub(crate) role: Vec<String>,
    #[arg(long)]
    pub(crate) valid_from: Option<NaiveDate>,
    #[arg(long)]
    pub(crate) valid_to: Option<NaiveDate>,
    #[arg(long, default_value = "command line")]
    pub(crate) reason: String,
}

#[derive(Debug, Args)]
pub(crate) struct RecordsArgs {
    #[command(subcommand)]
    pub(crate) command: RecordsCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum RecordsCommand {
    Import(RecordsImportArgs),
    List {
        #[arg(long)]
        records: PathBuf,
    },
    Show {
        #[arg(long)]
        records: PathBuf,
        snapshot: String,
        #[arg(long)]
        json: bool,
    },
    Verify {
        #[arg(long)]
        records: PathBuf,
        snapshot: String,
    },
    Quality(RecordsQualityArgs),
    Key {
        #[arg(id = "new_key", value_name = "FILE")]
        file: PathBuf,
    },
    Population(PopulationArgs),
}

#[derive(Debug, Args)]
pub(crate) struct RecordsQualityArgs {
    #[arg(long)]
    pub(crate) records: PathBuf,
    pub(crate) snapshot: String,
    #[arg(long)]
    pub(crate) thresholds: Option<PathBuf>,
    #[arg(long)]
    pub(crate) on: Option<NaiveDate>,
    #[arg(long)]
    pub(crate) json: bool,
    #[arg(long)]
    pub(crate) report: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct RecordsImportArgs {
    #[arg(long)]
    pub(crate) records: PathBuf,
    #[arg(long)]
    pub(crate) omop: Option<PathBuf>,
    #[arg(long)]
    pub(crate) fhir: Option<PathBuf>,
    #[arg(long)]
    pub(crate) views: Option<PathBuf>,
    #[arg(long)]
    pub(crate) data_set: String,
    #[arg(long)]
    pub(crate) key: Option<PathBuf>,
    #[arg(long, default_value = "research")]
    pub(crate) purpose: String,
    #[arg(long, default_value_t = 0)]
    pub(crate) shift_days: u32,
    #[arg(long)]
    pub(crate) keep_identifiers: bool,
    #[arg(long, value_enum, default_value_t = CsvEncoding::Utf8)]
    pub(crate) encoding: CsvEncoding,
    #[arg(long, default_value_t = 2)]
    pub(crate) threads: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum CsvEncoding {
    Utf8,
    Cp932,
}

#[derive(Debug, Args)]
pub(crate) struct PopulationArgs {
    #[arg(long)]
    pub(crate) persons: u64,
    #[arg(long, default_value_t = 2025)]
    pub(crate) seed: u64,
    #[arg(long, default_value = "2025-03-31")]
    pub(crate) until: NaiveDate,
    #[arg(long)]
    pub(crate) dir: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct GateArgs {
    #[command(subcommand)]
    pub(crate) command: GateCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum GateCommand {
    Audit(GateAuditArgs),
    Protect(GateProtectArgs),
    Query(GateQueryArgs),
    Queue(GateQueueArgs),
    Review(GateReviewArgs),
    Show(GateShowArgs),
    Ledger(GateLedgerArgs),
}

#[derive(Debug, Args)]
pub(crate) struct GateQueryArgs {
    pub(crate) sql: Option<String>,
    #[arg(id = "sql_file", long = "file", value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    #[arg(long)]
    pub(crate) records: PathBuf,
    #[arg(long)]
    pub(crate) snapshot: String,
    #[command(flatten)]
    pub(crate) guard: GuardArgs,
    #[arg(long)]
    pub(crate) permit: String,
    #[arg(long)]
    pub(crate) asker: Option<String>,
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct GateQueueArgs {
    #[arg(long)]
    pub(crate) ledger: PathBuf,
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("verdict").required(true)))]
pub(crate) struct GateReviewArgs {
    pub(crate) entry: u64,
    #[arg(long)]
    pub(crate) ledger: PathBuf,
    #[arg(long, group = "verdict")]
    pub(crate) approve: bool,
    #[arg(long, group = "verdict")]
    pub(crate) reject: bool,
    #[arg(long)]
    pub(crate) reason: String,
    #[arg(long)]
    pub(crate) reviewer: String,
    #[arg(long)]
    pub(crate) opt_out: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct GateShowArgs {
    pub(crate) entry: u64,
    #[arg(long)]
    pub(crate) ledger: PathBuf,
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct GuardArgs {
    #[arg(long)]
    pub(crate) ledger: PathBuf,
    #[arg(long, default_value = "ndb-publication")]
    pub(crate) policy: String,
    #[arg(long)]
    pub(crate) secret: Option<PathBuf>,
    #[arg(long)]
    pub(crate) opt_out: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) choices: consent::ChoiceArgs,
}

#[derive(Debug, Args)]
pub(crate) struct GateLedgerArgs {
    #[command(flatten)]
    pub(crate) guard: GuardArgs,
    #[arg(long, requires = "snapshot")]
    pub(crate) records: Option<PathBuf>,
    #[arg(long, requires = "records")]
    pub(crate) snapshot: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct GateAuditArgs {
    #[arg(required = true)]
    pub(crate) paths: Vec<PathBuf>,
    #[arg(long, default_value = "ndb-open-data")]
    pub(crate) policy: String,
    #[arg(long)]
    pub(crate) layout: Option<PathBuf>,
    #[arg(long)]
    pub(crate) report: Option<PathBuf>,
    #[arg(long)]
    pub(crate) json: Option<PathBuf>,
    #[arg(long)]
    pub(crate) reveal: bool,
    #[arg(long, default_value_t = 2)]
    pub(crate) threads: usize,
}

#[derive(Debug, Args)]
pub(crate) struct GateProtectArgs {
    pub(crate) table: PathBuf,
    #[arg(long, default_value = "ndb-publication")]
    pub(crate) policy: String,
    #[arg(long)]
    pub(crate) layout: Option<PathBuf>,
    #[arg(long)]
    pub(crate) output: Option<PathBuf>,
}
