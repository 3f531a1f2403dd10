//! The quality of a data set's snapshot: checked when staff ask for it, kept in
//! the folder of health records.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use chrono::{DateTime, NaiveDate, Utc};
use shirube_model::refusal::Refusal;
use shirube_query::QueryError;
use shirube_records::quality::{QualityReport, Thresholds, quality};

use super::{DataSet, HealthData, held, stopped};

/// Checks since the server started, by snapshot: running, or failed.
pub(super) type Checks = Mutex<BTreeMap<String, Check>>;

/// Where a check stands that has no report, or none yet.
#[derive(Debug, Clone)]
pub(crate) enum Check {
    /// Running since a moment.
    Running(DateTime<Utc>),
    /// Ended without a report.
    Failed(Refusal),
}

/// What is known of a snapshot's quality.
#[derive(Debug, Default)]
pub(crate) struct Quality {
    /// The last report.
    pub(crate) report: Option<QualityReport>,
    pub(crate) check: Option<Check>,
}

impl HealthData {
    fn quality_file(&self, set: &DataSet) -> PathBuf {
        // The configuration lets only hexadecimal letters through.
        self.folder.join("quality").join(format!("{}.json", set.snapshot))
    }

    /// What is known of the quality of a data set's snapshot.
    ///
    /// # Errors
    /// `health.quality` when the report that is kept cannot be read.
    pub(crate) fn quality(&self, set: &DataSet) -> Result<Quality, QueryError> {
        let unreadable = || Refusal::new("health.quality").arg("id", &set.id);
        let report = match fs::read(self.quality_file(set)) {
            Ok(bytes) => Some(serde_json::from_slice(&bytes).map_err(|_| unreadable())?),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(_) => return Err(unreadable().into()),
        };
        Ok(Quality { report, check: held(&self.checks).get(&set.snapshot).cloned() })
    }

    /// Begins to check the quality of a data set's snapshot, unless that is going
    /// on. It goes on when nobody waits for it. Dates after `day` count as future.
    ///
    /// # Errors
    /// `web.health.busy`.
    pub(crate) fn check_quality(
        self: &Arc<Self>,
        set: &DataSet,
        day: NaiveDate,
    ) -> Result<(), QueryError> {
        let mut checks = held(&self.checks);
        if matches!(checks.get(&set.snapshot), Some(Check::Running(_))) {
            return Ok(());
        }
        let turn = self.turn()?;
        checks.insert(set.snapshot.clone(), Check::Running(Utc::now()));
        drop(checks);
        let (data, set) = (Arc::clone(self), set.clone());
        tokio::spawn(async move {
            let of = set.clone();
            let made = data.load(move |data| data.make_report(&of, day)).await;
            let mut checks = held(&data.checks);
            match made {
                Ok(()) => checks.remove(&set.snapshot),
                Err(error) => {
                    super::access::log(&error);
                    checks.insert(set.snapshot, Check::Failed(error.refusal().clone()))
                }
            };
            drop(turn);
        });
        Ok(())
    }

    fn make_report(&self, set: &DataSet, day: NaiveDate) -> Result<(), QueryError> {
        let snapshot = self.describe(set)?.snapshot;
        let report = quality(&snapshot, &Thresholds::own(day))?;
        let text = serde_json::to_vec(&report).map_err(|_| stopped())?;
        let path = self.quality_file(set);
        let beside = path.with_extension("new");
        // There whole, or not at all.
        let written = fs::create_dir_all(self.folder.join("quality"))
            .and_then(|()| fs::write(&beside, text))
            .and_then(|()| fs::rename(&beside, &path));
        let fault = |_| Refusal::new("health.quality").arg("id", &set.id);
        Ok(written.map_err(fault)?)
    }
}
