//! The columns a plan reads, and what it makes of a record before counting.

use shirube_model::indicator::{Class, Once};

use crate::columns::{Column, NO_DATE, Table};
use crate::error::EvalError;
use crate::keys::KeyIndex;
use crate::plan::{Mode, Plan};
use crate::stage::{Seen, Sight, Stage};

/// No claim.
pub(crate) const NOBODY: u64 = u64::MAX;

/// A field with the index of its keys.
pub(crate) type Keyed<'a> = (&'a Column, &'a KeyIndex);

/// The columns a plan reads.
pub(crate) struct Reader<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) table: &'a Table,
    pub(crate) rows: &'a [u32],
    pub(crate) stage: &'a Stage,
    pub(crate) sum: Option<&'a Column>,
    pub(crate) keys: Option<Keyed<'a>>,
    /// Keys that count, when only some do.
    allowed: Option<Vec<u32>>,
    to: Option<&'a Column>,
    done: Option<&'a Column>,
    left_out: Option<&'a Column>,
    pub(crate) inner: &'a [u16],
    pub(crate) groups: Vec<Option<Keyed<'a>>>,
    pub(crate) scopes: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn of(
        sight: Sight<'a>,
        plan: &'a Plan,
        stages: &'a [Stage],
    ) -> Result<Self, EvalError> {
        let stage = plan.stages.first().and_then(|&number| stages.get(number));
        let stage = stage.ok_or(EvalError::Unsupported("evidence without stage"))?;
        let table = sight.table(plan.table)?;
        let column = |name: Option<&str>| name.and_then(|name| table.column(name));
        let keyed = |name: &str| table.column(name).zip(sight.caches.keys(plan.table, name));
        let keys = match plan.key {
            Some(name) => {
                Some(keyed(name).ok_or(EvalError::Unsupported("key field has no index"))?)
            }
            None => None,
        };
        let allowed = plan.elements.as_ref().zip(keys).map(|(elements, (_, index))| {
            let texts = elements.iter().filter_map(|text| sight.columns.texts.find(text));
            texts.filter_map(|text| index.number(text)).collect()
        });
        Ok(Self {
            plan,
            table,
            rows: sight.rows(plan.table),
            stage,
            sum: column(plan.sum),
            keys,
            allowed,
            to: column(plan.to),
            done: column(plan.done),
            left_out: column(plan.left_out),
            inner: plan.inner.map_or(&[], |inner| sight.caches.classes(plan.table, inner)),
            groups: plan.breakdowns.iter().map(|(_, field)| keyed(field)).collect(),
            scopes: plan.scopes(),
        })
    }

    /// What the stage says now.
    pub(crate) fn seen(&self, ordinal: u32) -> Option<Seen> {
        let row = self.rows.get(ordinal as usize)?;
        self.stage.seen(ordinal, *row as usize)
    }

    /// Links of a record that counts once though they are several.
    #[inline]
    pub(crate) fn shared(&self, ordinal: u32, class: u16) -> Option<u32> {
        if self.keys.is_some() || self.stage.shared.is_empty() {
            return None;
        }
        let counts = Class::from_number(class).is_some_and(Class::counts);
        self.stage.shared.get(&ordinal).copied().filter(|_| counts)
    }

    /// Calls `each` with the keys of a row that count.
    #[inline]
    pub(crate) fn each_key(&self, row: usize, mut each: impl FnMut(u32)) {
        let Some((column, index)) = self.keys else { return };
        match self.allowed.as_deref() {
            None => index.each_of_row(column, row, each),
            Some(allowed) => index.each_of_row(column, row, |key| {
                if allowed.contains(&key) {
                    each(key);
                }
            }),
        }
    }

    /// Order in which records claim a key: by day, then by ordinal; in shares
    /// the latest comes first.
    pub(crate) fn claim(&self, ordinal: u32, day: i32) -> u64 {
        let claim = u64::from(day.unsigned_abs()) << 32 | u64::from(ordinal);
        if self.plan.mode == Mode::Share { NOBODY - 1 - claim } else { claim }
    }

    /// Ordinal of the record that made a claim.
    pub(crate) fn claimant(&self, claim: u64) -> Option<u32> {
        if claim == NOBODY {
            return None;
        }
        let claim = if self.plan.mode == Mode::Share { NOBODY - 1 - claim } else { claim };
        u32::try_from(claim & u64::from(u32::MAX)).ok()
    }

    /// Scopes in which a record competes for its keys.
    pub(crate) fn each_scope(&self, seen: Seen, mut each: impl FnMut(usize)) {
        if seen.base != 0 {
            return;
        }
        match self.plan.mode {
            Mode::StockKeys => {
                let span = self.span(seen);
                for (point, &at) in self.plan.points.iter().enumerate() {
                    if span.holds(at) {
                        each(point);
                    }
                }
            }
            _ => {
                if let Some(scope) = self.scope(seen.day) {
                    each(scope);
                }
            }
        }
    }

    /// The scope of a dated record.
    pub(crate) fn scope(&self, day: i32) -> Option<usize> {
        let (from, to) = self.plan.window;
        match self.plan.mode {
            Mode::WindowKeys(Once::Ever) => Some(0),
            Mode::WindowKeys(Once::Window) => {
                Some(usize::from(day < from) + 2 * usize::from(day > to))
            }
            Mode::WindowKeys(Once::Year) => {
                Some(self.plan.year(day).unwrap_or(self.plan.years.len()))
            }
            Mode::Share => self.plan.year(day),
            _ => None,
        }
    }

    /// Why a day does not count for the headline, if it does not.
    pub(crate) fn window_class(&self, day: i32) -> u16 {
        let (from, to) = self.plan.headline;
        if day < from {
            Class::BeforeWindow.number()
        } else if day > to {
            Class::AfterWindow.number()
        } else {
            0
        }
    }

    pub(crate) fn span(&self, seen: Seen) -> Span {
        let open = |column: Option<&Column>| match column.map_or(NO_DATE, |c| c.day(seen.row)) {
            NO_DATE => i32::MAX,
            day => day,
        };
        Span {
            from: seen.day,
            to: open(self.to),
            done: open(self.done),
            left_out: self.left_out.is_some_and(|column| !column.texts(seen.row).is_empty()),
        }
    }
}

/// A record in force.
pub(crate) struct Span {
    from: i32,
    to: i32,
    pub(crate) done: i32,
    left_out: bool,
}

impl Span {
    pub(crate) fn holds(&self, at: i32) -> bool {
        self.from <= at && at <= self.to && !self.left_out
    }

    /// Class at the headline's point, before keys.
    pub(crate) fn class(&self, at: i32) -> u16 {
        if self.from > at {
            Class::AfterWindow.number()
        } else if self.to < at {
            Class::Ended.number()
        } else if self.left_out {
            Class::LeftOut.number()
        } else {
            0
        }
    }
}

/// Whether a base class lets a record come to the window.
pub(crate) const fn reaches_window(base: u16) -> bool {
    base == 0 || base >= Class::MissingLink(0).number()
}
