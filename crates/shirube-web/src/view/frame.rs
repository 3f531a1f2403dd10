//! The frame around every page, the as-of picker, status badges and the page of
//! refusals.

use askama::Template;
use chrono::NaiveDate;
use shirube_model::calendar::FiscalYear;
use shirube_model::indicator::Status;
use shirube_model::lang::Lang;
use shirube_model::refusal::Refusal;

use crate::link::Link;
use crate::request::Ctx;
use crate::text::Tr;

/// Entries of the main navigation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tab {
    Dashboard,
    Plan,
    FollowUp,
    Registers,
    Health,
    Gate,
    Pack,
    About,
    None,
}

const TABS: [(Tab, &str, &str); 8] = [
    (Tab::Dashboard, "/", "web.nav.dashboard"),
    (Tab::Plan, "/plan", "web.nav.plan"),
    (Tab::FollowUp, "/follow-up", "web.nav.follow-up"),
    (Tab::Registers, "/registers", "web.nav.registers"),
    (Tab::Health, "/health-data", "web.nav.health"),
    (Tab::Gate, "/gate/audit", "web.nav.gate"),
    (Tab::Pack, "/pack", "web.nav.pack"),
    (Tab::About, "/about", "web.nav.about"),
];

/// The day asked for, as links carry it.
#[derive(Debug, Clone)]
pub(crate) struct AsOfLine {
    pub iso: String,
    pub given: bool,
}

/// A link with its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Labelled {
    pub label: String,
    pub href: String,
}

impl Labelled {
    pub(crate) fn new(label: impl Into<String>, href: impl Into<String>) -> Self {
        Self { label: label.into(), href: href.into() }
    }
}

/// An entry of the navigation.
#[derive(Debug, Clone)]
pub(crate) struct NavItem {
    pub label: String,
    pub href: String,
    pub current: bool,
}

/// Everything the base template needs.
#[derive(Debug, Clone)]
pub(crate) struct Chrome {
    pub t: Tr,
    pub lang: &'static str,
    pub other_lang: &'static str,
    pub other_name: String,
    pub here: String,
    pub other_href: String,
    pub title: String,
    pub tab: Tab,
    pub plan_title: String,
    pub pack_line: String,
    pub software: String,
    pub demo: bool,
    pub carry: String,
    pub as_of: AsOfLine,
    pub signed_in: bool,
    /// The same page over the store beside this one.
    pub beside: Option<Labelled>,
    pub signed_in_as: String,
    /// Whether the accounts page is for whoever looks.
    pub administers: bool,
    /// Whether whoever looks may see who signed in and who changed which account.
    pub audits: bool,
    pub crumbs: Vec<Labelled>,
}

impl Chrome {
    /// The address of a style sheet, script or picture.
    pub(crate) fn asset(&self, name: &str) -> String {
        crate::assets::address(name)
    }

    /// Entries of the navigation.
    pub(crate) fn nav(&self) -> Vec<NavItem> {
        let item = |(tab, path, key): &(Tab, &str, &str)| NavItem {
            label: self.t.get(key),
            href: format!("/{}{path}{}", self.lang, self.carry),
            current: *tab == self.tab,
        };
        TABS.iter().map(item).collect()
    }

    /// Adds a step of the path to this page.
    pub(crate) fn crumb(mut self, label: impl Into<String>, href: impl Into<String>) -> Self {
        self.crumbs.push(Labelled::new(label, href));
        self
    }
}

/// A status as a badge: colour by code, shape and word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StatusView {
    pub code: &'static str,
    pub word: String,
    pub shape: &'static str,
}

impl StatusView {
    pub(crate) fn new(t: Tr, status: Status) -> Self {
        let code = status.code();
        Self { code, word: t.get(&format!("status.{code}")), shape: shape(status) }
    }
}

