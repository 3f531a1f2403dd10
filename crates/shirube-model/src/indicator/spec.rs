//! The computable part of a definition.

use chrono::{Datelike, NaiveDate};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::calendar::FiscalYear;
use crate::filter::{Field, Filter, Ty};
use crate::refusal::Refusal;
use crate::registers;
use crate::schema::KindSchema;

/// The thirteen kinds of indicator the strategy uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Sum or count over a window.
    Cumulative,
    /// Level of one year.
    Annual,
    /// What is in force at a day.
    Stock,
    /// Level of a year over the level of a base year.
    RatioToBaseYear,
    /// Count since a day over a baseline count.
    RatioToCumulative,
    /// Level of a year against the mean of base years.
    ThresholdBaseMean,
    /// Share of a set whose members pass an inner threshold.
    ShareOfSet,
    /// Completion of a versioned list with reasoned exclusions.
    ListCompletion,
    /// A milestone shown by decision documents.
    Milestone,
    /// A milestone that brings another indicator into being.
    MilestoneCreates,
    /// Whether one change exceeds another.
    DeltaComparison,
    /// Sign of a trend.
    Trend,
    /// Watched without a target.
    Monitor,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 13] = [
        Self::Cumulative,
        Self::Annual,
        Self::Stock,
        Self::RatioToBaseYear,
        Self::RatioToCumulative,
        Self::ThresholdBaseMean,
        Self::ShareOfSet,
        Self::ListCompletion,
        Self::Milestone,
        Self::MilestoneCreates,
        Self::DeltaComparison,
        Self::Trend,
        Self::Monitor,
    ];

    /// The code used in packs and in the vocabulary `indicator_kinds`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Cumulative => "cumulative",
            Self::Annual => "annual",
            Self::Stock => "stock",
            Self::RatioToBaseYear => "ratio_to_base_year",
            Self::RatioToCumulative => "ratio_to_cumulative",
            Self::ThresholdBaseMean => "threshold_base_mean",
            Self::ShareOfSet => "share_of_set",
            Self::ListCompletion => "list_completion",
            Self::Milestone => "milestone",
            Self::MilestoneCreates => "milestone_creates",
            Self::DeltaComparison => "delta_comparison",
            Self::Trend => "trend",
            Self::Monitor => "monitor",
        }
    }

    /// Whether the headline is the level of one year.
    #[must_use]
    pub const fn is_yearly(self) -> bool {
        matches!(
            self,
            Self::Annual | Self::RatioToBaseYear | Self::ThresholdBaseMean | Self::ShareOfSet
        )
    }
}

/// Which years a level belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum YearBasis {
    /// April to March, Japan time.
    #[default]
    Fiscal,
    /// January to December.
    Calendar,
}

impl YearBasis {
    /// The year a day falls in.
    #[must_use]
    pub fn year_of(self, date: NaiveDate) -> i32 {
        match self {
            Self::Fiscal => FiscalYear::of(date).0,
            Self::Calendar => date.year(),
        }
    }

    /// Last day of a year.
    #[must_use]
    pub fn last_day(self, year: i32) -> NaiveDate {
        match self {
            Self::Fiscal => FiscalYear(year).last_day(),
            Self::Calendar => NaiveDate::from_ymd_opt(year, 12, 31).unwrap_or(NaiveDate::MAX),
        }
    }

    /// First day of a year.
    #[must_use]
    pub fn first_day(self, year: i32) -> NaiveDate {
        match self {
            Self::Fiscal => FiscalYear(year).first_day(),
            Self::Calendar => NaiveDate::from_ymd_opt(year, 1, 1).unwrap_or(NaiveDate::MAX),
        }
    }
}

/// Days that count, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// First day.
    pub from: NaiveDate,
    /// Last day.
    pub to: NaiveDate,
}

/// How a value is held against its target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Comparison {
    /// Value ≥ target.
    #[default]
    AtLeast,
    /// Value > target.
    MoreThan,
}

