//! The second half of an evaluation: window, keys, levels and breakdowns, over
//! the columns.
//!
//! Every amount is a sum over records, and what a record adds depends on its
//! own row, its stage, and who owns its keys. A change is therefore taken in by
//! taking away what the records it touches added before, and adding what they
//! add now; a full run adds every record to nothing. Both go through
//! [`Adder::visit`].

use std::collections::BTreeMap;

use shirube_model::indicator::{Class, EvidenceProof, Verdict};

use crate::columns::{NO_TEXT, ONE, decimal};
use crate::error::EvalError;
use crate::finish::Tally;
use crate::owners::{claim_keys, contest, holders};
use crate::plan::{Mode, Plan};
use crate::reader::{NOBODY, Reader, reaches_window};
use crate::stage::{Moved, Seen, Sight, Stage, Start};

/// What was counted under one plan, kept so that changes can be taken in.
#[derive(Debug)]
pub(crate) struct Counted {
    pub(crate) plan: Plan,
    amounts: Amounts,
    /// Claim that owns each key in each scope, the least one.
    owners: Vec<u64>,
    pub(crate) proof: EvidenceProof,
}

/// Sums over records.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Amounts {
    levels: Vec<i128>,
    numerators: Vec<i128>,
    headline: i128,
    headline_numerator: i128,
    before: i128,
    start: i128,
    groups: Vec<Groups>,
}

/// One breakdown: amount and number of records, without a code and by key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Groups {
    none: (i128, i32),
    keys: Vec<(i128, i32)>,
}

impl Groups {
    fn add(&mut self, key: Option<u32>, amount: i128, sign: i32) {
        let slot = match key {
            None => &mut self.none,
            Some(key) => {
                let key = key as usize;
                if key >= self.keys.len() {
                    self.keys.resize(key + 1, (0, 0));
                }
                let Some(slot) = self.keys.get_mut(key) else { return };
                slot
            }
        };
        slot.0 += amount;
        slot.1 += sign;
    }
}

/// A class and, for what repeats, the claim that counts instead.
type Told = (u16, Option<u64>);

/// Amount of the keys a record owns, whether it has any, and who owns the first
/// that it does not.
type Owned = (i128, bool, Option<u64>);

/// Why a record does not count under its keys, if it does not: what was said of
/// it before, no key, or `lost` when others own them all.
fn left_out(class: u16, (owned, any, first): Owned, lost: Class) -> Option<Told> {
    if class != 0 {
        return Some((class, None));
    }
    if !any {
        return Some((Class::NoKey.number(), None));
    }
    (owned == 0).then(|| (lost.number(), first))
}

/// Adds records to sums, or takes them away.
struct Adder<'a, 'b> {
    reader: &'b Reader<'a>,
    amounts: &'b mut Amounts,
    owners: &'b [u64],
    /// 1 to add, -1 to take away.
    sign: i32,
}

impl Adder<'_, '_> {
    fn visit(&mut self, ordinal: u32, seen: Seen) -> Told {
        if !reaches_window(seen.base) {
            return (seen.base, None);
        }
        match self.reader.plan.mode {
            Mode::Window => (self.window(seen), None),
            Mode::WindowKeys(_) => self.window_keys(ordinal, seen),
            Mode::Stock => (self.stock(seen), None),
            Mode::StockKeys => self.stock_keys(ordinal, seen),
            Mode::Share => self.share(ordinal, seen),
            Mode::Series(_) => (seen.base, None),
        }
    }

    fn signed(&self, amount: i128) -> i128 {
        amount * i128::from(self.sign)
    }

    fn owner(&self, key: u32, scope: usize) -> u64 {
        self.owners.get(key as usize * self.reader.scopes + scope).copied().unwrap_or(NOBODY)
    }

    /// Adds to the levels: the year of the day, and what comes before the
    /// window. Only yearly kinds read years outside the window.
    fn add_level(&mut self, day: i32, amount: i128) {
        let plan = self.reader.plan;
        let (from, to) = plan.window;
        let amount = self.signed(amount);
        if day < from {
            self.amounts.before += amount;
        }
        if !plan.yearly && (day < from || day > to) {
            return;
        }
        if let Some(slot) = plan.year(day).and_then(|i| self.amounts.levels.get_mut(i)) {
            *slot += amount;
        }
    }

