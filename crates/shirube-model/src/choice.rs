//! Whether the records of a person may be used: what the terms of a data set,
//! the notices given and the choices made come to for one question.
//!
//! Where something is not known, the answer that protects the person is taken:
//! a refusal counts and a permit does not. What the rules are and why is in
//! `docs/adr/0012-choices.md`.

use std::collections::BTreeMap;

use chrono::{Datelike, Days, Months, NaiveDate};
use serde::{Deserialize, Serialize};

use crate::registers::consent::{DataSetTerms, OptOutNotice, UseChoice};

/// Days of waiting where the terms say nothing: that of the guideline on notices.
pub const WAITING_DAYS: i64 = 30;
/// Age in years from which somebody chooses alone, where the terms say nothing.
pub const OWN_CHOICE_AGE_YEARS: i64 = 16;

/// Reads the number of a person: 1 to 2⁶³−1 in decimal digits, without leading
/// zeros or signs.
#[must_use]
pub fn person_number(text: &str) -> Option<i64> {
    let number = text.parse::<i64>().ok().filter(|number| *number > 0)?;
    (number.to_string() == text).then_some(number)
}

/// What is asked: for what, for whom, on which day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// Code of the purpose; absent where it is not known.
    pub purpose: Option<String>,
    /// Code of the class of recipient; absent where it is not known.
    pub recipient: Option<String>,
    /// The day.
    pub on: NaiveDate,
}

/// Days between which something happened that is not known to the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// First possible day.
    pub earliest: NaiveDate,
    /// Last possible day.
    pub latest: NaiveDate,
}

impl Span {
    /// A known day.
    #[must_use]
    pub const fn day(day: NaiveDate) -> Self {
        Self { earliest: day, latest: day }
    }
}

/// What is known of a person beside notices and choices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Life {
    /// Birth.
    pub born: Option<Span>,
    /// Death.
    pub died: Option<Span>,
}

/// Why the records of a person may be used, or may not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// A choice permits it.
    Permitted,
    /// Notice was given and the waiting time is over.
    NoticeGiven,
    /// The terms ask for no notice.
    NoticeNotNeeded,
    /// The use rests on a law.
    ByLaw,
    /// A choice refuses it.
    Refused,
    /// A choice refuses it and asks for the records to be erased.
    Erasure,
    /// Consent is needed and not there.
    NoPermit,
    /// No notice was given.
    NoNotice,
    /// Notice was given, and the waiting time is not over.
    Waiting,
    /// The notice no longer counts: another text, or told as a child.
    NoticeLapsed,
    /// No terms of the data set are in force.
    NoTerms,
}

impl Verdict {
    /// Every verdict.
    pub const ALL: [Self; 11] = [
        Self::Permitted,
        Self::NoticeGiven,
        Self::NoticeNotNeeded,
        Self::ByLaw,
        Self::Refused,
        Self::Erasure,
        Self::NoPermit,
        Self::NoNotice,
        Self::Waiting,
        Self::NoticeLapsed,
        Self::NoTerms,
    ];

    /// Whether the records may be used.
    #[must_use]
    pub const fn may_use(self) -> bool {
        matches!(self, Self::Permitted | Self::NoticeGiven | Self::NoticeNotNeeded | Self::ByLaw)
    }

    /// Code for files and messages.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Permitted => "permitted",
            Self::NoticeGiven => "notice_given",
            Self::NoticeNotNeeded => "notice_not_needed",
            Self::ByLaw => "by_law",
            Self::Refused => "refused",
            Self::Erasure => "erasure",
            Self::NoPermit => "no_permit",
            Self::NoNotice => "no_notice",
            Self::Waiting => "waiting",
            Self::NoticeLapsed => "notice_lapsed",
            Self::NoTerms => "no_terms",
        }
    }
}

/// A register entry with its state, as the decision reads it. Entries that were
/// withdrawn as mistaken, and duplicates, are not handed in.
#[derive(Debug, Clone, PartialEq)]
pub struct Stated<T> {
    /// State of the entry.
    pub state: String,
    /// Its fields.
    pub entry: T,
}

/// Notices and choices of one person.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Dossier {
    /// Notices given.
    pub notices: Vec<Stated<OptOutNotice>>,
    /// Choices made.
    pub choices: Vec<Stated<UseChoice>>,
}

/// Terms, notices and choices of one data set.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Choices {
    terms: Vec<Stated<DataSetTerms>>,
    persons: BTreeMap<i64, Dossier>,
}

impl Choices {
    /// Collects what concerns one data set; entries of others are left out.
    #[must_use]
    pub fn of(
        data_set: &str,
        terms: impl IntoIterator<Item = Stated<DataSetTerms>>,
        notices: impl IntoIterator<Item = Stated<OptOutNotice>>,
        choices: impl IntoIterator<Item = Stated<UseChoice>>,
    ) -> Self {
        let mut out = Self {
            terms: terms.into_iter().filter(|t| t.entry.data_set == data_set).collect(),
            persons: BTreeMap::new(),
        };
        for notice in notices.into_iter().filter(|n| n.entry.data_set == data_set) {
            if let Some(person) = person_number(&notice.entry.person) {
                out.persons.entry(person).or_default().notices.push(notice);
            }
        }
        for choice in choices.into_iter().filter(|c| c.entry.data_set == data_set) {
            if let Some(person) = person_number(&choice.entry.person) {
                out.persons.entry(person).or_default().choices.push(choice);
            }
        }
        out
    }