impl Comparison {
    /// Whether `value` meets `target`.
    #[must_use]
    pub fn holds(self, value: Decimal, target: Decimal) -> bool {
        match self {
            Self::AtLeast => value >= target,
            Self::MoreThan => value > target,
        }
    }
}

/// A target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// Value in the indicator's unit. Absent where the base mean is the target.
    #[serde(default)]
    pub value: Option<Decimal>,
    /// Last day for reaching it.
    pub by: NaiveDate,
    /// How it is compared.
    #[serde(default)]
    pub comparison: Comparison,
    /// Whether every complete year of the window must reach it.
    #[serde(default)]
    pub each_year: bool,
    /// Level per year that the strategy prints as pace.
    #[serde(default)]
    pub annual_pace: Option<Decimal>,
}

/// Whether a baseline is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BaselineState {
    /// Printed by the source.
    Value,
    /// Computed from the same evidence.
    Computed,
    /// Asked for by the source, and not published.
    Unpublished,
}

/// A baseline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    /// Whether it is known.
    pub state: BaselineState,
    /// The value, when printed.
    #[serde(default)]
    pub value: Option<Decimal>,
    /// First base year.
    #[serde(default)]
    pub from_year: Option<i32>,
    /// Last base year; the same as the first when absent.
    #[serde(default)]
    pub to_year: Option<i32>,
    /// Day the baseline count was taken.
    #[serde(default)]
    pub as_of: Option<NaiveDate>,
    /// Whether the baseline count is part of the numerator.
    #[serde(default)]
    pub included: bool,
}

impl Baseline {
    /// First and last base year, when the baseline names years.
    #[must_use]
    pub fn years(&self) -> Option<(i32, i32)> {
        let from = self.from_year?;
        Some((from, self.to_year.unwrap_or(from)))
    }
}

/// How often one key counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Once {
    /// Once in the window, at its first record there.
    Window,
    /// Once in each year.
    Year,
    /// Once ever: a key first seen before the window never counts in it.
    Ever,
}

/// What is counted or added up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Measure {
    /// Records.
    Count,
    /// Distinct values of a field, which may be a list.
    Distinct(Field, Once),
    /// Sum of a number.
    Sum(Field),
}

/// A condition that a record is linked to another one.
#[derive(Debug, Clone)]
pub struct Link {
    /// Text field or list of the evidence record; holds keys.
    pub field: Field,
    /// Register the keys are looked up in.
    pub register: &'static KindSchema,
    /// Field looked up; `None` is the record id.
    pub on: Option<Field>,
    /// Condition on the linked record.
    pub filter: Filter,
    /// Fields of the linked record between which the evidence date must fall.
    /// An empty last field is open.
    pub valid: Option<(Field, Field)>,
}

/// Where the records come from and which count.
#[derive(Debug, Clone)]
pub struct Evidence {
    /// Register.
    pub register: &'static KindSchema,
    /// Condition.
    pub filter: Filter,
    /// Field that dates a record.
    pub date: Field,
    /// Last day in force, for stocks. Empty is open.
    pub to: Option<Field>,
    /// What is counted.
    pub measure: Measure,
    /// Links required, all of them.
    pub links: Vec<Link>,
}

/// A compiled spec.
#[derive(Debug, Clone)]
pub struct Spec {
    /// Kind.
    pub kind: Kind,
    /// Main evidence.
    pub evidence: Evidence,
    /// Second evidence of a comparison.
    pub compare: Option<Evidence>,
    /// Window.
    pub window: Window,
    /// Target.
    pub target: Option<Target>,
    /// Baseline.
    pub baseline: Option<Baseline>,
    /// Basis of years.
    pub year_basis: YearBasis,
    /// Inner threshold of a share.
    pub inner: Option<Filter>,
    /// Field with the day an entry of a list was done.
    pub done: Option<Field>,
    /// Field with the reason an entry is left out of a list.
    pub left_out: Option<Field>,
    /// Field that splits the evidence into groups which must all hold.
    pub group_by: Option<Field>,
    /// Groups that must be there: elements of a checklist, series of a trend.
    pub elements: Vec<String>,
    /// Indicator that the milestone brings into being.
    pub creates: Option<String>,
    /// Whether a trend should fall rather than rise.
    pub falling: bool,
}

