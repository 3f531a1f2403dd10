//! Registers as columns: one row per record version, append-only.
//!
//! A row never changes once it is here; a correction is a new row of the same
//! record. What was known on a past day is therefore a [`View`]: for every
//! record, which row was the latest by then.

use std::collections::HashMap;

use chrono::{Datelike, NaiveDate};
use foldhash::fast::RandomState;
use rust_decimal::Decimal;
use serde_json::Value;
use shirube_model::filter::Ty;
use shirube_model::record::{RecordVersion, Standing};
use shirube_model::registers::KINDS;
use shirube_model::schema::KindSchema;

/// An absent text, date or number of a row.
pub(crate) const NO_TEXT: u32 = u32::MAX;
/// An absent date.
pub(crate) const NO_DATE: i32 = i32::MIN;
/// Decimal digits kept: sums are exact in millionths.
pub(crate) const SCALE: u32 = 6;
/// One in millionths.
pub(crate) const ONE: i128 = 1_000_000;

/// Days since the common era, the storage form of dates.
pub(crate) fn day_number(date: NaiveDate) -> i32 {
    date.num_days_from_ce()
}

/// The date of a day number.
pub(crate) fn date_of(day: i32) -> Option<NaiveDate> {
    if day == NO_DATE { None } else { NaiveDate::from_num_days_from_ce_opt(day) }
}

/// A decimal in millionths.
pub(crate) fn micros(value: Decimal) -> i128 {
    let mut scaled = value;
    scaled.rescale(SCALE);
    scaled.mantissa()
}

/// Millionths as a decimal without trailing zeros.
pub(crate) fn decimal(micros: i128) -> Decimal {
    Decimal::try_from_i128_with_scale(micros, SCALE).unwrap_or(Decimal::MAX).normalize()
}

/// Texts by number, shared by all registers so that links compare numbers.
#[derive(Debug, Default)]
pub(crate) struct Texts {
    numbers: HashMap<Box<str>, u32, RandomState>,
    texts: Vec<Box<str>>,
}

impl Texts {
    pub(crate) fn number(&mut self, text: &str) -> u32 {
        if let Some(&number) = self.numbers.get(text) {
            return number;
        }
        let number = u32::try_from(self.texts.len()).unwrap_or(NO_TEXT);
        self.texts.push(text.into());
        self.numbers.insert(text.into(), number);
        number
    }

    /// The number of a text already seen.
    pub(crate) fn find(&self, text: &str) -> Option<u32> {
        self.numbers.get(text).copied()
    }

    /// Number of texts.
    pub(crate) fn len(&self) -> usize {
        self.texts.len()
    }

    pub(crate) fn text(&self, number: u32) -> &str {
        self.texts.get(number as usize).map_or("", AsRef::as_ref)
    }
}

/// One field over all rows of a register.
#[derive(Debug)]
pub(crate) enum Column {
    Text(Vec<u32>),
    TextList { ends: Vec<u32>, items: Vec<u32> },
    Date(Vec<i32>),
    Int(Vec<Option<i64>>),
    Decimal(Vec<Option<i128>>),
    Bool(Vec<Option<bool>>),
}

impl Column {
    fn new(ty: Ty) -> Self {
        match ty {
            Ty::Text => Self::Text(Vec::new()),
            Ty::TextList => Self::TextList { ends: Vec::new(), items: Vec::new() },
            Ty::Date => Self::Date(Vec::new()),
            Ty::Int => Self::Int(Vec::new()),
            Ty::Decimal => Self::Decimal(Vec::new()),
            Ty::Bool => Self::Bool(Vec::new()),
        }
    }

    fn push(&mut self, value: Option<&Value>, texts: &mut Texts) {
        let text = || value.and_then(Value::as_str);
        match self {
            Self::Text(rows) => rows.push(text().map_or(NO_TEXT, |t| texts.number(t))),
            Self::TextList { ends, items } => {
                if let Some(Value::Array(list)) = value {
                    items.extend(list.iter().filter_map(Value::as_str).map(|t| texts.number(t)));
                }
                ends.push(u32::try_from(items.len()).unwrap_or(u32::MAX));
            }
            Self::Date(rows) => {
                rows.push(text().and_then(|t| t.parse().ok()).map_or(NO_DATE, day_number))
            }
            Self::Int(rows) => rows.push(value.and_then(Value::as_i64)),
            Self::Decimal(rows) => {
                rows.push(text().and_then(|t| t.parse::<Decimal>().ok()).map(micros));
            }
            Self::Bool(rows) => rows.push(value.and_then(Value::as_bool)),
        }
    }

