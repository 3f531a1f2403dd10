//! The audit of a set of files.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use shirube_model::refusal::Refusal;

use crate::attack::{Attack, Origin, Verdict, attack};
use crate::policy::Policy;
use crate::read::{Layouts, Limits, PublishedTable, SheetOutcome, Workbook, open, recognise};
use crate::table::CellRef;

use super::family::{Family, SumCheck, facts, families};
use super::leak::{Leak, Nature, leaks, options};
use super::remedy::{Remedy, remedy};
use super::unit::{Built, Equation, World, build, units};

/// How an audit is run.
#[derive(Debug, Clone)]
pub struct AuditOptions {
    /// Rules the tables are judged by.
    pub policy: Policy,
    /// How the tables are laid out.
    pub layouts: Layouts,
    /// Limits of each file.
    pub limits: Limits,
    /// Threads; the result is the same whatever their number.
    pub threads: usize,
    /// Whether to find out what to mask in addition.
    pub remedies: bool,
}

impl AuditOptions {
    /// The audit of NDB Open Data by its own printed rule.
    ///
    /// # Errors
    /// Never for a released build.
    pub fn ndb_open_data() -> Result<Self, Refusal> {
        Ok(Self {
            policy: Policy::embedded("ndb-open-data")?,
            layouts: Layouts::ndb_open_data()?,
            limits: Limits::default(),
            threads: 2,
            remedies: true,
        })
    }
}

/// Which part of an audit is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Files are being read.
    Reading,
    /// Rows are being attacked.
    Attacking,
}

/// Hears how far an audit has come: stage, done, of how many.
pub type Heard<'a> = &'a (dyn Fn(Stage, usize, usize) + Sync);

/// A file and what became of its sheets.
#[derive(Debug)]
pub(super) struct FileRead {
    pub(super) name: String,
    pub(super) outcome: Result<Vec<(String, SheetOutcome)>, Refusal>,
}

/// Everything an audit found, before it is written up.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) files: Vec<FileSummaryIn>,
    pub(super) tables: Vec<PublishedTable>,
    pub(super) checks: Vec<SumCheck>,
    pub(super) units: Vec<UnitFound>,
}

/// A file without its tables.
#[derive(Debug)]
pub(super) struct FileSummaryIn {
    pub(super) name: String,
    pub(super) refusal: Option<Refusal>,
    pub(super) sheets: Vec<SheetIn>,
}

/// What became of a sheet.
#[derive(Debug)]
pub(super) enum SheetIn {
    Table(usize),
    NotCounted { cells: u64, masked: u64 },
    Empty,
    NotUnderstood(Refusal),
}

/// What the attack found in one unit.
#[derive(Debug, Default)]
pub(super) struct UnitFound {
    pub(super) leaks: Vec<Leak>,
    /// Hidden cells with the verdict safe, and undecided.
    pub(super) safe: u64,
    pub(super) undecided: Vec<CellRef>,
    pub(super) disagreeing: Vec<(CellRef, CellRef)>,
    /// Sums that contradict the others; each was set aside.
    pub(super) broken: Vec<Equation>,
    pub(super) remedy: Option<Remedy>,
}

/// The workbooks and CSV files below the given paths, by name.
///
/// # Errors
/// `gate.audit.no-files`: nothing to read; `gate.read.cannot-open`.
pub fn files_below(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Refusal> {
    let mut files = Vec::new();
    for path in paths {
        collect(path, 0, &mut files)?;
    }
    files.sort();
    files.dedup();
    if files.is_empty() { Err(Refusal::new("gate.audit.no-files")) } else { Ok(files) }
}

/// Folders within folders that are followed.
const DEPTH_MAX: usize = 8;

fn collect(path: &Path, depth: usize, files: &mut Vec<PathBuf>) -> Result<(), Refusal> {
    let cannot = || Refusal::new("gate.read.cannot-open").file(path.display().to_string());
    let about = std::fs::metadata(path).map_err(|_| cannot())?;
    if about.is_file() {
        files.push(path.to_owned());
        return Ok(());
    }
    if depth > DEPTH_MAX {
        return Ok(());
    }
    for entry in std::fs::read_dir(path).map_err(|_| cannot())? {
        let below = entry.map_err(|_| cannot())?.path();
        let extension = below.extension().map(|e| e.to_ascii_lowercase());
        let table = extension.is_some_and(|e| e == "xlsx" || e == "xlsm" || e == "csv");
        // Lock files that a spreadsheet program leaves behind.
        let lock = below.file_name().is_some_and(|n| n.to_string_lossy().starts_with("~$"));
        if below.is_dir() || (table && !lock) {
            collect(&below, depth + 1, files)?;
        }
    }
    Ok(())
}

/// Does `work` for every number below `count`, on several threads; the results
/// come back in order.
fn in_order<T: Send>(count: usize, threads: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let results: Mutex<Vec<(usize, T)>> = Mutex::new(Vec::with_capacity(count));
    std::thread::scope(|scope| {
        for _ in 0..threads.clamp(1, 64) {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    if at >= count {
                        return;
                    }
                    let result = work(at);
                    if let Ok(mut results) = results.lock() {
                        results.push((at, result));
                    }
                }
            });
        }
    });
    let mut results = results.into_inner().unwrap_or_default();
    results.sort_by_key(|(at, _)| *at);
    results.into_iter().map(|(_, result)| result).collect()
}