/// A spec as a pack writes it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SpecText {
    kind: Kind,
    evidence: EvidenceText,
    #[serde(default)]
    compare: Option<EvidenceText>,
    window: Window,
    #[serde(default)]
    target: Option<Target>,
    #[serde(default)]
    baseline: Option<Baseline>,
    #[serde(default)]
    year_basis: YearBasis,
    #[serde(default)]
    inner: Option<String>,
    #[serde(default)]
    done: Option<String>,
    #[serde(default)]
    left_out: Option<String>,
    #[serde(default)]
    group_by: Option<String>,
    #[serde(default)]
    elements: Vec<String>,
    #[serde(default)]
    creates: Option<String>,
    #[serde(default)]
    falling: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct EvidenceText {
    register: String,
    #[serde(default)]
    filter: String,
    date: String,
    #[serde(default)]
    to: Option<String>,
    #[serde(default)]
    measure: MeasureText,
    #[serde(default, rename = "link")]
    links: Vec<LinkText>,
}

#[derive(Debug, Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct MeasureText {
    #[serde(default)]
    distinct: Option<String>,
    #[serde(default)]
    once: Option<Once>,
    #[serde(default)]
    sum: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct LinkText {
    field: String,
    register: String,
    #[serde(default)]
    on: Option<String>,
    #[serde(default)]
    filter: String,
    #[serde(default)]
    valid: Option<[String; 2]>,
}

/// Lays `over` on `base`: objects merge key by key, `null` removes, anything
/// else (lists too) replaces. Fields in which an override changes how a measure
/// is taken replace the whole measure.
#[must_use]
pub fn merge(base: &Value, over: &Value) -> Value {
    match (base, over) {
        (base, Value::Null) => base.clone(),
        (Value::Object(base), Value::Object(over)) => {
            let mut out = base.clone();
            for (key, value) in over {
                match (key.as_str(), value) {
                    (_, Value::Null) => {
                        out.remove(key);
                    }
                    ("measure", value) => {
                        out.insert(key.clone(), value.clone());
                    }
                    (_, value) => {
                        let merged = merge(out.get(key).unwrap_or(&Value::Null), value);
                        out.insert(key.clone(), merged);
                    }
                }
            }
            Value::Object(out)
        }
        (_, over) => over.clone(),
    }
}