    /// Texts of a row: one, none, or the items of a list.
    pub(crate) fn texts(&self, row: usize) -> &[u32] {
        match self {
            Self::Text(rows) => match rows.get(row..=row) {
                Some([NO_TEXT]) | None => &[],
                Some(one) => one,
            },
            Self::TextList { items, .. } => items.get(self.items(row)).unwrap_or(&[]),
            _ => &[],
        }
    }

    /// Places of a row's items in a list column.
    pub(crate) fn items(&self, row: usize) -> std::ops::Range<usize> {
        let Self::TextList { ends, .. } = self else { return 0..0 };
        let end = ends.get(row).copied().unwrap_or(0) as usize;
        let before = row.checked_sub(1).and_then(|before| ends.get(before));
        before.copied().unwrap_or(0) as usize..end
    }

    /// Day number of a row.
    pub(crate) fn day(&self, row: usize) -> i32 {
        match self {
            Self::Date(rows) => rows.get(row).copied().unwrap_or(NO_DATE),
            _ => NO_DATE,
        }
    }

    /// Number of a row in millionths.
    pub(crate) fn micros(&self, row: usize) -> Option<i128> {
        match self {
            Self::Int(rows) => rows.get(row).copied().flatten().map(|n| i128::from(n) * ONE),
            Self::Decimal(rows) => rows.get(row).copied().flatten(),
            _ => None,
        }
    }
}

/// One register: rows in ledger order.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) schema: &'static KindSchema,
    columns: Vec<(&'static str, Column)>,
    pub(crate) standing: Vec<Standing>,
    pub(crate) duplicate_of: Vec<u32>,
    pub(crate) seqs: Vec<u64>,
    pub(crate) versions: Vec<u32>,
    /// Ordinal of the record of each row.
    pub(crate) ordinals: Vec<u32>,
    /// Record id text of each ordinal.
    pub(crate) ids: Vec<u32>,
    ordinal_of: HashMap<u32, u32, RandomState>,
}

impl Table {
    fn new(schema: &'static KindSchema) -> Self {
        let mut columns = vec![("state", Column::new(Ty::Text))];
        for field in schema.fields {
            if let Some(ty) = Ty::of_field(field.ty, field.card) {
                columns.push((field.name, Column::new(ty)));
            }
        }
        Self {
            schema,
            columns,
            standing: Vec::new(),
            duplicate_of: Vec::new(),
            seqs: Vec::new(),
            versions: Vec::new(),
            ordinals: Vec::new(),
            ids: Vec::new(),
            ordinal_of: HashMap::default(),
        }
    }

    /// Number of rows.
    pub(crate) fn len(&self) -> usize {
        self.seqs.len()
    }

    pub(crate) fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|(of, _)| *of == name).map(|(_, column)| column)
    }

    /// Name of a column as the schema has it.
    pub(crate) fn name(&self, name: &str) -> Option<&'static str> {
        self.columns.iter().find(|(of, _)| *of == name).map(|(of, _)| *of)
    }

    /// Ordinal of the record with this id text.
    pub(crate) fn ordinal(&self, id: u32) -> Option<u32> {
        self.ordinal_of.get(&id).copied()
    }

    fn push(&mut self, version: &RecordVersion, texts: &mut Texts) {
        let id = texts.number(version.id.as_str());
        let next = u32::try_from(self.ids.len()).unwrap_or(u32::MAX);
        let ordinal = *self.ordinal_of.entry(id).or_insert(next);
        if ordinal == next {
            self.ids.push(id);
        }
        for (name, column) in &mut self.columns {
            match column {
                Column::Text(rows) if *name == "state" => rows.push(texts.number(&version.state)),
                column => column.push(version.body.get(*name), texts),
            }
        }
        self.standing.push(version.standing);
        self.duplicate_of
            .push(version.duplicate_of.as_ref().map_or(NO_TEXT, |id| texts.number(id.as_str())));
        self.seqs.push(version.seq);
        self.versions.push(version.version);
        self.ordinals.push(ordinal);
    }
}

