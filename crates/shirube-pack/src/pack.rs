//! The pack as one value.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::Serialize;
use shirube_model::indicator::{Indicator, ReadingDecision};
use shirube_model::lang::LocalText;
use shirube_model::plan::{
    Duty, EvidenceRow, Goal, Heading, Judgement, Measure, Ministry, PackInfo, SourceNote, Term,
    Vocabulary, Wording,
};
use shirube_model::refusal::Refusal;

use crate::hash::json_hash;
use crate::places::Places;

/// Vocabularies made from other files of the pack: ministries from
/// `plan/ministries.csv`, organisations from `organisations.csv`, measures from
/// `plan/measures.csv`, indicators from their definitions.
pub const DERIVED_VOCABULARIES: [&str; 4] =
    ["ministries", "organisations", "measures", "indicators"];

/// An organisation the strategy names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Organisation {
    /// Code, as in the vocabulary `organisations`.
    pub code: String,
    /// Name.
    pub name: LocalText,
    /// Kind of organisation, a code of `organisation_types`.
    pub organisation_type: String,
    /// 法人番号, 13 digits.
    pub corporate_number: Option<String>,
    /// First day of existence.
    pub valid_from: Option<NaiveDate>,
    /// Last day of existence.
    pub valid_to: Option<NaiveDate>,
    /// Codes of the bodies that took its place.
    pub successors: Vec<String>,
    /// Line of the source text that names it.
    pub source_line: Option<u32>,
    /// Remark.
    pub note: Option<LocalText>,
}

/// Counts a pack says it has, checked when present.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Counts {
    /// Headings of `plan/headings.csv`.
    pub headings: Option<u32>,
    /// Measures.
    pub measures: Option<u32>,
    /// Ministries.
    pub ministries: Option<u32>,
    /// Duties of governance.
    pub governance: Option<u32>,
    /// Notes on the source.
    pub source_notes: Option<u32>,
    /// Outcome goals.
    pub goals: Option<u32>,
    /// Indicators as the strategy prints them: series whose ids differ only in
    /// a small letter at the end are one.
    pub indicators: Option<u32>,
    /// Series.
    pub series: Option<u32>,
    /// Indicators whose baseline is asked for and not published.
    pub unpublished_baselines: Option<u32>,
}

/// Schema and policies that say who may do what, as written; their meaning is
/// checked where they are used. A pack without them is governed by the reference
/// authority.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct AuthorityText {
    /// `authority/schema.cedarschema`.
    pub schema: Option<String>,
    /// `authority/policies.cedar`.
    pub policies: Option<String>,
}

/// A strategy as data.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Pack {
    /// What the pack says of itself.
    pub info: PackInfo,
    /// Year the strategy looks to beyond its period.
    pub horizon: Option<u32>,
    /// Time zone of days, an IANA name.
    pub timezone: String,
    /// Month the fiscal year starts with, 1 to 12.
    pub fiscal_year_first_month: u32,
    /// Headings with measures below them, in the order of the text.
    pub headings: Vec<Heading>,
    /// Headings of the other chapters.
    pub other_headings: Vec<Heading>,
    /// Measures in the order of the text.
    pub measures: Vec<Measure>,
    /// Ministries and offices.
    pub ministries: Vec<Ministry>,
    /// Duties of governance.
    pub governance: Vec<Duty>,
    /// Notes on defects of the source text.
    pub source_notes: Vec<SourceNote>,
    /// Outcome goals.
    pub goals: Vec<Goal>,
    /// Vocabularies by id, with those made from ministries and organisations.
    pub vocabularies: BTreeMap<String, Vocabulary>,
    /// Organisations the strategy names.
    pub organisations: Vec<Organisation>,
    /// Labels of register kinds, fields, states, steps and domains by key.
    pub labels: BTreeMap<String, LocalText>,
    /// Definitions: series by id with sub-series after their parents, then
    /// those of goals, then those a milestone brings into being.
    pub indicators: Vec<Indicator>,
    /// Decisions on readings in the order of the file.
    pub decisions: Vec<ReadingDecision>,
    /// Records the pack brings along, in the order of files and rows.
    pub evidence: Vec<EvidenceRow>,
    /// Judgements of budget review sheets.
    pub judgements: Vec<Judgement>,
    /// Words of budget programmes and what the plan writes for them.
    pub wordings: Vec<Wording>,
    /// Who may do what.
    pub authority: AuthorityText,
    /// Counts the pack says it has.
    pub counts: Counts,
    /// SHA-256 over the names and contents of the files, hex.
    pub hash: String,
    /// What is worth knowing about the files without being a fault.
    #[serde(skip)]
    pub notes: Vec<Refusal>,
    #[serde(skip)]
    pub(crate) places: Places,
}

