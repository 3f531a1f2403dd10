//! Fuzzes the parsers for a given time; `cargo xtask fuzz` is the way in.
//!
//! Each target runs in a process of its own, which notes the number of the
//! input it is about to try. When that process panics, dies or stands still,
//! the number is enough to make the input again.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command-line tool prints")]

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, ExitStatus};
use std::time::{Duration, Instant};

use shirube_testkit::fuzz::{Inputs, TARGETS, Target, attempt, fingerprint, shrink};

/// Longest time for one input. The slowest seen takes milliseconds, so this
/// names a hang even on a machine under load.
const STILL_MAX: Duration = Duration::from_secs(60);
/// Exit code of a process that met a panic, apart from any that the system or
/// Rust uses.
const PANICKED: u8 = 77;

const USAGE: &str = "\
usage: fuzz [--seconds N] [--seed N] [--out DIR] [TARGET ...]
       fuzz --replay FILE TARGET
       fuzz --list
";

type Failure = Box<dyn std::error::Error>;

#[derive(Debug)]
struct Options {
    seconds: u64,
    seed: u64,
    out: PathBuf,
    /// Run the one target in this process, up to the end of the time.
    inside: bool,
    replay: Option<PathBuf>,
    list: bool,
    targets: Vec<&'static Target>,
}

fn main() -> ExitCode {
    match options().and_then(|options| run(&options)) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("{error}\n\n{USAGE}");
            ExitCode::from(2)
        }
    }
}

fn options() -> Result<Options, Failure> {
    let mut options = Options {
        seconds: 30,
        seed: 1,
        out: PathBuf::from("target/fuzz"),
        inside: false,
        replay: None,
        list: false,
        targets: Vec::new(),
    };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or_else(|| format!("`{word}` needs a value"));
        match word.as_str() {
            "--seconds" => options.seconds = value()?.parse()?,
            "--seed" => options.seed = value()?.parse()?,
            "--out" => options.out = value()?.into(),
            "--replay" => options.replay = Some(value()?.into()),
            "--inside" => options.inside = true,
            "--list" => options.list = true,
            name => {
                let target =
                    Target::named(name).ok_or_else(|| format!("no such target: `{name}`"))?;
                options.targets.push(target);
            }
        }
    }
    if options.targets.is_empty() {
        options.targets = TARGETS.iter().collect();
    }
    Ok(options)
}

fn run(options: &Options) -> Result<ExitCode, Failure> {
    if options.list {
        for target in TARGETS {
            println!("{}", target.name);
        }
        return Ok(ExitCode::SUCCESS);
    }
    if options.replay.is_some() || options.inside {
        let [target] = options.targets.as_slice() else { return Err("name one target".into()) };
        return match &options.replay {
            Some(file) => replay(target, file),
            None => inside(target, options),
        };
    }
    let mut failed = 0_u32;
    for target in &options.targets {
        failed += u32::from(!outside(target, options)?);
    }
    println!("{} passed, {failed} failed", options.targets.len() - usize::try_from(failed)?);
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn replay(target: &Target, file: &Path) -> Result<ExitCode, Failure> {
    let input = std::fs::read(file)?;
    (target.run)(&input);
    println!("{}: holds on `{}`", target.name, file.display());
    Ok(ExitCode::SUCCESS)
}

/// Where the process inside notes its position.
fn note_path(target: &Target, out: &Path) -> PathBuf {
    out.join(target.name).join("position")
}

/// Tries inputs until the time is over or one breaks.
fn inside(target: &Target, options: &Options) -> Result<ExitCode, Failure> {
    // The panic is reported with its input, once, when it is caught.
    std::panic::set_hook(Box::new(|_| {}));
    let corpus = target.corpus()?;
    let inputs = Inputs::new(target, &corpus, options.seed);
    let note = File::options().write(true).open(note_path(target, &options.out))?;
    let end = Instant::now() + Duration::from_secs(options.seconds);
    let whole = u64::try_from(corpus.len())?;
    let mut index = 0;
    while index < whole || Instant::now() < end {
        note.write_all_at(&index.to_le_bytes(), 0)?;
        let input = inputs.get(index);
        if let Err(message) = attempt(target, &input) {
            println!("{}: seed {}, input {index}: {message}", target.name, options.seed);
            let shrunk = shrink(target, input, 5_000);
            save(target, &options.out, "crash", &shrunk)?;
            return Ok(ExitCode::from(PANICKED));
        }
        index += 1;
    }
    println!("{}: {index} inputs hold, {} from the corpus", target.name, corpus.len());
    Ok(ExitCode::SUCCESS)
}

/// Runs one target in a process of its own and judges how it ended.
fn outside(target: &Target, options: &Options) -> Result<bool, Failure> {
    std::fs::create_dir_all(options.out.join(target.name))?;
    // A position left by an earlier run must not be taken for this one's.
    std::fs::write(note_path(target, &options.out), [])?;
    let mut child = Command::new(std::env::current_exe()?)
        .args(["--inside", "--seconds", &options.seconds.to_string()])
        .args(["--seed", &options.seed.to_string(), "--out"])
        .arg(&options.out)
        .arg(target.name)
        .spawn()?;
    let Some(status) = watch(&mut child, &note_path(target, &options.out))? else {
        keep(target, options, "hang", "stands still")?;
        return Ok(false);
    };
    if !status.success() && status.code() != Some(i32::from(PANICKED)) {
        keep(target, options, "crash", &status.to_string())?;
    }
    Ok(status.success())
}

/// Waits for the process; ends it, and returns nothing, when it tries one
/// input for longer than [`STILL_MAX`].
fn watch(child: &mut Child, note: &Path) -> Result<Option<ExitStatus>, Failure> {
    let (mut last, mut since) = (None, Instant::now());
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        let position = std::fs::read(note).ok();
        if position != last {
            (last, since) = (position, Instant::now());
        } else if since.elapsed() > STILL_MAX {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Makes the input of the noted position again and keeps it.
fn keep(target: &Target, options: &Options, kind: &str, fault: &str) -> Result<(), Failure> {
    let bytes: [u8; 8] = std::fs::read(note_path(target, &options.out))?
        .try_into()
        .map_err(|_| format!("{}: {fault}, before any input", target.name))?;
    let index = u64::from_le_bytes(bytes);
    println!("{}: seed {}, input {index}: {fault}", target.name, options.seed);
    let corpus = target.corpus()?;
    save(target, &options.out, kind, &Inputs::new(target, &corpus, options.seed).get(index))
}

fn save(target: &Target, out: &Path, kind: &str, input: &[u8]) -> Result<(), Failure> {
    let path = out.join(target.name).join(format!("{kind}-{}", fingerprint(input)));
    std::fs::write(&path, input)?;
    println!("{} bytes kept: {}", input.len(), path.display());
    println!("again: cargo xtask fuzz --replay {} {}", path.display(), target.name);
    Ok(())
}
