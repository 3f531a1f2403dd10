//! From the cells of a row to what the row asks for.

use chrono::{DateTime, Utc};
use serde_json::Value;
use shirube_model::ident::RecordId;
use shirube_model::record::Body;
use shirube_model::refusal::Refusal;
use shirube_model::registers::canonical;
use shirube_model::schema::{FieldSpec, KindSchema, Visibility};
use shirube_store::{Action, SourceKey};

use crate::bind::{Binding, Bound, Cell, Feed};
use crate::limits::Limits;
use crate::mapping::From;
use crate::rows::Cells;
use crate::values::{Context, read_cell, read_json, read_reference, read_time, year_amount};

/// What a row asks for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Proposal {
    /// Record it is about.
    pub(crate) record: RecordId,
    /// Source key, where the row has one.
    pub(crate) source: Option<SourceKey>,
    /// Version the row was exported from.
    pub(crate) base: Option<u32>,
    /// State and standing the row was exported with.
    pub(crate) exported: Exported,
    /// `None` where the record shall simply be as the row says.
    pub(crate) action: Option<Action>,
    pub(crate) duplicate_of: Option<RecordId>,
    pub(crate) reason: Option<String>,
    pub(crate) recorded_at: Option<DateTime<Utc>>,
    /// What happens to each field that the input has a column for.
    pub(crate) fields: Vec<(&'static str, Patch)>,
    /// Whether every field of the kind is given, so that the record's present
    /// values do not matter.
    pub(crate) complete: bool,
}

/// State and standing as an export wrote them.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Exported {
    pub(crate) state: Option<String>,
    pub(crate) standing: Option<String>,
}

/// What happens to one field. A field without a column keeps its value; a blank
/// cell clears it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Patch {
    Clear,
    Set(Value),
    /// The sides of a text in two languages: kept, cleared or set.
    Sides {
        ja: Side,
        en: Side,
    },
}

/// What happens to one side of a text in two languages.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Side {
    Keep,
    Clear,
    Set(Value),
}

/// Who a row is about and what it does: enough to find a second row alike.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Identity {
    pub(crate) record: RecordId,
    pub(crate) source: Option<SourceKey>,
    pub(crate) action: Option<Action>,
    pub(crate) recorded_at: Option<DateTime<Utc>>,
}

impl Identity {
    /// A text that is equal for two rows that would do the same thing to the
    /// same record. A row without an action does what `create` does.
    pub(crate) fn text(&self) -> String {
        let action = self.action.as_ref().map_or_else(|| Action::Create.code(), Action::code);
        let time = self.recorded_at.map_or(0, |time| time.timestamp_micros());
        format!("{} {action} {time}", self.record)
    }
}

impl Proposal {
    /// The field values after the row, given those before it.
    pub(crate) fn body(&self, before: Option<&Body>) -> Body {
        let mut body = before.cloned().unwrap_or_default();
        for (name, patch) in &self.fields {
            match patch {
                Patch::Clear => {
                    body.remove(*name);
                }
                Patch::Set(value) => {
                    body.insert((*name).to_owned(), value.clone());
                }
                Patch::Sides { ja, en } => {
                    let mut sides =
                        body.get(*name).and_then(Value::as_object).cloned().unwrap_or_default();
                    for (lang, side) in [("ja", ja), ("en", en)] {
                        match side {
                            Side::Keep => {}
                            Side::Clear => {
                                sides.remove(lang);
                            }
                            Side::Set(value) => {
                                sides.insert(lang.to_owned(), value.clone());
                            }
                        }
                    }
                    if sides.is_empty() {
                        body.remove(*name);
                    } else {
                        body.insert((*name).to_owned(), Value::Object(sides));
                    }
                }
            }
        }
        canonical(body)
    }

    /// Whether the row gives any field a value.
    pub(crate) fn fills(&self) -> bool {
        self.fields.iter().any(|(_, patch)| match patch {
            Patch::Clear => false,
            Patch::Set(_) => true,
            Patch::Sides { ja, en } => [ja, en].into_iter().any(|s| matches!(s, Side::Set(_))),
        })
    }
}

/// Reads rows with one binding.
pub(crate) struct RowReader<'a> {
    pub(crate) binding: &'a Binding,
    pub(crate) context: Context<'a>,
    pub(crate) limits: Limits,
}

