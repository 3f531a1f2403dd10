//! `shirube admin account`: add, list, recover.

use std::collections::BTreeSet;
use std::process::ExitCode;

use chrono::Utc;
use shirube_access::{AccountText, Accounts, By, FILE, Grant, RECOVERY_HOURS};
use shirube_model::lang::LocalText;
use shirube_store::{Store, StoreAddress};

use crate::cli::{AccountAddArgs, AccountArgs, AccountCommand};
use crate::output::{Failure, Out};

/// Who the history of accounts names for what was done here.
const ACTOR: &str = "command line";

pub(crate) async fn run(args: AccountArgs, out: &Out) -> Result<ExitCode, Failure> {
    match args.command {
        AccountCommand::Add(args) => add(args, out).await,
        AccountCommand::List { store } => {
            for account in open(&store).await?.list().await? {
                let roles: Vec<String> = account.grants.iter().map(Grant::to_string).collect();
                let live =
                    if account.live(Utc::now()) { "cli.account.live" } else { "cli.account.dead" };
                out.line(format!(
                    "{}\t{}\t{}\t{}\t{}",
                    account.name,
                    account.display.get(out.lang),
                    out.text(live),
                    roles.join(" "),
                    account.id,
                ));
            }
            Ok(ExitCode::SUCCESS)
        }
        AccountCommand::Recover { store, name, reason } => {
            let accounts = open(&store).await?;
            let account = accounts.by_name(&name).await?;
            let by = By { actor: ACTOR, reason: &reason };
            link(&accounts, &account.id, by, out).await
        }
    }
}

/// The accounts beside the evidence of an existing store.
async fn open(store: &StoreAddress) -> Result<Accounts, Failure> {
    Store::peek(store).await?;
    Ok(Accounts::open(&store.dir().join(FILE)).await?)
}

async fn add(args: AccountAddArgs, out: &Out) -> Result<ExitCode, Failure> {
    let grants: BTreeSet<Grant> =
        args.role.iter().map(|role| Grant::parse(role)).collect::<Result<_, _>>()?;
    let text = AccountText {
        name: args.name,
        display: LocalText::new(args.display_ja, args.display_en),
        email: args.email,
        grants,
        valid_from: args.valid_from,
        valid_to: args.valid_to,
        ..AccountText::default()
    };
    let accounts = open(&args.store).await?;
    let by = By { actor: ACTOR, reason: &args.reason };
    let account = accounts.add(text, None, by, Utc::now()).await?;
    out.say("cli.account.made", &[("name", account.name.clone())]);
    link(&accounts, &account.id, by, out).await
}

/// Prints a one-time link instead of taking a password, which would stay in the
/// history of the shell.
async fn link(
    accounts: &Accounts,
    account: &str,
    by: By<'_>,
    out: &Out,
) -> Result<ExitCode, Failure> {
    let secret = accounts.recovery(account, by, Utc::now()).await?;
    let path = format!("/{}/recover?link={}", out.lang.tag(), secret.expose());
    out.say("cli.account.link", &[("hours", RECOVERY_HOURS.to_string())]);
    out.line(path);
    accounts.close().await;
    Ok(ExitCode::SUCCESS)
}