    /// The terms in force on a day: those that began last; of several, the one
    /// that protects most.
    #[must_use]
    pub fn terms_on(&self, day: NaiveDate) -> Option<&DataSetTerms> {
        let in_force = self.terms.iter().filter(|terms| {
            terms.state != "drafted"
                && Basis::of(&terms.entry.basis).is_some()
                && terms.entry.valid_from <= day
                && terms.entry.valid_to.is_none_or(|last| day <= last)
        });
        let rank = |terms: &DataSetTerms| {
            (
                terms.valid_from,
                Basis::of(&terms.basis),
                terms.usable_without_notice != Some(true),
                waiting_days(terms),
            )
        };
        in_force.map(|terms| &terms.entry).max_by_key(|terms| rank(terms))
    }

    /// What is held of a person.
    #[must_use]
    pub fn dossier(&self, person: i64) -> Option<&Dossier> {
        self.persons.get(&person)
    }

    /// Numbers of the persons of whom there is something.
    pub fn persons(&self) -> impl Iterator<Item = i64> + '_ {
        self.persons.keys().copied()
    }

    /// Decides for one person.
    #[must_use]
    pub fn decide(&self, person: i64, life: Life, question: &Question) -> Verdict {
        static NOTHING: Dossier = Dossier { notices: Vec::new(), choices: Vec::new() };
        let dossier = self.persons.get(&person).unwrap_or(&NOTHING);
        decide(self.terms_on(question.on), dossier, life, question)
    }
}

/// What the use of a data set rests on, in order of protection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Basis {
    Law,
    Notice,
    Consent,
}

impl Basis {
    fn of(code: &str) -> Option<Self> {
        match code {
            "law" => Some(Self::Law),
            "opt_out_notice" => Some(Self::Notice),
            "consent" => Some(Self::Consent),
            _ => None,
        }
    }
}

fn waiting_days(terms: &DataSetTerms) -> i64 {
    terms.waiting_days.unwrap_or(WAITING_DAYS)
}

/// First and last possible day on which a person comes of the age to choose.
fn coming_of_age(terms: Option<&DataSetTerms>, life: Life) -> Option<Span> {
    let years = terms.and_then(|t| t.own_choice_age_years).unwrap_or(OWN_CHOICE_AGE_YEARS);
    let months = Months::new(u32::try_from(years.saturating_mul(12)).ok()?);
    let born = life.born?;
    // Born on 29 February, somebody is a year older on 1 March.
    let birthday = |day: NaiveDate| {
        let then = day.checked_add_months(months)?;
        if then.day() == day.day() { Some(then) } else { then.succ_opt() }
    };
    Some(Span { earliest: birthday(born.earliest)?, latest: birthday(born.latest)? })
}

/// Decides whether the records of one person may be used. Choices come first;
/// where none settles it, the basis does.
#[must_use]
pub fn decide(
    terms: Option<&DataSetTerms>,
    dossier: &Dossier,
    life: Life,
    question: &Question,
) -> Verdict {
    let of_age = coming_of_age(terms, life);
    let counting: Vec<Counting<'_>> = dossier
        .choices
        .iter()
        .filter_map(|choice| counting(choice, dossier, life, of_age, question))
        .collect();
    let permits = || counting.iter().filter(|c| c.permits);
    let mut refused = None;
    for refusal in counting.iter().filter(|c| !c.permits) {
        if permits().any(|permit| permit.lifts(refusal)) {
            continue;
        }
        if refusal.erasure() {
            return Verdict::Erasure;
        }
        refused = Some(Verdict::Refused);
    }
    if let Some(refused) = refused {
        return refused;
    }
    let Some(terms) = terms else { return Verdict::NoTerms };
    let Some(basis) = Basis::of(&terms.basis) else { return Verdict::NoTerms };
    if permits().next().is_some() {
        return Verdict::Permitted;
    }
    match basis {
        Basis::Consent => Verdict::NoPermit,
        Basis::Law => Verdict::ByLaw,
        Basis::Notice if terms.usable_without_notice == Some(true) => Verdict::NoticeNotNeeded,
        Basis::Notice => by_notice(terms, dossier, of_age, question.on),
    }
}

/// A choice that counts for a question.
struct Counting<'c> {
    choice: &'c UseChoice,
    permits: bool,
}

