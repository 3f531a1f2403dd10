//! The naive evaluator: a plain reading of the definition, record by record.
//!
//! It is the reference the columnar evaluator is held against. It asks no more
//! of a reader than the definition itself: for each record, the first reason
//! why it does not count; then the sum of what does.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use rust_decimal::Decimal;
use shirube_model::filter::{Field, Filter, Row, Truth, Value};
use shirube_model::indicator::{
    Class, Disaggregation, Evidence, EvidenceProof, Kind, Link, Measure, Once, Outcome, Spec,
    digest_outcome, fingerprint_rows,
};
use shirube_model::record::{RecordVersion, Standing};

use crate::finish::{Tally, compared_years, finish};
use crate::frame::Frame;
use crate::series::yearly_levels;
use crate::stage::key_field;

/// The registers on the day asked for: by kind, the latest version of every
/// record in the order records first entered the ledger.
pub type Registers = BTreeMap<String, Vec<RecordVersion>>;

/// Evaluates one spec on one day.
#[must_use]
pub fn evaluate(
    registers: &Registers,
    spec: &Spec,
    breakdowns: &[Disaggregation],
    as_of: NaiveDate,
) -> Outcome {
    let frame = Frame::of(spec, as_of);
    let naive = Naive { registers, spec, breakdowns, frame: &frame };
    let tally = match spec.kind {
        Kind::DeltaComparison | Kind::Trend => naive.series(),
        Kind::Stock | Kind::ListCompletion => naive.stock(),
        Kind::ShareOfSet => naive.share(),
        _ => naive.window(),
    };
    let mut outcome = finish(spec, &frame, tally);
    outcome.digest = digest_outcome(&outcome);
    outcome
}

struct Naive<'a> {
    registers: &'a Registers,
    spec: &'a Spec,
    breakdowns: &'a [Disaggregation],
    frame: &'a Frame,
}

/// A record that nothing stopped before the window.
struct Candidate<'a> {
    ordinal: usize,
    record: &'a RecordVersion,
    date: NaiveDate,
    /// Missing link or missing value, told only if the window lets it in.
    later: Option<Class>,
    keys: Vec<String>,
    amount: Decimal,
}

impl Candidate<'_> {
    fn counts(&self) -> bool {
        self.later.is_none()
    }
}

/// Classes and candidates of one evidence register.
struct Sifted<'a> {
    classes: Vec<Class>,
    candidates: Vec<Candidate<'a>>,
    shared: Vec<(u32, u32)>,
    instead: Vec<(u32, u32)>,
    records: &'a [RecordVersion],
    register: &'static str,
}

fn row(record: &RecordVersion) -> Row<'_> {
    Row { state: &record.state, body: &record.body }
}

fn date(record: &RecordVersion, field: Field) -> Option<NaiveDate> {
    match row(record).value(field) {
        Some(Value::Date(date)) => Some(date),
        _ => None,
    }
}

fn texts(record: &RecordVersion, field: Field) -> Vec<String> {
    match row(record).value(field) {
        Some(Value::Text(text)) => vec![text],
        _ => {
            let mut out: Vec<String> = Vec::new();
            for text in row(record).list(field.name) {
                if !out.iter().any(|seen| seen == text) {
                    out.push(text.to_owned());
                }
            }
            out
        }
    }
}

fn passes(filter: &Filter, record: &RecordVersion) -> bool {
    filter.parts.iter().all(|part| row(record).decide(&part.cond) == Truth::True)
}

fn number(index: usize) -> u16 {
    u16::try_from(index).unwrap_or(99)
}

