//! The first half of an evaluation, shared by all readings that look at the
//! same records in the same way: standing, filter, date, links.

use std::collections::{BTreeSet, HashMap};

use foldhash::fast::RandomState;
use shirube_model::filter::Field;
use shirube_model::indicator::{Class, Evidence, EvidenceProof, Kind, Measure, Spec};

use crate::caches::Caches;
use crate::columns::{Change, Column, Columns, NO_DATE, Table, View, day_number};
use crate::error::EvalError;
use crate::reader::reaches_window;

/// What makes two stages the same.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct StageKey {
    pub(crate) table: usize,
    pub(crate) filter: usize,
    pub(crate) date: &'static str,
    pub(crate) links: Vec<LinkKey>,
}

/// A link: the field that holds keys, and where they are looked up.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct LinkKey {
    pub(crate) field: &'static str,
    pub(crate) target: TargetKey,
}

/// The records a link may find.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct TargetKey {
    pub(crate) table: usize,
    pub(crate) filter: usize,
    /// Field looked up; the record id when absent.
    pub(crate) on: Option<&'static str>,
    /// Fields between which the evidence date must fall.
    pub(crate) valid: Option<(&'static str, &'static str)>,
}

impl StageKey {
    /// The key of an evidence, its filters numbered in the caches.
    pub(crate) fn of(
        columns: &Columns,
        caches: &mut Caches,
        evidence: &Evidence,
    ) -> Result<Self, EvalError> {
        let missing = || EvalError::Unsupported("register has no columns");
        let table = columns.table_index(evidence.register.kind).ok_or_else(missing)?;
        let mut links = Vec::with_capacity(evidence.links.len());
        for link in &evidence.links {
            let target = columns.table_index(link.register.kind).ok_or_else(missing)?;
            links.push(LinkKey {
                field: link.field.name,
                target: TargetKey {
                    table: target,
                    filter: caches.filter(target, &link.filter),
                    on: link.on.map(|field| field.name),
                    valid: link.valid.map(|(from, to)| (from.name, to.name)),
                },
            });
        }
        let filter = caches.filter(table, &evidence.filter);
        Ok(Self { table, filter, date: evidence.date.name, links })
    }
}

/// How every record of a register fares before window and measure.
#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) key: StageKey,
    /// Class number by ordinal: 0 so far, a missing link, or an earlier reason.
    pub(crate) base: Vec<u16>,
    /// Day number by ordinal.
    pub(crate) days: Vec<i32>,
    /// Records that match a link by several keys: how many.
    pub(crate) shared: HashMap<u32, u32, RandomState>,
}

/// What every full count over a stage starts from.
#[derive(Debug)]
pub(crate) struct Start {
    /// Ordinals of the records that come to the window.
    pub(crate) candidates: Vec<u32>,
    /// The stage's own classes as a proof.
    pub(crate) proof: EvidenceProof,
}

impl Start {
    pub(crate) fn of(sight: Sight<'_>, stage: &Stage) -> Result<Self, EvalError> {
        let register = sight.table(stage.key.table)?.schema.kind.to_owned();
        let candidates = (0u32..).zip(&stage.base).filter(|(_, base)| reaches_window(**base));
        Ok(Self {
            candidates: candidates.map(|(ordinal, _)| ordinal).collect(),
            proof: EvidenceProof::new(register, String::new(), &stage.base, &[], &[]),
        })
    }
}

/// What a stage says of a record, and the row it says it of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) row: usize,
    pub(crate) base: u16,
    pub(crate) day: i32,
}

/// A record of which a stage now says something else.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moved {
    pub(crate) ordinal: u32,
    /// What it said before; `None` for a new record.
    pub(crate) before: Option<Seen>,
}

/// The registers as an evaluation sees them.
#[derive(Clone, Copy)]
pub(crate) struct Sight<'a> {
    pub(crate) columns: &'a Columns,
    pub(crate) view: &'a View,
    pub(crate) caches: &'a Caches,
}

