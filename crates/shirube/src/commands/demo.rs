//! `shirube demo`: everything at once, on made-up evidence in a store of its own.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use chrono::Utc;
use indicatif::{ProgressBar, ProgressStyle};
use serde::{Deserialize, Serialize};
use shirube_access::{AccountText, Accounts, By, FILE, Grant};
use shirube_cycle::{FollowUp, OpenCycle};
use shirube_exchange::enter_evidence;
use shirube_model::calendar::FiscalYear;
use shirube_model::lang::LocalText;
use shirube_model::refusal::Refusal;
use shirube_pack::Pack;
use shirube_store::{Access, OpenOptions, Store, StoreClass};
use shirube_testkit::{demo_clock, fill_store};
use shirube_web::WebOptions;

use crate::cli::{DemoArgs, StoreArgs};
use crate::commands::demo_records;
use crate::commands::serve::Site;
use crate::output::{Failure, Out};
use crate::packs::{self, Opened};

/// Password of every account of the demo. It is no secret: a demo store holds
/// nothing real.
const PASSWORD: &str = "open to everybody";
/// One account for every role: name, name shown, roles.
const ACCOUNTS: [(&str, &str, &str, &[&str]); 9] = [
    ("participant", "参画者", "Participant", &["participant@文"]),
    ("lead", "主担当", "Lead", &["lead@厚", "lead@文"]),
    ("secretariat", "事務局", "Secretariat", &["secretariat"]),
    ("registrar", "台帳管理者", "Registrar", &["registrar"]),
    ("reviewer", "審査者", "Reviewer", &["reviewer"]),
    ("reviewer-2", "第二審査者", "Second reviewer", &["reviewer"]),
    (demo_records::RESEARCHER, "利用研究者", "Researcher", &["researcher"]),
    ("auditor", "監査者", "Auditor", &["auditor"]),
    ("admin", "管理者", "Administrator", &["admin"]),
];
/// File that says which evidence a demo directory holds.
const MARK: &str = "demo.json";
/// Directory of the store of real evidence, inside the demo's.
const REAL: &str = "real";

/// What a demo store was filled with.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Mark {
    software: String,
    pack: String,
    events: usize,
    #[serde(default)]
    persons: u64,
    seed: u64,
}

pub(crate) async fn run(args: DemoArgs, out: &Out) -> Result<ExitCode, Failure> {
    let pack = packs::read(None)?;
    let mark = Mark {
        software: shirube_indicators::engine::software(),
        pack: pack.info.id.clone(),
        events: args.events,
        persons: args.persons,
        seed: args.seed,
    };
    if args.fresh {
        remove(&args.dir)?;
    }
    let fresh = match found(&args.dir)? {
        Some(found) if found == mark => {
            out.note(out.text("cli.demo.reused"));
            false
        }
        Some(_) => {
            return Err(Refusal::new("cli.demo.other-evidence")
                .file(args.dir.display().to_string())
                .into());
        }
        None => {
            fill(&args, &mark, out).await?;
            true
        }
    };
    let at = StoreArgs { store: args.dir.clone().into(), pack: None };
    let opened = packs::open(&at, Access::Write).await?;
    if fresh {
        open_follow_up(&opened, out).await?;
    }
    out.note(out.text("cli.demo.computing"));
    let day = opened.engine.latest_day();
    let board = opened.engine.board(day).await?;
    out.say(
        "cli.demo.computed",
        &[("results", board.results.len().to_string()), ("day", day.to_string())],
    );
    if args.prepare_only {
        return Ok(ExitCode::SUCCESS);
    }
    let accounts = accounts(&args.dir).await?;
    let health = demo_records::open(&args.dir)?;
    let names = ACCOUNTS.iter().map(|(name, ..)| (*name).to_owned()).collect();
    let options = WebOptions {
        accounts: Some(accounts),
        demo_accounts: Some((names, PASSWORD.to_owned())),
        health: health.clone(),
        ..WebOptions::default()
    };
    let demo = Site::bind(opened, options, &args.addr).await?;
    if let Some(health) = &health {
        health.open_gates();
    }
    let real =
        Site::bind(real(&args.dir, &pack, out).await?, WebOptions::default(), &args.real_addr);
    let (demo, real) = demo.side_by_side(real.await?);
    out.say("cli.serve.ready", &[("url", demo.url.clone())]);
    for line in greeting(out) {
        out.line(line);
    }
    out.say("cli.demo.real-ready", &[("url", real.url.clone())]);
    tokio::try_join!(demo.serve(), real.serve())?;
    out.note(out.text("cli.serve.stopped"));
    Ok(ExitCode::SUCCESS)
}