    fn add_headline(&mut self, row: usize, amount: i128) {
        let signed = self.signed(amount);
        self.amounts.headline += signed;
        self.add_groups(row, signed);
    }

    fn add_groups(&mut self, row: usize, signed: i128) {
        for (keyed, groups) in self.reader.groups.iter().zip(&mut self.amounts.groups) {
            let mut any = false;
            if let Some((column, index)) = keyed {
                let sign = self.sign;
                index.each_of_row(column, row, |key| {
                    any = true;
                    groups.add(Some(key), signed, sign);
                });
            }
            if !any {
                groups.add(None, signed, self.sign);
            }
        }
    }

    /// Adds an amount at a point: years first, then start, then headline.
    fn add_point(&mut self, point: usize, amount: i128, numerator: bool) {
        let years = self.reader.plan.years.len();
        let amount = self.signed(amount);
        let amounts = &mut *self.amounts;
        let slot = match (point, numerator) {
            (p, false) if p < years => amounts.levels.get_mut(p),
            (p, true) if p < years => amounts.numerators.get_mut(p),
            (p, false) if p == years => Some(&mut amounts.start),
            (p, false) if p == years + 1 => Some(&mut amounts.headline),
            (p, true) if p == years + 1 => Some(&mut amounts.headline_numerator),
            _ => None,
        };
        if let Some(slot) = slot {
            *slot += amount;
        }
    }

    /// Counts or sums of records in a window or year.
    fn window(&mut self, seen: Seen) -> u16 {
        let amount = self.reader.sum.map_or(Some(ONE), |column| column.micros(seen.row));
        let mut class = match self.reader.window_class(seen.day) {
            0 => seen.base,
            outside => outside,
        };
        if class == 0 && amount.is_none() {
            class = Class::NoValue.number();
        }
        if let Some(amount) = amount.filter(|_| seen.base == 0) {
            self.add_level(seen.day, amount);
            if class == 0 {
                self.add_headline(seen.row, amount);
            }
        }
        class
    }

    /// Keys of a row that the record owns in a scope, whether it has any, and
    /// who owns the first that it does not.
    fn owned(&self, ordinal: u32, seen: Seen, scope: usize) -> Owned {
        let me = self.reader.claim(ordinal, seen.day);
        let (mut owned, mut any, mut first) = (0, false, None);
        self.reader.each_key(seen.row, |key| {
            any = true;
            let owner = self.owner(key, scope);
            if owner == me {
                owned += ONE;
            } else if first.is_none() {
                first = Some(owner);
            }
        });
        (owned, any, first)
    }

    fn window_keys(&mut self, ordinal: u32, seen: Seen) -> Told {
        let class = match self.reader.window_class(seen.day) {
            0 => seen.base,
            outside => outside,
        };
        if seen.base != 0 {
            return (class, None);
        }
        let scope = self.reader.scope(seen.day).unwrap_or(0);
        let found = self.owned(ordinal, seen, scope);
        let owned = found.0;
        if owned > 0 {
            self.add_level(seen.day, owned);
        }
        if let Some(told) = left_out(class, found, Class::Repeats) {
            return told;
        }
        self.add_headline(seen.row, owned);
        (0, None)
    }

    /// Stocks and lists of records.
    fn stock(&mut self, seen: Seen) -> u16 {
        let span = self.reader.span(seen);
        let at = self.reader.plan.points.last().copied().unwrap_or_default();
        let amount = self.reader.sum.map_or(Some(ONE), |column| column.micros(seen.row));
        let mut class = match span.class(at) {
            0 => seen.base,
            outside => outside,
        };
        if class == 0 && amount.is_none() {
            class = Class::NoValue.number();
        }
        if let (0, Some(amount)) = (seen.base, amount) {
            let plan = self.reader.plan;
            for (point, &at) in plan.points.iter().enumerate() {
                if span.holds(at) {
                    self.add_point(point, amount, false);
                    if span.done <= at {
                        self.add_point(point, amount, true);
                    }
                }
            }
            if class == 0 {
                self.add_groups(seen.row, self.signed(amount));
            }
        }
        if class == 0 && span.done <= at { Class::CountedInNumerator.number() } else { class }
    }