/// One shape per status on a field of 16 by 16, so that colour is not needed to
/// tell them apart.
const fn shape(status: Status) -> &'static str {
    match status {
        Status::Achieved => {
            "M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1zM7 11.4 3.8 8.2l1.3-1.3L7 8.8l4-4 1.3 1.3z"
        }
        Status::OnPace => "M8 2 15 14H1z",
        Status::Behind => "M1 2h14L8 14z",
        Status::Missed => {
            "M3.4 1.3 8 5.9l4.6-4.6 2.1 2.1L10.1 8l4.6 4.6-2.1 2.1L8 10.1l-4.6 4.6-2.1-2.1L5.9 8 1.3 3.4z"
        }
        Status::UndecidedReading => "M8 0l8 8-8 8-8-8zm0 3.5L3.5 8 8 12.5z",
        Status::BaselineUnpublished => "M2 2h12v12H2zm2 2v8h8V4z",
        Status::NoEvidence => {
            "M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1zm0 2.5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9z"
        }
        Status::Monitored => "M1 6h14v4H1z",
    }
}

/// A day offered for a click.
#[derive(Debug, Clone)]
pub(crate) struct Preset {
    pub label: String,
    pub href: Option<String>,
    pub current: bool,
}

/// The form that chooses the day a page is about.
#[derive(Debug, Clone)]
pub(crate) struct AsOfPicker {
    pub action: String,
    pub hidden: Vec<(String, String)>,
    pub value: String,
    pub presets: Vec<Preset>,
}

impl AsOfPicker {
    /// A picker for the page at `rest` that keeps the parameters `keep`.
    pub(crate) fn new(ctx: &Ctx, rest: &str, keep: &[&str]) -> Self {
        Self::since(ctx, rest, keep, None)
    }

    /// The same for something that is there from a day on: earlier days are not
    /// offered.
    pub(crate) fn since(ctx: &Ctx, rest: &str, keep: &[&str], first: Option<NaiveDate>) -> Self {
        let t = ctx.t;
        let hidden = ctx.query.keep(keep);
        let action = format!("/{}{rest}", t.0.tag());
        let latest = ctx.state.engine().latest_day();
        let info = &ctx.state.pack().info;
        let link = |day: NaiveDate| {
            Link::to(&action).with(&hidden).set("as_of", &day.to_string()).to_string()
        };
        let mut presets: Vec<Preset> = year_ends(info.period_start, info.period_end)
            .into_iter()
            .map(|day| Preset {
                label: t.with("web.as-of.year-end", "year", FiscalYear::of(day).0),
                href: (day <= latest && first.is_none_or(|first| first <= day)).then(|| link(day)),
                current: ctx.as_of.given && ctx.as_of.day == day,
            })
            .collect();
        presets.push(Preset {
            label: t.with("web.as-of.latest", "day", t.short_day(latest)),
            href: Some(Link::to(&action).with(&hidden).to_string()),
            current: !ctx.as_of.given || ctx.as_of.day == latest,
        });
        Self { action, hidden, value: ctx.as_of.day.to_string(), presets }
    }
}

/// Last days of the fiscal years of a period.
pub(crate) fn year_ends(start: NaiveDate, end: NaiveDate) -> Vec<NaiveDate> {
    let (first, last) = (FiscalYear::of(start).0, FiscalYear::of(end).0);
    (first..=last.min(first + 30)).map(|year| FiscalYear(year).last_day()).collect()
}

/// One refusal on the page of refusals.
#[derive(Debug, Clone)]
pub(crate) struct FaultLine {
    pub message: String,
    pub remedy: String,
    pub code: &'static str,
    pub place: String,
}

impl FaultLine {
    pub(crate) fn new(lang: Lang, refusal: &Refusal) -> Self {
        Self {
            message: refusal.message(lang),
            remedy: refusal.remedy(lang),
            code: refusal.code,
            place: refusal.place.field.clone().unwrap_or_default(),
        }
    }
}

/// The page of refusals.
#[derive(Debug, Template)]
#[template(path = "error.html")]
pub(crate) struct ErrorPage {
    pub c: Chrome,
    pub faults: Vec<FaultLine>,
}