impl RowReader<'_> {
    /// Whether no cell of the row holds anything; spreadsheets leave such rows.
    pub(crate) fn is_blank(&self, cells: &Cells) -> bool {
        match cells {
            Cells::Table(cells) => cells.iter().all(|cell| cell.trim().is_empty()),
            Cells::Object(entries) => entries.iter().all(|(_, value)| value.is_null()),
        }
    }

    /// Who the row is about and what it does.
    pub(crate) fn identity(&self, cells: &Cells) -> Result<Identity, Vec<Refusal>> {
        let mut refusals = Vec::new();
        let action = keep(self.action(cells), &mut refusals).flatten();
        let recorded_at = keep(self.recorded_at(cells), &mut refusals).flatten();
        let address = keep(self.address(cells), &mut refusals);
        match address {
            Some((record, source)) if refusals.is_empty() => {
                Ok(Identity { record, source, action, recorded_at })
            }
            _ => Err(refusals),
        }
    }

    /// Reads a row.
    ///
    /// # Errors
    /// Every reason to refuse the row.
    pub(crate) fn read(&self, cells: &Cells, identity: Identity) -> Result<Proposal, Vec<Refusal>> {
        // In a row of another width every cell may stand under another column.
        self.check_width(cells).map_err(|refusal| vec![refusal])?;
        let mut refusals = Vec::new();
        let duplicate_of = keep(self.duplicate_of(cells, &identity), &mut refusals).flatten();
        let base = keep(self.base(cells), &mut refusals).flatten();
        let mut fields = Vec::new();
        let mut complete = self.binding.fields.len() == self.binding.schema.fields.len();
        for (field, feed) in &self.binding.fields {
            match self.patch(field, feed, cells) {
                Ok(Some(patch)) => {
                    if let Patch::Sides { ja, en } = &patch
                        && (*ja == Side::Keep || *en == Side::Keep)
                    {
                        complete = false;
                    }
                    fields.push((field.name, patch));
                }
                Ok(None) => complete = false,
                Err(refusal) => {
                    refusals.push(without_private_value(field, refusal).field(field.name));
                }
            }
        }
        if !refusals.is_empty() {
            return Err(refusals);
        }
        let b = self.binding;
        Ok(Proposal {
            record: identity.record,
            source: identity.source,
            base,
            exported: Exported { state: b.state.text(cells), standing: b.standing.text(cells) },
            action: identity.action,
            duplicate_of,
            reason: b.reason.as_ref().and_then(|bound| bound.text(cells)),
            recorded_at: identity.recorded_at,
            fields,
            complete,
        })
    }

    fn check_width(&self, cells: &Cells) -> Result<(), Refusal> {
        let Cells::Table(cells) = cells else { return Ok(()) };
        let width = self.binding.width;
        let beyond = cells.iter().skip(width).any(|cell| !cell.trim().is_empty());
        if cells.len() < width || beyond {
            return Err(Refusal::new("import.row.columns")
                .arg("expected", width)
                .arg("found", cells.len()));
        }
        Ok(())
    }

    fn action(&self, cells: &Cells) -> Result<Option<Action>, Refusal> {
        let Some(text) = self.binding.action.as_ref().and_then(|bound| bound.text(cells)) else {
            return Ok(None);
        };
        let unknown = || Refusal::new("import.action.unknown").arg("value", &text).field("action");
        let action = match text.as_str() {
            "duplicate" => Action::MarkDuplicate,
            code => Action::from_code(code).ok_or_else(unknown)?,
        };
        if let Action::Transition(name) = &action
            && !self.binding.schema.transitions.iter().any(|step| step.name == name)
        {
            let known: Vec<_> =
                self.binding.schema.transitions.iter().map(|step| step.name).collect();
            return Err(Refusal::new("registers.transition.unknown")
                .arg("transition", name)
                .arg("kind", self.binding.schema.kind)
                .arg("known", known.join(", "))
                .field("action"));
        }
        Ok(Some(action))
    }

    fn recorded_at(&self, cells: &Cells) -> Result<Option<DateTime<Utc>>, Refusal> {
        let text = self.binding.recorded_at.as_ref().and_then(|bound| bound.text(cells));
        let place = |refusal: Refusal| refusal.field("recorded_at");
        text.map(|text| read_time(&text)).transpose().map_err(place)
    }

    fn duplicate_of(
        &self,
        cells: &Cells,
        identity: &Identity,
    ) -> Result<Option<RecordId>, Refusal> {
        let bound = self.binding.duplicate_of.as_ref();
        let text = bound.and_then(|bound| bound.text(cells));
        let place = |refusal: Refusal| refusal.field("duplicate_of");
        match (text, identity.action == Some(Action::MarkDuplicate)) {
            (None, false) => Ok(None),
            (None, true) => Err(place(Refusal::new("import.duplicate-of.missing"))),
            (Some(_), false) => Err(place(Refusal::new("import.duplicate-of.not-asked"))),
            (Some(text), true) => {
                let given = bound.and_then(|bound| bound.spec.system.as_deref());
                let own = identity.source.as_ref().map(|source| source.system.as_str());
                read_reference(self.binding.schema.kind, &text, given, own.or(self.context.system))
                    .map(Some)
                    .map_err(place)
            }
        }
    }

    fn base(&self, cells: &Cells) -> Result<Option<u32>, Refusal> {
        let Some(text) = self.binding.version.text(cells) else { return Ok(None) };
        let unreadable = |_| Refusal::new("import.version.unreadable").field("_version");
        text.parse().map(Some).map_err(unreadable)
    }

    /// The record the row is about: by source key, or by the id of an export.
    fn address(&self, cells: &Cells) -> Result<(RecordId, Option<SourceKey>), Refusal> {
        let prefix = self.binding.schema.prefix;
        let id = self.binding.id.text(cells).map(|text| text.parse::<RecordId>()).transpose();
        let id = id.map_err(|refusal| refusal.field("_id"))?;
        if let Some(id) = &id
            && id.prefix() != prefix
        {
            return Err(Refusal::new("registers.ref.wrong-kind")
                .arg("value", id)
                .arg("kind", self.binding.schema.kind)
                .arg("prefix", prefix)
                .field("_id"));
        }
        let Some(key) = self.key(cells)? else {
            let id = id.ok_or_else(|| Refusal::new("import.row.no-key"))?;
            return Ok((id, None));
        };
        let system = self.binding.row_system.text(cells).or_else(|| self.binding.system.clone());
        let system = system.ok_or_else(|| Refusal::new("import.source.missing"))?;
        let record = RecordId::derive(prefix, &system, &key);
        match id {
            Some(id) if id != record => {
                Err(Refusal::new("import.row.id-differs").arg("id", id).field("_id"))
            }
            _ => Ok((record, Some(SourceKey::new(system, key)))),
        }
    }

    /// The parts of the source key, joined by `/`; a `/` within a part is `\/`.
    fn key(&self, cells: &Cells) -> Result<Option<String>, Refusal> {
        let parts: Vec<Option<String>> =
            self.binding.key.iter().map(|column| column.text(cells)).collect();
        if let Cells::Object(_) = cells
            && self.binding.key.iter().any(|column| column.name == "_source_key")
        {
            return self.check_key(parts.into_iter().flatten().next());
        }
        if parts.iter().all(Option::is_none) {
            return Ok(None);
        }
        let parts: Option<Vec<String>> = parts.into_iter().collect();
        let Some(parts) = parts else {
            return Err(Refusal::new("import.row.key-incomplete"));
        };
        self.check_key(Some(match parts.as_slice() {
            [one] => one.clone(),
            many => many
                .iter()
                .map(|part| part.replace('\\', "\\\\").replace('/', "\\/"))
                .collect::<Vec<_>>()
                .join("/"),
        }))
    }

    fn check_key(&self, key: Option<String>) -> Result<Option<String>, Refusal> {
        let limit = self.limits.key_chars;
        match key {
            Some(key) if key.chars().count() > limit => {
                Err(Refusal::new("import.row.key-too-long").arg("limit", limit))
            }
            key => Ok(key),
        }
    }

    /// What the row does to a field; `None` where it says nothing about it.
    fn patch(
        &self,
        field: &'static FieldSpec,
        feed: &Feed,
        cells: &Cells,
    ) -> Result<Option<Patch>, Refusal> {
        match feed {
            Feed::Whole(bound) => self.whole(field, bound, cells),
            Feed::Sides { ja, en } => self.sides(field, ja.as_ref(), en.as_ref(), cells),
            Feed::Either { whole, ja, en } => {
                match whole.column.as_ref().and_then(|column| column.cell(cells)) {
                    Some(_) => self.whole(field, whole, cells),
                    None => self.sides(field, Some(ja), Some(en), cells),
                }
            }
            Feed::Years { columns, times } => {
                let mut amounts = Vec::new();
                let mut there = false;
                for (year, column) in columns {
                    there |= column.cell(cells).is_some();
                    if let Some(text) = column.text(cells) {
                        amounts.push(year_amount(*year, &text, *times)?);
                    }
                }
                let patch = match amounts.is_empty() {
                    true => Patch::Clear,
                    false => Patch::Set(Value::Array(amounts)),
                };
                Ok(there.then_some(patch))
            }
        }
    }

    fn whole(
        &self,
        field: &'static FieldSpec,
        bound: &Bound,
        cells: &Cells,
    ) -> Result<Option<Patch>, Refusal> {
        Ok(match self.value(field, bound, cells)? {
            Side::Keep => None,
            Side::Clear => Some(Patch::Clear),
            Side::Set(value) => Some(Patch::Set(value)),
        })
    }

    fn sides(
        &self,
        field: &'static FieldSpec,
        ja: Option<&Bound>,
        en: Option<&Bound>,
        cells: &Cells,
    ) -> Result<Option<Patch>, Refusal> {
        let side = |bound: Option<&Bound>| match bound {
            None => Ok(Side::Keep),
            Some(bound) => self.value(field, bound, cells),
        };
        let (ja, en) = (side(ja)?, side(en)?);
        Ok((ja != Side::Keep || en != Side::Keep).then_some(Patch::Sides { ja, en }))
    }

    fn value(
        &self,
        field: &'static FieldSpec,
        bound: &Bound,
        cells: &Cells,
    ) -> Result<Side, Refusal> {
        let spec = &bound.spec;
        let cell = match (&bound.column, &spec.from) {
            (Some(column), _) => column.cell(cells),
            (None, From::Constant(text) | From::Column(text)) => Some(Cell::Text(text)),
        };
        let value = match cell {
            None if spec.default.is_none() => return Ok(Side::Keep),
            None => None,
            Some(Cell::Text(text)) => read_cell(field, spec, text, self.context)?,
            Some(Cell::Json(value)) => read_json(field, spec, value, self.context)?,
        };
        let value = match (value, &spec.default) {
            (None, Some(text)) => read_cell(field, spec, text, self.context)?,
            (value, _) => value,
        };
        Ok(value.map_or(Side::Clear, Side::Set))
    }
}

