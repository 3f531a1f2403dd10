//! The gates under attack: ours under a policy, two simple ones, and ACRO.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use shirube_query::{
    Asking, Decision, Exclusions, Field, Gate, Grant, Key, QueryPolicy, Released, Setup,
};
use shirube_records::population::{MadeUpPerson, Population};
use shirube_records::{Identity, ImportOptions, Snapshot, Source, import};
use tempfile::TempDir;

use super::question::{ICD, Question, column, visits, yen};

pub const PERSONS: u64 = 1_500;

/// Made-up records, as the gates see them and as they are.
pub struct World {
    _folder: TempDir,
    pub snapshot: Snapshot,
    /// Those with a visit.
    pub people: Vec<MadeUpPerson>,
}

impl World {
    pub fn new() -> Self {
        let until = NaiveDate::from_ymd_opt(2025, 3, 31).unwrap();
        let population = Population { seed: 11, persons: PERSONS, until };
        let folder = tempfile::tempdir().unwrap();
        let input = folder.path().join("in");
        population.write_omop(&input).unwrap();
        with_institutions(&input.join("visit_occurrence.csv"));
        let options = ImportOptions::new("made up", Identity::AsGiven);
        let snapshot = import(folder.path(), &Source::Omop(input), &options).unwrap();
        let people = (1..=PERSONS).map(|id| population.person(id));
        let people = people.filter(|p| !p.visits.is_empty()).collect();
        Self { _folder: folder, snapshot, people }
    }
}

/// Adds an institution to every visit: policies may need three of them.
fn with_institutions(path: &Path) {
    let text = fs::read_to_string(path).unwrap();
    let mut out = String::new();
    for (number, line) in text.lines().enumerate() {
        let cell = |at: usize| line.split(',').nth(at).unwrap().parse::<u64>().unwrap_or(0);
        let site = if number == 0 {
            "care_site_id".to_owned()
        } else {
            (cell(1) % 9 * 10 + cell(0) % 2).to_string()
        };
        out += &format!("{line},{site}\n");
    }
    fs::write(path, out).unwrap();
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// Ours, under a policy.
    Ours(&'static str),
    /// Counts and sums of fewer than ten persons are hidden.
    Threshold,
    /// Counts up to seven are hidden, others rounded to five.
    Rounded,
    /// ACRO, with the Python that has it.
    Acro(PathBuf),
}

impl Kind {
    pub fn name(&self) -> String {
        match self {
            Self::Ours(policy) => format!("shirube, {policy}"),
            Self::Threshold => "threshold of ten alone".into(),
            Self::Rounded => "up to seven hidden, rounded to five".into(),
            Self::Acro(_) => "ACRO 1.0.2".into(),
        }
    }
}

/// What a question brought.
#[derive(Debug, Clone, PartialEq)]
pub enum Reply {
    /// Groups with their number, or masked.
    Cells(BTreeMap<Vec<i64>, Option<i64>>),
    /// Nothing, with a code.
    Refused(String),
}

impl Reply {
    /// The number of an answer without groups.
    pub fn single(&self) -> Option<i64> {
        match self {
            Self::Cells(cells) => cells.get(&Vec::new()).copied().flatten(),
            Self::Refused(_) => None,
        }
    }
}

/// A gate and what is behind it.
pub struct Lab<'w> {
    pub world: &'w World,
    pub kind: Kind,
    runtime: tokio::runtime::Runtime,
    acro: Option<RefCell<Acro>>,
}

struct Acro {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    _folder: TempDir,
}

impl Drop for Acro {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl<'w> Lab<'w> {
    pub fn new(world: &'w World, kind: Kind) -> Self {
        let acro = match &kind {
            Kind::Acro(python) => Some(RefCell::new(Acro::start(python, &world.people))),
            _ => None,
        };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        Self { world, kind, runtime, acro }
    }

    /// Whether a number that is shown is the true one.
    pub fn exact(&self) -> bool {
        match self.kind {
            Kind::Ours(policy) => policy == "ndb-publication",
            Kind::Rounded => false,
            Kind::Threshold | Kind::Acro(_) => true,
        }
    }

    /// Most persons whose number the gate means to hide.
    pub fn hidden_max(&self) -> i64 {
        match self.kind {
            Kind::Ours("small-registry") => 4,
            Kind::Rounded => 7,
            _ => 9,
        }
    }

    pub fn ours(&self) -> bool {
        matches!(self.kind, Kind::Ours(_))
    }

