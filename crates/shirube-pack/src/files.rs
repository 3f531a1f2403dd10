//! The files of a pack: which there are, where they may stand, how large they
//! may be.

use std::fs;
use std::path::Path;

use shirube_model::refusal::Refusal;

use crate::fault::Sink;

/// Largest file, in bytes.
pub const BYTES_MAX_FILE: u64 = 4 * 1024 * 1024;
/// Largest pack, in bytes.
pub const BYTES_MAX_PACK: u64 = 64 * 1024 * 1024;
/// Most files in a pack.
pub const FILES_MAX: usize = 2_000;

/// Directories of a pack.
const DIRECTORIES: [&str; 8] =
    ["plan", "vocabularies", "labels", "indicators", "evidence", "links", "authority", "records"];

/// One file: its name relative to the pack with `/` between parts, and its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackFile {
    /// Relative name, such as `plan/headings.csv`.
    pub name: String,
    /// Content.
    pub bytes: Vec<u8>,
}

impl PackFile {
    /// A file from memory.
    #[must_use]
    pub fn new(name: impl Into<String>, bytes: Vec<u8>) -> Self {
        Self { name: name.into(), bytes }
    }
}

/// What a file of a pack holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place<'a> {
    Info,
    Headings,
    OtherHeadings,
    Measures,
    Ministries,
    Governance,
    SourceNotes,
    VocabularyIndex,
    Vocabulary(&'a str),
    Organisations,
    Labels,
    Goals,
    Decisions,
    Indicator(&'a str),
    /// Records of one register kind.
    Evidence(&'a str),
    Judgements,
    Wordings,
    AuthoritySchema,
    AuthorityPolicies,
    /// A view that maps health records to tables.
    RecordView(&'a str),
}

pub(crate) const INFO: &str = "pack.toml";
pub(crate) const HEADINGS: &str = "plan/headings.csv";
/// Headings of the chapters that carry no measures.
pub(crate) const OTHER_HEADINGS: &str = "plan/headings_other.csv";
pub(crate) const MEASURES: &str = "plan/measures.csv";
pub(crate) const MINISTRIES: &str = "plan/ministries.csv";
pub(crate) const GOVERNANCE: &str = "plan/governance.csv";
pub(crate) const SOURCE_NOTES: &str = "plan/source_notes.csv";
pub(crate) const VOCABULARY_INDEX: &str = "vocabularies/index.csv";
pub(crate) const ORGANISATIONS: &str = "organisations.csv";
pub(crate) const LABELS: &str = "labels/registers.csv";
pub(crate) const GOALS: &str = "goals.csv";
pub(crate) const DECISIONS: &str = "decisions.toml";
pub(crate) const JUDGEMENTS: &str = "links/judgements.csv";
pub(crate) const WORDINGS: &str = "links/wordings.csv";
/// Who may do what, in Cedar's languages.
pub(crate) const AUTHORITY_SCHEMA: &str = "authority/schema.cedarschema";
pub(crate) const AUTHORITY_POLICIES: &str = "authority/policies.cedar";

/// Files no pack can do without.
pub(crate) const REQUIRED: [&str; 6] =
    [INFO, HEADINGS, MEASURES, MINISTRIES, VOCABULARY_INDEX, LABELS];

/// What the file called `name` holds; `None` when a pack has no such file.
pub(crate) fn place_of(name: &str) -> Option<Place<'_>> {
    let place = match name {
        INFO => Place::Info,
        HEADINGS => Place::Headings,
        OTHER_HEADINGS => Place::OtherHeadings,
        MEASURES => Place::Measures,
        MINISTRIES => Place::Ministries,
        GOVERNANCE => Place::Governance,
        SOURCE_NOTES => Place::SourceNotes,
        VOCABULARY_INDEX => Place::VocabularyIndex,
        ORGANISATIONS => Place::Organisations,
        LABELS => Place::Labels,
        GOALS => Place::Goals,
        DECISIONS => Place::Decisions,
        JUDGEMENTS => Place::Judgements,
        WORDINGS => Place::Wordings,
        AUTHORITY_SCHEMA => Place::AuthoritySchema,
        AUTHORITY_POLICIES => Place::AuthorityPolicies,
        other => {
            let stem = |start: &str, end: &str| {
                other
                    .strip_prefix(start)
                    .and_then(|rest| rest.strip_suffix(end))
                    .filter(|stem| !stem.is_empty() && !stem.contains('/'))
            };
            if let Some(id) = stem("vocabularies/", ".csv") {
                Place::Vocabulary(id)
            } else if let Some(id) = stem("indicators/", ".toml") {
                Place::Indicator(id)
            } else if let Some(id) = stem("records/", ".json") {
                Place::RecordView(id)
            } else {
                Place::Evidence(stem("evidence/", ".csv")?)
            }
        }
    };
    Some(place)
}

/// Whether a file stands beside the pack without being part of it: notes for
/// readers, and what editors and version control leave behind.
pub(crate) fn is_beside(name: &str) -> bool {
    name.split('/').any(|part| part.starts_with('.'))
        || name.ends_with('~')
        || name.ends_with(".md")
}

/// Reads the files of a directory, in order of their names. Faults go to `sink`.
pub(crate) fn load(dir: &Path, sink: &Sink) -> Vec<PackFile> {
    let mut loader = Loader { root: dir, sink, files: Vec::new(), bytes: 0, full: false };
    loader.directory(dir, "");
    loader.files.sort_by(|a, b| a.name.cmp(&b.name));
    loader.files
}

struct Loader<'a> {
    root: &'a Path,
    sink: &'a Sink,
    files: Vec<PackFile>,
    bytes: u64,
    full: bool,
}

impl Loader<'_> {
    fn directory(&mut self, dir: &Path, prefix: &str) {
        let entries = fs::read_dir(dir).and_then(|entries| {
            entries.map(|entry| entry.map(|e| e.file_name())).collect::<Result<Vec<_>, _>>()
        });
        let Ok(mut names) = entries else {
            let shown =
                if prefix.is_empty() { dir.display().to_string() } else { prefix.to_owned() };
            self.sink.push(Refusal::new("pack.file.unreadable").file(shown));
            return;
        };
        names.sort();
        for os_name in names {
            let name = os_name.to_string_lossy();
            if !is_beside(&name) && !self.full {
                self.entry(&dir.join(&os_name), &format!("{prefix}{name}"));
            }
        }
    }

    fn entry(&mut self, path: &Path, name: &str) {
        let Ok(meta) = fs::symlink_metadata(path) else {
            return self.refuse("pack.file.unreadable", name);
        };
        if meta.is_symlink() && !self.stays_inside(path) {
            return self.refuse("pack.file.link", name);
        }
        if meta.is_dir() {
            if DIRECTORIES.contains(&name) {
                return self.directory(path, &format!("{name}/"));
            }
            return self.refuse("pack.file.unknown", name);
        }
        if place_of(name).is_none() {
            return self.refuse("pack.file.unknown", name);
        }
        // Opening a pipe or a device may wait for ever.
        if !meta.is_file() && !meta.is_symlink() {
            return self.refuse("pack.file.unreadable", name);
        }
        if self.files.len() >= FILES_MAX {
            self.full = true;
            let fault = Refusal::new("pack.file.too-many").arg("max", FILES_MAX).file(name);
            return self.sink.push(fault);
        }
        self.file(path, name);
    }

    /// Reads a file; the size is taken from what was read, because a file can
    /// grow between looking and reading.
    fn file(&mut self, path: &Path, name: &str) {
        use std::io::Read;
        let mut bytes = Vec::new();
        let read = fs::File::open(path)
            .and_then(|file| file.take(BYTES_MAX_FILE + 1).read_to_end(&mut bytes));
        if read.is_err() {
            return self.refuse("pack.file.unreadable", name);
        }
        self.bytes += bytes.len() as u64;
        if self.bytes > BYTES_MAX_PACK {
            self.full = true;
            let fault = Refusal::new("pack.file.too-large").arg("max", BYTES_MAX_PACK).file(name);
            return self.sink.push(fault);
        }
        self.files.push(PackFile::new(name, bytes));
    }

    /// Whether a link leads to a file of the same pack.
    fn stays_inside(&self, path: &Path) -> bool {
        let (Ok(root), Ok(target)) = (self.root.canonicalize(), path.canonicalize()) else {
            return false;
        };
        target.starts_with(&root) && target.is_file()
    }

    fn refuse(&self, code: &'static str, name: &str) {
        self.sink.push(Refusal::new(code).file(name));
    }
}

