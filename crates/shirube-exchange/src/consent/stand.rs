//! Terms, notices and choices as the registers hold them now.

use serde_json::json;
use shirube_model::choice::{Choices, Stated};
use shirube_model::record::{RecordVersion, Standing};
use shirube_model::registers::consent::{DataSetTerms, OptOutNotice, UseChoice};
use shirube_model::registers::{Register, read_body};
use shirube_store::{AsOf, ListQuery, Order, Store};

use crate::error::ExchangeError;

/// Records read at a time.
const PAGE: usize = 5_000;

/// Records of a kind that count, for one data set.
///
/// # Errors
/// When the store cannot be read.
pub async fn records_of(
    store: &Store,
    kind: &str,
    data_set: &str,
) -> Result<Vec<RecordVersion>, ExchangeError> {
    let mut query = ListQuery {
        standings: vec![Standing::Active],
        fields: vec![("data_set".to_owned(), json!(data_set))],
        order: Order::ById,
        limit: PAGE,
        ..ListQuery::default()
    };
    let mut out = Vec::new();
    loop {
        let page = store.list(kind, AsOf::Now, &query).await?;
        out.extend(page.records);
        match page.next {
            Some(next) => query.after = Some(next),
            None => return Ok(out),
        }
    }
}

async fn stated<R: Register>(
    store: &Store,
    data_set: &str,
) -> Result<Vec<Stated<R>>, ExchangeError> {
    let mut out = Vec::new();
    for record in records_of(store, R::SCHEMA.kind, data_set).await? {
        out.push(Stated { entry: read_body(&record.body)?, state: record.state });
    }
    Ok(out)
}

/// Terms, notices and choices of a data set as they stand.
///
/// # Errors
/// When the store cannot be read.
pub async fn choices_of(store: &Store, data_set: &str) -> Result<Choices, ExchangeError> {
    Ok(Choices::of(
        data_set,
        stated::<DataSetTerms>(store, data_set).await?,
        stated::<OptOutNotice>(store, data_set).await?,
        stated::<UseChoice>(store, data_set).await?,
    ))
}
