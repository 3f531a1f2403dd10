//! The organisations, programmes and projects that the rest refers to.

use chrono::NaiveDate;
use shirube_model::ident::RecordId;

use super::day;
use super::fields::Fields;
use super::names::{self, corporate_number};
use super::story::{OPENED_ON, Story};

/// Records that were there from the first day.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cast {
    pub(crate) universities: Vec<RecordId>,
    pub(crate) hospitals: Vec<RecordId>,
    pub(crate) national_centres: Vec<RecordId>,
    pub(crate) institutes: Vec<RecordId>,
    pub(crate) pharma: Vec<RecordId>,
    /// Firms in Japan whose highest parent is abroad.
    pub(crate) foreign_pharma: Vec<RecordId>,
    pub(crate) overseas: Vec<RecordId>,
    pub(crate) overseas_startups: Vec<RecordId>,
    pub(crate) device_firms: Vec<RecordId>,
    pub(crate) startups: Vec<RecordId>,
    pub(crate) cdmos: Vec<RecordId>,
    pub(crate) operators: Vec<RecordId>,
    /// Hosts of review boards.
    pub(crate) boards: Vec<RecordId>,
    pub(crate) core_hospitals: Vec<RecordId>,
    pub(crate) translational: Vec<RecordId>,
    pub(crate) programmes: Vec<Programme>,
    /// Projects told one by one; all but the last three are AMED's.
    pub(crate) projects: Vec<RecordId>,
    pub(crate) trainings: Vec<(&'static str, RecordId)>,
    pub(crate) calls: Vec<RecordId>,
}

/// A programme with what its projects inherit.
#[derive(Debug, Clone)]
pub(crate) struct Programme {
    pub(crate) id: RecordId,
    pub(crate) funder: &'static str,
    pub(crate) integrated: Option<&'static str>,
}

/// Countries of overseas firms.
const ABROAD: [&str; 8] = ["US", "GB", "CH", "DE", "FR", "KR", "TW", "DK"];

impl Cast {
    pub(crate) fn tell(story: &mut Story) -> Self {
        let mut cast = Self::default();
        cast.organisations(story);
        cast.roles(story);
        cast.programmes(story);
        cast.projects(story);
        cast.trainings(story);
        cast
    }

