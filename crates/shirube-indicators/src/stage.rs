//! The first half of an evaluation, shared by all readings that look at the
//! same records in the same way: standing, filter, date, links.

use std::collections::{BTreeSet, HashMap};

use shirube_model::filter::{Field, Filter};
use shirube_model::indicator::{Class, Evidence, Link, Measure, Spec};

use crate::columns::{Columns, NO_DATE, Table, View, day_number};
use crate::error::EvalError;
use crate::filters::FilterCache;

/// How every record of a register fares before window and measure.
#[derive(Debug)]
pub(crate) struct Stage {
    /// Register.
    pub(crate) table: usize,
    /// Class number by ordinal: 0 so far, a missing link, or an earlier reason.
    pub(crate) base: Vec<u16>,
    /// Day number by ordinal.
    pub(crate) days: Vec<i32>,
    /// Records that match a link by several keys: ordinal and how many.
    pub(crate) shared: Vec<(u32, u32)>,
}

/// Filter results of all registers.
#[derive(Debug, Default)]
pub(crate) struct Caches {
    filters: Vec<FilterCache>,
}

impl Caches {
    /// Evaluates every filter the specs use over the rows not seen yet, two
    /// registers at a time.
    pub(crate) fn fill(&mut self, columns: &Columns, specs: &[&Spec]) -> Result<(), EvalError> {
        self.filters.resize_with(columns.tables.len(), FilterCache::default);
        let mut wanted: Vec<Vec<&Filter>> = vec![Vec::new(); columns.tables.len()];
        for spec in specs {
            for evidence in spec.evidences() {
                let mut want = |kind: &str, filter| {
                    if let Some(list) = columns.table_index(kind).and_then(|i| wanted.get_mut(i)) {
                        list.push(filter);
                    }
                };
                want(evidence.register.kind, &evidence.filter);
                for link in &evidence.links {
                    want(link.register.kind, &link.filter);
                }
                if let Some(inner) = &spec.inner {
                    want(evidence.register.kind, inner);
                }
            }
        }
        let mut jobs: Vec<_> = self
            .filters
            .iter_mut()
            .zip(&columns.tables)
            .zip(wanted)
            .filter(|((_, table), wanted)| !wanted.is_empty() && table.len() > 0)
            .collect();
        jobs.sort_by_key(|((_, table), wanted)| table.len() * wanted.len());
        let (mut left, mut right, mut weight) = (Vec::new(), Vec::new(), (0, 0));
        while let Some(job) = jobs.pop() {
            let cost = job.0.1.len() * job.1.len();
            if weight.0 <= weight.1 {
                weight.0 += cost;
                left.push(job);
            } else {
                weight.1 += cost;
                right.push(job);
            }
        }
        let work = |jobs: Vec<((&mut FilterCache, &Table), Vec<&Filter>)>| {
            jobs.into_iter().try_for_each(|((cache, table), wanted)| {
                cache.fill(table, &columns.texts, wanted.into_iter())
            })
        };
        std::thread::scope(|scope| {
            let other = scope.spawn(|| work(right));
            work(left)?;
            other.join().unwrap_or(Err(EvalError::Unsupported("a worker stopped")))
        })
    }

    /// Class of a row under a filter; rows not evaluated count as not passing.
    pub(crate) fn classes(&self, table: usize, filter: &Filter) -> &[u16] {
        self.filters.get(table).and_then(|cache| cache.get(filter)).map_or(&[], Vec::as_slice)
    }
}

/// Keys found in a linked register, by text number.
struct Linked {
    found: Vec<bool>,
    periods: HashMap<u32, Vec<(i32, i32)>>,
    dated: bool,
}

impl Linked {
    fn of(columns: &Columns, view: &View, caches: &Caches, link: &Link) -> Option<Self> {
        let index = columns.table_index(link.register.kind)?;
        let table = columns.tables.get(index)?;
        let classes = caches.classes(index, &link.filter);
        let mut out = Self {
            found: vec![false; columns.texts.len()],
            periods: HashMap::new(),
            dated: link.valid.is_some(),
        };
        let on = link.on.and_then(|field| table.column(field.name));
        let valid = link
            .valid
            .and_then(|(from, to)| Some((table.column(from.name)?, table.column(to.name)?)));
        for (&row, id) in view.rows.get(index)?.iter().zip(&table.ids) {
            let row = row as usize;
            if classes.get(row) != Some(&0) {
                continue;
            }
            let keys = match on {
                Some(column) => column.texts(row),
                None => std::slice::from_ref(id),
            };
            for &key in keys {
                if let Some(slot) = out.found.get_mut(key as usize) {
                    *slot = true;
                }
                if let Some((from, to)) = valid {
                    let last = match to.day(row) {
                        NO_DATE => i32::MAX,
                        day => day,
                    };
                    if from.day(row) != NO_DATE {
                        out.periods.entry(key).or_default().push((from.day(row), last));
                    }
                }
            }
        }
        Some(out)
    }

