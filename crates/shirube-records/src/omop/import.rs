//! Files to a snapshot: atomic, resumable, and the same bytes every time.
//!
//! The input is cut into units (the files of one table; or FHIR files of some size). Each
//! unit writes its parts and then a note that it is done; a run that was
//! stopped goes on with the units that have no note. When all are done the
//! folder gets its manifest and moves to its place in one step.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use shirube_model::refusal::Refusal;

use super::cdm::{CdmTable, table};
use super::csv_unit::Encoding;
use super::fhir_unit::{self, Mapping};
use super::part::{PartWriter, Seen, counts_once};
use super::rows::{Identity, Unmapped};
use super::table_unit;
use crate::error::RecordsError;
use crate::input::{Limits, Opened, in_order, plain_name};
use crate::snapshot::{
    MANIFEST, Manifest, Part, Snapshot, SourceFile, UnmappedCode, files_below, sync_folder,
    write_whole,
};

/// Format of manifests and of unfinished work.
const FORMAT: u32 = 1;
/// FHIR files are taken together up to this size.
const UNIT_BYTES: u64 = 128 << 20;

/// What is imported.
#[derive(Debug, Clone)]
pub enum Source {
    /// A folder of CSV and Parquet files of the OMOP CDM 5.3 or 5.4: one per
    /// table, or a folder of files per table.
    Omop(PathBuf),
    /// A folder of FHIR R4 bundles (`.json`) and bulk exports (`.ndjson`), and
    /// the views that map them.
    Fhir(PathBuf, Box<Mapping>),
}

/// Asked at every step whether to go on; false stops the import, which can be
/// resumed.
pub type StopAt<'o> = &'o (dyn Fn() -> bool + Sync);

/// How to import.
#[derive(Clone)]
pub struct ImportOptions<'o> {
    /// Name of the data set.
    pub data_set: String,
    /// What becomes of identifiers.
    pub identity: Identity,
    /// Threads; they change neither bytes nor order.
    pub threads: usize,
    /// Whether columns are compressed.
    pub packed: bool,
    /// Limits on records.
    pub limits: Limits,
    /// Encoding of CSV files.
    pub encoding: Encoding,
    /// Stops the import.
    pub go_on: StopAt<'o>,
}

impl ImportOptions<'_> {
    /// Options with two threads, compressed columns, the usual limits and UTF-8.
    #[must_use]
    pub fn new(data_set: &str, identity: Identity) -> Self {
        let data_set = data_set.to_owned();
        let limits = Limits::default();
        Self {
            data_set,
            identity,
            threads: 2,
            packed: true,
            limits,
            encoding: Encoding::Utf8,
            go_on: &|| true,
        }
    }
}

/// What units need.
pub(crate) struct Desk<'i> {
    pub(crate) options: &'i ImportOptions<'i>,
    pub(crate) files: &'i [PathBuf],
    folder: &'i Path,
}

impl Desk<'_> {
    pub(crate) fn watch(&self) -> Result<(), RecordsError> {
        if (self.options.go_on)() {
            return Ok(());
        }
        Err(Refusal::new("records.import.stopped").into())
    }

    pub(crate) fn part(
        &self,
        table: &'static CdmTable,
        unit: &str,
    ) -> Result<PartWriter, RecordsError> {
        let name = format!("tables/{}/{unit}.parquet", table.name);
        PartWriter::create(self.folder, name, table, self.options.packed)
    }
}

/// One unit of work.
pub(crate) struct Task {
    pub(crate) name: String,
    /// Places in the list of files.
    pub(crate) files: Vec<usize>,
    /// The table, for OMOP files.
    pub(crate) table: Option<&'static CdmTable>,
}

/// A record that was refused. It has no value of the record, only its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Refused {
    file: usize,
    line: u64,
    field: String,
    code: String,
}

/// What a unit did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct UnitDone {
    name: String,
    pub(crate) records_read: u64,
    pub(crate) rows: BTreeMap<String, u64>,
    parts: Vec<Part>,
    repeated: BTreeMap<String, u64>,
    refused: Vec<Refused>,
    unmapped: Vec<UnmappedCode>,
}