impl Pack {
    /// The label under `key`, such as `contract.state.signed`.
    #[must_use]
    pub fn label(&self, key: &str) -> Option<&LocalText> {
        self.labels.get(key)
    }

    /// The vocabulary called `id`.
    #[must_use]
    pub fn vocabulary(&self, id: &str) -> Option<&Vocabulary> {
        self.vocabularies.get(id)
    }

    /// The term of a vocabulary with `code`.
    #[must_use]
    pub fn term(&self, vocabulary: &str, code: &str) -> Option<&Term> {
        self.vocabulary(vocabulary)?.term(code)
    }

    /// The indicator called `id`.
    #[must_use]
    pub fn indicator(&self, id: &str) -> Option<&Indicator> {
        self.indicators.iter().find(|indicator| indicator.id == id)
    }

    /// The measure called `id`.
    #[must_use]
    pub fn measure(&self, id: &str) -> Option<&Measure> {
        self.measures.iter().find(|measure| measure.id == id)
    }

    /// The heading called `id`, of any chapter.
    #[must_use]
    pub fn heading(&self, id: &str) -> Option<&Heading> {
        self.headings.iter().chain(&self.other_headings).find(|heading| heading.id == id)
    }

    /// The ministry abbreviated `abbr`.
    #[must_use]
    pub fn ministry(&self, abbr: &str) -> Option<&Ministry> {
        self.ministries.iter().find(|ministry| ministry.abbr == abbr)
    }

    /// The goal called `id`.
    #[must_use]
    pub fn goal(&self, id: &str) -> Option<&Goal> {
        self.goals.iter().find(|goal| goal.id == id)
    }

    /// The organisation with `code`.
    #[must_use]
    pub fn organisation(&self, code: &str) -> Option<&Organisation> {
        self.organisations.iter().find(|organisation| organisation.code == code)
    }

    /// SHA-256 of the canonical JSON of a definition, hex. It changes with every
    /// part of the definition, also with words that cannot change a value.
    #[must_use]
    pub fn definition_hash(&self, id: &str) -> Option<String> {
        let indicator = self.indicator(id)?;
        serde_json::to_value(indicator).ok().map(|value| json_hash(&value))
    }

    /// Labels and texts that a skeleton left to be written, by place.
    #[must_use]
    pub fn placeholders(&self) -> Vec<String> {
        let mut found = Vec::new();
        if let Ok(value) = serde_json::to_value(self) {
            collect_placeholders(&value, "", &mut found);
        }
        found
    }
}

fn collect_placeholders(value: &serde_json::Value, path: &str, found: &mut Vec<String>) {
    use serde_json::Value;
    match value {
        Value::String(text)
            if text.contains(crate::skeleton::PLACEHOLDER_JA)
                || text.contains(crate::skeleton::PLACEHOLDER_EN) =>
        {
            found.push(path.to_owned());
        }
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                collect_placeholders(item, &format!("{path}[{at}]"), found);
            }
        }
        Value::Object(map) => {
            for (key, inner) in map {
                let gap = if path.is_empty() { "" } else { "." };
                collect_placeholders(inner, &format!("{path}{gap}{key}"), found);
            }
        }
        _ => {}
    }
}
