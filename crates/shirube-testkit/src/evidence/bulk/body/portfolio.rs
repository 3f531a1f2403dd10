//! Projects and what comes of them.

use chrono::{Datelike, Duration, NaiveDate};
use shirube_model::calendar::FiscalYear;

use super::{Record, topic};
use crate::evidence::bulk::World;
use crate::evidence::bulk::kinds::{PROJECT, TRIAL};
use crate::evidence::cast::Programme;
use crate::evidence::fields::Fields;
use crate::evidence::{day, names};

/// The programme of a project, which settles its funder. One project in eight
/// has another funder than AMED.
fn programme(world: &World, number: u64) -> Option<&Programme> {
    let mut rng = world.rng(PROJECT, number);
    let place = if rng.chance(875) { rng.below(10) } else { 10 + rng.below(3) };
    world.cast.programmes.get(usize::try_from(place).unwrap_or(0))
}

pub(super) fn is_amed(world: &World, number: u64) -> bool {
    programme(world, number).is_some_and(|p| matches!(p.funder, "amed" | "scarda"))
}

pub(crate) fn project(record: &Record<'_>) -> Fields {
    let world = record.world;
    let programme = programme(world, record.number);
    let mut rng = record.rng();
    let _ = (rng.next(), rng.next());
    let started = record.date(&mut rng, Some(day(2021, 4, 1)));
    let (disease, modality, ja, en) = topic(&mut rng);
    let years = rng.between(2, 5);
    let amount = rng.between(5, 200) * 500_000;
    let phase = rng.code(&[
        "basic",
        "basic",
        "applied",
        "nonclinical",
        "nonclinical_poc",
        "clinical_trial",
    ]);
    let uses = rng.chance(150);
    let planned = started + Duration::days(365 * years);
    let done = record.took("complete").or_else(|| record.took("stop"));
    let ended = done.map_or(planned, |on| (on - Duration::days(20)).max(started));
    let begun = (started + Duration::days(rng.between(0, 300))).min(ended);
    let institution = record.organisation(&mut rng, "university", &world.cast.universities);
    let earlier = world.made(PROJECT, record.month);
    let builds_on = (earlier > 0 && rng.chance(200)).then(|| world.id(PROJECT, rng.below(earlier)));
    let first = FiscalYear::of(started).0;
    let amount = if record.corrected() { amount + amount / 10 } else { amount };
    Fields::new()
        .both(
            "title",
            (
                format!("{ja}の研究 {}", record.number),
                format!("Demo project {}: {en}", record.number),
            ),
        )
        .text("number", format!("99{:08}", record.number))
        .maybe("programme", programme.map(|p| p.id.as_str()))
        .text("funder", programme.map_or("amed", |p| p.funder))
        .maybe("integrated_project", programme.and_then(|p| p.integrated))
        .list("disease_areas", [disease])
        .text("phase", phase)
        .text("modality", modality)
        .text("institution", institution.as_str())
        .date("started_on", started)
        .date("ended_on", ended)
        .money((0..years).map(|y| (first + i32::try_from(y).unwrap_or(0), amount)))
        .flag("uses_database", uses)
        .when(uses, |f| f.date("database_use_started_on", begun))
        .list("builds_on", builds_on.map(String::from))
}

pub(crate) fn transition(record: &Record<'_>) -> Fields {
    let mut rng = record.rng();
    let on = record.date(&mut rng, None);
    let clinical = rng.chance(680);
    let steps = [
        ("basic", "applied"),
        ("applied", "nonclinical"),
        ("nonclinical", "nonclinical_poc"),
        ("clinical_trial", "filing"),
    ];
    let (from, to) = if clinical {
        ("nonclinical_poc", "clinical_trial")
    } else {
        rng.one(&steps).copied().unwrap_or(("basic", "applied"))
    };
    let route = rng.weighted(&[(46, "uses_amed_results"), (46, "amed_funded_trial"), (8, "other")]);
    let project = record.project(&mut rng);
    let trial = (clinical && rng.chance(940)).then(|| registration_trial(record)).flatten();
    Fields::new()
        .text("project", project.as_str())
        .text("from_phase", from)
        .text("to_phase", to)
        .when(clinical, |f| f.text("route", route))
        .maybe("trial", trial)
        .date("occurred_on", on)
}

