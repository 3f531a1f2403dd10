//! What changed between two packs.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use shirube_model::lang::{Lang, LocalText};
use shirube_model::refusal::{text, text_with};

use crate::evidence_text::title;
use crate::hash::canonical_json;
use crate::pack::{DERIVED_VOCABULARIES, Pack};

/// A part of a pack, in the order a diff shows them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// What the pack says of itself.
    Info,
    /// Headings, also those of the other chapters.
    Headings,
    /// Measures.
    Measures,
    /// Ministries.
    Ministries,
    /// Duties of governance.
    Governance,
    /// Notes on the source.
    SourceNotes,
    /// Outcome goals.
    Goals,
    /// Definitions, field by field inside specs and readings.
    Indicators,
    /// Decisions on readings.
    Decisions,
    /// Vocabularies as wholes.
    Vocabularies,
    /// Terms of vocabularies that both packs have.
    Terms,
    /// Organisations.
    Organisations,
    /// Labels of registers.
    Labels,
    /// Records the pack brings along.
    Evidence,
    /// Judgements of budget review sheets.
    Judgements,
    /// Words of budget programmes and what the plan writes for them.
    Wordings,
}

impl Part {
    /// All parts in order.
    pub const ALL: [Self; 16] = [
        Self::Info,
        Self::Headings,
        Self::Measures,
        Self::Ministries,
        Self::Governance,
        Self::SourceNotes,
        Self::Goals,
        Self::Indicators,
        Self::Decisions,
        Self::Vocabularies,
        Self::Terms,
        Self::Organisations,
        Self::Labels,
        Self::Evidence,
        Self::Judgements,
        Self::Wordings,
    ];

    /// Key of the part's name in the message catalogues.
    #[must_use]
    pub const fn text_key(self) -> &'static str {
        match self {
            Self::Info => "pack.diff.part.info",
            Self::Headings => "pack.diff.part.headings",
            Self::Measures => "pack.diff.part.measures",
            Self::Ministries => "pack.diff.part.ministries",
            Self::Governance => "pack.diff.part.governance",
            Self::SourceNotes => "pack.diff.part.source-notes",
            Self::Goals => "pack.diff.part.goals",
            Self::Indicators => "pack.diff.part.indicators",
            Self::Decisions => "pack.diff.part.decisions",
            Self::Vocabularies => "pack.diff.part.vocabularies",
            Self::Terms => "pack.diff.part.terms",
            Self::Organisations => "pack.diff.part.organisations",
            Self::Labels => "pack.diff.part.labels",
            Self::Evidence => "pack.diff.part.evidence",
            Self::Judgements => "pack.diff.part.judgements",
            Self::Wordings => "pack.diff.part.wordings",
        }
    }
}

/// What happened to an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// Only the second pack has it.
    Added,
    /// Only the first pack has it.
    Removed,
    /// Both have it, with differences.
    Changed,
}

/// One field of a changed entry.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FieldChange {
    /// Path of the field, such as `question.counting-unit.reading.seeds.spec.window.to`.
    pub field: String,
    /// Value in the first pack; `None` when it had none.
    pub old: Option<Value>,
    /// Value in the second pack; `None` when it has none.
    pub new: Option<Value>,
}

/// One entry that differs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change {
    /// Part of the pack.
    pub part: Part,
    /// Id within the part.
    pub id: String,
    /// Title, as the second pack has it, or the first when it was removed.
    pub title: LocalText,
    /// What happened.
    pub what: What,
    /// Fields of a changed entry by path; empty for added and removed ones.
    pub fields: Vec<FieldChange>,
}

/// Which pack was compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PackStamp {
    /// Id.
    pub id: String,
    /// Version.
    pub version: String,
    /// Hash.
    pub hash: String,
}

/// The differences of two packs, by part and id.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PackDiff {
    /// First pack.
    pub from: PackStamp,
    /// Second pack.
    pub to: PackStamp,
    /// Differences.
    pub changes: Vec<Change>,
}