/// All registers as columns.
#[derive(Debug)]
pub struct Columns {
    pub(crate) texts: Texts,
    pub(crate) tables: Vec<Table>,
    places: HashMap<&'static str, usize, RandomState>,
    last_seq: u64,
}

impl Default for Columns {
    fn default() -> Self {
        Self::new()
    }
}

impl Columns {
    /// Empty registers of every kind.
    #[must_use]
    pub fn new() -> Self {
        Self {
            texts: Texts::default(),
            tables: KINDS.iter().map(|schema| Table::new(schema)).collect(),
            places: KINDS.iter().enumerate().map(|(place, schema)| (schema.kind, place)).collect(),
            last_seq: 0,
        }
    }

    /// Adds the next version in ledger order. Versions at or before the last
    /// one added are ignored.
    pub fn push(&mut self, version: &RecordVersion) {
        if version.seq <= self.last_seq {
            return;
        }
        self.last_seq = version.seq;
        let texts = &mut self.texts;
        let place = self.places.get(version.kind.as_str());
        if let Some(table) = place.and_then(|&place| self.tables.get_mut(place)) {
            table.push(version, texts);
        }
    }

    /// Ledger position of the last version added.
    #[must_use]
    pub const fn last_seq(&self) -> u64 {
        self.last_seq
    }

    /// Number of rows over all registers.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.tables.iter().map(Table::len).sum()
    }

    pub(crate) fn table_index(&self, kind: &str) -> Option<usize> {
        self.places.get(kind).copied()
    }

    /// The registers as they stood at a ledger position.
    #[must_use]
    pub fn view(&self, seq: u64, day: NaiveDate) -> View {
        let mut view = View { seq: 0, day, rows: Vec::new(), upto: Vec::new() };
        view.rows.resize(self.tables.len(), Vec::new());
        view.upto.resize(self.tables.len(), 0);
        view.walk(self, seq, |_, _| {});
        view
    }
}

/// The registers as they stood at a ledger position: for every record, the row
/// of its latest version.
#[derive(Debug, Clone)]
pub struct View {
    /// Ledger position.
    pub(crate) seq: u64,
    /// Day asked for.
    pub(crate) day: NaiveDate,
    /// Row by ordinal, one list per register.
    pub(crate) rows: Vec<Vec<u32>>,
    /// Rows looked at so far, per register.
    upto: Vec<usize>,
}

/// An ordinal whose row changed, with the row before (`None` for a new record).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) ordinal: u32,
    pub(crate) before: Option<u32>,
}

impl View {
    /// Moves on to a later position; gives back what changed, per register, in
    /// ordinal order.
    pub(crate) fn advance(&mut self, columns: &Columns, seq: u64) -> Vec<Vec<Change>> {
        let mut changes = Vec::with_capacity(columns.tables.len());
        self.walk(columns, seq, |table, change| {
            if changes.len() <= table {
                changes.resize_with(table + 1, Vec::new);
            }
            if let Some(list) = changes.get_mut(table) {
                list.push(change);
            }
        });
        changes.resize_with(columns.tables.len(), Vec::new);
        for changed in &mut changes {
            // A record that changed twice keeps the row from before both.
            changed.sort_by_key(|change: &Change| change.ordinal);
            changed.dedup_by_key(|change| change.ordinal);
        }
        changes
    }

    fn walk(&mut self, columns: &Columns, seq: u64, mut changed: impl FnMut(usize, Change)) {
        for (number, ((table, rows), upto)) in
            columns.tables.iter().zip(&mut self.rows).zip(&mut self.upto).enumerate()
        {
            let end = table.seqs.partition_point(|&s| s <= seq);
            for row in *upto..end {
                let Some(&ordinal) = table.ordinals.get(row) else { break };
                let row = u32::try_from(row).unwrap_or(u32::MAX);
                let before = match rows.get_mut(ordinal as usize) {
                    Some(slot) => Some(std::mem::replace(slot, row)),
                    None => {
                        rows.push(row);
                        None
                    }
                };
                changed(number, Change { ordinal, before });
            }
            *upto = (*upto).max(end);
        }
        self.seq = seq;
    }

    /// Row of a record of a register; past the last row when there is none.
    pub(crate) fn row(&self, table: usize, ordinal: u32) -> usize {
        let rows = self.rows.get(table);
        rows.and_then(|rows| rows.get(ordinal as usize)).map_or(usize::MAX, |&row| row as usize)
    }
}