/// A registration trial made before the record, sometimes a specified trial,
/// where a few tries find one.
fn registration_trial(record: &Record<'_>) -> Option<String> {
    let made = record.world.made(TRIAL, record.month);
    let mut rng = crate::rng::Rng::of(record.world.seed, 77, record.number);
    (0..if made > 0 { 6 } else { 0 })
        .map(|_| rng.below(made))
        .find(|&number| match super::trials::study_type(record.world, number) {
            "specified_clinical_research" => record.number.is_multiple_of(2),
            study => study.ends_with("_ctn"),
        })
        .map(|number| record.world.id(TRIAL, number).to_string())
}

pub(crate) fn continuation(record: &Record<'_>) -> Fields {
    let mut rng = record.rng();
    let on = record.date(&mut rng, None);
    let from = record.project(&mut rng);
    let mut to = record.project(&mut rng);
    for _ in 0..4 {
        if to == from {
            to = record.project(&mut rng);
        }
    }
    // The told projects are forty, so this is a last resort that never repeats.
    if to == from {
        let others = record.world.cast.projects.iter();
        to = others.clone().find(|id| **id != from).cloned().unwrap_or(to);
    }
    let route = rng.weighted(&[(40, "pairing"), (35, "matching"), (25, "same_programme")]);
    Fields::new()
        .text("from_project", from.as_str())
        .text("to_project", to.as_str())
        .text("route", route)
        .date("decided_on", on)
        .text("decided_by", "amed")
}

pub(crate) fn support(record: &Record<'_>) -> Fields {
    let mut rng = record.rng();
    let on = record.date(&mut rng, Some(day(2021, 4, 1)));
    // Some seeds are supported again, in the same year or a later one.
    let seed = if record.number % 6 == 5 { record.number.saturating_sub(4) } else { record.number };
    let aim =
        rng.weighted(&[(62, "fih"), (14, "nonclinical"), (12, "ip"), (12, "regulatory_strategy")]);
    let outside = rng.chance(40);
    let cast = &record.world.cast;
    let institution =
        record.told(&mut rng, if outside { &cast.hospitals } else { &cast.translational });
    let project = rng.chance(500).then(|| record.project(&mut rng).to_string());
    Fields::new()
        .text("seed", format!("実証シーズ {seed}"))
        .text("institution", institution.as_str())
        .maybe("project", project)
        .text("aim", aim)
        .date("supported_on", on)
}

pub(crate) fn contract(record: &Record<'_>) -> Fields {
    let mut rng = record.rng();
    let cast = &record.world.cast;
    let on = record.date(&mut rng, None);
    let kind = rng.weighted(&[
        (38, "licence"),
        (34, "joint_rd"),
        (14, "assignment"),
        (8, "material_transfer"),
        (4, "option"),
        (2, "other"),
    ]);
    let kind = match record.number % 40 {
        // Entered as an option, and found to be a licence.
        19 if record.corrected() => "licence",
        19 => "option",
        _ => kind,
    };
    let count = rng.weighted(&[(78, "1"), (12, "2"), (4, "3"), (6, "0")]).parse().unwrap_or(1);
    let projects: Vec<String> = (0..count).map(|_| record.project(&mut rng).to_string()).collect();
    let holder = if rng.chance(250) {
        record.organisation(&mut rng, "startup", &cast.startups)
    } else {
        record.told(&mut rng, &cast.universities)
    };
    let (taker, country) = match rng.below(100) {
        0..55 => (record.told(&mut rng, &cast.pharma), "JP"),
        55..70 => (record.told(&mut rng, &cast.startups), "JP"),
        70..84 => (record.told(&mut rng, &cast.device_firms), "JP"),
        _ => (record.told(&mut rng, &cast.overseas), "US"),
    };
    let known = taker != holder && !rng.chance(40);
    let seeds = rng.chance(700).then(|| format!("実証シーズ {}", rng.below(record.number + 20)));
    Fields::new()
        .text("title", format!("実証契約 {}", record.number))
        .text("contract_type", kind)
        .date("effective_on", on)
        .list("projects", projects)
        .text("holder", holder.as_str())
        .when(known, |f| f.text("taker", taker.as_str()).text("taker_country", country))
        .list("seeds", seeds)
}

