//! Reading of a pack: files to values, every fault collected.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use shirube_model::indicator::Indicator;
use shirube_model::lang::LocalText;
use shirube_model::plan::{Term, Vocabulary};
use shirube_model::refusal::Refusal;

use crate::document;
use crate::evidence_text;
use crate::fault::{PackFaults, Sink, sorted};
use crate::files::{self, PackFile, Place, REQUIRED};
use crate::hash::pack_hash;
use crate::indicator_text::{self, InfoText};
use crate::pack::{AuthorityText, DERIVED_VOCABULARIES, Pack};
use crate::places::Places;
use crate::plan_text::{self, IndexRow, Rows};

impl Pack {
    /// Reads the pack in a directory. Hidden files, editors' copies (`…~`) and
    /// notes (`….md`) lie beside the pack: they are neither read nor hashed.
    ///
    /// # Errors
    /// Every fault of every file, with file and line: `pack.file.*`,
    /// `pack.csv.*`, `pack.toml.*`, `pack.value.*`, `pack.id.repeated`,
    /// `pack.vocabulary.*`, `pack.role.unknown`, `core.*`.
    pub fn read(dir: &Path) -> Result<Self, PackFaults> {
        let sink = Sink::default();
        let files = files::load(dir, &sink);
        let faults = sink.into_vec();
        match (Self::from_files(&files), faults.is_empty()) {
            (read, true) => read,
            (Ok(_), false) => Err(PackFaults(sorted(faults))),
            (Err(others), false) => {
                Err(PackFaults(sorted(faults.into_iter().chain(others).collect())))
            }
        }
    }

    /// Reads a pack from files in memory, in any order. What would lie beside a
    /// pack on disk is left out here too, so both ways give one hash.
    ///
    /// # Errors
    /// As [`Pack::read`].
    pub fn from_files(files: &[PackFile]) -> Result<Self, PackFaults> {
        let sink = Sink::default();
        let notes = Sink::default();
        let mut texts = Texts::default();
        let files: Vec<&PackFile> =
            files.iter().filter(|file| !files::is_beside(&file.name)).collect();
        for file in &files {
            texts.file(file, &sink, &notes);
        }
        for name in REQUIRED {
            if !texts.seen.contains(name) {
                sink.push(Refusal::new("pack.file.missing").file(name));
            }
        }
        let pack = texts.assemble(pack_hash(&files), notes.into_vec(), &sink);
        let faults = sink.into_vec();
        match pack {
            Some(pack) if faults.is_empty() => Ok(pack),
            _ => Err(PackFaults(sorted(faults))),
        }
    }
}

/// Feeds one file to the reader that its name asks for, as a fuzz target does.
pub fn fuzz_pack_file(name: &str, bytes: &[u8]) {
    let file = PackFile::new(name, bytes.to_vec());
    Texts::default().file(&file, &Sink::default(), &Sink::default());
}

/// Parts of a pack as read, before they are put together.
#[derive(Default)]
struct Texts {
    seen: BTreeSet<String>,
    places: Places,
    info: Option<InfoText>,
    headings: Rows<shirube_model::plan::Heading>,
    other_headings: Rows<shirube_model::plan::Heading>,
    measures: Rows<shirube_model::plan::Measure>,
    ministries: Rows<shirube_model::plan::Ministry>,
    governance: Rows<shirube_model::plan::Duty>,
    source_notes: Rows<shirube_model::plan::SourceNote>,
    goals: Rows<shirube_model::plan::Goal>,
    organisations: Rows<crate::pack::Organisation>,
    index: Rows<IndexRow>,
    labels: Rows<(String, LocalText)>,
    terms: BTreeMap<String, Vec<Term>>,
    evidence: Vec<shirube_model::plan::EvidenceRow>,
    judgements: Rows<shirube_model::plan::Judgement>,
    wordings: Rows<shirube_model::plan::Wording>,
    indicators: Vec<(String, Indicator)>,
    decisions: Vec<shirube_model::indicator::ReadingDecision>,
    authority: AuthorityText,
}