impl UnitDone {
    pub(crate) fn new(task: &Task) -> Self {
        Self { name: task.name.clone(), ..Self::default() }
    }

    pub(crate) fn quarantine(&mut self, file: usize, line: u64, field: &str, code: &str) {
        let (field, code) = (field.to_owned(), code.to_owned());
        self.refused.push(Refused { file: file + 1, line, field, code });
    }

    pub(crate) fn add_part(&mut self, part: PartWriter) -> Result<(), RecordsError> {
        let repeated = part.repeated;
        let part = part.finish()?;
        *self.rows.entry(part.table.clone()).or_default() += part.rows;
        if repeated > 0 {
            *self.repeated.entry(part.table.clone()).or_default() += repeated;
        }
        self.parts.push(part);
        Ok(())
    }

    pub(crate) fn add_unmapped(&mut self, table: &CdmTable, unmapped: Unmapped) {
        for ((column, code), rows) in unmapped {
            let column = table.columns.get(column).map_or("", |c| c.name.as_str()).to_owned();
            self.unmapped.push(UnmappedCode { table: table.name.clone(), column, code, rows });
        }
    }
}

/// Imports a source into a store of snapshots and returns the snapshot. The
/// same input and options give the same snapshot, byte for byte.
///
/// # Errors
/// When the input cannot be read as a whole, another import of the same input
/// is running, or the disk fails. Single bad records are no error; they are in
/// the snapshot's `quarantine.csv`.
pub fn import(
    store: &Path,
    source: &Source,
    options: &ImportOptions<'_>,
) -> Result<Snapshot, RecordsError> {
    let (folder, mapping) = match source {
        Source::Omop(folder) => (folder, None),
        Source::Fhir(folder, mapping) => (folder, Some(&**mapping)),
    };
    // FHIR ids are texts and the model's keys are numbers.
    if mapping.is_some() && matches!(options.identity, Identity::AsGiven) {
        return Err(Refusal::new("records.import.keys").into());
    }
    let files = inputs(folder, mapping.is_some())?;
    let mut sources = Vec::new();
    for path in &files {
        let (bytes, sha256) = Opened::digest(path)?;
        let name = match options.identity {
            Identity::AsGiven => path.strip_prefix(folder).ok().map(|p| p.display().to_string()),
            Identity::Pseudonyms(_) => None,
        };
        sources.push(SourceFile { name, bytes, sha256 });
    }
    let work = Work::start(store, &key(&sources, mapping, options))?;
    let desk = Desk { options, files: &files, folder: &work.folder };
    let (tasks, left_out) = match mapping {
        None => table_tasks(folder, &files, options)?,
        Some(_) => (fhir_tasks(&sources), Vec::new()),
    };
    let units = match mapping {
        None => table_units(&desk, &work, &tasks)?,
        Some(mapping) => fhir_units(&desk, &work, &tasks, mapping)?,
    };
    desk.watch()?;
    let manifest = manifest(options, mapping, sources, left_out, &units);
    work.finish(store, manifest, &units, &desk)
}

/// The files to read, sorted by name.
fn inputs(folder: &Path, fhir: bool) -> Result<Vec<PathBuf>, RecordsError> {
    let endings: &[&str] =
        if fhir { &[".json", ".ndjson", ".jsonl"] } else { &[".csv", ".parquet"] };
    let mut files = files_below(folder)?;
    files.retain(|path| {
        let name = plain_name(path);
        endings.iter().any(|ending| name.ends_with(ending))
    });
    if files.is_empty() {
        let folder = folder.display().to_string();
        return Err(Refusal::new("records.import.nothing").file(folder).into());
    }
    Ok(files)
}