impl Spec {
    /// Reads and types a spec.
    ///
    /// # Errors
    /// `indicator.spec.*`, `filter.*`: every fault found, each with its field.
    pub fn compile(text: &Value) -> Result<Self, Vec<Refusal>> {
        let parsed: SpecText = serde_json::from_value(text.clone()).map_err(|error| {
            vec![Refusal::new("indicator.spec.unreadable").arg("detail", error)]
        })?;
        let mut faults = Vec::new();
        let evidence = evidence(&parsed.evidence, "evidence", &mut faults);
        let compare = parsed.compare.as_ref().map(|compare| evidence_or_none(compare, &mut faults));
        let Some(evidence) = evidence else {
            return Err(faults);
        };
        let register = evidence.register;
        let mut field = |name: &Option<String>, ty: Option<Ty>, key: &'static str| {
            let name = name.as_ref()?;
            typed_field(register, name, ty, key, &mut faults)
        };
        let done = field(&parsed.done, Some(Ty::Date), "done");
        let left_out = field(&parsed.left_out, Some(Ty::Text), "left_out");
        let group_by = field(&parsed.group_by, Some(Ty::Text), "group_by");
        let inner =
            parsed.inner.as_ref().and_then(|text| filter(register, text, "inner", &mut faults));
        let spec = Self {
            kind: parsed.kind,
            evidence,
            compare: compare.flatten(),
            window: parsed.window,
            target: parsed.target,
            baseline: parsed.baseline,
            year_basis: parsed.year_basis,
            inner,
            done,
            left_out,
            group_by,
            elements: parsed.elements,
            creates: parsed.creates,
            falling: parsed.falling,
        };
        spec.shape(&mut faults);
        if faults.is_empty() { Ok(spec) } else { Err(faults) }
    }

    /// What each kind must and must not have.
    fn shape(&self, faults: &mut Vec<Refusal>) {
        let mut need = |there: bool, key: &'static str| {
            if !there {
                faults.push(
                    Refusal::new("indicator.spec.needs")
                        .arg("kind", self.kind.code())
                        .arg("key", key)
                        .field(key),
                );
            }
        };
        let valued = self.target.is_some_and(|target| target.value.is_some());
        let base_years = self.baseline.is_some_and(|baseline| baseline.years().is_some());
        match self.kind {
            Kind::Cumulative | Kind::Annual | Kind::Stock => need(valued, "target.value"),
            Kind::RatioToBaseYear => {
                need(valued, "target.value");
                need(base_years, "baseline.from_year");
            }
            Kind::RatioToCumulative => {
                need(valued, "target.value");
                need(self.baseline.is_some(), "baseline");
            }
            Kind::ThresholdBaseMean => {
                need(base_years, "baseline.from_year");
                need(self.target.is_some(), "target");
            }
            Kind::ShareOfSet => {
                need(valued, "target.value");
                need(self.inner.is_some(), "inner");
                need(
                    matches!(self.evidence.measure, Measure::Distinct(..)),
                    "evidence.measure.distinct",
                );
            }
            Kind::ListCompletion => {
                need(self.done.is_some(), "done");
                need(self.left_out.is_some(), "left_out");
                need(self.target.is_some(), "target");
            }
            Kind::Milestone => need(self.target.is_some(), "target"),
            Kind::MilestoneCreates => {
                need(self.target.is_some(), "target");
                need(self.creates.is_some(), "creates");
            }
            Kind::DeltaComparison => {
                need(self.compare.is_some(), "compare");
                need(base_years, "baseline.from_year");
                need(self.group_by.is_some(), "group_by");
                need(matches!(self.evidence.measure, Measure::Sum(_)), "evidence.measure.sum");
                need(self.target.is_some(), "target");
            }
            Kind::Trend => {
                need(matches!(self.evidence.measure, Measure::Sum(_)), "evidence.measure.sum");
                need(self.target.is_some(), "target");
            }
            Kind::Monitor => {}
        }
        let value_given = self.baseline.is_none_or(|b| match b.state {
            BaselineState::Value => b.value.is_some_and(|v| v > Decimal::ZERO),
            BaselineState::Computed | BaselineState::Unpublished => b.value.is_none(),
        });
        need(value_given, "baseline.value");
        need(self.window.from <= self.window.to, "window");
        let sized = self.baseline.is_none_or(|b| b.years().is_none_or(|(from, to)| from <= to));
        need(sized, "baseline.to_year");
    }

    /// Evidence of the spec, the compared one second.
    pub fn evidences(&self) -> impl Iterator<Item = &Evidence> {
        std::iter::once(&self.evidence).chain(self.compare.as_ref())
    }
}

fn evidence_or_none(text: &EvidenceText, faults: &mut Vec<Refusal>) -> Option<Evidence> {
    evidence(text, "compare", faults)
}

fn evidence(text: &EvidenceText, key: &'static str, faults: &mut Vec<Refusal>) -> Option<Evidence> {
    let register = register(&text.register, key, faults)?;
    let filter = filter(register, &text.filter, "evidence.filter", faults);
    let date = typed_field(register, &text.date, Some(Ty::Date), "evidence.date", faults);
    let to = match &text.to {
        Some(name) => Some(typed_field(register, name, Some(Ty::Date), "evidence.to", faults)?),
        None => None,
    };
    let measure = measure(register, &text.measure, faults);
    let links: Vec<_> =
        text.links.iter().filter_map(|link| self::link(register, link, faults)).collect();
    if links.len() != text.links.len() {
        return None;
    }
    Some(Evidence { register, filter: filter?, date: date?, to, measure: measure?, links })
}