/// Percentile from the top: seven in a hundred in the first hundredth, almost half
/// in the first tenth, as among supported papers.
fn percentile(rng: &mut crate::rng::Rng) -> String {
    let hundredths = match rng.below(1000) {
        0..72 => rng.between(1, 100),
        72..460 => rng.between(101, 1_000),
        _ => rng.between(1_001, 9_999),
    };
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

pub(crate) fn publication(record: &Record<'_>) -> Fields {
    let mut rng = record.rng();
    let on = record.date(&mut rng, None);
    let field = rng.weighted(&[
        (34, "clinical_medicine"),
        (12, "biology_biochemistry"),
        (9, "immunology"),
        (6, "microbiology"),
        (10, "molecular_biology_genetics"),
        (7, "neuroscience_behavior"),
        (5, "pharmacology_toxicology"),
        (2, "psychiatry_psychology"),
        (6, "chemistry"),
        (4, "engineering"),
        (3, "computer_science"),
        (2, "materials_science"),
    ]);
    let (_, _, _, en) = topic(&mut rng);
    let rank = percentile(&mut rng);
    // The rank of a new paper may come with a later census.
    let ranked = rng.chance(930) || record.corrected();
    let source = rng.weighted(&[(86, "web_of_science"), (8, "scopus"), (6, "openalex")]);
    let fraction = rng.code(&["1", "1", "1", "0.5", "0.333333", "0.25", "0.75", "0"]);
    let linked = rng.chance(450);
    let project = record.project(&mut rng);
    // A paper in a hundred is entered twice under one DOI, a few have none.
    let twin = record.number % 100 == 57;
    let doi = names::doi(record.number - u64::from(twin));
    let rank = if record.corrected() { percentile(&mut rng) } else { rank };
    let census = record.days.last().copied().unwrap_or(on);
    Fields::new()
        .text("title", format!("Demo paper {}: {en}", record.number))
        .when(record.number % 50 != 23, |f| f.text("doi", doi))
        .int("pmid", 900_000_000 + i64::try_from(record.number).unwrap_or(0))
        .date("published_on", on)
        .when(linked, |f| f.list("projects", [project.as_str()]))
        .text("field", field)
        .text("field_scheme", "esi22")
        .text("fraction_japan", fraction)
        .when(ranked, |f| {
            f.text("citation_percentile", rank)
                .text("rank_source", source)
                .date("census_on", census)
        })
}

pub(crate) fn data_use(record: &Record<'_>) -> Fields {
    let mut rng = record.rng();
    let approved = record.date(&mut rng, Some(day(2020, 4, 1)));
    let database = rng.code(&[
        "ndb",
        "ndb",
        "kaigo_db",
        "dpc_db",
        "cancer_registry",
        "mid_net",
        "genome_db",
        "biobank",
        "registry",
    ]);
    let basis = rng.weighted(&[(70, "public_database"), (22, "amed_project"), (8, "other")]);
    let data_type = rng.code(&["anonymised", "statistical", "pseudonymised"]);
    let user = record.organisation(&mut rng, "university", &record.world.cast.universities);
    let research = if record.number % 8 == 6 { record.number - 1 } else { record.number };
    let begun = record.took("start").map(|on| begun(approved, on, rng.between(10, 70)));
    let project = (basis == "amed_project").then(|| record.project(&mut rng).to_string());
    Fields::new()
        .text("title", format!("実証データ利用研究 {}", record.number))
        .text("database", database)
        .text("legal_basis", basis)
        .text("data_type", data_type)
        .text("user", user.as_str())
        .maybe("project", project)
        .text("research_key", format!("research-{research}"))
        .date("approved_on", approved)
        .when(begun.is_some(), |f| f.date("started_on", begun.unwrap_or(approved)))
}

/// A start some weeks after approval, and not after its record.
fn begun(approved: NaiveDate, recorded: NaiveDate, days: i64) -> NaiveDate {
    let on = approved + Duration::days(days);
    if on > recorded { recorded.with_day(1).unwrap_or(recorded).max(approved) } else { on }
}