/// What makes two imports the same.
fn key(sources: &[SourceFile], mapping: Option<&Mapping>, options: &ImportOptions<'_>) -> String {
    let mut sha = Sha256::new();
    let identity = match &options.identity {
        Identity::AsGiven => "as given".to_owned(),
        Identity::Pseudonyms(p) => {
            // The pseudonym of a fixed word depends on data set and purpose too.
            format!("{} {} {}", p.fingerprint(), p.shift_days_max(), p.number("import", ""))
        }
    };
    let encoding = if options.encoding == Encoding::Utf8 { "" } else { "cp932\n" };
    let head = format!(
        "{FORMAT}\n{}\n{identity}\n{}\n{}\n{:?}\n{encoding}",
        options.data_set,
        mapping.map_or("", Mapping::digest),
        options.packed,
        options.limits,
    );
    sha.update(head);
    for source in sources {
        sha.update(format!("{} {:?}\n", source.sha256, source.name));
    }
    hex::encode(sha.finalize())
}

/// One task per table that has files; files of no table are left out, and so
/// are facts about relationships where persons have pseudonyms: which of their
/// numbers name persons is not known from the column.
fn table_tasks(
    folder: &Path,
    files: &[PathBuf],
    options: &ImportOptions<'_>,
) -> Result<(Vec<Task>, Vec<usize>), RecordsError> {
    let (mut tasks, mut left_out) = (Vec::<Task>::new(), Vec::new());
    // The folder whose files make up the table of each task.
    let mut folders: Vec<Option<&Path>> = Vec::new();
    let pseudonyms = matches!(options.identity, Identity::Pseudonyms(_));
    for (number, path) in files.iter().enumerate() {
        let (found, within) = table_of(folder, path);
        let Some(table) = found.filter(|t| !(pseudonyms && t.name == "fact_relationship")) else {
            left_out.push(number + 1);
            continue;
        };
        let same = tasks.iter().position(|task| task.table.is_some_and(|t| t.name == table.name));
        match same.and_then(|at| tasks.get_mut(at).zip(folders.get(at))) {
            None => {
                let name = format!("{:05}", number + 1);
                tasks.push(Task { name, files: vec![number], table: Some(table) });
                folders.push(within);
            }
            Some((task, first)) if within.is_some() && *first == within => task.files.push(number),
            // The same table twice, such as packed and unpacked: all rows would
            // come in twice.
            Some(_) => {
                let refusal = Refusal::new("records.input.table-twice").arg("table", &table.name);
                return Err(refusal.file(path.display().to_string()).into());
            }
        }
    }
    Ok((tasks, left_out))
}

/// The table of a file, by its own name, or else by that of its folder, which
/// is given then.
fn table_of<'p>(root: &Path, path: &'p Path) -> (Option<&'static CdmTable>, Option<&'p Path>) {
    let name = plain_name(path);
    let stem = |name: &str| table(name.trim_end_matches(".csv").trim_end_matches(".parquet"));
    if let Some(table) = stem(&name) {
        return (Some(table), None);
    }
    let Some(parent) = path.parent().filter(|parent| *parent != root) else { return (None, None) };
    let name = parent.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    (stem(&name), Some(parent))
}

fn fhir_tasks(sources: &[SourceFile]) -> Vec<Task> {
    let mut tasks: Vec<Task> = Vec::new();
    let mut bytes = u64::MAX;
    for (number, source) in sources.iter().enumerate() {
        if bytes.saturating_add(source.bytes) > UNIT_BYTES {
            let name = format!("{:05}", tasks.len() + 1);
            tasks.push(Task { name, files: Vec::new(), table: None });
            bytes = 0;
        }
        bytes += source.bytes;
        if let Some(task) = tasks.last_mut() {
            task.files.push(number);
        }
    }
    tasks
}

/// Tables stand apart from each other, so each thread takes one.
fn table_units(
    desk: &Desk<'_>,
    work: &Work,
    tasks: &[Task],
) -> Result<Vec<UnitDone>, RecordsError> {
    let mut left = tasks.iter();
    let mut units = Vec::new();
    in_order(
        desk.options.threads,
        || Ok::<_, RecordsError>(left.next()),
        |task| {
            if let Some(done) = work.done(task) {
                return Ok(done);
            }
            desk.watch()?;
            let done = table_unit::run(desk, task)?;
            work.note(&done)?;
            Ok(done)
        },
        |done| {
            units.push(done);
            Ok(())
        },
    )?;
    Ok(units)
}