/// Opens the follow-up of the last fiscal year that has ended, so that there is
/// something to contribute to, compile and judge.
async fn open_follow_up(opened: &Opened, out: &Out) -> Result<(), Failure> {
    let today = opened.engine.latest_day();
    let year = FiscalYear(FiscalYear::of(today).0 - 1);
    let ask = OpenCycle::proposed(year, today);
    let by = shirube_cycle::By {
        actor: "demo".to_owned(),
        reason: out.text("cli.demo.follow-up"),
        on: today,
    };
    let desk = FollowUp::new(opened.store.clone(), opened.pack.clone(), opened.engine.clone());
    desk.open_cycle(&ask, &by).await?;
    Ok(())
}

/// The store of real evidence beside the demo: what the pack brings along, and
/// whatever the user has imported there since.
async fn real(dir: &Path, pack: &Pack, out: &Out) -> Result<Opened, Failure> {
    let dir = dir.join(REAL);
    std::fs::create_dir_all(&dir)?;
    let options = OpenOptions::new(StoreClass::Live, pack.info.id.clone()).create();
    let store = Store::open(&dir, options).await?;
    let reason = out.with("cli.evidence.reason", &[("version", pack.info.version.clone())]);
    enter_evidence(&store, &pack.info.id, &pack.evidence, "demo", &reason).await?;
    store.close().await?;
    packs::open(&StoreArgs { store: dir.into(), pack: None }, Access::Write).await
}

/// The accounts of the demo, made where they are not there yet.
async fn accounts(dir: &Path) -> Result<Accounts, Failure> {
    let accounts = Accounts::open(&dir.join(FILE)).await?;
    if accounts.count().await? > 0 {
        return Ok(accounts);
    }
    let by = By { actor: "demo", reason: "demo" };
    for (name, ja, en, roles) in ACCOUNTS {
        let grants = roles.iter().map(|role| Grant::parse(role)).collect::<Result<_, _>>()?;
        let text = AccountText {
            name: name.to_owned(),
            display: LocalText::new(ja, en),
            grants,
            demo: true,
            ..AccountText::default()
        };
        accounts.add(text, Some(PASSWORD), by, Utc::now()).await?;
    }
    Ok(accounts)
}

/// The sign-ins of the demo, a line each.
fn greeting(out: &Out) -> Vec<String> {
    let mut lines = vec![out.text("access.demo.accounts")];
    lines.extend(ACCOUNTS.iter().map(|(name, _, _, roles)| {
        let words = [
            ("name", (*name).to_owned()),
            ("password", PASSWORD.to_owned()),
            ("roles", roles.join(" ")),
        ];
        format!("  {}", out.with("access.demo.account", &words))
    }));
    lines
}

/// The mark of a demo directory; `None` where there is no store yet.
fn found(dir: &Path) -> Result<Option<Mark>, Failure> {
    let path = dir.join(MARK);
    if path.try_exists()? {
        let text = packs::read_text(&path)?;
        let mark = serde_json::from_str(&text);
        return mark.map(Some).map_err(|_| not_a_demo(dir));
    }
    let empty = match std::fs::read_dir(dir) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => true,
        Err(error) => return Err(error.into()),
    };
    // Without its mark a directory is a demo that was never finished, or
    // somebody's own files.
    if empty { Ok(None) } else { Err(not_a_demo(dir)) }
}

fn not_a_demo(dir: &Path) -> Failure {
    Refusal::new("cli.demo.not-a-demo").file(dir.display().to_string()).into()
}

/// Removes a demo store, and nothing that is not one.
fn remove(dir: &Path) -> Result<(), Failure> {
    if !dir.try_exists()? {
        return Ok(());
    }
    let finished = dir.join(MARK).try_exists()?;
    let begun = dir.join(format!("{MARK}.part")).try_exists()?;
    if !finished && !begun {
        return Err(not_a_demo(dir));
    }
    Ok(std::fs::remove_dir_all(dir)?)
}

async fn fill(args: &DemoArgs, mark: &Mark, out: &Out) -> Result<(), Failure> {
    std::fs::create_dir_all(&args.dir)?;
    let part = args.dir.join(format!("{MARK}.part"));
    let text = serde_json::to_string_pretty(mark).unwrap_or_default();
    std::fs::write(&part, &text)?;
    out.note(out.with("cli.demo.filling", &[("events", args.events.to_string())]));
    let clock = Arc::new(demo_clock());
    let options = OpenOptions::new(StoreClass::Demo, mark.pack.clone()).create().clock(clock);
    let store = Store::open(&args.dir, options).await?;
    let bar = ProgressBar::new(args.events as u64);
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos}/{len} {eta}") {
        bar.set_style(style);
    }
    fill_store(&store, args.events, args.seed, |done| {
        bar.set_position(done as u64);
    })
    .await?;
    bar.finish_and_clear();
    store.close().await?;
    demo_records::make(&args.dir, args.persons, args.seed, out)?;
    std::fs::rename(&part, args.dir.join(MARK))?;
    Ok(())
}