impl Counting<'_> {
    fn erasure(&self) -> bool {
        !self.permits && self.choice.erasure_requested == Some(true)
    }

    /// Whether a permit takes back a refusal: made later, by the same one, and no
    /// broader. What was refused in particular is not permitted in passing, and
    /// nobody takes back what somebody else refused. On one day only what is
    /// narrower does: a form that refuses all but one purpose says both at once.
    fn lifts(&self, refusal: &Self) -> bool {
        let (own, theirs) = (self.choice, refusal.choice);
        let lists = [(&own.purposes, &theirs.purposes), (&own.recipients, &theirs.recipients)];
        let no_broader = lists.iter().all(|(own, theirs)| theirs.is_empty() || !own.is_empty());
        let narrower = lists.iter().any(|(own, theirs)| theirs.is_empty() && !own.is_empty());
        let later = own.made_on > theirs.made_on
            || own.made_on == theirs.made_on && narrower && !refusal.erasure();
        later && no_broader && own.made_by == theirs.made_by
    }
}

/// The choice, if it counts for a question.
fn counting<'c>(
    stated: &'c Stated<UseChoice>,
    dossier: &Dossier,
    life: Life,
    of_age: Option<Span>,
    question: &Question,
) -> Option<Counting<'c>> {
    let choice = &stated.entry;
    // A code that is not known permits nothing.
    let permits = choice.decision == "permit";
    let since = choice.effective_on.unwrap_or(choice.made_on);
    let in_time = since <= question.on
        && choice.ends_on.is_none_or(|last| question.on <= last)
        && choice.withdrawn_on.is_none_or(|end| question.on < end);
    let within = |list: &[String], asked: Option<&String>| match asked {
        _ if list.is_empty() => true,
        Some(asked) => list.contains(asked),
        // Of a purpose nobody states, each may be meant.
        None => !permits,
    };
    let covers = within(&choice.purposes, question.purpose.as_ref())
        && within(&choice.recipients, question.recipient.as_ref());
    // Whoever asks for erasure is not asked for what.
    let covers = covers || !permits && choice.erasure_requested == Some(true);
    // A permit counts once it was checked and brought into effect, or was in
    // effect until it was withdrawn.
    let checked = !permits
        || stated.state == "in_effect"
        || stated.state == "withdrawn" && choice.withdrawn_on.is_some();
    let by = match choice.made_by.as_str() {
        "self" => true,
        "guardian" => guardian_counts(permits, dossier, of_age, question.on),
        "bereaved_family" => match life.died {
            Some(died) if permits => died.latest <= question.on,
            Some(died) => died.earliest <= question.on,
            None => !permits,
        },
        _ => !permits,
    };
    (in_time && covers && checked && by).then_some(Counting { choice, permits })
}

/// Whether a guardian's choice still counts: it ends when the person, of age,
/// makes an own one, whatever becomes of that one later.
fn guardian_counts(permits: bool, dossier: &Dossier, of_age: Option<Span>, on: NaiveDate) -> bool {
    let mut own = dossier.choices.iter().filter(|own| {
        let since = own.entry.effective_on.unwrap_or(own.entry.made_on);
        let valid = own.entry.decision != "permit" || own.state != "recorded";
        own.entry.made_by == "self" && valid && since <= on
    });
    let ended = own.any(|own| match of_age {
        // Where the age is not certain, a permit ends and a refusal stays.
        Some(of_age) if permits => of_age.earliest <= own.entry.made_on,
        Some(of_age) => of_age.latest <= own.entry.made_on,
        None => permits,
    });
    !ended
}

/// What the notices come to.
fn by_notice(
    terms: &DataSetTerms,
    dossier: &Dossier,
    of_age: Option<Span>,
    on: NaiveDate,
) -> Verdict {
    let mut found = Verdict::NoNotice;
    for notice in dossier.notices.iter().map(|n| &n.entry).filter(|n| n.given_on <= on) {
        let one = notice_verdict(terms, notice, of_age, on);
        match one {
            Verdict::NoticeGiven => return one,
            Verdict::Waiting => found = one,
            _ if found == Verdict::NoNotice => found = one,
            _ => {}
        }
    }
    found
}

fn notice_verdict(
    terms: &DataSetTerms,
    notice: &OptOutNotice,
    of_age: Option<Span>,
    on: NaiveDate,
) -> Verdict {
    let old_text =
        !terms.notice_versions.is_empty() && !terms.notice_versions.contains(&notice.text_version);
    let superseded = notice.superseded_on.is_some_and(|day| day <= on);
    let lapsed = of_age.is_none_or(|of_age| {
        // A child's guardian is told, and the person again when of age.
        let child_told_alone = notice.recipient == "self" && notice.given_on < of_age.latest;
        let outgrown = notice.given_on < of_age.latest && of_age.earliest <= on;
        child_told_alone || outgrown
    });
    if old_text || superseded || lapsed {
        return Verdict::NoticeLapsed;
    }
    let days = Days::new(u64::try_from(waiting_days(terms)).unwrap_or(0));
    let last = notice.given_on.checked_add_days(days).unwrap_or(NaiveDate::MAX);
    let last = notice.waiting_until.map_or(last, |until| until.max(last));
    if on > last { Verdict::NoticeGiven } else { Verdict::Waiting }
}