impl Texts {
    fn file(&mut self, file: &PackFile, sink: &Sink, notes: &Sink) {
        let name = file.name.as_str();
        let Some(place) = files::place_of(name) else {
            return sink.push(Refusal::new("pack.file.unknown").file(name));
        };
        self.seen.insert(name.to_owned());
        let Some(text) = files::text(file, sink, notes) else { return };
        let lines = match place {
            Place::Info | Place::Decisions | Place::Indicator(_) => {
                return self.document(place, name, text, sink);
            }
            Place::AuthoritySchema => {
                self.authority.schema = Some(text.to_owned());
                return;
            }
            Place::AuthorityPolicies => {
                self.authority.policies = Some(text.to_owned());
                return;
            }
            // Part of the pack and its hash; the record importer reads and checks it.
            Place::RecordView(_) => return,
            Place::Headings => keep(&mut self.headings, plan_text::headings(name, text, sink)),
            Place::OtherHeadings => {
                keep(&mut self.other_headings, plan_text::headings(name, text, sink))
            }
            Place::Measures => keep(&mut self.measures, plan_text::measures(name, text, sink)),
            Place::Ministries => {
                keep(&mut self.ministries, plan_text::ministries(name, text, sink))
            }
            Place::Governance => {
                keep(&mut self.governance, plan_text::governance(name, text, sink))
            }
            Place::SourceNotes => {
                keep(&mut self.source_notes, plan_text::source_notes(name, text, sink))
            }
            Place::Goals => keep(&mut self.goals, plan_text::goals(name, text, sink)),
            Place::Organisations => {
                keep(&mut self.organisations, plan_text::organisations(name, text, sink))
            }
            Place::VocabularyIndex => {
                keep(&mut self.index, plan_text::vocabulary_index(name, text, sink))
            }
            Place::Labels => keep(&mut self.labels, plan_text::labels(name, text, sink)),
            Place::Judgements => {
                keep(&mut self.judgements, evidence_text::judgements(name, text, sink))
            }
            Place::Wordings => keep(&mut self.wordings, evidence_text::wordings(name, text, sink)),
            Place::Evidence(id) => {
                let Some(schema) = shirube_model::registers::kind(id) else {
                    let fault = Refusal::new("pack.evidence.kind").arg("kind", id);
                    return sink.push(fault.file(name));
                };
                let rows = evidence_text::evidence(name, schema, text, sink);
                self.evidence.extend(rows.values);
                rows.lines
            }
            Place::Vocabulary(id) => {
                if DERIVED_VOCABULARIES.contains(&id) {
                    sink.push(Refusal::new("pack.vocabulary.derived").arg("id", id).file(name));
                }
                let rows = plan_text::terms(name, text, sink);
                self.terms.insert(id.to_owned(), rows.values);
                rows.lines
            }
        };
        self.places.rows.insert(name.to_owned(), lines);
    }

    fn document(&mut self, place: Place<'_>, name: &str, text: &str, sink: &Sink) {
        let Some(node) = document::parse(name, text, sink) else { return };
        self.places.documents.insert(name.to_owned(), node.marks());
        match place {
            Place::Info => self.info = Some(indicator_text::info(name, &node, sink)),
            Place::Decisions => self.decisions = indicator_text::decisions(name, &node, sink),
            _ => {
                let indicator = indicator_text::indicator(name, &node, sink);
                self.indicators.push((name.to_owned(), indicator));
            }
        }
    }

    fn assemble(mut self, hash: String, notes: Vec<Refusal>, sink: &Sink) -> Option<Pack> {
        self.indicators.sort_by(|(_, a), (_, b)| {
            a.role.cmp(&b.role).then_with(|| natural(&a.id, &b.id)).then_with(|| a.id.cmp(&b.id))
        });
        let vocabularies = self.vocabularies(sink);
        let labels = self.labels_by_key(sink);
        let info = self.info?;
        let (files, indicators) = self.indicators.into_iter().unzip();
        self.places.indicators = files;
        Some(Pack {
            info: info.info,
            horizon: info.horizon,
            timezone: info.timezone,
            fiscal_year_first_month: info.fiscal_year_first_month,
            headings: self.headings.values,
            other_headings: self.other_headings.values,
            measures: self.measures.values,
            ministries: self.ministries.values,
            governance: self.governance.values,
            source_notes: self.source_notes.values,
            goals: self.goals.values,
            vocabularies,
            organisations: self.organisations.values,
            labels,
            indicators,
            decisions: self.decisions,
            evidence: self.evidence,
            judgements: self.judgements.values,
            wordings: self.wordings.values,
            authority: self.authority,
            counts: info.counts,
            hash,
            notes,
            places: self.places,
        })
    }

    fn labels_by_key(&mut self, sink: &Sink) -> BTreeMap<String, LocalText> {
        let mut labels = BTreeMap::new();
        for ((key, label), line) in self.labels.values.drain(..).zip(&self.labels.lines) {
            if let Some(first) = self.places.labels.get(&key) {
                sink.push(repeated(&key, *first).file(files::LABELS).line(*line).field("key"));
            } else {
                self.places.labels.insert(key.clone(), *line);
                labels.insert(key, label);
            }
        }
        labels
    }