/// Reads files and recognises their sheets.
pub(super) fn read_files(
    files: &[PathBuf],
    options: &AuditOptions,
    heard: Heard<'_>,
) -> Vec<FileRead> {
    let done = AtomicUsize::new(0);
    in_order(files.len(), options.threads, |at| {
        let path = files.get(at).map_or(Path::new(""), PathBuf::as_path);
        let name = path.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
        let outcome = open(path, &options.limits).map(|book| sheets_of(&book, &options.layouts));
        heard(Stage::Reading, done.fetch_add(1, Ordering::Relaxed) + 1, files.len());
        FileRead { name, outcome }
    })
}

pub(super) fn sheets_of(book: &Workbook, layouts: &Layouts) -> Vec<(String, SheetOutcome)> {
    let outcome = |sheet| recognise(&book.name, sheet, layouts);
    book.sheets.iter().map(|sheet| (sheet.name.clone(), outcome(sheet))).collect()
}

/// Attacks everything that was read.
pub(super) fn attack_files(files: Vec<FileRead>, audit: &AuditOptions, heard: Heard<'_>) -> Found {
    let (files, tables) = separate(files);
    let (facts, mut checks) = facts(&tables, &audit.layouts);
    let families = families(&tables, &audit.layouts);
    let mut world = World {
        tables: &tables,
        facts: &facts,
        layouts: &audit.layouts,
        nests: true,
        width: audit.policy.width,
        threshold: audit.policy.threshold.max(1),
    };
    let nests = super::nest_check::check(&families, world);
    world.nests = nests.iter().all(|check| check.used);
    checks.extend(nests);
    let done = AtomicUsize::new(0);
    let by_family = in_order(families.len(), audit.threads, |at| {
        let found = families.get(at).map_or_else(Vec::new, |f| attack_family(f, world, audit));
        heard(Stage::Attacking, done.fetch_add(1, Ordering::Relaxed) + 1, families.len());
        found
    });
    let units = by_family.into_iter().flatten().collect();
    Found { files, tables, checks, units }
}

fn separate(files: Vec<FileRead>) -> (Vec<FileSummaryIn>, Vec<PublishedTable>) {
    let mut tables = Vec::new();
    let mut summaries = Vec::new();
    for file in files {
        let (refusal, outcomes) = match file.outcome {
            Ok(outcomes) => (None, outcomes),
            Err(refusal) => (Some(refusal), Vec::new()),
        };
        let mut sheets = Vec::new();
        for (_, outcome) in outcomes {
            sheets.push(match outcome {
                SheetOutcome::Table(table) => {
                    tables.push(*table);
                    SheetIn::Table(tables.len() - 1)
                }
                SheetOutcome::NotCounted { table } => {
                    SheetIn::NotCounted { cells: table.filled(), masked: table.masked() }
                }
                SheetOutcome::Empty => SheetIn::Empty,
                SheetOutcome::NotUnderstood(refusal) => SheetIn::NotUnderstood(refusal),
            });
        }
        summaries.push(FileSummaryIn { name: file.name, refusal, sheets });
    }
    (summaries, tables)
}

fn attack_family(family: &Family, world: World<'_>, audit: &AuditOptions) -> Vec<UnitFound> {
    let threshold = |cell: CellRef| threshold_of(world, cell);
    let mut found = Vec::new();
    for unit in units(family, world) {
        let built = build(&unit, world, &[]);
        if !built.system.unknowns().iter().any(|u| u.judged) && built.disagreeing.is_empty() {
            continue;
        }
        let result = attack(&built.system, &options(world.width), None);
        let mut one = UnitFound {
            leaks: leaks(&result, &built, threshold),
            broken: contradictions(&result, &built),
            disagreeing: built.disagreeing.clone(),
            ..UnitFound::default()
        };
        for cell in &result.cells {
            match cell.verdict {
                Verdict::Safe => one.safe += 1,
                Verdict::Undecided => one.undecided.push(cell.cell),
                Verdict::Recoverable | Verdict::Weak => {}
            }
        }
        if audit.remedies && one.leaks.iter().any(|leak| leak.nature == Nature::Small) {
            one.remedy = Some(remedy(&unit, world, threshold));
        }
        found.push(one);
    }
    found
}

/// Sums that cannot hold together with the others.
fn contradictions(found: &Attack, built: &Built) -> Vec<Equation> {
    let single = found.broken.iter().map(|broken| broken.origin);
    let origins = single.chain(found.infeasible.iter().flatten().copied());
    let number = |origin| match origin {
        Origin::Given { number } => Some(number as usize),
        Origin::Rollup { .. } | Origin::Extra { .. } => None,
    };
    origins.filter_map(number).filter_map(|at| built.equations.get(at).cloned()).collect()
}

/// Threshold of a cell's table in the smallest unit.
pub(super) fn threshold_of(world: World<'_>, cell: CellRef) -> i64 {
    let at = cell.table as usize;
    let scale = world.facts.get(at).map_or(1, |f| f.scale);
    let printed = world.tables.get(at).and_then(|t| t.rule).map(|r| r.threshold_max);
    printed.unwrap_or(world.threshold).saturating_mul(scale)
}