    fn organisations(&mut self, story: &mut Story) {
        let mut number = 0;
        let mut some = |kind: &'static str, count: u64, parent: bool| -> Vec<RecordId> {
            (0..count)
                .map(|_| {
                    number += 1;
                    domestic(story, kind, number, parent)
                })
                .collect()
        };
        self.universities = some("university", 14, false);
        self.hospitals = some("hospital", 12, false);
        self.national_centres = some("national_centre", 6, false);
        self.institutes = some("research_institute", 4, false);
        self.pharma = some("pharma", 10, false);
        self.foreign_pharma = some("pharma", 16, true);
        self.device_firms = some("device_firm", 6, false);
        self.startups = some("startup", 82, false);
        self.cdmos = some("cdmo", 18, false);
        self.operators = some("certified_operator", 3, false);
        self.boards = self.universities.iter().chain(&self.national_centres).cloned().collect();
        for index in 0..24u64 {
            let kind = if index < 12 { "pharma" } else { "startup" };
            let id = overseas(story, kind, index);
            if index < 12 { self.overseas.push(id) } else { self.overseas_startups.push(id) }
        }
    }

    /// Core hospitals and translational institutions; three roles begin or end
    /// within the plan.
    fn roles(&mut self, story: &mut Story) {
        let hosts: Vec<RecordId> =
            self.universities.iter().chain(&self.national_centres).cloned().collect();
        for (index, host) in hosts.iter().take(16).enumerate() {
            let from = match index {
                14 => day(2026, 4, 1),
                15 => day(2027, 10, 1),
                _ => day(2015, 8, 7),
            };
            let role = role(story, host, "core_hospital", from, index);
            if index == 13 {
                let last = day(2027, 3, 31);
                story.step(&role, day(2027, 4, 9), "end", |f| f.date("valid_to", last));
            }
            self.core_hospitals.push(host.clone());
        }
        for (index, host) in hosts.iter().take(11).enumerate() {
            let from = if index == 10 { day(2025, 4, 1) } else { day(2021, 4, 1) };
            role(story, host, "translational_institution", from, index);
            self.translational.push(host.clone());
        }
        for (index, host) in self.operators.iter().enumerate() {
            role(story, host, "certified_operator", day(2019, 12, 19), index);
        }
        for (index, host) in self.national_centres.iter().enumerate() {
            role(story, host, "national_centre", day(2015, 4, 1), index);
        }
    }

    fn programmes(&mut self, story: &mut Story) {
        // Name, funder, ministry, integrated project.
        let rows = [
            ("創薬基盤", "Drug discovery platform", "amed", "文", "P1"),
            ("医療機器開発", "Medical device development", "amed", "経", "P2"),
            ("再生・細胞・遺伝子", "Regenerative, cell and gene", "amed", "文", "P3"),
            ("新興再興感染症", "Emerging infections", "amed", "厚", "P4"),
            ("ワクチン開発", "Vaccine development", "scarda", "厚", "P4"),
            ("ゲノム・データ基盤", "Genome and data platform", "amed", "厚", "P5"),
            ("シーズ創出", "Seed creation", "amed", "文", "P6"),
            ("橋渡し研究", "Translational research", "amed", "文", "P7"),
            ("臨床研究・治験推進", "Clinical trials", "amed", "厚", "P7"),
            ("創薬ベンチャー", "Drug ventures", "amed", "経", "P8"),
        ];
        for (index, (ja, en, funder, ministry, integrated)) in rows.into_iter().enumerate() {
            let name = (format!("実証{ja}事業"), format!("Demo programme: {en}"));
            let fields = Fields::new()
                .both("name", name)
                .text("funder", funder)
                .text("ministry", ministry)
                .text("integrated_project", integrated)
                .date("started_on", day(2020, 4, 1));
            let id = story.create_on("programme", format!("programme-{index}"), OPENED_ON, fields);
            self.programmes.push(Programme { id, funder, integrated: Some(integrated) });
        }
        for (index, funder) in ["jsps", "jst", "nedo"].into_iter().enumerate() {
            let name = (format!("実証助成事業{index}"), format!("Demo grants {index}"));
            let fields = Fields::new().both("name", name).text("funder", funder);
            let key = format!("programme-other-{index}");
            let id = story.create_on("programme", key, OPENED_ON, fields);
            self.programmes.push(Programme { id, funder, integrated: None });
        }
    }

    /// Calls and projects that single records refer to.
    fn projects(&mut self, story: &mut Story) {
        let programmes = self.programmes.clone();
        for (index, programme) in programmes.iter().enumerate().take(6) {
            let title = (format!("実証公募{index}"), format!("Demo call {index}"));
            let decided = day(2024, 6, 20);
            let fields = Fields::new()
                .both("title", title)
                .text("programme", programme.id.as_str())
                .date("opened_on", day(2024, 2, 1))
                .date("closes_on", day(2024, 3, 29))
                .int("proposals", 40 + i64::try_from(index).unwrap_or(0) * 7);
            let id = story.create_on("call", format!("call-{index}"), OPENED_ON, fields);
            story.step(&id, day(2024, 6, 25), "decide", |f| f.date("decided_on", decided));
            self.calls.push(id);
        }
        for index in 0..40u64 {
            let id = self.project(story, index);
            self.projects.push(id);
        }
    }

    fn project(&self, story: &mut Story, index: u64) -> RecordId {
        let place = usize::try_from(index).unwrap_or(0);
        let programme = match index {
            0..37 => self.programmes.get(place % 10),
            _ => self.programmes.get(10 + place % 3),
        };
        let (code, ja, en) = names::disease(&mut story.rng);
        let (modality, modality_ja, modality_en) = names::modality(&mut story.rng);
        let first = 2020 + i32::try_from((index + 6) / 3 % 5).unwrap_or(0);
        let started = day(first, 4, 1);
        let title = (
            format!("{ja}に対する{modality_ja}の実証研究 {index}"),
            format!("Demo study {index} of {modality_en} for {en}"),
        );
        let amount = story.rng.between(10, 90) * 1_000_000;
        let uses = index.is_multiple_of(6);
        let started_use = started + chrono::Duration::days(200);
        let phase = ["basic", "applied", "nonclinical", "clinical_trial"];
        let fields = Fields::new()
            .both("title", title)
            .text("number", format!("99core{index:04}"))
            .maybe("programme", programme.map(|p| p.id.as_str()))
            .text("funder", programme.map_or("amed", |p| p.funder))
            .maybe("integrated_project", programme.and_then(|p| p.integrated))
            .list("disease_areas", [code])
            .maybe("phase", phase.get(place % 4).copied())
            .text("modality", modality)
            .maybe("institution", self.universities.get(place % 14).map(RecordId::as_str))
            .date("started_on", started)
            .money((first..first + 3).map(|year| (year, amount)))
            .flag("uses_database", uses)
            .when(uses, |f| f.date("database_use_started_on", started_use))
            .when(index > 20, |f| {
                let base = self.projects.get(place % 20);
                f.list("builds_on", base.map(RecordId::as_str))
            });
        let key = format!("project-{index}");
        let id = story.create_on("project", key, OPENED_ON, fields);
        story.step(&id, OPENED_ON, "start", |f| f);
        id
    }

    fn trainings(&mut self, story: &mut Story) {
        let subjects = [
            "fih",
            "trial_staff",
            "biomanufacturing",
            "gene_cell_therapy",
            "english_trial",
            "dct",
            "data_science",
            "uhc_finance",
        ];
        for (index, subject) in subjects.into_iter().enumerate() {
            let name = (format!("実証研修{}", index + 1), format!("Demo training {}", index + 1));
            let fields = Fields::new()
                .both("name", name)
                .text("subject", subject)
                .maybe("provider", self.universities.get(index).map(RecordId::as_str))
                .date("started_on", day(2021, 4, 1));
            let key = format!("training-{subject}");
            let id = story.create_on("training_programme", key, OPENED_ON, fields);
            self.trainings.push((subject, id));
        }
    }

    /// The training programme of a subject.
    pub(crate) fn training(&self, subject: &str) -> Option<&RecordId> {
        self.trainings.iter().find(|(code, _)| *code == subject).map(|(_, id)| id)
    }
}

