//! The pack, a vocabulary, and what the product is.

use askama::Template;

use super::frame::{Chrome, Labelled};

/// The pack.
#[derive(Template)]
#[template(path = "pack/pack.html")]
pub(crate) struct PackPage {
    pub c: Chrome,
    pub facts: Vec<(String, String)>,
    pub counts: Vec<(String, Labelled)>,
    pub vocabularies: Vec<VocabularyRow>,
    pub decisions: Vec<DecisionRow>,
}

/// A vocabulary of the list.
pub(crate) struct VocabularyRow {
    pub id: String,
    pub href: String,
    pub title: String,
    pub terms: usize,
}

/// A decision on a reading.
pub(crate) struct DecisionRow {
    pub indicator: Labelled,
    pub question: String,
    pub reading: String,
    pub by: String,
    pub on: String,
    pub from: String,
}

/// One vocabulary.
#[derive(Template)]
#[template(path = "pack/vocabulary.html")]
pub(crate) struct VocabularyPage {
    pub c: Chrome,
    pub id: String,
    pub source: String,
    pub rows: Vec<TermRow>,
}

/// One code.
pub(crate) struct TermRow {
    pub code: String,
    pub label: String,
    pub other: String,
    pub validity: String,
    pub successors: String,
    pub note: String,
}

/// What the product is.
#[derive(Template)]
#[template(path = "pack/about.html")]
pub(crate) struct AboutPage {
    pub c: Chrome,
    pub paragraphs: Vec<String>,
    pub software: String,
    pub parts: Vec<(String, String)>,
}
