//! What the command line prints, in one language.

use shirube_access::AccessError;
use shirube_cycle::CycleError;
use shirube_exchange::ExchangeError;
use shirube_model::lang::Lang;
use shirube_model::refusal::{Refusal, text, text_with};
use shirube_pack::PackFaults;
use shirube_query::QueryError;
use shirube_records::RecordsError;
use shirube_store::{AppendError, StoreError};

/// Why a command was not carried out.
#[derive(Debug)]
pub(crate) struct Failure {
    refusals: Vec<Refusal>,
    cause: Option<String>,
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self { refusals: vec![refusal], cause: None }
    }
}

impl From<Vec<Refusal>> for Failure {
    fn from(refusals: Vec<Refusal>) -> Self {
        Self { refusals, cause: None }
    }
}

impl From<PackFaults> for Failure {
    fn from(faults: PackFaults) -> Self {
        Self { refusals: faults.0, cause: None }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let cause = match &error {
            StoreError::Fault(fault) => Some(fault.cause.clone()),
            StoreError::Refused(_) => None,
        };
        Self { refusals: vec![error.refusal().clone()], cause }
    }
}

impl From<AccessError> for Failure {
    fn from(error: AccessError) -> Self {
        let cause = match &error {
            AccessError::Fault { cause, .. } => Some(cause.clone()),
            AccessError::Refused(_) => None,
        };
        Self { refusals: vec![error.refusal().clone()], cause }
    }
}

impl From<QueryError> for Failure {
    fn from(error: QueryError) -> Self {
        let cause = match &error {
            QueryError::Fault { cause, .. } => Some(cause.clone()),
            QueryError::Refused(_) => None,
        };
        Self { refusals: vec![error.refusal().clone()], cause }
    }
}

impl From<RecordsError> for Failure {
    fn from(error: RecordsError) -> Self {
        let cause = match &error {
            RecordsError::Fault { cause, .. } => Some(cause.clone()),
            RecordsError::Refused(_) => None,
        };
        Self { refusals: vec![error.refusal().clone()], cause }
    }
}

impl From<CycleError> for Failure {
    fn from(error: CycleError) -> Self {
        Self { refusals: error.0, cause: None }
    }
}

impl From<ExchangeError> for Failure {
    fn from(error: ExchangeError) -> Self {
        Self { refusals: error.refusals(), cause: None }
    }
}

impl From<AppendError> for Failure {
    fn from(error: AppendError) -> Self {
        Self { refusals: error.refusals(), cause: None }
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self { refusals: vec![Refusal::new("cli.io").arg("detail", &error)], cause: None }
    }
}

/// A terminal that speaks one language.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Out {
    pub(crate) lang: Lang,
}

impl Out {
    pub(crate) const fn new(lang: Lang) -> Self {
        Self { lang }
    }

    pub(crate) fn text(self, key: &str) -> String {
        text(self.lang, key)
    }

    pub(crate) fn with(self, key: &str, args: &[(&'static str, String)]) -> String {
        text_with(self.lang, key, args)
    }

    pub(crate) fn line(self, line: impl AsRef<str>) {
        println!("{}", line.as_ref());
    }

    pub(crate) fn note(self, line: impl AsRef<str>) {
        eprintln!("{}", line.as_ref());
    }

    pub(crate) fn say(self, key: &str, args: &[(&'static str, String)]) {
        println!("{}", self.with(key, args));
    }

    pub(crate) fn refusals(self, refusals: &[Refusal]) {
        for refusal in refusals {
            println!("{}", refusal.line_text(self.lang));
        }
    }

    pub(crate) fn failure(self, failure: &Failure) {
        for refusal in &failure.refusals {
            eprintln!("{}", refusal.line_text(self.lang));
        }
        if let Some(cause) = &failure.cause {
            tracing::warn!(%cause, "cause");
        }
    }
}
