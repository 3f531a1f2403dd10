//! Stores, vocabularies and imports for the tests.

use std::collections::BTreeMap;
use std::path::Path;

use shirube_exchange::{
    Codes, ExchangeError, ExportFormat, ExportOptions, Fields, ImportOptions, Input, Mapping, Mode,
    Report, Silent, export, import,
};
use shirube_model::ident::RecordId;
use shirube_model::lang::LocalText;
use shirube_model::plan::{Term, Vocabulary};
use shirube_model::record::RecordVersion;
use shirube_model::registers::{KINDS, kind};
use shirube_model::schema::FieldType;
use shirube_store::{AsOf, FixedClock, OpenOptions, Store, StoreClass};

pub async fn open(dir: &Path, class: StoreClass) -> Store {
    let mut options = OpenOptions::new(class, "test").create();
    if class == StoreClass::Demo {
        // Made-up histories lie before today.
        let start = "2024-01-01T00:00:00Z".parse().unwrap();
        options = options.clock(std::sync::Arc::new(FixedClock::new(start)));
    }
    Store::open(dir, options).await.unwrap()
}

/// Every vocabulary the kinds name, each with the same few terms.
pub fn vocabularies() -> BTreeMap<String, Vocabulary> {
    let terms = [("alpha", "甲", "First"), ("beta", "乙", "Second"), ("gamma-3", "丙", "Third")];
    let mut all = BTreeMap::new();
    for field in KINDS.iter().flat_map(|schema| schema.fields) {
        let FieldType::Code(id) = field.ty else { continue };
        let term = |(code, ja, en): (&str, &str, &str)| Term {
            code: code.to_owned(),
            label: LocalText::new(ja, en),
            valid_from: None,
            valid_to: None,
            successors: Vec::new(),
            note: None,
        };
        let vocabulary = Vocabulary {
            id: id.to_owned(),
            title: LocalText::new("用語集", "Vocabulary"),
            source: LocalText::new("試験", "Test"),
            terms: terms.map(term).to_vec(),
        };
        all.insert(id.to_owned(), vocabulary);
    }
    all
}

pub fn options(kind: &str) -> ImportOptions {
    ImportOptions {
        kind: Some(kind.to_owned()),
        source: Some("src".to_owned()),
        ..ImportOptions::new("tester", "試験")
    }
}

pub fn mapped(text: &str) -> ImportOptions {
    ImportOptions {
        mapping: Some(Mapping::parse("m.toml", text).unwrap()),
        ..ImportOptions::new("tester", "試験")
    }
}

pub fn dry(options: &ImportOptions) -> ImportOptions {
    ImportOptions { mode: Mode::DryRun, ..options.clone() }
}

pub async fn take(
    store: &Store,
    input: impl AsRef<[u8]>,
    options: &ImportOptions,
) -> Result<Report, ExchangeError> {
    let bytes = input.as_ref().to_vec();
    let input = Input::Reader("test".to_owned(), Box::new(std::io::Cursor::new(bytes)));
    import(store, input, &Codes::of(&vocabularies()), options, &mut Silent).await
}

pub async fn give(store: &Store, kind: &str, format: ExportFormat, fields: Fields) -> Vec<u8> {
    let options = ExportOptions {
        kind: kind.to_owned(),
        as_of: AsOf::Now,
        format,
        fields,
        pack_hash: "abc".to_owned(),
        software: "shirube 0".to_owned(),
    };
    let mut out = Vec::new();
    export(store, &options, &mut out).await.unwrap();
    out
}

pub const CSV: ExportFormat = ExportFormat::Csv { byte_order_mark: true };

pub fn id(kind_name: &str, key: &str) -> RecordId {
    RecordId::derive(kind(kind_name).unwrap().prefix, "src", key)
}

pub async fn record(store: &Store, kind: &str, key: &str) -> Option<RecordVersion> {
    store.get(&id(kind, key), AsOf::Now).await.unwrap()
}

pub async fn all(store: &Store, kind: &str) -> Vec<RecordVersion> {
    let query = shirube_store::ListQuery {
        order: shirube_store::Order::ById,
        limit: 100_000,
        ..Default::default()
    };
    store.list(kind, AsOf::Now, &query).await.unwrap().records
}

pub async fn events(store: &Store) -> u64 {
    let report = store.verify_chain().await.unwrap();
    assert!(report.holds(), "{report:?}");
    report.events
}

/// Codes of the quarantined rows with their number.
pub fn codes(report: &Report) -> Vec<(&str, u64)> {
    report.counts.refusals.iter().map(|(code, n)| (code.as_str(), *n)).collect()
}

pub fn check_sum(report: &Report) {
    let c = &report.counts;
    let sum = c.created + c.corrected + c.stepped + c.unchanged + c.repeated + c.quarantined;
    assert_eq!(c.rows, sum, "{c:?}");
}
