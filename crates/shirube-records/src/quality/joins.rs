//! Checks that look rows up in another table.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{Datelike, NaiveDate};

use super::checks::CheckName;
use super::keys::{Lookup, part_of, parts};
use super::run::{Counts, Job};
use super::scan::{Reader, hashed, table};
use super::thresholds::Rule;
use crate::error::RecordsError;

/// Days after death within which records still come in.
const AFTER_DEATH_DAYS: i32 = 60;
/// Days around a visit that still belong to it.
const AROUND_VISIT_DAYS: i32 = 7;

type Done = Result<(), RecordsError>;

fn add(counts: &mut [Counts], at: usize, violated: bool) {
    add_all(counts, at, (u64::from(violated), 1));
}

/// Adds rows violated and rows looked at to a check.
fn add_all(counts: &mut [Counts], at: usize, counted: (u64, u64)) {
    if let Some(counts) = counts.get_mut(at) {
        counts.add(counted);
    }
}

/// First and last day.
type Span = (i32, i32);

/// First and last day of the rows of one part, by the number in the first column.
fn spans(
    reader: &Reader<'_>,
    table: &str,
    columns: [&str; 3],
    (part, parts): (u64, u64),
) -> Result<Vec<(i64, Span)>, RecordsError> {
    let mut out = Vec::new();
    reader.scan(table, &columns, &mut |batch| {
        for row in 0..batch.rows {
            let id = batch.column(0).int(row).filter(|id| part_of(*id, parts) == part);
            let days = batch.column(1).day(row).zip(batch.column(2).day(row));
            out.extend(id.zip(days));
        }
    })?;
    Ok(out)
}