fn ordinal(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

impl<'a> Naive<'a> {
    /// Why a record is out before window, links and measure, or its date.
    fn first_reason(
        &self,
        evidence: &Evidence,
        record: &RecordVersion,
    ) -> Result<NaiveDate, Class> {
        match record.standing {
            Standing::Withdrawn => return Err(Class::Withdrawn),
            Standing::Duplicate => return Err(Class::Duplicate),
            Standing::Active => {}
        }
        for (index, part) in evidence.filter.parts.iter().enumerate() {
            match row(record).decide(&part.cond) {
                Truth::True => {}
                Truth::False => return Err(Class::FailsPart(number(index))),
                Truth::Unknown => return Err(Class::UndecidedPart(number(index))),
            }
        }
        let date = date(record, evidence.date).ok_or(Class::NoDate)?;
        if date > self.frame.as_of { Err(Class::AfterAsOf) } else { Ok(date) }
    }

    /// Number of different keys of a record that find a record over a link.
    fn matches(&self, link: &Link, record: &RecordVersion, day: NaiveDate) -> usize {
        let targets = self.registers.get(link.register.kind).map_or(&[][..], Vec::as_slice);
        texts(record, link.field)
            .iter()
            .filter(|key| {
                targets.iter().any(|target| {
                    let on = match link.on {
                        None => vec![target.id.to_string()],
                        Some(field) => texts(target, field),
                    };
                    let in_force = link.valid.is_none_or(|(from, to)| {
                        date(target, from).is_some_and(|from| from <= day)
                            && date(target, to).is_none_or(|to| day <= to)
                    });
                    target.standing == Standing::Active
                        && on.contains(key)
                        && in_force
                        && passes(&link.filter, target)
                })
            })
            .count()
    }

    fn sift(&self, evidence: &Evidence) -> Sifted<'a> {
        let records = self.registers.get(evidence.register.kind).map_or(&[][..], Vec::as_slice);
        let mut out = Sifted {
            classes: Vec::new(),
            candidates: Vec::new(),
            shared: Vec::new(),
            instead: Vec::new(),
            records,
            register: evidence.register.kind,
        };
        for (index, record) in records.iter().enumerate() {
            let date = match self.first_reason(evidence, record) {
                Ok(date) => date,
                Err(class) => {
                    out.classes.push(class);
                    continue;
                }
            };
            let mut later = None;
            let mut most = 1;
            for (link_index, link) in evidence.links.iter().enumerate() {
                let matches = self.matches(link, record, date);
                most = most.max(matches);
                if matches == 0 && later.is_none() {
                    later = Some(Class::MissingLink(number(link_index)));
                }
            }
            let keys = self.keys(record);
            let amount = match evidence.measure {
                // The elements of a milestone are counted whatever else is added up.
                Measure::Sum(_) if key_field(self.spec).is_some() => Decimal::ONE,
                Measure::Sum(field) => match row(record).value(field) {
                    Some(Value::Number(amount)) => amount,
                    _ => {
                        later = later.or(Some(Class::NoValue));
                        Decimal::ZERO
                    }
                },
                Measure::Count | Measure::Distinct(..) => Decimal::ONE,
            };
            if key_field(self.spec).is_some() && keys.is_empty() {
                later = later.or(Some(Class::NoKey));
            }
            if key_field(self.spec).is_none() && most > 1 {
                out.shared.push((ordinal(index), u32::try_from(most).unwrap_or(u32::MAX)));
            }
            out.classes.push(Class::Counted);
            out.candidates.push(Candidate { ordinal: index, record, date, later, keys, amount });
        }
        out
    }

    fn keys(&self, record: &RecordVersion) -> Vec<String> {
        let Some(field) = key_field(self.spec) else { return Vec::new() };
        let milestone = matches!(self.spec.kind, Kind::Milestone | Kind::MilestoneCreates)
            && !self.spec.elements.is_empty();
        texts(record, field)
            .into_iter()
            .filter(|key| !milestone || self.spec.elements.contains(key))
            .collect()
    }

    fn year(&self, date: NaiveDate) -> i32 {
        self.spec.year_basis.year_of(date)
    }

    /// Counts, sums and distinct keys in a window or in the headline's year.
    fn window(&self) -> Tally {
        let mut sifted = self.sift(&self.spec.evidence);
        let (from, to) = match self.frame.headline_year {
            Some(year) => {
                (self.spec.year_basis.first_day(year), self.spec.year_basis.last_day(year))
            }
            None => (self.spec.window.from, self.spec.window.to),
        };
        let yearly = self.frame.headline_year.is_some();
        let keyed = key_field(self.spec).is_some();
        let known = self.frame.known_years();
        let scope = |date: NaiveDate| match self.once(yearly) {
            Once::Ever => 0,
            Once::Year if known.contains(&self.year(date)) => self.year(date),
            Once::Year => i32::MAX,
            Once::Window => {
                i32::from(date >= self.spec.window.from) + i32::from(date > self.spec.window.to)
            }
        };
        let owners = first_of_keys(&sifted.candidates, scope);
        let mut tally = Tally::default();
        let mut groups = self.empty_groups();
        for year in &known {
            tally.levels.insert(*year, Decimal::ZERO);
        }
        for candidate in &sifted.candidates {
            let inside = (from..=to).contains(&candidate.date);
            let owned: Vec<&String> = candidate
                .keys
                .iter()
                .filter(|key| {
                    owners.get(&(scope(candidate.date), (*key).clone())) == Some(&candidate.ordinal)
                })
                .collect();
            let amount = if keyed { owned.len().into() } else { candidate.amount };
            let class = if candidate.date < from {
                Class::BeforeWindow
            } else if candidate.date > to {
                Class::AfterWindow
            } else if let Some(later) = candidate.later {
                later
            } else if keyed && owned.is_empty() {
                Class::Repeats
            } else {
                Class::Counted
            };
            if class == Class::Repeats {
                let first = candidate.keys.first().cloned().unwrap_or_default();
                if let Some(&other) = owners.get(&(scope(candidate.date), first)) {
                    sifted.instead.push((ordinal(candidate.ordinal), ordinal(other)));
                }
            }
            set(&mut sifted.classes, candidate.ordinal, class);
            if !candidate.counts() {
                continue;
            }
            if candidate.date < self.spec.window.from {
                tally.before += amount;
            }
            let in_window = (self.spec.window.from..=self.spec.window.to).contains(&candidate.date);
            if yearly || in_window {
                let year = self.year(candidate.date);
                if let Some(level) = tally.levels.get_mut(&year) {
                    *level += amount;
                }
            }
            if inside && class == Class::Counted {
                tally.headline += amount;
                self.add_groups(&mut groups, candidate.record, amount);
            }
        }
        tally.start = tally.levels.get(&self.frame.start_year).copied().unwrap_or_default();
        self.close(tally, groups, sifted)
    }

    fn once(&self, yearly: bool) -> Once {
        match self.spec.evidence.measure {
            Measure::Distinct(_, Once::Window) if yearly => Once::Year,
            Measure::Distinct(_, once) => once,
            Measure::Count | Measure::Sum(_) => Once::Window,
        }
    }

    /// What is in force at a day, and the completion of lists.
    fn stock(&self) -> Tally {
        let mut sifted = self.sift(&self.spec.evidence);
        let mut tally = Tally::default();
        let list = self.spec.kind == Kind::ListCompletion;
        let at = if list { self.frame.as_of } else { self.frame.at };
        for year in self.frame.known_years() {
            let day = self.spec.year_basis.last_day(year).min(self.frame.as_of);
            let (level, numerator, _) = self.stock_at(&sifted.candidates, day);
            tally.levels.insert(year, level);
            tally.numerators.insert(year, numerator);
        }
        tally.start = self.stock_at(&sifted.candidates, self.frame.start_day).0;
        let (level, numerator, owners) = self.stock_at(&sifted.candidates, at);
        tally.headline = level;
        tally.headline_numerator = numerator;
        let keyed = key_field(self.spec).is_some();
        let mut groups = self.empty_groups();
        for candidate in &sifted.candidates {
            let owned =
                candidate.keys.iter().filter(|key| owners.get(*key) == Some(&candidate.ordinal));
            let owned = owned.count();
            let class = if candidate.date > at {
                Class::AfterWindow
            } else if self.ended(candidate, at) {
                Class::Ended
            } else if self.left_out(candidate) {
                Class::LeftOut
            } else if let Some(later) = candidate.later {
                later
            } else if keyed && owned == 0 {
                Class::Repeats
            } else if self.done(candidate, at) {
                Class::CountedInNumerator
            } else {
                Class::Counted
            };
            if class == Class::Repeats {
                let first = candidate.keys.first().and_then(|key| owners.get(key));
                if let Some(&other) = first {
                    sifted.instead.push((ordinal(candidate.ordinal), ordinal(other)));
                }
            }
            if class.counts() {
                let amount = if keyed { owned.into() } else { candidate.amount };
                self.add_groups(&mut groups, candidate.record, amount);
            }
            set(&mut sifted.classes, candidate.ordinal, class);
        }
        self.close(tally, groups, sifted)
    }

    fn ended(&self, candidate: &Candidate<'_>, at: NaiveDate) -> bool {
        let to = self.spec.evidence.to.and_then(|field| date(candidate.record, field));
        to.is_some_and(|to| to < at)
    }

    fn left_out(&self, candidate: &Candidate<'_>) -> bool {
        self.spec.left_out.is_some_and(|field| !texts(candidate.record, field).is_empty())
    }

    fn done(&self, candidate: &Candidate<'_>, at: NaiveDate) -> bool {
        let done = self.spec.done.and_then(|field| date(candidate.record, field));
        done.is_some_and(|done| done <= at)
    }

    /// Level, numerator and key owners of a stock at a day.
    fn stock_at(
        &self,
        candidates: &[Candidate<'_>],
        at: NaiveDate,
    ) -> (Decimal, Decimal, BTreeMap<String, usize>) {
        let keyed = key_field(self.spec).is_some();
        let in_force: Vec<&Candidate<'_>> = candidates
            .iter()
            .filter(|c| c.counts() && c.date <= at && !self.ended(c, at) && !self.left_out(c))
            .collect();
        let mut owners: BTreeMap<String, usize> = BTreeMap::new();
        let mut ordered = in_force.clone();
        ordered.sort_by_key(|candidate| (candidate.date, candidate.ordinal));
        for candidate in ordered {
            for key in &candidate.keys {
                owners.entry(key.clone()).or_insert(candidate.ordinal);
            }
        }
        let (mut level, mut numerator) = (Decimal::ZERO, Decimal::ZERO);
        for candidate in in_force {
            let owned = owners.values().filter(|&&owner| owner == candidate.ordinal).count();
            let amount = if keyed { owned.into() } else { candidate.amount };
            level += amount;
            if self.done(candidate, at) {
                numerator += amount;
            }
        }
        (level, numerator, owners)
    }

    /// Shares: in each year the latest record of a key decides.
    fn share(&self) -> Tally {
        let mut sifted = self.sift(&self.spec.evidence);
        let mut deciding: BTreeMap<(i32, String), (NaiveDate, usize)> = BTreeMap::new();
        let known = self.frame.known_years();
        for candidate in sifted.candidates.iter().filter(|c| c.counts()) {
            for key in &candidate.keys {
                let slot = deciding
                    .entry((self.year(candidate.date), key.clone()))
                    .or_insert((candidate.date, candidate.ordinal));
                *slot = (*slot).max((candidate.date, candidate.ordinal));
            }
        }
        let mut tally = Tally::default();
        for year in &known {
            tally.levels.insert(*year, Decimal::ZERO);
            tally.numerators.insert(*year, Decimal::ZERO);
        }
        let mut groups = self.empty_groups();
        for candidate in &sifted.candidates {
            let year = self.year(candidate.date);
            let decides = |key: &&String| {
                deciding.get(&(year, (*key).clone())) == Some(&(candidate.date, candidate.ordinal))
            };
            let owned: Decimal = candidate.keys.iter().filter(decides).count().into();
            let inner = self.spec.inner.as_ref().is_some_and(|f| passes(f, candidate.record));
            let headline_year = self.frame.headline_year.unwrap_or(i32::MAX);
            let class = if year < headline_year {
                Class::BeforeWindow
            } else if year > headline_year {
                Class::AfterWindow
            } else if let Some(later) = candidate.later {
                later
            } else if owned.is_zero() {
                Class::Superseded
            } else if inner {
                Class::CountedInNumerator
            } else {
                Class::Counted
            };
            if class == Class::Superseded {
                let first = candidate.keys.first().cloned().unwrap_or_default();
                if let Some(&(_, other)) = deciding.get(&(year, first)) {
                    sifted.instead.push((ordinal(candidate.ordinal), ordinal(other)));
                }
            }
            set(&mut sifted.classes, candidate.ordinal, class);
            if !candidate.counts() {
                continue;
            }
            let numerator = if inner { owned } else { Decimal::ZERO };
            if let Some(level) = tally.levels.get_mut(&year) {
                *level += owned;
            }
            if let Some(level) = tally.numerators.get_mut(&year) {
                *level += numerator;
            }
            if class.counts() {
                tally.headline += owned;
                tally.headline_numerator += numerator;
                self.add_groups(&mut groups, candidate.record, owned);
            }
        }
        tally.start = tally.levels.get(&self.frame.start_year).copied().unwrap_or_default();
        self.close(tally, groups, sifted)
    }

    /// Comparisons and trends: sums by group and year.
    fn series(&self) -> Tally {
        let mut tally = Tally::default();
        let mut sides = Vec::new();
        for evidence in self.spec.evidences() {
            let mut sifted = self.sift(evidence);
            let mut sums: BTreeMap<String, BTreeMap<i32, Decimal>> = BTreeMap::new();
            for candidate in &sifted.candidates {
                let group = match self.spec.group_by {
                    None => Some(String::new()),
                    Some(field) => texts(candidate.record, field).into_iter().next(),
                };
                let elements = &self.spec.elements;
                let group = group.filter(|group| elements.is_empty() || elements.contains(group));
                let missing_link = match candidate.later {
                    Some(class @ Class::MissingLink(_)) => Some(class),
                    _ => None,
                };
                let class = if candidate.date < self.spec.window.from {
                    Class::BeforeWindow
                } else if candidate.date > self.spec.window.to {
                    Class::AfterWindow
                } else if let Some(class) = missing_link {
                    class
                } else if group.is_none() {
                    Class::NoKey
                } else if let Some(class) = candidate.later {
                    class
                } else {
                    Class::Counted
                };
                set(&mut sifted.classes, candidate.ordinal, class);
                if let (Class::Counted, Some(group)) = (class, group) {
                    let years = sums.entry(group).or_default();
                    *years.entry(self.year(candidate.date)).or_default() += candidate.amount;
                }
            }
            tally.series.push(sums);
            sides.push(sifted);
        }
        if let (Kind::DeltaComparison, Some((base, latest))) =
            (self.spec.kind, compared_years(self.spec, &tally.series))
        {
            for sifted in &mut sides {
                for candidate in &sifted.candidates {
                    let year = self.year(candidate.date);
                    let counted = sifted.classes.get(candidate.ordinal) == Some(&Class::Counted);
                    if counted && year != base && year != latest {
                        let class =
                            if year < base { Class::BeforeWindow } else { Class::AfterWindow };
                        set(&mut sifted.classes, candidate.ordinal, class);
                    }
                }
            }
        }
        tally.levels = yearly_levels(&tally.series);
        tally.proofs = sides.into_iter().map(|side| self.proof(side)).collect();
        tally
    }

    fn empty_groups(&self) -> Vec<(String, BTreeMap<String, Decimal>)> {
        self.breakdowns.iter().map(|b| (b.id.clone(), BTreeMap::new())).collect()
    }

    fn add_groups(
        &self,
        groups: &mut [(String, BTreeMap<String, Decimal>)],
        record: &RecordVersion,
        amount: Decimal,
    ) {
        for (breakdown, (_, rows)) in self.breakdowns.iter().zip(groups) {
            // A code written twice is one code.
            let mut codes: BTreeSet<&str> = match record.body.get(&breakdown.field) {
                Some(serde_json::Value::String(code)) => BTreeSet::from([code.as_str()]),
                Some(serde_json::Value::Array(items)) => {
                    items.iter().filter_map(serde_json::Value::as_str).collect()
                }
                Some(_) | None => BTreeSet::new(),
            };
            if codes.is_empty() {
                codes.insert("");
            }
            for code in codes {
                *rows.entry(code.to_owned()).or_default() += amount;
            }
        }
    }

    fn close(
        &self,
        mut tally: Tally,
        groups: Vec<(String, BTreeMap<String, Decimal>)>,
        sifted: Sifted<'_>,
    ) -> Tally {
        tally.groups = groups;
        tally.proofs = vec![self.proof(sifted)];
        tally
    }

    fn proof(&self, sifted: Sifted<'_>) -> EvidenceProof {
        let counted: BTreeSet<u32> = sifted
            .classes
            .iter()
            .enumerate()
            .filter(|(_, class)| class.counts())
            .map(|(index, _)| ordinal(index))
            .collect();
        let seqs: Vec<u64> = sifted.records.iter().map(|record| record.seq).collect();
        let shared: Vec<(u32, u32)> =
            sifted.shared.into_iter().filter(|(record, _)| counted.contains(record)).collect();
        EvidenceProof::new(
            sifted.register.to_owned(),
            fingerprint_rows(&seqs),
            &sifted.classes.iter().map(|class| class.number()).collect::<Vec<u16>>(),
            &sifted.instead,
            &shared,
        )
    }
}

fn set(classes: &mut [Class], index: usize, class: Class) {
    if let Some(slot) = classes.get_mut(index) {
        *slot = class;
    }
}

/// The first candidate of every key within each scope, by date, then by the
/// order of the ledger.
fn first_of_keys(
    candidates: &[Candidate<'_>],
    scope: impl Fn(NaiveDate) -> i32,
) -> BTreeMap<(i32, String), usize> {
    let mut ordered: Vec<&Candidate<'_>> = candidates.iter().filter(|c| c.counts()).collect();
    ordered.sort_by_key(|candidate| (candidate.date, candidate.ordinal));
    let mut owners = BTreeMap::new();
    for candidate in ordered {
        for key in &candidate.keys {
            owners.entry((scope(candidate.date), key.clone())).or_insert(candidate.ordinal);
        }
    }
    owners
}