/// Compares two packs entry by entry. The order of entries in a file does not
/// count, nor do comments and spacing.
#[must_use]
pub fn diff(a: &Pack, b: &Pack) -> PackDiff {
    let (old, new) = (entries(a), entries(b));
    let both = |id: &str| a.vocabulary(id).is_some() && b.vocabulary(id).is_some();
    let shown = |key: &(Part, String)| {
        key.0 != Part::Terms || key.1.split_once('/').is_some_and(|(id, _)| both(id))
    };
    let mut keys: Vec<&(Part, String)> = old.keys().chain(new.keys()).collect();
    keys.sort();
    keys.dedup();
    let mut changes = Vec::new();
    for key in keys.into_iter().filter(|key| shown(key)) {
        let (what, entry, fields) = match (old.get(key), new.get(key)) {
            (None, Some(entry)) => (What::Added, entry, Vec::new()),
            (Some(entry), None) => (What::Removed, entry, Vec::new()),
            (Some(before), Some(entry)) => {
                let fields = field_changes(&before.fields, &entry.fields);
                if fields.is_empty() {
                    continue;
                }
                (What::Changed, entry, fields)
            }
            (None, None) => continue,
        };
        let (part, id) = key.clone();
        changes.push(Change { part, id, title: entry.title.clone(), what, fields });
    }
    PackDiff { from: stamp(a), to: stamp(b), changes }
}

fn stamp(pack: &Pack) -> PackStamp {
    PackStamp {
        id: pack.info.id.clone(),
        version: pack.info.version.clone(),
        hash: pack.hash.clone(),
    }
}

type Fields = BTreeMap<String, Value>;

struct Entry {
    title: LocalText,
    fields: Fields,
}

fn field_changes(old: &Fields, new: &Fields) -> Vec<FieldChange> {
    let mut names: Vec<&String> = old.keys().chain(new.keys()).collect();
    names.sort();
    names.dedup();
    names
        .into_iter()
        .filter(|name| old.get(*name) != new.get(*name))
        .map(|name| FieldChange {
            field: name.clone(),
            old: old.get(name).cloned(),
            new: new.get(name).cloned(),
        })
        .collect()
}

/// Entries of a pack by part and id.
struct Entries(BTreeMap<(Part, String), Entry>);

impl Entries {
    /// Adds an entry. Ids are unique in a pack that passes the check; in one
    /// that does not, a repeated id is told apart by its number.
    fn add(&mut self, part: Part, id: &str, title: &LocalText, value: impl Serialize) {
        let mut fields = Fields::new();
        // Plain data with text keys always becomes JSON.
        if let Ok(value) = serde_json::to_value(value) {
            flatten("", &value, &mut fields);
        }
        let mut key = (part, id.to_owned());
        let mut number = 2;
        while self.0.contains_key(&key) {
            key.1 = format!("{id}#{number}");
            number += 1;
        }
        self.0.insert(key, Entry { title: title.clone(), fields });
    }
}

fn entries(pack: &Pack) -> BTreeMap<(Part, String), Entry> {
    let mut out = Entries(BTreeMap::new());
    plan_entries(pack, &mut out);
    for indicator in &pack.indicators {
        out.add(Part::Indicators, &indicator.id, &indicator.name, indicator);
    }
    for decision in &pack.decisions {
        let id =
            format!("{}/{}/{}", decision.indicator, decision.question, decision.effective_from);
        let title = pack
            .indicator(&decision.indicator)
            .and_then(|indicator| indicator.question(&decision.question))
            .map(|question| question.text.clone())
            .unwrap_or_default();
        out.add(Part::Decisions, &id, &title, decision);
    }
    for (id, vocabulary) in &pack.vocabularies {
        if DERIVED_VOCABULARIES.contains(&id.as_str()) {
            continue;
        }
        let words = (&vocabulary.title, &vocabulary.source);
        let value = serde_json::json!({ "title": words.0, "source": words.1 });
        out.add(Part::Vocabularies, id, &vocabulary.title, value);
        for term in &vocabulary.terms {
            out.add(Part::Terms, &format!("{id}/{}", term.code), &term.label, term);
        }
    }
    for (key, label) in &pack.labels {
        out.add(Part::Labels, key, label, label);
    }
    for row in &pack.evidence {
        let id = format!("{}/{}", row.kind, row.key);
        out.add(Part::Evidence, &id, &title(&row.key), row);
    }
    for judgement in &pack.judgements {
        let name = title(&judgement.programme);
        out.add(Part::Judgements, &judgement.sheet, &name, judgement);
    }
    for wording in &pack.wordings {
        out.add(Part::Wordings, &wording.word, &title(&wording.word), wording);
    }
    out.0
}

