//! A made-up population with Japan's structure by age, sex and prefecture.
//!
//! For development, tests and demonstrations: nobody in it is real. Person
//! number `n` of a seed is always the same, whatever the size of the
//! population, and any size can be written in little memory.
//!
//! Weights are rounded from published statistics (population of about 2023) and
//! rates are rough; no result about health follows from these data.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use chrono::{Datelike, Days, NaiveDate};

use crate::error::RecordsError;

/// Population of the 47 prefectures, in thousands, in the order of their codes.
const PREFECTURES: [u64; 47] = [
    5_090, 1_180, 1_160, 2_260, 910, 1_030, 1_770, 2_830, 1_900, 1_900, 7_330, 6_260, 14_090,
    9_230, 2_130, 1_010, 1_110, 740, 800, 2_000, 1_930, 3_560, 7_480, 1_730, 1_410, 2_540, 8_760,
    5_370, 1_300, 890, 540, 650, 1_850, 2_740, 1_300, 700, 930, 1_290, 670, 5_100, 790, 1_270,
    1_710, 1_100, 1_040, 1_550, 1_470,
];

/// People by ten years of age from 0, in hundred thousands: men, women.
const AGES: [(u64, u64); 10] = [
    (45, 43),
    (54, 51),
    (65, 61),
    (69, 67),
    (86, 84),
    (88, 87),
    (74, 77),
    (74, 87),
    (36, 55),
    (7, 19),
];

/// A condition: ICD-10 code, share in per mille of those at 20, 50 and 80, a
/// drug (ATC) and a test (LOINC, usual value and spread in hundredths).
struct Disease {
    icd10: &'static str,
    per_mille: [u64; 3],
    atc: &'static str,
    loinc: &'static str,
    value: (u64, u64),
    unit: &'static str,
}

const fn disease(
    icd10: &'static str,
    per_mille: [u64; 3],
    atc: &'static str,
    loinc: &'static str,
    value: (u64, u64),
    unit: &'static str,
) -> Disease {
    Disease { icd10, per_mille, atc, loinc, value, unit }
}

const DISEASES: [Disease; 12] = [
    disease("I10", [5, 200, 550], "C08CA01", "8480-6", (14_200, 2_500), "mm[Hg]"),
    disease("E11.9", [3, 80, 180], "A10BA02", "4548-4", (720, 180), "%"),
    disease("E78.5", [10, 160, 300], "C10AA05", "2089-1", (13_500, 4_500), "mg/dL"),
    disease("J45.9", [50, 40, 35], "R03AC02", "19935-6", (8_500, 2_500), "%"),
    disease("J30.1", [180, 150, 60], "R06AX26", "19113-0", (25_000, 20_000), "[IU]/mL"),
    disease("N18.3", [1, 20, 120], "C09AA02", "2160-0", (160, 60), "mg/dL"),
    disease("I48.9", [1, 10, 60], "B01AF01", "8867-4", (8_800, 2_200), "/min"),
    disease("M81.9", [0, 20, 180], "M05BA04", "2000-8", (92, 8), "mg/dL"),
    disease("F32.9", [25, 35, 30], "N06AB06", "44261-6", (1_200, 600), "{score}"),
    disease("C34.9", [0, 2, 12], "L01XE02", "2039-6", (800, 700), "ng/mL"),
    disease("C18.9", [0, 3, 15], "L01BC06", "2039-6", (900, 800), "ng/mL"),
    disease("G30.9", [0, 1, 90], "N06DA02", "72107-6", (1_800, 600), "{score}"),
];

/// A made-up population.
#[derive(Debug, Clone, Copy)]
pub struct Population {
    /// Seed: another seed, other persons.
    pub seed: u64,
    /// How many.
    pub persons: u64,
    /// The last day on which anything happens.
    pub until: NaiveDate,
}

/// One made-up person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MadeUpPerson {
    /// Number, from 1.
    pub id: u64,
    /// Whether a woman.
    pub female: bool,
    /// Day of birth.
    pub born: NaiveDate,
    /// Code of the prefecture, 1 to 47.
    pub prefecture: u64,
    /// Day of death.
    pub died: Option<NaiveDate>,
    /// Visits, in order of their days.
    pub visits: Vec<MadeUpVisit>,
}