impl Bound {
    /// The plain text of a control column, with its codes and default.
    fn text(&self, cells: &Cells) -> Option<String> {
        let text = match (&self.column, &self.spec.from) {
            (Some(column), _) => column.text(cells),
            (None, From::Constant(text) | From::Column(text)) => Some(text.clone()),
        };
        let text = text.or_else(|| self.spec.default.clone())?;
        Some(self.spec.codes.get(&text).cloned().unwrap_or(text))
    }
}

fn keep<T>(result: Result<T, Refusal>, refusals: &mut Vec<Refusal>) -> Option<T> {
    result.map_err(|refusal| refusals.push(refusal)).ok()
}

/// Internal fields may describe a person, and refusals go into logs: neither the
/// value nor anything near it is told.
fn without_private_value(field: &FieldSpec, mut refusal: Refusal) -> Refusal {
    if field.visibility == Visibility::Internal {
        for name in ["value", "nearest", "codes"] {
            if let Some(value) = refusal.args.get_mut(name) {
                "…".clone_into(value);
            }
        }
    }
    refusal
}

/// The references of a body, with the field each stands in.
pub(crate) fn references(
    schema: &'static KindSchema,
    body: &Body,
) -> Vec<(&'static str, RecordId)> {
    let mut found = Vec::new();
    for field in schema.fields {
        if !matches!(field.ty, shirube_model::schema::FieldType::Ref(_)) {
            continue;
        }
        let values = match body.get(field.name) {
            Some(Value::Array(items)) => items.as_slice(),
            Some(one) => std::slice::from_ref(one),
            None => &[],
        };
        for id in values.iter().filter_map(Value::as_str).filter_map(|text| text.parse().ok()) {
            found.push((field.name, id));
        }
    }
    found
}