fn plan_entries(pack: &Pack, out: &mut Entries) {
    // Neither counts, which follow from the rest, nor the hash are content.
    let info = serde_json::json!({
        "info": pack.info,
        "horizon": pack.horizon,
        "timezone": pack.timezone,
        "fiscal_year_first_month": pack.fiscal_year_first_month,
    });
    out.add(Part::Info, "pack", &pack.info.title, info);
    for heading in pack.headings.iter().chain(&pack.other_headings) {
        out.add(Part::Headings, &heading.id, &heading.title, heading);
    }
    for measure in &pack.measures {
        out.add(Part::Measures, &measure.id, &measure.summary, measure);
    }
    for ministry in &pack.ministries {
        out.add(Part::Ministries, &ministry.abbr, &ministry.name, ministry);
    }
    for duty in &pack.governance {
        out.add(Part::Governance, &duty.id, &duty.summary, duty);
    }
    for note in &pack.source_notes {
        out.add(Part::SourceNotes, &note.line.to_string(), &note.note, note);
    }
    for goal in &pack.goals {
        out.add(Part::Goals, &goal.id, &goal.name, goal);
    }
    for organisation in &pack.organisations {
        out.add(Part::Organisations, &organisation.code, &organisation.name, organisation);
    }
}

/// Leaves of a value by path. Things in a list that have an id are named by it;
/// a list of plain values is one leaf; absent values are left out.
fn flatten(path: &str, value: &Value, out: &mut Fields) {
    let below = |name: &str| match path {
        "" => name.to_owned(),
        path => format!("{path}.{name}"),
    };
    match value {
        Value::Null => {}
        Value::Object(map) => {
            for (name, inner) in map {
                flatten(&below(name), inner, out);
            }
        }
        Value::Array(items) if items.iter().any(Value::is_object) => {
            for (at, item) in items.iter().enumerate() {
                match item.get("id").and_then(Value::as_str) {
                    Some(id) => flatten(&below(id), item, out),
                    None => flatten(&format!("{path}[{at}]"), item, out),
                }
            }
        }
        Value::Array(items) if items.is_empty() => {}
        leaf => {
            out.insert(path.to_owned(), leaf.clone());
        }
    }
}

impl PackDiff {
    /// Whether nothing of the content differs.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// The diff as JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }

    /// The diff as text, the same on every run.
    #[must_use]
    pub fn text(&self, lang: Lang) -> String {
        let name = |stamp: &PackStamp| {
            let short: String = stamp.hash.chars().take(12).collect();
            format!("{} {} ({short})", stamp.id, stamp.version)
        };
        let mut lines = vec![format!("{} → {}", name(&self.from), name(&self.to))];
        if self.changes.is_empty() {
            let same = self.from.hash == self.to.hash;
            lines.push(text(lang, if same { "pack.diff.same" } else { "pack.diff.form-only" }));
        }
        for part in Part::ALL {
            let changes: Vec<&Change> = self.changes.iter().filter(|c| c.part == part).collect();
            if changes.is_empty() {
                continue;
            }
            let count = |what| changes.iter().filter(|c| c.what == what).count().to_string();
            let counts = [
                ("part", text(lang, part.text_key())),
                ("added", count(What::Added)),
                ("removed", count(What::Removed)),
                ("changed", count(What::Changed)),
            ];
            lines.push(text_with(lang, "pack.diff.heading", &counts));
            for change in changes {
                change_lines(change, lang, &mut lines);
            }
        }
        lines.join("\n") + "\n"
    }
}

fn change_lines(change: &Change, lang: Lang, lines: &mut Vec<String>) {
    let sign = match change.what {
        What::Added => '+',
        What::Removed => '-',
        What::Changed => '~',
    };
    lines.push(format!("  {sign} {} {}", change.id, change.title.get(lang)));
    let shown = |value: &Option<Value>| match value {
        Some(Value::String(text)) => text.clone(),
        Some(value) => canonical_json(value),
        None => text(lang, "pack.diff.nothing"),
    };
    for field in &change.fields {
        lines.push(format!("      {}: {} → {}", field.field, shown(&field.old), shown(&field.new)));
    }
}