/// Units of FHIR follow each other; the threads share the batches of one.
fn fhir_units(
    desk: &Desk<'_>,
    work: &Work,
    tasks: &[Task],
    mapping: &Mapping,
) -> Result<Vec<UnitDone>, RecordsError> {
    let mut seen: BTreeMap<&'static str, Seen> = BTreeMap::new();
    let mut units = Vec::new();
    for task in tasks {
        if let Some(done) = work.done(task) {
            for part in &done.parts {
                if let Some(table) = table(&part.table).filter(|t| counts_once(t)) {
                    seen.entry(&table.name).or_default().add_part(&work.folder.join(&part.file))?;
                }
            }
            units.push(done);
            continue;
        }
        desk.watch()?;
        let done = fhir_unit::run(desk, task, mapping, &mut seen)?;
        work.note(&done)?;
        units.push(done);
    }
    Ok(units)
}

fn manifest(
    options: &ImportOptions<'_>,
    mapping: Option<&Mapping>,
    sources: Vec<SourceFile>,
    left_out: Vec<usize>,
    units: &[UnitDone],
) -> Manifest {
    let (key_fingerprint, shift_days_max) = match &options.identity {
        Identity::AsGiven => (None, 0),
        Identity::Pseudonyms(p) => (Some(p.fingerprint().to_owned()), p.shift_days_max()),
    };
    let mut manifest = Manifest {
        format: FORMAT,
        cdm_version: "5.4".to_owned(),
        data_set: options.data_set.clone(),
        key_fingerprint,
        shift_days_max,
        mapping_sha256: mapping.map(|m| m.digest().to_owned()),
        sources,
        left_out,
        records_read: units.iter().map(|u| u.records_read).sum(),
        rows: BTreeMap::new(),
        parts: units.iter().flat_map(|u| u.parts.iter().cloned()).collect(),
        quarantined: BTreeMap::new(),
        repeated: BTreeMap::new(),
        unmapped: BTreeMap::new(),
        other_files: BTreeMap::new(),
    };
    manifest.parts.sort_by(|a, b| (&a.table, &a.file).cmp(&(&b.table, &b.file)));
    for unit in units {
        for (table, rows) in &unit.rows {
            *manifest.rows.entry(table.clone()).or_default() += rows;
        }
        for (table, rows) in &unit.repeated {
            *manifest.repeated.entry(table.clone()).or_default() += rows;
        }
        for refused in &unit.refused {
            *manifest.quarantined.entry(refused.code.clone()).or_default() += 1;
        }
        for code in &unit.unmapped {
            let column = format!("{}.{}", code.table, code.column);
            *manifest.unmapped.entry(column).or_default() += code.rows;
        }
    }
    manifest
}

/// Work that is not finished yet: `work/KEY` becomes the snapshot, and
/// `work/KEY.units` holds the notes.
struct Work {
    folder: PathBuf,
    notes: PathBuf,
    /// Held while the import runs; the system lets go of it when the process ends.
    _lock: File,
}