    /// Stocks and lists of distinct keys.
    fn stock_keys(&mut self, ordinal: u32, seen: Seen) -> Told {
        let span = self.reader.span(seen);
        let plan = self.reader.plan;
        let at = plan.points.last().copied().unwrap_or_default();
        let class = match span.class(at) {
            0 => seen.base,
            outside => outside,
        };
        if seen.base != 0 {
            return (class, None);
        }
        let mut headline = (0, false, None);
        for (point, &at) in plan.points.iter().enumerate() {
            let found = self.owned(ordinal, seen, point);
            if found.0 > 0 && span.holds(at) {
                self.add_point(point, found.0, false);
                if span.done <= at {
                    self.add_point(point, found.0, true);
                }
            }
            headline = found;
        }
        if let Some(told) = left_out(class, headline, Class::Repeats) {
            return told;
        }
        self.add_groups(seen.row, self.signed(headline.0));
        (if span.done <= at { Class::CountedInNumerator.number() } else { 0 }, None)
    }

    /// Shares: the latest record of a key in a year decides.
    fn share(&mut self, ordinal: u32, seen: Seen) -> Told {
        let class = match self.reader.window_class(seen.day) {
            0 => seen.base,
            outside => outside,
        };
        let Some(year) = self.reader.plan.year(seen.day).filter(|_| seen.base == 0) else {
            return (class, None);
        };
        let found = self.owned(ordinal, seen, year);
        let owned = found.0;
        let passes = self.reader.inner.get(seen.row) == Some(&0);
        let numerator = if passes { self.signed(owned) } else { 0 };
        let signed = self.signed(owned);
        if let Some(level) = self.amounts.levels.get_mut(year) {
            *level += signed;
        }
        if let Some(level) = self.amounts.numerators.get_mut(year) {
            *level += numerator;
        }
        if let Some(told) = left_out(class, found, Class::Superseded) {
            return told;
        }
        self.amounts.headline_numerator += numerator;
        self.add_headline(seen.row, owned);
        (if passes { Class::CountedInNumerator.number() } else { 0 }, None)
    }
}

impl Counted {
    /// Counts every record.
    pub(crate) fn of(
        sight: Sight<'_>,
        plan: Plan,
        stages: &[Stage],
        starts: &[Start],
    ) -> Result<Self, EvalError> {
        let reader = Reader::of(sight, &plan, stages)?;
        let start = plan.stages.first().and_then(|&number| starts.get(number));
        let start = start.ok_or(EvalError::Unsupported("evidence without stage"))?;
        let mut amounts = Amounts {
            levels: vec![0; plan.years.len()],
            numerators: vec![0; plan.years.len()],
            groups: vec![Groups::default(); plan.breakdowns.len()],
            ..Amounts::default()
        };
        let count = reader.keys.map_or(0, |(_, index)| index.count());
        let mut owners = vec![NOBODY; count * reader.scopes];
        if reader.scopes > 0 {
            for &ordinal in &start.candidates {
                let Some(seen) = reader.seen(ordinal) else { break };
                claim_keys(&reader, &mut owners, ordinal, seen);
            }
        }
        let mut adder = Adder { reader: &reader, amounts: &mut amounts, owners: &owners, sign: 1 };
        let mut verdicts = Vec::new();
        for &ordinal in &start.candidates {
            let Some(seen) = reader.seen(ordinal) else { break };
            let (class, other) = adder.visit(ordinal, seen);
            let shared = reader.shared(ordinal, class);
            if class != seen.base || shared.is_some() {
                let instead = other.and_then(|claim| reader.claimant(claim));
                verdicts.push(Verdict { ordinal, class, instead, shared });
            }
        }
        // Most leaves are as the stage left them, and shared between plans.
        let mut proof = start.proof.clone();
        proof.update(&verdicts);
        Ok(Self { plan, amounts, owners, proof })
    }

