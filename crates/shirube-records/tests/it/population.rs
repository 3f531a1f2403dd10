//! The made-up population.

use shirube_records::population::Population;
use shirube_records::{Identity, ImportOptions, Source, import};

fn population(persons: u64) -> Population {
    let until = chrono::NaiveDate::from_ymd_opt(2025, 3, 31).unwrap();
    Population { seed: 7, persons, until }
}

#[test]
fn a_person_is_the_same_in_any_population() {
    let (small, large) = (population(10), population(1_000_000_000));
    for id in [1, 2, 10, 999_999_999] {
        assert_eq!(small.person(id), large.person(id));
    }
    assert_ne!(small.person(1).born, Population { seed: 8, ..small }.person(1).born);
}

#[test]
fn the_structure_is_that_of_japan_and_lives_make_sense() {
    let all = population(20_000);
    let persons: Vec<_> = (1..=all.persons).map(|id| all.person(id)).collect();
    let share = |test: &dyn Fn(&shirube_records::population::MadeUpPerson) -> bool| {
        persons.iter().filter(|p| test(p)).count() * 1000 / persons.len()
    };
    let age = |p: &shirube_records::population::MadeUpPerson| (all.until - p.born).num_days() / 365;
    // Published: women 51 %, 65 and over 29 %, Tokyo 11 %.
    assert!((500..530).contains(&share(&|p| p.female)));
    assert!((270..320).contains(&share(&|p| age(p) >= 65)));
    assert!((100..125).contains(&share(&|p| p.prefecture == 13)));
    assert!((1..=47).all(|code| persons.iter().any(|p| p.prefecture == code)));
    for person in &persons {
        let end = person.died.unwrap_or(all.until);
        assert!(person.born <= end);
        for visit in &person.visits {
            assert!(person.born <= visit.day && visit.day <= end);
            let stay = chrono::Days::new(visit.stay_days);
            assert!(visit.day.checked_add_days(stay).unwrap() <= end);
        }
    }
    let old = persons.iter().filter(|p| age(p) >= 80);
    let old_with = old.clone().filter(|p| p.visits.iter().any(|v| v.icd10 == "I10")).count();
    assert!((450..650).contains(&(old_with * 1000 / old.count())));
}

#[test]
fn every_row_of_it_is_taken() {
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("in");
    population(1_000).write_omop(&input).unwrap();
    let options = ImportOptions::new("made up", Identity::AsGiven);
    let snapshot = import(folder.path(), &Source::Omop(input), &options).unwrap();
    let manifest = &snapshot.manifest;
    println!("{:?}", manifest.rows);
    assert!(manifest.quarantined.is_empty() && manifest.repeated.is_empty());
    assert_eq!(manifest.rows["person"], 1_000);
    assert_eq!(manifest.rows["condition_occurrence"], manifest.rows["visit_occurrence"]);
    assert_eq!(manifest.rows["cost"], manifest.rows["visit_occurrence"]);
    assert!(manifest.rows["visit_occurrence"] > 5_000 && manifest.rows["death"] > 10);
}