impl<'a> Sight<'a> {
    pub(crate) fn table(&self, index: usize) -> Result<&'a Table, EvalError> {
        self.columns.tables.get(index).ok_or(EvalError::Unsupported("register has no columns"))
    }

    pub(crate) fn rows(&self, index: usize) -> &'a [u32] {
        self.view.rows.get(index).map_or(&[], Vec::as_slice)
    }
}

/// Keys that a link finds, by text number, for looking up many.
pub(crate) struct Found {
    bits: Vec<u64>,
    periods: HashMap<u32, Vec<(i32, i32)>, RandomState>,
    dated: bool,
}

impl Found {
    pub(crate) fn of(sight: Sight<'_>, target: &TargetKey) -> Result<Self, EvalError> {
        let table = sight.table(target.table)?;
        let classes = sight.caches.classes(target.table, target.filter);
        let mut out = Self {
            bits: vec![0; sight.columns.texts.len().div_ceil(64)],
            periods: HashMap::default(),
            dated: target.valid.is_some(),
        };
        let on = target.on.and_then(|name| table.column(name));
        let period = Period::of(table, target);
        for (&row, id) in sight.rows(target.table).iter().zip(&table.ids) {
            let row = row as usize;
            if classes.get(row) != Some(&0) {
                continue;
            }
            let keys = on.map_or(std::slice::from_ref(id), |column| column.texts(row));
            for &key in keys {
                if let Some(word) = out.bits.get_mut(key as usize / 64) {
                    *word |= 1 << (key % 64);
                }
                if let Some(days) = period.and_then(|period| period.days(row)) {
                    out.periods.entry(key).or_default().push(days);
                }
            }
        }
        Ok(out)
    }

    fn holds(&self, key: u32, day: i32) -> bool {
        let word = self.bits.get(key as usize / 64).copied().unwrap_or(0);
        let found = word >> (key % 64) & 1 == 1;
        if !found || !self.dated {
            return found;
        }
        self.periods
            .get(&key)
            .is_some_and(|periods| periods.iter().any(|&(from, to)| from <= day && day <= to))
    }
}

/// Columns between which a day must fall.
#[derive(Clone, Copy)]
struct Period<'a> {
    from: &'a Column,
    to: &'a Column,
}

impl<'a> Period<'a> {
    fn of(table: &'a Table, target: &TargetKey) -> Option<Self> {
        let (from, to) = target.valid?;
        Some(Self { from: table.column(from)?, to: table.column(to)? })
    }

    /// First and last day of a row; `None` without a first.
    fn days(&self, row: usize) -> Option<(i32, i32)> {
        let last = match self.to.day(row) {
            NO_DATE => i32::MAX,
            day => day,
        };
        Some((self.from.day(row), last)).filter(|(from, _)| *from != NO_DATE)
    }
}

/// Whether a link finds a key, looked up in the current rows that hold it.
fn finds(sight: Sight<'_>, target: &TargetKey, key: u32, day: i32) -> bool {
    let Some(table) = sight.columns.tables.get(target.table) else { return false };
    let classes = sight.caches.classes(target.table, target.filter);
    let period = Period::of(table, target);
    let fits = |row: usize| {
        classes.get(row) == Some(&0)
            && (target.valid.is_none()
                || period
                    .and_then(|period| period.days(row))
                    .is_some_and(|(from, to)| from <= day && day <= to))
    };
    match target.on {
        None => {
            table.ordinal(key).is_some_and(|ordinal| fits(sight.view.row(target.table, ordinal)))
        }
        Some(name) => {
            let Some(index) = sight.caches.keys(target.table, name) else { return false };
            let Some(key) = index.number(key) else { return false };
            index.rows_of(key).any(|row| {
                let row = row as usize;
                let ordinal = table.ordinals.get(row).copied().unwrap_or(u32::MAX);
                sight.view.row(target.table, ordinal) == row && fits(row)
            })
        }
    }
}