    /// Takes in what changed in the stage; says whether anything did here.
    pub(crate) fn advance(
        &mut self,
        sight: Sight<'_>,
        stages: &[Stage],
        moved: &[Moved],
    ) -> Result<(), EvalError> {
        if moved.is_empty() {
            return Ok(());
        }
        let Self { plan, amounts, owners, proof } = self;
        let reader = Reader::of(sight, plan, stages)?;
        let count = reader.keys.map_or(0, |(_, index)| index.count());
        owners.resize(count * reader.scopes, NOBODY);
        let contest = contest(&reader, owners, moved);
        let mut touched: BTreeMap<u32, Option<Seen>> =
            moved.iter().map(|moved| (moved.ordinal, moved.before)).collect();
        for (slot, claim) in &contest {
            let was = owners.get(*slot).copied().unwrap_or(NOBODY);
            if reader.claimant(was) != reader.claimant(*claim) {
                for ordinal in holders(&reader, *slot) {
                    touched.entry(ordinal).or_insert_with(|| reader.seen(ordinal));
                }
            }
        }
        let mut adder = Adder { reader: &reader, amounts, owners, sign: -1 };
        for (ordinal, before) in &touched {
            if let Some(seen) = before {
                adder.visit(*ordinal, *seen);
            }
        }
        for (slot, claim) in contest {
            if let Some(owner) = owners.get_mut(slot) {
                *owner = claim;
            }
        }
        let mut adder = Adder { reader: &reader, amounts, owners, sign: 1 };
        let mut verdicts = Vec::with_capacity(touched.len());
        for &ordinal in touched.keys() {
            let Some(seen) = reader.seen(ordinal) else { continue };
            let (class, other) = adder.visit(ordinal, seen);
            let shared = reader.shared(ordinal, class);
            let instead = other.and_then(|claim| reader.claimant(claim));
            verdicts.push(Verdict { ordinal, class, instead, shared });
        }
        proof.update(&verdicts);
        Ok(())
    }

    /// The sums as the outcome is made of them.
    pub(crate) fn tally(&self, sight: Sight<'_>) -> Tally {
        let Self { plan, amounts, .. } = self;
        let texts = &sight.columns.texts;
        let by_year = |amounts: &[i128]| -> BTreeMap<i32, rust_decimal::Decimal> {
            let years = plan.years.iter().map(|(year, _, _)| *year);
            years.zip(amounts.iter().map(|amount| decimal(*amount))).collect()
        };
        let groups = plan.breakdowns.iter().zip(&amounts.groups).map(|((id, field), groups)| {
            let index = sight.caches.keys(plan.table, field);
            let none = (groups.none.1 != 0).then(|| (String::new(), decimal(groups.none.0)));
            let keys = groups.keys.iter().enumerate().filter(|(_, (_, records))| *records != 0);
            let row = |(key, (amount, _)): (usize, &(i128, i32))| {
                let text = index.map_or(NO_TEXT, |index| index.text(key));
                (texts.text(text).to_owned(), decimal(*amount))
            };
            (id.clone(), none.into_iter().chain(keys.map(row)).collect())
        });
        let start = match plan.mode {
            Mode::Stock | Mode::StockKeys => amounts.start,
            _ => {
                let place = plan.years.iter().position(|(year, _, _)| *year == plan.start_year);
                place.and_then(|i| amounts.levels.get(i)).copied().unwrap_or_default()
            }
        };
        Tally {
            levels: by_year(&amounts.levels),
            numerators: by_year(&amounts.numerators),
            headline: decimal(amounts.headline),
            headline_numerator: decimal(amounts.headline_numerator),
            before: decimal(amounts.before),
            start: decimal(start),
            series: Vec::new(),
            groups: groups.collect(),
            proofs: vec![self.proof.clone()],
        }
    }
}
