//! Texts to typed rows of a table, with pseudonyms and shifted dates.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, Date32Builder, Float64Builder, Int64Builder, RecordBatch, StringBuilder,
    TimestampMicrosecondBuilder,
};
use arrow::error::ArrowError;
use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveDateTime, NaiveTime};

use super::cdm::{CdmTable, CdmType};
use crate::pseudonym::Pseudonyms;

/// What becomes of the identifiers of persons.
#[derive(Debug, Clone)]
pub enum Identity {
    /// They stay. For data that hold no real person.
    AsGiven,
    /// They become pseudonyms, and identifying columns stay empty.
    Pseudonyms(Box<Pseudonyms>),
}

/// Why a row was refused: the column and the code.
pub(crate) type RowFault<'t> = (&'t str, &'static str);

/// Codes without a standard concept: column and code, with their rows.
pub(crate) type Unmapped = BTreeMap<(usize, String), u64>;

/// Most different codes that are listed by name.
const UNMAPPED_MAX: usize = 50_000;

/// Domains of events and their tables.
const EVENTS: [(&str, &str); 8] = [
    ("Visit", "visit_occurrence"),
    ("Condition", "condition_occurrence"),
    ("Drug", "drug_exposure"),
    ("Procedure", "procedure_occurrence"),
    ("Device", "device_exposure"),
    ("Measurement", "measurement"),
    ("Observation", "observation"),
    ("Specimen", "specimen"),
];

/// Collects rows of one table.
pub(crate) struct Rows<'t> {
    table: &'t CdmTable,
    identity: &'t Identity,
    /// Whether keys are texts of the source, such as FHIR ids, that become
    /// numbers here.
    keyed: bool,
    person: Option<usize>,
    coded: Vec<(usize, usize)>,
    birth: Option<[usize; 3]>,
    /// The column that says of which domain the event is that another column names.
    event: Option<usize>,
    builders: Vec<Builder>,
    cells: Vec<Cell>,
    pub(crate) rows: usize,
    pub(crate) unmapped: Unmapped,
}

enum Builder {
    Int(Int64Builder),
    Date(Date32Builder),
    Time(TimestampMicrosecondBuilder),
    Float(Float64Builder),
    Text(StringBuilder),
}

/// A typed value; text is given at the time it is appended.
enum Cell {
    Null,
    Int(i64),
    Date(NaiveDate),
    Time(NaiveDateTime),
    Float(f64),
    Text,
}

impl<'t> Rows<'t> {
    pub(crate) fn new(table: &'t CdmTable, identity: &'t Identity, keyed: bool) -> Self {
        let at = |name: &str| table.column(name);
        let birth = match (at("year_of_birth"), at("month_of_birth"), at("day_of_birth")) {
            (Some(year), Some(month), Some(day)) => Some([year, month, day]),
            _ => None,
        };
        Self {
            table,
            identity,
            keyed,
            person: table.person(),
            coded: table.coded(),
            birth,
            event: at("cost_domain_id"),
            builders: table.columns.iter().map(|c| builder(c.cdm_type)).collect(),
            cells: Vec::new(),
            rows: 0,
            unmapped: BTreeMap::new(),
        }
    }

