//! The proof of a value: how every record of the evidence fared.

use super::frame::Labelled;

/// The proof over one register.
pub(crate) struct ProofView {
    pub index: usize,
    pub title: String,
    pub caption: String,
    pub tally: Vec<TallyRow>,
    /// Link to the records that repeat one already counted.
    pub repeats_link: Option<Labelled>,
    /// Records that count once though they carry several keys or links.
    pub shared_text: String,
    pub list: Option<ProofList>,
}

/// Number of records of one class.
pub(crate) struct TallyRow {
    pub label: String,
    pub words: String,
    pub condition: String,
    pub count: String,
    pub counts: bool,
    pub current: bool,
    pub href: String,
}

/// Records of one class.
pub(crate) struct ProofList {
    pub title: String,
    pub range: String,
    pub rows: Vec<ProofLine>,
    pub previous: Option<String>,
    pub next: Option<String>,
}

/// One record of a proof.
pub(crate) struct ProofLine {
    pub id: String,
    pub title: String,
    pub href: String,
    pub version: String,
    pub date: String,
    pub why: String,
    pub shared: String,
    pub instead: Option<Labelled>,
}