/// One visit, for one condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MadeUpVisit {
    /// Day.
    pub day: NaiveDate,
    /// Days in hospital; 0 for a visit as an outpatient.
    pub stay_days: u64,
    /// ICD-10.
    pub icd10: &'static str,
    /// ATC; nothing when no drug was given.
    pub atc: Option<&'static str>,
    /// LOINC, value in hundredths, unit; nothing when no test was done.
    pub test: Option<(&'static str, u64, &'static str)>,
    /// Points of the claim; a point is ten yen.
    pub points: u64,
}

/// Randomness that depends on its seed alone: SplitMix64.
struct Draw(u64);

impl Draw {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        u64::try_from((u128::from(self.next()) * u128::from(end)) >> 64).unwrap_or(0)
    }

    fn chance(&mut self, per_mille: u64) -> bool {
        self.below(1_000) < per_mille
    }

    /// The place drawn from a list of weights.
    fn weighted(&mut self, weights: impl Iterator<Item = u64> + Clone) -> u64 {
        let mut left = self.below(weights.clone().sum());
        for (place, weight) in (0..).zip(weights) {
            if left < weight {
                return place;
            }
            left -= weight;
        }
        0
    }
}

/// Share of those with a condition at an age, between the three given ages.
fn per_mille(disease: &Disease, age: u64) -> u64 {
    let [young, middle, old] = disease.per_mille;
    match age {
        0..=19 => young * age / 20,
        20..=49 => young + (middle.saturating_sub(young)) * (age - 20) / 30,
        50..=79 => middle * (80 - age) / 30 + old * (age - 50) / 30,
        _ => old,
    }
}

impl Population {
    /// Person number `id`, from 1.
    #[must_use]
    pub fn person(&self, id: u64) -> MadeUpPerson {
        let mut draw = Draw(Draw(self.seed).next() ^ id.wrapping_mul(0xd6e8_feb8_6659_fd93));
        let cell = draw.weighted(AGES.iter().flat_map(|(men, women)| [*men, *women]));
        let (female, age) = (cell % 2 == 1, cell / 2 * 10 + draw.below(10));
        let prefecture = draw.weighted(PREFECTURES.iter().copied()) + 1;
        let days_old = age * 365 + age / 4 + draw.below(365);
        let born = before(self.until, days_old);
        // Deaths within the five years looked at; they double every seven years of age.
        let yearly = 1u64 << (age.saturating_sub(30) / 7).min(9);
        let died = draw.chance((yearly * 5 / 4).min(900) / if female { 2 } else { 1 });
        let last_days = draw.below(5 * 365);
        let died = died.then(|| before(self.until, last_days)).filter(|day| *day > born);
        let mut visits = Vec::new();
        for disease in &DISEASES {
            if draw.chance(per_mille(disease, age)) {
                self.visits(&mut draw, disease, born, died, &mut visits);
            }
        }
        visits.sort_by_key(|visit| visit.day);
        MadeUpPerson { id, female, born, prefecture, died, visits }
    }

    fn visits(
        &self,
        draw: &mut Draw,
        disease: &Disease,
        born: NaiveDate,
        died: Option<NaiveDate>,
        visits: &mut Vec<MadeUpVisit>,
    ) {
        let end = died.unwrap_or(self.until);
        let mut day = before(self.until, draw.below(5 * 365)).max(born);
        while day <= end {
            let stays = draw.chance(if disease.icd10.starts_with('C') { 250 } else { 15 });
            let stay = if stays { 2 + draw.below(20) } else { 0 };
            let left = u64::try_from((end - day).num_days()).unwrap_or(0);
            let (usual, spread) = disease.value;
            let value = usual + draw.below(spread * 2 + 1) - spread.min(usual);
            visits.push(MadeUpVisit {
                day,
                stay_days: stay.min(left),
                icd10: disease.icd10,
                atc: draw.chance(850).then_some(disease.atc),
                test: draw.chance(400).then_some((disease.loinc, value, disease.unit)),
                points: 280 + draw.below(1_200) + stay * 2_400,
            });
            day = day
                .checked_add_days(Days::new(stay + 28 + draw.below(70)))
                .unwrap_or(NaiveDate::MAX);
        }
    }

