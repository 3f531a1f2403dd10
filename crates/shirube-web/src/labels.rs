//! Labels of registers, fields, states and codes, from the pack, in the language
//! of a page. Where the pack has no label the code itself is shown.

use shirube_model::indicator::Indicator;
use shirube_model::lang::LocalText;
use shirube_model::registers;
use shirube_model::schema::FieldType;
use shirube_pack::Pack;

use crate::text::Tr;

/// Labels in one language.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Labels<'a> {
    pack: &'a Pack,
    t: Tr,
}

impl<'a> Labels<'a> {
    pub(crate) fn new(pack: &'a Pack, t: Tr) -> Self {
        Self { pack, t }
    }

    fn label(&self, key: &str, otherwise: &str) -> String {
        self.pack.label(key).map_or_else(|| otherwise.to_owned(), |text| self.t.side(text))
    }

    fn side_or(&self, text: Option<&LocalText>, otherwise: &str) -> String {
        text.map_or_else(|| otherwise.to_owned(), |text| self.t.side(text))
    }

    /// A register kind.
    pub(crate) fn kind(&self, kind: &str) -> String {
        self.label(kind, kind)
    }

    /// A domain of registers.
    pub(crate) fn domain(&self, domain: &str) -> String {
        self.label(&format!("domain.{domain}"), domain)
    }

    /// A field of a kind; `state` is one too.
    pub(crate) fn field(&self, kind: &str, field: &str) -> String {
        if field == "state" {
            return self.t.get("web.col.state");
        }
        self.label(&format!("{kind}.{field}"), field)
    }

    /// A state of a kind.
    pub(crate) fn state(&self, kind: &str, state: &str) -> String {
        self.label(&format!("{kind}.state.{state}"), state)
    }

    /// A step of a kind.
    pub(crate) fn step(&self, kind: &str, step: &str) -> String {
        self.label(&format!("{kind}.step.{step}"), step)
    }

    /// A code of a vocabulary.
    pub(crate) fn term(&self, vocabulary: &str, code: &str) -> String {
        self.side_or(self.pack.term(vocabulary, code).map(|term| &term.label), code)
    }

    /// A code or state written in a field of a kind.
    pub(crate) fn value(&self, kind: &str, field: &str, code: &str) -> String {
        if field == "state" {
            return self.state(kind, code);
        }
        match registers::kind(kind).and_then(|schema| schema.field(field)).map(|spec| spec.ty) {
            Some(FieldType::Code(vocabulary)) => self.term(vocabulary, code),
            _ => code.to_owned(),
        }
    }

    /// A unit of values.
    pub(crate) fn unit(&self, code: &str) -> String {
        self.term("units", code)
    }

    /// A ministry by its abbreviation.
    pub(crate) fn ministry(&self, abbr: &str) -> String {
        self.side_or(self.pack.ministry(abbr).map(|ministry| &ministry.name), abbr)
    }

    /// The group of an indicator; nothing where it has none.
    pub(crate) fn group(&self, indicator: &Indicator) -> String {
        indicator.group.as_deref().map_or_else(String::new, |g| self.term("indicator_groups", g))
    }

    /// A heading of the plan, number first.
    pub(crate) fn heading(&self, id: &str) -> String {
        match self.pack.heading(id) {
            Some(heading) => format!("{id} {}", self.t.side(&heading.title)),
            None => id.to_owned(),
        }
    }
}