    /// Whether [`Rows::push`] would take the row.
    pub(crate) fn check(&self, texts: &[Cow<'_, str>]) -> Result<(), RowFault<'t>> {
        let shift_days = self.shift_days(texts);
        let event = self.event(texts);
        for at in 0..self.table.columns.len() {
            self.cell(at, texts.get(at).map_or("", |text| text.as_ref()), shift_days, event)?;
        }
        Ok(())
    }

    /// Adds a row of texts, one for each column of the table; an empty text is
    /// no value. Nothing is added when a value is refused.
    pub(crate) fn push(&mut self, texts: &[Cow<'_, str>]) -> Result<(), RowFault<'t>> {
        let shift_days = self.shift_days(texts);
        let event = self.event(texts);
        self.cells.clear();
        for at in 0..self.table.columns.len() {
            let text = texts.get(at).map_or("", |text| text.as_ref());
            let cell = self.cell(at, text, shift_days, event)?;
            self.cells.push(cell);
        }
        if shift_days != 0 {
            self.shift_birth(shift_days);
        }
        self.count_unmapped(texts);
        let cells = std::mem::take(&mut self.cells);
        for (at, (builder, cell)) in self.builders.iter_mut().zip(&cells).enumerate() {
            append(builder, cell, texts.get(at).map_or("", |text| text.as_ref()));
        }
        self.cells = cells;
        self.rows += 1;
        Ok(())
    }

    fn shift_days(&self, texts: &[Cow<'_, str>]) -> i64 {
        let Identity::Pseudonyms(pseudonyms) = self.identity else { return 0 };
        let person = self.person.and_then(|at| texts.get(at));
        person.map_or(0, |person| pseudonyms.shift_days(person.trim()))
    }

    /// The table of the event that a row names.
    fn event(&self, texts: &[Cow<'_, str>]) -> &'static str {
        let domain = self.event.and_then(|at| texts.get(at)).map_or("", |text| text.trim());
        EVENTS.iter().find(|(known, _)| *known == domain).map_or("any", |(_, table)| table)
    }

    fn cell(
        &self,
        at: usize,
        text: &str,
        shift_days: i64,
        event: &str,
    ) -> Result<Cell, RowFault<'t>> {
        let Some(column) = self.table.columns.get(at) else { return Ok(Cell::Null) };
        let refuse = |code| Err((column.name.as_str(), code));
        let text = text.trim();
        let pseudonyms = match self.identity {
            Identity::AsGiven => None,
            Identity::Pseudonyms(pseudonyms) => Some(pseudonyms),
        };
        if column.identifying && pseudonyms.is_some() {
            return Ok(Cell::Null);
        }
        if text.is_empty() {
            return match (column.required, column.cdm_type) {
                (false, _) => Ok(Cell::Null),
                // A required text may be empty, which CSV cannot tell from none.
                (true, CdmType::Text) => Ok(Cell::Text),
                (true, _) => refuse("records.row.required"),
            };
        }
        if !column.key.is_empty() {
            let key = if column.key == "any" { event } else { &column.key };
            return match (pseudonyms, self.keyed || column.key == "person") {
                (Some(pseudonyms), true) => Ok(Cell::Int(pseudonyms.number(key, text))),
                _ => whole(text).map(Cell::Int).ok_or((column.name.as_str(), "records.row.key")),
            };
        }
        let cell = match column.cdm_type {
            CdmType::Text => Some(Cell::Text),
            CdmType::Integer => whole(text).map(Cell::Int),
            CdmType::Float => text.parse().ok().filter(|f: &f64| f.is_finite()).map(Cell::Float),
            CdmType::Date => date(text).and_then(|d| shifted(d, shift_days)).map(Cell::Date),
            CdmType::DateTime => date_time(text)
                .and_then(|t| Some(shifted(t.date(), shift_days)?.and_time(t.time())))
                .map(Cell::Time),
        };
        cell.map_or_else(
            || {
                refuse(match column.cdm_type {
                    CdmType::Date | CdmType::DateTime => "records.row.date",
                    _ => "records.row.number",
                })
            },
            Ok,
        )
    }

    /// Moves the day of birth like every other date; without a full day, the
    /// year stays as it is.
    fn shift_birth(&mut self, shift_days: i64) {
        let Some([year, month, day]) = self.birth else { return };
        let part = |cells: &[Cell], at: usize| match cells.get(at) {
            Some(Cell::Int(value)) => i32::try_from(*value).ok(),
            _ => None,
        };
        let (Some(y), Some(m), Some(d)) =
            (part(&self.cells, year), part(&self.cells, month), part(&self.cells, day))
        else {
            return;
        };
        let born = u32::try_from(m).ok().zip(u32::try_from(d).ok());
        let born = born.and_then(|(m, d)| NaiveDate::from_ymd_opt(y, m, d));
        let Some(born) = born.and_then(|born| shifted(born, shift_days)) else { return };
        let parts = [
            (year, i64::from(born.year())),
            (month, born.month().into()),
            (day, born.day().into()),
        ];
        for (at, value) in parts {
            if let Some(cell) = self.cells.get_mut(at) {
                *cell = Cell::Int(value);
            }
        }
    }

    fn count_unmapped(&mut self, texts: &[Cow<'_, str>]) {
        for (source, concept) in &self.coded {
            let code = texts.get(*source).map_or("", |text| text.trim());
            let unknown = matches!(self.cells.get(*concept), Some(Cell::Null | Cell::Int(0)));
            let kept = matches!(self.cells.get(*source), Some(Cell::Text));
            if code.is_empty() || !unknown || !kept {
                continue;
            }
            let key = (*source, code.to_owned());
            if let Some(rows) = self.unmapped.get_mut(&key) {
                *rows += 1;
            } else if self.unmapped.len() < UNMAPPED_MAX {
                self.unmapped.insert(key, 1);
            } else {
                // Counted all the same, without its name.
                *self.unmapped.entry((*source, String::new())).or_default() += 1;
            }
        }
    }

    /// The rows collected; empty again.
    pub(crate) fn take(&mut self) -> Result<RecordBatch, ArrowError> {
        self.rows = 0;
        let schema = self.table.schema();
        let arrays = self.builders.iter_mut().map(|builder| -> ArrayRef {
            match builder {
                Builder::Int(b) => Arc::new(b.finish()),
                Builder::Date(b) => Arc::new(b.finish()),
                Builder::Time(b) => Arc::new(b.finish()),
                Builder::Float(b) => Arc::new(b.finish()),
                Builder::Text(b) => Arc::new(b.finish()),
            }
        });
        RecordBatch::try_new(schema, arrays.collect())
    }
}

fn builder(cdm_type: CdmType) -> Builder {
    match cdm_type {
        CdmType::Integer => Builder::Int(Int64Builder::new()),
        CdmType::Date => Builder::Date(Date32Builder::new()),
        CdmType::DateTime => Builder::Time(TimestampMicrosecondBuilder::new()),
        CdmType::Float => Builder::Float(Float64Builder::new()),
        CdmType::Text => Builder::Text(StringBuilder::new()),
    }
}

fn append(builder: &mut Builder, cell: &Cell, text: &str) {
    match (builder, cell) {
        (Builder::Int(b), Cell::Int(value)) => b.append_value(*value),
        (Builder::Int(b), _) => b.append_null(),
        (Builder::Date(b), Cell::Date(day)) => b.append_value(days_since_1970(*day)),
        (Builder::Date(b), _) => b.append_null(),
        (Builder::Time(b), Cell::Time(time)) => b.append_value(time.and_utc().timestamp_micros()),
        (Builder::Time(b), _) => b.append_null(),
        (Builder::Float(b), Cell::Float(value)) => b.append_value(*value),
        (Builder::Float(b), _) => b.append_null(),
        (Builder::Text(b), Cell::Text) => b.append_value(text.trim()),
        (Builder::Text(b), _) => b.append_null(),
    }
}

fn days_since_1970(day: NaiveDate) -> i32 {
    day.num_days_from_ce() - 719_163
}

/// A whole number; `12.0`, as some exports write it, is one.
fn whole(text: &str) -> Option<i64> {
    text.parse().ok().or_else(|| {
        let (number, zeros) = text.split_once('.')?;
        zeros.bytes().all(|b| b == b'0').then(|| number.parse().ok()).flatten()
    })
}

/// Days outside these years are mistakes, not history.
fn plausible(day: NaiveDate) -> Option<NaiveDate> {
    (1850..=2199).contains(&day.year()).then_some(day)
}

/// `2024-02-29`, `20240229`, or the day of a date with time.
fn date(text: &str) -> Option<NaiveDate> {
    let day = match text.len() {
        8 => NaiveDate::parse_from_str(text, "%Y%m%d").ok()?,
        10 => NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?,
        11.. => date_time(text)?.date(),
        _ => return None,
    };
    plausible(day)
}

/// A date with time, at the clock of the place where it was written: a zone is
/// read and left out, as the model has none. Without a time it is midnight.
fn date_time(text: &str) -> Option<NaiveDateTime> {
    if text.len() <= 10 {
        return date(text).map(|day| day.and_time(NaiveTime::MIN));
    }
    let zoned = DateTime::parse_from_rfc3339(text).ok().map(|t| t.naive_local());
    let plain = || {
        let forms =
            ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M"];
        forms.iter().find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())
    };
    let time = zoned.or_else(plain)?;
    plausible(time.date()).map(|_| time)
}

fn shifted(day: NaiveDate, days: i64) -> Option<NaiveDate> {
    let count = Days::new(days.unsigned_abs());
    if days < 0 { day.checked_sub_days(count) } else { day.checked_add_days(count) }
}