    /// Joins the index with the files and with the vocabularies made from the
    /// rest of the pack.
    fn vocabularies(&mut self, sink: &Sink) -> BTreeMap<String, Vocabulary> {
        let mut out = BTreeMap::new();
        for vocabulary in self.derived() {
            out.insert(vocabulary.id.clone(), vocabulary);
        }
        for (row, line) in self.index.values.drain(..).zip(&self.index.lines) {
            let at = |fault: Refusal| {
                sink.push(fault.file(files::VOCABULARY_INDEX).line(*line).field("id"));
            };
            if let Some(first) = self.places.index.get(&row.id) {
                at(repeated(&row.id, *first));
                continue;
            }
            self.places.index.insert(row.id.clone(), *line);
            if let Some(derived) = out.get_mut(&row.id) {
                derived.title = row.title;
                derived.source = row.source;
                continue;
            }
            let file = format!("vocabularies/{}.csv", row.id);
            match self.terms.remove(&row.id) {
                Some(terms) => {
                    let IndexRow { id, title, source } = row;
                    out.insert(id.clone(), Vocabulary { id, title, source, terms });
                }
                None if self.seen.contains(&file) => {}
                None => at(Refusal::new("pack.vocabulary.no-file").arg("id", &row.id)),
            }
        }
        for id in self.terms.keys().filter(|id| !DERIVED_VOCABULARIES.contains(&id.as_str())) {
            let fault = Refusal::new("pack.vocabulary.not-in-index").arg("id", id);
            sink.push(fault.file(format!("vocabularies/{id}.csv")));
        }
        out
    }

    /// The vocabularies made from the rest of the pack.
    fn derived(&self) -> [Vocabulary; 4] {
        let ministries = self.ministries.values.iter();
        let organisations = self.organisations.values.iter();
        let measures = self.measures.values.iter();
        let indicators = self.indicators.iter();
        [
            derived(
                ["ministries", "府省庁", "Ministries", files::MINISTRIES],
                ministries.map(|m| plain_term(&m.abbr, &m.name)).collect(),
            ),
            derived(
                ["organisations", "組織", "Organisations", files::ORGANISATIONS],
                organisations
                    .map(|o| Term {
                        valid_from: o.valid_from,
                        valid_to: o.valid_to,
                        successors: o.successors.clone(),
                        ..plain_term(&o.code, &o.name)
                    })
                    .collect(),
            ),
            derived(
                ["measures", "施策", "Measures", files::MEASURES],
                measures.map(|m| plain_term(&m.id, &m.summary)).collect(),
            ),
            derived(
                ["indicators", "指標", "Indicators", "indicators/"],
                indicators.map(|(_, i)| plain_term(&i.id, &i.name)).collect(),
            ),
        ]
    }
}

/// A vocabulary made from another file; `[id, ja, en, source]`.
fn derived([id, ja, en, source]: [&str; 4], terms: Vec<Term>) -> Vocabulary {
    Vocabulary {
        id: id.to_owned(),
        title: LocalText::new(ja, en),
        source: LocalText::new(source, source),
        terms,
    }
}

fn plain_term(code: &str, label: &LocalText) -> Term {
    Term {
        code: code.to_owned(),
        label: label.clone(),
        valid_from: None,
        valid_to: None,
        successors: Vec::new(),
        note: None,
    }
}

/// Puts rows in their place and gives back their lines.
fn keep<T>(slot: &mut Rows<T>, rows: Rows<T>) -> Vec<u64> {
    *slot = rows;
    slot.lines.clone()
}

/// An id that stands for the second time.
pub(crate) fn repeated(id: &str, first_line: u64) -> Refusal {
    Refusal::new("pack.id.repeated").arg("id", id).arg("first", first_line)
}

/// Compares ids so that `OI-2` stands before `OI-10` and `OI-11b` right after
/// `OI-11`: runs of digits by value, everything else by character.
fn natural(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a, b);
    loop {
        let (Some(x), Some(y)) = (a.chars().next(), b.chars().next()) else {
            return a.len().cmp(&b.len());
        };
        if x.is_ascii_digit() && y.is_ascii_digit() {
            let (left, rest_a) = digits(a);
            let (right, rest_b) = digits(b);
            let order = left.len().cmp(&right.len()).then_with(|| left.cmp(right));
            if order != Ordering::Equal {
                return order;
            }
            (a, b) = (rest_a, rest_b);
        } else if x == y {
            a = a.strip_prefix(x).unwrap_or_default();
            b = b.strip_prefix(y).unwrap_or_default();
        } else {
            return x.cmp(&y);
        }
    }
}

/// A run of digits without leading zeros, and the rest.
fn digits(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (run, rest) = text.split_at_checked(end).unwrap_or((text, ""));
    (run.trim_start_matches('0'), rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_in_natural_order() {
        let sorted = [
            "OG-1", "OI-01", "OI-2", "OI-09", "OI-11", "OI-11b", "OI-12", "OI-44a", "OI-44b",
            "OI-100",
        ];
        for (at, a) in sorted.iter().enumerate() {
            for (other, b) in sorted.iter().enumerate() {
                assert_eq!(natural(a, b), at.cmp(&other), "{a} {b}");
            }
        }
    }
}