    /// The gate with nothing asked so far.
    pub fn fresh(&self) -> Session<'_, 'w> {
        let ledger = tempfile::tempdir().unwrap();
        let mut session = Session { lab: self, ledger, gate: None, out: Vec::new() };
        session.open();
        session
    }
}

impl Acro {
    fn start(python: &Path, people: &[MadeUpPerson]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (script, data) = (folder.path().join("with_acro.py"), folder.path().join("people.csv"));
        fs::write(&script, include_str!("with_acro.py")).unwrap();
        let codes: Vec<String> = ICD.iter().map(|c| column(c)).collect();
        let mut text = format!(
            "female,year,month,ym,prefecture,region,decades,visits,yen,everybody,{}\n",
            codes.join(",")
        );
        for p in people {
            let (y, m) = (p.born.year(), p.born.month());
            let has = |c: &&str| u8::from(p.visits.iter().any(|v| v.icd10 == *c)).to_string();
            let flags: Vec<String> = ICD.iter().map(has).collect();
            text += &format!(
                "{},{y},{m},{},{},{},{},{},{},1,{}\n",
                u8::from(p.female),
                y * 100 + i32::try_from(m).unwrap(),
                p.prefecture,
                p.prefecture / 12 * 12,
                y / 20 * 20,
                visits(p),
                yen(p),
                flags.join(",")
            );
        }
        fs::write(&data, text).unwrap();
        let mut child = Command::new(python)
            .arg(&script)
            .arg(&data)
            .current_dir(folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("Python starts");
        let to = child.stdin.take().unwrap();
        let mut from = BufReader::new(child.stdout.take().unwrap());
        let mut version = String::new();
        from.read_line(&mut version).unwrap();
        assert!(!version.trim().is_empty(), "ACRO starts");
        Self { child, to, from, _folder: folder }
    }

    fn ask(&mut self, question: &Question) -> Reply {
        writeln!(self.to, "{}", question.pandas()).unwrap();
        self.to.flush().unwrap();
        let mut line = String::new();
        self.from.read_line(&mut line).unwrap();
        let reply: serde_json::Value = serde_json::from_str(&line).expect("ACRO answers");
        if let Some(code) = reply["refused"].as_str() {
            return Reply::Refused(code.to_owned());
        }
        #[expect(clippy::cast_possible_truncation, reason = "whole numbers of a table")]
        let cell = |cell: &serde_json::Value| {
            let head = cell[0].as_array().unwrap().iter().map(|h| h.as_i64().unwrap()).collect();
            (head, cell[1].as_f64().map(|n| n.round() as i64))
        };
        Reply::Cells(reply["cells"].as_array().unwrap().iter().map(cell).collect())
    }
}

/// Questions one after the other.
pub struct Session<'l, 'w> {
    lab: &'l Lab<'w>,
    ledger: TempDir,
    gate: Option<Gate>,
    out: Vec<i64>,
}

fn moment() -> DateTime<Utc> {
    NaiveDate::from_ymd_opt(2026, 1, 1).unwrap().and_hms_opt(0, 0, 0).unwrap().and_utc()
}

impl Session<'_, '_> {
    fn open(&mut self) {
        let Kind::Ours(policy) = self.lab.kind else { return };
        let policy = QueryPolicy::embedded(policy).unwrap();
        let setup = Setup {
            snapshot: &self.lab.world.snapshot,
            grant: &Grant::all(),
            exclusions: &Exclusions::of(self.out.iter().copied()),
            policy: &policy,
            ledger: self.ledger.path(),
            secret: b"a secret of the attack",
        };
        self.gate = Some(Gate::open(&setup).unwrap());
    }

    /// A person opts out.
    pub fn without(&mut self, person: &MadeUpPerson) {
        self.out.push(i64::try_from(person.id).unwrap());
        self.open();
    }

    pub fn ask(&self, question: &Question) -> Reply {
        self.ask_as("permit", question)
    }

    pub fn ask_as(&self, permit: &str, question: &Question) -> Reply {
        let people = &self.lab.world.people;
        let staying = |p: &&MadeUpPerson| !self.out.contains(&i64::try_from(p.id).unwrap());
        let staying: Vec<MadeUpPerson> = people.iter().filter(staying).cloned().collect();
        let simple = |show: &dyn Fn(i64, i64) -> Option<i64>| {
            let truth = question.truth(&staying);
            Reply::Cells(truth.into_iter().map(|(k, t)| (k, show(t.persons, t.value))).collect())
        };
        // What is counted is what the simple gates look at.
        let counts = matches!(
            question.measure,
            super::question::Measure::Persons | super::question::Measure::Rows
        );
        match &self.lab.kind {
            Kind::Ours(_) => match self.sql(permit, &question.sql()) {
                Ok(released) => Reply::Cells(cells(&released, question.by.len())),
                Err(code) => Reply::Refused(code.to_owned()),
            },
            Kind::Threshold => simple(&|persons, value| {
                let size = if counts { value } else { persons };
                (size == 0 || size >= 10).then_some(value)
            }),
            Kind::Rounded => simple(&|persons, value| {
                let size = if counts { value } else { persons };
                if size <= 7 {
                    None
                } else if counts {
                    Some((value + 2) / 5 * 5)
                } else {
                    Some(value)
                }
            }),
            Kind::Acro(_) => self.lab.acro.as_ref().unwrap().borrow_mut().ask(question),
        }
    }

    /// SQL to our gate; a code where nothing comes back.
    pub fn sql(&self, permit: &str, sql: &str) -> Result<Released, &'static str> {
        let by = Asking { permit, asker: permit, at: moment() };
        let gate = self.gate.as_ref().expect("our gate");
        match self.lab.runtime.block_on(gate.ask(&by, sql)) {
            Ok(Decision::Released(released)) => Ok(released),
            Ok(Decision::Queued(_)) => Err("queued"),
            Err(error) => Err(error.code()),
        }
    }
}

fn cells(released: &Released, heads: usize) -> BTreeMap<Vec<i64>, Option<i64>> {
    let row = |row: &Vec<Field>| {
        let head = row[..heads].iter().map(|f| match f {
            Field::Head(Key::Int(n)) => *n,
            other => panic!("{other:?} as a head"),
        });
        let number = match &row[heads] {
            Field::Count(n) => Some(*n),
            Field::Number(text) => text.parse().ok(),
            _ => None,
        };
        (head.collect(), number)
    };
    released.rows.iter().map(row).collect()
}
