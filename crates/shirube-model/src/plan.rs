//! The plan as data: headings, measures, ministries, duties, goals and the
//! vocabularies that records and indicators draw their codes from.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::lang::LocalText;
use crate::record::Body;

/// What a pack says of itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PackInfo {
    /// Id, also the directory name.
    pub id: String,
    /// Version of the plan as data.
    pub version: String,
    /// Title.
    pub title: LocalText,
    /// First and last day of the plan.
    pub period_start: NaiveDate,
    /// Last day of the plan.
    pub period_end: NaiveDate,
    /// Legal basis.
    pub legal_basis: LocalText,
    /// Where the text comes from.
    pub source: LocalText,
}

/// A heading of the plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heading {
    /// Number, such as `4.2.1.1`.
    pub id: String,
    /// chapter, section, subsection, project, item or group.
    pub kind: String,
    /// Number of the heading above.
    pub parent: Option<String>,
    /// Text.
    pub title: LocalText,
    /// Line of the source.
    pub source_line: u32,
    /// Ministries and how they were attributed.
    pub attribution: Attribution,
}

/// Who is responsible, and on what basis.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Attribution {
    /// Ministries that compile follow-up (◎), by code of `ministries`.
    pub lead: Vec<String>,
    /// Other ministries printed.
    pub participating: Vec<String>,
    /// Explicit, sole, inherited from a heading, or none printed.
    pub basis: String,
    /// The bracket as printed.
    pub printed: Option<String>,
}

/// A measure: the smallest commitment stated separately.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Measure {
    /// Id, such as `4.1.1-m1`.
    pub id: String,
    /// Heading it stands under.
    pub section: String,
    /// Line of the source.
    pub source_line: u32,
    /// Ministries.
    pub attribution: Attribution,
    /// Summary in our own words.
    pub summary: LocalText,
}

/// A ministry or office of the plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ministry {
    /// Abbreviation printed in the plan.
    pub abbr: String,
    /// Name.
    pub name: LocalText,
}

/// A duty of governance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Duty {
    /// Id.
    pub id: String,
    /// Who has it.
    pub actor: String,
    /// Line of the source.
    pub source_line: u32,
    /// Summary.
    pub summary: LocalText,
}

/// A note on a defect of the source text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceNote {
    /// Line of the source.
    pub line: u32,
    /// What is wrong there.
    pub note: LocalText,
}

/// An outcome goal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Goal {
    /// Id, such as `OG-1`.
    pub id: String,
    /// Name.
    pub name: LocalText,
    /// Line of the source.
    pub source_line: u32,
    /// Deadline in words.
    pub deadline: String,
    /// How the goal is made measurable.
    pub reading: LocalText,
    /// Indicators that speak to it.
    pub related: Vec<String>,
}

/// A record that a pack brings along: an official figure, or what the plan
/// itself prints as fact.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EvidenceRow {
    /// Register kind.
    pub kind: String,
    /// Key of the row within the pack; the record is found again by it.
    pub key: String,
    /// Field values.
    pub body: Body,
}

/// What a person judged about one budget review sheet: the measures its
/// programme carries out. The judgements are made before any ranking is seen
/// and measure how good the ranking is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judgement {
    /// Number of the sheet.
    pub sheet: String,
    /// How the sheet was drawn.
    pub draw: Draw,
    /// Name of the programme.
    pub programme: String,
    /// Measures it carries out, the nearest first; empty when there is none.
    pub measures: Vec<String>,
    /// Why.
    pub reason: String,
    /// Day of the judgement.
    pub judged_on: Option<NaiveDate>,
}

/// Words of budget programmes and the words the plan has for the same thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wording {
    /// A word as programmes write it.
    pub word: String,
    /// What the plan would write.
    pub means: Vec<String>,
}

/// How a judged sheet was drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Draw {
    /// From sheets of seven ministries that speak of health.
    Health,
    /// From all sheets.
    Any,
    /// From sheets that speak of medical research or industry; kept apart, so
    /// that a ranking tuned on the others can be tried on it.
    HeldOut,
}

impl Draw {
    /// Code used in files.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Health => "health",
            Self::Any => "any",
            Self::HeldOut => "held_out",
        }
    }

    /// Reads a code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Health, Self::Any, Self::HeldOut].into_iter().find(|draw| draw.code() == code)
    }
}

/// One code of a vocabulary.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Term {
    /// Code.
    pub code: String,
    /// Label.
    pub label: LocalText,
    /// First day of validity.
    pub valid_from: Option<NaiveDate>,
    /// Last day of validity.
    pub valid_to: Option<NaiveDate>,
    /// Codes that take its place.
    pub successors: Vec<String>,
    /// Remark.
    pub note: Option<String>,
}

/// A vocabulary.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vocabulary {
    /// Id, as named by `code("…")` fields.
    pub id: String,
    /// Title.
    pub title: LocalText,
    /// Where its codes come from.
    pub source: LocalText,
    /// Terms in the order of the file.
    pub terms: Vec<Term>,
}

impl Vocabulary {
    /// The term with `code`.
    #[must_use]
    pub fn term(&self, code: &str) -> Option<&Term> {
        self.terms.iter().find(|term| term.code == code)
    }
}