fn measure(
    register: &'static KindSchema,
    text: &MeasureText,
    faults: &mut Vec<Refusal>,
) -> Option<Measure> {
    match (&text.distinct, &text.sum) {
        (None, None) => Some(Measure::Count),
        (Some(name), None) => {
            let field = typed_field(register, name, None, "evidence.measure.distinct", faults)?;
            if !matches!(field.ty, Ty::Text | Ty::TextList) {
                faults.push(wrong_field(name, field.ty, "evidence.measure.distinct"));
                return None;
            }
            Some(Measure::Distinct(field, text.once.unwrap_or(Once::Window)))
        }
        (None, Some(name)) => {
            let field = typed_field(register, name, None, "evidence.measure.sum", faults)?;
            if !matches!(field.ty, Ty::Int | Ty::Decimal) {
                faults.push(wrong_field(name, field.ty, "evidence.measure.sum"));
                return None;
            }
            Some(Measure::Sum(field))
        }
        (Some(_), Some(_)) => {
            faults.push(Refusal::new("indicator.spec.two-measures").field("evidence.measure"));
            None
        }
    }
}

fn link(register: &'static KindSchema, text: &LinkText, faults: &mut Vec<Refusal>) -> Option<Link> {
    let field = typed_field(register, &text.field, None, "link.field", faults)?;
    if !matches!(field.ty, Ty::Text | Ty::TextList) {
        faults.push(wrong_field(&text.field, field.ty, "link.field"));
        return None;
    }
    let target = self::register(&text.register, "link.register", faults)?;
    let on = match &text.on {
        Some(name) => Some(typed_field(target, name, Some(Ty::Text), "link.on", faults)?),
        None => None,
    };
    let filter = filter(target, &text.filter, "link.filter", faults)?;
    let valid = match &text.valid {
        Some([from, to]) => Some((
            typed_field(target, from, Some(Ty::Date), "link.valid", faults)?,
            typed_field(target, to, Some(Ty::Date), "link.valid", faults)?,
        )),
        None => None,
    };
    Some(Link { field, register: target, on, filter, valid })
}

fn register(
    name: &str,
    key: &'static str,
    faults: &mut Vec<Refusal>,
) -> Option<&'static KindSchema> {
    let found = registers::kind(name);
    if found.is_none() {
        let known: Vec<_> = registers::KINDS.iter().map(|kind| kind.kind).collect();
        faults.push(
            Refusal::new("indicator.spec.unknown-register")
                .arg("name", name)
                .arg("known", known.join(", "))
                .field(key),
        );
    }
    found
}

fn filter(
    register: &'static KindSchema,
    text: &str,
    key: &'static str,
    faults: &mut Vec<Refusal>,
) -> Option<Filter> {
    match Filter::parse(register, text) {
        Ok(filter) => Some(filter),
        Err(refusal) => {
            faults.push(refusal.field(key));
            None
        }
    }
}

fn typed_field(
    register: &'static KindSchema,
    name: &str,
    ty: Option<Ty>,
    key: &'static str,
    faults: &mut Vec<Refusal>,
) -> Option<Field> {
    match crate::filter::field(register, name) {
        Ok(field) if ty.is_none_or(|ty| ty == field.ty) => Some(field),
        Ok(field) => {
            faults.push(wrong_field(name, field.ty, key));
            None
        }
        Err(refusal) => {
            faults.push(refusal.field(key));
            None
        }
    }
}

fn wrong_field(name: &str, ty: Ty, key: &'static str) -> Refusal {
    Refusal::new("indicator.spec.wrong-field")
        .arg("name", name)
        .arg("type", ty.name())
        .arg("key", key)
        .field(key)
}
