//! Showing how far an import or export has come.

use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressStyle};
use shirube_model::lang::Lang;
use shirube_model::refusal::text_with;

use crate::report::Counts;

/// Hears how far an import has come.
pub trait Progress: Send {
    /// The import begins; `bytes` is the size of the input.
    fn start(&mut self, bytes: u64);
    /// Everything up to byte `bytes` of the input is done.
    fn advance(&mut self, bytes: u64, counts: &Counts);
    /// The import has ended, well or not.
    fn finish(&mut self);
}

/// Shows nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {
    fn start(&mut self, _: u64) {}
    fn advance(&mut self, _: u64, _: &Counts) {}
    fn finish(&mut self) {}
}

/// A bar on the terminal, by bytes.
#[derive(Debug)]
pub struct Bar {
    bar: ProgressBar,
    lang: Lang,
}

impl Bar {
    /// A bar in one language.
    #[must_use]
    pub fn new(lang: Lang) -> Self {
        let bar = ProgressBar::new(0);
        let template = "{bar:30} {percent:>3}% {binary_bytes}/{binary_total_bytes} {eta} {msg}";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        Self { bar, lang }
    }
}

impl Progress for Bar {
    fn start(&mut self, bytes: u64) {
        self.bar.set_length(bytes);
    }

    fn advance(&mut self, bytes: u64, counts: &Counts) {
        self.bar.set_position(bytes);
        let args =
            [("rows", counts.rows.to_string()), ("quarantined", counts.quarantined.to_string())];
        self.bar.set_message(text_with(self.lang, "import.progress", &args));
    }

    fn finish(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// A bar where the standard error is a terminal, else nothing.
#[must_use]
pub fn progress(lang: Lang) -> Box<dyn Progress> {
    if std::io::stderr().is_terminal() { Box::new(Bar::new(lang)) } else { Box::new(Silent) }
}
