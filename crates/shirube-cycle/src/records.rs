//! Reading the registers of the follow-up as their types.

use serde_json::Value;
use shirube_model::ident::RecordId;
use shirube_model::record::{Body, RecordVersion, Standing};
use shirube_model::refusal::Refusal;
use shirube_model::registers::follow_up::{FollowUpCycle, MeasureReport};
use shirube_model::registers::{Register, read_body};
use shirube_store::{AsOf, Draft, ListQuery, Order};

use crate::error::CycleError;
use crate::{By, FollowUp};

/// Records read at a time.
const PAGE: usize = 1_000;

/// A record with its body as a type.
#[derive(Debug, Clone)]
pub struct Typed<R> {
    /// The record.
    pub record: RecordVersion,
    /// Its body.
    pub body: R,
}

impl<R: Register> Typed<R> {
    pub(crate) fn read(record: RecordVersion) -> Result<Self, Refusal> {
        let body = read_body::<R>(&record.body)?;
        Ok(Self { record, body })
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> &str {
        self.record.id.as_str()
    }
}

impl Typed<MeasureReport> {
    /// Whether its values are frozen: approved, and perhaps locked since.
    #[must_use]
    pub fn approved(&self) -> bool {
        matches!(self.record.state.as_str(), "approved" | "locked")
    }
}

impl FollowUp {
    /// Every active record of a kind, in the order of ids.
    pub(crate) async fn all<R: Register>(&self, at: AsOf) -> Result<Vec<Typed<R>>, CycleError> {
        let mut query = ListQuery {
            standings: vec![Standing::Active],
            order: Order::ById,
            limit: PAGE,
            ..ListQuery::default()
        };
        let mut found = Vec::new();
        loop {
            let page = self.store.list(R::SCHEMA.kind, at, &query).await?;
            for record in page.records {
                found.push(Typed::read(record)?);
            }
            query.after = page.next;
            if query.after.is_none() {
                return Ok(found);
            }
        }
    }

    /// The record with this id, where there is one.
    pub(crate) async fn one<R: Register>(
        &self,
        id: &RecordId,
        at: AsOf,
    ) -> Result<Option<Typed<R>>, CycleError> {
        let record = self.store.get(id, at).await?;
        Ok(record.map(Typed::read).transpose()?)
    }

    /// The cycle of a fiscal year.
    pub(crate) async fn cycle(
        &self,
        fiscal_year: i32,
    ) -> Result<Option<Typed<FollowUpCycle>>, CycleError> {
        let cycles = self.all::<FollowUpCycle>(AsOf::Now).await?;
        let mut of_year =
            cycles.into_iter().filter(|one| one.body.fiscal_year == i64::from(fiscal_year));
        let first = of_year.next();
        if of_year.next().is_some() {
            return Err(Refusal::new("cycle.year-twice").arg("year", fiscal_year).into());
        }
        Ok(first)
    }

    /// The cycle of a fiscal year, which must be there.
    pub(crate) async fn known_cycle(
        &self,
        fiscal_year: i32,
    ) -> Result<Typed<FollowUpCycle>, CycleError> {
        let missing = || Refusal::new("cycle.year-unknown").arg("year", fiscal_year);
        Ok(self.cycle(fiscal_year).await?.ok_or_else(missing)?)
    }

    /// The reports of a cycle, in the order of the plan.
    pub(crate) async fn reports(
        &self,
        cycle: &RecordId,
        at: AsOf,
    ) -> Result<Vec<Typed<MeasureReport>>, CycleError> {
        let mut reports = self.all::<MeasureReport>(at).await?;
        reports.retain(|report| report.body.cycle == *cycle);
        let place = |id: &str| self.pack.measures.iter().position(|measure| measure.id == id);
        reports.sort_by_cached_key(|report| {
            let body = &report.body;
            (
                place(&body.measure).unwrap_or(usize::MAX),
                body.measure.clone(),
                body.ministry.clone(),
            )
        });
        Ok(reports)
    }

    /// Takes a step with some fields filled.
    pub(crate) async fn step(
        &self,
        record: &RecordVersion,
        name: &str,
        fields: Body,
        by: &By,
    ) -> Result<(), CycleError> {
        let mut body = record.body.clone();
        body.extend(fields);
        let draft = Draft::transition(record.id.clone(), record.version, name, Some(body));
        self.write(draft, by).await
    }

    pub(crate) async fn write(&self, draft: Draft, by: &By) -> Result<(), CycleError> {
        self.store.append(vec![draft], &by.actor, &by.reason).await?;
        Ok(())
    }
}

/// A body from pairs; absent values are left out.
pub(crate) fn fields<const N: usize>(pairs: [(&str, Option<Value>); N]) -> Body {
    pairs.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

/// A text as a value.
pub(crate) fn text(value: impl ToString) -> Option<Value> {
    Some(Value::String(value.to_string()))
}

/// A list of texts; none when it is empty.
pub(crate) fn list<T: ToString>(items: impl IntoIterator<Item = T>) -> Option<Value> {
    let items: Vec<Value> = items.into_iter().map(|item| Value::String(item.to_string())).collect();
    (!items.is_empty()).then_some(Value::Array(items))
}