impl Work {
    fn start(store: &Path, key: &str) -> Result<Self, RecordsError> {
        let base = store.join("work");
        let (folder, notes) = (base.join(key), base.join(format!("{key}.units")));
        for folder in [&folder, &notes, &store.join("snapshots")] {
            fs::create_dir_all(folder).map_err(|error| RecordsError::io(folder, &error))?;
        }
        let path = notes.join("lock");
        let lock = File::create(&path).map_err(|error| RecordsError::io(&path, &error))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { folder, notes, _lock: lock }),
            Err(fs::TryLockError::WouldBlock) => Err(Refusal::new("records.import.running").into()),
            Err(fs::TryLockError::Error(error)) => Err(RecordsError::io(&path, &error)),
        }
    }

    fn note_path(&self, name: &str) -> PathBuf {
        self.notes.join(format!("{name}.json"))
    }

    /// The note of a unit, when its files are all there as noted.
    fn done(&self, task: &Task) -> Option<UnitDone> {
        let bytes = fs::read(self.note_path(&task.name)).ok()?;
        let done: UnitDone = serde_json::from_slice(&bytes).ok()?;
        let whole = done.parts.iter().all(|part| {
            Opened::digest(&self.folder.join(&part.file))
                .is_ok_and(|(bytes, sha256)| bytes == part.bytes && sha256 == part.sha256)
        });
        whole.then_some(done)
    }

    fn note(&self, done: &UnitDone) -> Result<(), RecordsError> {
        for part in &done.parts {
            let path = self.folder.join(&part.file);
            sync_folder(path.parent().unwrap_or(&self.folder))?;
        }
        let path = self.note_path(&done.name);
        let bytes = serde_json::to_vec(done).map_err(|e| RecordsError::columns(&path, &e))?;
        write_whole(&path, &bytes)
    }

    fn finish(
        &self,
        store: &Path,
        mut manifest: Manifest,
        units: &[UnitDone],
        desk: &Desk<'_>,
    ) -> Result<Snapshot, RecordsError> {
        self.remove_strangers(&manifest)?;
        for (name, text) in
            [("quarantine.csv", quarantine(units)), ("unmapped.csv", unmapped(units))]
        {
            write_whole(&self.folder.join(name), text.as_bytes())?;
            manifest.other_files.insert(name.to_owned(), hex::encode(Sha256::digest(&text)));
        }
        desk.watch()?;
        let path = self.folder.join(MANIFEST);
        let mut bytes = serde_json::to_vec_pretty(&manifest)
            .map_err(|error| RecordsError::columns(&path, &error))?;
        bytes.push(b'\n');
        write_whole(&path, &bytes)?;
        let tables = self.folder.join("tables");
        if tables.exists() {
            sync_folder(&tables)?;
        }
        desk.watch()?;
        let id = hex::encode(Sha256::digest(&bytes));
        let place = store.join("snapshots").join(&id);
        if place.exists() {
            fs::remove_dir_all(&self.folder).map_err(|e| RecordsError::io(&self.folder, &e))?;
        } else {
            fs::rename(&self.folder, &place).map_err(|e| RecordsError::io(&place, &e))?;
            sync_folder(&store.join("snapshots"))?;
        }
        // The notes are worth nothing from here on; leaving them does no harm.
        let _ = fs::remove_dir_all(&self.notes);
        Snapshot::open(store, &id)
    }

    /// Removes what an earlier, stopped run left that this one did not write.
    fn remove_strangers(&self, manifest: &Manifest) -> Result<(), RecordsError> {
        for path in files_below(&self.folder)? {
            let known = manifest.parts.iter().any(|part| self.folder.join(&part.file) == path);
            if !known {
                fs::remove_file(&path).map_err(|error| RecordsError::io(&path, &error))?;
            }
        }
        Ok(())
    }
}

fn csv_text(header: &str, rows: impl Iterator<Item = Vec<String>>) -> String {
    let mut out = format!("{header}\n");
    for row in rows {
        let cells: Vec<String> = row
            .into_iter()
            .map(|cell| match cell.contains([',', '"', '\n', '\r']) {
                true => format!("\"{}\"", cell.replace('"', "\"\"")),
                false => cell,
            })
            .collect();
        out.push_str(&cells.join(","));
        out.push('\n');
    }
    out
}

fn quarantine(units: &[UnitDone]) -> String {
    let rows = units.iter().flat_map(|u| &u.refused);
    let cells =
        |r: &Refused| vec![r.file.to_string(), r.line.to_string(), r.field.clone(), r.code.clone()];
    csv_text("file,line,field,code", rows.map(cells))
}

fn unmapped(units: &[UnitDone]) -> String {
    let mut all: BTreeMap<(&str, &str, &str), u64> = BTreeMap::new();
    for code in units.iter().flat_map(|u| &u.unmapped) {
        *all.entry((&code.table, &code.column, &code.code)).or_default() += code.rows;
    }
    let cells = |((table, column, code), rows): ((&str, &str, &str), u64)| {
        vec![table.to_owned(), column.to_owned(), code.to_owned(), rows.to_string()]
    };
    csv_text("table,column,code,rows", all.into_iter().map(cells))
}