/// Number of different keys of a row that a link finds.
fn matches(keys: &[u32], holds: impl Fn(u32) -> bool) -> u32 {
    match keys {
        [] => 0,
        [key] => u32::from(holds(*key)),
        many => {
            let distinct: BTreeSet<u32> = many.iter().copied().filter(|&key| holds(key)).collect();
            u32::try_from(distinct.len()).unwrap_or(u32::MAX)
        }
    }
}

/// Class of a row before its links.
fn unlinked(class: u16, day: i32, as_of: i32) -> u16 {
    match class {
        0 if day == NO_DATE => Class::NoDate.number(),
        0 if day > as_of => Class::AfterAsOf.number(),
        class => class,
    }
}

fn missing_link(number: usize) -> u16 {
    Class::MissingLink(u16::try_from(number).unwrap_or(99)).number()
}

impl Stage {
    /// Stages every record; `found` holds the keys of each of its links.
    pub(crate) fn of(sight: Sight<'_>, key: StageKey, found: &[&Found]) -> Result<Self, EvalError> {
        let table = sight.table(key.table)?;
        let rows = sight.rows(key.table);
        let classes = sight.caches.classes(key.table, key.filter);
        let dates = table.column(key.date).ok_or(EvalError::Unsupported("no date column"))?;
        let as_of = day_number(sight.view.day);
        let mut base = Vec::with_capacity(rows.len());
        let mut days = Vec::with_capacity(rows.len());
        for &row in rows {
            let day = dates.day(row as usize);
            base.push(unlinked(classes.get(row as usize).copied().unwrap_or(u16::MAX), day, as_of));
            days.push(day);
        }
        let mut shared = HashMap::default();
        for (number, (link, found)) in key.links.iter().zip(found).enumerate() {
            let Some(column) = table.column(link.field) else { continue };
            for (ordinal, ((class, &day), &row)) in
                (0u32..).zip(base.iter_mut().zip(&days).zip(rows))
            {
                if *class != 0 {
                    continue;
                }
                match matches(column.texts(row as usize), |key| found.holds(key, day)) {
                    0 => *class = missing_link(number),
                    1 => {}
                    n => {
                        let most = shared.entry(ordinal).or_insert(n);
                        *most = n.max(*most);
                    }
                }
            }
        }
        Ok(Self { key, base, days, shared })
    }

    pub(crate) fn seen(&self, ordinal: u32, row: usize) -> Option<Seen> {
        let place = ordinal as usize;
        Some(Seen { row, base: *self.base.get(place)?, day: *self.days.get(place)? })
    }

    /// Takes in what changed in the registers; gives back the records of which
    /// the stage now says something else, in ordinal order.
    pub(crate) fn advance(
        &mut self,
        sight: Sight<'_>,
        changes: &[Vec<Change>],
    ) -> Result<Vec<Moved>, EvalError> {
        let table = sight.table(self.key.table)?;
        let dates = table.column(self.key.date).ok_or(EvalError::Unsupported("no date column"))?;
        let own = changes.get(self.key.table).map_or(&[][..], Vec::as_slice);
        let linked = self.linked(sight, table, changes);
        let as_of = day_number(sight.view.day);
        let classes = sight.caches.classes(self.key.table, self.key.filter);
        let mut moved = Vec::new();
        for ordinal in merged(own, &linked) {
            let row = sight.view.row(self.key.table, ordinal);
            let before = match own.binary_search_by_key(&ordinal, |change| change.ordinal) {
                Ok(place) => own.get(place).and_then(|change| change.before),
                Err(_) => u32::try_from(row).ok(),
            };
            let before = before.and_then(|row| self.seen(ordinal, row as usize));
            let day = dates.day(row);
            let mut base = unlinked(classes.get(row).copied().unwrap_or(u16::MAX), day, as_of);
            let mut most = 1;
            for (number, link) in self.key.links.iter().enumerate() {
                if base != 0 {
                    break;
                }
                let keys = table.column(link.field).map_or(&[][..], |column| column.texts(row));
                match matches(keys, |key| finds(sight, &link.target, key, day)) {
                    0 => base = missing_link(number),
                    n => most = n.max(most),
                }
            }
            let shared = (most > 1).then_some(most);
            let was = self.shared.get(&ordinal).copied();
            if before == Some(Seen { row, base, day }) && shared == was {
                continue;
            }
            match shared {
                Some(most) => self.shared.insert(ordinal, most),
                None => self.shared.remove(&ordinal),
            };
            match (self.base.get_mut(ordinal as usize), self.days.get_mut(ordinal as usize)) {
                (Some(at), Some(on)) => (*at, *on) = (base, day),
                _ => {
                    self.base.push(base);
                    self.days.push(day);
                }
            }
            moved.push(Moved { ordinal, before });
        }
        Ok(moved)
    }