/// Checks by table, in the order of the tables.
fn by_table<'j>(jobs: &'j [Job<'j>]) -> BTreeMap<&'j str, Vec<&'j Job<'j>>> {
    let mut all: BTreeMap<&str, Vec<&Job<'_>>> = BTreeMap::new();
    for job in jobs {
        all.entry(job.spec.table.as_str()).or_default().push(job);
    }
    all
}

#[derive(Clone, Copy)]
struct Life {
    born: Option<i32>,
    died: Option<i32>,
    gender: i64,
}

/// Persons of one part, with the days of their birth and death.
fn persons(reader: &Reader<'_>, part: u64, parts: u64) -> Result<Lookup<Life>, RecordsError> {
    let columns = [
        "person_id",
        "year_of_birth",
        "month_of_birth",
        "day_of_birth",
        "birth_datetime",
        "gender_concept_id",
    ];
    let mut entries = Vec::new();
    reader.scan("person", &columns, &mut |batch| {
        for row in 0..batch.rows {
            let Some(id) = batch.column(0).int(row) else { continue };
            if part_of(id, parts) != part {
                continue;
            }
            let number = |at: usize| batch.column(at).int(row);
            let unit = |at: usize| u32::try_from(number(at).unwrap_or(1)).ok();
            let whole = || {
                let year = i32::try_from(number(1)?).ok()?;
                let day = NaiveDate::from_ymd_opt(year, unit(2)?, unit(3)?)?;
                Some(day.num_days_from_ce() - 719_163)
            };
            let born = batch.column(4).day(row).or_else(whole);
            let gender = number(5).unwrap_or(0);
            entries.push((id, Life { born, died: None, gender }));
        }
    })?;
    let mut persons = Lookup::new(entries);
    reader.scan("death", &["person_id", "death_date"], &mut |batch| {
        for row in 0..batch.rows {
            let life = batch.column(0).int(row).and_then(|id| persons.get_mut(id));
            if let Some((life, day)) = life.zip(batch.column(1).day(row)) {
                life.died = Some(life.died.map_or(day, |died| died.min(day)));
            }
        }
    })?;
    Ok(persons)
}

/// For each concept of a field: the check, and the sex that goes with it.
type Genders = HashMap<i64, Vec<(usize, i64)>>;

fn genders(
    reader: &Reader<'_>,
    jobs: &[&Job<'_>],
) -> Result<BTreeMap<String, Genders>, RecordsError> {
    let mut all: BTreeMap<String, Genders> = BTreeMap::new();
    for job in jobs {
        let Rule::Gender { concepts, gender } = &job.spec.rule else { continue };
        let mut wanted: HashSet<i64> = concepts.iter().copied().collect();
        if job.spec.check == CheckName::PlausibleGenderUseDescendants {
            let above = std::mem::take(&mut wanted);
            let columns = ["ancestor_concept_id", "descendant_concept_id"];
            reader.scan("concept_ancestor", &columns, &mut |batch| {
                for row in 0..batch.rows {
                    let ancestor = batch.column(0).int(row);
                    if ancestor.is_some_and(|id| above.contains(&id)) {
                        wanted.extend(batch.column(1).int(row));
                    }
                }
            })?;
        }
        let field = all.entry(job.spec.field.clone()).or_default();
        for concept in wanted {
            field.entry(concept).or_default().push((job.at, *gender));
        }
    }
    Ok(all)
}

/// Everything about the person of a row: birth, death, sex, and whether persons
/// have rows at all.
pub(super) fn of_persons(
    reader: &Reader<'_>,
    jobs: &[Job<'_>],
    counts: &mut [Counts],
    keys_max: usize,
) -> Done {
    if jobs.is_empty() {
        return Ok(());
    }
    let rows = reader.rows("person").unwrap_or(0);
    let parts = parts(rows, keys_max);
    for part in 0..parts {
        let persons = persons(reader, part, parts)?;
        for (name, jobs) in by_table(jobs) {
            let persons = Persons { reader, persons: &persons, part, parts };
            persons.table(name, &jobs, counts)?;
        }
    }
    Ok(())
}

struct Persons<'r> {
    reader: &'r Reader<'r>,
    persons: &'r Lookup<Life>,
    part: u64,
    parts: u64,
}

impl Persons<'_> {
    fn table(&self, name: &str, jobs: &[&Job<'_>], counts: &mut [Counts]) -> Done {
        let Some(known) = table(name) else { return Ok(()) };
        let own = known.person().and_then(|at| known.columns.get(at));
        let Some(own) = own.map(|column| column.name.as_str()) else { return Ok(()) };
        let genders = genders(self.reader, jobs)?;
        let mut columns = vec![own];
        columns.extend(jobs.iter().map(|job| job.spec.field.as_str()).filter(|f| !f.is_empty()));
        columns.sort_unstable();
        columns.dedup();
        let place = |name: &str| columns.iter().position(|c| *c == name).unwrap_or(usize::MAX);
        let of = place(own);
        let dated: Vec<(usize, usize, CheckName)> = jobs
            .iter()
            .filter(|job| !matches!(job.spec.rule, Rule::Gender { .. }))
            .map(|job| (job.at, place(&job.spec.field), job.spec.check))
            .collect();
        let fields: Vec<(usize, &Genders)> =
            genders.iter().map(|(field, genders)| (place(field), genders)).collect();
        let mut with_rows = vec![false; self.persons.len()];
        self.reader.scan(name, &columns, &mut |batch| {
            for row in 0..batch.rows {
                let Some(id) = batch.column(of).int(row) else { continue };
                if part_of(id, self.parts) != self.part {
                    continue;
                }
                let life = self.persons.get(id);
                if let Some(seen) = self.persons.place(id).and_then(|at| with_rows.get_mut(at)) {
                    *seen = true;
                }
                for (at, place, check) in &dated {
                    if let Some(wrong) = dates(*check, batch.column(*place).day(row), life) {
                        add(counts, *at, wrong);
                    }
                }
                for (place, genders) in &fields {
                    let concept = batch.column(*place).int(row);
                    for (at, gender) in
                        concept.and_then(|id| genders.get(&id)).into_iter().flatten()
                    {
                        add(counts, *at, life.is_some_and(|life| life.gender != *gender));
                    }
                }
            }
        })?;
        for job in jobs.iter().filter(|j| j.spec.check == CheckName::MeasurePersonCompleteness) {
            let without = with_rows.iter().filter(|seen| !**seen).count();
            add_all(counts, job.at, (without as u64, with_rows.len() as u64));
        }
        Ok(())
    }
}

/// Whether a day is wrong for a person; nothing where it is not looked at.
fn dates(check: CheckName, day: Option<i32>, life: Option<&Life>) -> Option<bool> {
    let after = |died: i32| day.is_some_and(|day| day > died.saturating_add(AFTER_DEATH_DAYS));
    match check {
        CheckName::PlausibleAfterBirth => {
            let day = day?;
            Some(life.and_then(|life| life.born).is_some_and(|born| day < born))
        }
        CheckName::PlausibleTemporalAfter => {
            let born = life.and_then(|life| life.born);
            Some(born.zip(day).is_some_and(|(born, day)| day < born))
        }
        CheckName::PlausibleBeforeDeath => {
            day?;
            life?.died.map(after)
        }
        CheckName::PlausibleDuringLife => life?.died.map(after),
        _ => None,
    }
}

/// Dates more than a week outside their visit.
pub(super) fn of_visits(
    reader: &Reader<'_>,
    jobs: &[Job<'_>],
    counts: &mut [Counts],
    keys_max: usize,
) -> Done {
    if jobs.is_empty() {
        return Ok(());
    }
    let parts = parts(reader.rows("visit_occurrence").unwrap_or(0), keys_max);
    for part in 0..parts {
        let columns = ["visit_occurrence_id", "visit_start_date", "visit_end_date"];
        let visits = Lookup::new(spans(reader, "visit_occurrence", columns, (part, parts))?);
        for (name, jobs) in by_table(jobs) {
            let mut columns = vec!["visit_occurrence_id"];
            columns.extend(jobs.iter().map(|job| job.spec.field.as_str()));
            reader.scan(name, &columns, &mut |batch| {
                for row in 0..batch.rows {
                    let visit = batch.column(0).int(row).and_then(|id| visits.get(id));
                    let Some((start, end)) = visit else { continue };
                    for (job, place) in jobs.iter().zip(1..) {
                        let outside = batch.column(place).day(row).is_some_and(|day| {
                            day < start.saturating_sub(AROUND_VISIT_DAYS)
                                || day > end.saturating_add(AROUND_VISIT_DAYS)
                        });
                        add(counts, job.at, outside);
                    }
                }
            })?;
        }
    }
    Ok(())
}

#[derive(Clone, Copy)]
struct Concept {
    domain: i64,
    class: i64,
    standard_and_valid: bool,
}

/// Concepts: there, of the right domain and class, standard and valid.
pub(super) fn of_concepts(
    reader: &Reader<'_>,
    jobs: &[Job<'_>],
    counts: &mut [Counts],
    keys_max: usize,
) -> Done {
    if jobs.is_empty() {
        return Ok(());
    }
    let parts = parts(reader.rows("concept").unwrap_or(0), keys_max);
    for part in 0..parts {
        let mut entries = Vec::new();
        let columns =
            ["concept_id", "domain_id", "concept_class_id", "standard_concept", "invalid_reason"];
        reader.scan("concept", &columns, &mut |batch| {
            for row in 0..batch.rows {
                let id = batch.column(0).int(row).filter(|id| part_of(*id, parts) == part);
                let text = |at: usize| batch.column(at).text(row).unwrap_or_default();
                let concept = Concept {
                    domain: hashed(text(1)),
                    class: hashed(text(2)),
                    standard_and_valid: text(3) == "S" && text(4).is_empty(),
                };
                entries.extend(id.map(|id| (id, concept)));
            }
        })?;
        let concepts = Lookup::new(entries);
        for (name, jobs) in by_table(jobs) {
            let words: Vec<i64> = jobs
                .iter()
                .map(|job| if let Rule::Word(word) = &job.spec.rule { hashed(word) } else { 0 })
                .collect();
            let columns: Vec<&str> = jobs.iter().map(|job| job.spec.field.as_str()).collect();
            reader.scan(name, &columns, &mut |batch| {
                for ((place, job), word) in jobs.iter().enumerate().zip(&words) {
                    let column = batch.column(place);
                    // Concepts repeat: the last one found is often the next.
                    let mut last: Option<(i64, Option<Concept>)> = None;
                    let mut counted = (0, 0);
                    for row in 0..batch.rows {
                        let id = column.int(row);
                        if part_of(id.unwrap_or(0), parts) != part {
                            continue;
                        }
                        counted.1 += 1;
                        let Some(id) = id else { continue };
                        let found = match last {
                            Some((known, found)) if known == id => found,
                            _ => concepts.get(id).copied(),
                        };
                        last = Some((id, found));
                        counted.0 += u64::from(wrong(job.spec.check, id, found, *word));
                    }
                    add_all(counts, job.at, counted);
                }
            })?;
        }
    }
    Ok(())
}

/// Whether a concept breaks the rule. What is not there at all is the matter of
/// the foreign key alone.
fn wrong(check: CheckName, id: i64, found: Option<Concept>, word: i64) -> bool {
    let Some(found) = found else { return check == CheckName::IsForeignKey };
    id != 0
        && match check {
            CheckName::FkDomain => found.domain != word,
            CheckName::FkClass => found.class != word,
            CheckName::IsStandardValidConcept => !found.standard_and_valid,
            _ => false,
        }
}

/// Rows that name a row that is not there, for all tables but concepts.
pub(super) fn of_keys(
    reader: &Reader<'_>,
    jobs: &[Job<'_>],
    counts: &mut [Counts],
    keys_max: usize,
) -> Done {
    let mut by_target: BTreeMap<(&str, &str), Vec<&Job<'_>>> = BTreeMap::new();
    for job in jobs {
        if let Rule::Other { table, field } = &job.spec.rule {
            by_target.entry((table, field)).or_default().push(job);
        }
    }
    for ((target, key), jobs) in by_target {
        let parts = parts(reader.rows(target).unwrap_or(0), keys_max);
        for part in 0..parts {
            let mut entries = Vec::new();
            reader.scan(target, &[key], &mut |batch| {
                let keys = (0..batch.rows).filter_map(|row| batch.column(0).key(row));
                entries.extend(keys.filter(|k| part_of(*k, parts) == part).map(|key| (key, ())));
            })?;
            let keys = Lookup::new(entries);
            for job in &jobs {
                reader.scan(&job.spec.table, &[&job.spec.field], &mut |batch| {
                    let mut counted = (0, 0);
                    for row in 0..batch.rows {
                        let key = batch.column(0).key(row);
                        if part_of(key.unwrap_or(0), parts) != part {
                            continue;
                        }
                        counted.1 += 1;
                        counted.0 += u64::from(key.is_some_and(|key| keys.get(key).is_none()));
                    }
                    add_all(counts, job.at, counted);
                })?;
            }
        }
    }
    Ok(())
}

/// Persons with a condition and without an era.
pub(super) fn condition_eras(
    reader: &Reader<'_>,
    keys_max: usize,
) -> Result<(u64, u64), RecordsError> {
    let parts = parts(reader.rows("person").unwrap_or(0), keys_max);
    let mut counted = (0, 0);
    for part in 0..parts {
        let persons = |table: &str| {
            let mut found = HashSet::new();
            reader.scan(table, &["person_id"], &mut |batch| {
                let ids = (0..batch.rows).filter_map(|row| batch.column(0).int(row));
                found.extend(ids.filter(|id| part_of(*id, parts) == part));
            })?;
            Ok::<_, RecordsError>(found)
        };
        let (with, eras) = (persons("condition_occurrence")?, persons("condition_era")?);
        counted.0 += with.difference(&eras).count() as u64;
        counted.1 += with.len() as u64;
    }
    Ok(counted)
}

/// Persons whose observation periods overlap or follow without a day between.
pub(super) fn period_overlaps(
    reader: &Reader<'_>,
    keys_max: usize,
) -> Result<(u64, u64), RecordsError> {
    let parts = parts(reader.rows("observation_period").unwrap_or(0), keys_max);
    let columns = ["person_id", "observation_period_start_date", "observation_period_end_date"];
    let mut counted = (0, 0);
    for part in 0..parts {
        let mut periods = spans(reader, "observation_period", columns, (part, parts))?;
        periods.sort_unstable();
        for of_one in periods.chunk_by(|a, b| a.0 == b.0) {
            let mut last = None;
            let touches = of_one.iter().any(|(_, (start, end))| {
                let touches = last.is_some_and(|last: i32| *start <= last.saturating_add(1));
                last = Some(last.map_or(*end, |last| last.max(*end)));
                touches
            });
            counted.0 += u64::from(touches);
            counted.1 += 1;
        }
    }
    Ok(counted)
}