/// The text of a file: UTF-8, a byte order mark taken off. `None` after a fault.
/// A byte order mark goes to `notes`, because it is harmless and yet worth
/// knowing.
pub(crate) fn text<'a>(file: &'a PackFile, sink: &Sink, notes: &Sink) -> Option<&'a str> {
    if file.bytes.len() as u64 > BYTES_MAX_FILE {
        sink.push(Refusal::new("pack.file.too-large").arg("max", BYTES_MAX_FILE).file(&file.name));
        return None;
    }
    match std::str::from_utf8(&file.bytes) {
        Ok(text) => Some(match text.strip_prefix('\u{feff}') {
            Some(rest) => {
                notes.push(Refusal::new("pack.file.bom").file(&file.name));
                rest
            }
            None => text,
        }),
        Err(error) => {
            let good = file.bytes.get(..error.valid_up_to()).unwrap_or_default();
            let line = 1 + good.iter().filter(|byte| **byte == b'\n').count() as u64;
            sink.push(Refusal::new("pack.file.not-utf8").file(&file.name).line(line));
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_known_by_their_names() {
        let cases = [
            ("pack.toml", Some(Place::Info)),
            ("vocabularies/index.csv", Some(Place::VocabularyIndex)),
            ("vocabularies/units.csv", Some(Place::Vocabulary("units"))),
            ("indicators/OI-01.toml", Some(Place::Indicator("OI-01"))),
            ("indicators/.toml", None),
            ("indicators/a/b.toml", None),
            ("indicators/OI-01.csv", None),
            ("evidence/observation.csv", Some(Place::Evidence("observation"))),
            ("links/judgements.csv", Some(Place::Judgements)),
            ("records/person.json", Some(Place::RecordView("person"))),
            ("records/person.csv", None),
            ("links/others.csv", None),
            ("plan/units.csv", None),
            ("", None),
        ];
        for (name, expected) in cases {
            assert_eq!(place_of(name), expected, "{name}");
        }
    }
}