    /// Writes the population as CSV files of the OMOP CDM 5.4 into a folder.
    ///
    /// # Errors
    /// When the files cannot be written.
    pub fn write_omop(&self, folder: &Path) -> Result<(), RecordsError> {
        std::fs::create_dir_all(folder).map_err(|error| RecordsError::io(folder, &error))?;
        let mut files = Vec::new();
        for (name, header) in TABLES {
            let path = folder.join(format!("{name}.csv"));
            let file = File::create(&path).map_err(|error| RecordsError::io(&path, &error))?;
            let mut file = BufWriter::with_capacity(1 << 18, file);
            writeln!(file, "{header}").map_err(|error| RecordsError::io(&path, &error))?;
            files.push(file);
        }
        let mut next_row = [0u64; TABLES.len()];
        for id in 1..=self.persons {
            for (table, row) in self.rows(&self.person(id)) {
                let Some((file, next)) = files.get_mut(table).zip(next_row.get_mut(table)) else {
                    continue;
                };
                *next += 1;
                let row = row.replace('#', &next.to_string());
                writeln!(file, "{row}").map_err(|error| RecordsError::io(folder, &error))?;
            }
        }
        for mut file in files {
            file.flush().map_err(|error| RecordsError::io(folder, &error))?;
        }
        Ok(())
    }

    /// Rows of a person: the place of the table, and the row with `#` where its
    /// own number goes.
    fn rows(&self, person: &MadeUpPerson) -> Vec<(usize, String)> {
        let MadeUpPerson { id, born, prefecture, .. } = person;
        let gender = if person.female { "8532,F" } else { "8507,M" };
        let (concept, letter) = gender.split_once(',').unwrap_or_default();
        let (y, m, d) = (born.year(), born.month(), born.day());
        let mut rows = vec![
            (0, format!("{id},{concept},{y},{m},{d},0,0,{prefecture},{letter}")),
            (
                1,
                format!(
                    "#,{id},{},{},32810",
                    before(self.until, 5 * 365).max(*born),
                    person.died.unwrap_or(self.until)
                ),
            ),
        ];
        if let Some(died) = person.died {
            rows.push((2, format!("{id},{died},32810")));
        }
        for (number, visit) in (1..).zip(&person.visits) {
            let MadeUpVisit { day, stay_days, icd10, points, .. } = visit;
            // Leaves room for a thousand visits of each person.
            let visit_id = id * 1_000 + number % 1_000;
            let end = day.checked_add_days(Days::new(*stay_days)).unwrap_or(*day);
            let kind = if *stay_days > 0 { 9201 } else { 9202 };
            rows.push((3, format!("{visit_id},{id},{kind},{day},{end},32810")));
            rows.push((4, format!("#,{id},0,{day},32810,{visit_id},{icd10}")));
            if let Some(atc) = visit.atc {
                rows.push((5, format!("#,{id},0,{day},{end},32810,{visit_id},{atc}")));
            }
            if let Some((loinc, value, unit)) = visit.test {
                let (whole, part) = (value / 100, value % 100);
                rows.push((
                    6,
                    format!("#,{id},0,{day},32810,{whole}.{part:02},{visit_id},{loinc},{unit}"),
                ));
            }
            rows.push((7, format!("#,{visit_id},Visit,32810,{}", points * 10)));
        }
        rows
    }
}

/// Files and their headers.
const TABLES: [(&str, &str); 8] = [
    (
        "person",
        "person_id,gender_concept_id,year_of_birth,month_of_birth,day_of_birth,race_concept_id,ethnicity_concept_id,location_id,gender_source_value",
    ),
    (
        "observation_period",
        "observation_period_id,person_id,observation_period_start_date,observation_period_end_date,period_type_concept_id",
    ),
    ("death", "person_id,death_date,death_type_concept_id"),
    (
        "visit_occurrence",
        "visit_occurrence_id,person_id,visit_concept_id,visit_start_date,visit_end_date,visit_type_concept_id",
    ),
    (
        "condition_occurrence",
        "condition_occurrence_id,person_id,condition_concept_id,condition_start_date,condition_type_concept_id,visit_occurrence_id,condition_source_value",
    ),
    (
        "drug_exposure",
        "drug_exposure_id,person_id,drug_concept_id,drug_exposure_start_date,drug_exposure_end_date,drug_type_concept_id,visit_occurrence_id,drug_source_value",
    ),
    (
        "measurement",
        "measurement_id,person_id,measurement_concept_id,measurement_date,measurement_type_concept_id,value_as_number,visit_occurrence_id,measurement_source_value,unit_source_value",
    ),
    ("cost", "cost_id,cost_event_id,cost_domain_id,cost_type_concept_id,total_charge"),
];

fn before(day: NaiveDate, days: u64) -> NaiveDate {
    day.checked_sub_days(Days::new(days)).unwrap_or(day)
}