    fn holds(&self, key: u32, day: i32) -> bool {
        let found = self.found.get(key as usize).copied().unwrap_or(false);
        if !found || !self.dated {
            return found;
        }
        self.periods
            .get(&key)
            .is_some_and(|periods| periods.iter().any(|&(from, to)| from <= day && day <= to))
    }
}

impl Stage {
    pub(crate) fn of(
        columns: &Columns,
        view: &View,
        caches: &Caches,
        evidence: &Evidence,
    ) -> Result<Self, EvalError> {
        let missing = EvalError::Unsupported("register has no columns");
        let Some(index) = columns.table_index(evidence.register.kind) else {
            return Err(missing);
        };
        let (Some(table), Some(rows)) = (columns.tables.get(index), view.rows.get(index)) else {
            return Err(missing);
        };
        let classes = caches.classes(index, &evidence.filter);
        let Some(dates) = table.column(evidence.date.name) else {
            return Err(missing);
        };
        let as_of = day_number(view.day);
        let mut base = Vec::with_capacity(rows.len());
        let mut days = Vec::with_capacity(rows.len());
        for &row in rows {
            let row = row as usize;
            let day = dates.day(row);
            let class = match classes.get(row).copied().unwrap_or(u16::MAX) {
                0 if day == NO_DATE => Class::NoDate.number(),
                0 if day > as_of => Class::AfterAsOf.number(),
                class => class,
            };
            base.push(class);
            days.push(day);
        }
        let mut stage = Self { table: index, base, days, shared: Vec::new() };
        for (number, link) in evidence.links.iter().enumerate() {
            stage.link(columns, view, caches, table, link, number);
        }
        stage.shared.sort_unstable();
        // Several links may each match several keys; the largest number counts.
        stage.shared.reverse();
        stage.shared.dedup_by_key(|(ordinal, _)| *ordinal);
        stage.shared.reverse();
        Ok(stage)
    }

    fn link(
        &mut self,
        columns: &Columns,
        view: &View,
        caches: &Caches,
        table: &Table,
        link: &Link,
        number: usize,
    ) {
        let missing = Class::MissingLink(u16::try_from(number).unwrap_or(99)).number();
        let linked = Linked::of(columns, view, caches, link);
        let Some(rows) = view.rows.get(self.table) else { return };
        let keys = table.column(link.field.name);
        for (ordinal, ((class, &day), &row)) in
            self.base.iter_mut().zip(&self.days).zip(rows).enumerate()
        {
            if *class != 0 {
                continue;
            }
            let keys = keys.map_or(&[][..], |column| column.texts(row as usize));
            let matches = linked.as_ref().map_or(0, |linked| match keys {
                [] => 0,
                [key] => usize::from(linked.holds(*key, day)),
                many => {
                    let distinct: BTreeSet<u32> =
                        many.iter().copied().filter(|&key| linked.holds(key, day)).collect();
                    distinct.len()
                }
            });
            if matches == 0 {
                *class = missing;
            } else if matches > 1 {
                let (Ok(ordinal), Ok(matches)) = (u32::try_from(ordinal), u32::try_from(matches))
                else {
                    continue;
                };
                self.shared.push((ordinal, matches));
            }
        }
    }
}

/// What makes two stages the same: register, filter, date and links.
#[must_use]
pub(crate) fn stage_key(evidence: &Evidence) -> String {
    let links: Vec<String> = evidence
        .links
        .iter()
        .map(|link| {
            let on = link.on.map_or("", |field| field.name);
            let valid = link.valid.map_or(("", ""), |(from, to)| (from.name, to.name));
            format!("{}>{}.{on}[{}]{valid:?}", link.field.name, link.register.kind, link.filter)
        })
        .collect();
    format!(
        "{}|{}|{}|{}",
        evidence.register.kind,
        evidence.filter,
        evidence.date.name,
        links.join("|")
    )
}

/// The field whose distinct values are counted, if any, with milestones reading
/// their checklist element.
pub(crate) fn key_field(spec: &Spec) -> Option<Field> {
    if !spec.elements.is_empty()
        && matches!(
            spec.kind,
            shirube_model::indicator::Kind::Milestone
                | shirube_model::indicator::Kind::MilestoneCreates
        )
    {
        return spec.group_by;
    }
    match spec.evidence.measure {
        Measure::Distinct(field, _) => Some(field),
        Measure::Count | Measure::Sum(_) => None,
    }
}