fn domestic(story: &mut Story, kind: &'static str, number: u64, parent: bool) -> RecordId {
    let country = story.rng.code(&ABROAD);
    let prefecture = names::prefecture(&mut story.rng);
    let years = i32::try_from(number % 9).unwrap_or(0);
    let established = if kind == "startup" { day(2012 + years, 7, 1) } else { day(1950, 4, 1) };
    let fields = Fields::new()
        .both("name", names::organisation(kind, number))
        .text("corporate_number", corporate_number(number))
        .text("organisation_type", kind)
        .text("country", "JP")
        .when(parent, |f| f.text("parent_country", country))
        .text("prefecture", prefecture)
        .date("established_on", established)
        .text("website", format!("https://org-{number}.example.jp/"));
    story.create_on("organisation", format!("organisation-{number}"), OPENED_ON, fields)
}

fn overseas(story: &mut Story, kind: &'static str, index: u64) -> RecordId {
    let country = story.rng.code(&ABROAD);
    let fields = Fields::new()
        .both("name", names::organisation(kind, 900 + index))
        .text("organisation_type", kind)
        .text("country", country)
        .text("website", format!("https://org-{index}.example.com/"));
    story.create_on("organisation", format!("organisation-abroad-{index}"), OPENED_ON, fields)
}

fn role(
    story: &mut Story,
    host: &RecordId,
    role: &'static str,
    from: NaiveDate,
    index: usize,
) -> RecordId {
    let fields = Fields::new()
        .text("organisation", host.as_str())
        .text("role", role)
        .date("valid_from", from)
        .text("granted_by", "厚");
    let on = from.max(OPENED_ON);
    story.create_on("organisation_role", format!("role-{role}-{index}"), on, fields)
}
