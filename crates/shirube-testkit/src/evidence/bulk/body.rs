//! Bodies of the bulk, each from the seed and the record's number alone.

mod industry;
mod people;
mod portfolio;
mod trials;

use chrono::{Duration, NaiveDate};
use shirube_model::ident::RecordId;

use super::kinds::{Act, ORGANISATION, PROJECT, Step};
use super::{World, month_start};
use crate::evidence::{day, names};
use crate::rng::Rng;

pub(super) use industry::{certification, organisation, round};
pub(super) use people::{certificate, consultation, enrolment};
pub(super) use portfolio::{
    continuation, contract, data_use, project, publication, support, transition,
};
pub(super) use trials::trial;

/// A record at one point of its life.
#[derive(Debug)]
pub(super) struct Record<'a> {
    pub(super) world: &'a World,
    pub(super) run: usize,
    pub(super) number: u64,
    /// Import month of the first version.
    pub(super) month: usize,
    /// Import days of the events so far, the first version's first.
    pub(super) days: &'a [NaiveDate],
    /// Steps taken so far.
    pub(super) taken: &'a [Step],
}

impl Record<'_> {
    /// The stream that makes the body; the same at every point of its life.
    fn rng(&self) -> Rng {
        self.world.rng(self.run, self.number)
    }

    /// Day of the first import.
    fn imported(&self) -> NaiveDate {
        self.days.first().copied().unwrap_or_else(|| month_start(self.month))
    }

    /// The day the record is about: weeks to months before its import, a few
    /// more than a year. The first import also brings the past since `history`.
    fn date(&self, rng: &mut Rng, history: Option<NaiveDate>) -> NaiveDate {
        if let Some(from) = history.filter(|_| self.month == 0) {
            let span = (day(2024, 3, 31) - from).num_days();
            return from + Duration::days(rng.between(0, span));
        }
        let delay = match rng.below(20) {
            0..14 => rng.between(3, 45),
            14..19 => rng.between(46, 120),
            _ => rng.between(200, 430),
        };
        self.imported() - Duration::days(delay)
    }

    /// Import day of a step, where it has been taken.
    fn took(&self, name: &str) -> Option<NaiveDate> {
        let place = self
            .taken
            .iter()
            .position(|step| matches!(step.act, Act::Step(taken) if taken == name))?;
        self.days.get(place + 1).copied()
    }

    fn corrected(&self) -> bool {
        self.taken.iter().any(|step| step.act == Act::Correct)
    }

    /// A project made before this record, AMED's with few exceptions.
    fn project(&self, rng: &mut Rng) -> RecordId {
        let made = self.world.made(PROJECT, self.month);
        // At small sizes the told projects serve; later they share the load.
        if made > 40 && !rng.chance(30) {
            for _ in 0..3 {
                let number = rng.below(made);
                if portfolio::is_amed(self.world, number) {
                    return self.world.id(PROJECT, number);
                }
            }
        }
        self.told(rng, &self.world.cast.projects)
    }

    /// An organisation of a type made before this record, or a told one.
    fn organisation(&self, rng: &mut Rng, kind: &str, told: &[RecordId]) -> RecordId {
        let made = self.world.made(ORGANISATION, self.month);
        if made > 20 && rng.chance(500) {
            for _ in 0..4 {
                let number = rng.below(made);
                if industry::type_of(self.world, number) == kind {
                    return self.world.id(ORGANISATION, number);
                }
            }
        }
        self.told(rng, told)
    }

    /// One of the told records.
    fn told(&self, rng: &mut Rng, told: &[RecordId]) -> RecordId {
        rng.one(told).cloned().unwrap_or_else(|| self.world.id(ORGANISATION, 0))
    }
}

/// A disease and a modality in words, for titles.
fn topic(rng: &mut Rng) -> (&'static str, &'static str, String, String) {
    let (disease, disease_ja, disease_en) = names::disease(rng);
    let (modality, modality_ja, modality_en) = names::modality(rng);
    let ja = format!("{disease_ja}に対する{modality_ja}");
    let en = format!("{modality_en} for {disease_en}");
    (disease, modality, ja, en)
}
