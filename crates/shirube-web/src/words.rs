//! Definitions in words: conditions, measures, windows, targets and baselines as
//! a reader of one language would say them.

use rust_decimal::Decimal;
use shirube_model::filter::{Cmp, Cond, Field, Lit, Scalar, Ty};
use shirube_model::indicator::{
    Baseline, BaselineState, Comparison, Evidence, Kind, Link as RecordLink, Measure, Once, Spec,
    Target, YearBasis,
};
use shirube_model::schema::KindSchema;

use crate::labels::Labels;
use crate::text::Tr;

/// Says things about one register kind.
#[derive(Clone, Copy)]
pub(crate) struct Words<'a> {
    pub t: Tr,
    pub labels: Labels<'a>,
}

/// One line of a definition: words, and the expression as written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Line {
    pub text: String,
    pub code: String,
    pub href: Option<String>,
}

impl Line {
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    pub(crate) fn coded(text: impl Into<String>, code: impl Into<String>) -> Self {
        Self { text: text.into(), code: code.into(), href: None }
    }
}

/// A heading with its lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    pub label: String,
    pub lines: Vec<Line>,
}

/// A table of a definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Block {
    pub title: String,
    pub rows: Vec<Row>,
}

impl Words<'_> {
    /// A condition on records of `schema`.
    pub(crate) fn condition(&self, schema: &KindSchema, cond: &Cond) -> String {
        let say = |key: &str, left: String, right: String| {
            self.t.args(key, &[("left", left), ("right", right)])
        };
        match cond {
            Cond::Bool(field) => self.t.with("web.cond.yes", "left", self.field(schema, *field)),
            Cond::Const(true) => self.t.get("web.cond.always"),
            Cond::Const(false) => self.t.get("web.cond.never"),
            Cond::Compare(cmp, left, right) => {
                let key = compare_key(*cmp, left.ty() == Ty::Date);
                say(key, self.scalar(schema, left), self.right(schema, left, right))
            }
            Cond::In(value, list) => {
                let items: Vec<_> = list.iter().map(|lit| self.lit(schema, value, lit)).collect();
                say("web.cond.in", self.scalar(schema, value), self.t.list(&items))
            }
            Cond::Has(field, texts) => {
                let items: Vec<_> = texts
                    .iter()
                    .map(|text| self.labels.value(schema.kind, field.name, text))
                    .collect();
                say("web.cond.has", self.field(schema, *field), self.t.list(&items))
            }
            Cond::IsNull(field) => {
                self.t.with("web.cond.empty", "left", self.field(schema, *field))
            }
            Cond::And(all) => self.joined(schema, all, "web.cond.and"),
            Cond::Or(all) => self.joined(schema, all, "web.cond.or"),
            Cond::Not(inner) => match inner.as_ref() {
                Cond::IsNull(field) => {
                    self.t.with("web.cond.filled", "left", self.field(schema, *field))
                }
                Cond::Bool(field) => self.t.with("web.cond.no", "left", self.field(schema, *field)),
                other => self.t.with("web.cond.not", "inner", self.condition(schema, other)),
            },
        }
    }

    fn joined(&self, schema: &KindSchema, all: &[Cond], key: &str) -> String {
        let parts: Vec<String> = all
            .iter()
            .map(|cond| {
                let text = self.condition(schema, cond);
                let nested = matches!(cond, Cond::And(_) | Cond::Or(_));
                if nested { self.t.with("web.cond.bracket", "inner", text) } else { text }
            })
            .collect();
        parts.join(&format!(" {} ", self.t.get(key)))
    }

    fn field(&self, schema: &KindSchema, field: Field) -> String {
        self.labels.field(schema.kind, field.name)
    }

    fn scalar(&self, schema: &KindSchema, scalar: &Scalar) -> String {
        match scalar {
            Scalar::Field(field) => self.field(schema, *field),
            Scalar::Lit(lit) => self.lit(schema, scalar, lit),
            Scalar::FiscalYear(inner) => {
                self.t.with("web.cond.fiscal-year", "left", self.scalar(schema, inner))
            }
            Scalar::Count(field) => {
                self.t.with("web.cond.count", "left", self.field(schema, *field))
            }
        }
    }

    fn right(&self, schema: &KindSchema, left: &Scalar, right: &Scalar) -> String {
        match right {
            Scalar::Lit(lit) => self.lit(schema, left, lit),
            other => self.scalar(schema, other),
        }
    }

    /// A constant, as the field it is compared with would show it.
    fn lit(&self, schema: &KindSchema, beside: &Scalar, lit: &Lit) -> String {
        match lit {
            Lit::Text(text) => match beside {
                Scalar::Field(field) => self.labels.value(schema.kind, field.name, text),
                _ => text.clone(),
            },
            Lit::Date(day) => self.t.short_day(*day),
            Lit::Int(number) if matches!(beside, Scalar::FiscalYear(_)) => i32::try_from(*number)
                .map_or_else(|_| number.to_string(), |year| self.t.year(YearBasis::Fiscal, year)),
            Lit::Int(number) => self.t.number(Decimal::from(*number)),
            Lit::Decimal(number) => self.t.number(*number),
            Lit::Bool(truth) => self.t.get(if *truth { "web.yes" } else { "web.no" }),
        }
    }

    /// The condition or link of an evidence that a class speaks of, in words and
    /// as written.
    pub(crate) fn part(&self, evidence: &Evidence, at: usize) -> Option<Line> {
        let part = evidence.filter.parts.get(at)?;
        Some(Line::coded(self.condition(evidence.register, &part.cond), part.text.clone()))
    }

    /// The link number `at` of an evidence.
    pub(crate) fn link(&self, evidence: &Evidence, at: usize) -> Option<Line> {
        Some(self.link_line(evidence.register, evidence.links.get(at)?))
    }

    fn link_line(&self, schema: &KindSchema, link: &RecordLink) -> Line {
        let mut text = self.t.args(
            "web.link.words",
            &[
                ("field", self.field(schema, link.field)),
                ("register", self.labels.kind(link.register.kind)),
            ],
        );
        let conditions: Vec<String> = link
            .filter
            .parts
            .iter()
            .map(|part| self.condition(link.register, &part.cond))
            .collect();
        if !conditions.is_empty() {
            text = self.t.args(
                "web.link.where",
                &[("link", text), ("conditions", conditions.join(&self.and()))],
            );
        }
        if let Some((from, to)) = link.valid {
            text = self.t.args(
                "web.link.valid",
                &[
                    ("link", text),
                    ("from", self.field(link.register, from)),
                    ("to", self.field(link.register, to)),
                ],
            );
        }
        Line::coded(text, link.filter.to_string())
    }

    fn and(&self) -> String {
        format!(" {} ", self.t.get("web.cond.and"))
    }

    /// What is counted or added up.
    pub(crate) fn measure(&self, evidence: &Evidence) -> String {
        match evidence.measure {
            Measure::Count => self.t.get("web.measure.count"),
            Measure::Sum(field) => {
                self.t.with("web.measure.sum", "field", self.field(evidence.register, field))
            }
            Measure::Distinct(field, once) => {
                let key = match once {
                    Once::Window => "web.measure.once-window",
                    Once::Year => "web.measure.once-year",
                    Once::Ever => "web.measure.once-ever",
                };
                self.t.with(key, "field", self.field(evidence.register, field))
            }
        }
    }

    /// A target in words; `amount` writes a value in the unit shown.
    fn target(&self, target: &Target, amount: &dyn Fn(Decimal) -> String) -> Vec<Line> {
        let key = match (target.comparison, target.value) {
            (_, None) => "web.target.base-mean",
            (Comparison::AtLeast, Some(_)) => "web.target.at-least",
            (Comparison::MoreThan, Some(_)) => "web.target.more-than",
        };
        let value = target.value.map_or_else(String::new, amount);
        let mut lines = vec![
            Line::text(self.t.with(key, "value", value)),
            Line::text(self.t.with("web.target.by", "day", self.t.day(target.by))),
        ];
        if target.each_year {
            lines.push(Line::text(self.t.get("web.target.each-year")));
        }
        if let Some(pace) = target.annual_pace {
            lines.push(Line::text(self.t.with("web.target.pace", "value", amount(pace))));
        }
        lines
    }

    /// A value with its unit.
    pub(crate) fn amount(&self, value: Decimal, unit: &str) -> String {
        self.t.args("web.amount", &[("value", self.t.number(value)), ("unit", unit.to_owned())])
    }

    /// A baseline in words; one that is not published is said to be so.
    fn baseline(&self, baseline: &Baseline, basis: YearBasis) -> Vec<Line> {
        let mut lines = vec![match (baseline.state, baseline.value) {
            (BaselineState::Value, Some(value)) => {
                Line::text(self.t.with("web.baseline.value", "value", self.t.number(value)))
            }
            (BaselineState::Unpublished, _) => Line::text(self.t.get("web.baseline.unpublished")),
            _ => Line::text(self.t.get("web.baseline.computed")),
        }];
        if let Some((from, to)) = baseline.years() {
            let (from, to) = (self.t.year(basis, from), self.t.year(basis, to));
            let years = if from == to {
                from
            } else {
                self.t.args("web.span", &[("from", from), ("to", to)])
            };
            lines.push(Line::text(self.t.with("web.baseline.years", "years", years)));
        }
        if let Some(day) = baseline.as_of {
            lines.push(Line::text(self.t.with("web.baseline.as-of", "day", self.t.day(day))));
        }
        if baseline.included {
            lines.push(Line::text(self.t.get("web.baseline.included")));
        }
        lines
    }

    /// The whole definition: one table per evidence and one for the rest.
    /// `amount` writes a value in the unit shown.
    pub(crate) fn definition(&self, spec: &Spec, amount: &dyn Fn(Decimal) -> String) -> Vec<Block> {
        let several = spec.compare.is_some();
        let mut blocks: Vec<Block> = spec
            .evidences()
            .enumerate()
            .map(|(at, evidence)| {
                let title = match (several, at) {
                    (false, _) => "web.definition.evidence",
                    (true, 0) => "web.definition.evidence-first",
                    (true, _) => "web.definition.evidence-second",
                };
                Block { title: self.t.get(title), rows: self.evidence(evidence) }
            })
            .collect();
        blocks.push(Block {
            title: self.t.get("web.definition.rule"),
            rows: self.rule(spec, amount),
        });
        blocks
    }

    fn evidence(&self, evidence: &Evidence) -> Vec<Row> {
        let schema = evidence.register;
        let register = Line {
            text: self.labels.kind(schema.kind),
            code: schema.kind.to_owned(),
            href: Some(format!("/{}/registers/{}", self.t.0.tag(), schema.kind)),
        };
        let mut conditions: Vec<Line> =
            (0..evidence.filter.parts.len()).filter_map(|at| self.part(evidence, at)).collect();
        if conditions.is_empty() {
            conditions.push(Line::text(self.t.get("web.definition.no-condition")));
        }
        let mut rows = vec![
            self.row("web.definition.register", vec![register]),
            self.row("web.definition.conditions", conditions),
            self.field_row("web.definition.date", schema, evidence.date),
            self.row("web.definition.measure", vec![Line::text(self.measure(evidence))]),
        ];
        if let Some(to) = evidence.to {
            rows.push(self.field_row("web.definition.to", schema, to));
        }
        if !evidence.links.is_empty() {
            let lines = evidence.links.iter().map(|link| self.link_line(schema, link)).collect();
            rows.push(self.row("web.definition.links", lines));
        }
        rows
    }

    fn rule(&self, spec: &Spec, amount: &dyn Fn(Decimal) -> String) -> Vec<Row> {
        let schema = spec.evidence.register;
        let kind = self.labels.term("indicator_kinds", spec.kind.code());
        let window = self.t.args(
            "web.span",
            &[("from", self.t.day(spec.window.from)), ("to", self.t.day(spec.window.to))],
        );
        let basis = match spec.year_basis {
            YearBasis::Fiscal => "web.definition.fiscal",
            YearBasis::Calendar => "web.definition.calendar",
        };
        let target = spec.target.as_ref().map_or_else(
            || vec![Line::text(self.t.get("web.target.none"))],
            |target| self.target(target, amount),
        );
        let mut rows = vec![
            self.row("web.definition.kind", vec![Line::coded(kind, spec.kind.code())]),
            self.row("web.definition.window", vec![Line::text(window)]),
            self.row("web.definition.year-basis", vec![Line::text(self.t.get(basis))]),
            self.row("web.definition.target", target),
        ];
        if let Some(baseline) = &spec.baseline {
            let lines = self.baseline(baseline, spec.year_basis);
            rows.push(self.row("web.definition.baseline", lines));
        }
        if let Some(inner) = &spec.inner {
            let lines = inner
                .parts
                .iter()
                .map(|part| Line::coded(self.condition(schema, &part.cond), part.text.clone()))
                .collect();
            rows.push(self.row("web.definition.inner", lines));
        }
        for (key, field) in [
            ("web.definition.done", spec.done),
            ("web.definition.left-out", spec.left_out),
            ("web.definition.group-by", spec.group_by),
        ] {
            if let Some(field) = field {
                rows.push(self.field_row(key, schema, field));
            }
        }
        if !spec.elements.is_empty() {
            let field = spec.group_by.map_or("", |field| field.name);
            let lines = spec
                .elements
                .iter()
                .map(|code| Line::coded(self.labels.value(schema.kind, field, code), code))
                .collect();
            rows.push(self.row("web.definition.elements", lines));
        }
        if spec.kind == Kind::Trend {
            let key = if spec.falling { "web.definition.falling" } else { "web.definition.rising" };
            rows.push(self.row("web.definition.direction", vec![Line::text(self.t.get(key))]));
        }
        rows
    }

    fn row(&self, key: &str, lines: Vec<Line>) -> Row {
        Row { label: self.t.get(key), lines }
    }

    fn field_row(&self, key: &str, schema: &KindSchema, field: Field) -> Row {
        self.row(key, vec![Line::coded(self.field(schema, field), field.name)])
    }
}

const fn compare_key(cmp: Cmp, dates: bool) -> &'static str {
    match (cmp, dates) {
        (Cmp::Eq, _) => "web.cond.eq",
        (Cmp::Ne, _) => "web.cond.ne",
        (Cmp::Lt, false) => "web.cond.lt",
        (Cmp::Le, false) => "web.cond.le",
        (Cmp::Gt, false) => "web.cond.gt",
        (Cmp::Ge, false) => "web.cond.ge",
        (Cmp::Lt, true) => "web.cond.before",
        (Cmp::Le, true) => "web.cond.until",
        (Cmp::Gt, true) => "web.cond.after",
        (Cmp::Ge, true) => "web.cond.since",
    }
}
