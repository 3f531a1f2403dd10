//! Who may do what with a data set, for pages and the API alike.

use chrono::{NaiveDate, Utc};
use shirube_access::{Action, DataSetResource, Resource};
use shirube_model::calendar::jst;
use shirube_model::refusal::Refusal;
use shirube_query::{Entry, Pending, QueryError};

use super::{DataSet, Permit};
use crate::session::Who;
use crate::state::AppState;

/// Permits are valid by the day in Japan.
fn today() -> NaiveDate {
    Utc::now().with_timezone(&jst()).date_naive()
}

/// Permits of a data set that somebody holds today.
pub(crate) fn permits<'s>(set: &'s DataSet, who: &Who) -> Vec<&'s Permit> {
    who.account().map_or_else(Vec::new, |account| set.permits_of(&account.name, today()))
}

/// The permit somebody asks under: the one named, or the first.
///
/// # Errors
/// `web.health.permit`.
pub(crate) fn permit<'s>(
    set: &'s DataSet,
    who: &Who,
    named: Option<&str>,
) -> Result<&'s Permit, Refusal> {
    let held = permits(set, who);
    let found = held.into_iter().find(|permit| named.is_none_or(|id| id == permit.id));
    found.ok_or_else(|| Refusal::new("web.health.permit"))
}

/// A data set as something to decide about.
pub(crate) fn resource(set: &DataSet, who: &Who) -> Resource {
    let permitted = !permits(set, who).is_empty();
    Resource::DataSet(DataSetResource { id: set.id.clone(), permitted, closed: false })
}

/// Whether somebody may read what was released under an entry: who holds its
/// permit, and auditors. Others are not told that it exists.
pub(crate) fn may_read(state: &AppState, who: &Who, set: &DataSet, entry: &Entry) -> bool {
    let resource = resource(set, who);
    let own = permits(set, who).iter().any(|permit| permit.id == entry.permit);
    (own && state.allows(who, Action::Read, &resource))
        || state.allows(who, Action::Audit, &resource)
}

/// How much of a data set somebody sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Detail {
    /// Its description, and persons in bands.
    Public,
    /// Also rows in bands, and how much of the codes is mapped.
    Asking,
    /// Everything in the manifest.
    Staff,
}

impl Detail {
    pub(crate) fn of(state: &AppState, who: &Who, set: &DataSet) -> Self {
        let resource = resource(set, who);
        if state.allows(who, Action::ReadInternal, &resource) {
            Self::Staff
        } else if !permits(set, who).is_empty() && may_ask(state, who, set) {
            Self::Asking
        } else {
            Self::Public
        }
    }
}

/// Whether somebody may put a query to a data set.
pub(crate) fn may_ask(state: &AppState, who: &Who, set: &DataSet) -> bool {
    state.allows(who, Action::Ask, &resource(set, who))
}

/// Writes the cause of a fault to the operator's log; no value of a record is in
/// it.
pub(crate) fn log(error: &QueryError) {
    if let QueryError::Fault { refusal, cause } = error {
        tracing::error!(code = refusal.code, %cause, "health record fault");
    }
}

/// Name of the account that acts.
pub(crate) fn name(who: &Who) -> &str {
    who.account().map_or("", |account| &account.name)
}

/// Where somebody stands with an answer that waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// May judge it.
    May,
    /// Asked for it.
    Asked,
    /// Has judged it.
    Answered,
}

impl Part {
    pub(crate) fn of(who: &Who, pending: &Pending) -> Self {
        let me = name(who).trim().to_lowercase();
        let among = |names: &[String]| names.iter().any(|other| other.trim().to_lowercase() == me);
        if among(&pending.askers) {
            Self::Asked
        } else if among(&pending.reviewers) {
            Self::Answered
        } else {
            Self::May
        }
    }
}
