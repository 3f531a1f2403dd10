//! Faults of a pack, collected so that an editor sees all of them at once.

use std::cell::RefCell;
use std::fmt;

use shirube_model::lang::Lang;
use shirube_model::refusal::Refusal;

/// Every reason a pack was not read, in the order of files and lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackFaults(pub Vec<Refusal>);

impl PackFaults {
    /// All faults as lines of text.
    #[must_use]
    pub fn text(&self, lang: Lang) -> String {
        let lines: Vec<_> = self.0.iter().map(|fault| fault.line_text(lang)).collect();
        lines.join("\n")
    }
}

impl fmt::Display for PackFaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(Lang::En))
    }
}

impl std::error::Error for PackFaults {}

impl IntoIterator for PackFaults {
    type Item = Refusal;
    type IntoIter = std::vec::IntoIter<Refusal>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

/// Collects faults while reading goes on. A reader that pushed a fault returns
/// a blank value in its place; whoever owns the sink gives the result up when
/// the sink is not empty, so a blank never escapes.
#[derive(Debug, Default)]
pub(crate) struct Sink {
    faults: RefCell<Vec<Refusal>>,
}

impl Sink {
    pub(crate) fn push(&self, fault: Refusal) {
        self.faults.borrow_mut().push(fault);
    }

    pub(crate) fn into_vec(self) -> Vec<Refusal> {
        self.faults.into_inner()
    }
}

/// Orders faults by file, line and code, for the same text on every run.
pub(crate) fn sorted(mut faults: Vec<Refusal>) -> Vec<Refusal> {
    faults.sort_by(|a, b| {
        (&a.place.file, a.place.line, a.code, &a.place.field, &a.args).cmp(&(
            &b.place.file,
            b.place.line,
            b.code,
            &b.place.field,
            &b.args,
        ))
    });
    faults.dedup();
    faults
}
