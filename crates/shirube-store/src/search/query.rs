//! From the words of a query to records.

use tantivy::collector::sort_key::{SortBySimilarityScore, SortByString};
use tantivy::collector::{Count, TopDocs};
use tantivy::query::{
    BooleanQuery, ConstScoreQuery, Occur, PhraseQuery, Query, RegexQuery, TermQuery,
};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{DocSet, Order, TERMINATED, Term};

use super::SearchQuery;
use super::index::{ID_COLUMN, Reader};
use super::tokens::{Letter, Run, pairs, runs};
use crate::fault::StoreError;

const TITLE_SCORE: f32 = 4.0;
const TEXT_SCORE: f32 = 1.0;

/// Ids with their scores, and the number of all records that match.
pub(crate) type Found = (Vec<(String, u32)>, u64);

/// Finds records, nearest first and by id among equals. Scores count words and
/// do not depend on how the index happens to be laid out on disk.
pub(crate) fn find(reader: &Reader, query: &SearchQuery) -> Result<Found, StoreError> {
    let runs = runs(&query.text);
    if runs.is_empty() {
        return Ok((Vec::new(), 0));
    }
    let mut fields = vec![(reader.fields.title, TITLE_SCORE), (reader.fields.public, TEXT_SCORE)];
    if query.include_internal {
        fields.push((reader.fields.internal, TEXT_SCORE));
    }
    let mut clauses: Vec<(Occur, Box<dyn Query>)> = Vec::new();
    for run in &runs {
        let mut places: Vec<(Occur, Box<dyn Query>)> = Vec::new();
        for (field, score) in &fields {
            let matching = in_field(run, *field)?;
            places.push((Occur::Should, Box::new(ConstScoreQuery::new(matching, *score))));
        }
        clauses.push((Occur::Must, Box::new(BooleanQuery::new(places))));
    }
    if !query.kinds.is_empty() {
        let kinds = query.kinds.iter().map(|kind| Term::from_field_text(reader.fields.kind, kind));
        let wanted = Box::new(BooleanQuery::new_multiterms_query(kinds.collect()));
        clauses.push((Occur::Must, Box::new(ConstScoreQuery::new(wanted, 0.0))));
    }
    let all = BooleanQuery::new(clauses);
    // One hit at least, because a collector of nothing is not allowed.
    let order =
        ((SortBySimilarityScore, Order::Desc), (SortByString::for_field(ID_COLUMN), Order::Asc));
    let top = TopDocs::with_limit(query.limit.max(1)).and_offset(query.offset).order_by(order);
    let (top, total) = reader.searcher.search(&all, &(top, Count))?;
    let mut found = Vec::with_capacity(top.len());
    for ((score, id), _) in top.into_iter().take(query.limit) {
        if let Some(id) = id {
            found.push((id, whole(score)));
        }
    }
    Ok((found, total as u64))
}

/// Scores are sums of small whole numbers.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn whole(score: f32) -> u32 {
    score.round() as u32
}

/// A run in one field: a word as it is, dense characters as neighbouring pairs.
fn in_field(run: &Run, field: Field) -> Result<Box<dyn Query>, StoreError> {
    let term = |text: &str| {
        let term = Term::from_field_text(field, text);
        Box::new(TermQuery::new(term, IndexRecordOption::Basic))
    };
    Ok(match run {
        Run::Word { text, .. } => term(text),
        Run::Dense(letters) => match letters.as_slice() {
            // One character stands in a pair, before or after another.
            [Letter { c, .. }] => {
                Box::new(RegexQuery::from_pattern(&format!("{c}.?|.{c}"), field)?)
            }
            letters => {
                let terms: Vec<Term> = pairs(letters)
                    .iter()
                    .map(|(text, ..)| Term::from_field_text(field, text))
                    .collect();
                match terms.as_slice() {
                    [one] => Box::new(TermQuery::new(one.clone(), IndexRecordOption::Basic)),
                    _ => Box::new(PhraseQuery::new(terms)),
                }
            }
        },
    })
}

/// Field, term, record and the term's places in it.
pub(crate) type Posting = (&'static str, String, String, Vec<u32>);

/// Everything the index says, in one order whatever the layout on disk.
pub(crate) fn every_posting(reader: &Reader) -> Result<Vec<Posting>, StoreError> {
    let fields = [
        ("id", reader.fields.id),
        ("kind", reader.fields.kind),
        ("title", reader.fields.title),
        ("public", reader.fields.public),
        ("internal", reader.fields.internal),
    ];
    let mut postings = Vec::new();
    for segment in reader.searcher.segment_readers() {
        let ids = segment.fast_fields().str(ID_COLUMN)?;
        let id_of = |document| -> Result<String, StoreError> {
            let mut text = String::new();
            if let Some(ids) = &ids
                && let Some(ord) = ids.ords().first(document)
            {
                ids.ord_to_str(ord, &mut text)?;
            }
            Ok(text)
        };
        for (name, field) in fields {
            let inverted = segment.inverted_index(field)?;
            let mut terms = inverted.terms().stream()?;
            while let Some((key, info)) = terms.next() {
                let term = String::from_utf8_lossy(key).into_owned();
                let option = IndexRecordOption::WithFreqsAndPositions;
                let mut documents = inverted.read_postings_from_terminfo(info, option)?;
                while documents.doc() != TERMINATED {
                    let document = documents.doc();
                    if segment.alive_bitset().is_none_or(|alive| alive.is_alive(document)) {
                        let mut positions = Vec::new();
                        tantivy::postings::Postings::positions(&mut documents, &mut positions);
                        postings.push((name, term.clone(), id_of(document)?, positions));
                    }
                    documents.advance();
                }
            }
        }
    }
    postings.sort_unstable();
    Ok(postings)
}