    /// Records whose links may find something else after the changes.
    fn linked(&self, sight: Sight<'_>, table: &Table, changes: &[Vec<Change>]) -> BTreeSet<u32> {
        let mut out = BTreeSet::new();
        for link in &self.key.links {
            let Some(keys) = sight.caches.keys(self.key.table, link.field) else { continue };
            for text in affected_keys(sight, &link.target, changes) {
                let Some(key) = keys.number(text) else { continue };
                for row in keys.rows_of(key) {
                    let ordinal = table.ordinals.get(row as usize).copied().unwrap_or(u32::MAX);
                    if sight.view.row(self.key.table, ordinal) == row as usize {
                        out.insert(ordinal);
                    }
                }
            }
        }
        out
    }
}

/// Ordinals of both, each once, in order.
fn merged(own: &[Change], linked: &BTreeSet<u32>) -> Vec<u32> {
    let mut out: Vec<u32> = own.iter().map(|change| change.ordinal).collect();
    if !linked.is_empty() {
        out.extend(linked);
        out.sort_unstable();
        out.dedup();
    }
    out
}

/// Keys that a link may find now and did not before, or the other way round.
fn affected_keys(sight: Sight<'_>, target: &TargetKey, changes: &[Vec<Change>]) -> BTreeSet<u32> {
    let mut out = BTreeSet::new();
    let Some(table) = sight.columns.tables.get(target.table) else { return out };
    let on = target.on.and_then(|name| table.column(name));
    let classes = sight.caches.classes(target.table, target.filter);
    let period = Period::of(table, target);
    for change in changes.get(target.table).map_or(&[][..], Vec::as_slice) {
        let now = sight.view.row(target.table, change.ordinal);
        let before = change.before.map(|row| row as usize);
        let says = |row: usize| {
            let passes = classes.get(row) == Some(&0);
            passes.then(|| (period.and_then(|p| p.days(row)), on.map(|column| column.texts(row))))
        };
        let (was, is) = (before.and_then(says), says(now));
        if was == is {
            continue;
        }
        match (on, table.ids.get(change.ordinal as usize)) {
            (Some(column), _) => {
                out.extend(before.filter(|_| was.is_some()).map_or(&[][..], |r| column.texts(r)));
                out.extend(is.map_or(&[][..], |_| column.texts(now)));
            }
            (None, Some(id)) => {
                out.insert(*id);
            }
            (None, None) => {}
        }
    }
    out
}

/// The field whose distinct values are counted, if any, with milestones reading
/// their checklist element.
pub(crate) fn key_field(spec: &Spec) -> Option<Field> {
    if !spec.elements.is_empty() && matches!(spec.kind, Kind::Milestone | Kind::MilestoneCreates) {
        return spec.group_by;
    }
    match spec.evidence.measure {
        Measure::Distinct(field, _) => Some(field),
        Measure::Count | Measure::Sum(_) => None,
    }
}
